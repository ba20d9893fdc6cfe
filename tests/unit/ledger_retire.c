/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"
#include "ledger.h"

/* What custodians decide, and what the token did then. */

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define FOLLOWED "{\"by_token\":true,\"self_tests\":1"

static struct world *
world_of(void **state)
{
	return ((struct custody *)*state)->world;
}

static const struct ledger *
ledger_of(const struct world *w)
{
	return w->authority->ledger;
}

static void
refuse_deed(struct world *w, const char *event, struct json *parameters,
    int a, int b, const char *sentence)
{
	struct json *data = deed_data(parameters, a, b);

	refuse_data(w, event, &data, sentence);
}

/* Not possible in this state, and not even tried. */
static void
want_impossible(struct world *w, const char *event, const char *sentence)
{
	struct json *data = deed_data(deed_nothing(), ALICE, BOB);

	MUST_FAIL(FAIL_REFUSED, sentence, authority_append(w->authority,
	    &w->act, event, &data, &fault));
	json_release(&data);
}

static void
append_followed(struct world *w, const char *event)
{
	world_append(w, event, followed_data());
}

static struct json *
crl_data(struct world *w, int a, int b, struct buf *tbs)
{
	const struct ledger *ledger = ledger_of(w);
	struct json *data, *approval = approval_of(a, b);

	MUST(plan_crl(ledger, ledger->crl_number + 1, w->act.now, tbs,
	    &fault));
	data = intent_data(w, json_new(), buf_bytes(tbs));
	json_put_number(data, "number", (int64_t)ledger->crl_number + 1);
	if (a != NOBODY)
		json_put(data, "approval", &approval);
	json_release(&approval);
	return data;
}

static void
record_crl_signed(struct world *w, const struct buf *tbs)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data = outcome_data(w);

	sign_with("ecdsa-sha384", w->root_key, buf_bytes(tbs), &der);
	put_object(w, data, "crl", buf_bytes(&der));
	world_append(w, "crl-signed", data);
}

static void
disable(struct world *w, enum person who)
{
	record_deed(w, "disable", deed_nothing(), who, NOBODY, "key-locked");
}

static void
enable(struct world *w)
{
	record_deed(w, "enable", deed_nothing(), ALICE, BOB, "key-unlocked");
}

static struct json *
fates_of(const char *name, const char *fate)
{
	struct json *json = json_new(), *list = json_new_list();
	struct json *item = json_new();

	json_put_text(item, "name", name);
	json_put_text(item, "fate", fate);
	json_add(list, &item);
	json_put(json, "backups", &list);
	return json;
}

static void
a_life_is_replayed(void **state)
{
	struct world *w = world_of(state);
	AUTO(buf_release) struct buf tbs = { 0 };

	disable(w, ALICE);
	must_be_as_replayed(w);
	assert_int_equal(ledger_of(w)->state, STATE_DISABLED);
	enable(w);
	must_be_as_replayed(w);
	assert_int_equal(ledger_of(w)->state, STATE_ACTIVE);
	record_deed(w, "backup", deed_backup("b1", "safe B"), CAROL, ALICE,
	    NULL);
	must_be_as_replayed(w);
	disable(w, CAROL);
	world_append(w, "crl-intent", crl_data(w, ALICE, BOB, &tbs));
	must_be_as_replayed(w);
	record_crl_signed(w, &tbs);
	must_be_as_replayed(w);
	append_followed(w, "key-locked");
	world_seal(w);
	record_deed(w, "delete", deed_delete(7), BOB, NOBODY, NULL);
	must_be_as_replayed(w);
	record_deed(w, "restore", deed_nothing(), ALICE, BOB, NULL);
	must_be_as_replayed(w);
	record_deed(w, "delete", deed_delete(7), BOB, NOBODY, NULL);
	w->act.now += 7 * DAY;
	record_deed(w, "destroy", fates_of("b1", "shredded"), BOB, CAROL,
	    "key-erased");
	must_be_as_replayed(w);
	assert_int_equal(ledger_of(w)->state, STATE_DESTROYED);
	want_impossible(w, "enable",
	    "enabling is not possible while the authority is destroyed");
	want_impossible(w, "policy", "changing the policy is not possible "
	    "while the authority is destroyed");
}

