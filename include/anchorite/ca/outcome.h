/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_OUTCOME_H
#define ANCHORITE_CA_OUTCOME_H

#include <stdbool.h>

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>

/*
 * Records what came of the open intent: the objects, in the order of its
 * items, that hold what was signed; they are synced before. `data` is taken
 * over, with what the caller has put into it beside.
 */
MUST_USE int outcome_record(struct authority *authority,
    const struct act *act, const struct digest *objects, struct json **data,
    struct fail *fail);

/* What was found for one item of an intent. */
struct outcome {
	bool is_found;
	struct digest object;
};

/*
 * Looks through objects/ for what the open intent names: an object counts
 * where its to-be-signed bytes are those intended and its signature verifies
 * under the root key. `out` has a place for each item. An object that is
 * none, or damaged, is passed over.
 */
MUST_USE int outcome_search(const struct authority *authority,
    struct outcome *out, struct fail *fail);

#endif
