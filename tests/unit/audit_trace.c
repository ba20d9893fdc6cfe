/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/out/audit.h>

static struct audit_trace
trace(const struct world *w, struct bytes der)
{
	struct audit_trace found = { .intended = 77 };

	MUST(audit_trace(w->path, der, &found, &fault));
	return found;
}

static void
refuse(const struct world *w, struct bytes der, enum fail_kind kind,
    const char *sentence)
{
	struct audit_trace untouched = { .intended = 77 };

	MUST_FAIL(kind, sentence,
	    audit_trace(w->path, der, &untouched, &fault));
	assert_int_equal(untouched.intended, 77);
}

static void
want_derived(const struct world *w, const struct digest *digest,
    enum audit_kind kind, int64_t intended, int64_t recorded)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct audit_trace found;

	MUST(objects_get(w->authority->objects, digest, &der, &fault));
	found = trace(w, buf_bytes(&der));
	assert_int_equal(found.kind, kind);
	assert_int_equal(found.intended, intended);
	assert_int_equal(found.recorded, recorded);
}

static void
what_was_issued_derives(void **state)
{
	struct world *w = *state;
	const struct ledger *l = w->authority->ledger;
	const struct serial a = serial_of(SERIAL_A);

	want_derived(w, &l->root->digest, AUDIT_ROOT, 5, 6);
	want_derived(w, &l->issued[0].certificate, AUDIT_CERTIFICATE, 8, 9);
	want_derived(w, &l->issued[1].certificate, AUDIT_CERTIFICATE, 11, 12);
	want_derived(w, &l->crl, AUDIT_CRL, 16, 17);
	record_ocsp(w, SERIAL_A);
	world_seal(w);
	want_derived(w, &ledger_find(l, &a)->ocsp, AUDIT_OCSP, 19, 20);
	assert_string_equal(audit_kind_name(AUDIT_ROOT), "root certificate");
	assert_string_equal(audit_kind_name(AUDIT_CERTIFICATE),
	    "certificate");
	assert_string_equal(audit_kind_name(AUDIT_CRL), "CRL");
	assert_string_equal(audit_kind_name(AUDIT_OCSP), "OCSP response");
}

/* Signed in the moment of a crash, and then carried away. */
static void
what_was_intended_is_possible(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct audit_trace possibly;

	record_sign_intent(w, SERIAL_A, &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	possibly = trace(w, buf_bytes(&der));
	assert_int_equal(possibly.kind, AUDIT_CERTIFICATE);
	assert_int_equal(possibly.intended, 8);
	assert_int_equal(possibly.recorded, 0);
	record_recovered(w, NULL);
	world_seal(w);
	possibly = trace(w, buf_bytes(&der));
	assert_int_equal(possibly.intended, 8);
	assert_int_equal(possibly.recorded, 0);
}

/* The same bytes, signed twice: the second signature stands nowhere. */
static void
other_signature_is_shown(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf one = { 0 };
	AUTO(buf_release) struct buf other = { 0 };

	record_sign_intent(w, SERIAL_A, &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &one);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &other);
	record_signed(w, SERIAL_A, buf_bytes(&one));
	world_seal(w);
	assert_int_equal(trace(w, buf_bytes(&one)).recorded, 9);
	refuse(w, buf_bytes(&other), FAIL_JOURNAL, "signed by the root's key "
	    "as record 8 intended, but record 9 has another signature");
}

/* A certificate made with the root's key by another program: OpenSSL. */
static void
make_elsewhere(EVP_PKEY *signer, const EVP_MD *hash, int version,
    struct buf *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_NAME *name = X509_NAME_new();
	X509 *x509 = X509_new();
	uint8_t *der = NULL;
	int len;

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const uint8_t *)"Root", -1, -1, 0), 1);
	assert_int_equal(X509_set_version(x509, version), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), 99), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 86400));
	assert_int_equal(X509_set_issuer_name(x509, name), 1);
	assert_int_equal(X509_set_subject_name(x509, name), 1);
	assert_int_equal(X509_set_pubkey(x509, key), 1);
	assert_true(X509_sign(x509, signer, hash) > 0);
	len = i2d_X509(x509, &der);
	assert_true(len > 0);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x509);
	X509_NAME_free(name);
	EVP_PKEY_free(key);
}

