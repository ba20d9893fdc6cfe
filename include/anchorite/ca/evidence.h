/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_EVIDENCE_H
#define ANCHORITE_CA_EVIDENCE_H

#include <anchorite/base/json.h>
#include <anchorite/token/key.h>
#include <anchorite/token/session.h>

/*
 * What the journal keeps of a key and of the token it lives in: the words
 * of the token, and what trying showed. The caller owns the JSON.
 *
 *	{"attributes":{"CKA_LOCAL":"true",…},"generated_by":…,
 *	 "signature_verified":true,"wrap_trial":…}
 */
struct json *evidence_of_key(const struct key_attestation *attestation);

/* {"firmware":…,"label":…,"library":…,"manufacturer":…,"model":…,
 *  "module":…,"serial":…} */
struct json *evidence_of_token(const struct session *session);

#endif
