/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/crl.h>

#include "fuzz.h"

/* What is taken is the same list to OpenSSL: as many entries. */
static void
openssl_agrees(const struct crl *crl)
{
	const uint8_t *at = crl->der.data;
	X509_CRL *list = d2i_X509_CRL(NULL, &at, (long)crl->der.len);
	STACK_OF(X509_REVOKED) *entries;

	hold(list != NULL && at == crl->der.data + crl->der.len);
	entries = X509_CRL_get_REVOKED(list);
	hold(crl->entry_count ==
	    (entries == NULL ? 0 : (size_t)sk_X509_REVOKED_num(entries)));
	X509_CRL_free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(crl_release) struct crl *crl = NULL;
	struct crl_entry entry;
	struct fail fail = { 0 };
	struct bytes rest;
	size_t count = 0;

	if (crl_read(bytes_of(data, size), &crl, &fail) != 0)
		return refused(&fail);
	for (rest = crl->entries; rest.len > 0; count++)
		if (crl_next(&rest, &entry, &fail) != 0)
			return refused(&fail);
	hold(count == crl->entry_count);
	openssl_agrees(crl);
	return 0;
}
