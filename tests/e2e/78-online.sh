#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The online side: packaging/online/ with the real AWS command line, against a
# local endpoint that plays AWS and records what it is asked.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/online/lib.sh
. "$tests/online/lib.sh"
# What a test gives to it comes from the test alone.
bare() {
	sh "$online/import-bundle" "$@"
}

fp() {
	openssl x509 -in "$pki/$1.pem" -outform DER | sha256sum | cut -c 1-64
}

# The same with both fingerprints; what is given twice counts as given last.
take() {
	bare --root "$root_fp" --journal-key "$journal_fp" "$@"
}

make_pki
start_recorder
pki=$work/pki
root_fp=$(fp root) journal_fp=$(fp journal)
mkdir 'the bundles'
all=$PWD/the\ bundles

bundle "$all/acm pca" acm-pca '' "$arn" "$bucket" \
	http://crl.example.com/root/1.crl \
	certificate.pem=sub.pem certificate-chain.pem=root.pem request.pem=sub.csr
bundle "$all/hsm" cloudhsm '' $cluster '' '' request.pem=hsm.csr \
	CustomerHsmCertificate.crt=hsm.pem customerCA.crt=root.pem
bundle "$all/iot" iot DEFAULT '' '' '' request.pem=iot.csr \
	ca-certificate.pem=root.pem verification-certificate.pem=iot.pem
bundle "$all/sni" iot SNI_ONLY '' '' '' request.pem=sub.csr \
	ca-certificate.pem=sub.pem
bundle "$all/gateway" api-gateway '' api.example.com $bucket '' \
	request.pem=sub.csr truststore.pem=sub.pem,root.pem
bundle "$all/anywhere" roles-anywhere '' workloads '' '' \
	request.pem=sub.csr trust-anchor.pem=sub.pem
for by_hand in adcs files; do
	bundle "$all/$by_hand" $by_hand '' '' '' '' request.pem=sub.csr
done

# --- bundles that are refused before AWS is asked anything ------------------

# spoil: a copy of a bundle, to be changed.
spoil() {
	rm -rf spoilt
	cp -R "$all/acm pca" spoilt
}

# bad SENTENCE [OPTIONS]: refused, and no call is made.
bad() {
	sentence=$1
	shift
	rm -rf "$worlds/none"
	go bad none take "$@" spoilt
	stopped bad "$sentence"
	[ ! -e "$worlds/none/calls" ] || not_ok "no call: $sentence"
}

