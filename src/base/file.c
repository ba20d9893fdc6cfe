/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anchorite/base/auto.h>

#define NEW_NAME_SIZE 32

static int
read_all(int fd, const char *name, size_t max, struct buf *out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf content = { 0 };
	uint8_t part[16384];
	ssize_t len;

	while ((len = read(fd, part, sizeof(part))) != 0) {
		if (len == -1 && errno == EINTR)
			continue;
		if (len == -1)
			return fail_errno(fail, "%s", name);
		buf_append(&content, part, (size_t)len);
		if (content.len > max)
			return fail_with(fail, FAIL_INPUT,
			    "%s: larger than %zu bytes", name, max);
	}
	buf_put(out, buf_bytes(&content));
	return 0;
}

int
file_load_at(int dirfd, const char *name, size_t max, struct buf *out,
    struct fail *fail)
{
	AUTO(auto_close) int fd = -1;
	struct stat status;

	/* Not to hang on a pipe that somebody has put there. */
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		(void)fail_errno(fail, "%s", name);
		fail->kind = FAIL_INPUT;
		return -1;
	}
	if (fstat(fd, &status) == -1)
		return fail_errno(fail, "%s", name);
	if (!S_ISREG(status.st_mode))
		return fail_with(fail, FAIL_INPUT, "%s: not a regular file",
		    name);
	return read_all(fd, name, max, out, fail);
}

int
file_load(const char *path, size_t max, struct buf *out, struct fail *fail)
{
	return file_load_at(AT_FDCWD, path, max, out, fail);
}

static int
write_all(int fd, struct bytes content)
{
	ssize_t done;

	while (content.len > 0) {
		done = write(fd, content.data, content.len);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return -1;
		content.data += done;
		content.len -= (size_t)done;
	}
	return 0;
}

/*
 * A new file: made under a name that no other process picks, and that
 * none which died has left behind.
 */
static int
new_open(int dirfd, char name[NEW_NAME_SIZE])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -1;
	snprintf(name, NEW_NAME_SIZE, ".new.%016" PRIx64, number);
	return openat(dirfd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/*
 * A file without a name, where the file system has such: then nothing is
 * left by a crash. Else one with a temporary name; "" for the first.
 */
static int
new_nameless(int dirfd, char name[NEW_NAME_SIZE])
{
	/* What names it goes by way of /proc. */
	int fd = access("/proc/self/fd", X_OK) == -1 ? -1 : openat(dirfd, ".",
	    O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	name[0] = '\0';
	return fd != -1 ? fd : new_open(dirfd, name);
}

/* Gives it its name; an existing one is never replaced, also on NFS, which
 * lacks the flag. */
static int
new_name(int dirfd, int fd, const char *from, const char *to)
{
	char path[64];

	if (from[0] == '\0') {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		return linkat(AT_FDCWD, path, dirfd, to, AT_SYMLINK_FOLLOW);
	}
	if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL || linkat(dirfd, from, dirfd, to, 0) == -1)
		return -1;
	(void)unlinkat(dirfd, from, 0);
	return 0;
}

/* A file to be written; `path` is what a sentence calls it. */
struct new_file {
	int dirfd;
	const char *name, *path;
	mode_t mode;
	bool is_lazy;
};

static int
new_fill(const struct new_file *file, int fd, struct bytes content)
{
	/* The umask does not count: who may read it is for the caller. */
	if (write_all(fd, content) == -1 || fchmod(fd, file->mode) == -1)
		return -1;
	return file->is_lazy ? 0 : fsync(fd);
}

static int
new_fail(const struct new_file *file, struct fail *fail)
{
	if (errno == EEXIST)
		return fail_with(fail, FAIL_REFUSED, "%s: exists already",
		    file->path);
	return fail_errno(fail, "%s", file->path);
}

static int
new_write(const struct new_file *file, struct bytes content,
    struct fail *fail)
{
	AUTO(auto_close) int fd = -1;
	char temporary[NEW_NAME_SIZE];

	if (file_is_there_at(file->dirfd, file->name)) {
		errno = EEXIST;
		return new_fail(file, fail);
	}
	fd = new_nameless(file->dirfd, temporary);
	if (fd == -1)
		return fail_errno(fail, "%s", file->path);
	if (new_fill(file, fd, content) == -1 ||
	    new_name(file->dirfd, fd, temporary, file->name) == -1) {
		(void)new_fail(file, fail);
		if (temporary[0] != '\0')
			(void)unlinkat(file->dirfd, temporary, 0);
		return -1;
	}
	if (!file->is_lazy && fsync(file->dirfd) == -1) {
		(void)fail_errno(fail, "%s", file->path);
		(void)unlinkat(file->dirfd, file->name, 0);
		return -1;
	}
	return 0;
}

int
file_write_at(int dirfd, const char *name, struct bytes content,
    mode_t mode, struct fail *fail)
{
	const struct new_file file = { dirfd, name, name, mode, false };

	return new_write(&file, content, fail);
}

int
file_write_lazy_at(int dirfd, const char *name, struct bytes content,
    mode_t mode, struct fail *fail)
{
	const struct new_file file = { dirfd, name, name, mode, true };

	return new_write(&file, content, fail);
}

int
file_write(const char *path, struct bytes content, mode_t mode,
    struct fail *fail)
{
	AUTO(auto_free) char *parent = file_parent(path);
	const char *slash = strrchr(path, '/');
	struct new_file file = { .path = path, .mode = mode };
	AUTO(auto_close) int dirfd = -1;

	if (file_open_directory(parent, &dirfd, fail) == -1)
		return -1;
	file.dirfd = dirfd;
	file.name = slash != NULL ? slash + 1 : path;
	return new_write(&file, content, fail);
}

int
file_sync_all(int fd, struct fail *fail)
{
	if (syncfs(fd) == -1)
		return fail_errno(fail, "sync");
	return 0;
}

/* Makes a directory's entries last. */
static int
sync_directory(const char *path, struct fail *fail)
{
	AUTO(auto_close) int fd = -1;

	if (file_open_directory(path, &fd, fail) == -1)
		return -1;
	if (fsync(fd) == -1)
		return fail_errno(fail, "%s", path);
	return 0;
}

int
file_rename(const char *from, const char *to, struct fail *fail)
{
	AUTO(auto_free) char *from_parent = file_parent(from);
	AUTO(auto_free) char *to_parent = file_parent(to);

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == -1) {
		if (errno == EEXIST)
			return fail_with(fail, FAIL_REFUSED,
			    "%s: exists already", to);
		return fail_errno(fail, "%s", to);
	}
	if (sync_directory(to_parent, fail) == -1)
		return -1;
	return sync_directory(from_parent, fail);
}

