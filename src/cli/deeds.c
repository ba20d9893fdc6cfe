/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line to the parameters of an operation: the same for a
 * request that is carried to custodians and for the command itself. */
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/amend.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/recover.h>
#include <anchorite/ca/resplit.h>
#include <anchorite/ca/respond.h>
#include <anchorite/ca/retire.h>
#include <anchorite/ca/revoke.h>
#include <anchorite/custody/credential.h>
#include <anchorite/out/import_conf.h>

#include "cli.h"

void
deed_release(struct deed *deed)
{
	json_release(&deed->parameters);
	free(deed->serials);
	issue_release(&deed->issue);
	batch_release(&deed->batch);
	adoption_release(&deed->adoption);
	buf_release(&deed->existing);
}

typedef int preparer(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail);

int
deed_check_sign(const struct cli *cli, const char *what, int count,
    struct fail *fail)
{
	if (cli->values[OPT_BATCH] != NULL && count == 0)
		return 0;
	if (cli->values[OPT_BATCH] != NULL)
		return fail_with(fail, FAIL_USAGE,
		    "%s: --batch takes no FILE beside it", what);
	if (cli->values[OPT_PROFILE] == NULL)
		return fail_with(fail, FAIL_USAGE,
		    "%s: --profile NAME is missing", what);
	if (count == 0)
		return fail_with(fail, FAIL_USAGE, "%s: FILE... is missing",
		    what);
	return 0;
}

/* What no bundle could be made of is not signed. */
static int
check_consumers(const struct issue *issue, struct fail *fail)
{
	struct fail_sum sum = { 0 };

	for (size_t n = 0; n < issue->count; n++) {
		const struct issue_item *item = &issue->items[n];
		struct fail one = { 0 };

		if (import_conf_check_target(item->from->consumers,
		    item->profile->extensions.ca,
		    item->from->target.resource, &one) == 0)
			continue;
		(void)fail_in(&one, "request %s", item->from->name);
		fail_add(&sum, &one);
	}
	return fail_total(&sum, issue->count, "requests", fail);
}

/* As they are listed, or all under one profile. */
static int
batch_prepare(const struct cli *cli, char **operands, int count,
    struct batch **out, struct fail *fail)
{
	const char *profile = cli->values[OPT_PROFILE];

	if (cli->values[OPT_BATCH] != NULL)
		return batch_load(cli->values[OPT_BATCH], profile, out, fail);
	return batch_load_files(operands, (size_t)count, profile, out, fail);
}

/* --certificate: with which of several requests would it go? */
static int
existing_load(const char *path, struct deed *deed, struct fail *fail)
{
	if (path == NULL)
		return 0;
	if (deed->batch->count != 1)
		return fail_with(fail, FAIL_USAGE, "sign: --certificate takes "
		    "one request, have %zu", deed->batch->count);
	if (file_load(path, CERT_MAX, &deed->existing, fail) == -1)
		return fail_in(fail, "existing certificate");
	if (deed->existing.len == 0)
		return fail_with(fail, FAIL_INPUT,
		    "existing certificate: %s: empty", path);
	deed->batch->files[0].existing = buf_bytes(&deed->existing);
	return 0;
}

static int
prepare_sign(struct cli *cli, struct authority *authority, char **operands,
    int count, struct deed *deed, struct fail *fail)
{
	const char *profile = cli->values[OPT_PROFILE];
	const struct policy_profile *found;

	if (deed_check_sign(cli, "sign", count, fail) == -1 ||
	    batch_prepare(cli, operands, count, &deed->batch, fail) == -1 ||
	    existing_load(cli->values[OPT_CERTIFICATE], deed, fail) == -1 ||
	    authority_check_ready(authority, &cli->act, "sign-intent", fail) ==
		-1 ||
	    (profile != NULL && policy_profile(authority->ledger->policy,
		profile, &found, fail) == -1) ||
	    issue_read(authority, &cli->act, cli->values[OPT_REISSUE] != NULL,
		deed->batch->files, deed->batch->count, &deed->issue, fail) ==
		-1 ||
	    check_consumers(deed->issue, fail) == -1)
		return -1;
	deed->parameters = issue_parameters(deed->issue);
	return 0;
}

static int
prepare_revoke(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	struct issued *issued;

	(void)count;
	deed->reason = CRL_UNSPECIFIED;
	if (cli->values[OPT_REASON] != NULL && crl_reason_read(
	    cli->values[OPT_REASON], &deed->reason, fail) == -1)
		return -1;
	if (ledger_look_up(authority->ledger, operands[0], &issued, fail) ==
		-1 ||
	    revoke_check(authority, &cli->act, issued, fail) == -1)
		return -1;
	deed->issued = issued;
	deed->parameters = deed_revoke(&issued->serial,
	    crl_reason_name(deed->reason));
	return 0;
}

