/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)

/* A Name of one attribute of any type, tag and contents. */
static void
put_attribute(struct buf *out, int nid, int tag, struct bytes content)
{
	size_t name = der_begin(out, DER_SEQUENCE);
	size_t set = der_begin(out, DER_SET);
	size_t pair = der_begin(out, DER_SEQUENCE);

	der_put_nid(out, nid);
	der_put(out, tag, content);
	der_end(out, pair);
	der_end(out, set);
	der_end(out, name);
}

static void
expect_read_refused(struct bytes der, enum fail_kind kind,
    const char *sentence)
{
	struct name *untouched = NULL, *name = untouched;
	struct fail fail = { 0 };

	assert_int_equal(name_read(der, &name, &fail), -1);
	assert_null(name);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, kind);
}

static void
expect_shape_refused(struct bytes der, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(name_read_shape(der, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
expect_attribute_refused(int nid, int tag, struct bytes content,
    enum fail_kind kind, const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };

	put_attribute(&der, nid, tag, content);
	expect_read_refused(buf_bytes(&der), kind, sentence);
}

static void
expect_shown(struct bytes der, const char *shown)
{
	AUTO(buf_release) struct buf out = { 0 };

	name_show(der, &out);
	assert_string_equal(buf_cstr(&out), shown);
}

static void
test_write_is_what_openssl_reads(void **state)
{
	static const struct name_pair pairs[] = {
		{ "C", "US" }, { "O", "Example Corp" }, { "OU", "Zürich" },
		{ "DC", "example" }, { "serialNumber", "A-1" },
		{ "CN", "Root 1" }, { "emailAddress", "ca@example.com" },
	};
	static const int tags[] = {
		DER_PRINTABLE_STRING, DER_UTF8_STRING, DER_UTF8_STRING,
		DER_IA5_STRING, DER_PRINTABLE_STRING, DER_UTF8_STRING,
		DER_IA5_STRING,
	};
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };
	const X509_NAME_ENTRY *entry;
	const ASN1_STRING *text;
	const unsigned char *at;
	X509_NAME *name;
	int n;

	(void)state;
	assert_int_equal(name_write(pairs, COUNT(pairs), &der, &fail), 0);
	assert_int_equal(der_check(buf_bytes(&der), &fail), 0);
	at = der.data;
	name = d2i_X509_NAME(NULL, &at, (long)der.len);
	assert_non_null(name);
	assert_int_equal(X509_NAME_entry_count(name), COUNT(pairs));
	for (n = 0; n < (int)COUNT(pairs); n++) {
		entry = X509_NAME_get_entry(name, n);
		text = X509_NAME_ENTRY_get_data(entry);
		assert_int_equal(X509_NAME_ENTRY_set(entry), n);
		assert_string_equal(OBJ_nid2sn(OBJ_obj2nid(
		    X509_NAME_ENTRY_get_object(entry))), pairs[n].type);
		assert_int_equal(ASN1_STRING_type(text), tags[n]);
		assert_int_equal(ASN1_STRING_length(text),
		    strlen(pairs[n].value));
		assert_memory_equal(ASN1_STRING_get0_data(text),
		    pairs[n].value, strlen(pairs[n].value));
	}
	X509_NAME_free(name);
	expect_shown(buf_bytes(&der), "C=US, O=Example Corp, OU=Zürich, "
	    "DC=example, serialNumber=A-1, CN=Root 1, "
	    "emailAddress=ca@example.com");
}

static void
test_write_knows_every_type(void **state)
{
	struct name_pair pair = { .value = "XY" };
	struct name *name;
	size_t n;

	(void)state;
	for (n = 0; name_types[n] != NULL; n++) {
		AUTO(buf_release) struct buf der = { 0 };
		struct fail fail = { 0 };

		pair.type = name_types[n];
		assert_int_equal(name_write(&pair, 1, &der, &fail), 0);
		assert_int_equal(name_read(buf_bytes(&der), &name, &fail), 0);
		assert_string_equal(name->attributes[0].type, pair.type);
		assert_int_equal(OBJ_sn2nid(pair.type) == NID_undef &&
		    OBJ_ln2nid(pair.type) == NID_undef, 0);
		name_release(&name);
	}
}

static void
test_write_appends(void **state)
{
	static const struct name_pair pair = { "CN", "a" };
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };

	(void)state;
	buf_text(&der, "x");
	assert_int_equal(name_write(&pair, 1, &der, &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&der),
	    BYTES("x\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
	    "a")));
}

