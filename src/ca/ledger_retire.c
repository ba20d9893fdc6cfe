/* SPDX-License-Identifier: Apache-2.0 */
/* What custodians decide, and what the token did then. */
#include <anchorite/ca/ledger.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/custody/credential.h>

#include "ledger_internal.h"

#define DAY       INT64_C(86400)
#define WORDS_MAX 200

static int
check_words(const char *key, const char *text, size_t max,
    struct fail *fail)
{
	if (text[0] == '\0' || strlen(text) > max ||
	    text_is_deceptive(bytes_text(text), NULL, 0))
		return fail_with(fail, FAIL_INPUT,
		    "%s: want 1 to %zu characters, all of them visible", key,
		    max);
	return 0;
}

int
ledger_get_words(const struct json *object, const char *key, size_t max,
    const char **out, struct fail *fail)
{
	const char *text;

	if (json_get_text(object, key, &text, fail) == -1 ||
	    check_words(key, text, max, fail) == -1)
		return -1;
	*out = text;
	return 0;
}

int
ledger_get_policy(const struct json *object, const char *key,
    const struct objects *objects, struct policy **out, struct fail *fail)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct digest digest;

	if (json_get_digest(object, key, &digest, fail) == -1 ||
	    objects_get(objects, &digest, &text, fail) == -1)
		return -1;
	return policy_read("policy", buf_bytes(&text), out, fail);
}

static void
certificates_release(struct cert *certificates[CUSTODIANS_MAX])
{
	for (size_t n = 0; n < CUSTODIANS_MAX; n++)
		cert_release(&certificates[n]);
}

static int
get_custodians(const struct roster *roster, const struct objects *objects,
    struct cert *out[CUSTODIANS_MAX], struct fail *fail)
{
	for (size_t n = 0; n < roster->count; n++) {
		AUTO(buf_release) struct buf der = { 0 };

		if (objects_get(objects, &roster->custodians[n].certificate,
			&der, fail) == -1 ||
		    credential_read_certificate(buf_bytes(&der), &out[n],
			fail) == -1)
			return fail_in(fail, "custodian %s",
			    roster->custodians[n].name);
	}
	return roster_check_certificates(roster, out, fail);
}

int
ledger_adopt(struct ledger *ledger, const struct objects *objects,
    struct policy **policy, struct fail *fail)
{
	struct cert *certificates[CUSTODIANS_MAX] = { NULL };

	if (get_custodians(&(*policy)->roster, objects, certificates, fail) ==
	    -1) {
		certificates_release(certificates);
		return -1;
	}
	certificates_release(ledger->custodians);
	memcpy(ledger->custodians, certificates, sizeof(certificates));
	policy_release(&ledger->policy);
	ledger->policy = GIVE(*policy);
	return 0;
}

int
ledger_check_policy(const struct ledger *ledger, const struct policy *policy,
    const struct split *split, struct fail *fail)
{
	const struct policy *now = ledger->policy;

	if (split == NULL)
		split = &ledger->split;
	if (ledger->root_key.spki.len > 0 &&
	    (now->root.key != policy->root.key ||
		!bytes_is_equal(buf_bytes(&now->root.subject),
		buf_bytes(&policy->root.subject))))
		return fail_with(fail, FAIL_REFUSED,
		    "policy %s: names another root, by subject or kind of key",
		    policy->name);
	if (now->roster.count > 0 && policy->roster.count == 0)
		return fail_with(fail, FAIL_REFUSED, "policy %s: names no "
		    "custodians, and the one in force does", policy->name);
	if (split->id[0] == '\0')
		return 0;
	return split_check_holders(split, &policy->roster, fail);
}

/* disable, enable: the token is to follow. */
int
ledger_apply_state(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	(void)objects;
	(void)record;
	(void)fail;
	ledger->standing.is_due = true;
	return 0;
}

int
ledger_apply_delete(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct json *parameters;
	int64_t days;

	(void)objects;
	if (json_get_object(record->data, "parameters", &parameters, fail) ==
		-1 ||
	    json_get_number(parameters, "days", DELETION_DAYS_MIN,
		DELETION_DAYS_MAX, &days, fail) == -1)
		return -1;
	ledger->deletion_ends = record->time + days * DAY;
	return 0;
}

int
ledger_check_window(const struct ledger *ledger, bool is_over, int64_t now,
    struct fail *fail)
{
	char end[TEXT_TIME_SIZE], clock[TEXT_TIME_SIZE];

	if ((now >= ledger->deletion_ends) == is_over)
		return 0;
	text_time(ledger->deletion_ends, end);
	text_time(now, clock);
	if (is_over)
		return fail_with(fail, FAIL_REFUSED, "the key can be restored "
		    "until %s, and destroyed from then on: it is %s", end,
		    clock);
	return fail_with(fail, FAIL_REFUSED,
	    "the key could be restored until %s: it is %s", end, clock);
}

int
ledger_apply_restore(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	(void)objects;
	return ledger_check_window(ledger, false, record->time, fail);
}

static struct backup *
find_backup(const struct ledger *ledger, const char *name)
{
	for (size_t n = 0; n < ledger->backup_count; n++)
		if (strcmp(ledger->backups[n].name, name) == 0)
			return &ledger->backups[n];
	return NULL;
}

/* Each backup that is known gets a fate, in the order of recording. */
static int
apply_fates(struct ledger *ledger, const struct json *fates,
    struct fail *fail)
{
	const char *name, *fate;

