/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/issue.h>

#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/cross.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/outcome.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/vet.h>
#include <anchorite/x509/lint.h>

void
issue_release(struct issue **issue)
{
	if (*issue == NULL)
		return;
	for (size_t n = 0; n < (*issue)->count; n++) {
		struct issue_item *item = &(*issue)->items[n];

		csr_release(&item->csr);
		cert_release(&item->existing);
		buf_release(&item->tbs);
		buf_release(&item->signature);
		cert_release(&item->certificate);
	}
	free((*issue)->items);
	seen_release(&(*issue)->seen);
	key_release(&(*issue)->root_key);
	sealer_release(&(*issue)->sealer);
	free(*issue);
	*issue = NULL;
}

static int
item_plan(const struct issue *issue, const struct issue_item *item,
    const struct serial *serial, struct buf *tbs, struct fail *fail)
{
	const struct ledger *ledger = issue->authority->ledger;

	return plan_cross(ledger->policy, item->profile, item->csr,
	    item->existing, ledger->root, serial, issue->act->now, tbs, fail);
}

static int
check_existing(const struct issue_item *item, struct fail *fail)
{
	bool is_cross = item->profile->type == PROFILE_CROSS;

	if (is_cross == (item->from->existing.len > 0))
		return 0;
	(void)fail_with(fail, FAIL_USAGE, "profile %s %s",
	    item->profile->name, is_cross ?
	    "is for cross-certificates: --certificate is missing" :
	    "is not for cross-certificates: no --certificate");
	return fail_in(fail, "request %s", item->from->name);
}

/* Judged before the token is opened, on what it will sign but for a serial. */
static int
read_existing(const struct issue *issue, struct issue_item *item,
    struct fail *fail)
{
	static const struct serial any = { .octets = { 1 }, .len = 1 };
	const struct ledger *ledger = issue->authority->ledger;
	AUTO(buf_release) struct buf tbs = { 0 };

	if (item->from->existing.len == 0)
		return 0;
	if (cert_read(item->from->existing, &item->existing, fail) == -1)
		return fail_in(fail, "existing certificate");
	if (item_plan(issue, item, &any, &tbs, fail) == -1)
		return -1;
	return cross_check(item->existing, buf_bytes(&tbs),
	    plan_alg(ledger->policy), ledger->root, issue->act->now, fail);
}

static int
item_find_profile(struct issue *issue, struct issue_item *item,
    struct fail *fail)
{
	if (policy_profile(issue->authority->ledger->policy,
	    item->from->profile, &item->profile, fail) == 0)
		return 0;
	/* The command line's own is looked up before. */
	fail->kind = FAIL_INPUT;
	return -1;
}

static int
item_judge(struct issue *issue, struct issue_item *item, struct fail *fail)
{
	struct vet_case vet = {
		.seen = issue->seen,
		.reissue = issue->reissue,
	};
	int64_t end;

	if (item_find_profile(issue, item, fail) == -1 ||
	    plan_end(item->profile, issue->authority->ledger->root,
		issue->act->now, &end, fail) == -1 ||
	    check_existing(item, fail) == -1 ||
	    csr_survey(item->from->content, &item->csr, fail) == -1)
		return -1;
	vet.profile = item->profile;
	vet.csr = item->csr;
	if (vet_request(&vet, issue->act->now, fail) == -1 ||
	    read_existing(issue, item, fail) == -1)
		return -1;
	seen_add(issue->seen, item->csr, item->from->name);
	return 0;
}

static int
items_read(struct issue *issue, const struct issue_file *files, size_t count,
    struct fail *fail)
{
	struct fail_sum sum = { 0 };

	issue->items = mem_new(count, sizeof(*issue->items));
	for (; issue->count < count; issue->count++) {
		struct issue_item *item = &issue->items[issue->count];
		struct fail one = { 0 };

		item->from = &files[issue->count];
		if (item_judge(issue, item, &one) == 0)
			continue;
		if (one.kind != FAIL_INPUT && one.kind != FAIL_REFUSED) {
			csr_release(&item->csr);
			cert_release(&item->existing);
			*fail = one;
			return -1;
		}
		(void)fail_in(&one, "request %s", item->from->name);
		fail_add(&sum, &one);
	}
	return fail_total(&sum, count, "requests", fail);
}

