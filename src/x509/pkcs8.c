/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/pkcs8.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#define LABEL "ENCRYPTED PRIVATE KEY"	/* RFC 7468, 11 */

/*
 * scrypt (RFC 7914, 2). OpenSSL reads up to 32 MiB (128 N r) and no more, so
 * N is the largest that everybody can read, and p makes up for it.
 */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 5
#define SALT_LEN 16

static void
algorithm_free(X509_ALGOR **algorithm)
{
	X509_ALGOR_free(*algorithm);
}

static void
envelope_free(X509_SIG **envelope)
{
	X509_SIG_free(*envelope);
}

/* OpenSSL wipes the key that is in it. */
static void
info_free(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

static void
key_free(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void
context_free(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

int
pkcs8_generate(enum key_kind kind, EVP_PKEY **out, struct fail *fail)
{
	size_t bits = (size_t)key_kind_bits(kind);
	EVP_PKEY *key;

	ERR_clear_error();
	key = key_kind_is_rsa(kind) ? EVP_RSA_gen(bits) :
	    EVP_EC_gen(OBJ_nid2sn(key_kind_curve_nid(kind)));
	if (key == NULL)
		return fail_openssl(fail, FAIL_SYSTEM, "key: %s",
		    key_kind_names[kind]);
	*out = key;
	return 0;
}

static X509_SIG *
encrypt(EVP_PKEY *key, const struct secret *passphrase)
{
	AUTO(info_free) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	AUTO(algorithm_free) X509_ALGOR *algorithm = NULL;
	uint8_t salt[SALT_LEN];
	X509_SIG *envelope;

	if (info == NULL || RAND_bytes(salt, sizeof(salt)) != 1)
		return NULL;
	algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt,
	    sizeof(salt), NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (algorithm == NULL)
		return NULL;
	envelope = PKCS8_set0_pbe((const char *)passphrase->data,
	    (int)passphrase->len, info, algorithm);
	if (envelope != NULL)
		(void)GIVE(algorithm);
	return envelope;
}

int
pkcs8_write(EVP_PKEY *key, const struct secret *passphrase,
    struct buf *out, struct fail *fail)
{
	AUTO(envelope_free) X509_SIG *envelope = NULL;
	uint8_t *der = NULL;
	int len = 0;

	if (passphrase->len < PKCS8_PASSPHRASE_MIN)
		return fail_with(fail, FAIL_INPUT,
		    "passphrase: shorter than %d bytes",
		    PKCS8_PASSPHRASE_MIN);
	ERR_clear_error();
	envelope = encrypt(key, passphrase);
	if (envelope != NULL)
		len = i2d_X509_SIG(envelope, &der);
	if (len <= 0)
		return fail_openssl(fail, FAIL_SYSTEM, "PKCS#8");
	text_pem(out, LABEL, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	return 0;
}

/* By its algorithm: what PBES1 and PKCS#12 derive is guessed quickly. */
static int
scheme_check(const X509_SIG *envelope, struct fail *fail)
{
	const X509_ALGOR *algorithm;
	char name[DER_OID_SIZE];

	X509_SIG_get0(envelope, &algorithm, NULL);
	if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2)
		return 0;
	OBJ_obj2txt(name, sizeof(name), algorithm->algorithm, 0);
	return fail_with(fail, FAIL_INPUT,
	    "PKCS#8: encrypted by %s, want PBES2", name);
}

/* The whole, from PEM; it owns nothing of the file. */
static int
envelope_read(struct bytes file, X509_SIG **out, struct fail *fail)
{
	static const char *const labels[] = { LABEL, NULL };
	AUTO(envelope_free) X509_SIG *envelope = NULL;
	AUTO(buf_release) struct buf der = { 0 };
	const uint8_t *at;

	if (file.len > PKCS8_FILE_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "PKCS#8: larger than %d bytes", PKCS8_FILE_MAX);
	if (text_read_pem(file, labels, &der, fail) == -1 ||
	    der_check(buf_bytes(&der), fail) == -1)
		return fail_in(fail, "PKCS#8");
	at = der.data;
	ERR_clear_error();
	envelope = d2i_X509_SIG(NULL, &at, (long)der.len);
	if (envelope == NULL)
		return fail_openssl(fail, FAIL_INPUT, "PKCS#8");
	if (scheme_check(envelope, fail) == -1)
		return -1;
	*out = GIVE(envelope);
	return 0;
}

/*
 * A wrong passphrase shows in the padding, or (one in 256) in what stands
 * behind it. Anything else is the file's fault: a cipher or bounds that
 * OpenSSL does not take.
 */
static int
fail_decrypt(struct fail *fail)
{
	unsigned long error = ERR_peek_last_error();

	if (ERR_GET_LIB(error) != ERR_LIB_PKCS12 ||
	    (ERR_GET_REASON(error) != PKCS12_R_PKCS12_CIPHERFINAL_ERROR &&
	    ERR_GET_REASON(error) != PKCS12_R_DECODE_ERROR))
		return fail_openssl(fail, FAIL_INPUT, "PKCS#8");
	ERR_clear_error();
	return fail_with(fail, FAIL_INPUT, "the passphrase is wrong");
}

/* A kind that we know; and an EC key may bring another key's public half. */
static int
key_check(EVP_PKEY *key, struct fail *fail)
{
	AUTO(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(spki_release) struct spki spki = { 0 };

	if (spki_write(key, &der, fail) == -1 ||
	    spki_read(buf_bytes(&der), &spki, fail) == -1) {
		fail->kind = FAIL_INPUT;
		return fail_in(fail, "PKCS#8");
	}
	if (EVP_PKEY_pairwise_check(context) == 1)
		return 0;
	ERR_clear_error();
	return fail_with(fail, FAIL_INPUT,
	    "PKCS#8: private and public half are not a pair");
}

int
pkcs8_read(struct bytes file, const struct secret *passphrase,
    EVP_PKEY **out, struct fail *fail)
{
	AUTO(envelope_free) X509_SIG *envelope = NULL;
	AUTO(info_free) PKCS8_PRIV_KEY_INFO *info = NULL;
	AUTO(key_free) EVP_PKEY *key = NULL;

	if (envelope_read(file, &envelope, fail) == -1)
		return -1;
	ERR_clear_error();
	info = PKCS8_decrypt(envelope, (const char *)passphrase->data,
	    (int)passphrase->len);
	if (info == NULL)
		return fail_decrypt(fail);
	key = EVP_PKCS82PKEY(info);
	if (key == NULL)
		return fail_openssl(fail, FAIL_INPUT, "PKCS#8");
	if (key_check(key, fail) == -1)
		return -1;
	*out = GIVE(key);
	return 0;
}
