/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/policy.h>

#include "cli.h"

static void
show_period(const char *label, struct period period)
{
	AUTO(buf_release) struct buf text = { 0 };

	text_period(&text, period);
	show_line(label, buf_cstr(&text));
}

/* The names of the bits that are set. */
static void
show_bits(const char *label, unsigned bits, const char *const *names)
{
	AUTO(buf_release) struct buf text = { 0 };

	for (unsigned n = 0; names[n] != NULL; n++)
		if ((bits & 1u << n) != 0)
			buf_printf(&text, "%s%s", text.len > 0 ? ", " : "",
			    names[n]);
	if (text.len > 0)
		show_line(label, buf_cstr(&text));
}

static void
show_texts(const char *label, const struct yaml_texts *texts)
{
	AUTO(buf_release) struct buf text = { 0 };

	for (size_t n = 0; n < texts->count; n++)
		buf_printf(&text, "%s%s", n > 0 ? ", " : "", texts->items[n]);
	if (text.len > 0)
		show_line(label, buf_cstr(&text));
}

static void
show_pairs(const char *label, const struct name_pair *pairs, size_t count,
    const char *between)
{
	for (size_t n = 0; n < count; n++) {
		AUTO(buf_release) struct buf text = { 0 };

		buf_printf(&text, "%s %s %s", pairs[n].type, between,
		    pairs[n].value);
		show_line(label, buf_cstr(&text));
	}
}

/* As they will stand in a certificate, but for the key identifiers. */
static int
show_set(const struct ext_plan *plan, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct ext list[CERT_EXT_MAX];
	size_t count;

	if (ext_write(plan, &der, fail) == -1 ||
	    ext_read(buf_bytes(&der), list, COUNT(list), &count, fail) == -1)
		return -1;
	show_extensions(list, count);
	return 0;
}

static int
show_profile(const struct policy_profile *profile, struct fail *fail)
{
	const struct policy_subject *subject = &profile->subject;

	printf("profile %s:\n", profile->name);
	if (profile->description != NULL)
		show_line("description", profile->description);
	show_line("type", profile_type_names[profile->type]);
	if (profile->match_issuer)
		show_line("validity", "match-issuer");
	else
		show_period("validity", profile->validity);
	show_bits("keys", profile->keys, key_kind_names);
	show_texts("subject requires", &subject->required);
	show_texts("subject allows", &subject->allowed);
	show_pairs("subject wants", subject->fixed, subject->fixed_count, "=");
	show_pairs("subject wants", subject->pattern, subject->pattern_count,
	    "like");
	show_bits("copied", profile->copied, ext_copyable_names);
	return show_set(&profile->extensions, fail);
}

int
run_policy_show(struct cli *cli, struct fail *fail)
{
	AUTO(policy_release) struct policy *policy = NULL;

	if (policy_load(cli->operands[0], &policy, fail) == -1)
		return -1;
	printf("policy %s:\n", policy->name);
	if (policy->description != NULL)
		show_line("description", policy->description);
	show_digest("policy SHA-256", &policy->digest);
	show_name("root", buf_bytes(&policy->root.subject));
	show_line("key", key_kind_names[policy->root.key]);
	show_line("signature", alg_at(policy->root.signature)->name);
	show_period("validity", policy->root.validity);
	show_period("CRL period", policy->crl_period);
	for (size_t n = 0; n < policy->profile_count; n++)
		if (show_profile(&policy->profiles[n], fail) == -1)
			return -1;
	return 0;
}
