/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/out/bundle_files.h>

#include "bundle_world.h"

static void
test_files(void **state)
{
	AUTO(world_release) struct world w = { 0 };

	(void)state;
	world_make(&w, NULL);
	MUST(bundle_files_fill(&w.source, &w.bundle, &fault));
	MUST(bundle_files_check(&w.source, &w.bundle, &fault));
	bundle_release(&w.bundle);
	w.source.crl = NULL;
	MUST(bundle_files_fill(&w.source, &w.bundle, &fault));
	MUST(bundle_files_check(&w.source, &w.bundle, &fault));
	assert_null(bundle_find(&w.bundle, BUNDLE_CRL));
}

static void
refuse_files(changer *change, changer *spoil, const char *sentence)
{
	AUTO(world_release) struct world w = { 0 };
	struct fail fail = { 0 };

	world_make(&w, change);
	MUST(bundle_files_fill(&w.source, &w.bundle, &fault));
	if (spoil != NULL)
		spoil(&w);
	assert_int_equal(bundle_files_check(&w.source, &w.bundle, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
test_files_refused(void **state)
{
	(void)state;
	refuse_files(NULL, words_before, "files: certificate.pem: want PEM "
	    "with LF, 64 columns and nothing else, have another form in "
	    "line 1");
	refuse_files(NULL, other_root_pem, "files: root.pem: want the "
	    "authority's, have another");
	refuse_files(NULL, other_root_der, "files: root.der: want the bytes "
	    "of the PEM file, have others");
	refuse_files(NULL, root_again, "files: certificate-chain.pem: want "
	    "the authority's, have another");
	refuse_files(NULL, other_crl_der, "files: crl.der: want the bytes of "
	    "the PEM file, have others");
	refuse_files(revoked, NULL, "files: want a valid path, have "
	    "\"certificate revoked\" at depth 0");
}

static void
test_readme(void **state)
{
	AUTO(world_release) struct world w = { 0 };

	(void)state;
	world_make(&w, deceive);
	free(w.ledger.name);
	w.ledger.name = mem_text("example\x1b[root");
	check_readme(bundle_files_fill, &w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_refused),
		cmocka_unit_test(test_readme),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