static void
the_token_follows(void **state)
{
	struct world *w = world_of(state);
	const struct key_standing *standing;
	struct json *data;

	world_append(w, "disable", deed_data(deed_nothing(), ALICE, NOBODY));
	assert_true(ledger_of(w)->standing.is_due);
	data = json_new();
	json_put_text(data, "signature", "");
	refuse_data(w, "seal", &data,
	    "seal: the token has not followed the state");
	refuse_deed(w, "enable", deed_nothing(), ALICE, BOB,
	    "enable: the token has not followed the state");
	refuse_deed(w, "delete", deed_delete(7), BOB, NOBODY,
	    "delete: the token has not followed the state");
	append_followed(w, "key-locked");
	standing = &ledger_of(w)->standing;
	assert_false(standing->is_due);
	assert_true(standing->by_token);
	assert_string_equal(standing->trial,
	    "C_SignInit: CKR_KEY_FUNCTION_NOT_PERMITTED");
	world_seal(w);
	data = followed_data();
	refuse_data(w, "key-locked", &data,
	    "key-locked: the token had nothing to follow");
	want_impossible(w, "key-unlocked",
	    "unlocking the key is not possible while the authority is "
	    "disabled");
}

/* A crash between: "recovered" may come, and the token follows then. */
static void
the_token_follows_after_a_crash(void **state)
{
	struct world *w = world_of(state);
	struct fail refusal = { 0 };

	world_append(w, "disable", deed_data(deed_nothing(), ALICE, NOBODY));
	(void)fail_with(&refusal, FAIL_REFUSED, "no");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
	assert_string_equal(refusal.sentence, "no");
	record_recovered(w, NULL);
	assert_true(ledger_of(w)->standing.is_due);
	append_followed(w, "key-locked");
	world_seal(w);
	must_be_as_replayed(w);
}

static void
what_the_token_did_is_judged(void **state)
{
	struct world *w = world_of(state);
	AUTO(buf_release) struct buf text = { 0 };

	world_append(w, "disable", deed_data(deed_nothing(), ALICE, NOBODY));
	refuse(w, "key-locked", "{\"trial\":\"x\"}", "by_token: missing");
	refuse(w, "key-locked", "{\"by_token\":1,\"trial\":\"x\"}",
	    "by_token: want true or false");
	refuse(w, "key-locked", "{\"by_token\":true,\"trial\":\"x\"}",
	    "self_tests: missing");
	refuse(w, "key-locked", "{\"by_token\":true,\"self_tests\":-1}",
	    "self_tests: want 0 to 16, have -1");
	refuse(w, "key-locked", "{\"by_token\":true,\"self_tests\":17}",
	    "self_tests: want 0 to 16, have 17");
	refuse(w, "key-locked", "{\"by_token\":true,\"self_tests\":\"1\"}",
	    "self_tests: want a number");
	refuse(w, "key-locked", FOLLOWED "}", "trial: missing");
	refuse(w, "key-locked", FOLLOWED ",\"trial\":\"\"}",
	    "trial: want 1 to 159 characters, all of them visible");
	refuse(w, "key-locked", FOLLOWED ",\"trial\":\"\\u001b\"}",
	    "trial: want 1 to 159 characters, all of them visible");
	buf_printf(&text, FOLLOWED ",\"trial\":\"%0160d\"}", 0);
	refuse(w, "key-locked", buf_cstr(&text),
	    "trial: want 1 to 159 characters, all of them visible");
	assert_true(ledger_of(w)->standing.is_due);
}

/* Made, and told; made perhaps, and told by nobody. */
static void
self_tests_are_counted(void **state)
{
	struct world *w = world_of(state);
	const struct key_use *use = &w->authority->ledger->
	    uses[PURPOSE_SELF_TEST];
	AUTO(buf_release) struct buf tbs = { 0 }, lost = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data;

	assert_int_equal(use->made, 2);
	disable(w, ALICE);
	assert_int_equal(use->made, 3);
	world_append(w, "crl-intent", crl_data(w, ALICE, BOB, &tbs));
	assert_int_equal(use->perhaps, 1);
	data = outcome_data(w);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	put_object(w, data, "crl", buf_bytes(&der));
	json_put_number(data, "self_tests", 2);
	world_append(w, "crl-signed", data);
	assert_int_equal(use->made, 5);
	assert_int_equal(use->perhaps, 0);
	append_followed(w, "key-locked");
	world_seal(w);
	assert_int_equal(use->made, 6);
	/* Behind a crash the outcome does not know. */
	world_append(w, "crl-intent", crl_data(w, ALICE, BOB, &lost));
	record_crl_signed(w, &lost);
	append_followed(w, "key-locked");
	world_seal(w);
	assert_int_equal(use->made, 7);
	assert_int_equal(use->perhaps, 1);
	/* Nor does anybody know what a decision came to. */
	world_append(w, "enable", deed_data(deed_nothing(), ALICE, BOB));
	record_recovered(w, NULL);
	assert_int_equal(use->perhaps, 2);
	append_followed(w, "key-unlocked");
	world_seal(w);
	assert_int_equal(use->made, 8);
	assert_int_equal(use->perhaps, 2);
	assert_int_equal(ledger_signatures(w->authority->ledger), 3);
	must_be_as_replayed(w);
}

