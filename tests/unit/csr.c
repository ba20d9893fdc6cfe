/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/csr.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define FILE_MAX 65536

#define EXTENSION_REQUEST "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
#define MICROSOFT "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e"
#define CA_TRUE "\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05" \
	"\x30\x03\x01\x01\xff"
#define EXTENSIONS "\x30\x11" CA_TRUE

/* What tests/fixtures/make.sh made; tests/run.sh runs it and says where. */
static void
load_made(const char *name, struct buf *out)
{
	const char *dir = getenv("ANCHORITE_FIXTURES_MADE");
	AUTO(auto_free) char *path = NULL;
	struct fail fail = { 0 };

	if (dir == NULL)
		fail_msg("%s", "ANCHORITE_FIXTURES_MADE is not set: "
		    "use tests/run.sh");
	path = file_path(dir, name);
	if (file_load(path, FILE_MAX, out, &fail) != 0)
		fail_msg("%s", fail.sentence);
}

static void
expect_refused(struct bytes file, enum fail_kind kind, const char *sentence)
{
	AUTO(csr_release) struct csr *csr = NULL;
	struct fail fail = { 0 };

	assert_int_equal(csr_read(file, &csr, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
	assert_null(csr);
}

static void
read_made(const char *name, struct csr **out)
{
	AUTO(buf_release) struct buf file = { 0 };
	struct fail fail = { 0 };

	load_made(name, &file);
	if (csr_read(buf_bytes(&file), out, &fail) != 0)
		fail_msg("%s: %s", name, fail.sentence);
}

static void
test_takes_good_requests(void **state)
{
	static const struct {
		const char *name, *alg;
		enum key_kind kind;
	} cases[] = {
		{ "acm.csr", "rsa-sha256", KEY_RSA_2048 },
		{ "rsa2048.csr", "rsa-sha256", KEY_RSA_2048 },
		{ "rsa3072.csr", "rsa-sha256", KEY_RSA_3072 },
		{ "pss.csr", "rsa-pss-sha256", KEY_RSA_2048 },
		{ "p256.csr", "ecdsa-sha256", KEY_EC_P256 },
		{ "crlf.csr", "ecdsa-sha256", KEY_EC_P256 },
		{ "p384.csr", "ecdsa-sha384", KEY_EC_P384 },
		{ "p521.csr", "ecdsa-sha512", KEY_EC_P521 },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(csr_release) struct csr *csr = NULL;

		read_made(cases[n].name, &csr);
		assert_string_equal(csr->alg->name, cases[n].alg);
		assert_int_equal(csr->spki.kind, cases[n].kind);
		assert_int_equal(csr->extension_count, 1);
		assert_true(csr->extensions[0].critical);
	}
}

/* GnuTLS puts words before the PEM block, and asks for keyUsage too. */
static void
test_takes_certtool(void **state)
{
	const char *dir = getenv("ANCHORITE_FIXTURES_MADE");
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(auto_free) char *path = NULL;

	(void)state;
	path = file_path(dir == NULL ? "" : dir, "certtool.csr");
	if (dir != NULL && access(path, F_OK) != 0)
		skip();
	read_made("certtool.csr", &csr);
	assert_int_equal(csr->spki.kind, KEY_EC_P256);
	assert_non_null(ext_find(csr->extensions, csr->extension_count,
	    NID_basic_constraints));
	assert_non_null(ext_find(csr->extensions, csr->extension_count,
	    NID_key_usage));
}

static void
test_reads_what_aws_documents(void **state)
{
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf shown = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	struct fail fail = { 0 };
	struct digest digest;
	bool ca = false;
	int path_length = 0;

	(void)state;
	read_made("acm.csr", &csr);
	name_show(csr->subject, &shown);
	assert_string_equal(buf_cstr(&shown), "C=US, O=Example Corp, "
	    "OU=Sales, ST=WA, CN=www.example.com, L=Seattle");
	assert_int_equal(ext_read_basic_constraints(&csr->extensions[0], &ca,
	    &path_length, &fail), 0);
	assert_true(ca);
	assert_int_equal(path_length, -1);
	digest_of(buf_bytes(&csr->der), &digest);
	assert_true(digest_is_equal(&digest, &csr->digest));
	alg_wrap(csr->alg, csr->tbs, csr->signature, &again);
	assert_true(bytes_is_equal(buf_bytes(&again), buf_bytes(&csr->der)));
}

/* All lent parts lie in the request's own bytes, the file may go. */
static void
test_owns_its_bytes(void **state)
{
	AUTO(csr_release) struct csr *csr = NULL;
	const uint8_t *from, *to;

	(void)state;
	read_made("p256.csr", &csr);
	from = csr->der.data;
	to = from + csr->der.len;
	assert_true(csr->subject.data > from && csr->subject.data < to);
	assert_true(csr->spki.der.data > from && csr->spki.der.data < to);
	assert_true(csr->signature.data + csr->signature.len == to);
	assert_true(csr->extensions[0].value.data > from &&
	    csr->extensions[0].value.data < to);
}

#define PROOF "proof of possession: want a signature by its own key, have " \
	"one that does not verify (RFC 2986, 3)"
#define CURVE(have) "curve: want P-256, P-384 or P-521, by name, have " \
	have " (RFC 5480, 2.1.1)"

static void
test_refuses_hostile_requests(void **state)
{
	static const struct {
		const char *name;
		enum fail_kind kind;
		const char *sentence;
	} cases[] = {
		{ "empty.csr", FAIL_INPUT, "empty" },
		{ "not-pem.csr", FAIL_INPUT, "neither PEM nor DER" },
		{ "truncated.csr", FAIL_INPUT, "truncated PEM block" },
		{ "two.csr", FAIL_INPUT, "a second PEM block" },
		{ "trailing.der", FAIL_INPUT, "trailing bytes" },
		{ "large.csr", FAIL_INPUT, "larger than 32768 bytes" },
		{ "ber.der", FAIL_INPUT,
		    "not DER: length longer than need be" },
		{ "badsig.csr", FAIL_REFUSED, PROOF },
		{ "rsa1024.csr", FAIL_REFUSED,
		    "RSA size: want 2048, 3072 or 4096 bits, have 1024 bits "
		    "(BR 6.1.5)" },
		{ "exponent3.csr", FAIL_REFUSED,
		    "RSA exponent: want an odd number from 65537, below 2^64, "
		    "have 3 (BR 6.1.6)" },
		{ "even-modulus.der", FAIL_REFUSED,
		    "RSA modulus: want an odd number, have an even one (BR "
		    "6.1.6)" },
		{ "p192.csr", FAIL_REFUSED, CURVE("prime192v1") },
		{ "explicit-curve.csr", FAIL_REFUSED,
		    CURVE("explicit parameters") },
		{ "off-curve.der", FAIL_REFUSED,
		    "point: want a point on the curve, have one that is not "
		    "(SP 800-56A, 5.6.2.3)" },
		{ "dup-ext.csr", FAIL_INPUT,
		    "extension basicConstraints twice" },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf file = { 0 };

		load_made(cases[n].name, &file);
		expect_refused(buf_bytes(&file), cases[n].kind,
		    cases[n].sentence);
	}
}

/* What to issue, and to whom, is for the vetting to judge, so the reader takes
 * these. */
static void
test_leaves_the_asked_to_policies(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = { { "nul-subject.csr", 23 }, { "rlo-subject.csr", 21 } };
	AUTO(csr_release) struct csr *leaf = NULL;
	AUTO(csr_release) struct csr *unknown = NULL;

	(void)state;
	read_made("ca-false.csr", &leaf);
	assert_int_equal(leaf->extension_count, 1);
	read_made("unknown-critical.csr", &unknown);
	assert_int_equal(unknown->extension_count, 2);
	assert_true(unknown->extensions[1].critical);
	for (size_t n = 0; n < COUNT(names); n++) {
		AUTO(csr_release) struct csr *csr = NULL;

		read_made(names[n].name, &csr);
		assert_string_equal(csr->name->attributes[2].type, "CN");
		assert_int_equal(csr->name->attributes[2].len,
		    names[n].len);
	}
}

/* A survey gives the facts of what the strict door refuses. */
static void
test_surveys(void **state)
{
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	struct rule_results results = { 0 };
	struct fail fail = { 0 };

	(void)state;
	load_made("badsig.csr", &file);
	if (csr_survey(buf_bytes(&file), &csr, &fail) != 0)
		fail_msg("%s", fail.sentence);
	csr_judge(csr, 0, &results);
	assert_int_equal(results.count, 9);
	assert_int_equal(results.broken, 1);
	assert_string_equal(results.items[8].rule->name,
	    "proof of possession");
	assert_int_equal(results.items[8].verdict, RULE_BROKEN);
}

/* A request of these parts, signed by a fresh P-256 key. */
struct parts {
	struct bytes version, subject, attributes;
};

static const struct parts plain = {
	.version = { (const uint8_t *)"\x02\x01\x00", 3 },
	.subject = { (const uint8_t *)"\x30\x0c\x31\x0a\x30\x08"
	    "\x06\x03\x55\x04\x03\x0c\x01x", 14 },
	.attributes = { (const uint8_t *)"\xa0\x00", 2 },
};

static void
craft(const struct parts *parts, struct buf *out)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	const struct alg *alg = alg_find("ecdsa-sha256");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct fail fail = { 0 };
	size_t mark = der_begin(&tbs, DER_SEQUENCE);

	buf_put(&tbs, parts->version);
	buf_put(&tbs, parts->subject);
	assert_int_equal(spki_write(key, &tbs, &fail), 0);
	buf_put(&tbs, parts->attributes);
	der_end(&tbs, mark);
	assert_int_equal(alg_sign(alg, key, buf_bytes(&tbs), &signature,
	    &fail), 0);
	alg_wrap(alg, buf_bytes(&tbs), buf_bytes(&signature), out);
	EVP_PKEY_free(key);
}

static void
expect_parts_refused(const struct parts *parts, enum fail_kind kind,
    const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };

	craft(parts, &der);
	expect_refused(buf_bytes(&der), kind, sentence);
}

