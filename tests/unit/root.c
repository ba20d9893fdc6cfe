/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/root.h>
#include <anchorite/out/audit.h>

static size_t
count_keys(struct token_world *w)
{
	CK_FUNCTION_LIST *calls = module_functions(session_module(w->session));
	CK_SESSION_HANDLE session = token_session(session_token(w->session));
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE objects[16];
	CK_ULONG count = 0;

	assert_int_equal(calls->C_FindObjectsInit(session, &template, 1),
	    CKR_OK);
	assert_int_equal(calls->C_FindObjects(session, objects, 16, &count),
	    CKR_OK);
	assert_int_equal(calls->C_FindObjectsFinal(session), CKR_OK);
	return count;
}

static int
check_record(void *context, const struct record *record, struct fail *fail)
{
	AUTO(buf_release) struct buf text = { 0 };
	const char *const *want = context;

	(void)fail;
	if (strcmp(record->event, want[0]) != 0)
		return 0;
	json_write(record->data, &text);
	for (want++; *want != NULL; want++)
		if (strstr(buf_cstr(&text), *want) == NULL)
			fail_msg("%s: lacks %s", buf_cstr(&text), *want);
	return 0;
}

static void
authority_begins(void **state)
{
	static const char *init[] = {
		"init", "\"format\":1", "\"name\":\"test\"",
		"\"CKA_SENSITIVE\":\"true\"", "\"CKA_EXTRACTABLE\":\"false\"",
		"\"signature_verified\":true", "\"label\":\"test journal\"",
		"\"wrap_trial\":\"", "\"model\":\"SoftHSM v2\"", NULL,
	};
	struct token_world *w = *state;
	struct audit audit = { 0 };
	const struct ledger *ledger;

	token_begin(w);
	ledger = w->authority->ledger;
	assert_int_equal(ledger->state, STATE_NONE);
	assert_string_equal(ledger->name, "test");
	assert_true(digest_is_equal(&ledger->policy->digest,
	    &w->policy->digest));
	assert_int_equal(ledger->sealed_seq, 2);
	assert_int_equal(ledger->loose, 0);
	MUST(journal_replay(w->authority->journal, check_record, init,
	    &fault));
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.seals, 1);
	assert_int_equal(audit.strays, 0);
	assert_int_equal(count_keys(w), 1);
}

static void
init_leaves_nothing_behind(void **state)
{
	struct token_world *w = *state;

	setenv("FAKE_FAIL", "C_GenerateKeyPair:0x31", 1);
	MUST_FAIL(FAIL_TOKEN, "", token_init_authority(w, &fault));
	unsetenv("FAKE_FAIL");
	assert_int_equal(access(w->path, F_OK), -1);
	/* The journal key is made; its certificate cannot be. */
	setenv("FAKE_FAIL", "C_GenerateRandom:0x30", 1);
	{
		struct fail fail = { 0 };

		assert_int_equal(token_init_authority(w, &fail), -1);
		assert_int_equal(fail.kind, FAIL_TOKEN);
	}
	unsetenv("FAKE_FAIL");
	assert_int_equal(access(w->path, F_OK), -1);
	assert_int_equal(count_keys(w), 0);
	assert_int_equal(mkdir(w->path, 0700), 0);
	MUST_FAIL(FAIL_REFUSED, "test: exists already", token_init_authority(w,
	    &fault));
	assert_int_equal(count_keys(w), 0);
	assert_int_equal(rmdir(w->path), 0);
	token_begin(w);
}

