/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/private.h>
#include <anchorite/ca/recover.h>
#include <anchorite/out/audit.h>

#include "cli.h"

/* Approvals where a line is torn, shares where the PIN is split. */
static int
gather(struct cli *cli, struct authority *authority, struct deed *deed,
    struct custody *custody, struct fail *fail)
{
	if (!journal_is_torn(authority->journal))
		return custody_unlock(cli, authority, custody, fail);
	if (deed_prepare(cli, authority, OPERATION_RECOVER, NULL, 0, deed,
	    fail) == -1)
		return -1;
	return custody_gather(cli, authority, OPERATION_RECOVER,
	    deed->parameters, custody, fail);
}

static int
show_event(void *context, const struct record *record, struct fail *fail)
{
	(void)context;
	(void)fail;
	printf("  record %lld: %s, by %s\n", (long long)record->seq,
	    record->event, private_is(record->by) ? "(private)" : record->by);
	return 0;
}

/* What the seal is going to vouch for. */
static int
show_unsealed(const struct cli *cli, const struct authority *authority,
    struct fail *fail)
{
	/* That the last line is torn was said. */
	if (audit_show(cli_authority_path(cli),
	    authority->ledger->sealed_seq + 1, show_event, NULL, fail) == -1 &&
	    !journal_is_torn(authority->journal))
		return -1;
	return 0;
}

/* A seal vouches for all before it: first see that it is sound. */
static int
close_it(struct cli *cli, struct authority *authority, struct fail *fail)
{
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (cli_load_site(cli, &site, fail) == -1)
		return -1;
	if (!recover_is_needed(authority))
		return fail_with(fail, FAIL_REFUSED, "nothing to recover");
	if (audit_verify_recoverable(cli_authority_path(cli), fail) == -1)
		return -1;
	show_interrupted(authority);
	if (show_unsealed(cli, authority, fail) == -1)
		return -1;
	if (cli_confirm(cli, "Record this so, and seal?", fail) == -1 ||
	    gather(cli, authority, &deed, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return -1;
	return recover(authority, &cli->act, session, fail);
}

/* What became of the certificates that were perhaps signed. */
static void
show_recovered(const struct ledger *ledger, size_t first)
{
	char serial[SERIAL_HEX_SIZE];

	for (size_t n = first; n < ledger->issued_count; n++) {
		serial_hex(&ledger->issued[n].serial, serial);
		printf("%s  %s\n", serial,
		    ledger->issued[n].has_certificate ?
		    "issued: found on the disk" : "possibly issued");
	}
	printf("recovered and sealed\n");
}

int
run_recover(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	size_t first;

	if (cli_open_authority(cli, true, &authority, fail) == -1)
		return -1;
	first = authority->ledger->issued_count;
	if (close_it(cli, authority, fail) == -1)
		return -1;
	show_recovered(authority->ledger, first);
	return 0;
}
