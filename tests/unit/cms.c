/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <anchorite/base/text.h>
#include <anchorite/x509/cms.h>
#include <anchorite/x509/der.h>

#include "cms.h"

#define SIGNING_TIME "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"

static void
sign(const struct signer *signer, struct buf *out)
{
	struct fail fail = { 0 };

	assert_int_equal(cms_sign(CONTENT, buf_bytes(&signer->der),
	    signer->key, NOW, out, &fail), 0);
}

static void
expect_refused(struct bytes cms, struct bytes content,
    const struct signer *signer, enum fail_kind kind, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(cms_verify(cms, content, buf_bytes(&signer->der),
	    &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
}

static void
test_signs_and_verifies(void **state)
{
	AUTO(signer_release) struct signer ec = { 0 };
	AUTO(signer_release) struct signer rsa = { 0 };
	const struct signer *signers[] = { &ec, &rsa };
	struct fail fail = { 0 };
	size_t n;

	(void)state;
	signer_make(&ec, EVP_EC_gen("P-384"), "ecdsa-sha384");
	signer_make(&rsa, EVP_RSA_gen(2048), "rsa-sha256");
	for (n = 0; n < COUNT(signers); n++) {
		AUTO(buf_release) struct buf cms = { 0 };

		sign(signers[n], &cms);
		assert_int_equal(der_check(buf_bytes(&cms), &fail), 0);
		assert_int_equal(cms_verify(buf_bytes(&cms), CONTENT,
		    buf_bytes(&signers[n]->der), &fail), 0);
	}
}

/* What `openssl cms -verify -binary -content` does, and the attribute. */
static void
test_openssl_verifies(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	AUTO(buf_release) struct buf time = { 0 };
	BIO *content = BIO_new_mem_buf(CONTENT.data, (int)CONTENT.len);
	X509_STORE *store = X509_STORE_new();
	CMS_ContentInfo *parsed;
	CMS_SignerInfo *info;
	const ASN1_TYPE *have;
	const uint8_t *at;
	X509 *certificate;

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	sign(&signer, &cms);
	at = cms.data;
	parsed = d2i_CMS_ContentInfo(NULL, &at, (long)cms.len);
	certificate = x509_of(&signer);
	X509_STORE_add_cert(store, certificate);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW);
	assert_int_equal(CMS_verify(parsed, NULL, store, content, NULL,
	    CMS_DETACHED | CMS_BINARY), 1);
	info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(parsed), 0);
	have = CMS_signed_get0_data_by_OBJ(info,
	    OBJ_nid2obj(NID_pkcs9_signingTime), -3, V_ASN1_UTCTIME);
	assert_non_null(have);
	der_put_time(&time, NOW);
	at = ASN1_STRING_get0_data((const ASN1_STRING *)have);
	assert_memory_equal(at, time.data + 2, time.len - 2);
	CMS_ContentInfo_free(parsed);
	X509_STORE_free(store);
	X509_free(certificate);
	BIO_free(content);
}

/* The command that a bundle's README gives. */
static int
command_verifies(const char *folder, const char *content)
{
	return shell(folder, "exec openssl cms -verify -binary "
	    "-inform DER -in signature -content \"$1\" -certfile "
	    "certificate -nointern -noverify -out out", content);
}

static void
test_openssl_command_verifies(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	AUTO(buf_release) struct buf pem = { 0 };
	char folder[] = "/tmp/anchorite-cms.XXXXXX";
	struct fail fail = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	sign(&signer, &cms);
	text_pem(&pem, "CERTIFICATE", buf_bytes(&signer.der));
	file_put(folder, "signature", buf_bytes(&cms));
	file_put(folder, "certificate", buf_bytes(&pem));
	file_put(folder, "content", CONTENT);
	file_put(folder, "other", BYTES("line\n"));
	assert_int_equal(command_verifies(folder, "content"), 0);
	assert_int_not_equal(command_verifies(folder, "other"), 0);
	assert_int_equal(file_remove_tree(folder, &fail), 0);
}

/* RFC 5652, 11.3: GeneralizedTime from 2050. */
static void
test_signs_after_2049(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	assert_int_equal(cms_sign(CONTENT, buf_bytes(&signer.der), signer.key,
	    INT64_C(2524608000), &cms, &fail), 0);
	assert_non_null(memmem(cms.data, cms.len, "20500101000000Z", 15));
	assert_int_equal(cms_verify(buf_bytes(&cms), CONTENT,
	    buf_bytes(&signer.der), &fail), 0);
}

