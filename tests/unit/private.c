/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/* For RAND_set_rand_method: how else would random numbers fail? */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/rand.h>

#include "authority.h"

#include <anchorite/ca/private.h>
#include <anchorite/out/audit.h>

#define BOOT     "0f8fad5b-d9cb-469f-a165-70867728950e"
#define ZEROS    "0000000000000000000000000000000000000000000000000000000000" \
	"000000"
#define REDACTED "(redacted)"

static void
want_shown(const struct world *w, const char *text, const char *shown)
{
	AUTO(buf_release) struct buf have = { 0 };

	buf_text(&have, "by ");
	MUST(private_show(w->authority->objects, text, &have, &fault));
	assert_memory_equal(buf_cstr(&have), "by ", 3);
	assert_string_equal(buf_cstr(&have) + 3, shown);
}

static void
want_no_show(const struct world *w, enum fail_kind kind, const char *text,
    const char *sentence)
{
	AUTO(buf_release) struct buf have = { 0 };

	MUST_FAIL(kind, sentence, private_show(w->authority->objects, text,
	    &have, &fault));
	assert_int_equal(have.len, 0);
}

static void
put(struct world *w, const char *value, struct buf *out)
{
	MUST(private_put(w->authority->objects, value, out, &fault));
}

static void
commitments_are_known(void **state)
{
	struct digest digest = { { 1 } };

	(void)state;
	assert_true(private_is("private:"));
	assert_true(private_is("private:" ZEROS));
	assert_false(private_is("private"));
	assert_false(private_is("Private:" ZEROS));
	assert_false(private_is(" private:" ZEROS));
	assert_false(private_is(""));
	MUST(private_read("private:" ZEROS, &digest, &fault));
	for (size_t n = 0; n < DIGEST_LEN; n++)
		assert_int_equal(digest.bytes[n], 0);
	MUST_FAIL(FAIL_INPUT, "not a private value",
	    private_read("Alice", &digest, &fault));
	MUST_FAIL(FAIL_INPUT, "", private_read("private:", &digest, &fault));
	MUST_FAIL(FAIL_INPUT, "", private_read("private:" ZEROS "0", &digest,
	    &fault));
	MUST_FAIL(FAIL_INPUT, "", private_read("private:Alice", &digest,
	    &fault));
}

/* The object is what private.h says: anybody can make the digest again. */
static void
value_is_an_object(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf content = { 0 };
	AUTO(json_release) struct json *json = NULL;
	const char *salt = NULL, *value = NULL;
	struct digest digest, salted;
	char hex[DIGEST_HEX_SIZE];

	buf_text(&text, "x");
	put(w, "Alice \"\xc3\xa4\"", &text);
	assert_int_equal(text.data[0], 'x');
	assert_int_equal(text.len, 1 + strlen(PRIVATE_PREFIX) + 64);
	MUST(private_read(buf_cstr(&text) + 1, &digest, &fault));
	MUST(objects_get(w->authority->objects, &digest, &content, &fault));
	object_hex(buf_bytes(&content), hex);
	assert_string_equal(buf_cstr(&text) + 1 + strlen(PRIVATE_PREFIX),
	    hex);
	MUST(json_read(buf_bytes(&content), &json, &fault));
	assert_int_equal(json_count(json), 2);
	MUST(json_get_text(json, "salt", &salt, &fault));
	MUST(digest_read_hex(salt, &salted, &fault));
	MUST(json_get_text(json, "value", &value, &fault));
	assert_string_equal(value, "Alice \"\xc3\xa4\"");
	want_shown(w, buf_cstr(&text) + 1, "Alice \"\xc3\xa4\"");
	/* In the canonical form. */
	buf_release(&content);
	json_write(json, &content);
	object_hex(buf_bytes(&content), hex);
	assert_string_equal(buf_cstr(&text) + 1 + strlen(PRIVATE_PREFIX),
	    hex);
}

