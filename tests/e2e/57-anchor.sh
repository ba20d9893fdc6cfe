#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An older journal, or a fork, put in the place of the newest: the token knows
# better, or the paper does. And what a sitting asks and records.

. "$(dirname "$0")/lib.sh"
take_authority acm-pca-ec-p384
request ca
must sign ca.csr
must ca revoke "$(serial 1)"
must ca crl
journal=root/journal.jsonl
keep whole
cp "$journal" "$work/newest"

# Every shorter journal, as it stood once: nothing can be done with one.
lines=$(wc -l <"$journal")
left=1 missed=
while [ "$left" -lt "$lines" ]; do
	head -n "$left" "$work/newest" >"$journal"
	# The one that the state allows: the others are refused for that (4).
	for command in 'crl' 'recover' 'root generate' 'root certify'; do
		# shellcheck disable=SC2086 # words
		run ca $command
		[ "$status" -eq 4 ] || break
		head -n "$left" "$work/newest" >"$journal"
	done
	[ "$status" -eq 7 ] && grep -q "^anchorite: anchor: the token knows \
record $lines (.*); the journal ends at record $left (.*): it is an older \
copy: look for the newest on the other media; only if there is none, " "$log/err" || missed="$missed $left"
	left=$((left + 1))
done
equal "each of $((lines - 1)) prefixes is refused" '' "$missed"
restore whole

# Two ways on from one point: the token goes with one of them.
must ca crl
cp "$journal" "$work/other"
restore whole
sleep 1
must ca crl
cp "$work/other" "$journal"
run ca crl
equal 'a fork is refused' 7 "$status"
grep -q ': it is another one, forked before that; see ' "$log/err" ||
	not_ok 'and called one'
restore whole

# Without the objects of the token nothing tells what is newest.
pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
	--list-objects --type data >"$log/data" 2>"$log/err"
equal 'the token has one anchor' 1 "$(grep -c "^ *label: *'root anchor" \
	"$log/data")"
must pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
	--delete-object --type data --application-label anchorite \
	--label "$(sed -n "s/^ *label: *'\\(root anchor .*\\)'/\\1/p" "$log/data")"
run ca crl
equal 'a missing anchor is refused' 5 "$status"
passes 'it is accepted' ca anchor accept 'the token was emptied' none
passes 'and signing goes on' ca crl
passes 'and the journal is sound' see audit verify
after_showing recorded 'anchor accept' 'anchor: what the token knows is of '\
'this journal: nothing to accept' ca anchor accept 'once more' none

# --- paper ----------------------------------------------------------------

sed 's/^format: 1.*/&\nanchor: paper\nprivate: [by, ticket, witness]/' \
	"$policies/acm-pca-ec-p384.yaml" >"$work/policy.yaml"
must new_token paper
site paper-site.yaml "$module" pkcs11:token=paper
ANCHORITE_SITE=$work/paper-site.yaml
authority=paper
with_pin() {
	printf '%s\n' "$pin" | anchorite "$@" --secret-fd 0
}
passes 'init prints the head' with_pin init --yes --policy \
	"$work/policy.yaml" --by 'Olga Operator' --ticket CHG-4711 \
	--time-witness 'Walter Witness' paper
says 'for the paper' 'head of paper for the paper: record 2 of '
equal 'as 18 words' 18 "$(grep -A 3 '^head of ' "$log/out" | tail -n 3 |
	wc -w)"
paper() {
	anchorite anchor show --authority paper --json |
		sed -n "s/.*\"$1\": \"\\(.*\\)\",\\{0,1\\}$/\\1/p"
}
old=$(paper words)
must ca root generate
must ca root certify
new=$(paper words)
later=$(date -u -d '+5 hours' +%Y-%m-%dT%H:%M:%SZ)

refused 2 'no terminal to ask for the paper on: --paper gives its words' \
	ca crl --time "$later"
refused 3 'paper: want 18 words, have 1' ca crl --time "$later" \
	--paper aardvark
slip=$(echo "$new" | awk '{ t = $3; $3 = $4; $4 = t; print }')
run ca crl --time "$later" --paper "$slip"
equal 'exchanged words are a slip' 3 "$status"
grep -q 'stands at the wrong place' "$log/err" || not_ok 'and shown as one'
passes 'the words of the newest' ca crl --time "$later" --paper "$new"
says 'a new head comes out' 'for the paper: record '
equal 'the record names the paper' 1 \
	"$(grep -c '"clock":"given","paper":[0-9]*}' paper/journal.jsonl)"
newest=$(paper code)

# An older journal does not know the newest paper.
cp paper/journal.jsonl "$work/newest"
head -n 7 "$work/newest" >paper/journal.jsonl
refused 7 'paper: no record of this journal has this head: the journal is '\
'older than the paper, or was forked' ca crl --time "$later" --paper "$newest"
cp "$work/newest" paper/journal.jsonl
passes 'an older paper is of this journal, too' ca crl --time "$later" \
	--paper "$old"
passes 'the text of the code' ca crl --time "$later" --paper "$(paper code)"

# --- private values -------------------------------------------------------

equal 'no name stands in the journal' 0 \
	"$(grep -c -e Olga -e Walter -e CHG-4711 paper/journal.jsonl)"
passes 'whoever has the objects' see audit show
says 'reads the name' 'Olga Operator  (private)'
says 'the ticket' 'CHG-4711  (private)'
says 'and the witness' 'Walter Witness  (private)'
head=$(paper digest)
passes 'a redacted bundle' ca audit bundle --redact --out redacted \
	--time "$later"
equal 'has no name' '' "$(grep -rl -e Olga -e Walter -e CHG-4711 redacted)"
passes 'and verifies by itself' anchorite audit verify --authority redacted
says 'to the same head' "$head"
says 'and counts what is not there' 'private values are not here: redacted'
passes 'a whole bundle' ca audit bundle --out whole --time "$later"
equal 'has the name beside' 1 "$(grep -rl Olga whole/objects | wc -l)"

# --- time -----------------------------------------------------------------

released=$(sed -n 's/^RELEASED = //p' "$tests/../Makefile")
refused 4 "clock: it is 2020-01-01T00:00:00Z, this program was released \
$released" ca crl --time 2020-01-01T00:00:00Z
authority=root ANCHORITE_SITE=$work/site.yaml
refused 2 'no terminal to ask on: --yes answers' sh -c \
	"printf '%s\\n' $pin | anchorite init --secret-fd 0 --policy \
	$policies/acm-pca-ec-p384.yaml fresh"
equal 'no PIN, nor anything made of one, is kept' '' "$(
	for text in "$pin" "$so_pin" \
	    "$(printf %s "$pin" | sha256sum | cut -c 1-64)" \
	    "$(printf '%s\n' "$pin" | sha256sum | cut -c 1-64)" \
	    "$(printf %s "$pin" | sha1sum | cut -c 1-40)" \
	    "$(printf %s "$pin" | md5sum | cut -c 1-32)" \
	    "$(printf %s "$pin" | base64)" "$(printf %s "$so_pin" | base64)"
	do
		grep -rlF -e "$text" root paper
	done)"
finish