/* RSA with PKCS#1 v1.5 has no randomness: the bytes are a pure function. */
static void
test_signs_the_same_bytes_twice(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf once = { 0 };
	AUTO(buf_release) struct buf twice = { 0 };

	(void)state;
	signer_make(&signer, EVP_RSA_gen(2048), "rsa-sha256");
	sign(&signer, &once);
	sign(&signer, &twice);
	assert_true(bytes_is_equal(buf_bytes(&once), buf_bytes(&twice)));
}

static void
test_signs_nothing_and_appends(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	buf_text(&cms, "before");
	assert_int_equal(cms_sign(bytes_of(NULL, 0), buf_bytes(&signer.der),
	    signer.key, NOW, &cms, &fail), 0);
	assert_memory_equal(cms.data, "before", 6);
	assert_int_equal(cms_verify(bytes_of(cms.data + 6, cms.len - 6),
	    bytes_of(NULL, 0), buf_bytes(&signer.der), &fail), 0);
}

static void
test_sign_refuses(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(signer_release) struct signer other = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&other, EVP_EC_gen("P-256"), "ecdsa-sha256");
	assert_int_equal(cms_sign(CONTENT, BYTES("\x30\x00"), signer.key, NOW,
	    &cms, &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "signer's certificate: ", 22),
	    0);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(cms_sign(CONTENT, buf_bytes(&signer.der), other.key,
	    NOW, &cms, &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "signing: ", 9), 0);
	assert_int_equal(fail.kind, FAIL_TOKEN);
	buf_append(&signer.der, "\0", 1);
	assert_int_equal(cms_sign(CONTENT, buf_bytes(&signer.der), signer.key,
	    NOW, &cms, &fail), -1);
	assert_string_equal(fail.sentence, "signer's certificate");
	assert_int_equal(cms.len, 0);
}

/* Not what somebody else left in OpenSSL's queue. */
static void
test_sign_names_its_own_cause(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(signer_release) struct signer other = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&other, EVP_RSA_gen(2048), "rsa-sha256");
	ERR_raise(ERR_LIB_RSA, RSA_R_MODULUS_TOO_LARGE);
	assert_int_equal(cms_sign(CONTENT, buf_bytes(&signer.der), other.key,
	    NOW, &cms, &fail), -1);
	assert_string_equal(fail.sentence, "signing: different key types");
}

static void
test_verify_refuses_others(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(signer_release) struct signer other = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&other, EVP_EC_gen("P-256"), "ecdsa-sha256");
	sign(&signer, &cms);
	expect_refused(buf_bytes(&cms), CONTENT, &other, FAIL_REFUSED,
	    "signed by another certificate");
	expect_refused(buf_bytes(&cms), BYTES("line\r\n"), &signer,
	    FAIL_REFUSED, "signature does not verify");
	cms.data[cms.len - 1] ^= 1;
	expect_refused(buf_bytes(&cms), CONTENT, &signer, FAIL_REFUSED,
	    "signature does not verify");
}

static void
test_verify_refuses_what_is_no_cms(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	expect_refused(bytes_of(NULL, 0), CONTENT, &signer, FAIL_INPUT,
	    "CMS: not DER: ends within an element");
	expect_refused(BYTES("\x30\x80\x00\x00"), CONTENT, &signer,
	    FAIL_INPUT, "CMS: not DER: indefinite length");
	assert_int_equal(cms_verify(BYTES("\x30\x00"), CONTENT,
	    buf_bytes(&signer.der), &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "CMS: ", 5), 0);
	assert_int_equal(fail.kind, FAIL_INPUT);
	sign(&signer, &cms);
	buf_append(&cms, "\0", 1);
	expect_refused(buf_bytes(&cms), CONTENT, &signer, FAIL_INPUT,
	    "CMS: trailing bytes");
}

/* SignedData as OpenSSL makes it, with other flags than ours. */
struct recipe {
	const EVP_MD *hash;
	unsigned flags, signer_flags;
	int signers;
	int content_type;
	const struct signer *also;	/* its certificate is put in too */
};

static void
cook(const struct recipe *recipe, const struct signer *signer,
    struct buf *out)
{
	BIO *content = BIO_new_mem_buf(CONTENT.data, (int)CONTENT.len);
	unsigned flags = recipe->flags | CMS_BINARY;
	X509 *certificate = x509_of(signer), *also = NULL;
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL,
	    flags | CMS_PARTIAL);
	uint8_t *der = NULL;
	int n, len;

	if (recipe->content_type != NID_undef)
		assert_int_equal(CMS_set1_eContentType(cms,
		    OBJ_nid2obj(recipe->content_type)), 1);
	for (n = 0; n < recipe->signers; n++)
		assert_non_null(CMS_add1_signer(cms, certificate, signer->key,
		    recipe->hash, recipe->signer_flags |
		    (n > 0 ? CMS_NOCERTS : 0)));
	if (recipe->also != NULL) {
		also = x509_of(recipe->also);
		assert_int_equal(CMS_add1_cert(cms, also), 1);
	}
	if (recipe->signers > 0)
		assert_int_equal(CMS_final(cms, content, NULL, flags), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	X509_free(certificate);
	X509_free(also);
	BIO_free(content);
}

