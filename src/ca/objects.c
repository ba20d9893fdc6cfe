/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/objects.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>

struct objects {
	int dirfd;
};

int
objects_open(int authority_dirfd, struct objects **out, struct fail *fail)
{
	int dirfd = openat(authority_dirfd, OBJECTS_NAME,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int error = errno;

	if (dirfd == -1) {
		(void)fail_errno(fail, OBJECTS_NAME);
		if (error == ENOENT || error == ENOTDIR || error == ELOOP)
			fail->kind = FAIL_JOURNAL;
		return -1;
	}
	*out = mem_new(1, sizeof(**out));
	(*out)->dirfd = dirfd;
	return 0;
}

void
objects_release(struct objects **objects)
{
	if (*objects == NULL)
		return;
	close((*objects)->dirfd);
	free(*objects);
	*objects = NULL;
}

/*
 * Is it there, and whole? What does not fit its name is what a crash left,
 * and goes; what only cannot be read just now stays.
 */
static int
check_there(struct objects *objects, const struct digest *digest,
    bool *there_out, struct fail *fail)
{
	AUTO(buf_release) struct buf there = { 0 };
	struct fail fault = { 0 };
	char name[DIGEST_HEX_SIZE];

	digest_hex(digest, name);
	*there_out = false;
	if (!file_is_there_at(objects->dirfd, name))
		return 0;
	if (objects_get(objects, digest, &there, &fault) == 0) {
		*there_out = true;
		return 0;
	}
	if (fault.kind == FAIL_SYSTEM) {
		*fail = fault;
		return -1;
	}
	if (unlinkat(objects->dirfd, name, 0) == -1)
		return fail_errno(fail, OBJECTS_NAME "/%s", name);
	return 0;
}

int
objects_put(struct objects *objects, struct bytes content,
    struct digest *out, struct fail *fail)
{
	struct digest digest;
	char name[DIGEST_HEX_SIZE];
	bool is_there;

	digest_of(content, &digest);
	digest_hex(&digest, name);
	if (check_there(objects, &digest, &is_there, fail) == -1)
		return -1;
	if (!is_there && file_write_lazy_at(objects->dirfd, name, content,
	    0400, fail) == -1)
		return fail_in(fail, OBJECTS_NAME);
	*out = digest;
	return 0;
}

int
objects_sync(struct objects *objects, struct fail *fail)
{
	if (file_sync_all(objects->dirfd, fail) == -1)
		return fail_in(fail, OBJECTS_NAME);
	return 0;
}

int
objects_get(const struct objects *objects, const struct digest *digest,
    struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf content = { 0 };
	struct digest found;
	char name[DIGEST_HEX_SIZE];

	digest_hex(digest, name);
	if (file_load_at(objects->dirfd, name, OBJECT_MAX, &content, fail) ==
	    -1) {
		if (fail->kind == FAIL_INPUT)
			fail->kind = FAIL_JOURNAL;
		return fail_in(fail, OBJECTS_NAME);
	}
	digest_of(buf_bytes(&content), &found);
	if (!digest_is_equal(&found, digest))
		return fail_with(fail, FAIL_JOURNAL,
		    OBJECTS_NAME "/%s: has been changed", name);
	if (out->len == 0)
		buf_move(out, &content);
	else
		buf_put(out, buf_bytes(&content));
	return 0;
}

bool
objects_has(const struct objects *objects, const struct digest *digest)
{
	char name[DIGEST_HEX_SIZE];

	digest_hex(digest, name);
	return file_is_there_at(objects->dirfd, name);
}

int
objects_check_room(const struct objects *objects, size_t len,
    struct fail *fail)
{
	return file_check_room(objects->dirfd, OBJECTS_NAME, len, fail);
}

int
objects_each(const struct objects *objects,
    int (*each)(void *, const char *, struct fail *), void *context,
    struct fail *fail)
{
	return file_each(objects->dirfd, each, context, fail);
}
