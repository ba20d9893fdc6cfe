/* SPDX-License-Identifier: Apache-2.0 */
#include "lint_rules.h"

#include <time.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

/* SHA-256's octets; RSA-2048's and P-256's weakest (SP 800-57, 1, 5.6). */
#define HASH_MIN     32
#define STRENGTH_MIN 112

int64_t
lint_seconds(const ASN1_TIME *time)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return INT64_MIN;
	return timegm(&tm);
}

static struct bytes
name_der(const X509_NAME *name)
{
	const unsigned char *der = NULL;
	size_t len = 0;

	if (X509_NAME_get0_der(name, &der, &len) != 1)
		len = 0;
	return bytes_of(der, len);
}

/* Byte for byte: string types count (RFC 5280, 4.1.2.6). */
int
lint_check_name(const X509_NAME *have, const X509_NAME *want,
    struct fail *fail)
{
	if (!bytes_is_equal(name_der(have), name_der(want)))
		return fail_with(fail, FAIL_REFUSED,
		    "differs from the subject of the issuer's certificate");
	return 0;
}

/* It stands behind the first INTEGER: serial number, or a CRL's version. */
int
lint_check_algorithm(const struct lint_case *lint, struct fail *fail)
{
	struct bytes rest = lint->der, within;

	if (der_next(&rest, DER_SEQUENCE, &within, NULL, fail) != 0 ||
	    der_next(&within, DER_SEQUENCE, &rest, NULL, fail) != 0)
		return -1;
	if (der_is_next(rest, DER_CONTEXT_CONSTRUCTED(0)) &&
	    der_next(&rest, DER_CONTEXT_CONSTRUCTED(0), NULL, NULL,
	    fail) != 0)
		return -1;
	if (der_next(&rest, DER_INTEGER, NULL, NULL, fail) != 0 ||
	    der_next(&rest, DER_SEQUENCE, NULL, &within, fail) != 0)
		return -1;
	if (!bytes_is_equal(within, lint->alg->der))
		return fail_with(fail, FAIL_REFUSED,
		    "the one within is not %s", lint->alg->name);
	if (alg_from_der(within) == NULL)
		return fail_with(fail, FAIL_REFUSED, "%s is not accepted",
		    lint->alg->name);
	return 0;
}

int
lint_check_hash(int hash, struct fail *fail)
{
	const EVP_MD *md = EVP_get_digestbynid(hash);

	if (md == NULL || EVP_MD_get_size(md) < HASH_MIN)
		return fail_with(fail, FAIL_REFUSED, "%s, want SHA-256, "
		    "SHA-384 or SHA-512", OBJ_nid2sn(hash));
	return 0;
}

/* UTCTime through 2049, whole seconds, Z. */
int
lint_check_time(const char *what, const ASN1_TIME *time, struct fail *fail)
{
	struct tm tm;
	bool utc;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return fail_with(fail, FAIL_REFUSED, "%s: not a time", what);
	utc = ASN1_STRING_type(time) == V_ASN1_UTCTIME;
	if (utc != (tm.tm_year >= 50 && tm.tm_year < 150))
		return fail_with(fail, FAIL_REFUSED, "%s: %s for the year %d",
		    what, utc ? "UTCTime" : "GeneralizedTime",
		    tm.tm_year + 1900);
	if (ASN1_STRING_length(time) != (utc ? 13 : 15))
		return fail_with(fail, FAIL_REFUSED, "%s: not in whole seconds "
		    "and Z", what);
	return 0;
}

int
lint_check_authority(const AUTHORITY_KEYID *have,
    const ASN1_OCTET_STRING *want, struct fail *fail)
{
	if (have == NULL || have->keyid == NULL)
		return fail_with(fail, FAIL_REFUSED, "absent, want the "
		    "issuer's subjectKeyIdentifier");
	if (want == NULL || ASN1_OCTET_STRING_cmp(have->keyid, want) != 0)
		return fail_with(fail, FAIL_REFUSED,
		    "not the issuer's subjectKeyIdentifier");
	return 0;
}

