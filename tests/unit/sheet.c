/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/custody/sheet.h>

#include "heap.h"
#include "testing.h"

/* What grows moves here, always, so that a copy stays where it was. */
__attribute__((visibility("default"))) void *
reallocarray(void *old, size_t count, size_t size)
{
	size_t had = old == NULL ? 0 : malloc_usable_size(old);
	void *grown = calloc(count, size);

	assert_non_null(grown);
	if (had > 0)
		memcpy(grown, old, had < count * size ? had : count * size);
	free(old);
	return grown;
}

static const char split[] = "0123456789abcdef";
static const char other_split[] = "0123456789abcdee";

static const struct share share = { 2, { 0x0e, 0x05, 0x00, 0x03, 0x02, 0x09,
    0x0c, 0x3f, 0x36, 0x3d, 0x38, 0x5b, 0x5a, 0x51, 0x54, 0x27, 0x3e, 0x35,
    0x30, 0x33 } };

/*
 * Computed by hand, as for the first line:
 * (printf 'anchorite sheet 1\n0123456789abcdef\n\001'
 *  printf '\002\016\005\000\003\002\011') | sha256sum
 */
static const char *const lines[SHEET_LINES] = {
	"aiha kaad aie7 lkob", "bq7t mpjy lnnj 6qrs", "kfkc oprv gaz2 avc2",
};
static const char *const other_lines[SHEET_LINES] = {
	"aiha kaad aiew 333h", "bq7t mpjy lnnp r4tv", "kfkc oprv gazv egpc",
};

static const struct sheet sheet = {
	.token = "Example Root 2026",
	.custodian = "Alice Example",
	.split = split,
	.form = { 2, 4 },
};

static struct secret
typed(const char *text)
{
	struct secret secret = { .len = strlen(text) };

	memcpy(secret.data, text, secret.len);
	return secret;
}

static int
read_line(const char *name, int number, const char *text,
    struct share *out, struct fail *fail)
{
	struct secret line = typed(text);

	return sheet_read_line(name, number, &line, out, fail);
}

static const char sheet_text[] =
    "ANCHORITE: A SHARE OF THE PINS OF A TOKEN: SECRET\n"
    "\n"
    "Token:      Example Root 2026\n"
    "Custodian:  Alice Example\n"
    "Share:      2 of 4\n"
    "Split:      0123456789abcdef\n"
    "\n"
    "Any 2 of the 4 shares together open the token; fewer open nothing.\n"
    "If more than 2 are lost, nobody opens it again.\n"
    "Whoever holds 2 of them, and the token, holds the key in it.\n"
    "\n"
    "How to keep it:\n"
    "- Seal it in an envelope, sign across the seal, and lock it away\n"
    "  where only you can take it out.\n"
    "- Keep it apart from the other shares and from the token: never in\n"
    "  the same safe, bag or car.\n"
    "- Do not copy or photograph it, read it aloud or send it to anybody.\n"
    "- It is lost, or the seal is broken, or somebody has seen it: say so\n"
    "  at once. The PINs are then split anew.\n"
    "- After a new split this sheet opens nothing: have it destroyed.\n"
    "\n"
    "How to use it: type the lines where anchorite asks for them, on the\n"
    "offline computer, at a ceremony, and nowhere else. They hold letters\n"
    "and digits from 2 to 7 only, no 0, 1, 8 or 9. Capitals or not, with\n"
    "or without blanks: it does not matter. Seal the sheet again.\n"
    "\n"
    "Line 1:     aiha kaad aie7 lkob\n"
    "Line 2:     bq7t mpjy lnnj 6qrs\n"
    "Line 3:     kfkc oprv gaz2 avc2\n";

static void
a_sheet_says_what_it_is(void **state)
{
	AUTO(buf_wipe) struct buf out = { 0 };

	(void)state;
	sheet_write(&sheet, &share, &out);
	assert_string_equal(buf_cstr(&out), sheet_text);
	sheet_write(&sheet, &share, &out);
	assert_int_equal(out.len, 2 * strlen(sheet_text));
}

