#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main job, from an empty token to bundles that AWS Private CA takes.
# `make demo` runs it; read it as an example of the commands. It works in a
# folder of its own and asks nothing: PINs come from a descriptor here, as
# only rehearsals do. In a ceremony leave --secret-fd and --yes away.

set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
PATH=${B:-$here/build}:$PATH
demo=$(mktemp -d "${TMPDIR:-/tmp}/anchorite-demo.XXXXXX")
cd "$demo"

step() {
	printf '\n== %s\n' "$*"
}

# Shows a command, then runs it with the PIN on descriptor 3.
with_pin() {
	printf '   $ %s\n' "$*"
	printf '%s\n' "$pin" | "$@" --secret-fd 0
}

# Nobody reads what is not a failure; a failure shows all of it.
quietly() {
	"$@" >"$demo/log" 2>&1 || {
		cat "$demo/log" >&2
		exit 1
	}
}

step 'a SoftHSM token in a folder (a ceremony has a real one)'
module=
for file in /usr/lib/softhsm/libsofthsm2.so \
    /usr/lib/*/softhsm/libsofthsm2.so; do
	[ ! -f "$file" ] || module=$file
done
[ -n "$module" ] || { echo 'demo: SoftHSM is not installed' >&2; exit 1; }
mkdir tokens
cat >softhsm2.conf <<END
directories.tokendir = $demo/tokens
objectstore.backend = file
log.level = ERROR
library.reset_on_fork = true
END
cat >site.yaml <<END
# What belongs to this machine alone.
module: $module
token: pkcs11:token=demo
store: tokens
pin: prompt
END
export SOFTHSM2_CONF="$demo/softhsm2.conf" ANCHORITE_SITE="$demo/site.yaml"
pin=$(openssl rand -hex 16)
so_pin=$(openssl rand -hex 16)
echo '   $ anchorite token init --label demo'
printf '%s\n%s\n' "$so_pin" "$pin" |
	anchorite token init --label demo --secret-fd 0

step 'an authority under a reviewed policy, and its root key'
cp "$here/policies/acm-pca-rsa-4096.yaml" policy.yaml
with_pin anchorite init --policy policy.yaml --yes root
with_pin anchorite root generate --authority root --yes
with_pin anchorite root certify --authority root --yes

step 'a request that AWS Private CA made (from its documentation)'
cp "$here/tests/fixtures/acm-pca-documented.csr" .
anchorite csr check --policy policy.yaml --profile subordinate-pathlen0 \
	acm-pca-documented.csr
with_pin anchorite sign --authority root --profile subordinate-pathlen0 \
	--yes acm-pca-documented.csr

step 'three more in one transaction: RSA-3072, P-384, P-521'
make_request() {
	openssl req -new -newkey "$2" -noenc -keyout /dev/null -out "$1.csr" \
		${3+-pkeyopt} ${3+"$3"} -"$4" \
		-subj "/C=US/O=Example Corp/CN=$1" 2>/dev/null
}
make_request issuing-rsa rsa:3072 rsa_keygen_pubexp:65537 sha256
make_request issuing-p384 ec ec_paramgen_curve:P-384 sha384
make_request issuing-p521 ec ec_paramgen_curve:P-521 sha512
with_pin anchorite sign --authority root --profile subordinate-pathlen0 \
	--yes issuing-rsa.csr issuing-p384.csr issuing-p521.csr
anchorite list --authority root

# The serial of the nth certificate.
serial() {
	anchorite list --authority root --json |
		sed -n 's/.*"serial": "\([0-9a-f]*\)".*/\1/p' | sed -n "$1p"
}

step 'one is revoked; a CRL says so'
with_pin anchorite revoke --authority root --reason superseded --yes \
	"$(serial 3)"
with_pin anchorite crl --authority root --yes --out root.crl

step 'what is carried out'
with_pin anchorite bundle --yes --authority root --for acm-pca \
	"$(serial 1)" "$(serial 2)" "$(serial 4)"
with_pin anchorite bundle --yes --authority root --for files "$(serial 1)"

step 'verified by others'
for bundle in root/bundles/*; do
	(
		cd "$bundle"
		quietly sha256sum -c manifest.sha256
		quietly openssl cms -verify -binary -inform DER \
			-in manifest.p7s -content manifest.sha256 \
			-certfile journal-key.pem -nointern -noverify \
			-out /dev/null
		quietly openssl verify -x509_strict -crl_check_all \
			-CAfile root.pem -CRLfile crl.pem certificate.pem
		quietly certtool --verify --load-ca-certificate root.pem \
			--load-crl crl.pem --infile certificate.pem
		mkdir "$demo/nss"
		quietly certutil -N -d "sql:$demo/nss" --empty-password
		quietly certutil -A -d "sql:$demo/nss" -n root -t CT,C,C \
			-i root.pem
		quietly crlutil -I -d "sql:$demo/nss" -t 1 -i crl.der
		quietly certutil -A -d "sql:$demo/nss" -n ca -t ,, \
			-i certificate.pem
		quietly certutil -V -d "sql:$demo/nss" -n ca -u L
		rm -r "$demo/nss"
	)
	echo "   ok: $bundle (sha256sum, OpenSSL strict, GnuTLS, NSS)"
done
anchorite show --authority root --out revoked.pem "$(serial 3)" >/dev/null
anchorite root show --authority root --out root.pem >/dev/null
if openssl verify -crl_check -CAfile root.pem \
    -CRLfile root/bundles/*"$(serial 1 | cut -c 1-16)"/crl.pem revoked.pem \
    >log 2>&1; then
	echo 'demo: the revoked certificate still verifies' >&2
	exit 1
fi
echo '   ok: the revoked certificate is refused'
anchorite audit verify --authority root

step 'done'
rm -f log
cat <<END
A root (RSA-4096) in a SoftHSM token signed four subordinate CAs, revoked
one, issued a CRL and wrote bundles; the journal derives all of it again.

  all of it:    $demo
  bundles:      $demo/root/bundles
  the journal:  $demo/root/journal.jsonl
  PINs:         thrown away: this root cannot sign again

Next: read README.txt in a bundle for AWS Private CA, then
ceremony/README.md: how to hold a first ceremony by hand.
Remove it with: rm -r $demo
END
