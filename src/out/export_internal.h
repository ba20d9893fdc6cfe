/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_EXPORT_INTERNAL_H
#define ANCHORITE_OUT_EXPORT_INTERNAL_H

#include <anchorite/ca/ledger.h>
#include <anchorite/out/export.h>

/* An export under way. */
struct exporter {
	const struct export_plan *plan;
	int (*write)(void *context, struct bytes piece, struct fail *fail);
	void *context;
	struct fail unwritten;		/* what `write` said; kind 0: nothing */
	int dirfd;
	struct objects *objects;
	struct journal *journal;
	struct ledger *ledger;
	bool is_begun;			/* behind plan->since */
	enum issued_status *then;	/* of the inventory, at plan->since */
	size_t then_count;
	bool is_whole;			/* the head was met again */
	struct export_sum sum;
};

/* Hands a piece on. */
MUST_USE int export_put(struct exporter *exporter, struct bytes piece,
    struct fail *fail);

/* Appends a field of a CSV row (RFC 4180, 2), quoted where it must be. */
void export_cell(struct buf *row, const char *text);

/* export_acm_pca.c: the inventory, as AWS's audit report has it. */
MUST_USE int export_acm_pca(struct exporter *exporter, struct fail *fail);

#endif
