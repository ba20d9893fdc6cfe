/* SPDX-License-Identifier: Apache-2.0 */
/* From recorded inputs to the bytes that were signed, again. */
#include <anchorite/out/audit.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/cross.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/vet.h>

#include "audit_internal.h"

void
audit_intent_release(struct audit_intent *intent)
{
	for (size_t n = 0; n < intent->count; n++)
		buf_release(&intent->items[n].tbs);
	free(intent->items);
	*intent = (struct audit_intent){ 0 };
}

/* Are these the bytes of that digest? */
static bool
is_digest_of(const struct digest *digest, struct bytes content)
{
	struct digest found;

	digest_of(content, &found);
	return digest_is_equal(&found, digest);
}

/* The newest intent must be what its inputs give. */
static int
derived_check(const struct intent_item *item, struct bytes key,
    struct bytes tbs, struct fail *fail)
{
	if (key.len > 0 && !is_digest_of(&item->key, key))
		return fail_with(fail, FAIL_JOURNAL,
		    "the key recorded is not the one to be certified");
	if (!is_digest_of(&item->tbs, tbs))
		return fail_with(fail, FAIL_JOURNAL, "the bytes to be signed "
		    "do not derive from the recorded inputs");
	return 0;
}

static int
root_derive(struct auditor *auditor, const struct intent_item *item,
    struct buf *tbs, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	struct bytes key = buf_bytes(&ledger->root_key.spki);

	if (plan_root(ledger->policy, key, &item->serial, ledger->intent.time,
	    tbs, fail) == -1)
		return -1;
	return derived_check(item, key, buf_bytes(tbs), fail);
}

static int
crl_derive(struct auditor *auditor, const struct intent_item *item,
    struct buf *tbs, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;

	if (plan_crl(ledger, ledger->intent.crl_number, ledger->intent.time,
	    tbs, fail) == -1)
		return -1;
	return derived_check(item, bytes_of(NULL, 0), buf_bytes(tbs), fail);
}

static int
ocsp_derive(struct auditor *auditor, const struct intent_item *item,
    struct buf *tbs, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;

	if (plan_ocsp(ledger, &item->serial, ledger->intent.time, tbs,
	    fail) == -1)
		return -1;
	return derived_check(item, bytes_of(NULL, 0), buf_bytes(tbs), fail);
}

/* A cross-certificate stands beside another one; nothing else does. */
static int
existing_get(struct auditor *auditor, const struct intent_item *item,
    const struct policy_profile *profile, struct cert **out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };

	if (item->has_existing != (profile->type == PROFILE_CROSS))
		return fail_with(fail, FAIL_JOURNAL, "profile %s: %s existing "
		    "certificate is recorded", profile->name,
		    item->has_existing ? "an" : "no");
	if (!item->has_existing)
		return 0;
	if (audit_objects_get(&auditor->objects, &item->existing, &der,
		fail) == -1 ||
	    cert_read(buf_bytes(&der), out, fail) == -1)
		return fail_in(fail, "existing certificate");
	return 0;
}

/*
 * As of then: a rule that came later does not unmake what was signed, and the
 * ledger knows of what was before. Whether a key may come again was asked for
 * on the command line; a prime in common with all keys before is not looked
 * for, which would take longer with each.
 */
static int
vet_again(const struct auditor *auditor, struct csr *csr,
    const struct policy_profile *profile, struct fail *fail)
{
	AUTO(seen_release) struct seen *seen =
	    seen_new(auditor->ledger, NULL);
	struct vet_case vet = {
		.csr = csr,
		.profile = profile,
		.seen = seen,
		.reissue = true,
	};

	return vet_request(&vet, auditor->ledger->intent.time, fail);
}

