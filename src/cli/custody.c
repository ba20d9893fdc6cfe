/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/deed.h>
#include <anchorite/custody/credential.h>

#include "cli.h"

#define HOUR          INT64_C(3600)
#define SHEET_PREFIX  "sheet:"
#define ENVELOPE_MAX  65536

/* What is still wanted of the custodians who are present. */
struct gathering {
	struct cli *cli;
	const struct authority *authority;	/* NULL: none yet */
	struct custody *custody;
	bool wants_approvals;
};

static void
source_release(struct share_source *source)
{
	for (size_t n = 0; n < SHARES_MAX; n++) {
		buf_release(&source->envelopes[n]);
		share_release(&source->shares[n]);
	}
}

void
custody_release(struct custody *custody)
{
	approvals_release(&custody->approvals);
	source_release(&custody->now);
	source_release(&custody->next);
}

int
custody_pins(const struct share_source *source, struct token_pins *out,
    struct fail *fail)
{
	return split_unlock(source->split, source->shares, source->count, out,
	    fail);
}

/* Of the request's operation, and of the policy where that changes too. */
static int
check_approvals(const struct authority *authority,
    const struct custody *custody, struct fail *fail)
{
	const struct approvals *approvals = custody->approvals;

	if (approvals_check(approvals, authority->ledger,
	    approvals->request->operation, fail) == -1)
		return -1;
	return !custody->changes_policy ? 0 : approvals_check(approvals,
	    authority->ledger, OPERATION_POLICY, fail);
}

static bool
is_approved(const struct gathering *gathering)
{
	struct fail ignored = { 0 };

	return !gathering->wants_approvals || check_approvals(
	    gathering->authority, gathering->custody, &ignored) == 0;
}

static bool
is_unlocked(const struct share_source *source)
{
	return source->split == NULL ||
	    source->count >= (size_t)source->split->form.threshold;
}

static bool
is_gathered(const struct gathering *gathering)
{
	return is_approved(gathering) &&
	    is_unlocked(&gathering->custody->now) &&
	    is_unlocked(&gathering->custody->next);
}

static bool
has_share(const struct share_source *source, int line)
{
	for (size_t n = 0; n < source->count; n++)
		if (source->shares[n].index == line + 1)
			return true;
	return false;
}

/* By role; what else is against it, approvals_add says. */
static bool
may_approve(const struct gathering *gathering,
    const struct credential *credential)
{
	const struct roster *roster =
	    &gathering->authority->ledger->policy->roster;
	enum operation operation =
	    gathering->custody->approvals->request->operation;
	int at = roster_find_certificate(roster,
	    &credential_certificate(credential)->digest);

	return at != -1 && (roster->custodians[at].roles &
	    roster->rules[operation].roles) != 0;
}

/* A custodian signs, after typing what it is. */
static int
take_approval(const struct gathering *gathering,
    struct credential *credential, struct fail *fail)
{
	struct approvals *approvals = gathering->custody->approvals;
	const struct request *request = approvals->request;
	const char *word = operation_names[request->operation];
	AUTO(buf_release) struct buf question = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };

	buf_printf(&question, "%s approves?", credential_name(credential));
	if (cli_confirm_word(gathering->cli, buf_cstr(&question), word,
		fail) == -1 ||
	    credential_sign(credential, buf_bytes(&request->text),
		gathering->cli->act.now, &cms, fail) == -1)
		return -1;
	if (approvals_add(approvals, gathering->authority->ledger,
	    buf_bytes(&cms), gathering->cli->act.now, fail) == -1)
		return -1;
	if (!gathering->cli->is_json)
		printf("approved by %s\n", credential_name(credential));
	return 0;
}

