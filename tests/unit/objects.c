/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/objects.h>

/* SHA-256 of "abc" (FIPS 180-4, B.1), so its name. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct place {
	char folder[32];
	char file[160];		/* of "abc" */
	struct objects *objects;
	struct digest abc;
};

static int
setup(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));
	char directory[64];
	int dirfd;

	snprintf(p->folder, sizeof(p->folder), "/tmp/anchorite-unit-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(directory, sizeof(directory), "%s/" OBJECTS_NAME, p->folder);
	snprintf(p->file, sizeof(p->file), "%s/" ABC, directory);
	MUST(file_make_directory(directory, &fault));
	MUST(file_open_directory(p->folder, &dirfd, &fault));
	MUST(objects_open(dirfd, &p->objects, &fault));
	close(dirfd);
	MUST(digest_read_hex(ABC, &p->abc, &fault));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	objects_release(&p->objects);
	assert_null(p->objects);
	objects_release(&p->objects);
	MUST(file_remove_tree(p->folder, &fault));
	free(p);
	return 0;
}

static void
put_abc(struct place *p)
{
	struct digest digest = { { 0 } };

	MUST(objects_put(p->objects, bytes_text("abc"), &digest, &fault));
	assert_true(digest_is_equal(&digest, &p->abc));
}

static void
must_read_abc(struct place *p)
{
	AUTO(buf_release) struct buf out = { 0 };

	buf_text(&out, "+");
	MUST(objects_get(p->objects, &p->abc, &out, &fault));
	assert_string_equal(buf_cstr(&out), "+abc");
}

static void
must_not_read_abc(struct place *p, const char *sentence)
{
	AUTO(buf_release) struct buf out = { 0 };

	MUST_FAIL(FAIL_JOURNAL, sentence,
	    objects_get(p->objects, &p->abc, &out, &fault));
	assert_int_equal(out.len, 0);
}

static void
is_kept_by_its_digest(void **state)
{
	struct place *p = *state;
	struct stat status;

	put_abc(p);
	must_read_abc(p);
	MUST(objects_sync(p->objects, &fault));
	assert_int_equal(stat(p->file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0400);
	put_abc(p);
	must_read_abc(p);
}

static void
empty_one_is_one(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf out = { 0 };
	struct digest digest;

	MUST(objects_put(p->objects, bytes_of(NULL, 0), &digest, &fault));
	MUST(objects_get(p->objects, &digest, &out, &fault));
	assert_int_equal(out.len, 0);
}

static void
missing_one_is_named(void **state)
{
	must_not_read_abc(*state, "objects: " ABC ": No such file");
}

static void
every_change_is_seen(void **state)
{
	static const char *const contents[] = {
		"", "ab", "abcd", "abd", "Abc", "abc\n",
	};
	struct place *p = *state;

	for (size_t n = 0; n < COUNT(contents); n++) {
		put_abc(p);
		assert_int_equal(chmod(p->file, 0600), 0);
		overwrite(p->file, bytes_text(contents[n]));
		must_not_read_abc(p, "objects/" ABC ": has been changed");
	}
	/* Putting it again mends it. */
	put_abc(p);
	must_read_abc(p);
}

static void
what_is_no_file_is_refused(void **state)
{
	struct place *p = *state;
	struct digest digest = { { 7 } };

	assert_int_equal(mkdir(p->file, 0700), 0);
	must_not_read_abc(p, ABC ": not a regular file");
	MUST_FAIL(FAIL_SYSTEM, "objects/" ABC,
	    objects_put(p->objects, bytes_text("abc"), &digest, &fault));
	assert_int_equal(digest.bytes[0], 7);
	assert_int_equal(rmdir(p->file), 0);
	assert_int_equal(mkfifo(p->file, 0600), 0);
	must_not_read_abc(p, ABC ": not a regular file");
	put_abc(p);
	must_read_abc(p);
}

static void
directory_that_is_gone_is_named(void **state)
{
	struct place *p = *state;
	struct objects *none = NULL;
	char directory[64];
	int dirfd;

	snprintf(directory, sizeof(directory), "%s/" OBJECTS_NAME, p->folder);
	MUST(file_open_directory(p->folder, &dirfd, &fault));
	assert_int_equal(rmdir(directory), 0);
	MUST_FAIL(FAIL_JOURNAL, "objects: No such file",
	    objects_open(dirfd, &none, &fault));
	assert_int_equal(symlink("/tmp", directory), 0);
	MUST_FAIL(FAIL_JOURNAL, "objects: Not a directory",
	    objects_open(dirfd, &none, &fault));
	assert_null(none);
	assert_int_equal(unlink(directory), 0);
	close(dirfd);
}

static void
room_is_proved(void **state)
{
	struct place *p = *state;

	MUST(objects_check_room(p->objects, 4096, &fault));
	MUST_FAIL(FAIL_SYSTEM, "objects: no room for",
	    objects_check_room(p->objects, (size_t)1 << 60, &fault));
}

static int
collect(void *context, const char *name, struct fail *fail)
{
	(void)fail;
	buf_printf(context, "%.4s ", name);
	return 0;
}

static int
stop(void *context, const char *name, struct fail *fail)
{
	(void)name;
	++*(int *)context;
	return fail_with(fail, FAIL_INPUT, "stopped");
}

static void
all_are_met_in_order(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf names = { 0 };
	struct digest digest;
	int calls = 0;

	put_abc(p);
	MUST(objects_put(p->objects, bytes_of(NULL, 0), &digest, &fault));
	MUST(objects_put(p->objects, bytes_text("a"), &digest, &fault));
	MUST(objects_each(p->objects, collect, &names, &fault));
	assert_string_equal(buf_cstr(&names), "ba78 ca97 e3b0 ");
	MUST_FAIL(FAIL_INPUT, "stopped",
	    objects_each(p->objects, stop, &calls, &fault));
	assert_int_equal(calls, 1);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(is_kept_by_its_digest),
		IN_PLACE(empty_one_is_one),
		IN_PLACE(missing_one_is_named),
		IN_PLACE(every_change_is_seen),
		IN_PLACE(what_is_no_file_is_refused),
		IN_PLACE(directory_that_is_gone_is_named),
		IN_PLACE(room_is_proved),
		IN_PLACE(all_are_met_in_order),
	};

	return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