int
issue_read(struct authority *authority, const struct act *act, bool reissue,
    const struct issue_file *files, size_t count, struct issue **out,
    struct fail *fail)
{
	AUTO(issue_release) struct issue *issue = mem_new(1, sizeof(*issue));

	if (count == 0)
		return fail_with(fail, FAIL_USAGE, "requests: none");
	if (count > ISSUE_MAX)
		return fail_with(fail, FAIL_USAGE,
		    "requests: at most %d at once, have %zu", ISSUE_MAX, count);
	issue->authority = authority;
	issue->act = act;
	issue->reissue = reissue;
	issue->seen = seen_new(authority->ledger, authority->objects);
	if (authority_check_ready(authority, act, "sign-intent", fail) == -1 ||
	    plan_check_issuer(authority->ledger->root, act->now, fail) == -1 ||
	    items_read(issue, files, count, fail) == -1)
		return -1;
	*out = GIVE(issue);
	return 0;
}

/* By the root already, or by an item before this one. */
static bool
serial_is_used(const struct issue *issue, const struct issue_item *item)
{
	for (const struct issue_item *other = issue->items; other < item;
	    other++)
		if (serial_is_equal(&other->serial, &item->serial))
			return true;
	return ledger_has_serial(issue->authority->ledger, &item->serial);
}

static int
item_build(struct issue *issue, struct issue_item *item,
    const struct lint *lint, struct token *token, struct fail *fail)
{
	const struct ledger *ledger = issue->authority->ledger;
	struct lint_aim aim = { .ca = item->profile->extensions.ca };
	uint8_t random[SERIAL_MAX];

	if (token_random(token, random, sizeof(random), fail) == -1)
		return -1;
	serial_from_random(random, &item->serial);
	if (serial_is_used(issue, item))
		return fail_with(fail, FAIL_TOKEN,
		    "serial: the token's random numbers repeat");
	buf_release(&item->tbs);
	if (item->existing != NULL)
		aim.subject_key = item->existing->subject_key;
	if (item_plan(issue, item, &item->serial, &item->tbs, fail) == -1 ||
	    lint_certificate(lint, plan_alg(ledger->policy),
		buf_bytes(&item->tbs), &aim, issue->act->now, fail) == -1)
		return fail_in(fail, "request %s", item->from->name);
	return 0;
}

static int
find_keys(struct issue *issue, struct session *session, struct fail *fail)
{
	if (issue->root_key != NULL)
		return 0;
	if (authority_find_sealer(issue->authority, session, &issue->sealer,
	    fail) == -1)
		return -1;
	return authority_find_signer(&issue->authority->ledger->root_key,
	    session, &issue->root_key, &issue->root_signer, fail);
}

int
issue_build(struct issue *issue, struct session *session, struct fail *fail)
{
	const struct ledger *ledger = issue->authority->ledger;
	AUTO(lint_release) struct lint *lint = NULL;

	if (find_keys(issue, session, fail) == -1 ||
	    lint_open(ledger->root->spki.kind, ledger->root, &lint, fail) == -1)
		return -1;
	for (size_t n = 0; n < issue->count; n++)
		if (item_build(issue, &issue->items[n], lint,
		    session_token(session), fail) == -1)
			return -1;
	return 0;
}

/* As it stands in the record: what is private, as a commitment. */
static int
intend_target(struct authority *authority, struct target target,
    struct json *json, struct fail *fail)
{
	AUTO(auto_free) char *requester = NULL;
	AUTO(auto_free) char *ticket = NULL;

	if ((target.requester != NULL && authority_guard(authority,
		PRIVATE_REQUESTER, target.requester, &requester, fail) == -1) ||
	    (target.ticket != NULL && authority_guard(authority,
		PRIVATE_TICKET, target.ticket, &ticket, fail) == -1))
		return -1;
	target.requester = requester;
	target.ticket = ticket;
	target_put(json, &target);
	return 0;
}

