/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_JOURNAL_H
#define ANCHORITE_CA_JOURNAL_H

#include <openssl/types.h>

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>

/*
 * The journal: canonical JSON, one record a line, each naming the SHA-256
 * of the line before it (its newline included; the first names 64 zeros):
 *
 *	{"by":…,"data":{…},"event":…,"prev":…,"seq":1,"time":…}
 *
 * A seal is a record whose data holds the journal key's signature, base64,
 * over journal_seal_message of the head it follows.
 */
#define JOURNAL_NAME     "journal.jsonl"
#define JOURNAL_LINE_MAX (16 * 1024 * 1024)

struct record {
	int64_t seq;			/* from 1 */
	int64_t time;			/* seconds, UTC */
	const char *by;			/* who, as the operator said */
	const char *event;		/* a-z and hyphens */
	const struct json *data;
	struct digest prev, digest;	/* of the line before, of this one */
	struct bytes line;		/* as it stands, newline included */
};

/* The newest record. */
struct journal_head {
	int64_t seq;			/* 0: no record yet */
	int64_t time;
	struct digest digest;
};

struct journal;

/*
 * Opens the journal in an authority's directory; `create` makes a new one
 * (FAIL_REFUSED where it exists). `write` takes the lock (flock): in use is
 * FAIL_SYSTEM. None there, or not a regular file: FAIL_INPUT. Reads nothing
 * yet.
 */
MUST_USE int journal_open(int dirfd, bool create, bool write,
    struct journal **out, struct fail *fail);
void journal_release(struct journal **journal);

/*
 * Reads every record in order and hands it to `each` (may be NULL). Checks
 * on the way: canonical form, sequence, chain, time never backwards; a
 * fault is FAIL_JOURNAL "journal: record N: …" (a last line without its
 * newline: "record N: torn"). Lines are streamed: memory does not grow
 * beyond JOURNAL_LINE_MAX.
 */
MUST_USE int journal_replay(struct journal *journal,
    int (*each)(void *context, const struct record *record,
    struct fail *fail), void *context, struct fail *fail);

/*
 * Appends one record and makes it last (one write, fdatasync); takes the
 * data over. Only after journal_replay. FAIL_REFUSED where `time` is before
 * the head's ("clock: it is X, the journal is at Y"). The line is read back
 * and handed to `each` (may be NULL) before it is written, so that nothing
 * is ever written that a replay would not take. What could not be written
 * is taken off again; where that fails too, the record may stand there:
 * then it counts as the head, and nothing can be appended any more.
 */
MUST_USE int journal_append(struct journal *journal, int64_t time,
    const char *by, const char *event, struct json **data,
    int (*each)(void *context, const struct record *record,
    struct fail *fail), void *context, struct fail *fail);

/* Has journal_replay met, behind whole records, a last line without end? */
bool journal_is_torn(const struct journal *journal);

/* Appends what stands of the torn line. */
MUST_USE int journal_read_torn(const struct journal *journal,
    struct buf *out, struct fail *fail);
/*
 * From here on records can be appended, the first of them over the torn
 * line: no record ever named that, and at no moment is it gone without a
 * record in its place.
 */
MUST_USE int journal_set_aside(struct journal *journal, struct fail *fail);

/*
 * The number of the first record whose digest begins so, or 0. Reads the
 * journal again; what it says was checked by journal_replay.
 */
MUST_USE int journal_find(const struct journal *journal,
    struct bytes prefix, int64_t *seq_out, struct fail *fail);

const struct journal_head *journal_head(const struct journal *journal);

/* Appends "anchorite seal 1\n<hex digest>\n", what a seal signs. */
void journal_seal_message(const struct digest *head, struct buf *out);

/*
 * Verifies a seal: `signature` is the base64 text of its record, `head` the
 * digest of the line before it. FAIL_JOURNAL.
 */
MUST_USE int journal_verify_seal(const char *signature,
    const struct digest *head, EVP_PKEY *key, struct fail *fail);

#endif
