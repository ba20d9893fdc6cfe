/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_REVOKE_H
#define ANCHORITE_CA_REVOKE_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/x509/crl.h>

/* May it be revoked? FAIL_REFUSED "certificate X: is revoked already". */
MUST_USE int revoke_check(const struct authority *authority,
    const struct act *act, const struct issued *issued, struct fail *fail);

/* Revokes a certificate of the inventory; the next CRL carries it. */
MUST_USE int revoke_certificate(struct authority *authority,
    const struct act *act, const struct issued *issued, enum crl_reason reason,
    struct session *session, struct fail *fail);

/* May a CRL be signed? FAIL_REFUSED "the root ended X". */
MUST_USE int revoke_check_crl(const struct authority *authority,
    const struct act *act, struct fail *fail);

/* Signs a CRL of all that is revoked, with the next number: built, linted,
 * intended, signed, read back, verified, stored, recorded, sealed. Where
 * only the anchor failed then, *out is given all the same. */
MUST_USE int revoke_sign_crl(struct authority *authority,
    const struct act *act, struct session *session, struct crl **out,
    struct fail *fail);

#endif
