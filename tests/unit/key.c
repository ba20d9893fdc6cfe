/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/key.h>
#include <anchorite/token/store.h>
#include <anchorite/x509/alg.h>

#include "softhsm.h"

struct place {
	struct softhsm *softhsm;
	struct module *module;
	struct token *token;
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE session;
};

static const struct bytes any;

static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct fail fail = { 0 };

	assert_non_null(place);
	softhsm_setup((void **)&place->softhsm);
	must_pass(module_open(softhsm_fake(), &place->module, &fail), &fail);
	softhsm_token(place->module, "one");
	place->token = softhsm_open(place->module, "pkcs11:token=one",
	    SOFTHSM_USER_PIN);
	place->calls = module_functions(place->module);
	place->session = token_session(place->token);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;
	int result;

	unsetenv("FAKE_FAIL");
	unsetenv("FAKE_SIGN");
	token_release(&place->token);
	module_release(&place->module);
	result = softhsm_teardown((void **)&place->softhsm);
	free(place);
	return result;
}

static struct key *
generated(const struct place *place, enum key_kind kind, const char *label)
{
	struct fail fail = { 0 };
	struct key *key = NULL;

	must_pass(key_generate(place->token, kind, label, &key, &fail),
	    &fail);
	return key;
}

/* By label, or by id, or by both. */
static struct key *
found(const struct place *place, const char *label, struct bytes id)
{
	struct fail fail = { 0 };
	struct key *key = NULL;

	must_pass(key_find(place->token, bytes_text(label), id, &key, &fail),
	    &fail);
	return key;
}

static void
must_not_find(const struct place *place, const char *label, struct bytes id,
    enum fail_kind kind, const char *sentence)
{
	struct fail fail = { 0 };
	struct key *key = NULL;

	must_fail(key_find(place->token, bytes_text(label), id, &key, &fail),
	    &fail, kind, sentence);
	assert_null(key);
}

static void
must_not_prove(struct key *key, enum fail_kind kind, const char *sentence)
{
	struct key_attestation attestation = { .attribute_count = 99 };
	struct fail fail = { 0 };

	must_fail(key_prove(key, &attestation, &fail), &fail, kind,
	    sentence);
	assert_int_equal(attestation.attribute_count, 99);
}

static enum key_flag
flag_of(const struct key_attestation *attestation, const char *name)
{
	for (size_t i = 0; i < attestation->attribute_count; i++)
		if (strcmp(attestation->attributes[i].name, name) == 0)
			return attestation->attributes[i].flag;
	fail_msg("%s was not read", name);
	return KEY_FLAG_UNSUPPORTED;
}

/* The handle of the one object of a class, with this id where given. */
static CK_OBJECT_HANDLE
object_at(const struct place *place, CK_OBJECT_CLASS class, struct bytes id)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, (void *)(uintptr_t)id.data, id.len },
	};
	CK_OBJECT_HANDLE objects[2];
	CK_ULONG count = 0;

	assert_int_equal(place->calls->C_FindObjectsInit(place->session,
	    template, id.len > 0 ? 2 : 1), CKR_OK);
	assert_int_equal(place->calls->C_FindObjects(place->session, objects,
	    2, &count), CKR_OK);
	assert_int_equal(place->calls->C_FindObjectsFinal(place->session),
	    CKR_OK);
	assert_int_equal(count, 1);
	return objects[0];
}

/* Octets of a named parameter: P-256 by its OID, edwards25519 by name. */
static const uint8_t p256[] = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
static const uint8_t p224[] = "\x06\x05\x2b\x81\x04\x00\x21";
static const uint8_t ed25519[] = "\x13\x0c" "edwards25519";

/* A pair such as other programs make. */
static void
generate_raw(const struct place *place, const uint8_t *curve,
    size_t curve_len, CK_BBOOL is_extractable, const char *id)
{
	CK_BBOOL yes = CK_TRUE, is_sensitive = !is_extractable;
	CK_MECHANISM how = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE label = { CKA_LABEL, (void *)(uintptr_t)"raw", 3 };
	CK_ATTRIBUTE ids = { CKA_ID, (void *)(uintptr_t)id, strlen(id) };
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_EC_PARAMS, (void *)(uintptr_t)curve, curve_len },
		label, ids,
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &is_sensitive, sizeof(is_sensitive) },
		{ CKA_EXTRACTABLE, &is_extractable, sizeof(is_extractable) },
		label, ids,
	};
	CK_OBJECT_HANDLE one, two;

	assert_int_equal(place->calls->C_GenerateKeyPair(place->session,
	    &how, public, COUNT(public), private, COUNT(private), &one,
	    &two), CKR_OK);
}

/* A pair that was made outside, the way other programs import one. */
static void
import_raw(const struct place *place, CK_KEY_TYPE type,
    const struct bytes curve, const struct bytes point,
    const struct bytes value, const char *id)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_EC_PARAMS, (void *)(uintptr_t)curve.data, curve.len },
		{ CKA_ID, (void *)(uintptr_t)id, strlen(id) },
		{ CKA_VALUE, (void *)(uintptr_t)value.data, value.len },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
	};
	CK_OBJECT_HANDLE object;

	assert_int_equal(place->calls->C_CreateObject(place->session,
	    template, COUNT(template), &object), CKR_OK);
	class = CKO_PUBLIC_KEY;
	template[5] = (CK_ATTRIBUTE){ CKA_EC_POINT,
		(void *)(uintptr_t)point.data, point.len };
	assert_int_equal(place->calls->C_CreateObject(place->session,
	    template, 6, &object), CKR_OK);
}

/* Never used to sign, so any octets do. */
static void
import_ed25519(const struct place *place, const char *id)
{
	const uint8_t point[34] = { 0x04, 32 }, value[32] = { 1 };

	import_raw(place, CKK_EC_EDWARDS,
	    bytes_of(ed25519, sizeof(ed25519) - 1),
	    bytes_of(point, sizeof(point)), bytes_of(value, sizeof(value)),
	    id);
}

static void
import_p256(const struct place *place, const char *id)
{
	EVP_PKEY *software = EVP_EC_gen("P-256");
	uint8_t point[67] = { 0x04, 65 }, value[32];
	BIGNUM *secret = NULL;
	size_t len = 0;

	assert_non_null(software);
	assert_int_equal(EVP_PKEY_get_octet_string_param(software,
	    OSSL_PKEY_PARAM_PUB_KEY, point + 2, 65, &len), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(software,
	    OSSL_PKEY_PARAM_PRIV_KEY, &secret), 1);
	assert_int_equal(BN_bn2binpad(secret, value, sizeof(value)), 32);
	import_raw(place, CKK_EC, bytes_of(p256, sizeof(p256) - 1),
	    bytes_of(point, sizeof(point)), bytes_of(value, sizeof(value)),
	    id);
	BN_clear_free(secret);
	EVP_PKEY_free(software);
}

#define P256_RAW(place, extractable, id) \
	generate_raw(place, p256, sizeof(p256) - 1, extractable, id)

static void
must_sign(struct key *key)
{
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(spki_release) struct spki spki = { 0 };
	const struct bytes content = bytes_text("to be signed");
	EVP_PKEY *lent = NULL, *again = NULL;
	struct fail fail = { 0 };
	int tried = 0;

	must_pass(spki_read(key_spki(key), &spki, &fail), &fail);
	assert_int_equal(spki.kind, key_kind(key));
	must_pass(key_lend(key, &lent, &fail), &fail);
	must_pass(key_lend(key, &again, &fail), &fail);
	assert_ptr_equal(lent, again);
	for (int n = 0; alg_at(n) != NULL; n++) {
		if (!alg_fits(alg_at(n), key_kind(key)))
			continue;
		signature.len = 0;
		must_pass(alg_sign(alg_at(n), lent, content, &signature,
		    &fail), &fail);
		must_pass(alg_verify(alg_at(n), spki.key, content,
		    buf_bytes(&signature), &fail), &fail);
		tried++;
	}
	assert_int_equal(tried, key_kind_is_rsa(key_kind(key)) ? 6 : 1);
}

