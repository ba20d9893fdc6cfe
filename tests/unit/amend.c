/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/ca/amend.h>

#include "custodians.h"

static struct cert *
new_certificate(const char *person)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert *certificate = certificate_of(key, person, "41");

	EVP_PKEY_free(key);
	return certificate;
}

static void
a_digest_is_exchanged(void **state)
{
	struct custody *c = *state;
	const struct ledger *ledger = c->world->authority->ledger;
	AUTO(cert_release) struct cert *bob = new_certificate("Bob Example");
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf want = { 0 };
	char old[DIGEST_HEX_SIZE], new[DIGEST_HEX_SIZE];

	digest_hex(&c->people.certificates[BOB]->digest, old);
	digest_hex(&bob->digest, new);
	replace(buf_bytes(&ledger->policy->text), old, new, &want);
	MUST(amend_replace(ledger, "bob", bob, &policy, &fault));
	assert_true(bytes_is_equal(buf_bytes(&policy->text),
	    buf_bytes(&want)));
	assert_true(digest_is_equal(
	    &policy->roster.custodians[BOB].certificate, &bob->digest));
	assert_true(digest_is_equal(
	    &policy->roster.custodians[ALICE].certificate,
	    &c->people.certificates[ALICE]->digest));
	MUST(amend_check(c->world->authority, &c->world->act, policy,
	    &fault));
}

/* Also where it stands in a comment, so that no old one is left. */
static int
setup_with_comment(void **state)
{
	static const char more[] = "# bob's: %s\n# again: %s\n";
	struct custody *c = custody_new("", 0);
	struct policy **policy = &c->world->authority->ledger->policy;
	AUTO(buf_release) struct buf text = { 0 };
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&c->people.certificates[BOB]->digest, hex);
	buf_put(&text, buf_bytes(&(*policy)->text));
	buf_printf(&text, more, hex, hex);
	policy_release(policy);
	MUST(policy_read("policy", buf_bytes(&text), policy, &fault));
	*state = c;
	return 0;
}

static void
every_place_is_exchanged(void **state)
{
	struct custody *c = *state;
	AUTO(cert_release) struct cert *bob = new_certificate("Bob Example");
	AUTO(policy_release) struct policy *policy = NULL;
	char old[DIGEST_HEX_SIZE];

	digest_hex(&c->people.certificates[BOB]->digest, old);
	MUST(amend_replace(c->world->authority->ledger, "bob", bob, &policy,
	    &fault));
	assert_null(memmem(policy->text.data, policy->text.len, old,
	    strlen(old)));
}

static void
want_no_change(struct custody *c, const char *name,
    const struct cert *certificate, enum fail_kind kind,
    const char *sentence)
{
	struct policy *policy = NULL;
	struct fail fail = { 0 };

	want_fail(amend_replace(c->world->authority->ledger, name,
	    certificate, &policy, &fail), &fail, kind, sentence);
	assert_null(policy);
}

static void
only_the_same_person_follows(void **state)
{
	struct custody *c = *state;
	AUTO(cert_release) struct cert *eve = new_certificate("Eve Example");
	AUTO(cert_release) struct cert *same = certificate_of(
	    c->people.keys[BOB], "Bob Example", "42");

	want_no_change(c, "eve", eve, FAIL_USAGE,
	    "no custodian eve in policy test");
	want_no_change(c, "bob", same, FAIL_REFUSED,
	    "custodian bob: the new certificate has the old key");
	want_no_change(c, "bob", c->people.certificates[BOB], FAIL_REFUSED,
	    "custodian bob: the new certificate has the old key");
	want_no_change(c, "bob", eve, FAIL_REFUSED, "custodian bob: is "
	    "CN=Bob Example, the new certificate names CN=Eve Example: "
	    "another person takes another policy");
	want_no_change(c, "bob", c->people.certificates[ALICE], FAIL_REFUSED,
	    "custodian bob: is CN=Bob Example, the new certificate names "
	    "CN=Alice Example: another person takes another policy");
}

static void
the_policy_in_force_is_no_change(void **state)
{
	struct custody *c = *state;
	struct world *w = c->world;
	AUTO(policy_release) struct policy *bare = NULL;
	struct fail fail = { 0 };

	want_fail(amend_check(w->authority, &w->act,
	    w->authority->ledger->policy, &fail), &fail, FAIL_REFUSED,
	    "policy test: is in force already");
	MUST(policy_read("policy", bytes_text(policy_text), &bare, &fault));
	want_fail(amend_check(w->authority, &w->act, bare, &fail), &fail,
	    FAIL_REFUSED, "policy test: names no custodians, and the one in "
	    "force does");
	w->act.now--;
	MUST_FAIL(FAIL_REFUSED, "clock: it is ",
	    amend_check(w->authority, &w->act, bare, &fault));
}

#define IN(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, custody_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(a_digest_is_exchanged, custody_setup),
		IN(every_place_is_exchanged, setup_with_comment),
		IN(only_the_same_person_follows, custody_setup),
		IN(the_policy_in_force_is_no_change, custody_setup),
	};

	return cmocka_run_group_tests_name("amend", tests, NULL, NULL);
}
