/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"
#include "ledger.h"

/* What the root key is about to sign, what came of it, and what may come
 * meanwhile. */

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{\"policy\":\"POLICY\",\"items\":"
#define BARE(serial, more) "{\"serial\":\"" serial "\",\"tbs\":\"" D \
	"\",\"key\":\"" D "\",\"request\":\"" D "\"" more "}"
#define SUB ",\"profile\":\"sub\""
#define ITEM(serial) BARE(serial, SUB)
#define ABOUT(serial) "{\"serial\":\"" serial "\",\"tbs\":\"" D "\"}"
#define FOUND(serial) "{\"serial\":\"" serial "\",\"certificate\":\"" D "\"}"

struct row {
	const char *event, *data, *sentence;
};

static void
refuse_rows(struct world *w, const struct row *rows, size_t count)
{
	for (size_t n = 0; n < count; n++)
		refuse(w, rows[n].event, rows[n].data, rows[n].sentence);
}

static const struct ledger *
ledger_of(const struct world *w)
{
	return w->authority->ledger;
}

static void
want_uses(const struct world *w, enum purpose purpose, int64_t made,
    int64_t perhaps)
{
	assert_int_equal(ledger_of(w)->uses[purpose].made, made);
	assert_int_equal(ledger_of(w)->uses[purpose].perhaps, perhaps);
}

/* The policy's digest put in its place. */
static void
append_text(struct world *w, const char *event, const char *text)
{
	AUTO(buf_release) struct buf whole = { 0 };
	struct json *data = NULL;
	char policy[DIGEST_HEX_SIZE];

	digest_hex(&ledger_of(w)->policy->digest, policy);
	replace(bytes_text(text), "POLICY", policy, &whole);
	MUST(json_read(buf_bytes(&whole), &data, &fault));
	world_append(w, event, data);
}

static void
uses_are_counted(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };

	/* The full world: a root, two certificates, a CRL. */
	want_uses(w, PURPOSE_CERTIFICATE, 3, 0);
	want_uses(w, PURPOSE_CRL, 1, 0);
	want_uses(w, PURPOSE_OCSP, 0, 0);
	want_uses(w, PURPOSE_SELF_TEST, 2, 0);
	assert_int_equal(ledger_signatures(ledger_of(w)), 4);
	record_sign_intent(w, "77", &tbs);
	want_uses(w, PURPOSE_CERTIFICATE, 3, 1);
	assert_int_equal(ledger_signatures(ledger_of(w)), 5);
	record_recovered(w, NULL);
	want_uses(w, PURPOSE_CERTIFICATE, 3, 1);
	want_uses(w, PURPOSE_SELF_TEST, 2, 0);
	for (int n = 0; n < PURPOSES; n++)
		assert_non_null(purpose_names[n]);
	assert_null(purpose_names[PURPOSES]);
}

static void
responses_are_kept(void **state)
{
	struct world *w = *state;
	static const struct digest none;
	const struct issued *issued = ledger_of(w)->issued;
	struct digest first;

	record_ocsp(w, SERIAL_B);
	world_seal(w);
	must_be_as_replayed(w);
	assert_true(digest_is_equal(&issued[0].ocsp, &none));
	assert_false(digest_is_equal(&issued[1].ocsp, &none));
	first = issued[1].ocsp;
	/* Also about what is revoked; the newest counts. */
	record_ocsp(w, SERIAL_A);
	w->act.now++;
	record_ocsp(w, SERIAL_B);
	world_seal(w);
	must_be_as_replayed(w);
	assert_false(digest_is_equal(&issued[0].ocsp, &none));
	assert_false(digest_is_equal(&issued[1].ocsp, &first));
	assert_int_equal(ledger_of(w)->issued_count, 2);
	assert_int_equal(issued[0].status, ISSUED_REVOKED);
	assert_int_equal(issued[1].status, ISSUED_VALID);
	want_uses(w, PURPOSE_OCSP, 3, 0);
	assert_int_equal(ledger_signatures(ledger_of(w)), 7);
}