static void
generates_keys_that_sign(void **state)
{
	static const enum key_kind kinds[] = { KEY_RSA_2048, KEY_EC_P256,
		KEY_EC_P384, KEY_EC_P521 };
	struct place *place = *state;
	struct key *keys[COUNT(kinds)];

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const char *name = key_kind_names[kinds[i]];

		keys[i] = generated(place, kinds[i], name);
		assert_int_equal(key_kind(keys[i]), kinds[i]);
		assert_int_equal(key_id(keys[i]).len, KEY_ID_LEN);
		assert_string_equal(key_label(keys[i]), name);
	}
	/* Many keys of one token live side by side. */
	for (size_t i = 0; i < COUNT(kinds); i++)
		must_sign(keys[i]);
	for (size_t i = 0; i < COUNT(kinds); i++)
		key_release(&keys[i]);
	assert_null(keys[0]);
}

/* An RSA pair whose private half may do nothing but RSASSA-PSS. */
static void
generate_pss_only(const struct place *place, const char *id)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = 2048;
	CK_MECHANISM_TYPE allowed = CKM_RSA_PKCS_PSS;
	CK_MECHANISM how = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE ids = { CKA_ID, (void *)(uintptr_t)id, strlen(id) };
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_MODULUS_BITS, &bits, sizeof(bits) },
		ids,
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_ALLOWED_MECHANISMS, &allowed, sizeof(allowed) },
		ids,
	};
	CK_OBJECT_HANDLE one, two;

	assert_int_equal(place->calls->C_GenerateKeyPair(place->session,
	    &how, public, COUNT(public), private, COUNT(private), &one,
	    &two), CKR_OK);
}

static void
signs_pss_by_its_own_mechanism(void **state)
{
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(spki_release) struct spki spki = { 0 };
	AUTO(key_release) struct key *key = NULL;
	const struct bytes content = bytes_text("to be signed");
	const struct alg *pss = alg_find("rsa-pss-sha256");
	struct place *place = *state;
	struct fail fail = { 0 };
	EVP_PKEY *lent = NULL;

	generate_pss_only(place, "pss");
	key = found(place, "", bytes_text("pss"));
	must_pass(spki_read(key_spki(key), &spki, &fail), &fail);
	must_pass(key_lend(key, &lent, &fail), &fail);
	must_pass(alg_sign(pss, lent, content, &signature, &fail), &fail);
	must_pass(alg_verify(pss, spki.key, content, buf_bytes(&signature),
	    &fail), &fail);
	must_fail(alg_sign(alg_find("rsa-sha256"), lent, content, &signature,
	    &fail), &fail, FAIL_TOKEN, "signing: the token lacks the mechanism "
	    "(CKR_MECHANISM_INVALID)");
}

static void
leaves_a_sound_store(void **state)
{
	struct place *place = *state;
	AUTO(store_release) struct store *store = NULL;
	struct fail fail = { 0 };
	struct key *rsa = generated(place, KEY_RSA_2048, "rsa");
	struct key *ec = generated(place, KEY_EC_P256, "ec");

	key_release(&rsa);
	key_release(&ec);
	must_pass(store_open(place->softhsm->store, NULL, &store, &fail),
	    &fail);
	must_pass(store_protect(store, &fail), &fail);
	assert_true(store_has_token(store,
	    token_info(place->token)->serial));
}

