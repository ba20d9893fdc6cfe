#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One subordinate a region and supplier: a list of requests, each with its
# profile and target, is one transaction.

. "$(dirname "$0")/lib.sh"
take_authority

list() {
	ca sign --batch "$1"
}

# request_in DIR NAME
request_in() {
	request "$2"
	mv "$2.csr" "$1/"
}

# entry SUPPLIER REGION PROFILE: of a list.
entry() {
	cat <<-END
	  - file: $1-$2.csr
	    profile: $3
	    for: [acm-pca, files]
	    resource: arn:aws:acm-pca:$2:111122223333:certificate-authority/$1
	    requester: Ann of $1
	    ticket: CHG-$1
	END
}

# Six requests for three regions and two suppliers.
mkdir in
head='format: 1
requests:'
echo "$head" >in/list.yaml
for supplier in a b; do
	profile=subordinate-pathlen0
	[ $supplier = a ] || profile=subordinate-pathlen1
	for region in eu-west-1 us-east-1 ap-south-1; do
		request_in in "$supplier-$region"
		entry $supplier $region $profile >>in/list.yaml
	done
done

# One bad among good ones: nothing is signed, and each bad one is named.
export ANCHORITE_SITE="$work/none.yaml"
cp -a in bad
: >bad/a-us-east-1.csr
refused 3 'request a-us-east-1.csr: empty' list bad/list.yaml
cp "$fixtures/badsig.csr" bad/b-eu-west-1.csr
recorded sign '2 of 6 requests: request a-us-east-1.csr: empty; request '\
'b-eu-west-1.csr: proof of possession: want a signature by its own key, have '\
'one that does not verify (RFC 2986, 3)' list bad/list.yaml
cp in/*.csr bad/
cp in/a-eu-west-1.csr bad/b-eu-west-1.csr
recorded sign 'request b-eu-west-1.csr: one request a key: want a key for '\
'each request, have the same as in a-eu-west-1.csr (anchorite(1), sign)' \
	list bad/list.yaml
cp in/*.csr bad/

# What is wrong with the list, or with its directory.
# wrong SENTENCE SED: in a list that is changed so.
wrong() {
	sed "$2" in/list.yaml >bad/list.yaml
	refused 3 "$1" list bad/list.yaml
}
wrong 'bad/list.yaml:3:11: file: want the name of a file beside the list, no '\
'/ in it and no dot or hyphen first; have ../in/a-eu-west-1.csr' \
	's|: a-eu-west-1.csr|: ../in/a-eu-west-1.csr|'
wrong 'bad/list.yaml:3:11: file: want the name of a file beside the list, no '\
'/ in it and no dot or hyphen first; have /in/a-eu-west-1.csr' \
	's|: a-eu-west-1.csr|: /in/a-eu-west-1.csr|'
wrong 'bad/list.yaml:9:5: file: a-eu-west-1.csr given twice, first as '\
'a-eu-west-1.csr' 's|: a-us-east-1.csr|: a-eu-west-1.csr|'
wrong 'bad/list.yaml:6:15: resource: want 1 to 256 characters of A-Z a-z 0-9 '\
': / . _ @ + = , - and no hyphen first, have arn;reboot' \
	'6s|: arn.*|: arn;reboot|'
wrong 'bad/list.yaml:6:15: resource: want 1 to 256 characters of A-Z a-z 0-9 '\
': / . _ @ + = , - and no hyphen first, have $(reboot)' \
	'6s|: arn.*|: $(reboot)|'
wrong 'bad/list.yaml:3:5: region: eu-west-2, but the resource is in '\
'eu-west-1' '6s|$|\n    region: eu-west-2|'
wrong 'bad/list.yaml:5:11: for: want one of acm-pca, cloudhsm, adcs, '\
'iot, api-gateway, roles-anywhere, files; have acm' '5s|acm-pca|acm|'
wrong '2 of 6 requests: request a-eu-west-1.csr: acm-pca: resource: want '\
'CA-ARN, have arn:aws:s3:::x; request a-us-east-1.csr: acm-pca: resource: '\
'want CA-ARN, have cluster-4a' '6s|: arn.*|: arn:aws:s3:::x|
12s|: arn.*|: cluster-4a|'
wrong 'bad/list.yaml:3:5: profile: missing, and there is no --profile' 4d
wrong 'request a-eu-west-1.csr: no profile subordinate in policy '\
'acm-pca-rsa-4096: it has subordinate-pathlen0, subordinate-pathlen1, '\
'subordinate-pathlen2, subordinate-pathlen3, primary, constrained' \
	'4s|subordinate-pathlen0|subordinate|'
wrong 'request b-us-east-1.csr: is not in the list' \
	'/b-us-east-1.csr/,/CHG/d'
rm bad/b-us-east-1.csr
wrong 'request: b-us-east-1.csr: No such file or directory' ''
mv bad/a-us-east-1.csr bad/other.csr
wrong '3 of 7 requests: request: a-us-east-1.csr: No such file or directory; '\
'request: b-us-east-1.csr: No such file or directory; request other.csr: is '\
'not in the list' ''
refused 3 'none.yaml: No such file or directory' list none.yaml
refused 2 'sign: --batch takes no FILE beside it' \
	ca sign --batch in/list.yaml in/a-eu-west-1.csr
refused 2 'no profile none in policy acm-pca-rsa-4096: it has '\
'subordinate-pathlen0, subordinate-pathlen1, subordinate-pathlen2, '\
'subordinate-pathlen3, primary, constrained' \
	ca sign --profile none --batch in/list.yaml
export ANCHORITE_SITE="$work/site.yaml"

before=$(records)
passes 'a list of six' list in/list.yaml
cp "$log/out" shown
equal 'one intent, one outcome, one seal' 'sign-intent signed seal' \
	"$(events $((before + 1)))"
equal 'each was shown under its profile' \
	'3 subordinate-pathlen0 3 subordinate-pathlen1' \
	"$(sed -n 's/^request .*, under profile \(.*\):$/\1/p' shown | uniq -c |
	tr -s ' \n' ' ' | sed 's/^ //; s/ $//')"
arn=arn:aws:acm-pca:ap-south-1:111122223333:certificate-authority/b
for line in 'for                acm-pca, files' "resource           $arn" \
    'region             ap-south-1' 'requester          Ann of b' \
    'ticket             CHG-b'
do
	passes "and with its target: $line" grep -qxF "  $line" shown
done

see list --json >list.json
equal 'the inventory has their regions' \
	"$(for s in a b; do echo eu-west-1 us-east-1 ap-south-1; done |
	tr ' ' '\n')" "$(field region <list.json)"
equal 'and their profiles' "$(sed -n 's/^    profile: //p' in/list.yaml)" \
	"$(field profile <list.json)"
equal 'and who asked' "$(sed -n 's/^    requester: //p' in/list.yaml)" \
	"$(field requester <list.json)"
passes 'list' see list
says 'in lines, too' "    for acm-pca, files; resource $arn; region \
ap-south-1; requester Ann of b; ticket CHG-b"
passes 'show' see show "$(serial 6)"
says 'shows it' "  resource           $arn"
passes 'audit verify' see audit verify
says 'derives them all' \
	'derived again and verified: 1 root, 6 certificates, 0 CRLs'
see show --out a.pem "$(serial 1)" >"$log/out"
see show --out b.pem "$(serial 6)" >"$log/out"
equal 'each has what its profile gives' 'pathlen:0 pathlen:1' \
	"$(for c in a b; do
		openssl x509 -in $c.pem -noout -ext basicConstraints
	done | sed -n 's/.*\(pathlen:.\)/\1/p' | paste -s -d ' ')"

# Its bundles: for each, those that the list names.
must ca crl
# differs SENTENCE SED: from what the journal has.
differs() {
	rm -rf changed
	cp -a in changed
	sed -i "$2" changed/list.yaml
	recorded bundle "$1" ca bundle --batch changed/list.yaml
}
differs 'request a-eu-west-1.csr: for: the list has acm-pca, the journal '\
'acm-pca, files' '5s|, files||'
differs 'request a-eu-west-1.csr: resource: the list has '\
'arn:aws:acm-pca:eu-west-1:1:x, the journal '\
'arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/a' \
	'6s|:1111.*|:1:x|'
differs 'request a-eu-west-1.csr: bucket: the list has other, the journal none' \
	'6s|$|\n    bucket: other|'
differs '2 of 6 requests: request a-eu-west-1.csr: profile: the list has '\
'subordinate-pathlen3, the journal subordinate-pathlen0; request '\
'a-us-east-1.csr: profile: the list has subordinate-pathlen3, the journal '\
'subordinate-pathlen0' '4s|0$|3|; 10s|0$|3|'
request_in changed another
sed 's|a-eu-west-1|another|' in/list.yaml >changed/list.yaml
rm changed/a-eu-west-1.csr
recorded bundle 'request another.csr: no certificate was issued for it' \
	ca bundle --batch changed/list.yaml
refused 2 'bundle: --batch takes no ID beside it' \
	ca bundle --batch in/list.yaml "$(serial 1)"
refused 2 'bundle: ID... is missing' ca bundle --for files
refused 2 'no consumer file: there are acm-pca, cloudhsm, adcs, iot, '\
'api-gateway, roles-anywhere, files' ca bundle --for acm-pca,file "$(serial 1)"
recorded bundle 'in: exists already' \
	ca bundle --batch in/list.yaml --out in
refused 2 '--region takes one ID, and no --batch' \
	ca bundle --batch in/list.yaml --region eu-west-1
before=$(records)
passes 'its bundles' ca bundle --batch in/list.yaml --out carry
equal 'one record each, one seal' '12 bundled 1 seal' \
	"$(events $((before + 1)) | tr ' ' '\n' | uniq -c |
	tr -s ' \n' ' ' | sed 's/^ //; s/ $//')"
equal 'one for each request and consumer' "$(for name in in/*.csr; do
		name=${name#in/}
		echo "${name%.csr}-acm-pca"
		echo "${name%.csr}-files"
	done | sort)" "$(ls carry)"
for name in in/*.csr; do
	name=${name#in/}
	equal "of that very request: $name" \
		"$(openssl req -in "in/$name" -noout -pubkey)" \
		"$(openssl x509 -noout -pubkey \
		-in "carry/${name%.csr}-acm-pca/certificate.pem")"
	equal "and for its region: $name" "region=${name#?-}" \
		"$(sed -n 's/^region=.*/&.csr/p' \
		"carry/${name%.csr}-acm-pca/import.conf")"
