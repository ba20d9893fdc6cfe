/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CSR_H
#define ANCHORITE_X509_CSR_H

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/rule.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/ext.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/spki.h>

/* AWS Private CA's limit for a request, and ours for the file. */
#define CSR_MAX 32768
#define CSR_EXT_MAX 64

/*
 * A certification request (RFC 2986): the facts. Its form is right. Whether
 * it is worth anything (proof of possession, key, subject, what it asks for)
 * is for rules to say: those here, and those of the vetting (ca/vet.h).
 */
struct csr {
	struct buf der;			/* owned; the rest points into it */
	struct digest digest;		/* of der */
	struct bytes tbs;		/* CertificationRequestInfo */
	struct bytes subject;		/* DER Name, as it stands */
	struct name *name;		/* the same, taken apart; owned */
	struct spki spki;
	struct bytes algorithm;		/* of the request's own signature */
	const struct alg *alg;		/* the same; NULL: none that we know */
	struct bytes signature;
	struct ext extensions[CSR_EXT_MAX];	/* asked for */
	size_t extension_count;
};

/*
 * Reads one request, DER or PEM ("CERTIFICATE REQUEST" or "NEW CERTIFICATE
 * REQUEST"), for judgement: nothing but its form is known then. FAIL_INPUT:
 * empty, larger than CSR_MAX, not PEM or DER, BER, trailing bytes, a version
 * but 0, an attribute twice, more than 32 of them, duplicate extensions,
 * extensions in both extensionRequest and Microsoft's
 * 1.3.6.1.4.1.311.2.1.14, a subject or key that is none. Unknown attributes
 * are passed over.
 */
MUST_USE int csr_survey(struct bytes file, struct csr **out,
    struct fail *fail);

/*
 * The strict door, for whoever is not vetting: csr_survey, and FAIL_REFUSED
 * where a rule of spki_rules or csr_rules without a date is broken. So it is
 * signed by its own key, which is one that we know; a rule that came later
 * does not unmake a request that was granted.
 */
MUST_USE int csr_read(struct bytes file, struct csr **out,
    struct fail *fail);
void csr_release(struct csr **csr);

/* The rules on the proof of possession, for a `struct csr`. */
extern const struct rule csr_rules[];

/* Judges by spki_rules and csr_rules, in this order, at the moment `when`. */
void csr_judge(struct csr *csr, int64_t when, struct rule_results *results);

#endif
