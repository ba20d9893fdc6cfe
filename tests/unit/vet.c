/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/vet.h>
#include <anchorite/x509/der.h>

#include "testing.h"

#define BYTES(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static const char text[] =
    "format: 1\n"
    "name: p\n"
    "root: { subject: [CN: Root], key: ec-p384, signature: ecdsa-sha384,\n"
    "  validity: 20y }\n"
    "crl: { period: 180d }\n"
    "profiles:\n"
    "  open:\n"
    "    validity: 10y\n"
    "    keys: [ec-p256]\n"
    "  rsa:\n"
    "    validity: 10y\n"
    "    keys: [rsa-2048]\n"
    "  strict:\n"
    "    validity: 10y\n"
    "    path-length: 1\n"
    "    keys: [rsa-4096, ec-p256, ec-p384]\n"
    "    subject:\n"
    "      required: [CN]\n"
    "      allowed: [C, O, CN]\n"
    "      fixed: { O: Example Corp }\n"
    "    extended-key-usage: [serverAuth]\n"
    "    copy-from-request: [subjectAltName, msCaVersion]\n"
    "  leaf:\n"
    "    type: end-entity\n"
    "    validity: 1y\n"
    "    keys: [ec-p256]\n"
    "    key-usage: [digitalSignature]\n"
    "    subject:\n"
    "      pattern: { CN: \"[0-9a-f]{4}\" }\n"
    "  loose:\n"
    "    validity: 10y\n"
    "    keys: [ec-p256]\n"
    "    subject:\n"
    "      pattern: { CN: a+ }\n";

static const struct name_pair good[] = {
	{ "O", "Example Corp" }, { "CN", "Sub" },
};

/* What a test asks for, and the profile it is held against. */
struct fixture {
	struct policy *policy;
	EVP_PKEY *key;
	struct buf subject, spki;
	struct ext extensions[8];
	size_t extension_count;
	struct seen *seen;
};

static void
fixture_subject(struct fixture *fixture, const struct name_pair *pairs,
    size_t count)
{
	struct fail fail = { 0 };

	buf_release(&fixture->subject);
	assert_int_equal(name_write(pairs, count, &fixture->subject, &fail),
	    0);
}

/* A Name that name_write would not write. */
static void
fixture_raw_subject(struct fixture *fixture, struct bytes subject)
{
	buf_release(&fixture->subject);
	buf_put(&fixture->subject, subject);
}

/* Takes the key over. */
static void
fixture_key(struct fixture *fixture, EVP_PKEY *key)
{
	struct fail fail = { 0 };

	assert_non_null(key);
	EVP_PKEY_free(fixture->key);
	fixture->key = key;
	buf_release(&fixture->spki);
	assert_int_equal(spki_write(key, &fixture->spki, &fail), 0);
}

static void
fixture_make(struct fixture *fixture)
{
	struct fail fail = { 0 };

	if (policy_read("p.yaml", bytes_text(text), &fixture->policy, &fail))
		fail_msg("%s", fail.sentence);
	fixture_key(fixture, EVP_EC_gen("P-256"));
	fixture_subject(fixture, good, COUNT(good));
}

static void
fixture_release(struct fixture *fixture)
{
	policy_release(&fixture->policy);
	buf_release(&fixture->subject);
	buf_release(&fixture->spki);
	seen_release(&fixture->seen);
	EVP_PKEY_free(fixture->key);
}

static void
ask(struct fixture *fixture, struct ext ext)
{
	fixture->extensions[fixture->extension_count++] = ext;
}

static void
put_extensions(const struct fixture *fixture, struct buf *out)
{
	static const uint8_t request[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x09, 0x0e };
	size_t attribute, set, list, one;

	if (fixture->extension_count == 0)
		return;
	attribute = der_begin(out, DER_SEQUENCE);
	der_put(out, DER_OID, bytes_of(request, sizeof(request)));
	set = der_begin(out, DER_SET);
	list = der_begin(out, DER_SEQUENCE);
	for (size_t n = 0; n < fixture->extension_count; n++) {
		one = der_begin(out, DER_SEQUENCE);
		der_put(out, DER_OID, fixture->extensions[n].oid);
		if (fixture->extensions[n].critical)
			der_put_bool(out, true);
		der_put(out, DER_OCTET_STRING, fixture->extensions[n].value);
		der_end(out, one);
	}
	der_end(out, list);
	der_end(out, set);
	der_end(out, attribute);
}

