/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/policy.h>
#include <anchorite/ca/vet.h>
#include <anchorite/x509/csr.h>
#include <anchorite/x509/name.h>

#include "cli.h"

static int
csr_load(const char *path, struct csr **out, struct fail *fail)
{
	AUTO(buf_release) struct buf file = { 0 };

	if (file_load(path, CSR_MAX, &file, fail) == -1)
		return fail_in(fail, "request");
	if (csr_read(buf_bytes(&file), out, fail) == -1)
		return fail_in(fail, "request %s", path);
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

	name_show(csr->subject, &subject);
	json_put_text(json, "file", path);
	json_put_text(json, "subject", buf_cstr(&subject));
	json_put_text(json, "key", key_kind_names[csr->spki.kind]);
	json_put_text(json, "signature", csr->alg->name);
	json_put(json, "extensions", &extensions);
	json_put_digest(json, "sha256", &csr->digest);
	return json;
}

static void
show_csr(const char *path, const struct csr *csr)
{
	show_line("request", path);
	show_name("subject", csr->subject);
	show_line("key", key_kind_names[csr->spki.kind]);
	show_line("signature", csr->alg->name);
	show_extensions(csr->extensions, csr->extension_count);
	show_digest("SHA-256", &csr->digest);
}

int
run_csr_show(struct cli *cli, struct fail *fail)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (int n = 0; n < cli->operand_count; n++) {
		AUTO(csr_release) struct csr *csr = NULL;
		struct json *json;

		if (csr_load(cli->operands[n], &csr, fail) == -1)
			return -1;
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

int
run_csr_check(struct cli *cli, struct fail *fail)
{
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(json_release) struct json *list = json_new_list();
	const struct policy_profile *profile;

	if (policy_load(cli->values[OPT_POLICY], &policy, fail) == -1 ||
	    policy_profile(policy, cli->values[OPT_PROFILE], &profile, fail) ==
		-1)
		return -1;
	for (int n = 0; n < cli->operand_count; n++) {
		AUTO(csr_release) struct csr *csr = NULL;
		struct json *json;

		if (csr_load(cli->operands[n], &csr, fail) == -1)
			return -1;
		if (vet_request(csr, profile, fail) == -1)
			return fail_in(fail, "request %s", cli->operands[n]);
		json = csr_json(cli->operands[n], csr);
		json_put_bool(json, "accepted", true);
		json_add(list, &json);
		if (cli->is_json)
			continue;
		show_csr(cli->operands[n], csr);
		show_fates(csr, profile);
		show_line("verdict", "would be accepted");
	}
	if (cli->is_json)
		show_json(list);
	return 0;
}
