/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the extensions that a request asks for. One that got less than it
 * asked for, or more, would learn it in use: it is refused. */
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "vet_internal.h"

static const char not_asked[] = "not asked for";

static const struct ext *
find(const struct vet_case *vet, int nid)
{
	return ext_find(vet->csr->extensions, vet->csr->extension_count, nid);
}

static enum rule_verdict
judge_ca(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ext *ext = find(vet, NID_basic_constraints);
	bool want = vet->profile->extensions.ca, have = false;
	struct fail fail = { 0 };
	int path_length;

	(void)rule;
	rule_want(finding, "CA:%s", want ? "TRUE" : "FALSE");
	if (ext == NULL)
		return rule_silent(finding, "%s", not_asked);
	if (ext_read_basic_constraints(ext, &have, &path_length, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (have != want)
		return rule_broken(finding, "CA:%s", have ? "TRUE" : "FALSE");
	return rule_kept(finding, "CA:%s", have ? "TRUE" : "FALSE");
}

static enum rule_verdict
judge_path_length(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ext *ext = find(vet, NID_basic_constraints);
	int most = vet->profile->extensions.path_length, have = -1;
	struct fail fail = { 0 };
	bool ca = false;

	(void)rule;
	rule_want(finding, "no limit");
	if (!vet->profile->extensions.ca || most < 0)
		return rule_silent(finding, "no limit in the profile");
	rule_want(finding, "%d at most", most);
	if (ext == NULL)
		return rule_silent(finding, "%s", not_asked);
	if (ext_read_basic_constraints(ext, &ca, &have, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (have < 0)
		return rule_silent(finding, "%s", not_asked);
	if (have > most)
		return rule_broken(finding, "%d", have);
	return rule_kept(finding, "%d", have);
}

/* The one usage that makes the difference: the profile sets them all. */
static enum rule_verdict
judge_key_usage(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ext *ext = find(vet, NID_key_usage);
	AUTO(buf_release) struct buf shown = { 0 };
	bool ca = vet->profile->extensions.ca;
	struct fail fail = { 0 };
	unsigned usage = 0;

	(void)rule;
	rule_want(finding, "%skeyCertSign", ca ? "" : "no ");
	if (ext == NULL)
		return rule_silent(finding, "%s", not_asked);
	if (ext_read_key_usage(ext, &usage, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	ext_show(ext, &shown);
	if (((usage & 1U << EXT_KU_KEY_CERT_SIGN) != 0) != ca)
		return rule_broken(finding, "%s", buf_cstr(&shown));
	return rule_kept(finding, "%s", buf_cstr(&shown));
}

/* Critical means: not without it. Then the answer is no, not less. */
static enum rule_verdict
judge_critical(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	AUTO(buf_release) struct buf lost = { 0 };
	char name[DER_OID_SIZE];

	(void)rule;
	rule_want(finding, "none but what the profile sets or copies");
	for (size_t i = 0; i < vet->csr->extension_count; i++) {
		const struct ext *ext = &vet->csr->extensions[i];

		if (!ext->critical || !vet_leaves_out(ext, vet->profile))
			continue;
		ext_show_oid(ext->oid, name, sizeof(name));
		buf_printf(&lost, "%s%s", lost.len > 0 ? ", " : "", name);
	}
	if (lost.len > 0)
		return rule_broken(finding, "%s", buf_cstr(&lost));
	return rule_kept(finding, "no others");
}

/* Who asks to be held back gets no more than that, critical or not. */
static enum rule_verdict
judge_limits(const struct rule *rule, void *subject, struct finding *finding)
{
	static const int limits[] = {
		NID_name_constraints, NID_ext_key_usage,
		NID_policy_constraints, NID_inhibit_any_policy,
	};
	const struct vet_case *vet = subject;
	AUTO(buf_release) struct buf lost = { 0 };
	char name[DER_OID_SIZE];

	(void)rule;
	rule_want(finding, "none but what the profile sets or copies");
	for (size_t n = 0; n < COUNT(limits); n++) {
		const struct ext *ext = find(vet, limits[n]);

		if (ext == NULL || !vet_leaves_out(ext, vet->profile))
			continue;
		ext_show_oid(ext->oid, name, sizeof(name));
		buf_printf(&lost, "%s%s", lost.len > 0 ? ", " : "", name);
	}
	if (lost.len > 0)
		return rule_broken(finding, "%s", buf_cstr(&lost));
	return rule_kept(finding, "no others");
}

const struct rule vet_extension_rules[] = {
	{ "basicConstraints", "RFC 5280, 4.2.1.9", NULL, judge_ca, 0, NULL },
	{ "path length", "policy: path-length", NULL, judge_path_length, 0,
	    NULL },
	{ "keyUsage", "RFC 5280, 4.2.1.3", NULL, judge_key_usage, 0, NULL },
	{ "critical extensions", "RFC 5280, 4.2", NULL, judge_critical, 0,
	    NULL },
	{ "limits asked for", "RFC 5280, 4.2.1", NULL, judge_limits, 0,
	    NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};
