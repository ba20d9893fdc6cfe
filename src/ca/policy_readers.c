/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_readers.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>

int
policy_check_list(const struct yaml_node *node,
    const struct yaml_field *field, struct fail *fail)
{
	if (node->kind != YAML_LIST)
		return yaml_fail(fail, node, "%s: want a list", field->key);
	if (!node->count)
		return yaml_fail(fail, node, "%s: empty", field->key);
	return 0;
}

int
policy_check_map(const struct yaml_node *node, const struct yaml_field *field,
    struct fail *fail)
{
	if (node->kind != YAML_MAP)
		return yaml_fail(fail, node, "%s: want a map", field->key);
	if (!node->count)
		return yaml_fail(fail, node, "%s: empty", field->key);
	return 0;
}

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Texts of which none stands there twice. */
static int
read_distinct(const struct yaml_node *node, const struct yaml_field *field,
    struct yaml_texts *out, struct fail *fail)
{
	struct yaml_texts texts;

	if (yaml_read_texts(node, field, &texts, fail))
		return -1;
	for (size_t i = 0; i < texts.count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(texts.items[i], texts.items[j]) == 0)
				return yaml_fail(fail, &node->items[i],
				    "%s: %s given twice", field->key,
				    texts.items[i]);
	*out = texts;
	return 0;
}

/* One type and value, judged by the encoder that will meet them again. */
static int
check_pair(const struct yaml_node *node, const struct yaml_field *field,
    struct name_pair pair, struct fail *fail)
{
	AUTO(buf_release) struct buf scratch = { 0 };

	if (name_write(&pair, 1, &scratch, fail))
		return yaml_fail_in(fail, node, field->key);
	return 0;
}

/* Two letters pass for a value of every type. */
static int
check_type(const struct yaml_node *node, const struct yaml_field *field,
    const char *type, struct fail *fail)
{
	return check_pair(node, field, (struct name_pair){ type, "XX" }, fail);
}

static int
read_pair(const struct yaml_node *item, const struct yaml_field *field,
    struct name_pair *out, struct fail *fail)
{
	struct name_pair pair = { .type = item->key };

	if (yaml_read_text(item, field, &pair.value, fail) ||
	    check_pair(item, field, pair, fail))
		return -1;
	*out = pair;
	return 0;
}

int
policy_read_name(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	AUTO(auto_free) struct name_pair *pairs = NULL;

	if (policy_check_list(node, field, fail))
		return -1;
	pairs = mem_new(node->count, sizeof(*pairs));
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = &node->items[i];

		if (item->kind != YAML_MAP || item->count != 1)
			return yaml_fail(fail, item, "%s: want one type and "
			    "its value, such as \"- CN: Example Root\"",
			    field->key);
		if (read_pair(&item->items[0], field, &pairs[i], fail))
			return -1;
	}
	if (name_write(pairs, node->count, out, fail))
		return yaml_fail_in(fail, node, field->key);
	return 0;
}

int
policy_read_directory(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	struct ext_subtrees *trees = out;
	struct bytes *names;

	if (policy_check_list(node, field, fail))
		return -1;
	names = yaml_memory(node, node->count, sizeof(*names));
	for (size_t i = 0; i < node->count; i++) {
		AUTO(buf_release) struct buf der = { 0 };
		uint8_t *kept;

		if (policy_read_name(&node->items[i], field, &der, fail))
			return -1;
		kept = yaml_memory(node, der.len, 1);
		memcpy(kept, der.data, der.len);
		names[i] = bytes_of(kept, der.len);
	}
	trees->directory = names;
	trees->directory_count = node->count;
	return 0;
}

int
policy_read_types(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct yaml_texts types;

	if (read_distinct(node, field, &types, fail))
		return -1;
	for (size_t i = 0; i < types.count; i++)
		if (check_type(&node->items[i], field, types.items[i], fail))
			return -1;
	*(struct yaml_texts *)out = types;
	return 0;
}

int
policy_read_fixed(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct policy_subject *subject = out;
	struct name_pair *pairs;

	if (policy_check_map(node, field, fail))
		return -1;
	pairs = yaml_memory(node, node->count, sizeof(*pairs));
	for (size_t i = 0; i < node->count; i++)
		if (read_pair(&node->items[i], field, &pairs[i], fail))
			return -1;
	subject->fixed = pairs;
	subject->fixed_count = node->count;
	return 0;
}

#define PATTERN_SIZE  200
#define PATTERN_COUNT 500

/*
 * What would take the matcher long, or much memory: back-references, counts
 * behind a group or another count, and those that come to too many.
 */
static bool
is_costly(const char *pattern)
{
	unsigned long sum = 0;

	for (const char *at = pattern; *at; at++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '9')
			return true;
		if (strchr(")}*+?", at[0]) && at[1] == '{')
			return true;
		if (!strchr("{,", at[0]))
			continue;
		if (strspn(at + 1, DIGITS) > 3)
			return true;
		sum += strtoul(at + 1, NULL, 10);
	}
	return sum > PATTERN_COUNT;
}

static int
check_pattern(const struct yaml_node *item, const struct yaml_field *field,
    struct fail *fail)
{
	char reason[80];
	regex_t compiled;
	int error;

