/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/secret.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/authority.h>

#include "cli.h"

const char *
cli_authority_path(const struct cli *cli)
{
	const char *path = cli->values[OPT_AUTHORITY];

	return path != NULL ? path : ".";
}

int
cli_open_authority(struct cli *cli, bool write, struct authority **out,
    struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;

	if (authority_open(cli_authority_path(cli), write, &authority, fail) ==
		-1 ||
	    (write && cli_begin_sitting(cli, authority, fail) == -1))
		return -1;
	*out = GIVE(authority);
	return 0;
}

int
cli_load_site(const struct cli *cli, struct site **out, struct fail *fail)
{
	const char *path = cli->values[OPT_SITE];

	if (path == NULL)
		path = getenv("ANCHORITE_SITE");
	if (path == NULL)
		path = "/etc/anchorite/site.yaml";
	return site_load(path, out, fail);
}

static void
close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

int
cli_ask(const char *prompt, struct buf *out, struct fail *fail)
{
	AUTO(close_file) FILE *terminal = NULL;
	char line[1024] = "";

	fflush(stdout);
	terminal = fopen("/dev/tty", "r+e");
	if (terminal == NULL)
		return fail_with(fail, FAIL_USAGE, "no terminal to ask on");
	fprintf(terminal, "%s", prompt);
	fflush(terminal);
	rewind(terminal);
	if (fgets(line, sizeof(line), terminal) == NULL ||
	    strchr(line, '\n') == NULL)
		return fail_with(fail, FAIL_INPUT, "no answer");
	*strchr(line, '\n') = '\0';
	buf_text(out, line);
	return 0;
}

/* What was typed may be a PIN: it is not shown. */
static int
not_confirmed(const char *word, struct fail *fail)
{
	return fail_with(fail, FAIL_REFUSED, "not confirmed (only the word %s "
	    "does): nothing was done", word);
}

int
cli_confirm_word(const struct cli *cli, const char *question,
    const char *word, struct fail *fail)
{
	AUTO(buf_release) struct buf prompt = { 0 };
	AUTO(buf_release) struct buf answer = { 0 };

	if (cli->values[OPT_YES] != NULL)
		return 0;
	buf_printf(&prompt, "%s Type %s: ", question, word);
	if (cli_ask(buf_cstr(&prompt), &answer, fail) == -1) {
		if (fail->kind == FAIL_INPUT)
			return not_confirmed(word, fail);
		return fail_with(fail, FAIL_USAGE,
		    "no terminal to ask on: --yes answers");
	}
	if (strcmp(buf_cstr(&answer), word) == 0)
		return 0;
	return not_confirmed(word, fail);
}

int
cli_confirm(const struct cli *cli, const char *question, struct fail *fail)
{
	return cli_confirm_word(cli, question, "yes", fail);
}

int
cli_build_request(const struct cli *cli, const struct authority *authority,
    enum operation operation, const struct json *parameters,
    int64_t expires, struct request **out, struct fail *fail)
{
	struct request_plan plan = {
		.operation = operation,
		.now = cli->act.now,
		.expires = expires,
	};

	if (RAND_bytes(plan.nonce, sizeof(plan.nonce)) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "random octets");
	plan.parameters = json_copy_of(parameters);
	return request_build(authority->ledger, &plan, out, fail);
}

bool
cli_is_slip(const struct fail *fail)
{
	size_t len = strlen(fail->sentence);
	size_t tail = strlen(SECRET_INTERRUPTED);

	if (fail->kind == FAIL_REFUSED || fail->kind == FAIL_SYSTEM ||
	    fail->kind == FAIL_JOURNAL)
		return false;
	return len < tail || strcmp(fail->sentence + len - tail,
	    SECRET_INTERRUPTED) != 0;
}

int
cli_check_sealed(const struct authority *authority, struct fail *fail)
{
	if (authority_is_sealed(authority))
		return 0;
	return fail_with(fail, FAIL_JOURNAL, "nobody vouches for what stands "
	    "behind record %lld: see 'anchorite status', then 'anchorite "
	    "recover'", (long long)authority->ledger->sealed_seq);
}

void
cli_show_slip(const struct fail *fail)
{
	AUTO(buf_release) struct buf text = { 0 };

	text_escape(&text, bytes_text(fail->sentence));
	printf("%s: try again\n", buf_cstr(&text));
}

int
cli_refused(const struct cli *cli, struct authority *authority,
    struct fail *fail)
{
	if (authority != NULL)
		authority_refuse(authority, &cli->act, cli->command->name,
		    fail);
	return -1;
}
