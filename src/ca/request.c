/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/request.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

/* By which an authority is known: its root key, as soon as there is one. */
static void
authority_key(const struct ledger *ledger, struct digest *out)
{
	const struct buf *spki = ledger->root_key.spki.len > 0 ?
	    &ledger->root_key.spki : &ledger->journal_key.spki;

	digest_of(buf_bytes(spki), out);
}

int
request_build(const struct ledger *ledger, struct request_plan *plan,
    struct request **out, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(buf_release) struct buf text = { 0 };
	struct json *authority = json_new();
	struct json *head = json_new();
	struct digest key;

	authority_key(ledger, &key);
	json_put_digest(authority, "key", &key);
	json_put_text(authority, "name", ledger->name);
	json_put_digest(head, "digest", &ledger->head.digest);
	json_put_number(head, "seq", ledger->head.seq);
	json_put(json, "authority", &authority);
	json_put_time(json, "created", plan->now);
	json_put_time(json, "expires", plan->expires);
	json_put_number(json, "format", 1);
	json_put(json, "head", &head);
	json_put_hex(json, "nonce",
	    bytes_of(plan->nonce, sizeof(plan->nonce)));
	json_put_text(json, "operation", operation_names[plan->operation]);
	json_put(json, "parameters", &plan->parameters);
	json_put_digest(json, "policy", &ledger->policy->digest);
	json_write(json, &text);
	buf_text(&text, "\n");
	return request_read(buf_bytes(&text), out, fail);
}

static int
nonce_check(const struct json *json, struct fail *fail)
{
	AUTO(buf_release) struct buf nonce = { 0 };
	const char *text;

	if (json_get_text(json, "nonce", &text, fail) == -1)
		return -1;
	if (text_read_hex(text, REQUEST_NONCE_LEN, &nonce, fail) == -1)
		return fail_in(fail, "nonce");
	if (nonce.len != REQUEST_NONCE_LEN)
		return fail_with(fail, FAIL_INPUT, "nonce: want %d octets",
		    REQUEST_NONCE_LEN);
	return 0;
}

static int
fields_read(struct request *request, struct fail *fail)
{
	const struct json *json = request->json, *authority, *head;
	const char *operation;
	int64_t format;

	if (json_count(json) != 9)
		return fail_with(fail, FAIL_INPUT, "want nine fields, have %zu",
		    json_count(json));
	if (json_get_number(json, "format", 1, 1, &format, fail) == -1 ||
	    json_get_object(json, "authority", &authority, fail) == -1 ||
	    json_get_digest(authority, "key", &request->key, fail) == -1 ||
	    json_get_text(authority, "name", &request->name, fail) == -1 ||
	    json_get_time(json, "created", &request->created, fail) == -1 ||
	    json_get_time(json, "expires", &request->expires, fail) == -1 ||
	    json_get_object(json, "head", &head, fail) == -1 ||
	    json_get_digest(head, "digest", &request->head, fail) == -1 ||
	    json_get_number(head, "seq", 1, INT64_MAX, &request->head_seq,
		fail) == -1 ||
	    nonce_check(json, fail) == -1 ||
	    json_get_text(json, "operation", &operation, fail) == -1 ||
	    json_get_object(json, "parameters", &request->parameters,
		fail) == -1 ||
	    json_get_digest(json, "policy", &request->policy, fail) == -1)
		return -1;
	if (operation_find(operation, &request->operation, fail) == -1) {
		fail->kind = FAIL_INPUT;
		return -1;
	}
	if (request->expires <= request->created)
		return fail_with(fail, FAIL_INPUT,
		    "expires: not after created");
	return 0;
}

