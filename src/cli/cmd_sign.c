/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/issue.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/vet.h>

#include "cli.h"

/* The request files of the command line, whole. */
struct requests {
	struct issue_file *files;
	struct buf *contents;
	size_t count;
};

static void
requests_release(struct requests *requests)
{
	for (size_t n = 0; n < requests->count; n++)
		buf_release(&requests->contents[n]);
	free(requests->contents);
	free(requests->files);
}

static int
requests_load(const struct cli *cli, struct requests *out, struct fail *fail)
{
	out->count = (size_t)cli->operand_count;
	out->files = mem_new(out->count, sizeof(*out->files));
	out->contents = mem_new(out->count, sizeof(*out->contents));
	for (size_t n = 0; n < out->count; n++) {
		if (file_load(cli->operands[n], CSR_MAX, &out->contents[n],
		    fail) == -1)
			return fail_in(fail, "request");
		out->files[n].name = cli->operands[n];
		out->files[n].content = buf_bytes(&out->contents[n]);
	}
	return 0;
}

static int
show_item(const struct issue *issue, const struct issue_item *item,
    struct fail *fail)
{
	const struct csr *csr = item->csr;
	char oid[128], line[256];

	printf("request %s, under profile %s:\n", item->file,
	    issue->profile->name);
	if (show_planned(buf_bytes(&item->tbs),
	    plan_alg(issue->authority->ledger->policy), fail) == -1)
		return -1;
	show_digest("request SHA-256", &csr->digest);
	for (size_t n = 0; n < csr->extension_count; n++) {
		ext_show_oid(csr->extensions[n].oid, oid, sizeof(oid));
		snprintf(line, sizeof(line), "%s: %s", oid,
		    vet_fate(&csr->extensions[n], issue->profile));
		show_line(n == 0 ? "it asked for" : "", line);
	}
	return 0;
}

static int
show_and_confirm(const struct cli *cli, const struct issue *issue,
    struct fail *fail)
{
	char question[64];

	for (size_t n = 0; n < issue->count && !cli->is_json; n++)
		if (show_item(issue, &issue->items[n], fail) == -1)
			return -1;
	snprintf(question, sizeof(question), "Sign %zu certificate%s?",
	    issue->count, issue->count == 1 ? "" : "s");
	return cli_confirm(cli, question, fail);
}

static void
show_outcome(const struct cli *cli, const struct issue *issue)
{
	AUTO(json_release) struct json *list = json_new_list();
	char serial[SERIAL_HEX_SIZE];

	for (size_t n = 0; n < issue->count; n++) {
		struct json *json =
		    certificate_json(issue->items[n].certificate);

		json_put_text(json, "file", issue->items[n].file);
		json_add(list, &json);
		serial_hex(&issue->items[n].serial, serial);
		if (!cli->is_json)
			printf("signed %s  %s\n", serial,
			    issue->items[n].file);
	}
	if (cli->is_json)
		show_json(list);
}

int
run_sign(struct cli *cli, struct fail *fail)
{
	AUTO(requests_release) struct requests requests = { 0 };
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(issue_release) struct issue *issue = NULL;

	if (requests_load(cli, &requests, fail) == -1)
		return -1;
	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    issue_read(authority, &cli->act, cli->values[OPT_PROFILE],
		cli->values[OPT_REISSUE] != NULL, requests.files,
		requests.count, &issue, fail) == -1 ||
	    cli_log_in(cli, site, &session, fail) == -1 ||
	    issue_build(issue, session_token(session), fail) == -1 ||
	    show_and_confirm(cli, issue, fail) == -1 ||
	    issue_finish(issue, session, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_outcome(cli, issue);
	return 0;
}
