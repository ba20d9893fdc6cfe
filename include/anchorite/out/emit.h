/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_EMIT_H
#define ANCHORITE_OUT_EMIT_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/target.h>
#include <anchorite/out/bundle.h>

/* One bundle that is to be made; all lent but the path. */
struct emit_order {
	enum consumer consumer;
	const struct issued *issued;
	const char *resource, *region, *bucket;	/* NULL: not known */
	char *path;			/* owned; NULL: emit_bundles sets it to
					   bundles/CONSUMER-SERIAL16 in the
					   authority */
};

/*
 * Makes bundles, one or many: each is filled and held to its consumer's
 * rules before the first is written; then each gets its manifest signed by
 * the journal key, is written as a new directory and recorded ("bundled");
 * one seal covers them all. FAIL_REFUSED: a revoked certificate, or one
 * without a file, a broken rule, two of one path, "PATH: exists already".
 */
MUST_USE int emit_bundles(struct authority *authority, const struct act *act,
    struct emit_order *orders, size_t count, const struct sealer *sealer,
    struct fail *fail);

#endif
