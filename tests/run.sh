#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/run.sh [lint] [unit] [e2e] [NAME...]
#
# Runs the tests of the build in $B, as many side by side as there are
# processors (JOBS), and ends with one line of counts. A name picks single
# tests: tests/run.sh unit journal, tests/run.sh e2e 20-batch.

set -u
cd "$(dirname "$0")/.." || exit 1
B=$(cd "${B:-build}" && pwd) || exit 1
export B
log=$B/log

# What runs a test of each kind.
command_of() {
	case $1 in
	lint) echo "sh tests/lint/$2.sh" ;;
	unit) echo "$B/unit/$2" ;;
	e2e) echo "sh tests/e2e/$2.sh" ;;
	esac
}

# One test: quiet when it passes, its output when it fails.
if [ "${1:-}" = --one ]; then
	kind=${2%%/*} name=${2#*/}
	out=$log/$kind-$name
	# shellcheck disable=SC2046 # words
	if timeout 600 $(command_of "$kind" "$name") >"$out.log" 2>&1 \
	    </dev/null; then
		echo "ok   $2" >"$out.result"
	else
		{
			echo "FAIL $2"
			sed 's/^/     | /' "$out.log"
		} >"$out.result"
	fi
	exec cat "$out.result"
fi

kinds= names=
for word; do
	case $word in
	lint | unit | e2e) kinds="$kinds $word" ;;
	*) names="$names $word" ;;
	esac
done
: "${kinds:=lint unit e2e}"

is_wanted() {
	[ -z "$names" ] && return
	case " $names " in *" $1 "*) return 0 ;; esac
	return 1
}

# All the tests, one a line.
list() {
	for kind in $kinds; do
		case $kind in
		unit) files='tests/unit/*.c' ;;
		e2e) files='tests/e2e/[0-9]*.sh' ;;
		*) files='tests/lint/*.sh' ;;
		esac
		for file in $files; do
			name=$(basename "${file%.*}")
			is_wanted "$name" && echo "$kind/$name"
		done
	done
}

rm -rf "$log"
mkdir -p "$log"
ANCHORITE_FIXTURES=$PWD/tests/fixtures
ANCHORITE_FIXTURES_MADE=$B/fixtures
export ANCHORITE_FIXTURES ANCHORITE_FIXTURES_MADE
[ -d "$B/fixtures" ] || sh tests/fixtures/make.sh "$B/fixtures" ||
	rm -rf "$B/fixtures"

list | xargs -r -n 1 -P "${JOBS:-$(nproc)}" sh tests/run.sh --one
passed=$(cat "$log"/*.result 2>/dev/null | grep -c '^ok  ')
failed=$(cat "$log"/*.result 2>/dev/null | grep -c '^FAIL')
wanted=$(list | wc -l)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && [ "$passed" -eq "$wanted" ]
