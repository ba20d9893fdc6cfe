/* SPDX-License-Identifier: Apache-2.0 */
/* What the root's key signed, held against the journal. */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/out/audit.h>

#include "cli.h"

#define FILE_MAX (256 * 1024 * 1024)
#define DER_START 0x30		/* a SEQUENCE */

static int
load(const char *name, struct buf *out, struct fail *fail)
{
	static const char *const labels[] = {
		"CERTIFICATE", "X509 CRL", "OCSP RESPONSE", NULL
	};
	AUTO(buf_release) struct buf file = { 0 };

	if (file_load(name, FILE_MAX, &file, fail) == -1)
		return -1;
	if (file.len > 0 && file.data[0] == DER_START) {
		buf_put(out, buf_bytes(&file));
		return 0;
	}
	if (text_read_pem(buf_bytes(&file), labels, out, fail) == -1)
		return fail_in(fail, "%s", name);
	return 0;
}

static void
show_trace(const char *name, const struct audit_trace *trace)
{
	AUTO(buf_release) struct buf safe = { 0 };

	printf("%s: %s: intended by record %lld, ", show_safe(&safe, name),
	    audit_kind_name(trace->kind), (long long)trace->intended);
	if (trace->recorded == 0)
		printf("which has no outcome: it was possibly issued, and "
		    "here it is\n");
	else
		printf("recorded by record %lld, derived again\n",
		    (long long)trace->recorded);
}

static struct json *
trace_json(const char *name, const struct audit_trace *trace)
{
	struct json *json = json_new();

	json_put_text(json, "file", name);
	json_put_text(json, "kind", audit_kind_name(trace->kind));
	json_put_number(json, "intended", trace->intended);
	json_put_number(json, "recorded", trace->recorded);
	return json;
}

int
run_audit_trace(struct cli *cli, struct fail *fail)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (int n = 0; n < cli->operand_count; n++) {
		const char *name = cli->operands[n];
		AUTO(buf_release) struct buf der = { 0 };
		struct audit_trace trace;
		struct json *json;

		if (load(name, &der, fail) == -1)
			return -1;
		if (audit_trace(cli_authority_path(cli), buf_bytes(&der),
		    &trace, fail) == -1)
			return fail_in(fail, "%s", name);
		json = trace_json(name, &trace);
		json_add(list, &json);
		if (!cli->is_json)
			show_trace(name, &trace);
	}
	if (cli->is_json)
		show_json(list);
	return 0;
}

/* What the journal counted, held against what the token did. */
static int
reconcile(const struct ledger *ledger, int64_t counted, struct fail *fail)
{
	int64_t made = 0, most = 0;

	for (int n = 0; n < PURPOSES; n++) {
		made += ledger->uses[n].made;
		most += ledger->uses[n].made + ledger->uses[n].perhaps;
	}
	if (counted > most)
		return fail_with(fail, FAIL_JOURNAL, "the token counts %lld "
		    "signatures, the journal knows of %lld: %lld were made "
		    "without it", (long long)counted, (long long)most,
		    (long long)(counted - most));
	if (counted < made)
		return fail_with(fail, FAIL_JOURNAL, "the token counts %lld "
		    "signatures, the journal knows of %lld: %lld are not "
		    "counted: its counter was set back, or counts another key",
		    (long long)counted, (long long)made,
		    (long long)(made - counted));
	printf("the token's count and the journal agree: %lld\n",
	    (long long)counted);
	if (most > made)
		printf("  of %lld that were perhaps made, %lld were\n",
		    (long long)(most - made), (long long)(counted - made));
	return 0;
}

int
run_audit_reconcile(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	int64_t counted;

	if (text_read_number(cli->operands[0], 0, INT64_MAX, &counted, fail) ==
	    -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "COUNT");
	}
	if (cli_open_authority(cli, false, &authority, fail) == -1)
		return -1;
	show_uses(authority->ledger);
	return reconcile(authority->ledger, counted, fail);
}
