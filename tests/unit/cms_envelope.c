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

/* Two recipients: EC by agreement, RSA by transport. */
struct recipients {
	struct signer ec, rsa;
};

static int
recipients_setup(void **state)
{
	struct recipients *two = calloc(1, sizeof(*two));

	signer_make_for(&two->ec, EVP_EC_gen("P-256"), "ecdsa-sha256",
	    1u << EXT_KU_DIGITAL_SIGNATURE | 1u << EXT_KU_KEY_AGREEMENT);
	signer_make_for(&two->rsa, EVP_RSA_gen(2048), "rsa-sha256",
	    1u << EXT_KU_DIGITAL_SIGNATURE | 1u << EXT_KU_KEY_ENCIPHERMENT);
	*state = two;
	return 0;
}

static int
recipients_teardown(void **state)
{
	struct recipients *two = *state;

	signer_release(&two->ec);
	signer_release(&two->rsa);
	free(two);
	return 0;
}

static void
encrypt(struct bytes content, const struct signer *to, struct buf *out)
{
	struct fail fail = { 0 };

	if (cms_encrypt(content, buf_bytes(&to->der), out, &fail) != 0)
		fail_msg("%s", fail.sentence);
}

static void
expect_opened(struct bytes cms, const struct signer *to,
    struct bytes content)
{
	struct secret opened = { 0 };
	struct fail fail = { 0 };

	if (cms_decrypt(cms, buf_bytes(&to->der), to->key, &opened,
	    &fail) != 0)
		fail_msg("%s", fail.sentence);
	assert_true(bytes_is_equal(bytes_of(opened.data, opened.len),
	    content));
	assert_int_equal(opened.data[opened.len], 0);
}

/* A sentence that ends in OpenSSL's own words is given up to those. */
static void
expect_closed(struct bytes cms, const struct signer *to, EVP_PKEY *key,
    const char *sentence)
{
	struct secret untouched = { "x", 1 };
	struct fail fail = { 0 };

	assert_int_equal(cms_decrypt(cms, buf_bytes(&to->der), key,
	    &untouched, &fail), -1);
	if (sentence[strlen(sentence) - 1] == ' ')
		fail.sentence[strlen(sentence)] = '\0';
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(untouched.len, 1);
	assert_int_equal(untouched.data[0], 'x');
}

static void
test_encrypts_and_opens(void **state)
{
	const struct recipients *two = *state;
	const struct signer *all[] = { &two->ec, &two->rsa };
	static const size_t lens[] = { 0, 1, 15, 16, 21, 240, SECRET_MAX };
	uint8_t content[SECRET_MAX];
	struct fail fail = { 0 };

	for (size_t n = 0; n < sizeof(content); n++)
		content[n] = (uint8_t)n;
	for (size_t n = 0; n < COUNT(all) * COUNT(lens); n++) {
		const struct signer *to = all[n % COUNT(all)];
		struct bytes bytes = bytes_of(content, lens[n / COUNT(all)]);
		AUTO(buf_release) struct buf once = { 0 }, twice = { 0 };

		encrypt(bytes, to, &once);
		encrypt(bytes, to, &twice);
		assert_int_equal(der_check(buf_bytes(&once), &fail), 0);
		assert_false(bytes_is_equal(buf_bytes(&once),
		    buf_bytes(&twice)));
		expect_opened(buf_bytes(&once), to, bytes);
	}
	assert_int_equal(ERR_peek_error(), 0);
}

