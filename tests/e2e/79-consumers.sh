#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The whole way, for each consumer: requests from AWS, one list, one signing,
# a bundle each; what the bundle's README tells its receiver is done, word by
# word; and the AWS command line imports it into an AWS that is played here.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/online/lib.sh
. "$tests/online/lib.sh"
take_authority consumers
mkdir requests "$work/pki"
start_recorder
code=$(printf '%064d' 0 | tr 0 b)
region=eu-central-1

# ask NAME SUBJECT OPTION...: a request of a fresh key, for the worlds, too.
ask() {
	name=$1 asked=$2
	shift 2
	quiet openssl req -new -noenc -keyout "$work/pki/$name.key" \
		-out "requests/$name.csr" -sha256 -subj "$asked" "$@"
	cp "requests/$name.csr" "$work/pki/"
}
ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
for name in gateway anywhere sni; do
	# shellcheck disable=SC2086 # words
	ask $name "/C=US/O=Example Corp/CN=Sub $name" $ec
done
ask adcs '/DC=com/DC=example/CN=Sub' -newkey rsa:2048
# shellcheck disable=SC2086 # words
ask iot "/CN=$code" $ec

# --- what AWS has is fetched from there ------------------------------------

ask pca '/C=US/O=Example Corp/CN=Sub pca' -newkey rsa:3072
ask hsm '/C=US/ST=CA/O=Cavium/OU=N3FIPS/L=SanJose/CN=HSM:1:PARTN:2, for '\
'FIPS mode' -newkey rsa:2048
rm requests/pca.csr requests/hsm.csr
put pca/pca/status PENDING_CERTIFICATE
put_file pca/pca/csr pca.csr
mkdir -p "$worlds/pca/s3/$bucket"
put hsm/hsm/id $cluster
put hsm/hsm/state UNINITIALIZED
put_file hsm/hsm/csr hsm.csr
put iot/iot/code "$code"
put gateway/gateway/api.example.com/configurations \
	'[{"certificateArn":"arn:aws:acm:eu-central-1:1:certificate/a","endpointType":"REGIONAL","securityPolicy":"TLS_1_2"}]'
put gateway/s3/$bucket/versioning Enabled
mkdir "$work/stick"
go export-pca pca sh "$online/export-csr" --resource "$arn" \
	--out "$work/stick/pca"
go export-hsm hsm sh "$online/export-csr" --resource $cluster \
	--region $region --out "$work/stick/hsm"
for name in pca hsm; do
	went export-$name
	equal "$name: one request" 1 "$(find "$work/stick/$name" \
		-name '*.csr' | wc -l)"
	cp "$work/stick/$name/"*.csr "requests/$name.csr"
	passes "$name: the request as AWS has it" \
		cmp "requests/$name.csr" "$work/pki/$name.csr"
done

# --- one list, one signing -------------------------------------------------

cat >requests/list.yaml <<END
format: 1
requests:
  - file: pca.csr
    profile: primary
    for: [acm-pca, files]
    resource: $arn
    bucket: $bucket
    requester: Alice, Example Corp
    ticket: CHG-1
  - file: hsm.csr
    profile: cloudhsm-cluster
    for: [cloudhsm]
    resource: $cluster
    region: $region
  - file: iot.csr
    profile: iot-verification
    for: [iot]
    region: $region
  - file: sni.csr
    profile: csr-passthrough-pathlen0
    for: [iot]
    region: $region
  - file: gateway.csr
    profile: csr-passthrough-pathlen0
    for: [api-gateway]
    resource: api.example.com
    region: $region
    bucket: $bucket
  - file: anywhere.csr
    profile: csr-passthrough-pathlen0
    for: [roles-anywhere]
    resource: workloads
    region: $region
  - file: adcs.csr
    profile: adcs
    for: [adcs]
END
cp requests/list.yaml "$work/list.yaml"

# with_list SED-COMMAND COMMAND...: with the list changed so.
with_list() {
	sed "$1" "$work/list.yaml" >requests/list.yaml
	shift
	"$@"
	cp "$work/list.yaml" requests/list.yaml
}
with_list 's/for: \[cloudhsm\]/for: [acm-pca]/' recorded sign \
	"request hsm.csr: acm-pca: want a CA's certificate, have an \
end-entity one" ca sign --batch requests/list.yaml
with_list "s|resource: $cluster|resource: cluster-1|" refused 3 \
	'request hsm.csr: cloudhsm: resource: want CLUSTER-ID, have cluster-1' \
	ca sign --batch requests/list.yaml
passes 'whoever asks can look first' anchorite csr check \
	--policy "$policies/consumers.yaml" --batch requests/list.yaml
