/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/journal.h>
#include <anchorite/ca/private.h>

#include "cli.h"

/* What may be given again and again. */
#define LISTS (TAKES(OPT_CREDENTIAL) | TAKES(OPT_FATE))

const struct option_row option_rows[OPTIONS] = {
	[OPT_HELP] = { "--help", NULL, "this text" },
	[OPT_JSON] = { "--json", NULL, "print JSON, for machines" },
	[OPT_AUTHORITY] = { "--authority", "DIR",
	    "the authority's directory (default: .)" },
	[OPT_SITE] = { "--site", "FILE", "the site file (default: "
	    "$ANCHORITE_SITE, else /etc/anchorite/site.yaml)" },
	[OPT_SECRET_FD] = { "--secret-fd", "N",
	    "read PINs from descriptor N, one a line (tests, rehearsals)" },
	[OPT_BY] = { "--by", "NAME",
	    "who acts, for the journal (default: the login name)" },
	[OPT_TIME] = { "--time", "TIME", "act as at this time, such as "
	    "2026-11-21T06:30:48Z (default: the clock)" },
	[OPT_YES] = { "--yes", NULL, "ask for no confirmation" },
	[OPT_POLICY] = { "--policy", "FILE", "the policy" },
	[OPT_NAME] = { "--name", "NAME",
	    "the authority's name (default: the directory's)" },
	[OPT_LABEL] = { "--label", "TEXT", "the new token's label" },
	[OPT_KEY] = { "--key", "URI",
	    "the key, as a PKCS#11 URI with object= or id=" },
	[OPT_PROFILE] = { "--profile", "NAME", "a profile of the policy" },
	[OPT_BATCH] = { "--batch", "LIST", "a list of requests (YAML), which "
	    "stand beside it" },
	[OPT_REISSUE] = { "--reissue", NULL,
	    "a key that was certified before may be certified again" },
	[OPT_CERTIFICATE] = { "--certificate", "FILE", "the certificate that "
	    "the CA has already, for a cross-certificate" },
	[OPT_REASON] = { "--reason", "REASON", "why: keyCompromise, "
	    "cACompromise, affiliationChanged, superseded, "
	    "cessationOfOperation, privilegeWithdrawn (default: unspecified)" },
	[OPT_FOR] = { "--for", "CONSUMER", "who takes it: acm-pca, cloudhsm, "
	    "adcs, iot, api-gateway, roles-anywhere or files; several with "
	    "commas" },
	[OPT_OUT] = { "--out", "PATH", "where to write" },
	[OPT_FROM] = { "--from", "N", "begin at record N" },
	[OPT_REQUEST] = { "--request", "FILE", "the approved request; its "
	    "approvals stand beside it (FILE.*.p7s)" },
	[OPT_CREDENTIAL] = { "--credential", "FILE", "a custodian who is "
	    "present: NAME.key, NAME.yaml (a card), or sheet:NAME; again for "
	    "each (default: asked)" },
	[OPT_CUSTODIANS] = { "--custodians", "DIR",
	    "where the certificates of new custodians are (.pem)" },
	[OPT_EXPIRES] = { "--expires", "PERIOD",
	    "how long it can be approved and used (default: 3d)" },
	[OPT_DAYS] = { "--days", "N", "7 to 30: how long it can be restored "
	    "(default: 30)" },
	[OPT_FATE] = { "--fate", "NAME=FATE", "what became of a recorded "
	    "backup; again for each" },
	[OPT_PLACE] = { "--place", "TEXT", "where it is kept, and as what" },
	[OPT_SPLIT] = { "--split", "K/N",
	    "split the PINs: any K of N custodians open the token" },
	[OPT_SHARES] = { "--shares", "DIR",
	    "what token init --split wrote" },
	[OPT_SHEETS] = { "--sheets", "PATH", "print the sheets to this "
	    "printer, pipe or terminal; none: no paper (default: the "
	    "terminal)" },
	[OPT_PERSON] = { "--person", "NAME",
	    "the custodian's full name, for the certificate" },
	[OPT_KIND] = { "--kind", "KIND",
	    "ec-p256 or rsa-3072 (default: ec-p256)" },
	[OPT_CARD] = { "--card", "FILE",
	    "site file of the custodian's card or second token" },
	[OPT_TICKET] = { "--ticket", "TEXT",
	    "the ticket or order that this is done for, for the journal" },
	[OPT_WITNESS] = { "--time-witness", "NAME",
	    "who vouches for the time, for the journal" },
	[OPT_PAPER] = { "--paper", "TEXT", "the head on the paper of the last "
	    "sitting, its words or its code (default: asked)" },
	[OPT_FORMAT] = { "--format", "FORMAT",
	    "jsonl, csv, acm-pca-json or acm-pca-csv" },
	[OPT_SINCE] = { "--since", "SHA-256",
	    "only what came behind the record with this digest" },
	[OPT_REDACT] = { "--redact", NULL, "leave private values out" },
	[OPT_RESOURCE] = { "--resource", "NAME", "what the bundle is imported "
	    "into: a private CA's ARN, a cluster's ID, a domain name, a trust "
	    "anchor's name" },
	[OPT_REGION] = { "--region", "REGION", "the AWS region it is in" },
	[OPT_BUCKET] = { "--bucket", "NAME",
	    "the S3 bucket for the CRL, or the truststore" },
	[OPT_ROOT] = { "--root", "SHA-256", "of the root's certificate, as "
	    "the record of the ceremony has it" },
	[OPT_JOURNAL_KEY] = { "--journal-key", "SHA-256", "of the journal "
	    "key's certificate, from there, too" },
};

