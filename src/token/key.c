/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/key.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "key_internal.h"

#define FIND_AT_ONCE 16

CK_ATTRIBUTE
key_attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	CK_ATTRIBUTE attribute = {
		.type = type,
		.pValue = (void *)(uintptr_t)value,
		.ulValueLen = len,
	};

	return attribute;
}

struct key *
key_new(struct token *token)
{
	struct key *key = mem_new(1, sizeof(*key));

	key->token = token;
	key->calls = module_functions(token_module(token));
	key->session = token_session(token);
	key->private = key->public = CK_INVALID_HANDLE;
	return key;
}

void
key_release(struct key **key)
{
	struct key *old = GIVE(*key);

	if (old == NULL)
		return;
	EVP_PKEY_free(old->lent);
	buf_release(&old->id);
	buf_release(&old->label);
	buf_release(&old->spki);
	free(old);
}

enum key_kind
key_kind(const struct key *key)
{
	return key->kind;
}

struct bytes
key_id(const struct key *key)
{
	return buf_bytes(&key->id);
}

const char *
key_label(const struct key *key)
{
	return (const char *)key->label.data;
}

struct bytes
key_spki(const struct key *key)
{
	return buf_bytes(&key->spki);
}

void
handles_release(struct handles *objects)
{
	free(GIVE(objects->handles));
	objects->count = 0;
}

static CK_RV
objects_take(const struct key *key, struct handles *found)
{
	CK_OBJECT_HANDLE some[FIND_AT_ONCE];
	CK_ULONG more = 0;
	CK_RV rv = CKR_OK;

	while (found->count <= OBJECTS_MAX) {
		rv = key->calls->C_FindObjects(key->session, some,
		    COUNT(some), &more);
		if (rv != CKR_OK || more == 0)
			break;
		found->handles = mem_grow(found->handles,
		    found->count + more, sizeof(*some));
		memcpy(found->handles + found->count, some,
		    more * sizeof(*some));
		found->count += more;
	}
	return rv;
}

int
objects_find(const struct key *key, CK_OBJECT_CLASS class,
    struct bytes label, struct bytes id, struct handles *out,
    struct fail *fail)
{
	AUTO(handles_release) struct handles found = { 0 };
	CK_ATTRIBUTE template[3];
	CK_ULONG wanted = 0;
	CK_RV rv, final;

	template[wanted++] = key_attribute(CKA_CLASS, &class, sizeof(class));
	if (label.len > 0)
		template[wanted++] = key_attribute(CKA_LABEL, label.data,
		    label.len);
	if (id.len > 0)
		template[wanted++] = key_attribute(CKA_ID, id.data, id.len);
	rv = key->calls->C_FindObjectsInit(key->session, template, wanted);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_FindObjectsInit");
	rv = objects_take(key, &found);
	final = key->calls->C_FindObjectsFinal(key->session);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_FindObjects");
	if (final != CKR_OK)
		return fail_pkcs11(fail, final, "C_FindObjectsFinal");
	if (found.count > OBJECTS_MAX)
		return fail_with(fail, FAIL_TOKEN, "more than %d keys match",
		    OBJECTS_MAX);
	handles_release(out);
	out->count = found.count;
	out->handles = GIVE(found.handles);
	return 0;
}

int
object_read(const struct key *key, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct buf *out, struct fail *fail)
{
	CK_ATTRIBUTE attribute = key_attribute(type, NULL, 0);
	CK_RV rv = key->calls->C_GetAttributeValue(key->session, object,
	    &attribute, 1);

	if (rv == CKR_OK && attribute.ulValueLen != (CK_ULONG)-1) {
		buf_reserve(out, attribute.ulValueLen);
		attribute.pValue = out->data + out->len;
		rv = key->calls->C_GetAttributeValue(key->session, object,
		    &attribute, 1);
	}
	if (rv != CKR_OK || attribute.ulValueLen == (CK_ULONG)-1)
		return fail_pkcs11(fail, rv, "C_GetAttributeValue");
	out->len += attribute.ulValueLen;
	return 0;
}

int
object_read_flag(const struct key *key, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, enum key_flag *out, struct fail *fail)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE attribute = { type, &value, sizeof(value) };
	CK_RV rv = key->calls->C_GetAttributeValue(key->session, object,
	    &attribute, 1);

	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE)
		*out = KEY_FLAG_UNSUPPORTED;
	else if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_GetAttributeValue");
	else if (attribute.ulValueLen != sizeof(value))
		*out = KEY_FLAG_UNSUPPORTED;
	else
		*out = value == CK_FALSE ? KEY_FLAG_FALSE : KEY_FLAG_TRUE;
	return 0;
}

