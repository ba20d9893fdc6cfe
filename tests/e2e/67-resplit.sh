#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# New PINs, split anew: for a share that was lost, or a custodian's new key;
# and what is left where the token stops half-way.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
take_custody
request ca
certify() {
	on "$1" sign --profile subordinate-pathlen0 --reissue ca.csr
}

# keep_store NAME STORE: the authority and a token store as they are now; it is
# the token of NAME.yaml.
keep_store() {
	mkdir "$work/$1"
	cp -a "$work/$2" "$work/$1/tokens"
	cp -a root "$work/$1/"
	site "$1.yaml" "$module"
	sed -i "s|^store:.*|store: $1/tokens|" "$work/$1.yaml"
	sed "s|= $work/tokens\$|= $work/$1/tokens|" "$work/softhsm2.conf" \
		>"$work/$1/softhsm2.conf"
}

# with_kept NAME AUTHORITY COMMAND...: another token store and authority.
with_kept() {
	(
		SOFTHSM2_CONF=$work/$1/softhsm2.conf
		kept=$1.yaml authority=$2
		shift 2
		at "$kept" "$@"
	)
}

resplit() {
	who=$1
	shift
	on "$who" token resplit --sheets none "$@"
}
dead='token demo: C_Login: the PIN is wrong (CKR_PIN_INCORRECT); few tries '\
'are left'
few='the token opens with 2 shares, has 1'
may_print=yes

# --- new PINs -------------------------------------------------------------

recorded 'token resplit' \
	'resplit: takes 2 approvals of the role policy, has 1' \
	resplit alice,dave
recorded 'token resplit' 'split 2/3: wants 3 custodians with the role share, '\
'the policy has 4' resplit alice,bob --split 2/3
refused 2 '--split: want K/N with 2 <= K <= N <= 16, have 5/4' \
	resplit alice,bob --split 5/4
must see request resplit --split 4/4 --out "$work/weak.json"
must approve alice "$work/weak.json"
must approve bob "$work/weak.json"
weak() {
	{
		passphrase alice
		passphrase bob
	} | setsid -w anchorite token resplit --authority root --secret-fd 0 \
		--credential "$(credential alice)" \
		--credential "$(credential bob)" --sheets none --split 4/4 \
		--request "$work/weak.json"
}
refused 2 'no terminal to ask on: --yes answers' weak
says 'all four are too few to lose one' \
	'  without dave the token could not be opened any more'
must see request resplit --out "$work/resplit.json"
must approve alice "$work/resplit.json"
must approve bob "$work/resplit.json"
recorded 'token resplit' "$few" \
	resplit carol --request "$work/resplit.json"
recorded 'token resplit' 'request: is for resplit of something else: asked '\
"{\"count\":4,\"policy\":\"$(see status --json | field policy_sha256)\","\
'"threshold":2}, to be done {"count":4,"policy":"'"$(see status --json |
	field policy_sha256)"'","threshold":3}' \
	resplit carol,dave --request "$work/resplit.json" --split 3/4

keep_store before tokens
passes 'what is kept can be used' \
	with_kept before "$work/before/root" certify alice,bob
first=$(see status --json | field split)
passes 'two agree on new PINs' resplit alice,bob
keep_store after tokens.backup
says 'it says what opens the token now' \
	'the token has new PINs: 2 of 4 shares open it'
equal 'it is another split' different "$([ "$first" = "$(see status --json |
	field split)" ] || echo different)"
equal 'an intent, an outcome and a seal' 'split-intent split seal' \
	"$(events $(($(records) - 2)))"
passes 'the new shares open it' certify alice,dave
old_root() {
	(
		authority=$work/before/root
		certify alice,bob
	)
}
refused 5 "$dead" old_root
refused 5 "$dead" with_kept after "$work/before/root" certify alice,bob
passes 'in the backup, too, the new ones do' \
	with_kept after "$work/after/root" certify alice,bob

# --- sheets ---------------------------------------------------------------

mkdir "$sheets"
mkfifo "$work/printer"

# on_paper NAME...: new PINs; the sheets of these are taken and typed back.
on_paper() {
	{
		passphrase alice
		passphrase bob
		for name; do
			timeout 10 cat "$work/printer" >"$sheets/$name"
			passphrase "sheet:$name" | sed "${slip:-}"
		done
	} | timeout 20 anchorite token resplit --authority root --yes \
		--secret-fd 0 \
		--credential "$(credential alice)" \
		--credential "$(credential bob)" --sheets "$work/printer"
}
checksum='does not fit its checksum (mistyped, or of another split)'
slip='3s/..../aaaa/'
refused 3 "sheet of alice: line 3: $checksum" on_paper alice
slip=
passes 'what stops at a sheet has changed nothing' certify alice,bob
passes 'new PINs with sheets' on_paper alice bob carol dave
passes 'two sheets open the token' on alice,sheet:bob,sheet:carol crl
passes 'a third split' resplit alice,bob --split 3/4
refused 3 "sheet of bob: line 1: $checksum" on alice,sheet:bob crl
recorded crl 'the token opens with 3 shares, has 2' on alice,bob crl
passes 'three open it now' on alice,bob,dave crl
passes 'and two again' resplit alice,bob,dave --split 2/4