static int
certificate_derive(struct auditor *auditor, const struct intent_item *item,
    struct buf *tbs, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	const struct policy_profile *profile;
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(cert_release) struct cert *existing = NULL;
	AUTO(buf_release) struct buf request = { 0 };

	if (policy_profile(ledger->policy, item->profile, &profile, fail) ==
		-1 ||
	    audit_objects_get(&auditor->objects, &item->request, &request,
		fail) == -1 ||
	    csr_survey(buf_bytes(&request), &csr, fail) == -1 ||
	    vet_again(auditor, csr, profile, fail) == -1 ||
	    existing_get(auditor, item, profile, &existing, fail) == -1 ||
	    plan_cross(ledger->policy, profile, csr, existing, ledger->root,
		&item->serial, ledger->intent.time, tbs, fail) == -1 ||
	    (existing != NULL && cross_check(existing, buf_bytes(tbs),
		plan_alg(ledger->policy), ledger->root, ledger->intent.time,
		fail) == -1))
		return -1;
	return derived_check(item, csr->spki.der, buf_bytes(tbs), fail);
}

/* By enum audit_kind: all that the root key signs. */
static const struct {
	const char *name, *event;
	bool is_one;			/* an intent of it has one item */
	int (*derive)(struct auditor *auditor, const struct intent_item *item,
	    struct buf *tbs, struct fail *fail);
} kinds[] = {
	[AUDIT_ROOT] = { "root certificate", "root-intent", true,
	    root_derive },
	[AUDIT_CERTIFICATE] = { "certificate", "sign-intent", false,
	    certificate_derive },
	[AUDIT_CRL] = { "CRL", "crl-intent", true, crl_derive },
	[AUDIT_OCSP] = { "OCSP response", "ocsp-intent", false, ocsp_derive },
};

const char *
audit_kind_name(enum audit_kind kind)
{
	return kinds[kind].name;
}

static int
kind_find(const char *event, enum audit_kind *out, struct fail *fail)
{
	for (size_t n = 0; n < COUNT(kinds); n++)
		if (strcmp(kinds[n].event, event) == 0) {
			*out = (enum audit_kind)n;
			return 0;
		}
	return fail_with(fail, FAIL_JOURNAL,
	    "%s: of a kind that cannot be derived", event);
}

/* Is it what is looked for? */
static void
quarry_intend(const struct auditor *auditor, const struct audit_item *item)
{
	struct audit_quarry *quarry = auditor->quarry;

	/* The same bytes may be signed twice, by two equal moments. */
	if (quarry == NULL || quarry->is_exact || !digest_is_equal(
	    &quarry->tbs, &item->tbs_digest))
		return;
	quarry->trace.kind = auditor->intent.kind;
	quarry->trace.intended = auditor->intent.seq;
}

int
audit_fail_in_item(const struct audit_intent *intent, size_t n,
    struct fail *fail)
{
	return kinds[intent->kind].is_one ? -1 :
	    fail_in(fail, "item %zu", n + 1);
}

static int
intent_derive(struct auditor *auditor, struct fail *fail)
{
	const struct intent *intent = &auditor->ledger->intent;
	struct audit_intent *ours = &auditor->intent;

	audit_intent_release(ours);
	if (kind_find(intent->event, &ours->kind, fail) == -1)
		return -1;
	ours->seq = intent->seq;
	ours->items = mem_new(intent->count, sizeof(*ours->items));
	for (; ours->count < intent->count; ours->count++) {
		struct audit_item *item = &ours->items[ours->count];

		item->serial = intent->items[ours->count].serial;
		item->tbs_digest = intent->items[ours->count].tbs;
		if (kinds[ours->kind].derive(auditor,
		    &intent->items[ours->count], &item->tbs, fail) == -1) {
			buf_release(&item->tbs);
			return audit_fail_in_item(ours, ours->count, fail);
		}
		quarry_intend(auditor, item);
	}
	return 0;
}

int
audit_derive(struct auditor *auditor, const struct record *record,
    struct fail *fail)
{
	int64_t open = auditor->ledger->intent.seq;

	if (open == record->seq)
		return intent_derive(auditor, fail);
	if (auditor->intent.seq != 0 && open == 0)
		return audit_check_outcome(auditor, record, fail);
	return 0;
}