spoil
echo >>spoilt/certificate.pem
bad 'certificate.pem is not as it was made'
spoil
cp spoilt/crl.pem spoilt/another.pem
bad 'another.pem is not in the manifest: it was added'
spoil
: >spoilt/.hidden
bad '.hidden is not in the manifest: it was added'
spoil
: >"spoilt/a
b$(printf '\033')[2J"
bad 'a is not in the manifest: it was added'
spoil
mkdir spoilt/more
bad './more is no file: a bundle has only files'
spoil
mv spoilt/crl.der "$log/" && ln -s "$log/crl.der" spoilt/crl.der
bad './crl.der is no file: a bundle has only files'
spoil
rm spoilt/root.der
bad 'root.der is missing'
spoil
rm spoilt/manifest.p7s
bad "no bundle: $PWD/spoilt has no manifest.sha256 with manifest.p7s"
spoil
echo "$(sha256sum <spoilt/README.txt | cut -c 1-64)  ../x" >>spoilt/manifest.sha256
bad 'manifest.sha256 is no list of digests'
spoil
: >spoilt/added
(cd spoilt && sha256sum added >>manifest.sha256)
bad 'manifest.p7s is not the signature of the journal key'
spoil
sealed spoilt forger
bad 'manifest.p7s is not the signature of the journal key'
# Both certificates in the file, the right one first: only that one counts.
spoil
cat "$pki/journal.pem" "$pki/forger.pem" >spoilt/journal-key.pem
sealed spoilt forger
bad 'manifest.p7s is not the signature of the journal key'
spoil
rm spoilt/import.conf
sealed spoilt
bad 'import.conf is missing'
spoil
echo 'bucket=other' >>spoilt/import.conf
sealed spoilt
bad 'import.conf is not of format 1'
spoil
sed 's/^region=.*/region=$(id)/' "$all/acm pca/import.conf" >spoilt/import.conf
sealed spoilt
bad 'import.conf is not of format 1'
spoil
sed 's/=acm-pca/=acm/' "$all/acm pca/import.conf" >spoilt/import.conf
sealed spoilt
bad 'import.conf: acm is not a consumer that this script knows'

spoil
bad "root: want the SHA-256 $(fp stranger)" --root "$(fp stranger)"
bad "journal key: want the SHA-256 $(fp forger)" --journal-key "$(fp forger)"
bad "resource: file://x is not a private CA's ARN" --resource file://x
bad "region: us-east-1, but the CA is in eu-central-1" --region us-east-1

# of BUNDLE SENTENCE OPTIONS: what is given for it does not fit.
of() {
	of=$1 sentence=$2
	shift 2
	go of none take "$@" "$all/$of"
	stopped of "$sentence"
}
of hsm "resource: x is not a cluster's ID" --resource x
of gateway 'resource: _ is not a domain name' --resource _
of anywhere "resource: a.b is not a trust anchor's name or ARN" --resource a.b
of iot 'region: EU is not an AWS region' --region EU
of gateway "bucket: B is not a bucket's name" --bucket B

# Nothing is imported before both fingerprints were given.
compare='compare them with the record of the ceremony'
for given in '' "--root $root_fp" "--journal-key $journal_fp"; do
	rm -rf "$worlds/none"
	# shellcheck disable=SC2086 # words
	go uncompared none bare $given "$all/acm pca"
	stopped uncompared \
		'nothing was imported: --root and --journal-key are missing' \
		"$compare, then give --root and --journal-key"
	equal 'both fingerprints are shown' "import-bundle: root: SHA-256
    $root_fp
import-bundle: journal key: SHA-256
    $journal_fp" "$(sed 1d "$log/out")"
	[ ! -e "$worlds/none/calls" ] || not_ok "no call: '$given'"
done

# A root of the system is not this root.
spoil
cp "$pki/strange.pem" spoilt/certificate.pem
sealed spoilt
mkdir "$work/system"
cp "$pki/stranger.pem" "$work/system/$(openssl x509 -in "$pki/stranger.pem" \
	-noout -hash).0"
(
	export SSL_CERT_DIR="$work/system"
	openssl verify "$pki/strange.pem" >"$log/out" 2>&1
) || bail_out 'the stranger is not trusted by the system'
SSL_CERT_DIR=$work/system go system none take spoilt
cut -d : -f 1-2 "$runs/system.err" | sed 1q >"$log/have"
equal 'a certificate of another root is refused' \
	'import-bundle: under the root' "$(cat "$log/have")"

spoil
cp "$pki/revoked.pem" spoilt/crl.pem
sealed spoilt
go revoked none take spoilt
equal 'a certificate that the CRL names is refused' revoked "$(sed 1q \
	"$runs/revoked.err" | grep -o revoked | sed 1q)"

# only WORD...: a PATH with nothing but these.
only() {
	rm -rf "$work/only"
	mkdir "$work/only"
	for word in sh cat cut sed tr grep awk find sort comm mktemp rm mkdir \
	    dirname printf "$@"; do
		ln -s "$(command -v "$word")" "$work/only/" 2>"$log/err"
	done
}
only openssl aws
PATH=$work/only go needs none /bin/sh "$online/import-bundle" "$all/hsm"
stopped needs 'neither sha256sum nor shasum is installed'
only sha256sum aws
PATH=$work/only go needs none /bin/sh "$online/import-bundle" "$all/hsm"
stopped needs 'openssl is not installed'
only sha256sum openssl
PATH=$work/only go needs none /bin/sh "$online/import-bundle" \
	--root "$root_fp" --journal-key "$journal_fp" "$all/hsm"
stopped needs 'the AWS command line (aws) is not installed'
if command -v shasum >"$log/out"; then
	only shasum openssl perl
	PATH=$work/only go shasum none /bin/sh "$online/import-bundle" \
		--root "$root_fp" "$all/files"
	went shasum
fi

for by_hand in adcs files; do
	go "$by_hand" none bare "$all/$by_hand"
	went "$by_hand"
	says 'it says so' \
		"for $by_hand the rest is done by hand: README.txt says how"
done
says 'both fingerprints are shown' "    $root_fp"
says 'both fingerprints are shown' "    $journal_fp"
says 'and are to be compared' "import-bundle: $compare"

# wrong SENTENCE COMMAND...: it ends with 2, and says why.
wrong() {
	sentence=$1
	shift
	go wrong none "$@"
	equal "wrong: $sentence" "2 ${who:-import-bundle}: $sentence
${who:-import-bundle}: next: ${who:-import-bundle} --help" \
		"$(cat "$runs/wrong.status") $(cat "$runs/wrong.err")"
}

# helps COMMAND...: what --help prints has an example, and what it ends with.
helps() {
	go help none "$@" --help
	went help
	says 'help: an example' example
	says 'help: exit statuses' 'exit status: 0 done, 1 stopped'
}

wrong 'which bundle? give its directory' bare
wrong '--bogus: no such option' bare --bogus a
wrong '--region: want a value' bare a --region
wrong '--region: want a value' bare --region '' a
wrong 'a, b: want one bundle' bare a b
for word in xyz "${root_fp}0" "$(printf %s "$root_fp" | tr 0-9a-f g)" \
    "${root_fp%?}"; do
	wrong "--root: want 64 hexadecimal digits, have $word" \
		bare --root "$word" a
	wrong "--journal-key: want 64 hexadecimal digits, have $word" \
		bare --journal-key "$word" a
done
helps bare

# --- each consumer: dry, for the first time, and once more ------------------

# shells run the same script: dash, busybox's ash, bash as sh.
ash() {
	busybox sh "$@"
}
posix() {
	bash --posix "$@"
}
command -v busybox >"$log/out" || bail_out 'busybox is not installed'

# thrice WORLD BUNDLE SHELL: once with the AWS command line as it is, not kept
# by aws.py; with fingerprints in either way of writing them.
thrice() {
	go "$1.dry" "$1" dash "$online/import-bundle" --dry-run "$2"
	cp "$worlds/$1/calls" "$runs/$1.asked"
	REAL_AWS=yes go "$1.first" "$1" "$3" "$online/import-bundle" \
		--root "$(fp root | sed 's/../&:/g; s/:$//' | tr a-f A-F)" \
		--journal-key "$(fp journal)" "$2"
	changes "$1" >"$runs/$1.changes"
	go "$1.again" "$1" ash "$2/import.sh" \
		--root "$root_fp" --journal-key "$journal_fp"
}

put pca/pca/status PENDING_CERTIFICATE
put_file pca/pca/csr sub.csr
mkdir -p "$worlds/pca/s3/$bucket"
put hsm/hsm/id $cluster
put hsm/hsm/state UNINITIALIZED
put_file hsm/hsm/csr hsm.csr
put iot/iot/code "$code"
put sni/iot/code "$code"
put gateway/gateway/api.example.com/configurations \
	'[{"certificateArn":"arn:aws:acm:eu-central-1:1:certificate/a","endpointType":"REGIONAL","securityPolicy":"TLS_1_2"}]'
put gateway/s3/$bucket/versioning Enabled
mkdir -p "$worlds/anywhere"

thrice pca "$all/acm pca" dash &
first=$!
thrice hsm "$all/hsm" posix &
second=$!
thrice gateway "$all/gateway" ash
wait $first $second
thrice iot "$all/iot" dash &
first=$!
thrice sni "$all/sni" ash &
second=$!
thrice anywhere "$all/anywhere" posix
wait $first $second

# judge_thrice WORLD CHANGES: in the dry run none, in all just these.
judge_thrice() {
	went "$1.dry"
	says "$1: a dry run says so" 'a dry run: nothing was changed'
	says "$1: and what to compare" "import-bundle: $compare"
	equal "$1: and only asks" '' \
		"$(grep -v -e '^Get' -e '^List' -e '^Describe' "$runs/$1.asked")"
	equal "$1: and names each change" "$(echo "$2" | wc -w)" \
		"$(grep -c 'would call' "$log/out")"
	went "$1.first"
	equal "$1: what was changed" "$2" "$(cat "$runs/$1.changes")"
	went "$1.again"
	equal "$1: nothing twice" "$2" "$(changes "$1")"
}

# same NAME BUNDLE-FILE WORLD-FILE
same() {
	passes "$1" cmp "$all/$2" "$worlds/$3"
}

# pasted WORLD FROM BUNDLE: a world as FROM was, changed by what the dry run
# printed, as a person would paste it.
pasted() {
	sed -n '/would call/{n;p;}' "$runs/$2.dry.out" >"$work/pasted"
	(
		cd "$3" || exit
		go "$1" "$1" sh -e "$work/pasted"
	)
}

judge_thrice pca 'ImportCertificateAuthorityCertificate PutObject'
same 'the certificate arrives as it is' 'acm pca/certificate.pem' \
	pca/pca/certificate
same 'the chain, too' 'acm pca/certificate-chain.pem' pca/pca/chain
object=s3/$bucket/objects/root%2F1.crl
same 'the CRL, too' 'acm pca/crl.der' "pca/$object/null.body"
equal 'its type' application/pkix-crl "$(cat "$worlds/pca/$object/type")"
cp "$runs/pca.first.out" "$log/out"
says 'what is done is told' 'the CA is ACTIVE'
says 'and what comes next' \
	'    curl -fsS http://crl.example.com/root/1.crl | cmp - crl.der'
cp "$runs/pca.again.out" "$log/out"
says 'and what was done' 'the certificate is imported already; the CA is ACTIVE'
says 'and what was put' "the CRL is at s3://$bucket/root/1.crl already"
equal 'the region is that of the ARN' '' \
	"$(grep -h '^Authorization' "$worlds/pca/requests/"*.head |
		grep -v '/eu-central-1/')"

