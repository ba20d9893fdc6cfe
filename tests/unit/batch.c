/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <anchorite/ca/batch.h>

#include "testing.h"

#define HEAD "format: 1\nrequests:\n"
#define ARN "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/4a"

static void
list_is_read(void **state)
{
	static const char text[] = HEAD
	    "  - file: a.csr\n"
	    "    profile: sub\n"
	    "    for: [acm-pca, files]\n"
	    "    resource: " ARN "\n"
	    "    bucket: crl\n"
	    "    requester: Ann Example\n"
	    "    ticket: 1041\n"
	    "  - file: b\n";
	AUTO(batch_release) struct batch *batch = NULL;
	struct fail fail = { 0 };
	const struct issue_file *file;

	(void)state;
	want_pass(batch_read("l.yaml", bytes_text(text), "whole", &batch,
	    &fail), &fail);
	assert_int_equal(batch->count, 2);
	file = &batch->files[0];
	assert_string_equal(file->name, "a.csr");
	assert_string_equal(file->profile, "sub");
	assert_int_equal(file->consumers,
	    1u << CONSUMER_ACM_PCA | 1u << CONSUMER_FILES);
	assert_string_equal(file->target.resource, ARN);
	assert_string_equal(file->target.region, "eu-west-1");
	assert_string_equal(file->target.bucket, "crl");
	assert_string_equal(file->target.requester, "Ann Example");
	assert_string_equal(file->target.ticket, "1041");
	file++;
	assert_string_equal(file->name, "b");
	assert_string_equal(file->profile, "whole");
	assert_int_equal(file->consumers, 0);
	assert_true(target_is_empty(&file->target));
	assert_int_equal(batch_stem("a.csr"), 1);
	assert_int_equal(batch_stem("A.CSR"), 1);
	assert_int_equal(batch_stem(".csr"), 4);
	assert_int_equal(batch_stem("a.pem"), 5);
}

#define PLAIN ": want 1 to 256 characters of A-Z a-z 0-9 : / . _ @ + = , - " \
	"and no hyphen first, have "
#define BESIDE "l.yaml:3:11: file: want the name of a file beside the list, " \
	"no / in it and no dot or hyphen first; have "
#define ONE HEAD "  - file: a.csr\n"

static void
lists_are_judged(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{ "", "l.yaml:1:1: empty" },
		{ "[]", "l.yaml:1:1: want a map, have a list" },
		{ "format: 1\n", "l.yaml:1:1: requests: missing" },
		{ "requests: []\n", "l.yaml:1:11: requests: want 1 to 1000, "
		    "have 0" },
		{ "format: 2\n", "l.yaml:1:9: format: want a "
		    "number from 1 to 1, have 2" },
		{ "format: 1\nrequests: {}\n",
		    "l.yaml:2:11: requests: want a list" },
		{ "format: 1\nrequest: []\n", "l.yaml:2:1: unknown key "
		    "request, did you mean requests" },
		{ HEAD "  - a.csr\n", "l.yaml:3:5: want a map, have a text" },
		{ HEAD "  - profile: p\n", "l.yaml:3:5: file: missing" },
		{ HEAD "  - file: ../a.csr\n", BESIDE "../a.csr" },
		{ HEAD "  - file: /etc/a.csr\n", BESIDE "/etc/a.csr" },
		{ HEAD "  - file: eu/a.csr\n", BESIDE "eu/a.csr" },
		{ HEAD "  - file: ..\n", BESIDE ".." },
		{ HEAD "  - file: .a.csr\n", BESIDE ".a.csr" },
		{ HEAD "  - file: -a.csr\n", BESIDE "-a.csr" },
		{ HEAD "  - file: \"\"\n", "l.yaml:3:11: file: empty" },
		{ ONE, "l.yaml:3:5: profile: missing, and there is no "
		    "--profile" },
		{ ONE "    profile: p\n  - file: a.csr\n    profile: p\n",
		    "l.yaml:5:5: file: a.csr given twice, first as a.csr" },
		{ ONE "    profile: p\n  - file: a\n    profile: p\n",
		    "l.yaml:5:5: file: a given twice, first as a.csr" },
		{ ONE "    profiles: p\n", "l.yaml:4:5: unknown key profiles, "
		    "did you mean profile" },
		{ ONE "    for: acm-pca\n",
		    "l.yaml:4:10: for: want a list, have a text" },
		{ ONE "    for: []\n", "l.yaml:4:10: for: empty" },
		{ ONE "    for: [acm]\n", "l.yaml:4:11: for: want one of "
		    "acm-pca, cloudhsm, adcs, iot, api-gateway, "
		    "roles-anywhere, files; have acm" },
		{ ONE "    for: [iot, iot]\n",
		    "l.yaml:4:16: for: iot given twice" },
		{ ONE "    resource: a;reboot\n",
		    "l.yaml:4:15: resource" PLAIN "a;reboot" },
		{ ONE "    resource: $(id)\n",
		    "l.yaml:4:15: resource" PLAIN "$(id)" },
		{ ONE "    resource: arn:aws:acm-pca\n",
		    "l.yaml:4:15: resource: want arn:aws:SERVICE:REGION:"
		    "ACCOUNT:NAME, have arn:aws:acm-pca" },
		{ ONE "    region: eu west\n",
		    "l.yaml:4:13: region" PLAIN "eu west" },
		{ ONE "    bucket: -b\n", "l.yaml:4:13: bucket" PLAIN "-b" },
		{ ONE "    requester: private:x\n", "l.yaml:4:16: requester: "
		    "want 1 to 100 characters of plain text, have what "
		    "stands for a private one" },
		{ ONE "    ticket: [a]\n",
		    "l.yaml:4:13: ticket: want a text, have a list" },
		{ ONE "    profile: p\n    resource: " ARN "\n"
		    "    region: eu-west-2\n", "l.yaml:3:5: region: eu-west-2, "
		    "but the resource is in eu-west-1" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		struct batch *batch = NULL;
		struct fail fail = { 0 };

		want_fail(batch_read("l.yaml", bytes_text(rows[n].text), NULL,
		    &batch, &fail), &fail, FAIL_INPUT, rows[n].sentence);
		assert_null(batch);
	}
}

