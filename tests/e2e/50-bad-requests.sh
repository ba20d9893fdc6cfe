#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Requests that are refused before the token is even opened: the site names
# no module that is there.

. "$(dirname "$0")/lib.sh"
take_authority
cp "$fixtures"/* .
export ANCHORITE_SITE="$work/none.yaml"

# What is not one whole request.
refused 3 'request empty.csr: empty' sign empty.csr
refused 3 'request not-pem.csr: neither PEM nor DER' sign not-pem.csr
refused 3 'request truncated.csr: truncated PEM block' sign truncated.csr
refused 3 'request two.csr: a second PEM block' sign two.csr
refused 3 'request trailing.der: trailing bytes' sign trailing.der
refused 3 'request: large.csr: larger than 32768 bytes' sign large.csr
refused 3 'request ber.der: not DER: length longer than need be' sign ber.der
refused 3 'request dup-ext.csr: extension basicConstraints twice' \
	sign dup-ext.csr
refused 3 'request: none.csr: No such file or directory' sign none.csr
refused 3 'request: root: not a regular file' sign root
refused 3 'request: /dev/zero: not a regular file' sign /dev/zero

# Whole, but not to be signed: that leaves a record.
recorded sign 'request badsig.csr: not signed by its own key' sign badsig.csr
recorded sign 'request rsa1024.csr: key: RSA 1024 bits, want 2048, 3072 or '\
'4096' sign rsa1024.csr
recorded sign 'request exponent3.csr: key: RSA exponent 3, want 65537 or more' \
	sign exponent3.csr
recorded sign 'request even-modulus.der: key: RSA modulus is even' \
	sign even-modulus.der
recorded sign 'request p192.csr: key: curve prime192v1, want P-256, P-384 or '\
'P-521' sign p192.csr
recorded sign 'request explicit-curve.csr: key: explicit curve parameters' \
	sign explicit-curve.csr
recorded sign 'request off-curve.der: key: point not on the curve' \
	sign off-curve.der
recorded sign 'request nul-subject.csr: subject: CN holds a NUL' \
	sign nul-subject.csr
recorded sign 'request rlo-subject.csr: subject: CN holds a bidirectional '\
'control (U+202E)' sign rlo-subject.csr
recorded sign 'request ca-false.csr: basicConstraints: profile '\
'subordinate-pathlen0 is for CAs; request asks for CA:FALSE' sign ca-false.csr
recorded sign 'request unknown-critical.csr: extension 1.2.3.4.5: asked for '\
'as critical, profile subordinate-pathlen0 neither sets nor copies it' \
	sign unknown-critical.csr

# One bad one refuses all.
recorded sign 'request badsig.csr: not signed by its own key' \
	sign p256.csr badsig.csr p384.csr
cp p384.csr again.csr
recorded sign 'request again.csr: key: the same as in p384.csr' \
	sign p384.csr again.csr

# What profile, key and time do not allow.
refused 2 'no profile subordinate-pathlen9 in policy acm-pca-rsa-4096: it has '\
'subordinate-pathlen0, subordinate-pathlen1, subordinate-pathlen2, '\
'subordinate-pathlen3, primary, constrained' \
	ca sign --profile subordinate-pathlen9 p256.csr
recorded sign 'request p256.csr: key: profile primary allows rsa-3072, '\
'rsa-4096, ec-p384, ec-p521; request has ec-p256' \
	ca sign --profile primary p256.csr
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	-keyout "$log/key" -subj '/C=US/O=Another Corp/CN=CA' \
	-out another.csr 2>/dev/null
recorded sign 'request another.csr: subject: profile constrained wants '\
'O=Example Corp; request has O=Another Corp' \
	ca sign --profile constrained another.csr

# A key that was certified before, and again where that is asked for.
must at site.yaml sign p256.csr
recorded sign "request p256.csr: key: certified already, serial $(serial 1); \
--reissue allows it again" sign p256.csr
passes 'the same with --reissue' at site.yaml sign --reissue p256.csr

# A key that is the root's own: one that was made outside and then adopted.
authority=other
openssl ecparam -name secp384r1 -genkey -noout -out "$log/key"
openssl req -new -key "$log/key" -subj '/CN=Own' -out own.csr
openssl ec -in "$log/key" -outform DER -out "$log/private" 2>/dev/null
openssl ec -in "$log/key" -pubout -outform DER -out "$log/public" 2>/dev/null
write_key() {
	pkcs11-tool --module "$module" --token-label demo --login --pin "$pin" \
		--id 07 --label own --write-object "$@"
}
must write_key "$log/private" --type privkey --sensitive --private \
	--usage-sign
must write_key "$log/public" --type pubkey
must at site.yaml begin acm-pca-ec-p384 other
must at site.yaml ca root adopt --key pkcs11:object=own
must at site.yaml ca root certify --yes
recorded sign "request own.csr: key: is the root's own" sign own.csr

finish
