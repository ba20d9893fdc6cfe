/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/cms.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>

#include "cms_internal.h"

#define RECIPIENT "recipient's"

/*
 * Content goes through BIOs by hand: CMS_final and CMS_decrypt copy it by
 * way of the stack, and leave it there.
 */
static void
chain_free(BIO **chain)
{
	BIO_free_all(*chain);
}

/* What RFC 5280, 4.2.1.3 wants where the certificate says what it is for. */
static int
usage_check(X509 *certificate, struct fail *fail)
{
	bool is_rsa = EVP_PKEY_is_a(X509_get0_pubkey(certificate), "RSA") == 1;
	uint32_t want = is_rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;

	if ((X509_get_key_usage(certificate) & want) != 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED,
	    "recipient's certificate: key usage lacks %s", is_rsa ?
	    "keyEncipherment" : "keyAgreement");
}

/*
 * How the content's key goes to the recipient. OpenSSL would take PKCS #1
 * v1.5, whose failures tell an attacker too much, and SHA-1 to derive a key.
 * OAEP stays at SHA-1: few tokens have another, and it needs no more.
 */
static int
transport_choose(CMS_RecipientInfo *recipient)
{
	EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(recipient);

	if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS)
		return EVP_PKEY_CTX_set_rsa_padding(context,
		    RSA_PKCS1_OAEP_PADDING);
	return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256());
}

static int
content_put(CMS_ContentInfo *cms, struct bytes content, struct fail *fail)
{
	AUTO(chain_free) BIO *chain = CMS_dataInit(cms, NULL);
	size_t written = 0;

	if (chain == NULL || (content.len > 0 &&
	    BIO_write_ex(chain, content.data, content.len, &written) != 1) ||
	    written != content.len || BIO_flush(chain) != 1 ||
	    CMS_dataFinal(cms, chain) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "encrypting");
	return 0;
}

int
cms_encrypt(struct bytes content, struct bytes recipient_certificate,
    struct buf *out, struct fail *fail)
{
	AUTO(cms_x509_free) X509 *certificate = NULL;
	AUTO(cms_free) CMS_ContentInfo *cms = NULL;
	CMS_RecipientInfo *recipient = NULL;

	ERR_clear_error();	/* a failure names its own cause, no older */
	certificate = cms_certificate(recipient_certificate, RECIPIENT, fail);
	if (certificate == NULL || usage_check(certificate, fail) != 0)
		return -1;
	cms = CMS_encrypt(NULL, NULL, EVP_aes_256_cbc(),
	    CMS_PARTIAL | CMS_BINARY);
	if (cms != NULL)
		recipient = CMS_add1_recipient_cert(cms, certificate,
		    CMS_KEY_PARAM);
	if (recipient == NULL || transport_choose(recipient) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "encrypting");
	if (content_put(cms, content, fail) != 0)
		return -1;
	return cms_put(cms, out, fail);
}

/* Data for one recipient, and inside. */
static int
shape_check(CMS_ContentInfo *cms, struct fail *fail)
{
	ASN1_OCTET_STRING **content;
	int recipients;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_enveloped)
		return fail_with(fail, FAIL_INPUT, "CMS: not EnvelopedData");
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: content type is not data");
	recipients = sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms));
	if (recipients != 1)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: %d recipients, want one", recipients);
	content = CMS_get0_content(cms);
	if (content == NULL || *content == NULL)
		return fail_with(fail, FAIL_INPUT, "CMS: holds no content");
	return 0;
}

/*
 * The content's key was not had. What lends keys of a token has error codes
 * of its own, behind those that OpenSSL gives out to itself.
 */
static int
fail_unlock(struct fail *fail)
{
	bool is_token = ERR_GET_LIB(ERR_peek_error()) >= ERR_LIB_USER;

	return fail_openssl(fail, is_token ? FAIL_TOKEN : FAIL_INPUT,
	    "CMS: not opened");
}

static int
fail_other(struct fail *fail)
{
	return fail_with(fail, FAIL_INPUT,
	    "CMS: is not for this custodian's certificate");
}

/*
 * Not by CMS_decrypt: for RSA it hides that the key did not fit, or that
 * the token failed, behind a random key. That guards PKCS #1 v1.5, which is
 * not taken here.
 */
