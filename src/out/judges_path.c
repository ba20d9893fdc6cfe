/* SPDX-License-Identifier: Apache-2.0 */
/* Of what was read: the path, the request's part in it, the CRL. */
#include <anchorite/out/judges.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle_read.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/x509/der.h>

const char *
bundle_case_place(const struct bundle_case *judged, size_t n)
{
	static const char *const chain[] = {
		"", "chain certificate 1", "chain certificate 2",
		"chain certificate 3", "chain certificate 4",
	};

	if (n == 0)
		return "certificate";
	if (n + 1 == judged->count)
		return "root";
	return n < COUNT(chain) ? chain[n] : "chain";
}

bool
bundle_case_has_path(const struct bundle_case *judged,
    struct finding *finding)
{
	if (judged->count > 0)
		return true;
	(void)rule_silent(finding, "no path was read");
	return false;
}

/* Who certified the nth: the next in the path, or the root itself. */
static const struct cert *
issuer_of(const struct bundle_case *judged, size_t n)
{
	return judged->path[n + 1 < judged->count ? n + 1 : n];
}

/* The name alone decides nothing: who signed it does. */
static bool
is_signed_by(const struct cert *cert, const struct cert *issuer)
{
	struct fail ignored = { 0 };

	return bytes_is_equal(cert->issuer, issuer->subject) &&
	    cert_verify(cert, issuer->spki.key, &ignored) == 0;
}

enum rule_verdict
judge_levels(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;

	rule_want(finding, "at most %lld certificates from the certificate "
	    "to the root", (long long)rule->number);
	if (judged->count > (size_t)rule->number)
		return rule_broken(finding, "%zu", judged->count);
	return rule_kept(finding, "%zu", judged->count);
}

enum rule_verdict
judge_subordinate(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "an issuer other than the subject");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	if (bytes_is_equal(judged->path[0]->issuer, judged->path[0]->subject))
		return rule_broken(finding, "the same name");
	return rule_kept(finding, "another");
}

enum rule_verdict
judge_members(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "each certificate once");
	for (size_t n = 0; n < judged->count; n++)
		for (size_t k = n + 1; k < judged->count; k++)
			if (digest_is_equal(&judged->path[n]->digest,
			    &judged->path[k]->digest))
				return rule_broken(finding, "%s twice",
				    bundle_case_place(judged, n));
	return rule_kept(finding, "%zu, all different", judged->count);
}

