/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CLI_CLI_H
#define ANCHORITE_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>
#include <anchorite/base/rule.h>
#include <anchorite/ca/adoption.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/batch.h>
#include <anchorite/ca/issue.h>
#include <anchorite/custody/share.h>
#include <anchorite/out/emit.h>
#include <anchorite/token/session.h>
#include <anchorite/token/site.h>

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
	OPT_BATCH,
	OPT_REISSUE,
	OPT_CERTIFICATE,
	OPT_REASON,
	OPT_FOR,
	OPT_OUT,
	OPT_FROM,
	OPT_REQUEST,
	OPT_CREDENTIAL,
	OPT_CUSTODIANS,
	OPT_EXPIRES,
	OPT_DAYS,
	OPT_FATE,
	OPT_PLACE,
	OPT_SPLIT,
	OPT_SHARES,
	OPT_SHEETS,
	OPT_PERSON,
	OPT_KIND,
	OPT_CARD,
	OPT_TICKET,
	OPT_WITNESS,
	OPT_PAPER,
	OPT_FORMAT,
	OPT_SINCE,
	OPT_REDACT,
	OPT_RESOURCE,
	OPT_REGION,
	OPT_BUCKET,
	OPT_ROOT,
	OPT_JOURNAL_KEY,
	OPTIONS,
};

#define TAKES(option) (UINT64_C(1) << (option))
/* What a command needs that reads an authority, or opens its token too. */
#define TAKES_READ  (TAKES(OPT_AUTHORITY) | TAKES(OPT_JSON))
#define TAKES_SITE  (TAKES(OPT_SITE) | TAKES(OPT_SECRET_FD))
#define TAKES_ACT   (TAKES_SITE | TAKES(OPT_BY) | TAKES(OPT_TIME))
#define TAKES_SITTING (TAKES_ACT | TAKES(OPT_WITNESS) | TAKES(OPT_YES))
#define TAKES_WRITE                                                          \
	(TAKES(OPT_AUTHORITY) | TAKES_SITTING | TAKES(OPT_CREDENTIAL) |      \
	    TAKES(OPT_TICKET) | TAKES(OPT_PAPER))
/* What custodians may have to approve. */
#define TAKES_DEED (TAKES_WRITE | TAKES(OPT_REQUEST))

struct option_row {
	const char *name;		/* "--profile" */
	const char *argument;		/* "NAME"; NULL: a switch */
	const char *help;
};
extern const struct option_row option_rows[OPTIONS];

/* The values of an option that may be given again and again. */
#define LIST_MAX 32
struct option_list {
	const char *values[LIST_MAX];
	size_t count;
};

