/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/secret.h>

#include "testing.h"

/* A child on a terminal of its own, whose other end the test holds. */
struct screen {
	int fd;
	pid_t child;
	char seen[8192];
	size_t len;
};

/* In the child: asks, says what failed, and ends with its kind. */
static int
asks(const char *prompt)
{
	struct secret secret = { .len = 7 };
	struct fail fail = { 0 };

	if (secret_ask(prompt, &secret, &fail) == 0)
		dprintf(STDOUT_FILENO, "taken: %zu bytes", secret.len);
	else
		dprintf(STDOUT_FILENO, "%s, %zu", fail.sentence, secret.len);
	return fail.kind;
}

static int
asks_new(const char *prompt)
{
	struct secret secret = { .len = 7 };
	struct fail fail = { 0 };

	if (secret_ask_new(prompt, &secret, &fail) == 0)
		dprintf(STDOUT_FILENO, "taken: %s", secret.data);
	else
		dprintf(STDOUT_FILENO, "%s, %zu", fail.sentence, secret.len);
	return fail.kind;
}

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void
ends_set(void (*handler)(int))
{
	for (size_t n = 0; n < COUNT(ends); n++)
		(void)signal(ends[n], handler);
}

/*
 * Runs it in a child, says how that ended, and waits for a key: where the
 * leader of a session ends, its terminal is reset, echo and all.
 */
