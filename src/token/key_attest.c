/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/key.h>

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include <anchorite/base/auto.h>

#include "key_internal.h"

/* No wrapped private key is longer: RSA-4096 takes 2.4 kB. */
#define WRAPPED_MAX 8192
#define CHALLENGE   32

static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} attribute_rows[] = {
#define ATTRIBUTE(type) { type, #type }
	ATTRIBUTE(CKA_TOKEN),
	ATTRIBUTE(CKA_PRIVATE),
	ATTRIBUTE(CKA_SENSITIVE),
	ATTRIBUTE(CKA_EXTRACTABLE),
	ATTRIBUTE(CKA_SIGN),
	ATTRIBUTE(CKA_DECRYPT),
	ATTRIBUTE(CKA_UNWRAP),
	ATTRIBUTE(CKA_DERIVE),
	ATTRIBUTE(CKA_SIGN_RECOVER),
	ATTRIBUTE(CKA_LOCAL),
	ATTRIBUTE(CKA_ALWAYS_SENSITIVE),
	ATTRIBUTE(CKA_NEVER_EXTRACTABLE),
	ATTRIBUTE(CKA_MODIFIABLE),
	ATTRIBUTE(CKA_ALWAYS_AUTHENTICATE),
	ATTRIBUTE(CKA_WRAP_WITH_TRUSTED),
};
_Static_assert(COUNT(attribute_rows) <= KEY_ATTRIBUTES, "room for each");

/* What a key must be, and must not be, where the token tells. */
static const struct {
	const char *name;
	enum key_flag want;
} wanted_rows[] = {
	{ "CKA_PRIVATE", KEY_FLAG_TRUE },
	{ "CKA_SENSITIVE", KEY_FLAG_TRUE },
	{ "CKA_EXTRACTABLE", KEY_FLAG_FALSE },
	{ "CKA_SIGN", KEY_FLAG_TRUE },
};

/* Mechanisms that could carry a private key out under an AES key. */
static const struct {
	CK_MECHANISM_TYPE type;
	CK_ULONG iv_len;
} wrap_rows[] = {
	{ CKM_AES_KEY_WRAP_PAD, 0 },
	{ CKM_AES_KEY_WRAP, 0 },
	{ CKM_AES_CBC_PAD, 16 },
};

/* CKM_RSA_PKCS_KEY_PAIR_GEN is 0, so only all ones mean "not known". */
static int
generated_by_read(const struct key *key, char *out, size_t size,
    struct fail *fail)
{
	CK_MECHANISM_TYPE type = CK_UNAVAILABLE_INFORMATION;
	CK_ATTRIBUTE attribute =
	    { CKA_KEY_GEN_MECHANISM, &type, sizeof(type) };
	CK_RV rv = key->calls->C_GetAttributeValue(key->session,
	    key->private, &attribute, 1);

	if (rv != CKR_OK && rv != CKR_ATTRIBUTE_TYPE_INVALID &&
	    rv != CKR_ATTRIBUTE_SENSITIVE)
		return fail_pkcs11(fail, rv, "C_GetAttributeValue");
	if (rv != CKR_OK || attribute.ulValueLen != sizeof(type) ||
	    type == CK_UNAVAILABLE_INFORMATION)
		snprintf(out, size, "unavailable");
	else
		pkcs11_mechanism_name(type, out, size);
	return 0;
}

static int
claims_read(const struct key *key, struct key_attestation *out,
    struct fail *fail)
{
	for (size_t i = 0; i < COUNT(attribute_rows); i++) {
		out->attributes[i].name = attribute_rows[i].name;
		if (object_read_flag(key, key->private,
		    attribute_rows[i].type, &out->attributes[i].flag,
		    fail) == -1)
			return fail_in(fail, "%s", attribute_rows[i].name);
	}
	out->attribute_count = COUNT(attribute_rows);
	return generated_by_read(key, out->generated_by,
	    sizeof(out->generated_by), fail);
}

enum key_flag
attestation_flag(const struct key_attestation *attestation, const char *name)
{
	for (size_t i = 0; i < attestation->attribute_count; i++)
		if (strcmp(attestation->attributes[i].name, name) == 0)
			return attestation->attributes[i].flag;
	return KEY_FLAG_UNSUPPORTED;
}

static bool
can_wrap(const struct key *key, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_INFO info = { 0 };
	CK_RV rv = key->calls->C_GetMechanismInfo(
	    token_info(key->token)->slot, type, &info);

	return rv == CKR_OK && (info.flags & CKF_WRAP) != 0;
}

/* A key that lives as long as the trial: not in the token, wraps only. */
static CK_RV
wrapping_key_make(const struct key *key, CK_OBJECT_HANDLE *out)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = 32;
	CK_MECHANISM how = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[] = {
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_WRAP, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
	};

	return key->calls->C_GenerateKey(key->session, &how, template,
	    COUNT(template), out);
}

