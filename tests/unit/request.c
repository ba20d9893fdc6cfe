/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

#define HOUR INT64_C(3600)

/* A ledger that no journal made, and a request against it. */
struct desk {
	struct people people;
	struct ledger *ledger;
	struct request *request;
	struct objects *objects;
	char *folder;
	int dirfd;
};

static struct request *
new_request(const struct ledger *ledger, enum operation operation,
    struct json *parameters, uint8_t nonce)
{
	struct request_plan plan = {
		.operation = operation, .parameters = parameters,
		.now = NOW, .expires = NOW + DAY, .nonce = { nonce },
	};
	struct request *request = NULL;

	MUST(request_build(ledger, &plan, &request, &fault));
	assert_null(plan.parameters);
	return request;
}

static int
desk_setup(void **state)
{
	struct desk *desk = mem_new(1, sizeof(*desk));
	AUTO(auto_free) char *objects = NULL;

	people_begin(&desk->people);
	desk->ledger = ledger_by_hand(&desk->people, "");
	desk->request = new_request(desk->ledger, OPERATION_DELETE,
	    deed_delete(30), 1);
	desk->folder = mem_text("/tmp/anchorite-unit-XXXXXX");
	assert_non_null(mkdtemp(desk->folder));
	objects = file_path(desk->folder, OBJECTS_NAME);
	MUST(file_make_directory(objects, &fault));
	MUST(file_open_directory(desk->folder, &desk->dirfd, &fault));
	MUST(objects_open(desk->dirfd, &desk->objects, &fault));
	*state = desk;
	return 0;
}

static int
desk_teardown(void **state)
{
	struct desk *desk = *state;

	objects_release(&desk->objects);
	auto_close(&desk->dirfd);
	MUST(file_remove_tree(desk->folder, &fault));
	free(desk->folder);
	request_release(&desk->request);
	ledger_release(&desk->ledger);
	people_end(&desk->people);
	free(desk);
	return 0;
}

static int
check(const struct desk *desk, enum operation operation, int64_t days,
    int64_t now, struct fail *fail)
{
	AUTO(json_release) struct json *parameters = deed_delete(days);

	return request_check(desk->request, desk->ledger, operation,
	    parameters, now, fail);
}

static void
want_good(const struct desk *desk)
{
	MUST(check(desk, OPERATION_DELETE, 30, NOW, &fault));
}

static void
want_refused(const struct desk *desk, const char *sentence)
{
	struct fail fail = { 0 };

	want_fail(check(desk, OPERATION_DELETE, 30, NOW, &fail), &fail,
	    FAIL_REFUSED, sentence);
}

static void
requests_are_canonical_lines(void **state)
{
	const struct desk *desk = *state;
	AUTO(buf_release) struct buf want = { 0 };
	char key[DIGEST_HEX_SIZE], head[DIGEST_HEX_SIZE];
	char policy[DIGEST_HEX_SIZE];
	const struct request *request = desk->request;
	struct digest digest;

	object_hex(bytes_text("the journal's key"), key);
	object_hex(bytes_text("record 7"), head);
	digest_hex(&desk->ledger->policy->digest, policy);
	buf_printf(&want, "{\"authority\":{\"key\":\"%s\",\"name\":\"test\"},"
	    "\"created\":\"2026-11-21T06:50:48Z\",\"expires\":"
	    "\"2026-11-22T06:50:48Z\",\"format\":1,\"head\":{\"digest\":"
	    "\"%s\",\"seq\":7},\"nonce\":"
	    "\"01000000000000000000000000000000\",\"operation\":\"delete\","
	    "\"parameters\":{\"days\":30},\"policy\":\"%s\"}\n", key, head,
	    policy);
	assert_int_equal(request->text.len, want.len);
	assert_memory_equal(request->text.data, want.data, want.len);
	digest_of(buf_bytes(&want), &digest);
	assert_true(digest_is_equal(&request->digest, &digest));
	assert_true(digest_is_equal(&request->head,
	    &desk->ledger->head.digest));
	assert_true(digest_is_equal(&request->policy,
	    &desk->ledger->policy->digest));
	assert_int_equal(request->operation, OPERATION_DELETE);
	assert_string_equal(request->name, "test");
	assert_int_equal(request->head_seq, 7);
	assert_int_equal(request->created, NOW);
	assert_int_equal(request->expires, NOW + DAY);
	assert_int_equal(json_count(request->parameters), 1);
	want_good(desk);
}

