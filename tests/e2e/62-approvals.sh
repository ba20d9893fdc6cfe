#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Requests and approvals that are carried: made here, approved elsewhere,
# used once; and all that makes them void.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
take_custody
mkdir desk		# what is carried, outside the authority

# ask OPERATION [ARG...]: desk/OPERATION.json, and no approval of it.
ask() {
	rm -f "desk/$1.json" desk/"$1".json.*
	must see request --out "desk/$1.json" "$@"
}

# use NAME,NAME... OPERATION...: with the carried approvals, these two
# opening the token.
use() {
	present=$1 operation=$2
	shift 2
	on "$present" "$operation" --request "desk/$operation.json" "$@"
}

passes 'a request' see request --out desk/disable.json disable
says 'it says what will happen' 'Disable the root key of root.'
says 'to which key' "    $(sed -n \
	's/.*"authority":{"key":"\([0-9a-f]*\)".*/\1/p' desk/disable.json)"
refused 4 'desk/disable.json: exists already' \
	see request --out desk/disable.json disable

# On another machine: no authority, no token of the root.
mkdir "$work/elsewhere"
cp desk/disable.json "$people/alice.key" "$people/alice.pem" \
	"$work/elsewhere/"
(
	cd "$work/elsewhere" || exit
	passphrase alice | ANCHORITE_SITE=/nonexistent anchorite approve \
		--credential alice.key --secret-fd 0 --yes disable.json
) >"$log/out" 2>"$log/err" || note <"$log/err"
says 'alice is shown the same' 'Disable the root key of root.'
says 'and approves' 'approved by alice: disable.json.alice.p7s'
cp "$work/elsewhere/disable.json.alice.p7s" desk/
passes 'openssl verifies the approval' openssl cms -verify -inform DER \
	-in desk/disable.json.alice.p7s -binary -content desk/disable.json \
	-CAfile "$people/alice.pem" -out "$log/content"
passes 'and so does GnuTLS' certtool --p7-verify --inder \
	--infile desk/disable.json.alice.p7s --load-data desk/disable.json \
	--load-certificate "$people/alice.pem"
passes 'over the very request' cmp desk/disable.json "$log/content"
openssl cms -cmsout -print -inform DER -in desk/disable.json.alice.p7s \
	>"$log/out" 2>&1
says 'with the time of signing' 'object: signingTime (1.2.840.113549.1.9.5)'

# A byte of the request, then one of the approval.
cp desk/disable.json "$log/request"
sed -i 's/"nonce":"./"nonce":"x/' desk/disable.json
refused 3 'request: nonce: want pairs of lower-case hexadecimal digits' use bob,carol disable
sed -i 's/"nonce":"x/"nonce":"0/' desk/disable.json
cmp -s desk/disable.json "$log/request" &&
	sed -i 's/"nonce":"0/"nonce":"1/' desk/disable.json
altered='(the request or the approval was altered, or is for another)'
recorded disable "disable.json.alice.p7s: approval of alice $altered: \
signature does not verify" use bob,carol disable
sed 's/,/ ,/' "$log/request" >desk/disable.json
refused 3 'request: not canonical JSON: it was altered' use bob,carol disable
cp "$log/request" desk/disable.json
size=$(wc -c <desk/disable.json.alice.p7s)
cp desk/disable.json.alice.p7s "$log/approval"
flip desk/disable.json.alice.p7s $((size - 3))
recorded disable "disable.json.alice.p7s: approval of alice $altered: \
signature does not verify" use bob,carol disable
cp "$log/approval" desk/disable.json.alice.p7s

# Not of this operation, nor of these parameters.
cp desk/disable.json desk/enable.json
recorded enable 'enabling is not possible while the authority is active' \
	use bob,carol enable
cp desk/disable.json desk/crl.json
recorded crl 'request: is for disable, and not for crl' use bob,carol crl
rm desk/enable.json desk/crl.json
request ca
request two
ask sign --profile subordinate-pathlen0 ca.csr
must approve bob desk/sign.json
parameters() {
	printf '{"requests":[{"again":false,"profile":"subordinate-pathlen0",'
	printf '"sha256":"%s","subject":"C=US, O=Example Corp, CN=%s"}]}' \
		"$(openssl req -in "$1.csr" -outform DER | sha256sum |
		cut -d ' ' -f 1)" "$1"
}
recorded sign "$(printf 'request: is for sign of something else: asked %s, '\
'to be done %s' "$(parameters ca)" "$(parameters two)")" \
	use bob,carol sign --profile subordinate-pathlen0 two.csr

# Not in time: its end is in three days.
soon=$(date -u -d '+4 days' +%Y-%m-%dT%H:%M:%SZ)
end=$(sed -n 's/.*"expires":"\([^"]*\)".*/\1/p' desk/disable.json)
recorded disable "request: expired $end, it is $soon" \
	use bob,carol disable --time "$soon"
refused 4 "request: expired $end, it is $soon" \
	approve carol desk/disable.json --time "$soon"
refused 2 '--expires: want at most 30d' \
	see request --expires 31d --out desk/long.json disable
must see request --time "$soon" --out desk/early.json disable
made=$(sed -n 's/.*"created":"\([^"]*\)".*/\1/p' desk/early.json)
run on bob,carol disable --request desk/early.json
equal 'one that is not made yet' "anchorite: request: made $made" \
	"$(sed 's/, it is.*//' "$log/err")"

