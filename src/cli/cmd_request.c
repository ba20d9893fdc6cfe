/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/deed.h>
#include <anchorite/custody/credential.h>

#include "cli.h"

static const struct period expires_default = { .days = 3 };
static const struct period expires_most = { .days = 30 };

static int
show_request(const struct request *request, struct fail *fail)
{
	AUTO(buf_release) struct buf words = { 0 };
	char head[128], hex[DIGEST_HEX_SIZE];

	if (deed_describe(request->operation, request->name,
	    request->parameters, &words, fail) == -1)
		return -1;
	printf("%s\n", buf_cstr(&words));
	show_line("operation", operation_names[request->operation]);
	show_line("authority", request->name);
	show_digest("root key SHA-256", &request->key);
	digest_hex(&request->head, hex);
	snprintf(head, sizeof(head), "record %lld, %s",
	    (long long)request->head_seq, hex);
	show_line("journal head", head);
	show_digest("policy SHA-256", &request->policy);
	show_time("made", request->created);
	show_time("expires", request->expires);
	show_digest("request SHA-256", &request->digest);
	return 0;
}

static int
read_expires(const struct cli *cli, int64_t *out, struct fail *fail)
{
	struct period period = expires_default;

	if (cli->values[OPT_EXPIRES] != NULL && text_read_period(
	    cli->values[OPT_EXPIRES], &period, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--expires");
	}
	*out = period_after(cli->act.now, period);
	if (*out > period_after(cli->act.now, expires_most))
		return fail_with(fail, FAIL_USAGE,
		    "--expires: want at most 30d");
	return 0;
}

static int
request_write(struct cli *cli, const struct authority *authority,
    const struct deed *deed, const char *path, struct fail *fail)
{
	AUTO(request_release) struct request *request = NULL;
	AUTO(buf_release) struct buf safe = { 0 };
	int64_t expires;

	if (read_expires(cli, &expires, fail) == -1 ||
	    cli_build_request(cli, authority, deed->operation,
		deed->parameters, expires, &request, fail) == -1 ||
	    file_write(path, buf_bytes(&request->text), 0644, fail) == -1 ||
	    show_request(request, fail) == -1)
		return -1;
	(void)show_safe(&safe, path);
	printf("written to %s; each custodian: anchorite approve --credential "
	    "NAME.key %s\n", buf_cstr(&safe), buf_cstr(&safe));
	return 0;
}

/* One that nobody's approval could make possible is refused at once. */
int
run_request(struct cli *cli, struct fail *fail)
{
	const char *path = cli->values[OPT_OUT];
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(buf_release) struct buf name = { 0 };
	enum operation operation;
	bool is_needed;

	buf_printf(&name, "%s.json", cli->operands[0]);
	if (path == NULL)
		path = buf_cstr(&name);
	if (operation_find(cli->operands[0], &operation, fail) == -1 ||
	    file_check_absent(path, fail) == -1 ||
	    cli_open_authority(cli, false, &authority, fail) == -1 ||
	    deed_prepare(cli, authority, operation, cli->operands + 1,
		cli->operand_count - 1, &deed, fail) == -1 ||
	    quorum_is_needed(&authority->ledger->policy->roster,
		deed.operation, &is_needed, fail) == -1)
		return -1;
	if (!is_needed)
		return fail_with(fail, FAIL_REFUSED,
		    "%s takes no approval under policy %s",
		    operation_names[deed.operation],
		    authority->ledger->policy->name);
	return request_write(cli, authority, &deed, path, fail);
}

static int
approve(struct cli *cli, const struct request *request, const char *out,
    struct credential *credential, struct fail *fail)
{
	AUTO(buf_release) struct buf cms = { 0 };
	AUTO(buf_release) struct buf safe = { 0 };

	if (credential_sign(credential, buf_bytes(&request->text),
		cli->act.now, &cms, fail) == -1 ||
	    file_write(out, buf_bytes(&cms), 0644, fail) == -1)
		return -1;
	printf("approved by %s: %s\n", credential_name(credential),
	    show_safe(&safe, out));
	return 0;
}

static int
check_open(const struct request *request, int64_t now, struct fail *fail)
{
	char end[TEXT_TIME_SIZE], clock[TEXT_TIME_SIZE];

	if (now < request->expires)
		return 0;
	text_time(request->expires, end);
	text_time(now, clock);
	return fail_with(fail, FAIL_REFUSED,
	    "request: expired %s, it is %s", end, clock);
}

/* Needs no authority: the request travels, and says all. */
int
run_approve(struct cli *cli, struct fail *fail)
{
	const char *path = cli->operands[0];
	AUTO(request_release) struct request *request = NULL;
	AUTO(credential_release) struct credential *credential = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf out = { 0 };

	if (cli->credentials.count != 1)
		return fail_with(fail, FAIL_USAGE,
		    "approve: want one --credential");
	if (file_load(path, REQUEST_MAX, &text, fail) == -1)
		return -1;
	if (request_read(buf_bytes(&text), &request, fail) == -1)
		return fail_in(fail, "%s", path);
	if (check_open(request, cli->act.now, fail) == -1 ||
	    show_request(request, fail) == -1 ||
	    cli_confirm_word(cli, "Approve this?",
		operation_names[request->operation], fail) == -1 ||
	    credential_open(cli->credentials.values[0], cli->secret_fd,
		&credential, fail) == -1)
		return -1;
	if (cli->values[OPT_OUT] != NULL)
		buf_text(&out, cli->values[OPT_OUT]);
	else
		buf_printf(&out, "%s.%s.p7s", path,
		    credential_name(credential));
	return approve(cli, request, buf_cstr(&out), credential, fail);
}
