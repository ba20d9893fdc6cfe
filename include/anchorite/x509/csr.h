/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_CSR_H
#define ANCHORITE_X509_CSR_H

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/ext.h>
#include <anchorite/x509/spki.h>

/* AWS Private CA's limit for a request, and ours for the file. */
#define CSR_MAX 32768
#define CSR_EXT_MAX 64

/* A certification request (RFC 2986), read and checked. */
struct csr {
	struct buf der;			/* owned; the rest points into it */
	struct digest digest;		/* of der */
	struct bytes tbs;		/* CertificationRequestInfo */
	struct bytes subject;		/* DER Name, as it stands */
	struct spki spki;
	const struct alg *alg;		/* the request's own signature */
	struct bytes signature;
	struct ext extensions[CSR_EXT_MAX];	/* asked for */
	size_t extension_count;
};

/*
 * Reads one request, DER or PEM ("CERTIFICATE REQUEST" or "NEW CERTIFICATE
 * REQUEST"), and verifies its own signature. FAIL_INPUT: empty, larger than
 * CSR_MAX, not PEM or DER, BER, trailing bytes, a version but 0, an
 * attribute twice, duplicate extensions, extensions in both
 * extensionRequest and Microsoft's 1.3.6.1.4.1.311.2.1.14. FAIL_REFUSED:
 * what spki_read refuses, a subject that could deceive or is empty, "not
 * signed by its own key". Unknown attributes are passed over.
 */
MUST_USE int csr_read(struct bytes file, struct csr **out,
    struct fail *fail);
void csr_release(struct csr **csr);

#endif
