/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

static void
refuse_open(const struct world *w, enum fail_kind kind, const char *sentence)
{
	struct authority *none = NULL;

	MUST_FAIL(kind, sentence, authority_open(w->path, true, &none,
	    &fault));
	assert_null(none);
}

static void
refuse_ready(const struct world *w, const char *event, const char *sentence)
{
	MUST_FAIL(FAIL_REFUSED, sentence, authority_check_ready(w->authority,
	    &w->act, event, &fault));
}

static void
directory_is_made_once(void **state)
{
	struct world *w = *state;
	struct authority *none = NULL;

	assert_true(file_is_there_at(w->authority->dirfd, JOURNAL_NAME));
	assert_true(file_is_there_at(w->authority->dirfd, OBJECTS_NAME));
	assert_true(file_is_there_at(w->authority->dirfd, BUNDLES_NAME));
	MUST_FAIL(FAIL_REFUSED, "test: exists already",
	    authority_create(w->path, &none, &fault));
	assert_null(none);
	authority_abandon(&w->authority);
	assert_null(w->authority);
	assert_int_equal(access(w->path, F_OK), -1);
}

static void
what_is_begun_is_not_abandoned(void **state)
{
	struct world *w = *state;

	record_init(w, policy_text);
	authority_abandon(&w->authority);
	assert_null(w->authority);
	assert_int_equal(access(w->journal, F_OK), 0);
}

static void
what_is_no_authority_is_refused(void **state)
{
	struct world *w = *state;
	AUTO(auto_free) char *object = file_path(w->path, OBJECTS_NAME "/x");

	authority_release(&w->authority);
	refuse_open(w, FAIL_JOURNAL, "test: the journal is empty: init did "
	    "not end; remove the directory and begin again");
	assert_int_equal(unlink(w->journal), 0);
	refuse_open(w, FAIL_JOURNAL, "test: the journal is empty: init did "
	    "not end; remove the directory and begin again");
	/* Where objects stand, it is not init that did not end. */
	MUST(file_write(object, bytes_text("x"), 0400, &fault));
	refuse_open(w, FAIL_INPUT, "test: journal: No such file");
	MUST(file_remove_tree(w->path, &fault));
	refuse_open(w, FAIL_INPUT, "test: No such file");
}

static void
one_writer_at_a_time(void **state)
{
	struct world *w = *state;
	AUTO(authority_release) struct authority *reader = NULL;

	refuse_open(w, FAIL_SYSTEM, "journal: in use by another process");
	MUST(authority_open(w->path, false, &reader, &fault));
}

/* A crash between init and its seal can be looked at, and recovered. */
static void
unsealed_init_opens(void **state)
{
	struct world *w = *state;
	struct fail refusal = { 0 };

	record_init(w, policy_text);
	world_reopen(w);
	refuse_ready(w, "root-key", "1 records since record 0 are not sealed: "
	    "look at them with 'anchorite audit show', then 'anchorite "
	    "recover'");
	(void)fail_with(&refusal, FAIL_REFUSED, "no");
	authority_refuse(w->authority, &w->act, "root generate", &refusal);
	world_reopen(w);
	record_recovered(w, NULL);
	world_reopen(w);
	world_seal(w);
	world_reopen(w);
	MUST(authority_check_ready(w->authority, &w->act, "root-key",
	    &fault));
}

static void
without_a_seal_nothing_opens(void **state)
{
	struct world *w = *state;

	record_init(w, policy_text);
	world_append(w, "root-key", root_key_data(w->root_key));
	authority_release(&w->authority);
	refuse_open(w, FAIL_JOURNAL, "test: journal: no record is sealed");
}

static void
seal_of_a_stranger_is_refused(void **state)
{
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-256"), *own = w->journal_key;
	int64_t seq = world_seq(w);

	MUST_FAIL(FAIL_TOKEN, "seal: signature does not verify",
	    authority_seal(w->authority, &w->act,
		&(struct sealer){ .signer = stranger }, &fault));
	assert_int_equal(world_seq(w), seq);
	/* One that stands in the journal all the same. */
	w->journal_key = stranger;
	authority_release(&w->authority);
	world_rewrite(w, "no such text", "");
	refuse_open(w, FAIL_JOURNAL, "test: journal: record 7: seal: "
	    "signature does not verify");
	w->journal_key = own;
	EVP_PKEY_free(stranger);
}

static void
open_intent_forbids_all(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf sentence = { 0 };

	record_sign_intent(w, "77", &tbs);
	buf_printf(&sentence, "an earlier command stopped half-way (record "
	    "%lld has no outcome): see 'anchorite status', then 'anchorite "
	    "recover'", (long long)world_seq(w));
	refuse_ready(w, "sign-intent", buf_cstr(&sentence));
	world_reopen(w);
	refuse_ready(w, "bundled", buf_cstr(&sentence));
}

