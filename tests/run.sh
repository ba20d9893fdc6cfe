#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/run.sh [lint] [unit] [e2e] [NAME...]
#
# Runs the tests of the build in $B and ends with one line of counts. A name
# picks single tests: tests/run.sh unit journal, tests/run.sh e2e 20-sign.

set -u
cd "$(dirname "$0")/.." || exit 1
B=$(cd "${B:-build}" && pwd) || exit 1
export B
log=$B/log
mkdir -p "$log"

kinds= names=
for word; do
	case $word in
	lint | unit | e2e) kinds="$kinds $word" ;;
	*) names="$names $word" ;;
	esac
done
: "${kinds:=lint unit e2e}"

passed=0 failed=0

is_wanted() {
	[ -z "$names" ] && return
	case " $names " in *" $1 "*) return 0 ;; esac
	return 1
}

# run KIND NAME COMMAND...: quiet when it passes, its output when it fails.
run() {
	kind=$1 name=$2
	shift 2
	is_wanted "$name" || return 0
	out=$log/$kind-$name.log
	if timeout 600 "$@" >"$out" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok   $kind/$name"
	else
		failed=$((failed + 1))
		echo "FAIL $kind/$name"
		sed 's/^/     | /' "$out"
	fi
}

for kind in $kinds; do
	case $kind in
	lint)
		for script in tests/lint/*.sh; do
			[ -f "$script" ] || continue
			run lint "$(basename "$script" .sh)" sh "$script"
		done
		;;
	unit)
		ANCHORITE_FIXTURES=$PWD/tests/fixtures
		ANCHORITE_FIXTURES_MADE=$B/fixtures
		export ANCHORITE_FIXTURES ANCHORITE_FIXTURES_MADE
		if [ -f tests/fixtures/make.sh ] && [ ! -d "$B/fixtures" ]; then
			sh tests/fixtures/make.sh "$B/fixtures" ||
				rm -rf "$B/fixtures"
		fi
		for source in tests/unit/*.c; do
			[ -f "$source" ] || continue
			name=$(basename "$source" .c)
			run unit "$name" "$B/unit/$name"
		done
		;;
	e2e)
		for script in tests/e2e/[0-9]*.sh; do
			[ -f "$script" ] || continue
			run e2e "$(basename "$script" .sh)" sh "$script"
		done
		;;
	esac
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
