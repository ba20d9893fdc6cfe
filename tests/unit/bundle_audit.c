/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "export.h"
#include "testing.h"

#include <anchorite/out/audit.h>
#include <anchorite/out/bundle.h>
#include <anchorite/out/bundle_audit.h>
#include <anchorite/x509/cms.h>

static char *
bundle(struct world *w, const struct bundle_audit_plan *plan)
{
	const struct sealer sealer = { .signer = w->journal_key };
	char *path = NULL;

	MUST(bundle_audit(w->authority, &w->act, plan, &sealer, &path,
	    &fault));
	return path;
}

static size_t
count_names(const char *directory)
{
	AUTO(auto_close) int fd = open(directory, O_RDONLY | O_DIRECTORY);
	size_t count = 0;
	DIR *stream;

	assert_true(fd >= 0);
	stream = fdopendir(dup(fd));
	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count - 2;
}

/* Nothing was recorded, and nothing was left behind. */
static void
refuse(struct world *w, const struct bundle_audit_plan *plan,
    enum fail_kind kind, const char *sentence)
{
	const struct sealer sealer = { .signer = w->journal_key };
	AUTO(auto_free) char *bundles = file_path(w->path, BUNDLES_NAME);
	AUTO(buf_release) struct buf before = { 0 };
	AUTO(buf_release) struct buf after = { 0 };
	char *untouched = NULL;
	size_t names = count_names(bundles);
	size_t others = count_names(w->folder);

	load(w->journal, &before);
	MUST_FAIL(kind, sentence, bundle_audit(w->authority, &w->act, plan,
	    &sealer, &untouched, &fault));
	assert_null(untouched);
	load(w->journal, &after);
	assert_true(bytes_is_equal(buf_bytes(&before), buf_bytes(&after)));
	assert_int_equal(count_names(bundles), names);
	assert_int_equal(count_names(w->folder), others);
}

static void
load_at(const char *directory, const char *name, struct buf *out)
{
	AUTO(auto_free) char *path = file_path(directory, name);

	load(path, out);
}

static void
want_mode(const char *directory, const char *name, mode_t mode)
{
	AUTO(auto_free) char *path = file_path(directory, name);
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
}

/* A line of the manifest: of that file, which is for everyone. */
static void
check_line(const char *directory, struct bytes line, char name[128])
{
	AUTO(buf_release) struct buf content = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	char hex[DIGEST_HEX_SIZE];

	buf_put(&text, line);
	assert_true(line.len > 67 && line.len < 67 + 128);
	snprintf(name, 128, "%.*s", (int)line.len - 67,
	    buf_cstr(&text) + 66);
	load_at(directory, name, &content);
	object_hex(buf_bytes(&content), hex);
	assert_memory_equal(text.data, hex, 64);
	assert_memory_equal(text.data + 64, "  ", 2);
	want_mode(directory, name, 0644);
}

/* Sorted, whole, and signed by the journal key; gives how many lines. */
static size_t
check_manifest(const struct world *w, const char *directory)
{
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	char name[128], before[128] = "";
	struct bytes lines[LINES_MAX];
	size_t count;

	load_at(directory, BUNDLE_MANIFEST, &manifest);
	load_at(directory, BUNDLE_SIGNATURE, &signature);
	MUST(cms_verify(buf_bytes(&signature), buf_bytes(&manifest),
	    buf_bytes(&w->authority->ledger->journal_certificate->der),
	    &fault));
	count = split_lines(buf_bytes(&manifest), lines);
	for (size_t n = 0; n < count; n++) {
		check_line(directory, lines[n], name);
		assert_true(strcmp(before, name) < 0);
		memcpy(before, name, sizeof(before));
	}
	return count;
}

static void
check_file(const char *directory, const char *name, struct bytes wanted)
{
	AUTO(buf_release) struct buf content = { 0 };

	load_at(directory, name, &content);
	assert_int_equal(content.len, wanted.len);
	assert_memory_equal(content.data, wanted.data, wanted.len);
}

