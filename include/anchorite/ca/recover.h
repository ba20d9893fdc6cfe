/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_RECOVER_H
#define ANCHORITE_CA_RECOVER_H

#include <stdbool.h>

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>

/* Is there anything that an interrupted command left? */
bool recover_is_needed(const struct authority *authority);

/*
 * Closes what an interrupted command left: an intent without an outcome is
 * taken as signed perhaps (its serials are burnt, listed as "possibly
 * issued", and can be revoked), a decision that the token has not followed
 * is carried out, new PINs that the session was opened with are recorded,
 * the records behind the last seal are sealed; a torn last line is kept as
 * an object, and taken off before.
 * FAIL_REFUSED "nothing to recover".
 */
MUST_USE int recover(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail);

#endif
