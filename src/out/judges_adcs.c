/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/cms.h>

#define WCCE     "[MS-WCCE], 3.1.1.4.3.1.1"
/* What no document says, and every guide for administrators does. */
#define PRACTICE "AD CS as practised"

static enum rule_verdict
judge_pkcs7(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	AUTO(buf_release) struct buf want = { 0 };
	struct bytes path[PATH_MAX_LEN];
	struct fail fail = { 0 };

	rule_want(finding, "%s: the path as PKCS #7", rule->text);
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	for (size_t n = 0; n < judged->count; n++)
		path[n] = buf_bytes(&judged->path[n]->der);
	if (cms_write_certificates(path, judged->count, &want, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	return bundle_case_compare(judged, rule->text, buf_bytes(&want),
	    finding);
}

static enum rule_verdict
judge_windows_crl(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	rule_want(finding, "%s: the CRL in DER", rule->text);
	if (judged->crl == NULL)
		return rule_silent(finding, "none was read");
	return bundle_case_compare(judged, rule->text,
	    buf_bytes(&judged->crl->der), finding);
}

/* What Windows would follow from a root, it would wait for in vain. */
static enum rule_verdict
judge_root_silent(const struct rule *rule, void *subject,
    struct finding *finding)
{
	static const int nids[] = {
		NID_info_access, NID_crl_distribution_points,
	};
	const struct bundle_case *judged = subject;
	const struct cert *root;

	(void)rule;
	rule_want(finding, "no authorityInfoAccess nor crlDistributionPoints "
	    "in the root");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	root = judged->path[judged->count - 1];
	for (size_t n = 0; n < COUNT(nids); n++)
		if (ext_find(root->extensions, root->extension_count,
		    nids[n]) != NULL)
			return rule_broken(finding, "%s", OBJ_nid2sn(nids[n]));
	return rule_kept(finding, "none");
}

/* Nobody but Windows knows Microsoft's: critical, they would end it. */
static enum rule_verdict
judge_microsoft(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	const struct cert *cert;
	char name[128];

	(void)rule;
	rule_want(finding, "Microsoft's extensions not critical");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	cert = judged->path[0];
	for (size_t n = 0; n < cert->extension_count; n++) {
		ext_show_oid(cert->extensions[n].oid, name, sizeof(name));
		if (cert->extensions[n].critical && name[0] == 'm' &&
		    name[1] == 's')
			return rule_broken(finding, "%s critical", name);
	}
	return rule_kept(finding, "none critical");
}

/* A subordinate whose CRL cannot be had does not start. */
static enum rule_verdict
judge_crl_url(const struct rule *rule, void *subject,
    struct finding *finding)
{
	static const char scheme[] = "http://";
	const struct bundle_case *judged = subject;
	struct bytes url = { 0 };
	struct fail fail = { 0 };
	const struct cert *cert;
	const struct ext *ext;

	(void)rule;
	rule_want(finding, "the CRL's HTTP URL in the certificate");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	cert = judged->path[0];
	ext = ext_find(cert->extensions, cert->extension_count,
	    NID_crl_distribution_points);
	if (ext == NULL)
		return rule_broken(finding, "none");
	if (ext_read_crl_url(ext, &url, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (url.len <= strlen(scheme) ||
	    memcmp(url.data, scheme, strlen(scheme)) != 0)
		return rule_broken(finding, "%.*s", (int)url.len,
		    (const char *)url.data);
	return rule_kept(finding, "%.*s", (int)url.len,
	    (const char *)url.data);
}

const struct rule adcs_rules[] = {
	{ "certificate form", "X.690, 10", NULL, judge_der, 0, "subca.crt" },
	{ "root form", "X.690, 10", NULL, judge_der, 0, "root.crt" },
	{ "PKCS #7", "RFC 2315, 9.1", NULL, judge_pkcs7, 0, "subca.p7b" },
	{ "basicConstraints", "RFC 5280, 4.2.1.9", NULL, judge_ca, 0, NULL },
	{ "key usage", "RFC 5280, 4.2.1.3", NULL, judge_signers, 0, NULL },
	{ "Microsoft's extensions", WCCE, NULL, judge_microsoft, 0, NULL },
	{ "silent root", PRACTICE, NULL, judge_root_silent, 0, NULL },
	{ "CRL URL", PRACTICE, NULL, judge_crl_url, 0, NULL },
	RULES_OF_CRL,
	{ "Windows CRL", "RFC 5280, 5.1", NULL, judge_windows_crl, 0,
	    "root.crl" },
	RULES_OF_PATH(NULL),
	RULES_OF_REQUEST("RFC 2986, 3"),
	RULE_OF_CONF,
	RULES_END,
};
