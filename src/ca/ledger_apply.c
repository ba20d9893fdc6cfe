/* SPDX-License-Identifier: Apache-2.0 */
/* How each event of the journal changes the ledger. */
#include <anchorite/ca/ledger.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "ledger_internal.h"

int
ledger_get_certificate(const struct json *object, const struct objects *objects,
    struct cert **out, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct digest digest;

	if (json_get_digest(object, "certificate", &digest, fail) == -1 ||
	    objects_get(objects, &digest, &der, fail) == -1)
		return -1;
	return cert_read(buf_bytes(&der), out, fail);
}

static int
key_apply(struct ledger_key *key, const struct json *data,
    struct bytes spki, struct fail *fail)
{
	const char *id, *label;

	if (json_get_text(data, "id", &id, fail) == -1 ||
	    json_get_text(data, "label", &label, fail) == -1 ||
	    text_read_hex(id, 255, &key->id, fail) == -1)
		return -1;
	key->label = mem_text(label);
	buf_put(&key->spki, spki);
	return 0;
}

#define SELF_TESTS_MAX 16

int
ledger_count_self_tests(struct ledger *ledger, const struct record *record,
    int64_t expected, struct fail *fail)
{
	struct key_use *use = &ledger->uses[PURPOSE_SELF_TEST];
	int64_t count;

	if (json_get_number(record->data, "self_tests", 0, SELF_TESTS_MAX,
	    &count, fail) == -1)
		return -1;
	use->made += count;
	use->perhaps -= expected;
	return 0;
}

#define NAME_MAX_LEN 64

static int
apply_init(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	AUTO(policy_release) struct policy *policy = NULL;
	const struct json *key, *split;
	const char *name;
	int64_t format;

	if (json_get_number(record->data, "format", 1, 1, &format, fail) ==
		-1 ||
	    ledger_get_words(record->data, "name", NAME_MAX_LEN, &name,
		fail) == -1 ||
	    ledger_get_policy(record->data, "policy", objects, &policy,
		fail) == -1 ||
	    ledger_adopt(ledger, objects, &policy, fail) == -1 ||
	    json_get_object(record->data, "journal_key", &key, fail) == -1 ||
	    ledger_get_certificate(key, objects,
		&ledger->journal_certificate, fail) == -1 ||
	    cert_verify(ledger->journal_certificate,
		ledger->journal_certificate->spki.key, fail) == -1)
		return -1;
	if (json_has(record->data, "split") &&
	    (json_get_object(record->data, "split", &split, fail) == -1 ||
		split_read(split, &ledger->split, fail) == -1 ||
		split_check_holders(&ledger->split, &ledger->policy->roster,
		    fail) == -1))
		return -1;
	ledger->name = mem_text(name);
	return key_apply(&ledger->journal_key, key,
	    ledger->journal_certificate->spki.der, fail);
}

static int
apply_root_key(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(spki_release) struct spki key = { 0 };
	const char *text;

	(void)objects;
	if (json_get_text(record->data, "key", &text, fail) == -1 ||
	    text_read_base64(bytes_text(text), &spki, fail) == -1 ||
	    spki_read(buf_bytes(&spki), &key, fail) == -1)
		return -1;
	if (ledger_count_self_tests(ledger, record, 0, fail) == -1)
		return -1;
	if ((int)key.kind != ledger->policy->root.key)
		return fail_with(fail, FAIL_JOURNAL,
		    "key: policy wants %s, have %s",
		    key_kind_names[ledger->policy->root.key],
		    key_kind_names[key.kind]);
	if (bytes_is_equal(buf_bytes(&spki),
	    buf_bytes(&ledger->journal_key.spki)))
		return fail_with(fail, FAIL_JOURNAL,
		    "key: is the journal's own");
	return key_apply(&ledger->root_key, record->data, buf_bytes(&spki),
	    fail);
}

static int
apply_revoked(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const char *reason;
	struct serial serial;
	struct issued *issued;

	(void)objects;
	if (ledger_get_serial(record->data, &serial, fail) == -1 ||
	    json_get_text(record->data, "reason", &reason, fail) == -1)
		return -1;
	issued = ledger_find(ledger, &serial);
	if (issued == NULL || issued->status == ISSUED_REVOKED)
		return fail_with(fail, FAIL_JOURNAL,
		    "revokes what is not there to be revoked");
	issued->status = ISSUED_REVOKED;
	issued->revoked_at = record->time;
	return crl_reason_read(reason, &issued->reason, fail);
}

static int
apply_seal(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const char *signature;

	(void)objects;
	if (json_get_text(record->data, "signature", &signature, fail) == -1)
		return -1;
	if (json_count(record->data) != 1 || record->time != ledger->time ||
	    strcmp(record->by, ledger->by) != 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "says more than, or other than, what it seals");
	free(ledger->seal);
	ledger->seal = mem_text(signature);
	ledger->sealed = record->prev;
	ledger->sealed_seq = record->seq;
	ledger->loose = 0;
	return 0;
}

