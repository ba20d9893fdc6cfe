/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/resplit.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/deed.h>

#define ROOM 1048576	/* bytes: policy, certificates, envelopes, records */

int
resplit_check(const struct authority *authority, const struct act *act,
    const struct policy *policy, struct fail *fail)
{
	if (authority->ledger->split.id[0] == '\0')
		return fail_with(fail, FAIL_REFUSED, "the token's PIN is not "
		    "split: token init --split makes a token whose PIN is");
	if (digest_is_equal(&policy->digest,
	    &authority->ledger->policy->digest))
		return authority_check_ready(authority, act, "split-intent",
		    fail);
	return authority_check_ready(authority, act, "policy", fail);
}

int
resplit_check_approval(const struct authority *authority,
    const struct act *act, const struct policy *policy,
    const struct json *parameters, struct fail *fail)
{
	if (authority_check_approval(authority, act, OPERATION_RESPLIT,
	    parameters, fail) == -1)
		return -1;
	if (digest_is_equal(&policy->digest,
	    &authority->ledger->policy->digest))
		return 0;
	return approvals_check(act->approvals, authority->ledger,
	    OPERATION_POLICY, fail);
}

int
resplit_put_envelopes(struct objects *objects, const struct split *split,
    const struct buf *envelopes, struct fail *fail)
{
	struct digest digest;

	for (int n = 0; n < split->form.count; n++) {
		digest_of(buf_bytes(&envelopes[n]), &digest);
		if (!digest_is_equal(&digest, &split->lines[n].envelope))
			return fail_with(fail, FAIL_INPUT, "share of %s: its "
			    "envelope has been changed",
			    split->lines[n].custodian);
		if (objects_put(objects, buf_bytes(&envelopes[n]), &digest,
		    fail) == -1)
			return -1;
	}
	return 0;
}

int
resplit_intend(struct authority *authority, const struct act *act,
    const struct adoption *adoption, const struct new_split *next,
    struct json **weak, struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *parameters =
	    deed_resplit(&adoption->policy->digest, &next->split.form);
	struct json *split = split_json(&next->split);
	struct json *copy = json_copy_of(parameters);

	json_put(data, "split", &split);
	json_put(data, "parameters", &copy);
	if (*weak != NULL)
		json_put(data, "acknowledged", weak);
	if (resplit_check(authority, act, adoption->policy, fail) == -1 ||
	    ledger_check_policy(authority->ledger, adoption->policy,
		&next->split, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    resplit_check_approval(authority, act, adoption->policy,
		parameters, fail) == -1 ||
	    adoption_put(adoption, authority->objects, data, fail) == -1 ||
	    resplit_put_envelopes(authority->objects, &next->split,
		next->envelopes, fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1 ||
	    authority_put_approval(authority, act, OPERATION_RESPLIT,
		parameters, data, fail) == -1)
		return -1;
	return authority_append(authority, act, "split-intent", &data, fail);
}

int
resplit_record(struct authority *authority, const struct act *act,
    struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();

	if (authority->ledger->next_policy == NULL)
		return 0;
	json_put_text(data, "split", authority->ledger->next_split.id);
	return authority_append(authority, act, "split", &data, fail);
}

int
resplit_finish(struct authority *authority, const struct act *act,
    const struct token_pins *old, const struct token_pins *new,
    struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };

	if (session_protect(session, fail) == -1 ||
	    token_change_pins(session_token(session), old, new, fail) == -1 ||
	    session_sync(session, fail) == -1 ||
	    session_login_with(session, &new->user, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_prepare_anchor(authority,
		authority->ledger->next_policy, session, fail) == -1 ||
	    resplit_record(authority, act, fail) == -1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}
