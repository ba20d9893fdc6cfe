/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/datum.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>

/* One is usual, two after a crash; more have not come from here. */
#define FOUND_MAX 64

/* A session, and what is under the name as that session sees it. */
struct view {
	struct token *token;
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE session;
	bool is_own;		/* the session ends with the view */
	const char *name;
	CK_OBJECT_HANDLE found[FOUND_MAX];
	size_t count;
};

static void
view_release(struct view *view)
{
	if (view->is_own)
		view->calls->C_CloseSession(view->session);
	view->is_own = false;
}

/* The token's first session. */
static struct view
view_of(struct session *session, const char *name)
{
	struct token *token = session_token(session);
	struct view view = {
		.token = token,
		.calls = module_functions(token_module(token)),
		.session = token_session(token),
		.name = name,
	};

	return view;
}

/* A second one, which knows nothing but what the token tells it. */
static int
view_open(struct view *view, struct fail *fail)
{
	CK_RV rv = view->calls->C_OpenSession(token_info(view->token)->slot,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &view->session);

	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_OpenSession");
	view->is_own = true;
	return 0;
}

/* PKCS#11 takes values as non-const and does not change them. */
static CK_ATTRIBUTE
attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	CK_ATTRIBUTE made = {
		.type = type,
		.pValue = (void *)(uintptr_t)value,
		.ulValueLen = len,
	};

	return made;
}

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static const CK_OBJECT_CLASS class_data = CKO_DATA;

/*
 * What these objects have in common, for making and for finding them. Only
 * the user makes private ones; anybody can make others.
 */
enum { COMMON = 5, ALL = COMMON + 2 };
static void
common_fill(const char *name, CK_ATTRIBUTE template[COMMON])
{
	template[0] = attribute(CKA_CLASS, &class_data, sizeof(class_data));
	template[1] = attribute(CKA_TOKEN, &yes, sizeof(yes));
	template[2] = attribute(CKA_PRIVATE, &yes, sizeof(yes));
	template[3] = attribute(CKA_APPLICATION, DATUM_APPLICATION,
	    strlen(DATUM_APPLICATION));
	template[4] = attribute(CKA_LABEL, name, strlen(name));
}

/* Without the login the search would find nothing, and that is an answer. */
static int
login_check(const struct view *view, struct fail *fail)
{
	CK_SESSION_INFO info = { 0 };
	CK_RV rv = view->calls->C_GetSessionInfo(view->session, &info);

	if (rv == CKR_OK && info.state != CKS_RW_USER_FUNCTIONS)
		rv = CKR_USER_NOT_LOGGED_IN;
	return rv == CKR_OK ? 0 : fail_pkcs11(fail, rv, "C_GetSessionInfo");
}

static CK_RV
found_take(struct view *view)
{
	CK_ULONG more = 0;
	CK_RV rv = CKR_OK;

	while (view->count < FOUND_MAX) {
		rv = view->calls->C_FindObjects(view->session,
		    view->found + view->count, FOUND_MAX - view->count,
		    &more);
		if (rv != CKR_OK || more == 0)
			break;
		view->count += more;
	}
	return rv;
}

static int
view_search(struct view *view, struct fail *fail)
{
	CK_ATTRIBUTE template[COMMON];
	CK_RV rv, final;

	if (login_check(view, fail) == -1)
		return -1;
	common_fill(view->name, template);
	rv = view->calls->C_FindObjectsInit(view->session, template, COMMON);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_FindObjectsInit");
	rv = found_take(view);
	final = view->calls->C_FindObjectsFinal(view->session);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_FindObjects");
	if (final != CKR_OK)
		return fail_pkcs11(fail, final, "C_FindObjectsFinal");
	if (view->count == FOUND_MAX)
		return fail_with(fail, FAIL_TOKEN, "%d or more are in the "
		    "token", FOUND_MAX);
	return 0;
}

/* Reads up to DATUM_MAX octets, which stay empty where there are more. */
static int
value_read(const struct view *view, CK_OBJECT_HANDLE object,
    struct buf *out, struct fail *fail)
{
	uint8_t room[DATUM_MAX];
	CK_ATTRIBUTE value = attribute(CKA_VALUE, room, sizeof(room));
	CK_RV rv = view->calls->C_GetAttributeValue(view->session, object,
	    &value, 1);

	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
		return fail_pkcs11(fail, rv, "C_GetAttributeValue");
	if (rv == CKR_OK && value.ulValueLen <= sizeof(room))
		buf_append(out, room, value.ulValueLen);
	return 0;
}

int
datum_each(struct session *session, const char *name,
    int (*each)(void *context, struct bytes value, struct fail *fail),
    void *context, struct fail *fail)
{
	struct view view = view_of(session, name);

	if (view_search(&view, fail) == -1)
		return fail_in(fail, "data object %s", name);
	for (size_t i = 0; i < view.count; i++) {
		AUTO(buf_release) struct buf value = { 0 };

		if (value_read(&view, view.found[i], &value, fail) == -1)
			return fail_in(fail, "data object %s", name);
		if (each(context, buf_bytes(&value), fail) == -1)
			return -1;
	}
	return 0;
}