judge_thrice hsm InitializeCluster
same 'the certificate arrives as it is' hsm/CustomerHsmCertificate.crt \
	hsm/hsm/certificate
same 'the trust anchor, too' hsm/customerCA.crt hsm/hsm/anchor
cp "$runs/hsm.first.out" "$log/out"
says 'it waits' 'the cluster is INITIALIZE_IN_PROGRESS: once more in 10 seconds'
says 'and says what comes next' '/opt/cloudhsm/etc/customerCA.crt'

judge_thrice iot RegisterCACertificate
ca=iot/iot/cas/$(fp root)
same 'the CA certificate arrives as it is' iot/ca-certificate.pem "$ca/pem"
same 'the verification certificate, too' iot/verification-certificate.pem \
	"$ca/verification"
cp "$runs/iot.again.out" "$log/out"
says 'it says how to activate it' "next: to let devices in: aws iot \
update-ca-certificate --region eu-central-1 --certificate-id $(fp root) \
--new-status ACTIVE"

judge_thrice sni RegisterCACertificate
ca=sni/iot/cas/$(fp sub)
same 'the CA certificate arrives as it is' sni/ca-certificate.pem "$ca/pem"
equal 'in its mode' SNI_ONLY "$(cat "$worlds/$ca/mode")"

judge_thrice gateway 'PutObject UpdateDomainName'
same 'the truststore arrives as it is' gateway/truststore.pem \
	"gateway/s3/$bucket/objects/api.example.com%2Ftruststore.pem/v1.body"
equal 'the domain name has it' "s3://$bucket/api.example.com/truststore.pem v1" \
	"$(paste -d ' ' "$worlds/gateway/gateway/api.example.com/uri" \
		"$worlds/gateway/gateway/api.example.com/version")"
equal 'its configuration is as it was' '[{"certificateArn": '\
'"arn:aws:acm:eu-central-1:1:certificate/a", "endpointType": "REGIONAL", '\
'"securityPolicy": "TLS_1_2"}]' \
	"$(cat "$worlds/gateway/gateway/api.example.com/configurations")"

