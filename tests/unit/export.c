/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "export.h"

static void
refuse(const struct world *w, enum fail_kind kind, const char *sentence)
{
	for (int format = EXPORT_JSONL; format <= EXPORT_ACM_PCA_CSV;
	    format++) {
		AUTO(taken_release) struct taken taken = { 0 };
		const struct export_plan plan = {
			.format = (enum export_format)format,
		};

		refuse_at(w, plan, &taken, 0, kind, sentence);
	}
}

static void
formats_have_names(void **state)
{
	(void)state;
	assert_string_equal(export_format_names[EXPORT_JSONL], "jsonl");
	assert_string_equal(export_format_names[EXPORT_CSV], "csv");
	assert_string_equal(export_format_names[EXPORT_ACM_PCA_JSON],
	    "acm-pca-json");
	assert_string_equal(export_format_names[EXPORT_ACM_PCA_CSV],
	    "acm-pca-csv");
	assert_null(export_format_names[EXPORT_ACM_PCA_CSV + 1]);
}

static void
jsonl_is_the_journal(void **state)
{
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	struct export_sum sum = export(w, EXPORT_JSONL, NULL, &taken);

	load(w->journal, &text);
	assert_true(bytes_is_equal(buf_bytes(&taken.all), buf_bytes(&text)));
	assert_int_equal(sum.first, 1);
	assert_int_equal(sum.last, world_seq(w));
	assert_int_equal(sum.rows, world_seq(w));
	assert_true(digest_is_equal(&sum.head,
	    &journal_head(w->authority->journal)->digest));
}

static void
jsonl_behind_a_head(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes lines[LINES_MAX];

	load(w->journal, &text);
	assert_int_equal(split_lines(buf_bytes(&text), lines), world_seq(w));
	for (int64_t seq = 1; seq <= world_seq(w); seq++) {
		AUTO(taken_release) struct taken taken = { 0 };
		struct digest since = line_digest(w, seq);
		struct export_sum sum = export(w, EXPORT_JSONL, &since,
		    &taken);
		size_t before = seq == world_seq(w) ? text.len :
		    (size_t)(lines[seq].data - text.data);

		assert_true(bytes_is_equal(buf_bytes(&taken.all), bytes_of(
		    text.data + before, text.len - before)));
		assert_int_equal(sum.first, seq + 1);
		assert_int_equal(sum.last, world_seq(w));
		assert_int_equal(sum.rows, world_seq(w) - seq);
	}
}

static void
nothing_behind_the_head(void **state)
{
	struct world *w = *state;
	struct digest since = line_digest(w, world_seq(w));

	want(w, EXPORT_JSONL, &since, "");
	want(w, EXPORT_CSV, &since, CSV_HEADER);
	want(w, EXPORT_ACM_PCA_JSON, &since, "[]\n");
	want(w, EXPORT_ACM_PCA_CSV, &since, PCA_HEADER);
}

static void
another_journal_is_not_extended(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf sentence = { 0 };
	struct digest since;

	digest_of(bytes_text("another"), &since);
	buf_printf(&sentence, "%s: no record has the digest "
	    "ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5"
	    ": this journal does not extend that one", w->path);
	for (int format = 0; format <= EXPORT_ACM_PCA_CSV; format++) {
		AUTO(taken_release) struct taken taken = { 0 };
		const struct export_plan plan = {
			.format = (enum export_format)format, .since = &since,
		};

		refuse_at(w, plan, &taken, 0, FAIL_REFUSED,
		    buf_cstr(&sentence));
	}
}

/* The row of the newest record, as it must be. */
static void
want_last_row(const struct world *w, const char *by, const char *event,
    const char *data)
{
	AUTO(buf_release) struct buf row = { 0 };
	char digest[DIGEST_HEX_SIZE], prev[DIGEST_HEX_SIZE];
	struct digest since = line_digest(w, world_seq(w) - 1);
	struct digest last = line_digest(w, world_seq(w));

	digest_hex(&since, prev);
	digest_hex(&last, digest);
	buf_printf(&row, CSV_HEADER "%lld,2026-11-21T06:50:48Z,%s,%s,%s,%s,"
	    "%s\r\n", (long long)world_seq(w), by, event, digest, prev, data);
	want(w, EXPORT_CSV, &since, buf_cstr(&row));
}

