/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "authority.h"

#include <anchorite/ca/journal.h>

#define ZEROS \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define FIRST \
	"{\"by\":\"tester\",\"data\":{\"a\":\"\\\"\303\274\\n\",\"b\":[1," \
	"true]},\"event\":\"init\",\"prev\":\"" ZEROS "\",\"seq\":1,\"time\":" \
	"\"2026-11-21T06:50:48Z\"}\n"

struct place {
	char folder[32];
	char file[64];
	int dirfd;
	struct journal *journal;
};

static void
reopen(struct place *p)
{
	journal_release(&p->journal);
	MUST(journal_open(p->dirfd, false, true, &p->journal, &fault));
}

static int
setup(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));

	snprintf(p->folder, sizeof(p->folder), "/tmp/anchorite-unit-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->file, sizeof(p->file), "%s/" JOURNAL_NAME, p->folder);
	MUST(file_open_directory(p->folder, &p->dirfd, &fault));
	MUST(journal_open(p->dirfd, true, true, &p->journal, &fault));
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	journal_release(&p->journal);
	journal_release(&p->journal);
	auto_close(&p->dirfd);
	MUST(file_remove_tree(p->folder, &fault));
	free(p);
	return 0;
}

static struct json *
some_data(void)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct json *data = NULL;

	buf_text(&text, "{\"b\":[1,true],\"a\":\"\\\"\303\274\\n\"}");
	MUST(json_read(buf_bytes(&text), &data, &fault));
	return data;
}

static int
append(struct place *p, int64_t time, struct fail *fail)
{
	struct json *data = some_data();
	int result = journal_append(p->journal, time, "tester", "init", &data,
	    NULL, NULL, fail);

	assert_null(data);
	return result;
}

/* As many records, a second apart. */
static void
fill(struct place *p, int count)
{
	for (int n = 0; n < count; n++)
		MUST(append(p, NOW + n, &fault));
}

static void
refuse_text(struct place *p, struct bytes text, const char *sentence)
{
	overwrite(p->file, text);
	reopen(p);
	MUST_FAIL(FAIL_JOURNAL, sentence,
	    journal_replay(p->journal, NULL, NULL, &fault));
	/* Nor can anything be put behind it. */
	MUST_FAIL(FAIL_JOURNAL, "journal: cannot be appended to",
	    append(p, NOW + 1000, &fault));
}

static void
lines_are_canonical(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	const struct journal_head *head = journal_head(p->journal);
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	assert_int_equal(head->seq, 0);
	fill(p, 2);
	digest_of(bytes_text(FIRST), &digest);
	digest_hex(&digest, hex);
	buf_text(&want, FIRST);
	buf_printf(&want, "{\"by\":\"tester\",\"data\":{\"a\":\"\\\"\303\274"
	    "\\n\",\"b\":[1,true]},\"event\":\"init\",\"prev\":\"%s\",\"seq\":"
	    "2,\"time\":\"2026-11-21T06:50:49Z\"}\n", hex);
	load(p->file, &have);
	assert_string_equal(buf_cstr(&have), buf_cstr(&want));
	assert_int_equal(head->seq, 2);
	assert_int_equal(head->time, NOW + 1);
	digest_of(bytes_of(want.data + strlen(FIRST),
	    want.len - strlen(FIRST)), &digest);
	assert_true(digest_is_equal(&head->digest, &digest));
}

/* What a replay hands on, in words. */
static int
tell(void *context, const struct record *record, struct fail *fail)
{
	char prev[DIGEST_HEX_SIZE], digest[DIGEST_HEX_SIZE];
	struct digest again;

	(void)fail;
	digest_of(record->line, &again);
	assert_true(digest_is_equal(&again, &record->digest));
	digest_hex(&record->prev, prev);
	digest_hex(&record->digest, digest);
	buf_printf(context, "%lld %lld %s %s %s %s\n",
	    (long long)record->seq, (long long)record->time, record->by,
	    record->event, prev, digest);
	json_write(record->data, context);
	return 0;
}

