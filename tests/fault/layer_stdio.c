/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writes of glibc's stdio go around any layer, so its calls are taken in
 * their place, where they write: fflush, fclose and fseek with something in
 * the buffer, fwrite where that is full. fputs, fprintf and their kin are
 * not: here they only print.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer.h"

#define FOPEN(call) \
	FILE * \
	call(const char *path, const char *mode) \
	{ \
		FILE *(*next)(const char *, const char *); \
		struct verdict verdict = strpbrk(mode, "wa+") != NULL ? \
		    judge_path("fopen", AT_FDCWD, path) : as_it_is; \
		FILE *file; \
		*(void **)&next = behind(#call); \
		if (verdict.error != 0) { \
			errno = verdict.error; \
			return NULL; \
		} \
		file = next(path, mode); \
		if (verdict.is_last) \
			die(); \
		return file; \
	}
FOPEN(fopen)
FOPEN(fopen64)

/*
 * Lets half of what a stream holds reach its file, or nothing, as the
 * verdict says: what is written whole is cut to half again.
 */
static void
drain(FILE *file, const struct verdict *verdict)
{
	int (*flush)(FILE *), fd = fileno(file);
	off_t half = (off_t)__fpending(file) / 2;

	if (!verdict->is_half) {
		__fpurge(file);
		return;
	}
	*(void **)&flush = behind("fflush");
	if (flush(file) == 0)
		(void)!syscall(SYS_ftruncate, fd,
		    lseek(fd, 0, SEEK_CUR) - half);
}

/* May the stream's buffer be written? If not, errno says why. */
static bool
passes(const char *call, FILE *file, size_t more, bool *last_out)
{
	int fd = fileno(file);
	struct verdict verdict;

	*last_out = false;
	if (fd == -1 || !fd_counts(fd) || __fpending(file) + more == 0)
		return true;
	verdict = judge(call, fd, NULL);
	if (verdict.error == 0 && !verdict.is_half) {
		*last_out = verdict.is_last;
		return true;
	}
	drain(file, &verdict);
	if (verdict.is_last)
		die();
	errno = verdict.error;
	return false;
}

int
fflush(FILE *file)
{
	int (*next)(FILE *), result;
	bool is_last = false;

	*(void **)&next = behind("fflush");
	if (file != NULL && !passes("fflush", file, 0, &is_last))
		return EOF;
	result = next(file);
	if (is_last)
		die();
	return result;
}

int
fclose(FILE *file)
{
	int (*next)(FILE *), result, error;
	bool is_last, is_well = passes("fclose", file, 0, &is_last);

	*(void **)&next = behind("fclose");
	error = errno;
	result = next(file);
	if (is_last)
		die();
	if (is_well)
		return result;
	errno = error;
	return EOF;
}

int
fseek(FILE *file, long offset, int whence)
{
	int (*next)(FILE *, long, int), result;
	bool is_last;

	*(void **)&next = behind("fseek");
	if (!passes("fseek", file, 0, &is_last))
		return -1;
	result = next(file, offset, whence);
	if (is_last)
		die();
	return result;
}

size_t
fwrite(const void *data, size_t size, size_t count, FILE *file)
{
	size_t (*next)(const void *, size_t, size_t, FILE *), result;
	size_t room = __fbufsize(file) - __fpending(file);
	bool is_last = false;

	*(void **)&next = behind("fwrite");
	/* Before its first write a stream has no buffer, but will have. */
	if (__fbufsize(file) > 0 && size * count > room &&
	    !passes("fwrite", file, size * count, &is_last))
		return 0;
	result = next(data, size, count, file);
	if (is_last)
		die();
	return result;
}
