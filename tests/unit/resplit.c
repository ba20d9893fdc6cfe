/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

#include <anchorite/ca/amend.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/resplit.h>

static const struct split_form form = { 3, IN_ROSTER };

static struct token_pins
first_pins(void)
{
	return (struct token_pins){
		.so = softhsm_pin(SOFTHSM_SO_PIN),
		.user = softhsm_pin(SOFTHSM_USER_PIN),
	};
}

/* The policy in force with some more text behind, and all certificates. */
static struct adoption *
adoption_of(const struct chamber *c, const char *more)
{
	const struct ledger *ledger = c->world->authority->ledger;
	struct adoption *adoption = NULL;
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };

	buf_put(&text, buf_bytes(&ledger->policy->text));
	buf_text(&text, more);
	MUST(policy_read("policy", buf_bytes(&text), &policy, &fault));
	MUST(adoption_make(&policy, NULL, ledger, &adoption, &fault));
	return adoption;
}

static void
make_split(const struct adoption *adoption, struct new_split *out)
{
	MUST(split_make(&adoption->policy->roster, adoption->custodians,
	    &form, out, &fault));
}

/* With the approvals of Alice and of `b`. */
static int
intend(struct chamber *c, const struct adoption *adoption,
    const struct new_split *next, struct json **weak, int b,
    struct fail *fail)
{
	struct token_world *w = c->world;
	AUTO(json_release) struct json *parameters =
	    deed_resplit(&adoption->policy->digest, &next->split.form);
	AUTO(approvals_release) struct approvals *approvals =
	    chamber_approve(c, OPERATION_RESPLIT, parameters, ALICE, b);
	int result;

	w->act.approvals = approvals;
	result = resplit_intend(w->authority, &w->act, adoption, next, weak,
	    fail);
	w->act.approvals = NULL;
	return result;
}

static int
finish(struct chamber *c, const struct new_split *next, struct fail *fail)
{
	AUTO(token_pins_release) struct token_pins old = first_pins();
	struct token_world *w = c->world;

	return resplit_finish(w->authority, &w->act, &old, &next->pins,
	    w->session, fail);
}

static void
want_done(struct chamber *c, int64_t seq, const struct new_split *next,
    const struct adoption *adoption, const char *events)
{
	const struct ledger *ledger = c->world->authority->ledger;
	const struct secret old = softhsm_pin(SOFTHSM_USER_PIN);
	struct fail fail = { 0 };

	chamber_want(c, seq, events);
	assert_string_equal(ledger->split.id, next->split.id);
	assert_int_equal(ledger->split.form.threshold, 3);
	assert_null(ledger->next_policy);
	assert_true(digest_is_equal(&ledger->policy->digest,
	    &adoption->policy->digest));
	chamber_visit(c, &next->pins.user);
	chamber_visit(c, NULL);
	assert_int_equal(session_login_with(c->world->session, &old, &fail),
	    -1);
	assert_int_equal(fail.kind, FAIL_TOKEN);
}

static void
pins_are_split_anew(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "");
	AUTO(new_split_release) struct new_split next = { 0 };
	struct json *weak = NULL;
	int64_t seq = chamber_seq(c);

	MUST(resplit_record(w->authority, &w->act, &fault));
	chamber_want(c, seq, "");
	make_split(adoption, &next);
	MUST(intend(c, adoption, &next, &weak, BOB, &fault));
	chamber_want(c, seq, "split-intent ");
	assert_string_equal(w->authority->ledger->next_split.id,
	    next.split.id);
	assert_string_not_equal(w->authority->ledger->split.id,
	    next.split.id);
	MUST_FAIL(FAIL_REFUSED, "while the token's PINs were being changed",
	    resplit_check(w->authority, &w->act, adoption->policy, &fault));
	chamber_visit(c, NULL);
	MUST(finish(c, &next, &fault));
	want_done(c, seq, &next, adoption, "split-intent split seal ");
}

/* A policy comes along, approved by the same two for resplit. */
static void
a_policy_comes_along(void **state)
{
	struct chamber *c = *state;
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "# another\n");
	AUTO(new_split_release) struct new_split next = { 0 };
	AUTO(json_release) struct json *weak = json_new_list();
	int64_t seq = chamber_seq(c);

	make_split(adoption, &next);
	MUST(intend(c, adoption, &next, &weak, BOB, &fault));
	assert_null(weak);
	token_reopen(c->world);
	chamber_visit(c, NULL);
	MUST(finish(c, &next, &fault));
	want_done(c, seq, &next, adoption, "split-intent split seal ");
}

