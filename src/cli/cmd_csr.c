/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/batch.h>
#include <anchorite/ca/policy.h>
#include <anchorite/ca/vet.h>
#include <anchorite/out/import_conf.h>
#include <anchorite/x509/csr.h>
#include <anchorite/x509/name.h>

#include "cli.h"

static int
request_load(const char *path, struct buf *out, struct fail *fail)
{
	if (file_load(path, CSR_MAX, out, fail) == -1)
		return fail_in(fail, "request");
	return 0;
}

static struct json *
extensions_json(const struct csr *csr)
{
	struct json *list = json_new_list();
	char oid[128];

	for (size_t n = 0; n < csr->extension_count; n++) {
		struct json *json = json_new();
		AUTO(buf_release) struct buf text = { 0 };

		ext_show_oid(csr->extensions[n].oid, oid, sizeof(oid));
		ext_show(&csr->extensions[n], &text);
		json_put_text(json, "name", oid);
		json_put_bool(json, "critical", csr->extensions[n].critical);
		json_put_text(json, "value", buf_cstr(&text));
		json_add(list, &json);
	}
	return list;
}

static struct json *
csr_json(const char *path, const struct csr *csr)
{
	struct json *json = json_new();
	struct json *extensions = extensions_json(csr);
	AUTO(buf_release) struct buf subject = { 0 };
	char key[ALG_SHOW_SIZE], alg[ALG_SHOW_SIZE];

	name_show(csr->subject, &subject);
	json_put_text(json, "file", path);
	json_put_text(json, "subject", buf_cstr(&subject));
	spki_show_kind(&csr->spki, key, sizeof(key));
	alg_show(csr->algorithm, alg, sizeof(alg));
	json_put_text(json, "key", key);
	json_put_text(json, "signature", alg);
	json_put(json, "extensions", &extensions);
	json_put_digest(json, "sha256", &csr->digest);
	return json;
}

static void
show_csr(const char *path, const struct csr *csr)
{
	char key[ALG_SHOW_SIZE], alg[ALG_SHOW_SIZE];

	spki_show_kind(&csr->spki, key, sizeof(key));
	alg_show(csr->algorithm, alg, sizeof(alg));
	show_line("request", path);
	show_name("subject", csr->subject);
	show_line("key", key);
	show_line("signature", alg);
	show_extensions(csr->extensions, csr->extension_count);
	show_digest("SHA-256", &csr->digest);
}

int
run_csr_show(struct cli *cli, struct fail *fail)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (int n = 0; n < cli->operand_count; n++) {
		AUTO(csr_release) struct csr *csr = NULL;
		AUTO(buf_release) struct buf file = { 0 };
		struct json *json;

		if (request_load(cli->operands[n], &file, fail) == -1)
			return -1;
		if (csr_read(buf_bytes(&file), &csr, fail) == -1)
			return fail_in(fail, "request %s", cli->operands[n]);
		json = csr_json(cli->operands[n], csr);
		json_add(list, &json);
		if (!cli->is_json)
			show_csr(cli->operands[n], csr);
	}
	if (cli->is_json)
		show_json(list);
	return 0;
}

/* What the profile makes of each extension asked for. */
static void
show_fates(const struct csr *csr, const struct policy_profile *profile)
{
	char oid[128], line[256];

	for (size_t n = 0; n < csr->extension_count; n++) {
		ext_show_oid(csr->extensions[n].oid, oid, sizeof(oid));
		snprintf(line, sizeof(line), "%s: %s", oid,
		    vet_fate(&csr->extensions[n], profile));
		show_line(n == 0 ? "asks for" : "", line);
	}
}

/* What requests are held against, and how it went. */
struct check {
	const struct cli *cli;
	struct authority *authority;	/* NULL: none was given */
	struct policy *own;		/* of --policy */
	const struct policy *policy;	/* that, or the one in force */
	const struct policy_profile *profile;	/* of the request at hand */
	struct seen *seen;
	struct json *list;
	struct fail worst;		/* of the first that is refused; */
	struct buf refused;		/* the names of all */
	size_t count, refused_count;
};

static void
check_release(struct check *check)
{
	seen_release(&check->seen);
	policy_release(&check->own);
	authority_release(&check->authority);
	json_release(&check->list);
	buf_release(&check->refused);
}

/* A policy that is to come can be tried on what the authority has seen. */
static int
check_open(struct check *check, struct fail *fail)
{
	const char *const *values = check->cli->values;

	if (values[OPT_POLICY] == NULL && values[OPT_AUTHORITY] == NULL)
		return fail_with(fail, FAIL_USAGE, "csr check: --policy FILE "
		    "or --authority DIR is missing");
	if ((values[OPT_AUTHORITY] != NULL &&
	    authority_open(values[OPT_AUTHORITY], false, &check->authority,
		fail) == -1) ||
	    (values[OPT_POLICY] != NULL &&
	    policy_load(values[OPT_POLICY], &check->own, fail) == -1))
		return -1;
	check->policy = check->own != NULL ? check->own :
	    check->authority->ledger->policy;
	check->list = json_new_list();
	check->seen = check->authority == NULL ? seen_new(NULL, NULL) :
	    seen_new(check->authority->ledger, check->authority->objects);
	if (values[OPT_PROFILE] == NULL)
		return 0;
	return policy_profile(check->policy, values[OPT_PROFILE],
	    &check->profile, fail);
}

