/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CERT_H
#define ANCHORITE_X509_CERT_H

#include <openssl/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/ext.h>
#include <anchorite/x509/spki.h>

/* A serial number: positive, at most 20 octets (RFC 5280, 4.1.2.2). */
#define SERIAL_MAX 20
#define SERIAL_HEX_SIZE (2 * SERIAL_MAX + 1)
struct serial {
	uint8_t octets[SERIAL_MAX];	/* big-endian, no leading zero */
	size_t len;
};

/*
 * A serial from 20 random octets: the top bit cleared, and the next one
 * set so that all have one length (158 random bits).
 */
void serial_from_random(const uint8_t random[SERIAL_MAX],
    struct serial *out);
void serial_hex(const struct serial *serial, char out[SERIAL_HEX_SIZE]);
/* Colons between octets are allowed, either case. FAIL_INPUT. */
MUST_USE int serial_read_hex(const char *text, struct serial *out,
    struct fail *fail);
/* Takes the INTEGER off `rest`. FAIL_INPUT: zero, negative, too long. */
MUST_USE int serial_read_der(struct bytes *rest, struct serial *out,
    struct fail *fail);
bool serial_is_equal(const struct serial *a, const struct serial *b);

/* notAfter of one without an end: 99991231235959Z (RFC 5280, 4.1.2.5). */
#define CERT_NO_END INT64_C(253402300799)

/* Everything that a certificate is made of; all lent. */
struct cert_plan {
	struct serial serial;
	const struct alg *alg;
	struct bytes issuer, subject;	/* DER Names */
	int64_t not_before, not_after;
	struct bytes spki;		/* DER, copied as it is */
	struct ext_plan extensions;
};

/* Appends the TBSCertificate (RFC 5280, 4.1.1.1): a pure function. */
MUST_USE int cert_build(const struct cert_plan *plan, struct buf *tbs_out,
    struct fail *fail);

#define CERT_MAX 32768
#define CERT_EXT_MAX 32

/* A certificate, read from its bytes. */
struct cert {
	struct buf der;			/* owned; the rest points into it */
	struct digest digest;		/* of der */
	struct bytes tbs;
	const struct alg *alg;
	struct bytes signature;
	struct serial serial;
	struct bytes issuer, subject;
	int64_t not_before, not_after;
	struct spki spki;
	struct ext extensions[CERT_EXT_MAX];
	size_t extension_count;
	bool ca;
	int path_length;		/* -1: none */
	unsigned key_usage;		/* 0: absent */
	struct bytes subject_key, authority_key;	/* empty: absent */
};

/*
 * Reads one certificate, DER or PEM: version 3, DER all the way down, the
 * two signature algorithms equal, no unique identifiers, notBefore not
 * after notAfter, names that name_read_shape takes. FAIL_INPUT; what
 * spki_read refuses is FAIL_REFUSED.
 */
MUST_USE int cert_read(struct bytes file, struct cert **out,
    struct fail *fail);
void cert_release(struct cert **cert);

/*
 * Puts a certificate together and proves it: wraps, reads it back from its
 * bytes, verifies it under the issuer's key (NULL: its own), and requires
 * the to-be-signed bytes to be these. They were sound when they were linted:
 * every failure is FAIL_TOKEN.
 */
MUST_USE int cert_assemble(const struct alg *alg, struct bytes tbs,
    struct bytes signature, EVP_PKEY *issuer_key, struct cert **out,
    struct fail *fail);

/* Verifies the signature alone, under the issuer's public key. */
MUST_USE int cert_verify(const struct cert *cert, EVP_PKEY *issuer_key,
    struct fail *fail);

#endif