/* A request that is empty in time, which request_build refuses itself. */
static void
requests_last(void **state)
{
	const struct desk *desk = *state;
	struct request_plan plan = {
		.operation = OPERATION_ENABLE, .parameters = deed_nothing(),
		.now = NOW, .expires = NOW,
	};
	struct request *request = NULL;
	struct fail fail = { 0 };

	want_fail(request_build(desk->ledger, &plan, &request, &fail), &fail,
	    FAIL_INPUT, "request: expires: not after created");
	assert_null(request);
	assert_null(plan.parameters);
}

static void
read_spoilt(const struct desk *desk, const char *old, const char *new,
    const char *sentence)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct request *request = NULL;
	struct fail fail = { 0 };

	replace(buf_bytes(&desk->request->text), old, new, &text);
	assert_false(bytes_is_equal(buf_bytes(&text),
	    buf_bytes(&desk->request->text)));
	want_fail(request_read(buf_bytes(&text), &request, &fail), &fail,
	    FAIL_INPUT, sentence);
	assert_null(request);
}

static void
form_is_judged(void **state)
{
	static const struct {
		const char *old, *new, *sentence;
	} rows[] = {
		{ "\n", "", "not canonical JSON: it was altered" },
		{ "\n", "\n\n", "not canonical JSON: it was altered" },
		{ "\"format\":1", "\"format\": 1",
		    "not canonical JSON: it was altered" },
		{ "\"name\":\"test\"", "\"name\":\"\\u0074est\"",
		    "not canonical JSON: it was altered" },
		{ "{\"authority\"", "{\"also\":1,\"authority\"",
		    "want nine fields, have 10" },
		{ "\"format\":1,", "", "want nine fields, have 8" },
		{ "\"format\":1", "\"format\":2",
		    "format: want 1 to 1, have 2" },
		{ "\"format\":1", "\"formal\":1", "format: missing" },
		{ "\"authority\":{", "\"author\":{", "authority: missing" },
		{ "{\"key\":", "{\"kex\":", "key: missing" },
		{ "{\"key\":\"", "{\"key\":\"0",
		    "key: digest: want 64 hexadecimal digits, have 65 "
		    "characters" },
		{ "\"name\":\"test\"", "\"name\":7", "name: want a string" },
		{ "\"created\":\"2026-", "\"created\":\"soon",
		    "created: want a time such as 2026-11-21T06:30:48Z, "
		    "have soon11-21T06:50:48Z" },
		{ "\"expires\":\"2026-", "\"expires\":\"soon",
		    "expires: want a time such as 2026-11-21T06:30:48Z, "
		    "have soon11-22T06:50:48Z" },
		{ "\"expires\":\"2026-11-22", "\"expires\":\"2026-11-21",
		    "expires: not after created" },
		{ "\"seq\":7", "\"seq\":0",
		    "seq: want 1 to 9223372036854775807, have 0" },
		{ "\"seq\":7", "\"sep\":7", "seq: missing" },
		{ "\"head\":{\"digest\":\"", "\"head\":{\"digest\":\"x",
		    "digest: digest: want 64 hexadecimal digits, have 65 "
		    "characters" },
		{ "\"nonce\":\"01", "\"nonce\":\"",
		    "nonce: want 16 octets" },
		{ "\"nonce\":\"01", "\"nonce\":\"010",
		    "nonce: want pairs of lower-case hexadecimal digits" },
		{ "\"nonce\":\"01", "\"nonce\":\"0101",
		    "nonce: want at most 16 bytes in hexadecimal, have 17" },
		{ "\"operation\":\"delete\"", "\"operation\":\"kill\"",
		    "no operation kill: there are sign, revoke, crl, "
		    "crl-disabled, ocsp, disable, enable, delete, restore, "
		    "destroy, backup, policy, resplit, recover, anchor" },
		{ "\"parameters\":{\"days\":30}", "\"parameters\":[30]",
		    "parameters: want an object" },
		{ "\"policy\":\"", "\"policy\":\"0",
		    "policy: digest: want 64 hexadecimal digits, have 65 "
		    "characters" },
	};

	for (size_t n = 0; n < COUNT(rows); n++) {
		char sentence[256];

		snprintf(sentence, sizeof(sentence), "request: %s",
		    rows[n].sentence);
		read_spoilt(*state, rows[n].old, rows[n].new, sentence);
	}
}

