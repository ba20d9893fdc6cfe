#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # tests read what is set here
#
# What the end-to-end tests share. A test is a script that sources this file,
# works in an empty folder with a SoftHSM of its own, prints TAP and ends
# with `finish`. The program is the one in the build directory B.
#
#   here/          where the test stands; what a refusal must not change
#     root/        the authority
#   tokens/        the token store, with its backup beside it
#   log/           what the last command said: out, err

set -u
LC_ALL=C
TZ=UTC0
export LC_ALL TZ
unset ANCHORITE_SITE FAKE_FAIL FAKE_FLAGS FAKE_MODULE FAKE_SIGN
: "${B:?want the build directory}"
tests=$(cd "$(dirname "$0")/.." && pwd)
policies=$tests/../policies
fixtures=$B/fixtures
PATH=$B:$PATH

[ -d "$fixtures" ] || sh "$tests/fixtures/make.sh" "$fixtures" || exit 1

pin=876543210 so_pin=12345678
authority=root
ran=0 failed=0

bail_out() {
	echo "Bail out! $*"
	exit 1
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/here" "$work/tokens" "$work/log"
cd "$work/here" || exit 1
log=$work/log

# --- TAP -----------------------------------------------------------------

ok() {
	ran=$((ran + 1))
	echo "ok $ran - $*"
}

not_ok() {
	ran=$((ran + 1)) failed=$((failed + 1))
	echo "not ok $ran - $*"
}

skip() {
	ran=$((ran + 1))
	echo "ok $ran # skip $*"
}

note() {
	sed 's/^/# /'
}

# The last line of a test.
finish() {
	echo "1..$ran"
	[ "$ran" -gt 0 ] && [ "$failed" -eq 0 ]
	exit
}

# must COMMAND...: without it the rest means nothing.
must() {
	"$@" >"$log/out" 2>"$log/err" && return
	note <"$log/out"
	note <"$log/err"
	bail_out "$*"
}

# passes NAME COMMAND...
passes() {
	test_name=$1
	shift
	if "$@" >"$log/out" 2>"$log/err"; then
		ok "$test_name"
	else
		not_ok "$test_name"
		echo "$*" | note
		note <"$log/out"
		note <"$log/err"
	fi
}

# equal NAME WANT HAVE
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		echo "want: $2" | note
		echo "have: $3" | note
	fi
}

# says NAME TEXT: the last command's output has a line with the text.
says() {
	if grep -qF -e "$2" "$log/out"; then
		ok "$1"
	else
		not_ok "$1"
		echo "want: $2" | note
		note <"$log/out"
	fi
}

# --- the token and the authority -----------------------------------------

