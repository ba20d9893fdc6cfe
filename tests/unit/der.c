/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define TIME_WANT "time: want YYMMDDHHMMSSZ through 2049, then YYYYMMDDHHMMSSZ"

static void
expect_hex(const struct buf *have, const char *hex)
{
	AUTO(buf_release) struct buf text = { 0 };

	text_hex(&text, buf_bytes(have));
	assert_string_equal(buf_cstr(&text), hex);
}

static void
test_numbers(void **state)
{
	static const struct {
		uint64_t number;
		const char *hex;
	} cases[] = {
		{ 0, "020100" }, { 1, "020101" }, { 127, "02017f" },
		{ 128, "02020080" }, { 255, "020200ff" },
		{ 256, "02020100" }, { 65537, "0203010001" },
		{ UINT64_MAX, "020900ffffffffffffffff" },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf out = { 0 };

		der_put_number(&out, cases[n].number);
		expect_hex(&out, cases[n].hex);
	}
}

static void
test_unsigned_takes_leading_zeros_off(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	der_put_unsigned(&out, BYTES("\0\0\x80\0"));
	der_put_unsigned(&out, BYTES("\0\0"));
	der_put_unsigned(&out, bytes_of(NULL, 0));
	expect_hex(&out, "0203008000" "020100" "020100");
}

static void
test_others(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	der_put_bool(&out, true);
	der_put_bool(&out, false);
	der_put_bits(&out, BYTES("\xa5"));
	der_put_nid(&out, NID_commonName);
	der_put(&out, DER_CONTEXT(2), BYTES("x"));
	expect_hex(&out, "0101ff" "010100" "030200a5" "0603550403" "820178");
}

/* The length takes one, two, three and four octets. */
static void
test_lengths_nest(void **state)
{
	static const size_t lens[] = { 0, 127, 128, 255, 256, 65535, 65536 };
	static const uint8_t zeros[65536];
	struct bytes rest, inner, content;
	struct fail fail = { 0 };
	size_t n, outer, mark;

	(void)state;
	for (n = 0; n < COUNT(lens); n++) {
		AUTO(buf_release) struct buf out = { 0 };
		AUTO(buf_release) struct buf put = { 0 };

		outer = der_begin(&out, DER_SEQUENCE);
		mark = der_begin(&out, DER_OCTET_STRING);
		buf_append(&out, zeros, lens[n]);
		der_end(&out, mark);
		der_end(&out, outer);
		assert_int_equal(der_check(buf_bytes(&out), &fail), 0);
		rest = buf_bytes(&out);
		assert_int_equal(der_next(&rest, DER_SEQUENCE, &inner, NULL,
		    &fail), 0);
		assert_int_equal(rest.len, 0);
		der_put(&put, DER_OCTET_STRING, bytes_of(zeros, lens[n]));
		assert_true(bytes_is_equal(inner, buf_bytes(&put)));
		assert_int_equal(der_next(&inner, DER_OCTET_STRING, &content,
		    NULL, &fail), 0);
		assert_int_equal(content.len, lens[n]);
	}
}

static void
test_next_lends_content_and_whole(void **state)
{
	struct bytes in = BYTES("\x02\x01\x05\x04\x00"), rest = in;
	struct bytes content, whole;
	struct fail fail = { 0 };

	(void)state;
	assert_true(der_is_next(rest, DER_INTEGER));
	assert_false(der_is_next(rest, DER_OCTET_STRING));
	assert_int_equal(der_next(&rest, DER_INTEGER, &content, &whole,
	    &fail), 0);
	assert_true(bytes_is_equal(content, BYTES("\x05")));
	assert_true(bytes_is_equal(whole, BYTES("\x02\x01\x05")));
	assert_ptr_equal(rest.data, in.data + 3);
	assert_int_equal(der_end_of(rest, &fail), -1);
	assert_string_equal(fail.sentence, "trailing bytes");
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(der_next(&rest, DER_OCTET_STRING, NULL, NULL,
	    &fail), 0);
	assert_int_equal(der_end_of(rest, &fail), 0);
	assert_false(der_is_next(rest, DER_NULL));
}