static int
prepare_crl(struct cli *cli, struct authority *authority, char **operands,
    int count, struct deed *deed, struct fail *fail)
{
	(void)operands;
	(void)count;
	if (revoke_check_crl(authority, &cli->act, fail) == -1)
		return -1;
	(void)ledger_event_operation(authority->ledger, "crl-intent",
	    &deed->operation);
	deed->parameters = deed_crl(authority->ledger);
	return 0;
}

static int
prepare_plain(struct cli *cli, struct authority *authority, char **operands,
    int count, struct deed *deed, struct fail *fail)
{
	(void)operands;
	(void)count;
	deed->parameters = deed_nothing();
	return retire_check(authority, &cli->act, deed->operation, fail);
}

static int
prepare_delete(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	int64_t days = DELETION_DAYS_DEFAULT;

	(void)operands;
	(void)count;
	if (cli->values[OPT_DAYS] != NULL && text_read_number(
	    cli->values[OPT_DAYS], DELETION_DAYS_MIN, DELETION_DAYS_MAX,
	    &days, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "--days");
	}
	deed->parameters = deed_delete(days);
	return retire_check(authority, &cli->act, deed->operation, fail);
}

static int
prepare_destroy(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	(void)operands;
	(void)count;
	if (retire_check(authority, &cli->act, deed->operation, fail) == -1)
		return -1;
	return deed_destroy(authority->ledger, cli->fates.values,
	    cli->fates.count, &deed->parameters, fail);
}

static int
prepare_backup(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	const char *place = cli->values[OPT_PLACE];

	(void)count;
	if (place == NULL)
		return fail_with(fail, FAIL_USAGE,
		    "backup: --place TEXT is missing");
	if (ledger_check_backup(authority->ledger, operands[0], place, fail) ==
	    -1)
		return -1;
	deed->parameters = deed_backup(operands[0], place);
	return retire_check(authority, &cli->act, deed->operation, fail);
}

/* The policy of a file, or the one in force. */
static int
adopt(struct cli *cli, struct authority *authority, const char *path,
    struct adoption **out, struct fail *fail)
{
	const struct policy *now = authority->ledger->policy;
	AUTO(policy_release) struct policy *policy = NULL;

	if ((path != NULL ? policy_load(path, &policy, fail) :
		policy_read("policy", buf_bytes(&now->text), &policy, fail)) ==
	    -1)
		return -1;
	return adoption_make(&policy, cli->values[OPT_CUSTODIANS],
	    authority->ledger, out, fail);
}

static int
prepare_policy(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	(void)count;
	if (adopt(cli, authority, operands[0], &deed->adoption, fail) == -1 ||
	    amend_check(authority, &cli->act, deed->adoption->policy, fail) ==
		-1)
		return -1;
	deed->parameters = deed_policy(&deed->adoption->policy->digest);
	return 0;
}

static int
prepare_resplit(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	(void)operands;
	(void)count;
	deed->form = authority->ledger->split.form;
	if (cli->values[OPT_SPLIT] != NULL && split_form_read(
	    cli->values[OPT_SPLIT], &deed->form, fail) == -1)
		return fail_in(fail, "--split");
	if ((deed->adoption == NULL && adopt(cli, authority,
		cli->values[OPT_POLICY], &deed->adoption, fail) == -1) ||
	    resplit_check(authority, &cli->act, deed->adoption->policy,
		fail) == -1)
		return -1;
	deed->parameters = deed_resplit(&deed->adoption->policy->digest,
	    &deed->form);
	return 0;
}

/* custodian replace NAME FILE: a policy that differs in one certificate. */
int
deed_prepare_replace(struct cli *cli, struct authority *authority,
    char **operands, struct deed *deed, struct fail *fail)
{
	const char *path = operands[1];
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(cert_release) struct cert *certificate = NULL;
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(auto_free) char *folder = file_parent(path);

	if (file_load(path, CERT_MAX, &file, fail) == -1)
		return -1;
	if (credential_read_certificate(buf_bytes(&file), &certificate,
	    fail) == -1)
		return fail_in(fail, "%s", path);
	if (amend_replace(authority->ledger, operands[0], certificate, &policy,
		fail) == -1 ||
	    adoption_make(&policy, folder, authority->ledger, &deed->adoption,
		fail) == -1)
		return -1;
	if (authority->ledger->split.id[0] != '\0') {
		deed->operation = OPERATION_RESPLIT;
		return prepare_resplit(cli, authority, NULL, 0, deed, fail);
	}
	deed->operation = OPERATION_POLICY;
	deed->parameters = deed_policy(&deed->adoption->policy->digest);
	return amend_check(authority, &cli->act, deed->adoption->policy, fail);
}

/* Nobody asks about a certificate that has ended, or that nobody has. */
static int
check_current(const struct authority *authority, const struct issued *issued,
    int64_t now, bool *current_out, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;

	*current_out = false;
	if (!issued->has_certificate)
		return 0;
	if (objects_get(authority->objects, &issued->certificate, &der,
		fail) == -1 ||
	    cert_read(buf_bytes(&der), &cert, fail) == -1)
		return -1;
	*current_out = now < cert->not_after;
	return 0;
}

