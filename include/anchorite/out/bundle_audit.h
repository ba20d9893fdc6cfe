/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_AUDIT_H
#define ANCHORITE_OUT_BUNDLE_AUDIT_H

#include <stdbool.h>

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>

/* Names of an audit bundle's files beside those of out/bundle.h; journal and
 * objects/ stand in it as in the authority. */
#define BUNDLE_AUDIT_CSV      "audit.csv"
#define BUNDLE_AUDIT_PCA_CSV  "acm-pca.csv"
#define BUNDLE_AUDIT_PCA_JSON "acm-pca.json"

struct bundle_audit_plan {
	const char *path;		/* NULL: bundles/audit-FIRST-LAST in
					   the authority */
	const struct digest *since;	/* behind the record with this digest;
					   NULL: from the first */
	bool is_redacted;		/* without private values */
};

/*
 * For auditors: the journal, or the part of it behind a head that they know;
 * the objects that its records name; the exports for other programs
 * (export.h); the root's and the journal key's certificates; a README; and
 * the manifest over it all, signed by the journal key. From record 1 on it
 * is what audit_verify takes. Objects are copied one by one, so that memory
 * grows with their number, not their size.
 *
 * The directory is built beside under a temporary name, synced, renamed;
 * directories 0755, files 0644. Then it is recorded ("audited":
 * first, last, manifest) and sealed; it stays out where it cannot
 * be recorded. FAIL_REFUSED: "PATH: exists already", "no record stands
 * behind X", export_run's for `since`, authority_check_ready's; FAIL_JOURNAL
 * where an object is missing or has been changed, private ones that were
 * taken out apart. The caller frees *path_out.
 */
MUST_USE int bundle_audit(struct authority *authority, const struct act *act,
    const struct bundle_audit_plan *plan, const struct sealer *sealer,
    char **path_out, struct fail *fail);

#endif
