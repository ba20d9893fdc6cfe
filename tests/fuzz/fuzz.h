/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_FUZZ_FUZZ_H
#define ANCHORITE_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <anchorite/base/fail.h>

/* What libFuzzer calls with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that every input must keep. */
static inline void
hold(int holds)
{
	if (!holds)
		abort();
}

/* A refusal is one of the input, and has its sentence. */
static inline int
refused(const struct fail *fail)
{
	hold(fail->kind == FAIL_INPUT || fail->kind == FAIL_REFUSED);
	hold(fail->sentence[0] != '\0');
	return 0;
}

#endif
