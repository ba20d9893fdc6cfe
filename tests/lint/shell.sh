#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every shell script is read without being run, by sh and by dash, which
# takes little more than POSIX; what runs on machines that we do not know also
# by shellcheck.

set -u
command -v dash >/dev/null || { echo 'shell.sh:1: no dash'; exit 1; }
bad=0 count=0
for script in $(find . -name build -prune -o -name '.git' -prune -o \
    \( -name '*.sh' -o -path './packaging/online/[!.]*' ! -name '*.md' \) \
    -print | sort); do
	script=${script#./}
	count=$((count + 1))
	for shell in sh dash; do
		"$shell" -n "$script" 2>&1 || {
			echo "$script:1: $shell does not read it"
			bad=1
		}
	done
	case $script in
	packaging/online/*)
		! command -v shellcheck >/dev/null ||
			shellcheck -S warning -f gcc "$script" || bad=1
		;;
	esac
	case $(head -n 1 "$script") in
	'#!/bin/sh') ;;
	*)
		echo "$script:1: want #!/bin/sh"
		bad=1
		;;
	esac
done
[ $count -gt 0 ] || { echo 'tests:1: no scripts'; exit 1; }
exit $bad
