/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "export.h"

#define SPAN "2026-11-21T05:50:48+0000,2036-11-21T06:50:48+0000"
#define AT   "2026-11-21T06:50:48+0000"
#define ROW_A \
	",,,41:02:03:04:05:06:07:08:09,CN=Sub," SPAN "," AT "," AT \
	",SUPERSEDED,\n"
#define ROW_B \
	",,,41:02:03:04:05:06:07:99:99,CN=Sub," SPAN "," AT ",,,\n"
#define OBJECT_A \
	"{\"serial\":\"41:02:03:04:05:06:07:08:09\",\"subject\":\"CN=Sub\"," \
	"\"notBefore\":\"2026-11-21T05:50:48+0000\"," \
	"\"notAfter\":\"2036-11-21T06:50:48+0000\"," \
	"\"issuedAt\":\"2026-11-21T06:50:48+0000\"," \
	"\"revokedAt\":\"2026-11-21T06:50:48+0000\"," \
	"\"revocationReason\":\"SUPERSEDED\"}"
#define OBJECT_B \
	"{\"serial\":\"41:02:03:04:05:06:07:99:99\",\"subject\":\"CN=Sub\"," \
	"\"notBefore\":\"2026-11-21T05:50:48+0000\"," \
	"\"notAfter\":\"2036-11-21T06:50:48+0000\"," \
	"\"issuedAt\":\"2026-11-21T06:50:48+0000\"}"

static void
acm_pca_report(void **state)
{
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = { 0 };

	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER ROW_A ROW_B);
	want(w, EXPORT_ACM_PCA_JSON, NULL,
	    "[\n" OBJECT_A ",\n" OBJECT_B "\n]\n");
	assert_int_equal(export(w, EXPORT_ACM_PCA_CSV, NULL, &taken).rows, 2);
}

static void
acm_pca_of_none(void **state)
{
	struct world *w = *state;

	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER);
	want(w, EXPORT_ACM_PCA_JSON, NULL, "[]\n");
}

/* Each time is its own: a world whose clock goes on. */
static void
acm_pca_times(void **state)
{
	struct world *w = *state;

	w->act.now = NOW + 100 * DAY;
	record_certificate(w, SERIAL_A);
	w->act.now = NOW + 200 * DAY;
	record_revoked(w, SERIAL_A);
	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER
	    ",,,41:02:03:04:05:06:07:08:09,CN=Sub,2027-03-01T05:50:48+0000,"
	    "2037-03-01T06:50:48+0000,2027-03-01T06:50:48+0000,"
	    "2027-06-09T06:50:48+0000,SUPERSEDED,\n");
}

/* The record of an event, the nth of its kind. */
static int64_t
find_event(const struct world *w, const char *event, int nth)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf wanted = { 0 };
	struct bytes lines[LINES_MAX];
	size_t count;

	load(w->journal, &text);
	count = split_lines(buf_bytes(&text), lines);
	buf_printf(&wanted, "\"event\":\"%s\"", event);
	for (size_t n = 0; n < count; n++)
		if (memmem(lines[n].data, lines[n].len, wanted.data,
		    wanted.len) != NULL && --nth == 0)
			return (int64_t)n + 1;
	fail_msg("no %s", event);
	return 0;
}

static void
acm_pca_behind_a_head(void **state)
{
	struct world *w = *state;
	int64_t first = find_event(w, "signed", 1);
	int64_t second = find_event(w, "signed", 2);
	int64_t revoked = find_event(w, "revoked", 1);
	struct digest since = line_digest(w, first - 1);

	want(w, EXPORT_ACM_PCA_CSV, &since, PCA_HEADER ROW_A ROW_B);
	/* A was there, and was revoked behind it. */
	since = line_digest(w, first);
	want(w, EXPORT_ACM_PCA_CSV, &since, PCA_HEADER ROW_A ROW_B);
	since = line_digest(w, second);
	want(w, EXPORT_ACM_PCA_CSV, &since, PCA_HEADER ROW_A);
	want(w, EXPORT_ACM_PCA_JSON, &since, "[\n" OBJECT_A "\n]\n");
	since = line_digest(w, revoked - 1);
	want(w, EXPORT_ACM_PCA_CSV, &since, PCA_HEADER ROW_A);
	since = line_digest(w, revoked);
	want(w, EXPORT_ACM_PCA_CSV, &since, PCA_HEADER);
}

