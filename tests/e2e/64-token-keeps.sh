#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Disabling in the token: other programs cannot sign either, whoever has the
# PIN; a token that signs all the same is told so; and what a crash leaves
# between the decision and the token is carried out. The PIN is not split
# here, so that other programs can be given it.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
make() {
	make_people && write_policy policy.yaml </dev/null &&
	new_token demo && also=$pin &&
	with '' init --yes --policy policy.yaml --custodians "$people" root &&
	ca root generate && ca root certify --yes
}
must make
request ca
also=$pin
must on alice sign --profile subordinate-pathlen0 ca.csr

root_id=$(sed -n 's/.*"id":"\([0-9a-f]*\)".*"event":"root-key".*/\1/p' \
	root/journal.jsonl)

# signs: pkcs11-tool with the root's key; what it says is in $log/err.
signs() {
	head -c 48 /dev/zero >"$log/digest"
	pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
		--id "$root_id" --sign --mechanism ECDSA \
		--input-file "$log/digest" --output-file "$log/signature" \
		>"$log/out" 2>"$log/err"
}

# is STATE
is() {
	equal "the authority is $1" "$1" "$(see status --json | field state)"
}

passes 'pkcs11-tool signs while it is active' signs
passes 'disabled' on alice disable
run signs
equal 'pkcs11-tool does not, once it is disabled' 1 "$status"
cp "$log/err" "$log/out"
says 'the token says why' CKR_KEY_FUNCTION_NOT_PERMITTED
passes 'a CRL' on alice,bob crl
run signs
equal 'nor after a CRL was signed' 1 "$status"
equal 'the CRL tells of the unlocking' \
	'crl-intent crl-signed key-locked seal' \
	"$(events $(($(records) - 3)))"
passes 'enabled' on alice,bob enable
says 'and it was tried' 'signed'
passes 'pkcs11-tool signs again' signs

# A token that takes the attribute and signs all the same (tpm2-pkcs11).
kept() {
	FAKE_SIGN=kept faked '' on "$@"
}
passes 'disabled in a token that signs on' kept alice disable
says 'it is said so' 'signed all the same'
says 'whose word it is' "is this program's word only."
says 'and what does it' 'cloudhsm-cli key set-attribute'
passes 'status' see status
says 'status says it, too' "disabled by this program's word only"
recorded sign 'signing is not possible while the authority is disabled' \
	on alice sign --profile subordinate-pathlen0 ca.csr
passes 'the journal has it' see audit verify
must on alice,bob enable

# One that cannot change it (CloudHSM's library).
passes 'disabled in a token that cannot' \
	faked C_SetAttributeValue:0x54 on alice disable
says 'it is said so' 'CKA_SIGN cannot be set: CKR_FUNCTION_NOT_SUPPORTED'
must on alice,bob enable

# The token fails at the moment of locking: decided, and not yet done.
run faked C_SetAttributeValue:0x30 on alice disable
equal 'the token fails' 5 "$status"
is disabled
passes 'status' see status
says 'what is open' 'the authority is disabled, and the token has not followed yet'
says 'what to do' 'next: anchorite recover'
passes 'the key still signs' signs
recorded enable "1 records since record $(($(records) - 1)) are not sealed: \
look at them with 'anchorite audit show', then 'anchorite recover'" \
	on alice,bob enable
passes 'recover' ca recover --yes
run signs
equal 'the key does not sign any more' 1 "$status"
equal 'as it is recorded' 'recovered key-locked seal' \
	"$(events $(($(records) - 2)))"

# Between the CRL's unlocking and its locking.
run faked C_Sign:0x30:9:1 on alice,bob crl
equal 'the token fails at the CRL' 5 "$status"
run signs
equal 'the key is locked all the same' 1 "$status"
must ca recover --yes
run signs
equal 'and after recovering' 1 "$status"
passes 'the next CRL' on alice,bob crl
passes 'audit' see audit verify

# Destroying: the token fails between the two objects.
must on bob delete --days 7
late=$(date -u -d '+8 days' +%Y-%m-%dT%H:%M:%SZ)
run faked C_DestroyObject:0x30:1:1 on carol,dave destroy --time "$late"
equal 'the token fails half-way' 5 "$status"
is destroyed
must ca recover --yes --time "$late"
equal 'recover ends it' 'recovered key-erased seal' \
	"$(events $(($(records) - 2)))"
pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
	--list-objects >"$log/out" 2>"$log/err"
equal 'what is left in the token' 'root anchor
root journal' "$(sed -n "s/^ *label: *//p" "$log/out" | tr -d "'" |
	sed 's/ [0-9a-f]\{32\}$//' | sort -u)"
run signs
equal 'pkcs11-tool finds no key' 1 "$status"
passes 'audit' see audit verify
for deed in enable restore disable; do
	recorded "$deed" "$(case $deed in
		enable) echo enabling ;;
		restore) echo restoring ;;
		disable) echo disabling ;;
		esac) is not possible while the authority is destroyed" \
		on alice,bob "$deed" --time "$late"
done
finish
