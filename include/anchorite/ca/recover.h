/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_RECOVER_H
#define ANCHORITE_CA_RECOVER_H

#include <stdbool.h>

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>

/* Is there anything that an interrupted command left? */
bool recover_is_needed(const struct authority *authority);

/* What stands of a torn last line, if one is torn: its digest. */
MUST_USE int recover_torn(const struct authority *authority,
    bool *torn_out, struct digest *digest_out, struct fail *fail);

/*
 * Closes what an interrupted command left: a torn last line is kept as an
 * object and a record stands in its place, which takes approvals (of
 * deed_recover); an intent without an outcome gets it, where all that it
 * names is found in objects/ and verifies, else what is not found is taken
 * as signed perhaps (its serials are burnt, listed as "possibly issued", and
 * can be revoked); a decision that the token has not followed is carried
 * out; new PINs that the session was opened with are recorded; all is
 * sealed. FAIL_REFUSED "nothing to recover".
 */
MUST_USE int recover(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail);

#define ANCHOR_REASON_MAX 200

/*
 * The same, and takes the journal as it stands, whatever the token's anchor
 * says (a token that was replaced or lost its objects, a paper that was
 * lost), by the custodians' decision (deed_anchor); the record keeps what
 * the token held (`held`: the SHA-256 of the newest head there, or "none",
 * as it was approved: an approval does for no other), and the seal puts the
 * new head in its place. What a newer journal said is lost then: whoever
 * approves must know why. Not by
 * authority_check_ready: it may be all that can be done. FAIL_REFUSED where
 * nothing is wrong with the token's anchor, and none is on paper.
 */
MUST_USE int recover_anchor(struct authority *authority,
    const struct act *act, const char *reason, const char *held,
    struct session *session, struct fail *fail);

#endif
