/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/anchor.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/base/words.h>
#include <anchorite/token/datum.h>

#define TEXT_PREFIX "anchorite head "

static void
write_name(const char *name, struct bytes id, struct buf *out)
{
	buf_printf(out, "%s anchor ", name);
	text_hex(out, id);
}

void
anchor_name(const struct ledger *ledger, struct buf *out)
{
	write_name(ledger->name, buf_bytes(&ledger->journal_key.id), out);
}

static int
value_read(struct bytes value, struct journal_head *out, struct fail *fail)
{
	AUTO(json_release) struct json *json = NULL;
	struct journal_head head = { 0 };

	if (json_read(value, &json, fail) == -1 ||
	    json_get_digest(json, "digest", &head.digest, fail) == -1 ||
	    json_get_number(json, "seq", 0, INT64_MAX, &head.seq, fail) ==
		-1 ||
	    json_get_time(json, "time", &head.time, fail) == -1)
		return -1;
	*out = head;
	return 0;
}

/* Which is wrong, the token or the journal, people must find out: both are
 * named. */
static int
fail_other(const struct journal_head *held, const struct journal *journal,
    struct fail *fail)
{
	const struct journal_head *head = journal_head(journal);
	char held_hex[DIGEST_HEX_SIZE], head_hex[DIGEST_HEX_SIZE];
	char held_time[TEXT_TIME_SIZE], head_time[TEXT_TIME_SIZE];

	digest_hex(&held->digest, held_hex);
	digest_hex(&head->digest, head_hex);
	text_time(held->time, held_time);
	text_time(head->time, head_time);
	return fail_with(fail, FAIL_JOURNAL, "anchor: the token knows record "
	    "%lld (%s, SHA-256 %s); the journal ends at record %lld (%s, "
	    "SHA-256 %s): %s 'anchorite anchor accept --help'",
	    (long long)held->seq, held_time, held_hex,
	    (long long)head->seq, head_time, head_hex,
	    held->seq > head->seq ? "it is an older copy: look for the newest "
	    "on the other media; only if there is none," :
	    "it is another one, forked before that; see");
}

struct checking {
	const struct ledger *ledger;
	const struct journal *journal;
	size_t count;			/* of what could be read */
};

/* Each that a crash may have left there must be of this journal. */
static int
check_value(void *context, struct bytes value, struct fail *fail)
{
	struct checking *checking = context;
	const struct journal_head *head = &checking->ledger->head;
	struct journal_head held;
	struct fail ignored = { 0 };
	int64_t seq = 0;

	if (value_read(value, &held, &ignored) == -1)
		return 0;
	checking->count++;
	if (held.seq == head->seq &&
	    digest_is_equal(&held.digest, &head->digest))
		return 0;
	/* Record 0, which is not there, is found as 0. */
	if (journal_find(checking->journal,
	    bytes_of(held.digest.bytes, DIGEST_LEN), &seq, fail) == -1)
		return -1;
	return seq == held.seq ? 0 : fail_other(&held, checking->journal,
	    fail);
}

int
anchor_check(const struct ledger *ledger, const struct journal *journal,
    struct session *session, struct fail *fail)
{
	struct checking checking = { ledger, journal, 0 };
	AUTO(buf_release) struct buf name = { 0 };

	anchor_name(ledger, &name);
	if (datum_each(session, buf_cstr(&name), check_value, &checking,
	    fail) == -1)
		return -1;
	if (checking.count > 0 || !policy_anchors_token(ledger->policy))
		return 0;
	return fail_with(fail, FAIL_TOKEN, "anchor: the token keeps no head of "
	    "this journal: it is another token, or the object \"%s\" was taken "
	    "out of it; see 'anchorite anchor accept --help'",
	    buf_cstr(&name));
}

/* What value_read() reads. */
static void
put_head(struct json *json, const struct journal_head *head)
{
	json_put_digest(json, "digest", &head->digest);
	json_put_number(json, "seq", head->seq);
	json_put_time(json, "time", head->time);
}

static int
store(const char *name, const struct journal_head *head,
    struct session *session, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(buf_release) struct buf value = { 0 };

	put_head(json, head);
	json_write(json, &value);
	if (datum_replace(session, name, buf_bytes(&value), fail) == -1)
		return fail_in(fail, "anchor");
	return 0;
}

