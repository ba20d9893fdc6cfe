/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"

#include <anchorite/ca/private.h>
#include <anchorite/out/audit.h>

static struct audit
verify(const struct world *w)
{
	struct audit audit = { 0 };

	MUST(audit_verify(w->path, NULL, &audit, &fault));
	return audit;
}

static void
refuse(const struct world *w, const char *sentence)
{
	struct audit untouched = { .records = 77 };

	MUST_FAIL(FAIL_JOURNAL, sentence,
	    audit_verify(w->path, NULL, &untouched, &fault));
	assert_int_equal(untouched.records, 77);
}

static void
all_is_counted(void **state)
{
	struct world *w = *state;
	struct audit audit = verify(w);
	struct fail refusal = { 0 };

	assert_string_equal(audit.name, "test");
	assert_int_equal(audit.records, world_seq(w));
	assert_int_equal(audit.seals, 7);
	assert_int_equal(audit.roots, 1);
	assert_int_equal(audit.certificates, 2);
	assert_int_equal(audit.crls, 1);
	assert_int_equal(audit.refusals, 0);
	assert_int_equal(audit.possibly, 0);
	assert_int_equal(audit.unsealed, 0);
	assert_int_equal(audit.strays, 0);
	assert_int_equal(audit.head.seq, world_seq(w));
	assert_true(digest_is_equal(&audit.head.digest,
	    &journal_head(w->authority->journal)->digest));
	(void)fail_with(&refusal, FAIL_REFUSED, "no");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
	audit = verify(w);
	assert_int_equal(audit.refusals, 1);
	assert_int_equal(audit.unsealed, 1);
}

/* What a crash leaves is sound: it is counted. */
static void
what_is_open_is_counted(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf crl = { 0 };
	AUTO(buf_release) struct buf root = { 0 };
	struct audit audit;

	record_root_intent(w, "0f", &root);
	record_recovered(w, NULL);
	world_seal(w);
	assert_int_equal(verify(w).possibly, 1);
	record_root(w);
	world_seal(w);
	record_sign_intent(w, SERIAL_A, &tbs);
	audit = verify(w);
	assert_int_equal(audit.possibly, 2);
	assert_int_equal(audit.unsealed, 1);
	record_recovered(w, NULL);
	world_seal(w);
	record_revoked(w, SERIAL_A);
	world_seal(w);
	record_crl_intent(w, 1, &crl);
	record_recovered(w, NULL);
	world_seal(w);
	record_crl(w, 2);
	world_seal(w);
	audit = verify(w);
	assert_int_equal(audit.possibly, 3);
	assert_int_equal(audit.certificates, 0);
	assert_int_equal(audit.crls, 1);
	assert_int_equal(audit.unsealed, 0);
}

/* What nothing reads but the audit's end is named with its record, too. */
static void
objects_are_named_with_their_record(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();
	AUTO(buf_release) struct buf sentence = { 0 };
	AUTO(auto_free) char *path = NULL;
	struct digest digest;
	char hex[DIGEST_HEX_SIZE];

	MUST(objects_put(w->authority->objects, bytes_text("a line"), &digest,
	    &fault));
	json_put_digest(data, "torn", &digest);
	world_append(w, "bundled", data);
	world_seal(w);
	verify(w);
	digest_hex(&digest, hex);
	path = object_path(w, &digest);
	overwrite(path, bytes_text("a lime"));
	buf_printf(&sentence, "test: journal: record %lld: " OBJECTS_NAME
	    "/%s: has been changed", (long long)world_seq(w) - 1, hex);
	refuse(w, buf_cstr(&sentence));
	assert_int_equal(unlink(path), 0);
	sentence.len = 0;
	buf_printf(&sentence, "test: journal: record %lld: " OBJECTS_NAME
	    ": %s: No such file", (long long)world_seq(w) - 1, hex);
	refuse(w, buf_cstr(&sentence));
	overwrite(path, bytes_text("a line"));
	verify(w);
}

