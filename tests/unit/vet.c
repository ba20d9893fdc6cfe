/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/vet.h>

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
    "      pattern: { CN: \"[0-9a-f]{4}\" }\n";

static const struct name_pair good[] = {
	{ "O", "Example Corp" }, { "CN", "Sub" },
};

/* What a test asks for, and the profile it is held against. */
struct fixture {
	struct policy *policy;
	struct csr csr;
	struct buf subject;
};

static void
fixture_subject(struct fixture *fixture, const struct name_pair *pairs,
    size_t count)
{
	struct fail fail = { 0 };

	buf_release(&fixture->subject);
	assert_int_equal(name_write(pairs, count, &fixture->subject, &fail),
	    0);
	fixture->csr.subject = buf_bytes(&fixture->subject);
}

static void
fixture_make(struct fixture *fixture)
{
	struct fail fail = { 0 };

	if (policy_read("p.yaml", bytes_text(text), &fixture->policy, &fail))
		fail_msg("%s", fail.sentence);
	fixture->csr.spki.kind = KEY_EC_P256;
	fixture_subject(fixture, good, COUNT(good));
}

static void
fixture_release(struct fixture *fixture)
{
	policy_release(&fixture->policy);
	buf_release(&fixture->subject);
}

static void
ask(struct fixture *fixture, struct ext ext)
{
	fixture->csr.extensions[fixture->csr.extension_count++] = ext;
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

static void
take(const struct fixture *fixture, const char *profile)
{
	struct fail fail = { 0 };

	if (vet_request(&fixture->csr, profile_of(fixture->policy, profile),
	    &fail))
		fail_msg("%s", fail.sentence);
}

static void
refuse(const struct fixture *fixture, const char *profile,
    const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(vet_request(&fixture->csr,
	    profile_of(fixture->policy, profile), &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static void
key_kinds_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	take(&fixture, "strict");
	fixture.csr.spki.kind = KEY_RSA_4096;
	take(&fixture, "strict");
	refuse(&fixture, "open",
	    "key: profile open allows ec-p256; request has rsa-4096");
	fixture.csr.spki.kind = KEY_RSA_2048;
	refuse(&fixture, "strict", "key: profile strict allows rsa-4096, "
	    "ec-p256, ec-p384; request has rsa-2048");
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
	    "subject: profile strict requires CN; request has none");
	take(&fixture, "open");
	fixture_subject(&fixture, no_o, COUNT(no_o));
	refuse(&fixture, "strict", "subject: profile strict wants O=Example "
	    "Corp; request has none");
	fixture_subject(&fixture, more, COUNT(more));
	refuse(&fixture, "strict",
	    "subject: profile strict allows C, O, CN; request has OU");
	take(&fixture, "open");
	fixture_subject(&fixture, other, COUNT(other));
	refuse(&fixture, "strict", "subject: profile strict wants O=Example "
	    "Corp; request has O=example corp");
	fixture_subject(&fixture, second, COUNT(second));
	refuse(&fixture, "strict", "subject: profile strict wants O=Example "
	    "Corp; request has O=Evil Corp");
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
	fixture.csr.subject = subject;
	refuse(&fixture, "open", "subject: profile open allows known "
	    "attribute types; request has 1.2.3");
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
	fixture.csr.subject = subject;
	refuse(&fixture, "open", "subject: CN holds a NUL");
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
basic_constraints_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	fixture.csr.extension_count = 1;
	fixture.csr.extensions[0] = constraints_ca;
	take(&fixture, "strict");
	fixture.csr.extensions[0] = constraints_1;
	take(&fixture, "strict");
	fixture.csr.extensions[0] = constraints_2;
	refuse(&fixture, "strict", "basicConstraints: profile strict allows "
	    "path length 1; request asks for 2");
	take(&fixture, "open");
	fixture.csr.extensions[0] = constraints_not_ca;
	refuse(&fixture, "open", "basicConstraints: profile open is for CAs; "
	    "request asks for CA:FALSE");
}

static void
end_entities_are_judged(void **state)
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
	ask(&fixture, constraints_not_ca);
	take(&fixture, "leaf");
	fixture.csr.extensions[0] = constraints_ca;
	refuse(&fixture, "leaf", "basicConstraints: profile leaf is for end "
	    "entities; request asks for CA:TRUE");
	fixture.csr.extension_count = 0;
	fixture_subject(&fixture, long_code, COUNT(long_code));
	refuse(&fixture, "leaf", "subject: profile leaf wants CN like "
	    "[0-9a-f]{4}; request has CN=12af0");
	fixture_subject(&fixture, two, COUNT(two));
	refuse(&fixture, "leaf", "subject: profile leaf wants CN like "
	    "[0-9a-f]{4}; request has CN=evil");
	fixture_subject(&fixture, none, COUNT(none));
	refuse(&fixture, "leaf", "subject: profile leaf wants CN like "
	    "[0-9a-f]{4}; request has none");
}

static void
critical_extensions_are_judged(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture);
	ask(&fixture, unknown);
	ask(&fixture, usage);
	take(&fixture, "open");
	ask(&fixture, names);
	take(&fixture, "strict");
	refuse(&fixture, "open", "extension subjectAltName: asked for as "
	    "critical, profile open neither sets nor copies it");
	ask(&fixture, purposes);
	take(&fixture, "strict");
	fixture.csr.extensions[0] = unknown_critical;
	refuse(&fixture, "strict", "extension 1.2.3: asked for as critical, "
	    "profile strict neither sets nor copies it");
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
	assert_int_equal(vet_copied(&fixture.csr,
	    profile_of(fixture.policy, "open"), out, COUNT(out)), 0);
	assert_int_equal(vet_copied(&fixture.csr, strict, out, COUNT(out)),
	    2);
	assert_ptr_equal(out[0].value.data, ca_version.value.data);
	assert_ptr_equal(out[1].value.data, names.value.data);
	assert_true(out[1].critical);
	assert_int_equal(vet_copied(&fixture.csr, strict, out, 1), 1);
}

