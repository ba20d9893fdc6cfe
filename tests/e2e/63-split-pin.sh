#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A PIN that nobody sees: split among custodians, in envelopes and on paper.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
take_custody
site paper.yaml "$module" pkcs11:token=paper
must new_custodian erin
roster="$roster
erin operator"
must write_policy paper.yaml </dev/null
mkfifo "$work/printer"
mkdir "$sheets"

# split FORM [OPTION...]: a token named paper.
split() {
	form=$1
	shift
	timeout 20 anchorite token init --label paper --split "$form" \
		--policy paper.yaml --custodians "$people" --out shares "$@"
}

# printed NAME: takes a sheet from the printer.
printed() {
	timeout 10 cat "$work/printer" >"$sheets/$1"
}

# typist NAME...: takes the sheets and types them back.
typist() {
	for name; do
		printed "$name" && passphrase "sheet:$name"
	done
}

# on_paper TYPIST...: the token, its sheets typed back by that command.
on_paper() {
	"$@" | split 2/4 --sheets "$work/printer" --secret-fd 0
}

# --- what cannot be split -------------------------------------------------

tokens=$(anchorite token list)
for form in 2 2/ /4 1/4 5/4 0/0 2/17 2/4/5 -2/4 two/four '2 /4' ' 2/4'; do
	refused 2 \
		"--split: want K/N with 2 <= K <= N <= 16, have $form" \
		split "$form" --sheets none
done
for form in 2/3 2/5; do
	refused 4 "split $form: wants ${form#2/} custodians with the role \
share, the policy has 4" split "$form" --sheets none
done
refused 2 'token init --split: --policy FILE is missing' \
	anchorite token init --label paper --split 2/4
refused 2 'token init --split: --out PATH is missing' \
	anchorite token init --label paper --split 2/4 --policy paper.yaml
refused 2 'token init --split: --custodians DIR is missing' \
	anchorite token init --label paper --split 2/4 --policy paper.yaml \
	--out shares
mkdir shares
refused 4 'shares: exists already' split 2/4 --sheets none
rmdir shares
weak() {
	setsid -w anchorite token init --label paper --split 4/4 \
		--policy paper.yaml --custodians "$people" --out shares \
		--sheets none
}
after_showing refused 2 'no terminal to ask on: --yes answers' weak
says 'all four are too few to lose one' \
	'  without dave the token could not be opened any more'

refused 2 '--secret-fd: sheets want --sheets PATH, or --sheets none' \
	split 2/4 --secret-fd 0
: >file
refused 2 'sheets: file: want a terminal, a printer or a pipe: a file would '\
'keep the shares' split 2/4 --secret-fd 0 --sheets file
refused 6 'sheets: nowhere: No such file or directory' \
	split 2/4 --secret-fd 0 --sheets nowhere

# slip SED: alice's sheet as it is, then bob's with a slip.
slip() {
	typist alice
	printed bob && passphrase sheet:bob | sed "$1"
}
checksum='does not fit its checksum (mistyped, or of another split)'
refused 3 "sheet of bob: line 2: $checksum" on_paper slip \
	'2{s/^a/b/;t;s/^./a/;}'
cp "$sheets/alice" "$sheets/dead"
cp "$sheets/alice" "$sheets/erin"
refused 3 'sheet of bob: line 3: this is line 1' on_paper slip '1h;3g'
refused 3 'sheet of bob: line 1: want 16 letters and digits 2-7, have 15' \
	on_paper slip '1s/.$//'
refused 3 'sheet of bob: line 3: character 16: want a letter a-z or a digit '\
'2-7' on_paper slip '3s/.$/8/'
refused 3 'sheet of bob: there is none to read' on_paper slip '3d'
another() {
	typist alice
	printed bob && passphrase sheet:alice
}
refused 4 \
	'share of bob: is not the one that was split (damaged, or exchanged)' \
	on_paper another
equal 'no token was touched' "$tokens" "$(anchorite token list)"

# --- the split ------------------------------------------------------------

