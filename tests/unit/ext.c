/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/conf.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/ext.h>
#include <anchorite/x509/name.h>

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define TEXTS(...) { \
	(const char *const[]){ __VA_ARGS__ }, \
	sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *) }

#define CA_USAGE (1U << EXT_KU_DIGITAL_SIGNATURE | \
	1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN)

static const uint8_t subject_key[DIGEST_SHA1_LEN] = "subject-key-20-bytes";
static const uint8_t issuer_key[DIGEST_SHA1_LEN] = "issuer-key--20-bytes";

static struct ext_plan
plan_ca(int path_length)
{
	return (struct ext_plan){
		.ca = true,
		.path_length = path_length,
		.key_usage = CA_USAGE,
		.subject_key = subject_key,
	};
}

/* What a plan writes, read again. */
static size_t
write_and_read(const struct ext_plan *plan, struct buf *der,
    struct ext list[16])
{
	struct fail fail = { 0 };
	size_t count;

	assert_int_equal(ext_write(plan, der, &fail), 0);
	assert_int_equal(der_check(buf_bytes(der), &fail), 0);
	assert_int_equal(ext_read(buf_bytes(der), list, 16, &count, &fail),
	    0);
	return count;
}

static void
expect_ext(const struct ext *ext, int nid, bool critical,
    struct bytes value)
{
	const ASN1_OBJECT *oid = OBJ_nid2obj(nid);

	assert_true(bytes_is_equal(ext->oid, bytes_of(OBJ_get0_data(oid),
	    OBJ_length(oid))));
	assert_int_equal(ext->critical, critical);
	assert_int_equal(ext->value.len, value.len);
	assert_memory_equal(ext->value.data, value.data, value.len);
}

/* OpenSSL's own writer, given the same in its configuration language. */
static void
expect_as_openssl(const struct ext *ext, int nid, const char *value,
    const char *sections)
{
	CONF *conf = NCONF_new(NULL);
	BIO *bio = BIO_new_mem_buf(sections, -1);
	const ASN1_OCTET_STRING *want;
	X509_EXTENSION *extension;
	X509V3_CTX context;
	char copy[256];
	long line;

	assert_true(strlen(value) < sizeof(copy));
	memcpy(copy, value, strlen(value) + 1);
	assert_int_equal(NCONF_load_bio(conf, bio, &line), 1);
	X509V3_set_ctx(&context, NULL, NULL, NULL, NULL, 0);
	X509V3_set_nconf(&context, conf);
	extension = X509V3_EXT_nconf_nid(conf, &context, nid, copy);
	assert_non_null(extension);
	want = X509_EXTENSION_get_data(extension);
	expect_ext(ext, nid, X509_EXTENSION_get_critical(extension) == 1,
	    bytes_of(ASN1_STRING_get0_data(want),
	    (size_t)ASN1_STRING_length(want)));
	X509_EXTENSION_free(extension);
	NCONF_free(conf);
	BIO_free(bio);
}

/* AWS Private CA: RootCACertificate/V1. */
static void
test_root_template(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct ext_plan plan = plan_ca(-1);
	struct ext list[16];

	(void)state;
	assert_int_equal(write_and_read(&plan, &der, list), 3);
	expect_ext(&list[0], NID_basic_constraints, true,
	    BYTES("\x30\x03\x01\x01\xff"));
	expect_ext(&list[1], NID_subject_key_identifier, false,
	    BYTES("\x04\x14subject-key-20-bytes"));
	expect_ext(&list[2], NID_key_usage, true, BYTES("\x03\x02\x01\x86"));
	expect_as_openssl(&list[0], NID_basic_constraints,
	    "critical,CA:TRUE", "");
	expect_as_openssl(&list[2], NID_key_usage,
	    "critical,digitalSignature,keyCertSign,cRLSign", "");
}

