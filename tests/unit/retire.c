/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

#include <anchorite/ca/recover.h>
#include <anchorite/ca/retire.h>
#include <anchorite/ca/revoke.h>

/* More calls than any decision makes of one kind. */
#define CALLS_MAX 400

static const struct ledger *
ledger_of(const struct chamber *c)
{
	return c->world->authority->ledger;
}

static int
decide(struct chamber *c, enum operation operation,
    const struct json *parameters, struct fail *fail)
{
	struct token_world *w = c->world;

	return retire_decide(w->authority, &w->act, operation, parameters,
	    w->session, fail);
}

/* Takes the parameters over. */
static int
approve_and_decide(struct chamber *c, enum operation operation,
    struct json *parameters, int a, int b, struct fail *fail)
{
	AUTO(approvals_release) struct approvals *approvals =
	    chamber_approve(c, operation, parameters, a, b);
	int result;

	c->world->act.approvals = approvals;
	result = decide(c, operation, parameters, fail);
	json_release(&parameters);
	c->world->act.approvals = NULL;
	return result;
}

static struct json *
deed_of_destroy(const struct chamber *c)
{
	struct json *parameters = NULL;

	MUST(deed_destroy(ledger_of(c), NULL, 0, &parameters, &fault));
	return parameters;
}

static void
disable(struct chamber *c)
{
	MUST(approve_and_decide(c, OPERATION_DISABLE, deed_nothing(), ALICE,
	    NOBODY, &fault));
}

static void
enable(struct chamber *c)
{
	MUST(approve_and_decide(c, OPERATION_ENABLE, deed_nothing(), ALICE,
	    BOB, &fault));
}

static void
delete(struct chamber *c)
{
	MUST(approve_and_decide(c, OPERATION_DELETE, deed_delete(7), BOB,
	    NOBODY, &fault));
}

/* How many objects of the root key; CKA_SIGN of the last, if it is private. */
static size_t
root_objects(const struct chamber *c, CK_OBJECT_CLASS class, bool *signs_out)
{
	struct token_world *w = c->world;
	CK_FUNCTION_LIST *calls = module_functions(session_module(w->session));
	CK_SESSION_HANDLE session = token_session(session_token(w->session));
	const struct buf *id = &ledger_of(c)->root_key.id;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id->data, id->len },
	};
	CK_OBJECT_HANDLE objects[4];
	CK_BBOOL signs = CK_FALSE;
	CK_ATTRIBUTE sign = { CKA_SIGN, &signs, sizeof(signs) };
	CK_ULONG count = 0;

	assert_int_equal(calls->C_FindObjectsInit(session, template, 2),
	    CKR_OK);
	assert_int_equal(calls->C_FindObjects(session, objects, 4, &count),
	    CKR_OK);
	assert_int_equal(calls->C_FindObjectsFinal(session), CKR_OK);
	if (signs_out == NULL)
		return count;
	assert_int_equal(count, 1);
	assert_int_equal(calls->C_GetAttributeValue(session, objects[0],
	    &sign, 1), CKR_OK);
	*signs_out = signs == CK_TRUE;
	return count;
}

static bool
root_signs(const struct chamber *c)
{
	bool signs = false;

	root_objects(c, CKO_PRIVATE_KEY, &signs);
	return signs;
}

static void
want_gone(const struct chamber *c)
{
	assert_int_equal(root_objects(c, CKO_PRIVATE_KEY, NULL), 0);
	assert_int_equal(root_objects(c, CKO_PUBLIC_KEY, NULL), 0);
}

static void
want_standing(const struct chamber *c, enum state state, const char *trial)
{
	const struct key_standing *standing = &ledger_of(c)->standing;

	assert_int_equal(ledger_of(c)->state, state);
	assert_false(standing->is_due);
	assert_true(standing->by_token);
	if (strstr(standing->trial, trial) == NULL)
		fail_msg("want \"%s\", have \"%s\"", trial,
		    standing->trial);
}

