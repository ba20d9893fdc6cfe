/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/token.h>

#include "softhsm.h"

struct place {
	struct softhsm *softhsm;
	struct module *module;
};

/* The fake module forwards all until FAKE_FAIL says otherwise. */
static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct fail fail = { 0 };

	assert_non_null(place);
	softhsm_setup((void **)&place->softhsm);
	must_pass(module_open(softhsm_fake(), &place->module, &fail), &fail);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;
	int result;

	module_release(&place->module);
	unsetenv("FAKE_FAIL");
	unsetenv("FAKE_FLAGS");
	result = softhsm_teardown((void **)&place->softhsm);
	free(place);
	return result;
}

static int
init(struct module *module, const char *label, const char *so,
    const char *user, struct fail *fail)
{
	const struct secret so_pin = softhsm_pin(so);
	const struct secret user_pin = softhsm_pin(user);

	return token_init(module, label, &so_pin, &user_pin, fail);
}

/* Past token_init, which refuses a label that is there, and sets a PIN. */
static void
init_raw(struct module *module, const char *label)
{
	CK_FUNCTION_LIST *calls = module_functions(module);
	AUTO(auto_free) struct token_info *tokens = NULL;
	CK_UTF8CHAR padded[32], pin[] = SOFTHSM_SO_PIN;
	struct fail fail = { 0 };
	size_t count = 0;

	must_pass(token_list(module, &tokens, &count, &fail), &fail);
	assert_true(count > 0 && !tokens[count - 1].is_initialised);
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	assert_int_equal(calls->C_InitToken(tokens[count - 1].slot, pin,
	    sizeof(pin) - 1, padded), CKR_OK);
}

static void
must_not_open(struct module *module, const char *text, const char *sentence)
{
	AUTO(uri_release) struct uri *uri = NULL;
	struct token *token = NULL;
	struct fail fail = { 0 };

	must_pass(uri_read(text, &uri, &fail), &fail);
	must_fail(token_open(module, uri, &token, &fail), &fail, FAIL_TOKEN,
	    sentence);
	assert_null(token);
}

static void
lists_tokens(void **state)
{
	struct place *place = *state;
	AUTO(auto_free) struct token_info *tokens = NULL;
	struct fail fail = { 0 };
	size_t count = 0;
	int made = 0;

	softhsm_token(place->module, "one");
	must_pass(token_list(place->module, &tokens, &count, &fail), &fail);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(tokens[i].model, "SoftHSM v2");
		assert_false(tokens[i].has_pin_pad);
		assert_int_equal(tokens[i].has_user_pin,
		    tokens[i].is_initialised);
		if (!tokens[i].is_initialised)
			continue;
		made++;
		assert_string_equal(tokens[i].label, "one");
		assert_int_equal(strlen(tokens[i].serial), 16);
	}
	assert_int_equal(made, 1);
}

static void
says_why_it_cannot_list(void **state)
{
	struct place *place = *state;
	struct token_info *tokens = NULL;
	struct fail fail = { 0 };
	size_t count;

	setenv("FAKE_FAIL", "C_GetSlotList:0x30", 1);
	must_fail(token_list(place->module, &tokens, &count, &fail), &fail,
	    FAIL_TOKEN, "C_GetSlotList: the token is at fault");
	setenv("FAKE_FAIL", "C_GetTokenInfo:0x30", 1);
	must_fail(token_list(place->module, &tokens, &count, &fail), &fail,
	    FAIL_TOKEN, "C_GetTokenInfo: the token is at fault");
	setenv("FAKE_FAIL", "C_GetTokenInfo:0xe0", 1);
	must_pass(token_list(place->module, &tokens, &count, &fail), &fail);
	assert_int_equal(count, 0);
	free(tokens);
}

static void
refuses_to_initialise(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct fail fail = { 0 };

	must_fail(init(module, "", "12345678", "876543", &fail), &fail,
	    FAIL_INPUT, "token label: want 1 to 32 bytes, have 0");
	must_fail(init(module, "0123456789012345678901234567890123",
	    "12345678", "876543", &fail), &fail, FAIL_INPUT,
	    "token label: want 1 to 32 bytes, have 34");
	must_fail(init(module, "a\a", "12345678", "876543", &fail), &fail,
	    FAIL_INPUT, "token label: holds a control character");
	must_fail(init(module, "one", "123", "876543", &fail), &fail,
	    FAIL_INPUT, "SO PIN: token wants 4 to 255 characters, have 3");
	must_fail(init(module, "one", "12345678", "1", &fail), &fail,
	    FAIL_INPUT, "user PIN: token wants 4 to 255 characters, have 1");
	must_not_open(module, "pkcs11:token=one", "; present: none");
	must_pass(init(module, "one", "12345678", "876543", &fail), &fail);
	must_fail(init(module, "one", "12345678", "876543", &fail), &fail,
	    FAIL_REFUSED, "token one: is there already (serial ");
	setenv("FAKE_FAIL", "C_GetTokenInfo:0xe0", 1);
	must_fail(init(module, "two", "12345678", "876543", &fail), &fail,
	    FAIL_REFUSED, "token two: no uninitialised token to make it of");
}

