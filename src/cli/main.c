/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/secret.h>
#include <anchorite/base/text.h>

#include "cli.h"

/* The only place where a failure is printed. */
static int
report(const struct fail *fail)
{
	AUTO(buf_release) struct buf text = { 0 };

	text_escape(&text, bytes_text(fail->sentence));
	fprintf(stderr, "anchorite: %s\n", buf_cstr(&text));
	return fail->kind;
}

static int
run(struct cli *cli, struct fail *fail)
{
	bool is_locked;

	if (secret_seal(&is_locked, fail) == -1)
		return -1;
	if (!is_locked && (cli->command->takes & TAKES(OPT_SECRET_FD)) != 0)
		fprintf(stderr, "anchorite: warning: memory cannot be locked "
		    "and swap is in use: a PIN may reach the disk; run as root "
		    "or turn swap off\n");
	if (cli->command->run(cli, fail) == -1 ||
	    (cli->has_paper && cli_show_paper(cli, fail) == -1))
		return -1;
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail_errno(fail, "standard output");
	return 0;
}

int
main(int argc, char **argv)
{
	struct fail fail = { 0 };
	struct cli cli = { .secret_fd = -1 };

	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help_program();
		return argc < 2 ? FAIL_USAGE : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("anchorite %s\n", ANCHORITE_VERSION);
		return 0;
	}
	if (argc == 2 && help_group(argv[1]))
		return FAIL_USAGE;
	if (options_read(&cli, argc, argv, &fail) == -1)
		return report(&fail);
	if (cli.values[OPT_HELP] != NULL) {
		help_command(cli.command);
		return 0;
	}
	if (run(&cli, &fail) == -1)
		return report(&fail);
	return 0;
}
