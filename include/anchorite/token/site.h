/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_SITE_H
#define ANCHORITE_TOKEN_SITE_H

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/yaml.h>
#include <anchorite/token/session.h>

/*
 * What belongs to one machine: where the module is, which token, how the
 * PIN is asked. Kept outside the reviewed policy, so that the policy has
 * one digest everywhere. Nothing secret is in it.
 *
 *	module: /usr/lib/softhsm/libsofthsm2.so
 *	token: pkcs11:token=example-root
 *	store: tokens		(software tokens only)
 *	pin: prompt		(or: pad)
 *	key: pkcs11:object=…	(a custodian's card only)
 *
 * Relative paths are taken from the site file's own directory.
 */
struct site {
	const char *module;
	const char *token;
	const char *store;		/* NULL: a hardware token */
	int pin;			/* enum pin_mode */
	const char *key;		/* NULL: none is named */
	char *module_path, *store_path;	/* owned, resolved */
	struct yaml *document;
};

extern const struct yaml_field site_fields[];

MUST_USE int site_load(const char *path, struct site **out,
    struct fail *fail);
void site_release(struct site **site);

/*
 * Appends a site file that names the same token, and this key on it, from
 * wherever it is put: paths are made absolute. FAIL_INPUT where a path could
 * not stand in a file that people review.
 */
MUST_USE int site_write(const struct site *site, const char *key,
    struct buf *out, struct fail *fail);

/* Lends it all as a plan for sessions; PINs come from secret_fd, or -1. */
struct session_plan site_plan(const struct site *site, int secret_fd);

#endif
