/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/spki.h>

#include "testing.h"

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define MODULUS_MAX 1024

/* What a SubjectPublicKeyInfo is made of. */
struct recipe {
	int algorithm;			/* NID */
	struct bytes parameters;	/* DER */
	struct bytes bits;
};

static void
spki_make(const struct recipe *recipe, struct buf *out)
{
	size_t whole = der_begin(out, DER_SEQUENCE);
	size_t part = der_begin(out, DER_SEQUENCE);

	der_put_nid(out, recipe->algorithm);
	buf_put(out, recipe->parameters);
	der_end(out, part);
	der_put_bits(out, recipe->bits);
	der_end(out, whole);
}

/* An odd number of so many bits: a modulus, as far as can be seen. */
static struct bytes
modulus_of(size_t bits)
{
	static uint8_t octets[MODULUS_MAX];
	size_t len = (bits + 7) / 8;

	assert_true(len <= sizeof(octets));
	memset(octets, 0xff, len);
	octets[0] = (uint8_t)(0xff >> (8 * len - bits));
	return bytes_of(octets, len);
}

static void
rsa_make(struct bytes modulus, struct bytes exponent, struct buf *out)
{
	AUTO(buf_release) struct buf numbers = { 0 };
	struct recipe recipe = { NID_rsaEncryption, BYTES("\x05\x00"), { 0 } };
	size_t mark = der_begin(&numbers, DER_SEQUENCE);

	der_put_unsigned(&numbers, modulus);
	der_put_unsigned(&numbers, exponent);
	der_end(&numbers, mark);
	recipe.bits = buf_bytes(&numbers);
	spki_make(&recipe, out);
}

/* Refused with this sentence, and nothing given. */
static void
refuses(struct bytes der, enum fail_kind kind, const char *sentence)
{
	struct spki spki = { .kind = KEY_EC_P521 };
	struct fail fail = { 0 };

	want_fail(spki_read(der, &spki, &fail), &fail, kind, sentence);
	assert_null(spki.key);
	assert_null(spki.der.data);
	assert_int_equal(spki.kind, KEY_EC_P521);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
refuses_rsa(struct bytes modulus, struct bytes exponent,
    enum fail_kind kind, const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };

	rsa_make(modulus, exponent, &der);
	refuses(buf_bytes(&der), kind, sentence);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *name;
		bool rsa;
		int bits, curve;
	} rows[] = {
		{ "rsa-2048", true, 2048, NID_undef },
		{ "rsa-3072", true, 3072, NID_undef },
		{ "rsa-4096", true, 4096, NID_undef },
		{ "ec-p256", false, 256, NID_X9_62_prime256v1 },
		{ "ec-p384", false, 384, NID_secp384r1 },
		{ "ec-p521", false, 521, NID_secp521r1 },
	};
	int n;

	(void)state;
	assert_int_equal(COUNT(rows), KEY_KINDS);
	for (n = 0; n < KEY_KINDS; n++) {
		assert_string_equal(key_kind_names[n], rows[n].name);
		assert_int_equal(key_kind_is_rsa(n), rows[n].rsa);
		assert_int_equal(key_kind_bits(n), rows[n].bits);
		assert_int_equal(key_kind_curve_nid(n), rows[n].curve);
	}
	assert_null(key_kind_names[KEY_KINDS]);
}

/* Written by OpenSSL, read here; the key is the same. */
static void
reads_back(EVP_PKEY *key, enum key_kind kind)
{
	AUTO(spki_release) struct spki spki = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };

	assert_non_null(key);
	want_pass(spki_write(key, &der, &fail), &fail);
	want_pass(spki_read(buf_bytes(&der), &spki, &fail), &fail);
	assert_int_equal(spki.kind, kind);
	assert_ptr_equal(spki.der.data, der.data);
	assert_int_equal(spki.der.len, der.len);
	assert_int_equal(EVP_PKEY_eq(spki.key, key), 1);
	assert_int_equal(ERR_peek_error(), 0);
	spki_release(&spki);
	assert_null(spki.key);
	EVP_PKEY_free(key);
}

static void
test_reads(void **state)
{
	(void)state;
	reads_back(EVP_RSA_gen(2048), KEY_RSA_2048);
	reads_back(EVP_EC_gen("P-256"), KEY_EC_P256);
	reads_back(EVP_EC_gen("P-384"), KEY_EC_P384);
	reads_back(EVP_EC_gen("P-521"), KEY_EC_P521);
}

