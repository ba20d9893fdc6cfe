/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/custody/roster.h>

#include "testing.h"

#define R(role) (1u << ROLE_##role)
#define O(operation) (1u << OPERATION_##operation)

/* Somebody for everything but disable and delete. */
#define OTHERS (R(OPERATOR) | R(RESTORE) | R(DESTROY) | R(BACKUP) | R(POLICY))

/* A roster of people with these roles: a, b, c … and a certificate each. */
struct crew {
	struct roster roster;
	struct custodian custodians[8];
};

static const char *const crew_names[] = {
	"a", "b", "c", "d", "e", "f", "g", "h",
};

static void
crew_make(struct crew *crew, const unsigned *roles, size_t count)
{
	memset(crew, 0, sizeof(*crew));
	assert_true(count <= COUNT(crew->custodians));
	for (size_t n = 0; n < count; n++) {
		crew->custodians[n].name = crew_names[n];
		crew->custodians[n].roles = roles[n];
		digest_of(bytes_text(crew_names[n]),
		    &crew->custodians[n].certificate);
	}
	crew->roster.custodians = crew->custodians;
	crew->roster.count = count;
	memcpy(crew->roster.rules, quorum_defaults,
	    sizeof(crew->roster.rules));
}

static void
want_sound(const struct crew *crew)
{
	struct fail fail = { 0 };

	want_pass(roster_check(&crew->roster, &fail), &fail);
}

static void
want_unsound(const struct crew *crew, const char *sentence)
{
	struct fail fail = { 0 };

	want_fail(roster_check(&crew->roster, &fail), &fail, FAIL_INPUT,
	    sentence);
}

/* Three who can do everything, whoever of them does what. */
static const unsigned three[] = {
	OTHERS | R(DISABLE), OTHERS | R(DELETE), OTHERS | R(DISABLE),
};

static void
names_are_in_order(void **state)
{
	(void)state;
	for (int n = 0; n < ROLES; n++)
		assert_non_null(role_names[n]);
	assert_null(role_names[ROLES]);
	for (int n = 0; n < OPERATIONS; n++) {
		enum operation found = OPERATIONS;
		struct fail fail = { 0 };

		want_pass(operation_find(operation_names[n], &found, &fail),
		    &fail);
		assert_int_equal(found, n);
	}
	assert_null(operation_names[OPERATIONS]);
}

static void
unknown_operations_name_the_known(void **state)
{
	enum operation found = OPERATION_BACKUP;
	struct fail fail = { 0 };

	(void)state;
	want_fail(operation_find("kill", &found, &fail), &fail, FAIL_USAGE,
	    "no operation kill: there are sign, revoke, crl, crl-disabled, "
	    "ocsp, disable, enable, delete, restore, destroy, backup, "
	    "policy, resplit, recover, anchor");
	assert_int_equal(found, OPERATION_BACKUP);
}

static void
roles_are_written(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	roles_write(0, &text);
	assert_string_equal(buf_cstr(&text), "");
	roles_write(R(OPERATOR), &text);
	buf_text(&text, "; ");
	roles_write(R(AUDITOR) | R(RESTORE) | R(DISABLE), &text);
	assert_string_equal(buf_cstr(&text),
	    "operator; disable or restore or auditor");
}

static void
nobody_is_sound(void **state)
{
	struct crew crew;

	(void)state;
	crew_make(&crew, NULL, 0);
	want_sound(&crew);
}

/* No default is below what is least, and delete is distinct. */
static void
defaults_are_sound(void **state)
{
	struct crew crew;

	(void)state;
	for (int n = 0; n < OPERATIONS; n++) {
		assert_true(quorum_defaults[n].approvals >= quorum_least[n]);
		assert_true(quorum_defaults[n].approvals >= 1);
		assert_true(quorum_defaults[n].roles != 0);
		assert_int_equal(quorum_defaults[n].distinct_from,
		    quorum_always_distinct[n]);
	}
	assert_int_equal(quorum_always_distinct[OPERATION_DELETE],
	    O(DISABLE));
	crew_make(&crew, three, COUNT(three));
	want_sound(&crew);
}