static void
says_how_far_initialising_came(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct fail fail = { 0 };

	setenv("FAKE_FAIL", "C_InitToken:0x6", 1);
	must_fail(init(module, "one", "12345678", "876543", &fail), &fail,
	    FAIL_TOKEN, "C_InitToken: the token could not do it");
	setenv("FAKE_FAIL", "C_InitPIN:0xa2", 1);
	must_fail(init(module, "one", "12345678", "876543", &fail), &fail,
	    FAIL_TOKEN, "token one: made, but without a user PIN: C_InitPIN: "
	    "the PIN is too short or too long");
	setenv("FAKE_FAIL", "C_OpenSession:0x30", 1);
	must_fail(init(module, "two", "12345678", "876543", &fail), &fail,
	    FAIL_TOKEN, "token two: made, but without a user PIN");
}

static void
names_what_is_present_where_none_matches(void **state)
{
	struct module *module = ((struct place *)*state)->module;

	softhsm_token(module, "one");
	must_not_open(module, "pkcs11:token=two", "no token matches "
	    "pkcs11:token=two; present: pkcs11:token=one;serial=");
}

static void
names_both_of_two_with_one_label(void **state)
{
	struct module *module = ((struct place *)*state)->module;

	softhsm_token(module, "one");
	init_raw(module, "one");
	must_not_open(module, "pkcs11:token=one", "2 tokens match "
	    "pkcs11:token=one: pkcs11:token=one;serial=");
	must_not_open(module, "pkcs11:token=one",
	    " and pkcs11:token=one;serial=");
}

static void
takes_no_blank_token(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct token *token;

	must_not_open(module, "pkcs11:model=SoftHSM%20v2", "no token");
	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:model=SoftHSM%20v2", NULL);
	assert_string_equal(token_info(token)->label, "one");
	assert_ptr_equal(token_module(token), module);
	token_release(&token);
	assert_null(token);
}

static void
says_why_there_is_no_session(void **state)
{
	struct module *module = ((struct place *)*state)->module;

	softhsm_token(module, "one");
	setenv("FAKE_FAIL", "C_OpenSession:0xb1", 1);
	must_not_open(module, "pkcs11:token=one",
	    "C_OpenSession: the token has no session left");
}

static void
looks_once_more_for_a_token(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct token *token;

	softhsm_token(module, "one");
	setenv("FAKE_FAIL", "C_GetTokenInfo:0xe0:2", 1);
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	token_release(&token);
}

static void
refuses_a_wrong_pin(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	const struct secret wrong = softhsm_pin("999999");
	const struct secret right = softhsm_pin(SOFTHSM_USER_PIN);
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	must_fail(token_login(token, &wrong, &fail), &fail, FAIL_TOKEN,
	    "token one: C_Login: the PIN is wrong (CKR_PIN_INCORRECT); few "
	    "tries are left");
	must_fail(token_login(token, NULL, &fail), &fail, FAIL_TOKEN,
	    "token one: its reader has no PIN pad");
	must_pass(token_login(token, &right, &fail), &fail);
	must_fail(token_login(token, &wrong, &fail), &fail, FAIL_TOKEN,
	    "logged in already, so the PIN was not checked");
	token_release(&token);
}

static void
says_each_fault_of_a_pin(void **state)
{
	static const struct {
		const char *rule, *sentence;
	} rows[] = {
		{ "C_Login:0xa4", "token one: C_Login: the PIN is locked: the "
		    "security officer must set a new one (CKR_PIN_LOCKED)" },
		{ "C_Login:0xa3", "the PIN has expired: set a new one" },
		{ "C_Login:0xa2", "the PIN is too short or too long" },
		{ "C_Login:0xa1", "the PIN has characters the token refuses" },
		{ "C_Login:0x102", "the token has no user PIN yet" },
		{ "C_Login:0x32", "the token was removed" },
	};
	struct module *module = ((struct place *)*state)->module;
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fail fail = { 0 };

		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_fail(token_login(token, &pin, &fail), &fail, FAIL_TOKEN,
		    rows[i].sentence);
	}
	token_release(&token);
}