static void
response_intents_are_judged(void **state)
{
	static const struct row rows[] = {
		{ "ocsp-intent", HEAD "[]}", "items: want 1 to 1000, have 0" },
		{ "ocsp-intent", HEAD "[{}]}", "item 1: tbs: missing" },
		{ "ocsp-intent", HEAD "[{\"tbs\":\"" D "\"}]}",
		    "item 1: serial: missing" },
		{ "ocsp-intent", HEAD "[" ABOUT("77") "]}",
		    "item 1: serial 77: was never issued" },
		{ "ocsp-intent", HEAD "[" ABOUT(SERIAL_A) "," ABOUT("77") "]}",
		    "item 2: serial 77: was never issued" },
		/* The root's own, and the journal key's. */
		{ "ocsp-intent", HEAD "[" ABOUT("06") "]}",
		    "item 1: serial 06: was never issued" },
		{ "ocsp-intent", HEAD "[" ABOUT("05") "]}",
		    "item 1: serial 05: was never issued" },
		{ "ocsp-intent", HEAD "[" ABOUT(SERIAL_A) "," ABOUT(SERIAL_A)
		    "]}", "item 2: serial " SERIAL_A ": used twice" },
		{ "ocsp-intent", "{\"policy\":\"" D "\",\"items\":["
		    ABOUT(SERIAL_A) "]}",
		    "made under a policy that is not in force" },
		{ "ocsp-signed", "{\"intent\":1,\"items\":[]}",
		    "the outcome of an intent that is not open" },
	};
	AUTO(buf_release) struct buf text = { 0 };

	refuse_rows(*state, rows, COUNT(rows));
	buf_text(&text, HEAD "[0");
	for (int n = 0; n < INTENT_MAX; n++)
		buf_text(&text, ",0");
	buf_text(&text, "]}");
	refuse(*state, "ocsp-intent", buf_cstr(&text),
	    "items: want 1 to 1000, have 1001");
}

/* Refused, with the number of the intent that is open. */
static void
refuse_outcome(struct world *w, const char *event, const char *rest,
    const char *sentence)
{
	AUTO(buf_release) struct buf text = { 0 };

	buf_printf(&text, "{\"intent\":%lld%s}",
	    (long long)ledger_of(w)->intent.seq, rest);
	refuse(w, event, buf_cstr(&text), sentence);
}

static void
responses_fit_their_intents(void **state)
{
	struct world *w = *state;

	append_text(w, "ocsp-intent", HEAD "[" ABOUT(SERIAL_A) ","
	    ABOUT(SERIAL_B) "]}");
	must_be_as_replayed(w);
	want_uses(w, PURPOSE_OCSP, 0, 2);
	refuse_outcome(w, "signed", ",\"items\":[1,2]",
	    "the outcome of an intent that is not open");
	refuse_outcome(w, "ocsp-signed", "", "items: missing");
	refuse_outcome(w, "ocsp-signed", ",\"items\":[1]",
	    "items: 2 were intended, 1 came");
	refuse_outcome(w, "ocsp-signed", ",\"items\":[1,2]",
	    "serial: missing");
	refuse_outcome(w, "ocsp-signed", ",\"items\":["
	    "{\"serial\":\"" SERIAL_B "\"},{\"serial\":\"" SERIAL_A "\"}]",
	    "a serial that was not intended");
	refuse_outcome(w, "ocsp-signed", ",\"items\":["
	    "{\"serial\":\"" SERIAL_A "\"},{\"serial\":\"" SERIAL_B "\"}]",
	    "response: missing");
	/* Not found, it leaves nothing but the count. */
	refuse_outcome(w, "recovered", ",\"found\":[" FOUND(SERIAL_A) "]",
	    "finds what was not intended");
	record_recovered(w, NULL);
	world_seal(w);
	must_be_as_replayed(w);
	want_uses(w, PURPOSE_OCSP, 0, 2);
	assert_int_equal(ledger_of(w)->issued_count, 2);
	assert_int_equal(ledger_of(w)->issued[1].status, ISSUED_VALID);
}