int
object_read_type(const struct key *key, CK_OBJECT_HANDLE object,
    CK_KEY_TYPE *out, struct fail *fail)
{
	AUTO(buf_release) struct buf type = { 0 };

	if (object_read(key, object, CKA_KEY_TYPE, &type, fail) == -1)
		return -1;
	if (type.len != sizeof(*out))
		return fail_with(fail, FAIL_TOKEN, "CKA_KEY_TYPE: want %zu "
		    "bytes, have %zu", sizeof(*out), type.len);
	memcpy(out, type.data, sizeof(*out));
	return 0;
}

void
key_name(const struct key *key, struct bytes label, struct bytes id,
    struct buf *out)
{
	uri_write(&token_info(key->token)->raw, label, id, out);
}

static int
fail_two(const struct key *key, const struct handles *found,
    struct fail *fail)
{
	AUTO(buf_release) struct buf names = { 0 };

	for (int i = 0; i < 2; i++) {
		AUTO(buf_release) struct buf label = { 0 }, id = { 0 };

		if (object_read(key, found->handles[i], CKA_LABEL, &label,
		    fail) == -1 || object_read(key, found->handles[i],
		    CKA_ID, &id, fail) == -1)
			return -1;
		if (i > 0)
			buf_text(&names, " and ");
		key_name(key, buf_bytes(&label), buf_bytes(&id), &names);
	}
	return fail_with(fail, FAIL_TOKEN, "two keys match: %s",
	    buf_cstr(&names));
}

/* rsaEncryption with the two numbers (RFC 3279, 2.3.1). */
static int
spki_from_rsa(struct key *key, struct fail *fail)
{
	AUTO(buf_release) struct buf modulus = { 0 }, exponent = { 0 };
	AUTO(buf_release) struct buf numbers = { 0 };
	size_t whole, part;

	if (object_read(key, key->public, CKA_MODULUS, &modulus,
	    fail) == -1 ||
	    object_read(key, key->public, CKA_PUBLIC_EXPONENT, &exponent,
	    fail) == -1)
		return -1;
	part = der_begin(&numbers, DER_SEQUENCE);
	der_put_unsigned(&numbers, buf_bytes(&modulus));
	der_put_unsigned(&numbers, buf_bytes(&exponent));
	der_end(&numbers, part);
	whole = der_begin(&key->spki, DER_SEQUENCE);
	part = der_begin(&key->spki, DER_SEQUENCE);
	der_put_nid(&key->spki, NID_rsaEncryption);
	der_put(&key->spki, DER_NULL, bytes_of(NULL, 0));
	der_end(&key->spki, part);
	der_put_bits(&key->spki, buf_bytes(&numbers));
	der_end(&key->spki, whole);
	return 0;
}

/*
 * id-ecPublicKey with the token's own parameters (RFC 5480, 2); the point
 * comes in an OCTET STRING (PKCS #11 mechanisms 2.40, 2.3.3).
 */
static int
spki_from_ec(struct key *key, struct fail *fail)
{
	AUTO(buf_release) struct buf params = { 0 }, wrapped = { 0 };
	struct bytes rest, point;
	size_t whole, part;

	if (object_read(key, key->public, CKA_EC_PARAMS, &params,
	    fail) == -1 ||
	    object_read(key, key->public, CKA_EC_POINT, &wrapped,
	    fail) == -1)
		return -1;
	rest = buf_bytes(&wrapped);
	if (der_next(&rest, DER_OCTET_STRING, &point, NULL, fail) == -1 ||
	    der_end_of(rest, fail) == -1)
		return fail_in(fail, "CKA_EC_POINT");
	whole = der_begin(&key->spki, DER_SEQUENCE);
	part = der_begin(&key->spki, DER_SEQUENCE);
	der_put_nid(&key->spki, NID_X9_62_id_ecPublicKey);
	buf_put(&key->spki, buf_bytes(&params));
	der_end(&key->spki, part);
	der_put_bits(&key->spki, point);
	der_end(&key->spki, whole);
	return 0;
}