/* The same with the attributes wrapped as [0]. */
static void
expect_attributes_refused(struct bytes attributes, const char *sentence)
{
	AUTO(buf_release) struct buf wrapped = { 0 };
	struct parts parts = plain;

	der_put(&wrapped, DER_CONTEXT_CONSTRUCTED(0), attributes);
	parts.attributes = buf_bytes(&wrapped);
	expect_parts_refused(&parts, FAIL_INPUT, sentence);
}

static struct csr *
read_attributes(struct bytes attributes)
{
	AUTO(buf_release) struct buf wrapped = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct parts parts = plain;
	struct fail fail = { 0 };
	struct csr *csr = NULL;

	der_put(&wrapped, DER_CONTEXT_CONSTRUCTED(0), attributes);
	parts.attributes = buf_bytes(&wrapped);
	craft(&parts, &der);
	if (csr_read(buf_bytes(&der), &csr, &fail) != 0)
		fail_msg("%s", fail.sentence);
	return csr;
}

static void
test_refuses_shapes(void **state)
{
	struct parts parts = plain;

	(void)state;
	parts.version = BYTES("\x02\x01\x01");
	expect_parts_refused(&parts, FAIL_INPUT, "version is not 0");
	parts.version = BYTES("");
	expect_parts_refused(&parts, FAIL_INPUT,
	    "version: want INTEGER, have SEQUENCE");
	parts = plain;
	parts.subject = BYTES("\x31\x00");
	expect_parts_refused(&parts, FAIL_INPUT,
	    "subject: want SEQUENCE, have SET");
	parts = plain;
	parts.attributes = BYTES("");
	expect_parts_refused(&parts, FAIL_INPUT, "attributes: [0] missing");
	parts.attributes = BYTES("\xa0\x00\x05\x00");
	expect_parts_refused(&parts, FAIL_INPUT, "attributes: trailing bytes");
}

