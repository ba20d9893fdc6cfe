/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the name in a request. */
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "vet_internal.h"

static enum rule_verdict
judge_present(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;

	(void)rule;
	rule_want(finding, "a name");
	if (vet->csr->name->count == 0)
		return rule_broken(finding, "an empty one");
	return rule_kept(finding, "%zu attribute%s", vet->csr->name->count,
	    vet->csr->name->count == 1 ? "" : "s");
}

/* What is wrong with one value, appended; nothing where all is well. */
typedef void complainer(const struct name_attribute *attribute,
    struct buf *out);

static void
complain_of_length(const struct name_attribute *attribute, struct buf *out)
{
	size_t count = name_count(attribute);

	if (count == 0)
		buf_printf(out, "an empty %s", attribute->type);
	else if (count > attribute->max)
		buf_printf(out, "%zu characters in %s, where %zu are allowed",
		    count, attribute->type, attribute->max);
}

static struct bytes
text_of(const struct name_attribute *attribute)
{
	return bytes_of(attribute->text, attribute->len);
}

static void
complain_of_characters(const struct name_attribute *attribute,
    struct buf *out)
{
	char what[64];

	if (text_is_deceptive(text_of(attribute), what, sizeof(what)))
		buf_printf(out, "%s in %s", what, attribute->type);
}

static void
complain_of_alphabets(const struct name_attribute *attribute,
    struct buf *out)
{
	char what[64];

	if (text_is_mixed(text_of(attribute), what, sizeof(what)))
		buf_printf(out, "%s in %s", what, attribute->type);
}

/* All values, so that each fault is named. */
static enum rule_verdict
judge_values(const struct vet_case *vet, complainer *complain,
    struct finding *finding)
{
	const struct name *name = vet->csr->name;
	AUTO(buf_release) struct buf all = { 0 };

	for (size_t n = 0; n < name->count; n++) {
		AUTO(buf_release) struct buf one = { 0 };

		complain(&name->attributes[n], &one);
		if (one.len > 0)
			buf_printf(&all, "%s%s", all.len > 0 ? ", " : "",
			    buf_cstr(&one));
	}
	if (all.len > 0)
		return rule_broken(finding, "%s", buf_cstr(&all));
	return rule_kept(finding, "all are so");
}

static enum rule_verdict
judge_lengths(const struct rule *rule, void *subject,
    struct finding *finding)
{
	(void)rule;
	rule_want(finding, "values neither empty nor over their upper bounds");
	return judge_values(subject, complain_of_length, finding);
}

static enum rule_verdict
judge_characters(const struct rule *rule, void *subject,
    struct finding *finding)
{
	(void)rule;
	rule_want(finding, "values without hidden characters");
	return judge_values(subject, complain_of_characters, finding);
}

static enum rule_verdict
judge_alphabets(const struct rule *rule, void *subject,
    struct finding *finding)
{
	(void)rule;
	rule_want(finding, "values of one alphabet each");
	return judge_values(subject, complain_of_alphabets, finding);
}

static void
list_put(struct buf *list, const char *word)
{
	buf_printf(list, "%s%s", list->len > 0 ? ", " : "", word);
}

static enum rule_verdict
judge_required(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct yaml_texts *required = &vet->profile->subject.required;
	AUTO(buf_release) struct buf want = { 0 }, lacks = { 0 };

	(void)rule;
	for (size_t i = 0; i < required->count; i++) {
		list_put(&want, required->items[i]);
		if (name_get(vet->csr->name, required->items[i]) == NULL)
			list_put(&lacks, required->items[i]);
	}
	rule_want(finding, "%s", buf_cstr(&want));
	if (required->count == 0)
		return rule_silent(finding, "nothing is required");
	if (lacks.len > 0)
		return rule_broken(finding, "no %s", buf_cstr(&lacks));
	return rule_kept(finding, "all of them");
}

static bool
has_word(const struct yaml_texts *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], word) == 0)
			return true;
	return false;
}

static bool
is_known_type(const char *type)
{
	for (size_t i = 0; name_types[i]; i++)
		if (strcmp(name_types[i], type) == 0)
			return true;
	return false;
}

