/* SPDX-License-Identifier: Apache-2.0 */
/* An operation in plain words, for the person who is to approve it. */
#include <anchorite/ca/deed.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

typedef int describer(const struct json *parameters, struct buf *out,
    struct fail *fail);

static int
put_text(struct buf *out, const char *before, const struct json *json,
    const char *key, struct fail *fail)
{
	const char *text;

	if (json_get_text(json, key, &text, fail) == -1)
		return -1;
	buf_text(out, before);
	text_escape(out, bytes_text(text));
	buf_text(out, "\n");
	return 0;
}

/* For whom a certificate is, and where it goes. */
static int
put_target(struct buf *out, const struct json *item, struct fail *fail)
{
	AUTO(target_release) struct target target = { 0 };
	const char *name, *text;
	unsigned consumers;

	if (consumers_get(item, &consumers, fail) == -1 ||
	    target_get(item, &target, fail) == -1)
		return -1;
	if (consumers != 0) {
		buf_printf(out, "    %-15s ", "for");
		consumers_write(consumers, out);
		buf_text(out, "\n");
	}
	for (size_t n = 0; target_field(&target, n, &name, &text); n++) {
		if (text == NULL)
			continue;
		buf_printf(out, "    %-15s ", name);
		text_escape(out, bytes_text(text));
		buf_text(out, "\n");
	}
	return 0;
}

#define SIGN_FIELDS 4

static int
describe_request(const struct json *item, struct buf *out, struct fail *fail)
{
	size_t fields = SIGN_FIELDS + 2u * json_has(item, "existing") +
	    json_has(item, "for") + json_has(item, "target");
	bool again;

	if (put_text(out, "  subject        ", item, "subject", fail) == -1 ||
	    put_text(out, "    request SHA-256 ", item, "sha256", fail) ==
		-1 ||
	    put_text(out, "    profile         ", item, "profile", fail) ==
		-1 ||
	    put_target(out, item, fail) == -1 ||
	    json_get_bool(item, "again", &again, fail) == -1)
		return -1;
	if (again)
		buf_text(out, "    its key was certified before\n");
	if (json_has(item, "existing") && (put_text(out, "    beside the "
	    "certificate with SHA-256\n      ", item, "existing", fail) ==
		-1 ||
	    put_text(out, "    which is signed by ", item, "signer", fail) ==
		-1))
		return -1;
	if (json_count(item) != fields)
		return fail_with(fail, FAIL_INPUT,
		    "want %zu fields, have %zu", fields, json_count(item));
	return 0;
}

static int
describe_sign(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	const struct json *list;

	if (json_get_list(parameters, "requests", &list, fail) == -1)
		return -1;
	for (size_t n = 0; n < json_count(list); n++)
		if (describe_request(json_at(list, n), out, fail) == -1)
			return -1;
	buf_text(out, "Whoever holds those keys will then be trusted wherever "
	    "the root is.\n");
	return 0;
}

static int
describe_revoke(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	if (put_text(out, "  serial         ", parameters, "serial", fail) ==
		-1 ||
	    put_text(out, "  reason         ", parameters, "reason", fail) ==
		-1)
		return -1;
	buf_text(out, "With the next CRL it, and all below it, is trusted no "
	    "more. This cannot\nbe taken back.\n");
	return 0;
}

static int
describe_number(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	int64_t number;

	if (json_get_number(parameters, "number", 1, INT64_MAX, &number,
	    fail) == -1)
		return -1;
	buf_printf(out, "  CRL number     %lld\n", (long long)number);
	return 0;
}

static int
describe_delete(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	int64_t days;

	if (json_get_number(parameters, "days", DELETION_DAYS_MIN,
	    DELETION_DAYS_MAX, &days, fail) == -1)
		return -1;
	buf_printf(out, "  can be restored for  %lld days\nAfter that the key "
	    "can be destroyed, and nothing brings it back.\n",
	    (long long)days);
	return 0;
}

static int
describe_destroy(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	const struct json *list;

	if (put_text(out, "  its deletion could be taken back until\n    ",
		parameters, "ended", fail) == -1 ||
	    json_get_list(parameters, "backups", &list, fail) == -1)
		return -1;
	if (json_count(list) == 0)
		buf_text(out, "  backups        none is recorded\n");
	for (size_t n = 0; n < json_count(list); n++)
		if (put_text(out, "  backup         ", json_at(list, n), "name",
			fail) == -1 ||
		    put_text(out, "    its fate     ", json_at(list, n),
			"fate", fail) == -1)
			return -1;
	buf_text(out, "Nothing brings the key back. No CRL can be signed any "
	    "more: once the last\none has run out, verifiers that ask for a "
	    "CRL trust nothing below.\n");
	return 0;
}

static int
describe_backup(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	if (put_text(out, "  name           ", parameters, "name", fail) ==
		-1 ||
	    put_text(out, "  place          ", parameters, "place", fail) ==
		-1)
		return -1;
	buf_text(out, "Whoever has that copy and its PIN has the key.\n");
	return 0;
}

static int
describe_policy(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	if (put_text(out, "  policy SHA-256\n    ", parameters, "policy",
	    fail) == -1)
		return -1;
	buf_text(out, "From then on it says who may approve what. Compare the "
	    "digest with that\nof the reviewed file (sha256sum).\n");
	return 0;
}