static void
all_of_all_has_its_own_words(void **state)
{
	AUTO(buf_wipe) struct buf out = { 0 };
	struct sheet whole = sheet;

	(void)state;
	whole.form = (struct split_form){ 16, 16 };
	sheet_write(&whole, &share, &out);
	assert_non_null(strstr(buf_cstr(&out), "\n"
	    "Share:      2 of 16\n"));
	assert_non_null(strstr(buf_cstr(&out), "\n"
	    "All 16 shares together open the token; fewer open nothing. If "
	    "one is\n"
	    "lost, nobody opens it again.\n"
	    "Whoever holds 16 of them, and the token, holds the key in it.\n"));
}

/* 72 columns of ASCII, and no control but the line feed. */
static void
want_printable(struct buf *out)
{
	size_t column = 0;

	for (size_t n = 0; n < out->len; n++) {
		column = out->data[n] == '\n' ? 0 : column + 1;
		assert_true(column <= 72);
		assert_true(out->data[n] == '\n' ||
		    (out->data[n] >= ' ' && out->data[n] < 0x7f));
	}
	assert_int_equal(column, 0);
}

static void
any_name_fits_any_printer(void **state)
{
	AUTO(buf_wipe) struct buf out = { 0 };
	struct sheet odd = sheet;
	char token[SECRET_MAX] = "";

	(void)state;
	memset(token, 'W', 61);
	odd.token = token;
	odd.custodian = "Zo\xc3\xab \xf0\x9f\x94\x91 \\ \x1b[2J \xe2\x80\xae"
	    "x\xff";
	odd.form = (struct split_form){ 16, 16 };
	sheet_write(&odd, &share, &out);
	want_printable(&out);
	assert_non_null(strstr(buf_cstr(&out), "\n"
	    "Token:      WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"
	    "WWWWWWWWWW\n"
	    "            W\n"
	    "Custodian:  Zo\\x{00EB} \\x{1F511} \\\\ \\x{001B}[2J "
	    "\\x{202E}x\\x{FF}\n"
	    "Share:"));
	token[60] = '\0';
	buf_wipe(&out);
	sheet_write(&odd, &share, &out);
	assert_non_null(strstr(buf_cstr(&out), "WWW\nCustodian:"));
}

static void
an_empty_name_leaves_its_line(void **state)
{
	AUTO(buf_wipe) struct buf out = { 0 };
	struct sheet nameless = sheet;

	(void)state;
	nameless.custodian = "";
	sheet_write(&nameless, &share, &out);
	assert_non_null(strstr(buf_cstr(&out), "\nCustodian:  \nShare:"));
}

/* The text of line `number` of a sheet. */
static void
line_find(struct buf *out, int number, char text[20])
{
	char label[32];
	const char *at;

	snprintf(label, sizeof(label), "\nLine %d:     ", number);
	at = strstr(buf_cstr(out), label);
	assert_non_null(at);
	memcpy(text, at + strlen(label), 19);
	text[19] = '\0';
}

/* With a share that no other test has written. */
static void
nothing_stays_on_the_heap(void **state)
{
	struct share fresh = share, again = { 0 };
	char text[SHEET_LINES][20];
	struct buf out = { 0 };
	struct fail fail = { 0 };

	(void)state;
	if (UNDER_SANITISER)
		return;
	for (int n = 0; n < SEED_LEN; n++)
		fresh.octets[n] ^= (uint8_t)(0xc3 + 5 * n);
	sheet_write(&sheet, &fresh, &out);
	for (int n = 0; n < SHEET_LINES; n++) {
		line_find(&out, n + 1, text[n]);
		assert_true(heap_has((const uint8_t *)text[n], 19));
		want_pass(read_line(split, n + 1, text[n], &again, &fail),
		    &fail);
	}
	buf_wipe(&out);
	for (int n = 0; n < SHEET_LINES; n++)
		assert_false(heap_has((const uint8_t *)text[n], 19));
	assert_false(heap_has(fresh.octets, SEED_LEN));
}

