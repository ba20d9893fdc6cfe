/* SPDX-License-Identifier: Apache-2.0 */
/* The custodians of a policy, and what each operation takes of them. */
#include <anchorite/ca/policy.h>

#include <stddef.h>
#include <string.h>

#include "policy_readers.h"

static const struct yaml_range approval_range = {
	.min = 0, .max = CUSTODIANS_MAX
};

/* struct digest: the SHA-256 of a certificate, 64 hex digits. */
static int
read_digest(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	const char *text;

	if (yaml_read_text(node, field, &text, fail))
		return -1;
	if (digest_read_hex(text, out, fail))
		return yaml_fail_in(fail, node, field->key);
	return 0;
}

const struct yaml_field policy_custodian_fields[] = {
	{ "certificate", read_digest,
	    offsetof(struct custodian, certificate), true, NULL,
	    "SHA-256 of the custodian's certificate (DER)" },
	{ "roles", policy_read_filled_names, offsetof(struct custodian, roles),
	    true, role_names, "what the custodian may approve, or holds" },
	{ 0 },
};

const struct yaml_field policy_operation_fields[] = {
	{ "approvals", yaml_read_number,
	    offsetof(struct quorum_rule, approvals), false, &approval_range,
	    "how many different custodians approve" },
	{ "roles", policy_read_filled_names,
	    offsetof(struct quorum_rule, roles), false, role_names,
	    "each of them has one of these roles" },
	{ "distinct-from", policy_read_filled_names,
	    offsetof(struct quorum_rule, distinct_from), false,
	    operation_names,
	    "none of them approved the last of these operations" },
	{ 0 },
};

int
policy_read_custodians(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	struct policy *policy = out;
	struct custodian *list;

	if (policy_check_map(node, field, fail))
		return -1;
	if (node->count > CUSTODIANS_MAX)
		return yaml_fail(fail, node, "%s: want at most %d, have %zu",
		    field->key, CUSTODIANS_MAX, node->count);
	list = yaml_memory(node, node->count, sizeof(*list));
	for (size_t i = 0; i < node->count; i++) {
		list[i].name = node->items[i].key;
		if (policy_check_key(&node->items[i], field, fail) ||
		    yaml_decode(&node->items[i], field->how, &list[i], fail))
			return -1;
	}
	policy->roster.custodians = list;
	policy->roster.count = node->count;
	return 0;
}

static int
find_operation(const struct yaml_node *item, enum operation *out,
    struct fail *fail)
{
	struct yaml_node place = *item;

	place.line = item->key_line;
	place.column = item->key_column;
	if (operation_find(item->key, out, fail) == 0)
		return 0;
	fail->kind = FAIL_INPUT;
	return yaml_fail_in(fail, &place, "operations");
}

/* What a policy does not say of an operation stays as it is by default. */
int
policy_read_operations(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail)
{
	struct policy *policy = out;

	if (policy_check_map(node, field, fail))
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		struct quorum_rule *rule;
		enum operation operation;

		if (find_operation(&node->items[i], &operation, fail) ||
		    policy_check_map(&node->items[i], field, fail))
			return -1;
		rule = &policy->roster.rules[operation];
		if (yaml_decode(&node->items[i], field->how, rule, fail))
			return -1;
		rule->distinct_from |= quorum_always_distinct[operation];
	}
	return 0;
}