static void
test_next_refuses(void **state)
{
	static const struct {
		struct bytes in;
		const char *sentence;
	} cases[] = {
		{ { NULL, 0 }, "SEQUENCE missing" },
		{ { (const uint8_t *)"\x02\x00", 2 },
		    "want SEQUENCE, have INTEGER" },
		{ { (const uint8_t *)"\xa3\x00", 2 },
		    "want SEQUENCE, have [3]" },
		{ { (const uint8_t *)"\x1e\x00", 2 },
		    "want SEQUENCE, have tag 1e" },
		{ { (const uint8_t *)"\x30", 1 },
		    "not DER: ends within an element" },
	};
	struct bytes rest, content = { 0 };
	struct fail fail = { 0 };
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		rest = cases[n].in;
		assert_int_equal(der_next(&rest, DER_SEQUENCE, &content, NULL,
		    &fail), -1);
		assert_string_equal(fail.sentence, cases[n].sentence);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_ptr_equal(rest.data, cases[n].in.data);
		assert_int_equal(rest.len, cases[n].in.len);
		assert_null(content.data);
	}
}

struct verdict {
	const char *der;
	size_t len;
	const char *sentence;	/* NULL: DER */
};
#define CASE(der, sentence) { der, sizeof(der) - 1, sentence }

static const struct verdict verdicts[] = {
	CASE("\x30\x00", NULL),
	CASE("", "not DER: ends within an element"),
	CASE("\x05", "not DER: ends within an element"),
	CASE("\x05\x00\x00", "trailing bytes"),
	CASE("\x30\x02\x05", "not DER: ends within an element"),
	CASE("\x30\x01\x05", "not DER: ends within an element"),
	CASE("\x30\x82\x01", "not DER: ends within an element"),
	CASE("\x30\x80\x05\x00\x00\x00", "not DER: indefinite length"),
	CASE("\x30\x81\x02\x05\x00", "not DER: length longer than need be"),
	CASE("\x30\x82\x00\x02\x05\x00",
	    "not DER: length longer than need be"),
	CASE("\x30\x85\x00\x00\x00\x00\x00",
	    "not DER: length of more than four octets"),
	CASE("\x30\x84\xff\xff\xff\xff", "not DER: ends within an element"),
	CASE("\x1f\x00", "not DER: tag of more than one octet"),
	CASE("\x00\x00", "not DER: tag 0"),
	CASE("\x24\x00", "not DER: constructed string"),
	CASE("\x10\x00", "not DER: primitive SEQUENCE or SET"),
	CASE("\x01\x01\x00", NULL),
	CASE("\x01\x01\xff", NULL),
	CASE("\x01\x01\x01", "not DER: BOOLEAN but 00 and FF"),
	CASE("\x01\x00", "not DER: BOOLEAN but 00 and FF"),
	CASE("\x05\x01\x00", "not DER: NULL with octets"),
	CASE("\x02\x00", "not DER: INTEGER without octets"),
	CASE("\x02\x02\x00\x80", NULL),
	CASE("\x02\x02\xff\x7f", NULL),
	CASE("\x02\x02\x00\x7f", "not DER: INTEGER longer than need be"),
	CASE("\x02\x02\xff\x80", "not DER: INTEGER longer than need be"),
	CASE("\x0a\x02\x00\x01", "not DER: INTEGER longer than need be"),
	CASE("\x06\x03\x2a\x81\x00", NULL),
	CASE("\x06\x00", "not DER: OBJECT IDENTIFIER without an end"),
	CASE("\x06\x02\x2a\x81", "not DER: OBJECT IDENTIFIER without an end"),
	CASE("\x06\x03\x2a\x80\x01",
	    "not DER: OBJECT IDENTIFIER longer than need be"),
	CASE("\x03\x01\x00", NULL),
	CASE("\x03\x02\x01\x86", NULL),
	CASE("\x03\x00", "not DER: BIT STRING without octets"),
	CASE("\x03\x02\x01\x87", "not DER: BIT STRING with unused bits set"),
	CASE("\x03\x01\x01", "not DER: BIT STRING with unused bits set"),
	CASE("\x03\x02\x08\x00", "not DER: BIT STRING with unused bits set"),
	CASE("\x31\x06\x02\x01\x01\x02\x01\x02", NULL),
	CASE("\x31\x06\x02\x01\x01\x02\x01\x01", NULL),
	CASE("\x31\x06\x02\x01\x02\x02\x01\x01",
	    "not DER: SET OF out of order"),
	CASE("\x31\x07\x02\x02\x01\x00\x02\x01\x02",
	    "not DER: SET OF out of order"),
	CASE("\x30\x06\x02\x01\x02\x02\x01\x01", NULL),
	/* Within what is tagged, and not within an OCTET STRING. */
	CASE("\xa0\x03\x01\x01\x01", "not DER: BOOLEAN but 00 and FF"),
	CASE("\x04\x03\x01\x01\x01", NULL),
	CASE("\x80\x01\x01", NULL),
};

