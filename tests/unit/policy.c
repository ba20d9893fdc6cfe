/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/policy.h>

#define CA_USAGE (1U << EXT_KU_DIGITAL_SIGNATURE | \
	1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN)

/* A policy that says no more than it must. */
static const char least[] =
    "format: 1\n"
    "name: least\n"
    "root:\n"
    "  subject:\n"
    "    - C: US\n"
    "    - CN: Root\n"
    "  key: ec-p384\n"
    "  signature: ecdsa-sha384\n"
    "  validity: 20y\n"
    "crl:\n"
    "  period: 180d\n"
    "profiles:\n"
    "  sub:\n"
    "    validity: 10y\n"
    "    keys: [ec-p256]\n";

/* A profile that says all it can, behind `least`. */
static const char most[] =
    "  all:\n"
    "    description: Everything\n"
    "    path-length: 0\n"
    "    validity: match-issuer\n"
    "    keys: [rsa-2048, ec-p521]\n"
    "    subject:\n"
    "      required: [CN]\n"
    "      allowed: [C, O, CN]\n"
    "      fixed:\n"
    "        O: Example Corp\n"
    "    key-usage: [keyCertSign, cRLSign]\n"
    "    extended-key-usage: [serverAuth, 1.2.3]\n"
    "    name-constraints:\n"
    "      permitted:\n"
    "        dns: [example.com]\n"
    "        email: [.example.com]\n"
    "        ip: [10.0.0.0/8]\n"
    "        directory:\n"
    "          - [C: US, O: Example Corp]\n"
    "      excluded:\n"
    "        ip: [2001:db8::/32]\n"
    "    certificate-policies:\n"
    "      - oid: 1.3.6.1.4.1.32473.1\n"
    "        cps: http://example.com/cps\n"
    "    crl-urls: [\"http://example.com/r.crl\"]\n"
    "    issuer-urls: [\"http://example.com:8080/r.crt?x=%20\"]\n"
    "    ocsp-urls: [\"http://ocsp.example.com\"]\n"
    "    copy-from-request: [subjectAltName, msCaVersion]\n";

static void
read_text(const char *text, struct policy **out)
{
	struct fail fail = { 0 };

	if (policy_read("p.yaml", bytes_text(text), out, &fail))
		fail_msg("%s", fail.sentence);
}

static void
put_most(struct buf *text)
{
	buf_text(text, least);
	buf_text(text, most);
}

