#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Help with an example for each command, JSON that parses, usage faults.

. "$(dirname "$0")/lib.sh"
take_authority
request ca

commands=$(anchorite --help | sed -n '/^commands:/,/^$/p' |
	sed -n 's/^  \([a-z].\{15\}[a-z ]\) .*/\1/p' | sed 's/ *$//')
equal 'the commands' 'init;custodian new;custodian show;custodian replace;'\
'token list;token init;token show;token resplit;root generate;root adopt;'\
'root certify;root show;csr show;csr check;sign;revoke;crl;ocsp;bundle verify;bundle;'\
'request;approve;disable;enable;delete;restore;destroy;backup;'\
'policy show;policy adopt;quorum show;recover;anchor show;anchor accept;'\
'list;show;status;audit show;audit verify;audit trace;audit reconcile;'\
'audit export;audit bundle' \
	"$(echo "$commands" | paste -s -d ';')"
old_ifs=$IFS
IFS='
'
for command in $commands; do
	IFS=$old_ifs
	# shellcheck disable=SC2086 # a command of two words
	run anchorite $command --help
	equal "$command --help" 0 "$status"
	equal "$command: usage first" "usage: anchorite $command" \
		"$(head -n 1 "$log/out" | cut -c "-$((17 + ${#command}))")"
	equal "$command: an example last" "  anchorite $command" \
		"$(sed '1,/^example:/d' "$log/out" |
		    sed -n "1s/^\(.\{$((12 + ${#command}))\}\).*/\1/p")"
	equal "$command: no line over 80 columns" '' \
		"$(grep '.\{81,\}' "$log/out")"
	equal "$command: a line of the example that goes on says so" '' \
		"$(sed '1,/^example:/d;$d' "$log/out" | grep -v ' \\$')"
done
IFS=$old_ifs

# Usage faults: status 2, and the way to help.
refused 2 'no command "sing"; is sign meant?' anchorite sing
refused 2 "no command \"frobnicate\": see 'anchorite --help'" \
	anchorite frobnicate
refused 2 'no command "csr chek"; is csr check meant?' anchorite csr chek ca.csr
refused 2 'no command "csr frobnicate"; there are csr show, csr check' \
	anchorite csr frobnicate ca.csr
refused 2 'no command "csr"; there are csr show, csr check' \
	anchorite csr --json
refused 3 'no authority here: --authority DIR names one' anchorite list
refused 3 'no authority here: --authority DIR names one' \
	anchorite audit show --from 3
refused 2 "no option --colour: see 'anchorite list --help'" \
	anchorite list --colour
refused 2 'sign: --profile NAME is missing' see sign ca.csr
refused 2 'sign: FILE... is missing' see sign --profile x
refused 2 '--profile twice' see sign --profile x --profile y ca.csr
refused 2 '--json takes no value' see list --json=yes
refused 2 '--policy wants FILE' anchorite init root --policy
refused 2 'show: "two" is too much' see show one two
refused 2 '--secret-fd: want a plain whole number, have x' \
	see crl --secret-fd x
refused 2 '--time: want a time such as 2026-11-21T06:30:48Z, have 2027' \
	see crl --time 2027
refused 2 '--by: want 1 to 100 characters of plain text' \
	see crl --by "a$(printf '\007')b"
run anchorite
equal 'no command at all' 2 "$status"
run anchorite token
equal 'half a command' 2 "$status"
passes 'anchorite --version' anchorite --version
says 'the version' 'anchorite 0.1.0'

# JSON, parsed by what is there.
if command -v jq >/dev/null; then
	parse() { jq -e . ; }
elif command -v python3 >/dev/null; then
	parse() { python3 -m json.tool; }
else
	parse() { :; }
	skip 'neither jq nor python3 is here to parse JSON'
fi

# json NAME COMMAND...
json() {
	title=$1
	shift
	run "$@"
	equal "$title --json" 0 "$status"
	passes "$title --json parses" parse <"$log/out"
}
parse_lines() {
	while read -r line; do
		printf '%s\n' "$line" | parse || return
	done
}
json 'token list' anchorite token list --json
json 'token show' anchorite token show --json
json 'csr show' anchorite csr show --json ca.csr
json 'csr check' anchorite csr check --json ca.csr \
	--policy "$policies/acm-pca-rsa-4096.yaml" \
	--profile subordinate-pathlen0
json list see list --json
json sign sign --json ca.csr
json 'list with one' see list --json
json show see show --json "$(serial 1)"
json 'root show' see root show --json
json crl ca crl --json
json bundle ca bundle --json --for acm-pca "$(serial 1)"
json ocsp ca ocsp --json --out ocsp
json 'anchor show' see anchor show --json
json status see status --json
json 'audit verify' see audit verify --json
run see audit show --json
cp "$log/out" shown
passes 'audit show --json is the journal' cmp shown root/journal.jsonl
passes 'audit show --json parses, line by line' parse_lines <shown
run see audit show --from 3
equal 'audit show --from' 'record 3: root-key' "$(head -n 1 "$log/out")"

finish