/* Who knows the value cannot find it among the commitments. */
static void
same_value_is_never_the_same(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf a = { 0 };
	AUTO(buf_release) struct buf b = { 0 };

	put(w, "Alice", &a);
	put(w, "Alice", &b);
	assert_string_not_equal(buf_cstr(&a), buf_cstr(&b));
	want_shown(w, buf_cstr(&a), "Alice");
	want_shown(w, buf_cstr(&b), "Alice");
	buf_release(&a);
	put(w, "", &a);
	want_shown(w, buf_cstr(&a), "");
}

static int
no_bytes(unsigned char *out, int len)
{
	memset(out, 1, (size_t)len);
	return 0;
}

static void
no_salt_no_commitment(void **state)
{
	struct world *w = *state;
	static const RAND_METHOD none = { .bytes = no_bytes };
	AUTO(buf_release) struct buf text = { 0 };

	RAND_set_rand_method(&none);
	MUST_FAIL(FAIL_SYSTEM, "random octets", private_put(
	    w->authority->objects, "Alice", &text, &fault));
	RAND_set_rand_method(NULL);
	assert_int_equal(text.len, 0);
}

static void
plain_text_is_shown(void **state)
{
	struct world *w = *state;

	want_shown(w, "Alice", "Alice");
	want_shown(w, "", "");
	want_shown(w, "private:" ZEROS, REDACTED);
	want_no_show(w, FAIL_JOURNAL, "private:Alice", "");
}

/* Gone is redacted; changed, or another kind of object, is not. */
static void
objects_are_checked(void **state)
{
	static const char *const others[] = {
		"rubbish", "{\"salt\":\"00\"}", "{\"value\":7}", "[]", "",
	};
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(auto_free) char *path = NULL;
	struct digest digest;

	put(w, "Alice", &text);
	MUST(private_read(buf_cstr(&text), &digest, &fault));
	path = object_path(w, &digest);
	assert_int_equal(chmod(path, 0600), 0);
	overwrite(path, bytes_text("{\"salt\":\"00\",\"value\":\"Mallory\"}"));
	want_no_show(w, FAIL_JOURNAL, buf_cstr(&text), "has been changed");
	assert_int_equal(unlink(path), 0);
	want_shown(w, buf_cstr(&text), REDACTED);
	for (size_t n = 0; n < COUNT(others); n++) {
		AUTO(buf_release) struct buf other = { 0 };
		char hex[DIGEST_HEX_SIZE];

		MUST(objects_put(w->authority->objects,
		    bytes_text(others[n]), &digest, &fault));
		digest_hex(&digest, hex);
		buf_printf(&other, PRIVATE_PREFIX "%s", hex);
		want_no_show(w, FAIL_JOURNAL, buf_cstr(&other),
		    "private value: ");
	}
}

/*
 * Records of a policy that marks all three. The names of those who act
 * appear nowhere in the journal.
 */
#define NAME    "Alice Example"
#define TICKET  "CHG-0815"
#define WITNESS "Carol Notary"

struct noted {
	char by[100], ticket[100], witness[100];
	size_t count;
};

struct notes {
	struct noted records[LINES_MAX];
	size_t count;
};

/* A text of the data, or "". */
static void
note_text(const struct json *data, const char *key, char out[100])
{
	const char *text = "";

	if (json_has(data, key))
		MUST(json_get_text(data, key, &text, &fault));
	snprintf(out, 100, "%s", text);
}

static int
note(void *context, const struct record *record, struct fail *fail)
{
	struct notes *notes = context;
	struct noted *noted = &notes->records[notes->count++];
	const struct json *sitting;

	assert_true(notes->count <= LINES_MAX);
	snprintf(noted->by, sizeof(noted->by), "%s", record->by);
	note_text(record->data, "ticket", noted->ticket);
	noted->witness[0] = '\0';
	if (!json_has(record->data, "sitting"))
		return 0;
	if (json_get_object(record->data, "sitting", &sitting, fail) == -1)
		return -1;
	note_text(sitting, "witness", noted->witness);
	return 0;
}

static void
take_notes(const struct world *w, struct notes *notes)
{
	memset(notes, 0, sizeof(*notes));
	MUST(audit_show(w->path, 1, note, notes, &fault));
}

static const struct sitting sitting = { .boot = BOOT, .witness = WITNESS };