static void
test_reads_rsa(void **state)
{
	static const struct {
		size_t bits;
		const char *exponent;
		size_t len;
		enum key_kind kind;
	} rows[] = {
		{ 2048, "\x01\x00\x01", 3, KEY_RSA_2048 },
		{ 3072, "\x01\x00\x03", 3, KEY_RSA_3072 },
		{ 4096, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, KEY_RSA_4096 },
	};
	struct fail fail = { 0 };
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(rows); n++) {
		AUTO(spki_release) struct spki spki = { 0 };
		AUTO(buf_release) struct buf der = { 0 };

		rsa_make(modulus_of(rows[n].bits),
		    bytes_of(rows[n].exponent, rows[n].len), &der);
		want_pass(spki_read(buf_bytes(&der), &spki, &fail), &fail);
		assert_int_equal(spki.kind, rows[n].kind);
		assert_int_equal(EVP_PKEY_get_bits(spki.key), rows[n].bits);
	}
}

#define SIZES "2048, 3072 or 4096 bits"
#define EVEN "RSA modulus: want an odd number, have an even one (BR 6.1.6)"
#define EXPONENT(have) "RSA exponent: want an odd number from 65537, " \
	"below 2^64, have " have " (BR 6.1.6)"

static void
test_refuses_rsa_sizes(void **state)
{
	static const struct bytes f4 = { (const uint8_t *)"\x01\x00\x01", 3 };

	(void)state;
	refuses_rsa(modulus_of(1024), f4, FAIL_REFUSED,
	    "RSA size: want " SIZES ", have 1024 bits (BR 6.1.5)");
	refuses_rsa(modulus_of(2047), f4, FAIL_REFUSED,
	    "RSA size: want " SIZES ", have 2047 bits (BR 6.1.5)");
	refuses_rsa(modulus_of(2049), f4, FAIL_REFUSED,
	    "RSA size: want " SIZES ", have 2049 bits (BR 6.1.5)");
	refuses_rsa(modulus_of(8192), f4, FAIL_REFUSED,
	    "RSA size: want " SIZES ", have 8192 bits (BR 6.1.5)");
	refuses_rsa(BYTES("\0"), f4, FAIL_REFUSED, "RSA size: want " SIZES
	    ", have 0 bits (BR 6.1.5); " EVEN);
}

static void
test_refuses_rsa_numbers(void **state)
{
	struct bytes modulus = modulus_of(2048);
	uint8_t even[256];

	(void)state;
	refuses_rsa(modulus, BYTES("\x03"), FAIL_REFUSED,
	    EXPONENT("3"));
	refuses_rsa(modulus, BYTES("\x01"), FAIL_REFUSED, EXPONENT("1"));
	refuses_rsa(modulus, BYTES("\x00"), FAIL_REFUSED,
	    EXPONENT("0"));
	refuses_rsa(modulus, BYTES("\xff\xff"), FAIL_REFUSED,
	    EXPONENT("65535"));
	refuses_rsa(modulus, BYTES("\x01\x00\x02"), FAIL_REFUSED,
	    EXPONENT("65538"));
	refuses_rsa(modulus, BYTES("\x01\0\0\0\0\0\0\0\x01"), FAIL_REFUSED,
	    EXPONENT("one of more than 64 bits"));
	memcpy(even, modulus.data, sizeof(even));
	even[sizeof(even) - 1] = 0xfe;
	refuses_rsa(bytes_of(even, sizeof(even)), BYTES("\x01\x00\x01"),
	    FAIL_REFUSED, EVEN);
	/* All that is wrong, at once. */
	refuses_rsa(bytes_of(even + 128, 128), BYTES("\x03"), FAIL_REFUSED,
	    "RSA size: want " SIZES ", have 1024 bits (BR 6.1.5); " EVEN "; "
	    EXPONENT("3"));
}

