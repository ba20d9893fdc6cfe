/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_RESPLIT_H
#define ANCHORITE_CA_RESPLIT_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/adoption.h>
#include <anchorite/ca/authority.h>
#include <anchorite/custody/split.h>

/*
 * New PINs for the token, split anew, perhaps together with a new policy:
 * for a custodian who is replaced, or a share that was lost. In this order:
 *
 *	split_make		new PINs, shares, envelopes
 *	(the caller prints the sheets and has them typed back)
 *	resplit_intend		envelopes stored, intent recorded
 *	resplit_finish		PINs changed, outcome recorded, sealed
 *
 * What stops after the intent, `recover` rolls forward: it needs enough
 * shares of the old and of the new split.
 */

/* May it be done, with this policy (the one in force, or the next)? */
MUST_USE int resplit_check(const struct authority *authority,
    const struct act *act, const struct policy *policy, struct fail *fail);

/* The approvals of resplit, and of policy where that changes. */
MUST_USE int resplit_check_approval(const struct authority *authority,
    const struct act *act, const struct policy *policy,
    const struct json *parameters, struct fail *fail);

/* `weak`: see amend_policy. */
MUST_USE int resplit_intend(struct authority *authority,
    const struct act *act, const struct adoption *adoption,
    const struct new_split *next, struct json **weak, struct fail *fail);

/* The session is open, and nobody logged in. */
MUST_USE int resplit_finish(struct authority *authority,
    const struct act *act, const struct token_pins *old,
    const struct token_pins *new, struct session *session,
    struct fail *fail);

/* Records an open split as done, if there is one: the session was opened
 * with the new PIN. */
MUST_USE int resplit_record(struct authority *authority,
    const struct act *act, struct fail *fail);

/* Stores the envelopes of a split (not synced yet). */
MUST_USE int resplit_put_envelopes(struct objects *objects,
    const struct split *split, const struct buf *envelopes,
    struct fail *fail);

#endif
