#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manual and the policies' reference against the program's own tables:
# neither may lack anything, nor have anything more.

set -u
LC_ALL=C
export LC_ALL
program=${B:?want the build directory}/anchorite
manual=packaging/anchorite.1
reference=policies/README.md
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
bad=0

# same FILE TABLE: the sorted lines of $tmp/want and $tmp/have must agree.
same() {
	sort -u "$tmp/want" >"$tmp/want.sorted"
	sort -u "$tmp/have" >"$tmp/have.sorted"
	[ -s "$tmp/want.sorted" ] || {
		echo "$1:1: nothing to compare with in $2"
		bad=1
	}
	comm -23 "$tmp/want.sorted" "$tmp/have.sorted" |
		sed "s|^|$1:1: lacks, by $2: |" >"$tmp/findings"
	comm -13 "$tmp/want.sorted" "$tmp/have.sorted" |
		sed "s|^|$1:1: has, but not by $2: |" >>"$tmp/findings"
	[ -s "$tmp/findings" ] || return 0
	cat "$tmp/findings"
	bad=1
}

# The lines of one section of the manual.
section() {
	awk -v want="$1" '/^\.Sh / { is_in = substr($0, 5) == want; next }
	    is_in' "$manual"
}

# What each --help says: "command<TAB>what".
helped() {
	"$program" --help | sed -n '/^commands:/,/^$/p' |
		sed -n 's/^  \([a-z][a-z ]*[a-z]\)   *.*/\1/p' |
		while read -r command; do
			# shellcheck disable=SC2086 # "token list": two words
			"$program" $command --help </dev/null |
				awk -v c="$command" '
			NR == 1 {
				usage = $0
				if (match($0, /\[OPTION\.\.\.\] /))
					print c "\toperand " \
					    substr($0, RSTART + RLENGTH)
				next
			}
			/^options:/ { part = "options"; next }
			/^example:/ { part = "example"; next }
			part == "options" && /^  --/ {
				what = $1
				if ($0 ~ /^  --[a-z-]+ [A-Z]/)
					what = what " " $2
				need = "may "
				if (index(usage, " " what " "))
					need = "option "
				if ($1 != "--help")
					print c "\t" need what
			}
			part == "example" && NF {
				sub(/^ +/, "")
				is_more = sub(/ \\$/, " ")
				example = example $0
				if (!is_more)
					print c "\texample " example
			}'
		done
}

# The same of the section COMMANDS.
manual_says() {
	section COMMANDS | awk '
	/^\.Ss / { c = substr($0, 5); next }
	c == "" { next }
	/^\.(Op )?Fl -/ {
		need = (/^\.Op/ ? "may " : "option ")
		sub(/^\.(Op )?Fl -/, "--")
		sub(/ Ar /, " ")
		print c "\t" need $0
	}
	/^\.Ar / {
		sub(/^\.Ar /, "")
		sub(/ \.\.\.$/, "...")
		print c "\toperand " $0
	}
	/^(\$|    )/ {
		sub(/^(\$| *) */, "")
		is_more = sub(/ \\e$/, " ")
		example = example $0
		if (is_more)
			next
		print c "\texample " example
		example = ""
	}'
}

# The keys of a table of fields, and whether each is demanded.
fields() {
	awk -v table="$2" '
	$0 ~ (" " table "\\[\\] = ") { is_in = 1; next }
	is_in && /^};/ { is_in = 0 }
	is_in { text = text " " $0 }
	is_in && /},$/ {
		if (match(text, /{ "[^"]*"/))
			print substr(text, RSTART + 3, RLENGTH - 4),
			    (text ~ /[ \t]true,/ ? "required" : "optional")
		text = ""
	}' "$1"
}

# The keys of the table under a heading of the reference.
documented() {
	awk -v heading="$1" '
	/^##/ { is_in = $0 == heading; is_table = 0; next }
	!/^\|/ { is_table = 0 }
	is_in && /^\| key / { is_table = 1; has_default = /\| default / }
	is_in && is_table && /^\| `/ {
		split($0, cell, " *[|] *")
		gsub(/`/, "", cell[2])
		if (has_default && cell[4] ~ /^required/)
			print cell[2], "required"
		else
			print cell[2], "optional"
	}' "$reference"
}

# check_fields FILE TABLE HEADING
check_fields() {
	fields "$1" "$2" >"$tmp/want"
	documented "$3" >"$tmp/have"
	same "$reference" "$1 $2, under $3"
}

