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
	for (size_t n = 0; n < intent->count; n++) {
		free(intent->items[n].profile);
		target_release(&intent->items[n].target);
	}
	free(intent->event);
	free(intent->items);
	memset(intent, 0, sizeof(*intent));
}

void
ledger_release(struct ledger **ledger)
{
	struct ledger *l = *ledger;

	if (l == NULL)
		return;
	for (size_t n = 0; n < l->issued_count; n++) {
		free(l->issued[n].profile);
		target_release(&l->issued[n].target);
	}
	free(l->issued);
	free(l->name);
	free(l->seal);
	free(l->by);
	free(l->index);
	free(l->key_index);
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

const char *const purpose_names[] = {
	[PURPOSE_CERTIFICATE] = "certificates",
	[PURPOSE_CRL] = "CRLs",
	[PURPOSE_OCSP] = "OCSP responses",
	[PURPOSE_SELF_TEST] = "self-tests",
	NULL
};

int64_t
ledger_signatures(const struct ledger *ledger)
{
	int64_t sum = 0;

	for (int n = 0; n < PURPOSES; n++)
		if (n != PURPOSE_SELF_TEST)
			sum += ledger->uses[n].made + ledger->uses[n].perhaps;
	return sum;
}

bool
ledger_is_sitting(const struct ledger *ledger, const char *boot, int64_t now)
{
	return ledger->boot[0] != '\0' && strcmp(ledger->boot, boot) == 0 &&
	    now - ledger->time <= SITTING_IDLE;
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

/* The same by the key that was certified, of which the first line counts; a
 * digest is as good as its own hash. */
static size_t *
key_index_find(const struct ledger *ledger, const struct digest *key)
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, key->bytes, sizeof(hash));
	at = hash % ledger->index_room;
	while (ledger->key_index[at] != 0 && !digest_is_equal(
	    &ledger->issued[ledger->key_index[at] - 1].key, key))
		at = (at + 1) % ledger->index_room;
	return &ledger->key_index[at];
}

static void
index_put(struct ledger *ledger, size_t n)
{
	struct issued *issued = &ledger->issued[n];
	size_t *place = key_index_find(ledger, &issued->key);

	*index_find(ledger, &issued->serial) = n + 1;
	issued->same_key = 0;
	if (*place == 0) {
		*place = n + 1;
		return;
	}
	/* Right behind the first, so that none has to be passed over. */
	issued->same_key = ledger->issued[*place - 1].same_key;
	ledger->issued[*place - 1].same_key = n + 1;
}

/* Never more than half full, so that every search ends. */
static void
index_grow(struct ledger *ledger)
{
	free(ledger->index);
	free(ledger->key_index);
	ledger->index_room = 2 * ledger->issued_room + 1;
	ledger->index = mem_new(ledger->index_room, sizeof(*ledger->index));
	ledger->key_index = mem_new(ledger->index_room,
	    sizeof(*ledger->key_index));
	for (size_t n = 0; n < ledger->issued_count; n++)
		index_put(ledger, n);
}

struct issued *
ledger_add(struct ledger *ledger, const struct serial *serial,
    const struct digest *key)
{
	struct issued *issued;

	if (ledger->issued_count == ledger->issued_room) {
		ledger->issued_room = 2 * ledger->issued_room + 64;
		ledger->issued = mem_grow(ledger->issued, ledger->issued_room,
		    sizeof(*ledger->issued));
		index_grow(ledger);
	}
	issued = &ledger->issued[ledger->issued_count];
	memset(issued, 0, sizeof(*issued));
	issued->serial = *serial;
	issued->key = *key;
	index_put(ledger, ledger->issued_count++);
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
	size_t at = ledger->index_room == 0 ? 0 :
	    *key_index_find(ledger, spki);

	return at == 0 ? NULL : &ledger->issued[at - 1];
}

const struct issued *
ledger_next_of_key(const struct ledger *ledger, const struct issued *issued)
{
	return issued->same_key == 0 ? NULL :
	    &ledger->issued[issued->same_key - 1];
}

const struct issued *
ledger_find_issued(const struct ledger *ledger, const struct digest *request)
{
	const struct issued *newest = NULL;

	for (size_t n = ledger->issued_count; n > 0; n--) {
		const struct issued *issued = &ledger->issued[n - 1];

		if (!digest_is_equal(&issued->request, request))
			continue;
		if (issued->status == ISSUED_VALID)
			return issued;
		if (newest == NULL)
			newest = issued;
	}
	return newest;
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