#define ATTRIBUTE(type, values) "\x30\x0d" type "\x31\x02" values
#define UNKNOWN "\x06\x07\x2a\x03\x04\x05\x06\x07\x08"

static void
test_attributes(void **state)
{
	AUTO(csr_release) struct csr *none = NULL;
	AUTO(csr_release) struct csr *unknown = NULL;
	AUTO(csr_release) struct csr *pkcs9 = NULL;
	AUTO(csr_release) struct csr *microsoft = NULL;

	(void)state;
	none = read_attributes(BYTES(""));
	assert_int_equal(none->extension_count, 0);
	unknown = read_attributes(BYTES(ATTRIBUTE(UNKNOWN, "\x05\x00")));
	assert_int_equal(unknown->extension_count, 0);
	pkcs9 = read_attributes(BYTES("\x30\x20" EXTENSION_REQUEST
	    "\x31\x13" EXTENSIONS));
	assert_int_equal(pkcs9->extension_count, 1);
	microsoft = read_attributes(BYTES("\x30\x21" MICROSOFT
	    "\x31\x13" EXTENSIONS));
	assert_int_equal(microsoft->extension_count, 1);
}

static void
test_refuses_attributes(void **state)
{
	AUTO(buf_release) struct buf many = { 0 };
	int n;

	(void)state;
	expect_attributes_refused(BYTES("\x30\x20" EXTENSION_REQUEST
	    "\x31\x13" EXTENSIONS "\x30\x21" MICROSOFT "\x31\x13" EXTENSIONS),
	    "extensions asked for in both extensionRequest and "
	    "1.3.6.1.4.1.311.2.1.14");
	expect_attributes_refused(BYTES("\x30\x20" EXTENSION_REQUEST
	    "\x31\x13" EXTENSIONS "\x30\x20" EXTENSION_REQUEST
	    "\x31\x13" EXTENSIONS),
	    "attribute 1.2.840.113549.1.9.14 twice");
	expect_attributes_refused(BYTES(ATTRIBUTE(UNKNOWN, "\x05\x00")
	    ATTRIBUTE(UNKNOWN, "\x05\x00")),
	    "attribute 1.2.3.4.5.6.7.8 twice");
	expect_attributes_refused(BYTES("\x30\x33" EXTENSION_REQUEST
	    "\x31\x26" EXTENSIONS EXTENSIONS),
	    "extensions asked for: trailing bytes");
	expect_attributes_refused(BYTES("\x30\x0d" EXTENSION_REQUEST
	    "\x31\x00"), "extensions asked for: SEQUENCE missing");
	expect_attributes_refused(BYTES("\x05\x00"),
	    "attributes: want SEQUENCE, have NULL");
	expect_attributes_refused(BYTES("\x30\x09" UNKNOWN),
	    "attributes: SET missing");
	for (n = 0; n < 33; n++) {
		const uint8_t attribute[] = { 0x30, 0x05, 0x06, 0x01,
			(uint8_t)(0x29 + n), 0x31, 0x00 };

		buf_append(&many, attribute, sizeof(attribute));
	}
	expect_attributes_refused(buf_bytes(&many),
	    "more than 32 attributes");
}

