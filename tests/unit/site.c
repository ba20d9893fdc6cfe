/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/token/site.h>

static char folder[] = "/tmp/anchorite-site-XXXXXX";

static int
folder_make(void **state)
{
	*state = mkdtemp(folder);
	return *state ? 0 : -1;
}

static int
folder_remove(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	return file_remove_tree(folder, &fail);
}

/* Loads site.yaml with this text from the folder; it does not stay. */
static int
load(const char *text, struct site **out, struct fail *fail)
{
	AUTO(auto_free) char *path = file_path(folder, "site.yaml");
	int result;

	assert_int_equal(file_write(path, bytes_text(text), 0600, fail), 0);
	result = site_load(path, out, fail);
	assert_int_equal(unlink(path), 0);
	return result;
}

static void
refuse(const char *text, const char *sentence)
{
	AUTO(buf_release) struct buf want = { 0 };
	struct site untouched, *site = &untouched;
	struct fail fail = { 0 };

	assert_int_equal(load(text, &site, &fail), -1);
	buf_printf(&want, "%s/site.yaml:%s", folder, sentence);
	assert_string_equal(fail.sentence, buf_cstr(&want));
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_ptr_equal(site, &untouched);
}

static void
hardware_needs_no_store(void **state)
{
	AUTO(site_release) struct site *site = NULL;
	struct session_plan plan;
	struct fail fail = { 0 };

	(void)state;
	if (load("module: /opt/hsm.so\ntoken: pkcs11:token=root\n", &site,
	    &fail))
		fail_msg("%s", fail.sentence);
	plan = site_plan(site, -1);
	assert_string_equal(plan.module, "/opt/hsm.so");
	assert_string_equal(plan.token, "pkcs11:token=root");
	assert_null(plan.store);
	assert_null(site->key);
	assert_int_equal(plan.pin, PIN_PROMPT);
	assert_int_equal(plan.secret_fd, -1);
}

static void
relative_paths_start_from_the_file(void **state)
{
	AUTO(buf_release) struct buf module = { 0 };
	AUTO(buf_release) struct buf store = { 0 };
	AUTO(site_release) struct site *site = NULL;
	struct session_plan plan;
	struct fail fail = { 0 };

	(void)state;
	if (load("module: hsm.so\ntoken: pkcs11:token=root\n"
	    "store: a/tokens\npin: pad\n", &site, &fail))
		fail_msg("%s", fail.sentence);
	plan = site_plan(site, 7);
	buf_printf(&module, "%s/hsm.so", folder);
	buf_printf(&store, "%s/a/tokens", folder);
	assert_string_equal(plan.module, buf_cstr(&module));
	assert_string_equal(plan.store, buf_cstr(&store));
	assert_int_equal(plan.pin, PIN_PAD);
	assert_int_equal(plan.secret_fd, 7);
}

static void
what_is_wrong_is_refused(void **state)
{
	(void)state;
	refuse("module: a\n", "1:1: token: missing");
	refuse("token: pkcs11:token=a\n", "1:1: module: missing");
	refuse("module: a\ntoken: pkcs11:token=a\nstores: b\n",
	    "3:1: unknown key stores, did you mean store");
	refuse("module: a\ntoken: pkcs11:token=a\nstore: \"\"\n",
	    "3:8: store: empty");
	refuse("module: a\ntoken: opensc\n",
	    "2:8: token: PKCS#11 URI: want \"pkcs11:\" first");
	refuse("module: a\ntoken: pkcs11:token=a;object=b\n",
	    "2:8: token: names a key, want a token alone");
	refuse("module: a\ntoken: [pkcs11:token=a]\n",
	    "2:8: token: want a text, have a list");
	refuse("module: a\ntoken: pkcs11:token=a\nkey: carol\n",
	    "3:6: key: PKCS#11 URI: want \"pkcs11:\" first");
	refuse("module: a\ntoken: pkcs11:token=a\nkey: pkcs11:token=a\n",
	    "3:6: key: names no key, want object= or id=");
	refuse("module: a\ntoken: pkcs11:token=a\nkey: \"\"\n",
	    "3:6: key: empty");
}

/* Whatever stands where a PIN might, no sentence repeats it. */
static void
pin_is_not_repeated(void **state)
{
	(void)state;
	refuse("module: a\ntoken: pkcs11:token=a\npin: hunter2\n",
	    "3:6: pin: want prompt or pad; a PIN itself never stands in a "
	    "file");
	refuse("module: a\ntoken: pkcs11:token=a\npin: [hunter2]\n",
	    "3:6: pin: want prompt or pad; a PIN itself never stands in a "
	    "file");
	refuse("module: a\ntoken: pkcs11:token=a?pin-value=hunter2\n",
	    "2:8: token: PKCS#11 URI: a PIN never stands in a URI here");
	refuse("module: a\ntoken: pkcs11:token=a\n"
	    "key: pkcs11:object=a?pin-value=hunter2\n",
	    "3:6: key: PKCS#11 URI: a PIN never stands in a URI here");
}

