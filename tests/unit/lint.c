/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/lint.h>
#include <anchorite/x509/name.h>

#define BYTES(text) { (const uint8_t *)(text), sizeof(text) - 1 }
#define NOW  INT64_C(1795242648)	/* 2026-11-21T06:30:48Z */
#define DAY  INT64_C(86400)
#define YEAR (365 * DAY)
#define CA_USAGE (1U << EXT_KU_DIGITAL_SIGNATURE | \
	1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN)
#define EXTENSIONS 12

/* A to-be-signed certificate by its parts, each of which a test may spoil. */
struct parts {
	struct bytes version;		/* [0], or nothing */
	struct bytes serial;		/* contents of the INTEGER */
	struct bytes alg, issuer, validity, subject, spki;
	struct ext extensions[EXTENSIONS];
	size_t count;
};

struct fixture {
	EVP_PKEY *root_key, *key;
	const struct alg *alg;
	struct buf root_name, name, root_spki, spki;
	struct buf validity, extensions, root_extensions;
	uint8_t root_identifier[DIGEST_SHA1_LEN];
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert *root;
	struct lint *lint, *self_lint;
	struct parts parts, root_parts;	/* good ones */
};

static void
put_validity(struct buf *out, int64_t before, int64_t after)
{
	size_t mark = der_begin(out, DER_SEQUENCE);

	der_put_time(out, before);
	der_put_time(out, after);
	der_end(out, mark);
}

static void
put_tbs(const struct parts *parts, struct buf *out)
{
	size_t all = der_begin(out, DER_SEQUENCE), tagged, list, one, n;

	buf_put(out, parts->version);
	der_put(out, DER_INTEGER, parts->serial);
	buf_put(out, parts->alg);
	buf_put(out, parts->issuer);
	buf_put(out, parts->validity);
	buf_put(out, parts->subject);
	buf_put(out, parts->spki);
	tagged = der_begin(out, DER_CONTEXT_CONSTRUCTED(3));
	list = der_begin(out, DER_SEQUENCE);
	for (n = 0; n < parts->count; n++) {
		one = der_begin(out, DER_SEQUENCE);
		der_put(out, DER_OID, parts->extensions[n].oid);
		if (parts->extensions[n].critical)
			der_put_bool(out, true);
		der_put(out, DER_OCTET_STRING, parts->extensions[n].value);
		der_end(out, one);
	}
	der_end(out, list);
	der_end(out, tagged);
	der_end(out, all);
}

static void
identify(const EVP_PKEY *key, struct buf *spki, uint8_t *identifier)
{
	struct fail fail = { 0 };

	assert_int_equal(spki_write(key, spki, &fail), 0);
	assert_int_equal(spki_identifier(buf_bytes(spki), identifier, &fail),
	    0);
}

static void
write_extensions(const struct ext_plan *plan, struct buf *der,
    struct parts *parts)
{
	struct fail fail = { 0 };

	assert_int_equal(ext_write(plan, der, &fail), 0);
	assert_int_equal(ext_read(buf_bytes(der), parts->extensions,
	    EXTENSIONS, &parts->count, &fail), 0);
}

/* The root, with path length 2, signed by its own key. */
static void
make_root(struct fixture *fixture)
{
	const struct ext_plan plan = {
		.ca = true, .path_length = 2, .key_usage = CA_USAGE,
		.subject_key = fixture->root_identifier,
	};
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };

	fixture->root_parts = fixture->parts;
	fixture->root_parts.subject = buf_bytes(&fixture->root_name);
	fixture->root_parts.spki = buf_bytes(&fixture->root_spki);
	write_extensions(&plan, &fixture->root_extensions,
	    &fixture->root_parts);
	put_tbs(&fixture->root_parts, &tbs);
	assert_int_equal(alg_sign(fixture->alg, fixture->root_key,
	    buf_bytes(&tbs), &signature, &fail), 0);
	alg_wrap(fixture->alg, buf_bytes(&tbs), buf_bytes(&signature), &der);
	assert_int_equal(cert_read(buf_bytes(&der), &fixture->root, &fail),
	    0);
}

