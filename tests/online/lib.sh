#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # tests/e2e/lib.sh and tests
#
# For the test of packaging/online/: a PKI and bundles made by hand with
# openssl, the worlds of recorder.py, and runs of the scripts side by side.

online=$tests/../packaging/online
worlds=$work/worlds
runs=$work/runs
arn=arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/0a-1b
cluster=cluster-abcdefghijk
bucket=crl-bucket

# --- a PKI -----------------------------------------------------------------

# quiet COMMAND...
quiet() {
	"$@" >"$log/out" 2>"$log/err" || {
		note <"$log/err"
		bail_out "$*"
	}
}

new_key() {
	quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$1.key"
}

# self_signed NAME EXTENSIONS
self_signed() {
	new_key "$1"
	quiet openssl req -x509 -new -key "$1.key" -subj "/O=Example/CN=$1" \
		-config pki.cnf -extensions "$2" -days 30 -out "$1.pem"
}

# asked NAME [SUBJECT]: NAME.csr, of a fresh key.
asked() {
	new_key "$1"
	quiet openssl req -new -key "$1.key" -config pki.cnf \
		-subj "${2:-/O=Example/CN=$1}" -out "$1.csr"
}

# issued NAME EXTENSIONS [BY] [CSR]: NAME.pem
issued() {
	quiet openssl x509 -req -in "${4:-$1}.csr" -CA "${3:-root}.pem" \
		-CAkey "${3:-root}.key" -days 20 -extfile pki.cnf \
		-extensions "$2" -out "$1.pem"
}

# crl NAME NUMBER(hexadecimal) [BY]
crl() {
	by=${3:-root}
	echo "$2" >"$by.number"
	[ -f "$by.index" ] || : >"$by.index"
	quiet openssl ca -gencrl -config pki.cnf -name "$by" -out "$1.pem"
	quiet openssl crl -in "$1.pem" -outform DER -out "$1.der"
}

ca_section() {
	cat <<-END
	[$1]
	database = $1.index
	crlnumber = $1.number
	certificate = $1.pem
	private_key = $1.key
	default_md = sha256
	default_crl_days = 10
	crl_extensions = crl
	END
}

make_pki() {
	mkdir "$work/pki"
	cd "$work/pki" || bail_out cd
	{
		cat <<-END
		[req]
		distinguished_name = dn
		prompt = no
		string_mask = utf8only
		[dn]
		[ca]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		[sub]
		basicConstraints = critical, CA:TRUE, pathlen:0
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		[leaf]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		[crl]
		authorityKeyIdentifier = keyid
		END
		ca_section root
		ca_section stranger
	} >pki.cnf
	for name in root stranger; do
		self_signed "$name" ca
	done
	for name in journal forger; do
		self_signed "$name" leaf
	done
	code=$(openssl rand -hex 32)
	asked sub
	asked other
	asked hsm '/C=US/O=Cavium/CN=HSM:0a:PARTN:1, for FIPS mode'
	asked iot "/CN=$code"
	issued sub sub
	issued other sub
	issued strange sub stranger sub
	issued hsm leaf
	issued hsm2 leaf root hsm
	issued iot leaf
	crl crl 1000
	crl older 0FFF
	crl newer 010000000000000000
	crl same 1000
	crl foreign 2000 stranger
	printf 'R\t361231235959Z\t260101000000Z\t%s\tunknown\t/CN=sub\n' \
		"$(openssl x509 -in sub.pem -noout -serial | cut -d = -f 2)" \
		>root.index
	crl revoked 1001
	# A renewal, some seconds later.
	command -p sleep 1
	issued renewed sub root sub
	cd "$work/here" || bail_out cd
}

# --- bundles ---------------------------------------------------------------

# sealed DIR: its manifest, signed by the journal key, or another.
sealed() {
	(
		cd "$1" || exit
		rm -f manifest.*
		# shellcheck disable=SC2035 # no name begins with a hyphen
		sha256sum * >"$log/manifest"
		mv "$log/manifest" manifest.sha256
		quiet openssl cms -sign -binary -in manifest.sha256 \
			-signer "$work/pki/${2:-journal}.pem" \
			-inkey "$work/pki/${2:-journal}.key" \
			-outform DER -out manifest.p7s -md sha256
	)
}

# bundle DIR CONSUMER MODE RESOURCE BUCKET CRL-URL: what all have, then its
# own files, FILE=PKI-FILE... ; a file of two is joined by a comma.
bundle() {
	dir=$1
	mkdir -p "$dir"
	cat >"$dir/import.conf" <<-END
	format=1
	consumer=$2
	mode=$3
	resource=$4
	region=${region-eu-central-1}
	bucket=$5
	crl-url=$6
	crl-number=4096
	serial=01
	END
	shift 6
	echo 'Read me.' >"$dir/README.txt"
	cp "$online/import-bundle" "$dir/import.sh"
	(
		cd "$work/pki" || exit
		cp root.pem "$dir/"
		openssl x509 -in root.pem -outform DER -out "$dir/root.der"
		cp journal.pem "$dir/journal-key.pem"
		cp crl.pem crl.der "$dir/"
		for file; do
			# shellcheck disable=SC2046 # words
			cat $(echo "${file#*=}" | tr , ' ') >"$dir/${file%%=*}"
		done
	)
	sealed "$dir"
}