/* Opens the custodian's share, if there is one; *given_out counts them. */
static int
take_share(struct share_source *source, struct credential *credential,
    int *given_out, struct fail *fail)
{
	int line;

	if (source->split == NULL)
		return 0;
	line = split_find(source->split,
	    &credential_certificate(credential)->digest);
	if (line == -1 || has_share(source, line))
		return 0;
	if (split_open_share(source->split, line,
	    buf_bytes(&source->envelopes[line]), credential,
	    &source->shares[source->count], fail) == -1)
		return -1;
	source->count++;
	(*given_out)++;
	return 0;
}

static int
fail_unwanted(const struct gathering *gathering,
    const struct credential *credential, const char *path,
    struct fail *fail)
{
	const struct digest *digest =
	    &credential_certificate(credential)->digest;
	const char *why = "gave all that is wanted";

	if (gathering->custody->now.split != NULL &&
	    split_find(gathering->custody->now.split, digest) == -1)
		why = "holds no share of the token's PIN";
	else if (gathering->custody->now.split == NULL &&
	    !gathering->wants_approvals)
		why = "nothing is wanted of custodians";
	return fail_with(fail, FAIL_REFUSED, "credential %s: %s", path, why);
}

static int
take_credential(const struct gathering *gathering, const char *path,
    struct fail *fail)
{
	AUTO(credential_release) struct credential *credential = NULL;
	int given = 0;

	if (credential_open(path, gathering->cli->secret_fd, &credential,
		fail) == -1 ||
	    take_share(&gathering->custody->now, credential, &given, fail) ==
		-1 ||
	    take_share(&gathering->custody->next, credential, &given, fail) ==
		-1)
		return -1;
	/* Who gives a share need not be one who may approve. */
	if (!is_approved(gathering) &&
	    (given == 0 || may_approve(gathering, credential)))
		return take_approval(gathering, credential, fail);
	return given > 0 ? 0 : fail_unwanted(gathering, credential, path,
	    fail);
}

/* A share from paper: its lines, checked one by one. */
static int
take_sheet(const struct gathering *gathering, const char *name,
    struct fail *fail)
{
	struct share_source *source = is_unlocked(&gathering->custody->now) &&
	    gathering->custody->next.split != NULL ?
	    &gathering->custody->next : &gathering->custody->now;
	struct share *share = &source->shares[source->count];
	const struct split *split = source->split;
	int line;

	if (split == NULL)
		return fail_with(fail, FAIL_USAGE,
		    "sheet of %s: the token's PIN is not split", name);
	line = split_find_name(split, name);
	if (line == -1 || has_share(source, line))
		return fail_with(fail, FAIL_USAGE, "sheet of %s: %s", name,
		    line == -1 ? "holds no share" : "given twice");
	if (sheets_read(gathering->cli, split->id, name, share, fail) == -1 ||
	    split_check_share(split, line, share, fail) == -1)
		return -1;
	source->count++;
	return 0;
}

static int
take(const struct gathering *gathering, const char *what, struct fail *fail)
{
	size_t len = strlen(SHEET_PREFIX);

	if (strncmp(what, SHEET_PREFIX, len) == 0)
		return take_sheet(gathering, what + len, fail);
	return take_credential(gathering, what, fail);
}

static void
show_wanted(const struct gathering *gathering)
{
	const struct share_source *now = &gathering->custody->now;
	const struct share_source *next = &gathering->custody->next;
	const struct approvals *approvals = gathering->custody->approvals;

	if (gathering->wants_approvals)
		printf("approvals of %s: %zu of %lld\n",
		    operation_names[approvals->request->operation],
		    approvals->count,
		    (long long)gathering->authority->ledger->policy->roster
			.rules[approvals->request->operation].approvals);
	if (now->split != NULL)
		printf("shares of the PIN: %zu of %d\n", now->count,
		    now->split->form.threshold);
	if (next->split != NULL)
		printf("shares of the new PIN: %zu of %d\n", next->count,
		    next->split->form.threshold);
}

