#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Custodians approve a list: each request with its profile and its target. A
# list that says anything else afterwards is another one.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
take_custody

mkdir in
echo 'format: 1
requests:' >in/list.yaml
for region in eu-west-1 us-east-1; do
	request $region
	mv $region.csr in/
	cat >>in/list.yaml <<-END
	  - file: $region.csr
	    profile: subordinate-pathlen0
	    for: [acm-pca]
	    resource: arn:aws:acm-pca:$region:111122223333:certificate-authority/a
	    requester: Ann
	END
done

passes 'a request for a list' \
	see request sign --batch in/list.yaml
cp "$log/out" shown
for line in '  subject        C=US, O=Example Corp, CN=eu-west-1' \
    '    profile         subordinate-pathlen0' '    for             acm-pca' \
    '    resource        arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/a' \
    '    region          us-east-1' '    requester       Ann'
do
	passes "it names: $line" grep -qxF "$line" shown
done
equal 'and each digest' \
	"$(for region in eu-west-1 us-east-1; do
		openssl req -in in/$region.csr -outform DER | sha256sum
	done | cut -d ' ' -f 1)" \
	"$(sed -n 's/^    request SHA-256 //p' shown)"
passes 'bob approves' approve bob sign.json
says 'and was shown the same' '    region          us-east-1'

# after SED: signs the list, changed so, with that approval.
after() {
	cp in/list.yaml "$log/list"
	sed -i "$1" in/list.yaml
	run on alice,carol sign --batch in/list.yaml --request sign.json
	cp "$log/list" in/list.yaml
	equal "changed by $1" 4 "$status"
	says_why "$1"
}
says_why() {
	equal "and that is why: $1" \
		'anchorite: request: is for sign of something else' \
		"$(sed 's/: asked.*//' "$log/err")"
}
after 's/pathlen0/pathlen1/'
after 's/111122223333/111122223334/'
after 's/requester: Ann/requester: Bob/'
after '/requester/d'
after 's/\[acm-pca\]/[files]/'
run on alice,carol sign --profile subordinate-pathlen0 --request sign.json \
	in/eu-west-1.csr in/us-east-1.csr
says_why 'no list'

passes 'as it was approved' on alice,carol sign --batch in/list.yaml \
	--request sign.json
equal 'each in one line, with its region' \
	'eu-west-1 eu-west-1.csr us-east-1 us-east-1.csr' \
	"$(sed -n 's/^  [0-9a-f]\{8\}  subordinate-pathlen0  *//p' "$log/out" |
		xargs)"
equal 'two certificates' 'eu-west-1 us-east-1' \
	"$(see list --json | field region | paste -s -d ' ')"
passes 'audit verify' see audit verify
says 'derives what was approved' 'derived again and verified: 1 root, 2 '\
'certificates, 0 CRLs'

finish
