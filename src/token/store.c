/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/store.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/buf.h>
#include <anchorite/base/file.h>

/* What a session may add to the store: keys, and a head of the journal. */
#define ROOM_MORE  (256 * 1024)
#define OBJECT_MAX (4 * 1024 * 1024)
#define TOKEN_FILE "token.object"
#define MEND_NAME  "anchorite.mend"

struct store {
	int fd;			/* holds the lock */
	bool has_directory;	/* or it is the module's file */
	char *path;
	char *backup, *fresh;	/* the copy, and the next one in the making */
};

static char *
path_with(const char *path, const char *suffix)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s%s", path, suffix);
	buf_cstr(&text);
	return (char *)text.data;
}

/* The real path, so that the backup stands beside the directory itself. */
static int
store_find(struct store *store, const char *path, struct fail *fail)
{
	store->path = realpath(path, NULL);
	if (store->path == NULL)
		return fail_errno(fail, "%s", path);
	store->backup = path_with(store->path, ".backup");
	store->fresh = path_with(store->path, ".backup.new");
	if (store->has_directory)
		return file_open_directory(store->path, &store->fd, fail);
	store->fd = open(store->path, O_RDONLY | O_CLOEXEC);
	if (store->fd == -1)
		return fail_errno(fail, "%s", path);
	return 0;
}

int
store_open(const char *directory, const char *module_path,
    struct store **out, struct fail *fail)
{
	AUTO(store_release) struct store *store = mem_new(1, sizeof(*store));
	const char *kind = directory != NULL ? "token store" : "module";
	AUTO(auto_free) char *what = NULL;

	store->fd = -1;
	store->has_directory = directory != NULL;
	if (store_find(store, directory != NULL ? directory : module_path,
	    fail) == -1)
		return fail_in(fail, "%s", kind);
	what = path_with(store->has_directory ? "token store " : "module ",
	    store->path);
	if (file_lock(store->fd, what, fail) == -1)
		return -1;
	*out = GIVE(store);
	return 0;
}

/* One walk over the store: what is looked at now, and what was seen. */
struct survey {
	const struct store *store;
	const char *token;	/* name of the token's directory */
	int fd;			/* of it */
	size_t size;
	int damaged;		/* files that are empty or cut short */
	bool is_mending;
	int mended;		/* of those, put back */
};

static uint64_t
number_at(const uint8_t *at)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | at[i];
	return number;
}

/*
 * SoftHSM's object file: a generation number, then attributes as type,
 * kind and value; numbers are eight bytes, big-endian. A kind that is not
 * known here ends the check.
 */
static bool
object_is_whole(struct bytes file)
{
	enum { KIND_BOOL = 1, KIND_NUMBER, KIND_BYTES };
	size_t at = 8;

	while (at < file.len) {
		uint64_t kind, size;

		if (file.len - at < 16 + 1)
			return false;
		kind = number_at(file.data + at + 8);
		at += 16;
		if (kind < KIND_BOOL || kind > KIND_BYTES)
			return true;
		size = kind == KIND_BOOL ? 1 : 8;
		if (file.len - at < size)
			return false;
		if (kind == KIND_BYTES) {
			uint64_t len = number_at(file.data + at);

			if (file.len - at - 8 < len)
				return false;
			size += len;
		}
		at += size;
	}
	return at == file.len;
}

/* Loads an object file as it stands in a directory of the same name. */
static int
object_load(const struct survey *survey, int fd, const char *where,
    const char *name, struct buf *out, struct fail *fail)
{
	if (file_load_at(fd, name, OBJECT_MAX, out, fail) == -1)
		return fail_in(fail, "token store %s/%s", where,
		    survey->token);
	return 0;
}

/* The backup's copy of an object file; empty where it has no whole one.
 * *has_out: has it the token at all? */
static int
object_load_backup(const struct survey *survey, const char *name,
    bool *has_out, struct buf *out, struct fail *fail)
{
	AUTO(auto_free) char *path = file_path(survey->store->backup,
	    survey->token);
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(auto_close) int fd = -1;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	*has_out = fd != -1;
	if (fd == -1 || !file_is_there_at(fd, name))
		return 0;
	if (object_load(survey, fd, survey->store->backup, name, &file,
	    fail) == -1)
		return -1;
	if (object_is_whole(buf_bytes(&file)))
		buf_put(out, buf_bytes(&file));
	return 0;
}

