/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/token/token.h>
#include <anchorite/token/uri.h>

#include "cli.h"

static struct json *
token_json(const struct token_info *info)
{
	struct json *json = json_new();
	AUTO(buf_release) struct buf uri = { 0 };

	uri_write(&info->raw, bytes_of(NULL, 0), bytes_of(NULL, 0), &uri);
	json_put_bool(json, "initialised", info->is_initialised);
	if (info->is_initialised)
		json_put_text(json, "uri", buf_cstr(&uri));
	json_put_text(json, "label", info->label);
	json_put_text(json, "manufacturer", info->manufacturer);
	json_put_text(json, "model", info->model);
	json_put_text(json, "serial", info->serial);
	json_put_text(json, "firmware", info->firmware_version);
	json_put_bool(json, "pin_pad", info->has_pin_pad);
	json_put_bool(json, "pin_locked", info->is_pin_locked);
	return json;
}

static const char *
pin_words(const struct token_info *info)
{
	if (!info->has_user_pin)
		return "not set";
	if (info->is_pin_locked)
		return "locked";
	if (info->is_pin_final_try)
		return "one try left";
	if (info->is_pin_count_low)
		return "set; wrong PINs were given";
	return info->has_pin_pad ? "set; asked at the reader" : "set";
}

static void
show_token(const struct token_info *info)
{
	AUTO(buf_release) struct buf uri = { 0 };

	if (!info->is_initialised) {
		printf("token, not initialised (%s %s)\n", info->manufacturer,
		    info->model);
		return;
	}
	uri_write(&info->raw, bytes_of(NULL, 0), bytes_of(NULL, 0), &uri);
	printf("token \"%s\"\n", info->label);
	show_line("uri", buf_cstr(&uri));
	show_line("made by", info->manufacturer);
	show_line("model", info->model);
	show_line("serial", info->serial);
	show_line("firmware", info->firmware_version);
	show_line("user PIN", pin_words(info));
}

int
run_token_list(struct cli *cli, struct fail *fail)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(auto_free) struct token_info *list = NULL;
	AUTO(json_release) struct json *json = json_new_list();
	struct session_plan plan;
	size_t count;

	if (cli_load_site(cli, &site, fail) == -1)
		return -1;
	plan = site_plan(site, cli->secret_fd);
	if (session_open_module(&plan, &session, fail) == -1 ||
	    token_list(session_module(session), &list, &count, fail) == -1)
		return -1;
	for (size_t n = 0; n < count; n++) {
		struct json *token = token_json(&list[n]);

		json_add(json, &token);
		if (!cli->is_json)
			show_token(&list[n]);
	}
	if (cli->is_json)
		show_json(json);
	else if (count == 0)
		printf("no token\n");
	return 0;
}

/* Into a new folder: the envelopes, and the list of them last. */
static int
write_shares(const char *folder, const struct new_split *new,
    struct fail *fail)
{
	AUTO(auto_free) char *list = file_path(folder, "split.json");
	AUTO(json_release) struct json *json = split_json(&new->split);
	AUTO(buf_release) struct buf text = { 0 };

	if (file_make_directory(folder, fail) == -1)
		return -1;
	for (int n = 0; n < new->split.form.count; n++) {
		AUTO(buf_release) struct buf name = { 0 };
		AUTO(auto_free) char *path = NULL;

		buf_printf(&name, "%s.p7m", new->split.lines[n].custodian);
		path = file_path(folder, buf_cstr(&name));
		if (file_write(path, buf_bytes(&new->envelopes[n]), 0600,
		    fail) == -1)
			return -1;
	}
	json_write(json, &text);
	buf_text(&text, "\n");
	return file_write(list, buf_bytes(&text), 0600, fail);
}

static int
split_prepare(struct cli *cli, struct adoption **adoption,
    struct split_form *form, struct fail *fail)
{
	static const enum option needs[] = {
		OPT_POLICY, OPT_OUT, OPT_CUSTODIANS,
	};
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(json_release) struct json *weak = NULL;

