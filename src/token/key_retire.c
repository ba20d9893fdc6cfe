/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/key.h>

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/der.h>

#include "key_internal.h"

/* No signature is longer: RSA-4096 makes 512 bytes. */
#define SIGNATURE_MAX 2048

/*
 * Codes that are no verdict on a key: the token, the session or what was
 * handed over is at fault. Any other is one, a vendor's own too.
 */
static const CK_RV faults[] = {
	CKR_HOST_MEMORY, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED,
	CKR_ARGUMENTS_BAD, CKR_DATA_INVALID, CKR_DATA_LEN_RANGE,
	CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED,
	CKR_FUNCTION_CANCELED, CKR_KEY_HANDLE_INVALID, CKR_MECHANISM_INVALID,
	CKR_MECHANISM_PARAM_INVALID, CKR_OBJECT_HANDLE_INVALID,
	CKR_OPERATION_ACTIVE, CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID,
	CKR_SESSION_READ_ONLY, CKR_TOKEN_NOT_PRESENT,
	CKR_TOKEN_WRITE_PROTECTED, CKR_USER_NOT_LOGGED_IN,
	CKR_CRYPTOKI_NOT_INITIALIZED,
};

static bool
is_fault(CK_RV rv)
{
	for (size_t i = 0; i < COUNT(faults); i++)
		if (faults[i] == rv)
			return true;
	return false;
}

/* A session without the login sees no private key, and so proves nothing. */
static int
login_check(const struct key *key, struct fail *fail)
{
	CK_SESSION_INFO info = { 0 };
	CK_RV rv = key->calls->C_GetSessionInfo(key->session, &info);

	if (rv == CKR_OK && info.state != CKS_RW_USER_FUNCTIONS)
		rv = CKR_USER_NOT_LOGGED_IN;
	return rv == CKR_OK ? 0 : fail_pkcs11(fail, rv, "C_GetSessionInfo");
}

/* A look at the token in a session of its own, which ends what it began. */
static void
probe_close(struct key **probe)
{
	if (*probe != NULL)
		(*probe)->calls->C_CloseSession((*probe)->session);
	key_release(probe);
}

static int
probe_open(struct token *token, enum key_kind kind, struct key **out,
    struct fail *fail)
{
	AUTO(key_release) struct key *probe = key_new(token);
	CK_RV rv = probe->calls->C_OpenSession(token_info(token)->slot,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	    &probe->session);

	if (rv != CKR_OK) {
		fail_pkcs11(fail, rv, "C_OpenSession");
		return -1;
	}
	probe->kind = kind;
	*out = GIVE(probe);
	return 0;
}

/*
 * What a token signs raw: for CKM_ECDSA a hash, for CKM_RSA_PKCS a DigestInfo
 * (RFC 8017, 9.2).
 */
static int
trial_input(const struct key *probe, struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf content = { 0 };
	const EVP_MD *hash =
	    EVP_get_digestbyname(alg_for_kind(probe->kind)->digest);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t whole, part;

	if (challenge_make(probe->token, &content, fail) == -1)
		return -1;
	if (EVP_Digest(content.data, content.len, digest, &len, hash,
	    NULL) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "hashing");
	if (!key_kind_is_rsa(probe->kind)) {
		buf_append(out, digest, len);
		return 0;
	}
	whole = der_begin(out, DER_SEQUENCE);
	part = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, EVP_MD_get_type(hash));
	der_put(out, DER_NULL, bytes_of(NULL, 0));
	der_end(out, part);
	der_put(out, DER_OCTET_STRING, bytes_of(digest, len));
	der_end(out, whole);
	return 0;
}

/* Which call was the last, and what it answered. */
struct answer {
	CK_RV rv;
	const char *call;
};

/* By the module itself: libp11 would try again by other ways. */
static int
sign_try(const struct key *probe, CK_OBJECT_HANDLE private,
    struct answer *out, struct fail *fail)
{
	AUTO(buf_release) struct buf input = { 0 };
	CK_MECHANISM how = { key_kind_is_rsa(probe->kind) ? CKM_RSA_PKCS :
		CKM_ECDSA, NULL, 0 };
	uint8_t signature[SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);

	if (trial_input(probe, &input, fail) == -1)
		return -1;
	out->call = "C_SignInit";
	out->rv = probe->calls->C_SignInit(probe->session, &how, private);
	if (out->rv != CKR_OK)
		return 0;
	out->call = "C_Sign";
	out->rv = probe->calls->C_Sign(probe->session, input.data, input.len,
	    signature, &len);
	if (out->rv == CKR_BUFFER_TOO_SMALL)
		out->rv = CKR_OK;	/* it would, for more room */
	return 0;
}

