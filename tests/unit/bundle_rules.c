/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of each consumer is broken here, and says so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/out/bundle_fill.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

#include "bundle_changes.h"

#define KINDS 8

/* Which rules have been seen broken, by kind and row. */
static bool seen[KINDS][RULES_MAX];

static size_t
kind_at(const char *name, const char *mode)
{
	const struct bundle_kind *kind = bundle_kind_of_mode(name, mode);

	assert_non_null(kind);
	return (size_t)(kind - bundle_kinds);
}

static void
judge(struct world *w, size_t kind, struct rule_results *results)
{
	AUTO(bundle_case_release) struct bundle_case judged = {
		.bundle = &w->bundle,
		.kind = &bundle_kinds[kind],
		.root_meant = w->ledger.root,
		.now = NOW,
	};

	rules_judge(bundle_kinds[kind].rules, &judged, NOW, results);
	for (size_t n = 0; n < results->count; n++)
		seen[kind][n] |= results->items[n].verdict == RULE_BROKEN;
}

static void
make(struct world *w, size_t kind, changer *change, changer *spoil)
{
	w->is_leaf = bundle_kinds[kind].takes == BUNDLE_TAKES_END_ENTITY;
	world_make(w, change);
	MUST(bundle_fill(&bundle_kinds[kind], &w->source, &w->bundle,
	    &fault));
	w->kind = &bundle_kinds[kind];
	if (spoil != NULL)
		spoil(w);
}

static const struct rule_result *
find(const struct rule_results *results, const char *rule)
{
	for (size_t n = 0; n < results->count; n++)
		if (strcmp(results->items[n].rule->name, rule) == 0)
			return &results->items[n];
	fail_msg("no rule %s", rule);
	abort();
}

/* One thing wrong in what was made, or in the files made of it; NULL: what
 * is found is not the same each time. */
static void
refuse(const char *name, const char *mode, changer *change, changer *spoil,
    const char *rule, const char *have)
{
	AUTO(world_release) struct world w = { 0 };
	struct rule_results results = { 0 };
	struct fail fail = { 0 };
	size_t kind = kind_at(name, mode);

	make(&w, kind, change, spoil);
	judge(&w, kind, &results);
	assert_int_equal(find(&results, rule)->verdict, RULE_BROKEN);
	if (have != NULL)
		assert_string_equal(find(&results, rule)->finding.have, have);
	assert_int_equal(rules_refuse(&results, &fail), -1);
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_non_null(strstr(fail.sentence, rule));
}

static void
take(size_t kind, changer *change)
{
	AUTO(world_release) struct world w = { 0 };
	struct rule_results results = { 0 };

	make(&w, kind, change, NULL);
	judge(&w, kind, &results);
	MUST(rules_refuse(&results, &fault));
}

static void
good_ones_are_taken(void **state)
{
	(void)state;
	for (size_t n = 0; n < KINDS; n++)
		take(n, NULL);
	assert_null(bundle_kinds[KINDS].summary);
}

/* What every kind has, broken for every kind. */
static void
shared_rules_are_broken(void **state)
{
	static const struct {
		changer *change, *spoil;
	} cases[] = {
		{ NULL, words_before_first }, { NULL, words_before_second },
		{ NULL, large_first }, { NULL, large_second },
		{ NULL, no_second }, { NULL, root_twice },
		{ NULL, same_twice },
		{ NULL, another_root }, { NULL, root_again },
		{ NULL, other_root_pem }, { NULL, other_root_der },
		{ no_constraints, NULL }, { loose_constraints, NULL },
		{ no_key_usage, NULL }, { longer, NULL }, { not_yet, NULL },
		{ request_of_other_key, NULL },
		{ request_of_other_type, NULL }, { NULL, no_request },
		{ wrong_hash, NULL }, { NULL, crl_in_crlf },
		{ crl_by_other_key, NULL }, { old_crl, NULL },
		{ future_crl, NULL }, { revoked, NULL },
		{ NULL, other_conf }, { no_key_usage_at_all, NULL },
		{ own_issuer, NULL },
	};

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++)
		for (size_t n = 0; n < COUNT(cases); n++) {
			AUTO(world_release) struct world w = { 0 };
			struct rule_results results = { 0 };

			make(&w, kind, cases[n].change, cases[n].spoil);
			judge(&w, kind, &results);
		}
}

