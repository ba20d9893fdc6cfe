/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_FILL_H
#define ANCHORITE_OUT_BUNDLE_FILL_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle.h>
#include <anchorite/out/bundle_kind.h>

/*
 * Fills the bundle: the consumer's files, those that all have, import.conf,
 * README.txt and the script. FAIL_REFUSED where a CRL is wanted and there
 * is none, or the target does not fit.
 */
MUST_USE int bundle_fill(const struct bundle_kind *kind,
    const struct bundle_source *source, struct bundle *bundle,
    struct fail *fail);

#endif
