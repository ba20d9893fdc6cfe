#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# words.sh [FILE...]
#
# What never stands in a file. Brackets in the patterns below keep this file
# from finding itself.

set -u
LC_ALL=C
export LC_ALL

[ $# -gt 0 ] || set -- $(find Makefile ./*.md .ci src include tests packaging \
    policies ceremony -type f | sed 's/^\.\///' |
	grep -E '(^|/)(Makefile|run)$|/online/|\.(c|h|sh|md|yaml|1)$' | sort)
[ $# -gt 0 ] || { echo 'src:1: no files'; exit 1; }

awk '
function complain(what) {
	print FILENAME ":" FNR ": " what
	bad = 1
}

# The line without comments, strings and characters.
function code(line,    out) {
	out = ""
	while (line != "") {
		if (in_comment) {
			if (!match(line, /\*\//))
				return out
			in_comment = 0
			line = substr(line, RSTART + 2)
			continue
		}
		if (!match(line, /["\047]|\/\*|\/\//))
			return out line
		out = out substr(line, 1, RSTART - 1) " "
		token = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		if (token == "//")
			return out
		if (token == "/*")
			in_comment = 1
		else if (token == "\"" && match(line, /^([^"\\]|\\.)*"/))
			line = substr(line, RLENGTH + 1)
		else if (token != "\"" && match(line, /^([^\047\\]|\\.)*\047/))
			line = substr(line, RLENGTH + 1)
		else
			return out
	}
	return out
}

# Columns, with tabs of eight and each character of UTF-8 as one.
function columns(line,    at, n, part) {
	gsub(/[\200-\277]/, "", line)
	at = 0
	n = split(line, part, "\t")
	for (i = 1; i <= n; i++) {
		if (i > 1)
			at += 8 - at % 8
		at += length(part[i])
	}
	return at
}

function has_call(text, name) {
	return text ~ ("(^|[^A-Za-z0-9_])(" name ")[ \t]*\\(")
}

function has_word(text, name) {
	return text ~ ("(^|[^A-Za-z0-9_])(" name ")([^A-Za-z0-9_]|$)")
}

function check_code(text) {
	for (n = 1; n <= calls; n++)
		if (has_call(text, call[n]))
			complain(call[n] "() is not used here")
	if (has_word(text, "goto"))
		complain("goto is not used here")
	if (text ~ /(^|[^A-Za-z0-9_])typedef[ \t]+(struct|union|enum)/)
		complain("structs, unions and enums have no typedef")
	if (!is_library)
		return
	if (has_call(text, "printf|vprintf|puts|putchar|perror") ||
	    has_word(text, "stdout|stderr"))
		complain("library code prints nothing")
}

BEGIN {
	calls = split("strcpy strcat sprintf vsprintf atoi alloca system " \
	    "gets strtok", call, " ")
}

FNR == 1 {
	is_c = FILENAME ~ /\.[ch]$/
	is_product = FILENAME ~ /^(src|include)\//
	is_library = is_product && FILENAME !~ /^src\/cli\//
	in_comment = 0
	has_licence = FILENAME !~ /\.(c|h|sh|py|1)$|\/online\/[a-z-]*$/
}
/SPDX-License-Identifier: Apache-2\.0/ && FNR <= 2 { has_licence = 1 }
FNR == 2 && !has_licence {
	complain("no SPDX-License-Identifier: Apache-2.0 above")
}
FNR == 501 && is_product { complain("more than 500 lines") }
/[ \t]$/ { complain("blanks at the end of the line") }
/\r/ { complain("a carriage return") }
is_product && columns($0) > 80 { complain(columns($0) " columns, want 80") }
has_word($0, "TO[D]O|FI[X]ME|X[X]X|HA[C]K") {
	complain("what is to be done later stands elsewhere")
}
/(^|[ "\047=(])\/(wor[k]|hom[e]|roo[t])\// {
	complain("names a path of somebody\047s workplace")
}
is_c { check_code(code($0)) }
END { exit bad }' "$@"
