/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/crl.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define NOW INT64_C(1795242648)
#define DAY INT64_C(86400)

static const uint8_t authority_key[DIGEST_SHA1_LEN] = "authority-key--20-by";

struct fixture {
	EVP_PKEY *key;
	struct buf name;
	struct crl_plan plan;
};

static int
setup(void **state)
{
	static const struct name_pair pair = { "CN", "Root" };
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	struct fail fail = { 0 };

	fixture->key = EVP_EC_gen("P-256");
	if (fixture->key == NULL ||
	    name_write(&pair, 1, &fixture->name, &fail) != 0)
		return -1;
	fixture->plan = (struct crl_plan){
		.alg = alg_find("ecdsa-sha256"),
		.issuer = buf_bytes(&fixture->name),
		.authority_key = authority_key,
		.number = 1,
		.this_update = NOW,
		.next_update = NOW + 90 * DAY,
	};
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	EVP_PKEY_free(fixture->key);
	buf_release(&fixture->name);
	free(fixture);
	return 0;
}

static void
sign(const struct fixture *fixture, struct buf *der)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(crl_build(&fixture->plan, &tbs, &fail), 0);
	assert_int_equal(alg_sign(fixture->plan.alg, fixture->key,
	    buf_bytes(&tbs), &signature, &fail), 0);
	alg_wrap(fixture->plan.alg, buf_bytes(&tbs), buf_bytes(&signature),
	    der);
}

static X509_CRL *
openssl_crl(const struct buf *der)
{
	const unsigned char *at = der->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der->len);

	assert_non_null(crl);
	assert_ptr_equal(at, der->data + der->len);
	return crl;
}

static struct crl_entry *
make_entries(size_t count)
{
	struct crl_entry *entries = mem_new(count, sizeof(*entries));
	size_t n;

	for (n = 0; n < count; n++) {
		entries[n].serial.octets[0] = 0x40;
		entries[n].serial.octets[17] = (uint8_t)(n >> 16);
		entries[n].serial.octets[18] = (uint8_t)(n >> 8);
		entries[n].serial.octets[19] = (uint8_t)n;
		entries[n].serial.len = SERIAL_MAX;
		entries[n].revoked_at = NOW - (int64_t)n;
		entries[n].reason = n % 2 == 0 ? CRL_SUPERSEDED :
		    CRL_UNSPECIFIED;
	}
	return entries;
}

static void
test_empty(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf pem = { 0 };
	AUTO(crl_release) struct crl *crl = NULL;
	struct fail fail = { 0 };
	ASN1_INTEGER *number;
	X509_CRL *other;

	sign(fixture, &der);
	other = openssl_crl(&der);
	assert_int_equal(X509_CRL_get_version(other), 1);
	assert_int_equal(X509_CRL_verify(other, fixture->key), 1);
	assert_null(X509_CRL_get_REVOKED(other));
	assert_int_equal(X509_CRL_get_ext_count(other), 2);
	number = X509_CRL_get_ext_d2i(other, NID_crl_number, NULL, NULL);
	assert_int_equal(ASN1_INTEGER_get(number), 1);
	ASN1_INTEGER_free(number);
	X509_CRL_free(other);

	text_pem(&pem, "X509 CRL", buf_bytes(&der));
	assert_int_equal(crl_read(buf_bytes(&pem), &crl, &fail), 0);
	assert_int_equal(crl->entry_count, 0);
	assert_int_equal(crl->number, 1);
	assert_int_equal(crl->this_update, NOW);
	assert_int_equal(crl->next_update, NOW + 90 * DAY);
	assert_true(bytes_is_equal(crl->issuer, fixture->plan.issuer));
	assert_true(bytes_is_equal(crl->authority_key,
	    bytes_of(authority_key, sizeof(authority_key))));
	assert_int_equal(crl_verify(crl, fixture->key, &fail), 0);
}

