/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
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

static int
prepare(struct cli *cli, struct adoption **adoption, struct fail *fail)
{
	AUTO(policy_release) struct policy *policy = NULL;

	if (policy_load(cli->values[OPT_POLICY], &policy, fail) == -1)
		return -1;
	return adoption_make(&policy, cli->values[OPT_CUSTODIANS], NULL,
	    adoption, fail);
}

/* The shares of a token that token init --split made. */
static int
unlock(struct cli *cli, const struct adoption *adoption,
    struct split *split, struct custody *custody, struct fail *fail)
{
	if (cli->values[OPT_SHARES] == NULL)
		return 0;
	if (custody_unlock_folder(cli, cli->values[OPT_SHARES], split,
	    custody, fail) == -1)
		return -1;
	return split_check_holders(split, &adoption->policy->roster, fail);
}

/* Who puts the directory back puts back the anchor that it holds. Nothing
 * rests on the authority yet, so it is told here: a failure is one sentence. */
static void
warn_of_anchor(const struct site *site, const struct policy *policy)
{
	if (site->store != NULL && !policy_anchors_paper(policy))
		fprintf(stderr, "anchorite: warning: anchor: a software "
		    "token's directory can be put back with the journal: "
		    "begin again with both or paper in the policy\n");
}

static void
show_begun(const struct founding *founding)
{
	const struct policy *policy = founding->adoption->policy;
	AUTO(buf_release) struct buf path = { 0 };

	(void)show_safe(&path, founding->path);
	printf("authority %s begun in %s\n", founding->name, buf_cstr(&path));
	show_line("policy", policy->name);
	show_digest("policy SHA-256", &policy->digest);
	printf("next: anchorite root generate --authority %s\n",
	    buf_cstr(&path));
}

int
run_init(struct cli *cli, struct fail *fail)
{
	AUTO(adoption_release) struct adoption *adoption = NULL;
	AUTO(json_release) struct json *weak = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	struct split split = { .id = "" };
	struct founding founding = {
		.path = cli->operands[0],
		.name = cli->values[OPT_NAME],
		.weak = &weak,
	};

	if (founding.name == NULL)
		founding.name = last_part(founding.path);
	if (name_check(founding.name, fail) == -1 ||
	    prepare(cli, &adoption, fail) == -1 ||
	    file_check_absent(founding.path, fail) == -1 ||
	    cli_begin_sitting(cli, NULL, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    unlock(cli, adoption, &split, &custody, fail) == -1 ||
	    cli_acknowledge(cli, &adoption->policy->roster,
		split.form.threshold, &weak, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return -1;
	founding.adoption = adoption;
	if (split.id[0] != '\0') {
		founding.split = &split;
		founding.envelopes = custody.now.envelopes;
	}
	if (root_init(&founding, &cli->act, session, fail) == -1)
		return -1;
	warn_of_anchor(site, adoption->policy);
	show_begun(&founding);
	cli_note_policy(cli, adoption->policy);
	return 0;
}
