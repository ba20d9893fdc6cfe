/* SPDX-License-Identifier: Apache-2.0 */
/* Who approved what: the quorum of each record, and what was used. */
#include <anchorite/ca/ledger.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_internal.h"

/* The place of a request, or the empty one where it would stand: a digest
 * is as good as hashed. */
static struct used_request *
used_place(struct used_request *used, size_t room,
    const struct digest *request)
{
	uint64_t start;
	size_t at;

	memcpy(&start, request->bytes, sizeof(start));
	at = start % room;
	while (used[at].seq != 0 && !digest_is_equal(&used[at].digest, request))
		at = (at + 1) % room;
	return &used[at];
}

int64_t
ledger_find_request(const struct ledger *ledger, const struct digest *request)
{
	return ledger->used_room == 0 ? 0 :
	    used_place(ledger->used, ledger->used_room, request)->seq;
}

/* Never more than half full, so that every search ends. */
static void
used_grow(struct ledger *ledger)
{
	size_t room = 2 * ledger->used_room + 64;
	struct used_request *used = mem_new(room, sizeof(*used));

	for (size_t n = 0; n < ledger->used_room; n++)
		if (ledger->used[n].seq != 0)
			*used_place(used, room, &ledger->used[n].digest) =
			    ledger->used[n];
	free(ledger->used);
	ledger->used = used;
	ledger->used_room = room;
}

static void
remember_request(struct ledger *ledger, const struct digest *request,
    int64_t seq)
{
	if (2 * ++ledger->used_count > ledger->used_room)
		used_grow(ledger);
	*used_place(ledger->used, ledger->used_room, request) =
	    (struct used_request){ *request, seq };
}

static void
remember_approvers(struct ledger *ledger, enum operation operation,
    int64_t seq, const int *custodians, size_t count)
{
	struct approvers *last = &ledger->last[operation];

	last->seq = seq;
	last->count = count;
	for (size_t n = 0; n < count; n++) {
		snprintf(last->list[n].name, sizeof(last->list[n].name), "%s",
		    ledger->policy->roster.custodians[custodians[n]].name);
		roster_person(ledger->custodians[custodians[n]],
		    &last->list[n].person);
		digest_of(ledger->custodians[custodians[n]]->spki.der,
		    &last->list[n].key);
	}
}

/* The custodians that a record names, as indexes of the roster. */
static int
read_approvers(const struct ledger *ledger, const struct json *by,
    int out[CUSTODIANS_MAX], size_t *count_out, struct fail *fail)
{
	size_t count = json_count(by);
	const char *name;

	if (count > CUSTODIANS_MAX)
		return fail_with(fail, FAIL_JOURNAL, "approvals: too many");
	for (size_t n = 0; n < count; n++) {
		if (json_get_text(json_at(by, n), "custodian", &name, fail) ==
		    -1)
			return -1;
		out[n] = roster_find(&ledger->policy->roster, name);
		if (out[n] == -1)
			return fail_with(fail, FAIL_JOURNAL,
			    "approval: of nobody in the roster");
	}
	*count_out = count;
	return 0;
}

int
ledger_quorum(struct ledger *ledger, const struct record *record,
    enum operation operation, struct fail *fail)
{
	const struct json *approval, *by;
	int custodians[CUSTODIANS_MAX];
	size_t count = 0;

	if (json_has(record->data, "approval") &&
	    (json_get_object(record->data, "approval", &approval, fail) == -1 ||
		json_get_list(approval, "by", &by, fail) == -1 ||
		read_approvers(ledger, by, custodians, &count, fail) == -1))
		return -1;
	if (quorum_check(&ledger->policy->roster, operation, custodians, count,
	    ledger->custodians, ledger->last, fail) == -1)
		return -1;
	if (count > 0)
		remember_approvers(ledger, operation, record->seq, custodians,
		    count);
	return 0;
}

int
ledger_approve(struct ledger *ledger, const struct record *record,
    enum operation operation, struct fail *fail)
{
	const struct json *approval;
	struct digest request;
	int64_t used;

	if (!json_has(record->data, "approval"))
		return ledger_quorum(ledger, record, operation, fail);
	if (json_get_object(record->data, "approval", &approval, fail) == -1 ||
	    json_get_digest(approval, "request", &request, fail) == -1 ||
	    ledger_quorum(ledger, record, operation, fail) == -1)
		return -1;
	used = ledger_find_request(ledger, &request);
	if (used != 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "approval: its request was used by record %lld",
		    (long long)used);
	remember_request(ledger, &request, record->seq);
	return 0;
}
