/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/custody/credential.h>
#include <anchorite/custody/roster.h>

#include "cli.h"

#define ROLES_A_LINE 6

/* The kinds that a new credential can have; the first unless one is asked. */
static const enum key_kind kinds[] = { KEY_EC_P256, KEY_RSA_3072 };

static int
find_kind(const char *name, enum key_kind *out, struct fail *fail)
{
	for (size_t n = 0; n < COUNT(kinds); n++) {
		if (name != NULL && strcmp(key_kind_names[kinds[n]], name) != 0)
			continue;
		*out = kinds[n];
		return 0;
	}
	return fail_with(fail, FAIL_USAGE, "--kind: want %s or %s, have %s",
	    key_kind_names[kinds[0]], key_kind_names[kinds[1]], name);
}

static int
show_person(const struct cert *certificate, struct fail *fail)
{
	AUTO(buf_release) struct buf person = { 0 };

	if (credential_person(certificate, &person, fail) == -1)
		return -1;
	show_line("person", buf_cstr(&person));
	show_line("key", key_kind_names[certificate->spki.kind]);
	show_digest("SHA-256", &certificate->digest);
	return 0;
}

/* Can a share of a PIN be sent to it? As its key usage says. */
static bool
opens_shares(const struct cert *certificate)
{
	unsigned wanted = key_kind_is_rsa(certificate->spki.kind) ?
	    1u << EXT_KU_KEY_ENCIPHERMENT : 1u << EXT_KU_KEY_AGREEMENT;

	return certificate->key_usage == 0 ||
	    (certificate->key_usage & wanted) != 0;
}

static void
print_roster(const char *name, const struct cert *certificate)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&certificate->digest, hex);
	printf("\nfor the policy's roster:\n\n"
	    "custodians:\n"
	    "  %s:\n"
	    "    certificate: %s\n"
	    "    roles: []\n"
	    "    # choose for roles some of:", name, hex);
	for (int n = 0; n < ROLES; n++)
		if (n != ROLE_SHARE || opens_shares(certificate))
			printf("%s%s", n % ROLES_A_LINE == 0 ? "\n    # " :
			    " ", role_names[n]);
	printf("\n");
}

static void
show_file(const char *label, const char *path, const char *ending)
{
	AUTO(buf_release) struct buf file = { 0 };

	buf_printf(&file, "%s%s", path, ending);
	show_line(label, buf_cstr(&file));
}

static int
check_options(const struct cli *cli, struct fail *fail)
{
	const char *const *values = cli->values;

	if (values[OPT_KEY] != NULL && values[OPT_CARD] == NULL)
		return fail_with(fail, FAIL_USAGE,
		    "--key names a key on a card: --card is missing");
	if (values[OPT_KEY] != NULL && values[OPT_KIND] != NULL)
		return fail_with(fail, FAIL_USAGE,
		    "--kind is for a new key, --key for one that is there");
	return 0;
}

int
run_custodian_new(struct cli *cli, struct fail *fail)
{
	AUTO(cert_release) struct cert *certificate = NULL;
	const char *path = cli->operands[0];
	const char *slash = strrchr(path, '/');
	struct credential_plan plan = {
		.path = path,
		.person = cli->values[OPT_PERSON],
		.card = cli->values[OPT_CARD],
		.key = cli->values[OPT_KEY],
		.now = cli->act.now,
		.secret_fd = cli->secret_fd,
	};

	if (check_options(cli, fail) == -1 ||
	    find_kind(cli->values[OPT_KIND], &plan.kind, fail) == -1 ||
	    credential_create(&plan, &certificate, fail) == -1)
		return -1;
	show_file("credential", path, plan.card != NULL ? ".yaml" : ".key");
	show_file("certificate", path, ".pem");
	if (show_person(certificate, fail) == -1)
		return -1;
	if (!opens_shares(certificate))
		show_line("shares", "none: the key signs, but does not open "
		    "what is sent to it");
	print_roster(slash != NULL ? slash + 1 : path, certificate);
	return 0;
}

static int
certificate_load(const char *path, struct cert **out, struct fail *fail)
{
	AUTO(buf_release) struct buf file = { 0 };

	if (file_load(path, CERT_MAX, &file, fail) == -1)
		return fail_in(fail, "certificate");
	if (credential_read_certificate(buf_bytes(&file), out, fail) == -1)
		return fail_in(fail, "certificate %s", path);
	return 0;
}

static int
certificate_put(struct json *list, const char *path,
    const struct cert *certificate, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(buf_release) struct buf person = { 0 };

	if (credential_person(certificate, &person, fail) == -1)
		return -1;
	json_put_text(json, "file", path);
	json_put_text(json, "person", buf_cstr(&person));
	json_put_text(json, "key", key_kind_names[certificate->spki.kind]);
	json_put_bool(json, "opens_shares", opens_shares(certificate));
	json_put_digest(json, "sha256", &certificate->digest);
	json_add(list, &json);
	return 0;
}

int
run_custodian_show(struct cli *cli, struct fail *fail)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (int n = 0; n < cli->operand_count; n++) {
		AUTO(cert_release) struct cert *certificate = NULL;
		const char *path = cli->operands[n];

		if (certificate_load(path, &certificate, fail) == -1 ||
		    certificate_put(list, path, certificate, fail) == -1)
			return -1;
		if (cli->is_json)
			continue;
		show_line("certificate", path);
		if (show_person(certificate, fail) == -1)
			return -1;
	}
	if (cli->is_json)
		show_json(list);
	return 0;
}
