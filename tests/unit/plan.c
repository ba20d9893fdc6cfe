/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/plan.h>

#define SERIAL "4102030405060708090a0b0c0d0e0f1011121314"

static const struct policy_profile *
profile(const struct world *w, const char *name)
{
	const struct policy_profile *found = NULL;

	MUST(policy_profile(w->authority->ledger->policy, name, &found,
	    &fault));
	return found;
}

/* Each plan, with all inputs the same but the time. */
static void
plan(const struct world *w, int which, const struct csr *csr, int64_t now,
    struct buf *out)
{
	const struct ledger *ledger = w->authority->ledger;
	struct bytes spki = buf_bytes(&ledger->root_key.spki);
	struct serial serial = serial_of(SERIAL);

	if (which == 0)
		MUST(plan_root(ledger->policy, spki, &serial, now, out,
		    &fault));
	else if (which == 1)
		MUST(plan_certificate(ledger->policy, profile(w, "sub"), csr,
		    ledger->root, &serial, now, out, &fault));
	else if (which == 2)
		MUST(plan_crl(ledger, 7, now, out, &fault));
	else
		MUST(plan_journal_certificate("name", spki, &serial, now, out,
		    &fault));
}

static void
plans_are_pure(void **state)
{
	struct world *w = *state;
	AUTO(csr_release) struct csr *csr = new_csr("Sub");

	for (int which = 0; which < 4; which++) {
		AUTO(buf_release) struct buf one = { 0 };
		AUTO(buf_release) struct buf same = { 0 };
		AUTO(buf_release) struct buf later = { 0 };

		buf_text(&same, "+");
		plan(w, which, csr, NOW + 7, &one);
		plan(w, which, csr, NOW + 7, &same);
		plan(w, which, csr, NOW + 8, &later);
		assert_int_equal(same.data[0], '+');
		assert_true(bytes_is_equal(buf_bytes(&one),
		    bytes_of(same.data + 1, same.len - 1)));
		assert_int_equal(one.len, later.len);
		assert_false(bytes_is_equal(buf_bytes(&one),
		    buf_bytes(&later)));
	}
}

/* The certificate of a plan, under any signature. */
static struct cert *
planned(struct world *w, const char *name, int64_t now)
{
	const struct ledger *ledger = w->authority->ledger;
	AUTO(csr_release) struct csr *csr = new_csr("Sub");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct serial serial = serial_of(SERIAL);
	struct cert *cert = NULL;

	MUST(plan_certificate(ledger->policy, profile(w, name), csr,
	    ledger->root, &serial, now, &tbs, &fault));
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	MUST(cert_read(buf_bytes(&der), &cert, &fault));
	assert_true(bytes_is_equal(cert->spki.der, csr->spki.der));
	assert_true(bytes_is_equal(cert->subject, csr->subject));
	assert_true(serial_is_equal(&cert->serial, &serial));
	return cert;
}

static void
certificates_are_the_policys(void **state)
{
	struct world *w = *state;
	const struct cert *root = w->authority->ledger->root;
	AUTO(cert_release) struct cert *cert = planned(w, "sub", NOW + DAY);
	uint8_t identifier[DIGEST_SHA1_LEN];

	assert_int_equal(cert->not_before, NOW + DAY - 3600);
	assert_int_equal(cert->not_after,
	    period_after(NOW + DAY, (struct period){ .years = 10 }));
	assert_true(cert->ca);
	assert_int_equal(cert->path_length, 0);
	assert_true(bytes_is_equal(cert->issuer, root->subject));
	assert_true(bytes_is_equal(cert->authority_key, root->subject_key));
	MUST(spki_identifier(cert->spki.der, identifier, &fault));
	assert_true(bytes_is_equal(cert->subject_key,
	    bytes_of(identifier, sizeof(identifier))));
	assert_ptr_equal(cert->alg, alg_find("ecdsa-sha384"));
	assert_ptr_equal(plan_alg(w->authority->ledger->policy), cert->alg);
}

