/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_verify.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle_read.h>
#include <anchorite/out/import_conf.h>
#include <anchorite/x509/cms.h>

void
bundle_verdict_release(struct bundle_verdict **verdict)
{
	struct bundle_verdict *old = GIVE(*verdict);

	if (old == NULL)
		return;
	bundle_case_release(&old->judged);
	bundle_release(&old->bundle);
	cert_release(&old->signer);
	free(old);
}

#define NAMES_MAX 64

/* All names that a bundle's file may have: each consumer's, and the shared. */
static void
list_names(const char *names[NAMES_MAX])
{
	static const char *const fixed[] = {
		BUNDLE_CONF, BUNDLE_SCRIPT, BUNDLE_README, BUNDLE_MANIFEST,
		BUNDLE_SIGNATURE, BUNDLE_SIGNER,
	};
	size_t count = 0;

	for (size_t n = 0; n < COUNT(fixed); n++)
		names[count++] = fixed[n];
	for (const struct bundle_item *item = bundle_items_shared;
	    item->name != NULL; item++)
		names[count++] = item->name;
	for (const struct bundle_kind *kind = bundle_kinds;
	    kind->summary != NULL; kind++)
		for (const struct bundle_item *item = kind->files;
		    item->name != NULL && count < NAMES_MAX - 1; item++)
			names[count++] = item->name;
	names[count] = NULL;
}

/* A line of the manifest, which must be this file's. */
static int
check_line(const char *line, const struct bundle_file *file,
    struct fail *fail)
{
	AUTO(buf_release) struct buf want = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	digest_of(buf_bytes(&file->content), &digest);
	digest_hex(&digest, hex);
	buf_printf(&want, "%s  %s", hex, file->name);
	if (strcmp(line, buf_cstr(&want)) == 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "%s: not as it was made",
	    file->name);
}

static const struct bundle_file *
find_file(const struct bundle *bundle, const char *name)
{
	for (size_t n = 0; n < bundle->count; n++)
		if (strcmp(bundle->files[n].name, name) == 0)
			return &bundle->files[n];
	return NULL;
}

/* "DIGEST  NAME", as sha256sum writes. */
#define NAME_AT (DIGEST_HEX_SIZE - 1 + 2)

static int
check_listed(const struct bundle *bundle, char *text,
    bool seen[BUNDLE_FILES], struct fail *fail)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		const struct bundle_file *file = NULL;

		if (strlen(line) > NAME_AT)
			file = find_file(bundle, line + NAME_AT);
		if (file == NULL)
			return fail_with(fail, FAIL_REFUSED, "%s: in "
			    BUNDLE_MANIFEST ", and missing",
			    strlen(line) > NAME_AT ? line + NAME_AT : line);
		if (check_line(line, file, fail) == -1)
			return -1;
		if (seen[file - bundle->files])
			return fail_with(fail, FAIL_REFUSED,
			    BUNDLE_MANIFEST ": %s twice", file->name);
		seen[file - bundle->files] = true;
	}
	return 0;
}

static int
check_manifest(const struct bundle *bundle, struct bytes manifest,
    struct fail *fail)
{
	AUTO(buf_release) struct buf copy = { 0 };
	AUTO(auto_free) char *text = NULL;
	bool seen[BUNDLE_FILES] = { 0 };

	buf_put(&copy, manifest);
	text = mem_text(buf_cstr(&copy));
	if (strlen(text) != manifest.len || manifest.len == 0 ||
	    text[manifest.len - 1] != '\n')
		return fail_with(fail, FAIL_INPUT,
		    BUNDLE_MANIFEST ": not lines of text");
	if (check_listed(bundle, text, seen, fail) == -1)
		return -1;
	for (size_t n = 0; n < bundle->count; n++) {
		const char *name = bundle->files[n].name;

		if (!seen[n] && strcmp(name, BUNDLE_MANIFEST) != 0 &&
		    strcmp(name, BUNDLE_SIGNATURE) != 0)
			return fail_with(fail, FAIL_REFUSED,
			    "%s: not in " BUNDLE_MANIFEST, name);
	}
	return 0;
}

static int
check_signature(struct bundle_verdict *verdict, struct bytes manifest,
    struct fail *fail)
{
	AUTO(buf_release) struct buf signer = { 0 };
	struct bytes file, signature;

