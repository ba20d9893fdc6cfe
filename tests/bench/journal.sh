#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints what an audit of a long journal takes: its processor time, beside
# that of SHA-256 and the signatures alone, and its memory at the peak. The
# journals are made with software keys, in memory where there is room for
# them: no disk and no token is measured.

set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
B=$(cd "$here" && cd "${B:-build}" && pwd)
PATH=$B:$PATH
records=${BENCH_RECORDS:-500000}
tenth=$((records / 10))
folder=${TMPDIR:-/tmp}
[ -d /dev/shm ] && [ -w /dev/shm ] && folder=/dev/shm
work=$(mktemp -d "$folder/anchorite-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

# figure NAME FILE: the number behind a word.
figure() {
	awk -v name="$1" '$1 == name { print $2 }' "$2"
}

# audit KIND LENGTH: grows a journal and audits it.
audit() {
	grow "$1-$2" "$2" ${3:+"$3"}
	journal audit "$1-$2" >"$1-$2.audit"
}

audit mixed "$tenth"
audit mixed "$records"
journal bare "mixed-$records" >bare
audit plain "$tenth" plain
audit plain "$records" plain

all=mixed-$records.audit
echo "audit of a journal, $(head -n 1 "$all"):"
awk -v ours="$(figure audit_seconds "$all")" \
    -v bare="$(figure bare_seconds bare)" 'BEGIN {
	printf "  audit verify              %8.2f s\n", ours
	printf "  SHA-256 and signatures    %8.2f s\n", bare
	printf "  ratio                     %8.3f\n", ours / bare
}'
echo "memory of an audit at its peak:"
for kind in mixed plain; do
	for length in "$tenth" "$records"; do
		report=$kind-$length.audit
		printf '  %-24s %8d kB   (%d certificates)\n' \
			"$(figure records "$report") records" \
			"$(figure peak_kb "$report")" \
			"$(figure certificates "$report")"
	done
done
awk -v few="$(figure peak_kb "mixed-$tenth.audit")" \
    -v few_n="$(figure certificates "mixed-$tenth.audit")" \
    -v many="$(figure peak_kb "$all")" \
    -v many_n="$(figure certificates "$all")" 'BEGIN {
	printf "  so %d bytes for each certificate\n", \
	    (many - few) * 1024 / (many_n - few_n)
}'
