#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/fuzz/run.sh [NAME...]
#
# Runs each fuzzer of the build in $B for FUZZ_SECONDS. What one learns it
# keeps in $B/corpus/NAME, and begins with the next time; an input that
# crashes it is left in $B/crashes. Non-zero where there is one.

set -u
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build/fuzz}" "${FUZZ_SECONDS:=60}"
[ $# -gt 0 ] || for source in tests/fuzz/*.c; do
	set -- "$@" "$(basename "$source" .c)"
done
mkdir -p "$B/crashes" || exit 1

bad=0
for name; do
	corpus=$B/corpus/$name log=$B/crashes/$name.log
	mkdir -p "$corpus" || exit 1
	seeds=tests/fuzz/seeds/$name
	[ "$name" != policy ] || seeds=policies
	if "$B/fuzz/$name" -max_total_time="$FUZZ_SECONDS" -timeout=10 \
	    -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
	    -artifact_prefix="$B/crashes/$name-" "$corpus" "$seeds" \
	    >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
		echo "ok   fuzz/$name ($runs inputs)"
		rm "$log"
	else
		bad=1
		echo "FAIL fuzz/$name: $log"
		tail -n 40 "$log" | sed 's/^/     | /'
	fi
done
exit $bad
