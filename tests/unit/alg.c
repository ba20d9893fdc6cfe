/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/der.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define CONTENT BYTES("what is signed")
#define TBS     BYTES("\x30\x03\x02\x01\x2a")
#define SHA1_WITH_RSA \
	BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00")

static EVP_PKEY *
key_for(const struct alg *alg)
{
	return alg->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static void
test_table(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; alg_names[n] != NULL; n++) {
		const struct alg *alg = alg_at((int)n);
		struct fail fail = { 0 };

		assert_non_null(alg);
		assert_string_equal(alg->name, alg_names[n]);
		assert_ptr_equal(alg_find(alg->name), alg);
		assert_ptr_equal(alg_from_der(alg->der), alg);
		assert_int_equal(der_check(alg->der, &fail), 0);
	}
	assert_int_equal(n, 9);
	assert_null(alg_at((int)n));
	assert_null(alg_at(-1));
	assert_null(alg_find("rsa-sha1"));
	assert_null(alg_from_der(SHA1_WITH_RSA));
}

static void
test_fits(void **state)
{
	static const struct {
		enum key_kind kind;
		const char *names;
	} cases[] = {
		{ KEY_RSA_2048, "rsa-" }, { KEY_RSA_3072, "rsa-" },
		{ KEY_RSA_4096, "rsa-" }, { KEY_EC_P256, "ecdsa-sha256" },
		{ KEY_EC_P384, "ecdsa-sha384" },
		{ KEY_EC_P521, "ecdsa-sha512" },
	};
	const char *name;
	size_t n;
	int m;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		for (m = 0; (name = alg_names[m]) != NULL; m++)
			assert_int_equal(alg_fits(alg_at(m), cases[n].kind),
			    strncmp(name, cases[n].names,
			    strlen(cases[n].names)) == 0);
	}
}

/* ASN1_item_verify reads the parameters from the encoding, as others will. */
static int
openssl_verifies(const struct alg *alg, EVP_PKEY *key,
    struct bytes signature)
{
	const uint8_t *at = alg->der.data;
	X509_ALGOR *parsed = d2i_X509_ALGOR(NULL, &at, (long)alg->der.len);
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	int good;

	assert_int_equal(ASN1_BIT_STRING_set(bits,
	    (uint8_t *)(uintptr_t)signature.data, (int)signature.len), 1);
	bits->flags = ASN1_STRING_FLAG_BITS_LEFT;
	assert_int_equal(ASN1_OCTET_STRING_set(octets, CONTENT.data,
	    (int)CONTENT.len), 1);
	good = ASN1_item_verify(ASN1_ITEM_rptr(ASN1_OCTET_STRING), parsed,
	    bits, octets, key);
	X509_ALGOR_free(parsed);
	ASN1_BIT_STRING_free(bits);
	ASN1_OCTET_STRING_free(octets);
	return good;
}

static void
test_signs_and_verifies(void **state)
{
	struct fail fail = { 0 };
	int n;

	(void)state;
	for (n = 0; alg_at(n) != NULL; n++) {
		AUTO(buf_release) struct buf signature = { 0 };
		AUTO(buf_release) struct buf content = { 0 };
		EVP_PKEY *key = key_for(alg_at(n));

		der_put(&content, DER_OCTET_STRING, CONTENT);
		assert_int_equal(alg_sign(alg_at(n), key,
		    buf_bytes(&content), &signature, &fail), 0);
		assert_int_equal(alg_verify(alg_at(n), key,
		    buf_bytes(&content), buf_bytes(&signature), &fail), 0);
		assert_int_equal(openssl_verifies(alg_at(n), key,
		    buf_bytes(&signature)), 1);
		EVP_PKEY_free(key);
	}
}

static void
test_sign_appends(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const struct alg *alg = alg_find("ecdsa-sha256");
	struct fail fail = { 0 };

	(void)state;
	buf_text(&out, "before");
	assert_int_equal(alg_sign(alg, key, CONTENT, &out, &fail), 0);
	assert_memory_equal(out.data, "before", 6);
	assert_int_equal(alg_verify(alg, key, CONTENT,
	    bytes_of(out.data + 6, out.len - 6), &fail), 0);
	EVP_PKEY_free(key);
}

