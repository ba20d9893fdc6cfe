#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # tests read what is set here
#
# Four custodians, for the tests of two-person control; source it behind
# lib.sh. alice and bob have keys in files, carol (EC) and dave (RSA) on a
# second token, their cards. Beside here/:
#
#   people/        alice.key bob.key carol.yaml dave.yaml, and their .pem
#   shares/        what token init --split wrote
#   policy.yaml    with the roster below
#   sheets/        what a test took from the printer, by name

people=$work/people sheets=$work/sheets
also=		# the PIN of a token that is not split
roster='alice operator disable restore destroy policy share
bob operator delete restore backup policy share
carol disable delete destroy backup policy share
dave restore destroy backup auditor share'

# passphrase NAME: what opens a credential; of sheet:NAME, its lines.
passphrase() {
	case $1 in
	sheet:*) sed -n 's/^Line [1-9]: *//p' "$sheets/${1#*:}" ;;
	carol | dave) echo "$pin" ;;
	*) echo "passphrase of $1" ;;
	esac
}

# credential NAME: its file, or sheet:NAME itself.
credential() {
	case $1 in
	sheet:*) echo "$1" ;;
	esac
	for ending in key yaml; do
		[ -f "$people/$1.$ending" ] || continue
		echo "$people/$1.$ending"
		return
	done
}

# new_custodian NAME [OPTION...]
new_custodian() {
	name=$1
	shift
	printf '%s\n%s\n' "$(passphrase "$name")" "$(passphrase "$name")" |
		anchorite custodian new --person "$name Example" \
			--secret-fd 0 "$@" "$people/$name"
}

make_people() {
	mkdir "$people"
	site card.yaml "$module" pkcs11:token=cards
	new_custodian alice && new_custodian bob && new_token cards &&
	new_custodian carol --card "$work/card.yaml" &&
	new_custodian dave --card "$work/card.yaml" --kind rsa-3072
}

# pinned NAME: the digest of a custodian's certificate.
pinned() {
	openssl x509 -in "$people/$1.pem" -outform DER | sha256sum |
		cut -d ' ' -f 1
}

# write_policy FILE [BASE]: a policy with the roster; more stands on stdin.
write_policy() {
	{
		cat "$policies/${2:-acm-pca-ec-p384}.yaml"
		echo custodians:
		echo "$roster" | while read -r name roles; do
			echo "  $name:"
			echo "    certificate: $(pinned "$name")"
			echo "    roles: [$(echo "$roles" | sed 's/ /, /g')]"
		done
		cat
	} >"$1"
}

# with NAME,NAME... COMMAND...: anchorite with these custodians present.
with() {
	who=$(echo "$1" | tr ',' ' ')
	shift
	for name in $who; do
		set -- "$@" --credential "$(credential "$name")"
	done
	{
		for name in $who; do
			passphrase "$name"
		done
		[ -z "$also" ] || echo "$also"
	} | anchorite "$@" --secret-fd 0
}

# on NAME,NAME... COMMAND...: the same on the authority, all confirmed.
on() {
	present=$1
	shift
	with "$present" "$@" --yes --authority "$authority"
}

# approve NAME FILE [OPTION...]: FILE.NAME.p7s.
approve() {
	person=$1
	shift
	with "$person" approve "$@" --yes
}

# flip FILE OFFSET: changes that octet, whatever it is.
flip() {
	tail -c "+$(($2 + 1))" "$1" | head -c 1 |
		tr '\000-\377' '\001-\377\000' |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>"$log/err"
}

# A token whose PIN is split 2 of 4, and an active authority on it.
make_custody() {
	make_people && write_policy "$work/policy.yaml" </dev/null &&
	anchorite token init --label demo --split 2/4 --sheets none --yes \
		--policy "$work/policy.yaml" --custodians "$people" \
		--out "$work/shares" &&
	with alice,carol init --yes --policy "$work/policy.yaml" \
		--custodians "$people" --shares "$work/shares" root &&
	with bob,dave root generate --authority root &&
	on alice,dave root certify
}

# take_custody: the same, made once for a build, and anew each hour as a
# sitting ends, and then copied. The cards' files name the store by its path,
# which is another one in each test.
take_custody() {
	kept=$B/e2e/custody
	one_maker
	if [ -z "$(find "$kept" -prune -newer "$B/anchorite" -mmin -60 \
	    2>"$log/err")" ]
	then
		must make_custody
		rm -rf "$kept"
		mkdir -p "$kept"
		cp -a "$work/tokens" "$work/people" "$work/shares" \
			"$work/policy.yaml" root "$kept/"
		touch "$kept"
		exec 9>&-
		return
	fi
	exec 9>&-
	rmdir "$work/tokens"
	cp -a "$kept/tokens" "$kept/people" "$kept/shares" \
		"$kept/policy.yaml" "$work/"
	cp -a "$kept/root" .
	for name in carol dave; do
		sed -i "s|^store:.*|store: \"$work/tokens\"|" \
			"$people/$name.yaml"
	done
}