static void
what_is_no_request_is_refused(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct request *request = NULL;

	(void)state;
	MUST_FAIL(FAIL_INPUT, "request: JSON: 1:",
	    request_read(bytes_text("hello\n"), &request, &fault));
	MUST_FAIL(FAIL_INPUT, "request: JSON: 1:",
	    request_read(bytes_text(""), &request, &fault));
	MUST_FAIL(FAIL_INPUT, "request: want nine fields, have 0",
	    request_read(bytes_text("{}\n"), &request, &fault));
	MUST_FAIL(FAIL_INPUT, "request: want nine fields, have 0",
	    request_read(bytes_text("\"text\"\n"), &request, &fault));
	buf_reserve(&text, REQUEST_MAX + 1);
	memset(text.data, ' ', REQUEST_MAX + 1);
	text.len = REQUEST_MAX + 1;
	MUST_FAIL(FAIL_INPUT, "request: larger than 1048576 bytes",
	    request_read(buf_bytes(&text), &request, &fault));
	assert_null(request);
}

static void
of_this_authority(void **state)
{
	struct desk *desk = *state;

	buf_text(&desk->ledger->root_key.spki, "the root's key");
	want_refused(desk, "request: for authority test with another key, "
	    "this is test");
	request_release(&desk->request);
	desk->request = new_request(desk->ledger, OPERATION_DELETE,
	    deed_delete(30), 1);
	want_good(desk);
	buf_text(&desk->ledger->journal_key.spki, "another");
	want_good(desk);
}

static void
used_once(void **state)
{
	struct desk *desk = *state;
	struct ledger *ledger = desk->ledger;

	ledger->used = mem_new(3, sizeof(*ledger->used));
	ledger->used_room = 3;
	ledger->used[0].seq = 4;
	want_good(desk);
	for (size_t n = 0; n < 3; n++) {
		ledger->used[n].digest = desk->request->digest;
		ledger->used[n].seq = 5;
	}
	want_refused(desk, "request: was used already, by record 5");
}

static void
against_this_head(void **state)
{
	struct desk *desk = *state;
	char want[DIGEST_HEX_SIZE], have[DIGEST_HEX_SIZE], sentence[160];

	object_hex(bytes_text("record 7"), have);
	object_hex(bytes_text("record 8"), want);
	desk->ledger->head.seq = 8;
	digest_of(bytes_text("record 8"), &desk->ledger->head.digest);
	snprintf(sentence, sizeof(sentence), "request: made at record 7 "
	    "(%.16s), the journal is at record 8 (%.16s)", have, want);
	want_refused(desk, sentence);
}

static void
under_this_policy(void **state)
{
	struct desk *desk = *state;
	char want[DIGEST_HEX_SIZE], have[DIGEST_HEX_SIZE], sentence[128];

	digest_hex(&desk->ledger->policy->digest, have);
	object_hex(bytes_text("another"), want);
	digest_of(bytes_text("another"), &desk->ledger->policy->digest);
	snprintf(sentence, sizeof(sentence), "request: made under policy "
	    "%.16s, in force is %.16s", have, want);
	want_refused(desk, sentence);
}

