#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Requests as the tools of others make them: each is shown, checked and
# signed, its subject and key come out octet by octet, and of what it asks
# for, what the profile says.

. "$(dirname "$0")/lib.sh"
for tool in certtool certutil keytool go; do
	command -v "$tool" >"$log/out" ||
		bail_out "$tool is not installed: packaging/deps.sh check"
done

# --- who makes them ----------------------------------------------------------

cat >"$work/openssl.cnf" <<'END'
[req]
prompt = no
utf8 = yes
string_mask = $ENV::MASK
distinguished_name = name
attributes = attributes
[name]
C = US
O = Exämple Corp
CN = Example CA Ö
[attributes]
challengePassword = secret
unstructuredName = An Example
[extensions]
basicConstraints = CA:TRUE
keyUsage = keyCertSign, cRLSign
subjectAltName = DNS:ca.example.com, email:pki@example.com
certificatePolicies = 1.3.6.1.4.1.32473.1.1
subjectInfoAccess = caRepository;URI:http://repo.example.com/
[none]
END
MASK=utf8only
export MASK

# by_openssl NAME [OPTION...]
by_openssl() {
	name=$1
	shift
	must openssl req -new -config "$work/openssl.cnf" -noenc \
		-keyout "$log/key" -out "$name.csr" "$@"
}

# with NAME SECTION HASH [OPTION...]: of a P-256 key.
with() {
	name=$1 section=$2 hash=$3
	shift 3
	by_openssl "$name" -reqexts "$section" "-$hash" -newkey ec \
		-pkeyopt ec_paramgen_curve:P-256 "$@"
}

by_openssl openssl-rsa -newkey rsa:4096 -reqexts extensions -sha512
by_openssl openssl-pss -newkey rsa:3072 -reqexts extensions -sha384 \
	-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
by_openssl openssl-p521 -newkey ec -pkeyopt ec_paramgen_curve:P-521 -sha512 \
	-reqexts extensions
# A hash of another length than the curve's is legal, and openssl's default.
by_openssl openssl-p384-sha256 -newkey ec -pkeyopt ec_paramgen_curve:P-384 \
	-sha256 -reqexts extensions

# String types of old tools; TeletexString is taken for Latin-1.
string_type() {
	MASK=$3
	with "$1" none sha256
	MASK=utf8only
	equal "$1.csr is what it is called, but for C" 4 \
		"$(openssl asn1parse -in "$1.csr" | grep -c "prim: $2 ")"
}
string_type teletex T61STRING MASK:4
string_type bmp BMPSTRING MASK:0x800
with mixed none sha256 -multivalue-rdn \
	-subj '/DC=com/DC=example/O=Corp+OU=PKI/emailAddress=a@example.com/CN=CA'
# No attribute at all, and an empty set of them.
sed '/^attributes = /d' "$work/openssl.cnf" >"$work/bare.cnf"
with bare none sha256 -config "$work/bare.cnf"

cat >"$work/template" <<'END'
country = US
organization = "Example Corp"
cn = "Example CA certtool"
dns_name = "ca.example.com"
challenge_password = "secret"
ca
path_len = 0
cert_signing_key
crl_signing_key
END

# by_certtool NAME TYPE [OPTION...]
by_certtool() {
	name=$1
	must certtool --generate-privkey --key-type "$2" --outfile "$log/key"
	shift 2
	must certtool --generate-request --template "$work/template" \
		--load-privkey "$log/key" --outfile "$name.csr" "$@"
}

by_certtool certtool-rsa rsa
by_certtool certtool-ec ecdsa

mkdir "$work/nss"
must certutil -N -d "sql:$work/nss" --empty-password
head -c 64 /dev/urandom >"$work/noise"

# by_certutil FILE [OPTION...]: the answers are: a CA, of any length, critical.
by_certutil() {
	file=$1
	shift
	must certutil -R -d "sql:$work/nss" -Z SHA256 -z "$work/noise" \
		-s 'CN=Example CA NSS,O=Example Corp,C=US' -o "$file" "$@" \
		<<-END
		y

		y
		END
}

by_certutil nss-rsa.der -k rsa -g 2048
by_certutil nss-ec.csr -k ec -q nistp256 -a -2 -8 ca.example.com \
	--keyUsage certSigning,crlSigning,critical

# by_keytool NAME SIGNATURE [OPTION...]
by_keytool() {
	name=$1 signature=$2
	shift 2
	must keytool -genkeypair -alias "$name" "$@" -sigalg "$signature" \
		-dname 'CN=Example CA keytool, OU="PKI, Root", O=Corp, C=US' \
		-keystore "$work/keys" -storepass "$pin"
	must keytool -certreq -alias "$name" -sigalg "$signature" \
		-keystore "$work/keys" -storepass "$pin" -file "$name.csr" \
		-ext BC:c=ca:true,pathlen:0 -ext KU:c=keyCertSign,cRLSign \
		-ext SAN=dns:ca.example.com
}

by_keytool keytool-rsa SHA256withRSA -keyalg RSA -keysize 2048
by_keytool keytool-pss RSASSA-PSS -keyalg RSA -keysize 3072
by_keytool keytool-ec SHA384withECDSA -keyalg EC -groupname secp384r1

must env GO111MODULE=off GOFLAGS= GOPATH="$B/go/path" GOCACHE="$B/go/cache" \
	go run "$tests/fixtures/requests.go"

for case in adcs adcs-old adcs-renewal; do
	must "$B/craft_adcs" "$case" "$case.der"
done
cp "$fixtures/acm.csr" acm-pca.csr

# --- the authority: a profile that copies nothing, and one that copies all ---