static void
refuse_text(const char *text, const char *sentence)
{
	struct policy untouched, *policy = &untouched;
	struct fail fail = { 0 };

	assert_int_equal(policy_read("p.yaml", bytes_text(text), &policy,
	    &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_ptr_equal(policy, &untouched);
}

/* Puts `new` in place of `old`, which must be there. */
static void
refuse(const char *old, const char *new, const char *sentence)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf spoilt = { 0 };
	const char *at;

	put_most(&text);
	at = strstr(buf_cstr(&text), old);
	assert_non_null(at);
	buf_append(&spoilt, text.data, (size_t)(at - (char *)text.data));
	buf_text(&spoilt, new);
	buf_text(&spoilt, at + strlen(old));
	refuse_text(buf_cstr(&spoilt), sentence);
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
least_is_read_with_defaults(void **state)
{
	static const struct name_pair pairs[] = {
		{ "C", "US" }, { "CN", "Root" },
	};
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf name = { 0 };
	const struct policy_profile *sub;
	struct fail fail = { 0 };
	struct digest digest;

	(void)state;
	read_text(least, &policy);
	assert_string_equal(policy->name, "least");
	assert_null(policy->description);
	assert_int_equal(policy->backdate.hours, 1);
	assert_int_equal(policy->root.key, KEY_EC_P384);
	assert_string_equal(alg_at(policy->root.signature)->name,
	    "ecdsa-sha384");
	assert_int_equal(policy->root.validity.years, 20);
	assert_int_equal(policy->crl_period.days, 180);
	assert_int_equal(policy->anchor, ANCHOR_TOKEN);
	assert_int_equal(policy->privates, 0);
	assert_int_equal(name_write(pairs, COUNT(pairs), &name, &fail), 0);
	assert_true(bytes_is_equal(buf_bytes(&policy->root.subject),
	    buf_bytes(&name)));
	assert_true(bytes_is_equal(buf_bytes(&policy->text),
	    bytes_text(least)));
	digest_of(bytes_text(least), &digest);
	assert_true(digest_is_equal(&policy->digest, &digest));

	assert_int_equal(policy->profile_count, 1);
	sub = profile_of(policy, "sub");
	assert_null(sub->description);
	assert_int_equal(sub->type, PROFILE_CA);
	assert_false(sub->extensions.ocsp_no_check);
	assert_int_equal(sub->path_length, -1);
	assert_false(sub->match_issuer);
	assert_int_equal(sub->validity.years, 10);
	assert_int_equal(sub->keys, 1U << KEY_EC_P256);
	assert_int_equal(sub->copied, 0);
	assert_true(sub->extensions.ca);
	assert_int_equal(sub->extensions.path_length, -1);
	assert_int_equal(sub->extensions.key_usage, CA_USAGE);
}

static void
assert_directory(const struct ext_subtrees *trees)
{
	static const struct name_pair pairs[] = {
		{ "C", "US" }, { "O", "Example Corp" },
	};
	AUTO(buf_release) struct buf name = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(name_write(pairs, COUNT(pairs), &name, &fail), 0);
	assert_int_equal(trees->directory_count, 1);
	assert_true(bytes_is_equal(trees->directory[0], buf_bytes(&name)));
}

static void
assert_constraints(const struct ext_plan *plan)
{
	assert_string_equal(plan->permitted.dns.items[0], "example.com");
	assert_string_equal(plan->permitted.email.items[0], ".example.com");
	assert_string_equal(plan->permitted.ip.items[0], "10.0.0.0/8");
	assert_directory(&plan->permitted);
	assert_int_equal(plan->excluded.dns.count, 0);
	assert_string_equal(plan->excluded.ip.items[0], "2001:db8::/32");
	assert_int_equal(plan->excluded.directory_count, 0);
}

static void
most_is_read_whole(void **state)
{
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	const struct policy_profile *all;
	const struct ext_plan *plan;

	(void)state;
	put_most(&text);
	read_text(buf_cstr(&text), &policy);
	all = profile_of(policy, "all");
	plan = &all->extensions;
	assert_string_equal(all->description, "Everything");
	assert_int_equal(all->path_length, 0);
	assert_true(all->match_issuer);
	assert_int_equal(all->keys, 1U << KEY_RSA_2048 | 1U << KEY_EC_P521);
	assert_int_equal(all->subject.required.count, 1);
	assert_int_equal(all->subject.allowed.count, 3);
	assert_int_equal(all->subject.fixed_count, 1);
	assert_string_equal(all->subject.fixed[0].type, "O");
	assert_string_equal(all->subject.fixed[0].value, "Example Corp");
	assert_int_equal(all->copied, 1U << 0 | 1U << 4);
	assert_int_equal(plan->path_length, 0);
	assert_int_equal(plan->key_usage,
	    1U << EXT_KU_KEY_CERT_SIGN | 1U << EXT_KU_CRL_SIGN);
	assert_int_equal(plan->ext_key_usage.count, 2);
	assert_constraints(plan);
	assert_int_equal(plan->policy_count, 1);
	assert_string_equal(plan->policies[0].oid, "1.3.6.1.4.1.32473.1");
	assert_string_equal(plan->policies[0].cps, "http://example.com/cps");
	assert_string_equal(plan->crl_urls.items[0],
	    "http://example.com/r.crl");
	assert_int_equal(plan->issuer_urls.count, 1);
	assert_string_equal(plan->ocsp_urls.items[0],
	    "http://ocsp.example.com");
}

static void
form_is_judged(void **state)
{
	(void)state;
	refuse_text("a", "p.yaml:1:1: want a map, have a text");
	refuse("format: 1\n", "",
	    "p.yaml:1:1: format: missing");
	refuse("format: 1", "format: 2",
	    "p.yaml:1:9: format: want a number from 1 to 1, have 2");
	refuse("name: least", "name: Least",
	    "p.yaml:2:7: name: want at most 64 of a-z, 0-9 and hyphens, "
	    "no hyphen first, have Least");
	refuse("root:", "rot:",
	    "p.yaml:3:1: unknown key rot, did you mean root");
	refuse("root:", "backdate: 25h\nroot:",
	    "p.yaml:3:11: backdate: want at most 24h, have 25h");
	refuse("root:", "backdate: soon\nroot:",
	    "p.yaml:3:11: backdate: want a period of at most 1000 years such "
	    "as 20y, 1095d or 12h, have soon");
	refuse("crl:\n  period: 180d\n", "crl: {}\n",
	    "p.yaml:10:6: period: missing");
	refuse("period: 180d", "period: 7306d",
	    "p.yaml:11:11: period: want at most the root's 20y, have 7306d");
	refuse("name: least", "name: -least",
	    "p.yaml:2:7: name: want at most 64 of a-z, 0-9 and hyphens, "
	    "no hyphen first, have -least");
}

/* `more` stands before the root. */
static struct policy *
read_with(const char *more)
{
	AUTO(buf_release) struct buf text = { 0 };
	const char *at = strstr(least, "root:");
	struct policy *policy = NULL;

	buf_append(&text, least, (size_t)(at - least));
	buf_text(&text, more);
	buf_text(&text, at);
	read_text(buf_cstr(&text), &policy);
	return policy;
}

static void
anchors_are_read(void **state)
{
	static const struct {
		const char *text;
		enum anchor_place place;
		bool token, paper;
	} rows[] = {
		{ "", ANCHOR_TOKEN, true, false },
		{ "anchor: token\n", ANCHOR_TOKEN, true, false },
		{ "anchor: paper\n", ANCHOR_PAPER, false, true },
		{ "anchor: both\n", ANCHOR_BOTH, true, true },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(policy_release) struct policy *policy =
		    read_with(rows[n].text);

		assert_int_equal(policy->anchor, rows[n].place);
		assert_int_equal(policy_anchors_token(policy),
		    rows[n].token);
		assert_int_equal(policy_anchors_paper(policy),
		    rows[n].paper);
	}
	refuse("root:", "anchor: none\nroot:", "p.yaml:3:9: anchor: want one "
	    "of token, paper, both; have none");
	refuse("root:", "anchor: [token]\nroot:",
	    "p.yaml:3:9: anchor: want a text, have a list");
}

static void
private_fields_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned privates;
	} rows[] = {
		{ "", 0 },
		{ "private: [by]\n", 1U << PRIVATE_BY },
		{ "private: [ticket, witness]\n",
		    1U << PRIVATE_TICKET | 1U << PRIVATE_WITNESS },
		{ "private: [witness, by, requester, ticket]\n", 15 },
	};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(policy_release) struct policy *policy =
		    read_with(rows[n].text);

		assert_int_equal(policy->privates, rows[n].privates);
	}
	refuse("root:", "private: []\nroot:", "p.yaml:3:10: private: empty");
	refuse("root:", "private: by\nroot:",
	    "p.yaml:3:10: private: want a list");
	refuse("root:", "private: [by, time]\nroot:", "p.yaml:3:15: private: "
	    "want one of by, ticket, witness, requester; have time");
	refuse("root:", "private: [by, by]\nroot:",
	    "p.yaml:3:15: private: by given twice");
}