# --- a custodian's new key, and other holders -----------------------------

replace() {
	on alice,bob custodian replace --sheets none "$@"
}
refused 2 'no custodian erin in policy acm-pca-ec-p384' \
	replace erin "$people/bob.pem"
recorded 'custodian replace' \
	'custodian bob: the new certificate has the old key' \
	replace bob "$people/bob.pem"
must new_custodian erin
recorded 'custodian replace' 'custodian bob: is CN=bob Example, the new '\
'certificate names CN=erin Example: another person takes another policy' \
	replace bob "$people/erin.pem"
mkdir "$people/new" "$people/old"
again() {
	printf '%s\n%s\n' "$(passphrase bob)" "$(passphrase bob)" |
		anchorite custodian new --person 'bob Example' --secret-fd 0 \
			"$people/new/bob"
}
must again
passes 'bob gets a new key' replace bob "$people/new/bob.pem"
recorded sign 'approval: signed by CN=bob Example, whose certificate is not '\
'in the roster' certify bob
mv "$people/bob".* "$people/old/"
mv "$people/new/bob".* "$people/"
passes 'which signs, and opens the token' certify bob,carol
must see audit verify

roster=$(echo "$roster" | sed 's/^dave .*/dave restore destroy backup auditor/')
roster="$roster
erin operator share"
printf 'operations:\n  policy:\n    approvals: 3\n' |
	must write_policy "$work/next.yaml"
recorded 'policy adopt' 'custodian erin: has the role share, and no share of '\
'the split: the PIN must be split anew' \
	on alice,bob policy adopt "$work/next.yaml" --custodians "$people"
passes 'erin holds a share in place of dave' resplit alice,bob \
	--policy "$work/next.yaml" --custodians "$people"
passes 'and opens the token' certify erin,bob
recorded sign "credential $(credential dave): holds no share of the token's \
PIN" certify erin,dave

# A policy that changes so takes its own quorum, too, which is three now.
sed 's/approvals: 3/approvals: 2/' "$work/next.yaml" >"$work/easy.yaml"
recorded 'token resplit' \
	'policy: takes 3 approvals of the role policy, has 2' \
	resplit alice,bob --policy "$work/easy.yaml"

# --- half-way -------------------------------------------------------------

# stops RULE SENTENCE: at that call of the token, on the way to new PINs.
stops() {
	intent=$(($(records) + 1))
	run faked "$1" resplit alice,bob
	equal "$1: exit status" 5 "$status"
	equal "$1: sentence" "anchorite: $2" "$(cat "$log/err")"
	equal "$1: the intent stands alone" split-intent "$(events "$intent")"
}

# goes_on NAME: recover by two, and all is well.
goes_on() {
	passes "$1: recover by two" on carol,erin recover
	equal "$1: it is closed" 'split-intent recovered split seal' \
		"$(events "$intent")"
	passes "$1: it signs" certify alice,erin
	passes "$1: the journal is sound" see audit verify
}

fault='the token is at fault (CKR_DEVICE_ERROR)'
refused 5 "token demo: C_Login: $fault" faked C_Login:0x30 resplit alice,bob
stops C_SetPIN:0x30 "SO PIN: C_SetPIN: $fault"
passes 'status' see status
says 'it says what stands open' "the token's PINs are being changed: it takes \
shares of the old and of the new split"
says 'and how to close it' 'next: anchorite recover'
half_way="an earlier command stopped while the token's PINs were being \
changed: see 'anchorite status', then 'anchorite recover'"
cp -a root "$work/half-way"
recorded sign "$half_way" certify alice,bob
recorded crl "$half_way" on alice,bob crl
recorded disable "$half_way" on alice,bob disable
recorded 'token resplit' "$half_way" resplit alice,bob
refused 4 "the old split: $few" on alice recover
rm -rf root
cp -a "$work/half-way" root
goes_on C_SetPIN:0x30
may_print=no
refused 4 'nothing to recover' on carol,erin recover
may_print=yes
stops C_SetPIN:0x30:1:1 "user PIN: C_SetPIN: $fault"
goes_on C_SetPIN:0x30:1:1
# Both PINs are new, and the outcome is not recorded.
stops C_Login:0x30:1:4 "token demo: C_Login: $fault"
goes_on C_Login:0x30:1:4
# The token's anchor is of this journal: nobody need take it in spite of it.
stops C_SetPIN:0x30:1:1 "user PIN: C_SetPIN: $fault"
cp -a root "$work/stopped"
recorded 'anchor accept' 'anchor: what the token knows is of this journal: '\
'nothing to accept' on alice,bob anchor accept 'the token stopped' none
rm -rf root
cp -a "$work/stopped" root
goes_on C_SetPIN:0x30:1:1
passes 'and it signs' certify alice,erin
# What cannot be finished is not begun.
export FAKE_FLAGS=0x400000
refused 5 'SO PIN: is locked' faked none resplit alice,bob
unset FAKE_FLAGS
passes 'and so nothing is to be recovered' certify alice,bob
finish
