/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a key: its names, and the rules that it breaks. */
#include <anchorite/x509/spki.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

/* Known by name only, to be refused by it, and why. */
#define NO_ML_DSA "neither OpenSSL 3.0 nor the token can sign or verify " \
	"with it, and AWS takes it only below a CA that can"
#define NO_CONSUMER "no consumer of a bundle takes it"
#define NO_SIGNER   "it cannot sign"
static const struct other {
	const char *oid, *name, *why;
} others[] = {
	{ "1.2.840.10040.4.1", "DSA", "withdrawn by FIPS 186-5" },
	{ "1.2.840.113549.1.1.10", "RSASSA-PSS", NO_CONSUMER ": rsaEncryption "
	    "is for PSS signatures, too" },
	{ "1.3.101.110", "X25519", NO_SIGNER },
	{ "1.3.101.111", "X448", NO_SIGNER },
	{ "1.3.101.112", "Ed25519", NO_CONSUMER },
	{ "1.3.101.113", "Ed448", NO_CONSUMER },
	{ "2.16.840.1.101.3.4.3.17", "ML-DSA-44", NO_ML_DSA },
	{ "2.16.840.1.101.3.4.3.18", "ML-DSA-65", NO_ML_DSA },
	{ "2.16.840.1.101.3.4.3.19", "ML-DSA-87", NO_ML_DSA },
};

static const struct other *
other_find(const char *oid)
{
	for (size_t n = 0; n < COUNT(others); n++)
		if (strcmp(oid, others[n].oid) == 0)
			return &others[n];
	return NULL;
}

void
spki_show_algorithm(struct bytes oid, char *out, size_t size)
{
	const struct other *other;
	const char *name = NULL;
	int nid;

	der_show_oid(oid, out, size);
	nid = OBJ_txt2nid(out);
	if (nid != NID_undef)
		name = OBJ_nid2ln(nid);
	ERR_clear_error();
	other = other_find(out);
	if (other != NULL)
		name = other->name;
	if (name != NULL)
		snprintf(out, size, "%s", name);
}

void
spki_show_kind(const struct spki *spki, char *out, size_t size)
{
	char name[DER_OID_SIZE];

	if (spki->kind != KEY_NONE) {
		snprintf(out, size, "%s", key_kind_names[spki->kind]);
		return;
	}
	spki_show_algorithm(spki->algorithm, name, sizeof(name));
	if (spki_is_rsa(spki))
		snprintf(out, size, "RSA %zu bits", spki_modulus_bits(spki));
	else if (spki->curve.len > 0) {
		spki_show_algorithm(spki->curve, name, sizeof(name));
		snprintf(out, size, "EC %s", name);
	} else
		snprintf(out, size, "%s", name);
}

static enum rule_verdict
judge_algorithm(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct spki *spki = subject;
	char name[DER_OID_SIZE];
	const struct other *other;

	(void)rule;
	rule_want(finding, "RSA or EC");
	if (spki_is_rsa(spki))
		return rule_kept(finding, "RSA");
	if (spki_is_ec(spki))
		return rule_kept(finding, "EC");
	der_show_oid(spki->algorithm, name, sizeof(name));
	other = other_find(name);
	if (other != NULL)
		return rule_broken(finding, "%s: %s", other->name, other->why);
	spki_show_algorithm(spki->algorithm, name, sizeof(name));
	return rule_broken(finding, "%s", name);
}

static enum rule_verdict
judge_size(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct spki *spki = subject;
	size_t bits = spki_modulus_bits(spki);

	(void)rule;
	rule_want(finding, "2048, 3072 or 4096 bits");
	if (!spki_is_rsa(spki))
		return rule_silent(finding, "not an RSA key");
	if (spki->kind == KEY_NONE)
		return rule_broken(finding, "%zu bits", bits);
	return rule_kept(finding, "%zu bits", bits);
}

