/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/weak.h>

#include <stdint.h>
#include <stdlib.h>

#include <openssl/bn.h>

#include <anchorite/base/auto.h>

/* Of sound numbers OpenSSL asks nothing but memory. */
static void
must(int good)
{
	if (good != 1)
		abort();
}

/* The numbers of one test, freed together. */
static void
free_numbers(BN_CTX **numbers)
{
	BN_CTX_end(*numbers);
	BN_CTX_free(*numbers);
}

static BN_CTX *
new_numbers(void)
{
	BN_CTX *numbers = BN_CTX_new();

	must(numbers != NULL);
	BN_CTX_start(numbers);
	return numbers;
}

static BIGNUM *
number_of(BN_CTX *numbers)
{
	BIGNUM *number = BN_CTX_get(numbers);

	must(number != NULL);
	return number;
}

/* The first odd number that divides it is a prime: no table is needed. As
 * many of them as go into one word are tried at once. */
unsigned
weak_small_factor(const BIGNUM *modulus, unsigned max)
{
	for (unsigned n = 3, first = n; n <= max; first = n) {
		BN_ULONG product = 1, rest;

		for (; n <= max && product <= (BN_ULONG)-1 / n; n += 2)
			product *= n;
		rest = BN_mod_word(modulus, product);
		for (; first < n; first += 2)
			if (rest % first == 0)
				return first;
	}
	return 0;
}

/* The primes from 3 to 167: M without 2, for which every odd number is a
 * power of 65537. */
static const unsigned roca_primes[] = {
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67,
	71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
	149, 151, 157, 163, 167,
};

/* A discrete logarithm: the exponent, modulo the order of 65537. */
struct logarithm {
	unsigned exponent, order;
};

/* Base 65537, by counting up; false where there is none. */
static bool
take_logarithm(unsigned number, unsigned prime, struct logarithm *out)
{
	bool found = false;
	unsigned power = 1, n = 0;

	do {
		if (power == number) {
			out->exponent = n;
			found = true;
		}
		power = power * (65537 % prime) % prime;
		n++;
	} while (power != 1);
	out->order = n;
	return found;
}

