/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "testing.h"

static const struct bytes some = { (const uint8_t *)"\x00\x9f\xa0\xff", 4 };

static void
hex_is_lower_case(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	buf_text(&out, "x");
	text_hex(&out, some);
	text_hex(&out, bytes_of(NULL, 0));
	assert_string_equal(buf_cstr(&out), "x009fa0ff");
}

static void
hex_is_read_strictly(void **state)
{
	static const char *const wrong[] = { "0", "009", "0g", "0A", " 00",
	    "00 ", "0x00", "00\n", "-1" };
	AUTO(buf_release) struct buf out = { 0 };
	struct fail fail = { 0 };

	(void)state;
	want_pass(text_read_hex("009fa0ff", 4, &out, &fail), &fail);
	want_pass(text_read_hex("", 0, &out, &fail), &fail);
	assert_true(bytes_is_equal(buf_bytes(&out), some));
	for (size_t n = 0; n < COUNT(wrong); n++)
		want_fail(text_read_hex(wrong[n], 4, &out, &fail), &fail,
		    FAIL_INPUT, "want pairs of lower-case hexadecimal digits");
	want_fail(text_read_hex("0000000000", 4, &out, &fail), &fail,
	    FAIL_INPUT, "want at most 4 bytes in hexadecimal, have 5");
	assert_int_equal(out.len, 4);
}

/* RFC 4648, 10. */
static const char *const base64_pairs[][2] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void
base64_goes_both_ways(void **state)
{
	(void)state;
	for (size_t n = 0; n < COUNT(base64_pairs); n++) {
		AUTO(buf_release) struct buf text = { 0 };
		AUTO(buf_release) struct buf bytes = { 0 };
		struct fail fail = { 0 };

		text_base64(&text, bytes_text(base64_pairs[n][0]));
		assert_string_equal(buf_cstr(&text), base64_pairs[n][1]);
		want_pass(text_read_base64(buf_bytes(&text), &bytes, &fail),
		    &fail);
		assert_string_equal(buf_cstr(&bytes), base64_pairs[n][0]);
	}
}

/* More than the library encodes at a time. */
static void
base64_takes_megabytes(void **state)
{
	size_t len = 3 * 1024 * 1024 + 1;
	AUTO(auto_free) uint8_t *data = mem_new(len, 1);
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < len; n++)
		data[n] = (uint8_t)(n * 31);
	text_base64(&text, bytes_of(data, len));
	assert_int_equal(text.len, (len + 2) / 3 * 4);
	want_pass(text_read_base64(buf_bytes(&text), &again, &fail), &fail);
	assert_true(bytes_is_equal(buf_bytes(&again), bytes_of(data, len)));
}

static void
base64_is_read_strictly(void **state)
{
	static const char *const wrong[] = { "Z", "Zg", "Zg=", "Zg===", "====",
	    "Zh==", "Zm9=", "Zg==Zg==", "Z=g=", " Zg==", "Zg== ", "Zg==\n",
	    "Zm9v\nZm9v", "Zm9v Zg=", "Z-_v", "\tZm9", "Zm9v-", "=Zm9" };
	AUTO(buf_release) struct buf out = { 0 };
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++)
		want_fail(text_read_base64(bytes_text(wrong[n]), &out, &fail),
		    &fail, FAIL_INPUT, "not base64");
	want_fail(text_read_base64(bytes_of("Zm\0v", 4), &out, &fail), &fail,
	    FAIL_INPUT, "not base64");
	assert_int_equal(out.len, 0);
}

/* RFC 4648, 10, and what RFC 4648, 6 says of its first and last digit. */
static const struct {
	const char *octets;
	const char *text;
} base32_pairs[] = {
	{ "", "" },
	{ "fooba", "mzxw6ytb" },
	{ "foobafooba", "mzxw6ytbmzxw6ytb" },
	{ "\xff\xff\xff\xff\xff", "77777777" },
	{ "\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7"
	    "\xc6\x75\xbe\x77\xdf", "abcdefghijklmnopqrstuvwxyz234567" },
};

static size_t
base32_octets(size_t n)
{
	return strlen(base32_pairs[n].text) / 8 * 5;
}

