/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/pkcs8.h>

#include "testing.h"

static const struct secret right = { "correct horse", 13 };
static const struct secret wrong = { "correct house", 13 };

static void
pkey_free(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static EVP_PKEY *
generate(enum key_kind kind)
{
	EVP_PKEY *key = NULL;
	struct fail fail = { 0 };

	want_pass(pkcs8_generate(kind, &key, &fail), &fail);
	return key;
}

static void
put(EVP_PKEY *key, struct buf *out)
{
	struct fail fail = { 0 };

	want_pass(pkcs8_write(key, &right, out, &fail), &fail);
}

static void
refuse(struct bytes file, const struct secret *passphrase,
    enum fail_kind kind, const char *sentence)
{
	EVP_PKEY *key = NULL;
	struct fail fail = { 0 };

	want_fail(pkcs8_read(file, passphrase, &key, &fail), &fail, kind,
	    sentence);
	assert_null(key);
}

/* PEM of some other encryption, in OpenSSL's own hand. */
static void
encrypt_otherwise(EVP_PKEY *key, int pbe, const EVP_CIPHER *cipher,
    struct buf *out)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	X509_SIG *envelope = PKCS8_encrypt(pbe, cipher,
	    (const char *)right.data, (int)right.len, NULL, 0, 2048, info);
	uint8_t *der = NULL;
	int len;

	assert_non_null(envelope);
	len = i2d_X509_SIG(envelope, &der);
	assert_true(len > 0);
	text_pem(out, "ENCRYPTED PRIVATE KEY", bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	X509_SIG_free(envelope);
	PKCS8_PRIV_KEY_INFO_free(info);
}

static void
each_kind_comes_back(void **state)
{
	static const enum key_kind kinds[] = { KEY_EC_P256, KEY_EC_P384,
	    KEY_EC_P521, KEY_RSA_2048, KEY_RSA_3072 };

	(void)state;
	for (size_t n = 0; n < COUNT(kinds); n++) {
		AUTO(pkey_free) EVP_PKEY *key = generate(kinds[n]);
		AUTO(pkey_free) EVP_PKEY *read = NULL;
		AUTO(buf_release) struct buf file = { 0 }, spki = { 0 };
		AUTO(spki_release) struct spki have = { 0 };
		struct fail fail = { 0 };

		want_pass(spki_write(key, &spki, &fail), &fail);
		want_pass(spki_read(buf_bytes(&spki), &have, &fail), &fail);
		assert_int_equal(have.kind, kinds[n]);
		buf_text(&file, "before\n");
		put(key, &file);
		want_pass(pkcs8_read(buf_bytes(&file), &right, &read, &fail),
		    &fail);
		assert_int_equal(EVP_PKEY_eq(key, read), 1);
	}
}

/* scrypt with its cost, and a salt of its own for each file. */
static void
written_as_promised(void **state)
{
	/* id-scrypt; in its parameters N = 2^14, r = 8, p = 5. */
	static const char scrypt[] =
	    "\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
	static const char cost[] = "\x02\x02\x40\x00\x02\x01\x08\x02\x01\x05";
	static const char aes[] =
	    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
	static const char *const labels[] = { "ENCRYPTED PRIVATE KEY", NULL };
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf once = { 0 }, twice = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };
	const uint8_t *at;

	(void)state;
	put(key, &once);
	put(key, &twice);
	assert_false(bytes_is_equal(buf_bytes(&once), buf_bytes(&twice)));
	want_pass(text_read_pem(buf_bytes(&once), labels, &der, &fail),
	    &fail);
	at = memmem(der.data, der.len, scrypt, sizeof(scrypt) - 1);
	assert_non_null(at);
	assert_memory_equal(at + sizeof(scrypt) - 1 + 2, "\x04\x10", 2);
	assert_memory_equal(at + sizeof(scrypt) - 1 + 2 + 18, cost,
	    sizeof(cost) - 1);
	assert_non_null(memmem(der.data, der.len, aes, sizeof(aes) - 1));
}

static void
openssl_reads_and_writes(void **state)
{
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(pkey_free) EVP_PKEY *theirs = NULL;
	AUTO(buf_release) struct buf file = { 0 }, their_file = { 0 };
	struct fail fail = { 0 };

	(void)state;
	put(key, &file);
	want_pass(file_write("alice.key", buf_bytes(&file), 0600, &fail),
	    &fail);
	assert_int_equal(shell("openssl pkey -in alice.key -passin "
	    "'pass:correct horse' -noout"), 0);
	assert_int_not_equal(shell("openssl pkey -in alice.key -passin "
	    "'pass:correct house' -noout 2>/dev/null"), 0);
	assert_int_equal(shell("openssl pkey -in alice.key -passin "
	    "'pass:correct horse' | openssl pkcs8 -topk8 -v2 aes-256-cbc "
	    "-scrypt -passout 'pass:correct horse' -out their.key"), 0);
	want_pass(file_load("their.key", PKCS8_FILE_MAX, &their_file, &fail),
	    &fail);
	want_pass(pkcs8_read(buf_bytes(&their_file), &right, &theirs, &fail),
	    &fail);
	assert_int_equal(EVP_PKEY_eq(key, theirs), 1);
}

