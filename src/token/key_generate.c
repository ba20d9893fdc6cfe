/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/key.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "key_internal.h"

/* What a key is for. */
enum use {
	USE_SIGN,
	USE_CUSTODIAN,	/* signs, and opens what is sent to it */
};

/*
 * CKA_PRIVATE is left to the token in the public template, and what
 * describes the key stands only there: CloudHSM makes an unusable key of
 * anything else. The last two of the private template are not taken by
 * every token (tpm2-pkcs11: CKA_DECRYPT), and are left out at a second try,
 * but for a CKA_DECRYPT that is wanted.
 */
static CK_RV
pair_make(struct key *key, enum use use, CK_MECHANISM_TYPE mechanism,
    const CK_ATTRIBUTE *kind, size_t kind_count)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BBOOL derive = use == USE_CUSTODIAN &&
	    mechanism == CKM_EC_KEY_PAIR_GEN;
	CK_BBOOL decrypt = use == USE_CUSTODIAN &&
	    mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN;
	CK_MECHANISM how = { mechanism, NULL, 0 };
	CK_ATTRIBUTE label = key_attribute(CKA_LABEL, key->label.data,
	    key->label.len);
	CK_ATTRIBUTE id = key_attribute(CKA_ID, key->id.data, key->id.len);
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		label, id, kind[0], kind[kind_count - 1],
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_UNWRAP, &no, sizeof(no) },
		{ CKA_DERIVE, &derive, sizeof(derive) },
		label, id,
		{ CKA_DECRYPT, &decrypt, sizeof(decrypt) },
		{ CKA_SIGN_RECOVER, &no, sizeof(no) },
	};
	CK_ULONG public_count = COUNT(public) - 2 + kind_count;
	CK_ULONG fewest = COUNT(private) - (decrypt ? 1 : 2);
	CK_RV rv = key->calls->C_GenerateKeyPair(key->session, &how, public,
	    public_count, private, COUNT(private), &key->public,
	    &key->private);

	if (rv != CKR_GENERAL_ERROR && rv != CKR_TEMPLATE_INCONSISTENT &&
	    rv != CKR_ATTRIBUTE_TYPE_INVALID)
		return rv;
	return key->calls->C_GenerateKeyPair(key->session, &how, public,
	    public_count, private, fewest, &key->public, &key->private);
}

static int
key_make(struct key *key, enum key_kind kind, enum use use,
    struct fail *fail)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
	CK_ULONG bits = (CK_ULONG)key_kind_bits(kind);
	AUTO(buf_release) struct buf curve = { 0 };
	CK_ATTRIBUTE attributes[2];
	CK_RV rv;

	if (key_kind_is_rsa(kind)) {
		attributes[0] = key_attribute(CKA_MODULUS_BITS, &bits,
		    sizeof(bits));
		attributes[1] = key_attribute(CKA_PUBLIC_EXPONENT, f4,
		    sizeof(f4));
		rv = pair_make(key, use, CKM_RSA_PKCS_KEY_PAIR_GEN,
		    attributes, 2);
	} else {
		der_put_nid(&curve, key_kind_curve_nid(kind));
		attributes[0] = key_attribute(CKA_EC_PARAMS, curve.data,
		    curve.len);
		rv = pair_make(key, use, CKM_EC_KEY_PAIR_GEN, attributes, 1);
	}
	return rv == CKR_OK ? 0 : fail_pkcs11(fail, rv, "C_GenerateKeyPair");
}

/* What a custodian's key must do beyond signing, where the token tells. */
static int
use_check(const struct key_attestation *attestation, enum key_kind kind,
    struct fail *fail)
{
	const char *name = key_kind_is_rsa(kind) ? "CKA_DECRYPT" :
	    "CKA_DERIVE";

	if (attestation_flag(attestation, name) == KEY_FLAG_FALSE)
		return fail_with(fail, FAIL_REFUSED,
		    "key: %s: want true, have false", name);
	return 0;
}

/* Is the pair that came out the one that was asked for? */
static int
key_accept(struct key *key, enum key_kind kind, enum use use,
    struct fail *fail)
{
	struct key_attestation attestation = { 0 };

	if (key_find_pair(key, fail) == -1)
		return -1;
	if (key->kind != kind)
		return fail_with(fail, FAIL_REFUSED, "key: want %s, have %s",
		    key_kind_names[kind], key_kind_names[key->kind]);
	if (key_prove(key, &attestation, fail) == -1)
		return -1;
	if (use == USE_CUSTODIAN && use_check(&attestation, kind, fail) == -1)
		return -1;
	return key_check(&attestation, fail);
}

static int
generate(struct token *token, enum key_kind kind, enum use use,
    const char *label, struct key **out, struct fail *fail)
{
	AUTO(key_release) struct key *key = key_new(token);
	uint8_t id[KEY_ID_LEN];
	struct fail second = { 0 };

	if (label[0] == '\0')
		return fail_with(fail, FAIL_INPUT, "key: want a label");
	if (token_random(token, id, sizeof(id), fail) == -1)
		return -1;
	buf_append(&key->id, id, sizeof(id));
	buf_text(&key->label, label);
	buf_cstr(&key->label);
	if (key_make(key, kind, use, fail) == -1)
		return fail_in(fail, "key %s", label);
	if (key_accept(key, kind, use, fail) == 0) {
		*out = GIVE(key);
		return 0;
	}
	if (key_destroy(&key, &second) == -1)
		fail_with(fail, fail->kind, "%s; and the key is still there: "
		    "%s", fail->sentence, second.sentence);
	return fail_in(fail, "key %s", label);
}

int
key_generate(struct token *token, enum key_kind kind, const char *label,
    struct key **out, struct fail *fail)
{
	return generate(token, kind, USE_SIGN, label, out, fail);
}

int
key_generate_custodian(struct token *token, enum key_kind kind,
    const char *label, struct key **out, struct fail *fail)
{
	return generate(token, kind, USE_CUSTODIAN, label, out, fail);
}
