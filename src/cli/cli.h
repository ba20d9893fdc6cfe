/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CLI_CLI_H
#define ANCHORITE_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/site.h>
#include <anchorite/token/session.h>

/* Every option there is; a command takes some of them. */
enum option {
	OPT_HELP,
	OPT_JSON,
	OPT_AUTHORITY,
	OPT_SITE,
	OPT_SECRET_FD,
	OPT_BY,
	OPT_TIME,
	OPT_YES,
	OPT_POLICY,
	OPT_NAME,
	OPT_LABEL,
	OPT_KEY,
	OPT_PROFILE,
	OPT_REISSUE,
	OPT_REASON,
	OPT_FOR,
	OPT_OUT,
	OPT_FROM,
	OPTIONS,
};

#define TAKES(option) (UINT64_C(1) << (option))
/* What a command needs that reads an authority, or opens its token too. */
#define TAKES_READ  (TAKES(OPT_AUTHORITY) | TAKES(OPT_JSON))
#define TAKES_SITE  (TAKES(OPT_SITE) | TAKES(OPT_SECRET_FD))
#define TAKES_ACT   (TAKES_SITE | TAKES(OPT_BY) | TAKES(OPT_TIME))
#define TAKES_WRITE (TAKES(OPT_AUTHORITY) | TAKES_ACT)

struct option_row {
	const char *name;		/* "--profile" */
	const char *argument;		/* "NAME"; NULL: a switch */
	const char *help;
};
extern const struct option_row option_rows[OPTIONS];

/* One call of the program. */
struct cli {
	const struct command *command;
	const char *values[OPTIONS];	/* NULL: not given; "" a switch */
	char **operands;
	int operand_count;
	bool is_json;
	int secret_fd;			/* -1: ask on the terminal */
	struct act act;
	char user[64];			/* behind act.by */
};

/* One row of the table that serves dispatch, help and the manual check. */
struct command {
	const char *name;		/* "token init" */
	const char *operands;		/* "FILE...", or "" */
	int operands_min, operands_max;
	uint64_t takes, needs;		/* options: allowed, demanded */
	const char *summary;		/* one line */
	const char *detail;		/* a paragraph for --help */
	const char *example;
	int (*run)(struct cli *cli, struct fail *fail);
};
extern const struct command commands[];	/* NULL-named row ends it */

int run_init(struct cli *cli, struct fail *fail);
int run_token_list(struct cli *cli, struct fail *fail);
int run_token_init(struct cli *cli, struct fail *fail);
int run_token_show(struct cli *cli, struct fail *fail);
int run_root_generate(struct cli *cli, struct fail *fail);
int run_root_adopt(struct cli *cli, struct fail *fail);
int run_root_certify(struct cli *cli, struct fail *fail);
int run_root_show(struct cli *cli, struct fail *fail);
int run_csr_show(struct cli *cli, struct fail *fail);
int run_csr_check(struct cli *cli, struct fail *fail);
int run_sign(struct cli *cli, struct fail *fail);
int run_revoke(struct cli *cli, struct fail *fail);
int run_crl(struct cli *cli, struct fail *fail);
int run_recover(struct cli *cli, struct fail *fail);
int run_list(struct cli *cli, struct fail *fail);
int run_show(struct cli *cli, struct fail *fail);
int run_status(struct cli *cli, struct fail *fail);
int run_bundle(struct cli *cli, struct fail *fail);
int run_audit_show(struct cli *cli, struct fail *fail);
int run_audit_verify(struct cli *cli, struct fail *fail);

/* options.c: takes the command line apart. FAIL_USAGE. */
MUST_USE int options_read(struct cli *cli, int argc, char **argv,
    struct fail *fail);

/* help.c */
void help_program(void);
void help_command(const struct command *command);
/* The commands that begin with a word ("token"): false where none does. */
bool help_group(const char *word);

/* common.c: what commands share. */
const char *cli_authority_path(const struct cli *cli);
MUST_USE int cli_open_authority(const struct cli *cli, bool write,
    struct authority **out, struct fail *fail);
MUST_USE int cli_load_site(const struct cli *cli, struct site **out,
    struct fail *fail);
/* Opens the site's token and logs in. The site must outlive the session. */
MUST_USE int cli_log_in(const struct cli *cli, const struct site *site,
    struct session **out, struct fail *fail);
/* Asks "… [yes/no]" on the terminal; --yes answers. No: FAIL_REFUSED. */
MUST_USE int cli_confirm(const struct cli *cli, const char *question,
    struct fail *fail);
/* A failed command of an authority: recorded where policy or state forbade
 * it. Always -1. */
int cli_refused(const struct cli *cli, struct authority *authority,
    struct fail *fail);

/* Shows a certificate, with its line of the inventory (or NULL), as text or
 * JSON; --out writes it as PEM. */
MUST_USE int cli_show_certificate(const struct cli *cli,
    const struct cert *cert, const struct issued *issued,
    struct fail *fail);
MUST_USE int cli_show_issued(const struct cli *cli,
    const struct authority *authority, const struct issued *issued,
    struct fail *fail);

/* show.c: printing. Text from outside is escaped here. */
void show_line(const char *label, const char *text);
void show_time(const char *label, int64_t seconds);
void show_digest(const char *label, const struct digest *digest);
void show_name(const char *label, struct bytes der);
void show_extensions(const struct ext *list, size_t count);
void show_certificate(const struct cert *cert);
/* To-be-signed bytes as the certificate that they will be. */
MUST_USE int show_planned(struct bytes tbs, const struct alg *alg,
    struct fail *fail);
/* What an interrupted command left, if anything. */
void show_interrupted(const struct authority *authority);
void show_json(const struct json *json);
/* The certificate as JSON for --json; the caller owns it. */
struct json *certificate_json(const struct cert *cert);

#endif
