/* SPDX-License-Identifier: Apache-2.0 */
/* What outcome_search takes for an outcome, and what outcome_record writes;
 * outcome.c has how recover uses both. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger.h"

#include <anchorite/ca/outcome.h>
#include <anchorite/x509/ocsp.h>

#define RESPONSES 2

static void
put(struct world *w, EVP_PKEY *key, const struct buf *tbs,
    struct digest *out)
{
	AUTO(buf_release) struct buf der = { 0 };

	sign_with("ecdsa-sha384", key, buf_bytes(tbs), &der);
	MUST(objects_put(w->authority->objects, buf_bytes(&der), out,
	    &fault));
}

static void
put_response(struct world *w, EVP_PKEY *key, const struct buf *tbs,
    struct digest *out)
{
	const struct alg *alg = alg_find("ecdsa-sha384");
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	MUST(alg_sign(alg, key, buf_bytes(tbs), &signature, &fault));
	ocsp_assemble(alg, buf_bytes(tbs), buf_bytes(&signature), &der);
	MUST(objects_put(w->authority->objects, buf_bytes(&der), out,
	    &fault));
}

/* object NULL: it is not found. */
static void
want_item(const struct world *w, size_t n, const struct digest *object)
{
	struct outcome found[RESPONSES] = { { 0 } };

	assert_true(n < w->authority->ledger->intent.count);
	MUST(outcome_search(w->authority, found, &fault));
	assert_int_equal(found[n].is_found, object != NULL);
	if (object != NULL)
		assert_true(digest_is_equal(&found[n].object, object));
}

static void
certificate_of_another_key_is_none(void **state)
{
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	AUTO(buf_release) struct buf tbs = { 0 };
	struct digest object, other;

	record_sign_intent(w, SERIAL_A, &tbs);
	want_item(w, 0, NULL);
	put(w, stranger, &tbs, &other);
	want_item(w, 0, NULL);
	put(w, w->root_key, &tbs, &object);
	want_item(w, 0, &object);
	EVP_PKEY_free(stranger);
}

/* A root of the same name and number has another key, and other bytes. */
static void
root_of_another_key_is_none(void **state)
{
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf theirs = { 0 };
	AUTO(buf_release) struct buf spki = { 0 };
	struct serial serial = serial_of("06");
	struct digest object, other;

	record_root_intent(w, "06", &tbs);
	put(w, stranger, &tbs, &other);
	MUST(spki_write(stranger, &spki, &fault));
	MUST(plan_root(w->authority->ledger->policy, buf_bytes(&spki),
	    &serial, w->act.now, &theirs, &fault));
	put(w, stranger, &theirs, &other);
	want_item(w, 0, NULL);
	put(w, w->root_key, &tbs, &object);
	want_item(w, 0, &object);
	EVP_PKEY_free(stranger);
}

static void
crl_of_another_key_is_none(void **state)
{
	struct world *w = *state;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	AUTO(buf_release) struct buf tbs = { 0 };
	struct digest object, other;

	/* Nor is the one before. */
	record_crl_intent(w, 2, &tbs);
	want_item(w, 0, NULL);
	put(w, stranger, &tbs, &other);
	want_item(w, 0, NULL);
	put(w, w->root_key, &tbs, &object);
	want_item(w, 0, &object);
	EVP_PKEY_free(stranger);
}

/* To answer for SERIAL_A, which is revoked, and SERIAL_B. */
static void
intend_responses(struct world *w, struct buf tbs[RESPONSES])
{
	static const char *const serials[RESPONSES] = { SERIAL_A, SERIAL_B };
	struct json *items = json_new_list(), *data = json_new();

	for (size_t n = 0; n < RESPONSES; n++) {
		struct serial serial = serial_of(serials[n]);
		struct json *item = json_new();

		MUST(plan_ocsp(w->authority->ledger, &serial, w->act.now,
		    &tbs[n], &fault));
		json_put_text(item, "serial", serials[n]);
		put_digest(item, "tbs", buf_bytes(&tbs[n]));
		json_add(items, &item);
	}
	json_put(data, "items", &items);
	json_put_digest(data, "policy",
	    &w->authority->ledger->policy->digest);
	world_append(w, "ocsp-intent", data);
}

static int
take_data(void *context, const struct record *record, struct fail *fail)
{
	struct buf *out = context;

	(void)fail;
	buf_release(out);
	buf_printf(out, "%s ", record->event);
	json_write(record->data, out);
	return 0;
}

/* The newest record: its event and data. */
static void
want_newest(struct world *w, const char *text)
{
	AUTO(journal_release) struct journal *journal = NULL;
	AUTO(buf_release) struct buf have = { 0 };

	MUST(journal_open(w->authority->dirfd, false, false, &journal,
	    &fault));
	MUST(journal_replay(journal, take_data, &have, &fault));
	assert_string_equal(buf_cstr(&have), text);
}

