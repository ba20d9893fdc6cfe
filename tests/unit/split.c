/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

/* Four custodians with credentials in a folder, and a split 2/4. */
struct safe {
	struct people people;
	struct policy *policy;
	struct new_split new;
	char folder[32];
};

static struct split_form
form_of(int threshold, int count)
{
	return (struct split_form){ threshold, count };
}

static int
safe_setup(void **state)
{
	struct safe *safe = mem_new(1, sizeof(*safe));
	struct split_form form = form_of(2, 4);
	AUTO(buf_release) struct buf text = { 0 };

	people_begin(&safe->people);
	people_policy(&safe->people, "", &text);
	MUST(policy_read("policy", buf_bytes(&text), &safe->policy, &fault));
	MUST(split_make(&safe->policy->roster, safe->people.certificates,
	    &form, &safe->new, &fault));
	*state = safe;
	return 0;
}

/* The credentials too: that takes time, for the passphrases' sake. */
static int
safe_setup_files(void **state)
{
	struct safe *safe;

	safe_setup(state);
	safe = *state;
	memcpy(safe->folder, "/tmp/anchorite-unit-XXXXXX", 27);
	assert_non_null(mkdtemp(safe->folder));
	assert_int_equal(chdir(safe->folder), 0);
	person_write(&safe->people, ALICE);
	person_write(&safe->people, BOB);
	return 0;
}

static int
safe_teardown(void **state)
{
	struct safe *safe = *state;

	assert_int_equal(chdir("/"), 0);
	if (safe->folder[0] != '\0')
		MUST(file_remove_tree(safe->folder, &fault));
	new_split_release(&safe->new);
	policy_release(&safe->policy);
	people_end(&safe->people);
	free(safe);
	return 0;
}

static void
splits_name_their_holders(void **state)
{
	const struct safe *safe = *state;
	const struct split *split = &safe->new.split;
	struct token_pins pins;

	assert_int_equal(strlen(split->id), 16);
	assert_int_equal(split->form.threshold, 2);
	assert_int_equal(split->form.count, 4);
	assert_false(split->has_sheets);
	for (int n = 0; n < 4; n++) {
		struct digest digest;

		assert_string_equal(split->lines[n].custodian,
		    people_rows[n].name);
		assert_true(digest_is_equal(&split->lines[n].certificate,
		    &safe->people.certificates[n]->digest));
		digest_of(buf_bytes(&safe->new.envelopes[n]), &digest);
		assert_true(digest_is_equal(&split->lines[n].envelope,
		    &digest));
		assert_int_equal(safe->new.shares[n].index, n + 1);
		MUST(split_check_share(split, n, &safe->new.shares[n],
		    &fault));
	}
	MUST(split_check_holders(split, &safe->policy->roster, &fault));
	MUST(split_unlock(split, safe->new.shares, 2, &pins, &fault));
	assert_true(secret_is_equal(&pins.so, &safe->new.pins.so));
	assert_true(secret_is_equal(&pins.user, &safe->new.pins.user));
}

static void
secrets_are_wiped(void **state)
{
	struct safe *safe = *state;
	static const struct new_split nothing;

	new_split_release(&safe->new);
	assert_memory_equal(&safe->new.pins, &nothing.pins,
	    sizeof(nothing.pins));
	assert_memory_equal(safe->new.shares, nothing.shares,
	    sizeof(nothing.shares));
	assert_int_equal(safe->new.envelopes[0].len, 0);
}

/* No two are alike: neither id, nor PINs. */
static void
splits_are_drawn(void **state)
{
	const struct safe *safe = *state;
	AUTO(new_split_release) struct new_split other = { 0 };
	struct split_form form = form_of(3, 4);
	struct token_pins pins;

	MUST(split_make(&safe->policy->roster, safe->people.certificates,
	    &form, &other, &fault));
	assert_string_not_equal(other.split.id, safe->new.split.id);
	assert_false(secret_is_equal(&other.pins.user, &safe->new.pins.user));
	MUST_FAIL(FAIL_REFUSED, "the token opens with 3 shares, has 2",
	    split_unlock(&other.split, other.shares, 2, &pins, &fault));
	MUST(split_unlock(&other.split, other.shares + 1, 3, &pins, &fault));
	assert_true(secret_is_equal(&pins.so, &other.pins.so));
}