/* One after the other at this terminal, until it is enough. */
static int
ask_custodians(const struct gathering *gathering, struct fail *fail)
{
	while (!is_gathered(gathering)) {
		AUTO(buf_release) struct buf answer = { 0 };

		show_wanted(gathering);
		if (cli_ask("credential of the next custodian (FILE, or "
		    "sheet:NAME; empty: stop): ", &answer, fail) == -1) {
			if (fail->kind != FAIL_USAGE)
				return -1;
			return fail_with(fail, FAIL_USAGE, "no terminal to "
			    "ask custodians on: --credential names them, "
			    "--request brings their approvals");
		}
		if (answer.len == 0)
			return fail_with(fail, FAIL_REFUSED,
			    "stopped: not enough custodians");
		if (take(gathering, buf_cstr(&answer), fail) == 0)
			continue;
		if (!cli_is_slip(fail))
			return -1;
		cli_show_slip(fail);
	}
	return 0;
}

static int
gather(const struct gathering *gathering, struct fail *fail)
{
	const struct option_list *given = &gathering->cli->credentials;

	for (size_t n = 0; n < given->count; n++)
		if (take(gathering, given->values[n], fail) == -1)
			return -1;
	if (given->count == 0)
		return ask_custodians(gathering, fail);
	return 0;
}

/* The request that is approved live, good for an hour. */
static int
build_request(struct cli *cli, const struct authority *authority,
    enum operation operation, const struct json *parameters,
    struct approvals **out, struct fail *fail)
{
	AUTO(request_release) struct request *request = NULL;
	AUTO(buf_release) struct buf words = { 0 };

	if (cli_build_request(cli, authority, operation, parameters,
		cli->act.now + HOUR, &request, fail) == -1 ||
	    deed_describe(operation, request->name, request->parameters,
		&words, fail) == -1)
		return -1;
	if (!cli->is_json) {
		printf("%s", buf_cstr(&words));
		show_digest("request SHA-256", &request->digest);
	}
	*out = approvals_new(&request);
	return 0;
}

/* A credential that nobody asks for: its passphrase would be taken for the
 * PIN, and a try of that lost. */
static int
check_unwanted(const struct cli *cli, struct fail *fail)
{
	if (cli->credentials.count == 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "credential %s: nothing is wanted "
	    "of custodians", cli->credentials.values[0]);
}

static int
load_envelopes(const struct authority *authority, const struct split *split,
    struct share_source *out, struct fail *fail)
{
	if (split->id[0] == '\0')
		return 0;
	out->split = split;
	for (int n = 0; n < split->form.count; n++)
		if (objects_get(authority->objects,
		    &split->lines[n].envelope, &out->envelopes[n], fail) == -1)
			return fail_in(fail, "share of %s",
			    split->lines[n].custodian);
	return 0;
}

int
custody_unlock(struct cli *cli, const struct authority *authority,
    struct custody *out, struct fail *fail)
{
	struct gathering gathering = {
		.cli = cli, .authority = authority, .custody = out,
	};

	if (load_envelopes(authority, &authority->ledger->split, &out->now,
		fail) == -1 ||
	    load_envelopes(authority, &authority->ledger->next_split,
		&out->next, fail) == -1)
		return -1;
	if (out->now.split == NULL)
		return check_unwanted(cli, fail);
	return gather(&gathering, fail);
}

int
custody_gather(struct cli *cli, const struct authority *authority,
    enum operation operation, const struct json *parameters,
    struct custody *out, struct fail *fail)
{
	struct gathering gathering = {
		.cli = cli, .authority = authority, .custody = out,
	};
	bool is_needed;

