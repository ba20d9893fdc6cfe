/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <anchorite/ca/target.h>

#include "testing.h"

#define ARN "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/4a"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define PLAIN(name) name ": want 1 to 256 characters of A-Z a-z 0-9 : / . _ " \
	"@ + = , - and no hyphen first, have "
#define WORDS(name) name ": want 1 to 100 characters of plain text, have "
#define SHAPE "resource: want arn:aws:SERVICE:REGION:ACCOUNT:NAME, have "

static char *
letters(size_t len)
{
	char *text = mem_new(len + 1, 1);

	memset(text, 'a', len);
	return text;
}

static void
want_target(const struct target *target, const char *want)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(buf_release) struct buf text = { 0 };

	target_put(json, target);
	json_write(json, &text);
	assert_string_equal(buf_cstr(&text), want);
}

static void
region_comes_from_the_arn(void **state)
{
	static const struct {
		struct target given;
		const char *region;
	} rows[] = {
		{ { .resource = ARN }, "eu-west-1" },
		{ { .resource = ARN, .region = "eu-west-1" }, "eu-west-1" },
		{ { .resource = "arn:aws-cn:acm-pca:cn-north-1:1:a:b:c" },
		    "cn-north-1" },
		{ { .resource = "arn:aws:s3:::bucket" }, NULL },
		{ { .resource = "arn:aws:s3:::bucket", .region = "us-east-1" },
		    "us-east-1" },
		{ { .resource = "cluster-4a2b" }, NULL },
		{ { .region = "us-gov-west-1", .bucket = "a.b-3" },
		    "us-gov-west-1" },
		{ { .resource = NULL }, NULL },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(target_release) struct target target = { 0 };
		struct fail fail = { 0 };

		want_pass(target_build(&rows[n].given, &target, &fail), &fail);
		if (rows[n].region == NULL)
			assert_null(target.region);
		else
			assert_string_equal(target.region, rows[n].region);
		/* A copy, where there is anything. */
		if (rows[n].given.resource != NULL)
			assert_ptr_not_equal(target.resource,
			    rows[n].given.resource);
	}
}

