/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/ledger.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>

#include "ledger_internal.h"

struct ledger *
ledger_new(void)
{
	return mem_new(1, sizeof(struct ledger));
}

static void
key_forget(struct ledger_key *key)
{
	buf_release(&key->spki);
	buf_release(&key->id);
	free(key->label);
}

void
intent_release(struct intent *intent)
{
	free(intent->event);
	free(intent->profile);
	free(intent->items);
	memset(intent, 0, sizeof(*intent));
}

void
ledger_release(struct ledger **ledger)
{
	struct ledger *l = *ledger;

	if (l == NULL)
		return;
	for (size_t n = 0; n < l->issued_count; n++)
		free(l->issued[n].profile);
	free(l->issued);
	free(l->name);
	free(l->seal);
	free(l->by);
	free(l->index);
	policy_release(&l->policy);
	policy_release(&l->next_policy);
	for (size_t n = 0; n < CUSTODIANS_MAX; n++)
		cert_release(&l->custodians[n]);
	for (size_t n = 0; n < l->backup_count; n++) {
		free(l->backups[n].name);
		free(l->backups[n].place);
		free(l->backups[n].fate);
	}
	free(l->backups);
	free(l->used);
	key_forget(&l->journal_key);
	key_forget(&l->root_key);
	cert_release(&l->journal_certificate);
	cert_release(&l->root);
	intent_release(&l->intent);
	free(l);
	*ledger = NULL;
}

bool
ledger_is_begun(const struct ledger *ledger)
{
	return ledger->seal != NULL || ledger->state != STATE_NONE;
}

int
ledger_verify_seal(const struct ledger *ledger, struct fail *fail)
{
	if (ledger->seal == NULL)
		return fail_with(fail, FAIL_JOURNAL, "no record is sealed");
	if (journal_verify_seal(ledger->seal, &ledger->sealed,
	    ledger->journal_certificate->spki.key, fail) == -1)
		return fail_in(fail, "record %lld",
		    (long long)ledger->sealed_seq);
	return 0;
}

/* Where the search for a serial begins; FNV-1a. */
static size_t
index_start(const struct ledger *ledger, const struct serial *serial)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t n = 0; n < serial->len; n++)
		hash = (hash ^ serial->octets[n]) * UINT64_C(0x100000001b3);
	return hash % ledger->index_room;
}

/* The place of a serial, or the empty one (0) where it would stand. */
static size_t *
index_find(const struct ledger *ledger, const struct serial *serial)
{
	size_t at = index_start(ledger, serial);

	while (ledger->index[at] != 0 && !serial_is_equal(
	    &ledger->issued[ledger->index[at] - 1].serial, serial))
		at = (at + 1) % ledger->index_room;
	return &ledger->index[at];
}

/* Never more than half full, so that every search ends. */
static void
index_grow(struct ledger *ledger)
{
	free(ledger->index);
	ledger->index_room = 2 * ledger->issued_room + 1;
	ledger->index = mem_new(ledger->index_room, sizeof(*ledger->index));
	for (size_t n = 0; n < ledger->issued_count; n++)
		*index_find(ledger, &ledger->issued[n].serial) = n + 1;
}

struct issued *
ledger_add(struct ledger *ledger, const struct serial *serial)
{
	struct issued *issued;

	if (ledger->issued_count == ledger->issued_room) {
		ledger->issued_room = 2 * ledger->issued_room + 64;
		ledger->issued = mem_grow(ledger->issued, ledger->issued_room,
		    sizeof(*ledger->issued));
		index_grow(ledger);
	}
	*index_find(ledger, serial) = ledger->issued_count + 1;
	issued = &ledger->issued[ledger->issued_count++];
	memset(issued, 0, sizeof(*issued));
	issued->serial = *serial;
	return issued;
}

struct issued *
ledger_find(const struct ledger *ledger, const struct serial *serial)
{
	size_t at = ledger->index_room == 0 ? 0 : *index_find(ledger, serial);

	return at == 0 ? NULL : &ledger->issued[at - 1];
}

bool
ledger_has_serial(const struct ledger *ledger, const struct serial *serial)
{
	return ledger_find(ledger, serial) != NULL || (ledger->root != NULL &&
	    serial_is_equal(&ledger->root->serial, serial));
}

struct issued *
ledger_find_key(const struct ledger *ledger, const struct digest *spki)
{
	for (size_t n = 0; n < ledger->issued_count; n++)
		if (digest_is_equal(&ledger->issued[n].key, spki))
			return &ledger->issued[n];
	return NULL;
}

int
ledger_look_up(const struct ledger *ledger, const char *id,
    struct issued **out, struct fail *fail)
{
	char serial[SERIAL_HEX_SIZE], digest[DIGEST_HEX_SIZE];
	struct issued *found = NULL;
	size_t len = strlen(id);

	for (size_t n = 0; n < ledger->issued_count && len >= 6; n++) {
		serial_hex(&ledger->issued[n].serial, serial);
		digest_hex(&ledger->issued[n].certificate, digest);
		if (strncmp(serial, id, len) != 0 &&
		    strncmp(digest, id, len) != 0)
			continue;
		if (found != NULL)
			return fail_with(fail, FAIL_USAGE,
			    "%s fits more than one certificate", id);
		found = &ledger->issued[n];
	}
	if (found == NULL)
		return fail_with(fail, FAIL_USAGE, "no certificate %s: give its"
		    " serial, or the first six digits or more", id);
	*out = found;
	return 0;
}

const char *
issued_status_name(const struct issued *issued)
{
	static const char *const names[] = {
		[ISSUED_VALID] = "valid",
		[ISSUED_REVOKED] = "revoked",
		[ISSUED_POSSIBLY] = "possibly issued",
	};

	return names[issued->status];
}

int
ledger_get_serial(const struct json *object, struct serial *out,
    struct fail *fail)
{
	const char *text;

	if (json_get_text(object, "serial", &text, fail) == -1)
		return -1;
	return serial_read_hex(text, out, fail);
}

static int
item_read(const struct json *json, const struct intent_form *form,
    struct intent_item *out, struct fail *fail)
{
	if (json_get_digest(json, "tbs", &out->tbs, fail) == -1)
		return -1;
	if (form->has_serial &&
	    (ledger_get_serial(json, &out->serial, fail) == -1 ||
		json_get_digest(json, "key", &out->key, fail) == -1))
		return -1;
	if (form->has_request &&
	    json_get_digest(json, "request", &out->request, fail) == -1)
		return -1;
	return 0;
}

/* No serial twice: not in the intent, nor before it (RFC 5280, 4.1.2.2). */
static int
serial_check(const struct ledger *ledger, const struct intent *intent,
    const struct serial *serial, struct fail *fail)
{
	bool is_used = ledger_has_serial(ledger, serial);
	char hex[SERIAL_HEX_SIZE];

	for (size_t n = 0; n < intent->count && !is_used; n++)
		is_used = serial_is_equal(&intent->items[n].serial, serial);
	if (!is_used)
		return 0;
	serial_hex(serial, hex);
	return fail_with(fail, FAIL_JOURNAL, "serial %s: used twice", hex);
}

int
ledger_read_items(struct ledger *ledger, const struct json *items,
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

		if (item_read(json_at(items, intent->count), form, item,
			fail) == -1 ||
		    (form->has_serial && serial_check(ledger, intent,
			&item->serial, fail) == -1))
			return fail_in(fail, "item %zu", intent->count + 1);
	}
	return 0;
}
