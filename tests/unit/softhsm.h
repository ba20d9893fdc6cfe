/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_SOFTHSM_H
#define ANCHORITE_UNIT_SOFTHSM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/file.h>
#include <anchorite/base/secret.h>
#include <anchorite/token/module.h>
#include <anchorite/token/token.h>

/*
 * A fresh SoftHSM for one test, in a folder of its own. Include it behind
 * cmocka.h. ANCHORITE_SOFTHSM names the module where it stands elsewhere.
 */
#define SOFTHSM_SO_PIN   "12345678"
#define SOFTHSM_USER_PIN "876543"

struct softhsm {
	char folder[64];
	char store[80];
};

static inline const char *
softhsm_module(void)
{
	static const char *const paths[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib64/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so",
		"/usr/local/lib/softhsm/libsofthsm2.so",
	};
	const char *given = getenv("ANCHORITE_SOFTHSM");

	for (size_t i = 0; given == NULL && i < COUNT(paths); i++)
		if (access(paths[i], R_OK) == 0)
			given = paths[i];
	if (given == NULL)
		fail_msg("no SoftHSM module found: set ANCHORITE_SOFTHSM");
	return given;
}

/* The forwarding module, built beside the folder of the tests. */
static inline const char *
softhsm_fake(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	assert_true(len > 0);
	path[len] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash, 16, "/../fake.so");
	setenv("FAKE_MODULE", softhsm_module(), 1);
	return path;
}

static inline void
must_pass(int result, const struct fail *fail)
{
	if (result != 0)
		fail_msg("%s", fail->sentence);
}

static inline void
must_fail(int result, const struct fail *fail, enum fail_kind kind,
    const char *sentence)
{
	assert_int_equal(result, -1);
	if (strstr(fail->sentence, sentence) == NULL)
		fail_msg("want \"%s\", have \"%s\"", sentence,
		    fail->sentence);
	assert_int_equal(fail->kind, kind);
}

static inline int
softhsm_setup(void **state)
{
	struct softhsm *softhsm = calloc(1, sizeof(*softhsm));
	char path[96];
	FILE *conf;

	assert_non_null(softhsm);
	snprintf(softhsm->folder, sizeof(softhsm->folder),
	    "/tmp/anchorite-unit-XXXXXX");
	assert_non_null(mkdtemp(softhsm->folder));
	snprintf(softhsm->store, sizeof(softhsm->store), "%s/tokens",
	    softhsm->folder);
	assert_int_equal(mkdir(softhsm->store, 0700), 0);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", softhsm->folder);
	conf = fopen(path, "w");
	assert_non_null(conf);
	fprintf(conf, "directories.tokendir = %s\n"
	    "objectstore.backend = file\nlog.level = ERROR\n"
	    "library.reset_on_fork = true\n", softhsm->store);
	assert_int_equal(fclose(conf), 0);
	setenv("SOFTHSM2_CONF", path, 1);
	unsetenv("FAKE_FAIL");
	*state = softhsm;
	return 0;
}

static inline int
softhsm_teardown(void **state)
{
	struct softhsm *softhsm = *state;
	struct fail fail = { 0 };
	int result = file_remove_tree(softhsm->folder, &fail);

	free(softhsm);
	return result;
}

static inline struct secret
softhsm_pin(const char *text)
{
	struct secret pin = { .len = strlen(text) };

	assert_true(pin.len <= SECRET_MAX);
	memcpy(pin.data, text, pin.len);
	return pin;
}

/* Makes a token with the PINs above. */
static inline void
softhsm_token(struct module *module, const char *label)
{
	const struct secret so_pin = softhsm_pin(SOFTHSM_SO_PIN);
	const struct secret user_pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct fail fail = { 0 };

	must_pass(token_init(module, label, &so_pin, &user_pin, &fail),
	    &fail);
}

/* Opens a token by URI; logs in, too, where `pin` is given. */
static inline struct token *
softhsm_open(struct module *module, const char *text, const char *pin)
{
	struct token *token = NULL;
	struct fail fail = { 0 };
	struct uri *uri = NULL;

	must_pass(uri_read(text, &uri, &fail), &fail);
	must_pass(token_open(module, uri, &token, &fail), &fail);
	uri_release(&uri);
	if (pin != NULL) {
		const struct secret secret = softhsm_pin(pin);

		must_pass(token_login(token, &secret, &fail), &fail);
	}
	return token;
}

#endif