static void
test_write_refuses(void **state)
{
	static const struct {
		struct name_pair pair;
		const char *sentence;
	} cases[] = {
		{ { "CNN", "a" }, "CNN: unknown name type, is CN meant?" },
		{ { "whatever it is", "a" },
		    "whatever it is: unknown name type" },
		{ { "C", "USA" }, "C has 3 characters, at most 2" },
		{ { "C", "ü1" }, "C: ü1 does not fit PrintableString" },
		{ { "serialNumber", "a_b" },
		    "serialNumber: a_b does not fit PrintableString" },
		{ { "DC", "exämple" }, "DC: exämple does not fit IA5String" },
		{ { "CN", "" }, "CN is empty" },
		{ { "CN", "a\tb" },
		    "CN holds a control character (U+0009)" },
		{ { "CN", "a\xff" }, "CN holds bytes that are not UTF-8" },
	};
	AUTO(buf_release) struct buf der = { 0 };
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		struct fail fail = { 0 };

		assert_int_equal(name_write(&cases[n].pair, 1, &der, &fail),
		    -1);
		assert_string_equal(fail.sentence, cases[n].sentence);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_int_equal(der.len, 0);
	}
}

static void
test_read_decodes_string_types(void **state)
{
	static const struct {
		int tag;
		struct bytes content;
		const char *text;
	} cases[] = {
		{ DER_PRINTABLE_STRING, { (const uint8_t *)"a(b)", 4 },
		    "a(b)" },
		{ DER_UTF8_STRING, { (const uint8_t *)"\xc3\xbc", 2 },
		    "\xc3\xbc" },
		{ DER_IA5_STRING, { (const uint8_t *)"a@b", 3 }, "a@b" },
		{ 0x14, { (const uint8_t *)"\xfc", 1 }, "\xc3\xbc" },
		{ 0x1e, { (const uint8_t *)"\0a\0\xfc", 4 }, "a\xc3\xbc" },
		{ 0x1c, { (const uint8_t *)"\0\0\0\xfc", 4 }, "\xc3\xbc" },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf der = { 0 };
		AUTO(name_release) struct name *name = NULL;
		struct fail fail = { 0 };

		put_attribute(&der, NID_commonName, cases[n].tag,
		    cases[n].content);
		assert_int_equal(name_read(buf_bytes(&der), &name, &fail), 0);
		assert_int_equal(name->count, 1);
		assert_int_equal(name->attributes[0].tag, cases[n].tag);
		assert_string_equal(name_get(name, "CN"), cases[n].text);
		assert_null(name_get(name, "O"));
	}
}

static void
test_read_refuses_deception(void **state)
{
	(void)state;
	expect_attribute_refused(NID_commonName, DER_UTF8_STRING,
	    BYTES("a\0b"), FAIL_REFUSED, "CN holds a NUL");
	expect_attribute_refused(NID_commonName, DER_UTF8_STRING,
	    BYTES("a\xe2\x80\xae" "b"), FAIL_REFUSED,
	    "CN holds a bidirectional control (U+202E)");
	expect_attribute_refused(NID_commonName, DER_UTF8_STRING,
	    BYTES("a\xe2\x80\x8b" "b"), FAIL_REFUSED,
	    "CN holds an invisible character (U+200B)");
	expect_attribute_refused(NID_organizationName, 0x1e,
	    BYTES("\x20\x2e"), FAIL_REFUSED,
	    "O holds a bidirectional control (U+202E)");
	expect_attribute_refused(NID_commonName, DER_UTF8_STRING,
	    BYTES(""), FAIL_REFUSED, "CN is empty");
	expect_attribute_refused(NID_countryName, DER_PRINTABLE_STRING,
	    BYTES("USA"), FAIL_REFUSED, "C has 3 characters, at most 2");
}

/* Bounds count characters, not octets. */
static void
test_read_counts_characters(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(name_release) struct name *name = NULL;
	struct fail fail = { 0 };
	int n;

	(void)state;
	for (n = 0; n < 64; n++)
		buf_text(&text, "ü");
	put_attribute(&der, NID_commonName, DER_UTF8_STRING,
	    buf_bytes(&text));
	assert_int_equal(name_read(buf_bytes(&der), &name, &fail), 0);
	buf_text(&text, "x");
	expect_attribute_refused(NID_commonName, DER_UTF8_STRING,
	    buf_bytes(&text), FAIL_REFUSED,
	    "CN has 65 characters, at most 64");
}

