/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_KEY_H
#define ANCHORITE_TOKEN_KEY_H

#include <openssl/types.h>

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/token/token.h>
#include <anchorite/x509/spki.h>

#define KEY_ID_LEN 16

/* A key pair in a token; released before the token is. */
struct key;

/*
 * Generates a pair by C_GenerateKeyPair: private: token, private,
 * sensitive, not extractable, sign only. The id is fresh and random, so
 * that what a crash left is never mistaken for it. Then reads every
 * attribute back and refuses (and destroys) a key that is not what was
 * asked; and proves it (key_prove). FAIL_TOKEN.
 */
MUST_USE int key_generate(struct token *token, enum key_kind kind,
    const char *label, struct key **out, struct fail *fail);

/*
 * The same for a custodian's card: EC keys also derive (ECDH), RSA keys also
 * decrypt, so that a share of a PIN can be sent to them.
 */
MUST_USE int key_generate_custodian(struct token *token, enum key_kind kind,
    const char *label, struct key **out, struct fail *fail);

/*
 * Finds the one pair with this label and id (either may be empty, not
 * both). None: FAIL_TOKEN "no key matches"; two: both named. The kind must
 * be one we know; the public object must be there.
 */
MUST_USE int key_find(struct token *token, struct bytes label,
    struct bytes id, struct key **out, struct fail *fail);

/* Counts the private keys with this label, whole pairs or not. */
MUST_USE int key_count(struct token *token, struct bytes label,
    size_t *out, struct fail *fail);

void key_release(struct key **key);

/* Lent. */
enum key_kind key_kind(const struct key *key);
struct bytes key_id(const struct key *key);
const char *key_label(const struct key *key);
/* The DER SubjectPublicKeyInfo. */
struct bytes key_spki(const struct key *key);

/*
 * Lends an EVP_PKEY that signs in the token, through libp11; made at the
 * first call, released with the key. Its public half equals key_spki.
 * RSASSA-PSS goes by CKM_RSA_PKCS_PSS; where that fails, libp11 itself tries
 * once more by CKM_RSA_X_509.
 */
MUST_USE int key_lend(struct key *key, EVP_PKEY **out, struct fail *fail);

/* What the token says of an attribute. */
enum key_flag {
	KEY_FLAG_UNSUPPORTED,	/* the token does not know the attribute */
	KEY_FLAG_FALSE,
	KEY_FLAG_TRUE,
};

struct key_attribute {
	const char *name;	/* "CKA_SENSITIVE" */
	enum key_flag flag;
};

/*
 * The evidence about a private key: what its attributes claim, and what
 * trying showed.
 */
#define KEY_ATTRIBUTES 16
struct key_attestation {
	struct key_attribute attributes[KEY_ATTRIBUTES];
	size_t attribute_count;
	char generated_by[64];	/* CKA_KEY_GEN_MECHANISM by name, or
				   "unavailable" */
	char wrap_trial[192];	/* "refused: CKR_KEY_UNEXTRACTABLE
				   (CKM_AES_KEY_WRAP_PAD), …", or "no wrapping
				   mechanism to try" */
	bool signature_verified;
};

/*
 * Reads the attributes, and proves: each wrapping mechanism of the token is
 * tried on the private key with a passing AES key, and must be refused; a
 * signature is made and must verify under key_spki. FAIL_REFUSED where the
 * key comes out, lacks CKA_SIGN, or does not verify.
 */
MUST_USE int key_prove(struct key *key, struct key_attestation *out,
    struct fail *fail);

/*
 * Refuses a key that could have been elsewhere: sensitive, not extractable,
 * private, sign. Not so where an attribute is unsupported: attestation says
 * that. FAIL_REFUSED, naming the attribute, want and have.
 */
MUST_USE int key_check(const struct key_attestation *attestation,
    struct fail *fail);

/*
 * What came of switching the private key's CKA_SIGN (PKCS #11 2.40, 4.9):
 * what the token enforces, and what trying showed.
 */
struct key_switch {
	bool by_token;		/* false: the token does not keep to it */
	char trial[160];	/* "refused: CKR_KEY_FUNCTION_NOT_PERMITTED
				   (C_SignInit)", "signed all the same",
				   "CKA_SIGN cannot be set: CKR_…" or "…: it
				   still reads true", "signed" */
};

/*
 * Clears CKA_SIGN, reads it back, and tries to sign with the key, by
 * C_SignInit and C_Sign of the module itself: some tokens sign all the same.
 * A token that will not change the attribute, or will not keep to it, is no
 * failure: by_token is false then. FAIL_TOKEN where the token itself fails.
 * Done twice it says the same.
 */
MUST_USE int key_lock(struct key *key, struct key_switch *out,
    struct fail *fail);

/*
 * Sets CKA_SIGN again, reads it back, and proves that the key signs, its
 * signature verified. A key that was never locked is left as it is.
 * by_token: it was the token that kept it from signing until now.
 * FAIL_TOKEN where it does not sign afterwards.
 */
MUST_USE int key_unlock(struct key *key, struct key_switch *out,
    struct fail *fail);

/* FAIL_REFUSED where CKA_DESTROYABLE is false: "key X: CKA_DESTROYABLE is
 * false: only initialising the token anew removes it". */
MUST_USE int key_check_destroyable(const struct key *key,
    struct fail *fail);

/* What destroying a key pair did, and what proved it. */
struct key_erasure {
	unsigned private_count, public_count;	/* objects destroyed */
	char trial[160];	/* "refused: CKR_KEY_HANDLE_INVALID
				   (C_SignInit)"; "" where none was there */
};

/*
 * Destroys every private and public key object with this id, and proves it
 * in a second session: none with the id is found, none with the label (where
 * one is given) that has no id, and the old handle is refused as gone. One
 * with the label and an id of its own is another key, and stays. Objects
 * that are gone already are success, so that what a crash cut short can be
 * done again. FAIL_INPUT without an id; else FAIL_TOKEN. No struct key of
 * that pair may be in use.
 */
MUST_USE int key_erase(struct token *token, struct bytes label,
    struct bytes id, struct key_erasure *out, struct fail *fail);

/* How often this program made the key sign, or tried to, since it was found
 * or made, to see whether it does; signatures by key_lend's EVP_PKEY do not
 * count. */
unsigned key_self_tests(const struct key *key);

/* Destroys both objects and proves that neither is found. */
MUST_USE int key_destroy(struct key **key, struct fail *fail);

#endif