static void
certificates_stand_once(void **state)
{
	struct crew crew;

	(void)state;
	crew_make(&crew, three, COUNT(three));
	crew.custodians[2].certificate = crew.custodians[0].certificate;
	want_unsound(&crew, "a and c: have the same certificate");
}

static void
nothing_is_below_the_least(void **state)
{
	struct crew crew;

	(void)state;
	for (int n = 0; n < OPERATIONS; n++) {
		char sentence[96];

		crew_make(&crew, three, COUNT(three));
		crew.roster.rules[n].approvals = quorum_least[n];
		want_sound(&crew);
		crew.roster.rules[n].approvals = quorum_least[n] - 1;
		snprintf(sentence, sizeof(sentence), "%s: approvals: want "
		    "at least %d, have %d", operation_names[n],
		    (int)quorum_least[n], (int)quorum_least[n] - 1);
		want_unsound(&crew, sentence);
	}
	assert_int_equal(quorum_least[OPERATION_SIGN], 0);
	assert_int_equal(quorum_least[OPERATION_DESTROY], 2);
	assert_int_equal(quorum_least[OPERATION_RESPLIT], 2);
	assert_int_equal(quorum_least[OPERATION_OCSP], 0);
	assert_int_equal(quorum_least[OPERATION_RECOVER], 2);
	assert_int_equal(quorum_least[OPERATION_ANCHOR], 2);
}

static void
roles_that_are_taken_have_somebody(void **state)
{
	static const struct {
		unsigned without;
		const char *sentence;
	} rows[] = {
		{ R(OPERATOR), "role operator: nobody has it, and sign takes "
		    "it" },
		{ R(DISABLE), "role disable: nobody has it, and disable takes "
		    "it" },
		{ R(DELETE), "role delete: nobody has it, and delete takes "
		    "it" },
		{ R(RESTORE), "role restore: nobody has it, and crl-disabled "
		    "takes it" },
		{ R(DESTROY), "role destroy: nobody has it, and destroy takes "
		    "it" },
		{ R(BACKUP), "role backup: nobody has it, and backup takes "
		    "it" },
		{ R(POLICY), "role policy: nobody has it, and policy takes "
		    "it" },
	};
	struct crew crew;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		crew_make(&crew, three, COUNT(three));
		for (size_t n = 0; n < COUNT(three); n++)
			crew.custodians[n].roles &= ~rows[i].without;
		want_unsound(&crew, rows[i].sentence);
	}
	/* A rule that takes nobody takes no role either. */
	crew_make(&crew, three, COUNT(three));
	crew.roster.rules[OPERATION_SIGN].approvals = 0;
	crew.roster.rules[OPERATION_SIGN].roles = R(AUDITOR);
	want_sound(&crew);
	crew.roster.rules[OPERATION_SIGN].approvals = 1;
	want_unsound(&crew,
	    "role auditor: nobody has it, and sign takes it");
}

static void
there_are_enough(void **state)
{
	struct crew crew;

	(void)state;
	crew_make(&crew, three, COUNT(three));
	crew.custodians[0].roles &= ~R(DESTROY);
	want_sound(&crew);
	crew.custodians[1].roles &= ~R(DESTROY);
	want_unsound(&crew, "destroy: takes 2 different custodians with the "
	    "role destroy, and there are not as many");
	crew_make(&crew, three, COUNT(three));
	crew.roster.rules[OPERATION_CRL].approvals = 3;
	want_sound(&crew);
	crew.roster.rules[OPERATION_CRL].approvals = 4;
	want_unsound(&crew, "crl: takes 4 different custodians with the role "
	    "operator, and there are not as many");
}

#define NOT_AS_MANY "delete: takes 1 different custodians with the role " \
	"delete, other than those it must be distinct from, and there are " \
	"not as many"

/* Who disables and who deletes: enough for each, and for both (Hall). */
static void
disable_and_delete_take_two(void **state)
{
	static const struct {
		unsigned roles[3];
		bool is_sound;
	} rows[] = {
		{ { R(DISABLE) | R(DELETE), 0, 0 }, false },
		{ { R(DISABLE) | R(DELETE), R(DISABLE), 0 }, true },
		{ { R(DISABLE) | R(DELETE), R(DELETE), 0 }, true },
		{ { R(DISABLE) | R(DELETE), R(DISABLE) | R(DELETE), 0 },
		    true },
		{ { R(DISABLE), R(DELETE), 0 }, true },
		{ { R(DISABLE), R(DELETE), R(DISABLE) | R(DELETE) }, true },
	};
	struct crew crew;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		crew_make(&crew, rows[i].roles, 3);
		for (size_t n = 0; n < 3; n++)
			crew.custodians[n].roles |= OTHERS;
		if (rows[i].is_sound)
			want_sound(&crew);
		else
			want_unsound(&crew, NOT_AS_MANY);
	}
}

