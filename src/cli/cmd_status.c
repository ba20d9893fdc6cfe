/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/recover.h>
#include <anchorite/out/audit.h>

#include "cli.h"

/* How many of the inventory stand so. */
static int64_t
count_status(const struct ledger *ledger, enum issued_status status)
{
	int64_t count = 0;

	for (size_t n = 0; n < ledger->issued_count; n++)
		count += ledger->issued[n].status == status;
	return count;
}

static void
show_crl(const struct ledger *ledger, int64_t now)
{
	char next[TEXT_TIME_SIZE], line[96];

	if (ledger->crl_number == 0 || ledger->crl_next_update == 0) {
		show_line("CRL", "none yet");
		return;
	}
	text_time(ledger->crl_next_update, next);
	snprintf(line, sizeof(line), "number %llu, next update %s%s",
	    (unsigned long long)ledger->crl_number, next,
	    ledger->crl_next_update <= now ? ": OVERDUE" : "");
	show_line("CRL", line);
}

static void
show_head(const struct authority *authority)
{
	const struct journal_head *head = journal_head(authority->journal);
	char line[96];

	snprintf(line, sizeof(line), "%lld records, sealed to %lld, %lld "
	    "refusals", (long long)head->seq,
	    (long long)authority->ledger->sealed_seq,
	    (long long)authority->ledger->refusals);
	show_line("journal", line);
	show_digest("head", &head->digest);
}

/* How the key stands in the token, and who opens it. */
static void
show_custody(const struct ledger *ledger)
{
	const struct key_standing *standing = &ledger->standing;
	char line[256];

	if (ledger->state == STATE_DELETED)
		show_time("restorable until", ledger->deletion_ends);
	if (standing->is_due)
		show_line("in the token", "has not followed yet");
	else if (standing->trial[0] != '\0') {
		snprintf(line, sizeof(line), "%s%s", standing->trial,
		    standing->by_token || ledger->state == STATE_ACTIVE ? "" :
		    ": disabled by this program's word only");
		show_line("in the token", line);
	}
	for (size_t n = 0; n < ledger->backup_count; n++) {
		snprintf(line, sizeof(line), "%s: %s%s%s",
		    ledger->backups[n].name, ledger->backups[n].place,
		    ledger->backups[n].fate != NULL ? "; " : "",
		    ledger->backups[n].fate != NULL ?
		    ledger->backups[n].fate : "");
		show_line("backup", line);
	}
	if (ledger->policy->roster.count > 0) {
		snprintf(line, sizeof(line), "%zu: see quorum show",
		    ledger->policy->roster.count);
		show_line("custodians", line);
	}
	if (ledger->split.id[0] != '\0') {
		snprintf(line, sizeof(line), "split, %d of %d shares",
		    ledger->split.form.threshold, ledger->split.form.count);
		show_line("PIN", line);
	}
}

static void
show_status(const struct cli *cli, const struct authority *authority,
    int64_t strays)
{
	const struct ledger *ledger = authority->ledger;
	char line[128];

	printf("authority %s is %s\n", ledger->name,
	    state_name(ledger->state));
	show_line("policy", ledger->policy->name);
	show_digest("policy SHA-256", &ledger->policy->digest);
	if (ledger->root != NULL) {
		show_name("root", ledger->root->subject);
		show_time("root ends", ledger->root->not_after);
		show_digest("root SHA-256", &ledger->root->digest);
	}
	show_digest("journal key", &ledger->journal_certificate->digest);
	snprintf(line, sizeof(line), "%lld valid, %lld revoked, %lld possibly "
	    "issued", (long long)count_status(ledger, ISSUED_VALID),
	    (long long)count_status(ledger, ISSUED_REVOKED),
	    (long long)count_status(ledger, ISSUED_POSSIBLY));
	show_line("certificates", line);
	show_crl(ledger, cli->act.now);
	show_uses(ledger);
	show_custody(ledger);
	show_head(authority);
	show_line("anchor", anchor_place_names[ledger->policy->anchor]);
	if (strays > 0) {
		snprintf(line, sizeof(line),
		    "%lld files that no record names (harmless)",
		    (long long)strays);
		show_line("objects", line);
	}
	show_interrupted(authority);
	if (recover_is_needed(authority))
		printf("next: anchorite recover\n");
}

/* What the root key was used for, by purpose. */
static void
put_uses(struct json *json, const struct ledger *ledger)
{
	static const char *const keys[] = {
		[PURPOSE_CERTIFICATE] = "certificates",
		[PURPOSE_CRL] = "crls",
		[PURPOSE_OCSP] = "ocsp_responses",
		[PURPOSE_SELF_TEST] = "self_tests",
	};
	struct json *uses = json_new();

	for (int n = 0; n < PURPOSES; n++) {
		struct json *use = json_new();

		json_put_number(use, "made", ledger->uses[n].made);
		json_put_number(use, "perhaps", ledger->uses[n].perhaps);
		json_put(uses, keys[n], &use);
	}
	json_put(json, "root_signatures", &uses);
}

static void
show_status_json(const struct authority *authority, int64_t strays)
{
	const struct ledger *ledger = authority->ledger;
	const struct journal_head *head = journal_head(authority->journal);
	AUTO(json_release) struct json *json = json_new();

	json_put_text(json, "name", ledger->name);
	json_put_text(json, "state", state_name(ledger->state));
	json_put_text(json, "policy", ledger->policy->name);
	json_put_digest(json, "policy_sha256", &ledger->policy->digest);
	if (ledger->root != NULL)
		json_put_digest(json, "root_sha256", &ledger->root->digest);
	json_put_digest(json, "journal_key_sha256",
	    &ledger->journal_certificate->digest);
	json_put_number(json, "valid", count_status(ledger, ISSUED_VALID));
	json_put_number(json, "revoked", count_status(ledger, ISSUED_REVOKED));
	json_put_number(json, "possibly_issued",
	    count_status(ledger, ISSUED_POSSIBLY));
	json_put_number(json, "crl_number", (int64_t)ledger->crl_number);
	if (ledger->crl_next_update != 0) {
		json_put_time(json, "crl_next_update",
		    ledger->crl_next_update);
	}
	put_uses(json, ledger);
	json_put_text(json, "anchor",
	    anchor_place_names[ledger->policy->anchor]);
	json_put_number(json, "custodians",
	    (int64_t)ledger->policy->roster.count);
	json_put_bool(json, "token_due", ledger->standing.is_due);
	json_put_bool(json, "locked_by_token", ledger->standing.by_token);
	if (ledger->state == STATE_DELETED) {
		json_put_time(json, "restorable_until", ledger->deletion_ends);
	}
	if (ledger->split.id[0] != '\0')
		json_put_text(json, "split", ledger->split.id);
	json_put_number(json, "records", head->seq);
	json_put_number(json, "sealed", ledger->sealed_seq);
	json_put_number(json, "refusals", ledger->refusals);
	json_put_digest(json, "head", &head->digest);
	json_put_number(json, "open_intent", ledger->intent.seq);
	json_put_number(json, "unsealed", ledger->loose);
	json_put_bool(json, "torn", journal_is_torn(authority->journal));
	json_put_number(json, "strays", strays);
	show_json(json);
}

int
run_status(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	int64_t strays;

	if (cli_open_authority(cli, false, &authority, fail) == -1 ||
	    audit_count_strays(cli_authority_path(cli), &strays, fail) == -1)
		return -1;
	if (cli->is_json)
		show_status_json(authority, strays);
	else
		show_status(cli, authority, strays);
	return 0;
}
