/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_BUNDLE_CHANGES_H
#define TESTS_UNIT_BUNDLE_CHANGES_H

#include "bundle_world.h"

/* One thing wrong in what bundles are made of, or in the files made of it. */

/* The files of the path: the certificate's, and its chain's. */
static inline const char *
first(const struct world *w)
{
	return w->kind->files[0].name;
}

static inline const char *
second(const struct world *w)
{
	for (const struct bundle_item *item = w->kind->files;
	    item->name != NULL; item++)
		if (item->part == PART_CHAIN)
			return item->name;
	return BUNDLE_ROOT;
}

static inline void
spoil_file(struct world *w, const char *name, const char *before,
    const char *after)
{
	AUTO(buf_release) struct buf spoilt = { 0 };

	buf_text(&spoilt, before);
	buf_put(&spoilt, buf_bytes(file(w, name)));
	buf_text(&spoilt, after);
	set_file(w, name, buf_bytes(&spoilt));
}

static inline void
words_before_first(struct world *w)
{
	spoil_file(w, first(w), "Certificate:\n", "");
}

static inline void
words_before_second(struct world *w)
{
	spoil_file(w, second(w), "Certificate:\n", "");
}

static inline void
newline_behind_second(struct world *w)
{
	spoil_file(w, second(w), "", "\n");
}

static inline void
blank_at_end(struct world *w)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	AUTO(buf_release) struct buf spoilt = { 0 };
	struct bytes there = buf_bytes(file(w, first(w)));
	size_t at = strlen(begin) + 64;

	buf_append(&spoilt, there.data, at);
	buf_text(&spoilt, " ");
	buf_append(&spoilt, there.data + at, there.len - at);
	set_file(w, first(w), buf_bytes(&spoilt));
}

static inline void
large_first(struct world *w)
{
	AUTO(buf_release) struct buf blanks = { 0 };

	buf_printf(&blanks, "%*s", 2200000, "");
	set_file(w, first(w), buf_bytes(&blanks));
}

static inline void
large_second(struct world *w)
{
	AUTO(buf_release) struct buf blanks = { 0 };

	buf_printf(&blanks, "%*s", 2200000, "");
	set_file(w, second(w), buf_bytes(&blanks));
}

static inline void
empty_second(struct world *w)
{
	set_file(w, second(w), bytes_text(""));
}

static inline void
no_second(struct world *w)
{
	remove_file(w, second(w));
}

static inline void
no_request(struct world *w)
{
	remove_file(w, BUNDLE_REQUEST);
}

static inline void
no_conf(struct world *w)
{
	remove_file(w, BUNDLE_CONF);
}

static inline void
no_crl_der(struct world *w)
{
	remove_file(w, BUNDLE_CRL_DER);
}

static inline void
append_root(struct world *w, const struct cert *cert)
{
	text_pem(file(w, second(w)), "CERTIFICATE", buf_bytes(&cert->der));
}

/* Another in the root's place, wherever the path is read from. */
static inline void
put_root(struct world *w, const struct cert *cert)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, "CERTIFICATE", buf_bytes(&cert->der));
	if (w->kind->files[0].part == PART_PATH) {
		AUTO(buf_release) struct buf both = { 0 };

		text_pem(&both, "CERTIFICATE",
		    buf_bytes(&w->certificate->der));
		buf_put(&both, buf_bytes(&pem));
		set_file(w, first(w), buf_bytes(&both));
	} else if (w->kind->files[0].is_der) {
		set_file(w, "root.crt", buf_bytes(&cert->der));
	} else {
		set_file(w, second(w), buf_bytes(&pem));
	}
}

static inline void
same_twice(struct world *w)
{
	put_root(w, w->certificate);
}

static inline void
six_levels(struct world *w)
{
	for (int n = 0; n < 4; n++)
		append_root(w, w->ledger.root);
}

static inline void
own_issuer(struct world *w)
{
	w->plan.subject = w->root_plan.subject;
}

static inline void
itself_in_chain(struct world *w)
{
	set_file(w, second(w), buf_bytes(file(w, first(w))));
	append_root(w, w->ledger.root);
}

static inline void
root_twice(struct world *w)
{
	append_root(w, w->ledger.root);
}

/* The same name, another key. */
static inline void
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
	put_root(w, cert);
}

/* The root's key, certified by somebody else. */
static inline void
cross_certificate(struct world *w)
{
	AUTO(cert_release) struct cert *cert = NULL;
	struct cert_plan plan = w->root_plan;

	plan.issuer = w->plan.subject;
	plan.extensions.authority_key = w->id;
	cert = make_cert(&plan, ca_key, false);
	put_root(w, cert);
}