static void
test_refuses_rsa_shapes(void **state)
{
	static const struct {
		struct bytes parameters, bits;
		const char *sentence;
	} rows[] = {
#define B(text) { (const uint8_t *)(text), sizeof(text) - 1 }
		{ B(""), B(""), "key: RSA: NULL missing" },
		{ B("\x30\x00"), B(""), "key: RSA: want NULL, have SEQUENCE" },
		{ B("\x05\x00\x05\x00"), B(""), "key: RSA: trailing bytes" },
		{ B("\x05\x00"), B(""),
		    "key: RSA: not DER: ends within an element" },
		{ B("\x05\x00"), B("\x04\x00"),
		    "key: RSA: want SEQUENCE, have OCTET STRING" },
		{ B("\x05\x00"), B("\x30\x03\x02\x01\x03"),
		    "key: RSA: INTEGER missing" },
		{ B("\x05\x00"), B("\x30\x80\x00\x00"),
		    "key: RSA: not DER: indefinite length" },
		{ B("\x05\x00"),
		    B("\x30\x09\x02\x01\x03\x02\x01\x03\x02\x01\x03"),
		    "key: RSA: trailing bytes" },
		{ B("\x05\x00"), B("\x30\x06\x02\x01\xff\x02\x01\x03"),
		    "key: RSA modulus or exponent below zero" },
		{ B("\x05\x00"), B("\x30\x06\x02\x01\x03\x02\x01\xff"),
		    "key: RSA modulus or exponent below zero" },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf der = { 0 };
		struct recipe recipe = { NID_rsaEncryption,
			rows[n].parameters, rows[n].bits };

		spki_make(&recipe, &der);
		refuses(buf_bytes(&der), FAIL_INPUT, rows[n].sentence);
	}
}

/* A good P-256 point to start from; 65 octets. */
static void
point_make(uint8_t out[65])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t *point = NULL;

	assert_non_null(key);
	assert_int_equal(EVP_PKEY_get1_encoded_public_key(key, &point), 65);
	memcpy(out, point, 65);
	OPENSSL_free(point);
	EVP_PKEY_free(key);
}

static void
refuses_ec(struct bytes parameters, struct bytes bits, enum fail_kind kind,
    const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct recipe recipe = { NID_X9_62_id_ecPublicKey, parameters, bits };

	spki_make(&recipe, &der);
	refuses(buf_bytes(&der), kind, sentence);
}

#define FORM(have) "form of the point: want a point in uncompressed form, " \
	"have " have " (RFC 5480, 2.2)"
#define CURVE(have) "curve: want P-256, P-384 or P-521, by name, have " \
	have " (RFC 5480, 2.1.1)"
#define P256 BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")

static void
test_refuses_points(void **state)
{
	static const char off_curve[] =
	    "point: want a point on the curve, have one that is not "
	    "(SP 800-56A, 5.6.2.3)";
	uint8_t point[65];

	(void)state;
	point_make(point);
	refuses_ec(P256, bytes_of(point, 64), FAIL_REFUSED,
	    FORM("64 octets, the first 04"));
	refuses_ec(P256, bytes_of(NULL, 0), FAIL_REFUSED,
	    FORM("0 octets, the first 00"));
	refuses_ec(P256, BYTES("\0"), FAIL_REFUSED,
	    FORM("1 octets, the first 00"));
	point[64] ^= 1;
	refuses_ec(P256, bytes_of(point, 65), FAIL_REFUSED,
	    off_curve);
	memset(point + 1, 0xff, 64);
	refuses_ec(P256, bytes_of(point, 65), FAIL_REFUSED,
	    off_curve);
	point_make(point);
	point[0] = 0x06;	/* the hybrid form */
	refuses_ec(P256, bytes_of(point, 65), FAIL_REFUSED,
	    FORM("65 octets, the first 06"));
	point[0] = 0x02;
	refuses_ec(P256, bytes_of(point, 33), FAIL_REFUSED,
	    FORM("33 octets, the first 02"));
}

static void
test_refuses_curves(void **state)
{
	uint8_t point[65];

	(void)state;
	point_make(point);
	refuses_ec(BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x01"),
	    bytes_of(point, 65), FAIL_REFUSED,
	    CURVE("prime192v1"));
	refuses_ec(BYTES("\x06\x05\x2b\x81\x04\x00\x0a"),
	    bytes_of(point, 65), FAIL_REFUSED,
	    CURVE("secp256k1"));
	refuses_ec(BYTES("\x06\x04\x2a\x03\x04\x05"), bytes_of(point, 65),
	    FAIL_REFUSED, CURVE("1.2.3.4.5"));
	refuses_ec(BYTES("\x30\x03\x02\x01\x01"), bytes_of(point, 65),
	    FAIL_REFUSED, CURVE("explicit parameters"));
	refuses_ec(BYTES("\x05\x00"), bytes_of(point, 65), FAIL_REFUSED,
	    CURVE("no curve named"));
	refuses_ec(bytes_of(NULL, 0), bytes_of(point, 65), FAIL_REFUSED,
	    CURVE("no curve named"));
	refuses_ec(BYTES("\x06\x03\x2a\x03\x04\x05\x00"),
	    bytes_of(point, 65), FAIL_INPUT, "key: curve: trailing bytes");
}

