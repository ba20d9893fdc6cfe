/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate's extensions must say, of a CA and of an end entity. */
#include "lint_rules.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>

/* The extension's value, for the caller to free; NULL with the reason. */
static void *
decode(const struct lint_case *lint, int nid, bool critical,
    struct fail *fail)
{
	X509_EXTENSION *extension = X509_get_ext(lint->certificate,
	    X509_get_ext_by_NID(lint->certificate, nid, -1));
	void *value;

	if (extension == NULL) {
		(void)fail_with(fail, FAIL_REFUSED, "absent");
		return NULL;
	}
	if (critical != (X509_EXTENSION_get_critical(extension) == 1)) {
		(void)fail_with(fail, FAIL_REFUSED, critical ?
		    "not critical" : "critical");
		return NULL;
	}
	value = X509V3_EXT_d2i(extension);
	if (value == NULL)
		(void)fail_openssl(fail, FAIL_REFUSED, "does not parse");
	return value;
}

int
lint_check_basic_constraints(const struct lint_case *lint, struct fail *fail)
{
	BASIC_CONSTRAINTS *value = decode(lint, NID_basic_constraints, true,
	    fail);
	bool ca, limited;

	if (value == NULL)
		return -1;
	ca = value->ca != 0;
	limited = value->pathlen != NULL;
	BASIC_CONSTRAINTS_free(value);
	if (!ca && limited)
		return fail_with(fail, FAIL_REFUSED,
		    "a path length without CA:TRUE");
	if (ca != lint->aim->ca)
		return fail_with(fail, FAIL_REFUSED, ca ?
		    "CA:TRUE, want CA:FALSE" : "CA:FALSE, want CA:TRUE");
	return 0;
}

static bool
has(const struct lint_case *lint, int nid)
{
	return X509_get_ext_by_NID(lint->certificate, nid, -1) >= 0;
}

/* A CA must have it, with both; an end entity may, with neither. */
int
lint_check_key_usage(const struct lint_case *lint, struct fail *fail)
{
	static const int bits[] = { EXT_KU_KEY_CERT_SIGN, EXT_KU_CRL_SIGN };
	ASN1_BIT_STRING *value;
	bool set[COUNT(bits)];
	size_t n;

	if (!lint->aim->ca && !has(lint, NID_key_usage))
		return 0;
	value = decode(lint, NID_key_usage, true, fail);
	if (value == NULL)
		return -1;
	for (n = 0; n < COUNT(bits); n++)
		set[n] = ASN1_BIT_STRING_get_bit(value, bits[n]) == 1;
	ASN1_BIT_STRING_free(value);
	for (n = 0; n < COUNT(bits); n++)
		if (set[n] != lint->aim->ca)
			return fail_with(fail, FAIL_REFUSED, "%s %s",
			    set[n] ? "with" : "without",
			    key_usage_names[bits[n]]);
	return 0;
}

/* What an end entity's certificate says it is for, it must be fit for. */
static int
check_purpose(const struct lint_case *lint, const ASN1_OBJECT *purpose,
    struct fail *fail)
{
	static const struct {
		int nid, openssl;
	} known[] = {
		{ NID_server_auth, X509_PURPOSE_SSL_SERVER },
		{ NID_client_auth, X509_PURPOSE_SSL_CLIENT },
		{ NID_email_protect, X509_PURPOSE_SMIME_SIGN },
		{ NID_time_stamp, X509_PURPOSE_TIMESTAMP_SIGN },
	};
	int nid = OBJ_obj2nid(purpose);
	size_t n;

	for (n = 0; n < COUNT(known) && !lint->aim->ca; n++)
		if (known[n].nid == nid && X509_check_purpose(
		    lint->certificate, known[n].openssl, 0) != 1)
			return fail_with(fail, FAIL_REFUSED, "not fit for %s",
			    OBJ_nid2sn(nid));
	return 0;
}

