/* SPDX-License-Identifier: Apache-2.0 */
/* What the root key is about to sign, and what came of it. */
#include <anchorite/ca/ledger.h>

#include <string.h>

#include <anchorite/base/auto.h>

#include "ledger_internal.h"

/* What the serials of an intent are. */
enum serials {
	SERIALS_NONE,
	SERIALS_NEW,			/* of what is about to be made */
	SERIALS_KNOWN,			/* of what it speaks of */
};

/* The intents differ in what their items hold, and how many. */
struct intent_form {
	enum purpose purpose;
	enum serials serials;
	bool has_request;
	size_t max;
};

static int
item_read(const struct json *json, const struct intent_form *form,
    struct intent_item *out, struct fail *fail)
{
	if (json_get_digest(json, "tbs", &out->tbs, fail) == -1)
		return -1;
	if (form->serials != SERIALS_NONE &&
	    ledger_get_serial(json, &out->serial, fail) == -1)
		return -1;
	if (form->serials == SERIALS_NEW &&
	    json_get_digest(json, "key", &out->key, fail) == -1)
		return -1;
	if (form->has_request &&
	    json_get_digest(json, "request", &out->request, fail) == -1)
		return -1;
	out->has_existing = json_has(json, "existing");
	if (out->has_existing &&
	    json_get_digest(json, "existing", &out->existing, fail) == -1)
		return -1;
	return 0;
}

/* What is said of a request: nothing is kept of it on failure. */
static int
order_read(const struct ledger *ledger, const struct json *json,
    struct intent_item *out, struct fail *fail)
{
	const struct policy_profile *profile;
	const char *name;

	if (json_get_text(json, "profile", &name, fail) == -1 ||
	    policy_profile(ledger->policy, name, &profile, fail) == -1 ||
	    consumers_get(json, &out->consumers, fail) == -1 ||
	    target_get(json, &out->target, fail) == -1)
		return -1;
	out->profile = mem_text(profile->name);
	return 0;
}

/* No serial twice: not in the intent, nor before it (RFC 5280, 4.1.2.2);
 * and nothing said of what was not issued. */
static int
serial_check(const struct ledger *ledger, const struct intent_form *form,
    const struct serial *serial, struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	bool is_new = form->serials == SERIALS_NEW;
	bool is_used = is_new && ledger_has_serial(ledger, serial);
	char hex[SERIAL_HEX_SIZE];

	for (size_t n = 0; n < intent->count && !is_used; n++)
		is_used = serial_is_equal(&intent->items[n].serial, serial);
	serial_hex(serial, hex);
	if (is_used)
		return fail_with(fail, FAIL_JOURNAL, "serial %s: used twice",
		    hex);
	if (!is_new && ledger_find(ledger, serial) == NULL)
		return fail_with(fail, FAIL_JOURNAL,
		    "serial %s: was never issued", hex);
	return 0;
}

static int
items_read(struct ledger *ledger, const struct json *items,
    const struct intent_form *form, struct fail *fail)
{
	struct intent *intent = &ledger->intent;
	size_t count = json_count(items);

	if (count < 1 || count > form->max)
		return fail_with(fail, FAIL_JOURNAL,
		    "items: want 1 to %zu, have %zu", form->max, count);
	intent->items = mem_new(count, sizeof(*intent->items));
	for (; intent->count < count; intent->count++) {
		struct intent_item *item = &intent->items[intent->count];
		const struct json *json = json_at(items, intent->count);

		if (item_read(json, form, item, fail) == -1 ||
		    (form->serials != SERIALS_NONE && serial_check(ledger,
			form, &item->serial, fail) == -1) ||
		    (form->has_request &&
			order_read(ledger, json, item, fail) == -1))
			return fail_in(fail, "item %zu", intent->count + 1);
	}
	return 0;
}

static int
intent_apply(struct ledger *ledger, const struct record *record,
    const struct intent_form *form, struct fail *fail)
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
	if (items_read(ledger, items, form, fail) == -1)
		return -1;
	intent->seq = record->seq;
	intent->time = record->time;
	intent->event = mem_text(record->event);
	intent->purpose = form->purpose;
	ledger->uses[form->purpose].perhaps += (int64_t)intent->count;
	return 0;
}

int
ledger_apply_root_intent(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail)
{
	static const struct intent_form form = {
		PURPOSE_CERTIFICATE, SERIALS_NEW, false, 1
	};

	(void)objects;
	return intent_apply(ledger, record, &form, fail);
}

int
ledger_apply_sign_intent(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail)
{
	static const struct intent_form form = {
		PURPOSE_CERTIFICATE, SERIALS_NEW, true, INTENT_MAX
	};

	(void)objects;
	return intent_apply(ledger, record, &form, fail);
}

int
ledger_apply_crl_intent(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	static const struct intent_form form = {
		PURPOSE_CRL, SERIALS_NONE, false, 1
	};
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
	/* While disabled the key is unlocked for this one signature, and
	 * proves that it signs. */
	if (ledger->state == STATE_DISABLED) {
		ledger->standing.is_due = true;
		ledger->uses[PURPOSE_SELF_TEST].perhaps++;
	}
	return intent_apply(ledger, record, &form, fail);
}

