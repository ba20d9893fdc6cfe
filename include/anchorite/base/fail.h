/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_FAIL_H
#define ANCHORITE_BASE_FAIL_H

#include <stdarg.h>
#include <stddef.h>

/* A function that can fail returns 0 or -1, and its result must be used. */
#define MUST_USE __attribute__((warn_unused_result))

/* What kind of failure it was; the number is the program's exit status. */
enum fail_kind {
	FAIL_NONE = 0,
	FAIL_USAGE = 2,		/* the command line is wrong */
	FAIL_INPUT = 3,		/* a file or text from outside is wrong */
	FAIL_REFUSED = 4,	/* sound, but policy or state forbids it */
	FAIL_TOKEN = 5,		/* the token, its module or its PIN */
	FAIL_SYSTEM = 6,	/* the machine: disk, memory, terminal */
	FAIL_JOURNAL = 7,	/* the journal is not sound */
};

/*
 * One failure: its kind and one sentence for people, filled where the
 * fault is known, prefixed on the way up, printed once by the cli. The
 * sentence may hold bytes from outside: whoever prints it escapes it.
 * Start with `struct fail fail = { 0 };`.
 */
struct fail {
	enum fail_kind kind;
	char sentence[1024];
};

/* Fills the failure; always -1, so that callers can return it. */
int fail_with(struct fail *fail, enum fail_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As fail_with, ending in ": " and the words for errno; FAIL_SYSTEM. */
int fail_errno(struct fail *fail, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * As fail_with, ending in ": " and OpenSSL's own reason, if it gave one.
 * Drains OpenSSL's error queue.
 */
int fail_openssl(struct fail *fail, enum fail_kind kind, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the sentence; the kind stays. Always -1. */
int fail_in(struct fail *fail, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Gathers what is wrong with each of many things, so that whoever has to put
 * them right learns it at once. Start with `struct fail_sum sum = { 0 };`.
 */
#define FAIL_SUM_ROOM 940
#define FAIL_SUM_EACH 300	/* cut to this where it is not alone */
struct fail_sum {
	struct fail first;
	char all[FAIL_SUM_ROOM];	/* "FIRST; SECOND" */
	size_t count, more;		/* of them all; of those not in there */
	enum fail_kind kind;		/* FAIL_REFUSED, or the first one's */
};
void fail_add(struct fail_sum *sum, const struct fail *one);
/*
 * 0 where there are none. One stays as it is; several are one sentence: "2 of
 * 6 WHAT: FIRST; SECOND", with "; and 7 more" where there is no room.
 */
MUST_USE int fail_total(const struct fail_sum *sum, size_t of,
    const char *what, struct fail *fail);

/*
 * The same calls, with their result spelt out: compilers and analysers, who
 * see one file at a time, then know that it is -1.
 */
static inline int
fail_always(int result)
{
	(void)result;
	return -1;
}
#define fail_with(...)    fail_always(fail_with(__VA_ARGS__))
#define fail_errno(...)   fail_always(fail_errno(__VA_ARGS__))
#define fail_openssl(...) fail_always(fail_openssl(__VA_ARGS__))
#define fail_in(...)      fail_always(fail_in(__VA_ARGS__))

#endif