static void
for_this_deed(void **state)
{
	const struct desk *desk = *state;
	struct fail fail = { 0 };

	want_fail(check(desk, OPERATION_DESTROY, 30, NOW, &fail), &fail,
	    FAIL_REFUSED, "request: is for delete, and not for destroy");
	want_fail(check(desk, OPERATION_DELETE, 7, NOW, &fail), &fail,
	    FAIL_REFUSED, "request: is for delete of something else: asked "
	    "{\"days\":30}, to be done {\"days\":7}");
}

static void
at_this_time(void **state)
{
	const struct desk *desk = *state;
	struct fail fail = { 0 };

	want_fail(check(desk, OPERATION_DELETE, 30, NOW - 1, &fail), &fail,
	    FAIL_REFUSED, "request: made 2026-11-21T06:50:48Z, it is "
	    "2026-11-21T06:50:47Z");
	MUST(check(desk, OPERATION_DELETE, 30, NOW, &fault));
	MUST(check(desk, OPERATION_DELETE, 30, NOW + DAY - 1, &fault));
	want_fail(check(desk, OPERATION_DELETE, 30, NOW + DAY, &fail), &fail,
	    FAIL_REFUSED, "request: expired 2026-11-22T06:50:48Z, it is "
	    "2026-11-22T06:50:48Z");
}

/* Somebody signs a request, and it is added. */
static int
add(const struct desk *desk, enum person who, const struct request *signed_,
    int64_t time, struct approvals *approvals, struct fail *fail)
{
	AUTO(buf_release) struct buf cms = { 0 };

	person_sign(&desk->people, who, signed_, time, &cms);
	return approvals_add(approvals, desk->ledger, buf_bytes(&cms), time,
	    fail);
}

/* Takes the desk's request over. */
static struct approvals *
open_approvals(struct desk *desk, enum operation operation,
    struct json *parameters)
{
	request_release(&desk->request);
	desk->request = new_request(desk->ledger, operation, parameters, 2);
	return approvals_new(&desk->request);
}

static void
approvals_make_a_quorum(void **state)
{
	struct desk *desk = *state;
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_POLICY, deed_nothing());
	const struct request *request = approvals->request;
	struct fail fail = { 0 };

	assert_null(desk->request);
	want_fail(approvals_check(NULL, desk->ledger, OPERATION_POLICY,
	    &fail), &fail, FAIL_REFUSED,
	    "policy: takes 2 approvals of the role policy, has 0");
	MUST(add(desk, ALICE, request, NOW + HOUR, approvals, &fault));
	assert_int_equal(approvals->list[0].custodian, ALICE);
	assert_int_equal(approvals->list[0].signed_at, NOW + HOUR);
	want_fail(approvals_check(approvals, desk->ledger, OPERATION_POLICY,
	    &fail), &fail, FAIL_REFUSED,
	    "policy: takes 2 approvals of the role policy, has 1");
	want_fail(add(desk, ALICE, request, NOW + 2 * HOUR, approvals, &fail),
	    &fail, FAIL_REFUSED, "custodian alice: approved twice");
	want_fail(add(desk, CAROL, request, NOW, approvals, &fail), &fail,
	    FAIL_REFUSED, "custodian carol: has not the role policy, which "
	    "policy takes");
	assert_int_equal(approvals->count, 1);
	MUST(add(desk, BOB, request, NOW + DAY - 1, approvals, &fault));
	assert_int_equal(approvals->count, 2);
	MUST(approvals_check(approvals, desk->ledger, OPERATION_POLICY,
	    &fault));
}

static void
strangers_approve_nothing(void **state)
{
	struct desk *desk = *state;
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_POLICY, deed_nothing());
	AUTO(cert_release) struct cert *forged = NULL;
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	want_fail(add(desk, MALLORY, approvals->request, NOW, approvals,
	    &fail), &fail, FAIL_REFUSED, "approval: signed by CN=Mallory, "
	    "whose certificate is not in the roster");
	/* Who calls herself Alice is not Alice. */
	forged = certificate_of(desk->people.keys[MALLORY], "Alice Example",
	    "21");
	MUST(cms_sign(buf_bytes(&approvals->request->text),
	    buf_bytes(&forged->der), desk->people.keys[MALLORY], NOW, &cms,
	    &fault));
	want_fail(approvals_add(approvals, desk->ledger, buf_bytes(&cms), NOW,
	    &fail), &fail, FAIL_REFUSED, "approval: signed by CN=Alice "
	    "Example, whose certificate is not in the roster");
	assert_int_equal(approvals->count, 0);
}

