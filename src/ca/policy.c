/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/policy.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>

#define DAY INT64_C(86400)

const char *const anchor_place_names[] = {
	[ANCHOR_TOKEN] = "token",
	[ANCHOR_PAPER] = "paper",
	[ANCHOR_BOTH] = "both",
	NULL
};

const char *const profile_type_names[] = {
	[PROFILE_CA] = "ca",
	[PROFILE_CROSS] = "cross-certificate",
	[PROFILE_END_ENTITY] = "end-entity",
	NULL
};

const char *const private_field_names[] = {
	[PRIVATE_BY] = "by",
	[PRIVATE_TICKET] = "ticket",
	[PRIVATE_WITNESS] = "witness",
	[PRIVATE_REQUESTER] = "requester",
	NULL
};

/* Periods of other units compare by the calendar, from one moment on. */
static int64_t
seconds_of(struct period period)
{
	return period_after(0, period);
}

static int
check_validity(const struct yaml_node *node, const struct policy *policy,
    const struct policy_profile *profile, struct fail *fail)
{
	AUTO(buf_release) struct buf have = { 0 };
	AUTO(buf_release) struct buf root = { 0 };

	if (profile->match_issuer || seconds_of(profile->validity) <
	    seconds_of(policy->root.validity))
		return 0;
	text_period(&have, profile->validity);
	text_period(&root, policy->root.validity);
	return yaml_fail(fail, node, "validity: want less than the root's %s, "
	    "or match-issuer; have %s", buf_cstr(&root), buf_cstr(&have));
}

static int
check_backdate(const struct yaml_node *node, struct period backdate,
    struct fail *fail)
{
	AUTO(buf_release) struct buf have = { 0 };

	if (seconds_of(backdate) <= DAY)
		return 0;
	text_period(&have, backdate);
	return yaml_fail(fail, node, "backdate: want at most 24h, have %s",
	    buf_cstr(&have));
}

/* What it promised longer, the root could not keep. */
static int
check_crl(const struct yaml_node *node, const struct policy *policy,
    struct fail *fail)
{
	AUTO(buf_release) struct buf have = { 0 };
	AUTO(buf_release) struct buf root = { 0 };

	if (seconds_of(policy->crl_period) <= seconds_of(policy->root.validity))
		return 0;
	text_period(&have, policy->crl_period);
	text_period(&root, policy->root.validity);
	return yaml_fail(fail, node, "period: want at most the root's %s, "
	    "have %s", buf_cstr(&root), buf_cstr(&have));
}

/* A rule that the policy states is wrong where it stands. */
static int
check_roster(const struct yaml_node *node, const struct roster *roster,
    struct fail *fail)
{
	const struct yaml_node *operations = yaml_place(node, "operations");
	const struct yaml_node *custodians = yaml_place(node, "custodians");

	if (roster->count == 0 && operations != node)
		return yaml_fail(fail, operations,
		    "operations: take custodians, and there are none");
	for (int i = 0; operations != node && i < OPERATIONS; i++) {
		const struct yaml_node *place =
		    yaml_place(operations, operation_names[i]);

		if (place != operations &&
		    roster_check_rule(roster, (enum operation)i, fail))
			return yaml_fail_in(fail, place, "operations");
	}
	if (roster_check(roster, fail))
		return yaml_fail_in(fail, custodians, "custodians");
	return 0;
}

/* The sense of it, after all is well formed. */
static int
check_policy(const struct yaml_node *node, const struct policy *policy,
    struct fail *fail)
{
	const struct alg *alg = alg_at(policy->root.signature);
	const struct yaml_node *profiles = yaml_place(node, "profiles");
	const struct yaml_node *root = yaml_place(node, "root");
	const struct yaml_node *crl = yaml_place(node, "crl");

