/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/acm_pca_rules.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle_check.h>
#include <anchorite/x509/der.h>

void
acm_pca_case_release(struct acm_pca_case *judged)
{
	for (size_t n = 0; n < judged->count; n++)
		cert_release(&judged->path[n]);
	judged->count = 0;
	crl_release(&judged->crl);
}

/* What a sentence calls a certificate of the path. */
static const char *
place(const struct acm_pca_case *judged, size_t n)
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

/* Who certified the nth: the next in the path, or the root itself. */
static const struct cert *
issuer_of(const struct acm_pca_case *judged, size_t n)
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

static int
check_certificate_size(struct acm_pca_case *judged, struct fail *fail)
{
	struct bytes file;

	if (bundle_get(judged->bundle, BUNDLE_CERTIFICATE, &file, fail) == -1)
		return -1;
	if (file.len < 1 || file.len > ACM_PCA_CERTIFICATE_MAX)
		return fail_with(fail, FAIL_REFUSED,
		    "want 1 to %d bytes, have %zu", ACM_PCA_CERTIFICATE_MAX,
		    file.len);
	return 0;
}

static int
check_chain_size(struct acm_pca_case *judged, struct fail *fail)
{
	struct bytes file;

	if (bundle_get(judged->bundle, BUNDLE_CHAIN, &file, fail) == -1)
		return -1;
	/* The API allows none at all, but only to a root. */
	if (file.len < 1 || file.len > ACM_PCA_CHAIN_MAX)
		return fail_with(fail, FAIL_REFUSED,
		    "want 1 to %d bytes, have %zu", ACM_PCA_CHAIN_MAX,
		    file.len);
	return 0;
}

static int
check_certificate_form(struct acm_pca_case *judged, struct fail *fail)
{
	return bundle_read_certificates(judged->bundle, BUNDLE_CERTIFICATE, 1,
	    judged->path, &judged->count, fail);
}

static int
check_chain_form(struct acm_pca_case *judged, struct fail *fail)
{
	size_t count;

	if (bundle_read_certificates(judged->bundle, BUNDLE_CHAIN,
	    ACM_PCA_PATH - 1, judged->path + 1, &count, fail) == -1)
		return -1;
	judged->count += count;
	return 0;
}

static int
check_levels(struct acm_pca_case *judged, struct fail *fail)
{
	if (judged->count > ACM_PCA_LEVELS)
		return fail_with(fail, FAIL_REFUSED,
		    "want at most %d levels, have %zu", ACM_PCA_LEVELS,
		    judged->count);
	return 0;
}

static int
check_subordinate(struct acm_pca_case *judged, struct fail *fail)
{
	const struct cert *cert = judged->path[0];

	if (bytes_is_equal(cert->issuer, cert->subject))
		return fail_with(fail, FAIL_REFUSED, "want an issuer other "
		    "than the subject, have the same name");
	return 0;
}

static int
check_chain_members(struct acm_pca_case *judged, struct fail *fail)
{
	for (size_t n = 0; n < judged->count; n++)
		for (size_t k = n + 1; k < judged->count; k++)
			if (digest_is_equal(&judged->path[n]->digest,
			    &judged->path[k]->digest))
				return fail_with(fail, FAIL_REFUSED, n == 0 ?
				    "want the certificate itself not in the "
				    "chain, have it there" :
				    "want each certificate once, have one "
				    "twice");
	return 0;
}

static int
check_chain_order(struct acm_pca_case *judged, struct fail *fail)
{
	for (size_t n = 0; n + 1 < judged->count; n++)
		if (!is_signed_by(judged->path[n], judged->path[n + 1]))
			return fail_with(fail, FAIL_REFUSED, "%s: want the "
			    "next in the chain to have signed it, have "
			    "another", place(judged, n));
	return 0;
}

static int
check_root(struct acm_pca_case *judged, struct fail *fail)
{
	const struct cert *last = judged->path[judged->count - 1];

	if (!is_signed_by(last, last))
		return fail_with(fail, FAIL_REFUSED, "want a self-signed root "
		    "last in the chain, have none");
	if (!digest_is_equal(&last->digest,
	    &judged->source->ledger->root->digest))
		return fail_with(fail, FAIL_REFUSED,
		    "want the authority's root, have another");
	return 0;
}

static int
check_root_files(struct acm_pca_case *judged, struct fail *fail)
{
	struct bytes der = buf_bytes(&judged->path[judged->count - 1]->der);
	AUTO(buf_release) struct buf pem = { 0 };
	struct bytes file;

	text_pem(&pem, "CERTIFICATE", der);
	if (bundle_get(judged->bundle, BUNDLE_ROOT, &file, fail) == -1)
		return -1;
	if (!bytes_is_equal(file, buf_bytes(&pem)))
		return fail_with(fail, FAIL_REFUSED, BUNDLE_ROOT ": want the "
		    "last certificate of the chain, have another");
	return bundle_check_der(judged->bundle, BUNDLE_ROOT_DER, der, fail);
}

