/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/private.h>
#include <anchorite/out/audit.h>

#include "cli.h"

/* What prints records: private values are shown where they are there. */
struct printer {
	const struct cli *cli;
	const struct objects *objects;
};

static int
show_text(const struct printer *printer, const char *label, int depth,
    const char *text, struct fail *fail)
{
	AUTO(buf_release) struct buf value = { 0 };
	AUTO(buf_release) struct buf safe = { 0 };

	if (private_show(printer->objects, text, &value, fail) == -1)
		return -1;
	text_escape(&safe, buf_bytes(&value));
	printf("  %*s%-*s %s%s\n", 2 * depth, "", 18 - 2 * depth, label,
	    buf_cstr(&safe), private_is(text) ? "  (private)" : "");
	return 0;
}

/* Fields one a line, those of inner objects further in. */
static int
show_fields(const struct printer *printer, const struct json *json,
    int depth, struct fail *fail)
{
	for (size_t n = 0; n < json_count(json); n++) {
		const struct json *value = json_at(json, n);
		const char *key = json_key_at(json, n);
		AUTO(buf_release) struct buf label = { 0 };
		AUTO(buf_release) struct buf text = { 0 };

		text_escape(&label, bytes_text(key != NULL ? key : "-"));
		if (json_count(value) > 0) {
			printf("  %*s%s\n", 2 * depth, "", buf_cstr(&label));
			if (show_fields(printer, value, depth + 1, fail) == -1)
				return -1;
			continue;
		}
		if (json_text(value) != NULL)
			buf_text(&text, json_text(value));
		else
			json_write(value, &text);
		if (show_text(printer, buf_cstr(&label), depth,
		    buf_cstr(&text), fail) == -1)
			return -1;
	}
	return 0;
}

static int
show_record(void *context, const struct record *record, struct fail *fail)
{
	const struct printer *printer = context;

	if (printer->cli->is_json) {
		fwrite(record->line.data, 1, record->line.len, stdout);
		return 0;
	}
	printf("record %lld: %s\n", (long long)record->seq, record->event);
	show_time("time", record->time);
	if (show_text(printer, "by", 0, record->by, fail) == -1)
		return -1;
	show_digest("SHA-256", &record->digest);
	return show_fields(printer, record->data, 0, fail);
}

int
run_audit_show(struct cli *cli, struct fail *fail)
{
	AUTO(objects_release) struct objects *objects = NULL;
	AUTO(auto_close) int dirfd = -1;
	struct printer printer = { .cli = cli };
	int64_t from = 1;

	if (cli->values[OPT_FROM] != NULL &&
	    text_read_number(cli->values[OPT_FROM], 1, INT64_MAX, &from,
		fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--from");
	}
	if (file_open_directory(cli_authority_path(cli), &dirfd, fail) == -1 ||
	    objects_open(dirfd, &objects, fail) == -1)
		return -1;
	printer.objects = objects;
	return audit_show(cli_authority_path(cli), from, show_record, &printer,
	    fail);
}

/* On a terminal alone, and not in what is printed. */
static void
show_progress(void *context, const struct audit_progress *progress)
{
	double part = progress->total == 0 ? 1 :
	    (double)progress->done / (double)progress->total;

	(void)context;
	fprintf(stderr, "\r%lld records, %.0f %%%s",
	    (long long)progress->records, 100 * part,
	    progress->done == progress->total ? "\r\033[K" : "");
}

static void
show_audit_json(const struct audit *audit)
{
	AUTO(json_release) struct json *json = json_new();

	json_put_text(json, "name", audit->name);
	json_put_text(json, "verdict", audit->loose == 0 ? "sound" :
	    "sound to the last seal");
	json_put_number(json, "records", audit->records);
	json_put_number(json, "seals", audit->seals);
	json_put_number(json, "certificates", audit->certificates);
	json_put_number(json, "roots", audit->roots);
	json_put_number(json, "crls", audit->crls);
	json_put_number(json, "ocsp_responses", audit->responses);
	json_put_number(json, "approvals", audit->approvals);
	json_put_number(json, "possibly_issued", audit->possibly);
	json_put_number(json, "refusals", audit->refusals);
	json_put_number(json, "unsealed", audit->unsealed);
	json_put_number(json, "vouched_by_nobody", audit->loose);
	json_put_number(json, "strays", audit->strays);
	json_put_number(json, "redacted", audit->redacted);
	json_put_digest(json, "head", &audit->head.digest);
	show_json(json);
}

static void
print_count(const char *lead, int64_t count, const char *what,
    const char *end)
{
	printf("%s%lld %s%s%s", lead, (long long)count, what,
	    count == 1 ? "" : "s", end);
}

/* Refusals are no reason for alarm; what else is there, is. */
static void
show_unsealed(const struct audit *audit)
{
	bool is_one = audit->unsealed == 1;

	if (audit->unsealed == 0)
		return;
	print_count("  ", audit->unsealed, "record", " behind the last seal ");
	printf("%s not sealed yet", is_one ? "is" : "are");
	if (audit->loose == 0) {
		printf("%s\n", is_one ?
		    " (a refusal; the next command seals it)" :
		    " (refusals; the next command seals them)");
		return;
	}
	printf("\n  for %lld of them nobody vouches: look at them (audit "
	    "show --from %lld), then recover\n", (long long)audit->loose,
	    (long long)(audit->head.seq - audit->unsealed + 1));
}

static void
show_audit(const struct audit *audit)
{
	printf("authority %s: the journal is sound", audit->name);
	if (audit->loose > 0)
		printf(" as far as record %lld",
		    (long long)(audit->head.seq - audit->unsealed));
	print_count("\n  ", audit->records, "record", " in one chain");
	print_count(", ", audit->seals, "seal", " verified\n");
	print_count("  derived again and verified: ", audit->roots, "root", "");
	print_count(", ", audit->certificates, "certificate", "");
	print_count(", ", audit->crls, "CRL", "");
	print_count(", ", audit->responses, "OCSP response", "\n");
	if (audit->approvals > 0)
		print_count("  ", audit->approvals, "operation", " approved by "
		    "custodians, their signatures verified\n");
	print_count("  ", audit->refusals, "refusal", "");
	print_count("; ", audit->possibly, "signature",
	    " without an outcome\n");
	show_unsealed(audit);
	if (audit->strays > 0)
		print_count("  ", audit->strays, "file", " in objects/ that no "
		    "record names (harmless)\n");
	if (audit->redacted > 0)
		print_count("  ", audit->redacted, "private value",
		    audit->redacted == 1 ? " is not here: redacted\n" :
		    " are not here: redacted\n");
	show_digest("head", &audit->head.digest);
}

int
run_audit_verify(struct cli *cli, struct fail *fail)
{
	static const struct audit_watch watch = { show_progress, NULL };
	struct audit audit = { 0 };

	if (audit_verify(cli_authority_path(cli),
	    isatty(STDERR_FILENO) == 1 ? &watch : NULL, &audit, fail) == -1)
		return -1;
	if (cli->is_json)
		show_audit_json(&audit);
	else
		show_audit(&audit);
	return 0;
}