/* RFC 5753, 7.1.4 and RFC 3560: what OpenSSL would not do by itself. */
static void
test_encrypts_by_these_algorithms(void **state)
{
	static const struct {
		const char *name, *oid;
		size_t len;
		bool ec;
	} rows[] = {
		{ "dhSinglePass-stdDH-sha256kdf-scheme",
		    "\x06\x06\x2b\x81\x04\x01\x0b\x01", 8, true },
		{ "id-aes256-wrap",
		    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d", 11,
		    true },
		{ "aes256-CBC",
		    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 11,
		    true },
		/* With SHA-1, the default: its parameters are empty. */
		{ "id-RSAES-OAEP", "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7"
		    "\x0d\x01\x01\x07\x30\x00", 15, false },
		{ "aes256-CBC",
		    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 11,
		    false },
	};
	const struct recipients *two = *state;
	AUTO(buf_release) struct buf ec = { 0 }, rsa = { 0 };

	encrypt(CONTENT, &two->ec, &ec);
	encrypt(CONTENT, &two->rsa, &rsa);
	for (size_t n = 0; n < COUNT(rows); n++) {
		const struct buf *cms = rows[n].ec ? &ec : &rsa;

		if (memmem(cms->data, cms->len, rows[n].oid,
		    rows[n].len) == NULL)
			fail_msg("not %s", rows[n].name);
	}
}

/* Both ways: ours by theirs, theirs by ours. */
static void
test_openssl_command_opens(void **state)
{
	const struct recipients *two = *state;
	const struct signer *all[] = { &two->ec, &two->rsa };
	static const char *const options[] = {
		"-keyopt ecdh_kdf_md:sha256", "-keyopt rsa_padding_mode:oaep",
	};
	struct fail fail = { 0 };

	for (size_t n = 0; n < COUNT(all); n++) {
		char folder[] = "/tmp/anchorite-cms.XXXXXX";
		AUTO(buf_release) struct buf cms = { 0 }, theirs = { 0 };
		AUTO(buf_release) struct buf pem = { 0 }, key = { 0 };
		AUTO(buf_release) struct buf opened = { 0 };
		AUTO(auto_free) char *out = NULL, *their = NULL;
		uint8_t *der = NULL;
		int len = i2d_PrivateKey(all[n]->key, &der);

		assert_true(len > 0);
		assert_non_null(mkdtemp(folder));
		out = file_path(folder, "out");
		their = file_path(folder, "theirs");
		buf_append(&key, der, (size_t)len);
		OPENSSL_free(der);
		encrypt(CONTENT, all[n], &cms);
		text_pem(&pem, "CERTIFICATE", buf_bytes(&all[n]->der));
		file_put(folder, "content", CONTENT);
		file_put(folder, "envelope", buf_bytes(&cms));
		file_put(folder, "certificate", buf_bytes(&pem));
		file_put(folder, "key", buf_bytes(&key));
		assert_int_equal(shell(folder, "exec openssl cms -decrypt "
		    "-binary -inform DER -in envelope -recip certificate "
		    "-inkey key -out out", ""), 0);
		assert_int_equal(file_load(out, 1000, &opened, &fail), 0);
		assert_true(bytes_is_equal(buf_bytes(&opened), CONTENT));
		assert_int_equal(shell(folder, "exec openssl cms -encrypt "
		    "-binary -outform DER -in content -out theirs "
		    "-aes-256-cbc -recip certificate $1", options[n]), 0);
		assert_int_equal(file_load(their, 10000, &theirs, &fail), 0);
		expect_opened(buf_bytes(&theirs), all[n], CONTENT);
		assert_int_equal(file_remove_tree(folder, &fail), 0);
	}
}

static void
test_encrypt_refuses(void **state)
{
	AUTO(signer_release) struct signer ec = { 0 };
	AUTO(signer_release) struct signer rsa = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	signer_make_for(&ec, EVP_EC_gen("P-256"), "ecdsa-sha256",
	    1u << EXT_KU_DIGITAL_SIGNATURE | 1u << EXT_KU_KEY_ENCIPHERMENT);
	signer_make_for(&rsa, EVP_RSA_gen(2048), "rsa-sha256",
	    1u << EXT_KU_DIGITAL_SIGNATURE | 1u << EXT_KU_KEY_AGREEMENT);
	assert_int_equal(cms_encrypt(CONTENT, buf_bytes(&ec.der), &cms,
	    &fail), -1);
	assert_string_equal(fail.sentence,
	    "recipient's certificate: key usage lacks keyAgreement");
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_int_equal(cms_encrypt(CONTENT, buf_bytes(&rsa.der), &cms,
	    &fail), -1);
	assert_string_equal(fail.sentence,
	    "recipient's certificate: key usage lacks keyEncipherment");
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_int_equal(cms_encrypt(CONTENT, BYTES("\x30\x00"), &cms,
	    &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "recipient's certificate: ",
	    25), 0);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(cms.len, 0);
}