static void
check_export(const struct world *w, const char *directory,
    enum export_format format, const char *name)
{
	AUTO(taken_release) struct taken taken = { 0 };
	const struct export_plan plan = { .path = w->path, .format = format };
	struct export_sum sum;

	MUST(export_run(&plan, take, &taken, &sum, &fault));
	check_file(directory, name, buf_bytes(&taken.all));
}

static void
check_certificate(const char *directory, const char *name,
    const struct cert *cert)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, "CERTIFICATE", buf_bytes(&cert->der));
	check_file(directory, name, buf_bytes(&pem));
}

/* The record of the bundle, and its seal, which are not in the bundle. */
static void
check_record(const struct world *w, const char *directory, int64_t first,
    int64_t last)
{
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf data = { 0 };
	struct bytes lines[LINES_MAX];
	char hex[DIGEST_HEX_SIZE];
	size_t count;

	load_at(directory, BUNDLE_MANIFEST, &manifest);
	object_hex(buf_bytes(&manifest), hex);
	buf_printf(&data, "\"data\":{\"first\":%lld,"
	    "\"last\":%lld,\"manifest\":\"%s\"},\"event\":\"audited\"",
	    (long long)first, (long long)last, hex);
	load(w->journal, &text);
	count = split_lines(buf_bytes(&text), lines);
	assert_int_equal(count, last + 2);
	assert_non_null(memmem(lines[last].data, lines[last].len, data.data,
	    data.len));
	assert_non_null(memmem(lines[last + 1].data, lines[last + 1].len,
	    "\"event\":\"seal\"", 14));
	assert_int_equal(w->authority->ledger->loose, 0);
}

static void
whole_journal(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	AUTO(auto_free) char *wanted = file_path(w->path,
	    BUNDLES_NAME "/audit-1-18");
	AUTO(auto_free) char *ours = file_path(w->path, OBJECTS_NAME);
	AUTO(auto_free) char *path = NULL;
	AUTO(auto_free) char *objects = NULL;
	AUTO(buf_release) struct buf journal = { 0 };
	bool is_same = false;
	mode_t before = umask(077);

	assert_int_equal(world_seq(w), 18);
	load(w->journal, &journal);
	path = bundle(w, &plan);
	umask(before);
	assert_string_equal(path, wanted);
	check_file(path, JOURNAL_NAME, buf_bytes(&journal));
	objects = file_path(path, OBJECTS_NAME);
	MUST(file_compare_tree(ours, objects, &is_same, &fault));
	assert_true(is_same);
	assert_int_equal(check_manifest(w, path), count_names(objects) + 7);
	assert_int_equal(count_names(path), 10);
	want_mode(path, ".", 0755);
	want_mode(path, OBJECTS_NAME, 0755);
	want_mode(path, BUNDLE_MANIFEST, 0644);
	want_mode(path, BUNDLE_SIGNATURE, 0644);
	check_certificate(path, BUNDLE_ROOT, w->authority->ledger->root);
	check_certificate(path, BUNDLE_SIGNER,
	    w->authority->ledger->journal_certificate);
	check_export(w, path, EXPORT_ACM_PCA_JSON, BUNDLE_AUDIT_PCA_JSON);
	check_export(w, path, EXPORT_ACM_PCA_CSV, BUNDLE_AUDIT_PCA_CSV);
	check_record(w, path, 1, 18);
}

static void
table_ends_where_the_journal_did(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = { 0 };
	const struct export_plan csv = { .path = w->path,
	    .format = EXPORT_CSV };
	AUTO(auto_free) char *path = NULL;
	struct export_sum sum;

	MUST(export_run(&csv, take, &taken, &sum, &fault));
	path = bundle(w, &plan);
	check_file(path, BUNDLE_AUDIT_CSV, buf_bytes(&taken.all));
}