static void
test_one_entry(void **state)
{
	struct fixture *fixture = *state;
	const struct crl_entry entry = {
		.serial = { { 0x81, 0x02 }, 2 },
		.revoked_at = NOW - DAY,
		.reason = CRL_CA_COMPROMISE,
	};
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(crl_release) struct crl *crl = NULL;
	struct crl_entry back = { 0 };
	struct fail fail = { 0 };
	ASN1_ENUMERATED *reason;
	X509_REVOKED *revoked;
	X509_CRL *other;
	struct bytes rest;

	fixture->plan.entries = &entry;
	fixture->plan.entry_count = 1;
	fixture->plan.number = UINT64_MAX;
	sign(fixture, &der);
	other = openssl_crl(&der);
	revoked = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(other), 0);
	assert_int_equal(ASN1_INTEGER_get(
	    X509_REVOKED_get0_serialNumber(revoked)), 0x8102);
	reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL,
	    NULL);
	assert_int_equal(ASN1_ENUMERATED_get(reason), 2);
	ASN1_ENUMERATED_free(reason);
	X509_CRL_free(other);

	assert_int_equal(crl_read(buf_bytes(&der), &crl, &fail), 0);
	assert_int_equal(crl->entry_count, 1);
	assert_true(crl->number == UINT64_MAX);
	rest = crl->entries;
	assert_int_equal(crl_next(&rest, &back, &fail), 0);
	assert_int_equal(rest.len, 0);
	assert_true(serial_is_equal(&back.serial, &entry.serial));
	assert_int_equal(back.revoked_at, entry.revoked_at);
	assert_int_equal(back.reason, entry.reason);
}

static void
test_hundred_thousand(void **state)
{
	struct fixture *fixture = *state;
	AUTO(auto_free) struct crl_entry *entries = make_entries(100000);
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(crl_release) struct crl *crl = NULL;
	struct crl_entry back = { 0 };
	struct fail fail = { 0 };
	struct bytes rest;
	X509_CRL *other;
	size_t n;

	fixture->plan.entries = entries;
	fixture->plan.entry_count = 100000;
	sign(fixture, &der);
	other = openssl_crl(&der);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(other)),
	    100000);
	assert_int_equal(X509_CRL_verify(other, fixture->key), 1);
	X509_CRL_free(other);
	assert_int_equal(crl_read(buf_bytes(&der), &crl, &fail), 0);
	assert_int_equal(crl->entry_count, 100000);
	rest = crl->entries;
	for (n = 0; n < 100000; n++) {
		assert_int_equal(crl_next(&rest, &back, &fail), 0);
		assert_memory_equal(&back, &entries[n], sizeof(back));
	}
}

static void
test_build_refuses_number_zero(void **state)
{
	struct fixture *fixture = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };

	fixture->plan.number = 0;
	assert_int_equal(crl_build(&fixture->plan, &tbs, &fail), -1);
	assert_string_equal(fail.sentence, "CRL number 0, want 1 or more");
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(tbs.len, 0);
}

