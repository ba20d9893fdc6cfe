/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* For RAND_set_rand_method: how else would random numbers repeat? */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/rand.h>

#include "authority.h"

#include <anchorite/ca/issue.h>
#include <anchorite/ca/private.h>
#include <anchorite/out/audit.h>

/* Requests of as many new keys. */
#define FILES 3

struct files {
	struct buf contents[FILES];
	struct issue_file list[FILES];
};

static void
files_make(struct files *files)
{
	static const char *const names[FILES] = { "a.csr", "b.csr", "c.csr" };

	memset(files, 0, sizeof(*files));
	for (size_t n = 0; n < FILES; n++) {
		EVP_PKEY *key = EVP_EC_gen("P-256");

		make_request(key, names[n], &files->contents[n]);
		files->list[n].name = names[n];
		files->list[n].profile = "sub";
		files->list[n].content = buf_bytes(&files->contents[n]);
		EVP_PKEY_free(key);
	}
}

static void
files_release(struct files *files)
{
	for (size_t n = 0; n < FILES; n++)
		buf_release(&files->contents[n]);
}

static void
refuse(struct world *w, const struct issue_file *files, size_t count,
    enum fail_kind kind, const char *sentence)
{
	struct issue *none = NULL;

	MUST_FAIL(kind, sentence, issue_read(w->authority, &w->act,
	    false, files, count, &none, &fault));
	assert_null(none);
}

static void
requests_are_counted(void **state)
{
	struct world *w = *state;
	AUTO(files_release) struct files files = { 0 };

	files_make(&files);
	refuse(w, files.list, 0, FAIL_USAGE, "requests: none");
	refuse(w, files.list, ISSUE_MAX + 1, FAIL_USAGE,
	    "requests: at most 1000 at once, have 1001");
}

static void
state_is_checked_first(void **state)
{
	struct world *w = *state;
	AUTO(files_release) struct files files = { 0 };

	files_make(&files);
	refuse(w, files.list, 1, FAIL_REFUSED, "signing is not possible "
	    "while the authority is pending-certificate");
}

/* Each request is judged, and named; none behind it counts. */
static void
requests_are_judged(void **state)
{
	struct world *w = *state;
	EVP_PKEY *large = EVP_EC_gen("P-521");
	AUTO(files_release) struct files files = { 0 };
	AUTO(buf_release) struct buf other = { 0 };

	files_make(&files);
	files.list[1].content = bytes_text("rubbish");
	refuse(w, files.list, FILES, FAIL_INPUT, "request b.csr: ");
	make_request(large, "Sub", &other);
	files.list[1].content = buf_bytes(&other);
	refuse(w, files.list, FILES, FAIL_REFUSED, "request b.csr: "
	    "key kind: want ec-p256, have ec-p521 (policy: keys)");
	files.list[1].content = files.list[0].content;
	refuse(w, files.list, FILES, FAIL_REFUSED,
	    "request b.csr: one request a key: want a key for each request, "
	    "have the same as in a.csr (anchorite(1), sign)");
	EVP_PKEY_free(large);
}

/* All that is wrong is told at once, in the order of the files. */
static void
every_bad_request_is_named(void **state)
{
	struct world *w = *state;
	EVP_PKEY *large = EVP_EC_gen("P-521");
	AUTO(files_release) struct files files = { 0 };
	AUTO(buf_release) struct buf other = { 0 };

	files_make(&files);
	make_request(large, "Sub", &other);
	files.list[0].profile = "sup";
	files.list[1].content = bytes_text("");
	refuse(w, files.list, FILES, FAIL_INPUT, "2 of 3 requests: request "
	    "a.csr: no profile sup in policy test: it has sub, whole; request "
	    "b.csr: empty");
	files.list[2].content = buf_bytes(&other);
	refuse(w, files.list, FILES, FAIL_REFUSED, "3 of 3 requests: request "
	    "a.csr: no profile sup in policy test: it has sub, whole; request "
	    "b.csr: empty; request c.csr: key kind: want ec-p256, have "
	    "ec-p521 (policy: keys)");
	/* One whose key nobody could read is the same as none. */
	files.list[0].profile = "sub";
	files.list[2].content = files.list[0].content;
	refuse(w, files.list, FILES, FAIL_REFUSED, "2 of 3 requests: request "
	    "b.csr: empty; request c.csr: one request a key: want a key for "
	    "each request, have the same as in a.csr (anchorite(1), sign)");
	EVP_PKEY_free(large);
}