#define PCA "acm-pca", ""

static void
acm_pca(void **state)
{
	(void)state;
	refuse(PCA, NULL, large_first, "certificate size", "2200000 bytes");
	refuse(PCA, NULL, large_second, "chain size", "2200000 bytes");
	refuse(PCA, NULL, empty_second, "chain size", "0 bytes");
	refuse(PCA, NULL, no_second, "chain size",
	    "no file certificate-chain.pem");
	refuse(PCA, NULL, words_before_first, "certificate form",
	    "another form in line 1");
	refuse(PCA, NULL, blank_at_end, "certificate form", "not base64");
	refuse(PCA, NULL, newline_behind_second, "chain form",
	    "no PEM block");
	refuse(PCA, NULL, six_levels, "levels", "6");
	refuse(PCA, own_issuer, NULL, "subordinate", "the same name");
	refuse(PCA, NULL, itself_in_chain, "chain members",
	    "certificate twice");
	refuse(PCA, NULL, root_twice, "chain members",
	    "chain certificate 1 twice");
	refuse(PCA, NULL, another_root, "chain order",
	    "certificate signed by another");
	refuse(PCA, NULL, cross_certificate, "root",
	    "one that is not self-signed");
	refuse(PCA, NULL, root_again, "root", "another root");
	refuse(PCA, NULL, other_root_pem, "root files",
	    "another in root.pem");
	refuse(PCA, NULL, other_root_der, "root files",
	    "another in root.der");
	refuse(PCA, no_constraints, NULL, "basicConstraints", "root: none");
	refuse(PCA, loose_constraints, NULL, "basicConstraints",
	    "certificate: not critical");
	refuse(PCA, no_room, NULL, "path length", "root: 0, with 1 below");
	refuse(PCA, too_deep, NULL, "path length",
	    "certificate: 1, under 1");
	refuse(PCA, longer, NULL, "nested validity", "certificate: until "
	    "2029-08-17T06:50:49Z, its issuer 2029-08-17T06:50:48Z");
	refuse(PCA, earlier, NULL, "nested validity", "certificate: from "
	    "2026-11-11T06:50:47Z, its issuer 2026-11-11T06:50:48Z");
	refuse(PCA, not_yet, NULL, "current validity",
	    "certificate: from 2026-11-21T06:50:49Z");
	refuse(PCA, over, NULL, "current validity",
	    "certificate: until 2026-11-21T06:50:47Z");
	refuse(PCA, request_of_other_key, NULL, "public key", "another");
	refuse(PCA, request_of_other_type, NULL, "subject", "another");
	refuse(PCA, NULL, no_request, "request form", "no file request.pem");
	refuse(PCA, wrong_hash, NULL, "signature family",
	    "certificate: ecdsa-sha256 by ec-p384");
	refuse(PCA, pss, NULL, "signature family",
	    "certificate: rsa-pss-sha256 by rsa-2048");
	refuse(PCA, NULL, no_conf, "import.conf", "no file import.conf");
	refuse(PCA, NULL, other_conf, "import.conf",
	    "crl-url=, not http://crl.example.com/root/one.crl");
	refuse(PCA, NULL, shell_in_conf, "import.conf",
	    "line 2: want consumer= and a plain value");
}

static void
hashes_that_pair_are_taken(void **state)
{
	(void)state;
	take(kind_at(PCA), right_hash);
	take(kind_at(PCA), rsa);
}

