#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The verifier's guide, followed: each of its blocks, as it stands there, on
# an authority that is sound, and on others that have been tampered with.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
guide=$tests/../packaging/verifying.md
command -v jq >"$log/out" || bail_out 'jq is not installed'
mkdir "$work/tmp"
TMPDIR=$work/tmp
export TMPDIR

take_custody
request ca
request two
request three
must on alice,bob sign --profile subordinate-pathlen0 ca.csr two.csr
one=$(serial 1) two=$(serial 2)
must on alice,bob revoke --reason superseded "$one"
must on alice,bob crl
must on alice,bob ocsp --out responses
must on alice,bob sign --profile subordinate-pathlen0 three.csr
three=$(serial 3)
must with alice,bob bundle --authority root --for files \
	--out "$work/bundle" "$two"
must on alice,carol disable
cp root/journal.jsonl "$work/old.jsonl"
must on bob,dave enable
must see audit verify
mv root "$work/whole"

# block NAME: the block of the guide that begins so.
block() {
	echo "$1" >>"$work/used"
	awk -v name="# $1" '
	    /^```sh$/ { getline; on = $0 == name }
	    /^```$/ { on = 0 }
	    on' "$guide"
}

# follow NAME [FILE]: runs it in ./root, with the settings in FILE.
follow() {
	{
		echo '{'
		block begin
		case $1 in
		seals | certificates | crls | ocsp) block keys ;;
		esac
		echo "} >$log/begun 2>&1"
		cat "${2:-/dev/null}"
		block "$1"
	} >"$work/script"
	(
		cd root || exit
		unset since old head file name value salt
		sh "$work/script"
	) >"$log/out" 2>"$log/err"
}

fresh() {
	rm -rf root
	cp -a "$work/whole" root
	chmod -R u+w root
}

# sound NAME: no word where nothing is wrong.
sound() {
	fresh
	follow "$@"
	equal "$1: nothing is wrong" '' "$(cat "$log/out" "$log/err")"
}

# finds NAME SENTENCE: it is found in ./root as it is now.
finds() {
	follow "$1" "${3:-}"
	says "$1: $2" "$2"
}

# tampered SHELL-TEXT: ./root is as it was, but for that.
tampered() {
	fresh
	must sh -c "cd root && $1"
	cmp -s root/journal.jsonl "$work/whole/journal.jsonl" &&
		diff -rq root "$work/whole" >"$log/out" &&
		bail_out "changes nothing: $1"
}

# spoiled NAME: ./root is as it was, but for the last octet of that object.
spoiled() {
	fresh
	flip "root/objects/$1" $(($(wc -c <"root/objects/$1") - 1))
}

# line EVENT [N]: the number of the nth record of that event.
line() {
	grep -n "\"event\":\"$1\"" "$work/whole/journal.jsonl" |
		sed -n "${2:-1}p" | cut -d : -f 1
}

# get FILTER: a value from the journal.
get() {
	jq -r "$1" "$work/whole/journal.jsonl"
}

# chained: makes the chain anew, as whoever has changed a line would.
chained() {
	prev=$(printf '%064d' 0)
	while IFS= read -r record; do
		record=$(printf '%s\n' "$record" |
			sed "s/\"prev\":\"[0-9a-f]*\"/\"prev\":\"$prev\"/")
		printf '%s\n' "$record"
		prev=$(printf '%s\n' "$record" | sha256sum | cut -c 1-64)
	done <root/journal.jsonl >"$work/chained"
	cp "$work/chained" root/journal.jsonl
}

# --- before all -----------------------------------------------------------

fresh
follow begin
equal 'begin prints the head' \
	"$(see audit verify --json | sed -n 's/.*"head": "\(.*\)".*/\1/p')" \
	"$(cat "$log/out")"
follow keys
equal 'keys prints the two digests' \
	"$(get 'select(.event == "root-certified").data.certificate')  root
$(get 'select(.event == "init").data.journal_key.certificate')  journal-key" \
	"$(cat "$log/out")"

# --- the journal ----------------------------------------------------------

sound form
for change in '3s/,/, /' '3s/"seq"/"more":1,&/' '3s/"seq":3/"seq":3.0/' \
    '3s/{"by":"[^"]*"/{"by":"x","by":"x"/' '3s/^/x/' '3s/$/x/'; do
	tampered "sed -i '$change' journal.jsonl"
	finds form 'WRONG: form: not canonical JSON, line by line'
done
tampered "sed -i '3s/}\$/,\"z\":1}/' journal.jsonl"
finds form 'WRONG: form: record 3 has not the six fields'

