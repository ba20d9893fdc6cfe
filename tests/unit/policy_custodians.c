/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/policy.h>

#include "testing.h"

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define R(role) (1u << ROLE_##role)
#define O(operation) (1u << OPERATION_##operation)

static const char head[] =
    "format: 1\n"
    "name: least\n"
    "root:\n"
    "  subject: [CN: Root]\n"
    "  key: ec-p384\n"
    "  signature: ecdsa-sha384\n"
    "  validity: 20y\n"
    "crl:\n"
    "  period: 180d\n"
    "profiles:\n"
    "  sub:\n"
    "    validity: 10y\n"
    "    keys: [ec-p256]\n";

/* From line 14 on. */
static const char custodians[] =
    "custodians:\n"
    "  alice:\n"
    "    certificate: " D "a\n"
    "    roles: [operator, disable, restore, backup, policy, share]\n"
    "  bob:\n"
    "    certificate: " D "b\n"
    "    roles: [operator, delete, restore, destroy, policy, share]\n"
    "  carol:\n"
    "    certificate: " D "c\n"
    "    roles: [disable, delete, destroy, backup, auditor]\n";

/* From line 24 on. */
static const char operations[] =
    "operations:\n"
    "  sign:\n"
    "    approvals: 0\n"
    "  crl:\n"
    "    approvals: 2\n"
    "    roles: [operator, auditor]\n"
    "    distinct-from: [revoke]\n"
    "  delete:\n"
    "    distinct-from: [revoke]\n"
    "  disable:\n"
    "    roles: [disable, delete]\n";

static void
put_all(struct buf *text)
{
	buf_text(text, head);
	buf_text(text, custodians);
	buf_text(text, operations);
}

static void
read_text(struct buf *text, struct policy **out)
{
	struct fail fail = { 0 };

	want_pass(policy_read("p.yaml", buf_bytes(text), out, &fail), &fail);
}

static void
refuse_text(struct buf *text, const char *sentence)
{
	struct policy *policy = NULL;
	struct fail fail = { 0 };

	want_fail(policy_read("p.yaml", buf_bytes(text), &policy, &fail),
	    &fail, FAIL_INPUT, sentence);
	assert_null(policy);
}

/* Puts `new` in place of `old`, which must be there. */
static void
refuse(const char *old, const char *new, const char *sentence)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf spoilt = { 0 };
	const char *at;

	put_all(&text);
	at = strstr(buf_cstr(&text), old);
	assert_non_null(at);
	buf_append(&spoilt, text.data, (size_t)(at - (char *)text.data));
	buf_text(&spoilt, new);
	buf_text(&spoilt, at + strlen(old));
	refuse_text(&spoilt, sentence);
}

static void
want_rule(const struct policy *policy, enum operation operation,
    int64_t approvals, unsigned roles, unsigned distinct_from)
{
	const struct quorum_rule *rule = &policy->roster.rules[operation];

	assert_int_equal(rule->approvals, approvals);
	assert_int_equal(rule->roles, roles);
	assert_int_equal(rule->distinct_from, distinct_from);
}

static void
all_is_read(void **state)
{
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	const struct roster *roster;
	char hex[DIGEST_HEX_SIZE];

	(void)state;
	put_all(&text);
	read_text(&text, &policy);
	roster = &policy->roster;
	assert_int_equal(roster->count, 3);
	assert_string_equal(roster->custodians[0].name, "alice");
	assert_string_equal(roster->custodians[1].name, "bob");
	assert_string_equal(roster->custodians[2].name, "carol");
	digest_hex(&roster->custodians[1].certificate, hex);
	assert_string_equal(hex, D "b");
	assert_int_equal(roster->custodians[0].roles, R(OPERATOR) |
	    R(DISABLE) | R(RESTORE) | R(BACKUP) | R(POLICY) | R(SHARE));
	assert_int_equal(roster->custodians[2].roles, R(DISABLE) | R(DELETE) |
	    R(DESTROY) | R(BACKUP) | R(AUDITOR));
	want_rule(policy, OPERATION_SIGN, 0, R(OPERATOR), 0);
	want_rule(policy, OPERATION_CRL, 2, R(OPERATOR) | R(AUDITOR),
	    O(REVOKE));
	/* What is said is said besides what is always so. */
	want_rule(policy, OPERATION_DELETE, 1, R(DELETE),
	    O(DISABLE) | O(REVOKE));
	want_rule(policy, OPERATION_DISABLE, 1, R(DISABLE) | R(DELETE), 0);
	want_rule(policy, OPERATION_DESTROY, 2, R(DESTROY), 0);
}

