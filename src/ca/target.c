/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/target.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/private.h>
#include <anchorite/ca/sitting.h>

const char *const consumer_names[] = {
	[CONSUMER_ACM_PCA] = "acm-pca",
	[CONSUMER_CLOUDHSM] = "cloudhsm",
	[CONSUMER_ADCS] = "adcs",
	[CONSUMER_IOT] = "iot",
	[CONSUMER_API_GATEWAY] = "api-gateway",
	[CONSUMER_ROLES_ANYWHERE] = "roles-anywhere",
	[CONSUMER_FILES] = "files",
	[CONSUMERS] = NULL
};

static const struct field {
	const char *name;
	size_t offset;
	bool is_plain;		/* stands in scripts; else for people */
} fields[] = {
	{ "resource", offsetof(struct target, resource), true },
	{ "region", offsetof(struct target, region), true },
	{ "bucket", offsetof(struct target, bucket), true },
	{ "requester", offsetof(struct target, requester), false },
	{ "ticket", offsetof(struct target, ticket), false },
};

static const char *
text_of(const struct target *target, const struct field *field)
{
	return *(const char *const *)((const char *)target + field->offset);
}

static void
set_text(struct target *target, const struct field *field, const char *text)
{
	*(const char **)((char *)target + field->offset) = text;
}

void
target_release(struct target *target)
{
	free(target->owned);
	*target = (struct target){ 0 };
}

void
target_copy(const struct target *from, struct target *to)
{
	size_t size = 0, at = 0;

	for (size_t n = 0; n < COUNT(fields); n++)
		if (text_of(from, &fields[n]) != NULL)
			size += strlen(text_of(from, &fields[n])) + 1;
	if (size == 0)
		return;
	to->owned = mem_new(size, 1);
	for (size_t n = 0; n < COUNT(fields); n++) {
		const char *text = text_of(from, &fields[n]);

		if (text == NULL)
			continue;
		memcpy(to->owned + at, text, strlen(text) + 1);
		set_text(to, &fields[n], to->owned + at);
		at += strlen(text) + 1;
	}
}

bool
target_is_empty(const struct target *target)
{
	for (size_t n = 0; n < COUNT(fields); n++)
		if (text_of(target, &fields[n]) != NULL)
			return false;
	return true;
}

bool
target_field(const struct target *target, size_t n, const char **name,
    const char **text)
{
	if (n >= COUNT(fields))
		return false;
	*name = fields[n].name;
	*text = text_of(target, &fields[n]);
	return true;
}

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789:/._@+=,-"

/* A hyphen first would make it an option of the command it stands in. */
static int
check_plain(const char *name, const char *text, struct fail *fail)
{
	size_t len = strspn(text, PLAIN);

	if (len > 0 && len <= TARGET_MAX && text[len] == '\0' &&
	    text[0] != '-')
		return 0;
	return fail_with(fail, FAIL_INPUT, "%s: want 1 to %d characters of "
	    "A-Z a-z 0-9 : / . _ @ + = , - and no hyphen first, have %s",
	    name, TARGET_MAX, text);
}

