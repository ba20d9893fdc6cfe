/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_EMIT_H
#define ANCHORITE_OUT_EMIT_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/out/bundle.h>

/* One row a consumer: how its bundle is filled and judged. */
struct emit_consumer {
	const char *name;	/* "acm-pca" */
	const char *summary;
	int (*fill)(const struct bundle_source *source,
	    struct bundle *bundle, struct fail *fail);
	int (*check)(const struct bundle_source *source,
	    const struct bundle *bundle, struct fail *fail);
};

/* NULL-named row ends it. */
extern const struct emit_consumer emit_consumers[];

/* FAIL_USAGE with the names there are. */
MUST_USE int emit_find_consumer(const char *name,
    const struct emit_consumer **out, struct fail *fail);

/*
 * Makes one certificate's bundle: filled, checked against the consumer's
 * rules, its manifest signed by the journal key, written to `path` (NULL:
 * bundles/CONSUMER-SERIAL16 in the authority), recorded ("bundled"),
 * sealed. A revoked certificate, or one without a file, is FAIL_REFUSED.
 * *path_out is the caller's to free.
 */
MUST_USE int emit_bundle(struct authority *authority, const struct act *act,
    const struct emit_consumer *consumer, const struct issued *issued,
    const char *path, struct session *session, char **path_out,
    struct fail *fail);

/* The same, with what seals at hand. */
MUST_USE int emit_bundle_with(struct authority *authority,
    const struct act *act, const struct emit_consumer *consumer,
    const struct issued *issued, const char *path, const struct sealer *sealer,
    char **path_out, struct fail *fail);

#endif
