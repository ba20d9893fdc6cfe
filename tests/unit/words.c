/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/text.h>
#include <anchorite/base/words.h>

#include "testing.h"

#define KEY_LEN 20

/* The fingerprint that descriptions of the list give as their example. */
static const uint8_t key[KEY_LEN] = {
	0xe5, 0x82, 0x94, 0xf2, 0xe9, 0xa2, 0x27, 0x48, 0x6e, 0x8b,
	0x06, 0x1b, 0x31, 0xcc, 0x52, 0x8f, 0xd7, 0xfa, 0x3f, 0x19,
};
#define KEY_WORDS \
	"topmost istanbul pluto vagabond treadmill pacific brackish " \
	"dictator goldfish medusa afflict bravado chatter revolver dupont " \
	"midsummer stopwatch whimsical cowbell bottomless"

/* Its SHA-256 begins with d9 2e, as sha256sum says. */
#define KEY_CHECK " sugar coherence"

static void
written(const uint8_t *octets, size_t len, struct buf *out)
{
	words_write(bytes_of(octets, len), out);
}

static void
must_read(const char *text, const uint8_t *octets, size_t len)
{
	uint8_t have[512] = { 0 };
	struct fail fail = { 0 };

	assert_true(len < sizeof(have));
	have[len] = 0x5a;
	want_pass(words_read(text, len, have, &fail), &fail);
	assert_memory_equal(have, octets, len);
	assert_int_equal(have[len], 0x5a);
}

static void
must_not_read(const char *text, size_t len, const char *sentence)
{
	uint8_t have[512], before[512];
	struct fail fail = { 0 };

	memset(have, 0x5a, sizeof(have));
	memset(before, 0x5a, sizeof(before));
	want_fail(words_read(text, len, have, &fail), &fail, FAIL_INPUT,
	    sentence);
	assert_memory_equal(have, before, sizeof(have));
}

static void
writes_the_example_that_is_published(void **state)
{
	AUTO(buf_release) struct buf have = { 0 };

	(void)state;
	buf_text(&have, "read: ");
	written(key, KEY_LEN, &have);
	assert_string_equal(buf_cstr(&have), "read: " KEY_WORDS KEY_CHECK);
	must_read(KEY_WORDS KEY_CHECK, key, KEY_LEN);
}

/* Every octet at even and at odd places, there and back. */
static void
reads_what_it_wrote(void **state)
{
	uint8_t octets[257];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	for (size_t from = 0; from < 2; from++) {
		AUTO(buf_release) struct buf words = { 0 };

		written(octets + from, 256, &words);
		must_read(buf_cstr(&words), octets + from, 256);
	}
	for (size_t len = 0; len < 40; len++) {
		AUTO(buf_release) struct buf words = { 0 };

		written(octets, len, &words);
		must_read(buf_cstr(&words), octets, len);
	}
}

/*
 * The whole list by its digest: "aardvark\n" to "zulu\n" and "adroitness\n"
 * to "yucatan\n", as other programs have it, in lower case.
 */
static void
has_the_list_that_others_have(void **state)
{
	AUTO(buf_release) struct buf list = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	(void)state;
	for (size_t odd = 0; odd < 2; odd++)
		for (size_t i = 0; i < 256; i++) {
			AUTO(buf_release) struct buf words = { 0 };
			const uint8_t pair[2] = { (uint8_t)i, (uint8_t)i };
			const char *word;

			written(pair, 2, &words);
			word = buf_cstr(&words);
			if (odd == 1)
				word = strchr(word, ' ') + 1;
			buf_printf(&list, "%.*s\n", (int)strcspn(word, " "),
			    word);
		}
	digest_of(buf_bytes(&list), &digest);
	digest_hex(&digest, hex);
	assert_string_equal(hex, "0847bcad4a09374ec628019e7c3e3eee"
	    "e1dfa2f3870168eaa306310eeda40ff5");
}

static void
writes_the_ends_of_the_list(void **state)
{
	AUTO(buf_release) struct buf have = { 0 };
	const uint8_t ends[] = { 0x00, 0x00, 0xff, 0xff };

	(void)state;
	written(ends, sizeof(ends), &have);
	buf_cstr(&have);
	assert_memory_equal(have.data, "aardvark adroitness zulu yucatan ",
	    33);
}

static void
reads_any_case_and_white_space(void **state)
{
	static const uint8_t two[] = { 0xe5, 0x82 };

	(void)state;
	must_read("\r\n TOPMOST\t\tIstanbul\n\v\fSCALlion ATLantic  \r\n", two,
	    2);
	must_not_read("ZULU YUCATAN zulu", 1, "one of the words is another");
}

