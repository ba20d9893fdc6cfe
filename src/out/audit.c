/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/audit.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/request.h>

#include "audit_internal.h"

#define TELL_EVERY 100		/* milliseconds */

void
auditor_close(struct auditor *auditor)
{
	audit_intent_release(&auditor->intent);
	audit_objects_release(&auditor->objects);
	ledger_release(&auditor->ledger);
	journal_release(&auditor->journal);
	objects_release(&auditor->store);
	auto_close(&auditor->dirfd);
}

int
auditor_open(const char *path, struct auditor *auditor, struct fail *fail)
{
	auditor->ledger = ledger_new();
	if (file_open_directory(path, &auditor->dirfd, fail) == -1)
		return -1;
	if (journal_open(auditor->dirfd, false, false, &auditor->journal,
		fail) == -1 ||
	    objects_open(auditor->dirfd, &auditor->store, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

/* A clock that is cheap to look at; it paces, and judges nothing. */
static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void
progress_tell(struct auditor *auditor, bool is_end)
{
	int64_t now = milliseconds();

	if (auditor->watch == NULL || (!is_end &&
	    now - auditor->told < TELL_EVERY))
		return;
	auditor->told = now;
	auditor->watch->tell(auditor->watch->context, &auditor->progress);
}

static int
progress_begin(struct auditor *auditor, struct fail *fail)
{
	struct stat status;

	if (fstatat(auditor->dirfd, JOURNAL_NAME, &status,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return fail_errno(fail, "journal");
	auditor->progress.total = status.st_size;
	auditor->told = milliseconds();
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
	    deed_of_record(auditor->ledger, auditor->store, record,
		operation, &parameters, fail) == -1 ||
	    approvals_audit(approval, auditor->ledger, auditor->store,
		operation, parameters, record->time, fail) == -1)
		return fail_in(fail, "%s", record->event);
	auditor->counts.approvals++;
	return 0;
}

static int
record_audit(struct auditor *auditor, const struct record *record,
    struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;

	if (audit_objects_name(&auditor->objects, record, true, fail) == -1 ||
	    approval_check(auditor, record, fail) == -1 ||
	    ledger_apply(auditor->ledger, auditor->store, record, fail) ==
		-1 ||
	    audit_derive(auditor, record, fail) == -1)
		return -1;
	if (strcmp(record->event, "init") == 0)
		return journal_derive(auditor, record, fail);
	if (strcmp(record->event, "seal") != 0)
		return 0;
	auditor->counts.seals++;
	return journal_verify_seal(ledger->seal, &ledger->sealed,
	    ledger->journal_certificate->spki.key, fail);
}

static int
record_each(void *context, const struct record *record, struct fail *fail)
{
	struct auditor *auditor = context;

	if (record_audit(auditor, record, fail) == -1) {
		/* Whatever it is elsewhere: here the journal is not sound. */
		if (fail->kind != FAIL_SYSTEM)
			fail->kind = FAIL_JOURNAL;
		return -1;
	}
	auditor->counts.records++;
	auditor->progress.records++;
	auditor->progress.done += (off_t)record->line.len;
	progress_tell(auditor, false);
	return 0;
}

static void
counts_finish(struct auditor *auditor)
{
	const struct ledger *ledger = auditor->ledger;
	struct audit *counts = &auditor->counts;

	counts->possibly += (int64_t)ledger->intent.count;
	counts->refusals = ledger->refusals;
	counts->redacted = auditor->objects.redacted;
	counts->strays = audit_objects_count_strays(&auditor->objects);
	counts->head = *journal_head(auditor->journal);
	counts->unsealed = counts->head.seq - ledger->sealed_seq;
	counts->loose = ledger->loose;
	snprintf(counts->name, sizeof(counts->name), "%s", ledger->name);
}

int
auditor_run(struct auditor *auditor, bool may_be_torn, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;

	if (progress_begin(auditor, fail) == -1 ||
	    audit_objects_list(auditor->store, &auditor->objects, fail) == -1)
		return -1;
	if (journal_replay(auditor->journal, record_each, auditor, fail) ==
		-1 && !(may_be_torn && journal_is_torn(auditor->journal)))
		return -1;
	if (auditor->counts.records == 0)
		return fail_with(fail, FAIL_JOURNAL, "journal: is empty");
	if (ledger_is_begun(ledger) && ledger->seal == NULL)
		return fail_with(fail, FAIL_JOURNAL,
		    "journal: no record is sealed");
	if (audit_objects_finish(&auditor->objects, fail) == -1)
		return -1;
	counts_finish(auditor);
	progress_tell(auditor, true);
	return 0;
}

int
audit_verify(const char *path, const struct audit_watch *watch,
    struct audit *out, struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = {
		.dirfd = -1, .watch = watch,
	};

	if (auditor_open(path, &auditor, fail) == -1)
		return -1;
	if (auditor_run(&auditor, false, fail) == -1)
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
	if (auditor_run(&auditor, true, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

static int
record_name(void *context, const struct record *record, struct fail *fail)
{
	return audit_objects_name(context, record, false, fail);
}

int
audit_count_strays(const char *path, int64_t *out, struct fail *fail)
{
	AUTO(auditor_close) struct auditor auditor = { .dirfd = -1 };

	if (auditor_open(path, &auditor, fail) == -1 ||
	    audit_objects_list(auditor.store, &auditor.objects, fail) == -1)
		return -1;
	if (journal_replay(auditor.journal, record_name, &auditor.objects,
	    fail) == -1 && !journal_is_torn(auditor.journal))
		return fail_in(fail, "%s", path);
	*out = audit_objects_count_strays(&auditor.objects);
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