static void
append_shows_what_a_replay_shows(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf first = { 0 };
	AUTO(buf_release) struct buf second = { 0 };
	static const char *const names[] = {
		"tester", "", "\303\274ber \"x\" \\ \t\033[31m\342\200\256",
		"\377\376 not UTF-8",
	};

	for (size_t n = 0; n < COUNT(names); n++) {
		struct json *data = some_data();

		MUST(journal_append(p->journal, NOW, names[n], "a-b", &data,
		    tell, &first, &fault));
	}
	reopen(p);
	MUST(journal_replay(p->journal, tell, &second, &fault));
	assert_string_equal(buf_cstr(&second), buf_cstr(&first));
	assert_int_equal(journal_head(p->journal)->seq, COUNT(names));
}

static int
never(void *context, const struct record *record, struct fail *fail)
{
	(void)context;
	(void)record;
	return fail_with(fail, FAIL_JOURNAL, "never");
}

static void
what_is_not_taken_is_not_written(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf have = { 0 };
	struct json *data = some_data();

	MUST_FAIL(FAIL_JOURNAL, "journal: record 1: never",
	    journal_append(p->journal, NOW, "tester", "init", &data, never,
	    NULL, &fault));
	assert_null(data);
	data = some_data();
	MUST_FAIL(FAIL_JOURNAL,
	    "journal: record 1: event: want at most 32 of a-z and hyphens",
	    journal_append(p->journal, NOW, "tester", "Init", &data, NULL,
	    NULL, &fault));
	load(p->file, &have);
	assert_int_equal(have.len, 0);
	assert_int_equal(journal_head(p->journal)->seq, 0);
	fill(p, 1);
}