/*
 * How many have this value. One that cannot be read has not, and is no
 * failure: a damaged one must not keep a new one from taking its place.
 * `why` says why, then.
 */
static size_t
count_same(const struct view *view, struct bytes value, struct fail *why)
{
	size_t count = 0;

	for (size_t i = 0; i < view->count; i++) {
		AUTO(buf_release) struct buf have = { 0 };

		if (value_read(view, view->found[i], &have, why) == 0 &&
		    bytes_is_equal(buf_bytes(&have), value))
			count++;
	}
	return count;
}

/* A token that keeps no data objects says so in one of these ways. */
static const CK_RV refusals[] = {
	CKR_ACTION_PROHIBITED, CKR_ATTRIBUTE_READ_ONLY,
	CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	CKR_FUNCTION_NOT_SUPPORTED, CKR_TEMPLATE_INCOMPLETE,
	CKR_TEMPLATE_INCONSISTENT,
};

static bool
is_refusal(CK_RV rv)
{
	for (size_t i = 0; i < COUNT(refusals); i++)
		if (refusals[i] == rv)
			return true;
	return false;
}

/* CloudHSM's list may have no such call, as it has no data objects. */
static int
datum_make(const struct view *view, struct bytes value,
    CK_OBJECT_HANDLE *out, struct fail *fail)
{
	CK_ATTRIBUTE template[ALL];
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;
	char code[48];

	common_fill(view->name, template);
	template[COMMON] = attribute(CKA_MODIFIABLE, &no, sizeof(no));
	template[COMMON + 1] = attribute(CKA_VALUE, value.data, value.len);
	if (view->calls->C_CreateObject != NULL)
		rv = view->calls->C_CreateObject(view->session, template,
		    ALL, out);
	if (rv != CKR_OK && !is_refusal(rv))
		return fail_pkcs11(fail, rv, "C_CreateObject");
	if (rv != CKR_OK)
		return fail_with(fail, FAIL_TOKEN, "the token does not keep "
		    "data objects (C_CreateObject: %s)",
		    pkcs11_rv_name(rv, code, sizeof(code)));
	return 0;
}

/*
 * One that is gone already is as good. What a full disk left of one is gone
 * for SoftHSM, too, though its empty file stays.
 */
static int
datum_destroy(const struct view *view, CK_OBJECT_HANDLE object,
    struct fail *fail)
{
	CK_RV rv = view->calls->C_DestroyObject(view->session, object);

	if (rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID)
		return fail_pkcs11(fail, rv, "C_DestroyObject");
	return 0;
}

/*
 * By number: no handle need mean the same in another session, and the same
 * value may have been there before.
 */
static int
datum_prove(struct session *session, const char *name, struct bytes value,
    size_t wanted, struct fail *fail)
{
	AUTO(view_release) struct view second = view_of(session, name);
	struct fail why = { 0 };

	if (view_open(&second, fail) == -1 ||
	    view_search(&second, fail) == -1)
		return -1;
	if (count_same(&second, value, &why) != wanted)
		return fail_with(fail, FAIL_TOKEN, "what was written does "
		    "not read back%s%s", why.kind == FAIL_NONE ? "" : ": ",
		    why.sentence);
	return 0;
}

int
datum_replace(struct session *session, const char *name, struct bytes value,
    struct fail *fail)
{
	struct view old = view_of(session, name);
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
	struct fail unread = { 0 };
	size_t before;

	if (value.len == 0 || value.len > DATUM_MAX)
		return fail_with(fail, FAIL_INPUT, "data object %s: want 1 "
		    "to %d octets, have %zu", name, DATUM_MAX, value.len);
	if (view_search(&old, fail) == -1)
		return fail_in(fail, "data object %s", name);
	before = count_same(&old, value, &unread);
	if (datum_make(&old, value, &made, fail) == -1)
		return -1;
	if (datum_prove(session, name, value, before + 1, fail) == -1 ||
	    session_sync(session, fail) == -1) {
		struct fail left = { 0 };

		/* The first failure is the one to tell. */
		(void)!datum_destroy(&old, made, &left);
		return fail_in(fail, "data object %s", name);
	}
	for (size_t i = 0; i < old.count; i++)
		if (datum_destroy(&old, old.found[i], fail) == -1)
			return fail_in(fail, "data object %s", name);
	return 0;
}

int
datum_remove(struct session *session, const char *name, struct fail *fail)
{
	struct view view = view_of(session, name);

	if (view_search(&view, fail) == -1)
		return fail_in(fail, "data object %s", name);
	for (size_t i = 0; i < view.count; i++)
		if (datum_destroy(&view, view.found[i], fail) == -1)
			return fail_in(fail, "data object %s", name);
	return 0;
}
