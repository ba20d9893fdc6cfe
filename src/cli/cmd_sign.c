/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/cross.h>
#include <anchorite/ca/issue.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/vet.h>

#include "cli.h"

static int
show_item(const struct issue *issue, const struct issue_item *item,
    struct fail *fail)
{
	const struct csr *csr = item->csr;
	AUTO(buf_release) struct buf name = { 0 };
	char oid[128], line[256];

	text_escape(&name, bytes_text(item->from->name));
	printf("request %s, under profile %s:\n", buf_cstr(&name),
	    item->profile->name);
	if (show_planned(buf_bytes(&item->tbs),
	    plan_alg(issue->authority->ledger->policy), fail) == -1)
		return -1;
	show_digest("request SHA-256", &csr->digest);
	if (item->existing != NULL) {
		show_digest("beside SHA-256", &item->existing->digest);
		show_line("that one is by", cross_signer_names[cross_signer(
		    item->existing, issue->authority->ledger->root)]);
	}
	for (size_t n = 0; n < csr->extension_count; n++) {
		ext_show_oid(csr->extensions[n].oid, oid, sizeof(oid));
		snprintf(line, sizeof(line), "%s: %s", oid,
		    vet_fate(&csr->extensions[n], item->profile));
		show_line(n == 0 ? "it asked for" : "", line);
	}
	return show_target(issue->authority->objects, item->from->consumers,
	    &item->from->target, fail);
}

/* Of more than one, what a screen shows at once: all in short, one line each,
 * to hold against what one expects. */
static void
show_summary(const struct issue *issue)
{
	printf("these %zu, by the end of their requests' SHA-256:\n",
	    issue->count);
	for (size_t n = 0; n < issue->count; n++) {
		const struct issue_item *item = &issue->items[n];
		const char *region = item->from->target.region;
		AUTO(buf_release) struct buf name = { 0 };
		char hex[DIGEST_HEX_SIZE];

		digest_hex(&item->csr->digest, hex);
		text_escape(&name, bytes_text(item->from->name));
		printf("  %s  %-24s %-14s %s\n", hex + strlen(hex) - 8,
		    item->profile->name, region != NULL ? region : "-",
		    buf_cstr(&name));
	}
}

static int
show_and_confirm(const struct cli *cli, const struct issue *issue,
    struct fail *fail)
{
	char question[64];

	for (size_t n = 0; n < issue->count && !cli->is_json; n++)
		if (show_item(issue, &issue->items[n], fail) == -1)
			return -1;
	if (issue->count > 1 && !cli->is_json)
		show_summary(issue);
	snprintf(question, sizeof(question), "Sign %zu certificate%s?",
	    issue->count, issue->count == 1 ? "" : "s");
	return cli_confirm(cli, question, fail);
}

/* For the paper of the ceremony: the digest is what others compare. */
static void
show_signed(const struct issue_item *item)
{
	AUTO(buf_release) struct buf name = { 0 };
	char serial[SERIAL_HEX_SIZE], hex[DIGEST_HEX_SIZE];

	text_escape(&name, bytes_text(item->from->name));
	serial_hex(&item->serial, serial);
	digest_hex(&item->certificate->digest, hex);
	printf("signed %s  %s\n", serial, buf_cstr(&name));
	printf("       SHA-256 %s\n", hex);
}

static void
show_outcome(const struct cli *cli, const struct issue *issue)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (size_t n = 0; n < issue->count; n++) {
		struct json *json =
		    certificate_json(issue->items[n].certificate);

		json_put_text(json, "file", issue->items[n].from->name);
		json_add(list, &json);
		if (!cli->is_json)
			show_signed(&issue->items[n]);
	}
	if (cli->is_json)
		show_json(list);
}

int
run_sign(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(deed_release) struct deed deed = { 0 };

	if (deed_check_sign(cli, "sign", cli->operand_count, fail) == -1)
		return -1;
	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    deed_prepare(cli, authority, OPERATION_SIGN, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_gather(cli, authority, OPERATION_SIGN, deed.parameters,
		&custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    issue_build(deed.issue, session, fail) == -1 ||
	    show_and_confirm(cli, deed.issue, fail) == -1 ||
	    issue_finish(deed.issue, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_outcome(cli, deed.issue);
	return 0;
}
