/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_SESSION_H
#define ANCHORITE_TOKEN_SESSION_H

#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>
#include <anchorite/token/token.h>

/* How the user PIN is asked for. */
enum pin_mode {
	PIN_PROMPT,	/* on the terminal */
	PIN_PAD,	/* at the reader's own pad */
};
extern const char *const pin_mode_names[];

/* Where the token is on this machine, and how to get in; all lent. */
struct session_plan {
	const char *module;	/* path of the PKCS#11 module */
	const char *token;	/* PKCS#11 URI */
	const char *store;	/* directory of a software token, or NULL */
	enum pin_mode pin;
	int secret_fd;		/* read PINs there; -1: ask */
};

/* One visit to a token: store locked, module loaded, token open. */
struct session;

/*
 * Opens without logging in. A module that says it is SoftHSM with no store
 * given, or with one that the token is not kept in, is refused
 * (FAIL_REFUSED): its directory could not be cared for.
 */
MUST_USE int session_open(const struct session_plan *plan,
    struct session **out, struct fail *fail);

/* As session_open, without a token: to list or initialise tokens. */
MUST_USE int session_open_module(const struct session_plan *plan,
    struct session **out, struct fail *fail);

/* Is each token of a SoftHSM kept in the store? Refuses as session_open; of
 * an empty one it can be told only when the first token is made. */
MUST_USE int session_check_tokens(const struct session *session,
    struct fail *fail);

/* Protects the store, gets the PIN by the plan's mode, logs in. */
MUST_USE int session_login(struct session *session, struct fail *fail);

/*
 * The same with a PIN that the caller has, or NULL for the reader's own pad;
 * the plan's mode is not asked.
 */
MUST_USE int session_login_with(struct session *session,
    const struct secret *pin, struct fail *fail);

/*
 * Gets a PIN that is to be set: twice on a terminal, once from the
 * descriptor. `what`: "SO PIN", "user PIN".
 */
MUST_USE int session_new_pin(const struct session_plan *plan,
    const char *what, struct secret *out, struct fail *fail);

struct token *session_token(const struct session *session);
struct module *session_module(const struct session *session);

/* How many files of a software token's store were put back from its backup
 * when the session was opened (store_mend). */
int session_mended(const struct session *session);

/* Protects the store before a write that is not a login. */
MUST_USE int session_protect(struct session *session, struct fail *fail);

/* Syncs what the token wrote, and looks whether it is there: SoftHSM answers
 * from memory, and says CKR_OK, where the disk kept half of a file. */
MUST_USE int session_sync(struct session *session, struct fail *fail);

/* Logs out, unloads, syncs, unlocks, in the order that libp11 survives. */
void session_release(struct session **session);

#endif
