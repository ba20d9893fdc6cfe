/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/lint.h>

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

#include "lint_keys.h"
#include "lint_rules.h"

struct lint {
	enum key_kind kind;
	EVP_PKEY *key;		/* throw-away */
	struct buf spki;	/* of that key */
	X509 *issuer;		/* stand-in; NULL: self-signed */
};

static void
free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void
free_crl(X509_CRL **crl)
{
	X509_CRL_free(*crl);
}

static void
free_context(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
}

/* The same to-be-signed certificate for another public key. */
static int
replace_key(struct bytes tbs, struct bytes spki, struct buf *out,
    struct fail *fail)
{
	static const int before[] = {
		DER_INTEGER,	/* serialNumber */
		DER_SEQUENCE,	/* signature */
		DER_SEQUENCE,	/* issuer */
		DER_SEQUENCE,	/* validity */
		DER_SEQUENCE,	/* subject */
	};
	struct bytes all, rest;
	size_t mark, n;

	if (der_next(&tbs, DER_SEQUENCE, &all, NULL, fail) != 0)
		return -1;
	rest = all;
	if (der_is_next(rest, DER_CONTEXT_CONSTRUCTED(0)) &&
	    der_next(&rest, DER_CONTEXT_CONSTRUCTED(0), NULL, NULL,
	    fail) != 0)
		return -1;
	for (n = 0; n < COUNT(before); n++)
		if (der_next(&rest, before[n], NULL, NULL, fail) != 0)
			return -1;
	mark = der_begin(out, DER_SEQUENCE);
	buf_append(out, all.data, all.len - rest.len);
	if (der_next(&rest, DER_SEQUENCE, NULL, NULL, fail) != 0)
		return -1;
	buf_put(out, spki);
	buf_put(out, rest);
	der_end(out, mark);
	return 0;
}

static X509 *
certificate_of(struct bytes der)
{
	const unsigned char *at = der.data;

	return d2i_X509(NULL, &at, (long)der.len);
}

/*
 * The signature on the stand-in stays the real one, which no longer fits:
 * a trust anchor is taken on trust (RFC 5280, 6.1.1 d), nobody verifies it.
 */
static int
open_issuer(struct lint *lint, const struct cert *issuer, struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	if (issuer->spki.kind != lint->kind)
		return fail_with(fail, FAIL_REFUSED, "lint: issuer's key is "
		    "%s, want %s", key_kind_names[issuer->spki.kind],
		    key_kind_names[lint->kind]);
	if (replace_key(issuer->tbs, buf_bytes(&lint->spki), &tbs, fail) != 0)
		return fail_in(fail, "lint: issuer");
	alg_wrap(issuer->alg, buf_bytes(&tbs), issuer->signature, &der);
	lint->issuer = certificate_of(buf_bytes(&der));
	if (lint->issuer == NULL)
		return fail_openssl(fail, FAIL_INPUT, "lint: issuer");
	return 0;
}

int
lint_open(enum key_kind issuer_kind, const struct cert *issuer,
    struct lint **out, struct fail *fail)
{
	AUTO(lint_release) struct lint *lint = mem_new(1, sizeof(*lint));
	const unsigned char *at = lint_keys[issuer_kind].data;
	long len = (long)lint_keys[issuer_kind].len;

	lint->kind = issuer_kind;
	lint->key = d2i_AutoPrivateKey(NULL, &at, len);
	if (lint->key == NULL)
		return fail_openssl(fail, FAIL_SYSTEM,
		    "lint: throw-away key of kind %s",
		    key_kind_names[issuer_kind]);
	if (spki_write(lint->key, &lint->spki, fail) != 0)
		return fail_in(fail, "lint");
	if (issuer != NULL && open_issuer(lint, issuer, fail) != 0)
		return -1;
	*out = GIVE(lint);
	return 0;
}

void
lint_release(struct lint **lint)
{
	if (*lint == NULL)
		return;
	EVP_PKEY_free((*lint)->key);
	X509_free((*lint)->issuer);
	buf_release(&(*lint)->spki);
	free(*lint);
	*lint = NULL;
}

/* Whatever a rule found, what is linted is refused. */
static int
refuse(const char *name, const char *source, struct fail *fail)
{
	fail->kind = FAIL_REFUSED;
	return fail_in(fail, "lint: %s (%s)", name, source);
}

static int
check_rules(const struct lint_rule *rules, const struct lint_case *judged,
    struct fail *fail)
{
	for (; rules->name != NULL; rules++) {
		if (rules->check(judged, fail) != 0)
			return refuse(rules->name, rules->source, fail);
		ERR_clear_error();
	}
	return 0;
}

