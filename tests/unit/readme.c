/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/out/bundle_fill.h>
#include <anchorite/out/readme.h>

#include "bundle_world.h"

static void
facts_are_wrapped(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	readme_put_fact(&out, "Short", " one two ");
	readme_put_fact(&out, "Words",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
	    "ccccc dddd");
	readme_put_fact(&out, "Exactly 68, then one word more",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
	    "cccc d");
	readme_put_fact(&out, "A long word, of two bytes each",
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "0123456789012345678901234567890123456789012345678901x");
	readme_put_fact(&out, "Nothing", "");
	assert_string_equal(buf_cstr(&out),
	    "Short\n"
	    "    one two \n"
	    "Words\n"
	    "    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
	    "    ccccc dddd\n"
	    "Exactly 68, then one word more\n"
	    "    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccc\n"
	    "    d\n"
	    "A long word, of two bytes each\n"
	    "    \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
	    "\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
	    "\xa4" "0123456789012345678901234567890123456789012345678901\n"
	    "    x\n"
	    "Nothing\n");
}

static void
names_in_braces_stand_for_values(void **state)
{
	static const struct readme_value values[] = {
		{ "a", "one" }, { "b", "two\nlines" }, { NULL, NULL },
	};
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	readme_expand("{a} and {b}{a}.\n", values, &out);
	readme_expand("none", values, &out);
	assert_string_equal(buf_cstr(&out), "one and two\nlinesone.\nnone");
}

static void
check_facts(struct world *w)
{
	const struct digest *const digests[] = {
		&w->certificate->digest, &w->ledger.root->digest,
		&w->ledger.journal_certificate->digest,
	};
	char hex[DIGEST_HEX_SIZE];

	assert_has(&w->bundle, BUNDLE_README, ", 2026-11-21T06:50:48Z.\n");
	assert_has(&w->bundle, BUNDLE_README, "\n    example\\x{001B}[root\n");
	assert_has(&w->bundle, BUNDLE_README, "\n    CN=\\x{202E}eve ...");
	assert_has(&w->bundle, BUNDLE_README, "serial number\n    02\n");
	assert_has(&w->bundle, BUNDLE_README,
	    "2026-11-20T06:50:48Z to 2026-12-21T06:50:48Z\n");
	for (size_t n = 0; n < COUNT(digests); n++) {
		digest_hex(digests[n], hex);
		assert_has(&w->bundle, BUNDLE_README, hex);
	}
}

/* Every template, with all that can stand in it. */
static void
readmes_are_whole(void **state)
{
	(void)state;
	for (const struct bundle_kind *kind = bundle_kinds;
	    kind->summary != NULL; kind++) {
		AUTO(world_release) struct world w = { 0 };

		w.is_leaf = kind->takes == BUNDLE_TAKES_END_ENTITY;
		world_make(&w, deceive);
		free(w.ledger.name);
		w.ledger.name = mem_text("example\x1b[root");
		w.source.region = "eu-west-1";
		MUST(bundle_fill(kind, &w.source, &w.bundle, &fault));
		assert_columns(&w.bundle, BUNDLE_README);
		check_facts(&w);
		if (kind->has_script)
			assert_has(&w.bundle, BUNDLE_README,
			    "\n    import-bundle --root ROOT --journal-key "
			    "JOURNAL-KEY \\\n");
		for (const struct bundle_item *item = kind->files;
		    item->name != NULL; item++)
			assert_has(&w.bundle, BUNDLE_README, item->name);
	}
}

static const char *const arn = "arn:aws:acm-pca:eu-west-1:123456789012:"
    "certificate-authority/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

static void
commands_are_filled_in(void **state)
{
	AUTO(world_release) struct world w = { 0 };

	(void)state;
	world_make(&w, NULL);
	w.source.resource = arn;
	w.source.region = "eu-west-1";
	w.source.bucket = "crl.example.com";
	MUST(bundle_fill(bundle_kind_of_mode("acm-pca", ""), &w.source,
	    &w.bundle, &fault));
	assert_has(&w.bundle, BUNDLE_README, arn);
	assert_has(&w.bundle, BUNDLE_README, "--region eu-west-1");
	assert_has(&w.bundle, BUNDLE_README, "--bucket crl.example.com");
	assert_has(&w.bundle, BUNDLE_README, "--key root/one.crl");
	assert_has(&w.bundle, BUNDLE_README, "    " URL "\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_wrapped),
		cmocka_unit_test(names_in_braces_stand_for_values),
		cmocka_unit_test(readmes_are_whole),
		cmocka_unit_test(commands_are_filled_in),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
