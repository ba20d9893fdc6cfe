#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main commands under valgrind, with the token's module loaded: the
# sanitizers do not see into libraries that were built without them.

. "$(dirname "$0")/lib.sh"
if grep -q __asan_init "$B/anchorite"; then
	skip 'a build under the sanitizers'
	finish
fi
take_authority
cp "$fixtures/acm.csr" "$fixtures/badsig.csr" .

mkdir "$work/bin"
cat >"$work/bin/anchorite" <<END
#!/bin/sh
exec valgrind -q --leak-check=full --errors-for-leak-kinds=definite \
	--keep-debuginfo=yes --error-exitcode=99 "$B/anchorite" "\$@"
END
chmod +x "$work/bin/anchorite"
PATH=$work/bin:$PATH

passes 'sign' sign acm.csr
passes 'revoke' ca revoke --yes "$(serial 1)"
passes 'crl' ca crl
passes 'sign again' sign --reissue acm.csr
passes 'bundle' ca bundle --for acm-pca "$(serial 2)"
passes 'audit verify' see audit verify
recorded sign 'request badsig.csr: not signed by its own key' sign badsig.csr
finish
