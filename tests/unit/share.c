/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <libgfshare.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/custody/share.h>

#include "heap.h"
#include "testing.h"

/*
 * This program stands before the libraries: what it defines is what they
 * call. A libgfshare left to itself would ask random(3).
 */
#define EXPORTED __attribute__((visibility("default")))

static bool may_use_random;
static unsigned random_calls;

EXPORTED long
random(void)
{
	random_calls++;
	if (!may_use_random)
		fail_msg("random(3) was asked");
	return 0x5a00;
}

EXPORTED void
srandom(unsigned seed)
{
	fail_msg("srandom(3) was asked, with %u", seed);
}

/* OpenSSL's private generator: the real one, 1, 2, 3 …, or out of order. */
static enum { DRAW_REAL, DRAW_COUNTS, DRAW_FAILS } draw;
static uint8_t draw_next;
static unsigned draw_calls;

EXPORTED int
RAND_priv_bytes(unsigned char *out, int len)
{
	draw_calls++;
	if (draw == DRAW_FAILS)
		return 0;
	if (draw == DRAW_REAL)
		return RAND_priv_bytes_ex(NULL, out, (size_t)len, 0);
	for (int n = 0; n < len; n++)
		out[n] = ++draw_next;
	return 1;
}

static bool kdf_fails;

EXPORTED EVP_KDF *
EVP_KDF_fetch(OSSL_LIB_CTX *library, const char *name, const char *query)
{
	EVP_KDF *(*real)(OSSL_LIB_CTX *, const char *, const char *);
	void *found = dlsym(RTLD_NEXT, "EVP_KDF_fetch");

	memcpy(&real, &found, sizeof(real));
	return kdf_fails ? NULL : real(library, name, query);
}

/* A libgfshare that makes a mistake in one share, or has no memory. */
static int wrong_share = -1;
static bool no_context;

EXPORTED void
gfshare_ctx_enc_getshare(gfshare_ctx *context, unsigned char number,
    unsigned char *share)
{
	void (*real)(gfshare_ctx *, unsigned char, unsigned char *);
	void *found = dlsym(RTLD_NEXT, "gfshare_ctx_enc_getshare");

	memcpy(&real, &found, sizeof(real));
	real(context, number, share);
	if (number == wrong_share)
		share[SEED_LEN - 1] ^= 1;
}

EXPORTED gfshare_ctx *
gfshare_ctx_init_enc(unsigned char *numbers, unsigned count,
    unsigned char threshold, unsigned size)
{
	gfshare_ctx *(*real)(unsigned char *, unsigned, unsigned char,
	    unsigned);
	void *found = dlsym(RTLD_NEXT, "gfshare_ctx_init_enc");

	memcpy(&real, &found, sizeof(real));
	errno = ENOMEM;
	return no_context ? NULL : real(numbers, count, threshold, size);
}

EXPORTED gfshare_ctx *
gfshare_ctx_init_dec(unsigned char *numbers, unsigned count, unsigned size)
{
	gfshare_ctx *(*real)(unsigned char *, unsigned, unsigned);
	void *found = dlsym(RTLD_NEXT, "gfshare_ctx_init_dec");

	memcpy(&real, &found, sizeof(real));
	errno = ENOMEM;
	return no_context ? NULL : real(numbers, count, size);
}

static int
all_real(void **state)
{
	(void)state;
	may_use_random = false;
	draw = DRAW_REAL;
	kdf_fails = false;
	wrong_share = -1;
	no_context = false;
	return 0;
}

/* 20 21 22 … 33 */
static struct seed
seed_known(void)
{
	struct seed seed;

	for (uint8_t n = 0; n < SEED_LEN; n++)
		seed.octets[n] = (uint8_t)(0x20 + n);
	return seed;
}

/*
 * Its shares 3/5, computed without libgfshare: 01 … 14 times x^2, 15 … 28
 * times x, and the seed, in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. What
 * is on paper must be the same in ten years.
 */