/* The algorithm named is one that the key cannot have used. */
static void
test_refuses_an_algorithm_of_another_key(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf other = { 0 };
	struct alg_signed parts;
	struct fail fail = { 0 };

	(void)state;
	craft(&plain, &der);
	assert_int_equal(alg_unwrap(buf_bytes(&der), &parts, &fail), 0);
	alg_wrap(alg_find("rsa-sha256"), parts.tbs, parts.signature, &other);
	expect_refused(buf_bytes(&other), FAIL_REFUSED, "proof of possession: "
	    "want a signature by its own key, have one by rsa-sha256, which "
	    "is for another kind of key (RFC 2986, 3)");
}

/* SHA-1: a known key, and nothing that verifies its signature. */
static void
test_refuses_unknown_algorithms(void **state)
{
	static const struct alg sha1 = { "sha1", "SHA1", false, false,
		{ (const uint8_t *)"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d"
		    "\x04\x01", 11 } };
	AUTO(buf_release) struct buf der = { 0 }, other = { 0 };
	struct alg_signed parts;
	struct fail fail = { 0 };

	(void)state;
	craft(&plain, &der);
	assert_int_equal(alg_unwrap(buf_bytes(&der), &parts, &fail), 0);
	alg_wrap(&sha1, parts.tbs, parts.signature, &other);
	expect_refused(buf_bytes(&other), FAIL_REFUSED, "signature algorithm: "
	    "want RSA, RSA-PSS or ECDSA, with SHA-256, SHA-384 or SHA-512, "
	    "have ecdsa-with-SHA1 (BR 7.1.3.2)");
}

