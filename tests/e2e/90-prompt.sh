#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# PINs and a yes, typed at a terminal.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/terminal.sh"
take_authority
request ca

ask='user PIN of token demo: '
sure='Sign 1 certificate? Type yes: '
sign='sign --authority root --profile subordinate-pathlen0 ca.csr'

typing "$sign"
answer "$ask" '000000\n'
ends 'wrong PIN' 5 'anchorite: token demo: C_Login: the PIN is wrong '\
'(CKR_PIN_INCORRECT); few tries are left'
typing "$sign"
answer "$ask" '\n'
ends 'empty PIN' 3 'anchorite: user PIN: is empty'
typing "$sign"
answer "$ask" '\003'
ends 'Ctrl-C' 3 'anchorite: user PIN: interrupted'
before=$(records)
typing "$sign"
answer "$ask" "$pin\\n"
answer "$sure" 'no\n'
ends 'a no' 4 "$(not_confirmed yes)"
equal 'a no is recorded' refused "$(events $((before + 1)))"
typing "$sign"
answer "$ask" "$pin\\n"
answer "$sure" 'y\n'
ends 'a y is no yes' 4 "$(not_confirmed yes)"
typing "$sign"
answer "$ask" "$pin\\n"
answer "$sure" 'yes\n'
await
ends 'a yes' 0 "       SHA-256 $(see show --json "$(serial 1)" | field sha256)"
equal 'it says which' 1 "$(grep -c "signed $(serial 1)  ca.csr" "$log/screen")"
equal 'what is signed was shown first' 1 \
	"$(grep -c 'to be signed' "$log/screen")"

# A sitting that begins anew: how old is the last record, in a unit that fits?
typing 'crl --authority root --time-witness Bob'
answer 'before. Is the time right? Type yes: ' 'no\n'
ends 'a clock that is wrong' 4 "$(not_confirmed yes)"
equal 'minutes are not days' 1 \
	"$(screen | grep -c ', [0-9]* \(s\|minutes\) before\. Is')"

# A new token asks for each PIN twice.
typing 'token init --label new'
answer 'new SO PIN: ' '12345678\n'
answer 'new SO PIN, again: ' '12345679\n'
ends 'two that differ' 3 'anchorite: SO PIN: the two differ'
typing 'token init --label new'
answer 'new SO PIN: ' '12345678\n'
answer 'new SO PIN, again: ' '12345678\n'
answer 'new user PIN: ' "$pin\\n"
answer 'new user PIN, again: ' "$pin\\n"
ends 'four answers' 0 '  label              new'

# Without a terminal there is nobody to ask.
alone() {
	setsid -w anchorite "$@" --authority root
}
refused 2 'user PIN: no terminal to ask for a PIN: --secret-fd reads it from '\
'a descriptor' alone sign --profile subordinate-pathlen0 --reissue ca.csr
yes_less() {
	printf '%s\n' "$pin" | alone "$@" --secret-fd 0
}
after_showing refused 2 'no terminal to ask on: --yes answers' \
	yes_less sign --profile subordinate-pathlen0 --reissue ca.csr

finish
