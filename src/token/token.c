/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/token.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libp11.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/buf.h>
#include <anchorite/base/text.h>

#include "token_internal.h"

#define LABEL_MAX  sizeof(((CK_TOKEN_INFO *)0)->label)
#define NO_SESSION  0	/* PKCS #11 2.40, 3.2: CK_INVALID_HANDLE */

static void
info_fill(struct token_info *info, CK_SLOT_ID slot, const CK_TOKEN_INFO *raw)
{
	CK_FLAGS flags = raw->flags;

	memset(info, 0, sizeof(*info));
	info->slot = slot;
	info->raw = *raw;
#define TEXT(to, from) \
	pkcs11_text(raw->from, sizeof(raw->from), info->to, sizeof(info->to))
	TEXT(label, label);
	TEXT(manufacturer, manufacturerID);
	TEXT(model, model);
	TEXT(serial, serialNumber);
#undef TEXT
	snprintf(info->hardware_version, sizeof(info->hardware_version),
	    "%d.%d", raw->hardwareVersion.major, raw->hardwareVersion.minor);
	snprintf(info->firmware_version, sizeof(info->firmware_version),
	    "%d.%d", raw->firmwareVersion.major, raw->firmwareVersion.minor);
	info->is_initialised = (flags & CKF_TOKEN_INITIALIZED) != 0;
	info->has_user_pin = (flags & CKF_USER_PIN_INITIALIZED) != 0;
	info->has_pin_pad = (flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	info->is_pin_locked = (flags & CKF_USER_PIN_LOCKED) != 0;
	info->is_pin_final_try = (flags & CKF_USER_PIN_FINAL_TRY) != 0;
	info->is_pin_count_low = (flags & CKF_USER_PIN_COUNT_LOW) != 0;
}

static int
slots_list(CK_FUNCTION_LIST *calls, CK_SLOT_ID **out, CK_ULONG *count_out,
    struct fail *fail)
{
	AUTO(auto_free) CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;
	CK_RV rv;

	rv = calls->C_GetSlotList(CK_TRUE, NULL, &count);
	if (rv == CKR_OK) {
		slots = mem_new(count, sizeof(*slots));
		rv = calls->C_GetSlotList(CK_TRUE, slots, &count);
	}
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_GetSlotList");
	*count_out = count;
	*out = GIVE(slots);
	return 0;
}

int
token_list(struct module *module, struct token_info **out,
    size_t *count_out, struct fail *fail)
{
	CK_FUNCTION_LIST *calls = module_functions(module);
	AUTO(auto_free) struct token_info *tokens = NULL;
	AUTO(auto_free) CK_SLOT_ID *slots = NULL;
	CK_ULONG slot_count = 0;
	size_t count = 0;

	if (slots_list(calls, &slots, &slot_count, fail) == -1)
		return -1;
	tokens = mem_new(slot_count, sizeof(*tokens));
	for (CK_ULONG i = 0; i < slot_count; i++) {
		CK_TOKEN_INFO raw;
		CK_RV rv;

		memset(&raw, 0, sizeof(raw));
		rv = calls->C_GetTokenInfo(slots[i], &raw);
		if (rv == CKR_TOKEN_NOT_PRESENT ||
		    rv == CKR_TOKEN_NOT_RECOGNIZED)
			continue;	/* taken out meanwhile, or strange */
		if (rv != CKR_OK)
			return fail_pkcs11(fail, rv, "C_GetTokenInfo");
		info_fill(&tokens[count++], slots[i], &raw);
	}
	*count_out = count;
	*out = GIVE(tokens);
	return 0;
}

static int
label_check(const char *label, struct fail *fail)
{
	char what[64];

	if (label[0] == '\0' || strlen(label) > LABEL_MAX)
		return fail_with(fail, FAIL_INPUT, "token label: want 1 to "
		    "%zu bytes, have %zu", LABEL_MAX, strlen(label));
	if (text_is_deceptive(bytes_text(label), what, sizeof(what)))
		return fail_with(fail, FAIL_INPUT, "token label: holds %s",
		    what);
	return 0;
}

int
pin_check(const char *what, const struct secret *pin,
    const CK_TOKEN_INFO *raw, struct fail *fail)
{
	if (pin->len >= raw->ulMinPinLen && pin->len <= raw->ulMaxPinLen)
		return 0;
	return fail_with(fail, FAIL_INPUT, "%s: token wants %lu to %lu "
	    "characters, have %zu", what, raw->ulMinPinLen,
	    raw->ulMaxPinLen, pin->len);
}

/* The first uninitialised token, where no other has the label. */
static int
blank_find(struct module *module, const char *label,
    struct token_info *out, struct fail *fail)
{
	AUTO(auto_free) struct token_info *tokens = NULL;
	const struct token_info *blank = NULL;
	size_t count = 0;

	if (token_list(module, &tokens, &count, fail) == -1)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const CK_TOKEN_INFO *raw = &tokens[i].raw;

		if (!tokens[i].is_initialised)
			blank = blank != NULL ? blank : &tokens[i];
		else if (bytes_is_equal(bytes_text(label),
		    pkcs11_field(raw->label, sizeof(raw->label))))
			return fail_with(fail, FAIL_REFUSED, "token %s: is "
			    "there already (serial %s)", label,
			    tokens[i].serial);
	}
	if (blank == NULL)
		return fail_with(fail, FAIL_REFUSED, "token %s: no "
		    "uninitialised token to make it of", label);
	*out = *blank;
	return 0;
}