static void
the_audit_takes_it(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	AUTO(auto_free) char *path = bundle(w, &plan);
	struct audit audit;

	MUST(audit_verify(path, NULL, &audit, &fault));
	assert_int_equal(audit.records, 18);
	assert_int_equal(audit.certificates, 2);
	assert_int_equal(audit.strays, 0);
	/* The next one holds the record of this one. */
	free(GIVE(path));
	path = bundle(w, &plan);
	MUST(audit_verify(path, NULL, &audit, &fault));
	assert_int_equal(audit.records, 20);
}

static void
want_in_readme(const char *directory, const char *text)
{
	AUTO(buf_release) struct buf readme = { 0 };

	load_at(directory, BUNDLE_README, &readme);
	if (strstr(buf_cstr(&readme), text) == NULL)
		fail_msg("want \"%s\" in\n%s", text, buf_cstr(&readme));
}

static void
want_hex_in_readme(const char *directory, const char *label,
    const struct digest *digest)
{
	AUTO(buf_release) struct buf fact = { 0 };
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	buf_printf(&fact, "%s\n    %s\n", label, hex);
	want_in_readme(directory, buf_cstr(&fact));
}

static void
readme_of_all(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	struct digest head = journal_head(w->authority->journal)->digest;
	AUTO(auto_free) char *path = bundle(w, &plan);
	AUTO(buf_release) struct buf readme = { 0 };
	struct bytes rest;

	want_in_readme(path, "THE JOURNAL OF A ROOT, FOR AUDITORS\n\n"
	    "Made by anchorite " ANCHORITE_VERSION
	    ", 2026-11-21T06:50:48Z.\n\nAuthority\n    test\n"
	    "Root: subject\n    CN=Root\nRoot: SHA-256\n");
	want_hex_in_readme(path, "Root: SHA-256", &ledger->root->digest);
	want_hex_in_readme(path, "Journal key's certificate: SHA-256",
	    &ledger->journal_certificate->digest);
	want_in_readme(path, "Records\n    1 to 18\nHead: SHA-256");
	want_hex_in_readme(path, "Head: SHA-256 of the last record's line",
	    &head);
	want_in_readme(path, "anchorite audit verify --authority .\n");
	load_at(path, BUNDLE_README, &readme);
	assert_null(strstr(buf_cstr(&readme), "Private values"));
	for (rest = buf_bytes(&readme); rest.len > 0;) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);

		assert_non_null(end);
		assert_true(end - rest.data <= 72);
		rest.len -= (size_t)(end - rest.data) + 1;
		rest.data = end + 1;
	}
}

/* What it tells to type, typed: the head comes out, and nothing is wrong. */
static void
readme_can_be_followed(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	struct digest head = journal_head(w->authority->journal)->digest;
	AUTO(auto_free) char *path = bundle(w, &plan);
	AUTO(buf_release) struct buf line = { 0 };
	AUTO(buf_release) struct buf out = { 0 };
	char hex[DIGEST_HEX_SIZE];

	buf_printf(&line, "cd %s && sed -n '/^HOW TO/,$s/^    //p' README.txt |"
	    " grep -v '^anchorite' >../script && sh -e ../script >../out 2>&1",
	    path);
	assert_int_equal(shell(buf_cstr(&line)), 0);
	load_at(path, "../out", &out);
	digest_hex(&head, hex);
	assert_non_null(strstr(buf_cstr(&out), hex));
	assert_non_null(strstr(buf_cstr(&out), "Verified OK"));
	assert_null(strstr(buf_cstr(&out), "BROKEN"));
	buf_release(&line);
	buf_printf(&line, "cd %s && sed -i '3s/by/bz/' journal.jsonl && "
	    "sed -n '/^ *head=/,/done/p' README.txt | sh | grep -q BROKEN",
	    path);
	assert_int_equal(shell(buf_cstr(&line)), 0);
}

