/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/issue.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/revoke.h>
#include <anchorite/out/audit.h>

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
	MUST(audit_verify(w->path, &audit, &fault));
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
	assert_int_equal(ledger->root_signatures, 2);
}

static void
certificates_are_burnt(void **state)
{
	struct token_world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	AUTO(crl_release) struct crl *crl = NULL;
	struct issue_file file = { .name = "a.csr" };
	struct fail fail = { 0 };
	struct ledger *ledger;

	make_request(key, "Sub", &request);
	EVP_PKEY_free(key);
	file.content = buf_bytes(&request);
	MUST(issue_read(w->authority, &w->act, "sub", false, &file, 1, &issue,
	    &fault));
	MUST(issue_build(issue, session_token(w->session), &fault));
	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	must_stop(issue_finish(issue, w->session, &fail));
	ledger = recovered(w);
	assert_int_equal(ledger->issued_count, 1);
	assert_int_equal(ledger->issued[0].status, ISSUED_POSSIBLY);
	assert_false(ledger->issued[0].has_certificate);
	assert_string_equal(ledger->issued[0].profile, "sub");
	assert_true(serial_is_equal(&ledger->issued[0].serial,
	    &issue->items[0].serial));
	/* Its key counts as certified, and its serial can be revoked. */
	issue_release(&issue);
	MUST_FAIL(FAIL_REFUSED, "request a.csr: key: certified already",
	    issue_read(w->authority, &w->act, "sub", false, &file, 1, &issue,
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
	assert_int_equal(ledger->root_signatures, 3);
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
	struct token_world *w = *state;
	struct json *data = json_new();

	/* The seal's is the third signature: proof, certificate, seal. */
	token_begin(w);
	authority_release(&w->authority);
	{
		AUTO(auto_free) char *path = file_path(w->path, JOURNAL_NAME);
		AUTO(buf_release) struct buf text = { 0 };
		struct bytes lines[LINES_MAX];

		load(path, &text);
		split_lines(buf_bytes(&text), lines);
		overwrite(path, lines[0]);
	}
	MUST(authority_open(w->path, true, &w->authority, &fault));
	json_put_number(data, "intent", 0);
	MUST(authority_append(w->authority, &w->act, "recovered", &data,
	    &fault));
	assert_int_equal(recovered(w)->loose, 0);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
}

static int
find_torn(void *context, const struct record *record, struct fail *fail)
{
	const char *text = NULL;

	if (strcmp(record->event, "recovered") != 0)
		return 0;
	if (json_get_text(record->data, "torn", &text, fail) == -1)
		return -1;
	return digest_read_hex(text, context, fail);
}

static void
torn_line_is_kept_as_an_object(void **state)
{
	struct token_world *w = *state;
	AUTO(auto_free) char *path = file_path(w->path, JOURNAL_NAME);
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf torn = { 0 };
	struct audit audit = { 0 };
	struct digest digest;

	load(path, &text);
	buf_text(&text, "{\"by\":\"tes");
	overwrite(path, buf_bytes(&text));
	recovered(w);
	MUST(journal_replay(w->authority->journal, find_torn, &digest,
	    &fault));
	MUST(objects_get(w->authority->objects, &digest, &torn, &fault));
	assert_string_equal(buf_cstr(&torn), "{\"by\":\"tes");
	MUST(audit_verify(w->path, &audit, &fault));
	assert_int_equal(audit.strays, 0);
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
		IN(torn_line_is_kept_as_an_object, token_setup_active),
		IN(journal_key_is_needed, token_setup_active),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