CK_UTF8CHAR *
pin_bytes(const struct secret *pin)
{
	return pin == NULL ? NULL : (CK_UTF8CHAR *)(uintptr_t)pin->data;
}

static CK_RV
user_pin_set(CK_FUNCTION_LIST *calls, CK_SESSION_HANDLE session,
    const struct secret *so_pin, const struct secret *user_pin)
{
	CK_RV rv = calls->C_Login(session, CKU_SO, pin_bytes(so_pin),
	    so_pin->len);

	if (rv != CKR_OK)
		return rv;
	rv = calls->C_InitPIN(session, pin_bytes(user_pin), user_pin->len);
	calls->C_Logout(session);
	return rv;
}

/* Every refusal of token_init; the token to make it of. */
static int
init_check(struct module *module, const char *label,
    const struct secret *so_pin, const struct secret *user_pin,
    struct token_info *blank_out, struct fail *fail)
{
	if (label_check(label, fail) == -1 ||
	    blank_find(module, label, blank_out, fail) == -1 ||
	    pin_check("SO PIN", so_pin, &blank_out->raw, fail) == -1)
		return -1;
	return pin_check("user PIN", user_pin, &blank_out->raw, fail);
}

int
token_check_init(struct module *module, const char *label,
    const struct secret *so_pin, const struct secret *user_pin,
    struct fail *fail)
{
	struct token_info blank = { 0 };

	return init_check(module, label, so_pin, user_pin, &blank, fail);
}

int
token_init(struct module *module, const char *label,
    const struct secret *so_pin, const struct secret *user_pin,
    struct fail *fail)
{
	CK_FUNCTION_LIST *calls = module_functions(module);
	CK_UTF8CHAR padded[LABEL_MAX];
	struct token_info blank = { 0 };
	CK_SESSION_HANDLE session;
	CK_RV rv;

	if (init_check(module, label, so_pin, user_pin, &blank, fail) == -1)
		return -1;
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	rv = calls->C_InitToken(blank.slot, pin_bytes(so_pin), so_pin->len,
	    padded);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_InitToken");
	rv = calls->C_OpenSession(blank.slot,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
	if (rv == CKR_OK) {
		rv = user_pin_set(calls, session, so_pin, user_pin);
		calls->C_CloseSession(session);
	}
	if (rv != CKR_OK) {
		fail_pkcs11(fail, rv, "C_InitPIN");
		return fail_in(fail, "token %s: made, but without a user PIN",
		    label);
	}
	return 0;
}

/* Appends "A and B": the URIs of those that match, or of all. */
static size_t
tokens_match(const struct token_info *tokens, size_t count,
    const struct uri *uri, const struct token_info **found, struct buf *names)
{
	size_t matches = 0;

	for (size_t i = 0; i < count; i++) {
		if (!tokens[i].is_initialised ||
		    (uri != NULL && !uri_is_token_match(uri, &tokens[i].raw)))
			continue;
		*found = &tokens[i];
		if (matches++ > 0)
			buf_text(names, " and ");
		uri_write(&tokens[i].raw, bytes_of(NULL, 0),
		    bytes_of(NULL, 0), names);
	}
	return matches;
}

static int
token_find(struct module *module, const struct uri *uri,
    struct token_info *out, struct fail *fail)
{
	AUTO(auto_free) struct token_info *tokens = NULL;
	AUTO(buf_release) struct buf names = { 0 };
	const struct token_info *found = NULL;
	size_t count = 0, matches;

	if (token_list(module, &tokens, &count, fail) == -1)
		return -1;
	matches = tokens_match(tokens, count, uri, &found, &names);
	if (matches > 1)
		return fail_with(fail, FAIL_TOKEN, "%zu tokens match %s: %s",
		    matches, uri_text(uri), buf_cstr(&names));
	if (matches == 1) {
		*out = *found;
		return 0;
	}
	matches = tokens_match(tokens, count, NULL, &found, &names);
	return fail_with(fail, FAIL_TOKEN, "no token matches %s; present: %s",
	    uri_text(uri), matches > 0 ? buf_cstr(&names) : "none");
}

int
token_open(struct module *module, const struct uri *uri,
    struct token **out, struct fail *fail)
{
	static const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	AUTO(token_release) struct token *token = mem_new(1, sizeof(*token));
	struct fail first = { 0 };
	CK_RV rv;