static void
what_is_found_was_intended(void **state)
{
	static const struct {
		const char *found, *sentence;
	} rows[] = {
		{ "[" FOUND("79") "]", "finds what was not intended" },
		{ "[" FOUND(SERIAL_B) "]", "finds what was not intended" },
		{ "[" FOUND("06") "]", "finds what was not intended" },
		{ "[" FOUND("78") "," FOUND("78") "]",
		    "finds what was not intended" },
		{ "[7]", "serial: missing" },
		{ "[{\"serial\":\"78\"}]", "certificate: missing" },
		{ "[{\"serial\":\"78\",\"certificate\":\"ab\"}]",
		    "certificate: digest: want 64 hexadecimal digits" },
	};
	struct world *w = *state;
	struct json *found = NULL;
	const struct issued *issued;
	struct digest digest;

	append_text(w, "sign-intent", HEAD "[" ITEM("77") "," ITEM("78")
	    "]}");
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf rest = { 0 };

		buf_printf(&rest, ",\"found\":%s", rows[n].found);
		refuse_outcome(w, "recovered", buf_cstr(&rest),
		    rows[n].sentence);
	}
	MUST(json_read(bytes_text("[" FOUND("78") "]"), &found, &fault));
	record_recovered(w, found);
	world_seal(w);
	must_be_as_replayed(w);
	issued = ledger_of(w)->issued;
	assert_int_equal(ledger_of(w)->issued_count, 4);
	assert_int_equal(issued[2].status, ISSUED_POSSIBLY);
	assert_false(issued[2].has_certificate);
	assert_int_equal(issued[3].status, ISSUED_VALID);
	assert_true(issued[3].has_certificate);
	MUST(digest_read_hex(D, &digest, &fault));
	assert_true(digest_is_equal(&issued[3].certificate, &digest));
	assert_string_equal(issued[3].profile, "sub");
	want_uses(w, PURPOSE_CERTIFICATE, 4, 1);
	/* What nobody found may still be revoked, and is used. */
	record_revoked(w, "77");
	refuse(w, "sign-intent", HEAD "[" ITEM("77") "]}",
	    "item 1: serial 77: used twice");
}

/* Each item under its own profile, with a target of its own. */
static void
orders_are_judged(void **state)
{
	static const struct row rows[] = {
		{ "sign-intent", HEAD "[" BARE("77", "") "]}",
		    "item 1: profile: missing" },
		{ "sign-intent", HEAD "[" ITEM("77") ","
		    BARE("78", ",\"profile\":\"no\"") "]}",
		    "item 2: no profile no in policy test" },
		{ "sign-intent", HEAD "[" BARE("77", SUB ",\"for\":[]") "]}",
		    "item 1: for: empty" },
		{ "sign-intent", HEAD "[" BARE("77", SUB ",\"for\":[\"x\"]")
		    "]}", "item 1: for: no consumer x: there are acm-pca" },
		{ "sign-intent", HEAD "[" BARE("77", SUB ",\"target\":{}")
		    "]}", "item 1: target: want resource, region, bucket" },
		{ "sign-intent", HEAD "[" BARE("77", SUB ",\"target\":{"
		    "\"region\":\"a b\"}") "]}",
		    "item 1: target: region: want 1 to 256 characters" },
	};

	refuse_rows(*state, rows, COUNT(rows));
}