static void
acm_pca_possibly_issued(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };

	record_sign_intent(w, SERIAL_A, &tbs);
	record_recovered(w, NULL);
	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER
	    ",,,41:02:03:04:05:06:07:08:09,,,," AT ",,,\n");
	want(w, EXPORT_ACM_PCA_JSON, NULL,
	    "[\n{\"serial\":\"41:02:03:04:05:06:07:08:09\","
	    "\"issuedAt\":\"" AT "\"}\n]\n");
	record_revoked(w, SERIAL_A);
	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER
	    ",,,41:02:03:04:05:06:07:08:09,,,," AT "," AT ",SUPERSEDED,\n");
	want(w, EXPORT_ACM_PCA_JSON, NULL,
	    "[\n{\"serial\":\"41:02:03:04:05:06:07:08:09\","
	    "\"issuedAt\":\"" AT "\",\"revokedAt\":\"" AT "\","
	    "\"revocationReason\":\"SUPERSEDED\"}\n]\n");
}

/* Interrupted, and what was signed stood on the disk already. */
static void
acm_pca_found(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *item = json_new(), *found = json_new_list();

	record_sign_intent(w, SERIAL_B, &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	json_put_text(item, "serial", SERIAL_B);
	put_object(w, item, "certificate", buf_bytes(&der));
	json_add(found, &item);
	record_recovered(w, found);
	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER ROW_B);
}

static void
acm_pca_reasons(void **state)
{
	static const struct {
		const char *ours, *theirs;
	} rows[] = {
		{ "unspecified", "UNSPECIFIED" },
		{ "keyCompromise", "KEY_COMPROMISE" },
		{ "cACompromise", "CERTIFICATE_AUTHORITY_COMPROMISE" },
		{ "affiliationChanged", "AFFILIATION_CHANGED" },
		{ "superseded", "SUPERSEDED" },
		{ "cessationOfOperation", "CESSATION_OF_OPERATION" },
		{ "privilegeWithdrawn", "PRIVILEGE_WITHDRAWN" },
	};
	struct world *w = *state;
	AUTO(buf_release) struct buf report = { 0 };

	buf_text(&report, PCA_HEADER);
	for (size_t n = 0; n < COUNT(rows); n++) {
		struct json *data = json_new();
		char serial[16];

		snprintf(serial, sizeof(serial), "4a0%zu", n);
		record_certificate(w, serial);
		json_put_text(data, "reason", rows[n].ours);
		json_put_text(data, "serial", serial);
		world_append(w, "revoked", data);
		buf_printf(&report, ",,,4a:0%zu,CN=Sub," SPAN "," AT "," AT
		    ",%s,\n", n, rows[n].theirs);
	}
	want(w, EXPORT_ACM_PCA_CSV, NULL, buf_cstr(&report));
}

/* A subject of one's own; `set` as X509_NAME_add_entry has it. */
struct attribute {
	const char *type;
	int string;
	const char *value;
	int len, set;
};

static void
make_subject(const struct attribute *attributes, size_t count,
    X509_REQ *request)
{
	X509_NAME *name = X509_NAME_new();

	for (size_t n = 0; n < count; n++) {
		const struct attribute *a = &attributes[n];

		assert_int_equal(X509_NAME_add_entry_by_txt(name, a->type,
		    a->string, (const uint8_t *)a->value, a->len, -1, a->set),
		    1);
	}
	assert_int_equal(X509_REQ_set_subject_name(request, name), 1);
	X509_NAME_free(name);
}

static void
record_subject(struct world *w, const struct attribute *attributes,
    size_t count)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *request = X509_REQ_new();
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	uint8_t *bytes = NULL;
	int len;

	make_subject(attributes, count, request);
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(request, &bytes);
	MUST(csr_read(bytes_of(bytes, (size_t)len), &csr, &fault));
	OPENSSL_free(bytes);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	world_append(w, "sign-intent", sign_data(w, csr, SERIAL_A, &tbs));
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	record_signed(w, SERIAL_A, buf_bytes(&der));
}