static void
lists_have_a_bound(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct batch *batch = NULL;
	struct fail fail = { 0 };

	(void)state;
	buf_text(&text, HEAD);
	for (int n = 0; n < ISSUE_MAX; n++)
		buf_printf(&text, "- file: r%d.csr\n", n);
	want_pass(batch_read("l.yaml", buf_bytes(&text), "p", &batch, &fail),
	    &fail);
	assert_int_equal(batch->count, ISSUE_MAX);
	batch_release(&batch);
	buf_text(&text, "- file: r.csr\n");
	want_fail(batch_read("l.yaml", buf_bytes(&text), "p", &batch, &fail),
	    &fail, FAIL_INPUT,
	    "l.yaml:3:1: requests: want 1 to 1000, have 1001");
}

static void
put_file(const char *name, const char *text)
{
	struct fail fail = { 0 };

	want_pass(file_write(name, bytes_text(text), 0644, &fail), &fail);
}

static void
files_stand_beside(void **state)
{
	AUTO(batch_release) struct batch *batch = NULL;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(shell("mkdir in"), 0);
	put_file("in/list.yaml", HEAD "- file: a.csr\n- file: b.pem\n");
	put_file("in/a.csr", "A");
	put_file("in/b.pem", "B");
	/* Not requests, or none that a person put there. */
	put_file("in/._a.csr", "rubbish");
	put_file("in/c.txt", "rubbish");
	want_pass(batch_load("in/list.yaml", "p", &batch, &fail), &fail);
	assert_int_equal(batch->count, 2);
	assert_true(bytes_is_equal(batch->files[0].content, bytes_text("A")));
	assert_true(bytes_is_equal(batch->files[1].content, bytes_text("B")));
}

/* All at once, and in whatever letters. */
static void
forgotten_and_missing_are_named(void **state)
{
	struct batch *batch = NULL;
	struct fail fail = { 0 };

	(void)state;
	put_file("list.yaml", HEAD "- file: a.csr\n- file: b.csr\n");
	want_fail(batch_load("none.yaml", "p", &batch, &fail), &fail,
	    FAIL_INPUT, "none.yaml: No such file or directory");
	put_file("a.csr", "A");
	want_fail(batch_load("list.yaml", "p", &batch, &fail), &fail,
	    FAIL_INPUT, "request: b.csr: No such file or directory");
	put_file("C.CSR", "C");
	put_file("d.csr", "D");
	want_fail(batch_load("list.yaml", "p", &batch, &fail), &fail,
	    FAIL_INPUT, "3 of 4 requests: request: b.csr: No such file or "
	    "directory; request C.CSR: is not in the list; request d.csr: is "
	    "not in the list");
	put_file("b.csr", "B");
	assert_int_equal(unlink("d.csr"), 0);
	want_fail(batch_load("list.yaml", "p", &batch, &fail), &fail,
	    FAIL_INPUT, "request C.CSR: is not in the list");
	assert_null(batch);
}

static void
files_are_listed_by_hand(void **state)
{
	char a[] = "a.csr", b[] = "b.csr", c[] = "c.csr";
	char *const names[] = { a, b, c };
	struct batch *batch = NULL;
	struct fail fail = { 0 };

	(void)state;
	put_file("b.csr", "B");
	want_fail(batch_load_files(names, 3, "p", &batch, &fail), &fail,
	    FAIL_INPUT, "2 of 3 requests: request: a.csr: No such file or "
	    "directory; request: c.csr: No such file or directory");
	put_file("a.csr", "A");
	/* What stands beside them is nobody's matter. */
	put_file("d.csr", "D");
	want_pass(batch_load_files(names, 2, "p", &batch, &fail), &fail);
	assert_int_equal(batch->count, 2);
	assert_string_equal(batch->files[1].profile, "p");
	assert_true(bytes_is_equal(batch->files[1].content, bytes_text("B")));
	batch_release(&batch);
	batch_release(&batch);
}

#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_read),
		cmocka_unit_test(lists_are_judged),
		cmocka_unit_test(lists_have_a_bound),
		IN_FOLDER(files_stand_beside),
		IN_FOLDER(forgotten_and_missing_are_named),
		IN_FOLDER(files_are_listed_by_hand),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
