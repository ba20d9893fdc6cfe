/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_ANCHOR_H
#define ANCHORITE_CA_ANCHOR_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/journal.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/token/session.h>

/*
 * The anchor: what keeps the journal from being replaced by an older one, or
 * by a fork, which by themselves are sound. After each seal the newest head
 * is kept in the token too (datum.h), as canonical JSON,
 *
 *	{"digest":"…","seq":14,"time":"2026-11-21T06:50:48Z"}
 *
 * under the name "NAME anchor ID", ID being the journal key's in hex; before
 * the first record it holds record 0, digest zero. On paper it is the first
 * 16 octets of the digest as words (base/words.h).
 *
 * A journal that goes on behind its anchor is fine: a crash, or a refusal,
 * comes between a record and the next anchor.
 */
#define ANCHOR_PAPER_LEN 16

/* Appends the name under which the token keeps it. */
void anchor_name(const struct ledger *ledger, struct buf *out);

/*
 * Holds the journal against every head that the token keeps. FAIL_JOURNAL
 * "anchor: the token knows record 14 (TIME, SHA-256 …); the journal ends at
 * record 10 (…): it is an older copy: look for the newest on the other
 * media", or "it is another one, forked before that".
 * FAIL_TOKEN where the policy wants one in the token and there is none that
 * can be read: another token, or it was taken out.
 */
MUST_USE int anchor_check(const struct ledger *ledger,
    const struct journal *journal, struct session *session,
    struct fail *fail);

/* Before the first record, which names them, there is: record 0 is put into
 * the token, so that from then on an anchor that is not there is missing. */
MUST_USE int anchor_begin(const char *name, struct bytes journal_key_id,
    struct session *session, struct fail *fail);
/* Takes it out again, as far as possible, where init did not begin. */
void anchor_abandon(const char *name, struct bytes journal_key_id,
    struct session *session);

/* The newest head that the token keeps; *has_out: is there any? */
MUST_USE int anchor_newest(const struct ledger *ledger,
    struct session *session, struct journal_head *out, bool *has_out,
    struct fail *fail);

/* Puts a head into the token in place of all that it has. */
MUST_USE int anchor_store(const struct ledger *ledger,
    const struct journal_head *head, struct session *session,
    struct fail *fail);

/* Appends what stands in the token, for a record: a list of the values that
 * can be read. The caller owns it. */
MUST_USE int anchor_list(const struct ledger *ledger,
    struct session *session, struct json **out, struct fail *fail);

/* Appends the head as words, and as the text of the QR code:
 * "anchorite head NAME SEQ DIGEST". */
void anchor_words(const struct journal_head *head, struct buf *out);
void anchor_text(const char *name, const struct journal_head *head,
    struct buf *out);

/*
 * Finds the record that a paper names, in words or as the text of the code.
 * FAIL_INPUT for a slip (words_read); FAIL_JOURNAL "paper: no record of this
 * journal has this head: the journal is older than the paper, or was
 * forked".
 */
MUST_USE int anchor_find_paper(const struct journal *journal,
    const char *text, int64_t *seq_out, struct fail *fail);

#endif
