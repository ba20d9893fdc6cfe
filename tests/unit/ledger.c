/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger.h"

static void
replay_is_append(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf crl = { 0 };
	struct fail refusal = { 0 };

	record_init(w, policy_text);
	must_be_as_replayed(w);
	world_seal(w);
	must_be_as_replayed(w);
	w->act.now++;
	world_append(w, "root-key", root_key_data(w->root_key));
	world_seal(w);
	must_be_as_replayed(w);
	record_root(w);
	world_seal(w);
	must_be_as_replayed(w);
	world_reopen(w);
	w->act.by = "somebody \377 else";
	record_certificate(w, SERIAL_A);
	must_be_as_replayed(w);
	world_seal(w);
	record_revoked(w, SERIAL_A);
	world_seal(w);
	record_crl(w, 1);
	world_seal(w);
	must_be_as_replayed(w);
	record_sign_intent(w, SERIAL_B, &tbs);
	must_be_as_replayed(w);
	(void)fail_with(&refusal, FAIL_REFUSED, "no");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
	must_be_as_replayed(w);
	record_recovered(w, NULL);
	world_seal(w);
	must_be_as_replayed(w);
	record_crl_intent(w, 2, &crl);
	record_recovered(w, NULL);
	world_seal(w);
	must_be_as_replayed(w);
	assert_int_equal(w->authority->ledger->issued_count, 2);
	assert_int_equal(w->authority->ledger->crl_number, 2);
}

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD \
	"{\"policy\":\"POLICY\",\"number\":1,\"items\":"
#define ITEM(serial) "{\"serial\":\"" serial "\",\"tbs\":\"" D \
	"\",\"key\":\"" D "\",\"request\":\"" D "\",\"profile\":\"sub\"}"

struct row {
	const char *event, *data, *sentence;
};

static void
refuse_rows(struct world *w, const struct row *rows, size_t count)
{
	for (size_t n = 0; n < count; n++)
		refuse(w, rows[n].event, rows[n].data, rows[n].sentence);
}

static void
intents_are_judged(void **state)
{
	static const struct row rows[] = {
		{ "sign-intent", HEAD "[]}", "items: want 1 to 1000, have 0" },
		{ "sign-intent", HEAD "{}}", "items: want a list" },
		{ "sign-intent", HEAD "[7]}", "item 1: tbs: missing" },
		{ "sign-intent", HEAD "[[]]}", "item 1: tbs: missing" },
		{ "sign-intent", HEAD "[{}]}", "item 1: tbs: missing" },
		{ "sign-intent", HEAD "[{\"tbs\":\"" D "\"}]}",
		    "item 1: serial: missing" },
		{ "sign-intent", HEAD "[{\"tbs\":\"ab\"}]}",
		    "item 1: tbs: digest: want 64 hexadecimal digits" },
		{ "sign-intent", HEAD "[{\"tbs\":\"" D "\",\"serial\":\"11\","
		    "\"key\":\"" D "\"}]}", "item 1: request: missing" },
		{ "sign-intent", HEAD "[" ITEM("") "]}",
		    "item 1: serial number zero" },
		{ "sign-intent", HEAD "[" ITEM("00") "]}",
		    "item 1: serial number zero" },
		{ "sign-intent", HEAD "[" ITEM("zz") "]}",
		    "item 1: zz: not a serial number" },
		{ "sign-intent", HEAD "["
		    ITEM("112233445566778899001122334455667788990011") "]}",
		    "not a serial number" },
		{ "sign-intent", HEAD "[" ITEM("11") "," ITEM("11") "]}",
		    "item 2: serial 11: used twice" },
		{ "sign-intent", HEAD "[" ITEM("11") "," ITEM("0011") "]}",
		    "item 2: serial 11: used twice" },
		{ "sign-intent", HEAD "[" ITEM("06") "]}",
		    "item 1: serial 06: used twice" },
		{ "sign-intent", HEAD "[" ITEM(SERIAL_A) "]}",
		    "item 1: serial " SERIAL_A ": used twice" },
		{ "sign-intent", "{\"policy\":\"" D "\",\"items\":["
		    ITEM("11") "]}",
		    "made under a policy that is not in force" },
		{ "sign-intent", "{\"items\":[" ITEM("11") "]}",
		    "policy: missing" },
		{ "crl-intent", "{\"policy\":\"POLICY\",\"number\":2,"
		    "\"items\":[]}", "items: want 1 to 1, have 0" },
		{ "crl-intent", "{\"policy\":\"POLICY\",\"number\":2,"
		    "\"items\":[" ITEM("11") "," ITEM("12") "]}",
		    "items: want 1 to 1, have 2" },
		{ "crl-intent", HEAD "[" ITEM("11") "]}",
		    "CRL number: want 2, have 1" },
		{ "crl-intent", "{\"policy\":\"POLICY\",\"number\":"
		    "9007199254740991,\"items\":[]}",
		    "CRL number: want 2, have 9007199254740991" },
		{ "crl-intent", "{\"number\":-1}", "number: want 1 to" },
	};

	refuse_rows(*state, rows, COUNT(rows));
}

