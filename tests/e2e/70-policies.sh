#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main job under each policy that is shipped, and each of its profiles.

. "$(dirname "$0")/lib.sh"

# extension FILE NAME: what openssl says of it, in one line.
extension() {
	openssl x509 -in "$1" -noout -ext "$2" 2>/dev/null | tail -n +2 |
		sed 's/^ *//; s/ *$//' | paste -s -d ' '
}

# critical FILE NAME: is it?
is_critical() {
	openssl x509 -in "$1" -noout -ext "$2" | head -n 1 |
		grep -q ': critical'
}

# profile NAME PATHLEN REQUEST: signs under it, and looks at what came.
profile() {
	profile=$1 pathlen=$2 csr=$3
	passes "$policy, $profile" ca sign --yes --profile "$profile" \
		--reissue "$csr"
	number=$(serials | wc -l)
	must see show --out "$profile.pem" "$(serial "$number")"
	passes "$policy, $profile: verifies" openssl verify -x509_strict \
		-CAfile root.pem "$profile.pem"
	equal "$policy, $profile: path length" "CA:TRUE, pathlen:$pathlen" \
		"$(extension "$profile.pem" basicConstraints)"
	equal "$policy, $profile: key usage" \
		'Digital Signature, Certificate Sign, CRL Sign' \
		"$(extension "$profile.pem" keyUsage)"
	equal "$policy, $profile: CRL" "URI:http://crl.example.com/$url" \
		"$(extension "$profile.pem" crlDistributionPoints |
			sed 's/.*URI/URI/')"
}

end_of() {
	openssl x509 -in "$1" -noout -enddate
}

try_policy() {
	policy=$1 url=$2
	mkdir "$policy"
	cd "$policy" || bail_out cd
	must see root show --out root.pem
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc \
		-keyout "$log/key" -subj '/C=US/O=Example Corp/CN=CA' \
		-out ca.csr 2>/dev/null
	for level in 0 1 2 3; do
		profile "subordinate-pathlen$level" "$level" ca.csr
	done
	profile primary 2 ca.csr
	equal "$policy, primary: ends with the root" \
		"$(end_of root.pem)" "$(end_of primary.pem)"
	profile constrained 0 ca.csr
	passes "$policy, constrained: name constraints are critical" \
		is_critical constrained.pem nameConstraints
	equal "$policy, constrained: to these names" \
		'Permitted: DNS:example.com email:example.com '\
'email:.example.com IP:10.0.0.0/255.0.0.0 DirName:C = US, O = Example Corp '\
'Excluded: DNS:lab.example.com' \
		"$(extension constrained.pem nameConstraints)"
	equal "$policy, constrained: certificate policies" \
		'Policy: 1.3.6.1.4.1.32473.1.1 CPS: http://pki.example.com/cps' \
		"$(extension constrained.pem certificatePolicies)"
	for kind in rsa2048 rsa3072 p256 p384 p521 pss crlf; do
		passes "$policy: $kind.csr" ca sign --yes --reissue \
			--profile subordinate-pathlen0 "$fixtures/$kind.csr"
	done
	if [ -f "$fixtures/certtool.csr" ]; then
		passes "$policy: certtool.csr" ca sign --yes \
			--profile subordinate-pathlen0 "$fixtures/certtool.csr"
	else
		skip "$policy: certtool.csr: certtool is not installed"
	fi
	must ca crl
	passes "$policy: bundle for acm-pca" ca bundle --for acm-pca \
		"$(serial 1)"
	passes "$policy: audit verify" see audit verify
	cd .. || bail_out cd
}

authority=$PWD/root
take_authority
try_policy acm-pca-rsa-4096 example-corp-root-r1.crl
equal 'RSA root: signed with SHA-256' sha256WithRSAEncryption \
	"$(openssl x509 -in acm-pca-rsa-4096/primary.pem -noout -text |
		sed -n 's/^ *Signature Algorithm: //p' | sort -u)"

# The other one in the same token, from its beginning.
authority=$PWD/ec
passes 'acm-pca-ec-p384: init' begin acm-pca-ec-p384 ec
passes 'acm-pca-ec-p384: root generate' ca root generate
passes 'acm-pca-ec-p384: root certify' ca root certify --yes
try_policy acm-pca-ec-p384 example-corp-root-r2.crl
equal 'P-384 root: signed with SHA-384' ecdsa-with-SHA384 \
	"$(openssl x509 -in acm-pca-ec-p384/primary.pem -noout -text |
		sed -n 's/^ *Signature Algorithm: //p' | sort -u)"
equal 'P-384 root: its curve' 'ASN1 OID: secp384r1' \
	"$(openssl x509 -in acm-pca-ec-p384/root.pem -noout -text |
		sed -n 's/^ *ASN1/ASN1/p')"

finish
