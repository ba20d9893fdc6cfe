/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <anchorite/ca/adoption.h>

#include "custodians.h"

/* The folder that is searched, and the people; the test runs elsewhere. */
struct office {
	struct people people;
	char folder[32];
};

static int
office_setup(void **state)
{
	struct office *office = mem_new(1, sizeof(*office));

	people_begin(&office->people);
	memcpy(office->folder, "/tmp/anchorite-unit-XXXXXX", 27);
	assert_non_null(mkdtemp(office->folder));
	*state = office;
	return 0;
}

static int
office_teardown(void **state)
{
	struct office *office = *state;

	MUST(file_remove_tree(office->folder, &fault));
	people_end(&office->people);
	free(office);
	return 0;
}

static void
put_file(const struct office *office, const char *name, struct bytes content)
{
	AUTO(auto_free) char *path = file_path(office->folder, name);

	MUST(file_write(path, content, 0644, &fault));
}

static void
put_certificate(const struct office *office, const char *name,
    const struct cert *certificate, bool is_pem)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, "CERTIFICATE", buf_bytes(&certificate->der));
	put_file(office, name, is_pem ? buf_bytes(&pem) :
	    buf_bytes(&certificate->der));
}

/* All four, in the three ways that they may lie there. */
static void
put_everybody(const struct office *office)
{
	struct cert *const *list = office->people.certificates;

	put_certificate(office, "one.pem", list[ALICE], true);
	put_certificate(office, "two.crt", list[BOB], false);
	put_certificate(office, "three.cer", list[CAROL], true);
	put_certificate(office, "dave.example.pem", list[DAVE], false);
}

static struct policy *
new_policy(const struct office *office, const char *more)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct policy *policy = NULL;

	people_policy(&office->people, more, &text);
	MUST(policy_read("policy", buf_bytes(&text), &policy, &fault));
	return policy;
}

static int
adopt(const struct office *office, const char *folder,
    const struct ledger *ledger, struct adoption **out, struct fail *fail)
{
	struct policy *policy = new_policy(office, "");
	int result = adoption_make(&policy, folder, ledger, out, fail);

	assert_null(policy);	/* taken over, also on failure */
	return result;
}

static void
want_adopted(const struct office *office, const struct adoption *adoption)
{
	assert_string_equal(adoption->policy->name, "test");
	for (int n = 0; n < IN_ROSTER; n++)
		assert_true(digest_is_equal(&adoption->custodians[n]->digest,
		    &office->people.certificates[n]->digest));
	assert_null(adoption->custodians[IN_ROSTER]);
}

static void
want_missing(const struct office *office, enum person who,
    const char *folder, const struct ledger *ledger, const char *where)
{
	AUTO(buf_release) struct buf sentence = { 0 };
	struct adoption *adoption = NULL;
	struct fail fail = { 0 };
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&office->people.certificates[who]->digest, hex);
	buf_printf(&sentence, "custodian %s: no certificate with SHA-256 %s "
	    "%s", people_rows[who].name, hex, where);
	want_fail(adopt(office, folder, ledger, &adoption, &fail), &fail,
	    FAIL_INPUT, buf_cstr(&sentence));
	assert_null(adoption);
}

static void
certificates_are_found_in_a_folder(void **state)
{
	const struct office *office = *state;
	AUTO(adoption_release) struct adoption *adoption = NULL;

	put_everybody(office);
	/* What else may lie there. */
	put_certificate(office, "mallory.pem",
	    office->people.certificates[MALLORY], true);
	put_certificate(office, "again.pem",
	    office->people.certificates[ALICE], true);
	put_file(office, "empty.pem", bytes_text(""));
	put_file(office, "note.crt", bytes_text("not a certificate"));
	put_file(office, "alice.key", bytes_text("a key"));
	MUST(adopt(office, office->folder, NULL, &adoption, &fault));
	want_adopted(office, adoption);
}