/* The same, with a policy that takes the root's kind of key. */
static void
authoritys_own_keys_are_refused(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf policy = { 0 };
	AUTO(buf_release) struct buf root = { 0 };
	AUTO(buf_release) struct buf journal = { 0 };
	struct issue_file file = { .name = "a.csr", .profile = "sub" };

	replace(bytes_text(policy_text), "[ec-p256]", "[ec-p256, ec-p384]",
	    &policy);
	record_init(w, buf_cstr(&policy));
	world_seal(w);
	world_append(w, "root-key", root_key_data(w->root_key));
	world_seal(w);
	record_root(w);
	world_seal(w);
	make_request(w->root_key, "Sub", &root);
	file.content = buf_bytes(&root);
	refuse(w, &file, 1, FAIL_REFUSED,
	    "request a.csr: not the root's key: want another key than the "
	    "root's own, have the root's own (SP 800-57-1, 5.2)");
	make_request(w->journal_key, "Sub", &journal);
	file.content = buf_bytes(&journal);
	refuse(w, &file, 1, FAIL_REFUSED,
	    "request a.csr: not the journal's: want another key than the "
	    "journal's own, have the journal's own (SP 800-57-1, 5.2)");
}

static struct issue *
issue_built(struct token_world *w, const struct files *files, bool reissue)
{
	struct issue *issue = NULL;

	MUST(issue_read(w->authority, &w->act, reissue, files->list,
	    FILES, &issue, &fault));
	MUST(issue_build(issue, w->session, &fault));
	return issue;
}

static void
batch_is_signed(void **state)
{
	struct token_world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	struct audit audit = { 0 };

	files_make(&files);
	issue = issue_built(w, &files, false);
	MUST(issue_finish(issue, &fault));
	assert_int_equal(ledger->issued_count, FILES);
	assert_int_equal(ledger_signatures(ledger), 1 + FILES);
	for (size_t n = 0; n < FILES; n++) {
		const struct cert *cert = issue->items[n].certificate;
		const struct issued *issued = &ledger->issued[n];

		MUST(cert_verify(cert, ledger->root->spki.key, &fault));
		assert_true(bytes_is_equal(cert->tbs,
		    buf_bytes(&issue->items[n].tbs)));
		assert_true(digest_is_equal(&cert->digest,
		    &issued->certificate));
		assert_true(digest_is_equal(&issue->items[n].csr->digest,
		    &issued->request));
		assert_true(serial_is_equal(&cert->serial, &issued->serial));
		assert_int_equal(issued->status, ISSUED_VALID);
		assert_string_equal(issued->profile, "sub");
		assert_int_equal(issued->issued_at, NOW);
	}
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.certificates, FILES);
	assert_int_equal(audit.unsealed, 0);
	assert_int_equal(audit.strays, 0);
}

static void
want_end(const struct cert *cert, int64_t want)
{
	assert_int_equal(cert->not_after, want);
}

/* One intent, and each item under its own profile and with its target. */
static void
profiles_and_targets_are_mixed(void **state)
{
	struct token_world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	const struct issued *issued;
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	struct audit audit = { 0 };

	files_make(&files);
	files.list[0].consumers = 1u << CONSUMER_ACM_PCA;
	files.list[0].target = (struct target){
		.region = "eu-west-1", .requester = "Ann",
	};
	files.list[1].profile = "whole";
	issue = issue_built(w, &files, false);
	MUST(issue_finish(issue, &fault));
	issued = ledger->issued;
	assert_int_equal(ledger->issued_count, FILES);
	assert_string_equal(issued[0].profile, "sub");
	assert_int_equal(issued[0].consumers, 1u << CONSUMER_ACM_PCA);
	assert_string_equal(issued[0].target.region, "eu-west-1");
	assert_string_equal(issued[0].target.requester, "Ann");
	assert_string_equal(issued[1].profile, "whole");
	assert_int_equal(issued[1].consumers, 0);
	assert_true(target_is_empty(&issued[1].target));
	want_end(issue->items[0].certificate,
	    period_after(NOW, (struct period){ .years = 10 }));
	want_end(issue->items[1].certificate, ledger->root->not_after);
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.certificates, FILES);
}

/* What the policy makes private stands in the record as a commitment. */
static void
private_targets_are_committed(void **state)
{
	struct token_world *w = *state;
	const struct issued *issued;
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	AUTO(buf_release) struct buf value = { 0 };
	AUTO(buf_release) struct buf journal = { 0 };
	AUTO(auto_free) char *path = file_path(w->path, JOURNAL_NAME);
	struct audit audit = { 0 };

	files_make(&files);
	files.list[0].target = (struct target){
		.region = "eu-west-1", .requester = "Ann", .ticket = "CHG-1",
	};
	w->authority->privates = 1u << PRIVATE_REQUESTER;
	issue = issue_built(w, &files, false);
	MUST(issue_finish(issue, &fault));
	issued = w->authority->ledger->issued;
	assert_string_equal(issued->target.region, "eu-west-1");
	assert_string_equal(issued->target.ticket, "CHG-1");
	assert_true(private_is(issued->target.requester));
	MUST(private_show(w->authority->objects, issued->target.requester,
	    &value, &fault));
	assert_string_equal(buf_cstr(&value), "Ann");
	MUST(file_load(path, JOURNAL_LINE_MAX, &journal, &fault));
	assert_null(strstr(buf_cstr(&journal), "Ann"));
	assert_non_null(strstr(buf_cstr(&journal), "CHG-1"));
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.strays, 0);
}

