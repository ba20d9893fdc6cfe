/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CMS_H
#define ANCHORITE_X509_CMS_H

#include <openssl/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * Detached CMS SignedData (RFC 5652, 5) over the content as it is (binary),
 * with the signer's certificate inside and a signingTime attribute, SHA-256,
 * DER; appended. `openssl cms -verify -inform DER -binary -content FILE`
 * accepts it.
 */
MUST_USE int cms_sign(struct bytes content, struct bytes signer_certificate,
    EVP_PKEY *key, int64_t signing_time, struct buf *out,
    struct fail *fail);

/*
 * Verifies it under exactly this certificate: the one inside must be the
 * same, byte for byte; no chain is built. FAIL_REFUSED "signature does not
 * verify" or "signed by another certificate"; FAIL_INPUT where it is not
 * CMS.
 */
MUST_USE int cms_verify(struct bytes cms, struct bytes content,
    struct bytes signer_certificate, struct fail *fail);

#endif
