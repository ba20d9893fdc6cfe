/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/key.h>
#include <anchorite/token/session.h>

#include "softhsm.h"

struct place {
	struct softhsm *softhsm;
	struct session_plan plan;
};

/* A token named "one", and a plan that leads to it. */
static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct module *module = NULL;
	struct fail fail = { 0 };

	assert_non_null(place);
	softhsm_setup((void **)&place->softhsm);
	place->plan.module = softhsm_fake();
	place->plan.token = "pkcs11:token=one";
	place->plan.store = place->softhsm->store;
	place->plan.pin = PIN_PROMPT;
	place->plan.secret_fd = -1;
	must_pass(module_open(place->plan.module, &module, &fail), &fail);
	softhsm_token(module, "one");
	module_release(&module);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;
	int result;

	unsetenv("FAKE_FAIL");
	auto_close(&place->plan.secret_fd);
	result = softhsm_teardown((void **)&place->softhsm);
	free(place);
	return result;
}

/* Secrets come over a pipe from now on. */
static void
give_secrets(struct place *place, const char *lines)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], lines, strlen(lines)),
	    strlen(lines));
	close(ends[1]);
	auto_close(&place->plan.secret_fd);
	place->plan.secret_fd = ends[0];
}

static struct session *
opened(const struct place *place)
{
	struct session *session = NULL;
	struct fail fail = { 0 };

	must_pass(session_open(&place->plan, &session, &fail), &fail);
	return session;
}

static void
must_not_open(const struct place *place, enum fail_kind kind,
    const char *sentence)
{
	struct session *session = NULL;
	struct fail fail = { 0 };

	must_fail(session_open(&place->plan, &session, &fail), &fail, kind,
	    sentence);
	assert_null(session);
}

static bool
has_backup(const struct place *place)
{
	char path[96];

	snprintf(path, sizeof(path), "%s.backup", place->softhsm->store);
	return access(path, F_OK) == 0;
}

/* Empties one of the token's files, as a full disk does. */
static void
empty_token_object(const struct place *place)
{
	char command[256];
	FILE *list;
	char path[512] = "";

	snprintf(command, sizeof(command), "ls %s/*/token.object",
	    place->softhsm->store);
	list = popen(command, "r");
	assert_non_null(list);
	assert_non_null(fgets(path, sizeof(path), list));
	assert_int_equal(pclose(list), 0);
	path[strcspn(path, "\n")] = '\0';
	assert_int_equal(truncate(path, 0), 0);
}

static void
makes_a_key_in_one_visit_and_finds_it_in_the_next(void **state)
{
	struct place *place = *state;
	struct fail fail = { 0 };

	give_secrets(place, SOFTHSM_USER_PIN "\n" SOFTHSM_USER_PIN "\n");
	for (int visit = 0; visit < 2; visit++) {
		AUTO(session_release) struct session *session =
		    opened(place);
		AUTO(key_release) struct key *key = NULL;
		struct token *token = session_token(session);
		EVP_PKEY *lent = NULL;

		assert_ptr_equal(token_module(token),
		    session_module(session));
		assert_true(visit == 1 || !has_backup(place));
		must_pass(session_login(session, &fail), &fail);
		assert_true(has_backup(place));
		if (visit == 0)
			must_pass(key_generate(token, KEY_EC_P384, "root",
			    &key, &fail), &fail);
		else
			must_pass(key_find(token, bytes_text("root"),
			    bytes_of(NULL, 0), &key, &fail), &fail);
		must_pass(key_lend(key, &lent, &fail), &fail);
		must_pass(session_sync(session, &fail), &fail);
		must_pass(session_protect(session, &fail), &fail);
	}
}

static void
opens_a_module_to_initialise(void **state)
{
	struct place *place = *state;
	AUTO(session_release) struct session *session = NULL;
	AUTO(secret_release) struct secret so_pin = { 0 };
	AUTO(secret_release) struct secret user_pin = { 0 };
	struct fail fail = { 0 };

	give_secrets(place, "11111111\n222222\n");
	must_pass(session_open_module(&place->plan, &session, &fail), &fail);
	assert_null(session_token(session));
	must_pass(session_new_pin(&place->plan, "SO PIN", &so_pin, &fail),
	    &fail);
	must_pass(session_new_pin(&place->plan, "user PIN", &user_pin,
	    &fail), &fail);
	assert_string_equal((char *)so_pin.data, "11111111");
	assert_string_equal((char *)user_pin.data, "222222");
	must_pass(session_protect(session, &fail), &fail);
	must_pass(token_init(session_module(session), "two", &so_pin,
	    &user_pin, &fail), &fail);
	must_pass(session_check_tokens(session, &fail), &fail);
	must_fail(session_new_pin(&place->plan, "SO PIN", &so_pin, &fail),
	    &fail, FAIL_INPUT, "SO PIN: ");
}

static void
refuses_softhsm_without_its_store(void **state)
{
	struct place *place = *state;

	place->plan.store = NULL;
	must_not_open(place, FAIL_REFUSED, ": SoftHSM keeps its tokens in a "
	    "directory: want it as the store");
}