static int
leads(int (*run)(const char *), const char *prompt)
{
	int status;
	pid_t child;
	char key;

	ends_set(SIG_IGN);
	child = fork();
	if (child == 0) {
		ends_set(SIG_DFL);
		_exit(run(prompt));
	}
	if (waitpid(child, &status, 0) != child)
		return -1;
	dprintf(STDOUT_FILENO, "[%s %d]",
	    WIFSIGNALED(status) ? "signal" : "exit",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return read(STDIN_FILENO, &key, 1) == 1 ? 0 : -1;
}

static struct screen
screen_open(int (*run)(const char *), const char *prompt)
{
	struct screen screen = { .fd = -1 };

	screen.child = forkpty(&screen.fd, NULL, NULL, NULL);
	if (screen.child == 0)
		_exit(leads(run, prompt));
	assert_int_not_equal(screen.child, -1);
	alarm(20);	/* a test that waits for ever is ended */
	return screen;
}

/* Reads until the words have been seen; the end counts as an error. */
static void
want_seen(struct screen *screen, const char *words)
{
	ssize_t len;

	while (strstr(screen->seen, words) == NULL) {
		len = read(screen->fd, screen->seen + screen->len,
		    sizeof(screen->seen) - 1 - screen->len);
		if (len <= 0)
			fail_msg("want \"%s\", have \"%s\"", words,
			    screen->seen);
		screen->len += (size_t)len;
	}
}

static void
type(const struct screen *screen, const char *keys)
{
	assert_int_equal(write(screen->fd, keys, strlen(keys)), strlen(keys));
}

static bool
has_echo(const struct screen *screen)
{
	struct termios now;

	assert_int_equal(tcgetattr(screen->fd, &now), 0);
	return (now.c_lflag & (ECHO | ISIG | ICANON)) ==
	    (ECHO | ISIG | ICANON);
}

/* Wants that end, "exit" or "signal", with echo restored behind it. */
static void
want_end(struct screen *screen, const char *how, int number)
{
	char words[32];
	int status;

	snprintf(words, sizeof(words), "[%s %d]", how, number);
	want_seen(screen, words);
	assert_true(has_echo(screen));
	type(screen, "\n");
	assert_int_equal(waitpid(screen->child, &status, 0), screen->child);
	assert_int_equal(status, 0);
	close(screen->fd);
	alarm(0);
}

/* Types the keys at the prompt, and wants to be answered so. */
static void
want_answer(const char *keys, const char *answer, enum fail_kind kind)
{
	struct screen screen = screen_open(asks, "PIN of card");

	want_seen(&screen, "PIN of card: ");
	assert_false(has_echo(&screen));
	type(&screen, keys);
	want_seen(&screen, answer);
	want_end(&screen, "exit", kind);
}

static void
what_is_typed_is_not_seen(void **state)
{
	struct screen screen = screen_open(asks, "PIN");

	(void)state;
	want_seen(&screen, "PIN: ");
	assert_false(has_echo(&screen));
	type(&screen, "s3cret\n");
	want_seen(&screen, "taken: 6 bytes");
	assert_null(strstr(screen.seen, "s3cret"));
	want_end(&screen, "exit", FAIL_NONE);
}

static void
typing_is_corrected_and_bounded(void **state)
{
	char keys[SECRET_MAX + 3];

	(void)state;
	want_answer("s3cx\x7fret\r", "taken: 6 bytes", FAIL_NONE);
	memset(keys, 'x', sizeof(keys));
	memcpy(keys + SECRET_MAX, "\n", 2);
	want_answer(keys, "taken: 255 bytes", FAIL_NONE);
	memcpy(keys + SECRET_MAX, "x\n", 3);
	want_answer(keys, "longer than 255 bytes, 7", FAIL_INPUT);
}

static void
typing_is_refused(void **state)
{
	(void)state;
	want_answer("\n", "is empty, 7", FAIL_INPUT);
	want_answer("\x04", "there is none to read, 7", FAIL_INPUT);
	want_answer("s3\x1b[Dcret\n", "holds a control character, 7",
	    FAIL_INPUT);
}

static void
ctrl_c_ends_the_question(void **state)
{
	(void)state;
	want_answer("\x03", "interrupted, 7", FAIL_INPUT);
	want_answer("s3\x03", "interrupted, 7", FAIL_INPUT);
}

static void
a_signal_ends_it_with_echo_restored(void **state)
{
	(void)state;
	for (size_t n = 0; n < COUNT(ends); n++) {
		struct screen screen = screen_open(asks, "PIN");

		want_seen(&screen, "PIN: ");
		assert_false(has_echo(&screen));
		assert_int_equal(kill(-screen.child, ends[n]), 0);
		want_end(&screen, "signal", ends[n]);
	}
}

static void
a_prompt_cannot_steer_the_terminal(void **state)
{
	struct screen screen = screen_open(asks, "PIN of \x1b[2J");

	(void)state;
	want_seen(&screen, "PIN of \\x{001B}[2J: ");
	type(&screen, "\x03");
	want_seen(&screen, "interrupted");
	want_end(&screen, "exit", FAIL_INPUT);
}

static void
a_new_one_is_asked_twice(void **state)
{
	struct screen screen = screen_open(asks_new, "new PIN");

	(void)state;
	want_seen(&screen, "new PIN: ");
	type(&screen, "s3cret\n");
	want_seen(&screen, "new PIN, again: ");
	assert_null(strstr(screen.seen, "s3cret"));
	type(&screen, "s3cret\n");
	want_seen(&screen, "taken: s3cret");
	want_end(&screen, "exit", FAIL_NONE);

	screen = screen_open(asks_new, "new PIN");
	want_seen(&screen, "new PIN: ");
	type(&screen, "s3cret\n");
	want_seen(&screen, "new PIN, again: ");
	type(&screen, "s3crets\n");
	want_seen(&screen, "the two differ, 7");
	want_end(&screen, "exit", FAIL_INPUT);
}

/* Runs `is_so` in a child, so that what it changes ends with it. */
static void
want_in_child(bool (*is_so)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(!is_so());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool
is_refused_without_terminal(void)
{
	struct secret secret = { 0 };
	struct fail fail = { 0 };

	return setsid() != -1 && secret_ask("PIN", &secret, &fail) == -1 &&
	    fail.kind == FAIL_USAGE && strcmp(fail.sentence, "no terminal to "
	    "ask for a PIN: --secret-fd reads it from a descriptor") == 0;
}

static void
no_terminal_is_a_matter_of_usage(void **state)
{
	(void)state;
	want_in_child(is_refused_without_terminal);
}

/* The end to read from of a pipe that holds the bytes, and no more. */
static int
pipe_with(struct bytes bytes)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], bytes.data, bytes.len), bytes.len);
	close(fds[1]);
	return fds[0];
}