static void
refuses_a_token_without_user_pin(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct fail fail = { 0 };
	struct token *token;

	init_raw(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	must_fail(token_login(token, &pin, &fail), &fail, FAIL_TOKEN,
	    "token one: has no user PIN yet");
	token_release(&token);
}

static void
gives_random_octets(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	uint8_t one[100] = { 0 }, two[100] = { 0 }, none[100] = { 0 };
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	must_pass(token_random(token, one, sizeof(one), &fail), &fail);
	must_pass(token_random(token, two, sizeof(two), &fail), &fail);
	must_pass(token_random(token, two, 0, &fail), &fail);
	assert_memory_not_equal(one, two, sizeof(one));
	assert_memory_not_equal(one + 80, none, 20);
	memset(one, 0, sizeof(one));
	setenv("FAKE_FAIL", "C_GenerateRandom:0x121", 1);
	must_fail(token_random(token, one, sizeof(one), &fail), &fail,
	    FAIL_TOKEN, "C_GenerateRandom: the token has no random source");
	assert_memory_equal(one, none, sizeof(one));
	token_release(&token);
}

static struct token_pins
pins_of(const char *so, const char *user)
{
	struct token_pins pins = { softhsm_pin(so), softhsm_pin(user) };

	return pins;
}

#define NEW_SO_PIN   "new-so-pin"
#define NEW_USER_PIN "new-user-pin"

static int
change(struct token *token, const char *new_so, const char *new_user,
    struct fail *fail)
{
	const struct token_pins old =
	    pins_of(SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
	const struct token_pins new = pins_of(new_so, new_user);

	return token_change_pins(token, &old, &new, fail);
}

static CK_RV
login_raw(struct token *token, CK_USER_TYPE user, const char *text)
{
	struct secret pin = softhsm_pin(text);

	return module_functions(token_module(token))->C_Login(
	    token_session(token), user, pin.data, pin.len);
}

static void
logout_raw(struct token *token)
{
	assert_int_equal(module_functions(token_module(token))->C_Logout(
	    token_session(token)), CKR_OK);
}

/* Nobody is logged in, and these are the PINs. */
static void
must_have_pins(struct token *token, const char *so, const char *user)
{
	CK_SESSION_INFO info;

	assert_int_equal(module_functions(token_module(token))->
	    C_GetSessionInfo(token_session(token), &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_equal(login_raw(token, CKU_SO, so), CKR_OK);
	logout_raw(token);
	assert_int_equal(login_raw(token, CKU_USER, user), CKR_OK);
	logout_raw(token);
}

static void
set_pin_raw(struct token *token, CK_USER_TYPE user, const char *old_text,
    const char *new_text)
{
	struct secret old = softhsm_pin(old_text);
	struct secret new = softhsm_pin(new_text);

	assert_int_equal(login_raw(token, user, old_text), CKR_OK);
	assert_int_equal(module_functions(token_module(token))->C_SetPIN(
	    token_session(token), old.data, old.len, new.data, new.len),
	    CKR_OK);
	logout_raw(token);
}

/* Each may be new already, as a crash leaves it. */
static void
changes_both_pins(void **state)
{
	struct module *module = ((struct place *)*state)->module;

	for (int i = 0; i < 4; i++) {
		char label[16], uri[32];
		struct fail fail = { 0 };
		struct token *token;

		snprintf(label, sizeof(label), "no%d", i);
		snprintf(uri, sizeof(uri), "pkcs11:token=%s", label);
		softhsm_token(module, label);
		token = softhsm_open(module, uri, NULL);
		if ((i & 1) != 0)
			set_pin_raw(token, CKU_SO, SOFTHSM_SO_PIN,
			    NEW_SO_PIN);
		if ((i & 2) != 0)
			set_pin_raw(token, CKU_USER, SOFTHSM_USER_PIN,
			    NEW_USER_PIN);
		must_pass(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail),
		    &fail);
		must_have_pins(token, NEW_SO_PIN, NEW_USER_PIN);
		/* Again: nothing is set now, or this would be told. */
		setenv("FAKE_FAIL", "C_SetPIN:0x30", 1);
		must_pass(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail),
		    &fail);
		unsetenv("FAKE_FAIL");
		must_have_pins(token, NEW_SO_PIN, NEW_USER_PIN);
		token_release(&token);
	}
}

static void
changes_one_pin_alone(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	const struct secret pin = softhsm_pin(NEW_USER_PIN);
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	must_pass(change(token, SOFTHSM_SO_PIN, NEW_USER_PIN, &fail), &fail);
	must_have_pins(token, SOFTHSM_SO_PIN, NEW_USER_PIN);
	must_pass(token_login(token, &pin, &fail), &fail);
	token_release(&token);
}

static void
checks_new_pins_before_all(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	must_fail(change(token, "123", NEW_USER_PIN, &fail), &fail,
	    FAIL_INPUT,
	    "new SO PIN: token wants 4 to 255 characters, have 3");
	must_fail(change(token, NEW_SO_PIN, "1", &fail), &fail, FAIL_INPUT,
	    "new user PIN: token wants 4 to 255 characters, have 1");
	must_have_pins(token, SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
	token_release(&token);
}

static void
changes_no_pin_that_it_does_not_know(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	set_pin_raw(token, CKU_USER, SOFTHSM_USER_PIN, "third-pin");
	must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail), &fail,
	    FAIL_TOKEN, "user PIN: neither the old nor the new one opens "
	    "the token; few tries are left");
	must_have_pins(token, NEW_SO_PIN, "third-pin");
	set_pin_raw(token, CKU_SO, NEW_SO_PIN, "third-pin");
	must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail), &fail,
	    FAIL_TOKEN, "SO PIN: neither the old nor the new one opens the "
	    "token; few tries are left");
	must_have_pins(token, "third-pin", "third-pin");
	token_release(&token);
}