judge_thrice anywhere 'CreateTrustAnchor ImportCrl EnableTrustAnchor'
for made in "$worlds"/anywhere/anywhere/anchors/*; do
	passes 'the trust anchor arrives as it is' cmp \
		"$all/anywhere/trust-anchor.pem" "$made/pem"
	equal 'and is enabled' true "$(cat "$made/enabled")"
done
for made in "$worlds"/anywhere/anywhere/crls/*; do
	passes 'the CRL arrives as it is' cmp "$all/anywhere/crl.pem" \
		"$made/data"
	equal 'and is enabled' true "$(cat "$made/enabled")"
done

# What a dry run prints is what would be called.
put pasted/pca/status PENDING_CERTIFICATE
mkdir -p "$worlds/pasted/s3/$bucket" "$worlds/pasted2"
pasted pasted pca "$all/acm pca"
went pasted
same 'pasted, the certificate is imported' 'acm pca/certificate.pem' \
	pasted/pca/certificate
sed -n '/would call/{n;p;}' "$runs/anywhere.dry.out" | sed -n 1p \
	>"$work/pasted"
go pasted2 pasted2 sh -e "$work/pasted"
went pasted2
equal 'pasted, the trust anchor is made' "$(cat "$pki/sub.pem")" \
	"$(cat "$worlds"/pasted2/anywhere/anchors/*/pem)"

# --- refusals that AWS is asked for ----------------------------------------

# new_pca WORLD STATUS
new_pca() {
	put "$1/pca/status" "$2"
	put_file "$1/pca/csr" sub.csr
	mkdir -p "$worlds/$1/s3/$bucket"
}

# refuses WORLD BUNDLE [OPTIONS]: beside others, judged later as WORLD.
refuses() {
	world=$1 dir=$2
	shift 2
	beside "$world" "$world" take "$@" "$all/$dir"
}

told='told to fail'
error() {
	echo "An error occurred ($1) when calling the $2 operation: $told"
}

enable="aws acm-pca update-certificate-authority --region eu-central-1 \
--certificate-authority-arn $arn --status ACTIVE"
for state in DISABLED CREATING DELETED FAILED; do
	new_pca $state $state
	refuses $state 'acm pca'
done
new_pca type PENDING_CERTIFICATE
put type/pca/type ROOT
refuses type 'acm pca'
refuses no-ca 'acm pca'
new_pca another PENDING_CERTIFICATE
put_file another/pca/csr other.csr
refuses another 'acm pca'
new_pca denied PENDING_CERTIFICATE
put denied/fail 'ImportCertificateAuthorityCertificate AccessDeniedException'
refuses denied 'acm pca'
new_pca busy PENDING_CERTIFICATE
put busy/fail "ImportCertificateAuthorityCertificate RequestInProgressException"
refuses busy 'acm pca'
new_pca mismatch PENDING_CERTIFICATE
put mismatch/fail \
	'ImportCertificateAuthorityCertificate CertificateMismatchException'
refuses mismatch 'acm pca'
new_pca lie PENDING_CERTIFICATE
put lie/lie GetCertificateAuthorityCertificate
refuses lie 'acm pca'
new_pca newer ACTIVE
put_file newer/pca/certificate renewed.pem
put_file newer/pca/chain root.pem
refuses newer 'acm pca'
bundle "$all/renewed" acm-pca '' "$arn" '' http://crl.example.com/1.crl \
	certificate.pem=renewed.pem certificate-chain.pem=root.pem \
	request.pem=sub.csr
new_pca renewal EXPIRED
put_file renewal/pca/certificate sub.pem
put_file renewal/pca/chain root.pem
put renewal/fail "DescribeCertificateAuthority ThrottlingException 4"
refuses renewal renewed
all_done

advice="ask for the permissions that the bundle's README.txt names, "\
'"By script"'
stopped DISABLED 'the CA is DISABLED: it takes no certificate' \
	"enable it, then run this again: $enable"
stopped CREATING 'the CA is CREATING: it takes no certificate' \
	'run this again in some minutes'
stopped DELETED 'the CA is DELETED: it takes no certificate'
stopped FAILED 'the CA is FAILED: it takes no certificate' \
	'make another CA, and export its request'
stopped type 'the CA is of type ROOT' \
	'this bundle is for a subordinate CA: is the ARN right?'
stopped no-ca "aws acm-pca describe-certificate-authority: $(error \
	ResourceNotFoundException DescribeCertificateAuthority)" \
	'look whether account, region and name are right'
stopped another \
	'the certificate is for another key than that of this CA' \
	'look whether the ARN is that of the CA that asked'
call='aws acm-pca import-certificate-authority-certificate'
of=ImportCertificateAuthorityCertificate
stopped denied "$call: $(error AccessDeniedException $of)" "$advice"
stopped busy "$call: $(error RequestInProgressException $of)" \
	'run this again in some minutes'
says 'it waited' \
	'RequestInProgressException: AWS is busy, once more in 10 seconds'
stopped mismatch "$call: $(error CertificateMismatchException $of)" \
	'nothing was imported: show this sentence to those who made the bundle'
stopped lie 'the CA gives back another certificate' \
	'run this again; then show it to those who made the bundle'
stopped newer "the CA's certificate $(openssl x509 -noout -serial \
	-in "$pki/renewed.pem" | cut -d = -f 2) is newer" 'use the newest bundle'
equal 'nothing was imported in all these' '' "$(for world in DISABLED \
	CREATING DELETED FAILED type no-ca another newer; do changes $world
	done)"
went renewal
says 'what is replaced is told' "$(openssl x509 -noout -serial \
	-in "$pki/sub.pem" | cut -d = -f 2), to be replaced"
says 'it waited' 'ThrottlingException: AWS is busy, once more in 10 seconds'
says 'where the CRL belongs is told' 'next: put crl.der where http://crl.example.com/1.crl leads (--bucket BUCKET)'
same 'the renewal arrives' renewed/certificate.pem renewal/pca/certificate

# CloudHSM, and with it the CRL in a bucket: it needs the fewest calls.
new_hsm() {
	put "$1/hsm/id" $cluster
	put "$1/hsm/state" "$2"
	put_file "$1/hsm/csr" "${3:-hsm.csr}"
	put_file "$1/hsm/certificate" "${4:-hsm.pem}"
	mkdir -p "$worlds/$1/s3/$bucket"
}

