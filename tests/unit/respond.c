/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "custodians.h"

#include <anchorite/ca/anchor.h>
#include <anchorite/ca/issue.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/respond.h>
#include <anchorite/ca/revoke.h>

#define BATCH 3

/* A root in a token that issued so many certificates; the first is revoked. */
struct answers {
	struct token_world *world;
	struct serial serials[BATCH];
	struct ocsp *out[BATCH];
};

static void
issue(struct answers *a)
{
	struct token_world *w = a->world;
	AUTO(issue_release) struct issue *issue = NULL;
	struct buf requests[BATCH] = { { 0 } };
	struct issue_file files[BATCH];

	for (size_t n = 0; n < BATCH; n++) {
		EVP_PKEY *key = EVP_EC_gen("P-256");

		make_request(key, "Sub", &requests[n]);
		EVP_PKEY_free(key);
		files[n] = (struct issue_file){
			.name = "a.csr",
			.content = buf_bytes(&requests[n]),
			.profile = "sub",
		};
	}
	MUST(issue_read(w->authority, &w->act, false, files, BATCH,
	    &issue, &fault));
	MUST(issue_build(issue, w->session, &fault));
	MUST(issue_finish(issue, &fault));
	for (size_t n = 0; n < BATCH; n++) {
		a->serials[n] = issue->items[n].serial;
		buf_release(&requests[n]);
	}
}

static int
setup(void **state)
{
	struct answers *a = mem_new(1, sizeof(*a));
	struct token_world *w;

	token_setup_active((void **)&a->world);
	w = a->world;
	issue(a);
	w->act.now += DAY;
	MUST(revoke_certificate(w->authority, &w->act,
	    ledger_find(w->authority->ledger, &a->serials[0]),
	    CRL_SUPERSEDED, w->session, &fault));
	w->act.now += DAY;
	*state = a;
	return 0;
}

/* Room for any record or object, and not for all that may come. */
static void
limit_files(bool is_full)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = is_full ? 262144 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
forget(struct answers *a)
{
	for (size_t n = 0; n < BATCH; n++)
		ocsp_release(&a->out[n]);
}

static int
teardown(void **state)
{
	struct answers *a = *state;

	unsetenv("FAKE_FAIL");
	limit_files(false);
	forget(a);
	token_teardown((void **)&a->world);
	free(a);
	return 0;
}

static int64_t
seq_of(const struct answers *a)
{
	return journal_head(a->world->authority->journal)->seq;
}

static int
note_event(void *context, const struct record *record, struct fail *fail)
{
	(void)fail;
	buf_printf(context, "%s ", record->event);
	return 0;
}

/* The events behind a record. */
static void
want_events(const struct answers *a, int64_t from, const char *events)
{
	AUTO(buf_release) struct buf have = { 0 };

	MUST(audit_show(a->world->path, from + 1, note_event, &have, &fault));
	assert_string_equal(buf_cstr(&have), events);
}

static int
respond(struct answers *a, size_t count, struct fail *fail)
{
	struct token_world *w = a->world;

	return respond_sign(w->authority, &w->act, a->serials, count,
	    w->session, a->out, fail);
}

/* Nothing was handed out. */
static void
want_refused(struct answers *a, size_t count, enum fail_kind kind,
    const char *sentence)
{
	MUST_FAIL(kind, sentence, respond(a, count, &fault));
	for (size_t n = 0; n < BATCH; n++)
		assert_null(a->out[n]);
}

/* And no record made. */
static void
want_nothing(struct answers *a, size_t count, enum fail_kind kind,
    const char *sentence)
{
	int64_t seq = seq_of(a);

	want_refused(a, count, kind, sentence);
	assert_int_equal(seq_of(a), seq);
	want_events(a, seq, "");
	token_reopen(a->world);
	assert_false(recover_is_needed(a->world->authority));
}

