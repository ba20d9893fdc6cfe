/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/buf.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/fail.h>

#define ROOM_FIRST 64

/* The one place in the library that speaks: nobody is left to be told. */
static _Noreturn void
mem_none(void)
{
	static const char words[] = "anchorite: out of memory\n";
	ssize_t told = write(STDERR_FILENO, words, sizeof(words) - 1);

	(void)told;
	_exit(FAIL_SYSTEM);
}

void *
mem_new(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (memory == NULL)
		mem_none();
	return memory;
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count == 0 ? 1 : count,
	    size == 0 ? 1 : size);

	if (memory == NULL)
		mem_none();
	return memory;
}

char *
mem_text(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		mem_none();
	return copy;
}

/* One byte more than asked for, so that buf_cstr moves nothing either. */
void
buf_reserve(struct buf *buf, size_t len)
{
	size_t need, room;

	if (len >= SIZE_MAX / 2 - buf->len)
		mem_none();
	need = buf->len + len + 1;
	if (need <= buf->room)
		return;
	room = buf->room < ROOM_FIRST ? ROOM_FIRST : 2 * buf->room;
	if (room < need)
		room = need;
	buf->data = mem_grow(buf->data, room, 1);
	buf->room = room;
}

void
buf_append(struct buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(buf, len);
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void
buf_put(struct buf *buf, struct bytes bytes)
{
	buf_append(buf, bytes.data, bytes.len);
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	AUTO(auto_free) char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len == -1)
		mem_none();
	buf_append(buf, text, (size_t)len);
}

void
buf_move(struct buf *to, struct buf *from)
{
	struct buf empty = { 0 };

	buf_release(to);
	*to = *from;
	*from = empty;
}

const char *
buf_cstr(struct buf *buf)
{
	buf_reserve(buf, 0);
	buf->data[buf->len] = '\0';
	return (const char *)buf->data;
}

struct bytes
buf_bytes(const struct buf *buf)
{
	return bytes_of(buf->data, buf->len);
}

void
buf_release(struct buf *buf)
{
	struct buf empty = { 0 };

	free(buf->data);
	*buf = empty;
}

void
buf_wipe(struct buf *buf)
{
	/* The room, not the length: a text that shrank was longer once. */
	if (buf->data != NULL)
		explicit_bzero(buf->data, buf->room);
	buf_release(buf);
}

struct bytes
bytes_of(const void *data, size_t len)
{
	struct bytes bytes = { .data = data, .len = len };

	return bytes;
}

struct bytes
bytes_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

bool
bytes_is_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