static int
unlock_by_transport(CMS_ContentInfo *cms, CMS_RecipientInfo *recipient,
    X509 *certificate, EVP_PKEY *key, struct fail *fail)
{
	X509_ALGOR *algorithm = NULL;
	int result;

	if (CMS_RecipientInfo_ktri_cert_cmp(recipient, certificate) != 0)
		return fail_other(fail);
	if (CMS_RecipientInfo_ktri_get0_algs(recipient, NULL, NULL,
	    &algorithm) != 1 ||
	    OBJ_obj2nid(algorithm->algorithm) != NID_rsaesOaep)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: key transport: want RSAES-OAEP");
	if (EVP_PKEY_up_ref(key) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "CMS");
	(void)CMS_RecipientInfo_set0_pkey(recipient, key);
	result = CMS_RecipientInfo_decrypt(cms, recipient);
	(void)CMS_RecipientInfo_set0_pkey(recipient, NULL);
	return result == 1 ? 0 : fail_unlock(fail);
}

static int
unlock_by_agreement(CMS_ContentInfo *cms, CMS_RecipientInfo *recipient,
    X509 *certificate, EVP_PKEY *key, struct fail *fail)
{
	STACK_OF(CMS_RecipientEncryptedKey) *keys =
	    CMS_RecipientInfo_kari_get0_reks(recipient);
	CMS_RecipientEncryptedKey *encrypted =
	    sk_CMS_RecipientEncryptedKey_value(keys, 0);
	int result;

	if (sk_CMS_RecipientEncryptedKey_num(keys) != 1 ||
	    CMS_RecipientEncryptedKey_cert_cmp(encrypted, certificate) != 0)
		return fail_other(fail);
	if (CMS_RecipientInfo_kari_set0_pkey(recipient, key) != 1)
		return fail_openssl(fail, FAIL_INPUT, "CMS: not opened");
	result = CMS_RecipientInfo_kari_decrypt(cms, recipient, encrypted);
	(void)CMS_RecipientInfo_kari_set0_pkey(recipient, NULL);
	return result == 1 ? 0 : fail_unlock(fail);
}

static int
unlock(CMS_ContentInfo *cms, X509 *certificate, EVP_PKEY *key,
    struct fail *fail)
{
	CMS_RecipientInfo *recipient =
	    sk_CMS_RecipientInfo_value(CMS_get0_RecipientInfos(cms), 0);
	int type = CMS_RecipientInfo_type(recipient);
	bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1;

	if (type == CMS_RECIPINFO_TRANS && is_rsa)
		return unlock_by_transport(cms, recipient, certificate, key,
		    fail);
	if (type == CMS_RECIPINFO_AGREE && !is_rsa)
		return unlock_by_agreement(cms, recipient, certificate, key,
		    fail);
	return fail_other(fail);
}

static int
content_take(CMS_ContentInfo *cms, struct secret *out, struct fail *fail)
{
	AUTO(chain_free) BIO *chain = CMS_dataInit(cms, NULL);
	AUTO(secret_release) struct secret content = { 0 };
	int len = 1;

	if (chain == NULL)
		return fail_openssl(fail, FAIL_INPUT, "CMS: not opened");
	while (len > 0 && content.len < sizeof(content.data)) {
		len = BIO_read(chain, content.data + content.len,
		    (int)(sizeof(content.data) - content.len));
		if (len > 0)
			content.len += (size_t)len;
	}
	if (content.len > SECRET_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: holds more than %d bytes", SECRET_MAX);
	if (BIO_method_type(chain) != BIO_TYPE_CIPHER ||
	    BIO_get_cipher_status(chain) != 1)
		return fail_openssl(fail, FAIL_INPUT, "CMS: not opened");
	content.data[content.len] = '\0';
	*out = content;
	return 0;
}

int
cms_decrypt(struct bytes cms, struct bytes certificate, EVP_PKEY *key,
    struct secret *out, struct fail *fail)
{
	AUTO(cms_free) CMS_ContentInfo *parsed = NULL;
	AUTO(cms_x509_free) X509 *recipient = NULL;

	ERR_clear_error();	/* a failure names its own cause, no older */
	parsed = cms_parse(cms, fail);
	if (parsed == NULL || shape_check(parsed, fail) != 0)
		return -1;
	recipient = cms_certificate(certificate, RECIPIENT, fail);
	if (recipient == NULL ||
	    unlock(parsed, recipient, key, fail) != 0)
		return -1;
	return content_take(parsed, out, fail);
}
