/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_EMIT_H
#define ANCHORITE_OUT_EMIT_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/target.h>
#include <anchorite/out/bundle.h>
#include <anchorite/out/bundle_kind.h>

/* One bundle that is to be made; all lent but the path. */
struct emit_order {
	enum consumer consumer;
	const struct issued *issued;
	const char *request;		/* its file, for sentences; or NULL */
	const char *resource, *region, *bucket;	/* NULL: not known */
	char *path;			/* owned; NULL: emit_prepare sets it to
					   bundles/CONSUMER-SERIAL16 in the
					   authority */
	const struct bundle_kind *kind;	/* emit_prepare finds it */
};

/* Bundles, one or many, that are ready to be signed. */
struct emission;

/*
 * Fills the bundles and holds their bytes to the consumers' rules, with no
 * token. FAIL_REFUSED: a revoked certificate, or one without a file, a broken
 * rule, two of one path, "PATH: exists already". Authority, act and orders are
 * lent until the release.
 */
MUST_USE int emit_prepare(struct authority *authority, const struct act *act,
    struct emit_order *orders, size_t count, struct emission **out,
    struct fail *fail);

/*
 * Gives each its manifest, signed by the journal key; writes them all as new
 * directories; then records each ("bundled"), and seals them together. A
 * directory that could not be recorded does not stay.
 */
MUST_USE int emit_finish(struct emission *emission,
    const struct sealer *sealer, struct fail *fail);
void emission_release(struct emission **emission);

#endif