/* AWS Private CA: SubordinateCACertificate_PathLen0 to 3/V1, with a CDP. */
static void
test_subordinate_templates(void **state)
{
	static const char crl[] = "http://crl.example.com/root.crl";
	static const char *const constraints[] = {
		"critical,CA:TRUE,pathlen:0", "critical,CA:TRUE,pathlen:1",
		"critical,CA:TRUE,pathlen:2", "critical,CA:TRUE,pathlen:3",
	};
	int n;

	(void)state;
	for (n = 0; n < (int)COUNT(constraints); n++) {
		AUTO(buf_release) struct buf der = { 0 };
		struct ext_plan plan = plan_ca(n);
		struct ext list[16];

		plan.authority_key = issuer_key;
		plan.crl_urls = (struct ext_texts)TEXTS(crl);
		assert_int_equal(write_and_read(&plan, &der, list), 5);
		expect_as_openssl(&list[0], NID_basic_constraints,
		    constraints[n], "");
		expect_ext(&list[1], NID_authority_key_identifier, false,
		    BYTES("\x30\x16\x80\x14issuer-key--20-bytes"));
		expect_ext(&list[2], NID_subject_key_identifier, false,
		    BYTES("\x04\x14subject-key-20-bytes"));
		expect_ext(&list[3], NID_key_usage, true,
		    BYTES("\x03\x02\x01\x86"));
		expect_as_openssl(&list[4], NID_crl_distribution_points,
		    "URI:http://crl.example.com/root.crl", "");
	}
}

static void
test_key_usage_bits(void **state)
{
	static const struct {
		unsigned usage;
		const char *openssl;
	} cases[] = {
		{ 1U << EXT_KU_DIGITAL_SIGNATURE,
		    "critical,digitalSignature" },
		{ 1U << EXT_KU_CRL_SIGN, "critical,cRLSign" },
		{ 1U << EXT_KU_ENCIPHER_ONLY | 1U << EXT_KU_KEY_AGREEMENT,
		    "critical,keyAgreement,encipherOnly" },
		{ 1U << EXT_KU_DECIPHER_ONLY | 1U << EXT_KU_KEY_AGREEMENT,
		    "critical,keyAgreement,decipherOnly" },
	};
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf der = { 0 };
		struct ext_plan plan = plan_ca(-1);
		struct fail fail = { 0 };
		struct ext list[16];
		unsigned usage = 0;

		plan.key_usage = cases[n].usage;
		assert_int_equal(write_and_read(&plan, &der, list), 3);
		expect_as_openssl(&list[2], NID_key_usage, cases[n].openssl,
		    "");
		assert_int_equal(ext_read_key_usage(&list[2], &usage, &fail),
		    0);
		assert_int_equal(usage, cases[n].usage);
	}
}

static void
test_every_part(void **state)
{
	static const struct ext_policy policies[] = {
		{ "1.3.6.1.4.1.99999.1", "https://example.com/cps" },
		{ "2.5.29.32.0", NULL },
	};
	static const uint8_t oid[] = {
		0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x15, 0x01,
	};
	const struct ext copied = {
		bytes_of(oid, sizeof(oid)), false, BYTES("\x02\x01\x00"),
	};
	static const struct name_pair pair = { "O", "Example" };
	AUTO(buf_release) struct buf directory = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct ext_plan plan = plan_ca(0);
	struct fail fail = { 0 };
	struct ext list[16];
	struct bytes base;

	(void)state;
	assert_int_equal(name_write(&pair, 1, &directory, &fail), 0);
	base = buf_bytes(&directory);
	plan.authority_key = issuer_key;
	plan.ext_key_usage = (struct ext_texts)TEXTS("serverAuth",
	    "1.3.6.1.5.5.7.3.17");
	plan.policies = policies;
	plan.policy_count = COUNT(policies);
	plan.permitted.dns = (struct ext_texts)TEXTS("example.com");
	plan.permitted.email = (struct ext_texts)TEXTS(".example.com");
	plan.permitted.ip = (struct ext_texts)TEXTS("10.0.0.0/8",
	    "2001:db8::/33");
	plan.permitted.directory = &base;
	plan.permitted.directory_count = 1;
	plan.excluded.dns = (struct ext_texts)TEXTS("bad.example.com");
	plan.crl_urls = (struct ext_texts)TEXTS("http://a/r.crl");
	plan.ocsp_urls = (struct ext_texts)TEXTS("http://ocsp.example.com");
	plan.issuer_urls = (struct ext_texts)TEXTS("http://a/r.crt",
	    "ldap://b/cn=r");
	plan.copied = &copied;
	plan.copied_count = 1;
	assert_int_equal(write_and_read(&plan, &der, list), 10);
	expect_as_openssl(&list[4], NID_ext_key_usage,
	    "serverAuth,1.3.6.1.5.5.7.3.17", "");
	expect_as_openssl(&list[5], NID_certificate_policies,
	    "ia5org,@one,2.5.29.32.0",
	    "[one]\npolicyIdentifier=1.3.6.1.4.1.99999.1\n"
	    "CPS.1=https://example.com/cps\n");
	expect_as_openssl(&list[6], NID_name_constraints,
	    "critical,permitted;DNS:example.com,"
	    "permitted;email:.example.com,"
	    "permitted;IP:10.0.0.0/255.0.0.0,"
	    "permitted;IP:2001:db8:0:0:0:0:0:0/ffff:ffff:8000:0:0:0:0:0,"
	    "permitted;dirName:dn,excluded;DNS:bad.example.com",
	    "[dn]\nO=Example\n");
	expect_as_openssl(&list[7], NID_crl_distribution_points,
	    "URI:http://a/r.crl", "");
	expect_as_openssl(&list[8], NID_info_access,
	    "OCSP;URI:http://ocsp.example.com,caIssuers;URI:http://a/r.crt,"
	    "caIssuers;URI:ldap://b/cn=r", "");
	assert_true(bytes_is_equal(list[9].oid, copied.oid));
	assert_true(bytes_is_equal(list[9].value, copied.value));
	assert_false(list[9].critical);
}

