#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Bundles, judged by what their consumers would use: sha256sum, openssl,
# GnuTLS and NSS. 78-online.sh imports them.

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
'crl.der crl.pem import.conf import.sh journal-key.pem manifest.p7s '\
'manifest.sha256 request.pem root.der root.pem' "$(names | paste -s -d ' ')"
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

# The receiver's own look.
fingerprint() {
	openssl x509 -in "$bundle/$1" -outform DER | sha256sum | cut -c 1-64
}
root_key=$(fingerprint root.pem)
journal_key=$(fingerprint journal-key.pem)
passes 'bundle verify' anchorite bundle verify "$bundle"
says 'whose it is' 'AWS Private CA'
says 'by how many rules' 'no rule broken of'
says 'what is left to do' 'compare it with the record of the ceremony'
passes 'with fingerprints' anchorite bundle verify \
	--root "$(echo "$root_key" | sed 's/../&:/g; s/:$//' | tr a-f A-F)" \
	--journal-key "$journal_key" "$bundle"
says 'then nothing is' 'whole, and from that ceremony'
passes 'for machines' anchorite bundle verify --json "$bundle"
says 'in one word' '"accepted": true'
says 'and on whose' '"root_compared": false'
refused 4 "bundle: root: want SHA-256 $journal_key, have $root_key" \
	anchorite bundle verify --root "$journal_key" "$bundle"
refused 2 '--root: digest: want 64 hexadecimal digits, have 3 characters' \
	anchorite bundle verify --root 123 "$bundle"
cp -r "$bundle" spoilt
echo >>spoilt/certificate.pem
refused 4 'bundle: certificate.pem: not as it was made' \
	anchorite bundle verify spoilt
rm -r spoilt
cp -r "$bundle" spoilt
echo >spoilt/autorun.inf
refused 3 "bundle: autorun.inf: not a bundle's file; it was added" \
	anchorite bundle verify spoilt
refused 3 'bundle: .: no manifest.sha256 in it: want the directory of one '\
'bundle' anchorite bundle verify .
rm -r spoilt
passes 'when the CRL has run out' \
	test "$(anchorite bundle verify --json --time 2029-01-01T00:00:00Z \
		"$bundle" 2>"$log/err" | jq -r '.rules[] |
		select(.verdict == "broken") | .rule' | paste -s -d ,)" = \
		'CRL time,path'

# Where it goes stands in the commands.
arn=arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/0a-1b
passes 'several at once' ca bundle --for adcs,api-gateway,roles-anywhere,iot \
	"$id" "$(serial 2)"
equal 'a record each, one seal' 9 \
	"$(events "$(($(records) - 8))" | wc -w)"
equal 'the seal is the last' 'seal' "$(events "$(records)")"
for dir in "$bundles"/*; do
	passes "${dir##*/}: bundle verify" anchorite bundle verify "$dir"
done
passes 'with its target' ca bundle --for acm-pca --resource "$arn" \
	--region eu-central-1 --bucket crl-bucket --out aimed "$id"
passes 'which is in the commands' grep -q "$arn" aimed/README.txt
equal 'and in import.conf' "$arn" \
	"$(sed -n 's/^resource=//p' aimed/import.conf)"
recorded bundle "acm-pca: resource: want CA-ARN, have arn:aws:s3:::x" \
	ca bundle --for acm-pca --resource arn:aws:s3:::x --out new "$id"
recorded bundle "cloudhsm: want an end-entity certificate, have a CA's" \
	ca bundle --for files,cloudhsm "$(serial 1)"
refused 2 '--region takes one ID and one consumer' \
	ca bundle --for acm-pca --region eu-west-1 "$id" "$(serial 2)"

must ca revoke --yes "$id"
recorded bundle "certificate $id: want a valid one, have it revoked" \
	ca bundle --for files --out new "$id"
passes 'audit verify' see audit verify

finish
