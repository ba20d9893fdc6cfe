/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/recover.h>
#include <anchorite/out/audit.h>

#include "cli.h"

/*
 * A split that was begun is rolled forward: both PINs become the new ones,
 * whichever they are now, and the session is opened with them.
 */
static int
log_in(struct cli *cli, const struct authority *authority,
    const struct site *site, struct session **out, struct fail *fail)
{
	struct session_plan plan = site_plan(site, cli->secret_fd);
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(token_pins_release) struct token_pins old = { 0 };
	AUTO(token_pins_release) struct token_pins new = { 0 };
	AUTO(session_release) struct session *session = NULL;

	if (custody_unlock(cli, authority, &custody, fail) == -1)
		return -1;
	if (custody.next.split == NULL)
		return cli_log_in(cli, site, &custody, out, fail);
	if (custody_pins(&custody.now, &old, fail) == -1)
		return fail_in(fail, "the old split");
	if (custody_pins(&custody.next, &new, fail) == -1)
		return fail_in(fail, "the new split");
	if (session_open(&plan, &session, fail) == -1 ||
	    session_protect(session, fail) == -1 ||
	    token_change_pins(session_token(session), &old, &new, fail) == -1 ||
	    session_sync(session, fail) == -1 ||
	    session_login_with(session, &new.user, fail) == -1)
		return -1;
	*out = GIVE(session);
	return 0;
}

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
	    log_in(cli, authority, site, &session, fail) == -1 ||
	    recover(authority, &cli->act, session, fail) == -1)
		return -1;
	printf("recovered and sealed\n");
	return 0;
}