/* An hour either way is drift; more is a clock that somebody set. */
static void
times_of_signing_can_be(void **state)
{
	static const struct {
		int64_t signed_at, now;
		const char *sentence;	/* NULL: taken */
	} rows[] = {
		{ NOW - 3600, NOW, NULL },
		{ NOW + 3600, NOW, NULL },
		{ NOW - 3601, NOW, "approval of alice: signed "
		    "2026-11-21T05:50:47Z, the request was made "
		    "2026-11-21T06:50:48Z: one of the clocks is wrong" },
		{ NOW + 3601, NOW, "approval of alice: signed "
		    "2026-11-21T07:50:49Z, it is 2026-11-21T06:50:48Z: one of "
		    "the clocks is wrong" },
	};
	struct desk *desk = *state;

	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(request_release) struct request *request = new_request(
		    desk->ledger, OPERATION_POLICY, deed_nothing(), 3);
		AUTO(approvals_release) struct approvals *approvals =
		    approvals_new(&request);
		AUTO(buf_release) struct buf cms = { 0 };
		struct fail fail = { 0 };

		person_sign(&desk->people, ALICE, approvals->request,
		    rows[n].signed_at, &cms);
		if (rows[n].sentence == NULL)
			MUST(approvals_add(approvals, desk->ledger,
			    buf_bytes(&cms), rows[n].now, &fault));
		else
			want_fail(approvals_add(approvals, desk->ledger,
			    buf_bytes(&cms), rows[n].now, &fail), &fail,
			    FAIL_REFUSED, rows[n].sentence);
	}
}

static void
altered_approvals_are_refused(void **state)
{
	static const char sentence[] = "approval of alice (the request or the "
	    "approval was altered, or is for another): ";
	struct desk *desk = *state;
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_POLICY, deed_nothing());
	AUTO(request_release) struct request *other = new_request(
	    desk->ledger, OPERATION_POLICY, deed_nothing(), 3);
	AUTO(buf_release) struct buf cms = { 0 };

	MUST_FAIL(FAIL_REFUSED, sentence,
	    add(desk, ALICE, other, NOW, approvals, &fault));
	person_sign(&desk->people, ALICE, approvals->request, NOW, &cms);
	/* The last byte is the signature's. */
	cms.data[cms.len - 1] ^= 1;
	MUST_FAIL(FAIL_REFUSED, sentence, approvals_add(approvals,
	    desk->ledger, buf_bytes(&cms), NOW, &fault));
	cms.data[cms.len - 1] ^= 1;
	MUST_FAIL(FAIL_INPUT, "approval: ", approvals_add(approvals,
	    desk->ledger, bytes_of(cms.data, cms.len - 1), NOW, &fault));
	assert_int_equal(approvals->count, 0);
	MUST(approvals_add(approvals, desk->ledger, buf_bytes(&cms), NOW,
	    &fault));
}

static void
approvals_end_with_the_request(void **state)
{
	struct desk *desk = *state;
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_POLICY, deed_nothing());
	struct fail fail = { 0 };

	want_fail(add(desk, BOB, approvals->request, NOW + DAY, approvals,
	    &fail), &fail, FAIL_REFUSED, "approval of bob: signed "
	    "2026-11-22T06:50:48Z, the request expired 2026-11-22T06:50:48Z");
	assert_int_equal(approvals->count, 0);
}

static void
who_disabled_does_not_delete(void **state)
{
	struct desk *desk = *state;
	struct approvers *last = &desk->ledger->last[OPERATION_DISABLE];
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_DELETE, deed_delete(30));
	struct fail fail = { 0 };

	last->seq = 5;
	last->count = 1;
	snprintf(last->list[0].name, sizeof(last->list[0].name), "carol");
	want_fail(add(desk, CAROL, approvals->request, NOW, approvals, &fail),
	    &fail, FAIL_REFUSED, "custodian carol: approved disable (record "
	    "5); delete takes somebody else");
	MUST(add(desk, BOB, approvals->request, NOW, approvals, &fault));
	MUST(approvals_check(approvals, desk->ledger, OPERATION_DELETE,
	    &fault));
}

