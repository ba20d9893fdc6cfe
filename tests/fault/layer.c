/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer between a program and its files (LD_PRELOAD), which counts the
 * calls that change files or make them last, and does what two variables
 * say at one of them. Calls on terminals, pipes, devices, stdout and stderr
 * do not count, nor does a file opened for reading.
 *
 * LAYER_KILL=N kills the process at the Nth call, before it is made;
 * N:after once it is made; N:torn when half of a write is done (at any
 * other call: before).
 *
 * LAYER_ERROR=N:EIO fails that call, unmade; N:ENOSPC, too; N:short makes
 * half of a write and says so (through stdio: and fails, since stdio itself
 * goes on where a write was short), and fails any other call with ENOSPC.
 *
 * LAYER_TRACE=FILE appends a line for each call: its name, and its file.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "layer.h"

#define WRITES(flags) \
	(((flags) & O_ACCMODE) != O_RDONLY || ((flags) & (O_CREAT | O_TRUNC)))

const struct verdict as_it_is;
static unsigned long calls;

void *
behind(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

void
die(void)
{
	syscall(SYS_kill, getpid(), SIGKILL);
}

static void
trace(const char *call, int fd, const char *path)
{
	const char *to = getenv("LAYER_TRACE");
	char link[64], file[PATH_MAX] = "", line[PATH_MAX + 64];
	int out, len;

	if (to == NULL)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fd >= 0)
		len = (int)readlink(link, file, sizeof(file) - 1);
	len = snprintf(line, sizeof(line), "%s %s%s%s\n", call, file,
	    path != NULL && fd >= 0 ? "/" : "", path != NULL ? path : "");
	out = (int)syscall(SYS_openat, AT_FDCWD, to,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (out == -1 || syscall(SYS_write, out, line, (size_t)len) != len)
		abort();
	syscall(SYS_close, out);
}

/* What a rule N:WHAT says of this call; NULL: nothing. */
static const char *
rule(const char *variable)
{
	const char *text = getenv(variable);
	char *rest;

	if (text == NULL || strtoul(text, &rest, 10) != calls)
		return NULL;
	return *rest == ':' ? rest + 1 : "";
}

struct verdict
judge(const char *call, int fd, const char *path)
{
	struct verdict verdict = as_it_is;
	int error = errno;
	const char *what;

	calls++;
	trace(call, fd, path);
	what = rule("LAYER_KILL");
	if (what != NULL) {
		verdict.is_last = true;
		verdict.is_half = strcmp(what, "torn") == 0;
		if (!verdict.is_half && strcmp(what, "after") != 0)
			die();
	}
	what = rule("LAYER_ERROR");
	if (what != NULL) {
		verdict.is_half = strcmp(what, "short") == 0;
		verdict.error = strcmp(what, "EIO") == 0 ? EIO : ENOSPC;
	}
	errno = error;
	return verdict;
}

/* Of a call that cannot be done by halves. */
static struct verdict
judge_whole(const char *call, int fd, const char *path)
{
	struct verdict verdict = judge(call, fd, path);

	if (verdict.is_last && verdict.is_half)
		die();
	return verdict;
}

static bool
is_file(const struct stat *status)
{
	return S_ISREG(status->st_mode) || S_ISDIR(status->st_mode) ||
	    S_ISLNK(status->st_mode);
}

bool
fd_counts(int fd)
{
	int error = errno;
	struct stat status;
	bool counts = fd != STDOUT_FILENO && fd != STDERR_FILENO &&
	    fstat(fd, &status) == 0 && is_file(&status);

	errno = error;
	return counts;
}

static bool
path_counts(int dirfd, const char *path)
{
	int error = errno;
	struct stat status;
	bool counts = fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) ==
	    -1 || is_file(&status);

	errno = error;
	return counts;
}

static struct verdict
judge_fd(const char *call, int fd)
{
	return fd_counts(fd) ? judge_whole(call, fd, NULL) : as_it_is;
}

struct verdict
judge_path(const char *call, int dirfd, const char *path)
{
	return path_counts(dirfd, path) ? judge_whole(call,
	    path[0] == '/' ? -1 : dirfd, path) : as_it_is;
}