/* A failure's sentence, each byte of it escaped at worst. */
#define SENTENCE_MAX (6 * sizeof(((struct fail *)0)->sentence))
#define COMMAND_MAX  64

static int
apply_refused(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const char *command, *sentence;
	int64_t time;

	(void)objects;
	if (json_get_time(record->data, "clock", &time, fail) == -1 ||
	    json_get_text(record->data, "command", &command, fail) == -1 ||
	    json_get_text(record->data, "sentence", &sentence, fail) == -1)
		return -1;
	if (json_count(record->data) != 3 || strlen(command) > COMMAND_MAX ||
	    strlen(sentence) > SENTENCE_MAX)
		return fail_with(fail, FAIL_JOURNAL,
		    "holds more than clock, command and sentence");
	ledger->refusals++;
	return 0;
}

/* A torn line, kept as an object: its record stands in its place. */
static int
apply_set_aside(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct json *parameters;
	struct digest digest;

	(void)ledger;
	(void)objects;
	if (json_get_object(record->data, "parameters", &parameters, fail) ==
	    -1)
		return -1;
	return json_get_digest(parameters, "torn", &digest, fail);
}

#define WORDS_MAX 200

/* What was given up is the newest head that the token held. */
static int
check_held(const struct json *parameters, const struct json *held,
    struct fail *fail)
{
	const char *approved, *text, *newest = "none";
	int64_t seq, most = -1;

	for (size_t n = 0; n < json_count(held); n++) {
		if (json_get_number(json_at(held, n), "seq", 0, INT64_MAX,
			&seq, fail) == -1 ||
		    json_get_text(json_at(held, n), "digest", &text, fail) ==
			-1)
			return -1;
		if (seq >= most) {
			most = seq;
			newest = text;
		}
	}
	if (json_get_text(parameters, "held", &approved, fail) == -1)
		return -1;
	if (strcmp(approved, newest) == 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "the token's newest head is "
	    "%.64s, approved is to give up %.64s", newest, approved);
}

/* The journal stands though its anchor says otherwise: people decided. */
static int
apply_anchor(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct json *parameters, *held;
	const char *reason, *torn;
	struct digest digest;

	(void)ledger;
	(void)objects;
	if (json_get_object(record->data, "parameters", &parameters, fail) ==
		-1 ||
	    ledger_get_words(parameters, "reason", WORDS_MAX, &reason, fail) ==
		-1 ||
	    json_get_text(parameters, "torn", &torn, fail) == -1 ||
	    (torn[0] != '\0' && digest_read_hex(torn, &digest, fail) == -1))
		return -1;
	return json_get_list(record->data, "held", &held, fail) == -1 ? -1 :
	    check_held(parameters, held, fail);
}

#define NONE -1

/* What may come while something is open. */
#define IN_INTENT 1u		/* an intent without its outcome */
#define IN_TURN   2u		/* a decision the token has not followed */
#define IN_SPLIT  4u		/* PINs that are being changed */
#define IN_ANY    (IN_INTENT | IN_TURN | IN_SPLIT)

static const struct event {
	const char *name;
	applier *apply;		/* NULL: nothing but the record itself */
	bool is_loose;		/* must be sealed, or a crash is assumed */
	unsigned within;	/* what may be open */
	int operation;		/* that takes approvals, or NONE */
} events[] = {
	{ "init", apply_init, true, 0, NONE },
	{ "root-key", apply_root_key, true, 0, NONE },
	{ "root-intent", ledger_apply_root_intent, true, 0, NONE },
	{ "root-certified", ledger_apply_root_certified, true, IN_INTENT,
	    NONE },
	{ "sign-intent", ledger_apply_sign_intent, true, 0, OPERATION_SIGN },
	{ "signed", ledger_apply_signed, true, IN_INTENT, NONE },
	{ "crl-intent", ledger_apply_crl_intent, true, 0, OPERATION_CRL },
	{ "crl-signed", ledger_apply_crl_signed, true, IN_INTENT | IN_TURN,
	    NONE },
	{ "ocsp-intent", ledger_apply_ocsp_intent, true, 0, OPERATION_OCSP },
	{ "ocsp-signed", ledger_apply_ocsp_signed, true, IN_INTENT, NONE },
	{ "revoked", apply_revoked, true, 0, OPERATION_REVOKE },
	{ "bundled", NULL, true, 0, NONE },
	{ "audited", NULL, true, 0, NONE },
	{ "disable", ledger_apply_state, true, 0, OPERATION_DISABLE },
	{ "enable", ledger_apply_state, true, 0, OPERATION_ENABLE },
	{ "delete", ledger_apply_delete, true, 0, OPERATION_DELETE },
	{ "restore", ledger_apply_restore, true, 0, OPERATION_RESTORE },
	{ "destroy", ledger_apply_destroy, true, 0, OPERATION_DESTROY },
	{ "key-locked", ledger_apply_key, true, IN_TURN, NONE },
	{ "key-unlocked", ledger_apply_key, true, IN_TURN, NONE },
	{ "key-erased", ledger_apply_key, true, IN_TURN, NONE },
	{ "backup", ledger_apply_backup, true, 0, OPERATION_BACKUP },
	{ "policy", ledger_apply_policy, true, 0, OPERATION_POLICY },
	{ "split-intent", ledger_apply_split_intent, true, 0,
	    OPERATION_RESPLIT },
	{ "split", ledger_apply_split, true, IN_SPLIT, NONE },
	{ "set-aside", apply_set_aside, true, IN_ANY, OPERATION_RECOVER },
	{ "recovered", ledger_apply_recovered, true, IN_ANY, NONE },
	{ "anchor", apply_anchor, true, IN_ANY, OPERATION_ANCHOR },
	{ "refused", apply_refused, false, IN_ANY, NONE },
	{ "seal", apply_seal, false, 0, NONE },
};

