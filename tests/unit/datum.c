/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/datum.h>

#include "softhsm.h"

struct place {
	struct softhsm *softhsm;
	struct session_plan plan;
	struct session *session;
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE raw;
};

/* The disk's own answer to syncfs, and what it saw then. */
static bool sync_fails;
static const struct place *sync_place;
static size_t sync_saw;

static size_t
files_count(const struct place *place)
{
	glob_t files = { 0 };
	char pattern[128];
	size_t count;

	snprintf(pattern, sizeof(pattern), "%s/*/*.object",
	    place->softhsm->store);
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	count = files.gl_pathc;
	globfree(&files);
	return count;
}

int
syncfs(int fd)
{
	if (sync_place != NULL)
		sync_saw = files_count(sync_place);
	if (sync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_syncfs, fd);
}

static void
leave(struct place *place)
{
	unsetenv("FAKE_FAIL");
	session_release(&place->session);
}

/* A visit of its own, which knows nothing of the one before. */
static void
enter(struct place *place, bool login)
{
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct fail fail = { 0 };

	leave(place);
	must_pass(session_open(&place->plan, &place->session, &fail), &fail);
	if (login)
		must_pass(session_login_with(place->session, &pin, &fail),
		    &fail);
	place->calls = module_functions(session_module(place->session));
	place->raw = token_session(session_token(place->session));
}

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
	place->plan.secret_fd = -1;
	must_pass(module_open(place->plan.module, &module, &fail), &fail);
	softhsm_token(module, "one");
	module_release(&module);
	enter(place, true);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;
	int result;

	sync_fails = false;
	sync_place = NULL;
	leave(place);
	result = softhsm_teardown((void **)&place->softhsm);
	free(place);
	return result;
}

/* The values under a name, in the order of the alphabet: "new old". */
struct values {
	char *text[80];
	size_t count;
};

static int
value_take(void *context, struct bytes value, struct fail *fail)
{
	struct values *values = context;

	(void)fail;
	assert_true(values->count < COUNT(values->text));
	values->text[values->count] = value.len == 0 ? strdup("") :
	    strndup((const char *)value.data, value.len);
	assert_non_null(values->text[values->count++]);
	return 0;
}

static int
text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
must_hold(const struct place *place, const char *name, const char *wanted)
{
	AUTO(buf_release) struct buf have = { 0 };
	struct values values = { 0 };
	struct fail fail = { 0 };

	must_pass(datum_each(place->session, name, value_take, &values,
	    &fail), &fail);
	qsort(values.text, values.count, sizeof(char *), text_order);
	for (size_t i = 0; i < values.count; i++) {
		buf_printf(&have, "%s%s", i == 0 ? "" : " ",
		    values.text[i]);
		free(values.text[i]);
	}
	assert_string_equal(buf_cstr(&have), wanted);
}

static void
replace(const struct place *place, const char *name, const char *value)
{
	struct fail fail = { 0 };

	must_pass(datum_replace(place->session, name, bytes_text(value),
	    &fail), &fail);
}

static void
must_not_replace(const struct place *place, const char *value,
    enum fail_kind kind, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(datum_replace(place->session, "head",
	    bytes_text(value), &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
}

static void
must_not_read(const struct place *place, const char *sentence)
{
	struct values values = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(datum_each(place->session, "head", value_take,
	    &values, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_TOKEN);
	assert_int_equal(values.count, 0);
}

static void
must_not_sync(const struct place *place, const char *value)
{
	char sentence[160];

	snprintf(sentence, sizeof(sentence), "data object head: token store "
	    "%s: sync: Input/output error", place->softhsm->store);
	sync_fails = true;
	must_not_replace(place, value, FAIL_SYSTEM, sentence);
	sync_fails = false;
}

/* An object such as another program, or a crash, leaves. */
struct raw {
	const char *application, *label;
	CK_BBOOL is_token, is_private;
};
static const struct raw ours = { "anchorite", "head", CK_TRUE, CK_TRUE };

static void
create_raw(const struct place *place, const struct raw *raw,
    struct bytes value)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_OBJECT_HANDLE made;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, (void *)(uintptr_t)&raw->is_token, 1 },
		{ CKA_PRIVATE, (void *)(uintptr_t)&raw->is_private, 1 },
		{ CKA_APPLICATION, (void *)(uintptr_t)raw->application,
		    strlen(raw->application) },
		{ CKA_LABEL, (void *)(uintptr_t)raw->label,
		    strlen(raw->label) },
		{ CKA_VALUE, (void *)(uintptr_t)value.data, value.len },
	};

	assert_int_equal(place->calls->C_CreateObject(place->raw, template,
	    COUNT(template), &made), CKR_OK);
}