static void
holders_are_counted(void **state)
{
	const struct safe *safe = *state;
	struct new_split untouched, out;
	struct split_form form = form_of(2, 5);
	struct fail fail = { 0 };

	memset(&untouched, 7, sizeof(untouched));
	memset(&out, 7, sizeof(out));
	want_fail(split_make(&safe->policy->roster, safe->people.certificates,
	    &form, &out, &fail), &fail, FAIL_REFUSED, "split 2/5: wants 5 "
	    "custodians with the role share, the policy has 4");
	form = form_of(2, 3);
	want_fail(split_make(&safe->policy->roster, safe->people.certificates,
	    &form, &out, &fail), &fail, FAIL_REFUSED, "split 2/3: wants 3 "
	    "custodians with the role share, the policy has 4");
	assert_memory_equal(&out, &untouched, sizeof(out));
}

/* Only who has the role holds a share, in the roster's order. */
static void
shares_go_to_those_with_the_role(void **state)
{
	const struct safe *safe = *state;
	struct custodian custodians[4];
	struct roster roster = safe->policy->roster;
	struct split_form form = form_of(2, 3);
	AUTO(new_split_release) struct new_split new = { 0 };

	memcpy(custodians, roster.custodians, sizeof(custodians));
	custodians[BOB].roles &= ~(1u << ROLE_SHARE);
	roster.custodians = custodians;
	MUST(split_make(&roster, safe->people.certificates, &form, &new,
	    &fault));
	assert_string_equal(new.split.lines[0].custodian, "alice");
	assert_string_equal(new.split.lines[1].custodian, "carol");
	assert_string_equal(new.split.lines[2].custodian, "dave");
	assert_true(digest_is_equal(&new.split.lines[1].certificate,
	    &safe->people.certificates[CAROL]->digest));
	assert_int_equal(new.envelopes[3].len, 0);
}

static void
want_alike(const struct split *have, const struct split *want)
{
	AUTO(json_release) struct json *one = split_json(have);
	AUTO(json_release) struct json *other = split_json(want);
	AUTO(buf_release) struct buf a = { 0 }, b = { 0 };

	json_write(one, &a);
	json_write(other, &b);
	assert_string_equal(buf_cstr(&a), buf_cstr(&b));
}

static void
splits_are_written_and_read(void **state)
{
	const struct safe *safe = *state;
	struct split split = safe->new.split, again;
	AUTO(json_release) struct json *json = NULL;

	split.has_sheets = true;
	json = split_json(&split);
	MUST(split_read(json, &again, &fault));
	want_alike(&again, &split);
	assert_true(again.has_sheets);
	assert_string_equal(again.id, split.id);
	assert_int_equal(again.form.threshold, 2);
	assert_int_equal(again.form.count, 4);
	for (int n = 0; n < 4; n++) {
		const struct split_line *a = &again.lines[n];
		const struct split_line *b = &split.lines[n];

		assert_string_equal(a->custodian, b->custodian);
		assert_true(digest_is_equal(&a->certificate,
		    &b->certificate));
		assert_true(digest_is_equal(&a->envelope, &b->envelope));
		assert_true(digest_is_equal(&a->share, &b->share));
	}
}

static const char sixty_five[] = "\"custodian\":\"aaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"";