/* The request as bytes, signed. */
static void
write_request(const struct fixture *fixture, const struct alg *alg,
    struct buf *out)
{
	AUTO(buf_release) struct buf tbs = { 0 }, signature = { 0 };
	size_t whole = der_begin(&tbs, DER_SEQUENCE), attributes;
	struct fail fail = { 0 };

	der_put_number(&tbs, 0);
	buf_put(&tbs, buf_bytes(&fixture->subject));
	buf_put(&tbs, buf_bytes(&fixture->spki));
	attributes = der_begin(&tbs, DER_CONTEXT_CONSTRUCTED(0));
	put_extensions(fixture, &tbs);
	der_end(&tbs, attributes);
	der_end(&tbs, whole);
	want_pass(alg_sign(alg, fixture->key, buf_bytes(&tbs), &signature,
	    &fail), &fail);
	alg_wrap(alg, buf_bytes(&tbs), buf_bytes(&signature), out);
}

static struct csr *
request_of(const struct fixture *fixture)
{
	bool rsa = EVP_PKEY_get_base_id(fixture->key) == EVP_PKEY_RSA;
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };
	struct csr *csr = NULL;

	write_request(fixture, alg_find(rsa ? "rsa-sha256" : "ecdsa-sha256"),
	    &der);
	want_pass(csr_survey(buf_bytes(&der), &csr, &fail), &fail);
	return csr;
}

static const struct policy_profile *
profile_of(const struct policy *policy, const char *name)
{
	const struct policy_profile *profile = NULL;
	struct fail fail = { 0 };

	if (policy_profile(policy, name, &profile, &fail))
		fail_msg("%s", fail.sentence);
	return profile;
}

#define NOW INT64_C(1795219200)		/* 2026-11-21 */

static int
vet(const struct fixture *fixture, const char *profile, struct fail *fail)
{
	AUTO(csr_release) struct csr *csr = request_of(fixture);
	struct vet_case vet = {
		.csr = csr,
		.profile = profile_of(fixture->policy, profile),
		.seen = fixture->seen,
	};

	return vet_request(&vet, NOW, fail);
}

static void
take(const struct fixture *fixture, const char *profile)
{
	struct fail fail = { 0 };

	want_pass(vet(fixture, profile, &fail), &fail);
}

static void
refuse(const struct fixture *fixture, const char *profile,
    const char *sentence)
{
	struct fail fail = { 0 };

	want_fail(vet(fixture, profile, &fail), &fail, FAIL_REFUSED,
	    sentence);
}

static void
key_kinds_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	take(&fixture, "strict");
	fixture_key(&fixture, EVP_EC_gen("P-384"));
	take(&fixture, "strict");
	refuse(&fixture, "open",
	    "key kind: want ec-p256, have ec-p384 (policy: keys)");
	fixture_key(&fixture, EVP_RSA_gen(2048));
	refuse(&fixture, "strict", "key kind: want rsa-4096, ec-p256, "
	    "ec-p384, have rsa-2048 (policy: keys)");
}

static void
subjects_are_judged(void **state)
{
	static const struct name_pair no_cn[] = { { "O", "Example Corp" } };
	static const struct name_pair no_o[] = { { "CN", "Sub" } };
	static const struct name_pair more[] = {
		{ "O", "Example Corp" }, { "OU", "PKI" }, { "CN", "Sub" },
	};
	static const struct name_pair other[] = {
		{ "O", "example corp" }, { "CN", "Sub" },
	};
	static const struct name_pair second[] = {
		{ "O", "Example Corp" }, { "CN", "Sub" }, { "O", "Evil Corp" },
	};
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture_subject(&fixture, no_cn, COUNT(no_cn));
	refuse(&fixture, "strict",
	    "subject required: want CN, have no CN (policy: required)");
	take(&fixture, "open");
	fixture_subject(&fixture, no_o, COUNT(no_o));
	refuse(&fixture, "strict", "subject fixed: want O=Example Corp, have "
	    "no O (policy: fixed)");
	fixture_subject(&fixture, more, COUNT(more));
	refuse(&fixture, "strict",
	    "subject allowed: want C, O, CN, have OU (policy: allowed)");
	take(&fixture, "open");
	fixture_subject(&fixture, other, COUNT(other));
	refuse(&fixture, "strict", "subject fixed: want O=Example Corp, have "
	    "O=example corp (policy: fixed)");
	fixture_subject(&fixture, second, COUNT(second));
	refuse(&fixture, "strict", "subject fixed: want O=Example Corp, have "
	    "O=Evil Corp (policy: fixed)");
}