#define LOCKED "refused: CKR_KEY_FUNCTION_NOT_PERMITTED (C_SignInit)"

static void
a_life_in_the_token(void **state)
{
	struct chamber *c = *state;
	int64_t seq = chamber_seq(c);

	assert_true(root_signs(c));
	disable(c);
	chamber_want(c, seq, "disable key-locked seal ");
	want_standing(c, STATE_DISABLED, LOCKED);
	assert_false(root_signs(c));
	seq = chamber_seq(c);
	enable(c);
	chamber_want(c, seq, "enable key-unlocked seal ");
	want_standing(c, STATE_ACTIVE, "signed");
	assert_true(root_signs(c));
	disable(c);
	seq = chamber_seq(c);
	delete(c);
	chamber_want(c, seq, "delete seal ");
	assert_int_equal(ledger_of(c)->deletion_ends,
	    c->world->act.now + 7 * DAY);
	assert_false(root_signs(c));
	seq = chamber_seq(c);
	MUST(approve_and_decide(c, OPERATION_RESTORE, deed_nothing(), ALICE,
	    BOB, &fault));
	chamber_want(c, seq, "restore seal ");
	assert_int_equal(ledger_of(c)->state, STATE_DISABLED);
	assert_false(root_signs(c));
	delete(c);
	c->world->act.now += 7 * DAY;
	seq = chamber_seq(c);
	MUST(approve_and_decide(c, OPERATION_DESTROY, deed_of_destroy(c), BOB,
	    CAROL, &fault));
	chamber_want(c, seq, "destroy key-erased seal ");
	/* Of the key, or of the object: releases of SoftHSM differ. */
	want_standing(c, STATE_DESTROYED, "_HANDLE_INVALID (C_SignInit)");
	want_gone(c);
}

static void
a_backup_is_decided(void **state)
{
	struct chamber *c = *state;
	int64_t seq = chamber_seq(c);

	MUST(approve_and_decide(c, OPERATION_BACKUP, deed_backup("b1",
	    "safe B"), ALICE, CAROL, &fault));
	chamber_want(c, seq, "backup seal ");
	assert_int_equal(ledger_of(c)->backup_count, 1);
	assert_true(root_signs(c));
}

/* Refused: not a record more, nor an object. */
static void
want_refused(struct chamber *c, enum operation operation,
    struct json *parameters, int a, int b, const char *sentence)
{
	int64_t seq = chamber_seq(c);

	MUST_FAIL(FAIL_REFUSED, sentence, approve_and_decide(c, operation,
	    parameters, a, b, &fault));
	chamber_want(c, seq, "");
	assert_false(recover_is_needed(c->world->authority));
}

static void
want_refused_unasked(struct chamber *c, enum operation operation,
    struct json *parameters, const char *sentence)
{
	int64_t seq = chamber_seq(c);

	MUST_FAIL(FAIL_REFUSED, sentence, decide(c, operation, parameters,
	    &fault));
	json_release(&parameters);
	chamber_want(c, seq, "");
}

static void
want_not_possible(struct chamber *c, enum operation operation,
    struct json *parameters, const char *sentence)
{
	MUST_FAIL(FAIL_REFUSED, sentence, retire_check(c->world->authority,
	    &c->world->act, operation, &fault));
	want_refused_unasked(c, operation, parameters, sentence);
}

static void
approvals_are_needed(void **state)
{
	struct chamber *c = *state;

	want_refused_unasked(c, OPERATION_DISABLE, deed_nothing(), "disable: "
	    "takes 1 approval of the role disable, has 0");
	want_refused(c, OPERATION_DISABLE, deed_nothing(), NOBODY, NOBODY,
	    "disable: takes 1 approval of the role disable, has 0");
	want_refused(c, OPERATION_BACKUP, deed_backup("b1", "safe B"), ALICE,
	    NOBODY, "backup: takes 2 approvals of the role backup, has 1");
	assert_true(root_signs(c));
	disable(c);
	want_refused(c, OPERATION_ENABLE, deed_nothing(), ALICE, NOBODY,
	    "enable: takes 2 approvals of the role restore, has 1");
	want_refused_unasked(c, OPERATION_DELETE, deed_delete(7),
	    "delete: takes 1 approval of the role delete, has 0");
	delete(c);
	want_refused(c, OPERATION_RESTORE, deed_nothing(), BOB, NOBODY,
	    "restore: takes 2 approvals of the role restore, has 1");
	c->world->act.now += 7 * DAY;
	want_refused(c, OPERATION_DESTROY, deed_of_destroy(c), CAROL, NOBODY,
	    "destroy: takes 2 approvals of the role destroy, has 1");
	assert_int_equal(root_objects(c, CKO_PRIVATE_KEY, NULL), 1);
	assert_false(root_signs(c));
}

