/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_RETIRE_H
#define ANCHORITE_CA_RETIRE_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/custody/roster.h>

/*
 * May this be done now: is the state right, the clock, the window of a
 * deletion? For disable, enable, delete, restore, destroy and backup.
 */
MUST_USE int retire_check(const struct authority *authority,
    const struct act *act, enum operation operation, struct fail *fail);

/*
 * Does one of them: the decision is recorded with its approvals (act), then
 * the token follows (retire_follow), then all is sealed. What stops between
 * leaves a decision that `recover` carries out.
 */
MUST_USE int retire_decide(struct authority *authority,
    const struct act *act, enum operation operation,
    const struct json *parameters, struct session *session,
    struct fail *fail);

/*
 * Makes the token follow the state, where it is due: locks the root key
 * (CKA_SIGN cleared, and a signature tried), unlocks it, or erases it; and
 * records what trying showed. Doing it twice does no harm.
 */
MUST_USE int retire_follow(struct authority *authority,
    const struct act *act, struct session *session, struct fail *fail);

#endif