static void
unknown_attribute_types_are_refused(void **state)
{
	/* 1.2.3=a */
	static const struct bytes subject = BYTES(
	    "\x30\x0b\x31\x09\x30\x07\x06\x02\x2a\x03\x0c\x01" "a");
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture_raw_subject(&fixture, subject);
	refuse(&fixture, "open", "subject allowed: want attribute types that "
	    "are known, have 1.2.3 (policy: allowed)");
}

static void
deceptive_subject_is_refused(void **state)
{
	/* CN=a NUL b */
	static const struct bytes subject = BYTES(
	    "\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03" "a\0b");
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture_raw_subject(&fixture, subject);
	refuse(&fixture, "open", "subject characters: want values without "
	    "hidden characters, have a NUL in CN (Unicode UTR #36)");
}

static const struct ext constraints_ca = {
	BYTES("\x55\x1d\x13"), true, BYTES("\x30\x03\x01\x01\xff")
};
static const struct ext constraints_1 = {
	BYTES("\x55\x1d\x13"), true, BYTES("\x30\x06\x01\x01\xff\x02\x01\x01")
};
static const struct ext constraints_2 = {
	BYTES("\x55\x1d\x13"), false, BYTES("\x30\x06\x01\x01\xff\x02\x01\x02")
};
static const struct ext constraints_not_ca = {
	BYTES("\x55\x1d\x13"), false, BYTES("\x30\x00")
};
static const struct ext names = {	/* subjectAltName, DNS:a */
	BYTES("\x55\x1d\x11"), true, BYTES("\x30\x03\x82\x01" "a")
};
static const struct ext usage = {	/* keyUsage: digitalSignature */
	BYTES("\x55\x1d\x0f"), true, BYTES("\x03\x02\x07\x80")
};
static const struct ext usage_ca = {	/* keyCertSign, cRLSign */
	BYTES("\x55\x1d\x0f"), true, BYTES("\x03\x02\x01\x06")
};
static const struct ext purposes = {	/* extendedKeyUsage: clientAuth */
	BYTES("\x55\x1d\x25"), true,
	BYTES("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02")
};
static const struct ext ca_version = {	/* 1.3.6.1.4.1.311.21.1 */
	BYTES("\x2b\x06\x01\x04\x01\x82\x37\x15\x01"), false,
	BYTES("\x02\x01\x00")
};
static const struct ext unknown = {	/* 1.2.3 */
	BYTES("\x2a\x03"), false, BYTES("\x05\x00")
};
static const struct ext unknown_critical = {
	BYTES("\x2a\x03"), true, BYTES("\x05\x00")
};

static void
asks_only(struct fixture *fixture, struct ext ext)
{
	fixture->extension_count = 0;
	ask(fixture, ext);
}

static void
basic_constraints_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	asks_only(&fixture, constraints_ca);
	take(&fixture, "strict");
	asks_only(&fixture, constraints_1);
	take(&fixture, "strict");
	asks_only(&fixture, constraints_2);
	refuse(&fixture, "strict",
	    "path length: want 1 at most, have 2 (policy: path-length)");
	take(&fixture, "open");
	asks_only(&fixture, constraints_not_ca);
	refuse(&fixture, "open", "basicConstraints: want CA:TRUE, have "
	    "CA:FALSE (RFC 5280, 4.2.1.9)");
}

/* The same requests, of a profile that makes no CA. */
static void
end_entities_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	struct policy_profile *profile;

	(void)state;
	fixture_make(&fixture);
	profile = &fixture.policy->profiles[0];
	assert_string_equal(profile->name, "open");
	profile->extensions.ca = false;
	asks_only(&fixture, constraints_not_ca);
	ask(&fixture, usage);
	take(&fixture, "open");
	asks_only(&fixture, constraints_2);
	refuse(&fixture, "open", "basicConstraints: want CA:FALSE, have "
	    "CA:TRUE (RFC 5280, 4.2.1.9)");
	asks_only(&fixture, usage_ca);
	refuse(&fixture, "open", "keyUsage: want no keyCertSign, have "
	    "keyCertSign, cRLSign (RFC 5280, 4.2.1.3)");
}

