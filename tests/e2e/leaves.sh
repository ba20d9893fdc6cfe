#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # log and work are lib.sh's
#
# What stands below the CAs that anchorite certified, made by openssl: other
# CAs, leaves, CRLs. A CA is called by a name: NAME.pem, NAME.key, NAME.crl.

cat >"$work/leaves.cnf" <<END
[req]
distinguished_name = name
string_mask = \$ENV::MASK
[name]
[ca]
default_ca = here
[here]
database = $work/index
crlnumber = $work/crlnumber
default_md = sha256
default_crl_days = 30
crl_extensions = crl
unique_subject = no
[crl]
authorityKeyIdentifier = keyid:always
END
# Of the texts in names: utf8only, or default (PrintableString where it fits).
MASK=utf8only
export MASK
: >"$work/index"
echo 01 >"$work/crlnumber"

# ca_request NAME rsa:BITS|CURVE: NAME.csr and NAME.key.
ca_request() {
	case $2 in
	rsa:*) set -- "$1" -newkey "$2" ;;
	*) set -- "$1" -newkey ec -pkeyopt "ec_paramgen_curve:$2" ;;
	esac
	made=$1
	shift
	must openssl req -new -config "$work/leaves.cnf" "$@" -noenc -sha256 \
		-keyout "$made.key" -out "$made.csr" \
		-subj "/C=US/O=Example Corp/CN=$made"
}

# below ISSUER NAME SUBJECT [EXTENSION...]: NAME.pem, with a key of its own.
below() {
	issuer=$1 made=$2 subject=$3
	shift 3
	for extension; do
		shift
		set -- "$@" -addext "$extension"
	done
	must openssl req -new -x509 -config "$work/leaves.cnf" -utf8 -days 30 \
		-CA "$issuer.pem" -CAkey "$issuer.key" -sha256 \
		-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$made.key" -out "$made.pem" -subj "$subject" \
		-addext subjectKeyIdentifier=hash \
		-addext authorityKeyIdentifier=keyid:always "$@"
}

# leaf ISSUER NAME PURPOSES NAMES [SUBJECT]
leaf() {
	below "$1" "$2" "${5:-/C=US/O=Example Corp/CN=www.example.com}" \
		basicConstraints=critical,CA:FALSE \
		keyUsage=critical,digitalSignature \
		"extendedKeyUsage=$3" "subjectAltName=$4"
}

# lower ISSUER NAME: a CA.
lower() {
	below "$1" "$2" "/C=US/O=Example Corp/CN=$2" \
		basicConstraints=critical,CA:TRUE \
		keyUsage=critical,keyCertSign,cRLSign
	crl_of "$2"
}

# crl_of NAME: its CRL, with nothing in it.
crl_of() {
	must openssl ca -gencrl -config "$work/leaves.cnf" -cert "$1.pem" \
		-keyfile "$1.key" -out "$1.crl"
}

# build_validate: $work/validate, of the standard library alone.
build_validate() {
	must env GO111MODULE=off GOFLAGS= GOPATH="$B/go/path" \
		GOCACHE="$B/go/cache" go build -o "$work/validate" \
		"$tests/validators/validate.go"
}
