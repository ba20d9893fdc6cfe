#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two processes at the same time: on one authority, and on one token store.
# The first waits for its PIN with both locked.

. "$(dirname "$0")/lib.sh"
take_authority
request ca
request two
must begin acm-pca-ec-p384 other

mkfifo "$work/pin"

# Starts a process that waits for its PIN, which descriptor 3 will bring.
start() {
	anchorite sign --authority root --profile subordinate-pathlen0 --yes \
		--reissue --secret-fd 0 ca.csr <"$work/pin" \
		>"$log/first" 2>&1 &
	first=$!
	exec 3>"$work/pin"
	inode=$(stat -c %i "$work/tokens")
	tries=0
	until grep -q ":$inode " /proc/locks; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || bail_out 'the first process has no lock'
		sleep 0.05
	done
}

start
refused 6 'root: journal: in use by another process' sign two.csr
refused 6 'root: journal: in use by another process' ca crl
refused 6 'root: journal: in use by another process' \
	ca revoke --yes 000000
refused 6 "token store $work/tokens: in use by another process" \
	anchorite token list
refused 6 "token store $work/tokens: in use by another process" \
	new_token third
authority=other
refused 6 "token store $work/tokens: in use by another process" \
	ca root generate
authority=root
passes 'who only reads need not wait' see status
passes 'nor who verifies' see audit verify

printf '%s\n' "$pin" >&3
exec 3>&-
passes 'the first process ends well' wait "$first"
passes 'then the next has its turn' sign two.csr
equal 'both certificates are there' 2 "$(serials | wc -l)"
passes 'audit verify' see audit verify

# A lock goes with its process, however that ends.
start
kill -9 "$first"
wait "$first" 2>/dev/null
exec 3>&-
passes 'after a kill nothing is locked' sign --reissue ca.csr

finish
