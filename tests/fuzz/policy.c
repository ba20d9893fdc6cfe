/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/policy.h>

#include "fuzz.h"

/* Every complaint begins with the file's name. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(policy_release) struct policy *policy = NULL;
	struct fail fail = { 0 };

	if (policy_read("p.yaml", bytes_of(data, size), &policy, &fail) == 0)
		return 0;
	hold(strncmp(fail.sentence, "p.yaml:", 7) == 0);
	return refused(&fail);
}
