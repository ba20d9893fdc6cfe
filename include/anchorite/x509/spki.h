/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_SPKI_H
#define ANCHORITE_X509_SPKI_H

#include <openssl/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/rule.h>

/* The kinds of public key that the program knows, by their policy names. */
enum key_kind {
	KEY_RSA_2048,		/* "rsa-2048" */
	KEY_RSA_3072,
	KEY_RSA_4096,
	KEY_EC_P256,		/* "ec-p256" */
	KEY_EC_P384,
	KEY_EC_P521,
	KEY_NONE,		/* none of them: of no use but to be refused */
};
#define KEY_KINDS KEY_NONE

/* NULL-ended, in the order of the enum: for yaml_read_name(s). */
extern const char *const key_kind_names[KEY_KINDS + 1];

bool key_kind_is_rsa(enum key_kind kind);
int key_kind_bits(enum key_kind kind);		/* 2048 … 521 */
int key_kind_curve_nid(enum key_kind kind);	/* NID_undef for RSA */

/*
 * A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7): the facts. Those of spki_read
 * are of a key that every rule of shape takes; those of spki_survey are of
 * whatever stands there, and serve judgement alone. All bytes are lent: they
 * live as long as the bytes read.
 */
struct spki {
	struct bytes der;
	struct bytes algorithm;		/* contents octets of the OID */
	/* RSA: big-endian, without leading zeros; others: empty. */
	struct bytes modulus, exponent;
	/* EC: the contents octets of a named curve's OID, and the point. */
	struct bytes curve, point;
	bool is_explicit;		/* EC: parameters, and no name */
	EVP_PKEY *key;			/* owned; NULL: none can be made */
	enum key_kind kind;		/* KEY_NONE: not one of them */
};

/* The name of its kind; of another, what it is: "RSA 1024 bits". */
void spki_show_kind(const struct spki *spki, char *out, size_t size);

/* Questions that a survey answers, of any key. */
bool spki_is_rsa(const struct spki *spki);
bool spki_is_ec(const struct spki *spki);
size_t spki_modulus_bits(const struct spki *spki);	/* 0: not RSA */
bool spki_is_odd(struct bytes number);
/* Is the point of the form and length of the curve, which is a known one? */
bool spki_is_uncompressed(const struct spki *spki);

/*
 * Takes one apart. FAIL_INPUT where it is not DER, or has not the form of
 * its algorithm (RFC 8017, A.1.1; RFC 5480, 2). What the key is worth, the
 * rules below say.
 */
MUST_USE int spki_survey(struct bytes der, struct spki *out,
    struct fail *fail);

/*
 * The rules on the shape of a key, for a `struct spki`: algorithm (others
 * are refused by name, with the reason), size, odd modulus, exponent, named
 * curve, uncompressed point, on the curve. Where spki->key is NULL, one of
 * them is broken. Whether a sound key is a weak one is asked of requests only
 * (ca/vet.h).
 */
extern const struct rule spki_rules[];

/*
 * The strict door, for certificates and our own keys: spki_survey, and
 * FAIL_REFUSED where a rule of spki_rules without a date is broken. A rule
 * that came later does not unmake a certificate.
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