static void
test_read_refuses_encodings(void **state)
{
	AUTO(buf_release) struct buf big = { 0 };
	AUTO(buf_release) struct buf many = { 0 };
	struct name_pair pairs[65];
	struct fail fail = { 0 };
	size_t n;

	(void)state;
	expect_attribute_refused(NID_commonName, DER_INTEGER, BYTES("\1"),
	    FAIL_INPUT, "CN: string type 02, want a DirectoryString or "
	    "IA5String");
	expect_attribute_refused(NID_commonName, DER_PRINTABLE_STRING,
	    BYTES("a@b"), FAIL_INPUT, "CN: does not decode as PrintableString");
	expect_attribute_refused(NID_commonName, DER_IA5_STRING,
	    BYTES("\xfc"), FAIL_INPUT, "CN: does not decode as IA5String");
	expect_attribute_refused(NID_commonName, DER_UTF8_STRING,
	    BYTES("\xc0\x80"), FAIL_INPUT, "CN: does not decode as UTF8String");
	expect_attribute_refused(NID_commonName, 0x1e, BYTES("\x00"),
	    FAIL_INPUT, "CN: does not decode as BMPString");
	expect_read_refused(BYTES("\x30\x80\x00\x00"), FAIL_INPUT,
	    "not DER: indefinite length");
	expect_read_refused(BYTES("\x30\x02\x31\x00"), FAIL_INPUT,
	    "SEQUENCE missing");
	expect_read_refused(BYTES("\x30\x09\x31\x07\x30\x05\x06\x03\x55\x04"
	    "\x03"), FAIL_INPUT, "attribute without value");
	expect_read_refused(BYTES("\x31\x00"), FAIL_INPUT,
	    "want SEQUENCE, have SET");

	for (n = 0; n < COUNT(pairs); n++)
		pairs[n] = (struct name_pair){ "OU", "x" };
	assert_int_equal(name_write(pairs, COUNT(pairs), &many, &fail), 0);
	expect_read_refused(buf_bytes(&many), FAIL_INPUT,
	    "more than 64 attributes");
	buf_reserve(&big, 70000);
	memset(big.data, 0, 70000);
	big.len = 70000;
	expect_read_refused(buf_bytes(&big), FAIL_INPUT,
	    "name larger than 65536 bytes");
}

/* The texts are not judged, all else is. */
static void
test_read_shape(void **state)
{
	AUTO(buf_release) struct buf deceptive = { 0 }, country = { 0 };
	AUTO(buf_release) struct buf number = { 0 }, latin = { 0 };
	struct fail fail = { 0 };

	(void)state;
	put_attribute(&deceptive, NID_commonName, DER_UTF8_STRING,
	    BYTES("a\xe2\x80\xae" "b"));
	put_attribute(&country, NID_countryName, DER_PRINTABLE_STRING,
	    BYTES("USA"));
	put_attribute(&number, NID_commonName, DER_INTEGER, BYTES("\1"));
	put_attribute(&latin, NID_commonName, DER_UTF8_STRING, BYTES("\xfc"));
	assert_int_equal(name_read_shape(buf_bytes(&deceptive), &fail), 0);
	assert_int_equal(name_read_shape(buf_bytes(&country), &fail), 0);
	assert_int_equal(name_read_shape(BYTES("\x30\x00"), &fail), 0);
	expect_shape_refused(buf_bytes(&number), "CN: string type 02, want a "
	    "DirectoryString or IA5String");
	expect_shape_refused(buf_bytes(&latin),
	    "CN: does not decode as UTF8String");
	expect_shape_refused(BYTES("\x30\x80\x00\x00"),
	    "not DER: indefinite length");
	expect_shape_refused(BYTES("\x30\x02\x31\x00"), "SEQUENCE missing");
	expect_shape_refused(BYTES("\x30\x02\x30\x00"),
	    "want SET, have SEQUENCE");
}

static void
test_show_other_types(void **state)
{
	AUTO(buf_release) struct buf dotted = { 0 };
	AUTO(buf_release) struct buf bits = { 0 };
	AUTO(buf_release) struct buf comma = { 0 };
	AUTO(buf_release) struct buf hidden = { 0 };

	(void)state;
	put_attribute(&dotted, NID_jurisdictionCountryName, DER_UTF8_STRING,
	    BYTES("US"));
	expect_shown(buf_bytes(&dotted), "1.3.6.1.4.1.311.60.2.1.3=US");
	put_attribute(&bits, NID_x500UniqueIdentifier, DER_BIT_STRING,
	    BYTES("\0\1"));
	expect_shown(buf_bytes(&bits), "2.5.4.45=#03020001");
	put_attribute(&comma, NID_commonName, DER_UTF8_STRING,
	    BYTES("a, O=b + c\\"));
	expect_shown(buf_bytes(&comma), "CN=a\\, O=b \\+ c\\\\");
	put_attribute(&hidden, NID_commonName, DER_UTF8_STRING,
	    BYTES("a\x1b[0m"));
	expect_shown(buf_bytes(&hidden), "CN=a\\x{001B}[0m");
	expect_shown(BYTES("\x30\x80"), "#3080");
	expect_shown(BYTES("\x30\x02\x31\x00"), "#30023100");
	expect_shown(BYTES("\x30\x00"), "");
}