#define FAULT ": the token is at fault (CKR_DEVICE_ERROR)"
#define UNREAD "what was written does not read back"

/* How many sessions are open that the module was asked for since. */
static CK_FUNCTION_LIST counted;
static int sessions;

static CK_RV
session_opened(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
    CK_NOTIFY notify, CK_SESSION_HANDLE *out)
{
	sessions++;
	return counted.C_OpenSession(slot, flags, application, notify, out);
}

static CK_RV
session_closed(CK_SESSION_HANDLE session)
{
	sessions--;
	return counted.C_CloseSession(session);
}

static void
closes_the_second_session(void **state)
{
	struct place *place = *state;

	counted = *place->calls;
	sessions = 0;
	place->calls->C_OpenSession = session_opened;
	place->calls->C_CloseSession = session_closed;
	replace(place, "head", "old");
	assert_int_equal(sessions, 0);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30", 1);
	must_not_replace(place, "new", FAIL_TOKEN, "data object head: "
	    UNREAD ": C_GetAttributeValue" FAULT);
	assert_int_equal(sessions, 0);
	*place->calls = counted;
}

static void
keeps_one_value_a_name_for_the_next_visit(void **state)
{
	struct place *place = *state;

	must_hold(place, "head", "");
	replace(place, "head", "first");
	must_hold(place, "head", "first");
	replace(place, "heads", "other");
	enter(place, true);
	must_hold(place, "head", "first");
	replace(place, "head", "second");
	must_hold(place, "head", "second");
	replace(place, "head", "second");
	enter(place, true);
	must_hold(place, "head", "second");
	must_hold(place, "heads", "other");
	must_hold(place, "hea", "");
	assert_int_equal(files_count(place), 1 + 2);
}

static void
removes_all_under_the_name(void **state)
{
	struct place *place = *state;
	struct fail fail = { 0 };

	create_raw(place, &ours, bytes_text("a"));
	replace(place, "heads", "other");
	create_raw(place, &ours, bytes_text("b"));
	must_pass(datum_remove(place->session, "head", &fail), &fail);
	must_hold(place, "head", "");
	must_hold(place, "heads", "other");
	must_pass(datum_remove(place->session, "head", &fail), &fail);
}