static void
what_a_shell_acts_on_is_refused(void **state)
{
	AUTO(auto_free) char *most = letters(256);
	AUTO(auto_free) char *more = letters(257);
	AUTO(auto_free) char *words = letters(101);
	AUTO(auto_free) char *accents = letters(202);
	const struct {
		struct target given;
		const char *sentence;
	} rows[] = {
		{ { .resource = "" }, PLAIN("resource") },
		{ { .resource = "a;rm" }, PLAIN("resource") "a;rm" },
		{ { .resource = "$(id)" }, PLAIN("resource") "$(id)" },
		{ { .resource = "a b" }, PLAIN("resource") "a b" },
		{ { .resource = "a\nb" }, PLAIN("resource") "a\nb" },
		{ { .resource = "a'b" }, PLAIN("resource") "a'b" },
		{ { .resource = "a*" }, PLAIN("resource") "a*" },
		{ { .resource = "--x" }, PLAIN("resource") "--x" },
		{ { .region = "`id`" }, PLAIN("region") "`id`" },
		{ { .region = "-r" }, PLAIN("region") "-r" },
		{ { .bucket = "\303\251" }, PLAIN("bucket") "\303\251" },
		{ { .bucket = "a\\b" }, PLAIN("bucket") "a\\b" },
		{ { .requester = "" }, WORDS("requester") "0" },
		{ { .requester = "a\342\200\256b" },
		    WORDS("requester") "a bidirectional control (U+202E)" },
		{ { .requester = words }, WORDS("requester") "101" },
		{ { .requester = accents }, WORDS("requester") "101" },
		{ { .requester = "a\303" },
		    WORDS("requester") "bytes that are not UTF-8" },
		{ { .ticket = "a\033[2J" },
		    WORDS("ticket") "a control character (U+001B)" },
		{ { .ticket = "private:" HASH },
		    WORDS("ticket") "what stands for a private one" },
		{ { .region = "plant-7" },
		    "region: want a region's name, have plant-7" },
		{ { .region = "eu-west-1-" },
		    "region: want a region's name, have eu-west-1-" },
		{ { .resource = "arn:aws:acm-pca:plant:1:a" },
		    "region: want a region's name, have plant" },
		{ { .bucket = "Bucket" },
		    "bucket: want a bucket's name, have Bucket" },
		{ { .bucket = "b" }, "bucket: want a bucket's name, have b" },
		{ { .resource = "arn:aws:acm-pca:eu-west-1:1" },
		    SHAPE "arn:aws:acm-pca:eu-west-1:1" },
		{ { .resource = "arn:aws:acm-pca:eu-west-1:1:" },
		    SHAPE "arn:aws:acm-pca:eu-west-1:1:" },
		{ { .resource = "arn:aws::eu-west-1:1:a" },
		    SHAPE "arn:aws::eu-west-1:1:a" },
		{ { .resource = "arn:gcp:x:eu-west-1:1:a" },
		    SHAPE "arn:gcp:x:eu-west-1:1:a" },
		{ { .resource = ARN, .region = "eu-west-2" },
		    "region: eu-west-2, but the resource is in eu-west-1" },
	};
	AUTO(target_release) struct target target = { 0 };
	struct target whole = { .resource = most, .requester = words + 1,
		.ticket = accents + 2 };
	struct fail fail = { 0 };
	char sentence[400];

	(void)state;
	for (size_t n = 0; n < 202; n += 2)	/* two octets each */
		memcpy(accents + n, "\303\253", 2);
	for (size_t n = 0; n < COUNT(rows); n++) {
		want_fail(target_build(&rows[n].given, &target, &fail), &fail,
		    FAIL_INPUT, rows[n].sentence);
		assert_true(target_is_empty(&target));
	}
	want_pass(target_build(&whole, &target, &fail), &fail);
	whole.resource = more;
	snprintf(sentence, sizeof(sentence), PLAIN("resource") "%s", more);
	want_fail(target_build(&whole, &target, &fail), &fail, FAIL_INPUT,
	    sentence);
}

static void
records_hold_what_there_is(void **state)
{
	static const struct target all = {
		.resource = "a", .region = "b", .bucket = "c",
		.requester = "Zo\303\253", .ticket = "CHG-1",
	};
	AUTO(target_release) struct target copy = { 0 };
	const char *name, *text;
	size_t count = 0;

	(void)state;
	want_target(&all, "{\"target\":{\"bucket\":\"c\",\"region\":\"b\","
	    "\"requester\":\"Zo\303\253\",\"resource\":\"a\",\"ticket\":"
	    "\"CHG-1\"}}");
	want_target(&(struct target){ .ticket = "7" },
	    "{\"target\":{\"ticket\":\"7\"}}");
	want_target(&copy, "{}");
	assert_true(target_is_empty(&copy));
	target_copy(&copy, &copy);
	assert_null(copy.owned);
	target_copy(&all, &copy);
	want_target(&copy, "{\"target\":{\"bucket\":\"c\",\"region\":\"b\","
	    "\"requester\":\"Zo\303\253\",\"resource\":\"a\",\"ticket\":"
	    "\"CHG-1\"}}");
	while (target_field(&copy, count, &name, &text)) {
		assert_non_null(name);
		assert_non_null(text);
		count++;
	}
	assert_int_equal(count, 5);
	target_release(&copy);
	assert_true(target_is_empty(&copy));
}

