/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_DATUM_H
#define ANCHORITE_TOKEN_DATUM_H

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/token/session.h>

/*
 * A small value that the token keeps under a name: private data objects of
 * the token (CKO_DATA; PKCS #11 2.40, 4.5) with CKA_APPLICATION "anchorite"
 * and the name as CKA_LABEL. CKA_VALUE cannot be changed in place (measured
 * on SoftHSM), so a new value is a new object, and for a moment, or after a
 * crash, there are several under a name: the reader decides which counts.
 * The user must be logged in: private objects are not seen otherwise.
 */
#define DATUM_APPLICATION "anchorite"
#define DATUM_MAX         1024	/* octets in a value */

/*
 * Calls `each` with every value under the name, in no order; one that is
 * empty or longer than DATUM_MAX comes as an empty one (a full disk makes
 * such). None is no failure. FAIL_TOKEN where the token fails.
 */
MUST_USE int datum_each(struct session *session, const char *name,
    int (*each)(void *context, struct bytes value, struct fail *fail),
    void *context, struct fail *fail);

/*
 * Puts the value under the name in place of all that are there: makes a new
 * object, reads it back by a search in a second session, syncs
 * (session_sync), and only then destroys the others. FAIL_TOKEN "the token
 * does not keep data objects (C_CreateObject: …)", or where it reads back
 * otherwise than written: then what was made is destroyed again as far as
 * possible, and the others stay.
 */
MUST_USE int datum_replace(struct session *session, const char *name,
    struct bytes value, struct fail *fail);

/* Destroys all that is under the name. */
MUST_USE int datum_remove(struct session *session, const char *name,
    struct fail *fail);

#endif
