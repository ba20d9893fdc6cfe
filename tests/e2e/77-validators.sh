#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is issued and revoked here, judged by five programs that nobody here
# wrote: OpenSSL, GnuTLS, NSS, Java's PKIX validator and Go's crypto/x509.
# The tables below say what each must say, and of a refusal, why.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/leaves.sh"

for tool in certtool certutil crlutil vfychain java go; do
	command -v "$tool" >"$log/out" ||
		bail_out "$tool is not installed: packaging/deps.sh check"
done
mkdir "$work/cases" "$work/policies"
cases=$work/cases

# --- what is judged --------------------------------------------------------

# present NAME ROOT LEAF CA...: a case, as tests/validators/ read it.
present() {
	case=$cases/$1
	mkdir "$case"
	cp "$2.pem" "$case/root.pem"
	cp "$3.pem" "$case/leaf.pem"
	cp "$2.crl" "$case/crls.pem"
	! openssl x509 -in "$3.pem" -noout -ext extendedKeyUsage |
		grep -q 'E-mail' || : >"$case/mail"
	shift 3
	: >"$case/chain.pem"
	for ca; do
		cat "$ca.pem" >>"$case/chain.pem"
		cat "$ca.crl" >>"$case/crls.pem"
	done
}

# certify NAME PROFILE KEY [OPTION...]: NAME.pem by the root, and its own CRL.
certify() {
	name=$1 profile=$2
	ca_request "$name" "$3"
	shift 3
	must ca sign --profile "$profile" "$@" "$name.csr"
	serials | tail -n 1 >"$name.serial"
	must see show --out "$name.pem" "$(cat "$name.serial")"
	crl_of "$name"
}

# root_crl NAME [OPTION...]: NAME.crl, in PEM.
root_crl() {
	name=$1
	shift
	rm -f "$name.der"
	must ca crl --out "$name.der" "$@"
	must openssl crl -inform DER -in "$name.der" -out "$name.crl"
}