/* Two to disable and two to delete, of three who have both: too few. */
static void
more_approvals_take_more(void **state)
{
	static const unsigned roles[] = {
		OTHERS | R(DISABLE) | R(DELETE),
		OTHERS | R(DISABLE) | R(DELETE),
		OTHERS | R(DISABLE) | R(DELETE),
		OTHERS,
	};
	struct crew crew;

	(void)state;
	crew_make(&crew, roles, COUNT(roles));
	crew.roster.rules[OPERATION_DISABLE].approvals = 2;
	want_sound(&crew);
	crew.roster.rules[OPERATION_DELETE].approvals = 2;
	want_unsound(&crew, "delete: takes 2 different custodians with the "
	    "role delete, other than those it must be distinct from, and "
	    "there are not as many");
	crew.custodians[3].roles |= R(DELETE);
	want_sound(&crew);
}

/* Also where it must be distinct from itself, the time before. */
static void
turns_take_twice_as_many(void **state)
{
	struct crew crew;

	(void)state;
	crew_make(&crew, three, COUNT(three));
	crew.roster.rules[OPERATION_POLICY].distinct_from = O(POLICY);
	want_unsound(&crew, "policy: takes 2 different custodians with the "
	    "role policy, other than those it must be distinct from, and "
	    "there are not as many");
	crew.roster.rules[OPERATION_POLICY].distinct_from = 0;
	crew.roster.rules[OPERATION_SIGN].distinct_from = O(SIGN);
	want_sound(&crew);
}

/* From two operations at once: each pair is possible, all of it is not. */
static void
distinct_from_two_at_once(void **state)
{
	static const unsigned roles[] = {
		OTHERS | R(DISABLE) | R(DELETE),
		OTHERS | R(DELETE) | R(SHARE),
		OTHERS,
	};
	struct crew crew;

	(void)state;
	crew_make(&crew, roles, COUNT(roles));
	crew.roster.rules[OPERATION_CRL].roles = R(SHARE);
	crew.roster.rules[OPERATION_DELETE].distinct_from = O(DISABLE);
	want_sound(&crew);
	crew.roster.rules[OPERATION_DELETE].distinct_from |= O(CRL);
	want_unsound(&crew, NOT_AS_MANY);
	crew.custodians[2].roles |= R(DELETE);
	want_sound(&crew);
	crew.custodians[2].roles = OTHERS | R(DISABLE);
	want_sound(&crew);
	crew.custodians[2].roles = OTHERS | R(SHARE);
	want_sound(&crew);
}

static struct cert
cert_with(const char *key, const char *subject)
{
	return (struct cert){
		.spki = { .der = bytes_text(key) },
		.subject = bytes_text(subject),
	};
}

static void
certificates_are_of_different_people(void **state)
{
	struct cert list[3] = {
		cert_with("key 1", "CN=A"), cert_with("key 2", "CN=B"),
		cert_with("key 3", "CN=C"),
	};
	struct cert *const certificates[] = { &list[0], &list[1], &list[2] };
	struct fail fail = { 0 };
	struct crew crew;

	(void)state;
	crew_make(&crew, three, COUNT(three));
	want_pass(roster_check_certificates(&crew.roster, certificates,
	    &fail), &fail);
	list[2] = cert_with("key 1", "CN=C");
	want_fail(roster_check_certificates(&crew.roster, certificates,
	    &fail), &fail, FAIL_REFUSED, "custodians a and c: have the same "
	    "key, and could satisfy a quorum alone");
	list[2] = cert_with("key 3", "CN=B");
	want_fail(roster_check_certificates(&crew.roster, certificates,
	    &fail), &fail, FAIL_REFUSED, "custodians b and c: are the same "
	    "person, and could satisfy a quorum alone");
}

