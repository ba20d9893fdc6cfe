#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Custody under valgrind: cards and the root's token, opened one after the
# other in one process; approvals, shares, and the key locked and erased.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/custodians.sh"
no_sanitizer
take_custody
request ca
under_valgrind

passes 'sign, by a file and a card' \
	on bob,carol sign --profile subordinate-pathlen0 ca.csr
passes 'disable, by a card' on carol,dave disable
passes 'a request' see request --out crl.json crl
passes 'an approval, by a card' approve dave crl.json
recorded crl 'crl-disabled: takes 2 approvals of the role operator or '\
'restore, has 1' on carol,dave crl --request crl.json
passes 'a CRL while disabled' on bob,dave crl
passes 'resplit' on bob,carol token resplit --sheets none
passes 'delete' on bob,dave delete --days 7
passes 'destroy' on carol,dave destroy \
	--time "$(date -u -d '+8 days' +%Y-%m-%dT%H:%M:%SZ)"
passes 'audit verify' see audit verify
finish