/* Also where the padding happens to be right, as one time in 256. */
static void
wrong_passphrase_is_refused(void **state)
{
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf scrypt = { 0 }, pbkdf2 = { 0 };

	(void)state;
	put(key, &scrypt);
	refuse(buf_bytes(&scrypt), &wrong, FAIL_INPUT,
	    "the passphrase is wrong");
	encrypt_otherwise(key, -1, EVP_aes_256_cbc(), &pbkdf2);
	for (int n = 0; n < 1500; n++) {
		struct secret guess = { .len = 8 };

		snprintf((char *)guess.data, sizeof(guess.data), "%08d", n);
		refuse(buf_bytes(&pbkdf2), &guess, FAIL_INPUT,
		    "the passphrase is wrong");
	}
	assert_int_equal(ERR_peek_error(), 0);
}

static void
short_passphrase_is_refused(void **state)
{
	const struct secret seven = { "1234567", 7 };
	const struct secret eight = { "12345678", 8 };
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf file = { 0 };
	struct fail fail = { 0 };

	(void)state;
	want_fail(pkcs8_write(key, &seven, &file, &fail), &fail, FAIL_INPUT,
	    "passphrase: shorter than 8 bytes");
	assert_int_equal(file.len, 0);
	want_pass(pkcs8_write(key, &eight, &file, &fail), &fail);
}

static void
clear_key_is_refused(void **state)
{
	AUTO(buf_release) struct buf file = { 0 };

	(void)state;
	text_pem(&file, "PRIVATE KEY", bytes_text("whatever"));
	refuse(buf_bytes(&file), &right, FAIL_INPUT,
	    "PKCS#8: PEM label PRIVATE KEY, want ENCRYPTED PRIVATE KEY");
}

static void
other_encryption_is_refused(void **state)
{
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf pkcs12 = { 0 }, pbkdf2 = { 0 };
	AUTO(pkey_free) EVP_PKEY *read = NULL;
	struct fail fail = { 0 };

	(void)state;
	encrypt_otherwise(key, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NULL,
	    &pkcs12);
	refuse(buf_bytes(&pkcs12), &right, FAIL_INPUT,
	    "PKCS#8: encrypted by pbeWithSHA1And3-KeyTripleDES-CBC, want "
	    "PBES2");
	/* Another function of PBES2 is taken. */
	encrypt_otherwise(key, -1, EVP_aes_128_cbc(), &pbkdf2);
	want_pass(pkcs8_read(buf_bytes(&pbkdf2), &right, &read, &fail),
	    &fail);
}

