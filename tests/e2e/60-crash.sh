#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a crash leaves is known, said, closed by recover, and can be revoked.

. "$(dirname "$0")/lib.sh"
take_authority
request ca
request two
must sign ca.csr
first=$(serial 1)

# The token dies at the moment of signing: an intent without an outcome.
before=$(records)
run faked C_Sign:0x30 sign --reissue ca.csr two.csr
equal 'the token fails' 5 "$status"
equal 'the intent stands alone' sign-intent "$(events $((before + 1)))"
intent=$((before + 1))
burnt=$(sed -n "${intent}p" root/journal.jsonl | grep -o '"serial":"[0-9a-f]*' |
	cut -d '"' -f 4)
# shellcheck disable=SC2086 # serials, one a line
set -- $burnt
equal 'it names two serials' 2 "$#"

passes 'status' see status
says 'it says what stands open' \
	"record $intent (sign-intent) has no outcome; perhaps signed:"
says 'it names the first' "$1"
says 'it names the second' "$2"
says 'it says what is next' 'next: anchorite recover'
equal 'status --json says it too' "$intent" \
	"$(see status --json | field open_intent)"
passes 'the journal is sound' see audit verify
says 'and the audit counts them' '2 signatures without an outcome'

half_way="an earlier command stopped half-way (record $intent has no outcome): \
see 'anchorite status', then 'anchorite recover'"
recorded sign "$half_way" sign two.csr
recorded crl "$half_way" ca crl
recorded revoke "$half_way" ca revoke --yes "$first"
recorded bundle "$half_way" ca bundle --for files "$first"

passes 'recover' ca recover --yes
equal 'it is recorded and sealed' 'recovered seal' \
	"$(tail -n 2 root/journal.jsonl >"$log/last"; events $(($(records) - 1)))"
refused 4 'nothing to recover' ca recover --yes
see list >"$log/out"
says 'the first is possibly issued' "$1  possibly issued"
says 'the second is possibly issued' "$2  possibly issued"
recorded bundle "certificate $1: want a valid one, have it possibly issued" \
	ca bundle --for files "$1"
recorded sign "request two.csr: new key: want a key that was not certified \
before, or --reissue, have certified already, serial $2 (anchorite(1), sign)" \
	sign two.csr
passes 'signing goes on' sign --reissue two.csr

passes 'what was possibly issued can be revoked' \
	ca revoke --yes --reason superseded "$1"
passes 'and the other' ca revoke --yes "$2"
must ca crl --out crl.der
openssl crl -inform DER -in crl.der -noout -text >"$log/crl"
equal 'the CRL has both' 2 "$(grep -i -c -e "Serial Number: $1" \
	-e "Serial Number: $2" "$log/crl")"
passes 'audit verify' see audit verify

# The same of a CRL: its number is burnt.
run faked C_Sign:0x30 ca crl
equal 'the token fails at a CRL' 5 "$status"
passes 'recover' ca recover --yes
must ca crl --json
says 'the number was not used again' '"number": 3'
passes 'audit verify' see audit verify

# Cut off behind each record of a transaction, as a power cut would.
keep whole
must sign --reissue ca.csr
cp root/journal.jsonl "$work/journal"
whole=$(wc -l <"$work/whole/root/journal.jsonl")
for left in 1 2; do
	rm -rf "$work/tokens"
	cp -a "$work/whole/tokens" "$work/"
	head -n $((whole + left)) "$work/journal" >root/journal.jsonl
	passes "$left of 3 records: the journal is sound" see audit verify
	passes "$left of 3 records: recover" ca recover --yes
	passes "$left of 3 records: it signs again" sign --reissue two.csr
	passes "$left of 3 records: and verifies" see audit verify
done

# Killed at any moment of its life.
restore whole
began=$(date +%s%N)
must sign --reissue ca.csr two.csr
life=$(($(date +%s%N) - began))
killed=
for part in 2 4 6 8 9 10 11 12 13 14; do
	delay=$(echo "$life $part" | awk '{ printf "%.4f", $1 * $2 / 15e9 }')
	(
		printf '%s\n' "$pin" | timeout -s KILL "$delay" anchorite sign \
			--authority root --profile subordinate-pathlen0 \
			--yes --reissue --secret-fd 0 ca.csr two.csr
	) >"$log/out" 2>&1
	killed="$killed $?"
	run see status --json
	case $(field open_intent <"$log/out") in
	0) [ "$(field unsealed <"$log/out")" -eq 0 ] || run ca recover --yes ;;
	*) run ca recover --yes ;;
	esac
	[ "$status" -eq 0 ] || {
		not_ok "killed after $delay s"
		note <"$log/err"
	}
	run see audit verify
	[ "$status" -eq 0 ] || {
		not_ok "killed after $delay s"
		note <"$log/err"
	}
done
echo "#$killed, $(grep -c '"event":"recovered"' root/journal.jsonl) recovered"
passes 'after all the kills it signs' sign --reissue ca.csr
passes 'and verifies' see audit verify

# SoftHSM rewrites files in place: killed there, it leaves them empty; the
# token's own at a login, an object's while the next anchor is made.
home=$(dirname "$(find "$work/tokens" -name token.object)")
: >"$home/token.object"
passes 'the token is put back from its copy' sign --reissue ca.csr
: >"$home/5eed5eed-0000-0000-0000-000000000000.object"
passes 'what was being made stops nothing' sign --reissue ca.csr
passes 'and all verifies' see audit verify

finish
