/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_AUTHORITY_H
#define ANCHORITE_CA_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/fail.h>
#include <anchorite/ca/journal.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/ca/request.h>
#include <anchorite/token/key.h>
#include <anchorite/token/session.h>

#define BUNDLES_NAME "bundles"

/* Who acts, when (the clock is an argument), and on whose approval. */
struct act {
	const char *by;
	int64_t now;			/* seconds, UTC */
	const struct approvals *approvals;	/* lent; NULL: nobody's */
	const struct sitting *sitting;	/* lent; that begins; NULL: none */
	const char *ticket;		/* lent; NULL: none */
};

/* An authority: a directory whose journal, replayed, is the ledger. */
struct authority {
	char *path;
	int dirfd;
	struct objects *objects;
	struct journal *journal;
	struct ledger *ledger;
	unsigned privates;		/* of the policy it was opened under */
	bool is_told;			/* sitting and ticket are recorded */
	char *by;			/* who acts, as a commitment, or NULL */
};

/* What seals: the journal key, found in the token, and the token, which
 * keeps the anchor. */
struct sealer {
	struct key *key;		/* owned; NULL: a software key */
	EVP_PKEY *signer;		/* lent by the key */
	struct session *session;	/* lent; NULL: no token, no anchor */
	bool is_compared;		/* with what the token knew then: */
	struct journal_head held;
	bool has_held;			/* if anything */
};

/*
 * Makes the directory with an empty journal, objects/ and bundles/, locked.
 * FAIL_REFUSED where it exists.
 */
MUST_USE int authority_create(const char *path, struct authority **out,
    struct fail *fail);
/* Takes a directory away again that has no record yet. */
void authority_abandon(struct authority **authority);

/*
 * Opens and replays; `write` takes the lock. A journal whose last line is
 * torn opens, without that line, so that it can be looked at and recovered.
 */
MUST_USE int authority_open(const char *path, bool write,
    struct authority **out, struct fail *fail);
void authority_release(struct authority **authority);

/*
 * May a new transaction start? FAIL_REFUSED while the last line is torn, an
 * intent is open or records stand unsealed ("an earlier command stopped
 * half-way …: run anchorite recover"), where the clock is before the
 * journal's head, and where the event is not possible in this state.
 */
MUST_USE int authority_check_ready(const struct authority *authority,
    const struct act *act, const char *event, struct fail *fail);

/*
 * Applies a record, as a replay does, and appends it: see journal_append.
 * The first of a command says what the act has of a sitting and a ticket;
 * what the policy marks as private stands as a commitment. After a failure
 * the ledger may be ahead of the journal: release it.
 */
MUST_USE int authority_append(struct authority *authority,
    const struct act *act, const char *event, struct json **data,
    struct fail *fail);

/*
 * The text as it is to stand in a record: where the policy makes the field
 * private, a commitment, whose object lasts from the next objects_sync on.
 * The caller frees it.
 */
MUST_USE int authority_guard(struct authority *authority,
    enum private_field field, const char *text, char **out,
    struct fail *fail);

/*
 * Does the act have the approvals that the operation takes, with these
 * parameters? FAIL_REFUSED: see request_check, quorum_check.
 */
MUST_USE int authority_check_approval(const struct authority *authority,
    const struct act *act, enum operation operation,
    const struct json *parameters, struct fail *fail);

/* The same; and stores them (synced) and puts them into a record's data. */
MUST_USE int authority_put_approval(struct authority *authority,
    const struct act *act, enum operation operation,
    const struct json *parameters, struct json *data, struct fail *fail);

/*
 * Finds the journal key in the open token, and holds the journal against the
 * anchor that the token keeps (anchor_check): nothing can be sealed on a
 * journal that is not the newest.
 */
MUST_USE int authority_find_sealer(const struct authority *authority,
    struct session *session, struct sealer *out, struct fail *fail);
void sealer_release(struct sealer *sealer);

/*
 * Ends a transaction: a seal over the head by the journal key, then, where
 * the policy wants it, the new head as anchor into the token. FAIL_TOKEN
 * where what the key signed does not verify, FAIL_JOURNAL where the token's
 * head is not what it was when the sealer was found (another machine seals
 * with the same token): nothing is appended then. "done and sealed, but:
 * anchor: …" where all is done but the anchor is the old one.
 */
MUST_USE int authority_seal(struct authority *authority,
    const struct act *act, const struct sealer *sealer, struct fail *fail);

/* Is the newest record of a transaction sealed? So it is where authority_seal
 * failed with the anchor alone. */
bool authority_is_sealed(const struct authority *authority);

/* Before a policy comes into force that wants an anchor in the token, for
 * the first time: the newest head is put there. */
MUST_USE int authority_prepare_anchor(const struct authority *authority,
    const struct policy *next, struct session *session, struct fail *fail);

/*
 * Records that policy or state forbade a command (FAIL_REFUSED; any other
 * kind is not recorded, nor is any behind a torn line). The failure stays as
 * it is: a fault in recording is added to its sentence.
 */
void authority_refuse(struct authority *authority, const struct act *act,
    const char *command, struct fail *refusal);

/*
 * Finds a key of the ledger in the open token; the caller releases it.
 * FAIL_TOKEN where it is not there, or its public key is another.
 */
MUST_USE int authority_find_key(const struct ledger_key *wanted,
    struct session *session, struct key **out, struct fail *fail);

/* The same, with the EVP_PKEY that signs in the token, lent by the key. */
MUST_USE int authority_find_signer(const struct ledger_key *wanted,
    struct session *session, struct key **key_out, EVP_PKEY **signer_out,
    struct fail *fail);

#endif
