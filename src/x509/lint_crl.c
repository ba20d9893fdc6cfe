/* SPDX-License-Identifier: Apache-2.0 */
#include "lint_rules.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/crl.h>

static int
check_version(const struct lint_case *lint, struct fail *fail)
{
	long version = X509_CRL_get_version(lint->crl) + 1;

	if (version != 2)
		return fail_with(fail, FAIL_REFUSED, "%ld, want 2", version);
	return 0;
}

/* Of PSS the parameters, which alg's row fixes, name the hash. */
static int
check_hash(const struct lint_case *lint, struct fail *fail)
{
	int hash = NID_undef;

	if (OBJ_find_sigid_algs(X509_CRL_get_signature_nid(lint->crl), &hash,
	    NULL) != 1 || hash == NID_undef)
		hash = OBJ_txt2nid(lint->alg->digest);
	return lint_check_hash(hash, fail);
}

static int
check_issuer(const struct lint_case *lint, struct fail *fail)
{
	return lint_check_name(X509_CRL_get_issuer(lint->crl),
	    X509_get_subject_name(lint->issuer), fail);
}

static int
check_signer(const struct lint_case *lint, struct fail *fail)
{
	if ((X509_get_key_usage(lint->issuer) & X509v3_KU_CRL_SIGN) == 0)
		return fail_with(fail, FAIL_REFUSED,
		    "issuer's keyUsage is without cRLSign");
	return 0;
}

static int
check_time(const struct lint_case *lint, struct fail *fail)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(lint->crl);

	if (next == NULL)
		return fail_with(fail, FAIL_REFUSED, "no nextUpdate");
	if (lint_check_time("thisUpdate",
	    X509_CRL_get0_lastUpdate(lint->crl), fail) != 0)
		return -1;
	return lint_check_time("nextUpdate", next, fail);
}

static int
check_updates(const struct lint_case *lint, struct fail *fail)
{
	int64_t this = lint_seconds(X509_CRL_get0_lastUpdate(lint->crl));
	int64_t next = lint_seconds(X509_CRL_get0_nextUpdate(lint->crl));
	char a[TEXT_TIME_SIZE], b[TEXT_TIME_SIZE];

	text_time(this, a);
	text_time(next, b);
	if (this >= next)
		return fail_with(fail, FAIL_REFUSED, "thisUpdate %s is not "
		    "before nextUpdate %s", a, b);
	if (lint->now >= next)
		return fail_with(fail, FAIL_REFUSED,
		    "nextUpdate %s is past", b);
	return 0;
}

static int
check_authority_key(const struct lint_case *lint, struct fail *fail)
{
	AUTHORITY_KEYID *value = X509_CRL_get_ext_d2i(lint->crl,
	    NID_authority_key_identifier, NULL, NULL);
	int done = lint_check_authority(value,
	    X509_get0_subject_key_id(lint->issuer), fail);

	AUTHORITY_KEYID_free(value);
	return done;
}

static int
check_number(const struct lint_case *lint, struct fail *fail)
{
	ASN1_INTEGER *value = X509_CRL_get_ext_d2i(lint->crl, NID_crl_number,
	    NULL, NULL);
	uint64_t number = 0;
	int done = value != NULL && ASN1_INTEGER_get_uint64(&number,
	    value) == 1 && number > 0;

	ASN1_INTEGER_free(value);
	if (!done)
		return fail_openssl(fail, FAIL_REFUSED,
		    "absent, or not a number from 1");
	return 0;
}

static int
compare_serials(const X509_REVOKED *const *a, const X509_REVOKED *const *b)
{
	return ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(*a),
	    X509_REVOKED_get0_serialNumber(*b));
}

static int
refuse_twice(const X509_REVOKED *entry, struct fail *fail)
{
	const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(entry);
	AUTO(buf_release) struct buf hex = { 0 };

	text_hex(&hex, bytes_of(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial)));
	return fail_with(fail, FAIL_REFUSED, "serial number %s twice",
	    buf_cstr(&hex));
}

/* Sorted in a copy: the CRL itself keeps its order, and its signature. */
static int
check_entries(const struct lint_case *lint, struct fail *fail)
{
	STACK_OF(X509_REVOKED) *list = sk_X509_REVOKED_dup(
	    X509_CRL_get_REVOKED(lint->crl));
	const X509_REVOKED *entry, *before = NULL;
	int n, done = 0;

	sk_X509_REVOKED_set_cmp_func(list, compare_serials);
	sk_X509_REVOKED_sort(list);
	for (n = 0; n < sk_X509_REVOKED_num(list) && done == 0; n++) {
		entry = sk_X509_REVOKED_value(list, n);
		if (before != NULL && compare_serials(&before, &entry) == 0)
			done = refuse_twice(entry, fail);
		before = entry;
	}
	sk_X509_REVOKED_free(list);
	return done;
}

static int
check_signature(const struct lint_case *lint, struct fail *fail)
{
	if (X509_CRL_verify(lint->crl, lint->key) != 1)
		return fail_openssl(fail, FAIL_REFUSED,
		    "does not verify under the stand-in for the issuer");
	return 0;
}

/* Last: our own reader, which must take what we sign. */
static int
check_reader(const struct lint_case *lint, struct fail *fail)
{
	AUTO(crl_release) struct crl *crl = NULL;

	return crl_read(lint->der, &crl, fail);
}

const struct lint_rule lint_crl_rules[] = {
	{ "version", "RFC 5280, 5.1.2.1", check_version },
	{ "hash", "SP 800-131A, 3", check_hash },
	{ "algorithm", "RFC 5280, 5.1.1.2", lint_check_algorithm },
	{ "issuer", "RFC 5280, 5.1.2.3", check_issuer },
	{ "signer", "RFC 5280, 6.3.3 f", check_signer },
	{ "time", "RFC 5280, 5.1.2.4", check_time },
	{ "updates", "RFC 5280, 5.1.2.5", check_updates },
	{ "authorityKeyIdentifier", "RFC 5280, 5.2.1", check_authority_key },
	{ "cRLNumber", "RFC 5280, 5.2.3", check_number },
	{ "revokedCertificates", "RFC 5280, 5.1.2.6", check_entries },
	{ "signature", "RFC 5280, 5.1.1.3", check_signature },
	{ "reading back", "RFC 5280, 5.1", check_reader },
	{ NULL, NULL, NULL },
};
