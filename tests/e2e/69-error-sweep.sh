#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The error sweep: as the kill sweep, with an error in place of the kill. A
# file call fails with EIO or ENOSPC, or writes half; a call of the token's
# module answers that the device is removed, or broken, or that there is no
# such session. Each time the command ends in one sentence and a status that
# the manual knows; and then all holds that holds after a kill.

. "$(dirname "$0")/../fault/sweep.sh"
[ $# -gt 0 ] || streams 'root-generate sign revoke crl' \
	'init root-certify disable delete destroy'

# One fault of so many; make sweep takes all.
step=${SWEEP_STEP:-40}
fast=yes
[ -z "${SWEEP_FULL:-}" ] || step=1 fast=

# Who says that it is done has done it, and sealed it.
check_done() {
	unnoticed=$((unnoticed + 1))
	[ "$(reading)" = '0 0 false false' ] ||
		complain "done, it says, and there stands open: $(reading)"
	case $1 in
	sign) [ "$(serials | wc -l)" -eq 3 ] ;;
	crl) [ -f out.crl ] ;;
	*) is_done "$1" ;;
	esac || complain 'done, it says, and is not'
}

# Once the error is made: a sentence, and a status that fits.
check_end() {
	case $status in
	0) check_done "$1" ;;
	5 | 6)
		[ "$(grep -c '^anchorite: ..*' "$log/fault")" -eq 1 ] &&
		    [ "$(wc -l <"$log/fault")" -eq 1 ] ||
			complain "not one sentence: $(cat "$log/fault")"
		;;
	124)
		# libp11's own C_OpenSession: it waits for ever where that
		# fails. It is one call of each command.
		[ "$call" = C_OpenSession ] &&
		    [ "${hung:=$n}" = "$n" ] || complain 'it hangs'
		;;
	*) complain "status $status: $(head -n 1 "$log/fault")" ;;
	esac
	[ -z "${SWEEP_VERBOSE:-}" ] ||
		echo "# $fault: $status: $(cat "$log/fault")"
}

# errs VARIABLE RULE COMMAND
errs() {
	turn=$((turn + 1))
	[ $((turn % step)) -eq 0 ] || return 0
	faulty "$1" "$2" "$3"
	count=$((count + 1))
	check_end "$3"
	check "$3"
}

error_files() {
	n=0
	call=
	while n=$((n + 1)) && [ "$n" -le "$files" ]; do
		call=$(name_of "$work/files.named" "$n")
		errors='EIO ENOSPC'
		case $call in
		write* | fflush* | fclose* | fseek* | fwrite*)
			errors='EIO ENOSPC short'
			;;
		esac
		for error in $errors; do
			fault="$1: $error of file call $n ($call)"
			errs LAYER_ERROR "$n:$error" "$1"
		done
	done
}

# error_call COMMAND CODE: before the call is made, and behind it.
error_call() {
	fault="$1: $2 of token call $n ($call)"
	# Devices end the operation; see C_Sign in PKCS #11 2.40, 5.11.
	[ "$call" = C_Sign ] || errs FAKE_ERROR "$n:$2" "$1"
	case $call in
	C_Sign | C_Login | C_GenerateKeyPair | C_CreateObject | \
	C_DestroyObject | C_SetAttributeValue)
		fault="$fault, once done"
		errs FAKE_ERROR "$n:$2:after" "$1"
		;;
	esac
}

error_token() {
	n=0
	while n=$((n + 1)) && [ "$n" -le "$calls" ]; do
		call=$(name_of "$work/calls" "$n")
		[ "$call" = "${SWEEP_ONLY:-$call}" ] || continue
		patience=20
		[ "$call" != C_OpenSession ] || patience=3
		for code in 0x30 0x32 0xb3; do
			error_call "$1" "$code"
		done
	done
	patience=20
}

sweep() {
	sweep_begin "$1"
	[ -n "${SWEEP_ONLY:-}" ] || error_files "$1"
	error_token "$1"
	tell "$1: $count errors of $turn ($files file calls, $calls token \
calls): $unnoticed without harm, recovered $recovered times, backup put back \
$put_back times"
}

prepare "$@"
for command; do
	sweep "$command"
done
finish
