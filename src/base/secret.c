/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#define CTRL_C 3

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITISER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITISER true
#endif
#endif
#ifndef UNDER_SANITISER
#define UNDER_SANITISER false
#endif

/* Is there a line behind the heading of /proc/swaps? Unknown is yes. */
static bool
swap_is_used(void)
{
	char line[256];
	int lines = 0;
	FILE *swaps = fopen("/proc/swaps", "re");

	if (swaps == NULL)
		return true;
	while (fgets(line, sizeof(line), swaps) != NULL)
		lines++;
	fclose(swaps);
	return lines > 1;
}

/*
 * Locks what there is and what will come, each page when it is first used:
 * to fault all of OpenSSL in would cost more than signing. Under a finite
 * limit later allocations would fail once it is reached, so then nothing is
 * locked.
 */
static bool
memory_lock(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return !UNDER_SANITISER && setrlimit(RLIMIT_MEMLOCK, &all) == 0 &&
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

int
secret_seal(bool *locked_out, struct fail *fail)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    (!UNDER_SANITISER && prctl(PR_SET_DUMPABLE, 0) == -1))
		return fail_errno(fail, "core dumps cannot be forbidden");
	umask(077);
	/* A full disk or a closed pipe is an error, not a death. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	*locked_out = memory_lock() || !swap_is_used();
	return 0;
}

/* A terminal with echo off, to be put back as it was. */
struct terminal {
	int fd;
	int signals;		/* can be read once a signal is held back */
	bool is_changed;
	struct termios before;
	sigset_t mask;
};

static void
terminal_close(struct terminal *terminal)
{
	if (terminal->is_changed) {
		(void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before);
		/* A signal that was held back acts now, with echo on. */
		(void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
	}
	auto_close(&terminal->signals);
	auto_close(&terminal->fd);
}

static int
terminal_hush(struct terminal *terminal)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
	    SIGTSTP };
	struct termios quiet = terminal->before;
	sigset_t held;

	sigemptyset(&held);
	for (size_t n = 0; n < COUNT(signals); n++)
		sigaddset(&held, signals[n]);
	terminal->signals = signalfd(-1, &held, SFD_CLOEXEC);
	if (terminal->signals == -1 ||
	    sigprocmask(SIG_BLOCK, &held, &terminal->mask) == -1)
		return -1;
	terminal->is_changed = true;
	quiet.c_iflag |= ICRNL;
	/* Ctrl-C is read as a character, so that it ends the question. */
	quiet.c_lflag &= (tcflag_t) ~(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
	quiet.c_lflag |= ICANON;
	quiet.c_cc[VEOL] = CTRL_C;
	return tcsetattr(terminal->fd, TCSAFLUSH, &quiet);
}

static int
terminal_open(struct terminal *terminal, struct fail *fail)
{
	terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal->fd == -1)
		return fail_with(fail, FAIL_USAGE,
		    "no terminal to ask for a PIN: --secret-fd reads it from "
		    "a descriptor");
	if (tcgetattr(terminal->fd, &terminal->before) == -1 ||
	    terminal_hush(terminal) == -1)
		return fail_errno(fail, "terminal");
	return 0;
}

/* Until something is typed. */
static int
terminal_wait(const struct terminal *terminal, struct fail *fail)
{
	struct pollfd wait[] = {
		{ .fd = terminal->signals, .events = POLLIN },
		{ .fd = terminal->fd, .events = POLLIN },
	};

	while (poll(wait, COUNT(wait), -1) == -1)
		if (errno != EINTR)
			return fail_errno(fail, "terminal");
	if (wait[0].revents != 0)
		return fail_with(fail, FAIL_INPUT, SECRET_INTERRUPTED);
	return 0;
}

static int
byte_check(uint8_t byte, const struct secret *line, struct fail *fail)
{
	if (line->len == SECRET_MAX)
		return fail_with(fail, FAIL_INPUT, "longer than %d bytes",
		    SECRET_MAX);
	/* A stray CR or arrow key would cost one of the few tries. */
	if (byte < ' ' || byte == 0x7f)
		return fail_with(fail, FAIL_INPUT,
		    "holds a control character");
	return 0;
}

/* One line, a byte at a time; `terminal` is NULL where nobody types. */
static int
line_read(int fd, const struct terminal *terminal, struct secret *out,
    struct fail *fail)
{
	AUTO(secret_release) struct secret line = { 0 };
	uint8_t *byte;
	ssize_t len;

	for (;; line.len++) {
		byte = line.data + line.len;
		if (terminal != NULL && terminal_wait(terminal, fail) == -1)
			return -1;
		do
			len = read(fd, byte, 1);
		while (len == -1 && errno == EINTR);
		if (len == -1)
			return fail_errno(fail, "not read");
		if (len == 0 || *byte == '\n')
			break;
		if (terminal != NULL && *byte == CTRL_C)
			return fail_with(fail, FAIL_INPUT, SECRET_INTERRUPTED);
		if (byte_check(*byte, &line, fail) == -1)
			return -1;
	}
	*byte = '\0';
	if (line.len == 0 && len == 0)
		return fail_with(fail, FAIL_INPUT,
		    "there is none to read");
	if (line.len == 0)
		return fail_with(fail, FAIL_INPUT, "is empty");
	*out = line;
	return 0;
}

int
secret_ask(const char *prompt, struct secret *out, struct fail *fail)
{
	AUTO(terminal_close) struct terminal terminal = { .fd = -1,
	    .signals = -1 };
	AUTO(secret_release) struct secret answer = { 0 };
	AUTO(buf_release) struct buf shown = { 0 };
	int result;

	if (terminal_open(&terminal, fail) == -1)
		return -1;
	text_escape(&shown, bytes_text(prompt));
	dprintf(terminal.fd, "%s: ", buf_cstr(&shown));
	result = line_read(terminal.fd, &terminal, &answer, fail);
	dprintf(terminal.fd, "\n");
	if (result == 0)
		*out = answer;
	return result;
}

int
secret_ask_new(const char *prompt, struct secret *out, struct fail *fail)
{
	AUTO(secret_release) struct secret first = { 0 };
	AUTO(secret_release) struct secret second = { 0 };
	AUTO(buf_release) struct buf again = { 0 };

	buf_printf(&again, "%s, again", prompt);
	if (secret_ask(prompt, &first, fail) == -1 ||
	    secret_ask(buf_cstr(&again), &second, fail) == -1)
		return -1;
	if (!secret_is_equal(&first, &second))
		return fail_with(fail, FAIL_INPUT, "the two differ");
	*out = first;
	return 0;
}

int
secret_read(int fd, struct secret *out, struct fail *fail)
{
	return line_read(fd, NULL, out, fail);
}

bool
secret_is_equal(const struct secret *a, const struct secret *b)
{
	/* The whole buffers: the time tells no length either. */
	return CRYPTO_memcmp(a->data, b->data, sizeof(a->data)) == 0 &&
	    a->len == b->len;
}

void
secret_release(struct secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}
