/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/anchor.h>

#include "cli.h"

/* Which boot of the machine this is: a UUID that says nothing else. */
static int
read_boot(struct cli *cli, struct fail *fail)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	FILE *file = fopen(path, "re");
	bool is_read = file != NULL &&
	    fgets(cli->boot, sizeof(cli->boot), file) != NULL;

	if (file != NULL)
		fclose(file);
	if (!is_read || strlen(cli->boot) != SITTING_BOOT)
		return fail_with(fail, FAIL_SYSTEM, "%s: no boot id", path);
	return 0;
}

/* A time that passed, in the largest unit of which it has two. */
static void
put_span(int64_t seconds, struct buf *out)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{ "days", 86400 }, { "hours", 3600 }, { "minutes", 60 },
		{ "s", 1 },
	};
	size_t n = 0;

	while (n + 1 < COUNT(units) && seconds < 2 * units[n].seconds)
		n++;
	buf_printf(out, "%lld %s", (long long)(seconds / units[n].seconds),
	    units[n].name);
}

/* On an offline machine the clock is what somebody once set. */
static int
ask_time(struct cli *cli, const struct authority *authority,
    struct fail *fail)
{
	AUTO(buf_release) struct buf question = { 0 };
	char now[TEXT_TIME_SIZE], then[TEXT_TIME_SIZE];
	int64_t last;

	cli->sitting.clock = CLOCK_GIVEN;
	if (cli->values[OPT_TIME] != NULL)
		return 0;
	cli->sitting.clock = CLOCK_UNASKED;
	if (cli->values[OPT_YES] != NULL)
		return 0;
	cli->sitting.clock = CLOCK_CONFIRMED;
	text_time(cli->act.now, now);
	buf_printf(&question, "The clock says %s.", now);
	if (authority != NULL) {
		last = journal_head(authority->journal)->time;
		text_time(last, then);
		buf_printf(&question, " The last record is of %s, ", then);
		put_span(cli->act.now - last, &question);
		buf_text(&question, " before.");
	}
	buf_text(&question, " Is the time right?");
	return cli_confirm(cli, buf_cstr(&question), fail);
}

static int
find_paper(struct cli *cli, const struct authority *authority,
    const char *text, struct fail *fail)
{
	int64_t newest = authority->ledger->head.seq;
	AUTO(buf_release) struct buf question = { 0 };

	if (anchor_find_paper(authority->journal, text, &cli->sitting.paper,
	    fail) == -1)
		return -1;
	if (cli->sitting.paper >= newest)
		return 0;
	buf_printf(&question, "The paper names record %lld, the journal goes "
	    "on to record %lld: is there a newer paper? Go on with this one?",
	    (long long)cli->sitting.paper, (long long)newest);
	return cli_confirm(cli, buf_cstr(&question), fail);
}

/* Which record did the last sitting end with? Slips are typed again. */
static int
ask_paper(struct cli *cli, const struct authority *authority,
    struct fail *fail)
{
	const char *given = cli->values[OPT_PAPER];

	if (given != NULL)
		return find_paper(cli, authority, given, fail);
	for (;;) {
		AUTO(buf_release) struct buf answer = { 0 };

		if (cli_ask("The head on paper, its 18 words or its code "
		    "(empty: stop): ", &answer, fail) == -1) {
			if (fail->kind != FAIL_USAGE)
				return -1;
			return fail_with(fail, FAIL_USAGE, "no terminal to "
			    "ask for the paper on: --paper gives its words");
		}
		if (answer.len == 0)
			return fail_with(fail, FAIL_REFUSED,
			    "stopped: without the paper");
		if (find_paper(cli, authority, buf_cstr(&answer), fail) == 0)
			return 0;
		if (!cli_is_slip(fail))
			return -1;
		cli_show_slip(fail);
	}
}

int
cli_begin_sitting(struct cli *cli, const struct authority *authority,
    struct fail *fail)
{
	bool is_told = cli->values[OPT_TIME] != NULL ||
	    cli->values[OPT_WITNESS] != NULL || cli->values[OPT_PAPER] != NULL;
	bool is_open, wants_paper = false;

	if (read_boot(cli, fail) == -1)
		return -1;
	cli->sitting.boot = cli->boot;
	cli->sitting.witness = cli->values[OPT_WITNESS];
	if (authority != NULL) {
		cli_note_policy(cli, authority->ledger->policy);
		is_open = ledger_is_sitting(authority->ledger, cli->boot,
		    cli->act.now);
		/* A clock before the journal is refused by whoever acts. */
		if (cli->act.now < journal_head(authority->journal)->time ||
		    (is_open && !is_told))
			return 0;
		wants_paper = cli->values[OPT_PAPER] != NULL ||
		    (!is_open && cli->has_paper &&
			cli->command->run != run_anchor_accept);
	}
	if (ask_time(cli, authority, fail) == -1 ||
	    (wants_paper && ask_paper(cli, authority, fail) == -1))
		return -1;
	cli->act.sitting = &cli->sitting;
	return 0;
}

void
cli_note_policy(struct cli *cli, const struct policy *policy)
{
	cli->has_paper = policy_anchors_paper(policy);
}