/* While disabled, the key is unlocked for a CRL, and locked again. */
static void
crls_of_a_disabled_root_take_two(void **state)
{
	struct world *w = world_of(state);
	AUTO(buf_release) struct buf tbs = { 0 }, again = { 0 };
	struct json *data;

	disable(w, ALICE);
	data = crl_data(w, ALICE, NOBODY, &again);
	refuse_data(w, "crl-intent", &data, "crl-intent: crl-disabled: takes "
	    "2 approvals of the role operator or restore, has 1");
	world_append(w, "crl-intent", crl_data(w, ALICE, BOB, &tbs));
	assert_true(ledger_of(w)->standing.is_due);
	data = followed_data();
	refuse_data(w, "key-locked", &data, "the intent of record ");
	record_crl_signed(w, &tbs);
	data = json_new();
	json_put_text(data, "signature", "");
	refuse_data(w, "seal", &data,
	    "seal: the token has not followed the state");
	append_followed(w, "key-locked");
	world_seal(w);
	assert_int_equal(ledger_of(w)->crl_number, 1);
}

static void
crls_of_an_active_root_take_one(void **state)
{
	struct world *w = world_of(state);
	AUTO(buf_release) struct buf tbs = { 0 }, again = { 0 };
	struct json *data = crl_data(w, NOBODY, NOBODY, &again);

	refuse_data(w, "crl-intent", &data, "crl-intent: crl: takes 1 "
	    "approval of the role operator, has 0");
	world_append(w, "crl-intent", crl_data(w, BOB, NOBODY, &tbs));
	assert_false(ledger_of(w)->standing.is_due);
	record_crl_signed(w, &tbs);
	world_seal(w);
}

static void
quorums_stand_in_records(void **state)
{
	struct world *w = world_of(state);
	struct json *data;

	refuse_deed(w, "disable", deed_nothing(), NOBODY, NOBODY,
	    "disable: disable: takes 1 approval of the role disable, has 0");
	refuse_deed(w, "disable", deed_nothing(), BOB, NOBODY, "disable: "
	    "custodian bob: has not the role disable, which disable takes");
	refuse_deed(w, "disable", deed_nothing(), ALICE, ALICE,
	    "disable: custodian alice: approved twice");
	refuse_deed(w, "disable", deed_nothing(), MALLORY, NOBODY,
	    "disable: approval: of nobody in the roster");
	refuse_deed(w, "backup", deed_backup("a", "b"), ALICE, NOBODY,
	    "backup: backup: takes 2 approvals of the role backup, has 1");
	refuse(w, "disable", "{\"approval\":7}", "approval: want an object");
	refuse(w, "disable", "{\"approval\":{\"by\":[]}}",
	    "request: missing");
	refuse(w, "disable", "{\"approval\":{\"request\":\"" D "\"}}",
	    "by: missing");
	refuse(w, "disable", "{\"approval\":{\"by\":[7],\"request\":\"" D
	    "\"}}", "custodian: missing");
	refuse(w, "disable", "{\"approval\":{\"by\":[],\"request\":\"" D
	    "\"}}", "disable: takes 1 approval of the role disable, has 0");
	data = json_new();
	json_put_text(data, "reason", "superseded");
	json_put_text(data, "serial", SERIAL_A);
	refuse_data(w, "revoked", &data,
	    "revoked: revoke: takes 1 approval of the role operator, has 0");
	assert_int_equal(ledger_of(w)->used_count, 0);
}

static void
approvals_have_a_bound(void **state)
{
	struct world *w = world_of(state);
	AUTO(buf_release) struct buf text = { 0 };

	buf_text(&text, "{\"approval\":{\"request\":\"" D "\",\"by\":[0");
	for (int n = 0; n < CUSTODIANS_MAX; n++)
		buf_text(&text, ",0");
	buf_text(&text, "]}}");
	refuse(w, "disable", buf_cstr(&text), "approvals: too many");
}

static void
requests_are_used_once(void **state)
{
	struct world *w = world_of(state);
	struct json *data = deed_data(deed_backup("b1", "x"), ALICE, CAROL);
	struct json *again = json_copy_of(data);
	struct json *other = deed_backup("b2", "x");
	struct digest request = { 0 };
	char sentence[80];
	int64_t seq;

	world_append(w, "backup", data);
	seq = world_seq(w);
	world_seal(w);
	for (size_t n = 0; n < ledger_of(w)->used_room; n++)
		if (ledger_of(w)->used[n].seq != 0)
			request = ledger_of(w)->used[n].digest;
	assert_int_equal(ledger_find_request(ledger_of(w), &request), seq);
	request.bytes[0] ^= 1;
	assert_int_equal(ledger_find_request(ledger_of(w), &request), 0);
	json_put(again, "parameters", &other);
	snprintf(sentence, sizeof(sentence), "backup: approval: its request "
	    "was used by record %lld", (long long)seq);
	refuse_data(w, "backup", &again, sentence);
}