static void
intents_have_a_bound(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };

	buf_text(&text, HEAD "[0");
	for (int n = 0; n < INTENT_MAX; n++)
		buf_text(&text, ",0");
	buf_text(&text, "]}");
	refuse(w, "sign-intent", buf_cstr(&text),
	    "items: want 1 to 1000, have 1001");
}

static void
root_intents_are_judged(void **state)
{
	static const struct row rows[] = {
		{ "root-intent", HEAD "[]}", "items: want 1 to 1, have 0" },
		{ "root-intent", HEAD "[" ITEM("06") "," ITEM("07") "]}",
		    "items: want 1 to 1, have 2" },
		{ "root-certified", "{\"intent\":1}",
		    "the outcome of an intent that is not open" },
		{ "root-certified", "{\"intent\":0}", "intent: want 1 to" },
	};

	refuse_rows(*state, rows, COUNT(rows));
}

static void
sole_events_are_judged(void **state)
{
	static const struct row rows[] = {
		{ "signed", "{\"intent\":1,\"items\":[]}",
		    "the outcome of an intent that is not open" },
		{ "crl-signed", "{\"intent\":1}",
		    "the outcome of an intent that is not open" },
		{ "recovered", "{\"intent\":3,\"found\":[]}",
		    "recovers an intent that is not open" },
		{ "recovered", "{}", "intent: missing" },
		{ "recovered", "{\"intent\":0}", "found: missing" },
		{ "recovered", "{\"intent\":0,\"found\":{}}",
		    "found: want a list" },
		{ "revoked", "{\"serial\":\"77\",\"reason\":\"superseded\"}",
		    "revokes what is not there to be revoked" },
		{ "revoked", "{\"serial\":\"" SERIAL_A "\",\"reason\":"
		    "\"superseded\"}",
		    "revokes what is not there to be revoked" },
		{ "revoked", "{\"serial\":\"06\",\"reason\":\"superseded\"}",
		    "revokes what is not there to be revoked" },
		{ "revoked", "{\"serial\":\"" SERIAL_B "\",\"reason\":"
		    "\"boredom\"}", "unknown reason boredom" },
		{ "revoked", "{\"serial\":\"" SERIAL_B "\"}",
		    "reason: missing" },
		{ "seal", "{\"signature\":7}", "signature: want a string" },
		{ "seal", "{\"signature\":\"\",\"more\":1}",
		    "says more than, or other than, what it seals" },
		{ "refused", "{\"clock\":\"2026-11-21T06:50:48Z\","
		    "\"command\":\"sign\"}", "sentence: missing" },
		{ "refused", "{\"clock\":\"noon\",\"command\":\"sign\","
		    "\"sentence\":\"no\"}",
		    "want a time such as 2026-11-21T06:30:48Z" },
		{ "refused", "{\"clock\":\"2026-11-21T06:50:48Z\","
		    "\"command\":\"sign\",\"sentence\":\"no\","
		    "\"certificate\":\"x\"}",
		    "holds more than clock, command and sentence" },
	};

	refuse_rows(*state, rows, COUNT(rows));
}