static void
records_are_judged(void **state)
{
	static const char some[] = "target: want resource, region, bucket, "
	    "requester, ticket, some of them";
	static const struct {
		const char *json, *sentence;
	} rows[] = {
		{ "{}", NULL },
		{ "{\"target\":{\"region\":\"a\"}}", NULL },
		/* A commitment. */
		{ "{\"target\":{\"ticket\":\"private:" HASH "\"}}", NULL },
		{ "{\"target\":7}", "target: want an object" },
		{ "{\"target\":{}}", some },
		{ "{\"target\":{\"place\":\"a\"}}", some },
		{ "{\"target\":{\"place\":\"a\",\"region\":\"b\"}}", some },
		{ "{\"target\":{\"region\":7}}",
		    "target: region: want a string" },
		{ "{\"target\":{\"region\":\"a b\"}}",
		    "target: " PLAIN("region") "a b" },
		{ "{\"target\":{\"ticket\":\"\"}}",
		    "target: " WORDS("ticket") "0" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(json_release) struct json *json = NULL;
		AUTO(target_release) struct target target = { 0 };
		struct fail fail = { 0 };
		int result;

		want_pass(json_read(bytes_text(rows[n].json), &json, &fail),
		    &fail);
		result = target_get(json, &target, &fail);
		if (rows[n].sentence == NULL) {
			want_pass(result, &fail);
			want_target(&target, rows[n].json);
			continue;
		}
		want_fail(result, &fail, FAIL_INPUT, rows[n].sentence);
		assert_true(target_is_empty(&target));
	}
}

#define ALL "acm-pca, cloudhsm, adcs, iot, api-gateway, roles-anywhere, files"

static void
consumers_are_named(void **state)
{
	static const struct {
		const char *json;
		unsigned consumers;
		const char *sentence;
	} rows[] = {
		{ "{}", 0, NULL },
		{ "{\"for\":[\"acm-pca\"]}", 1u << CONSUMER_ACM_PCA, NULL },
		{ "{\"for\":[\"iot\",\"files\"]}",
		    1u << CONSUMER_IOT | 1u << CONSUMER_FILES, NULL },
		{ "{\"for\":{}}", 0, "for: want a list" },
		{ "{\"for\":[]}", 0, "for: empty" },
		{ "{\"for\":[7]}", 0, "for: want strings" },
		{ "{\"for\":[\"iot\",\"iot\"]}", 0, "for: iot given twice" },
		{ "{\"for\":[\"io\"]}", 0, "for: no consumer io: there are "
		    ALL },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(json_release) struct json *json = NULL;
		AUTO(json_release) struct json *again = json_new();
		AUTO(buf_release) struct buf text = { 0 };
		unsigned consumers = 7;
		struct fail fail = { 0 };
		int result;

		want_pass(json_read(bytes_text(rows[n].json), &json, &fail),
		    &fail);
		result = consumers_get(json, &consumers, &fail);
		if (rows[n].sentence != NULL) {
			want_fail(result, &fail, FAIL_INPUT, rows[n].sentence);
			assert_int_equal(consumers, 7);
			continue;
		}
		want_pass(result, &fail);
		assert_int_equal(consumers, rows[n].consumers);
		consumers_put(again, consumers);
		json_write(again, &text);
		assert_string_equal(buf_cstr(&text), rows[n].json);
	}
}

static void
consumers_are_typed(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{ "", "no consumer : there are " ALL },
		{ "files,", "no consumer : there are " ALL },
		{ "files, ", "no consumer : there are " ALL },
		{ "acm pca", "no consumer acm pca: there are " ALL },
		{ "iot,files,iot", "iot given twice" },
	};
	AUTO(buf_release) struct buf names = { 0 };
	AUTO(buf_release) struct buf none = { 0 };
	struct fail fail = { 0 };
	unsigned consumers = 0;

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++)
		want_fail(consumers_read(rows[n].text, &consumers, &fail),
		    &fail, FAIL_USAGE, rows[n].sentence);
	assert_int_equal(consumers, 0);
	want_pass(consumers_read(" files ,  acm-pca", &consumers, &fail), &fail);
	consumers_write(consumers, &names);
	assert_string_equal(buf_cstr(&names), "acm-pca, files");
	consumers_write(0, &none);
	assert_int_equal(none.len, 0);
	for (int n = 0; n < CONSUMERS; n++)
		assert_non_null(consumer_names[n]);
	assert_null(consumer_names[CONSUMERS]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(region_comes_from_the_arn),
		cmocka_unit_test(what_a_shell_acts_on_is_refused),
		cmocka_unit_test(records_hold_what_there_is),
		cmocka_unit_test(records_are_judged),
		cmocka_unit_test(consumers_are_named),
		cmocka_unit_test(consumers_are_typed),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
