#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Many requests are one transaction: one intent, one login, one seal.

. "$(dirname "$0")/lib.sh"
take_authority
for name in rsa3072 p384 p521; do
	cp "$fixtures/$name.csr" .
done
see root show --out root.pem >"$log/out" || bail_out 'root show'

before=$(records)
passes 'three requests' sign --json rsa3072.csr p384.csr p521.csr
cp "$log/out" signed.json
equal 'one intent, one outcome, one seal' 'sign-intent signed seal' \
	"$(events $((before + 1)))"
equal 'the JSON has them in order' 'rsa3072.csr p384.csr p521.csr' \
	"$(field file <signed.json | paste -s -d ' ')"
equal 'the JSON has their keys' 'rsa-3072 ec-p384 ec-p521' \
	"$(field key <signed.json | paste -s -d ' ')"
equal 'the JSON has the serials of the list' "$(serials)" \
	"$(field serial <signed.json)"
for n in 1 2 3; do
	see show --out "$n.pem" "$(serial $n)" >"$log/out" ||
		bail_out 'show'
	passes "certificate $n verifies" \
		openssl verify -x509_strict -CAfile root.pem "$n.pem"
done
equal 'what show writes is what the JSON names' \
	"$(field sha256 <signed.json)" \
	"$(for n in 1 2 3; do
		openssl x509 -in $n.pem -outform DER | sha256sum
	done | cut -d ' ' -f 1)"
equal 'the serials differ' 3 "$(serials | sort -u | wc -l)"

# The same key again only where that is said, and in one batch never.
recorded sign "request p384.csr: new key: want a key that was not certified \
before, or --reissue, have certified already, serial $(serial 2) \
(anchorite(1), sign)" sign p384.csr
passes 'reissue' sign --reissue p384.csr p521.csr
equal 'five certificates' 5 "$(serials | wc -l)"
equal 'a reissue keeps the key' "$(openssl x509 -in 2.pem -noout -pubkey)" \
	"$(see show --out 4.pem "$(serial 4)" >"$log/out"
	openssl x509 -in 4.pem -noout -pubkey)"
cp p384.csr copy.csr
recorded sign 'request copy.csr: one request a key: want a key for each '\
'request, have the same as in p384.csr (anchorite(1), sign)' \
	sign --reissue p384.csr copy.csr

# A crowd: P-256 keys, one login.
requests=
for n in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do
	request "crowd$n"
	requests="$requests crowd$n.csr"
done
before=$(records)
# shellcheck disable=SC2086 # names without blanks
passes 'twenty requests' sign $requests
equal 'one transaction' 'sign-intent signed seal' "$(events $((before + 1)))"
passes 'audit verify' see audit verify
says 'all derived again' \
	'derived again and verified: 1 root, 25 certificates, 0 CRLs'

# --- what the person at the terminal sees ----------------------------------

# A name is from outside: it clears no screen and begins no line.
esc=$(printf '\033')
hostile="a${esc}[2J
b.csr"
cp p384.csr "$hostile"
before=$(serials | wc -l)
passes 'a name that a terminal would obey' sign --reissue "$hostile" p521.csr
cp "$log/out" shown
equal 'no ESC is written' '' "$(grep -F "$esc" shown)"
for line in \
    'request a\x{001B}[2J\x{000A}b.csr, under profile subordinate-pathlen0:' \
    "signed $(serial $((before + 1)))  a\\x{001B}[2J\\x{000A}b.csr" \
    "  $(openssl req -in p384.csr -outform DER | sha256sum | cut -c 57-64)  \
subordinate-pathlen0     -              a\\x{001B}[2J\\x{000A}b.csr" \
    "  $(openssl req -in p521.csr -outform DER | sha256sum | cut -c 57-64)  \
subordinate-pathlen0     -              p521.csr"
do
	equal "one line: $line" 1 "$(grep -cxF -e "$line" shown)"
done
equal 'the list is the last before the signing' \
	'p521.csr signed' \
	"$(sed -n '/^these 2, by/,/^signed/p' shown | sed 1,2d | head -n 2 |
		sed 's/^ .* //; s/^signed .*/signed/' | paste -s -d ' ')"
equal 'each certificate with its SHA-256' \
	"$(for n in 1 2; do
		echo "signed $(serial $((before + n)))"
		see show --out shown.pem "$(serial $((before + n)))" >"$log/out"
		openssl x509 -in shown.pem -outform DER | sha256sum |
			sed 's/^/       SHA-256 /; s/ *-$//'
		rm shown.pem
	done)" \
	"$(sed -n 's/^\(signed [0-9a-f]*\) .*/\1/p; /^       SHA-256/p' shown)"
equal 'no line of that is wider than a terminal' 0 \
	"$(sed -n '/^these 2/,$p' shown | awk 'length > 80' | wc -l)"
passes 'one alone' sign --reissue p521.csr
equal 'has no list' 0 "$(grep -c '^these' "$log/out")"

finish
