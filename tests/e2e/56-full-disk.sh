#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# No room: a limit on the size of files, then a small file system. Nothing
# is signed that cannot be recorded, and the token keeps its keys.

# A mount of our own needs a namespace of our own.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -rm true 2>/dev/null; then
	OWN_MOUNTS=yes exec unshare -rm sh "$0"
fi
. "$(dirname "$0")/lib.sh"
take_authority
request ca
cp "$fixtures/badsig.csr" .

# limited BLOCKS COMMAND...: no file may grow beyond so many of 512 octets.
limited() (
	ulimit -f "$1"
	shift
	"$@"
)

# bounded OCTETS COMMAND...: the same, to the octet.
bounded() (
	octets=$1
	shift
	mkdir -p "$work/bin"
	printf '#!/bin/sh\nexec prlimit --fsize=%s "%s" "$@"\n' "$octets" \
		"$B/anchorite" >"$work/bin/anchorite"
	chmod +x "$work/bin/anchorite"
	PATH=$work/bin:$PATH
	"$@"
)

# lasting NAME: a full disk has done no harm that lasts.
lasting() {
	passes "$1: the journal is sound" see audit verify
	equal "$1: nothing is half-way" 0 \
		"$(see status --json | field open_intent)"
	passes "$1: with room again, the token signs" sign --reissue ca.csr
}

# No room for the token store: said before the PIN is used.
no_room="token store: $work/tokens: no room for"
for blocks in 1 16 256; do
	picture >"$log/before"
	run limited "$blocks" sign ca.csr
	picture >"$log/after"
	equal "$blocks blocks: refused" 6 "$status"
	equal "$blocks blocks: in one sentence" \
		"anchorite: $no_room N kB: File too large" \
		"$(sed 's/[0-9]* kB/N kB/' "$log/err")"
	passes "$blocks blocks: nothing changed" \
		cmp "$log/before" "$log/after"
done
lasting 'file limit'

# The journal alone at its limit, and that beyond what the token store wants:
# it is made long by names in refusals, of which quotes count twice.
quotes=$(head -c 100 /dev/zero | tr '\0' '"')
folder=$quotes/$quotes/$quotes/$quotes/$quotes/$quotes
mkdir -p "$folder"
cp badsig.csr "$folder/"
while [ "$(wc -c <root/journal.jsonl)" -lt 300000 ]; do
	run sign --by "$quotes" "$folder/badsig.csr"
	[ "$status" -eq 4 ] || bail_out "$(cat "$log/err")"
done
keep long
must sign --reissue ca.csr
size_of() {
	tail -n 3 root/journal.jsonl | sed -n "$1p" | wc -c
}
intent=$(size_of 1) outcome=$(size_of 2)
restore long
size=$(wc -c <root/journal.jsonl)
before=$(records)

# room BYTES WRITTEN CLOSED: the journal may grow by so much; what is written
# then, and behind it once recover has closed it.
room() {
	restore long
	run bounded $((size + $1)) sign --reissue ca.csr
	equal "room for $1: refused" 6 "$status"
	equal "room for $1: in one sentence" \
		'anchorite: journal: not written: ...' \
		"$(sed 's/written: .*/written: .../' "$log/err")"
	equal "room for $1: written" "$2" "$(events $((before + 1)))"
	passes "room for $1: the journal is sound" see audit verify
	if [ -n "$2" ]; then
		run bounded "$(wc -c <root/journal.jsonl)" ca recover
		equal "room for $1: no room to recover" "6 $2" \
			"$status $(events $((before + 1)))"
		passes "room for $1: recover" ca recover
	fi
	equal "room for $1: closed" "$3" "$(events $((before + 1)))"
	equal "room for $1: no certificate is lost" 0 \
		"$(see status --json | field possibly_issued)"
	passes "room for $1: signs again" sign --reissue ca.csr
	passes "room for $1: the journal verifies" see audit verify
}
if command -v prlimit >"$log/out"; then
	closed='sign-intent signed seal'
	room 0 '' ''
	room 1 '' ''
	room $((intent - 1)) '' ''
	room "$intent" sign-intent "$closed"
	room $((intent + 1)) sign-intent "$closed"
	room $((intent + outcome - 1)) sign-intent "$closed"
	room $((intent + outcome)) 'sign-intent signed' \
		'sign-intent signed recovered seal'
	room $((intent + outcome + 1)) 'sign-intent signed' \
		'sign-intent signed recovered seal'
else
	skip 'prlimit (util-linux) is not here to limit the journal'
fi

# All on one small file system.
mkdir "$work/small"
if ! mount -t tmpfs -o size=3m none "$work/small" 2>"$log/err"; then
	skip "no small file system: $(head -n 1 "$log/err")"
	finish
fi
trap 'cd /; umount "$work/small"; rm -rf "$work"' EXIT
sed -i "s|$work/tokens|$work/small/tokens|" "$work/softhsm2.conf"
sed -i 's|^store.*|store: small/tokens|' "$work/site.yaml"
cp -a "$work/tokens" root ca.csr "$work/small/"
cd "$work/small" || bail_out 'cd'
must begin acm-pca-ec-p384 begun
cp -a . "$work/kept"

# fill KB: leaves so much.
fill() {
	free=$(df -k --output=avail . | tail -n 1)
	head -c $(((free - $1) * 1024)) /dev/zero >filler
}

again() {
	find . -mindepth 1 -delete
	cp -a "$work/kept/." .
}

# crowded NAME COMMAND...: at every size of what is left.
crowded() {
	name=$1
	shift
	outcomes=
	for kb in 0 4 16 64 160 256 320 400 600 900; do
		again
		before=$(records)
		fill "$kb"
		run "$@"
		rm filler
		outcomes="$outcomes $status"
		case $status in
		0) continue ;;
		6) ;;
		*)
			not_ok "$name with $kb kB: status $status"
			note <"$log/err"
			;;
		esac
		[ "$(wc -l <"$log/err")" -eq 1 ] ||
			not_ok "$name with $kb kB: not one sentence"
		equal "$name with $kb kB: nothing is done" "$before" \
			"$(records)"
		passes "$name with $kb kB: the journal is sound" \
			see audit verify
		passes "$name with $kb kB: done with room" "$@"
	done
	passes "$name: first refused, then done" expr "$outcomes" : ' 6.* 0$'
	echo "# $name:$outcomes"
}
crowded sign sign --reissue ca.csr
crowded crl ca crl
authority=begun
crowded 'root generate' ca root generate

finish
