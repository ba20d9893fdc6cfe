/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_LEDGER_H
#define ANCHORITE_UNIT_LEDGER_H

#include <anchorite/ca/ledger.h>

#include "authority.h"

/* What the tests of the ledger ask of it. Include it behind cmocka.h. */

static inline void
dump_digest(const struct digest *digest, struct buf *out)
{
	text_hex(out, bytes_of(digest->bytes, DIGEST_LEN));
	buf_text(out, " ");
}

static inline void
dump_serial(const struct serial *serial, struct buf *out)
{
	text_hex(out, bytes_of(serial->octets, serial->len));
	buf_text(out, " ");
}

static inline void
dump_key(const struct ledger_key *key, struct buf *out)
{
	text_hex(out, buf_bytes(&key->spki));
	buf_text(out, " ");
	text_hex(out, buf_bytes(&key->id));
	buf_printf(out, " %s\n", key->label != NULL ? key->label : "-");
}

static inline void
dump_target(unsigned consumers, const struct target *target, struct buf *out)
{
	AUTO(json_release) struct json *json = json_new();

	target_put(json, target);
	json_write(json, out);
	buf_printf(out, " %u ", consumers);
}

static inline void
dump_issued(const struct issued *issued, struct buf *out)
{
	dump_serial(&issued->serial, out);
	dump_digest(&issued->certificate, out);
	dump_digest(&issued->request, out);
	dump_digest(&issued->tbs, out);
	dump_digest(&issued->key, out);
	dump_digest(&issued->ocsp, out);
	dump_target(issued->consumers, &issued->target, out);
	buf_printf(out, "%d %d %s %lld %lld %d\n", issued->status,
	    issued->has_certificate, issued->profile,
	    (long long)issued->issued_at, (long long)issued->revoked_at,
	    issued->reason);
}

static inline void
dump_intent(const struct intent *intent, struct buf *out)
{
	buf_printf(out, "%lld %d %lld %s %llu\n",
	    (long long)intent->seq, intent->purpose, (long long)intent->time,
	    intent->event ? intent->event : "-",
	    (unsigned long long)intent->crl_number);
	for (size_t n = 0; n < intent->count; n++) {
		dump_serial(&intent->items[n].serial, out);
		dump_digest(&intent->items[n].request, out);
		dump_digest(&intent->items[n].tbs, out);
		dump_digest(&intent->items[n].key, out);
		dump_target(intent->items[n].consumers,
		    &intent->items[n].target, out);
		buf_printf(out, "%s\n", intent->items[n].profile ?
		    intent->items[n].profile : "-");
	}
}

static inline void
dump_split(const struct split *split, struct buf *out)
{
	AUTO(json_release) struct json *json = split_json(split);

	json_write(json, out);
	buf_text(out, "\n");
}

static inline void
dump_approvers(const struct approvers *last, struct buf *out)
{
	buf_printf(out, "%lld", (long long)last->seq);
	for (size_t n = 0; n < last->count; n++) {
		buf_printf(out, " %s ", last->list[n].name);
		dump_digest(&last->list[n].person, out);
		dump_digest(&last->list[n].key, out);
	}
	buf_text(out, "\n");
}

/* Who may decide, what was decided, and what the token did. */
static inline void
dump_custody(const struct ledger *l, struct buf *out)
{
	for (size_t n = 0; n < CUSTODIANS_MAX; n++)
		if (l->custodians[n] != NULL)
			dump_digest(&l->custodians[n]->digest, out);
	for (int n = 0; n < OPERATIONS; n++)
		dump_approvers(&l->last[n], out);
	for (size_t n = 0; n < l->used_room; n++) {
		dump_digest(&l->used[n].digest, out);
		buf_printf(out, "%lld\n", (long long)l->used[n].seq);
	}
	for (size_t n = 0; n < l->backup_count; n++)
		buf_printf(out, "%s, %s, %s\n", l->backups[n].name,
		    l->backups[n].place,
		    l->backups[n].fate ? l->backups[n].fate : "-");
	buf_printf(out, "%d %d %s %lld\n", l->standing.is_due,
	    l->standing.by_token, l->standing.trial,
	    (long long)l->deletion_ends);
	dump_split(&l->split, out);
	dump_split(&l->next_split, out);
	if (l->next_policy != NULL)
		dump_digest(&l->next_policy->digest, out);
	buf_printf(out, "%lld ", (long long)l->head.seq);
	dump_digest(&l->head.digest, out);
}

/* All that a ledger holds, as text. */
static inline void
dump(const struct ledger *l, struct buf *out)
{
	buf_printf(out, "%s %d\n", l->name ? l->name : "-", l->state);
	if (l->policy != NULL)
		dump_digest(&l->policy->digest, out);
	dump_key(&l->journal_key, out);
	dump_key(&l->root_key, out);
	if (l->journal_certificate != NULL)
		dump_digest(&l->journal_certificate->digest, out);
	if (l->root != NULL)
		dump_digest(&l->root->digest, out);
	for (size_t n = 0; n < l->issued_count; n++)
		dump_issued(&l->issued[n], out);
	dump_digest(&l->crl, out);
	buf_printf(out, "%llu %lld %lld\n", (unsigned long long)l->crl_number,
	    (long long)l->crl_this_update, (long long)l->crl_next_update);
	dump_intent(&l->intent, out);
	for (int n = 0; n < PURPOSES; n++)
		buf_printf(out, "%lld+%lld ", (long long)l->uses[n].made,
		    (long long)l->uses[n].perhaps);
	buf_printf(out, "%s %lld %lld %s %lld %lld %s\n", l->boot,
	    (long long)l->refusals,
	    (long long)l->sealed_seq, l->seal ? l->seal : "-",
	    (long long)l->loose, (long long)l->time, l->by ? l->by : "-");
	dump_digest(&l->sealed, out);
	dump_custody(l, out);
}

/* The ledger of a fresh replay is that of the appends. */
static inline void
must_be_as_replayed(const struct world *w)
{
	AUTO(authority_release) struct authority *again = NULL;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };

	MUST(authority_open(w->path, false, &again, &fault));
	dump(w->authority->ledger, &want);
	dump(again->ledger, &have);
	assert_string_equal(buf_cstr(&have), buf_cstr(&want));
}

/* A record that cannot be: refused before it is written, with all as is. */
static inline void
refuse_data(struct world *w, const char *event, struct json **data,
    const char *sentence)
{
	AUTO(buf_release) struct buf before = { 0 };
	AUTO(buf_release) struct buf after = { 0 };

	load(w->journal, &before);
	MUST_FAIL(FAIL_JOURNAL, sentence,
	    authority_append(w->authority, &w->act, event, data, &fault));
	load(w->journal, &after);
	assert_string_equal(buf_cstr(&after), buf_cstr(&before));
	world_reopen(w);
}

static inline void
refuse(struct world *w, const char *event, const char *text,
    const char *sentence)
{
	AUTO(buf_release) struct buf whole = { 0 };
	AUTO(json_release) struct json *data = NULL;
	char policy[DIGEST_HEX_SIZE];

	digest_hex(&w->authority->ledger->policy->digest, policy);
	replace(bytes_text(text), "POLICY", policy, &whole);
	MUST(json_read(buf_bytes(&whole), &data, &fault));
	refuse_data(w, event, &data, sentence);
}

#endif