static void
root_is_judged(void **state)
{
	(void)state;
	refuse("    - C: US\n    - CN: Root\n", "    []\n",
	    "p.yaml:5:5: subject: empty");
	refuse("    - C: US\n    - CN: Root\n", "    CN: Root\n",
	    "p.yaml:5:5: subject: want a list");
	refuse("    - C: US\n", "    - C: US\n      O: Example\n",
	    "p.yaml:5:7: subject: want one type and its value, such as "
	    "\"- CN: Example Root\"");
	refuse("    - C: US\n", "    - C: USA\n",
	    "p.yaml:5:10: subject: C has 3 characters, at most 2");
	refuse("    - C: US\n", "    - serialnumber: 1\n",
	    "p.yaml:5:21: subject: serialnumber: unknown name type, is "
	    "serialNumber meant?");
	refuse("key: ec-p384", "key: ec-p385",
	    "p.yaml:7:8: key: want one of rsa-2048, rsa-3072, rsa-4096, "
	    "ec-p256, ec-p384, ec-p521; have ec-p385");
	refuse("key: ec-p384", "key: rsa-2048", "p.yaml:7:8: key: rsa-2048 is "
	    "too weak for a root, want rsa-3072, rsa-4096 or a curve");
	refuse("signature: ecdsa-sha384", "signature: rsa-sha256",
	    "p.yaml:8:14: signature: rsa-sha256 does not fit a key of "
	    "ec-p384");
	refuse("signature: ecdsa-sha384", "signature: ecdsa-sha256",
	    "p.yaml:8:14: signature: ecdsa-sha256 does not fit a key of "
	    "ec-p384");
}

static void
profiles_are_judged(void **state)
{
	(void)state;
	refuse("  sub:", "  Sub:",
	    "p.yaml:13:3: profiles: want at most 64 of a-z, 0-9 and hyphens, "
	    "no hyphen first, have Sub");
	refuse("  all:", "  sub:",
	    "p.yaml:16:3: sub: given twice, first in line 13");
	refuse("validity: 10y", "validity: forever",
	    "p.yaml:14:15: validity: want a period of at most 1000 years such "
	    "as 20y, 1095d or 12h, have forever");
	refuse("validity: 10y", "validity: 20y",
	    "p.yaml:14:15: validity: want less than the root's 20y, or "
	    "match-issuer; have 20y");
	refuse("validity: 10y", "validity: 7306d",
	    "p.yaml:14:15: validity: want less than the root's 20y, or "
	    "match-issuer; have 7306d");
	refuse("keys: [ec-p256]", "keys: []",
	    "p.yaml:15:11: keys: empty");
	refuse("keys: [ec-p256]", "keys: ec-p256",
	    "p.yaml:15:11: keys: want a list");
	refuse("    keys: [ec-p256]\n", "",
	    "p.yaml:14:5: keys: missing");
	refuse("path-length: 0", "path-length: 10",
	    "p.yaml:18:18: path-length: want a number from 0 to 9, have 10");
	refuse("path-length: 0", "path-length: \"0\"",
	    "p.yaml:18:18: path-length: want a number without quotes");
	refuse("  sub:", "  -sub:",
	    "p.yaml:13:3: profiles: want at most 64 of a-z, 0-9 and hyphens, "
	    "no hyphen first, have -sub");
}