static void
test_check(void **state)
{
	struct fail fail = { 0 };
	size_t n;
	int have;

	(void)state;
	for (n = 0; n < COUNT(verdicts); n++) {
		have = der_check(bytes_of(verdicts[n].der, verdicts[n].len),
		    &fail);
		if (verdicts[n].sentence == NULL) {
			assert_int_equal(have, 0);
			continue;
		}
		assert_int_equal(have, -1);
		assert_string_equal(fail.sentence, verdicts[n].sentence);
		assert_int_equal(fail.kind, FAIL_INPUT);
	}
}

/* `levels` SEQUENCEs, each within the other. */
static int
check_nested(size_t levels, struct fail *fail)
{
	AUTO(buf_release) struct buf out = { 0 };
	size_t marks[64], n;

	assert_true(levels <= COUNT(marks));
	for (n = 0; n < levels; n++)
		marks[n] = der_begin(&out, DER_SEQUENCE);
	while (n-- > 0)
		der_end(&out, marks[n]);
	return der_check(buf_bytes(&out), fail);
}

static void
test_check_counts_levels(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(check_nested(31, &fail), 0);
	assert_int_equal(check_nested(32, &fail), 0);
	assert_int_equal(check_nested(33, &fail), -1);
	assert_string_equal(fail.sentence, "not DER: more than 32 levels");
}

static void
test_times(void **state)
{
	static const struct {
		const char *time, *text;
		int tag;
	} cases[] = {
		{ "1950-01-01T00:00:00Z", "500101000000Z", DER_UTC_TIME },
		{ "1970-01-01T00:00:00Z", "700101000000Z", DER_UTC_TIME },
		{ "1999-12-31T23:59:59Z", "991231235959Z", DER_UTC_TIME },
		{ "2000-02-29T12:00:00Z", "000229120000Z", DER_UTC_TIME },
		{ "2049-12-31T23:59:59Z", "491231235959Z", DER_UTC_TIME },
		{ "2050-01-01T00:00:00Z", "20500101000000Z",
		    DER_GENERALIZED_TIME },
		{ "9999-12-31T23:59:59Z", "99991231235959Z",
		    DER_GENERALIZED_TIME },
	};
	struct fail fail = { 0 };
	int64_t seconds, again;
	struct bytes rest;
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf have = { 0 };
		AUTO(buf_release) struct buf want = { 0 };

		assert_int_equal(text_read_time(cases[n].time, &seconds,
		    &fail), 0);
		der_put_time(&have, seconds);
		der_put(&want, cases[n].tag, bytes_text(cases[n].text));
		assert_true(bytes_is_equal(buf_bytes(&have),
		    buf_bytes(&want)));
		rest = buf_bytes(&have);
		assert_int_equal(der_read_time(&rest, &again, &fail), 0);
		assert_int_equal(again, seconds);
		assert_int_equal(rest.len, 0);
	}
}