/* Approvals that are good, and for something else. */
static void
other_approvals_do_not_do(void **state)
{
	struct chamber *c = *state;
	AUTO(json_release) struct json *nothing = deed_nothing();
	AUTO(json_release) struct json *days = deed_delete(7);
	AUTO(approvals_release) struct approvals *early =
	    chamber_approve(c, OPERATION_DISABLE, nothing, ALICE, NOBODY);
	AUTO(approvals_release) struct approvals *late = NULL;

	c->world->act.approvals = early;
	want_refused_unasked(c, OPERATION_BACKUP, deed_backup("b1", "safe"),
	    "request: is for disable, and not for backup");
	c->world->act.now += DAY;
	want_refused_unasked(c, OPERATION_DISABLE, deed_nothing(),
	    "request: expired ");
	c->world->act.now -= DAY;
	MUST(decide(c, OPERATION_DISABLE, nothing, &fault));
	enable(c);
	c->world->act.approvals = early;
	want_refused_unasked(c, OPERATION_DISABLE, deed_nothing(),
	    "request: was used already, by record ");
	disable(c);
	late = chamber_approve(c, OPERATION_DELETE, days, BOB, NOBODY);
	c->world->act.approvals = late;
	want_refused_unasked(c, OPERATION_DELETE, deed_delete(8),
	    "request: is for delete of something else");
	enable(c);
	disable(c);
	c->world->act.approvals = late;
	want_refused_unasked(c, OPERATION_DELETE, deed_delete(7),
	    "request: made at record ");
}

static void
states_and_windows(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	int64_t end;

	want_not_possible(c, OPERATION_ENABLE, deed_nothing(),
	    "enabling is not possible while the authority is active");
	want_not_possible(c, OPERATION_DESTROY, deed_nothing(),
	    "destroying is not possible while the authority is active");
	w->act.now--;
	want_not_possible(c, OPERATION_DISABLE, deed_nothing(),
	    "clock: it is ");
	w->act.now++;
	disable(c);
	want_not_possible(c, OPERATION_DISABLE, deed_nothing(),
	    "disabling is not possible while the authority is disabled");
	delete(c);
	end = ledger_of(c)->deletion_ends;
	want_not_possible(c, OPERATION_DESTROY, deed_nothing(),
	    "the key can be restored until 2026-");
	w->act.now = end - 1;
	want_not_possible(c, OPERATION_DESTROY, deed_nothing(),
	    "the key can be restored until ");
	MUST(retire_check(w->authority, &w->act, OPERATION_RESTORE, &fault));
	w->act.now = end;
	want_not_possible(c, OPERATION_RESTORE, deed_nothing(),
	    "the key could be restored until ");
	MUST(retire_check(w->authority, &w->act, OPERATION_DESTROY, &fault));
	want_not_possible(c, OPERATION_BACKUP, deed_backup("b1", "safe"),
	    "recording a backup is not possible while the authority is "
	    "deleted");
}