/* The first record that names it, though another is read first. */
static void
first_record_is_named(void **state)
{
	struct world *w = *state;
	const struct ledger *l = w->authority->ledger;
	AUTO(auto_free) char *path = object_path(w, &l->policy->digest);
	AUTO(auto_free) char *other =
	    object_path(w, &l->journal_certificate->digest);

	overwrite(path, bytes_text("x"));
	overwrite(other, bytes_text("x"));
	refuse(w, "journal: record 1: init: " OBJECTS_NAME "/");
}

/* A value that only its commitment stands for. */
static void
private_values_can_be_taken_out(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();
	AUTO(buf_release) struct buf by = { 0 };
	AUTO(buf_release) struct buf ticket = { 0 };
	AUTO(auto_free) char *path = NULL;
	struct digest digest;

	MUST(private_put(w->authority->objects, "Alice", &by, &fault));
	MUST(private_put(w->authority->objects, "INC-4711", &ticket,
	    &fault));
	world_reopen(w);
	w->act.by = buf_cstr(&by);
	json_put_text(data, "consumer", buf_cstr(&ticket));
	json_put_text(data, "other", "private: no, not so");
	world_append(w, "bundled", data);
	world_seal(w);
	assert_int_equal(verify(w).redacted, 0);
	assert_int_equal(verify(w).strays, 0);
	MUST(private_read(buf_cstr(&ticket), &digest, &fault));
	path = object_path(w, &digest);
	overwrite(path, bytes_text("{\"salt\":\"00\",\"value\":\"INC-4712\"}"));
	refuse(w, ": has been changed");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(verify(w).redacted, 1);
	free(path);
	MUST(private_read(buf_cstr(&by), &digest, &fault));
	path = object_path(w, &digest);
	assert_int_equal(unlink(path), 0);
	/* In the record, and in the seal behind it. */
	assert_int_equal(verify(w).redacted, 3);
}

static void
what_is_no_private_value_is_refused(void **state)
{
	struct world *w = *state;
	struct json *data = json_new();
	AUTO(buf_release) struct buf text = { 0 };
	struct digest digest;
	char hex[DIGEST_HEX_SIZE];

	MUST(objects_put(w->authority->objects, bytes_text("x"), &digest,
	    &fault));
	digest_hex(&digest, hex);
	buf_printf(&text, PRIVATE_PREFIX "%s", hex);
	json_put_text(data, "consumer", buf_cstr(&text));
	world_append(w, "bundled", data);
	world_seal(w);
	refuse(w, ": private value: JSON: ");
}

/* An intent to certify the request, whoever let it through. */
static void
intend(struct world *w, EVP_PKEY *key, const char *cn, const char *serial)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;

	make_request(key, cn, &der);
	MUST(csr_read(buf_bytes(&der), &csr, &fault));
	world_append(w, "sign-intent", sign_data(w, csr, serial, &tbs));
}

static void
the_roots_name_is_found(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");

	intend(w, key, "ROOT", SERIAL_A);
	EVP_PKEY_free(key);
	refuse(w, "item 1: not the root's name: want another name than the "
	    "root's, have CN=ROOT (RFC 5280, 6.1.4 (l))");
}

static void
the_journals_key_is_found(void **state)
{
	struct world *w = *state;

	intend(w, w->journal_key, "Sub", SERIAL_A);
	refuse(w, "item 1: not the journal's: want another key than the "
	    "journal's own, have the journal's own");
}

/* As of then: what was revoked later does not count, nor a key that comes
 * again. */
static void
compromised_keys_are_found(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct json *data = json_new();

	intend(w, key, "Sub", SERIAL_A);
	record_recovered(w, NULL);
	intend(w, key, "Sub", SERIAL_B);
	record_recovered(w, NULL);
	json_put_text(data, "reason", "keyCompromise");
	json_put_text(data, "serial", SERIAL_B);
	world_append(w, "revoked", data);
	world_seal(w);
	verify(w);
	intend(w, key, "Sub", "410203040506077777");
	EVP_PKEY_free(key);
	refuse(w, "item 1: not compromised: want a key of which no "
	    "certificate was revoked as compromised, have serial "
	    SERIAL_B ": keyCompromise");
}

/* Where it came to, last. */
struct watcher {
	struct audit_progress last;
	int told;
};

