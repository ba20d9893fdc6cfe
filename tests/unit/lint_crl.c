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
#include <openssl/rsa.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/crl.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/lint.h>
#include <anchorite/x509/name.h>

#define BYTES(text) { (const uint8_t *)(text), sizeof(text) - 1 }
#define NOW INT64_C(1795242648)		/* 2026-11-21T06:30:48Z */
#define DAY INT64_C(86400)

/* A root, the lint under it, and a good plan of a CRL. */
struct fixture {
	EVP_PKEY *key;
	struct buf name, spki;
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert *root;
	struct lint *lint;
	struct crl_plan plan;
};

static struct fixture *
make(EVP_PKEY *key, enum key_kind kind, const char *alg, unsigned key_usage)
{
	static const struct name_pair pair = { "CN", "Root" };
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct cert_plan plan;
	struct fail fail = { 0 };

	fixture->key = key;
	assert_int_equal(name_write(&pair, 1, &fixture->name, &fail), 0);
	assert_int_equal(spki_write(key, &fixture->spki, &fail), 0);
	assert_int_equal(spki_identifier(buf_bytes(&fixture->spki),
	    fixture->identifier, &fail), 0);
	plan = (struct cert_plan){
		.serial = { { 1 }, 1 }, .alg = alg_find(alg),
		.issuer = buf_bytes(&fixture->name),
		.subject = buf_bytes(&fixture->name),
		.not_before = NOW - DAY, .not_after = NOW + 4000 * DAY,
		.spki = buf_bytes(&fixture->spki),
		.extensions = {
			.ca = true, .path_length = -1,
			.key_usage = key_usage,
			.subject_key = fixture->identifier,
		},
	};
	assert_int_equal(cert_build(&plan, &tbs, &fail), 0);
	assert_int_equal(alg_sign(plan.alg, key, buf_bytes(&tbs), &signature,
	    &fail), 0);
	alg_wrap(plan.alg, buf_bytes(&tbs), buf_bytes(&signature), &der);
	assert_int_equal(cert_read(buf_bytes(&der), &fixture->root, &fail),
	    0);
	assert_int_equal(lint_open(kind, fixture->root, &fixture->lint,
	    &fail), 0);
	fixture->plan = (struct crl_plan){
		.alg = plan.alg, .issuer = plan.subject,
		.authority_key = fixture->identifier, .number = 7,
		.this_update = NOW, .next_update = NOW + 90 * DAY,
	};
	return fixture;
}

static void
release(struct fixture **fixture)
{
	EVP_PKEY_free((*fixture)->key);
	buf_release(&(*fixture)->name);
	buf_release(&(*fixture)->spki);
	cert_release(&(*fixture)->root);
	lint_release(&(*fixture)->lint);
	free(*fixture);
	*fixture = NULL;
}

static int
setup(void **state)
{
	*state = make(EVP_EC_gen("P-256"), KEY_EC_P256, "ecdsa-sha256",
	    1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	release(&fixture);
	return 0;
}

static void
expect_tbs_refused(const struct fixture *fixture, const struct alg *alg,
    const struct buf *tbs, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(lint_crl(fixture->lint, alg, buf_bytes(tbs), NOW,
	    &fail), -1);
	/* What OpenSSL adds to some is its own. */
	assert_int_equal(strncmp(fail.sentence, sentence, strlen(sentence)),
	    0);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
expect_refused(const struct fixture *fixture, const char *sentence)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(crl_build(&fixture->plan, &tbs, &fail), 0);
	expect_tbs_refused(fixture, fixture->plan.alg, &tbs, sentence);
}

/* The good CRL with one stretch of its bytes exchanged for another. */
static void
expect_spoilt_refused(const struct fixture *fixture, struct bytes from,
    struct bytes to, const char *sentence)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	uint8_t *at;

	assert_int_equal(crl_build(&fixture->plan, &tbs, &fail), 0);
	at = memmem(tbs.data, tbs.len, from.data, from.len);
	assert_non_null(at);
	assert_int_equal(from.len, to.len);
	memcpy(at, to.data, to.len);
	expect_tbs_refused(fixture, fixture->plan.alg, &tbs, sentence);
}