static unsigned
common_divisor(unsigned a, unsigned b)
{
	while (b != 0) {
		unsigned rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Is there one exponent that is both? (The Chinese remainder theorem.) */
static bool
agree(struct logarithm a, struct logarithm b)
{
	unsigned divisor = common_divisor(a.order, b.order);

	return a.exponent % divisor == b.exponent % divisor;
}

bool
weak_is_roca(const BIGNUM *modulus)
{
	struct logarithm found[COUNT(roca_primes)];

	for (size_t n = 0; n < COUNT(roca_primes); n++) {
		unsigned prime = roca_primes[n];

		if (!take_logarithm((unsigned)BN_mod_word(modulus, prime),
		    prime, &found[n]))
			return false;
		for (size_t before = 0; before < n; before++)
			if (!agree(found[before], found[n]))
				return false;
	}
	return true;
}

/* The greatest number whose square is not above, by Newton's method from
 * above. */
static void
take_root(const BIGNUM *number, BIGNUM *root, BN_CTX *numbers)
{
	BIGNUM *next;

	BN_CTX_start(numbers);
	next = number_of(numbers);
	must(BN_set_word(next, 1));
	must(BN_lshift(next, next, (BN_num_bits(number) + 1) / 2));
	do {
		must(BN_copy(root, next) != NULL);
		must(BN_div(next, NULL, number, root, numbers));
		must(BN_add(next, next, root));
		must(BN_rshift1(next, next));
	} while (BN_cmp(next, root) < 0);
	BN_CTX_end(numbers);
}

/* Squares leave few remainders of 64 and of 63: the rest needs no root. */
static bool
may_be_square(const BIGNUM *number)
{
	static const uint64_t of_64 = UINT64_C(0x0202021202030213);
	static const uint64_t of_63 = UINT64_C(0x0402483012450293);

	return (of_64 >> BN_mod_word(number, 64) & 1) != 0 &&
	    (of_63 >> BN_mod_word(number, 63) & 1) != 0;
}

static bool
is_square(const BIGNUM *number, BN_CTX *numbers)
{
	BIGNUM *root, *square;
	bool result;

	if (BN_is_zero(number))
		return true;
	if (!may_be_square(number))
		return false;
	BN_CTX_start(numbers);
	root = number_of(numbers);
	square = number_of(numbers);
	take_root(number, root, numbers);
	must(BN_sqr(square, root, numbers));
	result = BN_cmp(square, number) == 0;
	BN_CTX_end(numbers);
	return result;
}

bool
weak_is_fermat(const BIGNUM *modulus, int rounds)
{
	AUTO(free_numbers) BN_CTX *numbers = new_numbers();
	BIGNUM *a = number_of(numbers), *rest = number_of(numbers);

	/* a: the root, rounded up. */
	take_root(modulus, a, numbers);
	must(BN_sqr(rest, a, numbers));
	if (BN_cmp(rest, modulus) < 0)
		must(BN_add_word(a, 1));
	for (int n = 0; n < rounds; n++) {
		must(BN_sqr(rest, a, numbers));
		must(BN_sub(rest, rest, modulus));
		if (is_square(rest, numbers))
			return true;
		must(BN_add_word(a, 1));
	}
	return false;
}

/* Euclid's; BN_gcd takes five times as long, for secrets' sake. */
static void
take_divisor(const BIGNUM *a, const BIGNUM *b, BIGNUM *out, BN_CTX *numbers)
{
	BIGNUM *other, *rest;

	BN_CTX_start(numbers);
	other = number_of(numbers);
	rest = number_of(numbers);
	must(BN_copy(out, a) != NULL);
	must(BN_copy(other, b) != NULL);
	while (!BN_is_zero(other)) {
		must(BN_nnmod(rest, out, other, numbers));
		must(BN_copy(out, other) != NULL);
		must(BN_copy(other, rest) != NULL);
	}
	BN_CTX_end(numbers);
}

static bool
is_coprime(const BIGNUM *a, const BIGNUM *b, BN_CTX *numbers)
{
	BIGNUM *divisor;
	bool result;

	BN_CTX_start(numbers);
	divisor = number_of(numbers);
	take_divisor(a, b, divisor, numbers);
	result = BN_is_one(divisor);
	BN_CTX_end(numbers);
	return result;
}

static void
free_montgomery(BN_MONT_CTX **montgomery)
{
	BN_MONT_CTX_free(*montgomery);
}

/* The product of the others modulo this one, but for a power of two, which
 * Montgomery's multiplication leaves and an odd modulus does not mind. */
static void
take_product(const BIGNUM *modulus, const BIGNUM *const *others,
    size_t count, BIGNUM *out, BN_CTX *numbers)
{
	AUTO(free_montgomery) BN_MONT_CTX *montgomery = BN_MONT_CTX_new();
	BIGNUM *factor;

	BN_CTX_start(numbers);
	factor = number_of(numbers);
	must(montgomery != NULL);
	must(BN_MONT_CTX_set(montgomery, modulus, numbers));
	must(BN_set_word(out, 1));
	for (size_t n = 0; n < count; n++) {
		must(BN_nnmod(factor, others[n], modulus, numbers));
		must(BN_mod_mul_montgomery(out, out, factor, montgomery,
		    numbers));
	}
	BN_CTX_end(numbers);
}

size_t
weak_shares(const BIGNUM *modulus, const BIGNUM *const *others,
    size_t count)
{
	AUTO(free_numbers) BN_CTX *numbers = new_numbers();
	BIGNUM *product = number_of(numbers);

	take_product(modulus, others, count, product, numbers);
	if (is_coprime(product, modulus, numbers))
		return count;
	for (size_t n = 0; n < count; n++)
		if (!is_coprime(others[n], modulus, numbers))
			return n;
	return count;
}
