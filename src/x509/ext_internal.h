/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of extensions share. */
#ifndef ANCHORITE_X509_EXT_INTERNAL_H
#define ANCHORITE_X509_EXT_INTERNAL_H

#include <anchorite/x509/ext.h>

/* Choices of GeneralName (RFC 5280, 4.2.1.6). */
enum general_name {
	GENERAL_MAIL = 1,
	GENERAL_DNS = 2,
	GENERAL_DIRECTORY = 4,
	GENERAL_URI = 6,
	GENERAL_IP = 7,
};

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Appends one list of subtrees under the tag; nothing where it is empty.
 * FAIL_INPUT for a name or range that is not one. */
MUST_USE int ext_write_subtrees(const struct ext_subtrees *trees, int tag,
    struct buf *out, struct fail *fail);

#endif