# imitate ROOT NAME KEY: another root of the same name and key identifier.
imitate() {
	subject=$(openssl x509 -in "$1.pem" -noout -subject \
		-nameopt multiline,-align,sep_multiline |
		sed -n 's/^ *countryName = /C=/p; s/^ *organizationName = /O=/p
		    s/^ *commonName = /CN=/p' | paste -s -d /)
	identifier=$(openssl x509 -in "$1.pem" -noout -ext \
		subjectKeyIdentifier | tail -n 1 | tr -d ' ')
	ca_request "$2" "$3"
	must openssl req -new -x509 -config "$work/leaves.cnf" -sha256 \
		-key "$2.key" -out "$2.pem" -subj "/$subject" -days 30 \
		-addext basicConstraints=critical,CA:TRUE \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-addext "subjectKeyIdentifier=$identifier"
	crl_of "$2"
}

# spoil FROM TO: the last bit of the signature is another.
spoil() {
	must openssl x509 -in "$1.pem" -outform DER -out "$log/der"
	last=$(tail -c 1 "$log/der" | od -A n -t u1)
	{
		head -c -1 "$log/der"
		# shellcheck disable=SC2059 # an octet is made of it
		printf "\\$(printf %03o $((last ^ 1)))"
	} >"$log/spoilt"
	must openssl x509 -inform DER -in "$log/spoilt" -out "$2.pem"
	cp "$1.key" "$2.key"
	cp "$1.crl" "$2.crl"
}

# judged_under KIND SUBORDINATE: the cases that either root has.
judged_under() {
	kind=$1 key=$2
	names=DNS:www.example.com,IP:10.1.2.3,email:pki@example.com
	certify "$kind-ca" subordinate-pathlen0 "$key"
	certify "$kind-upper" subordinate-pathlen1 "$key"
	certify "$kind-constrained" constrained "$key"
	certify "$kind-lost" subordinate-pathlen0 "$key"
	root_crl "$kind"
	for ca in ca constrained lost; do
		leaf "$kind-$ca" "$kind-$ca-leaf" serverAuth "$names"
	done
	present "$kind-chain" "$kind" "$kind-ca-leaf" "$kind-ca"
	present "$kind-constrained" "$kind" "$kind-constrained-leaf" \
		"$kind-constrained"
	for ca in ca upper; do
		lower "$kind-$ca" "$kind-$ca-lower"
		leaf "$kind-$ca-lower" "$kind-$ca-lower-leaf" serverAuth \
			"$names"
		present "$kind-below-$ca" "$kind" "$kind-$ca-lower-leaf" \
			"$kind-$ca-lower" "$kind-$ca"
	done

	imitate "$kind" "$kind-imitated" "$key"
	present "$kind-imitated" "$kind-imitated" "$kind-ca-leaf" "$kind-ca"
	spoil "$kind-ca" "$kind-spoilt"
	present "$kind-spoilt" "$kind" "$kind-ca-leaf" "$kind-spoilt"

	present "$kind-not-yet-revoked" "$kind" "$kind-lost-leaf" \
		"$kind-lost"
	must ca revoke --reason keyCompromise "$(cat "$kind-lost.serial")"
	root_crl "$kind"
	present "$kind-revoked" "$kind" "$kind-lost-leaf" "$kind-lost"
	present "$kind-another-revoked" "$kind" "$kind-ca-leaf" "$kind-ca"
}

# moment WORDS: as --time takes it.
moment() {
	date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ
}

# another POLICY TIME: another authority, its policy in $work/policies, made
# at that time.
another() {
	rm -rf root "$work"/tokens*
	mkdir "$work/tokens"
	must new_token demo
	must begin_at "$@"
	must ca root generate --time "$2"
	must ca root certify --time "$2"
}

begin_at() {
	printf '%s\n' "$pin" | anchorite init --secret-fd 0 --yes \
		--policy "$work/policies/$1.yaml" --time "$2" root
}

take_authority acm-pca-rsa-4096
must see root show --out rsa.pem
judged_under rsa rsa:2048

# RSASSA-PSS, which the policies that are shipped do not use.
sed 's/key: rsa-4096/key: rsa-3072/; s/rsa-sha256/rsa-pss-sha256/' \
	"$policies/acm-pca-rsa-4096.yaml" >"$work/policies/pss.yaml"
another pss "$(moment now)"
must see root show --out pss.pem
judged_under pss rsa:2048
equal 'root, certificate and CRL are signed with PSS' '2 2 2' "$(for kind in \
	'x509 -in pss.pem' 'x509 -in pss-ca.pem' 'crl -in pss.crl'; do
		# shellcheck disable=SC2086 # words
		openssl $kind -noout -text | grep -c 'Algorithm: rsassaPss'
	done | paste -s -d ' ')"

# The root of P-384 was made two hours ago, and its policy knows five profiles
# more: one of an hour only, one without a constraint of directories, one that
# has also a range of IPv6 (RFC 6666: addresses that lead nowhere), one that
# bars a directory, and one for TLS alone.
then=$(moment '2 hours ago')
{
	sed 's/^  period: .*/  period: 1h/' "$policies/acm-pca-ec-p384.yaml"
	echo
	shipped subordinate-pathlen0 |
		sed 's/subordinate-pathlen0:/brief:/; s/10y/1h/'
	echo
	shipped constrained |
		sed 's/constrained:/names:/; /directory:/,/- \[C:/d'
	echo
	shipped constrained |
		sed 's/constrained:/sealed:/; /directory:/,/- \[C:/d
		    s/ip: .*/ip: [10.0.0.0\/8, "100::\/64"]/'
	echo
	shipped constrained |
		sed 's/constrained:/barred:/; /permitted:/,/- \[C:/d
		    /dns: \[lab/a\        directory: [[C: US, O: Other Corp]]'
	echo
	shipped subordinate-pathlen0 | sed 's/subordinate-pathlen0:/tls:/'
	echo '    extended-key-usage: [serverAuth, clientAuth]'
} | sed '/^$/d' >"$work/policies/ec.yaml"
another ec "$then"
must see root show --out ec.pem
certify ec-brief brief P-256 --time "$then"
root_crl ec --time "$then"
leaf ec-brief ec-brief-leaf serverAuth DNS:www.example.com
cp ec.pem ec-stale.pem
cp ec.crl ec-stale.crl
judged_under ec P-384
present ec-expired ec ec-brief-leaf ec-brief
present ec-stale ec-stale ec-ca-leaf ec-ca
present ec-no-crl ec ec-ca-leaf ec-ca
cp ec-ca.crl "$cases/ec-no-crl/crls.pem"

# Leaves within the constraints and outside; a server is CN=www.example.com,
# for a common name is judged, too, where there is no DNS name.
certify ec-names names P-384
root_crl ec
while read -r form purpose names subject; do
	case $form in
	dir-* | *-other) cas='names constrained' ;;
	*) cas=names ;;
	esac
	[ "$purpose" = serverAuth ] ||
		subject='/C=US/O=Example Corp/CN=Alice Example'
	for ca in $cas; do
		leaf "ec-$ca" "$ca-$form" "$purpose" "$names" "$subject"
		present "$ca-$form" ec "$ca-$form" "ec-$ca"
	done