static void
seals_say_what_they_seal(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();
	static const char words[] =
	    "says more than, or other than, what it seals";

	record_revoked(w, SERIAL_B);
	w->act.now++;
	json_put_text(data, "signature", "");
	refuse_data(w, "seal", &data, words);
	w->act.now--;
	w->act.by = "other";
	data = json_new();
	json_put_text(data, "signature", "");
	refuse_data(w, "seal", &data, words);
	w->act.by = "tester";
	world_seal(w);
}

/* Nothing but what closes it comes behind an intent. */
static void
open_intents_are_closed_first(void **state)
{
	static const struct row rows[] = {
		{ "sign-intent", HEAD "[" ITEM("11") "]}", NULL },
		{ "crl-intent", HEAD "[" ITEM("11") "]}", NULL },
		{ "revoked", "{\"serial\":\"" SERIAL_B "\",\"reason\":"
		    "\"superseded\"}", NULL },
		{ "bundled", "{}", NULL },
		{ "seal", "{\"signature\":\"\"}", NULL },
	};
	struct world *w = *state;
	AUTO(buf_release) struct buf sentence = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };

	record_sign_intent(w, "77", &tbs);
	buf_printf(&sentence, "the intent of record %lld is still open",
	    (long long)world_seq(w));
	for (size_t n = 0; n < COUNT(rows); n++)
		refuse(w, rows[n].event, rows[n].data, buf_cstr(&sentence));
	refuse(w, "recovered", "{\"intent\":0,\"found\":[]}",
	    "recovers an intent that is not open");
}

/* Refused, with the number of the intent that is open. */
static void
refuse_outcome(struct world *w, const char *event, const char *rest,
    const char *sentence)
{
	AUTO(buf_release) struct buf text = { 0 };

	buf_printf(&text, "{\"intent\":%lld%s}",
	    (long long)w->authority->ledger->intent.seq, rest);
	refuse(w, event, buf_cstr(&text), sentence);
}

static void
outcomes_fit_their_intents(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };

	record_sign_intent(w, "77", &tbs);
	refuse_outcome(w, "crl-signed", ",\"crl\":\"" D "\"",
	    "the outcome of an intent that is not open");
	refuse_outcome(w, "signed", "", "items: missing");
	refuse_outcome(w, "signed", ",\"items\":[]",
	    "items: 1 were intended, 0 came");
	refuse_outcome(w, "signed", ",\"items\":[1,2]",
	    "items: 1 were intended, 2 came");
	refuse_outcome(w, "signed", ",\"items\":[1]", "serial: missing");
	refuse_outcome(w, "signed", ",\"items\":[{\"serial\":\"78\"}]",
	    "a serial that was not intended");
	refuse_outcome(w, "signed", ",\"items\":[{\"serial\":\"77\"}]",
	    "certificate: missing");
	refuse(w, "signed", "{\"intent\":1,\"items\":[1]}",
	    "the outcome of an intent that is not open");
}

static void
init_comes_first_and_once(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();

	json_put_number(data, "intent", 0);
	MUST_FAIL(FAIL_JOURNAL, "journal: record 1: recovered: init must be "
	    "the first record, and only the first",
	    authority_append(w->authority, &w->act, "recovered", &data,
	    &fault));
	assert_int_equal(world_seq(w), 0);
	record_init(w, policy_text);
	world_seal(w);
	refuse(w, "init", "{}",
	    "init must be the first record, and only the first");
}

/* The data of init, spoilt in one thing. */
static void
refuse_init(struct world *w, const char *key, const char *value,
    const char *sentence)
{
	struct json *data = json_new(), *none = json_new();

	json_put_number(data, "format", 1);
	json_put_text(data, "name", "test");
	put_object(w, data, "policy", bytes_text(policy_text));
	json_put(data, "journal_key", &none);
	json_put_text(data, key, value);
	MUST_FAIL(FAIL_JOURNAL, sentence, authority_append(w->authority,
	    &w->act, "init", &data, &fault));
	assert_int_equal(world_seq(w), 0);
	authority_release(&w->authority);
	MUST(file_remove_tree(w->path, &fault));
	MUST(authority_create(w->path, &w->authority, &fault));
}