static void
want_subject(struct world *w, const char *csv, const char *json)
{
	AUTO(buf_release) struct buf row = { 0 };
	AUTO(buf_release) struct buf object = { 0 };

	buf_printf(&row, PCA_HEADER ",,,41:02:03:04:05:06:07:08:09,%s," SPAN
	    "," AT ",,,\n", csv);
	want(w, EXPORT_ACM_PCA_CSV, NULL, buf_cstr(&row));
	buf_printf(&object, "[\n{\"serial\":\"41:02:03:04:05:06:07:08:09\","
	    "\"subject\":%s,\"notBefore\":\"2026-11-21T05:50:48+0000\","
	    "\"notAfter\":\"2036-11-21T06:50:48+0000\","
	    "\"issuedAt\":\"" AT "\"}\n]\n", json);
	want(w, EXPORT_ACM_PCA_JSON, NULL, buf_cstr(&object));
}

#define UTF8(type, value) { type, V_ASN1_UTF8STRING, value, -1, 0 }
#define PRINTABLE(type, value) { type, V_ASN1_PRINTABLESTRING, value, -1, 0 }

/* The example in AWS's guide: last first, and only the types that RFC 4514
 * names by a name. */
static void
subject_as_aws_writes_it(void **state)
{
	static const struct attribute attributes[] = {
		PRINTABLE("C", "US"), UTF8("ST", "Washington"),
		UTF8("L", "Seattle"), UTF8("O", "Example Company"),
		UTF8("OU", "Sales"), UTF8("CN", "www.example1.com"),
		PRINTABLE("serialNumber", "0123"), UTF8("title", "Dr"),
	};
	static const char subject[] =
	    "\"2.5.4.12=#0c024472,2.5.4.5=#130430313233,CN=www.example1.com,"
	    "OU=Sales,O=Example Company,L=Seattle,ST=Washington,C=US\"";

	record_subject(*state, attributes, COUNT(attributes));
	want_subject(*state, subject, subject);
}

static void
subject_of_every_type(void **state)
{
	static const struct attribute attributes[] = {
		{ "DC", V_ASN1_IA5STRING, "com", -1, 0 }, UTF8("UID", "u"),
		UTF8("street", "s"), UTF8("SN", "n"),
		{ "emailAddress", V_ASN1_IA5STRING, "a@b", -1, 0 },
		UTF8("1.2.3.4", "x"),
		{ "CN", V_ASN1_T61STRING, "J\xfcrgen", -1, 0 },
		{ "O", V_ASN1_BMPSTRING, "\x01\x61", 2, 0 },
	};
	static const char subject[] =
	    "\"O=\xc5\xa1,CN=J\xc3\xbcrgen,1.2.3.4=#0c0178,"
	    "1.2.840.113549.1.9.1=#1603614062,2.5.4.4=#0c016e,"
	    "STREET=s,UID=u,DC=com\"";

	record_subject(*state, attributes, COUNT(attributes));
	want_subject(*state, subject, subject);
}

/* What joins an RDN stays joined: +1 is the RDN before. */
static void
subject_with_joined_types(void **state)
{
	static const struct attribute attributes[] = {
		PRINTABLE("C", "US"), UTF8("CN", "a"),
		{ "OU", V_ASN1_UTF8STRING, "b", -1, -1 },
	};

	record_subject(*state, attributes, COUNT(attributes));
	want_subject(*state, "\"CN=a+OU=b,C=US\"", "\"CN=a+OU=b,C=US\"");
}

static void
hostile_subject(void **state)
{
	static const struct attribute attributes[] = {
		UTF8("CN", " a\"b\\c,d+e;f<g>h=i#j "), UTF8("O", "#x"),
		UTF8("OU", "  "), UTF8("L", "=1+1"),
	};

	record_subject(*state, attributes, COUNT(attributes));
	want_subject(*state,
	    "\"L==1\\+1,OU=\\ \\ ,O=\\#x,"
	    "CN=\\ a\\\"\"b\\\\c\\,d\\+e\\;f\\<g\\>h=i#j\\ \"",
	    "\"L==1\\\\+1,OU=\\\\ \\\\ ,O=\\\\#x,"
	    "CN=\\\\ a\\\\\\\"b\\\\\\\\c\\\\,d\\\\+e\\\\;f\\\\<g\\\\>h=i#j\\\\ \"");
}

