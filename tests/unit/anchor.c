/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "authority.h"

#include <anchorite/base/words.h>
#include <anchorite/ca/anchor.h>
#include <anchorite/token/datum.h>

#define ACCEPT " 'anchorite anchor accept --help'"

/* What the token keeps under the anchor's name, each on a line. */
static int
take(void *context, struct bytes value, struct fail *fail)
{
	(void)fail;
	buf_put(context, value);
	buf_text(context, "\n");
	return 0;
}

static void
name_of(const struct token_world *w, struct buf *out)
{
	anchor_name(w->authority->ledger, out);
}

static void
want_kept(const struct token_world *w, const char *text)
{
	AUTO(buf_release) struct buf name = { 0 };
	AUTO(buf_release) struct buf have = { 0 };

	name_of(w, &name);
	MUST(datum_each(w->session, buf_cstr(&name), take, &have, &fault));
	assert_string_equal(buf_cstr(&have), text);
}

static void
value_write(const struct journal_head *head, struct buf *out)
{
	char hex[DIGEST_HEX_SIZE], time[TEXT_TIME_SIZE];

	digest_hex(&head->digest, hex);
	text_time(head->time, time);
	buf_printf(out, "{\"digest\":\"%s\",\"seq\":%lld,\"time\":\"%s\"}",
	    hex, (long long)head->seq, time);
}

static void
want_kept_head(const struct token_world *w, const struct journal_head *head)
{
	AUTO(buf_release) struct buf value = { 0 };

	value_write(head, &value);
	buf_text(&value, "\n");
	want_kept(w, buf_cstr(&value));
}

/* Puts any value there, in place of all. */
static void
keep(const struct token_world *w, const char *value)
{
	AUTO(buf_release) struct buf name = { 0 };

	name_of(w, &name);
	MUST(datum_replace(w->session, buf_cstr(&name), bytes_text(value),
	    &fault));
}

static void
keep_head(const struct token_world *w, const struct journal_head *head)
{
	AUTO(buf_release) struct buf value = { 0 };

	value_write(head, &value);
	keep(w, buf_cstr(&value));
}

/* Puts a value there, beside all, as a crash leaves it. */
static void
keep_beside(const struct token_world *w, const char *value)
{
	AUTO(buf_release) struct buf name = { 0 };
	struct fail fail = { 0 };

	name_of(w, &name);
	setenv("FAKE_FAIL", "C_DestroyObject:0x30", 1);
	assert_int_equal(datum_replace(w->session, buf_cstr(&name),
	    bytes_text(value), &fail), -1);
	unsetenv("FAKE_FAIL");
}

static void
forget(const struct token_world *w)
{
	AUTO(buf_release) struct buf name = { 0 };

	name_of(w, &name);
	MUST(datum_remove(w->session, buf_cstr(&name), &fault));
}

static void
want_check(const struct token_world *w)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };

	MUST(anchor_check(w->authority->ledger, w->authority->journal,
	    w->session, &fault));
	MUST(authority_find_sealer(w->authority, w->session, &sealer,
	    &fault));
	assert_non_null(sealer.signer);
	assert_ptr_equal(sealer.session, w->session);
}

/* Neither does anything find what would seal. */
static void
want_no_check(const struct token_world *w, enum fail_kind kind,
    const char *sentence)
{
	struct sealer sealer = { 0 };

	MUST_FAIL(kind, sentence, anchor_check(w->authority->ledger,
	    w->authority->journal, w->session, &fault));
	MUST_FAIL(kind, sentence, authority_find_sealer(w->authority,
	    w->session, &sealer, &fault));
	assert_null(sealer.key);
	assert_null(sealer.signer);
}

/* "the token knows record …; the journal ends at record …: `why`". */
static void
want_other(const struct token_world *w, const struct journal_head *held,
    const char *why)
{
	const struct journal_head *head = journal_head(w->authority->journal);
	AUTO(buf_release) struct buf sentence = { 0 };
	char hex[2][DIGEST_HEX_SIZE], time[2][TEXT_TIME_SIZE];

	digest_hex(&held->digest, hex[0]);
	digest_hex(&head->digest, hex[1]);
	text_time(held->time, time[0]);
	text_time(head->time, time[1]);
	buf_printf(&sentence, "anchor: the token knows record %lld (%s, "
	    "SHA-256 %s); the journal ends at record %lld (%s, SHA-256 %s): "
	    "%s" ACCEPT, (long long)held->seq, time[0], hex[0],
	    (long long)head->seq, time[1], hex[1], why);
	want_no_check(w, FAIL_JOURNAL, buf_cstr(&sentence));
}

