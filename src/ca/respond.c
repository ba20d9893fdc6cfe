/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/respond.h>

#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/outcome.h>
#include <anchorite/ca/plan.h>

/* What one response and its records take on the disk, at most. */
#define ROOM_EACH 4096
#define ROOM      262144

/* Responses under way. */
struct batch {
	const struct serial *serials;	/* lent */
	size_t count;
	struct buf *tbs;		/* owned, count of them */
	struct ocsp **out;		/* lent */
};

static void
batch_release(struct batch *batch)
{
	for (size_t n = 0; batch->tbs != NULL && n < batch->count; n++)
		buf_release(&batch->tbs[n]);
	free(batch->tbs);
}

int
respond_check(const struct authority *authority, const struct act *act,
    struct fail *fail)
{
	if (authority_check_ready(authority, act, "ocsp-intent", fail) == -1)
		return -1;
	return plan_check_issuer(authority->ledger->root, act->now, fail);
}

static int
batch_build(const struct authority *authority, const struct act *act,
    struct batch *batch, struct fail *fail)
{
	for (size_t n = 0; n < batch->count; n++)
		if (plan_ocsp(authority->ledger, &batch->serials[n], act->now,
		    &batch->tbs[n], fail) == -1)
			return -1;
	return 0;
}

static int
batch_intend(struct authority *authority, const struct act *act,
    const struct batch *batch, struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *items = json_new_list();
	AUTO(json_release) struct json *parameters =
	    deed_ocsp(batch->serials, batch->count);
	struct digest digest;

	if (authority_put_approval(authority, act, OPERATION_OCSP, parameters,
	    data, fail) == -1)
		return -1;
	for (size_t n = 0; n < batch->count; n++) {
		const struct serial *serial = &batch->serials[n];
		struct json *item = json_new();

		digest_of(buf_bytes(&batch->tbs[n]), &digest);
		json_put_digest(item, "tbs", &digest);
		json_put_hex(item, "serial",
		    bytes_of(serial->octets, serial->len));
		json_add(items, &item);
	}
	json_put(data, "items", &items);
	json_put_digest(data, "policy", &authority->ledger->policy->digest);
	return authority_append(authority, act, "ocsp-intent", &data, fail);
}

/* Read back from its bytes, verified, and held against what was meant. */
static int
response_check(const struct ledger *ledger, struct bytes der,
    struct bytes tbs, struct ocsp **out, struct fail *fail)
{
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;

	if (ocsp_read(der, &ocsp, fail) == -1 ||
	    ocsp_verify(ocsp, ledger->root, fail) == -1) {
		/* It was sound when built. */
		if (fail->kind == FAIL_INPUT)
			fail->kind = FAIL_TOKEN;
		return -1;
	}
	if (!bytes_is_equal(ocsp->tbs, tbs))
		return fail_with(fail, FAIL_TOKEN,
		    "signed bytes are not those that were built");
	*out = GIVE(ocsp);
	return 0;
}

static int
batch_sign(struct authority *authority, EVP_PKEY *signer,
    struct batch *batch, struct digest *objects, struct fail *fail)
{
	const struct alg *alg = plan_alg(authority->ledger->policy);

	for (size_t n = 0; n < batch->count; n++) {
		struct bytes tbs = buf_bytes(&batch->tbs[n]);
		AUTO(buf_release) struct buf signature = { 0 };
		AUTO(buf_release) struct buf der = { 0 };

		if (alg_sign(alg, signer, tbs, &signature, fail) == -1)
			return -1;
		ocsp_assemble(alg, tbs, buf_bytes(&signature), &der);
		if (response_check(authority->ledger, buf_bytes(&der), tbs,
			&batch->out[n], fail) == -1 ||
		    objects_put(authority->objects, buf_bytes(&der),
			&objects[n], fail) == -1)
			return -1;
	}
	return objects_sync(authority->objects, fail);
}

static int
respond(struct authority *authority, const struct act *act,
    struct batch *batch, struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(key_release) struct key *key = NULL;
	AUTO(json_release) struct json *data = json_new();
	AUTO(auto_free) struct digest *objects =
	    mem_new(batch->count, sizeof(*objects));
	EVP_PKEY *signer;

	if (batch_build(authority, act, batch, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_find_signer(&authority->ledger->root_key, session, &key,
		&signer, fail) == -1 ||
	    objects_check_room(authority->objects,
		ROOM + batch->count * ROOM_EACH, fail) == -1 ||
	    batch_intend(authority, act, batch, fail) == -1 ||
	    batch_sign(authority, signer, batch, objects, fail) == -1 ||
	    outcome_record(authority, act, objects, &data, fail) == -1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}

int
respond_sign(struct authority *authority, const struct act *act,
    const struct serial *serials, size_t count, struct session *session,
    struct ocsp **out, struct fail *fail)
{
	AUTO(batch_release) struct batch batch = {
		.serials = serials,
		.count = count,
		.tbs = mem_new(count, sizeof(*batch.tbs)),
		.out = out,
	};

	if (count < 1 || count > INTENT_MAX)
		return fail_with(fail, FAIL_USAGE, "OCSP: want 1 to %d "
		    "certificates, have %zu", INTENT_MAX, count);
	if (respond_check(authority, act, fail) == -1)
		return -1;
	if (respond(authority, act, &batch, session, fail) == 0)
		return 0;
	for (size_t n = 0; n < count && !authority_is_sealed(authority); n++)
		ocsp_release(&out[n]);
	return fail_in(fail, "OCSP");
}
