/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CUSTODY_CREDENTIAL_INTERNAL_H
#define ANCHORITE_CUSTODY_CREDENTIAL_INTERNAL_H

#include <anchorite/custody/credential.h>
#include <anchorite/token/key.h>
#include <anchorite/token/site.h>

/* What custody/credential and custody/credential_create share. */

/* "keys/alice" and ".pem": "keys/alice.pem"; the caller frees it. */
char *credential_path(const char *base, const char *ending);

/* The last part of a path; lent. */
const char *credential_last(const char *path);

/* RSA-2048 is too weak. FAIL_REFUSED. */
MUST_USE int credential_check_kind(enum key_kind kind, struct fail *fail);

/* Finds the key of a URI on the token that the session is logged in to. */
MUST_USE int credential_find_key(struct session *session, const char *uri,
    struct key **out, struct fail *fail);

#endif