/* The response is the one about this certificate, as the journal has it. */
static void
want_response(const struct answers *a, size_t n)
{
	const struct token_world *w = a->world;
	const struct ledger *ledger = w->authority->ledger;
	const struct issued *issued = ledger_find(ledger, &a->serials[n]);
	const struct ocsp *ocsp = a->out[n];
	AUTO(buf_release) struct buf object = { 0 };

	assert_non_null(issued);
	assert_non_null(ocsp);
	MUST(ocsp_verify(ocsp, ledger->root, &fault));
	assert_true(serial_is_equal(&ocsp->serial, &a->serials[n]));
	assert_int_equal(ocsp->status, n == 0 ? OCSP_REVOKED : OCSP_GOOD);
	if (n == 0) {
		assert_int_equal(ocsp->revoked_at, NOW + DAY);
		assert_int_equal(ocsp->reason, CRL_SUPERSEDED);
	}
	assert_int_equal(ocsp->produced_at, w->act.now);
	assert_true(ocsp->this_update <= w->act.now);
	assert_int_equal(ocsp->next_update,
	    plan_crl_next_update(ledger, w->act.now));
	MUST(objects_get(w->authority->objects, &issued->ocsp, &object,
	    &fault));
	assert_true(bytes_is_equal(buf_bytes(&object),
	    buf_bytes(&ocsp->der)));
}

static void
batch_is_signed(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;
	const struct ledger *ledger = w->authority->ledger;
	int64_t seq = seq_of(a), before = ledger_signatures(ledger);

	MUST(respond(a, BATCH, &fault));
	for (size_t n = 0; n < BATCH; n++)
		want_response(a, n);
	want_events(a, seq, "ocsp-intent ocsp-signed seal ");
	assert_int_equal(ledger_signatures(ledger), before + BATCH);
	assert_int_equal(ledger->uses[PURPOSE_OCSP].made, BATCH);
	assert_int_equal(ledger->uses[PURPOSE_OCSP].perhaps, 0);
	token_reopen(w);
	ledger = w->authority->ledger;
	assert_int_equal(ledger->uses[PURPOSE_OCSP].made, BATCH);
	for (size_t n = 0; n < BATCH; n++)
		want_response(a, n);
	/* The newest one counts. */
	forget(a);
	w->act.now += DAY;
	MUST(respond(a, 1, &fault));
	want_response(a, 0);
	assert_null(a->out[1]);
}

/* What is revoked in between is so in the next. */
static void
revocation_shows(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;

	MUST(respond(a, 2, &fault));
	assert_int_equal(a->out[1]->status, OCSP_GOOD);
	forget(a);
	MUST(revoke_certificate(w->authority, &w->act,
	    ledger_find(w->authority->ledger, &a->serials[1]),
	    CRL_KEY_COMPROMISE, w->session, &fault));
	MUST(respond(a, 2, &fault));
	assert_int_equal(a->out[1]->status, OCSP_REVOKED);
	assert_int_equal(a->out[1]->reason, CRL_KEY_COMPROMISE);
	assert_int_equal(a->out[1]->revoked_at, w->act.now);
}

static void
serials_are_judged(void **state)
{
	struct answers *a = *state;

	want_nothing(a, 0, FAIL_USAGE,
	    "OCSP: want 1 to 1000 certificates, have 0");
	want_nothing(a, INTENT_MAX + 1, FAIL_USAGE,
	    "OCSP: want 1 to 1000 certificates, have 1001");
	a->serials[1] = a->world->authority->ledger->root->serial;
	want_nothing(a, 2, FAIL_INPUT, "OCSP: certificate ");
	a->serials[1] = serial_of("7777");
	want_nothing(a, 2, FAIL_INPUT,
	    "OCSP: certificate 7777: was never issued");
}

/* Twice the same would be two answers of which one is kept. */
static void
no_serial_twice(void **state)
{
	struct answers *a = *state;

	a->serials[2] = a->serials[0];
	want_refused(a, BATCH, FAIL_JOURNAL, "used twice");
	token_reopen(a->world);
	assert_false(recover_is_needed(a->world->authority));
}

