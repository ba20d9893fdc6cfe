/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/qr.h>

#include <qrencode.h>

#include <anchorite/base/auto.h>

/* ISO/IEC 18004: light modules all around, so that a reader finds the code. */
#define QUIET 4

/* What the largest one, version 40, holds under error correction M. */
#define OCTETS_MAX 2331

static void
code_release(QRcode **code)
{
	QRcode_free(GIVE(*code));
}

/* Counted from the corner of the quiet zone. */
static bool
is_dark(const QRcode *code, int row, int column)
{
	row -= QUIET;
	column -= QUIET;
	if (row < 0 || row >= code->width || column < 0 ||
	    column >= code->width)
		return false;
	return (code->data[row * code->width + column] & 1) != 0;
}

/*
 * The number of rows is odd: below the last one stands one more that is
 * light.
 */
static void
line_write(const QRcode *code, int row, bool block_is_dark, struct buf *out)
{
	static const char *const cells[2][2] = {	/* upper, lower */
		{ " ", "\u2584" }, { "\u2580", "\u2588" },
	};

	for (int column = 0; column < code->width + 2 * QUIET; column++) {
		bool upper = is_dark(code, row, column) == block_is_dark;
		bool lower = is_dark(code, row + 1, column) == block_is_dark;

		buf_text(out, cells[upper][lower]);
	}
}

int
qr_write(struct bytes text, bool has_colour, struct buf *out,
    struct fail *fail)
{
	AUTO(code_release) QRcode *code = NULL;

	if (text.len == 0 || text.len > OCTETS_MAX)
		return fail_with(fail, FAIL_INPUT, "QR code: want 1 to %d "
		    "octets, have %zu", OCTETS_MAX, text.len);
	code = QRcode_encodeData((int)text.len, text.data, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return fail_errno(fail, "QR code");
	for (int row = 0; row < code->width + 2 * QUIET; row += 2) {
		/* Black on white; what was set before may be bold. */
		buf_text(out, has_colour ? "\033[0;30;47m" : "");
		line_write(code, row, has_colour, out);
		buf_text(out, has_colour ? "\033[0m\n" : "\n");
	}
	return 0;
}
