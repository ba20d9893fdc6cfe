/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CUSTODY_SHEET_H
#define ANCHORITE_CUSTODY_SHEET_H

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>
#include <anchorite/custody/share.h>

/*
 * A share on paper: SHEET_LINES lines of four groups of four letters and
 * digits (base32, RFC 4648, 6). Each line holds 7 octets of the share (its
 * index first) and a checksum of 3, so that a slip is found on its line, and
 * the sheet of another split at once: the first octets of SHA-256 of
 * "anchorite sheet 1\n", the split's name, "\n", the line's number (one
 * octet), and the 7 octets.
 */
#define SHEET_LINES 3

/* What stands on it beside the share; all lent. */
struct sheet {
	const char *token;		/* the token's label */
	const char *custodian;
	const char *split;		/* names the split: 16 hex digits */
	struct split_form form;
};

/*
 * Appends the sheet as it is printed: what it is, for whom, share i of n,
 * how many open the token, the lines numbered, and how to keep it. 72
 * columns at most, ASCII: what is not, in the names, becomes \x{HEX}. It
 * is as secret as the share: wipe the buffer (buf_wipe), which is one of
 * its own for each sheet, since growing leaves copies.
 */
void sheet_write(const struct sheet *sheet, const struct share *share,
    struct buf *out);

/*
 * Reads line `number` (1 … SHEET_LINES) as somebody typed it into the
 * share: case, blanks and hyphens do not matter. FAIL_INPUT "line 2: does
 * not fit its checksum (mistyped, or of another split)", "line 2: this is
 * line 3", "line 2: want 16 letters and digits 2-7, have 15", "line 2:
 * character 7: want a letter a-z or a digit 2-7". The share is untouched
 * then, and whole after the last line.
 */
MUST_USE int sheet_read_line(const char *split, int number,
    const struct secret *typed, struct share *share, struct fail *fail);

#endif