static void
root_must_go_on(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;
	const int64_t end = w->authority->ledger->root->not_after;
	AUTO(buf_release) struct buf sentence = { 0 };
	char text[TEXT_TIME_SIZE];

	text_time(end, text);
	buf_printf(&sentence, "the root ended %s", text);
	w->act.now = end;
	MUST_FAIL(FAIL_REFUSED, buf_cstr(&sentence),
	    respond_check(w->authority, &w->act, &fault));
	want_nothing(a, 1, FAIL_REFUSED, buf_cstr(&sentence));
	w->act.now = end - DAY;
	MUST(respond_check(w->authority, &w->act, &fault));
	MUST(respond(a, 1, &fault));
	assert_int_equal(a->out[0]->next_update, end);
}

static void
clock_must_go_on(void **state)
{
	struct answers *a = *state;

	a->world->act.now = NOW;
	want_nothing(a, 1, FAIL_REFUSED, "clock: it is ");
}

/* Other states: nothing to answer for, or nobody who may. */
static void
state_must_be_active(void **state)
{
	struct token_world *w = *state;
	struct serial serial = serial_of("7777");
	struct ocsp *out = NULL;

	token_begin(w);
	for (int n = 0; n < 2; n++) {
		MUST_FAIL(FAIL_REFUSED, n == 0 ?
		    "signing OCSP responses is not possible while the "
		    "authority is without a root key" :
		    "signing OCSP responses is not possible while the "
		    "authority is pending-certificate",
		    respond_sign(w->authority, &w->act, &serial, 1,
		    w->session, &out, &fault));
		assert_null(out);
		if (n == 0)
			MUST(root_generate(w->authority, &w->act, w->session,
			    &fault));
	}
}

static void
disabled_root_does_not_answer(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;

	MUST(respond_check(w->authority, &w->act, &fault));
	record_deed(w, "disable", deed_nothing(), ALICE, NOBODY,
	    "key-locked");
	MUST_FAIL(FAIL_REFUSED, "signing OCSP responses is not possible "
	    "while the authority is disabled",
	    respond_check(w->authority, &w->act, &fault));
}

/* By policy an operator approves, and exactly these serials. */
static void
approval_is_taken(void **state)
{
	struct chamber *c = *state;
	struct answers a = { .world = c->world };
	struct token_world *w = a.world;
	AUTO(json_release) struct json *sign = NULL;
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(json_release) struct json *fewer = NULL;
	AUTO(approvals_release) struct approvals *approvals = NULL;
	AUTO(approvals_release) struct approvals *other = NULL;
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct issue_file file = { .name = "a.csr", .profile = "sub" };
	int64_t seq;

	make_request(key, "Sub", &request);
	EVP_PKEY_free(key);
	file.content = buf_bytes(&request);
	MUST(issue_read(w->authority, &w->act, false, &file, 1,
	    &issue, &fault));
	sign = issue_parameters(issue);
	approvals = chamber_approve(c, OPERATION_SIGN, sign, ALICE, NOBODY);
	w->act.approvals = approvals;
	MUST(issue_build(issue, w->session, &fault));
	MUST(issue_finish(issue, &fault));
	a.serials[0] = issue->items[0].serial;
	issue_release(&issue);
	approvals_release(&approvals);
	w->act.approvals = NULL;
	want_nothing(&a, 1, FAIL_REFUSED, "OCSP: ");
	a.serials[1] = serial_of("7777");
	fewer = deed_ocsp(a.serials, 2);
	other = chamber_approve(c, OPERATION_OCSP, fewer, ALICE, NOBODY);
	w->act.approvals = other;
	want_nothing(&a, 1, FAIL_REFUSED, "OCSP: ");
	parameters = deed_ocsp(a.serials, 1);
	approvals = chamber_approve(c, OPERATION_OCSP, parameters, BOB,
	    NOBODY);
	w->act.approvals = approvals;
	seq = seq_of(&a);
	MUST(respond(&a, 1, &fault));
	want_events(&a, seq, "ocsp-intent ocsp-signed seal ");
	forget(&a);
	w->act.approvals = NULL;
}

