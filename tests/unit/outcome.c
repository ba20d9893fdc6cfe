/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

#include <anchorite/ca/issue.h>
#include <anchorite/ca/outcome.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/respond.h>
#include <anchorite/ca/retire.h>
#include <anchorite/ca/revoke.h>

/* What a crash left in objects/, between the signature and its record. */

static const struct ledger *
ledger_of(const struct token_world *w)
{
	return w->authority->ledger;
}

static struct chamber
chamber_of(struct token_world *w)
{
	return (struct chamber){ .world = w };
}

static int64_t
seq_of(const struct token_world *w)
{
	return journal_head(w->authority->journal)->seq;
}

/* Signed by the root key in the token, or by a stranger. */
static void
sign_tbs(struct token_world *w, struct bytes tbs, bool by_stranger,
    struct buf *signature)
{
	AUTO(key_release) struct key *key = NULL;
	EVP_PKEY *stranger = EVP_EC_gen("P-384"), *signer = stranger;

	if (!by_stranger)
		MUST(authority_find_signer(&ledger_of(w)->root_key,
		    w->session, &key, &signer, &fault));
	MUST(alg_sign(alg_find("ecdsa-sha384"), signer, tbs, signature,
	    &fault));
	EVP_PKEY_free(stranger);
}

static struct digest
leave(struct token_world *w, struct bytes tbs, bool by_stranger)
{
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct digest digest;

	sign_tbs(w, tbs, by_stranger, &signature);
	alg_wrap(alg_find("ecdsa-sha384"), tbs, buf_bytes(&signature), &der);
	MUST(objects_put(w->authority->objects, buf_bytes(&der), &digest,
	    &fault));
	return digest;
}

static struct digest
leave_response(struct token_world *w, struct bytes tbs)
{
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct digest digest;

	sign_tbs(w, tbs, false, &signature);
	ocsp_assemble(alg_find("ecdsa-sha384"), tbs, buf_bytes(&signature),
	    &der);
	MUST(objects_put(w->authority->objects, buf_bytes(&der), &digest,
	    &fault));
	return digest;
}

static int
must_be_marked(void *context, const struct record *record,
    struct fail *fail)
{
	const char *const event = context;
	bool is_recovered = false;

	if (strcmp(record->event, event) != 0)
		return 0;
	MUST(json_get_bool(record->data, "recovered", &is_recovered,
	    &fault));
	assert_true(is_recovered);
	(void)fail;
	return 0;
}

/* These events and no more; the outcome, if it is one, says how it came. */
static void
recover_as(struct token_world *w, const char *outcome)
{
	const struct chamber c = chamber_of(w);
	int64_t seq = seq_of(w);
	char events[64], event[32];

	token_reopen(w);
	MUST(recover(w->authority, &w->act, w->session, &fault));
	snprintf(events, sizeof(events), "%s seal ", outcome);
	snprintf(event, sizeof(event), "%s", outcome);
	chamber_want(&c, seq, events);
	if (strcmp(outcome, "recovered") != 0)
		MUST(audit_show(w->path, seq + 1, must_be_marked, event,
		    &fault));
	token_reopen(w);
	assert_false(recover_is_needed(w->authority));
}

static void
want_uses(const struct token_world *w, enum purpose purpose, int64_t made,
    int64_t perhaps)
{
	assert_int_equal(ledger_of(w)->uses[purpose].made, made);
	assert_int_equal(ledger_of(w)->uses[purpose].perhaps, perhaps);
}

/* No signature is made while this holds. */
static void
break_signing(void)
{
	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
}

static void
must_stop(int result)
{
	unsetenv("FAKE_FAIL");
	assert_int_equal(result, -1);
}