/* All that may be left out: nothing, the last word, one in the middle. */
static void
refuses_another_number_of_words(void **state)
{
	(void)state;
	must_not_read("", 16, "want 18 words, have 0");
	must_not_read(" \n ", 16, "want 18 words, have 0");
	must_not_read(KEY_WORDS " sugar", KEY_LEN,
	    "want 22 words, have 21");
	must_not_read(KEY_WORDS, KEY_LEN, "want 22 words, have 20");
	must_not_read(KEY_WORDS KEY_CHECK " topmost", KEY_LEN,
	    "want 22 words, have 23");
	must_not_read(KEY_WORDS KEY_CHECK " nonsense ", KEY_LEN,
	    "want 22 words, have 23");
	must_not_read(KEY_WORDS KEY_CHECK, KEY_LEN - 1,
	    "want 21 words, have 22");
	/* two, so that the rest stand at right places */
	must_not_read("topmost istanbul treadmill pacific", 4,
	    "want 6 words, have 4");
}

#define PLACE " stands at the wrong place: a word is missing, doubled, or " \
	"exchanged"

static void
tells_where_a_word_is_missing_doubled_or_exchanged(void **state)
{
	(void)state;
	must_not_read("topmost istanbul vagabond treadmill", 3,
	    "want 5 words, have 4: word 3: vagabond" PLACE);
	must_not_read("topmost istanbul istanbul pluto vagabond", 2,
	    "want 4 words, have 5: word 3: istanbul" PLACE);
	must_not_read("istanbul topmost pluto vagabond", 2,
	    "word 1: istanbul" PLACE);
	must_not_read("topmost Pluto istanbul vagabond", 2,
	    "word 2: pluto" PLACE);
	/* one missing and another doubled */
	must_not_read("topmost pluto vagabond vagabond", 2,
	    "word 2: pluto" PLACE);
}

static void
tells_a_word_that_is_not_in_the_list(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	must_not_read("topmost istanbul snapshod vagabond", 2,
	    "word 3: no word \"snapshod\"; is snapshot meant?");
	must_not_read("topmost istambul pluto vagabond", 2,
	    "word 2: no word \"istambul\"; is istanbul meant?");
	must_not_read("topmost istanbul pluto qqq", 2,
	    "word 4: no word \"qqq\"");
	must_not_read("topmost istanbul top most", 2,
	    "word 3: no word \"top\"");
	must_not_read("TOPMOST'", 2, "want 4 words, have 1: word 1: no word "
	    "\"topmost'\"; is topmost meant?");
	/* only the lists' own letters are lower and upper case */
	must_not_read("topmos\xd4 istanbul pluto vagabond", 2,
	    "word 1: no word \"topmos\xd4\"; is topmost meant?");
	/* one of 41 characters, and one that is 40 */
	for (int i = 0; i < 41; i++)
		buf_text(&text, "Q");
	must_not_read(buf_cstr(&text), 0, "want 2 words, have 1: word 1: no "
	    "word \"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\"");
}

/* What the places cannot show: the two words of the check do. */
static void
sees_a_word_that_is_another(void **state)
{
	(void)state;
	must_not_read("topmost istanbul pluto vagabond treadmill pacific "
	    "brackish dictator goldfish medusa afflict bravado chatter "
	    "revolver dupont midsummer stopwatch whimsical cowbell "
	    "bookseller" KEY_CHECK, KEY_LEN, "one of the words is another");
	/* the check's own words */
	must_not_read(KEY_WORDS " sugar combustion", KEY_LEN,
	    "one of the words is another");
	must_not_read(KEY_WORDS " surmount coherence", KEY_LEN,
	    "one of the words is another");
	/* exchanged with the one after the next */
	must_not_read("pluto istanbul topmost vagabond treadmill pacific "
	    "brackish dictator goldfish medusa afflict bravado chatter "
	    "revolver dupont midsummer stopwatch whimsical cowbell "
	    "bottomless" KEY_CHECK, KEY_LEN, "one of the words is another");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_example_that_is_published),
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(has_the_list_that_others_have),
		cmocka_unit_test(writes_the_ends_of_the_list),
		cmocka_unit_test(reads_any_case_and_white_space),
		cmocka_unit_test(refuses_another_number_of_words),
		cmocka_unit_test(
		    tells_where_a_word_is_missing_doubled_or_exchanged),
		cmocka_unit_test(tells_a_word_that_is_not_in_the_list),
		cmocka_unit_test(sees_a_word_that_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