static void
test_good(void **state)
{
	struct fixture *fixture = *state;
	AUTO(buf_release) struct buf empty = { 0 };
	AUTO(buf_release) struct buf full = { 0 };
	const struct crl_entry entries[] = {
		{ { { 2 }, 1 }, NOW, CRL_SUPERSEDED },
		{ { { 1 }, 1 }, NOW, CRL_UNSPECIFIED },
	};
	struct fail fail = { 0 };

	assert_int_equal(crl_build(&fixture->plan, &empty, &fail), 0);
	assert_int_equal(lint_crl(fixture->lint, fixture->plan.alg,
	    buf_bytes(&empty), NOW, &fail), 0);
	fixture->plan.entries = entries;
	fixture->plan.entry_count = COUNT(entries);
	assert_int_equal(crl_build(&fixture->plan, &full, &fail), 0);
	assert_int_equal(lint_crl(fixture->lint, fixture->plan.alg,
	    buf_bytes(&full), NOW, &fail), 0);
}

static void
test_large(void **state)
{
	struct fixture *fixture = *state;
	AUTO(auto_free) struct crl_entry *entries = mem_new(100000,
	    sizeof(*entries));
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	size_t n;

	for (n = 0; n < 100000; n++)
		entries[n] = (struct crl_entry){
			.serial = { { 1, (uint8_t)(n >> 16),
			    (uint8_t)(n >> 8), (uint8_t)n }, 4 },
			.revoked_at = NOW,
			.reason = CRL_SUPERSEDED,
		};
	fixture->plan.entries = entries;
	fixture->plan.entry_count = 100000;
	assert_int_equal(crl_build(&fixture->plan, &tbs, &fail), 0);
	assert_int_equal(lint_crl(fixture->lint, fixture->plan.alg,
	    buf_bytes(&tbs), NOW, &fail), 0);
	entries[99999] = entries[7];
	expect_refused(fixture, "lint: revokedCertificates (RFC 5280, "
	    "5.1.2.6): serial number 01000007 twice");
}