static void
test_refuses_algorithms(void **state)
{
#define ALGORITHM(have) "key algorithm: want RSA or EC, have " have \
	" (BR 6.1.5)"
	static const struct {
		struct bytes oid;
		const char *sentence;
	} rows[] = {
		{ B("\x60\x86\x48\x01\x65\x03\x04\x03\x12"),
		    ALGORITHM("ML-DSA-65: neither OpenSSL 3.0 nor the token "
			"can sign or verify with it, and AWS takes it only "
			"below a CA that can") },
		{ B("\x2b\x65\x70"),
		    ALGORITHM("Ed25519: no consumer of a bundle takes it") },
		{ B("\x2b\x65\x6f"), ALGORITHM("X448: it cannot sign") },
		{ B("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"),
		    ALGORITHM("RSASSA-PSS: no consumer of a bundle takes it: "
			"rsaEncryption is for PSS signatures, too") },
		{ B("\x2a\x86\x48\xce\x38\x04\x01"),
		    ALGORITHM("DSA: withdrawn by FIPS 186-5") },
		{ B("\x2a\x03\x04\x05"), ALGORITHM("1.2.3.4.5") },
	};
	size_t n, whole, part;

	(void)state;
	for (n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf der = { 0 };

		whole = der_begin(&der, DER_SEQUENCE);
		part = der_begin(&der, DER_SEQUENCE);
		der_put(&der, DER_OID, rows[n].oid);
		der_end(&der, part);
		der_put_bits(&der, BYTES("key"));
		der_end(&der, whole);
		refuses(buf_bytes(&der), FAIL_REFUSED, rows[n].sentence);
	}
}

static void
test_refuses_shapes(void **state)
{
	(void)state;
	refuses(bytes_of(NULL, 0), FAIL_INPUT,
	    "key: not DER: ends within an element");
	refuses(BYTES("\x30\x00\x00"), FAIL_INPUT, "key: trailing bytes");
	refuses(BYTES("\x30\x00"), FAIL_INPUT, "key: SEQUENCE missing");
	refuses(BYTES("\x02\x01\x00"), FAIL_INPUT,
	    "key: want SEQUENCE, have INTEGER");
	refuses(BYTES("\x30\x02\x30\x00"), FAIL_INPUT,
	    "key: OBJECT IDENTIFIER missing");
	refuses(BYTES("\x30\x07\x30\x05\x06\x03\x2a\x03\x04"), FAIL_INPUT,
	    "key: BIT STRING missing");
	refuses(BYTES("\x30\x0b\x30\x05\x06\x03\x2a\x03\x04\x03\x02\x01\x00"),
	    FAIL_INPUT, "key: not whole octets");
	refuses(BYTES("\x30\x0c\x30\x05\x06\x03\x2a\x03\x04\x03\x01\x00"
	    "\x05\x00"), FAIL_INPUT, "key: trailing bytes");
}

static const char *
kind_shown(const struct spki *spki)
{
	static char shown[DER_OID_SIZE];

	spki_show_kind(spki, shown, sizeof(shown));
	return shown;
}

/* A survey takes what the strict door refuses, and says what it is. */
static void
test_surveys(void **state)
{
	AUTO(buf_release) struct buf small = { 0 }, large = { 0 };
	AUTO(buf_release) struct buf ec = { 0 }, other = { 0 };
	struct recipe recipe = { NID_X9_62_id_ecPublicKey,
		BYTES("\x06\x05\x2b\x81\x04\x00\x0a"), BYTES("\x04") };
	AUTO(spki_release) struct spki spki = { 0 };
	struct fail fail = { 0 };

	(void)state;
	rsa_make(modulus_of(1023), BYTES("\x03"), &small);
	want_pass(spki_survey(buf_bytes(&small), &spki, &fail), &fail);
	assert_int_equal(spki.kind, KEY_NONE);
	assert_int_equal(spki_modulus_bits(&spki), 1023);
	assert_int_equal(spki.exponent.len, 1);
	assert_non_null(spki.key);	/* it verifies a signature */
	assert_string_equal(kind_shown(&spki), "RSA 1023 bits");
	spki_release(&spki);
	rsa_make(modulus_of(4097), BYTES("\x01\x00\x01"), &large);
	want_pass(spki_survey(buf_bytes(&large), &spki, &fail), &fail);
	assert_null(spki.key);		/* that could take long, */
	buf_release(&large);
	rsa_make(modulus_of(2048), BYTES("\x01\0\0\0\0\0\0\0\x01"), &large);
	want_pass(spki_survey(buf_bytes(&large), &spki, &fail), &fail);
	assert_int_equal(spki.kind, KEY_RSA_2048);
	assert_null(spki.key);		/* as that could */
	spki_make(&recipe, &ec);
	want_pass(spki_survey(buf_bytes(&ec), &spki, &fail), &fail);
	assert_null(spki.key);
	assert_string_equal(kind_shown(&spki), "EC secp256k1");
	recipe.algorithm = NID_ED25519;
	spki_make(&recipe, &other);
	want_pass(spki_survey(buf_bytes(&other), &spki, &fail), &fail);
	assert_string_equal(kind_shown(&spki), "Ed25519");
}

