/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_ACM_PCA_RULES_H
#define ANCHORITE_OUT_ACM_PCA_RULES_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle.h>

#define ACM_PCA_CERTIFICATE_MAX 32768
#define ACM_PCA_CHAIN_MAX       2097152
#define ACM_PCA_LEVELS          5	/* root and subject included */

/*
 * What is judged. Rules run in the table's order: those about form read
 * the files, and the rest judge what was read, not what was meant.
 */
#define ACM_PCA_PATH 16
struct acm_pca_case {
	const struct bundle_source *source;	/* lent */
	const struct bundle *bundle;		/* lent */
	struct cert *path[ACM_PCA_PATH];	/* the certificate, the chain */
	size_t count;
	struct crl *crl;
};

struct acm_pca_rule {
	const char *name;		/* NULL ends the table */
	const char *source;		/* where it is documented */
	int (*check)(struct acm_pca_case *judged, struct fail *fail);
};
extern const struct acm_pca_rule acm_pca_rules[];

/* Releases what the rules read. For AUTO. */
void acm_pca_case_release(struct acm_pca_case *judged);

#endif
