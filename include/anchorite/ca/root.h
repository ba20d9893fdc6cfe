/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_ROOT_H
#define ANCHORITE_CA_ROOT_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/adoption.h>
#include <anchorite/ca/authority.h>
#include <anchorite/custody/split.h>

/* What an authority begins with; all lent. */
struct founding {
	const char *path, *name;
	const struct adoption *adoption;
	struct json **weak;		/* see amend_policy; taken over */
	const struct split *split;	/* NULL: the PIN is not split */
	const struct buf *envelopes;	/* of its shares */
};

/*
 * Begins an authority: the journal key (EC P-256) is made in the token and
 * certifies itself, the policy goes into force, the first record and its
 * seal are written. The session is logged in. On failure nothing of the
 * directory stays, and a journal key that was made is destroyed; but where
 * the first record may be on disk both stay, for `recover` to seal.
 */
MUST_USE int root_init(const struct founding *founding,
    const struct act *act, struct session *session, struct fail *fail);

/* Appends the label that root_generate gives the key. */
void root_label(const char *name, struct buf *out);

/* Makes the root key pair as the policy says; the journal gets its
 * attestation. The authority is then pending its certificate. */
MUST_USE int root_generate(struct authority *authority,
    const struct act *act, struct session *session, struct fail *fail);

/*
 * Adopts a key that is in the token already; `uri` names it (object=, id=).
 * FAIL_REFUSED where its kind is not the policy's, or where key_check
 * finds it weakly kept. What cannot be known of its past, the attestation
 * says: CKA_LOCAL false is recorded, not refused.
 */
MUST_USE int root_adopt(struct authority *authority, const struct act *act,
    const struct uri *uri, struct session *session, struct fail *fail);

/* What certifying would sign, for showing; then the signing itself. */
MUST_USE int root_plan(struct authority *authority, const struct act *act,
    struct session *session, struct serial *serial_out, struct buf *tbs_out,
    struct fail *fail);
MUST_USE int root_certify(struct authority *authority,
    const struct act *act, const struct serial *serial, struct bytes tbs,
    struct session *session, struct fail *fail);

#endif
