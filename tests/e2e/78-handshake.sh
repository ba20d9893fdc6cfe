#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# TLS with certificates on both ends, each below a subordinate certified
# here: a server that asks every client for one, and checks all CRLs, against
# clients of OpenSSL, GnuTLS, Go and, where it is there, curl. On loopback.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/leaves.sh"
for tool in gnutls-cli go; do
	command -v "$tool" >"$log/out" ||
		bail_out "$tool is not installed: packaging/deps.sh check"
done
clients='openssl gnutls go'
! command -v curl >"$log/out" || clients="$clients curl"
host=www.example.com

# certify NAME: a CA by the root, a leaf below it, and how it is presented.
certify() {
	ca_request "$1" P-256
	must sign "$1.csr"
	serials | tail -n 1 >"$1.serial"
	must see show --out "$1.pem" "$(cat "$1.serial")"
	crl_of "$1"
	leaf "$1" "$1-leaf" "$2" "DNS:$host" \
		"/C=US/O=Example Corp/CN=leaf of $1"
	mkdir "$1"
	cp "$1-leaf.pem" "$1/leaf.pem"
	cp "$1-leaf.key" "$1/leaf.key"
	cp "$1.pem" "$1/chain.pem"
	cp root.pem "$1/root.pem"
	cat "$1-leaf.pem" "$1.pem" >"$1/path.pem"
}

# publish: a CRL of the root, and what both ends know: root, and all CRLs.
publish() {
	rm -f root.der
	must ca crl --out root.der
	must openssl crl -inform DER -in root.der -out root.crl
	cat root.crl server.crl client.crl lost.crl >crls.pem
	cat root.pem crls.pem >trust.pem
}

# serve NAME: a server with its leaf; its port in $port, its log in $served.
serve() {
	served=$log/server
	: >"$served"
	timeout 120 openssl s_server -accept 127.0.0.1:0 -www \
		-cert "$1/leaf.pem" -key "$1/leaf.key" \
		-cert_chain "$1/chain.pem" -CAfile trust.pem -Verify 3 \
		-verify_return_error -crl_check_all -x509_strict \
		>>"$served" 2>&1 </dev/null &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		port=$(sed -n 's/^ACCEPT 127\.0\.0\.1://p' "$served")
		[ -z "$port" ] || return
		sleep 0.2
	done
	note <"$served"
	bail_out 'the server does not listen'
}

stop() {
	kill "$server"
	wait "$server" 2>"$log/err"
	server=
}
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

get() {
	printf 'GET / HTTP/1.0\r\n\r\n'
}

# ask CLIENT NAME: what the server answers it, with its leaf.
ask() {
	case $1 in
	openssl)
		get | timeout 20 openssl s_client -connect "127.0.0.1:$port" \
			-CAfile trust.pem -crl_check_all -x509_strict \
			-verify_return_error -verify_hostname "$host" \
			-cert "$2/leaf.pem" -key "$2/leaf.key" \
			-cert_chain "$2/chain.pem" -ign_eof
		;;
	gnutls)		# takes CRLs of the CAs it trusts alone
		get | timeout 20 gnutls-cli --port "$port" 127.0.0.1 \
			--verify-hostname "$host" --sni-hostname "$host" \
			--x509cafile root.pem --x509crlfile root.crl \
			--x509certfile "$2/path.pem" \
			--x509keyfile "$2/leaf.key"
		;;
	go)
		timeout 20 "$work/validate" -connect "127.0.0.1:$port" \
			-name "$host" "$2"
		;;
	curl)
		curl --silent --show-error --max-time 20 \
			--noproxy '*' --resolve "$host:$port:127.0.0.1" \
			--cacert root.pem --crlfile crls.pem \
			--cert "$2/path.pem" --key "$2/leaf.key" \
			"https://$host:$port/"
		;;
	esac
}

# welcome CLIENT NAME WHEN: the server answers, and has seen whose leaf it is.
welcome() {
	run ask "$1" "$2"
	grep -q "Subject:.*CN *= *leaf of $2" "$log/out"
	equal "$1, $3: answered" '0 0' "$status $?"
}

# refusals: how often the server said that a CA's certificate is revoked.
refusals() {
	grep -c 'error:num=23:certificate revoked' "$served"
}

# turned_away CLIENT NAME WHEN: no answer, and the server said why.
turned_away() {
	before=$(refusals)
	run ask "$1" "$2"
	! grep -q 'HTTP/1.0 200' "$log/out"
	equal "$1, $3: refused by the server" "0, $((before + 1)) times" \
		"$?, $(refusals) times"
}

# turns_away CLIENT REASON: the client refuses the server.
turns_away() {
	run ask "$1" client
	! grep -q 'HTTP/1.0 200' "$log/out"
	equal "$1, the server's CA revoked: refused by the client" '1 0' \
		"$status $?"
	cat "$log/err" >>"$log/out"
	says "$1 says why" "$2"
}

take_authority acm-pca-ec-p384
must see root show --out root.pem
certify server serverAuth
certify client clientAuth
certify lost serverAuth,clientAuth
build_validate
publish

serve server
for client in $clients; do
	welcome "$client" client 'all valid'
	welcome "$client" lost 'not yet revoked'
done
stop
serve lost
welcome openssl client "the server's CA not yet revoked"
welcome gnutls client "the server's CA not yet revoked"
stop

must ca revoke --reason keyCompromise "$(cat lost.serial)"
publish
serve server
for client in $clients; do
	welcome "$client" client 'another CA revoked'
	turned_away "$client" lost 'its CA revoked'
done
stop
serve lost
turns_away openssl 'certificate revoked'
turns_away gnutls 'The certificate chain is revoked'
stop

finish
