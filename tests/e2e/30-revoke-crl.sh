#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Revocation and CRLs, as openssl sees them.

. "$(dirname "$0")/lib.sh"
take_authority
request one
request two
request three
must sign one.csr two.csr three.csr
see root show --out root.pem >"$log/out" || bail_out 'root show'
for n in 1 2 3; do
	see show --out "$n.pem" "$(serial $n)" >"$log/out" || bail_out 'show'
done

passes 'the first CRL' ca crl --json --out 1.crl
says 'it is number 1' '"number": 1'
says 'it is empty' '"entries": 0'
text() {
	openssl crl -inform DER -in "$1" -noout -text
}
passes 'it is signed by the root' \
	openssl crl -inform DER -in 1.crl -noout -CAfile root.pem
passes 'it has a version, an issuer, a number' text 1.crl
says 'version 2' 'Version 2 (0x1)'
says 'the root as issuer' \
	'Issuer: C = US, O = Example Corp, CN = Example Corp Root R1'
says 'an authority key identifier' 'X509v3 Authority Key Identifier:'
says 'a CRL number' 'X509v3 CRL Number:'
says 'no entry' 'No Revoked Certificates.'

now=$(date -u +%s)
this=$(openssl crl -inform DER -in 1.crl -noout -lastupdate | cut -d = -f 2)
next=$(openssl crl -inform DER -in 1.crl -noout -nextupdate | cut -d = -f 2)
this=$(date -u -d "$this" +%s) next=$(date -u -d "$next" +%s)
equal 'thisUpdate is an hour ago' yes \
	"$([ $((now - this)) -ge 3600 ] && [ $((now - this)) -lt 3660 ] &&
		echo yes)"
equal 'nextUpdate is 180 days ahead' $((180 * 86400 + 3600)) \
	$((next - this))

before=$(records)
passes 'revoke' ca revoke --yes --reason superseded "$(serial 2)"
equal 'recorded and sealed' 'revoked seal' "$(events $((before + 1)))"
passes 'revoke by the first digits' ca revoke --yes \
	"$(serial 3 | cut -c 1-8)"
see list >"$log/out"
says 'the list says so' "$(serial 2)  revoked"
must see show --json "$(serial 2)"
says 'and says why' '"reason": "superseded"'
recorded revoke "certificate $(serial 2): is revoked already" \
	ca revoke --yes "$(serial 2)"
refused 2 'no certificate 0000000000: give its serial, or the first six '\
'digits or more' ca revoke --yes 0000000000

passes 'the second CRL' ca crl --out 2.crl
text 2.crl >"$log/out"
says 'number 2' '    2'
says 'the reason is there' '                Superseded'
equal 'two entries' 2 "$(grep -c 'Serial Number:' "$log/out")"
equal 'unspecified has no reason code (RFC 5280, 5.3.1)' 1 \
	"$(grep -c 'CRL Reason Code' "$log/out")"
equal 'the entries are those revoked' \
	"$( (serial 2; serial 3) | sort)" \
	"$(sed -n 's/.*Serial Number: //p' "$log/out" | tr A-F a-f | sort)"

openssl crl -inform DER -in 2.crl -out 2.pemcrl
verify() {
	openssl verify -x509_strict -crl_check -CAfile root.pem \
		-CRLfile 2.pemcrl "$1"
}
passes 'the one that stands verifies' verify 1.pem
run verify 2.pem
equal 'the revoked one does not' yes \
	"$(grep -q 'certificate revoked' "$log/err" && echo yes)"
passes 'audit verify' see audit verify
says 'all derived again' \
	'derived again and verified: 1 root, 3 certificates, 2 CRLs'

refused 2 'unknown reason boredom, want one of unspecified, keyCompromise, '\
'cACompromise, affiliationChanged, superseded, cessationOfOperation, '\
'privilegeWithdrawn' ca revoke --yes --reason boredom "$(serial 1)"

finish