static const struct share known_shares[] = {
	{ 1, { 0x34, 0x35, 0x36, 0x3f, 0x38, 0x39, 0x3a, 0x33, 0x3c, 0x3d,
	    0x3e, 0x07, 0x00, 0x01, 0x02, 0x1b, 0x04, 0x05, 0x06, 0x0f } },
	{ 2, { 0x0e, 0x05, 0x00, 0x03, 0x02, 0x09, 0x0c, 0x3f, 0x36, 0x3d,
	    0x38, 0x5b, 0x5a, 0x51, 0x54, 0x27, 0x3e, 0x35, 0x30, 0x33 } },
	{ 3, { 0x1a, 0x11, 0x14, 0x1f, 0x1e, 0x15, 0x10, 0x2b, 0x22, 0x29,
	    0x2c, 0x77, 0x76, 0x7d, 0x78, 0x13, 0x0a, 0x01, 0x04, 0x0f } },
	{ 4, { 0x64, 0x59, 0x4e, 0x03, 0x10, 0x2d, 0x3a, 0xd7, 0xcc, 0xf1,
	    0xe6, 0x6b, 0x78, 0x45, 0x52, 0xa2, 0xa9, 0x94, 0x83, 0xce } },
	{ 5, { 0x70, 0x4d, 0x5a, 0x1f, 0x0c, 0x31, 0x26, 0xc3, 0xd8, 0xe5,
	    0xf2, 0x47, 0x54, 0x69, 0x7e, 0x96, 0x9d, 0xa0, 0xb7, 0xf2 } },
};

static void
want_seed(const struct seed *seed, const struct seed *want)
{
	assert_memory_equal(seed->octets, want->octets, SEED_LEN);
}

static void
split(const struct seed *seed, int threshold, int count,
    struct share shares[SHARES_MAX])
{
	struct split_form form = { .threshold = threshold, .count = count };
	struct fail fail = { 0 };

	want_pass(share_split(seed, &form, shares, &fail), &fail);
}

static struct seed
combine(const struct share *shares, size_t count)
{
	struct fail fail = { 0 };
	struct seed seed;

	want_pass(share_combine(shares, count, &seed, &fail), &fail);
	return seed;
}

/* That what stands in random's place is asked at all. */
static void
the_default_source_is_this_programs(void **state)
{
	unsigned char octets[4] = { 0 };

	(void)state;
	may_use_random = true;
	random_calls = 0;
	gfshare_bad_idea_but_fill_rand_using_random(octets, sizeof(octets));
	assert_int_equal(random_calls, sizeof(octets));
	assert_memory_equal(octets, "ZZZZ", 4);
}

static void
the_default_source_is_never_asked(void **state)
{
	struct share shares[SHARES_MAX];
	struct seed seed, again;
	struct fail fail = { 0 };

	(void)state;
	gfshare_fill_rand = gfshare_bad_idea_but_fill_rand_using_random;
	random_calls = 0;
	draw_calls = 0;
	want_pass(seed_draw(&seed, &fail), &fail);
	assert_int_equal(draw_calls, 1);
	split(&seed, 2, 3, shares);
	gfshare_fill_rand = gfshare_bad_idea_but_fill_rand_using_random;
	again = combine(shares, 2);
	want_seed(&again, &seed);
	assert_int_equal(random_calls, 0);
	assert_true(draw_calls > 1);
}

static void
forms_are_read(void **state)
{
	static const char *const texts[] = { "2/2", "2/4", "3/5", "16/16" };
	static const struct split_form forms[] = { { 2, 2 }, { 2, 4 },
	    { 3, 5 }, { 16, 16 } };
	struct split_form form;
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(texts); n++) {
		want_pass(split_form_read(texts[n], &form, &fail), &fail);
		assert_int_equal(form.threshold, forms[n].threshold);
		assert_int_equal(form.count, forms[n].count);
	}
}

static void
forms_are_refused(void **state)
{
	static const char *const wrong[] = { "", "/", "2", "2/", "/2", "1/2",
	    "1/1", "0/0", "5/4", "2/17", "17/17", "-2/2", "2/4/", "2/4 ",
	    " 2/4", "2 /4", "02/4", "2/04", "2:4", "2/4/6", "x/y",
	    "2/18446744073709551618", "4294967298/4294967298" };
	struct split_form form = { 7, 8 };
	struct fail fail = { 0 };
	char want[128];

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++) {
		snprintf(want, sizeof(want),
		    "want K/N with 2 <= K <= N <= 16, have %.40s", wrong[n]);
		want_fail(split_form_read(wrong[n], &form, &fail), &fail,
		    FAIL_USAGE, want);
	}
	assert_int_equal(form.threshold, 7);
	assert_int_equal(form.count, 8);
}

