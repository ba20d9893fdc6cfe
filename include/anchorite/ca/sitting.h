/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_SITTING_H
#define ANCHORITE_CA_SITTING_H

#include <stdint.h>

#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>

/*
 * A sitting: the time that a team spends at one machine, from a first
 * command on. On an offline machine the time is a claim: at the beginning of
 * a sitting the clock is shown and confirmed, somebody may vouch for it, and
 * the paper with the last head is asked for where the policy wants one. The
 * first record of a sitting says so in its data:
 *
 *	"sitting":{"boot":"…","clock":"confirmed","paper":14,
 *	"witness":"…"}
 *
 * paper (the record that it named) and witness only where there are any. A
 * sitting ends when the
 * machine is started anew, and four hours after its last record.
 */
#define SITTING_IDLE  (INT64_C(4) * 3600)
#define SITTING_BOOT  36		/* characters of a boot's UUID */
#define SITTING_WORDS 100		/* characters of a name, a ticket */

/* On whose word the time rests. */
enum clock_word {
	CLOCK_CONFIRMED,	/* the clock's, shown and confirmed */
	CLOCK_GIVEN,		/* the operator's: --time */
	CLOCK_UNASKED,		/* the clock's, nobody asked: --yes */
};

struct sitting {
	const char *boot;		/* lent, as the rest */
	enum clock_word clock;
	const char *witness;		/* NULL: nobody vouched */
	int64_t paper;			/* the record on it; 0: none asked */
};

/* `witness` as it is to stand in the record (private.h); or NULL. The
 * caller owns it. */
struct json *sitting_json(const struct sitting *sitting,
    const char *witness);

/* Judges what a record says of a sitting; its texts are lent. FAIL_INPUT. */
MUST_USE int sitting_read(const struct json *json, struct sitting *out,
    struct fail *fail);

/* FAIL_REFUSED "clock: it is X, this program was released Y": no clock is
 * believed that is before that. */
MUST_USE int clock_check(int64_t now, struct fail *fail);

#endif