static void
key_usage_is_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	ask(&fixture, usage_ca);
	take(&fixture, "open");
	asks_only(&fixture, usage);
	refuse(&fixture, "open", "keyUsage: want keyCertSign, have "
	    "digitalSignature (RFC 5280, 4.2.1.3)");
}

static void
patterns_are_judged(void **state)
{
	static const struct name_pair code[] = { { "CN", "12af" } };
	static const struct name_pair long_code[] = { { "CN", "12af0" } };
	static const struct name_pair two[] = {
		{ "CN", "12af" }, { "CN", "evil" },
	};
	static const struct name_pair none[] = { { "O", "12af" } };
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture_subject(&fixture, code, COUNT(code));
	take(&fixture, "leaf");
	fixture_subject(&fixture, long_code, COUNT(long_code));
	refuse(&fixture, "leaf", "subject pattern: want CN like [0-9a-f]{4}, "
	    "have CN=12af0 (policy: pattern)");
	fixture_subject(&fixture, two, COUNT(two));
	refuse(&fixture, "leaf", "subject pattern: want CN like [0-9a-f]{4}, "
	    "have CN=evil (policy: pattern)");
	fixture_subject(&fixture, none, COUNT(none));
	refuse(&fixture, "leaf", "subject pattern: want CN like [0-9a-f]{4}, "
	    "have no CN (policy: pattern)");
}

static const struct rule_result *
result_find(const struct rule_results *results, const char *name)
{
	for (size_t n = 0; n < results->count; n++)
		if (strcmp(results->items[n].rule->name, name) == 0)
			return &results->items[n];
	fail_msg("no rule %s", name);
	return NULL;
}

/* Whether it fits or not, it is not tried. */
static void
patterns_are_not_tried_on_long_values(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	struct rule_results results = { 0 };
	struct vet_case vet = { 0 };
	struct fail fail = { 0 };
	uint8_t subject[78] = "\x30\x4c\x31\x4a\x30\x48\x06\x03\x55\x04\x03"
	    "\x0c\x41";

	(void)state;
	memset(subject + 13, 'a', 65);
	fixture_make(&fixture);
	fixture_raw_subject(&fixture, bytes_of(subject, sizeof(subject)));
	csr = request_of(&fixture);
	vet.csr = csr;
	vet.profile = profile_of(fixture.policy, "loose");
	want_pass(vet_judge(&vet, NOW, &results, &fail), &fail);
	assert_int_equal(result_find(&results, "subject lengths")->verdict,
	    RULE_BROKEN);
	assert_int_equal(result_find(&results, "subject pattern")->verdict,
	    RULE_BROKEN);
}

static void
critical_extensions_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	ask(&fixture, unknown);
	ask(&fixture, usage_ca);
	take(&fixture, "open");
	ask(&fixture, names);
	take(&fixture, "strict");
	refuse(&fixture, "open", "critical extensions: want none but what "
	    "the profile sets or copies, have subjectAltName (RFC 5280, "
	    "4.2)");
	ask(&fixture, purposes);
	take(&fixture, "strict");
	fixture.extensions[0] = unknown_critical;
	refuse(&fixture, "open", "critical extensions: want none but what "
	    "the profile sets or copies, have 1.2.3, subjectAltName, "
	    "extendedKeyUsage (RFC 5280, 4.2); limits asked for: want none "
	    "but what the profile sets or copies, have extendedKeyUsage "
	    "(RFC 5280, 4.2.1)");
}

/* Critical or not: it would be good for more than was asked. */
static void
limits_are_not_left_out(void **state)
{
	/* permitted: DNS:a */
	static const struct ext constraints = { BYTES("\x55\x1d\x1e"), false,
		BYTES("\x30\x07\xa0\x05\x30\x03\x82\x01" "a") };
	AUTO(fixture_release) struct fixture fixture = { 0 };
	struct ext tame = purposes;

	(void)state;
	fixture_make(&fixture);
	tame.critical = false;
	asks_only(&fixture, tame);
	take(&fixture, "strict");
	ask(&fixture, constraints);
	refuse(&fixture, "open", "limits asked for: want none but what the "
	    "profile sets or copies, have nameConstraints, extendedKeyUsage "
	    "(RFC 5280, 4.2.1)");
}