/* Under `privates` from the second record on. */
static void
begin(struct world *w, const char *privates)
{
	AUTO(buf_release) struct buf policy = { 0 };

	buf_printf(&policy, "%sprivate: %s\n", policy_text, privates);
	record_init(w, buf_cstr(&policy));
	world_seal(w);
	world_append(w, "root-key", root_key_data(w->root_key));
	world_seal(w);
	record_root(w);
	world_seal(w);
	w->act.by = NAME;
	w->act.ticket = TICKET;
	w->act.sitting = &sitting;
	world_reopen(w);
}

static void
want_strays(const struct world *w, int64_t strays)
{
	struct audit audit = { 0 };

	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.strays, strays);
	assert_int_equal(audit.unsealed, 0);
}

static bool
journal_has(const struct world *w, const char *text)
{
	AUTO(buf_release) struct buf journal = { 0 };

	load(w->journal, &journal);
	return memmem(journal.data, journal.len, text, strlen(text)) != NULL;
}

static void
records_hold_commitments(void **state)
{
	struct world *w = *state;
	struct notes notes;
	const struct noted *first;
	size_t before;

	begin(w, "[by, ticket, witness]");
	before = (size_t)world_seq(w);
	world_append(w, "bundled", json_new());
	world_append(w, "bundled", json_new());
	world_seal(w);
	assert_false(journal_has(w, NAME));
	assert_false(journal_has(w, TICKET));
	assert_false(journal_has(w, WITNESS));
	take_notes(w, &notes);
	assert_int_equal(notes.count, before + 3);
	first = &notes.records[before];
	want_shown(w, first->by, NAME);
	want_shown(w, first->ticket, TICKET);
	want_shown(w, first->witness, WITNESS);
	assert_true(private_is(first->by));
	assert_true(private_is(first->ticket));
	assert_true(private_is(first->witness));
	/* One command has one commitment to who acted; its seal repeats it. */
	assert_string_equal(first[1].by, first->by);
	assert_string_equal(first[2].by, first->by);
	assert_string_equal(first[1].ticket, "");
	assert_string_equal(first[1].witness, "");
	/* The next command makes its own. */
	world_reopen(w);
	world_append(w, "bundled", json_new());
	world_seal(w);
	take_notes(w, &notes);
	want_shown(w, notes.records[before + 3].by, NAME);
	assert_string_not_equal(notes.records[before + 3].by, first->by);
	assert_string_equal(notes.records[before + 4].by,
	    notes.records[before + 3].by);
	want_strays(w, 0);
}

static void
only_what_is_marked(void **state)
{
	struct world *w = *state;
	struct notes notes;
	size_t before;

	begin(w, "[ticket]");
	before = (size_t)world_seq(w);
	world_append(w, "bundled", json_new());
	world_seal(w);
	take_notes(w, &notes);
	assert_string_equal(notes.records[before].by, NAME);
	assert_string_equal(notes.records[before + 1].by, NAME);
	assert_string_equal(notes.records[before].witness, WITNESS);
	assert_true(private_is(notes.records[before].ticket));
	assert_false(journal_has(w, TICKET));
	want_strays(w, 0);
}

/* init, the first record of all, made in a token. */
static void
init_holds_commitments(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf policy = { 0 };
	AUTO(auto_free) char *journal = file_path(w->path, JOURNAL_NAME);
	struct world paths = { .path = w->path, .journal = journal };
	struct notes notes;

	buf_printf(&policy, "%sprivate: [by, ticket, witness]\n",
	    policy_text);
	policy_release(&w->policy);
	MUST(policy_read("policy", buf_bytes(&policy), &w->policy, &fault));
	w->act.by = NAME;
	w->act.ticket = TICKET;
	w->act.sitting = &sitting;
	token_begin(w);
	paths.authority = w->authority;
	take_notes(&paths, &notes);
	assert_int_equal(notes.count, 2);
	want_shown(&paths, notes.records[0].by, NAME);
	want_shown(&paths, notes.records[0].ticket, TICKET);
	want_shown(&paths, notes.records[0].witness, WITNESS);
	assert_string_equal(notes.records[1].by, notes.records[0].by);
	assert_false(journal_has(&paths, NAME));
	assert_false(journal_has(&paths, TICKET));
	assert_false(journal_has(&paths, WITNESS));
	want_strays(&paths, 0);
}