static void
test_labels(void **state)
{
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf old = { 0 };
	AUTO(buf_release) struct buf wrong = { 0 };
	struct fail fail = { 0 };

	(void)state;
	craft(&plain, &der);
	text_pem(&old, "NEW CERTIFICATE REQUEST", buf_bytes(&der));
	assert_int_equal(csr_read(buf_bytes(&old), &csr, &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&csr->der), buf_bytes(&der)));
	text_pem(&wrong, "CERTIFICATE", buf_bytes(&der));
	expect_refused(buf_bytes(&wrong), FAIL_INPUT,
	    "PEM label CERTIFICATE, want CERTIFICATE REQUEST "
	    "or NEW CERTIFICATE REQUEST");
}

/* DER is DER, whatever text stands in it: no other request hides there. */
static void
test_takes_der_that_holds_pem(void **state)
{
	const struct name_pair pair = { "CN",
		"-----BEGIN CERTIFICATE REQUEST-----" };
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf subject = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct parts parts = plain;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(name_write(&pair, 1, &subject, &fail), 0);
	parts.subject = buf_bytes(&subject);
	craft(&parts, &der);
	assert_int_equal(csr_read(buf_bytes(&der), &csr, &fail), 0);
	assert_true(bytes_is_equal(csr->subject, parts.subject));
}

/* Cut anywhere, and with any one octet changed, it is never taken. */
static void
test_refuses_every_change(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };
	struct csr *csr = NULL;
	size_t n;

	(void)state;
	craft(&plain, &der);
	for (n = 0; n < der.len; n++) {
		assert_int_equal(csr_read(bytes_of(der.data, n), &csr, &fail),
		    -1);
		der.data[n] ^= 0x01;
		assert_int_equal(csr_read(buf_bytes(&der), &csr, &fail), -1);
		der.data[n] ^= 0x01;
	}
	assert_null(csr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_good_requests),
		cmocka_unit_test(test_takes_certtool),
		cmocka_unit_test(test_reads_what_aws_documents),
		cmocka_unit_test(test_owns_its_bytes),
		cmocka_unit_test(test_refuses_hostile_requests),
		cmocka_unit_test(test_leaves_the_asked_to_policies),
		cmocka_unit_test(test_surveys),
		cmocka_unit_test(test_refuses_unknown_algorithms),
		cmocka_unit_test(test_refuses_shapes),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_refuses_attributes),
		cmocka_unit_test(test_refuses_an_algorithm_of_another_key),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_takes_der_that_holds_pem),
		cmocka_unit_test(test_refuses_every_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
