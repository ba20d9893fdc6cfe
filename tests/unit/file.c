/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>

#include "testing.h"

/*
 * The calls that cannot be made to fail from outside stand here in front
 * of the C library's own.
 */
static struct {
	int rename_error, link_error;	/* 0: none */
	bool has_no_nameless;	/* a file system without O_TMPFILE */
	const char *rival;	/* made just before the rename */
	int syncs;		/* how many there were */
	int sync_fails;		/* which of them fails; 0: none */
} faults;

static void
put_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, content, strlen(content)),
	    strlen(content));
	assert_int_equal(close(fd), 0);
}

int
renameat2(int from_fd, const char *from, int to_fd, const char *to,
    unsigned flags)
{
	if (faults.rival != NULL)
		put_file(faults.rival, "rival");
	if (faults.rename_error != 0) {
		errno = faults.rename_error;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

/* What gives a nameless file its name. */
int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (faults.rival != NULL)
		put_file(faults.rival, "rival");
	if (faults.link_error != 0) {
		errno = faults.link_error;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int
openat(int fd, const char *name, int flags, ...)
{
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	if (faults.has_no_nameless && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, fd, name, flags, mode);
}

int
fsync(int fd)
{
	if (++faults.syncs == faults.sync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static int
setup(void **state)
{
	memset(&faults, 0, sizeof(faults));
	return folder_setup(state);
}

static void
want_content(const char *path, const char *content)
{
	AUTO(buf_release) struct buf buf = { 0 };
	struct fail fail = { 0 };

	want_pass(file_load(path, 1000, &buf, &fail), &fail);
	assert_string_equal(buf_cstr(&buf), content);
}

static int
collect(void *context, const char *name, struct fail *fail)
{
	if (strcmp(name, "wrong") == 0)
		return fail_with(fail, FAIL_INPUT, "%s is wrong", name);
	buf_printf(context, "%s ", name);
	return 0;
}

/* The names in the folder, each with a space behind it. */
static void
want_names(const char *names)
{
	AUTO(buf_release) struct buf found = { 0 };
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct fail fail = { 0 };

	want_pass(file_each(dirfd, collect, &found, &fail), &fail);
	assert_string_equal(buf_cstr(&found), names);
}

static void
load_appends_the_whole_file(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct fail fail = { 0 };

	(void)state;
	put_file("a", "12345");
	put_file("empty", "");
	want_pass(file_load("a", 5, &out, &fail), &fail);
	want_pass(file_load("empty", 0, &out, &fail), &fail);
	want_pass(file_load_at(dirfd, "a", 1000, &out, &fail), &fail);
	assert_string_equal(buf_cstr(&out), "1234512345");
}

static void
load_refuses(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };
	struct fail fail = { 0 };

	(void)state;
	put_file("a", "12345");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	want_fail(file_load("a", 4, &out, &fail), &fail, FAIL_INPUT,
	    "a: larger than 4 bytes");
	want_fail(file_load("none", 4, &out, &fail), &fail, FAIL_INPUT,
	    "none: No such file or directory");
	want_fail(file_load(".", 4, &out, &fail), &fail, FAIL_INPUT,
	    ".: not a regular file");
	want_fail(file_load("pipe", 4, &out, &fail), &fail, FAIL_INPUT,
	    "pipe: not a regular file");
	want_fail(file_load("/dev/zero", 4, &out, &fail), &fail, FAIL_INPUT,
	    "/dev/zero: not a regular file");
	assert_int_equal(out.len, 0);
}

static void
write_makes_a_file_that_lasts(void **state)
{
	mode_t before = umask(077);
	struct fail fail = { 0 };
	struct stat status;

	(void)state;
	want_pass(file_write("a", bytes_text("content"), 0644, &fail), &fail);
	umask(before);
	want_content("a", "content");
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(faults.syncs, 2);
	want_names("a ");
	want_pass(file_write("./b", bytes_of(NULL, 0), 0400, &fail), &fail);
	want_content("b", "");
}

static void
lazy_write_does_not_sync(void **state)
{
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct fail fail = { 0 };

	(void)state;
	want_pass(file_write_lazy_at(dirfd, "a", bytes_text("content"), 0400,
	    &fail), &fail);
	assert_int_equal(faults.syncs, 0);
	want_content("a", "content");
	want_names("a ");
	want_pass(file_sync_all(dirfd, &fail), &fail);
	want_fail(file_sync_all(-1, &fail), &fail, FAIL_SYSTEM,
	    "sync: Bad file descriptor");
}

static void
write_never_overwrites(void **state)
{
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct bytes content = bytes_text("new");
	struct fail fail = { 0 };

	(void)state;
	put_file("a", "old");
	assert_int_equal(symlink("nowhere", "link"), 0);
	want_fail(file_write("./a", content, 0600, &fail), &fail,
	    FAIL_REFUSED, "./a: exists already");
	want_fail(file_write_at(dirfd, "a", content, 0600, &fail), &fail,
	    FAIL_REFUSED, "a: exists already");
	want_fail(file_write_lazy_at(dirfd, "a", content, 0600, &fail),
	    &fail, FAIL_REFUSED, "a: exists already");
	want_fail(file_write("link", content, 0600, &fail), &fail,
	    FAIL_REFUSED, "link: exists already");
	want_content("a", "old");
	want_names("a link ");
}

static void
write_loses_a_race(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	faults.rival = "a";
	want_fail(file_write("a", bytes_text("new"), 0600, &fail), &fail,
	    FAIL_REFUSED, "a: exists already");
	want_content("a", "rival");
	want_names("a ");
	faults.has_no_nameless = true;
	faults.rival = "b";
	want_fail(file_write("b", bytes_text("new"), 0600, &fail), &fail,
	    FAIL_REFUSED, "b: exists already");
	want_content("b", "rival");
	want_names("a b ");
}

/* As on NFS, where the flag is not known. */
static void
write_does_without_renameat2(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	faults.has_no_nameless = true;
	faults.rename_error = EINVAL;
	want_pass(file_write("a", bytes_text("new"), 0600, &fail), &fail);
	want_content("a", "new");
	faults.rival = "b";
	want_fail(file_write("b", bytes_text("new"), 0600, &fail), &fail,
	    FAIL_REFUSED, "b: exists already");
	want_content("b", "rival");
	want_names("a b ");
}

static void
a_failed_write_leaves_nothing(void **state)
{
	struct bytes content = bytes_text("new");
	struct fail fail = { 0 };

	(void)state;
	faults.link_error = EACCES;
	want_fail(file_write("a", content, 0600, &fail), &fail, FAIL_SYSTEM,
	    "a: Permission denied");
	want_names("");
	faults.has_no_nameless = true;
	faults.rename_error = EACCES;
	want_fail(file_write("a", content, 0600, &fail), &fail, FAIL_SYSTEM,
	    "a: Permission denied");
	want_names("");
	faults.rename_error = faults.link_error = 0;
	faults.sync_fails = faults.syncs + 1;
	want_fail(file_write("a", content, 0600, &fail), &fail, FAIL_SYSTEM,
	    "a: Input/output error");
	want_names("");
	faults.sync_fails = faults.syncs + 2;
	want_fail(file_write("a", content, 0600, &fail), &fail, FAIL_SYSTEM,
	    "a: Input/output error");
	want_names("");
	want_fail(file_write("none/a", content, 0600, &fail), &fail,
	    FAIL_INPUT, "none: No such file or directory");
	want_fail(file_write("./", content, 0600, &fail), &fail, FAIL_SYSTEM,
	    "./: No such file or directory");
	want_names("");
}

/* Lowers the soft limit, and gives back what it was. */
static rlim_t
limit_files(rlim_t size)
{
	struct rlimit limit;
	rlim_t before;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return before;
}

static void
a_full_disk_leaves_nothing(void **state)
{
	static const uint8_t zeros[8192];
	struct fail fail = { 0 };
	rlim_t before;
	int result;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	before = limit_files(4096);
	result = file_write("a", bytes_of(zeros, sizeof(zeros)), 0600, &fail);
	limit_files(before);
	want_fail(result, &fail, FAIL_SYSTEM, "a: File too large");
	want_names("");
}

static void
room_is_proved(void **state)
{
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct fail fail = { 0 };
	rlim_t before;
	int result;

	(void)state;
	want_pass(file_check_room(dirfd, "store", 100000, &fail), &fail);
	want_pass(file_check_room(dirfd, "store", 0, &fail), &fail);
	(void)signal(SIGXFSZ, SIG_IGN);
	before = limit_files(4096);
	result = file_check_room(dirfd, "store", 4097, &fail);
	limit_files(before);
	want_fail(result, &fail, FAIL_SYSTEM,
	    "store: no room for 5 kB: File too large");
	want_names("");
	assert_int_equal(mkdir("gone", 0700), 0);
	auto_close(&dirfd);
	dirfd = open("gone", O_RDONLY | O_CLOEXEC);
	assert_int_equal(rmdir("gone"), 0);
	want_fail(file_check_room(dirfd, "store", 1, &fail), &fail,
	    FAIL_SYSTEM, "store: cannot be written: "
	    "No such file or directory");
}

static void
rename_never_replaces(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	put_file("a", "new");
	put_file("b", "old");
	want_fail(file_rename("a", "b", &fail), &fail, FAIL_REFUSED,
	    "b: exists already");
	assert_int_equal(mkdir("from", 0700), 0);
	assert_int_equal(mkdir("to", 0700), 0);
	want_fail(file_rename("from", "to", &fail), &fail, FAIL_REFUSED,
	    "to: exists already");
	want_fail(file_rename("none", "c", &fail), &fail, FAIL_SYSTEM,
	    "c: No such file or directory");
	assert_int_equal(faults.syncs, 0);
	want_pass(file_rename("a", "to/a", &fail), &fail);
	assert_int_equal(faults.syncs, 2);
	want_content("to/a", "new");
	want_content("b", "old");
	want_names("b from to ");
	want_pass(file_rename("to", "from/to", &fail), &fail);
	want_content("from/to/a", "new");
}

static void
directories_are_made_and_opened(void **state)
{
	struct fail fail = { 0 };
	struct stat status;
	int fd = -1;

	(void)state;
	want_pass(file_make_directory("a", &fail), &fail);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(faults.syncs, 1);
	want_fail(file_make_directory("a", &fail), &fail, FAIL_REFUSED,
	    "a: exists already");
	want_fail(file_make_directory("none/a", &fail), &fail, FAIL_SYSTEM,
	    "none/a: No such file or directory");
	put_file("b", "");
	want_fail(file_open_directory("b", &fd, &fail), &fail, FAIL_INPUT,
	    "b: Not a directory");
	want_fail(file_open_directory("none", &fd, &fail), &fail, FAIL_INPUT,
	    "none: No such file or directory");
	assert_int_equal(fd, -1);
	want_pass(file_open_directory("a", &fd, &fail), &fail);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	auto_close(&fd);
}

/* In a child: is the lock busy, in the right words? */
static bool
is_busy(const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		struct fail fail = { 0 };

		_exit(file_lock(fd, "journal", &fail) == -1 &&
		    fail.kind == FAIL_SYSTEM && strcmp(fail.sentence,
		    "journal: in use by another process") == 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 1;
}

static void
lock_keeps_others_out(void **state)
{
	AUTO(auto_close) int fd = -1;
	struct fail fail = { 0 };

	(void)state;
	put_file("a", "");
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_false(is_busy("a"));
	want_pass(file_lock(fd, "journal", &fail), &fail);
	assert_true(is_busy("a"));
	auto_close(&fd);
	assert_false(is_busy("a"));
	want_fail(file_lock(-1, "journal", &fail), &fail, FAIL_SYSTEM,
	    "journal: Bad file descriptor");
}

static void
absence_is_checked_without_following(void **state)
{
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_true(file_is_there_at(dirfd, "link"));
	assert_false(file_is_there_at(dirfd, "nowhere"));
	want_pass(file_check_absent("nowhere", &fail), &fail);
	want_fail(file_check_absent("link", &fail), &fail, FAIL_REFUSED,
	    "link: exists already");
}

static void
each_name_comes_sorted(void **state)
{
	AUTO(buf_release) struct buf found = { 0 };
	AUTO(auto_close) int dirfd = open(".", O_RDONLY | O_CLOEXEC);
	struct fail fail = { 0 };

	(void)state;
	put_file("b", "");
	put_file("a", "");
	put_file(".c", "");
	want_names(".c a b ");
	want_names(".c a b ");
	put_file("wrong", "");
	put_file("x", "");
	want_fail(file_each(dirfd, collect, &found, &fail), &fail,
	    FAIL_INPUT, "wrong is wrong");
	assert_string_equal(buf_cstr(&found), ".c a b ");
	want_fail(file_each(-1, collect, &found, &fail), &fail, FAIL_SYSTEM,
	    "directory: Bad file descriptor");
}

static void
paths_are_joined_and_parted(void **state)
{
	static const char *const joined[][3] = {
		{ "dir", "name", "dir/name" },
		{ "dir", "/name", "/name" },
	};
	static const char *const parents[][2] = {
		{ "name", "." },
		{ "dir/name", "dir" },
		{ "/name", "/" },
		{ "/", "/" },
		{ "/dir/below/name", "/dir/below" },
		{ "dir/", "dir" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(joined); n++) {
		AUTO(auto_free) char *path = file_path(joined[n][0],
		    joined[n][1]);

		assert_string_equal(path, joined[n][2]);
	}
	for (size_t n = 0; n < COUNT(parents); n++) {
		AUTO(auto_free) char *parent = file_parent(parents[n][0]);

		assert_string_equal(parent, parents[n][1]);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, folder_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(load_appends_the_whole_file),
		TEST(load_refuses),
		TEST(write_makes_a_file_that_lasts),
		TEST(lazy_write_does_not_sync),
		TEST(write_never_overwrites),
		TEST(write_loses_a_race),
		TEST(write_does_without_renameat2),
		TEST(a_failed_write_leaves_nothing),
		TEST(a_full_disk_leaves_nothing),
		TEST(room_is_proved),
		TEST(rename_never_replaces),
		TEST(directories_are_made_and_opened),
		TEST(lock_keeps_others_out),
		TEST(absence_is_checked_without_following),
		TEST(each_name_comes_sorted),
		TEST(paths_are_joined_and_parted),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
