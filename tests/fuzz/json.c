/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/auto.h>
#include <anchorite/base/json.h>

#include "fuzz.h"

/* Canonical and pretty, it is read again, and stays canonical. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_release) struct json *json = NULL, *one = NULL, *two = NULL;
	AUTO(buf_release) struct buf plain = { 0 }, pretty = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	struct fail fail = { 0 };

	if (json_read(bytes_of(data, size), &json, &fail) != 0)
		return refused(&fail);
	json_write(json, &plain);
	json_write_pretty(json, &pretty);
	hold(json_read(buf_bytes(&plain), &one, &fail) == 0);
	json_write(one, &again);
	hold(bytes_is_equal(buf_bytes(&plain), buf_bytes(&again)));
	again.len = 0;
	hold(json_read(buf_bytes(&pretty), &two, &fail) == 0);
	json_write(two, &again);
	hold(bytes_is_equal(buf_bytes(&plain), buf_bytes(&again)));
	return 0;
}
