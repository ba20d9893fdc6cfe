/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/module.h>

#include "softhsm.h"

static void
opens_twice_in_turn(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		AUTO(module_release) struct module *module = NULL;
		const struct module_info *info;
		struct fail fail = { 0 };

		must_pass(module_open(softhsm_module(), &module, &fail),
		    &fail);
		info = module_info(module);
		assert_string_equal(info->path, softhsm_module());
		assert_string_equal(info->manufacturer, "SoftHSM");
		assert_string_equal(info->description,
		    "Implementation of PKCS11");
		assert_int_equal(info->cryptoki_version[0], '2');
		assert_int_equal(info->library_version[0], '2');
		assert_non_null(module_functions(module)->C_Sign);
		assert_non_null(module_libp11(module));
	}
}

static void
refuses_what_is_no_library(void **state)
{
	struct module *module = NULL;
	struct fail fail = { 0 };

	(void)state;
	must_fail(module_open("/etc/passwd", &module, &fail), &fail,
	    FAIL_TOKEN, "module /etc/passwd: cannot load it: ");
	must_fail(module_open("/nowhere/x.so", &module, &fail), &fail,
	    FAIL_TOKEN, "module /nowhere/x.so: cannot load it: ");
	assert_null(module);
}

static void
refuses_another_library(void **state)
{
	struct module *module = NULL;
	struct fail fail = { 0 };

	(void)state;
	must_fail(module_open("libjansson.so.4", &module, &fail), &fail,
	    FAIL_TOKEN, "module libjansson.so.4: not a PKCS#11 module: it "
	    "has no C_GetFunctionList");
	assert_null(module);
}

static void
refuses_one_that_fails(void **state)
{
	struct module *module = NULL;
	struct fail fail = { 0 };
	const char *fake = softhsm_fake();

	(void)state;
	setenv("FAKE_MODULE", "/nowhere/x.so", 1);
	must_fail(module_open(fake, &module, &fail), &fail, FAIL_TOKEN,
	    "C_GetFunctionList: the token gives no reason "
	    "(CKR_GENERAL_ERROR)");
	setenv("FAKE_MODULE", softhsm_module(), 1);
	setenv("FAKE_FAIL", "C_Initialize:0x30", 1);
	must_fail(module_open(fake, &module, &fail), &fail, FAIL_TOKEN,
	    "it does not start: the token is at fault (CKR_DEVICE_ERROR)");
	setenv("FAKE_FAIL", "C_GetInfo:0x5", 1);
	must_fail(module_open(fake, &module, &fail), &fail, FAIL_TOKEN,
	    "(CKR_GENERAL_ERROR)");
	unsetenv("FAKE_FAIL");
	assert_null(module);
	must_pass(module_open(fake, &module, &fail), &fail);
	module_release(&module);
	assert_null(module);
}

static void
says_codes_in_words(void **state)
{
	struct fail fail = { 0 };
	char name[48];

	(void)state;
	must_fail(fail_pkcs11(&fail, CKR_PIN_INCORRECT, "C_Login"), &fail,
	    FAIL_TOKEN, "C_Login: the PIN is wrong (CKR_PIN_INCORRECT)");
	must_fail(fail_pkcs11(&fail, CKR_MUTEX_BAD, "C_Sign"), &fail,
	    FAIL_TOKEN, "C_Sign: CKR_MUTEX_BAD");
	must_fail(fail_pkcs11(&fail, 0x80000123, "C_Sign"), &fail,
	    FAIL_TOKEN, "C_Sign: CKR 0x80000123");
	assert_string_equal(pkcs11_rv_name(CKR_OK, name, sizeof(name)),
	    "CKR_OK");
	assert_string_equal(pkcs11_rv_name(0x80000123, name, sizeof(name)),
	    "CKR 0x80000123");
	assert_string_equal(pkcs11_mechanism_name(CKM_RSA_PKCS_KEY_PAIR_GEN,
	    name, sizeof(name)), "CKM_RSA_PKCS_KEY_PAIR_GEN");
	assert_string_equal(pkcs11_mechanism_name(0x210a, name,
	    sizeof(name)), "CKM_AES_KEY_WRAP_PAD");
	assert_string_equal(pkcs11_mechanism_name(0x80000001, name,
	    sizeof(name)), "CKM 0x80000001");
}

static void
shows_fields_safely(void **state)
{
	static const CK_UTF8CHAR padded[] = "a b   ", bell[] = "a\ab ",
	    nuls[4] = { 0 };
	char out[4];

	(void)state;
	pkcs11_text(padded, 6, out, sizeof(out));
	assert_string_equal(out, "a b");
	pkcs11_text(bell, 4, out, sizeof(out));
	assert_string_equal(out, "???");
	pkcs11_text(nuls, 4, out, sizeof(out));
	assert_string_equal(out, "");
	pkcs11_text((const CK_UTF8CHAR *)"abcdef", 6, out, sizeof(out));
	assert_string_equal(out, "abc");
	assert_int_equal(pkcs11_field(padded, 6).len, 3);
}

int
main(void)
{
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, softhsm_setup, softhsm_teardown)
	const struct CMUnitTest tests[] = {
		TEST(opens_twice_in_turn),
		TEST(refuses_what_is_no_library),
		TEST(refuses_another_library),
		TEST(refuses_one_that_fails),
		TEST(says_codes_in_words),
		TEST(shows_fields_safely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