static void
crls_and_paths(void **state)
{
	(void)state;
	refuse(PCA, NULL, crl_in_crlf, "CRL form", "no PEM block");
	refuse(PCA, NULL, two_crls, "CRL form", "more than one PEM block");
	refuse(PCA, NULL, other_crl_der, "CRL form", "two that differ");
	refuse(PCA, NULL, no_crl_der, "CRL form", "no file crl.der");
	refuse(PCA, crl_by_other_key, NULL, "CRL issuer", "another's");
	refuse(PCA, crl_by_other_name, NULL, "CRL issuer", "another's");
	refuse(PCA, old_crl, NULL, "CRL time",
	    "2026-11-20T06:50:48Z and 2026-11-21T06:50:48Z");
	refuse(PCA, future_crl, NULL, "CRL time",
	    "2026-11-21T06:50:49Z and 2026-12-21T06:50:48Z");
	refuse(PCA, revoked, NULL, "path",
	    "\"certificate revoked\" at depth 0");
	refuse(PCA, outside_constraints, NULL, "path",
	    "\"excluded subtree violation\" at depth 0");
	refuse(PCA, no_key_usage, NULL, "path",
	    "\"invalid CA certificate\" at depth 1");
	refuse(PCA, no_authority_key, NULL, "path",
	    "\"Missing Authority Key Identifier\" at depth 0");
}

/* One critical extension, in the certificate or in the root. */
static struct ext critical;
static bool critical_in_root;

static void
add_critical(struct world *w)
{
	struct cert_plan *plan = critical_in_root ? &w->root_plan : &w->plan;

	plan->extensions.copied = &critical;
	plan->extensions.copied_count = 1;
	w->plan.extensions.crl_urls.count = 0;
}

static void
refuse_critical(bool in_root, struct bytes oid, struct bytes value,
    const char *have)
{
	critical = (struct ext){ oid, true, value };
	critical_in_root = in_root;
	refuse(PCA, add_critical, NULL, "critical extensions", have);
}

#define BYTES(text) bytes_of(text, sizeof(text) - 1)

static void
critical_extensions(void **state)
{
	const struct bytes points = BYTES(
	    "\x30\x0d\x30\x0b\xa0\x09\xa0\x07\x86\x05http:");
	const struct bytes access = BYTES("\x30\x11\x30\x0f\x06\x08\x2b\x06"
	    "\x01\x05\x05\x07\x30\x01\x86\x03uri");

	(void)state;
	refuse_critical(false, BYTES("\x55\x1d\x1f"), points,
	    "certificate: critical crlDistributionPoints");
	refuse_critical(true, BYTES("\x55\x1d\x1f"), points,
	    "root: critical crlDistributionPoints");
	refuse_critical(false, BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01"),
	    access, "certificate: critical authorityInfoAccess");
	refuse_critical(false, BYTES("\x55\x1d\x2e"), points,
	    "certificate: critical freshestCRL");
	refuse_critical(false, BYTES("\x55\x1d\x24"),
	    BYTES("\x30\x03\x80\x01\x00"),
	    "certificate: critical policyConstraints");
	refuse_critical(false, BYTES("\x2a\x03\x04"), BYTES("\x05\x00"),
	    "certificate: critical 1.2.3.4");
}

#define HSM "cloudhsm", ""

static void
preamble(struct world *w)
{
	spoil_file(w, first(w), "# comment\n", "");
}

static void
preamble_of_anchor(struct world *w)
{
	spoil_file(w, second(w), "# comment\n", "");
}

static void
no_signature_usage(struct world *w)
{
	w->plan.extensions.key_usage = 1u << EXT_KU_KEY_ENCIPHERMENT;
}

static void
rsa_without_encipherment(struct world *w)
{
	buf_release(&w->spki);
	write_key(rsa_key, &w->spki, w->id);
	w->plan.spki = buf_bytes(&w->spki);
	w->csr = make_csr(buf_bytes(&w->name), rsa_key);
	w->plan.extensions.key_usage = 1u << EXT_KU_DIGITAL_SIGNATURE;
}

static void
authority_as_leaf(struct world *w)
{
	w->plan.extensions.ca = true;
	w->plan.extensions.key_usage = KEY_USAGE;
}