static void
test_needs_an_issuer(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(lint_release) struct lint *lint = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(lint_open(KEY_EC_P256, NULL, &lint, &fail), 0);
	assert_int_equal(crl_build(&fixture->plan, &tbs, &fail), 0);
	assert_int_equal(lint_crl(lint, fixture->plan.alg, buf_bytes(&tbs),
	    NOW, &fail), -1);
	assert_string_equal(fail.sentence,
	    "lint: a CRL needs its issuer's certificate");
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
test_version(void **state)
{
	static const struct bytes two = BYTES("\x02\x01\x01\x30");
	static const struct bytes one = BYTES("\x02\x01\x00\x30");

	expect_spoilt_refused(*state, two, one, "lint: version (RFC 5280, "
	    "5.1.2.1): 1, want 2");
}

static void
test_algorithm(void **state)
{
	static const struct bytes sha256 =
	    BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02");
	static const struct bytes sha384 =
	    BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x03");
	static const struct bytes sha1 =
	    BYTES("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01");
	static const struct bytes dsa =
	    BYTES("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x02");
	struct fixture *fixture = *state;
	struct alg other = *fixture->plan.alg;

	expect_spoilt_refused(fixture, sha256, sha384, "lint: algorithm "
	    "(RFC 5280, 5.1.1.2): the one within is not ecdsa-sha256");
	fixture->plan.alg = alg_find("ecdsa-sha512");
	expect_refused(fixture, "lint: algorithm (RFC 5280, 4.1.1.2): "
	    "ecdsa-sha512 does not fit a key of kind ec-p256");
	fixture->plan.alg = &other;
	other.der = sha1;
	expect_refused(fixture, "lint: hash (SP 800-131A, 3): SHA1, want "
	    "SHA-256, SHA-384 or SHA-512");
	other.der = dsa;
	expect_refused(fixture, "lint: algorithm (RFC 5280, 5.1.1.2): "
	    "ecdsa-sha256 is not accepted");
}

/* CN=Root, but a PrintableString. */
static void
test_issuer(void **state)
{
	static const struct bytes printable = BYTES("\x30\x0f\x31\x0d\x30\x0b"
	    "\x06\x03\x55\x04\x03\x13\x04Root");
	struct fixture *fixture = *state;

	fixture->plan.issuer = printable;
	expect_refused(fixture, "lint: issuer (RFC 5280, 5.1.2.3): differs "
	    "from the subject of the issuer's certificate");
}

static void
test_signer(void **state)
{
	struct fixture *fixture = make(EVP_EC_gen("P-256"), KEY_EC_P256,
	    "ecdsa-sha256", 1U << EXT_KU_KEY_CERT_SIGN);

	(void)state;
	expect_refused(fixture, "lint: signer (RFC 5280, 6.3.3 f): issuer's "
	    "keyUsage is without cRLSign");
	release(&fixture);
}

static void
test_times(void **state)
{
	static const struct bytes month = BYTES("\x17\x0d" "2611");
	static const struct bytes no_month = BYTES("\x17\x0d" "2613");
	struct fixture *fixture = *state;

	expect_spoilt_refused(fixture, month, no_month, "lint: time "
	    "(RFC 5280, 5.1.2.4): thisUpdate: not a time");
	fixture->plan.next_update = NOW;
	expect_refused(fixture, "lint: updates (RFC 5280, 5.1.2.5): "
	    "thisUpdate 2026-11-21T06:30:48Z is not before nextUpdate "
	    "2026-11-21T06:30:48Z");
	fixture->plan.this_update = NOW - DAY;
	expect_refused(fixture, "lint: updates (RFC 5280, 5.1.2.5): "
	    "nextUpdate 2026-11-21T06:30:48Z is past");
}

/* Hand-made: crl_build always writes nextUpdate. */
static void
test_no_next_update(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	size_t mark = der_begin(&tbs, DER_SEQUENCE);

	der_put_number(&tbs, 1);
	buf_put(&tbs, fixture->plan.alg->der);
	buf_put(&tbs, fixture->plan.issuer);
	der_put_time(&tbs, NOW);
	der_end(&tbs, mark);
	expect_tbs_refused(fixture, fixture->plan.alg, &tbs, "lint: time "
	    "(RFC 5280, 5.1.2.4): no nextUpdate");
}

static void
test_extensions(void **state)
{
	static const struct bytes aki = BYTES("\x55\x1d\x23");
	static const struct bytes number = BYTES("\x55\x1d\x14");
	static const struct bytes other = BYTES("\x55\x1d\x63");
	static const struct bytes seven = BYTES("\x04\x03\x02\x01\x07");
	static const struct bytes negative = BYTES("\x04\x03\x02\x01\x80");
	static const struct bytes zero = BYTES("\x04\x03\x02\x01\x00");
	struct fixture *fixture = *state;
	static const uint8_t key[DIGEST_SHA1_LEN] = "another-key-20-bytes";

	expect_spoilt_refused(fixture, aki, other, "lint: "
	    "authorityKeyIdentifier (RFC 5280, 5.2.1): absent, want the "
	    "issuer's subjectKeyIdentifier");
	expect_spoilt_refused(fixture, number, other, "lint: cRLNumber "
	    "(RFC 5280, 5.2.3): absent, or not a number from 1");
	expect_spoilt_refused(fixture, seven, negative, "lint: cRLNumber "
	    "(RFC 5280, 5.2.3): absent, or not a number from 1");
	expect_spoilt_refused(fixture, seven, zero, "lint: cRLNumber "
	    "(RFC 5280, 5.2.3): absent, or not a number from 1");
	fixture->plan.authority_key = key;
	expect_refused(fixture, "lint: authorityKeyIdentifier (RFC 5280, "
	    "5.2.1): not the issuer's subjectKeyIdentifier");
}

static void
test_entries(void **state)
{
	static const struct bytes reason = BYTES("\x0a\x01\x04");
	static const struct bytes hold = BYTES("\x0a\x01\x06");
	struct fixture *fixture = *state;
	const struct crl_entry entries[] = {
		{ { { 2 }, 1 }, NOW, CRL_SUPERSEDED },
		{ { { 0x81 }, 1 }, NOW, CRL_UNSPECIFIED },
		{ { { 2 }, 1 }, NOW, CRL_UNSPECIFIED },
	};

	fixture->plan.entries = entries;
	fixture->plan.entry_count = COUNT(entries);
	expect_refused(fixture, "lint: revokedCertificates (RFC 5280, "
	    "5.1.2.6): serial number 02 twice");
	fixture->plan.entry_count = 1;
	expect_spoilt_refused(fixture, reason, hold, "lint: reading back "
	    "(RFC 5280, 5.1): CRL: entry 1: reasonCode unknown");
}

/* The stand-in signs for real: a row that lies about its hash is found. */
static void
test_signature(void **state)
{
	struct fixture *fixture = make(EVP_RSA_gen(2048), KEY_RSA_2048,
	    "rsa-sha256", 1U << EXT_KU_CRL_SIGN);
	struct alg lying = *fixture->plan.alg;

	(void)state;
	lying.der = alg_find("rsa-sha512")->der;
	fixture->plan.alg = &lying;
	expect_refused(fixture, "lint: signature (RFC 5280, 5.1.1.3): does "
	    "not verify under the stand-in for the issuer");
	release(&fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_large),
		TEST(test_needs_an_issuer),
		TEST(test_version),
		TEST(test_algorithm),
		TEST(test_issuer),
		cmocka_unit_test(test_signer),
		TEST(test_times),
		TEST(test_no_next_update),
		TEST(test_extensions),
		TEST(test_entries),
		cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