static void
watch(void *context, const struct audit_progress *progress)
{
	struct watcher *watcher = context;

	assert_true(progress->records >= watcher->last.records);
	assert_true(progress->done >= watcher->last.done);
	assert_true(progress->done <= progress->total);
	watcher->last = *progress;
	watcher->told++;
}

static void
progress_is_told(void **state)
{
	struct world *w = *state;
	struct watcher watcher = { .told = 0 };
	const struct audit_watch eyes = { watch, &watcher };
	AUTO(buf_release) struct buf text = { 0 };
	struct audit audit = { 0 };

	MUST(audit_verify(w->path, &eyes, &audit, &fault));
	load(w->journal, &text);
	assert_true(watcher.told >= 1);
	/* Ten times a second, on a machine however slow. */
	assert_true(watcher.told < world_seq(w));
	assert_int_equal(watcher.last.records, world_seq(w));
	assert_int_equal(watcher.last.done, text.len);
	assert_int_equal(watcher.last.total, text.len);
	/* What is not sound has no end. */
	watcher = (struct watcher){ .told = 0 };
	text.data[text.len - 2] ^= 1;
	overwrite(w->journal, buf_bytes(&text));
	MUST_FAIL(FAIL_JOURNAL, "journal: record ",
	    audit_verify(w->path, &eyes, &audit, &fault));
	assert_true(watcher.last.done < watcher.last.total ||
	    watcher.told == 0);
}

/* Another good certificate of the same root, under the name of the first. */
static void
exchanged_certificate_is_refused(void **state)
{
	struct world *w = *state;
	const struct ledger *l = w->authority->ledger;
	AUTO(auto_free) char *one = object_path(w, &l->issued[0].certificate);
	AUTO(auto_free) char *other =
	    object_path(w, &l->issued[1].certificate);
	AUTO(buf_release) struct buf content = { 0 };
	char one_hex[DIGEST_HEX_SIZE], other_hex[DIGEST_HEX_SIZE];

	digest_hex(&l->issued[0].certificate, one_hex);
	digest_hex(&l->issued[1].certificate, other_hex);
	world_rewrite(w, one_hex, other_hex);
	refuse(w, "record 9: item 1: a certificate is not the one "
	    "intended");
	world_rewrite(w, other_hex, one_hex);
	refuse(w, "record 12: item 1: a certificate is not the one "
	    "intended");
	load(other, &content);
	assert_int_equal(unlink(one), 0);
	overwrite(one, buf_bytes(&content));
	refuse(w, ": has been changed");
}

static void
responses_are_derived(void **state)
{
	struct world *w = *state;

	record_ocsp(w, SERIAL_A);
	world_seal(w);
	record_ocsp(w, SERIAL_B);
	world_seal(w);
	assert_int_equal(verify(w).responses, 2);
	/* The time of revocation is an input. */
	world_rewrite(w, "superseded", "keyCompromise");
	refuse(w, "record 16: the bytes to be signed do not derive");
}

static void
other_responses_are_refused(void **state)
{
	struct world *w = *state;
	const struct ledger *l = w->authority->ledger;
	char one_hex[DIGEST_HEX_SIZE], other_hex[DIGEST_HEX_SIZE];

	record_ocsp(w, SERIAL_A);
	world_seal(w);
	record_ocsp(w, SERIAL_B);
	world_seal(w);
	digest_hex(&l->issued[0].ocsp, one_hex);
	digest_hex(&l->issued[1].ocsp, other_hex);
	world_rewrite(w, one_hex, other_hex);
	refuse(w, "record 20: item 1: an OCSP response is not the one "
	    "intended");
	world_rewrite(w, other_hex, one_hex);
	refuse(w, "record 23: item 1: an OCSP response is not the one "
	    "intended");
}

