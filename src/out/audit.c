/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/audit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/request.h>
#include <anchorite/ca/vet.h>

/* An audit under way. */
struct auditor {
	int dirfd;
	struct objects *objects;
	struct journal *journal;
	struct ledger *ledger;
	struct audit counts;
	struct digest *named;		/* every digest a record holds */
	size_t named_count, named_room;
};

static void
auditor_close(struct auditor *auditor)
{
	ledger_release(&auditor->ledger);
	journal_release(&auditor->journal);
	objects_release(&auditor->objects);
	auto_close(&auditor->dirfd);
	free(auditor->named);
}

static int
auditor_open(const char *path, struct auditor *auditor, struct fail *fail)
{
	auditor->ledger = ledger_new();
	if (file_open_directory(path, &auditor->dirfd, fail) == -1)
		return -1;
	if (journal_open(auditor->dirfd, false, false, &auditor->journal,
		fail) == -1 ||
	    objects_open(auditor->dirfd, &auditor->objects, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

/* Are these the bytes of that digest? */
static bool
is_digest_of(const struct digest *digest, struct bytes content)
{
	struct digest found;

	digest_of(content, &found);
	return digest_is_equal(&found, digest);
}

/* The newest intent must be what its inputs give. */
static int
derived_check(const struct intent_item *item, struct bytes key,
    struct bytes tbs, struct fail *fail)
{
	if (key.len > 0 && !is_digest_of(&item->key, key))
		return fail_with(fail, FAIL_JOURNAL,
		    "the key recorded is not the one to be certified");
	if (!is_digest_of(&item->tbs, tbs))
		return fail_with(fail, FAIL_JOURNAL, "the bytes to be signed "
		    "do not derive from the recorded inputs");
	return 0;
}

/* The journal key's own certificate: its plan, signed by itself. */
static int
journal_derive(const struct auditor *auditor, const struct record *record,
    struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	const struct cert *cert = ledger->journal_certificate;
	AUTO(buf_release) struct buf tbs = { 0 };

	if (plan_journal_certificate(ledger->name, cert->spki.der,
	    &cert->serial, record->time, &tbs, fail) == -1)
		return -1;
	if (!bytes_is_equal(buf_bytes(&tbs), cert->tbs))
		return fail_with(fail, FAIL_JOURNAL, "the journal key's "
		    "certificate does not derive from the recorded inputs");
	return 0;
}

static int
root_derive(const struct auditor *auditor, const struct intent *intent,
    struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	AUTO(buf_release) struct buf tbs = { 0 };

	if (plan_root(ledger->policy, buf_bytes(&ledger->root_key.spki),
	    &intent->items[0].serial, intent->time, &tbs, fail) == -1)
		return -1;
	return derived_check(&intent->items[0],
	    buf_bytes(&ledger->root_key.spki), buf_bytes(&tbs), fail);
}

static int
crl_derive(const struct auditor *auditor, const struct intent *intent,
    struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };

	if (plan_crl(auditor->ledger, intent->crl_number, intent->time, &tbs,
	    fail) == -1)
		return -1;
	return derived_check(&intent->items[0], bytes_of(NULL, 0),
	    buf_bytes(&tbs), fail);
}

static int
certificate_derive(const struct auditor *auditor,
    const struct policy_profile *profile, const struct intent *intent,
    const struct intent_item *item, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };

	if (objects_get(auditor->objects, &item->request, &request, fail) ==
		-1 ||
	    csr_read(buf_bytes(&request), &csr, fail) == -1 ||
	    vet_request(csr, profile, fail) == -1 ||
	    plan_certificate(ledger->policy, profile, csr, ledger->root,
		&item->serial, intent->time, &tbs, fail) == -1)
		return -1;
	return derived_check(item, csr->spki.der, buf_bytes(&tbs), fail);
}

static int
certificates_derive(const struct auditor *auditor,
    const struct intent *intent, struct fail *fail)
{
	const struct policy_profile *profile;

	if (policy_profile(auditor->ledger->policy, intent->profile, &profile,
	    fail) == -1)
		return -1;
	for (size_t n = 0; n < intent->count; n++)
		if (certificate_derive(auditor, profile, intent,
		    &intent->items[n], fail) == -1)
			return fail_in(fail, "item %zu", n + 1);
	return 0;
}

/* The certificates of an outcome: the last ones of the inventory. */
static int
certificates_check(struct auditor *auditor, const struct record *record,
    struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	const struct json *items;
	size_t count;

	if (json_get_list(record->data, "items", &items, fail) == -1)
		return -1;
	count = json_count(items);
	for (size_t n = ledger->issued_count - count; n < ledger->issued_count;
	    n++) {
		AUTO(cert_release) struct cert *cert = NULL;
		AUTO(buf_release) struct buf der = { 0 };

		if (objects_get(auditor->objects,
			&ledger->issued[n].certificate, &der, fail) == -1 ||
		    cert_read(buf_bytes(&der), &cert, fail) == -1 ||
		    cert_verify(cert, ledger->root->spki.key, fail) == -1)
			return -1;
		if (!is_digest_of(&ledger->issued[n].tbs, cert->tbs))
			return fail_with(fail, FAIL_JOURNAL,
			    "a certificate is not the one intended");
		auditor->counts.certificates++;
	}
	return 0;
}

static int
crl_check(struct auditor *auditor, const struct digest *tbs,
    struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	AUTO(crl_release) struct crl *crl = NULL;
	AUTO(buf_release) struct buf der = { 0 };

	if (objects_get(auditor->objects, &ledger->crl, &der, fail) == -1 ||
	    crl_read(buf_bytes(&der), &crl, fail) == -1 ||
	    crl_verify(crl, ledger->root->spki.key, fail) == -1)
		return -1;
	if (!is_digest_of(tbs, crl->tbs))
		return fail_with(fail, FAIL_JOURNAL,
		    "a CRL is not the one intended");
	auditor->counts.crls++;
	return 0;
}

/* Remembers the digests in a value, at any depth. */
static void
names_collect(struct auditor *auditor, const struct json *value)
{
	struct fail ignored = { 0 };
	struct digest digest;
	const char *text = json_text(value);

	for (size_t n = 0; text == NULL && n < json_count(value); n++)
		names_collect(auditor, json_at(value, n));
	if (text == NULL || strlen(text) != DIGEST_HEX_SIZE - 1 ||
	    digest_read_hex(text, &digest, &ignored) == -1)
		return;
	if (auditor->named_count == auditor->named_room) {
		auditor->named_room = 2 * auditor->named_room + 64;
		auditor->named = mem_grow(auditor->named, auditor->named_room,
		    sizeof(*auditor->named));
	}
	auditor->named[auditor->named_count++] = digest;
}

/* What custodians approved, for this very record: the ledger, which has
 * not seen it yet, judges whether it is enough. */
static int
approval_check(struct auditor *auditor, const struct record *record,
    struct fail *fail)
{
	AUTO(json_release) struct json *parameters = NULL;
	const struct json *approval;
	enum operation operation;

	if (!ledger_event_operation(auditor->ledger, record->event,
	    &operation) || !json_has(record->data, "approval"))
		return 0;
	if (json_get_object(record->data, "approval", &approval, fail) == -1 ||
	    deed_of_record(auditor->ledger, auditor->objects, record,
		operation, &parameters, fail) == -1 ||
	    approvals_audit(approval, auditor->ledger, auditor->objects,
		operation, parameters, record->time, fail) == -1)
		return fail_in(fail, "%s", record->event);
	auditor->counts.approvals++;
	return 0;
}

static int
record_audit(void *context, const struct record *record, struct fail *fail)
{
	struct auditor *auditor = context;
	const struct ledger *ledger = auditor->ledger;
	struct digest crl_tbs = { 0 };

	names_collect(auditor, record->data);
	auditor->counts.records++;
	if (ledger->intent.count > 0)
		crl_tbs = ledger->intent.items[0].tbs;
	if (strcmp(record->event, "recovered") == 0)
		auditor->counts.possibly += (int64_t)ledger->intent.count;
	if (approval_check(auditor, record, fail) == -1 ||
	    ledger_apply(auditor->ledger, auditor->objects, record, fail) ==
		-1)
		return -1;
	if (strcmp(record->event, "init") == 0)
		return journal_derive(auditor, record, fail);
	if (strcmp(record->event, "root-intent") == 0)
		return root_derive(auditor, &ledger->intent, fail);
	if (strcmp(record->event, "sign-intent") == 0)
		return certificates_derive(auditor, &ledger->intent, fail);
	if (strcmp(record->event, "crl-intent") == 0)
		return crl_derive(auditor, &ledger->intent, fail);
	if (strcmp(record->event, "signed") == 0)
		return certificates_check(auditor, record, fail);
	if (strcmp(record->event, "crl-signed") == 0)
		return crl_check(auditor, &crl_tbs, fail);
	if (strcmp(record->event, "root-certified") == 0)
		auditor->counts.roots++;
	if (strcmp(record->event, "seal") == 0) {
		auditor->counts.seals++;
		return journal_verify_seal(ledger->seal, &ledger->sealed,
		    ledger->journal_certificate->spki.key, fail);
	}
	return 0;
}

static int
record_each(void *context, const struct record *record, struct fail *fail)
{
	if (record_audit(context, record, fail) == 0)
		return 0;
	/* Whatever it is called elsewhere: here the journal is not sound. */
	if (fail->kind != FAIL_SYSTEM)
		fail->kind = FAIL_JOURNAL;
	return -1;
}

static int
record_name(void *context, const struct record *record, struct fail *fail)
{
	(void)fail;
	names_collect(context, record->data);
	return 0;
}

static int
digest_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

/* A file of objects/ that no record names. */
static bool
is_stray(const struct auditor *auditor, const char *name,
    struct digest *digest_out)
{
	struct fail ignored = { 0 };

	return digest_read_hex(name, digest_out, &ignored) == -1 ||
	    bsearch(digest_out, auditor->named, auditor->named_count,
		sizeof(*digest_out), digest_compare) == NULL;
}

static int
stray_count(void *context, const char *name, struct fail *fail)
{
	struct auditor *auditor = context;
	struct digest digest;

	(void)fail;
	auditor->counts.strays += is_stray(auditor, name, &digest);
	return 0;
}

/* Every file of objects/: whole, and named by a record or counted. */
static int
object_check(void *context, const char *name, struct fail *fail)
{
	struct auditor *auditor = context;
	AUTO(buf_release) struct buf content = { 0 };
	struct digest digest;

	if (is_stray(auditor, name, &digest))
		return stray_count(context, name, fail);
	return objects_get(auditor->objects, &digest, &content, fail);
}

static void
names_sort(struct auditor *auditor)
{
	if (auditor->named_count > 0)
		qsort(auditor->named, auditor->named_count,
		    sizeof(*auditor->named), digest_compare);
}

static int
audit_run(struct auditor *auditor, bool may_be_torn, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	struct audit *counts = &auditor->counts;

	if (journal_replay(auditor->journal, record_each, auditor, fail) ==
		-1 && !(may_be_torn && journal_is_torn(auditor->journal)))
		return -1;
	if (counts->records == 0)
		return fail_with(fail, FAIL_JOURNAL, "journal: is empty");
	if (ledger_is_begun(ledger) && ledger->seal == NULL)
		return fail_with(fail, FAIL_JOURNAL,
		    "journal: no record is sealed");
	names_sort(auditor);
	if (objects_each(auditor->objects, object_check, auditor, fail) == -1)
		return -1;
	counts->possibly += (int64_t)ledger->intent.count;
	counts->refusals = ledger->refusals;
	counts->head = *journal_head(auditor->journal);
	counts->unsealed = counts->head.seq - ledger->sealed_seq;
	snprintf(counts->name, sizeof(counts->name), "%s", ledger->name);
	return 0;
}

int
audit_verify(const char *path, struct audit *out, struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = { .dirfd = -1 };

	if (auditor_open(path, &auditor, fail) == -1)
		return -1;
	if (audit_run(&auditor, false, fail) == -1)
		return fail_in(fail, "%s", path);
	*out = auditor.counts;
	return 0;
}

int
audit_verify_recoverable(const char *path, struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = { .dirfd = -1 };

	if (auditor_open(path, &auditor, fail) == -1)
		return -1;
	if (audit_run(&auditor, true, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

int
audit_count_strays(const char *path, int64_t *out, struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = { .dirfd = -1 };

	if (auditor_open(path, &auditor, fail) == -1)
		return -1;
	if (journal_replay(auditor.journal, record_name, &auditor, fail) ==
		-1 && !journal_is_torn(auditor.journal))
		return fail_in(fail, "%s", path);
	names_sort(&auditor);
	if (objects_each(auditor.objects, stray_count, &auditor, fail) == -1)
		return -1;
	*out = auditor.counts.strays;
	return 0;
}

/* Passes on the records from a number on. */
struct shower {
	int64_t from;
	int (*each)(void *, const struct record *, struct fail *);
	void *context;
};

static int
record_pass(void *context, const struct record *record, struct fail *fail)
{
	const struct shower *shower = context;

	if (record->seq < shower->from)
		return 0;
	return shower->each(shower->context, record, fail);
}

int
audit_show(const char *path, int64_t from,
    int (*each)(void *, const struct record *, struct fail *), void *context,
    struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = { .dirfd = -1 };
	struct shower shower = { from, each, context };

	if (auditor_open(path, &auditor, fail) == -1)
		return -1;
	if (journal_replay(auditor.journal, record_pass, &shower, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}