# hsm_bundle DIR URL
hsm_bundle() {
	bundle "$all/$1" cloudhsm '' $cluster $bucket "$2" \
		request.pem=hsm.csr CustomerHsmCertificate.crt=hsm.pem \
		customerCA.crt=root.pem
}
hsm_bundle host http://$bucket.s3.eu-west-1.amazonaws.com/a/1.crl
hsm_bundle path http://s3.eu-west-1.amazonaws.com/$bucket/a/1.crl
hsm_bundle elsewhere http://other.s3.eu-west-1.amazonaws.com/a/1.crl
hsm_bundle elsewhere2 http://s3.eu-west-1.amazonaws.com/other/a/1.crl
hsm_bundle no-key http://crl.example.com/a//1.crl
new_hsm no-cluster UNINITIALIZED
put no-cluster/hsm/id cluster-zzzzzzzzzzz
refuses no-cluster hsm
new_hsm no-csr UNINITIALIZED
rm "$worlds/no-csr/hsm/csr"
refuses no-csr hsm
new_hsm other-csr UNINITIALIZED other.csr
refuses other-csr hsm
new_hsm other-hsm ACTIVE hsm.csr hsm2.pem
refuses other-hsm hsm
new_hsm gone DELETE_IN_PROGRESS
refuses gone hsm
new_hsm hsm-lie UNINITIALIZED
put hsm-lie/lie DescribeClusters
refuses hsm-lie hsm
for crl in newer same foreign sub; do
	new_hsm $crl-crl ACTIVE
	file=$crl.der
	[ -f "$pki/$file" ] || file=$crl.pem
	put_object $crl-crl a/1.crl $file application/pkix-crl
	refuses $crl-crl host
done
for world in older-crl type-crl; do
	new_hsm $world ACTIVE
done
put_object older-crl a/1.crl older.der application/pkix-crl
put_object type-crl a/1.crl crl.der binary/octet-stream
refuses older-crl path
refuses type-crl host
for world in elsewhere elsewhere2 no-key crl-denied crl-lie; do
	new_hsm $world ACTIVE
done
refuses elsewhere elsewhere
refuses elsewhere2 elsewhere2
refuses no-key no-key
put crl-denied/fail 'GetObject AccessDenied'
refuses crl-denied host
put crl-lie/lie PutObject
refuses crl-lie host
new_hsm no-bucket ACTIVE
refuses no-bucket host --bucket "$bucket-2"
all_done

stopped no-cluster "there is no cluster $cluster in eu-central-1" \
	'look whether account and region are right'
stopped no-csr 'the cluster has no request yet' "make its first HSM: aws \
cloudhsmv2 create-hsm --region eu-central-1 --cluster-id $cluster \
--availability-zone ZONE"
stopped other-csr "the certificate is for another key than this cluster's" \
	'look whether the cluster is the one that asked'
stopped other-hsm 'the cluster has another certificate than this bundle' \
	'a cluster is initialized once: is it the right one?'
stopped gone 'the cluster is DELETE_IN_PROGRESS: it cannot be initialized'
stopped hsm-lie 'the cluster has another certificate than this bundle'
there=s3://$bucket/a/1.crl
stopped newer-crl "$there is newer than crl.der: left as it is" \
	'use the newest bundle'
stopped same-crl "$there is not crl.der, but has its CRL number"
stopped foreign-crl "$there is another CA's CRL: issuer=O = Example, \
CN = stranger" 'look whether bucket and URL are right'
stopped sub-crl "$there is no CRL"
stopped elsewhere "bucket: $bucket is not in \
http://other.s3.eu-west-1.amazonaws.com/a/1.crl"
stopped elsewhere2 "bucket: $bucket is not in \
http://s3.eu-west-1.amazonaws.com/other/a/1.crl"
stopped no-key 'crl-url: http://crl.example.com/a//1.crl has no key'
stopped crl-denied "aws s3api get-object: $(error AccessDenied GetObject)" \
	'without s3:ListBucket S3 does not tell what is not there: ask for '\
"the permissions that the bundle's README.txt names, \"By script\""
stopped no-bucket "bucket: $bucket-2 is not in \
http://$bucket.s3.eu-west-1.amazonaws.com/a/1.crl"
stopped crl-lie "$there: what is read back is not crl.der"
equal 'nothing was changed in all these' '' "$(for world in no-cluster no-csr \
	other-csr other-hsm gone newer-crl same-crl foreign-crl sub-crl \
	elsewhere elsewhere2 no-key crl-denied no-bucket; do changes $world
	done)"
for world in older-crl type-crl; do
	went $world
	object=$world/s3/$bucket/objects/a%2F1.crl
	same 'the CRL is put' host/crl.der "$object/null.body"
	equal 'with its type' application/pkix-crl \
		"$(cat "$worlds/$object/type")"
done
equal 'in the region of the URL' 3 "$(cat "$worlds"/older-crl/requests/*.head |
	grep -c '^Authorization.*/eu-west-1/s3/')"