static void
key_usage_is_judged(void **state)
{
	static const char both[] = "[keyCertSign, cRLSign]";
	static const char *const unfit[] = {
		"keyEncipherment", "dataEncipherment", "keyAgreement",
		"encipherOnly", "decipherOnly",
	};

	(void)state;
	refuse(both, "[]", "p.yaml:26:16: key-usage: empty");
	refuse(both, "[cRLSign]",
	    "p.yaml:26:16: key-usage: lacks keyCertSign, which a CA must have "
	    "(RFC 5280, 4.2.1.3)");
	refuse(both, "[keyCertSign]",
	    "p.yaml:26:16: key-usage: lacks cRLSign, which a CA must have "
	    "(RFC 5280, 4.2.1.3)");
	for (size_t i = 0; i < COUNT(unfit); i++) {
		AUTO(buf_release) struct buf usage = { 0 };
		AUTO(buf_release) struct buf sentence = { 0 };

		buf_printf(&usage, "[keyCertSign, cRLSign, %s]", unfit[i]);
		buf_printf(&sentence, "p.yaml:26:16: key-usage: %s does not "
		    "go with keyCertSign (RFC 3279, 2.3)", unfit[i]);
		refuse(both, buf_cstr(&usage), buf_cstr(&sentence));
	}
}

static void
no_profile_is_no_policy(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	const char *profiles = strstr(least, "profiles:");

	(void)state;
	buf_append(&text, least, (size_t)(profiles - least));
	buf_text(&text, "profiles: {}\n");
	refuse_text(buf_cstr(&text), "p.yaml:12:11: profiles: empty");
	text.len = (size_t)(profiles - least);
	buf_text(&text, "profiles: [a]\n");
	refuse_text(buf_cstr(&text), "p.yaml:12:11: profiles: want a map");
}

static void
subjects_are_judged(void **state)
{
	(void)state;
	refuse("required: [CN]", "required: [\"1.2.3\"]",
	    "p.yaml:22:18: required: 1.2.3: unknown name type");
	refuse("required: [CN]", "required: [CN, CN]",
	    "p.yaml:22:22: required: CN given twice");
	refuse("required: [CN]", "required: [OU]",
	    "p.yaml:23:16: allowed: lacks OU, which is required");
	refuse("allowed: [C, O, CN]", "allowed: [C, CN]",
	    "p.yaml:23:16: allowed: lacks O, which is fixed");
	refuse("allowed: [C, O, CN]", "allowed: []",
	    "p.yaml:23:16: allowed: empty");
	refuse("O: Example Corp", "C: \"*\"",
	    "p.yaml:25:12: fixed: C: * does not fit PrintableString");
	refuse("fixed:\n        O: Example Corp\n", "fixed: {}\n",
	    "p.yaml:24:14: fixed: empty");
}

static void
constraints_are_judged(void **state)
{
	(void)state;
	refuse("dns: [example.com]", "dns: []",
	    "p.yaml:30:14: dns: empty");
	refuse("dns: [example.com]", "dns: [\"*.example.com\"]",
	    "p.yaml:30:15: dns: nameConstraints: *.example.com: not a DNS "
	    "name");
	refuse("[.example.com]", "[\"a@b@c\"]",
	    "p.yaml:31:17: email: nameConstraints: a@b@c: not a mailbox, host "
	    "or .domain");
	refuse("[10.0.0.0/8]", "[10.0.0.0/33]",
	    "p.yaml:32:14: ip: nameConstraints: 10.0.0.0/33: not an IP range, "
	    "want 10.0.0.0/8 or 2001:db8::/32");
	refuse("[10.0.0.0/8]", "[10.0.0.1/8]",
	    "p.yaml:32:14: ip: nameConstraints: 10.0.0.1/8: address bits "
	    "behind the prefix");
	refuse("          - [C: US, O: Example Corp]\n", "          - C: US\n",
	    "p.yaml:34:13: directory: want a list");
	refuse("excluded:\n        ip: [2001:db8::/32]\n", "excluded: {}\n",
	    "p.yaml:35:17: excluded: empty");
	refuse("excluded:\n        ip: [2001:db8::/32]\n",
	    "excluded:\n        ips: [2001:db8::/32]\n",
	    "p.yaml:36:9: unknown key ips, did you mean ip");
}

