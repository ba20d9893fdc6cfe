/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_VET_INTERNAL_H
#define ANCHORITE_CA_VET_INTERNAL_H

#include <anchorite/ca/vet.h>

/* Tables of rules on a `struct vet_case`, a file each. */
extern const struct rule vet_key_rules[];
extern const struct rule vet_seen_rules[];
extern const struct rule vet_subject_rules[];
extern const struct rule vet_extension_rules[];
extern const struct rule vet_copied_rules[];

/* Will it be left out of the certificate? */
bool vet_leaves_out(const struct ext *ext,
    const struct policy_profile *profile);

#endif
