#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # tests read what is set here
#
# What the kill sweep and the error sweep share. A command is run again and
# again from the same start, each time with a fault at another of its calls:
# a file call (tests/fault/layer.c) or a call of the token's module
# (tests/fault/fake.c). After each fault comes what an operator would do, and
# all must be as it is promised.
#
#   kept/COMMAND/   where the command starts: here/ tokens/ tokens.backup/
#   bin/            anchorite between the two layers
#   complaints      of the command that is swept
#
# Names of commands as arguments sweep these alone. SWEEP_FULL=yes takes every
# call, SWEEP_STEP=N each Nth of those that are alike, SWEEP_ONLY=C_Sign (error
# sweep) that call alone, SWEEP_VERBOSE=yes shows what each error ended in.

: "${TMPDIR:=/dev/shm}"
if [ -w "$TMPDIR" ]; then
	export TMPDIR
else
	unset TMPDIR
fi
. "$(dirname "$0")/../e2e/lib.sh"
. "$tests/e2e/custodians.sh"
. "$tests/fault/sweep_check.sh"
no_sanitizer

patience=20	# seconds, until a command is taken to hang

# --- the commands ----------------------------------------------------------

signed=		# set where a key of the journal signed just before the fault

is_custody() {
	case $1 in
	disable | delete | destroy) ;;
	*) return 1 ;;
	esac
}

do_init() {
	printf '%s\n' "$pin" | anchorite init --yes --secret-fd 0 \
		--policy "$policies/acm-pca-ec-p384.yaml" root
}

do_root_generate() {
	ca root generate
}

do_root_certify() {
	ca root certify --yes
}

do_sign() {
	if is_custody "$command"; then
		on alice sign --profile subordinate-pathlen0 --reissue \
			a.csr b.csr c.csr
	else
		sign --reissue a.csr b.csr c.csr
	fi
}

do_revoke() {
	ca revoke --yes "$(cat serial)"
}

do_crl() {
	ca crl --out "${out:-out.crl}"
}

do_disable() {
	on alice disable
}

do_delete() {
	on bob delete --days 7
}

do_destroy() {
	on alice,bob destroy --time "$late"
}

# A torn line is set aside by those who may; the rest takes a PIN.
do_recover() {
	case $command,$want in
	init,* | root-*,* | sign,* | revoke,* | crl,*) ca recover --yes ;;
	destroy,*' true '*) on alice,bob recover --time "$late" ;;
	destroy,*) ca recover --yes --time "$late" ;;
	*' true '*) on alice,bob recover ;;
	*) ca recover --yes ;;
	esac
}

# What follows a command that was done, to see that the authority lives on.
next_of() {
	case $1 in
	init) do_root_generate ;;
	root-generate) do_root_certify ;;
	root-certify | sign | revoke | crl) do_sign && out=next.crl do_crl ;;
	disable) on alice,bob crl && do_delete ;;
	delete) on alice,bob restore && on alice,bob enable && do_sign ;;
	destroy) see list ;;
	esac
}

# command NAME: runs it.
command_of() {
	"do_$(echo "$1" | tr - _)"
}

# --- where each starts ------------------------------------------------------

keep_for() {
	rm -rf "$work/kept/$1"
	mkdir -p "$work/kept/$1"
	cp -a "$work/here" "$work/tokens" "$work/kept/$1/"
	[ ! -d "$work/tokens.backup" ] ||
		cp -a "$work/tokens.backup" "$work/kept/$1/"
}

start() {
	command=$1
	cd "$work" || exit 1
	rm -rf here tokens tokens.backup tokens.backup.new
	cp -a "kept/$1/." .
	cd here || exit 1
}

# fresh: an empty folder, and no token.
fresh() {
	cd "$work" || return
	rm -rf here tokens tokens.backup
	mkdir here tokens
	cd here || return
}

keep_plain() {
	command=init
	fresh || return
	new_token demo || return
	for name in a b c; do
		request "$name"
	done
	keep_for init
	do_init || return
	keep_for root-generate
	do_root_generate || return
	keep_for root-certify
	do_root_certify || return
	keep_for sign
	do_sign || return
	serial 2 >serial
	keep_for revoke
	do_revoke || return
	keep_for crl
}

# quick NAME: the key under a passphrase that takes no time.
quick() {
	passphrase "$1" >"$work/passphrase"
	openssl pkcs8 -in "$people/$1.key" -passin "file:$work/passphrase" \
		-out "$work/key" &&
	openssl pkcs8 -topk8 -in "$work/key" -v2 aes-256-cbc -iter 1 \
		-passout "file:$work/passphrase" -out "$people/$1.key"
}

