#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Bundles, judged by what their consumers would use: sha256sum, openssl,
# GnuTLS, NSS, and a stand-in for the AWS command line.

. "$(dirname "$0")/lib.sh"
take_authority
cp "$fixtures/acm.csr" .
request two
must sign acm.csr two.csr
id=$(serial 1)

recorded bundle "acm-pca: CRL: want one, have none: sign it first, with \
'anchorite crl'" ca bundle --for acm-pca "$id"
passes 'files: not without a CRL only' ca bundle --for files --out plain "$id"
must ca crl

before=$(records)
passes 'acm-pca' ca bundle --for acm-pca "$id"
bundles=$PWD/$authority/bundles
bundle=$bundles/acm-pca-$(echo "$id" | cut -c 1-16)
equal 'recorded and sealed' 'bundled seal' "$(events $((before + 1)))"
equal 'the record names the manifest' \
	"$(sha256sum <"$bundle/manifest.sha256" | cut -c 1-64)" \
	"$(grep -o '"manifest":"[0-9a-f]*' root/journal.jsonl |
		tail -n 1 | cut -d '"' -f 4)"
passes 'files' ca bundle --for files "$(serial 2)"
says 'it says where' "root/bundles/files-$(serial 2 | cut -c 1-16)"
passes 'bundles are told apart in JSON' ca bundle --json --for files \
	--out told "$id"
says 'by their paths' '"told"'

names() {
	find "$bundle" -type f | sed 's/.*\///' | sort
}
equal 'what is in it' 'README.txt certificate-chain.pem certificate.pem '\
'crl.der crl.pem import.sh journal-key.pem manifest.p7s manifest.sha256 '\
'root.der root.pem' "$(names | paste -s -d ' ')"
equal 'the manifest names all but itself and its signature' \
	"$(names | grep -v '^manifest')" \
	"$(sed 's/.*  //' "$bundle/manifest.sha256" | sort)"

# Rules of the import (consumers: certificate, then chain, root last).
counted() {
	grep -c 'BEGIN CERTIFICATE' "$bundle/$1"
}
equal 'one certificate in certificate.pem' 1 "$(counted certificate.pem)"
equal 'the chain is the root alone' 1 "$(counted certificate-chain.pem)"
passes 'the root is last in the chain' cmp "$bundle/root.pem" \
	"$bundle/certificate-chain.pem"
equal 'no line is longer than 64, none ends in a blank or CR' '' \
	"$(grep -hn -e '.\{65,\}' -e '[[:space:]]$' "$bundle"/*.pem)"
equal 'no preamble' '' \
	"$(head -qn 1 "$bundle"/*.pem | grep -v '^-----BEGIN [A-Z0-9 ]*-----$')"
openssl x509 -in "$bundle/root.pem" -outform DER -out "$log/der"
passes 'root.der is root.pem' cmp "$log/der" "$bundle/root.der"
openssl crl -in "$bundle/crl.pem" -outform DER -out "$log/der"
passes 'crl.der is crl.pem' cmp "$log/der" "$bundle/crl.der"
equal "the key is the request's" "$(openssl req -in acm.csr -noout -pubkey)" \
	"$(openssl x509 -in "$bundle/certificate.pem" -noout -pubkey)"

# The four of them.
cms() {
	openssl cms -verify -binary -inform DER -in manifest.p7s \
		-content manifest.sha256 -certfile journal-key.pem \
		-nointern -noverify -out /dev/null
}
strict() {
	openssl verify -x509_strict -crl_check_all -CAfile root.pem \
		-CRLfile crl.pem certificate.pem
}
gnutls() {
	certtool --verify --load-ca-certificate root.pem \
		--load-crl crl.pem --infile certificate.pem
}
nss() {
	rm -rf "$work/nss" && mkdir "$work/nss" &&
		certutil -N -d "sql:$work/nss" --empty-password &&
		certutil -A -d "sql:$work/nss" -n root -t CT,C,C -i root.pem &&
		crlutil -I -d "sql:$work/nss" -t 1 -i crl.der &&
		certutil -A -d "sql:$work/nss" -n ca -t ,, \
			-i certificate.pem &&
		certutil -V -d "sql:$work/nss" -n ca -u L
}
here=$PWD
for dir in "$bundle" "$bundles"/files-*; do
	cd "$dir" || bail_out cd
	of=${dir##*/}
	passes "$of: sha256sum" sha256sum -c manifest.sha256
	passes "$of: openssl cms" cms
	passes "$of: openssl verify, strict, with the CRL" strict
	passes "$of: certtool" gnutls
	passes "$of: NSS" nss
done
cd "$here" || bail_out cd

# import.sh, against a stand-in for aws that keeps what it is given.
mkdir "$work/bin" "$work/aws"
cat >"$work/bin/aws" <<END
#!/bin/sh
aws=$work/aws
echo "\$*" >>"\$aws/calls"
case "\$1 \$2 \$*" in
*import-certificate*)
	cp certificate.pem certificate-chain.pem "\$aws/" ;;
*get-certificate*CertificateChain) cat "\$aws/certificate-chain.pem" ;;
*get-certificate*Certificate) cat "\$aws/certificate.pem" ;;
*get-object*) for last; do :; done; cp "\$aws/crl" "\$last" ;;
*put-object*) cp crl.der "\$aws/crl" ;;
esac
END
chmod +x "$work/bin/aws"
PATH=$work/bin:$PATH
arn=arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/0a-1b
passes 'import.sh' sh "$bundle/import.sh" "$arn" crl-bucket
says 'imported, read back and compared' 'read both back: they are the same'
says 'the CRL, too' 'read it back: it is the same'
passes 'import.sh again' sh "$bundle/import.sh" "$arn" crl-bucket
says 'imports nothing twice' 'the certificate is imported already'
equal 'one import in all' 1 "$(grep -c import-certificate "$work/aws/calls")"
cp -r "$bundle" spoilt
echo >>spoilt/certificate.pem
run sh spoilt/import.sh "$arn"
equal 'a changed file is not imported' \
	'import.sh: a file is not as it was made' \
	"$(tail -n 1 "$log/err")"

must ca revoke --yes "$id"
recorded bundle "certificate $id: want a valid one, have it revoked" \
	ca bundle --for files --out new "$id"
passes 'audit verify' see audit verify

finish
