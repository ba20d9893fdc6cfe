/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_TOKEN_INTERNAL_H
#define ANCHORITE_TOKEN_TOKEN_INTERNAL_H

#include <anchorite/token/token.h>

struct PKCS11_slot_st;

/* What token/token and token/token_pins share. */
struct token {
	struct module *module;
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE session;
	bool is_logged_in;
	struct token_info info;
	struct PKCS11_slot_st *slots;	/* libp11's; NULL until a key is
					   lent */
	unsigned int slot_count;
};

/* FAIL_INPUT "WHAT: …" where it is outside the token's bounds. */
MUST_USE int pin_check(const char *what, const struct secret *pin,
    const CK_TOKEN_INFO *raw, struct fail *fail);

/* PKCS#11 takes PINs as non-const and does not change them; NULL stays. */
CK_UTF8CHAR *pin_bytes(const struct secret *pin);

/* What the token says of a PIN, asked anew; zeroes: it says nothing. */
struct pin_state {
	bool is_locked, is_final_try, is_count_low;
};
struct pin_state pin_state(const struct token *token, CK_USER_TYPE user);

/* "; one try is left" and the like, or "". */
const char *tries_left(const struct token *token, CK_USER_TYPE user);

#endif
