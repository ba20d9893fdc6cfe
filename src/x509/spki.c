/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/spki.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#define OID_RSA "1.2.840.113549.1.1.1"	/* rsaEncryption (RFC 3279, 2.3.1) */
#define OID_EC  "1.2.840.10045.2.1"	/* id-ecPublicKey (RFC 5480, 2.1.1) */

#define EXPONENT_MIN  65537
#define EXPONENT_LEN  8
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
	const char *oid;	/* of the curve (RFC 5480, 2.1.1.1) */
} kinds[KEY_KINDS] = {
	[KEY_RSA_2048] = { 2048, NID_undef, "" },
	[KEY_RSA_3072] = { 3072, NID_undef, "" },
	[KEY_RSA_4096] = { 4096, NID_undef, "" },
	[KEY_EC_P256] = { 256, NID_X9_62_prime256v1, "1.2.840.10045.3.1.7" },
	[KEY_EC_P384] = { 384, NID_secp384r1, "1.3.132.0.34" },
	[KEY_EC_P521] = { 521, NID_secp521r1, "1.3.132.0.35" },
};

/* Known by name only, to be refused by it. */
static const struct {
	const char *oid, *name;
} others[] = {
	{ "1.2.840.10040.4.1", "DSA" },
	{ "1.2.840.113549.1.1.10", "RSASSA-PSS" },
	{ "1.3.101.110", "X25519" },
	{ "1.3.101.111", "X448" },
	{ "1.3.101.112", "Ed25519" },
	{ "1.3.101.113", "Ed448" },
	{ "2.16.840.1.101.3.4.3.17", "ML-DSA-44" },
	{ "2.16.840.1.101.3.4.3.18", "ML-DSA-65" },
	{ "2.16.840.1.101.3.4.3.19", "ML-DSA-87" },
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

void
spki_show_algorithm(struct bytes oid, char *out, size_t size)
{
	const char *name = NULL;
	size_t n;
	int nid;

	der_show_oid(oid, out, size);
	nid = OBJ_txt2nid(out);
	if (nid != NID_undef)
		name = OBJ_nid2ln(nid);
	ERR_clear_error();
	for (n = 0; n < COUNT(others); n++)
		if (strcmp(out, others[n].oid) == 0)
			name = others[n].name;
	if (name != NULL)
		snprintf(out, size, "%s", name);
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

/* An odd number from 65537 up to 64 bits; `exponent` is minimal DER. */
static int
exponent_check(struct bytes exponent, struct fail *fail)
{
	uint64_t number = 0;
	size_t n;

	if (exponent.data[0] == 0)
		exponent = bytes_of(exponent.data + 1, exponent.len - 1);
	if (exponent.len > EXPONENT_LEN)
		return fail_with(fail, FAIL_REFUSED,
		    "key: RSA exponent of more than 64 bits");
	for (n = 0; n < exponent.len; n++)
		number = number << 8 | exponent.data[n];
	if (number < EXPONENT_MIN)
		return fail_with(fail, FAIL_REFUSED, "key: RSA exponent "
		    "%" PRIu64 ", want %d or more", number, EXPONENT_MIN);
	if (number % 2 == 0)
		return fail_with(fail, FAIL_REFUSED, "key: RSA exponent "
		    "%" PRIu64 " is even", number);
	return 0;
}

static int
modulus_check(struct bytes modulus, enum key_kind *out, struct fail *fail)
{
	size_t bits;
	uint8_t top;
	int kind;

	if (modulus.data[0] == 0)
		modulus = bytes_of(modulus.data + 1, modulus.len - 1);
	if (modulus.len == 0)
		return fail_with(fail, FAIL_INPUT, "key: RSA modulus 0");
	bits = 8 * modulus.len;
	for (top = modulus.data[0]; (top & 0x80) == 0;
	    top = (uint8_t)(top << 1))
		bits--;
	for (kind = 0; kind < KEY_KINDS; kind++)
		if (key_kind_is_rsa(kind) && bits == (size_t)kinds[kind].bits)
			break;
	if (kind == KEY_KINDS)
		return fail_with(fail, FAIL_REFUSED, "key: RSA %zu bits, "
		    "want 2048, 3072 or 4096", bits);
	if ((modulus.data[modulus.len - 1] & 1) == 0)
		return fail_with(fail, FAIL_REFUSED,
		    "key: RSA modulus is even");
	*out = kind;
	return 0;
}

/* RSAPublicKey (RFC 8017, A.1.1); the parameters are NULL. */
static int
rsa_judge(const struct parts *parts, enum key_kind *out, struct fail *fail)
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
	if (modulus_check(modulus, out, fail) != 0)
		return -1;
	return exponent_check(exponent, fail);
}

static int
curve_check(struct bytes parameters, enum key_kind *out, struct fail *fail)
{
	char name[DER_OID_SIZE];
	struct bytes curve;
	int kind;

	if (der_is_next(parameters, DER_SEQUENCE))
		return fail_with(fail, FAIL_REFUSED,
		    "key: explicit curve parameters");
	if (!der_is_next(parameters, DER_OID))
		return fail_with(fail, FAIL_REFUSED, "key: curve not named");
	if (der_next(&parameters, DER_OID, &curve, NULL, fail) != 0 ||
	    der_end_of(parameters, fail) != 0)
		return fail_in(fail, "key: curve");
	der_show_oid(curve, name, sizeof(name));
	for (kind = 0; kind < KEY_KINDS; kind++)
		if (strcmp(kinds[kind].oid, name) == 0)
			break;
	spki_show_algorithm(curve, name, sizeof(name));
	if (kind == KEY_KINDS)
		return fail_with(fail, FAIL_REFUSED, "key: curve %s, want "
		    "P-256, P-384 or P-521", name);
	*out = kind;
	return 0;
}

/* RFC 5480, 2.2; every consumer takes the uncompressed form. */
static int
ec_judge(const struct parts *parts, enum key_kind *out, struct fail *fail)
{
	size_t octets;

	if (curve_check(parts->parameters, out, fail) != 0)
		return -1;
	octets = ((size_t)kinds[*out].bits + 7) / 8;
	if (parts->bits.len != 1 + 2 * octets ||
	    parts->bits.data[0] != UNCOMPRESSED)
		return fail_with(fail, FAIL_REFUSED,
		    "key: point not in uncompressed form");
	return 0;
}

static int
judge(const struct parts *parts, enum key_kind *out, struct fail *fail)
{
	char name[DER_OID_SIZE];

	der_show_oid(parts->algorithm, name, sizeof(name));
	if (strcmp(name, OID_RSA) == 0)
		return rsa_judge(parts, out, fail);
	if (strcmp(name, OID_EC) == 0)
		return ec_judge(parts, out, fail);
	spki_show_algorithm(parts->algorithm, name, sizeof(name));
	return fail_with(fail, FAIL_REFUSED, "key: %s, want RSA or EC on "
	    "P-256, P-384, P-521", name);
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

static BIGNUM *
next_number(struct bytes *rest)
{
	struct fail ignored = { 0 };
	struct bytes number;

	if (der_next(rest, DER_INTEGER, &number, NULL, &ignored) != 0)
		return NULL;
	return BN_bin2bn(number.data, (int)number.len, NULL);
}

/* The parts have been judged: what is missing here is memory. */
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
rsa_make(const struct parts *parts)
{
	AUTO(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	AUTO(free_number) BIGNUM *modulus = NULL;
	AUTO(free_number) BIGNUM *exponent = NULL;
	struct fail ignored = { 0 };
	struct bytes rest = parts->bits, key;

	if (der_next(&rest, DER_SEQUENCE, &key, NULL, &ignored) != 0)
		return NULL;
	modulus = next_number(&key);
	exponent = next_number(&key);
	if (builder == NULL || modulus == NULL || exponent == NULL ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N,
		modulus) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E,
		exponent) != 1)
		return NULL;
	return key_make("RSA", builder);
}

static EVP_PKEY *
ec_make(const struct parts *parts, enum key_kind kind)
{
	AUTO(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (builder == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(builder,
		OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(kinds[kind].curve),
		0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder,
		OSSL_PKEY_PARAM_PUB_KEY, parts->bits.data,
		parts->bits.len) != 1)
		return NULL;
	return key_make("EC", builder);
}

/*
 * The key is made from its judged parts, not by d2i_PUBKEY: OpenSSL's
 * decoder tries every format it knows, at five times the cost.
 */
int
spki_read(struct bytes der, struct spki *out, struct fail *fail)
{
	struct parts parts;
	enum key_kind kind = KEY_RSA_2048;
	EVP_PKEY *key;

	if (parts_read(der, &parts, fail) != 0 ||
	    judge(&parts, &kind, fail) != 0)
		return -1;
	key = key_kind_is_rsa(kind) ? rsa_make(&parts) : ec_make(&parts, kind);
	if (key == NULL && !key_kind_is_rsa(kind)) {
		/* Of a well-formed point OpenSSL asks nothing else. */
		ERR_clear_error();
		return fail_with(fail, FAIL_REFUSED,
		    "key: point not on the curve");
	}
	if (key == NULL)
		return fail_openssl(fail, FAIL_INPUT, "key");
	out->der = der;
	out->key = key;
	out->kind = kind;
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
