/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/base/digest.h>

#include "testing.h"

#define ABC_SHA256 \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY_SHA256 \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* The examples of FIPS 180-4. */
static void
sha256_is_as_published(void **state)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	(void)state;
	digest_of(bytes_text("abc"), &digest);
	digest_hex(&digest, hex);
	assert_string_equal(hex, ABC_SHA256);
	digest_of(bytes_of(NULL, 0), &digest);
	digest_hex(&digest, hex);
	assert_string_equal(hex, EMPTY_SHA256);
}

static void
sha1_is_as_published(void **state)
{
	static const uint8_t abc[DIGEST_SHA1_LEN] = { 0xa9, 0x99, 0x3e, 0x36,
	    0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2,
	    0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	uint8_t out[DIGEST_SHA1_LEN];

	(void)state;
	digest_sha1(bytes_text("abc"), out);
	assert_memory_equal(out, abc, sizeof(abc));
}

static void
hex_goes_both_ways(void **state)
{
	struct digest digest, again = { { 0 } };
	struct fail fail = { 0 };

	(void)state;
	digest_of(bytes_text("abc"), &digest);
	assert_false(digest_is_equal(&digest, &again));
	want_pass(digest_read_hex(ABC_SHA256, &again, &fail), &fail);
	assert_true(digest_is_equal(&digest, &again));
}

static void
hex_is_read_strictly(void **state)
{
	struct digest digest = { { 7 } };
	struct fail fail = { 0 };

	(void)state;
	want_fail(digest_read_hex("", &digest, &fail), &fail, FAIL_INPUT,
	    "digest: want 64 hexadecimal digits, have 0 characters");
	want_fail(digest_read_hex(ABC_SHA256 "00", &digest, &fail), &fail,
	    FAIL_INPUT,
	    "digest: want 64 hexadecimal digits, have 66 characters");
	want_fail(digest_read_hex("BA7816BF8F01CFEA414140DE5DAE2223"
	    "B00361A396177A9CB410FF61F20015AD", &digest, &fail), &fail,
	    FAIL_INPUT, "digest: want pairs of lower-case hexadecimal digits");
	assert_int_equal(digest.bytes[0], 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_is_as_published),
		cmocka_unit_test(sha1_is_as_published),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(hex_is_read_strictly),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
