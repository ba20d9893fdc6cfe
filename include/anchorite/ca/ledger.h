/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_LEDGER_H
#define ANCHORITE_CA_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/ca/journal.h>
#include <anchorite/ca/objects.h>
#include <anchorite/ca/policy.h>
#include <anchorite/ca/sitting.h>
#include <anchorite/ca/state.h>
#include <anchorite/ca/target.h>
#include <anchorite/custody/split.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/crl.h>

/* One line of the inventory: a certificate that the root issued; also a
 * certificate of its own whose signing was interrupted (profile ""). */
enum issued_status {
	ISSUED_VALID,
	ISSUED_REVOKED,
	ISSUED_POSSIBLY,	/* signed perhaps; no certificate is known */
};

struct issued {
	struct serial serial;
	enum issued_status status;
	bool has_certificate;
	struct digest certificate, request;	/* objects */
	struct digest tbs, key;			/* of the bytes, of the SPKI */
	struct digest ocsp;			/* the newest response */
	char *profile;
	unsigned consumers;		/* that it is meant for (target.h) */
	struct target target;
	int64_t issued_at, revoked_at;
	enum crl_reason reason;
	size_t same_key;		/* the next of its key, + 1, or 0 */
};

/* What the root key was used for. */
enum purpose {
	PURPOSE_CERTIFICATE,
	PURPOSE_CRL,
	PURPOSE_OCSP,
	PURPOSE_SELF_TEST,		/* signed and verified, kept nowhere */
	PURPOSES,
};
extern const char *const purpose_names[];	/* NULL-ended */

#define INTENT_MAX 1000		/* signatures under one intent */

/* What an intent names: one signature that is about to be made. What does
 * not apply (a CRL has no serial, the root no request, profile and target) is
 * zero. */
struct intent_item {
	struct serial serial;
	struct digest request;
	struct digest tbs, key;
	bool has_existing;		/* of a cross-certificate: */
	struct digest existing;		/* the certificate that is there */
	char *profile;
	unsigned consumers;
	struct target target;
};

/* An intent whose outcome is not recorded yet. */
struct intent {
	int64_t seq;			/* 0: none open */
	int64_t time;
	char *event;			/* "root-intent", … */
	enum purpose purpose;
	struct intent_item *items;
	size_t count;
	uint64_t crl_number;
};

/* Leaves none open. */
void intent_release(struct intent *intent);

/* A key pair, as the journal knows it. */
struct ledger_key {
	struct buf spki;		/* DER; empty: none yet */
	struct buf id;			/* CKA_ID */
	char *label;
};

/* A copy of the root key outside the token, as the custodians stated it. */
struct backup {
	char *name, *place;
	char *fate;			/* NULL until the key is destroyed */
};

/* A request that was used, and by which record (0: an empty place). */
struct used_request {
	struct digest digest;
	int64_t seq;
};

/* How often: what has an outcome, and what a crash left without one. */
struct key_use {
	int64_t made, perhaps;
};

/* Has the token followed the state: is the key locked, open, erased? */
struct key_standing {
	bool is_due;			/* not yet, or a crash came between */
	bool by_token;			/* locked: the token keeps to it */
	char trial[160];		/* what trying showed; "": never */
};

/*
 * All that the journal says, after the records applied so far. There is no
 * other state. Owns everything in it.
 */
struct ledger {
	char *name;
	enum state state;
	struct policy *policy;
	struct cert *custodians[CUSTODIANS_MAX];	/* as in its roster */
	struct approvers last[OPERATIONS];	/* who approved, by operation */
	struct used_request *used;		/* hashed */
	size_t used_count, used_room;
	struct key_standing standing;
	int64_t deletion_ends;		/* while deleted */
	struct backup *backups;
	size_t backup_count;
	struct split split;		/* of the token's PINs; id "": none */
	struct split next_split;	/* intended, not yet known as done */
	struct policy *next_policy;	/* that comes with it, or NULL */
	struct ledger_key journal_key, root_key;
	struct cert *journal_certificate;	/* of the journal key */
	struct cert *root;			/* NULL: none yet */
	struct issued *issued;
	size_t issued_count, issued_room;
	size_t *index, index_room;	/* of issued by serial, hashed */
	size_t *key_index;		/* of the same by key, hashed */
	struct digest crl;			/* the newest CRL */
	uint64_t crl_number;			/* 0: none yet */
	int64_t crl_this_update, crl_next_update;
	struct intent intent;
	struct key_use uses[PURPOSES];	/* of the root key */
	/* Of the newest sitting; boot "": there was none. */
	char boot[SITTING_BOOT + 1], witness[SITTING_WORDS + 1];
	enum clock_word clock;
	int64_t refusals;
	int64_t sealed_seq;			/* the newest seal; 0: none */
	struct digest sealed;			/* the head that it seals */
	char *seal;				/* its signature, base64 */
	int64_t time;			/* of the newest record, and */
	char *by;			/* who made it */
	struct journal_head head;	/* the newest that is no refusal */
	int64_t loose;		/* records behind it that are no refusals */
};