done <<'END'
dns             serverAuth DNS:example.com
dns-below       serverAuth DNS:a.b.example.com
dns-other       serverAuth DNS:www.example.org
dns-longer      serverAuth DNS:notexample.com
dns-excluded    serverAuth DNS:lab.example.com
dns-below-excl  serverAuth DNS:www.lab.example.com
dns-second      serverAuth DNS:www.example.com,DNS:www.example.org
cn-other       serverAuth IP:10.255.0.1 /C=US/O=Example Corp/CN=www.example.org
ip              serverAuth IP:10.255.0.1
ip-other        serverAuth IP:11.0.0.1
ip-v6           serverAuth IP:2001:db8::1
mail            emailProtection email:pki@example.com
mail-below      emailProtection email:pki@mail.example.com
mail-other      emailProtection email:pki@example.org
mail-longer     emailProtection email:pki@notexample.com
dir-below       serverAuth DNS:www.example.com /C=US/O=Example Corp/OU=Web/CN=www
dir-other       serverAuth DNS:www.example.com /C=US/O=Other Corp/CN=www
dir-order       serverAuth DNS:www.example.com /O=Example Corp/C=US/CN=www
dir-none        serverAuth critical,DNS:www.example.com /
END
MASK=default
for ca in names constrained; do
	leaf "ec-$ca" "$ca-dir-printable" serverAuth DNS:www.example.com
	present "$ca-dir-printable" ec "$ca-dir-printable" "ec-$ca"
done
MASK=utf8only

certify ec-sealed sealed P-384
root_crl ec
for form in ip ip-v6; do
	address=10.1.2.3
	[ $form = ip ] || address=2001:db8::1
	leaf ec-sealed sealed-$form serverAuth "IP:$address"
	present sealed-$form ec sealed-$form ec-sealed
done

certify ec-barred barred P-384
root_crl ec
for corp in Example Other; do
	leaf ec-barred "barred-$corp" serverAuth DNS:www.example.com \
		"/C=US/O=$corp Corp/CN=www.example.com"
	present "barred-$corp" ec "barred-$corp" ec-barred
done

certify ec-tls tls P-384
root_crl ec
leaf ec-tls tls-server serverAuth DNS:www.example.com
leaf ec-tls tls-mail emailProtection email:pki@example.com
present tls-server ec tls-server ec-tls
present tls-mail ec tls-mail ec-tls

# One more that is not valid yet.
certify ec-future subordinate-pathlen0 P-256 --time "$(moment '2 days')"
leaf ec-future ec-future-leaf serverAuth DNS:www.example.com
present ec-future ec ec-future-leaf ec-future

# --- who judges ------------------------------------------------------------

# say CASE COMMAND...: the verdict, and on refusal all that was said.
say() {
	name=$1
	shift
	if "$@" >"$log/said" 2>&1; then
		echo "$name accept"
	else
		echo "$name refuse $(paste -s -d ' ' "$log/said")"
	fi
}

by_openssl() {
	purpose=sslserver
	[ ! -f mail ] || purpose=smimesign
	openssl verify -x509_strict -crl_check_all -purpose $purpose \
		-CAfile root.pem -CRLfile crls.pem -untrusted chain.pem \
		leaf.pem
}

by_gnutls() {
	purpose=1.3.6.1.5.5.7.3.1
	[ ! -f mail ] || purpose=1.3.6.1.5.5.7.3.4
	cat leaf.pem chain.pem >"$log/path"
	certtool --verify --load-ca-certificate root.pem \
		--load-crl crls.pem --infile "$log/path" \
		--verify-purpose $purpose
}

# NSS has its certificates and CRLs in a database.
blocks() {
	awk -v to="$2" '/^-----BEGIN/ { n++ } { print > (to n ".pem") }' "$1"
}