static void
orders_reach_the_inventory(void **state)
{
	struct world *w = *state;
	const struct issued *issued;
	struct json *found = NULL;

	append_text(w, "sign-intent", HEAD "[" BARE("77", SUB ",\"for\":"
	    "[\"iot\",\"files\"],\"target\":{\"region\":\"eu-west-1\","
	    "\"ticket\":\"private:" D "\"}") ","
	    BARE("78", ",\"profile\":\"whole\"") "]}");
	must_be_as_replayed(w);
	assert_string_equal(ledger_of(w)->intent.items[0].target.region,
	    "eu-west-1");
	MUST(json_read(bytes_text("[" FOUND("78") "]"), &found, &fault));
	record_recovered(w, found);
	world_seal(w);
	must_be_as_replayed(w);
	issued = &ledger_of(w)->issued[2];
	assert_string_equal(issued[0].profile, "sub");
	assert_int_equal(issued[0].consumers,
	    1u << CONSUMER_IOT | 1u << CONSUMER_FILES);
	assert_string_equal(issued[0].target.region, "eu-west-1");
	assert_string_equal(issued[0].target.ticket, "private:" D);
	assert_null(issued[0].target.resource);
	assert_string_equal(issued[1].profile, "whole");
	assert_int_equal(issued[1].consumers, 0);
	assert_true(target_is_empty(&issued[1].target));
}

/* The newest that is valid; where none is, the newest. */
static void
requests_are_looked_up(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = w->authority->ledger;
	struct digest digest;

	MUST(digest_read_hex(D, &digest, &fault));
	assert_null(ledger_find_issued(ledger, &digest));
	for (size_t n = 0; n < 2; n++)
		ledger->issued[n].request = digest;
	/* The first is revoked. */
	assert_ptr_equal(ledger_find_issued(ledger, &digest),
	    &ledger->issued[1]);
	ledger->issued[0].status = ISSUED_VALID;
	assert_ptr_equal(ledger_find_issued(ledger, &digest),
	    &ledger->issued[1]);
	ledger->issued[1].status = ISSUED_REVOKED;
	assert_ptr_equal(ledger_find_issued(ledger, &digest),
	    &ledger->issued[0]);
	ledger->issued[0].status = ISSUED_POSSIBLY;
	assert_ptr_equal(ledger_find_issued(ledger, &digest),
	    &ledger->issued[1]);
}

static void
nothing_else_is_found(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };

	refuse(w, "recovered", "{\"intent\":0,\"found\":[" FOUND(SERIAL_B)
	    "]}", "finds what was not intended");
	record_crl_intent(w, 2, &tbs);
	refuse_outcome(w, "recovered", ",\"found\":[" FOUND(SERIAL_B) "]",
	    "finds what was not intended");
}

/* A root that is found is certified, and no certificate of the inventory. */
static void
roots_are_not_found(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };

	record_root_intent(w, "06", &tbs);
	refuse_outcome(w, "recovered", ",\"found\":[" FOUND("06") "]",
	    "finds what was not intended");
}

static void
self_tests_are_judged(void **state)
{
	static const struct {
		int64_t count;
		bool is_sound;
	} rows[] = {
		{ -1, false }, { 17, false }, { 16, true },
	};
	struct world *w = *state;
	struct json *data;

	record_init(w, policy_text);
	world_seal(w);
	for (size_t n = 0; n < COUNT(rows); n++) {
		char sentence[64];

		data = root_key_data(w->root_key);
		json_put_number(data, "self_tests", rows[n].count);
		snprintf(sentence, sizeof(sentence), "self_tests: want 0 to "
		    "16, have %d", (int)rows[n].count);
		if (rows[n].is_sound)
			world_append(w, "root-key", data);
		else
			refuse_data(w, "root-key", &data, sentence);
	}
	want_uses(w, PURPOSE_SELF_TEST, 16, 0);
	assert_int_equal(ledger_signatures(ledger_of(w)), 0);
}

/* Of a CRL they are told where the key was unlocked for it. */
static void
self_tests_of_a_crl_are_counted(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data;

	record_crl_intent(w, 2, &tbs);
	want_uses(w, PURPOSE_SELF_TEST, 2, 0);
	refuse_outcome(w, "crl-signed", ",\"crl\":\"" D
	    "\",\"self_tests\":17", "self_tests: want 0 to 16, have 17");
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	data = outcome_data(w);
	put_object(w, data, "crl", buf_bytes(&der));
	json_put_number(data, "self_tests", 1);
	world_append(w, "crl-signed", data);
	want_uses(w, PURPOSE_SELF_TEST, 3, 0);
	world_seal(w);
	must_be_as_replayed(w);
}

