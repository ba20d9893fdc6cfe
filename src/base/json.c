/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/json.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "json_internal.h"

#define DEPTH_MAX 32

/* What a double holds exactly, as RFC 8785 wants (RFC 7493, 2.2). */
#define NUMBER_MAX ((1LL << 53) - 1)

/* A struct json is a json_t; only this file knows. */
static json_t *
inner(const struct json *json)
{
	union {
		const struct json *ours;
		json_t *theirs;
	} same = { .ours = json };

	return same.theirs;
}

static struct json *
outer(json_t *json)
{
	if (json == NULL)
		abort();	/* out of memory, as in mem_new */
	return (struct json *)json;
}

struct json *
json_new(void)
{
	return outer(json_object());
}

struct json *
json_new_list(void)
{
	return outer(json_array());
}

void
json_release(struct json **json)
{
	if (*json != NULL)
		json_decref(inner(*json));
	*json = NULL;
}

struct json *
json_copy_of(const struct json *json)
{
	return outer(json_deep_copy(inner(json)));
}

static json_t *
text_value(const char *text)
{
	AUTO(buf_release) struct buf safe = { 0 };
	json_t *value = json_string(text);

	if (value != NULL)
		return value;
	text_escape(&safe, bytes_text(text));
	return inner(outer(json_string(buf_cstr(&safe))));
}

static void
put_value(struct json *object, const char *key, json_t *value)
{
	if (json_object_set_new(inner(object), key, value) != 0)
		abort();
}

void
json_put_text(struct json *object, const char *key, const char *text)
{
	put_value(object, key, text_value(text));
}

void
json_put_hex(struct json *object, const char *key, struct bytes bytes)
{
	AUTO(buf_release) struct buf hex = { 0 };

	text_hex(&hex, bytes);
	json_put_text(object, key, buf_cstr(&hex));
}

void
json_put_digest(struct json *object, const char *key,
    const struct digest *digest)
{
	json_put_hex(object, key, bytes_of(digest->bytes, DIGEST_LEN));
}

void
json_put_time(struct json *object, const char *key, int64_t seconds)
{
	char text[TEXT_TIME_SIZE];

	text_time(seconds, text);
	json_put_text(object, key, text);
}

void
json_put_number(struct json *object, const char *key, int64_t number)
{
	put_value(object, key, json_integer(number));
}

void
json_put_bool(struct json *object, const char *key, bool value)
{
	put_value(object, key, json_boolean(value));
}

void
json_put(struct json *object, const char *key, struct json **value)
{
	put_value(object, key, inner(GIVE(*value)));
}

void
json_add(struct json *list, struct json **value)
{
	if (json_array_append_new(inner(list), inner(GIVE(*value))) != 0)
		abort();
}

void
json_add_text(struct json *list, const char *text)
{
	if (json_array_append_new(inner(list), text_value(text)) != 0)
		abort();
}

static int subset_check_within(json_t *json, int depth, struct fail *fail);

/* Only what the subset has, and not too deep. */
static int
subset_check(json_t *json, int depth, struct fail *fail)
{
	json_int_t number = json_integer_value(json);

	if (json_is_real(json))
		return fail_with(fail, FAIL_INPUT, "JSON: no fractions here");
	if (json_is_null(json))
		return fail_with(fail, FAIL_INPUT, "JSON: no null here");
	if (number > NUMBER_MAX || number < -NUMBER_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "JSON: number beyond %lld", NUMBER_MAX);
	if (depth > DEPTH_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "JSON: deeper than %d levels", DEPTH_MAX);
	return subset_check_within(json, depth + 1, fail);
}

static int
subset_check_within(json_t *json, int depth, struct fail *fail)
{
	const char *key;
	json_t *value;
	size_t n;

	json_object_foreach(json, key, value)
		if (subset_check(value, depth, fail) == -1)
			return -1;
	json_array_foreach(json, n, value)
		if (subset_check(value, depth, fail) == -1)
			return -1;
	return 0;
}

