/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define WIDTH 78

/* Prints words from a column on, wrapped. */
static void
print_wrapped(const char *text, int column)
{
	int at = column;

	for (const char *word = text; *word != '\0';) {
		int len = (int)strcspn(word, " ");

		if (at > column && at + 1 + len > WIDTH) {
			printf("\n%*s", column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		printf("%.*s", len, word);
		at += len;
		word += len;
		while (*word == ' ')
			word++;
	}
	putchar('\n');
}

static void
print_row(const struct command *command)
{
	printf("  %-17s  ", command->name);
	print_wrapped(command->summary, 19);
}

void
help_program(void)
{
	printf("anchorite %s: an offline root CA in a PKCS#11 token\n\n"
	    "usage: anchorite COMMAND [OPTION...] [FILE...]\n\ncommands:\n",
	    ANCHORITE_VERSION);
	for (const struct command *c = commands; c->name != NULL; c++)
		print_row(c);
	printf("\n'anchorite COMMAND --help' tells more of each, with an "
	    "example.\n"
	    "exit status: 0 done, 2 usage, 3 bad input, 4 refused, 5 token,\n"
	    "             6 system, 7 journal not sound\n");
}

bool
help_group(const char *word)
{
	size_t len = strlen(word);
	bool found = false;

	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, word) == 0)
			return false;
	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ')
			continue;
		if (!found)
			printf("anchorite %s:\n", word);
		found = true;
		print_row(c);
	}
	return found;
}

/* Wrapped before an option, as it can be typed: none parts from its value. */
static void
print_example(const char *text)
{
	int at = 2;

	printf("  ");
	for (const char *part = text; *part != '\0';) {
		const char *next = strstr(part + 1, " --");
		int len = next != NULL ? (int)(next - part) :
		    (int)strlen(part);

		/* The blank and the backslash of the next break, too. */
		if (at > 2 && at + len + 2 > WIDTH) {
			printf(" \\\n     ");
			at = 5;
		}
		printf("%.*s", len, part);
		at += len;
		part += len;
	}
	putchar('\n');
}

void
help_command(const struct command *command)
{
	char left[48];

	printf("usage: anchorite %s", command->name);
	for (int n = 0; n < OPTIONS; n++)
		if ((command->needs & TAKES(n)) != 0)
			printf(" %s %s", option_rows[n].name,
			    option_rows[n].argument);
	printf(" [OPTION...]%s%s\n\n", *command->operands != '\0' ? " " : "",
	    command->operands);
	print_wrapped(command->detail, 0);
	printf("\noptions:\n");
	for (int n = 0; n < OPTIONS; n++) {
		const struct option_row *row = &option_rows[n];

		if ((command->takes & TAKES(n)) == 0 && n != OPT_HELP)
			continue;
		snprintf(left, sizeof(left), "%s%s%s", row->name,
		    row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
		printf("  %-17s  ", left);
		print_wrapped(row->help, 21);
	}
	printf("\nexample:\n");
	print_example(command->example);
}
