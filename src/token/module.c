/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/module.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libp11.h>
#include <openssl/err.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

struct module {
	void *library;
	CK_FUNCTION_LIST *functions;
	PKCS11_CTX *libp11;
	bool is_loaded;		/* by libp11, which then owns C_Finalize */
	int error_library;	/* libp11's number in OpenSSL's queue; 0 */
	ERR_STRING_DATA *errors;
	struct module_info info;
};

/* What a code means to the people at the table; others go by name alone. */
struct rv_row {
	CK_RV rv;
	const char *name, *words;
	const char *both;	/* "words (name)" */
};
#define SAYS(rv, words) { rv, #rv, words, words " (" #rv ")" }
#define NAMED(rv)       { rv, #rv, NULL, #rv }
static const struct rv_row rv_rows[] = {
	NAMED(CKR_OK),
	SAYS(CKR_CANCEL, "cancelled"),
	SAYS(CKR_HOST_MEMORY, "no memory"),
	SAYS(CKR_SLOT_ID_INVALID, "no such slot"),
	SAYS(CKR_GENERAL_ERROR, "the token gives no reason"),
	SAYS(CKR_FUNCTION_FAILED, "the token could not do it"),
	NAMED(CKR_ARGUMENTS_BAD),
	NAMED(CKR_NO_EVENT),
	NAMED(CKR_NEED_TO_CREATE_THREADS),
	NAMED(CKR_CANT_LOCK),
	SAYS(CKR_ATTRIBUTE_READ_ONLY, "the attribute cannot be changed"),
	SAYS(CKR_ATTRIBUTE_SENSITIVE, "the attribute stays in the token"),
	SAYS(CKR_ATTRIBUTE_TYPE_INVALID, "the token lacks the attribute"),
	SAYS(CKR_ATTRIBUTE_VALUE_INVALID, "the token refuses the value"),
	SAYS(CKR_ACTION_PROHIBITED, "the object forbids it"),
	NAMED(CKR_DATA_INVALID),
	NAMED(CKR_DATA_LEN_RANGE),
	SAYS(CKR_DEVICE_ERROR, "the token is at fault"),
	SAYS(CKR_DEVICE_MEMORY, "the token is full"),
	SAYS(CKR_DEVICE_REMOVED, "the token was removed"),
	NAMED(CKR_ENCRYPTED_DATA_INVALID),
	NAMED(CKR_ENCRYPTED_DATA_LEN_RANGE),
	SAYS(CKR_FUNCTION_CANCELED, "cancelled"),
	NAMED(CKR_FUNCTION_NOT_PARALLEL),
	SAYS(CKR_FUNCTION_NOT_SUPPORTED, "the token cannot do this"),
	NAMED(CKR_KEY_HANDLE_INVALID),
	SAYS(CKR_KEY_SIZE_RANGE, "the token does not take this size of key"),
	NAMED(CKR_KEY_TYPE_INCONSISTENT),
	NAMED(CKR_KEY_NOT_NEEDED),
	NAMED(CKR_KEY_CHANGED),
	NAMED(CKR_KEY_NEEDED),
	NAMED(CKR_KEY_INDIGESTIBLE),
	SAYS(CKR_KEY_FUNCTION_NOT_PERMITTED, "the key may not do this"),
	SAYS(CKR_KEY_NOT_WRAPPABLE, "the key cannot be wrapped"),
	SAYS(CKR_KEY_UNEXTRACTABLE, "the key does not leave the token"),
	SAYS(CKR_MECHANISM_INVALID, "the token lacks the mechanism"),
	NAMED(CKR_MECHANISM_PARAM_INVALID),
	SAYS(CKR_OBJECT_HANDLE_INVALID, "the object is gone"),
	NAMED(CKR_OPERATION_ACTIVE),
	NAMED(CKR_OPERATION_NOT_INITIALIZED),
	SAYS(CKR_PIN_INCORRECT, "the PIN is wrong"),
	SAYS(CKR_PIN_INVALID, "the PIN has characters the token refuses"),
	SAYS(CKR_PIN_LEN_RANGE, "the PIN is too short or too long"),
	SAYS(CKR_PIN_EXPIRED, "the PIN has expired: set a new one"),
	SAYS(CKR_PIN_LOCKED,
	    "the PIN is locked: the security officer must set a new one"),
	SAYS(CKR_SESSION_CLOSED, "the session was closed"),
	SAYS(CKR_SESSION_COUNT, "the token has no session left"),
	SAYS(CKR_SESSION_HANDLE_INVALID, "the session is gone"),
	NAMED(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
	SAYS(CKR_SESSION_READ_ONLY, "the session is read-only"),
	NAMED(CKR_SESSION_EXISTS),
	NAMED(CKR_SESSION_READ_ONLY_EXISTS),
	NAMED(CKR_SESSION_READ_WRITE_SO_EXISTS),
	NAMED(CKR_SIGNATURE_INVALID),
	NAMED(CKR_SIGNATURE_LEN_RANGE),
	SAYS(CKR_TEMPLATE_INCOMPLETE, "the token wants more attributes"),
	SAYS(CKR_TEMPLATE_INCONSISTENT, "the token refuses the attributes"),
	SAYS(CKR_TOKEN_NOT_PRESENT, "no token in the slot"),
	SAYS(CKR_TOKEN_NOT_RECOGNIZED, "the module does not know the token"),
	SAYS(CKR_TOKEN_WRITE_PROTECTED, "the token is write-protected"),
	NAMED(CKR_UNWRAPPING_KEY_SIZE_RANGE),
	NAMED(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT),
	SAYS(CKR_USER_ALREADY_LOGGED_IN,
	    "logged in already, so the PIN was not checked"),
	SAYS(CKR_USER_NOT_LOGGED_IN, "not logged in"),
	SAYS(CKR_USER_PIN_NOT_INITIALIZED, "the token has no user PIN yet"),
	NAMED(CKR_USER_TYPE_INVALID),
	SAYS(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "another user is logged in"),
	NAMED(CKR_USER_TOO_MANY_TYPES),
	NAMED(CKR_WRAPPED_KEY_INVALID),
	NAMED(CKR_WRAPPED_KEY_LEN_RANGE),
	NAMED(CKR_WRAPPING_KEY_HANDLE_INVALID),
	NAMED(CKR_WRAPPING_KEY_SIZE_RANGE),
	NAMED(CKR_WRAPPING_KEY_TYPE_INCONSISTENT),
	NAMED(CKR_RANDOM_SEED_NOT_SUPPORTED),
	SAYS(CKR_RANDOM_NO_RNG, "the token has no random source"),
	NAMED(CKR_DOMAIN_PARAMS_INVALID),
	SAYS(CKR_CURVE_NOT_SUPPORTED, "the token lacks the curve"),
	NAMED(CKR_BUFFER_TOO_SMALL),
	NAMED(CKR_SAVED_STATE_INVALID),
	NAMED(CKR_INFORMATION_SENSITIVE),
	NAMED(CKR_STATE_UNSAVEABLE),
	SAYS(CKR_CRYPTOKI_NOT_INITIALIZED, "the module is not started"),
	SAYS(CKR_CRYPTOKI_ALREADY_INITIALIZED, "the module is started already"),
	NAMED(CKR_MUTEX_BAD),
	NAMED(CKR_MUTEX_NOT_LOCKED),
	NAMED(CKR_FIPS_SELF_TEST_FAILED),
	NAMED(CKR_LIBRARY_LOAD_FAILED),
	SAYS(CKR_PIN_TOO_WEAK, "the PIN is too weak for the token"),
	NAMED(CKR_PUBLIC_KEY_INVALID),
	SAYS(CKR_FUNCTION_REJECTED, "refused at the token"),
};

/* Those that make a key pair, and those that could carry a key out. */
static const struct {
	CK_MECHANISM_TYPE type;
	const char *name;
} mechanism_rows[] = {
#define MECHANISM(type) { type, #type }
	MECHANISM(CKM_RSA_PKCS_KEY_PAIR_GEN),
	MECHANISM(CKM_RSA_X9_31_KEY_PAIR_GEN),
	MECHANISM(CKM_EC_KEY_PAIR_GEN),
	MECHANISM(CKM_RSA_PKCS),
	MECHANISM(CKM_RSA_PKCS_PSS),
	MECHANISM(CKM_RSA_X_509),
	MECHANISM(CKM_ECDSA),
	MECHANISM(CKM_RSA_PKCS_OAEP),
	MECHANISM(CKM_RSA_AES_KEY_WRAP),
	MECHANISM(CKM_AES_KEY_GEN),
	MECHANISM(CKM_AES_CBC),
	MECHANISM(CKM_AES_CBC_PAD),
	MECHANISM(CKM_AES_GCM),
	MECHANISM(CKM_AES_KEY_WRAP),
	MECHANISM(CKM_AES_KEY_WRAP_PAD),
};

static const struct rv_row *
rv_find(CK_RV rv)
{
	for (size_t i = 0; i < COUNT(rv_rows); i++)
		if (rv_rows[i].rv == rv)
			return &rv_rows[i];
	return NULL;
}

const char *
pkcs11_rv_name(CK_RV rv, char *buffer, size_t size)
{
	const struct rv_row *row = rv_find(rv);

	if (row != NULL)
		snprintf(buffer, size, "%s", row->name);
	else
		snprintf(buffer, size, "CKR 0x%08lx", rv);
	return buffer;
}

const char *
pkcs11_mechanism_name(CK_MECHANISM_TYPE type, char *buffer, size_t size)
{
	snprintf(buffer, size, "CKM 0x%08lx", type);
	for (size_t i = 0; i < COUNT(mechanism_rows); i++)
		if (mechanism_rows[i].type == type)
			snprintf(buffer, size, "%s", mechanism_rows[i].name);
	return buffer;
}

int
fail_pkcs11(struct fail *fail, CK_RV rv, const char *call)
{
	const struct rv_row *row = rv_find(rv);
	char name[48];

	if (row != NULL)
		return fail_with(fail, FAIL_TOKEN, "%s: %s", call, row->both);
	return fail_with(fail, FAIL_TOKEN, "%s: %s", call,
	    pkcs11_rv_name(rv, name, sizeof(name)));
}

/* libp11 0.4.12 queues a module's code as the reason, under this library. */
#define LIBP11_ERRORS "PKCS#11 module"

/*
 * Gives OpenSSL's queue our words for the codes, so that a signature that
 * fails in the token is told as every other fault is.
 */
static void
errors_name(struct module *module)
{
	const char *name;
	int library;

	for (library = ERR_LIB_USER; library < 256; library++) {
		name = ERR_lib_error_string(ERR_PACK(library, 0, 0));
		if (name != NULL && strcmp(name, LIBP11_ERRORS) == 0)
			break;
	}
	if (library == 256)
		return;
	module->error_library = library;
	module->errors = mem_new(COUNT(rv_rows) + 1, sizeof(*module->errors));
	for (size_t i = 0; i < COUNT(rv_rows); i++) {
		module->errors[i].error = ERR_PACK(library, 0, rv_rows[i].rv);
		module->errors[i].string = rv_rows[i].both;
	}
	/* A list ends in code 0, which CKR_OK at its head would be, too. */
	ERR_load_strings_const(module->errors + 1);
}

/* It is the newest entry: SoftHSM leaves others before it. */
int
fail_libp11(struct fail *fail, const char *call)
{
	unsigned long code = ERR_peek_last_error();
	const char *library = ERR_lib_error_string(code);
	const char *reason = ERR_reason_error_string(code);

	if (library != NULL && strcmp(library, LIBP11_ERRORS) == 0)
		fail_pkcs11(fail, (CK_RV)ERR_GET_REASON(code), call);
	else
		fail_with(fail, FAIL_TOKEN, "%s: %s", call,
		    reason != NULL ? reason : "libp11 gives no reason");
	ERR_clear_error();
	return -1;
}

/* Blanks pad by the book (PKCS #11 2.40, 3.1); NULs are met too. */
struct bytes
pkcs11_field(const CK_UTF8CHAR *field, size_t len)
{
	while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
		len--;
	return bytes_of(field, len);
}

void
pkcs11_text(const CK_UTF8CHAR *field, size_t len, char *out, size_t size)
{
	struct bytes text = pkcs11_field(field, len);

	if (text.len > size - 1)
		text.len = size - 1;
	if (text_is_deceptive(text, NULL, 0))
		memset(out, '?', text.len);
	else
		memcpy(out, text.data, text.len);
	out[text.len] = '\0';
}

/* The raw function list of the library that libp11 is going to load. */
static int
module_load_raw(struct module *module, const char *path, struct fail *fail)
{
	CK_C_GetFunctionList get_list;
	CK_RV rv;

	module->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module->library == NULL)
		return fail_with(fail, FAIL_TOKEN, "cannot load it: %s",
		    dlerror());
	/* ISO C has no cast from object to function; POSIX has this one. */
	*(void **)&get_list = dlsym(module->library, "C_GetFunctionList");
	if (get_list == NULL)
		return fail_with(fail, FAIL_TOKEN,
		    "not a PKCS#11 module: it has no C_GetFunctionList");
	rv = get_list(&module->functions);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_GetFunctionList");
	if (module->functions == NULL || module->functions->version.major != 2)
		return fail_with(fail, FAIL_TOKEN,
		    "not a PKCS#11 module of version 2");
	return 0;
}

