/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/name.h>

#include "fuzz.h"

/* What is taken is the same certificate to OpenSSL, to the octet. */
static void
openssl_agrees(struct bytes der)
{
	const uint8_t *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
	uint8_t *again = NULL;
	int len;

	hold(certificate != NULL && at == der.data + der.len);
	len = i2d_X509(certificate, &again);
	hold(len > 0 && bytes_is_equal(bytes_of(again, (size_t)len), der));
	OPENSSL_free(again);
	X509_free(certificate);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(cert_release) struct cert *cert = NULL;
	AUTO(buf_release) struct buf shown = { 0 };
	struct fail fail = { 0 };
	size_t n;

	if (cert_read(bytes_of(data, size), &cert, &fail) != 0)
		return refused(&fail);
	name_show(cert->issuer, &shown);
	name_show(cert->subject, &shown);
	for (n = 0; n < cert->extension_count; n++)
		ext_show(&cert->extensions[n], &shown);
	if (cert_verify(cert, cert->spki.key, &fail) != 0)
		(void)refused(&fail);
	openssl_agrees(buf_bytes(&cert->der));
	return 0;
}