static void
loose_records_forbid_all(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf sentence = { 0 };

	buf_printf(&sentence, "3 records since record %lld are not sealed: "
	    "look at them with 'anchorite audit show', then 'anchorite "
	    "recover'", (long long)world_seq(w));
	record_certificate(w, SERIAL_A);
	record_revoked(w, SERIAL_A);
	refuse_ready(w, "crl-intent", buf_cstr(&sentence));
	world_seal(w);
	MUST(authority_check_ready(w->authority, &w->act, "crl-intent",
	    &fault));
}

static void
clock_behind_the_head_forbids_all(void **state)
{
	struct world *w = *state;

	MUST(authority_check_ready(w->authority, &w->act, "crl-intent",
	    &fault));
	w->act.now--;
	refuse_ready(w, "crl-intent", "clock: it is 2026-11-21T06:50:47Z, "
	    "the journal is at 2026-11-21T06:50:48Z");
}

static void
state_forbids(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();

	refuse_ready(w, "sign-intent", "signing is not possible while the "
	    "authority is pending-certificate");
	MUST_FAIL(FAIL_JOURNAL, "event \"deleted\" is not known",
	    authority_check_ready(w->authority, &w->act, "deleted", &fault));
	MUST_FAIL(FAIL_REFUSED, "revoking is not possible while the authority "
	    "is pending-certificate", authority_append(w->authority, &w->act,
	    "revoked", &data, &fault));
	json_release(&data);
}

static void
torn_line_forbids_all(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct fail refusal = { 0 };

	authority_release(&w->authority);
	load(w->journal, &text);
	buf_text(&text, "{\"by\":\"tes");
	overwrite(w->journal, buf_bytes(&text));
	world_reopen(w);
	refuse_ready(w, "sign-intent", "an earlier command stopped in the "
	    "middle of record 8: see 'anchorite status', then 'anchorite "
	    "recover'");
	(void)fail_with(&refusal, FAIL_REFUSED, "no");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
	assert_string_equal(refusal.sentence, "no");
}

/* The newest record's data, as text. */
static int
last_data(void *context, const struct record *record, struct fail *fail)
{
	struct buf *out = context;

	(void)fail;
	out->len = 0;
	buf_printf(out, "%s %lld ", record->event, (long long)record->time);
	json_write(record->data, out);
	return 0;
}

static void
must_end_with(struct world *w, const char *want)
{
	AUTO(buf_release) struct buf have = { 0 };

	MUST(journal_replay(w->authority->journal, last_data, &have, &fault));
	assert_string_equal(buf_cstr(&have), want);
}

static void
only_refusals_are_recorded(void **state)
{
	static const enum fail_kind kinds[] = {
		FAIL_NONE, FAIL_USAGE, FAIL_INPUT, FAIL_TOKEN, FAIL_SYSTEM,
		FAIL_JOURNAL,
	};
	struct world *w = *state;
	int64_t seq = world_seq(w);
	struct fail fail = { 0 };

	for (size_t n = 0; n < COUNT(kinds); n++) {
		(void)fail_with(&fail, kinds[n], "why");
		authority_refuse(w->authority, &w->act, "sign", &fail);
		assert_string_equal(fail.sentence, "why");
		assert_int_equal(fail.kind, kinds[n]);
	}
	assert_int_equal(world_seq(w), seq);
	(void)fail_with(&fail, FAIL_REFUSED, "why");
	authority_refuse(w->authority, &w->act, "sign", &fail);
	assert_string_equal(fail.sentence, "why");
	assert_int_equal(fail.kind, FAIL_REFUSED);
	must_end_with(w, "refused 1795243848 {\"clock\":"
	    "\"2026-11-21T06:50:48Z\",\"command\":\"sign\","
	    "\"sentence\":\"why\"}");
	/* It needs no seal. */
	MUST(authority_check_ready(w->authority, &w->act, "sign-intent",
	    &fault));
	world_reopen(w);
	assert_int_equal(w->authority->ledger->refusals, 1);
}