# AWS IoT.
put wrong-code/iot/code "$(openssl rand -hex 32)"
refuses wrong-code iot
ca=iot/cas/$(fp sub)
put_file mode/$ca/pem sub.pem
put mode/$ca/mode DEFAULT
put mode/$ca/status ACTIVE
refuses mode sni
# Registered meanwhile, by another: listed only afterwards.
put_file exists/$ca/pem sub.pem
put exists/$ca/mode SNI_ONLY
put exists/$ca/status ACTIVE
put exists/iot/hidden yes
refuses exists sni
# Under another id than its digest, behind one that is not it.
put_file odd/iot/cas/"$(printf %064d 1)"/pem other.pem
put_file odd/iot/cas/"$(printf %064d 2)"/pem sub.pem
for n in 1 2; do
	put odd/iot/cas/"$(printf %064d $n)"/mode SNI_ONLY
	put odd/iot/cas/"$(printf %064d $n)"/status ACTIVE
done
refuses odd sni
put iot-lie/lie DescribeCACertificate
refuses iot-lie sni
put invalid/fail 'RegisterCACertificate CertificateValidationException'
refuses invalid sni
region='' bundle "$all/nowhere" iot SNI_ONLY '' '' '' request.pem=sub.csr \
	ca-certificate.pem=sub.pem
refuses nowhere nowhere
bundle "$all/no-mode" iot '' '' '' '' request.pem=sub.csr \
	ca-certificate.pem=sub.pem
refuses no-mode no-mode
all_done

stopped wrong-code "the verification certificate is for the code $code, \
the account's is $(cat "$worlds/wrong-code/iot/code")" \
	'look whether account and region are those that asked'
stopped mode 'the CA certificate is registered in the mode DEFAULT, want '\
'SNI_ONLY' "deactivate and delete $(fp sub), then run this again"
stopped exists 'AWS IoT does not give the CA certificate back'
went odd
says 'found under any id' 'the CA certificate is registered already'
stopped iot-lie 'AWS IoT does not give the CA certificate back' \
	'run this again; then look who else changes it'
stopped invalid "aws iot register-ca-certificate: $(error \
	CertificateValidationException RegisterCACertificate)" \
	'nothing was imported: show this sentence to those who made the bundle'
stopped nowhere 'region: the bundle names none' 'give it as --region'
stopped no-mode 'mode: the bundle has none of DEFAULT and SNI_ONLY'
equal 'nothing was registered in these' '' \
	"$(for world in wrong-code mode odd; do changes $world; done)"

# API Gateway.
new_gateway() {
	put "$1/gateway/api.example.com/configurations" "[{\"certificateArn\":\
\"arn:aws:acm:eu-central-1:1:certificate/a\",\"endpointType\":\"REGIONAL\",\
\"ownershipVerificationCertificateArn\":\
\"arn:aws:acm:eu-central-1:1:certificate/b\"}]"
	put "$1/s3/$bucket/versioning" Enabled
}
refuses no-domain gateway
for world in other-store no-versions warned gateway-lie store-lie; do
	new_gateway $world
done
put other-store/gateway/api.example.com/uri s3://other/truststore.pem
put other-store/gateway/api.example.com/version 1
refuses other-store gateway
rm "$worlds/no-versions/s3/$bucket/versioning"
refuses no-versions gateway
put warned/gateway/api.example.com/warnings 'CN=sub is not valid'
refuses warned gateway
put gateway-lie/lie GetDomainName
refuses gateway-lie gateway
put store-lie/lie PutObject
refuses store-lie gateway
# IAM Roles Anywhere.
new_anchor() {
	put "$1/anywhere/anchors/$2/name" workloads
	put "$1/anywhere/anchors/$2/enabled" "${4:-true}"
	put_file "$1/anywhere/anchors/$2/pem" "${3:-sub.pem}"
}
new_anchor_crl() {
	put "$1/anywhere/crls/$2/anchor" arn:aws:rolesanywhere:eu-central-1:\
123456789012:trust-anchor/$id
	put "$1/anywhere/crls/$2/enabled" "${4:-true}"
	put_file "$1/anywhere/crls/$2/data" "$3"
}
id=11111111-2222-3333-4444-555555555555
anchor=arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/$id
refuses no-anchor anywhere --resource $anchor
new_anchor two $id
new_anchor two 21111111-2222-3333-4444-555555555555
refuses two anywhere
new_anchor pca-anchor $id
put pca-anchor/anywhere/anchors/$id/type AWS_ACM_PCA
refuses pca-anchor anywhere
new_anchor anchor-crl $id
new_anchor_crl anchor-crl 31111111-2222-3333-4444-555555555555 newer.pem
refuses anchor-crl anywhere
put anchor-lie/lie CreateTrustAnchor
refuses anchor-lie anywhere
new_anchor crl-lost $id
new_anchor_crl crl-lost 41111111-2222-3333-4444-555555555555 older.pem
put crl-lost/lie ImportCrl
refuses crl-lost anywhere
# All is another, disabled, or somebody else's.
new_anchor updated $id stranger.pem false
new_anchor_crl updated 51111111-2222-3333-4444-555555555555 foreign.pem
new_anchor_crl updated 61111111-2222-3333-4444-555555555555 older.pem false
refuses updated anywhere --resource $anchor
all_done

stopped no-domain "aws apigatewayv2 get-domain-name: $(error \
	NotFoundException GetDomainName)"
stopped other-store \
	'the custom domain name has the truststore s3://other/truststore.pem already' \
	'those whom it lets in would be shut out: take it off the custom '\
'domain name, then run this again'
stopped no-versions "the bucket $bucket keeps no versions of the truststore"
stopped warned 'API Gateway warns: CN=sub is not valid'
equal 'warned of what is in force' 'PutObject UpdateDomainName' \
	"$(changes warned)"
grep -o '"[a-zA-Z]*Arn": "[^"]*"' \
	"$worlds/warned/gateway/api.example.com/configurations" |
	paste -s -d ' ' >"$log/out"
says 'the owner is verified as before' \
	'"ownershipVerificationCertificateArn": '\