/* Never issued so, but signed long ago, perhaps: past what is judged now. */
static void
record_certificate_of(struct world *w, const struct attribute *attributes,
    size_t count)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	X509_REQ *request = X509_REQ_new();
	X509 *cert = X509_new();
	uint8_t *der = NULL;
	int len;

	make_subject(attributes, count, request);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 5), 1);
	assert_int_equal(X509_set_subject_name(cert,
	    X509_REQ_get_subject_name(request)), 1);
	assert_int_equal(X509_set_pubkey(cert, w->root_key), 1);
	assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(cert),
	    "261121055048Z"), 1);
	assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(cert),
	    "361121065048Z"), 1);
	assert_true(X509_sign(cert, w->root_key, EVP_sha384()) > 0);
	len = i2d_X509(cert, &der);
	record_sign_intent(w, SERIAL_A, &tbs);
	record_signed(w, SERIAL_A, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	X509_free(cert);
	X509_REQ_free(request);
}

static void
deceptive_subject(void **state)
{
	static const struct attribute attributes[] = {
		{ "CN", V_ASN1_UTF8STRING, "a\0b", 3, 0 },
		UTF8("O", "\x1b[2J\n\x7f~"),
		UTF8("OU", "J\xc3\xbc\xe2\x80\xae"),
	};

	record_certificate_of(*state, attributes, COUNT(attributes));
	want_subject(*state,
	    "\"OU=J\\C3\\BC\\E2\\80\\AE,O=\\1B[2J\\0A\\7F~,CN=a\\00b\"",
	    "\"OU=J\\\\C3\\\\BC\\\\E2\\\\80\\\\AE,"
	    "O=\\\\1B[2J\\\\0A\\\\7F~,CN=a\\\\00b\"");
}

static void
no_subject(void **state)
{
	struct world *w = *state;

	record_certificate_of(w, NULL, 0);
	want(w, EXPORT_ACM_PCA_CSV, NULL, PCA_HEADER
	    ",,,41:02:03:04:05:06:07:08:09,," SPAN "," AT ",,,\n");
}

static void
missing_certificate(void **state)
{
	struct world *w = *state;
	AUTO(auto_free) char *path = object_path(w,
	    &w->authority->ledger->issued[1].certificate);
	const struct export_plan json = { .format = EXPORT_ACM_PCA_JSON };
	const struct export_plan csv = { .format = EXPORT_ACM_PCA_CSV };
	AUTO(taken_release) struct taken taken = { 0 };
	AUTO(taken_release) struct taken more = { 0 };

	assert_int_equal(unlink(path), 0);
	refuse_at(w, json, &taken, 2, FAIL_JOURNAL,
	    "/test: certificate 41:02:03:04:05:06:07:99:99: objects: ");
	overwrite(path, bytes_text("x"));
	refuse_at(w, csv, &more, 2, FAIL_JOURNAL, "has been changed");
}

/* Recorded by whoever has the journal key: whole, and no certificate. */
static void
no_certificate(void **state)
{
	struct world *w = *state;
	const struct export_plan csv = { .format = EXPORT_ACM_PCA_CSV };
	AUTO(taken_release) struct taken taken = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };

	record_sign_intent(w, SERIAL_A, &tbs);
	record_signed(w, SERIAL_A, bytes_text("not a certificate"));
	refuse_at(w, csv, &taken, 1, FAIL_JOURNAL,
	    "/test: certificate 41:02:03:04:05:06:07:08:09: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FULL(acm_pca_report),
		IN_WORLD(acm_pca_of_none),
		IN_WORLD(acm_pca_times),
		IN_FULL(acm_pca_behind_a_head),
		IN_WORLD(acm_pca_possibly_issued),
		IN_WORLD(acm_pca_found),
		IN_WORLD(acm_pca_reasons),
		IN_WORLD(subject_as_aws_writes_it),
		IN_WORLD(subject_of_every_type),
		IN_WORLD(subject_with_joined_types),
		IN_WORLD(hostile_subject),
		IN_WORLD(deceptive_subject),
		IN_WORLD(no_subject),
		IN_FULL(missing_certificate),
		IN_WORLD(no_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