	for (size_t n = 0; n < COUNT(needs); n++)
		if (cli->values[needs[n]] == NULL)
			return fail_with(fail, FAIL_USAGE,
			    "token init --split: %s %s is missing",
			    option_rows[needs[n]].name,
			    option_rows[needs[n]].argument);
	if (split_form_read(cli->values[OPT_SPLIT], form, fail) == -1)
		return fail_in(fail, "--split");
	if (file_check_absent(cli->values[OPT_OUT], fail) == -1 ||
	    policy_load(cli->values[OPT_POLICY], &policy, fail) == -1 ||
	    adoption_make(&policy, cli->values[OPT_CUSTODIANS], NULL,
		adoption, fail) == -1)
		return -1;
	return cli_acknowledge(cli, &(*adoption)->policy->roster,
	    form->threshold, &weak, fail);
}

/*
 * Nobody sees the PINs. The shares are on disk, and on paper, before the
 * token has them: what stops before leaves an empty token.
 */
static int
init_split(struct cli *cli, struct session *session, struct fail *fail)
{
	const char *label = cli->values[OPT_LABEL];
	AUTO(adoption_release) struct adoption *adoption = NULL;
	AUTO(new_split_release) struct new_split new = { 0 };
	struct split_form form;

	if (split_prepare(cli, &adoption, &form, fail) == -1 ||
	    split_make(&adoption->policy->roster, adoption->custodians, &form,
		&new, fail) == -1 ||
	    token_check_init(session_module(session), label, &new.pins.so,
		&new.pins.user, fail) == -1 ||
	    sheets_print(cli, label, &new, fail) == -1 ||
	    write_shares(cli->values[OPT_OUT], &new, fail) == -1 ||
	    session_protect(session, fail) == -1 ||
	    token_init(session_module(session), label, &new.pins.so,
		&new.pins.user, fail) == -1)
		return -1;
	printf("token initialised; any %d of %d shares open it\n",
	    form.threshold, form.count);
	show_line("shares", cli->values[OPT_OUT]);
	return 0;
}

static int
init_plain(struct cli *cli, const struct session_plan *plan,
    struct session *session, struct fail *fail)
{
	AUTO(secret_release) struct secret so_pin = { 0 };
	AUTO(secret_release) struct secret user_pin = { 0 };

	if (session_new_pin(plan, "SO PIN", &so_pin, fail) == -1 ||
	    session_new_pin(plan, "user PIN", &user_pin, fail) == -1 ||
	    session_protect(session, fail) == -1 ||
	    token_init(session_module(session), cli->values[OPT_LABEL],
		&so_pin, &user_pin, fail) == -1)
		return -1;
	printf("token initialised\n");
	return 0;
}

int
run_token_init(struct cli *cli, struct fail *fail)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	struct session_plan plan;

	if (cli_load_site(cli, &site, fail) == -1)
		return -1;
	plan = site_plan(site, cli->secret_fd);
	if (session_open_module(&plan, &session, fail) == -1 ||
	    session_check_tokens(session, fail) == -1 ||
	    (cli->values[OPT_SPLIT] != NULL ?
		init_split(cli, session, fail) :
		init_plain(cli, &plan, session, fail)) == -1 ||
	    session_sync(session, fail) == -1 ||
	    session_check_tokens(session, fail) == -1)
		return -1;
	show_line("label", cli->values[OPT_LABEL]);
	return 0;
}

int
run_token_show(struct cli *cli, struct fail *fail)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(json_release) struct json *json = NULL;
	struct session_plan plan;

	if (cli_load_site(cli, &site, fail) == -1)
		return -1;
	plan = site_plan(site, cli->secret_fd);
	if (session_open(&plan, &session, fail) == -1)
		return -1;
	if (!cli->is_json) {
		show_token(token_info(session_token(session)));
		return 0;
	}
	json = token_json(token_info(session_token(session)));
	show_json(json);
	return 0;
}
