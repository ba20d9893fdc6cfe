/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/retire.h>

#include <anchorite/base/auto.h>

#define ROOM 262144	/* bytes: a request, its approvals, five records */

int
retire_check(const struct authority *authority, const struct act *act,
    enum operation operation, struct fail *fail)
{
	if (authority_check_ready(authority, act,
	    operation_names[operation], fail) == -1)
		return -1;
	if (operation == OPERATION_RESTORE)
		return ledger_check_window(authority->ledger, false, act->now,
		    fail);
	if (operation == OPERATION_DESTROY)
		return ledger_check_window(authority->ledger, true, act->now,
		    fail);
	return 0;
}

/* Locks or unlocks the root key, and records what came of it. */
static int
switch_key(struct authority *authority, const struct act *act,
    const char *event, struct session *session, struct fail *fail)
{
	AUTO(key_release) struct key *key = NULL;
	AUTO(json_release) struct json *data = json_new();
	struct key_switch outcome = { 0 };
	bool is_lock = authority->ledger->state == STATE_DISABLED;

	if (authority_find_key(&authority->ledger->root_key, session, &key,
		fail) == -1 ||
	    (is_lock ? key_lock(key, &outcome, fail) :
		key_unlock(key, &outcome, fail)) == -1 ||
	    session_sync(session, fail) == -1)
		return -1;
	json_put_bool(data, "by_token", outcome.by_token);
	json_put_number(data, "self_tests", key_self_tests(key));
	json_put_text(data, "trial", outcome.trial);
	return authority_append(authority, act, event, &data, fail);
}

/* The store's backup, which still has the key, is replaced too. */
static int
erase(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail)
{
	const struct ledger_key *root_key = &authority->ledger->root_key;
	AUTO(json_release) struct json *data = json_new();
	struct key_erasure erasure = { 0 };

	if (key_erase(session_token(session), bytes_text(root_key->label),
		buf_bytes(&root_key->id), &erasure, fail) == -1 ||
	    session_sync(session, fail) == -1 ||
	    session_protect(session, fail) == -1)
		return -1;
	json_put_bool(data, "by_token", true);
	json_put_number(data, "private_objects", erasure.private_count);
	json_put_number(data, "public_objects", erasure.public_count);
	json_put_number(data, "self_tests", 0);
	json_put_text(data, "trial", erasure.trial[0] != '\0' ?
	    erasure.trial : "none was there any more");
	return authority_append(authority, act, "key-erased", &data, fail);
}

int
retire_follow(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail)
{
	if (!authority->ledger->standing.is_due)
		return 0;
	switch (authority->ledger->state) {
	case STATE_DISABLED:
		return switch_key(authority, act, "key-locked", session, fail);
	case STATE_ACTIVE:
		return switch_key(authority, act, "key-unlocked", session,
		    fail);
	case STATE_DESTROYED:
		return erase(authority, act, session, fail);
	default:
		return fail_with(fail, FAIL_JOURNAL,
		    "nothing to follow while the authority is %s",
		    state_name(authority->ledger->state));
	}
}

/* What would stop half-way is found before anything is recorded. */
static int
check_key(const struct authority *authority, enum operation operation,
    struct session *session, struct fail *fail)
{
	AUTO(key_release) struct key *key = NULL;

	if (authority_find_key(&authority->ledger->root_key, session, &key,
	    fail) == -1)
		return -1;
	if (operation == OPERATION_DESTROY)
		return key_check_destroyable(key, fail);
	return 0;
}

int
retire_decide(struct authority *authority, const struct act *act,
    enum operation operation, const struct json *parameters,
    struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(json_release) struct json *data = json_new();
	struct json *copy = json_copy_of(parameters);

	json_put(data, "parameters", &copy);
	if (retire_check(authority, act, operation, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    check_key(authority, operation, session, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_put_approval(authority, act, operation, parameters,
		data, fail) == -1 ||
	    authority_append(authority, act, operation_names[operation],
		&data, fail) == -1 ||
	    retire_follow(authority, act, session, fail) == -1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}
