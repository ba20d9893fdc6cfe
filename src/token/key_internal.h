/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_KEY_INTERNAL_H
#define ANCHORITE_TOKEN_KEY_INTERNAL_H

#include <anchorite/token/key.h>

/* What token/key, token/key_generate and token/key_attest share. */
struct key {
	struct token *token;		/* lent */
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE public, private;
	enum key_kind kind;
	struct buf id, label, spki;
	EVP_PKEY *lent;			/* owned; NULL until key_lend */
};

/* An empty one: no objects yet. */
struct key *key_new(struct token *token);

/*
 * Fills in the two handles and the public half from key->id, which must
 * lead to one pair and to no other.
 */
MUST_USE int key_find_pair(struct key *key, struct fail *fail);

/* PKCS#11 takes values as non-const and does not change them. */
CK_ATTRIBUTE key_attribute(CK_ATTRIBUTE_TYPE type, const void *value,
    size_t len);

#endif