static void
nothing_begins_before_the_root(void **state)
{
	struct world *w = *state;
	const struct cert *root = w->authority->ledger->root;
	AUTO(cert_release) struct cert *cert = planned(w, "sub", NOW - 60);

	assert_int_equal(root->not_before, NOW - 3600);
	assert_int_equal(cert->not_before, root->not_before);
}

static void
nothing_outlives_the_root(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(csr_release) struct csr *csr = new_csr("Sub");
	AUTO(buf_release) struct buf tbs = { 0 };
	struct serial serial = serial_of(SERIAL);
	int64_t last = period_after(NOW, (struct period){ .years = 10 });

	assert_int_equal(ledger->root->not_after,
	    period_after(NOW, (struct period){ .years = 20 }));
	MUST(plan_certificate(ledger->policy, profile(w, "sub"), csr,
	    ledger->root, &serial, last, &tbs, &fault));
	tbs.len = 0;
	MUST_FAIL(FAIL_REFUSED, "validity: ends 2046-11-21T06:50:49Z, the "
	    "root ends 2046-11-21T06:50:48Z",
	    plan_certificate(ledger->policy, profile(w, "sub"), csr,
	    ledger->root, &serial, last + 1, &tbs, &fault));
	assert_int_equal(tbs.len, 0);
}

static void
match_issuer_ends_with_the_root(void **state)
{
	struct world *w = *state;
	int64_t end = w->authority->ledger->root->not_after;
	AUTO(cert_release) struct cert *early = planned(w, "whole", NOW);
	AUTO(cert_release) struct cert *late = planned(w, "whole", end - DAY);

	assert_int_equal(early->not_after, end);
	assert_int_equal(early->path_length, -1);
	assert_int_equal(late->not_after, end);
}

static struct crl *
planned_crl(struct world *w, int64_t now)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct crl *crl = NULL;

	MUST(plan_crl(w->authority->ledger, 7, now, &tbs, &fault));
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	MUST(crl_read(buf_bytes(&der), &crl, &fault));
	return crl;
}

static void
crls_hold_what_is_revoked(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(crl_release) struct crl *crl = planned_crl(w, NOW + DAY);
	struct bytes rest = crl->entries;
	struct crl_entry entry;

	assert_int_equal(crl->number, 7);
	assert_int_equal(crl->entry_count, 1);
	MUST(crl_next(&rest, &entry, &fault));
	assert_true(serial_is_equal(&entry.serial,
	    &ledger->issued[0].serial));
	assert_int_equal(entry.revoked_at, NOW);
	assert_int_equal(entry.reason, CRL_SUPERSEDED);
	assert_int_equal(crl->this_update, NOW + DAY - 3600);
	assert_int_equal(crl->next_update, NOW + 91 * DAY);
	assert_true(bytes_is_equal(crl->authority_key,
	    ledger->root->subject_key));
}

static void
crls_end_with_the_root(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	int64_t end = ledger->root->not_after;
	AUTO(crl_release) struct crl *crl = planned_crl(w, end - 90 * DAY + 1);

	assert_int_equal(crl->next_update, end);
	assert_int_equal(plan_crl_next_update(ledger, end - 90 * DAY), end);
	assert_int_equal(plan_crl_next_update(ledger, end - 90 * DAY - 1),
	    end - 1);
}

static struct ocsp *
planned_response(struct world *w, const char *serial_hex, int64_t now)
{
	struct serial serial = serial_of(serial_hex);
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	const struct alg *alg = alg_find("ecdsa-sha384");
	struct ocsp *ocsp = NULL;

	MUST(plan_ocsp(w->authority->ledger, &serial, now, &tbs, &fault));
	MUST(plan_ocsp(w->authority->ledger, &serial, now, &again, &fault));
	assert_true(bytes_is_equal(buf_bytes(&tbs), buf_bytes(&again)));
	MUST(alg_sign(alg, w->root_key, buf_bytes(&tbs), &signature,
	    &fault));
	ocsp_assemble(alg, buf_bytes(&tbs), buf_bytes(&signature), &der);
	MUST(ocsp_read(buf_bytes(&der), &ocsp, &fault));
	MUST(ocsp_verify(ocsp, w->authority->ledger->root, &fault));
	assert_true(serial_is_equal(&ocsp->serial, &serial));
	return ocsp;
}