static void
expect_recipe_refused(const struct recipe *recipe,
    const struct signer *signer, enum fail_kind kind, const char *sentence)
{
	AUTO(buf_release) struct buf cms = { 0 };

	cook(recipe, signer, &cms);
	expect_refused(buf_bytes(&cms), CONTENT, signer, kind, sentence);
}

/* Another key, under a certificate with the same name and serial number. */
static void
test_verify_refuses_a_namesake(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(signer_release) struct signer namesake = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	const struct recipe recipe = { EVP_sha256(), CMS_DETACHED,
		CMS_NOCERTS, 1, NID_undef, &signer };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&namesake, EVP_EC_gen("P-256"), "ecdsa-sha256");
	cook(&recipe, &namesake, &cms);
	expect_refused(buf_bytes(&cms), CONTENT, &signer, FAIL_REFUSED,
	    "signature does not verify");
}

static void
test_verify_refuses_other_shapes(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(signer_release) struct signer other = { 0 };
	const struct recipe good = {
		EVP_sha256(), CMS_DETACHED, 0, 1, NID_undef, NULL,
	};
	struct recipe recipe = good;

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&other, EVP_EC_gen("P-256"), "ecdsa-sha256");
	recipe.flags = 0;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: holds content, want a detached signature");
	recipe = good;
	recipe.content_type = NID_id_smime_ct_TSTInfo;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: content type is not data");
	recipe = good;
	recipe.signers = 2;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: 2 signatures, want one");
	recipe.signers = 0;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: 0 signatures, want one");
	recipe = good;
	recipe.signer_flags = CMS_NOATTR;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: no signed attributes");
	recipe.signer_flags = CMS_NOCERTS;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: 0 certificates inside, want one");
	recipe = good;
	recipe.also = &other;
	expect_recipe_refused(&recipe, &signer, FAIL_INPUT,
	    "CMS: 2 certificates inside, want one");
	recipe = good;
	recipe.hash = EVP_sha1();
	expect_recipe_refused(&recipe, &signer, FAIL_REFUSED,
	    "CMS: hash sha1, want SHA-256, SHA-384 or SHA-512");
}

/* Custodians sign with `openssl cms -sign`: its defaults are taken. */
static void
test_verify_takes_what_openssl_makes(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	const struct recipe recipe = {
		EVP_sha512(), CMS_DETACHED, 0, 1, NID_undef, NULL,
	};
	struct fail fail = { 0 };

	(void)state;
	signer_make(&signer, EVP_RSA_gen(2048), "rsa-sha256");
	cook(&recipe, &signer, &cms);
	assert_int_equal(cms_verify(buf_bytes(&cms), CONTENT,
	    buf_bytes(&signer.der), &fail), 0);
}

/* A ContentInfo of type data. */
static void
test_verify_refuses_data(void **state)
{
	static const char data[] = "\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d"
	    "\x01\x07\x01\xa0\x02\x04\x00";
	AUTO(signer_release) struct signer signer = { 0 };

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	expect_refused(BYTES(data), CONTENT, &signer, FAIL_INPUT,
	    "CMS: not SignedData");
}

static void
test_reads_the_signer(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	AUTO(buf_release) struct buf late = { 0 };
	AUTO(buf_release) struct buf certificate = { 0 };
	struct fail fail = { 0 };
	int64_t time = 0;

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	sign(&signer, &cms);
	assert_int_equal(cms_read_signer(buf_bytes(&cms), &certificate, &time,
	    &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&certificate),
	    buf_bytes(&signer.der)));
	assert_true(time == NOW);
	assert_int_equal(cms_sign(CONTENT, buf_bytes(&signer.der), signer.key,
	    INT64_C(2524608000), &late, &fail), 0);
	ERR_clear_error();
	assert_int_equal(cms_read_signer(buf_bytes(&late), &certificate,
	    &time, &fail), 0);
	assert_true(time == INT64_C(2524608000));
	assert_int_equal(certificate.len, 2 * signer.der.len);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
