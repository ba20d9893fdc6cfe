/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "custodians.h"

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
want_json(const struct json *json, const char *want)
{
	AUTO(buf_release) struct buf text = { 0 };

	json_write(json, &text);
	assert_string_equal(buf_cstr(&text), want);
}

static struct digest
digest_d(void)
{
	struct digest digest;

	MUST(digest_read_hex(D, &digest, &fault));
	return digest;
}

static void
parameters_are_canonical(void **state)
{
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	struct serial serial = serial_of("4A:02");
	const struct serial serials[] = { serial, serial_of("06") };
	struct digest digest = digest_d();
	struct split_form form = { 2, 4 };
	struct {
		struct json *json;
		const char *want;
	} rows[] = {
		{ deed_revoke(&serial, "superseded"),
		    "{\"reason\":\"superseded\",\"serial\":\"4a02\"}" },
		{ NULL, "{\"number\":8}" },
		{ deed_nothing(), "{}" },
		{ deed_delete(7), "{\"days\":7}" },
		{ deed_backup("b1", "safe B"),
		    "{\"name\":\"b1\",\"place\":\"safe B\"}" },
		{ deed_policy(&digest), "{\"policy\":\"" D "\"}" },
		{ deed_resplit(&digest, &form), "{\"count\":4,\"policy\":\"" D
		    "\",\"threshold\":2}" },
		{ deed_recover(&digest), "{\"torn\":\"" D "\"}" },
		{ deed_anchor("why", "none", NULL), "{\"held\":\"none\","
		    "\"reason\":\"why\",\"torn\":\"\"}" },
		{ deed_anchor("why", D, &digest), "{\"held\":\"" D "\","
		    "\"reason\":\"why\",\"torn\":\"" D "\"}" },
		{ deed_ocsp(serials, COUNT(serials)),
		    "{\"serials\":[\"4a02\",\"06\"]}" },
	};

	(void)state;
	ledger->crl_number = 7;
	rows[1].json = deed_crl(ledger);
	for (size_t n = 0; n < COUNT(rows); n++) {
		want_json(rows[n].json, rows[n].want);
		json_release(&rows[n].json);
	}
}

/* The tests' policy, with a line before it. */
static struct policy *
read_policy(const char *line)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct policy *policy = NULL;

	buf_text(&text, line);
	buf_text(&text, policy_text);
	MUST(policy_read("policy", buf_bytes(&text), &policy, &fault));
	return policy;
}

static void
signing_names_each_request(void **state)
{
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	AUTO(csr_release) struct csr *one = new_csr("One");
	AUTO(csr_release) struct csr *other = new_csr("Other");
	const struct cert existing = { .digest = { .bytes = { 0xab } } };
	const struct deed_request requests[] = {
		{ .csr = one, .profile = "sub" },
		{ other, "whole", 1u << CONSUMER_IOT,
		    { .region = "r", .requester = "Ann", .ticket = "7" },
		    &existing },
	};
	AUTO(json_release) struct json *json = NULL;
	AUTO(buf_release) struct buf want = { 0 };
	char first[DIGEST_HEX_SIZE], second[DIGEST_HEX_SIZE];
	char beside[DIGEST_HEX_SIZE];
	struct serial serial = serial_of("11");
	struct digest key;

	(void)state;
	digest_of(other->spki.der, &key);
	ledger_add(ledger, &serial, &key);
	digest_hex(&one->digest, first);
	digest_hex(&other->digest, second);
	digest_hex(&existing.digest, beside);
	ledger->policy = read_policy("");
	buf_printf(&want, "{\"requests\":[{\"again\":false,\"profile\":"
	    "\"sub\",\"sha256\":\"%s\",\"subject\":\"CN=One\"},{\"again\":"
	    "true,\"existing\":\"%s\",\"for\":[\"iot\"],\"profile\":\"whole\",\"sha256\":\"%s\","
	    "\"signer\":\"itself\",\"subject\":\"CN=Other\",\"target\":{\"region\":\"r\","
	    "\"requester\":\"Ann\",\"ticket\":\"7\"}}]}", first, beside, second);
	json = deed_sign(ledger, requests, COUNT(requests));
	want_json(json, buf_cstr(&want));
	json_release(&json);
	/* What is private does not travel. */
	policy_release(&ledger->policy);
	ledger->policy = read_policy("private: [ticket]\n");
	want.len = 0;
	buf_printf(&want, "{\"requests\":[{\"again\":true,\"existing\":\"%s\",\"for\":[\"iot\"],"
	    "\"profile\":\"whole\",\"sha256\":\"%s\",\"signer\":\"itself\",\"subject\":"
	    "\"CN=Other\",\"target\":{\"region\":\"r\",\"requester\":"
	    "\"Ann\"}}]}", beside, second);
	json = deed_sign(ledger, &requests[1], 1);
	want_json(json, buf_cstr(&want));
	json_release(&json);
	policy_release(&ledger->policy);
	ledger->policy = read_policy("private: [requester, ticket]\n");
	want.len = 0;
	buf_printf(&want, "{\"requests\":[{\"again\":true,\"existing\":\"%s\",\"for\":[\"iot\"],"
	    "\"profile\":\"whole\",\"sha256\":\"%s\",\"signer\":\"itself\",\"subject\":"
	    "\"CN=Other\",\"target\":{\"region\":\"r\"}}]}", beside, second);
	json = deed_sign(ledger, &requests[1], 1);
	want_json(json, buf_cstr(&want));
}