/* Of plain text, which is UTF-8: all octets but those that go on. */
static size_t
characters_of(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static int
check_words(const char *name, const char *text, bool may_commit,
    struct fail *fail)
{
	size_t count = characters_of(text);
	char have[80];

	/* It may be private, and what is refused is recorded. */
	if (!text_is_deceptive(bytes_text(text), have, sizeof(have))) {
		if (!may_commit && private_is(text))
			snprintf(have, sizeof(have),
			    "what stands for a private one");
		else if (count == 0 || count > SITTING_WORDS)
			snprintf(have, sizeof(have), "%zu", count);
		else
			return 0;
	}
	return fail_with(fail, FAIL_INPUT, "%s: want 1 to %d characters of "
	    "plain text, have %s", name, SITTING_WORDS, have);
}

static int
check_texts(const struct target *target, bool may_commit, struct fail *fail)
{
	for (size_t n = 0; n < COUNT(fields); n++) {
		const char *text = text_of(target, &fields[n]);
		int result = 0;

		if (text != NULL)
			result = fields[n].is_plain ?
			    check_plain(fields[n].name, text, fail) :
			    check_words(fields[n].name, text, may_commit, fail);
		if (result == -1)
			return -1;
	}
	return 0;
}

static int
check_form(const char *name, const char *text, const char *form,
    const char *want, struct fail *fail)
{
	if (text == NULL || text_fits(form, text))
		return 0;
	return fail_with(fail, FAIL_INPUT, "%s: want %s, have %s", name, want,
	    text);
}

#define ARN_PARTS 6

/* The region within "arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME", which may be
 * empty; of anything else there is none. */
static int
arn_region(const char *resource, struct bytes *out, struct fail *fail)
{
	struct bytes parts[ARN_PARTS];
	const char *at = resource;
	size_t count = 0;

	*out = bytes_of(NULL, 0);
	if (strncmp(resource, "arn:", 4) != 0)
		return 0;
	/* The name may hold colons. */
	for (; at != NULL && count < ARN_PARTS; count++) {
		const char *end = count + 1 < ARN_PARTS ? strchr(at, ':') :
		    NULL;

		parts[count] = bytes_of(at, end != NULL ?
		    (size_t)(end - at) : strlen(at));
		at = end != NULL ? end + 1 : NULL;
	}
	if (count < ARN_PARTS || strncmp(resource, "arn:aws", 7) != 0 ||
	    parts[2].len == 0 || parts[5].len == 0)
		return fail_with(fail, FAIL_INPUT, "resource: want "
		    "arn:aws:SERVICE:REGION:ACCOUNT:NAME, have %s", resource);
	*out = parts[3];
	return 0;
}

int
target_build(const struct target *given, struct target *out,
    struct fail *fail)
{
	AUTO(auto_free) char *found = NULL;
	struct target whole = *given;
	struct bytes region = { 0 };

	if (check_texts(given, false, fail) == -1 ||
	    check_form("bucket", given->bucket, TARGET_BUCKET,
		"a bucket's name", fail) == -1 ||
	    (given->resource != NULL &&
		arn_region(given->resource, &region, fail) == -1))
		return -1;
	if (region.len > 0) {
		found = mem_new(region.len + 1, 1);
		memcpy(found, region.data, region.len);
		if (given->region != NULL &&
		    strcmp(given->region, found) != 0)
			return fail_with(fail, FAIL_INPUT, "region: %s, but "
			    "the resource is in %s", given->region, found);
		whole.region = found;
	}
	if (check_form("region", whole.region, TARGET_REGION,
	    "a region's name", fail) == -1)
		return -1;
	target_copy(&whole, out);
	return 0;
}

void
target_put(struct json *json, const struct target *target)
{
	struct json *object;

	if (target_is_empty(target))
		return;
	object = json_new();
	for (size_t n = 0; n < COUNT(fields); n++)
		if (text_of(target, &fields[n]) != NULL)
			json_put_text(object, fields[n].name,
			    text_of(target, &fields[n]));
	json_put(json, "target", &object);
}

int
target_get(const struct json *json, struct target *out, struct fail *fail)
{
	struct target lent = { 0 };
	const struct json *object;
	size_t known = 0;

	if (!json_has(json, "target"))
		return 0;
	if (json_get_object(json, "target", &object, fail) == -1)
		return -1;
	for (size_t n = 0; n < COUNT(fields); n++) {
		const char *text;

		if (!json_has(object, fields[n].name))
			continue;
		if (json_get_text(object, fields[n].name, &text, fail) == -1)
			return fail_in(fail, "target");
		set_text(&lent, &fields[n], text);
		known++;
	}
	if (known == 0 || known != json_count(object))
		return fail_with(fail, FAIL_INPUT, "target: want resource, "
		    "region, bucket, requester, ticket, some of them");
	if (check_texts(&lent, true, fail) == -1)
		return fail_in(fail, "target");
	target_copy(&lent, out);
	return 0;
}

void
consumers_put(struct json *json, unsigned consumers)
{
	struct json *list;

	if (consumers == 0)
		return;
	list = json_new_list();
	for (int n = 0; n < CONSUMERS; n++)
		if ((consumers & 1u << n) != 0)
			json_add_text(list, consumer_names[n]);
	json_put(json, "for", &list);
}

/* One name more; FAIL_USAGE, as it may be typed. */
static int
add_consumer(struct bytes name, unsigned *consumers, struct fail *fail)
{
	AUTO(buf_release) struct buf known = { 0 };

	for (int n = 0; n < CONSUMERS; n++) {
		buf_printf(&known, "%s%s", n > 0 ? ", " : "",
		    consumer_names[n]);
		if (!bytes_is_equal(name, bytes_text(consumer_names[n])))
			continue;
		if ((*consumers & 1u << n) != 0)
			return fail_with(fail, FAIL_USAGE, "%s given twice",
			    consumer_names[n]);
		*consumers |= 1u << n;
		return 0;
	}
	return fail_with(fail, FAIL_USAGE, "no consumer %.*s: there are %s",
	    (int)name.len, (const char *)name.data, buf_cstr(&known));
}

int
consumers_get(const struct json *json, unsigned *out, struct fail *fail)
{
	const struct json *list;
	unsigned consumers = 0;

	if (!json_has(json, "for")) {
		*out = 0;
		return 0;
	}
	if (json_get_list(json, "for", &list, fail) == -1)
		return -1;
	if (json_count(list) == 0)
		return fail_with(fail, FAIL_INPUT, "for: empty");
	for (size_t n = 0; n < json_count(list); n++) {
		const char *name = json_text(json_at(list, n));

		if (name == NULL)
			return fail_with(fail, FAIL_INPUT,
			    "for: want strings");
		if (add_consumer(bytes_text(name), &consumers, fail) == -1) {
			fail->kind = FAIL_INPUT;
			return fail_in(fail, "for");
		}
	}
	*out = consumers;
	return 0;
}

void
consumers_write(unsigned consumers, struct buf *out)
{
	bool is_first = true;

	for (int n = 0; n < CONSUMERS; n++) {
		if ((consumers & 1u << n) == 0)
			continue;
		buf_printf(out, "%s%s", is_first ? "" : ", ",
		    consumer_names[n]);
		is_first = false;
	}
}

int
consumers_read(const char *text, unsigned *out, struct fail *fail)
{
	unsigned consumers = 0;

	for (const char *at = text; at != NULL;) {
		const char *end = strchr(at, ',');
		size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
		size_t blanks = strspn(at, " ");

		blanks = blanks < len ? blanks : len;
		at += blanks;
		for (len -= blanks; len > 0 && at[len - 1] == ' ';)
			len--;
		if (add_consumer(bytes_of(at, len), &consumers, fail) == -1)
			return -1;
		at = end != NULL ? end + 1 : NULL;
	}
	*out = consumers;
	return 0;
}
