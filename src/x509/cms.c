/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/cms.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "cms_internal.h"

#define FLAGS  (CMS_DETACHED | CMS_BINARY)
#define SIGNER "signer's"
/* CMS_signed_get0_data_by_OBJ(3) calls it -3: one attribute, one value. */
#define ONLY_ONE (-3)

void
cms_free(CMS_ContentInfo **cms)
{
	CMS_ContentInfo_free(*cms);
}

void
cms_x509_free(X509 **certificate)
{
	X509_free(*certificate);
}

static void
bio_free(BIO **bio)
{
	BIO_free(*bio);
}

static void
stack_free(STACK_OF(X509) **stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

static void
time_free(ASN1_TIME **time)
{
	ASN1_TIME_free(*time);
}

/* A BIO over lent bytes; NULL and the sentence on failure. */
static BIO *
bio_over(struct bytes bytes, struct fail *fail)
{
	const void *data = bytes.len == 0 ? "" : (const void *)bytes.data;
	BIO *bio = NULL;

	if (bytes.len <= CMS_LEN_MAX)
		bio = BIO_new_mem_buf(data, (int)bytes.len);
	if (bio == NULL)
		(void)fail_openssl(fail, FAIL_SYSTEM, "content of %zu bytes",
		    bytes.len);
	return bio;
}

X509 *
cms_certificate(struct bytes der, const char *whose, struct fail *fail)
{
	const uint8_t *at = der.data;
	X509 *certificate = NULL;

	if (der.len <= CMS_LEN_MAX)
		certificate = d2i_X509(NULL, &at, (long)der.len);
	if (certificate != NULL && at == der.data + der.len)
		return certificate;
	X509_free(certificate);
	(void)fail_openssl(fail, FAIL_INPUT, "%s certificate", whose);
	return NULL;
}

/* Before OpenSSL would put its own: the clock is an argument. */
static int
add_time(CMS_SignerInfo *signer, int64_t seconds)
{
	AUTO(time_free) ASN1_TIME *time =
	    ASN1_TIME_set(NULL, (time_t)seconds);

	return time != NULL && CMS_signed_add1_attr_by_NID(signer,
	    NID_pkcs9_signingTime, ASN1_STRING_type(time), time, -1) == 1;
}

int
cms_put(CMS_ContentInfo *cms, struct buf *out, struct fail *fail)
{
	uint8_t *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);

	if (len <= 0)
		return fail_openssl(fail, FAIL_SYSTEM, "CMS encoding");
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

int
cms_sign(struct bytes content, struct bytes signer_certificate,
    EVP_PKEY *key, int64_t signing_time, struct buf *out, struct fail *fail)
{
	AUTO(cms_free) CMS_ContentInfo *cms = NULL;
	AUTO(cms_x509_free) X509 *certificate = NULL;
	AUTO(bio_free) BIO *bio = NULL;
	CMS_SignerInfo *signer = NULL;

	certificate = cms_certificate(signer_certificate, SIGNER, fail);
	if (certificate == NULL)
		return -1;
	bio = bio_over(content, fail);
	if (bio == NULL)
		return -1;
	ERR_clear_error();	/* a failure names its own cause, no older */
	cms = CMS_sign(NULL, NULL, NULL, NULL, FLAGS | CMS_PARTIAL);
	if (cms != NULL)
		signer = CMS_add1_signer(cms, certificate, key, EVP_sha256(),
		    FLAGS | CMS_NOSMIMECAP);
	if (signer == NULL || !add_time(signer, signing_time) ||
	    CMS_final(cms, bio, NULL, FLAGS) != 1)
		return fail_openssl(fail, FAIL_TOKEN, "signing");
	return cms_put(cms, out, fail);
}

CMS_ContentInfo *
cms_parse(struct bytes der, struct fail *fail)
{
	const uint8_t *at = der.data;
	CMS_ContentInfo *cms = NULL;

	if (der_check(der, fail) != 0) {
		(void)fail_in(fail, "CMS");
		return NULL;
	}
	if (der.len <= CMS_LEN_MAX)
		cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	if (cms == NULL)
		(void)fail_openssl(fail, FAIL_INPUT, "CMS");
	return cms;
}

static int
shape_check(CMS_ContentInfo *cms, struct fail *fail)
{
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return fail_with(fail, FAIL_INPUT, "CMS: not SignedData");
	if (CMS_is_detached(cms) != 1)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: holds content, want a detached signature");
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: content type is not data");
	return 0;
}

/*
 * One signature, with signed attributes (without them the same octets
 * could be taken for attributes or for content), by a hash still good.
 */
static int
signer_check(CMS_ContentInfo *cms, struct fail *fail)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	CMS_SignerInfo *signer;
	X509_ALGOR *hash;
	int nid;

	if (sk_CMS_SignerInfo_num(signers) != 1)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: %d signatures, want one",
		    sk_CMS_SignerInfo_num(signers));
	signer = sk_CMS_SignerInfo_value(signers, 0);
	if (CMS_signed_get_attr_count(signer) <= 0)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: no signed attributes");
	CMS_SignerInfo_get0_algs(signer, NULL, NULL, &hash, NULL);
	nid = OBJ_obj2nid(hash->algorithm);
	if (nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512)
		return fail_with(fail, FAIL_REFUSED, "CMS: hash %s, want "
		    "SHA-256, SHA-384 or SHA-512", OBJ_nid2ln(nid));
	return 0;
}

