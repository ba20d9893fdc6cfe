/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/private.h>
#include <anchorite/x509/name.h>

#include "cli.h"

static int
certificate_get(const struct authority *authority,
    const struct issued *issued, struct cert **out, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };

	if (objects_get(authority->objects, &issued->certificate, &der,
	    fail) == -1)
		return -1;
	return cert_read(buf_bytes(&der), out, fail);
}

static int
put_target(struct json *json, const struct objects *objects,
    const struct issued *issued, struct fail *fail)
{
	AUTO(json_release) struct json *target = json_new();
	const char *name, *text;

	for (size_t n = 0; target_field(&issued->target, n, &name, &text);
	    n++) {
		AUTO(buf_release) struct buf value = { 0 };

		if (text == NULL)
			continue;
		if (private_show(objects, text, &value, fail) == -1)
			return -1;
		json_put_text(target, name, buf_cstr(&value));
	}
	consumers_put(json, issued->consumers);
	if (json_count(target) > 0)
		json_put(json, "target", &target);
	return 0;
}

static int
issued_json(const struct objects *objects, const struct issued *issued,
    const struct cert *cert, struct json **out, struct fail *fail)
{
	AUTO(json_release) struct json *json =
	    cert != NULL ? certificate_json(cert) : json_new();
	char text[SERIAL_HEX_SIZE];

	serial_hex(&issued->serial, text);
	json_put_text(json, "serial", text);
	json_put_text(json, "profile", issued->profile);
	json_put_text(json, "status", issued_status_name(issued));
	if (issued->status == ISSUED_REVOKED) {
		text_time(issued->revoked_at, text);
		json_put_text(json, "revoked_at", text);
		json_put_text(json, "reason",
		    crl_reason_name(issued->reason));
	}
	if (put_target(json, objects, issued, fail) == -1)
		return -1;
	*out = GIVE(json);
	return 0;
}

/* Under its line, where anything is said of it. */
static int
list_target(const struct objects *objects, const struct issued *issued,
    struct fail *fail)
{
	AUTO(buf_release) struct buf line = { 0 };
	const char *name, *text;

	if (issued->consumers != 0) {
		buf_text(&line, "for ");
		consumers_write(issued->consumers, &line);
	}
	for (size_t n = 0; target_field(&issued->target, n, &name, &text);
	    n++) {
		AUTO(buf_release) struct buf value = { 0 };

		if (text == NULL)
			continue;
		if (private_show(objects, text, &value, fail) == -1)
			return -1;
		buf_printf(&line, "%s%s ", line.len > 0 ? "; " : "", name);
		text_escape(&line, buf_bytes(&value));
	}
	if (line.len > 0)
		printf("    %s\n", buf_cstr(&line));
	return 0;
}

static int
list_line(const struct objects *objects, const struct issued *issued,
    const struct cert *cert, struct fail *fail)
{
	AUTO(buf_release) struct buf subject = { 0 };
	char serial[SERIAL_HEX_SIZE], end[TEXT_TIME_SIZE] = "-";

	serial_hex(&issued->serial, serial);
	if (cert != NULL) {
		name_show(cert->subject, &subject);
		text_time(cert->not_after, end);
	}
	printf("%-40s  %-15s  %.10s\n    %s  %s\n", serial,
	    issued_status_name(issued), end, issued->profile,
	    buf_cstr(&subject));
	return list_target(objects, issued, fail);
}

int
run_list(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(json_release) struct json *list = json_new_list();
	const struct ledger *ledger;

	if (cli_open_authority(cli, false, &authority, fail) == -1)
		return -1;
	ledger = authority->ledger;
	if (!authority_is_sealed(authority))
		fprintf(stderr, "anchorite: warning: nobody vouches for what "
		    "stands behind record %lld of the journal\n",
		    (long long)ledger->sealed_seq);
	if (!cli->is_json && ledger->issued_count > 0)
		printf("%-40s  %-15s  %s\n    %s\n", "serial", "status",
		    "ends", "profile, subject, and where it goes");
	for (size_t n = 0; n < ledger->issued_count; n++) {
		const struct issued *issued = &ledger->issued[n];
		AUTO(cert_release) struct cert *cert = NULL;
		AUTO(json_release) struct json *json = NULL;

		if (issued->has_certificate &&
		    certificate_get(authority, issued, &cert, fail) == -1)
			return -1;
		if (!cli->is_json) {
			if (list_line(authority->objects, issued, cert,
			    fail) == -1)
				return -1;
			continue;
		}
		if (issued_json(authority->objects, issued, cert, &json,
		    fail) == -1)
			return -1;
		json_add(list, &json);
	}
	if (cli->is_json)
		show_json(list);
	else if (ledger->issued_count == 0)
		printf("nothing issued yet\n");
	return 0;
}

static int
show_issued(const struct objects *objects, const struct issued *issued,
    const struct cert *cert, struct fail *fail)
{
	if (cert != NULL)
		show_certificate(cert);
	show_line("profile", issued->profile);
	show_line("status", issued_status_name(issued));
	if (issued->status == ISSUED_REVOKED) {
		show_time("revoked", issued->revoked_at);
		show_line("reason", crl_reason_name(issued->reason));
	}
	return show_target(objects, issued->consumers, &issued->target, fail);
}

/* --out: a new PEM file. */
static int
write_certificate(const char *path, const struct cert *cert,
    struct fail *fail)
{
	AUTO(buf_release) struct buf pem = { 0 };

	if (cert == NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "possibly issued: there is no certificate to write");
	text_pem(&pem, "CERTIFICATE", buf_bytes(&cert->der));
	return file_write(path, buf_bytes(&pem), 0644, fail);
}

int
cli_show_certificate(const struct cli *cli,
    const struct authority *authority, const struct cert *cert,
    const struct issued *issued, struct fail *fail)
{
	const char *path = cli->values[OPT_OUT];
	AUTO(json_release) struct json *json = NULL;

	/* Written first: what cannot be written is not shown as if it were. */
	if (path != NULL && write_certificate(path, cert, fail) == -1)
		return -1;
	if (!cli->is_json && issued != NULL)
		return show_issued(authority->objects, issued, cert, fail);
	if (!cli->is_json) {
		show_certificate(cert);
		return 0;
	}
	if (issued == NULL)
		json = certificate_json(cert);
	else if (issued_json(authority->objects, issued, cert, &json, fail) ==
	    -1)
		return -1;
	show_json(json);
	return 0;
}

int
cli_show_issued(const struct cli *cli, const struct authority *authority,
    const struct issued *issued, struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = NULL;

	if (issued->has_certificate &&
	    certificate_get(authority, issued, &cert, fail) == -1)
		return -1;
	return cli_show_certificate(cli, authority, cert, issued, fail);
}

int
run_show(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	struct issued *issued;

	if (cli_open_authority(cli, false, &authority, fail) == -1 ||
	    ledger_look_up(authority->ledger, cli->operands[0], &issued,
		fail) == -1)
		return -1;
	return cli_show_issued(cli, authority, issued, fail);
}
