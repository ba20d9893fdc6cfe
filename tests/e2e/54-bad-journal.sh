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
keep whole
journal=root/journal.jsonl

# broken SENTENCE SHELL-TEXT: the same for those who verify, read and sign.
broken() {
	restore whole
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
size=$(wc -c <"$work/whole/root/journal.jsonl")
at=7 missed=
while [ "$at" -lt "$size" ]; do
	cp "$work/whole/root/journal.jsonl" "$journal"
	printf '\001' | dd of="$journal" bs=1 seek="$at" conv=notrunc 2>/dev/null
	run see audit verify
	[ "$status" -eq 7 ] && grep -q '^anchorite: root: journal: record ' \
		"$log/err" || missed="$missed $at"
	at=$((at + 257))
done
equal 'an octet changed anywhere is found' '' "$missed"

# A command cut off at the end is not the whole story, and no more is signed.
restore whole
sed -i '$d' "$journal"
passes 'without its last seal the journal verifies' see audit verify
says 'and the audit says so' \
	'1 record behind the last seal is not sealed yet'
equal 'which is no refusal' '' "$(grep refusal "$log/out" | grep sealed)"
recorded sign "1 records since record 15 are not sealed: look at them with \
'anchorite audit show', then 'anchorite recover'" sign --reissue ca.csr

# A line cut short, as by a power cut: recover sets it aside. `repair` is
# what does.
torn() {
	record=$1
	shift
	refused 7 "root: journal: record $record: torn: the line has no end" \
		see audit verify
	refused 4 "an earlier command stopped in the middle of record \
$record: see 'anchorite status', then 'anchorite recover'" \
		sign --reissue ca.csr
	kept=$(tail -n 1 "$journal" | sha256sum | cut -c 1-64)
	passes "record $record torn: $1" ca "$@"
	passes "record $record torn: verifies" see audit verify
	passes "record $record torn: what stood of it is kept" \
		test -f "root/objects/$kept"
	passes "record $record torn: signs again" sign --reissue ca.csr
	restore whole
}

# By a crash: the token does not know the record yet.
crashed() {
	restore whole
	must ca crl
	rm -rf "$work/tokens"
	cp -a "$work/whole/tokens" "$work/"
	truncate -s "-$1" "$journal"
}
crashed 1
torn 20 recover
crashed 99
torn 20 recover
run ca bundle --for files "$id"
equal 'a refusal is recorded' refused "$(events 18)"
truncate -s -9 "$journal"
torn 18 recover

# held: the head in the token, as the last refusal names it.
held() {
	sed -n 's/.*the token knows record [0-9]* ([^,]*, SHA-256 '\
'\([0-9a-f]*\)); .*/\1/p' "$log/err"
}

# By a hand, or a bad disk: the token knows the record that was cut.
for cut in 1 99; do
	truncate -s "-$cut" "$journal"
	run ca recover
	equal "cut by $cut: exit status" 7 "$status"
	grep -q '^anchorite: anchor: the token knows record 17 (.*); the '\
'journal ends at record 16 (.*): it is an older copy: look for ' "$log/err" ||
		not_ok "cut by $cut: recover names both heads"
	torn 17 anchor accept 'the disk lost the end of the journal' "$(held)"
done

# A record that fits, put behind the last seal: it is nobody's, and everybody
# is told so before it counts.
restore whole
printf '{"by":"nobody","data":{"reason":"superseded","serial":"%s"},"event":'\
'"revoked","prev":"%s","seq":18,"time":"%s"}\n' "$id" \
	"$(tail -n 1 "$journal" | sha256sum | cut -c 1-64)" \
	"$(tail -n 1 "$journal" | sed 's/.*"time":"\([^"]*\)".*/\1/')" \
	>>"$journal"
passes 'a record that nobody sealed' see audit verify
says 'the verdict is about the others' \
	'authority root: the journal is sound as far as record 17'
says 'and where it ends' 'for 1 of them nobody vouches'
see list >"$log/out" 2>"$log/err"
grep -qF 'nobody vouches for what stands behind record 17' "$log/err" ||
	not_ok 'list says so, too'
unsealed="nobody vouches for what stands behind record 17: see 'anchorite \
status', then 'anchorite recover'"
refused 7 "$unsealed" see audit export --format acm-pca-csv
refused 7 "$unsealed" see anchor show
run sh -c "printf '%s\n' $pin | anchorite recover --authority root \
	--secret-fd 0 </dev/null"
grep -qx '  record 18: revoked, by nobody' "$log/out" ||
	not_ok 'recover shows what it would seal'
restore whole

rm "$journal"
refused 3 'root: journal: No such file or directory' see status
: >"$journal"
refused 7 'root: journal: is empty' see audit verify
refused 7 'root: the journal is empty: init did not end; remove the directory '\
'and begin again' see status
refused 3 'none: No such file or directory' anchorite status --authority none

# Objects: each is named by a record, and all are verified.
where() {
	grep -n "$1" "$work/whole/root/journal.jsonl" | head -n 1 |
		cut -d : -f 1
}
missed=
for object in "$work/whole/root/objects"/*; do
	name=${object##*/}
	for change in 'printf x >>' 'rm -f'; do
		restore whole
		chmod u+w "root/objects/$name"
		must sh -c "$change root/objects/$name"
		run see audit verify
		[ "$status" -eq 7 ] && grep -q "^anchorite: root: journal: \
record $(where "$name"): .*$name: " "$log/err" ||
			missed="$missed $change $name"
	done
done
equal 'an object changed or missing is found' '' "$missed"
restore whole
certificate=$(sha256sum <"$policies/acm-pca-rsa-4096.yaml" | cut -c 1-64)
rm -f "root/objects/$certificate"
refused 7 "root: journal: record 1: init: objects: $certificate: No such file \
or directory" see list
restore whole
certificate=$(see show "$id" --json | field sha256)
rm -f "root/objects/$certificate"
refused 7 "objects: $certificate: No such file or directory" see show "$id"
refused 7 "objects: $certificate: No such file or directory" \
	ca bundle --for files --out new "$id"

rm -rf root/objects
refused 7 'root: objects: No such file or directory' see status

# What no record names is rubbish, and no harm.
restore whole
echo rubbish >root/objects/rubbish
passes 'a file that no record names' see audit verify
says 'and the audit says so' '1 file in objects/ that no record names'

# Refusals alone behind the last seal alarm nobody.
restore whole
run sign ca.csr
must see audit verify
says 'a refusal waits for a seal' '  1 record behind the last seal is not '\
'sealed yet (a refusal; the next command seals it)'
run sign ca.csr
must see audit verify
says 'so do two' '  2 records behind the last seal are not sealed yet '\
'(refusals; the next command seals them)'

finish