static void
for_mail(struct world *w)
{
	static const char *const purposes[] = { "emailProtection" };

	w->plan.extensions.ext_key_usage = (struct ext_texts){ purposes, 1 };
}

static void
cloudhsm(void **state)
{
	(void)state;
	refuse(HSM, NULL, large_first, "certificate size", "2200000 bytes");
	refuse(HSM, NULL, large_second, "trust anchor size",
	    "2200000 bytes");
	refuse(HSM, NULL, preamble, "certificate characters",
	    "0x23 at byte 0");
	refuse(HSM, NULL, preamble_of_anchor, "trust anchor characters",
	    "0x23 at byte 0");
	refuse(HSM, NULL, root_twice, "trust anchor form", "more than 1");
	refuse(HSM, no_signature_usage, NULL, "server certificate",
	    "no digitalSignature");
	refuse(HSM, rsa_without_encipherment, NULL, "server certificate",
	    "no keyEncipherment");
	refuse(HSM, authority_as_leaf, NULL, "server certificate",
	    "CA:TRUE");
	refuse(HSM, no_constraints, NULL, "trust anchor",
	    "root without CA:TRUE");
	refuse(HSM, no_key_usage, NULL, "trust anchor",
	    "root without keyCertSign");
	refuse(HSM, for_mail, NULL, "path",
	    "\"unsuitable certificate purpose\" at depth 0");
}

#define IOT "iot", "DEFAULT"
#define SNI "iot", "SNI_ONLY"

static void
name_as(struct world *w, const char *cn)
{
	buf_release(&w->name);
	write_cn(cn, &w->name);
	w->plan.subject = buf_bytes(&w->name);
}

static void
short_code(struct world *w)
{
	name_as(w, "0123456789abcdef");
}

static void
other_code(struct world *w)
{
	name_as(w, "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdeg");
}

static void
upper_code(struct world *w)
{
	name_as(w, "0123456789ABCDEF0123456789ABCDEF"
	    "0123456789abcdef0123456789ABCDEF");
}

static void
iot(void **state)
{
	(void)state;
	refuse(IOT, NULL, large_first, "verification size",
	    "2200000 bytes");
	refuse(IOT, NULL, large_second, "CA size", "2200000 bytes");
	refuse(IOT, short_code, NULL, "registration code",
	    "0123456789abcdef");
	refuse(IOT, other_code, NULL, "registration code",
	    "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdeg");
	take(kind_at(IOT), upper_code);
	refuse(IOT, pss, NULL, "signature family",
	    "certificate: rsa-pss-sha256 by rsa-2048");
	refuse(SNI, NULL, large_first, "CA size", "2200000 bytes");
	refuse(SNI, loose_constraints, NULL, "CA",
	    "certificate: not critical");
}

static void
five_certificates(struct world *w)
{
	for (int n = 0; n < 3; n++)
		text_pem(file(w, first(w)), "CERTIFICATE",
		    buf_bytes(&w->ledger.root->der));
}

/* Ten thousand entries make some 400 kB. */
static void
long_crl(struct world *w)
{
	enum { ENTRIES = 10000 };

	w->entries = mem_new(ENTRIES, sizeof(*w->entries));
	for (size_t n = 0; n < ENTRIES; n++)
		w->entries[n] = (struct crl_entry){
			{ { 0x7f, (uint8_t)(n >> 8), (uint8_t)n, 1, 1, 1 }, 6 },
			NOW - DAY, CRL_SUPERSEDED,
		};
	w->crl_plan.entries = w->entries;
	w->crl_plan.entry_count = ENTRIES;
}

static void
truststores(void **state)
{
	(void)state;
	refuse("api-gateway", "", NULL, large_first, "truststore size",
	    "2200000 bytes");
	refuse("api-gateway", "", NULL, five_certificates, "chain length",
	    "5");
	refuse("roles-anywhere", "", NULL, five_certificates,
	    "trust anchor form", "more than 2");
	refuse("roles-anywhere", "", long_crl, NULL, "CRL size",
	    NULL);
	refuse("roles-anywhere", "", no_key_usage_at_all, NULL, "keyUsage",
	    "certificate without it");
}

