/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_HEAP_H
#define ANCHORITE_UNIT_HEAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* free(3) writes its own notes over the first of what it frees. */
#define HEAP_NOTES  16
#define HEAP_WINDOW 7

/*
 * Does any piece of the secret, of HEAP_WINDOW bytes, lie on the heap of
 * malloc(3), in use or freed? Not under a sanitiser, whose heap is its own.
 */
static inline bool
heap_has(const uint8_t *secret, size_t len)
{
	unsigned long from = 0, to = 0;
	bool is_there = false;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "[heap]") != NULL)
			assert_int_equal(sscanf(line, "%lx-%lx", &from, &to),
			    2);
	fclose(maps);
	assert_true(to > from);
	for (size_t at = 0; at + HEAP_WINDOW <= len; at++)
		is_there |= memmem((const void *)from, to - from,
		    secret + at, HEAP_WINDOW) != NULL;
	return is_there;
}

#endif