/* AWS Private CA: EndEntityCertificate/V1; and an OCSP responder's. */
static void
test_end_entities(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf responder = { 0 };
	AUTO(buf_release) struct buf shown = { 0 };
	struct ext_plan plan = {
		.path_length = -1, .subject_key = subject_key,
		.key_usage = 1U << EXT_KU_DIGITAL_SIGNATURE |
		    1U << EXT_KU_KEY_ENCIPHERMENT,
		.ext_key_usage = TEXTS("serverAuth", "clientAuth"),
	};
	struct ext list[16];

	(void)state;
	assert_int_equal(write_and_read(&plan, &der, list), 4);
	expect_as_openssl(&list[0], NID_basic_constraints,
	    "critical,CA:FALSE", "");
	expect_as_openssl(&list[2], NID_key_usage,
	    "critical,digitalSignature,keyEncipherment", "");
	expect_as_openssl(&list[3], NID_ext_key_usage,
	    "serverAuth,clientAuth", "");
	plan.ext_key_usage = (struct ext_texts)TEXTS("OCSPSigning");
	plan.ocsp_no_check = true;
	assert_int_equal(write_and_read(&plan, &responder, list), 5);
	expect_as_openssl(&list[4], NID_id_pkix_OCSP_noCheck, "yes", "");
	ext_show(&list[4], &shown);
	assert_string_equal(buf_cstr(&shown), "yes");
}

/* An identifier may be another one than a SHA-1 (RFC 7093). */
static void
test_subject_key_of_any_length(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct ext_plan plan = plan_ca(-1);
	struct ext list[16];

	(void)state;
	plan.subject_key = (const uint8_t *)"identifier";
	plan.subject_key_len = 10;
	assert_int_equal(write_and_read(&plan, &der, list), 3);
	expect_ext(&list[1], NID_subject_key_identifier, false,
	    BYTES("\x04\x0aidentifier"));
}

static void
test_copies_that_may_be_critical(void **state)
{
	static const struct {
		const char *oid;
		bool may;
	} rows[] = {
		{ "2.5.29.17", true }, { "2.5.29.37", true },
		{ "2.5.29.32", true }, { "1.3.6.1.5.5.7.1.11", false },
		{ "1.3.6.1.4.1.311.21.1", false },
		{ "1.3.6.1.4.1.311.21.2", false },
		{ "1.3.6.1.4.1.311.20.2", false },
	};

	(void)state;
	assert_null(ext_copyable_names[COUNT(rows)]);
	for (size_t n = 0; n < COUNT(rows); n++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(rows[n].oid, 1);
		struct ext ext = {
			.oid = bytes_of(OBJ_get0_data(oid), OBJ_length(oid)),
		};

		assert_int_equal(ext_may_copy_critical(&ext), rows[n].may);
		ASN1_OBJECT_free(oid);
	}
}

