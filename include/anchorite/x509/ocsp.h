/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_OCSP_H
#define ANCHORITE_X509_OCSP_H

#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/crl.h>

/*
 * OCSP responses (RFC 6960) signed ahead of time by the root itself, for one
 * certificate each, in the lightweight profile (RFC 5019, 2.2): no nonce,
 * CertID by SHA-1, ResponderID by key (SHA-1 of the issuer's public key, RFC
 * 6960, 4.2.1), one SingleResponse with nextUpdate, no certificates, since
 * the issuer itself signs.
 */
#define OCSP_MAX 65536		/* bytes of a response, DER */

enum ocsp_status {
	OCSP_GOOD,
	OCSP_REVOKED,
};

/* What a response is made of; all lent. */
struct ocsp_plan {
	const struct cert *issuer;	/* the root: name and key hashed */
	struct serial serial;		/* of the certificate asked for */
	enum ocsp_status status;
	int64_t revoked_at;		/* where revoked */
	enum crl_reason reason;
	int64_t produced_at, this_update, next_update;
};

/*
 * Appends the DER ResponseData: a pure function of the plan. FAIL_INPUT for
 * a reason without a name, "times: want thisUpdate, then producedAt, then
 * nextUpdate, have …" (RFC 6960, 4.2.2.1); the first two may be one.
 */
MUST_USE int ocsp_build(const struct ocsp_plan *plan, struct buf *tbs_out,
    struct fail *fail);

/* Appends the whole OCSPResponse (successful) around signed bytes. */
void ocsp_assemble(const struct alg *alg, struct bytes tbs,
    struct bytes signature, struct buf *out);

/* One as read: strict DER, exactly the profile above. */
struct ocsp {
	struct buf der;			/* owned; the rest points into it */
	struct bytes tbs, signature;
	const struct alg *alg;
	struct bytes issuer_name;	/* its hash, SHA-1, as in CertID */
	struct bytes issuer_key;	/* the same; ResponderID's is equal */
	struct serial serial;
	enum ocsp_status status;
	int64_t revoked_at;
	enum crl_reason reason;
	int64_t produced_at, this_update, next_update;
};

/* FAIL_INPUT for anything else than such a response. */
MUST_USE int ocsp_read(struct bytes der, struct ocsp **out,
    struct fail *fail);
void ocsp_release(struct ocsp **ocsp);

/*
 * Verifies under the issuer: its name and key hashed as CertID has them, its
 * key as ResponderID has it, the signature. FAIL_INPUT.
 */
MUST_USE int ocsp_verify(const struct ocsp *ocsp, const struct cert *issuer,
    struct fail *fail);

#endif
