/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/recover.h>
#include <anchorite/out/audit.h>

#include "cli.h"

int
run_recover(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1)
		return -1;
	if (!recover_is_needed(authority))
		return fail_with(fail, FAIL_REFUSED, "nothing to recover");
	/* A seal vouches for all before it: first see that it is sound. */
	if (audit_verify_recoverable(cli_authority_path(cli), fail) == -1)
		return -1;
	show_interrupted(authority);
	if (cli_confirm(cli, "Record this so, and seal?", fail) == -1 ||
	    cli_log_in(cli, site, &session, fail) == -1 ||
	    recover(authority, &cli->act, session, fail) == -1)
		return -1;
	printf("recovered and sealed\n");
	return 0;
}
