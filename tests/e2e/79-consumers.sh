#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A bundle for each consumer, from a certificate made for it; what the
# bundle's README tells its receiver to do is done, word by word.

. "$(dirname "$0")/lib.sh"
take_authority consumers
must ca crl
bundles=$PWD/$authority/bundles

# ask NAME SUBJECT OPTION...: NAME.csr of a fresh key.
ask() {
	name=$1 asked=$2
	shift 2
	openssl req -new -noenc -keyout "$work/$name.key" -out "$name.csr" \
		-sha256 -subj "$asked" "$@" 2>"$log/err" ||
		bail_out "request $name"
}
code=$(printf '%064d' 0 | tr 0 b)
ask sub '/C=US/O=Example Corp/CN=Sub' -newkey rsa:3072
ask adcs '/DC=com/DC=example/CN=Sub' -newkey rsa:2048
ask hsm "/C=US/ST=CA/O=Cavium/OU=N3FIPS/L=SanJose/CN=HSM:1:PARTN:2, for \
FIPS mode" -newkey rsa:2048
ask iot "/CN=$code" -newkey ec -pkeyopt ec_paramgen_curve:P-256
must ca sign --profile primary sub.csr
must ca sign --profile adcs adcs.csr
must ca sign --profile cloudhsm-cluster hsm.csr
must ca sign --profile iot-verification iot.csr

# follow DIR: the commands of the README's checks, one after the other.
follow() {
	awk '/^1\. Compare/ { on = 1 } /^Where anchorite/ { on = 0 }
	    on && sub(/^    /, "")' "$1/README.txt" >"$work/steps"
	(cd "$1" && sh -eu "$work/steps")
}

# bundle NUMBER CONSUMER FILES...: what it holds beside what all do.
bundle() {
	id=$(serial "$1") consumer=$2
	shift 2
	passes "$consumer: bundle" ca bundle --for "$consumer" "$id"
	dir=$bundles/$consumer-$(echo "$id" | cut -c 1-16)
	equal "$consumer: its files" "$(printf '%s\n' "$@" README.txt \
		crl.der crl.pem import.conf journal-key.pem manifest.p7s \
		manifest.sha256 request.pem root.der root.pem | sort)" \
		"$(find "$dir" -type f | sed 's/.*\///' | sort)"
	passes "$consumer: bundle verify" anchorite bundle verify "$dir"
	passes "$consumer: the README's checks" follow "$dir"
	equal "$consumer: four of them" 4 \
		"$(grep -cE '^(openssl (x509 -in journal|cms|verify)|sha256sum)' \
			"$work/steps")"
	cp -r "$dir" spoilt
	echo x >>spoilt/root.pem
	run follow spoilt
	equal "$consumer: they find a changed file" 1 "$status"
	rm -r spoilt
}

bundle 1 acm-pca certificate.pem certificate-chain.pem import.sh
bundle 1 iot ca-certificate.pem import.sh
equal 'iot: the mode of a subordinate' 'mode=SNI_ONLY' \
	"$(grep ^mode= "$dir/import.conf")"
bundle 1 api-gateway truststore.pem import.sh
equal 'api-gateway: the CA, then the root' \
	"$(openssl x509 -in "$bundles"/acm-pca-*/certificate.pem;
	openssl x509 -in "$dir/root.pem")" "$(cat "$dir/truststore.pem")"
bundle 1 roles-anywhere trust-anchor.pem import.sh
bundle 1 files certificate.pem certificate.der certificate-chain.pem
bundle 2 adcs subca.crt subca.p7b root.crt root.crl
equal 'adcs: the path as PKCS #7' "$(openssl x509 -inform DER -noout \
	-subject -in "$dir/subca.crt"; openssl x509 -inform DER -noout \
	-subject -in "$dir/root.crt")" "$(openssl pkcs7 -inform DER \
	-in "$dir/subca.p7b" -print_certs -noout | grep ^subject)"
passes 'adcs: which GnuTLS reads, too' certtool --inder --p7-info \
	--infile "$dir/subca.p7b"
bundle 3 cloudhsm CustomerHsmCertificate.crt customerCA.crt import.sh
passes 'cloudhsm: what AWS'\''s guide verifies' openssl verify \
	-purpose sslserver -CAfile "$dir/customerCA.crt" \
	"$dir/CustomerHsmCertificate.crt"
bundle 4 iot ca-certificate.pem verification-certificate.pem import.sh
equal 'iot: the mode of a verification certificate' 'mode=DEFAULT' \
	"$(grep ^mode= "$dir/import.conf")"
passes 'iot: signed by the CA that is registered' openssl verify \
	-CAfile "$dir/ca-certificate.pem" "$dir/verification-certificate.pem"

# Who is given the wrong kind of certificate is not.
recorded bundle "acm-pca: want a CA's certificate, have an end-entity one" \
	ca bundle --for acm-pca --out new "$(serial 3)"
recorded bundle "adcs: want a CA's certificate, have an end-entity one" \
	ca bundle --for adcs --out new "$(serial 4)"
recorded bundle "iot: registration code: want CN of 64 hexadecimal digits, \
the registration code, have HSM:1:PARTN:2, for FIPS mode (AWS IoT API, \
RegisterCACertificate)" ca bundle --for iot --out new "$(serial 3)"
passes 'audit verify' see audit verify

finish