/* What is not copied may say what it will. */
static void
copied_values_are_judged(void **state)
{
	static const struct ext bad = {	/* DNS:_ */
		BYTES("\x55\x1d\x11"), false, BYTES("\x30\x03\x82\x01_")
	};
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	asks_only(&fixture, names);
	take(&fixture, "strict");
	asks_only(&fixture, bad);
	take(&fixture, "open");
	refuse(&fixture, "strict", "names copied: want hosts, mail and IP "
	    "addresses, absolute URIs, honest directory names, have dNSName "
	    "_: no host name (RFC 5280, 4.2.1.6)");
}

static void
fates_are_told(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	const struct policy_profile *open, *strict;

	(void)state;
	fixture_make(&fixture);
	open = profile_of(fixture.policy, "open");
	strict = profile_of(fixture.policy, "strict");
	assert_string_equal(vet_fate(&usage, open), "set by the profile");
	assert_string_equal(vet_fate(&purposes, strict),
	    "set by the profile");
	assert_string_equal(vet_fate(&purposes, open), "left out");
	assert_string_equal(vet_fate(&names, strict), "copied");
	assert_string_equal(vet_fate(&names, open), "left out");
	assert_string_equal(vet_fate(&ca_version, strict), "copied");
	assert_string_equal(vet_fate(&unknown, strict), "left out");
}

static void
only_what_is_let_through_is_copied(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	const struct policy_profile *strict;
	struct ext out[2] = { 0 };

	(void)state;
	fixture_make(&fixture);
	strict = profile_of(fixture.policy, "strict");
	ask(&fixture, usage);
	ask(&fixture, ca_version);
	ask(&fixture, unknown);
	ask(&fixture, purposes);
	ask(&fixture, names);
	csr = request_of(&fixture);
	assert_int_equal(vet_copied(csr, profile_of(fixture.policy, "open"),
	    out, COUNT(out)), 0);
	assert_int_equal(vet_copied(csr, strict, out, COUNT(out)), 2);
	assert_true(bytes_is_equal(out[0].value, ca_version.value));
	assert_true(bytes_is_equal(out[1].value, names.value));
	assert_true(out[1].critical);
	assert_int_equal(vet_copied(csr, strict, out, 1), 1);
}

/* Whoever does not know Microsoft's would refuse all of it. */
static void
microsofts_are_never_critical(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	const struct policy_profile *strict;
	struct ext out[2] = { 0 }, critical = ca_version;

	(void)state;
	critical.critical = true;
	fixture_make(&fixture);
	ask(&fixture, critical);
	take(&fixture, "strict");
	strict = profile_of(fixture.policy, "strict");
	assert_string_equal(vet_fate(&critical, strict),
	    "copied, not critical");
	csr = request_of(&fixture);
	assert_int_equal(vet_copied(csr, strict, out, COUNT(out)), 1);
	assert_false(out[0].critical);
	assert_true(bytes_is_equal(out[0].value, ca_version.value));
}

/* The request in AWS's own guide, under the policies that are shipped. */
static void
documented_request_is_taken(void **state)
{
	static const char *const paths[] = {
		"policies/acm-pca-rsa-4096.yaml",
		"policies/acm-pca-ec-p384.yaml",
	};
	static const char *const profiles[] = {
		"subordinate-pathlen0", "constrained",
	};
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	struct vet_case vet = { 0 };
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(file_load("tests/fixtures/acm-pca-documented.csr",
	    CSR_MAX, &file, &fail), 0);
	assert_int_equal(csr_survey(buf_bytes(&file), &csr, &fail), 0);
	vet.csr = csr;
	for (size_t i = 0; i < COUNT(paths); i++) {
		AUTO(policy_release) struct policy *policy = NULL;

		assert_int_equal(policy_load(paths[i], &policy, &fail), 0);
		for (size_t j = 0; j < COUNT(profiles); j++) {
			vet.profile = profile_of(policy, profiles[j]);
			want_pass(vet_request(&vet, NOW, &fail), &fail);
		}
		vet.profile = profile_of(policy, "primary");
		want_fail(vet_request(&vet, NOW, &fail), &fail, FAIL_REFUSED,
		    "key kind: want rsa-3072, rsa-4096, ec-p384, ec-p521, "
		    "have rsa-2048 (policy: keys)");
	}
}