softhsm() {
	for file in /usr/lib/softhsm/libsofthsm2.so \
	    /usr/lib/*/softhsm/libsofthsm2.so; do
		[ -f "$file" ] || continue
		echo "$file"
		return
	done
}
module=${ANCHORITE_SOFTHSM:-$(softhsm)}
[ -n "$module" ] || bail_out 'SoftHSM is not installed'

# site FILE MODULE [TOKEN-URI]: writes a site file beside here/.
site() {
	cat >"$work/$1" <<-END
	module: $2
	token: ${3:-pkcs11:token=demo}
	store: tokens
	pin: prompt
	END
}

cat >"$work/softhsm2.conf" <<END
directories.tokendir = $work/tokens
objectstore.backend = file
log.level = ERROR
library.reset_on_fork = true
END
site site.yaml "$module"
site fake.yaml "$B/fake.so"
site none.yaml /nonexistent/module.so
export SOFTHSM2_CONF="$work/softhsm2.conf" ANCHORITE_SITE="$work/site.yaml"

# new_token LABEL
new_token() {
	printf '%s\n%s\n' "$so_pin" "$pin" |
		anchorite token init --label "$1" --secret-fd 0
}

# begin POLICY DIR: an authority without a root key yet.
begin() {
	printf '%s\n' "$pin" | anchorite init --secret-fd 0 \
		--policy "$policies/$1.yaml" --yes "$2"
}

# shipped NAME: a profile as it stands in the policy for a P-384 root.
shipped() {
	sed -n "/^  $1:/,/^\$/p" "$policies/acm-pca-ec-p384.yaml"
}

# ca COMMAND...: anchorite on the authority, the PIN given, nothing asked.
ca() {
	case " $* " in
	*' --yes '*) ;;
	*) set -- "$@" --yes ;;
	esac
	printf '%s\n' "$pin" |
		anchorite "$@" --authority "$authority" --secret-fd 0
}

# see COMMAND...: anchorite on the authority, without a PIN.
see() {
	anchorite "$@" --authority "$authority"
}

# at SITE COMMAND...: with another site file.
at() {
	site=$1
	shift
	(
		export ANCHORITE_SITE="$work/$site"
		"$@"
	)
}

# faked RULE COMMAND...: with a token that answers a call as told.
faked() {
	rule=$1
	shift
	(
		export FAKE_MODULE="$module" FAKE_FAIL="$rule"
		at fake.yaml "$@"
	)
}

sign() {
	ca sign --profile subordinate-pathlen0 --yes "$@"
}

# make_authority POLICY: a token and an active authority.
make_authority() {
	new_token demo && begin "$1" root && ca root generate &&
		ca root certify --yes
}

# one_maker: tests run side by side; one makes what all take. Until 9 closes.
one_maker() {
	mkdir -p "$B/e2e"
	exec 9>"$kept.lock"
	flock 9
}

# take_authority [POLICY]: the same, made once for a build, and anew each hour
# as a sitting ends, and then copied.
take_authority() {
	policy=${1:-acm-pca-rsa-4096}
	kept=$B/e2e/$policy
	one_maker
	if [ -z "$(find "$kept" -prune -newer "$B/anchorite" \
	    -newer "$policies/$policy.yaml" -mmin -60 2>"$log/err")" ]
	then
		must make_authority "$policy"
		rm -rf "$kept"
		mkdir -p "$kept"
		cp -a "$work/tokens" root "$kept/"
		touch "$kept"
		exec 9>&-
		return
	fi
	exec 9>&-
	rmdir "$work/tokens"
	cp -a "$kept/tokens" "$work/"
	cp -a "$kept/root" .
}

# keep NAME: the authority and its token as they are now. An older authority
# alone would be refused, as the token knows the head of the journal.
keep() {
	mkdir "$work/$1"
	cp -a "$authority" "$work/tokens" "$work/$1/"
}

# restore NAME: both as they were then.
restore() {
	rm -rf "$authority" "$work/tokens"
	cp -a "$work/$1/$authority" .
	cp -a "$work/$1/tokens" "$work/"
}

# request NAME [CURVE]: NAME.csr, of a fresh key.
request() {
	openssl req -new -newkey ec -pkeyopt "ec_paramgen_curve:${2:-P-256}" \
		-noenc -keyout "$log/key" -out "$1.csr" -sha256 \
		-subj "/C=US/O=Example Corp/CN=$1" 2>"$log/err" ||
		bail_out "request $1"
}

# The serials of what was issued, in order.
serials() {
	see list --json | sed -n 's/.*"serial": "\([0-9a-f]*\)".*/\1/p'
}

# serial N
serial() {
	serials | sed -n "$1p"
}

# field KEY: its value in indented JSON.
field() {
	sed -n "s/^ *\"$1\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p"
}

records() {
	wc -l <"$authority/journal.jsonl"
}

# events FROM: what happened from a record on, in one line.
events() {
	tail -n "+$1" "$authority/journal.jsonl" |
		sed 's/.*"event":"\([a-z-]*\)".*/\1/' | paste -s -d ' '
}

# --- DER ------------------------------------------------------------------

# parts FILE DEPTH: offset and length of each element there, one a line.
parts() {
	openssl asn1parse -inform DER -in "$1" | sed -n \
		"s/^ *\([0-9]*\):d=$2 *hl=\([0-9]*\) l= *\([0-9]*\) \
\(.*\)/\1 \2 \3 \4/p" | awk '{ print $1, $2 + $3 }'
}

# part FILE N: the octets of the nth element of what is signed.
part() {
	parts "$1" 2 | sed -n "$2p" | {
		read -r offset length
		tail -c "+$((offset + 1))" "$1" | head -c "$length"
	}
}

# same NAME FILE N FILE M
same() {
	part "$2" "$3" >"$log/one"
	part "$4" "$5" >"$log/two"
	[ -s "$log/one" ] || bail_out "$2 has no part $3"
	passes "$1" cmp "$log/one" "$log/two"
}

