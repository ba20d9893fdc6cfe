#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Another policy, another roster: under the quorum of the old one, and never
# one that a single person could satisfy.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
take_custody
first=$roster
new=$work/next.yaml
request ca
must new_custodian erin
mkdir "$work/empty"

# next_policy SED [BASE]: with the first roster, changed so; more of the
# policy stands on stdin.
next_policy() {
	roster=$(echo "$first" | sed "$1")
	must write_policy "$new" "${2:-acm-pca-ec-p384}"
}

# adopt NAME,NAME... [OPTION...]
adopt() {
	who=$1
	shift
	on "$who" policy adopt --custodians "$people" "$@" "$new"
}
certify() {
	on "$1" sign --profile subordinate-pathlen0 --reissue ca.csr
}

# --- a roster by itself ---------------------------------------------------

# unfit SENTENCE: such a policy is none; it stands where its part begins.
unfit() {
	line=$(sed -n "/^${1%%:*}:/=" "$new")
	column=3
	[ "${1%%:*}" = custodians ] || line=$((line + 1)) column=5
	refused 3 "$new:$((line + 1)):$column: $1" adopt alice,bob
}
erin='$a\
erin operator'
next_policy "$erin" </dev/null
sed -i "s/$(pinned erin)/$(pinned alice)/" "$new"
unfit 'custodians: alice and erin: have the same certificate'
next_policy 's/ destroy//' </dev/null
unfit 'custodians: role destroy: nobody has it, and destroy takes it'
next_policy '/^alice/s/$/ delete/;/^bob\|^carol/s/ delete//
	/^carol/s/ disable//' </dev/null
unfit 'custodians: delete: takes 1 different custodians with the role '\
'delete, other than those it must be distinct from, and there are not as many'
next_policy '/^bob\|^dave/s/ restore//' </dev/null
unfit 'custodians: enable: takes 2 different custodians with the role '\
'restore, and there are not as many'
for rule in disable:0:1 delete:0:1 enable:1:2 restore:1:2 destroy:1:2 \
    backup:1:2 policy:1:2 resplit:1:2 crl-disabled:1:2; do
	operation=${rule%%:*} least=${rule##*:}
	have=${rule%:*} have=${have#*:}
	next_policy '' <<-END
	operations:
	  $operation:
	    approvals: $have
	END
	unfit "operations: $operation: approvals: want at least $least, $(
		)have $have"
done

# --- and with the certificates --------------------------------------------

# in_place_of_erin COMMAND...: another certificate made so, for her name.
in_place_of_erin() {
	next_policy "$erin" </dev/null
	digest=$(pinned erin)
	mv "$people/erin.pem" "$work/erin.pem"
	"$@" -out "$people/erin.pem" 2>"$log/err" || bail_out "$*"
	sed -i "s/$digest/$(pinned erin)/" "$new"
}
restored() {
	mv "$work/erin.pem" "$people/erin.pem"
}

# certificate CA SUBJECT [OPTION...]
certificate() {
	ca=$1 subject=$2
	shift 2
	openssl req -x509 -subj "$subject" -days 30 -sha256 \
		-addext "basicConstraints=critical,CA:$ca" \
		-addext keyUsage=critical,digitalSignature,keyAgreement "$@"
}
alices_key() {
	certificate FALSE "$@" -key "$people/alice.key" \
		-passin "pass:$(passphrase alice)"
}

# fresh_key CURVE CA SUBJECT [OPTION...]
fresh_key() {
	curve=$1
	shift
	certificate "$@" -newkey ec -pkeyopt "ec_paramgen_curve:$curve" \
		-noenc -keyout "$log/key"
}
in_place_of_erin alices_key '/CN=erin Example'
recorded 'policy adopt' 'custodians alice and erin: have the same key, and '\
'could satisfy a quorum alone' adopt alice,bob
restored
in_place_of_erin fresh_key P-256 FALSE '/CN=alice Example'
recorded 'policy adopt' 'custodians alice and erin: are the same person, and '\
'could satisfy a quorum alone' adopt alice,bob
restored
in_place_of_erin fresh_key P-256 FALSE '/O=Other/CN=Alice EXAMPLE'
recorded 'policy adopt' 'custodians alice and erin: are the same person, and '\
'could satisfy a quorum alone' adopt alice,bob
restored
in_place_of_erin fresh_key P-256 TRUE '/CN=erin Example'
unpersonal="$people: custodian erin: erin.pem:"
recorded 'policy adopt' "$unpersonal basicConstraints: CA:TRUE, want a \
person's certificate" adopt alice,bob
restored
in_place_of_erin fresh_key P-256 FALSE '/O=Example Corp'
recorded 'policy adopt' \
	"$unpersonal subject: 0 CN, want one: the person's name" \
	adopt alice,bob
restored

next_policy "$erin" </dev/null
missing="custodian erin: no certificate with SHA-256 $(pinned erin)"
refused 3 "$missing in $work/empty" on alice,bob policy adopt \
	--custodians "$work/empty" "$new"
refused 3 "$missing is given (--custodians)" on alice,bob policy adopt "$new"
mv "$people/erin.pem" "$work/"
fresh_key P-256 FALSE '/CN=erin Example' -out "$people/erin.pem" \
	2>"$log/err"
refused 3 "$missing in $people" adopt alice,bob
restored

# What was approved is what comes into force.
may_print=yes
must see request policy "$new" --custodians "$people" --out "$work/new.json"
must approve alice "$work/new.json"
must approve bob "$work/new.json"
asked=$(sha256sum <"$new" | cut -d ' ' -f 1)
fresh_key P-256 FALSE '/CN=Mallory' -out "$people/mallory.pem" 2>"$log/err"
cp "$new" "$work/asked.yaml"
sed -i "s/$(pinned erin)/$(pinned mallory)/" "$new"
recorded 'policy adopt' "request: is for policy of something else: asked \
{\"policy\":\"$asked\"}, to be done {\"policy\":\"$(sha256sum <"$new" |
	cut -d ' ' -f 1)\"}" adopt carol,dave --request "$work/new.json"