static int
check_version(const struct lint_case *lint, struct fail *fail)
{
	long version = X509_get_version(lint->certificate) + 1;

	if (version != 3)
		return fail_with(fail, FAIL_REFUSED, "%ld, want 3", version);
	return 0;
}

static int
check_serial(const struct lint_case *lint, struct fail *fail)
{
	const ASN1_INTEGER *serial =
	    X509_get0_serialNumber(lint->certificate);
	const uint8_t *octets = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return fail_with(fail, FAIL_REFUSED, "negative");
	if (len == 0 || (len == 1 && octets[0] == 0))
		return fail_with(fail, FAIL_REFUSED, "zero");
	len += (octets[0] & 0x80) != 0;
	if (len > SERIAL_MAX)
		return fail_with(fail, FAIL_REFUSED, "%d octets, at most %d",
		    len, SERIAL_MAX);
	return 0;
}

static int
check_hash(const struct lint_case *lint, struct fail *fail)
{
	int hash = NID_undef;

	X509_get_signature_info(lint->certificate, &hash, NULL, NULL, NULL);
	return lint_check_hash(hash, fail);
}

static int
check_issuer(const struct lint_case *lint, struct fail *fail)
{
	const X509 *issuer = lint->issuer != NULL ? lint->issuer :
	    lint->certificate;

	return lint_check_name(X509_get_issuer_name(lint->certificate),
	    X509_get_subject_name(issuer), fail);
}

/* Under another key the issuer's name is taken: self-issued certificates are
 * not counted in a path (RFC 5280, 6.1.4 (l)). */
static int
check_subject(const struct lint_case *lint, struct fail *fail)
{
	const X509_NAME *subject = X509_get_subject_name(lint->certificate);

	if (X509_NAME_entry_count(subject) == 0)
		return fail_with(fail, FAIL_REFUSED, "empty");
	if (lint->issuer != NULL && name_is_like(name_der(subject),
	    name_der(X509_get_subject_name(lint->issuer))))
		return fail_with(fail, FAIL_REFUSED, "the issuer's own name");
	return 0;
}

static int
check_time(const struct lint_case *lint, struct fail *fail)
{
	if (lint_check_time("notBefore",
	    X509_get0_notBefore(lint->certificate), fail) != 0)
		return -1;
	return lint_check_time("notAfter",
	    X509_get0_notAfter(lint->certificate), fail);
}

static int
check_order(const char *first_name, const ASN1_TIME *first,
    const char *second_name, const ASN1_TIME *second, struct fail *fail)
{
	char a[TEXT_TIME_SIZE], b[TEXT_TIME_SIZE];

	if (lint_seconds(first) <= lint_seconds(second))
		return 0;
	text_time(lint_seconds(first), a);
	text_time(lint_seconds(second), b);
	return fail_with(fail, FAIL_REFUSED, "%s %s is after %s %s",
	    first_name, a, second_name, b);
}

static int
check_validity(const struct lint_case *lint, struct fail *fail)
{
	const ASN1_TIME *before = X509_get0_notBefore(lint->certificate);
	const ASN1_TIME *after = X509_get0_notAfter(lint->certificate);

	if (check_order("notBefore", before, "notAfter", after, fail) != 0)
		return -1;
	if (lint->issuer == NULL)
		return 0;
	if (check_order("issuer's notBefore",
	    X509_get0_notBefore(lint->issuer), "notBefore", before,
	    fail) != 0)
		return -1;
	return check_order("notAfter", after, "issuer's notAfter",
	    X509_get0_notAfter(lint->issuer), fail);
}

