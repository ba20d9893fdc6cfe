/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_RESPOND_H
#define ANCHORITE_CA_RESPOND_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/x509/ocsp.h>

/*
 * OCSP responses signed ahead of time (RFC 6960; RFC 5019), for a responder
 * that only hands them out: one for each certificate, as the journal knows
 * it now, good as long as a CRL would be.
 */

/* May they be signed? FAIL_REFUSED "the root ended X". */
MUST_USE int respond_check(const struct authority *authority,
    const struct act *act, struct fail *fail);

/*
 * Signs one response for each serial (1 to INTENT_MAX, all of the inventory,
 * none twice), in one transaction: built, intended, signed, read back,
 * verified, stored, recorded, sealed. out[n], NULL before, are the caller's
 * to release; where only the anchor failed, they are given all the same.
 */
MUST_USE int respond_sign(struct authority *authority,
    const struct act *act, const struct serial *serials, size_t count,
    struct session *session, struct ocsp **out, struct fail *fail);

#endif