static void
must_not_remove(struct place *place, const char *rule, const char *sentence)
{
	struct fail fail = { 0 };

	enter(place, true);
	setenv("FAKE_FAIL", rule, 1);
	assert_int_equal(datum_remove(place->session, "head", &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_TOKEN);
	enter(place, true);
	must_hold(place, "head", "old");
}

static void
tells_what_cannot_be_removed(void **state)
{
	struct place *place = *state;

	replace(place, "head", "old");
	must_not_remove(place, "C_FindObjects:0x30",
	    "data object head: C_FindObjects" FAULT);
	must_not_remove(place, "C_DestroyObject:0x30",
	    "data object head: C_DestroyObject" FAULT);
}

static void
makes_what_the_header_says(void **state)
{
	struct place *place = *state;
	CK_OBJECT_CLASS class = 99;
	CK_BBOOL token = CK_FALSE, private = CK_FALSE, modifiable = CK_TRUE;
	char application[32] = "", label[32] = "", value[32] = "";
	CK_ATTRIBUTE read[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_PRIVATE, &private, sizeof(private) },
		{ CKA_MODIFIABLE, &modifiable, sizeof(modifiable) },
		{ CKA_APPLICATION, application, sizeof(application) - 1 },
		{ CKA_LABEL, label, sizeof(label) - 1 },
		{ CKA_VALUE, value, sizeof(value) - 1 },
	};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;

	replace(place, "head", "12 beef");
	assert_int_equal(place->calls->C_FindObjectsInit(place->raw, NULL,
	    0), CKR_OK);
	assert_int_equal(place->calls->C_FindObjects(place->raw, found, 2,
	    &count), CKR_OK);
	assert_int_equal(place->calls->C_FindObjectsFinal(place->raw),
	    CKR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(place->calls->C_GetAttributeValue(place->raw,
	    found[0], read, COUNT(read)), CKR_OK);
	assert_int_equal(class, CKO_DATA);
	assert_int_equal(token, CK_TRUE);
	assert_int_equal(private, CK_TRUE);
	assert_int_equal(modifiable, CK_FALSE);
	assert_string_equal(application, "anchorite");
	assert_string_equal(label, "head");
	assert_string_equal(value, "12 beef");
}

static void
passes_over_what_is_not_its_own(void **state)
{
	struct place *place = *state;
	static const struct raw others[] = {
		{ "someone", "head", CK_TRUE, CK_TRUE },
		{ "", "head", CK_TRUE, CK_TRUE },
		{ "anchorite", "tail", CK_TRUE, CK_TRUE },
		{ "anchorite", "head", CK_TRUE, CK_FALSE },
		{ "anchorite", "head", CK_FALSE, CK_TRUE },
	};

	for (size_t i = 0; i < COUNT(others); i++)
		create_raw(place, &others[i], bytes_text("not this"));
	must_hold(place, "head", "");
	replace(place, "head", "this");
	replace(place, "head", "that");
	must_hold(place, "head", "that");
	must_hold(place, "tail", "not this");
	assert_int_equal(files_count(place), 1 + 4 + 1);
}

static void
takes_the_place_of_all_that_crashes_left(void **state)
{
	struct place *place = *state;

	create_raw(place, &ours, bytes_text("a"));
	create_raw(place, &ours, bytes_text("c"));
	create_raw(place, &ours, bytes_text("b"));
	create_raw(place, &ours, bytes_text("c"));
	must_hold(place, "head", "a b c c");
	replace(place, "head", "c");
	must_hold(place, "head", "c");
	assert_int_equal(files_count(place), 1 + 1);
}

static void
bounds_how_many_there_are(void **state)
{
	struct place *place = *state;
	AUTO(buf_release) struct buf wanted = { 0 };

	for (int i = 0; i < 63; i++) {
		create_raw(place, &ours, bytes_text("x"));
		buf_text(&wanted, i == 0 ? "x" : " x");
	}
	must_hold(place, "head", buf_cstr(&wanted));
	create_raw(place, &ours, bytes_text("x"));
	must_not_read(place, "data object head: 64 or more are in the token");
	must_not_replace(place, "y", FAIL_TOKEN,
	    "data object head: 64 or more are in the token");
	assert_int_equal(files_count(place), 1 + 64);
}

static void
gives_a_value_of_no_use_as_an_empty_one(void **state)
{
	struct place *place = *state;
	uint8_t long_value[DATUM_MAX + 1];

	memset(long_value, 'x', sizeof(long_value));
	create_raw(place, &ours, bytes_of(long_value, sizeof(long_value)));
	create_raw(place, &ours, bytes_text("good"));
	create_raw(place, &ours, bytes_of(NULL, 0));
	must_hold(place, "head", "  good");
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x150", 1);
	must_hold(place, "head", "  ");
	unsetenv("FAKE_FAIL");
	replace(place, "head", "better");
	must_hold(place, "head", "better");
}

static void
bounds_a_value(void **state)
{
	struct place *place = *state;
	char text[DATUM_MAX + 2] = "";

	must_not_replace(place, text, FAIL_INPUT,
	    "data object head: want 1 to 1024 octets, have 0");
	memset(text, 'x', DATUM_MAX + 1);
	must_not_replace(place, text, FAIL_INPUT,
	    "data object head: want 1 to 1024 octets, have 1025");
	must_hold(place, "head", "");
	text[DATUM_MAX] = '\0';
	replace(place, "head", text);
	must_hold(place, "head", text);
}

static int
second_refuses(void *context, struct bytes value, struct fail *fail)
{
	(void)value;
	return ++*(int *)context < 2 ? 0 :
	    fail_with(fail, FAIL_JOURNAL, "enough");
}

static void
stops_where_the_caller_does(void **state)
{
	struct place *place = *state;
	struct fail fail = { 0 };
	int seen = 0;

	for (int i = 0; i < 3; i++)
		create_raw(place, &ours, bytes_text("x"));
	assert_int_equal(datum_each(place->session, "head", second_refuses,
	    &seen, &fail), -1);
	assert_string_equal(fail.sentence, "enough");
	assert_int_equal(fail.kind, FAIL_JOURNAL);
	assert_int_equal(seen, 2);
}

static void
wants_the_login(void **state)
{
	struct place *place = *state;
	static const char sentence[] = "data object head: C_GetSessionInfo: "
	    "not logged in (CKR_USER_NOT_LOGGED_IN)";

	replace(place, "head", "old");
	enter(place, false);
	must_not_read(place, sentence);
	must_not_replace(place, "new", FAIL_TOKEN, sentence);
}

static void
tells_what_fails_when_reading(void **state)
{
	struct place *place = *state;
	static const char *const calls[] = { "C_GetSessionInfo",
	    "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal",
	    "C_GetAttributeValue" };
	char rule[64], sentence[128];

	replace(place, "head", "old");
	for (size_t i = 0; i < COUNT(calls); i++) {
		enter(place, true);
		snprintf(rule, sizeof(rule), "%s:0x30", calls[i]);
		snprintf(sentence, sizeof(sentence),
		    "data object head: %s" FAULT, calls[i]);
		setenv("FAKE_FAIL", rule, 1);
		must_not_read(place, sentence);
		enter(place, true);	/* a search may have been left open */
		must_hold(place, "head", "old");
	}
}

/* Whatever fails, the old value stays, and the new one only if sound. */
static void
keeps_the_old_value_whatever_fails(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *rule, *sentence, *left;
	} rows[] = {
		/* the search before */
		{ "C_GetSessionInfo:0x30:1", "C_GetSessionInfo" FAULT,
		    "old" },
		{ "C_FindObjectsInit:0x30:1", "C_FindObjectsInit" FAULT,
		    "old" },
		{ "C_FindObjects:0x30:1", "C_FindObjects" FAULT, "old" },
		{ "C_FindObjectsFinal:0x30:1", "C_FindObjectsFinal" FAULT,
		    "old" },
		/* the second session */
		{ "C_OpenSession:0x30:1", "C_OpenSession" FAULT, "old" },
		{ "C_GetSessionInfo:0x30:1:1", "C_GetSessionInfo" FAULT,
		    "old" },
		{ "C_FindObjectsInit:0x30:1:1", "C_FindObjectsInit" FAULT,
		    "old" },
		{ "C_FindObjects:0x30:1:2", "C_FindObjects" FAULT, "old" },
		{ "C_FindObjectsFinal:0x30:1:1", "C_FindObjectsFinal" FAULT,
		    "old" },
		{ "C_GetAttributeValue:0x30", UNREAD
		    ": C_GetAttributeValue" FAULT, "old" },
		/* the others' end: what is new is sound by then */
		{ "C_DestroyObject:0x30:1", "C_DestroyObject" FAULT,
		    "new old" },
	};

	replace(place, "head", "old");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char sentence[160];

		enter(place, true);
		snprintf(sentence, sizeof(sentence), "data object head: %s",
		    rows[i].sentence);
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_not_replace(place, "new", FAIL_TOKEN, sentence);
		enter(place, true);	/* a search may have been left open */
		must_hold(place, "head", rows[i].left);
	}
	replace(place, "head", "newer");
	must_hold(place, "head", "newer");
}

