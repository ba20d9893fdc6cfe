/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tamper sweep: a small journal with one of everything, and every way to
 * change one thing in it. Each must be refused; how many there were is
 * printed. What begins as the journal does and ends in a seal is sound by
 * itself: the anchor tells that it is not the newest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "custodians.h"

#include <anchorite/ca/private.h>
#include <anchorite/out/audit.h>

/* Real approvals, where custodians.h has only their names. */
static struct json *
approved_data(struct custody *c, enum operation operation,
    struct json *parameters, const int who[2])
{
	struct world *w = c->world;
	const struct ledger *ledger = w->authority->ledger;
	struct request_plan plan = {
		.operation = operation,
		.parameters = json_copy_of(parameters),
		.now = w->act.now, .expires = w->act.now + DAY,
	};
	AUTO(approvals_release) struct approvals *approvals = NULL;
	struct json *data = json_new(), *approval = NULL;
	struct request *request = NULL;

	MUST(request_build(ledger, &plan, &request, &fault));
	approvals = approvals_new(&request);
	for (size_t n = 0; n < 2; n++) {
		AUTO(buf_release) struct buf cms = { 0 };

		if (who[n] == NOBODY)
			continue;
		person_sign(&c->people, (enum person)who[n],
		    approvals->request, w->act.now, &cms);
		MUST(approvals_add(approvals, ledger, buf_bytes(&cms),
		    w->act.now, &fault));
	}
	MUST(approvals_put(approvals, ledger, w->authority->objects,
	    &approval, &fault));
	json_put(data, "parameters", &parameters);
	json_put(data, "approval", &approval);
	return data;
}

static void
record_refusal(struct world *w)
{
	struct fail refusal = { 0 };

	(void)fail_with(&refusal, FAIL_REFUSED, "it is \"no\"");
	authority_refuse(w->authority, &w->act, "sign", &refusal);
}

/* A private value, which nothing but its own object says. */
static void
record_private(struct world *w)
{
	struct json *data = json_new();
	AUTO(buf_release) struct buf text = { 0 };

	MUST(private_put(w->authority->objects, "INC-4711", &text, &fault));
	json_put_text(data, "consumer", buf_cstr(&text));
	world_append(w, "bundled", data);
	world_seal(w);
}

/* Everything that this library's software keys can record. */
static int
setup(void **state)
{
	static const char more[] =
	    "operations:\n  sign:\n    approvals: 0\n"
	    "  revoke:\n    approvals: 0\n  crl:\n    approvals: 0\n";
	static const int who[] = { ALICE, NOBODY };
	struct custody *c = custody_new(more, 0);
	struct world *w = c->world;

	record_certificate(w, SERIAL_A);
	world_seal(w);
	record_certificate(w, SERIAL_B);
	world_seal(w);
	record_revoked(w, SERIAL_A);
	world_seal(w);
	record_crl(w, 1);
	world_seal(w);
	record_private(w);
	record_refusal(w);
	world_append(w, "disable", approved_data(c, OPERATION_DISABLE,
	    deed_nothing(), who));
	world_append(w, "key-locked", followed_data());
	world_seal(w);
	*state = c;
	return 0;
}

/* The whole journal, in lines. */
struct original {
	struct buf text;
	struct bytes lines[LINES_MAX];
	size_t count;
};

static void
original_load(const struct world *w, struct original *out)
{
	memset(out, 0, sizeof(*out));
	load(w->journal, &out->text);
	out->count = split_lines(buf_bytes(&out->text), out->lines);
}

static bool
is_refused(const struct world *w, struct fail *fail)
{
	struct audit audit = { 0 };

	return audit_verify(w->path, NULL, &audit, fail) == -1 &&
	    fail->kind == FAIL_JOURNAL;
}

static void
want_refused(const struct world *w, const char *what, size_t at)
{
	struct fail fail = { 0 };

	if (!is_refused(w, &fail))
		fail_msg("%s %zu: not refused: %s", what, at, fail.sentence);
	if (strstr(fail.sentence, "journal: record ") == NULL)
		fail_msg("%s %zu: without its record: %s", what, at,
		    fail.sentence);
}

static void
want_sound(const struct world *w)
{
	struct audit audit = { 0 };

	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.unsealed, 0);
	/* The custodians' certificates, which the policy names, not a record;
	 * and one more. */
	assert_int_equal(audit.strays, PEOPLE);
	assert_int_equal(audit.redacted, 0);
	assert_int_equal(audit.approvals, 1);
}

