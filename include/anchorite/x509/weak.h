/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_WEAK_H
#define ANCHORITE_X509_WEAK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

/*
 * Number tests on an RSA modulus: what is known to make it easy to factor.
 * The modulus is odd and positive. Nothing here is secret, so no time is
 * kept constant. Where there is no memory the process ends, as in mem_new.
 */

/* What BR 6.1.6 asks for (after NIST SP 800-89, 5.3.3). */
#define WEAK_FACTOR_MAX 751
/* BR 6.1.1.3(5). */
#define WEAK_FERMAT_ROUNDS 100

/* The smallest prime factor up to `max`, or 0. */
unsigned weak_small_factor(const BIGNUM *modulus, unsigned max);

/*
 * Is it a key of Infineon's RSALib (CVE-2017-15361)? Its primes are k*M +
 * (65537^a mod M), M being the product of the first primes; so the modulus is
 * a power of 65537 modulo each of these, with one exponent for all of them
 * (Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack,
 * CCS 2017, section 2). We look at the primes up to 167, which M has for all
 * sizes of keys: another key passes for one in 2^154 times.
 */
bool weak_is_roca(const BIGNUM *modulus);

/*
 * Are the two primes close to each other? Fermat's method: from the root of
 * the modulus on, is there an a, within so many rounds, for which a^2 -
 * modulus is a square (also 0: then the modulus is one itself)?
 */
bool weak_is_fermat(const BIGNUM *modulus, int rounds);

/*
 * The first of other moduli with a factor in common with this one (an equal
 * one is that, too), or `count`. Their product modulo this one, then one
 * greatest common divisor: a microsecond for each.
 */
size_t weak_shares(const BIGNUM *modulus, const BIGNUM *const *others,
    size_t count);

#endif
