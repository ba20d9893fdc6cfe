/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>

#include "testing.h"

static void
put_file(const char *path, const char *content, mode_t mode)
{
	struct fail fail = { 0 };

	want_pass(file_write(path, bytes_text(content), mode, &fail), &fail);
}

/* tree/ holds a, empty/ and below/b. */
static int
setup(void **state)
{
	if (folder_setup(state) != 0 || mkdir("tree", 0700) != 0 ||
	    mkdir("tree/below", 0700) != 0 || mkdir("tree/empty", 0700) != 0)
		return -1;
	put_file("tree/a", "one", 0640);
	put_file("tree/below/b", "two", 0400);
	return chmod("tree/below", 0750) | chmod("tree", 0711);
}

static void
want_mode(const char *path, mode_t mode)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
}

static bool
is_same(const char *a, const char *b)
{
	struct fail fail = { 0 };
	bool same = false;

	want_pass(file_compare_tree(a, b, &same, &fail), &fail);
	return same;
}

static void
a_copy_is_the_same(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	want_pass(file_copy_tree("tree", "copy", &fail), &fail);
	assert_true(is_same("tree", "copy"));
	want_mode("copy", 0711);
	want_mode("copy/a", 0640);
	want_mode("copy/below", 0750);
	want_mode("copy/below/b", 0400);
	want_mode("copy/empty", 0700);
}

static void
copy_refuses_links_and_pipes(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(symlink("../a", "tree/below/link"), 0);
	want_fail(file_copy_tree("tree", "copy", &fail), &fail, FAIL_INPUT,
	    "copy of tree to copy: below: link: "
	    "neither a regular file nor a directory");
	assert_int_equal(unlink("tree/below/link"), 0);
	assert_int_equal(mkfifo("tree/pipe", 0600), 0);
	want_fail(file_copy_tree("tree", "other", &fail), &fail, FAIL_INPUT,
	    "copy of tree to other: pipe: "
	    "neither a regular file nor a directory");
}

static void
copy_refuses_an_existing_target(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	want_fail(file_copy_tree("tree", "tree/empty", &fail), &fail,
	    FAIL_REFUSED, "tree/empty: exists already");
	want_fail(file_copy_tree("none", "copy", &fail), &fail, FAIL_INPUT,
	    "none: No such file or directory");
}

static void
copy_into_itself_ends(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(file_copy_tree("tree", "tree/copy", &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_non_null(strstr(fail.sentence, ": too deep"));
}

static void
a_difference_is_seen(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	want_pass(file_copy_tree("tree", "copy", &fail), &fail);
	put_file("copy/below/c", "", 0600);
	assert_false(is_same("tree", "copy"));
	assert_false(is_same("copy", "tree"));
	assert_int_equal(unlink("copy/below/c"), 0);
	assert_true(is_same("tree", "copy"));
	assert_int_equal(unlink("copy/below/b"), 0);
	put_file("copy/below/b", "TWO", 0400);
	assert_false(is_same("tree", "copy"));
	assert_int_equal(unlink("copy/below/b"), 0);
	assert_int_equal(mkdir("copy/below/b", 0700), 0);
	assert_false(is_same("tree", "copy"));
	assert_false(is_same("copy", "tree"));
}

static void
remove_takes_all_and_follows_nothing(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	put_file("kept", "", 0600);
	assert_int_equal(mkdir("other", 0700), 0);
	put_file("other/kept", "", 0600);
	assert_int_equal(symlink("../../kept", "tree/below/file"), 0);
	assert_int_equal(symlink("../../other", "tree/below/directory"), 0);
	want_pass(file_remove_tree("tree", &fail), &fail);
	want_fail(file_open_directory("tree", &(int){ -1 }, &fail), &fail,
	    FAIL_INPUT, "tree: No such file or directory");
	assert_int_equal(access("kept", F_OK), 0);
	assert_int_equal(access("other/kept", F_OK), 0);
	want_pass(file_remove_tree("tree", &fail), &fail);
}

static void
remove_refuses_what_is_no_directory(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	want_fail(file_remove_tree("tree/a", &fail), &fail, FAIL_SYSTEM,
	    "tree/a: Not a directory");
	assert_int_equal(symlink("tree", "link"), 0);
	want_fail(file_remove_tree("link", &fail), &fail, FAIL_SYSTEM,
	    "link: Not a directory");
	assert_int_equal(access("tree/a", F_OK), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, folder_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_copy_is_the_same),
		TEST(copy_refuses_links_and_pipes),
		TEST(copy_refuses_an_existing_target),
		TEST(copy_into_itself_ends),
		TEST(a_difference_is_seen),
		TEST(remove_takes_all_and_follows_nothing),
		TEST(remove_refuses_what_is_no_directory),
	};

	return cmocka_run_group_tests_name("file_tree", tests, NULL, NULL);
}
