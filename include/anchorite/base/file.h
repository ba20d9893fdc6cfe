/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_FILE_H
#define ANCHORITE_BASE_FILE_H

#include <sys/types.h>

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * Reads a whole regular file of at most `max` bytes. A larger one is
 * FAIL_INPUT ("larger than N bytes"), as is anything but a regular file; a
 * file that cannot be opened is FAIL_INPUT too, with errno's words.
 * Sentences begin with the path.
 */
MUST_USE int file_load(const char *path, size_t max, struct buf *out,
    struct fail *fail);

/* The same, for a name within an open directory. */
MUST_USE int file_load_at(int dirfd, const char *name, size_t max,
    struct buf *out, struct fail *fail);

/*
 * Writes a new file and makes it last: without a name (O_TMPFILE; else
 * under a temporary one beside it), fsync, a name that replaces nothing,
 * fsync of the directory.
 * An existing name is FAIL_REFUSED "PATH: exists already". After a failure
 * neither name is there.
 */
MUST_USE int file_write(const char *path, struct bytes content, mode_t mode,
    struct fail *fail);
MUST_USE int file_write_at(int dirfd, const char *name, struct bytes content,
    mode_t mode, struct fail *fail);

/*
 * As file_write_at without the two fsyncs: for many files at once, made to
 * last together by file_sync_all before anything refers to them.
 */
MUST_USE int file_write_lazy_at(int dirfd, const char *name,
    struct bytes content, mode_t mode, struct fail *fail);

/* syncfs(2) on the file system that holds the open file. */
MUST_USE int file_sync_all(int fd, struct fail *fail);

/* Renames within a directory or between two, never replacing; syncs both. */
MUST_USE int file_rename(const char *from, const char *to,
    struct fail *fail);

/* Makes one directory, mode 0700, synced; existing: FAIL_REFUSED. */
MUST_USE int file_make_directory(const char *path, struct fail *fail);

/* Opens a directory for the _at calls; -1 and the sentence on failure. */
MUST_USE int file_open_directory(const char *path, int *fd_out,
    struct fail *fail);

/* Takes the exclusive flock without waiting; busy is FAIL_SYSTEM
 * "WHAT: in use by another process". */
MUST_USE int file_lock(int fd, const char *what, struct fail *fail);

/*
 * Proves that `len` bytes can be written in the directory, now: allocates
 * them in a nameless or at once removed file. Covers full disks, quotas,
 * file size limits and read-only mounts. FAIL_SYSTEM.
 */
MUST_USE int file_check_room(int dirfd, const char *what, size_t len,
    struct fail *fail);

/* FAIL_REFUSED "PATH: exists already": for asking early. */
MUST_USE int file_check_absent(const char *path, struct fail *fail);

bool file_is_there_at(int dirfd, const char *name);

/* Calls `each` for every name in the directory but . and .., sorted. */
MUST_USE int file_each(int dirfd, int (*each)(void *context,
    const char *name, struct fail *fail), void *context, struct fail *fail);

/* Copies a directory tree of regular files and directories, synced; modes
 * are kept, `to` must not exist. Links and devices are FAIL_INPUT. */
MUST_USE int file_copy_tree(const char *from, const char *to,
    struct fail *fail);

/* Do two trees hold the same names with the same bytes? */
MUST_USE int file_compare_tree(const char *a, const char *b, bool *same_out,
    struct fail *fail);

/* Removes a directory tree; one that is not there is success. */
MUST_USE int file_remove_tree(const char *path, struct fail *fail);

/* "dir/name", or `name` where it is absolute; the caller frees it. */
char *file_path(const char *dir, const char *name);

/* The directory part of a path ("." where there is none); caller frees. */
char *file_parent(const char *path);

#endif