'"arn:aws:acm:eu-central-1:1:certificate/b"'
stopped gateway-lie "the custom domain name has the truststore \
s3://$bucket/api.example.com/truststore.pem, version older"
stopped store-lie "s3://$bucket/api.example.com/truststore.pem: what is read \
back is not truststore.pem"
stopped no-anchor "there is no trust anchor $anchor in eu-central-1" \
	'look whether account and region are right'
stopped two 'there are several trust anchors called workloads' \
	'give the ARN of the right one as --resource'
stopped pca-anchor 'the trust anchor workloads is of type AWS_ACM_PCA' \
	'give another name as --resource'
stopped anchor-crl "the trust anchor's CRL \
31111111-2222-3333-4444-555555555555 is newer than crl.der: left as it is"
stopped anchor-lie 'what is read back is not trust-anchor.pem'
stopped crl-lost "the trust anchor's CRL read back is not crl.pem"
equal 'nothing was changed in these' '' "$(for world in no-domain other-store \
	no-versions no-anchor two pca-anchor anchor-crl; do changes $world
	done)"
went updated
equal 'only what differs is changed' \
	'UpdateTrustAnchor UpdateCrl EnableCrl EnableTrustAnchor' \
	"$(changes updated)"
same 'the trust anchor arrives' anywhere/trust-anchor.pem \
	updated/anywhere/anchors/$id/pem
same 'the CRL arrives' anywhere/crl.pem \
	updated/anywhere/crls/61111111-2222-3333-4444-555555555555/data
passes "another CA's CRL is left alone" cmp "$pki/foreign.pem" \
	"$worlds/updated/anywhere/crls/51111111-2222-3333-4444-555555555555/data"

# --- export-csr ------------------------------------------------------------

# export_csr WORLD [OPTIONS]
export_csr() {
	world=$1
	shift
	beside "$world" "$world" sh "$online/export-csr" "$@"
}

# What AWS gives, with and without a newline at its end.
new_pca export PENDING_CERTIFICATE
put export/fail 'GetCertificateAuthorityCsr RequestInProgressException 2'
new_pca export-bare ACTIVE
printf %s "$(cat "$pki/sub.csr")" >"$worlds/export-bare/pca/csr"
new_pca export-root PENDING_CERTIFICATE
put export-root/pca/type ROOT
new_pca export-bad PENDING_CERTIFICATE
bytes=$(openssl req -in "$pki/sub.csr" -outform DER | wc -c)
{
	openssl req -in "$pki/sub.csr" -outform DER | head -c $((bytes - 1))
	printf '\007'
} | openssl base64 -e >"$log/body"
{
	echo '-----BEGIN CERTIFICATE REQUEST-----'
	cat "$log/body"
	echo '-----END CERTIFICATE REQUEST-----'
} >"$worlds/export-bad/pca/csr"
new_pca export-making CREATING
put export-making/fail 'GetCertificateAuthorityCsr RequestInProgressException'
new_hsm export-hsm UNINITIALIZED
new_hsm export-old ACTIVE
new_hsm export-swapped UNINITIALIZED
new_hsm export-none UNINITIALIZED
rm "$worlds/export-none/hsm/csr"
for name in Hsm AwsHardware ManufacturerHardware; do
	put_file export-hsm/hsm/${name}Certificate hsm.pem
done
put_file export-swapped/hsm/HsmCertificate sub.pem
put export-iot/iot/code "$code"
put export-key/iot/code "$code"
mkdir "a stick"
: >'a stick/ca-0a-1b.json'
export_csr export --resource $arn --out stick
all_done	# before another writes there
export_csr export-bare --resource $arn --out bare
export_csr export-root --resource $arn --out refused
export_csr export-bad --resource $arn --out refused
export_csr export-making --resource $arn --out refused
export_csr export-there --resource $arn --out 'a stick'
new_pca export-there PENDING_CERTIFICATE
new_pca export-dry PENDING_CERTIFICATE
export_csr export-dry --resource $arn --out refused --dry-run
at='--region eu-central-1'
# shellcheck disable=SC2086 # words
export_csr export-hsm --resource $cluster $at --out stick
# shellcheck disable=SC2086 # words
for world in old swapped none; do
	export_csr export-$world --resource $cluster $at --out refused
done
# shellcheck disable=SC2086 # words
export_csr export-iot --for iot $at --out "it's refused"
all_done
# shellcheck disable=SC2086 # words
go export-key export-key sh "$online/export-csr" --for iot $at --out stick \
	--key "$pki/iot.key"

who=export-csr
went export
says 'it waited for the request' \
	'RequestInProgressException: once more in 10 seconds'
digest=$(openssl req -in "$pki/sub.csr" -outform DER | sha256sum |
	cut -c 1-64)
says 'the digest, to be read aloud' "    $digest"
equal 'an item for the list of requests' "  - file: ca-0a-1b.csr
    # Fill in what is empty, or delete its line.
    profile:
    for: [acm-pca]
    resource: $arn
    region: eu-central-1
    # the S3 bucket that the CRL goes to
    bucket:
    requester:
    ticket:" "$(sed -n '/^  - /,$p' "$log/out")"
# left_empty KEY: the list with all filled in but this.
left_empty() {
	{
		printf 'format: 1\nrequests:\n'
		sed -n '/^  - /,$p' "$runs/export.out" |
			sed "/^    $1:\$/!s/:\$/: x/"
	} >stick/list.yaml
	run anchorite csr check --batch stick/list.yaml \
		--policy "$tests/../policies/consumers.yaml"
	rm stick/list.yaml
}
left_empty none
equal 'all filled in, it is read' '' "$(grep 'want a value' "$log/err")"
for key in profile bucket requester ticket; do
	left_empty $key
	equal "the list refuses an empty $key" '3 want a value, have nothing' \
		"$status $(grep -o 'want a value, have nothing' "$log/err")"
