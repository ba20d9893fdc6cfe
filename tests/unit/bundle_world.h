/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_BUNDLE_WORLD_H
#define TESTS_UNIT_BUNDLE_WORLD_H

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle.h>
#include <anchorite/out/bundle_kind.h>

/* For the tests of bundles: what they are made of, and ways to spoil it. */

#define DAY  INT64_C(86400)
#define NOW  INT64_C(1795243848)	/* 2026-11-21T06:50:48Z */
#define URL  "http://crl.example.com/root/one.crl"

/* The kinds of key that tests use, made once. */
static EVP_PKEY *root_key, *other_key, *ca_key, *p384_key, *rsa_key;

/*
 * A root, a certificate and a CRL, all in order: a test changes their
 * plans, or later the bundle's files, in one thing that is then refused.
 */
struct world {
	EVP_PKEY *root_signer, *crl_signer;
	struct cert_plan root_plan, plan;
	struct crl_plan crl_plan;
	struct buf root_name, name;
	struct buf root_spki, spki;
	uint8_t root_id[DIGEST_SHA1_LEN], id[DIGEST_SHA1_LEN];
	bool hide_root, hide;	/* the first basicConstraints */

	bool is_leaf;		/* a server's certificate, not a CA's */
	struct crl_entry *entries;	/* owned, where a change made them */

	struct ledger ledger;
	struct issued issued;
	struct cert *certificate;
	struct csr *csr;
	struct crl *crl;
	struct bundle_source source;
	struct bundle bundle;
	const struct bundle_kind *kind;	/* that it was made for */
};

typedef void changer(struct world *world);

static const char *const urls[] = { URL, NULL };

#define KEY_USAGE \
	(1u << EXT_KU_DIGITAL_SIGNATURE | 1u << EXT_KU_KEY_CERT_SIGN | \
	1u << EXT_KU_CRL_SIGN)

#define MUST(call) \
	do { \
		struct fail fault = { 0 }; \
		if ((call) != 0) \
			fail_msg("%s", fault.sentence); \
	} while (0)

static inline void
write_cn(const char *cn, struct buf *out)
{
	MUST(name_write(&(struct name_pair){ "CN", cn }, 1, out, &fault));
}

static inline void
write_key(EVP_PKEY *key, struct buf *spki, uint8_t id[DIGEST_SHA1_LEN])
{
	MUST(spki_write(key, spki, &fault));
	MUST(spki_identifier(buf_bytes(spki), id, &fault));
}

/* What a server has, and by its name proves to be IoT Core's, too. */
static inline void
world_plan_leaf(struct world *w)
{
	static const char *const purposes[] = { "serverAuth", "clientAuth" };

	buf_release(&w->name);
	write_cn("0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef", &w->name);
	w->plan.subject = buf_bytes(&w->name);
	w->plan.extensions.ca = false;
	w->plan.extensions.path_length = -1;
	w->plan.extensions.key_usage = 1u << EXT_KU_DIGITAL_SIGNATURE |
	    1u << EXT_KU_KEY_ENCIPHERMENT;
	w->plan.extensions.ext_key_usage = (struct ext_texts){ purposes, 2 };
}

