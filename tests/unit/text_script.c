/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

static void
mixed_alphabets_are_named(void **state)
{
	static const struct {
		const char *text, *what;
	} rows[] = {
		{ "Ex\xd0\xb0mple", "Latin and Cyrillic letters" },
		{ "\xd0\x90lpha", "Cyrillic and Latin letters" },
		{ "Om\xce\xbfga", "Latin and Greek letters" },
		{ "\xce\x91\xd0\x91", "Greek and Cyrillic letters" },
		/* Small capitals, wide ones, accents beyond Latin-1. */
		{ "\xe1\xb4\x80\xd0\xb0", "Latin and Cyrillic letters" },
		{ "\xef\xbc\xa1\xce\xb1", "Latin and Greek letters" },
		{ "\xe1\xba\xbf\xce\xb1", "Latin and Greek letters" },
		{ "a\xd5\xbd", "Latin and Armenian letters" },
		{ "A\xe1\x8e\xaa", "Latin and Cherokee letters" },
		{ "\xea\xae\xaa\xd0\xb0", "Cherokee and Cyrillic letters" },
		/* They need no others beside them. */
		{ "\xf0\x9d\x90\x80", "mathematical letters" },
		{ "\xf0\x9d\x9f\xbf", "mathematical letters" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		char what[64] = "";

		assert_true(text_is_mixed(bytes_text(rows[n].text), what,
		    sizeof(what)));
		assert_string_equal(what, rows[n].what);
		assert_true(text_is_mixed(bytes_text(rows[n].text), NULL, 0));
	}
}

static void
one_alphabet_is_fine(void **state)
{
	static const char *const texts[] = {
		"", "Example Corp", "2026-11", "Soci\xc3\xa9t\xc3\xa9",
		"\xd0\x9e\xd0\x9e\xd0\x9e 7", "\xce\x91\xce\x92 2",
		/* Kanji and kana beside Latin look like none of it. */
		"Example \xe6\xa0\xaa\xe5\xbc\x8f", "a\xc2\xb5",
		"\xff\xfe" "abc",
		"\xd5\x80\xd5\xa1\xd5\xb5", "\xe1\x8f\xa3\xe1\x8e\xb3",
		"M\xc3\xbc" "ller \xc3\x98st \xc5\x81\xc3\xb3" "d\xc5\xba",
	};

	(void)state;
	for (size_t n = 0; n < COUNT(texts); n++)
		assert_false(text_is_mixed(bytes_text(texts[n]), NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed_alphabets_are_named),
		cmocka_unit_test(one_alphabet_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
