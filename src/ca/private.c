/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/private.h>

#include <string.h>

#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/json.h>

#define SALT_LEN 32

bool
private_is(const char *text)
{
	return strncmp(text, PRIVATE_PREFIX, strlen(PRIVATE_PREFIX)) == 0;
}

int
private_read(const char *text, struct digest *out, struct fail *fail)
{
	if (!private_is(text))
		return fail_with(fail, FAIL_INPUT, "not a private value");
	return digest_read_hex(text + strlen(PRIVATE_PREFIX), out, fail);
}

int
private_put(struct objects *objects, const char *value, struct buf *out,
    struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(buf_release) struct buf content = { 0 };
	char hex[DIGEST_HEX_SIZE];
	uint8_t salt[SALT_LEN];
	struct digest digest;

	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "random octets");
	json_put_hex(json, "salt", bytes_of(salt, sizeof(salt)));
	json_put_text(json, "value", value);
	json_write(json, &content);
	if (objects_put(objects, buf_bytes(&content), &digest, fail) == -1)
		return -1;
	digest_hex(&digest, hex);
	buf_printf(out, PRIVATE_PREFIX "%s", hex);
	return 0;
}

int
private_show(const struct objects *objects, const char *text,
    struct buf *out, struct fail *fail)
{
	AUTO(json_release) struct json *json = NULL;
	AUTO(buf_release) struct buf content = { 0 };
	struct digest digest;
	const char *value;

	if (!private_is(text)) {
		buf_text(out, text);
		return 0;
	}
	if (private_read(text, &digest, fail) == -1) {
		fail->kind = FAIL_JOURNAL;
		return fail_in(fail, "private value");
	}
	if (!objects_has(objects, &digest)) {
		buf_text(out, "(redacted)");
		return 0;
	}
	if (objects_get(objects, &digest, &content, fail) == -1)
		return -1;
	if (json_read(buf_bytes(&content), &json, fail) == -1 ||
	    json_get_text(json, "value", &value, fail) == -1) {
		fail->kind = FAIL_JOURNAL;
		return fail_in(fail, "private value");
	}
	buf_text(out, value);
	return 0;
}