static void
note(void *context, const char *sentence)
{
	struct buf *notes = context;

	buf_printf(notes, "%s\n", sentence);
}

static void
want_weaknesses(const struct crew *crew, int threshold, const char *want)
{
	AUTO(buf_release) struct buf notes = { 0 };

	roster_weaknesses(&crew->roster, threshold, note, &notes);
	assert_string_equal(buf_cstr(&notes), want);
}

static void
weaknesses_are_named(void **state)
{
	static const unsigned four[] = {
		OTHERS | R(DISABLE) | R(DELETE) | R(SHARE),
		OTHERS | R(DISABLE) | R(DELETE) | R(SHARE),
		OTHERS | R(DISABLE) | R(DELETE) | R(SHARE),
		R(AUDITOR),
	};
	struct crew crew;

	(void)state;
	crew_make(&crew, four, COUNT(four));
	want_weaknesses(&crew, 0, "");
	want_weaknesses(&crew, 2, "");
	want_weaknesses(&crew, 3,
	    "without a the token could not be opened any more\n"
	    "without b the token could not be opened any more\n"
	    "without c the token could not be opened any more\n");
	/* While the policy can be changed, nothing is for good. */
	crew.custodians[0].roles &= ~R(DESTROY);
	want_weaknesses(&crew, 0, "");
	crew.custodians[0].roles &= ~R(POLICY);
	want_weaknesses(&crew, 0,
	    "without b destroy could not be approved any more\n"
	    "without b policy could not be approved any more\n"
	    "without b resplit could not be approved any more\n"
	    "without b recover could not be approved any more\n"
	    "without b anchor could not be approved any more\n"
	    "without c destroy could not be approved any more\n"
	    "without c policy could not be approved any more\n"
	    "without c resplit could not be approved any more\n"
	    "without c recover could not be approved any more\n"
	    "without c anchor could not be approved any more\n");
	crew_make(&crew, three, COUNT(three));
	want_weaknesses(&crew, 0, "");
	crew.roster.rules[OPERATION_POLICY].approvals = 3;
	want_weaknesses(&crew, 0,
	    "without a policy could not be approved any more\n"
	    "without b delete could not be approved any more\n"
	    "without b policy could not be approved any more\n"
	    "without c policy could not be approved any more\n");
	crew_make(&crew, NULL, 0);
	want_weaknesses(&crew, 0, "");
}

static void
custodians_are_found(void **state)
{
	struct crew crew;
	struct digest stranger;

	(void)state;
	crew_make(&crew, three, COUNT(three));
	assert_int_equal(roster_find(&crew.roster, "a"), 0);
	assert_int_equal(roster_find(&crew.roster, "c"), 2);
	assert_int_equal(roster_find(&crew.roster, "d"), -1);
	assert_int_equal(roster_find_certificate(&crew.roster,
	    &crew.custodians[1].certificate), 1);
	digest_of(bytes_text("mallory"), &stranger);
	assert_int_equal(roster_find_certificate(&crew.roster, &stranger),
	    -1);
	assert_int_equal(roster_count(&crew.roster, R(DISABLE)), 2);
	assert_int_equal(roster_count(&crew.roster, R(DISABLE) | R(DELETE)),
	    3);
	assert_int_equal(roster_count(&crew.roster, R(AUDITOR)), 0);
}

