/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/custody/roster.h>

#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/custody/credential.h>

const char *const role_names[] = {
	[ROLE_OPERATOR] = "operator",
	[ROLE_DISABLE] = "disable",
	[ROLE_DELETE] = "delete",
	[ROLE_RESTORE] = "restore",
	[ROLE_DESTROY] = "destroy",
	[ROLE_BACKUP] = "backup",
	[ROLE_POLICY] = "policy",
	[ROLE_SHARE] = "share",
	[ROLE_AUDITOR] = "auditor",
	NULL
};

const char *const operation_names[] = {
	[OPERATION_SIGN] = "sign",
	[OPERATION_REVOKE] = "revoke",
	[OPERATION_CRL] = "crl",
	[OPERATION_CRL_DISABLED] = "crl-disabled",
	[OPERATION_OCSP] = "ocsp",
	[OPERATION_DISABLE] = "disable",
	[OPERATION_ENABLE] = "enable",
	[OPERATION_DELETE] = "delete",
	[OPERATION_RESTORE] = "restore",
	[OPERATION_DESTROY] = "destroy",
	[OPERATION_BACKUP] = "backup",
	[OPERATION_POLICY] = "policy",
	[OPERATION_RESPLIT] = "resplit",
	[OPERATION_RECOVER] = "recover",
	[OPERATION_ANCHOR] = "anchor",
	NULL
};

#define ROLE(role)           (1u << ROLE_##role)
#define OPERATION(operation) (1u << OPERATION_##operation)

const struct quorum_rule quorum_defaults[OPERATIONS] = {
	[OPERATION_SIGN] = { 1, ROLE(OPERATOR), 0 },
	[OPERATION_REVOKE] = { 1, ROLE(OPERATOR), 0 },
	[OPERATION_CRL] = { 1, ROLE(OPERATOR), 0 },
	[OPERATION_CRL_DISABLED] = { 2, ROLE(OPERATOR) | ROLE(RESTORE), 0 },
	[OPERATION_OCSP] = { 1, ROLE(OPERATOR), 0 },
	[OPERATION_DISABLE] = { 1, ROLE(DISABLE), 0 },
	[OPERATION_ENABLE] = { 2, ROLE(RESTORE), 0 },
	[OPERATION_DELETE] = { 1, ROLE(DELETE), OPERATION(DISABLE) },
	[OPERATION_RESTORE] = { 2, ROLE(RESTORE), 0 },
	[OPERATION_DESTROY] = { 2, ROLE(DESTROY), 0 },
	[OPERATION_BACKUP] = { 2, ROLE(BACKUP), 0 },
	[OPERATION_POLICY] = { 2, ROLE(POLICY), 0 },
	[OPERATION_RESPLIT] = { 2, ROLE(POLICY), 0 },
	[OPERATION_RECOVER] = { 2, ROLE(POLICY), 0 },
	[OPERATION_ANCHOR] = { 2, ROLE(POLICY), 0 },
};

const int64_t quorum_least[OPERATIONS] = {
	[OPERATION_CRL_DISABLED] = 2,
	[OPERATION_DISABLE] = 1,
	[OPERATION_ENABLE] = 2,
	[OPERATION_DELETE] = 1,
	[OPERATION_RESTORE] = 2,
	[OPERATION_DESTROY] = 2,
	[OPERATION_BACKUP] = 2,
	[OPERATION_POLICY] = 2,
	[OPERATION_RESPLIT] = 2,
	[OPERATION_RECOVER] = 2,
	[OPERATION_ANCHOR] = 2,
};

const unsigned quorum_always_distinct[OPERATIONS] = {
	[OPERATION_DELETE] = OPERATION(DISABLE),
};

/* What one person alone must never do: without custodians, not at all. */
static const unsigned retiring = OPERATION(DISABLE) | OPERATION(ENABLE) |
    OPERATION(DELETE) | OPERATION(RESTORE) | OPERATION(DESTROY) |
    OPERATION(CRL_DISABLED);