/* Those that are named, or all that are current. */
static int
prepare_ocsp(struct cli *cli, struct authority *authority, char **operands,
    int count, struct deed *deed, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	struct issued *issued;

	if (respond_check(authority, &cli->act, fail) == -1)
		return -1;
	deed->serials = mem_new(count > 0 ? (size_t)count :
	    ledger->issued_count, sizeof(*deed->serials));
	for (int n = 0; n < count; n++) {
		if (ledger_look_up(ledger, operands[n], &issued, fail) == -1)
			return -1;
		for (size_t i = 0; i < deed->serial_count; i++)
			if (serial_is_equal(&deed->serials[i],
			    &issued->serial))
				return fail_with(fail, FAIL_USAGE,
				    "ocsp: %s: is named twice", operands[n]);
		deed->serials[deed->serial_count++] = issued->serial;
	}
	for (size_t n = 0; n < ledger->issued_count && count == 0; n++) {
		bool is_current;

		if (check_current(authority, &ledger->issued[n],
		    cli->act.now, &is_current, fail) == -1)
			return -1;
		if (is_current)
			deed->serials[deed->serial_count++] =
			    ledger->issued[n].serial;
	}
	if (deed->serial_count == 0)
		return fail_with(fail, FAIL_REFUSED,
		    "ocsp: no certificate is current");
	if (deed->serial_count > INTENT_MAX)
		return fail_with(fail, FAIL_USAGE, "ocsp: at most %d "
		    "certificates at once, have %zu: name them", INTENT_MAX,
		    deed->serial_count);
	deed->parameters = deed_ocsp(deed->serials, deed->serial_count);
	return 0;
}

static int
prepare_recover(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	struct digest torn;
	bool is_torn;

	(void)cli;
	(void)operands;
	(void)count;
	if (recover_torn(authority, &is_torn, &torn, fail) == -1)
		return -1;
	if (!is_torn)
		return fail_with(fail, FAIL_REFUSED,
		    "recover: no line is torn: that takes no approvals");
	deed->parameters = deed_recover(&torn);
	return 0;
}

static int
prepare_anchor(struct cli *cli, struct authority *authority,
    char **operands, int count, struct deed *deed, struct fail *fail)
{
	const char *reason = operands[0], *held = operands[1];
	struct digest torn;
	bool is_torn;

	(void)cli;
	(void)count;
	if (reason[0] == '\0' || strlen(reason) > ANCHOR_REASON_MAX ||
	    text_is_deceptive(bytes_text(reason), NULL, 0))
		return fail_with(fail, FAIL_USAGE, "anchor: want a reason of 1 "
		    "to %d characters, all of them visible",
		    ANCHOR_REASON_MAX);
	if (strcmp(held, "none") != 0 &&
	    digest_read_hex(held, &torn, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "anchor: the token's head");
	}
	if (recover_torn(authority, &is_torn, &torn, fail) == -1)
		return -1;
	deed->parameters = deed_anchor(reason, held, is_torn ? &torn : NULL);
	return 0;
}

static const struct {
	preparer *prepare;
	const char *operands;
	int min, max;
} rows[OPERATIONS] = {
	[OPERATION_SIGN] = { prepare_sign, "[FILE...]", 0, ISSUE_MAX },
	[OPERATION_REVOKE] = { prepare_revoke, "ID", 1, 1 },
	[OPERATION_CRL] = { prepare_crl, "", 0, 0 },
	[OPERATION_CRL_DISABLED] = { prepare_crl, "", 0, 0 },
	[OPERATION_DISABLE] = { prepare_plain, "", 0, 0 },
	[OPERATION_ENABLE] = { prepare_plain, "", 0, 0 },
	[OPERATION_DELETE] = { prepare_delete, "", 0, 0 },
	[OPERATION_RESTORE] = { prepare_plain, "", 0, 0 },
	[OPERATION_DESTROY] = { prepare_destroy, "", 0, 0 },
	[OPERATION_BACKUP] = { prepare_backup, "NAME", 1, 1 },
	[OPERATION_POLICY] = { prepare_policy, "FILE", 1, 1 },
	[OPERATION_RESPLIT] = { prepare_resplit, "", 0, 0 },
	[OPERATION_RECOVER] = { prepare_recover, "", 0, 0 },
	[OPERATION_ANCHOR] = { prepare_anchor, "REASON HEAD", 2, 2 },
	[OPERATION_OCSP] = { prepare_ocsp, "[ID...]", 0, INTENT_MAX },
};

int
deed_prepare(struct cli *cli, struct authority *authority,
    enum operation operation, char **operands, int count, struct deed *out,
    struct fail *fail)
{
	const char *name = operation_names[operation];

	if (count < rows[operation].min)
		return fail_with(fail, FAIL_USAGE, "%s: %s is missing", name,
		    rows[operation].operands);
	if (count > rows[operation].max)
		return fail_with(fail, FAIL_USAGE, "%s: \"%s\" is too much",
		    name, operands[rows[operation].max]);
	out->operation = operation;
	return rows[operation].prepare(cli, authority, operands, count, out,
	    fail);
}