/* Two URLs of one CRL: two names of one point. */
static void
test_crl_urls_share_a_point(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct ext_plan plan = plan_ca(-1);
	struct ext list[16];

	(void)state;
	plan.crl_urls = (struct ext_texts)TEXTS("http://a", "http://b");
	assert_int_equal(write_and_read(&plan, &der, list), 4);
	expect_ext(&list[3], NID_crl_distribution_points, false,
	    BYTES("\x30\x1a\x30\x18\xa0\x16\xa0\x14"
	    "\x86\x08http://a\x86\x08http://b"));
}

/* The certificate that AWS Private CA documents, byte for byte. */
static void
test_documented_root(void **state)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf ours = { 0 };
	struct ext_plan plan = plan_ca(-1);
	struct fail fail = { 0 };
	struct ext list[16];
	struct bytes key, rest;
	size_t count;

	(void)state;
	assert_int_equal(file_load(
	    "tests/fixtures/acm-pca-documented-root.pem", 65536, &file,
	    &fail), 0);
	assert_int_equal(text_read_pem(buf_bytes(&file), labels, &der,
	    &fail), 0);
	rest = bytes_of(der.data + 597, 66);	/* openssl asn1parse */
	assert_int_equal(ext_read(rest, list, 16, &count, &fail), 0);
	assert_int_equal(count, 3);
	assert_int_equal(ext_read_subject_key(&list[1], &key, &fail), 0);
	assert_int_equal(key.len, DIGEST_SHA1_LEN);
	plan.subject_key = key.data;
	assert_int_equal(ext_write(&plan, &ours, &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&ours), rest));
}

