/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_WORDS_H
#define ANCHORITE_BASE_WORDS_H

#include <stddef.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * Octets as words that people read aloud and type back: the PGP word list
 * (Juola and Zimmermann, 1995), an octet a word, words of two syllables at
 * even places (from 0) and of three at odd ones, so that a word left out,
 * doubled, or exchanged with its neighbour shows. Two octets of SHA-256
 * over the others are added as the last two words, so that what is left of
 * slips shows too.
 */
#define WORDS_CHECK 2

/* Appends len + 2 words, one space between; lower case. */
void words_write(struct bytes octets, struct buf *out);

/*
 * Reads exactly `len` octets' words; any case, any white space between.
 * FAIL_INPUT "want 18 words, have 17", "word 7: no word \"snapshod\"; is
 * snapshot meant?", "word 7: revenge stands at the wrong place: a word is
 * missing, doubled, or exchanged", "one of the words is another"; where the
 * number is wrong and a word, too: "want 18 words, have 17: word 7: …".
 */
MUST_USE int words_read(const char *text, size_t len, uint8_t *out,
    struct fail *fail);

#endif