static void
quorum_is_asked_of_rosters(void **state)
{
	static const enum operation retiring[] = {
		OPERATION_CRL_DISABLED, OPERATION_DISABLE, OPERATION_ENABLE,
		OPERATION_DELETE, OPERATION_RESTORE, OPERATION_DESTROY,
	};
	static const enum operation others[] = {
		OPERATION_SIGN, OPERATION_REVOKE, OPERATION_CRL,
		OPERATION_BACKUP, OPERATION_POLICY, OPERATION_RESPLIT,
		OPERATION_OCSP, OPERATION_RECOVER, OPERATION_ANCHOR,
	};
	struct crew crew, nobody;
	struct fail fail = { 0 };
	char sentence[96];
	bool needed = true;

	(void)state;
	crew_make(&crew, three, COUNT(three));
	crew_make(&nobody, NULL, 0);
	for (size_t n = 0; n < COUNT(retiring); n++) {
		snprintf(sentence, sizeof(sentence), "%s takes custodians, "
		    "and the policy names none",
		    operation_names[retiring[n]]);
		want_fail(quorum_is_needed(&nobody.roster, retiring[n],
		    &needed, &fail), &fail, FAIL_REFUSED, sentence);
		assert_true(needed);
		want_fail(quorum_check(&nobody.roster, retiring[n], NULL, 0,
		    NULL, NULL, &fail), &fail, FAIL_REFUSED, sentence);
	}
	for (size_t n = 0; n < COUNT(others); n++) {
		needed = true;
		want_pass(quorum_is_needed(&nobody.roster, others[n], &needed,
		    &fail), &fail);
		assert_false(needed);
		want_pass(quorum_check(&nobody.roster, others[n], NULL, 0,
		    NULL, NULL, &fail), &fail);
		want_pass(quorum_is_needed(&crew.roster, others[n], &needed,
		    &fail), &fail);
		assert_true(needed);
	}
	crew.roster.rules[OPERATION_SIGN].approvals = 0;
	want_pass(quorum_is_needed(&crew.roster, OPERATION_SIGN, &needed,
	    &fail), &fail);
	assert_false(needed);
}

/* Four with keys 1 to 4; a disabled, by record 9. */
struct assembly {
	struct crew crew;
	struct cert list[4];
	struct cert *certificates[4];
	struct approvers last[OPERATIONS];
};

static void
assembly_make(struct assembly *all)
{
	static const unsigned roles[] = {
		OTHERS | R(DISABLE) | R(DELETE),
		OTHERS | R(DISABLE) | R(DELETE),
		R(OPERATOR) | R(DELETE),
		R(AUDITOR),
	};
	static const char *const keys[] = { "1", "2", "3", "4" };
	static const char *const subjects[] = {
		"CN=a", "CN=b", "CN=c", "CN=d",
	};
	struct approvers *disable = &all->last[OPERATION_DISABLE];

	memset(all, 0, sizeof(*all));
	crew_make(&all->crew, roles, COUNT(roles));
	for (size_t n = 0; n < COUNT(keys); n++) {
		all->list[n] = cert_with(keys[n], subjects[n]);
		all->certificates[n] = &all->list[n];
	}
	disable->seq = 9;
	disable->count = 1;
	memcpy(disable->list[0].name, "a", 2);
	digest_of(bytes_text("cn=a"), &disable->list[0].person);
	digest_of(bytes_text("1"), &disable->list[0].key);
}

static int
ask(const struct assembly *all, enum operation operation, size_t count,
    int one, int other, struct fail *fail)
{
	const int custodians[] = { one, other, 2 };

	return quorum_check(&all->crew.roster, operation, custodians, count,
	    all->certificates, all->last, fail);
}

static void
quorums_are_judged(void **state)
{
	struct assembly all;
	struct fail fail = { 0 };

	(void)state;
	assembly_make(&all);
	want_pass(ask(&all, OPERATION_SIGN, 1, 2, 0, &fail), &fail);
	want_pass(ask(&all, OPERATION_SIGN, 2, 2, 0, &fail), &fail);
	want_pass(ask(&all, OPERATION_POLICY, 2, 1, 0, &fail), &fail);
	want_pass(ask(&all, OPERATION_DISABLE, 1, 0, 0, &fail), &fail);
	want_pass(ask(&all, OPERATION_OCSP, 1, 2, 0, &fail), &fail);
	want_pass(ask(&all, OPERATION_RECOVER, 2, 1, 0, &fail), &fail);
	want_pass(ask(&all, OPERATION_ANCHOR, 2, 0, 1, &fail), &fail);
	want_fail(ask(&all, OPERATION_RECOVER, 1, 1, 0, &fail), &fail,
	    FAIL_REFUSED, "recover: takes 2 approvals of the role policy, has "
	    "1");
	want_fail(ask(&all, OPERATION_ANCHOR, 2, 2, 0, &fail), &fail,
	    FAIL_REFUSED, "custodian c: has not the role policy, which "
	    "anchor takes");
	want_fail(ask(&all, OPERATION_SIGN, 0, 0, 0, &fail), &fail,
	    FAIL_REFUSED,
	    "sign: takes 1 approval of the role operator, has 0");
	want_fail(ask(&all, OPERATION_CRL_DISABLED, 1, 2, 0, &fail), &fail,
	    FAIL_REFUSED, "crl-disabled: takes 2 approvals of the role "
	    "operator or restore, has 1");
	want_fail(ask(&all, OPERATION_POLICY, 2, 1, 1, &fail), &fail,
	    FAIL_REFUSED, "custodian b: approved twice");
	want_fail(ask(&all, OPERATION_POLICY, 3, 1, 0, &fail), &fail,
	    FAIL_REFUSED,
	    "custodian c: has not the role policy, which policy takes");
	want_fail(ask(&all, OPERATION_CRL_DISABLED, 2, 0, 3, &fail), &fail,
	    FAIL_REFUSED, "custodian d: has not the role operator or "
	    "restore, which crl-disabled takes");
	/* Not needed, and judged nevertheless. */
	all.crew.roster.rules[OPERATION_SIGN].approvals = 0;
	want_pass(ask(&all, OPERATION_SIGN, 0, 0, 0, &fail), &fail);
	want_fail(ask(&all, OPERATION_SIGN, 1, 3, 0, &fail), &fail,
	    FAIL_REFUSED,
	    "custodian d: has not the role operator, which sign takes");
}

