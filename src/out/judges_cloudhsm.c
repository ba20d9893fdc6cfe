/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

#include <ctype.h>
#include <anchorite/out/bundle_read.h>

#define API   "AWS CloudHSM API, InitializeCluster"
#define GUIDE "AWS CloudHSM User Guide, initialize-cluster"

#define CERTIFICATE "CustomerHsmCertificate.crt"
#define ANCHOR      "customerCA.crt"

/* The API reference's pattern for a Cert: [a-zA-Z0-9+-/=\s]*, in which
 * "+-/" is a range. */
static bool
is_taken(int c)
{
	return isalnum(c) || (c >= '+' && c <= '/') || c == '=' ||
	    isspace(c);
}

static enum rule_verdict
judge_characters(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	struct fail fail = { 0 };
	struct bytes file;

	rule_want(finding, "%s of a-z, A-Z, 0-9, +,-./= and white space",
	    rule->text);
	if (bundle_get(judged->bundle, rule->text, &file, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	for (size_t n = 0; n < file.len; n++)
		if (file.data[n] >= 0x80 || !is_taken(file.data[n]))
			return rule_broken(finding, "0x%02x at byte %zu",
			    file.data[n], n);
	return rule_kept(finding, "that");
}

/* A TLS server, not a CA: what EndEntityCertificate/V1 makes. Keys but RSA
 * encipher none (RFC 5480, 3). */
static enum rule_verdict
judge_server(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	const struct cert *cert;
	bool is_rsa;

	(void)rule;
	rule_want(finding, "CA:FALSE, key usage digitalSignature and, for "
	    "RSA, keyEncipherment");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	cert = judged->path[0];
	is_rsa = key_kind_is_rsa(cert->spki.kind);
	if (cert->ca)
		return rule_broken(finding, "CA:TRUE");
	if ((cert->key_usage & 1U << EXT_KU_DIGITAL_SIGNATURE) == 0)
		return rule_broken(finding, "no digitalSignature");
	if (is_rsa && (cert->key_usage & 1U << EXT_KU_KEY_ENCIPHERMENT) == 0)
		return rule_broken(finding, "no keyEncipherment");
	return rule_kept(finding, "that");
}

const struct rule cloudhsm_rules[] = {
	/* The guide allows 16 KB; the API's text, 5,000 characters. */
	{ "certificate size", API, NULL, judge_size, 5000, CERTIFICATE },
	{ "trust anchor size", API, NULL, judge_size, 5000, ANCHOR },
	{ "certificate characters", API, NULL, judge_characters, 0,
	    CERTIFICATE },
	{ "trust anchor characters", API, NULL, judge_characters, 0, ANCHOR },
	{ "certificate form", API, NULL, judge_pem, 1, CERTIFICATE },
	{ "trust anchor form", API, NULL, judge_pem, 1, ANCHOR },
	{ "server certificate", GUIDE, NULL, judge_server, 0, NULL },
	{ "trust anchor", GUIDE, NULL, judge_issuers, 0, NULL },
	{ "signature family", GUIDE, NULL, judge_family, 0, NULL },
	RULES_OF_CRL,
	RULES_OF_PATH("sslserver"),
	RULES_OF_REQUEST(GUIDE),
	RULE_OF_CONF,
	RULES_END,
};
