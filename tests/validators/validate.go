// SPDX-License-Identifier: Apache-2.0

// validate DIR...: judges each case by Go's crypto/x509. A case is a
// directory with root.pem, leaf.pem, chain.pem (what is between, the leaf's
// issuer first), crls.pem, and mail where the leaf is a person's and not a
// server's. Says "NAME accept" or "NAME refuse REASON", one a line.
//
// validate -connect HOST:PORT -name NAME DIR: a handshake as a client with
// the case's certificates and the leaf's key, leaf.key.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Of a case that cannot be read there is no verdict.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "validate:", err)
		os.Exit(1)
	}
}

// blocks gives the DER of each block of a PEM file.
func blocks(path string) [][]byte {
	var list [][]byte
	rest, err := os.ReadFile(path)
	must(err)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return list
		}
		list = append(list, block.Bytes)
	}
}

func certificates(path string) []*x509.Certificate {
	var list []*x509.Certificate
	for _, der := range blocks(path) {
		certificate, err := x509.ParseCertificate(der)
		must(err)
		list = append(list, certificate)
	}
	return list
}

func pool(list []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range list {
		pool.AddCert(certificate)
	}
	return pool
}

// check asks the CRLs of one issuer about one certificate, which Verify does
// not do: signature, time and entries are looked at here.
func check(subject, issuer *x509.Certificate, crls [][]byte) error {
	for _, der := range crls {
		crl, err := x509.ParseRevocationList(der)
		must(err)
		if !bytes.Equal(crl.RawIssuer, issuer.RawSubject) {
			continue
		}
		if err := crl.CheckSignatureFrom(issuer); err != nil {
			return fmt.Errorf("CRL: %w", err)
		}
		if time.Now().After(crl.NextUpdate) {
			return errors.New("CRL has expired")
		}
		for _, entry := range crl.RevokedCertificates {
			if entry.SerialNumber.Cmp(subject.SerialNumber) == 0 {
				return errors.New("certificate is revoked")
			}
		}
		return nil
	}
	return errors.New("no CRL of " + issuer.Subject.String())
}

func judge(dir string) error {
	crls := blocks(filepath.Join(dir, "crls.pem"))
	leaf := certificates(filepath.Join(dir, "leaf.pem"))[0]
	purpose := x509.ExtKeyUsageServerAuth
	if _, err := os.Stat(filepath.Join(dir, "mail")); err == nil {
		purpose = x509.ExtKeyUsageEmailProtection
	}
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: pool(certificates(filepath.Join(dir, "root.pem"))),
		Intermediates: pool(certificates(filepath.Join(dir,
			"chain.pem"))),
		KeyUsages: []x509.ExtKeyUsage{purpose},
	})
	if err != nil {
		return err
	}
	for n := 0; n+1 < len(paths[0]); n++ {
		if err := check(paths[0][n], paths[0][n+1], crls); err != nil {
			return err
		}
	}
	return nil
}

// connect shakes hands, and reads on to the end of what the server says: in
// TLS 1.3 a server that refuses the client says so behind the handshake.
func connect(address, name, dir string) error {
	chain := append(blocks(filepath.Join(dir, "leaf.pem")),
		blocks(filepath.Join(dir, "chain.pem"))...)
	key, err := x509.ParsePKCS8PrivateKey(
		blocks(filepath.Join(dir, "leaf.key"))[0])
	must(err)
	connection, err := tls.Dial("tcp", address, &tls.Config{
		Certificates: []tls.Certificate{{
			Certificate: chain,
			PrivateKey:  key,
		}},
		RootCAs:    pool(certificates(filepath.Join(dir, "root.pem"))),
		ServerName: name,
	})
	if err != nil {
		return err
	}
	defer connection.Close()
	must(connection.SetDeadline(time.Now().Add(10 * time.Second)))
	if _, err := io.WriteString(connection, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, connection)
	return err
}

func main() {
	address := flag.String("connect", "", "where the server listens")
	name := flag.String("name", "", "what the server is called")
	flag.Parse()
	if *address != "" {
		must(connect(*address, *name, flag.Arg(0)))
		return
	}
	for _, dir := range flag.Args() {
		verdict := "accept"
		if err := judge(dir); err != nil {
			verdict = "refuse " + err.Error()
		}
		fmt.Println(filepath.Base(dir), verdict)
	}
}