int
operation_find(const char *name, enum operation *out, struct fail *fail)
{
	AUTO(buf_release) struct buf known = { 0 };

	for (int n = 0; n < OPERATIONS; n++) {
		if (strcmp(operation_names[n], name) == 0) {
			*out = (enum operation)n;
			return 0;
		}
		buf_printf(&known, "%s%s", n == 0 ? "" : ", ",
		    operation_names[n]);
	}
	return fail_with(fail, FAIL_USAGE, "no operation %s: there are %s",
	    name, buf_cstr(&known));
}

void
roles_write(unsigned roles, struct buf *out)
{
	const char *between = "";

	for (int n = 0; n < ROLES; n++) {
		if ((roles & 1u << n) == 0)
			continue;
		buf_printf(out, "%s%s", between, role_names[n]);
		between = " or ";
	}
}

int
roster_find(const struct roster *roster, const char *name)
{
	for (size_t n = 0; n < roster->count; n++)
		if (strcmp(roster->custodians[n].name, name) == 0)
			return (int)n;
	return -1;
}

int
roster_find_certificate(const struct roster *roster,
    const struct digest *certificate)
{
	for (size_t n = 0; n < roster->count; n++)
		if (digest_is_equal(&roster->custodians[n].certificate,
		    certificate))
			return (int)n;
	return -1;
}

/* How many of one role set there are without the custodian `lost` (-1:
 * none is lost). */
static size_t
count_without(const struct roster *roster, unsigned roles, int lost)
{
	size_t count = 0;

	for (size_t n = 0; n < roster->count; n++)
		count += (int)n != lost &&
		    (roster->custodians[n].roles & roles) != 0;
	return count;
}

size_t
roster_count(const struct roster *roster, unsigned roles)
{
	return count_without(roster, roles, -1);
}

/* Which of the operations that the rule is distinct from could they do? */
static unsigned
burden_of(const struct roster *roster, const struct quorum_rule *rule,
    const struct custodian *one)
{
	unsigned burden = 0;

	for (int n = 0; n < OPERATIONS; n++)
		if ((rule->distinct_from & 1u << n) != 0 &&
		    (roster->rules[n].roles & one->roles) != 0)
			burden |= 1u << n;
	return burden;
}

/* Takes one away from those operations, if each can spare one. */
static bool
is_spared(unsigned burden, size_t spare[OPERATIONS])
{
	for (int n = 0; n < OPERATIONS; n++)
		if ((burden & 1u << n) != 0 && spare[n] == 0)
			return false;
	for (int n = 0; n < OPERATIONS; n++)
		spare[n] -= burden >> n & 1u;
	return true;
}

/*
 * Can the operation be done without the custodian `lost`? Enough must be
 * left for each operation that it must be distinct from, so those are taken
 * first who could do the fewest of them. For up to two such operations that
 * is exact; for more it may refuse what would just be possible.
 */
static bool
is_possible(const struct roster *roster, enum operation operation, int lost)
{
	const struct quorum_rule *rule = &roster->rules[operation];
	size_t spare[OPERATIONS] = { 0 }, taken = 0;

	for (int n = 0; n < OPERATIONS; n++) {
		const struct quorum_rule *other = &roster->rules[n];

		if ((rule->distinct_from & 1u << n) == 0)
			continue;
		spare[n] = count_without(roster, other->roles, lost);
		if (spare[n] < (size_t)other->approvals)
			return false;
		spare[n] -= (size_t)other->approvals;
	}
	for (int weight = 0; weight <= OPERATIONS; weight++)
		for (size_t i = 0; i < roster->count; i++) {
			const struct custodian *one = &roster->custodians[i];
			unsigned burden = burden_of(roster, rule, one);

			taken += (int)i != lost &&
			    (one->roles & rule->roles) != 0 &&
			    __builtin_popcount(burden) == weight &&
			    is_spared(burden, spare);
		}
	return taken >= (size_t)rule->approvals;
}

/* Each role that a rule takes has somebody. */
static int
check_roles(const struct roster *roster, enum operation operation,
    struct fail *fail)
{
	const struct quorum_rule *rule = &roster->rules[operation];