static void
attests_to_what_it_made(void **state)
{
	static const struct {
		const char *name;
		enum key_flag flag;
	} rows[] = {
		{ "CKA_TOKEN", KEY_FLAG_TRUE },
		{ "CKA_PRIVATE", KEY_FLAG_TRUE },
		{ "CKA_SENSITIVE", KEY_FLAG_TRUE },
		{ "CKA_EXTRACTABLE", KEY_FLAG_FALSE },
		{ "CKA_SIGN", KEY_FLAG_TRUE },
		{ "CKA_DECRYPT", KEY_FLAG_FALSE },
		{ "CKA_UNWRAP", KEY_FLAG_FALSE },
		{ "CKA_DERIVE", KEY_FLAG_FALSE },
		{ "CKA_SIGN_RECOVER", KEY_FLAG_FALSE },
		{ "CKA_LOCAL", KEY_FLAG_TRUE },
		{ "CKA_ALWAYS_SENSITIVE", KEY_FLAG_TRUE },
		{ "CKA_NEVER_EXTRACTABLE", KEY_FLAG_TRUE },
		{ "CKA_MODIFIABLE", KEY_FLAG_TRUE },
		{ "CKA_ALWAYS_AUTHENTICATE", KEY_FLAG_FALSE },
		{ "CKA_WRAP_WITH_TRUSTED", KEY_FLAG_FALSE },
	};
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");
	struct key_attestation attestation = { 0 };
	struct fail fail = { 0 };

	must_pass(key_prove(key, &attestation, &fail), &fail);
	must_pass(key_check(&attestation, &fail), &fail);
	assert_int_equal(attestation.attribute_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(flag_of(&attestation, rows[i].name),
		    rows[i].flag);
	assert_string_equal(attestation.generated_by, "CKM_EC_KEY_PAIR_GEN");
	assert_string_equal(attestation.wrap_trial, "refused: "
	    "CKR_KEY_UNEXTRACTABLE (CKM_AES_KEY_WRAP_PAD), "
	    "CKR_KEY_UNEXTRACTABLE (CKM_AES_KEY_WRAP)");
	assert_true(attestation.signature_verified);
}

static void
says_what_could_not_be_tried(void **state)
{
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");
	struct key_attestation attestation = { 0 };
	struct fail fail = { 0 };

	setenv("FAKE_FAIL", "C_GetMechanismInfo:0x70", 1);
	must_pass(key_prove(key, &attestation, &fail), &fail);
	assert_string_equal(attestation.wrap_trial,
	    "no wrapping mechanism to try");
	setenv("FAKE_FAIL", "C_GenerateKey:0x70", 1);
	must_pass(key_prove(key, &attestation, &fail), &fail);
	assert_string_equal(attestation.wrap_trial,
	    "no wrapping key to try with: CKR_MECHANISM_INVALID");
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x12", 1);
	must_pass(key_prove(key, &attestation, &fail), &fail);
	assert_int_equal(flag_of(&attestation, "CKA_LOCAL"),
	    KEY_FLAG_UNSUPPORTED);
	assert_string_equal(attestation.generated_by, "unavailable");
	must_pass(key_check(&attestation, &fail), &fail);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30", 1);
	must_not_prove(key, FAIL_TOKEN,
	    "key root: CKA_TOKEN: C_GetAttributeValue: the token is at fault");
	setenv("FAKE_FAIL", "C_DestroyObject:0x30", 1);
	must_not_prove(key, FAIL_TOKEN, "C_DestroyObject: the token is at");
}

static void
finds_by_label_and_id(void **state)
{
	AUTO(key_release) struct key *one =
	    generated(*state, KEY_EC_P256, "one");
	AUTO(key_release) struct key *two =
	    generated(*state, KEY_EC_P256, "two");
	AUTO(key_release) struct key *by_label = found(*state, "one", any);
	AUTO(key_release) struct key *by_id = found(*state, "", key_id(one));
	AUTO(key_release) struct key *by_both =
	    found(*state, "two", key_id(two));

	assert_true(bytes_is_equal(key_id(by_label), key_id(one)));
	assert_true(bytes_is_equal(key_spki(by_label), key_spki(one)));
	assert_string_equal(key_label(by_id), "one");
	assert_string_equal(key_label(by_both), "two");
	must_sign(by_label);
	must_not_find(*state, "one", key_id(two), FAIL_TOKEN,
	    "no key matches pkcs11:token=one;serial=");
	must_not_find(*state, "none", any, FAIL_TOKEN, ";object=none");
	must_not_find(*state, "", any, FAIL_INPUT,
	    "key: want its label or its id");
}

static void
names_both_of_two(void **state)
{
	AUTO(key_release) struct key *one =
	    generated(*state, KEY_EC_P256, "same");
	AUTO(key_release) struct key *two =
	    generated(*state, KEY_EC_P256, "same");
	AUTO(key_release) struct key *found_two =
	    found(*state, "same", key_id(two));

	assert_false(bytes_is_equal(key_id(one), key_id(two)));
	must_not_find(*state, "same", any, FAIL_TOKEN,
	    "two keys match: pkcs11:token=one;serial=");
	must_not_find(*state, "same", any, FAIL_TOKEN,
	    " and pkcs11:token=one;serial=");
	must_sign(found_two);
}

static void
refuses_one_id_twice(void **state)
{
	AUTO(key_release) struct key *first = NULL;
	struct fail fail = { 0 };
	EVP_PKEY *lent = NULL;

	P256_RAW(*state, CK_FALSE, "\x01");
	first = found(*state, "raw", any);
	P256_RAW(*state, CK_FALSE, "\x01");
	must_fail(key_lend(first, &lent, &fail), &fail, FAIL_TOKEN,
	    "key raw: two keys have this id");
	assert_null(lent);
	must_not_find(*state, "", bytes_of("\x01", 1), FAIL_TOKEN,
	    "two keys match: ");
}

static void
refuses_a_key_without_id(void **state)
{
	P256_RAW(*state, CK_FALSE, "");
	must_not_find(*state, "raw", any, FAIL_TOKEN, "object=raw: the key "
	    "has no CKA_ID: nothing leads to its public half");
}

static void
refuses_a_key_without_its_public_half(void **state)
{
	struct place *place = *state;

	P256_RAW(place, CK_FALSE, "\x01");
	assert_int_equal(place->calls->C_DestroyObject(place->session,
	    object_at(place, CKO_PUBLIC_KEY, any)), CKR_OK);
	must_not_find(place, "raw", any, FAIL_TOKEN,
	    "object=raw: the key's public object is not in the token");
}

static void
refuses_kinds_not_known(void **state)
{
	generate_raw(*state, p224, sizeof(p224) - 1, CK_FALSE, "\x01");
	must_not_find(*state, "", bytes_of("\x01", 1), FAIL_REFUSED,
	    "curve: want P-256, P-384 or P-521, by name, have secp224r1");
	import_ed25519(*state, "\x02");
	must_not_find(*state, "", bytes_of("\x02", 1), FAIL_REFUSED,
	    "key: CKA_KEY_TYPE 0x40, want CKK_RSA or CKK_EC");
}

/* libp11 would wait for ever. */
static void
does_not_wait_for_a_session(void **state)
{
	AUTO(key_release) struct key *key = NULL;
	struct fail fail = { 0 };
	EVP_PKEY *lent = NULL;

	P256_RAW(*state, CK_FALSE, "\x01");
	key = found(*state, "", bytes_of("\x01", 1));
	setenv("FAKE_FAIL", "C_OpenSession:0xb1", 1);
	must_fail(key_lend(key, &lent, &fail), &fail, FAIL_TOKEN,
	    "CKR_SESSION_COUNT");
	unsetenv("FAKE_FAIL");
	assert_null(lent);
	must_pass(key_lend(key, &lent, &fail), &fail);
}

static void
says_why_libp11_lists_nothing(void **state)
{
	AUTO(key_release) struct key *key = NULL;
	struct fail fail = { 0 };
	EVP_PKEY *lent = NULL;

	P256_RAW(*state, CK_FALSE, "\x01");
	import_ed25519(*state, "\x02");
	key = found(*state, "", bytes_of("\x01", 1));
	must_fail(key_lend(key, &lent, &fail), &fail, FAIL_TOKEN, "key raw: "
	    "libp11 cannot list the keys, as where one is neither RSA nor "
	    "EC");
	assert_null(lent);
}

static void
refuses_a_public_half_of_another(void **state)
{
	struct place *place = *state;
	AUTO(key_release) struct key *one = NULL;
	CK_ATTRIBUTE id = { CKA_ID, (void *)(uintptr_t)"\x01", 1 };

	P256_RAW(place, CK_FALSE, "\x01");
	assert_int_equal(place->calls->C_DestroyObject(place->session,
	    object_at(place, CKO_PUBLIC_KEY, any)), CKR_OK);
	P256_RAW(place, CK_FALSE, "\x02");
	assert_int_equal(place->calls->C_SetAttributeValue(place->session,
	    object_at(place, CKO_PUBLIC_KEY, any), &id, 1), CKR_OK);
	one = found(place, "", bytes_of("\x01", 1));
	must_not_prove(one, FAIL_REFUSED, "signature does not verify");
}

/* An RSA private key tells its own modulus, so this shows when lending. */
static void
refuses_to_lend_under_another_name(void **state)
{
	struct place *place = *state;
	struct key *one = generated(place, KEY_RSA_2048, "one");
	struct key *two = generated(place, KEY_RSA_2048, "two");
	CK_ATTRIBUTE id = { CKA_ID, (void *)(uintptr_t)key_id(one).data,
		key_id(one).len };
	AUTO(key_release) struct key *mixed = NULL;
	struct fail fail = { 0 };
	EVP_PKEY *lent = NULL;

	assert_int_equal(place->calls->C_DestroyObject(place->session,
	    object_at(place, CKO_PUBLIC_KEY, key_id(one))), CKR_OK);
	assert_int_equal(place->calls->C_SetAttributeValue(place->session,
	    object_at(place, CKO_PUBLIC_KEY, key_id(two)), &id, 1), CKR_OK);
	key_release(&two);
	mixed = found(place, "", key_id(one));
	key_release(&one);
	must_fail(key_lend(mixed, &lent, &fail), &fail, FAIL_REFUSED,
	    "key one: its public object is of another key");
	assert_null(lent);
}

static void
refuses_a_key_that_came_out(void **state)
{
	AUTO(key_release) struct key *key = NULL;

	P256_RAW(*state, CK_TRUE, "\x01");
	key = found(*state, "raw", any);
	must_not_prove(key, FAIL_REFUSED, "key raw: it came out of the token, "
	    "wrapped by CKM_AES_KEY_WRAP_PAD");
}

static void
refuses_a_key_without_sign(void **state)
{
	struct place *place = *state;
	AUTO(key_release) struct key *key =
	    generated(place, KEY_EC_P256, "root");
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE sign = { CKA_SIGN, &no, sizeof(no) };

	assert_int_equal(place->calls->C_SetAttributeValue(place->session,
	    object_at(place, CKO_PRIVATE_KEY, any), &sign, 1), CKR_OK);
	must_not_prove(key, FAIL_REFUSED,
	    "key root: CKA_SIGN: want true, have false");
}

static void
shows_that_a_key_was_imported(void **state)
{
	AUTO(key_release) struct key *key = NULL;
	struct key_attestation attestation = { 0 };
	struct fail fail = { 0 };

	import_p256(*state, "\x07");
	key = found(*state, "", bytes_of("\x07", 1));
	assert_string_equal(key_label(key), "");
	must_pass(key_prove(key, &attestation, &fail), &fail);
	must_pass(key_check(&attestation, &fail), &fail);
	assert_int_equal(flag_of(&attestation, "CKA_LOCAL"), KEY_FLAG_FALSE);
	assert_int_equal(flag_of(&attestation, "CKA_NEVER_EXTRACTABLE"),
	    KEY_FLAG_FALSE);
	assert_string_equal(attestation.generated_by, "unavailable");
	must_sign(key);
}

static void
checks_the_claims(void **state)
{
	static const struct {
		const char *name;
		enum key_flag flag;
		const char *sentence;
	} rows[] = {
		{ "CKA_PRIVATE", KEY_FLAG_FALSE,
		    "key: CKA_PRIVATE: want true, have false" },
		{ "CKA_SENSITIVE", KEY_FLAG_FALSE,
		    "key: CKA_SENSITIVE: want true, have false" },
		{ "CKA_EXTRACTABLE", KEY_FLAG_TRUE,
		    "key: CKA_EXTRACTABLE: want false, have true" },
		{ "CKA_SIGN", KEY_FLAG_FALSE,
		    "key: CKA_SIGN: want true, have false" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct key_attestation attestation = {
			.attributes = { { rows[i].name, rows[i].flag } },
			.attribute_count = 1,
		};
		struct fail fail = { 0 };

		must_fail(key_check(&attestation, &fail), &fail,
		    FAIL_REFUSED, rows[i].sentence);
		attestation.attributes[0].flag = KEY_FLAG_UNSUPPORTED;
		must_pass(key_check(&attestation, &fail), &fail);
	}
}

static void
destroys_and_proves_it(void **state)
{
	struct place *place = *state;
	struct key *key = generated(place, KEY_EC_P256, "root");
	AUTO(buf_release) struct buf id = { 0 };
	struct fail fail = { 0 };

	buf_put(&id, key_id(key));
	setenv("FAKE_FAIL", "C_DestroyObject:0x1b", 1);
	must_fail(key_destroy(&key, &fail), &fail, FAIL_TOKEN,
	    "key root: C_DestroyObject: the object forbids it");
	assert_non_null(key);
	setenv("FAKE_FAIL", "C_DestroyObject:0x82", 1);
	must_fail(key_destroy(&key, &fail), &fail, FAIL_TOKEN,
	    "key root: destroyed, and still found in the token");
	unsetenv("FAKE_FAIL");
	must_sign(key);
	must_pass(key_destroy(&key, &fail), &fail);
	assert_null(key);
	must_not_find(place, "", buf_bytes(&id), FAIL_TOKEN,
	    "no key matches");
}

static void
tries_a_shorter_template_once(void **state)
{
	struct place *place = *state;
	AUTO(key_release) struct key *key = NULL;
	struct fail fail = { 0 };

	setenv("FAKE_FAIL", "C_GenerateKeyPair:0xd1", 1);
	must_fail(key_generate(place->token, KEY_EC_P256, "root", &key,
	    &fail), &fail, FAIL_TOKEN, "key root: C_GenerateKeyPair: the "
	    "token refuses the attributes (CKR_TEMPLATE_INCONSISTENT)");
	setenv("FAKE_FAIL", "C_GenerateKeyPair:0x5:3", 1);
	must_pass(key_generate(place->token, KEY_EC_P256, "root", &key,
	    &fail), &fail);
	must_sign(key);
}

static void
refuses_to_generate(void **state)
{
	struct place *place = *state;
	struct key *key = NULL;
	struct fail fail = { 0 };

	must_fail(key_generate(place->token, KEY_EC_P256, "", &key, &fail),
	    &fail, FAIL_INPUT, "key: want a label");
	setenv("FAKE_FAIL", "C_GenerateRandom:0x30", 1);
	must_fail(key_generate(place->token, KEY_EC_P256, "root", &key,
	    &fail), &fail, FAIL_TOKEN, "C_GenerateRandom: the token is at");
	setenv("FAKE_FAIL", "C_GenerateKeyPair:0x70", 1);
	must_fail(key_generate(place->token, KEY_EC_P256, "root", &key,
	    &fail), &fail, FAIL_TOKEN, "key root: C_GenerateKeyPair: the "
	    "token lacks the mechanism (CKR_MECHANISM_INVALID)");
	assert_null(key);
}

static void
destroys_what_it_cannot_prove(void **state)
{
	struct place *place = *state;
	struct key *key = NULL;
	struct fail fail = { 0 };

	setenv("FAKE_FAIL", "C_Sign:0x30", 1);
	must_fail(key_generate(place->token, KEY_EC_P256, "root", &key,
	    &fail), &fail, FAIL_TOKEN, "key root: ");
	unsetenv("FAKE_FAIL");
	assert_null(key);
	must_not_find(place, "root", any, FAIL_TOKEN, "no key matches");
	setenv("FAKE_FAIL", "C_DestroyObject:0x30", 1);
	must_fail(key_generate(place->token, KEY_EC_P256, "root", &key,
	    &fail), &fail, FAIL_TOKEN, "; and the key is still there: ");
	assert_null(key);
}

/* The module's own calls, while a test stands in for some of them. */
static CK_FUNCTION_LIST true_calls;

static struct key *
generated_for_custodian(const struct place *place, enum key_kind kind)
{
	struct fail fail = { 0 };
	struct key *key = NULL;

	must_pass(key_generate_custodian(place->token, kind, "card", &key,
	    &fail), &fail);
	assert_string_equal(key_label(key), "card");
	assert_int_equal(key_kind(key), kind);
	return key;
}

static void
generates_keys_for_custodians(void **state)
{
	static const struct {
		enum key_kind kind;
		enum key_flag derive, decrypt;
	} rows[] = {
		{ KEY_EC_P256, KEY_FLAG_TRUE, KEY_FLAG_FALSE },
		{ KEY_EC_P384, KEY_FLAG_TRUE, KEY_FLAG_FALSE },
		{ KEY_RSA_2048, KEY_FLAG_FALSE, KEY_FLAG_TRUE },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(key_release) struct key *key =
		    generated_for_custodian(*state, rows[i].kind);
		struct key_attestation seen = { 0 };
		struct fail fail = { 0 };

		must_pass(key_prove(key, &seen, &fail), &fail);
		must_pass(key_check(&seen, &fail), &fail);
		assert_int_equal(flag_of(&seen, "CKA_DERIVE"),
		    rows[i].derive);
		assert_int_equal(flag_of(&seen, "CKA_DECRYPT"),
		    rows[i].decrypt);
		assert_int_equal(flag_of(&seen, "CKA_SIGN"), KEY_FLAG_TRUE);
		assert_int_equal(flag_of(&seen, "CKA_UNWRAP"),
		    KEY_FLAG_FALSE);
		assert_int_equal(flag_of(&seen, "CKA_SIGN_RECOVER"),
		    KEY_FLAG_FALSE);
		must_sign(key);
		must_pass(key_destroy(&key, &fail), &fail);
	}
}

static void
lets_other_keys_sign_alone(void **state)
{
	static const enum key_kind kinds[] = { KEY_EC_P256, KEY_RSA_2048 };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		AUTO(key_release) struct key *key =
		    generated(*state, kinds[i], "root");
		struct key_attestation seen = { 0 };
		struct fail fail = { 0 };

		must_pass(key_prove(key, &seen, &fail), &fail);
		assert_int_equal(flag_of(&seen, "CKA_DERIVE"),
		    KEY_FLAG_FALSE);
		assert_int_equal(flag_of(&seen, "CKA_DECRYPT"),
		    KEY_FLAG_FALSE);
	}
}

/* What the last private template said of CKA_DECRYPT; -1: nothing. */
static int asked_to_decrypt;

static CK_RV
watch_generate(CK_SESSION_HANDLE session, CK_MECHANISM *how,
    CK_ATTRIBUTE *public, CK_ULONG public_count, CK_ATTRIBUTE *private,
    CK_ULONG private_count, CK_OBJECT_HANDLE *one, CK_OBJECT_HANDLE *two)
{
	asked_to_decrypt = -1;
	for (CK_ULONG i = 0; i < private_count; i++)
		if (private[i].type == CKA_DECRYPT)
			asked_to_decrypt = *(CK_BBOOL *)private[i].pValue;
	return true_calls.C_GenerateKeyPair(session, how, public,
	    public_count, private, private_count, one, two);
}

static void
asks_again_with_less_but_not_too_little(void **state)
{
	struct place *place = *state;
	struct key *key = NULL;

	true_calls = *place->calls;
	place->calls->C_GenerateKeyPair = watch_generate;
	setenv("FAKE_FAIL", "C_GenerateKeyPair:0x5:1", 1);
	key = generated_for_custodian(place, KEY_RSA_2048);
	assert_int_equal(asked_to_decrypt, CK_TRUE);
	key_release(&key);
	setenv("FAKE_FAIL", "C_GenerateKeyPair:0x5:2", 1);
	key = generated_for_custodian(place, KEY_EC_P256);
	assert_int_equal(asked_to_decrypt, -1);
	key_release(&key);
	key = generated_for_custodian(place, KEY_EC_P256);
	assert_int_equal(asked_to_decrypt, CK_FALSE);
	key_release(&key);
	*place->calls = true_calls;
}

/* A token that makes keys which sign and no more. */
static CK_RV
tell_of_signing_alone(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = true_calls.C_GetAttributeValue(session, object, template,
	    count);

	if (rv == CKR_OK && count == 1 && (template->type == CKA_DERIVE ||
	    template->type == CKA_DECRYPT))
		*(CK_BBOOL *)template->pValue = CK_FALSE;
	return rv;
}

static void
refuses_a_custodians_key_that_only_signs(void **state)
{
	struct place *place = *state;
	struct key *key = NULL;
	struct fail fail = { 0 };

	true_calls = *place->calls;
	place->calls->C_GetAttributeValue = tell_of_signing_alone;
	must_fail(key_generate_custodian(place->token, KEY_EC_P256, "card",
	    &key, &fail), &fail, FAIL_REFUSED,
	    "key card: key: CKA_DERIVE: want true, have false");
	must_fail(key_generate_custodian(place->token, KEY_RSA_2048, "card",
	    &key, &fail), &fail, FAIL_REFUSED,
	    "key card: key: CKA_DECRYPT: want true, have false");
	*place->calls = true_calls;
	assert_null(key);
	must_not_find(place, "card", any, FAIL_TOKEN, "no key matches");
	must_fail(key_generate_custodian(place->token, KEY_EC_P256, "", &key,
	    &fail), &fail, FAIL_INPUT, "key: want a label");
}

static void
must_lock(struct key *key, bool by_token, const char *trial)
{
	struct key_switch seen = { 0 };
	struct fail fail = { 0 };

	must_pass(key_lock(key, &seen, &fail), &fail);
	assert_string_equal(seen.trial, trial);
	assert_int_equal(seen.by_token, by_token);
}

static void
must_unlock(struct key *key, bool by_token)
{
	struct key_switch seen = { 0 };
	struct fail fail = { 0 };

	must_pass(key_unlock(key, &seen, &fail), &fail);
	assert_string_equal(seen.trial, "signed");
	assert_int_equal(seen.by_token, by_token);
}

static void
must_not_switch(int (*verb)(struct key *, struct key_switch *, struct fail *),
    struct key *key, const char *sentence)
{
	struct key_switch seen = { .trial = "as it was" };
	struct fail fail = { 0 };

	must_fail(verb(key, &seen, &fail), &fail, FAIL_TOKEN, sentence);
	assert_string_equal(seen.trial, "as it was");
}

#define PROHIBITED "refused: CKR_KEY_FUNCTION_NOT_PERMITTED (C_SignInit)"

/* By every algorithm: libp11 tries again by other ways. */
static void
must_not_sign(const struct key *key, EVP_PKEY *lent)
{
	AUTO(buf_release) struct buf signature = { 0 };
	struct fail fail = { 0 };

	for (int n = 0; alg_at(n) != NULL; n++)
		if (alg_fits(alg_at(n), key_kind(key)))
			must_fail(alg_sign(alg_at(n), lent,
			    bytes_text("to be signed"), &signature, &fail),
			    &fail, FAIL_TOKEN, "signing: ");
	assert_int_equal(signature.len, 0);
}

static void
locks_and_unlocks(void **state)
{
	static const enum key_kind kinds[] = { KEY_EC_P256, KEY_EC_P384,
		KEY_EC_P521, KEY_RSA_2048 };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const char *name = key_kind_names[kinds[i]];
		AUTO(key_release) struct key *key =
		    generated(*state, kinds[i], name);
		AUTO(key_release) struct key *again = NULL;
		struct fail fail = { 0 };
		EVP_PKEY *lent = NULL;

		must_pass(key_lend(key, &lent, &fail), &fail);
		must_sign(key);
		must_lock(key, true, PROHIBITED);
		must_not_sign(key, lent);
		must_lock(key, true, PROHIBITED);
		again = found(*state, name, any);
		must_lock(again, true, PROHIBITED);
		must_not_prove(key, FAIL_REFUSED,
		    "CKA_SIGN: want true, have false");
		must_unlock(key, true);
		must_sign(key);
		must_sign(again);
		must_unlock(key, false);
	}
}