# In capitals, with hyphens: it does not matter.
hasty() {
	typist alice bob carol
	typist dave | tr 'a-z ' 'A-Z-'
}
passes 'four sheets are printed and typed back' on_paper hasty
says 'the token is there' 'token initialised; any 2 of 4 shares open it'
cp "$log/out" "$work/screen"
cat "$log/err" >>"$work/screen"
equal 'only the owner sees the folder' '700 shares' "$(stat -c '%a %n' shares)"
equal 'and what is in it' '600 alice.p7m
600 bob.p7m
600 carol.p7m
600 dave.p7m
600 split.json' "$(cd shares && stat -c '%a %n' -- *)"
equal 'split.json says how it is split' '4 true 2' \
	"$(sed 's/^{"count":\([0-9]*\),.*,"sheets":\([a-z]*\),'\
'"split":"[0-9a-f]*","threshold":\([0-9]*\)}$/\1 \2 \3/' shares/split.json)"
for name in alice bob carol dave; do
	envelope=$(sha256sum <"shares/$name.p7m" | cut -d ' ' -f 1)
	equal "and what $name holds" 1 "$(grep -c '{"certificate":"'"$(
		pinned "$name")"'","custodian":"'"$name"'","envelope":"'"$(
		)$envelope"'","share":"[0-9a-f]*"}' shares/split.json)"
done
equal 'each sheet names its holder' 'alice 1 of 4
bob 2 of 4
carol 3 of 4
dave 4 of 4' "$(for name in alice bob carol dave; do
	sed -n 's/^Custodian: *//p;s/^Share: *//p' "$sheets/$name" |
		paste -s -d ' '
done)"
equal 'and the split' "$(sed 's/.*"split":"\([0-9a-f]*\)".*/\1/' \
	shares/split.json)" "$(cd "$sheets" &&
	sed -n 's/^Split: *//p' alice bob carol dave | sort -u)"

# hex, unhex: from standard input to standard output.
hex() {
	od -An -v -tx1 | tr -d ' \n'
	echo
}
unhex() {
	tr '[:lower:]' '[:upper:]' | tr -d '\n' | basenc --base16 -d
}

# The share of a sheet as hexadecimal digits: a checksum ends each line.
share_of() {
	passphrase "sheet:$1" | tr -d ' ' | tr '[:lower:]' '[:upper:]' |
		while read -r line; do
			echo "$line" | base32 -d | head -c 7
		done | hex
}
for name in alice bob; do
	equal "openssl opens the envelope of $name" "$(share_of "$name")" \
		"$(openssl cms -decrypt -inform DER -in "shares/$name.p7m" \
			-recip "$people/$name.pem" \
			-inkey "$people/$name.key" \
			-passin "pass:$(passphrase "$name")" | hex)"
done

# --- an authority on it ---------------------------------------------------

# join NAME,NAME... [SHARES]
join() {
	at paper.yaml with "$1" init --yes --policy paper.yaml \
		--custodians "$people" --shares "${2:-shares}" paper
}
gave='gave all that is wanted'
few='the token opens with 2 shares, has 1'
refused 4 "$few" join alice
refused 4 "$few" join sheet:dave
refused 4 "credential $(credential alice): $gave" join alice,alice
refused 2 'sheet of bob: given twice' join bob,sheet:bob
refused 4 "credential $(credential erin): holds no share of \
the token's PIN" join erin,alice
refused 2 'sheet of erin: holds no share' join sheet:erin,alice

cp -a shares bad
flip bad/bob.p7m 200
refused 4 'share of bob: its envelope has been changed' join alice,bob bad
cp shares/alice.p7m bad/bob.p7m
cp shares/bob.p7m bad/alice.p7m
refused 4 'share of alice: its envelope has been changed' join alice,bob bad

