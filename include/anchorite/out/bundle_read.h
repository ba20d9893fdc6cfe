/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_READ_H
#define ANCHORITE_OUT_BUNDLE_READ_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle.h>

/*
 * Reading the very bytes of a bundle's files. Faults are FAIL_REFUSED, and
 * their sentences say what is there ("another form in line 1"), for rules
 * to put behind "have".
 */

/* Lends a file's bytes. */
MUST_USE int bundle_get(const struct bundle *bundle, const char *name,
    struct bytes *out, struct fail *fail);

/*
 * Reads the certificates of a PEM file, in order, at most `max`; the caller
 * releases them. The form is held to: LF, 64 columns, nothing before,
 * between or after the blocks (RFC 7468, 3, strict).
 */
MUST_USE int bundle_read_certificates(const struct bundle *bundle,
    const char *name, size_t max, struct cert **out, size_t *count_out,
    struct fail *fail);

/* The same for a file that holds one CRL. */
MUST_USE int bundle_read_crl(const struct bundle *bundle, const char *name,
    struct crl **out, struct fail *fail);

/*
 * Validates a path (RFC 5280, 6) by OpenSSL with X509_V_FLAG_X509_STRICT,
 * name constraints included: path[0] is judged at the moment `now`, the
 * last is the anchor. With a CRL (or NULL) path[0] must not be on it.
 * `purpose` is OpenSSL's name of one ("sslserver"), or NULL.
 */
MUST_USE int bundle_validate(struct cert *const *path, size_t count,
    const struct crl *crl, const char *purpose, int64_t now,
    struct fail *fail);

#endif