/* Where nothing is due the token is not even looked at. */
static void
nothing_is_due(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(key_release) struct key *key = NULL;
	struct key_switch ignored;
	int64_t seq = chamber_seq(c);

	setenv("FAKE_FAIL", "C_FindObjectsInit:0x30", 1);
	MUST(retire_follow(w->authority, &w->act, w->session, &fault));
	unsetenv("FAKE_FAIL");
	chamber_want(c, seq, "");
	disable(c);
	seq = chamber_seq(c);
	MUST(authority_find_key(&ledger_of(c)->root_key, w->session, &key,
	    &fault));
	MUST(key_unlock(key, &ignored, &fault));
	MUST(retire_follow(w->authority, &w->act, w->session, &fault));
	chamber_want(c, seq, "");
	assert_true(root_signs(c));
}

/* From its nth call on, this one fails. */
static void
break_token(const char *call, int after)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "%s:0x30:-1:%d", call, after);
	setenv("FAKE_FAIL", rule, 1);
}

#define ANCHOR_IS_OLD "done and sealed"

/*
 * What stopped at a broken token is refused, or recovered, or done with but
 * for its anchor. True: recovered.
 */
static bool
want_carried_out(struct chamber *c, const struct fail *fail, int64_t seq,
    const char *decision, const char *followed)
{
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct token_world *w = c->world;
	char events[96];

	assert_int_equal(fail->kind, FAIL_TOKEN);
	token_reopen(w);
	chamber_visit(c, &pin);
	if (chamber_seq(c) == seq) {
		assert_false(recover_is_needed(w->authority));
		chamber_want(c, seq, "");
		return false;
	}
	if (!recover_is_needed(w->authority)) {
		assert_memory_equal(fail->sentence, ANCHOR_IS_OLD,
		    strlen(ANCHOR_IS_OLD));
		snprintf(events, sizeof(events), "%s %sseal ", decision,
		    followed);
		chamber_want(c, seq, events);
		return false;
	}
	MUST_FAIL(FAIL_REFUSED, "records since record ", retire_check(
	    w->authority, &w->act, OPERATION_ENABLE, &fault));
	snprintf(events, sizeof(events), "%s %srecovered %sseal ", decision,
	    ledger_of(c)->standing.is_due ? "" : followed,
	    ledger_of(c)->standing.is_due ? followed : "");
	MUST(recover(w->authority, &w->act, w->session, &fault));
	chamber_want(c, seq, events);
	token_reopen(w);
	assert_false(recover_is_needed(w->authority));
	return true;
}

static const char *const switching[] = {
	"C_FindObjectsInit", "C_GetAttributeValue", "C_SetAttributeValue",
	"C_OpenSession", "C_GenerateRandom", "C_SignInit", "C_Sign",
};

/* libp11 waits for ever for its first session where C_OpenSession fails, so
 * it has one before anything breaks. */
static void
visit_and_lend(struct chamber *c)
{
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	AUTO(key_release) struct key *key = NULL;
	EVP_PKEY *lent;

	chamber_visit(c, &pin);
	MUST(authority_find_signer(&ledger_of(c)->journal_key,
	    c->world->session, &key, &lent, &fault));
}

/* Counts how often recover had to carry it out. */
static int
sweep_switch(struct chamber *c, const char *call, bool is_lock)
{
	int carried = 0;

	for (int after = 0;; after++) {
		struct fail fail = { 0 };
		int64_t seq = chamber_seq(c);
		int result;

		assert_true(after < CALLS_MAX);
		visit_and_lend(c);
		break_token(call, after);
		result = approve_and_decide(c, is_lock ? OPERATION_DISABLE :
		    OPERATION_ENABLE, deed_nothing(), ALICE,
		    is_lock ? NOBODY : BOB, &fail);
		unsetenv("FAKE_FAIL");
		if (result == 0)
			return carried;
		carried += want_carried_out(c, &fail, seq,
		    is_lock ? "disable" : "enable",
		    is_lock ? "key-locked " : "key-unlocked ");
		if (chamber_seq(c) == seq)
			continue;
		assert_int_equal(root_signs(c), !is_lock);
		if (is_lock) {
			want_standing(c, STATE_DISABLED, LOCKED);
			enable(c);
		} else {
			/* by_token is as the key was found: open, perhaps. */
			assert_int_equal(ledger_of(c)->state, STATE_ACTIVE);
			assert_string_equal(ledger_of(c)->standing.trial,
			    "signed");
			disable(c);
		}
	}
}