static void
describe(enum operation operation, const char *parameters,
    struct buf *out)
{
	AUTO(json_release) struct json *json = NULL;

	MUST(json_read(bytes_text(parameters), &json, &fault));
	MUST(deed_describe(operation, "Root \342\200\256X", json, out,
	    &fault));
}

#define NAME "Root \\x{202E}X"

static void
deeds_are_described(void **state)
{
	static const struct {
		enum operation operation;
		const char *parameters, *want;
	} rows[] = {
		{ OPERATION_SIGN, "{\"requests\":[{\"again\":false,"
		    "\"profile\":\"sub\",\"sha256\":\"ab\",\"subject\":"
		    "\"CN=A\"},{\"again\":true,\"existing\":\"ef\",\"for\":[\"acm-pca\","
		    "\"files\"],\"profile\":\"whole\",\"sha256\":\"cd\","
		    "\"signer\":\"itself\",\"subject\":\"CN=B\",\"target\":{\"bucket\":\"b\","
		    "\"region\":\"eu-west-1\",\"requester\":\"Ann\","
		    "\"resource\":\"arn\",\"ticket\":\"CHG-1\"}}]}",
		    "Sign certificates with the root key of " NAME ":\n"
		    "  subject        CN=A\n"
		    "    request SHA-256 ab\n"
		    "    profile         sub\n"
		    "  subject        CN=B\n"
		    "    request SHA-256 cd\n"
		    "    profile         whole\n"
		    "    for             acm-pca, files\n"
		    "    resource        arn\n"
		    "    region          eu-west-1\n"
		    "    bucket          b\n"
		    "    requester       Ann\n"
		    "    ticket          CHG-1\n"
		    "    its key was certified before\n"
		    "    beside the certificate with SHA-256\n      ef\n"
		    "    which is signed by itself\n"
		    "Whoever holds those keys will then be trusted wherever "
		    "the root is.\n" },
		{ OPERATION_REVOKE,
		    "{\"reason\":\"superseded\",\"serial\":\"4a\"}",
		    "Revoke a certificate that " NAME " issued:\n"
		    "  serial         4a\n"
		    "  reason         superseded\n"
		    "With the next CRL it, and all below it, is trusted no "
		    "more. This cannot\nbe taken back.\n" },
		{ OPERATION_CRL, "{\"number\":3}",
		    "Sign the next CRL with the root key of " NAME ":\n"
		    "  CRL number     3\n" },
		{ OPERATION_CRL_DISABLED, "{\"number\":3}",
		    "Unlock the disabled root key of " NAME " for one "
		    "signature, that of a CRL,\nand lock it again:\n"
		    "  CRL number     3\n" },
		{ OPERATION_OCSP, "{\"serials\":[\"4a\",\"4b\"]}",
		    "Sign OCSP responses with the root key of " NAME
		    ", about:\n  serial         4a\n"
		    "  serial         4b\n" },
		{ OPERATION_DISABLE, "{}", "Disable the root key of " NAME
		    ".\nIt signs no certificate any more until it is enabled "
		    "again. Those that it\nissued stay valid.\n" },
		{ OPERATION_ENABLE, "{}", "Enable the disabled root key of "
		    NAME ".\nIt signs certificates again.\n" },
		{ OPERATION_DELETE, "{\"days\":30}",
		    "Delete the disabled root key of " NAME ".\n"
		    "It signs nothing any more, no CRL either.\n"
		    "  can be restored for  30 days\n"
		    "After that the key can be destroyed, and nothing brings "
		    "it back.\n" },
		{ OPERATION_RESTORE, "{}", "Restore the deleted root key of "
		    NAME ".\nIt is disabled then, and can be enabled or "
		    "deleted.\n" },
		{ OPERATION_DESTROY, "{\"backups\":[],\"ended\":\"E\"}",
		    "Destroy the root key of " NAME " in the token, for "
		    "good.\n  its deletion could be taken back until\n"
		    "    E\n  backups        none is recorded\n"
		    "Nothing brings the key back. No CRL can be signed any "
		    "more: once the last\none has run out, verifiers that ask "
		    "for a CRL trust nothing below.\n" },
		{ OPERATION_BACKUP, "{\"name\":\"b\",\"place\":\"safe\"}",
		    "Record that there is a copy of the root key of " NAME
		    " outside its token:\n"
		    "  name           b\n  place          safe\n"
		    "Whoever has that copy and its PIN has the key.\n" },
		{ OPERATION_POLICY, "{\"policy\":\"" D "\"}",
		    "Put another policy in force for " NAME ":\n"
		    "  policy SHA-256\n    " D "\n"
		    "From then on it says who may approve what. Compare the "
		    "digest with that\nof the reviewed file (sha256sum).\n" },
		{ OPERATION_RESPLIT, "{\"count\":4,\"policy\":\"" D
		    "\",\"threshold\":2}",
		    "Give the token of " NAME " new PINs, and split them "
		    "anew:\n"
		    "  new shares     4, any 2 of them open the token\n"
		    "The old shares open it no more.\n"
		    "  under the policy with SHA-256\n    " D "\n" },
		{ OPERATION_RECOVER, "{\"torn\":\"" D "\"}",
		    "Set aside the torn last line in the journal of " NAME
		    ":\n  SHA-256 of what stands of it\n    " D "\n"
		    "It is kept as an object; the record of this stands in "
		    "its place.\n" },
		{ OPERATION_ANCHOR, "{\"held\":\"none\",\"reason\":"
		    "\"a new token\",\"torn\":\"\"}",
		    "Take the journal of " NAME " as it stands, whatever its "
		    "anchor says.\n  reason         a new token\n"
		    "  in place of the token's head, SHA-256\n    none\n"
		    "If a newer journal exists, what it says is lost: find "
		    "out first why\nthe token, or the paper, knows another "
		    "head.\n" },
	};

	(void)state;
	assert_int_equal(COUNT(rows), OPERATIONS);
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf out = { 0 };

		assert_int_equal(rows[n].operation, n);
		buf_text(&out, "before\n");
		describe(rows[n].operation, rows[n].parameters, &out);
		assert_memory_equal(out.data, "before\n", 7);
		assert_string_equal(buf_cstr(&out) + 7, rows[n].want);
	}
}