static enum rule_verdict
judge_modulus(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct spki *spki = subject;

	(void)rule;
	rule_want(finding, "an odd number");
	if (!spki_is_rsa(spki))
		return rule_silent(finding, "not an RSA key");
	if (!spki_is_odd(spki->modulus))
		return rule_broken(finding, "an even one");
	return rule_kept(finding, "odd");
}

/* At most eight octets. */
static uint64_t
number_of(struct bytes octets)
{
	uint64_t number = 0;

	for (size_t n = 0; n < octets.len; n++)
		number = number << 8 | octets.data[n];
	return number;
}

static enum rule_verdict
judge_exponent(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct spki *spki = subject;
	uint64_t number;

	rule_want(finding, "an odd number from %d, below 2^64",
	    (int)rule->number);
	if (!spki_is_rsa(spki))
		return rule_silent(finding, "not an RSA key");
	if (spki->exponent.len > sizeof(number))
		return rule_broken(finding, "one of more than 64 bits");
	number = number_of(spki->exponent);
	if (number < (uint64_t)rule->number || number % 2 == 0)
		return rule_broken(finding, "%" PRIu64, number);
	return rule_kept(finding, "%" PRIu64, number);
}

static enum rule_verdict
judge_curve(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct spki *spki = subject;
	char name[DER_OID_SIZE];

	(void)rule;
	rule_want(finding, "P-256, P-384 or P-521, by name");
	if (!spki_is_ec(spki))
		return rule_silent(finding, "not an EC key");
	if (spki->is_explicit)
		return rule_broken(finding, "explicit parameters");
	if (spki->curve.len == 0)
		return rule_broken(finding, "no curve named");
	spki_show_algorithm(spki->curve, name, sizeof(name));
	if (spki->kind == KEY_NONE)
		return rule_broken(finding, "%s", name);
	return rule_kept(finding, "P-%d", key_kind_bits(spki->kind));
}

static enum rule_verdict
judge_form(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct spki *spki = subject;

	(void)rule;
	rule_want(finding, "a point in uncompressed form");
	if (!spki_is_ec(spki))
		return rule_silent(finding, "not an EC key");
	if (spki->kind == KEY_NONE)
		return rule_silent(finding, "depends on the curve");
	if (!spki_is_uncompressed(spki))
		return rule_broken(finding, "%zu octets, the first %02x",
		    spki->point.len,
		    spki->point.len == 0 ? 0u : spki->point.data[0]);
	return rule_kept(finding, "uncompressed");
}

static enum rule_verdict
judge_point(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct spki *spki = subject;

	(void)rule;
	rule_want(finding, "a point on the curve");
	if (!spki_is_ec(spki))
		return rule_silent(finding, "not an EC key");
	if (spki->kind == KEY_NONE || !spki_is_uncompressed(spki))
		return rule_silent(finding, "depends on curve and form");
	if (spki->key == NULL)
		return rule_broken(finding, "one that is not");
	return rule_kept(finding, "on the curve");
}

const struct rule spki_rules[] = {
	{ "key algorithm", "BR 6.1.5", NULL, judge_algorithm, 0, NULL },
	{ "RSA size", "BR 6.1.5", NULL, judge_size, 0, NULL },
	{ "RSA modulus", "BR 6.1.6", NULL, judge_modulus, 0, NULL },
	{ "RSA exponent", "BR 6.1.6", NULL, judge_exponent, 65537, NULL },
	{ "curve", "RFC 5480, 2.1.1", NULL, judge_curve, 0, NULL },
	{ "form of the point", "RFC 5480, 2.2", NULL, judge_form, 0, NULL },
	{ "point", "SP 800-56A, 5.6.2.3", NULL, judge_point, 0, NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

int
spki_read(struct bytes der, struct spki *out, struct fail *fail)
{
	struct spki spki = { 0 };
	struct rule_results results;

	if (spki_survey(der, &spki, fail) != 0)
		return -1;
	results.count = results.broken = 0;
	rules_judge(spki_rules, &spki, 0, &results);
	if (rules_refuse(&results, fail) != 0) {
		spki_release(&spki);
		return -1;
	}
	*out = spki;
	return 0;
}
