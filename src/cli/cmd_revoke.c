/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/revoke.h>

#include "cli.h"

int
run_revoke(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    deed_prepare(cli, authority, OPERATION_REVOKE, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    cli_show_issued(cli, authority, deed.issued, fail) == -1 ||
	    cli_confirm(cli, "Revoke this certificate?", fail) == -1 ||
	    custody_gather(cli, authority, OPERATION_REVOKE, deed.parameters,
		&custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    revoke_certificate(authority, &cli->act, deed.issued, deed.reason,
		session, fail) == -1)
		return cli_refused(cli, authority, fail);
	printf("revoked (%s); the next CRL carries it: anchorite crl\n",
	    crl_reason_name(deed.reason));
	return 0;
}

static int
crl_written(struct cli *cli, const struct crl *crl, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	char next[TEXT_TIME_SIZE];

	if (cli->values[OPT_OUT] != NULL &&
	    file_write(cli->values[OPT_OUT], buf_bytes(&crl->der), 0644,
		fail) == -1)
		return fail_in(fail,
		    "CRL %llu is signed and recorded, but not written out",
		    (unsigned long long)crl->number);
	text_time(crl->next_update, next);
	json_put_number(json, "number", (int64_t)crl->number);
	json_put_number(json, "entries", (int64_t)crl->entry_count);
	json_put_text(json, "next_update", next);
	json_put_digest(json, "sha256", &crl->digest);
	if (cli->is_json) {
		show_json(json);
		return 0;
	}
	printf("signed CRL %llu\n", (unsigned long long)crl->number);
	printf("  %-18s %zu\n", "entries", crl->entry_count);
	show_time("this update", crl->this_update);
	show_time("next update", crl->next_update);
	show_digest("SHA-256", &crl->digest);
	return 0;
}

int
run_crl(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(crl_release) struct crl *crl = NULL;
	struct fail second = { 0 };
	int result;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    (cli->values[OPT_OUT] != NULL &&
		file_check_absent(cli->values[OPT_OUT], fail) == -1) ||
	    deed_prepare(cli, authority, OPERATION_CRL, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_gather(cli, authority, deed.operation, deed.parameters,
		&custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return cli_refused(cli, authority, fail);
	result = revoke_sign_crl(authority, &cli->act, session, &crl, fail);
	if (crl == NULL)
		return cli_refused(cli, authority, fail);
	/* It is sealed, and goes out, whatever came of the anchor. */
	if (crl_written(cli, crl, result == 0 ? fail : &second) == -1)
		return -1;
	return result;
}