/* Sanitizers take their time. */
#define STEP (UNDER_SANITISER ? 61 : 1)

/* One bit of each byte; of the last line, which no chain holds, all. */
static void
every_byte(void **state)
{
	const struct custody *c = *state;
	struct original o;
	size_t last, count = 0;
	int fd;

	original_load(c->world, &o);
	last = o.text.len - o.lines[o.count - 1].len;
	fd = open(c->world->journal, O_WRONLY);
	assert_true(fd >= 0);
	for (size_t at = 0; at < o.text.len; at++)
		for (size_t bit = 0; bit < 8; bit++) {
			uint8_t byte = o.text.data[at] ^ (uint8_t)(1u << bit);

			if (at < last && (bit != at % 8 || at % STEP != 0))
				continue;
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
			want_refused(c->world, "byte", at);
			assert_int_equal(pwrite(fd, o.text.data + at, 1,
			    (off_t)at), 1);
			count++;
		}
	close(fd);
	want_sound(c->world);
	print_message("%zu flips of %zu bytes: refused\n", count, o.text.len);
	buf_release(&o.text);
}

static void
want_lines_refused(const struct world *w, const struct bytes *lines,
    size_t count, const char *what, size_t at)
{
	AUTO(buf_release) struct buf text = { 0 };

	for (size_t n = 0; n < count; n++)
		buf_put(&text, lines[n]);
	overwrite(w->journal, buf_bytes(&text));
	want_refused(w, what, at);
}

/* The last line alone can be cut off: then it is an older journal. */
static void
every_line_removed(void **state)
{
	const struct custody *c = *state;
	struct bytes lines[LINES_MAX];
	struct original o;

	original_load(c->world, &o);
	for (size_t at = 0; at + 1 < o.count; at++) {
		memcpy(lines, o.lines, sizeof(lines));
		memmove(&lines[at], &lines[at + 1],
		    (o.count - at - 1) * sizeof(*lines));
		want_lines_refused(c->world, lines, o.count - 1,
		    "without line", at);
	}
	overwrite(c->world->journal, buf_bytes(&o.text));
	want_sound(c->world);
	print_message("%zu lines removed: refused\n", o.count - 1);
	buf_release(&o.text);
}

static void
every_line_duplicated(void **state)
{
	const struct custody *c = *state;
	struct bytes lines[LINES_MAX];
	struct original o;

	original_load(c->world, &o);
	for (size_t at = 0; at < o.count; at++) {
		memcpy(lines, o.lines, sizeof(lines));
		memmove(&lines[at + 1], &lines[at],
		    (o.count - at) * sizeof(*lines));
		want_lines_refused(c->world, lines, o.count + 1, "twice line",
		    at);
	}
	overwrite(c->world->journal, buf_bytes(&o.text));
	want_sound(c->world);
	print_message("%zu lines duplicated: refused\n", o.count);
	buf_release(&o.text);
}

/* With any other, its neighbours among them. */
static void
every_line_exchanged(void **state)
{
	const struct custody *c = *state;
	struct bytes lines[LINES_MAX];
	struct original o;
	size_t count = 0;

	original_load(c->world, &o);
	for (size_t i = 0; i < o.count; i++)
		for (size_t j = i + 1; j < o.count; j++) {
			memcpy(lines, o.lines, sizeof(lines));
			lines[i] = o.lines[j];
			lines[j] = o.lines[i];
			want_lines_refused(c->world, lines, o.count,
			    "exchanged line", i);
			count++;
		}
	overwrite(c->world->journal, buf_bytes(&o.text));
	want_sound(c->world);
	print_message("%zu pairs of lines exchanged: refused\n", count);
	buf_release(&o.text);
}

/* What is left behind each byte: sound, with its own end, where the ledger
 * has whole records there; else refused. None is taken for the whole. */