static void
root_is_found(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	struct digest digest;
	struct serial serial;

	token_begin(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	MUST(root_plan(w->authority, &w->act, w->session, &serial, &tbs,
	    &fault));
	break_signing();
	must_stop(root_certify(w->authority, &w->act, &serial,
	    buf_bytes(&tbs), w->session, &fail));
	want_uses(w, PURPOSE_CERTIFICATE, 0, 1);
	digest = leave(w, buf_bytes(&tbs), false);
	recover_as(w, "root-certified");
	assert_int_equal(ledger_of(w)->state, STATE_ACTIVE);
	assert_true(digest_is_equal(&ledger_of(w)->root->digest, &digest));
	assert_int_equal(ledger_of(w)->issued_count, 0);
	want_uses(w, PURPOSE_CERTIFICATE, 1, 0);
}

/* What the root's key did not sign does not verify under it. */
static void
root_of_a_stranger_is_passed_over(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	struct serial serial;

	token_begin(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	MUST(root_plan(w->authority, &w->act, w->session, &serial, &tbs,
	    &fault));
	break_signing();
	must_stop(root_certify(w->authority, &w->act, &serial,
	    buf_bytes(&tbs), w->session, &fail));
	leave(w, buf_bytes(&tbs), true);
	token_reopen(w);
	MUST(recover(w->authority, &w->act, w->session, &fault));
	assert_int_equal(ledger_of(w)->state, STATE_PENDING_CERTIFICATE);
	assert_int_equal(ledger_of(w)->issued[0].status, ISSUED_POSSIBLY);
	want_uses(w, PURPOSE_CERTIFICATE, 0, 1);
}

/* Two requests, intended and not signed; the caller releases it. */
#define FILES 2

static struct issue *
intended(struct token_world *w)
{
	struct issue_file files[FILES] = {
		{ .name = "a", .profile = "sub" },
		{ .name = "b", .profile = "sub" },
	};
	struct buf contents[FILES] = { 0 };
	struct issue *issue = NULL;
	struct fail fail = { 0 };

	for (size_t n = 0; n < FILES; n++) {
		EVP_PKEY *key = EVP_EC_gen("P-256");

		make_request(key, files[n].name, &contents[n]);
		files[n].content = buf_bytes(&contents[n]);
		EVP_PKEY_free(key);
	}
	MUST(issue_read(w->authority, &w->act, false, files, FILES,
	    &issue, &fault));
	MUST(issue_build(issue, w->session, &fault));
	break_signing();
	must_stop(issue_finish(issue, &fail));
	for (size_t n = 0; n < FILES; n++)
		buf_release(&contents[n]);
	return issue;
}

static void
want_issued(const struct token_world *w, size_t n,
    const struct digest *certificate)
{
	const struct issued *issued = &ledger_of(w)->issued[n];

	assert_int_equal(ledger_of(w)->issued_count, FILES);
	assert_int_equal(issued->has_certificate, certificate != NULL);
	assert_int_equal(issued->status,
	    certificate != NULL ? ISSUED_VALID : ISSUED_POSSIBLY);
	assert_string_equal(issued->profile, "sub");
	if (certificate != NULL)
		assert_true(digest_is_equal(&issued->certificate,
		    certificate));
}

static void
all_certificates_are_found(void **state)
{
	struct token_world *w = *state;
	AUTO(issue_release) struct issue *issue = intended(w);
	struct digest digests[FILES];

	/* In whatever order they lie there. */
	for (size_t n = FILES; n-- > 0;)
		digests[n] = leave(w, buf_bytes(&issue->items[n].tbs), false);
	issue_release(&issue);
	recover_as(w, "signed");
	for (size_t n = 0; n < FILES; n++)
		want_issued(w, n, &digests[n]);
	want_uses(w, PURPOSE_CERTIFICATE, 1 + FILES, 0);
}

static void
some_certificates_are_found(void **state)
{
	struct token_world *w = *state;
	AUTO(issue_release) struct issue *issue = intended(w);
	struct digest digest;

	digest = leave(w, buf_bytes(&issue->items[1].tbs), false);
	issue_release(&issue);
	recover_as(w, "recovered");
	want_issued(w, 0, NULL);
	want_issued(w, 1, &digest);
	want_uses(w, PURPOSE_CERTIFICATE, 2, 1);
}

/* Another's signature, other bytes, a damaged object, one that is none. */
static void
what_is_none_is_passed_over(void **state)
{
	struct token_world *w = *state;
	AUTO(issue_release) struct issue *issue = intended(w);
	AUTO(buf_release) struct buf other = { 0 };
	AUTO(auto_free) char *path = NULL;
	struct serial serial = serial_of("77");
	struct digest digest;

	leave(w, buf_bytes(&issue->items[0].tbs), true);
	MUST(plan_certificate(ledger_of(w)->policy,
	    &ledger_of(w)->policy->profiles[0], issue->items[1].csr,
	    ledger_of(w)->root, &serial, w->act.now, &other, &fault));
	leave(w, buf_bytes(&other), false);
	digest = leave(w, buf_bytes(&issue->items[1].tbs), false);
	path = object_path(&(struct world){ .path = w->path }, &digest);
	overwrite(path, bytes_text("damaged"));
	issue_release(&issue);
	token_reopen(w);
	MUST(recover(w->authority, &w->act, w->session, &fault));
	for (size_t n = 0; n < FILES; n++)
		want_issued(w, n, NULL);
	want_uses(w, PURPOSE_CERTIFICATE, 1, FILES);
}

static void
crl_is_found(void **state)
{
	struct token_world *w = *state;
	AUTO(crl_release) struct crl *crl = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	struct digest digest;

	MUST(plan_crl(ledger_of(w), 1, w->act.now, &tbs, &fault));
	break_signing();
	must_stop(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fail));
	digest = leave(w, buf_bytes(&tbs), false);
	recover_as(w, "crl-signed");
	assert_int_equal(ledger_of(w)->crl_number, 1);
	assert_true(digest_is_equal(&ledger_of(w)->crl, &digest));
	assert_int_equal(ledger_of(w)->crl_this_update, NOW);
	want_uses(w, PURPOSE_CRL, 1, 0);
	want_uses(w, PURPOSE_SELF_TEST,
	    ledger_of(w)->uses[PURPOSE_SELF_TEST].made, 0);
}

/* While disabled it is unlocked for the CRL: tried, perhaps, and locked
 * again. */
static void
crl_of_a_disabled_root_is_found(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	AUTO(json_release) struct json *nothing = deed_nothing();
	AUTO(json_release) struct json *deed = deed_crl(ledger_of(w));
	AUTO(approvals_release) struct approvals *one = NULL;
	AUTO(approvals_release) struct approvals *two = NULL;
	AUTO(crl_release) struct crl *crl = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	int64_t seq, made;

	/* Signed while the key can, kept until the crash. */
	MUST(plan_crl(ledger_of(w), 1, w->act.now, &tbs, &fault));
	leave(w, buf_bytes(&tbs), false);
	one = chamber_approve(c, OPERATION_DISABLE, nothing, ALICE, NOBODY);
	w->act.approvals = one;
	MUST(retire_decide(w->authority, &w->act, OPERATION_DISABLE, nothing,
	    w->session, &fault));
	made = ledger_of(w)->uses[PURPOSE_SELF_TEST].made;
	seq = seq_of(w);
	two = chamber_approve(c, OPERATION_CRL_DISABLED, deed, ALICE, BOB);
	w->act.approvals = two;
	setenv("FAKE_FAIL", "C_Sign:0x30:-1:1", 1);
	must_stop(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fail));
	w->act.approvals = NULL;
	chamber_visit(c, &pin);
	token_reopen(w);
	want_uses(w, PURPOSE_SELF_TEST, made, 1);
	MUST(recover(w->authority, &w->act, w->session, &fault));
	chamber_want(c, seq, "crl-intent crl-signed key-locked seal ");
	want_uses(w, PURPOSE_CRL, 1, 0);
	assert_int_equal(ledger_of(w)->uses[PURPOSE_SELF_TEST].perhaps, 1);
	assert_true(ledger_of(w)->uses[PURPOSE_SELF_TEST].made >= made);
}

