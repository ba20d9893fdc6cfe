/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_CHECK_H
#define ANCHORITE_OUT_BUNDLE_CHECK_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle.h>

/*
 * What the judges of bundles share. All read the very bytes of the files;
 * faults are FAIL_REFUSED and say "want …, have …".
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

/* Is the DER file these bytes? */
MUST_USE int bundle_check_der(const struct bundle *bundle, const char *name,
    struct bytes der, struct fail *fail);

/*
 * Validates a path (RFC 5280, 6) by OpenSSL with X509_V_FLAG_X509_STRICT,
 * name constraints included: path[0] is judged at the moment `now`, the
 * last is the anchor. With a CRL (or NULL) path[0] must not be on it.
 */
MUST_USE int bundle_check_path(struct cert *const *path, size_t count,
    const struct crl *crl, int64_t now, struct fail *fail);

#endif