	if (strlen(item->text) > PATTERN_SIZE)
		return yaml_fail(fail, item, "%s: want at most %d characters",
		    field->key, PATTERN_SIZE);
	for (const char *at = item->text; *at; at++)
		if ((unsigned char)*at >= 0x80)
			return yaml_fail(fail, item, "%s: want ASCII alone, "
			    "have %s", field->key, item->text);
	if (is_costly(item->text))
		return yaml_fail(fail, item, "%s: want no back-reference, no "
		    "count behind a group, and counts of at most %d in all; "
		    "have %s", field->key, PATTERN_COUNT, item->text);
	error = regcomp(&compiled, item->text, REG_EXTENDED);
	if (error) {
		regerror(error, &compiled, reason, sizeof(reason));
		return yaml_fail(fail, item, "%s: not a regular expression: "
		    "%s: %s", field->key, item->text, reason);
	}
	regfree(&compiled);
	return 0;
}

int
policy_read_patterns(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	struct policy_subject *subject = out;
	struct name_pair *pairs;

	if (policy_check_map(node, field, fail))
		return -1;
	pairs = yaml_memory(node, node->count, sizeof(*pairs));
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = &node->items[i];

		pairs[i].type = item->key;
		if (check_type(item, field, item->key, fail) ||
		    yaml_read_text(item, field, &pairs[i].value, fail) ||
		    check_pattern(item, field, fail))
			return -1;
	}
	subject->pattern = pairs;
	subject->pattern_count = node->count;
	return 0;
}

int
policy_read_extension(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	const size_t *member = field->how;
	struct yaml_texts texts;

	if (read_distinct(node, field, &texts, fail))
		return -1;
	for (size_t i = 0; i < texts.count; i++) {
		AUTO(buf_release) struct buf scratch = { 0 };
		struct ext_plan plan = { .path_length = -1 };
		struct ext_texts one = { &texts.items[i], 1 };

		memcpy((char *)&plan + *member, &one, sizeof(one));
		if (ext_write(&plan, &scratch, fail))
			return yaml_fail_in(fail, &node->items[i],
			    field->key);
	}
	*(struct ext_texts *)out =
	    (struct ext_texts){ texts.items, texts.count };
	return 0;
}

/* RFC 1034, 3.5 and 3.1: labels of at most 63 octets, 253 in all. */
static bool
is_host(const char *host, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool edge = label == 0 || i + 1 == len || host[i + 1] == '.';

		if (host[i] == '.' && label > 0 && i + 1 < len) {
			label = 0;
			continue;
		}
		if (!memchr(LETTERS DIGITS "-", host[i],
		    strlen(LETTERS DIGITS "-")) || (edge && host[i] == '-') ||
		    ++label > 63)
			return false;
	}
	return true;
}

/*
 * What every verifier can fetch before it trusts anything (RFC 5280, 8
 * warns of https here, which would need the certificate first). URLs also
 * stand in scripts of bundles: nothing that a shell acts on is taken.
 */
static int
check_url(const char *url, struct fail *fail)
{
	static const char scheme[] = "http://";
	const char *host = url + strlen(scheme), *rest;

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return fail_with(fail, FAIL_INPUT, "want http://, have %s",
		    url);
	rest = host + strcspn(host, ":/?#");
	if (!is_host(host, (size_t)(rest - host)))
		return fail_with(fail, FAIL_INPUT, "want a host name of at "
		    "most 253 letters, digits, hyphens and dots, have %s",
		    url);
	if (rest[0] == ':')
		rest += 1 + strspn(rest + 1, DIGITS);
	if ((rest[0] && rest[0] != '/') || rest[-1] == ':' ||
	    rest[strspn(rest, LETTERS DIGITS "-._~:/?@&+,=%")])
		return fail_with(fail, FAIL_INPUT, "not a URL: %s", url);
	return 0;
}

int
policy_read_urls(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct yaml_texts urls;

	if (read_distinct(node, field, &urls, fail))
		return -1;
	for (size_t i = 0; i < urls.count; i++)
		if (check_url(urls.items[i], fail))
			return yaml_fail_in(fail, &node->items[i],
			    field->key);
	*(struct ext_texts *)out = (struct ext_texts){ urls.items, urls.count };
	return 0;
}

static int
read_information(const struct yaml_node *node, const struct yaml_field *field,
    struct ext_policy *out, struct fail *fail)
{
	AUTO(buf_release) struct buf scratch = { 0 };
	struct ext_policy information = { 0 };
	struct ext_plan plan = { .path_length = -1 };

	if (yaml_decode(node, field->how, &information, fail))
		return -1;
	plan.policies = &information;
	plan.policy_count = 1;
	if (ext_write(&plan, &scratch, fail))
		return yaml_fail_in(fail, node, field->key);
	*out = information;
	return 0;
}

int
policy_read_policies(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	struct ext_plan *plan = out;
	struct ext_policy *policies;

	if (policy_check_list(node, field, fail))
		return -1;
	policies = yaml_memory(node, node->count, sizeof(*policies));
	for (size_t i = 0; i < node->count; i++) {
		if (read_information(&node->items[i], field, &policies[i],
		    fail))
			return -1;
		for (size_t j = 0; j < i; j++)
			if (strcmp(policies[i].oid, policies[j].oid) == 0)
				return yaml_fail(fail, &node->items[i],
				    "%s: %s given twice (RFC 5280, 4.2.1.4)",
				    field->key, policies[i].oid);
	}
	plan->policies = policies;
	plan->policy_count = node->count;
	return 0;
}
