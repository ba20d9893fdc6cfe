/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/bn.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/weak.h>

static void
number_release(BIGNUM **number)
{
	BN_free(*number);
}

#define NUMBER AUTO(number_release) BIGNUM *

static BIGNUM *
new_prime(int bits)
{
	BIGNUM *prime = BN_new();

	assert_int_equal(BN_generate_prime_ex(prime, bits, 0, NULL, NULL,
	    NULL), 1);
	return prime;
}

static BIGNUM *
product_of(const BIGNUM *a, const BIGNUM *b)
{
	BIGNUM *product = BN_new();
	BN_CTX *numbers = BN_CTX_new();

	assert_int_equal(BN_mul(product, a, b, numbers), 1);
	BN_CTX_free(numbers);
	return product;
}

/* The first prime above, or behind `step` odd numbers. */
static BIGNUM *
next_prime(const BIGNUM *from, unsigned step)
{
	BIGNUM *prime = BN_dup(from);
	BN_CTX *numbers = BN_CTX_new();

	assert_int_equal(BN_add_word(prime, 2 * (BN_ULONG)step), 1);
	do
		assert_int_equal(BN_add_word(prime, 2), 1);
	while (BN_check_prime(prime, numbers, NULL) != 1);
	BN_CTX_free(numbers);
	return prime;
}

/* k*M + (65537^a mod M), until it is a prime. */
static BIGNUM *
new_roca_prime(int bits)
{
	BN_CTX *numbers = BN_CTX_new();
	NUMBER product = BN_new();
	NUMBER k = BN_new();
	NUMBER a = BN_new();
	NUMBER generator = BN_new();
	BIGNUM *prime = BN_new();
	unsigned n, m;

	BN_one(product);
	BN_set_word(generator, 65537);
	for (n = 2; n <= 167; n++) {
		for (m = 2; n % m != 0; m++)
			;
		if (m == n)
			BN_mul_word(product, n);
	}
	do {
		BN_rand(k, bits - BN_num_bits(product), BN_RAND_TOP_ANY, 0);
		BN_rand(a, 62, BN_RAND_TOP_ANY, 0);
		BN_mod_exp(prime, generator, a, product, numbers);
		BN_mul(k, k, product, numbers);
		BN_add(prime, prime, k);
	} while (BN_check_prime(prime, numbers, NULL) != 1);
	BN_CTX_free(numbers);
	return prime;
}

static void
small_factors_are_found(void **state)
{
	static const unsigned factors[] = { 3, 5, 7, 619, 743, 751 };
	NUMBER prime = new_prime(1024);

	(void)state;
	assert_int_equal(weak_small_factor(prime, WEAK_FACTOR_MAX), 0);
	for (size_t n = 0; n < COUNT(factors); n++) {
		NUMBER modulus = BN_dup(prime);

		BN_mul_word(modulus, factors[n]);
		assert_int_equal(weak_small_factor(modulus,
		    WEAK_FACTOR_MAX), factors[n]);
		assert_int_equal(weak_small_factor(modulus, factors[n] - 1),
		    0);
		/* The smaller of two. */
		BN_mul_word(modulus, 757);
		assert_int_equal(weak_small_factor(modulus, 800), factors[n]);
	}
}

static void
roca_is_recognised(void **state)
{
	NUMBER p = new_roca_prime(512);
	NUMBER q = new_roca_prime(512);
	NUMBER honest = new_prime(512);
	NUMBER both = product_of(p, q);
	NUMBER one = product_of(p, honest);

	(void)state;
	assert_true(weak_is_roca(both));
	assert_true(weak_is_roca(p));
	assert_false(weak_is_roca(honest));
	assert_false(weak_is_roca(one));
}

/* Powers of 65537 modulo each prime, but with no exponent in common. */
static void
residues_alone_are_not_roca(void **state)
{
	NUMBER number = BN_new();
	NUMBER step = BN_new();
	int found = 0;

	(void)state;
	/* 1 modulo every prime but 11, and -1 there: a power each time, but
	 * of an even and of an odd exponent. */
	BN_one(step);
	for (unsigned n = 2; n <= 167; n++) {
		unsigned m;

		for (m = 2; n % m != 0; m++)
			;
		if (m == n && n != 11)
			BN_mul_word(step, n);
	}
	BN_one(number);
	assert_true(weak_is_roca(number));
	for (int n = 0; n < 11; n++) {
		BN_add(number, number, step);
		if (BN_mod_word(number, 11) != 10)
			continue;
		assert_false(weak_is_roca(number));
		found++;
	}
	assert_int_equal(found, 1);
}

static void
close_primes_are_found(void **state)
{
	NUMBER p = new_prime(512);
	NUMBER next = next_prime(p, 0);
	NUMBER other = new_prime(512);
	NUMBER square = product_of(p, p);
	NUMBER close = product_of(p, next);
	NUMBER far = product_of(p, other);

	(void)state;
	assert_true(weak_is_fermat(square, 1));
	assert_true(weak_is_fermat(close, WEAK_FERMAT_ROUNDS));
	assert_false(weak_is_fermat(far, WEAK_FERMAT_ROUNDS));
}

/* 15 = 4^2 - 1^2: the first round; 59 * 101 = 80^2 - 21^2, and 78 is the root
 * of it: the third. */
static void
rounds_are_counted(void **state)
{
	static const struct {
		BN_ULONG number;
		int round;
	} rows[] = {
		{ 15, 1 }, { 49, 1 }, { 5959, 3 }, { 101 * 199, 9 },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		NUMBER number = BN_new();

		BN_set_word(number, rows[n].number);
		assert_true(weak_is_fermat(number, rows[n].round));
		assert_false(weak_is_fermat(number, rows[n].round - 1));
	}
}

static void
common_factors_are_found(void **state)
{
	NUMBER p = new_prime(256);
	NUMBER q = new_prime(256);
	NUMBER r = new_prime(256);
	NUMBER s = new_prime(512);
	NUMBER pq = product_of(p, q);
	NUMBER pr = product_of(p, r);
	NUMBER qr = product_of(q, r);
	NUMBER rs = product_of(r, s);
	const BIGNUM *const others[] = { s, rs, qr, pr, pq };

	(void)state;
	assert_int_equal(weak_shares(pq, others, 0), 0);
	assert_int_equal(weak_shares(pq, others, 2), 2);	/* none */
	assert_int_equal(weak_shares(pq, others, 3), 2);
	assert_int_equal(weak_shares(pr, others, 1), 1);
	assert_int_equal(weak_shares(pr, others, 5), 1);	/* a larger */
	assert_int_equal(weak_shares(s, others, 1), 0);		/* itself */
	/* Both factors, each in another: the product is 0. */
	assert_int_equal(weak_shares(pq, others + 2, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_factors_are_found),
		cmocka_unit_test(roca_is_recognised),
		cmocka_unit_test(residues_alone_are_not_roca),
		cmocka_unit_test(close_primes_are_found),
		cmocka_unit_test(rounds_are_counted),
		cmocka_unit_test(common_factors_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