#define OLDER  "it is an older copy: look for the newest on the other " \
	"media; only if there is none,"
#define FORKED "it is another one, forked before that; see"

/* A record and its seal; `session` NULL: the token's anchor stays. */
static void
go_on(struct token_world *w, struct session *session)
{
	AUTO(sealer_release) struct sealer sealer = { .session = session };
	struct json *data = json_new(), *none = json_new_list();

	json_put_number(data, "intent", 0);
	json_put(data, "found", &none);
	MUST(authority_append(w->authority, &w->act, "recovered", &data,
	    &fault));
	MUST(authority_find_signer(&w->authority->ledger->journal_key,
	    w->session, &sealer.key, &sealer.signer, &fault));
	MUST(authority_seal(w->authority, &w->act, &sealer, &fault));
}

static void
load_journal(const struct token_world *w, struct buf *out)
{
	AUTO(auto_free) char *path = file_path(w->path, JOURNAL_NAME);

	load(path, out);
}

static void
put_journal_back(struct token_world *w, const struct buf *text)
{
	AUTO(auto_free) char *path = file_path(w->path, JOURNAL_NAME);

	overwrite(path, buf_bytes(text));
	token_reopen(w);
}

static int
setup_begun(void **state)
{
	token_setup(state);
	token_begin(*state);
	return 0;
}

/* Of another policy: `anchor` is a place. */
static int
setup_with(void **state, const char *anchor)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct token_world *w;

	token_setup(state);
	w = *state;
	buf_printf(&text, "%sanchor: %s\n", policy_text, anchor);
	policy_release(&w->policy);
	MUST(policy_read("policy", buf_bytes(&text), &w->policy, &fault));
	token_begin(w);
	return 0;
}

static int
setup_paper(void **state)
{
	return setup_with(state, "paper");
}

static int
setup_both(void **state)
{
	return setup_with(state, "both");
}