/* Neither this nor a key usage: good for anything. */
int
lint_check_ext_key_usage(const struct lint_case *lint, struct fail *fail)
{
	X509_EXTENSION *extension = X509_get_ext(lint->certificate,
	    X509_get_ext_by_NID(lint->certificate, NID_ext_key_usage, -1));
	EXTENDED_KEY_USAGE *value;
	int n, done = 0;

	if (extension == NULL && (lint->aim->ca || has(lint, NID_key_usage)))
		return 0;
	if (extension == NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "absent, and no keyUsage");
	value = X509V3_EXT_d2i(extension);
	if (value == NULL)
		return fail_openssl(fail, FAIL_REFUSED, "does not parse");
	if (sk_ASN1_OBJECT_num(value) == 0)
		done = fail_with(fail, FAIL_REFUSED, "names no purpose");
	for (n = 0; n < sk_ASN1_OBJECT_num(value) && done == 0; n++)
		done = check_purpose(lint, sk_ASN1_OBJECT_value(value, n),
		    fail);
	EXTENDED_KEY_USAGE_free(value);
	return done;
}

int
lint_check_name_constraints(const struct lint_case *lint, struct fail *fail)
{
	if (!lint->aim->ca && has(lint, NID_name_constraints))
		return fail_with(fail, FAIL_REFUSED, "not in a CA's");
	return 0;
}

/* It says that nobody need ask whether this responder is revoked. */
int
lint_check_ocsp_no_check(const struct lint_case *lint, struct fail *fail)
{
	ASN1_NULL *value;

	if (!has(lint, NID_id_pkix_OCSP_noCheck))
		return 0;
	value = decode(lint, NID_id_pkix_OCSP_noCheck, false, fail);
	if (value == NULL)
		return -1;
	ASN1_NULL_free(value);
	if (lint->aim->ca || (X509_get_extension_flags(lint->certificate) &
	    EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(
	    lint->certificate) & XKU_OCSP_SIGN) == 0)
		return fail_with(fail, FAIL_REFUSED, "not in a certificate "
		    "for OCSPSigning");
	return 0;
}

int
lint_check_subject_key(const struct lint_case *lint, struct fail *fail)
{
	ASN1_OCTET_STRING *value = decode(lint, NID_subject_key_identifier,
	    false, fail);
	bool is_given = lint->aim->subject_key.len > 0;
	struct bytes want = lint->aim->subject_key;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool same;

	if (value == NULL)
		return -1;
	if (!is_given && X509_pubkey_digest(lint->certificate, EVP_sha1(),
	    hash, &len) == 1)
		want = bytes_of(hash, len);
	same = want.len > 0 && bytes_is_equal(want,
	    bytes_of(ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value)));
	ASN1_OCTET_STRING_free(value);
	if (!same)
		return fail_with(fail, FAIL_REFUSED, is_given ?
		    "not the one that it was to have" :
		    "not the SHA-1 of the public key");
	return 0;
}

/* What is self-signed may leave it out (RFC 5280, 4.2.1.1). */
int
lint_check_authority_key(const struct lint_case *lint, struct fail *fail)
{
	X509 *issuer = lint->issuer != NULL ? lint->issuer :
	    lint->certificate;
	AUTHORITY_KEYID *value;
	int done;

	if (lint->issuer == NULL && X509_get_ext_by_NID(lint->certificate,
	    NID_authority_key_identifier, -1) < 0)
		return 0;
	value = decode(lint, NID_authority_key_identifier, false, fail);
	if (value == NULL)
		return -1;
	done = lint_check_authority(value, X509_get0_subject_key_id(issuer),
	    fail);
	AUTHORITY_KEYID_free(value);
	return done;
}

int
lint_check_depth(const struct lint_case *lint, struct fail *fail)
{
	long have = X509_get_pathlen(lint->certificate);
	long above = lint->issuer == NULL ? -1 :
	    X509_get_pathlen(lint->issuer);

	if (above < 0 || !lint->aim->ca)
		return 0;
	if (have < 0)
		return fail_with(fail, FAIL_REFUSED,
		    "no path length, issuer's is %ld", above);
	if (have >= above)
		return fail_with(fail, FAIL_REFUSED,
		    "path length %ld, issuer's is %ld", have, above);
	return 0;
}
