/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_URI_H
#define ANCHORITE_TOKEN_URI_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/* A PKCS#11 URI (RFC 7512), by p11-kit. */
struct uri;

/*
 * FAIL_INPUT where it is not one, names an attribute twice, has one that
 * does not choose a token or a key in it (slot and module attributes too),
 * or carries a PIN (pin-value, pin-source: a PIN never stands in a URI
 * here).
 */
MUST_USE int uri_read(const char *text, struct uri **out,
    struct fail *fail);
void uri_release(struct uri **uri);

/* Lends the text as it was read. */
const char *uri_text(const struct uri *uri);

bool uri_is_token_match(const struct uri *uri, const CK_TOKEN_INFO *info);

/* Does it name an object (object= or id=)? */
bool uri_has_object(const struct uri *uri);

/* Lends CKA_LABEL and CKA_ID as the URI has them; data NULL: absent. */
struct bytes uri_label(const struct uri *uri);
struct bytes uri_id(const struct uri *uri);

/*
 * Appends the shortest URI for a token, or for a key in it (label and id
 * may be empty): "pkcs11:token=…;serial=…;object=…;id=%01%02".
 */
void uri_write(const CK_TOKEN_INFO *info, struct bytes label,
    struct bytes id, struct buf *out);

#endif