/* What AWS Private CA put into the documented certificate of this key. */
static void
test_identifier(void **state)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	AUTO(buf_release) struct buf file = { 0 }, der = { 0 }, hex = { 0 };
	AUTO(auto_free) char *path = NULL;
	const char *folder = getenv("ANCHORITE_FIXTURES");
	struct bytes rest, whole, info, key;
	struct fail fail = { 0 };
	uint8_t have[DIGEST_SHA1_LEN];

	(void)state;
	path = file_path(folder == NULL ? "tests/fixtures" : folder,
	    "acm-pca-documented.csr");
	want_pass(file_load(path, 65536, &file, &fail), &fail);
	want_pass(text_read_pem(buf_bytes(&file), labels, &der, &fail),
	    &fail);
	rest = buf_bytes(&der);
	want_pass(der_next(&rest, DER_SEQUENCE, &whole, NULL, &fail), &fail);
	want_pass(der_next(&whole, DER_SEQUENCE, &info, NULL, &fail), &fail);
	want_pass(der_next(&info, DER_INTEGER, NULL, NULL, &fail), &fail);
	want_pass(der_next(&info, DER_SEQUENCE, NULL, NULL, &fail), &fail);
	want_pass(der_next(&info, DER_SEQUENCE, NULL, &key, &fail), &fail);
	want_pass(spki_identifier(key, have, &fail), &fail);
	text_hex(&hex, bytes_of(have, sizeof(have)));
	assert_string_equal(buf_cstr(&hex),
	    "696dfeaf7dbcb932e89288364e4966a012becade");
	want_fail(spki_identifier(BYTES("\x30\x00"), have, &fail), &fail,
	    FAIL_INPUT, "key: SEQUENCE missing");
}

static void
test_shows_algorithms(void **state)
{
	char shown[DER_OID_SIZE];

	(void)state;
	spki_show_algorithm(BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"),
	    shown, sizeof(shown));
	assert_string_equal(shown, "rsaEncryption");
	spki_show_algorithm(BYTES("\x60\x86\x48\x01\x65\x03\x04\x03\x13"),
	    shown, sizeof(shown));
	assert_string_equal(shown, "ML-DSA-87");
	spki_show_algorithm(BYTES("\x2a\x03\x04\x05"), shown, sizeof(shown));
	assert_string_equal(shown, "1.2.3.4.5");
	spki_show_algorithm(BYTES("\x2a\x81"), shown, sizeof(shown));
	assert_string_equal(shown, "an OID that does not decode");
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_writes_no_half(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	EVP_PKEY *empty = EVP_PKEY_new();
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(spki_write(empty, &der, &fail), -1);
	assert_non_null(strstr(fail.sentence, "key: no public half"));
	assert_int_equal(fail.kind, FAIL_TOKEN);
	assert_int_equal(der.len, 0);
	EVP_PKEY_free(empty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_reads_rsa),
		cmocka_unit_test(test_refuses_rsa_sizes),
		cmocka_unit_test(test_refuses_rsa_numbers),
		cmocka_unit_test(test_refuses_rsa_shapes),
		cmocka_unit_test(test_refuses_points),
		cmocka_unit_test(test_refuses_curves),
		cmocka_unit_test(test_refuses_algorithms),
		cmocka_unit_test(test_refuses_shapes),
		cmocka_unit_test(test_surveys),
		cmocka_unit_test(test_identifier),
		cmocka_unit_test(test_shows_algorithms),
		cmocka_unit_test(test_writes_no_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