static int
check_key(const struct lint_case *lint, struct fail *fail)
{
	const EVP_PKEY *key = X509_get0_pubkey(lint->certificate);

	if (key == NULL)
		return fail_openssl(fail, FAIL_REFUSED, "does not decode");
	if (EVP_PKEY_get_security_bits(key) < STRENGTH_MIN)
		return fail_with(fail, FAIL_REFUSED, "%s of %d bits has a "
		    "strength of %d bits, want %d at least",
		    EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key),
		    EVP_PKEY_get_security_bits(key), STRENGTH_MIN);
	return 0;
}

static int
refuse_extension(X509_EXTENSION *extension, const char *why,
    struct fail *fail)
{
	const ASN1_OBJECT *oid = X509_EXTENSION_get_object(extension);
	char name[DER_OID_SIZE];

	ext_show_oid(bytes_of(OBJ_get0_data(oid), OBJ_length(oid)), name,
	    sizeof(name));
	return fail_with(fail, FAIL_REFUSED, "%s %s", name, why);
}

static int
check_unique(const struct lint_case *lint, struct fail *fail)
{
	const X509 *certificate = lint->certificate;
	X509_EXTENSION *extension;
	int n;

	for (n = 0; n < X509_get_ext_count(certificate); n++) {
		extension = X509_get_ext(certificate, n);
		if (X509_get_ext_by_OBJ(certificate,
		    X509_EXTENSION_get_object(extension), n) != -1)
			return refuse_extension(extension, "twice", fail);
	}
	return 0;
}

static int
check_critical(const struct lint_case *lint, struct fail *fail)
{
	X509_EXTENSION *extension;
	size_t k;
	int n, nid;

	for (n = 0; n < X509_get_ext_count(lint->certificate); n++) {
		extension = X509_get_ext(lint->certificate, n);
		if (!X509_EXTENSION_get_critical(extension))
			continue;
		nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
		for (k = 0; k < EXT_CRITICAL; k++)
			if (ext_critical[k] == nid)
				break;
		if (k == EXT_CRITICAL)
			return refuse_extension(extension,
			    "must not be critical", fail);
	}
	return 0;
}

/* Last: our own reader, which must take what we sign. */
static int
check_reader(const struct lint_case *lint, struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = NULL;

	return cert_read(lint->der, &cert, fail);
}

const struct lint_rule lint_certificate_rules[] = {
	{ "version", "RFC 5280, 4.1.2.1", check_version },
	{ "serial number", "RFC 5280, 4.1.2.2", check_serial },
	{ "hash", "SP 800-131A, 3", check_hash },
	{ "algorithm", "RFC 5280, 4.1.1.2", lint_check_algorithm },
	{ "issuer", "RFC 5280, 4.1.2.4", check_issuer },
	{ "subject", "RFC 5280, 4.1.2.6", check_subject },
	{ "time", "RFC 5280, 4.1.2.5", check_time },
	{ "validity", "RFC 5280, 4.1.2.5", check_validity },
	{ "public key", "SP 800-57 part 1, 5.6", check_key },
	{ "extensions", "RFC 5280, 4.2", check_unique },
	{ "critical", "AWS Private CA, ImportCertificateAuthorityCertificate",
	    check_critical },
	{ "basicConstraints", "RFC 5280, 4.2.1.9",
	    lint_check_basic_constraints },
	{ "keyUsage", "RFC 5280, 4.2.1.3", lint_check_key_usage },
	{ "extendedKeyUsage", "RFC 5280, 4.2.1.12",
	    lint_check_ext_key_usage },
	{ "nameConstraints", "RFC 5280, 4.2.1.10",
	    lint_check_name_constraints },
	{ "noCheck", "RFC 6960, 4.2.2.2.1", lint_check_ocsp_no_check },
	{ "subjectKeyIdentifier", "RFC 5280, 4.2.1.2",
	    lint_check_subject_key },
	{ "authorityKeyIdentifier", "RFC 5280, 4.2.1.1",
	    lint_check_authority_key },
	{ "path length", "RFC 5280, 4.2.1.9", lint_check_depth },
	{ "reading back", "RFC 5280, 4.1", check_reader },
	{ NULL, NULL, NULL },
};
