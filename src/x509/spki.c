/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/spki.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

/* Contents octets of OBJECT IDENTIFIERs. */
#define OID(octets) { (const uint8_t *)(octets), sizeof(octets) - 1 }
/* rsaEncryption (RFC 3279, 2.3.1), id-ecPublicKey (RFC 5480, 2.1.1) */
static const struct bytes oid_rsa =
    OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct bytes oid_ec = OID("\x2a\x86\x48\xce\x3d\x02\x01");

#define EXPONENT_LEN  8
#define RSA_BITS_MIN  512	/* of OpenSSL */
#define RSA_BITS_MAX  4096
#define UNCOMPRESSED  0x04

const char *const key_kind_names[KEY_KINDS + 1] = {
	[KEY_RSA_2048] = "rsa-2048",
	[KEY_RSA_3072] = "rsa-3072",
	[KEY_RSA_4096] = "rsa-4096",
	[KEY_EC_P256] = "ec-p256",
	[KEY_EC_P384] = "ec-p384",
	[KEY_EC_P521] = "ec-p521",
};

static const struct {
	int bits;
	int curve;
	struct bytes oid;	/* of the curve (RFC 5480, 2.1.1.1) */
} kinds[KEY_KINDS] = {
	[KEY_RSA_2048] = { 2048, NID_undef, OID("") },
	[KEY_RSA_3072] = { 3072, NID_undef, OID("") },
	[KEY_RSA_4096] = { 4096, NID_undef, OID("") },
	[KEY_EC_P256] = { 256, NID_X9_62_prime256v1,
	    OID("\x2a\x86\x48\xce\x3d\x03\x01\x07") },
	[KEY_EC_P384] = { 384, NID_secp384r1, OID("\x2b\x81\x04\x00\x22") },
	[KEY_EC_P521] = { 521, NID_secp521r1, OID("\x2b\x81\x04\x00\x23") },
};

bool
key_kind_is_rsa(enum key_kind kind)
{
	return kinds[kind].curve == NID_undef;
}

int
key_kind_bits(enum key_kind kind)
{
	return kinds[kind].bits;
}

int
key_kind_curve_nid(enum key_kind kind)
{
	return kinds[kind].curve;
}

/* The three parts of a SubjectPublicKeyInfo. */
struct parts {
	struct bytes algorithm;		/* contents octets of the OID */
	struct bytes parameters;	/* what stands behind it */
	struct bytes bits;		/* whole octets */
};

static int
parts_read(struct bytes der, struct parts *out, struct fail *fail)
{
	struct bytes rest = der, info, algorithm, bits;
	struct parts parts;

	if (der_check(der, fail) != 0 ||
	    der_next(&rest, DER_SEQUENCE, &info, NULL, fail) != 0 ||
	    der_next(&info, DER_SEQUENCE, &algorithm, NULL, fail) != 0 ||
	    der_next(&algorithm, DER_OID, &parts.algorithm, NULL, fail) != 0 ||
	    der_next(&info, DER_BIT_STRING, &bits, NULL, fail) != 0 ||
	    der_end_of(info, fail) != 0)
		return fail_in(fail, "key");
	if (bits.data[0] != 0)
		return fail_with(fail, FAIL_INPUT, "key: not whole octets");
	parts.parameters = algorithm;
	parts.bits = bytes_of(bits.data + 1, bits.len - 1);
	*out = parts;
	return 0;
}

bool
spki_is_rsa(const struct spki *spki)
{
	return bytes_is_equal(spki->algorithm, oid_rsa);
}

bool
spki_is_ec(const struct spki *spki)
{
	return bytes_is_equal(spki->algorithm, oid_ec);
}

static struct bytes
without_zeros(struct bytes number)
{
	while (number.len > 0 && number.data[0] == 0)
		number = bytes_of(number.data + 1, number.len - 1);
	return number;
}