static int
survey_object(struct survey *survey, const char *name, struct fail *fail)
{
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(buf_release) struct buf copy = { 0 };
	bool is_empty, has_backup;

	if (object_load(survey, survey->fd, survey->store->path, name, &file,
	    fail) == -1)
		return -1;
	is_empty = file.len == 0;
	if (!is_empty && object_is_whole(buf_bytes(&file)))
		return 0;
	if (object_load_backup(survey, name, &has_backup, &copy, fail) == -1)
		return -1;
	/* It was being made when a crash came, and nothing knows it. */
	if (has_backup && copy.len == 0 && strcmp(name, TOKEN_FILE) != 0)
		return 0;
	return fail_with(fail, FAIL_TOKEN, "token store: %s/%s/%s is %s: "
	    "a full disk does this; put %s back", survey->store->path,
	    survey->token, name, is_empty ? "empty" : "cut short",
	    survey->store->backup);
}

static int
survey_file(void *context, const char *name, struct fail *fail)
{
	struct survey *survey = context;
	const char *suffix = strrchr(name, '.');
	struct stat st;

	if (fstatat(survey->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return fail_errno(fail, "token store %s/%s/%s",
		    survey->store->path, survey->token, name);
	survey->size += (size_t)st.st_size;
	if (suffix == NULL || strcmp(suffix, ".object") != 0)
		return 0;
	return survey_object(survey, name, fail);
}

static int
survey_token(void *context, const char *name, struct fail *fail)
{
	struct survey *survey = context;
	AUTO(auto_close) int fd = -1;

	fd = openat(survey->store->fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;	/* SoftHSM passes over what is no directory */
	survey->fd = fd;
	survey->token = name;
	if (!file_is_there_at(fd, TOKEN_FILE))
		return fail_with(fail, FAIL_TOKEN, "token store: %s/%s has "
		    "no token.object; put %s back", survey->store->path,
		    name, survey->store->backup);
	return file_each(fd, survey_file, survey, fail);
}

static int
survey_backup(void *context, const char *name, struct fail *fail)
{
	struct survey *survey = context;

	if (file_is_there_at(survey->store->fd, name))
		return 0;
	return fail_with(fail, FAIL_TOKEN, "token store %s: token %s stands "
	    "in %s alone: put it back, or remove that copy",
	    survey->store->path, name, survey->store->backup);
}

/* A store that lost a token must not overwrite the copy that has it. */
static int
store_check_backup(struct survey *survey, bool *there_out,
    struct fail *fail)
{
	AUTO(auto_close) int fd = -1;
	bool is_there = file_is_there_at(AT_FDCWD, survey->store->backup);

	if (is_there &&
	    (file_open_directory(survey->store->backup, &fd, fail) == -1 ||
	    file_each(fd, survey_backup, survey, fail) == -1))
		return -1;
	*there_out = is_there;
	return 0;
}

/* At every moment one whole copy stands under the backup's name. */
static int
store_copy(const struct store *store, bool has_backup, struct fail *fail)
{
	bool is_same = false;

	/* Most commands only sign: what stands is as good as a new copy. */
	if (has_backup && file_compare_tree(store->path, store->backup,
	    &is_same, fail) == -1)
		return -1;
	/* What a crash left of the last copying may hold a key. */
	if (file_remove_tree(store->fresh, fail) == -1)
		return -1;
	if (is_same)
		return 0;
	if (file_copy_tree(store->path, store->fresh, fail) == -1)
		return -1;
	if (!has_backup)
		return file_rename(store->fresh, store->backup, fail);
	if (renameat2(AT_FDCWD, store->fresh, AT_FDCWD, store->backup,
	    RENAME_EXCHANGE) == -1)
		return fail_errno(fail, "%s", store->backup);
	if (file_sync_all(store->fd, fail) == -1)
		return -1;
	return file_remove_tree(store->fresh, fail);
}

/* Is it an object's file, and empty or cut short? */
static int
object_judge(const struct survey *survey, const char *name,
    bool *damaged_out, struct fail *fail)
{
	const char *suffix = strrchr(name, '.');
	AUTO(buf_release) struct buf file = { 0 };

	*damaged_out = false;
	if (suffix == NULL || strcmp(suffix, ".object") != 0)
		return 0;
	if (object_load(survey, survey->fd, survey->store->path, name, &file,
	    fail) == -1)
		return -1;
	*damaged_out = file.len == 0 || !object_is_whole(buf_bytes(&file));
	return 0;
}

/* Written beside, then put in its place in one step. */
static int
object_put_back(struct survey *survey, const char *name, struct bytes copy,
    struct fail *fail)
{
	(void)unlinkat(survey->fd, MEND_NAME, 0);
	if (file_write_at(survey->fd, MEND_NAME, copy, 0600, fail) == -1)
		return fail_in(fail, "token store %s/%s",
		    survey->store->path, survey->token);
	if (renameat(survey->fd, MEND_NAME, survey->fd, name) == -1 ||
	    fsync(survey->fd) == -1)
		return fail_errno(fail, "token store %s/%s/%s",
		    survey->store->path, survey->token, name);
	survey->mended++;
	return 0;
}

/* Counts a damaged file; puts it back where that is asked for. */
static int
damage_file(void *context, const char *name, struct fail *fail)
{
	struct survey *survey = context;
	AUTO(buf_release) struct buf copy = { 0 };
	bool is_damaged, has_backup;

	if (object_judge(survey, name, &is_damaged, fail) == -1)
		return -1;
	survey->damaged += is_damaged;
	if (!is_damaged || !survey->is_mending)
		return 0;
	if (object_load_backup(survey, name, &has_backup, &copy, fail) == -1)
		return -1;
	return copy.len == 0 ? 0 : object_put_back(survey, name,
	    buf_bytes(&copy), fail);
}

static int
damage_token(void *context, const char *name, struct fail *fail)
{
	struct survey *survey = context;
	AUTO(auto_close) int fd = -1;

	fd = openat(survey->store->fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	survey->fd = fd;
	survey->token = name;
	return file_each(fd, damage_file, survey, fail);
}

int
store_mend(struct store *store, int *mended_out, struct fail *fail)
{
	struct survey survey = {
		.store = store,
		.fd = -1,
		.is_mending = true,
	};

	if (store->has_directory &&
	    file_each(store->fd, damage_token, &survey, fail) == -1)
		return -1;
	*mended_out = survey.mended;
	return 0;
}

int
store_count_damage(struct store *store, int *count_out, struct fail *fail)
{
	struct survey survey = { .store = store, .fd = -1 };

	if (store->has_directory &&
	    file_each(store->fd, damage_token, &survey, fail) == -1)
		return -1;
	*count_out = survey.damaged;
	return 0;
}

int
store_protect(struct store *store, struct fail *fail)
{
	struct survey survey = { .store = store, .fd = -1 };
	struct statvfs fs;
	bool has_backup;

	if (!store->has_directory)
		return 0;
	if (file_each(store->fd, survey_token, &survey, fail) == -1 ||
	    store_check_backup(&survey, &has_backup, fail) == -1)
		return -1;
	if (fstatvfs(store->fd, &fs) == -1)
		return fail_errno(fail, "token store %s", store->path);
	if ((fs.f_flag & ST_RDONLY) != 0)
		return fail_with(fail, FAIL_SYSTEM, "token store %s: on a "
		    "read-only mount: no copy can be made of it",
		    store->path);
	if (file_check_room(store->fd, store->path, survey.size + ROOM_MORE,
	    fail) == -1 || store_copy(store, has_backup, fail) == -1)
		return fail_in(fail, "token store");
	return 0;
}

struct wanted {
	const char *serial;
	bool is_found;
};

static int
match_serial(void *context, const char *name, struct fail *fail)
{
	struct wanted *wanted = context;
	char hex[64] = "";
	size_t len = 0, tail = strlen(wanted->serial);

	(void)fail;
	for (; *name != '\0' && len < sizeof(hex) - 1; name++)
		if (*name != '-')
			hex[len++] = *name;
	if (tail > 0 && len >= tail &&
	    memcmp(hex + len - tail, wanted->serial, tail) == 0)
		wanted->is_found = true;
	return 0;
}

bool
store_has_token(const struct store *store, const char *serial)
{
	struct wanted wanted = { .serial = serial };
	struct fail fail = { 0 };

	if (!store->has_directory)
		return true;
	return file_each(store->fd, match_serial, &wanted, &fail) == 0 &&
	    wanted.is_found;
}

int
store_sync(struct store *store, struct fail *fail)
{
	if (!store->has_directory)
		return 0;
	if (file_sync_all(store->fd, fail) == -1)
		return fail_in(fail, "token store %s", store->path);
	return 0;
}

void
store_release(struct store **store)
{
	struct store *old = GIVE(*store);
	struct fail fail = { 0 };

	if (old == NULL)
		return;
	if (old->fd != -1 && store_sync(old, &fail) == -1)
		fail = (struct fail){ 0 };	/* nobody left to be told */
	auto_close(&old->fd);
	free(old->fresh);
	free(old->backup);
	free(old->path);
	free(old);
}