static void
approvals_have_a_bound(void **state)
{
	struct desk *desk = *state;
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_POLICY, deed_nothing());
	struct fail fail = { 0 };

	approvals->count = CUSTODIANS_MAX;
	want_fail(approvals_add(approvals, desk->ledger, bytes_text(""), NOW,
	    &fail), &fail, FAIL_REFUSED, "approvals: more than 32");
}

/* What a record keeps of carol's and bob's approval of a destruction. */
static struct json *
put_approvals(struct desk *desk)
{
	AUTO(approvals_release) struct approvals *approvals =
	    open_approvals(desk, OPERATION_DESTROY, deed_nothing());
	struct json *json = NULL;
	struct digest digest;

	MUST(add(desk, CAROL, approvals->request, NOW, approvals, &fault));
	MUST(add(desk, BOB, approvals->request, NOW, approvals, &fault));
	digest_of(buf_bytes(&approvals->list[1].cms), &digest);
	assert_true(digest_is_equal(&approvals->list[1].digest, &digest));
	MUST(approvals_put(approvals, desk->ledger, desk->objects, &json,
	    &fault));
	return json;
}

static int
audit(const struct desk *desk, const struct json *approval, int64_t time,
    struct fail *fail)
{
	AUTO(json_release) struct json *parameters = deed_nothing();

	return approvals_audit(approval, desk->ledger, desk->objects,
	    OPERATION_DESTROY, parameters, time, fail);
}

/* The audit of a record in which one text was exchanged. */
static void
audit_spoilt(const struct desk *desk, const struct json *approval,
    const char *old, const char *new, enum fail_kind kind,
    const char *sentence)
{
	AUTO(buf_release) struct buf text = { 0 }, spoilt = { 0 };
	AUTO(json_release) struct json *json = NULL;

	json_write(approval, &text);
	replace(buf_bytes(&text), old, new, &spoilt);
	assert_false(bytes_is_equal(buf_bytes(&text), buf_bytes(&spoilt)));
	MUST(json_read(buf_bytes(&spoilt), &json, &fault));
	MUST_FAIL(kind, sentence, audit(desk, json, NOW, &fault));
}

static void
approvals_are_audited(void **state)
{
	struct desk *desk = *state;
	AUTO(json_release) struct json *approval = put_approvals(desk);
	AUTO(buf_release) struct buf text = { 0 };

	json_write(approval, &text);
	assert_non_null(strstr(buf_cstr(&text), "\"custodian\":\"carol\""));
	MUST(audit(desk, approval, NOW, &fault));
	MUST(audit(desk, approval, NOW + DAY - 1, &fault));
	MUST_FAIL(FAIL_REFUSED, "request: expired",
	    audit(desk, approval, NOW + DAY, &fault));
	MUST_FAIL(FAIL_REFUSED, "request: made",
	    audit(desk, approval, NOW - 1, &fault));
	audit_spoilt(desk, approval, "carol", "alice", FAIL_JOURNAL,
	    "approval of alice: was signed by carol");
	audit_spoilt(desk, approval, "\"by\":[", "\"by\":[7,", FAIL_INPUT,
	    "custodian: missing");
	audit_spoilt(desk, approval, "\"by\":", "\"bye\":", FAIL_INPUT,
	    "by: missing");
	audit_spoilt(desk, approval, "\"request\":", "\"what\":", FAIL_INPUT,
	    "request: missing");
	audit_spoilt(desk, approval, "\"cms\":\"", "\"cms\":\"00",
	    FAIL_INPUT, "digest: want 64 hexadecimal digits");
}

