/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_LINT_RULES_H
#define ANCHORITE_X509_LINT_RULES_H

#include <openssl/x509v3.h>

#include <anchorite/x509/lint.h>

/*
 * What a rule judges: the encoding as OpenSSL reads it, not as our own
 * reader does, so that one mistake in ours is not made twice. All lent.
 */
struct lint_case {
	const struct alg *alg;
	struct bytes der;		/* wrapped, with a signature */
	X509 *certificate;		/* or NULL */
	X509_CRL *crl;			/* or NULL */
	X509 *issuer;			/* NULL: self-signed */
	EVP_PKEY *key;			/* throw-away, that signed it */
	const struct lint_aim *aim;	/* of a certificate */
	int64_t now;
};

typedef int lint_check(const struct lint_case *lint, struct fail *fail);

struct lint_rule {
	const char *name;		/* NULL ends a table */
	const char *source;
	lint_check *check;
};
extern const struct lint_rule lint_certificate_rules[];
extern const struct lint_rule lint_crl_rules[];

/* lint_ext.c: by extension. */
MUST_USE lint_check lint_check_basic_constraints, lint_check_key_usage,
    lint_check_ext_key_usage, lint_check_name_constraints,
    lint_check_ocsp_no_check, lint_check_subject_key,
    lint_check_authority_key, lint_check_depth;

/* Seconds since 1970; INT64_MIN for no time at all. */
int64_t lint_seconds(const ASN1_TIME *time);

/* Checks that both tables share. */
MUST_USE int lint_check_name(const X509_NAME *have, const X509_NAME *want,
    struct fail *fail);
MUST_USE int lint_check_algorithm(const struct lint_case *lint,
    struct fail *fail);
MUST_USE int lint_check_hash(int hash, struct fail *fail);
MUST_USE int lint_check_time(const char *what, const ASN1_TIME *time,
    struct fail *fail);
MUST_USE int lint_check_authority(const AUTHORITY_KEYID *have,
    const ASN1_OCTET_STRING *want, struct fail *fail);

#endif