static void
purposes_and_policies_are_judged(void **state)
{
	(void)state;
	refuse("serverAuth", "serverAuht",
	    "p.yaml:27:26: extended-key-usage: extendedKeyUsage: serverAuht: "
	    "unknown extended key usage, is serverAuth meant?");
	refuse("1.2.3]", "1.02.3]",
	    "p.yaml:27:38: extended-key-usage: extendedKeyUsage: 1.02.3: not "
	    "an OID");
	refuse("1.3.6.1.4.1.32473.1", "1.3.6.1.4.1.32473.",
	    "p.yaml:38:9: certificate-policies: certificatePolicies: "
	    "1.3.6.1.4.1.32473.: not an OID");
	refuse("http://example.com/cps", "example.com/cps",
	    "p.yaml:38:9: certificate-policies: certificatePolicies: "
	    "example.com/cps: not an http, https or ldap URL");
	refuse("        cps: http://example.com/cps\n",
	    "      - oid: 1.3.6.1.4.1.32473.1\n",
	    "p.yaml:39:9: certificate-policies: 1.3.6.1.4.1.32473.1 given "
	    "twice (RFC 5280, 4.2.1.4)");
	refuse("[subjectAltName, ", "[extendedKeyUsage, ",
	    "p.yaml:43:24: copy-from-request: extendedKeyUsage is set by the "
	    "profile");
	refuse("[subjectAltName, ", "[certificatePolicies, ",
	    "p.yaml:43:24: copy-from-request: certificatePolicies is set by "
	    "the profile");
	refuse("[subjectAltName, msCaVersion]", "[keyUsage]",
	    "p.yaml:43:25: copy-from-request: want one of subjectAltName, "
	    "extendedKeyUsage, certificatePolicies, subjectInfoAccess, "
	    "msCaVersion, msPreviousCaHash, msEnrollCertType; have keyUsage");
}

static void
urls_are_judged(void **state)
{
	static const char crl[] = "\"http://example.com/r.crl\"";

	(void)state;
	refuse(crl, "\"https://example.com/r.crl\"",
	    "p.yaml:40:16: crl-urls: want http://, have "
	    "https://example.com/r.crl");
	refuse(crl, "\"http://exa_mple.com/r.crl\"",
	    "p.yaml:40:16: crl-urls: want a host name of at most 253 letters, "
	    "digits, hyphens and dots, have http://exa_mple.com/r.crl");
	refuse(crl, "\"http:///r.crl\"",
	    "p.yaml:40:16: crl-urls: want a host name of at most 253 letters, "
	    "digits, hyphens and dots, have http:///r.crl");
	refuse(crl, "\"http://b\303\274cher.example/r.crl\"",
	    "p.yaml:40:16: crl-urls: want a host name of at most 253 letters, "
	    "digits, hyphens and dots, have "
	    "http://b\303\274cher.example/r.crl");
	refuse(crl, "\"http://example.com/b\303\274cher.crl\"",
	    "p.yaml:40:16: crl-urls: not a URL: "
	    "http://example.com/b\303\274cher.crl");
	refuse(crl, "\"http://user:secret@example.com/r.crl\"",
	    "p.yaml:40:16: crl-urls: not a URL: "
	    "http://user:secret@example.com/r.crl");
	refuse(crl, "\"http://example.com/r .crl\"",
	    "p.yaml:40:16: crl-urls: not a URL: http://example.com/r .crl");
	refuse(crl, "\"http://example.com/$(reboot)\"",
	    "p.yaml:40:16: crl-urls: not a URL: http://example.com/$(reboot)");
	refuse(crl, "\"http://a.example/r\", \"http://a.example/r\"",
	    "p.yaml:40:38: crl-urls: http://a.example/r given twice");
	refuse("[\"http://ocsp.example.com\"]", "[]",
	    "p.yaml:42:16: ocsp-urls: empty");
}