	for (int n = 0; n < ROLES && rule->approvals > 0; n++)
		if ((rule->roles & 1u << n) != 0 &&
		    roster_count(roster, 1u << n) == 0)
			return fail_with(fail, FAIL_INPUT,
			    "role %s: nobody has it, and %s takes it",
			    role_names[n], operation_names[operation]);
	return 0;
}

int
roster_check_rule(const struct roster *roster, enum operation operation,
    struct fail *fail)
{
	const struct quorum_rule *rule = &roster->rules[operation];
	const char *name = operation_names[operation];
	AUTO(buf_release) struct buf roles = { 0 };

	if (rule->approvals < quorum_least[operation])
		return fail_with(fail, FAIL_INPUT,
		    "%s: approvals: want at least %lld, have %lld", name,
		    (long long)quorum_least[operation],
		    (long long)rule->approvals);
	if (check_roles(roster, operation, fail) == -1)
		return -1;
	if (is_possible(roster, operation, -1))
		return 0;
	roles_write(rule->roles, &roles);
	return fail_with(fail, FAIL_INPUT, "%s: takes %lld different "
	    "custodians with the role %s%s, and there are not as many", name,
	    (long long)rule->approvals, buf_cstr(&roles),
	    rule->distinct_from != 0 ?
	    ", other than those it must be distinct from" : "");
}

int
roster_check(const struct roster *roster, struct fail *fail)
{
	if (roster->count == 0)
		return 0;
	for (size_t a = 0; a < roster->count; a++)
		for (size_t b = a + 1; b < roster->count; b++)
			if (digest_is_equal(&roster->custodians[a].certificate,
			    &roster->custodians[b].certificate))
				return fail_with(fail, FAIL_INPUT,
				    "%s and %s: have the same certificate",
				    roster->custodians[a].name,
				    roster->custodians[b].name);
	for (int n = 0; n < OPERATIONS; n++)
		if (roster_check_rule(roster, (enum operation)n, fail) == -1)
			return -1;
	return 0;
}

void
roster_person(const struct cert *certificate, struct digest *out)
{
	AUTO(buf_release) struct buf name = { 0 };
	struct fail ignored = { 0 };

	/* Without one the whole subject must do. */
	if (credential_person(certificate, &name, &ignored) == -1)
		buf_put(&name, certificate->subject);
	for (size_t n = 0; n < name.len; n++)
		if (name.data[n] >= 'A' && name.data[n] <= 'Z')
			name.data[n] += 'a' - 'A';
	digest_of(buf_bytes(&name), out);
}

static bool
is_same_person(const struct cert *a, const struct cert *b)
{
	struct digest one, other;

	roster_person(a, &one);
	roster_person(b, &other);
	return digest_is_equal(&one, &other);
}

int
roster_check_certificates(const struct roster *roster,
    struct cert *const *certificates, struct fail *fail)
{
	for (size_t a = 0; a < roster->count; a++)
		for (size_t b = a + 1; b < roster->count; b++) {
			const char *what = NULL;

			if (bytes_is_equal(certificates[a]->spki.der,
			    certificates[b]->spki.der))
				what = "have the same key";
			else if (is_same_person(certificates[a],
			    certificates[b]))
				what = "are the same person";
			if (what != NULL)
				return fail_with(fail, FAIL_REFUSED,
				    "custodians %s and %s: %s, and could "
				    "satisfy a quorum alone",
				    roster->custodians[a].name,
				    roster->custodians[b].name, what);
		}
	return 0;
}