static void
a_form_that_was_not_read_is_refused(void **state)
{
	static const struct split_form wrong[] = { { 1, 2 }, { 0, 0 },
	    { 3, 2 }, { 2, 17 }, { -1, 2 }, { 2, -1 } };
	struct seed seed = seed_known();
	struct share shares[SHARES_MAX];
	struct fail fail = { 0 };
	char want[64];

	(void)state;
	for (size_t n = 0; n < COUNT(wrong); n++) {
		snprintf(want, sizeof(want),
		    "split: want 2 <= K <= N <= 16, have %d/%d",
		    wrong[n].threshold, wrong[n].count);
		want_fail(share_split(&seed, &wrong[n], shares, &fail), &fail,
		    FAIL_INPUT, want);
	}
}

static void
seeds_are_drawn(void **state)
{
	struct seed seed, other;
	struct fail fail = { 0 };

	(void)state;
	draw = DRAW_COUNTS;
	draw_next = 0x1f;
	want_pass(seed_draw(&seed, &fail), &fail);
	other = seed_known();
	want_seed(&seed, &other);
	draw = DRAW_REAL;
	want_pass(seed_draw(&seed, &fail), &fail);
	want_pass(seed_draw(&other, &fail), &fail);
	assert_memory_not_equal(&seed, &other, sizeof(seed));
}

static void
no_random_numbers_is_no_seed(void **state)
{
	struct seed seed = seed_known(), same = seed_known();
	struct fail fail = { 0 };

	(void)state;
	draw = DRAW_FAILS;
	want_fail(seed_draw(&seed, &fail), &fail, FAIL_SYSTEM,
	    "no random numbers");
	want_seed(&seed, &same);
}

/*
 * openssl kdf -binary -keylen 20 -kdfopt digest:SHA256 -kdfopt \
 *     hexkey:202122…33 -kdfopt info:"anchorite SO PIN 1" HKDF | base32
 */
static void
pins_follow_from_the_seed(void **state)
{
	struct seed seed = seed_known();
	struct token_pins pins;
	struct fail fail = { 0 };

	(void)state;
	want_pass(seed_pins(&seed, &pins, &fail), &fail);
	assert_string_equal(pins.so.data, "6pejaqlpdr6qh7pvyxudcx3gokfapr6s");
	assert_int_equal(pins.so.len, 32);
	assert_string_equal(pins.user.data,
	    "uler6cjwv3fjdy3md335trtbvuysmldh");
	assert_int_equal(pins.user.len, 32);
	seed.octets[SEED_LEN - 1] ^= 1;
	want_pass(seed_pins(&seed, &pins, &fail), &fail);
	assert_string_not_equal(pins.so.data,
	    "6pejaqlpdr6qh7pvyxudcx3gokfapr6s");
}

static void
no_hkdf_is_no_pins(void **state)
{
	struct seed seed = seed_known();
	struct token_pins pins = { .so.len = 7, .user.len = 8 };
	struct fail fail = { 0 };

	(void)state;
	kdf_fails = true;
	want_fail(seed_pins(&seed, &pins, &fail), &fail, FAIL_SYSTEM,
	    "PINs: HKDF-SHA256");
	assert_int_equal(pins.so.len, 7);
	assert_int_equal(pins.user.len, 8);
}

static void
a_split_is_as_computed(void **state)
{
	struct seed seed = seed_known();
	struct share shares[SHARES_MAX];

	(void)state;
	draw = DRAW_COUNTS;
	draw_next = 0;
	split(&seed, 3, 5, shares);
	for (size_t n = 0; n < COUNT(known_shares); n++) {
		assert_int_equal(shares[n].index, known_shares[n].index);
		assert_memory_equal(shares[n].octets, known_shares[n].octets,
		    SEED_LEN);
	}
}

static void
known_shares_combine(void **state)
{
	struct seed seed = seed_known(), again;
	struct share backwards[COUNT(known_shares)];

	(void)state;
	for (size_t n = 0; n < COUNT(backwards); n++)
		backwards[n] = known_shares[COUNT(backwards) - 1 - n];
	for (size_t first = 0; first < 3; first++)
		for (size_t count = 3; first + count <= 5; count++) {
			again = combine(known_shares + first, count);
			want_seed(&again, &seed);
			again = combine(backwards + first, count);
			want_seed(&again, &seed);
		}
}

