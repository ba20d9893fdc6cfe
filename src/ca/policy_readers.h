/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_POLICY_READERS_H
#define ANCHORITE_CA_POLICY_READERS_H

#include <anchorite/ca/policy.h>

/*
 * Readers for the values of X.509 in a policy's tables. Each is judged by
 * the encoder that will meet it again, where there is one: a value cannot
 * pass here and fail on the day of signing.
 */

/* FAIL_INPUT unless it is a list, or a map, that is not empty. */
MUST_USE int policy_check_list(const struct yaml_node *node,
    const struct yaml_field *field, struct fail *fail);
MUST_USE int policy_check_map(const struct yaml_node *node,
    const struct yaml_field *field, struct fail *fail);

/* FAIL_INPUT unless the key of the item is a word (policies/README.md). */
MUST_USE int policy_check_key(const struct yaml_node *item,
    const struct yaml_field *field, struct fail *fail);

/* The sense of a profile that was read from the node, but for what depends
 * on the root. */
MUST_USE int policy_check_profile(const struct yaml_node *node,
    const struct policy_profile *profile, struct fail *fail);

/* unsigned, a bit for each name; a list of none would say nothing. */
yaml_reader policy_read_filled_names;
/* struct policy: its custodians; how: the fields of one. */
yaml_reader policy_read_custodians;
/* struct policy: what its operations take; how: the fields of one. */
yaml_reader policy_read_operations;
/* struct buf: a DER Name from a list of one-key maps, in their order. */
yaml_reader policy_read_name;
/* struct ext_subtrees: its directory names, a list of such lists. */
yaml_reader policy_read_directory;
/* struct yaml_texts: types of subject attributes. */
yaml_reader policy_read_types;
/* struct policy_subject: its fixed attributes. */
yaml_reader policy_read_fixed;
/* struct policy_subject: its patterns. */
yaml_reader policy_read_patterns;
/* struct ext_texts; how: const size_t *, where in an ext_plan they go. */
yaml_reader policy_read_extension;
/* struct ext_texts: http URLs. */
yaml_reader policy_read_urls;
/* struct ext_plan: its certificate policies; how: their table. */
yaml_reader policy_read_policies;

#endif