static int
module_load_libp11(struct module *module, const char *path,
    struct fail *fail)
{
	module->libp11 = PKCS11_CTX_new();
	if (module->libp11 == NULL)
		return fail_libp11(fail, "PKCS11_CTX_new");
	if (PKCS11_CTX_load(module->libp11, path) != 0)
		return fail_libp11(fail, "it does not start");
	module->is_loaded = true;
	errors_name(module);
	ERR_clear_error();	/* of what a starting SoftHSM leaves there */
	return 0;
}

static int
module_read_info(struct module *module, const char *path, struct fail *fail)
{
	struct module_info *info = &module->info;
	CK_INFO raw;
	CK_RV rv;

	memset(&raw, 0, sizeof(raw));
	rv = module->functions->C_GetInfo(&raw);
	if (rv != CKR_OK)
		return fail_pkcs11(fail, rv, "C_GetInfo");
	pkcs11_text((const CK_UTF8CHAR *)path, strlen(path), info->path,
	    sizeof(info->path));
	pkcs11_text(raw.manufacturerID, sizeof(raw.manufacturerID),
	    info->manufacturer, sizeof(info->manufacturer));
	pkcs11_text(raw.libraryDescription, sizeof(raw.libraryDescription),
	    info->description, sizeof(info->description));
	snprintf(info->library_version, sizeof(info->library_version),
	    "%d.%d", raw.libraryVersion.major, raw.libraryVersion.minor);
	snprintf(info->cryptoki_version, sizeof(info->cryptoki_version),
	    "%d.%d", raw.cryptokiVersion.major, raw.cryptokiVersion.minor);
	return 0;
}

int
module_open(const char *path, struct module **out, struct fail *fail)
{
	AUTO(module_release) struct module *module =
	    mem_new(1, sizeof(*module));

	if (module_load_raw(module, path, fail) == -1 ||
	    module_load_libp11(module, path, fail) == -1 ||
	    module_read_info(module, path, fail) == -1)
		return fail_in(fail, "module %s", path);
	*out = GIVE(module);
	return 0;
}

void
module_release(struct module **module)
{
	struct module *old = GIVE(*module);

	if (old == NULL)
		return;
	if (old->errors != NULL)
		ERR_unload_strings(old->error_library, old->errors + 1);
	free(old->errors);
	if (old->is_loaded)
		PKCS11_CTX_unload(old->libp11);
	if (old->libp11 != NULL)
		PKCS11_CTX_free(old->libp11);
	if (old->library != NULL)
		dlclose(old->library);
	free(old);
}

CK_FUNCTION_LIST *
module_functions(const struct module *module)
{
	return module->functions;
}

const struct module_info *
module_info(const struct module *module)
{
	return &module->info;
}

struct PKCS11_ctx_st *
module_libp11(const struct module *module)
{
	return module->libp11;
}