static void
want_not_intended(struct chamber *c, const struct adoption *adoption,
    const struct new_split *next, int b, enum fail_kind kind,
    const char *sentence, int strays)
{
	struct audit audit = { 0 };
	struct json *weak = NULL;
	int64_t seq = chamber_seq(c);

	MUST_FAIL(kind, sentence, intend(c, adoption, next, &weak, b,
	    &fault));
	assert_int_equal(chamber_seq(c), seq);
	assert_false(recover_is_needed(c->world->authority));
	MUST(audit_verify(c->world->path, NULL, &audit, &fault));
	assert_in_range(audit.strays, 0, strays);
}

static void
no_intent_without_approval(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "");
	AUTO(adoption_release) struct adoption *other =
	    adoption_of(c, "# another\n");
	AUTO(json_release) struct json *parameters =
	    deed_resplit(&adoption->policy->digest, &form);
	AUTO(approvals_release) struct approvals *approvals = NULL;
	AUTO(new_split_release) struct new_split next = { 0 };
	struct json *weak = NULL;
	int64_t seq = chamber_seq(c);

	make_split(adoption, &next);
	MUST_FAIL(FAIL_REFUSED, "resplit: takes 2 approvals of the role "
	    "policy, has 0", resplit_intend(w->authority, &w->act, adoption,
	    &next, &weak, &fault));
	want_not_intended(c, adoption, &next, NOBODY, FAIL_REFUSED,
	    "resplit: takes 2 approvals of the role policy, has 1", 0);
	approvals = chamber_approve(c, OPERATION_RESPLIT, parameters, ALICE,
	    BOB);
	w->act.approvals = approvals;
	MUST_FAIL(FAIL_REFUSED, "request: is for resplit of something else",
	    resplit_intend(w->authority, &w->act, other, &next, &weak,
	    &fault));
	next.split.form.threshold = 2;
	MUST_FAIL(FAIL_REFUSED, "request: is for resplit of something else",
	    resplit_intend(w->authority, &w->act, adoption, &next, &weak,
	    &fault));
	w->act.approvals = NULL;
	chamber_want(c, seq, "");
}

static void
envelopes_must_fit(void **state)
{
	struct chamber *c = *state;
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "");
	AUTO(new_split_release) struct new_split next = { 0 };

	make_split(adoption, &next);
	next.envelopes[CAROL].data[next.envelopes[CAROL].len - 1] ^= 1;
	want_not_intended(c, adoption, &next, BOB, FAIL_INPUT,
	    "share of carol: its envelope has been changed", 2);
	next.envelopes[CAROL].data[next.envelopes[CAROL].len - 1] ^= 1;
	snprintf(next.split.lines[DAVE].custodian, 5, "eve");
	want_not_intended(c, adoption, &next, BOB, FAIL_REFUSED,
	    "the PIN must be split anew", 2);
}

static void
only_what_is_split(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;

	MUST_FAIL(FAIL_REFUSED, "the token's PIN is not split: token init "
	    "--split makes a token whose PIN is", resplit_check(w->authority,
	    &w->act, w->policy, &fault));
}

static void
check_refuses(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;

	MUST(resplit_check(w->authority, &w->act, w->policy, &fault));
	w->act.now--;
	MUST_FAIL(FAIL_REFUSED, "clock: it is ", resplit_check(w->authority,
	    &w->act, w->policy, &fault));
}

/* The token breaks at each of its calls: done again, it is completed. */
static void
finishing_is_completed(void **state)
{
	static const char *const rules[] = {
		"C_Login:0x30", "C_SetPIN:0x30", "C_SetPIN:0x30:-1:1",
		"C_SignInit:0x30", "C_FindObjectsInit:0x30",
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rules); n++) {
		struct chamber *c = chamber_new(2);
		struct adoption *adoption = adoption_of(c, "");
		AUTO(new_split_release) struct new_split next = { 0 };
		struct json *weak = NULL;
		struct fail fail = { 0 };
		int64_t seq = chamber_seq(c);
		bool is_split;

		make_split(adoption, &next);
		MUST(intend(c, adoption, &next, &weak, BOB, &fault));
		chamber_visit(c, NULL);
		setenv("FAKE_FAIL", rules[n], 1);
		assert_int_equal(finish(c, &next, &fail), -1);
		unsetenv("FAKE_FAIL");
		assert_int_equal(fail.kind, FAIL_TOKEN);
		token_reopen(c->world);
		assert_true(recover_is_needed(c->world->authority));
		is_split = c->world->authority->ledger->next_policy == NULL;
		chamber_visit(c, is_split ? &next.pins.user : NULL);
		if (is_split)
			MUST(recover(c->world->authority, &c->world->act,
			    c->world->session, &fault));
		else
			MUST(finish(c, &next, &fault));
		want_done(c, seq, &next, adoption, is_split ?
		    "split-intent split recovered seal " :
		    "split-intent split seal ");
		adoption_release(&adoption);
		chamber_teardown((void **)&c);
	}
}