/* Just within the bounds of RFC 1034, 3.1, and just beyond them. */
static void
bounds_of_hosts_are_kept(void **state)
{
	static const char crl[] = "http://example.com/r.crl";
	static const char words[] = "p.yaml:40:16: crl-urls: want a host name "
	    "of at most 253 letters, digits, hyphens and dots, have ";
	static const struct {
		size_t label, len;
		bool fits;
	} rows[] = {
		{ 63, 253, true }, { 63, 254, false }, { 64, 64, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(policy_release) struct policy *policy = NULL;
		AUTO(buf_release) struct buf url = { 0 };
		AUTO(buf_release) struct buf text = { 0 };

		buf_text(&url, "http://");
		for (size_t n = 1; n <= rows[i].len; n++)
			buf_text(&url, n % (rows[i].label + 1) ? "a" : ".");
		if (rows[i].fits) {
			buf_printf(&text, "%s    crl-urls: [\"%s\"]\n", least,
			    buf_cstr(&url));
			read_text(buf_cstr(&text), &policy);
			continue;
		}
		buf_printf(&text, "%s%s", words, buf_cstr(&url));
		refuse(crl, buf_cstr(&url), buf_cstr(&text));
	}
}

static void
forms_of_hosts_are_judged(void **state)
{
	static const char crl[] = "http://example.com/r.crl";
	static const char *const hosts[] = {
		"http://-a.example/", "http://a-.example/",
		"http://a..example/", "http://a.example./", "http://.a/",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		AUTO(buf_release) struct buf sentence = { 0 };

		buf_printf(&sentence, "p.yaml:40:16: crl-urls: want a host "
		    "name of at most 253 letters, digits, hyphens and dots, "
		    "have %s", hosts[i]);
		refuse(crl, hosts[i], buf_cstr(&sentence));
	}
	refuse(crl, "http://a.example:/r",
	    "p.yaml:40:16: crl-urls: not a URL: http://a.example:/r");
}

static void
long_names_are_refused(void **state)
{
	AUTO(buf_release) struct buf name = { 0 }, sentence = { 0 };

	(void)state;
	for (size_t n = 0; n < 65; n++)
		buf_text(&name, "a");
	buf_printf(&sentence, "p.yaml:2:7: name: want at most 64 of a-z, 0-9 "
	    "and hyphens, no hyphen first, have %s", buf_cstr(&name));
	refuse("least", buf_cstr(&name), buf_cstr(&sentence));
}

static void
unknown_profile_names_the_known(void **state)
{
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	const struct policy_profile *profile = NULL;
	struct fail fail = { 0 };

	(void)state;
	put_most(&text);
	read_text(buf_cstr(&text), &policy);
	assert_int_equal(policy_profile(policy, "su", &profile, &fail), -1);
	assert_int_equal(fail.kind, FAIL_USAGE);
	assert_string_equal(fail.sentence,
	    "no profile su in policy least: it has sub, all");
	assert_null(profile);
}

static void
what_a_profile_sets_is_known(void **state)
{
	static const struct {
		const char *name;
		bool in_sub, in_all;
	} rows[] = {
		{ "basicConstraints", true, true },
		{ "authorityKeyIdentifier", true, true },
		{ "subjectKeyIdentifier", true, true },
		{ "keyUsage", true, true },
		{ "extendedKeyUsage", false, true },
		{ "certificatePolicies", false, true },
		{ "nameConstraints", false, true },
		{ "crlDistributionPoints", false, true },
		{ "authorityInfoAccess", false, true },
		{ "subjectAltName", false, false },
		{ "noCheck", false, false },
		{ "1.2.3.4", false, false },
	};
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	const struct policy_profile *sub, *all;

	(void)state;
	put_most(&text);
	read_text(buf_cstr(&text), &policy);
	sub = profile_of(policy, "sub");
	all = profile_of(policy, "all");
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(policy_profile_sets(sub, rows[i].name),
		    rows[i].in_sub);
		assert_int_equal(policy_profile_sets(all, rows[i].name),
		    rows[i].in_all);
	}
}

/* An end entity's profile, behind `least`; `more` are its other lines. */
static void
put_leaf(struct buf *text, const char *more)
{
	buf_printf(text, "%s  leaf:\n    type: end-entity\n"
	    "    validity: 1y\n%s", least, more);
}

static void
types_are_read(void **state)
{
	AUTO(policy_release) struct policy *policy = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	const struct policy_profile *leaf, *cross;

	(void)state;
	put_leaf(&text, "    keys: [rsa-2048]\n"
	    "    key-usage: [digitalSignature]\n"
	    "    extended-key-usage: [OCSPSigning]\n"
	    "    ocsp-no-check: true\n"
	    "  cross:\n    type: cross-certificate\n    validity: 1y\n"
	    "    keys: [ec-p256]\n"
	    "  ca:\n    type: ca\n    validity: 1y\n    keys: [ec-p256]\n");
	read_text(buf_cstr(&text), &policy);
	leaf = profile_of(policy, "leaf");
	assert_int_equal(leaf->type, PROFILE_END_ENTITY);
	assert_false(leaf->extensions.ca);
	assert_int_equal(leaf->extensions.path_length, -1);
	assert_int_equal(leaf->extensions.key_usage,
	    1U << EXT_KU_DIGITAL_SIGNATURE);
	assert_true(leaf->extensions.ocsp_no_check);
	assert_true(policy_profile_sets(leaf, "noCheck"));
	cross = profile_of(policy, "cross");
	assert_int_equal(cross->type, PROFILE_CROSS);
	assert_true(cross->extensions.ca);
	assert_int_equal(cross->extensions.key_usage, CA_USAGE);
	assert_int_equal(profile_of(policy, "ca")->type, PROFILE_CA);
}

static void
types_are_judged(void **state)
{
	(void)state;
	refuse("path-length: 0", "type: leaf", "p.yaml:18:11: type: want one "
	    "of ca, cross-certificate, end-entity; have leaf");
	refuse("path-length: 0", "ocsp-no-check: true", "p.yaml:18:20: "
	    "ocsp-no-check: is for end entities with OCSPSigning (RFC 6960, "
	    "4.2.2.2.1)");
	refuse("path-length: 0", "ocsp-no-check: yes", "p.yaml:18:20: "
	    "ocsp-no-check: want true or false, have yes");
}

