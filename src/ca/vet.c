/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/vet.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "vet_internal.h"

static const struct rule *const tables[] = {
	vet_key_rules, vet_seen_rules, vet_subject_rules,
	vet_extension_rules, vet_copied_rules,
};

int
vet_judge(struct vet_case *vet, int64_t now, struct rule_results *results,
    struct fail *fail)
{
	if (vet->seen != NULL &&
	    seen_prepare(vet->seen, &vet->csr->spki, fail) == -1)
		return -1;
	csr_judge(vet->csr, now, results);
	for (size_t n = 0; n < COUNT(tables); n++)
		rules_judge(tables[n], vet, now, results);
	return 0;
}

int
vet_request(struct vet_case *vet, int64_t now, struct fail *fail)
{
	struct rule_results results;

	results.count = results.broken = 0;
	if (vet_judge(vet, now, &results, fail) == -1)
		return -1;
	return rules_refuse(&results, fail);
}

static bool
is_copied(const char *name, const struct policy_profile *profile)
{
	for (int i = 0; ext_copyable_names[i]; i++)
		if (strcmp(ext_copyable_names[i], name) == 0)
			return profile->copied & 1U << i;
	return false;
}

static const char fate_set[] = "set by the profile";
static const char fate_copied[] = "copied";
static const char fate_tamed[] = "copied, not critical";
static const char fate_left_out[] = "left out";

const char *
vet_fate(const struct ext *ext, const struct policy_profile *profile)
{
	char name[DER_OID_SIZE];

	ext_show_oid(ext->oid, name, sizeof(name));
	if (policy_profile_sets(profile, name))
		return fate_set;
	if (!is_copied(name, profile))
		return fate_left_out;
	return ext->critical && !ext_may_copy_critical(ext) ? fate_tamed :
	    fate_copied;
}

bool
vet_leaves_out(const struct ext *ext, const struct policy_profile *profile)
{
	return vet_fate(ext, profile) == fate_left_out;
}

size_t
vet_copied(const struct csr *csr, const struct policy_profile *profile,
    struct ext *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < csr->extension_count && count < max; i++) {
		const struct ext *ext = &csr->extensions[i];
		const char *fate = vet_fate(ext, profile);

		if (fate != fate_copied && fate != fate_tamed)
			continue;
		out[count] = *ext;
		out[count++].critical = ext->critical && fate == fate_copied;
	}
	return count;
}
