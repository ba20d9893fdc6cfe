/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that forwards every call to the one named by
 * FAKE_MODULE, but for what three variables say. They are read at each call,
 * so that a test can change them between two; what is counted or remembered
 * is so since the module was loaded.
 *
 * FAKE_FAIL=C_Login:0xa4 answers that call with that code, unasked;
 * C_Login:0xa4:2 does so twice, C_Login:0xa4:2:1 after letting one through.
 *
 * FAKE_FLAGS=0x200000 adds these flags to each token's (CKF_SO_PIN_FINAL_TRY).
 *
 * FAKE_KILL=17 kills the process by SIGKILL at the 17th call of all, before it
 * is forwarded; 17:after behind it. FAKE_ERROR=17:0x30 answers that call with
 * that code, unasked; 17:0x30:after does so once it is done. FAKE_TRACE=FILE
 * appends the name of each call to the file: its lines are the count.
 *
 * FAKE_SIGN=kept takes a change of CKA_SIGN, tells it when asked, and signs
 * whatever it is, as tpm2-pkcs11 does. FAKE_SIGN=ignored takes it and does
 * nothing at all.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

/* The parameters of a call, and their names to hand them on. */
#define POINTER  (void *a), (a)
#define SESSION  (CK_SESSION_HANDLE a), (a)
#define OBJECT   (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE b), (a, b)
#define METHOD   (CK_SESSION_HANDLE a, CK_MECHANISM *b), (a, b)
#define INIT     (CK_SESSION_HANDLE a, CK_MECHANISM *b, \
		    CK_OBJECT_HANDLE c), (a, b, c)
#define FEED     (CK_SESSION_HANDLE a, CK_BYTE *b, CK_ULONG c), (a, b, c)
#define DRAIN    (CK_SESSION_HANDLE a, CK_BYTE *b, CK_ULONG *c), (a, b, c)
#define CONVERT  (CK_SESSION_HANDLE a, CK_BYTE *b, CK_ULONG c, CK_BYTE *d, \
		    CK_ULONG *e), (a, b, c, d, e)
#define COMPARE  (CK_SESSION_HANDLE a, CK_BYTE *b, CK_ULONG c, CK_BYTE *d, \
		    CK_ULONG e), (a, b, c, d, e)
#define TEMPLATE (CK_SESSION_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c), \
		    (a, b, c)
#define VALUES   (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE b, CK_ATTRIBUTE *c, \
		    CK_ULONG d), (a, b, c, d)