static void
malformed_splits_are_refused(void **state)
{
	static const struct {
		const char *old, *new, *sentence;
	} rows[] = {
		{ "\"split\":", "\"slit\":", "split: missing" },
		{ "0123456789abcdef\"", "0123456789abcde\"",
		    "split: want 16 hex digits" },
		{ "0123456789abcdef\"", "0123456789abcdef0\"",
		    "split: want 16 hex digits" },
		{ "0123456789abcdef\"", "0123456789abcdeF\"",
		    "split: want 16 hex digits" },
		{ "\"count\":4", "\"count\":1",
		    "count: want 2 to 16, have 1" },
		{ "\"count\":4", "\"count\":17",
		    "count: want 2 to 16, have 17" },
		{ "\"count\":4", "\"count\":3", "shares: want 3, have 4" },
		{ "\"count\":4", "\"count\":5", "shares: want 5, have 4" },
		{ "\"count\":4", "\"amount\":4", "count: missing" },
		{ "\"threshold\":2", "\"threshold\":1",
		    "threshold: want 2 to 4, have 1" },
		{ "\"threshold\":2", "\"threshold\":5",
		    "threshold: want 2 to 4, have 5" },
		{ "\"sheets\":false", "\"sheets\":0",
		    "sheets: want true or false" },
		{ "\"shares\":[", "\"sheep\":[", "shares: missing" },
		{ "\"sheets\":", "\"more\":1,\"sheets\":",
		    "split: holds more than a split" },
		{ "\"custodian\":\"alice\"", "\"custodian\":7",
		    "share 1: custodian: want a string" },
		{ "\"custodian\":\"bob\"", sixty_five,
		    "share 2: not a share's line" },
		{ "\"custodian\":\"dave\"", "\"custodian\":\"dave\",\"and\":1",
		    "share 4: not a share's line" },
		{ "\"custodian\":\"dave\"", "\"also\":\"dave\"",
		    "share 4: custodian: missing" },
		{ "{\"certificate\":\"", "{\"certificate\":\"0",
		    "share 1: certificate: digest: want 64 hexadecimal "
		    "digits, have 65 characters" },
		{ "\"envelope\":\"", "\"envelope\":\"0", "share 1: envelope: "
		    "digest: want 64 hexadecimal digits, have 65 "
		    "characters" },
		{ "\"share\":\"", "\"share\":\"0", "share 1: share: digest: "
		    "want 64 hexadecimal digits, have 65 characters" },
		{ "\"share\":\"", "\"shard\":\"", "share 1: share: missing" },
	};
	const struct safe *safe = *state;
	struct split split = split_of(&safe->people, 2, "0123456789abcdef");
	AUTO(json_release) struct json *json = split_json(&split);
	AUTO(buf_release) struct buf text = { 0 };

	json_write(json, &text);
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf spoilt = { 0 };
		AUTO(json_release) struct json *other = NULL;
		struct split untouched = split_of(&safe->people, 4, "kept");
		struct split out = untouched;
		struct fail fail = { 0 };

		replace(buf_bytes(&text), rows[n].old, rows[n].new, &spoilt);
		assert_false(bytes_is_equal(buf_bytes(&text),
		    buf_bytes(&spoilt)));
		MUST(json_read(buf_bytes(&spoilt), &other, &fault));
		want_fail(split_read(other, &out, &fail), &fail, FAIL_INPUT,
		    rows[n].sentence);
		want_alike(&out, &untouched);
	}
}

static void
lines_are_found(void **state)
{
	const struct safe *safe = *state;
	const struct split *split = &safe->new.split;

	assert_int_equal(split_find_name(split, "alice"), 0);
	assert_int_equal(split_find_name(split, "dave"), 3);
	assert_int_equal(split_find_name(split, "mallory"), -1);
	assert_int_equal(split_find_name(split, ""), -1);
	assert_int_equal(split_find(split,
	    &safe->people.certificates[CAROL]->digest), 2);
	assert_int_equal(split_find(split,
	    &safe->people.certificates[MALLORY]->digest), -1);
}

static void
envelopes_are_opened_by_their_custodian(void **state)
{
	const struct safe *safe = *state;
	const struct split *split = &safe->new.split;
	const struct buf *envelopes = safe->new.envelopes;
	AUTO(credential_release) struct credential *alice = person_open(ALICE);
	AUTO(credential_release) struct credential *bob = person_open(BOB);
	struct share shares[2], untouched = { .index = 99 };
	struct token_pins pins;

	MUST(split_open_share(split, ALICE, buf_bytes(&envelopes[ALICE]),
	    alice, &shares[0], &fault));
	MUST(split_open_share(split, BOB, buf_bytes(&envelopes[BOB]), bob,
	    &shares[1], &fault));
	assert_memory_equal(&shares[0], &safe->new.shares[0],
	    sizeof(shares[0]));
	MUST(split_unlock(split, shares, 2, &pins, &fault));
	assert_true(secret_is_equal(&pins.user, &safe->new.pins.user));
	shares[0] = untouched;
	MUST_FAIL(FAIL_INPUT, "share of bob: credential alice: CMS: is not for "
	    "this custodian's certificate", split_open_share(split, BOB,
	    buf_bytes(&envelopes[BOB]), alice, &shares[0], &fault));
	assert_memory_equal(&shares[0], &untouched, sizeof(untouched));
}

