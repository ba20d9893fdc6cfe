/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <qrencode.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/qr.h>

#include "testing.h"

#define SIDE_MAX (177 + 2 * 4)	/* version 40 */
#define BLACK_ON_WHITE "\033[0;30;47m"
#define AS_BEFORE      "\033[0m"

/* What was drawn, module by module, one row more than there are. */
struct picture {
	bool dark[SIDE_MAX + 1][SIDE_MAX];
	int width, height;
};

static bool
took(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Reads a line up to its end: two rows. */
static void
line_see(const char **at, bool block_is_dark, struct picture *out)
{
	static const struct {
		const char *text;
		bool upper, lower;
	} cells[] = {
		{ " ", false, false }, { "▀", true, false },
		{ "▄", false, true }, { "█", true, true },
	};
	int column = 0;

	for (; **at != '\0' && **at != '\n' && **at != '\033'; column++) {
		size_t i = 0;

		while (i < COUNT(cells) && !took(at, cells[i].text))
			i++;
		if (i == COUNT(cells))
			fail_msg("neither a blank nor a block: %s", *at);
		assert_true(column < SIDE_MAX);
		out->dark[out->height][column] =
		    cells[i].upper == block_is_dark;
		out->dark[out->height + 1][column] =
		    cells[i].lower == block_is_dark;
	}
	if (out->height == 0)
		out->width = column;
	assert_int_equal(column, out->width);
	out->height += 2;
}

static void
see(const char *text, bool has_colour, struct picture *out)
{
	memset(out, 0, sizeof(*out));
	while (*text != '\0') {
		assert_true(out->height + 2 <= SIDE_MAX + 1);
		assert_true(!has_colour || took(&text, BLACK_ON_WHITE));
		line_see(&text, has_colour, out);
		assert_true(!has_colour || took(&text, AS_BEFORE));
		assert_true(took(&text, "\n"));
	}
}

/* Is what was drawn the library's own matrix, and light all around? */
static void
must_draw(struct bytes text, int version, bool has_colour)
{
	AUTO(buf_release) struct buf drawn = { 0 };
	QRcode *code = QRcode_encodeData((int)text.len, text.data, 0,
	    QR_ECLEVEL_M);
	struct fail fail = { 0 };
	struct picture picture;

	assert_non_null(code);
	assert_int_equal(code->version, version);
	want_pass(qr_write(text, has_colour, &drawn, &fail), &fail);
	see(buf_cstr(&drawn), has_colour, &picture);
	assert_int_equal(picture.width, code->width + 8);
	assert_int_equal(picture.height, code->width + 8 + 1);
	for (int y = 0; y < picture.height; y++)
		for (int x = 0; x < picture.width; x++) {
			bool is_inside = x >= 4 && x < 4 + code->width &&
			    y >= 4 && y < 4 + code->width;
			bool dark = is_inside && (code->data[(y - 4) *
			    code->width + x - 4] & 1) != 0;

			assert_int_equal(picture.dark[y][x], dark);
		}
	QRcode_free(code);
}

static void
draws_what_the_library_makes(void **state)
{
	uint8_t octets[2331];

	(void)state;
	for (int has_colour = 0; has_colour < 2; has_colour++) {
		must_draw(bytes_text("a"), 1, has_colour);
		must_draw(bytes_text("anchorite:1:2026-11-21T06:30:48Z:"
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff"
		    "61f20015ad"), 6, has_colour);
		must_draw(bytes_of("a\0b", 3), 1, has_colour);
		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)(i * 7);
		must_draw(bytes_of(octets, sizeof(octets)), 40, has_colour);
	}
}

/* The corner that a reader looks for, as a person sees it. */
static void
draws_for_a_dark_terminal(void **state)
{
	AUTO(buf_release) struct buf drawn = { 0 };
	struct fail fail = { 0 };
	static const char wanted[] = "before\n"
	    "█████████████████████████████\n"
	    "█████████████████████████████\n"
	    "████ ▄▄▄▄▄ █";

	(void)state;
	buf_text(&drawn, "before\n");
	want_pass(qr_write(bytes_text("a"), false, &drawn, &fail), &fail);
	assert_memory_equal(buf_cstr(&drawn), wanted, strlen(wanted));
}

static void
draws_black_on_white(void **state)
{
	AUTO(buf_release) struct buf drawn = { 0 };
	struct fail fail = { 0 };
	static const char wanted[] =
	    BLACK_ON_WHITE "                             " AS_BEFORE "\n"
	    BLACK_ON_WHITE "                             " AS_BEFORE "\n"
	    BLACK_ON_WHITE "    █▀▀▀▀▀█ ";

	(void)state;
	want_pass(qr_write(bytes_text("a"), true, &drawn, &fail), &fail);
	assert_memory_equal(buf_cstr(&drawn), wanted, strlen(wanted));
}

static void
must_not_draw(size_t len, const char *sentence)
{
	AUTO(buf_release) struct buf drawn = { 0 };
	struct fail fail = { 0 };
	uint8_t octets[2332] = { 0 };

	want_fail(qr_write(bytes_of(octets, len), false, &drawn, &fail),
	    &fail, FAIL_INPUT, sentence);
	assert_int_equal(drawn.len, 0);
}

static void
bounds_what_a_code_holds(void **state)
{
	(void)state;
	must_not_draw(0, "QR code: want 1 to 2331 octets, have 0");
	must_not_draw(2332, "QR code: want 1 to 2331 octets, have 2332");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_what_the_library_makes),
		cmocka_unit_test(draws_for_a_dark_terminal),
		cmocka_unit_test(draws_black_on_white),
		cmocka_unit_test(bounds_what_a_code_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
