/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/json.h>

#include "testing.h"

static struct json *
must_read(const char *text)
{
	struct json *json = NULL;
	struct fail fail = { 0 };

	want_pass(json_read(bytes_text(text), &json, &fail), &fail);
	return json;
}

static void
want_written(const struct json *json, const char *text)
{
	AUTO(buf_release) struct buf out = { 0 };

	json_write(json, &out);
	assert_string_equal(buf_cstr(&out), text);
}

/* What is read, and its canonical form. */
static const char *const forms[][2] = {
	{ " { } ", "{}" },
	{ "[ 1 , \"a\",\ttrue,\nfalse ]", "[1,\"a\",true,false]" },
	{ "{\"b\":1,\"a\":{\"d\":[],\"c\":{}}}",
	    "{\"a\":{\"c\":{},\"d\":[]},\"b\":1}" },
	{ "{\"aa\":1,\"a\":2,\"B\":3,\"\":4}",
	    "{\"\":4,\"B\":3,\"a\":2,\"aa\":1}" },
	{ "-0", "0" },
	{ "[9007199254740991,-9007199254740991]",
	    "[9007199254740991,-9007199254740991]" },
	/* RFC 8785, 3.2.2.2: short escapes, then lower-case hex. */
	{ "\"\\u0008\\u0009\\u000a\\u000c\\u000D\\u0022\\u005c\\/\"",
	    "\"\\b\\t\\n\\f\\r\\\"\\\\/\"" },
	{ "\"\\u0001\\u000B\\u001F\\u007f\"",
	    "\"\\u0001\\u000b\\u001f\x7f\"" },
	{ "\"\\u00fc \\u20ac \\ud83d\\ude00\"",
	    "\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	/* RFC 8785, 3.2.3: the order of UTF-16, and its own example. */
	{ "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,"
	    "\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
	    "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,"
	    "\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
	    "\"\xef\xac\xb3\":3}" },
};

static void
what_is_read_is_written_canonically(void **state)
{
	(void)state;
	for (size_t n = 0; n < COUNT(forms); n++) {
		AUTO(json_release) struct json *json = must_read(forms[n][0]);
		AUTO(json_release) struct json *again = NULL;

		want_written(json, forms[n][1]);
		again = must_read(forms[n][1]);
		want_written(again, forms[n][1]);
	}
}

static void
want_unread(struct bytes text, const char *sentence)
{
	AUTO(json_release) struct json *json = NULL;
	struct fail fail = { 0 };

	want_fail(json_read(text, &json, &fail), &fail, FAIL_INPUT, sentence);
	assert_null(json);
}

static void
what_the_subset_lacks_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "1.5", "JSON: no fractions here" },
		{ "{\"a\":[1.0]}", "JSON: no fractions here" },
		{ "1e2", "JSON: no fractions here" },
		{ "null", "JSON: no null here" },
		{ "{\"a\":[null]}", "JSON: no null here" },
		{ "9007199254740992",
		    "JSON: number beyond 9007199254740991" },
		{ "[-9007199254740992]",
		    "JSON: number beyond 9007199254740991" },
		{ "-9223372036854775808",
		    "JSON: number beyond 9007199254740991" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++)
		want_unread(bytes_text(wrong[n][0]), wrong[n][1]);
}