static void
expect_write_refused(const struct ext_plan *plan, const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(ext_write(plan, &der, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(der.len, 0);
}

static void
test_write_refuses(void **state)
{
	struct ext_plan plan = plan_ca(-1);
	struct ext_policy policy = { "1.2.03", NULL };
	const struct ext_plan good = plan;

	(void)state;
	plan.ca = false;
	plan.path_length = 0;
	expect_write_refused(&plan, "basicConstraints: path length 0 without "
	    "CA (RFC 5280, 4.2.1.9)");
	plan = good;
	plan.ext_key_usage = (struct ext_texts)TEXTS("serverAuht");
	expect_write_refused(&plan, "extendedKeyUsage: serverAuht: unknown "
	    "extended key usage, is serverAuth meant?");
	plan.ext_key_usage = (struct ext_texts)TEXTS("anything else");
	expect_write_refused(&plan, "extendedKeyUsage: anything else: "
	    "unknown extended key usage");
	plan.ext_key_usage = (struct ext_texts)TEXTS("1.2 3");
	expect_write_refused(&plan, "extendedKeyUsage: 1.2 3: not an OID");
	plan = good;
	plan.policies = &policy;
	plan.policy_count = 1;
	expect_write_refused(&plan,
	    "certificatePolicies: 1.2.03: not an OID");
	policy = (struct ext_policy){ "1.2.3", "example.com/cps" };
	expect_write_refused(&plan, "certificatePolicies: example.com/cps: "
	    "not an http, https or ldap URL");
	plan = good;
	plan.ocsp_urls = (struct ext_texts)TEXTS("http:///x");
	expect_write_refused(&plan, "authorityInfoAccess: http:///x: "
	    "not an http, https or ldap URL");
	plan = good;
	plan.crl_urls = (struct ext_texts)TEXTS("http://a/b c");
	expect_write_refused(&plan, "crlDistributionPoints: http://a/b c: "
	    "not an http, https or ldap URL");
}

static void
test_write_refuses_constraints(void **state)
{
	static const struct {
		const char *text, *sentence;
	} ranges[] = {
		{ "10.0.0.0", "nameConstraints: 10.0.0.0: not an IP range, "
		    "want 10.0.0.0/8 or 2001:db8::/32" },
		{ "10.0.0.0/33", "nameConstraints: 10.0.0.0/33: not an IP "
		    "range, want 10.0.0.0/8 or 2001:db8::/32" },
		{ "10.0.0.1/8", "nameConstraints: 10.0.0.1/8: address bits "
		    "behind the prefix" },
		{ "2001:db8::1/32", "nameConstraints: 2001:db8::1/32: "
		    "address bits behind the prefix" },
		{ "::/129", "nameConstraints: ::/129: not an IP range, "
		    "want 10.0.0.0/8 or 2001:db8::/32" },
	};
	struct ext_plan plan = plan_ca(-1);
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(ranges); n++) {
		plan.excluded.ip = (struct ext_texts)TEXTS(ranges[n].text);
		expect_write_refused(&plan, ranges[n].sentence);
	}
	plan = plan_ca(-1);
	plan.permitted.dns = (struct ext_texts)TEXTS("*.example.com");
	expect_write_refused(&plan,
	    "nameConstraints: *.example.com: not a DNS name");
	plan.permitted.dns = (struct ext_texts)TEXTS("a..b");
	expect_write_refused(&plan, "nameConstraints: a..b: not a DNS name");
	plan.permitted.dns = (struct ext_texts)TEXTS(".example.com");
	expect_write_refused(&plan,
	    "nameConstraints: .example.com: not a DNS name");
	plan = plan_ca(-1);
	plan.permitted.email = (struct ext_texts)TEXTS("@example.com");
	expect_write_refused(&plan, "nameConstraints: @example.com: not a "
	    "mailbox, host or .domain");
	plan.permitted.email = (struct ext_texts)TEXTS("a@b@c");
	expect_write_refused(&plan, "nameConstraints: a@b@c: not a mailbox, "
	    "host or .domain");
}

#define BC_TRUE "\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05" \
	"\x30\x03\x01\x01\xff"

static void
test_read_refuses(void **state)
{
	static const struct {
		struct bytes der;
		const char *sentence;
	} cases[] = {
		{ { (const uint8_t *)"\x30\x00", 2 },
		    "extensions: none in the list, want one at least" },
		{ { (const uint8_t *)"\x31\x00", 2 },
		    "extensions: want SEQUENCE, have SET" },
		{ { (const uint8_t *)"\x30\x80\x00\x00", 4 },
		    "extensions: not DER: indefinite length" },
		{ { (const uint8_t *)"\x30\x22" BC_TRUE BC_TRUE, 36 },
		    "extension basicConstraints twice" },
		{ { (const uint8_t *)"\x30\x0c\x30\x0a\x06\x03\x55\x1d\x13"
		    "\x01\x01\x00\x04\x00", 14 },
		    "extension 1: critical FALSE written out" },
		{ { (const uint8_t *)"\x30\x0f\x30\x0d\x06\x03\x55\x1d\x13"
		    "\x04\x06\x30\x03\x01\x01\xff\x00", 17 },
		    "extension basicConstraints: trailing bytes" },
		{ { (const uint8_t *)"\x30\x0e\x30\x0c\x06\x03\x55\x1d\x13"
		    "\x04\x05\x30\x03\x01\x01\x01", 16 },
		    "extension basicConstraints: not DER: "
		    "BOOLEAN but 00 and FF" },
		{ { (const uint8_t *)"\x30\x0e\x30\x0c\x06\x03\x55\x1d\x13"
		    "\x04\x05\x30\x03\x01\x01\x00", 16 },
		    "extension basicConstraints: not DER: "
		    "another encoding than its value has" },
		{ { (const uint8_t *)"\x30\x0b\x30\x09\x06\x03\x55\x1d\x13"
		    "\x04\x02\x05\x00", 13 },
		    "extension basicConstraints does not parse: " },
		{ { (const uint8_t *)"\x30\x0d\x30\x0b\x06\x03\x55\x1d\x0f"
		    "\x04\x02\x05\x00\x05\x00", 15 },
		    "extension 1: trailing bytes" },
	};
	struct ext list[16];
	size_t count = 99, n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		struct fail fail = { 0 };

		assert_int_equal(ext_read(cases[n].der, list, 16, &count,
		    &fail), -1);
		/* What follows the last one's colon is OpenSSL's. */
		assert_int_equal(strncmp(fail.sentence, cases[n].sentence,
		    strlen(cases[n].sentence)), 0);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_int_equal(count, 99);
	}
}

static void
test_read_bounds(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct ext_plan plan = plan_ca(-1);
	struct fail fail = { 0 };
	struct ext list[2];
	size_t count;

	(void)state;
	assert_int_equal(ext_write(&plan, &der, &fail), 0);
	assert_int_equal(ext_read(buf_bytes(&der), list, 2, &count, &fail),
	    -1);
	assert_string_equal(fail.sentence, "extensions: 3, at most 2");
}