/* A certificate that says nothing of what its key is for is taken. */
static void
test_encrypts_without_key_usage(void **state)
{
	AUTO(signer_release) struct signer ec = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };

	(void)state;
	signer_make(&ec, EVP_EC_gen("P-256"), "ecdsa-sha256");
	encrypt(CONTENT, &ec, &cms);
	expect_opened(buf_bytes(&cms), &ec, CONTENT);
}

static void
test_decrypt_refuses_others(void **state)
{
	static const char not_for[] =
	    "CMS: is not for this custodian's certificate";
	const struct recipients *two = *state;
	AUTO(signer_release) struct signer namesake = { 0 };
	AUTO(signer_release) struct signer rsa_namesake = { 0 };
	AUTO(signer_release) struct signer other = { 0 };
	AUTO(buf_release) struct buf ec = { 0 }, rsa = { 0 };

	signer_make(&namesake, EVP_EC_gen("P-256"), "ecdsa-sha256");
	signer_make(&rsa_namesake, EVP_RSA_gen(2048), "rsa-sha256");
	other.key = EVP_EC_gen("P-256");
	signer_certify(&other, "Other", "ecdsa-sha256", 0);
	encrypt(CONTENT, &two->ec, &ec);
	encrypt(CONTENT, &two->rsa, &rsa);
	expect_closed(buf_bytes(&ec), &other, other.key, not_for);
	expect_closed(buf_bytes(&ec), &two->rsa, two->rsa.key, not_for);
	expect_closed(buf_bytes(&rsa), &two->ec, two->ec.key, not_for);
	expect_closed(buf_bytes(&rsa), &other, two->rsa.key, not_for);
	/* Named as the recipient, but another key. */
	expect_closed(buf_bytes(&ec), &namesake, namesake.key,
	    "CMS: not opened: ");
	expect_closed(buf_bytes(&rsa), &rsa_namesake, rsa_namesake.key,
	    "CMS: not opened: ");
}

/* Envelopes that cms_encrypt does not make. */
static void
envelope(const struct signer *const *to, size_t count, struct bytes content,
    const EVP_CIPHER *cipher, unsigned flags, struct buf *out)
{
	BIO *bio = BIO_new_mem_buf(content.data, (int)content.len);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, cipher,
	    CMS_BINARY | CMS_PARTIAL | flags);
	uint8_t *der = NULL;
	int len;

	for (size_t n = 0; n < count; n++) {
		X509 *certificate = x509_of(to[n]);
		CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms,
		    certificate, CMS_KEY_PARAM);

		assert_non_null(info);
		if ((flags & CMS_NOATTR) == 0 &&
		    CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS)
			assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(
			    CMS_RecipientInfo_get0_pkey_ctx(info),
			    RSA_PKCS1_OAEP_PADDING), 1);
		X509_free(certificate);
	}
	assert_int_equal(CMS_final(cms, bio, NULL, CMS_BINARY), 1);
	if ((flags & CMS_DETACHED) != 0)
		assert_int_equal(CMS_set_detached(cms, 1), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(bio);
}