static int
check_basic_constraints(struct acm_pca_case *judged, struct fail *fail)
{
	for (size_t n = 0; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];
		const struct ext *ext = ext_find(cert->extensions,
		    cert->extension_count, NID_basic_constraints);

		if (ext == NULL || !ext->critical || !cert->ca)
			return fail_with(fail, FAIL_REFUSED,
			    "%s: want critical CA:TRUE, have %s",
			    place(judged, n), ext == NULL ? "none" :
			    cert->ca ? "it not critical" : "CA:FALSE");
	}
	return 0;
}

/*
 * Stricter than RFC 5280, 6.1, which does not count the last certificate:
 * that one is a CA here, and nothing it issues would pass.
 */
static int
check_path_length(struct acm_pca_case *judged, struct fail *fail)
{
	for (size_t n = 1; n < judged->count; n++) {
		int limit = judged->path[n]->path_length;
		int below = judged->path[n - 1]->path_length;

		if (limit >= 0 && (size_t)limit < n)
			return fail_with(fail, FAIL_REFUSED, "%s: want "
			    "pathlen %zu or more for the CAs below, have %d",
			    place(judged, n), n, limit);
		if (limit >= 0 && below >= limit)
			return fail_with(fail, FAIL_REFUSED, "%s: want a "
			    "pathlen below its issuer's %d, have %d",
			    place(judged, n - 1), limit, below);
	}
	return 0;
}

/* As the API reference names them. */
static const int critical_refused[] = {
	NID_info_access, NID_crl_distribution_points, NID_freshest_crl,
	NID_policy_constraints,
};

static bool
is_among(const struct ext *ext, const int *nids, size_t count)
{
	for (size_t n = 0; n < count; n++)
		if (ext_find(ext, 1, nids[n]) != NULL)
			return true;
	return false;
}

static int
check_critical(struct acm_pca_case *judged, struct fail *fail)
{
	char name[DER_OID_SIZE];

	for (size_t n = 0; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];

		for (size_t k = 0; k < cert->extension_count; k++) {
			const struct ext *ext = &cert->extensions[k];

			if (!ext->critical || is_among(ext, ext_critical,
			    EXT_CRITICAL))
				continue;
			ext_show_oid(ext->oid, name, sizeof(name));
			return fail_with(fail, FAIL_REFUSED, is_among(ext,
			    critical_refused, COUNT(critical_refused)) ?
			    "%s: want %s not critical, have it critical" :
			    "%s: want no other critical extension than the "
			    "thirteen it lists, have %s", place(judged, n),
			    name);
		}
	}
	return 0;
}

static int
check_nesting(struct acm_pca_case *judged, struct fail *fail)
{
	char have[TEXT_TIME_SIZE], want[TEXT_TIME_SIZE];

	for (size_t n = 0; n + 1 < judged->count; n++) {
		const struct cert *cert = judged->path[n];
		const struct cert *issuer = judged->path[n + 1];

		if (cert->not_after > issuer->not_after) {
			text_time(issuer->not_after, want);
			text_time(cert->not_after, have);
			return fail_with(fail, FAIL_REFUSED, "%s: want its "
			    "end not after its issuer's %s, have %s",
			    place(judged, n), want, have);
		}
		if (cert->not_before < issuer->not_before) {
			text_time(issuer->not_before, want);
			text_time(cert->not_before, have);
			return fail_with(fail, FAIL_REFUSED, "%s: want its "
			    "beginning not before its issuer's %s, have %s",
			    place(judged, n), want, have);
		}
	}
	return 0;
}

static int
check_now(struct acm_pca_case *judged, struct fail *fail)
{
	int64_t now = judged->source->now;
	char have[TEXT_TIME_SIZE], limit[TEXT_TIME_SIZE];

	text_time(now, have);
	for (size_t n = 0; n < judged->count; n++) {
		const struct cert *cert = judged->path[n];

		if (now >= cert->not_before && now <= cert->not_after)
			continue;
		text_time(now < cert->not_before ? cert->not_before :
		    cert->not_after, limit);
		return fail_with(fail, FAIL_REFUSED, "%s: want a moment %s "
		    "%s, have %s", place(judged, n), now < cert->not_before ?
		    "from" : "until", limit, have);
	}
	return 0;
}