/* What comes from outside moves no cursor and feigns no line. */
static void
hostile_texts_are_escaped(void **state)
{
	static const struct {
		enum operation operation;
		const char *parameters, *want;
	} rows[] = {
		{ OPERATION_SIGN, "{\"requests\":[{\"profile\":"
		    "\"a\\u001b[2J\",\"again\":false,\"sha256\":\"\\n\","
		    "\"subject\":\"CN=\\u202eX\",\"target\":{\"ticket\":"
		    "\"a\\\\b\"}}]}", "  subject        CN=\\x{202E}X\n"
		    "    request SHA-256 \\x{000A}\n"
		    "    profile         a\\x{001B}[2J\n"
		    "    ticket          a\\\\b\n" },
		{ OPERATION_REVOKE, "{\"reason\":\"\\r\",\"serial\":\"\\t\"}",
		    "  serial         \\x{0009}\n  reason         \\x{000D}\n" },
		{ OPERATION_DESTROY, "{\"backups\":[{\"fate\":\"a\\nb\","
		    "\"name\":\"\\u200b\"}],\"ended\":\"\\u200b\"}",
		    "    \\x{200B}\n  backup         \\x{200B}\n"
		    "    its fate     a\\x{000A}b\n" },
		{ OPERATION_BACKUP, "{\"name\":\"\\u0007\",\"place\":\"\\\\\"}",
		    "  name           \\x{0007}\n  place          \\\\\n" },
		{ OPERATION_POLICY, "{\"policy\":\"\\u009b\"}",
		    "    \\x{009B}\n" },
		{ OPERATION_OCSP, "{\"serials\":[\"4a\",\"\\n4b\"]}",
		    "  serial         4a\n  serial         \\x{000A}4b\n" },
		{ OPERATION_RECOVER, "{\"torn\":\"\\u009b\"}",
		    "    \\x{009B}\n" },
		{ OPERATION_ANCHOR, "{\"held\":\"\\u009b\",\"reason\":"
		    "\"\\u202ea\",\"torn\":\"" D "\"}",
		    "  reason         \\x{202E}a\n  in place of the token's "
		    "head, SHA-256\n    \\x{009B}\n  and its last line is "
		    "torn: what stands of it is kept, SHA-256\n    " D
		    "\n" },
		{ OPERATION_ANCHOR, "{\"held\":\"none\",\"reason\":\"a\","
		    "\"torn\":\"\\u009b\"}", "    \\x{009B}\n" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf out = { 0 };

		describe(rows[n].operation, rows[n].parameters, &out);
		if (strstr(buf_cstr(&out), rows[n].want) == NULL)
			fail_msg("want \"%s\", have \"%s\"", rows[n].want,
			    buf_cstr(&out));
	}
}

#define WHOLE "\"subject\":\"b\",\"sha256\":\"c\",\"profile\":\"d\""

static void
other_parameters_are_refused(void **state)
{
	static const struct {
		enum operation operation;
		const char *parameters, *sentence;
	} rows[] = {
		{ OPERATION_DISABLE, "{\"days\":7}", "want 0, have 1" },
		{ OPERATION_ENABLE, "{\"x\":\"y\"}", "want 0, have 1" },
		{ OPERATION_RESTORE, "{\"x\":\"y\"}", "want 0, have 1" },
		{ OPERATION_DELETE, "{}", "want 1, have 0" },
		{ OPERATION_DELETE, "{\"days\":7,\"x\":1}",
		    "want 1, have 2" },
		{ OPERATION_DELETE, "{\"days\":6}",
		    "days: want 7 to 30, have 6" },
		{ OPERATION_DELETE, "{\"days\":31}",
		    "days: want 7 to 30, have 31" },
		{ OPERATION_DELETE, "{\"days\":\"7\"}",
		    "days: want a number" },
		{ OPERATION_CRL, "{\"numbers\":1}", "number: missing" },
		{ OPERATION_CRL_DISABLED, "{\"number\":0}",
		    "number: want 1 to 9223372036854775807, have 0" },
		{ OPERATION_REVOKE, "{\"reason\":\"a\",\"b\":1}",
		    "serial: missing" },
		{ OPERATION_REVOKE, "{\"serial\":\"a\",\"b\":1}",
		    "reason: missing" },
		{ OPERATION_SIGN, "{\"profile\":\"a\",\"requests\":[]}",
		    "want 1, have 2" },
		{ OPERATION_SIGN, "{\"requests\":{}}",
		    "requests: want a list" },
		{ OPERATION_SIGN, "{\"requests\":[7]}", "subject: missing" },
		{ OPERATION_SIGN, "{\"requests\":[{\"subject\":\"b\"}]}",
		    "sha256: missing" },
		{ OPERATION_SIGN, "{\"requests\":[{\"subject\":\"b\","
		    "\"sha256\":\"c\"}]}", "profile: missing" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"for\":[]}]}",
		    "for: empty" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"target\":7}]}",
		    "target: want an object" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE "}]}",
		    "again: missing" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"again\":0}]}",
		    "again: want true or false" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"again\":true,"
		    "\"existing\":\"ab\"}]}", "signer: missing" },
		/* What is not shown must not be approved. */
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"again\":true,"
		    "\"existing\":\"ab\",\"signer\":\"itself\",\"x\":1}]}",
		    "want 6 fields, have 7" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"again\":true,"
		    "\"x\":1}]}", "want 4 fields, have 5" },
		{ OPERATION_SIGN, "{\"requests\":[{" WHOLE ",\"again\":true,"
		    "\"for\":[\"iot\"],\"x\":1}]}", "want 5 fields, have 6" },
		{ OPERATION_DESTROY, "{\"backups\":{},\"ended\":\"\"}",
		    "backups: want a list" },
		{ OPERATION_DESTROY, "{\"backups\":[{\"name\":\"a\"}],"
		    "\"ended\":\"\"}", "fate: missing" },
		{ OPERATION_BACKUP, "{\"name\":\"a\",\"b\":1}",
		    "place: missing" },
		{ OPERATION_POLICY, "{\"a\":1}", "policy: missing" },
		{ OPERATION_RESPLIT, "{\"count\":17,\"policy\":\"a\","
		    "\"threshold\":2}", "count: want 2 to 16, have 17" },
		{ OPERATION_RESPLIT, "{\"count\":4,\"policy\":\"a\","
		    "\"threshold\":5}", "threshold: want 2 to 4, have 5" },
		{ OPERATION_RESPLIT, "{\"count\":4,\"p\":\"a\","
		    "\"threshold\":2}", "policy: missing" },
		{ OPERATION_OCSP, "{\"serials\":{}}",
		    "serials: want a list" },
		{ OPERATION_OCSP, "{\"serials\":[7]}",
		    "serials: want strings" },
		{ OPERATION_OCSP, "{\"serials\":[],\"x\":1}",
		    "want 1, have 2" },
		{ OPERATION_RECOVER, "{}", "want 1, have 0" },
		{ OPERATION_RECOVER, "{\"x\":\"y\"}", "torn: missing" },
		{ OPERATION_ANCHOR, "{\"reason\":\"a\"}",
		    "want 3, have 1" },
		{ OPERATION_ANCHOR, "{\"held\":\"a\",\"torn\":\"a\","
		    "\"x\":\"y\"}", "reason: missing" },
		{ OPERATION_ANCHOR, "{\"held\":\"a\",\"reason\":\"a\","
		    "\"x\":\"y\"}", "torn: missing" },
		{ OPERATION_ANCHOR, "{\"reason\":\"a\",\"torn\":\"a\","
		    "\"x\":\"y\"}", "held: missing" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(json_release) struct json *json = NULL;
		AUTO(buf_release) struct buf out = { 0 };
		struct fail fail = { 0 };
		char sentence[96];

		MUST(json_read(bytes_text(rows[n].parameters), &json,
		    &fault));
		snprintf(sentence, sizeof(sentence), "parameters: %s",
		    rows[n].sentence);
		want_fail(deed_describe(rows[n].operation, "Root", json, &out,
		    &fail), &fail, FAIL_INPUT, sentence);
		assert_int_equal(out.len, 0);
	}
}

static void
put_backup(struct ledger *ledger, const char *name, const char *place)
{
	ledger->backups = mem_grow(ledger->backups, ledger->backup_count + 1,
	    sizeof(*ledger->backups));
	ledger->backups[ledger->backup_count++] =
	    (struct backup){ mem_text(name), mem_text(place), NULL };
}

static void
every_backup_has_a_fate(void **state)
{
	static const char *const fates[] = {
		"b=in the shredder", "a1=fate=known",
	};
	char longest[201] = "a1=";
	const char *const whole = longest;
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	AUTO(json_release) struct json *json = NULL;

	(void)state;
	MUST(deed_destroy(ledger, NULL, 0, &json, &fault));
	want_json(json,
	    "{\"backups\":[],\"ended\":\"1970-01-01T00:00:00Z\"}");
	json_release(&json);
	put_backup(ledger, "a1", "safe A");
	memset(longest + 3, 'x', sizeof(longest) - 4);
	MUST(deed_destroy(ledger, &whole, 1, &json, &fault));
	json_release(&json);
	put_backup(ledger, "b", "safe B");
	MUST(deed_destroy(ledger, fates, COUNT(fates), &json, &fault));
	want_json(json, "{\"backups\":[{\"fate\":\"fate=known\",\"name\":"
	    "\"a1\"},{\"fate\":\"in the shredder\",\"name\":\"b\"}],"
	    "\"ended\":\"1970-01-01T00:00:00Z\"}");
}

static void
want_no_fates(const char *one, const char *other, enum fail_kind kind,
    const char *sentence)
{
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	const char *const fates[] = { one, other };
	struct json *json = NULL;
	struct fail fail = { 0 };

	put_backup(ledger, "a1", "safe A");
	want_fail(deed_destroy(ledger, fates,
	    one == NULL ? 0 : other == NULL ? 1 : 2, &json, &fail), &fail,
	    kind, sentence);
	assert_null(json);
}

static void
fates_are_judged(void **state)
{
	static const char missing[] = "backup a1 (safe A): its fate is not "
	    "given (--fate a1=\342\200\246)";
	static const char visible[] = "--fate: want 200 characters at most, "
	    "all of them visible";
	char longest[202] = "a1=";

	(void)state;
	want_no_fates(NULL, NULL, FAIL_REFUSED, missing);
	want_no_fates("a1=", NULL, FAIL_REFUSED, missing);
	want_no_fates("a1=gone", "a1=gone", FAIL_USAGE,
	    "--fate: of backup a1 twice");
	want_no_fates("a1=gone", "b=gone", FAIL_USAGE,
	    "--fate b=gone: want NAME=FATE of a backup that is recorded");
	want_no_fates("a=gone", NULL, FAIL_USAGE,
	    "--fate a=gone: want NAME=FATE of a backup that is recorded");
	want_no_fates("a1", NULL, FAIL_USAGE,
	    "--fate a1: want NAME=FATE of a backup that is recorded");
	want_no_fates("a1=a\033[2Jb", NULL, FAIL_USAGE, visible);
	memset(longest + 3, 'x', sizeof(longest) - 4);
	want_no_fates(longest, NULL, FAIL_USAGE, visible);
}

/* The data of a record, as the command would have had it. */
static void
want_of_record(const struct world *w, enum operation operation,
    struct json *data, const struct json *want)
{
	struct record record = { .seq = 9, .time = NOW, .data = data };
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(buf_release) struct buf text = { 0 };

	json_write(want, &text);
	MUST(deed_of_record(w->authority->ledger, w->authority->objects,
	    &record, operation, &parameters, &fault));
	want_json(parameters, buf_cstr(&text));
	json_release(&data);
}

/* An intent whose only item says for whom it is. */
static struct json *
targeted_data(struct world *w, const struct csr *csr)
{
	struct json *data = json_new(), *items = json_new_list();
	struct json *item = json_new();

	put_object(w, item, "request", buf_bytes(&csr->der));
	json_put_text(item, "profile", "sub");
	consumers_put(item, 1u << CONSUMER_IOT);
	target_put(item, &(struct target){ .region = "eu-west-1" });
	json_add(items, &item);
	json_put(data, "items", &items);
	return data;
}

static void
records_give_their_parameters(void **state)
{
	struct world *w = *state;
	const struct ledger *ledger = w->authority->ledger;
	AUTO(csr_release) struct csr *csr = new_csr("Sub");
	AUTO(buf_release) struct buf tbs = { 0 };
	const struct deed_request request = { .csr = csr, .profile = "sub" };
	const struct deed_request whole = { csr, "sub", 1u << CONSUMER_IOT,
	    { .region = "eu-west-1" }, NULL };
	AUTO(json_release) struct json *targeted = deed_sign(ledger, &whole,
	    1);
	AUTO(json_release) struct json *signing = deed_sign(ledger, &request,
	    1);
	AUTO(json_release) struct json *crl = deed_crl(ledger);
	AUTO(json_release) struct json *days = deed_delete(9);
	AUTO(json_release) struct json *revoking = NULL;
	AUTO(json_release) struct json *responding = NULL;
	struct serial serial = serial_of(SERIAL_B);
	struct json *data = json_new();

	revoking = deed_revoke(&serial, "superseded");
	responding = deed_ocsp(&serial, 1);
	want_of_record(w, OPERATION_SIGN, sign_data(w, csr, "77", &tbs),
	    signing);
	want_of_record(w, OPERATION_SIGN, targeted_data(w, csr), targeted);
	json_put_text(data, "reason", "superseded");
	json_put_text(data, "serial", SERIAL_B);
	want_of_record(w, OPERATION_REVOKE, data, revoking);
	want_of_record(w, OPERATION_CRL, json_new(), crl);
	want_of_record(w, OPERATION_CRL_DISABLED, json_new(), crl);
	want_of_record(w, OPERATION_DELETE,
	    deed_data(deed_delete(9), NOBODY, NOBODY), days);
	want_of_record(w, OPERATION_OCSP, ocsp_data(w, SERIAL_B, &tbs),
	    responding);
}

static void
unsound_records_are_found(void **state)
{
	static const struct {
		enum operation operation;
		enum fail_kind kind;
		const char *data, *sentence;
	} rows[] = {
		{ OPERATION_SIGN, FAIL_INPUT, "{}", "items: missing" },
		{ OPERATION_SIGN, FAIL_INPUT, "{\"items\":[7]}",
		    "item 1: request: missing" },
		{ OPERATION_SIGN, FAIL_JOURNAL, "{\"items\":["
		    "{\"request\":\"" D "\"}]}", "item 1: objects" },
		{ OPERATION_REVOKE, FAIL_INPUT, "{}", "reason: missing" },
		{ OPERATION_REVOKE, FAIL_INPUT,
		    "{\"reason\":\"x\"}", "serial: missing" },
		{ OPERATION_REVOKE, FAIL_INPUT,
		    "{\"reason\":\"x\",\"serial\":\"zz\"}",
		    "zz: not a serial number" },
		{ OPERATION_OCSP, FAIL_INPUT, "{}", "items: missing" },
		{ OPERATION_OCSP, FAIL_INPUT, "{\"items\":[{}]}",
		    "serial: missing" },
		{ OPERATION_OCSP, FAIL_INPUT, "{\"items\":[{\"serial\":"
		    "\"zz\"}]}", "zz: not a serial number" },
		{ OPERATION_RECOVER, FAIL_INPUT, "{}", "parameters: missing" },
		{ OPERATION_ANCHOR, FAIL_INPUT, "{}", "parameters: missing" },
		{ OPERATION_DISABLE, FAIL_INPUT, "{}", "parameters: missing" },
		{ OPERATION_DELETE, FAIL_INPUT, "{\"parameters\":7}",
		    "parameters: want an object" },
	};
	const struct world *w = *state;

	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(json_release) struct json *data = NULL;
		struct record record = { .seq = 9, .time = NOW };
		struct json *parameters = NULL;

		MUST(json_read(bytes_text(rows[n].data), &data, &fault));
		record.data = data;
		MUST_FAIL(rows[n].kind, rows[n].sentence,
		    deed_of_record(w->authority->ledger,
		    w->authority->objects, &record, rows[n].operation,
		    &parameters, &fault));
		assert_null(parameters);
	}
}

