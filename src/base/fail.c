/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/fail.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

/* Fits whatever the sentence is cut to. */
struct words {
	char text[sizeof(((struct fail *)0)->sentence)];
};

/* An argument may be the old sentence itself, so it is written aside. */
static void __attribute__((format(printf, 2, 0)))
words_format(struct words *words, const char *format, va_list args)
{
	if (vsnprintf(words->text, sizeof(words->text), format, args) < 0)
		words->text[0] = '\0';
}

static void
words_add(struct words *words, const char *text)
{
	size_t len = strlen(words->text);
	size_t room = sizeof(words->text) - 1 - len;
	size_t take = strnlen(text, room);

	memcpy(words->text + len, text, take);
	words->text[len + take] = '\0';
}

static int
fail_fill(struct fail *fail, enum fail_kind kind, const struct words *words)
{
	fail->kind = kind;
	memcpy(fail->sentence, words->text, sizeof(fail->sentence));
	return -1;
}

int
(fail_with)(struct fail *fail, enum fail_kind kind, const char *format, ...)
{
	struct words words = { 0 };
	va_list args;

	va_start(args, format);
	words_format(&words, format, args);
	va_end(args);
	return fail_fill(fail, kind, &words);
}

int
(fail_errno)(struct fail *fail, const char *format, ...)
{
	int saved = errno;
	struct words words = { 0 };
	va_list args;

	va_start(args, format);
	words_format(&words, format, args);
	va_end(args);
	words_add(&words, ": ");
	words_add(&words, strerror(saved));
	return fail_fill(fail, FAIL_SYSTEM, &words);
}

/* The oldest entry stands nearest to the cause; its data may name it. */
static void
words_add_openssl(struct words *words)
{
	const char *data = "", *reason;
	int flags = 0;
	unsigned long code;

	code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
	if (code == 0)
		return;
	reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) :
	    ERR_reason_error_string(code);
	if (reason == NULL)
		return;
	words_add(words, ": ");
	words_add(words, reason);
	if ((flags & ERR_TXT_STRING) == 0 || data[0] == '\0')
		return;
	words_add(words, " (");
	words_add(words, data);
	words_add(words, ")");
}

int
(fail_openssl)(struct fail *fail, enum fail_kind kind, const char *format, ...)
{
	struct words words = { 0 };
	va_list args;

	va_start(args, format);
	words_format(&words, format, args);
	va_end(args);
	words_add_openssl(&words);
	ERR_clear_error();
	return fail_fill(fail, kind, &words);
}

int
(fail_in)(struct fail *fail, const char *format, ...)
{
	struct words words = { 0 };
	va_list args;

	va_start(args, format);
	words_format(&words, format, args);
	va_end(args);
	words_add(&words, ": ");
	words_add(&words, fail->sentence);
	return fail_fill(fail, fail->kind, &words);
}

/* Once one did not fit, none behind it is in: they are the last. */
void
fail_add(struct fail_sum *sum, const struct fail *one)
{
	size_t at = strlen(sum->all), room = sizeof(sum->all) - at;
	const char *gap = at > 0 ? "; " : "";
	const char *cut = strlen(one->sentence) > FAIL_SUM_EACH ? "..." : "";
	int len = snprintf(sum->all + at, room, "%s%.*s%s", gap,
	    FAIL_SUM_EACH, one->sentence, cut);

	if (sum->count++ == 0) {
		sum->first = *one;
		sum->kind = one->kind;
	}
	if (one->kind == FAIL_REFUSED)
		sum->kind = FAIL_REFUSED;
	if (sum->more > 0 || len < 0 || (size_t)len >= room) {
		sum->all[at] = '\0';
		sum->more++;
	}
}

int
fail_total(const struct fail_sum *sum, size_t of, const char *what,
    struct fail *fail)
{
	struct words words = { 0 };
	char more[40] = "";

	if (sum->count == 0)
		return 0;
	if (sum->count == 1) {
		*fail = sum->first;
		return -1;
	}
	if (sum->more > 0)
		snprintf(more, sizeof(more), "; and %zu more", sum->more);
	snprintf(words.text, sizeof(words.text), "%zu of %zu %s: %s%s",
	    sum->count, of, what, sum->all, more);
	return fail_fill(fail, sum->kind, &words);
}