/* A wrong clock, behind or ahead, does not move the journal's. */
static void
refusals_have_the_heads_time(void **state)
{
	struct world *w = *state;
	struct fail fail = { 0 };

	w->act.now -= DAY;
	(void)fail_with(&fail, FAIL_REFUSED, "clock");
	authority_refuse(w->authority, &w->act, "crl", &fail);
	must_end_with(w, "refused 1795243848 {\"clock\":"
	    "\"2026-11-20T06:50:48Z\",\"command\":\"crl\","
	    "\"sentence\":\"clock\"}");
	w->act.now += 1001 * DAY;
	authority_refuse(w->authority, &w->act, "crl", &fail);
	must_end_with(w, "refused 1795243848 {\"clock\":"
	    "\"2029-08-17T06:50:48Z\",\"command\":\"crl\","
	    "\"sentence\":\"clock\"}");
}

/* Whatever a sentence quotes: it stays a text, in one line, of some size. */
static void
refusals_hold_any_sentence(void **state)
{
	static const char *const sentences[] = {
		"", "\"},\n{\"seq\":99}\n", "\\\\u0000", "\033[2J\342\200\256",
		"\377\376\300\200", "\355\240\200",
	};
	struct world *w = *state;
	struct fail fail = { .kind = FAIL_REFUSED };
	int64_t seq = world_seq(w);

	for (size_t n = 0; n < COUNT(sentences); n++) {
		(void)fail_with(&fail, FAIL_REFUSED, "%s", sentences[n]);
		authority_refuse(w->authority, &w->act, "sign", &fail);
		assert_string_equal(fail.sentence, sentences[n]);
	}
	/* Full of what takes most room, and cut within a character. */
	memset(fail.sentence, 0377, sizeof(fail.sentence) - 1);
	authority_refuse(w->authority, &w->act, "sign", &fail);
	memset(fail.sentence, 'a', sizeof(fail.sentence) - 1);
	fail.sentence[sizeof(fail.sentence) - 2] = (char)0303;
	authority_refuse(w->authority, &w->act, "sign", &fail);
	assert_int_equal(fail.sentence[0], 'a');
	world_reopen(w);
	assert_int_equal(world_seq(w), seq + (int64_t)COUNT(sentences) + 2);
	assert_int_equal(w->authority->ledger->refusals,
	    COUNT(sentences) + 2);
}

static void
fault_in_recording_is_told(void **state)
{
	struct world *w = *state;
	struct fail fail = { 0 };

	authority_release(&w->authority);
	MUST(authority_open(w->path, false, &w->authority, &fault));
	(void)fail_with(&fail, FAIL_REFUSED, "why");
	authority_refuse(w->authority, &w->act, "sign", &fail);
	assert_string_equal(fail.sentence, "not recorded (journal: not "
	    "written: Bad file descriptor): why");
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
keys_are_found_or_named(void **state)
{
	struct token_world *w = *state;
	struct ledger_key wanted = { .label = mem_text("one") };
	AUTO(key_release) struct key *key = NULL;
	AUTO(key_release) struct key *found = NULL;

	MUST(key_generate(session_token(w->session), KEY_EC_P256, "one", &key,
	    &fault));
	buf_put(&wanted.id, key_id(key));
	buf_put(&wanted.spki, key_spki(key));
	MUST(authority_find_key(&wanted, w->session, &found, &fault));
	assert_true(bytes_is_equal(key_spki(found), key_spki(key)));
	key_release(&found);
	wanted.spki.data[wanted.spki.len - 1] ^= 1;
	MUST_FAIL(FAIL_TOKEN, "key \"one\": its public key in the token is "
	    "not the journal's", authority_find_key(&wanted, w->session,
	    &found, &fault));
	wanted.id.data[0] ^= 1;
	MUST_FAIL(FAIL_TOKEN, "no key matches", authority_find_key(&wanted,
	    w->session, &found, &fault));
	assert_null(found);
	buf_release(&wanted.id);
	buf_release(&wanted.spki);
	free(wanted.label);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(directory_is_made_once, world_setup_empty),
		IN(what_is_begun_is_not_abandoned, world_setup_empty),
		IN(what_is_no_authority_is_refused, world_setup_empty),
		IN(one_writer_at_a_time, world_setup),
		IN(unsealed_init_opens, world_setup_empty),
		IN(without_a_seal_nothing_opens, world_setup_empty),
		IN(seal_of_a_stranger_is_refused, world_setup),
		IN(open_intent_forbids_all, world_setup),
		IN(loose_records_forbid_all, world_setup),
		IN(clock_behind_the_head_forbids_all, world_setup),
		IN(state_forbids, world_setup_pending),
		IN(torn_line_forbids_all, world_setup),
		IN(only_refusals_are_recorded, world_setup),
		IN(refusals_have_the_heads_time, world_setup),
		IN(refusals_hold_any_sentence, world_setup),
		IN(fault_in_recording_is_told, world_setup),
		cmocka_unit_test_setup_teardown(keys_are_found_or_named,
		    token_setup, token_teardown),
	};

	return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
