#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# TLS with certificates on both ends, each below a subordinate certified
# here: a server that asks every client for one, and checks all CRLs, against
# clients of OpenSSL, GnuTLS, NSS, Go and, where it is there, curl; and the
# same clients against servers that they must refuse. On loopback.

. "$(dirname "$0")/lib.sh"
. "$tests/e2e/leaves.sh"
for tool in gnutls-cli tstclnt go; do
	command -v "$tool" >"$log/out" ||
		bail_out "$tool is not installed: packaging/deps.sh check"
done
clients='openssl gnutls nss go'
! command -v curl >"$log/out" || clients="$clients curl"
host=www.example.com

# offered NAME PURPOSES: a leaf below the CA, and how it is presented.
offered() {
	leaf "$1" "$1-leaf" "$2" "DNS:$host" \
		"/C=US/O=Example Corp/CN=leaf of $1"
	mkdir "$1"
	cp "$1-leaf.pem" "$1/leaf.pem"
	cp "$1-leaf.key" "$1/leaf.key"
	cp "$1.pem" "$1/chain.pem"
	cp root.pem "$1/root.pem"
	cat "$1-leaf.pem" "$1.pem" >"$1/path.pem"
}

# certify NAME PURPOSES: a CA by the root, and a leaf below it.
certify() {
	ca_request "$1" P-256
	must sign "$1.csr"
	serials | tail -n 1 >"$1.serial"
	must see show --out "$1.pem" "$(cat "$1.serial")"
	crl_of "$1"
	offered "$1" "$2"
}

# into_nss NAME: the leaf, its key and its CA.
into_nss() {
	must openssl pkcs12 -export -in "$1/leaf.pem" -inkey "$1/leaf.key" \
		-certfile "$1/chain.pem" -name "$1" -passout pass:x \
		-out "$1.p12"
	must pk12util -d "sql:$work/nss" -i "$1.p12" -W x -K ''
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
	for _ in $(seq 50); do
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

printf 'GET / HTTP/1.0\r\n\r\n' >"$work/get"

# ask CLIENT NAME: what the server answers it, with its leaf.
ask() {
	case $1 in
	openssl)
		timeout 20 openssl s_client -connect "127.0.0.1:$port" \
			-CAfile trust.pem -crl_check_all -x509_strict \
			-verify_return_error -verify_hostname "$host" \
			-cert "$2/leaf.pem" -key "$2/leaf.key" \
			-cert_chain "$2/chain.pem" -ign_eof <"$work/get"
		;;
	gnutls)		# takes CRLs of the CAs it trusts alone
		timeout 20 gnutls-cli --port "$port" 127.0.0.1 \
			--verify-hostname "$host" --sni-hostname "$host" \
			--x509cafile root.pem --x509crlfile root.crl \
			--x509certfile "$2/path.pem" \
			--x509keyfile "$2/leaf.key" <"$work/get"
		;;
	go)
		timeout 20 "$work/validate" -connect "127.0.0.1:$port" \
			-name "$host" "$2"
		;;
	nss)		# reads the answer until the server closes
		timeout 20 tstclnt -h 127.0.0.1 -p "$port" -a "$host" \
			-d "sql:$work/nss" -w '' -n "$2" -A "$work/get"
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

# turns_away CLIENT WHEN REASON: the client refuses the server.
turns_away() {
	case " $clients " in
	*" $1 "*) ;;
	*) return ;;
	esac
	run ask "$1" client </dev/null
	! grep -q 'HTTP/1.0 200' "$log/out"
	equal "$1, $2: refused by the client" 0 "$?"
	cat "$log/err" >>"$log/out"
	says "$1 says why" "$3"
}

take_authority acm-pca-ec-p384
must see root show --out root.pem
certify server serverAuth
certify client clientAuth
certify lost serverAuth,clientAuth
build_validate
publish
mkdir "$work/nss"
must certutil -N -d "sql:$work/nss" --empty-password
must certutil -A -d "sql:$work/nss" -n root -t C,, -i root.pem
into_nss client
into_nss lost

serve server
for client in $clients; do
	welcome "$client" client 'all valid'
	welcome "$client" lost 'not yet revoked'
done
stop
serve lost
for client in $clients; do
	welcome "$client" client "the server's CA not yet revoked"
done
stop

must ca revoke --reason keyCompromise "$(cat lost.serial)"
publish
must crlutil -I -d "sql:$work/nss" -t 1 -i root.der
serve server
for client in $clients; do
	welcome "$client" client 'another CA revoked'
	turned_away "$client" lost 'its CA revoked'
done
stop
serve lost
while read -r client reason; do
	turns_away "$client" "the server's CA revoked" "$reason"
done <<'END'
openssl certificate revoked
gnutls The certificate chain is revoked
nss SEC_ERROR_REVOKED_CERTIFICATE
curl certificate revoked
END
stop

# A CA that calls itself what another one is called.
ca_request stranger P-256
must openssl req -new -x509 -config "$work/leaves.cnf" -key stranger.key \
	-subj '/C=US/O=Example Corp/CN=server' -out stranger.pem \
	-addext basicConstraints=critical,CA:TRUE
offered stranger serverAuth
serve stranger
while read -r client reason; do
	turns_away "$client" "a stranger's server" "$reason"
done <<'END'
openssl self-signed certificate in certificate chain
gnutls The certificate is NOT trusted
nss SEC_ERROR_UN
go signed by unknown authority
curl self-signed certificate in certificate chain
END
stop

finish
