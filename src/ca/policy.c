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

const char *const private_field_names[] = {
	[PRIVATE_BY] = "by",
	[PRIVATE_TICKET] = "ticket",
	[PRIVATE_WITNESS] = "witness",
	[PRIVATE_REQUESTER] = "requester",
	NULL
};

/* The item under the key; the map itself where the key is absent. */
static const struct yaml_node *
place_of(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return &map->items[i];
	return map;
}

/* Periods of other units compare by the calendar, from one moment on. */
static int64_t
seconds_of(struct period period)
{
	return period_after(0, period);
}

static bool
is_among(const struct yaml_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}

static int
check_subject(const struct yaml_node *node,
    const struct policy_subject *subject, struct fail *fail)
{
	const struct yaml_node *allowed = place_of(node, "allowed");

	if (!subject->allowed.count)
		return 0;
	for (size_t i = 0; i < subject->required.count; i++)
		if (!is_among(&subject->allowed, subject->required.items[i]))
			return yaml_fail(fail, allowed,
			    "allowed: lacks %s, which is required",
			    subject->required.items[i]);
	for (size_t i = 0; i < subject->fixed_count; i++)
		if (!is_among(&subject->allowed, subject->fixed[i].type))
			return yaml_fail(fail, allowed,
			    "allowed: lacks %s, which is fixed",
			    subject->fixed[i].type);
	return 0;
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

/* An extension must not stand twice in a certificate (RFC 5280, 4.2). */
static int
check_copied(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail)
{
	for (int i = 0; ext_copyable_names[i]; i++)
		if (profile->copied & 1U << i &&
		    policy_profile_sets(profile, ext_copyable_names[i]))
			return yaml_fail(fail, node, "copy-from-request: %s "
			    "is set by the profile", ext_copyable_names[i]);
	return 0;
}

static int
check_key_usage(const struct yaml_node *node, unsigned usage,
    struct fail *fail)
{
	static const enum key_usage want[] = {
		EXT_KU_KEY_CERT_SIGN, EXT_KU_CRL_SIGN,
	};
	static const enum key_usage unfit[] = {
		EXT_KU_KEY_ENCIPHERMENT, EXT_KU_DATA_ENCIPHERMENT,
		EXT_KU_KEY_AGREEMENT, EXT_KU_ENCIPHER_ONLY,
		EXT_KU_DECIPHER_ONLY,
	};

	for (size_t i = 0; i < COUNT(want); i++)
		if (!(usage & 1U << want[i]))
			return yaml_fail(fail, node, "key-usage: lacks %s, "
			    "which a CA must have (RFC 5280, 4.2.1.3)",
			    key_usage_names[want[i]]);
	for (size_t i = 0; i < COUNT(unfit); i++)
		if (usage & 1U << unfit[i])
			return yaml_fail(fail, node, "key-usage: %s does not "
			    "go with keyCertSign (RFC 3279, 2.3)",
			    key_usage_names[unfit[i]]);
	return 0;
}

static int
check_profile(const struct yaml_node *node, const struct policy *policy,
    const struct policy_profile *profile, struct fail *fail)
{
	if (check_key_usage(place_of(node, "key-usage"),
	    profile->extensions.key_usage, fail) ||
	    check_validity(place_of(node, "validity"), policy, profile, fail) ||
	    check_subject(place_of(node, "subject"), &profile->subject, fail))
		return -1;
	return check_copied(place_of(node, "copy-from-request"), profile,
	    fail);
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
	const struct yaml_node *operations = place_of(node, "operations");
	const struct yaml_node *custodians = place_of(node, "custodians");

	if (roster->count == 0 && operations != node)
		return yaml_fail(fail, operations,
		    "operations: take custodians, and there are none");
	for (int i = 0; operations != node && i < OPERATIONS; i++) {
		const struct yaml_node *place =
		    place_of(operations, operation_names[i]);

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
	const struct yaml_node *profiles = place_of(node, "profiles");

	if (policy->root.key == KEY_RSA_2048)
		return yaml_fail(fail, place_of(place_of(node, "root"), "key"),
		    "key: rsa-2048 is too weak for a root, want rsa-3072, "
		    "rsa-4096 or a curve");
	if (!alg_fits(alg, (enum key_kind)policy->root.key))
		return yaml_fail(fail,
		    place_of(place_of(node, "root"), "signature"),
		    "signature: %s does not fit a key of %s", alg->name,
		    key_kind_names[policy->root.key]);
	if (check_backdate(place_of(node, "backdate"), policy->backdate,
	    fail) ||
	    check_crl(place_of(place_of(node, "crl"), "period"), policy, fail))
		return -1;
	if (check_roster(node, &policy->roster, fail))
		return -1;
	for (size_t i = 0; i < policy->profile_count; i++)
		if (check_profile(&profiles->items[i], policy,
		    &policy->profiles[i], fail))
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
	};

	for (size_t i = 0; i < COUNT(all); i++)
		if (strcmp(all[i].name, extension) == 0)
			return all[i].is_set;
	return false;
}