/* With the journal key, but without the right inputs. */
static void
what_does_not_derive_is_refused(void **state)
{
	static const struct {
		const char *old, *new, *sentence;
	} rows[] = {
		{ "\"profile\":\"sub\"", "\"profile\":\"whole\"",
		    "record 8: item 1: the bytes to be signed do not derive "
		    "from the recorded inputs" },
		{ "\"serial\":\"" SERIAL_A "\"",
		    "\"serial\":\"410203040506070808\"",
		    "record 8: item 1: the bytes to be signed do not derive "
		    "from the recorded inputs" },
		{ "\"serial\":\"" SERIAL_B "\"", "\"serial\":\"" SERIAL_A "\"",
		    "record 11: sign-intent: item 1: serial " SERIAL_A ": used "
		    "twice" },
		{ "\"serial\":\"06\"", "\"serial\":\"07\"",
		    "record 5: the bytes to be signed do not derive from the "
		    "recorded inputs" },
		{ "06:50:48Z", "06:50:49Z", "record 1: the journal key's "
		    "certificate does not derive from the recorded inputs" },
		{ "\"name\":\"test\"", "\"name\":\"tess\"", "record 1: the "
		    "journal key's certificate does not derive from the "
		    "recorded inputs" },
		{ "superseded", "keyCompromise", "record 16: the bytes to be "
		    "signed do not derive from the recorded inputs" },
		{ "\"profile\":\"sub\"", "\"profile\":\"none\"",
		    "record 8: sign-intent: item 1: no profile none in policy "
		    "test" },
	};
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };

	load(w->journal, &text);
	world_rewrite(w, "no such text", "");
	verify(w);
	for (size_t n = 0; n < COUNT(rows); n++) {
		overwrite(w->journal, buf_bytes(&text));
		world_rewrite(w, rows[n].old, rows[n].new);
		refuse(w, rows[n].sentence);
	}
}

/* A certificate that the root did sign, of bytes that nobody derives. */
static void
other_bytes_are_refused(void **state)
{
	struct world *w = *state;
	AUTO(csr_release) struct csr *csr = new_csr("Sub");
	AUTO(csr_release) struct csr *other = new_csr("Other");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf false_tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data = sign_data(w, csr, SERIAL_A, &tbs);
	char want[DIGEST_HEX_SIZE], have[DIGEST_HEX_SIZE];

	json_release(&data);
	data = sign_data(w, other, SERIAL_A, &false_tbs);
	world_append(w, "sign-intent", data);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&false_tbs), &der);
	record_signed(w, SERIAL_A, buf_bytes(&der));
	world_seal(w);
	verify(w);
	object_hex(buf_bytes(&other->der), have);
	object_hex(buf_bytes(&csr->der), want);
	world_rewrite(w, have, want);
	refuse(w, "record 8: item 1: the key recorded is not the one to be "
	    "certified");
	object_hex(other->spki.der, have);
	object_hex(csr->spki.der, want);
	world_rewrite(w, have, want);
	refuse(w, "record 8: item 1: the bytes to be signed do not derive "
	    "from the recorded inputs");
}

/* The intent derives, what was signed is something else. */
static void
other_signatures_are_refused(void **state)
{
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	record_sign_intent(w, SERIAL_A, &tbs);
	sign_with("ecdsa-sha384", stranger, buf_bytes(&tbs), &der);
	record_signed(w, SERIAL_A, buf_bytes(&der));
	world_seal(w);
	refuse(w, "record 9: item 1: signature does not verify");
	EVP_PKEY_free(stranger);
}

static void
other_crls_are_refused(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf other = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data;

	MUST(plan_crl(w->authority->ledger, 2, NOW, &other, &fault));
	record_crl_intent(w, 1, &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&other), &der);
	data = outcome_data(w);
	put_object(w, data, "crl", buf_bytes(&der));
	world_append(w, "crl-signed", data);
	world_seal(w);
	refuse(w, "record 9: a CRL is not the one intended");
}

/* Signed under a profile that would have refused it. */
static void
what_policy_forbids_is_refused(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-521");
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };

	make_request(key, "Sub", &request);
	MUST(csr_read(buf_bytes(&request), &csr, &fault));
	world_append(w, "sign-intent", sign_data(w, csr, SERIAL_A, &tbs));
	refuse(w, "record 8: item 1: key kind: want ec-p256, have "
	    "ec-p521 (policy: keys)");
	EVP_PKEY_free(key);
}