struct ledger *ledger_new(void);
void ledger_release(struct ledger **ledger);

/*
 * Applies one record: is the event known and possible in this state, is its
 * data whole, does an outcome fit its intent, is a serial new; while an
 * intent is open nothing but its outcome, "recovered" and refusals may come.
 * A seal must have the time and the name of the record that it seals, so
 * that nothing in the last line of a journal can be changed. It is
 * remembered, not verified: ledger_verify_seal does that. What custodians
 * must approve has a quorum under the policy in force, by the names that the
 * record gives; their signatures are verified by whoever appends, and by an
 * audit (approvals_audit).
 * Reads the policies', custodians', journal key's and root's objects; the other
 * objects are left to whoever needs them, and to the audit. FAIL_JOURNAL;
 * the ledger is of no more use then.
 */
MUST_USE int ledger_apply(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail);

/* Does an event take approvals in this state, and as which operation? */
bool ledger_event_operation(const struct ledger *ledger, const char *event,
    enum operation *out);

/* The record that used the request, or 0. */
int64_t ledger_find_request(const struct ledger *ledger,
    const struct digest *request);

/*
 * May this policy follow the one in force? FAIL_REFUSED where it names
 * another root (subject, key) than is there, or no custodians any more, or
 * other holders of shares than the split has (`split` NULL: unchanged).
 */
MUST_USE int ledger_check_policy(const struct ledger *ledger,
    const struct policy *policy, const struct split *split,
    struct fail *fail);

/*
 * Deletion: is the window in which it can be taken back over (for destroy),
 * or not yet (for restore)? FAIL_REFUSED with its end and the clock.
 */
#define DELETION_DAYS_MIN     7
#define DELETION_DAYS_MAX     30
#define DELETION_DAYS_DEFAULT 30
MUST_USE int ledger_check_window(const struct ledger *ledger, bool is_over,
    int64_t now, struct fail *fail);

/* Can this backup be recorded? FAIL_INPUT for a name or place that is
 * empty, long or deceptive; FAIL_REFUSED "backup X: is recorded already". */
MUST_USE int ledger_check_backup(const struct ledger *ledger,
    const char *name, const char *place, struct fail *fail);

/* How many certificates, CRLs and responses the root key signed, or perhaps
 * signed: all but its self-tests. */
int64_t ledger_signatures(const struct ledger *ledger);

/* Is the sitting of the newest record going on, in this boot, at `now`? */
bool ledger_is_sitting(const struct ledger *ledger, const char *boot,
    int64_t now);

/* Has more happened than init, or is init sealed? Then a seal is due. */
bool ledger_is_begun(const struct ledger *ledger);

/*
 * Verifies the newest seal. Since it seals the chain up to it, a replay needs
 * no other; an audit verifies each. FAIL_JOURNAL, also where there is none.
 */
MUST_USE int ledger_verify_seal(const struct ledger *ledger,
    struct fail *fail);

/* Adds a line to the inventory; its serial must be new, its key not. */
struct issued *ledger_add(struct ledger *ledger,
    const struct serial *serial, const struct digest *key);

/* Has the root used it, for itself or for another? */
bool ledger_has_serial(const struct ledger *ledger,
    const struct serial *serial);

/* Lends the line of the inventory, or NULL. */
struct issued *ledger_find(const struct ledger *ledger,
    const struct serial *serial);
/* The same by the key that was certified. */
struct issued *ledger_find_key(const struct ledger *ledger,
    const struct digest *spki);
/* Another line of the same key, or NULL: from ledger_find_key's on they are
 * all there, in no order. */
const struct issued *ledger_next_of_key(const struct ledger *ledger,
    const struct issued *issued);

/* What a request (by its digest) became: the newest valid certificate, else
 * the newest line of the inventory; NULL: nothing. */
const struct issued *ledger_find_issued(const struct ledger *ledger,
    const struct digest *request);

/*
 * Finds by a serial, or the beginning (six digits at least) of a serial or
 * of a certificate's digest. FAIL_USAGE "no certificate X", "X fits more
 * than one certificate".
 */
MUST_USE int ledger_look_up(const struct ledger *ledger, const char *id,
    struct issued **out, struct fail *fail);

/* "valid", "revoked", "possibly issued". */
const char *issued_status_name(const struct issued *issued);

#endif
