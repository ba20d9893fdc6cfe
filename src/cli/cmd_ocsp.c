/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/respond.h>
#include <anchorite/out/bundle.h>

#include "cli.h"

/* Responses of one call; count of them. */
struct responses {
	struct ocsp **list;
	size_t count;
};

static void
responses_release(struct responses *responses)
{
	for (size_t n = 0; n < responses->count; n++)
		ocsp_release(&responses->list[n]);
	free(responses->list);
}

static int
write_all(const char *folder, const struct responses *responses,
    struct fail *fail)
{
	AUTO(auto_free) char *partial = NULL;

	if (bundle_make_partial(folder, &partial, fail) == -1)
		return -1;
	for (size_t n = 0; n < responses->count; n++) {
		const struct ocsp *ocsp = responses->list[n];
		AUTO(auto_free) char *path = NULL;
		char serial[SERIAL_HEX_SIZE], name[SERIAL_HEX_SIZE + 8];

		serial_hex(&ocsp->serial, serial);
		snprintf(name, sizeof(name), "%s.ocsp", serial);
		path = file_path(partial, name);
		if (file_write(path, buf_bytes(&ocsp->der), 0644, fail) == -1)
			return -1;
	}
	return file_rename(partial, folder, fail);
}

static void
show(const struct cli *cli, const struct responses *responses)
{
	static const char *const words[] = {
		[OCSP_GOOD] = "good",
		[OCSP_REVOKED] = "revoked",
	};
	AUTO(json_release) struct json *list = json_new_list();

	for (size_t n = 0; n < responses->count; n++) {
		const struct ocsp *ocsp = responses->list[n];
		struct json *json = json_new();
		char serial[SERIAL_HEX_SIZE], next[TEXT_TIME_SIZE];

		serial_hex(&ocsp->serial, serial);
		text_time(ocsp->next_update, next);
		json_put_text(json, "serial", serial);
		json_put_text(json, "status", words[ocsp->status]);
		json_put_text(json, "next_update", next);
		json_add(list, &json);
		if (!cli->is_json)
			printf("signed %s  %-8s until %s\n", serial,
			    words[ocsp->status], next);
	}
	if (cli->is_json)
		show_json(list);
}

int
run_ocsp(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(responses_release) struct responses responses = { 0 };
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(deed_release) struct deed deed = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	const char *out = cli->values[OPT_OUT];
	struct fail second = { 0 };
	int result;

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    file_check_absent(out, fail) == -1 ||
	    deed_prepare(cli, authority, OPERATION_OCSP, cli->operands,
		cli->operand_count, &deed, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_gather(cli, authority, OPERATION_OCSP, deed.parameters,
		&custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1)
		return cli_refused(cli, authority, fail);
	responses.count = deed.serial_count;
	responses.list = mem_new(responses.count, sizeof(*responses.list));
	result = respond_sign(authority, &cli->act, deed.serials,
	    deed.serial_count, session, responses.list, fail);
	if (responses.list[0] == NULL)
		return cli_refused(cli, authority, fail);
	/* They are sealed, and go out, whatever came of the anchor. */
	if (write_all(out, &responses, result == 0 ? fail : &second) == -1)
		return result == -1 ? -1 : fail_in(fail, "the responses are "
		    "signed and recorded, but not written out");
	show(cli, &responses);
	return result;
}
