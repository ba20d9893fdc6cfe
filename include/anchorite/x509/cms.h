/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CMS_H
#define ANCHORITE_X509_CMS_H

#include <openssl/types.h>

#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>

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

/*
 * Takes the one certificate inside a SignedData, and the signing time: who
 * says that they signed, and when; cms_verify proves it. Appended, DER.
 * FAIL_INPUT where it is not the SignedData that cms_verify takes, or has
 * not one signing time; FAIL_REFUSED for a hash that is no longer good.
 */
MUST_USE int cms_read_signer(struct bytes cms, struct buf *certificate_out,
    int64_t *signing_time_out, struct fail *fail);

/*
 * Certificates alone, as SignedData without signers (PKCS #7's degenerate
 * form, RFC 2315, 9.1; a .p7b file), DER, in the order given; appended.
 */
MUST_USE int cms_write_certificates(const struct bytes *certificates,
    size_t count, struct buf *out, struct fail *fail);

/*
 * CMS EnvelopedData (RFC 5652, 6) of a few bytes to one certificate,
 * AES-256-CBC, DER; appended. EC keys by ephemeral-static ECDH (RFC 5753,
 * 3.1) with SHA-256 and AES-256 key wrap, RSA keys by RSAES-OAEP with SHA-1
 * (RFC 3560; few tokens know another hash). `openssl cms -decrypt -inform
 * DER` opens it. FAIL_INPUT where the certificate is none, FAIL_REFUSED
 * where its key usage forbids it ("key usage lacks keyAgreement").
 */
MUST_USE int cms_encrypt(struct bytes content,
    struct bytes recipient_certificate, struct buf *out, struct fail *fail);

/*
 * Opens it with the key of that certificate, which may live in a token.
 * EnvelopedData proves nothing of who made it, or that it is whole: the
 * caller must know the content by other means. FAIL_INPUT where it is not
 * EnvelopedData to one recipient, holds more than SECRET_MAX bytes, is for
 * another certificate ("is not for this custodian's certificate"), sends an
 * RSA key's by other than OAEP, or does not open; FAIL_TOKEN where the token
 * failed.
 */
MUST_USE int cms_decrypt(struct bytes cms, struct bytes certificate,
    EVP_PKEY *key, struct secret *out, struct fail *fail);

#endif