/* --- calls that return 0 or -1 ------------------------------------------- */

#define FORWARD(call, verdict_of, parameters, arguments) \
	int \
	call parameters \
	{ \
		int (*next) parameters; \
		struct verdict verdict = verdict_of; \
		int result; \
		*(void **)&next = behind(#call); \
		if (verdict.error != 0) { \
			errno = verdict.error; \
			return -1; \
		} \
		result = next arguments; \
		if (verdict.is_last) \
			die(); \
		return result; \
	}

FORWARD(fsync, judge_fd("fsync", a), (int a), (a))
FORWARD(fdatasync, judge_fd("fdatasync", a), (int a), (a))
FORWARD(syncfs, judge_fd("syncfs", a), (int a), (a))
FORWARD(fchmod, judge_fd("fchmod", a), (int a, mode_t b), (a, b))
FORWARD(ftruncate, judge_fd("ftruncate", a), (int a, off_t b), (a, b))
FORWARD(ftruncate64, judge_fd("ftruncate", a), (int a, off64_t b), (a, b))
FORWARD(fallocate, judge_fd("fallocate", a),
    (int a, int b, off_t c, off_t d), (a, b, c, d))
FORWARD(fallocate64, judge_fd("fallocate", a),
    (int a, int b, off64_t c, off64_t d), (a, b, c, d))
FORWARD(chmod, judge_path("chmod", AT_FDCWD, a),
    (const char *a, mode_t b), (a, b))
FORWARD(fchmodat, judge_path("fchmodat", a, b),
    (int a, const char *b, mode_t c, int d), (a, b, c, d))
FORWARD(truncate, judge_path("truncate", AT_FDCWD, a),
    (const char *a, off_t b), (a, b))
FORWARD(truncate64, judge_path("truncate", AT_FDCWD, a),
    (const char *a, off64_t b), (a, b))
FORWARD(mkdir, judge_path("mkdir", AT_FDCWD, a),
    (const char *a, mode_t b), (a, b))
FORWARD(mkdirat, judge_path("mkdirat", a, b),
    (int a, const char *b, mode_t c), (a, b, c))
FORWARD(rmdir, judge_path("rmdir", AT_FDCWD, a), (const char *a), (a))
FORWARD(remove, judge_path("remove", AT_FDCWD, a), (const char *a), (a))
FORWARD(unlink, judge_path("unlink", AT_FDCWD, a), (const char *a), (a))
FORWARD(unlinkat, judge_path("unlinkat", a, b),
    (int a, const char *b, int c), (a, b, c))
FORWARD(rename, judge_path("rename", AT_FDCWD, a),
    (const char *a, const char *b), (a, b))
FORWARD(renameat, judge_path("renameat", a, b),
    (int a, const char *b, int c, const char *d), (a, b, c, d))
FORWARD(renameat2, judge_path("renameat2", a, b),
    (int a, const char *b, int c, const char *d, unsigned e),
    (a, b, c, d, e))
FORWARD(link, judge_path("link", AT_FDCWD, a),
    (const char *a, const char *b), (a, b))
FORWARD(linkat, judge_path("linkat", a, b),
    (int a, const char *b, int c, const char *d, int e), (a, b, c, d, e))
FORWARD(symlink, judge_path("symlink", AT_FDCWD, b),
    (const char *a, const char *b), (a, b))
FORWARD(symlinkat, judge_path("symlinkat", b, c),
    (const char *a, int b, const char *c), (a, b, c))

/* This one returns the error. */
#define ALLOCATE(call, offset) \
	int \
	call(int fd, offset from, offset len) \
	{ \
		int (*next)(int, offset, offset); \
		struct verdict verdict = judge_fd(#call, fd); \
		int result; \
		*(void **)&next = behind(#call); \
		if (verdict.error != 0) \
			return verdict.error; \
		result = next(fd, from, len); \
		if (verdict.is_last) \
			die(); \
		return result; \
	}
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)

/* --- open ----------------------------------------------------------------- */

static int
open_as(int dirfd, const char *path, int flags, mode_t mode)
{
	struct verdict verdict = WRITES(flags) ?
	    judge_path("openat", dirfd, path) : as_it_is;
	int fd;

	if (verdict.error != 0) {
		errno = verdict.error;
		return -1;
	}
	fd = (int)syscall(SYS_openat, dirfd, path, flags, mode);
	if (verdict.is_last)
		die();
	return fd;
}

#define OPEN(call, dirfd, parameters, path, flags) \
	int \
	call parameters \
	{ \
		mode_t mode = 0; \
		va_list more; \
		va_start(more, flags); \
		if (((flags) & O_CREAT) != 0 || \
		    ((flags) & O_TMPFILE) == O_TMPFILE) \
			mode = va_arg(more, mode_t); \
		va_end(more); \
		return open_as(dirfd, path, flags, mode); \
	}
OPEN(open, AT_FDCWD, (const char *a, int b, ...), a, b)
OPEN(open64, AT_FDCWD, (const char *a, int b, ...), a, b)
OPEN(openat, a, (int a, const char *b, int c, ...), b, c)
OPEN(openat64, a, (int a, const char *b, int c, ...), b, c)

/* What fortified code calls, which never creates. */
int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);

int
__open_2(const char *path, int flags)
{
	return open_as(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open_as(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int dirfd, const char *path, int flags)
{
	return open_as(dirfd, path, flags, 0);
}

int
__openat64_2(int dirfd, const char *path, int flags)
{
	return open_as(dirfd, path, flags, 0);
}

int
creat(const char *path, mode_t mode)
{
	return open_as(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int
creat64(const char *path, mode_t mode)
{
	return creat(path, mode);
}

/* --- writes --------------------------------------------------------------- */

/* How much of `len` to write, or -1 with errno set; dies behind `done`. */
static ssize_t
share_of(const struct verdict *verdict, size_t len)
{
	if (verdict->is_half)
		return (ssize_t)(len / 2);
	if (verdict->error == 0)
		return (ssize_t)len;
	errno = verdict->error;
	return -1;
}

static ssize_t
end(const struct verdict *verdict, ssize_t done)
{
	if (verdict->is_last)
		die();
	return done;
}

static struct verdict
judge_write(const char *call, int fd)
{
	return fd_counts(fd) ? judge(call, fd, NULL) : as_it_is;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	struct verdict verdict = judge_write("write", fd);
	ssize_t part = share_of(&verdict, len);

	return part == -1 ? -1 : end(&verdict,
	    syscall(SYS_write, fd, data, (size_t)part));
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	struct verdict verdict = judge_write("pwrite", fd);
	ssize_t part = share_of(&verdict, len);

	return part == -1 ? -1 : end(&verdict,
	    syscall(SYS_pwrite64, fd, data, (size_t)part, at));
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	return pwrite(fd, data, len, at);
}

/* Half of it is its first half of buffers. */
ssize_t
writev(int fd, const struct iovec *list, int count)
{
	struct verdict verdict = judge_write("writev", fd);
	ssize_t part = share_of(&verdict, (size_t)count);

	return part == -1 ? -1 : end(&verdict,
	    syscall(SYS_writev, fd, list, part));
}

ssize_t
sendfile(int to, int from, off_t *at, size_t len)
{
	struct verdict verdict = judge_write("sendfile", to);
	ssize_t part = share_of(&verdict, len);

	return part == -1 ? -1 : end(&verdict,
	    syscall(SYS_sendfile, to, from, at, (size_t)part));
}

ssize_t
sendfile64(int to, int from, off64_t *at, size_t len)
{
	return sendfile(to, from, at, len);
}

ssize_t
copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at,
    size_t len, unsigned flags)
{
	struct verdict verdict = judge_write("copy_file_range", to);
	ssize_t part = share_of(&verdict, len);

	return part == -1 ? -1 : end(&verdict,
	    syscall(SYS_copy_file_range, from, from_at, to, to_at,
		(size_t)part, flags));
}