/* Refused by a rule is more than unreadable. */
static void
note_refused(struct check *check, const char *path, const struct fail *fail)
{
	if (check->refused_count++ == 0 || (fail->kind == FAIL_REFUSED &&
	    check->worst.kind != FAIL_REFUSED))
		check->worst = *fail;
	buf_printf(&check->refused, "%s%s", check->refused.len > 0 ? ", " : "",
	    path);
}

static void
put_fault(struct check *check, const char *path, const struct fail *fail)
{
	struct json *json = json_new();

	json_put_text(json, "file", path);
	json_put_bool(json, "accepted", false);
	json_put_text(json, "fault", fail->sentence);
	json_add(check->list, &json);
	note_refused(check, path, fail);
	if (check->cli->is_json)
		return;
	show_line("request", path);
	show_line("VERDICT", "BROKEN: not one whole request");
	show_wrapped("", fail->sentence);
	printf("\n");
}

static void
put_results(struct check *check, const char *path, const struct csr *csr,
    const struct rule_results *results, const char *misfit)
{
	struct json *json = csr_json(path, csr);
	struct json *rules = rules_json(results);

	json_put_bool(json, "accepted", results->broken == 0 && !misfit);
	if (misfit != NULL)
		json_put_text(json, "target", misfit);
	json_put(json, "rules", &rules);
	json_add(check->list, &json);
	if (check->cli->is_json)
		return;
	show_csr(path, csr);
	show_fates(csr, check->profile);
	show_rules(results);
	if (misfit != NULL)
		show_wrapped("BROKEN", misfit);
	show_line("VERDICT", results->broken == 0 && !misfit ?
	    "would be accepted" : "would be refused");
	printf("\n");
}

/* Fails only where nothing more can be judged. */
static int
check_request(struct check *check, const struct issue_file *file,
    struct fail *fail)
{
	AUTO(csr_release) struct csr *csr = NULL;
	struct rule_results results = { 0 };
	struct vet_case vet = {
		.seen = check->seen,
		.reissue = check->cli->values[OPT_REISSUE] != NULL,
	};
	struct fail fault = { 0 }, misfit = { 0 };

	if (policy_profile(check->policy, file->profile, &check->profile,
		&fault) == -1 ||
	    csr_survey(file->content, &csr, &fault) == -1) {
		(void)fail_in(&fault, "request %s", file->name);
		put_fault(check, file->name, &fault);
		return 0;
	}
	vet.profile = check->profile;
	vet.csr = csr;
	if (vet_judge(&vet, check->cli->act.now, &results, fail) == -1)
		return fail_in(fail, "request %s", file->name);
	seen_add(check->seen, csr, file->name);
	if (import_conf_check_target(file->consumers,
	    check->profile->extensions.ca, file->target.resource, &misfit) ==
	    -1)
		fault = misfit;
	if (rules_refuse(&results, &fault) == -1 || misfit.kind != FAIL_NONE) {
		(void)fail_in(&fault, "request %s", file->name);
		note_refused(check, file->name, &fault);
	}
	put_results(check, file->name, csr, &results,
	    misfit.kind != FAIL_NONE ? misfit.sentence : NULL);
	return 0;
}

static int
check_files(struct check *check, struct fail *fail)
{
	const struct cli *cli = check->cli;

	check->count = (size_t)cli->operand_count;
	for (size_t n = 0; n < check->count; n++) {
		AUTO(buf_release) struct buf content = { 0 };
		struct issue_file file = {
			.name = cli->operands[n],
			.profile = cli->values[OPT_PROFILE],
		};
		struct fail fault = { 0 };

		if (request_load(file.name, &content, &fault) == -1) {
			put_fault(check, file.name, &fault);
			continue;
		}
		file.content = buf_bytes(&content);
		if (check_request(check, &file, fail) == -1)
			return -1;
	}
	return 0;
}

static int
check_list(struct check *check, struct fail *fail)
{
	const char *const *values = check->cli->values;
	AUTO(batch_release) struct batch *batch = NULL;

	if (batch_load(values[OPT_BATCH], values[OPT_PROFILE], &batch, fail) ==
	    -1)
		return -1;
	check->count = batch->count;
	for (size_t n = 0; n < batch->count; n++)
		if (check_request(check, &batch->files[n], fail) == -1)
			return -1;
	return 0;
}

/* One that is refused has its own sentence; of more, their names. */
static int
check_verdict(struct check *check, struct fail *fail)
{
	if (check->refused_count == 0)
		return 0;
	if (check->refused_count == 1) {
		*fail = check->worst;
		return -1;
	}
	return fail_with(fail, check->worst.kind, "%zu of %zu requests would "
	    "be refused: %s", check->refused_count, check->count,
	    buf_cstr(&check->refused));
}

int
run_csr_check(struct cli *cli, struct fail *fail)
{
	AUTO(check_release) struct check check = { .cli = cli };

	if (deed_check_sign(cli, "csr check", cli->operand_count, fail) == -1 ||
	    check_open(&check, fail) == -1 ||
	    (cli->values[OPT_BATCH] != NULL ? check_list(&check, fail) :
	    check_files(&check, fail)) == -1)
		return -1;
	if (cli->is_json)
		show_json(check.list);
	return check_verdict(&check, fail);
}