static inline void
world_plan(struct world *w)
{
	write_cn("Root", &w->root_name);
	write_cn("Subordinate", &w->name);
	write_key(root_key, &w->root_spki, w->root_id);
	write_key(ca_key, &w->spki, w->id);
	w->root_signer = w->crl_signer = root_key;
	w->root_plan = (struct cert_plan){
		.serial = { { 1 }, 1 },
		.alg = alg_find("ecdsa-sha256"),
		.issuer = buf_bytes(&w->root_name),
		.subject = buf_bytes(&w->root_name),
		.not_before = NOW - 10 * DAY,
		.not_after = NOW + 1000 * DAY,
		.spki = buf_bytes(&w->root_spki),
		.extensions = { .ca = true, .path_length = -1,
		    .key_usage = KEY_USAGE, .subject_key = w->root_id },
	};
	w->plan = w->root_plan;
	w->plan.serial = (struct serial){ { 2 }, 1 };
	w->plan.subject = buf_bytes(&w->name);
	w->plan.not_before = NOW - DAY;
	w->plan.not_after = NOW + 900 * DAY;
	w->plan.spki = buf_bytes(&w->spki);
	w->plan.extensions.subject_key = w->id;
	w->plan.extensions.authority_key = w->root_id;
	w->plan.extensions.path_length = 0;
	w->plan.extensions.crl_urls = (struct ext_texts){ urls, 1 };
	w->crl_plan = (struct crl_plan){
		.alg = w->root_plan.alg,
		.issuer = buf_bytes(&w->root_name),
		.authority_key = w->root_id,
		.number = 7,
		.this_update = NOW - DAY,
		.next_update = NOW + 30 * DAY,
	};
	if (w->is_leaf)
		world_plan_leaf(w);
}

/* So that a second one, copied, can stand in its place. */
static inline void
hide_basic_constraints(struct buf *tbs)
{
	static const uint8_t oid[] = { 0x06, 0x03, 0x55, 0x1d, 0x13 };
	uint8_t *at = memmem(tbs->data, tbs->len, oid, sizeof(oid));

	assert_non_null(at);
	at[4] = 0x7f;
}

static inline struct cert *
make_cert(const struct cert_plan *plan, EVP_PKEY *signer, bool hide)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct cert *cert = NULL;

	MUST(cert_build(plan, &tbs, &fault));
	if (hide)
		hide_basic_constraints(&tbs);
	MUST(alg_sign(plan->alg, signer, buf_bytes(&tbs), &signature, &fault));
	alg_wrap(plan->alg, buf_bytes(&tbs), buf_bytes(&signature), &der);
	MUST(cert_read(buf_bytes(&der), &cert, &fault));
	return cert;
}

static inline struct crl *
make_crl(const struct crl_plan *plan, EVP_PKEY *signer)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct crl *crl = NULL;

	MUST(crl_build(plan, &tbs, &fault));
	MUST(alg_sign(plan->alg, signer, buf_bytes(&tbs), &signature, &fault));
	alg_wrap(plan->alg, buf_bytes(&tbs), buf_bytes(&signature), &der);
	MUST(crl_read(buf_bytes(&der), &crl, &fault));
	return crl;
}

static inline struct csr *
make_csr(struct bytes subject, EVP_PKEY *key)
{
	X509_REQ *request = X509_REQ_new();
	const uint8_t *at = subject.data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)subject.len);
	uint8_t *der = NULL;
	struct csr *csr = NULL;
	int len;

	assert_int_equal(X509_REQ_set_subject_name(request, name), 1);
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(request, &der);
	assert_true(len > 0);
	MUST(csr_read(bytes_of(der, (size_t)len), &csr, &fault));
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(request);
	return csr;
}

static inline void
world_release(struct world *w)
{
	bundle_release(&w->bundle);
	cert_release(&w->certificate);
	cert_release(&w->ledger.root);
	cert_release(&w->ledger.journal_certificate);
	csr_release(&w->csr);
	crl_release(&w->crl);
	buf_release(&w->root_name);
	buf_release(&w->name);
	buf_release(&w->root_spki);
	buf_release(&w->spki);
	free(w->ledger.name);
	free(w->entries);
}

static inline void
world_make(struct world *w, changer *change)
{
	world_plan(w);
	if (change != NULL)
		change(w);
	w->ledger.name = mem_text("example-root");
	w->ledger.root = make_cert(&w->root_plan, w->root_signer,
	    w->hide_root);
	w->ledger.journal_certificate = make_cert(&w->root_plan,
	    w->root_signer, false);
	w->certificate = make_cert(&w->plan, w->root_signer, w->hide);
	if (w->csr == NULL)
		w->csr = make_csr(buf_bytes(&w->name), ca_key);
	w->crl = make_crl(&w->crl_plan, w->crl_signer);
	w->source = (struct bundle_source){
		.ledger = &w->ledger,
		.issued = &w->issued,
		.certificate = w->certificate,
		.csr = w->csr,
		.crl = w->crl,
		.now = NOW,
	};
}

