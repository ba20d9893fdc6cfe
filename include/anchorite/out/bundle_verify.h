/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_VERIFY_H
#define ANCHORITE_OUT_BUNDLE_VERIFY_H

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/rule.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

/*
 * Verification by the receiver, who has the directory alone, perhaps with
 * fingerprints from the record of the ceremony.
 */
struct bundle_verdict {
	struct bundle bundle;
	const struct bundle_kind *kind;
	struct bundle_case judged;	/* what was read */
	struct cert *signer;		/* of the manifest: the journal key */
	int64_t signed_at;		/* as the signer says */
	struct rule_results results;	/* of the consumer's rules */
};

/*
 * Reads a bundle; requires that the manifest lists each of its files but
 * itself and its signature, and no other, with their digests, and that the
 * journal key in the bundle has signed it; then judges by the consumer's
 * rules at the moment `now`. Whether rules are broken stands in the results
 * (rules_refuse). FAIL_INPUT: "PATH: no manifest.sha256 in it: …" and
 * bundle_load's; FAIL_REFUSED: "FILE: not in manifest.sha256", "FILE: in
 * manifest.sha256, and missing", "FILE: not as it was made", "manifest.p7s:
 * signature does not verify". The caller releases.
 */
MUST_USE int bundle_verify(const char *path, int64_t now,
    struct bundle_verdict **out, struct fail *fail);
void bundle_verdict_release(struct bundle_verdict **verdict);

/* FAIL_REFUSED where root or journal key's certificate have another SHA-256
 * than these; NULL: not known. */
MUST_USE int bundle_verify_fingerprints(const struct bundle_verdict *verdict,
    const struct digest *root, const struct digest *journal_key,
    struct fail *fail);

#endif
