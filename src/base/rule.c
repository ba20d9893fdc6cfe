/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/rule.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/buf.h>
#include <anchorite/base/text.h>

const char *const rule_verdict_names[] = {
	[RULE_KEPT] = "kept",
	[RULE_BROKEN] = "broken",
	[RULE_AHEAD] = "not yet",
	[RULE_SILENT] = "-",
	NULL
};

static void __attribute__((format(printf, 2, 0)))
fill(char out[FINDING_SIZE], const char *format, va_list args)
{
	static const char cut[] = "...";
	int len = vsnprintf(out, FINDING_SIZE, format, args);

	if (len >= FINDING_SIZE)
		snprintf(out + FINDING_SIZE - sizeof(cut), sizeof(cut), "%s",
		    cut);
}

void
rule_want(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(finding->want, format, args);
	va_end(args);
}

enum rule_verdict
rule_kept(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(finding->have, format, args);
	va_end(args);
	return RULE_KEPT;
}

enum rule_verdict
rule_broken(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(finding->have, format, args);
	va_end(args);
	return RULE_BROKEN;
}

enum rule_verdict
rule_silent(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(finding->have, format, args);
	va_end(args);
	return RULE_SILENT;
}

/* A date is that day's beginning, UTC. */
static bool
applies(const struct rule *rule, int64_t when)
{
	char text[TEXT_TIME_SIZE];
	struct fail fail = { 0 };
	int64_t since = 0;

	if (rule->since == NULL)
		return true;
	snprintf(text, sizeof(text), "%sT00:00:00Z", rule->since);
	/* A constant of the program: a fault here is the program's. */
	if (text_read_time(text, &since, &fail) == -1)
		assert(!"a rule's date");
	return when >= since;
}

void
rules_judge(const struct rule *table, void *subject, int64_t when,
    struct rule_results *out)
{
	for (const struct rule *rule = table; rule->name != NULL; rule++) {
		struct rule_result *result = &out->items[out->count];

		assert(out->count < RULES_MAX);
		*result = (struct rule_result){ .rule = rule };
		result->verdict = rule->judge(rule, subject,
		    &result->finding);
		if (result->verdict == RULE_BROKEN && !applies(rule, when))
			result->verdict = RULE_AHEAD;
		out->broken += result->verdict == RULE_BROKEN;
		out->count++;
	}
}

int
rules_refuse(const struct rule_results *results, struct fail *fail)
{
	AUTO(buf_release) struct buf all = { 0 };

	if (results->broken == 0)
		return 0;
	for (size_t n = 0; n < results->count; n++) {
		const struct rule_result *result = &results->items[n];

		if (result->verdict == RULE_BROKEN)
			buf_printf(&all, "%s%s: want %s, have %s (%s)",
			    all.len > 0 ? "; " : "", result->rule->name,
			    result->finding.want, result->finding.have,
			    result->rule->source);
	}
	return fail_with(fail, FAIL_REFUSED, "%s", buf_cstr(&all));
}
