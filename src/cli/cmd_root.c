/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/root.h>
#include <anchorite/token/uri.h>

#include "cli.h"

static void
show_root_key(const struct cli *cli, const struct authority *authority)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(buf_release) struct buf path = { 0 };

	printf("root key %s, attested and recorded\n",
	    cli->command->run == run_root_adopt ? "adopted" : "generated");
	show_line("label", ledger->root_key.label);
	show_line("kind", key_kind_names[ledger->policy->root.key]);
	printf("next: anchorite root certify --authority %s\n",
	    show_safe(&path, authority->path));
}

/* What a crash between key and record left: no record knows it. */
static int
tell_strangers(const struct authority *authority, struct session *session,
    struct fail *fail)
{
	AUTO(buf_release) struct buf label = { 0 };
	size_t count;

	root_label(authority->ledger->name, &label);
	if (key_count(session_token(session), buf_bytes(&label), &count,
	    fail) == -1)
		return -1;
	if (count > 0)
		fprintf(stderr, "anchorite: warning: the token has %zu keys "
		    "named \"%s\" already that no record knows: an "
		    "interrupted command may have left them\n", count,
		    buf_cstr(&label));
	return 0;
}

int
run_root_generate(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    authority_check_ready(authority, &cli->act, "root-key", fail) ==
		-1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    tell_strangers(authority, session, fail) == -1 ||
	    root_generate(authority, &cli->act, session, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_root_key(cli, authority);
	return 0;
}

int
run_root_adopt(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(uri_release) struct uri *uri = NULL;

	if (uri_read(cli->values[OPT_KEY], &uri, fail) == -1)
		return -1;
	if (!uri_has_object(uri))
		return fail_with(fail, FAIL_USAGE,
		    "--key: want object= or id= in %s", cli->values[OPT_KEY]);
	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    authority_check_ready(authority, &cli->act, "root-key", fail) ==
		-1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    root_adopt(authority, &cli->act, uri, session, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_root_key(cli, authority);
	return 0;
}

/* What is about to be signed, as it would read under the throw-away key. */
static int
certify(struct cli *cli, struct authority *authority,
    struct session *session, struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	struct serial serial;

	if (root_plan(authority, &cli->act, session, &serial, &tbs, fail) == -1)
		return -1;
	printf("to be signed by the root key itself:\n");
	if (show_planned(buf_bytes(&tbs), plan_alg(authority->ledger->policy),
		fail) == -1 ||
	    cli_confirm(cli, "Sign this root certificate?", fail) == -1)
		return -1;
	return root_certify(authority, &cli->act, &serial, buf_bytes(&tbs),
	    session, fail);
}

int
run_root_certify(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    authority_check_ready(authority, &cli->act, "root-intent", fail) ==
		-1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    certify(cli, authority, session, fail) == -1)
		return cli_refused(cli, authority, fail);
	printf("signed: the authority is %s\n",
	    state_name(authority->ledger->state));
	show_digest("SHA-256", &authority->ledger->root->digest);
	return 0;
}

int
run_root_show(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;

	if (cli_open_authority(cli, false, &authority, fail) == -1)
		return -1;
	if (authority->ledger->root == NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "no root certificate yet: the authority is %s",
		    state_name(authority->ledger->state));
	return cli_show_certificate(cli, authority, authority->ledger->root,
	    NULL, fail);
}
