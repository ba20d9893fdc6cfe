/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/authority.h>

#include "cli.h"

const char *
cli_authority_path(const struct cli *cli)
{
	const char *path = cli->values[OPT_AUTHORITY];

	return path != NULL ? path : ".";
}

int
cli_open_authority(const struct cli *cli, bool write,
    struct authority **out, struct fail *fail)
{
	return authority_open(cli_authority_path(cli), write, out, fail);
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

int
cli_log_in(const struct cli *cli, const struct site *site,
    struct session **out, struct fail *fail)
{
	struct session_plan plan = site_plan(site, cli->secret_fd);
	AUTO(session_release) struct session *session = NULL;

	if (session_open(&plan, &session, fail) == -1 ||
	    session_login(session, fail) == -1)
		return -1;
	*out = GIVE(session);
	return 0;
}

static void
close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

int
cli_confirm(const struct cli *cli, const char *question, struct fail *fail)
{
	AUTO(close_file) FILE *terminal = NULL;
	char answer[16] = "";

	if (cli->values[OPT_YES] != NULL)
		return 0;
	fflush(stdout);
	terminal = fopen("/dev/tty", "r+e");
	if (terminal == NULL)
		return fail_with(fail, FAIL_USAGE,
		    "no terminal to ask on: --yes answers");
	fprintf(terminal, "%s Type yes: ", question);
	fflush(terminal);
	rewind(terminal);
	if (fgets(answer, sizeof(answer), terminal) != NULL &&
	    strcmp(answer, "yes\n") == 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "not confirmed");
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
