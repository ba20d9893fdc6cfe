/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/batch.h>

#include "fuzz.h"

/*
 * A list of requests: every complaint begins with its name, and what is taken
 * is taken again from a record.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(batch_release) struct batch *batch = NULL;
	struct fail fail = { 0 };

	if (batch_read("l.yaml", bytes_of(data, size), "p", &batch, &fail) ==
	    -1) {
		hold(strncmp(fail.sentence, "l.yaml:", 7) == 0);
		return refused(&fail);
	}
	for (size_t n = 0; n < batch->count; n++) {
		AUTO(json_release) struct json *json = json_new();
		AUTO(target_release) struct target target = { 0 };
		unsigned consumers = 0;

		target_put(json, &batch->files[n].target);
		consumers_put(json, batch->files[n].consumers);
		hold(target_get(json, &target, &fail) == 0);
		hold(consumers_get(json, &consumers, &fail) == 0);
		hold(consumers == batch->files[n].consumers);
	}
	return 0;
}
