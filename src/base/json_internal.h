/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of base/json share. */
#ifndef ANCHORITE_BASE_JSON_INTERNAL_H
#define ANCHORITE_BASE_JSON_INTERNAL_H

#include <anchorite/base/buf.h>

/* Appends a string with its quotes. */
void json_string_write(const char *text, size_t len, struct buf *out);

/* Of two places of keys, for qsort. */
int json_key_compare(const void *a, const void *b);

#endif
