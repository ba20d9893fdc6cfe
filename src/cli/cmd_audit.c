/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/audit.h>

#include "cli.h"

/* Fields one a line, those of inner objects further in. */
static void
show_fields(const struct json *json, int depth)
{
	for (size_t n = 0; n < json_count(json); n++) {
		const struct json *value = json_at(json, n);
		const char *key = json_key_at(json, n);
		AUTO(buf_release) struct buf label = { 0 };
		AUTO(buf_release) struct buf text = { 0 };
		AUTO(buf_release) struct buf safe = { 0 };

		text_escape(&label, bytes_text(key != NULL ? key : "-"));
		if (json_count(value) > 0) {
			printf("  %*s%s\n", 2 * depth, "", buf_cstr(&label));
			show_fields(value, depth + 1);
			continue;
		}
		if (json_text(value) != NULL)
			buf_text(&text, json_text(value));
		else
			json_write(value, &text);
		text_escape(&safe, buf_bytes(&text));
		printf("  %*s%-*s %s\n", 2 * depth, "", 18 - 2 * depth,
		    buf_cstr(&label), buf_cstr(&safe));
	}
}

static int
show_record(void *context, const struct record *record, struct fail *fail)
{
	const struct cli *cli = context;

	(void)fail;
	if (cli->is_json) {
		fwrite(record->line.data, 1, record->line.len, stdout);
		return 0;
	}
	printf("record %lld: %s\n", (long long)record->seq, record->event);
	show_time("time", record->time);
	show_line("by", record->by);
	show_digest("SHA-256", &record->digest);
	show_fields(record->data, 0);
	return 0;
}

int
run_audit_show(struct cli *cli, struct fail *fail)
{
	int64_t from = 1;

	if (cli->values[OPT_FROM] != NULL &&
	    text_read_number(cli->values[OPT_FROM], 1, INT64_MAX, &from,
		fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--from");
	}
	return audit_show(cli_authority_path(cli), from, show_record, cli,
	    fail);
}

static void
show_audit_json(const struct audit *audit)
{
	AUTO(json_release) struct json *json = json_new();

	json_put_text(json, "name", audit->name);
	json_put_text(json, "verdict", "sound");
	json_put_number(json, "records", audit->records);
	json_put_number(json, "seals", audit->seals);
	json_put_number(json, "certificates", audit->certificates);
	json_put_number(json, "roots", audit->roots);
	json_put_number(json, "crls", audit->crls);
	json_put_number(json, "approvals", audit->approvals);
	json_put_number(json, "possibly_issued", audit->possibly);
	json_put_number(json, "refusals", audit->refusals);
	json_put_number(json, "unsealed", audit->unsealed);
	json_put_number(json, "strays", audit->strays);
	json_put_digest(json, "head", &audit->head.digest);
	show_json(json);
}

int
run_audit_verify(struct cli *cli, struct fail *fail)
{
	struct audit audit = { 0 };

	if (audit_verify(cli_authority_path(cli), &audit, fail) == -1)
		return -1;
	if (cli->is_json) {
		show_audit_json(&audit);
		return 0;
	}
	printf("authority %s: the journal is sound\n", audit.name);
	printf("  %lld records in one chain, %lld seals verified\n",
	    (long long)audit.records, (long long)audit.seals);
	printf("  derived again and verified: %lld root, %lld certificates, "
	    "%lld CRLs\n", (long long)audit.roots,
	    (long long)audit.certificates, (long long)audit.crls);
	if (audit.approvals > 0)
		printf("  %lld operations approved by custodians, their "
		    "signatures verified\n", (long long)audit.approvals);
	printf("  %lld refusals; %lld signatures without an outcome\n",
	    (long long)audit.refusals, (long long)audit.possibly);
	if (audit.unsealed > 0)
		printf("  %lld records behind the last seal are not sealed "
		    "yet\n", (long long)audit.unsealed);
	if (audit.strays > 0)
		printf("  %lld files in objects/ that no record names "
		    "(harmless)\n", (long long)audit.strays);
	show_digest("head", &audit.head.digest);
	return 0;
}
