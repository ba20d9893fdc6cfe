/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_BUF_H
#define ANCHORITE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes lent by somebody else. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

/* Bytes owned; start with `struct buf buf = { 0 };`. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t room;
};

/*
 * Memory from the heap, zeroed, never NULL. Where there is no memory the
 * process ends: the journal makes any moment a safe one to end at, and a
 * failure that nobody can test is worse than none.
 */
void *mem_new(size_t count, size_t size);
/* As realloc(3): what is new is not zeroed. */
void *mem_grow(void *old, size_t count, size_t size);
char *mem_text(const char *text);

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_put(struct buf *buf, struct bytes bytes);
void buf_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `len` more bytes, so that appending moves nothing. */
void buf_reserve(struct buf *buf, size_t len);

/* Hands the bytes over: `to` must be empty, `from` is empty afterwards. */
void buf_move(struct buf *to, struct buf *from);

/* The bytes as a C string: a NUL stands behind them, not counted. */
const char *buf_cstr(struct buf *buf);

/* Lends the bytes; good until the next change of the buffer. */
struct bytes buf_bytes(const struct buf *buf);

/* Frees, and leaves an empty buffer. For AUTO. */
void buf_release(struct buf *buf);

/*
 * The same, all its room wiped before. A buffer that grew may have left
 * copies where it was: buf_reserve what is secret first. For AUTO.
 */
void buf_wipe(struct buf *buf);

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_text(const char *text);
bool bytes_is_equal(struct bytes a, struct bytes b);

#endif