	if (quorum_is_needed(&authority->ledger->policy->roster, operation,
		&is_needed, fail) == -1 ||
	    load_envelopes(authority, &authority->ledger->split, &out->now,
		fail) == -1 ||
	    load_envelopes(authority, &authority->ledger->next_split,
		&out->next, fail) == -1)
		return -1;
	if (cli->values[OPT_REQUEST] != NULL) {
		if (cli_load_approvals(cli, authority->ledger,
		    &out->approvals, fail) == -1)
			return -1;
	} else if (is_needed) {
		if (build_request(cli, authority, operation, parameters,
		    &out->approvals, fail) == -1)
			return -1;
		gathering.wants_approvals = true;
	}
	cli->act.approvals = out->approvals;
	/* What was carried here is judged before anybody types a PIN. */
	if (!gathering.wants_approvals && authority_check_approval(authority,
	    &cli->act, operation, parameters, fail) == -1)
		return -1;
	if ((gathering.wants_approvals || out->now.split != NULL ?
		gather(&gathering, fail) : check_unwanted(cli, fail)) == -1)
		return -1;
	return !gathering.wants_approvals ? 0 : authority_check_approval(
	    authority, &cli->act, operation, parameters, fail);
}

int
custody_unlock_folder(struct cli *cli, const char *folder,
    struct split *split_out, struct custody *out, struct fail *fail)
{
	struct gathering gathering = { .cli = cli, .custody = out };
	AUTO(auto_free) char *list = file_path(folder, "split.json");
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(json_release) struct json *json = NULL;

	if (file_load(list, REQUEST_MAX, &text, fail) == -1 ||
	    json_read(buf_bytes(&text), &json, fail) == -1 ||
	    split_read(json, split_out, fail) == -1)
		return fail_in(fail, "--shares");
	out->now.split = split_out;
	for (int n = 0; n < split_out->form.count; n++) {
		AUTO(buf_release) struct buf name = { 0 };
		AUTO(auto_free) char *path = NULL;

		buf_printf(&name, "%s.p7m", split_out->lines[n].custodian);
		path = file_path(folder, buf_cstr(&name));
		if (file_load(path, ENVELOPE_MAX, &out->now.envelopes[n],
		    fail) == -1)
			return -1;
	}
	return gather(&gathering, fail);
}

/*
 * A split that was begun is rolled forward: both PINs become the new ones,
 * whichever they are now, and the session is opened with them.
 */
static int
log_in_next(const struct session_plan *plan, const struct custody *custody,
    struct session **out, struct fail *fail)
{
	AUTO(token_pins_release) struct token_pins old = { 0 };
	AUTO(token_pins_release) struct token_pins new = { 0 };
	AUTO(session_release) struct session *session = NULL;

	if (custody_pins(&custody->now, &old, fail) == -1)
		return fail_in(fail, "the old split");
	if (custody_pins(&custody->next, &new, fail) == -1)
		return fail_in(fail, "the new split");
	if (session_open(plan, &session, fail) == -1 ||
	    session_protect(session, fail) == -1 ||
	    token_change_pins(session_token(session), &old, &new, fail) == -1 ||
	    session_sync(session, fail) == -1 ||
	    session_login_with(session, &new.user, fail) == -1)
		return -1;
	*out = GIVE(session);
	return 0;
}

/* What was mended is said: it may be a disk that is dying. */
static void
tell_mended(const struct session *session)
{
	if (session_mended(session) > 0)
		fprintf(stderr, "anchorite: warning: token store: %d files "
		    "were cut short, and put back from its backup\n",
		    session_mended(session));
}

int
cli_log_in(const struct cli *cli, const struct site *site,
    const struct custody *custody, struct session **out, struct fail *fail)
{
	struct session_plan plan = site_plan(site, cli->secret_fd);
	AUTO(session_release) struct session *session = NULL;
	AUTO(token_pins_release) struct token_pins pins = { 0 };

	if (custody != NULL && custody->next.split != NULL)
		return log_in_next(&plan, custody, out, fail);
	if (custody == NULL || custody->now.split == NULL) {
		if (session_open(&plan, &session, fail) == -1 ||
		    session_login(session, fail) == -1)
			return -1;
	} else if (custody_pins(&custody->now, &pins, fail) == -1 ||
	    session_open(&plan, &session, fail) == -1 ||
	    session_login_with(session, &pins.user, fail) == -1)
		return -1;
	tell_mended(session);
	*out = GIVE(session);
	return 0;
}