/* A refusal names its command's operator, too. */
static void
refusals_hold_commitments(void **state)
{
	struct world *w = *state;
	struct fail refusal = { 0 };
	struct notes notes;
	size_t before;

	begin(w, "[by, witness]");
	before = (size_t)world_seq(w);
	(void)!fail_with(&refusal, FAIL_REFUSED, "policy forbids it");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
	assert_string_equal(refusal.sentence, "policy forbids it");
	take_notes(w, &notes);
	assert_int_equal(notes.count, before + 1);
	assert_true(private_is(notes.records[before].by));
	want_shown(w, notes.records[before].by, NAME);
	assert_false(journal_has(w, NAME));
}

/* Without the objects the journal is as it was, and verifies. */
static void
redaction_changes_no_digest(void **state)
{
	struct world *w = *state;
	struct audit before = { 0 }, after = { 0 };
	struct notes notes;
	const struct noted *first;

	begin(w, "[by, ticket, witness]");
	world_append(w, "bundled", json_new());
	world_seal(w);
	MUST(audit_verify(w->path, NULL, &before, &fault));
	take_notes(w, &notes);
	first = &notes.records[notes.count - 2];
	for (size_t n = 0; n < 3; n++) {
		const char *texts[] = {
			first->by, first->ticket, first->witness,
		};
		AUTO(auto_free) char *path = NULL;
		struct digest digest;

		MUST(private_read(texts[n], &digest, &fault));
		path = object_path(w, &digest);
		assert_int_equal(unlink(path), 0);
		want_shown(w, texts[n], REDACTED);
	}
	MUST(audit_verify(w->path, NULL, &after, &fault));
	assert_true(digest_is_equal(&before.head.digest, &after.head.digest));
	assert_int_equal(after.strays, 0);
	world_reopen(w);
	world_append(w, "bundled", json_new());
	world_seal(w);
	want_strays(w, 0);
}

/* On a full disk: no record then, and no name in clear. */
static void
no_object_no_record(void **state)
{
	struct world *w = *state;
	struct rlimit room, none;
	struct json *data = json_new();
	int64_t seq;

	begin(w, "[by]");
	seq = world_seq(w);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &room), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = room.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	MUST_FAIL(FAIL_SYSTEM, "objects", authority_append(w->authority,
	    &w->act, "bundled", &data, &fault));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &room), 0);
	json_release(&data);
	assert_int_equal(world_seq(w), seq);
	assert_false(journal_has(w, NAME));
	world_reopen(w);
	assert_int_equal(world_seq(w), seq);
}

/* The disk's own answer to syncfs. */
static bool sync_fails;

int
syncfs(int fd)
{
	(void)fd;
	errno = EIO;
	return sync_fails ? -1 : 0;
}

/* No record names what may not last. */
static void
no_sync_no_record(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();
	int64_t seq;

	begin(w, "[ticket]");
	seq = world_seq(w);
	sync_fails = true;
	MUST_FAIL(FAIL_SYSTEM, "objects: ", authority_append(w->authority,
	    &w->act, "bundled", &data, &fault));
	sync_fails = false;
	json_release(&data);
	assert_int_equal(world_seq(w), seq);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commitments_are_known),
		IN(value_is_an_object, world_setup_empty),
		IN(same_value_is_never_the_same, world_setup_empty),
		IN(no_salt_no_commitment, world_setup_empty),
		IN(plain_text_is_shown, world_setup_empty),
		IN(objects_are_checked, world_setup_empty),
		IN(records_hold_commitments, world_setup_empty),
		IN(only_what_is_marked, world_setup_empty),
		IN(refusals_hold_commitments, world_setup_empty),
		cmocka_unit_test_setup_teardown(init_holds_commitments,
		    token_setup, token_teardown),
		IN(redaction_changes_no_digest, world_setup_empty),
		IN(no_object_no_record, world_setup_empty),
		IN(no_sync_no_record, world_setup_empty),
	};

	return cmocka_run_group_tests_name("private", tests, NULL, NULL);
}
