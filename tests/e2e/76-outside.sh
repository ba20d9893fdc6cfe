#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the root's key signed outside the journal, by another program with the
# PIN, is shown not to come from it; and what did, by which records.

. "$(dirname "$0")/lib.sh"
take_authority acm-pca-ec-p384
request ca
request two
must sign ca.csr
must ca crl --out root.crl
must ca ocsp --out answers
must see root show --out root.pem
must see show "$(serial 1)" --out ca.pem
intent=$(grep -n '"event":"sign-intent"' root/journal.jsonl | cut -d : -f 1)

passes 'what the journal knows' see audit trace ca.pem root.pem root.crl \
	answers/*.ocsp
says 'the certificate' "ca.pem: certificate: intended by record $intent, \
recorded by record $((intent + 1)), derived again"
says 'the root' 'root.pem: root certificate: intended by record 5, recorded '\
'by record 6, derived again'
says 'the CRL' "root.crl: CRL: intended by record $((intent + 3))"
says 'the response' "OCSP response: intended by record $((intent + 6))"
passes 'as JSON' see audit trace --json ca.pem
says 'with the numbers' "\"recorded\": $((intent + 1))"

# The same bytes, signed twice within one second: either is the journal's.
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
must ca ocsp --time "$now" --out one
must ca ocsp --time "$now" --out other
passes 'two responses of one moment' see audit trace one/*.ocsp other/*.ocsp
authority=root

# certtool, with the token's PIN, signs the same request under the same name.
cat >"$work/template" <<END
cn = two
ca
cert_signing_key
serial = 4711
expiration_days = 365
END
# The provider is asked by PKCS#11 URI; the PIN stands in the environment.
must env GNUTLS_PIN="$pin" certtool --provider "$module" \
	--generate-certificate --load-request two.csr \
	--load-ca-certificate root.pem --load-ca-privkey \
	'pkcs11:token=demo;object=root%20root;type=private' \
	--template "$work/template" --outfile two.pem
passes 'others take it for good' \
	openssl verify -CAfile root.pem two.pem
refused 7 "two.pem: signed by the root's key, but no record of this journal \
speaks of it" see audit trace two.pem

# Nor need it look like anything that the root would sign.
must env GNUTLS_PIN="$pin" certtool --provider "$module" --hash SHA1 \
	--generate-certificate --load-request two.csr \
	--load-ca-certificate root.pem --load-ca-privkey \
	'pkcs11:token=demo;object=root%20root;type=private' \
	--template "$work/template" --outfile sha1.pem
run see audit trace sha1.pem
equal 'another form is known, too' 7 "$status"
grep -q "^anchorite: sha1.pem: signed by the root's key, in a form that no " \
	"$log/err" || not_ok 'and so it is called'

# The journal itself is as sound as before; the token's own count tells.
passes 'the journal knows nothing of it' see audit verify
counted=$(see status --json | sed -n 's/^ *"made": \([0-9]*\).*/\1/p' |
	awk '{ sum += $1 } END { print sum }')
passes 'the count of the journal fits' see audit reconcile "$counted"
says 'and says so' "the token's count and the journal agree: $counted"
may_print=yes
refused 7 "the token counts $((counted + 1)) signatures, the journal knows of \
$counted: 1 were made without it" see audit reconcile $((counted + 1))
refused 7 "the token counts $((counted - 1)) signatures, the journal knows of \
$counted: 1 are not counted: its counter was set back, or counts another key" \
	see audit reconcile $((counted - 1))
may_print=no
refused 2 'COUNT: want a plain whole number, have many' \
	see audit reconcile many

# Not of this root at all.
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	-keyout "$log/key" -out other.pem -subj /CN=Other 2>"$log/err"
run see audit trace other.pem
equal 'another root is no matter of this journal' 3 "$status"
run see audit trace ca.csr
equal 'nor is a request' 3 "$status"

# What a crash left, and turned up later, is known as possibly issued.
run faked C_Sign:0x30:1:1 sign --reissue ca.csr two.csr
run ca recover
must see list
says 'a serial is burnt' 'possibly issued'
finish
