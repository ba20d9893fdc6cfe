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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(csr_release) struct csr *csr = NULL, *again = NULL;
	AUTO(buf_release) struct buf shown = { 0 };
	struct fail fail = { 0 };
	size_t n;

	if (csr_read(bytes_of(data, size), &csr, &fail) != 0)
		return refused(&fail);
	name_show(csr->subject, &shown);
	for (n = 0; n < csr->extension_count; n++)
		ext_show(&csr->extensions[n], &shown);
	hold(csr_read(buf_bytes(&csr->der), &again, &fail) == 0);
	hold(digest_is_equal(&csr->digest, &again->digest));
	openssl_agrees(buf_bytes(&csr->der));
	return 0;
}