/* With one certificate, of which a response is intended. */
static struct serial
response_intended(struct token_world *w, struct buf *tbs)
{
	struct issue *issue = intended(w);
	struct fail fail = { 0 };
	struct ocsp *out[1] = { NULL };
	struct serial serial;

	for (size_t n = 0; n < FILES; n++)
		leave(w, buf_bytes(&issue->items[n].tbs), false);
	issue_release(&issue);
	recover_as(w, "signed");
	serial = ledger_of(w)->issued[0].serial;
	MUST(plan_ocsp(ledger_of(w), &serial, w->act.now, tbs, &fault));
	break_signing();
	must_stop(respond_sign(w->authority, &w->act, &serial, 1, w->session,
	    out, &fail));
	assert_null(out[0]);
	want_uses(w, PURPOSE_OCSP, 0, 1);
	return serial;
}

static void
response_is_found(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct serial serial = response_intended(w, &tbs);
	struct digest digest = leave_response(w, buf_bytes(&tbs));

	recover_as(w, "ocsp-signed");
	assert_true(digest_is_equal(
	    &ledger_find(ledger_of(w), &serial)->ocsp, &digest));
	want_uses(w, PURPOSE_OCSP, 1, 0);
}

static void
response_is_not_found(void **state)
{
	struct token_world *w = *state;
	static const struct digest none;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct serial serial = response_intended(w, &tbs);

	recover_as(w, "recovered");
	assert_true(digest_is_equal(
	    &ledger_find(ledger_of(w), &serial)->ocsp, &none));
	assert_int_equal(ledger_of(w)->issued_count, FILES);
	assert_int_equal(ledger_of(w)->issued[0].status, ISSUED_VALID);
	want_uses(w, PURPOSE_OCSP, 0, 1);
}

static void
without_an_intent_nothing_is_looked_for(void **state)
{
	struct token_world *w = *state;
	struct json *data = json_new();
	int64_t seq = seq_of(w);
	struct outcome none;

	MUST_FAIL(FAIL_JOURNAL, "no intent is open",
	    outcome_search(w->authority, &none, &fault));
	MUST_FAIL(FAIL_JOURNAL, "no intent is open",
	    outcome_record(w->authority, &w->act, NULL, &data, &fault));
	json_release(&data);
	assert_int_equal(seq_of(w), seq);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, token_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(root_is_found, token_setup),
		IN(root_of_a_stranger_is_passed_over, token_setup),
		IN(all_certificates_are_found, token_setup_active),
		IN(some_certificates_are_found, token_setup_active),
		IN(what_is_none_is_passed_over, token_setup_active),
		IN(crl_is_found, token_setup_active),
		cmocka_unit_test_setup_teardown(
		    crl_of_a_disabled_root_is_found, chamber_setup,
		    chamber_teardown),
		IN(response_is_found, token_setup_active),
		IN(response_is_not_found, token_setup_active),
		IN(without_an_intent_nothing_is_looked_for,
		    token_setup_active),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
