/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_AUDIT_INTERNAL_H
#define ANCHORITE_OUT_BUNDLE_AUDIT_INTERNAL_H

#include <anchorite/out/bundle_audit.h>
#include <anchorite/out/export.h>

/* bundle_audit_readme.c: appends what the bundle says of itself. */
void bundle_audit_put_readme(const struct ledger *ledger,
    const struct bundle_audit_plan *plan, const struct export_sum *sum,
    int64_t now, struct buf *out);

#endif