static void
what_is_not_said_is_the_default(void **state)
{
	AUTO(policy_release) struct policy *none = NULL;
	AUTO(policy_release) struct policy *some = NULL;
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	buf_text(&text, head);
	read_text(&text, &none);
	assert_int_equal(none->roster.count, 0);
	buf_text(&text, custodians);
	read_text(&text, &some);
	assert_int_equal(some->roster.count, 3);
	for (int n = 0; n < OPERATIONS; n++) {
		const struct quorum_rule *rule = &quorum_defaults[n];

		want_rule(none, (enum operation)n, rule->approvals,
		    rule->roles, rule->distinct_from);
		want_rule(some, (enum operation)n, rule->approvals,
		    rule->roles, rule->distinct_from);
	}
}

static void
custodians_are_judged(void **state)
{
	(void)state;
	refuse("alice:", "Alice:", "p.yaml:15:3: custodians: want at most 64 "
	    "of a-z, 0-9 and hyphens, no hyphen first, have Alice");
	refuse("alice:", "\"a b\":", "p.yaml:15:3: custodians: want at most "
	    "64 of a-z, 0-9 and hyphens, no hyphen first, have a b");
	refuse("bob:", "alice:",
	    "p.yaml:18:3: alice: given twice, first in line 15");
	refuse(D "a", D, "p.yaml:16:18: certificate: digest: want 64 "
	    "hexadecimal digits, have 63 characters");
	refuse(D "a", D "ab", "p.yaml:16:18: certificate: digest: want 64 "
	    "hexadecimal digits, have 65 characters");
	refuse(D "a", D "A", "p.yaml:16:18: certificate: digest: want pairs "
	    "of lower-case hexadecimal digits");
	refuse(D "a", "[a]", "p.yaml:16:18: certificate: want a "
	    "text, have a list");
	refuse("    certificate: " D "a\n", "",
	    "p.yaml:16:5: certificate: missing");
	refuse("    roles: [disable, delete, destroy, backup, auditor]\n", "",
	    "p.yaml:22:5: roles: missing");
	refuse("[operator, disable, restore, backup, policy, share]", "[]",
	    "p.yaml:17:12: roles: empty");
	refuse("[operator, disable,", "[boss, disable,", "p.yaml:17:13: "
	    "roles: want one of operator, disable, delete, restore, destroy, "
	    "backup, policy, share, auditor; have boss");
	refuse("[operator, disable,", "[operator, operator,",
	    "p.yaml:17:23: roles: operator given twice");
	refuse("    certificate: " D "a\n", "    certificate: " D "a\n"
	    "    email: a@b\n", "p.yaml:17:5: unknown key email");
	refuse(D "b", D "a", "p.yaml:15:3: custodians: alice and bob: have "
	    "the same certificate");
}

static void
custodians_say_something(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	buf_printf(&text, "%scustodians: {}\n", head);
	refuse_text(&text, "p.yaml:14:13: custodians: empty");
	text.len = strlen(head);
	buf_text(&text, "custodians: [alice]\n");
	refuse_text(&text, "p.yaml:14:13: custodians: want a map");
	text.len = strlen(head);
	buf_text(&text, operations);
	refuse_text(&text, "p.yaml:15:3: operations: take custodians, and "
	    "there are none");
}

