/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_VET_H
#define ANCHORITE_CA_VET_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/policy.h>
#include <anchorite/x509/csr.h>

/*
 * Judges a request that csr_read took against a profile. FAIL_REFUSED, the
 * first rule it breaks: key kind not allowed, subject attribute missing,
 * not allowed, not the fixed value or not of the pattern, CA:FALSE asked for
 * (or CA:TRUE of an end entity's profile), path length asked for above the
 * profile's, a critical extension asked for that the profile
 * neither sets nor lets through.
 */
MUST_USE int vet_request(const struct csr *csr,
    const struct policy_profile *profile, struct fail *fail);

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