/* A share within an envelope to alice, as line 1 of the split names it. */
static void
seal_for_alice(struct safe *safe, const void *content, size_t len)
{
	struct buf *envelope = &safe->new.envelopes[ALICE];

	buf_release(envelope);
	MUST(cms_encrypt(bytes_of(content, len),
	    buf_bytes(&safe->people.certificates[ALICE]->der), envelope,
	    &fault));
}

static void
want_closed(struct safe *safe, struct credential *alice, enum fail_kind kind,
    const char *sentence)
{
	struct split *split = &safe->new.split;
	struct share share = { .index = 99 };
	struct fail fail = { 0 };

	want_fail(split_open_share(split, ALICE,
	    buf_bytes(&safe->new.envelopes[ALICE]), alice, &share, &fail),
	    &fail, kind, sentence);
	assert_int_equal(share.index, 99);
}

static void
changed_envelopes_are_refused(void **state)
{
	struct safe *safe = *state;
	AUTO(credential_release) struct credential *alice = person_open(ALICE);
	struct buf *envelope = &safe->new.envelopes[ALICE];
	static const char changed[] = "share of alice: its envelope has been "
	    "changed";
	uint8_t content[1 + SEED_LEN] = { 1 };

	envelope->data[envelope->len - 1] ^= 1;
	want_closed(safe, alice, FAIL_REFUSED, changed);
	envelope->data[envelope->len - 1] ^= 1;
	/* The same share, sealed anew. */
	memcpy(content + 1, safe->new.shares[0].octets, SEED_LEN);
	seal_for_alice(safe, content, sizeof(content));
	want_closed(safe, alice, FAIL_REFUSED, changed);
}

static void
changed_shares_are_refused(void **state)
{
	static const char wrong[] = "share of alice: is not the one that was "
	    "split (damaged, or exchanged)";
	struct safe *safe = *state;
	AUTO(credential_release) struct credential *alice = person_open(ALICE);
	struct split_line *line = &safe->new.split.lines[ALICE];
	const struct buf *envelope = &safe->new.envelopes[ALICE];
	uint8_t content[1 + SEED_LEN] = { 1 };

	memcpy(content + 1, safe->new.shares[ALICE].octets, SEED_LEN);
	content[SEED_LEN] ^= 1;
	seal_for_alice(safe, content, sizeof(content));
	digest_of(buf_bytes(envelope), &line->envelope);
	want_closed(safe, alice, FAIL_REFUSED, wrong);
	content[SEED_LEN] ^= 1;
	content[0] = 0;
	seal_for_alice(safe, content, sizeof(content));
	digest_of(buf_bytes(envelope), &line->envelope);
	want_closed(safe, alice, FAIL_INPUT,
	    "share of alice: share number: want 1 to 16, have 0");
	seal_for_alice(safe, content, SEED_LEN);
	digest_of(buf_bytes(envelope), &line->envelope);
	want_closed(safe, alice, FAIL_INPUT,
	    "share of alice: share: want 21 octets, have 20");
}

static void
shares_are_known_by_their_line(void **state)
{
	const struct safe *safe = *state;
	struct split split = safe->new.split;
	struct share share = safe->new.shares[BOB];
	struct fail fail = { 0 };

	want_fail(split_check_share(&split, ALICE, &share, &fail), &fail,
	    FAIL_REFUSED, "share of alice: is not the one that was split "
	    "(damaged, or exchanged)");
	/* Also where the list was exchanged with it. */
	split.lines[ALICE].share = split.lines[BOB].share;
	want_fail(split_check_share(&split, ALICE, &share, &fail), &fail,
	    FAIL_REFUSED, "share of alice: is not the one that was split "
	    "(damaged, or exchanged)");
	share.octets[0] ^= 0x80;
	want_fail(split_check_share(&split, BOB, &share, &fail), &fail,
	    FAIL_REFUSED, "share of bob: is not the one that was split "
	    "(damaged, or exchanged)");
}

