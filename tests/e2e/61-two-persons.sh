#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A root's whole life under four custodians: a PIN split 2 of 4, signing,
# disabling, deleting, restoring, enabling, and its end.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
passes 'people, a split token, an authority' make_custody
passes 'who can do what' see quorum show
says 'each with whom' '  delete         1 of delete                 bob, carol; none who approved the last disable'
says 'and what opens the token' '  the token      2 of 4 shares of the PIN'

certify() {
	on "$1" sign --profile subordinate-pathlen0 "$2"
}

# is STATE
is() {
	equal "the authority is $1" "$1" "$(see status --json | field state)"
}

# later DAYS: that far from now.
later() {
	date -u -d "+$1 days" +%Y-%m-%dT%H:%M:%SZ
}

request ca
request two
passes 'sign: an operator, and two shares' certify bob,carol ca.csr
first=$(serial 1)
after_showing recorded sign \
	'sign: takes 1 approval of the role operator, has 0' \
	certify carol,dave two.csr
recorded delete 'deleting is not possible while the authority is active' \
	on bob,carol delete

passes 'alice disables' on alice,dave disable
says 'the token itself will not sign' \
	'refused: CKR_KEY_FUNCTION_NOT_PERMITTED (C_SignInit)'
is disabled
recorded sign 'signing is not possible while the authority is disabled' \
	certify bob,carol two.csr
passes 'revoking goes on' on bob,carol revoke "$first"
passes 'a CRL, by two' on alice,bob crl --out root.crl
after_showing recorded crl 'crl-disabled: takes 2 approvals of the role '\
'operator or restore, has 1' on alice,carol crl
must see root show --out root.pem
passes 'it revokes' openssl crl -inform DER -in root.crl -CAfile root.pem \
	-noout
must see audit verify

# Who disabled cannot delete. For that alice gets the role, by a new policy
# that all agree on.
roster=$(echo "$roster" | sed 's/^alice .*/& delete/')
write_policy next.yaml </dev/null
passes 'a policy that lets alice delete, too' \
	on alice,bob policy adopt next.yaml
after_showing recorded delete "custodian alice: approved disable (record \
$(grep -n '"event":"disable"' root/journal.jsonl | cut -d : -f 1)); delete \
takes somebody else" on alice,carol delete
passes 'bob deletes' on bob,dave delete --days 7
is deleted
recorded crl 'signing a CRL is not possible while the authority is deleted' \
	on alice,bob crl
soon=$(later 6)
recorded destroy "the key can be restored until $(see status --json |
	field restorable_until), and destroyed from then on: it is $soon" \
	on carol,dave destroy --time "$soon"
passes 'two restore' on alice,bob restore
is disabled
passes 'two enable' on alice,dave enable
is active
passes 'it signs again' certify alice,dave two.csr
must see show --out two.pem "$(serial 2)"
passes 'what it signs verifies' openssl verify -x509_strict -CAfile root.pem \
	two.pem

passes 'two record a backup' on bob,carol backup copy-1 --place 'safe B'
passes 'disabled again, by carol' on carol,dave disable
passes 'deleted again, by bob' on bob,dave delete --days 7
late=$(later 8)
recorded restore "the key could be restored until $(see status --json |
	field restorable_until): it is $late" \
	on alice,bob restore --time "$late"
recorded destroy \
	'backup copy-1 (safe B): its fate is not given (--fate copy-1=…)' \
	on carol,dave destroy --time "$late"
after_showing recorded destroy \
	'destroy: takes 2 approvals of the role destroy, has 1' \
	on carol,bob destroy --time "$late" --fate copy-1=burnt
passes 'two destroy' on carol,dave destroy --time "$late" \
	--fate 'copy-1=burnt before all'
says 'the old handle is of no use' 'refused: CKR_'
is destroyed
passes 'the journal tells it all' see audit verify
says 'each approval verified again' \
	'  13 operations approved by custodians, their signatures verified'
passes 'status' see status
says 'and the fate of the backup' 'copy-1: safe B; burnt before all'

# Only the journal's own key, and its anchor, which is private, are left in the
# store, and in its backup; public objects are seen without a PIN.
pkcs11-tool --module "$module" --token-label demo --list-objects \
	>"$log/out" 2>"$log/err"
equal 'no public key of the root is left' 'root journal' \
	"$(sed -n 's/^ *label: *//p' "$log/out" | sort -u)"
for store in tokens tokens.backup; do
	home=$(dirname "$(grep -rl 'root journal' "$work/$store")")
	equal "three objects are left in $store" 3 \
		"$(find "$home" -name '*.object' ! -name token.object | wc -l)"
	equal "no root key in $store" '' "$(grep -rl 'root root' "$home")"
done
finish
