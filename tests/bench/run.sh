#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints, in one run on one token: signatures per second of the bare token
# and of anchorite, with their ratio; and the processor time of signing one
# request with anchorite and with the tools that people use instead. Absolute
# numbers are the machine's; read the ratios.

set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
cd "$here"
B=$(cd "${B:-build}" && pwd)
PATH=$B:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

requests=${BENCH_REQUESTS:-200}
runs=${BENCH_RUNS:-9}
pin=876543210
module=$(dpkg -L libsofthsm2 | grep '/libsofthsm2.so$' | head -n 1)
mkdir tokens
cat >softhsm2.conf <<END
directories.tokendir = $work/tokens
objectstore.backend = file
log.level = ERROR
END
printf 'module: %s\ntoken: pkcs11:token=bench\nstore: tokens\npin: prompt\n' \
	"$module" >site.yaml
export SOFTHSM2_CONF="$work/softhsm2.conf" ANCHORITE_SITE="$work/site.yaml"

with_pin() {
	printf '%s\n' "$pin" | "$@"
}

printf '%s\n%s\n' "$pin" "$pin" |
	anchorite token init --label bench --secret-fd 0 >/dev/null
mkdir csr
n=0
while [ "$n" -lt $((requests + 2 * runs + 2)) ]; do
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout /dev/null -out "csr/$n.csr" -sha256 \
		-subj "/C=US/O=Example Corp/CN=bench $n" 2>/dev/null
	n=$((n + 1))
done

batch() {
	n=0
	while [ "$n" -lt "$requests" ]; do
		echo "csr/$n.csr"
		n=$((n + 1))
	done
}

# User and system time of a command, milliseconds.
cpu_of() {
	bash -c 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1 </dev/fd/3 3<&-; } 2>&1' \
		sh "$@" 3<pin | awk '{ printf "%.1f\n", ($1 + $2) * 1000 }'
}

# one NAME COMMAND…: the median of several runs.
one() {
	name=$1
	shift
	n=0
	: >times
	while [ "$n" -lt "$runs" ]; do
		ANCHORITE_BENCH_CSR=csr/$((requests + next)).csr "$@" >>times
		next=$((next + 1))
		n=$((n + 1))
	done
	sort -n times | awk -v name="$name" '{ t[NR] = $1 }
	    END { printf "  %-34s %7.1f ms\n", name, t[int((NR + 1) / 2)] }'
}

ours() {
	cpu_of anchorite sign --authority "$root" --secret-fd 0 --yes \
		--profile subordinate-pathlen0 "$ANCHORITE_BENCH_CSR"
}

their_req() {
	cpu_of openssl x509 -req -engine pkcs11 -CAkeyform engine \
		-CAkey "$uri" -CA root.pem -in "$ANCHORITE_BENCH_CSR" \
		-days 365 -set_serial "0x$(openssl rand -hex 16)" \
		-extfile ext.cnf -out out.pem
	[ -s out.pem ] && rm out.pem
}

their_ca() {
	cpu_of openssl ca -engine pkcs11 -keyform engine -keyfile "$uri" \
		-config ca.cnf -batch -notext -in "$ANCHORITE_BENCH_CSR" \
		-out out.pem
	[ -s out.pem ] && rm out.pem
}

their_certtool() {
	cpu_of certtool --provider "$module" --generate-certificate \
		--load-request "$ANCHORITE_BENCH_CSR" \
		--load-ca-certificate root.pem --load-ca-privkey "$uri" \
		--template tool.cfg --outfile out.pem
	[ -s out.pem ] && rm out.pem
}

echo "$pin" >pin
cat >ext.cnf <<'END'
basicConstraints=critical,CA:TRUE,pathlen:0
authorityKeyIdentifier=keyid
subjectKeyIdentifier=hash
keyUsage=critical,digitalSignature,keyCertSign,cRLSign
END
cat >tool.cfg <<'END'
ca
path_len = 0
cert_signing_key
crl_signing_key
signing_key
expiration_days = 365
END

for kind in rsa-4096 ec-p384; do
	root=root-$kind
	with_pin anchorite init --yes --policy \
		"$here/policies/acm-pca-$kind.yaml" \
		--secret-fd 0 "$root" >/dev/null
	with_pin anchorite root generate --yes --authority "$root" --secret-fd 0 \
		>/dev/null
	with_pin anchorite root certify --authority "$root" --secret-fd 0 \
		--yes >/dev/null
	anchorite root show --authority "$root" --out root.pem >/dev/null
	uri="pkcs11:token=bench;object=$root%20root;type=private?pin-value=$pin"
	rm -rf ca
	mkdir ca
	: >ca/index
	echo 1000 >ca/serial
	cat >ca.cnf <<END
[ca]
default_ca=a
[a]
database=ca/index
serial=ca/serial
new_certs_dir=ca
certificate=root.pem
default_md=default
default_days=365
policy=p
x509_extensions=e
[p]
commonName=supplied
organizationName=optional
countryName=optional
[e]
$(cat ext.cnf)
END
	echo "$kind, processor time of one process that signs one request:"
	next=0
	one anchorite ours
	next=0
	one 'openssl ca, pkcs11 engine' their_ca
	next=0
	one 'openssl x509 -req, pkcs11 engine' their_req
	next=0
	one 'certtool --provider' their_certtool
	rm -f root.pem
	echo "$kind, $requests requests (P-256):"
	# shellcheck disable=SC2046 # one word a file
	with_pin bench "$root" site.yaml subordinate-pathlen0 $(batch)
done
