/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

#include <anchorite/ca/anchor.h>
#include <anchorite/ca/issue.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/revoke.h>
#include <anchorite/out/audit.h>
#include <anchorite/token/datum.h>

/* As the next start finds it. */
static struct ledger *
recovered(struct token_world *w)
{
	struct audit audit = { 0 };

	token_reopen(w);
	assert_true(recover_is_needed(w->authority));
	MUST(recover(w->authority, &w->act, w->session, &fault));
	assert_false(recover_is_needed(w->authority));
	token_reopen(w);
	assert_false(recover_is_needed(w->authority));
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.unsealed, 0);
	return w->authority->ledger;
}

/* Signing fails: what was intended stays open. */
static void
must_stop(int result)
{
	unsetenv("FAKE_FAIL");
	assert_int_equal(result, -1);
}

static void
nothing_to_recover(void **state)
{
	struct token_world *w = *state;
	int64_t seq = journal_head(w->authority->journal)->seq;

	assert_false(recover_is_needed(w->authority));
	MUST_FAIL(FAIL_REFUSED, "nothing to recover", recover(w->authority,
	    &w->act, w->session, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
}

static void
root_is_burnt(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	struct serial serial;
	struct ledger *ledger;

	token_begin(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	MUST(root_plan(w->authority, &w->act, w->session, &serial, &tbs,
	    &fault));
	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	must_stop(root_certify(w->authority, &w->act, &serial,
	    buf_bytes(&tbs), w->session, &fail));
	ledger = recovered(w);
	assert_int_equal(ledger->state, STATE_PENDING_CERTIFICATE);
	assert_true(ledger_has_serial(ledger, &serial));
	assert_string_equal(issued_status_name(&ledger->issued[0]),
	    "possibly issued");
	token_certify(w);
	assert_int_equal(ledger->state, STATE_ACTIVE);
	assert_int_equal(ledger_signatures(ledger), 2);
}

static void
certificates_are_burnt(void **state)
{
	struct token_world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	AUTO(crl_release) struct crl *crl = NULL;
	struct issue_file file = { .name = "a.csr", .profile = "sub" };
	struct fail fail = { 0 };
	struct ledger *ledger;

	make_request(key, "Sub", &request);
	EVP_PKEY_free(key);
	file.content = buf_bytes(&request);
	MUST(issue_read(w->authority, &w->act, false, &file, 1, &issue,
	    &fault));
	MUST(issue_build(issue, w->session, &fault));
	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	must_stop(issue_finish(issue, &fail));
	ledger = recovered(w);
	assert_int_equal(ledger->issued_count, 1);
	assert_int_equal(ledger->issued[0].status, ISSUED_POSSIBLY);
	assert_false(ledger->issued[0].has_certificate);
	assert_string_equal(ledger->issued[0].profile, "sub");
	assert_true(serial_is_equal(&ledger->issued[0].serial,
	    &issue->items[0].serial));
	/* Its key counts as certified, and its serial can be revoked. */
	issue_release(&issue);
	MUST_FAIL(FAIL_REFUSED, "request a.csr: new key: want a key that "
	    "was not certified before, or --reissue, have certified already",
	    issue_read(w->authority, &w->act, false, &file, 1, &issue,
	    &fault));
	MUST(revoke_certificate(w->authority, &w->act, &ledger->issued[0],
	    CRL_KEY_COMPROMISE, w->session, &fault));
	MUST(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fault));
	assert_int_equal(crl->entry_count, 1);
}

static void
crl_number_is_burnt(void **state)
{
	struct token_world *w = *state;
	AUTO(crl_release) struct crl *crl = NULL;
	struct fail fail = { 0 };
	struct ledger *ledger;

	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	must_stop(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fail));
	ledger = recovered(w);
	assert_int_equal(ledger->crl_number, 1);
	assert_int_equal(ledger->crl_next_update, 0);
	assert_int_equal(ledger->issued_count, 0);
	MUST(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fault));
	assert_int_equal(crl->number, 2);
	assert_int_equal(ledger_signatures(ledger), 3);
}