/* A call that fails when it is made shows that it is not. */
static void
switches_no_more_than_it_must(void **state)
{
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");

	setenv("FAKE_FAIL", "C_SetAttributeValue:0x30", 1);
	must_unlock(key, false);
	unsetenv("FAKE_FAIL");
	must_lock(key, true, PROHIBITED);
	setenv("FAKE_FAIL", "C_SetAttributeValue:0x30", 1);
	must_lock(key, true, PROHIBITED);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x12", 1);
	must_unlock(key, true);
	must_sign(key);
	must_lock(key, true, PROHIBITED);
}

static void
says_that_the_token_does_not_lock(void **state)
{
	static const struct {
		const char *rule, *trial;
	} rows[] = {
		{ "C_SetAttributeValue:0x54", "CKA_SIGN cannot be set: "
		    "CKR_FUNCTION_NOT_SUPPORTED" },
		{ "C_SetAttributeValue:0x10", "CKA_SIGN cannot be set: "
		    "CKR_ATTRIBUTE_READ_ONLY" },
		{ "C_SetAttributeValue:0x1b", "CKA_SIGN cannot be set: "
		    "CKR_ACTION_PROHIBITED" },
		{ "C_SetAttributeValue:0x80000001", "CKA_SIGN cannot be set: "
		    "CKR 0x80000001" },
	};
	struct place *place = *state;
	AUTO(key_release) struct key *key =
	    generated(place, KEY_EC_P256, "root");

	for (size_t i = 0; i < COUNT(rows); i++) {
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_lock(key, false, rows[i].trial);
		must_lock(key, false, rows[i].trial);
	}
	unsetenv("FAKE_FAIL");
	true_calls = *place->calls;
	place->calls->C_SetAttributeValue = NULL;
	must_lock(key, false, rows[0].trial);
	*place->calls = true_calls;
	must_sign(key);
}