static void
decisions_over_a_journal_are_judged(void **state)
{
	static const struct row rows[] = {
		{ "set-aside", "{}", "parameters: missing" },
		{ "set-aside", "{\"parameters\":{}}", "torn: missing" },
		{ "set-aside", "{\"parameters\":{\"torn\":\"\"}}",
		    "torn: digest: want 64 hexadecimal digits" },
		{ "anchor", "{}", "parameters: missing" },
		{ "anchor", "{\"parameters\":{}}", "reason: missing" },
		{ "anchor", "{\"parameters\":{\"reason\":\"\"}}",
		    "reason: want 1 to 200 characters, all of them visible" },
		{ "anchor", "{\"parameters\":{\"reason\":\"a\\nb\"}}",
		    "reason: want 1 to 200 characters, all of them visible" },
		{ "anchor", "{\"parameters\":{\"reason\":\"why\"}}",
		    "torn: missing" },
		{ "anchor", "{\"parameters\":{\"reason\":\"why\",\"torn\":"
		    "\"\"}}", "held: missing" },
		{ "anchor", "{\"parameters\":{\"reason\":\"why\",\"torn\":"
		    "\"\"},\"held\":{}}", "held: want a list" },
		{ "anchor", "{\"parameters\":{\"reason\":\"why\",\"torn\":"
		    "\"\",\"held\":\"none\"},\"held\":[{\"digest\":\"" D "\","
		    "\"seq\":4,\"time\":\"2026-11-21T06:30:48Z\"}]}",
		    "the token's newest head is " D ", approved is to give up "
		    "none" },
	};
	struct world *w = *state;

	refuse_rows(w, rows, COUNT(rows));
	append_text(w, "set-aside", "{\"parameters\":{\"torn\":\"" D "\"}}");
	assert_int_equal(ledger_of(w)->loose, 1);
	append_text(w, "anchor", "{\"parameters\":{\"reason\":\"why\","
	    "\"torn\":\"\",\"held\":\"none\"},\"held\":[]}");
	assert_int_equal(ledger_of(w)->loose, 2);
	world_seal(w);
	must_be_as_replayed(w);
}

static void
decisions_over_a_journal_take_two(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	struct digest digest;
	struct json *data;

	MUST(digest_read_hex(D, &digest, &fault));
	data = deed_data(deed_recover(&digest), BOB, NOBODY);
	refuse_data(w, "set-aside", &data, "set-aside: recover: takes 2 "
	    "approvals of the role policy, has 1");
	data = deed_data(deed_anchor("why", "none", NULL), BOB, CAROL);
	refuse_data(w, "anchor", &data, "anchor: custodian carol: has not "
	    "the role policy, which anchor takes");
	world_append(w, "set-aside",
	    deed_data(deed_recover(&digest), BOB, ALICE));
	assert_int_equal(ledger_of(w)->last[OPERATION_RECOVER].count, 2);
	world_seal(w);
	must_be_as_replayed(w);
}

static void
tickets_are_judged(void **state)
{
	static const char sentence[] =
	    "ticket: want 1 to 100 characters, all of them visible";
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };

	refuse(w, "bundled", "{\"ticket\":7}", "ticket: want a string");
	refuse(w, "bundled", "{\"ticket\":\"\"}", sentence);
	refuse(w, "bundled", "{\"ticket\":\"a\\u001b[2J\"}", sentence);
	buf_printf(&text, "{\"ticket\":\"%0101d\"}", 0);
	refuse(w, "bundled", buf_cstr(&text), sentence);
	append_text(w, "bundled", "{\"ticket\":\"CHG-1\"}");
}

#define INTENT 1u
#define TURN   2u
#define SPLIT  4u
#define ANY    (INTENT | TURN | SPLIT)

