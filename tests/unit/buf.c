/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/buf.h>

#include "heap.h"
#include "testing.h"

static void
appends_text_and_bytes(void **state)
{
	AUTO(buf_release) struct buf buf = { 0 };

	(void)state;
	buf_text(&buf, "ab");
	buf_append(&buf, "\0c", 2);
	buf_put(&buf, bytes_text("d"));
	buf_put(&buf, bytes_of(NULL, 0));
	assert_int_equal(buf.len, 5);
	assert_memory_equal(buf_cstr(&buf), "ab\0cd", 6);
	assert_int_equal(buf_bytes(&buf).len, 5);
}

static void
an_empty_one_is_an_empty_text(void **state)
{
	AUTO(buf_release) struct buf buf = { 0 };

	(void)state;
	assert_int_equal(buf_bytes(&buf).len, 0);
	assert_string_equal(buf_cstr(&buf), "");
	buf_printf(&buf, "%s", "");
	buf_text(&buf, "");
	assert_int_equal(buf.len, 0);
}

static void
printf_takes_any_length(void **state)
{
	AUTO(buf_release) struct buf buf = { 0 };
	char want[5000];

	(void)state;
	memset(want, 'x', sizeof(want) - 1);
	want[sizeof(want) - 1] = '\0';
	buf_printf(&buf, "%d-", 7);
	buf_printf(&buf, "%s", want);
	assert_int_equal(buf.len, 2 + sizeof(want) - 1);
	assert_memory_equal(buf.data, "7-x", 3);
	assert_string_equal(buf_cstr(&buf) + 2, want);
}

static void
printf_may_print_the_buffer_itself(void **state)
{
	AUTO(buf_release) struct buf buf = { 0 };

	(void)state;
	for (size_t n = 0; n < 63; n++)
		buf_text(&buf, "x");
	buf_printf(&buf, "%s", buf_cstr(&buf));
	assert_int_equal(strlen(buf_cstr(&buf)), 126);
}

static void
reserved_room_is_not_moved(void **state)
{
	AUTO(buf_release) struct buf buf = { 0 };
	const uint8_t *data;

	(void)state;
	buf_reserve(&buf, 1000);
	data = buf.data;
	for (size_t n = 0; n < 1000; n++)
		buf_append(&buf, "x", 1);
	assert_ptr_equal(buf_cstr(&buf), data);
	assert_int_equal(buf.len, 1000);
}

static void
move_hands_over(void **state)
{
	AUTO(buf_release) struct buf from = { 0 };
	AUTO(buf_release) struct buf to = { 0 };
	const uint8_t *data;

	(void)state;
	buf_text(&from, "content");
	data = from.data;
	buf_move(&to, &from);
	assert_ptr_equal(to.data, data);
	assert_string_equal(buf_cstr(&to), "content");
	assert_null(from.data);
	assert_int_equal(from.len, 0);
	assert_int_equal(from.room, 0);
}

static void
release_leaves_an_empty_one(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	buf_text(&buf, "content");
	buf_release(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.room, 0);
	buf_release(&buf);
}

/* 40 bytes, made up here so that no other copy of them lies on the heap. */
static void
secret_append(struct buf *buf)
{
	uint8_t byte;

	buf_reserve(buf, 40);
	for (unsigned n = 0; n < 40; n++) {
		byte = (uint8_t)(0xa5 + 7 * n);
		buf_append(buf, &byte, 1);
	}
}

static void
wipe_leaves_nothing(void **state)
{
	struct buf kept = { 0 }, wiped = { 0 }, shrunk = { 0 };
	uint8_t secret[40];

	(void)state;
	secret_append(&wiped);
	memcpy(secret, wiped.data, sizeof(secret));
	buf_wipe(&wiped);
	assert_null(wiped.data);
	assert_int_equal(wiped.len, 0);
	assert_int_equal(wiped.room, 0);
	buf_wipe(&wiped);
	secret_append(&shrunk);
	shrunk.len = 1;
	buf_wipe(&shrunk);
	if (UNDER_SANITISER)
		return;
	assert_false(heap_has(secret, sizeof(secret)));
	/* What is only released is found, so it would have been. */
	secret_append(&kept);
	buf_release(&kept);
	assert_true(heap_has(secret, sizeof(secret)));
}

static void
bytes_compare_by_content(void **state)
{
	(void)state;
	assert_true(bytes_is_equal(bytes_text("ab"), bytes_of("ab", 2)));
	assert_true(bytes_is_equal(bytes_text(""), bytes_of(NULL, 0)));
	assert_false(bytes_is_equal(bytes_text("ab"), bytes_text("ac")));
	assert_false(bytes_is_equal(bytes_text("ab"), bytes_text("abc")));
}

static void
memory_is_zeroed_and_never_null(void **state)
{
	AUTO(auto_free) char *nothing = mem_new(0, 0);
	AUTO(auto_free) char *zeros = mem_new(10, 10);
	AUTO(auto_free) char *copy = mem_text("text");
	static const char zero[100];

	(void)state;
	assert_non_null(nothing);
	assert_memory_equal(zeros, zero, sizeof(zero));
	assert_string_equal(copy, "text");
	copy = mem_grow(copy, 3, 100);
	assert_string_equal(copy, "text");
}

static void
scope_frees_what_was_not_given(void **state)
{
	char *text = mem_text("text"), *given;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), was = fd;

	(void)state;
	given = GIVE(text);
	assert_null(text);
	assert_string_equal(given, "text");
	auto_free(&text);
	auto_free(&given);
	assert_null(given);
	assert_int_equal(fcntl(was, F_GETFD), FD_CLOEXEC);
	auto_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(was, F_GETFD), -1);
	auto_close(&fd);
}

/* Runs `ask` in a child, which must end as mem_new says. */
static void
want_end(void (*ask)(void))
{
	char words[64] = "";
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		ask();
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], words, sizeof(words) - 1) > 0);
	close(ends[0]);
	assert_string_equal(words, "anchorite: out of memory\n");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FAIL_SYSTEM);
}

static void
ask_reserve(void)
{
	struct buf buf = { 0 };

	buf_reserve(&buf, SIZE_MAX - 1);
}

static void
ask_new(void)
{
	volatile size_t count = SIZE_MAX / 2;

	free(mem_new(count, 4));
}

static void
ask_grow(void)
{
	volatile size_t count = SIZE_MAX / 2;

	free(mem_grow(NULL, count, 4));
}

static void
no_memory_ends_the_process(void **state)
{
	(void)state;
	want_end(ask_reserve);
	if (UNDER_SANITISER)
		return;		/* which ends it in words of its own */
	want_end(ask_new);
	want_end(ask_grow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_text_and_bytes),
		cmocka_unit_test(an_empty_one_is_an_empty_text),
		cmocka_unit_test(printf_takes_any_length),
		cmocka_unit_test(printf_may_print_the_buffer_itself),
		cmocka_unit_test(reserved_room_is_not_moved),
		cmocka_unit_test(move_hands_over),
		cmocka_unit_test(release_leaves_an_empty_one),
		cmocka_unit_test(wipe_leaves_nothing),
		cmocka_unit_test(bytes_compare_by_content),
		cmocka_unit_test(memory_is_zeroed_and_never_null),
		cmocka_unit_test(scope_frees_what_was_not_given),
		cmocka_unit_test(no_memory_ends_the_process),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
