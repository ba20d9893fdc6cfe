/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_MODULE_H
#define ANCHORITE_TOKEN_MODULE_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * A PKCS#11 module, loaded twice over on purpose: libp11 owns
 * C_Initialize and C_Finalize and lends EVP_PKEYs; the raw function list of
 * the same library does the rest, because libp11's own login keeps the PIN
 * on the heap and its key generation knows RSA only.
 */
struct module;

/* FAIL_TOKEN where the file is not a PKCS#11 module or will not start. */
MUST_USE int module_open(const char *path, struct module **out,
    struct fail *fail);
void module_release(struct module **module);

/* Lends the function list (PKCS #11 2.40, 5.3). */
CK_FUNCTION_LIST *module_functions(const struct module *module);

/* Blank-trimmed, safe to show. */
struct module_info {
	char path[256];
	char manufacturer[33];
	char description[33];
	char library_version[16];	/* "2.6" */
	char cryptoki_version[16];	/* "2.40" */
};
const struct module_info *module_info(const struct module *module);

/* libp11's context, for token/token alone. */
struct PKCS11_ctx_st *module_libp11(const struct module *module);

/* Lends a blank-padded field without its padding. */
struct bytes pkcs11_field(const CK_UTF8CHAR *field, size_t len);

/*
 * The same as text that is safe to show: cut to `size`, and '?' for every
 * byte where any of it is deceptive (text_is_deceptive).
 */
void pkcs11_text(const CK_UTF8CHAR *field, size_t len, char *out,
    size_t size);

/*
 * A fault in words, with the code's name: "C_Login: the PIN is wrong
 * (CKR_PIN_INCORRECT)". FAIL_TOKEN; always -1.
 */
int fail_pkcs11(struct fail *fail, CK_RV rv, const char *call);

/* The same for a call that libp11 made; drains OpenSSL's error queue. */
int fail_libp11(struct fail *fail, const char *call);

/* "CKR_PIN_INCORRECT"; "CKR 0x80000123" for a vendor's code. */
const char *pkcs11_rv_name(CK_RV rv, char *buffer, size_t size);
/* "CKM_RSA_PKCS_KEY_PAIR_GEN", or "CKM 0x…". */
const char *pkcs11_mechanism_name(CK_MECHANISM_TYPE type, char *buffer,
    size_t size);

#endif
