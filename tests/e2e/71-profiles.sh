#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every profile of policies/consumers.yaml is signed once; what comes is
# judged by OpenSSL and GnuTLS, as what it is for.

. "$(dirname "$0")/lib.sh"
subject='/C=US/O=Example Corp'
crl=http://crl.example.com/example-corp-root-c1

# ask NAME SUBJECT [OPTION...]: NAME.csr of a fresh key, NAME.key.
ask() {
	name=$1 asked=$2
	shift 2
	[ $# -gt 0 ] || set -- -newkey ec -pkeyopt ec_paramgen_curve:P-256
	openssl req -new -noenc -keyout "$work/$name.key" -out "$name.csr" \
		-sha256 -subj "$asked" -config "$work/openssl.cnf" \
		"$@" 2>"$log/err" || bail_out "request $name"
}

# put NAME: the newest certificate as NAME.pem.
put() {
	rm -f "$1.pem"
	must see show --out "$1.pem" "$(serial "$(serials | wc -l)")"
}

# issue PROFILE REQUEST [OPTION...]: PROFILE.pem.
issue() {
	profile=$1 csr=$2
	shift 2
	passes "$profile: signed" ca sign --yes --reissue \
		--profile "$profile" "$@" "$csr"
	cp "$log/out" "$log/shown"
	put "$profile"
}

# extension FILE NAME: what openssl says of it, in one line.
extension() {
	openssl x509 -in "$1" -noout -ext "$2" 2>/dev/null | tail -n +2 |
		sed 's/^ *//; s/ *$//' | paste -s -d ' '
}

# The extensions there are, by their OpenSSL names; critical ones marked.
extensions() {
	openssl x509 -in "$1" -noout -text | sed -n '/X509v3 extensions/,$p' |
		sed -n 's/^            \([^ ].*\): \(critical\)\{0,1\} *$/\1 \2/p' |
		sed 's/^X509v3 //; s/ $/;/; s/critical$/critical;/' |
		paste -s -d ' '
}

# verifies NAME FILE PURPOSE OID [CHAIN]: both agree that it serves.
verifies() {
	passes "$1: openssl verify" openssl verify -x509_strict \
		-purpose "$3" -CAfile root.pem ${5:+-untrusted "$5"} "$2"
	cat "$2" ${5:+"$5"} >"$log/chain"
	passes "$1: certtool" certtool --verify --infile "$log/chain" \
		--load-ca-certificate root.pem ${4:+--verify-purpose "$4"}
}

# ca_verifies NAME: a CA's.
ca_verifies() {
	passes "$1: openssl verify" openssl verify -x509_strict \
		-CAfile root.pem "$1.pem"
	passes "$1: certtool" certtool --verify --infile "$1.pem" \
		--load-ca-certificate root.pem
}

# leaf CA FILE SUBJECT [SAN]: FILE.pem, signed under CA.pem, CA.key.
leaf() {
	ca=$1 file=$2 named=$3
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$log/key" -out "$log/csr" -subj "$named" 2>/dev/null
	{
		echo 'basicConstraints = critical, CA:FALSE'
		echo 'keyUsage = critical, digitalSignature'
		echo 'authorityKeyIdentifier = keyid'
		echo 'subjectKeyIdentifier = hash'
		echo 'extendedKeyUsage = serverAuth, emailProtection'
		[ -z "${4:-}" ] || echo "subjectAltName = $4"
	} >"$log/extensions"
	openssl x509 -req -in "$log/csr" -CA "$ca.pem" \
		-CAkey "$work/$5.key" -days 30 -sha256 \
		-extfile "$log/extensions" -out "$file.pem" 2>"$log/err" ||
		bail_out "leaf $file"
}

cat >"$work/openssl.cnf" <<'END'
[req]
distinguished_name = name
[name]
[passthrough]
basicConstraints = critical, CA:TRUE
extendedKeyUsage = critical, serverAuth
subjectAltName = DNS:ca.example.com
certificatePolicies = 1.3.6.1.4.1.32473.9
subjectInfoAccess = critical, caRepository;URI:http://ca.example.com/
[adcs]
basicConstraints = critical, CA:TRUE
keyUsage = digitalSignature, keyCertSign, cRLSign
1.3.6.1.4.1.311.21.1 = critical, DER:02:03:01:00:01
1.3.6.1.4.1.311.21.2 = DER:04:02:01:02
1.3.6.1.4.1.311.20.2 = critical, ASN1:BMP:SubCA
[ca]
basicConstraints = critical, CA:TRUE
[existing]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectKeyIdentifier = 0102030405060708
[leaf]
basicConstraints = CA:FALSE
subjectKeyIdentifier = 0102030405060708
END

passes 'policy show' anchorite policy show "$policies/consumers.yaml"
says 'it says the digest' "    $(
	sha256sum <"$policies/consumers.yaml" | cut -d ' ' -f 1)"