static bool
is_command(const struct command *command, int words, char **argv)
{
	char name[64];

	if (words == 2)
		snprintf(name, sizeof(name), "%s %s", argv[1], argv[2]);
	else
		snprintf(name, sizeof(name), "%s", argv[1]);
	return strcmp(command->name, name) == 0;
}

/* The commands of two words that begin with this one. */
static void
put_group(const char *word, struct buf *out)
{
	size_t len = strlen(word);

	for (const struct command *c = commands; c->name != NULL; c++)
		if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ')
			buf_printf(out, "%s%s", out->len > 0 ? ", " : "",
			    c->name);
}

static int
fail_no_command(int argc, char **argv, const char *const *names,
    struct fail *fail)
{
	AUTO(buf_release) struct buf group = { 0 };
	AUTO(buf_release) struct buf typed = { 0 };
	const char *nearest;

	buf_text(&typed, argv[1]);
	put_group(argv[1], &group);
	if (group.len > 0 && argc > 2 && argv[2][0] != '-')
		buf_printf(&typed, " %s", argv[2]);
	nearest = text_nearest(buf_cstr(&typed), names);
	if (nearest != NULL)
		return fail_with(fail, FAIL_USAGE,
		    "no command \"%s\"; is %s meant?", buf_cstr(&typed),
		    nearest);
	if (group.len > 0)
		return fail_with(fail, FAIL_USAGE,
		    "no command \"%s\"; there are %s", buf_cstr(&typed),
		    buf_cstr(&group));
	return fail_with(fail, FAIL_USAGE,
	    "no command \"%s\": see 'anchorite --help'", argv[1]);
}

/* Finds the command; *next_out is the first argument behind its name. */
static int
find_command(int argc, char **argv, const struct command **out,
    int *next_out, struct fail *fail)
{
	const char *names[64] = { NULL };
	size_t count = 0;

	for (const struct command *c = commands; c->name != NULL; c++) {
		names[count++] = c->name;
		for (int words = 1; words <= 2 && words < argc; words++) {
			if (!is_command(c, words, argv))
				continue;
			*out = c;
			*next_out = words + 1;
			return 0;
		}
	}
	return fail_no_command(argc, argv, names, fail);
}

static int
find_option(const struct command *command, const char *word, size_t len,
    enum option *out, struct fail *fail)
{
	for (int n = 0; n < OPTIONS; n++) {
		if ((command->takes & TAKES(n)) == 0 && n != OPT_HELP)
			continue;
		if (strlen(option_rows[n].name) != len ||
		    strncmp(option_rows[n].name, word, len) != 0)
			continue;
		*out = (enum option)n;
		return 0;
	}
	return fail_with(fail, FAIL_USAGE,
	    "no option %.*s: see 'anchorite %s --help'", (int)len, word,
	    command->name);
}

/* A value of an option that may be given again and again. */
static int
take_again(struct cli *cli, enum option option, const char *value,
    struct fail *fail)
{
	struct option_list *list = option == OPT_FATE ? &cli->fates :
	    &cli->credentials;

	if (list->count == LIST_MAX)
		return fail_with(fail, FAIL_USAGE, "%s: more than %d",
		    option_rows[option].name, LIST_MAX);
	list->values[list->count++] = value;
	return 0;
}

/* One argument that begins with "--"; *n moves past its value. */
static int
take_option(struct cli *cli, int argc, char **argv, int *n,
    struct fail *fail)
{
	const char *word = argv[*n];
	const char *equals = strchr(word, '=');
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
	const struct option_row *row;
	enum option option;
	bool is_list;

	if (find_option(cli->command, word, len, &option, fail) == -1)
		return -1;
	row = &option_rows[option];
	is_list = (LISTS & TAKES(option)) != 0;
	if (cli->values[option] != NULL && !is_list)
		return fail_with(fail, FAIL_USAGE, "%s twice", row->name);
	if (row->argument == NULL && equals != NULL)
		return fail_with(fail, FAIL_USAGE, "%s takes no value",
		    row->name);
	if (row->argument == NULL)
		cli->values[option] = "";
	else if (equals != NULL)
		cli->values[option] = equals + 1;
	else if (*n + 1 < argc)
		cli->values[option] = argv[++*n];
	else
		return fail_with(fail, FAIL_USAGE, "%s wants %s", row->name,
		    row->argument);
	if (is_list)
		return take_again(cli, option, cli->values[option], fail);
	return 0;
}