static void
says_that_a_locked_key_signs(void **state)
{
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");

	setenv("FAKE_SIGN", "ignored", 1);
	must_lock(key, false, "CKA_SIGN cannot be set: it still reads true");
	setenv("FAKE_SIGN", "kept", 1);
	must_lock(key, false, "signed all the same");
	must_lock(key, false, "signed all the same");
	must_sign(key);
	setenv("FAKE_FAIL", "C_Sign:0x150", 1);
	must_lock(key, false, "signed all the same");
	unsetenv("FAKE_FAIL");
	must_unlock(key, false);
	must_unlock(key, false);
}

/* The last mechanism, and what was to be signed by it. */
static CK_MECHANISM_TYPE tried_mechanism;
static uint8_t tried_input[64];
static CK_ULONG tried_len;

static CK_RV
watch_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *how,
    CK_OBJECT_HANDLE object)
{
	tried_mechanism = how->mechanism;
	return true_calls.C_SignInit(session, how, object);
}

static CK_RV
watch_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len,
    CK_BYTE *signature, CK_ULONG *signature_len)
{
	assert_true(len <= sizeof(tried_input));
	memcpy(tried_input, data, len);
	tried_len = len;
	return true_calls.C_Sign(session, data, len, signature,
	    signature_len);
}

/* A signature as any other: a DigestInfo, or a hash that fits the curve. */
static void
tries_what_the_key_is_for(void **state)
{
	static const uint8_t digest_info[] = "\x30\x31\x30\x0d\x06\x09\x60"
	    "\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
	static const struct {
		enum key_kind kind;
		CK_MECHANISM_TYPE mechanism;
		CK_ULONG len;
	} rows[] = {
		{ KEY_RSA_2048, CKM_RSA_PKCS, 19 + 32 },
		{ KEY_EC_P256, CKM_ECDSA, 32 },
		{ KEY_EC_P384, CKM_ECDSA, 48 },
		{ KEY_EC_P521, CKM_ECDSA, 64 },
	};
	struct place *place = *state;
	uint8_t before[64];

	setenv("FAKE_SIGN", "kept", 1);
	true_calls = *place->calls;
	place->calls->C_SignInit = watch_sign_init;
	place->calls->C_Sign = watch_sign;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(key_release) struct key *key =
		    generated(place, rows[i].kind, "root");

		must_lock(key, false, "signed all the same");
		assert_int_equal(tried_mechanism, rows[i].mechanism);
		assert_int_equal(tried_len, rows[i].len);
		if (rows[i].mechanism == CKM_RSA_PKCS)
			assert_memory_equal(tried_input, digest_info, 19);
		memcpy(before, tried_input, sizeof(before));
		must_lock(key, false, "signed all the same");
		assert_memory_not_equal(before, tried_input, tried_len);
	}
	*place->calls = true_calls;
}

