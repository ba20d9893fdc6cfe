/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/private.h>
#include <anchorite/ca/retire.h>

#include "cli.h"

/* Where the token does not keep to it, somebody must do it by other means. */
static void
show_standing(const struct ledger *ledger)
{
	const struct key_standing *standing = &ledger->standing;

	if (standing->trial[0] == '\0')
		return;
	show_line("the token says", standing->trial);
	if (ledger->state != STATE_DISABLED || standing->by_token)
		return;
	printf("  The token would still sign: that the key is disabled is "
	    "this program's word only.\n"
	    "  Disable it by the vendor's own means; with CloudHSM:\n"
	    "    cloudhsm-cli key set-attribute --filter "
	    "attr.label=\"%s\" --name sign --value false\n",
	    ledger->root_key.label);
}

static void
show_state(const struct authority *authority)
{
	const struct ledger *ledger = authority->ledger;

	printf("authority %s is %s\n", ledger->name,
	    state_name(ledger->state));
	show_standing(ledger);
	if (ledger->state == STATE_DELETED)
		show_time("restorable until", ledger->deletion_ends);
	for (size_t n = 0; n < ledger->backup_count; n++) {
		AUTO(buf_release) struct buf safe = { 0 };

		if (ledger->backups[n].fate != NULL)
			printf("  backup %s: %s\n", ledger->backups[n].name,
			    show_safe(&safe, ledger->backups[n].fate));
	}
}

/* On whose word is it that late? */
static int
put_word(const struct cli *cli, const struct authority *authority,
    struct buf *out, struct fail *fail)
{
	const struct sitting *begun = cli->act.sitting;
	const struct ledger *ledger = authority->ledger;
	const char *witness = begun != NULL ? begun->witness :
	    ledger->witness;
	enum clock_word clock = begun != NULL ? begun->clock : ledger->clock;

	if (witness == NULL || witness[0] == '\0') {
		buf_text(out, clock == CLOCK_GIVEN ? "the operator's word "
		    "(--time)" : "this machine's word");
		return 0;
	}
	buf_text(out, "the word of ");
	return private_show(authority->objects, witness, out, fail);
}

/* What rests on the clock is said aloud. */
static int
confirm(const struct cli *cli, const struct authority *authority,
    enum operation operation, struct fail *fail)
{
	char now[TEXT_TIME_SIZE], end[TEXT_TIME_SIZE];
	AUTO(buf_release) struct buf question = { 0 };

	if (operation != OPERATION_DESTROY)
		return 0;
	text_time(cli->act.now, now);
	text_time(authority->ledger->deletion_ends, end);
	buf_printf(&question, "The window ended %s; by ", end);
	if (put_word(cli, authority, &question, fail) == -1)
		return -1;
	buf_printf(&question, " it is %s now. Destroy the key for good?",
	    now);
	return cli_confirm_word(cli, buf_cstr(&question), "destroy", fail);
}

static int
retire(struct cli *cli, struct authority *authority,
    enum operation operation, struct fail *fail)
{
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (deed_prepare(cli, authority, operation, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_gather(cli, authority, operation, deed.parameters,
		&custody, fail) == -1 ||
	    confirm(cli, authority, operation, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return -1;
	return retire_decide(authority, &cli->act, operation,
	    deed.parameters, session, fail);
}

int
run_retire(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	enum operation operation;

	if (operation_find(cli->command->name, &operation, fail) == -1 ||
	    cli_open_authority(cli, true, &authority, fail) == -1 ||
	    retire(cli, authority, operation, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_state(authority);
	return 0;
}

int
run_backup(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(buf_release) struct buf safe = { 0 };

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    retire(cli, authority, OPERATION_BACKUP, fail) == -1)
		return cli_refused(cli, authority, fail);
	printf("backup %s recorded\n", show_safe(&safe, cli->operands[0]));
	return 0;
}