static void
base32_goes_both_ways(void **state)
{
	(void)state;
	for (size_t n = 0; n < COUNT(base32_pairs); n++) {
		char text[TEXT_BASE32_SIZE(20) + 1] = "", end = '#';
		size_t len = base32_octets(n);
		uint8_t octets[20 + 1];
		struct fail fail = { 0 };

		memset(text, end, sizeof(text));
		text_base32(bytes_of(base32_pairs[n].octets, len), text);
		assert_string_equal(text, base32_pairs[n].text);
		assert_int_equal(text[TEXT_BASE32_SIZE(len)], end);
		memset(octets, end, sizeof(octets));
		want_pass(text_read_base32(bytes_text(text), octets, len,
		    &fail), &fail);
		assert_memory_equal(octets, base32_pairs[n].octets, len);
		assert_int_equal(octets[len], end);
	}
}

static void
base32_is_read_strictly(void **state)
{
	static const char *const wrong[] = { "mzxw6yt", "mzxw6ytb2", "",
	    "mzxw6yt0", "mzxw6yt1", "mzxw6yt8", "mzxw6yt9", "mzxw6yt=",
	    "mzxw6ytB", "mzxw6yt ", "Mzxw6ytb", "mzxw\xc3\xb6tb" };
	static const char *const sentences[] = {
		"want 8 letters and digits 2-7, have 7",
		"want 8 letters and digits 2-7, have 9",
		"want 8 letters and digits 2-7, have 0",
		"character 8: want a letter a-z or a digit 2-7",
		"character 1: want a letter a-z or a digit 2-7",
		"character 5: want a letter a-z or a digit 2-7",
	};
	uint8_t octets[5] = "same", same[5] = "same";
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++)
		want_fail(text_read_base32(bytes_text(wrong[n]), octets, 5,
		    &fail), &fail, FAIL_INPUT,
		    sentences[n < 3 ? n : n < 10 ? 3 : n - 6]);
	want_fail(text_read_base32(bytes_of("mzxw6yt\0", 8), octets, 5,
	    &fail), &fail, FAIL_INPUT, sentences[3]);
	assert_memory_equal(octets, same, sizeof(same));
}

static const char *const labels[] = { "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST", NULL };

#define BEGIN "-----BEGIN CERTIFICATE REQUEST-----\n"
#define END   "-----END CERTIFICATE REQUEST-----\n"

static void
pem_has_lines_of_64(void **state)
{
	static const uint8_t zeros[49];
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	text_pem(&out, labels[0], bytes_of(zeros, 48));
	assert_string_equal(buf_cstr(&out), BEGIN
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    END);
	buf_release(&out);
	text_pem(&out, labels[0], bytes_of(zeros, 49));
	assert_string_equal(buf_cstr(&out), BEGIN
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "AA==\n" END);
}

static void
pem_is_read(void **state)
{
	static const char *const right[] = {
		BEGIN "Zm9v\n" END,
		BEGIN "Zm\n9v\n" END,
		"Subject: somebody\n" BEGIN "Zm9v\n" END " \t\r\n\n",
		"-----BEGIN NEW CERTIFICATE REQUEST-----\r\nZm9v\r\n"
		"-----END NEW CERTIFICATE REQUEST-----\r\n",
		BEGIN "Zm9v\n-----END CERTIFICATE REQUEST-----",
	};

	(void)state;
	for (size_t n = 0; n < COUNT(right); n++) {
		AUTO(buf_release) struct buf der = { 0 };
		struct fail fail = { 0 };

		assert_true(text_has_pem(bytes_text(right[n])));
		want_pass(text_read_pem(bytes_text(right[n]), labels, &der,
		    &fail), &fail);
		assert_string_equal(buf_cstr(&der), "foo");
	}
}

