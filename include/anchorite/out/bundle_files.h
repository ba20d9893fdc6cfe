/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_FILES_H
#define ANCHORITE_OUT_BUNDLE_FILES_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle.h>

/*
 * The bundle for anyone: certificate, chain, root and, where there is one,
 * CRL, each as PEM and DER, and a README.txt with the openssl commands
 * that check them.
 */
MUST_USE int bundle_files_fill(const struct bundle_source *source,
    struct bundle *bundle, struct fail *fail);
MUST_USE int bundle_files_check(const struct bundle_source *source,
    const struct bundle *bundle, struct fail *fail);

#endif
