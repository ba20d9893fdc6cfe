/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/rule.h>

#include "testing.h"

/* At most rule->number; nothing is said of what is below zero. */
static enum rule_verdict
judge_most(const struct rule *rule, void *subject, struct finding *finding)
{
	const int *number = subject;

	rule_want(finding, "%d at most", (int)rule->number);
	if (*number < 0)
		return rule_silent(finding, "none");
	if (*number > rule->number)
		return rule_broken(finding, "%d", *number);
	return rule_kept(finding, "%d", *number);
}

static enum rule_verdict
judge_long(const struct rule *rule, void *subject, struct finding *finding)
{
	(void)rule;
	(void)subject;
	rule_want(finding, "%0300d", 0);
	return rule_broken(finding, "%0199d", 0);
}

static const struct rule rules[] = {
	{ "nine", "RFC 1", NULL, judge_most, 9, NULL },
	{ "seven", "RFC 2", "2026-11-01", judge_most, 7, NULL },
	{ "five", "RFC 3", NULL, judge_most, 5, NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

#define LAST_OF_OCTOBER  INT64_C(1793491199)	/* 23:59:59 */
#define FIRST_OF_NOVEMBER INT64_C(1793491200)

static void
all_are_judged(void **state)
{
	struct rule_results results = { 0 };
	struct fail fail = { 0 };
	int number = 10;

	(void)state;
	rules_judge(rules, &number, FIRST_OF_NOVEMBER, &results);
	assert_int_equal(results.count, 3);
	assert_int_equal(results.broken, 3);
	want_fail(rules_refuse(&results, &fail), &fail, FAIL_REFUSED,
	    "nine: want 9 at most, have 10 (RFC 1); seven: want 7 at most, "
	    "have 10 (RFC 2); five: want 5 at most, have 10 (RFC 3)");
}

static void
a_rule_begins_on_its_day(void **state)
{
	struct rule_results before = { 0 }, after = { 0 };
	struct fail fail = { 0 };
	int number = 8;

	(void)state;
	rules_judge(rules, &number, LAST_OF_OCTOBER, &before);
	assert_int_equal(before.items[0].verdict, RULE_KEPT);
	assert_int_equal(before.items[1].verdict, RULE_AHEAD);
	assert_int_equal(before.items[2].verdict, RULE_BROKEN);
	assert_int_equal(before.broken, 1);
	rules_judge(rules, &number, FIRST_OF_NOVEMBER, &after);
	assert_int_equal(after.items[1].verdict, RULE_BROKEN);
	want_fail(rules_refuse(&before, &fail), &fail, FAIL_REFUSED,
	    "five: want 5 at most, have 8 (RFC 3)");
}

static void
what_is_kept_or_silent_is_not_refused(void **state)
{
	static const int numbers[] = { 5, -1 };
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(numbers); n++) {
		struct rule_results results = { 0 };
		int number = numbers[n];

		rules_judge(rules, &number, FIRST_OF_NOVEMBER, &results);
		assert_int_equal(results.items[2].verdict,
		    number < 0 ? RULE_SILENT : RULE_KEPT);
		assert_string_equal(results.items[2].finding.have,
		    number < 0 ? "none" : "5");
		want_pass(rules_refuse(&results, &fail), &fail);
	}
}

static void
long_findings_say_that_they_are_cut(void **state)
{
	static const struct rule table[] = {
		{ "long", "RFC 4", NULL, judge_long, 0, NULL },
		{ NULL, NULL, NULL, NULL, 0, NULL },
	};
	struct rule_results results = { 0 };
	const char *want = results.items[0].finding.want;

	(void)state;
	rules_judge(table, NULL, 0, &results);
	assert_int_equal(strlen(want), FINDING_SIZE - 1);
	assert_string_equal(want + FINDING_SIZE - 5, "0...");
	assert_null(strstr(results.items[0].finding.have, "."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_judged),
		cmocka_unit_test(a_rule_begins_on_its_day),
		cmocka_unit_test(what_is_kept_or_silent_is_not_refused),
		cmocka_unit_test(long_findings_say_that_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
