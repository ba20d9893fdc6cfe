/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_ALG_H
#define ANCHORITE_X509_ALG_H

#include <openssl/types.h>

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/spki.h>

/*
 * A signature algorithm: one row of a const table. RSA PKCS#1 v1.5 with
 * SHA-256/384/512 (RFC 4055, 5), RSASSA-PSS with the same hashes, MGF1 of
 * the same hash and a salt as long as it (RFC 4055, 3.1), ECDSA with
 * SHA-256/384/512 (RFC 5758, 3.2).
 */
struct alg {
	const char *name;	/* "rsa-sha256", "rsa-pss-sha256",
				   "ecdsa-sha384", … */
	const char *digest;	/* OpenSSL's name: "SHA256" */
	bool rsa, pss;
	struct bytes der;	/* the AlgorithmIdentifier */
};

/* NULL-ended names in the order of the table: for yaml_read_name. */
extern const char *const alg_names[];

/* Lends a row of the table; NULL where there is none. */
const struct alg *alg_at(int n);
const struct alg *alg_find(const char *name);
const struct alg *alg_from_der(struct bytes algorithm_identifier);

/*
 * Does it fit the key? RSA takes any RSA row; P-256 takes SHA-256, P-384
 * SHA-384, P-521 SHA-512 for what we sign (consumers want the pair).
 */
bool alg_fits(const struct alg *alg, enum key_kind kind);

/* Lends the first row that fits the key; NULL where none does. */
const struct alg *alg_for_kind(enum key_kind kind);

/* Signs with a key that may live in a token; appends the signature octets. */
MUST_USE int alg_sign(const struct alg *alg, EVP_PKEY *key,
    struct bytes content, struct buf *out, struct fail *fail);

/* FAIL_REFUSED "signature does not verify" where it does not. ECDSA with
 * any hash of the table is verified whatever the curve. */
MUST_USE int alg_verify(const struct alg *alg, EVP_PKEY *key,
    struct bytes content, struct bytes signature, struct fail *fail);

/*
 * Wraps to-be-signed bytes and a signature as Certificate, CertificateList
 * and CertificationRequest are wrapped: SEQUENCE { tbs, algorithm, bits }.
 */
void alg_wrap(const struct alg *alg, struct bytes tbs,
    struct bytes signature, struct buf *out);

/*
 * Takes that wrapping apart; everything lent. FAIL_INPUT where it is not
 * DER; FAIL_REFUSED for an algorithm not in the table ("signature
 * algorithm X not accepted").
 */
struct alg_signed {
	struct bytes tbs;		/* the element, with its head */
	struct bytes algorithm;		/* the AlgorithmIdentifier */
	const struct alg *alg;
	struct bytes signature;
};
MUST_USE int alg_unwrap(struct bytes der, struct alg_signed *out,
    struct fail *fail);
/* The same for whatever algorithm: *alg is NULL where it is not in the
 * table. For judgement alone. */
MUST_USE int alg_unwrap_any(struct bytes der, struct alg_signed *out,
    struct fail *fail);

/* "rsa-sha256"; of one that is not in the table, "ecdsa-with-SHA1",
 * "rsassaPss with these parameters", or the dotted OID. */
#define ALG_SHOW_SIZE 160
void alg_show(struct bytes algorithm_identifier, char *out, size_t size);

#endif
