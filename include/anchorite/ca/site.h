/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_SITE_H
#define ANCHORITE_CA_SITE_H

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
 *
 * Relative paths are taken from the site file's own directory.
 */
struct site {
	const char *module;
	const char *token;
	const char *store;		/* NULL: a hardware token */
	int pin;			/* enum pin_mode */
	char *module_path, *store_path;	/* owned, resolved */
	struct yaml *document;
};

extern const struct yaml_field site_fields[];

MUST_USE int site_load(const char *path, struct site **out,
    struct fail *fail);
void site_release(struct site **site);

/* Lends it all as a plan for sessions; PINs come from secret_fd, or -1. */
struct session_plan site_plan(const struct site *site, int secret_fd);

#endif