static void
approvers_are_remembered(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	const struct approvers *last;
	struct digest key;

	disable(w, CAROL);
	last = &ledger_of(w)->last[OPERATION_DISABLE];
	assert_int_equal(last->count, 1);
	assert_int_equal(last->seq, world_seq(w) - 2);
	assert_string_equal(last->list[0].name, "carol");
	digest_of(c->people.certificates[CAROL]->spki.der, &key);
	assert_true(digest_is_equal(&last->list[0].key, &key));
	roster_person(c->people.certificates[CAROL], &key);
	assert_true(digest_is_equal(&last->list[0].person, &key));
	assert_int_equal(ledger_of(w)->last[OPERATION_DELETE].seq, 0);
	refuse_deed(w, "delete", deed_delete(7), CAROL, NOBODY, "delete: "
	    "custodian carol: approved disable (record ");
	enable(w);
	disable(w, ALICE);
	record_deed(w, "delete", deed_delete(7), CAROL, NOBODY, NULL);
}

static void
deletions_have_a_window(void **state)
{
	struct world *w = world_of(state);
	struct fail fail = { 0 };

	disable(w, ALICE);
	refuse_deed(w, "delete", deed_delete(6), BOB, NOBODY,
	    "days: want 7 to 30, have 6");
	refuse_deed(w, "delete", deed_delete(31), BOB, NOBODY,
	    "days: want 7 to 30, have 31");
	refuse_deed(w, "delete", deed_nothing(), BOB, NOBODY,
	    "days: missing");
	record_deed(w, "delete", deed_delete(30), BOB, NOBODY, NULL);
	assert_int_equal(ledger_of(w)->deletion_ends, NOW + 30 * DAY);
	MUST(ledger_check_window(ledger_of(w), false, NOW + 30 * DAY - 1,
	    &fault));
	MUST(ledger_check_window(ledger_of(w), true, NOW + 30 * DAY,
	    &fault));
	want_fail(ledger_check_window(ledger_of(w), true,
	    NOW + 30 * DAY - 1, &fail), &fail, FAIL_REFUSED, "the key can be "
	    "restored until 2026-12-21T06:50:48Z, and destroyed from then "
	    "on: it is 2026-12-21T06:50:47Z");
	want_fail(ledger_check_window(ledger_of(w), false, NOW + 30 * DAY,
	    &fail), &fail, FAIL_REFUSED, "the key could be restored until "
	    "2026-12-21T06:50:48Z: it is 2026-12-21T06:50:48Z");
	w->act.now = NOW + 30 * DAY - 1;
	refuse(w, "destroy", "{}", "destroy: destroy: takes 2 approvals");
	refuse_deed(w, "destroy", deed_nothing(), BOB, CAROL,
	    "destroy: the key can be restored until 2026-12-21T06:50:48Z");
	w->act.now++;
	refuse_deed(w, "restore", deed_nothing(), ALICE, BOB,
	    "restore: the key could be restored until 2026-12-21T06:50:48Z");
}

static void
backups_are_judged(void **state)
{
	static const char visible[] = "name: want 1 to 64 characters, all of "
	    "them visible";
	static const char place[] = "place: want 1 to 200 characters, all of "
	    "them visible";
	struct world *w = world_of(state);
	char longest[66], far[202];
	const struct backup *backup;

	memset(longest, 'a', sizeof(longest));
	longest[65] = '\0';
	memset(far, 'a', sizeof(far));
	far[201] = '\0';
	MUST_FAIL(FAIL_INPUT, visible,
	    ledger_check_backup(ledger_of(w), "", "x", &fault));
	MUST_FAIL(FAIL_INPUT, visible,
	    ledger_check_backup(ledger_of(w), longest, "x", &fault));
	MUST_FAIL(FAIL_INPUT, visible,
	    ledger_check_backup(ledger_of(w), "a\nb", "x", &fault));
	MUST_FAIL(FAIL_INPUT, place,
	    ledger_check_backup(ledger_of(w), "a", "", &fault));
	MUST_FAIL(FAIL_INPUT, place,
	    ledger_check_backup(ledger_of(w), "a", far, &fault));
	MUST_FAIL(FAIL_INPUT, place, ledger_check_backup(ledger_of(w), "a",
	    "b\342\200\256", &fault));
	MUST_FAIL(FAIL_INPUT, "backup: name: must not hold '='",
	    ledger_check_backup(ledger_of(w), "a=b", "x", &fault));
	MUST(ledger_check_backup(ledger_of(w), longest + 1, far + 1,
	    &fault));
	refuse_deed(w, "backup", deed_backup("", "x"), ALICE, CAROL, visible);
	refuse_deed(w, "backup", deed_nothing(), ALICE, CAROL,
	    "name: missing");
	record_deed(w, "backup", deed_backup("b1", "safe B"), ALICE, CAROL,
	    NULL);
	backup = &ledger_of(w)->backups[0];
	assert_string_equal(backup->name, "b1");
	assert_string_equal(backup->place, "safe B");
	assert_null(backup->fate);
	MUST_FAIL(FAIL_REFUSED, "backup b1: is recorded already",
	    ledger_check_backup(ledger_of(w), "b1", "elsewhere", &fault));
	refuse_deed(w, "backup", deed_backup("b1", "x"), ALICE, CAROL,
	    "backup: backup b1: is recorded already");
}