/* Appends the one certificate inside. */
static int
certificate_take(CMS_ContentInfo *cms, struct buf *out, struct fail *fail)
{
	AUTO(stack_free) STACK_OF(X509) *inside = CMS_get1_certs(cms);
	uint8_t *der = NULL;
	int len;

	if (sk_X509_num(inside) != 1)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: %d certificates inside, want one",
		    inside == NULL ? 0 : sk_X509_num(inside));
	len = i2d_X509(sk_X509_value(inside, 0), &der);
	if (len <= 0)
		return fail_openssl(fail, FAIL_SYSTEM, "CMS: certificate");
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

/* The one certificate inside is the expected one, byte for byte. */
static int
certificate_check(CMS_ContentInfo *cms, struct bytes want,
    struct fail *fail)
{
	AUTO(buf_release) struct buf have = { 0 };

	if (certificate_take(cms, &have, fail) != 0)
		return -1;
	if (!bytes_is_equal(buf_bytes(&have), want))
		return fail_with(fail, FAIL_REFUSED,
		    "signed by another certificate");
	return 0;
}

/* The signer's own certificate only: none from inside, and no chain. */
static int
signature_check(CMS_ContentInfo *cms, struct bytes content,
    struct bytes signer_certificate, struct fail *fail)
{
	AUTO(stack_free) STACK_OF(X509) *signers = sk_X509_new_null();
	AUTO(cms_x509_free) X509 *certificate = NULL;
	AUTO(bio_free) BIO *bio = NULL;
	AUTO(bio_free) BIO *filter = BIO_new(BIO_f_null());

	certificate = cms_certificate(signer_certificate, SIGNER, fail);
	if (certificate == NULL)
		return -1;
	bio = bio_over(content, fail);
	if (bio == NULL)
		return -1;
	/* CMS_verify copies a bare BIO of memory, and may forget the copy. */
	if (filter == NULL || BIO_push(filter, bio) != filter)
		return fail_openssl(fail, FAIL_SYSTEM, "CMS");
	if (signers == NULL || sk_X509_push(signers, certificate) <= 0)
		return fail_openssl(fail, FAIL_SYSTEM, "CMS");
	(void)GIVE(certificate);
	if (CMS_verify(cms, signers, NULL, filter, NULL, FLAGS | CMS_NOINTERN |
	    CMS_NO_SIGNER_CERT_VERIFY) != 1) {
		ERR_clear_error();
		return fail_with(fail, FAIL_REFUSED,
		    "signature does not verify");
	}
	return 0;
}

int
cms_verify(struct bytes cms, struct bytes content,
    struct bytes signer_certificate, struct fail *fail)
{
	AUTO(cms_free) CMS_ContentInfo *parsed = cms_parse(cms, fail);

	if (parsed == NULL || shape_check(parsed, fail) != 0 ||
	    signer_check(parsed, fail) != 0 ||
	    certificate_check(parsed, signer_certificate, fail) != 0)
		return -1;
	return signature_check(parsed, content, signer_certificate, fail);
}

/* signingTime (RFC 5652, 11.3): one attribute with one value. */
static int
time_take(CMS_ContentInfo *cms, int64_t *out, struct fail *fail)
{
	static const int types[] = { V_ASN1_UTCTIME, V_ASN1_GENERALIZEDTIME };
	CMS_SignerInfo *signer =
	    sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	const ASN1_TIME *time = NULL;
	struct bytes rest;
	uint8_t *der = NULL;
	int len, result;

	for (size_t n = 0; n < COUNT(types) && time == NULL; n++)
		time = CMS_signed_get0_data_by_OBJ(signer,
		    OBJ_nid2obj(NID_pkcs9_signingTime), ONLY_ONE, types[n]);
	ERR_clear_error();
	if (time == NULL)
		return fail_with(fail, FAIL_INPUT,
		    "CMS: not one signing time");
	len = i2d_ASN1_TIME(time, &der);
	if (len <= 0)
		return fail_openssl(fail, FAIL_SYSTEM, "CMS: signing time");
	rest = bytes_of(der, (size_t)len);
	result = der_read_time(&rest, out, fail);
	OPENSSL_free(der);
	return result == 0 ? 0 : fail_in(fail, "CMS: signing time");
}

int
cms_read_signer(struct bytes cms, struct buf *certificate_out,
    int64_t *signing_time_out, struct fail *fail)
{
	AUTO(cms_free) CMS_ContentInfo *parsed = cms_parse(cms, fail);
	int64_t time;

	if (parsed == NULL || shape_check(parsed, fail) != 0 ||
	    signer_check(parsed, fail) != 0 ||
	    time_take(parsed, &time, fail) != 0 ||
	    certificate_take(parsed, certificate_out, fail) != 0)
		return -1;
	*signing_time_out = time;
	return 0;
}

static void
pkcs7_free(PKCS7 **pkcs7)
{
	PKCS7_free(*pkcs7);
}

int
cms_write_certificates(const struct bytes *certificates, size_t count,
    struct buf *out, struct fail *fail)
{
	AUTO(pkcs7_free) PKCS7 *pkcs7 = PKCS7_new();
	uint8_t *der = NULL;
	int len;

	if (pkcs7 == NULL || PKCS7_set_type(pkcs7, NID_pkcs7_signed) != 1 ||
	    PKCS7_content_new(pkcs7, NID_pkcs7_data) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "PKCS #7");
	for (size_t n = 0; n < count; n++) {
		AUTO(cms_x509_free) X509 *certificate =
		    cms_certificate(certificates[n], "a", fail);

		if (certificate == NULL)
			return -1;
		if (PKCS7_add_certificate(pkcs7, certificate) != 1)
			return fail_openssl(fail, FAIL_SYSTEM, "PKCS #7");
	}
	len = i2d_PKCS7(pkcs7, &der);
	if (len <= 0)
		return fail_openssl(fail, FAIL_SYSTEM, "PKCS #7");
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}
