#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Proves the checkers: a small clean tree passes all of them; then each kind
# of violation is planted in a copy of it, and must be refused by name.

set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
clean=$tmp/clean tree=$tmp/tree failed=0 planted=0
licence='SPDX-License-Identifier: Apache-2.0'

# put FILE LINE...: a file of these lines, in the tree at hand.
put() {
	mkdir -p "$(dirname "$1")"
	file=$1
	shift
	printf '%s\n' "$@" >"$file"
}

# module NAME BODY...: its header, which guards itself, and its source.
module() {
	name=$1
	shift
	guard=GUARD_$(echo "$name" | tr a-z/ A-Z_)
	put "include/anchorite/$name.h" "/* $licence */" "#ifndef $guard" \
	    "#define $guard" 'struct thing {' '	int member;' '};' '#endif'
	put "src/$name.c" "/* $licence */" "#include <anchorite/$name.h>" "$@"
}

make_clean() {
	mkdir -p "$clean/tests/lint"
	cp ./*.sh "$clean/tests/lint"
	cd "$clean"
	# shellcheck disable=SC1003 # the backslash is the Makefile's
	put Makefile "# $licence" 'MODULES = base/fail \' '	base/yaml x509/der' \
	    'OTHER = base/none'
	module base/fail '#include <stdio.h>' '#include <openssl/err.h>'
	module base/yaml '#include <yaml.h>' '#include <anchorite/base/fail.h>'
	module x509/der '#include <openssl/x509.h>' \
	    '#include <anchorite/base/yaml.h>' '#include "der_local.h"'
	put src/x509/der_local.h "/* $licence */" \
	    '#include <anchorite/base/fail.h>'
	put src/cli/main.c "/* $licence */" \
	    '#include <anchorite/x509/der.h>' '#include "cli.h"' \
	    'int a = sizeof("TODOS, mysystem(), a_goto");'
	put src/cli/cli.h "/* $licence */" 'int cli_main(void);'
	put tests/run.sh '#!/bin/sh' "# $licence" ':'
	put tests/unit/some.c "/* $licence */"
	put README.md '# A tree'
	mkdir .ci packaging policies ceremony
	cd "$OLDPWD"
}

complain() {
	echo "tests/lint/selftest.sh:1: $*"
	failed=1
}

# Before each planting: a fresh copy.
start() {
	rm -rf "$tree"
	cp -R "$clean" "$tree"
	cd "$tree"
}

# refused CHECKER TEXT: it must end with a failure and name the finding.
refused() {
	planted=$((planted + 1))
	if sh "tests/lint/$1.sh" >"$tmp/out" 2>&1; then
		complain "$1.sh passes what it must refuse: $2"
	elif ! grep -qF -- "$2" "$tmp/out"; then
		complain "$1.sh does not say: $2; it says: $(cat "$tmp/out")"
	fi
}

# line CHECKER FILE LINE WHAT: plants the line at the end of the file.
line() {
	start
	printf '%s\n' "$3" >>"$2"
	refused "$1" "$2:$(wc -l <"$2"): $4"
}

make_clean
for checker in order headers words shell; do
	start
	sh "tests/lint/$checker.sh" >"$tmp/out" 2>&1 ||
	    complain "$checker.sh refuses a clean tree: $(cat "$tmp/out")"
	[ -s "$tmp/out" ] && complain "$checker.sh is not quiet"
done

# The order of modules.
line order src/base/fail.c '#include <anchorite/base/yaml.h>' \
    'includes anchorite/base/yaml.h, but base/yaml does not stand before base'
line order include/anchorite/base/yaml.h '# include <anchorite/x509/der.h>' \
    'includes anchorite/x509/der.h, but x509/der does not stand before base'
line order src/base/fail.c '#include <anchorite/base/lost.h>' \
    'anchorite/base/lost.h does not exist'
line order src/cli/main.c '#include <anchorite/base/lost.h>' \
    'anchorite/base/lost.h does not exist'
line order src/base/yaml.c '#include "../x509/der_local.h"' \
    '"../x509/der_local.h" is not in its folder'
line order src/base/yaml.c '#include "none.h"' '"none.h" is not in its folder'
start
put src/base/fail_local.h "/* $licence */" '#include <anchorite/base/yaml.h>'
echo '#include "fail_local.h"' >>src/base/fail.c
refused order 'src/base/fail_local.h:2: includes anchorite/base/yaml.h'
start
put src/base/fail_local.h "/* $licence */"
echo '#include "fail_local.h"' >>src/base/yaml.c
refused order '"fail_local.h" is private to base/fail'
start
put src/base/lost.c "/* $licence */"
refused order 'src/base/lost.c:1: is not listed in MODULES'
start
put include/anchorite/base/lost.h "/* $licence */"
refused order 'include/anchorite/base/lost.h:1: is not listed in MODULES'
start
rm src/base/yaml.c
refused order 'src/base/yaml.c is listed, but does not exist'
start
put Makefile 'MODULES = base/fail base/yaml x509/der base/fail'
refused order 'base/fail stands twice in MODULES'
start
put Makefile 'MODULES = base/fail base/yaml x509/der base/part'
put src/base/part.c "/* $licence */"
refused order 'base/part has no header, nor is it a part of a module before'
start
put src/base/yaml.c "/* $licence */" '#include <string.h>' \
    '#include <anchorite/base/yaml.h>'
