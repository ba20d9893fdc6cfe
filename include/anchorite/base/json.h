/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_JSON_H
#define ANCHORITE_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>

/*
 * A JSON value; the only door to jansson. Objects and lists own what is
 * put into them. Strings, integers, booleans, objects and lists only: no
 * floats and no null (the subset of RFC 8785 that the journal uses).
 */
struct json;

struct json *json_new(void);		/* {} */
struct json *json_new_list(void);	/* [] */
void json_release(struct json **json);

/* Text that is not UTF-8 is put escaped (text_escape). */
void json_put_text(struct json *object, const char *key, const char *text);
void json_put_hex(struct json *object, const char *key, struct bytes bytes);
void json_put_digest(struct json *object, const char *key,
    const struct digest *digest);
/* RFC 3339, UTC (text_time). */
void json_put_time(struct json *object, const char *key, int64_t seconds);
void json_put_number(struct json *object, const char *key, int64_t number);
void json_put_bool(struct json *object, const char *key, bool value);
/* A deep copy; the caller owns it. */
struct json *json_copy_of(const struct json *json);
/* These take the value over, and leave the caller's pointer NULL. */
void json_put(struct json *object, const char *key, struct json **value);
void json_add(struct json *list, struct json **value);
void json_add_text(struct json *list, const char *text);

/*
 * Reads one value: UTF-8, no duplicate keys, no floats, no null, no number
 * beyond 2^53 - 1 either way, nothing behind it. FAIL_INPUT, with line and
 * column where it is no JSON at all.
 */
MUST_USE int json_read(struct bytes text, struct json **out,
    struct fail *fail);

/*
 * Lends what stands under the key. Missing or of another type is
 * FAIL_INPUT: "KEY: missing", "KEY: want a string".
 */
MUST_USE int json_get_text(const struct json *object, const char *key,
    const char **out, struct fail *fail);
MUST_USE int json_get_number(const struct json *object, const char *key,
    int64_t min, int64_t max, int64_t *out, struct fail *fail);
MUST_USE int json_get_bool(const struct json *object, const char *key,
    bool *out, struct fail *fail);
/* A text that is a SHA-256 in hex, or a time; FAIL_INPUT "KEY: …". */
MUST_USE int json_get_digest(const struct json *object, const char *key,
    struct digest *out, struct fail *fail);
MUST_USE int json_get_time(const struct json *object, const char *key,
    int64_t *out, struct fail *fail);
MUST_USE int json_get_object(const struct json *object, const char *key,
    const struct json **out, struct fail *fail);
MUST_USE int json_get_list(const struct json *object, const char *key,
    const struct json **out, struct fail *fail);
bool json_has(const struct json *object, const char *key);

/* How many elements a list has, or fields an object; 0 for a text. */
size_t json_count(const struct json *value);
/* Lends the nth element of a list, or nth field's value of an object, in
 * the order of putting; NULL behind the end. */
const struct json *json_at(const struct json *value, size_t n);
/* Lends the name of an object's nth field; NULL for a list. */
const char *json_key_at(const struct json *value, size_t n);
/* Calls `each` for every element of a list (with no key) or field of an
 * object, in the order of putting, until one fails. */
MUST_USE int json_each(const struct json *value,
    int (*each)(void *context, const char *key, const struct json *value,
    struct fail *fail), void *context, struct fail *fail);
/* The text of a string value, or NULL where it is not a string. */
const char *json_text(const struct json *value);

/* Appends the canonical form (RFC 8785): keys sorted, no white space. */
void json_write(const struct json *json, struct buf *out);

/*
 * Appends a form for people: indented by two, keys in order of putting, and
 * ASCII, so that nothing deceptive (text.h) reaches a terminal.
 */
void json_write_pretty(const struct json *json, struct buf *out);

#endif