static void
clock_does_not_run_backwards(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf changed = { 0 };

	fill(p, 2);
	MUST_FAIL(FAIL_REFUSED, "clock: it is 2026-11-21T06:50:48Z, the "
	    "journal is at 2026-11-21T06:50:49Z", append(p, NOW, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 2);
	MUST(append(p, NOW + 1, &fault));
	load(p->file, &text);
	replace(buf_bytes(&text), "\"seq\":3,\"time\":\"2026-11-21T06:50:49Z",
	    "\"seq\":3,\"time\":\"2026-11-21T06:50:48Z", &changed);
	refuse_text(p, buf_bytes(&changed), "journal: record 3: time "
	    "2026-11-21T06:50:48Z is before its predecessor's "
	    "2026-11-21T06:50:49Z");
}

static void
nothing_is_appended_unread(void **state)
{
	struct place *p = *state;

	reopen(p);
	MUST_FAIL(FAIL_JOURNAL, "journal: cannot be appended to",
	    append(p, NOW, &fault));
}

static const struct {
	const char *old, *new, *sentence;
} faults[] = {
	{ "\"seq\":1", "\"seq\":2", "sequence: want 1, have 2" },
	{ "\"seq\":1", "\"seq\":0", "seq: want 1 to " },
	{ "\"seq\":1", "\"seq\":-1", "seq: want 1 to " },
	{ "\"seq\":1", "\"seq\":1.0", "JSON: no fractions here" },
	{ "\"seq\":1", "\"seq\":1e0", "JSON: no fractions here" },
	{ "[1,", "[1.5,", "JSON: no fractions here" },
	{ "[1,", "[null,", "JSON: no null here" },
	{ "[1,", "[-0,", "not canonical JSON" },
	{ "[1,", "[01,", "JSON: 1:" },
	{ "[1,", "[9007199254740992,", "JSON: number beyond 9007199254740991" },
	{ "[1,", "[99999999999999999999999,", "JSON: 1:" },
	{ "\"seq\":1", "\"seq\":\"1\"", "seq: want a number" },
	{ "\"by\":", "\"by\":\"x\",\"by\":", "JSON: 1:" },
	{ "\"a\":", "\"b\":", "JSON: 1:" },
	{ "\"by\":\"tester\"", "\"by\":7", "by: want a string" },
	{ "\"by\"", "\"be\"", "by: missing" },
	{ "{\"by\":\"tester\",", "{", "not six fields" },
	{ "{\"by\"", "{\"aa\":1,\"by\"", "not six fields" },
	{ "{\"by\"", "{ \"by\"", "not canonical JSON" },
	{ "}\n", "} \n", "not canonical JSON" },
	{ "}\n", "}\r\n", "not canonical JSON" },
	{ "}\n", "}}\n", "JSON: 1:" },
	{ "}\n", "}{}\n", "JSON: 1:" },
	{ "{\"by\"", "\n{\"by\"", "JSON: 1:" },
	{ "tester", "\\u0074ester", "not canonical JSON" },
	{ "tester", "t\\u0000ster", "JSON: 1:" },
	{ "tester", "t\\ud800ster", "JSON: 1:" },
	{ "tester", "t\377ster", "JSON: 1:" },
	{ "tester", "t\001ster", "JSON: 1:" },
	{ "tester", "t\\/ster", "not canonical JSON" },
	{ "\"a\":\"\\\"\303\274\\n\",\"b\":[1,true]",
	    "\"b\":[1,true],\"a\":\"\\\"\303\274\\n\"", "not canonical JSON" },
	{ "\"data\":{\"a\":\"\\\"\303\274\\n\",\"b\":[1,true]}",
	    "\"data\":[]", "data: want an object" },
	{ "\"init\"", "\"\"", "event: want at most 32 of a-z and hyphens" },
	{ "\"init\"", "\"in\\u001b\"", "event: want at most 32" },
	{ "\"init\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
	    "event: want at most 32" },
	{ "\"0000", "\"1000", "does not follow the record before it" },
	{ "\"0000", "\"A000", "digest: want pairs of lower-case" },
	{ "\"0000", "\"000", "digest: want 64 hexadecimal digits" },
	{ "T06", " 06", "want a time such as" },
	{ "11-21T", "02-30T", "want a time such as" },
	{ "48Z", "48.5Z", "want a time such as" },
	{ "48Z", "48+00:00", "want a time such as" },
	{ FIRST, "[1,2,3,4,5,6]\n", "seq: missing" },
	{ FIRST, "\"text\"\n", "not six fields" },
	{ FIRST, "\n", "JSON: 1:" },
	{ "}\n", "}", "torn: the line has no end" },
	{ FIRST, "{", "torn: the line has no end" },
};

static void
every_fault_of_form_has_its_sentence(void **state)
{
	struct place *p = *state;

	for (size_t n = 0; n < COUNT(faults); n++) {
		AUTO(buf_release) struct buf text = { 0 };
		AUTO(buf_release) struct buf sentence = { 0 };

		replace(bytes_text(FIRST), faults[n].old, faults[n].new,
		    &text);
		buf_printf(&sentence, "journal: record 1: %s",
		    faults[n].sentence);
		refuse_text(p, buf_bytes(&text), buf_cstr(&sentence));
	}
	/* The row of which they are spoilt copies is sound. */
	overwrite(p->file, bytes_text(FIRST));
	reopen(p);
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
}

static void
nul_within_a_line_is_refused(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	buf_text(&text, FIRST);
	text.data[8] = '\0';
	refuse_text(*state, buf_bytes(&text), "journal: record 1: JSON: 1:");
}

/* Cut out, put twice, or exchanged: each line of it. Only the last one can
 * go unseen: what is before it is a journal. */
static void
order_is_kept(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	size_t count;

	fill(p, 5);
	load(p->file, &text);
	count = split_lines(buf_bytes(&text), lines);
	assert_int_equal(count, 5);
	/* With i and j exchanged; where they are one, it is cut out. */
	for (size_t at = 0; at < count * count - 1; at++) {
		AUTO(buf_release) struct buf other = { 0 };
		size_t i = at / count, j = at % count;

		for (size_t n = 0; n < count; n++)
			if (i != j || n != i)
				buf_put(&other, lines[n == i ? j :
				    n == j ? i : n]);
		refuse_text(p, buf_bytes(&other), "sequence: want");
	}
	for (size_t i = 0; i < count; i++) {
		AUTO(buf_release) struct buf other = { 0 };

		for (size_t n = 0; n < count; n++) {
			buf_put(&other, lines[n]);
			if (n == i)
				buf_put(&other, lines[n]);
		}
		refuse_text(p, buf_bytes(&other), "sequence: want");
	}
}

static void
change_within_the_chain_is_seen(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };

	fill(p, 2);
	load(p->file, &text);
	text.data[strlen("{\"by\":\"")]++;
	refuse_text(p, buf_bytes(&text),
	    "journal: record 2: does not follow the record before it");
}