refused order 'src/base/yaml.c:2: includes string.h before its own header'
start
put Makefile 'OTHER = base/fail'
refused order 'no MODULES'

# The doors of the libraries.
for header in yaml.h jansson.h libp11.h p11-kit/uri.h p11-kit/pkcs11.h \
    openssl/engine.h libgfshare.h; do
	line order src/base/fail.c "#include <$header>" \
	    "$header is let in by"
	line order src/x509/der.c "#include <$header>" "$header is let in by"
done
line order src/x509/der_local.h '#include <libp11.h>' 'libp11.h is let in by'
line order src/cli/main.c '#include <libp11.h>' 'libp11.h is let in by'
line order src/base/fail.c '#include <p11-kit/p11-kit.h>' \
    'p11-kit/p11-kit.h has no door'

# Headers alone, and twice.
start
echo 'size_t lost(void);' >>include/anchorite/base/yaml.h
refused headers 'include/anchorite/base/yaml.h:1: does not compile alone'
start
echo 'struct twice { int member; };' >>src/cli/cli.h
refused headers 'src/cli/cli.h:1: does not compile alone'

# Words and shapes.
for call in strcpy strcat sprintf vsprintf atoi alloca system gets strtok; do
	line words src/cli/main.c "int x = $call(y);" "$call() is not used"
done
line words src/base/fail.c '	return !system ("id");' 'system() is not used'
line words src/cli/main.c 'a("b"); atoi(c); /* d */' 'atoi() is not used'
line words include/anchorite/base/fail.h 'int atoi(const char *);' \
    'atoi() is not used'
line words tests/unit/some.c '	strcpy(a, b);' 'strcpy() is not used'
line words src/cli/main.c '	goto out;' 'goto is not used'
for mark in "TO""DO" "FIX""ME" "X""XX" "HA""CK"; do
	line words src/cli/main.c "/* $mark: this */" \
	    'what is to be done later'
	line words tests/run.sh "# $mark this" 'what is to be done later'
done
line words README.md "See /ho""me/somebody" 'names a path'
line words src/cli/cli.h 'typedef struct thing thing;' \
    'structs, unions and enums have no typedef'
line words src/cli/cli.h 'typedef  enum {' \
    'structs, unions and enums have no typedef'
for call in printf puts perror; do
	line words src/base/fail.c "	$call(x);" \
	    'library code prints nothing'
done
line words src/base/fail.c '	fputs(x, stderr);' \
    'library code prints nothing'
line words src/cli/main.c "$(printf 'int  a;\t')" 'blanks at the end'
line words tests/run.sh 'true ' 'blanks at the end'
line words Makefile "$(printf 'B = b\r')" 'a carriage return'
line words src/cli/main.c "$(printf '/* %075d */' 0)" '81 columns, want 80'
line words include/anchorite/base/fail.h "$(printf '\t/* %067d */' 0)" \
    '81 columns, want 80'
start
printf '/* %074d */\n\t/* %066d */\na\t/* %066d */\n/* \342\200\246%073d */\n' \
    0 0 0 0 >>src/cli/main.c
sh tests/lint/words.sh >"$tmp/out" ||
    complain "words.sh refuses 80 columns: $(cat "$tmp/out")"
start
yes 'int a;' | head -n 499 >>src/cli/cli.h
refused words 'src/cli/cli.h:501: more than 500 lines'
start
put src/cli/main.c '' '' "/* $licence */"
refused words 'src/cli/main.c:2: no SPDX-License-Identifier'
start
put tests/run.sh '#!/bin/sh' '' "# $licence"
refused words 'tests/run.sh:2: no SPDX-License-Identifier'

# Scripts.
for text in 'a=(1 2)' 'for a; do true; fi'; do
	start
	echo "$text" >>tests/run.sh
	refused shell 'tests/run.sh:1: sh does not read it'
	refused shell 'tests/run.sh:1: dash does not read it'
done
start
put tests/run.sh '#!/bin/bash' "# $licence"
refused shell 'tests/run.sh:1: want #!/bin/sh'

[ "$planted" -gt 60 ] || complain "only $planted violations were planted"
exit $failed