/* Signs with the throw-away key, and wraps. */
static int
sign(const struct lint *lint, const struct alg *alg, struct bytes tbs,
    struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf signature = { 0 };

	if (der_check(tbs, fail) != 0)
		return refuse("encoding", "X.690, 10", fail);
	if (!alg_fits(alg, lint->kind)) {
		fail_with(fail, FAIL_REFUSED, "%s does not fit a key of kind "
		    "%s", alg->name, key_kind_names[lint->kind]);
		return refuse("algorithm", "RFC 5280, 4.1.1.2", fail);
	}
	if (alg_sign(alg, lint->key, tbs, &signature, fail) != 0)
		return fail_in(fail, "lint");
	alg_wrap(alg, tbs, buf_bytes(&signature), out);
	return 0;
}

/* A root, signed by itself, is its own anchor: there its signature counts. */
static int
verify_path(X509 *certificate, X509 *anchor, int64_t when, struct fail *fail)
{
	AUTO(free_context) X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *anchors = sk_X509_new_null();
	unsigned long flags = X509_V_FLAG_X509_STRICT |
	    X509_V_FLAG_PARTIAL_CHAIN;
	int done, error = X509_V_ERR_UNSPECIFIED, depth = 0;

	if (certificate == anchor)
		flags |= X509_V_FLAG_CHECK_SS_SIGNATURE;
	done = context != NULL && anchors != NULL &&
	    sk_X509_push(anchors, anchor) == 1 &&
	    X509_STORE_CTX_init(context, NULL, certificate, NULL) == 1;
	if (done) {
		X509_STORE_CTX_set0_trusted_stack(context, anchors);
		X509_STORE_CTX_set_flags(context, flags);
		X509_STORE_CTX_set_time(context, 0, (time_t)when);
		done = X509_verify_cert(context) == 1;
		error = X509_STORE_CTX_get_error(context);
		depth = X509_STORE_CTX_get_error_depth(context);
	}
	sk_X509_free(anchors);
	ERR_clear_error();
	if (!done)
		return fail_with(fail, FAIL_REFUSED, "%s%s", depth > 0 ?
		    "issuer: " : "", X509_verify_cert_error_string(error));
	return 0;
}

/*
 * Not yet valid is no fault: judged at its first moment then. What is
 * self-signed holds its own key, whose private half is not here: as a path
 * it is judged with the throw-away key in it.
 */
static int
check_path(const struct lint *lint, const struct lint_case *judged,
    struct bytes tbs, struct fail *fail)
{
	AUTO(buf_release) struct buf replaced = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(free_certificate) X509 *self = NULL;
	int64_t first = lint_seconds(X509_get0_notBefore(
	    judged->certificate));
	int64_t when = judged->now > first ? judged->now : first;

	if (lint->issuer != NULL)
		return verify_path(judged->certificate, lint->issuer, when,
		    fail);
	if (replace_key(tbs, buf_bytes(&lint->spki), &replaced, fail) != 0 ||
	    sign(lint, judged->alg, buf_bytes(&replaced), &der, fail) != 0)
		return -1;
	self = certificate_of(buf_bytes(&der));
	if (self == NULL)
		return fail_openssl(fail, FAIL_REFUSED, "with another key");
	return verify_path(self, self, when, fail);
}

int
lint_certificate(const struct lint *lint, const struct alg *alg,
    struct bytes tbs, const struct lint_aim *aim, int64_t now,
    struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(free_certificate) X509 *certificate = NULL;
	struct lint_case judged = {
		.alg = alg, .issuer = lint->issuer, .key = lint->key,
		.now = now, .aim = aim,
	};

	if (sign(lint, alg, tbs, &der, fail) != 0)
		return -1;
	certificate = certificate_of(buf_bytes(&der));
	if (certificate == NULL) {
		fail_openssl(fail, FAIL_REFUSED, "OpenSSL cannot read it");
		return refuse("encoding", "RFC 5280, 4.1", fail);
	}
	judged.der = buf_bytes(&der);
	judged.certificate = certificate;
	if (check_rules(lint_certificate_rules, &judged, fail) != 0)
		return -1;
	if (check_path(lint, &judged, tbs, fail) != 0)
		return refuse("path", "RFC 5280, 6.1", fail);
	return 0;
}

int
lint_crl(const struct lint *lint, const struct alg *alg, struct bytes tbs,
    int64_t now, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(free_crl) X509_CRL *crl = NULL;
	struct lint_case judged = {
		.alg = alg, .issuer = lint->issuer, .key = lint->key,
		.now = now,
	};
	const unsigned char *at;

	if (lint->issuer == NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "lint: a CRL needs its issuer's certificate");
	if (sign(lint, alg, tbs, &der, fail) != 0)
		return -1;
	at = der.data;
	crl = d2i_X509_CRL(NULL, &at, (long)der.len);
	if (crl == NULL) {
		fail_openssl(fail, FAIL_REFUSED, "OpenSSL cannot read it");
		return refuse("encoding", "RFC 5280, 5.1", fail);
	}
	judged.der = buf_bytes(&der);
	judged.crl = crl;
	return check_rules(lint_crl_rules, &judged, fail);
}
