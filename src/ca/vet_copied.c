/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on what is copied from a request: the certificate will say it in the
 * root's name. */
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "vet_internal.h"

/* By the rule's number: how its extension is judged. */
enum value { VALUE_NAMES, VALUE_PURPOSES, VALUE_POLICIES, VALUE_ACCESSES,
	VALUE_TEMPLATE };

static const struct {
	int (*check)(const struct ext *ext, struct fail *fail);
	const char *want;
} values[] = {
	[VALUE_NAMES] = { ext_check_names, "hosts, mail and IP addresses, "
	    "absolute URIs, honest directory names" },
	[VALUE_PURPOSES] = { ext_check_purposes, "purposes, and not any" },
	[VALUE_POLICIES] = { ext_check_policies, "policies, not any; no notice "
	    "that deceives" },
	[VALUE_ACCESSES] = { ext_check_accesses, "absolute URIs" },
	[VALUE_TEMPLATE] = { ext_check_template, "a text without hidden "
	    "characters" },
};

static enum rule_verdict
judge_value(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	struct ext copied[CSR_EXT_MAX];
	size_t count = vet_copied(vet->csr, vet->profile, copied,
	    COUNT(copied));
	struct fail fail = { 0 };

	rule_want(finding, "%s", values[rule->number].want);
	for (size_t n = 0; n < count; n++) {
		char name[DER_OID_SIZE];

		ext_show_oid(copied[n].oid, name, sizeof(name));
		if (strcmp(name, rule->text) != 0)
			continue;
		if (values[rule->number].check(&copied[n], &fail) == -1)
			return rule_broken(finding, "%s", fail.sentence);
		return rule_kept(finding, "such values");
	}
	return rule_silent(finding, "none is copied");
}

const struct rule vet_copied_rules[] = {
	{ "names copied", "RFC 5280, 4.2.1.6", NULL, judge_value, VALUE_NAMES,
	    "subjectAltName" },
	{ "purposes copied", "RFC 5280, 4.2.1.12", NULL, judge_value,
	    VALUE_PURPOSES, "extendedKeyUsage" },
	{ "policies copied", "RFC 5280, 4.2.1.4", NULL, judge_value,
	    VALUE_POLICIES, "certificatePolicies" },
	{ "access copied", "RFC 5280, 4.2.2.2", NULL, judge_value,
	    VALUE_ACCESSES, "subjectInfoAccess" },
	{ "template copied", "MS-WCCE 2.2.2.7.7", NULL, judge_value,
	    VALUE_TEMPLATE, "msEnrollCertType" },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};
