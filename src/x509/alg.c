/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/alg.h>

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

/*
 * The AlgorithmIdentifiers, as RFC 4055, 5 (with NULL), RFC 5758, 3.2
 * (without parameters) and RFC 4055, 3.1 (everything written out) say.
 * `n` ends the object identifier, `h` that of the hash, `len` is its octets.
 */
#define DER_RSA(n) \
	"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" n "\x05\x00"
#define DER_ECDSA(n) "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" n
#define DER_HASH(h) \
	"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" h "\x05\x00"
#define DER_PSS(h, len) \
	"\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34" \
	"\xa0\x0f" DER_HASH(h) \
	"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" \
	DER_HASH(h) \
	"\xa2\x03\x02\x01" len
#define DER(octets) { (const uint8_t *)(octets), sizeof(octets) - 1 }

static const struct alg algs[] = {
	{ "rsa-sha256", "SHA256", true, false, DER(DER_RSA("\x0b")) },
	{ "rsa-sha384", "SHA384", true, false, DER(DER_RSA("\x0c")) },
	{ "rsa-sha512", "SHA512", true, false, DER(DER_RSA("\x0d")) },
	{ "rsa-pss-sha256", "SHA256", true, true,
	    DER(DER_PSS("\x01", "\x20")) },
	{ "rsa-pss-sha384", "SHA384", true, true,
	    DER(DER_PSS("\x02", "\x30")) },
	{ "rsa-pss-sha512", "SHA512", true, true,
	    DER(DER_PSS("\x03", "\x40")) },
	{ "ecdsa-sha256", "SHA256", false, false, DER(DER_ECDSA("\x02")) },
	{ "ecdsa-sha384", "SHA384", false, false, DER(DER_ECDSA("\x03")) },
	{ "ecdsa-sha512", "SHA512", false, false, DER(DER_ECDSA("\x04")) },
};

const char *const alg_names[] = {
	"rsa-sha256", "rsa-sha384", "rsa-sha512",
	"rsa-pss-sha256", "rsa-pss-sha384", "rsa-pss-sha512",
	"ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512",
	NULL,
};

const struct alg *
alg_at(int n)
{
	if (n < 0 || (size_t)n >= COUNT(algs))
		return NULL;
	return &algs[n];
}

const struct alg *
alg_find(const char *name)
{
	size_t n;

	for (n = 0; n < COUNT(algs); n++)
		if (strcmp(algs[n].name, name) == 0)
			return &algs[n];
	return NULL;
}

const struct alg *
alg_from_der(struct bytes algorithm_identifier)
{
	size_t n;

	for (n = 0; n < COUNT(algs); n++)
		if (bytes_is_equal(algs[n].der, algorithm_identifier))
			return &algs[n];
	return NULL;
}

bool
alg_fits(const struct alg *alg, enum key_kind kind)
{
	static const char *const pairs[KEY_KINDS] = {
		[KEY_EC_P256] = "SHA256",
		[KEY_EC_P384] = "SHA384",
		[KEY_EC_P521] = "SHA512",
	};

	if (alg->rsa != key_kind_is_rsa(kind))
		return false;
	return alg->rsa || strcmp(alg->digest, pairs[kind]) == 0;
}

/* Never left to the key: its type decides what OpenSSL computes. */
static int
type_check(const struct alg *alg, const EVP_PKEY *key, struct fail *fail)
{
	int want = alg->rsa ? EVP_PKEY_RSA : EVP_PKEY_EC;

	if (EVP_PKEY_get_base_id(key) != want)
		return fail_with(fail, FAIL_REFUSED,
		    "signature algorithm %s does not fit the key", alg->name);
	return 0;
}

/* RFC 4055, 3.1: one hash throughout, a salt as long as it. */
static int
pss_setup(const struct alg *alg, EVP_PKEY_CTX *context)
{
	const EVP_MD *hash = EVP_get_digestbyname(alg->digest);

	if (!alg->pss)
		return 1;
	return EVP_PKEY_CTX_set_rsa_padding(context,
	    RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context,
	    RSA_PSS_SALTLEN_DIGEST) == 1;
}