/* All that is wrong, at once, and in the order of the tables. */
static void
all_is_judged(void **state)
{
	static const struct name_pair subject[] = {
		{ "O", "Ex\xd0\xb0mple Corp" }, { "OU", "PKI" },
	};
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture_key(&fixture, EVP_EC_gen("P-521"));
	fixture_subject(&fixture, subject, COUNT(subject));
	ask(&fixture, constraints_2);
	ask(&fixture, unknown_critical);
	refuse(&fixture, "strict",
	    "key kind: want rsa-4096, ec-p256, ec-p384, have ec-p521 "
	    "(policy: keys); "
	    "subject alphabets: want values of one alphabet each, have "
	    "Latin and Cyrillic letters in O (Unicode UTS #39, 5); "
	    "subject required: want CN, have no CN (policy: required); "
	    "subject allowed: want C, O, CN, have OU (policy: allowed); "
	    "subject fixed: want O=Example Corp, have O=Ex\xd0\xb0mple Corp "
	    "(policy: fixed); "
	    "path length: want 1 at most, have 2 (policy: path-length); "
	    "critical extensions: want none but what the profile sets or "
	    "copies, have 1.2.3 (RFC 5280, 4.2)");
}

/* CN "", and C "USA". */
static void
lengths_are_judged(void **state)
{
	static const struct bytes subject = BYTES("\x30\x19"
	    "\x31\x09\x30\x07\x06\x03\x55\x04\x03\x0c\x00"
	    "\x31\x0c\x30\x0a\x06\x03\x55\x04\x06\x13\x03" "USA");
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture_raw_subject(&fixture, subject);
	refuse(&fixture, "open", "subject lengths: want values neither empty "
	    "nor over their upper bounds, have an empty CN, 3 "
	    "characters in C, where 2 are allowed (RFC 5280, A.1)");
	fixture_subject(&fixture, NULL, 0);
	refuse(&fixture, "open", "subject: want a name, have an empty one "
	    "(RFC 5280, 4.1.2.6)");
}

/* An RSA key of these two primes; takes them over. */
static EVP_PKEY *
rsa_of(BIGNUM *p, BIGNUM *q)
{
	BIGNUM *n = BN_new(), *e = BN_new(), *d = BN_new();
	BN_CTX *numbers = BN_CTX_new();
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	BN_set_word(e, 65537);
	BN_mul(n, p, q, numbers);
	BN_sub_word(p, 1);
	BN_sub_word(q, 1);
	BN_mul(p, p, q, numbers);
	assert_non_null(BN_mod_inverse(d, e, p, numbers));
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d);
	params = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR,
	    params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	BN_CTX_free(numbers);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_free(e);
	BN_free(d);
	return key;
}

/* Of so many bits, the two highest of them set. */
static BIGNUM *
new_prime(int bits)
{
	BIGNUM *prime = BN_new();

	do
		BN_generate_prime_ex(prime, bits, 0, NULL, NULL, NULL);
	while (BN_is_bit_set(prime, bits - 2) != 1);
	return prime;
}

/* Two keys of one run, with a prime in common; then the same key again. */
static void
keys_of_a_run_are_compared(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *first = NULL, *other = NULL;
	BIGNUM *p = new_prime(1024);

	(void)state;
	fixture_make(&fixture);
	fixture.seen = seen_new(NULL, NULL);
	fixture_key(&fixture, EVP_RSA_gen(2048));
	other = request_of(&fixture);
	fixture_key(&fixture, rsa_of(BN_dup(p), new_prime(1024)));
	first = request_of(&fixture);
	take(&fixture, "rsa");
	seen_add(fixture.seen, other, "a.csr");
	take(&fixture, "rsa");
	seen_add(fixture.seen, first, "b.csr");
	refuse(&fixture, "rsa", "one request a key: want a key for each "
	    "request, have the same as in b.csr (anchorite(1), sign)");
	fixture_key(&fixture, rsa_of(p, new_prime(1024)));
	refuse(&fixture, "rsa", "no shared prime: want no prime factor of "
	    "another key, have one in common with request b.csr (BR "
	    "6.1.1.3(3))");
}

