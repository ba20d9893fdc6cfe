/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CRL_H
#define ANCHORITE_X509_CRL_H

#include <openssl/types.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/cert.h>

/* CRLReason (RFC 5280, 5.3.1), those a root gives; the value is the code. */
enum crl_reason {
	CRL_UNSPECIFIED = 0,		/* the entry carries no reason */
	CRL_KEY_COMPROMISE = 1,
	CRL_CA_COMPROMISE = 2,
	CRL_AFFILIATION_CHANGED = 3,
	CRL_SUPERSEDED = 4,
	CRL_CESSATION_OF_OPERATION = 5,
	CRL_PRIVILEGE_WITHDRAWN = 9,
};

/* "keyCompromise" for 1, …; NULL for a code that is not in the table. */
const char *crl_reason_name(enum crl_reason reason);
/* FAIL_USAGE with the nearest, or all, names. */
MUST_USE int crl_reason_read(const char *name, enum crl_reason *out,
    struct fail *fail);

struct crl_entry {
	struct serial serial;
	int64_t revoked_at;
	enum crl_reason reason;
};

/* Everything that a CRL is made of; all lent. */
struct crl_plan {
	const struct alg *alg;
	struct bytes issuer;			/* DER Name */
	const uint8_t *authority_key;		/* DIGEST_SHA1_LEN */
	uint64_t number;			/* cRLNumber, from 1 */
	int64_t this_update, next_update;
	const struct crl_entry *entries;	/* in the order of signing */
	size_t entry_count;
};

/*
 * Appends the TBSCertList, version 2 (RFC 5280, 5.1.2): authority key
 * identifier and CRL number, both non-critical; a reasonCode in entries
 * that have a reason. No revokedCertificates where there is no entry.
 */
MUST_USE int crl_build(const struct crl_plan *plan, struct buf *tbs_out,
    struct fail *fail);

/* A CRL, read from its bytes. */
struct crl {
	struct buf der;			/* owned; the rest points into it */
	struct digest digest;
	struct bytes tbs;
	const struct alg *alg;
	struct bytes signature;
	struct bytes issuer;
	int64_t this_update, next_update;
	struct bytes authority_key;
	uint64_t number;
	struct bytes entries;		/* for crl_next */
	size_t entry_count;
};

/*
 * FAIL_INPUT for what is not a v2 CRL in DER (or PEM "X509 CRL") with both
 * extensions and without unknown critical ones, its issuer a Name.
 */
MUST_USE int crl_read(struct bytes file, struct crl **out,
    struct fail *fail);
/*
 * Takes the next entry off a copy of `entries`: `for (rest = crl->entries;
 * rest.len > 0;)`. FAIL_INPUT for a critical extension in it.
 */
MUST_USE int crl_next(struct bytes *rest, struct crl_entry *out,
    struct fail *fail);
void crl_release(struct crl **crl);
MUST_USE int crl_verify(const struct crl *crl, EVP_PKEY *issuer_key,
    struct fail *fail);

#endif