static void
typed_lines_make_the_share(void **state)
{
	static const char *const ways[][SHEET_LINES] = {
		{ "aihakaadaie7lkob", "bq7tmpjylnnj6qrs",
		    "kfkcoprvgaz2avc2" },
		{ "AIHA KAAD AIE7 LKOB", "BQ7T-MPJY-LNNJ-6QRS",
		    "KfKc oPrV gAz2 aVc2" },
		{ "  aiha\tkaad  aie7 lkob ", "b q 7 t m p j y l n n j 6 q r s",
		    "-kfkc - oprv - gaz2 - avc2-" },
	};

	(void)state;
	for (size_t way = 0; way < COUNT(ways); way++) {
		struct share again;
		struct fail fail = { 0 };

		memset(&again, 0x77, sizeof(again));
		for (int n = 0; n < SHEET_LINES; n++)
			want_pass(read_line(split, n + 1, ways[way][n],
			    &again, &fail), &fail);
		assert_memory_equal(&again, &share, sizeof(share));
	}
}

/* What is read of a line is what stands on it, and no more. */
static void
a_line_is_its_own_part(void **state)
{
	uint8_t want[sizeof(struct share)];
	struct share again;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(sizeof(struct share), 21);
	for (int n = 0; n < SHEET_LINES; n++) {
		memset(&again, 0x77, sizeof(again));
		memset(want, 0x77, sizeof(want));
		memcpy(want + 7 * n, (const uint8_t *)&share + 7 * n, 7);
		want_pass(read_line(split, n + 1, lines[n], &again, &fail),
		    &fail);
		assert_memory_equal(&again, want, sizeof(want));
	}
}

static void
any_share_is_written_and_read(void **state)
{
	struct sheet plan = sheet;

	(void)state;
	plan.form = (struct split_form){ 2, 16 };
	for (unsigned round = 0; round < 256; round++) {
		AUTO(buf_wipe) struct buf out = { 0 };
		struct share any = { .index = (uint8_t)(round % 16 + 1) };
		struct share again = { 0 };
		struct fail fail = { 0 };

		for (unsigned n = 0; n < SEED_LEN; n++)
			any.octets[n] = (uint8_t)(round * (2 * n + 1) + n);
		sheet_write(&plan, &any, &out);
		for (int n = 1; n <= SHEET_LINES; n++) {
			char text[20];

			line_find(&out, n, text);
			want_pass(read_line(split, n, text, &again, &fail),
			    &fail);
		}
		assert_memory_equal(&again, &any, sizeof(any));
	}
}

/* Wants the sentence for that line, and the share as it was. */
static void
want_refused(const char *name, int number, const char *text,
    const char *sentence)
{
	struct share again = share;
	struct fail fail = { 0 };
	char want[128];

	snprintf(want, sizeof(want), "line %d: %s", number, sentence);
	want_fail(read_line(name, number, text, &again, &fail), &fail,
	    FAIL_INPUT, want);
	assert_memory_equal(&again, &share, sizeof(share));
}

static const char mistyped[] =
    "does not fit its checksum (mistyped, or of another split)";

static void
every_slip_is_found(void **state)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	char text[20];

	(void)state;
	for (int n = 0; n < SHEET_LINES; n++) {
		for (size_t at = 0; lines[n][at] != '\0'; at++) {
			if (lines[n][at] == ' ')
				continue;
			snprintf(text, sizeof(text), "%s", lines[n]);
			for (size_t i = 0; digits[i] != '\0'; i++) {
				text[at] = digits[i];
				if (digits[i] != lines[n][at])
					want_refused(split, n + 1, text,
					    mistyped);
			}
		}
	}
}

static void
neighbours_changed_places_are_found(void **state)
{
	static const char *const whole[SHEET_LINES] = { "aihakaadaie7lkob",
	    "bq7tmpjylnnj6qrs", "kfkcoprvgaz2avc2" };
	unsigned swaps = 0;
	char text[20];

	(void)state;
	for (int n = 0; n < SHEET_LINES; n++) {
		for (size_t at = 0; at + 1 < 16; at++) {
			snprintf(text, sizeof(text), "%s", whole[n]);
			text[at] = whole[n][at + 1];
			text[at + 1] = whole[n][at];
			if (text[at] == text[at + 1])
				continue;
			want_refused(split, n + 1, text, mistyped);
			swaps++;
		}
	}
	/* "aa" and "nn" look the same. */
	assert_int_equal(swaps, 3 * 15 - 2);
}