static void
audits_verify_against_the_ledger(void **state)
{
	struct desk *desk = *state;
	AUTO(json_release) struct json *approval = put_approvals(desk);
	AUTO(json_release) struct json *none = deed_nothing();
	AUTO(json_release) struct json *other = deed_delete(30);
	struct digest digest = desk->ledger->head.digest;

	MUST_FAIL(FAIL_REFUSED, "request: is for destroy, and not for delete",
	    approvals_audit(approval, desk->ledger, desk->objects,
	    OPERATION_DELETE, none, NOW, &fault));
	MUST_FAIL(FAIL_REFUSED, "request: is for destroy of something else",
	    approvals_audit(approval, desk->ledger, desk->objects,
	    OPERATION_DESTROY, other, NOW, &fault));
	digest_of(bytes_text("record 8"), &desk->ledger->head.digest);
	MUST_FAIL(FAIL_REFUSED, "request: made at record 7",
	    audit(desk, approval, NOW, &fault));
	desk->ledger->head.digest = digest;
	desk->ledger->policy->roster.rules[OPERATION_DESTROY].approvals = 3;
	MUST_FAIL(FAIL_REFUSED, "destroy: takes 3 approvals of the role "
	    "destroy, has 2", audit(desk, approval, NOW, &fault));
}

/* The digests of a record's signatures: cut one, exchange two. */
static void
audits_count_signatures(void **state)
{
	struct desk *desk = *state;
	AUTO(json_release) struct json *approval = put_approvals(desk);
	AUTO(json_release) struct json *one = json_new();
	const struct json *by, *first;
	struct json *list = json_new_list(), *copy;
	const char *request;

	MUST(json_get_list(approval, "by", &by, &fault));
	MUST(json_get_text(approval, "request", &request, &fault));
	first = json_at(by, 0);
	copy = json_copy_of(first);
	json_add(list, &copy);
	json_put(one, "by", &list);
	json_put_text(one, "request", request);
	MUST_FAIL(FAIL_REFUSED, "destroy: takes 2 approvals of the role "
	    "destroy, has 1", audit(desk, one, NOW, &fault));
	list = json_new_list();
	for (int n = 0; n < 2; n++) {
		copy = json_copy_of(first);
		json_add(list, &copy);
	}
	json_put(one, "by", &list);
	MUST_FAIL(FAIL_REFUSED, "custodian carol: approved twice",
	    audit(desk, one, NOW, &fault));
}

static int
spoil_object(void *context, const char *name, struct fail *fail)
{
	const struct desk *desk = context;
	AUTO(buf_release) struct buf path = { 0 };

	(void)fail;
	buf_printf(&path, "%s/" OBJECTS_NAME "/%s", desk->folder, name);
	overwrite(buf_cstr(&path), bytes_text("something else"));
	return 0;
}

static void
changed_objects_are_found(void **state)
{
	struct desk *desk = *state;
	AUTO(json_release) struct json *approval = put_approvals(desk);

	MUST(objects_each(desk->objects, spoil_object, desk, &fault));
	MUST_FAIL(FAIL_JOURNAL, ": has been changed",
	    audit(desk, approval, NOW, &fault));
}

#define AT_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AT_DESK(requests_are_canonical_lines),
		AT_DESK(requests_last),
		AT_DESK(form_is_judged),
		cmocka_unit_test(what_is_no_request_is_refused),
		AT_DESK(of_this_authority),
		AT_DESK(used_once),
		AT_DESK(against_this_head),
		AT_DESK(under_this_policy),
		AT_DESK(for_this_deed),
		AT_DESK(at_this_time),
		AT_DESK(approvals_make_a_quorum),
		AT_DESK(strangers_approve_nothing),
		AT_DESK(times_of_signing_can_be),
		AT_DESK(altered_approvals_are_refused),
		AT_DESK(approvals_end_with_the_request),
		AT_DESK(who_disabled_does_not_delete),
		AT_DESK(approvals_have_a_bound),
		AT_DESK(approvals_are_audited),
		AT_DESK(audits_verify_against_the_ledger),
		AT_DESK(audits_count_signatures),
		AT_DESK(changed_objects_are_found),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
