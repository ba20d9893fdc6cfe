/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_AUDIT_H
#define ANCHORITE_OUT_AUDIT_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/journal.h>

/* What an audit counted. */
struct audit {
	int64_t records, seals, refusals;
	int64_t roots, certificates, crls;	/* derived again, bit for bit */
	int64_t approvals;		/* quorums verified again */
	int64_t possibly;		/* signatures without an outcome */
	int64_t unsealed;		/* records behind the last seal */
	int64_t strays;			/* objects that no record names */
	struct journal_head head;
	char name[128];
};

/*
 * Verifies an authority from its directory alone, without token or key:
 * replays the journal (form, chain, states, seals); derives the
 * to-be-signed bytes of every certificate and CRL again from the recorded
 * inputs and compares them with what was intended and with what was
 * signed; verifies every signature, and every approval under the policy
 * that was in force; checks every object's digest and that
 * no serial was used twice. FAIL_JOURNAL names the first record that is
 * wrong, and why.
 */
MUST_USE int audit_verify(const char *path, struct audit *out,
    struct fail *fail);

/*
 * The same for what stands before a torn last line, if there is one: to be
 * asked before what an interrupted command left is sealed.
 */
MUST_USE int audit_verify_recoverable(const char *path, struct fail *fail);

/* Counts the files in objects/ that no record names; a torn last line is
 * none. */
MUST_USE int audit_count_strays(const char *path, int64_t *out,
    struct fail *fail);

/* Calls `each` for every record, chain checked, from a sequence number. */
MUST_USE int audit_show(const char *path, int64_t from,
    int (*each)(void *context, const struct record *record,
    struct fail *fail), void *context, struct fail *fail);

#endif
