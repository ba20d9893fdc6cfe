/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/deed.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/cross.h>
#include <anchorite/x509/name.h>

/* A request travels: what is private is not in it, and a commitment of the
 * record is another each time. */
static struct target
public_target(const struct ledger *ledger, const struct target *target)
{
	struct target public = *target;

	if ((ledger->policy->privates & 1u << PRIVATE_REQUESTER) != 0)
		public.requester = NULL;
	if ((ledger->policy->privates & 1u << PRIVATE_TICKET) != 0)
		public.ticket = NULL;
	return public;
}

static struct json *
sign_item(const struct ledger *ledger, const struct deed_request *request)
{
	AUTO(buf_release) struct buf subject = { 0 };
	struct target target = public_target(ledger, &request->target);
	struct json *json = json_new();
	struct digest key;

	digest_of(request->csr->spki.der, &key);
	name_show(request->csr->subject, &subject);
	json_put_bool(json, "again", ledger_find_key(ledger, &key) != NULL);
	if (request->existing != NULL) {
		json_put_digest(json, "existing", &request->existing->digest);
		json_put_text(json, "signer", cross_signer_names[
		    cross_signer(request->existing, ledger->root)]);
	}
	consumers_put(json, request->consumers);
	json_put_text(json, "profile", request->profile);
	json_put_digest(json, "sha256", &request->csr->digest);
	json_put_text(json, "subject", buf_cstr(&subject));
	target_put(json, &target);
	return json;
}

struct json *
deed_sign(const struct ledger *ledger, const struct deed_request *requests,
    size_t count)
{
	struct json *json = json_new();
	struct json *list = json_new_list();

	for (size_t n = 0; n < count; n++) {
		struct json *item = sign_item(ledger, &requests[n]);

		json_add(list, &item);
	}
	json_put(json, "requests", &list);
	return json;
}

struct json *
deed_revoke(const struct serial *serial, const char *reason)
{
	struct json *json = json_new();
	char hex[SERIAL_HEX_SIZE];

	serial_hex(serial, hex);
	json_put_text(json, "reason", reason);
	json_put_text(json, "serial", hex);
	return json;
}

struct json *
deed_crl(const struct ledger *ledger)
{
	struct json *json = json_new();

	json_put_number(json, "number", (int64_t)ledger->crl_number + 1);
	return json;
}

struct json *
deed_recover(const struct digest *torn)
{
	struct json *json = json_new();

	json_put_digest(json, "torn", torn);
	return json;
}

struct json *
deed_anchor(const char *reason, const char *held,
    const struct digest *torn)
{
	struct json *json = json_new();

	json_put_text(json, "held", held);
	json_put_text(json, "reason", reason);
	if (torn != NULL)
		json_put_digest(json, "torn", torn);
	else
		json_put_text(json, "torn", "");
	return json;
}

struct json *
deed_ocsp(const struct serial *serials, size_t count)
{
	struct json *json = json_new();
	struct json *list = json_new_list();
	char hex[SERIAL_HEX_SIZE];

	for (size_t n = 0; n < count; n++) {
		serial_hex(&serials[n], hex);
		json_add_text(list, hex);
	}
	json_put(json, "serials", &list);
	return json;
}

/* The serials of an intent's items. */
static int
ocsp_of_record(const struct record *record, struct json **out,
    struct fail *fail)
{
	AUTO(auto_free) struct serial *serials = NULL;
	const struct json *items;
	const char *text;
	size_t count;

	if (json_get_list(record->data, "items", &items, fail) == -1)
		return -1;
	count = json_count(items);
	serials = mem_new(count, sizeof(*serials));
	for (size_t n = 0; n < count; n++)
		if (json_get_text(json_at(items, n), "serial", &text, fail) ==
			-1 ||
		    serial_read_hex(text, &serials[n], fail) == -1)
			return -1;
	*out = deed_ocsp(serials, count);
	return 0;
}

struct json *
deed_nothing(void)
{
	return json_new();
}

struct json *
deed_delete(int64_t days)
{
	struct json *json = json_new();

	json_put_number(json, "days", days);
	return json;
}

struct json *
deed_backup(const char *name, const char *place)
{
	struct json *json = json_new();

	json_put_text(json, "name", name);
	json_put_text(json, "place", place);
	return json;
}

struct json *
deed_policy(const struct digest *policy)
{
	struct json *json = json_new();

	json_put_digest(json, "policy", policy);
	return json;
}

struct json *
deed_resplit(const struct digest *policy, const struct split_form *form)
{
	struct json *json = deed_policy(policy);

	json_put_number(json, "count", form->count);
	json_put_number(json, "threshold", form->threshold);
	return json;
}

/* The FATE of the text "NAME=FATE" that names the backup, or NULL. */
static const char *
fate_of(const struct backup *backup, const char *text)
{
	size_t len = strlen(backup->name);

	if (strncmp(text, backup->name, len) != 0 || text[len] != '=')
		return NULL;
	return text + len + 1;
}

/* Every text names one backup that is known. */
static int
check_fates(const struct ledger *ledger, const char *const *fates,
    size_t count, struct fail *fail)
{
	for (size_t i = 0; i < count; i++) {
		size_t known = 0;

		for (size_t n = 0; n < ledger->backup_count; n++)
			known += fate_of(&ledger->backups[n], fates[i]) !=
			    NULL;
		if (known == 0)
			return fail_with(fail, FAIL_USAGE,
			    "--fate %s: want NAME=FATE of a backup that is "
			    "recorded", fates[i]);
		if (strlen(fates[i]) > 200 ||
		    text_is_deceptive(bytes_text(fates[i]), NULL, 0))
			return fail_with(fail, FAIL_USAGE, "--fate: want 200 "
			    "characters at most, all of them visible");
	}
	return 0;
}