static void
locking_is_carried_out(void **state)
{
	struct chamber *c = *state;

	for (size_t n = 0; n < COUNT(switching); n++) {
		assert_true(sweep_switch(c, switching[n], true) > 0);
		assert_false(root_signs(c));
		enable(c);
	}
}

static void
unlocking_is_carried_out(void **state)
{
	struct chamber *c = *state;

	disable(c);
	for (size_t n = 0; n < COUNT(switching); n++) {
		assert_true(sweep_switch(c, switching[n], false) > 0);
		assert_true(root_signs(c));
		disable(c);
	}
}

/* True: recover had to carry it out, and there may be more to break. */
static bool
erase_broken(struct chamber *c, const char *call, int after, bool *done_out)
{
	struct fail fail = { 0 };
	bool is_recovered;
	int64_t seq;
	int result;

	disable(c);
	delete(c);
	c->world->act.now += 7 * DAY;
	seq = chamber_seq(c);
	break_token(call, after);
	result = approve_and_decide(c, OPERATION_DESTROY, deed_of_destroy(c),
	    BOB, CAROL, &fail);
	unsetenv("FAKE_FAIL");
	*done_out = result == 0;
	if (result == 0)
		return false;
	is_recovered = want_carried_out(c, &fail, seq, "destroy",
	    "key-erased ");
	if (chamber_seq(c) == seq)
		return false;
	want_gone(c);
	assert_int_equal(ledger_of(c)->state, STATE_DESTROYED);
	assert_false(ledger_of(c)->standing.is_due);
	return is_recovered;
}

static void
erasing_is_carried_out(void **state)
{
	static const char *const erasing[] = {
		"C_DestroyObject", "C_FindObjectsInit", "C_OpenSession",
		"C_GetSessionInfo", "C_SignInit",
	};

	(void)state;
	for (size_t n = 0; n < COUNT(erasing); n++) {
		bool is_done = false;
		int carried = 0;

		for (int after = 0; !is_done; after++) {
			struct chamber *c = chamber_new(0);

			assert_true(after < CALLS_MAX);
			visit_and_lend(c);
			carried += erase_broken(c, erasing[n], after,
			    &is_done);
			chamber_teardown((void **)&c);
		}
		assert_true(carried > 0);
	}
}

