/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include <anchorite/base/fail.h>

#include "testing.h"

/* The manual promises these numbers to scripts. */
static void
kinds_are_exit_statuses(void **state)
{
	(void)state;
	assert_int_equal(FAIL_NONE, 0);
	assert_int_equal(FAIL_USAGE, 2);
	assert_int_equal(FAIL_INPUT, 3);
	assert_int_equal(FAIL_REFUSED, 4);
	assert_int_equal(FAIL_TOKEN, 5);
	assert_int_equal(FAIL_SYSTEM, 6);
	assert_int_equal(FAIL_JOURNAL, 7);
}

static void
with_fills_kind_and_sentence(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	want_fail(fail_with(&fail, FAIL_TOKEN, "slot %d of %s", 3, "card"),
	    &fail, FAIL_TOKEN, "slot 3 of card");
	want_fail(fail_with(&fail, FAIL_INPUT, "once more: %s",
	    fail.sentence), &fail, FAIL_INPUT, "once more: slot 3 of card");
}

static void
many_are_gathered(void **state)
{
	struct fail_sum sum = { 0 };
	struct fail one = { FAIL_INPUT, "a: no" }, total = { 0 };
	char longest[sizeof(one.sentence)];
	char want[1024];

	(void)state;
	want_pass(fail_total(&sum, 3, "things", &total), &total);
	/* Alone it is not cut. */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(one.sentence, longest, sizeof(longest));
	fail_add(&sum, &one);
	want_fail(fail_total(&sum, 3, "things", &total), &total, FAIL_INPUT,
	    longest);
	fail_with(&one, FAIL_TOKEN, "b: no");
	fail_add(&sum, &one);
	snprintf(want, sizeof(want), "2 of 3 things: %.300s...; b: no",
	    longest);
	want_fail(fail_total(&sum, 3, "things", &total), &total, FAIL_INPUT,
	    want);
	/* What is refused is recorded, whatever else is wrong. */
	fail_with(&one, FAIL_REFUSED, "c: not this");
	fail_add(&sum, &one);
	snprintf(want, sizeof(want), "3 of 3 things: %.300s...; b: no; "
	    "c: not this", longest);
	want_fail(fail_total(&sum, 3, "things", &total), &total, FAIL_REFUSED,
	    want);
}

/* The first ones whole, and how many more. */
static void
too_many_are_counted(void **state)
{
	struct fail_sum sum = { 0 };
	struct fail one = { 0 }, total = { 0 };
	char want[1024] = "1000 of 1000 things: ";
	size_t len = strlen(want);

	(void)state;
	for (int n = 0; n < 1000; n++) {
		/* A short one behind a long one is not put in its place. */
		fail_with(&one, FAIL_INPUT, "%0*d", n < 9 || n % 2 ? 100 : 1,
		    n);
		if (n < 9)
			len += (size_t)snprintf(want + len,
			    sizeof(want) - len, "%s%s", n > 0 ? "; " : "",
			    one.sentence);
		fail_add(&sum, &one);
	}
	snprintf(want + len, sizeof(want) - len, "; and 991 more");
	want_fail(fail_total(&sum, 1000, "things", &total), &total,
	    FAIL_INPUT, want);
}

static void
sentence_is_cut_to_its_room(void **state)
{
	struct fail fail = { 0 };
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(fail_with(&fail, FAIL_INPUT, "%s", text), -1);
	assert_int_equal(strlen(fail.sentence), sizeof(fail.sentence) - 1);
	assert_int_equal(fail_in(&fail, "%s", text), -1);
	assert_int_equal(strlen(fail.sentence), sizeof(fail.sentence) - 1);
	errno = ENOENT;
	assert_int_equal(fail_errno(&fail, "%.1020s", text), -1);
	assert_string_equal(fail.sentence + 1020, ": N");
}

static void
errno_ends_the_sentence(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	errno = ENOSPC;
	want_fail(fail_errno(&fail, "journal %d", 1), &fail, FAIL_SYSTEM,
	    "journal 1: No space left on device");
}

static void
openssl_gives_its_oldest_reason(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	ERR_raise(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	want_fail(fail_openssl(&fail, FAIL_INPUT, "request"), &fail,
	    FAIL_INPUT, "request: passed a null parameter");
	assert_int_equal(ERR_peek_error(), 0);
	ERR_raise_data(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER, "n=%d", 7);
	want_fail(fail_openssl(&fail, FAIL_INPUT, "request"), &fail,
	    FAIL_INPUT, "request: passed a null parameter (n=7)");
	ERR_raise(ERR_LIB_SYS, ENOENT);
	want_fail(fail_openssl(&fail, FAIL_INPUT, "request"), &fail,
	    FAIL_INPUT, "request: No such file or directory");
}

static void
openssl_may_have_no_reason(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	ERR_clear_error();
	want_fail(fail_openssl(&fail, FAIL_REFUSED, "request"), &fail,
	    FAIL_REFUSED, "request");
	ERR_raise(ERR_LIB_USER, 77);
	want_fail(fail_openssl(&fail, FAIL_REFUSED, "request"), &fail,
	    FAIL_REFUSED, "request");
	assert_int_equal(ERR_peek_error(), 0);
}

static void
in_puts_a_prefix_and_keeps_the_kind(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(fail_with(&fail, FAIL_JOURNAL, "torn"), -1);
	want_fail(fail_in(&fail, "line %d", 12), &fail, FAIL_JOURNAL,
	    "line 12: torn");
	want_fail(fail_in(&fail, "%s", fail.sentence), &fail, FAIL_JOURNAL,
	    "line 12: torn: line 12: torn");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_exit_statuses),
		cmocka_unit_test(with_fills_kind_and_sentence),
		cmocka_unit_test(many_are_gathered),
		cmocka_unit_test(too_many_are_counted),
		cmocka_unit_test(sentence_is_cut_to_its_room),
		cmocka_unit_test(errno_ends_the_sentence),
		cmocka_unit_test(openssl_gives_its_oldest_reason),
		cmocka_unit_test(openssl_may_have_no_reason),
		cmocka_unit_test(in_puts_a_prefix_and_keeps_the_kind),
	};

	return cmocka_run_group_tests_name("fail", tests, NULL, NULL);
}
