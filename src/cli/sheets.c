/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/custody/sheet.h>

#include "cli.h"

#define TERMINAL   "/dev/tty"
#define SHEET_ROOM 8192

/* A file would keep the share, and so would its disk. */
static int
printer_check(const char *path, struct fail *fail)
{
	struct stat status;

	if (stat(path, &status) == -1)
		return fail_errno(fail, "sheets: %s", path);
	if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode))
		return fail_with(fail, FAIL_USAGE, "sheets: %s: want a "
		    "terminal, a printer or a pipe: a file would keep the "
		    "shares", path);
	return 0;
}

static int
printer_open(const char *path, int *out, struct fail *fail)
{
	if (printer_check(path, fail) == -1)
		return -1;
	*out = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return *out != -1 ? 0 : fail_errno(fail, "sheets: %s", path);
}

static int
print(int fd, struct bytes text, struct fail *fail)
{
	while (text.len > 0) {
		ssize_t done = write(fd, text.data, text.len);

		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail_errno(fail, "sheets");
		text.data += done;
		text.len -= (size_t)done;
	}
	return 0;
}

/* One line of a sheet, until it is right on a terminal; once from a
 * descriptor. */
static int
read_line(const struct cli *cli, const char *split, const char *custodian,
    int number, struct share *share, struct fail *fail)
{
	char prompt[128];

	snprintf(prompt, sizeof(prompt), "line %d of %s's sheet", number,
	    custodian);
	for (;;) {
		AUTO(secret_release) struct secret typed = { 0 };

		if ((cli->secret_fd != -1 ?
			secret_read(cli->secret_fd, &typed, fail) :
			secret_ask(prompt, &typed, fail)) == 0 &&
		    sheet_read_line(split, number, &typed, share, fail) == 0)
			return 0;
		if (cli->secret_fd != -1 || fail->kind != FAIL_INPUT ||
		    !cli_is_slip(fail))
			return -1;
		printf("%s: type it again\n", fail->sentence);
		fflush(stdout);
	}
}

int
sheets_read(const struct cli *cli, const char *split, const char *custodian,
    struct share *out, struct fail *fail)
{
	AUTO(share_release) struct share share = { 0 };

	for (int n = 1; n <= SHEET_LINES; n++)
		if (read_line(cli, split, custodian, n, &share, fail) == -1)
			return fail_in(fail, "sheet of %s", custodian);
	*out = share;
	return 0;
}

static int
read_back(const struct cli *cli, const struct new_split *new, int line,
    struct fail *fail)
{
	AUTO(share_release) struct share share = { 0 };

	if (sheets_read(cli, new->split.id, new->split.lines[line].custodian,
	    &share, fail) == -1)
		return -1;
	return split_check_share(&new->split, line, &share, fail);
}

/* Off the screen, and out of what can be scrolled back to. */
#define CLEAR "\033[H\033[2J\033[3J"

static int
print_one(const struct cli *cli, const char *token,
    const struct new_split *new, int line, const char *path,
    struct fail *fail)
{
	const struct sheet sheet = {
		.token = token,
		.custodian = new->split.lines[line].custodian,
		.split = new->split.id,
		.form = new->split.form,
	};
	bool is_terminal = path == NULL;
	AUTO(buf_wipe) struct buf text = { 0 };
	AUTO(auto_close) int fd = -1;
	int result;

	buf_reserve(&text, SHEET_ROOM);
	sheet_write(&sheet, &new->shares[line], &text);
	if (printer_open(is_terminal ? TERMINAL : path, &fd, fail) == -1 ||
	    print(fd, buf_bytes(&text), fail) == -1)
		return -1;
	if (!is_terminal)	/* the reader of a pipe sees its end */
		auto_close(&fd);
	fd = is_terminal ? fd : -1;
	result = read_back(cli, new, line, fail);
	if (is_terminal)
		(void)!print(fd, bytes_text(CLEAR), &(struct fail){ 0 });
	return result;
}

static int
call_custodian(const struct cli *cli, const char *custodian,
    struct fail *fail)
{
	AUTO(buf_release) struct buf prompt = { 0 };
	AUTO(buf_release) struct buf answer = { 0 };

	if (cli->secret_fd != -1)
		return 0;
	buf_printf(&prompt, "the sheet of %s comes next, for no other eyes: "
	    "press Enter ", custodian);
	return cli_ask(buf_cstr(&prompt), &answer, fail);
}

int
sheets_print(const struct cli *cli, const char *token,
    struct new_split *new, struct fail *fail)
{
	const char *path = cli->values[OPT_SHEETS];

	if (path != NULL && strcmp(path, "none") == 0)
		return 0;
	if (path == NULL && cli->secret_fd != -1)
		return fail_with(fail, FAIL_USAGE,
		    "--secret-fd: sheets want --sheets PATH, or --sheets "
		    "none");
	if (printer_check(path == NULL ? TERMINAL : path, fail) == -1)
		return -1;
	for (int n = 0; n < new->split.form.count; n++)
		if (call_custodian(cli, new->split.lines[n].custodian, fail) ==
			-1 ||
		    print_one(cli, token, new, n, path, fail) == -1)
			return -1;
	new->split.has_sheets = true;
	return 0;
}