/* PKCS #11 2.40, 5: all but C_GetFunctionList. */
#define CALLS(X) \
	X(C_Initialize, POINTER) \
	X(C_Finalize, POINTER) \
	X(C_GetInfo, (CK_INFO *a), (a)) \
	X(C_GetSlotList, (CK_BBOOL a, CK_SLOT_ID *b, CK_ULONG *c), \
	    (a, b, c)) \
	X(C_GetSlotInfo, (CK_SLOT_ID a, CK_SLOT_INFO *b), (a, b)) \
	X(C_GetTokenInfo, (CK_SLOT_ID a, CK_TOKEN_INFO *b), (a, b)) \
	X(C_WaitForSlotEvent, (CK_FLAGS a, CK_SLOT_ID *b, void *c), \
	    (a, b, c)) \
	X(C_GetMechanismList, (CK_SLOT_ID a, CK_MECHANISM_TYPE *b, \
	    CK_ULONG *c), (a, b, c)) \
	X(C_GetMechanismInfo, (CK_SLOT_ID a, CK_MECHANISM_TYPE b, \
	    CK_MECHANISM_INFO *c), (a, b, c)) \
	X(C_InitToken, (CK_SLOT_ID a, CK_BYTE *b, CK_ULONG c, CK_BYTE *d), \
	    (a, b, c, d)) \
	X(C_InitPIN, FEED) \
	X(C_SetPIN, COMPARE) \
	X(C_OpenSession, (CK_SLOT_ID a, CK_FLAGS b, void *c, CK_NOTIFY d, \
	    CK_SESSION_HANDLE *e), (a, b, c, d, e)) \
	X(C_CloseSession, SESSION) \
	X(C_CloseAllSessions, (CK_SLOT_ID a), (a)) \
	X(C_GetSessionInfo, (CK_SESSION_HANDLE a, CK_SESSION_INFO *b), \
	    (a, b)) \
	X(C_GetOperationState, DRAIN) \
	X(C_SetOperationState, (CK_SESSION_HANDLE a, CK_BYTE *b, CK_ULONG c, \
	    CK_OBJECT_HANDLE d, CK_OBJECT_HANDLE e), (a, b, c, d, e)) \
	X(C_Login, (CK_SESSION_HANDLE a, CK_USER_TYPE b, CK_BYTE *c, \
	    CK_ULONG d), (a, b, c, d)) \
	X(C_Logout, SESSION) \
	X(C_CreateObject, (CK_SESSION_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c, \
	    CK_OBJECT_HANDLE *d), (a, b, c, d)) \
	X(C_CopyObject, (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE b, \
	    CK_ATTRIBUTE *c, CK_ULONG d, CK_OBJECT_HANDLE *e), \
	    (a, b, c, d, e)) \
	X(C_DestroyObject, OBJECT) \
	X(C_GetObjectSize, (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE b, \
	    CK_ULONG *c), (a, b, c)) \
	X(C_GetAttributeValue, VALUES) \
	X(C_SetAttributeValue, VALUES) \
	X(C_FindObjectsInit, TEMPLATE) \
	X(C_FindObjects, (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE *b, \
	    CK_ULONG c, CK_ULONG *d), (a, b, c, d)) \
	X(C_FindObjectsFinal, SESSION) \
	X(C_EncryptInit, INIT) \
	X(C_Encrypt, CONVERT) \
	X(C_EncryptUpdate, CONVERT) \
	X(C_EncryptFinal, DRAIN) \
	X(C_DecryptInit, INIT) \
	X(C_Decrypt, CONVERT) \
	X(C_DecryptUpdate, CONVERT) \
	X(C_DecryptFinal, DRAIN) \
	X(C_DigestInit, METHOD) \
	X(C_Digest, CONVERT) \
	X(C_DigestUpdate, FEED) \
	X(C_DigestKey, OBJECT) \
	X(C_DigestFinal, DRAIN) \
	X(C_SignInit, INIT) \
	X(C_Sign, CONVERT) \
	X(C_SignUpdate, FEED) \
	X(C_SignFinal, DRAIN) \
	X(C_SignRecoverInit, INIT) \
	X(C_SignRecover, CONVERT) \
	X(C_VerifyInit, INIT) \
	X(C_Verify, COMPARE) \
	X(C_VerifyUpdate, FEED) \
	X(C_VerifyFinal, FEED) \
	X(C_VerifyRecoverInit, INIT) \
	X(C_VerifyRecover, CONVERT) \
	X(C_DigestEncryptUpdate, CONVERT) \
	X(C_DecryptDigestUpdate, CONVERT) \
	X(C_SignEncryptUpdate, CONVERT) \
	X(C_DecryptVerifyUpdate, CONVERT) \
	X(C_GenerateKey, (CK_SESSION_HANDLE a, CK_MECHANISM *b, \
	    CK_ATTRIBUTE *c, CK_ULONG d, CK_OBJECT_HANDLE *e), \
	    (a, b, c, d, e)) \
	X(C_GenerateKeyPair, (CK_SESSION_HANDLE a, CK_MECHANISM *b, \
	    CK_ATTRIBUTE *c, CK_ULONG d, CK_ATTRIBUTE *e, CK_ULONG f, \
	    CK_OBJECT_HANDLE *g, CK_OBJECT_HANDLE *h), \
	    (a, b, c, d, e, f, g, h)) \
	X(C_WrapKey, (CK_SESSION_HANDLE a, CK_MECHANISM *b, \
	    CK_OBJECT_HANDLE c, CK_OBJECT_HANDLE d, CK_BYTE *e, \
	    CK_ULONG *f), (a, b, c, d, e, f)) \
	X(C_UnwrapKey, (CK_SESSION_HANDLE a, CK_MECHANISM *b, \
	    CK_OBJECT_HANDLE c, CK_BYTE *d, CK_ULONG e, CK_ATTRIBUTE *f, \
	    CK_ULONG g, CK_OBJECT_HANDLE *h), (a, b, c, d, e, f, g, h)) \
	X(C_DeriveKey, (CK_SESSION_HANDLE a, CK_MECHANISM *b, \
	    CK_OBJECT_HANDLE c, CK_ATTRIBUTE *d, CK_ULONG e, \
	    CK_OBJECT_HANDLE *f), (a, b, c, d, e, f)) \
	X(C_SeedRandom, FEED) \
	X(C_GenerateRandom, FEED) \
	X(C_GetFunctionStatus, SESSION) \
	X(C_CancelFunction, SESSION)

static CK_FUNCTION_LIST *real;
static unsigned long answered, let_through, calls_made;

/* What FAKE_SIGN=kept was told. */
static struct {
	CK_OBJECT_HANDLE object;
	CK_BBOOL value;
} told[16];
static size_t told_count;

