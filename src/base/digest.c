/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/digest.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

/*
 * A digest has no way to fail but a broken libcrypto or no memory, and a
 * wrong digest must never be used: the process ends, as in mem_new.
 */
static void
digest_compute(const EVP_MD *algorithm, struct bytes content, uint8_t *out)
{
	const void *data = content.len == 0 ? "" : (const void *)content.data;

	if (EVP_Digest(data, content.len, out, NULL, algorithm, NULL) != 1)
		abort();
}

void
digest_of(struct bytes content, struct digest *out)
{
	digest_compute(EVP_sha256(), content, out->bytes);
}

void
digest_sha1(struct bytes content, uint8_t out[DIGEST_SHA1_LEN])
{
	digest_compute(EVP_sha1(), content, out);
}

bool
digest_is_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_LEN) == 0;
}

void
digest_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE])
{
	AUTO(buf_release) struct buf hex = { 0 };

	text_hex(&hex, bytes_of(digest->bytes, DIGEST_LEN));
	memcpy(out, buf_cstr(&hex), DIGEST_HEX_SIZE);
}

int
digest_read_hex(const char *text, struct digest *out, struct fail *fail)
{
	AUTO(buf_release) struct buf bytes = { 0 };

	if (strlen(text) != DIGEST_HEX_SIZE - 1)
		return fail_with(fail, FAIL_INPUT,
		    "digest: want %d hexadecimal digits, have %zu characters",
		    DIGEST_HEX_SIZE - 1, strlen(text));
	if (text_read_hex(text, DIGEST_LEN, &bytes, fail) != 0)
		return fail_in(fail, "digest");
	memcpy(out->bytes, bytes.data, DIGEST_LEN);
	return 0;
}