enum rule_verdict
judge_order(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "each certificate signed by the next");
	for (size_t n = 0; n + 1 < judged->count; n++)
		if (!is_signed_by(judged->path[n], judged->path[n + 1]))
			return rule_broken(finding, "%s signed by another",
			    bundle_case_place(judged, n));
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_root(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	const struct cert *last;

	(void)rule;
	rule_want(finding, "%sa self-signed root last",
	    judged->root_meant != NULL ? "the authority's root, " : "");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	last = judged->path[judged->count - 1];
	if (!is_signed_by(last, last))
		return rule_broken(finding, "one that is not self-signed");
	if (judged->root_meant != NULL && !digest_is_equal(&last->digest,
	    &judged->root_meant->digest))
		return rule_broken(finding, "another root");
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_root_files(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	AUTO(buf_release) struct buf pem = { 0 };
	struct fail fail = { 0 };
	struct bytes der, file;

	(void)rule;
	rule_want(finding, "the last certificate of the path in "
	    BUNDLE_ROOT " and " BUNDLE_ROOT_DER);
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	der = buf_bytes(&judged->path[judged->count - 1]->der);
	text_pem(&pem, "CERTIFICATE", der);
	if (bundle_get(judged->bundle, BUNDLE_ROOT, &file, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (!bytes_is_equal(file, buf_bytes(&pem)))
		return rule_broken(finding, "another in " BUNDLE_ROOT);
	if (bundle_get(judged->bundle, BUNDLE_ROOT_DER, &file, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	if (!bytes_is_equal(file, der))
		return rule_broken(finding, "another in " BUNDLE_ROOT_DER);
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_ca(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "critical CA:TRUE in each certificate");
	for (size_t n = 0; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];
		const struct ext *ext = ext_find(cert->extensions,
		    cert->extension_count, NID_basic_constraints);

		if (ext == NULL || !ext->critical || !cert->ca)
			return rule_broken(finding, "%s: %s",
			    bundle_case_place(judged, n), ext == NULL ?
			    "none" : cert->ca ? "not critical" : "CA:FALSE");
	}
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_issuers(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "CA:TRUE and keyCertSign in each that certifies");
	for (size_t n = 1; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];

		if (!cert->ca ||
		    (cert->key_usage & 1U << EXT_KU_KEY_CERT_SIGN) == 0)
			return rule_broken(finding, "%s without %s",
			    bundle_case_place(judged, n),
			    cert->ca ? "keyCertSign" : "CA:TRUE");
	}
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_signers(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "keyCertSign in each certificate");
	for (size_t n = 0; n < judged->count; n++)
		if ((judged->path[n]->key_usage &
		    1U << EXT_KU_KEY_CERT_SIGN) == 0)
			return rule_broken(finding, "%s without it",
			    bundle_case_place(judged, n));
	return rule_kept(finding, "that");
}

/*
 * Stricter than RFC 5280, 6.1, which does not count the last certificate:
 * that one is a CA here, and nothing it issues would pass.
 */
enum rule_verdict
judge_path_length(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "path lengths that allow the CAs below, each "
	    "below its issuer's");
	for (size_t n = 1; n < judged->count; n++) {
		int limit = judged->path[n]->path_length;
		int below = judged->path[n - 1]->path_length;

		if (limit >= 0 && (size_t)limit < n)
			return rule_broken(finding, "%s: %d, with %zu below",
			    bundle_case_place(judged, n), limit, n);
		if (limit >= 0 && below >= limit)
			return rule_broken(finding, "%s: %d, under %d",
			    bundle_case_place(judged, n - 1), below, limit);
	}
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_critical(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	char name[DER_OID_SIZE];

	(void)rule;
	rule_want(finding, "no critical extension but the %d it lists",
	    EXT_CRITICAL);
	for (size_t n = 0; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];

		for (size_t k = 0; k < cert->extension_count; k++) {
			const struct ext *ext = &cert->extensions[k];
			bool is_listed = false;

			for (size_t i = 0; i < EXT_CRITICAL; i++)
				is_listed |= ext_find(ext, 1,
				    ext_critical[i]) != NULL;
			if (!ext->critical || is_listed)
				continue;
			ext_show_oid(ext->oid, name, sizeof(name));
			return rule_broken(finding, "%s: critical %s",
			    bundle_case_place(judged, n), name);
		}
	}
	return rule_kept(finding, "none");
}

enum rule_verdict
judge_nesting(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	char have[TEXT_TIME_SIZE], limit[TEXT_TIME_SIZE];

	(void)rule;
	rule_want(finding, "no validity beyond the issuer's");
	for (size_t n = 0; n + 1 < judged->count; n++) {
		const struct cert *cert = judged->path[n];
		const struct cert *issuer = judged->path[n + 1];
		bool late = cert->not_after > issuer->not_after;

		if (!late && cert->not_before >= issuer->not_before)
			continue;
		text_time(late ? cert->not_after : cert->not_before, have);
		text_time(late ? issuer->not_after : issuer->not_before,
		    limit);
		return rule_broken(finding, "%s: %s %s, its issuer %s",
		    bundle_case_place(judged, n),
		    late ? "until" : "from", have, limit);
	}
	return rule_kept(finding, "none");
}

enum rule_verdict
judge_now(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	char now[TEXT_TIME_SIZE], limit[TEXT_TIME_SIZE];

	(void)rule;
	text_time(judged->now, now);
	rule_want(finding, "certificates that are valid at %s", now);
	for (size_t n = 0; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];
		bool early = judged->now < cert->not_before;

		if (!early && judged->now <= cert->not_after)
			continue;
		text_time(early ? cert->not_before : cert->not_after, limit);
		return rule_broken(finding, "%s: %s %s",
		    bundle_case_place(judged, n), early ? "from" : "until",
		    limit);
	}
	return rule_kept(finding, "%zu", judged->count);
}

/* alg_fits pairs curve and hash; of PSS the guides say nothing. */
enum rule_verdict
judge_family(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "RSA PKCS #1 v1.5 with SHA-256, 384 or 512, or "
	    "ECDSA with the hash of the curve's size");
	for (size_t n = 0; n < judged->count; n++) {
		const struct alg *alg = judged->path[n]->alg;
		enum key_kind kind = issuer_of(judged, n)->spki.kind;

		if (alg->pss || !alg_fits(alg, kind))
			return rule_broken(finding, "%s: %s by %s",
			    bundle_case_place(judged, n), alg->name,
			    key_kind_names[kind]);
	}
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_path(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	struct fail fail = { 0 };

	rule_want(finding, "a valid path%s%s", rule->text != NULL ?
	    " for the purpose " : "", rule->text != NULL ? rule->text : "");
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	if (bundle_validate(judged->path, judged->count, judged->crl,
	    rule->text, judged->now, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	return rule_kept(finding, "one");
}

/* Of the request, or silent. */
static bool
has_both(const struct bundle_case *judged, struct finding *finding)
{
	if (judged->request != NULL && judged->count > 0)
		return true;
	(void)rule_silent(finding, "no request or no certificate was read");
	return false;
}

enum rule_verdict
judge_request_key(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "the request's, byte for byte");
	if (!has_both(judged, finding))
		return RULE_SILENT;
	if (!bytes_is_equal(judged->path[0]->spki.der,
	    judged->request->spki.der))
		return rule_broken(finding, "another");
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_request_subject(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;

	(void)rule;
	rule_want(finding, "the request's, byte for byte");
	if (!has_both(judged, finding))
		return RULE_SILENT;
	if (!bytes_is_equal(judged->path[0]->subject,
	    judged->request->subject))
		return rule_broken(finding, "another");
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_crl_issuer(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	struct fail ignored = { 0 };
	const struct cert *root;

	(void)rule;
	rule_want(finding, "one signed by the root");
	if (judged->crl == NULL || judged->count == 0)
		return rule_silent(finding, "none was read");
	root = judged->path[judged->count - 1];
	if (!bytes_is_equal(judged->crl->issuer, root->subject) ||
	    crl_verify(judged->crl, root->spki.key, &ignored) == -1)
		return rule_broken(finding, "another's");
	return rule_kept(finding, "that");
}

enum rule_verdict
judge_crl_time(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct bundle_case *judged = subject;
	char now[TEXT_TIME_SIZE], from[TEXT_TIME_SIZE], to[TEXT_TIME_SIZE];

	(void)rule;
	text_time(judged->now, now);
	rule_want(finding, "this update, then %s, then next update", now);
	if (judged->crl == NULL)
		return rule_silent(finding, "none was read");
	text_time(judged->crl->this_update, from);
	text_time(judged->crl->next_update, to);
	if (judged->crl->this_update > judged->now ||
	    judged->crl->next_update <= judged->now)
		return rule_broken(finding, "%s and %s", from, to);
	return rule_kept(finding, "%s and %s", from, to);
}
