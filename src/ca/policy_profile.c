/* SPDX-License-Identifier: Apache-2.0 */
/* The sense of a profile: do its keys go together? */
#include <anchorite/ca/policy.h>

#include <string.h>

#include <anchorite/base/auto.h>

#include "policy_readers.h"

#define BIT(usage) (1U << (usage))
#define SIGNS      BIT(EXT_KU_DIGITAL_SIGNATURE)
#define COMMITS    BIT(EXT_KU_NON_REPUDIATION)
#define ENCIPHERS  BIT(EXT_KU_KEY_ENCIPHERMENT)
#define AGREES     BIT(EXT_KU_KEY_AGREEMENT)

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
	const struct yaml_node *allowed = yaml_place(node, "allowed");

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
	for (size_t i = 0; i < subject->pattern_count; i++)
		if (!is_among(&subject->allowed, subject->pattern[i].type))
			return yaml_fail(fail, allowed,
			    "allowed: lacks %s, which has a pattern",
			    subject->pattern[i].type);
	return 0;
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
check_ca_usage(const struct yaml_node *node, unsigned usage,
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

/* What only a CA's certificate has. */
static int
check_no_ca(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail)
{
	static const struct {
		const char *key, *source;
	} unfit[] = {
		{ "path-length", "RFC 5280, 4.2.1.9" },
		{ "name-constraints", "RFC 5280, 4.2.1.10" },
	};
	static const enum key_usage usages[] = {
		EXT_KU_KEY_CERT_SIGN, EXT_KU_CRL_SIGN,
	};

	for (size_t i = 0; i < COUNT(unfit); i++)
		if (yaml_place(node, unfit[i].key) != node)
			return yaml_fail(fail, yaml_place(node, unfit[i].key),
			    "%s: is for CAs, type is end-entity (%s)",
			    unfit[i].key, unfit[i].source);
	for (size_t i = 0; i < COUNT(usages); i++)
		if (profile->extensions.key_usage & BIT(usages[i]))
			return yaml_fail(fail, yaml_place(node, "key-usage"),
			    "key-usage: %s is for CAs, type is end-entity "
			    "(RFC 5280, 4.2.1.3)", key_usage_names[usages[i]]);
	if (profile->match_issuer)
		return yaml_fail(fail, yaml_place(node, "validity"),
		    "validity: match-issuer is for CAs, type is end-entity");
	return 0;
}

/* Which keys can do it at all. */
static int
check_usage_of_keys(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail)
{
	static const unsigned ec = BIT(KEY_EC_P256) | BIT(KEY_EC_P384) |
	    BIT(KEY_EC_P521);
	static const struct {
		enum key_usage usage;
		bool is_ec;		/* what these do not do */
		const char *source;
	} unfit[] = {
		{ EXT_KU_KEY_ENCIPHERMENT, true, "RFC 8813, 3" },
		{ EXT_KU_DATA_ENCIPHERMENT, true, "RFC 8813, 3" },
		{ EXT_KU_KEY_AGREEMENT, false, "RFC 3279, 2.3.1" },
	};
	unsigned usage = profile->extensions.key_usage;
	unsigned only = BIT(EXT_KU_ENCIPHER_ONLY) | BIT(EXT_KU_DECIPHER_ONLY);

	for (size_t i = 0; i < COUNT(unfit); i++)
		if (usage & BIT(unfit[i].usage) &&
		    profile->keys & (unfit[i].is_ec ? ec : ~ec))
			return yaml_fail(fail, node, "key-usage: %s is not "
			    "for %s keys (%s)",
			    key_usage_names[unfit[i].usage],
			    unfit[i].is_ec ? "EC" : "RSA", unfit[i].source);
	if (usage & only && !(usage & AGREES))
		return yaml_fail(fail, node, "key-usage: encipherOnly and "
		    "decipherOnly want keyAgreement (RFC 5280, 4.2.1.3)");
	return 0;
}

static bool
has_purpose(const struct ext_texts *purposes, const char *name)
{
	for (size_t i = 0; i < purposes->count; i++)
		if (strcmp(purposes->items[i], name) == 0)
			return true;
	return false;
}

/* A certificate serves a purpose only if both extensions allow it. */
static int
check_purposes(const struct yaml_node *node, const struct ext_plan *plan,
    struct fail *fail)
{
	static const struct {
		const char *purpose;
		unsigned any;		/* one of these */
	} rows[] = {
		{ "serverAuth", SIGNS | ENCIPHERS | AGREES },
		{ "clientAuth", SIGNS | AGREES },
		{ "codeSigning", SIGNS },
		{ "emailProtection", SIGNS | COMMITS | ENCIPHERS | AGREES },
		{ "OCSPSigning", SIGNS | COMMITS },
	};

	if (has_purpose(&plan->ext_key_usage, "timeStamping"))
		return yaml_fail(fail, node, "extended-key-usage: timeStamping "
		    "must be critical (RFC 3161, 2.3), which no profile is");
	for (size_t i = 0; i < COUNT(rows) && plan->key_usage; i++)
		if (has_purpose(&plan->ext_key_usage, rows[i].purpose) &&
		    !(plan->key_usage & rows[i].any))
			return yaml_fail(fail, node, "extended-key-usage: %s "
			    "does not go with this key-usage (RFC 5280, "
			    "4.2.1.12)", rows[i].purpose);
	return 0;
}

static int
check_end_entity(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail)
{
	const struct ext_plan *plan = &profile->extensions;

	if (check_no_ca(node, profile, fail) ||
	    check_usage_of_keys(yaml_place(node, "key-usage"), profile, fail))
		return -1;
	if (!plan->key_usage && !plan->ext_key_usage.count)
		return yaml_fail(fail, node, "key-usage: missing, as is "
		    "extended-key-usage; an end entity wants one of them");
	return check_purposes(yaml_place(node, "extended-key-usage"), plan,
	    fail);
}

/* Without it, a responder's certificate would have to be asked about. */
static int
check_ocsp_no_check(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail)
{
	const struct ext_plan *plan = &profile->extensions;

	if (plan->ocsp_no_check && (profile->type != PROFILE_END_ENTITY ||
	    !has_purpose(&plan->ext_key_usage, "OCSPSigning")))
		return yaml_fail(fail, node, "ocsp-no-check: is for end "
		    "entities with OCSPSigning (RFC 6960, 4.2.2.2.1)");
	return 0;
}

int
policy_check_profile(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail)
{
	if (profile->type == PROFILE_END_ENTITY ?
	    check_end_entity(node, profile, fail) :
	    check_ca_usage(yaml_place(node, "key-usage"),
	    profile->extensions.key_usage, fail))
		return -1;
	if (check_ocsp_no_check(yaml_place(node, "ocsp-no-check"), profile,
	    fail) ||
	    check_subject(yaml_place(node, "subject"), &profile->subject,
	    fail))
		return -1;
	return check_copied(yaml_place(node, "copy-from-request"), profile,
	    fail);
}
