/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include <anchorite/base/file.h>
#include <anchorite/out/bundle_fill.h>
#include <anchorite/out/bundle_verify.h>
#include <anchorite/x509/cms.h>

#include "bundle_world.h"

/* A bundle on the disk, sealed by the world's root key as journal key. */
struct carried {
	struct world world;
	char *folder, *path;
};

static void
seal(struct world *w, struct bundle *bundle)
{
	struct bytes signer =
	    buf_bytes(&w->ledger.journal_certificate->der);
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };

	bundle_add_manifest(bundle, signer, &manifest);
	MUST(cms_sign(buf_bytes(&manifest), signer, root_key, NOW, &signature,
	    &fault));
	bundle_add(bundle, BUNDLE_SIGNATURE, &signature);
}

static int
carry(void **state)
{
	struct carried *c = mem_new(1, sizeof(*c));
	char *folder = mem_text("/tmp/anchorite-verify-XXXXXX");

	c->folder = mkdtemp(folder);
	assert_non_null(c->folder);
	c->path = file_path(c->folder, "bundle");
	world_make(&c->world, NULL);
	MUST(bundle_fill(bundle_kind_of_mode("acm-pca", ""),
	    &c->world.source, &c->world.bundle, &fault));
	seal(&c->world, &c->world.bundle);
	MUST(bundle_write(&c->world.bundle, c->path, &fault));
	*state = c;
	return 0;
}

static int
lose(void **state)
{
	struct carried *c = *state;

	MUST(file_remove_tree(c->folder, &fault));
	world_release(&c->world);
	free(c->folder);
	free(c->path);
	free(c);
	return 0;
}

static void
put(struct carried *c, const char *name, const char *text)
{
	AUTO(auto_free) char *path = file_path(c->path, name);
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static void
refuse(struct carried *c, enum fail_kind kind, const char *sentence)
{
	struct bundle_verdict *verdict = NULL;
	struct fail fail = { 0 };

	assert_int_equal(bundle_verify(c->path, NOW, &verdict, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
	assert_null(verdict);
}

static void
what_was_made_verifies(void **state)
{
	struct carried *c = *state;
	AUTO(bundle_verdict_release) struct bundle_verdict *verdict = NULL;
	const struct digest *root = &c->world.ledger.root->digest;
	const struct digest *key =
	    &c->world.ledger.journal_certificate->digest;
	struct fail fail = { 0 };

	MUST(bundle_verify(c->path, NOW, &verdict, &fault));
	MUST(rules_refuse(&verdict->results, &fault));
	assert_int_equal(verdict->kind->consumer, CONSUMER_ACM_PCA);
	assert_int_equal(verdict->signed_at, NOW);
	MUST(bundle_verify_fingerprints(verdict, NULL, NULL, &fault));
	MUST(bundle_verify_fingerprints(verdict, root, key, &fault));
	assert_int_equal(bundle_verify_fingerprints(verdict,
	    &c->world.certificate->digest, key, &fail), -1);
	assert_memory_equal(fail.sentence, "root: want SHA-256 ", 19);
	assert_int_equal(bundle_verify_fingerprints(verdict, root,
	    &c->world.certificate->digest, &fail), -1);
	assert_memory_equal(fail.sentence, "journal key: want SHA-256 ", 26);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

/* Years later the CRL has run out: the files are what they were. */
static void
rules_are_judged_now(void **state)
{
	struct carried *c = *state;
	AUTO(bundle_verdict_release) struct bundle_verdict *verdict = NULL;
	struct fail fail = { 0 };

	MUST(bundle_verify(c->path, NOW + 60 * DAY, &verdict, &fault));
	assert_int_equal(rules_refuse(&verdict->results, &fail), -1);
	assert_non_null(strstr(fail.sentence, "CRL time: want "));
}

static void
a_changed_file_is_refused(void **state)
{
	struct carried *c = *state;

	put(c, "certificate.pem", "other");
	refuse(c, FAIL_REFUSED, "certificate.pem: not as it was made");
}

static void
another_file_is_refused(void **state)
{
	struct carried *c = *state;

	put(c, "autorun.inf", "");
	refuse(c, FAIL_INPUT, "autorun.inf: not a bundle's file; it was "
	    "added");
}

/* Of a name that another bundle has. */
static void
a_file_that_is_not_listed_is_refused(void **state)
{
	struct carried *c = *state;

	put(c, "subca.crt", "other");
	refuse(c, FAIL_REFUSED, "subca.crt: not in manifest.sha256");
}

static void
a_missing_file_is_refused(void **state)
{
	struct carried *c = *state;
	AUTO(auto_free) char *path = file_path(c->path, BUNDLE_ROOT_DER);

	assert_int_equal(remove(path), 0);
	refuse(c, FAIL_REFUSED, "root.der: in manifest.sha256, and missing");
}

static void
a_manifest_that_nobody_signed_is_refused(void **state)
{
	struct carried *c = *state;
	AUTO(buf_release) struct buf manifest = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;
	char *at;

	digest_of(bytes_text("other"), &digest);
	digest_hex(&digest, hex);
	buf_put(&manifest, buf_bytes(file(&c->world, BUNDLE_MANIFEST)));
	at = strstr(buf_cstr(&manifest), "  README.txt") - 64;
	memcpy((char *)manifest.data + (at - (char *)manifest.data), hex, 64);
	put(c, BUNDLE_README, "other");
	put(c, BUNDLE_MANIFEST, buf_cstr(&manifest));
	refuse(c, FAIL_REFUSED, "manifest.p7s: signature does not verify");
	put(c, BUNDLE_MANIFEST, "");
	refuse(c, FAIL_INPUT, "manifest.sha256: not lines of text");
}

/* A directory of bundles is not one. */
static void
another_directory_is_refused(void **state)
{
	struct carried *c = *state;
	AUTO(auto_free) char *path = mem_text(c->path);
	AUTO(buf_release) struct buf sentence = { 0 };

	buf_printf(&sentence, "%s: no manifest.sha256 in it: want the "
	    "directory of one bundle", c->folder);
	free(c->path);
	c->path = mem_text(c->folder);
	refuse(c, FAIL_INPUT, buf_cstr(&sentence));
	free(c->path);
	c->path = mem_text(path);
}

static void
a_link_is_refused(void **state)
{
	struct carried *c = *state;
	AUTO(auto_free) char *path = file_path(c->path, BUNDLE_README);
	struct bundle_verdict *verdict = NULL;
	struct fail fail = { 0 };

	assert_int_equal(remove(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(bundle_verify(c->path, NOW, &verdict, &fail), -1);
	assert_non_null(strstr(fail.sentence, BUNDLE_README));
}

#define CARRIED(test) cmocka_unit_test_setup_teardown(test, carry, lose)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CARRIED(what_was_made_verifies),
		CARRIED(rules_are_judged_now),
		CARRIED(a_changed_file_is_refused),
		CARRIED(another_file_is_refused),
		CARRIED(a_file_that_is_not_listed_is_refused),
		CARRIED(a_missing_file_is_refused),
		CARRIED(a_manifest_that_nobody_signed_is_refused),
		CARRIED(another_directory_is_refused),
		CARRIED(a_link_is_refused),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
