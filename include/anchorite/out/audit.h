/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_AUDIT_H
#define ANCHORITE_OUT_AUDIT_H

#include <sys/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/ca/journal.h>

/* What an audit counted. */
struct audit {
	int64_t records, seals, refusals;
	int64_t roots, certificates, crls, responses;	/* derived again */
	int64_t approvals;		/* quorums verified again */
	int64_t possibly;		/* signatures without an outcome */
	int64_t unsealed;		/* records behind the last seal, */
	int64_t loose;			/* and of them no refusals */
	int64_t strays;			/* objects that no record names */
	int64_t redacted;		/* mentions of values taken out */
	struct journal_head head;
	char name[128];
};

/* How far an audit has come. */
struct audit_progress {
	int64_t records;		/* verified */
	off_t done, total;		/* bytes of the journal */
};

/* Who wants to know, at most ten times a second and at the end. */
struct audit_watch {
	void (*tell)(void *context, const struct audit_progress *progress);
	void *context;
};

/*
 * Verifies an authority from its directory alone, without token or key:
 * replays the journal (form, chain, states, seals); derives the
 * to-be-signed bytes of every certificate, CRL and OCSP response again from
 * the recorded inputs and compares them, bit for bit, with what was intended
 * and with what was signed; verifies every signature, and every approval
 * under the policy that was in force; checks every object's digest and that no
 * serial was used twice. FAIL_JOURNAL names the first record that is
 * wrong, and why; an object is named with the first record that names it.
 * A private value (private.h) whose object was taken out is counted. Memory
 * grows with the inventory and the files of objects/, not with the journal.
 * `watch` may be NULL.
 */
MUST_USE int audit_verify(const char *path, const struct audit_watch *watch,
    struct audit *out, struct fail *fail);

/*
 * The same for what stands before a torn last line, if there is one: to be
 * asked before what an interrupted command left is sealed.
 */
MUST_USE int audit_verify_recoverable(const char *path, struct fail *fail);

/* What the root key signs. */
enum audit_kind {
	AUDIT_ROOT,
	AUDIT_CERTIFICATE,
	AUDIT_CRL,
	AUDIT_OCSP,
};

/* "root certificate", "certificate", "CRL", "OCSP response". */
const char *audit_kind_name(enum audit_kind kind);

/* What the journal says of one thing that the root key signed. */
struct audit_trace {
	enum audit_kind kind;
	int64_t intended;	/* the record before the signature */
	int64_t recorded;	/* the record behind it; 0: possibly issued */
};

/*
 * Is this, DER, of the authority's journal? Audits all of it, as
 * audit_verify does; then either a record names the very bytes, which were
 * derived again (`recorded`), or an intent without an outcome was about to
 * sign them: possibly issued. FAIL_JOURNAL for what the root's key signed
 * and no record speaks of, or with another signature than the one recorded.
 * FAIL_INPUT for what is not signed by the root's key, nor in the form
 * that certificates, CRLs and OCSP responses have.
 */
MUST_USE int audit_trace(const char *path, struct bytes der,
    struct audit_trace *out, struct fail *fail);

/* Counts the files in objects/ that no record names; a torn last line is
 * none. */
MUST_USE int audit_count_strays(const char *path, int64_t *out,
    struct fail *fail);

/* Calls `each` for every record, chain checked, from a sequence number. */
MUST_USE int audit_show(const char *path, int64_t from,
    int (*each)(void *context, const struct record *record,
    struct fail *fail), void *context, struct fail *fail);

#endif
