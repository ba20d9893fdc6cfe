#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Requests that are refused before the token is even opened: the site names
# no module that is there.

. "$(dirname "$0")/lib.sh"
take_authority
cp "$fixtures"/* .
export ANCHORITE_SITE="$work/none.yaml"

check() {
	anchorite csr check --policy "$policies/acm-pca-rsa-4096.yaml" \
		--profile subordinate-pathlen0 "$@"
}

# Each of the table: the requester is told the same, without a token. Who is
# refused by a rule leaves a record.
while IFS='|' read -r file kind told <&3; do
	case $file in
	'#'*) continue ;;
	esac
	after_showing refused "$kind" "request $file: $told" check "$file"
	if [ "$kind" -eq 3 ]; then
		refused 3 "request $file: $told" sign "$file"
	else
		recorded sign "request $file: $told" sign "$file"
	fi
done 3<"$tests/fixtures/hostile.txt"

# Every file in the table is made, and every one made is in it or good.
good='acm certtool crlf p256 p384 p521 pss rsa2048 rsa3072 shared-1 shared-2'
outside='large attributes-10000 subject-64k'
sed -n 's/^\([^#.|]*\)\..*/\1/p' "$tests/fixtures/hostile.txt" >"$log/known"
printf '%s\n' $good $outside >>"$log/known"
for file in *.csr *.der; do
	echo "${file%.*}"
done | grep -vxF -f "$log/known" >"$log/unknown"
equal 'every request that is made is told of' '' "$(cat "$log/unknown")"

# Each rule stands in the policies' README, with its source, and no other.
check --json p256.csr | sed -n '/"rule"/ { N
	s/.*"rule": "\(.*\)",\n *"source": "\(.*\)",/\1 | \2/p
}' >"$log/rules"
equal 'there are rules' 38 "$(wc -l <"$log/rules")"
equal 'which are those of the manual' "$(cat "$log/rules")" \
	"$(sed -n '/^| rule | source/,/^$/s/^| \([^|]*|[^|]*\) |.*/\1/p' \
	"$policies/README.md" | tail -n +3)"

# What is no request, or none that is read to its end.
refused 3 'request: large.csr: larger than 32768 bytes' sign large.csr
refused 3 'request: attributes-10000.der: larger than 32768 bytes' \
	sign attributes-10000.der
refused 3 'request: subject-64k.der: larger than 32768 bytes' \
	sign subject-64k.der
refused 3 'request: none.csr: No such file or directory' sign none.csr
refused 3 'request: root: not a regular file' sign root
refused 3 'request: /dev/zero: not a regular file' sign /dev/zero

# The requester is told of all files, and of all rules; good ones pass.
passes 'a PSS signature is taken' check pss.csr acm.csr p256.csr
says 'and each is shown' 'request            p256.csr'
after_showing refused 4 'request rsa1024.csr: RSA size: want 2048, 3072 or '\
'4096 bits, have 1024 bits (BR 6.1.5)' check p256.csr rsa1024.csr p384.csr
says 'behind a bad one, too' 'request            p384.csr'
says 'which is marked' 'BROKEN  RSA size             2048, 3072 or 4096 bits  '\
'1024 bits'
says 'and named' 'BROKEN             1 of 38 rules: RSA size'
says 'with the verdict' 'VERDICT            would be refused'
equal 'within 80 columns but for a digest' '' \
	"$(grep -v SHA-256 "$log/out" | grep '.\{81,\}')"
equal 'without colour, as there is no terminal' '' \
	"$(tr -dc '\033' <"$log/out")"
if command -v script >/dev/null; then
	TERM=xterm script -qec "anchorite csr check --profile constrained \
		--policy '$policies/acm-pca-rsa-4096.yaml' rsa1024.csr" \
		/dev/null >"$log/out" </dev/null
	says 'on a terminal in red' "$(printf '\033[1;31mBROKEN  RSA size')"
	NO_COLOR=1 script -qec "anchorite csr check --profile constrained \
		--policy '$policies/acm-pca-rsa-4096.yaml' rsa1024.csr" \
		/dev/null >"$log/out" </dev/null
	says 'but not with NO_COLOR' 'BROKEN  RSA size'
	equal 'not at all' '' "$(tr -dc '\033' <"$log/out")"
else
	skip 'script (bsdutils) is not here to make a terminal'
fi
after_showing refused 4 '3 of 4 requests would be refused: two.csr, '\
'everything.der, none.csr' check two.csr everything.der p256.csr none.csr
says 'the fault of one that is none' 'request two.csr: a second PEM block'
after_showing refused 3 '2 of 2 requests would be refused: two.csr, none.csr' \
	check two.csr none.csr
after_showing refused 4 'request shared-2.der: no shared prime: want no prime '\
'factor of another key, have one in common with request shared-1.der '\
'(BR 6.1.1.3(3))' check shared-1.der shared-2.der

# The same as JSON: a row for each rule.
after_showing refused 4 '2 of 3 requests would be refused: rsa1024.csr, '\
'two.csr' check --json rsa1024.csr two.csr p256.csr
equal 'one of three' 'false
false
true' "$(field accepted <"$log/out")"
equal 'the rule that is broken' '      {
        "rule": "RSA size",
        "source": "BR 6.1.5",
        "want": "2048, 3072 or 4096 bits",
        "have": "1024 bits",
        "verdict": "broken"' "$(grep -B 5 '"broken"' "$log/out")"