static void
responses_are_found_and_recorded(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	EVP_PKEY *stranger = EVP_EC_gen("P-384");
	struct buf tbs[RESPONSES] = { { 0 } };
	AUTO(buf_release) struct buf want = { 0 };
	struct digest objects[RESPONSES], other;
	char hex[RESPONSES][DIGEST_HEX_SIZE];
	struct json *data = json_new();

	intend_responses(w, tbs);
	put_response(w, stranger, &tbs[0], &other);
	/* Signed, but not as a response. */
	put(w, w->root_key, &tbs[0], &other);
	want_item(w, 0, NULL);
	for (size_t n = RESPONSES; n-- > 0;) {
		want_item(w, n, NULL);
		put_response(w, w->root_key, &tbs[n], &objects[n]);
		want_item(w, n, &objects[n]);
		digest_hex(&objects[n], hex[n]);
		buf_release(&tbs[n]);
	}
	buf_printf(&want, "ocsp-signed {\"intent\":%lld,\"items\":["
	    "{\"response\":\"%s\",\"serial\":\"" SERIAL_A "\"},"
	    "{\"response\":\"%s\",\"serial\":\"" SERIAL_B "\"}],"
	    "\"recovered\":true}", (long long)ledger->intent.seq, hex[0],
	    hex[1]);
	json_put_bool(data, "recovered", true);
	MUST(outcome_record(w->authority, &w->act, objects, &data, &fault));
	assert_null(data);
	want_newest(w, buf_cstr(&want));
	for (size_t n = 0; n < RESPONSES; n++)
		assert_true(digest_is_equal(&ledger->issued[n].ocsp,
		    &objects[n]));
	assert_int_equal(ledger->intent.seq, 0);
	world_seal(w);
	must_be_as_replayed(w);
	EVP_PKEY_free(stranger);
}

/* A name in objects/ that no object has. */
static char *
place(const struct world *w, const char *name)
{
	AUTO(buf_release) struct buf path = { 0 };

	buf_printf(&path, OBJECTS_NAME "/%s", name);
	return file_path(w->path, buf_cstr(&path));
}

#define ZEROS_62 "00000000000000000000000000000000" \
	"000000000000000000000000000000"

static void
rubbish_is_passed_over(void **state)
{
	static const char *const contents[] = { "", "rubbish", "\x30\x82" };
	struct world *w = *state;
	AUTO(auto_free) char *folder = place(w, ZEROS_62 "01");
	AUTO(auto_free) char *pipe = place(w, ZEROS_62 "02");
	AUTO(auto_free) char *link = place(w, ZEROS_62 "ff");
	AUTO(auto_free) char *name = place(w, ".new.0123456789abcdef");
	AUTO(buf_release) struct buf tbs = { 0 };
	struct digest object, other;

	record_sign_intent(w, SERIAL_A, &tbs);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink("nowhere", link), 0);
	overwrite(name, bytes_text("half of a certi"));
	for (size_t n = 0; n < COUNT(contents); n++)
		MUST(objects_put(w->authority->objects,
		    bytes_text(contents[n]), &other, &fault));
	want_item(w, 0, NULL);
	put(w, w->root_key, &tbs, &object);
	want_item(w, 0, &object);
}

/* Under its name stands less of it, or a sound one of another digest. */
static void
damage_is_passed_over(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf whole = { 0 };
	AUTO(buf_release) struct buf other = { 0 };
	AUTO(auto_free) char *path = NULL;
	struct digest object;

	record_sign_intent(w, SERIAL_A, &tbs);
	put(w, w->root_key, &tbs, &object);
	MUST(objects_get(w->authority->objects, &object, &whole, &fault));
	path = object_path(w, &object);
	assert_int_equal(chmod(path, 0600), 0);
	overwrite(path, bytes_of(whole.data, 0));
	want_item(w, 0, NULL);
	overwrite(path, bytes_of(whole.data, whole.len - 1));
	want_item(w, 0, NULL);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &other);
	overwrite(path, buf_bytes(&other));
	want_item(w, 0, NULL);
	overwrite(path, buf_bytes(&whole));
	want_item(w, 0, &object);
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(certificate_of_another_key_is_none, world_setup),
		IN(root_of_another_key_is_none, world_setup_pending),
		IN(crl_of_another_key_is_none, world_setup_full),
		IN(responses_are_found_and_recorded, world_setup_full),
		IN(rubbish_is_passed_over, world_setup),
		IN(damage_is_passed_over, world_setup),
	};

	return cmocka_run_group_tests_name("outcome_search", tests, NULL,
	    NULL);
}
