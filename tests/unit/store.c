/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/store.h>

#include "softhsm.h"

#define SERIAL "bf54421124158f7a"
#define TOKEN  "8d2c4140-9e90-2612-bf54-421124158f7a"

/* Generation 9; one attribute of each kind: boolean, number, bytes. */
static const uint8_t object[] = {
	0, 0, 0, 0, 0, 0, 0, 9,
	0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0, 0, 0, 0, 0, 0, 0, 3,
	0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3,
	0, 0, 0, 0, 0, 0, 0, 2, 'a', 'b',
};

static void
put(const struct softhsm *softhsm, const char *name, const void *data,
    size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", softhsm->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static bool
is_there(const struct softhsm *softhsm, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", softhsm->folder, name);
	return access(path, F_OK) == 0;
}

static int
setup(void **state)
{
	struct softhsm *softhsm;
	char path[256];

	softhsm_setup(state);
	softhsm = *state;
	snprintf(path, sizeof(path), "%s/" TOKEN, softhsm->store);
	assert_int_equal(mkdir(path, 0700), 0);
	put(softhsm, "tokens/" TOKEN "/token.object", object,
	    sizeof(object));
	put(softhsm, "tokens/" TOKEN "/k.object", object, sizeof(object));
	put(softhsm, "tokens/" TOKEN "/token.lock", "", 0);
	return 0;
}

static struct store *
opened(const struct softhsm *softhsm)
{
	struct store *store = NULL;
	struct fail fail = { 0 };

	must_pass(store_open(softhsm->store, NULL, &store, &fail), &fail);
	return store;
}

/* Protects; the sentence must hold the words, and end as given. */
static void
must_refuse(const struct softhsm *softhsm, enum fail_kind kind,
    const char *sentence)
{
	AUTO(store_release) struct store *store = opened(softhsm);
	struct fail fail = { 0 };

	must_fail(store_protect(store, &fail), &fail, kind, sentence);
	assert_non_null(strstr(fail.sentence, "token store"));
}

static void
locks_out_another(void **state)
{
	struct softhsm *softhsm = *state;
	struct store *store = opened(softhsm), *second = NULL;
	struct fail fail = { 0 };
	char want[256];

	snprintf(want, sizeof(want), "token store %s: in use by another "
	    "process", softhsm->store);
	must_fail(store_open(softhsm->store, NULL, &second, &fail), &fail,
	    FAIL_SYSTEM, want);
	store_release(&store);
	assert_null(store);
	must_pass(store_open(softhsm->store, NULL, &second, &fail), &fail);
	store_release(&second);
}

static void
locks_the_module_of_hardware(void **state)
{
	AUTO(store_release) struct store *store = NULL;
	struct store *second = NULL;
	struct fail fail = { 0 };

	(void)state;
	must_pass(store_open(NULL, softhsm_module(), &store, &fail), &fail);
	must_fail(store_open(NULL, softhsm_module(), &second, &fail), &fail,
	    FAIL_SYSTEM, ": in use by another process");
	must_pass(store_protect(store, &fail), &fail);
	must_pass(store_sync(store, &fail), &fail);
	assert_true(store_has_token(store, "any"));
}

static void
refuses_what_is_not_there(void **state)
{
	struct store *store = NULL;
	struct fail fail = { 0 };

	(void)state;
	must_fail(store_open("/nowhere/tokens", NULL, &store, &fail), &fail,
	    FAIL_SYSTEM, "token store: /nowhere/tokens: No such file");
	must_fail(store_open(NULL, "/nowhere/x.so", &store, &fail), &fail,
	    FAIL_SYSTEM, "module: /nowhere/x.so: No such file");
	assert_null(store);
}

static void
keeps_the_last_generation(void **state)
{
	struct softhsm *softhsm = *state;
	AUTO(store_release) struct store *store = opened(softhsm);
	struct fail fail = { 0 };
	char path[256];

	must_pass(store_protect(store, &fail), &fail);
	assert_true(is_there(softhsm, "tokens.backup/" TOKEN "/k.object"));
	put(softhsm, "tokens/" TOKEN "/new.object", object, sizeof(object));
	/* What a crash in the midst of the copying leaves. */
	snprintf(path, sizeof(path), "%s.backup.new", softhsm->store);
	assert_int_equal(mkdir(path, 0700), 0);
	put(softhsm, "tokens.backup.new/cut", "", 0);
	must_pass(store_protect(store, &fail), &fail);
	assert_true(is_there(softhsm, "tokens.backup/" TOKEN "/new.object"));
	assert_false(is_there(softhsm, "tokens.backup/cut"));
	assert_false(is_there(softhsm, "tokens.backup.new"));
	must_pass(store_sync(store, &fail), &fail);
}

static void
puts_the_backup_beside_a_path_with_a_slash(void **state)
{
	struct softhsm *softhsm = *state;
	AUTO(store_release) struct store *store = NULL;
	struct fail fail = { 0 };
	char path[96];

	snprintf(path, sizeof(path), "%s/", softhsm->store);
	must_pass(store_open(path, NULL, &store, &fail), &fail);
	must_pass(store_protect(store, &fail), &fail);
	assert_true(is_there(softhsm, "tokens.backup/" TOKEN));
	assert_false(is_there(softhsm, "tokens/.backup"));
}

static void
refuses_an_emptied_object(void **state)
{
	struct softhsm *softhsm = *state;

	put(softhsm, "tokens/" TOKEN "/k.object", "", 0);
	must_refuse(softhsm, FAIL_TOKEN, "/tokens/" TOKEN "/k.object is "
	    "empty: a full disk does this; put /");
	assert_false(is_there(softhsm, "tokens.backup"));
}

static void
refuses_an_object_cut_anywhere(void **state)
{
	struct softhsm *softhsm = *state;

	for (size_t len = 1; len < sizeof(object); len++) {
		AUTO(store_release) struct store *store = opened(softhsm);
		struct fail fail = { 0 };
		/* Between two attributes nothing shows. */
		bool is_whole = len == 8 || len == 25 || len == 49;

		put(softhsm, "tokens/" TOKEN "/k.object", object, len);
		if (is_whole)
			must_pass(store_protect(store, &fail), &fail);
		else
			must_fail(store_protect(store, &fail), &fail,
			    FAIL_TOKEN, "/k.object is cut short: a full "
			    "disk does this; put /");
	}
}

static void
must_mend(const struct softhsm *softhsm, int count)
{
	AUTO(store_release) struct store *store = opened(softhsm);
	struct fail fail = { 0 };
	int mended = -1;

	must_pass(store_mend(store, &mended, &fail), &fail);
	assert_int_equal(mended, count);
	must_pass(store_protect(store, &fail), &fail);
}

/* A crash within SoftHSM's own rewriting of a file. */
static void
puts_a_cut_object_back(void **state)
{
	struct softhsm *softhsm = *state;
	AUTO(buf_release) struct buf have = { 0 };
	struct fail fail = { 0 };
	char path[256];

	must_mend(softhsm, 0);
	put(softhsm, "tokens/" TOKEN "/k.object", object, 9);
	put(softhsm, "tokens/" TOKEN "/token.object", "", 0);
	must_mend(softhsm, 2);
	snprintf(path, sizeof(path), "%s/" TOKEN "/k.object", softhsm->store);
	must_pass(file_load(path, sizeof(object), &have, &fail), &fail);
	assert_true(bytes_is_equal(buf_bytes(&have),
	    bytes_of(object, sizeof(object))));
	must_mend(softhsm, 0);
	assert_false(is_there(softhsm,
	    "tokens/" TOKEN "/anchorite.mend"));
}

/* What the backup does not have was being made: it is nobody's yet. */
static void
passes_over_what_was_being_made(void **state)
{
	struct softhsm *softhsm = *state;

	must_mend(softhsm, 0);
	put(softhsm, "tokens/" TOKEN "/new.object", "", 0);
	put(softhsm, "tokens/" TOKEN "/other.object", object, 9);
	must_mend(softhsm, 0);
	must_mend(softhsm, 0);
	assert_true(is_there(softhsm, "tokens/" TOKEN "/new.object"));
	/* A copy that is damaged, too, is none. */
	put(softhsm, "tokens/" TOKEN "/token.object", "", 0);
	put(softhsm, "tokens.backup/" TOKEN "/token.object", "", 0);
	must_refuse(softhsm, FAIL_TOKEN, "/tokens/" TOKEN "/token.object is "
	    "empty: a full disk does this; put /");
}

static void
refuses_a_token_without_its_object(void **state)
{
	struct softhsm *softhsm = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/" TOKEN "/token.object",
	    softhsm->store);
	assert_int_equal(unlink(path), 0);
	must_refuse(softhsm, FAIL_TOKEN,
	    "/tokens/" TOKEN " has no token.object; put /");
}

