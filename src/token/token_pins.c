/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/token.h>

#include <anchorite/base/auto.h>

#include "token_internal.h"

/* One of the two PINs, on its way from old to new. */
struct change {
	CK_USER_TYPE user;
	const struct secret *old, *new;
};

static CK_RV
login(struct token *token, CK_USER_TYPE user, const struct secret *pin)
{
	return token->calls->C_Login(token->session, user, pin_bytes(pin),
	    pin->len);
}

static int
logout(struct token *token, struct fail *fail)
{
	CK_RV rv = token->calls->C_Logout(token->session);

	return rv == CKR_OK ? 0 : fail_pkcs11(fail, rv, "C_Logout");
}

/* The first of two tries may be a wrong one, and must not be the last. */
static int
tries_check(const struct token *token, const struct change *change,
    struct fail *fail)
{
	struct pin_state state = pin_state(token, change->user);

	if (state.is_locked)
		return fail_with(fail, FAIL_TOKEN, "is locked");
	if (state.is_final_try && !secret_is_equal(change->old, change->new))
		return fail_with(fail, FAIL_TOKEN,
		    "one try is left, too few for the new and the old one");
	return 0;
}

static int
fail_neither(const struct token *token, const struct change *change,
    struct fail *fail)
{
	return fail_with(fail, FAIL_TOKEN, "neither the old nor the new one "
	    "opens the token%s", tries_left(token, change->user));
}

/* Logged in with the old one; not so afterwards, whatever happens. */
static int
pin_set(struct token *token, const struct change *change, struct fail *fail)
{
	struct fail second = { 0 };
	CK_RV rv = token->calls->C_SetPIN(token->session,
	    pin_bytes(change->old), change->old->len, pin_bytes(change->new),
	    change->new->len);

	if (rv == CKR_OK)
		return logout(token, fail);
	fail_pkcs11(fail, rv, "C_SetPIN");
	if (logout(token, &second) == -1)
		fail_with(fail, FAIL_TOKEN, "%s; and %s", fail->sentence,
		    second.sentence);
	return -1;
}

/* The old one does not open the token: is it the new one already? */
static int
pin_confirm(struct token *token, const struct change *change,
    struct fail *fail)
{
	CK_RV rv = CKR_PIN_INCORRECT;

	if (!secret_is_equal(change->old, change->new))
		rv = login(token, change->user, change->new);
	if (rv == CKR_PIN_INCORRECT)
		return fail_neither(token, change, fail);
	return rv == CKR_OK ? logout(token, fail) :
	    fail_pkcs11(fail, rv, "C_Login");
}

/* The old one first: where nothing was cut short, no try is wrong. */
static int
pin_change(struct token *token, const struct change *change,
    struct fail *fail)
{
	CK_RV rv;

	rv = login(token, change->user, change->old);
	if (rv == CKR_PIN_INCORRECT)
		return pin_confirm(token, change, fail);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_Login");
	if (secret_is_equal(change->old, change->new))
		return logout(token, fail);
	if (pin_set(token, change, fail) == -1)
		return -1;
	rv = login(token, change->user, change->new);
	if (rv == CKR_OK)
		return logout(token, fail);
	fail_pkcs11(fail, rv, "C_Login");
	return fail_in(fail, "set, but does not open the token");
}

int
token_check_change(const struct token *token, const struct token_pins *old,
    const struct token_pins *new, struct fail *fail)
{
	const struct change so = { CKU_SO, &old->so, &new->so };
	const struct change user = { CKU_USER, &old->user, &new->user };

	if (pin_check("new SO PIN", &new->so, &token->info.raw, fail) == -1 ||
	    pin_check("new user PIN", &new->user, &token->info.raw,
	    fail) == -1)
		return -1;
	if (tries_check(token, &so, fail) == -1)
		return fail_in(fail, "SO PIN");
	if (tries_check(token, &user, fail) == -1)
		return fail_in(fail, "user PIN");
	return 0;
}

int
token_change_pins(struct token *token, const struct token_pins *old,
    const struct token_pins *new, struct fail *fail)
{
	const struct change so = { CKU_SO, &old->so, &new->so };
	const struct change user = { CKU_USER, &old->user, &new->user };

	if (token_check_change(token, old, new, fail) == -1)
		return -1;
	if (pin_change(token, &so, fail) == -1)
		return fail_in(fail, "SO PIN");
	if (pin_change(token, &user, fail) == -1)
		return fail_in(fail, "user PIN");
	return 0;
}