static void
refuses_a_store_that_is_not_the_tokens(void **state)
{
	struct place *place = *state;

	AUTO(session_release) struct session *session = NULL;
	struct fail fail = { 0 };

	place->plan.store = place->softhsm->folder;
	must_not_open(place, FAIL_REFUSED, " is not kept there; store must be "
	    "SoftHSM's directories.tokendir (SOFTHSM2_CONF)");
	must_pass(session_open_module(&place->plan, &session, &fail), &fail);
	must_fail(session_check_tokens(session, &fail), &fail, FAIL_REFUSED,
	    " is not kept there; store must be ");
}

static void
refuses_a_store_in_use(void **state)
{
	struct place *place = *state;
	struct session *session = opened(place);

	must_not_open(place, FAIL_SYSTEM, ": in use by another process");
	session_release(&session);
	assert_null(session);
	session = opened(place);
	session_release(&session);
}

static void
refuses_a_bad_uri_before_the_module(void **state)
{
	struct place *place = *state;

	place->plan.token = "token=one";
	place->plan.module = "/nowhere/x.so";
	must_not_open(place, FAIL_INPUT,
	    "PKCS#11 URI: want \"pkcs11:\" first");
}

static void
refuses_an_absent_token(void **state)
{
	struct place *place = *state;

	place->plan.token = "pkcs11:token=two";
	must_not_open(place, FAIL_TOKEN, "no token matches pkcs11:token=two; "
	    "present: pkcs11:token=one;serial=");
}

static void
must_not_log_in(struct place *place, enum fail_kind kind,
    const char *sentence)
{
	AUTO(session_release) struct session *session = opened(place);
	struct fail fail = { 0 };

	must_fail(session_login(session, &fail), &fail, kind, sentence);
}

static void
refuses_a_wrong_pin(void **state)
{
	struct place *place = *state;

	give_secrets(place, "999999\n");
	must_not_log_in(place, FAIL_TOKEN,
	    "token one: C_Login: the PIN is wrong (CKR_PIN_INCORRECT)");
	must_not_log_in(place, FAIL_INPUT, "user PIN: ");
}

static void
refuses_a_locked_pin(void **state)
{
	struct place *place = *state;

	give_secrets(place, SOFTHSM_USER_PIN "\n");
	setenv("FAKE_FAIL", "C_Login:0xa4", 1);
	must_not_log_in(place, FAIL_TOKEN, "the PIN is locked: the security "
	    "officer must set a new one (CKR_PIN_LOCKED)");
}

static void
refuses_a_pad_that_is_not_there(void **state)
{
	struct place *place = *state;

	place->plan.pin = PIN_PAD;
	must_not_log_in(place, FAIL_TOKEN,
	    "token one: its reader has no PIN pad");
}

static void
refuses_a_damaged_store_before_the_pin(void **state)
{
	struct place *place = *state;
	AUTO(session_release) struct session *session = NULL;
	struct fail fail = { 0 };

	give_secrets(place, SOFTHSM_USER_PIN "\n");
	session = opened(place);
	empty_token_object(place);
	must_fail(session_login(session, &fail), &fail, FAIL_TOKEN,
	    "token.object is empty: a full disk does this; put ");
	assert_false(has_backup(place));
}

static void
logs_in_with_a_pin_that_the_caller_has(void **state)
{
	struct place *place = *state;
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	const struct secret wrong = softhsm_pin("999999");
	AUTO(session_release) struct session *session = NULL;
	AUTO(key_release) struct key *key = NULL;
	struct fail fail = { 0 };

	place->plan.pin = PIN_PAD;	/* which is not asked */
	session = opened(place);
	must_fail(session_login_with(session, &wrong, &fail), &fail,
	    FAIL_TOKEN, "token one: C_Login: the PIN is wrong");
	assert_true(has_backup(place));
	must_pass(session_login_with(session, &pin, &fail), &fail);
	must_pass(key_generate(session_token(session), KEY_EC_P256, "root",
	    &key, &fail), &fail);
}

static void
protects_the_store_before_any_login(void **state)
{
	struct place *place = *state;
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	AUTO(session_release) struct session *session = opened(place);
	struct fail fail = { 0 };

	must_fail(session_login_with(session, NULL, &fail), &fail,
	    FAIL_TOKEN, "token one: its reader has no PIN pad");
	assert_true(has_backup(place));
	empty_token_object(place);
	must_fail(session_login_with(session, &pin, &fail), &fail,
	    FAIL_TOKEN, "token.object is empty: a full disk does this; put ");
}

int
main(void)
{
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(makes_a_key_in_one_visit_and_finds_it_in_the_next),
		TEST(opens_a_module_to_initialise),
		TEST(refuses_softhsm_without_its_store),
		TEST(refuses_a_store_that_is_not_the_tokens),
		TEST(refuses_a_store_in_use),
		TEST(refuses_a_bad_uri_before_the_module),
		TEST(refuses_an_absent_token),
		TEST(refuses_a_wrong_pin),
		TEST(refuses_a_locked_pin),
		TEST(refuses_a_pad_that_is_not_there),
		TEST(refuses_a_damaged_store_before_the_pin),
		TEST(logs_in_with_a_pin_that_the_caller_has),
		TEST(protects_the_store_before_any_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