static void
end_entities_are_judged(void **state)
{
	static const struct {
		const char *more, *sentence;
	} rows[] = {
		{ "    keys: [ec-p256]\n    path-length: 0\n", "p.yaml:20:18: "
		    "path-length: is for CAs, type is end-entity (RFC 5280, "
		    "4.2.1.9)" },
		{ "    keys: [ec-p256]\n    name-constraints:\n"
		    "      permitted: { dns: [a.example] }\n", "p.yaml:21:7: "
		    "name-constraints: is for CAs, type is end-entity "
		    "(RFC 5280, 4.2.1.10)" },
		{ "    keys: [ec-p256]\n    key-usage: [keyCertSign]\n",
		    "p.yaml:20:16: key-usage: keyCertSign is for CAs, type is "
		    "end-entity (RFC 5280, 4.2.1.3)" },
		{ "    keys: [ec-p256]\n    key-usage: [cRLSign]\n",
		    "p.yaml:20:16: key-usage: cRLSign is for CAs, type is "
		    "end-entity (RFC 5280, 4.2.1.3)" },
		{ "    keys: [ec-p256]\n", "p.yaml:17:5: key-usage: missing, "
		    "as is extended-key-usage; an end entity wants one of "
		    "them" },
		{ "    keys: [ec-p256]\n    key-usage: [keyEncipherment]\n",
		    "p.yaml:20:16: key-usage: keyEncipherment is not for EC "
		    "keys (RFC 8813, 3)" },
		{ "    keys: [ec-p521]\n    key-usage: [dataEncipherment]\n",
		    "p.yaml:20:16: key-usage: dataEncipherment is not for EC "
		    "keys (RFC 8813, 3)" },
		{ "    keys: [rsa-2048]\n    key-usage: [keyAgreement]\n",
		    "p.yaml:20:16: key-usage: keyAgreement is not for RSA "
		    "keys (RFC 3279, 2.3.1)" },
		{ "    keys: [ec-p256]\n    key-usage: [encipherOnly]\n",
		    "p.yaml:20:16: key-usage: encipherOnly and decipherOnly "
		    "want keyAgreement (RFC 5280, 4.2.1.3)" },
		{ "    keys: [rsa-2048]\n    key-usage: [keyEncipherment]\n"
		    "    extended-key-usage: [serverAuth, clientAuth]\n",
		    "p.yaml:21:25: extended-key-usage: clientAuth does not go "
		    "with this key-usage (RFC 5280, 4.2.1.12)" },
		{ "    keys: [rsa-2048]\n"
		    "    extended-key-usage: [timeStamping]\n",
		    "p.yaml:20:25: extended-key-usage: timeStamping must be "
		    "critical (RFC 3161, 2.3), which no profile is" },
		{ "    keys: [rsa-2048]\n    ocsp-no-check: true\n"
		    "    extended-key-usage: [serverAuth]\n",
		    "p.yaml:20:20: ocsp-no-check: is for end entities with "
		    "OCSPSigning (RFC 6960, 4.2.2.2.1)" },
	};
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		text.len = 0;
		put_leaf(&text, rows[i].more);
		refuse_text(buf_cstr(&text), rows[i].sentence);
	}
	refuse("path-length: 0", "type: end-entity", "p.yaml:29:7: "
	    "name-constraints: is for CAs, type is end-entity (RFC 5280, "
	    "4.2.1.10)");
}

static void
end_entities_do_not_match_the_issuer(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	buf_printf(&text, "%s  leaf:\n    type: end-entity\n"
	    "    validity: match-issuer\n    keys: [ec-p256]\n"
	    "    key-usage: [digitalSignature]\n", least);
	refuse_text(buf_cstr(&text), "p.yaml:18:15: validity: match-issuer is "
	    "for CAs, type is end-entity");
}

static void
patterns_are_judged(void **state)
{
	static const char fixed[] = "fixed:\n        O: Example Corp\n";
	static const struct {
		const char *pattern, *sentence;
	} rows[] = {
		{ "CN: \"[0-9\"", "p.yaml:25:13: pattern: not a regular "
		    "expression: [0-9: Unmatched [, [^, [:, [., or [=" },
		{ "CN: \"a(b\"", "p.yaml:25:13: pattern: not a regular "
		    "expression: a(b: Unmatched ( or \\(" },
		{ "CN: \"b\303\274cher\"", "p.yaml:25:13: pattern: want ASCII "
		    "alone, have b\303\274cher" },
		{ "CN: '(a)\\1'", "p.yaml:25:13: pattern: want no "
		    "back-reference, no count behind a group, and counts of "
		    "at most 500 in all; have (a)\\1" },
		{ "CN: \"(a){2}\"", "p.yaml:25:13: pattern: want no "
		    "back-reference, no count behind a group, and counts of "
		    "at most 500 in all; have (a){2}" },
		{ "CN: \"a{2,1000}\"", "p.yaml:25:13: pattern: want no "
		    "back-reference, no count behind a group, and counts of "
		    "at most 500 in all; have a{2,1000}" },
		{ "CN: \"a{1000}\"", "p.yaml:25:13: pattern: want no "
		    "back-reference, no count behind a group, and counts of "
		    "at most 500 in all; have a{1000}" },
		{ "CN: \"a{250}b{2,251}\"", "p.yaml:25:13: pattern: want no "
		    "back-reference, no count behind a group, and counts of "
		    "at most 500 in all; have a{250}b{2,251}" },
		{ "CN: \"a{9}{9}\"", "p.yaml:25:13: pattern: want no "
		    "back-reference, no count behind a group, and counts of "
		    "at most 500 in all; have a{9}{9}" },
		{ "Cn: a", "p.yaml:25:13: pattern: Cn: unknown name type, is "
		    "C meant?" },
		{ "OU: a", "p.yaml:23:16: allowed: lacks OU, which has a "
		    "pattern" },
		{ "CN: [a]", "p.yaml:25:13: pattern: want a text, have a "
		    "list" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(buf_release) struct buf text = { 0 };

		buf_printf(&text, "pattern:\n        %s\n", rows[i].pattern);
		refuse(fixed, buf_cstr(&text), rows[i].sentence);
	}
	refuse(fixed, "pattern: {}\n", "p.yaml:24:16: pattern: empty");
}

static void
long_patterns_are_refused(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };

	(void)state;
	buf_text(&text, "pattern:\n        CN: ");
	for (size_t n = 0; n < 201; n++)
		buf_text(&text, "a");
	buf_text(&text, "\n");
	refuse("fixed:\n        O: Example Corp\n", buf_cstr(&text),
	    "p.yaml:25:13: pattern: want at most 200 characters");
}

