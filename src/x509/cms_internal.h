/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CMS_INTERNAL_H
#define ANCHORITE_X509_CMS_INTERNAL_H

#include <openssl/cms.h>
#include <openssl/x509.h>

#include <anchorite/x509/cms.h>

/* What x509/cms and x509/cms_envelope share. */
#define CMS_LEN_MAX (1 << 28)	/* OpenSSL counts in int */

/* For AUTO. */
void cms_free(CMS_ContentInfo **cms);
void cms_x509_free(X509 **certificate);

/* One certificate, and nothing behind it; `whose` is for the sentence. NULL
 * on failure, FAIL_INPUT. */
X509 *cms_certificate(struct bytes der, const char *whose,
    struct fail *fail);

/* Only what is DER all the way down: d2i takes BER. NULL on failure,
 * FAIL_INPUT. */
CMS_ContentInfo *cms_parse(struct bytes der, struct fail *fail);

/* Appends its encoding. */
MUST_USE int cms_put(CMS_ContentInfo *cms, struct buf *out,
    struct fail *fail);

#endif
