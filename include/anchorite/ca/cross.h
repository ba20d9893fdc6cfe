/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_CROSS_H
#define ANCHORITE_CA_CROSS_H

#include <stdint.h>

#include <anchorite/base/fail.h>
#include <anchorite/base/rule.h>
#include <anchorite/x509/cert.h>

/*
 * Cross-certificates: a CA that has a certificate already gets another one,
 * of this root. What they must have in common, so that each chain means what
 * the other does, is a table of rules.
 */
struct cross {
	const struct cert *existing;
	const struct cert *planned;	/* read from bytes not signed yet */
	const struct cert *root;	/* that is to sign */
	int64_t now;
};
extern const struct rule cross_rules[];	/* subject: struct cross * */

/*
 * Who has signed an existing certificate, by the name of its issuer; that it
 * verifies, the rules judge, and CROSS_BY_ANOTHER breaks them. By itself, it
 * is worth as much as the word of whoever holds its key: whoever approves is
 * told.
 */
enum cross_signer { CROSS_BY_ITSELF, CROSS_BY_ROOT, CROSS_BY_ANOTHER };
extern const char *const cross_signer_names[];	/* "itself", "this root" */
enum cross_signer cross_signer(const struct cert *existing,
    const struct cert *root);

/*
 * Judges a planned TBSCertificate (its algorithm is the root's) by all the
 * rules at the moment `now`, in seconds. A pure function. FAIL_REFUSED
 * "cross-certificate: RULE: want W, have H (SOURCE); …".
 */
MUST_USE int cross_check(const struct cert *existing, struct bytes tbs,
    const struct alg *alg, const struct cert *root, int64_t now,
    struct fail *fail);

#endif