static struct fixture *
make(EVP_PKEY *root_key, enum key_kind kind, const char *alg)
{
	static const struct bytes version = BYTES("\xa0\x03\x02\x01\x02");
	static const struct bytes serial = BYTES("\x40\x01");
	static const struct name_pair root = { "CN", "Root" };
	static const struct name_pair sub = { "CN", "Sub" };
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	const struct ext_plan plan = {
		.ca = true, .path_length = 0, .key_usage = CA_USAGE,
		.subject_key = fixture->identifier,
		.authority_key = fixture->root_identifier,
	};
	struct fail fail = { 0 };

	fixture->root_key = root_key;
	fixture->key = EVP_EC_gen("P-256");
	fixture->alg = alg_find(alg);
	identify(root_key, &fixture->root_spki, fixture->root_identifier);
	identify(fixture->key, &fixture->spki, fixture->identifier);
	assert_int_equal(name_write(&root, 1, &fixture->root_name, &fail), 0);
	assert_int_equal(name_write(&sub, 1, &fixture->name, &fail), 0);
	put_validity(&fixture->validity, NOW - 3600, NOW + 10 * YEAR);
	fixture->parts = (struct parts){
		.version = version, .serial = serial,
		.alg = fixture->alg->der,
		.issuer = buf_bytes(&fixture->root_name),
		.validity = buf_bytes(&fixture->validity),
		.subject = buf_bytes(&fixture->name),
		.spki = buf_bytes(&fixture->spki),
	};
	write_extensions(&plan, &fixture->extensions, &fixture->parts);
	make_root(fixture);
	assert_int_equal(lint_open(kind, fixture->root, &fixture->lint,
	    &fail), 0);
	assert_int_equal(lint_open(kind, NULL, &fixture->self_lint, &fail),
	    0);
	return fixture;
}

static void
release(struct fixture **fixture)
{
	struct fixture *f = *fixture;

	lint_release(&f->lint);
	lint_release(&f->self_lint);
	cert_release(&f->root);
	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->key);
	buf_release(&f->root_name);
	buf_release(&f->name);
	buf_release(&f->root_spki);
	buf_release(&f->spki);
	buf_release(&f->validity);
	buf_release(&f->extensions);
	buf_release(&f->root_extensions);
	free(f);
	*fixture = NULL;
}

static int
setup(void **state)
{
	*state = make(EVP_EC_gen("P-256"), KEY_EC_P256, "ecdsa-sha256");
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	release(&fixture);
	return 0;
}

static const struct lint_aim a_ca = { .ca = true };
static const struct lint_aim an_end_entity = { .ca = false };

static int
judge_as(const struct lint *lint, const struct alg *alg,
    const struct parts *parts, const struct lint_aim *aim, struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };

	put_tbs(parts, &tbs);
	return lint_certificate(lint, alg, buf_bytes(&tbs), aim, NOW, fail);
}

static int
judge(const struct lint *lint, const struct alg *alg,
    const struct parts *parts, struct fail *fail)
{
	return judge_as(lint, alg, parts, &a_ca, fail);
}

