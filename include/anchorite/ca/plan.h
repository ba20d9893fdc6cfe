/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_PLAN_H
#define ANCHORITE_CA_PLAN_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/policy.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/csr.h>

/*
 * From recorded inputs to the bytes to be signed: pure functions, so that
 * an audit can derive every certificate and CRL again. `now` is the time
 * of the intent's record. All append DER to tbs_out.
 */

/* The self-signed root, as AWS's RootCACertificate template has it. */
MUST_USE int plan_root(const struct policy *policy, struct bytes spki,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail);

/* Has the issuer's certificate not ended? FAIL_REFUSED "the root ended X". */
MUST_USE int plan_check_issuer(const struct cert *issuer, int64_t now,
    struct fail *fail);

/*
 * notAfter of a certificate that is signed now. FAIL_REFUSED "validity: ends
 * X, the root ends Y" where it would outlive its issuer, "the root ended Y".
 */
MUST_USE int plan_end(const struct policy_profile *profile,
    const struct cert *issuer, int64_t now, int64_t *out, struct fail *fail);

/* A certificate under the root. FAIL_REFUSED as plan_end. */
MUST_USE int plan_certificate(const struct policy *policy,
    const struct policy_profile *profile, const struct csr *csr,
    const struct cert *issuer, const struct serial *serial, int64_t now,
    struct buf *tbs_out, struct fail *fail);

/*
 * The same for a CA that has a certificate already (NULL: it has none): its
 * subject key identifier is kept, and its notBefore not undercut. Whether the
 * two go together, cross_check judges.
 */
MUST_USE int plan_cross(const struct policy *policy,
    const struct policy_profile *profile, const struct csr *csr,
    const struct cert *existing, const struct cert *issuer,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail);

/* The CRL of all that is revoked in the ledger. */
MUST_USE int plan_crl(const struct ledger *ledger, uint64_t number,
    int64_t now, struct buf *tbs_out, struct fail *fail);

/* nextUpdate of a CRL made now: never past the root's end. */
int64_t plan_crl_next_update(const struct ledger *ledger, int64_t now);

/* An OCSP response about a certificate of the inventory; FAIL_INPUT where
 * the serial is not there, FAIL_REFUSED where it is only possibly issued. */
MUST_USE int plan_ocsp(const struct ledger *ledger,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail);

/* The journal key's own certificate: for seals and manifests, no CA, no
 * end (99991231235959Z, RFC 5280, 4.1.2.5). */
MUST_USE int plan_journal_certificate(const char *name, struct bytes spki,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail);

/* The signature algorithm of the root's key under the policy. */
const struct alg *plan_alg(const struct policy *policy);

#endif