static int
describe_resplit(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	int64_t count, threshold;

	if (json_get_number(parameters, "count", 2, SHARES_MAX, &count, fail) ==
		-1 ||
	    json_get_number(parameters, "threshold", 2, count, &threshold,
		fail) == -1)
		return -1;
	buf_printf(out, "  new shares     %lld, any %lld of them open the "
	    "token\nThe old shares open it no more.\n", (long long)count,
	    (long long)threshold);
	return put_text(out, "  under the policy with SHA-256\n    ",
	    parameters, "policy", fail);
}

static int
describe_recover(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	if (put_text(out, "  SHA-256 of what stands of it\n    ", parameters,
	    "torn", fail) == -1)
		return -1;
	buf_text(out, "It is kept as an object; the record of this stands in "
	    "its place.\n");
	return 0;
}

static int
describe_anchor(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	const char *torn;

	if (put_text(out, "  reason         ", parameters, "reason", fail) ==
		-1 ||
	    put_text(out, "  in place of the token's head, SHA-256\n    ",
		parameters, "held", fail) == -1 ||
	    json_get_text(parameters, "torn", &torn, fail) == -1)
		return -1;
	if (torn[0] != '\0' && put_text(out, "  and its last line is torn: "
	    "what stands of it is kept, SHA-256\n    ", parameters, "torn",
	    fail) == -1)
		return -1;
	buf_text(out, "If a newer journal exists, what it says is lost: find "
	    "out first why\nthe token, or the paper, knows another head.\n");
	return 0;
}

static int
describe_ocsp(const struct json *parameters, struct buf *out,
    struct fail *fail)
{
	const struct json *serials;
	AUTO(buf_release) struct buf safe = { 0 };

	if (json_get_list(parameters, "serials", &serials, fail) == -1)
		return -1;
	for (size_t n = 0; n < json_count(serials); n++) {
		const char *text = json_text(json_at(serials, n));

		if (text == NULL)
			return fail_with(fail, FAIL_INPUT,
			    "serials: want strings");
		safe.len = 0;
		text_escape(&safe, bytes_text(text));
		buf_printf(out, "  serial         %s\n", buf_cstr(&safe));
	}
	return 0;
}

static const struct {
	const char *what;
	describer *more;		/* NULL: the sentence says it all */
	size_t fields;			/* of the parameters */
} words[OPERATIONS] = {
	[OPERATION_SIGN] = { "Sign certificates with the root key of %s:\n",
	    describe_sign, 1 },
	[OPERATION_REVOKE] = { "Revoke a certificate that %s issued:\n",
	    describe_revoke, 2 },
	[OPERATION_CRL] = { "Sign the next CRL with the root key of %s:\n",
	    describe_number, 1 },
	[OPERATION_CRL_DISABLED] = { "Unlock the disabled root key of %s for "
	    "one signature, that of a CRL,\nand lock it again:\n",
	    describe_number, 1 },
	[OPERATION_DISABLE] = { "Disable the root key of %s.\nIt signs no "
	    "certificate any more until it is enabled again. Those that it\n"
	    "issued stay valid.\n", NULL, 0 },
	[OPERATION_ENABLE] = { "Enable the disabled root key of %s.\nIt signs "
	    "certificates again.\n", NULL, 0 },
	[OPERATION_DELETE] = { "Delete the disabled root key of %s.\nIt signs "
	    "nothing any more, no CRL either.\n", describe_delete, 1 },
	[OPERATION_RESTORE] = { "Restore the deleted root key of %s.\nIt is "
	    "disabled then, and can be enabled or deleted.\n", NULL, 0 },
	[OPERATION_DESTROY] = { "Destroy the root key of %s in the token, for "
	    "good.\n", describe_destroy, 2 },
	[OPERATION_BACKUP] = { "Record that there is a copy of the root key "
	    "of %s outside its token:\n", describe_backup, 2 },
	[OPERATION_POLICY] = { "Put another policy in force for %s:\n",
	    describe_policy, 1 },
	[OPERATION_RESPLIT] = { "Give the token of %s new PINs, and split "
	    "them anew:\n", describe_resplit, 3 },
	[OPERATION_OCSP] = { "Sign OCSP responses with the root key of %s, "
	    "about:\n", describe_ocsp, 1 },
	[OPERATION_RECOVER] = { "Set aside the torn last line in the journal "
	    "of %s:\n", describe_recover, 1 },
	[OPERATION_ANCHOR] = { "Take the journal of %s as it stands, whatever "
	    "its anchor says.\n", describe_anchor, 3 },
};

int
deed_describe(enum operation operation, const char *authority,
    const struct json *parameters, struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf name = { 0 };
	AUTO(buf_release) struct buf more = { 0 };
	const char *what = words[operation].what;
	const char *gap = strstr(what, "%s");

	/* What is not shown must not be approved. */
	if (json_count(parameters) != words[operation].fields)
		return fail_with(fail, FAIL_INPUT,
		    "parameters: want %zu, have %zu",
		    words[operation].fields, json_count(parameters));
	text_escape(&name, bytes_text(authority));
	if (words[operation].more != NULL &&
	    words[operation].more(parameters, &more, fail) == -1)
		return fail_in(fail, "parameters");
	buf_append(out, what, (size_t)(gap - what));
	buf_put(out, buf_bytes(&name));
	buf_text(out, gap + 2);
	buf_put(out, buf_bytes(&more));
	return 0;
}