static void
takes_any_refusal_to_sign(void **state)
{
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");

	setenv("FAKE_SIGN", "kept", 1);
	setenv("FAKE_FAIL", "C_SignInit:0x63", 1);
	must_lock(key, true,
	    "refused: CKR_KEY_TYPE_INCONSISTENT (C_SignInit)");
	setenv("FAKE_FAIL", "C_SignInit:0x80000001", 1);
	must_lock(key, true, "refused: CKR 0x80000001 (C_SignInit)");
	setenv("FAKE_FAIL", "C_Sign:0x68", 1);
	must_lock(key, true,
	    "refused: CKR_KEY_FUNCTION_NOT_PERMITTED (C_Sign)");
}

static void
takes_no_fault_for_a_refusal(void **state)
{
	static const CK_RV faults[] = { 0x02, 0x05, 0x06, 0x07, 0x20, 0x21,
		0x30, 0x31, 0x32, 0x50, 0x60, 0x70, 0x71, 0x82, 0x90, 0xb0,
		0xb3, 0xb5, 0xe0, 0xe2, 0x101, 0x190 };
	static const char *const calls[] =
	    { "C_SetAttributeValue", "C_SignInit", "C_Sign" };
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");
	char rule[64], sentence[64];

	setenv("FAKE_SIGN", "kept", 1);
	for (size_t i = 0; i < COUNT(faults) * COUNT(calls); i++) {
		const char *call = calls[i / COUNT(faults)];

		snprintf(rule, sizeof(rule), "%s:0x%lx", call,
		    faults[i % COUNT(faults)]);
		snprintf(sentence, sizeof(sentence), "key root: %s: ", call);
		setenv("FAKE_FAIL", rule, 1);
		must_not_switch(key_lock, key, sentence);
		if (i + 1 == COUNT(faults)) {
			unsetenv("FAKE_FAIL");
			must_lock(key, false, "signed all the same");
		}
	}
}

static void
says_what_kept_it_from_switching(void **state)
{
	static const struct {
		const char *rule, *sentence;
	} rows[] = {
		{ "C_GetAttributeValue:0x30", "key root: CKA_SIGN: "
		    "C_GetAttributeValue: the token is at fault" },
		{ "C_OpenSession:0xb1", "key root: C_OpenSession: the token "
		    "has no session left" },
		{ "C_GenerateRandom:0x121", "key root: C_GenerateRandom: the "
		    "token has no random source" },
		{ "C_SignInit:0x30", "key root: C_SignInit: the token is at "
		    "fault" },
	};
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");

	/* After one that is let through: the reading back. */
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30:1:1", 1);
	must_not_switch(key_lock, key, rows[0].sentence);
	for (size_t i = 0; i < COUNT(rows); i++) {
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_not_switch(key_lock, key, rows[i].sentence);
		must_not_switch(key_unlock, key, rows[i].sentence);
	}
	unsetenv("FAKE_FAIL");
	must_lock(key, true, PROHIBITED);
	setenv("FAKE_FAIL", "C_SetAttributeValue:0x54", 1);
	must_not_switch(key_unlock, key, "key root: CKA_SIGN cannot be set: "
	    "CKR_FUNCTION_NOT_SUPPORTED: signing: the key may not do this "
	    "(CKR_KEY_FUNCTION_NOT_PERMITTED)");
	setenv("FAKE_FAIL", "C_SetAttributeValue:0x30", 1);
	must_not_switch(key_unlock, key,
	    "key root: C_SetAttributeValue: the token is at fault");
	unsetenv("FAKE_FAIL");
	setenv("FAKE_SIGN", "ignored", 1);
	must_not_switch(key_unlock, key, "key root: CKA_SIGN cannot be set: "
	    "it still reads false: signing: the key may not do this");
}

static void
unlocks_no_key_whose_signature_is_wrong(void **state)
{
	struct place *place = *state;
	AUTO(key_release) struct key *one = NULL;
	CK_ATTRIBUTE id = { CKA_ID, (void *)(uintptr_t)"\x01", 1 };

	P256_RAW(place, CK_FALSE, "\x01");
	assert_int_equal(place->calls->C_DestroyObject(place->session,
	    object_at(place, CKO_PUBLIC_KEY, any)), CKR_OK);
	P256_RAW(place, CK_FALSE, "\x02");
	assert_int_equal(place->calls->C_SetAttributeValue(place->session,
	    object_at(place, CKO_PUBLIC_KEY, any), &id, 1), CKR_OK);
	one = found(place, "", bytes_of("\x01", 1));
	must_lock(one, true, PROHIBITED);
	must_not_switch(key_unlock, one,
	    "key raw: signature does not verify");
}

