/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/text.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>

#include <anchorite/base/auto.h>

static const char hex_digits[] = "0123456789abcdef";

void
text_hex(struct buf *out, struct bytes bytes)
{
	uint8_t *to;

	buf_reserve(out, 2 * bytes.len);
	to = out->data + out->len;
	for (size_t i = 0; i < bytes.len; i++) {
		*to++ = (uint8_t)hex_digits[bytes.data[i] >> 4];
		*to++ = (uint8_t)hex_digits[bytes.data[i] & 0x0f];
	}
	out->len += 2 * bytes.len;
}

int
text_read_hex(const char *text, size_t max, struct buf *out,
    struct fail *fail)
{
	size_t len = strlen(text);

	if (strspn(text, hex_digits) != len || len % 2 != 0)
		return fail_with(fail, FAIL_INPUT,
		    "want pairs of lower-case hexadecimal digits");
	if (len / 2 > max)
		return fail_with(fail, FAIL_INPUT,
		    "want at most %zu bytes in hexadecimal, have %zu", max,
		    len / 2);
	buf_reserve(out, len / 2);
	for (size_t i = 0; i < len; i += 2) {
		size_t high = (size_t)(strchr(hex_digits, text[i]) -
		    hex_digits);
		size_t low = (size_t)(strchr(hex_digits, text[i + 1]) -
		    hex_digits);

		out->data[out->len++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* OpenSSL counts in int; a multiple of three bytes needs no padding. */
#define STEP ((size_t)3 * 1024 * 1024)

void
text_base64(struct buf *out, struct bytes bytes)
{
	while (bytes.len > 0) {
		size_t step = bytes.len < STEP ? bytes.len : STEP;
		int len;

		buf_reserve(out, (step + 2) / 3 * 4);
		len = EVP_EncodeBlock(out->data + out->len, bytes.data,
		    (int)step);
		out->len += (size_t)len;
		bytes = bytes_of(bytes.data + step, bytes.len - step);
	}
}

/*
 * EVP_DecodeBlock passes over white space, padding in the middle and bits
 * behind the end: only what encodes to the same text again is taken.
 */
int
text_read_base64(struct bytes text, struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf bytes = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	int len = -1;

	if (text.len == 0)
		return 0;
	buf_reserve(&bytes, text.len / 4 * 3);
	if (text.len % 4 == 0 && text.len <= INT_MAX)
		len = EVP_DecodeBlock(bytes.data, text.data, (int)text.len);
	bytes.len = len < 0 ? 0 : (size_t)len;
	for (size_t i = 1; i <= 2 && bytes.len > 0; i++)
		if (text.data[text.len - i] == '=')
			bytes.len--;
	text_base64(&again, buf_bytes(&bytes));
	if (!bytes_is_equal(buf_bytes(&again), text))
		return fail_with(fail, FAIL_INPUT, "not base64");
	buf_put(out, buf_bytes(&bytes));
	return 0;
}

static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";

#define BASE32_OCTETS 5		/* in a group of 8 characters */
#define BASE32_DIGITS 8

void
text_base32(struct bytes bytes, char *out)
{
	for (size_t at = 0; at < bytes.len; at += BASE32_OCTETS) {
		uint64_t group = 0;

		for (size_t i = 0; i < BASE32_OCTETS; i++)
			group = group << 8 | bytes.data[at + i];
		for (int shift = 35; shift >= 0; shift -= 5)
			*out++ = base32_digits[group >> shift & 0x1f];
	}
	*out = '\0';
}

static const char *
base32_find(uint8_t digit)
{
	return memchr(base32_digits, digit, sizeof(base32_digits) - 1);
}

int
text_read_base32(struct bytes text, uint8_t *out, size_t len,
    struct fail *fail)
{
	size_t want = len / BASE32_OCTETS * BASE32_DIGITS;

	if (text.len != want)
		return fail_with(fail, FAIL_INPUT,
		    "want %zu letters and digits 2-7, have %zu", want,
		    text.len);
	for (size_t i = 0; i < text.len; i++)
		if (base32_find(text.data[i]) == NULL)
			return fail_with(fail, FAIL_INPUT,
			    "character %zu: want a letter a-z or a digit 2-7",
			    i + 1);
	for (size_t at = 0; at < text.len; at += BASE32_DIGITS) {
		uint64_t group = 0;

		for (size_t i = 0; i < BASE32_DIGITS; i++)
			group = group << 5 | (uint64_t)(base32_find(
			    text.data[at + i]) - base32_digits);
		for (int shift = 32; shift >= 0; shift -= 8)
			*out++ = (uint8_t)(group >> shift);
	}
	return 0;
}

#define PEM_LINE 48	/* bytes, in 64 columns */

void
text_pem(struct buf *out, const char *label, struct bytes der)
{
	buf_printf(out, "-----BEGIN %s-----\n", label);
	for (size_t at = 0; at < der.len; at += PEM_LINE) {
		size_t rest = der.len - at;

		text_base64(out, bytes_of(der.data + at,
		    rest < PEM_LINE ? rest : PEM_LINE));
		buf_text(out, "\n");
	}
	buf_printf(out, "-----END %s-----\n", label);
}

static const char pem_begin[] = "-----BEGIN";
static const char pem_close[] = "-----";

static const uint8_t *
pem_find(struct bytes file)
{
	if (file.len == 0)
		return NULL;
	return memmem(file.data, file.len, pem_begin, strlen(pem_begin));
}

/* A long SEQUENCE begins like no text: DER that holds PEM is DER. */
bool
text_has_pem(struct bytes file)
{
	if (file.len > 1 && file.data[0] == 0x30 && file.data[1] >= 0x80)
		return false;
	return pem_find(file) != NULL;
}

/* Takes a line off the front; its LF or CRLF is dropped. */
static struct bytes
line_take(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
	size_t step = end == NULL ? len : len + 1;
	struct bytes line = bytes_of(rest->data, len);

	if (end != NULL && len > 0 && line.data[len - 1] == '\r')
		line.len--;
	*rest = bytes_of(rest->data + step, rest->len - step);
	return line;
}

static int
pem_read_label(struct bytes line, const char *const *labels,
    struct bytes *label, struct fail *fail)
{
	AUTO(buf_release) struct buf want = { 0 };
	size_t head = strlen(pem_begin) + 1, tail = strlen(pem_close);

	if (line.len < head + tail || line.data[head - 1] != ' ' ||
	    memcmp(line.data + line.len - tail, pem_close, tail) != 0)
		return fail_with(fail, FAIL_INPUT, "truncated PEM block");
	*label = bytes_of(line.data + head, line.len - head - tail);
	for (size_t i = 0; labels[i] != NULL; i++) {
		if (bytes_is_equal(*label, bytes_text(labels[i])))
			return 0;
		buf_printf(&want, "%s%s", i == 0 ? "" : " or ", labels[i]);
	}
	return fail_with(fail, FAIL_INPUT, "PEM label %.*s, want %s",
	    (int)(label->len < 64 ? label->len : 64),
	    (const char *)label->data, buf_cstr(&want));
}

/* What stands before the END line, which is taken too. */
static int
pem_read_body(struct bytes *rest, struct bytes label, struct buf *base64,
    struct fail *fail)
{
	AUTO(buf_release) struct buf end = { 0 };

	buf_printf(&end, "-----END %.*s-----", (int)label.len,
	    (const char *)label.data);
	while (rest->len > 0) {
		struct bytes line = line_take(rest);

		if (bytes_is_equal(line, buf_bytes(&end)))
			return 0;
		if (line.len > 0 && line.data[0] == '-')
			break;
		buf_put(base64, line);
	}
	return fail_with(fail, FAIL_INPUT, "truncated PEM block");
}

static int
pem_check_tail(struct bytes rest, struct fail *fail)
{
	if (text_has_pem(rest))
		return fail_with(fail, FAIL_INPUT, "a second PEM block");
	for (size_t i = 0; i < rest.len; i++)
		if (rest.data[i] == '\0' ||
		    strchr(" \t\r\n", rest.data[i]) == NULL)
			return fail_with(fail, FAIL_INPUT,
			    "text after the PEM block");
	return 0;
}

int
text_read_pem(struct bytes file, const char *const *labels,
    struct buf *der_out, struct fail *fail)
{
	AUTO(buf_release) struct buf base64 = { 0 };
	const uint8_t *begin = pem_find(file);
	struct bytes rest, label;

	if (begin == NULL)
		return fail_with(fail, FAIL_INPUT, "no PEM block");
	if (begin != file.data && begin[-1] != '\n')
		return fail_with(fail, FAIL_INPUT,
		    "no PEM block at the start of a line");
	rest = bytes_of(begin, file.len - (size_t)(begin - file.data));
	if (pem_read_label(line_take(&rest), labels, &label, fail) != 0 ||
	    pem_read_body(&rest, label, &base64, fail) != 0 ||
	    pem_check_tail(rest, fail) != 0)
		return -1;
	if (base64.len == 0)
		return fail_with(fail, FAIL_INPUT, "an empty PEM block");
	return text_read_base64(buf_bytes(&base64), der_out, fail);
}

int
text_read_number(const char *text, int64_t min, int64_t max, int64_t *out,
    struct fail *fail)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	size_t len = strspn(digits, "0123456789");
	int64_t number;

	if (len == 0 || digits[len] != '\0' ||
	    (digits[0] == '0' && (len > 1 || digits != text)))
		return fail_with(fail, FAIL_INPUT,
		    "want a plain whole number, have %.40s", text);
	errno = 0;
	number = strtoll(text, NULL, 10);
	if (errno != 0 || number < min || number > max)
		return fail_with(fail, FAIL_INPUT,
		    "want a number from %" PRId64 " to %" PRId64
		    ", have %.40s", min, max, text);
	*out = number;
	return 0;
}

/* What must not reach a terminal; the Unicode Standard, version 15. */
static const char nul[] = "a NUL";
static const char control[] = "a control character";
static const char bidi[] = "a bidirectional control";
static const char invisible[] = "an invisible character";
static const char blank[] = "an unusual blank";
static const char private[] = "a private-use character";
static const char noncharacter[] = "a noncharacter";
static const char not_utf8[] = "bytes that are not UTF-8";

static const struct {
	unsigned long first, last;
	const char *words;
} hidden_ranges[] = {
	{ 0x0000, 0x0000, nul },
	{ 0x0001, 0x001f, control },
	{ 0x007f, 0x009f, control },
	{ 0x00a0, 0x00a0, blank },	/* no-break space */
	{ 0x00ad, 0x00ad, invisible },	/* soft hyphen */
	{ 0x034f, 0x034f, invisible },	/* grapheme joiner */
	{ 0x061c, 0x061c, bidi },
	{ 0x115f, 0x1160, invisible },	/* Hangul fillers */
	{ 0x1680, 0x1680, blank },	/* Ogham */
	{ 0x17b4, 0x17b5, invisible },	/* Khmer vowels */
	{ 0x180b, 0x180f, invisible },	/* Mongolian selectors */
	{ 0x2000, 0x200a, blank },	/* of all widths */
	{ 0x200b, 0x200d, invisible },	/* zero width */
	{ 0x200e, 0x200f, bidi },
	{ 0x2028, 0x2029, invisible },	/* separators */
	{ 0x202a, 0x202e, bidi },
	{ 0x202f, 0x202f, blank },	/* narrow no-break space */
	{ 0x205f, 0x205f, blank },	/* mathematical space */
	{ 0x2060, 0x2065, invisible },	/* word joiner, operators */
	{ 0x2066, 0x2069, bidi },
	{ 0x206a, 0x206f, invisible },	/* deprecated formats */
	{ 0x2800, 0x2800, invisible },	/* blank Braille */
	{ 0x3000, 0x3000, blank },	/* ideographic space */
	{ 0x3164, 0x3164, invisible },	/* Hangul filler */
	{ 0xe000, 0xf8ff, private },	/* looks like anything */
	{ 0xfdd0, 0xfdef, noncharacter },
	{ 0xfe00, 0xfe0f, invisible },	/* variation selectors */
	{ 0xfeff, 0xfeff, invisible },	/* byte order mark */
	{ 0xffa0, 0xffa0, invisible },	/* Hangul filler */
	{ 0xfff0, 0xfffb, invisible },	/* annotations */
	{ 0x1bca0, 0x1bca3, invisible },	/* shorthand formats */
	{ 0x1d173, 0x1d17a, invisible },	/* musical formats */
	{ 0xe0000, 0xe0fff, invisible },	/* tags, selectors */
	{ 0xf0000, 0xffffd, private },
	{ 0x100000, 0x10fffd, private },
};

static const char *
hidden_is(unsigned long code)
{
	for (size_t i = 0; i < COUNT(hidden_ranges); i++)
		if (code >= hidden_ranges[i].first &&
		    code <= hidden_ranges[i].last)
			return hidden_ranges[i].words;
	return (code & 0xfffe) == 0xfffe ? noncharacter : NULL;
}

/* Takes one character (RFC 3629) off a text, or one byte that begins none. */
static const char *
char_take(struct bytes *rest, unsigned long *code, struct bytes *taken)
{
	int len = UTF8_getc(rest->data, rest->len < 4 ? (int)rest->len : 4,
	    code);
	size_t step = len > 0 ? (size_t)len : 1;

	*taken = bytes_of(rest->data, step);
	*rest = bytes_of(rest->data + step, rest->len - step);
	if (len > 0)
		return hidden_is(*code);
	*code = taken->data[0];
	return not_utf8;
}

void
text_escape(struct buf *out, struct bytes text)
{
	while (text.len > 0) {
		struct bytes taken;
		unsigned long code;
		const char *hidden = char_take(&text, &code, &taken);

		if (hidden == not_utf8)
			buf_printf(out, "\\x{%02lX}", code);
		else if (hidden != NULL)
			buf_printf(out, "\\x{%04lX}", code);
		else if (code == '\\')
			buf_text(out, "\\\\");
		else
			buf_put(out, taken);
	}
}

bool
text_is_deceptive(struct bytes text, char *what_out, size_t what_size)
{
	while (text.len > 0) {
		struct bytes taken;
		unsigned long code;
		const char *hidden = char_take(&text, &code, &taken);

		if (hidden == NULL)
			continue;
		if (what_out == NULL)
			return true;
		if (hidden == nul || hidden == not_utf8)
			snprintf(what_out, what_size, "%s", hidden);
		else
			snprintf(what_out, what_size, "%s (U+%04lX)", hidden,
			    code);
		return true;
	}
	return false;
}

#define NEAREST_MAX 64

/* Levenshtein's distance, one row at a time. */
static size_t
edit_distance(const char *word, const char *other)
{
	size_t row[NEAREST_MAX + 1], len = strlen(word);

	for (size_t i = 0; i <= len; i++)
		row[i] = i;
	for (size_t j = 0; other[j] != '\0'; j++) {
		size_t diagonal = row[0];

		row[0] = j + 1;
		for (size_t i = 0; i < len; i++) {
			size_t best = diagonal + (word[i] != other[j]);

			diagonal = row[i + 1];
			if (best > diagonal + 1)
				best = diagonal + 1;
			if (best > row[i] + 1)
				best = row[i] + 1;
			row[i + 1] = best;
		}
	}
	return row[len];
}

const char *
text_nearest(const char *word, const char *const *words)
{
	size_t len = strlen(word), near = (len + 2) / 3;
	const char *nearest = NULL;

	if (len < 2 || len > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; words[i] != NULL; i++) {
		size_t distance = edit_distance(word, words[i]);

		if (distance < near || (distance == near && !nearest)) {
			near = distance;
			nearest = words[i];
		}
	}
	return nearest;
}

/*
 * Compiled anew each time: nobody need own it, and it takes microseconds. GNU's
 * re_match, which takes what regcomp makes, begins at the beginning alone, and
 * gives the longest match; regexec would begin at every place. Between ^( and
 * )$ "a)|b", where the parenthesis is itself, would become another form.
 */
bool
text_fits(const char *form, const char *text)
{
	size_t len = strlen(text);
	regex_t regex;
	bool fits;

	if (len > INT_MAX || regcomp(&regex, form, REG_EXTENDED) != 0)
		return false;
	fits = re_match(&regex, text, (regoff_t)len, 0, NULL) ==
	    (regoff_t)len;
	regfree(&regex);
	return fits;
}

bool
text_is_word(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= 64 && text[len] == '\0' && text[0] != '-';
}