static void
init_is_judged(void **state)
{
	static const char longest[] = "01234567890123456789012345678901"
	    "234567890123456789012345678901234";
	static const char *const names[] = {
		"", "a\033[2Jb", "a\342\200\256b", "a\nb", longest,
	};
	struct world *w = *state;

	for (size_t n = 0; n < COUNT(names); n++)
		refuse_init(w, "name", names[n], "init: name: want 1 to 64 "
		    "characters, all of them visible");
	refuse_init(w, "format", "1", "init: format: want a number");
	refuse_init(w, "policy", D, "init: objects: " D ": No such file");
	refuse_init(w, "name", "test", "init: certificate: missing");
}

static void
root_keys_are_judged(void **state)
{
	struct world *w = *state;
	struct json *data = root_key_data(w->journal_key);

	record_init(w, policy_text);
	world_seal(w);
	refuse_data(w, "root-key", &data,
	    "key: policy wants ec-p384, have ec-p256");
	refuse(w, "root-key", "{\"key\":\"AAAA\",\"id\":\"02\",\"label\":"
	    "\"root\"}", "root-key: ");
	refuse(w, "root-key", "{\"key\":\"A\"}", "not base64");
	data = root_key_data(w->root_key);
	json_put_text(data, "id", "0");
	refuse_data(w, "root-key", &data, "want pairs of lower-case");
}

static void
roots_are_the_ones_intended(void **state)
{
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf other = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf forged = { 0 };
	struct ledger *ledger = w->authority->ledger;
	struct serial serial = serial_of("07");
	struct json *data;

	MUST(plan_root(ledger->policy, buf_bytes(&ledger->root_key.spki),
	    &serial, NOW, &other, &fault));
	record_root_intent(w, "06", &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&other), &der);
	data = outcome_data(w);
	put_object(w, data, "certificate", buf_bytes(&der));
	refuse_data(w, "root-certified", &data,
	    "the root's certificate is not the one intended");
	sign_with("ecdsa-sha384", stranger, buf_bytes(&tbs), &forged);
	data = outcome_data(w);
	put_object(w, data, "certificate", buf_bytes(&forged));
	refuse_data(w, "root-certified", &data,
	    "root: signature does not verify");
	EVP_PKEY_free(stranger);
}

static void
events_of_another_state_are_unsound(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = w->authority->ledger;
	AUTO(json_release) struct json *data = json_new();
	struct record record = {
		.seq = 9, .time = NOW, .by = "x", .event = "root-key",
		.data = data,
	};

	MUST_FAIL(FAIL_JOURNAL, "root-key: making or adopting a root key is "
	    "not possible while the authority is active",
	    ledger_apply(ledger, w->authority->objects, &record, &fault));
	record.event = "deleted";
	MUST_FAIL(FAIL_JOURNAL, "deleted: event \"deleted\" is not known",
	    ledger_apply(ledger, w->authority->objects, &record, &fault));
}

/* The root's end is the CRL's, too. */
static void
next_update_is_not_past_the_root(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf policy = { 0 };
	const struct ledger *ledger = w->authority->ledger;

	replace(bytes_text(policy_text), "90d", "20y", &policy);
	record_init(w, buf_cstr(&policy));
	world_seal(w);
	world_append(w, "root-key", root_key_data(w->root_key));
	world_seal(w);
	record_root(w);
	world_seal(w);
	w->act.now += DAY;
	record_crl(w, 1);
	world_seal(w);
	assert_int_equal(ledger->crl_next_update, ledger->root->not_after);
	assert_int_equal(ledger->crl_this_update, NOW + DAY);
}

