/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/policy.h>

#include <stddef.h>
#include <string.h>

#include "policy_readers.h"

#define WHOLE 0	/* offset for a reader of several members */

#define WORD "want at most 64 of a-z, 0-9 and hyphens, no hyphen first"

static const struct yaml_range formats = { .min = 1, .max = 1 };
static const struct yaml_range path_lengths = { .min = 0, .max = 9 };

/* A map that must say something: an empty one is a mistake in a policy. */
static int
read_filled_map(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	if (policy_check_map(node, field, fail))
		return -1;
	return yaml_decode(node, field->how, out, fail);
}

/* Another number would be another format: nothing of it is known here. */
static int
read_format(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	int64_t format;

	(void)out;
	return yaml_read_number(node, field, &format, fail);
}

/* const char *. */
static int
read_word(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	if (yaml_read_text(node, field, out, fail))
		return -1;
	if (!text_is_word(node->text))
		return yaml_fail(fail, node, "%s: " WORD ", have %s",
		    field->key, node->text);
	return 0;
}

int
policy_check_key(const struct yaml_node *item,
    const struct yaml_field *field, struct fail *fail)
{
	struct yaml_node place = *item;

	place.line = item->key_line;
	place.column = item->key_column;
	if (!text_is_word(item->key))
		return yaml_fail(fail, &place, "%s: " WORD ", have %s",
		    field->key, item->key);
	return 0;
}

int
policy_read_filled_names(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	if (policy_check_list(node, field, fail))
		return -1;
	return yaml_read_names(node, field, out, fail);
}

/* struct policy_profile: a period, or that of the issuer. */
static int
read_validity(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct policy_profile *profile = out;

	if (node->kind == YAML_TEXT &&
	    strcmp(node->text, "match-issuer") == 0) {
		profile->match_issuer = true;
		return 0;
	}
	return yaml_read_period(node, field, &profile->validity, fail);
}

static int
read_profile(const struct yaml_node *node, const struct yaml_field *field,
    struct policy_profile *out, struct fail *fail)
{
	struct policy_profile profile = {
		.name = node->key,
		.path_length = -1,
	};
	struct ext_plan *plan = &profile.extensions;

	if (policy_check_key(node, field, fail) ||
	    yaml_decode(node, field->how, &profile, fail))
		return -1;
	plan->ca = profile.type != PROFILE_END_ENTITY;
	if (plan->ca && !plan->key_usage)
		plan->key_usage = 1U << EXT_KU_DIGITAL_SIGNATURE |
		    1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN;
	plan->path_length = (int)profile.path_length;
	if (policy_check_profile(node, &profile, fail))
		return -1;
	*out = profile;
	return 0;
}

/* struct policy: its profiles. */
static int
read_profiles(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct policy *policy = out;
	struct policy_profile *profiles;

	if (policy_check_map(node, field, fail))
		return -1;
	profiles = yaml_memory(node, node->count, sizeof(*profiles));
	for (size_t i = 0; i < node->count; i++)
		if (read_profile(&node->items[i], field, &profiles[i], fail))
			return -1;
	policy->profiles = profiles;
	policy->profile_count = node->count;
	return 0;
}

static const size_t in_ext_key_usage =
    offsetof(struct ext_plan, ext_key_usage);
static const size_t in_dns = offsetof(struct ext_plan, permitted.dns);
static const size_t in_email = offsetof(struct ext_plan, permitted.email);
static const size_t in_ip = offsetof(struct ext_plan, permitted.ip);

const struct yaml_field policy_information_fields[] = {
	{ "oid", yaml_read_text, offsetof(struct ext_policy, oid), true,
	    NULL, "the policy's object identifier, dotted" },
	{ "cps", yaml_read_text, offsetof(struct ext_policy, cps), false,
	    NULL, "URL of the certification practice statement" },
	{ 0 },
};

const struct yaml_field policy_subtree_fields[] = {
	{ "dns", policy_read_extension, offsetof(struct ext_subtrees, dns),
	    false, &in_dns, "DNS names, each with all below it" },
	{ "email", policy_read_extension, offsetof(struct ext_subtrees, email),
	    false, &in_email, "mailboxes, hosts, or .domains" },
	{ "ip", policy_read_extension, offsetof(struct ext_subtrees, ip),
	    false, &in_ip, "ranges such as 10.0.0.0/8 or 2001:db8::/32" },
	{ "directory", policy_read_directory, WHOLE, false,
	    NULL, "directory names, each with all below it" },
	{ 0 },
};

const struct yaml_field policy_constraint_fields[] = {
	{ "permitted", read_filled_map, offsetof(struct ext_plan, permitted),
	    false, policy_subtree_fields, "where names must lie" },
	{ "excluded", read_filled_map, offsetof(struct ext_plan, excluded),
	    false, policy_subtree_fields, "where names must not lie" },
	{ 0 },
};