/* The place is ours to promise; the rest of the words is jansson's. */
static void
want_place(struct bytes text, const char *place)
{
	AUTO(json_release) struct json *json = NULL;
	struct fail fail = { 0 };

	assert_int_equal(json_read(text, &json, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_null(json);
	fail.sentence[strlen(place)] = '\0';
	assert_string_equal(fail.sentence, place);
}

static void
what_is_no_json_is_refused_with_its_place(void **state)
{
	static const char *const wrong[][2] = {
		{ "{\"a\":1,\n\"a\":2}", "JSON: 2:3: duplicate object key" },
		{ "{\"a\":1,\"\\u0061\":2}",
		    "JSON: 1:15: duplicate object key" },
		{ "{} {}", "JSON: 1:4: end of file expected" },
		{ "[1]x", "JSON: 1:4: end of file expected" },
		{ "[1,]", "JSON: 1:4: unexpected token" },
		{ "[1,", "JSON: 1:3: ']' expected" },
		{ "", "JSON: 1:0: unexpected token" },
		{ "01", "JSON: 1:1: invalid token" },
		{ "'a'", "JSON: 1:1: invalid token" },
		{ "\"\n\"", "JSON: 1:1: unexpected newline" },
		{ "\xef\xbb\xbf{}", "JSON: 1:1: invalid token" },
		{ "9223372036854775808", "JSON: 1:19: too big integer" },
		{ "\"\xff\"", "JSON: 1:1: unable to decode byte 0xff" },
		{ "\"\\ud800\"", "JSON: 1:8: invalid Unicode" },
		{ "\"\\u0000\"", "JSON: 1:8: \\u0000 is not allowed" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++)
		want_place(bytes_text(wrong[n][0]), wrong[n][1]);
	want_place(bytes_of(NULL, 0), "JSON: 1:0: unexpected token");
	want_place(bytes_of("{}\0", 3), "JSON: 1:3: end of file expected");
}

static void
depth_is_bounded(void **state)
{
	AUTO(json_release) struct json *json = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf deeper = { 0 };

	(void)state;
	for (size_t n = 0; n < 33; n++)
		buf_text(&text, "[");
	for (size_t n = 0; n < 33; n++)
		buf_text(&text, "]");
	json = must_read(buf_cstr(&text));
	buf_printf(&deeper, "[%s]", buf_cstr(&text));
	want_unread(buf_bytes(&deeper), "JSON: deeper than 32 levels");
}

static void
values_are_put_and_owned(void **state)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(json_release) struct json *copy = NULL;
	struct json *list = json_new_list(), *below = json_new();

	(void)state;
	json_add_text(list, "one");
	json_add(list, &below);
	assert_null(below);
	json_put(json, "list", &list);
	assert_null(list);
	json_put_text(json, "text", "a\"b");
	json_put_text(json, "odd", "a\xff\\");
	json_put_hex(json, "hex", bytes_of("\x0a\xff", 2));
	json_put_number(json, "number", -7);
	json_put_bool(json, "bool", true);
	copy = json_copy_of(json);
	json_put_number(json, "number", 8);
	want_written(copy, "{\"bool\":true,\"hex\":\"0aff\","
	    "\"list\":[\"one\",{}],\"number\":-7,"
	    "\"odd\":\"a\\\\x{FF}\\\\\\\\\",\"text\":\"a\\\"b\"}");
	json_release(&copy);
	assert_null(copy);
	json_release(&copy);
}

static const char sample[] = "{\"t\":\"text\",\"n\":5,\"b\":false,"
    "\"o\":{\"x\":1},\"l\":[1,\"two\"]}";

static void
values_are_got(void **state)
{
	AUTO(json_release) struct json *json = must_read(sample);
	const struct json *object = NULL, *list = NULL;
	const char *text = NULL;
	struct fail fail = { 0 };
	int64_t number = 0;
	bool truth = true;

	(void)state;
	want_pass(json_get_text(json, "t", &text, &fail), &fail);
	assert_string_equal(text, "text");
	want_pass(json_get_number(json, "n", 5, 5, &number, &fail), &fail);
	assert_int_equal(number, 5);
	want_pass(json_get_bool(json, "b", &truth, &fail), &fail);
	assert_false(truth);
	want_pass(json_get_object(json, "o", &object, &fail), &fail);
	want_written(object, "{\"x\":1}");
	want_pass(json_get_list(json, "l", &list, &fail), &fail);
	want_written(list, "[1,\"two\"]");
	assert_true(json_has(json, "b"));
	assert_false(json_has(json, "x"));
	assert_false(json_has(list, "x"));
}

static void
values_of_another_type_are_refused(void **state)
{
	AUTO(json_release) struct json *json = must_read(sample);
	const struct json *value = NULL;
	const char *text = NULL;
	struct fail fail = { 0 };
	int64_t number = 7;
	bool truth = true;

	(void)state;
	want_fail(json_get_text(json, "x", &text, &fail), &fail, FAIL_INPUT,
	    "x: missing");
	want_fail(json_get_text(json, "n", &text, &fail), &fail, FAIL_INPUT,
	    "n: want a string");
	want_fail(json_get_number(json, "t", 0, 9, &number, &fail), &fail,
	    FAIL_INPUT, "t: want a number");
	want_fail(json_get_number(json, "n", 6, 9, &number, &fail), &fail,
	    FAIL_INPUT, "n: want 6 to 9, have 5");
	want_fail(json_get_number(json, "n", 0, 4, &number, &fail), &fail,
	    FAIL_INPUT, "n: want 0 to 4, have 5");
	want_fail(json_get_bool(json, "n", &truth, &fail), &fail, FAIL_INPUT,
	    "n: want true or false");
	want_fail(json_get_object(json, "l", &value, &fail), &fail,
	    FAIL_INPUT, "l: want an object");
	want_fail(json_get_list(json, "o", &value, &fail), &fail, FAIL_INPUT,
	    "o: want a list");
	assert_null(text);
	assert_null(value);
	assert_int_equal(number, 7);
	assert_true(truth);
}

static void
values_are_counted_in_order(void **state)
{
	AUTO(json_release) struct json *json = must_read(sample);
	const struct json *list = json_at(json, 4);

	(void)state;
	assert_int_equal(json_count(json), 5);
	assert_string_equal(json_key_at(json, 0), "t");
	assert_string_equal(json_key_at(json, 4), "l");
	assert_null(json_key_at(json, 5));
	assert_null(json_at(json, 5));
	assert_string_equal(json_text(json_at(json, 0)), "text");
	assert_null(json_text(json_at(json, 1)));
	assert_int_equal(json_count(json_at(json, 0)), 0);
	assert_int_equal(json_count(list), 2);
	assert_string_equal(json_text(json_at(list, 1)), "two");
	assert_null(json_at(list, 2));
	assert_null(json_key_at(list, 0));
}

static void
pretty_is_indented_and_ascii(void **state)
{
	AUTO(json_release) struct json *json = must_read(
	    "{\"b\":[1,2],\"a\":\"\\u202e\\u009b\"}");
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	json_write_pretty(json, &out);
	assert_string_equal(buf_cstr(&out), "{\n  \"b\": [\n    1,\n    2\n"
	    "  ],\n  \"a\": \"\\u202E\\u009B\"\n}");
}

/* Texts of two kinds that stand everywhere. */
static void
digests_and_times_are_texts(void **state)
{
	AUTO(json_release) struct json *json = json_new();
	struct digest digest, back;
	struct fail fail = { 0 };
	int64_t time = 0;

	(void)state;
	digest_of(bytes_text("x"), &digest);
	json_put_digest(json, "d", &digest);
	json_put_time(json, "t", 1795243848);
	want_pass(json_get_digest(json, "d", &back, &fail), &fail);
	assert_true(digest_is_equal(&digest, &back));
	want_pass(json_get_time(json, "t", &time, &fail), &fail);
	assert_int_equal(time, 1795243848);
	want_fail(json_get_digest(json, "t", &back, &fail), &fail, FAIL_INPUT,
	    "t: digest: want 64 hexadecimal digits, have 20 characters");
	json_put_text(json, "e", "now");
	want_fail(json_get_time(json, "e", &time, &fail), &fail, FAIL_INPUT,
	    "e: want a time such as 2026-11-21T06:30:48Z, have now");
	want_fail(json_get_time(json, "u", &time, &fail), &fail, FAIL_INPUT,
	    "u: missing");
	want_fail(json_get_digest(json, "u", &back, &fail), &fail, FAIL_INPUT,
	    "u: missing");
	assert_int_equal(time, 1795243848);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_written_canonically),
		cmocka_unit_test(what_the_subset_lacks_is_refused),
		cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(values_are_put_and_owned),
		cmocka_unit_test(values_are_got),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(values_are_counted_in_order),
		cmocka_unit_test(digests_and_times_are_texts),
		cmocka_unit_test(pretty_is_indented_and_ascii),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