static void
pem_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "no PEM block" },
		{ "Zm9v\n", "no PEM block" },
		{ "x" BEGIN "Zm9v\n" END,
		    "no PEM block at the start of a line" },
		{ "-----BEGIN", "truncated PEM block" },
		{ "-----BEGIN-----\n", "truncated PEM block" },
		{ "-----BEGIN CERTIFICATE REQUEST----\n" "Zm9v\n" END,
		    "truncated PEM block" },
		{ BEGIN, "truncated PEM block" },
		{ BEGIN "Zm9v\n", "truncated PEM block" },
		{ BEGIN "Zm9v\n-----END CERTIFICATE-----\n",
		    "truncated PEM block" },
		{ BEGIN "Zm9v\n" BEGIN "Zm9v\n" END, "truncated PEM block" },
		{ BEGIN END, "an empty PEM block" },
		{ BEGIN "Zm9v\n" END BEGIN "Zm9v\n" END, "a second PEM block" },
		{ BEGIN "Zm9v\n" END "x", "text after the PEM block" },
		{ BEGIN "Zm9\n" END, "not base64" },
		{ BEGIN " Zm9v\n" END, "not base64" },
		{ BEGIN "Proc-Type: 4,ENCRYPTED\n\nZm9v\n" END, "not base64" },
		{ "-----BEGIN PRIVATE KEY-----\nZm9v\n"
		    "-----END PRIVATE KEY-----\n", "PEM label PRIVATE KEY, "
		    "want CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST" },
	};
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++)
		want_fail(text_read_pem(bytes_text(wrong[n][0]), labels, &der,
		    &fail), &fail, FAIL_INPUT, wrong[n][1]);
	want_fail(text_read_pem(bytes_of(BEGIN "Zm9v\n" END "\0",
	    strlen(BEGIN "Zm9v\n" END) + 1), labels, &der, &fail), &fail,
	    FAIL_INPUT, "text after the PEM block");
	assert_int_equal(der.len, 0);
}

static void
der_that_holds_pem_is_der(void **state)
{
	(void)state;
	assert_false(text_has_pem(bytes_of(NULL, 0)));
	assert_false(text_has_pem(bytes_text("0\x82\x01\x00" BEGIN)));
	assert_true(text_has_pem(bytes_text("0" BEGIN)));
}

static void
number_is_read_strictly(void **state)
{
	static const char *const wrong[] = { "", "-", "-0", "00", "01", "-01",
	    "+1", " 1", "1 ", "1\n", "0x10", "1e3", "1.0", "1_000", "--1" };
	struct fail fail = { 0 };
	int64_t number = 7;
	char want[128];

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++) {
		snprintf(want, sizeof(want),
		    "want a plain whole number, have %s", wrong[n]);
		want_fail(text_read_number(wrong[n], -9, 9, &number, &fail),
		    &fail, FAIL_INPUT, want);
	}
	assert_true(number == 7);
}

static void
number_keeps_its_bounds(void **state)
{
	struct fail fail = { 0 };
	int64_t number = 7;

	(void)state;
	want_fail(text_read_number("10", -9, 9, &number, &fail), &fail,
	    FAIL_INPUT, "want a number from -9 to 9, have 10");
	want_fail(text_read_number("-10", -9, 9, &number, &fail), &fail,
	    FAIL_INPUT, "want a number from -9 to 9, have -10");
	want_fail(text_read_number("9223372036854775808", 0, INT64_MAX,
	    &number, &fail), &fail, FAIL_INPUT, "want a number from 0 to "
	    "9223372036854775807, have 9223372036854775808");
	assert_true(number == 7);
	want_pass(text_read_number("0", 0, 9, &number, &fail), &fail);
	assert_true(number == 0);
	want_pass(text_read_number("-9", -9, 9, &number, &fail), &fail);
	assert_true(number == -9);
	want_pass(text_read_number("-9223372036854775808", INT64_MIN,
	    INT64_MAX, &number, &fail), &fail);
	assert_true(number == INT64_MIN);
}