# exchange KEY...: in the list too, for alice's and bob's lines.
exchange() {
	cp shares/split.json bad/
	for key; do
		values=$(grep -o "\"$key\":\"[0-9a-f]*" shares/split.json |
			cut -d '"' -f 4 | head -n 2 | paste -s -d ' ')
		sed -i "s/${values% *}/-/;s/${values#* }/${values% *}/
			s/-/${values#* }/" bad/split.json
	done
}
exchange envelope
refused 3 "share of alice: credential alice: CMS: is not for this custodian's \
certificate" \
	join alice,bob bad
exchange envelope certificate
refused 4 'share of bob: is not the one that was split (damaged, or '\
'exchanged)' join alice,bob bad
rm bad/carol.p7m
refused 3 'bad/carol.p7m: No such file or directory' join alice,bob bad
refused 3 '--shares: nowhere/split.json: No such file or directory' \
	join alice,bob nowhere
rm -r bad

# typed CREDENTIAL...: these, and what is typed for them stands on stdin.
typed() {
	for who; do
		set -- "$@" --credential "$who"
		shift
	done
	at paper.yaml anchorite init --policy paper.yaml \
		--custodians "$people" --shares shares "$@" --secret-fd 0 \
		--yes paper
}
wrong_words() {
	echo wrong | typed "$(credential alice)"
}
refused 3 "credential alice: $(credential alice): the passphrase is wrong" \
	wrong_words
dead_sheet() {
	passphrase sheet:dead | typed sheet:alice
}
refused 3 "sheet of alice: line 1: $checksum" dead_sheet
patchwork() {
	{
		passphrase sheet:carol | head -n 1
		passphrase sheet:alice | tail -n 2
	} | typed sheet:carol
}
refused 4 \
	'share of carol: is not the one that was split (damaged, or exchanged)' \
	patchwork

passes 'an envelope and a sheet begin an authority' join carol,sheet:bob
authority=paper
two() {
	at paper.yaml on "$@"
}
root_key() {
	at paper.yaml with sheet:alice,sheet:dave root generate \
		--authority paper
}
passes 'two sheets make the root key' root_key
passes 'an envelope and a card' two alice,dave root certify
request ca
certify() {
	two "$1" sign --profile subordinate-pathlen0 ca.csr
}
after_showing recorded sign "$few" certify alice
after_showing recorded sign "$few" certify erin,bob
may_print=yes
recorded sign "credential $(credential alice): $gave" \
	certify alice,alice
recorded sign "credential $(credential carol): $gave" \
	certify alice,carol,carol
refused 2 'sheet of alice: given twice' certify alice,sheet:alice
refused 2 'sheet of erin: holds no share' certify sheet:erin
may_print=no

# The envelope that the authority keeps.
envelope=$(sha256sum <shares/bob.p7m | cut -d ' ' -f 1)
kept=$(find paper/objects -name "*${envelope#??}")
cp -p "$kept" "$work/kept"
chmod u+w "$kept"
flip "$kept" 200
after_showing refused 7 "share of bob: ${kept#paper/}: has been changed" \
	certify alice,bob
cp -p "$work/kept" "$kept"

passes 'a third who holds no share may approve' certify carol,dave,erin
passes 'status' see status
says 'it says how the PIN is split' 'split, 2 of 4 shares'
passes 'audit verify' see audit verify
authority=root
may_print=yes
on_root() {
	on "$1" sign --profile subordinate-pathlen0 ca.csr
}
refused 3 "sheet of alice: line 1: $checksum" on_root sheet:alice,bob
may_print=no

# --- nobody sees it -------------------------------------------------------

# seen PLACE...: where a share stands, in any form.
seen() {
	for name in alice bob carol dave; do
		passphrase "sheet:$name"
		passphrase "sheet:$name" | tr -d ' '
		share_of "$name"
		share_of "$name" | cut -c 3-
		share_of "$name" | cut -c 3- | unhex | base64
	done >"$work/forms"
	for name in alice bob carol dave; do
		share_of "$name" | cut -c 3-
	done >"$work/octets"
	grep -rliaF -f "$work/forms" "$@"
	find "$@" -type f | while read -r file; do
		hex <"$file" | grep -qF -f "$work/octets" &&
			echo "$file"
	done
}
share_of alice | unhex >"$work/bare"
equal 'a share is seen where it is' "$work/bare
$sheets/alice" "$(seen "$work/bare" "$sheets/alice" | sort -u)"
equal 'and nowhere else' '' "$(seen shares paper "$work/tokens" \
	"$work/tokens.backup" "$work/screen" "$people")"
finish