/* Does the token keep the key from signing? */
static int
lock_try(struct key *key, struct key_switch *out, struct fail *fail)
{
	AUTO(probe_close) struct key *probe = NULL;
	struct answer answer = { 0 };
	char code[48];

	if (probe_open(key->token, key->kind, &probe, fail) == -1 ||
	    sign_try(probe, key->private, &answer, fail) == -1)
		return -1;
	if (is_fault(answer.rv))
		return fail_pkcs11(fail, answer.rv, answer.call);
	out->by_token = answer.rv != CKR_OK;
	key->self_tests += answer.rv == CKR_OK;
	if (out->by_token)
		snprintf(out->trial, sizeof(out->trial), "refused: %s (%s)",
		    pkcs11_rv_name(answer.rv, code, sizeof(code)),
		    answer.call);
	else
		snprintf(out->trial, sizeof(out->trial),
		    "signed all the same");
	return 0;
}

/* CloudHSM's list has no such call; others have one that only refuses. */
static CK_RV
sign_write(const struct key *key, CK_BBOOL value)
{
	CK_ATTRIBUTE sign = { CKA_SIGN, &value, sizeof(value) };

	if (key->calls->C_SetAttributeValue == NULL)
		return CKR_FUNCTION_NOT_SUPPORTED;
	return key->calls->C_SetAttributeValue(key->session, key->private,
	    &sign, 1);
}

/* Where the token will not have it, `trial` says so, and no failure does. */
static int
sign_set(const struct key *key, CK_BBOOL value, char *trial, size_t size,
    struct fail *fail)
{
	enum key_flag reads = KEY_FLAG_UNSUPPORTED;
	CK_RV rv = sign_write(key, value);
	char code[48];

	if (is_fault(rv))
		return fail_pkcs11(fail, rv, "C_SetAttributeValue");
	if (rv != CKR_OK) {
		snprintf(trial, size, "CKA_SIGN cannot be set: %s",
		    pkcs11_rv_name(rv, code, sizeof(code)));
		return 0;
	}
	if (object_read_flag(key, key->private, CKA_SIGN, &reads, fail) == -1)
		return fail_in(fail, "CKA_SIGN");
	if (reads == (value == CK_TRUE ? KEY_FLAG_FALSE : KEY_FLAG_TRUE))
		snprintf(trial, size, "CKA_SIGN cannot be set: it still "
		    "reads %s", value == CK_TRUE ? "false" : "true");
	return 0;
}

static int
lock(struct key *key, struct key_switch *out, struct fail *fail)
{
	enum key_flag sign = KEY_FLAG_UNSUPPORTED;

	if (object_read_flag(key, key->private, CKA_SIGN, &sign, fail) == -1)
		return fail_in(fail, "CKA_SIGN");
	if (sign != KEY_FLAG_FALSE && sign_set(key, CK_FALSE, out->trial,
	    sizeof(out->trial), fail) == -1)
		return -1;
	return out->trial[0] != '\0' ? 0 : lock_try(key, out, fail);
}

int
key_lock(struct key *key, struct key_switch *out, struct fail *fail)
{
	struct key_switch seen = { 0 };

	if (lock(key, &seen, fail) == -1)
		return fail_in(fail, "key %s", key_label(key));
	*out = seen;
	return 0;
}

static int
unlock(struct key *key, struct key_switch *out, struct fail *fail)
{
	enum key_flag sign = KEY_FLAG_UNSUPPORTED;
	char refusal[sizeof(out->trial)] = "";

	if (object_read_flag(key, key->private, CKA_SIGN, &sign, fail) == -1)
		return fail_in(fail, "CKA_SIGN");
	if (sign != KEY_FLAG_TRUE && (lock_try(key, out, fail) == -1 ||
	    sign_set(key, CK_TRUE, refusal, sizeof(refusal), fail) == -1))
		return -1;
	if (signature_prove(key, fail) == -1) {
		if (fail->kind == FAIL_REFUSED)
			fail->kind = FAIL_TOKEN;
		return refusal[0] == '\0' ? -1 :
		    fail_in(fail, "%s", refusal);
	}
	snprintf(out->trial, sizeof(out->trial), "signed");
	return 0;
}

int
key_unlock(struct key *key, struct key_switch *out, struct fail *fail)
{
	struct key_switch seen = { 0 };

	if (unlock(key, &seen, fail) == -1)
		return fail_in(fail, "key %s", key_label(key));
	*out = seen;
	return 0;
}

int
key_check_destroyable(const struct key *key, struct fail *fail)
{
	const CK_OBJECT_HANDLE both[] = { key->private, key->public };

	for (size_t i = 0; i < COUNT(both); i++) {
		enum key_flag flag = KEY_FLAG_UNSUPPORTED;

		if (object_read_flag(key, both[i], CKA_DESTROYABLE, &flag,
		    fail) == -1)
			return fail_in(fail, "key %s: CKA_DESTROYABLE",
			    key_label(key));
		if (flag == KEY_FLAG_FALSE)
			return fail_with(fail, FAIL_REFUSED, "key %s: "
			    "CKA_DESTROYABLE is false: only initialising the "
			    "token anew removes it", key_label(key));
	}
	return 0;
}

/* What key_erase is asked for, and what it found. */
struct erasure {
	struct bytes label, id;
	struct handles private, public;
	enum key_kind kind;	/* as far as a trial signature must know */
};

static void
erasure_release(struct erasure *erasure)
{
	handles_release(&erasure->private);
	handles_release(&erasure->public);
}