rm "$people/mallory.pem"

# --- weak, but not for a single person ------------------------------------

next_policy '/^carol/s/ policy//' </dev/null
must see request policy "$new" --out "$work/weak.json"
must approve alice "$work/weak.json"
must approve bob "$work/weak.json"
unasked() {
	{
		passphrase alice
		passphrase bob
	} | setsid -w anchorite policy adopt --authority root --secret-fd 0 \
		--credential "$(credential alice)" \
		--credential "$(credential bob)" \
		--request "$work/weak.json" "$new"
}
passes 'what is weak is shown' anchorite quorum show --policy "$new"
says 'what would be lost with whom' \
	'  without alice policy could not be approved any more'
refused 2 'no terminal to ask on: --yes answers' unasked
says 'it is asked of whoever adopts it' 'warning: if one custodian is lost:'

# --- roots, holders, and nobody -------------------------------------------

other="policy acm-pca-ec-p384:"
next_policy '' </dev/null
sed -i 's/- CN: Example Corp Root R2/- CN: Other Root/' "$new"
recorded 'policy adopt' "$other names another root, by subject or kind of key" \
	adopt alice,bob
next_policy '' acm-pca-rsa-4096 </dev/null
recorded 'policy adopt' 'policy acm-pca-rsa-4096: names another root, by '\
'subject or kind of key' adopt alice,bob
cp "$policies/acm-pca-ec-p384.yaml" "$new"
recorded 'policy adopt' \
	"$other names no custodians, and the one in force does" \
	adopt alice,bob
next_policy '$a\
erin share' </dev/null
recorded 'policy adopt' 'custodian erin: has the role share, and no share of '\
'the split: the PIN must be split anew' adopt alice,bob
next_policy '/^dave/s/ share//' </dev/null
recorded 'policy adopt' 'custodian dave: holds a share, and has not the role '\
'share: the PIN must be split anew' adopt alice,bob
cp "$work/policy.yaml" "$new"
recorded 'policy adopt' "$other is in force already" adopt alice,bob

# --- under the old quorum -------------------------------------------------

passes 'alice signs while she may' certify alice,dave
next_policy '/^alice/s/ operator//;/^alice\|^bob/s/ policy//
	/^dave/s/$/ policy/' </dev/null