size_t
spki_modulus_bits(const struct spki *spki)
{
	size_t bits = 8 * spki->modulus.len;

	if (bits == 0)
		return 0;
	for (uint8_t top = spki->modulus.data[0]; (top & 0x80) == 0;
	    top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* RSAPublicKey (RFC 8017, A.1.1); the parameters are NULL. */
static int
survey_rsa(const struct parts *parts, struct spki *out, struct fail *fail)
{
	struct bytes parameters = parts->parameters, rest = parts->bits;
	struct bytes key, modulus, exponent;

	if (der_next(&parameters, DER_NULL, NULL, NULL, fail) != 0 ||
	    der_end_of(parameters, fail) != 0 ||
	    der_check(rest, fail) != 0 ||
	    der_next(&rest, DER_SEQUENCE, &key, NULL, fail) != 0 ||
	    der_next(&key, DER_INTEGER, &modulus, NULL, fail) != 0 ||
	    der_next(&key, DER_INTEGER, &exponent, NULL, fail) != 0 ||
	    der_end_of(key, fail) != 0)
		return fail_in(fail, "key: RSA");
	if (((modulus.data[0] | exponent.data[0]) & 0x80) != 0)
		return fail_with(fail, FAIL_INPUT,
		    "key: RSA modulus or exponent below zero");
	out->modulus = without_zeros(modulus);
	out->exponent = without_zeros(exponent);
	for (int kind = 0; kind < KEY_KINDS; kind++)
		if (key_kind_is_rsa(kind) && spki_modulus_bits(out) ==
		    (size_t)kinds[kind].bits)
			out->kind = kind;
	return 0;
}

/* RFC 5480, 2.1.1: an OID, or what it forbids. */
static int
survey_ec(const struct parts *parts, struct spki *out, struct fail *fail)
{
	struct bytes parameters = parts->parameters;

	out->point = parts->bits;
	out->is_explicit = der_is_next(parameters, DER_SEQUENCE);
	if (!der_is_next(parameters, DER_OID))
		return 0;
	if (der_next(&parameters, DER_OID, &out->curve, NULL, fail) != 0 ||
	    der_end_of(parameters, fail) != 0)
		return fail_in(fail, "key: curve");
	for (int kind = 0; kind < KEY_KINDS; kind++)
		if (bytes_is_equal(kinds[kind].oid, out->curve))
			out->kind = kind;
	return 0;
}

static void
free_params(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}

static void
free_builder(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void
free_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void
free_number(BIGNUM **number)
{
	BN_free(*number);
}

static EVP_PKEY *
key_make(const char *type, OSSL_PARAM_BLD *builder)
{
	AUTO(free_context) EVP_PKEY_CTX *context =
	    EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	AUTO(free_params) OSSL_PARAM *params =
	    OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	if (context == NULL || params == NULL ||
	    EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *
make_rsa(const struct spki *spki)
{
	AUTO(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	AUTO(free_number) BIGNUM *modulus = BN_bin2bn(spki->modulus.data,
	    (int)spki->modulus.len, NULL);
	AUTO(free_number) BIGNUM *exponent = BN_bin2bn(spki->exponent.data,
	    (int)spki->exponent.len, NULL);

	if (builder == NULL || modulus == NULL || exponent == NULL ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N,
		modulus) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E,
		exponent) != 1)
		return NULL;
	return key_make("RSA", builder);
}

static EVP_PKEY *
make_ec(const struct spki *spki)
{
	AUTO(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (builder == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(builder,
		OSSL_PKEY_PARAM_GROUP_NAME,
		OBJ_nid2sn(kinds[spki->kind].curve), 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder,
		OSSL_PKEY_PARAM_PUB_KEY, spki->point.data,
		spki->point.len) != 1)
		return NULL;
	return key_make("EC", builder);
}

bool
spki_is_odd(struct bytes number)
{
	return number.len > 0 && (number.data[number.len - 1] & 1) != 0;
}

/* What OpenSSL can compute with, in a short time: a signature under a key
 * that is too small can be verified all the same. */
static bool
is_usable_rsa(const struct spki *spki)
{
	return spki_is_odd(spki->modulus) && spki_is_odd(spki->exponent) &&
	    spki->exponent.len <= EXPONENT_LEN &&
	    spki_modulus_bits(spki) >= RSA_BITS_MIN &&
	    spki_modulus_bits(spki) <= RSA_BITS_MAX;
}

/* RFC 5480, 2.2; every consumer takes the uncompressed form. */
bool
spki_is_uncompressed(const struct spki *spki)
{
	size_t octets = ((size_t)kinds[spki->kind].bits + 7) / 8;

	return spki->point.len == 1 + 2 * octets &&
	    spki->point.data[0] == UNCOMPRESSED;
}

/*
 * The key is made from its parts, not by d2i_PUBKEY: OpenSSL's decoder tries
 * every format it knows, at five times the cost. It makes none of a point
 * that is not on its curve.
 */
static int
key_of(struct spki *spki, struct fail *fail)
{
	if (spki_is_rsa(spki) && is_usable_rsa(spki)) {
		spki->key = make_rsa(spki);
		return spki->key != NULL ? 0 :
		    fail_openssl(fail, FAIL_INPUT, "key");
	}
	if (!spki_is_rsa(spki) && spki->kind != KEY_NONE &&
	    spki_is_uncompressed(spki))
		spki->key = make_ec(spki);
	ERR_clear_error();
	return 0;
}

int
spki_survey(struct bytes der, struct spki *out, struct fail *fail)
{
	struct spki spki = { .der = der, .kind = KEY_NONE };
	struct parts parts;

	if (parts_read(der, &parts, fail) != 0)
		return -1;
	spki.algorithm = parts.algorithm;
	if (spki_is_rsa(&spki) && survey_rsa(&parts, &spki, fail) != 0)
		return -1;
	if (spki_is_ec(&spki) && survey_ec(&parts, &spki, fail) != 0)
		return -1;
	if (key_of(&spki, fail) != 0)
		return -1;
	*out = spki;
	return 0;
}

void
spki_release(struct spki *spki)
{
	EVP_PKEY_free(spki->key);
	spki->key = NULL;
}

int
spki_write(const EVP_PKEY *key, struct buf *out, struct fail *fail)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	if (len <= 0)
		return fail_openssl(fail, FAIL_TOKEN, "key: no public half");
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

int
spki_identifier(struct bytes der, uint8_t out[DIGEST_SHA1_LEN],
    struct fail *fail)
{
	struct parts parts;

	if (parts_read(der, &parts, fail) != 0)
		return -1;
	digest_sha1(parts.bits, out);
	return 0;
}
