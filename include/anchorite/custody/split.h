/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CUSTODY_SPLIT_H
#define ANCHORITE_CUSTODY_SPLIT_H

#include <anchorite/base/json.h>
#include <anchorite/custody/credential.h>
#include <anchorite/custody/roster.h>
#include <anchorite/custody/share.h>

/*
 * A split of the token's PINs, without any secret: who holds which share,
 * in which envelope. As it stands in a record, and in split.json beside the
 * envelopes that `token init --split` writes:
 *
 *	{"count":4,"shares":[{"certificate":…,"custodian":"alice",
 *	"envelope":…,"share":…},…],"sheets":true,"split":"…",
 *	"threshold":2}
 *
 * certificate, envelope, share: SHA-256 of the custodian's certificate, of
 * the CMS EnvelopedData to it, and of the share (share_digest), by which a
 * wrong one is known; sheets: were they printed and typed back too? Share i
 * is that of line i.
 */
#define SPLIT_ID_SIZE 17

struct split_line {
	char custodian[65];
	struct digest certificate, envelope, share;
};

struct split {
	char id[SPLIT_ID_SIZE];		/* 16 hex digits; "": none */
	struct split_form form;
	bool has_sheets;
	struct split_line lines[SHARES_MAX];
};

/* FAIL_INPUT. */
MUST_USE int split_read(const struct json *json, struct split *out,
    struct fail *fail);
/* The caller owns it. */
struct json *split_json(const struct split *split);

/* A split that was just made: with the secrets and the envelopes. */
struct new_split {
	struct split split;
	struct token_pins pins;
	struct share shares[SHARES_MAX];
	struct buf envelopes[SHARES_MAX];
};

/*
 * Draws a seed, splits it among the custodians with the role share, in the
 * roster's order, tries every combination, and seals each share to its
 * custodian's certificate. FAIL_REFUSED where they are not form->count.
 */
MUST_USE int split_make(const struct roster *roster,
    struct cert *const *certificates, const struct split_form *form,
    struct new_split *out, struct fail *fail);
void new_split_release(struct new_split *split);

/*
 * Are the holders of shares the roster's custodians with the role share, in
 * its order? FAIL_REFUSED "custodian dave: has the role share, and no share
 * of the split: the PIN must be split anew".
 */
MUST_USE int split_check_holders(const struct split *split,
    const struct roster *roster, struct fail *fail);

/* The line of the custodian with this certificate, or -1. */
int split_find(const struct split *split, const struct digest *certificate);
int split_find_name(const struct split *split, const char *custodian);

/*
 * Is this the share of that line? FAIL_REFUSED "share of alice: is not the
 * one that was split (damaged, or exchanged)".
 */
MUST_USE int split_check_share(const struct split *split, int line,
    const struct share *share, struct fail *fail);

/* Opens the envelope of a line with the custodian's credential. */
MUST_USE int split_open_share(const struct split *split, int line,
    struct bytes envelope, struct credential *credential,
    struct share *out, struct fail *fail);

/*
 * The PINs, from shares of different lines that were checked. FAIL_REFUSED
 * "the token opens with 2 shares, has 1".
 */
MUST_USE int split_unlock(const struct split *split,
    const struct share *shares, size_t count, struct token_pins *out,
    struct fail *fail);

#endif
