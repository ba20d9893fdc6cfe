/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anchorite/base/auto.h>

#define FILE_MAX   (64 * 1024 * 1024)
#define DEPTH_MAX  16
#define TREE_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

/* A copy under way: from one open directory into another. */
struct copy {
	int from, to, depth;
};

static int copy_name(void *context, const char *name, struct fail *fail);

static int
copy_directory(const struct copy *copy, const char *name, mode_t mode,
    struct fail *fail)
{
	AUTO(auto_close) int from = -1;
	AUTO(auto_close) int to = -1;
	struct copy below;

	if (copy->depth == DEPTH_MAX)
		return fail_with(fail, FAIL_INPUT, "%s: too deep", name);
	if (mkdirat(copy->to, name, 0700) == -1 ||
	    (from = openat(copy->from, name, TREE_FLAGS)) == -1 ||
	    (to = openat(copy->to, name, TREE_FLAGS)) == -1)
		return fail_errno(fail, "%s", name);
	below = (struct copy){ from, to, copy->depth + 1 };
	if (file_each(from, copy_name, &below, fail) == -1)
		return fail_in(fail, "%s", name);
	if (fchmod(to, mode) == -1)
		return fail_errno(fail, "%s", name);
	return 0;
}

static int
copy_name(void *context, const char *name, struct fail *fail)
{
	const struct copy *copy = context;
	AUTO(buf_release) struct buf content = { 0 };
	struct stat status;

	if (fstatat(copy->from, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return fail_errno(fail, "%s", name);
	if (S_ISDIR(status.st_mode))
		return copy_directory(copy, name, status.st_mode & 0777, fail);
	if (!S_ISREG(status.st_mode))
		return fail_with(fail, FAIL_INPUT,
		    "%s: neither a regular file nor a directory", name);
	if (file_load_at(copy->from, name, FILE_MAX, &content, fail) == -1)
		return -1;
	return file_write_lazy_at(copy->to, name, buf_bytes(&content),
	    status.st_mode & 0777, fail);
}

int
file_copy_tree(const char *from, const char *to, struct fail *fail)
{
	AUTO(auto_close) int source = -1;
	AUTO(auto_close) int target = -1;
	struct stat status;
	struct copy copy;

	if (file_open_directory(from, &source, fail) == -1 ||
	    file_make_directory(to, fail) == -1 ||
	    file_open_directory(to, &target, fail) == -1)
		return -1;
	copy = (struct copy){ source, target, 0 };
	if (file_each(source, copy_name, &copy, fail) == -1)
		return fail_in(fail, "copy of %s to %s", from, to);
	if (fstat(source, &status) == -1)
		return fail_errno(fail, "%s", from);
	if (fchmod(target, status.st_mode & 0777) == -1)
		return fail_errno(fail, "%s", to);
	return file_sync_all(target, fail);
}

/* A comparison under way: every name of `a` must be the same in `b`. */
struct comparison {
	int a, b;
	size_t count;
	bool is_same;
};

static int
count_name(void *context, const char *name, struct fail *fail)
{
	(void)name;
	(void)fail;
	++*(size_t *)context;
	return 0;
}

static int compare_directories(int a, int b, bool *same_out,
    struct fail *fail);

static int
compare_name(void *context, const char *name, struct fail *fail)
{
	struct comparison *comparison = context;
	AUTO(buf_release) struct buf a = { 0 };
	AUTO(buf_release) struct buf b = { 0 };
	AUTO(auto_close) int below_a = -1;
	AUTO(auto_close) int below_b = -1;

	comparison->count++;
	if (!comparison->is_same ||
	    !file_is_there_at(comparison->b, name)) {
		comparison->is_same = false;
		return 0;
	}
	below_a = openat(comparison->a, name, TREE_FLAGS);
	below_b = openat(comparison->b, name, TREE_FLAGS);
	if (below_a != -1 && below_b != -1)
		return compare_directories(below_a, below_b,
		    &comparison->is_same, fail);
	if (below_a != -1 || below_b != -1) {
		comparison->is_same = false;
		return 0;
	}
	if (file_load_at(comparison->a, name, FILE_MAX, &a, fail) == -1 ||
	    file_load_at(comparison->b, name, FILE_MAX, &b, fail) == -1)
		return -1;
	comparison->is_same = bytes_is_equal(buf_bytes(&a), buf_bytes(&b));
	return 0;
}

static int
compare_directories(int a, int b, bool *same_out, struct fail *fail)
{
	struct comparison comparison = { a, b, 0, true };
	size_t count = 0;

	if (file_each(a, compare_name, &comparison, fail) == -1 ||
	    file_each(b, count_name, &count, fail) == -1)
		return -1;
	*same_out = comparison.is_same && count == comparison.count;
	return 0;
}

int
file_compare_tree(const char *a, const char *b, bool *same_out,
    struct fail *fail)
{
	AUTO(auto_close) int fd_a = -1;
	AUTO(auto_close) int fd_b = -1;

	if (file_open_directory(a, &fd_a, fail) == -1 ||
	    file_open_directory(b, &fd_b, fail) == -1)
		return -1;
	return compare_directories(fd_a, fd_b, same_out, fail);
}

static int
remove_name(void *context, const char *name, struct fail *fail)
{
	const int *dirfd = context;
	AUTO(auto_close) int below = -1;

	if (unlinkat(*dirfd, name, 0) == 0)
		return 0;
	if (errno != EISDIR)
		return fail_errno(fail, "%s", name);
	below = openat(*dirfd, name, TREE_FLAGS);
	if (below == -1)
		return fail_errno(fail, "%s", name);
	if (file_each(below, remove_name, &below, fail) == -1)
		return fail_in(fail, "%s", name);
	if (unlinkat(*dirfd, name, AT_REMOVEDIR) == -1)
		return fail_errno(fail, "%s", name);
	return 0;
}

int
file_remove_tree(const char *path, struct fail *fail)
{
	AUTO(auto_close) int dirfd = -1;

	dirfd = open(path, TREE_FLAGS);
	if (dirfd == -1 && errno == ENOENT)
		return 0;
	if (dirfd == -1)
		return fail_errno(fail, "%s", path);
	if (file_each(dirfd, remove_name, &dirfd, fail) == -1)
		return fail_in(fail, "%s", path);
	if (rmdir(path) == -1)
		return fail_errno(fail, "%s", path);
	return 0;
}