static void
root_key_is_generated_once(void **state)
{
	static const char *root_key[] = {
		"root-key", "\"origin\":\"generated\"", "\"kind\":\"ec-p384\"",
		"\"label\":\"test root\"", "\"CKA_LOCAL\":\"true\"", NULL,
	};
	struct token_world *w = *state;
	AUTO(key_release) struct key *key = NULL;

	token_begin(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	assert_int_equal(w->authority->ledger->state,
	    STATE_PENDING_CERTIFICATE);
	MUST(journal_replay(w->authority->journal, check_record, root_key,
	    &fault));
	MUST(authority_find_key(&w->authority->ledger->root_key, w->session,
	    &key, &fault));
	assert_int_equal(key_kind(key), KEY_EC_P384);
	MUST_FAIL(FAIL_REFUSED, "making or adopting a root key is not possible "
	    "while the authority is pending-certificate",
	    root_generate(w->authority, &w->act, w->session, &fault));
	assert_int_equal(count_keys(w), 2);
	token_reopen(w);
}

static void
key_that_is_not_recorded_goes(void **state)
{
	struct token_world *w = *state;
	struct authority *other = NULL;

	token_begin(w);
	/* So that nothing can be appended. */
	authority_release(&w->authority);
	MUST(authority_open(w->path, false, &other, &fault));
	MUST_FAIL(FAIL_SYSTEM, "journal: not written: Bad file descriptor",
	    root_generate(other, &w->act, w->session, &fault));
	assert_int_equal(count_keys(w), 1);
	authority_release(&other);
}

static void
adopt(struct token_world *w, const char *text, enum fail_kind kind,
    const char *sentence)
{
	AUTO(uri_release) struct uri *uri = NULL;

	MUST(uri_read(text, &uri, &fault));
	if (sentence == NULL)
		MUST(root_adopt(w->authority, &w->act, uri, w->session,
		    &fault));
	else
		MUST_FAIL(kind, sentence, root_adopt(w->authority, &w->act,
		    uri, w->session, &fault));
}

static void
generate_and_release(struct token_world *w, enum key_kind kind,
    const char *label)
{
	AUTO(key_release) struct key *key = NULL;

	MUST(key_generate(session_token(w->session), kind, label, &key,
	    &fault));
}

static void
key_is_adopted(void **state)
{
	static const char *root_key[] = {
		"root-key", "\"origin\":\"adopted\"", "\"label\":\"mine\"",
		NULL,
	};
	struct token_world *w = *state;

	token_begin(w);
	generate_and_release(w, KEY_EC_P256, "small");
	generate_and_release(w, KEY_EC_P384, "mine");
	adopt(w, "pkcs11:object=small", FAIL_REFUSED,
	    "key \"small\": policy wants ec-p384, have ec-p256");
	adopt(w, "pkcs11:object=none", FAIL_TOKEN, "no key matches");
	adopt(w, "pkcs11:object=mine", FAIL_NONE, NULL);
	MUST(journal_replay(w->authority->journal, check_record, root_key,
	    &fault));
	adopt(w, "pkcs11:object=mine", FAIL_REFUSED,
	    "making or adopting a root key is not possible while");
	/* What was refused is still there. */
	assert_int_equal(count_keys(w), 3);
	token_certify(w);
}

static void
journal_key_is_not_adopted(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf one = { 0 };
	AUTO(buf_release) struct buf text = { 0 };

	replace(bytes_text(policy_text), "ec-p384", "ec-p256", &one);
	replace(buf_bytes(&one), "sha384", "sha256", &text);
	policy_release(&w->policy);
	MUST(policy_read("policy", buf_bytes(&text), &w->policy, &fault));
	token_begin(w);
	adopt(w, "pkcs11:object=test%20journal", FAIL_REFUSED,
	    "key \"test journal\": is the journal's own");
}

static void
root_is_certified(void **state)
{
	struct token_world *w = *state;
	const struct ledger *ledger;
	struct audit audit = { 0 };

	token_begin(w);
	ledger = w->authority->ledger;
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	w->act.now += DAY;
	token_certify(w);
	assert_int_equal(ledger->state, STATE_ACTIVE);
	assert_int_equal(ledger_signatures(ledger), 1);
	assert_int_equal(ledger->root->not_before, NOW + DAY - 3600);
	assert_int_equal(ledger->root->serial.len, SERIAL_MAX);
	assert_true(ledger->root->ca);
	assert_int_equal(ledger->root->path_length, -1);
	assert_true(bytes_is_equal(ledger->root->spki.der,
	    buf_bytes(&ledger->root_key.spki)));
	MUST(cert_verify(ledger->root, ledger->root->spki.key, &fault));
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.roots, 1);
	assert_int_equal(audit.seals, 3);
	assert_int_equal(audit.unsealed, 0);
}

static void
root_is_certified_once(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct serial serial = { { 9 }, 1 };
	int64_t seq = journal_head(w->authority->journal)->seq;

	MUST_FAIL(FAIL_REFUSED, "certifying the root is not possible while "
	    "the authority is active", root_plan(w->authority, &w->act,
	    w->session, &serial, &tbs, &fault));
	assert_int_equal(serial.octets[0], 9);
	assert_int_equal(tbs.len, 0);
	MUST_FAIL(FAIL_REFUSED, "certifying the root is not possible while "
	    "the authority is active", root_certify(w->authority, &w->act,
	    &serial, bytes_text("tbs"), w->session, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
}

/* The token signs wrongly, or not at all: then its certificate is open. */
static void
failed_signature_leaves_the_intent(void **state)
{
	struct token_world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };
	struct serial serial;

	token_begin(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	MUST(root_plan(w->authority, &w->act, w->session, &serial, &tbs,
	    &fault));
	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	assert_int_equal(root_certify(w->authority, &w->act, &serial,
	    buf_bytes(&tbs), w->session, &fail), -1);
	unsetenv("FAKE_FAIL");
	assert_int_equal(fail.kind, FAIL_TOKEN);
	token_reopen(w);
	assert_int_equal(w->authority->ledger->intent.count, 1);
	assert_true(serial_is_equal(&serial,
	    &w->authority->ledger->intent.items[0].serial));
	assert_int_equal(ledger_signatures(w->authority->ledger), 1);
	MUST_FAIL(FAIL_REFUSED, "root: an earlier command stopped half-way",
	    root_plan(w->authority, &w->act, w->session, &serial, &tbs,
	    &fault) == -1 ? fail_in(&fault, "root") : 0);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, token_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(authority_begins, token_setup),
		IN(init_leaves_nothing_behind, token_setup),
		IN(root_key_is_generated_once, token_setup),
		IN(key_that_is_not_recorded_goes, token_setup),
		IN(key_is_adopted, token_setup),
		IN(journal_key_is_not_adopted, token_setup),
		IN(root_is_certified, token_setup),
		IN(root_is_certified_once, token_setup_active),
		IN(failed_signature_leaves_the_intent, token_setup),
	};

	return cmocka_run_group_tests_name("root", tests, NULL, NULL);
}