static void
csv_is_quoted(void **state)
{
	static const struct {
		const char *by, *cell;
	} rows[] = {
		{ "tester", "tester" },
		{ "Alice, Example", "\"Alice, Example\"" },
		{ "the \"boss\"", "\"the \"\"boss\"\"\"" },
		{ "two\nlines", "\"two\nlines\"" },
		{ "two\rlines", "\"two\rlines\"" },
		{ "=1+1", "=1+1" },
		{ "@a", "@a" },
		{ "", "" },
		{ "J\xc3\xbcrgen", "J\xc3\xbcrgen" },
	};
	struct world *w = *state;

	for (size_t n = 0; n < COUNT(rows); n++) {
		struct json *data = json_new();

		world_reopen(w);
		w->act.by = rows[n].by;
		json_put_text(data, "text", "a\"b\nc");
		world_append(w, "bundled", data);
		want_last_row(w, rows[n].cell, "bundled",
		    "\"{\"\"text\"\":\"\"a\\\"\"b\\nc\"\"}\"");
	}
}

static void
csv_has_every_record(void **state)
{
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = { 0 };
	struct export_sum sum = export(w, EXPORT_CSV, NULL, &taken);
	struct bytes lines[LINES_MAX];
	size_t count = split_lines(buf_bytes(&taken.all), lines);

	assert_int_equal(count, world_seq(w) + 1);
	assert_int_equal(sum.rows, world_seq(w));
	for (size_t n = 0; n < count; n++)
		assert_int_equal(lines[n].data[lines[n].len - 2], '\r');
}

static void
private_names(void **state)
{
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = { 0 };
	AUTO(taken_release) struct taken broken = { 0 };
	AUTO(auto_free) char *path = NULL;
	const struct export_plan redacted = {
		.path = w->path, .format = EXPORT_CSV, .is_redacted = true,
	};
	const struct export_plan plain = { .format = EXPORT_CSV };
	struct export_sum sum;
	struct digest digest;
	char commitment[96];

	world_append(w, "bundled", json_new());
	hide_tester(w, commitment);
	MUST(private_read(commitment, &digest, &fault));
	path = object_path(w, &digest);
	want_last_row(w, "\"Alice, \"\"A\"\"\"", "bundled", "{}");
	MUST(export_run(&redacted, take, &taken, &sum, &fault));
	assert_null(strstr(buf_cstr(&taken.all), "Alice"));
	assert_non_null(strstr(buf_cstr(&taken.all), commitment));
	assert_int_equal(unlink(path), 0);
	want_last_row(w, "(redacted)", "bundled", "{}");
	overwrite(path, bytes_text("{}"));
	refuse_at(w, plain, &broken, 1, FAIL_JOURNAL, "has been changed");
}

static void
jsonl_shows_no_private_name(void **state)
{
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = { 0 };
	char commitment[96];

	hide_tester(w, commitment);
	export(w, EXPORT_JSONL, NULL, &taken);
	assert_null(strstr(buf_cstr(&taken.all), "Alice"));
	assert_non_null(strstr(buf_cstr(&taken.all), commitment));
}

static void
broken_journal(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf changed = { 0 };

	load(w->journal, &text);
	replace(buf_bytes(&text), "superseded", "keyCompromise", &changed);
	overwrite(w->journal, buf_bytes(&changed));
	refuse(w, FAIL_JOURNAL, "does not follow the record before it");
	overwrite(w->journal, bytes_of(text.data, text.len - 1));
	refuse(w, FAIL_JOURNAL, "torn: the line has no end");
	overwrite(w->journal, bytes_of(NULL, 0));
	refuse(w, FAIL_JOURNAL, "journal: is empty");
	assert_int_equal(unlink(w->journal), 0);
	refuse(w, FAIL_INPUT, "journal: No such file or directory");
}

