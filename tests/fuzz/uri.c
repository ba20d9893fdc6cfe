/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/uri.h>

#include "fuzz.h"

/* What names an object is written for a token, and read again the same. */
static void
written_again(const struct uri *uri)
{
	AUTO(uri_release) struct uri *again = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes label = uri_label(uri), id = uri_id(uri);
	struct fail fail = { 0 };
	CK_TOKEN_INFO info;

	memset(&info, ' ', sizeof(info));
	uri_write(&info, label, id, &text);
	hold(uri_read(buf_cstr(&text), &again, &fail) == 0);
	hold(bytes_is_equal(uri_label(again), label));
	hold(bytes_is_equal(uri_id(again), id));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(uri_release) struct uri *uri = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	struct fail fail = { 0 };

	buf_append(&text, data, size);
	if (uri_read(buf_cstr(&text), &uri, &fail) != 0)
		return refused(&fail);
	hold(strcmp(uri_text(uri), buf_cstr(&text)) == 0);
	if (uri_has_object(uri))
		written_again(uri);
	return 0;
}
