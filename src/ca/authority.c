/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/authority.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/anchor.h>
#include <anchorite/ca/private.h>
#include <anchorite/x509/alg.h>

/* Opens what is in the directory; the journal is not read yet. */
static int
parts_open(struct authority *authority, bool create, bool write,
    struct fail *fail)
{
	if (file_open_directory(authority->path, &authority->dirfd, fail) == -1)
		return -1;
	if (journal_open(authority->dirfd, create, write, &authority->journal,
		fail) == -1 ||
	    objects_open(authority->dirfd, &authority->objects, fail) == -1)
		return fail_in(fail, "%s", authority->path);
	return 0;
}

static struct authority *
authority_new(const char *path)
{
	struct authority *authority = mem_new(1, sizeof(*authority));

	authority->path = mem_text(path);
	authority->dirfd = -1;
	authority->ledger = ledger_new();
	return authority;
}

int
authority_create(const char *path, struct authority **out, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(auto_free) char *objects = file_path(path, OBJECTS_NAME);
	AUTO(auto_free) char *bundles = file_path(path, BUNDLES_NAME);

	if (file_make_directory(path, fail) == -1)
		return -1;
	authority = authority_new(path);
	if (file_make_directory(objects, fail) == -1 ||
	    file_make_directory(bundles, fail) == -1 ||
	    parts_open(authority, true, true, fail) == -1 ||
	    journal_replay(authority->journal, NULL, NULL, fail) == -1) {
		authority_abandon(&authority);
		return -1;
	}
	*out = GIVE(authority);
	return 0;
}

void
authority_abandon(struct authority **authority)
{
	struct fail ignored = { 0 };
	AUTO(auto_free) char *path = mem_text((*authority)->path);
	bool is_empty = (*authority)->journal == NULL ||
	    journal_head((*authority)->journal)->seq == 0;

	authority_release(authority);
	if (is_empty)
		(void)!file_remove_tree(path, &ignored);
}

static int
is_entry(void *context, const char *name, struct fail *fail)
{
	(void)context;
	return fail_with(fail, FAIL_INPUT, "%s", name);
}