static void
destroying_takes_every_fate(void **state)
{
	struct world *w = world_of(state);
	struct json *parameters;

	record_deed(w, "backup", deed_backup("b1", "safe B"), ALICE, CAROL,
	    NULL);
	disable(w, ALICE);
	record_deed(w, "delete", deed_delete(7), BOB, NOBODY, NULL);
	w->act.now += 7 * DAY;
	refuse_deed(w, "destroy", deed_nothing(), BOB, CAROL,
	    "backups: missing");
	parameters = fates_of("b2", "shredded");
	refuse_deed(w, "destroy", parameters, BOB, CAROL,
	    "backup b1: its fate is not given");
	parameters = fates_of("b1", "");
	refuse_deed(w, "destroy", parameters, BOB, CAROL,
	    "fate: want 1 to 200 characters, all of them visible");
	MUST(json_read(bytes_text("{\"backups\":[]}"), &parameters, &fault));
	refuse_deed(w, "destroy", parameters, BOB, CAROL,
	    "backups: 1 are recorded, the fate of 0 is given");
	parameters = fates_of("b1", "shredded");
	world_append(w, "destroy", deed_data(parameters, BOB, CAROL));
	assert_string_equal(ledger_of(w)->backups[0].fate, "shredded");
	assert_true(ledger_of(w)->standing.is_due);
	append_followed(w, "key-erased");
	world_seal(w);
}

/* Stores a policy, and gives the parameters that name it. */
static struct json *
put_policy(struct world *w, const struct buf *text)
{
	struct digest digest;

	MUST(objects_put(w->authority->objects, buf_bytes(text), &digest,
	    &fault));
	return deed_policy(&digest);
}

/* The people's policy, in which one text is another. */
static struct json *
put_changed(struct world *w, const struct people *people, const char *old,
    const char *new)
{
	AUTO(buf_release) struct buf text = { 0 }, changed = { 0 };

	people_policy(people, "", &text);
	replace(buf_bytes(&text), old, new, &changed);
	assert_false(bytes_is_equal(buf_bytes(&text), buf_bytes(&changed)));
	return put_policy(w, &changed);
}

static void
policies_follow_each_other(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	AUTO(buf_release) struct buf bare = { 0 };
	struct digest before = ledger_of(w)->policy->digest;

	buf_text(&bare, policy_text);
	refuse_deed(w, "policy", put_changed(w, &c->people, "CN: Root",
	    "CN: Other"), ALICE, BOB, "policy: policy test: names another "
	    "root, by subject or kind of key");
	refuse_deed(w, "policy", put_changed(w, &c->people, "key: ec-p384\n"
	    "  signature: ecdsa-sha384", "key: ec-p256\n"
	    "  signature: ecdsa-sha256"), ALICE, BOB, "policy: policy test: "
	    "names another root, by subject or kind of key");
	refuse_deed(w, "policy", put_policy(w, &bare), ALICE, BOB, "policy: "
	    "policy test: names no custodians, and the one in force does");
	refuse_deed(w, "policy", put_changed(w, &c->people, "name: test",
	    "name: Test"), ALICE, BOB, "policy: policy:2:7: name: ");
	refuse_deed(w, "policy", deed_policy(
	    &c->people.certificates[ALICE]->digest), ALICE, BOB,
	    "policy: policy:");
	refuse_deed(w, "policy", put_changed(w, &c->people, "period: 90d",
	    "period: 80d"),
	    ALICE, NOBODY,
	    "policy: takes 2 approvals of the role policy, has 1");
	assert_true(digest_is_equal(&ledger_of(w)->policy->digest, &before));
	record_deed(w, "policy", put_changed(w, &c->people, "period: 90d",
	    "period: 80d"),
	    ALICE, BOB, NULL);
	assert_int_equal(ledger_of(w)->policy->crl_period.days, 80);
	assert_int_equal(ledger_of(w)->last[OPERATION_POLICY].count, 2);
	must_be_as_replayed(w);
}

