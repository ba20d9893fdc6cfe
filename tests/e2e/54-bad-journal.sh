#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A journal that was changed, cut or put in another order, and objects that
# are not what the journal says: the record is named, and nothing is signed.

. "$(dirname "$0")/lib.sh"
take_authority
request ca
request two
must sign ca.csr two.csr
must ca revoke --yes "$(serial 2)"
must ca crl
must ca bundle --for files "$(serial 1)"
id=$(serial 1)
mv root "$work/whole"
journal=root/journal.jsonl

# broken SENTENCE SHELL-TEXT: the same for those who verify, read and sign.
broken() {
	rm -rf root
	cp -a "$work/whole" root
	must sh -c "$2"
	refused 7 "root: journal: $1" see audit verify
	refused 7 "root: journal: $1" see status
	refused 7 "root: journal: $1" sign --reissue ca.csr
}

broken 'record 6: does not follow the record before it' \
	"sed -i '5s/\"by\":\"/&x/' $journal"
broken 'record 5: sequence: want 5, have 6' "sed -i 5d $journal"
broken 'record 1: sequence: want 1, have 2' "sed -i 1d $journal"
broken 'record 5: sequence: want 5, have 6' "sed -i '5{h;d};6G' $journal"
broken 'record 3: not canonical JSON' "sed -i '3s/,/, /' $journal"
broken 'record 3: not six fields' "sed -i '3s/\"seq\"/\"more\":1,&/' $journal"
broken 'record 17: seal: signature does not verify' \
	"sed -i '\$s/\"signature\":\"M/\"signature\":\"N/' $journal"
broken 'record 18: JSON: 1:0: unexpected token near end of file' \
	"echo >>$journal"

# One octet changed, anywhere: sampled, as there are thousands.
size=$(wc -c <"$work/whole/journal.jsonl")
at=7 missed=
while [ "$at" -lt "$size" ]; do
	cp "$work/whole/journal.jsonl" "$journal"
	printf '\001' | dd of="$journal" bs=1 seek="$at" conv=notrunc 2>/dev/null
	run see audit verify
	[ "$status" -eq 7 ] && grep -q '^anchorite: root: journal: record ' \
		"$log/err" || missed="$missed $at"
	at=$((at + 257))
done
equal 'an octet changed anywhere is found' '' "$missed"

# A command cut off at the end is not the whole story, and no more is signed.
rm -rf root
cp -a "$work/whole" root
sed -i '$d' "$journal"
passes 'without its last seal the journal verifies' see audit verify
says 'and the audit says so' \
	'1 records behind the last seal are not sealed yet'
recorded sign "1 records since record 15 are not sealed: look at them with \
'anchorite audit show', then 'anchorite recover'" sign --reissue ca.csr

# A line cut short, as by a power cut: recover takes it away.
torn() {
	refused 7 "root: journal: record $1: torn: the line has no end" \
		see audit verify
	refused 4 "an earlier command stopped in the middle of record $1: see \
'anchorite status', then 'anchorite recover'" sign --reissue ca.csr
	passes "record $1 torn: recover" ca recover --yes
	passes "record $1 torn: verifies" see audit verify
	passes "record $1 torn: signs again" sign --reissue ca.csr
	rm -rf root
	cp -a "$work/whole" root
}
rm -rf root
cp -a "$work/whole" root
truncate -s -1 "$journal"
torn 17
truncate -s -99 "$journal"
torn 17
run ca bundle --for files "$id"
equal 'a refusal is recorded' refused "$(events 18)"
truncate -s -9 "$journal"
torn 18

rm "$journal"
refused 3 'root: journal: No such file or directory' see status
: >"$journal"
refused 7 'root: journal: is empty' see audit verify
refused 7 'root: the journal is empty: init did not end; remove the directory '\
'and begin again' see status
refused 3 'none: No such file or directory' anchorite status --authority none

# Objects: each is named by a record, and all are verified.
where() {
	grep -n "$1" "$work/whole/journal.jsonl" | head -n 1 | cut -d : -f 1
}
missed=
for object in "$work/whole/objects"/*; do
	name=${object##*/}
	for change in 'printf x >>' 'rm -f'; do
		rm -rf root
		cp -a "$work/whole" root
		chmod u+w "root/objects/$name"
		must sh -c "$change root/objects/$name"
		run see audit verify
		[ "$status" -eq 7 ] && grep -q "^anchorite: root: journal: \
record $(where "$name"): .*$name: " "$log/err" ||
			missed="$missed $change $name"
	done
done
equal 'an object changed or missing is found' '' "$missed"
rm -rf root
cp -a "$work/whole" root
certificate=$(sha256sum <"$policies/acm-pca-rsa-4096.yaml" | cut -c 1-64)
rm -f "root/objects/$certificate"
refused 7 "root: journal: record 1: init: objects: $certificate: No such file \
or directory" see list
rm -rf root
cp -a "$work/whole" root
certificate=$(see show "$id" --json | field sha256)
rm -f "root/objects/$certificate"
refused 7 "objects: $certificate: No such file or directory" see show "$id"
refused 7 "objects: $certificate: No such file or directory" \
	ca bundle --for files --out new "$id"

rm -rf root/objects
refused 7 'root: objects: No such file or directory' see status

# What no record names is rubbish, and no harm.
rm -rf root
cp -a "$work/whole" root
echo rubbish >root/objects/rubbish
passes 'a file that no record names' see audit verify
says 'and the audit says so' '1 files in objects/ that no record names'

finish