/* The rule answers so many calls; what it has left shows how many came. */
static void
tries_each_pin_once(void **state)
{
	static const struct {
		const char *so, *rule;
		int rest;
	} rows[] = {
		{ NEW_SO_PIN, "C_Login:0xa0:5", 3 },
		{ SOFTHSM_SO_PIN, "C_Login:0xa0:5", 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct module *module = ((struct place *)*state)->module;
		struct fail fail = { 0 };
		struct token *token;

		softhsm_token(module, "one");
		token = softhsm_open(module, "pkcs11:token=one", NULL);
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_fail(change(token, rows[i].so, NEW_USER_PIN, &fail),
		    &fail, FAIL_TOKEN,
		    "SO PIN: neither the old nor the new one opens");
		for (int n = 0; n < rows[i].rest; n++)
			assert_int_equal(login_raw(token, CKU_SO,
			    SOFTHSM_SO_PIN), CKR_PIN_INCORRECT);
		unsetenv("FAKE_FAIL");
		must_have_pins(token, SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
		token_release(&token);
		assert_int_equal(teardown(state), 0);
		setup(state);
	}
}

/* C_Login would say that the token is at fault, were it called. */
static void
risks_no_last_try(void **state)
{
	static const struct {
		const char *flags, *new_so, *new_user, *sentence;
	} rows[] = {
		{ "0x200000", NEW_SO_PIN, NEW_USER_PIN, "SO PIN: one try is "
		    "left, too few for the new and the old one" },
		{ "0x400000", NEW_SO_PIN, NEW_USER_PIN,
		    "SO PIN: is locked" },
		{ "0x200000", SOFTHSM_SO_PIN, NEW_USER_PIN,
		    "SO PIN: C_Login: the token is at fault" },
		{ "0x100000", NEW_SO_PIN, NEW_USER_PIN,
		    "SO PIN: C_Login: the token is at fault" },
		{ "0x010000", NEW_SO_PIN, NEW_USER_PIN,
		    "SO PIN: C_Login: the token is at fault" },
		{ "0x070000", NEW_SO_PIN, NEW_USER_PIN,
		    "user PIN: is locked" },
	};
	struct module *module = ((struct place *)*state)->module;
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	setenv("FAKE_FAIL", "C_Login:0x30", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		setenv("FAKE_FLAGS", rows[i].flags, 1);
		must_fail(change(token, rows[i].new_so, rows[i].new_user,
		    &fail), &fail, FAIL_TOKEN, rows[i].sentence);
	}
	unsetenv("FAKE_FAIL");
	must_have_pins(token, SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
	setenv("FAKE_FLAGS", "0x20000", 1);
	must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail), &fail,
	    FAIL_TOKEN, "user PIN: one try is left");
	setenv("FAKE_FLAGS", "0x40000", 1);
	must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail), &fail,
	    FAIL_TOKEN, "user PIN: is locked");
	must_have_pins(token, SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
	token_release(&token);
}