static void
custodians_have_a_bound(void **state)
{
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	buf_printf(&text, "%s%s", head, custodians);
	for (int n = 3; n < CUSTODIANS_MAX; n++)
		buf_printf(&text, "  c%d:\n    certificate: %062d%02x\n"
		    "    roles: [auditor]\n", n, 0, (unsigned)n);
	read_text(&text, &policy);
	assert_int_equal(policy->roster.count, CUSTODIANS_MAX);
	buf_text(&text, "  last:\n    certificate: " D "f\n"
	    "    roles: [auditor]\n");
	refuse_text(&text,
	    "p.yaml:15:3: custodians: want at most 32, have 33");
}

static void
operations_are_judged(void **state)
{
	(void)state;
	refuse("  sign:", "  kill:", "p.yaml:25:3: operations: no operation "
	    "kill: there are sign, revoke, crl, crl-disabled, ocsp, "
	    "disable, enable, delete, restore, destroy, backup, policy, "
	    "resplit, recover, anchor");
	refuse("  sign:\n    approvals: 0\n", "  sign: {}\n",
	    "p.yaml:25:9: operations: empty");
	refuse("  sign:\n    approvals: 0\n", "  sign: 0\n",
	    "p.yaml:25:9: operations: want a map");
	refuse("  crl:", "  sign:",
	    "p.yaml:27:3: sign: given twice, first in line 25");
	refuse("approvals: 2", "approvals: 33", "p.yaml:28:16: approvals: "
	    "want a number from 0 to 32, have 33");
	refuse("approvals: 2", "approvals: -1", "p.yaml:28:16: approvals: "
	    "want a number from 0 to 32, have -1");
	refuse("approvals: 2", "approvals: two",
	    "p.yaml:28:16: approvals: want a plain whole number, have two");
	refuse("[operator, auditor]", "[]", "p.yaml:29:12: roles: empty");
	refuse("[operator, auditor]", "[boss]", "p.yaml:29:13: roles: want "
	    "one of operator, disable, delete, restore, destroy, backup, "
	    "policy, share, auditor; have boss");
	refuse("distinct-from: [revoke]", "distinct-from: []",
	    "p.yaml:30:20: distinct-from: empty");
	refuse("distinct-from: [revoke]", "distinct-from: [kill]",
	    "p.yaml:30:21: distinct-from: want one of sign, revoke, crl, "
	    "crl-disabled, ocsp, disable, enable, delete, restore, "
	    "destroy, backup, policy, resplit, recover, anchor; have kill");
	refuse("distinct-from: [revoke]", "distinct: [revoke]",
	    "p.yaml:30:5: unknown key distinct");
}

static void
rosters_are_judged(void **state)
{
	(void)state;
	refuse("  sign:\n    approvals: 0\n", "  destroy:\n    approvals: 1\n",
	    "p.yaml:26:5: operations: destroy: approvals: want at least "
	    "2, have 1");
	refuse("  delete:\n    distinct-from: [revoke]\n",
	    "  delete:\n    approvals: 0\n", "p.yaml:32:5: operations: "
	    "delete: approvals: want at least 1, have 0");
	refuse("  disable:\n    roles: [disable, delete]\n",
	    "  disable:\n    approvals: 0\n", "p.yaml:34:5: operations: "
	    "disable: approvals: want at least 1, have 0");
	refuse("[disable, delete, destroy, backup, auditor]",
	    "[disable, delete, backup, auditor]", "p.yaml:15:3: custodians: "
	    "destroy: takes 2 different custodians with the role destroy, "
	    "and there are not as many");
	refuse("backup, auditor]", "backup]", "p.yaml:28:5: operations: role "
	    "auditor: nobody has it, and crl takes it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_read),
		cmocka_unit_test(what_is_not_said_is_the_default),
		cmocka_unit_test(custodians_are_judged),
		cmocka_unit_test(custodians_say_something),
		cmocka_unit_test(custodians_have_a_bound),
		cmocka_unit_test(operations_are_judged),
		cmocka_unit_test(rosters_are_judged),
	};

	return cmocka_run_group_tests_name("policy_custodians", tests, NULL,
	    NULL);
}