# --- worlds ----------------------------------------------------------------

# wait_for FILE PID: a server writes it when it is ready.
wait_for() {
	until [ -s "$1" ]; do
		kill -0 "$2" 2>"$log/err" || return 1
		command -p sleep 1
	done
}

# The AWS command line takes most of its time to start: aws.py starts it once,
# where it is Python that can be loaded. With REAL_AWS=yes it is run as it is.
start_aws() {
	aws=${ANCHORITE_AWS:-/usr/bin/aws}
	[ -x "$aws" ] || aws=$(command -v aws) ||
		bail_out 'the AWS command line is not installed'
	python=$(sed -n '1s/^#! *\(.*python3*\)$/\1/p' "$aws")
	"${python:-python3}" -B "$tests/online/aws.py" serve "$work/aws" \
		>"$work/ready" 2>"$work/aws.err" &
	server=$!
	cat >"$work/bin/aws" <<-END
	#!/bin/sh
	set -- --endpoint-url http://127.0.0.1:$(cat "$worlds/port") "\$@"
	[ "\${REAL_AWS-}" = yes ] || [ ! -s "$work/ready" ] ||
		exec "${python:-python3}" -S -E -B "$tests/online/aws.py" call "$work/aws" "\$@"
	exec "$aws" "\$@"
	END
	wait_for "$work/ready" $server ||
		echo "# each call starts $aws anew: $(tail -n 1 "$work/aws.err")"
}

# Starts the recorder, and puts an aws into PATH that talks to it, and a sleep
# that takes no time.
start_recorder() {
	mkdir "$worlds" "$runs" "$work/bin" "$work/home"
	python3 -B "$tests/online/recorder.py" "$worlds" \
		>"$work/recorder" 2>&1 &
	recorder=$! server=
	trap 'kill $recorder $server 2>/dev/null; rm -rf "$work"' EXIT
	wait_for "$worlds/port" $recorder ||
		bail_out "recorder: $(cat "$work/recorder")"
	start_aws
	printf '#!/bin/sh\n' >"$work/bin/sleep"
	chmod +x "$work/bin/aws" "$work/bin/sleep"
	cat >"$work/aws.config" <<-END
	[default]
	s3 =
	  addressing_style = path
	END
	PATH=$work/bin:$PATH
	HOME=$work/home
	AWS_CONFIG_FILE=$work/aws.config
	AWS_SHARED_CREDENTIALS_FILE=$work/none
	AWS_SECRET_ACCESS_KEY=dummy
	AWS_EC2_METADATA_DISABLED=true

	NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
	export HOME AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
	export AWS_SECRET_ACCESS_KEY AWS_EC2_METADATA_DISABLED
	export NO_PROXY no_proxy
	unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_SESSION_TOKEN
}

# put WORLD/FILE TEXT: a file of a world.
put() {
	mkdir -p "$worlds/$(dirname "$1")"
	printf '%s\n' "$2" >"$worlds/$1"
}

# put_file WORLD/FILE PKI-FILE
put_file() {
	mkdir -p "$worlds/$(dirname "$1")"
	cp "$work/pki/$2" "$worlds/$1"
}

# put_object WORLD KEY PKI-FILE TYPE
put_object() {
	at=$1/s3/$bucket/objects/$(printf %s "$2" | sed 's/\//%2F/g')
	put_file "$at/null.body" "$3"
	put "$at/type" "$4"
	put "$at/version" null
}

# changes WORLD: the calls that changed something, in one line.
changes() {
	grep -v -e '^Get' -e '^List' -e '^Describe' "$worlds/$1/calls" |
		paste -s -d ' '
}

# --- runs ------------------------------------------------------------------

# go NAME WORLD COMMAND...: what it says and how it ends is kept as NAME.
go() {
	name=$1
	AWS_ACCESS_KEY_ID=$2
	export AWS_ACCESS_KEY_ID
	mkdir -p "$worlds/$2"
	shift 2
	"$@" >"$runs/$name.out" 2>"$runs/$name.err"
	echo $? >"$runs/$name.status"
}

# beside NAME WORLD COMMAND...: beside others, not too many at once.
beside() {
	go "$@" &
	pids="${pids-} $!"
	# shellcheck disable=SC2086 # words
	set -- $pids
	if [ $# -ge 4 ]; then
		all_done
	fi
}

# Waits for all but the recorder.
all_done() {
	for pid in ${pids-}; do
		wait "$pid"
	done
	pids=
}

# went NAME: it ended well; what it said is there for `says`.
went() {
	cp "$runs/$1.out" "$log/out"
	equal "$1" 0 "$(cat "$runs/$1.status" "$runs/$1.err")"
}

# stopped NAME SENTENCE [WHAT TO DO]: it ended with 1 and said so, in two lines
# at most.
stopped() {
	cp "$runs/$1.out" "$log/out"
	equal "$1: $2" "1 ${who:-import-bundle}: $2" \
		"$(cat "$runs/$1.status") $(sed -n 1p "$runs/$1.err")"
	[ -z "${3-}" ] || equal "$1: next: $3" \
		"${who:-import-bundle}: next: $3" "$(sed 1d "$runs/$1.err")"
}
