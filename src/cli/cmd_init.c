/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/policy.h>
#include <anchorite/ca/root.h>

#include "cli.h"

/* The name is part of key labels and of file names. */
static int
name_check(const char *name, struct fail *fail)
{
	size_t len = strlen(name);

	if (len == 0 || len > 40 || strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != len)
		return fail_with(fail, FAIL_USAGE, "name \"%s\": want at most "
		    "40 letters, digits, '-', '_' and '.'; --name gives "
		    "another", name);
	return 0;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int
run_init(struct cli *cli, struct fail *fail)
{
	const char *path = cli->operands[0];
	const char *name = cli->values[OPT_NAME];
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;

	if (name == NULL)
		name = last_part(path);
	if (name_check(name, fail) == -1 ||
	    policy_load(cli->values[OPT_POLICY], &policy, fail) == -1 ||
	    file_check_absent(path, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    cli_log_in(cli, site, &session, fail) == -1 ||
	    root_init(path, name, policy, &cli->act, session, fail) == -1)
		return -1;
	printf("authority %s begun in %s\n", name, path);
	show_line("policy", policy->name);
	show_digest("policy SHA-256", &policy->digest);
	printf("next: anchorite root generate --authority %s\n", path);
	return 0;
}