# Nor by a clock that was set: the custodian's own machine says another time.
ahead=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)
rm desk/*.p7s
must approve alice desk/disable.json --time "$ahead"
run use bob,carol disable
equal 'a clock set back here, or ahead there' "anchorite: \
disable.json.alice.p7s: approval of alice: signed $ahead" \
	"$(sed 's/, it is.*//' "$log/err")"

# Not by whom it takes.
rm desk/*.p7s
recorded disable 'disable: takes 1 approval of the role disable, has 0' \
	use bob,carol disable
must approve bob desk/disable.json
recorded disable 'disable.json.bob.p7s: custodian bob: has not the role '\
'disable, which disable takes' use bob,carol disable
rm desk/*.p7s
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	-keyout mallory.key -out mallory.pem -subj '/CN=Mallory' \
	2>"$log/err"
openssl cms -sign -binary -outform DER -in desk/disable.json -md sha256 \
	-signer mallory.pem -inkey mallory.key -nosmimecap \
	-out desk/disable.json.alice.p7s
recorded disable 'disable.json.alice.p7s: approval: signed by CN=Mallory, '\
'whose certificate is not in the roster' use bob,carol disable
rm mallory.* desk/*.p7s
must approve alice desk/disable.json
must approve alice --out desk/disable.json.once-more.p7s desk/disable.json
recorded disable \
	'disable.json.once-more.p7s: custodian alice: approved twice' \
	use bob,carol disable
rm desk/disable.json.once-more.p7s

# Refusals do not make an approval void: they are no change. What it asks
# for, done, does.
passes 'disabled' use bob,carol disable
used=$(grep -n '"event":"disable"' root/journal.jsonl | cut -d : -f 1)
must on alice,dave enable
recorded disable "request: was used already, by record $used" \
	use bob,carol disable
head_of() {
	sed -n 's/.*"head":{"digest":"\(.\{16\}\).*"seq":\([0-9]*\)}.*/\2 \1/p' \
		"$1"
}
ask disable
must approve alice desk/disable.json
was=$(head_of desk/disable.json)
must on alice,dave crl
must see request --out desk/now.json disable
is=$(head_of desk/now.json)
recorded disable "request: made at record ${was% *} (${was#* }), the journal \
is at record ${is% *} (${is#* })" use bob,carol disable

# For another authority, with its own root, under the same custodians.
authority=other
must with alice,carol init --yes --policy "$work/policy.yaml" \
	--custodians "$people" --shares "$work/shares" other
must with bob,dave root generate --authority other
must on alice,dave root certify
ask disable
must approve alice desk/disable.json
authority=root
recorded disable 'request: for authority other with another key, this is root' \
	use bob,carol disable

# Who tries to rewrite what happened.
must on alice,dave disable
cp root/journal.jsonl "$log/kept"
line=$(grep -n '"event":"disable"' root/journal.jsonl | tail -n 1 |
	cut -d : -f 1)
sed -i "${line}d" root/journal.jsonl
refused 7 "root: journal: record $line: sequence: want $line, have \
$((line + 1))" see status
cp "$log/kept" root/journal.jsonl
# With the end cut off, the token knows the head that is missing.
must cp -r root cut
head -n $((line - 1)) "$log/kept" >cut/journal.jsonl
authority=cut
run on bob,carol sign --profile subordinate-pathlen0 two.csr
equal 'a journal without its end: exit status' 7 "$status"
equal 'both heads are named' "anchorite: anchor: the token knows record N; the \
journal ends at record $((line - 1)): it is an older copy: look for \
the newest on the other media; only if there is none, 'anchorite \
anchor accept --help'" "$(sed 's/knows record [0-9]*/knows record N/;s/ ([^)]*)//g' \
	"$log/err")"

# Two who take it as the newest deceive the program; not the token.
cp -a "$work/tokens" "$work/token"
held=$(sed -n 's/.*the token knows record [0-9]* ([^,]*, SHA-256 '\
'\([0-9a-f]*\)); .*/\1/p' "$log/err")
after_showing recorded 'anchor accept' \
	'anchor: takes 2 approvals of the role policy, has 1' \
	on bob anchor accept 'a new disk' "$held"
passes 'two accept it all the same' \
	on bob,carol anchor accept 'a new disk' "$held"
run on bob,carol sign --profile subordinate-pathlen0 two.csr
equal 'this does not make the key sign' 5 "$status"
cp "$log/err" "$log/out"
says 'since the token was told' CKR_KEY_FUNCTION_NOT_PERMITTED
rm -rf "$work/tokens"
mv "$work/token" "$work/tokens"
authority=root
back=$(date -u -d '-1 day' +%Y-%m-%dT%H:%M:%SZ)
run on bob,carol delete --time "$back"
equal 'the clock does not go back' "anchorite: clock: it is $back, the journal" \
	"$(sed 's/ is at.*//' "$log/err")"

# An audit years later verifies what is kept of it.
passes 'audit' see audit verify
must cp -r root copy
authority=copy
cms=$(sed -n "${line}s/.*\"cms\":\"\([0-9a-f]*\)\".*/\1/p" \
	copy/journal.jsonl)
chmod u+w "copy/objects/$cms"
printf x >>"copy/objects/$cms"
refused 7 "copy: journal: record $line: disable: objects/$cms: has been \
changed" see audit verify
finish