/* Every choice of the shares: from k on they give the seed, below never. */
static void
want_choices(const struct seed *seed, const struct share *shares,
    int threshold, int count)
{
	struct share chosen[SHARES_MAX];
	struct seed again;

	for (unsigned choice = 1; choice < 1u << count; choice++) {
		size_t have = 0;

		for (int n = 0; n < count; n++)
			if ((choice & 1u << n) != 0)
				chosen[have++] = shares[n];
		again = combine(chosen, have);
		assert_int_equal(memcmp(&again, seed, sizeof(again)) == 0,
		    have >= (size_t)threshold);
	}
}

static void
every_choice_of_k_opens(void **state)
{
	static const struct split_form forms[] = { { 2, 2 }, { 2, 3 },
	    { 2, 4 }, { 3, 3 }, { 3, 5 }, { 4, 7 }, { 5, 8 }, { 2, 12 },
	    { 16, 16 } };
	struct seed seeds[3] = { seed_known() };
	struct fail fail = { 0 };

	(void)state;
	/* A known one, one of noughts, and any. */
	memset(&seeds[1], 0, sizeof(seeds[1]));
	want_pass(seed_draw(&seeds[2], &fail), &fail);
	for (size_t n = 0; n < COUNT(forms) * COUNT(seeds); n++) {
		const struct seed *seed = &seeds[n / COUNT(forms)];
		const struct split_form *form = &forms[n % COUNT(forms)];
		struct share shares[SHARES_MAX];

		split(seed, form->threshold, form->count, shares);
		for (int i = 0; i < form->count; i++)
			assert_int_equal(shares[i].index, i + 1);
		want_choices(seed, shares, form->threshold, form->count);
	}
}

static void
a_split_touches_no_more_than_n(void **state)
{
	struct seed seed = seed_known();
	struct share shares[SHARES_MAX], before[SHARES_MAX];

	(void)state;
	memset(shares, 0x77, sizeof(shares));
	memcpy(before, shares, sizeof(before));
	split(&seed, 2, 3, shares);
	assert_memory_equal(shares + 3, before + 3, 13 * sizeof(*shares));
}

static void
the_largest_split_is_made(void **state)
{
	struct seed seed = seed_known(), again;
	struct share shares[SHARES_MAX];

	(void)state;
	split(&seed, 8, 16, shares);
	again = combine(shares + 8, 8);
	want_seed(&again, &seed);
}

/*
 * With k - 1 shares held, every value of the missing one gives another
 * secret, and so every secret: one is as likely as the other.
 */
static void
too_few_shares_say_nothing(void **state)
{
	struct seed seed = seed_known(), guess;
	struct share shares[SHARES_MAX];

	(void)state;
	for (int threshold = 2; threshold <= 4; threshold++) {
		bool is_possible[256] = { false };

		split(&seed, threshold, 4, shares);
		for (int value = 0; value < 256; value++) {
			shares[threshold - 1].octets[0] = (uint8_t)value;
			guess = combine(shares, (size_t)threshold);
			is_possible[guess.octets[0]] = true;
		}
		for (int value = 0; value < 256; value++)
			assert_true(is_possible[value]);
	}
}

/* And a share of one seed is any: 2^14 splits leave out none of 256. */
static void
one_share_is_any(void **state)
{
	struct seed seed = seed_known();
	bool is_seen[2][SEED_LEN][256] = { { { false } } };
	struct share shares[SHARES_MAX];

	(void)state;
	for (int n = 0; n < 1 << 14; n++) {
		split(&seed, 2, 2, shares);
		for (int i = 0; i < 2 * SEED_LEN; i++)
			is_seen[i % 2][i / 2][shares[i % 2].octets[i / 2]] =
			    true;
	}
	for (size_t n = 0; n < sizeof(is_seen); n++)
		assert_true((&is_seen[0][0][0])[n]);
}

static void
a_wrong_share_gives_another_seed(void **state)
{
	struct seed seed = seed_known(), again;
	struct share shares[SHARES_MAX];

	(void)state;
	for (int bit = 0; bit < 8 * SEED_LEN; bit++) {
		memcpy(shares, known_shares, sizeof(known_shares));
		shares[1].octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		again = combine(shares, 3);
		assert_memory_not_equal(&again, &seed, sizeof(seed));
	}
	memcpy(shares, known_shares, sizeof(known_shares));
	shares[1].index = 6;
	again = combine(shares, 3);
	assert_memory_not_equal(&again, &seed, sizeof(seed));
}

