#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# packaging/deps.sh SET...
#
# Installs what the sets lack, and says what and why. Where all is there it
# does and prints nothing. Sets: build, demo, check, fuzz, bench.

set -eu

# Each set: the package, and why it is needed.
build() {
	cat <<-'END'
	gcc                      compiles anchorite
	make                     runs the Makefile
	pkg-config               finds the libraries
	libc6-dev                headers of the C library
	libssl-dev               OpenSSL 3: X.509, CMS
	libp11-dev               keys on a PKCS#11 token
	libp11-kit-dev           RFC 7512 URIs and the PKCS#11 header
	libyaml-dev              reads policies
	libjansson-dev           reads and writes the journal
	libgfshare-dev           splits PINs among custodians
	libqrencode-dev          the journal's head as a QR code
	END
}

demo() {
	build
	cat <<-'END'
	openssl                  makes requests, checks what was issued
	softhsm2                 a PKCS#11 token in a directory
	gnutls-bin               certtool: a second opinion on certificates
	libnss3-tools            certutil: a third opinion on certificates
	END
}

check() {
	demo
	cat <<-'END'
	libcmocka-dev            unit tests
	opensc                   pkcs11-tool: looks into the token
	jq                       the verifier's guide, followed
	mandoc                   checks the manual
	awscli                   runs what is for the online side
	python3                  a local endpoint for it, which plays AWS
	busybox                  a second shell for what is for the online side
	valgrind                 finds memory errors
	openjdk-17-jdk-headless  Java's PKIX validator, and keytool
	golang-go                Go's crypto/x509
	END
}

fuzz() {
	build
	cat <<-'END'
	clang                    compiles the fuzzers
	libclang-rt-14-dev       libFuzzer and the sanitizers
	END
}

bench() {
	demo
	cat <<-'END'
	libengine-pkcs11-openssl openssl on a token, to compare with
	gnutls-bin               certtool on a token, to compare with
	END
}

die() {
	echo "deps: $*" >&2
	exit 1
}

# The lines of the table on standard input whose package is not installed.
lacking() {
	# shellcheck disable=SC2016 # dpkg-query's own ${}
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' >"$tmp/have"
	awk 'NR == FNR { if ($2 == "installed") have[$1]; next }
	    !($1 in have) && !seen[$1]++' "$tmp/have" -
}

# Are lists there that name every package?
is_known() {
	for name; do
		apt-cache --quiet policy "$name" | grep -q 'Candidate: [^(]' ||
		    return 1
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

can_be_root() {
	[ "$(id -u)" -eq 0 ] && return
	command -v sudo >/dev/null || return
	sudo -n true 2>/dev/null && return
	[ -t 0 ] && [ -t 2 ] && sudo -v
}

update() {
	as_root apt-get -qq update >>"$tmp/log" 2>&1
}

install() {
	as_root apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 \
	    -o DPkg::Lock::Timeout=300 install "$@" </dev/null \
	    >>"$tmp/log" 2>&1
}

# An install can fail for lists that are there, but old: then once more.
update_and_install() {
	if is_known "$@"; then
		install "$@" && return
	fi
	update || true
	install "$@"
}

[ $# -gt 0 ] || die "want one or more of build, demo, check, fuzz, bench"
for set; do
	case $set in
	build | demo | check | fuzz | bench) ;;
	*) die "unknown set $set, want build, demo, check, fuzz or bench" ;;
	esac
done

LC_ALL=C
export LC_ALL
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	die "not a Debian system: install by hand what this names in Debian:" \
	    "$(for set; do "$set"; done | awk '!seen[$1]++ { printf "%s%s",
	    sep, $1; sep = " " }')"
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

for set; do "$set"; done | lacking >"$tmp/lacking"
[ -s "$tmp/lacking" ] || exit 0

# shellcheck disable=SC2046 # one word for each package is what is meant
set -- $(cut -d ' ' -f 1 "$tmp/lacking")
can_be_root || die "this needs root; run as root:" \
    "apt-get update && apt-get install -y --no-install-recommends $*"
sed 's/^/  INSTALL	/' "$tmp/lacking"
if ! update_and_install "$@"; then
	cat "$tmp/log" >&2
	die "cannot install $*"
fi
