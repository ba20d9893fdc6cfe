#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The order of the modules: what the Makefile's MODULES promises of the
# sources. A file without a header of its own (base/yaml_fields) is a part of
# the module before it whose name it begins with (base/yaml).

set -u
LC_ALL=C
export LC_ALL

{
	cat <<-'END'
	# door   header             files that may include it, as a pattern
	door     yaml.h             ^src/base/yaml[a-z_]*\.c$
	door     jansson.h          ^src/base/json\.c$
	door     libp11.h           ^src/token/
	door     openssl/engine.h   ^src/token/
	door     libgfshare.h       ^src/custody/share\.c$
	door     qrencode.h         ^src/base/qr\.c$
	door     p11-kit/uri.h      ^src/token/uri\.c$
	door     p11-kit/pkcs11.h   ^(src|include/anchorite)/token/
	END
	# make's own continued lines are not read by `read`, so sed marks them.
	sed -n '/^MODULES *=/,/[^\\]$/p' Makefile |
		sed 's/^MODULES *=//; s/\\$//' | tr -s ' \t' '\n\n' |
		sed -n 's/..*/module &/p'
	find src include -name '*.[ch]' | sort | sed 's/^/file /'
	grep -n '^[ 	]*#[ 	]*include' /dev/null \
	    $(find src include -name '*.[ch]' | sort) |
		sed 's/^\([^:]*\):\([0-9]*\):[^"<]*\(.*[">]\).*/include \1 \2 \3/'
} | awk '
function complain(place, what) {
	print place ": " what
	bad = 1
}

# "src/base/yaml.c" and "include/anchorite/base/yaml.h": "base/yaml".
function stem(path) {
	sub(/^(src|include\/anchorite)\//, "", path)
	sub(/\.[ch]$/, "", path)
	return path
}

# The module that a file belongs to: its own, or the one it is a part of.
function owner(name) {
	while (!(("include/anchorite/" name ".h") in file)) {
		if (!sub(/_[^_\/]*$/, "", name))
			return ""
	}
	return name
}

# Headers of other folders, by module.
function check_ours(path, line, header,    target, me) {
	target = stem("include/" header)
	me = stem(path)
	if (!(("include/" header) in file)) {
		complain(path ":" line, header " does not exist")
		return
	}
	if (path ~ /^src\/cli\//)
		return
	if (path ~ /\.h$/ && path ~ /^src\// || !(me in rank))
		me = owner(me)
	if (target != owner(me) && rank[target] >= rank[me])
		complain(path ":" line, "includes " header ", but " target \
		    " does not stand before " me " in MODULES")
}

# A header between quotes is private to the parts of one module.
function check_private(path, line, header,    folder, whole) {
	folder = path
	sub(/[^\/]*$/, "", folder)
	whole = folder header
	if (!(whole in file) || folder !~ /^src\//)
		complain(path ":" line, "\"" header "\" is not in its folder")
	else if (path !~ /^src\/cli\// &&
	    owner(stem(whole)) != owner(stem(path)))
		complain(path ":" line, "\"" header "\" is private to " \
		    owner(stem(whole)))
}

$1 == "door" { door[$2] = $3 }
$1 == "module" {
	if ($2 in rank)
		complain("Makefile:1", $2 " stands twice in MODULES")
	rank[$2] = ++modules
	name[modules] = $2
}
$1 == "file" { file[$2] }
$1 == "include" { included[++includes] = $2 " " $3 " " $4 }

END {
	if (modules == 0)
		complain("Makefile:1", "no MODULES")
	for (n = 1; n <= modules; n++) {
		if (!(("src/" name[n] ".c") in file))
			complain("Makefile:1", "src/" name[n] \
			    ".c is listed, but does not exist")
		whole = owner(name[n])
		if (whole == "" || !(whole in rank) || rank[whole] > n)
			complain("Makefile:1", name[n] " has no header, nor " \
			    "is it a part of a module before it")
	}
	for (path in file) {
		if (path ~ /^src\/cli\// || path ~ /^src\/.*\.h$/)
			continue
		if (!(stem(path) in rank))
			complain(path ":1", "is not listed in MODULES")
	}
	for (n = 1; n <= includes; n++) {
		split(included[n], part, " ")
		path = part[1]
		header = substr(part[3], 2, length(part[3]) - 2)
		if (part[3] ~ /^"/)
			check_private(path, part[2], header)
		else if (header ~ /^anchorite\//)
			check_ours(path, part[2], header)
		else if (header in door && path !~ door[header])
			complain(path ":" part[2], header " is let in by " \
			    door[header] " alone")
		else if (header ~ /^p11-kit\// && !(header in door))
			complain(path ":" part[2], header " has no door")
		if (path ~ /\.c$/ && !(path in first)) {
			first[path] = header
			own = "anchorite/" stem(path) ".h"
			if (("include/" own) in file && header != own)
				complain(path ":" part[2], "includes " \
				    header " before its own header")
		}
	}
	exit bad
}'