	token->module = module;
	token->calls = module_functions(module);
	if (token_find(module, uri, &token->info, &first) == -1) {
		nanosleep(&pause, NULL);
		if (token_find(module, uri, &token->info, fail) == -1)
			return -1;
	}
	rv = token->calls->C_OpenSession(token->info.slot,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	    &token->session);
	if (rv != CKR_OK) {
		token->session = NO_SESSION;
		return fail_pkcs11(fail, rv, "C_OpenSession");
	}
	*out = GIVE(token);
	return 0;
}

/* Logout first: the order that libp11 0.4.12 survives. */
void
token_release(struct token **token)
{
	struct token *old = GIVE(*token);

	if (old == NULL)
		return;
	if (old->is_logged_in)
		old->calls->C_Logout(old->session);
	if (old->session != NO_SESSION)
		old->calls->C_CloseSession(old->session);
	if (old->slots != NULL)
		PKCS11_release_all_slots(module_libp11(old->module),
		    old->slots, old->slot_count);
	free(old);
}

struct pin_state
pin_state(const struct token *token, CK_USER_TYPE user)
{
	bool so = user == CKU_SO;
	struct pin_state state = { 0 };
	CK_TOKEN_INFO raw;

	memset(&raw, 0, sizeof(raw));
	if (token->calls->C_GetTokenInfo(token->info.slot, &raw) != CKR_OK)
		return state;
	state.is_locked = (raw.flags & (so ? CKF_SO_PIN_LOCKED :
	    CKF_USER_PIN_LOCKED)) != 0;
	state.is_final_try = (raw.flags & (so ? CKF_SO_PIN_FINAL_TRY :
	    CKF_USER_PIN_FINAL_TRY)) != 0;
	state.is_count_low = (raw.flags & (so ? CKF_SO_PIN_COUNT_LOW :
	    CKF_USER_PIN_COUNT_LOW)) != 0;
	return state;
}

const char *
tries_left(const struct token *token, CK_USER_TYPE user)
{
	struct pin_state state = pin_state(token, user);

	if (state.is_locked)
		return "; the PIN is locked now";
	if (state.is_final_try)
		return "; one try is left";
	return state.is_count_low ? "; few tries are left" : "";
}

int
token_login(struct token *token, const struct secret *pin,
    struct fail *fail)
{
	const struct token_info *info = &token->info;
	CK_RV rv;

	if (!info->has_user_pin)
		return fail_with(fail, FAIL_TOKEN,
		    "token %s: has no user PIN yet", info->label);
	if (info->is_pin_locked)
		return fail_with(fail, FAIL_TOKEN, "token %s: the PIN is "
		    "locked: the security officer must set a new one",
		    info->label);
	if (pin == NULL && !info->has_pin_pad)
		return fail_with(fail, FAIL_TOKEN,
		    "token %s: its reader has no PIN pad", info->label);
	rv = token->calls->C_Login(token->session, CKU_USER, pin_bytes(pin),
	    pin == NULL ? 0 : pin->len);
	if (rv == CKR_OK) {
		token->is_logged_in = true;
		return 0;
	}
	fail_pkcs11(fail, rv, "C_Login");
	if (rv == CKR_PIN_INCORRECT)
		fail_with(fail, FAIL_TOKEN, "%s%s", fail->sentence,
		    tries_left(token, CKU_USER));
	return fail_in(fail, "token %s", info->label);
}

const struct token_info *
token_info(const struct token *token)
{
	return &token->info;
}

struct module *
token_module(const struct token *token)
{
	return token->module;
}

CK_SESSION_HANDLE
token_session(const struct token *token)
{
	return token->session;
}

/* libp11 0.4.12 waits for ever where a session that it opens fails. */
static int
session_try(const struct token *token, struct fail *fail)
{
	CK_SESSION_HANDLE session;
	CK_RV rv = token->calls->C_OpenSession(token->info.slot,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);

	if (rv == CKR_OK)
		rv = token->calls->C_CloseSession(session);
	return rv == CKR_OK ? 0 : fail_pkcs11(fail, rv, "C_OpenSession");
}

int
token_libp11(struct token *token, struct PKCS11_token_st **out,
    struct fail *fail)
{
	if (session_try(token, fail) == -1)
		return -1;
	if (token->slots == NULL &&
	    PKCS11_enumerate_slots(module_libp11(token->module),
	    &token->slots, &token->slot_count) != 0)
		return fail_libp11(fail, "libp11 cannot list the slots");
	for (unsigned int i = 0; i < token->slot_count; i++)
		if (PKCS11_get_slotid_from_slot(&token->slots[i]) ==
		    token->info.slot && token->slots[i].token != NULL) {
			*out = token->slots[i].token;
			return 0;
		}
	return fail_with(fail, FAIL_TOKEN, "libp11 does not see token %s",
	    token->info.label);
}

int
token_random(struct token *token, uint8_t *out, size_t len,
    struct fail *fail)
{
	AUTO(auto_free) uint8_t *theirs = mem_new(len, 1);
	AUTO(auto_free) uint8_t *ours = mem_new(len, 1);
	CK_RV rv;

	rv = token->calls->C_GenerateRandom(token->session, theirs, len);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_GenerateRandom");
	if (len > INT_MAX || RAND_bytes(ours, (int)len) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "random octets");
	for (size_t i = 0; i < len; i++)
		out[i] = theirs[i] ^ ours[i];
	OPENSSL_cleanse(theirs, len);
	OPENSSL_cleanse(ours, len);
	return 0;
}
