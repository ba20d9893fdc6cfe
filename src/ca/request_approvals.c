/* SPDX-License-Identifier: Apache-2.0 */
/* The custodians' signatures over a request. */
#include <anchorite/ca/request.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/cms.h>
#include <anchorite/x509/name.h>

struct approvals *
approvals_new(struct request **request)
{
	struct approvals *approvals = mem_new(1, sizeof(*approvals));

	approvals->request = GIVE(*request);
	return approvals;
}

void
approvals_release(struct approvals **approvals)
{
	if (*approvals == NULL)
		return;
	for (size_t n = 0; n < (*approvals)->count; n++)
		buf_release(&(*approvals)->list[n].cms);
	request_release(&(*approvals)->request);
	free(*approvals);
	*approvals = NULL;
}

/* Whose certificate is inside? It must be pinned by the roster. */
static int
find_signer(const struct ledger *ledger, struct bytes certificate,
    int *custodian_out, struct fail *fail)
{
	AUTO(cert_release) struct cert *stranger = NULL;
	AUTO(buf_release) struct buf subject = { 0 };
	struct digest digest;

	digest_of(certificate, &digest);
	*custodian_out = roster_find_certificate(&ledger->policy->roster,
	    &digest);
	if (*custodian_out != -1)
		return 0;
	if (cert_read(certificate, &stranger, fail) == -1)
		return -1;
	name_show(stranger->subject, &subject);
	return fail_with(fail, FAIL_REFUSED,
	    "signed by %.200s, whose certificate is not in the roster",
	    buf_cstr(&subject));
}

#define HOUR INT64_C(3600)

static int
fail_time(const char *name, int64_t signed_at, const char *what,
    int64_t other, const char *why, struct fail *fail)
{
	char then[TEXT_TIME_SIZE], time[TEXT_TIME_SIZE];

	text_time(signed_at, then);
	text_time(other, time);
	return fail_with(fail, FAIL_REFUSED, "approval of %s: signed %s, %s "
	    "%s%s", name, then, what, time, why);
}

/* By the word of the custodian's machine; an hour more or less, it drifts. */
static int
check_time(const struct request *request, const char *name,
    int64_t signed_at, int64_t now, struct fail *fail)
{
	static const char wrong[] = ": one of the clocks is wrong";

	if (signed_at >= request->expires)
		return fail_time(name, signed_at, "the request expired",
		    request->expires, "", fail);
	if (signed_at < request->created - HOUR)
		return fail_time(name, signed_at, "the request was made",
		    request->created, wrong, fail);
	if (signed_at > now + HOUR)
		return fail_time(name, signed_at, "it is", now, wrong, fail);
	return 0;
}

static int
verify(const struct request *request, const struct ledger *ledger,
    struct bytes cms, int64_t now, struct approval *approval,
    struct fail *fail)
{
	AUTO(buf_release) struct buf certificate = { 0 };
	const char *name;

	if (cms_read_signer(cms, &certificate, &approval->signed_at, fail) ==
		-1 ||
	    find_signer(ledger, buf_bytes(&certificate), &approval->custodian,
		fail) == -1)
		return fail_in(fail, "approval");
	name = ledger->policy->roster.custodians[approval->custodian].name;
	if (cms_verify(cms, buf_bytes(&request->text),
	    buf_bytes(&certificate), fail) == -1)
		return fail_in(fail, "approval of %s (the request or the "
		    "approval was altered, or is for another)", name);
	return check_time(request, name, approval->signed_at, now, fail);
}

static size_t
indexes(const struct approvals *approvals, int out[CUSTODIANS_MAX])
{
	for (size_t n = 0; n < approvals->count; n++)
		out[n] = approvals->list[n].custodian;
	return approvals->count;
}

/* All but that they are too few: that, only approvals_check says. */
static int
check_so_far(const struct approvals *approvals, const struct ledger *ledger,
    struct fail *fail)
{
	struct roster any = ledger->policy->roster;
	int custodians[CUSTODIANS_MAX];
	size_t count = indexes(approvals, custodians);

	any.rules[approvals->request->operation].approvals = 0;
	return quorum_check(&any, approvals->request->operation, custodians,
	    count, ledger->custodians, ledger->last, fail);
}