/* What is escaped, as what, and in which words. */
static const struct {
	const char *text, *escaped, *words;
} deceptive[] = {
	{ "\x01", "\\x{0001}", "a control character (U+0001)" },
	{ "\n", "\\x{000A}", "a control character (U+000A)" },
	{ "\x1b[2J", "\\x{001B}[2J", "a control character (U+001B)" },
	{ "\x7f", "\\x{007F}", "a control character (U+007F)" },
	{ "\xc2\x9b", "\\x{009B}", "a control character (U+009B)" },
	{ "\xc2\xa0", "\\x{00A0}", "an unusual blank (U+00A0)" },
	{ "\xe1\x9a\x80", "\\x{1680}", "an unusual blank (U+1680)" },
	{ "\xe2\x80\x80", "\\x{2000}", "an unusual blank (U+2000)" },
	{ "\xe2\x80\x8a", "\\x{200A}", "an unusual blank (U+200A)" },
	{ "\xe2\x80\xaf", "\\x{202F}", "an unusual blank (U+202F)" },
	{ "\xe2\x81\x9f", "\\x{205F}", "an unusual blank (U+205F)" },
	{ "\xe3\x80\x80", "\\x{3000}", "an unusual blank (U+3000)" },
	{ "\xe1\x85\x9f", "\\x{115F}", "an invisible character (U+115F)" },
	{ "\xef\xbe\xa0", "\\x{FFA0}", "an invisible character (U+FFA0)" },
	{ "\xee\x80\x80", "\\x{E000}", "a private-use character (U+E000)" },
	{ "\xef\xa3\xbf", "\\x{F8FF}", "a private-use character (U+F8FF)" },
	{ "\xf3\xb0\x80\x80", "\\x{F0000}",
	    "a private-use character (U+F0000)" },
	{ "\xf4\x8f\xbf\xbd", "\\x{10FFFD}",
	    "a private-use character (U+10FFFD)" },
	{ "\xc2\xad", "\\x{00AD}", "an invisible character (U+00AD)" },
	{ "\xd8\x9c", "\\x{061C}", "a bidirectional control (U+061C)" },
	{ "\xe2\x80\x8b", "\\x{200B}", "an invisible character (U+200B)" },
	{ "\xe2\x80\x8d", "\\x{200D}", "an invisible character (U+200D)" },
	{ "\xe2\x80\x8e", "\\x{200E}", "a bidirectional control (U+200E)" },
	{ "\xe2\x80\xa8", "\\x{2028}", "an invisible character (U+2028)" },
	{ "\xe2\x80\xae", "\\x{202E}", "a bidirectional control (U+202E)" },
	{ "\xe2\x81\xa0", "\\x{2060}", "an invisible character (U+2060)" },
	{ "\xe2\x81\xa6", "\\x{2066}", "a bidirectional control (U+2066)" },
	{ "\xe3\x85\xa4", "\\x{3164}", "an invisible character (U+3164)" },
	{ "\xef\xb8\x8f", "\\x{FE0F}", "an invisible character (U+FE0F)" },
	{ "\xef\xbb\xbf", "\\x{FEFF}", "an invisible character (U+FEFF)" },
	{ "\xef\xb7\x90", "\\x{FDD0}", "a noncharacter (U+FDD0)" },
	{ "\xef\xbf\xbe", "\\x{FFFE}", "a noncharacter (U+FFFE)" },
	{ "\xf3\xa0\x81\x81", "\\x{E0041}",
	    "an invisible character (U+E0041)" },
	{ "\xf4\x8f\xbf\xbf", "\\x{10FFFF}", "a noncharacter (U+10FFFF)" },
	{ "\x80", "\\x{80}", "bytes that are not UTF-8" },
	{ "\xc3", "\\x{C3}", "bytes that are not UTF-8" },
	{ "\xc0\xaf", "\\x{C0}\\x{AF}", "bytes that are not UTF-8" },
	{ "\xe0\x80\xaf", "\\x{E0}\\x{80}\\x{AF}",
	    "bytes that are not UTF-8" },
	{ "\xed\xa0\x80", "\\x{ED}\\x{A0}\\x{80}",
	    "bytes that are not UTF-8" },
	{ "\xf4\x90\x80\x80", "\\x{F4}\\x{90}\\x{80}\\x{80}",
	    "bytes that are not UTF-8" },
	{ "\xff", "\\x{FF}", "bytes that are not UTF-8" },
};

static void
deceptive_text_is_escaped_and_named(void **state)
{
	char what[64];

	(void)state;
	for (size_t n = 0; n < COUNT(deceptive); n++) {
		AUTO(buf_release) struct buf text = { 0 };
		AUTO(buf_release) struct buf out = { 0 };

		buf_printf(&text, "a%sz", deceptive[n].text);
		text_escape(&out, buf_bytes(&text));
		assert_int_equal(out.len, strlen(deceptive[n].escaped) + 2);
		assert_memory_equal(buf_cstr(&out) + 1, deceptive[n].escaped,
		    strlen(deceptive[n].escaped));
		assert_true(text_is_deceptive(buf_bytes(&text), what,
		    sizeof(what)));
		assert_string_equal(what, deceptive[n].words);
		assert_true(text_is_deceptive(buf_bytes(&text), NULL, 0));
		assert_false(text_is_deceptive(buf_bytes(&out), NULL, 0));
	}
}

