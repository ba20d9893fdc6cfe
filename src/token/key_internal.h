/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_KEY_INTERNAL_H
#define ANCHORITE_TOKEN_KEY_INTERNAL_H

#include <anchorite/token/key.h>
#include <anchorite/x509/alg.h>

/*
 * What token/key, token/key_generate, token/key_attest and token/key_retire
 * share.
 */
struct key {
	struct token *token;		/* lent */
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE public, private;
	enum key_kind kind;
	struct buf id, label, spki;
	EVP_PKEY *lent;			/* owned; NULL until key_lend */
	unsigned self_tests;		/* signatures made to see if it signs */
};

/* An empty one: no objects yet. */
struct key *key_new(struct token *token);

/*
 * Fills in the two handles and the public half from key->id, which must
 * lead to one pair and to no other.
 */
MUST_USE int key_find_pair(struct key *key, struct fail *fail);

/* Appends the URI of a key. */
void key_name(const struct key *key, struct bytes label, struct bytes id,
    struct buf *out);

/* PKCS#11 takes values as non-const and does not change them. */
CK_ATTRIBUTE key_attribute(CK_ATTRIBUTE_TYPE type, const void *value,
    size_t len);

/* Handles of objects in the token. */
struct handles {
	CK_OBJECT_HANDLE *handles;	/* owned */
	size_t count;
};
void handles_release(struct handles *objects);

/*
 * All objects of a class, seen from key->session; an empty label or id is
 * any. FAIL_TOKEN, too, where there are more than OBJECTS_MAX.
 */
#define OBJECTS_MAX 256
MUST_USE int objects_find(const struct key *key, CK_OBJECT_CLASS class,
    struct bytes label, struct bytes id, struct handles *out,
    struct fail *fail);

/* One that is gone already is as good; a search afterwards decides. */
MUST_USE int object_destroy(const struct key *key, CK_OBJECT_HANDLE object,
    struct fail *fail);

/* Appends the value. */
MUST_USE int object_read(const struct key *key, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct buf *out, struct fail *fail);

/* An attribute the token does not have is an answer, and not a failure. */
MUST_USE int object_read_flag(const struct key *key, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, enum key_flag *out, struct fail *fail);

MUST_USE int object_read_type(const struct key *key, CK_OBJECT_HANDLE object,
    CK_KEY_TYPE *out, struct fail *fail);

/* KEY_FLAG_UNSUPPORTED where it was not read. */
enum key_flag attestation_flag(const struct key_attestation *attestation,
    const char *name);

/* Appends random octets under a heading that nothing else begins with. */
MUST_USE int challenge_make(struct token *token, struct buf *out,
    struct fail *fail);

/* Signs a challenge, through libp11, and verifies it under key_spki. */
MUST_USE int signature_prove(struct key *key, struct fail *fail);

#endif
