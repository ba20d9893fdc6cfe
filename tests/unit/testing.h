/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_TESTING_H
#define ANCHORITE_UNIT_TESTING_H

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/file.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITISER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITISER true
#endif
#endif
#ifndef UNDER_SANITISER
#define UNDER_SANITISER false
#endif

/* What most tests ask. Include it behind cmocka.h. */

static inline void
want_pass(int result, const struct fail *fail)
{
	if (result != 0)
		fail_msg("%s", fail->sentence);
}

/* The whole sentence, and its kind. */
static inline void
want_fail(int result, const struct fail *fail, enum fail_kind kind,
    const char *sentence)
{
	assert_int_equal(result, -1);
	assert_string_equal(fail->sentence, sentence);
	assert_int_equal(fail->kind, kind);
}

/* A fresh folder for one test, which runs within it. */
static inline int
folder_setup(void **state)
{
	char *folder = strdup("/tmp/anchorite-unit-XXXXXX");

	*state = folder;
	return folder == NULL || mkdtemp(folder) == NULL || chdir(folder);
}

static inline int
folder_teardown(void **state)
{
	struct fail fail = { 0 };
	int result = chdir("/") || file_remove_tree(*state, &fail);

	free(*state);
	return result;
}

/* The exit status of a line of shell in the test's own folder. */
static inline int
shell(const char *line)
{
	char sh[] = "sh", c[] = "-c";
	AUTO(auto_free) char *script = strdup(line);
	char *const words[] = { sh, c, script, NULL };
	int status = -1;
	pid_t child;

	assert_int_equal(posix_spawnp(&child, sh, NULL, NULL, words,
	    environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#endif