static void
test_decrypt_refuses_other_shapes(void **state)
{
	static const uint8_t long_content[SECRET_MAX + 30];
	const struct recipients *two = *state;
	const struct signer *ec[] = { &two->ec }, *rsa[] = { &two->rsa };
	const struct signer *both[] = { &two->ec, &two->rsa };
	AUTO(buf_release) struct buf signature = { 0 }, v15 = { 0 };
	AUTO(buf_release) struct buf pair = { 0 }, detached = { 0 };
	AUTO(buf_release) struct buf large = { 0 }, stream = { 0 };
	struct fail fail = { 0 };

	if (cms_sign(CONTENT, buf_bytes(&two->ec.der), two->ec.key, NOW,
	    &signature, &fail) != 0)
		fail_msg("%s", fail.sentence);
	expect_closed(buf_bytes(&signature), &two->ec, two->ec.key,
	    "CMS: not EnvelopedData");
	envelope(both, 2, CONTENT, EVP_aes_256_cbc(), 0, &pair);
	expect_closed(buf_bytes(&pair), &two->ec, two->ec.key,
	    "CMS: 2 recipients, want one");
	envelope(rsa, 1, CONTENT, EVP_aes_256_cbc(), CMS_NOATTR, &v15);
	expect_closed(buf_bytes(&v15), &two->rsa, two->rsa.key,
	    "CMS: key transport: want RSAES-OAEP");
	envelope(ec, 1, CONTENT, EVP_aes_256_cbc(), CMS_DETACHED, &detached);
	expect_closed(buf_bytes(&detached), &two->ec, two->ec.key,
	    "CMS: holds no content");
	envelope(ec, 1, bytes_of(long_content, sizeof(long_content)),
	    EVP_aes_256_cbc(), 0, &large);
	expect_closed(buf_bytes(&large), &two->ec, two->ec.key,
	    "CMS: holds more than 255 bytes");
	envelope(ec, 1, bytes_of(long_content, SECRET_MAX + 1),
	    EVP_aes_256_cfb(), 0, &stream);
	expect_closed(buf_bytes(&stream), &two->ec, two->ec.key,
	    "CMS: holds more than 255 bytes");
}

static void
test_decrypt_refuses_what_is_no_cms(void **state)
{
	const struct recipients *two = *state;
	AUTO(buf_release) struct buf cms = { 0 }, longer = { 0 };
	struct secret opened = { 0 };
	struct fail fail = { 0 };
	uint8_t *at;

	encrypt(CONTENT, &two->ec, &cms);
	expect_closed(BYTES("\x30\x80\x00\x00"), &two->ec, two->ec.key,
	    "CMS: not DER: indefinite length");
	expect_closed(bytes_of(cms.data, cms.len - 1), &two->ec, two->ec.key,
	    "CMS: not DER: ends within an element");
	buf_put(&longer, buf_bytes(&cms));
	buf_append(&longer, "", 1);
	expect_closed(buf_bytes(&longer), &two->ec, two->ec.key,
	    "CMS: trailing bytes");
	assert_int_equal(cms_decrypt(buf_bytes(&cms), BYTES("\x30\x00"),
	    two->ec.key, &opened, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	/* Another content type within: signedData for data. */
	at = memmem(cms.data, cms.len,
	    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", 11);
	assert_non_null(at);
	at[10] = 2;
	expect_closed(buf_bytes(&cms), &two->ec, two->ec.key,
	    "CMS: content type is not data");
}

/* What was changed on the way is found where it can be: in the padding, or
 * in the wrapped key. */
static void
test_decrypt_refuses_the_changed(void **state)
{
	const struct recipients *two = *state;
	AUTO(buf_release) struct buf ec = { 0 }, rsa = { 0 };

	encrypt(BYTES("0123456789abcdef"), &two->ec, &ec);
	ec.data[ec.len - 17] ^= 0xff;	/* the block before the padding */
	expect_closed(buf_bytes(&ec), &two->ec, two->ec.key,
	    "CMS: not opened: ");
	encrypt(CONTENT, &two->rsa, &rsa);
	rsa.data[rsa.len - 150] ^= 1;	/* the key */
	expect_closed(buf_bytes(&rsa), &two->rsa, two->rsa.key,
	    "CMS: not opened: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypts_and_opens),
		cmocka_unit_test(test_encrypts_by_these_algorithms),
		cmocka_unit_test(test_openssl_command_opens),
		cmocka_unit_test(test_encrypt_refuses),
		cmocka_unit_test(test_encrypts_without_key_usage),
		cmocka_unit_test(test_decrypt_refuses_others),
		cmocka_unit_test(test_decrypt_refuses_other_shapes),
		cmocka_unit_test(test_decrypt_refuses_what_is_no_cms),
		cmocka_unit_test(test_decrypt_refuses_the_changed),
	};

	return cmocka_run_group_tests_name("cms_envelope", tests,
	    recipients_setup, recipients_teardown);
}
