/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/revoke.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/outcome.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/retire.h>
#include <anchorite/x509/lint.h>

int
revoke_check(const struct authority *authority, const struct act *act,
    const struct issued *issued, struct fail *fail)
{
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&issued->serial, serial);
	if (issued->status == ISSUED_REVOKED)
		return fail_with(fail, FAIL_REFUSED,
		    "certificate %s: is revoked already", serial);
	return authority_check_ready(authority, act, "revoked", fail);
}

int
revoke_certificate(struct authority *authority, const struct act *act,
    const struct issued *issued, enum crl_reason reason,
    struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(json_release) struct json *parameters =
	    deed_revoke(&issued->serial, crl_reason_name(reason));
	AUTO(json_release) struct json *data = json_copy_of(parameters);

	if (revoke_check(authority, act, issued, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_put_approval(authority, act, OPERATION_REVOKE,
		parameters, data, fail) == -1)
		return -1;
	if (authority_append(authority, act, "revoked", &data, fail) == -1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}

int
revoke_check_crl(const struct authority *authority, const struct act *act,
    struct fail *fail)
{
	if (authority_check_ready(authority, act, "crl-intent", fail) == -1)
		return -1;
	return plan_check_issuer(authority->ledger->root, act->now, fail);
}

/* Built and linted before the token is asked for anything. */
static int
crl_plan(struct authority *authority, const struct act *act,
    struct buf *tbs_out, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(lint_release) struct lint *lint = NULL;

	if (revoke_check_crl(authority, act, fail) == -1 ||
	    plan_crl(ledger, ledger->crl_number + 1, act->now, tbs_out,
		fail) == -1 ||
	    lint_open(ledger->root->spki.kind, ledger->root, &lint, fail) ==
		-1 ||
	    lint_crl(lint, plan_alg(ledger->policy), buf_bytes(tbs_out),
		act->now, fail) == -1)
		return fail_in(fail, "CRL");
	return 0;
}

static int
crl_intend(struct authority *authority, const struct act *act,
    struct bytes tbs, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *items = json_new_list();
	AUTO(json_release) struct json *item = json_new();
	AUTO(json_release) struct json *parameters = deed_crl(ledger);
	enum operation operation = OPERATION_CRL;
	struct digest digest;

	(void)ledger_event_operation(ledger, "crl-intent", &operation);
	if (authority_put_approval(authority, act, operation, parameters,
	    data, fail) == -1)
		return -1;
	digest_of(tbs, &digest);
	json_put_digest(item, "tbs", &digest);
	json_add(items, &item);
	json_put(data, "items", &items);
	json_put_number(data, "number", (int64_t)ledger->crl_number + 1);
	json_put_digest(data, "policy", &ledger->policy->digest);
	return authority_append(authority, act, "crl-intent", &data, fail);
}

static int
crl_outcome(struct authority *authority, const struct act *act,
    struct bytes tbs, struct bytes signature, struct json **data,
    struct crl **out, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(crl_release) struct crl *crl = NULL;
	AUTO(buf_release) struct buf der = { 0 };
	struct digest digest;

	alg_wrap(plan_alg(ledger->policy), tbs, signature, &der);
	if (crl_read(buf_bytes(&der), &crl, fail) == -1 ||
	    crl_verify(crl, ledger->root->spki.key, fail) == -1) {
		fail->kind = FAIL_TOKEN;	/* it was sound when linted */
		return fail_in(fail, "CRL");
	}
	if (!bytes_is_equal(crl->tbs, tbs))
		return fail_with(fail, FAIL_TOKEN,
		    "CRL: signed bytes are not those that were linted");
	if (objects_put(authority->objects, buf_bytes(&der), &digest, fail) ==
		-1 ||
	    objects_sync(authority->objects, fail) == -1 ||
	    outcome_record(authority, act, &digest, data, fail) == -1)
		return -1;
	*out = GIVE(crl);
	return 0;
}

/*
 * While the root is disabled its key is unlocked for this one signature,
 * after the intent is on the disk, and locked again whatever happens; where
 * even that fails, recover locks it.
 */
static int
crl_sign(struct authority *authority, struct key *root_key,
    EVP_PKEY *signer, struct bytes tbs, struct json *data,
    struct buf *signature_out, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	bool is_disabled = ledger->state == STATE_DISABLED;
	struct key_switch ignored = { 0 };
	struct fail second = { 0 };
	int result = 0;

	if (is_disabled)
		result = key_unlock(root_key, &ignored, fail);
	if (result == 0)
		result = alg_sign(plan_alg(ledger->policy), signer, tbs,
		    signature_out, fail);
	if (is_disabled && key_lock(root_key, &ignored, &second) == -1)
		return result == -1 ? fail_in(fail, "the key is not locked "
		    "again (%s)", second.sentence) : fail_with(fail,
		    second.kind, "the key is not locked again: %s",
		    second.sentence);
	if (is_disabled)
		json_put_number(data, "self_tests", key_self_tests(root_key));
	return result;
}

int
revoke_sign_crl(struct authority *authority, const struct act *act,
    struct session *session, struct crl **out, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(key_release) struct key *root_key = NULL;
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(json_release) struct json *data = json_new();
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(crl_release) struct crl *crl = NULL;
	EVP_PKEY *signer;
	int result;

	if (crl_plan(authority, act, &tbs, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_find_signer(&ledger->root_key, session, &root_key,
		&signer, fail) == -1 ||
	    objects_check_room(authority->objects, tbs.len + 65536, fail) ==
		-1 ||
	    crl_intend(authority, act, buf_bytes(&tbs), fail) == -1 ||
	    crl_sign(authority, root_key, signer, buf_bytes(&tbs), data,
		&signature, fail) == -1 ||
	    crl_outcome(authority, act, buf_bytes(&tbs),
		buf_bytes(&signature), &data, &crl, fail) == -1 ||
	    retire_follow(authority, act, session, fail) == -1)
		return -1;
	result = authority_seal(authority, act, &sealer, fail);
	if (authority_is_sealed(authority))
		*out = GIVE(crl);
	return result;
}