void
roster_weaknesses(const struct roster *roster, int threshold,
    void (*each)(void *context, const char *sentence), void *context)
{
	char sentence[192];

	for (size_t lost = 0; lost < roster->count; lost++) {
		const char *name = roster->custodians[lost].name;
		/* While the policy can be changed, nothing is for good. */
		bool is_curable =
		    is_possible(roster, OPERATION_POLICY, (int)lost);

		for (int n = 0; n < OPERATIONS && !is_curable; n++) {
			if (is_possible(roster, (enum operation)n, (int)lost))
				continue;
			snprintf(sentence, sizeof(sentence), "without %s "
			    "%s could not be approved any more", name,
			    operation_names[n]);
			each(context, sentence);
		}
		if (threshold > 0 && count_without(roster,
		    1u << ROLE_SHARE, (int)lost) < (size_t)threshold) {
			snprintf(sentence, sizeof(sentence), "without %s the "
			    "token could not be opened any more", name);
			each(context, sentence);
		}
	}
}

int
quorum_is_needed(const struct roster *roster, enum operation operation,
    bool *needed_out, struct fail *fail)
{
	const struct quorum_rule *rule = &roster->rules[operation];

	if (roster->count == 0 && (retiring & 1u << operation) != 0)
		return fail_with(fail, FAIL_REFUSED,
		    "%s takes custodians, and the policy names none",
		    operation_names[operation]);
	*needed_out = roster->count > 0 && rule->approvals > 0;
	return 0;
}

/* Did this one, by name, person or key, approve what this must be distinct
 * from? */
static int
check_distinct(const struct roster *roster, enum operation operation,
    int custodian, const struct cert *certificate,
    const struct approvers *last, struct fail *fail)
{
	unsigned from = roster->rules[operation].distinct_from;
	const char *name = roster->custodians[custodian].name;
	struct digest person, key;

	roster_person(certificate, &person);
	digest_of(certificate->spki.der, &key);
	for (int n = 0; n < OPERATIONS; n++) {
		if ((from & 1u << n) == 0)
			continue;
		for (size_t i = 0; i < last[n].count; i++)
			if (strcmp(last[n].list[i].name, name) == 0 ||
			    digest_is_equal(&last[n].list[i].person,
				&person) ||
			    digest_is_equal(&last[n].list[i].key, &key))
				return fail_with(fail, FAIL_REFUSED,
				    "custodian %s: approved %s (record %lld); "
				    "%s takes somebody else", name,
				    operation_names[n],
				    (long long)last[n].seq,
				    operation_names[operation]);
	}
	return 0;
}

static int
check_one(const struct roster *roster, enum operation operation,
    const int *custodians, size_t which, struct cert *const *certificates,
    const struct approvers *last, struct fail *fail)
{
	const struct quorum_rule *rule = &roster->rules[operation];
	const struct custodian *one = &roster->custodians[custodians[which]];
	AUTO(buf_release) struct buf roles = { 0 };

	for (size_t n = 0; n < which; n++)
		if (custodians[n] == custodians[which])
			return fail_with(fail, FAIL_REFUSED,
			    "custodian %s: approved twice", one->name);
	roles_write(rule->roles, &roles);
	if ((one->roles & rule->roles) == 0)
		return fail_with(fail, FAIL_REFUSED,
		    "custodian %s: has not the role %s, which %s takes",
		    one->name, buf_cstr(&roles), operation_names[operation]);
	return check_distinct(roster, operation, custodians[which],
	    certificates[custodians[which]], last, fail);
}

int
quorum_check(const struct roster *roster, enum operation operation,
    const int *custodians, size_t count, struct cert *const *certificates,
    const struct approvers *last, struct fail *fail)
{
	const struct quorum_rule *rule = &roster->rules[operation];
	AUTO(buf_release) struct buf roles = { 0 };
	bool is_needed;

	if (quorum_is_needed(roster, operation, &is_needed, fail) == -1)
		return -1;
	for (size_t n = 0; n < count; n++)
		if (check_one(roster, operation, custodians, n, certificates,
		    last, fail) == -1)
			return -1;
	if (!is_needed || count >= (size_t)rule->approvals)
		return 0;
	roles_write(rule->roles, &roles);
	return fail_with(fail, FAIL_REFUSED, "%s: takes %lld approval%s of the "
	    "role %s, has %zu", operation_names[operation],
	    (long long)rule->approvals, rule->approvals == 1 ? "" : "s",
	    buf_cstr(&roles), count);
}