static int
event_find(const char *name, const struct event **out, struct fail *fail)
{
	for (size_t n = 0; n < COUNT(events); n++)
		if (strcmp(events[n].name, name) == 0) {
			*out = &events[n];
			return 0;
		}
	return fail_with(fail, FAIL_JOURNAL, "is not known");
}

bool
ledger_event_operation(const struct ledger *ledger, const char *name,
    enum operation *out)
{
	for (size_t n = 0; n < COUNT(events); n++) {
		if (strcmp(events[n].name, name) != 0 ||
		    events[n].operation == NONE)
			continue;
		*out = (enum operation)events[n].operation;
		if (*out == OPERATION_CRL && ledger->state == STATE_DISABLED)
			*out = OPERATION_CRL_DISABLED;
		return true;
	}
	return false;
}

/* Is something open that must be closed before this comes? */
static int
check_open(const struct ledger *ledger, const struct event *event,
    struct fail *fail)
{
	if (ledger->intent.seq != 0 && (event->within & IN_INTENT) == 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "the intent of record %lld is still open",
		    (long long)ledger->intent.seq);
	if (ledger->standing.is_due && (event->within & IN_TURN) == 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "the token has not followed the state");
	if (ledger->next_policy != NULL && (event->within & IN_SPLIT) == 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "a split of the PIN is still open");
	return 0;
}

/* What the first record of a command says beside what it is. */
static int
particulars_apply(struct ledger *ledger, const struct record *record,
    struct fail *fail)
{
	struct sitting sitting = { .boot = "" };
	const struct json *json;
	const char *ticket;

	if (json_has(record->data, "ticket") && ledger_get_words(record->data,
	    "ticket", SITTING_WORDS, &ticket, fail) == -1)
		return -1;
	if (!json_has(record->data, "sitting"))
		return 0;
	if (json_get_object(record->data, "sitting", &json, fail) == -1 ||
	    sitting_read(json, &sitting, fail) == -1)
		return -1;
	snprintf(ledger->boot, sizeof(ledger->boot), "%s", sitting.boot);
	snprintf(ledger->witness, sizeof(ledger->witness), "%s",
	    sitting.witness != NULL ? sitting.witness : "");
	ledger->clock = sitting.clock;
	return 0;
}

static int
event_apply(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct event *event;
	enum operation operation;
	enum state after;

	if (state_after(ledger->state, record->event, &after, fail) == -1 ||
	    event_find(record->event, &event, fail) == -1)
		return -1;
	if ((record->seq == 1) != (event->apply == apply_init))
		return fail_with(fail, FAIL_JOURNAL,
		    "init must be the first record, and only the first");
	if (check_open(ledger, event, fail) == -1 ||
	    particulars_apply(ledger, record, fail) == -1)
		return -1;
	ledger->loose += event->is_loose;
	if (ledger_event_operation(ledger, record->event, &operation) &&
	    ledger_approve(ledger, record, operation, fail) == -1)
		return -1;
	if (event->apply != NULL &&
	    event->apply(ledger, objects, record, fail) == -1)
		return -1;
	ledger->state = after;
	return 0;
}

int
ledger_apply(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	if (event_apply(ledger, objects, record, fail) == -1) {
		/* Whatever it is elsewhere: this record cannot be. */
		if (fail->kind != FAIL_SYSTEM)
			fail->kind = FAIL_JOURNAL;
		return fail_in(fail, "%s", record->event);
	}
	free(ledger->by);
	ledger->by = mem_text(record->by);
	ledger->time = record->time;
	if (strcmp(record->event, "refused") != 0)
		ledger->head = (struct journal_head){
			record->seq, record->time, record->digest
		};
	return 0;
}
