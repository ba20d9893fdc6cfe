/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_REQUEST_H
#define ANCHORITE_CA_REQUEST_H

#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/custody/roster.h>

/*
 * What custodians approve: one operation with its parameters, on one
 * authority, at one point of its journal. A line of canonical JSON:
 *
 *	{"authority":{"key":…,"name":…},"created":…,"expires":…,
 *	"format":1,"head":{"digest":…,"seq":…},"nonce":…,
 *	"operation":"disable","parameters":{…},"policy":…}
 *
 * key: SHA-256 of the root's SubjectPublicKeyInfo (before there is a root
 * key: of the journal key's); head: the newest record that is no refusal.
 */
#define REQUEST_MAX       (1024 * 1024)
#define REQUEST_NONCE_LEN 16

struct request {
	struct buf text;		/* the file's bytes; owned */
	struct digest digest;		/* of them */
	struct json *json;		/* owned; the rest points into it */
	enum operation operation;
	const char *name;
	struct digest key, head, policy;
	int64_t head_seq, created, expires;
	const struct json *parameters;
};

/* What a request is made of; parameters are taken over. */
struct request_plan {
	enum operation operation;
	struct json *parameters;
	int64_t now, expires;
	uint8_t nonce[REQUEST_NONCE_LEN];
};

MUST_USE int request_build(const struct ledger *ledger,
    struct request_plan *plan, struct request **out, struct fail *fail);

/* FAIL_INPUT where it is not canonical, or lacks anything. */
MUST_USE int request_read(struct bytes text, struct request **out,
    struct fail *fail);
void request_release(struct request **request);

/*
 * Is the request good for this operation with these parameters, now?
 * FAIL_REFUSED, each with its own sentence: for another authority; used
 * already; made at another head; under another policy; another operation;
 * other parameters; not made yet; ended.
 */
MUST_USE int request_check(const struct request *request,
    const struct ledger *ledger, enum operation operation,
    const struct json *parameters, int64_t now, struct fail *fail);

/* A request with the approvals that were verified over it. */
struct approval {
	struct buf cms;			/* owned */
	struct digest digest;
	int custodian;			/* index in the policy's roster */
	int64_t signed_at;
};

struct approvals {
	struct request *request;	/* owned */
	struct approval list[CUSTODIANS_MAX];
	size_t count;
};

struct approvals *approvals_new(struct request **request);
void approvals_release(struct approvals **approvals);

/*
 * Verifies one custodian's CMS signature over the request and adds it. The
 * certificate inside must be one of the roster's in force. The time of
 * signing, which is the word of the custodian's machine, must lie between
 * the request's making and `now`, but for an hour, as clocks drift: a clock
 * that was set back here, to begin a waiting period early, shows so.
 * FAIL_REFUSED: "signed by CN=Mallory, whose certificate is not in the
 * roster", "signature does not verify", signed after the request's end or at
 * a time that cannot be, "custodian alice: approved twice", without the role.
 */
MUST_USE int approvals_add(struct approvals *approvals,
    const struct ledger *ledger, struct bytes cms, int64_t now,
    struct fail *fail);

/* Is the quorum of the operation there? */
MUST_USE int approvals_check(const struct approvals *approvals,
    const struct ledger *ledger, enum operation operation,
    struct fail *fail);

/*
 * Stores request and signatures (not synced yet) and gives what a record
 * keeps of them: {"by":[{"cms":…,"custodian":"alice"}],"request":…}. The
 * caller owns it.
 */
MUST_USE int approvals_put(const struct approvals *approvals,
    const struct ledger *ledger, struct objects *objects,
    struct json **out, struct fail *fail);

/*
 * The way back, for an audit: reads what a record keeps of approvals, the
 * objects too, and verifies all of it against the ledger as it was before
 * the record, at the record's time.
 */
MUST_USE int approvals_audit(const struct json *approval,
    const struct ledger *ledger, const struct objects *objects,
    enum operation operation, const struct json *parameters,
    int64_t time, struct fail *fail);

#endif