sound chain
tampered "sed -i '5s/\"by\":\"/&x/' journal.jsonl"
finds chain 'WRONG: chain: < '
tampered 'sed -i 1d journal.jsonl'
finds chain 'WRONG: chain: '
tampered 'sed -i 5d journal.jsonl'
finds chain 'WRONG: chain: '
tampered 'truncate -s -1 journal.jsonl && tail -n 1 journal.jsonl |
	cat >>journal.jsonl'
finds chain 'WRONG: chain: '
fresh
sed -i 1,9d root/journal.jsonl
since=$(sed -n 9p "$work/whole/journal.jsonl" | sha256sum | cut -c 1-64)
echo "since=$since" >"$work/set"
follow chain "$work/set"
equal 'chain: a part, behind the head it extends' '' "$(cat "$log/out")"
sed -i "s/=./=x/" "$work/set"
finds chain "WRONG: chain: > $since" "$work/set"

sound sequence
tampered 'sed -i 5d journal.jsonl'
finds sequence 'WRONG: sequence: line 5 is 6'
tampered "sed -i '5s/\"time\":\"2/\"time\":\"1/' journal.jsonl"
finds sequence 'WRONG: sequence: time goes back at 5'

sound seals
tampered "sed -i '2s/\"signature\":\"M/\"signature\":\"N/' journal.jsonl"
finds seals 'WRONG: seals: that of record 2 does not verify'
tampered "sed -i '/\"event\":\"seal\"/d' journal.jsonl"
finds seals 'WRONG: seals: there is none'
revoked=$(line revoked)
tampered "sed -i '${revoked}s/superseded/keyCompromise/' journal.jsonl"
chained
follow chain
equal 'whoever makes the chain anew passes it' '' "$(cat "$log/out")"
finds seals "WRONG: seals: that of record $((revoked + 1)) does not verify"

sound unsealed
tampered "sed -i '\$d' journal.jsonl"
finds unsealed key-unlocked
tampered "sed -n '2s/\"seal\"/\"refused\"/p' journal.jsonl >>journal.jsonl"
follow unsealed
equal 'unsealed: refusals' refused "$(cat "$log/out")"

echo "old=$work/old.jsonl head=$since" >"$work/set"
sound extends "$work/set"
tampered "sed -i '2s/\"by\":\"/&x/' journal.jsonl"
finds extends "WRONG: extends: does not begin with $work/old.jsonl" \
	"$work/set"
tampered 'sed -i 5q journal.jsonl'
finds extends "WRONG: extends: does not begin with $work/old.jsonl" \
	"$work/set"
finds extends "WRONG: extends: no record has the digest $since" "$work/set"

# --- objects --------------------------------------------------------------

sound objects
certificate=$(get 'select(.event == "signed").data.items[1].certificate' |
	head -n 1)
tampered 'for object in objects/*; do echo x >>$object; done'
follow objects
equal 'objects: each one that was changed' \
	"$(find root/objects -type f | sort |
		sed 's|^root/\(.*\)|WRONG: objects: \1 has been changed|')" \
	"$(sort "$log/out")"
for field in certificate cms crl envelope policy request response; do
	name=$(get ".data | .. | objects | .$field? | strings" | tail -n 1)
	tampered "rm objects/$name"
	finds objects "WRONG: objects: $name is missing"
done
sound strays
tampered 'echo x >objects/stray'
finds strays stray

# --- what the root has signed ---------------------------------------------

sound certificates
spoiled "$certificate"
finds certificates "WRONG: certificates: $two: does not verify under \
the root"
other=$(get 'select(.event == "signed").data.items[0].certificate' |
	head -n 1)
tampered "cp objects/$other objects/$certificate"
finds certificates "WRONG: certificates: $two: its serial=$one"
finds certificates "WRONG: certificates: $two: is not what was intended"
tampered "sed -i 's/$two/$one/' journal.jsonl"
finds certificates "WRONG: certificates: used twice: $one"
tampered "sed -i '$(line sign-intent 2)d' journal.jsonl"
finds certificates 'is not what was intended'

sound possibly
signed=$(line signed 2)
tampered "sed -i '${signed}s/\"signed\"/\"recovered\"/' journal.jsonl"
follow possibly
equal 'possibly: what recover found is none' '' "$(cat "$log/out" "$log/err")"
found='"found":[]},"event":"recovered"'
tampered "sed -i '${signed}s/\"items\":.*\"event\":\"signed\"/$found/' \
	journal.jsonl"
