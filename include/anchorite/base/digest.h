/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_DIGEST_H
#define ANCHORITE_BASE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/* A SHA-256 digest (FIPS 180-4), the name of an object and of a record. */
#define DIGEST_LEN 32
#define DIGEST_HEX_SIZE (2 * DIGEST_LEN + 1)
struct digest {
	uint8_t bytes[DIGEST_LEN];
};

void digest_of(struct bytes content, struct digest *out);
bool digest_is_equal(const struct digest *a, const struct digest *b);

/* 64 lower-case hexadecimal digits and a NUL. */
void digest_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE]);
MUST_USE int digest_read_hex(const char *text, struct digest *out,
    struct fail *fail);

/* SHA-1 (20 bytes), only for key identifiers (RFC 5280, 4.2.1.2). */
#define DIGEST_SHA1_LEN 20
void digest_sha1(struct bytes content, uint8_t out[DIGEST_SHA1_LEN]);

#endif
