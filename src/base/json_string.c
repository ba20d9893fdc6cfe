/* SPDX-License-Identifier: Apache-2.0 */
/* How strings and the order of keys look in canonical form. */
#include <anchorite/base/json.h>

#include <string.h>

#include "json_internal.h"

/* RFC 8785, 3.2.2.2: the short escapes, lower-case hex, the rest as is. */
static void
character_write(unsigned char c, struct buf *out)
{
	static const char shorts[] = "\b\t\n\f\r";
	static const char names[] = "btnfr";
	const char *at = c == '\0' ? NULL : strchr(shorts, c);

	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (at != NULL)
		buf_printf(out, "\\%c", names[at - shorts]);
	else
		buf_printf(out, "\\u%04x", c);
}

/* Nearly all text is plain: it is copied in one go. */
void
json_string_write(const char *text, size_t len, struct buf *out)
{
	size_t done = 0;

	buf_append(out, "\"", 1);
	for (size_t n = 0; n < len; n++) {
		unsigned char c = (unsigned char)text[n];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_append(out, text + done, n - done);
		character_write(c, out);
		done = n + 1;
	}
	buf_append(out, text + done, len - done);
	buf_append(out, "\"", 1);
}

/*
 * RFC 8785, 3.2.3 sorts as UTF-16 does: what UTF-8 begins with EE or EF
 * stands behind what takes surrogates there, F0 to F4 here.
 */
static int
byte_rank(unsigned char byte)
{
	return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
}

int
json_key_compare(const void *a, const void *b)
{
	const unsigned char *one = *(const unsigned char *const *)a;
	const unsigned char *other = *(const unsigned char *const *)b;

	while (*one != '\0' && *one == *other) {
		one++;
		other++;
	}
	return byte_rank(*one) - byte_rank(*other);
}
