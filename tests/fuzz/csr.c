/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/csr.h>
#include <anchorite/x509/name.h>

#include "fuzz.h"

/* What is taken is a request to OpenSSL too, and signed by its own key. */
static void
openssl_agrees(struct bytes der)
{
	const uint8_t *at = der.data;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);

	hold(request != NULL && at == der.data + der.len);
	hold(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1);
	X509_REQ_free(request);
}

/* Whatever cannot be verified breaks a rule; the strict door agrees. */
static void
rules_agree(struct csr *csr)
{
	AUTO(csr_release) struct csr *again = NULL;
	struct rule_results results;
	struct fail fail = { 0 };
	struct bytes der = buf_bytes(&csr->der);

	results.count = results.broken = 0;
	csr_judge(csr, 0, &results);
	hold(csr->spki.key != NULL || results.broken > 0);
	hold(csr->alg != NULL || results.broken > 0);
	hold((csr->spki.kind == KEY_NONE) == (results.items[1].verdict ==
	    RULE_BROKEN || results.items[0].verdict == RULE_BROKEN ||
	    results.items[4].verdict == RULE_BROKEN));
	hold((csr_read(der, &again, &fail) == 0) == (results.broken == 0));
	if (again == NULL)
		return;
	hold(digest_is_equal(&csr->digest, &again->digest));
	openssl_agrees(der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf shown = { 0 };
	struct fail fail = { 0 };
	char kind[ALG_SHOW_SIZE];

	if (csr_survey(bytes_of(data, size), &csr, &fail) != 0)
		return refused(&fail);
	name_show(csr->subject, &shown);
	for (size_t n = 0; n < csr->extension_count; n++)
		ext_show(&csr->extensions[n], &shown);
	spki_show_kind(&csr->spki, kind, sizeof(kind));
	alg_show(csr->algorithm, kind, sizeof(kind));
	rules_agree(csr);
	return 0;
}