int
approvals_add(struct approvals *approvals, const struct ledger *ledger,
    struct bytes cms, int64_t now, struct fail *fail)
{
	struct approval *approval = &approvals->list[approvals->count];

	if (approvals->count == CUSTODIANS_MAX)
		return fail_with(fail, FAIL_REFUSED,
		    "approvals: more than %d", CUSTODIANS_MAX);
	memset(approval, 0, sizeof(*approval));
	if (verify(approvals->request, ledger, cms, now, approval, fail) == -1)
		return -1;
	approvals->count++;
	if (check_so_far(approvals, ledger, fail) == -1) {
		approvals->count--;
		return -1;
	}
	buf_put(&approval->cms, cms);
	digest_of(cms, &approval->digest);
	return 0;
}

int
approvals_check(const struct approvals *approvals,
    const struct ledger *ledger, enum operation operation,
    struct fail *fail)
{
	int custodians[CUSTODIANS_MAX];
	size_t count = approvals == NULL ? 0 : indexes(approvals, custodians);

	return quorum_check(&ledger->policy->roster, operation, custodians,
	    count, ledger->custodians, ledger->last, fail);
}

int
approvals_put(const struct approvals *approvals,
    const struct ledger *ledger, struct objects *objects,
    struct json **out, struct fail *fail)
{
	AUTO(json_release) struct json *json = json_new();
	AUTO(json_release) struct json *by = json_new_list();
	struct digest digest;

	if (objects_put(objects, buf_bytes(&approvals->request->text),
	    &digest, fail) == -1)
		return -1;
	json_put_digest(json, "request", &digest);
	for (size_t n = 0; n < approvals->count; n++) {
		const struct approval *approval = &approvals->list[n];
		AUTO(json_release) struct json *one = json_new();

		if (objects_put(objects, buf_bytes(&approval->cms), &digest,
		    fail) == -1)
			return -1;
		json_put_digest(one, "cms", &digest);
		json_put_text(one, "custodian",
		    ledger->policy->roster.custodians[approval->custodian]
			.name);
		json_add(by, &one);
	}
	json_put(json, "by", &by);
	*out = GIVE(json);
	return 0;
}

static int
get_object(const struct json *json, const char *key,
    const struct objects *objects, struct buf *out, struct fail *fail)
{
	struct digest digest;

	if (json_get_digest(json, key, &digest, fail) == -1)
		return -1;
	return objects_get(objects, &digest, out, fail);
}

/* One signature of a record: verified, and by whom the record says. */
static int
audit_one(const struct json *json, struct approvals *approvals,
    const struct ledger *ledger, const struct objects *objects,
    int64_t time, struct fail *fail)
{
	AUTO(buf_release) struct buf cms = { 0 };
	const struct custodian *custodians =
	    ledger->policy->roster.custodians;
	const char *name;
	int signer;

	if (json_get_text(json, "custodian", &name, fail) == -1 ||
	    get_object(json, "cms", objects, &cms, fail) == -1 ||
	    approvals_add(approvals, ledger, buf_bytes(&cms), time, fail) ==
		-1)
		return -1;
	signer = approvals->list[approvals->count - 1].custodian;
	if (strcmp(custodians[signer].name, name) != 0)
		return fail_with(fail, FAIL_JOURNAL,
		    "approval of %s: was signed by %s", name,
		    custodians[signer].name);
	return 0;
}

int
approvals_audit(const struct json *approval, const struct ledger *ledger,
    const struct objects *objects, enum operation operation,
    const struct json *parameters, int64_t time, struct fail *fail)
{
	AUTO(approvals_release) struct approvals *approvals = NULL;
	AUTO(request_release) struct request *request = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	const struct json *by;

	if (get_object(approval, "request", objects, &text, fail) == -1 ||
	    request_read(buf_bytes(&text), &request, fail) == -1 ||
	    request_check(request, ledger, operation, parameters, time,
		fail) == -1 ||
	    json_get_list(approval, "by", &by, fail) == -1)
		return -1;
	approvals = approvals_new(&request);
	for (size_t n = 0; n < json_count(by); n++)
		if (audit_one(json_at(by, n), approvals, ledger, objects, time,
		    fail) == -1)
			return -1;
	return approvals_check(approvals, ledger, operation, fail);
}
