/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/journal.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/alg.h>

/* What takes records: the caller's, with its context. */
typedef int taker(void *context, const struct record *record,
    struct fail *fail);

struct journal {
	int fd;
	bool is_read, is_torn, is_broken;
	struct journal_head head;
	off_t whole;			/* bytes in whole lines */
};

static int
open_failed(struct fail *fail)
{
	int error = errno;

	if (error == EEXIST)
		return fail_with(fail, FAIL_REFUSED, "journal: exists already");
	(void)fail_errno(fail, "journal");
	if (error == ENOENT || error == ELOOP)
		fail->kind = FAIL_INPUT;
	return -1;
}

int
journal_open(int dirfd, bool create, bool write, struct journal **out,
    struct fail *fail)
{
	/* Not to hang on a pipe that somebody has put there. */
	int flags = O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW |
	    (write ? O_RDWR : O_RDONLY) |
	    (create ? O_CREAT | O_EXCL : 0);
	AUTO(journal_release) struct journal *journal = NULL;
	struct stat status;

	journal = mem_new(1, sizeof(*journal));
	journal->fd = openat(dirfd, JOURNAL_NAME, flags, 0600);
	if (journal->fd == -1)
		return open_failed(fail);
	if (fstat(journal->fd, &status) == -1)
		return fail_errno(fail, "journal");
	if (!S_ISREG(status.st_mode))
		return fail_with(fail, FAIL_INPUT,
		    "journal: not a regular file");
	if (write && file_lock(journal->fd, "journal", fail) == -1)
		return -1;
	if (create && fsync(dirfd) == -1)
		return fail_errno(fail, "journal");
	*out = GIVE(journal);
	return 0;
}

void
journal_release(struct journal **journal)
{
	if (*journal == NULL)
		return;
	if ((*journal)->fd != -1)
		close((*journal)->fd);
	free(*journal);
	*journal = NULL;
}

const struct journal_head *
journal_head(const struct journal *journal)
{
	return &journal->head;
}

bool
journal_is_torn(const struct journal *journal)
{
	return journal->is_torn;
}

/* A word of the program's own, which is safe to show. */
static int
event_check(const char *event, struct fail *fail)
{
	size_t len = strspn(event, "abcdefghijklmnopqrstuvwxyz-");

	if (len == 0 || len > 32 || event[len] != '\0')
		return fail_with(fail, FAIL_INPUT,
		    "event: want at most 32 of a-z and hyphens");
	return 0;
}

/* The six fields of a line, and nothing but them. */
static int
record_read(const struct json *json, struct record *out, struct fail *fail)
{
	const char *time, *prev;

	if (json_count(json) != 6)
		return fail_with(fail, FAIL_INPUT, "not six fields");
	if (json_get_number(json, "seq", 1, INT64_MAX, &out->seq, fail) == -1 ||
	    json_get_text(json, "time", &time, fail) == -1 ||
	    text_read_time(time, &out->time, fail) == -1 ||
	    json_get_text(json, "by", &out->by, fail) == -1 ||
	    json_get_text(json, "event", &out->event, fail) == -1 ||
	    event_check(out->event, fail) == -1 ||
	    json_get_text(json, "prev", &prev, fail) == -1 ||
	    digest_read_hex(prev, &out->prev, fail) == -1)
		return -1;
	return json_get_object(json, "data", &out->data, fail);
}

/* Does the record follow the head? */
static int
record_check(const struct record *record, const struct journal_head *head,
    struct fail *fail)
{
	char then[TEXT_TIME_SIZE], before[TEXT_TIME_SIZE];

	if (record->seq != head->seq + 1)
		return fail_with(fail, FAIL_JOURNAL,
		    "sequence: want %lld, have %lld",
		    (long long)head->seq + 1, (long long)record->seq);
	if (!digest_is_equal(&record->prev, &head->digest))
		return fail_with(fail, FAIL_JOURNAL,
		    "does not follow the record before it");
	if (record->time < head->time) {
		text_time(record->time, then);
		text_time(head->time, before);
		return fail_with(fail, FAIL_JOURNAL,
		    "time %s is before its predecessor's %s", then, before);
	}
	return 0;
}

/* One line, its newline included, behind a head: judged, and handed on. */
static int
line_take(const struct journal_head *head, struct bytes line, taker *each,
    void *context, struct journal_head *next_out, struct fail *fail)
{
	AUTO(json_release) struct json *json = NULL;
	AUTO(buf_release) struct buf canonical = { 0 };
	struct record record = { .line = line };

	if (json_read(bytes_of(line.data, line.len - 1), &json, fail) == -1 ||
	    record_read(json, &record, fail) == -1)
		return -1;
	json_write(json, &canonical);
	buf_append(&canonical, "\n", 1);
	if (!bytes_is_equal(buf_bytes(&canonical), line))
		return fail_with(fail, FAIL_JOURNAL, "not canonical JSON");
	digest_of(line, &record.digest);
	if (record_check(&record, head, fail) == -1 ||
	    (each != NULL && each(context, &record, fail) == -1))
		return -1;
	*next_out = (struct journal_head){
		record.seq, record.time, record.digest
	};
	return 0;
}