static void
a_nul_is_escaped_and_named(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };
	char what[64];

	(void)state;
	text_escape(&out, bytes_of("a\0b", 3));
	assert_string_equal(buf_cstr(&out), "a\\x{0000}b");
	assert_true(text_is_deceptive(bytes_of("a\0b", 3), what,
	    sizeof(what)));
	assert_string_equal(what, "a NUL");
}

static void
honest_text_stays(void **state)
{
	static const char *const honest[] = { "", "plain ~", "M\xc3\xbcnchen",
	    "\xe6\x9d\xb1\xe4\xba\xac", "\xf0\x9f\x94\x91", "\xef\xbf\xbd",
	    "\xed\x95\x9c\xea\xb5\xad", "\xe3\x82\xb9\xe3\x83\xbc",
	    "\xd8\xb9\xd8\xb1\xd8\xa8", "\xd7\xa2\xd7\x91" };

	(void)state;
	for (size_t n = 0; n < COUNT(honest); n++) {
		AUTO(buf_release) struct buf out = { 0 };

		text_escape(&out, bytes_text(honest[n]));
		assert_string_equal(buf_cstr(&out), honest[n]);
		assert_false(text_is_deceptive(bytes_text(honest[n]), NULL,
		    0));
	}
}

/* So that what was escaped cannot be mistaken for what was written. */
static void
a_backslash_is_doubled(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };

	(void)state;
	text_escape(&out, bytes_text("\\x{202E}"));
	assert_string_equal(buf_cstr(&out), "\\\\x{202E}");
	assert_false(text_is_deceptive(bytes_text("\\"), NULL, 0));
}

static void
the_nearest_word_is_meant(void **state)
{
	static const char *const words[] = { "validity", "profiles", "key",
	    "serial", NULL };
	static const char *const none[] = { NULL };
	char lengthy[100];

	(void)state;
	assert_string_equal(text_nearest("validty", words), "validity");
	assert_string_equal(text_nearest("profile", words), "profiles");
	assert_string_equal(text_nearest("keys", words), "key");
	assert_string_equal(text_nearest("serail", words), "serial");
	assert_string_equal(text_nearest("key", words), "key");
	assert_null(text_nearest("subject", words));
	assert_null(text_nearest("k", words));
	assert_null(text_nearest("", words));
	assert_null(text_nearest("key", none));
	memset(lengthy, 'x', sizeof(lengthy) - 1);
	lengthy[sizeof(lengthy) - 1] = '\0';
	assert_null(text_nearest(lengthy, words));
}

static void
forms_fit_the_whole(void **state)
{
	(void)state;
	assert_true(text_fits("[a-z]+", "abc"));
	assert_true(text_fits("a|ab", "ab"));
	assert_true(text_fits("a*", ""));
	assert_false(text_fits("[a-z]+", "abc1"));
	assert_false(text_fits("[a-z]+", "1abc"));
	assert_false(text_fits("[a-z]+", ""));
	assert_false(text_fits("a", "a\n"));
	assert_false(text_fits("[", "["));
	/* What parentheses around them would turn into others. */
	assert_false(text_fits("a)|b", "a"));
	assert_true(text_fits("a)|b", "b"));
	assert_true(text_fits("a|b|cd", "cd"));
	assert_false(text_fits("a|b|cd", "ad"));
	assert_false(text_fits("a)|(b", "a"));
	assert_false(text_fits("a)|(b", "b"));
	assert_true(text_fits("^a$", "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_is_lower_case),
		cmocka_unit_test(hex_is_read_strictly),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(base64_takes_megabytes),
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(base32_goes_both_ways),
		cmocka_unit_test(base32_is_read_strictly),
		cmocka_unit_test(pem_has_lines_of_64),
		cmocka_unit_test(pem_is_read),
		cmocka_unit_test(pem_is_refused),
		cmocka_unit_test(der_that_holds_pem_is_der),
		cmocka_unit_test(number_is_read_strictly),
		cmocka_unit_test(number_keeps_its_bounds),
		cmocka_unit_test(deceptive_text_is_escaped_and_named),
		cmocka_unit_test(a_nul_is_escaped_and_named),
		cmocka_unit_test(honest_text_stays),
		cmocka_unit_test(a_backslash_is_doubled),
		cmocka_unit_test(the_nearest_word_is_meant),
		cmocka_unit_test(forms_fit_the_whole),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
