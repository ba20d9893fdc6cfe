/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_TEXT_H
#define ANCHORITE_BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/* A span of calendar time, as policies write it: "20y", "1095d", "12h". */
struct period {
	int years;
	int days;
	int hours;
};

/* Lower-case hexadecimal, appended. */
void text_hex(struct buf *out, struct bytes bytes);

/* Strict: even length, [0-9a-f] only; `max` decoded bytes at most. */
MUST_USE int text_read_hex(const char *text, size_t max, struct buf *out,
    struct fail *fail);

/* RFC 4648, 4: with padding, on one line, appended. */
void text_base64(struct buf *out, struct bytes bytes);
MUST_USE int text_read_base64(struct bytes text, struct buf *out,
    struct fail *fail);

/*
 * RFC 4648, 6, in lower case. Groups of 5 octets only, so that nothing is
 * padded: `len` is a multiple of 5. PINs are written so, hence into the
 * caller's own memory: TEXT_BASE32_SIZE characters, with a NUL.
 */
#define TEXT_BASE32_SIZE(len) ((len) / 5 * 8 + 1)
void text_base32(struct bytes bytes, char *out);
/* `len` octets. FAIL_INPUT "want 16 letters and digits 2-7, have 15",
 * "character 7: want a letter a-z or a digit 2-7". */
MUST_USE int text_read_base32(struct bytes text, uint8_t *out, size_t len,
    struct fail *fail);

/* RFC 7468 strict form: 64 columns, LF, one final newline; appended. */
void text_pem(struct buf *out, const char *label, struct bytes der);

/*
 * Reads exactly one PEM block (RFC 7468): text before it is passed over
 * (tools write explanations there), after it only white space may stand.
 * The label must be one of `labels` (NULL ends the list). LF and CRLF are
 * taken. FAIL_INPUT: "no PEM block", "no PEM block at the start of a line",
 * "truncated PEM block", "an empty PEM block", "a second PEM block", "text
 * after the PEM block", "PEM label X, want Y", "not base64".
 */
MUST_USE int text_read_pem(struct bytes file, const char *const *labels,
    struct buf *der_out, struct fail *fail);

/* Does it hold "-----BEGIN", and begin unlike DER? If not, it is DER. */
bool text_has_pem(struct bytes file);

/* "2026-11-21T06:30:48Z" (RFC 3339, UTC, whole seconds). */
#define TEXT_TIME_SIZE 21
void text_time(int64_t seconds, char out[TEXT_TIME_SIZE]);
MUST_USE int text_read_time(const char *text, int64_t *seconds_out,
    struct fail *fail);

/* A decimal number with nothing around it, no sign but '-', no leading 0. */
MUST_USE int text_read_number(const char *text, int64_t min, int64_t max,
    int64_t *out, struct fail *fail);

/* "20y", "1095d", "12h": a number from 1 and one unit. */
MUST_USE int text_read_period(const char *text, struct period *out,
    struct fail *fail);
void text_period(struct buf *out, struct period period);

/* The moment `period` after `start`; 29 February plus a year is 1 March. */
int64_t period_after(int64_t start, struct period period);

/*
 * Appends text that is safe on a terminal and in a log: what is not valid
 * UTF-8, control characters, bidirectional controls, zero-width and other
 * invisible characters, blanks but U+0020, private-use and noncharacters
 * become \x{HEX}; a backslash is doubled.
 */
void text_escape(struct buf *out, struct bytes text);

/*
 * Would text_escape change it, backslash apart? `what_out` (may be NULL)
 * then says in words what was found first: "a NUL", "a control character
 * (U+0007)", "a bidirectional control (U+202E)", "an invisible character
 * (U+200B)", "an unusual blank (U+00A0)", "a private-use character
 * (U+E000)", "a noncharacter (U+FFFE)", "bytes that are not UTF-8".
 */
bool text_is_deceptive(struct bytes text, char *what_out, size_t what_size);

/* At most 64 of a-z, 0-9 and hyphens, no hyphen first: what is typed on a
 * command line and stands in file names. */
bool text_is_word(const char *text);

/* Does a POSIX extended regular expression fit the whole of the text? One that
 * does not compile fits nothing. */
bool text_fits(const char *form, const char *text);

/*
 * Does it mix letters of alphabets that look alike (Latin, Greek, Cyrillic,
 * Armenian, Cherokee), or has it letters that are mathematical signs, so that
 * it may pass for another text (Unicode's UTS #39, 5)? `what_out` (may be
 * NULL) then says: "Latin and Cyrillic letters", "mathematical letters".
 */
bool text_is_mixed(struct bytes text, char *what_out, size_t what_size);

/*
 * The word of the list (NULL ends it) nearest to `word` by edit distance,
 * or NULL where none is near enough to be meant.
 */
const char *text_nearest(const char *word, const char *const *words);

#endif
