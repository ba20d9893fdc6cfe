#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Policies and site files that are refused, line and column named, before
# the token is opened or a directory made.

. "$(dirname "$0")/lib.sh"
export ANCHORITE_SITE="$work/none.yaml"

init() {
	anchorite init --policy "$@"
}

# spoilt SENTENCE LINE-OF-SED...: the reviewed policy, changed.
spoilt() {
	sentence=$1
	sed "$2" "$policies/acm-pca-rsa-4096.yaml" >policy.yaml
	cmp -s policy.yaml "$policies/acm-pca-rsa-4096.yaml" &&
		bail_out "no change: $2"
	refused 3 "policy.yaml:$sentence" init policy.yaml root
}

# whole SENTENCE TEXT: a policy that is this text.
whole() {
	printf '%b' "$2" >policy.yaml
	refused 3 "policy.yaml:$1" init policy.yaml root
}

spoilt '32:5: unknown key path-lenght, did you mean path-length' \
	's/path-length: 0 /path-lenght: 0 /'
spoilt '22:1: unknown key crls, did you mean crl' 's/^crl:/crls:/'
spoilt '32:18: path-length: want a plain whole number, have zero' \
	's/path-length: 0 /path-length: zero /'
spoilt '34:11: keys: want a list' 's/keys: .*/keys: rsa-2048/'
spoilt '18:8: key: want one of rsa-2048, rsa-3072, rsa-4096, ec-p256, '\
'ec-p384, ec-p521; have rsa-1024' 's/key: rsa-4096/key: rsa-1024/'
spoilt '19:14: signature: ecdsa-sha256 does not fit a key of rsa-4096' \
	's/signature: rsa-sha256/signature: ecdsa-sha256/'
spoilt "33:15: validity: want less than the root's 20y, or match-issuer; "\
'have 30y' '33s/10y/30y/'
spoilt '20:13: validity: want a period of at most 1000 years such as 20y, '\
'1095d or 12h, have 20' 's/validity: 20y/validity: 20/'
spoilt '23:11: period: want a period of at most 1000 years such as 20y, '\
'1095d or 12h, have 0d' 's/period: 180d/period: 0d/'
spoilt '36:18: required: XX: unknown name type' '36s/\[CN\]/[XX]/'
spoilt '15:10: subject: C has 3 characters, at most 2' '15s/US/USA/'

whole '1:1: empty' ''
whole '2:1: empty' '# nothing\n'
whole '2:1: name: given twice, first in line 1' 'name: x\nname: y\n'
whole '2:1: not YAML: found a tab character that violates indentation' \
	'name: x\n\tbackdate: 1h\n'
whole '1:7: anchors are not taken' 'name: &a x\n'
whole '3:1: a second document' 'format: 1\nname: x\n---\nformat: 1\n'
refused 3 'none.yaml: No such file or directory' init none.yaml root

# Site files.
site_says() {
	printf '%b' "$2" >site.yaml
	refused 3 "site.yaml:$1" anchorite token list --site site.yaml
}
site_says '1:1: empty' ''
site_says '1:1: unknown key modul, did you mean module' 'modul: x\n'
site_says '1:1: token: missing' 'module: x\n'
site_says '3:6: pin: want prompt or pad; a PIN itself never stands in a file' \
	'module: x\ntoken: pkcs11:token=t\npin: 123456\n'

# The validity of a profile may end behind that of a root that is older.
export ANCHORITE_SITE="$work/site.yaml"
take_authority
request late
later=$(see root show --json | field not_after)
now=2038-01-01T00:00:00Z
recorded sign "request late.csr: validity: ends 2048-01-01T00:00:00Z, the \
root ends $later" sign --time "$now" late.csr

finish
