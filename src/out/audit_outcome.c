/* SPDX-License-Identifier: Apache-2.0 */
/* What came of an intent: is it what was derived, signed by the root? */
#include <anchorite/out/audit.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/plan.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/ocsp.h>

#include "audit_internal.h"

/* What an item came to: lends the digest of what was signed, or NULL where
 * the record, which closes the intent, knows of nothing. */
static const struct digest *
outcome_find(const struct auditor *auditor, const struct audit_item *item,
    bool is_recovered)
{
	const struct ledger *ledger = auditor->ledger;
	const struct issued *issued = ledger_find(ledger, &item->serial);
	enum audit_kind kind = auditor->intent.kind;

	if (kind == AUDIT_CERTIFICATE || (kind == AUDIT_ROOT && is_recovered))
		return issued != NULL && issued->has_certificate ?
		    &issued->certificate : NULL;
	/* Of these a record of its own is the only outcome. */
	if (is_recovered)
		return NULL;
	if (kind == AUDIT_OCSP)
		return &issued->ocsp;
	return kind == AUDIT_ROOT ? &ledger->root->digest : &ledger->crl;
}

/*
 * SEQUENCE { tbs, algorithm, signature }, where all but the signature is
 * known: it needs no reading, but must be these bytes. False where it is
 * not.
 */
static bool
signature_find(struct bytes der, const struct alg *alg, struct bytes tbs,
    struct buf *out)
{
	struct fail ignored = { 0 };
	struct bytes outer = { 0 }, bits = { 0 };

	if (der_next(&der, DER_SEQUENCE, &outer, NULL, &ignored) == -1 ||
	    der.len != 0 || outer.len < tbs.len + alg->der.len ||
	    memcmp(outer.data, tbs.data, tbs.len) != 0 ||
	    memcmp(outer.data + tbs.len, alg->der.data, alg->der.len) != 0)
		return false;
	outer = bytes_of(outer.data + tbs.len + alg->der.len,
	    outer.len - tbs.len - alg->der.len);
	if (der_next(&outer, DER_BIT_STRING, &bits, NULL, &ignored) == -1 ||
	    outer.len != 0 || bits.len == 0 || bits.data[0] != 0)
		return false;
	buf_append(out, bits.data + 1, bits.len - 1);
	return true;
}

/* The same of an OCSP response, whose signature stands further within. */
static bool
ocsp_signature_find(struct bytes der, const struct alg *alg,
    struct bytes tbs, struct buf *out)
{
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;
	struct fail ignored = { 0 };

	if (ocsp_read(der, &ocsp, &ignored) == -1 || ocsp->alg != alg ||
	    !bytes_is_equal(ocsp->tbs, tbs))
		return false;
	buf_put(out, ocsp->signature);
	return true;
}

/* What was signed is what was derived, by the root's key. */
static int
signed_check(struct auditor *auditor, const struct audit_item *item,
    const struct digest *outcome, struct fail *fail)
{
	const struct ledger *ledger = auditor->ledger;
	const struct alg *alg = plan_alg(ledger->policy);
	enum audit_kind kind = auditor->intent.kind;
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	struct bytes tbs = buf_bytes(&item->tbs);

	/* The ledger takes no root but one that it has verified. */
	if (kind == AUDIT_ROOT)
		return ledger->root != NULL ? 0 : fail_with(fail,
		    FAIL_JOURNAL, "finds a root certificate that no record "
		    "brings");
	if (audit_objects_get(&auditor->objects, outcome, &der, fail) == -1)
		return -1;
	if (!(kind == AUDIT_OCSP ? ocsp_signature_find : signature_find)(
	    buf_bytes(&der), alg, tbs, &signature))
		return fail_with(fail, FAIL_JOURNAL, "%s %s is not the one "
		    "intended", kind == AUDIT_OCSP ? "an" : "a",
		    audit_kind_name(kind));
	return alg_verify(alg, ledger->root->spki.key, tbs,
	    buf_bytes(&signature), fail);
}

static void
outcome_count(struct audit *counts, enum audit_kind kind)
{
	int64_t *const places[] = {
		[AUDIT_ROOT] = &counts->roots,
		[AUDIT_CERTIFICATE] = &counts->certificates,
		[AUDIT_CRL] = &counts->crls,
		[AUDIT_OCSP] = &counts->responses,
	};

	(*places[kind])++;
}

/* Is it what is looked for? */
static void
quarry_record(const struct auditor *auditor, const struct audit_item *item,
    const struct digest *outcome, int64_t seq)
{
	struct audit_quarry *quarry = auditor->quarry;

	if (quarry == NULL || quarry->is_exact || !digest_is_equal(
	    &quarry->tbs, &item->tbs_digest))
		return;
	quarry->trace.recorded = seq;
	quarry->is_exact = digest_is_equal(&quarry->whole, outcome);
}

static int
item_check(struct auditor *auditor, const struct audit_item *item,
    const struct record *record, struct fail *fail)
{
	bool is_recovered = strcmp(record->event, "recovered") == 0;
	const struct digest *outcome =
	    outcome_find(auditor, item, is_recovered);

	if (outcome == NULL) {
		auditor->counts.possibly++;
		return 0;
	}
	if (signed_check(auditor, item, outcome, fail) == -1)
		return -1;
	outcome_count(&auditor->counts, auditor->intent.kind);
	quarry_record(auditor, item, outcome, record->seq);
	return 0;
}

int
audit_check_outcome(struct auditor *auditor, const struct record *record,
    struct fail *fail)
{
	const struct audit_intent *intent = &auditor->intent;

	for (size_t n = 0; n < intent->count; n++)
		if (item_check(auditor, &intent->items[n], record, fail) == -1)
			return audit_fail_in_item(intent, n, fail);
	audit_intent_release(&auditor->intent);
	return 0;
}
