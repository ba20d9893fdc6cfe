/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_LINT_H
#define ANCHORITE_X509_LINT_H

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/cert.h>

/*
 * Lint before signing: to-be-signed bytes are signed with a throw-away key
 * of the issuer key's kind, read back, held against a table of rules, and
 * validated as a path by OpenSSL (X509_V_FLAG_X509_STRICT) under a stand-in
 * for the issuer: its certificate with the throw-away key in place of its
 * own. So a certificate that no verifier would take is never signed.
 *
 * The throw-away keys are constants in the source, their private halves
 * public: making an RSA-4096 key for each command would take longer than
 * all else, and a signature by a published key is worth nothing to anyone.
 */
struct lint;

/* `issuer` is lent for the call; NULL: what is linted is self-signed. */
MUST_USE int lint_open(enum key_kind issuer_kind, const struct cert *issuer,
    struct lint **out, struct fail *fail);
void lint_release(struct lint **lint);

/* What the certificate is meant to be. */
struct lint_aim {
	bool ca;
	struct bytes subject_key;	/* its identifier; lent; empty: the
					   SHA-1 of its key */
};

/*
 * Judges a TBSCertificate at the moment `now` (seconds). FAIL_REFUSED
 * "lint: RULE: …" with the rule's name and source.
 */
MUST_USE int lint_certificate(const struct lint *lint, const struct alg *alg,
    struct bytes tbs, const struct lint_aim *aim, int64_t now,
    struct fail *fail);

/* Judges a TBSCertList. */
MUST_USE int lint_crl(const struct lint *lint, const struct alg *alg,
    struct bytes tbs, int64_t now, struct fail *fail);

#endif
