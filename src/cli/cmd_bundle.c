/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/out/emit.h>

#include "cli.h"

/* All names are looked up before the PIN is asked. */
static int
look_up_all(const struct cli *cli, const struct authority *authority,
    struct issued **list, struct fail *fail)
{
	for (int n = 0; n < cli->operand_count; n++)
		if (ledger_look_up(authority->ledger, cli->operands[n],
		    &list[n], fail) == -1)
			return -1;
	return 0;
}

static int
bundle_one(const struct cli *cli, struct authority *authority,
    const struct emit_consumer *consumer, const struct issued *issued,
    struct session *session, struct json *list, struct fail *fail)
{
	AUTO(auto_free) char *path = NULL;

	if (emit_bundle(authority, &cli->act, consumer, issued,
	    cli->values[OPT_OUT], session, &path, fail) == -1)
		return -1;
	json_add_text(list, path);
	if (!cli->is_json)
		printf("bundle for %s: %s\n", consumer->name, path);
	return 0;
}

int
run_bundle(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(json_release) struct json *list = json_new_list();
	AUTO(auto_free) struct issued **issued =
	    mem_new((size_t)cli->operand_count, sizeof(*issued));
	const struct emit_consumer *consumer;
	const char *out = cli->values[OPT_OUT];

	if (out != NULL && cli->operand_count > 1)
		return fail_with(fail, FAIL_USAGE, "--out takes one ID");
	if (emit_find_consumer(cli->values[OPT_FOR], &consumer, fail) == -1)
		return -1;
	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    look_up_all(cli, authority, issued, fail) == -1 ||
	    (out != NULL && file_check_absent(out, fail) == -1) ||
	    authority_check_ready(authority, &cli->act, "bundled", fail) ==
		-1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return cli_refused(cli, authority, fail);
	for (int n = 0; n < cli->operand_count; n++)
		if (bundle_one(cli, authority, consumer, issued[n], session,
		    list, fail) == -1)
			return cli_refused(cli, authority, fail);
	if (cli->is_json)
		show_json(list);
	return 0;
}
