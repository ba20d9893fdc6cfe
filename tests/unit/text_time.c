/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "testing.h"

#define DAY INT64_C(86400)

static const struct {
	int64_t seconds;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ -1, "1969-12-31T23:59:59Z" },
	{ 1795242648, "2026-11-21T06:30:48Z" },
	{ 951782400, "2000-02-29T00:00:00Z" },
	{ INT64_C(2524608000), "2050-01-01T00:00:00Z" },
	{ INT64_C(253402300799), "9999-12-31T23:59:59Z" },
	{ INT64_C(-62167219200), "0000-01-01T00:00:00Z" },
};

static void
time_goes_both_ways(void **state)
{
	char text[TEXT_TIME_SIZE];
	struct fail fail = { 0 };
	int64_t seconds = 7;

	(void)state;
	for (size_t n = 0; n < COUNT(times); n++) {
		text_time(times[n].seconds, text);
		assert_string_equal(text, times[n].text);
		want_pass(text_read_time(text, &seconds, &fail), &fail);
		assert_true(seconds == times[n].seconds);
	}
	text_time(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	text_time(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void
time_is_read_strictly(void **state)
{
	static const char *const wrong[] = { "", "2026-11-21",
	    "2026-11-21T06:30:48", "2026-11-21 06:30:48Z",
	    "2026-11-21T06:30:48z", "2026-11-21T06:30:48Z ",
	    " 2026-11-21T06:30:48Z", "2026-11-21T06:30:48+00:00",
	    "2026-11-21T06:30:48.0Z", "2026-02-29T00:00:00Z",
	    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	    "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
	    "2026-12-31T23:59:60Z", "2026-1-1T0:0:0Z",
	    "10000-01-01T00:00:00Z", "2026-+1-01T00:00:00Z",
	    "2026-11-21T 6:30:48Z", "-001-01-01T00:00:00Z" };
	struct fail fail = { 0 };
	int64_t seconds = 7;
	char want[128];

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++) {
		snprintf(want, sizeof(want), "want a time such as "
		    "2026-11-21T06:30:48Z, have %s", wrong[n]);
		want_fail(text_read_time(wrong[n], &seconds, &fail), &fail,
		    FAIL_INPUT, want);
	}
	assert_true(seconds == 7);
}

static void
period_goes_both_ways(void **state)
{
	static const char *const right[] = { "20y", "1095d", "12h", "1000y",
	    "366000d", "8784000h", "1h" };
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(right); n++) {
		AUTO(buf_release) struct buf text = { 0 };
		struct period period = { 7, 7, 7 };

		want_pass(text_read_period(right[n], &period, &fail), &fail);
		text_period(&text, period);
		assert_string_equal(buf_cstr(&text), right[n]);
	}
}

static void
period_is_written_whatever_it_holds(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	text_period(&text, (struct period){ 1, 2, 3 });
	text_period(&text, (struct period){ 0 });
	assert_string_equal(buf_cstr(&text), "1y2d3h0h");
}

static void
period_is_read_strictly(void **state)
{
	static const char *const wrong[] = { "", "y", "0y", "00y", "07d",
	    "+7d", "-7d", " 7d", "7", "7 d", "7w", "7D", "7dd", "7d ", "1y2d",
	    "1001y", "366001d", "8784001h", "99999999999999999999h" };
	struct period period = { 7, 7, 7 };
	struct fail fail = { 0 };
	char want[128];

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++) {
		snprintf(want, sizeof(want), "want a period of at most 1000 "
		    "years such as 20y, 1095d or 12h, have %s", wrong[n]);
		want_fail(text_read_period(wrong[n], &period, &fail), &fail,
		    FAIL_INPUT, want);
	}
	assert_int_equal(period.years, 7);
	assert_int_equal(period.days, 7);
	assert_int_equal(period.hours, 7);
}

static void
period_follows_the_calendar(void **state)
{
	static const struct {
		const char *start, *period, *end;
	} cases[] = {
		{ "2026-11-21T06:30:48Z", "20y", "2046-11-21T06:30:48Z" },
		{ "2024-02-29T12:00:00Z", "1y", "2025-03-01T12:00:00Z" },
		{ "2024-02-29T12:00:00Z", "4y", "2028-02-29T12:00:00Z" },
		{ "2026-12-31T23:00:00Z", "2h", "2027-01-01T01:00:00Z" },
		{ "2024-02-28T00:00:00Z", "365d", "2025-02-27T00:00:00Z" },
	};
	char end[TEXT_TIME_SIZE];
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(cases); n++) {
		struct period period = { 0 };
		int64_t start = 0;

		want_pass(text_read_time(cases[n].start, &start, &fail),
		    &fail);
		want_pass(text_read_period(cases[n].period, &period, &fail),
		    &fail);
		text_time(period_after(start, period), end);
		assert_string_equal(end, cases[n].end);
	}
	assert_true(period_after(0, (struct period){ 1, 1, 1 }) ==
	    366 * DAY + 3600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_goes_both_ways),
		cmocka_unit_test(time_is_read_strictly),
		cmocka_unit_test(period_goes_both_ways),
		cmocka_unit_test(period_is_written_whatever_it_holds),
		cmocka_unit_test(period_is_read_strictly),
		cmocka_unit_test(period_follows_the_calendar),
	};

	return cmocka_run_group_tests_name("text_time", tests, NULL, NULL);
}
