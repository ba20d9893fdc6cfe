#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main job: an empty token, a root, AWS Private CA's own request. What
# comes out is held against AWS's templates octet by octet, by openssl.

. "$(dirname "$0")/lib.sh"

# The SHA-1 of the key's bits (RFC 5280, 4.2.1.2), upper-case hex.
key_identifier() {
	openssl x509 -inform DER -in "$1" -noout -pubkey |
		openssl asn1parse -strparse "$2" -noout -out "$log/bits"
	openssl dgst -sha1 -r "$log/bits" | cut -c 1-40 | tr a-f A-F
}

hex() {
	od -A n -v -t x1 | tr -d ' \n' | tr a-f A-F
}

passes 'token init' new_token demo
passes 'token list' anchorite token list
says 'it names the token by a URI' 'pkcs11:token=demo;'
passes 'token show' anchorite token show
says 'it says how the PIN stands' 'user PIN           set'

passes 'init' begin acm-pca-rsa-4096 root
equal 'it warns of the anchor in the directory of a software token' \
	'anchorite: warning: anchor: a software token'"'s"' directory can be put '\
'back with the journal: begin again with both or paper in the policy' "$(cat "$log/err")"
equal 'the journal begins with init and its seal' 'init seal' "$(events 1)"
equal 'the policy is kept under its digest' \
	"$(sha256sum <"$policies/acm-pca-rsa-4096.yaml")" \
	"$(sha256sum <"root/objects/$(sha256sum \
		<"$policies/acm-pca-rsa-4096.yaml" | cut -d ' ' -f 1)")"
equal 'no root key yet' 'without a root key' \
	"$(see status --json | field state)"
passes 'root generate' ca root generate
equal 'the certificate is pending' 'pending-certificate' \
	"$(see status --json | field state)"
passes 'root certify' ca root certify --yes
equal 'the authority is active' 'active' "$(see status --json | field state)"
passes 'root show --out' see root show --out root.pem
passes 'the root verifies itself' \
	openssl verify -x509_strict -CAfile root.pem root.pem

cp "$tests/fixtures/acm-pca-documented.csr" acm.csr
passes 'csr show' anchorite csr show acm.csr
passes 'csr check' anchorite csr check acm.csr \
	--policy "$policies/acm-pca-rsa-4096.yaml" \
	--profile subordinate-pathlen0
before=$(records)
passes 'sign' sign acm.csr
equal 'intent, outcome, seal' 'sign-intent signed seal' \
	"$(events $((before + 1)))"
passes 'show --out' see show "$(serial 1)" --out ca.pem
passes 'openssl verifies it, strictly' \
	openssl verify -x509_strict -CAfile root.pem ca.pem
passes 'audit verify' see audit verify
says 'all derived again' \
	'derived again and verified: 1 root, 1 certificate, 0 CRLs'

# Of what a certificate signs: version, serial, algorithm, issuer, validity,
# subject, key; of a request: version, subject, key.
openssl x509 -in root.pem -outform DER -out root.der
openssl x509 -in ca.pem -outform DER -out ca.der
openssl req -in acm.csr -outform DER -out acm.der
same "the subject's octets are the request's" ca.der 6 acm.der 2
same "the key's octets are the request's" ca.der 7 acm.der 3
same "the issuer's octets are the root's subject" ca.der 4 root.der 6
same "the root's issuer is its subject" root.der 4 root.der 6
equal 'the serial is positive, of 20 octets at most' yes "$(part ca.der 2 |
	hex | grep -Eq '^02(1[0-4]|0[1-9A-F])[0-7]' && echo yes)"
equal 'the serial has at least 120 random bits' yes "$(part ca.der 2 |
	hex | grep -Eq '^021[0-4]' && echo yes)"

# AWS's template RootCACertificate, and the root in AWS's documentation.
root_id=$(key_identifier root.der 19)
equal 'the root has what RootCACertificate has' \
"X509v3 Basic Constraints critical 30030101FF
X509v3 Subject Key Identifier 0414$root_id
X509v3 Key Usage critical 03020186" "$(extensions root.der)"
openssl x509 -in "$tests/fixtures/acm-pca-documented-root.pem" -outform DER \
	-out aws.der
equal "as the root in AWS's documentation, but for the key's identifier" \
	"$(extensions aws.der | sed 's/0414.*//')" \
	"$(extensions root.der | sed 's/0414.*//')"

# AWS's template SubordinateCACertificate_PathLen0.
url=http://crl.example.com/example-corp-root-r1.crl
place=$(printf '86%02X%s' ${#url} "$(printf '%s' "$url" | hex)")
for tag in A0 A0 30 30; do
	place=$(printf '%s%02X%s' $tag $((${#place} / 2)) "$place")
done
equal 'the certificate has what SubordinateCACertificate_PathLen0 has' \
"X509v3 Basic Constraints critical 30060101FF020100
X509v3 Authority Key Identifier 30168014$root_id
X509v3 Subject Key Identifier 0414$(key_identifier ca.der 19)
X509v3 Key Usage critical 03020186
X509v3 CRL Distribution Points $place" "$(extensions ca.der)"

finish