static void
weak_keys_are_refused(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	BIGNUM *three = BN_new(), *p = new_prime(1024), *next = BN_dup(p);
	BN_CTX *numbers = BN_CTX_new();

	(void)state;
	fixture_make(&fixture);
	BN_set_word(three, 3);
	fixture_key(&fixture, rsa_of(three, new_prime(2046)));
	refuse(&fixture, "rsa", "small factors: want no prime factor up to "
	    "751, have a modulus divisible by 3 (BR 6.1.6)");
	do
		BN_add_word(next, 2);
	while (BN_check_prime(next, numbers, NULL) != 1);
	fixture_key(&fixture, rsa_of(p, next));
	refuse(&fixture, "rsa", "close primes: want primes that 100 rounds "
	    "of Fermat's method do not find, have primes that it finds (BR "
	    "6.1.1.3(5))");
	BN_CTX_free(numbers);
}

static enum rule_verdict
verdict_on(struct vet_case *vet, const char *rule)
{
	struct rule_results results = { 0 };
	struct fail fail = { 0 };

	want_pass(vet_judge(vet, NOW, &results, &fail), &fail);
	return result_find(&results, rule)->verdict;
}

/* A key is lost with the certificate that was revoked for it: that key. */
static void
compromised_keys_stay_out(void **state)
{
	static const struct {
		enum crl_reason reason;
		enum rule_verdict verdict;
	} rows[] = {
		{ CRL_SUPERSEDED, RULE_KEPT },
		{ CRL_KEY_COMPROMISE, RULE_BROKEN },
		{ CRL_CA_COMPROMISE, RULE_BROKEN },
	};
	static const struct serial serial = { .octets = { 1 }, .len = 1 };
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	struct vet_case vet = { .reissue = true };
	struct issued *issued;
	struct digest key;

	(void)state;
	fixture_make(&fixture);
	csr = request_of(&fixture);
	fixture.seen = seen_new(ledger, NULL);
	vet.csr = csr;
	vet.profile = profile_of(fixture.policy, "open");
	vet.seen = fixture.seen;
	assert_int_equal(verdict_on(&vet, "new key"), RULE_KEPT);
	digest_of(csr->spki.der, &key);
	issued = ledger_add(ledger, &serial, &key);
	assert_int_equal(verdict_on(&vet, "new key"), RULE_KEPT);
	assert_int_equal(verdict_on(&vet, "not compromised"), RULE_KEPT);
	for (size_t n = 0; n < COUNT(rows); n++) {
		issued->status = ISSUED_REVOKED;
		issued->reason = rows[n].reason;
		assert_int_equal(verdict_on(&vet, "not compromised"),
		    rows[n].verdict);
	}
	vet.reissue = false;
	assert_int_equal(verdict_on(&vet, "new key"), RULE_BROKEN);
	issued->key.bytes[0] ^= 1;
	assert_int_equal(verdict_on(&vet, "not compromised"), RULE_KEPT);
}

static enum rule_verdict
verdict_on_name(struct fixture *fixture, const struct name_pair *pairs,
    size_t count)
{
	AUTO(csr_release) struct csr *csr = NULL;
	struct vet_case vet = { .seen = fixture->seen };

	fixture_subject(fixture, pairs, count);
	csr = request_of(fixture);
	vet.csr = csr;
	vet.profile = profile_of(fixture->policy, "open");
	return verdict_on(&vet, "not the root's name");
}

/* Whatever verifiers take for it: case and blanks are nothing to them. */
static void
the_roots_name_is_refused(void **state)
{
	static const struct name_pair root[] = { { "O", "Example Corp" },
		{ "CN", "Root" } };
	static const struct name_pair alike[] = { { "O", "EXAMPLE  corp " },
		{ "CN", " root" } };
	static const struct name_pair turned[] = { { "CN", "Root" },
		{ "O", "Example Corp" } };
	AUTO(ledger_release) struct ledger *ledger = ledger_new();
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(buf_release) struct buf name = { 0 };
	struct fail fail = { 0 };

	(void)state;
	fixture_make(&fixture);
	assert_int_equal(verdict_on_name(&fixture, root, 2), RULE_SILENT);
	fixture.seen = seen_new(ledger, NULL);
	assert_int_equal(verdict_on_name(&fixture, root, 2), RULE_SILENT);
	want_pass(name_write(root, 2, &name, &fail), &fail);
	ledger->root = mem_new(1, sizeof(*ledger->root));
	ledger->root->subject = buf_bytes(&name);
	assert_int_equal(verdict_on_name(&fixture, root, 2), RULE_BROKEN);
	assert_int_equal(verdict_on_name(&fixture, alike, 2), RULE_BROKEN);
	assert_int_equal(verdict_on_name(&fixture, turned, 2), RULE_KEPT);
	assert_int_equal(verdict_on_name(&fixture, root, 1), RULE_KEPT);
	assert_int_equal(verdict_on_name(&fixture, good, 2), RULE_KEPT);
	fixture_subject(&fixture, alike, 2);
	refuse(&fixture, "open", "not the root's name: want another name than "
	    "the root's, have O=EXAMPLE  corp , CN= root (RFC 5280, "
	    "6.1.4 (l))");
}