static void
expect_refused_by(const struct lint *lint, const struct alg *alg,
    const struct parts *parts, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(judge(lint, alg, parts, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
expect_refused(const struct fixture *fixture, const struct parts *parts,
    const char *sentence)
{
	expect_refused_by(fixture->lint, fixture->alg, parts, sentence);
}

static void
expect_root_refused(const struct fixture *fixture, const struct parts *parts,
    const char *sentence)
{
	expect_refused_by(fixture->self_lint, fixture->alg, parts, sentence);
}

static struct ext *
part(struct parts *parts, int nid)
{
	size_t n;

	for (n = 0; n < parts->count; n++)
		if (ext_find(&parts->extensions[n], 1, nid) != NULL)
			break;
	assert_true(n < parts->count);
	return &parts->extensions[n];
}

static void
drop(struct parts *parts, int nid)
{
	struct ext *gone = part(parts, nid);

	*gone = parts->extensions[--parts->count];
}

static void
add(struct parts *parts, int nid, bool critical, struct bytes value)
{
	const ASN1_OBJECT *oid = OBJ_nid2obj(nid);

	parts->extensions[parts->count++] = (struct ext){
		bytes_of(OBJ_get0_data(oid), OBJ_length(oid)), critical, value,
	};
}

static void
test_every_kind_passes(void **state)
{
	static const struct {
		const char *curve;
		unsigned bits;
		enum key_kind kind;
		const char *alg;
	} cases[] = {
		{ "P-256", 0, KEY_EC_P256, "ecdsa-sha256" },
		{ "P-384", 0, KEY_EC_P384, "ecdsa-sha384" },
		{ "P-521", 0, KEY_EC_P521, "ecdsa-sha512" },
		{ NULL, 2048, KEY_RSA_2048, "rsa-sha256" },
		{ NULL, 3072, KEY_RSA_3072, "rsa-pss-sha256" },
		{ NULL, 4096, KEY_RSA_4096, "rsa-sha512" },
	};
	struct fixture *fixture;
	struct fail fail = { 0 };
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		fixture = make(cases[n].curve != NULL ?
		    EVP_EC_gen(cases[n].curve) : EVP_RSA_gen(cases[n].bits),
		    cases[n].kind, cases[n].alg);
		assert_int_equal(judge(fixture->lint, fixture->alg,
		    &fixture->parts, &fail), 0);
		assert_int_equal(judge(fixture->self_lint, fixture->alg,
		    &fixture->root_parts, &fail), 0);
		release(&fixture);
	}
}

static void
test_open_refuses_another_kind(void **state)
{
	const struct fixture *fixture = *state;
	struct lint *lint = NULL;
	struct fail fail = { 0 };

	assert_int_equal(lint_open(KEY_EC_P384, fixture->root, &lint, &fail),
	    -1);
	assert_string_equal(fail.sentence,
	    "lint: issuer's key is ec-p256, want ec-p384");
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_null(lint);
}

static void
test_version(void **state)
{
	static const struct bytes two = BYTES("\xa0\x03\x02\x01\x01");
	static const struct bytes none = BYTES("");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;

	parts.version = two;
	expect_refused(fixture, &parts, "lint: version (RFC 5280, 4.1.2.1): "
	    "2, want 3");
	parts.version = none;
	expect_refused(fixture, &parts, "lint: version (RFC 5280, 4.1.2.1): "
	    "1, want 3");
}

static void
test_serial(void **state)
{
	static const struct {
		struct bytes serial;
		const char *sentence;
	} cases[] = {
		{ BYTES("\0"),
		    "lint: serial number (RFC 5280, 4.1.2.2): zero" },
		{ BYTES("\x80"),
		    "lint: serial number (RFC 5280, 4.1.2.2): negative" },
		{ BYTES("\x00\x80" "0123456789012345678"),
		    "lint: serial number (RFC 5280, 4.1.2.2): 21 octets, "
		    "at most 20" },
		{ BYTES("\x40" "01234567890123456789"),
		    "lint: serial number (RFC 5280, 4.1.2.2): 21 octets, "
		    "at most 20" },
	};
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	size_t n;

	for (n = 0; n < COUNT(cases); n++) {
		parts.serial = cases[n].serial;
		expect_refused(fixture, &parts, cases[n].sentence);
	}
}

static void
test_algorithm(void **state)
{
	static const struct bytes sha1 =
	    BYTES("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01");
	static const struct bytes sha224 =
	    BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct alg weak = *fixture->alg;

	parts.alg = alg_find("ecdsa-sha384")->der;
	expect_refused(fixture, &parts, "lint: algorithm (RFC 5280, 4.1.1.2)"
	    ": the one within is not ecdsa-sha256");
	expect_refused_by(fixture->lint, alg_find("ecdsa-sha384"), &parts,
	    "lint: algorithm (RFC 5280, 4.1.1.2): ecdsa-sha384 does not fit "
	    "a key of kind ec-p256");
	weak.der = parts.alg = sha1;
	expect_refused_by(fixture->lint, &weak, &parts, "lint: hash "
	    "(SP 800-131A, 3): SHA1, want SHA-256, SHA-384 or SHA-512");
	weak.der = parts.alg = sha224;
	expect_refused_by(fixture->lint, &weak, &parts, "lint: hash "
	    "(SP 800-131A, 3): SHA224, want SHA-256, SHA-384 or SHA-512");
}

/* A strong hash and an algorithm that OpenSSL knows and we do not take. */
static void
test_algorithm_not_accepted(void **state)
{
	static const struct bytes dsa =
	    BYTES("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x02");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct alg other = *fixture->alg;

	other.name = "dsa-sha256";
	other.der = parts.alg = dsa;
	expect_refused_by(fixture->lint, &other, &parts, "lint: algorithm "
	    "(RFC 5280, 4.1.1.2): dsa-sha256 is not accepted");
}

static void
test_names(void **state)
{
	static const struct bytes empty = BYTES("\x30\x00");
	/* CN=Root, but a PrintableString. */
	static const struct bytes printable = BYTES("\x30\x0f\x31\x0d\x30\x0b"
	    "\x06\x03\x55\x04\x03\x13\x04Root");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;

	parts.issuer = printable;
	expect_refused(fixture, &parts, "lint: issuer (RFC 5280, 4.1.2.4): "
	    "differs from the subject of the issuer's certificate");
	parts = fixture->root_parts;
	parts.issuer = printable;
	expect_root_refused(fixture, &parts, "lint: issuer (RFC 5280, "
	    "4.1.2.4): differs from the subject of the issuer's certificate");
	parts = fixture->parts;
	parts.subject = empty;
	expect_refused(fixture, &parts,
	    "lint: subject (RFC 5280, 4.1.2.6): empty");
	parts.subject = parts.issuer;
	expect_refused(fixture, &parts, "lint: subject (RFC 5280, 4.1.2.6): "
	    "the issuer's own name");
}

static void
test_time_forms(void **state)
{
	static const struct {
		struct bytes validity;
		const char *sentence;
	} cases[] = {
		{ BYTES("\x30\x20\x18\x0f" "20270101000000Z"
		    "\x17\x0d" "280101000000Z"), "lint: time (RFC 5280, "
		    "4.1.2.5): notBefore: GeneralizedTime for the year 2027" },
		{ BYTES("\x30\x20\x17\x0d" "270101000000Z"
		    "\x18\x0f" "20490101000000Z"), "lint: time (RFC 5280, "
		    "4.1.2.5): notAfter: GeneralizedTime for the year 2049" },
		{ BYTES("\x30\x22\x17\x0d" "270101000000Z"
		    "\x18\x11" "20500101000000.5Z"), "lint: time (RFC 5280, "
		    "4.1.2.5): notAfter: not in whole seconds and Z" },
		{ BYTES("\x30\x1c\x17\x0b" "2701010000Z"
		    "\x17\x0d" "280101000000Z"), "lint: time (RFC 5280, "
		    "4.1.2.5): notBefore: not in whole seconds and Z" },
		{ BYTES("\x30\x1e\x17\x0d" "271301000000Z"
		    "\x17\x0d" "280101000000Z"), "lint: time (RFC 5280, "
		    "4.1.2.5): notBefore: not a time" },
	};
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	size_t n;

	for (n = 0; n < COUNT(cases); n++) {
		parts.validity = cases[n].validity;
		expect_refused(fixture, &parts, cases[n].sentence);
	}
}

static void
test_validity(void **state)
{
	static const struct {
		int64_t before, after;
		const char *sentence;
	} cases[] = {
		{ NOW + 1, NOW, "lint: validity (RFC 5280, 4.1.2.5): "
		    "notBefore 2026-11-21T06:30:49Z is after notAfter "
		    "2026-11-21T06:30:48Z" },
		{ NOW - 3601, NOW + YEAR, "lint: validity (RFC 5280, "
		    "4.1.2.5): issuer's notBefore 2026-11-21T05:30:48Z is "
		    "after notBefore 2026-11-21T05:30:47Z" },
		{ NOW, NOW + 10 * YEAR + 1, "lint: validity (RFC 5280, "
		    "4.1.2.5): notAfter 2036-11-18T06:30:49Z is after "
		    "issuer's notAfter 2036-11-18T06:30:48Z" },
	};
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	size_t n;

	for (n = 0; n < COUNT(cases); n++) {
		AUTO(buf_release) struct buf validity = { 0 };

		put_validity(&validity, cases[n].before, cases[n].after);
		parts.validity = buf_bytes(&validity);
		expect_refused(fixture, &parts, cases[n].sentence);
	}
}

/* Valid from tomorrow is fine; valid until yesterday is not. */
static void
test_moment(void **state)
{
	const struct fixture *fixture = *state;
	AUTO(buf_release) struct buf later = { 0 };
	AUTO(buf_release) struct buf past = { 0 };
	struct parts parts = fixture->parts;
	struct fail fail = { 0 };

	put_validity(&later, NOW + DAY, NOW + YEAR);
	parts.validity = buf_bytes(&later);
	assert_int_equal(judge(fixture->lint, fixture->alg, &parts, &fail),
	    0);
	put_validity(&past, NOW - 3600, NOW - 1);
	parts.validity = buf_bytes(&past);
	expect_refused(fixture, &parts, "lint: path (RFC 5280, 6.1): "
	    "certificate has expired");
	parts = fixture->root_parts;
	parts.validity = buf_bytes(&past);
	expect_root_refused(fixture, &parts, "lint: path (RFC 5280, 6.1): "
	    "certificate has expired");
}

static void
test_public_key(void **state)
{
	static const struct bytes junk = BYTES("\x30\x0d\x30\x07\x06\x03\x2a"
	    "\x03\x04\x05\x00\x03\x02\x00\x01");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	AUTO(buf_release) struct buf weak = { 0 };
	EVP_PKEY *keys[] = { EVP_EC_gen("prime192v1"), EVP_RSA_gen(1024) };
	static const char *const sentences[] = {
		"lint: public key (SP 800-57 part 1, 5.6): EC of 192 bits "
		"has a strength of 80 bits, want 112 at least",
		"lint: public key (SP 800-57 part 1, 5.6): RSA of 1024 bits "
		"has a strength of 80 bits, want 112 at least",
	};
	struct fail fail = { 0 };
	size_t n;

	for (n = 0; n < COUNT(keys); n++) {
		assert_int_equal(spki_write(keys[n], &weak, &fail), 0);
		parts.spki = buf_bytes(&weak);
		expect_refused(fixture, &parts, sentences[n]);
		buf_release(&weak);
		EVP_PKEY_free(keys[n]);
	}
	parts.spki = junk;
	assert_int_equal(judge(fixture->lint, fixture->alg, &parts, &fail),
	    -1);
	assert_int_equal(strncmp(fail.sentence, "lint: public key "
	    "(SP 800-57 part 1, 5.6): does not decode", 57), 0);
}

static void
test_extensions_unique(void **state)
{
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;

	parts.extensions[parts.count++] = parts.extensions[1];
	expect_refused(fixture, &parts, "lint: extensions (RFC 5280, 4.2): "
	    "authorityKeyIdentifier twice");
}

static void
test_critical(void **state)
{
	static const struct {
		int nid;
		struct bytes value;
		const char *name;
	} cases[] = {
		{ NID_info_access, BYTES("\x30\x11\x30\x0f\x06\x08\x2b\x06\x01"
		    "\x05\x05\x07\x30\x01\x86\x03" "a:b"),
		    "authorityInfoAccess" },
		{ NID_crl_distribution_points, BYTES("\x30\x0b\x30\x09\xa0\x07"
		    "\xa0\x05\x86\x03" "a:b"), "crlDistributionPoints" },
		{ NID_freshest_crl, BYTES("\x30\x0b\x30\x09\xa0\x07"
		    "\xa0\x05\x86\x03" "a:b"), "freshestCRL" },
		{ NID_policy_constraints, BYTES("\x30\x03\x80\x01\x00"),
		    "policyConstraints" },
		{ NID_tlsfeature, BYTES("\x30\x03\x02\x01\x05"),
		    "tlsfeature" },
	};
	const struct fixture *fixture = *state;
	char sentence[256];
	struct fail fail = { 0 };
	size_t n;

	for (n = 0; n < COUNT(cases); n++) {
		struct parts parts = fixture->parts;

		add(&parts, cases[n].nid, true, cases[n].value);
		snprintf(sentence, sizeof(sentence), "lint: critical (AWS "
		    "Private CA, ImportCertificateAuthorityCertificate): %s "
		    "must not be critical", cases[n].name);
		expect_refused(fixture, &parts, sentence);
		part(&parts, cases[n].nid)->critical = false;
		assert_int_equal(judge(fixture->lint, fixture->alg, &parts,
		    &fail), 0);
	}
}

static void
test_basic_constraints(void **state)
{
	static const struct bytes leaf = BYTES("\x30\x00");
	static const struct bytes limited = BYTES("\x30\x03\x02\x01\x00");
	static const struct bytes junk = BYTES("\x05\x00");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct fail fail = { 0 };

	drop(&parts, NID_basic_constraints);
	expect_refused(fixture, &parts, "lint: basicConstraints (RFC 5280, "
	    "4.2.1.9): absent");
	parts = fixture->parts;
	part(&parts, NID_basic_constraints)->critical = false;
	expect_refused(fixture, &parts, "lint: basicConstraints (RFC 5280, "
	    "4.2.1.9): not critical");
	parts = fixture->parts;
	part(&parts, NID_basic_constraints)->value = leaf;
	expect_refused(fixture, &parts, "lint: basicConstraints (RFC 5280, "
	    "4.2.1.9): CA:FALSE, want CA:TRUE");
	part(&parts, NID_basic_constraints)->value = limited;
	expect_refused(fixture, &parts, "lint: basicConstraints (RFC 5280, "
	    "4.2.1.9): a path length without CA:TRUE");
	part(&parts, NID_basic_constraints)->value = junk;
	assert_int_equal(judge(fixture->lint, fixture->alg, &parts, &fail),
	    -1);
	assert_non_null(strstr(fail.sentence, "4.2.1.9): does not parse"));
}

static void
test_key_usage(void **state)
{
	static const struct bytes no_certificates =
	    BYTES("\x03\x02\x01\x82");
	static const struct bytes no_crls = BYTES("\x03\x02\x02\x84");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;

	drop(&parts, NID_key_usage);
	expect_refused(fixture, &parts,
	    "lint: keyUsage (RFC 5280, 4.2.1.3): absent");
	parts = fixture->parts;
	part(&parts, NID_key_usage)->critical = false;
	expect_refused(fixture, &parts,
	    "lint: keyUsage (RFC 5280, 4.2.1.3): not critical");
	parts = fixture->parts;
	part(&parts, NID_key_usage)->value = no_certificates;
	expect_refused(fixture, &parts,
	    "lint: keyUsage (RFC 5280, 4.2.1.3): without keyCertSign");
	part(&parts, NID_key_usage)->value = no_crls;
	expect_refused(fixture, &parts,
	    "lint: keyUsage (RFC 5280, 4.2.1.3): without cRLSign");
}

/* A leaf beneath the root, with all that one may have. */
static struct parts
leaf_of(const struct fixture *fixture, struct buf *der)
{
	static const char *const purposes[] = { "OCSPSigning", "serverAuth" };
	const struct ext_plan plan = {
		.path_length = -1,
		.key_usage = 1U << EXT_KU_DIGITAL_SIGNATURE,
		.ext_key_usage = { purposes, COUNT(purposes) },
		.ocsp_no_check = true,
		.subject_key = fixture->identifier,
		.authority_key = fixture->root_identifier,
	};
	struct parts parts = fixture->parts;

	write_extensions(&plan, der, &parts);
	return parts;
}

static void
expect_leaf_refused(const struct fixture *fixture,
    const struct parts *parts, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(judge_as(fixture->lint, fixture->alg, parts,
	    &an_end_entity, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
test_end_entity(void **state)
{
	static const struct bytes none = BYTES("\x30\x00");
	static const struct bytes signs_crls = BYTES("\x03\x02\x01\x82");
	static const struct bytes signs_certificates =
	    BYTES("\x03\x02\x02\x84");
	static const struct bytes constraints = BYTES("\x30\x0f\xa0\x0d\x30"
	    "\x0b\x82\x09" "allowed.x");
	static const struct bytes commits = BYTES("\x03\x02\x06\x40");
	const struct fixture *fixture = *state;
	AUTO(buf_release) struct buf der = { 0 };
	const struct parts good = leaf_of(fixture, &der);
	struct parts parts = good;
	struct fail fail = { 0 };

	assert_int_equal(judge_as(fixture->lint, fixture->alg, &parts,
	    &an_end_entity, &fail), 0);
	drop(&parts, NID_key_usage);
	assert_int_equal(judge_as(fixture->lint, fixture->alg, &parts,
	    &an_end_entity, &fail), 0);
	expect_refused(fixture, &good, "lint: basicConstraints (RFC 5280, "
	    "4.2.1.9): CA:FALSE, want CA:TRUE");
	expect_leaf_refused(fixture, &fixture->parts, "lint: basicConstraints "
	    "(RFC 5280, 4.2.1.9): CA:TRUE, want CA:FALSE");
	parts = good;
	part(&parts, NID_key_usage)->value = signs_crls;
	expect_leaf_refused(fixture, &parts, "lint: keyUsage (RFC 5280, "
	    "4.2.1.3): with cRLSign");
	part(&parts, NID_key_usage)->value = signs_certificates;
	expect_leaf_refused(fixture, &parts, "lint: keyUsage (RFC 5280, "
	    "4.2.1.3): with keyCertSign");
	parts = good;
	part(&parts, NID_key_usage)->critical = false;
	expect_leaf_refused(fixture, &parts, "lint: keyUsage (RFC 5280, "
	    "4.2.1.3): not critical");
	parts = good;
	part(&parts, NID_key_usage)->value = commits;
	expect_leaf_refused(fixture, &parts, "lint: extendedKeyUsage "
	    "(RFC 5280, 4.2.1.12): not fit for serverAuth");
	parts = good;
	part(&parts, NID_ext_key_usage)->value = none;
	expect_leaf_refused(fixture, &parts, "lint: extendedKeyUsage "
	    "(RFC 5280, 4.2.1.12): names no purpose");
	parts = good;
	drop(&parts, NID_key_usage);
	drop(&parts, NID_ext_key_usage);
	expect_leaf_refused(fixture, &parts, "lint: extendedKeyUsage "
	    "(RFC 5280, 4.2.1.12): absent, and no keyUsage");
	parts = good;
	add(&parts, NID_name_constraints, true, constraints);
	expect_leaf_refused(fixture, &parts, "lint: nameConstraints "
	    "(RFC 5280, 4.2.1.10): not in a CA's");
}

static void
test_ocsp_no_check(void **state)
{
	static const struct bytes server = BYTES("\x30\x0a\x06\x08"
	    "\x2b\x06\x01\x05\x05\x07\x03\x01");
	static const struct bytes null = BYTES("\x05\x00");
	const struct fixture *fixture = *state;
	AUTO(buf_release) struct buf der = { 0 };
	struct parts good = leaf_of(fixture, &der);
	struct parts parts = good;

	part(&parts, NID_id_pkix_OCSP_noCheck)->critical = true;
	expect_leaf_refused(fixture, &parts, "lint: critical (AWS Private CA, "
	    "ImportCertificateAuthorityCertificate): noCheck must not be "
	    "critical");
	parts = good;
	part(&parts, NID_ext_key_usage)->value = server;
	expect_leaf_refused(fixture, &parts, "lint: noCheck (RFC 6960, "
	    "4.2.2.2.1): not in a certificate for OCSPSigning");
	parts = good;
	drop(&parts, NID_ext_key_usage);
	expect_leaf_refused(fixture, &parts, "lint: noCheck (RFC 6960, "
	    "4.2.2.2.1): not in a certificate for OCSPSigning");
	parts = fixture->parts;
	add(&parts, NID_id_pkix_OCSP_noCheck, false, null);
	add(&parts, NID_ext_key_usage, false,
	    part(&good, NID_ext_key_usage)->value);
	expect_refused(fixture, &parts, "lint: noCheck (RFC 6960, 4.2.2.2.1): "
	    "not in a certificate for OCSPSigning");
}

/* A CA's purposes are for those below it: its own key need not serve them. */
static void
test_purposes_of_a_ca(void **state)
{
	static const struct bytes server = BYTES("\x30\x0a\x06\x08"
	    "\x2b\x06\x01\x05\x05\x07\x03\x01");
	static const struct bytes signs = BYTES("\x03\x02\x01\x06");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct fail fail = { 0 };

	part(&parts, NID_key_usage)->value = signs;
	add(&parts, NID_ext_key_usage, false, server);
	assert_int_equal(judge(fixture->lint, fixture->alg, &parts, &fail),
	    0);
}

/* That of a cross-certificate is another CA's choice. */
static void
test_subject_key_of_another(void **state)
{
	static const struct bytes other =
	    BYTES("\x04\x14" "01234567890123456789");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct lint_aim aim = { .ca = true };
	struct fail fail = { 0 };

	part(&parts, NID_subject_key_identifier)->value = other;
	aim.subject_key = bytes_text("01234567890123456789");
	assert_int_equal(judge_as(fixture->lint, fixture->alg, &parts, &aim,
	    &fail), 0);
	assert_int_equal(judge_as(fixture->lint, fixture->alg,
	    &fixture->parts, &aim, &fail), -1);
	assert_string_equal(fail.sentence, "lint: subjectKeyIdentifier "
	    "(RFC 5280, 4.2.1.2): not the one that it was to have");
}

static void
test_subject_key(void **state)
{
	static const struct bytes other =
	    BYTES("\x04\x14" "01234567890123456789");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;

	drop(&parts, NID_subject_key_identifier);
	expect_refused(fixture, &parts, "lint: subjectKeyIdentifier "
	    "(RFC 5280, 4.2.1.2): absent");
	parts = fixture->parts;
	part(&parts, NID_subject_key_identifier)->critical = true;
	expect_refused(fixture, &parts, "lint: subjectKeyIdentifier "
	    "(RFC 5280, 4.2.1.2): critical");
	parts = fixture->parts;
	part(&parts, NID_subject_key_identifier)->value = other;
	expect_refused(fixture, &parts, "lint: subjectKeyIdentifier "
	    "(RFC 5280, 4.2.1.2): not the SHA-1 of the public key");
	parts = fixture->root_parts;
	part(&parts, NID_subject_key_identifier)->value = other;
	expect_root_refused(fixture, &parts, "lint: subjectKeyIdentifier "
	    "(RFC 5280, 4.2.1.2): not the SHA-1 of the public key");
}

static void
test_authority_key(void **state)
{
	static const struct bytes other =
	    BYTES("\x30\x16\x80\x14" "01234567890123456789");
	static const struct bytes empty = BYTES("\x30\x00");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	AUTO(buf_release) struct buf own = { 0 };
	struct fail fail = { 0 };

	drop(&parts, NID_authority_key_identifier);
	expect_refused(fixture, &parts, "lint: authorityKeyIdentifier "
	    "(RFC 5280, 4.2.1.1): absent");
	parts = fixture->parts;
	part(&parts, NID_authority_key_identifier)->critical = true;
	expect_refused(fixture, &parts, "lint: authorityKeyIdentifier "
	    "(RFC 5280, 4.2.1.1): critical");
	parts = fixture->parts;
	part(&parts, NID_authority_key_identifier)->value = other;
	expect_refused(fixture, &parts, "lint: authorityKeyIdentifier "
	    "(RFC 5280, 4.2.1.1): not the issuer's subjectKeyIdentifier");
	part(&parts, NID_authority_key_identifier)->value = empty;
	expect_refused(fixture, &parts, "lint: authorityKeyIdentifier "
	    "(RFC 5280, 4.2.1.1): absent, want the issuer's "
	    "subjectKeyIdentifier");
	parts = fixture->root_parts;
	add(&parts, NID_authority_key_identifier, false, other);
	expect_root_refused(fixture, &parts, "lint: authorityKeyIdentifier "
	    "(RFC 5280, 4.2.1.1): not the issuer's subjectKeyIdentifier");
	buf_append(&own, "\x30\x16\x80\x14", 4);
	buf_append(&own, fixture->root_identifier, DIGEST_SHA1_LEN);
	part(&parts, NID_authority_key_identifier)->value = buf_bytes(&own);
	assert_int_equal(judge(fixture->self_lint, fixture->alg, &parts,
	    &fail), 0);
}

static void
test_path_length(void **state)
{
	static const struct bytes none = BYTES("\x30\x03\x01\x01\xff");
	static const struct bytes one =
	    BYTES("\x30\x06\x01\x01\xff\x02\x01\x01");
	static const struct bytes two =
	    BYTES("\x30\x06\x01\x01\xff\x02\x01\x02");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct fail fail = { 0 };

	part(&parts, NID_basic_constraints)->value = one;
	assert_int_equal(judge(fixture->lint, fixture->alg, &parts, &fail),
	    0);
	part(&parts, NID_basic_constraints)->value = two;
	expect_refused(fixture, &parts, "lint: path length (RFC 5280, "
	    "4.2.1.9): path length 2, issuer's is 2");
	part(&parts, NID_basic_constraints)->value = none;
	expect_refused(fixture, &parts, "lint: path length (RFC 5280, "
	    "4.2.1.9): no path length, issuer's is 2");
}

static void
test_reading_back(void **state)
{
	static const struct bytes junk = BYTES("\x30\x00");
	const struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	struct fail fail = { 0 };

	add(&parts, NID_policy_mappings, false, junk);
	part(&parts, NID_policy_mappings)->value.len = 1;
	assert_int_equal(judge(fixture->lint, fixture->alg, &parts, &fail),
	    -1);
	assert_string_equal(fail.sentence, "lint: reading back (RFC 5280, "
	    "4.1): certificate: extension policyMappings: not DER: ends "
	    "within an element");
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
test_encoding(void **state)
{
	static const struct bytes ber = BYTES("\x30\x80\x00\x00");
	static const struct bytes other = BYTES("\x30\x03\x02\x01\x01");
	const struct fixture *fixture = *state;
	struct fail fail = { 0 };

	assert_int_equal(lint_certificate(fixture->lint, fixture->alg, ber,
	    &a_ca, NOW, &fail), -1);
	assert_string_equal(fail.sentence, "lint: encoding (X.690, 10): not "
	    "DER: indefinite length");
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_int_equal(lint_certificate(fixture->lint, fixture->alg, other,
	    &a_ca, NOW, &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "lint: encoding (RFC 5280, "
	    "4.1): OpenSSL cannot read it", 53), 0);
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_int_equal(lint_crl(fixture->lint, fixture->alg, other, NOW,
	    &fail), -1);
	assert_int_equal(strncmp(fail.sentence, "lint: encoding (RFC 5280, "
	    "5.1): OpenSSL cannot read it", 53), 0);
}

/* Only OpenSSL's path validation knows name constraints. */
static void
test_path(void **state)
{
	struct fixture *fixture = *state;
	struct parts parts = fixture->parts;
	AUTO(lint_release) struct lint *lint = NULL;
	AUTO(cert_release) struct cert *cert = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	static const struct bytes constraints = BYTES("\x30\x0f\xa0\x0d\x30"
	    "\x0b\x82\x09" "allowed.x");
	static const struct bytes name = BYTES("\x30\x0b\x82\x09" "forbidden");
	struct fail fail = { 0 };

	add(&fixture->root_parts, NID_name_constraints, true, constraints);
	put_tbs(&fixture->root_parts, &tbs);
	alg_wrap(fixture->alg, buf_bytes(&tbs), name, &der);
	assert_int_equal(cert_read(buf_bytes(&der), &cert, &fail), 0);
	assert_int_equal(lint_open(KEY_EC_P256, cert, &lint, &fail), 0);
	assert_int_equal(judge(lint, fixture->alg, &parts, &fail), 0);
	add(&parts, NID_subject_alt_name, false, name);
	expect_refused_by(lint, fixture->alg, &parts, "lint: path (RFC 5280, "
	    "6.1): permitted subtree violation");
}

/* The stand-in signs for real: a row that lies about its hash is found. */
static void
test_path_signature(void **state)
{
	struct fixture *fixture = make(EVP_RSA_gen(2048), KEY_RSA_2048,
	    "rsa-sha256");
	struct alg lying = *fixture->alg;

	(void)state;
	lying.der = fixture->parts.alg = alg_find("rsa-sha512")->der;
	expect_refused_by(fixture->lint, &lying, &fixture->parts, "lint: path "
	    "(RFC 5280, 6.1): certificate signature failure");
	fixture->root_parts.alg = lying.der;
	expect_refused_by(fixture->self_lint, &lying, &fixture->root_parts,
	    "lint: path (RFC 5280, 6.1): certificate signature failure");
	release(&fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_passes),
		TEST(test_open_refuses_another_kind),
		TEST(test_version),
		TEST(test_serial),
		TEST(test_algorithm),
		TEST(test_algorithm_not_accepted),
		TEST(test_names),
		TEST(test_time_forms),
		TEST(test_validity),
		TEST(test_moment),
		TEST(test_public_key),
		TEST(test_extensions_unique),
		TEST(test_critical),
		TEST(test_basic_constraints),
		TEST(test_key_usage),
		TEST(test_end_entity),
		TEST(test_ocsp_no_check),
		TEST(test_purposes_of_a_ca),
		TEST(test_subject_key),
		TEST(test_subject_key_of_another),
		TEST(test_authority_key),
		TEST(test_path_length),
		TEST(test_reading_back),
		TEST(test_encoding),
		TEST(test_path),
		cmocka_unit_test(test_path_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