static int
check_request_key(struct acm_pca_case *judged, struct fail *fail)
{
	if (!bytes_is_equal(judged->path[0]->spki.der,
	    judged->source->csr->spki.der))
		return fail_with(fail, FAIL_REFUSED,
		    "want the request's, byte for byte, have another");
	return 0;
}

static int
check_request_subject(struct acm_pca_case *judged, struct fail *fail)
{
	if (!bytes_is_equal(judged->path[0]->subject,
	    judged->source->csr->subject))
		return fail_with(fail, FAIL_REFUSED,
		    "want the request's, byte for byte, have another");
	return 0;
}

/* alg_fits pairs curve and hash; of PSS the guide says nothing. */
static int
check_family(struct acm_pca_case *judged, struct fail *fail)
{
	for (size_t n = 0; n < judged->count; n++) {
		const struct alg *alg = judged->path[n]->alg;
		enum key_kind kind = issuer_of(judged, n)->spki.kind;

		if (alg->pss || !alg_fits(alg, kind))
			return fail_with(fail, FAIL_REFUSED, "%s: want %s "
			    "under an issuer of kind %s, have %s",
			    place(judged, n), key_kind_is_rsa(kind) ?
			    "RSA PKCS #1 v1.5 with SHA-256, 384 or 512" :
			    "ECDSA with the hash of the curve's size",
			    key_kind_names[kind], alg->name);
	}
	return 0;
}

static int
check_crl_form(struct acm_pca_case *judged, struct fail *fail)
{
	if (bundle_read_crl(judged->bundle, BUNDLE_CRL, &judged->crl, fail) ==
	    -1)
		return -1;
	return bundle_check_der(judged->bundle, BUNDLE_CRL_DER,
	    buf_bytes(&judged->crl->der), fail);
}

static int
check_crl_issuer(struct acm_pca_case *judged, struct fail *fail)
{
	const struct cert *root = judged->path[judged->count - 1];
	struct fail ignored = { 0 };

	if (!bytes_is_equal(judged->crl->issuer, root->subject) ||
	    crl_verify(judged->crl, root->spki.key, &ignored) == -1)
		return fail_with(fail, FAIL_REFUSED,
		    "want one signed by the root, have another");
	return 0;
}

static int
check_crl_time(struct acm_pca_case *judged, struct fail *fail)
{
	const struct crl *crl = judged->crl;
	char now[TEXT_TIME_SIZE], have[TEXT_TIME_SIZE];

	text_time(judged->source->now, now);
	if (crl->this_update > judged->source->now) {
		text_time(crl->this_update, have);
		return fail_with(fail, FAIL_REFUSED, "want this update not "
		    "after now, %s, have %s", now, have);
	}
	if (crl->next_update <= judged->source->now) {
		text_time(crl->next_update, have);
		return fail_with(fail, FAIL_REFUSED, "want next update after "
		    "now, %s, have %s", now, have);
	}
	return 0;
}

static int
check_path(struct acm_pca_case *judged, struct fail *fail)
{
	return bundle_check_path(judged->path, judged->count, judged->crl,
	    judged->source->now, fail);
}

#define API   "AWS Private CA API, ImportCertificateAuthorityCertificate"
#define GUIDE "AWS Private CA User Guide, "

const struct acm_pca_rule acm_pca_rules[] = {
	{ "certificate size", API, check_certificate_size },
	{ "chain size", API, check_chain_size },
	{ "certificate form", GUIDE "PcaExternalRoot",
	    check_certificate_form },
	{ "chain form", API, check_chain_form },
	{ "levels", GUIDE "ca-hierarchy", check_levels },
	{ "subordinate", API, check_subordinate },
	{ "chain members", API, check_chain_members },
	{ "chain order", API, check_chain_order },
	{ "root", API, check_root },
	{ "root files", "RFC 7468, 5", check_root_files },
	{ "basicConstraints", GUIDE "PcaWelcome", check_basic_constraints },
	{ "path length", GUIDE "PcaWelcome", check_path_length },
	{ "critical extensions", API, check_critical },
	{ "nested validity", GUIDE "ca-lifecycle", check_nesting },
	{ "current validity", "RFC 5280, 6.1.3", check_now },
	{ "public key", API, check_request_key },
	{ "subject", API, check_request_subject },
	{ "signature family", GUIDE "PCACertInstall", check_family },
	{ "CRL form", "RFC 5280, 4.2.1.13", check_crl_form },
	{ "CRL issuer", "RFC 5280, 6.3.3", check_crl_issuer },
	{ "CRL time", "RFC 5280, 5.1.2.5", check_crl_time },
	{ "path", "RFC 5280, 6.1", check_path },
	{ NULL, NULL, NULL },
};