/* Takes the token's word for nothing: spki_read judges what was written. */
static int
key_read_public(struct key *key, struct fail *fail)
{
	AUTO(spki_release) struct spki spki = { 0 };
	CK_KEY_TYPE is = CKK_RSA;
	int result;

	if (object_read_type(key, key->public, &is, fail) == -1)
		return -1;
	if (is != CKK_RSA && is != CKK_EC)
		return fail_with(fail, FAIL_REFUSED, "key: CKA_KEY_TYPE "
		    "0x%lx, want CKK_RSA or CKK_EC", is);
	result = is == CKK_RSA ? spki_from_rsa(key, fail) :
	    spki_from_ec(key, fail);
	if (result == -1 || spki_read(buf_bytes(&key->spki), &spki,
	    fail) == -1)
		return -1;
	key->kind = spki.kind;
	return 0;
}

int
key_find_pair(struct key *key, struct fail *fail)
{
	AUTO(handles_release) struct handles found = { 0 };
	const struct bytes any = { 0 };

	if (key->id.len == 0)
		return fail_with(fail, FAIL_TOKEN,
		    "the key has no CKA_ID: nothing leads to its public half");
	if (objects_find(key, CKO_PRIVATE_KEY, any, key_id(key), &found,
	    fail) == -1)
		return -1;
	if (found.count != 1)
		return found.count > 1 ? fail_two(key, &found, fail) :
		    fail_with(fail, FAIL_TOKEN, "the key is gone");
	key->private = found.handles[0];
	if (objects_find(key, CKO_PUBLIC_KEY, any, key_id(key), &found,
	    fail) == -1)
		return -1;
	if (found.count == 0)
		return fail_with(fail, FAIL_TOKEN,
		    "the key's public object is not in the token");
	if (found.count > 1)
		return fail_two(key, &found, fail);
	key->public = found.handles[0];
	return key_read_public(key, fail);
}

int
key_find(struct token *token, struct bytes label, struct bytes id,
    struct key **out, struct fail *fail)
{
	AUTO(key_release) struct key *key = key_new(token);
	AUTO(handles_release) struct handles found = { 0 };
	AUTO(buf_release) struct buf name = { 0 };

	if (label.len == 0 && id.len == 0)
		return fail_with(fail, FAIL_INPUT,
		    "key: want its label or its id");
	key_name(key, label, id, &name);
	if (objects_find(key, CKO_PRIVATE_KEY, label, id, &found, fail) == -1)
		return -1;
	if (found.count == 0)
		return fail_with(fail, FAIL_TOKEN, "no key matches %s",
		    buf_cstr(&name));
	if (found.count > 1)
		return fail_two(key, &found, fail);
	if (object_read(key, found.handles[0], CKA_ID, &key->id,
	    fail) == -1 || object_read(key, found.handles[0], CKA_LABEL,
	    &key->label, fail) == -1 || key_find_pair(key, fail) == -1)
		return fail_in(fail, "%s", buf_cstr(&name));
	buf_cstr(&key->label);
	*out = GIVE(key);
	return 0;
}

int
object_destroy(const struct key *key, CK_OBJECT_HANDLE object,
    struct fail *fail)
{
	CK_RV rv;

	if (object == CK_INVALID_HANDLE)
		return 0;
	rv = key->calls->C_DestroyObject(key->session, object);
	if (rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID)
		return fail_pkcs11(fail, rv, "C_DestroyObject");
	return 0;
}

int
key_destroy(struct key **key, struct fail *fail)
{
	AUTO(handles_release) struct handles private = { 0 }, public = { 0 };
	const struct bytes any = { 0 };
	struct key *old = *key;

	EVP_PKEY_free(GIVE(old->lent));
	if (object_destroy(old, old->private, fail) == -1 ||
	    object_destroy(old, old->public, fail) == -1 ||
	    objects_find(old, CKO_PRIVATE_KEY, any, key_id(old), &private,
	    fail) == -1 || objects_find(old, CKO_PUBLIC_KEY, any,
	    key_id(old), &public, fail) == -1)
		return fail_in(fail, "key %s", key_label(old));
	if (private.count != 0 || public.count != 0)
		return fail_with(fail, FAIL_TOKEN, "key %s: destroyed, and "
		    "still found in the token", key_label(old));
	key_release(key);
	return 0;
}

int
key_count(struct token *token, struct bytes label, size_t *out,
    struct fail *fail)
{
	AUTO(key_release) struct key *probe = key_new(token);
	AUTO(handles_release) struct handles found = { 0 };

	if (objects_find(probe, CKO_PRIVATE_KEY, label, bytes_of(NULL, 0),
	    &found, fail) == -1)
		return -1;
	*out = found.count;
	return 0;
}
