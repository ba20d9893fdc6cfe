/* SPDX-License-Identifier: Apache-2.0 */
/* How each event of the journal changes the ledger. */
#include <anchorite/ca/ledger.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "ledger_internal.h"

static int
get_certificate(const struct json *object, const struct objects *objects,
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
	    get_certificate(key, objects, &ledger->journal_certificate, fail) ==
		-1 ||
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
intent_apply(struct ledger *ledger, const struct record *record,
    const struct intent_form *form, const char *profile, struct fail *fail)
{
	struct intent *intent = &ledger->intent;
	const struct json *items;
	struct digest policy;

	if (json_get_digest(record->data, "policy", &policy, fail) == -1 ||
	    json_get_list(record->data, "items", &items, fail) == -1)
		return -1;
	if (!digest_is_equal(&policy, &ledger->policy->digest))
		return fail_with(fail, FAIL_JOURNAL,
		    "made under a policy that is not in force");
	if (ledger_read_items(ledger, items, form, fail) == -1)
		return -1;
	intent->seq = record->seq;
	intent->time = record->time;
	intent->event = mem_text(record->event);
	intent->profile = mem_text(profile);
	ledger->root_signatures += (int64_t)intent->count;
	return 0;
}

static int
apply_root_intent(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	static const struct intent_form form = { true, false, 1 };

	(void)objects;
	return intent_apply(ledger, record, &form, "", fail);
}

static int
apply_sign_intent(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	static const struct intent_form form = { true, true, INTENT_MAX };
	const struct policy_profile *profile;
	const char *name;

	(void)objects;
	if (json_get_text(record->data, "profile", &name, fail) == -1 ||
	    policy_profile(ledger->policy, name, &profile, fail) == -1)
		return -1;
	return intent_apply(ledger, record, &form, profile->name, fail);
}

static int
apply_crl_intent(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	static const struct intent_form form = { false, false, 1 };
	int64_t number;

	(void)objects;
	if (json_get_number(record->data, "number", 1, INT64_MAX, &number,
	    fail) == -1)
		return -1;
	if ((uint64_t)number != ledger->crl_number + 1)
		return fail_with(fail, FAIL_JOURNAL,
		    "CRL number: want %llu, have %lld",
		    (unsigned long long)ledger->crl_number + 1,
		    (long long)number);
	ledger->intent.crl_number = (uint64_t)number;
	/* While disabled the key is unlocked for this one signature. */
	ledger->standing.is_due = ledger->state == STATE_DISABLED;
	return intent_apply(ledger, record, &form, "", fail);
}

/* Is this the outcome of the open intent? */
static int
outcome_check(const struct ledger *ledger, const struct record *record,
    const char *event, struct fail *fail)
{
	int64_t intent;

	if (json_get_number(record->data, "intent", 1, INT64_MAX, &intent,
	    fail) == -1)
		return -1;
	if (intent != ledger->intent.seq ||
	    strcmp(ledger->intent.event, event) != 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "the outcome of an intent that is not open");
	return 0;
}

static int
apply_root_certified(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	struct digest tbs;

	if (outcome_check(ledger, record, "root-intent", fail) == -1 ||
	    get_certificate(record->data, objects, &ledger->root, fail) == -1)
		return -1;
	digest_of(ledger->root->tbs, &tbs);
	if (!digest_is_equal(&tbs, &ledger->intent.items[0].tbs) ||
	    !bytes_is_equal(ledger->root->spki.der,
	    buf_bytes(&ledger->root_key.spki)))
		return fail_with(fail, FAIL_JOURNAL,
		    "the root's certificate is not the one intended");
	/* All that it signs is made with its identifier. */
	if (!ledger->root->ca ||
	    ledger->root->subject_key.len != DIGEST_SHA1_LEN)
		return fail_with(fail, FAIL_JOURNAL,
		    "the root's certificate is not that of a root");
	if (cert_verify(ledger->root, ledger->root->spki.key, fail) == -1)
		return fail_in(fail, "root");
	intent_release(&ledger->intent);
	return 0;
}

/* Puts an item of the intent into the inventory. */
static struct issued *
inventory_add(struct ledger *ledger, const struct intent_item *item)
{
	struct issued *issued = ledger_add(ledger, &item->serial);

	issued->request = item->request;
	issued->tbs = item->tbs;
	issued->key = item->key;
	issued->profile = mem_text(ledger->intent.profile);
	issued->issued_at = ledger->intent.time;
	return issued;
}

static int
apply_signed(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	const struct json *items;
	struct serial serial;
	struct issued *issued;

	(void)objects;
	if (outcome_check(ledger, record, "sign-intent", fail) == -1 ||
	    json_get_list(record->data, "items", &items, fail) == -1)
		return -1;
	if (json_count(items) != intent->count)
		return fail_with(fail, FAIL_JOURNAL,
		    "certificates: %zu were intended, %zu came", intent->count,
		    json_count(items));
	for (size_t n = 0; n < intent->count; n++) {
		if (ledger_get_serial(json_at(items, n), &serial, fail) == -1)
			return -1;
		if (!serial_is_equal(&serial, &intent->items[n].serial))
			return fail_with(fail, FAIL_JOURNAL,
			    "a serial that was not intended");
		issued = inventory_add(ledger, &intent->items[n]);
		issued->has_certificate = true;
		if (json_get_digest(json_at(items, n), "certificate",
		    &issued->certificate, fail) == -1)
			return -1;
	}
	intent_release(&ledger->intent);
	return 0;
}

static int
apply_crl_signed(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	(void)objects;
	if (outcome_check(ledger, record, "crl-intent", fail) == -1 ||
	    json_get_digest(record->data, "crl", &ledger->crl, fail) == -1)
		return -1;
	ledger->crl_number = ledger->intent.crl_number;
	ledger->crl_this_update = ledger->intent.time;
	ledger->crl_next_update =
	    period_after(ledger->intent.time, ledger->policy->crl_period);
	if (ledger->crl_next_update > ledger->root->not_after)
		ledger->crl_next_update = ledger->root->not_after;
	intent_release(&ledger->intent);
	return 0;
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

/* Closes an intent without an outcome: its serials are burnt. */
static int
apply_recovered(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	int64_t seq;

	(void)objects;
	if (json_get_number(record->data, "intent", 0, INT64_MAX, &seq, fail) ==
	    -1)
		return -1;
	if (seq != intent->seq)
		return fail_with(fail, FAIL_JOURNAL,
		    "recovers an intent that is not open");
	if (seq == 0)
		return 0;
	if (intent->crl_number != 0)
		ledger->crl_number = intent->crl_number;
	else
		for (size_t n = 0; n < intent->count; n++)
			inventory_add(ledger, &intent->items[n])->status =
			    ISSUED_POSSIBLY;
	intent_release(&ledger->intent);
	return 0;
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

#define NONE -1

static const struct event {
	const char *name;
	applier *apply;		/* NULL: nothing but the record itself */
	bool is_loose;		/* must be sealed, or a crash is assumed */
	bool within;		/* may come while an intent is open */
	int operation;		/* that takes approvals, or NONE */
} events[] = {
	{ "init", apply_init, true, false, NONE },
	{ "root-key", apply_root_key, true, false, NONE },
	{ "root-intent", apply_root_intent, true, false, NONE },
	{ "root-certified", apply_root_certified, true, true, NONE },
	{ "sign-intent", apply_sign_intent, true, false, OPERATION_SIGN },
	{ "signed", apply_signed, true, true, NONE },
	{ "crl-intent", apply_crl_intent, true, false, OPERATION_CRL },
	{ "crl-signed", apply_crl_signed, true, true, NONE },
	{ "revoked", apply_revoked, true, false, OPERATION_REVOKE },
	{ "bundled", NULL, true, false, NONE },
	{ "disable", ledger_apply_state, true, false, OPERATION_DISABLE },
	{ "enable", ledger_apply_state, true, false, OPERATION_ENABLE },
	{ "delete", ledger_apply_delete, true, false, OPERATION_DELETE },
	{ "restore", ledger_apply_restore, true, false, OPERATION_RESTORE },
	{ "destroy", ledger_apply_destroy, true, false, OPERATION_DESTROY },
	{ "key-locked", ledger_apply_key, true, false, NONE },
	{ "key-unlocked", ledger_apply_key, true, false, NONE },
	{ "key-erased", ledger_apply_key, true, false, NONE },
	{ "backup", ledger_apply_backup, true, false, OPERATION_BACKUP },
	{ "policy", ledger_apply_policy, true, false, OPERATION_POLICY },
	{ "split-intent", ledger_apply_split_intent, true, false,
	    OPERATION_RESPLIT },
	{ "split", ledger_apply_split, true, false, NONE },
	{ "recovered", apply_recovered, true, true, NONE },
	{ "refused", apply_refused, false, true, NONE },
	{ "seal", apply_seal, false, false, NONE },
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
	if (ledger->intent.seq != 0 && !event->within)
		return fail_with(fail, FAIL_JOURNAL,
		    "the intent of record %lld is still open",
		    (long long)ledger->intent.seq);
	if (ledger->standing.is_due && !event->within &&
	    event->apply != ledger_apply_key)
		return fail_with(fail, FAIL_JOURNAL,
		    "the token has not followed the state");
	ledger->loose += event->is_loose;
	if (ledger->next_policy != NULL &&
	    strcmp(record->event, "split") != 0 &&
	    strcmp(record->event, "recovered") != 0 &&
	    strcmp(record->event, "refused") != 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "a split of the PIN is still open");
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
