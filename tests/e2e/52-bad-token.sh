#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What may be wrong with a token, its PIN, and the keys in it.

. "$(dirname "$0")/lib.sh"
take_authority
request ca

# with PIN COMMAND...
with() (
	pin=$1
	shift
	"$@"
)
wrong='token demo: C_Login: the PIN is wrong (CKR_PIN_INCORRECT); few tries '\
'are left'
refused 5 "$wrong" with 000000 sign ca.csr
refused 5 "$wrong" with 000000 ca crl
must anchorite token list
says 'the list says that wrong PINs were given' 'set; wrong PINs were given'
refused 3 'user PIN: is empty' with '' sign ca.csr
refused 3 'user PIN: there is none to read' \
	see sign --profile subordinate-pathlen0 --yes --secret-fd 0 ca.csr
refused 5 'token demo: C_Login: the PIN is locked: the security officer must '\
'set a new one (CKR_PIN_LOCKED)' faked C_Login:0xa4 sign ca.csr
refused 5 'C_OpenSession: the token is at fault (CKR_DEVICE_ERROR)' \
	faked C_OpenSession:0x30 sign ca.csr
refused 5 "module $B/fake.so: it does not start: the token is at fault \
(CKR_DEVICE_ERROR)" faked C_Initialize:0x30 sign ca.csr
refused 5 'C_GenerateRandom: the token is at fault (CKR_DEVICE_ERROR)' \
	faked C_GenerateRandom:0x30 sign ca.csr
refused 5 "module /nonexistent/module.so: cannot load it: \
/nonexistent/module.so: cannot open shared object file: No such file or \
directory" at none.yaml sign ca.csr

# Tokens by their names.
uri=$(anchorite token show --json | field uri)
site other.yaml "$module" pkcs11:token=other
refused 5 "no token matches pkcs11:token=other; present: $uri" \
	at other.yaml sign ca.csr
refused 5 "no token matches pkcs11:token=other; present: $uri" \
	at other.yaml anchorite token show
refused 4 "token demo: is there already (serial ${uri##*=})" new_token demo

# A store that is not where SoftHSM keeps its tokens: told at the first one.
mkdir "$work/empty" "$work/elsewhere"
sed 's/^store:.*/store: elsewhere/' "$work/site.yaml" >"$work/away.yaml"
away="is not kept there; store must be SoftHSM's directories.tokendir \
(SOFTHSM2_CONF)"
refused 4 "token store $work/elsewhere: the token with serial ${uri##*=} \
$away" at away.yaml new_token second
sed "s|^directories.*|directories.tokendir = $work/empty|" \
	"$work/softhsm2.conf" >"$work/empty.conf"
run env SOFTHSM2_CONF="$work/empty.conf" sh -c "printf '%s\n' $so_pin $pin |
	ANCHORITE_SITE=$work/away.yaml anchorite token init --label first \
	--secret-fd 0"
equal 'nor is a first token made elsewhere in silence' "4 $away" \
	"$status $(sed 's/.*\(is not kept\)/\1/' "$log/err")"

must new_token second
site both.yaml "$module" 'pkcs11:model=SoftHSM%20v2'
uris=$(anchorite token list --json | field uri | sed 'N;s/\n/ and /')
refused 5 "2 tokens match pkcs11:model=SoftHSM%20v2: $uris" \
	at both.yaml sign ca.csr
passes 'a token is told from another by its label' sign ca.csr

# A token that does not take the head of the journal: what was sealed is done
# all the same, this is said, and the next command goes on.
key_id=$(sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p' root/journal.jsonl)
# unanchored RULE SENTENCE EVENTS COMMAND...
unanchored() {
	rule=$1 sentence=$2 events=$3
	shift 3
	before=$(records)
	run faked "$rule" "$@"
	equal "$* with $rule: exit status" 5 "$status"
	equal "$* with $rule: sentence" \
		"anchorite: done and sealed, but: anchor: $sentence" \
		"$(cat "$log/err")"
	equal "$* with $rule: done" "$events" "$(events $((before + 1)))"
	equal "$* with $rule: sealed" "0 0" "$(see status --json |
		field open_intent) $(see status --json | field unsealed)"
	passes "$* with $rule: verifies" see audit verify
	passes "$* with $rule: the next goes on" ca crl
}
unkept='C_CreateObject: the token is at fault (CKR_DEVICE_ERROR)'
unanchored C_CreateObject:0x30 "$unkept" 'sign-intent signed seal' \
	sign --reissue ca.csr
unanchored C_CreateObject:0x30 "$unkept" 'crl-intent crl-signed seal' \
	ca crl --out sealed.crl
passes 'the CRL goes out all the same' openssl crl -inform DER -noout \
	-in sealed.crl
unanchored C_CreateObject:0x30 "$unkept" 'revoked seal' \
	ca revoke "$(serial 1)"
unanchored C_DestroyObject:0x30:1 "data object root anchor $key_id: \
C_DestroyObject: the token is at fault (CKR_DEVICE_ERROR)" \
	'sign-intent signed seal' sign --reissue ca.csr
run faked C_Sign:0x30 sign --reissue ca.csr
unanchored C_CreateObject:0x30 "$unkept" 'recovered seal' ca recover
refused 4 'nothing to recover' ca recover

# Nothing is begun in such a token.
refused 5 "anchor: $unkept" faked C_CreateObject:0x30 \
	begin acm-pca-ec-p384 unkept

# A copy of the store from before holds an older head, which is as good.
rm -rf "$work/tokens"
cp -a "$work/tokens.backup" "$work/tokens"
passes 'the copy of the store is put back' sign --reissue ca.csr

# Keys of which the root's is to be adopted.
authority=adopting
must begin acm-pca-ec-p384 adopting
p11() {
	pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
		"$@"
}
no_sign() {
	GNUTLS_PIN=$pin p11tool --provider "$module" --login --batch \
		--generate-privkey=ecc --curve=secp384r1 --mark-decrypt \
		--label no-sign --outfile "$log/public" "$uri"
}
adopt() {
	ca root adopt --key "pkcs11:object=$1"
}
must no_sign
must p11 --keypairgen --key-type EC:secp256r1 --label p256 --id 02 \
	--usage-sign
must p11 --keypairgen --key-type EC:secp384r1 --label open --id 03 \
	--usage-sign --extractable
must p11 --keypairgen --key-type EC:secp384r1 --label twin --id 04 \
	--usage-sign
must p11 --keypairgen --key-type EC:secp384r1 --label good --id 05 \
	--usage-sign
recorded 'root adopt' 'key no-sign: CKA_SIGN: want true, have false' \
	adopt no-sign
recorded 'root adopt' 'key "p256": policy wants ec-p384, have ec-p256' \
	adopt p256
recorded 'root adopt' 'key open: it came out of the token, wrapped by '\
'CKM_AES_KEY_WRAP_PAD' adopt open
refused 5 "no key matches $uri;object=none" adopt none
refused 2 '--key: want object= or id= in pkcs11:token=demo' \
	ca root adopt --key pkcs11:token=demo
must p11 --delete-object --type pubkey --id 04
refused 5 "$uri;object=twin: the key's public object is not in the token" \
	adopt twin
passes 'a key that is as it should be' adopt good

finish
