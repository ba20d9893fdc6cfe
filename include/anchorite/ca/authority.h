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
};

/* An authority: a directory whose journal, replayed, is the ledger. */
struct authority {
	char *path;
	int dirfd;
	struct objects *objects;
	struct journal *journal;
	struct ledger *ledger;
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

/* Applies a record, as a replay does, and appends it: see journal_append.
 * After a failure the ledger may be ahead of the journal: release it. */
MUST_USE int authority_append(struct authority *authority,
    const struct act *act, const char *event, struct json **data,
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

/* Ends a transaction: a seal over the head by the journal key. FAIL_TOKEN
 * where what the key signed does not verify: nothing is appended then. */
MUST_USE int authority_seal(struct authority *authority,
    const struct act *act, EVP_PKEY *journal_key, struct fail *fail);

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