static void
a_line_of_another_split_is_found(void **state)
{
	(void)state;
	for (int n = 0; n < SHEET_LINES; n++) {
		struct share again = { 0 };
		struct fail fail = { 0 };

		want_refused(split, n + 1, other_lines[n], mistyped);
		want_refused(other_split, n + 1, lines[n], mistyped);
		want_pass(read_line(other_split, n + 1, other_lines[n],
		    &again, &fail), &fail);
	}
}

static void
another_line_of_the_sheet_is_named(void **state)
{
	char want[32];

	(void)state;
	for (int n = 0; n < SHEET_LINES; n++) {
		for (int other = 0; other < SHEET_LINES; other++) {
			snprintf(want, sizeof(want), "this is line %d",
			    other + 1);
			if (other != n)
				want_refused(split, n + 1, lines[other], want);
		}
	}
}

static void
what_is_no_line_is_refused(void **state)
{
	char lengthy[SECRET_MAX + 1] = "";

	(void)state;
	want_refused(split, 2, "bq7t mpjy lnnj 6qr",
	    "want 16 letters and digits 2-7, have 15");
	want_refused(split, 2, "bq7t mpjy lnnj 6qrss",
	    "want 16 letters and digits 2-7, have 17");
	want_refused(split, 2, "", "want 16 letters and digits 2-7, have 0");
	want_refused(split, 2, " - ",
	    "want 16 letters and digits 2-7, have 0");
	memset(lengthy, 'a', SECRET_MAX);
	want_refused(split, 2, lengthy,
	    "want 16 letters and digits 2-7, have 255");
	want_refused(split, 2, "bq7t mpjy 1nnj 6qrs",
	    "character 9: want a letter a-z or a digit 2-7");
	want_refused(split, 2, "0q7t mpjy lnnj 6qrs",
	    "character 1: want a letter a-z or a digit 2-7");
	want_refused(split, 2, "bq7t mpjy lnnj 6qr.",
	    "character 16: want a letter a-z or a digit 2-7");
}

/* A NUL is a character as others are, and no end. */
static void
a_nul_is_refused(void **state)
{
	struct secret line = typed("bq7tmpjylnnj6qrs");
	struct share again = share;
	struct fail fail = { 0 };

	(void)state;
	line.data[3] = '\0';
	want_fail(sheet_read_line(split, 2, &line, &again, &fail), &fail,
	    FAIL_INPUT,
	    "line 2: character 4: want a letter a-z or a digit 2-7");
}

static void
a_sheet_has_three_lines(void **state)
{
	struct share again = share;
	struct fail fail = { 0 };

	(void)state;
	want_fail(read_line(split, 0, lines[0], &again, &fail), &fail,
	    FAIL_INPUT, "line: want 1 to 3, have 0");
	want_fail(read_line(split, 4, lines[0], &again, &fail), &fail,
	    FAIL_INPUT, "line: want 1 to 3, have 4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sheet_says_what_it_is),
		cmocka_unit_test(all_of_all_has_its_own_words),
		cmocka_unit_test(any_name_fits_any_printer),
		cmocka_unit_test(an_empty_name_leaves_its_line),
		cmocka_unit_test(nothing_stays_on_the_heap),
		cmocka_unit_test(typed_lines_make_the_share),
		cmocka_unit_test(a_line_is_its_own_part),
		cmocka_unit_test(any_share_is_written_and_read),
		cmocka_unit_test(every_slip_is_found),
		cmocka_unit_test(neighbours_changed_places_are_found),
		cmocka_unit_test(a_line_of_another_split_is_found),
		cmocka_unit_test(another_line_of_the_sheet_is_named),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(a_sheet_has_three_lines),
	};

	return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