static void
expect_unverified(const struct alg *alg, EVP_PKEY *key, struct bytes content,
    struct bytes signature, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(alg_verify(alg, key, content, signature, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
test_refuses_signatures(void **state)
{
	static const char no[] = "signature does not verify";
	const struct alg *alg = alg_find("rsa-pss-sha256");
	AUTO(buf_release) struct buf signature = { 0 };
	EVP_PKEY *key = EVP_RSA_gen(2048), *other = EVP_RSA_gen(2048);
	struct fail fail = { 0 };
	struct bytes good;

	(void)state;
	assert_int_equal(alg_sign(alg, key, CONTENT, &signature, &fail), 0);
	good = buf_bytes(&signature);
	expect_unverified(alg, other, CONTENT, good, no);
	expect_unverified(alg, key, BYTES("another content"), good, no);
	expect_unverified(alg_find("rsa-sha256"), key, CONTENT, good, no);
	expect_unverified(alg_find("rsa-pss-sha384"), key, CONTENT, good, no);
	expect_unverified(alg, key, CONTENT, bytes_of(good.data, 255), no);
	expect_unverified(alg, key, CONTENT, bytes_of(NULL, 0), no);
	signature.data[9] ^= 1;
	expect_unverified(alg, key, CONTENT, good, no);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* What openssl does unless told otherwise: a salt as long as fits. */
static void
test_refuses_another_salt(void **state)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *settings;
	uint8_t signature[256];
	size_t len = sizeof(signature);

	(void)state;
	assert_int_equal(EVP_DigestSignInit(context, &settings, EVP_sha256(),
	    NULL, key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(settings,
	    RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings,
	    RSA_PSS_SALTLEN_MAX), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len,
	    CONTENT.data, CONTENT.len), 1);
	expect_unverified(alg_find("rsa-pss-sha256"), key, CONTENT,
	    bytes_of(signature, len), "signature does not verify");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

static void
test_refuses_a_key_of_another_type(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);
	struct fail fail = { 0 };

	(void)state;
	expect_unverified(alg_find("rsa-sha256"), ec, CONTENT, BYTES("x"),
	    "signature algorithm rsa-sha256 does not fit the key");
	expect_unverified(alg_find("ecdsa-sha384"), rsa, CONTENT, BYTES("x"),
	    "signature algorithm ecdsa-sha384 does not fit the key");
	assert_int_equal(alg_sign(alg_find("rsa-sha256"), ec, CONTENT, &out,
	    &fail), -1);
	assert_string_equal(fail.sentence,
	    "signature algorithm rsa-sha256 does not fit the key");
	assert_int_equal(out.len, 0);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

/*
 * A public half cannot sign; what OpenSSL says follows, and not what
 * somebody else left in its queue.
 */
static void
test_says_that_signing_failed(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *public;
	AUTO(buf_release) struct buf out = { 0 };
	AUTO(buf_release) struct buf spki = { 0 };
	struct fail fail = { 0 };
	const uint8_t *at;

	(void)state;
	assert_int_equal(spki_write(key, &spki, &fail), 0);
	at = spki.data;
	public = d2i_PUBKEY(NULL, &at, (long)spki.len);
	ERR_raise(ERR_LIB_RSA, RSA_R_MODULUS_TOO_LARGE);
	assert_int_equal(alg_sign(alg_find("ecdsa-sha256"), public, CONTENT,
	    &out, &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "signing: ", 9), 0);
	assert_null(strstr(fail.sentence, "modulus too large"));
	assert_int_equal(fail.kind, FAIL_TOKEN);
	assert_int_equal(out.len, 0);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

static void
test_unwraps_what_it_wraps(void **state)
{
	struct alg_signed parts;
	struct fail fail = { 0 };
	int n;

	(void)state;
	for (n = 0; alg_at(n) != NULL; n++) {
		AUTO(buf_release) struct buf out = { 0 };

		alg_wrap(alg_at(n), TBS, BYTES("sig"), &out);
		assert_int_equal(alg_unwrap(buf_bytes(&out), &parts, &fail),
		    0);
		assert_true(bytes_is_equal(parts.tbs, TBS));
		assert_ptr_equal(parts.alg, alg_at(n));
		assert_true(bytes_is_equal(parts.signature, BYTES("sig")));
	}
}

static void
expect_not_unwrapped(struct bytes der, enum fail_kind kind,
    const char *sentence)
{
	struct alg_signed parts = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(alg_unwrap(der, &parts, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
	assert_null(parts.alg);
	assert_null(parts.tbs.data);
}

static void
test_unwrap_refuses_algorithms(void **state)
{
	static const struct {
		struct bytes der;
		const char *sentence;
	} cases[] = {
#define CASE(der, name) { { (const uint8_t *)(der), sizeof(der) - 1 }, \
	"signature algorithm " name " not accepted" }
		CASE("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
		    "\x05\x00", "sha1WithRSAEncryption"),
		CASE("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12",
		    "ML-DSA-65"),
		CASE("\x30\x06\x06\x04\x2a\x03\x04\x05", "1.2.3.4.5"),
		CASE("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",
		    "sha256WithRSAEncryption with these parameters"),
		CASE("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
		    "\x30\x00", "RSASSA-PSS with these parameters"),
		CASE("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
		    "\x05\x00", "ecdsa-with-SHA256 with these parameters"),
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		const struct alg alg = { .der = cases[n].der };
		AUTO(buf_release) struct buf out = { 0 };

		alg_wrap(&alg, TBS, BYTES("sig"), &out);
		expect_not_unwrapped(buf_bytes(&out), FAIL_REFUSED,
		    cases[n].sentence);
	}
}

static void
test_unwrap_refuses_shapes(void **state)
{
	static const struct alg empty = { .der = { (const uint8_t *)"\x30\0",
	    2 } };
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	expect_not_unwrapped(bytes_of(NULL, 0), FAIL_INPUT,
	    "not DER: ends within an element");
	expect_not_unwrapped(BYTES("\x30\x80\x00\x00"), FAIL_INPUT,
	    "not DER: indefinite length");
	expect_not_unwrapped(BYTES("\x31\x00"), FAIL_INPUT,
	    "want SEQUENCE, have SET");
	expect_not_unwrapped(BYTES("\x30\x00"), FAIL_INPUT,
	    "to-be-signed part: SEQUENCE missing");
	expect_not_unwrapped(BYTES("\x30\x02\x30\x00"), FAIL_INPUT,
	    "signature algorithm: SEQUENCE missing");
	expect_not_unwrapped(BYTES("\x30\x04\x30\x00\x30\x00"), FAIL_INPUT,
	    "signature: BIT STRING missing");
	expect_not_unwrapped(BYTES("\x30\x09\x30\x00\x30\x00\x03\x01\x00"
	    "\x05\x00"), FAIL_INPUT, "signature: trailing bytes");
	expect_not_unwrapped(BYTES("\x30\x08\x30\x00\x30\x00\x03\x02\x01\x02"),
	    FAIL_INPUT, "signature: not whole octets");
	alg_wrap(&empty, TBS, BYTES("sig"), &out);
	expect_not_unwrapped(buf_bytes(&out), FAIL_INPUT,
	    "signature algorithm: OBJECT IDENTIFIER missing");
	buf_append(&out, "\0", 1);
	expect_not_unwrapped(buf_bytes(&out), FAIL_INPUT, "trailing bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_signs_and_verifies),
		cmocka_unit_test(test_sign_appends),
		cmocka_unit_test(test_refuses_signatures),
		cmocka_unit_test(test_refuses_another_salt),
		cmocka_unit_test(test_refuses_a_key_of_another_type),
		cmocka_unit_test(test_says_that_signing_failed),
		cmocka_unit_test(test_unwraps_what_it_wraps),
		cmocka_unit_test(test_unwrap_refuses_algorithms),
		cmocka_unit_test(test_unwrap_refuses_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