static void
limit_files(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int
teardown(void **state)
{
	unsetenv("FAKE_FAIL");
	limit_files(RLIM_INFINITY);
	return token_teardown(state);
}

static void
name_is_the_journal_keys(void **state)
{
	struct token_world *w = *state;
	const struct ledger_key *key = &w->authority->ledger->journal_key;
	AUTO(buf_release) struct buf have = { 0 };
	AUTO(buf_release) struct buf want = { 0 };

	name_of(w, &have);
	buf_text(&want, "test anchor ");
	text_hex(&want, buf_bytes(&key->id));
	assert_string_equal(buf_cstr(&have), buf_cstr(&want));
}

/* Each seal puts its own record there, and nothing else stays. */
static void
newest_seal_is_kept(void **state)
{
	struct token_world *w = *state;

	assert_int_equal(w->authority->ledger->head.seq, 2);
	want_kept_head(w, journal_head(w->authority->journal));
	want_check(w);
	w->act.now += DAY;
	go_on(w, w->session);
	assert_int_equal(w->authority->ledger->head.seq, 4);
	assert_int_equal(w->authority->ledger->head.time, NOW + DAY);
	want_kept_head(w, journal_head(w->authority->journal));
	want_check(w);
}

/* A crash, or a refusal, comes between a record and the next anchor. */
static void
journal_may_go_on(void **state)
{
	struct token_world *w = *state;
	const struct journal_head before =
	    *journal_head(w->authority->journal);
	struct fail refusal = { 0 };

	(void)!fail_with(&refusal, FAIL_REFUSED, "no");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
	want_check(w);
	go_on(w, NULL);
	go_on(w, NULL);
	want_kept_head(w, &before);
	want_check(w);
	token_reopen(w);
	want_check(w);
}

static void
older_journal_is_refused(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf old = { 0 };
	struct journal_head held;

	load_journal(w, &old);
	w->act.now += DAY;
	go_on(w, w->session);
	held = *journal_head(w->authority->journal);
	put_journal_back(w, &old);
	want_other(w, &held, OLDER);
	/* Longer by a refusal, it is still the older one. */
	{
		struct fail refusal = { 0 };

		(void)!fail_with(&refusal, FAIL_REFUSED, "no");
		authority_refuse(w->authority, &w->act, "sign", &refusal);
	}
	want_other(w, &held, OLDER);
}

static void
fork_is_refused(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf old = { 0 };
	struct journal_head held;

	load_journal(w, &old);
	go_on(w, w->session);
	held = *journal_head(w->authority->journal);
	put_journal_back(w, &old);
	w->act.now += DAY;
	/* As long, then longer. */
	go_on(w, NULL);
	assert_int_equal(journal_head(w->authority->journal)->seq, held.seq);
	want_other(w, &held, FORKED);
	go_on(w, NULL);
	want_other(w, &held, FORKED);
	token_reopen(w);
	want_other(w, &held, FORKED);
}

/* The digest of a record is not enough: its number must be that, too. */
static void
number_and_digest_belong_together(void **state)
{
	struct token_world *w = *state;
	struct journal_head held = *journal_head(w->authority->journal);

	held.seq = 1;
	keep_head(w, &held);
	want_other(w, &held, FORKED);
	held.seq = 3;
	keep_head(w, &held);
	want_other(w, &held, OLDER);
	held.seq = 2;
	keep_head(w, &held);
	want_check(w);
	held.digest.bytes[31] ^= 1;
	keep_head(w, &held);
	want_other(w, &held, FORKED);
}

/* Record 0 is of any journal: it is what init puts there. */
static void
record_0_is_of_any_journal(void **state)
{
	static const struct journal_head none;
	struct token_world *w = *state;
	const struct ledger *ledger = w->authority->ledger;

	MUST(anchor_begin("test", buf_bytes(&ledger->journal_key.id),
	    w->session, &fault));
	want_kept_head(w, &none);
	want_check(w);
	go_on(w, w->session);
	want_kept_head(w, journal_head(w->authority->journal));
	anchor_abandon("other", buf_bytes(&ledger->journal_key.id),
	    w->session);
	anchor_abandon("test", bytes_text("x"), w->session);
	want_kept_head(w, journal_head(w->authority->journal));
	anchor_abandon("test", buf_bytes(&ledger->journal_key.id),
	    w->session);
	want_kept(w, "");
}

static void
want_missing(const struct token_world *w)
{
	AUTO(buf_release) struct buf sentence = { 0 };

	buf_text(&sentence, "anchor: the token keeps no head of this journal: "
	    "it is another token, or the object \"");
	name_of(w, &sentence);
	buf_text(&sentence, "\" was taken out of it; see" ACCEPT);
	want_no_check(w, FAIL_TOKEN, buf_cstr(&sentence));
}

static void
missing_anchor_is_refused(void **state)
{
	struct token_world *w = *state;

	forget(w);
	want_missing(w);
}

static const char *const unreadable[] = {
	"rubbish",
	"{}",
	"[]",
	"{\"digest\":\"00\",\"seq\":0,\"time\":\"2026-11-21T06:50:48Z\"}",
	"{\"digest\":\"" "0000000000000000000000000000000000000000000000000000"
	    "000000000000\",\"seq\":-1,\"time\":\"2026-11-21T06:50:48Z\"}",
	"{\"digest\":\"" "0000000000000000000000000000000000000000000000000000"
	    "000000000000\",\"seq\":0}",
	"{\"digest\":\"" "0000000000000000000000000000000000000000000000000000"
	    "000000000000\",\"seq\":0,\"time\":\"yesterday\"}",
};

/* Alone it is as good as none; beside one that can be read, it is nothing. */
static void
unreadable_values_are_none(void **state)
{
	struct token_world *w = *state;
	AUTO(json_release) struct json *list = NULL;
	const struct journal_head head = *journal_head(w->authority->journal);

	for (size_t n = 0; n < COUNT(unreadable); n++) {
		keep(w, unreadable[n]);
		want_missing(w);
	}
	MUST(anchor_list(w->authority->ledger, w->session, &list, &fault));
	assert_int_equal(json_count(list), 0);
	keep_head(w, &head);
	for (size_t n = 0; n < COUNT(unreadable); n++)
		keep_beside(w, unreadable[n]);
	want_check(w);
	/* The next seal clears them away. */
	go_on(w, w->session);
	want_kept_head(w, journal_head(w->authority->journal));
}

/* A crash between making the new one and destroying the old. */
static void
each_of_several_counts(void **state)
{
	struct token_world *w = *state;
	const struct journal_head old = *journal_head(w->authority->journal);
	AUTO(json_release) struct json *list = NULL;
	AUTO(buf_release) struct buf before = { 0 };
	AUTO(buf_release) struct buf value = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	struct journal_head new;

	load_journal(w, &before);
	go_on(w, NULL);
	new = *journal_head(w->authority->journal);
	value_write(&new, &value);
	keep_beside(w, buf_cstr(&value));
	want_check(w);
	MUST(anchor_list(w->authority->ledger, w->session, &list, &fault));
	assert_int_equal(json_count(list), 2);
	json_write(list, &text);
	assert_non_null(strstr(buf_cstr(&text), buf_cstr(&value)));
	buf_release(&value);
	value_write(&old, &value);
	assert_non_null(strstr(buf_cstr(&text), buf_cstr(&value)));
	/* The one that is newer is held against it, whatever the order. */
	put_journal_back(w, &before);
	want_other(w, &new, OLDER);
	keep_head(w, &new);
	keep_beside(w, buf_cstr(&value));
	want_other(w, &new, OLDER);
	forget(w);
	keep_head(w, &old);
	want_check(w);
}

/* SoftHSM's own search goes on where its end was answered for it. */
static void
search_end(const struct token_world *w)
{
	struct token *token = session_token(w->session);
	CK_FUNCTION_LIST *calls = module_functions(token_module(token));

	unsetenv("FAKE_FAIL");
	calls->C_FindObjectsFinal(token_session(token));
}

/* What the token could not do is no answer. */
static void
token_faults_are_told(void **state)
{
	static const struct {
		const char *rule, *call;
	} rows[] = {
		{ "C_GetSessionInfo:0x30", "C_GetSessionInfo" },
		{ "C_FindObjectsInit:0x30", "C_FindObjectsInit" },
		{ "C_FindObjects:0x32", "C_FindObjects" },
		{ "C_FindObjectsFinal:0xb3", "C_FindObjectsFinal" },
		{ "C_GetAttributeValue:0x30", "C_GetAttributeValue" },
	};
	struct token_world *w = *state;
	AUTO(json_release) struct json *list = NULL;

	for (size_t n = 0; n < COUNT(rows); n++) {
		setenv("FAKE_FAIL", rows[n].rule, 1);
		MUST_FAIL(FAIL_TOKEN, rows[n].call, anchor_check(
		    w->authority->ledger, w->authority->journal, w->session,
		    &fault));
		search_end(w);
		setenv("FAKE_FAIL", rows[n].rule, 1);
		MUST_FAIL(FAIL_TOKEN, rows[n].call, anchor_list(
		    w->authority->ledger, w->session, &list, &fault));
		search_end(w);
		assert_null(list);
	}
	want_check(w);
}

/* All is done then but the anchor: the old one holds, and the next goes on. */
/* Another machine with the same token, between the look and the seal. */
static void
rival_is_refused(void **state)
{
	struct token_world *w = *state;
	AUTO(sealer_release) struct sealer sealer = { 0 };
	struct journal_head other = *journal_head(w->authority->journal);
	int64_t seq = other.seq;

	MUST(authority_find_sealer(w->authority, w->session, &sealer,
	    &fault));
	setenv("FAKE_FAIL", "C_FindObjectsInit:0x30", 1);
	MUST_FAIL(FAIL_TOKEN, "C_FindObjectsInit: ",
	    authority_seal(w->authority, &w->act, &sealer, &fault));
	unsetenv("FAKE_FAIL");
	other.seq++;
	MUST(anchor_store(w->authority->ledger, &other, w->session, &fault));
	MUST_FAIL(FAIL_JOURNAL, "another machine seals with the same token",
	    authority_seal(w->authority, &w->act, &sealer, &fault));
	other.seq--;
	other.digest.bytes[0] ^= 1;
	MUST(anchor_store(w->authority->ledger, &other, w->session, &fault));
	MUST_FAIL(FAIL_JOURNAL, "another machine seals with the same token",
	    authority_seal(w->authority, &w->act, &sealer, &fault));
	forget(w);
	MUST_FAIL(FAIL_JOURNAL, "another machine seals with the same token",
	    authority_seal(w->authority, &w->act, &sealer, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
}

static void
seal_without_anchor_is_told(void **state)
{
	static const char *const rules[] = {
		"C_CreateObject:0x31", "C_DestroyObject:0x30",
		"C_OpenSession:0xb1",
	};
	struct token_world *w = *state;

	for (size_t n = 0; n < COUNT(rules); n++) {
		AUTO(sealer_release) struct sealer sealer = { 0 };
		int64_t seq = journal_head(w->authority->journal)->seq;

		MUST(authority_find_sealer(w->authority, w->session, &sealer,
		    &fault));
		setenv("FAKE_FAIL", rules[n], 1);
		MUST_FAIL(FAIL_TOKEN, "sealed, but: anchor: ",
		    authority_seal(w->authority, &w->act, &sealer, &fault));
		unsetenv("FAKE_FAIL");
		assert_int_equal(journal_head(w->authority->journal)->seq,
		    seq + 1);
		token_reopen(w);
		want_check(w);
	}
	go_on(w, w->session);
	want_kept_head(w, journal_head(w->authority->journal));
}

/* What a full disk leaves, is none: the journal is held against the old. */
static void
full_disk_leaves_the_old_one(void **state)
{
	struct token_world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(buf_release) struct buf before = { 0 };
	struct journal_head held;

	load_journal(w, &before);
	go_on(w, w->session);
	held = ledger->head;
	go_on(w, NULL);
	limit_files(0);
	MUST_FAIL(FAIL_TOKEN, "anchor: data object test anchor ",
	    anchor_store(ledger, &ledger->head, w->session, &fault));
	limit_files(RLIM_INFINITY);
	want_kept_head(w, &held);
	want_check(w);
	put_journal_back(w, &before);
	want_other(w, &held, OLDER);
}

/* By policy on paper alone: what is in the token still counts. */
static void
paper_wants_none_in_the_token(void **state)
{
	struct token_world *w = *state;
	struct journal_head held = *journal_head(w->authority->journal);

	want_kept(w, "");
	want_check(w);
	go_on(w, w->session);
	want_kept(w, "");
	want_check(w);
	held.seq = 9;
	keep_head(w, &held);
	want_other(w, &held, OLDER);
}

static void
both_keep_it_in_the_token(void **state)
{
	struct token_world *w = *state;

	want_kept_head(w, journal_head(w->authority->journal));
	forget(w);
	want_missing(w);
}

/* Before a policy that wants it is in force, it is there. */
static void
new_policy_finds_an_anchor(void **state)
{
	static const char *const places[] = { "paper", "token", "both" };
	struct token_world *w = *state;
	const struct ledger *ledger = w->authority->ledger;

	for (size_t n = 0; n < COUNT(places); n++) {
		AUTO(policy_release) struct policy *next = NULL;
		AUTO(buf_release) struct buf text = { 0 };

		buf_printf(&text, "%sanchor: %s\n", policy_text, places[n]);
		MUST(policy_read("policy", buf_bytes(&text), &next, &fault));
		MUST(authority_prepare_anchor(w->authority, next, w->session,
		    &fault));
		if (n == 0)
			want_kept(w, "");
		else
			want_kept_head(w, &ledger->head);
		forget(w);
	}
	{
		AUTO(policy_release) struct policy *next = NULL;

		MUST(policy_read("policy", bytes_text(policy_text), &next,
		    &fault));
		setenv("FAKE_FAIL", "C_CreateObject:0xd1", 1);
		MUST_FAIL(FAIL_TOKEN, "anchor: the token does not keep data "
		    "objects (C_CreateObject: CKR_TEMPLATE_INCONSISTENT)",
		    authority_prepare_anchor(w->authority, next, w->session,
		    &fault));
	}
}

/* It is there already: what it says is not for a new policy to change. */
static void
old_policy_has_an_anchor(void **state)
{
	struct token_world *w = *state;
	const struct journal_head old = *journal_head(w->authority->journal);

	go_on(w, NULL);
	MUST(authority_prepare_anchor(w->authority, w->policy, w->session,
	    &fault));
	want_kept_head(w, &old);
}

/* init that did not begin leaves none behind. */
static void
init_takes_it_out_again(void **state)
{
	static const char *const rules[] = {
		/* The journal key's certificate; the seal has its own. */
		"C_SignInit:0x30", "C_CreateObject:0x31",
	};
	struct token_world *w = *state;
	CK_FUNCTION_LIST *calls = module_functions(
	    session_module(w->session));
	CK_SESSION_HANDLE raw = token_session(session_token(w->session));

	for (size_t n = 0; n < COUNT(rules); n++) {
		CK_OBJECT_HANDLE found[4];
		CK_ULONG count = 9;
		struct fail fail = { 0 };

		setenv("FAKE_FAIL", rules[n], 1);
		assert_int_equal(token_init_authority(w, &fail), -1);
		unsetenv("FAKE_FAIL");
		assert_int_equal(access(w->path, F_OK), -1);
		assert_int_equal(calls->C_FindObjectsInit(raw, NULL, 0),
		    CKR_OK);
		assert_int_equal(calls->C_FindObjects(raw, found, 4, &count),
		    CKR_OK);
		assert_int_equal(calls->C_FindObjectsFinal(raw), CKR_OK);
		assert_int_equal(count, 0);
	}
	token_begin(w);
	want_check(w);
}

/*
 * Paper. No token is asked: a journal of software keys does.
 */
static const struct journal_head *
head_of(const struct world *w)
{
	return journal_head(w->authority->journal);
}

static void
want_paper(const struct world *w, const char *text, int64_t want)
{
	int64_t seq = 0;

	MUST(anchor_find_paper(w->authority->journal, text, &seq, &fault));
	assert_int_equal(seq, want);
}

static void
want_no_paper(const struct world *w, enum fail_kind kind, const char *text,
    const char *sentence)
{
	int64_t seq = 77;

	MUST_FAIL(kind, sentence, anchor_find_paper(w->authority->journal,
	    text, &seq, &fault));
	assert_int_equal(seq, 77);
}

static void
paper_is_words_or_a_code(void **state)
{
	struct world *w = *state;
	const struct journal_head head = *head_of(w);
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf words = { 0 };
	AUTO(buf_release) struct buf code = { 0 };
	uint8_t octets[ANCHOR_PAPER_LEN];
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&head.digest, hex);
	buf_printf(&want, "anchorite head test %lld %s", (long long)head.seq,
	    hex);
	anchor_text("test", &head, &code);
	assert_string_equal(buf_cstr(&code), buf_cstr(&want));
	anchor_words(&head, &words);
	MUST(words_read(buf_cstr(&words), ANCHOR_PAPER_LEN, octets, &fault));
	assert_memory_equal(octets, head.digest.bytes, ANCHOR_PAPER_LEN);
	want_paper(w, buf_cstr(&words), head.seq);
	want_paper(w, buf_cstr(&code), head.seq);
	/* An older one is found, too: whoever asks compares. */
	record_revoked(w, SERIAL_B);
	world_seal(w);
	assert_int_equal(head_of(w)->seq, head.seq + 2);
	want_paper(w, buf_cstr(&words), head.seq);
	want_paper(w, buf_cstr(&code), head.seq);
	world_reopen(w);
	want_paper(w, buf_cstr(&words), head.seq);
}

#define NOT_THERE \
	"paper: no record of this journal has this head: the journal is " \
	"older than the paper, or was forked"

static void
paper_of_another_journal_is_refused(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf old = { 0 };
	AUTO(buf_release) struct buf words = { 0 };
	AUTO(buf_release) struct buf code = { 0 };
	struct journal_head head;

	load(w->journal, &old);
	record_revoked(w, SERIAL_B);
	world_seal(w);
	head = *head_of(w);
	anchor_words(&head, &words);
	anchor_text("test", &head, &code);
	want_paper(w, buf_cstr(&words), head.seq);
	overwrite(w->journal, buf_bytes(&old));
	world_reopen(w);
	want_no_paper(w, FAIL_JOURNAL, buf_cstr(&words), NOT_THERE);
	want_no_paper(w, FAIL_JOURNAL, buf_cstr(&code), NOT_THERE);
	/* The fork is as long, and seals with the same key. */
	w->act.now++;
	record_revoked(w, SERIAL_B);
	world_seal(w);
	assert_int_equal(head_of(w)->seq, head.seq);
	want_no_paper(w, FAIL_JOURNAL, buf_cstr(&words), NOT_THERE);
	want_no_paper(w, FAIL_JOURNAL, buf_cstr(&code), NOT_THERE);
}

/* The code has the whole digest, the words have half: no octet is idle. */
static void
every_octet_of_a_paper_counts(void **state)
{
	struct world *w = *state;

	for (size_t n = 0; n < DIGEST_LEN; n++) {
		struct journal_head head = *head_of(w);
		AUTO(buf_release) struct buf words = { 0 };
		AUTO(buf_release) struct buf code = { 0 };

		head.digest.bytes[n] ^= 1;
		anchor_text("test", &head, &code);
		want_no_paper(w, FAIL_JOURNAL, buf_cstr(&code), NOT_THERE);
		anchor_words(&head, &words);
		if (n < ANCHOR_PAPER_LEN)
			want_no_paper(w, FAIL_JOURNAL, buf_cstr(&words),
			    NOT_THERE);
		else
			want_paper(w, buf_cstr(&words), head.seq);
	}
}

static void
slips_are_told(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf words = { 0 };

	want_no_paper(w, FAIL_INPUT, "", "paper: want 18 words, have 0");
	want_no_paper(w, FAIL_INPUT, "anchorite head", "paper: want 18 words");
	want_no_paper(w, FAIL_INPUT, "anchorite head ", "paper: ");
	want_no_paper(w, FAIL_INPUT, "anchorite head test 14 00ff", "paper: ");
	want_no_paper(w, FAIL_INPUT, "anchorite head test 14 ", "paper: ");
	anchor_words(head_of(w), &words);
	(void)buf_cstr(&words);
	*strrchr((char *)words.data, ' ') = '\0';
	want_no_paper(w, FAIL_INPUT, (const char *)words.data,
	    "paper: want 18 words, have 17");
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ON_PAPER(test) \
	cmocka_unit_test_setup_teardown(test, world_setup_full, \
	    world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(name_is_the_journal_keys, setup_begun),
		IN(newest_seal_is_kept, setup_begun),
		IN(journal_may_go_on, setup_begun),
		IN(older_journal_is_refused, setup_begun),
		IN(fork_is_refused, setup_begun),
		IN(number_and_digest_belong_together, setup_begun),
		IN(record_0_is_of_any_journal, setup_begun),
		IN(missing_anchor_is_refused, setup_begun),
		IN(unreadable_values_are_none, setup_begun),
		IN(each_of_several_counts, setup_begun),
		IN(token_faults_are_told, setup_begun),
		IN(rival_is_refused, setup_begun),
		IN(seal_without_anchor_is_told, setup_begun),
		IN(full_disk_leaves_the_old_one, setup_begun),
		IN(paper_wants_none_in_the_token, setup_paper),
		IN(both_keep_it_in_the_token, setup_both),
		IN(new_policy_finds_an_anchor, setup_paper),
		IN(old_policy_has_an_anchor, setup_begun),
		IN(init_takes_it_out_again, token_setup),
		ON_PAPER(paper_is_words_or_a_code),
		ON_PAPER(paper_of_another_journal_is_refused),
		ON_PAPER(every_octet_of_a_paper_counts),
		ON_PAPER(slips_are_told),
	};

	return cmocka_run_group_tests_name("anchor", tests, NULL, NULL);
}