done
cp "$runs/export.out" "$log/out"
passes 'the request is as AWS gave it' cmp "$pki/sub.csr" stick/ca-0a-1b.csr
passes "the CA's description is there" grep -q '"KeyAlgorithm"' \
	stick/ca-0a-1b.json
went export-bare
passes 'without a newline at its end, too' cmp \
	"$worlds/export-bare/pca/csr" bare/ca-0a-1b.csr
went export-hsm
says 'the identity of the HSM' "the request is of the HSM's own key"
passes "the cluster's request is as AWS gave it" cmp "$pki/hsm.csr" \
	stick/${cluster}_ClusterCsr.csr
equal 'with the certificates of its hardware' 3 \
	"$(find stick -name '*.crt' | wc -l)"
went export-key
equal 'the name in the request is the code' "subject=CN = $code" \
	"$(openssl req -noout -subject -in stick/iot-*.csr)"
passes 'all of it verifies' sh -c 'cd stick && sha256sum -c digests.sha256'
equal 'and all of it is named' "$(find stick -type f | wc -l)" \
	"$(($(wc -l <stick/digests.sha256) + 1))"
went export-iot
says 'how to make key and request' '    openssl genpkey -algorithm RSA '\
'-pkeyopt rsa_keygen_bits:2048 -out verification.key'
says 'and where to write it' "    export-csr --for iot --region eu-central-1 \
--key verification.key --out './it'\\''s refused'"
stopped export-root 'the CA is of type ROOT' \
	'only a SUBORDINATE has a request for another root'
stopped export-making "aws acm-pca get-certificate-authority-csr: $(error \
	RequestInProgressException GetCertificateAuthorityCsr)" \
	'the CA is being made: run this again in some minutes'
stopped export-there './a stick/ca-0a-1b.json is there already' \
	'give another --out, or remove it if it is of no use'
stopped export-old 'the cluster is ACTIVE: only one that is UNINITIALIZED '\
'has a request' 'is it the right cluster?'
stopped export-swapped \
	"the request is for another key than the HSM's certificate" \
	'sign nothing, and show this to AWS support'
stopped export-none 'the cluster has no request yet'
cut -c 1-64 "$runs/export-bad.err" | sed 1q >"$log/have"
equal 'a request not signed by its own key' \
	'export-csr: the request is not signed by its own key: Certificat' \
	"$(cat "$log/have")"
equal 'nothing is written then' no "$(ls -d refused 2>"$log/err" || echo no)"
equal 'nothing else is written' ca-0a-1b.json "$(ls 'a stick')"
went export-dry
equal 'a dry run makes no call' 3 "$(grep -c '^    aws acm-pca' "$log/out")"
says 'it prints them as a shell reads them' "    aws acm-pca \
describe-certificate-authority --region eu-central-1 \
--certificate-authority-arn $arn --query 'CertificateAuthority.[Type,Status]' \
--output text"
equal 'none at all' no "$(ls "$worlds/export-dry/calls" 2>"$log/err" || echo no)"
# shellcheck disable=SC2086 # words
go no-key export-key sh "$online/export-csr" --for iot $at --key missing.key
stopped no-key 'missing.key is not there'
# shellcheck disable=SC2086 # words
go dry-key none sh "$online/export-csr" --for iot $at --key missing.key \
	--dry-run
stopped dry-key 'missing.key is not there'
csr() {
	sh "$online/export-csr" "$@"
}
wrong 'give --resource, or --for iot' csr
wrong 'give --resource' csr --for acm-pca
wrong '--for adcs: only acm-pca, cloudhsm, iot' csr --for adcs
wrong '--for adcs: only acm-pca, cloudhsm, iot' csr --for adcs --resource x
wrong '--for iot takes no --resource' csr --for iot --resource x
wrong '--resource: want a value' csr --resource
wrong '--bogus: no such option' csr --bogus
wrong 'x: not an option' csr x
wrong 'give --region' csr --resource $cluster
wrong 'give --region' csr --for iot
helps csr
go neither none csr --resource x
stopped neither "resource: x is neither a private CA's ARN nor a cluster's ID"
go neither none csr --for acm-pca --resource x
stopped neither "resource: x is not a private CA's ARN"
go neither none csr --for cloudhsm --resource x --region eu-central-1
stopped neither "resource: x is not a cluster's ID"
go neither none csr --for iot --region EU
stopped neither 'region: EU is not an AWS region'

# --- what README.md says ---------------------------------------------------

# Its policies are JSON, and allow every call that was made.
must python3 -c '
import json, re, sys
text = open(sys.argv[1]).read()
for block in re.findall(r"```json\n(.*?)```", text, re.S):
    for statement in json.loads(block)["Statement"]:
        action = statement["Action"]
        print("\n".join([action] if isinstance(action, str) else action))
' "$online/README.md"
sed -e 's/^GetDomainName$/GET/' -e 's/^UpdateDomainName$/PATCH/' \
	"$worlds"/*/calls | sort -u >"$log/calls"
sed 's/.*://' "$log/out" | sort -u >"$log/allowed"
equal 'its policies allow each call' '' "$(comm -23 "$log/calls" "$log/allowed")"
equal 'and little else' 'AddCertificateToDomain GetObjectVersion ListBucket '\
'RemoveCertificateFromDomain' \
	"$(comm -13 "$log/calls" "$log/allowed" | paste -s -d ' ')"

finish