static void
must_erase(const struct place *place, const char *label, struct bytes id,
    unsigned private_count, unsigned public_count, const char *trial)
{
	struct key_erasure seen = { 0 };
	struct fail fail = { 0 };

	must_pass(key_erase(place->token, bytes_text(label), id, &seen,
	    &fail), &fail);
	assert_int_equal(seen.private_count, private_count);
	assert_int_equal(seen.public_count, public_count);
	assert_string_equal(seen.trial, trial);
}

static void
must_not_erase(const struct place *place, const char *label, struct bytes id,
    enum fail_kind kind, const char *sentence)
{
	struct key_erasure seen = { .trial = "as it was" };
	struct fail fail = { 0 };

	must_fail(key_erase(place->token, bytes_text(label), id, &seen,
	    &fail), &fail, kind, sentence);
	assert_string_equal(seen.trial, "as it was");
}

#define GONE "refused: CKR_OBJECT_HANDLE_INVALID (C_SignInit)"

/* The id outlives the key that is erased. */
static void
id_take(struct key **key, struct buf *id)
{
	id->len = 0;
	buf_put(id, key_id(*key));
	key_release(key);
}

static int sessions_opened, sessions_closed;

static CK_RV
watch_open(CK_SLOT_ID slot, CK_FLAGS flags, void *own, CK_NOTIFY notify,
    CK_SESSION_HANDLE *out)
{
	sessions_opened++;
	return true_calls.C_OpenSession(slot, flags, own, notify, out);
}

static CK_RV
watch_close(CK_SESSION_HANDLE session)
{
	sessions_closed++;
	return true_calls.C_CloseSession(session);
}

static void
leaves_no_session_open(void **state)
{
	struct place *place = *state;
	AUTO(buf_release) struct buf id = { 0 };
	struct key *key = generated(place, KEY_EC_P256, "root");

	true_calls = *place->calls;
	sessions_opened = sessions_closed = 0;
	place->calls->C_OpenSession = watch_open;
	place->calls->C_CloseSession = watch_close;
	must_lock(key, true, PROHIBITED);
	id_take(&key, &id);
	must_erase(place, "root", buf_bytes(&id), 1, 1, GONE);
	*place->calls = true_calls;
	assert_int_equal(sessions_opened, 2);
	assert_int_equal(sessions_closed, 2);
}

static void
erases_and_proves_it(void **state)
{
	AUTO(key_release) struct key *other =
	    generated(*state, KEY_EC_P256, "root");
	AUTO(buf_release) struct buf id = { 0 };
	struct key *key = generated(*state, KEY_EC_P256, "root");
	struct place *place = *state;

	must_sign(key);
	id_take(&key, &id);
	true_calls = *place->calls;
	place->calls->C_SignInit = watch_sign_init;
	must_erase(*state, "root", buf_bytes(&id), 1, 1, GONE);
	assert_int_equal(tried_mechanism, CKM_ECDSA);
	must_not_find(*state, "", buf_bytes(&id), FAIL_TOKEN,
	    "no key matches");
	must_erase(*state, "root", buf_bytes(&id), 0, 0, "");
	must_sign(other);
	key = generated(*state, KEY_RSA_2048, "rsa");
	must_lock(key, true, PROHIBITED);
	id_take(&key, &id);
	must_erase(*state, "", buf_bytes(&id), 1, 1, GONE);
	assert_int_equal(tried_mechanism, CKM_RSA_PKCS);
	*place->calls = true_calls;
	must_sign(other);
}

/* What a crash leaves of the work; destroying is private first. */
static void
completes_what_was_cut_short(void **state)
{
	static const CK_OBJECT_CLASS gone[] =
	    { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	static const char *const trials[] = { "", GONE };
	struct place *place = *state;
	struct bytes id = bytes_of("\x01", 1);

	for (size_t i = 0; i < COUNT(gone); i++) {
		P256_RAW(place, CK_FALSE, "\x01");
		assert_int_equal(place->calls->C_DestroyObject(
		    place->session, object_at(place, gone[i], any)), CKR_OK);
		must_erase(place, "raw", id, i == 1, i == 0, trials[i]);
		must_erase(place, "raw", id, 0, 0, "");
	}
	P256_RAW(place, CK_FALSE, "\x01");
	setenv("FAKE_FAIL", "C_DestroyObject:0x30:1:1", 1);
	must_not_erase(place, "raw", id, FAIL_TOKEN, "object=raw;id=%01: "
	    "C_DestroyObject: the token is at fault");
	must_erase(place, "raw", id, 0, 1, "");
}

/* More than one, and more than one answer of C_FindObjects holds. */
static void
erases_all_with_the_id(void **state)
{
	for (int i = 0; i < 18; i++)
		P256_RAW(*state, CK_FALSE, "\x01");
	P256_RAW(*state, CK_FALSE, "\x02");
	import_ed25519(*state, "\x03");
	must_erase(*state, "raw", bytes_of("\x01", 1), 18, 18, GONE);
	must_erase(*state, "raw", bytes_of("\x02", 1), 1, 1, GONE);
	must_erase(*state, "", bytes_of("\x03", 1), 1, 1, GONE);
}

/* Public keys, for the time of a session. */
static void
create_many(const struct place *place, const char *id, int count)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL no = CK_FALSE;
	uint8_t point[67] = { 0x04, 65, 0x04 };
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof(p256) - 1 },
		{ CKA_EC_POINT, point, sizeof(point) },
		{ CKA_ID, (void *)(uintptr_t)id, strlen(id) },
	};
	CK_OBJECT_HANDLE object;

	for (int i = 0; i < count; i++)
		assert_int_equal(place->calls->C_CreateObject(place->session,
		    template, COUNT(template), &object), CKR_OK);
}

static void
refuses_to_count_without_end(void **state)
{
	create_many(*state, "\x01", 257);
	must_not_erase(*state, "", bytes_of("\x01", 1), FAIL_TOKEN,
	    "id=%01: more than 256 keys match");
	create_many(*state, "\x02", 256);
	must_erase(*state, "", bytes_of("\x02", 1), 0, 256, "");
}

static void
refuses_to_erase_what_is_not_named(void **state)
{
	AUTO(key_release) struct key *key =
	    generated(*state, KEY_EC_P256, "root");

	must_not_erase(*state, "root", any, FAIL_INPUT, "key: want its id");
	must_not_erase(*state, "", any, FAIL_INPUT, "key: want its id");
	must_sign(key);
}

/* Nobody sees a private key then, and public ones could be destroyed. */
static void
erases_nothing_without_the_login(void **state)
{
	struct place *place = *state;

	P256_RAW(place, CK_FALSE, "\x01");
	assert_int_equal(place->calls->C_Logout(place->session), CKR_OK);
	must_not_erase(place, "raw", bytes_of("\x01", 1), FAIL_TOKEN,
	    "id=%01: C_GetSessionInfo: not logged in "
	    "(CKR_USER_NOT_LOGGED_IN)");
	object_at(place, CKO_PUBLIC_KEY, any);
}