/* The SO: old, C_SetPIN, new; then the same of the user. */
static void
says_what_kept_it_from_changing(void **state)
{
	static const struct {
		const char *rule, *sentence, *so;
		bool is_logged_in;
	} rows[] = {
		{ "C_Login:0x30", "SO PIN: C_Login: the token is at fault",
		    SOFTHSM_SO_PIN, false },
		{ "C_Login:0xa4:1", "SO PIN: C_Login: the PIN is locked",
		    SOFTHSM_SO_PIN, false },
		{ "C_Login:0xa0:1:1", "SO PIN: set, but does not open the "
		    "token: C_Login: the PIN is wrong", NEW_SO_PIN, false },
		{ "C_Login:0x30:1:2", "user PIN: C_Login: the token is at "
		    "fault", NEW_SO_PIN, false },
		{ "C_SetPIN:0x30", "SO PIN: C_SetPIN: the token is at fault "
		    "(CKR_DEVICE_ERROR)", SOFTHSM_SO_PIN, false },
		{ "C_SetPIN:0xa2:1:1", "user PIN: C_SetPIN: the PIN is too "
		    "short or too long", NEW_SO_PIN, false },
		{ "C_Logout:0x30:1", "SO PIN: C_Logout: the token is at "
		    "fault", NEW_SO_PIN, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct module *module = ((struct place *)*state)->module;
		struct fail fail = { 0 };
		struct token *token;

		softhsm_token(module, "one");
		token = softhsm_open(module, "pkcs11:token=one", NULL);
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail),
		    &fail, FAIL_TOKEN, rows[i].sentence);
		unsetenv("FAKE_FAIL");
		if (rows[i].is_logged_in)
			logout_raw(token);
		must_have_pins(token, rows[i].so, SOFTHSM_USER_PIN);
		must_pass(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail),
		    &fail);
		must_have_pins(token, NEW_SO_PIN, NEW_USER_PIN);
		token_release(&token);
		/* Afresh: the rules count since the module was loaded. */
		assert_int_equal(teardown(state), 0);
		setup(state);
	}
}

/* C_SetPIN fails, and then so does the logout. */
static void
says_both_of_two_faults(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	CK_FUNCTION_LIST *calls = module_functions(module);
	CK_FUNCTION_LIST were = *calls;
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", NULL);
	calls->C_Logout = calls->C_GetFunctionStatus;
	setenv("FAKE_FAIL", "C_SetPIN:0x30", 1);
	must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail), &fail,
	    FAIL_TOKEN, "SO PIN: C_SetPIN: the token is at fault "
	    "(CKR_DEVICE_ERROR); and C_Logout: ");
	*calls = were;
	unsetenv("FAKE_FAIL");
	logout_raw(token);
	must_have_pins(token, SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
	token_release(&token);
}

static void
changes_no_pin_behind_a_login(void **state)
{
	struct module *module = ((struct place *)*state)->module;
	struct fail fail = { 0 };
	struct token *token;

	softhsm_token(module, "one");
	token = softhsm_open(module, "pkcs11:token=one", SOFTHSM_USER_PIN);
	must_fail(change(token, NEW_SO_PIN, NEW_USER_PIN, &fail), &fail,
	    FAIL_TOKEN, "SO PIN: C_Login: another user is logged in");
	logout_raw(token);
	must_have_pins(token, SOFTHSM_SO_PIN, SOFTHSM_USER_PIN);
	token_release(&token);
}

int
main(void)
{
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(lists_tokens),
		TEST(says_why_it_cannot_list),
		TEST(refuses_to_initialise),
		TEST(says_how_far_initialising_came),
		TEST(names_what_is_present_where_none_matches),
		TEST(names_both_of_two_with_one_label),
		TEST(takes_no_blank_token),
		TEST(says_why_there_is_no_session),
		TEST(looks_once_more_for_a_token),
		TEST(refuses_a_wrong_pin),
		TEST(says_each_fault_of_a_pin),
		TEST(refuses_a_token_without_user_pin),
		TEST(gives_random_octets),
		TEST(changes_both_pins),
		TEST(changes_one_pin_alone),
		TEST(checks_new_pins_before_all),
		TEST(changes_no_pin_that_it_does_not_know),
		TEST(tries_each_pin_once),
		TEST(risks_no_last_try),
		TEST(says_what_kept_it_from_changing),
		TEST(says_both_of_two_faults),
		TEST(changes_no_pin_behind_a_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