static void
refuses_to_forget_a_token(void **state)
{
	struct softhsm *softhsm = *state;
	char path[256], away[256];
	struct store *store = opened(softhsm);
	struct fail fail = { 0 };

	must_pass(store_protect(store, &fail), &fail);
	store_release(&store);
	snprintf(path, sizeof(path), "%s/" TOKEN, softhsm->store);
	snprintf(away, sizeof(away), "%s/away", softhsm->folder);
	assert_int_equal(rename(path, away), 0);
	must_refuse(softhsm, FAIL_TOKEN, ": token " TOKEN " stands in /");
	assert_true(is_there(softhsm, "tokens.backup/" TOKEN "/k.object"));
}

static void
refuses_without_room(void **state)
{
	struct softhsm *softhsm = *state;
	struct rlimit old, low;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 100 * 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	must_refuse(softhsm, FAIL_SYSTEM, softhsm->store);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_false(is_there(softhsm, "tokens.backup"));
}

#define CANNOT 77
static int
protect_read_only(const struct softhsm *softhsm)
{
	AUTO(store_release) struct store *store = NULL;
	const char *path = softhsm->store;
	struct fail fail = { 0 };

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount(path, path, NULL, MS_BIND, NULL) == -1 ||
	    mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY,
	    NULL) == -1)
		return CANNOT;
	if (store_open(path, NULL, &store, &fail) == -1)
		return 1;
	return store_protect(store, &fail) == -1 &&
	    fail.kind == FAIL_SYSTEM && strstr(fail.sentence,
	    "on a read-only mount: no copy can be made of it") ? 0 : 1;
}

static void
refuses_a_read_only_mount(void **state)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(protect_read_only(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		skip();		/* mounting wants privileges */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
knows_its_tokens(void **state)
{
	AUTO(store_release) struct store *store = opened(*state);

	assert_true(store_has_token(store, SERIAL));
	assert_false(store_has_token(store, "bf54421124158f7b"));
	assert_false(store_has_token(store, ""));
}

int
main(void)
{
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, softhsm_teardown)
	const struct CMUnitTest tests[] = {
		TEST(locks_out_another),
		TEST(locks_the_module_of_hardware),
		TEST(refuses_what_is_not_there),
		TEST(keeps_the_last_generation),
		TEST(puts_the_backup_beside_a_path_with_a_slash),
		TEST(refuses_an_emptied_object),
		TEST(refuses_an_object_cut_anywhere),
		TEST(puts_a_cut_object_back),
		TEST(passes_over_what_was_being_made),
		TEST(refuses_a_token_without_its_object),
		TEST(refuses_to_forget_a_token),
		TEST(refuses_without_room),
		TEST(refuses_a_read_only_mount),
		TEST(knows_its_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