/* The CRL with one stretch of its bytes exchanged for another. */
static void
expect_refused(const struct buf *der, struct bytes from, struct bytes to,
    const char *sentence)
{
	struct fail fail = { 0 };
	struct crl *crl = NULL;
	uint8_t *at = memmem(der->data, der->len, from.data, from.len);

	assert_non_null(at);
	assert_int_equal(from.len, to.len);
	memcpy(at, to.data, to.len);
	assert_int_equal(crl_read(buf_bytes(der), &crl, &fail), -1);
	memcpy(at, from.data, from.len);
	assert_null(crl);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
test_read_refuses(void **state)
{
	struct fixture *fixture = *state;
	AUTO(auto_free) struct crl_entry *entry = make_entries(1);
	AUTO(buf_release) struct buf der = { 0 };

	fixture->plan.entries = entry;
	fixture->plan.entry_count = 1;
	sign(fixture, &der);
	expect_refused(&der, BYTES("\x02\x01\x01\x30"),
	    BYTES("\x02\x01\x00\x30"), "CRL: version not 2");
	expect_refused(&der, BYTES("\x02\x01\x01\x30"),
	    BYTES("\x04\x01\x01\x30"), "CRL: version 1, want 2");
	expect_refused(&der, BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	    BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	    "CRL: signature algorithm within differs from the one outside "
	    "(RFC 5280, 5.1.1.2)");
	expect_refused(&der, BYTES("\x06\x03\x55\x04"),
	    BYTES("\x02\x03\x55\x04"), "CRL: issuer: want OBJECT IDENTIFIER, "
	    "have INTEGER");
	expect_refused(&der, BYTES("\x17\x0d" "2702"),
	    BYTES("\x04\x0d" "2702"), "CRL: nextUpdate (RFC 5280, 5.1.2.5): "
	    "want GeneralizedTime, have OCTET STRING");
	expect_refused(&der, BYTES("\x02\x14\x40"), BYTES("\x02\x14\x80"),
	    "CRL: entry 1: serial number negative (RFC 5280, 4.1.2.2)");
	expect_refused(&der, BYTES("\x0a\x01\x04"), BYTES("\x0a\x01\x07"),
	    "CRL: entry 1: reasonCode unknown");
	expect_refused(&der, BYTES("\x55\x1d\x14"), BYTES("\x55\x1d\x63"),
	    "CRL: no CRL number (RFC 5280, 5.2.3)");
	expect_refused(&der, BYTES("\x55\x1d\x23"), BYTES("\x55\x1d\x63"),
	    "CRL: no authority key identifier (RFC 5280, 5.2.1)");
	expect_refused(&der, BYTES("\x80\x14" "authority"),
	    BYTES("\x82\x14" "authority"),
	    "CRL: no authority key identifier (RFC 5280, 5.2.1)");
	expect_refused(&der, BYTES("\x04\x03\x02\x01\x01"),
	    BYTES("\x04\x03\x02\x01\x81"), "CRL: CRL number out of range");
}

/* A CRL with these entries and extensions, whatever they are. */
static void
expect_made_refused(const struct fixture *fixture, struct bytes entries,
    struct bytes extensions, const char *sentence)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	size_t all = der_begin(&tbs, DER_SEQUENCE), mark;
	struct fail fail = { 0 };
	struct crl *crl = NULL;

	der_put_number(&tbs, 1);
	buf_put(&tbs, fixture->plan.alg->der);
	buf_put(&tbs, fixture->plan.issuer);
	der_put_time(&tbs, NOW);
	der_put_time(&tbs, NOW + DAY);
	buf_put(&tbs, entries);
	mark = der_begin(&tbs, DER_CONTEXT_CONSTRUCTED(0));
	buf_put(&tbs, extensions);
	der_end(&tbs, mark);
	der_end(&tbs, all);
	alg_wrap(fixture->plan.alg, buf_bytes(&tbs), BYTES("x"), &der);
	assert_int_equal(crl_read(buf_bytes(&der), &crl, &fail), -1);
	assert_null(crl);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
test_read_refuses_critical(void **state)
{
	struct fixture *fixture = *state;

	expect_made_refused(fixture, BYTES(""),
	    BYTES("\x30\x11\x30\x0f\x06\x03\x55\x1d\x1c\x01\x01\xff"
	    "\x04\x05\x30\x03\x84\x01\xff"), "CRL: critical extension "
	    "issuingDistributionPoint not understood");
}

static void
test_read_refuses_entries(void **state)
{
	struct fixture *fixture = *state;

	expect_made_refused(fixture, BYTES("\x30\x00"), BYTES(""),
	    "CRL: empty revokedCertificates (RFC 5280, 5.1.2.6)");
	expect_made_refused(fixture, BYTES("\x30\x24\x30\x22\x02\x01\x01"
	    "\x17\x0d" "260101000000Z" "\x30\x0e\x30\x0c\x06\x03\x55\x1d"
	    "\x1d\x01\x01\xff\x04\x02\x30\x00"), BYTES(""),
	    "CRL: entry 1: critical extension certificateIssuer not "
	    "understood");
}

static void
test_reasons(void **state)
{
	static const char *const names[] = {
		"unspecified", "keyCompromise", "cACompromise",
		"affiliationChanged", "superseded", "cessationOfOperation",
		NULL, NULL, NULL, "privilegeWithdrawn", NULL,
	};
	enum crl_reason reason;
	struct fail fail = { 0 };
	int n;

	(void)state;
	for (n = 0; n < (int)COUNT(names); n++) {
		if (names[n] == NULL) {
			assert_null(crl_reason_name(n));
			continue;
		}
		assert_string_equal(crl_reason_name(n), names[n]);
		assert_int_equal(crl_reason_read(names[n], &reason, &fail), 0);
		assert_int_equal(reason, n);
	}
	reason = CRL_SUPERSEDED;
	assert_int_equal(crl_reason_read("superceded", &reason, &fail), -1);
	assert_string_equal(fail.sentence,
	    "unknown reason superceded, is superseded meant?");
	assert_int_equal(crl_reason_read("?", &reason, &fail), -1);
	assert_string_equal(fail.sentence, "unknown reason ?, want one of "
	    "unspecified, keyCompromise, cACompromise, affiliationChanged, "
	    "superseded, cessationOfOperation, privilegeWithdrawn");
	assert_int_equal(fail.kind, FAIL_USAGE);
	assert_int_equal(reason, CRL_SUPERSEDED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty),
		TEST(test_one_entry),
		TEST(test_hundred_thousand),
		TEST(test_build_refuses_number_zero),
		TEST(test_read_refuses),
		TEST(test_read_refuses_critical),
		TEST(test_read_refuses_entries),
		TEST(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
