/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_EXPORT_H
#define ANCHORITE_UNIT_EXPORT_H

#include "authority.h"

#include <anchorite/ca/private.h>
#include <anchorite/out/export.h>

/* What the tests of exports and of audit bundles share. */

#define CSV_HEADER "seq,time,by,event,sha256,prev,data\r\n"
#define PCA_HEADER \
	"awsAccountId,requestedByServicePrincipal,certificateArn,serial," \
	"subject,notBefore,notAfter,issuedAt,revokedAt,revocationReason," \
	"templateArn\n"

/* Takes an export; fails, or does harm, at a piece. */
struct taken {
	struct buf all;
	size_t pieces, fails_at;	/* 0: never */
	void (*harm)(struct world *w);	/* at the first piece */
	struct world *world;
};

static inline void
taken_release(struct taken *taken)
{
	buf_release(&taken->all);
}

static inline int
take(void *context, struct bytes piece, struct fail *fail)
{
	struct taken *taken = context;

	if (++taken->pieces == taken->fails_at)
		return fail_with(fail, FAIL_SYSTEM, "out.csv: no room");
	if (taken->harm != NULL && taken->pieces == 1)
		taken->harm(taken->world);
	buf_put(&taken->all, piece);
	return 0;
}

static inline struct export_sum
export(const struct world *w, enum export_format format,
    const struct digest *since, struct taken *taken)
{
	const struct export_plan plan = {
		.path = w->path, .format = format, .since = since,
	};
	struct export_sum sum = { 0 };

	MUST(export_run(&plan, take, taken, &sum, &fault));
	return sum;
}

/* What the export must be, byte for byte. */
static inline void
want(const struct world *w, enum export_format format,
    const struct digest *since, const char *text)
{
	AUTO(taken_release) struct taken taken = { 0 };

	export(w, format, since, &taken);
	assert_string_equal(buf_cstr(&taken.all), text);
}

/* It must not be, and `pieces` of it went out. */
static inline void
refuse_at(const struct world *w, struct export_plan plan,
    struct taken *taken, size_t pieces, enum fail_kind kind,
    const char *sentence)
{
	struct export_sum untouched = { .rows = 77 };

	plan.path = w->path;
	MUST_FAIL(kind, sentence,
	    export_run(&plan, take, taken, &untouched, &fault));
	assert_int_equal(untouched.rows, 77);
	assert_int_equal(taken->pieces, pieces);
}

/* The digest of a line of the journal, from 1. */
static inline struct digest
line_digest(const struct world *w, int64_t seq)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	struct digest digest;

	load(w->journal, &text);
	assert_true((size_t)seq <= split_lines(buf_bytes(&text), lines));
	digest_of(lines[seq - 1], &digest);
	return digest;
}

/* As a policy that marks names as private makes the journal. */
static inline void
hide_tester(struct world *w, char commitment[96])
{
	AUTO(buf_release) struct buf text = { 0 };

	MUST(private_put(w->authority->objects, "Alice, \"A\"", &text,
	    &fault));
	snprintf(commitment, 96, "%s", buf_cstr(&text));
	world_rewrite(w, "tester", commitment);
}

#define IN_WORLD(test) \
	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
#define IN_FULL(test) \
	cmocka_unit_test_setup_teardown(test, world_setup_full, \
	    world_teardown)

#endif