static void
who_disabled_does_not_delete(void **state)
{
	static const char sentence[] = "custodian a: approved disable "
	    "(record 9); delete takes somebody else";
	struct assembly all;
	struct fail fail = { 0 };

	(void)state;
	assembly_make(&all);
	want_fail(ask(&all, OPERATION_DELETE, 1, 0, 0, &fail), &fail,
	    FAIL_REFUSED, sentence);
	want_fail(ask(&all, OPERATION_DELETE, 2, 1, 0, &fail), &fail,
	    FAIL_REFUSED, sentence);
	want_pass(ask(&all, OPERATION_DELETE, 1, 1, 0, &fail), &fail);
	/* By the name alone, by the person alone, by the key alone. */
	all.list[0] = cert_with("new", "CN=new");
	want_fail(ask(&all, OPERATION_DELETE, 1, 0, 0, &fail), &fail,
	    FAIL_REFUSED, sentence);
	all.list[1] = cert_with("2", "CN=a");
	want_fail(ask(&all, OPERATION_DELETE, 1, 1, 0, &fail), &fail,
	    FAIL_REFUSED, "custodian b: approved disable (record 9); delete "
	    "takes somebody else");
	all.list[1] = cert_with("1", "CN=b");
	want_fail(ask(&all, OPERATION_DELETE, 1, 1, 0, &fail), &fail,
	    FAIL_REFUSED, "custodian b: approved disable (record 9); delete "
	    "takes somebody else");
	want_pass(ask(&all, OPERATION_DELETE, 1, 2, 0, &fail), &fail);
	/* Only the operations that it must be distinct from. */
	assembly_make(&all);
	all.last[OPERATION_SIGN] = all.last[OPERATION_DISABLE];
	memset(&all.last[OPERATION_DISABLE], 0, sizeof(all.last[0]));
	want_pass(ask(&all, OPERATION_DELETE, 1, 0, 0, &fail), &fail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_in_order),
		cmocka_unit_test(unknown_operations_name_the_known),
		cmocka_unit_test(roles_are_written),
		cmocka_unit_test(nobody_is_sound),
		cmocka_unit_test(defaults_are_sound),
		cmocka_unit_test(certificates_stand_once),
		cmocka_unit_test(nothing_is_below_the_least),
		cmocka_unit_test(roles_that_are_taken_have_somebody),
		cmocka_unit_test(there_are_enough),
		cmocka_unit_test(disable_and_delete_take_two),
		cmocka_unit_test(more_approvals_take_more),
		cmocka_unit_test(turns_take_twice_as_many),
		cmocka_unit_test(distinct_from_two_at_once),
		cmocka_unit_test(certificates_are_of_different_people),
		cmocka_unit_test(weaknesses_are_named),
		cmocka_unit_test(custodians_are_found),
		cmocka_unit_test(quorum_is_asked_of_rosters),
		cmocka_unit_test(quorums_are_judged),
		cmocka_unit_test(who_disabled_does_not_delete),
	};

	return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
