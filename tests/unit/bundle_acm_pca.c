/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/out/bundle_acm_pca.h>

#include "bundle_world.h"

static void
test_fill_refused(void **state)
{
	AUTO(world_release) struct world w = { 0 };
	static const char *const other[] = { "http://elsewhere/x.crl" };
	struct fail fail = { 0 };

	(void)state;
	world_make(&w, NULL);
	w.source.crl = NULL;
	assert_int_equal(bundle_acm_pca_fill(&w.source, &w.bundle, &fail), -1);
	assert_string_equal(fail.sentence, "acm-pca: CRL: want one, have "
	    "none: sign it first, with 'anchorite crl'");
	assert_int_equal(fail.kind, FAIL_REFUSED);
	w.source.crl = w.crl;
	w.profile.extensions.crl_urls.items = other;
	assert_int_equal(bundle_acm_pca_fill(&w.source, &w.bundle, &fail), -1);
	assert_string_equal(fail.sentence, "acm-pca: CRL URL: want "
	    "http://elsewhere/x.crl in the certificate, have it not");
	assert_int_equal(w.bundle.count, 0);
}

static void
test_script(void **state)
{
	AUTO(world_release) struct world w = { 0 };

	(void)state;
	world_make(&w, NULL);
	MUST(bundle_acm_pca_fill(&w.source, &w.bundle, &fault));
	assert_has(&w.bundle, "import.sh", "\ncrl_host='crl.example.com'\n"
	    "crl_key='root/one.crl'\ncrl_number=7\n");
	assert_true(w.bundle.files[6].is_executable);
	assert_string_equal(w.bundle.files[6].name, "import.sh");
}

/* What a shell might take for more never reaches the script. */
static void
test_script_place(void **state)
{
	static const char *const bad[] = {
		"http://h/a'b", "http://h/$(id)", "http://h:81/a",
		"http://h/a?b", "http://h/", "http://h", "ldap://h/a",
	};

	(void)state;
	for (size_t n = 0; n < COUNT(bad); n++) {
		AUTO(world_release) struct world w = { 0 };
		const char *const list[] = { bad[n] };

		world_make(&w, NULL);
		cert_release(&w.certificate);
		w.plan.extensions.crl_urls.items = list;
		w.profile.extensions.crl_urls.items = list;
		w.certificate = make_cert(&w.plan, root_key, false);
		w.source.certificate = w.certificate;
		MUST(bundle_acm_pca_fill(&w.source, &w.bundle, &fault));
		assert_has(&w.bundle, "import.sh",
		    "\ncrl_host=''\ncrl_key=''\n");
		assert_has(&w.bundle, BUNDLE_README, bad[n]);
	}
}

static void
test_readme(void **state)
{
	AUTO(world_release) struct world w = { 0 };

	(void)state;
	world_make(&w, deceive);
	free(w.ledger.name);
	w.ledger.name = mem_text("example\x1b[root");
	check_readme(bundle_acm_pca_fill, &w);
	assert_has(&w.bundle, BUNDLE_README, URL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill_refused),
		cmocka_unit_test(test_script),
		cmocka_unit_test(test_script_place),
		cmocka_unit_test(test_readme),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
