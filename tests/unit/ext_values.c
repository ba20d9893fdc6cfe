/* SPDX-License-Identifier: Apache-2.0 */
/* What may be copied from a request, and what must not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/ext.h>

#include "testing.h"

#define BYTES(text) { (const uint8_t *)(text), sizeof(text) - 1 }

typedef int checker(const struct ext *ext, struct fail *fail);

/* NULL: it is taken. */
static void
judge(checker *check, struct bytes value, const char *sentence)
{
	struct ext ext = { .value = value };
	struct fail fail = { 0 };
	int got = check(&ext, &fail);

	if (sentence == NULL)
		want_pass(got, &fail);
	else
		want_fail(got, &fail, FAIL_REFUSED, sentence);
}

/* One GeneralName, under a tag. */
static void
judge_name(int tag, struct bytes content, const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };
	size_t mark = der_begin(&der, DER_SEQUENCE);

	der_put(&der, tag, content);
	der_end(&der, mark);
	judge(ext_check_names, buf_bytes(&der), sentence);
}

static void
hosts_are_judged(void **state)
{
	static const char *const good[] = { "a", "ca.example.com",
		"*.example.com", "xn--bcher-kva.example", "1.example" };
	static const struct {
		struct bytes text;
		const char *sentence;
	} bad[] = {
		{ BYTES(""), "dNSName : no host name" },
		{ BYTES("a..b"), "dNSName a..b: no host name" },
		{ BYTES("a."), "dNSName a.: no host name" },
		{ BYTES("a_b.example"), "dNSName a_b.example: no host name" },
		{ BYTES("-a.example"), "dNSName -a.example: no host name" },
		{ BYTES("a-.example"), "dNSName a-.example: no host name" },
		{ BYTES("*"), "dNSName *: no host name" },
		{ BYTES("a.*.b"), "dNSName a.*.b: no host name" },
		{ BYTES("w*.b"), "dNSName w*.b: no host name" },
		{ BYTES("*.*.b"), "dNSName *.*.b: no host name" },
		{ BYTES("a.com\0.b"), "dNSName a.com\\x{0000}.b: no host "
		    "name" },
		{ BYTES("a b"), "dNSName a b: no host name" },
		{ BYTES("\xe4"), "dNSName \\x{E4}: no host name" },
	};
	char label[65];

	(void)state;
	for (size_t n = 0; n < COUNT(good); n++)
		judge_name(DER_CONTEXT(2), bytes_text(good[n]), NULL);
	for (size_t n = 0; n < COUNT(bad); n++)
		judge_name(DER_CONTEXT(2), bad[n].text, bad[n].sentence);
	memset(label, 'a', sizeof(label));
	judge_name(DER_CONTEXT(2), bytes_of(label, 63), NULL);
	judge_name(DER_CONTEXT(2), bytes_of(label, 64), "dNSName "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    ": no host name");
}

static void
other_names_are_judged(void **state)
{
	static const struct {
		int tag;
		struct bytes content;
		const char *sentence;
	} rows[] = {
		{ DER_CONTEXT(1), BYTES("pki+x@example.com"), NULL },
		{ DER_CONTEXT(1), BYTES("pki"),
		    "rfc822Name pki: no mail address" },
		{ DER_CONTEXT(1), BYTES("@b"),
		    "rfc822Name @b: no mail address" },
		{ DER_CONTEXT(1), BYTES("a.@b"),
		    "rfc822Name a.@b: no mail address" },
		{ DER_CONTEXT(1), BYTES("a@b@c"),
		    "rfc822Name a@b@c: no mail address" },
		{ DER_CONTEXT(1), BYTES("a <a@b>"),
		    "rfc822Name a <a@b>: no mail address" },
		{ DER_CONTEXT(6), BYTES("http://ca.example.com/a?b"), NULL },
		{ DER_CONTEXT(6), BYTES("spiffe://example.com"), NULL },
		{ DER_CONTEXT(6), BYTES("urn:uuid:1"), NULL },
		{ DER_CONTEXT(6), BYTES("/a"), "URI /a: not an absolute one" },
		{ DER_CONTEXT(6), BYTES("http:"),
		    "URI http:: not an absolute one" },
		{ DER_CONTEXT(6), BYTES("http://"),
		    "URI http://: not an absolute one" },
		{ DER_CONTEXT(6), BYTES("http:///a"),
		    "URI http:///a: not an absolute one" },
		{ DER_CONTEXT(6), BYTES("1p://a"),
		    "URI 1p://a: not an absolute one" },
		{ DER_CONTEXT(6), BYTES("http://a b"),
		    "URI http://a b: not an absolute one" },
		{ DER_CONTEXT(7), BYTES("\1\2\3\4"), NULL },
		{ DER_CONTEXT(7), BYTES("0123456789abcdef"), NULL },
		{ DER_CONTEXT(7), BYTES("01234567"),
		    "iPAddress of 8 octets, want 4 or 16" },
		/* CN=a, CN=a U+200B, nothing. */
		{ DER_CONTEXT_CONSTRUCTED(4), BYTES("\x30\x0c\x31\x0a\x30\x08"
		    "\x06\x03\x55\x04\x03\x0c\x01" "a"), NULL },
		{ DER_CONTEXT_CONSTRUCTED(4), BYTES("\x30\x0f\x31\x0d\x30\x0b"
		    "\x06\x03\x55\x04\x03\x0c\x04" "a\xe2\x80\x8b"),
		    "directoryName: CN holds an invisible character "
		    "(U+200B)" },
		{ DER_CONTEXT_CONSTRUCTED(4), BYTES("\x30\x00"),
		    "directoryName: empty" },
		{ DER_CONTEXT_CONSTRUCTED(0), BYTES(""),
		    "a name of type [0]" },
		{ DER_CONTEXT_CONSTRUCTED(3), BYTES(""),
		    "a name of type [3]" },
		{ DER_CONTEXT_CONSTRUCTED(5), BYTES(""),
		    "a name of type [5]" },
		{ DER_CONTEXT(8), BYTES("\x2a\x03"), "a name of type [8]" },
	};
	static const struct bytes none = BYTES("\x30\x00");

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++)
		judge_name(rows[n].tag, rows[n].content, rows[n].sentence);
	judge(ext_check_names, none, "an empty list");
}