# Two with keys in files: what a card does is the other token's affair.
keep_custody() {
	fresh || return
	roster='alice operator disable destroy restore backup policy share
bob operator delete destroy restore backup policy share auditor'
	mkdir "$people" && new_custodian alice && new_custodian bob &&
	quick alice && quick bob &&
	write_policy "$work/policy.yaml" </dev/null && new_token demo || return
	for name in a b c; do
		request "$name"
	done
	also=$pin
	with '' init --yes --policy "$work/policy.yaml" \
		--custodians "$people" root &&
	do_root_generate && do_root_certify &&
	on alice sign --profile subordinate-pathlen0 a.csr b.csr c.csr ||
		return
	keep_for disable
	do_disable || return
	keep_for delete
	do_delete || return
	late=$(date -u -d '+8 days' +%Y-%m-%dT%H:%M:%SZ)
	keep_for destroy
	do_destroy || return
	gone >"$work/gone"
	[ -s "$work/gone" ]
}

# gone: the files of the objects that destroy removes, but for the anchor's,
# which each command replaces.
gone() {
	find "$work/kept/disable/tokens" -name '*.object' \
		-exec basename {} \; |
		while read -r file; do
			[ -e "$(find "$work/kept/destroy/tokens" \
				-name "$file")" ] || continue
			[ -n "$(find "$work/tokens" -name "$file")" ] ||
				echo "$file"
		done
}

# streams COMMANDS COMMANDS: this test of both, side by side.
streams() {
	for part in 1 2; do
		# shellcheck disable=SC2086 # names of commands
		sh "$tests/e2e/${0##*/}" $1 >"$work/stream$part" 2>&1 &
		shift
	done
	wait
	ended=0
	while read -r line; do
		case $line in
		'ok '*) ok "${line#* - }" ;;
		'not ok '*) not_ok "${line#* - }" ;;
		'1..'*) ended=$((ended + 1)) ;;
		*) echo "$line" ;;
		esac
	done <<-END
	$(cat "$work/stream1" "$work/stream2")
	END
	equal 'both streams came to their end' 2 "$ended"
	finish
}

# prepare COMMAND...
prepare() {
	mkdir -p "$work/bin"
	cat >"$work/bin/anchorite" <<-END
	#!/bin/sh
	exec timeout "\$PATIENCE" env LD_PRELOAD="$B/layer.so" "$B/anchorite" "\$@"
	END
	chmod +x "$work/bin/anchorite"
	for command; do
		if is_custody "$command" && [ ! -d "$people" ]; then
			must keep_custody
		elif ! is_custody "$command" && [ ! -d "$work/kept/crl" ]
		then
			must keep_plain
		fi
	done
}

# faulty VARIABLE RULE COMMAND: its exit status in $status.
faulty() {
	start "$3"
	status=0
	(
		export FAKE_MODULE="$module" PATIENCE="$patience" "$1=$2"
		PATH=$work/bin:$PATH
		at fake.yaml command_of "$3"
	) >"$log/out" 2>"$log/err" || status=$?
	cp "$log/err" "$log/fault"
}

# --- the calls ----------------------------------------------------------------

# calls_of COMMAND: $work/files and $work/tokencalls, a line for each call.
calls_of() {
	rm -f "$work/files" "$work/calls"
	faulty LAYER_TRACE "$work/files" "$1"
	[ "$status" -eq 0 ] || bail_out "$1: $(said)"
	faulty FAKE_TRACE "$work/calls" "$1"
	[ "$status" -eq 0 ] || bail_out "$1: $(said)"
	sed "s|$work/||; s|/\\.new\\.[0-9a-f]*|/.new|" "$work/files" \
		>"$work/files.named"
}

# sweep_begin COMMAND
sweep_begin() {
	count=0 turn=0 unnoticed=0 recovered=0 put_back=0 orphans=0
	signed= hung=
	: >"$work/complaints"
	calls_of "$1"
	files=$(wc -l <"$work/files")
	calls=$(wc -l <"$work/calls")
}

# name_of FILE N
name_of() {
	sed -n "$2p" "$1"
}

# tell NAME: a test of all the complaints.
tell() {
	if [ -s "$work/complaints" ]; then
		not_ok "$1"
		note <"$work/complaints"
	else
		ok "$1"
	fi
}
