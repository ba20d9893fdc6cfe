/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/text.h>

#include <stdio.h>

#include <openssl/asn1.h>

#include <anchorite/base/auto.h>

/* Alphabets that have letters of one look; the Unicode Standard, version 15,
 * by block. Signs within a block do no harm. */
enum script { LATIN, GREEK, CYRILLIC, ARMENIAN, CHEROKEE, MATHEMATICAL,
	SCRIPTS };

static const char *const script_names[SCRIPTS] = {
	[LATIN] = "Latin",
	[GREEK] = "Greek",
	[CYRILLIC] = "Cyrillic",
	[ARMENIAN] = "Armenian",
	[CHEROKEE] = "Cherokee",
};

static const struct {
	unsigned long first, last;
	enum script script;
} blocks[] = {
	{ 0x0041, 0x005a, LATIN },
	{ 0x0061, 0x007a, LATIN },
	{ 0x00c0, 0x024f, LATIN },
	{ 0x0250, 0x02af, LATIN },	/* phonetic letters */
	{ 0x0370, 0x03ff, GREEK },
	{ 0x0400, 0x052f, CYRILLIC },
	{ 0x0531, 0x058a, ARMENIAN },
	{ 0x13a0, 0x13ff, CHEROKEE },
	{ 0x1c80, 0x1c8f, CYRILLIC },
	{ 0x1d00, 0x1d25, LATIN },	/* small capitals */
	{ 0x1d26, 0x1d2a, GREEK },
	{ 0x1d2b, 0x1d2b, CYRILLIC },
	{ 0x1e00, 0x1eff, LATIN },
	{ 0x1f00, 0x1fff, GREEK },
	{ 0x2c60, 0x2c7f, LATIN },
	{ 0x2de0, 0x2dff, CYRILLIC },
	{ 0xa640, 0xa69f, CYRILLIC },
	{ 0xa720, 0xa7ff, LATIN },
	{ 0xab70, 0xabbf, CHEROKEE },	/* small ones */
	{ 0xfb13, 0xfb17, ARMENIAN },	/* ligatures */
	{ 0xff21, 0xff3a, LATIN },	/* wide ones */
	{ 0xff41, 0xff5a, LATIN },
	{ 0x1d400, 0x1d7ff, MATHEMATICAL },
};

static bool
find_script(unsigned long code, enum script *out)
{
	for (size_t n = 0; n < COUNT(blocks); n++)
		if (code >= blocks[n].first && code <= blocks[n].last) {
			*out = blocks[n].script;
			return true;
		}
	return false;
}

bool
text_is_mixed(struct bytes text, char *what_out, size_t what_size)
{
	enum script first = LATIN, script;
	bool has_first = false;

	while (text.len > 0) {
		unsigned long code;
		int len = UTF8_getc(text.data,
		    text.len < 4 ? (int)text.len : 4, &code);
		size_t step = len > 0 ? (size_t)len : 1;

		text = bytes_of(text.data + step, text.len - step);
		if (len <= 0 || !find_script(code, &script))
			continue;
		/* No name is written in them: they stand for others. */
		if (script == MATHEMATICAL) {
			if (what_out != NULL)
				snprintf(what_out, what_size,
				    "mathematical letters");
			return true;
		}
		if (has_first && script != first) {
			if (what_out != NULL)
				snprintf(what_out, what_size,
				    "%s and %s letters", script_names[first],
				    script_names[script]);
			return true;
		}
		first = script;
		has_first = true;
	}
	return false;
}
