/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/auto.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/request.h>

#include "fuzz.h"

/*
 * What is carried in by custodians: a request is shown in words, and is the
 * same when read again; a list of shares is, too.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(request_release) struct request *request = NULL, *again = NULL;
	AUTO(json_release) struct json *json = NULL, *written = NULL;
	AUTO(buf_release) struct buf words = { 0 };
	struct split split, other;
	struct fail fail = { 0 };

	if (json_read(bytes_of(data, size), &json, &fail) == 0 &&
	    split_read(json, &split, &fail) == 0) {
		written = split_json(&split);
		hold(split_read(written, &other, &fail) == 0);
	}
	if (request_read(bytes_of(data, size), &request, &fail) == -1)
		return refused(&fail);
	hold(request_read(buf_bytes(&request->text), &again, &fail) == 0);
	hold(digest_is_equal(&request->digest, &again->digest));
	if (deed_describe(request->operation, request->name,
	    request->parameters, &words, &fail) == -1)
		return refused(&fail);
	return 0;
}
