/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_SPKI_H
#define ANCHORITE_X509_SPKI_H

#include <openssl/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>

/* The kinds of public key that the program knows, by their policy names. */
enum key_kind {
	KEY_RSA_2048,		/* "rsa-2048" */
	KEY_RSA_3072,
	KEY_RSA_4096,
	KEY_EC_P256,		/* "ec-p256" */
	KEY_EC_P384,
	KEY_EC_P521,
};
#define KEY_KINDS 6

/* NULL-ended, in the order of the enum: for yaml_read_name(s). */
extern const char *const key_kind_names[KEY_KINDS + 1];

bool key_kind_is_rsa(enum key_kind kind);
int key_kind_bits(enum key_kind kind);		/* 2048 … 521 */
int key_kind_curve_nid(enum key_kind kind);	/* NID_undef for RSA */

/* A subjectPublicKeyInfo (RFC 5280, 4.1.2.7), read and checked. */
struct spki {
	struct bytes der;		/* lent: lives as the bytes read */
	EVP_PKEY *key;			/* owned */
	enum key_kind kind;
};

/*
 * Reads and judges one SubjectPublicKeyInfo. FAIL_INPUT where it is not
 * DER or not a key. FAIL_REFUSED: another algorithm, named ("key: ML-DSA-65,
 * want RSA or EC on P-256, P-384, P-521"; a table names the ones to be
 * met, others by dotted OID), RSA of another size ("key: RSA 1024 bits,
 * want 2048, 3072 or 4096"), a curve not named or not one of the three
 * ("key: curve prime192v1, want …", "key: explicit curve parameters"), a
 * point not on the curve or not in uncompressed form, an even modulus, an
 * exponent other than 65537 or larger odd up to 2^64 ("key: RSA exponent
 * 3, want 65537 or more").
 */
MUST_USE int spki_read(struct bytes der, struct spki *out, struct fail *fail);
void spki_release(struct spki *spki);

/* "ML-DSA-65", OpenSSL's name for the algorithm, or the dotted OID. */
void spki_show_algorithm(struct bytes oid, char *out, size_t size);

/* Appends the DER SubjectPublicKeyInfo of a key. */
MUST_USE int spki_write(const EVP_PKEY *key, struct buf *out,
    struct fail *fail);

/*
 * The subject key identifier: SHA-1 of the subjectPublicKey bits without
 * tag, length and unused-bits octet (RFC 5280, 4.2.1.2, method 1; what
 * AWS Private CA does).
 */
MUST_USE int spki_identifier(struct bytes der,
    uint8_t out[DIGEST_SHA1_LEN], struct fail *fail);

#endif