static void
behind_a_head(void **state)
{
	struct world *w = *state;
	struct digest since = line_digest(w, 16);
	const struct bundle_audit_plan plan = { .since = &since };
	AUTO(auto_free) char *wanted = file_path(w->path,
	    BUNDLES_NAME "/audit-17-18");
	AUTO(buf_release) struct buf journal = { 0 };
	struct bytes lines[LINES_MAX];
	AUTO(auto_free) char *path = NULL;
	AUTO(auto_free) char *objects = NULL;

	load(w->journal, &journal);
	split_lines(buf_bytes(&journal), lines);
	path = bundle(w, &plan);
	assert_string_equal(path, wanted);
	check_file(path, JOURNAL_NAME, bytes_of(lines[16].data,
	    lines[16].len + lines[17].len));
	/* crl-signed names its CRL, the seal nothing. */
	objects = file_path(path, OBJECTS_NAME);
	assert_int_equal(count_names(objects), 1);
	assert_int_equal(check_manifest(w, path), 8);
	check_file(path, BUNDLE_AUDIT_PCA_CSV, bytes_text(PCA_HEADER));
	want_in_readme(path, "Records\n    17 to 18\n");
	want_hex_in_readme(path, "They extend the journal with the head",
	    &since);
	want_in_readme(path, "'anchorite audit verify --authority' takes "
	    "both.\n");
	check_record(w, path, 17, 18);
}

static void
elsewhere(void **state)
{
	struct world *w = *state;
	AUTO(auto_free) char *wanted = file_path(w->folder, "out");
	AUTO(auto_free) char *slashes = file_path(w->folder, "out//");
	const struct bundle_audit_plan plan = { .path = slashes };
	AUTO(auto_free) char *path = bundle(w, &plan);

	assert_string_equal(path, wanted);
	check_manifest(w, path);
	check_record(w, path, 1, 18);
	refuse(w, &plan, FAIL_REFUSED, "/out: exists already");
}

/* What stands there already under the name that the program gives. */
static void
name_is_taken(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	AUTO(auto_free) char *taken = file_path(w->path,
	    BUNDLES_NAME "/audit-1-18");

	overwrite(taken, bytes_text("mine"));
	refuse(w, &plan, FAIL_REFUSED, "/audit-1-18: exists already");
}

static void
nowhere(void **state)
{
	struct world *w = *state;
	AUTO(auto_free) char *path = file_path(w->folder, "none/out");
	const struct bundle_audit_plan plan = { .path = path };

	refuse(w, &plan, FAIL_SYSTEM, "/none/out: No such file");
}

static void
wrong_head(void **state)
{
	struct world *w = *state;
	struct digest since = journal_head(w->authority->journal)->digest;
	const struct bundle_audit_plan plan = { .since = &since };
	AUTO(buf_release) struct buf sentence = { 0 };
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&since, hex);
	buf_printf(&sentence, "no record stands behind %s", hex);
	refuse(w, &plan, FAIL_REFUSED, buf_cstr(&sentence));
	since.bytes[0] ^= 1;
	refuse(w, &plan, FAIL_REFUSED, "this journal does not extend that "
	    "one");
}

/* Has the bundle an object of the authority? */
static bool
has_object(const char *directory, const char *object)
{
	AUTO(auto_free) char *objects = file_path(directory, OBJECTS_NAME);
	AUTO(auto_free) char *path = file_path(objects,
	    strrchr(object, '/') + 1);

	return file_is_there_at(AT_FDCWD, path);
}

