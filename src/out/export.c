/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/export.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/private.h>

#include "export_internal.h"

const char *const export_format_names[] = {
	[EXPORT_JSONL] = "jsonl",
	[EXPORT_CSV] = "csv",
	[EXPORT_ACM_PCA_JSON] = "acm-pca-json",
	[EXPORT_ACM_PCA_CSV] = "acm-pca-csv",
	NULL,
};

static void
exporter_close(struct exporter *exporter)
{
	ledger_release(&exporter->ledger);
	journal_release(&exporter->journal);
	objects_release(&exporter->objects);
	auto_close(&exporter->dirfd);
	free(exporter->then);
}

static int
exporter_open(struct exporter *exporter, struct fail *fail)
{
	exporter->ledger = ledger_new();
	if (file_open_directory(exporter->plan->path, &exporter->dirfd,
	    fail) == -1)
		return -1;
	if (journal_open(exporter->dirfd, false, false, &exporter->journal,
		fail) == -1 ||
	    objects_open(exporter->dirfd, &exporter->objects, fail) == -1)
		return fail_in(fail, "%s", exporter->plan->path);
	return 0;
}

int
export_put(struct exporter *exporter, struct bytes piece, struct fail *fail)
{
	if (exporter->write(exporter->context, piece, fail) == 0)
		return 0;
	exporter->unwritten = *fail;
	return -1;
}

/* Where the export begins: what stood in the inventory before. */
static void
begin(struct exporter *exporter, const struct record *record)
{
	const struct ledger *ledger = exporter->ledger;

	exporter->is_begun = true;
	exporter->sum.first = record->seq + 1;
	exporter->then_count = ledger->issued_count;
	exporter->then = mem_new(ledger->issued_count,
	    sizeof(*exporter->then));
	for (size_t n = 0; n < ledger->issued_count; n++)
		exporter->then[n] = ledger->issued[n].status;
}

static int
record_prove(void *context, const struct record *record, struct fail *fail)
{
	struct exporter *exporter = context;

	if (ledger_apply(exporter->ledger, exporter->objects, record, fail) ==
	    -1)
		return -1;
	if (!exporter->is_begun && digest_is_equal(&record->digest,
	    exporter->plan->since))
		begin(exporter, record);
	return 0;
}

static int
fail_since(const struct digest *since, struct fail *fail)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(since, hex);
	return fail_with(fail, FAIL_REFUSED, "no record has the digest %s: "
	    "this journal does not extend that one", hex);
}

/* The whole journal, before a byte of it goes out. */
static int
prove(struct exporter *exporter, struct fail *fail)
{
	const struct journal_head *head = journal_head(exporter->journal);

	exporter->is_begun = exporter->plan->since == NULL;
	exporter->sum.first = 1;
	if (journal_replay(exporter->journal, record_prove, exporter, fail) ==
	    -1)
		return -1;
	if (head->seq == 0)
		return fail_with(fail, FAIL_JOURNAL, "journal: is empty");
	if (ledger_is_begun(exporter->ledger) &&
	    ledger_verify_seal(exporter->ledger, fail) == -1)
		return fail_in(fail, "journal");
	if (!exporter->is_begun)
		return fail_since(exporter->plan->since, fail);
	exporter->sum.last = head->seq;
	exporter->sum.head = head->digest;
	return 0;
}

/*
 * As it stands, also what a spreadsheet takes for a formula (= + - @ first):
 * a sign put before it would be another value to every other program.
 */
void
export_cell(struct buf *row, const char *text)
{
	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		buf_text(row, text);
		return;
	}
	buf_text(row, "\"");
	for (; *text != '\0'; text++)
		buf_printf(row, *text == '"' ? "\"\"" : "%c", *text);
	buf_text(row, "\"");
}

#define CSV_HEADER "seq,time,by,event,sha256,prev,data\r\n"

static int
put_row(struct exporter *exporter, const struct record *record,
    struct fail *fail)
{
	AUTO(buf_release) struct buf row = { 0 };
	AUTO(buf_release) struct buf by = { 0 };
	AUTO(buf_release) struct buf data = { 0 };
	char time[TEXT_TIME_SIZE];
	char hex[DIGEST_HEX_SIZE], prev[DIGEST_HEX_SIZE];

	if (exporter->plan->is_redacted)
		buf_text(&by, record->by);
	else if (private_show(exporter->objects, record->by, &by, fail) == -1)
		return -1;
	text_time(record->time, time);
	digest_hex(&record->digest, hex);
	digest_hex(&record->prev, prev);
	json_write(record->data, &data);
	buf_printf(&row, "%lld,%s,", (long long)record->seq, time);
	export_cell(&row, buf_cstr(&by));
	buf_printf(&row, ",%s,%s,%s,", record->event, hex, prev);
	export_cell(&row, buf_cstr(&data));
	buf_text(&row, "\r\n");
	return export_put(exporter, buf_bytes(&row), fail);
}

static int
record_put(void *context, const struct record *record, struct fail *fail)
{
	struct exporter *exporter = context;
	struct export_sum *sum = &exporter->sum;

	if (record->seq == sum->last)
		exporter->is_whole =
		    digest_is_equal(&record->digest, &sum->head);
	/* What came behind the head meanwhile has not been proved. */
	if (record->seq < sum->first || record->seq > sum->last)
		return 0;
	sum->rows++;
	if (exporter->plan->format == EXPORT_JSONL)
		return export_put(exporter, record->line, fail);
	return put_row(exporter, record, fail);
}

static int
put_records(struct exporter *exporter, struct fail *fail)
{
	if (exporter->plan->format == EXPORT_CSV &&
	    export_put(exporter, bytes_text(CSV_HEADER), fail) == -1)
		return -1;
	if (journal_replay(exporter->journal, record_put, exporter, fail) ==
	    -1)
		return -1;
	if (!exporter->is_whole)
		return fail_with(fail, FAIL_JOURNAL,
		    "journal: changed while it was exported");
	return 0;
}

static int
run(struct exporter *exporter, struct fail *fail)
{
	if (prove(exporter, fail) == -1)
		return -1;
	if (exporter->plan->format == EXPORT_JSONL ||
	    exporter->plan->format == EXPORT_CSV)
		return put_records(exporter, fail);
	return export_acm_pca(exporter, fail);
}

int
export_run(const struct export_plan *plan,
    int (*write)(void *, struct bytes, struct fail *), void *context,
    struct export_sum *out, struct fail *fail)
{
	AUTO(exporter_close) struct exporter exporter = {
		.plan = plan, .write = write, .context = context, .dirfd = -1,
	};

	if (exporter_open(&exporter, fail) == -1)
		return -1;
	if (run(&exporter, fail) == -1) {
		/* The journal is not to blame for a full disk elsewhere. */
		if (exporter.unwritten.kind == FAIL_NONE)
			return fail_in(fail, "%s", plan->path);
		*fail = exporter.unwritten;
		return -1;
	}
	*out = exporter.sum;
	return 0;
}
