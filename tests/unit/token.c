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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