int
ledger_apply_ocsp_intent(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail)
{
	static const struct intent_form form = {
		PURPOSE_OCSP, SERIALS_KNOWN, false, INTENT_MAX
	};

	(void)objects;
	return intent_apply(ledger, record, &form, fail);
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

/* So many of the intent's signatures are known to have been made. */
static void
intent_close(struct ledger *ledger, size_t made)
{
	struct key_use *use = &ledger->uses[ledger->intent.purpose];

	use->made += (int64_t)made;
	use->perhaps -= (int64_t)made;
	intent_release(&ledger->intent);
}

int
ledger_apply_root_certified(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail)
{
	struct digest tbs;

	if (outcome_check(ledger, record, "root-intent", fail) == -1 ||
	    ledger_get_certificate(record->data, objects, &ledger->root,
		fail) == -1)
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
	intent_close(ledger, 1);
	return 0;
}

/* Puts an item of the intent into the inventory. */
static struct issued *
inventory_add(struct ledger *ledger, const struct intent_item *item)
{
	struct issued *issued = ledger_add(ledger, &item->serial,
	    &item->key);

	issued->request = item->request;
	issued->tbs = item->tbs;
	issued->profile = mem_text(item->profile != NULL ? item->profile : "");
	issued->consumers = item->consumers;
	target_copy(&item->target, &issued->target);
	issued->issued_at = ledger->intent.time;
	return issued;
}

/* A list of outcomes, one for each item, by the same serials. */
static int
outcomes_get(const struct ledger *ledger, const struct record *record,
    const struct json **out, struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	struct serial serial;

	if (json_get_list(record->data, "items", out, fail) == -1)
		return -1;
	if (json_count(*out) != intent->count)
		return fail_with(fail, FAIL_JOURNAL,
		    "items: %zu were intended, %zu came", intent->count,
		    json_count(*out));
	for (size_t n = 0; n < intent->count; n++) {
		if (ledger_get_serial(json_at(*out, n), &serial, fail) == -1)
			return -1;
		if (!serial_is_equal(&serial, &intent->items[n].serial))
			return fail_with(fail, FAIL_JOURNAL,
			    "a serial that was not intended");
	}
	return 0;
}

int
ledger_apply_signed(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	const struct json *items;
	struct issued *issued;

	(void)objects;
	if (outcome_check(ledger, record, "sign-intent", fail) == -1 ||
	    outcomes_get(ledger, record, &items, fail) == -1)
		return -1;
	for (size_t n = 0; n < intent->count; n++) {
		issued = inventory_add(ledger, &intent->items[n]);
		issued->has_certificate = true;
		if (json_get_digest(json_at(items, n), "certificate",
		    &issued->certificate, fail) == -1)
			return -1;
	}
	intent_close(ledger, intent->count);
	return 0;
}

int
ledger_apply_crl_signed(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	(void)objects;
	if (outcome_check(ledger, record, "crl-intent", fail) == -1 ||
	    json_get_digest(record->data, "crl", &ledger->crl, fail) == -1 ||
	    (json_has(record->data, "self_tests") &&
		ledger_count_self_tests(ledger, record,
		    ledger->standing.is_due, fail) == -1))
		return -1;
	ledger->crl_number = ledger->intent.crl_number;
	ledger->crl_this_update = ledger->intent.time;
	ledger->crl_next_update =
	    period_after(ledger->intent.time, ledger->policy->crl_period);
	if (ledger->crl_next_update > ledger->root->not_after)
		ledger->crl_next_update = ledger->root->not_after;
	intent_close(ledger, 1);
	return 0;
}

int
ledger_apply_ocsp_signed(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	const struct json *items;

	(void)objects;
	if (outcome_check(ledger, record, "ocsp-intent", fail) == -1 ||
	    outcomes_get(ledger, record, &items, fail) == -1)
		return -1;
	for (size_t n = 0; n < intent->count; n++)
		if (json_get_digest(json_at(items, n), "response",
		    &ledger_find(ledger, &intent->items[n].serial)->ocsp,
		    fail) == -1)
			return -1;
	intent_close(ledger, intent->count);
	return 0;
}

/* The certificates of an interrupted batch that were found on the disk. */
static int
apply_found(struct ledger *ledger, const struct json *found, size_t first,
    struct fail *fail)
{
	struct serial serial;
	struct issued *issued;

	for (size_t n = 0; n < json_count(found); n++) {
		if (ledger_get_serial(json_at(found, n), &serial, fail) == -1)
			return -1;
		issued = ledger_find(ledger, &serial);
		/* The root is found as a root: outcome_record. */
		if (issued == NULL || issued < &ledger->issued[first] ||
		    issued->has_certificate || issued->profile[0] == '\0')
			return fail_with(fail, FAIL_JOURNAL,
			    "finds what was not intended");
		issued->has_certificate = true;
		issued->status = ISSUED_VALID;
		if (json_get_digest(json_at(found, n), "certificate",
		    &issued->certificate, fail) == -1)
			return -1;
	}
	return 0;
}

/* Closes an intent whose outcome is not whole: the serials of what was not
 * found are burnt. */
int
ledger_apply_recovered(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct intent *intent = &ledger->intent;
	const struct json *found;
	size_t first = ledger->issued_count;
	int64_t seq;

	(void)objects;
	if (json_get_number(record->data, "intent", 0, INT64_MAX, &seq, fail) ==
		-1 ||
	    json_get_list(record->data, "found", &found, fail) == -1)
		return -1;
	if (seq != intent->seq)
		return fail_with(fail, FAIL_JOURNAL,
		    "recovers an intent that is not open");
	/* The key may have been tried without a record of it. */
	ledger->uses[PURPOSE_SELF_TEST].perhaps +=
	    ledger->standing.is_due && seq == 0;
	if (intent->crl_number != 0)
		ledger->crl_number = intent->crl_number;
	if (intent->purpose == PURPOSE_CERTIFICATE)
		for (size_t n = 0; n < intent->count; n++)
			inventory_add(ledger, &intent->items[n])->status =
			    ISSUED_POSSIBLY;
	if (apply_found(ledger, found, first, fail) == -1)
		return -1;
	intent_close(ledger, json_count(found));
	return 0;
}
