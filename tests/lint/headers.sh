#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# headers.sh [HEADER...]
#
# Each header compiles with nothing before it, and a second time behind
# itself.

set -u
compiler=${CC:-gcc}
found=$(pkg-config --cflags libcrypto libp11 p11-kit-1) || exit 1
[ $# -gt 0 ] || set -- $(find include src -name '*.h' | sort)
[ $# -gt 0 ] || { echo 'include:1: no headers'; exit 1; }

bad=0
for header; do
	# shellcheck disable=SC2086 # flags are words
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		"$compiler" -std=gnu11 -D_GNU_SOURCE \
		    -DOPENSSL_API_COMPAT=30000 -Wall -Wextra -Werror \
		    -Wstrict-prototypes -Iinclude -I. $found \
		    -fsyntax-only -x c - || {
			echo "$header:1: does not compile alone"
			bad=1
		}
done
exit $bad