static void
names_end_as_certificates_do(void **state)
{
	const struct office *office = *state;
	AUTO(buf_release) struct buf where = { 0 };
	struct cert *const *list = office->people.certificates;

	put_certificate(office, "alice", list[ALICE], true);
	put_certificate(office, "alice.pem.bak", list[ALICE], true);
	put_certificate(office, "alice.der", list[ALICE], false);
	buf_printf(&where, "in %s", office->folder);
	want_missing(office, ALICE, office->folder, NULL, buf_cstr(&where));
}

static void
missing_certificates_are_named(void **state)
{
	const struct office *office = *state;
	AUTO(buf_release) struct buf where = { 0 };
	AUTO(auto_free) char *path = file_path(office->folder, "three.cer");
	struct adoption *adoption = NULL;

	want_missing(office, ALICE, NULL, NULL, "is given (--custodians)");
	put_everybody(office);
	assert_int_equal(unlink(path), 0);
	buf_printf(&where, "in %s", office->folder);
	want_missing(office, CAROL, office->folder, NULL, buf_cstr(&where));
	MUST_FAIL(FAIL_INPUT, "/nowhere: No such file or directory",
	    adopt(office, "/nowhere", NULL, &adoption, &fault));
	assert_null(adoption);
}

static void
policies_of_nobody_need_no_folder(void **state)
{
	AUTO(adoption_release) struct adoption *adoption = NULL;
	struct policy *policy = NULL;

	(void)state;
	MUST(policy_read("policy", bytes_text(policy_text), &policy,
	    &fault));
	MUST(adoption_make(&policy, NULL, NULL, &adoption, &fault));
	assert_null(adoption->custodians[0]);
}

/* Bob's place taken by a certificate that the roster then names. */
static void
put_for_bob(struct office *office, struct cert *certificate)
{
	cert_release(&office->people.certificates[BOB]);
	office->people.certificates[BOB] = certificate;
	put_everybody(office);
}

static void
want_refused(const struct office *office, const char *sentence)
{
	struct adoption *adoption = NULL;
	struct fail fail = { 0 };

	want_fail(adopt(office, office->folder, NULL, &adoption, &fail),
	    &fail, FAIL_REFUSED, sentence);
	assert_null(adoption);
}

static void
one_key_under_two_names(void **state)
{
	struct office *office = *state;

	put_for_bob(office, certificate_of(office->people.keys[ALICE],
	    "Bob Example", "22"));
	want_refused(office, "custodians alice and bob: have the same key, "
	    "and could satisfy a quorum alone");
}

static void
one_person_with_two_keys(void **state)
{
	struct office *office = *state;

	put_for_bob(office, certificate_of(office->people.keys[BOB],
	    "Alice Example", "22"));
	want_refused(office, "custodians alice and bob: are the same person, "
	    "and could satisfy a quorum alone");
}

/* What the roster names is judged: here by a signature that is another's. */
static void
certificates_are_judged(void **state)
{
	struct office *office = *state;
	AUTO(buf_release) struct buf der = { 0 };
	struct cert *forged = NULL;
	struct fail fail = { 0 };
	struct adoption *adoption = NULL;

	sign_with("ecdsa-sha256", office->people.keys[MALLORY],
	    office->people.certificates[BOB]->tbs, &der);
	MUST(cert_read(buf_bytes(&der), &forged, &fault));
	put_for_bob(office, forged);
	assert_int_equal(adopt(office, office->folder, NULL, &adoption,
	    &fail), -1);
	must_fail(-1, &fail, FAIL_REFUSED,
	    ": custodian bob: two.crt: not signed by its own key");
	assert_null(adoption);
}