static void
missing_file_is_named(void **state)
{
	struct site *site = NULL;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(site_load("/nowhere/site.yaml", &site, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_string_equal(fail.sentence,
	    "/nowhere/site.yaml: No such file or directory");
	site_release(&site);
	assert_null(site);
}

static void
shipped_example_is_sound(void **state)
{
	AUTO(site_release) struct site *site = NULL;
	struct fail fail = { 0 };

	(void)state;
	if (site_load("packaging/site.example.yaml", &site, &fail))
		fail_msg("%s", fail.sentence);
	assert_string_equal(site->store_path, "/var/lib/softhsm/tokens");
}

static void
key_is_read(void **state)
{
	static const char *const keys[] = { "pkcs11:object=carol",
		"pkcs11:id=%01%02", "pkcs11:token=card;object=carol;id=%01" };

	(void)state;
	for (size_t n = 0; n < COUNT(keys); n++) {
		AUTO(site_release) struct site *site = NULL;
		AUTO(buf_release) struct buf text = { 0 };
		struct fail fail = { 0 };

		buf_printf(&text, "module: a\ntoken: pkcs11:token=a\n"
		    "key: \"%s\"\n", keys[n]);
		if (load(buf_cstr(&text), &site, &fail))
			fail_msg("%s", fail.sentence);
		assert_string_equal(site->key, keys[n]);
	}
}

/* Writes it for a custodian's card, and reads what was written. */
static void
write_and_read(const char *text, const char *key, struct site **out)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(buf_release) struct buf written = { 0 };
	struct fail fail = { 0 };

	if (load(text, &site, &fail) ||
	    site_write(site, key, &written, &fail) ||
	    load(buf_cstr(&written), out, &fail))
		fail_msg("%s", fail.sentence);
	assert_string_equal((*out)->key, key);
	assert_string_equal((*out)->token, site->token);
	assert_int_equal((*out)->pin, site->pin);
	assert_string_equal((*out)->module, (*out)->module_path);
}

static void
written_anywhere_it_means_the_same(void **state)
{
	AUTO(site_release) struct site *hardware = NULL, *software = NULL;
	AUTO(buf_release) struct buf module = { 0 }, store = { 0 };

	(void)state;
	write_and_read("module: /opt/hsm.so\ntoken: pkcs11:token=card\n"
	    "pin: pad\n", "pkcs11:object=carol;id=%01", &hardware);
	assert_string_equal(hardware->module, "/opt/hsm.so");
	assert_null(hardware->store);
	/* A relative path, and what YAML would take for something else. */
	write_and_read("module: 'a\"b\\c: #d.so'\n"
	    "token: pkcs11:token=card\nstore: ../tokens\n",
	    "pkcs11:object=carol", &software);
	buf_printf(&module, "%s/a\"b\\c: #d.so", folder);
	buf_printf(&store, "%s/../tokens", folder);
	assert_string_equal(software->module, buf_cstr(&module));
	assert_string_equal(software->store, buf_cstr(&store));
}

/* The site file was given by a path from the working directory. */
static void
working_directory_is_written_out(void **state)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(buf_release) struct buf written = { 0 }, want = { 0 };
	AUTO(auto_free) char *here = getcwd(NULL, 0);
	struct fail fail = { 0 };

	(void)state;
	if (site_load("packaging/site.example.yaml", &site, &fail))
		fail_msg("%s", fail.sentence);
	free(site->module_path);
	site->module_path = mem_text("packaging/hsm.so");
	if (site_write(site, "pkcs11:object=carol", &written, &fail))
		fail_msg("%s", fail.sentence);
	buf_printf(&want, "module: \"%s/packaging/hsm.so\"\n"
	    "token: \"pkcs11:token=example-root\"\n"
	    "store: \"/var/lib/softhsm/tokens\"\n"
	    "pin: prompt\n"
	    "key: \"pkcs11:object=carol\"\n", here);
	assert_string_equal(buf_cstr(&written), buf_cstr(&want));
}

/* A folder may have a name that no file for review can hold. */
static void
deceptive_path_is_not_written(void **state)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(buf_release) struct buf written = { 0 };
	struct fail fail = { 0 };

	(void)state;
	if (site_load("packaging/site.example.yaml", &site, &fail))
		fail_msg("%s", fail.sentence);
	free(site->store_path);
	site->store_path = mem_text("/a\xe2\x80\xae" "b");
	assert_int_equal(site_write(site, "pkcs11:object=carol", &written,
	    &fail), -1);
	assert_string_equal(fail.sentence, "new site file:3:11: holds a "
	    "bidirectional control (U+202E)");
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(written.len, 0);
	free(site->store_path);
	/* YAML folds a line break into a blank. */
	site->store_path = mem_text("/a\nb");
	assert_int_equal(site_write(site, "pkcs11:object=carol", &written,
	    &fail), -1);
	assert_string_equal(fail.sentence,
	    "new site file: does not read as it was written");
	assert_int_equal(fail.kind, FAIL_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hardware_needs_no_store),
		cmocka_unit_test(relative_paths_start_from_the_file),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(pin_is_not_repeated),
		cmocka_unit_test(missing_file_is_named),
		cmocka_unit_test(shipped_example_is_sound),
		cmocka_unit_test(key_is_read),
		cmocka_unit_test(written_anywhere_it_means_the_same),
		cmocka_unit_test(working_directory_is_written_out),
		cmocka_unit_test(deceptive_path_is_not_written),
	};

	return cmocka_run_group_tests_name("site", tests, folder_make,
	    folder_remove);
}
