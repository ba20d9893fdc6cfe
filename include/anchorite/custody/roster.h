/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CUSTODY_ROSTER_H
#define ANCHORITE_CUSTODY_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/cert.h>

/*
 * Who the custodians are, and what each operation takes of them: the part
 * of a policy that makes control by two persons. All judgement on it is
 * here, as pure functions, so that a replay judges as the command did.
 */
enum role {
	ROLE_OPERATOR,
	ROLE_DISABLE,
	ROLE_DELETE,
	ROLE_RESTORE,
	ROLE_DESTROY,
	ROLE_BACKUP,
	ROLE_POLICY,
	ROLE_SHARE,			/* holds a share of the split PIN */
	ROLE_AUDITOR,
	ROLES,
};
extern const char *const role_names[];	/* NULL-ended */

enum operation {
	OPERATION_SIGN,
	OPERATION_REVOKE,
	OPERATION_CRL,
	OPERATION_CRL_DISABLED,		/* a CRL while the root is disabled */
	OPERATION_OCSP,
	OPERATION_DISABLE,
	OPERATION_ENABLE,
	OPERATION_DELETE,
	OPERATION_RESTORE,
	OPERATION_DESTROY,
	OPERATION_BACKUP,
	OPERATION_POLICY,
	OPERATION_RESPLIT,
	OPERATION_RECOVER,		/* a torn line is set aside */
	OPERATION_ANCHOR,		/* the journal stands, its anchor not */
	OPERATIONS,
};
extern const char *const operation_names[];	/* NULL-ended */

/* FAIL_USAGE "no operation X: …" with all their names. */
MUST_USE int operation_find(const char *name, enum operation *out,
    struct fail *fail);

#define CUSTODIANS_MAX 32

struct custodian {
	const char *name;		/* short, as in a policy; lent */
	struct digest certificate;
	unsigned roles;			/* bit per enum role */
};

/* What one operation takes. */
struct quorum_rule {
	int64_t approvals;
	unsigned roles;			/* each approver has one of these */
	unsigned distinct_from;		/* bit per enum operation: none who
					   approved the last such one */
};

struct roster {
	const struct custodian *custodians;	/* NULL: none */
	size_t count;
	struct quorum_rule rules[OPERATIONS];
};

/* The safe defaults, and what no policy may go below. */
extern const struct quorum_rule quorum_defaults[OPERATIONS];
extern const int64_t quorum_least[OPERATIONS];
/* delete: always other people than disable. */
extern const unsigned quorum_always_distinct[OPERATIONS];

/*
 * Judges a roster by itself: every rule can be satisfied, by as many
 * different custodians as it takes, with those that it must be distinct
 * from; each role that a rule takes has somebody; nothing is below what is
 * least; no certificate stands twice. FAIL_INPUT. One without custodians is
 * fine: then nothing takes approvals, and nothing can be retired.
 */
MUST_USE int roster_check(const struct roster *roster, struct fail *fail);
/* The same of one rule alone. */
MUST_USE int roster_check_rule(const struct roster *roster,
    enum operation operation, struct fail *fail);

/*
 * Judges it with the certificates, in the roster's order: no two of the
 * same person (roster_person) or with the same key. FAIL_REFUSED "custodians
 * alice and bob: have the same key, and could satisfy a quorum alone".
 */
MUST_USE int roster_check_certificates(const struct roster *roster,
    struct cert *const *certificates, struct fail *fail);

/* By which a person is known: the SHA-256 of the certificate's CN, in lower
 * case as far as it is ASCII. */
void roster_person(const struct cert *certificate, struct digest *out);

/*
 * Calls `each` with a sentence for every operation that losing one single
 * custodian would make impossible for good (a new policy could not help,
 * for that could not be approved either); `threshold` is that of the split
 * PIN (0: not split).
 */
void roster_weaknesses(const struct roster *roster, int threshold,
    void (*each)(void *context, const char *sentence), void *context);

/* The index of the custodian, or -1. */
int roster_find(const struct roster *roster, const char *name);
int roster_find_certificate(const struct roster *roster,
    const struct digest *certificate);

/* How many have one of the roles. */
size_t roster_count(const struct roster *roster, unsigned roles);

/* Who approved an operation when it was last done: by name, person and key. */
struct approvers {
	int64_t seq;			/* of its record; 0: never done */
	size_t count;
	struct {
		char name[65];
		struct digest person;	/* roster_person */
		struct digest key;	/* of the SubjectPublicKeyInfo */
	} list[CUSTODIANS_MAX];
};

/*
 * Do these custodians (indexes of the roster) satisfy the operation?
 * `last` has a row for each operation. FAIL_REFUSED, each with its own
 * sentence: the same one twice; without the role; who approved what this
 * must be distinct from; too few. A roster of nobody satisfies what
 * quorum_is_needed does not ask of it.
 */
MUST_USE int quorum_check(const struct roster *roster,
    enum operation operation, const int *custodians, size_t count,
    struct cert *const *certificates, const struct approvers *last,
    struct fail *fail);

/* Does the operation take approvals under this roster? FAIL_REFUSED where
 * it can never be done: it retires, and the roster is empty. */
MUST_USE int quorum_is_needed(const struct roster *roster,
    enum operation operation, bool *needed_out, struct fail *fail);

/* Appends "operator", or "operator or restore". */
void roles_write(unsigned roles, struct buf *out);

#endif