int
request_read(struct bytes text, struct request **out, struct fail *fail)
{
	AUTO(request_release) struct request *request =
	    mem_new(1, sizeof(*request));
	AUTO(buf_release) struct buf canonical = { 0 };

	if (text.len > REQUEST_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "request: larger than %d bytes", REQUEST_MAX);
	if (json_read(text, &request->json, fail) == -1)
		return fail_in(fail, "request");
	json_write(request->json, &canonical);
	buf_text(&canonical, "\n");
	if (!bytes_is_equal(buf_bytes(&canonical), text))
		return fail_with(fail, FAIL_INPUT,
		    "request: not canonical JSON: it was altered");
	if (fields_read(request, fail) == -1)
		return fail_in(fail, "request");
	buf_put(&request->text, text);
	digest_of(text, &request->digest);
	*out = GIVE(request);
	return 0;
}

void
request_release(struct request **request)
{
	if (*request == NULL)
		return;
	buf_release(&(*request)->text);
	json_release(&(*request)->json);
	free(*request);
	*request = NULL;
}

static int
check_authority(const struct request *request, const struct ledger *ledger,
    struct fail *fail)
{
	struct digest key;

	authority_key(ledger, &key);
	if (digest_is_equal(&key, &request->key))
		return 0;
	return fail_with(fail, FAIL_REFUSED,
	    "request: for authority %s with another key, this is %s",
	    request->name, ledger->name);
}

/* Against one point of the journal, and once. */
static int
check_head(const struct request *request, const struct ledger *ledger,
    struct fail *fail)
{
	char want[DIGEST_HEX_SIZE], have[DIGEST_HEX_SIZE];
	int64_t used = ledger_find_request(ledger, &request->digest);

	if (used != 0)
		return fail_with(fail, FAIL_REFUSED,
		    "request: was used already, by record %lld",
		    (long long)used);
	if (digest_is_equal(&request->head, &ledger->head.digest))
		return 0;
	digest_hex(&ledger->head.digest, want);
	digest_hex(&request->head, have);
	return fail_with(fail, FAIL_REFUSED, "request: made at record %lld "
	    "(%.16s), the journal is at record %lld (%.16s)",
	    (long long)request->head_seq, have, (long long)ledger->head.seq,
	    want);
}

static int
check_policy(const struct request *request, const struct ledger *ledger,
    struct fail *fail)
{
	char want[DIGEST_HEX_SIZE], have[DIGEST_HEX_SIZE];

	if (digest_is_equal(&request->policy, &ledger->policy->digest))
		return 0;
	digest_hex(&ledger->policy->digest, want);
	digest_hex(&request->policy, have);
	return fail_with(fail, FAIL_REFUSED, "request: made under policy "
	    "%.16s, in force is %.16s", have, want);
}

static int
check_deed(const struct request *request, enum operation operation,
    const struct json *parameters, struct fail *fail)
{
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };

	if (request->operation != operation)
		return fail_with(fail, FAIL_REFUSED,
		    "request: is for %s, and not for %s",
		    operation_names[request->operation],
		    operation_names[operation]);
	json_write(parameters, &want);
	json_write(request->parameters, &have);
	if (bytes_is_equal(buf_bytes(&want), buf_bytes(&have)))
		return 0;
	return fail_with(fail, FAIL_REFUSED, "request: is for %s of something "
	    "else: asked %.300s, to be done %.300s",
	    operation_names[operation], buf_cstr(&have), buf_cstr(&want));
}

static int
check_time(const struct request *request, int64_t now, struct fail *fail)
{
	char then[TEXT_TIME_SIZE], clock[TEXT_TIME_SIZE];

	text_time(now, clock);
	if (now < request->created) {
		text_time(request->created, then);
		return fail_with(fail, FAIL_REFUSED,
		    "request: made %s, it is %s", then, clock);
	}
	if (now >= request->expires) {
		text_time(request->expires, then);
		return fail_with(fail, FAIL_REFUSED,
		    "request: expired %s, it is %s", then, clock);
	}
	return 0;
}

int
request_check(const struct request *request, const struct ledger *ledger,
    enum operation operation, const struct json *parameters, int64_t now,
    struct fail *fail)
{
	if (check_authority(request, ledger, fail) == -1 ||
	    check_head(request, ledger, fail) == -1 ||
	    check_policy(request, ledger, fail) == -1 ||
	    check_deed(request, operation, parameters, fail) == -1)
		return -1;
	return check_time(request, now, fail);
}