/* Mallory in Dave's place, under Dave's name. */
static struct json *
put_replaced(struct world *w, const struct people *people)
{
	char old[DIGEST_HEX_SIZE], new[DIGEST_HEX_SIZE];

	digest_hex(&people->certificates[DAVE]->digest, old);
	digest_hex(&people->certificates[MALLORY]->digest, new);
	return put_changed(w, people, old, new);
}

static void
custodians_follow_the_policy(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	char old[DIGEST_HEX_SIZE];

	record_deed(w, "policy", put_replaced(w, &c->people), ALICE, BOB,
	    NULL);
	assert_true(digest_is_equal(&ledger_of(w)->custodians[DAVE]->digest,
	    &c->people.certificates[MALLORY]->digest));
	must_be_as_replayed(w);
	digest_hex(&c->people.certificates[DAVE]->digest, old);
	refuse_deed(w, "policy", put_changed(w, &c->people, old, D), ALICE,
	    BOB, "policy: custodian dave: objects: " D ": No such file");
}

static void
policies_judge_certificates(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	AUTO(cert_release) struct cert *twin = certificate_of(
	    c->people.keys[ALICE], "Dave Example", "31");
	char old[DIGEST_HEX_SIZE], new[DIGEST_HEX_SIZE];
	struct digest digest;

	digest_hex(&c->people.certificates[DAVE]->digest, old);
	digest_hex(&twin->digest, new);
	MUST(objects_put(w->authority->objects, buf_bytes(&twin->der),
	    &digest, &fault));
	refuse_deed(w, "policy", put_changed(w, &c->people, old, new), ALICE,
	    BOB, "policy: custodians alice and dave: have the same key, and "
	    "could satisfy a quorum alone");
	digest_hex(&ledger_of(w)->root->digest, new);
	refuse_deed(w, "policy", put_changed(w, &c->people, old, new), ALICE,
	    BOB, "policy: custodian dave: ");
}

static void
policies_keep_the_holders(void **state)
{
	struct custody *c = *state;

	refuse_deed(c->world, "policy", put_replaced(c->world, &c->people),
	    ALICE, BOB, "policy: custodian dave: has the role share, and no "
	    "share of the split: the PIN must be split anew");
	refuse_deed(c->world, "policy", put_changed(c->world, &c->people,
	    "auditor, share", "auditor"), ALICE, BOB, "policy: custodian "
	    "dave: holds a share, and has not the role share: the PIN "
	    "must be split anew");
}

/* Without custodians, one alone changes the policy, and retires nothing. */
static void
nobody_retires_nothing(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 }, bare = { 0 };
	struct people people;

	refuse_deed(w, "disable", deed_nothing(), NOBODY, NOBODY, "disable: "
	    "disable takes custodians, and the policy names none");
	record_deed(w, "backup", deed_backup("b1", "safe"), NOBODY, NOBODY,
	    NULL);
	replace(bytes_text(policy_text), "period: 90d", "period: 80d",
	    &bare);
	record_deed(w, "policy", put_policy(w, &bare), NOBODY, NOBODY, NULL);
	assert_int_equal(ledger_of(w)->policy->crl_period.days, 80);
	people_begin(&people);
	put_certificates(w, &people);
	people_policy(&people, "", &text);
	record_deed(w, "policy", put_policy(w, &text), NOBODY, NOBODY, NULL);
	assert_int_equal(ledger_of(w)->policy->roster.count, IN_ROSTER);
	disable(w, ALICE);
	must_be_as_replayed(w);
	people_end(&people);
}

#define ID "00112233445566ff"

static struct json *
split_data(struct json *parameters, const struct split *split, int a, int b)
{
	struct json *data = deed_data(parameters, a, b);
	struct json *json = split_json(split);

	json_put(data, "split", &json);
	return data;
}

static void
refuse_split(struct world *w, struct json *parameters,
    const struct split *split, int a, int b, const char *sentence)
{
	struct json *data = split_data(parameters, split, a, b);

	refuse_data(w, "split-intent", &data, sentence);
}

/* The parameters of a split under a policy that was put. */
static struct json *
with_form(struct json *parameters, int threshold, int count)
{
	json_put_number(parameters, "count", count);
	json_put_number(parameters, "threshold", threshold);
	return parameters;
}

static struct json *
same_policy(const struct world *w, int threshold)
{
	return with_form(deed_policy(&ledger_of(w)->policy->digest),
	    threshold, IN_ROSTER);
}

static struct json *
split_outcome(const char *id)
{
	struct json *data = json_new();

	json_put_text(data, "split", id);
	return data;
}