static void
lines_are_read_one_by_one(void **state)
{
	static const char *const lines[] = { "first", "se cond", "last" };
	AUTO(auto_close) int fd = pipe_with(bytes_text(
	    "first\nse cond\nlast"));
	struct fail fail = { 0 };

	(void)state;
	for (size_t n = 0; n < COUNT(lines); n++) {
		AUTO(secret_release) struct secret secret = { 0 };

		want_pass(secret_read(fd, &secret, &fail), &fail);
		assert_int_equal(secret.len, strlen(lines[n]));
		assert_string_equal(secret.data, lines[n]);
	}
	want_fail(secret_read(fd, &(struct secret){ 0 }, &fail), &fail,
	    FAIL_INPUT, "there is none to read");
}

static void
want_unread(struct bytes bytes, const char *sentence)
{
	AUTO(auto_close) int fd = pipe_with(bytes);
	struct secret secret = { .len = 7 };
	struct fail fail = { 0 };

	want_fail(secret_read(fd, &secret, &fail), &fail, FAIL_INPUT,
	    sentence);
	assert_int_equal(secret.len, 7);
}

static void
lines_are_refused(void **state)
{
	struct fail fail = { 0 };
	char text[SECRET_MAX + 2];

	(void)state;
	want_unread(bytes_text("\n"), "is empty");
	want_unread(bytes_text("123456\r\n"),
	    "holds a control character");
	want_unread(bytes_of("12\0", 3), "holds a control character");
	memset(text, 'x', sizeof(text));
	want_unread(bytes_of(text, SECRET_MAX + 1),
	    "longer than 255 bytes");
	want_fail(secret_read(-1, &(struct secret){ 0 }, &fail), &fail,
	    FAIL_SYSTEM, "not read: Bad file descriptor");
}

static void
equal_is_the_same_bytes(void **state)
{
	const struct secret a = { "secret", 6 }, b = { "secret", 6 };
	const struct secret longer = { "secrets", 7 }, other = { "Secret", 6 };
	const struct secret with_nul = { "secret", 7 };

	(void)state;
	assert_true(secret_is_equal(&a, &b));
	assert_false(secret_is_equal(&a, &longer));
	assert_false(secret_is_equal(&a, &other));
	assert_false(secret_is_equal(&a, &with_nul));
}

static void
release_leaves_zeros(void **state)
{
	static const struct secret empty;
	struct secret secret = { .len = SECRET_MAX };

	(void)state;
	memset(secret.data, 'x', sizeof(secret.data));
	secret_release(&secret);
	assert_memory_equal(&secret, &empty, sizeof(empty));
}

static bool
is_sealed(void)
{
	struct rlimit core = { 7, 7 };
	bool is_locked = false;
	struct fail fail = { 0 };
	int fds[2];

	umask(0);
	return secret_seal(&is_locked, &fail) == 0 &&
	    getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
	    core.rlim_max == 0 && umask(0) == 077 &&
	    prctl(PR_GET_DUMPABLE) == (UNDER_SANITISER ? 1 : 0) &&
	    signal(SIGXFSZ, SIG_DFL) == SIG_IGN && pipe(fds) == 0 &&
	    close(fds[0]) == 0 &&
	    write(fds[1], "", 1) == -1 && errno == EPIPE;
}

static void
the_process_is_sealed(void **state)
{
	(void)state;
	want_in_child(is_sealed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_not_seen),
		cmocka_unit_test(typing_is_corrected_and_bounded),
		cmocka_unit_test(typing_is_refused),
		cmocka_unit_test(ctrl_c_ends_the_question),
		cmocka_unit_test(a_signal_ends_it_with_echo_restored),
		cmocka_unit_test(a_prompt_cannot_steer_the_terminal),
		cmocka_unit_test(a_new_one_is_asked_twice),
		cmocka_unit_test(no_terminal_is_a_matter_of_usage),
		cmocka_unit_test(lines_are_read_one_by_one),
		cmocka_unit_test(lines_are_refused),
		cmocka_unit_test(equal_is_the_same_bytes),
		cmocka_unit_test(release_leaves_zeros),
		cmocka_unit_test(the_process_is_sealed),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