static int
intend_item(struct issue *issue, struct issue_item *item,
    struct json *items, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	struct digest digest;

	if (objects_put(issue->authority->objects, buf_bytes(&item->csr->der),
		&digest, fail) == -1 ||
	    intend_target(issue->authority, item->from->target, json, fail) ==
		-1)
		return -1;
	consumers_put(json, item->from->consumers);
	json_put_text(json, "profile", item->profile->name);
	json_put_digest(json, "request", &digest);
	if (item->existing != NULL) {
		if (objects_put(issue->authority->objects,
		    buf_bytes(&item->existing->der), &digest, fail) == -1)
			return -1;
		json_put_digest(json, "existing", &digest);
	}
	digest_of(item->csr->spki.der, &digest);
	json_put_digest(json, "key", &digest);
	digest_of(buf_bytes(&item->tbs), &digest);
	json_put_digest(json, "tbs", &digest);
	json_put_hex(json, "serial",
	    bytes_of(item->serial.octets, item->serial.len));
	json_add(items, &json);
	return 0;
}

struct json *
issue_parameters(const struct issue *issue)
{
	AUTO(auto_free) struct deed_request *requests =
	    mem_new(issue->count, sizeof(*requests));

	for (size_t n = 0; n < issue->count; n++) {
		const struct issue_item *item = &issue->items[n];

		requests[n] = (struct deed_request){
			.csr = item->csr,
			.profile = item->profile->name,
			.consumers = item->from->consumers,
			.target = item->from->target,
			.existing = item->existing,
		};
	}
	return deed_sign(issue->authority->ledger, requests, issue->count);
}

/* What a certificate and its records take on the disk, at most. */
#define ROOM_EACH (2 * CERT_MAX)

int
issue_intend(struct issue *issue, struct fail *fail)
{
	struct authority *authority = issue->authority;
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *items = json_new_list();
	AUTO(json_release) struct json *parameters = issue_parameters(issue);

	if (authority_put_approval(authority, issue->act, OPERATION_SIGN,
		parameters, data, fail) == -1 ||
	    objects_check_room(authority->objects, issue->count * ROOM_EACH,
	    fail) == -1)
		return -1;
	for (size_t n = 0; n < issue->count; n++)
		if (intend_item(issue, &issue->items[n], items, fail) == -1)
			return -1;
	if (objects_sync(authority->objects, fail) == -1)
		return -1;
	json_put(data, "items", &items);
	json_put_digest(data, "policy", &authority->ledger->policy->digest);
	return authority_append(authority, issue->act, "sign-intent", &data,
	    fail);
}

int
issue_sign(struct issue *issue, struct fail *fail)
{
	const struct alg *alg = plan_alg(issue->authority->ledger->policy);

	for (size_t n = 0; n < issue->count; n++)
		if (alg_sign(alg, issue->root_signer,
		    buf_bytes(&issue->items[n].tbs),
		    &issue->items[n].signature, fail) == -1)
			return fail_in(fail, "request %s",
			    issue->items[n].from->name);
	return 0;
}

/* Read back from its bytes, verified, and compared with what was linted. */
static int
record_item(struct issue *issue, struct issue_item *item,
    struct digest *object_out, struct fail *fail)
{
	const struct ledger *ledger = issue->authority->ledger;

	if (cert_assemble(plan_alg(ledger->policy), buf_bytes(&item->tbs),
	    buf_bytes(&item->signature), ledger->root->spki.key,
	    &item->certificate, fail) == -1)
		return fail_in(fail, "request %s", item->from->name);
	return objects_put(issue->authority->objects,
	    buf_bytes(&item->certificate->der), object_out, fail);
}

int
issue_record(struct issue *issue, struct fail *fail)
{
	struct authority *authority = issue->authority;
	AUTO(auto_free) struct digest *objects =
	    mem_new(issue->count, sizeof(*objects));
	AUTO(json_release) struct json *data = json_new();

	for (size_t n = 0; n < issue->count; n++)
		if (record_item(issue, &issue->items[n], &objects[n], fail) ==
		    -1)
			return -1;
	if (objects_sync(authority->objects, fail) == -1 ||
	    outcome_record(authority, issue->act, objects, &data, fail) == -1)
		return -1;
	return authority_seal(authority, issue->act, &issue->sealer, fail);
}

int
issue_finish(struct issue *issue, struct fail *fail)
{
	if (issue_intend(issue, fail) == -1 || issue_sign(issue, fail) == -1)
		return -1;
	return issue_record(issue, fail);
}