/* Whatever is wrong with a line, the journal is not sound. */
static int
line_failed(const struct journal *journal, struct fail *fail)
{
	if (fail->kind == FAIL_INPUT)
		fail->kind = FAIL_JOURNAL;
	return fail_in(fail, "journal: record %lld",
	    (long long)journal->head.seq + 1);
}

static void
close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

/* The next line with its newline, which only a torn last one lacks; an
 * empty one is the end. */
static int
line_next(FILE *file, struct buf *line, struct fail *fail)
{
	int c;

	line->len = 0;
	while ((c = getc_unlocked(file)) != EOF) {
		const uint8_t byte = (uint8_t)c;

		buf_append(line, &byte, 1);
		if (c == '\n')
			break;
		if (line->len == JOURNAL_LINE_MAX)
			return fail_with(fail, FAIL_JOURNAL,
			    "longer than %d bytes", JOURNAL_LINE_MAX);
	}
	if (ferror(file))
		return fail_errno(fail, "reading");
	return 0;
}

static int
lines_replay(struct journal *journal, FILE *file, taker *each, void *context,
    struct fail *fail)
{
	AUTO(buf_release) struct buf line = { 0 };

	for (;;) {
		if (line_next(file, &line, fail) == -1)
			return line_failed(journal, fail);
		if (line.len == 0)
			return 0;
		if (line.data[line.len - 1] != '\n') {
			journal->is_torn = true;
			(void)fail_with(fail, FAIL_JOURNAL,
			    "torn: the line has no end");
			return line_failed(journal, fail);
		}
		if (line_take(&journal->head, buf_bytes(&line), each, context,
		    &journal->head, fail) == -1)
			return line_failed(journal, fail);
		journal->whole += (off_t)line.len;
	}
}

static int
lines_open(const struct journal *journal, FILE **out, struct fail *fail)
{
	int fd = dup(journal->fd);

	if (fd == -1 || (*out = fdopen(fd, "r")) == NULL) {
		(void)fail_errno(fail, "journal");
		auto_close(&fd);
		return -1;
	}
	rewind(*out);
	return 0;
}

int
journal_replay(struct journal *journal, taker *each, void *context,
    struct fail *fail)
{
	AUTO(close_file) FILE *file = NULL;

	if (lines_open(journal, &file, fail) == -1)
		return -1;
	memset(&journal->head, 0, sizeof(journal->head));
	journal->whole = 0;
	journal->is_read = journal->is_torn = false;
	if (lines_replay(journal, file, each, context, fail) == -1)
		return -1;
	journal->is_read = true;
	return 0;
}

int
journal_read_torn(const struct journal *journal, struct buf *out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf torn = { 0 };
	off_t len = lseek(journal->fd, 0, SEEK_END) - journal->whole;

	/* Replay has seen to it that it is not longer than a line. */
	if (!journal->is_torn || len <= 0 || len > JOURNAL_LINE_MAX)
		return fail_with(fail, FAIL_JOURNAL, "journal: not torn");
	buf_reserve(&torn, (size_t)len);
	if (pread(journal->fd, torn.data, (size_t)len, journal->whole) != len)
		return fail_errno(fail, "journal");
	buf_append(out, torn.data, (size_t)len);
	return 0;
}

int
journal_set_aside(struct journal *journal, struct fail *fail)
{
	if (!journal->is_torn)
		return fail_with(fail, FAIL_JOURNAL, "journal: not torn");
	journal->is_read = true;
	return 0;
}

/* The line of the journal with that digest, or its beginning. */
static int
lines_find(FILE *file, struct bytes prefix, int64_t *seq_out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf line = { 0 };
	struct digest digest;

	for (int64_t seq = 1;; seq++) {
		if (line_next(file, &line, fail) == -1)
			return fail_in(fail, "journal");
		if (line.len == 0 || line.data[line.len - 1] != '\n') {
			*seq_out = 0;
			return 0;
		}
		digest_of(buf_bytes(&line), &digest);
		if (memcmp(digest.bytes, prefix.data, prefix.len) == 0) {
			*seq_out = seq;
			return 0;
		}
	}
}