/* As openssl.cnf has it. */
static void
judge_text(checker *check, const char *name, const char *value,
    const char *sentence)
{
	X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, NULL, name, value);
	const ASN1_OCTET_STRING *octets;

	assert_non_null(extension);
	octets = X509_EXTENSION_get_data(extension);
	judge(check, bytes_of(ASN1_STRING_get0_data(octets),
	    (size_t)ASN1_STRING_length(octets)), sentence);
	X509_EXTENSION_free(extension);
}

static void
purposes_and_places_are_judged(void **state)
{
	static const struct bytes none = BYTES("\x30\x00");

	(void)state;
	judge_text(ext_check_purposes, "extendedKeyUsage",
	    "serverAuth,1.2.3", NULL);
	judge_text(ext_check_purposes, "extendedKeyUsage",
	    "serverAuth,anyExtendedKeyUsage", "anyExtendedKeyUsage");
	judge(ext_check_purposes, none, "an empty list");
	judge_text(ext_check_accesses, "subjectInfoAccess",
	    "caRepository;URI:http://a/", NULL);
	judge_text(ext_check_accesses, "subjectInfoAccess",
	    "caRepository;URI:http://a/,caRepository;URI:a",
	    "URI a: not an absolute one");
	judge_text(ext_check_accesses, "subjectInfoAccess",
	    "caRepository;DNS:a", "a place that is no URI");
	judge(ext_check_accesses, none, "an empty list");
}

/* PolicyInformation of 1.2.3 with one qualifier of this arc below id-qt. */
static void
judge_qualifier(int arc, struct bytes qualifier, const char *sentence)
{
	uint8_t oid[] = { 0x2b, 6, 1, 5, 5, 7, 2, (uint8_t)arc };
	AUTO(buf_release) struct buf der = { 0 };
	size_t all = der_begin(&der, DER_SEQUENCE);
	size_t one = der_begin(&der, DER_SEQUENCE), list, pair;

	der_put(&der, DER_OID, bytes_of("\x2a\x03", 2));
	list = der_begin(&der, DER_SEQUENCE);
	pair = der_begin(&der, DER_SEQUENCE);
	der_put(&der, DER_OID, bytes_of(oid, sizeof(oid)));
	buf_put(&der, qualifier);
	der_end(&der, pair);
	der_end(&der, list);
	der_end(&der, one);
	der_end(&der, all);
	judge(ext_check_policies, buf_bytes(&der), sentence);
}

static void
policies_are_judged(void **state)
{
	static const struct bytes none = BYTES("\x30\x00");
	static const struct bytes any = BYTES("\x30\x08\x30\x06"
	    "\x06\x04\x55\x1d\x20\x00");
	static const struct {
		int arc;
		struct bytes qualifier;
		const char *sentence;
	} rows[] = {
		{ 1, BYTES("\x16\x08http://a"), NULL },
		{ 1, BYTES("\x16\x01" "a"), "URI a: not an absolute one" },
		{ 2, BYTES("\x30\x04\x0c\x02no"), NULL },
		{ 2, BYTES("\x30\x06\x0c\x04" "a\xe2\x80\xae"),
		    "userNotice a\\x{202E}: a bidirectional control "
		    "(U+202E)" },
		{ 2, BYTES("\x30\x08\x30\x06\x0c\x02" "a\x01\x30\x00"),
		    "userNotice a\\x{0001}: a control character (U+0001)" },
		{ 2, BYTES("\x30\x02\x0c\x00"),
		    "userNotice : empty, or too long" },
		{ 3, BYTES("\x05\x00"),
		    "a qualifier that is neither CPS nor userNotice" },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++)
		judge_qualifier(rows[n].arc, rows[n].qualifier,
		    rows[n].sentence);
	judge(ext_check_policies, any, "anyPolicy");
	judge(ext_check_policies, none, "an empty list");
}

static void
templates_are_judged(void **state)
{
	static const struct bytes good = BYTES("\x1e\x04\0S\0C");
	static const struct bytes bad = BYTES("\x1e\x04\0S\x20\x2e");

	(void)state;
	judge(ext_check_template, good, NULL);
	judge(ext_check_template, bad,
	    "BMPString S\\x{202E}: a bidirectional control (U+202E)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_judged),
		cmocka_unit_test(other_names_are_judged),
		cmocka_unit_test(purposes_and_places_are_judged),
		cmocka_unit_test(policies_are_judged),
		cmocka_unit_test(templates_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