/* Who stays need not be brought again; who is new must. */
static void
the_ledger_knows_who_stays(void **state)
{
	struct office *office = *state;
	AUTO(ledger_release) struct ledger *ledger =
	    ledger_by_hand(&office->people, "");
	AUTO(adoption_release) struct adoption *adoption = NULL;
	AUTO(buf_release) struct buf where = { 0 };

	MUST(adopt(office, NULL, ledger, &adoption, &fault));
	want_adopted(office, adoption);
	adoption_release(&adoption);
	cert_release(&office->people.certificates[CAROL]);
	office->people.certificates[CAROL] = certificate_of(
	    office->people.keys[MALLORY], "Carol Example", "23");
	want_missing(office, CAROL, NULL, ledger, "is given (--custodians)");
	buf_printf(&where, "in %s", office->folder);
	want_missing(office, CAROL, office->folder, ledger, buf_cstr(&where));
	put_certificate(office, "carol.pem",
	    office->people.certificates[CAROL], true);
	MUST(adopt(office, office->folder, ledger, &adoption, &fault));
	want_adopted(office, adoption);
}

static void
adoptions_are_put_into_records(void **state)
{
	struct office *office = *state;
	AUTO(adoption_release) struct adoption *adoption = NULL;
	AUTO(objects_release) struct objects *objects = NULL;
	AUTO(auto_free) char *path = file_path(office->folder, OBJECTS_NAME);
	AUTO(json_release) struct json *data = json_new();
	AUTO(auto_close) int dirfd = -1;
	const struct json *custodians;
	AUTO(buf_release) struct buf text = { 0 };

	put_everybody(office);
	MUST(adopt(office, office->folder, NULL, &adoption, &fault));
	MUST(file_make_directory(path, &fault));
	MUST(file_open_directory(office->folder, &dirfd, &fault));
	MUST(objects_open(dirfd, &objects, &fault));
	MUST(adoption_put(adoption, objects, data, &fault));
	MUST(objects_get(objects, &adoption->policy->digest, &text, &fault));
	assert_true(bytes_is_equal(buf_bytes(&text),
	    buf_bytes(&adoption->policy->text)));
	MUST(json_get_object(data, "custodians", &custodians, &fault));
	assert_int_equal(json_count(custodians), IN_ROSTER);
	for (int n = 0; n < IN_ROSTER; n++) {
		AUTO(buf_release) struct buf der = { 0 };
		const struct cert *want = office->people.certificates[n];
		char hex[DIGEST_HEX_SIZE];
		const char *have;

		digest_hex(&want->digest, hex);
		MUST(json_get_text(custodians, people_rows[n].name, &have,
		    &fault));
		assert_string_equal(have, hex);
		MUST(objects_get(objects, &want->digest, &der, &fault));
		assert_true(bytes_is_equal(buf_bytes(&der),
		    buf_bytes(&want->der)));
	}
}

static void
nobody_is_put_as_nothing(void **state)
{
	struct office *office = *state;
	AUTO(adoption_release) struct adoption *adoption = NULL;
	AUTO(objects_release) struct objects *objects = NULL;
	AUTO(auto_free) char *path = file_path(office->folder, OBJECTS_NAME);
	AUTO(json_release) struct json *data = json_new();
	AUTO(auto_close) int dirfd = -1;
	struct policy *policy = NULL;

	MUST(policy_read("policy", bytes_text(policy_text), &policy,
	    &fault));
	MUST(adoption_make(&policy, NULL, NULL, &adoption, &fault));
	MUST(file_make_directory(path, &fault));
	MUST(file_open_directory(office->folder, &dirfd, &fault));
	MUST(objects_open(dirfd, &objects, &fault));
	MUST(adoption_put(adoption, objects, data, &fault));
	assert_int_equal(json_count(data), 0);
}

#define IN_OFFICE(test) \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_OFFICE(certificates_are_found_in_a_folder),
		IN_OFFICE(names_end_as_certificates_do),
		IN_OFFICE(missing_certificates_are_named),
		cmocka_unit_test(policies_of_nobody_need_no_folder),
		IN_OFFICE(one_key_under_two_names),
		IN_OFFICE(one_person_with_two_keys),
		IN_OFFICE(certificates_are_judged),
		IN_OFFICE(the_ledger_knows_who_stays),
		IN_OFFICE(adoptions_are_put_into_records),
		IN_OFFICE(nobody_is_put_as_nothing),
	};

	return cmocka_run_group_tests_name("adoption", tests, NULL, NULL);
}