/* As a restored backup, or another vendor's token, may have it. */
static void
make_lasting(struct chamber *c)
{
	struct token_world *w = c->world;
	CK_FUNCTION_LIST *calls = module_functions(session_module(w->session));
	CK_SESSION_HANDLE session = token_session(session_token(w->session));
	const struct buf *id = &ledger_of(c)->root_key.id;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id->data, id->len },
	};
	CK_ATTRIBUTE lasting[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_DESTROYABLE, &no, sizeof(no) },
	};
	CK_OBJECT_HANDLE old, copy;
	CK_ULONG count = 0;

	assert_int_equal(calls->C_FindObjectsInit(session, template, 2),
	    CKR_OK);
	assert_int_equal(calls->C_FindObjects(session, &old, 1, &count),
	    CKR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(calls->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(calls->C_CopyObject(session, old, lasting, 2, &copy),
	    CKR_OK);
	assert_int_equal(calls->C_DestroyObject(session, old), CKR_OK);
}

static void
a_lasting_key_is_not_destroyed(void **state)
{
	struct chamber *c = *state;

	disable(c);
	delete(c);
	make_lasting(c);
	c->world->act.now += 7 * DAY;
	want_refused(c, OPERATION_DESTROY, deed_of_destroy(c), BOB, CAROL,
	    "CKA_DESTROYABLE is false");
	assert_int_equal(ledger_of(c)->state, STATE_DELETED);
	assert_int_equal(root_objects(c, CKO_PRIVATE_KEY, NULL), 1);
}

/* A key that is not there any more is found before anything is recorded. */
static void
a_lost_key_is_not_decided_on(void **state)
{
	struct chamber *c = *state;
	AUTO(key_release) struct key *key = NULL;
	int64_t seq = chamber_seq(c);

	MUST(authority_find_key(&ledger_of(c)->root_key, c->world->session,
	    &key, &fault));
	MUST(key_destroy(&key, &fault));
	MUST_FAIL(FAIL_TOKEN, "no key matches", approve_and_decide(c,
	    OPERATION_DISABLE, deed_nothing(), ALICE, NOBODY, &fault));
	chamber_want(c, seq, "");
}

static int
sign_crl(struct chamber *c, struct crl **crl, struct fail *fail)
{
	struct token_world *w = c->world;
	AUTO(json_release) struct json *parameters = deed_crl(ledger_of(c));
	AUTO(approvals_release) struct approvals *approvals =
	    chamber_approve(c, OPERATION_CRL_DISABLED, parameters, ALICE,
	    BOB);
	int result;

	w->act.approvals = approvals;
	result = revoke_sign_crl(w->authority, &w->act, w->session, crl,
	    fail);
	w->act.approvals = NULL;
	return result;
}

static void
a_disabled_root_signs_one_crl(void **state)
{
	struct chamber *c = *state;
	AUTO(crl_release) struct crl *crl = NULL;
	struct fail fail = { 0 };
	int64_t seq;

	disable(c);
	seq = chamber_seq(c);
	assert_int_equal(revoke_sign_crl(c->world->authority,
	    &c->world->act, c->world->session, &crl, &fail), -1);
	assert_string_equal(fail.sentence, "crl-disabled: takes 2 approvals "
	    "of the role operator or restore, has 0");
	chamber_want(c, seq, "");
	assert_false(root_signs(c));
	MUST(sign_crl(c, &crl, &fault));
	chamber_want(c, seq, "crl-intent crl-signed key-locked seal ");
	want_standing(c, STATE_DISABLED, LOCKED);
	assert_false(root_signs(c));
}

/*
 * The signature is the second one: the first proves the unlocked key. What
 * the journal key signs for the seal is the third.
 */
static void
a_failed_crl_leaves_it_locked(void **state)
{
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct chamber *c = *state;

	disable(c);
	for (int after = 0; after < 3; after++) {
		AUTO(crl_release) struct crl *crl = NULL;
		int64_t seq = chamber_seq(c);
		struct fail fail = { 0 };

		chamber_visit(c, &pin);
		break_token("C_Sign", after);
		assert_int_equal(sign_crl(c, &crl, &fail), -1);
		unsetenv("FAKE_FAIL");
		assert_int_equal(fail.kind, FAIL_TOKEN);
		assert_null(crl);
		assert_false(root_signs(c));
		token_reopen(c->world);
		chamber_visit(c, &pin);
		assert_int_equal(ledger_of(c)->standing.is_due, after < 2);
		MUST(recover(c->world->authority, &c->world->act,
		    c->world->session, &fault));
		chamber_want(c, seq, after < 2 ?
		    "crl-intent recovered key-locked seal " :
		    "crl-intent crl-signed key-locked recovered seal ");
		want_standing(c, STATE_DISABLED, LOCKED);
		assert_false(root_signs(c));
	}
}

#define IN(test) \
	cmocka_unit_test_setup_teardown(test, chamber_setup, chamber_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(a_life_in_the_token),
		IN(a_backup_is_decided),
		IN(approvals_are_needed),
		IN(other_approvals_do_not_do),
		IN(states_and_windows),
		IN(nothing_is_due),
		IN(locking_is_carried_out),
		IN(unlocking_is_carried_out),
		IN(a_lasting_key_is_not_destroyed),
		IN(a_lost_key_is_not_decided_on),
		IN(a_disabled_root_signs_one_crl),
		IN(a_failed_crl_leaves_it_locked),
		cmocka_unit_test(erasing_is_carried_out),
	};

	return cmocka_run_group_tests_name("retire", tests, NULL, NULL);
}