done
equal 'and its CA' "resource=$arn" \
	"$(grep ^resource= carry/b-ap-south-1-acm-pca/import.conf)"
for dir in carry/*; do
	passes "bundle verify $dir" anchorite bundle verify "$dir"
done
refused 2 '--out takes one ID and one consumer' \
	ca bundle --out one "$(serial 1)"
passes 'of one, without --for' ca bundle "$(serial 1)"
says 'for both that it is meant for' 'bundle for acm-pca: root/bundles/acm-pca'
says 'for both that it is meant for' 'bundle for files: root/bundles/files'
passes 'of one, with --for' ca bundle --for files --out one "$(serial 1)"
there=arn:aws:acm-pca:eu-south-2:111122223333:certificate-authority/c
passes 'and to another place' ca bundle --for acm-pca --out there \
	--resource $there "$(serial 1)"
equal 'whose region is its own' "resource=$there region=eu-south-2" \
	"$(grep -e ^resource= -e ^region= there/import.conf | paste -s -d ' ')"
refused 2 'region: eu-west-1, but the resource is in eu-south-2' \
	ca bundle --for acm-pca --out other --resource $there \
	--region eu-west-1 "$(serial 1)"
must ca revoke "$(serial 2)"
recorded bundle 'request a-us-east-1.csr: its certificate: want a valid one, '\
'have it revoked' ca bundle --batch in/list.yaml --out again
passes 'signed again' ca sign --reissue --profile subordinate-pathlen0 \
	in/a-us-east-1.csr
recorded bundle 'request a-us-east-1.csr: for: the list has acm-pca, files, '\
'the journal none' ca bundle --batch in/list.yaml --out again
refused 2 'bundle: --for CONSUMER is missing: the journal has none for '\
"$(serial 7)" ca bundle "$(serial 7)"

# A profile for those that name none.
mkdir plain
request_in plain one
request_in plain two
printf '%s\n  - file: one.csr\n  - file: two.csr\n' "$head" >plain/list.yaml
passes 'with --profile' ca sign --profile subordinate-pathlen2 \
	--batch plain/list.yaml
recorded bundle '2 of 2 requests: request one.csr: for: the list has none, and '\
'there is no --for; request two.csr: for: the list has none, and there is no '\
'--for' ca bundle --batch plain/list.yaml
passes 'for whom --for says' ca bundle --for files --batch plain/list.yaml
equal 'it is theirs' 'subordinate-pathlen2 subordinate-pathlen2' \
	"$(see list --json | field profile | tail -2 | paste -s -d ' ')"

# The list that is shipped.
mkdir shipped
sed -n 's/^  - file: \(.*\)\.csr/\1/p' "$tests/../packaging/requests.example\
.yaml" >"$log/names"
while read -r name; do
	request_in shipped "$name"
done <"$log/names"
cp "$tests/../packaging/requests.example.yaml" shipped/
passes 'the shipped example' list shipped/requests.example.yaml
passes 'audit verify' see audit verify

# Who asked, and for which ticket, where the policy makes it private.
authority=discreet
{
	cat "$policies/acm-pca-ec-p384.yaml"
	echo 'private: [requester, ticket]'
} >"$work/policy.yaml"
printf '%s\n' "$pin" | anchorite init --secret-fd 0 --yes \
	--policy "$work/policy.yaml" discreet >"$log/out" 2>"$log/err" ||
	bail_out 'init'
must ca root generate
must ca root certify
passes 'a list with private values' list in/list.yaml
equal 'the journal does not have them' 0 \
	"$(grep -c -e 'Ann of' -e CHG- discreet/journal.jsonl)"
equal 'the inventory does' 3 "$(see list | grep -c 'requester Ann of b')"
grep -l -r 'Ann of b' discreet/objects | xargs rm
equal 'redacted, it does not' 3 \
	"$(see list | grep -c 'requester (redacted); ticket CHG-b')"
passes 'and all is sound' see audit verify
says 'but for what was taken away' '3 private values are not here: redacted'

finish
