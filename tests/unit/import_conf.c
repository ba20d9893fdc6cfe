/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/out/import_conf.h>

#include "bundle_world.h"
#include "testing.h"

static const char good[] =
    "format=1\n"
    "consumer=acm-pca\n"
    "mode=\n"
    "resource=arn:aws:acm-pca:eu-west-1:123456789012:"
    "certificate-authority/0a\n"
    "region=eu-west-1\n"
    "bucket=crl-bucket\n"
    "crl-url=http://crl.example.com/root/one.crl\n"
    "crl-number=7\n"
    "serial=02\n";

static void
target(struct world *w)
{
	w->source.resource = "arn:aws:acm-pca:eu-west-1:123456789012:"
	    "certificate-authority/0a";
	w->source.region = "eu-west-1";
	w->source.bucket = "crl-bucket";
}

static const struct bundle_kind *
pca(void)
{
	return bundle_kind_of_mode("acm-pca", "");
}

static void
written_and_read(void **state)
{
	AUTO(world_release) struct world w = { 0 };
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	AUTO(import_conf_release) struct import_conf again = { 0 };
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	world_make(&w, NULL);
	target(&w);
	MUST(import_conf_fill(pca(), &w.source, &conf, &fault));
	import_conf_write(&conf, &out);
	assert_string_equal(buf_cstr(&out), good);
	MUST(import_conf_read(buf_bytes(&out), &again, &fault));
	MUST(import_conf_check(&again, pca(), w.certificate, w.crl, &fault));
}

static void
refuse_target(const char *consumer, const char *mode, const char *resource,
    const char *region, const char *bucket, const char *sentence)
{
	AUTO(world_release) struct world w = { 0 };
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	struct fail fail = { 0 };

	world_make(&w, NULL);
	w.source.resource = resource;
	w.source.region = region;
	w.source.bucket = bucket;
	assert_int_equal(import_conf_fill(bundle_kind_of_mode(consumer, mode),
	    &w.source, &conf, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
targets_fit_their_consumer(void **state)
{
	(void)state;
	refuse_target("acm-pca", "", "arn:aws:s3:::bucket", NULL, NULL,
	    "resource: want CA-ARN, have arn:aws:s3:::bucket");
	refuse_target("cloudhsm", "", "cluster-1", NULL, NULL,
	    "resource: want CLUSTER-ID, have cluster-1");
	refuse_target("iot", "DEFAULT", "anything", NULL, NULL,
	    "resource: want none, have anything");
	refuse_target("api-gateway", "", "$(id)", NULL, NULL,
	    "resource: want DOMAIN-NAME, have $(id)");
	/* A domain name to AWS, but to a shell all files that fit it. */
	refuse_target("api-gateway", "", "*.example.com", NULL, NULL,
	    "resource: want DOMAIN-NAME, have *.example.com");
	refuse_target("roles-anywhere", "", "a b", NULL, NULL,
	    "resource: want ANCHOR-NAME, have a b");
	refuse_target("acm-pca", "", NULL, "Ireland", NULL,
	    "region: want a region's name, have Ireland");
	refuse_target("acm-pca", "", NULL, NULL, "A'b",
	    "bucket: want a bucket's name, have A'b");
}

/* What a shell might take for more never reaches the script. */
static void
odd_urls_are_left_out(void **state)
{
	static const char *const odd[] = {
		"http://h/a'b", "http://h/$(id)", "http://h/a?b", "http://h/",
		"http://h", "ldap://h/a",
	};

	(void)state;
	for (size_t n = 0; n < COUNT(odd); n++) {
		AUTO(world_release) struct world w = { 0 };
		AUTO(import_conf_release) struct import_conf conf = { 0 };
		const char *const list[] = { odd[n] };

		world_make(&w, NULL);
		cert_release(&w.certificate);
		w.plan.extensions.crl_urls.items = list;
		w.certificate = make_cert(&w.plan, root_key, false);
		w.source.certificate = w.certificate;
		MUST(import_conf_fill(pca(), &w.source, &conf, &fault));
		assert_int_equal(conf.values[IMPORT_CRL_URL].len, 0);
	}
}

static void
refuse_file(const char *text, const char *sentence)
{
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(import_conf_read(bytes_text(text), &conf, &fail),
	    -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
files_are_read_strictly(void **state)
{
	AUTO(buf_release) struct buf more = { 0 };

	(void)state;
	refuse_file("", "line 1: want format= and a plain value");
	refuse_file("format=1", "line 1: want format= and a plain value");
	refuse_file("format=1\r\n", "line 1: want format= and a plain value");
	refuse_file("format=1\nmode=\n",
	    "line 2: want consumer= and a plain value");
	refuse_file("format=1\nconsumer=`id`\n",
	    "line 2: want consumer= and a plain value");
	buf_text(&more, good);
	buf_text(&more, "more=1\n");
	refuse_file(buf_cstr(&more), "line 10: want no more");
	more.data[7] = '2';
	more.len = sizeof(good) - 1;
	refuse_file(buf_cstr(&more), "line 1: want format=1");
}

/* As it is asked before anything is signed. */
static void
targets_are_judged_beforehand(void **state)
{
	static const struct {
		unsigned consumers;
		bool is_ca;
		const char *resource, *sentence;
		enum fail_kind kind;
	} rows[] = {
		{ 0, false, "x", NULL, 0 },
		{ 1u << CONSUMER_ACM_PCA, true, NULL, NULL, 0 },
		{ 1u << CONSUMER_ACM_PCA | 1u << CONSUMER_FILES, true,
		    "arn:aws:acm-pca:eu-west-1:111122223333:"
		    "certificate-authority/a1", NULL, 0 },
		{ 1u << CONSUMER_ACM_PCA, true, "cluster-2a3b4c5d6e7",
		    "acm-pca: resource: want CA-ARN, have "
		    "cluster-2a3b4c5d6e7", FAIL_INPUT },
		{ 1u << CONSUMER_CLOUDHSM, false, "cluster-2a3b4c5d6e7", NULL,
		    0 },
		{ 1u << CONSUMER_CLOUDHSM, false, "x",
		    "cloudhsm: resource: want CLUSTER-ID, have x",
		    FAIL_INPUT },
		{ 1u << CONSUMER_CLOUDHSM, true, NULL, "cloudhsm: want an "
		    "end-entity certificate, have a CA's", FAIL_REFUSED },
		/* These have none, and are not asked. */
		{ 1u << CONSUMER_FILES | 1u << CONSUMER_IOT, true, "x", NULL,
		    0 },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		struct fail fail = { 0 };
		int result = import_conf_check_target(rows[n].consumers,
		    rows[n].is_ca, rows[n].resource, &fail);

		if (rows[n].sentence == NULL)
			want_pass(result, &fail);
		else
			want_fail(result, &fail, rows[n].kind,
			    rows[n].sentence);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(targets_fit_their_consumer),
		cmocka_unit_test(odd_urls_are_left_out),
		cmocka_unit_test(files_are_read_strictly),
		cmocka_unit_test(targets_are_judged_beforehand),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