/* What may come while something is open, by what is open. */
static const struct {
	const char *event;
	unsigned within;
} withins[] = {
	{ "root-key", 0 },
	{ "root-intent", 0 },
	{ "root-certified", INTENT },
	{ "sign-intent", 0 },
	{ "signed", INTENT },
	{ "crl-intent", 0 },
	{ "crl-signed", INTENT | TURN },
	{ "ocsp-intent", 0 },
	{ "ocsp-signed", INTENT },
	{ "revoked", 0 },
	{ "bundled", 0 },
	{ "disable", 0 },
	{ "enable", 0 },
	{ "delete", 0 },
	{ "restore", 0 },
	{ "destroy", 0 },
	{ "key-locked", TURN },
	{ "key-unlocked", TURN },
	{ "key-erased", TURN },
	{ "backup", 0 },
	{ "policy", 0 },
	{ "split-intent", 0 },
	{ "split", SPLIT },
	{ "set-aside", ANY },
	{ "recovered", ANY },
	{ "anchor", ANY },
	{ "refused", ANY },
	{ "seal", 0 },
};

static const char *const openings[] = {
	"the intent of record 5 is still open",
	"the token has not followed the state",
	"a split of the PIN is still open",
};

/* A ledger where that is open, in a state in which the event can be. */
static struct ledger *
ledger_open(const struct people *people, const char *event,
    unsigned opening)
{
	struct ledger *ledger = ledger_by_hand(people, "");
	struct fail fail = { 0 };
	enum state after;

	ledger->state = STATE_NONE;
	while (state_after(ledger->state, event, &after, &fail) == -1)
		assert_true(++ledger->state <= STATE_DESTROYED);
	if (opening == INTENT) {
		ledger->intent.seq = 5;
		ledger->intent.event = mem_text("root-intent");
	}
	ledger->standing.is_due = opening == TURN;
	if (opening == SPLIT)
		MUST(policy_read("policy", bytes_text(policy_text),
		    &ledger->next_policy, &fault));
	return ledger;
}

/* With nothing in its data an event is refused sooner or later, or says
 * nothing: the sentence shows how far it came. */
static void
check_within(const struct people *people, const char *event, int opening,
    bool may_come)
{
	AUTO(ledger_release) struct ledger *ledger =
	    ledger_open(people, event, 1u << opening);
	AUTO(json_release) struct json *data = json_new();
	const struct record record = {
		.seq = 9, .time = NOW, .by = "x", .event = event,
		.data = data,
	};
	struct fail fail = { 0 };
	bool is_held;

	is_held = ledger_apply(ledger, NULL, &record, &fail) == -1 &&
	    strstr(fail.sentence, openings[opening]) != NULL;
	if (is_held == may_come)
		fail_msg("%s, %s: %s", event, openings[opening],
		    fail.sentence);
}

static void
what_is_open_is_closed_first(void **state)
{
	struct people people;

	(void)state;
	people_begin(&people);
	for (size_t n = 0; n < COUNT(withins); n++)
		for (int opening = 0; opening < 3; opening++)
			check_within(&people, withins[n].event, opening,
			    (withins[n].within & 1u << opening) != 0);
	people_end(&people);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(uses_are_counted, world_setup_full),
		IN(responses_are_kept, world_setup_full),
		IN(response_intents_are_judged, world_setup_full),
		IN(responses_fit_their_intents, world_setup_full),
		IN(what_is_found_was_intended, world_setup_full),
		IN(orders_are_judged, world_setup_full),
		IN(orders_reach_the_inventory, world_setup_full),
		IN(requests_are_looked_up, world_setup_full),
		IN(nothing_else_is_found, world_setup_full),
		IN(roots_are_not_found, world_setup_pending),
		IN(self_tests_are_judged, world_setup_empty),
		IN(self_tests_of_a_crl_are_counted, world_setup_full),
		IN(decisions_over_a_journal_are_judged, world_setup_full),
		cmocka_unit_test_setup_teardown(
		    decisions_over_a_journal_take_two, custody_setup,
		    custody_teardown),
		IN(tickets_are_judged, world_setup),
		cmocka_unit_test(what_is_open_is_closed_first),
	};

	return cmocka_run_group_tests_name("ledger_intent", tests, NULL,
	    NULL);
}