static void
every_prefix(void **state)
{
	const struct custody *c = *state;
	struct original o;
	size_t whole = 0, count = 0;

	original_load(c->world, &o);
	for (size_t n = 0; n < o.count; n++) {
		struct audit audit = { 0 };
		struct fail fail = { 0 };
		size_t end = whole + o.lines[n].len;

		for (size_t len = whole + 1; len < end; len += 37) {
			overwrite(c->world->journal,
			    bytes_of(o.text.data, len));
			want_refused(c->world, "cut at", len);
			assert_false(audit_verify_recoverable(c->world->path,
			    &fail) == 0 && n == 0);
			count++;
		}
		whole = end;
		overwrite(c->world->journal, bytes_of(o.text.data, end));
		MUST(audit_verify(c->world->path, NULL, &audit, &fault));
		assert_int_equal(audit.head.seq, n + 1);
		assert_true((audit.unsealed == 0) == (memmem(o.lines[n].data,
		    o.lines[n].len, "\"event\":\"seal\"", 14) != NULL));
	}
	want_sound(c->world);
	print_message("%zu prefixes that are torn: refused; %zu whole ones: "
	    "sound, with their own heads\n", count, o.count);
	buf_release(&o.text);
}

/* The names in objects/. */
struct names {
	char items[LINES_MAX][DIGEST_HEX_SIZE];
	size_t count;
};

static int
name_keep(void *context, const char *name, struct fail *fail)
{
	struct names *names = context;

	(void)fail;
	assert_true(names->count < LINES_MAX);
	assert_int_equal(strlen(name), DIGEST_HEX_SIZE - 1);
	snprintf(names->items[names->count++], DIGEST_HEX_SIZE, "%s", name);
	return 0;
}

/* Is it, for a record, a commitment? */
static bool
is_private(const struct original *o, const char *name)
{
	AUTO(buf_release) struct buf text = { 0 };

	buf_printf(&text, PRIVATE_PREFIX "%s\"", name);
	return memmem(o->text.data, o->text.len, text.data, text.len) != NULL;
}

static void
want_object_refused(const struct world *w, const char *name,
    const char *path, struct bytes content)
{
	struct fail fail = { 0 };

	overwrite(path, content);
	if (!is_refused(w, &fail) || strstr(fail.sentence, name) == NULL ||
	    strstr(fail.sentence, "journal: record ") == NULL ||
	    strstr(fail.sentence, "has been changed") == NULL)
		fail_msg("object %s: %s", name, fail.sentence);
}

static void
object_sweep(const struct world *w, const struct original *o,
    const char *name)
{
	AUTO(buf_release) struct buf relative = { 0 };
	AUTO(buf_release) struct buf content = { 0 };
	AUTO(auto_free) char *path = NULL;
	struct audit audit = { 0 };

	buf_printf(&relative, OBJECTS_NAME "/%s", name);
	path = file_path(w->path, buf_cstr(&relative));
	load(path, &content);
	assert_int_equal(chmod(path, 0600), 0);
	for (size_t at = 0; at < content.len; at += content.len / 16 + 1) {
		content.data[at] ^= (uint8_t)(1u << at % 8);
		want_object_refused(w, name, path, buf_bytes(&content));
		content.data[at] ^= (uint8_t)(1u << at % 8);
	}
	for (size_t len = 0; len < content.len; len += content.len / 4 + 1)
		want_object_refused(w, name, path,
		    bytes_of(content.data, len));
	buf_append(&content, "x", 1);
	want_object_refused(w, name, path, buf_bytes(&content));
	content.len--;
	assert_int_equal(unlink(path), 0);
	if (is_private(o, name)) {
		MUST(audit_verify(w->path, NULL, &audit, &fault));
		assert_int_equal(audit.redacted, 1);
	} else {
		want_refused(w, name, 0);
	}
	overwrite(path, buf_bytes(&content));
	want_sound(w);
}

static void
every_object(void **state)
{
	const struct custody *c = *state;
	struct names names = { .count = 0 };
	struct original o;
	char stray[DIGEST_HEX_SIZE];
	size_t count = 0;

	original_load(c->world, &o);
	digest_hex(&c->people.certificates[MALLORY]->digest, stray);
	MUST(objects_each(c->world->authority->objects, name_keep, &names,
	    &fault));
	for (size_t n = 0; n < names.count; n++) {
		if (strcmp(names.items[n], stray) == 0)
			continue;
		object_sweep(c->world, &o, names.items[n]);
		count++;
	}
	assert_int_equal(count, names.count - 1);
	print_message("%zu objects altered, truncated, prolonged, removed: "
	    "refused\n", count);
	buf_release(&o.text);
}

#define IN(test) \
	cmocka_unit_test_setup_teardown(test, setup, custody_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(every_byte),
		IN(every_line_removed),
		IN(every_line_duplicated),
		IN(every_line_exchanged),
		IN(every_prefix),
		IN(every_object),
	};

	return cmocka_run_group_tests_name("tamper", tests, NULL, NULL);
}