static enum rule_verdict
judge_allowed(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct yaml_texts *allowed = &vet->profile->subject.allowed;
	const struct name *name = vet->csr->name;
	AUTO(buf_release) struct buf want = { 0 }, more = { 0 };

	(void)rule;
	for (size_t i = 0; i < allowed->count; i++)
		list_put(&want, allowed->items[i]);
	rule_want(finding, "%s", allowed->count > 0 ? buf_cstr(&want) :
	    "attribute types that are known");
	for (size_t i = 0; i < name->count; i++) {
		const char *type = name->attributes[i].type;

		if (allowed->count > 0 ? !has_word(allowed, type) :
		    !is_known_type(type))
			list_put(&more, type);
	}
	if (more.len > 0)
		return rule_broken(finding, "%s", buf_cstr(&more));
	return rule_kept(finding, "no others");
}

/* Every attribute of the type has the value, lest a second one differ. */
static void
complain_of_fixed(const struct name *name, const struct name_pair *fixed,
    struct buf *out)
{
	if (name_get(name, fixed->type) == NULL)
		buf_printf(out, "%sno %s", out->len > 0 ? ", " : "",
		    fixed->type);
	for (size_t i = 0; i < name->count; i++) {
		const struct name_attribute *have = &name->attributes[i];

		if (strcmp(have->type, fixed->type) == 0 &&
		    !bytes_is_equal(text_of(have), bytes_text(fixed->value)))
			buf_printf(out, "%s%s=%s", out->len > 0 ? ", " : "",
			    have->type, have->text);
	}
}

static enum rule_verdict
judge_fixed(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct policy_subject *wanted = &vet->profile->subject;
	AUTO(buf_release) struct buf want = { 0 }, other = { 0 };

	(void)rule;
	for (size_t i = 0; i < wanted->fixed_count; i++) {
		buf_printf(&want, "%s%s=%s", want.len > 0 ? ", " : "",
		    wanted->fixed[i].type, wanted->fixed[i].value);
		complain_of_fixed(vet->csr->name, &wanted->fixed[i], &other);
	}
	rule_want(finding, "%s", buf_cstr(&want));
	if (wanted->fixed_count == 0)
		return rule_silent(finding, "nothing is fixed");
	if (other.len > 0)
		return rule_broken(finding, "%s", buf_cstr(&other));
	return rule_kept(finding, "the same");
}

/* One that is too long for its type is not matched: it takes its time, and
 * breaks another rule already. A pattern ends at a NUL. */
static bool
is_like(const struct name_attribute *have, const char *pattern)
{
	return name_count(have) <= have->max &&
	    strlen(have->text) == have->len && text_fits(pattern, have->text);
}

/* The same, lest a second one not fit. */
static void
complain_of_pattern(const struct name *name, const struct name_pair *pattern,
    struct buf *out)
{
	if (name_get(name, pattern->type) == NULL)
		buf_printf(out, "%sno %s", out->len > 0 ? ", " : "",
		    pattern->type);
	for (size_t i = 0; i < name->count; i++) {
		const struct name_attribute *have = &name->attributes[i];

		if (strcmp(have->type, pattern->type) == 0 &&
		    !is_like(have, pattern->value))
			buf_printf(out, "%s%s=%s", out->len > 0 ? ", " : "",
			    have->type, have->text);
	}
}

static enum rule_verdict
judge_pattern(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct policy_subject *wanted = &vet->profile->subject;
	AUTO(buf_release) struct buf want = { 0 }, other = { 0 };

	(void)rule;
	for (size_t i = 0; i < wanted->pattern_count; i++) {
		buf_printf(&want, "%s%s like %s", want.len > 0 ? ", " : "",
		    wanted->pattern[i].type, wanted->pattern[i].value);
		complain_of_pattern(vet->csr->name, &wanted->pattern[i],
		    &other);
	}
	rule_want(finding, "%s", buf_cstr(&want));
	if (wanted->pattern_count == 0)
		return rule_silent(finding, "no pattern");
	if (other.len > 0)
		return rule_broken(finding, "%s", buf_cstr(&other));
	return rule_kept(finding, "such values");
}

const struct rule vet_subject_rules[] = {
	{ "subject", "RFC 5280, 4.1.2.6", NULL, judge_present, 0, NULL },
	{ "subject lengths", "RFC 5280, A.1", NULL, judge_lengths, 0, NULL },
	{ "subject characters", "Unicode UTR #36", NULL, judge_characters, 0,
	    NULL },
	{ "subject alphabets", "Unicode UTS #39, 5", NULL, judge_alphabets, 0,
	    NULL },
	{ "subject required", "policy: required", NULL, judge_required, 0,
	    NULL },
	{ "subject allowed", "policy: allowed", NULL, judge_allowed, 0,
	    NULL },
	{ "subject fixed", "policy: fixed", NULL, judge_fixed, 0, NULL },
	{ "subject pattern", "policy: pattern", NULL, judge_pattern, 0,
	    NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};
