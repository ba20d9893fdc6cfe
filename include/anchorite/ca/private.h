/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_PRIVATE_H
#define ANCHORITE_CA_PRIVATE_H

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/ca/objects.h>

/*
 * Private values of the journal: what a policy marks so (a name, a ticket
 * number) stands in a record as a commitment, the text "private:" and the
 * SHA-256 of an object, and the object holds the value with a random salt,
 * in canonical JSON:
 *
 *	{"salt":"<64 hex>","value":"Alice"}
 *
 * Whoever has the object can check that it is the one the record means;
 * whoever has the record alone learns nothing. An object that is taken out
 * of objects/ redacts the value, and changes no digest of the journal.
 */
#define PRIVATE_PREFIX "private:"

/* Is this text a commitment? */
bool private_is(const char *text);

/* Its digest; FAIL_INPUT where it is none. */
MUST_USE int private_read(const char *text, struct digest *out,
    struct fail *fail);

/* Stores the value (not synced yet) and appends its commitment. */
MUST_USE int private_put(struct objects *objects, const char *value,
    struct buf *out, struct fail *fail);

/*
 * Appends the value behind a text: the text itself where it is no
 * commitment, the value where its object is there, else "(redacted)".
 * FAIL_JOURNAL where the object has been changed or is not one.
 */
MUST_USE int private_show(const struct objects *objects, const char *text,
    struct buf *out, struct fail *fail);

#endif
