/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_IMPORT_CONF_H
#define ANCHORITE_OUT_IMPORT_CONF_H

#include <anchorite/base/fail.h>
#include <anchorite/out/bundle_kind.h>

/*
 * import.conf: what a bundle is, and where it goes, for the script that
 * imports it. Lines of key=value in a fixed order; values hold nothing that
 * a shell could take for more ([A-Za-z0-9:/._@+=,-], at most 256), and may
 * be empty.
 */
enum import_key {
	IMPORT_FORMAT,			/* "1" */
	IMPORT_CONSUMER,
	IMPORT_MODE,
	IMPORT_RESOURCE,
	IMPORT_REGION,
	IMPORT_BUCKET,			/* of S3 */
	IMPORT_CRL_URL,			/* http://HOST/KEY of the certificate */
	IMPORT_CRL_NUMBER,
	IMPORT_SERIAL,			/* of the certificate, hex */
	IMPORT_KEYS,
};

struct import_conf {
	struct buf values[IMPORT_KEYS];
};

void import_conf_release(struct import_conf *conf);

/*
 * From what a bundle is made of. FAIL_REFUSED "resource: want CA-ARN, have
 * …" where the target does not fit the consumer. A CRL URL that no script
 * can use is left out.
 */
MUST_USE int import_conf_fill(const struct bundle_kind *kind,
    const struct bundle_source *source, struct import_conf *out,
    struct fail *fail);

/*
 * Can bundles be made for these consumers (target.h) of a certificate that is
 * a CA's or none, and does the resource (NULL: none is known) fit those that
 * have any? Asked before a certificate is signed for them. bundle_kind_find's
 * FAIL_REFUSED; FAIL_INPUT "acm-pca: resource: want CA-ARN, have X".
 */
MUST_USE int import_conf_check_target(unsigned consumers, bool is_ca,
    const char *resource, struct fail *fail);

/* Appends the file. */
void import_conf_write(const struct import_conf *conf, struct buf *out);

/* FAIL_INPUT "line 2: want consumer=…". */
MUST_USE int import_conf_read(struct bytes file, struct import_conf *out,
    struct fail *fail);

/*
 * Does it speak of this consumer, certificate and CRL (NULL: none)?
 * FAIL_REFUSED "serial=… for certificate …".
 */
MUST_USE int import_conf_check(struct import_conf *conf,
    const struct bundle_kind *kind, const struct cert *certificate,
    const struct crl *crl, struct fail *fail);

#endif