static void
key_is_certified_once(void **state)
{
	struct token_world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	AUTO(issue_release) struct issue *again = NULL;
	AUTO(buf_release) struct buf sentence = { 0 };
	char serial[SERIAL_HEX_SIZE];

	files_make(&files);
	issue = issue_built(w, &files, false);
	MUST(issue_finish(issue, &fault));
	serial_hex(&ledger->issued[0].serial, serial);
	buf_printf(&sentence, "request a.csr: new key: want a key that was "
	    "not certified before, or --reissue, have certified already, "
	    "serial %s (anchorite(1), sign)", serial);
	MUST_FAIL(FAIL_REFUSED, buf_cstr(&sentence), issue_read(w->authority,
	    &w->act, false, files.list, FILES, &again, &fault));
	again = issue_built(w, &files, true);
	MUST(issue_finish(again, &fault));
	assert_int_equal(ledger->issued_count, 2 * FILES);
	assert_false(serial_is_equal(&ledger->issued[0].serial,
	    &ledger->issued[FILES].serial));
}

static int
steady_bytes(unsigned char *out, int len)
{
	memset(out, 1, (size_t)len);
	return 1;
}

/* Where both the token's random numbers and ours are none. */
static void
repeated_serials_are_refused(void **state)
{
	struct token_world *w = *state;
	static const RAND_METHOD steady = { .bytes = steady_bytes };
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;

	files_make(&files);
	issue = issue_built(w, &files, false);
	setenv("FAKE_FAIL", "C_GenerateRandom:0", 1);
	RAND_set_rand_method(&steady);
	MUST_FAIL(FAIL_TOKEN, "serial: the token's random numbers repeat",
	    issue_build(issue, w->session, &fault));
	RAND_set_rand_method(NULL);
	unsetenv("FAKE_FAIL");
	assert_int_equal(w->authority->ledger->intent.seq, 0);
}

/* What was linted is what is signed, or it is not recorded. */
static void
wrong_signature_is_not_recorded(void **state)
{
	struct token_world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	struct audit audit = { 0 };

	files_make(&files);
	issue = issue_built(w, &files, false);
	MUST(issue_intend(issue, &fault));
	/* On disk before the first signature. */
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.possibly, FILES);
	issue->root_signer = stranger;
	MUST(issue_sign(issue, &fault));
	MUST_FAIL(FAIL_TOKEN, "request a.csr: signature does not verify",
	    issue_record(issue, &fault));
	token_reopen(w);
	assert_int_equal(w->authority->ledger->intent.count, FILES);
	assert_int_equal(w->authority->ledger->issued_count, 0);
	EVP_PKEY_free(stranger);
}

static void
failed_signature_leaves_the_intent(void **state)
{
	struct token_world *w = *state;
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;
	struct fail fail = { 0 };

	files_make(&files);
	issue = issue_built(w, &files, false);
	setenv("FAKE_FAIL", "C_SignInit:0x30", 1);
	assert_int_equal(issue_finish(issue, &fail), -1);
	unsetenv("FAKE_FAIL");
	assert_int_equal(fail.kind, FAIL_TOKEN);
	assert_memory_equal(fail.sentence, "request a.csr: ", 15);
	token_reopen(w);
	assert_int_equal(w->authority->ledger->intent.count, FILES);
	MUST_FAIL(FAIL_REFUSED, "an earlier command stopped half-way",
	    issue_read(w->authority, &w->act, false, files.list, FILES,
	    &issue, &fault));
}

/* The root ends before a profile would. */
static void
validity_past_the_roots_is_refused(void **state)
{
	struct token_world *w = *state;
	AUTO(files_release) struct files files = { 0 };
	AUTO(issue_release) struct issue *issue = NULL;

	files_make(&files);
	w->act.now += 11 * 366 * DAY;
	MUST_FAIL(FAIL_REFUSED, "request a.csr: validity: ends ",
	    issue_read(w->authority, &w->act, false, files.list, 1, &issue,
	    &fault));
	w->act.now = w->authority->ledger->root->not_after;
	MUST_FAIL(FAIL_REFUSED, "the root ended ", issue_read(w->authority,
	    &w->act, false, files.list, 1, &issue, &fault));
	assert_null(issue);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)
#define IN_TOKEN(test) \
	cmocka_unit_test_setup_teardown(test, token_setup_active, \
	    token_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(requests_are_counted, world_setup),
		IN(state_is_checked_first, world_setup_pending),
		IN(requests_are_judged, world_setup),
		IN(every_bad_request_is_named, world_setup),
		IN(authoritys_own_keys_are_refused, world_setup_empty),
		IN_TOKEN(batch_is_signed),
		IN_TOKEN(profiles_and_targets_are_mixed),
		IN_TOKEN(private_targets_are_committed),
		IN_TOKEN(key_is_certified_once),
		IN_TOKEN(repeated_serials_are_refused),
		IN_TOKEN(wrong_signature_is_not_recorded),
		IN_TOKEN(failed_signature_leaves_the_intent),
		IN_TOKEN(validity_past_the_roots_is_refused),
	};

	return cmocka_run_group_tests_name("issue", tests, NULL, NULL);
}
