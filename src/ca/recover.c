/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/recover.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/resplit.h>
#include <anchorite/ca/retire.h>

#define ROOM 65536	/* bytes: two records and a torn line */

bool
recover_is_needed(const struct authority *authority)
{
	return authority->ledger->intent.seq != 0 ||
	    authority->ledger->loose > 0 ||
	    journal_is_torn(authority->journal);
}

/* What stood of a torn line is kept as an object, then taken off. */
static int
mend(struct authority *authority, struct json *data, struct fail *fail)
{
	AUTO(buf_release) struct buf torn = { 0 };
	struct digest digest;

	if (!journal_is_torn(authority->journal))
		return 0;
	if (journal_read_torn(authority->journal, &torn, fail) == -1 ||
	    objects_put(authority->objects, buf_bytes(&torn), &digest,
		fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1 ||
	    journal_mend(authority->journal, fail) == -1)
		return -1;
	json_put_digest(data, "torn", &digest);
	return 0;
}

int
recover(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail)
{
	AUTO(key_release) struct key *key = NULL;
	AUTO(json_release) struct json *data = json_new();
	EVP_PKEY *journal_key;

	if (!recover_is_needed(authority))
		return fail_with(fail, FAIL_REFUSED, "nothing to recover");
	if (authority_find_signer(&authority->ledger->journal_key, session,
		&key, &journal_key, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    mend(authority, data, fail) == -1)
		return -1;
	json_put_number(data, "intent", authority->ledger->intent.seq);
	if (authority_append(authority, act, "recovered", &data, fail) == -1 ||
	    retire_follow(authority, act, session, fail) == -1 ||
	    resplit_record(authority, act, fail) == -1)
		return -1;
	return authority_seal(authority, act, journal_key, fail);
}