static void
enough_shares_open(void **state)
{
	const struct safe *safe = *state;
	const struct split *split = &safe->new.split;
	const struct share *shares = safe->new.shares;
	struct token_pins pins;
	struct share same[2] = { shares[1], shares[1] };
	struct fail fail = { 0 };

	for (size_t from = 0; from < 4; from++)
		for (size_t count = 0; from + count <= 4; count++) {
			memset(&pins, 7, sizeof(pins));
			if (count >= 2) {
				MUST(split_unlock(split, shares + from,
				    count, &pins, &fault));
				assert_true(secret_is_equal(&pins.user,
				    &safe->new.pins.user));
				assert_true(secret_is_equal(&pins.so,
				    &safe->new.pins.so));
			} else {
				MUST_FAIL(FAIL_REFUSED, "the token opens "
				    "with 2 shares, has ", split_unlock(split,
				    shares + from, count, &pins, &fault));
				assert_int_equal(pins.user.data[0], 7);
			}
		}
	want_fail(split_unlock(split, shares, 1, &pins, &fail), &fail,
	    FAIL_REFUSED, "the token opens with 2 shares, has 1");
	want_fail(split_unlock(split, same, 2, &pins, &fail), &fail,
	    FAIL_INPUT, "share 2 is there twice");
}

static void
holders_are_those_of_the_roster(void **state)
{
	const struct safe *safe = *state;
	struct split split = safe->new.split;
	struct custodian custodians[4];
	struct roster roster = safe->policy->roster;
	struct fail fail = { 0 };

	memcpy(custodians, roster.custodians, sizeof(custodians));
	roster.custodians = custodians;
	MUST(split_check_holders(&split, &roster, &fault));
	/* Who is new has none; who has left still has one. */
	split.form.count = 3;
	want_fail(split_check_holders(&split, &roster, &fail), &fail,
	    FAIL_REFUSED, "custodian dave: has the role share, and no share "
	    "of the split: the PIN must be split anew");
	split.form.count = 4;
	custodians[DAVE].roles = 1u << ROLE_AUDITOR;
	want_fail(split_check_holders(&split, &roster, &fail), &fail,
	    FAIL_REFUSED, "custodian dave: holds a share, and has not the "
	    "role share: the PIN must be split anew");
	custodians[DAVE].roles = 1u << ROLE_SHARE;
	custodians[BOB].certificate =
	    safe->people.certificates[MALLORY]->digest;
	want_fail(split_check_holders(&split, &roster, &fail), &fail,
	    FAIL_REFUSED, "custodian bob: has the role share, and no share "
	    "of the split: the PIN must be split anew");
	custodians[BOB].certificate = safe->people.certificates[BOB]->digest;
	custodians[BOB].name = "robert";
	want_fail(split_check_holders(&split, &roster, &fail), &fail,
	    FAIL_REFUSED, "custodian robert: has the role share, and no "
	    "share of the split: the PIN must be split anew");
}

#define WITH(test, setup) \
	cmocka_unit_test_setup_teardown(test, setup, safe_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(splits_name_their_holders, safe_setup),
		WITH(secrets_are_wiped, safe_setup),
		WITH(splits_are_drawn, safe_setup),
		WITH(holders_are_counted, safe_setup),
		WITH(shares_go_to_those_with_the_role, safe_setup),
		WITH(splits_are_written_and_read, safe_setup),
		WITH(malformed_splits_are_refused, safe_setup),
		WITH(lines_are_found, safe_setup),
		WITH(envelopes_are_opened_by_their_custodian,
		    safe_setup_files),
		WITH(changed_envelopes_are_refused, safe_setup_files),
		WITH(changed_shares_are_refused, safe_setup_files),
		WITH(shares_are_known_by_their_line, safe_setup),
		WITH(enough_shares_open, safe_setup),
		WITH(holders_are_those_of_the_roster, safe_setup),
	};

	return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