	if (json_count(fates) != ledger->backup_count)
		return fail_with(fail, FAIL_REFUSED, "backups: %zu are "
		    "recorded, the fate of %zu is given",
		    ledger->backup_count, json_count(fates));
	for (size_t n = 0; n < ledger->backup_count; n++) {
		if (json_get_text(json_at(fates, n), "name", &name, fail) ==
			-1 ||
		    ledger_get_words(json_at(fates, n), "fate", WORDS_MAX,
			&fate, fail) == -1)
			return -1;
		if (strcmp(name, ledger->backups[n].name) != 0)
			return fail_with(fail, FAIL_REFUSED,
			    "backup %s: its fate is not given",
			    ledger->backups[n].name);
		ledger->backups[n].fate = mem_text(fate);
	}
	return 0;
}

int
ledger_apply_destroy(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct json *parameters, *fates;

	(void)objects;
	if (ledger_check_window(ledger, true, record->time, fail) == -1 ||
	    json_get_object(record->data, "parameters", &parameters, fail) ==
		-1 ||
	    json_get_list(parameters, "backups", &fates, fail) == -1)
		return -1;
	ledger->standing.is_due = true;
	return apply_fates(ledger, fates, fail);
}

/* key-locked, key-unlocked, key-erased: the token has followed. */
int
ledger_apply_key(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	struct key_standing *standing = &ledger->standing;
	const char *trial;

	(void)objects;
	if (!standing->is_due)
		return fail_with(fail, FAIL_JOURNAL,
		    "the token had nothing to follow");
	if (json_get_bool(record->data, "by_token", &standing->by_token,
		fail) == -1 ||
	    ledger_count_self_tests(ledger, record, 0, fail) == -1 ||
	    ledger_get_words(record->data, "trial",
		sizeof(standing->trial) - 1, &trial, fail) == -1)
		return -1;
	snprintf(standing->trial, sizeof(standing->trial), "%s", trial);
	standing->is_due = false;
	return 0;
}

int
ledger_check_backup(const struct ledger *ledger, const char *name,
    const char *place, struct fail *fail)
{
	if (check_words("name", name, 64, fail) == -1 ||
	    check_words("place", place, WORDS_MAX, fail) == -1)
		return fail_in(fail, "backup");
	if (strchr(name, '=') != NULL)
		return fail_with(fail, FAIL_INPUT,
		    "backup: name: must not hold '='");
	if (find_backup(ledger, name) != NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "backup %s: is recorded already", name);
	return 0;
}

int
ledger_apply_backup(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const struct json *parameters;
	const char *name, *place;
	struct backup *backup;

	(void)objects;
	if (json_get_object(record->data, "parameters", &parameters, fail) ==
		-1 ||
	    json_get_text(parameters, "name", &name, fail) == -1 ||
	    json_get_text(parameters, "place", &place, fail) == -1 ||
	    ledger_check_backup(ledger, name, place, fail) == -1)
		return -1;
	ledger->backups = mem_grow(ledger->backups, ledger->backup_count + 1,
	    sizeof(*ledger->backups));
	backup = &ledger->backups[ledger->backup_count++];
	*backup = (struct backup){ mem_text(name), mem_text(place), NULL };
	return 0;
}

int
ledger_apply_policy(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	AUTO(policy_release) struct policy *policy = NULL;
	const struct json *parameters;

	if (json_get_object(record->data, "parameters", &parameters, fail) ==
		-1 ||
	    ledger_get_policy(parameters, "policy", objects, &policy, fail) ==
		-1 ||
	    ledger_check_policy(ledger, policy, NULL, fail) == -1)
		return -1;
	return ledger_adopt(ledger, objects, &policy, fail);
}

/* What the custodians approved says how it is split, too. */
static int
check_form(const struct split_form *form, const struct json *parameters,
    struct fail *fail)
{
	int64_t count, threshold;

	if (json_get_number(parameters, "count", 2, SHARES_MAX, &count, fail) ==
		-1 ||
	    json_get_number(parameters, "threshold", 2, count, &threshold,
		fail) == -1)
		return -1;
	if (form->count == count && form->threshold == threshold)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "split: approved is %d/%d, have "
	    "%d/%d", (int)threshold, (int)count, form->threshold,
	    form->count);
}

int
ledger_apply_split_intent(struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    struct fail *fail)
{
	AUTO(policy_release) struct policy *policy = NULL;
	const struct json *parameters, *split;
	struct split next;

	if (json_get_object(record->data, "parameters", &parameters, fail) ==
		-1 ||
	    ledger_get_policy(parameters, "policy", objects, &policy, fail) ==
		-1 ||
	    json_get_object(record->data, "split", &split, fail) == -1 ||
	    split_read(split, &next, fail) == -1 ||
	    check_form(&next.form, parameters, fail) == -1 ||
	    ledger_check_policy(ledger, policy, &next, fail) == -1 ||
	    /* Resplitting must not be a way around the policy's own quorum. */
	    (!digest_is_equal(&policy->digest, &ledger->policy->digest) &&
		ledger_quorum(ledger, record, OPERATION_POLICY, fail) == -1))
		return -1;
	if (ledger->split.id[0] == '\0')
		return fail_with(fail, FAIL_REFUSED,
		    "the PIN is not split: only token init can split it");
	ledger->next_split = next;
	ledger->next_policy = GIVE(policy);
	return 0;
}

int
ledger_apply_split(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail)
{
	const char *id;

	if (json_get_text(record->data, "split", &id, fail) == -1)
		return -1;
	if (ledger->next_policy == NULL ||
	    strcmp(id, ledger->next_split.id) != 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "the outcome of a split that was not intended");
	ledger->split = ledger->next_split;
	memset(&ledger->next_split, 0, sizeof(ledger->next_split));
	return ledger_adopt(ledger, objects, &ledger->next_policy, fail);
}