/* Operands gather at the front of argv. */
static int
take_arguments(struct cli *cli, int argc, char **argv, int first,
    struct fail *fail)
{
	bool is_end = false;

	cli->operands = argv;
	for (int n = first; n < argc; n++) {
		if (!is_end && strcmp(argv[n], "--") == 0)
			is_end = true;
		else if (is_end || argv[n][0] != '-' || argv[n][1] == '\0')
			argv[cli->operand_count++] = argv[n];
		else if (take_option(cli, argc, argv, &n, fail) == -1)
			return -1;
	}
	return 0;
}

static int
check_arguments(const struct cli *cli, struct fail *fail)
{
	const struct command *command = cli->command;

	for (int n = 0; n < OPTIONS; n++)
		if ((command->needs & TAKES(n)) != 0 && cli->values[n] == NULL)
			return fail_with(fail, FAIL_USAGE,
			    "%s: %s %s is missing", command->name,
			    option_rows[n].name, option_rows[n].argument);
	if (cli->operand_count < command->operands_min)
		return fail_with(fail, FAIL_USAGE, "%s: %s is missing",
		    command->name, command->operands);
	if (cli->operand_count > command->operands_max)
		return fail_with(fail, FAIL_USAGE, "%s: \"%s\" is too much",
		    command->name, cli->operands[command->operands_max]);
	return 0;
}

/* Where none is named, the current directory is the authority's; a policy
 * that is given stands in for one, where it can. */
static int
check_here(const struct cli *cli, struct fail *fail)
{
	if ((cli->command->takes & TAKES(OPT_AUTHORITY)) == 0 ||
	    cli->values[OPT_AUTHORITY] != NULL ||
	    cli->values[OPT_POLICY] != NULL ||
	    cli->command->run == run_csr_check ||
	    access(JOURNAL_NAME, F_OK) == 0 || errno != ENOENT)
		return 0;
	return fail_with(fail, FAIL_INPUT,
	    "no authority here: --authority DIR names one");
}

/* A text that the journal shows to people. */
static int
check_words(const struct cli *cli, enum option option, struct fail *fail)
{
	const char *text = cli->values[option];

	if (text == NULL || (text[0] != '\0' &&
	    strlen(text) <= SITTING_WORDS && !private_is(text) &&
	    !text_is_deceptive(bytes_text(text), NULL, 0)))
		return 0;
	return fail_with(fail, FAIL_USAGE, "%s: want 1 to %d characters of "
	    "plain text", option_rows[option].name, SITTING_WORDS);
}

/* Who acts, and when. */
static int
set_act(struct cli *cli, struct fail *fail)
{
	const struct passwd *entry = getpwuid(getuid());
	const char *by = cli->values[OPT_BY];

	if (by == NULL && entry != NULL)
		snprintf(cli->user, sizeof(cli->user), "%s", entry->pw_name);
	else if (by == NULL)
		snprintf(cli->user, sizeof(cli->user), "uid %u",
		    (unsigned)getuid());
	cli->act.by = by != NULL ? by : cli->user;
	if (check_words(cli, OPT_BY, fail) == -1 ||
	    check_words(cli, OPT_TICKET, fail) == -1 ||
	    check_words(cli, OPT_WITNESS, fail) == -1)
		return -1;
	cli->act.ticket = cli->values[OPT_TICKET];
	cli->act.now = (int64_t)time(NULL);
	if (cli->values[OPT_TIME] != NULL &&
	    text_read_time(cli->values[OPT_TIME], &cli->act.now, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--time");
	}
	/* What only reads may be asked on any machine. */
	if ((cli->command->takes & (TAKES(OPT_BY) | TAKES(OPT_SECRET_FD))) ==
		0 || (cli->command->takes & TAKES(OPT_TIME)) == 0)
		return 0;
	return clock_check(cli->act.now, fail);
}

int
options_read(struct cli *cli, int argc, char **argv, struct fail *fail)
{
	int64_t fd;
	int first;

	if (find_command(argc, argv, &cli->command, &first, fail) == -1 ||
	    take_arguments(cli, argc, argv, first, fail) == -1)
		return -1;
	if (cli->values[OPT_HELP] != NULL)
		return 0;
	if (check_arguments(cli, fail) == -1 || set_act(cli, fail) == -1 ||
	    check_here(cli, fail) == -1)
		return -1;
	cli->is_json = cli->values[OPT_JSON] != NULL;
	if (cli->values[OPT_SECRET_FD] == NULL)
		return 0;
	if (text_read_number(cli->values[OPT_SECRET_FD], 0, 1023, &fd, fail) ==
	    -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--secret-fd");
	}
	cli->secret_fd = (int)fd;
	return 0;
}