equal 'at all of the list' 7 "$(grep -c 'would be accepted' "$log/out")"
with_list 's/for: \[cloudhsm\]/for: [acm-pca]/' run anchorite csr check \
	--json --policy "$policies/consumers.yaml" --batch requests/list.yaml
equal 'and at where it goes' "4 request hsm.csr acm-pca: want a CA's \
certificate, have an end-entity one" "$status request hsm.csr \
$(jq -r '.[] | select(.accepted | not) | .target' "$log/out")"
before=$(records)
passes 'the list is signed' ca sign --batch requests/list.yaml
equal 'in one transaction' 'sign-intent signed seal' \
	"$(events $((before + 1)))"
must ca crl
passes 'and carried out' ca bundle --batch requests/list.yaml --out carry
equal 'a bundle for each that was asked' 'adcs-adcs anywhere-roles-anywhere '\
'gateway-api-gateway hsm-cloudhsm iot-iot pca-acm-pca pca-files sni-iot' \
	"$(find carry -mindepth 1 -maxdepth 1 | sed 's/.*\///' | sort |
		paste -s -d ' ')"

# --- what the receiver checks ----------------------------------------------

# follow DIR: the commands of the README's checks, one after the other.
follow() {
	awk '/^1\. root.pem/ { on = 1 } /^Where anchorite/ { on = 0 }
	    on && sub(/^    /, "")' "$1/README.txt" >"$work/steps"
	(cd "$1" && sh -eu "$work/steps")
}

# holds BUNDLE FILE...: what it holds beside what all do; and its checks.
holds() {
	dir=carry/$1
	shift
	equal "$dir: its files" "$(printf '%s\n' "$@" README.txt \
		crl.der crl.pem import.conf journal-key.pem manifest.p7s \
		manifest.sha256 request.pem root.der root.pem | sort)" \
		"$(find "$dir" -type f | sed 's/.*\///' | sort)"
	passes "$dir: bundle verify" anchorite bundle verify "$dir"
	passes "$dir: the README's checks" follow "$dir"
	equal "$dir: five of them" 5 "$(grep -cE \
		'^(cat root|openssl (x509 -in journal|cms|verify)|sha256sum)' \
		"$work/steps")"
	cp -r "$dir" changed
	echo x >>changed/root.pem
	run follow changed
	equal "$dir: they find a changed file" 1 "$status"
	rm -r changed
}

# A second block is what openssl trusts and nobody sees: the manifest is then
# signed by whoever put it there.
passes 'a stranger can make a key' openssl req -x509 -newkey ec -pkeyopt \
	ec_paramgen_curve:P-256 -noenc -keyout "$work/stranger.key" \
	-out "$work/stranger.pem" -subj /CN=stranger
# strange FILE: the bundle with the stranger's certificate behind that file.
strange() {
	rm -rf changed
	cp -r carry/pca-acm-pca changed
	cat "$work/stranger.pem" >>"changed/$1"
	(
		cd changed || exit
		find . -type f ! -name 'manifest.*' -printf '%P\n' | sort |
			xargs sha256sum >"$work/manifest"
		cp "$work/manifest" manifest.sha256
		openssl cms -sign -binary -in manifest.sha256 -md sha256 \
			-signer "$work/stranger.pem" -outform DER \
			-inkey "$work/stranger.key" -out manifest.p7s
	)
}
for name in root.pem journal-key.pem; do
	strange $name
	run follow changed
	equal "$name: a second certificate is seen" 1 "$status"
	run anchorite bundle verify changed
	[ "$status" -ne 0 ]
	equal "$name: and refused" 0 $?
done
rm -r changed

# conf BUNDLE KEY
conf() {
	sed -n "s/^$2=//p" "carry/$1/import.conf"
}

holds pca-acm-pca certificate.pem certificate-chain.pem import.sh
equal 'acm-pca: region and all' "$arn $region $bucket" \
	"$(conf pca-acm-pca resource) $(conf pca-acm-pca region) \
$(conf pca-acm-pca bucket)"
holds pca-files certificate.pem certificate.der certificate-chain.pem
holds sni-iot ca-certificate.pem import.sh
equal 'iot: the mode of a subordinate' SNI_ONLY "$(conf sni-iot mode)"
holds gateway-api-gateway truststore.pem import.sh
must see show --out gateway.pem "$(serial 5)"
equal 'api-gateway: the CA, then the root' \
	"$(cat gateway.pem carry/gateway-api-gateway/root.pem)" \
	"$(cat carry/gateway-api-gateway/truststore.pem)"
