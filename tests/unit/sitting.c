/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/sitting.h>

#define BOOT  "0f8fad5b-d9cb-469f-a165-70867728950e"
#define OTHER "7c9e6679-7425-40de-944b-e07fc1f90ae7"
#define TEN   "0123456789"
#define WORDS TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void
want_json(const struct sitting *sitting, const char *witness,
    const char *text)
{
	AUTO(json_release) struct json *json = sitting_json(sitting, witness);
	AUTO(buf_release) struct buf have = { 0 };
	struct sitting read = { .boot = NULL };

	json_write(json, &have);
	assert_string_equal(buf_cstr(&have), text);
	MUST(sitting_read(json, &read, &fault));
	assert_string_equal(read.boot, sitting->boot);
	assert_int_equal(read.clock, sitting->clock);
	assert_int_equal(read.paper, sitting->paper);
	if (witness == NULL)
		assert_null(read.witness);
	else
		assert_string_equal(read.witness, witness);
}

static void
sittings_are_told(void **state)
{
	struct sitting sitting = { .boot = BOOT };

	(void)state;
	want_json(&sitting, NULL,
	    "{\"boot\":\"" BOOT "\",\"clock\":\"confirmed\"}");
	sitting.clock = CLOCK_GIVEN;
	sitting.paper = 14;
	want_json(&sitting, NULL,
	    "{\"boot\":\"" BOOT "\",\"clock\":\"given\",\"paper\":14}");
	/* What stands there is given beside: it may be a commitment. */
	sitting.clock = CLOCK_UNASKED;
	sitting.witness = "Carol";
	want_json(&sitting, "private:ab", "{\"boot\":\"" BOOT "\","
	    "\"clock\":\"unasked\",\"paper\":14,\"witness\":\"private:ab\"}");
}

static void
want_sound(const char *text)
{
	AUTO(json_release) struct json *json = NULL;
	struct sitting read = { .boot = NULL };

	MUST(json_read(bytes_text(text), &json, &fault));
	MUST(sitting_read(json, &read, &fault));
	assert_non_null(read.boot);
}

static void
want_refused(const char *text, const char *sentence)
{
	AUTO(json_release) struct json *json = NULL;
	struct sitting read = { .boot = NULL };

	MUST(json_read(bytes_text(text), &json, &fault));
	MUST_FAIL(FAIL_INPUT, sentence, sitting_read(json, &read, &fault));
	assert_null(read.boot);
}

#define HEAD "{\"boot\":\"" BOOT "\",\"clock\":\"given\""

#define BAD_BOOT \
	"sitting: boot: want at most 36 of 0-9, a-f and hyphens"
#define BAD_WITNESS \
	"sitting: witness: want 1 to 100 characters, all of them visible"

static void
sittings_are_judged(void **state)
{
	(void)state;
	want_sound(HEAD ",\"witness\":\"" WORDS "\"}");
	want_refused(HEAD ",\"witness\":\"" WORDS "x\"}", BAD_WITNESS);
	want_refused(HEAD ",\"witness\":\"\"}", BAD_WITNESS);
	want_refused(HEAD ",\"witness\":\"Carol\\u001b[2J\"}",
	    BAD_WITNESS);
	want_refused(HEAD ",\"witness\":\"Carol\xe2\x80\xae\"}",
	    BAD_WITNESS);
	want_refused(HEAD ",\"witness\":7}", "sitting: witness");
	want_sound(HEAD ",\"paper\":1}");
	want_refused(HEAD ",\"paper\":0}", "sitting: paper");
	want_refused(HEAD ",\"paper\":\"14\"}", "sitting: paper");
	want_refused("{\"clock\":\"given\"}", "sitting: boot");
	want_refused("{\"boot\":7,\"clock\":\"given\"}", "sitting: boot");
	want_refused("{\"boot\":\"" BOOT "\"}", "sitting: clock");
	want_refused("{\"boot\":\"" BOOT "\",\"clock\":\"\"}",
	    "sitting: clock: \"\" is not known");
	want_refused("{\"boot\":\"" BOOT "\",\"clock\":\"Given\"}",
	    "sitting: clock: \"Given\" is not known");
	want_refused("{\"boot\":\"\",\"clock\":\"given\"}", BAD_BOOT);
	want_refused("{\"boot\":\"" BOOT "0\",\"clock\":\"given\"}",
	    BAD_BOOT);
	want_refused("{\"boot\":\"0F8F\",\"clock\":\"given\"}", BAD_BOOT);
	want_refused("{\"boot\":\"0f8g\",\"clock\":\"given\"}", BAD_BOOT);
}

static struct json *
data_with(const struct sitting *sitting)
{
	struct json *data = json_new(), *json = sitting_json(sitting, NULL);

	json_put(data, "sitting", &json);
	return data;
}