static void
shares_are_refused(void **state)
{
	struct share shares[SHARES_MAX + 1];
	struct seed seed = seed_known(), same = seed_known();
	struct fail fail = { 0 };

	(void)state;
	want_fail(share_combine(known_shares, 0, &seed, &fail), &fail,
	    FAIL_INPUT, "no shares to combine");
	memcpy(shares, known_shares, sizeof(known_shares));
	shares[2].index = 1;
	want_fail(share_combine(shares, 3, &seed, &fail), &fail, FAIL_INPUT,
	    "share 1 is there twice");
	shares[2].index = 0;
	want_fail(share_combine(shares, 3, &seed, &fail), &fail, FAIL_INPUT,
	    "share number: want 1 to 16, have 0");
	shares[2].index = 17;
	want_fail(share_combine(shares, 3, &seed, &fail), &fail, FAIL_INPUT,
	    "share number: want 1 to 16, have 17");
	shares[2].index = 255;
	want_fail(share_combine(shares, 3, &seed, &fail), &fail, FAIL_INPUT,
	    "share number: want 1 to 16, have 255");
	/* More than there can be: one of them is there twice. */
	for (uint8_t n = 0; n < SHARES_MAX + 1; n++)
		shares[n] = (struct share){ .index = (uint8_t)(n % 16 + 1) };
	want_fail(share_combine(shares, SHARES_MAX + 1, &seed, &fail), &fail,
	    FAIL_INPUT, "share 1 is there twice");
	want_seed(&seed, &same);
}

/* Whichever share came out wrong, some choice of k has it. */
static void
a_split_that_does_not_combine_is_refused(void **state)
{
	static const struct split_form form = { 3, 5 };
	struct seed seed = seed_known();
	struct share shares[SHARES_MAX] = { { 0, { 0 } } };
	static const struct share none[SHARES_MAX];
	struct fail fail = { 0 };

	(void)state;
	for (wrong_share = 0; wrong_share < form.count; wrong_share++)
		want_fail(share_split(&seed, &form, shares, &fail), &fail,
		    FAIL_SYSTEM, "3 shares do not combine to what was split");
	assert_memory_equal(shares, none, sizeof(none));
	want_pass(share_split(&seed, &form, shares, &fail), &fail);
}

static void
no_memory_for_libgfshare_is_a_failure(void **state)
{
	static const struct split_form form = { 2, 3 };
	struct seed seed = seed_known();
	struct share shares[SHARES_MAX];
	struct fail fail = { 0 };

	(void)state;
	no_context = true;
	want_fail(share_split(&seed, &form, shares, &fail), &fail,
	    FAIL_SYSTEM, "shares: Cannot allocate memory");
	want_fail(share_combine(known_shares, 3, &seed, &fail), &fail,
	    FAIL_SYSTEM, "shares: Cannot allocate memory");
}

static void
splits_without_random_numbers(void)
{
	static const struct split_form form = { 2, 3 };
	struct seed seed = seed_known();
	struct share shares[SHARES_MAX];
	struct fail fail = { 0 };

	draw = DRAW_FAILS;
	if (share_split(&seed, &form, shares, &fail) == -1)
		_exit(1);
}

static void
no_random_numbers_end_a_split(void **state)
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &none);
		splits_without_random_numbers();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* (printf 'anchorite share 1\n\002'; printf '\016\005…') | sha256sum */
static void
a_share_is_known_by_its_digest(void **state)
{
	struct digest digest, other;
	struct share share = known_shares[1];
	char hex[DIGEST_HEX_SIZE];

	(void)state;
	share_digest(&share, &digest);
	digest_hex(&digest, hex);
	assert_string_equal(hex, "601c479f8d5a9dde9587248a448eaba1"
	    "1e380809c985a8d3642b26b9bcaaa423");
	share.index = 3;
	share_digest(&share, &other);
	assert_false(digest_is_equal(&digest, &other));
	share = known_shares[1];
	share.octets[SEED_LEN - 1] ^= 1;
	share_digest(&share, &other);
	assert_false(digest_is_equal(&digest, &other));
}

static void
a_share_goes_both_ways(void **state)
{
	struct secret content = { .len = 0 };
	struct share share = { .index = 9 };
	struct fail fail = { 0 };

	(void)state;
	memset(content.data, 0x77, sizeof(content.data));
	share_write(&known_shares[3], &content);
	assert_int_equal(content.len, 21);
	assert_int_equal(content.data[0], 4);
	assert_memory_equal(content.data + 1, known_shares[3].octets,
	    SEED_LEN);
	assert_int_equal(content.data[21], 0);
	want_pass(share_read(&content, &share, &fail), &fail);
	assert_memory_equal(&share, &known_shares[3], sizeof(share));
}