says 'and each profile: its type' '  type               cross-certificate'
says 'subjects' '  subject wants      CN like [0-9a-fA-F]{64}'
says 'what is copied' \
	'  copied             msCaVersion, msPreviousCaHash, msEnrollCertType'
says 'extensions' '                     noCheck: yes'
echo 'format: 2' >bad.yaml
refused 3 'bad.yaml:1:9: format: want a number from 1 to 1, have 2' \
	anchorite policy show bad.yaml
rm bad.yaml

take_authority consumers
must see root show --out root.pem
ask sub "$subject/CN=Sub" -newkey rsa:3072 -reqexts ca

# --- subordinate CAs --------------------------------------------------------

# AWS's templates: with nothing to pass through, they are the plain ones.
plain='Basic Constraints critical; Authority Key Identifier; '\
'Subject Key Identifier; Key Usage critical; CRL Distribution Points;'
for n in 0 1 2 3; do
	issue "csr-passthrough-pathlen$n" sub.csr
	ca_verifies "csr-passthrough-pathlen$n"
	equal "csr-passthrough-pathlen$n: path length" \
		"CA:TRUE, pathlen:$n" \
		"$(extension "csr-passthrough-pathlen$n.pem" basicConstraints)"
	equal "csr-passthrough-pathlen$n: extensions" "$plain" \
		"$(extensions "csr-passthrough-pathlen$n.pem")"
done
ask passing "$subject/CN=Passing" -newkey rsa:2048 -reqexts passthrough
passes 'passing through: csr check' anchorite csr check \
	--policy "$policies/consumers.yaml" \
	--profile csr-passthrough-pathlen0 passing.csr
says 'what must not be critical is not' \
	'subjectInfoAccess: copied, not critical'
says 'what may be is' 'extendedKeyUsage: copied'
issue csr-passthrough-pathlen0 passing.csr
ca_verifies csr-passthrough-pathlen0
equal 'passing through: in AWS'\''s order, then as asked for' \
	"$plain Extended Key Usage critical; Subject Alternative Name; "\
'Certificate Policies; Subject Information Access;' \
	"$(extensions csr-passthrough-pathlen0.pem)"

issue primary sub.csr
ca_verifies primary
equal 'primary: ends with the root' \
	"$(openssl x509 -in root.pem -noout -enddate)" \
	"$(openssl x509 -in primary.pem -noout -enddate)"

ask adcs "$subject/CN=Sub CA" -newkey rsa:2048 -reqexts adcs
issue adcs adcs.csr
ca_verifies adcs
equal 'adcs: Microsoft'\''s are not critical' "Basic Constraints critical; "\
'Authority Key Identifier; Subject Key Identifier; Key Usage critical; '\
'CRL Distribution Points; Authority Information Access; '\
'1.3.6.1.4.1.311.21.1; 1.3.6.1.4.1.311.21.2; 1.3.6.1.4.1.311.20.2;' \
	"$(extensions adcs.pem)"
equal 'adcs: issuer' "CA Issuers - URI:$crl.crt" \
	"$(extension adcs.pem authorityInfoAccess)"
openssl asn1parse -in adcs.pem >"$log/out"
says 'adcs: CA version as asked for' '[HEX DUMP]:0203010001'
says 'adcs: template as asked for' \
	'[HEX DUMP]:1E0A00530075006200430041'

issue tls-only sub.csr
ca_verifies tls-only
equal 'tls-only: purposes' \
	'TLS Web Server Authentication, TLS Web Client Authentication' \
	"$(extension tls-only.pem extendedKeyUsage)"
leaf tls-only tls "$subject/CN=tls" DNS:tls.example sub
verifies 'tls-only: a server below' tls.pem sslserver 1.3.6.1.5.5.7.3.1 \
	tls-only.pem
run openssl verify -x509_strict -purpose smimesign -CAfile root.pem \
	-untrusted tls-only.pem tls.pem