	if (policy->root.key == KEY_RSA_2048)
		return yaml_fail(fail, yaml_place(root, "key"),
		    "key: rsa-2048 is too weak for a root, want rsa-3072, "
		    "rsa-4096 or a curve");
	if (!alg_fits(alg, (enum key_kind)policy->root.key))
		return yaml_fail(fail, yaml_place(root, "signature"),
		    "signature: %s does not fit a key of %s", alg->name,
		    key_kind_names[policy->root.key]);
	if (check_backdate(yaml_place(node, "backdate"), policy->backdate,
	    fail) ||
	    check_crl(yaml_place(crl, "period"), policy, fail))
		return -1;
	if (check_roster(node, &policy->roster, fail))
		return -1;
	for (size_t i = 0; i < policy->profile_count; i++)
		if (check_validity(yaml_place(&profiles->items[i],
		    "validity"), policy, &policy->profiles[i], fail))
			return -1;
	return 0;
}

int
policy_read(const char *name, struct bytes text, struct policy **out,
    struct fail *fail)
{
	AUTO(policy_release) struct policy *policy =
	    mem_new(1, sizeof(*policy));
	const struct yaml_node *root;

	/* As AWS Private CA does, for clocks that lag behind. */
	policy->backdate.hours = 1;
	memcpy(policy->roster.rules, quorum_defaults, sizeof(quorum_defaults));
	if (yaml_read(name, text, &policy->document, fail))
		return -1;
	root = yaml_root(policy->document);
	if (yaml_decode(root, policy_fields, policy, fail) ||
	    check_policy(root, policy, fail))
		return -1;
	digest_of(text, &policy->digest);
	buf_put(&policy->text, text);
	*out = GIVE(policy);
	return 0;
}

int
policy_load(const char *path, struct policy **out, struct fail *fail)
{
	AUTO(buf_release) struct buf text = { 0 };

	if (file_load(path, YAML_SIZE, &text, fail))
		return -1;
	return policy_read(path, buf_bytes(&text), out, fail);
}

void
policy_release(struct policy **policy)
{
	if (!*policy)
		return;
	buf_release(&(*policy)->text);
	buf_release(&(*policy)->root.subject);
	yaml_release(&(*policy)->document);
	free(*policy);
	*policy = NULL;
}

bool
policy_anchors_token(const struct policy *policy)
{
	return policy->anchor != ANCHOR_PAPER;
}

bool
policy_anchors_paper(const struct policy *policy)
{
	return policy->anchor != ANCHOR_TOKEN;
}

int
policy_profile(const struct policy *policy, const char *name,
    const struct policy_profile **out, struct fail *fail)
{
	AUTO(buf_release) struct buf known = { 0 };

	for (size_t i = 0; i < policy->profile_count; i++) {
		const struct policy_profile *profile = &policy->profiles[i];

		if (strcmp(profile->name, name) == 0) {
			*out = profile;
			return 0;
		}
		buf_printf(&known, "%s%s", i ? ", " : "", profile->name);
	}
	return fail_with(fail, FAIL_USAGE,
	    "no profile %s in policy %s: it has %s", name, policy->name,
	    buf_cstr(&known));
}

bool
policy_profile_sets(const struct policy_profile *profile,
    const char *extension)
{
	const struct ext_plan *plan = &profile->extensions;
	const struct {
		const char *name;
		bool is_set;
	} all[] = {
		{ "basicConstraints", true },
		{ "authorityKeyIdentifier", true },
		{ "subjectKeyIdentifier", true },
		{ "keyUsage", plan->key_usage != 0 },
		{ "extendedKeyUsage", plan->ext_key_usage.count > 0 },
		{ "certificatePolicies", plan->policy_count > 0 },
		{ "nameConstraints", plan->permitted.dns.count +
		    plan->permitted.email.count + plan->permitted.ip.count +
		    plan->permitted.directory_count +
		    plan->excluded.dns.count + plan->excluded.email.count +
		    plan->excluded.ip.count +
		    plan->excluded.directory_count > 0 },
		{ "crlDistributionPoints", plan->crl_urls.count > 0 },
		{ "authorityInfoAccess",
		    plan->issuer_urls.count + plan->ocsp_urls.count > 0 },
		{ "noCheck", plan->ocsp_no_check },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		if (strcmp(all[i].name, extension) == 0)
			return all[i].is_set;
	return false;
}
