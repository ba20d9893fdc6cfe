/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_PKCS8_H
#define ANCHORITE_X509_PKCS8_H

#include <openssl/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>
#include <anchorite/x509/spki.h>

#define PKCS8_FILE_MAX 16384

/* Generates a key pair in software; the caller frees it (EVP_PKEY_free). */
MUST_USE int pkcs8_generate(enum key_kind kind, EVP_PKEY **out,
    struct fail *fail);

/*
 * Appends the key as PKCS#8 EncryptedPrivateKeyInfo (RFC 5958, 3), PEM:
 * PBES2 (RFC 8018, 6.2) with scrypt (RFC 7914) and AES-256-CBC. FAIL_INPUT
 * for a passphrase shorter than PKCS8_PASSPHRASE_MIN bytes.
 */
#define PKCS8_PASSPHRASE_MIN 8
MUST_USE int pkcs8_write(EVP_PKEY *key, const struct secret *passphrase,
    struct buf *out, struct fail *fail);

/*
 * Reads such a file. FAIL_INPUT where it is not an encrypted PKCS#8 key
 * ("PRIVATE KEY" in clear is refused by name), not PBES2, or of a kind that
 * we do not know; and "the passphrase is wrong".
 */
MUST_USE int pkcs8_read(struct bytes file, const struct secret *passphrase,
    EVP_PKEY **out, struct fail *fail);

#endif