static void
context_free(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

const struct alg *
alg_for_kind(enum key_kind kind)
{
	const struct alg *alg = NULL;

	for (int n = 0; (alg = alg_at(n)) != NULL; n++)
		if (alg_fits(alg, kind))
			return alg;
	return NULL;
}

/* One call of EVP_DigestSign: what a token signs, it signs once. */
int
alg_sign(const struct alg *alg, EVP_PKEY *key, struct bytes content,
    struct buf *out, struct fail *fail)
{
	AUTO(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *hash = EVP_get_digestbyname(alg->digest);
	EVP_PKEY_CTX *settings;
	size_t len;

	if (type_check(alg, key, fail) != 0)
		return -1;
	len = (size_t)EVP_PKEY_get_size(key);
	buf_reserve(out, len);
	ERR_clear_error();	/* a failure names its own cause, no older */
	if (context == NULL ||
	    EVP_DigestSignInit(context, &settings, hash, NULL, key) != 1 ||
	    !pss_setup(alg, settings) ||
	    EVP_DigestSign(context, out->data + out->len, &len, content.data,
	    content.len) != 1)
		return fail_openssl(fail, FAIL_TOKEN, "signing");
	out->len += len;
	return 0;
}

int
alg_verify(const struct alg *alg, EVP_PKEY *key, struct bytes content,
    struct bytes signature, struct fail *fail)
{
	AUTO(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *hash = EVP_get_digestbyname(alg->digest);
	EVP_PKEY_CTX *settings;

	if (type_check(alg, key, fail) != 0)
		return -1;
	if (context == NULL ||
	    EVP_DigestVerifyInit(context, &settings, hash, NULL, key) != 1 ||
	    !pss_setup(alg, settings))
		return fail_openssl(fail, FAIL_SYSTEM, "verifying");
	if (EVP_DigestVerify(context, signature.data, signature.len,
	    content.data, content.len) != 1) {
		ERR_clear_error();
		return fail_with(fail, FAIL_REFUSED,
		    "signature does not verify");
	}
	return 0;
}

void
alg_wrap(const struct alg *alg, struct bytes tbs, struct bytes signature,
    struct buf *out)
{
	size_t mark = der_begin(out, DER_SEQUENCE);

	buf_reserve(out, tbs.len + alg->der.len + signature.len + 16);
	buf_put(out, tbs);
	buf_put(out, alg->der);
	der_put_bits(out, signature);
	der_end(out, mark);
}

/* The algorithm is a row of the table but for its parameters? */
static bool
is_known(struct bytes oid)
{
	struct fail ignored = { 0 };

	for (size_t n = 0; n < COUNT(algs); n++) {
		struct bytes row = algs[n].der, content, known;

		if (der_next(&row, DER_SEQUENCE, &content, NULL,
		    &ignored) == 0 &&
		    der_next(&content, DER_OID, &known, NULL, &ignored) == 0 &&
		    bytes_is_equal(known, oid))
			return true;
	}
	return false;
}

void
alg_show(struct bytes algorithm_identifier, char *out, size_t size)
{
	const struct alg *alg = alg_from_der(algorithm_identifier);
	char name[DER_OID_SIZE] = "no OBJECT IDENTIFIER";
	struct fail ignored = { 0 };
	struct bytes content, oid = { 0 };

	if (alg != NULL) {
		snprintf(out, size, "%s", alg->name);
		return;
	}
	if (der_next(&algorithm_identifier, DER_SEQUENCE, &content, NULL,
	    &ignored) == 0 &&
	    der_next(&content, DER_OID, &oid, NULL, &ignored) == 0)
		spki_show_algorithm(oid, name, sizeof(name));
	snprintf(out, size, "%s%s", name,
	    is_known(oid) ? " with these parameters" : "");
}

int
alg_unwrap_any(struct bytes der, struct alg_signed *out, struct fail *fail)
{
	struct bytes rest = der, outer, tbs, algorithm, bits, content;

	if (der_check(der, fail) != 0 ||
	    der_next(&rest, DER_SEQUENCE, &outer, NULL, fail) != 0)
		return -1;
	if (der_next(&outer, DER_SEQUENCE, NULL, &tbs, fail) != 0)
		return fail_in(fail, "to-be-signed part");
	if (der_next(&outer, DER_SEQUENCE, &content, &algorithm, fail) != 0)
		return fail_in(fail, "signature algorithm");
	if (der_next(&outer, DER_BIT_STRING, &bits, NULL, fail) != 0 ||
	    der_end_of(outer, fail) != 0)
		return fail_in(fail, "signature");
	if (bits.data[0] != 0)
		return fail_with(fail, FAIL_INPUT,
		    "signature: not whole octets");
	if (der_next(&content, DER_OID, NULL, NULL, fail) != 0)
		return fail_in(fail, "signature algorithm");
	out->tbs = tbs;
	out->algorithm = algorithm;
	out->alg = alg_from_der(algorithm);
	out->signature = bytes_of(bits.data + 1, bits.len - 1);
	return 0;
}

int
alg_unwrap(struct bytes der, struct alg_signed *out, struct fail *fail)
{
	char name[ALG_SHOW_SIZE];
	struct alg_signed parts;

	if (alg_unwrap_any(der, &parts, fail) != 0)
		return -1;
	if (parts.alg == NULL) {
		alg_show(parts.algorithm, name, sizeof(name));
		return fail_with(fail, FAIL_REFUSED,
		    "signature algorithm %s not accepted", name);
	}
	*out = parts;
	return 0;
}