/* Before the intent nothing is done, and nothing to recover. */
static void
faults_before_the_intent(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;
	const struct ledger *ledger = w->authority->ledger;
	const struct journal_head head = ledger->head;

	setenv("FAKE_FAIL", "C_FindObjectsInit:0x30", 1);
	want_nothing(a, BATCH, FAIL_TOKEN, "OCSP: ");
	unsetenv("FAKE_FAIL");
	limit_files(true);
	want_refused(a, BATCH, FAIL_SYSTEM, "OCSP: ");
	limit_files(false);
	want_events(a, head.seq, "");
	token_reopen(w);
	ledger = w->authority->ledger;
	anchor_abandon("test", buf_bytes(&ledger->journal_key.id),
	    w->session);
	want_nothing(a, BATCH, FAIL_TOKEN, "OCSP: anchor: ");
	ledger = w->authority->ledger;
	MUST(anchor_store(ledger, &head, w->session, &fault));
	MUST(respond(a, BATCH, &fault));
}

static void
want_recovered(struct answers *a, int64_t from, const char *events)
{
	struct token_world *w = a->world;

	token_reopen(w);
	assert_true(recover_is_needed(w->authority));
	MUST_FAIL(FAIL_REFUSED, "an earlier command stopped half-way",
	    respond_check(w->authority, &w->act, &fault));
	MUST(recover(w->authority, &w->act, w->session, &fault));
	want_events(a, from, events);
	token_reopen(w);
	assert_false(recover_is_needed(w->authority));
}

/*
 * The n-th signature fails: those before it were made, and so perhaps was
 * this one. No serial is burnt by that.
 */
static void
stopped_while_signing(void **state)
{
	static const char *const rules[] = {
		"C_SignInit:0x30:1:0", "C_SignInit:0x30:1:1",
		"C_SignInit:0x30:1:2",
	};
	struct answers *a = *state;
	struct token_world *w = a->world;

	for (size_t n = 0; n < COUNT(rules); n++) {
		struct chamber c = { .world = w };
		const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
		int64_t seq = seq_of(a);
		const struct ledger *ledger;

		/* Counts anew. */
		chamber_visit(&c, &pin);
		setenv("FAKE_FAIL", rules[n], 1);
		want_refused(a, BATCH, FAIL_TOKEN, "OCSP: ");
		unsetenv("FAKE_FAIL");
		want_events(a, seq, "ocsp-intent ");
		want_recovered(a, seq, "ocsp-intent recovered seal ");
		ledger = w->authority->ledger;
		assert_int_equal(ledger->issued_count, BATCH);
		assert_int_equal(ledger->uses[PURPOSE_OCSP].made, 0);
		assert_int_equal(ledger->uses[PURPOSE_OCSP].perhaps,
		    (n + 1) * BATCH);
	}
	MUST(respond(a, BATCH, &fault));
	for (size_t n = 0; n < BATCH; n++)
		want_response(a, n);
}

/* All signed and on the disk, the outcome not recorded: it is found. */
static void
stopped_before_the_outcome(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;
	const struct journal_head head = w->authority->ledger->head;
	AUTO(auto_free) char *path = file_path(w->path, JOURNAL_NAME);
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	size_t len = 0;

	MUST(respond(a, BATCH, &fault));
	load(path, &text);
	split_lines(buf_bytes(&text), lines);
	for (int64_t n = 0; n < head.seq + 1; n++)
		len += lines[n].len;
	overwrite(path, bytes_of(text.data, len));
	token_reopen(w);
	/* The token has seen what did not happen now. */
	MUST_FAIL(FAIL_JOURNAL, "it is an older copy", recover(w->authority,
	    &w->act, w->session, &fault));
	MUST(anchor_store(w->authority->ledger, &head, w->session, &fault));
	want_recovered(a, head.seq, "ocsp-intent ocsp-signed seal ");
	assert_int_equal(w->authority->ledger->uses[PURPOSE_OCSP].made,
	    BATCH);
	for (size_t n = 0; n < BATCH; n++)
		want_response(a, n);
}