equal 'tls-only: no mail below' 2 "$status"
cat tls.pem tls-only.pem >"$log/chain"
run certtool --verify --infile "$log/chain" --load-ca-certificate root.pem \
	--verify-purpose 1.3.6.1.5.5.7.3.4
equal 'tls-only: no mail below, says certtool' 1 "$status"

issue policies sub.csr
ca_verifies policies
equal 'policies: both, and the CPS' 'Policy: 1.3.6.1.4.1.32473.1.1 '\
'CPS: http://pki.example.com/cps Policy: 1.3.6.1.4.1.32473.1.2' \
	"$(extension policies.pem certificatePolicies)"

# --- name constraints -------------------------------------------------------

issue constrained sub.csr
ca_verifies constrained
equal 'constrained: to these names' \
	'Permitted: DNS:example.com email:example.com email:.example.com '\
'IP:10.0.0.0/255.0.0.0 IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0 '\
'DirName:C = US, O = Example Corp '\
'Excluded: DNS:lab.example.com email:lab.example.com '\
'IP:10.66.0.0/255.255.0.0 IP:2001:DB8:66:0:0:0:0:0/FFFF:FFFF:FFFF:0:0:0:0:0' \
	"$(extension constrained.pem nameConstraints)"

# within|outside NAME SUBJECT SAN [openssl]: the leaf is accepted, or refused
# for its name, by both, or by that one alone. A server's CN is a DNS name to
# GnuTLS, where it has no other.
below=constrained
within() {
	leaf "$below" leaf "$2" "$3" sub
	verifies "within: $1" leaf.pem any '' "$below.pem"
}
outside() {
	leaf "$below" leaf "$2" "$3" sub
	run openssl verify -x509_strict -CAfile root.pem \
		-untrusted "$below.pem" leaf.pem
	if grep -q -e 'subtree violation' "$log/err"; then
		ok "outside: $1: openssl"
	else
		not_ok "outside: $1: openssl"
		note <"$log/err"
	fi
	[ "${4:-}" != openssl ] || return 0
	cat leaf.pem "$below.pem" >"$log/chain"
	run certtool --verify --infile "$log/chain" \
		--load-ca-certificate root.pem
	if [ "$status" -ne 0 ] && grep -q constraints "$log/out"; then
		ok "outside: $1: certtool"
	else
		not_ok "outside: $1: certtool"
		note <"$log/out"
	fi
}
within 'DNS' "$subject/CN=www.example.com" DNS:www.example.com
within 'mail' "$subject/CN=www.example.com" email:a@example.com
within 'mail below' "$subject/CN=www.example.com" email:a@x.example.com
within 'IPv4' "$subject/CN=www.example.com" IP:10.1.2.3
within 'IPv6' "$subject/CN=www.example.com" IP:2001:db8::1
outside 'DNS not permitted' "$subject/CN=www.example.com" DNS:www.example.org
outside 'DNS excluded' "$subject/CN=www.example.com" DNS:www.lab.example.com
outside 'mail not permitted' "$subject/CN=www.example.com" email:a@example.org
outside 'mail excluded' "$subject/CN=www.example.com" email:a@lab.example.com
outside 'IPv4 not permitted' "$subject/CN=www.example.com" IP:192.0.2.1
outside 'IPv4 excluded' "$subject/CN=www.example.com" IP:10.66.0.1
outside 'IPv6 not permitted' "$subject/CN=www.example.com" IP:2001:db9::1
outside 'IPv6 excluded' "$subject/CN=www.example.com" IP:2001:db8:66::1
outside 'directory not permitted' '/C=US/O=Another Corp/CN=www.example.com' '' openssl

issue excluding-subjects sub.csr
ca_verifies excluding-subjects
equal 'excluding-subjects: names' \
	'Excluded: DirName:C = US, O = Example Corp, OU = Lab' \
	"$(extension excluding-subjects.pem nameConstraints)"
below=excluding-subjects
outside 'directory excluded' "$subject/OU=Lab/CN=www.example.com" '' openssl
leaf "$below" leaf "$subject/OU=Office/CN=x" '' sub
passes 'within: directory not excluded' openssl verify -x509_strict \
	-CAfile root.pem -untrusted "$below.pem" leaf.pem

# --- end entities -----------------------------------------------------------