static void
test_facts(void **state)
{
	struct ext ext = { .value = BYTES("\x30\x06\x01\x01\xff\x02\x01\x03") };
	struct fail fail = { 0 };
	struct bytes key = BYTES("x");
	unsigned usage = 77;
	bool ca = false;
	int length = 0;

	(void)state;
	assert_int_equal(ext_read_basic_constraints(&ext, &ca, &length,
	    &fail), 0);
	assert_true(ca);
	assert_int_equal(length, 3);
	ext.value = BYTES("\x30\x00");
	assert_int_equal(ext_read_basic_constraints(&ext, &ca, &length,
	    &fail), 0);
	assert_false(ca);
	assert_int_equal(length, -1);
	ext.value = BYTES("\x30\x06\x01\x01\xff\x02\x01\xff");
	assert_int_equal(ext_read_basic_constraints(&ext, &ca, &length,
	    &fail), -1);
	assert_string_equal(fail.sentence, "extension basicConstraints: path "
	    "length out of range");
	ext.value = BYTES("\x05\x00");
	assert_int_equal(ext_read_basic_constraints(&ext, &ca, &length,
	    &fail), -1);
	assert_non_null(strstr(fail.sentence, "does not parse"));
	assert_int_equal(ext_read_key_usage(&ext, &usage, &fail), -1);
	assert_non_null(strstr(fail.sentence, "keyUsage does not parse"));
	ext.value = BYTES("\x03\x01\x00");
	assert_int_equal(ext_read_key_usage(&ext, &usage, &fail), -1);
	assert_string_equal(fail.sentence, "extension keyUsage: no bit set, "
	    "want one at least (RFC 5280, 4.2.1.3)");
	assert_int_equal(usage, 77);
	ext.value = BYTES("\x04\x00");
	assert_int_equal(ext_read_subject_key(&ext, &key, &fail), -1);
	assert_string_equal(fail.sentence,
	    "extension subjectKeyIdentifier: no octets");
	assert_int_equal(ext_read_authority_key(&ext, &key, &fail), -1);
	assert_string_equal(fail.sentence, "extension authorityKeyIdentifier: "
	    "want SEQUENCE, have OCTET STRING");
	assert_int_equal(key.len, 1);
	ext.value = BYTES("\x30\x03\x80\x01k");
	assert_int_equal(ext_read_authority_key(&ext, &key, &fail), 0);
	assert_true(bytes_is_equal(key, BYTES("k")));
	ext.value = BYTES("\x30\x00");
	assert_int_equal(ext_read_authority_key(&ext, &key, &fail), 0);
	assert_int_equal(key.len, 0);
}

/* One element of the type, and not an empty one. */
static void
test_microsofts_are_read(void **state)
{
	static const struct {
		struct bytes oid, value;
		const char *sentence;
	} rows[] = {
#define ROW(oid, value, sentence) { { (const uint8_t *)oid, 9 }, \
	{ (const uint8_t *)value, sizeof(value) - 1 }, sentence }
#define ARC "\x2b\x06\x01\x04\x01\x82\x37"
		ROW(ARC "\x15\x01", "\x02\x01\x00", NULL),
		ROW(ARC "\x15\x02", "\x04\x01x", NULL),
		ROW(ARC "\x14\x02", "\x1e\x02\0S", NULL),
		ROW(ARC "\x15\x01", "\x04\x01x", "extension msCaVersion: want "
		    "one INTEGER that is not empty"),
		ROW(ARC "\x15\x01", "\x02\x01\x00\x00",
		    "extension msCaVersion: trailing bytes"),
		ROW(ARC "\x15\x01", "", "extension msCaVersion: "),
		ROW(ARC "\x15\x02", "\x04\x00", "extension "
		    "msPreviousCaHash: want one OCTET STRING that is not "
		    "empty"),
		ROW(ARC "\x14\x02", "\x1e\x00", "extension "
		    "msEnrollCertType: want one BMPString that is not empty"),
		ROW(ARC "\x14\x02", "\x1e\x03\0S\0", "extension "
		    "msEnrollCertType: want one BMPString that is not empty"),
		ROW(ARC "\x14\x02", "\x0c\x01S", "extension "
		    "msEnrollCertType: want one BMPString that is not empty"),
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(buf_release) struct buf der = { 0 };
		size_t list = der_begin(&der, DER_SEQUENCE), one;
		struct fail fail = { 0 };
		struct ext out[1];
		size_t count;

		one = der_begin(&der, DER_SEQUENCE);
		der_put(&der, DER_OID, rows[n].oid);
		der_put(&der, DER_OCTET_STRING, rows[n].value);
		der_end(&der, one);
		der_end(&der, list);
		assert_int_equal(ext_read(buf_bytes(&der), out, 1, &count,
		    &fail), rows[n].sentence == NULL ? 0 : -1);
		if (rows[n].sentence == NULL)
			continue;
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_memory_equal(fail.sentence, rows[n].sentence,
		    strlen(rows[n].sentence));
	}
}