static int
pair_find(const struct key *key, struct erasure *pair, struct fail *fail)
{
	const struct bytes any = { 0 };
	CK_KEY_TYPE type = CKK_EC;

	if (objects_find(key, CKO_PRIVATE_KEY, any, pair->id, &pair->private,
	    fail) == -1 || objects_find(key, CKO_PUBLIC_KEY, any, pair->id,
	    &pair->public, fail) == -1)
		return -1;
	if (pair->private.count > 0 && object_read_type(key,
	    pair->private.handles[0], &type, fail) == -1)
		return -1;
	pair->kind = type == CKK_RSA ? KEY_RSA_2048 : KEY_EC_P256;
	return 0;
}

/* The private key first: what a crash leaves is then the harmless half. */
static int
pair_destroy(const struct key *key, const struct erasure *pair,
    struct fail *fail)
{
	for (size_t i = 0; i < pair->private.count; i++)
		if (object_destroy(key, pair->private.handles[i], fail) == -1)
			return -1;
	for (size_t i = 0; i < pair->public.count; i++)
		if (object_destroy(key, pair->public.handles[i], fail) == -1)
			return -1;
	return 0;
}

/* An id of its own makes it another key; with none it may be this one. */
static int
label_check(const struct key *probe, CK_OBJECT_CLASS class,
    struct bytes label, struct fail *fail)
{
	AUTO(handles_release) struct handles named = { 0 };
	const struct bytes any = { 0 };

	if (label.len == 0)
		return 0;
	if (objects_find(probe, class, label, any, &named, fail) == -1)
		return -1;
	for (size_t i = 0; i < named.count; i++) {
		AUTO(buf_release) struct buf id = { 0 };

		if (object_read(probe, named.handles[i], CKA_ID, &id,
		    fail) == -1)
			return fail_in(fail, "CKA_ID");
		if (id.len == 0)
			return fail_with(fail, FAIL_TOKEN, "destroyed, but "
			    "an object with its label and no id is left");
	}
	return 0;
}

static int
absence_prove(const struct key *probe, const struct erasure *pair,
    struct fail *fail)
{
	static const CK_OBJECT_CLASS classes[] =
	    { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	const struct bytes any = { 0 };

	for (size_t i = 0; i < COUNT(classes); i++) {
		AUTO(handles_release) struct handles left = { 0 };

		if (objects_find(probe, classes[i], any, pair->id, &left,
		    fail) == -1)
			return -1;
		if (left.count > 0)
			return fail_with(fail, FAIL_TOKEN,
			    "destroyed, and still found in the token");
		if (label_check(probe, classes[i], pair->label, fail) == -1)
			return -1;
	}
	return 0;
}

/*
 * The key may well have been locked, so not every refusal will do: only
 * that the handle leads to nothing.
 */
static int
handle_try(const struct key *probe, CK_OBJECT_HANDLE old, char *trial,
    size_t size, struct fail *fail)
{
	struct answer answer = { 0 };
	char code[48];

	if (sign_try(probe, old, &answer, fail) == -1)
		return -1;
	if (answer.rv == CKR_OK)
		return fail_with(fail, FAIL_TOKEN,
		    "destroyed, and its old handle still signs");
	pkcs11_rv_name(answer.rv, code, sizeof(code));
	if (answer.rv != CKR_KEY_HANDLE_INVALID &&
	    answer.rv != CKR_OBJECT_HANDLE_INVALID)
		return fail_with(fail, FAIL_TOKEN, "destroyed, but its old "
		    "handle is not refused as gone: %s (%s)", code,
		    answer.call);
	snprintf(trial, size, "refused: %s (%s)", code, answer.call);
	return 0;
}

static int
erasure_prove(struct token *token, const struct erasure *pair,
    struct key_erasure *out, struct fail *fail)
{
	AUTO(probe_close) struct key *probe = NULL;

	if (probe_open(token, pair->kind, &probe, fail) == -1 ||
	    login_check(probe, fail) == -1 ||
	    absence_prove(probe, pair, fail) == -1)
		return -1;
	for (size_t i = 0; i < pair->private.count; i++)
		if (handle_try(probe, pair->private.handles[i], out->trial,
		    sizeof(out->trial), fail) == -1)
			return -1;
	return 0;
}

int
key_erase(struct token *token, struct bytes label, struct bytes id,
    struct key_erasure *out, struct fail *fail)
{
	AUTO(key_release) struct key *key = key_new(token);
	AUTO(erasure_release) struct erasure pair =
	    { .label = label, .id = id };
	AUTO(buf_release) struct buf name = { 0 };
	struct key_erasure done = { 0 };

	if (id.len == 0)
		return fail_with(fail, FAIL_INPUT, "key: want its id");
	key_name(key, label, id, &name);
	if (login_check(key, fail) == -1 ||
	    pair_find(key, &pair, fail) == -1 ||
	    pair_destroy(key, &pair, fail) == -1 ||
	    erasure_prove(token, &pair, &done, fail) == -1)
		return fail_in(fail, "%s", buf_cstr(&name));
	done.private_count = (unsigned)pair.private.count;
	done.public_count = (unsigned)pair.public.count;
	*out = done;
	return 0;
}