mkdir "$work/policies"
{
	cat "$policies/acm-pca-ec-p384.yaml"
	echo
	shipped subordinate-pathlen0 | sed 's/subordinate-pathlen0:/copying:/'
	echo '    copy-from-request: [subjectAltName, extendedKeyUsage,'
	echo '      certificatePolicies, subjectInfoAccess, msCaVersion,'
	echo '      msPreviousCaHash, msEnrollCertType]'
} | sed '/^$/d' >"$work/policies/requests.yaml"
policies=$work/policies
must new_token demo
must begin requests root
must ca root generate
must ca root certify
must see root show --out root.pem

# What the extensions that may be copied are called by openssl.
cat >"$work/copyable" <<'END'
X509v3 Subject Alternative Name
X509v3 Extended Key Usage
X509v3 Certificate Policies
Subject Information Access
1.3.6.1.4.1.311.21.1
1.3.6.1.4.1.311.21.2
1.3.6.1.4.1.311.20.2
END

# --- what comes of each ------------------------------------------------------

# The file; how many extensions it asks for, and how many can be copied.
cat >"$work/table" <<'END'
acm-pca.csr             1 0
openssl-rsa.csr         5 3
openssl-pss.csr         5 3
openssl-p521.csr        5 3
openssl-p384-sha256.csr 5 3
teletex.csr             0 0
bmp.csr                 0 0
mixed.csr               0 0
bare.csr                0 0
certtool-rsa.csr        3 1
certtool-ec.csr         3 1
nss-rsa.der             0 0
nss-ec.csr              3 1
keytool-rsa.csr         4 1
keytool-pss.csr         4 1
keytool-ec.csr          4 1
go-rsa.csr              2 1
go-ec.csr               2 1
adcs.der                5 2
adcs-old.der            5 2
adcs-renewal.der        6 3
END
files=$(cut -d ' ' -f 1 "$work/table")
for file in $files; do
	passes "$file: csr show" anchorite csr show "$file"
	passes "$file: csr check" anchorite csr check "$file" --profile copying \
		--policy "$policies/requests.yaml"
done
# shellcheck disable=SC2086 # words
must ca sign --profile subordinate-pathlen0 $files
# shellcheck disable=SC2086 # words
must ca sign --profile copying --reissue $files
serials >"$work/serials"
count=$(wc -l <"$work/table")

# certificate N NAME: the nth that was signed, as NAME.pem and NAME.der.
certificate() {
	must see show --out "$2.pem" "$(sed -n "$1p" "$work/serials")"
	must openssl x509 -in "$2.pem" -outform DER -out "$2.der"
}

n=0
while read -r file asked copied; do
	n=$((n + 1))
	certificate "$n" "$n-plain"
	certificate $((count + n)) "$n-copying"
	form=PEM
	[ "${file%.der}" = "$file" ] || form=DER
	must openssl req -in "$file" -inform $form -outform DER \
		-out "$n-request.der"
	for profile in plain copying; do
		passes "$file, $profile: openssl takes it, strictly" openssl \
			verify -x509_strict -CAfile root.pem "$n-$profile.pem"
		same "$file, $profile: the subject's octets" \
			"$n-$profile.der" 6 "$n-request.der" 2
		same "$file, $profile: the key's octets" \
			"$n-$profile.der" 7 "$n-request.der" 3
	done

	extensions "$n-request.der" >"$log/asked"
	extensions "$n-plain.der" >"$log/plain"
	grep -F -f "$work/copyable" "$log/asked" >"$log/copied"
	equal "$file: asks for, and can be copied" "$asked $copied" \
		"$(wc -l <"$log/asked") $(wc -l <"$log/copied")"
	equal "$file: the profile sets these and no others" \
'X509v3 Basic Constraints critical 30060101FF020100
X509v3 Authority Key Identifier
X509v3 Subject Key Identifier
X509v3 Key Usage critical 03020186
X509v3 CRL Distribution Points' \
		"$(sed '/critical/!s/ [0-9A-F]*$//' "$log/plain")"
	equal "$file: the profile that copies sets as much, and those" \
		"$(sort "$log/plain" "$log/copied")" \
		"$(extensions "$n-copying.der" | sort)"
done <"$work/table"

# --- one request in every form ----------------------------------------------

digest() {
	anchorite csr show "$1" | grep -o '[0-9a-f]\{64\}'
}

# form NAME FILE: it is the same request.
form() {
	equal "$1" "$(digest nss-ec.csr)" "$(digest "$2")"
}

# NSS ends its lines in CRLF.
sed -n '/^-----BEGIN/,$p' nss-ec.csr | tr -d '\r' >plain.csr
openssl req -in plain.csr -outform DER -out form.der
sed 's/$/\r/' plain.csr >crlf.csr
sed 's/ NEW / /' plain.csr >old.csr
openssl req -in plain.csr -text -out text.csr
printf '%s' "$(cat plain.csr)" >no-newline.csr
{
	head -n 1 plain.csr
	sed '1d;$d' plain.csr | tr -d '\n' | fold -w 76
	echo
	tail -n 1 plain.csr
} >wide.csr
equal 'NSS writes a heading, and NEW CERTIFICATE REQUEST' '1 1' \
	"$(grep -c '^Common Name: ' nss-ec.csr) $(grep -c \
	'BEGIN NEW CERTIFICATE REQUEST' nss-ec.csr)"
form 'without the heading' plain.csr
form 'DER' form.der
form 'CRLF' crlf.csr
form 'CERTIFICATE REQUEST' old.csr
form "with openssl's text before it" text.csr
form 'without a newline at its end' no-newline.csr
form 'in lines of 76' wide.csr

passes 'audit verify' see audit verify
finish
