#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Custodians at one terminal, one after the other.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
. "$tests/e2e/terminal.sh"
take_custody
mkdir "$sheets"
hidden="$hidden
.key: passphrase of"

next='credential of the next custodian (FILE, or sheet:NAME; empty: stop): '
ask="alice approves? Type disable: "
right='Is the time right? Type yes: '
disable='disable --authority root'

# comes NAME: types the credential and what opens it.
comes() {
	answer "$next" "$(credential "$1")\\n"
	case $1 in
	carol | dave) answer 'user PIN of token cards: ' "$pin\\n" ;;
	*) answer "passphrase of $1.key: " "$(passphrase "$1")\\n" ;;
	esac
}

# shows NAME TEXT: a line of the screen.
shows() {
	screen >"$log/out"
	says "$1" "$2"
}

# --- an operation ---------------------------------------------------------

before=$(records)
typing "$disable"
answer "$next" '\n'
ends 'an empty line' 4 'anchorite: stopped: not enough custodians'
shows 'what is to be done was said' 'Disable'
typing "$disable"
comes alice
answer "$ask" 'yes\n'
ends 'a yes is not the word' 4 "$(not_confirmed disable)"
typing "$disable"
comes alice
answer "$ask" 'Disable\n'
ends 'nor is another spelling' 4 "$(not_confirmed disable)"
typing "$disable"
comes alice
answer "$ask" '\n'
ends 'nor is nothing' 4 "$(not_confirmed disable)"
typing "$disable"
answer "$next" "$(credential alice)\\n"
answer 'passphrase of alice.key: ' 'something else\n'
answer "$next" '\n'
ends 'a wrong passphrase' 4 'anchorite: stopped: not enough custodians'
shows 'it can be typed again' "credential alice: $(credential alice): the \
passphrase is wrong: try again"
typing "$disable"
answer "$next" "$(credential alice)\\n"
answer 'passphrase of alice.key: ' '\003'
ends 'Ctrl-C' 3 "anchorite: credential alice: passphrase of alice.key: \
interrupted"
typing "$disable"
answer "$next" 'alice\n'
answer "$next" 'sheet:erin\n'
answer "$next" '\n'
ends 'a slip' 4 'anchorite: stopped: not enough custodians'
shows 'it says what a credential is' "credential alice: want a key file \
(alice.key) or a card's site file (carol.yaml): try again"
shows 'and who has a sheet' 'sheet of erin: holds no share: try again'
typing "$disable"
comes alice
answer "$ask" 'disable\n'
comes alice
ends 'the same one again' 4 "anchorite: credential $(credential alice): \
gave all that is wanted"
typing "$disable"
comes alice
answer "$ask" 'disable\n'
answer "$next" '\n'
ends 'one share' 4 'anchorite: stopped: not enough custodians'
shows 'her approval counted' 'approvals of disable: 1 of 1'
shows 'her share, too' 'shares of the PIN: 1 of 2'
equal 'each is recorded, but for the one interrupted' \
	'refused refused refused refused refused refused refused refused' \
	"$(events $((before + 1)))"
equal 'and nothing is disabled' active "$(see status --json | field state)"

typing "$disable"
comes dave
comes bob
comes alice
answer "$ask" 'disable\n'
ends 'dave and bob give shares, alice approves' 0 \
	'  the token says     refused: CKR_KEY_FUNCTION_NOT_PERMITTED (C_SignInit)'
shows 'it is done' 'authority root is disabled'
shows 'nothing was asked of dave' 'shares of the PIN: 1 of 2'
typing enable --authority root
comes alice
answer 'alice approves? Type enable: ' 'enable\n'
comes dave
answer 'dave approves? Type enable: ' 'enable\n'
await
equal 'two enable it again' active "$(see status --json | field state)"
must see audit verify

alone() {
	setsid -w anchorite disable --authority root
}
after_showing refused 2 'no terminal to ask custodians on: --credential '\
'names them, --request brings their approvals' alone

# --- sheets ---------------------------------------------------------------

split="token init --label paper --split 2/4 --policy $work/policy.yaml \
--custodians $people --out shares"

# The sheet that stands on the screen, by the name of its holder.
sheet() {
	asked "line 1 of $1's sheet: "
	screen | awk '/^ANCHORITE/ { text = "" } { text = text $0 "\n" }
		END { printf "%s", text }' >"$sheets/$1"
}

# line NAME N: of that sheet.
line() {
	passphrase "sheet:$1" | sed -n "$2p"
}

# types NAME FROM: the rest of the sheet.
types() {
	for number in 1 2 3; do
		[ "$number" -lt "$2" ] ||
			answer "line $number of $1's sheet: " \
				"$(line "$1" "$number")\\n"
	done
}
comes_next() {
	answer "the sheet of $1 comes next, for no other eyes: press Enter " \
		'\n'
	sheet "$1"
}
tokens=$(anchorite token list)
typing "$split"
comes_next alice
answer "line 1 of alice's sheet: " '\003'
ends 'Ctrl-C at a sheet' 3 \
	'anchorite: sheet of alice: interrupted'
equal 'no token was touched' "$tokens" "$(anchorite token list)"
equal 'no share is kept' '' "$(ls -d shares 2>"$log/err")"

typing "$split"
comes_next alice
types alice 1
comes_next bob
answer "line 1 of bob's sheet: " "$(line bob 2)\\n"
answer "line 1 of bob's sheet: " "$(line bob 1 | tr 'a-y' 'b-z')\\n"
types bob 1
comes_next carol
types carol 1
comes_next dave
types dave 1
ends 'four sheets' 0 '  label              paper'
cp "$log/screen" "$work/screen"
shows 'another line is told' 'line 1: this is line 2: type it again'
shows 'and a slip' 'line 1: does not fit its checksum (mistyped, or of '\
'another split): type it again'
equal 'each line was seen once, on its sheet' '12 12' "$(for name in alice \
    bob carol dave; do
	passphrase "sheet:$name"
done >"$work/lines"; grep -o -F -f "$work/lines" "$work/screen" |
	wc -l) $(wc -l <"$work/lines")"

equal 'the screen is cleared behind each' 4 \
	"$(grep -c "$(printf '\033\\[H\033\\[2J\033\\[3J')" "$work/screen")"

# --- a token opened by sheets ---------------------------------------------

site paper.yaml "$module" pkcs11:token=paper
ANCHORITE_SITE=$work/paper.yaml
begin_paper="init --policy $work/policy.yaml --custodians $people --shares \
shares paper"
typing "$begin_paper"
answer "$right" 'no\n'
ends 'a clock that is wrong' 4 "$(not_confirmed yes)"
equal 'nothing is begun' '' "$(ls -d paper 2>"$log/err")"
typing "$begin_paper"
answer "$right" 'yes\n'
answer "$next" 'sheet:bob\n'
answer "line 1 of bob's sheet: " "$(line bob 1)\\n"
answer "line 2 of bob's sheet: " "$(line bob 1)\\n"
types bob 2
answer "$next" 'sheet:bob\n'
comes alice
ends 'a sheet and an envelope' 0 \
	'next: anchorite root generate --authority paper'
shows 'a slip is typed again' 'line 2: this is line 1: type it again'
shows 'a sheet counts once' 'sheet of bob: given twice: try again'
equal 'no line of it is seen' '' "$(grep -F -f "$work/lines" "$log/screen")"
typing "root generate --authority paper"
answer "$next" 'sheet:carol\n'
types carol 1
answer "$next" 'sheet:dave\n'
types dave 1
await
authority=paper
equal 'two sheets make the root key' pending-certificate \
	"$(see status --json | field state)"
finish
