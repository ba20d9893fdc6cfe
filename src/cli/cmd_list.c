/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
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

static struct json *
issued_json(const struct issued *issued, const struct cert *cert)
{
	struct json *json = cert != NULL ? certificate_json(cert) : json_new();
	char text[SERIAL_HEX_SIZE];

	serial_hex(&issued->serial, text);
	json_put_text(json, "serial", text);
	json_put_text(json, "profile", issued->profile);
	json_put_text(json, "status", issued_status_name(issued));
	if (issued->status != ISSUED_REVOKED)
		return json;
	text_time(issued->revoked_at, text);
	json_put_text(json, "revoked_at", text);
	json_put_text(json, "reason", crl_reason_name(issued->reason));
	return json;
}

static void
list_line(const struct issued *issued, const struct cert *cert)
{
	AUTO(buf_release) struct buf subject = { 0 };
	char serial[SERIAL_HEX_SIZE], end[TEXT_TIME_SIZE] = "-";

	serial_hex(&issued->serial, serial);
	if (cert != NULL) {
		name_show(cert->subject, &subject);
		text_time(cert->not_after, end);
	}
	printf("%-40s  %-15s  %.10s  %-22s  %s\n", serial,
	    issued_status_name(issued), end, issued->profile,
	    buf_cstr(&subject));
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
		printf("%-40s  %-15s  %-10s  %-22s  %s\n", "serial", "status",
		    "ends", "profile", "subject");
	for (size_t n = 0; n < ledger->issued_count; n++) {
		const struct issued *issued = &ledger->issued[n];
		AUTO(cert_release) struct cert *cert = NULL;
		struct json *json;

		if (issued->has_certificate &&
		    certificate_get(authority, issued, &cert, fail) == -1)
			return -1;
		json = issued_json(issued, cert);
		json_add(list, &json);
		if (!cli->is_json)
			list_line(issued, cert);
	}
	if (cli->is_json)
		show_json(list);
	else if (ledger->issued_count == 0)
		printf("nothing issued yet\n");
	return 0;
}

static void
show_issued(const struct issued *issued, const struct cert *cert)
{
	if (cert != NULL)
		show_certificate(cert);
	show_line("profile", issued->profile);
	show_line("status", issued_status_name(issued));
	if (issued->status != ISSUED_REVOKED)
		return;
	show_time("revoked", issued->revoked_at);
	show_line("reason", crl_reason_name(issued->reason));
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
cli_show_certificate(const struct cli *cli, const struct cert *cert,
    const struct issued *issued, struct fail *fail)
{
	const char *path = cli->values[OPT_OUT];
	AUTO(json_release) struct json *json = NULL;

	/* Written first: what cannot be written is not shown as if it were. */
	if (path != NULL && write_certificate(path, cert, fail) == -1)
		return -1;
	if (cli->is_json) {
		json = issued != NULL ? issued_json(issued, cert) :
		    certificate_json(cert);
		show_json(json);
	} else if (issued != NULL) {
		show_issued(issued, cert);
	} else {
		show_certificate(cert);
	}
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
	return cli_show_certificate(cli, cert, issued, fail);
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