/* Two attributes in one RDN are joined, not two RDNs. */
static void
test_joined_attributes(void **state)
{
	static const char joined[] =
	    "\x30\x16\x31\x14"
	    "\x30\x08\x06\x03\x55\x04\x03\x0c\x01" "a"
	    "\x30\x08\x06\x03\x55\x04\x0a\x0c\x01" "b";
	AUTO(name_release) struct name *name = NULL;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(name_read(BYTES(joined), &name, &fail), 0);
	assert_int_equal(name->count, 2);
	assert_string_equal(name_get(name, "O"), "b");
	expect_shown(BYTES(joined), "CN=a + O=b");
}

/* The texts as they are, for rules to judge: with a NUL, too. */
static void
test_read_any_judges_nothing(void **state)
{
	AUTO(buf_release) struct buf nul = { 0 }, country = { 0 };
	AUTO(name_release) struct name *name = NULL, *other = NULL;
	struct fail fail = { 0 };

	(void)state;
	put_attribute(&nul, NID_commonName, DER_UTF8_STRING,
	    BYTES("a\0\xc3\xa4"));
	assert_int_equal(name_read_any(buf_bytes(&nul), &name, &fail), 0);
	assert_int_equal(name->attributes[0].len, 4);
	assert_int_equal(name_count(&name->attributes[0]), 3);
	assert_int_equal(name->attributes[0].max, 64);
	assert_memory_equal(name->attributes[0].text, "a\0\xc3\xa4", 5);
	put_attribute(&country, NID_countryName, DER_PRINTABLE_STRING,
	    BYTES("USA"));
	assert_int_equal(name_read_any(buf_bytes(&country), &other, &fail),
	    0);
	assert_int_equal(name_count(&other->attributes[0]), 3);
	assert_int_equal(other->attributes[0].max, 2);
}

/* As OpenSSL compares: no string type, no case, no blanks more or less. */
static void
test_likeness(void **state)
{
	static const struct {
		int tag;
		const char *text;
		bool is_like;
	} rows[] = {
		{ DER_UTF8_STRING, "Root CA", true },
		{ DER_PRINTABLE_STRING, "Root CA", true },
		{ DER_PRINTABLE_STRING, " ROOT  ca ", true },
		{ DER_UTF8_STRING, "RootCA", false },
		{ DER_UTF8_STRING, "Root CB", false },
	};
	AUTO(buf_release) struct buf name = { 0 }, other = { 0 };

	(void)state;
	put_attribute(&name, NID_commonName, DER_UTF8_STRING,
	    bytes_text("Root CA"));
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf der = { 0 };

		put_attribute(&der, NID_commonName, rows[n].tag,
		    bytes_text(rows[n].text));
		assert_int_equal(name_is_like(buf_bytes(&name),
		    buf_bytes(&der)), rows[n].is_like);
	}
	put_attribute(&other, NID_organizationName, DER_UTF8_STRING,
	    bytes_text("Root CA"));
	assert_false(name_is_like(buf_bytes(&name), buf_bytes(&other)));
	assert_false(name_is_like(buf_bytes(&name), BYTES("\x30\x01")));
	assert_true(name_is_like(BYTES("\x30\x01"), BYTES("\x30\x01")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_is_what_openssl_reads),
		cmocka_unit_test(test_write_knows_every_type),
		cmocka_unit_test(test_write_appends),
		cmocka_unit_test(test_write_refuses),
		cmocka_unit_test(test_read_decodes_string_types),
		cmocka_unit_test(test_read_refuses_deception),
		cmocka_unit_test(test_read_counts_characters),
		cmocka_unit_test(test_read_refuses_encodings),
		cmocka_unit_test(test_read_any_judges_nothing),
		cmocka_unit_test(test_read_shape),
		cmocka_unit_test(test_show_other_types),
		cmocka_unit_test(test_joined_attributes),
		cmocka_unit_test(test_likeness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