	if (bundle_get(&verdict->bundle, BUNDLE_SIGNER, &file, fail) == -1 ||
	    bundle_get(&verdict->bundle, BUNDLE_SIGNATURE, &signature,
		fail) == -1)
		return -1;
	if (cert_read(file, &verdict->signer, fail) == -1)
		return fail_in(fail, BUNDLE_SIGNER);
	if (cms_verify(signature, manifest,
		buf_bytes(&verdict->signer->der), fail) == -1 ||
	    cms_read_signer(signature, &signer, &verdict->signed_at,
		fail) == -1)
		return fail_in(fail, BUNDLE_SIGNATURE);
	return 0;
}

static int
find_kind(struct bundle_verdict *verdict, struct fail *fail)
{
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	struct bytes file;

	if (bundle_get(&verdict->bundle, BUNDLE_CONF, &file, fail) == -1)
		return -1;
	if (import_conf_read(file, &conf, fail) == -1)
		return fail_in(fail, BUNDLE_CONF);
	verdict->kind = bundle_kind_of_mode(
	    buf_cstr(&conf.values[IMPORT_CONSUMER]),
	    buf_cstr(&conf.values[IMPORT_MODE]));
	if (verdict->kind == NULL)
		return fail_with(fail, FAIL_INPUT, BUNDLE_CONF
		    ": no such consumer: %s %s",
		    buf_cstr(&conf.values[IMPORT_CONSUMER]),
		    buf_cstr(&conf.values[IMPORT_MODE]));
	return 0;
}

/* Of a directory of bundles, and of any other, better said first. */
static int
check_is_bundle(const char *path, struct fail *fail)
{
	AUTO(auto_close) int dirfd = -1;

	if (file_open_directory(path, &dirfd, fail) == -1)
		return -1;
	if (file_is_there_at(dirfd, BUNDLE_MANIFEST))
		return 0;
	return fail_with(fail, FAIL_INPUT, "%s: no " BUNDLE_MANIFEST
	    " in it: want the directory of one bundle", path);
}

int
bundle_verify(const char *path, int64_t now, struct bundle_verdict **out,
    struct fail *fail)
{
	AUTO(bundle_verdict_release) struct bundle_verdict *verdict =
	    mem_new(1, sizeof(*verdict));
	const char *names[NAMES_MAX];
	struct bytes manifest;

	list_names(names);
	if (check_is_bundle(path, fail) == -1 ||
	    bundle_load(path, names, &verdict->bundle, fail) == -1 ||
	    bundle_get(&verdict->bundle, BUNDLE_MANIFEST, &manifest, fail) ==
		-1 ||
	    check_manifest(&verdict->bundle, manifest, fail) == -1 ||
	    check_signature(verdict, manifest, fail) == -1 ||
	    find_kind(verdict, fail) == -1)
		return -1;
	verdict->judged = (struct bundle_case){
		.bundle = &verdict->bundle,
		.kind = verdict->kind,
		.now = now,
	};
	rules_judge(verdict->kind->rules, &verdict->judged, now,
	    &verdict->results);
	*out = GIVE(verdict);
	return 0;
}

static int
compare(const char *what, const struct digest *have,
    const struct digest *want, struct fail *fail)
{
	char hex[2][DIGEST_HEX_SIZE];

	if (want == NULL || digest_is_equal(have, want))
		return 0;
	digest_hex(want, hex[0]);
	digest_hex(have, hex[1]);
	return fail_with(fail, FAIL_REFUSED, "%s: want SHA-256 %s, have %s",
	    what, hex[0], hex[1]);
}

int
bundle_verify_fingerprints(const struct bundle_verdict *verdict,
    const struct digest *root, const struct digest *journal_key,
    struct fail *fail)
{
	const struct bundle_case *judged = &verdict->judged;

	if (compare("journal key", &verdict->signer->digest, journal_key,
	    fail) == -1)
		return -1;
	if (root == NULL)
		return 0;
	if (judged->count == 0)
		return fail_with(fail, FAIL_REFUSED, "root: none was read");
	return compare("root", &judged->path[judged->count - 1]->digest,
	    root, fail);
}