finds possibly "$three"
follow certificates
equal 'certificates: those that are there' '' "$(cat "$log/out" "$log/err")"

sound crls
crl=$(get 'select(.event == "crl-signed").data.crl')
spoiled "$crl"
finds crls "WRONG: crls: $crl does not verify under the root"
tampered "sed -i '${revoked}d' journal.jsonl"
finds crls "WRONG: crls: $crl: > $one"

sound ocsp
response=$(get 'select(.event == "ocsp-signed").data.items[1].response')
spoiled "$response"
finds ocsp "WRONG: ocsp: $response does not verify under the root"

# A certificate of the root's key that no record names.
fresh
cp "root/objects/$certificate" "$work/met.der"
openssl x509 -inform DER -in "$work/met.der" -out "$work/met.pem"
echo "file=$work/met.pem" >"$work/set"
sound known "$work/set"
cp "$people/alice.pem" "$work/met.pem"
finds known "WRONG: known: no record names $work/met.pem" "$work/set"

# --- approvals ------------------------------------------------------------

sound approvals
seq=$(line disable)
for who in 0 1; do
	cms=$(get "select(.seq == $seq).data.approval.by[$who].cms")
	by=$(get "select(.seq == $seq).data.approval.by[$who].custodian")
	[ "$cms" = null ] && continue
	spoiled "$cms"
	finds approvals "WRONG: approvals: record $seq: not by $by"
done
tampered "sed -i '${seq}s/\"custodian\":\"[a-z]*\"/\"custodian\":\"dave\"/' \
	journal.jsonl"
finds approvals "WRONG: approvals: record $seq: not by dave"
asked=$(get "select(.seq == $seq).data.approval.request")
tampered "sed -i 's/disable/destroy/' objects/$asked"
finds approvals "WRONG: approvals: record $seq: not by "
fresh
follow approved
says 'approved: which operation, at which head' "$seq disable [\"disable\",{},"

# --- private values -------------------------------------------------------

salt=$(printf '%064d' 7)
printf '{"salt":"%s","value":"Alice"}' "$salt" >"$work/value"
name=$(sha256sum <"$work/value" | cut -c 1-64)
cat >"$work/set" <<END
name=$name salt=$salt value=Alice
END
sound disclosed "$work/set"
sed -i s/Alice/Alicia/ "$work/set"
finds disclosed 'WRONG: disclosed: this is not the value' "$work/set"
hide="sed -i '3s/\"by\":\"[^\"]*\"/\"by\":\"private:$name\"/' journal.jsonl"
tampered "$hide"
follow private
equal 'private: one that is hidden' '' "$(cat "$log/out" "$log/err")"
tampered "$hide && cp $work/value objects/$name"
follow private
equal 'private: one that is shown' "$name Alice" "$(cat "$log/out")"
follow strays
equal 'strays: it is none' '' "$(cat "$log/out")"
tampered "$hide && sed s/Alice/Mallory/ $work/value >objects/$name"
finds private "WRONG: private: $name has been changed"

# --- bundles --------------------------------------------------------------

# in_bundle: the manifest's block there.
in_bundle() {
	block manifest >"$work/script"
	(cd "$work/bundle" && sh "$work/script") >"$log/out" 2>"$log/err"
}
cp -a "$work/bundle" "$work/kept"
in_bundle
equal 'manifest: nothing is wrong' '' "$(cat "$log/out" "$log/err")"
echo x >>"$work/bundle/README.txt"
in_bundle
says 'manifest: a file was changed' 'WRONG: manifest: README.txt: FAILED'
(cd "$work/bundle" && sha256sum ./*.pem >manifest.sha256)
in_bundle
says 'manifest: and the list, too' \
	'WRONG: manifest: the journal key has not signed it'

# An audit bundle is checked as the authority is.
if anchorite audit bundle --help >"$log/out" 2>&1; then
	fresh
	rm -rf "$work/bundle"
	must with alice,bob audit bundle --authority root \
		--out "$work/bundle"
	in_bundle
	equal 'audit bundle: manifest' '' "$(cat "$log/out" "$log/err")"
	rm -rf root
	cp -a "$work/bundle" root
	for name in form chain sequence seals unsealed objects strays \
	    certificates possibly crls ocsp approvals; do
		follow "$name"
		equal "audit bundle: $name" '' \
			"$(cat "$log/out" "$log/err")"
	done
	passes 'audit bundle: audit verify' see audit verify
fi

equal 'every block of the guide was run' \
	"$(awk '/^```sh$/ { getline; print $2 }' "$guide" | sort -u)" \
	"$(sort -u "$work/used")"

finish