/* The PINs are the new ones, and no record says so: recover does. */
static void
recover_records_it(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "");
	AUTO(new_split_release) struct new_split next = { 0 };
	AUTO(token_pins_release) struct token_pins old = first_pins();
	struct json *weak = NULL;
	int64_t seq = chamber_seq(c);

	make_split(adoption, &next);
	MUST(intend(c, adoption, &next, &weak, BOB, &fault));
	chamber_visit(c, NULL);
	MUST(token_change_pins(session_token(w->session), &old, &next.pins,
	    &fault));
	token_reopen(w);
	chamber_visit(c, &next.pins.user);
	MUST(recover(w->authority, &w->act, w->session, &fault));
	want_done(c, seq, &next, adoption,
	    "split-intent recovered split seal ");
}

static int
amend(struct chamber *c, const struct adoption *adoption, int b,
    struct fail *fail)
{
	struct token_world *w = c->world;
	AUTO(json_release) struct json *parameters =
	    deed_policy(&adoption->policy->digest);
	AUTO(approvals_release) struct approvals *approvals =
	    chamber_approve(c, OPERATION_POLICY, parameters, ALICE, b);
	struct json *weak = NULL;
	int result;

	w->act.approvals = approvals;
	result = amend_policy(w->authority, &w->act, adoption, &weak,
	    w->session, fail);
	w->act.approvals = NULL;
	return result;
}

static void
a_policy_is_amended(void **state)
{
	struct chamber *c = *state;
	const struct ledger *ledger = c->world->authority->ledger;
	AUTO(adoption_release) struct adoption *same = adoption_of(c, "");
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "# another\n");
	int64_t seq = chamber_seq(c);

	MUST_FAIL(FAIL_REFUSED, "policy test: is in force already",
	    amend(c, same, BOB, &fault));
	MUST_FAIL(FAIL_REFUSED, "policy: takes 2 approvals of the role "
	    "policy, has 1", amend(c, adoption, NOBODY, &fault));
	setenv("FAKE_FAIL", "C_FindObjectsInit:0x30", 1);
	MUST_FAIL(FAIL_TOKEN, "C_FindObjectsInit", amend(c, adoption, BOB,
	    &fault));
	unsetenv("FAKE_FAIL");
	chamber_want(c, seq, "");
	assert_true(digest_is_equal(&ledger->policy->digest,
	    &same->policy->digest));
	MUST(amend(c, adoption, BOB, &fault));
	chamber_want(c, seq, "policy seal ");
	assert_true(digest_is_equal(&ledger->policy->digest,
	    &adoption->policy->digest));
}

static void
an_amended_policy_is_sealed(void **state)
{
	struct chamber *c = *state;
	struct token_world *w = c->world;
	AUTO(adoption_release) struct adoption *adoption =
	    adoption_of(c, "# another\n");
	struct fail fail = { 0 };
	int64_t seq = chamber_seq(c);

	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	assert_int_equal(amend(c, adoption, BOB, &fail), -1);
	unsetenv("FAKE_FAIL");
	assert_int_equal(fail.kind, FAIL_TOKEN);
	token_reopen(w);
	MUST(recover(w->authority, &w->act, w->session, &fault));
	chamber_want(c, seq, "policy recovered seal ");
	assert_true(digest_is_equal(&w->authority->ledger->policy->digest,
	    &adoption->policy->digest));
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, chamber_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(pins_are_split_anew, chamber_setup_split),
		IN(a_policy_comes_along, chamber_setup_split),
		IN(no_intent_without_approval, chamber_setup_split),
		IN(envelopes_must_fit, chamber_setup_split),
		IN(only_what_is_split, chamber_setup),
		IN(check_refuses, chamber_setup_split),
		IN(recover_records_it, chamber_setup_split),
		IN(a_policy_is_amended, chamber_setup),
		IN(an_amended_policy_is_sealed, chamber_setup_split),
		cmocka_unit_test(finishing_is_completed),
	};

	return cmocka_run_group_tests_name("resplit", tests, NULL, NULL);
}
