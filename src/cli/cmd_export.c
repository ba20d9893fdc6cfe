/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/out/bundle_audit.h>
#include <anchorite/out/export.h>

#include "cli.h"

/* --since; NULL where it is not given. */
static int
read_since(const struct cli *cli, struct digest *digest,
    const struct digest **out, struct fail *fail)
{
	const char *text = cli->values[OPT_SINCE];

	*out = NULL;
	if (text == NULL)
		return 0;
	if (digest_read_hex(text, digest, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--since");
	}
	*out = digest;
	return 0;
}

static int
read_format(const struct cli *cli, enum export_format *out,
    struct fail *fail)
{
	const char *name = cli->values[OPT_FORMAT];

	for (int n = 0; export_format_names[n] != NULL; n++)
		if (strcmp(export_format_names[n], name) == 0) {
			*out = (enum export_format)n;
			return 0;
		}
	return fail_with(fail, FAIL_USAGE, "--format: no format %s: there are "
	    "jsonl, csv, acm-pca-json, acm-pca-csv", name);
}

static int
write_piece(void *context, struct bytes piece, struct fail *fail)
{
	FILE *file = context;

	if (fwrite(piece.data, 1, piece.len, file) != piece.len)
		return fail_errno(fail, "writing");
	return 0;
}

static void
close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static int
export_synced(const struct export_plan *plan, const char *path, FILE *file,
    struct export_sum *sum, struct fail *fail)
{
	if (export_run(plan, write_piece, file, sum, fail) == -1)
		return -1;
	if (fflush(file) != 0 || fsync(fileno(file)) == -1)
		return fail_errno(fail, "%s", path);
	return 0;
}

/* To a new file, which is there whole or not at all. */
static int
export_to(const struct export_plan *plan, const char *path,
    struct export_sum *sum, struct fail *fail)
{
	AUTO(close_file) FILE *file = NULL;
	AUTO(buf_release) struct buf partial = { 0 };

	if (file_check_absent(path, fail) == -1)
		return -1;
	buf_printf(&partial, "%s.partial", path);
	file = fopen(buf_cstr(&partial), "we");
	if (file == NULL)
		return fail_errno(fail, "%s", path);
	if (export_synced(plan, path, file, sum, fail) == 0 &&
	    file_rename(buf_cstr(&partial), path, fail) == 0)
		return 0;
	unlink(buf_cstr(&partial));
	return -1;
}

int
run_audit_export(struct cli *cli, struct fail *fail)
{
	const char *path = cli->values[OPT_OUT];
	struct export_plan plan = {
		.path = cli_authority_path(cli),
		.is_redacted = cli->values[OPT_REDACT] != NULL,
	};
	AUTO(authority_release) struct authority *authority = NULL;
	struct export_sum sum = { 0 };
	struct digest since;

	if (read_since(cli, &since, &plan.since, fail) == -1 ||
	    read_format(cli, &plan.format, fail) == -1 ||
	    cli_open_authority(cli, false, &authority, fail) == -1 ||
	    cli_check_sealed(authority, fail) == -1)
		return -1;
	if (path == NULL)
		return export_run(&plan, write_piece, stdout, &sum, fail);
	if (export_to(&plan, path, &sum, fail) == -1)
		return -1;
	printf("exported records %lld to %lld, %lld rows\n",
	    (long long)sum.first, (long long)sum.last, (long long)sum.rows);
	show_digest("head", &sum.head);
	return 0;
}

static int
bundle(struct cli *cli, struct authority *authority, char **path,
    struct fail *fail)
{
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(sealer_release) struct sealer sealer = { 0 };
	struct bundle_audit_plan plan = {
		.path = cli->values[OPT_OUT],
		.is_redacted = cli->values[OPT_REDACT] != NULL,
	};
	struct digest since;

	if (read_since(cli, &since, &plan.since, fail) == -1 ||
	    authority_check_ready(authority, &cli->act, "audited", fail) ==
		-1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1)
		return -1;
	return bundle_audit(authority, &cli->act, &plan, &sealer, path, fail);
}

int
run_audit_bundle(struct cli *cli, struct fail *fail)
{
	AUTO(buf_release) struct buf safe = { 0 };
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(auto_free) char *path = NULL;
	AUTO(json_release) struct json *json = json_new();

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    bundle(cli, authority, &path, fail) == -1)
		return cli_refused(cli, authority, fail);
	json_put_text(json, "path", path);
	if (cli->is_json)
		show_json(json);
	else
		printf("bundle for auditors: %s\n", show_safe(&safe, path));
	return 0;
}