static void
torn_line_is_set_aside(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf torn = { 0 };
	AUTO(buf_release) struct buf have = { 0 };

	fill(p, 1);
	MUST_FAIL(FAIL_JOURNAL, "journal: not torn",
	    journal_set_aside(p->journal, &fault));
	MUST_FAIL(FAIL_JOURNAL, "journal: not torn",
	    journal_read_torn(p->journal, &torn, &fault));
	buf_text(&text, FIRST "{\"by\":\"tes");
	refuse_text(p, buf_bytes(&text), "journal: record 2: torn");
	assert_true(journal_is_torn(p->journal));
	assert_int_equal(journal_head(p->journal)->seq, 1);
	MUST(journal_read_torn(p->journal, &torn, &fault));
	assert_string_equal(buf_cstr(&torn), "{\"by\":\"tes");
	MUST(journal_set_aside(p->journal, &fault));
	load(p->file, &have);
	assert_string_equal(buf_cstr(&have), buf_cstr(&text));
	fill(p, 1);
	assert_false(journal_is_torn(p->journal));
	reopen(p);
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 2);
}

/* FIRST with a torn line behind it, set aside. */
static void
set_aside(struct place *p, const char *torn)
{
	AUTO(buf_release) struct buf text = { 0 };

	buf_text(&text, FIRST);
	buf_text(&text, torn);
	refuse_text(p, buf_bytes(&text), "journal: record 2: torn");
	MUST(journal_set_aside(p->journal, &fault));
}

/* Whether it is longer than the record that comes over it, or shorter. */
static void
record_stands_in_its_place(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf torn = { 0 };

	fill(p, 2);
	load(p->file, &want);
	while (torn.len <= 3 * want.len) {
		AUTO(buf_release) struct buf have = { 0 };

		buf_text(&torn, "{\"by\":\"tes");
		set_aside(p, buf_cstr(&torn));
		MUST(append(p, NOW + 1, &fault));
		load(p->file, &have);
		assert_string_equal(buf_cstr(&have), buf_cstr(&want));
	}
	/* As long as itself, to the byte. */
	torn.len = 0;
	buf_put(&torn, bytes_of(want.data + strlen(FIRST),
	    want.len - strlen(FIRST) - 1));
	buf_text(&torn, "x");
	set_aside(p, buf_cstr(&torn));
	MUST(append(p, NOW + 1, &fault));
	reopen(p);
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 2);
	assert_false(journal_is_torn(p->journal));
}

/* A crash before the rest is cut off: the record stands, a line is torn. */
static void
rest_behind_the_record_is_torn_again(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf rest = { 0 };

	fill(p, 2);
	load(p->file, &text);
	buf_text(&text, "st of it");
	refuse_text(p, buf_bytes(&text), "journal: record 3: torn");
	assert_true(journal_is_torn(p->journal));
	assert_int_equal(journal_head(p->journal)->seq, 2);
	MUST(journal_read_torn(p->journal, &rest, &fault));
	assert_string_equal(buf_cstr(&rest), "st of it");
	MUST(journal_set_aside(p->journal, &fault));
	MUST(append(p, NOW + 2, &fault));
	reopen(p);
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 3);
}

/* Appended after is not over it: it is gone only once. */
static void
what_follows_is_appended(void **state)
{
	struct place *p = *state;

	fill(p, 1);
	set_aside(p, "{\"by\":\"tes");
	MUST(append(p, NOW + 1, &fault));
	assert_false(journal_is_torn(p->journal));
	MUST_FAIL(FAIL_JOURNAL, "journal: not torn",
	    journal_set_aside(p->journal, &fault));
	MUST(append(p, NOW + 2, &fault));
	MUST(append(p, NOW + 3, &fault));
	reopen(p);
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 4);
}

