#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What an operator does after a fault, and what must then be true: see
# sweep.sh, which sources this.

# complain TEXT: of the fault in $fault.
complain() {
	echo "$fault: $*" >>"$work/complaints"
}

# try COMMAND...: puts the backup back where the program says so, as an
# operator would, and tries again.
try() {
	run "$@"
	[ "$status" -eq 5 ] || return 0
	grep -qF "put $work/tokens.backup back" "$log/err" || {
		grep -q 'no token matches' "$log/err" ||
			return 0
		complain "the backup is not named: $(said)"
	}
	put_back=$((put_back + 1))
	rm -rf "$work/tokens"
	cp -a "$work/tokens.backup" "$work/tokens"
	run "$@"
}

said() {
	head -n 1 "$log/err"
}

# What stands open, by another reading of the journal:
# open intent, records that are not sealed, torn, token due.
reading() {
	journal=root/journal.jsonl
	torn=false
	[ -z "$(tail -c 1 "$journal")" ] || torn=true
	head -c "$(wc -c <"$journal")" "$journal" | awk -v torn="$torn" '
	BEGIN { open = loose = 0; due = "false" }
	{ line = $0; sub(/.*"event":"/, ""); sub(/".*/, ""); last = $0 }
	{ was_open = open; was_loose = loose; was_due = due }
	/-intent$/ { open = NR }
	/^(signed|root-certified|crl-signed|recovered)$/ { open = 0 }
	/^(disable|enable|destroy)$/ { due = "true" }
	/^key-(locked|unlocked|erased)$/ { due = "false" }
	/^seal$/ { loose = 0 }
	!/^(seal|refused)$/ { loose++ }
	END {
		if (torn == "true") {
			open = was_open; loose = was_loose; due = was_due
		}
		print open, loose, torn, due
	}'
}

told() {
	echo "$(field open_intent <"$log/out") $(field unsealed <"$log/out")" \
		"$(field torn <"$log/out") $(field token_due <"$log/out")"
}

# Is there an authority? A killed init says what to do with what it left.
is_begun() {
	[ -d root ] || return
	[ "$(head -n 1 root/journal.jsonl 2>"$log/none" | wc -l)" -eq 1 ] &&
		return
	# Killed between making the directory and what goes into it.
	rmdir root 2>"$log/none" && return 1
	run see status
	[ "$status" -eq 7 ] && grep -qF 'the journal is empty: init did not '\
'end; remove the directory and begin again' "$log/err" ||
		complain "status after init: $status: $(said)"
	rm -rf root
	return 1
}

# The next start, and recover.
check_start() {
		run see status --json
	[ "$status" -eq 0 ] || complain "status: $status: $(said)"
	want=$(reading)
	have=$(told)
	[ "$want" = "$have" ] || complain "status: want $want, have $have"
	try do_recover
	case $want in
	'0 0 false false')
		[ -z "$signed" ] ||
			complain 'the key has signed, and nothing is open'
		[ "$status $(said)" = '4 anchorite: nothing to recover' ] ||
			complain "recover (not needed): $status: $(said)"
		;;
	*)
		recovered=$((recovered + 1))
		[ "$status" -eq 0 ] ||
			complain "recover ($want): $status: $(said)"
		;;
	esac
	check_sound recover
}

check_sound() {
	run see audit verify
	[ "$status" -eq 0 ] ||
		complain "audit verify after $1: $status: $(said)"
	[ "$(reading)" = '0 0 false false' ] ||
		complain "after $1 there stands open: $(reading)"
}

is_state() {
	[ "$(see status --json | field state)" = "$1" ]
}

# Was the command done? (Seen once recover has closed what it left.)
is_done() {
	case $1 in
	init) [ -d root ] ;;
	root-generate) is_state pending-certificate ;;
	root-certify) is_state active ;;
	revoke) see show "$(cat serial)" | grep -q 'revoked' ;;
	disable) is_state disabled ;;
	delete) is_state deleted ;;
	destroy) is_state destroyed ;;
	*) return 1 ;;
	esac
}

# out.crl is not there, or whole.
check_output() {
	[ -f out.crl ] || return 0
	openssl crl -inform DER -in out.crl -noout 2>"$log/none" ||
		complain 'out.crl is not whole'
	rm out.crl
}

# The command again, where it was not done; and what follows it.
check_again() {
	done=no
	is_done "$1" && done=yes
	if [ $done = yes ]; then
		run command_of "$1"
		[ "$status" -eq 4 ] ||
			complain "done twice: $status: $(said)"
	else
		try command_of "$1"
		[ "$status" -eq 0 ] || complain "again: $status: $(said)"
	fi
	check_token "$1"
	[ -n "$fast" ] && [ $done = no ] && return
	try next_of "$1"
	[ "$status" -eq 0 ] || complain "next: $status: $(said)"
}

# objects_of LABEL: how many the token has.
objects_of() {
	pkcs11-tool --module "$module" --token-label demo --login \
		--pin "$pin" --list-objects 2>"$log/none" >"$log/objects"
	grep -c "^ *label: *$1\$" "$log/objects"
}

# What the token holds, and that it follows. What a killed generation left
# there is counted only: no record names it.
check_token() {
	case $1 in
	init) want='root journal' ;;
	root-generate) want='root root' ;;
	disable)
		signs && complain 'the key still signs'
		return
		;;
	destroy)
		objects_of 'root root' >"$log/have"
		[ "$(cat "$log/have")" -eq 0 ] ||
			complain 'the token still has the key'
		while read -r file; do
			find "$work"/tokens* -name "$file"
		done <"$work/gone" >"$log/have"
		[ ! -s "$log/have" ] ||
			complain "still there: $(cat "$log/have")"
		return
		;;
	*) return ;;
	esac
	have=$(objects_of "$want")
	[ "$have" -eq 2 ] || orphans=$((orphans + 1))
	[ "$have" -ge 2 ] || complain "$want: $have objects in the token"
}

# signs: pkcs11-tool with the root's key.
signs() {
	id=$(sed -n 's/.*"id":"\([0-9a-f]*\)".*"event":"root-key".*/\1/p' \
		root/journal.jsonl)
	head -c 48 /dev/zero >"$log/digest"
	pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
		--id "$id" --sign --mechanism ECDSA \
		--input-file "$log/digest" --output-file "$log/signature" \
		>"$log/out" 2>"$log/err"
}

# No serial and no CRL number twice; no name left that is not whole.
check_remains() {
	twice=$(grep -e '-intent"' root/journal.jsonl |
		grep -oE '"(serial|number)":["0-9a-f]+' | sort | uniq -d)
	[ -z "$twice" ] || complain "twice: $twice"
	twice=$(grep '"event":"signed"' root/journal.jsonl |
		grep -oE '"(serial|certificate)":["0-9a-f]+' | sort | uniq -d)
	[ -z "$twice" ] || complain "twice: $twice"
	left=$(cd "$work" && find here tokens tokens.backup* \
		-path here/root/objects -prune -o \( -name '.new.*' -o \
		-name '*.new' \) -print | sed 's/\.new\..*/.new./')
	[ -z "$left" ] || complain "left: $left"
}

# check COMMAND: all of it, after the fault in $fault.
check() {
	check_output
	if [ "$1" != init ] || is_begun; then
		check_start "$1"
	fi
	check_again "$1"
	check_sound 'the command again'
	check_remains
}