/* The same name and key, another certificate. */
static inline void
root_again(struct world *w)
{
	AUTO(cert_release) struct cert *cert = NULL;
	struct cert_plan plan = w->root_plan;

	plan.serial.octets[0] = 9;
	cert = make_cert(&plan, root_key, false);
	put_root(w, cert);
}

static inline void
no_constraints(struct world *w)
{
	w->hide_root = true;
}

static inline void
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

static inline void
no_room(struct world *w)
{
	w->root_plan.extensions.path_length = 0;
}

static inline void
too_deep(struct world *w)
{
	w->root_plan.extensions.path_length = 1;
	w->plan.extensions.path_length = 1;
}

static inline void
longer(struct world *w)
{
	w->plan.not_after = w->root_plan.not_after + 1;
}

static inline void
earlier(struct world *w)
{
	w->plan.not_before = w->root_plan.not_before - 1;
}

static inline void
not_yet(struct world *w)
{
	w->plan.not_before = NOW + 1;
}

static inline void
over(struct world *w)
{
	w->plan.not_after = w->root_plan.not_after = NOW - 1;
}

static inline void
request_of_other_key(struct world *w)
{
	w->csr = make_csr(buf_bytes(&w->name), other_key);
}

/* The same text in another string type is another subject. */
static inline void
request_of_other_type(struct world *w)
{
	AUTO(buf_release) struct buf name = { 0 };

	buf_put(&name, buf_bytes(&w->name));
	assert_int_equal(name.data[11], 0x0c);
	name.data[11] = 0x13;
	w->csr = make_csr(buf_bytes(&name), ca_key);
}

static inline void
root_by(struct world *w, EVP_PKEY *key, const char *alg)
{
	buf_release(&w->root_spki);
	write_key(key, &w->root_spki, w->root_id);
	w->root_plan.spki = buf_bytes(&w->root_spki);
	w->root_plan.alg = w->plan.alg = w->crl_plan.alg = alg_find(alg);
	w->root_signer = w->crl_signer = key;
}

static inline void
wrong_hash(struct world *w)
{
	root_by(w, p384_key, "ecdsa-sha256");
}

static inline void
pss(struct world *w)
{
	root_by(w, rsa_key, "rsa-pss-sha256");
}

static inline void
right_hash(struct world *w)
{
	root_by(w, p384_key, "ecdsa-sha384");
}

static inline void
rsa(struct world *w)
{
	root_by(w, rsa_key, "rsa-sha512");
}

static inline void
crl_by_other_key(struct world *w)
{
	w->crl_signer = other_key;
}

static inline void
crl_by_other_name(struct world *w)
{
	w->crl_plan.issuer = buf_bytes(&w->name);
}

static inline void
old_crl(struct world *w)
{
	w->crl_plan.next_update = NOW;
}

static inline void
future_crl(struct world *w)
{
	w->crl_plan.this_update = NOW + 1;
}

static inline void
outside_constraints(struct world *w)
{
	static struct bytes directory;

	directory = buf_bytes(&w->name);
	w->root_plan.extensions.excluded.directory = &directory;
	w->root_plan.extensions.excluded.directory_count = 1;
}

static inline void
no_key_usage(struct world *w)
{
	w->root_plan.extensions.key_usage = 1u << EXT_KU_CRL_SIGN;
}

static inline void
no_authority_key(struct world *w)
{
	w->plan.extensions.authority_key = NULL;
}

static inline void
two_crls(struct world *w)
{
	text_pem(file(w, BUNDLE_CRL), "X509 CRL", buf_bytes(&w->crl->der));
}

static inline void
crl_in_crlf(struct world *w)
{
	set_file(w, BUNDLE_CRL, bytes_text("\r\n"));
}

/* Of another certificate, and with what a shell would act on. */
static inline void
other_conf(struct world *w)
{
	set_file(w, BUNDLE_CONF, bytes_text("format=1\nconsumer=acm-pca\n"
	    "mode=\nresource=\nregion=\nbucket=\ncrl-url=\ncrl-number=7\n"
	    "serial=99\n"));
}

static inline void
shell_in_conf(struct world *w)
{
	set_file(w, BUNDLE_CONF, bytes_text("format=1\nconsumer=$(id)\n"));
}

static inline void
no_key_usage_at_all(struct world *w)
{
	w->plan.extensions.key_usage = 0;
}

#endif