/* Set aside, and no record came: it is torn as before. */
static void
what_is_set_aside_stays(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf before = { 0 };
	AUTO(buf_release) struct buf after = { 0 };

	fill(p, 1);
	set_aside(p, "{\"by\":\"tes");
	load(p->file, &before);
	MUST_FAIL(FAIL_REFUSED, "clock: it is ", append(p, NOW - 1, &fault));
	reopen(p);
	MUST_FAIL(FAIL_JOURNAL, "journal: record 2: torn",
	    journal_replay(p->journal, NULL, NULL, &fault));
	load(p->file, &after);
	assert_string_equal(buf_cstr(&after), buf_cstr(&before));
}

static void
want_found(const struct place *p, struct bytes prefix, int64_t want)
{
	int64_t seq = -1;

	MUST(journal_find(p->journal, prefix, &seq, &fault));
	assert_int_equal(seq, want);
}

static void
records_are_found_by_digest(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	struct digest digest;
	int64_t untouched = 77;
	uint8_t long_one[DIGEST_LEN + 1] = { 0 };

	want_found(p, bytes_text("x"), 0);
	fill(p, 3);
	load(p->file, &text);
	assert_int_equal(split_lines(buf_bytes(&text), lines), 3);
	for (size_t n = 0; n < 3; n++) {
		digest_of(lines[n], &digest);
		for (size_t len = 16; len <= DIGEST_LEN; len++)
			want_found(p, bytes_of(digest.bytes, len),
			    (int64_t)n + 1);
		/* One bit off, at its very end. */
		digest.bytes[15] ^= 1;
		want_found(p, bytes_of(digest.bytes, 16), 0);
	}
	MUST_FAIL(FAIL_INPUT, "digest: want 1 to 32 octets, have 0",
	    journal_find(p->journal, bytes_of(long_one, 0), &untouched,
	    &fault));
	MUST_FAIL(FAIL_INPUT, "digest: want 1 to 32 octets, have 33",
	    journal_find(p->journal, bytes_of(long_one, sizeof(long_one)),
	    &untouched, &fault));
	assert_int_equal(untouched, 77);
	/* What is appended later is found, a torn line is not. */
	MUST(append(p, NOW + 3, &fault));
	digest = journal_head(p->journal)->digest;
	want_found(p, bytes_of(digest.bytes, DIGEST_LEN), 4);
	MUST(append(p, NOW + 4, &fault));
	set_aside(p, "{\"by\":\"tes");
	digest_of(bytes_text("{\"by\":\"tes"), &digest);
	want_found(p, bytes_of(digest.bytes, DIGEST_LEN), 0);
}

