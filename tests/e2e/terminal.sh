#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# A terminal to type at, for the tests of what is asked; source it behind
# lib.sh. What is typed and must not be seen is in $hidden, one a line.

command -v script >/dev/null || {
	skip 'script (bsdutils) is not here to make a terminal'
	finish
}
hidden="$pin
$so_pin
00000"

# typing COMMAND...: starts it at a terminal; its screen is $log/screen.
typing() {
	rm -f "$work/keys"
	mkfifo "$work/keys"
	: >"$log/screen"
	old=0
	timeout --foreground 60 script -qec "anchorite $*" /dev/null <"$work/keys" \
		>"$log/screen" 2>&1 &
	session=$!
	exec 3>"$work/keys"
}

# asked QUESTION: waits until it stands on the screen, behind what was there
# at the last answer.
asked() {
	tries=0
	until tail -c "+$((old + 1))" "$log/screen" | tail -n 1 |
	    grep -qF -e "$1"; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || {
			note <"$log/screen"
			bail_out "no question: $1"
		}
		sleep 0.05
	done
}

# answer QUESTION KEYS: types when the question is on the screen. What is
# typed ahead of a question for a PIN is thrown away.
answer() {
	asked "$1"
	sleep 0.05
	old=$(wc -c <"$log/screen")
	printf '%b' "$2" >&3
}

# Waits for the end of what was started.
await() {
	[ -n "$session" ] || return 0
	status=0
	wait "$session" || status=$?
	session=
	exec 3>&-
}

# not_confirmed WORD: what is said where another was typed.
not_confirmed() {
	echo "anchorite: not confirmed (only the word $1 does): nothing was done"
}

# What stands on the screen, without what moves and clears.
screen() {
	sed 's/\r//g;s/\x1b\[[0-9]*[A-Z]//g' "$log/screen"
}

# ends NAME STATUS LAST-LINE
ends() {
	await
	equal "$1: exit status" "$2" "$status"
	equal "$1: last line" "$3" "$(screen | tail -n 1)"
	equal "$1: no secret on the screen" '' \
		"$(grep -F -e "$hidden" "$log/screen")"
}