/* Does what is there come from an init that stopped before its journal? */
static bool
is_unborn(const struct authority *authority)
{
	AUTO(auto_close) int fd = -1;
	struct fail ignored = { 0 };

	if (authority->dirfd == -1 ||
	    file_is_there_at(authority->dirfd, JOURNAL_NAME))
		return false;
	fd = openat(authority->dirfd, OBJECTS_NAME,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd != -1 && file_each(fd, is_entry, NULL, &ignored) == 0;
}

static int
fail_unborn(const char *path, struct fail *fail)
{
	return fail_with(fail, FAIL_JOURNAL, "%s: the journal is empty: init "
	    "did not end; remove the directory and begin again", path);
}

static int
apply(void *context, const struct record *record, struct fail *fail)
{
	struct authority *authority = context;

	return ledger_apply(authority->ledger, authority->objects, record,
	    fail);
}

int
authority_open(const char *path, bool write, struct authority **out,
    struct fail *fail)
{
	AUTO(authority_release) struct authority *authority =
	    authority_new(path);

	if (parts_open(authority, false, write, fail) == -1)
		return is_unborn(authority) ? fail_unborn(path, fail) : -1;
	if (journal_replay(authority->journal, apply, authority, fail) == -1 &&
	    !journal_is_torn(authority->journal))
		return fail_in(fail, "%s", path);
	if (journal_head(authority->journal)->seq == 0)
		return fail_unborn(path, fail);
	/* A crash between init and its seal is for recover to close. */
	if (ledger_is_begun(authority->ledger) &&
	    ledger_verify_seal(authority->ledger, fail) == -1)
		return fail_in(fail, "%s: journal", path);
	authority->privates = authority->ledger->policy->privates;
	*out = GIVE(authority);
	return 0;
}

void
authority_release(struct authority **authority)
{
	struct authority *a = *authority;

	if (a == NULL)
		return;
	ledger_release(&a->ledger);
	objects_release(&a->objects);
	journal_release(&a->journal);
	auto_close(&a->dirfd);
	free(a->path);
	free(a->by);
	free(a);
	*authority = NULL;
}

int
authority_check_ready(const struct authority *authority,
    const struct act *act, const char *event, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	const struct journal_head *head = journal_head(authority->journal);
	char now[TEXT_TIME_SIZE], then[TEXT_TIME_SIZE];
	enum state after;

	if (journal_is_torn(authority->journal))
		return fail_with(fail, FAIL_REFUSED,
		    "an earlier command stopped in the middle of record "
		    "%lld: see 'anchorite status', then 'anchorite recover'",
		    (long long)head->seq + 1);
	if (ledger->intent.seq != 0)
		return fail_with(fail, FAIL_REFUSED,
		    "an earlier command stopped half-way (record %lld has no "
		    "outcome): see 'anchorite status', then 'anchorite "
		    "recover'", (long long)ledger->intent.seq);
	if (ledger->next_policy != NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "an earlier command stopped while the token's PINs were "
		    "being changed: see 'anchorite status', then 'anchorite "
		    "recover'");
	if (ledger->loose > 0)
		return fail_with(fail, FAIL_REFUSED,
		    "%lld records since record %lld are not sealed: look at "
		    "them with 'anchorite audit show', then 'anchorite "
		    "recover'", (long long)ledger->loose,
		    (long long)ledger->sealed_seq);
	if (act->now < head->time) {
		text_time(act->now, now);
		text_time(head->time, then);
		return fail_with(fail, FAIL_REFUSED,
		    "clock: it is %s, the journal is at %s", now, then);
	}
	return state_after(ledger->state, event, &after, fail);
}

int
authority_guard(struct authority *authority, enum private_field field,
    const char *text, char **out, struct fail *fail)
{
	AUTO(buf_release) struct buf commitment = { 0 };

	if ((authority->privates & 1u << field) == 0) {
		*out = mem_text(text);
		return 0;
	}
	if (private_put(authority->objects, text, &commitment, fail) == -1)
		return -1;
	*out = mem_text(buf_cstr(&commitment));
	return 0;
}

/* The same, for a record that follows at once. */
static int
guard(struct authority *authority, enum private_field field,
    const char *text, char **out, struct fail *fail)
{
	AUTO(auto_free) char *guarded = NULL;

	if (authority_guard(authority, field, text, &guarded, fail) == -1 ||
	    ((authority->privates & 1u << field) != 0 &&
		objects_sync(authority->objects, fail) == -1))
		return -1;
	*out = GIVE(guarded);
	return 0;
}

/* Once a command: the seal must repeat what it seals. */
static int
guard_name(struct authority *authority, const struct act *act,
    struct fail *fail)
{
	return authority->by != NULL ? 0 : guard(authority, PRIVATE_BY,
	    act->by, &authority->by, fail);
}

static int
tell_sitting(struct authority *authority, const struct sitting *sitting,
    struct json *data, struct fail *fail)
{
	AUTO(auto_free) char *witness = NULL;
	struct json *json;

	if (sitting->witness != NULL && guard(authority, PRIVATE_WITNESS,
	    sitting->witness, &witness, fail) == -1)
		return -1;
	json = sitting_json(sitting, witness);
	json_put(data, "sitting", &json);
	return 0;
}

/* What the first record of a command says beside what it is. */
static int
tell(struct authority *authority, const struct act *act,
    struct json *data, struct fail *fail)
{
	AUTO(auto_free) char *ticket = NULL;

	if (authority->is_told)
		return 0;
	if (act->sitting != NULL && tell_sitting(authority, act->sitting,
	    data, fail) == -1)
		return -1;
	if (act->ticket == NULL)
		return 0;
	if (guard(authority, PRIVATE_TICKET, act->ticket, &ticket, fail) == -1)
		return -1;
	json_put_text(data, "ticket", ticket);
	return 0;
}

static int
append(struct authority *authority, const struct act *act,
    const char *event, struct json **data, struct fail *fail)
{
	enum state after;

	if (state_after(authority->ledger->state, event, &after, fail) == -1 ||
	    guard_name(authority, act, fail) == -1)
		return -1;
	return journal_append(authority->journal, act->now, authority->by,
	    event, data, apply, authority, fail);
}

int
authority_append(struct authority *authority, const struct act *act,
    const char *event, struct json **data, struct fail *fail)
{
	if (tell(authority, act, *data, fail) == -1 ||
	    append(authority, act, event, data, fail) == -1)
		return -1;
	authority->is_told = true;
	return 0;
}

int
authority_check_approval(const struct authority *authority,
    const struct act *act, enum operation operation,
    const struct json *parameters, struct fail *fail)
{
	if (act->approvals != NULL &&
	    request_check(act->approvals->request, authority->ledger,
		operation, parameters, act->now, fail) == -1)
		return -1;
	return approvals_check(act->approvals, authority->ledger, operation,
	    fail);
}

int
authority_put_approval(struct authority *authority, const struct act *act,
    enum operation operation, const struct json *parameters,
    struct json *data, struct fail *fail)
{
	AUTO(json_release) struct json *approval = NULL;

	if (authority_check_approval(authority, act, operation, parameters,
	    fail) == -1)
		return -1;
	if (act->approvals == NULL)
		return 0;
	if (approvals_put(act->approvals, authority->ledger,
		authority->objects, &approval, fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1)
		return -1;
	json_put(data, "approval", &approval);
	return 0;
}

/* A lock holds on one machine alone: does another seal meanwhile? */
static int
check_rival(const struct authority *authority, const struct sealer *sealer,
    struct fail *fail)
{
	struct journal_head held;
	bool has_held;

	if (!sealer->is_compared)
		return 0;
	if (anchor_newest(authority->ledger, sealer->session, &held,
	    &has_held, fail) == -1)
		return -1;
	if (has_held == sealer->has_held && held.seq == sealer->held.seq &&
	    digest_is_equal(&held.digest, &sealer->held.digest))
		return 0;
	return fail_with(fail, FAIL_JOURNAL, "anchor: the token knows record "
	    "%lld now, and knew record %lld: another machine seals with the "
	    "same token; nothing is sealed here", (long long)held.seq,
	    (long long)sealer->held.seq);
}

int
authority_seal(struct authority *authority, const struct act *act,
    const struct sealer *sealer, struct fail *fail)
{
	AUTO(buf_release) struct buf message = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(json_release) struct json *data = json_new();

	if (check_rival(authority, sealer, fail) == -1)
		return -1;
	journal_seal_message(&journal_head(authority->journal)->digest,
	    &message);
	if (alg_sign(alg_find("ecdsa-sha256"), sealer->signer,
	    buf_bytes(&message), &signature, fail) == -1)
		return fail_in(fail, "seal");
	text_base64(&text, buf_bytes(&signature));
	/* With a seal that does not verify the journal would never open. */
	if (journal_verify_seal(buf_cstr(&text),
	    &journal_head(authority->journal)->digest,
	    authority->ledger->journal_certificate->spki.key, fail) == -1) {
		fail->kind = FAIL_TOKEN;
		return -1;
	}
	json_put_text(data, "signature", buf_cstr(&text));
	if (append(authority, act, "seal", &data, fail) == -1)
		return -1;
	if (sealer->session == NULL ||
	    !policy_anchors_token(authority->ledger->policy))
		return 0;
	if (anchor_store(authority->ledger, &authority->ledger->head,
	    sealer->session, fail) == -1)
		return fail_in(fail, "done and sealed, but");
	return 0;
}

bool
authority_is_sealed(const struct authority *authority)
{
	const struct ledger *ledger = authority->ledger;

	/* A seal that could not be written counts in the ledger alone. */
	return ledger->loose == 0 &&
	    journal_head(authority->journal)->seq >= ledger->head.seq;
}

int
authority_prepare_anchor(const struct authority *authority,
    const struct policy *next, struct session *session, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;

	if (policy_anchors_token(ledger->policy) ||
	    !policy_anchors_token(next))
		return 0;
	return anchor_store(ledger, &ledger->head, session, fail);
}

void
authority_refuse(struct authority *authority, const struct act *act,
    const char *command, struct fail *refusal)
{
	AUTO(json_release) struct json *data = json_new();
	struct fail fault = { 0 };
	struct act quiet = *act;

	if (refusal->kind != FAIL_REFUSED ||
	    journal_is_torn(authority->journal))
		return;
	/*
	 * At the head's time, so that a clock that is wrong does not move the
	 * journal's; what it said stands in the data.
	 */
	quiet.now = journal_head(authority->journal)->time;
	json_put_time(data, "clock", act->now);
	json_put_text(data, "command", command);
	json_put_text(data, "sentence", refusal->sentence);
	if (append(authority, &quiet, "refused", &data, &fault) == -1)
		(void)fail_in(refusal, "not recorded (%s)", fault.sentence);
}

int
authority_find_key(const struct ledger_key *wanted, struct session *session,
    struct key **out, struct fail *fail)
{
	AUTO(key_release) struct key *key = NULL;

	if (key_find(session_token(session), bytes_text(wanted->label),
	    buf_bytes(&wanted->id), &key, fail) == -1)
		return -1;
	if (!bytes_is_equal(key_spki(key), buf_bytes(&wanted->spki)))
		return fail_with(fail, FAIL_TOKEN,
		    "key \"%s\": its public key in the token is not the "
		    "journal's", wanted->label);
	*out = GIVE(key);
	return 0;
}

int
authority_find_signer(const struct ledger_key *wanted,
    struct session *session, struct key **key_out, EVP_PKEY **signer_out,
    struct fail *fail)
{
	AUTO(key_release) struct key *key = NULL;

	if (authority_find_key(wanted, session, &key, fail) == -1 ||
	    key_lend(key, signer_out, fail) == -1)
		return -1;
	*key_out = GIVE(key);
	return 0;
}

int
authority_find_sealer(const struct authority *authority,
    struct session *session, struct sealer *out, struct fail *fail)
{
	if (anchor_check(authority->ledger, authority->journal, session,
	    fail) == -1)
		return -1;
	if (anchor_newest(authority->ledger, session, &out->held,
	    &out->has_held, fail) == -1)
		return -1;
	out->is_compared = true;
	out->session = session;
	return authority_find_signer(&authority->ledger->journal_key, session,
	    &out->key, &out->signer, fail);
}

void
sealer_release(struct sealer *sealer)
{
	key_release(&sealer->key);
	sealer->signer = NULL;
}
