/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/issue.h>
#include <anchorite/ca/revoke.h>
#include <anchorite/out/audit.h>

static void
sign_one(struct token_world *w, const char *cn)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	struct issue_file file = { .name = cn, .profile = "sub" };

	make_request(key, cn, &request);
	file.content = buf_bytes(&request);
	MUST(issue_read(w->authority, &w->act, false, &file, 1, &issue,
	    &fault));
	MUST(issue_build(issue, w->session, &fault));
	MUST(issue_finish(issue, &fault));
	EVP_PKEY_free(key);
}

static struct crl *
sign_crl(struct token_world *w)
{
	struct crl *crl = NULL;

	MUST(revoke_sign_crl(w->authority, &w->act, w->session, &crl,
	    &fault));
	return crl;
}

static void
revoked_is_in_the_next_crl(void **state)
{
	struct token_world *w = *state;
	struct ledger *ledger = w->authority->ledger;
	AUTO(crl_release) struct crl *first = NULL;
	AUTO(crl_release) struct crl *second = NULL;
	struct crl_entry entry;
	struct audit audit = { 0 };
	struct bytes rest;

	sign_one(w, "one");
	sign_one(w, "two");
	first = sign_crl(w);
	assert_int_equal(first->number, 1);
	assert_int_equal(first->entry_count, 0);
	w->act.now += DAY;
	MUST(revoke_certificate(w->authority, &w->act, &ledger->issued[1],
	    CRL_KEY_COMPROMISE, w->session, &fault));
	assert_int_equal(ledger->issued[1].status, ISSUED_REVOKED);
	assert_int_equal(ledger->issued[0].status, ISSUED_VALID);
	w->act.now += DAY;
	second = sign_crl(w);
	assert_int_equal(second->number, 2);
	assert_int_equal(second->entry_count, 1);
	rest = second->entries;
	MUST(crl_next(&rest, &entry, &fault));
	assert_true(serial_is_equal(&entry.serial,
	    &ledger->issued[1].serial));
	assert_int_equal(entry.revoked_at, NOW + DAY);
	assert_int_equal(entry.reason, CRL_KEY_COMPROMISE);
	assert_int_equal(second->next_update, ledger->crl_next_update);
	assert_true(digest_is_equal(&second->digest, &ledger->crl));
	MUST(crl_verify(second, ledger->root->spki.key, &fault));
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.crls, 2);
	assert_int_equal(audit.unsealed, 0);
}

static void
revoked_once(void **state)
{
	struct token_world *w = *state;
	struct issued *issued;
	AUTO(buf_release) struct buf sentence = { 0 };
	char serial[SERIAL_HEX_SIZE];

	sign_one(w, "one");
	issued = w->authority->ledger->issued;
	MUST(revoke_check(w->authority, &w->act, issued, &fault));
	MUST(revoke_certificate(w->authority, &w->act, issued, CRL_UNSPECIFIED,
	    w->session, &fault));
	serial_hex(&issued->serial, serial);
	buf_printf(&sentence, "certificate %s: is revoked already", serial);
	MUST_FAIL(FAIL_REFUSED, buf_cstr(&sentence), revoke_check(
	    w->authority, &w->act, issued, &fault));
	MUST_FAIL(FAIL_REFUSED, buf_cstr(&sentence),
	    revoke_certificate(w->authority, &w->act, issued, CRL_UNSPECIFIED,
	    w->session, &fault));
	w->act.now--;
	issued->status = ISSUED_VALID;
	MUST_FAIL(FAIL_REFUSED, "clock: it is ", revoke_check(w->authority,
	    &w->act, issued, &fault));
}

static void
crl_needs_a_root(void **state)
{
	struct token_world *w = *state;
	struct crl *crl = NULL;

	token_begin(w);
	MUST_FAIL(FAIL_REFUSED, "signing a CRL is not possible while the "
	    "authority is without a root key", revoke_sign_crl(w->authority,
	    &w->act, w->session, &crl, &fault));
	assert_null(crl);
}

/* One that would have run out already is not signed. */
static void
crl_past_the_roots_end_is_refused(void **state)
{
	struct token_world *w = *state;
	int64_t seq = journal_head(w->authority->journal)->seq;
	struct crl *crl = NULL;

	w->act.now = w->authority->ledger->root->not_after + 1;
	MUST_FAIL(FAIL_REFUSED, "CRL: the root ended ",
	    revoke_sign_crl(w->authority, &w->act, w->session,
	    &crl, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
	assert_null(crl);
}

static void
failed_signature_leaves_the_intent(void **state)
{
	struct token_world *w = *state;
	struct crl *crl = NULL;
	struct fail fail = { 0 };

	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	assert_int_equal(revoke_sign_crl(w->authority, &w->act, w->session,
	    &crl, &fail), -1);
	unsetenv("FAKE_FAIL");
	assert_int_equal(fail.kind, FAIL_TOKEN);
	assert_null(crl);
	token_reopen(w);
	assert_string_equal(w->authority->ledger->intent.event, "crl-intent");
	assert_int_equal(w->authority->ledger->intent.crl_number, 1);
	assert_int_equal(w->authority->ledger->crl_number, 0);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, token_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(revoked_is_in_the_next_crl, token_setup_active),
		IN(revoked_once, token_setup_active),
		IN(crl_needs_a_root, token_setup),
		IN(crl_past_the_roots_end_is_refused, token_setup_active),
		IN(failed_signature_leaves_the_intent, token_setup_active),
	};

	return cmocka_run_group_tests_name("revoke", tests, NULL, NULL);
}
