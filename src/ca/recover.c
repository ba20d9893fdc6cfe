/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/recover.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/anchor.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/outcome.h>
#include <anchorite/ca/resplit.h>
#include <anchorite/ca/retire.h>

#define ROOM 262144	/* bytes: approvals, records, a torn line */

bool
recover_is_needed(const struct authority *authority)
{
	return authority->ledger->intent.seq != 0 ||
	    authority->ledger->loose > 0 ||
	    journal_is_torn(authority->journal);
}

int
recover_torn(const struct authority *authority, bool *torn_out,
    struct digest *digest_out, struct fail *fail)
{
	AUTO(buf_release) struct buf torn = { 0 };

	*torn_out = journal_is_torn(authority->journal);
	if (!*torn_out)
		return 0;
	if (journal_read_torn(authority->journal, &torn, fail) == -1)
		return -1;
	digest_of(buf_bytes(&torn), digest_out);
	return 0;
}

/* What stands of a torn line is kept as an object; the next record will be
 * written over it. */
static int
keep_torn(struct authority *authority, struct fail *fail)
{
	AUTO(buf_release) struct buf torn = { 0 };
	struct digest digest;

	if (journal_read_torn(authority->journal, &torn, fail) == -1 ||
	    objects_put(authority->objects, buf_bytes(&torn), &digest,
		fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1)
		return -1;
	return journal_set_aside(authority->journal, fail);
}

/* Records a decision of the custodians, over a torn line if there is one. */
static int
decide(struct authority *authority, const struct act *act,
    enum operation operation, const char *event, struct json **parameters,
    struct json **data, struct fail *fail)
{
	if (authority_put_approval(authority, act, operation, *parameters,
		*data, fail) == -1 ||
	    (journal_is_torn(authority->journal) &&
		keep_torn(authority, fail) == -1))
		return -1;
	json_put(*data, "parameters", parameters);
	return authority_append(authority, act, event, data, fail);
}

static int
set_aside(struct authority *authority, const struct act *act,
    struct fail *fail)
{
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(json_release) struct json *data = json_new();
	struct digest torn;
	bool is_torn;

	if (recover_torn(authority, &is_torn, &torn, fail) == -1)
		return -1;
	if (!is_torn)
		return 0;
	parameters = deed_recover(&torn);
	return decide(authority, act, OPERATION_RECOVER, "set-aside",
	    &parameters, &data, fail);
}

/* All found: it is the outcome, as if nothing had happened. */
static int
record_outcome(struct authority *authority, const struct act *act,
    const struct outcome *found, struct fail *fail)
{
	size_t count = authority->ledger->intent.count;
	AUTO(auto_free) struct digest *objects =
	    mem_new(count, sizeof(*objects));
	AUTO(json_release) struct json *data = json_new();

	for (size_t n = 0; n < count; n++)
		objects[n] = found[n].object;
	json_put_bool(data, "recovered", true);
	return outcome_record(authority, act, objects, &data, fail);
}

/* Not all found, or no intent: what is not, is signed perhaps. */
static int
record_recovered(struct authority *authority, const struct act *act,
    const struct outcome *found, struct fail *fail)
{
	const struct intent *intent = &authority->ledger->intent;
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *list = json_new_list();

	for (size_t n = 0; n < intent->count; n++) {
		const struct serial *serial = &intent->items[n].serial;
		struct json *item;

		if (!found[n].is_found ||
		    intent->purpose != PURPOSE_CERTIFICATE)
			continue;
		item = json_new();
		json_put_digest(item, "certificate", &found[n].object);
		json_put_hex(item, "serial",
		    bytes_of(serial->octets, serial->len));
		json_add(list, &item);
	}
	json_put(data, "found", &list);
	json_put_number(data, "intent", intent->seq);
	return authority_append(authority, act, "recovered", &data, fail);
}

static int
close_intent(struct authority *authority, const struct act *act,
    struct fail *fail)
{
	const struct intent *intent = &authority->ledger->intent;
	AUTO(auto_free) struct outcome *found =
	    mem_new(intent->count, sizeof(*found));
	bool is_whole = intent->count > 0;

	if (intent->seq != 0 && outcome_search(authority, found, fail) == -1)
		return -1;
	for (size_t n = 0; n < intent->count; n++)
		is_whole = is_whole && found[n].is_found;
	/* It may lie there unsynced, by the one who crashed. */
	if (intent->seq != 0 && objects_sync(authority->objects, fail) == -1)
		return -1;
	return is_whole ? record_outcome(authority, act, found, fail) :
	    record_recovered(authority, act, found, fail);
}

/* What is open is closed, and all is sealed. */
static int
finish(struct authority *authority, const struct act *act,
    const struct sealer *sealer, struct fail *fail)
{
	const struct policy *next = authority->ledger->next_policy;

	if (close_intent(authority, act, fail) == -1 ||
	    retire_follow(authority, act, sealer->session, fail) == -1 ||
	    (next != NULL && authority_prepare_anchor(authority, next,
		sealer->session, fail) == -1) ||
	    resplit_record(authority, act, fail) == -1)
		return -1;
	return authority_seal(authority, act, sealer, fail);
}

int
recover(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };

	if (!recover_is_needed(authority))
		return fail_with(fail, FAIL_REFUSED, "nothing to recover");
	if (authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    set_aside(authority, act, fail) == -1)
		return -1;
	return finish(authority, act, &sealer, fail);
}

/* Is something wrong with the anchor? A paper can be lost whatever the token
 * says. */
static int
check_wrong(const struct authority *authority, struct session *session,
    struct fail *fail)
{
	struct fail wrong = { 0 };

	if (policy_anchors_paper(authority->ledger->policy))
		return 0;
	if (anchor_check(authority->ledger, authority->journal, session,
	    &wrong) == 0)
		return fail_with(fail, FAIL_REFUSED, "anchor: what the token "
		    "knows is of this journal: nothing to accept");
	if (wrong.kind == FAIL_JOURNAL || wrong.kind == FAIL_TOKEN)
		return 0;
	*fail = wrong;
	return -1;
}

/* Is it what the custodians give up? */
static int
check_held(const struct sealer *sealer, const char *approved,
    struct fail *fail)
{
	char hex[DIGEST_HEX_SIZE] = "none";

	if (sealer->has_held)
		digest_hex(&sealer->held.digest, hex);
	if (strcmp(hex, approved) == 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "anchor: the token's newest head "
	    "is %s, and not %.64s", hex, approved);
}

int
recover_anchor(struct authority *authority, const struct act *act,
    const char *reason, const char *held_text, struct session *session,
    struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = {
		.session = session, .is_compared = true,
	};
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *held = NULL;
	bool is_open = recover_is_needed(authority);
	struct digest torn;
	bool is_torn;

	if (check_wrong(authority, session, fail) == -1 ||
	    recover_torn(authority, &is_torn, &torn, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    anchor_list(authority->ledger, session, &held, fail) == -1 ||
	    anchor_newest(authority->ledger, session, &sealer.held,
		&sealer.has_held, fail) == -1 ||
	    check_held(&sealer, held_text, fail) == -1 ||
	    authority_find_signer(&authority->ledger->journal_key, session,
		&sealer.key, &sealer.signer, fail) == -1)
		return -1;
	parameters = deed_anchor(reason, held_text, is_torn ? &torn : NULL);
	json_put(data, "held", &held);
	if (decide(authority, act, OPERATION_ANCHOR, "anchor", &parameters,
	    &data, fail) == -1)
		return -1;
	if (is_open)
		return finish(authority, act, &sealer, fail);
	return authority_seal(authority, act, &sealer, fail);
}
