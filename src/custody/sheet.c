/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/custody/sheet.h>

#include <ctype.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/text.h>

#define COLUMNS  72
#define INDENT   12		/* where what stands behind a label begins */
#define PART_LEN 7		/* octets of the share on a line */
#define SUM_LEN  3		/* octets of checksum */
#define LINE_LEN (PART_LEN + SUM_LEN)
#define GROUP    4

_Static_assert(SHEET_LINES * PART_LEN == 1 + SEED_LEN,
    "the lines hold the share, its index first");

/* One line of the sheet, decoded. */
struct line {
	uint8_t octets[LINE_LEN];
};

static void
line_release(struct line *line)
{
	OPENSSL_cleanse(line, sizeof(*line));
}

/* Puts the checksum behind the octets. */
static void
line_sum(const char *split, int number, struct line *line)
{
	static const char words[] = "anchorite sheet 1\n";
	AUTO(buf_wipe) struct buf content = { 0 };
	uint8_t octet = (uint8_t)number;
	struct digest digest;

	buf_reserve(&content, strlen(words) + strlen(split) + 2 + PART_LEN);
	buf_text(&content, words);
	buf_text(&content, split);
	buf_text(&content, "\n");
	buf_append(&content, &octet, 1);
	buf_append(&content, line->octets, PART_LEN);
	digest_of(buf_bytes(&content), &digest);
	memcpy(line->octets + PART_LEN, digest.bytes, SUM_LEN);
	/* Of so few octets that they could be searched for. */
	OPENSSL_cleanse(&digest, sizeof(digest));
}

static bool
line_is_sound(const char *split, int number, const struct line *line)
{
	AUTO(line_release) struct line again = *line;

	line_sum(split, number, &again);
	return CRYPTO_memcmp(&again, line, sizeof(again)) == 0;
}

/* Into a buffer with room, and past stdio, which would leave copies. */
static void
line_put(struct buf *out, const char *split, int number,
    const struct secret *content)
{
	AUTO(line_release) struct line line = { 0 };
	AUTO(secret_release) struct secret text = { 0 };
	char digit = (char)('0' + number);

	memcpy(line.octets, content->data + (number - 1) * PART_LEN,
	    PART_LEN);
	line_sum(split, number, &line);
	text_base32(bytes_of(line.octets, LINE_LEN), (char *)text.data);
	buf_text(out, "Line ");
	buf_append(out, &digit, 1);
	buf_text(out, ":     ");
	for (size_t at = 0; text.data[at] != '\0'; at += GROUP) {
		buf_text(out, at == 0 ? "" : " ");
		buf_append(out, text.data + at, GROUP);
	}
	buf_text(out, "\n");
}

/* Escaped, and what is not ASCII too: any printer prints it. */
static void
ascii_put(struct buf *out, const char *text)
{
	AUTO(buf_release) struct buf escaped = { 0 };
	unsigned long code;

	text_escape(&escaped, bytes_text(text));
	for (size_t at = 0; at < escaped.len;) {
		int len = UTF8_getc(escaped.data + at,
		    (int)(escaped.len - at), &code);

		if (len > 1)
			buf_printf(out, "\\x{%04lX}", code);
		else
			buf_append(out, escaped.data + at, 1);
		at += len > 1 ? (size_t)len : 1;
	}
}

/* A label and a name, on as many lines as the name needs. */
static void
name_put(struct buf *out, const char *label, const char *name)
{
	AUTO(buf_release) struct buf ascii = { 0 };
	size_t width = COLUMNS - INDENT;

	ascii_put(&ascii, name);
	buf_printf(out, "%-*s", INDENT, label);
	for (size_t at = 0; at < ascii.len; at += width) {
		size_t rest = ascii.len - at;

		if (at > 0)
			buf_printf(out, "\n%*s", INDENT, "");
		buf_append(out, ascii.data + at,
		    rest < width ? rest : width);
	}
	buf_text(out, "\n");
}