says 'and the fault' '"fault": "request two.csr: a second PEM block"'

# One bad one refuses all.
recorded sign 'request badsig.csr: proof of possession: want a signature by '\
'its own key, have one that does not verify (RFC 2986, 3)' \
	sign p256.csr badsig.csr p384.csr
cp p384.csr again.csr
recorded sign 'request again.csr: one request a key: want a key for each '\
'request, have the same as in p384.csr (anchorite(1), sign)' \
	sign p384.csr again.csr

# What profile, key and time do not allow.
refused 2 'no profile subordinate-pathlen9 in policy acm-pca-rsa-4096: it has '\
'subordinate-pathlen0, subordinate-pathlen1, subordinate-pathlen2, '\
'subordinate-pathlen3, primary, constrained' \
	ca sign --profile subordinate-pathlen9 p256.csr
recorded sign 'request p256.csr: key kind: want rsa-3072, rsa-4096, ec-p384, '\
'ec-p521, have ec-p256 (policy: keys)' \
	ca sign --profile primary p256.csr
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	-keyout "$log/key" -subj '/C=US/O=Another Corp/CN=CA' \
	-out another.csr 2>/dev/null
recorded sign 'request another.csr: subject fixed: want C=US, O=Example '\
'Corp, have O=Another Corp (policy: fixed)' \
	ca sign --profile constrained another.csr

# What is copied is said in the root's name.
copied() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$log/key" -subj '/C=US/O=Example Corp/CN=CA' \
		-addext "$1" -out copied.csr 2>"$log/err" ||
		bail_out "copied.csr: $1"
	after_showing refused 4 "request copied.csr: $2" \
		anchorite csr check --policy "$policies/consumers.yaml" \
		--profile csr-passthrough-pathlen0 copied.csr
}
names='names copied: want hosts, mail and IP addresses, absolute URIs, honest '\
'directory names'
copied subjectAltName=DNS:ca_1.example.com \
	"$names, have dNSName ca_1.example.com: no host name (RFC 5280, 4.2.1.6)"
copied subjectAltName=DNS:www.*.com \
	"$names, have dNSName www.*.com: no host name (RFC 5280, 4.2.1.6)"
copied subjectAltName=URI:/here \
	"$names, have URI /here: not an absolute one (RFC 5280, 4.2.1.6)"
copied 'subjectAltName=otherName:1.2.3;UTF8:x' \
	"$names, have a name of type [0] (RFC 5280, 4.2.1.6)"
copied extendedKeyUsage=anyExtendedKeyUsage 'purposes copied: want purposes, '\
'and not any, have anyExtendedKeyUsage (RFC 5280, 4.2.1.12)'
copied certificatePolicies=2.5.29.32.0 'policies copied: want policies, not '\
'any; no notice that deceives, have anyPolicy (RFC 5280, 4.2.1.4)'
copied 'subjectInfoAccess=caRepository;DNS:a' 'access copied: want absolute '\
'URIs, have a place that is no URI (RFC 5280, 4.2.2.2)'

# Who has the root's name passes for the root, in any case and string type.
for name in 'Example Corp/CN=Example Corp Root R1' \
    'EXAMPLE CORP/CN=example corp root r1'; do
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$log/key" -subj "/C=US/O=$name" -out named.csr \
		2>"$log/err" || bail_out named.csr
	recorded sign "request named.csr: not the root's name: want another \
name than the root's, have C=US, O=${name%/*}, ${name#*/} (RFC 5280, \
6.1.4 (l))" sign named.csr
done

# A key that was certified before, and again where that is asked for.
must at site.yaml sign p256.csr
certified='request p256.csr: new key: want a key that was not certified '\
"before, or --reissue, have certified already, serial $(serial 1) \
(anchorite(1), sign)"
recorded sign "$certified" sign p256.csr
after_showing refused 4 "$certified" \
	see csr check --profile subordinate-pathlen0 p256.csr
passes 'the requester asks with --reissue' \
	see csr check --reissue --profile subordinate-pathlen0 p256.csr
passes 'the same with --reissue' at site.yaml sign --reissue p256.csr
refused 2 'csr check: --policy FILE or --authority DIR is missing' \
	anchorite csr check --profile subordinate-pathlen0 p256.csr

# A prime in common with the key of an earlier certificate.
must at site.yaml sign shared-1.der
shared="request shared-2.der: no shared prime: want no prime factor of another \
key, have one in common with certificate $(serial 3) (BR 6.1.1.3(3))"
recorded sign "$shared" sign shared-2.der
after_showing refused 4 "$shared" \
	see csr check --profile subordinate-pathlen0 shared-2.der

# A key that got out, whatever was asked for.
must at site.yaml ca revoke --reason keyCompromise --yes "$(serial 2)"
recorded sign "request p256.csr: not compromised: want a key of which no \
certificate was revoked as compromised, have serial $(serial 2): keyCompromise \
(BR 6.1.1.3(4))" sign --reissue p256.csr

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
recorded sign "request own.csr: not the root's key: want another key than the \
root's own, have the root's own (SP 800-57-1, 5.2)" sign own.csr

finish