static void
seals_are_verified_each(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	EVP_PKEY *own = w->journal_key;

	w->journal_key = EVP_EC_gen("P-256");
	world_rewrite(w, "no such text", "");
	refuse(w, "record 2: seal: signature does not verify");
	EVP_PKEY_free(w->journal_key);
	w->journal_key = own;
	/* None at all: init alone may stand so, as a crash leaves it. */
	load(w->journal, &text);
	split_lines(buf_bytes(&text), lines);
	overwrite(w->journal, lines[0]);
	assert_int_equal(verify(w).unsealed, 1);
}

static void
without_seals_nothing_is_sound(void **state)
{
	struct world *w = *state;

	record_init(w, policy_text);
	assert_int_equal(verify(w).seals, 0);
	world_append(w, "root-key", root_key_data(w->root_key));
	refuse(w, "test: journal: no record is sealed");
}

static void
prefix_is_a_shorter_journal(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];
	size_t count;

	load(w->journal, &text);
	count = split_lines(buf_bytes(&text), lines);
	text.len -= lines[count - 1].len;
	overwrite(w->journal, buf_bytes(&text));
	assert_int_equal(verify(w).unsealed, 2);
	text.len -= lines[count - 2].len;
	overwrite(w->journal, buf_bytes(&text));
	assert_int_equal(verify(w).unsealed, 1);
	assert_int_equal(verify(w).possibly, 1);
	text.len--;
	overwrite(w->journal, buf_bytes(&text));
	refuse(w, "torn: the line has no end");
	overwrite(w->journal, bytes_of(NULL, 0));
	refuse(w, "test: journal: is empty");
}

static void
strays_are_counted(void **state)
{
	struct world *w = *state;
	AUTO(auto_free) char *other = file_path(w->path, "objects/other");
	struct digest digest;
	int64_t count = 77;

	MUST(objects_put(w->authority->objects, bytes_text("stray"), &digest,
	    &fault));
	overwrite(other, bytes_text("x"));
	assert_int_equal(verify(w).strays, 2);
	MUST(audit_count_strays(w->path, &count, &fault));
	assert_int_equal(count, 2);
	count = 77;
	MUST_FAIL(FAIL_INPUT, "/nowhere: No such file",
	    audit_count_strays("/nowhere", &count, &fault));
	assert_int_equal(count, 77);
}

static int
tell(void *context, const struct record *record, struct fail *fail)
{
	if (record->seq == 6)
		return fail_with(fail, FAIL_SYSTEM, "enough");
	buf_printf(context, "%lld %s\n", (long long)record->seq,
	    record->event);
	return 0;
}

static void
records_are_shown_from_one_on(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };

	MUST_FAIL(FAIL_SYSTEM, "enough",
	    audit_show(w->path, 3, tell, &text, &fault));
	assert_string_equal(buf_cstr(&text), "3 root-key\n4 seal\n"
	    "5 root-intent\n");
	text.len = 0;
	MUST(audit_show(w->path, 1000, tell, &text, &fault));
	assert_int_equal(text.len, 0);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(all_is_counted, world_setup_full),
		IN(what_is_open_is_counted, world_setup_pending),
		IN(objects_are_named_with_their_record, world_setup),
		IN(first_record_is_named, world_setup_full),
		IN(private_values_can_be_taken_out, world_setup),
		IN(what_is_no_private_value_is_refused, world_setup),
		IN(the_roots_name_is_found, world_setup),
		IN(the_journals_key_is_found, world_setup),
		IN(compromised_keys_are_found, world_setup),
		IN(progress_is_told, world_setup_full),
		IN(exchanged_certificate_is_refused, world_setup_full),
		IN(responses_are_derived, world_setup_full),
		IN(other_responses_are_refused, world_setup_full),
		IN(what_does_not_derive_is_refused, world_setup_full),
		IN(other_bytes_are_refused, world_setup),
		IN(other_signatures_are_refused, world_setup),
		IN(other_crls_are_refused, world_setup),
		IN(what_policy_forbids_is_refused, world_setup),
		IN(seals_are_verified_each, world_setup),
		IN(without_seals_nothing_is_sound, world_setup_empty),
		IN(prefix_is_a_shorter_journal, world_setup_full),
		IN(strays_are_counted, world_setup_full),
		IN(records_are_shown_from_one_on, world_setup_full),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