leaf_like='Basic Constraints critical; Authority Key Identifier; '\
'Subject Key Identifier; Key Usage critical;'
ask cluster '/C=US/ST=CA/O=Cavium/OU=N3FIPS/L=SanJose/CN=HSM:0123456789ABCDEF'\
':PARTN:12, for FIPS mode' -newkey rsa:2048
issue cloudhsm-cluster cluster.csr
verifies 'cloudhsm-cluster: server' cloudhsm-cluster.pem sslserver \
	1.3.6.1.5.5.7.3.1
verifies 'cloudhsm-cluster: client' cloudhsm-cluster.pem sslclient \
	1.3.6.1.5.5.7.3.2
equal 'cloudhsm-cluster: as AWS'\''s EndEntityCertificate' \
	"$leaf_like Extended Key Usage;" "$(extensions cloudhsm-cluster.pem)"
equal 'cloudhsm-cluster: no CA' CA:FALSE \
	"$(extension cloudhsm-cluster.pem basicConstraints)"
equal 'cloudhsm-cluster: key usage' 'Digital Signature, Key Encipherment' \
	"$(extension cloudhsm-cluster.pem keyUsage)"

code=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ask iot "/CN=$code"
issue iot-verification iot.csr
verifies iot-verification iot-verification.pem any ''
equal 'iot-verification: extensions' "$leaf_like" \
	"$(extensions iot-verification.pem)"
equal 'iot-verification: its CN' "subject=CN = $code" \
	"$(openssl x509 -in iot-verification.pem -noout -subject)"

ask responder "$subject/CN=Responder"
issue ocsp-responder responder.csr
verifies ocsp-responder ocsp-responder.pem ocsphelper 1.3.6.1.5.5.7.3.9
equal 'ocsp-responder: extensions' \
	"$leaf_like Extended Key Usage; OCSP No Check;" \
	"$(extensions ocsp-responder.pem | sed 's/ *OCSP/ OCSP/')"

# It answers for the root, and is believed.
number=$(openssl x509 -in constrained.pem -noout -serial | cut -d = -f 2)
printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=Sub\n' "$number" >"$work/index"
must openssl ocsp -issuer root.pem -serial "0x$number" -no_nonce \
	-reqout "$work/ocsp.req"
must openssl ocsp -index "$work/index" -CA root.pem \
	-rsigner ocsp-responder.pem -rkey "$work/responder.key" \
	-reqin "$work/ocsp.req" -respout "$work/ocsp.resp" -ndays 1
run openssl ocsp -respin "$work/ocsp.resp" -issuer root.pem \
	-serial "0x$number" -CAfile root.pem
cat "$log/err" >>"$log/out"
says 'ocsp-responder: its response verifies' 'Response verify OK'
says 'ocsp-responder: and says good' "0x$number: good"

# --- cross-certificates -----------------------------------------------------

ask old '/C=DE/O=Old Corp/CN=Old Root' \
	-newkey ec -pkeyopt ec_paramgen_curve:P-384
self_sign() {
	openssl req -x509 -key "$work/old.key" -subj "$1" -days 3650 -sha256 \
		-config "$work/openssl.cnf" -extensions "$2" -out "$3"
}
must self_sign '/C=DE/O=Old Corp/CN=Old Root' existing old.pem
refused 2 'request old.csr: profile cross is for cross-certificates: '\
'--certificate is missing' ca sign --profile cross old.csr
refused 2 'sign: --certificate takes one request, have 2' \
	ca sign --profile cross --certificate old.pem old.csr iot.csr
refused 2 'request sub.csr: profile tls-only is not for cross-certificates: '\
'no --certificate' ca sign --profile tls-only --certificate old.pem sub.csr
refused 3 'existing certificate: none.pem: No such file or directory' \
	ca sign --profile cross --certificate none.pem old.csr
: >empty.pem
refused 3 'existing certificate: empty.pem: empty' \
	ca sign --profile cross --certificate empty.pem old.csr
refused 3 'request old.csr: existing certificate: certificate: PEM '\
'label CERTIFICATE REQUEST, want CERTIFICATE' \
	ca sign --profile cross --certificate sub.csr old.csr
must self_sign '/C=DE/O=Old Corp/CN=Old  Root' existing other.pem
recorded sign 'request old.csr: cross-certificate: subject: want C=DE, O=Old '\
'Corp, CN=Old  Root, have C=DE, O=Old Corp, CN=Old Root (RFC 5280, 6.1.3)' \
	ca sign --profile cross --certificate other.pem old.csr
