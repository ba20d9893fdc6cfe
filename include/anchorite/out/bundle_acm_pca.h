/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_ACM_PCA_H
#define ANCHORITE_OUT_BUNDLE_ACM_PCA_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle.h>

/*
 * The bundle for AWS Private CA (ImportCertificateAuthorityCertificate):
 * certificate.pem, certificate-chain.pem (issuer first, root last, the
 * certificate itself not in it), root.pem, root.der, crl.pem, crl.der,
 * import.sh, README.txt. A CRL must exist. FAIL_REFUSED.
 */
MUST_USE int bundle_acm_pca_fill(const struct bundle_source *source,
    struct bundle *bundle, struct fail *fail);

/*
 * Holds the bytes of the bundle against every documented rule of the
 * import (AWS Private CA API reference and user guide); FAIL_REFUSED
 * "acm-pca: RULE: want …, have …", naming the source.
 */
MUST_USE int bundle_acm_pca_check(const struct bundle_source *source,
    const struct bundle *bundle, struct fail *fail);

#endif
