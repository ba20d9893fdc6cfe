/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an audit share. */
#ifndef ANCHORITE_OUT_AUDIT_INTERNAL_H
#define ANCHORITE_OUT_AUDIT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/digest.h>
#include <anchorite/ca/journal.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/out/audit.h>

/* A file of objects/ that has a digest for a name. */
struct audit_object {
	struct digest digest;
	uint64_t named_by : 63;		/* the first record that does; or 0 */
	uint64_t is_whole : 1;		/* read, and found to be as named */
};

#define AUDIT_BUCKETS 65536

/* All of them, sorted by digest. */
struct audit_objects {
	const struct objects *store;	/* lent */
	struct audit_object *items;
	size_t count, room;
	size_t *starts;			/* by the first two octets */
	int64_t others;			/* files of any other name */
	int64_t redacted;		/* private values without an object */
};

MUST_USE int audit_objects_list(const struct objects *store,
    struct audit_objects *out, struct fail *fail);
/* Remembers what a record names, at any depth. Where `check`, what must be
 * there is there, and private values are what they were. */
MUST_USE int audit_objects_name(struct audit_objects *objects,
    const struct record *record, bool check, struct fail *fail);
/* As objects_get. */
MUST_USE int audit_objects_get(struct audit_objects *objects,
    const struct digest *digest, struct buf *out, struct fail *fail);
/* Reads what is named and was not read yet. */
MUST_USE int audit_objects_finish(const struct audit_objects *objects,
    struct fail *fail);
int64_t audit_objects_count_strays(const struct audit_objects *objects);
void audit_objects_release(struct audit_objects *objects);

/* One signature that is about to be made, and the bytes that the recorded
 * inputs give for it. */
struct audit_item {
	struct serial serial;
	struct digest tbs_digest;
	struct buf tbs;
};

/* An intent, until its outcome comes. */
struct audit_intent {
	int64_t seq;			/* 0: none */
	enum audit_kind kind;
	struct audit_item *items;
	size_t count;
};

void audit_intent_release(struct audit_intent *intent);
/* Names the nth item, where an intent of the kind has several; -1. */
MUST_USE int audit_fail_in_item(const struct audit_intent *intent, size_t n,
    struct fail *fail);

/* What is looked for, and what is known of it. */
struct audit_quarry {
	struct digest whole, tbs;
	bool is_exact;			/* recorded bit for bit */
	struct audit_trace trace;
};

/* An audit under way. */
struct auditor {
	int dirfd;
	struct objects *store;
	struct journal *journal;
	struct ledger *ledger;
	struct audit counts;
	struct audit_objects objects;
	struct audit_intent intent;
	struct audit_quarry *quarry;		/* lent, or NULL */
	const struct audit_watch *watch;	/* lent, or NULL */
	struct audit_progress progress;
	int64_t told;				/* when, in milliseconds */
};

MUST_USE int auditor_open(const char *path, struct auditor *auditor,
    struct fail *fail);
void auditor_close(struct auditor *auditor);
MUST_USE int auditor_run(struct auditor *auditor, bool may_be_torn,
    struct fail *fail);

/* What the record, which the ledger has taken, is about to sign is derived;
 * what it says was signed is compared with that. */
MUST_USE int audit_derive(struct auditor *auditor,
    const struct record *record, struct fail *fail);

/* The record has closed the intent: what came of each item? */
MUST_USE int audit_check_outcome(struct auditor *auditor,
    const struct record *record, struct fail *fail);

#endif