int
anchor_begin(const char *name, struct bytes journal_key_id,
    struct session *session, struct fail *fail)
{
	static const struct journal_head none;
	AUTO(buf_release) struct buf where = { 0 };

	write_name(name, journal_key_id, &where);
	return store(buf_cstr(&where), &none, session, fail);
}

void
anchor_abandon(const char *name, struct bytes journal_key_id,
    struct session *session)
{
	AUTO(buf_release) struct buf where = { 0 };
	struct fail ignored = { 0 };

	write_name(name, journal_key_id, &where);
	(void)!datum_remove(session, buf_cstr(&where), &ignored);
}

int
anchor_store(const struct ledger *ledger, const struct journal_head *head,
    struct session *session, struct fail *fail)
{
	AUTO(buf_release) struct buf name = { 0 };

	anchor_name(ledger, &name);
	return store(buf_cstr(&name), head, session, fail);
}

struct newest {
	struct journal_head head;
	bool has;
};

static int
take_newest(void *context, struct bytes value, struct fail *fail)
{
	struct newest *newest = context;
	struct journal_head held;
	struct fail ignored = { 0 };

	(void)fail;
	if (value_read(value, &held, &ignored) == -1 ||
	    (newest->has && held.seq < newest->head.seq))
		return 0;
	*newest = (struct newest){ held, true };
	return 0;
}

int
anchor_newest(const struct ledger *ledger, struct session *session,
    struct journal_head *out, bool *has_out, struct fail *fail)
{
	AUTO(buf_release) struct buf name = { 0 };
	struct newest newest = { 0 };

	anchor_name(ledger, &name);
	if (datum_each(session, buf_cstr(&name), take_newest, &newest,
	    fail) == -1)
		return -1;
	*out = newest.head;
	*has_out = newest.has;
	return 0;
}

static int
list_value(void *context, struct bytes value, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	struct json *list = context;
	struct journal_head held;
	struct fail ignored = { 0 };

	(void)fail;
	if (value_read(value, &held, &ignored) == -1)
		return 0;
	put_head(json, &held);
	json_add(list, &json);
	return 0;
}

int
anchor_list(const struct ledger *ledger, struct session *session,
    struct json **out, struct fail *fail)
{
	AUTO(json_release) struct json *list = json_new_list();
	AUTO(buf_release) struct buf name = { 0 };

	anchor_name(ledger, &name);
	if (datum_each(session, buf_cstr(&name), list_value, list, fail) == -1)
		return -1;
	*out = GIVE(list);
	return 0;
}

void
anchor_words(const struct journal_head *head, struct buf *out)
{
	words_write(bytes_of(head->digest.bytes, ANCHOR_PAPER_LEN), out);
}

void
anchor_text(const char *name, const struct journal_head *head,
    struct buf *out)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&head->digest, hex);
	buf_printf(out, TEXT_PREFIX "%s %lld %s", name, (long long)head->seq,
	    hex);
}

/* Octets of a digest, from words or from the code's text. */
static int
paper_read(const char *text, struct digest *out, size_t *len_out,
    struct fail *fail)
{
	const char *last = strrchr(text, ' ');

	if (strncmp(text, TEXT_PREFIX, strlen(TEXT_PREFIX)) == 0) {
		*len_out = DIGEST_LEN;
		return digest_read_hex(last + 1, out, fail);
	}
	*len_out = ANCHOR_PAPER_LEN;
	return words_read(text, ANCHOR_PAPER_LEN, out->bytes, fail);
}

int
anchor_find_paper(const struct journal *journal, const char *text,
    int64_t *seq_out, struct fail *fail)
{
	struct digest digest = { 0 };
	int64_t seq;
	size_t len;

	if (paper_read(text, &digest, &len, fail) == -1)
		return fail_in(fail, "paper");
	if (journal_find(journal, bytes_of(digest.bytes, len), &seq, fail) ==
	    -1)
		return -1;
	if (seq == 0)
		return fail_with(fail, FAIL_JOURNAL, "paper: no record of this "
		    "journal has this head: the journal is older than the "
		    "paper, or was forked");
	*seq_out = seq;
	return 0;
}