static CK_RV
wrap_try(const struct key *key, CK_OBJECT_HANDLE under, size_t row)
{
	uint8_t iv[16] = { 0 }, wrapped[WRAPPED_MAX];
	CK_ULONG len = sizeof(wrapped), iv_len = wrap_rows[row].iv_len;
	CK_MECHANISM how = { wrap_rows[row].type, iv_len > 0 ? iv : NULL,
		iv_len };
	CK_RV rv = key->calls->C_WrapKey(key->session, &how, under,
	    key->private, wrapped, &len);

	OPENSSL_cleanse(wrapped, sizeof(wrapped));
	return rv;
}

/* NSS was seen to wrap keys that it calls not extractable. */
static int
wrap_try_each(const struct key *key, CK_OBJECT_HANDLE under,
    struct buf *trial, struct fail *fail)
{
	for (size_t i = 0; i < COUNT(wrap_rows); i++) {
		char mechanism[48], code[48];
		CK_RV rv;

		if (!can_wrap(key, wrap_rows[i].type))
			continue;
		pkcs11_mechanism_name(wrap_rows[i].type, mechanism,
		    sizeof(mechanism));
		rv = wrap_try(key, under, i);
		if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
			return fail_with(fail, FAIL_REFUSED, "key %s: it came "
			    "out of the token, wrapped by %s",
			    key_label(key), mechanism);
		buf_printf(trial, "%s%s (%s)", trial->len == 0 ?
		    "refused: " : ", ", pkcs11_rv_name(rv, code,
		    sizeof(code)), mechanism);
	}
	if (trial->len == 0)
		buf_text(trial, "no wrapping mechanism to try");
	return 0;
}

static int
wrap_trial(const struct key *key, char *out, size_t size, struct fail *fail)
{
	AUTO(buf_release) struct buf trial = { 0 };
	CK_OBJECT_HANDLE under = CK_INVALID_HANDLE;
	CK_RV rv = wrapping_key_make(key, &under);
	char code[48];
	int result = 0;

	if (rv != CKR_OK) {
		buf_printf(&trial, "no wrapping key to try with: %s",
		    pkcs11_rv_name(rv, code, sizeof(code)));
	} else {
		result = wrap_try_each(key, under, &trial, fail);
		rv = key->calls->C_DestroyObject(key->session, under);
		if (result == 0 && rv != CKR_OK)
			result = fail_pkcs11(fail, rv, "C_DestroyObject");
	}
	if (result == 0)
		snprintf(out, size, "%s", buf_cstr(&trial));
	return result;
}

int
challenge_make(struct token *token, struct buf *out, struct fail *fail)
{
	uint8_t random[CHALLENGE];

	if (token_random(token, random, sizeof(random), fail) == -1)
		return -1;
	buf_text(out, "anchorite proof of a key\n");
	buf_append(out, random, sizeof(random));
	return 0;
}

unsigned
key_self_tests(const struct key *key)
{
	return key->self_tests;
}

int
signature_prove(struct key *key, struct fail *fail)
{
	AUTO(buf_release) struct buf content = { 0 }, signature = { 0 };
	AUTO(spki_release) struct spki spki = { 0 };
	const struct alg *alg = alg_for_kind(key->kind);
	EVP_PKEY *lent = NULL;

	if (alg == NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "no signature algorithm for %s",
		    key_kind_names[key->kind]);
	if (challenge_make(key->token, &content, fail) == -1 ||
	    key_lend(key, &lent, fail) == -1)
		return -1;
	key->self_tests++;
	if (alg_sign(alg, lent, buf_bytes(&content), &signature, fail) == -1 ||
	    spki_read(key_spki(key), &spki, fail) == -1)
		return -1;
	return alg_verify(alg, spki.key, buf_bytes(&content),
	    buf_bytes(&signature), fail);
}

int
key_prove(struct key *key, struct key_attestation *out, struct fail *fail)
{
	struct key_attestation seen = { 0 };

	if (claims_read(key, &seen, fail) == -1)
		return fail_in(fail, "key %s", key_label(key));
	if (attestation_flag(&seen, "CKA_SIGN") == KEY_FLAG_FALSE)
		return fail_with(fail, FAIL_REFUSED, "key %s: CKA_SIGN: want "
		    "true, have false", key_label(key));
	if (wrap_trial(key, seen.wrap_trial, sizeof(seen.wrap_trial),
	    fail) == -1)
		return -1;
	if (signature_prove(key, fail) == -1)
		return fail_in(fail, "key %s", key_label(key));
	seen.signature_verified = true;
	*out = seen;
	return 0;
}

int
key_check(const struct key_attestation *attestation, struct fail *fail)
{
	for (size_t i = 0; i < COUNT(wanted_rows); i++) {
		enum key_flag have = attestation_flag(attestation,
		    wanted_rows[i].name);

		if (have == KEY_FLAG_UNSUPPORTED ||
		    have == wanted_rows[i].want)
			continue;
		return fail_with(fail, FAIL_REFUSED, "key: %s: want %s, "
		    "have %s", wanted_rows[i].name,
		    have == KEY_FLAG_FALSE ? "true" : "false",
		    have == KEY_FLAG_FALSE ? "false" : "true");
	}
	return 0;
}