/* The code that FAKE_FAIL has for this call; CKR_OK: none. */
static CK_RV
fake_rv(const char *call)
{
	const char *rule = getenv("FAKE_FAIL");
	unsigned long times = -1UL, skip = 0;
	size_t len = strlen(call);
	char *rest;
	CK_RV rv;

	if (rule == NULL || strncmp(rule, call, len) != 0 || rule[len] != ':')
		return CKR_OK;
	rv = strtoul(rule + len + 1, &rest, 0);
	if (*rest == ':')
		times = strtoul(rest + 1, &rest, 0);
	if (*rest == ':')
		skip = strtoul(rest + 1, &rest, 0);
	if (let_through < skip) {
		let_through++;
		return CKR_OK;
	}
	if (answered >= times)
		return CKR_OK;
	answered++;
	return rv;
}

/* Behind the last call forwarded, or before it? */
enum moment { BEFORE, AFTER };

/* What stands in a rule N:REST for this call at this moment; NULL: no rule. */
static const char *
rule_now(const char *variable, enum moment moment)
{
	const char *text = getenv(variable);
	const char *last;
	char *rest;

	if (text == NULL || strtoul(text, &rest, 10) != calls_made)
		return NULL;
	last = strrchr(text, ':');
	if ((last != NULL && strcmp(last, ":after") == 0) != (moment == AFTER))
		return NULL;
	return rest;
}

static void
trace(const char *call)
{
	const char *path = getenv("FAKE_TRACE");
	size_t len = strlen(call);
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, call, len) != (ssize_t)len ||
	    write(fd, "\n", 1) != 1)
		abort();
	close(fd);
}

/* The sweep: what FAKE_KILL and FAKE_ERROR say of this call. */
static CK_RV
swept(enum moment moment)
{
	const char *rule = rule_now("FAKE_ERROR", moment);

	if (rule_now("FAKE_KILL", moment) != NULL)
		kill(getpid(), SIGKILL);
	return rule != NULL ? strtoul(rule + 1, NULL, 0) : CKR_OK;
}

static bool
is_set(const char *name, const char *value)
{
	const char *have = getenv(name);

	return have != NULL && strcmp(have, value) == 0;
}

static CK_RV
flags_add(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const char *flags = getenv("FAKE_FLAGS");
	CK_RV rv = real->C_GetTokenInfo(slot, info);

	if (rv == CKR_OK && flags != NULL)
		info->flags |= strtoul(flags, NULL, 0);
	return rv;
}

static CK_RV
sign_tell(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = real->C_GetAttributeValue(session, object, template,
	    count);

	if (rv != CKR_OK || count != 1 || template->type != CKA_SIGN ||
	    template->pValue == NULL || !is_set("FAKE_SIGN", "kept"))
		return rv;
	for (size_t i = 0; i < told_count; i++)
		if (told[i].object == object)
			*(CK_BBOOL *)template->pValue = told[i].value;
	return rv;
}

static CK_RV
sign_keep(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *template, CK_ULONG count)
{
	size_t i = 0;

	if (count != 1 || template->type != CKA_SIGN ||
	    getenv("FAKE_SIGN") == NULL)
		return real->C_SetAttributeValue(session, object, template,
		    count);
	if (is_set("FAKE_SIGN", "ignored"))
		return CKR_OK;
	while (i < told_count && told[i].object != object)
		i++;
	if (i == sizeof(told) / sizeof(told[0]))
		return CKR_DEVICE_MEMORY;
	if (i == told_count)
		told_count++;
	told[i].object = object;
	told[i].value = *(const CK_BBOOL *)template->pValue;
	return CKR_OK;
}

/* Before a call is forwarded: CKR_OK, or what to answer in its place. */
static CK_RV
begin(const char *call)
{
	CK_RV rv;

	calls_made++;
	trace(call);
	rv = swept(BEFORE);
	return rv != CKR_OK ? rv : fake_rv(call);
}

/* The list behind the forwarding calls: the real one, but for three. */
static CK_FUNCTION_LIST behind;

#define FORWARD(...) FORWARD_(__VA_ARGS__)
#define FORWARD_(call, parameters, arguments) \
	static CK_RV \
	fake_##call parameters \
	{ \
		CK_RV rv = begin(#call), swept_rv; \
		if (rv != CKR_OK) \
			return rv; \
		rv = behind.call arguments; \
		swept_rv = swept(AFTER); \
		return swept_rv != CKR_OK ? swept_rv : rv; \
	}
CALLS(FORWARD)

#define ENTRY(call, ...) .call = fake_##call,
static CK_FUNCTION_LIST calls = {
	.version = { 2, 40 },
	.C_GetFunctionList = C_GetFunctionList,
	CALLS(ENTRY)
};

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	const char *path = getenv("FAKE_MODULE");
	void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW);
	CK_C_GetFunctionList get = NULL;

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	behind = *real;
	behind.C_GetTokenInfo = flags_add;
	behind.C_GetAttributeValue = sign_tell;
	behind.C_SetAttributeValue = sign_keep;
	answered = let_through = told_count = 0;
	*list = &calls;
	return CKR_OK;
}