int
json_read(struct bytes text, struct json **out, struct fail *fail)
{
	const char *data = text.len == 0 ? "" : (const char *)text.data;
	AUTO(json_release) struct json *json = NULL;
	json_error_t error;

	json = (struct json *)json_loadb(data, text.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (json == NULL)
		return fail_with(fail, FAIL_INPUT, "JSON: %d:%d: %s",
		    error.line, error.column, error.text);
	if (subset_check(inner(json), 0, fail) == -1)
		return -1;
	*out = GIVE(json);
	return 0;
}

/* What stands under a key, of the right type. */
static int
get(const struct json *object, const char *key, json_type type,
    const char *type_name, const json_t **out, struct fail *fail)
{
	const json_t *value = json_object_get(inner(object), key);

	if (value == NULL)
		return fail_with(fail, FAIL_INPUT, "%s: missing", key);
	if (json_typeof(value) != type &&
	    !(type == JSON_TRUE && json_is_false(value)))
		return fail_with(fail, FAIL_INPUT, "%s: want %s", key,
		    type_name);
	*out = value;
	return 0;
}

int
json_get_text(const struct json *object, const char *key, const char **out,
    struct fail *fail)
{
	const json_t *value = NULL;

	if (get(object, key, JSON_STRING, "a string", &value, fail) == -1)
		return -1;
	*out = json_string_value(value);
	return 0;
}

int
json_get_number(const struct json *object, const char *key, int64_t min,
    int64_t max, int64_t *out, struct fail *fail)
{
	const json_t *value = NULL;
	int64_t number;

	if (get(object, key, JSON_INTEGER, "a number", &value, fail) == -1)
		return -1;
	number = json_integer_value(value);
	if (number < min || number > max)
		return fail_with(fail, FAIL_INPUT, "%s: want %" PRId64
		    " to %" PRId64 ", have %" PRId64, key, min, max, number);
	*out = number;
	return 0;
}

int
json_get_bool(const struct json *object, const char *key, bool *out,
    struct fail *fail)
{
	const json_t *value = NULL;

	if (get(object, key, JSON_TRUE, "true or false", &value, fail) == -1)
		return -1;
	*out = json_is_true(value);
	return 0;
}

int
json_get_digest(const struct json *object, const char *key,
    struct digest *out, struct fail *fail)
{
	const char *text;

	if (json_get_text(object, key, &text, fail) == -1)
		return -1;
	if (digest_read_hex(text, out, fail) == -1)
		return fail_in(fail, "%s", key);
	return 0;
}

int
json_get_time(const struct json *object, const char *key, int64_t *out,
    struct fail *fail)
{
	const char *text;

	if (json_get_text(object, key, &text, fail) == -1)
		return -1;
	if (text_read_time(text, out, fail) == -1)
		return fail_in(fail, "%s", key);
	return 0;
}

/* Lends a value back as ours. */
static const struct json *
lend(const json_t *json)
{
	return (const struct json *)json;
}

int
json_get_object(const struct json *object, const char *key,
    const struct json **out, struct fail *fail)
{
	const json_t *value = NULL;

	if (get(object, key, JSON_OBJECT, "an object", &value, fail) == -1)
		return -1;
	*out = lend(value);
	return 0;
}

int
json_get_list(const struct json *object, const char *key,
    const struct json **out, struct fail *fail)
{
	const json_t *value = NULL;

	if (get(object, key, JSON_ARRAY, "a list", &value, fail) == -1)
		return -1;
	*out = lend(value);
	return 0;
}

bool
json_has(const struct json *object, const char *key)
{
	return json_object_get(inner(object), key) != NULL;
}

size_t
json_count(const struct json *value)
{
	const json_t *json = inner(value);

	return json_is_object(json) ? json_object_size(json) :
	    json_array_size(json);
}

/* jansson's place of an object's nth field; NULL behind the end. */
static void *
field_at(json_t *object, size_t n)
{
	void *field = json_object_iter(object);

	while (field != NULL && n-- > 0)
		field = json_object_iter_next(object, field);
	return field;
}

const struct json *
json_at(const struct json *value, size_t n)
{
	json_t *json = inner(value);
	void *field;

	if (!json_is_object(json))
		return lend(json_array_get(json, n));
	field = field_at(json, n);
	return field == NULL ? NULL : lend(json_object_iter_value(field));
}

const char *
json_key_at(const struct json *value, size_t n)
{
	json_t *json = inner(value);
	void *field = json_is_object(json) ? field_at(json, n) : NULL;

	return field == NULL ? NULL : json_object_iter_key(field);
}

int
json_each(const struct json *value,
    int (*each)(void *, const char *, const struct json *, struct fail *),
    void *context, struct fail *fail)
{
	const char *key;
	json_t *part;
	size_t n;

	json_object_foreach(inner(value), key, part)
		if (each(context, key, lend(part), fail) == -1)
			return -1;
	json_array_foreach(inner(value), n, part)
		if (each(context, NULL, lend(part), fail) == -1)
			return -1;
	return 0;
}

const char *
json_text(const struct json *value)
{
	return json_string_value(inner(value));
}

static void
field_write(const char *key, json_t *value, bool is_first, struct buf *out)
{
	if (!is_first)
		buf_append(out, ",", 1);
	json_string_write(key, strlen(key), out);
	buf_append(out, ":", 1);
	json_write(lend(value), out);
}

static void
fields_write_sorted(json_t *object, struct buf *out)
{
	size_t count = json_object_size(object), n = 0;
	AUTO(auto_free) const char **keys = mem_new(count + 1, sizeof(*keys));
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
		keys[n++] = key;
	qsort(keys, count, sizeof(*keys), json_key_compare);
	for (n = 0; n < count; n++)
		field_write(keys[n], json_object_get(object, keys[n]), n == 0,
		    out);
}

/* What was read from a canonical form stands in order already. */
static bool
is_sorted(json_t *object)
{
	const char *key, *before = NULL;
	json_t *value;

	json_object_foreach(object, key, value) {
		if (before != NULL && json_key_compare(&before, &key) > 0)
			return false;
		before = key;
	}
	return true;
}

static void
object_write(json_t *object, struct buf *out)
{
	bool is_first = true;
	const char *key;
	json_t *value;

	buf_append(out, "{", 1);
	if (!is_sorted(object))
		fields_write_sorted(object, out);
	else
		json_object_foreach(object, key, value) {
			field_write(key, value, is_first, out);
			is_first = false;
		}
	buf_append(out, "}", 1);
}

static void
list_write(json_t *list, struct buf *out)
{
	buf_append(out, "[", 1);
	for (size_t n = 0; n < json_array_size(list); n++) {
		if (n > 0)
			buf_append(out, ",", 1);
		json_write(lend(json_array_get(list, n)), out);
	}
	buf_append(out, "]", 1);
}

void
json_write(const struct json *value, struct buf *out)
{
	json_t *json = inner(value);

	if (json_is_object(json))
		object_write(json, out);
	else if (json_is_array(json))
		list_write(json, out);
	else if (json_is_string(json))
		json_string_write(json_string_value(json),
		    json_string_length(json), out);
	else if (json_is_integer(json))
		buf_printf(out, "%" PRId64,
		    (int64_t)json_integer_value(json));
	else
		buf_text(out, json_is_true(json) ? "true" : "false");
}

void
json_write_pretty(const struct json *json, struct buf *out)
{
	char *text = json_dumps(inner(json),
	    JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	if (text == NULL)
		abort();
	buf_text(out, text);
	free(text);
}
