/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/amend.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/deed.h>
#include <anchorite/x509/name.h>

#define ROOM 1048576	/* bytes: policy, certificates, approvals, records */

int
amend_check(const struct authority *authority, const struct act *act,
    const struct policy *policy, struct fail *fail)
{
	if (authority_check_ready(authority, act, "policy", fail) == -1)
		return -1;
	if (digest_is_equal(&policy->digest,
	    &authority->ledger->policy->digest))
		return fail_with(fail, FAIL_REFUSED,
		    "policy %s: is in force already", policy->name);
	return ledger_check_policy(authority->ledger, policy, NULL, fail);
}

int
amend_policy(struct authority *authority, const struct act *act,
    const struct adoption *adoption, struct json **weak,
    struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *parameters =
	    deed_policy(&adoption->policy->digest);
	struct json *copy = json_copy_of(parameters);

	json_put(data, "parameters", &copy);
	json_put_digest(data, "old", &authority->ledger->policy->digest);
	if (*weak != NULL)
		json_put(data, "acknowledged", weak);
	if (amend_check(authority, act, adoption->policy, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_put_approval(authority, act, OPERATION_POLICY,
		parameters, data, fail) == -1 ||
	    adoption_put(adoption, authority->objects, data, fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1 ||
	    authority_prepare_anchor(authority, adoption->policy, session,
		fail) == -1 ||
	    authority_append(authority, act, "policy", &data, fail) == -1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}

static int
check_person(const struct ledger *ledger, int at,
    const struct cert *certificate, struct fail *fail)
{
	const char *name = ledger->policy->roster.custodians[at].name;
	const struct cert *old = ledger->custodians[at];
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };

	if (bytes_is_equal(old->spki.der, certificate->spki.der))
		return fail_with(fail, FAIL_REFUSED, "custodian %s: the new "
		    "certificate has the old key", name);
	if (bytes_is_equal(old->subject, certificate->subject))
		return 0;
	name_show(old->subject, &want);
	name_show(certificate->subject, &have);
	return fail_with(fail, FAIL_REFUSED, "custodian %s: is %.200s, the "
	    "new certificate names %.200s: another person takes another "
	    "policy", name, buf_cstr(&want), buf_cstr(&have));
}

int
amend_replace(const struct ledger *ledger, const char *name,
    const struct cert *certificate, struct policy **out, struct fail *fail)
{
	const struct policy *policy = ledger->policy;
	int at = roster_find(&policy->roster, name);
	char old[DIGEST_HEX_SIZE], new[DIGEST_HEX_SIZE];
	AUTO(buf_release) struct buf text = { 0 };
	char *found;

	if (at == -1)
		return fail_with(fail, FAIL_USAGE,
		    "no custodian %s in policy %s", name, policy->name);
	if (check_person(ledger, at, certificate, fail) == -1)
		return -1;
	digest_hex(&policy->roster.custodians[at].certificate, old);
	digest_hex(&certificate->digest, new);
	buf_put(&text, buf_bytes(&policy->text));
	(void)buf_cstr(&text);
	/* It may stand in a comment, too: all of them change. */
	while ((found = strstr((char *)text.data, old)) != NULL)
		memcpy(found, new, DIGEST_HEX_SIZE - 1);
	return policy_read("policy", buf_bytes(&text), out, fail);
}