/* The disk's own answer to syncfs. */
static bool sync_fails;

int
syncfs(int fd)
{
	if (!sync_fails)
		return (int)syscall(SYS_syncfs, fd);
	errno = EIO;
	return -1;
}

/* What may not last is not recorded as signed. */
static void
responses_must_last(void **state)
{
	struct answers *a = *state;
	int64_t seq = seq_of(a);

	sync_fails = true;
	want_refused(a, BATCH, FAIL_SYSTEM, "OCSP: objects: sync");
	sync_fails = false;
	want_events(a, seq, "ocsp-intent ");
	want_recovered(a, seq, "ocsp-intent ocsp-signed seal ");
}

/* A token whose signatures are not over what it was given. */
static CK_C_Sign sign_truly;
static int bends;

static CK_RV
sign_bent(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len,
    CK_BYTE *signature, CK_ULONG *len)
{
	CK_RV rv = sign_truly(session, data, data_len, signature, len);

	if (rv == CKR_OK && signature != NULL && bends > 0 && --bends == 0)
		signature[*len - 1] ^= 1;
	return rv;
}

static void
wrong_signature_is_not_recorded(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;
	CK_FUNCTION_LIST *calls =
	    module_functions(session_module(w->session));
	int64_t seq = seq_of(a);

	sign_truly = calls->C_Sign;
	calls->C_Sign = sign_bent;
	bends = 2;
	want_refused(a, BATCH, FAIL_TOKEN, "OCSP: ");
	calls->C_Sign = sign_truly;
	assert_int_equal(bends, 0);
	want_events(a, seq, "ocsp-intent ");
	want_recovered(a, seq, "ocsp-intent recovered seal ");
	MUST(respond(a, BATCH, &fault));
}

/* All is done but the anchor: the responses stand in objects/. */
static void
anchor_may_fail(void **state)
{
	struct answers *a = *state;
	struct token_world *w = a->world;
	int64_t seq = seq_of(a);

	setenv("FAKE_FAIL", "C_CreateObject:0x31", 1);
	MUST_FAIL(FAIL_TOKEN, "sealed, but: anchor: ",
	    respond(a, BATCH, &fault));
	unsetenv("FAKE_FAIL");
	want_events(a, seq, "ocsp-intent ocsp-signed seal ");
	/* They are sealed: nothing keeps them from going out. */
	for (size_t n = 0; n < BATCH; n++) {
		assert_non_null(a->out[n]);
		ocsp_release(&a->out[n]);
	}
	token_reopen(w);
	assert_false(recover_is_needed(w->authority));
	MUST(respond(a, BATCH, &fault));
}

#define IN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(batch_is_signed),
		IN(revocation_shows),
		IN(serials_are_judged),
		IN(no_serial_twice),
		IN(root_must_go_on),
		IN(clock_must_go_on),
		cmocka_unit_test_setup_teardown(state_must_be_active,
		    token_setup, token_teardown),
		cmocka_unit_test_setup_teardown(disabled_root_does_not_answer,
		    custody_setup, custody_teardown),
		cmocka_unit_test_setup_teardown(approval_is_taken,
		    chamber_setup, chamber_teardown),
		IN(faults_before_the_intent),
		IN(stopped_while_signing),
		IN(stopped_before_the_outcome),
		IN(responses_must_last),
		IN(wrong_signature_is_not_recorded),
		IN(anchor_may_fail),
	};

	return cmocka_run_group_tests_name("respond", tests, NULL, NULL);
}