# extensions FILE: of a certificate, or asked for in a request: name, whether
# critical, value, in their order.
extensions() {
	openssl asn1parse -inform DER -in "$1" | awk '
	    / OBJECT / { sub(/.*:/, ""); name = $0; critical = "" }
	    / BOOLEAN / { critical = " critical" }
	    /OCTET STRING/ {
		sub(/.*DUMP\]:/, "")
		print name critical " " $0
	    }'
}

# --- memory ---------------------------------------------------------------

# no_sanitizer: ends the test where valgrind cannot run the program.
no_sanitizer() {
	grep -q __asan_init "$B/anchorite" || return 0
	skip 'a build under the sanitizers'
	finish
}

# under_valgrind: from here on anchorite runs under it, with the token's
# module loaded: the sanitizers do not see into libraries built without them.
under_valgrind() {
	mkdir "$work/bin"
	cat >"$work/bin/anchorite" <<-END
	#!/bin/sh
	exec valgrind -q --leak-check=full --errors-for-leak-kinds=definite \\
		--keep-debuginfo=yes --error-exitcode=99 "$B/anchorite" "\$@"
	END
	chmod +x "$work/bin/anchorite"
	PATH=$work/bin:$PATH
}

# --- refusals ------------------------------------------------------------

# Everything under here/, each name with its mode and digest; $1 is left out.
picture() {
	find . ! -path "${1:-}" -printf '%M %p %l\n' | sort
	find . -type f ! -path "${1:-}" -exec sha256sum {} + | sort
}

# run COMMAND...: its exit status in $status.
run() {
	status=0
	"$@" >"$log/out" 2>"$log/err" || status=$?
}

# What is wrong with the last command, if anything: status, sentence, output.
complaints() {
	[ "$status" -eq "$1" ] || echo "exit status: want $1, have $status"
	printf 'anchorite: %s\n' "$2" >"$log/want"
	cmp -s "$log/want" "$log/err" || {
		sed 's/^/want: /' "$log/want"
		sed 's/^/have: /' "$log/err"
	}
	[ "$may_print" = yes ] || [ ! -s "$log/out" ] ||
		sed 's/^/printed: /' "$log/out"
}

# judge NAME: passes where no complaint was written.
judge() {
	if [ -s "$log/complaints" ]; then
		not_ok "$1"
		note <"$log/complaints"
	else
		ok "$1"
	fi
}

may_print=no

# refused STATUS SENTENCE COMMAND...: ends with the status, says the sentence
# and nothing else, and changes no file.
refused() {
	want=$1 sentence=$2
	shift 2
	picture >"$log/before"
	run "$@"
	picture >"$log/after"
	{
		complaints "$want" "$sentence"
		diff "$log/before" "$log/after"
	} >"$log/complaints"
	judge "$sentence"
}

# What a refusal must leave as it was.
state() {
	see status --json | grep -v -e '"head"' -e '"records"' -e '"refusals"'
}

# The one record that a refusal adds, if it is well.
check_record() {
	tail -c "+$(($(wc -c <"$log/journal") + 1))" "$journal" \
		>"$log/added"
	head -c "$(wc -c <"$log/journal")" "$journal" |
		cmp "$log/journal" - 2>&1
	lines=$(wc -l <"$log/added")
	[ "$lines" -eq 1 ] || echo "want one record more, have $lines"
	printf '"command":"%s","sentence":"%s"},"event":"refused"' \
		"$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')" >"$log/want"
	grep -qF -f "$log/want" "$log/added" || {
		sed 's/^/want: /' "$log/want"
		echo
		sed 's/^/have: /' "$log/added"
	}
}

# recorded NAME SENTENCE COMMAND...: refused by policy or state while the
# authority is locked: as `refused 4`, and one record more, which names the
# command and the sentence.
recorded() {
	command=$1 sentence=$2
	shift 2
	journal=$authority/journal.jsonl
	cp "$journal" "$log/journal"
	state >"$log/state"
	picture "./$journal" >"$log/before"
	run "$@"
	picture "./$journal" >"$log/after"
	{
		complaints 4 "$sentence"
		diff "$log/before" "$log/after"
		check_record "$command" "$sentence"
		state | diff "$log/state" -
		run see audit verify
		cat "$log/err"
	} >"$log/complaints"
	judge "$sentence"
}

# after_showing refused|recorded ...: what is printed before does not count.
after_showing() {
	may_print=yes
	"$@"
	may_print=no
}