int
journal_find(const struct journal *journal, struct bytes prefix,
    int64_t *seq_out, struct fail *fail)
{
	AUTO(close_file) FILE *file = NULL;

	if (prefix.len == 0 || prefix.len > DIGEST_LEN)
		return fail_with(fail, FAIL_INPUT,
		    "digest: want 1 to %d octets, have %zu", DIGEST_LEN,
		    prefix.len);
	if (lines_open(journal, &file, fail) == -1)
		return -1;
	return lines_find(file, prefix, seq_out, fail);
}

/*
 * A line that was not written whole, or not made to last, is taken off
 * again; where it went over a torn one, all but its end, so that a torn line
 * still stands there: none goes without a record in its place.
 */
static int
line_take_off(struct journal *journal, off_t len, ssize_t done)
{
	off_t left = !journal->is_torn ? 0 : done < len ? done : len - 1;

	if (ftruncate(journal->fd, journal->whole + left) == -1)
		return -1;
	return fdatasync(journal->fd);
}

/*
 * All of it in one write, behind the last whole line: over a torn one, whose
 * rest goes then. Taking off what this process has just put on is not a
 * change of history: no head ever named it.
 */
static int
line_write(struct journal *journal, struct bytes line, struct fail *fail)
{
	ssize_t done = pwrite(journal->fd, line.data, line.len,
	    journal->whole);

	if (done == (ssize_t)line.len && (!journal->is_torn ||
	    ftruncate(journal->fd, journal->whole + done) == 0) &&
	    fdatasync(journal->fd) == 0) {
		journal->whole += done;
		journal->is_torn = false;
		return 0;
	}
	if (done >= 0 && done < (ssize_t)line.len)
		errno = ENOSPC;
	(void)fail_errno(fail, "journal: not written");
	if (done == -1 || line_take_off(journal, (off_t)line.len, done) == 0)
		return -1;
	journal->is_broken = true;
	return fail_in(fail, "record %lld may stand in the journal",
	    (long long)journal->head.seq + 1);
}

/* The line of a record that would follow the head. */
static void
line_build(const struct journal *journal, int64_t time, const char *by,
    const char *event, struct json **data, struct buf *line)
{
	AUTO(json_release) struct json *json = json_new();
	char text[TEXT_TIME_SIZE], prev[DIGEST_HEX_SIZE];

	text_time(time, text);
	digest_hex(&journal->head.digest, prev);
	json_put_text(json, "by", by);
	json_put(json, "data", data);
	json_put_text(json, "event", event);
	json_put_text(json, "prev", prev);
	json_put_number(json, "seq", journal->head.seq + 1);
	json_put_text(json, "time", text);
	json_write(json, line);
	buf_append(line, "\n", 1);
}

static int
append_check(const struct journal *journal, int64_t time, size_t len,
    struct fail *fail)
{
	char now[TEXT_TIME_SIZE], head[TEXT_TIME_SIZE];

	if (!journal->is_read || journal->is_broken)
		return fail_with(fail, FAIL_JOURNAL,
		    "journal: cannot be appended to");
	if (len > JOURNAL_LINE_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "journal: a record longer than %d bytes",
		    JOURNAL_LINE_MAX);
	if (time >= journal->head.time)
		return 0;
	text_time(time, now);
	text_time(journal->head.time, head);
	return fail_with(fail, FAIL_REFUSED,
	    "clock: it is %s, the journal is at %s", now, head);
}

int
journal_append(struct journal *journal, int64_t time, const char *by,
    const char *event, struct json **data, taker *each, void *context,
    struct fail *fail)
{
	AUTO(buf_release) struct buf line = { 0 };
	struct journal_head next;

	line_build(journal, time, by, event, data, &line);
	if (append_check(journal, time, line.len, fail) == -1)
		return -1;
	if (line_take(&journal->head, buf_bytes(&line), each, context, &next,
	    fail) == -1)
		return line_failed(journal, fail);
	if (line_write(journal, buf_bytes(&line), fail) == -1) {
		if (journal->is_broken)
			journal->head = next;
		return -1;
	}
	journal->head = next;
	return 0;
}

void
journal_seal_message(const struct digest *head, struct buf *out)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(head, hex);
	buf_printf(out, "anchorite seal 1\n%s\n", hex);
}

int
journal_verify_seal(const char *text, const struct digest *head,
    EVP_PKEY *key, struct fail *fail)
{
	AUTO(buf_release) struct buf message = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };

	journal_seal_message(head, &message);
	if (text_read_base64(bytes_text(text), &signature, fail) == 0 &&
	    alg_verify(alg_find("ecdsa-sha256"), key, buf_bytes(&message),
		buf_bytes(&signature), fail) == 0)
		return 0;
	fail->kind = FAIL_JOURNAL;
	return fail_in(fail, "seal");
}
