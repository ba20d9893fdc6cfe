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

# The journal alone at its limit: it is made long by names in refusals.
long=$(head -c 100000 /dev/zero | tr '\0' a)
for name in "$long" "$long" "$long"; do
	run sign --by "$name" badsig.csr
done
cp -a root "$work/long"
blocks=$(($(wc -c <root/journal.jsonl) / 512))
before=$(records)
seen=
for more in 0 1 2 3 4 5; do
	rm -rf root
	cp -a "$work/long" root
	run limited $((blocks + more)) sign --reissue ca.csr
	what=$(events $((before + 1)))
	seen="$seen $status:${what:-none}"
	if [ "$status" -eq 6 ]; then
		equal "limit + $more: in one sentence" \
			'anchorite: journal: not written: ...' \
			"$(sed 's/written: .*/written: .../' "$log/err")"
	fi
	passes "limit + $more: the journal is sound" see audit verify
	if [ "$status" -ne 0 ] && [ -n "$what" ]; then
		passes "limit + $more: recover" ca recover --yes
	fi
	passes "limit + $more: signs again" sign --reissue ca.csr
done
echo "#$seen"
equal 'no room for the intent: nothing is signed' yes \
	"$(case $seen in *6:none*) echo yes ;; esac)"

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