static void
responses_say_what_the_ledger_does(void **state)
{
	struct world *w = *state;
	int64_t end = w->authority->ledger->root->not_after;
	AUTO(ocsp_release) struct ocsp *revoked =
	    planned_response(w, SERIAL_A, NOW + DAY);
	AUTO(ocsp_release) struct ocsp *good =
	    planned_response(w, SERIAL_B, NOW + DAY);
	AUTO(ocsp_release) struct ocsp *last =
	    planned_response(w, SERIAL_B, end - DAY);

	assert_int_equal(revoked->status, OCSP_REVOKED);
	assert_int_equal(revoked->revoked_at, NOW);
	assert_int_equal(revoked->reason, CRL_SUPERSEDED);
	assert_int_equal(good->status, OCSP_GOOD);
	assert_int_equal(good->produced_at, NOW + DAY);
	assert_int_equal(good->this_update, NOW + DAY - 3600);
	assert_int_equal(good->next_update, NOW + 91 * DAY);
	assert_int_equal(last->next_update, end);
}

static void
responses_are_of_what_was_issued(void **state)
{
	struct world *w = *state;
	struct serial serial = serial_of("06");
	AUTO(buf_release) struct buf tbs = { 0 };

	MUST_FAIL(FAIL_INPUT, "certificate 06: was never issued",
	    plan_ocsp(w->authority->ledger, &serial, NOW, &tbs, &fault));
	record_sign_intent(w, "77", &tbs);
	tbs.len = 0;
	serial = serial_of("77");
	MUST_FAIL(FAIL_INPUT, "certificate 77: was never issued",
	    plan_ocsp(w->authority->ledger, &serial, NOW, &tbs, &fault));
	record_recovered(w, NULL);
	MUST_FAIL(FAIL_REFUSED, "certificate 77: is only possibly issued; "
	    "nobody can call it good: revoke it",
	    plan_ocsp(w->authority->ledger, &serial, NOW, &tbs, &fault));
	assert_int_equal(tbs.len, 0);
	record_revoked(w, "77");
	MUST(plan_ocsp(w->authority->ledger, &serial, NOW, &tbs, &fault));
}

static void
journal_certificates_have_no_end(void **state)
{
	struct world *w = *state;
	const struct cert *cert = w->authority->ledger->journal_certificate;

	assert_int_equal(cert->not_before, NOW);
	assert_int_equal(cert->not_after, INT64_C(253402300799));
	assert_false(cert->ca);
	assert_int_equal(cert->key_usage, 1u << EXT_KU_DIGITAL_SIGNATURE);
	assert_true(bytes_is_equal(cert->issuer, cert->subject));
}

static void
what_is_no_key_is_refused(void **state)
{
	struct world *w = *state;
	struct serial serial = serial_of(SERIAL);
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(plan_root(w->authority->ledger->policy,
	    bytes_text("no key"), &serial, NOW, &tbs, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(plan_journal_certificate("a", bytes_of(NULL, 0),
	    &serial, NOW, &tbs, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(tbs.len, 0);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(plans_are_pure, world_setup_full),
		IN(certificates_are_the_policys, world_setup),
		IN(nothing_begins_before_the_root, world_setup),
		IN(nothing_outlives_the_root, world_setup),
		IN(match_issuer_ends_with_the_root, world_setup),
		IN(crls_hold_what_is_revoked, world_setup_full),
		IN(crls_end_with_the_root, world_setup_full),
		IN(responses_say_what_the_ledger_does, world_setup_full),
		IN(responses_are_of_what_was_issued, world_setup),
		IN(journal_certificates_have_no_end, world_setup_pending),
		IN(what_is_no_key_is_refused, world_setup),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
