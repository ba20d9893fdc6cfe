/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "fuzz.h"

/* What is read is written, and read again the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const labels[] = { "CERTIFICATE", "X509 CRL", NULL };
	AUTO(buf_release) struct buf der = { 0 }, pem = { 0 }, again = { 0 };
	struct fail fail = { 0 };

	if (text_read_pem(bytes_of(data, size), labels, &der, &fail) != 0) {
		hold(der.len == 0);
		return refused(&fail);
	}
	text_pem(&pem, labels[0], buf_bytes(&der));
	hold(text_has_pem(buf_bytes(&pem)));
	hold(text_read_pem(buf_bytes(&pem), labels, &again, &fail) == 0);
	hold(bytes_is_equal(buf_bytes(&der), buf_bytes(&again)));
	return 0;
}
