/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define NOW  INT64_C(1795242648)
#define DAY  INT64_C(86400)
#define YEAR (365 * DAY)

/* An authority of two: all that their certificates are made of. */
struct party {
	EVP_PKEY *key;
	struct buf name, spki, der;
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert_plan plan;
};

static void
party_make(struct party *party, EVP_PKEY *key, const char *name)
{
	const struct name_pair pairs[] = { { "C", "CH" }, { "CN", name } };
	struct fail fail = { 0 };

	memset(party, 0, sizeof(*party));
	party->key = key;
	assert_non_null(key);
	assert_int_equal(name_write(pairs, COUNT(pairs), &party->name,
	    &fail), 0);
	assert_int_equal(spki_write(key, &party->spki, &fail), 0);
	assert_int_equal(spki_identifier(buf_bytes(&party->spki),
	    party->identifier, &fail), 0);
	party->plan = (struct cert_plan){
		.serial = { { 0x40, 1 }, 2 },
		.subject = buf_bytes(&party->name),
		.not_before = NOW - 3600,
		.not_after = NOW + 10 * YEAR,
		.spki = buf_bytes(&party->spki),
		.extensions = {
			.ca = true,
			.path_length = -1,
			.key_usage = 1U << EXT_KU_DIGITAL_SIGNATURE |
			    1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN,
			.subject_key = party->identifier,
		},
	};
}

static void
party_release(struct party *party)
{
	EVP_PKEY_free(party->key);
	buf_release(&party->name);
	buf_release(&party->spki);
	buf_release(&party->der);
}

static void
issue(struct party *subject, const struct party *issuer, const char *alg)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	struct fail fail = { 0 };

	subject->plan.alg = alg_find(alg);
	subject->plan.issuer = buf_bytes(&issuer->name);
	if (subject != issuer)
		subject->plan.extensions.authority_key = issuer->identifier;
	assert_int_equal(cert_build(&subject->plan, &tbs, &fail), 0);
	assert_int_equal(alg_sign(subject->plan.alg, issuer->key,
	    buf_bytes(&tbs), &signature, &fail), 0);
	alg_wrap(subject->plan.alg, buf_bytes(&tbs), buf_bytes(&signature),
	    &subject->der);
}

static X509 *
x509_of(const struct buf *der)
{
	const unsigned char *at = der->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der->len);

	assert_non_null(certificate);
	return certificate;
}

/* openssl verify -x509_strict -check_ss_sig -CAfile root sub */
static int
verify_strictly(const struct party *root, const struct party *sub)
{
	X509 *anchor = x509_of(&root->der), *certificate = x509_of(&sub->der);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int error;

	assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
	assert_int_equal(X509_STORE_CTX_init(context, store, certificate,
	    NULL), 1);
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT |
	    X509_V_FLAG_CHECK_SS_SIGNATURE);
	X509_STORE_CTX_set_time(context, 0, NOW);
	error = X509_verify_cert(context) == 1 ? X509_V_OK :
	    X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	X509_free(anchor);
	X509_free(certificate);
	return error;
}

static void
test_openssl_verifies(void **state)
{
	static const struct {
		const char *curve;	/* NULL: RSA-2048 */
		const char *alg;
	} cases[] = {
		{ "P-256", "ecdsa-sha256" }, { "P-384", "ecdsa-sha384" },
		{ "P-521", "ecdsa-sha512" }, { NULL, "rsa-sha256" },
		{ NULL, "rsa-pss-sha384" },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(party_release) struct party root = { 0 };
		AUTO(party_release) struct party sub = { 0 };
		AUTO(cert_release) struct cert *cert = NULL;
		struct fail fail = { 0 };

		party_make(&root, cases[n].curve == NULL ? EVP_RSA_gen(2048) :
		    EVP_EC_gen(cases[n].curve), "Root");
		party_make(&sub, EVP_EC_gen("P-256"), "Sub");
		sub.plan.extensions.path_length = 0;
		issue(&root, &root, cases[n].alg);
		issue(&sub, &root, cases[n].alg);
		assert_int_equal(verify_strictly(&root, &sub), X509_V_OK);
		assert_int_equal(cert_read(buf_bytes(&sub.der), &cert,
		    &fail), 0);
		assert_int_equal(cert_verify(cert, root.key, &fail), 0);
		sub.der.data[sub.der.len - 1] ^= 1;
		assert_int_equal(verify_strictly(&root, &sub),
		    X509_V_ERR_CERT_SIGNATURE_FAILURE);
	}
}