static void
interrupted_root_burns_its_serial(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(buf_release) struct buf tbs = { 0 };

	record_root_intent(w, "06", &tbs);
	record_recovered(w, NULL);
	world_seal(w);
	assert_int_equal(ledger->issued_count, 1);
	assert_int_equal(ledger->issued[0].status, ISSUED_POSSIBLY);
	assert_string_equal(ledger->issued[0].profile, "");
	assert_int_equal(ledger_signatures(ledger), 1);
	must_be_as_replayed(w);
	refuse(w, "root-intent", HEAD "[" ITEM("06") "]}",
	    "item 1: serial 06: used twice");
	record_root_intent(w, "07", &tbs);
}

static void
inventory_is_found_by_serial(void **state)
{
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	struct serial serial = { { 0x40 }, 3 };
	struct digest key = { { 0 } };

	(void)state;
	assert_null(ledger_find(ledger, &serial));
	for (int n = 0; n < 500; n++) {
		serial.octets[1] = (uint8_t)(n >> 8);
		serial.octets[2] = (uint8_t)n;
		assert_null(ledger_find(ledger, &serial));
		assert_false(ledger_has_serial(ledger, &serial));
		memcpy(key.bytes, serial.octets, 3);
		ledger_add(ledger, &serial, &key)->issued_at = n;
	}
	for (int n = 0; n < 500; n++) {
		serial.octets[1] = (uint8_t)(n >> 8);
		serial.octets[2] = (uint8_t)n;
		assert_int_equal(ledger_find(ledger, &serial)->issued_at, n);
		assert_true(ledger_has_serial(ledger, &serial));
	}
	serial.len = 2;
	assert_null(ledger_find(ledger, &serial));
}

static void
inventory_is_looked_up(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	char digest[DIGEST_HEX_SIZE];
	struct issued *found = NULL;

	MUST(ledger_look_up(ledger, SERIAL_A, &found, &fault));
	assert_ptr_equal(found, &ledger->issued[0]);
	assert_string_equal(issued_status_name(found), "revoked");
	digest_hex(&ledger->issued[1].certificate, digest);
	digest[6] = '\0';
	MUST(ledger_look_up(ledger, digest, &found, &fault));
	assert_ptr_equal(found, &ledger->issued[1]);
	assert_string_equal(issued_status_name(found), "valid");
	assert_ptr_equal(ledger_find_key(ledger, &found->key), found);
	MUST_FAIL(FAIL_USAGE, "410203 fits more than one certificate",
	    ledger_look_up(ledger, "410203", &found, &fault));
	MUST_FAIL(FAIL_USAGE, "no certificate 41020: give its serial, or the "
	    "first six digits or more",
	    ledger_look_up(ledger, "41020", &found, &fault));
	MUST_FAIL(FAIL_USAGE, "no certificate " SERIAL_A "00: ",
	    ledger_look_up(ledger, SERIAL_A "00", &found, &fault));
	MUST_FAIL(FAIL_USAGE, "no certificate : ",
	    ledger_look_up(ledger, "", &found, &fault));
	assert_ptr_equal(found, &ledger->issued[1]);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(replay_is_append, world_setup_empty),
		IN(intents_are_judged, world_setup_full),
		IN(intents_have_a_bound, world_setup),
		IN(root_intents_are_judged, world_setup_pending),
		IN(sole_events_are_judged, world_setup_full),
		IN(seals_say_what_they_seal, world_setup_full),
		IN(open_intents_are_closed_first, world_setup_full),
		IN(outcomes_fit_their_intents, world_setup),
		IN(init_comes_first_and_once, world_setup_empty),
		IN(init_is_judged, world_setup_empty),
		IN(root_keys_are_judged, world_setup_empty),
		IN(roots_are_the_ones_intended, world_setup_pending),
		IN(events_of_another_state_are_unsound, world_setup),
		IN(next_update_is_not_past_the_root, world_setup_empty),
		IN(interrupted_root_burns_its_serial, world_setup_pending),
		cmocka_unit_test(inventory_is_found_by_serial),
		IN(inventory_is_looked_up, world_setup_full),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