expect_no_signer(struct bytes cms, enum fail_kind kind,
    const char *sentence)
{
	AUTO(buf_release) struct buf certificate = { 0 };
	struct fail fail = { 0 };
	int64_t time = 42;

	assert_int_equal(cms_read_signer(cms, &certificate, &time, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
	assert_int_equal(certificate.len, 0);
	assert_true(time == 42);
}

/* Two times in one attribute; OpenSSL would not sign it, but may meet it. */
static void
two_times(const struct signer *signer, struct buf *out)
{
	const unsigned flags = CMS_DETACHED | CMS_BINARY;
	X509_ATTRIBUTE *attribute = X509_ATTRIBUTE_create_by_NID(NULL,
	    NID_pkcs9_signingTime, V_ASN1_UTCTIME, "261121063048Z", 13);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL,
	    flags | CMS_PARTIAL);
	X509 *certificate = x509_of(signer);
	CMS_SignerInfo *info = CMS_add1_signer(cms, certificate, signer->key,
	    EVP_sha256(), flags);
	uint8_t *der = NULL;
	int len;

	assert_int_equal(X509_ATTRIBUTE_set1_data(attribute, V_ASN1_UTCTIME,
	    "261121063049Z", 13), 1);
	assert_int_equal(CMS_signed_add1_attr(info, attribute), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_ATTRIBUTE_free(attribute);
	CMS_ContentInfo_free(cms);
	X509_free(certificate);
}

static void
test_read_signer_refuses(void **state)
{
	AUTO(signer_release) struct signer signer = { 0 };
	AUTO(signer_release) struct signer other = { 0 };
	struct recipe recipe = {
		EVP_sha256(), CMS_DETACHED, 0, 2, NID_undef, NULL,
	};
	AUTO(buf_release) struct buf two = { 0 }, also = { 0 };
	AUTO(buf_release) struct buf weak = { 0 }, cms = { 0 };
	AUTO(buf_release) struct buf times = { 0 };
	uint8_t *at;

	(void)state;
	signer_make(&signer, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&other, EVP_EC_gen("P-256"), "ecdsa-sha256");
	expect_no_signer(BYTES("\x30\x80\x00\x00"), FAIL_INPUT,
	    "CMS: not DER: indefinite length");
	cook(&recipe, &signer, &two);
	expect_no_signer(buf_bytes(&two), FAIL_INPUT,
	    "CMS: 2 signatures, want one");
	recipe.signers = 1;
	recipe.also = &other;
	cook(&recipe, &signer, &also);
	expect_no_signer(buf_bytes(&also), FAIL_INPUT,
	    "CMS: 2 certificates inside, want one");
	recipe.also = NULL;
	recipe.hash = EVP_sha1();
	cook(&recipe, &signer, &weak);
	expect_no_signer(buf_bytes(&weak), FAIL_REFUSED,
	    "CMS: hash sha1, want SHA-256, SHA-384 or SHA-512");
	two_times(&signer, &times);
	expect_no_signer(buf_bytes(&times), FAIL_INPUT,
	    "CMS: not one signing time");
	/* Another attribute where the time was, then a time that is none. */
	sign(&signer, &cms);
	at = memmem(cms.data, cms.len, SIGNING_TIME, sizeof(SIGNING_TIME) - 1);
	assert_non_null(at);
	at[sizeof(SIGNING_TIME) + 4] = 'x';
	expect_no_signer(buf_bytes(&cms), FAIL_INPUT,
	    "CMS: signing time: time: want YYMMDDHHMMSSZ through 2049, "
	    "then YYYYMMDDHHMMSSZ");
	at[sizeof(SIGNING_TIME) - 2] = 7;
	expect_no_signer(buf_bytes(&cms), FAIL_INPUT,
	    "CMS: not one signing time");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs_and_verifies),
		cmocka_unit_test(test_openssl_verifies),
		cmocka_unit_test(test_openssl_command_verifies),
		cmocka_unit_test(test_signs_after_2049),
		cmocka_unit_test(test_signs_the_same_bytes_twice),
		cmocka_unit_test(test_signs_nothing_and_appends),
		cmocka_unit_test(test_sign_refuses),
		cmocka_unit_test(test_sign_names_its_own_cause),
		cmocka_unit_test(test_verify_refuses_others),
		cmocka_unit_test(test_verify_refuses_a_namesake),
		cmocka_unit_test(test_verify_refuses_what_is_no_cms),
		cmocka_unit_test(test_verify_refuses_other_shapes),
		cmocka_unit_test(test_verify_takes_what_openssl_makes),
		cmocka_unit_test(test_verify_refuses_data),
		cmocka_unit_test(test_reads_the_signer),
		cmocka_unit_test(test_read_signer_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
