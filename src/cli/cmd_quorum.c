/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/policy.h>

#include "cli.h"

static void
write_operations(unsigned operations, struct buf *out)
{
	for (int n = 0; n < OPERATIONS; n++)
		if ((operations & 1u << n) != 0)
			buf_printf(out, "%s%s", out->len > 0 ? ", " : "",
			    operation_names[n]);
}

/* Who has one of the roles. */
static void
write_holders(const struct roster *roster, unsigned roles, struct buf *out)
{
	for (size_t n = 0; n < roster->count; n++)
		if ((roster->custodians[n].roles & roles) != 0)
			buf_printf(out, "%s%s", out->len > 0 ? ", " : "",
			    roster->custodians[n].name);
}

static void
show_operation(const struct roster *roster, int operation)
{
	const struct quorum_rule *rule = &roster->rules[operation];
	AUTO(buf_release) struct buf roles = { 0 };
	AUTO(buf_release) struct buf holders = { 0 };
	AUTO(buf_release) struct buf others = { 0 };

	if (rule->approvals == 0) {
		printf("  %-14s nobody's approval\n",
		    operation_names[operation]);
		return;
	}
	roles_write(rule->roles, &roles);
	write_holders(roster, rule->roles, &holders);
	write_operations(rule->distinct_from, &others);
	printf("  %-14s %lld of %-22s %s%s%s\n", operation_names[operation],
	    (long long)rule->approvals, buf_cstr(&roles), buf_cstr(&holders),
	    others.len > 0 ? "; none who approved the last " : "",
	    buf_cstr(&others));
}

static void
show_custodian(const struct custodian *custodian)
{
	AUTO(buf_release) struct buf roles = { 0 };
	char hex[DIGEST_HEX_SIZE];

	for (int n = 0; n < ROLES; n++)
		if ((custodian->roles & 1u << n) != 0)
			buf_printf(&roles, "%s%s", roles.len > 0 ? ", " : "",
			    role_names[n]);
	digest_hex(&custodian->certificate, hex);
	printf("  %-14s %.16s…  %s\n", custodian->name, hex, buf_cstr(&roles));
}

static void
show_weakness(void *context, const char *sentence)
{
	bool *is_any = context;

	if (!*is_any)
		printf("if one custodian is lost:\n");
	*is_any = true;
	printf("  %s\n", sentence);
}

static void
show_roster(const struct policy *policy, const struct split *split)
{
	const struct roster *roster = &policy->roster;
	bool is_any = false;

	printf("policy %s\n", policy->name);
	if (roster->count == 0) {
		printf("  names no custodians: one person alone does all that "
		    "can be done, and nothing can be retired\n");
		return;
	}
	printf("custodians, certificate SHA-256, roles:\n");
	for (size_t n = 0; n < roster->count; n++)
		show_custodian(&roster->custodians[n]);
	printf("each operation takes, of different custodians:\n");
	for (int n = 0; n < OPERATIONS; n++)
		show_operation(roster, n);
	if (split != NULL && split->id[0] != '\0')
		printf("  %-14s %d of %d shares of the PIN\n", "the token",
		    split->form.threshold, split->form.count);
	roster_weaknesses(roster, split != NULL ? split->form.threshold : 0,
	    show_weakness, &is_any);
}

static struct json *
names_json(unsigned bits, const char *const *names)
{
	struct json *list = json_new_list();

	for (int n = 0; names[n] != NULL; n++)
		if ((bits & 1u << n) != 0)
			json_add_text(list, names[n]);
	return list;
}

static struct json *
roster_json(const struct policy *policy)
{
	const struct roster *roster = &policy->roster;
	struct json *json = json_new();
	struct json *custodians = json_new();
	struct json *operations = json_new();

	for (size_t n = 0; n < roster->count; n++) {
		struct json *one = json_new();
		struct json *roles =
		    names_json(roster->custodians[n].roles, role_names);

		json_put_digest(one, "certificate",
		    &roster->custodians[n].certificate);
		json_put(one, "roles", &roles);
		json_put(custodians, roster->custodians[n].name, &one);
	}
	for (int n = 0; n < OPERATIONS; n++) {
		const struct quorum_rule *rule = &roster->rules[n];
		struct json *one = json_new();
		struct json *roles = names_json(rule->roles, role_names);
		struct json *others =
		    names_json(rule->distinct_from, operation_names);

		json_put_number(one, "approvals", rule->approvals);
		json_put(one, "roles", &roles);
		json_put(one, "distinct_from", &others);
		json_put(operations, operation_names[n], &one);
	}
	json_put_text(json, "policy", policy->name);
	json_put_digest(json, "policy_sha256", &policy->digest);
	json_put(json, "custodians", &custodians);
	json_put(json, "operations", &operations);
	return json;
}

static void
show(const struct cli *cli, const struct policy *policy,
    const struct split *split)
{
	AUTO(json_release) struct json *json = NULL;

	if (!cli->is_json) {
		show_roster(policy, split);
		return;
	}
	json = roster_json(policy);
	show_json(json);
}

/* Of an authority, or of a policy that is not in force yet. */
int
run_quorum_show(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(policy_release) struct policy *policy = NULL;

	if (cli->values[OPT_POLICY] != NULL) {
		if (policy_load(cli->values[OPT_POLICY], &policy, fail) == -1)
			return -1;
		show(cli, policy, NULL);
		return 0;
	}
	if (cli_open_authority(cli, false, &authority, fail) == -1)
		return -1;
	show(cli, authority->ledger->policy, &authority->ledger->split);
	return 0;
}

struct acknowledgement {
	struct json *list;
	size_t count;
};

static void
add_weakness(void *context, const char *sentence)
{
	struct acknowledgement *all = context;

	if (all->count++ == 0)
		printf("warning: if one custodian is lost:\n");
	printf("  %s\n", sentence);
	json_add_text(all->list, sentence);
}

int
cli_acknowledge(const struct cli *cli, const struct roster *roster,
    int threshold, struct json **out, struct fail *fail)
{
	struct acknowledgement all = { .list = json_new_list() };

	roster_weaknesses(roster, threshold, add_weakness, &all);
	if (all.count > 0 && cli_confirm(cli,
	    "Put this in force all the same?", fail) == -1) {
		json_release(&all.list);
		return -1;
	}
	if (all.count == 0)
		json_release(&all.list);
	*out = all.list;
	return 0;
}