static void
test_oid_names(void **state)
{
	static const struct {
		const char *oid, *name;
	} cases[] = {
		{ "2.5.29.19", "basicConstraints" },
		{ "2.5.29.17", "subjectAltName" },
		{ "1.3.6.1.4.1.311.21.1", "msCaVersion" },
		{ "1.3.6.1.4.1.311.21.2", "msPreviousCaHash" },
		{ "1.3.6.1.4.1.311.20.2", "msEnrollCertType" },
		{ "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.1" },
	};
	ASN1_OBJECT *object;
	char name[128];
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		object = OBJ_txt2obj(cases[n].oid, 1);
		ext_show_oid(bytes_of(OBJ_get0_data(object),
		    OBJ_length(object)), name, sizeof(name));
		assert_string_equal(name, cases[n].name);
		ASN1_OBJECT_free(object);
	}
}

static void
test_show(void **state)
{
	static const struct {
		const char *name, *value, *shown;
	} cases[] = {
		{ "basicConstraints", "CA:TRUE,pathlen:0",
		    "CA:TRUE, pathlen:0" },
		{ "keyUsage", "digitalSignature,keyCertSign",
		    "digitalSignature, keyCertSign" },
		{ "extendedKeyUsage", "serverAuth",
		    "TLS Web Server Authentication" },
		{ "subjectAltName", "DNS:a.example,DNS:b",
		    "DNS:a.example, DNS:b" },
		{ "crlDistributionPoints", "URI:http://a/b",
		    "Full Name: URI:http://a/b" },
	};
	X509_EXTENSION *extension;
	const ASN1_OBJECT *oid;
	struct ext ext;
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf out = { 0 };

		extension = X509V3_EXT_nconf(NULL, NULL, cases[n].name,
		    cases[n].value);
		assert_non_null(extension);
		oid = X509_EXTENSION_get_object(extension);
		ext.oid = bytes_of(OBJ_get0_data(oid), OBJ_length(oid));
		ext.critical = false;
		ext.value = bytes_of(ASN1_STRING_get0_data(
		    X509_EXTENSION_get_data(extension)),
		    (size_t)ASN1_STRING_length(
		    X509_EXTENSION_get_data(extension)));
		ext_show(&ext, &out);
		assert_string_equal(buf_cstr(&out), cases[n].shown);
		X509_EXTENSION_free(extension);
	}
}

static void
test_show_unknown_as_hex(void **state)
{
	AUTO(buf_release) struct buf out = { 0 };
	struct ext ext = {
		.oid = BYTES("\x2b\x06\x01\x04\x01\x86\x8d\x1f\x01"),
		.value = BYTES("\x1b[0m"),
	};

	(void)state;
	ext_show(&ext, &out);
	buf_text(&out, " ");
	ext.oid = BYTES("\x55\x1d\x13");
	ext_show(&ext, &out);
	buf_text(&out, " ");
	ext.oid = BYTES("\x55\x1d\x11");
	ext_show(&ext, &out);
	assert_string_equal(buf_cstr(&out), "1b5b306d 1b5b306d 1b5b306d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_template),
		cmocka_unit_test(test_subordinate_templates),
		cmocka_unit_test(test_key_usage_bits),
		cmocka_unit_test(test_end_entities),
		cmocka_unit_test(test_subject_key_of_any_length),
		cmocka_unit_test(test_copies_that_may_be_critical),
		cmocka_unit_test(test_every_part),
		cmocka_unit_test(test_crl_urls_share_a_point),
		cmocka_unit_test(test_documented_root),
		cmocka_unit_test(test_write_refuses),
		cmocka_unit_test(test_write_refuses_constraints),
		cmocka_unit_test(test_read_refuses),
		cmocka_unit_test(test_read_bounds),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_microsofts_are_read),
		cmocka_unit_test(test_oid_names),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_show_unknown_as_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
