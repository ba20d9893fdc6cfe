/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CUSTODY_SHARE_H
#define ANCHORITE_CUSTODY_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>
#include <anchorite/token/token.h>

/*
 * Both PINs of a token follow from one random seed, and the seed is split k
 * of n by Shamir's scheme over GF(2^8) (libgfshare; its random numbers are
 * OpenSSL's here, never random(3)). Nobody ever sees the seed or a PIN.
 */
#define SEED_LEN   20		/* 160 bits */
#define SHARES_MAX 16

struct seed {
	uint8_t octets[SEED_LEN];
};

struct share {
	uint8_t index;			/* 1 … n; 0: none */
	uint8_t octets[SEED_LEN];
};

/* How a PIN is split, without any share. */
struct split_form {
	int threshold;			/* k */
	int count;			/* n */
};

/* "2/4": 2 <= k <= n <= SHARES_MAX. FAIL_USAGE "want K/N with 2 <= K <= N
 * <= 16, have 5/4". */
MUST_USE int split_form_read(const char *text, struct split_form *out,
    struct fail *fail);

/* A fresh seed from OpenSSL's private generator. FAIL_SYSTEM. */
MUST_USE int seed_draw(struct seed *out, struct fail *fail);

/*
 * The PINs that follow from a seed, by HKDF-SHA256 (RFC 5869) with the infos
 * "anchorite SO PIN 1" and "anchorite user PIN 1": 32 characters of
 * a-z and 2-7 each (160 bits). FAIL_SYSTEM.
 */
MUST_USE int seed_pins(const struct seed *seed, struct token_pins *out,
    struct fail *fail);

/* Splits into form->count shares, numbered from 1, and combines every
 * choice of k of them again: each must give the seed. FAIL_SYSTEM;
 * FAIL_INPUT where the form is not as split_form_read takes it. Where
 * OpenSSL has no random numbers, the process ends: libgfshare, which asks
 * for them, cannot be told. */
MUST_USE int share_split(const struct seed *seed,
    const struct split_form *form, struct share out[SHARES_MAX],
    struct fail *fail);

/* Combines `count` shares with different indexes; more than the threshold
 * give the same. What comes of too few, or of a wrong one, is any seed.
 * FAIL_INPUT: "no shares to combine", "share 3 is there twice", "share
 * number: want 1 to 16, have 0". */
MUST_USE int share_combine(const struct share *shares, size_t count,
    struct seed *out, struct fail *fail);

/* By which a share is known: SHA-256 of "anchorite share 1\n", index,
 * octets. */
void share_digest(const struct share *share, struct digest *out);

/* As it travels in an envelope: 21 octets, index first; into a secret. */
void share_write(const struct share *share, struct secret *out);
/* FAIL_INPUT: "share: want 21 octets, have 20", "share number: …". */
MUST_USE int share_read(const struct secret *content, struct share *out,
    struct fail *fail);

/* For AUTO: they wipe. */
void seed_release(struct seed *seed);
void share_release(struct share *share);
void token_pins_release(struct token_pins *pins);

#endif
