/* SPDX-License-Identifier: Apache-2.0 */
/* Of form: they read the files, which the others (judges_path.c) judge. */
#include <anchorite/out/judges.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle_read.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/import_conf.h>

void
bundle_case_release(struct bundle_case *judged)
{
	for (size_t n = 0; n < judged->count; n++)
		cert_release(&judged->path[n]);
	judged->count = 0;
	crl_release(&judged->crl);
	csr_release(&judged->request);
}

enum rule_verdict
judge_size(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	struct fail fail = { 0 };
	struct bytes file;

	rule_want(finding, "%s of 1 to %lld bytes", rule->text,
	    (long long)rule->number);
	if (bundle_get(judged->bundle, rule->text, &file, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (file.len < 1 || file.len > (size_t)rule->number)
		return rule_broken(finding, "%zu bytes", file.len);
	return rule_kept(finding, "%zu bytes", file.len);
}

/* What is read of the path stands behind what was read before. */
enum rule_verdict
judge_pem(const struct rule *rule, void *subject, struct finding *finding)
{
	struct bundle_case *judged = subject;
	size_t room = COUNT(judged->path) - judged->count;
	size_t max = (size_t)rule->number < room ? (size_t)rule->number : room;
	struct fail fail = { 0 };
	size_t count;

	rule_want(finding, "%s: 1%s%.0zu certificate%s in PEM, LF, 64 columns, "
	    "nothing else", rule->text, max > 1 ? " to " : "",
	    max > 1 ? max : 0, max > 1 ? "s" : "");
	if (bundle_read_certificates(judged->bundle, rule->text, max,
	    judged->path + judged->count, &count, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	judged->count += count;
	return rule_kept(finding, "%zu", count);
}

enum rule_verdict
judge_der(const struct rule *rule, void *subject, struct finding *finding)
{
	struct bundle_case *judged = subject;
	struct fail fail = { 0 };
	struct bytes file;

	rule_want(finding, "%s: one certificate in DER", rule->text);
	if (bundle_get(judged->bundle, rule->text, &file, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (text_has_pem(file))
		return rule_broken(finding, "PEM");
	if (judged->count == COUNT(judged->path) || cert_read(file,
	    &judged->path[judged->count], &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	judged->count++;
	return rule_kept(finding, "one");
}

enum rule_verdict
bundle_case_compare(const struct bundle_case *judged, const char *name,
    struct bytes want, struct finding *finding)
{
	struct fail fail = { 0 };
	struct bytes file;

	if (bundle_get(judged->bundle, name, &file, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (!bytes_is_equal(file, want))
		return rule_broken(finding, "another");
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_certificate_copy(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	rule_want(finding, "%s: the certificate in DER", rule->text);
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	return bundle_case_compare(judged, rule->text,
	    buf_bytes(&judged->path[0]->der), finding);
}

enum rule_verdict
judge_request(const struct rule *rule, void *subject,
    struct finding *finding)
{
	struct bundle_case *judged = subject;
	struct fail fail = { 0 };
	struct bytes file;

	(void)rule;
	rule_want(finding, BUNDLE_REQUEST ": one sound request, %d bytes at "
	    "most", CSR_MAX);
	if (bundle_get(judged->bundle, BUNDLE_REQUEST, &file, &fail) == -1 ||
	    csr_read(file, &judged->request, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	return rule_kept(finding, "one");
}

/* A CRL is not asked for by all, but one that is there has to be right. */
enum rule_verdict
judge_crl(const struct rule *rule, void *subject, struct finding *finding)
{
	struct bundle_case *judged = subject;
	bool is_there = bundle_find(judged->bundle, BUNDLE_CRL) != NULL ||
	    bundle_find(judged->bundle, BUNDLE_CRL_DER) != NULL;
	struct fail fail = { 0 };
	struct bytes der;

	(void)rule;
	rule_want(finding, BUNDLE_CRL " with one CRL in PEM, " BUNDLE_CRL_DER
	    " with the same");
	if (!is_there && !judged->kind->wants_crl)
		return rule_silent(finding, "none, and none is asked for");
	if (bundle_read_crl(judged->bundle, BUNDLE_CRL, &judged->crl,
		&fail) == -1 ||
	    bundle_get(judged->bundle, BUNDLE_CRL_DER, &der, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (!bytes_is_equal(der, buf_bytes(&judged->crl->der)))
		return rule_broken(finding, "two that differ");
	return rule_kept(finding, "CRL number %llu",
	    (unsigned long long)judged->crl->number);
}

enum rule_verdict
judge_crl_size(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	struct fail fail = { 0 };
	struct bytes file;

	rule_want(finding, BUNDLE_CRL " of at most %lld bytes",
	    (long long)rule->number);
	if (bundle_get(judged->bundle, BUNDLE_CRL, &file, &fail) == -1)
		return rule_silent(finding, "%s", fail.sentence);
	if (file.len > (size_t)rule->number)
		return rule_broken(finding, "%zu bytes", file.len);
	return rule_kept(finding, "%zu bytes", file.len);
}

enum rule_verdict
judge_conf(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	struct fail fail = { 0 };
	struct bytes file;

	(void)rule;
	rule_want(finding, BUNDLE_CONF " that speaks of this certificate");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	if (bundle_get(judged->bundle, BUNDLE_CONF, &file, &fail) == -1 ||
	    import_conf_read(file, &conf, &fail) == -1 ||
	    import_conf_check(&conf, judged->kind, judged->path[0],
		judged->crl, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	return rule_kept(finding, "that");
}