must self_sign '/C=DE/O=Old Corp/CN=Old Root' leaf leaf-like.pem
recorded sign 'request old.csr: cross-certificate: existing certificate: want '\
'CA:TRUE, and keyCertSign in a key usage, have CA:FALSE (RFC 5280, 4.2.1.9)' \
	ca sign --profile cross --certificate leaf-like.pem old.csr

# By a CA whose key nobody here has: anybody could have written it.
must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	-keyout "$work/honest.key" -subj '/CN=Honest Foreign Root' -days 3650 \
	-config "$work/openssl.cnf" -extensions existing -out "$work/honest.pem"
must openssl x509 -req -in old.csr -CA "$work/honest.pem" \
	-CAkey "$work/honest.key" -set_serial 7 -days 3650 \
	-extfile "$work/openssl.cnf" -extensions existing \
	-out "$work/foreign.pem"
openssl x509 -in "$work/foreign.pem" -outform DER >forged.der
size=$(wc -c <forged.der)
printf '\252\252\252' | dd of=forged.der bs=1 seek=$((size - 8)) \
	conv=notrunc 2>"$log/err"
for existing in "$work/foreign.pem" forged.der; do
	recorded sign 'request old.csr: cross-certificate: its signature: '\
'want one by itself or by this root: no other CA'\''s key is at hand to '\
'verify it, have one by CN=Honest Foreign Root (RFC 5280, 6.1.3)' \
		ca sign --profile cross --certificate "$existing" old.csr
done
openssl x509 -in old.pem -outform DER >forged.der
size=$(wc -c <forged.der)
printf '\252\252\252' | dd of=forged.der bs=1 seek=$((size - 8)) \
	conv=notrunc 2>"$log/err"
recorded sign 'request old.csr: cross-certificate: its signature: want one '\
'that verifies under its own key, have one that does not (RFC 5280, 6.1.3)' \
	ca sign --profile cross --certificate forged.der old.csr

issue cross old.csr --certificate old.pem
cp "$log/shown" "$log/out"
says 'cross: the existing one is shown' "    $(
	openssl x509 -in old.pem -outform DER | sha256sum | cut -d ' ' -f 1)"
says 'cross: and whose signature it has' '  that one is by     itself'
ca_verifies cross
for field in subject pubkey; do
	equal "cross: $field" "$(openssl x509 -in old.pem -noout -$field)" \
		"$(openssl x509 -in cross.pem -noout -$field)"
done
equal 'cross: subject key identifier' 01:02:03:04:05:06:07:08 \
	"$(extension cross.pem subjectKeyIdentifier)"
equal 'cross: begins with the existing one' \
	"$(openssl x509 -in old.pem -noout -startdate)" \
	"$(openssl x509 -in cross.pem -noout -startdate)"
leaf old below '/C=DE/O=Old Corp/CN=below' DNS:below.example old
verifies 'cross: a server below' below.pem sslserver 1.3.6.1.5.5.7.3.1 \
	cross.pem
passes 'cross: as under the old root' openssl verify -x509_strict \
	-CAfile old.pem below.pem

# One of this root, too, can be verified here.
issue primary old.csr
passes 'cross: beside one of this root' ca sign --yes --reissue \
	--profile cross --certificate primary.pem old.csr
says 'cross: by this root' '  that one is by     this root'

passes 'audit verify' see audit verify
object=$authority/objects/$(openssl x509 -in old.pem -outform DER |
	sha256sum | cut -d ' ' -f 1)
mv "$object" "$log/object"
run see audit verify
equal 'audit verify wants the existing certificate' 7 "$status"
mv "$log/object" "$object"

# --- refused ----------------------------------------------------------------

ask short '/CN=0123456789abcdef'
recorded sign 'request short.csr: subject pattern: want CN like '\
'[0-9a-fA-F]{64}, have CN=0123456789abcdef (policy: pattern)' \
	ca sign --profile iot-verification short.csr
ask ca_iot "/CN=$code" -newkey rsa:2048 -reqexts ca
recorded sign 'request ca_iot.csr: basicConstraints: want CA:FALSE, have '\
'CA:TRUE (RFC 5280, 4.2.1.9)' \
	ca sign --profile iot-verification ca_iot.csr
must ca crl
passes 'audit verify, at the end' see audit verify

finish