static void
content_that_is_no_share_is_refused(void **state)
{
	static const size_t lengths[] = { 0, 1, 20, 22, SECRET_MAX };
	static const uint8_t numbers[] = { 0, 17, 255 };
	struct secret content = { .data = { 1 } };
	struct share share = known_shares[0];
	struct fail fail = { 0 };
	char want[64];

	(void)state;
	for (size_t n = 0; n < COUNT(lengths); n++) {
		content.len = lengths[n];
		snprintf(want, sizeof(want),
		    "share: want 21 octets, have %zu", lengths[n]);
		want_fail(share_read(&content, &share, &fail), &fail,
		    FAIL_INPUT, want);
	}
	content.len = 21;
	for (size_t n = 0; n < COUNT(numbers); n++) {
		content.data[0] = numbers[n];
		snprintf(want, sizeof(want),
		    "share number: want 1 to 16, have %u",
		    (unsigned)numbers[n]);
		want_fail(share_read(&content, &share, &fail), &fail,
		    FAIL_INPUT, want);
	}
	assert_memory_equal(&share, &known_shares[0], sizeof(share));
	content.data[0] = 16;
	want_pass(share_read(&content, &share, &fail), &fail);
	assert_int_equal(share.index, 16);
}

static void
releasing_wipes(void **state)
{
	static const struct token_pins nothing;
	struct seed seed = seed_known();
	struct share share = known_shares[0];
	struct token_pins pins;

	(void)state;
	memset(&pins, 0x77, sizeof(pins));
	seed_release(&seed);
	share_release(&share);
	token_pins_release(&pins);
	assert_memory_equal(&seed, &nothing, sizeof(seed));
	assert_memory_equal(&share, &nothing, sizeof(share));
	assert_memory_equal(&pins, &nothing, sizeof(pins));
}

/* libgfshare and OpenSSL keep nothing of what they were lent. */
static void
nothing_stays_on_the_heap(void **state)
{
	struct share shares[SHARES_MAX];
	struct token_pins pins;
	struct digest digest;
	struct seed seed;
	struct fail fail = { 0 };
	char *copy;

	(void)state;
	if (UNDER_SANITISER)
		return;
	want_pass(seed_draw(&seed, &fail), &fail);
	split(&seed, 3, 5, shares);
	seed = combine(shares + 1, 3);
	want_pass(seed_pins(&seed, &pins, &fail), &fail);
	for (int n = 0; n < 5; n++) {
		share_digest(&shares[n], &digest);
		assert_false(heap_has(shares[n].octets, SEED_LEN));
	}
	assert_false(heap_has(seed.octets, SEED_LEN));
	assert_false(heap_has(pins.so.data, pins.so.len));
	assert_false(heap_has(pins.user.data, pins.user.len));
	/* What does stay is found. */
	copy = mem_new(HEAP_NOTES + SEED_LEN, 1);
	memcpy(copy + HEAP_NOTES, seed.octets, SEED_LEN);
	auto_free(&copy);
	assert_true(heap_has(seed.octets, SEED_LEN));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, all_real, all_real)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_default_source_is_this_programs),
		TEST(the_default_source_is_never_asked),
		TEST(forms_are_read),
		TEST(forms_are_refused),
		TEST(a_form_that_was_not_read_is_refused),
		TEST(seeds_are_drawn),
		TEST(no_random_numbers_is_no_seed),
		TEST(pins_follow_from_the_seed),
		TEST(no_hkdf_is_no_pins),
		TEST(a_split_is_as_computed),
		TEST(known_shares_combine),
		TEST(every_choice_of_k_opens),
		TEST(a_split_touches_no_more_than_n),
		TEST(the_largest_split_is_made),
		TEST(too_few_shares_say_nothing),
		TEST(one_share_is_any),
		TEST(a_wrong_share_gives_another_seed),
		TEST(shares_are_refused),
		TEST(a_split_that_does_not_combine_is_refused),
		TEST(no_memory_for_libgfshare_is_a_failure),
		TEST(no_random_numbers_end_a_split),
		TEST(a_share_is_known_by_its_digest),
		TEST(a_share_goes_both_ways),
		TEST(content_that_is_no_share_is_refused),
		TEST(releasing_wipes),
		TEST(nothing_stays_on_the_heap),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