/* Whole in itself, but sealed by another key. */
static void
journal_of_another_key(void **state)
{
	struct world *w = *state;
	EVP_PKEY *ours = w->journal_key;

	w->journal_key = EVP_EC_gen("P-256");
	world_rewrite(w, "superseded", "keyCompromise");
	EVP_PKEY_free(w->journal_key);
	w->journal_key = ours;
	refuse(w, FAIL_JOURNAL, "seal: signature does not verify");
}

static void
not_an_authority(void **state)
{
	struct world *w = *state;
	AUTO(auto_free) char *objects = file_path(w->path, OBJECTS_NAME);

	MUST(file_remove_tree(objects, &fault));
	refuse(w, FAIL_JOURNAL, "objects: No such file or directory");
	MUST(file_remove_tree(w->path, &fault));
	refuse(w, FAIL_INPUT, "/test: No such file or directory");
}

/* Where it cannot be written, that is what is said, and only that. */
static void
full_disk(void **state)
{
	struct world *w = *state;

	for (int format = 0; format <= EXPORT_ACM_PCA_CSV; format++) {
		AUTO(taken_release) struct taken whole = { 0 };
		const struct export_plan plan = {
			.format = (enum export_format)format,
		};

		export(w, plan.format, NULL, &whole);
		assert_true(whole.pieces >= 3);
		for (size_t n = 1; n <= whole.pieces; n++) {
			AUTO(taken_release) struct taken taken = {
				.fails_at = n,
			};
			struct export_plan at = plan;
			struct export_sum sum;
			struct fail fail = { 0 };

			at.path = w->path;
			assert_int_equal(export_run(&at, take, &taken, &sum,
			    &fail), -1);
			assert_int_equal(fail.kind, FAIL_SYSTEM);
			assert_string_equal(fail.sentence,
			    "out.csv: no room");
			assert_int_equal(taken.pieces, n);
		}
	}
}

static void
cut_off(struct world *w)
{
	assert_int_equal(truncate(w->journal, 0), 0);
}

static void
changed_meanwhile(void **state)
{
	struct world *w = *state;
	const struct export_plan plan = { .format = EXPORT_CSV };
	AUTO(taken_release) struct taken taken = {
		.harm = cut_off, .world = w,
	};

	refuse_at(w, plan, &taken, 1, FAIL_JOURNAL,
	    "/test: journal: changed while it was exported");
}

static void
go_on(struct world *w)
{
	world_append(w, "bundled", json_new());
}

/* What came meanwhile is for the next export. */
static void
longer_meanwhile(void **state)
{
	struct world *w = *state;
	AUTO(taken_release) struct taken taken = {
		.harm = go_on, .world = w,
	};
	int64_t seq = world_seq(w);
	struct export_sum sum = export(w, EXPORT_CSV, NULL, &taken);

	assert_int_equal(world_seq(w), seq + 1);
	assert_int_equal(sum.last, seq);
	assert_int_equal(sum.rows, seq);
	assert_int_equal(taken.pieces, seq + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_have_names),
		IN_FULL(jsonl_is_the_journal),
		IN_FULL(jsonl_behind_a_head),
		IN_FULL(nothing_behind_the_head),
		IN_FULL(another_journal_is_not_extended),
		IN_WORLD(csv_is_quoted),
		IN_FULL(csv_has_every_record),
		IN_WORLD(private_names),
		IN_WORLD(jsonl_shows_no_private_name),
		IN_FULL(broken_journal),
		IN_FULL(journal_of_another_key),
		IN_FULL(not_an_authority),
		IN_FULL(full_disk),
		IN_FULL(changed_meanwhile),
		IN_FULL(longer_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