/* Without an authority, what was seen by it cannot be told; with --json and
 * on the screen the reason stands beside. */
static void
silence_has_its_reason(void **state)
{
	static const char *const silent[] = { "not the root's key",
		"not the journal's", "not the root's name", "new key",
		"not compromised" };
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	struct rule_results results = { 0 };
	struct vet_case vet = { 0 };
	struct fail fail = { 0 };

	(void)state;
	fixture_make(&fixture);
	csr = request_of(&fixture);
	vet.csr = csr;
	vet.profile = profile_of(fixture.policy, "open");
	want_pass(vet_judge(&vet, NOW, &results, &fail), &fail);
	for (size_t n = 0; n < COUNT(silent); n++) {
		const struct rule_result *result = result_find(&results,
		    silent[n]);

		assert_int_equal(result->verdict, RULE_SILENT);
		assert_string_equal(result->finding.have,
		    "no authority to ask");
	}
	assert_int_equal(results.broken, 0);
	assert_true(results.count < RULES_MAX);
}

/* The least that a root programme may ask for from a day on. */
static enum rule_verdict
judge_bits(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	int bits = key_kind_bits(vet->csr->spki.kind);

	rule_want(finding, "%d bits", (int)rule->number);
	return bits < rule->number ? rule_broken(finding, "%d bits", bits) :
	    rule_kept(finding, "%d bits", bits);
}

static const struct rule coming_rules[] = {
	{ "coming size", "a programme, 1.2", "2027-01-01", judge_bits, 384,
	    NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

static void
a_rule_to_come_is_a_row(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
	AUTO(csr_release) struct csr *csr = NULL;
	struct rule_results now = { 0 }, then = { 0 };
	struct vet_case vet = { 0 };
	struct fail fail = { 0 };

	(void)state;
	fixture_make(&fixture);
	csr = request_of(&fixture);
	vet.csr = csr;
	rules_judge(coming_rules, &vet, NOW, &now);
	assert_int_equal(now.items[0].verdict, RULE_AHEAD);
	assert_string_equal(rule_verdict_names[now.items[0].verdict],
	    "not yet");
	want_pass(rules_refuse(&now, &fail), &fail);
	rules_judge(coming_rules, &vet, NOW + INT64_C(41) * 86400, &then);
	want_fail(rules_refuse(&then, &fail), &fail, FAIL_REFUSED,
	    "coming size: want 384 bits, have 256 bits (a programme, 1.2)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_kinds_are_judged),
		cmocka_unit_test(subjects_are_judged),
		cmocka_unit_test(unknown_attribute_types_are_refused),
		cmocka_unit_test(deceptive_subject_is_refused),
		cmocka_unit_test(basic_constraints_are_judged),
		cmocka_unit_test(end_entities_are_judged),
		cmocka_unit_test(key_usage_is_judged),
		cmocka_unit_test(patterns_are_judged),
		cmocka_unit_test(patterns_are_not_tried_on_long_values),
		cmocka_unit_test(critical_extensions_are_judged),
		cmocka_unit_test(limits_are_not_left_out),
		cmocka_unit_test(copied_values_are_judged),
		cmocka_unit_test(fates_are_told),
		cmocka_unit_test(only_what_is_let_through_is_copied),
		cmocka_unit_test(microsofts_are_never_critical),
		cmocka_unit_test(documented_request_is_taken),
		cmocka_unit_test(all_is_judged),
		cmocka_unit_test(lengths_are_judged),
		cmocka_unit_test(keys_of_a_run_are_compared),
		cmocka_unit_test(weak_keys_are_refused),
		cmocka_unit_test(compromised_keys_stay_out),
		cmocka_unit_test(the_roots_name_is_refused),
		cmocka_unit_test(silence_has_its_reason),
		cmocka_unit_test(a_rule_to_come_is_a_row),
	};

	return cmocka_run_group_tests_name("vet", tests, NULL, NULL);
}