static inline int
make_keys(void **state)
{
	(void)state;
	root_key = EVP_EC_gen("P-256");
	other_key = EVP_EC_gen("P-256");
	ca_key = EVP_EC_gen("P-256");
	p384_key = EVP_EC_gen("P-384");
	rsa_key = EVP_RSA_gen(2048);
	return root_key != NULL && other_key != NULL && ca_key != NULL &&
	    p384_key != NULL && rsa_key != NULL ? 0 : -1;
}

static inline int
free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(p384_key);
	EVP_PKEY_free(rsa_key);
	return 0;
}

/* Changes of what is made. */

static inline void
revoked(struct world *w)
{
	static const struct crl_entry entry = {
		{ { 2 }, 1 }, NOW - DAY, CRL_KEY_COMPROMISE,
	};

	w->crl_plan.entries = &entry;
	w->crl_plan.entry_count = 1;
}

/* Changes of the files. */

static inline struct buf *
file(struct world *w, const char *name)
{
	for (size_t n = 0; n < w->bundle.count; n++)
		if (strcmp(w->bundle.files[n].name, name) == 0)
			return &w->bundle.files[n].content;
	fail_msg("no file %s", name);
	abort();
}

static inline void
set_file(struct world *w, const char *name, struct bytes content)
{
	AUTO(buf_release) struct buf copy = { 0 };
	struct buf *there = file(w, name);

	buf_put(&copy, content);
	buf_release(there);
	buf_move(there, &copy);
}

static inline void
remove_file(struct world *w, const char *name)
{
	for (size_t n = 0; n < w->bundle.count; n++) {
		if (strcmp(w->bundle.files[n].name, name) != 0)
			continue;
		buf_release(&w->bundle.files[n].content);
		w->bundle.files[n] = w->bundle.files[--w->bundle.count];
		return;
	}
}

static inline void
other_root_pem(struct world *w)
{
	set_file(w, BUNDLE_ROOT, buf_bytes(file(w, BUNDLE_REQUEST)));
}

static inline void
other_root_der(struct world *w)
{
	set_file(w, BUNDLE_ROOT_DER, buf_bytes(&w->certificate->der));
}

static inline void
other_crl_der(struct world *w)
{
	set_file(w, BUNDLE_CRL_DER, bytes_text("other"));
}

static inline void
assert_has(const struct bundle *bundle, const char *name, const char *text)
{
	const struct buf *content = bundle_find(bundle, name);

	if (memmem(content->data, content->len, text, strlen(text)) == NULL)
		fail_msg("%s lacks %s", name, text);
}

static inline void
assert_columns(const struct bundle *bundle, const char *name)
{
	const struct buf *content = bundle_find(bundle, name);
	size_t columns = 0;

	for (size_t n = 0; n < content->len; n++) {
		columns = content->data[n] == '\n' ? 0 : columns + 1;
		if (columns > 72)
			fail_msg("%s: wide at byte %zu", name, n);
	}
	assert_int_equal(content->data[content->len - 1], '\n');
}

static inline void
deceive(struct world *w)
{
	AUTO(buf_release) struct buf name = { 0 };

	write_cn("???eve ................................ "
	    ".......................", &name);
	memcpy(name.data + 13, "\xe2\x80\xae", 3);
	buf_release(&w->root_name);
	buf_move(&w->root_name, &name);
	w->root_plan.issuer = w->root_plan.subject = w->plan.issuer =
	    w->crl_plan.issuer = buf_bytes(&w->root_name);
}

#endif