const struct yaml_field policy_subject_fields[] = {
	{ "required", policy_read_types,
	    offsetof(struct policy_subject, required), false, NULL,
	    "attribute types that must be there" },
	{ "allowed", policy_read_types,
	    offsetof(struct policy_subject, allowed), false,
	    NULL, "the only attribute types that may be there" },
	{ "fixed", policy_read_fixed, WHOLE, false, NULL,
	    "attribute types that must be there with this value" },
	{ "pattern", policy_read_patterns, WHOLE, false, NULL,
	    "attribute types that must be there and fit this" },
	{ 0 },
};

#define EXTENSION(member) offsetof(struct policy_profile, extensions.member)

const struct yaml_field policy_profile_fields[] = {
	{ "description", yaml_read_text,
	    offsetof(struct policy_profile, description), false,
	    NULL, "what the profile is for" },
	{ "type", yaml_read_name, offsetof(struct policy_profile, type), false,
	    profile_type_names, "what its certificates are" },
	{ "path-length", yaml_read_number,
	    offsetof(struct policy_profile, path_length), false,
	    &path_lengths, "how many CAs may follow below" },
	{ "validity", read_validity, WHOLE, true,
	    NULL, "a period, or match-issuer" },
	{ "keys", policy_read_filled_names,
	    offsetof(struct policy_profile, keys), true, key_kind_names,
	    "kinds of key that a request may bring" },
	{ "subject", read_filled_map, offsetof(struct policy_profile, subject),
	    false, policy_subject_fields, "which subjects are taken" },
	{ "key-usage", policy_read_filled_names, EXTENSION(key_usage), false,
	    key_usage_names, "what the certified key may do" },
	{ "extended-key-usage", policy_read_extension,
	    EXTENSION(ext_key_usage), false, &in_ext_key_usage,
	    "purposes of an end entity, or of those below a CA" },
	{ "ocsp-no-check", yaml_read_bool, EXTENSION(ocsp_no_check), false,
	    NULL, "nobody asks whether this responder is revoked" },
	{ "name-constraints", read_filled_map,
	    offsetof(struct policy_profile, extensions), false,
	    policy_constraint_fields, "which names may stand below this CA" },
	{ "certificate-policies", policy_read_policies,
	    offsetof(struct policy_profile, extensions), false,
	    policy_information_fields, "policies it is issued under" },
	{ "crl-urls", policy_read_urls, EXTENSION(crl_urls), false,
	    NULL, "where the root's CRL is" },
	{ "issuer-urls", policy_read_urls, EXTENSION(issuer_urls), false,
	    NULL, "where the root's certificate is" },
	{ "ocsp-urls", policy_read_urls, EXTENSION(ocsp_urls), false,
	    NULL, "where OCSP answers for the root" },
	{ "copy-from-request", policy_read_filled_names,
	    offsetof(struct policy_profile, copied), false,
	    ext_copyable_names, "extensions taken from the request" },
	{ 0 },
};

const struct yaml_field policy_crl_fields[] = {
	{ "period", yaml_read_period, 0, true,
	    NULL, "how long a CRL is good for" },
	{ 0 },
};

const struct yaml_field policy_root_fields[] = {
	{ "subject", policy_read_name, offsetof(struct policy_root, subject),
	    true, NULL, "the root's name, attribute by attribute" },
	{ "key", yaml_read_name, offsetof(struct policy_root, key), true,
	    key_kind_names, "the kind of the root's key" },
	{ "signature", yaml_read_name, offsetof(struct policy_root, signature),
	    true, alg_names, "the algorithm of all that the root signs" },
	{ "validity", yaml_read_period, offsetof(struct policy_root, validity),
	    true, NULL, "how long the root's certificate lives" },
	{ 0 },
};

const struct yaml_field policy_fields[] = {
	{ "format", read_format, WHOLE, true,
	    &formats, "the version of this file's format: 1" },
	{ "name", read_word, offsetof(struct policy, name), true,
	    NULL, "the policy's name" },
	{ "description", yaml_read_text, offsetof(struct policy, description),
	    false, NULL, "what the policy is for" },
	{ "backdate", yaml_read_period, offsetof(struct policy, backdate),
	    false, NULL, "how far notBefore lies in the past" },
	{ "root", yaml_read_map, offsetof(struct policy, root), true,
	    policy_root_fields, "the root itself" },
	{ "crl", yaml_read_map, offsetof(struct policy, crl_period), true,
	    policy_crl_fields, "the root's CRL" },
	{ "anchor", yaml_read_name, offsetof(struct policy, anchor), false,
	    anchor_place_names, "where the journal's head is kept, too" },
	{ "private", policy_read_filled_names,
	    offsetof(struct policy, privates), false, private_field_names,
	    "values that the journal keeps as commitments" },
	{ "custodians", policy_read_custodians, WHOLE, false,
	    policy_custodian_fields, "who approves, by name" },
	{ "operations", policy_read_operations, WHOLE, false,
	    policy_operation_fields, "what each operation takes" },
	{ "profiles", read_profiles, WHOLE, true,
	    policy_profile_fields, "the kinds of certificate, by name" },
	{ 0 },
};
