/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_VET_H
#define ANCHORITE_CA_VET_H

#include <anchorite/base/fail.h>
#include <anchorite/base/rule.h>
#include <anchorite/ca/policy.h>
#include <anchorite/ca/seen.h>
#include <anchorite/x509/csr.h>

/*
 * The vetting of requests: everything that may speak against one is a rule,
 * a row of a table, and all of them are judged. The tables, in order:
 *
 *	spki_rules		the shape of the key (x509/spki.h)
 *	csr_rules		proof of possession (x509/csr.h)
 *	vet_key_rules		is the key allowed, and is it a weak one?
 *	vet_seen_rules		was the key seen before?
 *	vet_subject_rules	the name
 *	vet_extension_rules	what is asked for
 *	vet_copied_rules	what of it is copied
 *
 * The first two judge a `struct spki` and a `struct csr`, the others a
 * `struct vet_case`. A new rule is a row; what a release adds after the first
 * has a date (`since`), because an audit vets again what was signed before,
 * as of then. A new table is named in vet_internal.h, and stands in vet.c's
 * list.
 */
struct vet_case {
	struct csr *csr;		/* all lent; of csr_survey */
	const struct policy_profile *profile;
	struct seen *seen;		/* NULL: its rules are silent */
	bool reissue;			/* a certified key may come again */
};

/*
 * Judges by all rules, as of `now`, and adds the results (at most RULES_MAX
 * with what is there). Fails only where the keys seen before cannot be read:
 * see seen_prepare.
 */
MUST_USE int vet_judge(struct vet_case *vet, int64_t now,
    struct rule_results *results, struct fail *fail);

/*
 * The same as one answer: FAIL_REFUSED with all broken rules in one sentence
 * (rules_refuse). What passes is a request that csr_read takes, too.
 */
MUST_USE int vet_request(struct vet_case *vet, int64_t now,
    struct fail *fail);

/*
 * What becomes of an extension asked for: "set by the profile", "copied",
 * "copied, not critical", "left out". Lends a constant.
 */
const char *vet_fate(const struct ext *ext,
    const struct policy_profile *profile);

/* Fills the extensions that the profile copies; at most `max`. */
size_t vet_copied(const struct csr *csr,
    const struct policy_profile *profile, struct ext *out, size_t max);

#endif
