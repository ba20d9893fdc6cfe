#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main commands under valgrind, with the token's module loaded: the
# sanitizers do not see into libraries that were built without them.

. "$(dirname "$0")/lib.sh"
no_sanitizer
take_authority
cp "$fixtures/acm.csr" "$fixtures/badsig.csr" .

under_valgrind

passes 'sign' sign acm.csr
passes 'revoke' ca revoke --yes "$(serial 1)"
passes 'crl' ca crl
passes 'sign again' sign --reissue acm.csr
passes 'bundle' ca bundle --for acm-pca "$(serial 2)"
passes 'audit verify' see audit verify
recorded sign 'request badsig.csr: proof of possession: want a signature by '\
'its own key, have one that does not verify (RFC 2986, 3)' sign badsig.csr
finish
