/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_SECRET_H
#define ANCHORITE_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <anchorite/base/fail.h>

/* A PIN or passphrase. Wiped by secret_release; never printed. */
#define SECRET_MAX 255
struct secret {
	uint8_t data[SECRET_MAX + 1];	/* a NUL stands behind `len` bytes */
	size_t len;
};

/*
 * Seals the process before the first secret: no core dump, not dumpable or
 * traceable, memory locked (mlockall), umask 077, SIGXFSZ and SIGPIPE
 * ignored so that a full disk is an error and not a death. Failing to
 * forbid core dumps is FAIL_SYSTEM. Memory that cannot be locked is not a
 * failure: *locked_out says whether it was, or no swap is in use (then
 * nothing can reach the disk). Under a sanitiser memory is not locked.
 */
MUST_USE int secret_seal(bool *locked_out, struct fail *fail);

/*
 * Asks "PROMPT: " on the terminal (/dev/tty), escaped (text.h), echo off,
 * the old state restored whatever happens, signals included: Ctrl-C and a
 * signal end the question. No terminal: FAIL_USAGE with the advice to use
 * --secret-fd. Interrupted (the sentence is SECRET_INTERRUPTED), empty,
 * longer than SECRET_MAX or with a control character within (which no keypad
 * types): FAIL_INPUT.
 */
#define SECRET_INTERRUPTED "interrupted"
MUST_USE int secret_ask(const char *prompt, struct secret *out,
    struct fail *fail);

/* Asks twice; FAIL_INPUT where the two differ. */
MUST_USE int secret_ask_new(const char *prompt, struct secret *out,
    struct fail *fail);

/*
 * Reads one line from a descriptor, a byte at a time so that the next
 * secret can be read after it; the newline is not part of it. End of file
 * before any byte, and what secret_ask refuses: FAIL_INPUT.
 */
MUST_USE int secret_read(int fd, struct secret *out, struct fail *fail);

/* Constant-time comparison. */
bool secret_is_equal(const struct secret *a, const struct secret *b);

/* Wipes. For AUTO. */
void secret_release(struct secret *secret);

#endif
