/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_LINT_KEYS_H
#define ANCHORITE_X509_LINT_KEYS_H

#include <anchorite/base/buf.h>
#include <anchorite/x509/spki.h>

/* A throw-away private key of each kind: PKCS #8, DER, published. */
extern const struct bytes lint_keys[KEY_KINDS];

#endif
