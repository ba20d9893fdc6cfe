#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The kill sweep: each command is killed at its 1st, 2nd, ... call that
# changes a file, in the middle of each write, and at its calls of the token's
# module, until it completes. After each kill the next start says rightly
# what stands open, recover closes it, audit verify passes, no serial is
# there twice, no output is half-written, and the command can be given again.

. "$(dirname "$0")/../fault/sweep.sh"
[ $# -gt 0 ] || streams 'root-generate sign revoke crl' \
	'init root-certify disable delete destroy'

# Of the token's calls that only read each eighth: the disk is at each as it
# is at a file call. Of the file calls by which SoftHSM writes an object once
# for each attribute, and of those by which the store is copied, each eighth,
# too. make sweep takes them all.
step=${SWEEP_STEP:-8}
fast=yes
[ -z "${SWEEP_FULL:-}" ] || step=1 fast=

# killed VARIABLE RULE COMMAND: false when it was not killed any more.
killed() {
	faulty "$1" "$2" "$3"
	[ "$status" -eq 137 ] || return
	count=$((count + 1))
	check "$3"
}

must_kill() {
	killed "$@" || complain "not killed: $status: $(said)"
}

# is_passed FILE-CALL: is it one of the many that are alike?
is_passed() {
	case $1 in
	*/token.object) return 1 ;;
	*' tokens/'*/* | *' tokens.backup.new/'*) [ $((n % step)) -ne 0 ] ;;
	*) return 1 ;;
	esac
}

sweep_files() {
	n=0
	while n=$((n + 1)); do
		call=$(name_of "$work/files.named" "$n")
		is_passed "$call" && continue
		fault="$1: before file call $n ($call)"
		killed LAYER_KILL "$n" "$1" || break
		case $call in
		write* | fflush* | fclose* | fseek* | fwrite*)
			fault="$1: in file call $n ($call)"
			must_kill LAYER_KILL "$n:torn" "$1"
			;;
		esac
	done
	[ "$status" -eq 0 ] || complain "$fault: $status: $(said)"
	files=$((n - 1))
	fault="$1: after file call $files"
	must_kill LAYER_KILL "$files:after" "$1"
}

# Behind a call that changes something. Once a key of the journal has signed,
# something must stand open.
sweep_change() {
	case $1-$2 in
	init-* | root-generate-*) ;;
	*-C_Sign) signed=yes ;;
	esac
	fault="$1: behind token call $n ($2)"
	must_kill FAKE_KILL "$n:after" "$1"
	signed=
}

sweep_token() {
	n=0
	calls=$(wc -l <"$work/calls")
	while n=$((n + 1)); do
		call=$(name_of "$work/calls" "$n")
		case $call in
		C_Sign | C_Login | C_GenerateKeyPair | C_CreateObject | \
		C_DestroyObject | C_SetAttributeValue)
			sweep_change "$1" "$call"
			;;
		?*) [ $((n % step)) -eq 0 ] || continue ;;
		esac
		fault="$1: before token call $n ($call)"
		killed FAKE_KILL "$n" "$1" || break
	done
	[ "$status" -eq 0 ] && [ "$n" -gt "$calls" ] ||
		complain "$fault: $status: $(said)"
}

sweep() {
	sweep_begin "$1"
	sweep_files "$1"
	sweep_token "$1"
	tell "$1: killed $count times ($files file calls, $calls token calls): \
recovered $recovered times, backup put back $put_back times, \
$orphans times a key without a record"
}

prepare "$@"
for command; do
	sweep "$command"
done
finish