static void
says_that_something_is_left(void **state)
{
	static const struct {
		const char *rule, *sentence;
	} rows[] = {
		{ "C_GetSessionInfo:0x30", "C_GetSessionInfo: the token is "
		    "at fault" },
		{ "C_FindObjectsInit:0x30", "C_FindObjectsInit: the token is "
		    "at fault" },
		{ "C_DestroyObject:0x1b", "C_DestroyObject: the object "
		    "forbids it (CKR_ACTION_PROHIBITED)" },
		{ "C_DestroyObject:0x82",
		    "destroyed, and still found in the token" },
		{ "C_OpenSession:0xb1", "C_OpenSession: the token has no "
		    "session left" },
		{ "C_GetSessionInfo:0xb3:1:1", "C_GetSessionInfo: the "
		    "session is gone" },
		{ "C_FindObjectsInit:0x30:1:2", "C_FindObjectsInit: the "
		    "token is at fault" },
		{ "C_SignInit:0x68", "destroyed, but its old handle is not "
		    "refused as gone: CKR_KEY_FUNCTION_NOT_PERMITTED "
		    "(C_SignInit)" },
		{ "C_SignInit:0x30", "refused as gone: CKR_DEVICE_ERROR" },
		{ "C_GenerateRandom:0x30", "C_GenerateRandom: the token is "
		    "at fault" },
	};
	struct bytes id = bytes_of("\x01", 1);

	for (size_t i = 0; i < COUNT(rows); i++) {
		P256_RAW(*state, CK_FALSE, "\x01");
		setenv("FAKE_FAIL", rows[i].rule, 1);
		must_not_erase(*state, "raw", id, FAIL_TOKEN,
		    rows[i].sentence);
		/* Afresh: the rules count since the module was loaded. */
		assert_int_equal(teardown(state), 0);
		setup(state);
	}
}

static CK_RV
take_any_key(CK_SESSION_HANDLE session, CK_MECHANISM *how,
    CK_OBJECT_HANDLE object)
{
	(void)session;
	(void)how;
	(void)object;
	return CKR_OK;
}

static CK_RV
sign_anything(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len,
    CK_BYTE *signature, CK_ULONG *signature_len)
{
	(void)session;
	(void)data;
	(void)len;
	memset(signature, 0, *signature_len);
	return CKR_OK;
}

static void
says_that_an_old_handle_signs(void **state)
{
	struct place *place = *state;
	struct bytes id = bytes_of("\x01", 1);

	P256_RAW(place, CK_FALSE, "\x01");
	true_calls = *place->calls;
	place->calls->C_SignInit = take_any_key;
	place->calls->C_Sign = sign_anything;
	must_not_erase(place, "raw", id, FAIL_TOKEN, "object=raw;id=%01: "
	    "destroyed, and its old handle still signs");
	*place->calls = true_calls;
	P256_RAW(place, CK_FALSE, "\x01");
	place->calls->C_SignInit = take_any_key;
	setenv("FAKE_FAIL", "C_Sign:0x60", 1);
	must_erase(place, "raw", id, 1, 1,
	    "refused: CKR_KEY_HANDLE_INVALID (C_Sign)");
	*place->calls = true_calls;
}

static void
says_that_the_label_is_left(void **state)
{
	static const CK_OBJECT_CLASS left[] =
	    { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	struct place *place = *state;
	struct bytes id = bytes_of("\x01", 1);

	for (size_t i = 0; i < COUNT(left); i++) {
		P256_RAW(place, CK_FALSE, "");
		assert_int_equal(place->calls->C_DestroyObject(
		    place->session, object_at(place, left[1 - i], any)),
		    CKR_OK);
		P256_RAW(place, CK_FALSE, "\x01");
		must_not_erase(place, "raw", id, FAIL_TOKEN, "id=%01: "
		    "destroyed, but an object with its label and no id is "
		    "left");
		must_erase(place, "", id, 0, 0, "");
		must_erase(place, "other", id, 0, 0, "");
		assert_int_equal(place->calls->C_DestroyObject(
		    place->session, object_at(place, left[i], any)), CKR_OK);
	}
}

/* A pair of which one half may not be destroyed. */
static void
generate_lasting(const struct place *place, CK_BBOOL is_public,
    CK_BBOOL is_private, const char *id)
{
	CK_BBOOL yes = CK_TRUE;
	CK_MECHANISM how = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE ids = { CKA_ID, (void *)(uintptr_t)id, strlen(id) };
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof(p256) - 1 },
		{ CKA_DESTROYABLE, &is_public, sizeof(is_public) },
		ids,
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_DESTROYABLE, &is_private, sizeof(is_private) },
		ids,
	};
	CK_OBJECT_HANDLE one, two;

	assert_int_equal(place->calls->C_GenerateKeyPair(place->session,
	    &how, public, COUNT(public), private, COUNT(private), &one,
	    &two), CKR_OK);
}

static void
says_that_a_key_cannot_be_destroyed(void **state)
{
	static const char *const ids[] = { "\x01", "\x02" };
	AUTO(key_release) struct key *root =
	    generated(*state, KEY_EC_P256, "root");
	struct fail fail = { 0 };

	must_pass(key_check_destroyable(root, &fail), &fail);
	for (size_t i = 0; i < COUNT(ids); i++) {
		AUTO(key_release) struct key *key = NULL;

		generate_lasting(*state, i == 0, i == 1, ids[i]);
		key = found(*state, "", bytes_text(ids[i]));
		must_fail(key_check_destroyable(key, &fail), &fail,
		    FAIL_REFUSED, "key : CKA_DESTROYABLE is false: only "
		    "initialising the token anew removes it");
		must_not_erase(*state, "", key_id(key), FAIL_TOKEN,
		    "C_DestroyObject: the object forbids it");
	}
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x12", 1);
	must_pass(key_check_destroyable(root, &fail), &fail);
	setenv("FAKE_FAIL", "C_GetAttributeValue:0x30", 1);
	must_fail(key_check_destroyable(root, &fail), &fail, FAIL_TOKEN,
	    "key root: CKA_DESTROYABLE: C_GetAttributeValue: the token is");
}

int
main(void)
{
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(generates_keys_that_sign),
		TEST(signs_pss_by_its_own_mechanism),
		TEST(leaves_a_sound_store),
		TEST(attests_to_what_it_made),
		TEST(says_what_could_not_be_tried),
		TEST(finds_by_label_and_id),
		TEST(names_both_of_two),
		TEST(refuses_one_id_twice),
		TEST(refuses_a_key_without_id),
		TEST(refuses_a_key_without_its_public_half),
		TEST(refuses_kinds_not_known),
		TEST(does_not_wait_for_a_session),
		TEST(says_why_libp11_lists_nothing),
		TEST(refuses_a_public_half_of_another),
		TEST(refuses_to_lend_under_another_name),
		TEST(refuses_a_key_that_came_out),
		TEST(refuses_a_key_without_sign),
		TEST(shows_that_a_key_was_imported),
		TEST(checks_the_claims),
		TEST(destroys_and_proves_it),
		TEST(tries_a_shorter_template_once),
		TEST(refuses_to_generate),
		TEST(destroys_what_it_cannot_prove),
		TEST(generates_keys_for_custodians),
		TEST(lets_other_keys_sign_alone),
		TEST(asks_again_with_less_but_not_too_little),
		TEST(refuses_a_custodians_key_that_only_signs),
		TEST(locks_and_unlocks),
		TEST(switches_no_more_than_it_must),
		TEST(says_that_the_token_does_not_lock),
		TEST(says_that_a_locked_key_signs),
		TEST(tries_what_the_key_is_for),
		TEST(takes_any_refusal_to_sign),
		TEST(takes_no_fault_for_a_refusal),
		TEST(says_what_kept_it_from_switching),
		TEST(unlocks_no_key_whose_signature_is_wrong),
		TEST(leaves_no_session_open),
		TEST(erases_and_proves_it),
		TEST(completes_what_was_cut_short),
		TEST(erases_all_with_the_id),
		TEST(refuses_to_count_without_end),
		TEST(refuses_to_erase_what_is_not_named),
		TEST(erases_nothing_without_the_login),
		TEST(says_that_something_is_left),
		TEST(says_that_an_old_handle_signs),
		TEST(says_that_the_label_is_left),
		TEST(says_that_a_key_cannot_be_destroyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