static void
test_verify_refuses_another_key(void **state)
{
	AUTO(party_release) struct party root = { 0 };
	AUTO(party_release) struct party other = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	struct fail fail = { 0 };

	(void)state;
	party_make(&root, EVP_EC_gen("P-256"), "Root");
	party_make(&other, EVP_EC_gen("P-256"), "Root");
	issue(&root, &root, "ecdsa-sha256");
	assert_int_equal(cert_read(buf_bytes(&root.der), &cert, &fail), 0);
	assert_int_equal(cert_verify(cert, other.key, &fail), -1);
	assert_string_equal(fail.sentence, "signature does not verify");
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

/* What was built is read as it was planned, and built again bit for bit. */
static void
test_read_and_rebuild(void **state)
{
	AUTO(party_release) struct party root = { 0 };
	AUTO(party_release) struct party sub = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	AUTO(buf_release) struct buf pem = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	struct cert_plan plan;
	struct fail fail = { 0 };

	(void)state;
	party_make(&root, EVP_EC_gen("P-384"), "Root");
	party_make(&sub, EVP_EC_gen("P-256"), "Sub");
	sub.plan.extensions.path_length = 2;
	issue(&sub, &root, "ecdsa-sha384");
	text_pem(&pem, "CERTIFICATE", buf_bytes(&sub.der));
	assert_int_equal(cert_read(buf_bytes(&pem), &cert, &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&cert->der),
	    buf_bytes(&sub.der)));
	assert_true(serial_is_equal(&cert->serial, &sub.plan.serial));
	assert_string_equal(cert->alg->name, "ecdsa-sha384");
	assert_int_equal(cert->not_before, NOW - 3600);
	assert_int_equal(cert->not_after, NOW + 10 * YEAR);
	assert_int_equal(cert->spki.kind, KEY_EC_P256);
	assert_true(cert->ca);
	assert_int_equal(cert->path_length, 2);
	assert_int_equal(cert->key_usage, sub.plan.extensions.key_usage);
	assert_true(bytes_is_equal(cert->issuer, buf_bytes(&root.name)));
	assert_true(bytes_is_equal(cert->subject, buf_bytes(&sub.name)));
	assert_true(bytes_is_equal(cert->subject_key,
	    bytes_of(sub.identifier, DIGEST_SHA1_LEN)));
	assert_true(bytes_is_equal(cert->authority_key,
	    bytes_of(root.identifier, DIGEST_SHA1_LEN)));
	assert_int_equal(cert->extension_count, 4);

	plan = (struct cert_plan){
		.serial = cert->serial, .alg = cert->alg,
		.issuer = cert->issuer, .subject = cert->subject,
		.not_before = cert->not_before, .not_after = cert->not_after,
		.spki = cert->spki.der,
		.extensions = {
			.ca = cert->ca, .path_length = cert->path_length,
			.key_usage = cert->key_usage,
			.subject_key = cert->subject_key.data,
			.authority_key = cert->authority_key.data,
		},
	};
	buf_text(&again, "x");
	assert_int_equal(cert_build(&plan, &again, &fail), 0);
	assert_true(bytes_is_equal(bytes_of(again.data + 1, again.len - 1),
	    cert->tbs));
}

/* The certificate that AWS Private CA documents. */
static void
test_documented_root(void **state)
{
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(buf_release) struct buf shown = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	uint8_t key[DIGEST_SHA1_LEN];
	char serial[SERIAL_HEX_SIZE];
	struct fail fail = { 0 };
	struct cert_plan plan;

	(void)state;
	assert_int_equal(file_load(
	    "tests/fixtures/acm-pca-documented-root.pem", 65536, &file,
	    &fail), 0);
	assert_int_equal(cert_read(buf_bytes(&file), &cert, &fail), 0);
	serial_hex(&cert->serial, serial);
	assert_string_equal(serial, "822e39aae54044e551010e64919961d2");
	name_show(cert->subject, &shown);
	assert_string_equal(buf_cstr(&shown), "C=US, O=Example Corp, "
	    "OU=Sales, ST=WA, CN=www.example.com, L=Seattle");
	assert_int_equal(cert_verify(cert, cert->spki.key, &fail), 0);
	assert_int_equal(spki_identifier(cert->spki.der, key, &fail), 0);
	assert_true(bytes_is_equal(cert->subject_key,
	    bytes_of(key, sizeof(key))));
	assert_int_equal(cert->authority_key.len, 0);

	plan = (struct cert_plan){
		.serial = cert->serial, .alg = cert->alg,
		.issuer = cert->issuer, .subject = cert->subject,
		.not_before = cert->not_before, .not_after = cert->not_after,
		.spki = cert->spki.der,
		.extensions = {
			.ca = true, .path_length = -1,
			.key_usage = 1U << EXT_KU_DIGITAL_SIGNATURE |
			    1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN,
			.subject_key = key,
		},
	};
	assert_int_equal(cert_build(&plan, &again, &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&again), cert->tbs));
}