/* A full disk: what was begun is taken off again. */
static void
short_write_leaves_nothing(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf have = { 0 };
	struct rlimit before, limit;

	fill(p, 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = strlen(FIRST) + 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	MUST_FAIL(FAIL_SYSTEM, "journal: not written: No space left",
	    append(p, NOW, &fault));
	limit.rlim_cur = strlen(FIRST);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	MUST_FAIL(FAIL_SYSTEM, "journal: not written: File too large",
	    append(p, NOW, &fault));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	load(p->file, &have);
	assert_string_equal(buf_cstr(&have), FIRST);
	assert_int_equal(journal_head(p->journal)->seq, 1);
	fill(p, 1);
	reopen(p);
	MUST(journal_replay(p->journal, NULL, NULL, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 2);
}

static void
lines_have_a_bound(void **state)
{
	struct place *p = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct json *data = json_new();

	while (text.len <= JOURNAL_LINE_MAX)
		buf_text(&text, FIRST "0123456789012345678901234567890123456");
	for (size_t n = 0; n < text.len; n++)
		text.data[n] = 'a';
	json_put_text(data, "a", buf_cstr(&text));
	MUST_FAIL(FAIL_INPUT,
	    "journal: a record longer than 16777216 bytes",
	    journal_append(p->journal, NOW, "tester", "init", &data, NULL,
	    NULL, &fault));
	assert_int_equal(journal_head(p->journal)->seq, 0);
	refuse_text(p, buf_bytes(&text),
	    "journal: record 1: longer than 16777216 bytes");
	assert_false(journal_is_torn(p->journal));
}

static void
is_opened_by_one_writer(void **state)
{
	struct place *p = *state;
	struct journal *other = NULL;
	struct json *data = some_data();

	MUST_FAIL(FAIL_SYSTEM, "journal: in use by another process",
	    journal_open(p->dirfd, false, true, &other, &fault));
	MUST_FAIL(FAIL_REFUSED, "journal: exists already",
	    journal_open(p->dirfd, true, true, &other, &fault));
	assert_null(other);
	MUST(journal_open(p->dirfd, false, false, &other, &fault));
	MUST(journal_replay(other, NULL, NULL, &fault));
	MUST_FAIL(FAIL_SYSTEM, "journal: not written: Bad file descriptor",
	    journal_append(other, NOW, "tester", "init", &data, NULL, NULL,
	    &fault));
	journal_release(&other);
}

static void
what_is_no_journal_is_refused(void **state)
{
	struct place *p = *state;
	struct journal *other = NULL;

	assert_int_equal(unlink(p->file), 0);
	MUST_FAIL(FAIL_INPUT, "journal: No such file",
	    journal_open(p->dirfd, false, false, &other, &fault));
	assert_int_equal(mkfifo(p->file, 0600), 0);
	MUST_FAIL(FAIL_INPUT, "journal: not a regular file",
	    journal_open(p->dirfd, false, false, &other, &fault));
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(symlink("/etc/passwd", p->file), 0);
	MUST_FAIL(FAIL_INPUT, "journal: Too many levels",
	    journal_open(p->dirfd, false, false, &other, &fault));
	assert_null(other);
}

static void
seals_are_over_the_head(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *stranger = EVP_EC_gen("P-256");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	AUTO(buf_release) struct buf message = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	struct digest head = { { 0 } }, other = { { 1 } };

	(void)state;
	journal_seal_message(&head, &message);
	assert_string_equal(buf_cstr(&message),
	    "anchorite seal 1\n" ZEROS "\n");
	MUST(alg_sign(alg_find("ecdsa-sha256"), key, buf_bytes(&message),
	    &signature, &fault));
	text_base64(&text, buf_bytes(&signature));
	MUST(journal_verify_seal(buf_cstr(&text), &head, key, &fault));
	MUST_FAIL(FAIL_JOURNAL, "seal: signature does not verify",
	    journal_verify_seal(buf_cstr(&text), &other, key, &fault));
	MUST_FAIL(FAIL_JOURNAL, "seal: signature does not verify",
	    journal_verify_seal(buf_cstr(&text), &head, stranger, &fault));
	MUST_FAIL(FAIL_JOURNAL, "seal: signature algorithm ecdsa-sha256 does "
	    "not fit the key", journal_verify_seal(buf_cstr(&text), &head,
	    rsa, &fault));
	MUST_FAIL(FAIL_JOURNAL, "seal: signature does not verify",
	    journal_verify_seal("", &head, key, &fault));
	buf_text(&text, "\n");
	MUST_FAIL(FAIL_JOURNAL, "seal: not base64",
	    journal_verify_seal(buf_cstr(&text), &head, key, &fault));
	EVP_PKEY_free(key);
	EVP_PKEY_free(stranger);
	EVP_PKEY_free(rsa);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(lines_are_canonical),
		IN_PLACE(append_shows_what_a_replay_shows),
		IN_PLACE(what_is_not_taken_is_not_written),
		IN_PLACE(clock_does_not_run_backwards),
		IN_PLACE(nothing_is_appended_unread),
		IN_PLACE(every_fault_of_form_has_its_sentence),
		IN_PLACE(nul_within_a_line_is_refused),
		IN_PLACE(order_is_kept),
		IN_PLACE(change_within_the_chain_is_seen),
		IN_PLACE(torn_line_is_set_aside),
		IN_PLACE(record_stands_in_its_place),
		IN_PLACE(rest_behind_the_record_is_torn_again),
		IN_PLACE(what_follows_is_appended),
		IN_PLACE(what_is_set_aside_stays),
		IN_PLACE(records_are_found_by_digest),
		IN_PLACE(short_write_leaves_nothing),
		IN_PLACE(lines_have_a_bound),
		IN_PLACE(is_opened_by_one_writer),
		IN_PLACE(what_is_no_journal_is_refused),
		cmocka_unit_test(seals_are_over_the_head),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