static void
head_put(struct buf *out, const struct sheet *sheet, unsigned index)
{
	buf_text(out, "ANCHORITE: A SHARE OF THE PINS OF A TOKEN: SECRET\n\n");
	name_put(out, "Token:", sheet->token);
	name_put(out, "Custodian:", sheet->custodian);
	buf_printf(out, "%-*s%u of %d\n", INDENT, "Share:", index,
	    sheet->form.count);
	name_put(out, "Split:", sheet->split);
}

static void
sharing_put(struct buf *out, const struct split_form *form)
{
	int k = form->threshold, n = form->count;

	if (k == n)
		buf_printf(out, "\n"
		    "All %d shares together open the token; fewer open "
		    "nothing. If one is\n"
		    "lost, nobody opens it again.\n", n);
	else
		buf_printf(out, "\n"
		    "Any %d of the %d shares together open the token; fewer "
		    "open nothing.\n"
		    "If more than %d are lost, nobody opens it again.\n", k,
		    n, n - k);
	buf_printf(out,
	    "Whoever holds %d of them, and the token, holds the key in "
	    "it.\n", k);
}

static const char keeping[] = "\n"
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
    "\n";

void
sheet_write(const struct sheet *sheet, const struct share *share,
    struct buf *out)
{
	AUTO(secret_release) struct secret content = { 0 };
	AUTO(buf_release) struct buf head = { 0 };
	AUTO(buf_release) struct buf foot = { 0 };

	share_write(share, &content);
	head_put(&head, sheet, share->index);
	sharing_put(&foot, &sheet->form);
	buf_text(&foot, keeping);
	/* All at once: where it grew, a copy would stay behind. */
	buf_reserve(out, head.len + SHEET_LINES * COLUMNS + foot.len);
	buf_put(out, buf_bytes(&head));
	buf_put(out, buf_bytes(&foot));
	/* Last, so that they stand on a small screen when they are typed. */
	for (int number = 1; number <= SHEET_LINES; number++)
		line_put(out, sheet->split, number, &content);
}

/* What was typed in lower case, without blanks and hyphens. */
static int
line_decode(const struct secret *typed, struct line *out, struct fail *fail)
{
	AUTO(secret_release) struct secret plain = { 0 };

	for (size_t i = 0; i < typed->len; i++)
		if (typed->data[i] == '\0' ||
		    strchr(" \t-", typed->data[i]) == NULL)
			plain.data[plain.len++] = (uint8_t)tolower(
			    typed->data[i]);
	return text_read_base32(bytes_of(plain.data, plain.len), out->octets,
	    LINE_LEN, fail);
}

/* A line that fits as another one of the same sheet is told apart. */
static int
line_check(const char *split, int number, const struct line *line,
    struct fail *fail)
{
	if (line_is_sound(split, number, line))
		return 0;
	for (int other = 1; other <= SHEET_LINES; other++)
		if (line_is_sound(split, other, line))
			return fail_with(fail, FAIL_INPUT, "this is line %d",
			    other);
	return fail_with(fail, FAIL_INPUT, "does not fit its checksum "
	    "(mistyped, or of another split)");
}

int
sheet_read_line(const char *split, int number, const struct secret *typed,
    struct share *share, struct fail *fail)
{
	AUTO(line_release) struct line line = { 0 };

	if (number < 1 || number > SHEET_LINES)
		return fail_with(fail, FAIL_INPUT,
		    "line: want 1 to %d, have %d", SHEET_LINES, number);
	if (line_decode(typed, &line, fail) == -1 ||
	    line_check(split, number, &line, fail) == -1)
		return fail_in(fail, "line %d", number);
	/* The share's first octet is its index, the others follow it. */
	for (int i = 0; i < PART_LEN; i++) {
		int at = (number - 1) * PART_LEN + i;

		if (at == 0)
			share->index = line.octets[i];
		else
			share->octets[at - 1] = line.octets[i];
	}
	return 0;
}