static void
what_is_outside_does_not_derive(void **state)
{
	static const char nowhere[] = "signed by the root's key, but no "
	    "record of this journal speaks of it";
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(csr_release) struct csr *csr = new_csr("Sub");
	struct serial serial = serial_of("7f01");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf openssl = { 0 };
	AUTO(buf_release) struct buf old = { 0 };
	AUTO(buf_release) struct buf crl = { 0 };

	MUST(plan_certificate(ledger->policy, &ledger->policy->profiles[0],
	    csr, ledger->root, &serial, w->act.now, &tbs, &fault));
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	refuse(w, buf_bytes(&der), FAIL_JOURNAL, nowhere);
	make_elsewhere(w->root_key, EVP_sha384(), 2, &openssl);
	refuse(w, buf_bytes(&openssl), FAIL_JOURNAL, nowhere);
	/* Whatever its version and its hash. */
	make_elsewhere(w->root_key, EVP_sha256(), 0, &old);
	refuse(w, buf_bytes(&old), FAIL_JOURNAL, nowhere);
	tbs.len = 0;
	MUST(plan_crl(ledger, 2, w->act.now, &tbs, &fault));
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &crl);
	refuse(w, buf_bytes(&crl), FAIL_JOURNAL, nowhere);
}

static void
what_is_not_of_this_root_is_refused(void **state)
{
	static const char sentence[] = "not signed by the root's key";
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	AUTO(buf_release) struct buf one = { 0 };
	AUTO(buf_release) struct buf two = { 0 };
	AUTO(buf_release) struct buf broken = { 0 };

	make_elsewhere(stranger, EVP_sha384(), 2, &one);
	refuse(w, buf_bytes(&one), FAIL_INPUT, sentence);
	make_elsewhere(rsa, EVP_sha256(), 2, &two);
	refuse(w, buf_bytes(&two), FAIL_INPUT, sentence);
	refuse(w, buf_bytes(&w->authority->ledger->journal_certificate->der),
	    FAIL_INPUT, sentence);
	/* The bytes of a record, the signature of none. */
	MUST(objects_get(w->authority->objects,
	    &w->authority->ledger->issued[0].certificate, &broken, &fault));
	broken.data[broken.len - 1] ^= 1;
	refuse(w, buf_bytes(&broken), FAIL_INPUT, sentence);
	refuse(w, bytes_text("certificate"), FAIL_INPUT, "not DER");
	EVP_PKEY_free(stranger);
	EVP_PKEY_free(rsa);
}

static void
unsound_journal_answers_nothing(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf der = { 0 };

	MUST(objects_get(w->authority->objects,
	    &w->authority->ledger->issued[0].certificate, &der, &fault));
	world_rewrite(w, "superseded", "keyCompromise");
	refuse(w, buf_bytes(&der), FAIL_JOURNAL, "test: journal: record 16: "
	    "the bytes to be signed do not derive from the recorded inputs");
}

static void
without_a_root_nothing_is_of_it(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf der = { 0 };

	record_init(w, policy_text);
	world_seal(w);
	make_elsewhere(w->root_key, EVP_sha384(), 2, &der);
	refuse(w, buf_bytes(&der), FAIL_INPUT,
	    "the authority has no root key yet");
	MUST_FAIL(FAIL_INPUT, "/nowhere: No such file",
	    audit_trace("/nowhere", buf_bytes(&der),
		&(struct audit_trace){ 0 }, &fault));
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(what_was_issued_derives, world_setup_full),
		IN(what_was_intended_is_possible, world_setup),
		IN(other_signature_is_shown, world_setup),
		IN(what_is_outside_does_not_derive, world_setup_full),
		IN(what_is_not_of_this_root_is_refused, world_setup_full),
		IN(unsound_journal_answers_nothing, world_setup_full),
		IN(without_a_root_nothing_is_of_it, world_setup_empty),
	};

	return cmocka_run_group_tests_name("audit_trace", tests, NULL, NULL);
}