static void
private_values(void **state)
{
	static const struct bundle_audit_plan shown = { 0 };
	static const struct bundle_audit_plan hidden = { .is_redacted = true };
	struct world *w = *state;
	AUTO(auto_free) char *object = NULL;
	AUTO(auto_free) char *path = NULL;
	AUTO(buf_release) struct buf table = { 0 };
	char commitment[96];
	struct digest digest;

	hide_tester(w, commitment);
	world_reopen(w);
	MUST(private_read(commitment, &digest, &fault));
	object = object_path(w, &digest);
	path = bundle(w, &shown);
	assert_true(has_object(path, object));
	check_manifest(w, path);
	load_at(path, BUNDLE_AUDIT_CSV, &table);
	assert_non_null(strstr(buf_cstr(&table), "Alice"));
	free(GIVE(path));
	path = bundle(w, &hidden);
	assert_false(has_object(path, object));
	check_manifest(w, path);
	buf_release(&table);
	load_at(path, BUNDLE_AUDIT_CSV, &table);
	assert_null(strstr(buf_cstr(&table), "Alice"));
	want_in_readme(path, "Private values\n    left out");
	/* One that was taken out is not missed. */
	assert_int_equal(unlink(object), 0);
	free(GIVE(path));
	path = bundle(w, &shown);
	check_manifest(w, path);
}

/* Each object that a record must have, in turn. */
static void
missing_object(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	const struct digest *objects[] = {
		&ledger->issued[0].request, &ledger->issued[1].certificate,
		&ledger->crl, &ledger->policy->digest, &ledger->root->digest,
		&ledger->journal_certificate->digest,
	};

	for (size_t n = 0; n < COUNT(objects); n++) {
		AUTO(auto_free) char *path = object_path(w, objects[n]);
		AUTO(buf_release) struct buf content = { 0 };

		load(path, &content);
		assert_int_equal(unlink(path), 0);
		refuse(w, &plan, FAIL_JOURNAL, "No such file or directory");
		overwrite(path, bytes_text("x"));
		refuse(w, &plan, FAIL_JOURNAL, "has been changed");
		overwrite(path, buf_bytes(&content));
	}
	free(bundle(w, &plan));
}

static void
not_ready(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;

	world_append(w, "bundled", json_new());
	refuse(w, &plan, FAIL_REFUSED, "1 records since record 18 are not "
	    "sealed");
}

/* A bundle that could not be recorded does not stay. */
static void
not_recorded(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;

	w->authority->ledger->standing.is_due = true;
	refuse(w, &plan, FAIL_JOURNAL, "the token has not followed");
}

static void
another_journal_below(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct world *w = *state;
	AUTO(buf_release) struct buf journal = { 0 };
	struct bytes lines[LINES_MAX];

	load(w->journal, &journal);
	split_lines(buf_bytes(&journal), lines);
	overwrite(w->journal, bytes_of(journal.data,
	    journal.len - lines[17].len));
	refuse(w, &plan, FAIL_JOURNAL,
	    "journal: changed while it was exported");
}

static void
refuse_beyond(struct world *w, size_t size, const char *sentence)
{
	static const struct bundle_audit_plan plan = { 0 };
	struct rlimit before, small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ size, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	refuse(w, &plan, FAIL_SYSTEM, sentence);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void
full_disk(void **state)
{
	static const struct bundle_audit_plan plan = { 0 };
	static const char journal[] =
	    "bundle: journal.jsonl: File too large";
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	load(w->journal, &text);
	refuse_beyond(w, 2048, "File too large");
	refuse_beyond(w, 4096, journal);
	/* The last octet, which is written when the file is closed. */
	refuse_beyond(w, text.len - 1, journal);
	refuse_beyond(w, text.len, "bundle: audit.csv: File too large");
	free(bundle(w, &plan));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FULL(whole_journal),
		IN_FULL(table_ends_where_the_journal_did),
		IN_FULL(the_audit_takes_it),
		IN_FULL(readme_of_all),
		IN_FULL(readme_can_be_followed),
		IN_FULL(behind_a_head),
		IN_FULL(elsewhere),
		IN_FULL(name_is_taken),
		IN_FULL(nowhere),
		IN_FULL(wrong_head),
		IN_FULL(private_values),
		IN_FULL(missing_object),
		IN_FULL(not_ready),
		IN_FULL(not_recorded),
		IN_FULL(another_journal_below),
		IN_FULL(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