#define ADCS "adcs", ""

static void
pem_for_der(struct world *w)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, "CERTIFICATE", buf_bytes(&w->certificate->der));
	set_file(w, "subca.crt", buf_bytes(&pem));
}

static void
pem_for_root(struct world *w)
{
	set_file(w, "root.crt", buf_bytes(file(w, BUNDLE_ROOT)));
}

static void
other_pkcs7(struct world *w)
{
	spoil_file(w, "subca.p7b", "", "x");
}

static void
other_windows_crl(struct world *w)
{
	spoil_file(w, "root.crl", "", "x");
}

static void
critical_version(struct world *w)
{
	static const struct ext version = {
		{ (const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x15\x01", 9 },
		true, { (const uint8_t *)"\x02\x01\x00", 3 },
	};

	w->plan.extensions.copied = &version;
	w->plan.extensions.copied_count = 1;
}

static void
talking_root(struct world *w)
{
	w->root_plan.extensions.crl_urls = w->plan.extensions.crl_urls;
}

static void
no_url(struct world *w)
{
	w->plan.extensions.crl_urls.count = 0;
}

static void
directory_url(struct world *w)
{
	static const char *const list[] = { "ldap://ds.example.com/root" };

	w->plan.extensions.crl_urls.items = list;
}

static void
adcs(void **state)
{
	(void)state;
	refuse(ADCS, NULL, pem_for_der, "certificate form", "PEM");
	refuse(ADCS, NULL, pem_for_root, "root form", "PEM");
	refuse(ADCS, NULL, other_pkcs7, "PKCS #7", "another");
	refuse(ADCS, NULL, other_windows_crl, "Windows CRL", "another");
	refuse(ADCS, critical_version, NULL, "Microsoft's extensions",
	    "msCaVersion critical");
	refuse(ADCS, talking_root, NULL, "silent root",
	    "crlDistributionPoints");
	refuse(ADCS, no_url, NULL, "CRL URL", "none");
	refuse(ADCS, directory_url, NULL, "CRL URL",
	    "ldap://ds.example.com/root");
	refuse(ADCS, no_key_usage_at_all, NULL, "key usage",
	    "certificate without it");
}

static void
other_der(struct world *w)
{
	set_file(w, "certificate.der", buf_bytes(&w->ledger.root->der));
}

static void
files(void **state)
{
	AUTO(world_release) struct world w = { 0 };
	struct rule_results results = { 0 };
	size_t kind = kind_at("files", "");

	(void)state;
	refuse("files", "", NULL, other_der, "certificate in DER",
	    "another");
	world_make(&w, NULL);
	w.source.crl = NULL;
	MUST(bundle_fill(&bundle_kinds[kind], &w.source, &w.bundle, &fault));
	judge(&w, kind, &results);
	MUST(rules_refuse(&results, &fault));
	assert_null(bundle_find(&w.bundle, BUNDLE_CRL));
	assert_int_equal(find(&results, "CRL form")->verdict, RULE_SILENT);
}

/* Last: a rule that no test has broken may be one that cannot be. */
static void
every_rule_was_broken(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++)
		for (size_t n = 0; bundle_kinds[kind].rules[n].name != NULL;
		    n++)
			if (!seen[kind][n])
				fail_msg("%s: %s", bundle_kinds[kind].summary,
				    bundle_kinds[kind].rules[n].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken),
		cmocka_unit_test(shared_rules_are_broken),
		cmocka_unit_test(acm_pca),
		cmocka_unit_test(hashes_that_pair_are_taken),
		cmocka_unit_test(crls_and_paths),
		cmocka_unit_test(critical_extensions),
		cmocka_unit_test(cloudhsm),
		cmocka_unit_test(iot),
		cmocka_unit_test(truststores),
		cmocka_unit_test(adcs),
		cmocka_unit_test(files),
		cmocka_unit_test(every_rule_was_broken),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
