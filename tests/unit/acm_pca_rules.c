/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <anchorite/out/acm_pca_rules.h>
#include <anchorite/out/bundle_acm_pca.h>

#include "bundle_world.h"

static void
check_refused(struct world *w, const char *sentence)
{
	struct fail fail = { 0 };

	assert_int_equal(bundle_acm_pca_check(&w->source, &w->bundle, &fail),
	    -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

/* One thing wrong in what was made, or in the files made of it. */
static void
refuse(changer *change, changer *spoil, const char *sentence)
{
	AUTO(world_release) struct world w = { 0 };

	world_make(&w, change);
	MUST(bundle_acm_pca_fill(&w.source, &w.bundle, &fault));
	if (spoil != NULL)
		spoil(&w);
	check_refused(&w, sentence);
}

#define API   "AWS Private CA API, ImportCertificateAuthorityCertificate"
#define GUIDE "AWS Private CA User Guide, "

static void
test_good(void **state)
{
	AUTO(world_release) struct world w = { 0 };

	(void)state;
	world_make(&w, NULL);
	MUST(bundle_acm_pca_fill(&w.source, &w.bundle, &fault));
	MUST(bundle_acm_pca_check(&w.source, &w.bundle, &fault));
}

static void
empty_certificate(struct world *w)
{
	set_file(w, BUNDLE_CERTIFICATE, bytes_text(""));
}

static void
large_certificate(struct world *w)
{
	AUTO(buf_release) struct buf large = { 0 };

	buf_printf(&large, "%*s", ACM_PCA_CERTIFICATE_MAX + 1, "");
	set_file(w, BUNDLE_CERTIFICATE, buf_bytes(&large));
}

static void
empty_chain(struct world *w)
{
	set_file(w, BUNDLE_CHAIN, bytes_text(""));
}

static void
large_chain(struct world *w)
{
	AUTO(buf_release) struct buf large = { 0 };

	buf_printf(&large, "%*s", ACM_PCA_CHAIN_MAX + 1, "");
	set_file(w, BUNDLE_CHAIN, buf_bytes(&large));
}

static void
no_chain(struct world *w)
{
	for (size_t n = 0; n < w->bundle.count; n++)
		if (strcmp(w->bundle.files[n].name, BUNDLE_CHAIN) == 0)
			w->bundle.files[n].name = "elsewhere";
}

static void
test_sizes(void **state)
{
	(void)state;
	refuse(NULL, empty_certificate, "acm-pca: certificate size (" API
	    "): want 1 to 32768 bytes, have 0");
	refuse(NULL, large_certificate, "acm-pca: certificate size (" API
	    "): want 1 to 32768 bytes, have 32769");
	refuse(NULL, empty_chain, "acm-pca: chain size (" API
	    "): want 1 to 2097152 bytes, have 0");
	refuse(NULL, large_chain, "acm-pca: chain size (" API
	    "): want 1 to 2097152 bytes, have 2097153");
	refuse(NULL, no_chain, "acm-pca: chain size (" API
	    "): want a file certificate-chain.pem, have none");
}

static void
blank_at_end(struct world *w)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	AUTO(buf_release) struct buf spoilt = { 0 };
	struct bytes there = buf_bytes(file(w, BUNDLE_CERTIFICATE));
	size_t at = strlen(begin) + 64;

	buf_append(&spoilt, there.data, at);
	buf_text(&spoilt, " ");
	buf_append(&spoilt, there.data + at, there.len - at);
	set_file(w, BUNDLE_CERTIFICATE, buf_bytes(&spoilt));
}

static void
second_newline(struct world *w)
{
	buf_text(file(w, BUNDLE_CHAIN), "\n");
}

static void
two_certificates(struct world *w)
{
	text_pem(file(w, BUNDLE_CERTIFICATE), "CERTIFICATE",
	    buf_bytes(&w->ledger.root->der));
}

static void
test_form(void **state)
{
	(void)state;
	refuse(NULL, words_before, "acm-pca: certificate form (" GUIDE
	    "PcaExternalRoot): certificate.pem: want PEM with LF, 64 columns "
	    "and nothing else, have another form in line 1");
	refuse(NULL, blank_at_end, "acm-pca: certificate form (" GUIDE
	    "PcaExternalRoot): certificate.pem: want PEM blocks and nothing "
	    "else, have: not base64");
	refuse(NULL, two_certificates, "acm-pca: certificate form (" GUIDE
	    "PcaExternalRoot): certificate.pem: want at most 1 certificates, "
	    "have more");
	refuse(NULL, second_newline, "acm-pca: chain form (" API
	    "): certificate-chain.pem: want PEM blocks and nothing else, "
	    "have: no PEM block");
}

static void
six_levels(struct world *w)
{
	for (int n = 0; n < 4; n++)
		add_chain(w, w->ledger.root);
}

static void
own_issuer(struct world *w)
{
	w->plan.subject = w->root_plan.subject;
}

static void
itself_in_chain(struct world *w)
{
	set_file(w, BUNDLE_CHAIN, buf_bytes(file(w, BUNDLE_CERTIFICATE)));
	add_chain(w, w->ledger.root);
}

static void
root_twice(struct world *w)
{
	add_chain(w, w->ledger.root);
}

/* The same name, another key. */
static void
another_root(struct world *w)
{
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	struct cert_plan plan = w->root_plan;
	uint8_t id[DIGEST_SHA1_LEN];

	write_key(other_key, &spki, id);
	plan.spki = buf_bytes(&spki);
	plan.extensions.subject_key = id;
	cert = make_cert(&plan, other_key, false);
	set_file(w, BUNDLE_CHAIN, bytes_text(""));
	add_chain(w, cert);
}

/* The root's key, certified by somebody else. */
static void
cross_certificate(struct world *w)
{
	AUTO(cert_release) struct cert *cert = NULL;
	struct cert_plan plan = w->root_plan;

	plan.issuer = w->plan.subject;
	plan.extensions.authority_key = w->id;
	cert = make_cert(&plan, ca_key, false);
	set_file(w, BUNDLE_CHAIN, bytes_text(""));
	add_chain(w, cert);
}

static void
test_chain(void **state)
{
	(void)state;
	refuse(NULL, six_levels, "acm-pca: levels (" GUIDE "ca-hierarchy): "
	    "want at most 5 levels, have 6");
	refuse(own_issuer, NULL, "acm-pca: subordinate (" API "): want an "
	    "issuer other than the subject, have the same name");
	refuse(NULL, itself_in_chain, "acm-pca: chain members (" API "): "
	    "want the certificate itself not in the chain, have it there");
	refuse(NULL, root_twice, "acm-pca: chain members (" API "): want "
	    "each certificate once, have one twice");
	refuse(NULL, another_root, "acm-pca: chain order (" API "): "
	    "certificate: want the next in the chain to have signed it, "
	    "have another");
	refuse(NULL, cross_certificate, "acm-pca: root (" API "): want a "
	    "self-signed root last in the chain, have none");
	refuse(NULL, root_again, "acm-pca: root (" API "): want the "
	    "authority's root, have another");
	refuse(NULL, other_root_pem, "acm-pca: root files (RFC 7468, 5): "
	    "root.pem: want the last certificate of the chain, have another");
	refuse(NULL, other_root_der, "acm-pca: root files (RFC 7468, 5): "
	    "root.der: want the bytes of the PEM file, have others");
}

static void
not_ca(struct world *w)
{
	w->plan.extensions.ca = false;
	w->plan.extensions.path_length = -1;
}

static void
no_constraints(struct world *w)
{
	w->hide_root = true;
}

static void
loose_constraints(struct world *w)
{
	static const struct ext loose = {
		{ (const uint8_t *)"\x55\x1d\x13", 3 }, false,
		{ (const uint8_t *)"\x30\x03\x01\x01\xff", 5 },
	};

	w->hide = true;
	w->plan.extensions.copied = &loose;
	w->plan.extensions.copied_count = 1;
}

static void
no_room(struct world *w)
{
	w->root_plan.extensions.path_length = 0;
}

static void
too_deep(struct world *w)
{
	w->root_plan.extensions.path_length = 1;
	w->plan.extensions.path_length = 1;
}

static void
test_constraints(void **state)
{
	(void)state;
	refuse(not_ca, NULL, "acm-pca: basicConstraints (" GUIDE
	    "PcaWelcome): certificate: want critical CA:TRUE, have CA:FALSE");
	refuse(no_constraints, NULL, "acm-pca: basicConstraints (" GUIDE
	    "PcaWelcome): root: want critical CA:TRUE, have none");
	refuse(loose_constraints, NULL, "acm-pca: basicConstraints (" GUIDE
	    "PcaWelcome): certificate: want critical CA:TRUE, have it not "
	    "critical");
	refuse(no_room, NULL, "acm-pca: path length (" GUIDE "PcaWelcome): "
	    "root: want pathlen 1 or more for the CAs below, have 0");
	refuse(too_deep, NULL, "acm-pca: path length (" GUIDE "PcaWelcome): "
	    "certificate: want a pathlen below its issuer's 1, have 1");
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
	w->profile.extensions.crl_urls.count = 0;
}

static void
refuse_critical(bool in_root, struct bytes oid, struct bytes value,
    const char *words)
{
	AUTO(buf_release) struct buf sentence = { 0 };

	critical = (struct ext){ oid, true, value };
	critical_in_root = in_root;
	buf_printf(&sentence, "acm-pca: critical extensions (" API "): %s",
	    words);
	refuse(add_critical, NULL, buf_cstr(&sentence));
}

#define BYTES(text) bytes_of(text, sizeof(text) - 1)

static void
test_critical(void **state)
{
	const struct bytes points = BYTES(
	    "\x30\x0d\x30\x0b\xa0\x09\xa0\x07\x86\x05http:");
	const struct bytes access = BYTES("\x30\x11\x30\x0f\x06\x08\x2b\x06"
	    "\x01\x05\x05\x07\x30\x01\x86\x03uri");

	(void)state;
	refuse_critical(false, BYTES("\x55\x1d\x1f"), points,
	    "certificate: want crlDistributionPoints not critical, have it "
	    "critical");
	refuse_critical(true, BYTES("\x55\x1d\x1f"), points,
	    "root: want crlDistributionPoints not critical, have it "
	    "critical");
	refuse_critical(false, BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01"),
	    access, "certificate: want authorityInfoAccess not critical, "
	    "have it critical");
	refuse_critical(false, BYTES("\x55\x1d\x2e"), points,
	    "certificate: want freshestCRL not critical, have it critical");
	refuse_critical(false, BYTES("\x55\x1d\x24"),
	    BYTES("\x30\x03\x80\x01\x00"),
	    "certificate: want policyConstraints not critical, have it "
	    "critical");
	refuse_critical(false, BYTES("\x2a\x03\x04"), BYTES("\x05\x00"),
	    "certificate: want no other critical extension than the thirteen "
	    "it lists, have 1.2.3.4");
}

static void
longer(struct world *w)
{
	w->plan.not_after = w->root_plan.not_after + 1;
}

static void
earlier(struct world *w)
{
	w->plan.not_before = w->root_plan.not_before - 1;
}

static void
not_yet(struct world *w)
{
	w->plan.not_before = NOW + 1;
}

static void
over(struct world *w)
{
	w->plan.not_after = w->root_plan.not_after = NOW - 1;
}

static void
test_validity(void **state)
{
	(void)state;
	refuse(longer, NULL, "acm-pca: nested validity (" GUIDE
	    "ca-lifecycle): certificate: want its end not after its "
	    "issuer's 2029-08-17T06:50:48Z, have 2029-08-17T06:50:49Z");
	refuse(earlier, NULL, "acm-pca: nested validity (" GUIDE
	    "ca-lifecycle): certificate: want its beginning not before its "
	    "issuer's 2026-11-11T06:50:48Z, have 2026-11-11T06:50:47Z");
	refuse(not_yet, NULL, "acm-pca: current validity (RFC 5280, 6.1.3): "
	    "certificate: want a moment from 2026-11-21T06:50:49Z, have "
	    "2026-11-21T06:50:48Z");
	refuse(over, NULL, "acm-pca: current validity (RFC 5280, 6.1.3): "
	    "certificate: want a moment until 2026-11-21T06:50:47Z, have "
	    "2026-11-21T06:50:48Z");
}

static void
request_of_other_key(struct world *w)
{
	w->csr = make_csr(buf_bytes(&w->name), other_key);
}

/* The same text in another string type is another subject. */
static void
request_of_other_type(struct world *w)
{
	AUTO(buf_release) struct buf name = { 0 };

	buf_put(&name, buf_bytes(&w->name));
	assert_int_equal(name.data[11], 0x0c);
	name.data[11] = 0x13;
	w->csr = make_csr(buf_bytes(&name), ca_key);
}

static void
test_request(void **state)
{
	(void)state;
	refuse(request_of_other_key, NULL, "acm-pca: public key (" API
	    "): want the request's, byte for byte, have another");
	refuse(request_of_other_type, NULL, "acm-pca: subject (" API
	    "): want the request's, byte for byte, have another");
}

static void
root_by(struct world *w, EVP_PKEY *key, const char *alg)
{
	buf_release(&w->root_spki);
	write_key(key, &w->root_spki, w->root_id);
	w->root_plan.spki = buf_bytes(&w->root_spki);
	w->root_plan.alg = w->plan.alg = w->crl_plan.alg = alg_find(alg);
	w->root_signer = w->crl_signer = key;
}

static void
wrong_hash(struct world *w)
{
	root_by(w, p384_key, "ecdsa-sha256");
}

static void
pss(struct world *w)
{
	root_by(w, rsa_key, "rsa-pss-sha256");
}

static void
take(changer *change)
{
	AUTO(world_release) struct world w = { 0 };

	world_make(&w, change);
	MUST(bundle_acm_pca_fill(&w.source, &w.bundle, &fault));
	MUST(bundle_acm_pca_check(&w.source, &w.bundle, &fault));
}

static void
right_hash(struct world *w)
{
	root_by(w, p384_key, "ecdsa-sha384");
}

static void
rsa(struct world *w)
{
	root_by(w, rsa_key, "rsa-sha512");
}

static void
test_family(void **state)
{
	(void)state;
	take(right_hash);
	take(rsa);
	refuse(wrong_hash, NULL, "acm-pca: signature family (" GUIDE
	    "PCACertInstall): certificate: want ECDSA with the hash of the "
	    "curve's size under an issuer of kind ec-p384, have ecdsa-sha256");
	refuse(pss, NULL, "acm-pca: signature family (" GUIDE
	    "PCACertInstall): certificate: want RSA PKCS #1 v1.5 with "
	    "SHA-256, 384 or 512 under an issuer of kind rsa-2048, have "
	    "rsa-pss-sha256");
}

static void
crl_in_crlf(struct world *w)
{
	set_file(w, BUNDLE_CRL, bytes_text("\r\n"));
}

static void
two_crls(struct world *w)
{
	text_pem(file(w, BUNDLE_CRL), "X509 CRL", buf_bytes(&w->crl->der));
}

static void
crl_by_other_key(struct world *w)
{
	w->crl_signer = other_key;
}

static void
crl_by_other_name(struct world *w)
{
	w->crl_plan.issuer = buf_bytes(&w->name);
}

static void
old_crl(struct world *w)
{
	w->crl_plan.next_update = NOW;
}

static void
future_crl(struct world *w)
{
	w->crl_plan.this_update = NOW + 1;
}

static void
test_crl(void **state)
{
	(void)state;
	refuse(NULL, crl_in_crlf, "acm-pca: CRL form (RFC 5280, 4.2.1.13): "
	    "crl.pem: want PEM blocks and nothing else, have: no PEM block");
	refuse(NULL, two_crls, "acm-pca: CRL form (RFC 5280, 4.2.1.13): "
	    "crl.pem: want one PEM block, have more");
	refuse(NULL, other_crl_der, "acm-pca: CRL form (RFC 5280, 4.2.1.13): "
	    "crl.der: want the bytes of the PEM file, have others");
	refuse(crl_by_other_key, NULL, "acm-pca: CRL issuer (RFC 5280, "
	    "6.3.3): want one signed by the root, have another");
	refuse(crl_by_other_name, NULL, "acm-pca: CRL issuer (RFC 5280, "
	    "6.3.3): want one signed by the root, have another");
	refuse(old_crl, NULL, "acm-pca: CRL time (RFC 5280, 5.1.2.5): want "
	    "next update after now, 2026-11-21T06:50:48Z, have "
	    "2026-11-21T06:50:48Z");
	refuse(future_crl, NULL, "acm-pca: CRL time (RFC 5280, 5.1.2.5): "
	    "want this update not after now, 2026-11-21T06:50:48Z, have "
	    "2026-11-21T06:50:49Z");
}

static void
outside_constraints(struct world *w)
{
	static struct bytes directory;

	directory = buf_bytes(&w->name);
	w->root_plan.extensions.excluded.directory = &directory;
	w->root_plan.extensions.excluded.directory_count = 1;
}

static void
no_key_usage(struct world *w)
{
	w->root_plan.extensions.key_usage = 1u << EXT_KU_CRL_SIGN;
}

static void
no_authority_key(struct world *w)
{
	w->plan.extensions.authority_key = NULL;
}

static void
test_path(void **state)
{
	(void)state;
	refuse(revoked, NULL, "acm-pca: path (RFC 5280, 6.1): want a valid "
	    "path, have \"certificate revoked\" at depth 0");
	refuse(outside_constraints, NULL, "acm-pca: path (RFC 5280, 6.1): "
	    "want a valid path, have \"excluded subtree violation\" at "
	    "depth 0");
	refuse(no_key_usage, NULL, "acm-pca: path (RFC 5280, 6.1): want a "
	    "valid path, have \"invalid CA certificate\" at depth 1");
	refuse(no_authority_key, NULL, "acm-pca: path (RFC 5280, 6.1): want "
	    "a valid path, have \"Missing Authority Key Identifier\" at "
	    "depth 0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_crl),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