/* What a replay makes of it: see ledger_is_sitting. */
static void
sitting_goes_on(void **state)
{
	struct world *w = *state;
	const struct sitting sitting = { .boot = BOOT };
	const struct sitting next = { .boot = OTHER };
	const struct ledger *ledger = w->authority->ledger;

	/* No record has one yet. */
	assert_false(ledger_is_sitting(ledger, BOOT, NOW));
	assert_false(ledger_is_sitting(ledger, "", NOW));
	world_append(w, "bundled", data_with(&sitting));
	world_seal(w);
	assert_true(ledger_is_sitting(ledger, BOOT, NOW));
	assert_true(ledger_is_sitting(ledger, BOOT, NOW + SITTING_IDLE));
	assert_false(ledger_is_sitting(ledger, BOOT, NOW + SITTING_IDLE + 1));
	assert_false(ledger_is_sitting(ledger, OTHER, NOW));
	assert_false(ledger_is_sitting(ledger, "", NOW));
	/* Four hours from the last record on, not from the first. */
	w->act.now = NOW + SITTING_IDLE;
	world_append(w, "bundled", json_new());
	world_seal(w);
	assert_true(ledger_is_sitting(ledger, BOOT, NOW + 2 * SITTING_IDLE));
	world_reopen(w);
	ledger = w->authority->ledger;
	assert_true(ledger_is_sitting(ledger, BOOT, NOW + 2 * SITTING_IDLE));
	assert_false(ledger_is_sitting(ledger, BOOT,
	    NOW + 2 * SITTING_IDLE + 1));
	world_append(w, "bundled", data_with(&next));
	assert_true(ledger_is_sitting(ledger, OTHER, w->act.now));
	assert_false(ledger_is_sitting(ledger, BOOT, w->act.now));
}

static bool
line_has(struct bytes line, const char *text)
{
	return memmem(line.data, line.len, text, strlen(text)) != NULL;
}

/* Only the first record of a command says so. */
static void
sitting_is_told_once(void **state)
{
	struct world *w = *state;
	const struct sitting sitting = {
		.boot = BOOT, .witness = "Carol", .paper = 3,
	};
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	size_t first = (size_t)world_seq(w);

	world_reopen(w);
	w->act.sitting = &sitting;
	w->act.ticket = "CHG-1";
	world_append(w, "bundled", json_new());
	world_append(w, "bundled", json_new());
	world_seal(w);
	/* The next command tells anew. */
	world_reopen(w);
	assert_string_equal(w->authority->ledger->boot, BOOT);
	assert_string_equal(w->authority->ledger->witness, "Carol");
	world_append(w, "bundled", json_new());
	load(w->journal, &text);
	assert_int_equal(split_lines(buf_bytes(&text), lines), first + 4);
	for (size_t n = 0; n < 4; n++) {
		bool is_first = n == 0 || n == 3;

		assert_int_equal(line_has(lines[first + n], "\"data\":{"
		    "\"sitting\":{\"boot\":\"" BOOT "\",\"clock\":"
		    "\"confirmed\",\"paper\":3,\"witness\":\"Carol\"},"
		    "\"ticket\":\"CHG-1\"}"), is_first);
		assert_int_equal(line_has(lines[first + n], "sitting"),
		    is_first);
		assert_int_equal(line_has(lines[first + n], "ticket"),
		    is_first);
	}
}

/* A journal that says what cannot be is none. */
static void
false_sittings_do_not_replay(void **state)
{
	struct world *w = *state;
	const struct sitting sitting = { .boot = "0F" };
	struct json *data = data_with(&sitting);

	MUST_FAIL(FAIL_JOURNAL, "sitting: boot: want at most 36 of ",
	    authority_append(w->authority, &w->act, "bundled", &data,
	    &fault));
	world_reopen(w);
	data = json_new();
	json_put_text(data, "sitting", BOOT);
	MUST_FAIL(FAIL_JOURNAL, "sitting", authority_append(w->authority,
	    &w->act, "bundled", &data, &fault));
	world_reopen(w);
	data = json_new();
	json_put_text(data, "ticket", WORDS "x");
	MUST_FAIL(FAIL_JOURNAL, "ticket", authority_append(w->authority,
	    &w->act, "bundled", &data, &fault));
}

static void
clock_is_not_before_the_release(void **state)
{
	int64_t released = 0;

	(void)state;
	MUST(text_read_time(ANCHORITE_RELEASED, &released, &fault));
	MUST(clock_check(released, &fault));
	MUST(clock_check(INT64_C(253402300799), &fault));
	MUST_FAIL(FAIL_REFUSED, "clock: it is 1970-01-01T00:00:00Z, this "
	    "program was released " ANCHORITE_RELEASED,
	    clock_check(0, &fault));
	MUST_FAIL(FAIL_REFUSED, "this program was released ",
	    clock_check(released - 1, &fault));
}

#define IN(test) \
	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sittings_are_told),
		cmocka_unit_test(sittings_are_judged),
		IN(sitting_goes_on),
		IN(sitting_is_told_once),
		IN(false_sittings_do_not_replay),
		cmocka_unit_test(clock_is_not_before_the_release),
	};

	return cmocka_run_group_tests_name("sitting", tests, NULL, NULL);
}