by_nss() {
	nss=$work/nss
	rm -rf "$nss"
	cp -r "$work/nss-empty" "$nss"
	certutil -A -d "sql:$nss" -n root -t CT,C,C -i root.pem || return 1
	blocks chain.pem "$nss/ca"
	blocks crls.pem "$nss/crl"
	for file in "$nss"/ca*.pem; do
		certutil -A -d "sql:$nss" -n "${file##*/}" -t ,, \
			-i "$file" || return 1
	done
	for file in "$nss"/crl*.pem; do
		openssl crl -in "$file" -outform DER -out "$nss/crl.der"
		# Of a CA that is not valid now it takes none.
		crlutil -I -d "sql:$nss" -t 1 -i "$nss/crl.der" || continue
	done
	usage=1
	[ ! -f mail ] || usage=4
	vfychain -d "sql:$nss" -pp -u $usage -g chain -m crl -s failIfNoInfo \
		-a leaf.pem
}

mkdir "$work/nss-empty"
must certutil -N -d "sql:$work/nss-empty" --empty-password

here=$PWD
verdicts=$work/verdicts
mkdir "$verdicts"
for case in "$cases"/*; do
	cd "$case" || bail_out cd
	for one in openssl gnutls nss; do
		say "${case##*/}" "by_$one" >>"$verdicts/$one"
	done
done
cd "$here" || bail_out cd

build_validate
must "$work/validate" "$cases"/*
cp "$log/out" "$verdicts/go"
must java "$tests/validators/Validate.java" "$cases"/*
cp "$log/out" "$verdicts/java"

# --- what they must say -----------------------------------------------------

# The words of a refusal for its reason. NSS has one error of its own making
# for all names; that the names alone are refused, the cases beside show.
cat >"$work/words" <<'END'
signature openssl certificate signature failure
signature gnutls  The signature in the certificate is invalid
signature nss     certificate has an invalid signature
signature java    signature check failed
signature go      verification
length    openssl path length constraint exceeded
length    gnutls  violates the signer's constraints
length    nss     Certificate path length constraint is invalid
length    java    pathLenConstraint violated
length    go      too many intermediates for path length constraint
revoked   openssl certificate revoked
revoked   gnutls  The certificate chain is revoked
revoked   nss     Certificate has been revoked
revoked   java    Certificate has been revoked, reason: KEY_COMPROMISE
revoked   go      certificate is revoked
purpose   openssl unsuitable certificate purpose
purpose   gnutls  does not match the intended purpose
purpose   nss     Certificate type not approved for application
purpose   go      specifies an incompatible key usage
none      openssl unable to get certificate CRL
none      nss     Certificate has been revoked
none      java    Could not determine revocation status
none      go      no CRL of
stale     openssl CRL has expired
stale     java    Could not determine revocation status
stale     go      CRL has expired
future    openssl certificate is not yet valid
future    gnutls  uses not yet valid certificate
future    nss     issuer is not recognized
future    java    validity check failed NotBefore
future    go      has expired or is not yet valid
expired   openssl certificate has expired
expired   gnutls  uses expired certificate
expired   nss     issuer is not recognized
expired   java    validity check failed NotAfter
expired   go      has expired or is not yet valid
outside   openssl permitted subtree violation
excluded  openssl excluded subtree violation
outside   gnutls  violates the signer's constraints
outside   nss     Certificate extension not found
outside   java    name constraints check failed
outside   go      is not permitted by any constraint
excluded  gnutls  violates the signer's constraints
excluded  nss     Certificate extension not found
excluded  java    name constraints check failed
excluded  go      is excluded by constraint
unknown   go      unhandled critical extension
END

# complaint CASE VALIDATOR WANT: what is wrong with its verdict, if anything.
complaint() {
	have=$(sed -n "s/^$1 //p" "$verdicts/$2")
	case $3 in
	+) [ "$have" = accept ] && return ;;
	*)
		words=$(sed -n "s/^$3  *$2  *//p" "$work/words")
		case $have in
		"refuse "*"${words:?no words of $2 for $3}"*) return ;;
		esac
		;;
	esac
	echo "$2: want $3, have ${have:-nothing}"
}