static void
splits_are_intended_and_done(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	struct split next = split_of(&c->people, 3, ID);
	struct json *data;

	assert_string_equal(ledger_of(w)->split.id, "0123456789abcdef");
	world_append(w, "split-intent", split_data(same_policy(w, 3), &next,
	    ALICE, BOB));
	must_be_as_replayed(w);
	assert_string_equal(ledger_of(w)->split.id, "0123456789abcdef");
	assert_string_equal(ledger_of(w)->next_split.id, ID);
	assert_non_null(ledger_of(w)->next_policy);
	refuse_deed(w, "disable", deed_nothing(), ALICE, NOBODY,
	    "disable: a split of the PIN is still open");
	data = json_new();
	json_put_text(data, "signature", "");
	refuse_data(w, "seal", &data,
	    "seal: a split of the PIN is still open");
	data = split_outcome("0011223344556677");
	refuse_data(w, "split", &data,
	    "split: the outcome of a split that was not intended");
	refuse(w, "split", "{}", "split: split: missing");
	record_recovered(w, NULL);
	world_append(w, "split", split_outcome(ID));
	world_seal(w);
	must_be_as_replayed(w);
	assert_string_equal(ledger_of(w)->split.id, ID);
	assert_int_equal(ledger_of(w)->split.form.threshold, 3);
	assert_string_equal(ledger_of(w)->next_split.id, "");
	assert_null(ledger_of(w)->next_policy);
	data = split_outcome(ID);
	refuse_data(w, "split", &data,
	    "split: the outcome of a split that was not intended");
}

static void
splits_come_with_a_policy(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	struct split next = split_of(&c->people, 2, ID);
	struct digest before = ledger_of(w)->policy->digest;

	next.lines[DAVE].certificate =
	    c->people.certificates[MALLORY]->digest;
	world_append(w, "split-intent", split_data(with_form(put_replaced(w,
	    &c->people), 2, 4), &next, ALICE, BOB));
	assert_true(digest_is_equal(&ledger_of(w)->policy->digest, &before));
	world_append(w, "split", split_outcome(ID));
	world_seal(w);
	assert_true(digest_is_equal(&ledger_of(w)->custodians[DAVE]->digest,
	    &c->people.certificates[MALLORY]->digest));
	must_be_as_replayed(w);
}

static void
splits_are_judged(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	struct split next = split_of(&c->people, 2, ID);
	struct split bad = next;

	refuse_split(w, same_policy(w, 2), &next, ALICE, NOBODY,
	    "resplit: takes 2 approvals of the role policy, has 1");
	refuse_split(w, same_policy(w, 3), &next, ALICE, BOB,
	    "split-intent: split: approved is 3/4, have 2/4");
	refuse_split(w, deed_policy(&ledger_of(w)->policy->digest), &next,
	    ALICE, BOB, "count: missing");
	refuse_split(w, with_form(put_replaced(w, &c->people), 2, 4), &next,
	    ALICE, BOB, "custodian dave: has the role share, and no share of "
	    "the split");
	refuse_split(w, with_form(put_changed(w, &c->people, "CN: Root",
	    "CN: Other"), 2, 4), &next, ALICE, BOB,
	    "policy test: names another root, by subject or kind of key");
	bad.form.count = 3;
	refuse_split(w, with_form(deed_policy(&ledger_of(w)->policy->digest),
	    2, 3), &bad, ALICE, BOB, "custodian dave: has the role share, "
	    "and no share of the split");
	snprintf(bad.id, sizeof(bad.id), "short");
	refuse_split(w, same_policy(w, 2), &bad, ALICE, BOB,
	    "split: want 16 hex digits");
	refuse_deed(w, "split-intent", same_policy(w, 2), ALICE, BOB,
	    "split: missing");
}

/* Who holds a share may split anew. */
static int
setup_by_shares(void **state)
{
	*state = custody_new("operations:\n  resplit:\n    roles: [share]\n",
	    2);
	return 0;
}

/* With another policy its own quorum counts too. */
static void
splits_are_no_way_around_the_policy(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	struct split next = split_of(&c->people, 2, ID);

	refuse_split(w, with_form(put_changed(w, &c->people, "period: 90d",
	    "period: 80d"),
	    2, 4), &next, CAROL, DAVE, "split-intent: custodian carol: has "
	    "not the role policy, which policy takes");
	world_append(w, "split-intent", split_data(same_policy(w, 2), &next,
	    CAROL, DAVE));
	world_append(w, "split", split_outcome(ID));
	world_seal(w);
}

static void
what_is_not_split_is_not_resplit(void **state)
{
	struct custody *c = *state;
	struct split next = split_of(&c->people, 2, ID);

	refuse_split(c->world, same_policy(c->world, 2), &next, ALICE, BOB,
	    "split-intent: the PIN is not split: only token init can split "
	    "it");
}