# The rows of a table under a heading, by the first header cell: its cells,
# as many as wanted, without backquotes.
rows() {
	awk -v heading="$1" -v header="$2" -v count="$3" '
	/^##/ { is_in = $0 == heading; is_table = 0; next }
	!is_in || !/^\|/ { is_table = 0; next }
	{
		gsub(/`/, "")
		split($0, cell, " *[|] *")
	}
	cell[2] == header { is_table = 1; next }
	is_table && cell[2] !~ /^-/ {
		line = cell[2]
		for (n = 3; n <= count + 1; n++)
			line = line "\t" cell[n]
		print line
	}' "$reference"
}

# The names of a list such as role_names[], in lower case.
names() {
	awk -v list="$2" '
	$0 ~ (list "\\[\\] = \\{") { is_in = 1; next }
	is_in && /^};/ { exit }
	is_in && match($0, /"[^"]*"/) {
		print substr($0, RSTART + 1, RLENGTH - 2)
	}' "$1"
}

# check_roles FILE HEADING: the roles that there are.
check_roles() {
	names "$1" role_names >"$tmp/want"
	rows "$2" role 1 >"$tmp/have"
	same "$reference" "$1 role_names, under $2"
}

# check_quorums FILE HEADING: what each operation takes by default, and what
# is least.
check_quorums() {
	awk '
	function words(text, macro,    out, word) {
		while (match(text, macro "\\([A-Z_]*\\)")) {
			word = substr(text, RSTART + length(macro) + 1,
			    RLENGTH - length(macro) - 2)
			out = out (out == "" ? "" : ", ") word
			text = substr(text, RSTART + RLENGTH)
		}
		gsub(/_/, "-", out)
		return tolower(out)
	}
	/ quorum_[a-z_]*\[OPERATIONS\] = / {
		match($0, /quorum_[a-z_]*\[/)
		table = substr($0, RSTART, RLENGTH - 1)
		next
	}
	/^};/ { table = "" }
	table != "" && match($0, /\[OPERATION_[A-Z_]*\]/) {
		name = substr($0, RSTART + 11, RLENGTH - 12)
		value = substr($0, RSTART + RLENGTH)
		if (table == "quorum_defaults") {
			order[++count] = name
			match(value, /[0-9][0-9]*/)
			approvals[name] = substr(value, RSTART, RLENGTH)
			roles[name] = words(value, "ROLE")
			distinct[name] = words(value, "OPERATION")
		} else if (table == "quorum_least") {
			match(value, /[0-9][0-9]*/)
			least[name] = substr(value, RSTART, RLENGTH)
		} else
			always[name] = words(value, "OPERATION")
	}
	END {
		for (n = 1; n <= count; n++) {
			name = order[n]
			if (always[name] != "")
				always[name] = always[name] ", always"
			else
				always[name] = distinct[name]
			operation = tolower(name)
			gsub(/_/, "-", operation)
			print operation "\t" approvals[name] "\t" \
			    roles[name] "\t" always[name] "\t" least[name] + 0
		}
	}' "$1" >"$tmp/want"
	rows "$2" operation 6 | cut -f 1,3- >"$tmp/have"
	same "$reference" "$1 quorum_defaults, quorum_least, under $2"
}

[ -x "$program" ] || { echo "Makefile:1: no $program"; exit 1; }

# Warnings about other manuals, which may not be installed, are not ours.
mandoc -T lint -W warning "$manual" >"$tmp/lint" 2>/dev/null || {
	sed 's/^mandoc: //' "$tmp/lint"
	bad=1
}

helped >"$tmp/want"
manual_says >"$tmp/have"
same "$manual" 'the commands --help'

helped | cut -f 2 | sed -n 's/^\(option\|may\) //p' >"$tmp/want"
echo '--help' >>"$tmp/want"
section OPTIONS | sed -n 's/^\.It Fl -/--/p' | sed 's/ Ar / /' >"$tmp/have"
same "$manual" 'the options'

"$program" --help | sed -n '/^exit status:/,$p' | tr ',:' '\n\n' |
	sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p' >"$tmp/want"
section 'EXIT STATUS' | sed -n 's/^\.It //p' >"$tmp/have"
same "$manual" 'the exit status of --help'
sed -n 's/^	FAIL_[A-Z]* = \([0-9]*\),.*/\1/p' \
    include/anchorite/base/fail.h >"$tmp/want"
same "$manual" 'enum fail_kind'

sed -n 's/^	{ "\([a-z-]*\)", "[a-z].*/\1/p' src/ca/state.c >"$tmp/want"
section JOURNAL | sed -n 's/^\.It Sy //p' >"$tmp/have"
same "$manual" 'src/ca/state.c'

policy=src/ca/policy_fields.c
check_fields $policy policy_fields '### At the top'
# shellcheck disable=SC2016 # the headings' own backquotes
{
	check_fields $policy policy_root_fields '### `root`'
	check_fields $policy policy_crl_fields '### `crl`'
	check_fields $policy policy_profile_fields '### A profile'
	check_fields $policy policy_subject_fields '### `subject` of a profile'
	check_fields $policy policy_subtree_fields '### `name-constraints`'
	check_fields $policy policy_information_fields \
	    '### `certificate-policies`'
	roster=src/ca/policy_custodians.c
	check_fields $roster policy_custodian_fields '### `custodians`'
	check_fields $roster policy_operation_fields '### `operations`'
	check_quorums src/custody/roster.c '### `operations`'
	check_roles src/custody/roster.c '### `custodians`'
}
check_fields src/token/site.c site_fields '## The site file'
check_fields src/ca/batch.c request_fields '## The list of requests'
fields $policy policy_constraint_fields >"$tmp/want"
grep -o '^`[a-z]*`: a name\|`[a-z]*`: a name must not' "$reference" |
	sed 's/^`\([a-z]*\)`.*/\1 optional/' >"$tmp/have"
same "$reference" "$policy policy_constraint_fields"

exit $bad