static void
tells_a_token_that_keeps_no_data_objects(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *rule, *sentence;
	} rows[] = {
		{ "C_CreateObject:0xd1", "CKR_TEMPLATE_INCONSISTENT" },
		{ "C_CreateObject:0x12", "CKR_ATTRIBUTE_TYPE_INVALID" },
		{ "C_CreateObject:0x13", "CKR_ATTRIBUTE_VALUE_INVALID" },
		{ "C_CreateObject:0x54", "CKR_FUNCTION_NOT_SUPPORTED" },
	};
	CK_C_CreateObject create = place->calls->C_CreateObject;

	replace(place, "head", "old");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char sentence[160];

		snprintf(sentence, sizeof(sentence), "the token does not "
		    "keep data objects (C_CreateObject: %s)",
		    rows[i].sentence);
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_not_replace(place, "new", FAIL_TOKEN, sentence);
	}
	/* What is no answer to that is told as it is. */
	setenv("FAKE_FAIL", "C_CreateObject:0x31", 1);
	must_not_replace(place, "new", FAIL_TOKEN,
	    "C_CreateObject: the token is full (CKR_DEVICE_MEMORY)");
	setenv("FAKE_FAIL", "C_CreateObject:0x30", 1);
	must_not_replace(place, "new", FAIL_TOKEN,
	    "C_CreateObject: the token is at fault (CKR_DEVICE_ERROR)");
	place->calls->C_CreateObject = NULL;
	must_not_replace(place, "new", FAIL_TOKEN, "the token does not keep "
	    "data objects (C_CreateObject: CKR_FUNCTION_NOT_SUPPORTED)");
	place->calls->C_CreateObject = create;
	must_hold(place, "head", "old");
}

