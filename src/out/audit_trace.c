/* SPDX-License-Identifier: Apache-2.0 */
/* Where one certificate or CRL stands in the journal. */
#include <anchorite/out/audit.h>

#include <limits.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/ocsp.h>
#include <anchorite/x509/spki.h>

#include "audit_internal.h"

/* Signed by the root's key? The journal knows it before any certificate. */
static int
signer_check(const struct auditor *auditor, const struct alg_signed *parts,
    struct fail *fail)
{
	const struct buf *root = &auditor->ledger->root_key.spki;
	AUTO(spki_release) struct spki key = { 0 };

	if (root->len == 0)
		return fail_with(fail, FAIL_INPUT,
		    "the authority has no root key yet");
	if (spki_read(buf_bytes(root), &key, fail) == -1)
		return -1;
	if (alg_verify(parts->alg, key.key, parts->tbs, parts->signature,
	    fail) == 0)
		return 0;
	if (fail->kind == FAIL_SYSTEM)
		return -1;
	return fail_with(fail, FAIL_INPUT, "not signed by the root's key");
}

/* The root's key signed it: does the journal say so? */
static int
judge(const struct audit_quarry *quarry, struct fail *fail)
{
	const struct audit_trace *trace = &quarry->trace;

	if (trace->intended == 0)
		return fail_with(fail, FAIL_JOURNAL, "signed by the root's "
		    "key, but no record of this journal speaks of it");
	if (trace->recorded != 0 && !quarry->is_exact)
		return fail_with(fail, FAIL_JOURNAL, "signed by the root's "
		    "key as record %lld intended, but record %lld has another "
		    "signature", (long long)trace->intended,
		    (long long)trace->recorded);
	return 0;
}

/* A certificate or CRL; or a response, which owns then what it lends. */
static int
unwrap(struct bytes der, struct alg_signed *out, struct ocsp **ocsp,
    struct fail *fail)
{
	struct fail ignored = { 0 };

	if (ocsp_read(der, ocsp, &ignored) == 0) {
		out->tbs = (*ocsp)->tbs;
		out->alg = (*ocsp)->alg;
		out->signature = (*ocsp)->signature;
		return 0;
	}
	if (alg_unwrap(der, out, fail) == 0)
		return 0;
	fail->kind = FAIL_INPUT;
	return -1;
}

/*
 * What the root's key signed past the journal need not look like what this
 * program makes: OpenSSL reads other forms, and says whose signature it is.
 */
static bool
is_signed_otherwise(const struct auditor *auditor, struct bytes der)
{
	AUTO(spki_release) struct spki key = { 0 };
	const unsigned char *at = der.data, *again = der.data;
	struct fail ignored = { 0 };
	X509_CRL *crl = NULL;
	X509 *cert = NULL;
	bool result = false;

	if (der.len > LONG_MAX || auditor->ledger->root_key.spki.len == 0 ||
	    spki_read(buf_bytes(&auditor->ledger->root_key.spki), &key,
		&ignored) == -1)
		return false;
	cert = d2i_X509(NULL, &at, (long)der.len);
	crl = d2i_X509_CRL(NULL, &again, (long)der.len);
	result = (cert != NULL && X509_verify(cert, key.key) == 1) ||
	    (crl != NULL && X509_CRL_verify(crl, key.key) == 1);
	X509_free(cert);
	X509_CRL_free(crl);
	ERR_clear_error();
	return result;
}

/* It is of no form that this program makes. */
static int
judge_other(const char *path, struct bytes der, struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = { .dirfd = -1 };
	struct fail why = *fail;

	if (auditor_open(path, &auditor, fail) == -1 ||
	    auditor_run(&auditor, false, fail) == -1)
		return -1;
	if (is_signed_otherwise(&auditor, der))
		return fail_with(fail, FAIL_JOURNAL, "signed by the root's "
		    "key, in a form that no record of this journal can speak "
		    "of (%.200s)", why.sentence);
	*fail = why;
	return -1;
}

int
audit_trace(const char *path, struct bytes der, struct audit_trace *out,
    struct fail *fail)
{
	struct audit_quarry quarry = { 0 };
	AUTO(auditor_close) struct auditor auditor = {
		.dirfd = -1, .quarry = &quarry,
	};
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;
	struct alg_signed parts = { 0 };

	if (unwrap(der, &parts, &ocsp, fail) == -1)
		return judge_other(path, der, fail);
	digest_of(der, &quarry.whole);
	digest_of(parts.tbs, &quarry.tbs);
	if (auditor_open(path, &auditor, fail) == -1)
		return -1;
	if (auditor_run(&auditor, false, fail) == -1)
		return fail_in(fail, "%s", path);
	if (signer_check(&auditor, &parts, fail) == -1 ||
	    judge(&quarry, fail) == -1)
		return -1;
	*out = quarry.trace;
	return 0;
}