static void
test_times_refused(void **state)
{
	static const struct {
		int tag;
		const char *text;
	} cases[] = {
		{ DER_UTC_TIME, "2601010000Z" },	/* no seconds */
		{ DER_UTC_TIME, "260101000000" },
		{ DER_UTC_TIME, "260101000000+0000" },
		{ DER_UTC_TIME, "260230000000Z" },	/* 30 February */
		{ DER_UTC_TIME, "260101006000Z" },
		{ DER_UTC_TIME, "261301000000Z" },
		{ DER_UTC_TIME, "2x0101000000Z" },
		{ DER_UTC_TIME, "xx0101000000Z" },
		{ DER_UTC_TIME, "260101000000z" },
		{ DER_GENERALIZED_TIME, "20260101000000Z" },	/* UTCTime's */
		{ DER_GENERALIZED_TIME, "20600101000000.0Z" },
		{ DER_GENERALIZED_TIME, "" },
	};
	struct fail fail = { 0 };
	int64_t seconds = 7;
	struct bytes rest;
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf in = { 0 };

		der_put(&in, cases[n].tag, bytes_text(cases[n].text));
		rest = buf_bytes(&in);
		assert_int_equal(der_read_time(&rest, &seconds, &fail), -1);
		assert_string_equal(fail.sentence, TIME_WANT);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_int_equal(rest.len, in.len);
		assert_int_equal(seconds, 7);
	}
	rest = BYTES("\x05\x00");
	assert_int_equal(der_read_time(&rest, &seconds, &fail), -1);
	assert_string_equal(fail.sentence, "want GeneralizedTime, have NULL");
}

static void
test_show_oid(void **state)
{
	char shown[DER_OID_SIZE];

	(void)state;
	der_show_oid(BYTES("\x55\x1d\x13"), shown, sizeof(shown));
	assert_string_equal(shown, "2.5.29.19");
	der_show_oid(BYTES("\x2a\x03\x04\x05"), shown, sizeof(shown));
	assert_string_equal(shown, "1.2.3.4.5");
	der_show_oid(BYTES("\x2a\x81"), shown, sizeof(shown));
	assert_string_equal(shown, "an OID that does not decode");
	der_show_oid(bytes_of(NULL, 0), shown, sizeof(shown));
	assert_string_equal(shown, "an OID that does not decode");
}

/* However long, it stays within the caller's room, and is never cut. */
static void
test_show_oid_is_bounded(void **state)
{
	uint8_t oid[200];
	char shown[DER_OID_SIZE + 1];

	(void)state;
	memset(oid, 0x7f, sizeof(oid));
	memset(shown, '#', sizeof(shown));
	der_show_oid(bytes_of(oid, 31), shown, DER_OID_SIZE);
	assert_int_equal(strlen(shown), 4 * 31);
	der_show_oid(bytes_of(oid, 32), shown, DER_OID_SIZE);
	assert_string_equal(shown, "an OID of 32 octets");
	der_show_oid(bytes_of(oid, sizeof(oid)), shown, DER_OID_SIZE);
	assert_string_equal(shown, "an OID of 200 octets");
	assert_int_equal(shown[DER_OID_SIZE], '#');
	/* One arc that would take long to write out. */
	memset(oid, 0xff, sizeof(oid));
	oid[sizeof(oid) - 1] = 0x7f;
	der_show_oid(bytes_of(oid, sizeof(oid)), shown, DER_OID_SIZE);
	assert_string_equal(shown, "an OID of 200 octets");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unsigned_takes_leading_zeros_off),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_lengths_nest),
		cmocka_unit_test(test_next_lends_content_and_whole),
		cmocka_unit_test(test_next_refuses),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_counts_levels),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_times_refused),
		cmocka_unit_test(test_show_oid),
		cmocka_unit_test(test_show_oid_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
