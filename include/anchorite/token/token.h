/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_TOKEN_H
#define ANCHORITE_TOKEN_TOKEN_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>
#include <anchorite/token/module.h>
#include <anchorite/token/uri.h>

/* What a token says of itself; blank-trimmed, safe to show. */
struct token_info {
	CK_SLOT_ID slot;
	CK_TOKEN_INFO raw;
	char label[33], manufacturer[33], model[17], serial[17];
	char hardware_version[16], firmware_version[16];
	bool is_initialised;	/* C_InitToken was done */
	bool has_user_pin;
	bool has_pin_pad;	/* CKF_PROTECTED_AUTHENTICATION_PATH */
	bool is_pin_locked, is_pin_final_try, is_pin_count_low;
};

/* Lists the tokens present, uninitialised ones too; the caller frees. */
MUST_USE int token_list(struct module *module, struct token_info **out,
    size_t *count_out, struct fail *fail);

/*
 * Initialises the first uninitialised token (raw C_InitToken, label
 * blank-padded) and sets its user PIN. A label that another token has, no
 * uninitialised token: FAIL_REFUSED. A label that is empty, deceptive or
 * over 32 bytes, a PIN outside the token's bounds: FAIL_INPUT. Nothing is
 * changed then. Slots are enumerated anew: look the token up by label.
 */
MUST_USE int token_init(struct module *module, const char *label,
    const struct secret *so_pin, const struct secret *user_pin,
    struct fail *fail);

/* Could it be done, with PINs of these lengths? Refuses as token_init. */
MUST_USE int token_check_init(struct module *module, const char *label,
    const struct secret *so_pin, const struct secret *user_pin,
    struct fail *fail);

struct token;
struct PKCS11_token_st;

/* Both PINs of a token. */
struct token_pins {
	struct secret so, user;
};

/*
 * Opens the one token that the URI names: none is FAIL_TOKEN "no token
 * matches URI" (looked for again once, since a store may be in motion; never
 * a reason to initialise); two are FAIL_TOKEN with both named. Opens a
 * read-write session without callbacks (CloudHSM wants both).
 */
MUST_USE int token_open(struct module *module, const struct uri *uri,
    struct token **out, struct fail *fail);
/* Logs out; the keys lent from it must have been released before. */
void token_release(struct token **token);

/*
 * Raw C_Login as user; `pin` NULL: at the reader's own pad. Each PIN fault
 * has its own sentence, and says how many tries are left where the token
 * tells. One login a process.
 */
MUST_USE int token_login(struct token *token, const struct secret *pin,
    struct fail *fail);

/* Could token_change_pins do it, as far as can be told without trying a PIN?
 * Refuses as it would. */
MUST_USE int token_check_change(const struct token *token,
    const struct token_pins *old, const struct token_pins *new,
    struct fail *fail);

/*
 * Changes both PINs, the SO PIN first (C_SetPIN in a session of the SO, then
 * of the user); nobody is logged in before or after. Each may be the old or
 * the new one already, as a crash leaves it: then nothing is done to it, so
 * that doing it again completes it: the old one is tried first, then the
 * new one, each once, and a new one that was set is tried once more.
 * FAIL_TOKEN "SO PIN: …", "user PIN: …" where neither opens the token, or
 * where it says, before any is tried, that one try is left; FAIL_INPUT where
 * a new one is outside the token's bounds (nothing is changed then).
 */
MUST_USE int token_change_pins(struct token *token,
    const struct token_pins *old, const struct token_pins *new,
    struct fail *fail);

const struct token_info *token_info(const struct token *token);
struct module *token_module(const struct token *token);
CK_SESSION_HANDLE token_session(const struct token *token);

/*
 * Lends libp11's view of the token, for token/key alone. Its slots are
 * enumerated once, and released with the token: releasing them closes
 * every session. Only after token_login.
 */
MUST_USE int token_libp11(struct token *token, struct PKCS11_token_st **out,
    struct fail *fail);

/*
 * Random octets: the token's C_GenerateRandom and OpenSSL's RAND_bytes,
 * combined by exclusive or, so that neither alone decides.
 */
MUST_USE int token_random(struct token *token, uint8_t *out, size_t len,
    struct fail *fail);

#endif