static void
test_times_beyond_2049(void **state)
{
	AUTO(party_release) struct party root = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	struct fail fail = { 0 };
	X509 *certificate;

	(void)state;
	party_make(&root, EVP_EC_gen("P-256"), "Root");
	root.plan.not_after = NOW + 40 * YEAR;
	issue(&root, &root, "ecdsa-sha256");
	certificate = x509_of(&root.der);
	assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(certificate)),
	    V_ASN1_UTCTIME);
	assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(certificate)),
	    V_ASN1_GENERALIZEDTIME);
	X509_free(certificate);
	assert_int_equal(cert_read(buf_bytes(&root.der), &cert, &fail), 0);
	assert_int_equal(cert->not_after, NOW + 40 * YEAR);
}

/* A certificate with one stretch of its bytes exchanged for another. */
static void
expect_refused(const struct party *party, struct bytes from,
    struct bytes to, const char *sentence)
{
	struct cert *cert = NULL;
	struct fail fail = { 0 };
	uint8_t *at = memmem(party->der.data, party->der.len, from.data,
	    from.len);

	assert_non_null(at);
	assert_int_equal(from.len, to.len);
	memcpy(at, to.data, to.len);
	assert_int_equal(cert_read(buf_bytes(&party->der), &cert, &fail), -1);
	memcpy(at, from.data, from.len);
	assert_null(cert);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
test_read_refuses(void **state)
{
	AUTO(party_release) struct party root = { 0 };

	(void)state;
	party_make(&root, EVP_EC_gen("P-256"), "Root");
	issue(&root, &root, "ecdsa-sha256");
	expect_refused(&root, BYTES("\xa0\x03\x02\x01\x02"),
	    BYTES("\xa0\x03\x02\x01\x01"), "certificate: version not 3");
	expect_refused(&root, BYTES("\xa0\x03\x02\x01\x02"),
	    BYTES("\x04\x03\x02\x01\x02"),
	    "certificate: version 1, want 3");
	expect_refused(&root, BYTES("\x02\x02\x40\x01"),
	    BYTES("\x02\x02\x80\x01"), "certificate: serial number negative "
	    "(RFC 5280, 4.1.2.2)");
	expect_refused(&root, BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	    BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	    "certificate: signature algorithm within differs from the one "
	    "outside (RFC 5280, 4.1.1.2)");
	expect_refused(&root, BYTES("\x17\x0d" "2611"),
	    BYTES("\x17\x0d" "4911"), "certificate: validity: notBefore "
	    "2049-11-21T05:30:48Z is after notAfter 2036-11-18T06:30:48Z");
	expect_refused(&root, BYTES("\x17\x0d" "2611"),
	    BYTES("\x17\x0d" "2613"), "certificate: validity: time: want "
	    "YYMMDDHHMMSSZ through 2049, then YYYYMMDDHHMMSSZ");
	expect_refused(&root, BYTES("\xa3\x42"), BYTES("\x82\x42"),
	    "certificate: unique identifiers (RFC 5280, 4.1.2.8)");
	expect_refused(&root, BYTES("\x55\x1d\x0e"),
	    BYTES("\x55\x1d\x0f"), "certificate: extension keyUsage twice");
	expect_refused(&root, BYTES("\x31\x0b\x30"), BYTES("\x30\x0b\x30"),
	    "certificate: issuer: want SET, have SEQUENCE");
	expect_refused(&root, BYTES("Z\x30\x1c\x31"),
	    BYTES("Z\x30\x1c\x30"),
	    "certificate: subject: want SET, have SEQUENCE");
}

static void
test_read_refuses_files(void **state)
{
	AUTO(party_release) struct party root = { 0 };
	AUTO(buf_release) struct buf file = { 0 };
	struct cert *cert = NULL;
	struct fail fail = { 0 };

	(void)state;
	party_make(&root, EVP_EC_gen("P-256"), "Root");
	issue(&root, &root, "ecdsa-sha256");
	buf_put(&file, buf_bytes(&root.der));
	buf_text(&file, "x");
	assert_int_equal(cert_read(buf_bytes(&file), &cert, &fail), -1);
	assert_string_equal(fail.sentence, "certificate: trailing bytes");
	buf_release(&file);
	text_pem(&file, "X509 CRL", buf_bytes(&root.der));
	assert_int_equal(cert_read(buf_bytes(&file), &cert, &fail), -1);
	assert_non_null(strstr(fail.sentence, "X509 CRL"));
	buf_reserve(&file, 40000);
	memset(file.data, 0, 40000);
	file.len = 40000;
	assert_int_equal(cert_read(buf_bytes(&file), &cert, &fail), -1);
	assert_string_equal(fail.sentence,
	    "certificate: larger than 32768 bytes");
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_null(cert);
}

static void
test_build_refuses(void **state)
{
	AUTO(party_release) struct party root = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	const char *const url = "nothing";
	struct fail fail = { 0 };

	(void)state;
	party_make(&root, EVP_EC_gen("P-256"), "Root");
	root.plan.alg = alg_find("ecdsa-sha256");
	root.plan.extensions.crl_urls = (struct ext_texts){ &url, 1 };
	assert_int_equal(cert_build(&root.plan, &tbs, &fail), -1);
	assert_string_equal(fail.sentence, "extensions: crlDistributionPoints"
	    ": nothing: not an http, https or ldap URL");
	assert_int_equal(tbs.len, 0);
}

static void
test_serials(void **state)
{
	uint8_t random[SERIAL_MAX] = { 0 };
	char hex[SERIAL_HEX_SIZE];
	struct serial a, b;
	struct fail fail = { 0 };

	(void)state;
	serial_from_random(random, &a);
	serial_hex(&a, hex);
	assert_string_equal(hex, "4000000000000000000000000000000000000000");
	memset(random, 0xff, sizeof(random));
	serial_from_random(random, &b);
	serial_hex(&b, hex);
	assert_string_equal(hex, "7fffffffffffffffffffffffffffffffffffffff");
	assert_false(serial_is_equal(&a, &b));
	assert_int_equal(serial_read_hex(hex, &a, &fail), 0);
	assert_true(serial_is_equal(&a, &b));
	assert_int_equal(serial_read_hex("00:01:Ab", &a, &fail), 0);
	serial_hex(&a, hex);
	assert_string_equal(hex, "01ab");
}

static void
test_serials_refused(void **state)
{
	static const char want[] = ": not a serial number, want at most 20 "
	    "octets in hexadecimal";
	static const char *const texts[] = {
		"1", "01:", ":01", "0:1", "01::02", "xy", "01 02", "-01",
		"0102030405060708090a0b0c0d0e0f101112131415",
	};
	struct serial serial = { .len = 7 };
	struct fail fail = { 0 };
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(texts); n++) {
		assert_int_equal(serial_read_hex(texts[n], &serial, &fail),
		    -1);
		assert_string_equal(fail.sentence + strlen(texts[n]), want);
		assert_int_equal(fail.kind, FAIL_INPUT);
	}
	assert_int_equal(serial_read_hex("0000", &serial, &fail), -1);
	assert_string_equal(fail.sentence, "serial number zero, want a "
	    "positive one (RFC 5280, 4.1.2.2)");
	assert_int_equal(serial_read_hex(
	    "8000000000000000000000000000000000000000", &serial, &fail), -1);
	assert_string_equal(fail.sentence, "serial number longer than 20 "
	    "octets (RFC 5280, 4.1.2.2)");
	assert_int_equal(serial.len, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openssl_verifies),
		cmocka_unit_test(test_verify_refuses_another_key),
		cmocka_unit_test(test_read_and_rebuild),
		cmocka_unit_test(test_documented_root),
		cmocka_unit_test(test_times_beyond_2049),
		cmocka_unit_test(test_read_refuses),
		cmocka_unit_test(test_read_refuses_files),
		cmocka_unit_test(test_build_refuses),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_serials_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