/* One call of the program. */
struct cli {
	const struct command *command;
	const char *values[OPTIONS];	/* NULL: not given; "" a switch */
	struct option_list credentials, fates;
	char **operands;
	int operand_count;
	bool is_json;
	int secret_fd;			/* -1: ask on the terminal */
	struct act act;
	char user[64];			/* behind act.by */
	struct sitting sitting;		/* behind act.sitting, */
	char boot[SITTING_BOOT + 1];	/* and behind that */
	bool has_paper;			/* the new head goes on paper */
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
int run_bundle_verify(struct cli *cli, struct fail *fail);
int run_custodian_new(struct cli *cli, struct fail *fail);
int run_custodian_show(struct cli *cli, struct fail *fail);
int run_custodian_replace(struct cli *cli, struct fail *fail);
int run_quorum_show(struct cli *cli, struct fail *fail);
int run_request(struct cli *cli, struct fail *fail);
int run_approve(struct cli *cli, struct fail *fail);
int run_retire(struct cli *cli, struct fail *fail);
int run_backup(struct cli *cli, struct fail *fail);
int run_policy_show(struct cli *cli, struct fail *fail);
int run_policy_adopt(struct cli *cli, struct fail *fail);
int run_token_resplit(struct cli *cli, struct fail *fail);
int run_ocsp(struct cli *cli, struct fail *fail);
int run_anchor_show(struct cli *cli, struct fail *fail);
int run_anchor_accept(struct cli *cli, struct fail *fail);
int run_audit_export(struct cli *cli, struct fail *fail);
int run_audit_bundle(struct cli *cli, struct fail *fail);
int run_audit_trace(struct cli *cli, struct fail *fail);
int run_audit_reconcile(struct cli *cli, struct fail *fail);
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
/* `write` takes the lock, and begins a sitting where none is going on. */
MUST_USE int cli_open_authority(struct cli *cli, bool write,
    struct authority **out, struct fail *fail);
MUST_USE int cli_load_site(const struct cli *cli, struct site **out,
    struct fail *fail);
/* Asks "… Type yes: " on the terminal; --yes answers. No: FAIL_REFUSED. */
MUST_USE int cli_confirm(const struct cli *cli, const char *question,
    struct fail *fail);
/* The same for another word than yes. */
MUST_USE int cli_confirm_word(const struct cli *cli, const char *question,
    const char *word, struct fail *fail);
/* A request for these parameters, made now, with a nonce of its own. */
MUST_USE int cli_build_request(const struct cli *cli,
    const struct authority *authority, enum operation operation,
    const struct json *parameters, int64_t expires, struct request **out,
    struct fail *fail);
/* Was it a slip of the hand, after which a person may be asked again? */
bool cli_is_slip(const struct fail *fail);
void cli_show_slip(const struct fail *fail);
/* What leaves must be sealed: FAIL_JOURNAL. */
MUST_USE int cli_check_sealed(const struct authority *authority,
    struct fail *fail);
/* Asks for a line on the terminal, echoed; empty is an answer. Appended. */
MUST_USE int cli_ask(const char *prompt, struct buf *out,
    struct fail *fail);
/* A failed command of an authority: recorded where policy or state forbade
 * it. Always -1. */
int cli_refused(const struct cli *cli, struct authority *authority,
    struct fail *fail);

/*
 * sitting.c: what the first command of a sitting asks: is the time right, and
 * which head stands on the paper? What is told by an option (the time, its
 * witness, the paper) is recorded within a sitting, too. For init there is no
 * authority yet (NULL).
 */
MUST_USE int cli_begin_sitting(struct cli *cli,
    const struct authority *authority, struct fail *fail);
/* Does the policy now in force want the head on paper? Then it is shown when
 * the command is done. */
void cli_note_policy(struct cli *cli, const struct policy *policy);
MUST_USE int cli_show_paper(struct cli *cli, struct fail *fail);

/* custody.c: what the custodians who are present give, one after the
 * other: their approvals, and their shares of the token's PIN. */
struct share_source {
	const struct split *split;	/* lent; NULL: nothing is split */
	struct buf envelopes[SHARES_MAX];
	struct share shares[SHARES_MAX];
	size_t count;			/* of the shares that were given */
};
struct custody {
	struct approvals *approvals;	/* cli->act lends them */
	bool changes_policy;		/* resplit: that takes approvals, too */
	/* Of the split in force, and of one that was begun. */
	struct share_source now, next;
};
void custody_release(struct custody *custody);

/*
 * Gathers what the operation takes (NULL parameters: none) and what the
 * token takes: approvals from --request and the files beside it, or live;
 * credentials from --credential, or asked for. Then cli->act has the
 * approvals, and they are enough.
 */
MUST_USE int custody_gather(struct cli *cli,
    const struct authority *authority, enum operation operation,
    const struct json *parameters, struct custody *out, struct fail *fail);
/* The same for shares alone: of an authority, or of the folder that token
 * init --split wrote (the custody then has its split). */
MUST_USE int custody_unlock(struct cli *cli,
    const struct authority *authority, struct custody *out,
    struct fail *fail);
MUST_USE int custody_unlock_folder(struct cli *cli, const char *folder,
    struct split *split_out, struct custody *out, struct fail *fail);
/* The PINs; FAIL_REFUSED where there are too few shares. */
MUST_USE int custody_pins(const struct share_source *source,
    struct token_pins *out, struct fail *fail);

/*
 * Opens the site's token and logs in: with the PIN that the custodians'
 * shares give, or as the site says (custody NULL, or without shares). The
 * site must outlive the session.
 */
MUST_USE int cli_log_in(const struct cli *cli, const struct site *site,
    const struct custody *custody, struct session **out, struct fail *fail);
/* carried.c: the request of --request, and every FILE.*.p7s beside it. */
MUST_USE int cli_load_approvals(const struct cli *cli,
    const struct ledger *ledger, struct approvals **out, struct fail *fail);

/* sheets.c: prints the sheet of every share where --sheets says, and has it
 * typed back; the split then has sheets. */
MUST_USE int sheets_print(const struct cli *cli, const char *token,
    struct new_split *split, struct fail *fail);

/* A sheet, typed line by line; on a terminal a slip is typed again. */
MUST_USE int sheets_read(const struct cli *cli, const char *split,
    const char *custodian, struct share *out, struct fail *fail);

/* deeds.c: the parameters of an operation from the command line. */
struct deed {
	enum operation operation;
	struct json *parameters;
	struct issue *issue;		/* sign */
	const struct issued *issued;	/* revoke; lent */
	struct serial *serials;		/* ocsp */
	size_t serial_count;
	enum crl_reason reason;
	struct adoption *adoption;	/* policy, resplit */
	struct split_form form;		/* resplit */
	struct batch *batch;		/* sign: behind the issue */
	struct buf existing;		/* of a cross-certificate */
};
void deed_release(struct deed *deed);
MUST_USE int deed_prepare(struct cli *cli, struct authority *authority,
    enum operation operation, char **operands, int count, struct deed *out,
    struct fail *fail);

/* Requests: FILE... under --profile, or --batch. FAIL_USAGE "sign: …". */
MUST_USE int deed_check_sign(const struct cli *cli, const char *what,
    int count, struct fail *fail);
MUST_USE int deed_prepare_replace(struct cli *cli,
    struct authority *authority, char **operands, struct deed *deed,
    struct fail *fail);

/*
 * orders.c: the bundles that are asked for, by ID, or by --batch: for the
 * consumers of --for, else those that the journal has. A list must say what
 * the journal says; all requests of which it does not, or that became no valid
 * certificate, are named. Lends from the ledger.
 */
struct orders {
	struct emit_order *items;
	size_t count;
	struct target target;		/* of the options, behind one order */
	struct batch *batch;		/* of the list, behind their names */
};
void orders_release(struct orders *orders);
MUST_USE int orders_read(const struct cli *cli, const struct ledger *ledger,
    struct orders *out, struct fail *fail);

/* cmd_quorum.c: warns of what a roster cannot do without somebody, and has
 * it acknowledged; the list (NULL: none) is for the record. */
MUST_USE int cli_acknowledge(const struct cli *cli,
    const struct roster *roster, int threshold, struct json **out,
    struct fail *fail);

/* Shows a certificate, with its line of the inventory (or NULL), as text or
 * JSON; --out writes it as PEM. */
MUST_USE int cli_show_certificate(const struct cli *cli,
    const struct authority *authority, const struct cert *cert,
    const struct issued *issued, struct fail *fail);
MUST_USE int cli_show_issued(const struct cli *cli,
    const struct authority *authority, const struct issued *issued,
    struct fail *fail);

/* show.c: printing. Text from outside is escaped here. */
/* What came from outside, such as a file's name, safe to show: within an
 * empty buffer of the caller's. */
const char *show_safe(struct buf *safe, const char *text);
void show_line(const char *label, const char *text);
void show_time(const char *label, int64_t seconds);
void show_digest(const char *label, const struct digest *digest);
void show_name(const char *label, struct bytes der);
void show_extensions(const struct ext *list, size_t count);
void show_certificate(const struct cert *cert);
/* For whom a certificate is, and where it goes; private values are shown
 * where they are there. */
MUST_USE int show_target(const struct objects *objects, unsigned consumers,
    const struct target *target, struct fail *fail);
/* To-be-signed bytes as the certificate that they will be. */
MUST_USE int show_planned(struct bytes tbs, const struct alg *alg,
    struct fail *fail);
/* What an interrupted command left, if anything. */
void show_interrupted(const struct authority *authority);
/* What the root key was used for, and how often. */
void show_uses(const struct ledger *ledger);
void show_json(const struct json *json);
/* The certificate as JSON for --json; the caller owns it. */
struct json *certificate_json(const struct cert *cert);

/* rules.c: verdicts of rules; the caller owns the JSON. */
void show_rules(const struct rule_results *results);
/* As show_line, wrapped to 79 columns. */
void show_wrapped(const char *label, const char *text);
struct json *rules_json(const struct rule_results *results);

#endif