static void
loose_records_are_sealed(void **state)
{
	struct token_world *w = *state;
	struct json *data = json_new();

	MUST(authority_append(w->authority, &w->act, "bundled", &data,
	    &fault));
	assert_int_equal(recovered(w)->loose, 0);
}

/* A crash between init and its seal, or between recovering and sealing. */
static void
init_is_sealed(void **state)
{
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct token_world *w = *state;
	struct json *data = json_new(), *list = json_new_list();
	struct fail fail = { 0 };

	/* Three signatures come before the seal's. */
	setenv("FAKE_FAIL", "C_Sign:0x30:-1:3", 1);
	must_stop(token_init_authority(w, &fail));
	assert_int_equal(fail.kind, FAIL_TOKEN);
	chamber_visit(&(struct chamber){ .world = w }, &pin);
	MUST(authority_open(w->path, true, &w->authority, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, 1);
	json_put(data, "found", &list);
	json_put_number(data, "intent", 0);
	MUST(authority_append(w->authority, &w->act, "recovered", &data,
	    &fault));
	assert_int_equal(recovered(w)->loose, 0);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
}

/* The lines of the journal behind the first `count` are gone. */
static void
cut(const char *path, size_t count)
{
	AUTO(auto_free) char *journal = file_path(path, JOURNAL_NAME);
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf less = { 0 };
	struct bytes lines[LINES_MAX];

	load(journal, &text);
	assert_true(split_lines(buf_bytes(&text), lines) > count);
	for (size_t n = 0; n < count; n++)
		buf_put(&less, lines[n]);
	overwrite(journal, buf_bytes(&less));
}

/* Cut off at a seal it is sound by itself, but for what the token knows. */
static void
older_journal_is_not_recovered(void **state)
{
	struct token_world *w = *state;
	AUTO(crl_release) struct crl *crl = NULL;
	struct json *data = json_new();
	int64_t seq;

	seq = journal_head(w->authority->journal)->seq;
	MUST(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fault));
	cut(w->path, (size_t)seq);
	token_reopen(w);
	MUST(authority_append(w->authority, &w->act, "bundled", &data,
	    &fault));
	seq = journal_head(w->authority->journal)->seq;
	MUST_FAIL(FAIL_JOURNAL, "it is an older copy: look for the newest on "
	    "the other media; only if there is none, 'anchorite anchor "
	    "accept --help'",
	    recover(w->authority, &w->act, w->session, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
}

static void
tear(const char *path, const char *torn)
{
	AUTO(auto_free) char *journal = file_path(path, JOURNAL_NAME);
	AUTO(buf_release) struct buf text = { 0 };

	load(journal, &text);
	buf_text(&text, torn);
	overwrite(journal, buf_bytes(&text));
}

static int
find_torn(void *context, const struct record *record, struct fail *fail)
{
	const struct json *parameters = NULL;

	if (strcmp(record->event, "set-aside") != 0)
		return 0;
	if (json_get_object(record->data, "parameters", &parameters, fail) ==
	    -1)
		return -1;
	return json_get_digest(parameters, "torn", context, fail);
}

#define TORN "{\"by\":\"tes"

static void
must_be_set_aside(struct authority *authority)
{
	AUTO(buf_release) struct buf torn = { 0 };
	struct digest digest = { { 0 } };

	MUST(journal_replay(authority->journal, find_torn, &digest, &fault));
	MUST(objects_get(authority->objects, &digest, &torn, &fault));
	assert_string_equal(buf_cstr(&torn), TORN);
}

static void
torn_line_is_kept_as_an_object(void **state)
{
	struct token_world *w = *state;
	struct audit audit = { 0 };
	struct digest digest, want;
	bool is_torn = true;

	MUST(recover_torn(w->authority, &is_torn, &digest, &fault));
	assert_false(is_torn);
	tear(w->path, TORN);
	token_reopen(w);
	MUST(recover_torn(w->authority, &is_torn, &digest, &fault));
	assert_true(is_torn);
	digest_of(bytes_text(TORN), &want);
	assert_true(digest_is_equal(&digest, &want));
	recovered(w);
	must_be_set_aside(w->authority);
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.strays, 0);
}

/* With custodians it takes two of them, of this very line. */
static void
torn_line_takes_approvals(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(approvals_release) struct approvals *other = NULL;
	AUTO(approvals_release) struct approvals *one = NULL;
	AUTO(approvals_release) struct approvals *both = NULL;
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(json_release) struct json *wrong = NULL;
	AUTO(auto_free) char *journal = file_path(w->path, JOURNAL_NAME);
	AUTO(buf_release) struct buf before = { 0 }, after = { 0 };
	int64_t seq = chamber_seq(c);
	struct digest digest;

	tear(w->path, TORN);
	token_reopen(w);
	load(journal, &before);
	digest_of(bytes_text("another"), &digest);
	wrong = deed_recover(&digest);
	digest_of(bytes_text(TORN), &digest);
	parameters = deed_recover(&digest);
	MUST_FAIL(FAIL_REFUSED, "recover: takes 2 approvals of the role "
	    "policy, has 0",
	    recover(w->authority, &w->act, w->session, &fault));
	one = chamber_approve(c, OPERATION_RECOVER, parameters, ALICE, NOBODY);
	w->act.approvals = one;
	MUST_FAIL(FAIL_REFUSED, "has 1",
	    recover(w->authority, &w->act, w->session, &fault));
	other = chamber_approve(c, OPERATION_RECOVER, wrong, ALICE, BOB);
	w->act.approvals = other;
	MUST_FAIL(FAIL_REFUSED, "request: is for ",
	    recover(w->authority, &w->act, w->session, &fault));
	load(journal, &after);
	assert_string_equal(buf_cstr(&after), buf_cstr(&before));
	both = chamber_approve(c, OPERATION_RECOVER, parameters, ALICE, BOB);
	w->act.approvals = both;
	MUST(recover(w->authority, &w->act, w->session, &fault));
	chamber_want(c, seq, "set-aside recovered seal ");
	must_be_set_aside(w->authority);
}

/* What is not torn takes nobody. */
static void
intent_takes_no_approvals(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	struct json *data = json_new();
	int64_t seq = chamber_seq(c);

	MUST(authority_append(w->authority, &w->act, "bundled", &data,
	    &fault));
	recovered(w);
	chamber_want(c, seq, "bundled recovered seal ");
}

/* Cut off at a seal, and a line torn behind it: only custodians who know
 * both can take it as it stands. */
static void
older_journal_is_accepted(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(approvals_release) struct approvals *whole = NULL;
	AUTO(approvals_release) struct approvals *both = NULL;
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(json_release) struct json *wrong = NULL;
	AUTO(auto_free) char *journal = file_path(w->path, JOURNAL_NAME);
	AUTO(buf_release) struct buf text = { 0 };
	struct json *data = json_new();
	int64_t seq = chamber_seq(c);
	char held[DIGEST_HEX_SIZE], earlier[DIGEST_HEX_SIZE];
	struct digest digest;

	digest_hex(&journal_head(w->authority->journal)->digest, earlier);
	MUST(authority_append(w->authority, &w->act, "bundled", &data,
	    &fault));
	recovered(w);
	digest_hex(&journal_head(w->authority->journal)->digest, held);
	cut(w->path, (size_t)seq);
	tear(w->path, TORN);
	token_reopen(w);
	digest_of(bytes_text(TORN), &digest);
	wrong = deed_anchor("lost", held, NULL);
	parameters = deed_anchor("lost", held, &digest);
	MUST_FAIL(FAIL_JOURNAL, "it is an older copy",
	    recover(w->authority, &w->act, w->session, &fault));
	MUST_FAIL(FAIL_REFUSED, "anchor: takes 2 approvals of the role "
	    "policy, has 0", recover_anchor(w->authority,
	    &w->act, "lost", held, w->session, &fault));
	/* What was approved for another head does not do for this one. */
	MUST_FAIL(FAIL_REFUSED, "anchor: the token's newest head is ",
	    recover_anchor(w->authority, &w->act, "lost", earlier,
	    w->session, &fault));
	whole = chamber_approve(c, OPERATION_ANCHOR, wrong, ALICE, BOB);
	w->act.approvals = whole;
	MUST_FAIL(FAIL_REFUSED, "request: is for anchor of something else",
	    recover_anchor(w->authority, &w->act, "lost", held, w->session,
	    &fault));
	both = chamber_approve(c, OPERATION_ANCHOR, parameters, ALICE, BOB);
	w->act.approvals = both;
	MUST_FAIL(FAIL_REFUSED, "request: is for anchor of something else",
	    recover_anchor(w->authority, &w->act, "stolen", held,
	    w->session, &fault));
	assert_int_equal(chamber_seq(c), seq);
	MUST(recover_anchor(w->authority, &w->act, "lost", held, w->session,
	    &fault));
	chamber_want(c, seq, "anchor recovered seal ");
	load(journal, &text);
	assert_non_null(strstr(buf_cstr(&text), "\"held\":[{\"digest\":\""));
	token_reopen(w);
	assert_false(recover_is_needed(w->authority));
	assert_int_equal(w->authority->ledger->last[OPERATION_ANCHOR].count,
	    2);
}

/* A token without an anchor gets one. */
static void
anchor_is_put_back(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf name = { 0 };
	const struct chamber c = { .world = w };
	int64_t seq = journal_head(w->authority->journal)->seq;

	anchor_name(w->authority->ledger, &name);
	MUST(datum_remove(w->session, buf_cstr(&name), &fault));
	MUST_FAIL(FAIL_TOKEN, "the token keeps no head of this journal",
	    anchor_check(w->authority->ledger, w->authority->journal,
	    w->session, &fault));
	MUST(recover_anchor(w->authority, &w->act, "a new token", "none",
	    w->session, &fault));
	chamber_want(&c, seq, "anchor seal ");
	MUST(anchor_check(w->authority->ledger, w->authority->journal,
	    w->session, &fault));
}

static void
journal_key_is_needed(void **state)
{
	struct token_world *w = *state;
	struct json *data = json_new();
	AUTO(key_release) struct key *key = NULL;
	int64_t seq;

	MUST(authority_append(w->authority, &w->act, "bundled", &data,
	    &fault));
	seq = journal_head(w->authority->journal)->seq;
	w->act.now--;
	MUST_FAIL(FAIL_REFUSED, "clock: it is ", recover(w->authority,
	    &w->act, w->session, &fault));
	w->act.now++;
	MUST(authority_find_key(&w->authority->ledger->journal_key,
	    w->session, &key, &fault));
	MUST(key_destroy(&key, &fault));
	token_reopen(w);
	MUST_FAIL(FAIL_TOKEN, "no key matches", recover(w->authority,
	    &w->act, w->session, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, token_teardown)
#define IN_CHAMBER(test) \
	cmocka_unit_test_setup_teardown(test, chamber_setup, chamber_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(nothing_to_recover, token_setup_active),
		IN(root_is_burnt, token_setup),
		IN(certificates_are_burnt, token_setup_active),
		IN(crl_number_is_burnt, token_setup_active),
		IN(loose_records_are_sealed, token_setup_active),
		IN(init_is_sealed, token_setup),
		IN(older_journal_is_not_recovered, token_setup_active),
		IN(torn_line_is_kept_as_an_object, token_setup_active),
		IN_CHAMBER(torn_line_takes_approvals),
		IN_CHAMBER(intent_takes_no_approvals),
		IN_CHAMBER(older_journal_is_accepted),
		IN(anchor_is_put_back, token_setup_active),
		IN(journal_key_is_needed, token_setup_active),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