/* init, with a split that is spoilt. */
static void
refuse_init(struct world *w, const struct people *people,
    const struct split *split, const char *sentence)
{
	AUTO(buf_release) struct buf policy = { 0 };
	struct json *data, *json = split_json(split);

	people_policy(people, "", &policy);
	put_certificates(w, people);
	data = init_data(w, buf_cstr(&policy));
	json_put(data, "split", &json);
	MUST_FAIL(FAIL_JOURNAL, sentence, authority_append(w->authority,
	    &w->act, "init", &data, &fault));
	authority_release(&w->authority);
	MUST(file_remove_tree(w->path, &fault));
	MUST(authority_create(w->path, &w->authority, &fault));
}

static void
splits_of_init_are_judged(void **state)
{
	struct world *w = *state;
	struct people people;
	struct split split;

	people_begin(&people);
	split = split_of(&people, 2, ID);
	split.form.count = 3;
	refuse_init(w, &people, &split, "init: custodian dave: has the role "
	    "share, and no share of the split");
	split = split_of(&people, 2, "zz");
	refuse_init(w, &people, &split, "init: split: want 16 hex digits");
	split = split_of(&people, 2, ID);
	record_people(w, &people, "", &split);
	assert_string_equal(ledger_of(w)->split.id, ID);
	must_be_as_replayed(w);
	people_end(&people);
}

static void
events_take_operations(void **state)
{
	static const struct {
		const char *event;
		enum operation operation;
	} rows[] = {
		{ "sign-intent", OPERATION_SIGN },
		{ "revoked", OPERATION_REVOKE },
		{ "crl-intent", OPERATION_CRL },
		{ "ocsp-intent", OPERATION_OCSP },
		{ "disable", OPERATION_DISABLE },
		{ "enable", OPERATION_ENABLE },
		{ "delete", OPERATION_DELETE },
		{ "restore", OPERATION_RESTORE },
		{ "destroy", OPERATION_DESTROY },
		{ "backup", OPERATION_BACKUP },
		{ "policy", OPERATION_POLICY },
		{ "split-intent", OPERATION_RESPLIT },
		{ "set-aside", OPERATION_RECOVER },
		{ "anchor", OPERATION_ANCHOR },
	};
	static const char *const others[] = {
		"init", "root-key", "root-intent", "root-certified", "signed",
		"crl-signed", "ocsp-signed", "bundled", "key-locked",
		"key-unlocked", "key-erased", "split", "recovered",
		"refused", "seal", "",
	};
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	enum operation operation;

	(void)state;
	ledger->state = STATE_ACTIVE;
	for (size_t n = 0; n < COUNT(rows); n++) {
		operation = OPERATIONS;
		assert_true(ledger_event_operation(ledger, rows[n].event,
		    &operation));
		assert_int_equal(operation, rows[n].operation);
	}
	for (size_t n = 0; n < COUNT(others); n++)
		assert_false(ledger_event_operation(ledger, others[n],
		    &operation));
	ledger->state = STATE_DISABLED;
	assert_true(ledger_event_operation(ledger, "crl-intent",
	    &operation));
	assert_int_equal(operation, OPERATION_CRL_DISABLED);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, custody_teardown)
#define IN_WORLD(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(a_life_is_replayed, custody_setup),
		IN(the_token_follows, custody_setup),
		IN(the_token_follows_after_a_crash, custody_setup),
		IN(what_the_token_did_is_judged, custody_setup),
		IN(self_tests_are_counted, custody_setup),
		IN(crls_of_a_disabled_root_take_two, custody_setup),
		IN(crls_of_an_active_root_take_one, custody_setup),
		IN(quorums_stand_in_records, custody_setup),
		IN(approvals_have_a_bound, custody_setup),
		IN(requests_are_used_once, custody_setup),
		IN(approvers_are_remembered, custody_setup),
		IN(deletions_have_a_window, custody_setup),
		IN(backups_are_judged, custody_setup),
		IN(destroying_takes_every_fate, custody_setup),
		IN(policies_follow_each_other, custody_setup),
		IN(custodians_follow_the_policy, custody_setup),
		IN(policies_judge_certificates, custody_setup),
		IN(policies_keep_the_holders, custody_setup_split),
		IN_WORLD(nobody_retires_nothing, world_setup),
		IN(splits_are_intended_and_done, custody_setup_split),
		IN(splits_come_with_a_policy, custody_setup_split),
		IN(splits_are_judged, custody_setup_split),
		IN(splits_are_no_way_around_the_policy, setup_by_shares),
		IN(what_is_not_split_is_not_resplit, custody_setup),
		IN_WORLD(splits_of_init_are_judged, world_setup_empty),
		cmocka_unit_test(events_take_operations),
	};

	return cmocka_run_group_tests_name("ledger_retire", tests, NULL,
	    NULL);
}