holds anywhere-roles-anywhere trust-anchor.pem import.sh
holds adcs-adcs subca.crt subca.p7b root.crt root.crl
adcs=carry/adcs-adcs
equal 'adcs: the path as PKCS #7' "$(openssl x509 -inform DER -noout \
	-subject -in $adcs/subca.crt; openssl x509 -inform DER -noout \
	-subject -in $adcs/root.crt)" "$(openssl pkcs7 -inform DER \
	-in $adcs/subca.p7b -print_certs -noout | grep ^subject)"
passes 'adcs: which GnuTLS reads, too' certtool --inder --p7-info \
	--infile $adcs/subca.p7b
holds hsm-cloudhsm CustomerHsmCertificate.crt customerCA.crt import.sh
passes 'cloudhsm: what AWS'\''s guide verifies' openssl verify \
	-purpose sslserver -CAfile carry/hsm-cloudhsm/customerCA.crt \
	carry/hsm-cloudhsm/CustomerHsmCertificate.crt
holds iot-iot ca-certificate.pem verification-certificate.pem import.sh
equal 'iot: the mode of a verification certificate' DEFAULT \
	"$(conf iot-iot mode)"
passes 'iot: signed by the CA that is registered' openssl verify \
	-CAfile carry/iot-iot/ca-certificate.pem \
	carry/iot-iot/verification-certificate.pem

# --- and AWS takes it ------------------------------------------------------

passes 'the script in a bundle is that of the online side' \
	cmp carry/pca-acm-pca/import.sh "$online/import-bundle"
root_fp=$(openssl x509 -in carry/iot-iot/root.pem -outform DER | sha256sum |
	cut -c 1-64)
journal_fp=$(openssl x509 -in carry/iot-iot/journal-key.pem -outform DER |
	sha256sum | cut -c 1-64)

# by_script DIR: the README's command, with what is on paper.
by_script() {
	awk '/^BY SCRIPT/ { on = 1 } /^ROOT and/ { on = 0 }
	    on && sub(/^    /, "")' "$1/README.txt" |
		sed "s/JOURNAL-KEY/$journal_fp/; s/ROOT/$root_fp/" >"$work/script"
	(cd "$1" && PATH=$online:$PATH sh -eu "$work/script")
}
who=import.sh
for pair in pca-acm-pca=pca hsm-cloudhsm=hsm iot-iot=iot sni-iot=sni \
    gateway-api-gateway=gateway anywhere-roles-anywhere=anywhere; do
	dir=carry/${pair%=*}
	go none "${pair#*=}" sh "$dir/import.sh"
	stopped none \
		'nothing was imported: --root and --journal-key are missing'
	go "${pair%=*}" "${pair#*=}" by_script "$dir"
	went "${pair%=*}"
	says "$dir: imported by its README" 'import-bundle: done'
	go again "${pair#*=}" sh "$dir/import.sh" --root "$root_fp" \
		--journal-key "$journal_fp"
	went again
done
cat >"$work/pairs" <<END
pca-acm-pca/certificate.pem pca/pca/certificate
pca-acm-pca/certificate-chain.pem pca/pca/chain
pca-acm-pca/crl.der pca/s3/$bucket/objects/*/*.body
hsm-cloudhsm/CustomerHsmCertificate.crt hsm/hsm/certificate
hsm-cloudhsm/customerCA.crt hsm/hsm/anchor
iot-iot/ca-certificate.pem iot/iot/cas/*/pem
sni-iot/ca-certificate.pem sni/iot/cas/*/pem
gateway-api-gateway/truststore.pem gateway/s3/$bucket/objects/api*/v1.body
anywhere-roles-anywhere/trust-anchor.pem anywhere/anywhere/anchors/*/pem
anywhere-roles-anywhere/crl.pem anywhere/anywhere/crls/*/data
END
while read -r name there; do
	# shellcheck disable=SC2086 # the pattern is one
	passes "$name arrives as it is" cmp "carry/$name" "$worlds/"$there
done <"$work/pairs"
run sh "$online/import-bundle" $adcs
says 'adcs is done by hand' 'README.txt'

# --- who is given the wrong kind of certificate is not ---------------------

recorded bundle "acm-pca: want a CA's certificate, have an end-entity one" \
	ca bundle --for acm-pca --out new "$(serial 2)"
recorded bundle "cloudhsm: want an end-entity certificate, have a CA's" \
	ca bundle --for cloudhsm --out new "$(serial 1)"
recorded bundle "iot: registration code: want CN of 64 hexadecimal digits, \
the registration code, have HSM:1:PARTN:2, for FIPS mode (AWS IoT API, \
RegisterCACertificate)" ca bundle --for iot --out new "$(serial 2)"
passes 'audit verify' see audit verify

finish