/* 254 MiB, more than OpenSSL gives: not the fault of the passphrase. */
static void
costly_file_is_refused(void **state)
{
	static const char *const labels[] = { "ENCRYPTED PRIVATE KEY", NULL };
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf file = { 0 }, der = { 0 };
	AUTO(buf_release) struct buf costly = { 0 };
	AUTO(pkey_free) EVP_PKEY *read = NULL;
	struct fail fail = { 0 };
	uint8_t *at;

	(void)state;
	put(key, &file);
	want_pass(text_read_pem(buf_bytes(&file), labels, &der, &fail),
	    &fail);
	at = memmem(der.data, der.len, "\x02\x02\x40\x00\x02\x01\x08", 7);
	assert_non_null(at);
	/* N = 0x4000 stays, and r = 8 becomes 127. */
	at[6] = 0x7f;
	text_pem(&costly, "ENCRYPTED PRIVATE KEY", buf_bytes(&der));
	assert_int_equal(pkcs8_read(buf_bytes(&costly), &right, &read,
	    &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(strncmp(fail.sentence, "PKCS#8: ", 8), 0);
}

static void
what_is_no_key_is_refused(void **state)
{
	static const char *const labels[] = { "ENCRYPTED PRIVATE KEY", NULL };
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf ber = { 0 }, der = { 0 };
	AUTO(buf_release) struct buf file = { 0 }, longer = { 0 };
	AUTO(buf_release) struct buf sequence = { 0 }, large = { 0 };
	AUTO(pkey_free) EVP_PKEY *read = NULL;
	struct fail fail = { 0 };

	(void)state;
	refuse(bytes_text("hello\n"), &right, FAIL_INPUT,
	    "PKCS#8: no PEM block");
	text_pem(&ber, "ENCRYPTED PRIVATE KEY",
	    bytes_of("\x30\x80\x00\x00", 4));
	assert_int_equal(pkcs8_read(buf_bytes(&ber), &right, &read, &fail),
	    -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(strncmp(fail.sentence, "PKCS#8: ", 8), 0);
	put(key, &file);
	want_pass(text_read_pem(buf_bytes(&file), labels, &der, &fail),
	    &fail);
	buf_append(&der, "", 1);
	text_pem(&longer, "ENCRYPTED PRIVATE KEY", buf_bytes(&der));
	refuse(buf_bytes(&longer), &right, FAIL_INPUT,
	    "PKCS#8: trailing bytes");
	text_pem(&sequence, "ENCRYPTED PRIVATE KEY", bytes_of("\x30\x00", 2));
	assert_int_equal(pkcs8_read(buf_bytes(&sequence), &right, &read,
	    &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(strncmp(fail.sentence, "PKCS#8: ", 8), 0);
	for (int n = 0; n <= PKCS8_FILE_MAX; n++)
		buf_text(&large, "\n");
	refuse(buf_bytes(&large), &right, FAIL_INPUT,
	    "PKCS#8: larger than 16384 bytes");
}

static void
unknown_kind_is_refused(void **state)
{
	AUTO(pkey_free) EVP_PKEY *ed25519 =
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	AUTO(pkey_free) EVP_PKEY *small = EVP_RSA_gen(1024);
	AUTO(buf_release) struct buf one = { 0 }, other = { 0 };

	(void)state;
	put(ed25519, &one);
	refuse(buf_bytes(&one), &right, FAIL_INPUT, "PKCS#8: key "
	    "algorithm: want RSA or EC, have Ed25519: no consumer of a bundle "
	    "takes it (BR 6.1.5)");
	put(small, &other);
	refuse(buf_bytes(&other), &right, FAIL_INPUT,
	    "PKCS#8: RSA size: want 2048, 3072 or 4096 bits, have 1024 bits "
	    "(BR 6.1.5)");
}

/* An EC private key that brings the public half of another. */
static void
halves_of_two_keys_are_refused(void **state)
{
	AUTO(pkey_free) EVP_PKEY *key = generate(KEY_EC_P256);
	AUTO(pkey_free) EVP_PKEY *other = generate(KEY_EC_P256);
	AUTO(buf_release) struct buf file = { 0 };
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key), *mixed;
	uint8_t point[65], wrong_point[65], *der = NULL, *at;
	const uint8_t *start;
	X509_SIG *envelope;
	size_t len;
	int der_len;

	(void)state;
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point,
	    sizeof(point), &len), 1);
	assert_int_equal(EVP_PKEY_get_octet_string_param(other, "pub",
	    wrong_point, sizeof(wrong_point), &len), 1);
	der_len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	assert_true(der_len > 0);
	at = memmem(der, (size_t)der_len, point, sizeof(point));
	assert_non_null(at);
	memcpy(at, wrong_point, sizeof(wrong_point));
	start = der;
	mixed = d2i_PKCS8_PRIV_KEY_INFO(NULL, &start, der_len);
	envelope = PKCS8_encrypt(-1, EVP_aes_256_cbc(),
	    (const char *)right.data, (int)right.len, NULL, 0, 2048, mixed);
	OPENSSL_free(der);
	der = NULL;
	der_len = i2d_X509_SIG(envelope, &der);
	assert_true(der_len > 0);
	text_pem(&file, "ENCRYPTED PRIVATE KEY",
	    bytes_of(der, (size_t)der_len));
	refuse(buf_bytes(&file), &right, FAIL_INPUT,
	    "PKCS#8: private and public half are not a pair");
	OPENSSL_free(der);
	X509_SIG_free(envelope);
	PKCS8_PRIV_KEY_INFO_free(info);
	PKCS8_PRIV_KEY_INFO_free(mixed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_comes_back),
		cmocka_unit_test(written_as_promised),
		cmocka_unit_test_setup_teardown(openssl_reads_and_writes,
		    folder_setup, folder_teardown),
		cmocka_unit_test(wrong_passphrase_is_refused),
		cmocka_unit_test(short_passphrase_is_refused),
		cmocka_unit_test(clear_key_is_refused),
		cmocka_unit_test(other_encryption_is_refused),
		cmocka_unit_test(costly_file_is_refused),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(unknown_kind_is_refused),
		cmocka_unit_test(halves_of_two_keys_are_refused),
	};

	return cmocka_run_group_tests_name("pkcs8", tests, NULL, NULL);
}