/* Its twin's value must not stand for what was written. */
static void
is_not_deceived_by_the_same_value_there_before(void **state)
{
	struct place *place = *state;

	replace(place, "head", "same");
	enter(place, true);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30:1:1", 1);
	must_not_replace(place, "same", FAIL_TOKEN, "data object head: "
	    UNREAD ": C_GetAttributeValue" FAULT);
	unsetenv("FAKE_FAIL");
	must_hold(place, "head", "same");
	/* nor by one that could not be read then */
	enter(place, true);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30:1", 1);
	must_not_replace(place, "same", FAIL_TOKEN, "data object head: "
	    UNREAD);
	must_hold(place, "head", "same");
}

static void
replaces_one_that_cannot_be_read(void **state)
{
	struct place *place = *state;

	replace(place, "head", "old");
	enter(place, true);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30:1", 1);
	replace(place, "head", "new");
	must_hold(place, "head", "new");
}

static void
tells_the_first_failure_where_two_are(void **state)
{
	struct place *place = *state;

	replace(place, "head", "old");
	setenv("FAKE_FAIL", "C_DestroyObject:0x30", 1);
	must_not_sync(place, "new");
	unsetenv("FAKE_FAIL");
	must_hold(place, "head", "new old");
}

static void
takes_one_that_is_gone_for_destroyed(void **state)
{
	struct place *place = *state;

	replace(place, "head", "old");
	setenv("FAKE_FAIL", "C_DestroyObject:0x82", 1);
	replace(place, "head", "new");
	unsetenv("FAKE_FAIL");
	must_hold(place, "head", "new old");
}

static void
syncs_before_it_destroys(void **state)
{
	struct place *place = *state;

	replace(place, "head", "old");
	sync_place = place;
	replace(place, "head", "new");
	assert_int_equal(sync_saw, 1 + 2);
	assert_int_equal(files_count(place), 1 + 1);
	must_not_sync(place, "newer");
	must_hold(place, "head", "new");
}

/*
 * SoftHSM says CKR_OK all the same, and leaves an empty file, which is not
 * an object to it, and so cannot be destroyed: it and the store pass over it.
 */
static void
sees_that_a_full_disk_kept_nothing(void **state)
{
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct place *place = *state;
	struct rlimit old, full;
	struct fail fail = { 0 };

	replace(place, "head", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	full = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	must_not_replace(place, "new", FAIL_TOKEN,
	    "data object head: " UNREAD);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	must_hold(place, "head", "old");
	enter(place, false);
	must_pass(session_login_with(place->session, &pin, &fail), &fail);
	must_hold(place, "head", "old");
}

int
main(void)
{
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(keeps_one_value_a_name_for_the_next_visit),
		TEST(removes_all_under_the_name),
		TEST(tells_what_cannot_be_removed),
		TEST(makes_what_the_header_says),
		TEST(passes_over_what_is_not_its_own),
		TEST(takes_the_place_of_all_that_crashes_left),
		TEST(bounds_how_many_there_are),
		TEST(gives_a_value_of_no_use_as_an_empty_one),
		TEST(bounds_a_value),
		TEST(stops_where_the_caller_does),
		TEST(closes_the_second_session),
		TEST(wants_the_login),
		TEST(tells_what_fails_when_reading),
		TEST(keeps_the_old_value_whatever_fails),
		TEST(tells_a_token_that_keeps_no_data_objects),
		TEST(is_not_deceived_by_the_same_value_there_before),
		TEST(replaces_one_that_cannot_be_read),
		TEST(tells_the_first_failure_where_two_are),
		TEST(takes_one_that_is_gone_for_destroyed),
		TEST(syncs_before_it_destroys),
		TEST(sees_that_a_full_disk_kept_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
