/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts of rules, for people and for machines. */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "cli.h"

static void
show_part(const char *label, const char *text)
{
	AUTO(buf_release) struct buf safe = { 0 };

	text_escape(&safe, bytes_text(text));
	printf("           %-6s %s\n", label, buf_cstr(&safe));
}

void
show_rules(const struct rule_results *results)
{
	for (size_t n = 0; n < results->count; n++) {
		const struct rule_result *result = &results->items[n];
		const struct finding *finding = &result->finding;

		printf("  %-8s %s\n", rule_verdict_names[result->verdict],
		    result->rule->name);
		if (result->verdict == RULE_KEPT ||
		    result->verdict == RULE_SILENT)
			continue;
		show_part("want", finding->want);
		show_part("have", finding->have);
		show_part("source", result->rule->source);
		if (result->rule->since != NULL)
			show_part("since", result->rule->since);
	}
	if (results->broken > 0)
		printf("%zu of %zu rules broken\n", results->broken,
		    results->count);
	else
		printf("no rule broken of %zu\n", results->count);
}

struct json *
rules_json(const struct rule_results *results)
{
	struct json *list = json_new_list();

	for (size_t n = 0; n < results->count; n++) {
		const struct rule_result *result = &results->items[n];
		struct json *json = json_new();

		json_put_text(json, "rule", result->rule->name);
		json_put_text(json, "source", result->rule->source);
		if (result->rule->since != NULL)
			json_put_text(json, "since", result->rule->since);
		json_put_text(json, "want", result->finding.want);
		json_put_text(json, "have", result->finding.have);
		json_put_text(json, "verdict",
		    rule_verdict_names[result->verdict]);
		json_add(list, &json);
	}
	return list;
}
