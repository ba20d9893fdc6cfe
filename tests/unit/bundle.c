/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle.h>
#include <anchorite/out/bundle_read.h>

static void
add_text(struct bundle *bundle, const char *name, const char *text)
{
	AUTO(buf_release) struct buf content = { 0 };

	buf_text(&content, text);
	bundle_add(bundle, name, &content);
	assert_int_equal(content.len, 0);
}

static void
test_find(void **state)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };

	(void)state;
	add_text(&bundle, "a", "one");
	bundle_add_der(&bundle, "b", bytes_text("two"));
	assert_true(bytes_is_equal(buf_bytes(bundle_find(&bundle, "a")),
	    bytes_text("one")));
	assert_true(bytes_is_equal(buf_bytes(bundle_find(&bundle, "b")),
	    bytes_text("two")));
	assert_null(bundle_find(&bundle, "c"));
}

/* Digests by sha256sum. */
static void
test_manifest(void **state)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	AUTO(buf_release) struct buf manifest = { 0 };

	(void)state;
	add_text(&bundle, "a", "one");
	bundle_add_manifest(&bundle, bytes_text("signer"), &manifest);
	assert_string_equal(buf_cstr(&manifest),
	    "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
	    "  a\n"
	    "0cdab355c67034e0c83079e0b3bf55b904ad6a0de1fbbf7e9c4cdc51c49d4301"
	    "  journal-key.pem\n");
	assert_true(bytes_is_equal(buf_bytes(&manifest),
	    buf_bytes(bundle_find(&bundle, BUNDLE_MANIFEST))));
	assert_true(bytes_is_equal(bytes_text(
	    "-----BEGIN CERTIFICATE-----\nc2lnbmVy\n"
	    "-----END CERTIFICATE-----\n"),
	    buf_bytes(bundle_find(&bundle, BUNDLE_SIGNER))));
}

/* A folder for one test. */
static int
make_folder(void **state)
{
	char *folder = mem_text("/tmp/anchorite-bundle-XXXXXX");

	*state = mkdtemp(folder);
	return *state == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	struct fail fail = { 0 };
	int done = file_remove_tree(*state, &fail);

	free(*state);
	return done;
}

static mode_t
mode_of(const char *folder, const char *name)
{
	AUTO(auto_free) char *path = file_path(folder, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static int
count_one(void *context, const char *name, struct fail *fail)
{
	(void)name;
	(void)fail;
	(*(size_t *)context)++;
	return 0;
}

static size_t
names_in(const char *path)
{
	AUTO(auto_close) int dirfd = -1;
	struct fail fail = { 0 };
	size_t count = 0;

	assert_int_equal(file_open_directory(path, &dirfd, &fail), 0);
	assert_int_equal(file_each(dirfd, count_one, &count, &fail), 0);
	return count;
}

static void
test_write(void **state)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	AUTO(auto_free) char *path = file_path(*state, "out");
	AUTO(auto_free) char *slashed = file_path(*state, "out//");
	AUTO(auto_free) char *file = file_path(path, "a");
	AUTO(buf_release) struct buf script = { 0 };
	AUTO(buf_release) struct buf read = { 0 };
	struct fail fail = { 0 };
	mode_t mask = umask(077);

	add_text(&bundle, "a", "one");
	buf_text(&script, "#!/bin/sh\n");
	bundle_add_script(&bundle, "run.sh", &script);
	assert_int_equal(bundle_write(&bundle, slashed, &fail), 0);
	umask(mask);
	assert_int_equal(mode_of(*state, "out"), 0755);
	assert_int_equal(mode_of(path, "a"), 0644);
	assert_int_equal(mode_of(path, "run.sh"), 0755);
	assert_int_equal(names_in(path), 2);
	assert_int_equal(names_in(*state), 1);
	assert_int_equal(file_load(file, 100, &read, &fail), 0);
	assert_string_equal(buf_cstr(&read), "one");
}

static void
refuse_write(const struct bundle *bundle, const char *path,
    enum fail_kind kind, const char *words)
{
	AUTO(buf_release) struct buf want = { 0 };
	struct fail fail = { 0 };

	buf_printf(&want, "%s: %s", path, words);
	assert_int_equal(bundle_write(bundle, path, &fail), -1);
	assert_int_equal(fail.kind, kind);
	assert_string_equal(fail.sentence, buf_cstr(&want));
}

static void
test_write_refused(void **state)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	AUTO(auto_free) char *path = file_path(*state, "out");
	AUTO(auto_free) char *lost = file_path(*state, "no/out");
	AUTO(auto_free) char *left = file_path(*state, ".out.partial");
	struct fail fail = { 0 };

	/* What a crash left of one. */
	assert_int_equal(mkdir(left, 0700), 0);
	add_text(&bundle, "a", "one");
	assert_int_equal(bundle_write(&bundle, path, &fail), 0);
	assert_int_equal(names_in(*state), 1);
	refuse_write(&bundle, path, FAIL_REFUSED, "exists already");
	refuse_write(&bundle, lost, FAIL_SYSTEM, "No such file or directory");
	assert_int_equal(names_in(*state), 1);
}

/* A fault in the middle leaves neither the directory nor a part of it. */
static void
test_write_whole(void **state)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	AUTO(auto_free) char *path = file_path(*state, "out");
	struct fail fail = { 0 };

	add_text(&bundle, "a", "one");
	add_text(&bundle, "no/such", "two");
	assert_int_equal(bundle_write(&bundle, path, &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	assert_non_null(strstr(fail.sentence, "No such file or directory"));
	assert_int_equal(names_in(*state), 0);
}

static void
refuse_pem(const char *text, const char *sentence)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	struct cert *untouched[2] = { NULL, NULL };
	struct fail fail = { 0 };
	size_t count = 7;

	if (text != NULL)
		add_text(&bundle, "c.pem", text);
	assert_int_equal(bundle_read_certificates(&bundle, "c.pem", 2,
	    untouched, &count, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_null(untouched[0]);
	assert_int_equal(count, 7);
}

#define OTHER_FORM(line) "another form in line " line
#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"
#define LINE  "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"

static void
test_form_refused(void **state)
{
	(void)state;
	refuse_pem(NULL, "no file c.pem");
	refuse_pem("", "no PEM block");
	refuse_pem("-----BEGIN X509 CRL-----\nQUFB\n-----END X509 CRL-----\n",
	    "PEM label X509 CRL, want CERTIFICATE");
	refuse_pem("words\n" BEGIN "QUFB\n" END, OTHER_FORM("1"));
	refuse_pem("\n" BEGIN "QUFB\n" END, OTHER_FORM("1"));
	refuse_pem("-----BEGIN CERTIFICATE-----\r\nQUFB\r\n" END,
	    OTHER_FORM("1"));
	refuse_pem(BEGIN LINE "\n" LINE "\n" END, OTHER_FORM("2"));
	refuse_pem(BEGIN LINE LINE "QUFB\n" END, OTHER_FORM("2"));
	refuse_pem(BEGIN "QUFB\n-----END CERTIFICATE-----", OTHER_FORM("3"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test_setup_teardown(test_write, make_folder,
		    remove_folder),
		cmocka_unit_test_setup_teardown(test_write_refused,
		    make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_write_whole, make_folder,
		    remove_folder),
		cmocka_unit_test(test_form_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