static int
find_fate(const struct backup *backup, const char *const *fates,
    size_t count, const char **out, struct fail *fail)
{
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *fate = fate_of(backup, fates[i]);

		if (fate != NULL && found != NULL)
			return fail_with(fail, FAIL_USAGE,
			    "--fate: of backup %s twice", backup->name);
		found = fate != NULL ? fate : found;
	}
	if (found == NULL || found[0] == '\0')
		return fail_with(fail, FAIL_REFUSED, "backup %s (%s): its "
		    "fate is not given (--fate %s=…)", backup->name,
		    backup->place, backup->name);
	*out = found;
	return 0;
}

int
deed_destroy(const struct ledger *ledger, const char *const *fates,
    size_t count, struct json **out, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(json_release) struct json *list = json_new_list();
	const char *fate;

	if (check_fates(ledger, fates, count, fail) == -1)
		return -1;
	for (size_t n = 0; n < ledger->backup_count; n++) {
		struct json *item = json_new();

		if (find_fate(&ledger->backups[n], fates, count, &fate,
		    fail) == -1) {
			json_release(&item);
			return -1;
		}
		json_put_text(item, "fate", fate);
		json_put_text(item, "name", ledger->backups[n].name);
		json_add(list, &item);
	}
	json_put(json, "backups", &list);
	json_put_time(json, "ended", ledger->deletion_ends);
	*out = GIVE(json);
	return 0;
}

/* The items of a record, as they were asked for. */
struct asked {
	struct deed_request *requests;
	struct csr **csrs;		/* behind them, */
	struct cert **existing;		/* and these, too */
	size_t count;
};

static void
asked_release(struct asked *asked)
{
	for (size_t n = 0; n < asked->count; n++) {
		csr_release(&asked->csrs[n]);
		cert_release(&asked->existing[n]);
		target_release(&asked->requests[n].target);
	}
	free(asked->csrs);
	free(asked->existing);
	free(asked->requests);
}

static int
existing_get(const struct json *item, const struct objects *objects,
    struct cert **out, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct digest digest;

	if (json_get_digest(item, "existing", &digest, fail) == -1 ||
	    objects_get(objects, &digest, &der, fail) == -1)
		return -1;
	return cert_read(buf_bytes(&der), out, fail);
}

static int
asked_get(const struct json *item, const struct objects *objects,
    struct csr **csr, struct cert **existing, struct deed_request *out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct digest digest;

	if (json_get_digest(item, "request", &digest, fail) == -1 ||
	    objects_get(objects, &digest, &der, fail) == -1 ||
	    csr_read(buf_bytes(&der), csr, fail) == -1 ||
	    json_get_text(item, "profile", &out->profile, fail) == -1 ||
	    consumers_get(item, &out->consumers, fail) == -1)
		return -1;
	out->csr = *csr;
	if (json_has(item, "existing")) {
		if (existing_get(item, objects, existing, fail) == -1)
			return fail_in(fail, "existing certificate");
		out->existing = *existing;
	}
	return target_get(item, &out->target, fail);
}

static int
sign_of_record(const struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct json **out, struct fail *fail)
{
	AUTO(asked_release) struct asked asked = { 0 };
	const struct json *items;

	if (json_get_list(record->data, "items", &items, fail) == -1)
		return -1;
	if (json_count(items) > INTENT_MAX)
		return fail_with(fail, FAIL_JOURNAL, "items: too many");
	asked.count = json_count(items);
	asked.csrs = mem_new(asked.count, sizeof(*asked.csrs));
	asked.existing = mem_new(asked.count, sizeof(*asked.existing));
	asked.requests = mem_new(asked.count, sizeof(*asked.requests));
	for (size_t n = 0; n < asked.count; n++)
		if (asked_get(json_at(items, n), objects, &asked.csrs[n],
		    &asked.existing[n], &asked.requests[n], fail) == -1)
			return fail_in(fail, "item %zu", n + 1);
	*out = deed_sign(ledger, asked.requests, asked.count);
	return 0;
}

static int
revoke_of_record(const struct record *record, struct json **out,
    struct fail *fail)
{
	const char *reason, *text;
	struct serial serial;

	if (json_get_text(record->data, "reason", &reason, fail) == -1 ||
	    json_get_text(record->data, "serial", &text, fail) == -1 ||
	    serial_read_hex(text, &serial, fail) == -1)
		return -1;
	*out = deed_revoke(&serial, reason);
	return 0;
}

int
deed_of_record(const struct ledger *ledger, const struct objects *objects,
    const struct record *record, enum operation operation, struct json **out,
    struct fail *fail)
{
	const struct json *parameters;

	if (operation == OPERATION_SIGN)
		return sign_of_record(ledger, objects, record, out, fail);
	if (operation == OPERATION_REVOKE)
		return revoke_of_record(record, out, fail);
	if (operation == OPERATION_OCSP)
		return ocsp_of_record(record, out, fail);
	if (operation == OPERATION_CRL ||
	    operation == OPERATION_CRL_DISABLED) {
		*out = deed_crl(ledger);
		return 0;
	}
	if (json_get_object(record->data, "parameters", &parameters, fail) ==
	    -1)
		return -1;
	*out = json_copy_of(parameters);
	return 0;
}