/* Whoever does not know Microsoft's would refuse all of it. */
static void
microsofts_are_never_critical(void **state)
{
	AUTO(fixture_release) struct fixture fixture = { 0 };
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
	assert_int_equal(vet_copied(&fixture.csr, strict, out, COUNT(out)),
	    1);
	assert_false(out[0].critical);
	assert_ptr_equal(out[0].value.data, ca_version.value.data);
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
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(file_load("tests/fixtures/acm-pca-documented.csr",
	    CSR_MAX, &file, &fail), 0);
	assert_int_equal(csr_read(buf_bytes(&file), &csr, &fail), 0);
	for (size_t i = 0; i < COUNT(paths); i++) {
		AUTO(policy_release) struct policy *policy = NULL;

		assert_int_equal(policy_load(paths[i], &policy, &fail), 0);
		for (size_t j = 0; j < COUNT(profiles); j++)
			if (vet_request(csr, profile_of(policy, profiles[j]),
			    &fail))
				fail_msg("%s", fail.sentence);
		assert_int_equal(vet_request(csr,
		    profile_of(policy, "primary"), &fail), -1);
		assert_string_equal(fail.sentence, "key: profile primary "
		    "allows rsa-3072, rsa-4096, ec-p384, ec-p521; request "
		    "has rsa-2048");
	}
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
		cmocka_unit_test(critical_extensions_are_judged),
		cmocka_unit_test(fates_are_told),
		cmocka_unit_test(only_what_is_let_through_is_copied),
		cmocka_unit_test(microsofts_are_never_critical),
		cmocka_unit_test(documented_request_is_taken),
	};

	return cmocka_run_group_tests_name("vet", tests, NULL, NULL);
}
