/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/qr.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/anchor.h>
#include <anchorite/ca/recover.h>
#include <anchorite/out/audit.h>

#include "cli.h"

/* Six words a line, as they are read aloud. */
static void
show_words(const struct journal_head *head)
{
	AUTO(buf_release) struct buf words = { 0 };
	const char *word;

	anchor_words(head, &words);
	word = buf_cstr(&words);
	for (int count = 1; *word != '\0'; count++) {
		int len = (int)strcspn(word, " ");

		printf("%s%.*s%s", count % 6 == 1 ? "  " : " ", len, word,
		    count % 6 == 0 ? "\n" : "");
		word += len + (word[len] == ' ');
	}
}

static int
show_head(const struct cli *cli, const struct ledger *ledger,
    struct fail *fail)
{
	bool is_terminal = isatty(STDOUT_FILENO) == 1;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf code = { 0 };
	char time[TEXT_TIME_SIZE];

	text_time(ledger->head.time, time);
	printf("head of %s for the paper: record %lld of %s\n", ledger->name,
	    (long long)ledger->head.seq, time);
	show_words(&ledger->head);
	anchor_text(ledger->name, &ledger->head, &text);
	show_line("code", buf_cstr(&text));
	if (!is_terminal && cli->command->run != run_anchor_show)
		return 0;
	if (qr_write(buf_bytes(&text), is_terminal && getenv("NO_COLOR") ==
	    NULL, &code, fail) == -1)
		return -1;
	printf("%s", buf_cstr(&code));
	return 0;
}

int
cli_show_paper(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	const char *path = cli->command->run == run_init ? cli->operands[0] :
	    cli_authority_path(cli);

	/* Machines have anchor show --json. */
	if (cli->is_json)
		return 0;
	if (authority_open(path, false, &authority, fail) == -1)
		return -1;
	return show_head(cli, authority->ledger, fail);
}

int
run_anchor_show(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(json_release) struct json *json = json_new();
	AUTO(buf_release) struct buf words = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	const struct journal_head *head;

	if (cli_open_authority(cli, false, &authority, fail) == -1)
		return -1;
	if (cli_check_sealed(authority, fail) == -1)
		return -1;
	head = &authority->ledger->head;
	if (!cli->is_json)
		return show_head(cli, authority->ledger, fail);
	anchor_words(head, &words);
	anchor_text(authority->ledger->name, head, &text);
	json_put_text(json, "name", authority->ledger->name);
	json_put_text(json, "anchor",
	    anchor_place_names[authority->ledger->policy->anchor]);
	json_put_number(json, "seq", head->seq);
	json_put_time(json, "time", head->time);
	json_put_digest(json, "digest", &head->digest);
	json_put_text(json, "words", buf_cstr(&words));
	json_put_text(json, "code", buf_cstr(&text));
	show_json(json);
	return 0;
}

/* What the token holds, beside what the journal ends with. */
static int
show_held(const struct authority *authority, struct session *session,
    struct fail *fail)
{
	const struct journal_head *head = &authority->ledger->head;
	AUTO(json_release) struct json *held = NULL;

	if (anchor_list(authority->ledger, session, &held, fail) == -1)
		return -1;
	printf("the journal ends at record %lld\n", (long long)head->seq);
	show_time("time", head->time);
	show_digest("SHA-256", &head->digest);
	for (size_t n = 0; n < json_count(held); n++) {
		struct journal_head other = { 0 };

		if (json_get_number(json_at(held, n), "seq", 0, INT64_MAX,
			&other.seq, fail) == -1 ||
		    json_get_time(json_at(held, n), "time", &other.time,
			fail) == -1 ||
		    json_get_digest(json_at(held, n), "digest",
			&other.digest, fail) == -1)
			return -1;
		printf("the token knows record %lld\n",
		    (long long)other.seq);
		show_time("time", other.time);
		show_digest("SHA-256", &other.digest);
	}
	if (json_count(held) == 0)
		printf("the token knows no record of it\n");
	return 0;
}

static int
accept(struct cli *cli, struct authority *authority, struct fail *fail)
{
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (deed_prepare(cli, authority, OPERATION_ANCHOR, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1)
		return -1;
	/* A seal vouches for all before it: first see that it is sound. */
	if (audit_verify_recoverable(cli_authority_path(cli), fail) == -1)
		return -1;
	show_interrupted(authority);
	if (custody_gather(cli, authority, OPERATION_ANCHOR, deed.parameters,
		&custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    show_held(authority, session, fail) == -1 ||
	    cli_confirm(cli, "If there is a newer journal, what it says is "
		"lost. Take this one as the newest?", fail) == -1)
		return -1;
	return recover_anchor(authority, &cli->act, cli->operands[0],
	    cli->operands[1], session, fail);
}

int
run_anchor_accept(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    accept(cli, authority, fail) == -1)
		return cli_refused(cli, authority, fail);
	printf("accepted and sealed: the anchor is record %lld\n",
	    (long long)authority->ledger->head.seq);
	return 0;
}
