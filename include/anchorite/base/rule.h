/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_RULE_H
#define ANCHORITE_BASE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <anchorite/base/fail.h>

/*
 * Rules are data: rows of const tables that say which rule it is, who made
 * it, and from when on it applies. A new one is a row. All rules of a table
 * are judged, so that whoever has to put things right learns all at once.
 */

/* What a rule asks for, and what was found, in words; cut to size. Both may
 * hold bytes from outside: whoever prints them escapes them. */
#define FINDING_SIZE 200
struct finding {
	char want[FINDING_SIZE];
	char have[FINDING_SIZE];
};

enum rule_verdict {
	RULE_KEPT,
	RULE_BROKEN,
	RULE_AHEAD,		/* broken, but it does not apply yet */
	RULE_SILENT,		/* it has nothing to say of this */
};
/* "kept", "broken", "not yet", "-". */
extern const char *const rule_verdict_names[];

struct rule {
	const char *name;	/* "RSA modulus"; NULL ends a table */
	const char *source;	/* "RFC 8017, 3.1" */
	const char *since;	/* "2026-11-01": on what is judged then or
				   later; NULL: always */
	/*
	 * Judges `subject`, of the type that the table is for, and fills the
	 * finding whatever comes out (`have` alone where it is RULE_SILENT).
	 */
	enum rule_verdict (*judge)(const struct rule *rule, void *subject,
	    struct finding *finding);
	int64_t number;		/* what the rule asks for, */
	const char *text;	/* where one judge serves several */
};

/* Fill the finding and give the verdict, for judges to return. */
enum rule_verdict rule_kept(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum rule_verdict rule_broken(struct finding *finding, const char *format,
    ...) __attribute__((format(printf, 2, 3)));
enum rule_verdict rule_silent(struct finding *finding, const char *format,
    ...) __attribute__((format(printf, 2, 3)));
/* What is wanted; judges say it first. */
void rule_want(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct rule_result {
	const struct rule *rule;
	enum rule_verdict verdict;
	struct finding finding;
};

#define RULES_MAX 96
struct rule_results {
	struct rule_result items[RULES_MAX];
	size_t count, broken;
};

/*
 * Judges by each rule of the table, in its order, at the moment `when`
 * (seconds), and adds the results.
 */
void rules_judge(const struct rule *table, void *subject, int64_t when,
    struct rule_results *out);

/*
 * 0 where no rule is broken; else FAIL_REFUSED with one sentence for all:
 * "RULE: want W, have H (SOURCE); …".
 */
MUST_USE int rules_refuse(const struct rule_results *results,
    struct fail *fail);

#endif