int
file_make_directory(const char *path, struct fail *fail)
{
	AUTO(auto_free) char *parent = file_parent(path);

	if (mkdir(path, 0700) == 0)
		return sync_directory(parent, fail);
	if (errno == EEXIST)
		return fail_with(fail, FAIL_REFUSED, "%s: exists already",
		    path);
	return fail_errno(fail, "%s", path);
}

int
file_open_directory(const char *path, int *fd_out, struct fail *fail)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = errno;

	if (fd == -1) {
		(void)fail_errno(fail, "%s", path);
		if (error == ENOENT || error == ENOTDIR)
			fail->kind = FAIL_INPUT;
		return -1;
	}
	*fd_out = fd;
	return 0;
}

int
file_lock(int fd, const char *what, struct fail *fail)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return fail_with(fail, FAIL_SYSTEM,
		    "%s: in use by another process", what);
	return fail_errno(fail, "%s", what);
}

int
file_check_room(int dirfd, const char *what, size_t len, struct fail *fail)
{
	AUTO(auto_close) int fd = -1;
	char name[NEW_NAME_SIZE];
	int error;

	/* Nameless before it is filled. */
	fd = new_nameless(dirfd, name);
	if (fd == -1 || (name[0] != '\0' && unlinkat(dirfd, name, 0) == -1))
		return fail_errno(fail, "%s: cannot be written", what);
	do
		error = posix_fallocate(fd, 0, len == 0 ? 1 : (off_t)len);
	while (error == EINTR);
	if (error == 0)
		return 0;
	errno = error;
	return fail_errno(fail, "%s: no room for %zu kB", what,
	    (len + 1023) / 1024);
}

int
file_check_absent(const char *path, struct fail *fail)
{
	if (file_is_there_at(AT_FDCWD, path))
		return fail_with(fail, FAIL_REFUSED, "%s: exists already",
		    path);
	return 0;
}

bool
file_is_there_at(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted; owned. */
struct names {
	char **items;
	size_t count, room;
};

static void
names_release(struct names *names)
{
	for (size_t n = 0; n < names->count; n++)
		free(names->items[n]);
	free(names->items);
}

static void
close_directory(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

static int
names_read(int dirfd, struct names *out, struct fail *fail)
{
	AUTO(close_directory) DIR *directory = NULL;
	AUTO(auto_close) int fd = -1;
	const struct dirent *entry;

	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (directory = fdopendir(fd)) == NULL)
		return fail_errno(fail, "directory");
	fd = -1;	/* the stream closes it */
	for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (out->count == out->room) {
			out->room = 2 * out->room + 16;
			out->items = mem_grow(out->items, out->room,
			    sizeof(*out->items));
		}
		out->items[out->count++] = mem_text(entry->d_name);
	}
	if (errno != 0)
		return fail_errno(fail, "directory");
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items),
		    name_compare);
	return 0;
}

int
file_each(int dirfd, int (*each)(void *, const char *, struct fail *),
    void *context, struct fail *fail)
{
	AUTO(names_release) struct names names = { 0 };

	if (names_read(dirfd, &names, fail) == -1)
		return -1;
	for (size_t n = 0; n < names.count; n++)
		if (each(context, names.items[n], fail) == -1)
			return -1;
	return 0;
}

char *
file_path(const char *dir, const char *name)
{
	AUTO(buf_release) struct buf path = { 0 };

	if (name[0] == '/')
		return mem_text(name);
	buf_printf(&path, "%s/%s", dir, name);
	return mem_text(buf_cstr(&path));
}

char *
file_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent;

	if (slash == NULL)
		return mem_text(".");
	if (slash == path)
		return mem_text("/");
	parent = mem_text(path);
	parent[slash - path] = '\0';
	return parent;
}
