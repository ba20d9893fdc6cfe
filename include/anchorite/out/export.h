/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_EXPORT_H
#define ANCHORITE_OUT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>

/*
 * The journal for other programs.
 *
 *	jsonl		its lines, byte for byte
 *	csv		a row a record (RFC 4180): seq, time, by, event,
 *			sha256, prev, data (as JSON)
 *	acm-pca-json	a certificate that the root issued each, with the
 *	acm-pca-csv	keys, columns and encodings of AWS Private CA's audit
 *			report; what only AWS knows is left out (CSV: empty)
 */
enum export_format {
	EXPORT_JSONL,
	EXPORT_CSV,
	EXPORT_ACM_PCA_JSON,
	EXPORT_ACM_PCA_CSV,
};
extern const char *const export_format_names[];	/* NULL-ended */

struct export_plan {
	const char *path;		/* the authority's directory */
	enum export_format format;
	const struct digest *since;	/* behind the record with this digest;
					   NULL: from the first */
	bool is_redacted;		/* private values stay commitments */
};

/* What was exported. */
struct export_sum {
	int64_t first, last;		/* records; first > last: none */
	int64_t rows;
	struct digest head;		/* of the last record */
};

/*
 * Hands the export to `write` piece by piece, in order; memory does not
 * grow with the journal's length but with the inventory's. The whole chain
 * is checked on the way; `since` must be the digest of a record of it:
 * FAIL_REFUSED "no record has the digest X: this journal does not extend
 * that one". acm-pca formats since a head: certificates issued or revoked
 * behind it. Nothing is written before the journal has been replayed whole.
 */
MUST_USE int export_run(const struct export_plan *plan,
    int (*write)(void *context, struct bytes piece, struct fail *fail),
    void *context, struct export_sum *out, struct fail *fail);

#endif