recorded 'policy adopt' 'policy: takes 2 approvals of the role policy, has 1' \
	adopt carol,dave
before=$(records)
passes 'the old quorum adopts it' adopt alice,bob
equal 'one record and a seal' 'policy seal' "$(events $((before + 1)))"
says 'it says what is in force' 'policy acm-pca-ec-p384 is in force'
equal 'status says so' "$(sha256sum <"$new" | cut -d ' ' -f 1)" \
	"$(see status --json | field policy_sha256)"
equal 'the record has the old digest and the new' \
	"\"old\":\"$(sha256sum <"$work/policy.yaml" | cut -d ' ' -f 1)\",$(
	)\"parameters\":{\"policy\":\"$(sha256sum <"$new" |
		cut -d ' ' -f 1)\"}" \
	"$(sed -n "$((before + 1))p" root/journal.jsonl |
		grep -o '"old":.*"parameters":{[^}]*}')"
equal 'and what was acknowledged' '"acknowledged":["without carol' \
	"$(sed -n "$((before + 1))p" root/journal.jsonl |
		grep -o '"acknowledged":..without carol')"
recorded sign 'sign: takes 1 approval of the role operator, has 0' \
	certify alice,dave
passes 'bob still signs' certify bob,dave

first=$roster
next_policy '$a\
erin operator policy' <<END
operations:
  sign:
    approvals: 2
END
recorded 'policy adopt' 'policy: takes 2 approvals of the role policy, has 0' \
	adopt alice,bob
passes 'the new quorum adopts the next' adopt carol,dave
recorded sign 'sign: takes 2 approvals of the role operator, has 1' \
	certify bob,dave
passes 'two sign' certify bob,dave,erin
passes 'each record is judged by the policy of its time' see audit verify

# --- a first roster -------------------------------------------------------

new=$work/policy.yaml
site plain.yaml "$module" pkcs11:token=plain
ANCHORITE_SITE=$work/plain.yaml
must new_token plain
begin_with() {
	printf '%s\n' "$pin" |
		anchorite init --secret-fd 0 --policy "$new" "$@" plain
}
refused 3 "custodian alice: no certificate with SHA-256 $(pinned alice) is \
given (--custodians)" begin_with
must begin acm-pca-ec-p384 plain
authority=plain
must ca root generate
must ca root certify --yes
none='takes custodians, and the policy names none'
recorded disable "disable $none" ca disable
refused 4 "disable $none" see request disable
refused 4 'sign takes no approval under policy acm-pca-ec-p384' \
	see request sign --profile subordinate-pathlen0 ca.csr
before=$(records)
passes 'one alone adopts the first roster' \
	ca policy adopt --custodians "$people" "$new"
equal 'it is recorded' 'policy seal' "$(events $((before + 1)))"

# agreed NAME,NAME... COMMAND...: with the PIN, which is not split.
agreed() (
	also=$pin
	on "$@"
)
passes 'it is in force: alice signs' \
	agreed alice sign --profile subordinate-pathlen0 ca.csr
recorded 'policy adopt' 'policy: takes 2 approvals of the role policy, has 1' \
	agreed alice policy adopt "$work/asked.yaml" --custodians "$people"
recorded 'token resplit' "the token's PIN is not split: token init --split \
makes a token whose PIN is" agreed alice,bob token resplit --sheets none
mkdir "$sheets"
echo aaaa >"$sheets/alice"
refused 2 "sheet of alice: the token's PIN is not split" \
	agreed sheet:alice disable

# A custodian's new key, where there is no share to die with the old one.
must fresh_key P-256 FALSE '/CN=dave Example' -out "$people/again.pem"
passes "dave's new key" \
	agreed alice,bob custodian replace dave "$people/again.pem"
equal 'in the policy that digest changed, and nothing else' \
	"$(sed "s/$(pinned dave)/$(pinned again)/" "$new" | sha256sum |
		cut -d ' ' -f 1)" "$(see status --json | field policy_sha256)"
recorded disable 'approval: signed by CN=dave Example, whose certificate is '\
'not in the roster' agreed dave disable
passes 'alice disables' agreed alice disable
passes 'the journal is sound' see audit verify
finish