# expect CASE OPENSSL GNUTLS NSS JAVA GO [WHY...]: + where it accepts, else
# the reason of its refusal. Where they differ it must be said why.
expect() {
	{
		complaint "$1" openssl "$2"
		complaint "$1" gnutls "$3"
		complaint "$1" nss "$4"
		complaint "$1" java "$5"
		complaint "$1" go "$6"
	} >"$log/complaints"
	echo "$1" >>"$work/expected"
	name="$1: $2 $3 $4 $5 $6"
	case " $2 $3 $4 $5 $6 " in
	" $2 $2 $2 $2 $2 ") name="$1: $2, by all" ;;
	*) [ $# -gt 6 ] || echo 'not unanimous, and no reason' \
		>>"$log/complaints" ;;
	esac
	judge "$name"
}

# Why not all of them say the same:
#
# directory  Go knows no constraint of directories, and refuses a CA that has
#            a critical one. GnuTLS passes over one that permits, and below
#            one that bars refuses all.
# family     GnuTLS holds no address of IPv6 against ranges of IPv4. With a
#            range of IPv6 beside them it does (profile sealed).
# name       The common name of a server that has no DNS name is held against
#            constraints of DNS: never by Go, by NSS only without an address.
# path       Java's validator judges paths, and asks for no purpose.
# late       GnuTLS and NSS take a CRL whatever its nextUpdate says, and GnuTLS
#            goes on without one.
for root in rsa pss ec; do
	while read -r name row; do
		# shellcheck disable=SC2086 # words
		expect $root-$name $row
	done <<-'END'
	chain           +         +         +         +         +
	constrained     +         +         +         +         unknown   directory
	below-upper     +         +         +         +         +
	below-ca        length    length    length    length    length
	imitated        signature signature signature signature signature
	spoilt          signature signature signature signature signature
	not-yet-revoked +         +         +         +         +
	revoked         revoked   revoked   revoked   revoked   revoked
	another-revoked +         +         +         +         +
	END
done
while read -r row; do
	# shellcheck disable=SC2086 # words
	expect $row
done <<'END'
ec-future                 future   future   future   future   future
ec-expired                expired  expired  expired  expired  expired
ec-stale                  stale    +        +        stale    stale    late
ec-no-crl                 none     +        none     none     none     late
names-dns                 +        +        +        +        +
names-dns-below           +        +        +        +        +
names-dns-other           outside  outside  outside  outside  outside
names-dns-longer          outside  outside  outside  outside  outside
names-dns-second          outside  outside  outside  outside  outside
names-dns-excluded        excluded excluded excluded excluded excluded
names-dns-below-excl      excluded excluded excluded excluded excluded
names-cn-other            outside  outside  +        outside  +        name
names-ip                  +        +        +        +        +
names-ip-other            outside  outside  outside  outside  outside
names-ip-v6               outside  +        outside  outside  outside  family
sealed-ip                 +        +        +        +        +
sealed-ip-v6              outside  outside  outside  outside  outside
names-mail                +        +        +        +        +
names-mail-below          +        +        +        +        +
names-mail-other          outside  outside  outside  outside  outside
names-mail-longer         outside  outside  outside  outside  outside
names-dir-below           +        +        +        +        +
names-dir-other           +        +        +        +        +
names-dir-order           +        +        +        +        +
names-dir-none            +        +        +        +        +
names-dir-printable       +        +        +        +        +
constrained-dir-below     +        +        +        +        unknown  directory
constrained-dir-other     outside  +        outside  outside  unknown  directory
constrained-dir-order     outside  +        outside  outside  unknown  directory
constrained-dir-none      +        +        +        +        unknown  directory
constrained-dir-printable +        +        +        +        unknown  directory
constrained-dns-other     outside  outside  outside  outside  unknown  directory
constrained-cn-other      outside  outside  +        outside  unknown  directory
constrained-ip-other      outside  outside  outside  outside  unknown  directory
constrained-mail-other    outside  outside  outside  outside  unknown  directory
barred-Example            +        outside  +        +        unknown  directory
barred-Other              excluded excluded excluded excluded unknown  directory
tls-server                +        +        +        +        +
tls-mail                  purpose  purpose  purpose  +        purpose  path
END

# All agree of whatever was made: no case without a row, no row without one.
for case in "$cases"/*; do
	echo "${case##*/}"
done | sort >"$log/made"
sort "$work/expected" | diff "$log/made" - >"$log/complaints"
judge 'each case has its row'

finish