static void
patterns_fit_the_whole(void **state)
{
	static const struct {
		const char *pattern, *value;
		bool fits;
	} rows[] = {
		{ "[0-9a-f]{4}", "12af", true },
		{ "[0-9a-f]{4}", "12aF", false },
		{ "[0-9a-f]{4}", "12af0", false },
		{ "[0-9a-f]{4}", "x12af", false },
		{ "[0-9a-f]{4}", "12af\n", false },
		{ "a|ab", "ab", true },
		{ "a|b", "ab", false },
		{ "a)|b", "a", false },
		{ "", "", true },
		{ "a", "", false },
		{ "[", "[", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (text_fits(rows[i].pattern, rows[i].value) !=
		    rows[i].fits)
			fail_msg("%s, %s", rows[i].pattern, rows[i].value);
}

/* Those that are shipped: all that they set can be encoded. */
static void
shipped_policies_are_sound(void **state)
{
	static const struct {
		const char *path, *name, *signature, *pathlen3;
		size_t profiles;
	} rows[] = {
		{ "policies/acm-pca-rsa-4096.yaml", "acm-pca-rsa-4096",
		    "rsa-sha256", "subordinate-pathlen3", 6 },
		{ "policies/acm-pca-ec-p384.yaml", "acm-pca-ec-p384",
		    "ecdsa-sha384", "subordinate-pathlen3", 6 },
		{ "policies/consumers.yaml", "consumers", "rsa-sha256",
		    "csr-passthrough-pathlen3", 14 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(policy_release) struct policy *policy = NULL;
		struct fail fail = { 0 };

		if (policy_load(rows[i].path, &policy, &fail))
			fail_msg("%s", fail.sentence);
		assert_string_equal(policy->name, rows[i].name);
		assert_string_equal(alg_at(policy->root.signature)->name,
		    rows[i].signature);
		assert_int_equal(policy->profile_count, rows[i].profiles);
		for (size_t j = 0; j < policy->profile_count; j++) {
			AUTO(buf_release) struct buf out = { 0 };

			assert_int_equal(ext_write(
			    &policy->profiles[j].extensions, &out, &fail), 0);
		}
		assert_true(profile_of(policy, "primary")->match_issuer);
		assert_int_equal(
		    profile_of(policy, rows[i].pathlen3)->path_length, 3);
	}
}

static void
file_that_is_not_there_is_named(void **state)
{
	struct policy *policy = NULL;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(policy_load("/nowhere/p.yaml", &policy, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_string_equal(fail.sentence,
	    "/nowhere/p.yaml: No such file or directory");
	assert_null(policy);
	policy_release(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_is_read_with_defaults),
		cmocka_unit_test(most_is_read_whole),
		cmocka_unit_test(form_is_judged),
		cmocka_unit_test(anchors_are_read),
		cmocka_unit_test(private_fields_are_read),
		cmocka_unit_test(root_is_judged),
		cmocka_unit_test(profiles_are_judged),
		cmocka_unit_test(key_usage_is_judged),
		cmocka_unit_test(no_profile_is_no_policy),
		cmocka_unit_test(subjects_are_judged),
		cmocka_unit_test(constraints_are_judged),
		cmocka_unit_test(purposes_and_policies_are_judged),
		cmocka_unit_test(urls_are_judged),
		cmocka_unit_test(bounds_of_hosts_are_kept),
		cmocka_unit_test(forms_of_hosts_are_judged),
		cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(unknown_profile_names_the_known),
		cmocka_unit_test(what_a_profile_sets_is_known),
		cmocka_unit_test(types_are_read),
		cmocka_unit_test(types_are_judged),
		cmocka_unit_test(end_entities_are_judged),
		cmocka_unit_test(end_entities_do_not_match_the_issuer),
		cmocka_unit_test(patterns_are_judged),
		cmocka_unit_test(long_patterns_are_refused),
		cmocka_unit_test(patterns_fit_the_whole),
		cmocka_unit_test(shipped_policies_are_sound),
		cmocka_unit_test(file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
