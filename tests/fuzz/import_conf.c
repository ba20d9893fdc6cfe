/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/auto.h>
#include <anchorite/out/import_conf.h>

#include "fuzz.h"

/* What is taken is written again the same: there is one form of it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	AUTO(buf_release) struct buf again = { 0 };
	struct fail fail = { 0 };

	if (import_conf_read(bytes_of(data, size), &conf, &fail) != 0)
		return refused(&fail);
	import_conf_write(&conf, &again);
	hold(bytes_is_equal(buf_bytes(&again), bytes_of(data, size)));
	return 0;
}