static void
records_have_a_bound(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(json_release) struct json *data = NULL;
	struct record record = { .seq = 9, .time = NOW };
	struct json *parameters = NULL;

	(void)state;
	buf_text(&text, "{\"items\":[0");
	for (int n = 0; n < INTENT_MAX; n++)
		buf_text(&text, ",0");
	buf_text(&text, "]}");
	MUST(json_read(buf_bytes(&text), &data, &fault));
	record.data = data;
	MUST_FAIL(FAIL_JOURNAL, "items: too many", deed_of_record(NULL, NULL,
	    &record, OPERATION_SIGN, &parameters, &fault));
	assert_null(parameters);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_canonical),
		cmocka_unit_test(signing_names_each_request),
		cmocka_unit_test(deeds_are_described),
		cmocka_unit_test(hostile_texts_are_escaped),
		cmocka_unit_test(other_parameters_are_refused),
		cmocka_unit_test(every_backup_has_a_fate),
		cmocka_unit_test(fates_are_judged),
		cmocka_unit_test_setup_teardown(records_give_their_parameters,
		    world_setup_full, world_teardown),
		cmocka_unit_test(records_have_a_bound),
		cmocka_unit_test_setup_teardown(unsound_records_are_found,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests_name("deed", tests, NULL, NULL);
}
