/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/amend.h>
#include <anchorite/ca/anchor.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/resplit.h>

#include "cli.h"

static void
show_policy(struct cli *cli, const struct authority *authority)
{
	const struct policy *policy = authority->ledger->policy;

	printf("policy %s is in force\n", policy->name);
	show_digest("policy SHA-256", &policy->digest);
	cli_note_policy(cli, policy);
}

static int
amend(struct cli *cli, struct authority *authority, struct deed *deed,
    struct fail *fail)
{
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(json_release) struct json *weak = NULL;

	if (cli_load_site(cli, &site, fail) == -1 ||
	    cli_acknowledge(cli, &deed->adoption->policy->roster,
		authority->ledger->split.form.threshold, &weak, fail) == -1 ||
	    custody_gather(cli, authority, deed->operation, deed->parameters,
		&custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return -1;
	return amend_policy(authority, &cli->act, deed->adoption, &weak,
	    session, fail);
}

int
run_policy_adopt(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(deed_release) struct deed deed = { 0 };

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    deed_prepare(cli, authority, OPERATION_POLICY, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    amend(cli, authority, &deed, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_policy(cli, authority);
	return 0;
}

/*
 * The old PINs are tried before anything changes, and the sheets typed back
 * before the intent: what stops after it, recover rolls forward.
 */
static int
resplit(struct cli *cli, struct authority *authority, struct deed *deed,
    struct fail *fail)
{
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(new_split_release) struct new_split next = { 0 };
	AUTO(token_pins_release) struct token_pins old = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(json_release) struct json *weak = NULL;
	struct session_plan plan;
	char token[33];

	custody.changes_policy = !digest_is_equal(
	    &deed->adoption->policy->digest,
	    &authority->ledger->policy->digest);
	if (cli_load_site(cli, &site, fail) == -1 ||
	    cli_acknowledge(cli, &deed->adoption->policy->roster,
		deed->form.threshold, &weak, fail) == -1 ||
	    custody_gather(cli, authority, deed->operation, deed->parameters,
		&custody, fail) == -1 ||
	    resplit_check_approval(authority, &cli->act,
		deed->adoption->policy, deed->parameters, fail) == -1 ||
	    custody_pins(&custody.now, &old, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    anchor_check(authority->ledger, authority->journal, session,
		fail) == -1 ||
	    authority_prepare_anchor(authority, deed->adoption->policy,
		session, fail) == -1)
		return -1;
	snprintf(token, sizeof(token), "%s",
	    token_info(session_token(session))->label);
	if (split_make(&deed->adoption->policy->roster,
		deed->adoption->custodians, &deed->form, &next, fail) == -1 ||
	    token_check_change(session_token(session), &old, &next.pins,
		fail) == -1)
		return -1;
	session_release(&session);
	plan = site_plan(site, cli->secret_fd);
	if (sheets_print(cli, token, &next, fail) == -1 ||
	    resplit_intend(authority, &cli->act, deed->adoption, &next,
		&weak, fail) == -1 ||
	    session_open(&plan, &session, fail) == -1)
		return -1;
	return resplit_finish(authority, &cli->act, &old, &next.pins, session,
	    fail);
}

static void
show_split(const struct authority *authority)
{
	const struct split *split = &authority->ledger->split;

	printf("the token has new PINs: %d of %d shares open it\n",
	    split->form.threshold, split->form.count);
	show_line("split", split->id);
}

int
run_token_resplit(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(deed_release) struct deed deed = { 0 };

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    deed_prepare(cli, authority, OPERATION_RESPLIT, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    resplit(cli, authority, &deed, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_split(authority);
	show_policy(cli, authority);
	return 0;
}

/* With a split PIN the old certificate's share must die, too. */
int
run_custodian_replace(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(deed_release) struct deed deed = { 0 };

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    deed_prepare_replace(cli, authority, cli->operands, &deed, fail) ==
		-1 ||
	    (deed.operation == OPERATION_RESPLIT ?
		resplit(cli, authority, &deed, fail) :
		amend(cli, authority, &deed, fail)) == -1)
		return cli_refused(cli, authority, fail);
	if (deed.operation == OPERATION_RESPLIT)
		show_split(authority);
	show_policy(cli, authority);
	return 0;
}
