/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts of rules: a table of 79 columns for people, and JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#include "cli.h"

enum column { VERDICT, RULE, WANT, HAVE, COLUMNS };
static const int widths[COLUMNS] = {
	[VERDICT] = 7, [RULE] = 20, [WANT] = 24, [HAVE] = 24,
};

/* Text that is safe to show, and where its next line begins. */
struct cell {
	struct buf text;
	const char *rest;
};

static void
cells_release(struct cell (*cells)[COLUMNS])
{
	for (int n = 0; n < COLUMNS; n++)
		buf_release(&(*cells)[n].text);
}

static void
cell_put(struct cell *cell, const char *text)
{
	text_escape(&cell->text, bytes_text(text));
	cell->rest = buf_cstr(&cell->text);
}

/* The octets of at most so many characters. */
static size_t
octets_of(const char *text, size_t len, int characters)
{
	size_t n;

	for (n = 0; n < len; n++)
		if (((unsigned char)text[n] & 0xc0) != 0x80 &&
		    characters-- == 0)
			break;
	return n;
}

static int
characters_of(const char *text, size_t len)
{
	int count = 0;

	for (size_t n = 0; n < len; n++)
		count += ((unsigned char)text[n] & 0xc0) != 0x80;
	return count;
}

/* The octets of the next line: whole words, or what fits of a long one. */
static size_t
line_of(const char *text, int width)
{
	size_t len = strcspn(text, "\n"), most = octets_of(text, len, width);

	if (most == len)
		return len;
	for (size_t n = most + 1; n > 0; n--)
		if (text[n - 1] == ' ')
			return n - 1;
	return most;
}

/* Prints one line of a cell, filled up to its width unless it is the last. */
static void
print_line(struct cell *cell, int width, bool is_last)
{
	size_t len = line_of(cell->rest, width);
	int have = characters_of(cell->rest, len);

	printf("%.*s", (int)len, cell->rest);
	if (!is_last)
		printf("%*s", width - have + 1, "");
	cell->rest += len;
	cell->rest += strspn(cell->rest, " \n");
}

static int
last_of(const struct cell cells[COLUMNS])
{
	int last = COLUMNS - 1;

	while (last > 0 && *cells[last].rest == '\0')
		last--;
	return last;
}

static void
print_cells(struct cell cells[COLUMNS], const int *wide)
{
	for (int last = last_of(cells); *cells[last].rest != '\0';
	    last = last_of(cells)) {
		for (int n = 0; n <= last; n++)
			print_line(&cells[n], wide[n], n == last);
		putchar('\n');
	}
}

static bool
has_colour(void)
{
	return isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
}

/* The source stands below the rule. Broken ones are loud without colour. */
static void
show_result(const struct rule_result *result)
{
	AUTO(cells_release) struct cell cells[COLUMNS] = { 0 };
	bool is_broken = result->verdict == RULE_BROKEN;
	bool is_red = is_broken && has_colour();

	cell_put(&cells[VERDICT], is_broken ? "BROKEN" :
	    rule_verdict_names[result->verdict]);
	buf_printf(&cells[RULE].text, "%s\n%s", result->rule->name,
	    result->rule->source);
	cells[RULE].rest = buf_cstr(&cells[RULE].text);
	cell_put(&cells[WANT], result->finding.want);
	cell_put(&cells[HAVE], result->finding.have);
	printf("%s", is_red ? "\033[1;31m" : "");
	print_cells(cells, widths);
	printf("%s", is_red ? "\033[0m" : "");
}

static bool
is_same_silence(const struct rule_result *one,
    const struct rule_result *other)
{
	return one->verdict == RULE_SILENT && other->verdict == RULE_SILENT &&
	    strcmp(one->finding.have, other->finding.have) == 0;
}

/* Those with one reason to say nothing, where the first of them stands. */
static void
show_silent(const struct rule_results *results, size_t first)
{
	static const int wide[COLUMNS] = { 7, 71 };
	AUTO(cells_release) struct cell cells[COLUMNS] = { 0 };
	AUTO(buf_release) struct buf line = { 0 };
	const struct rule_result *items = results->items;

	for (size_t n = 0; n < first; n++)
		if (is_same_silence(&items[n], &items[first]))
			return;
	buf_printf(&line, "%s:", items[first].finding.have);
	for (size_t n = first; n < results->count; n++)
		if (is_same_silence(&items[n], &items[first]))
			buf_printf(&line, "%s %s", n == first ? "" : ",",
			    items[n].rule->name);
	cell_put(&cells[VERDICT], rule_verdict_names[RULE_SILENT]);
	cell_put(&cells[RULE], buf_cstr(&line));
	for (int n = WANT; n < COLUMNS; n++)
		cell_put(&cells[n], "");
	print_cells(cells, wide);
}

/* The names of those with one verdict. */
static void
put_names(const struct rule_results *results, enum rule_verdict verdict,
    struct buf *out)
{
	const char *between = "";

	for (size_t n = 0; n < results->count; n++)
		if (results->items[n].verdict == verdict) {
			buf_printf(out, "%s%s", between,
			    results->items[n].rule->name);
			between = ", ";
		}
}

/* As show_line, but wrapped. */
void
show_wrapped(const char *label, const char *text)
{
	static const int wide[COLUMNS] = { 20, 58 };
	AUTO(cells_release) struct cell cells[COLUMNS] = { 0 };

	buf_printf(&cells[0].text, "  %s", label);
	cells[0].rest = buf_cstr(&cells[0].text);
	cell_put(&cells[1], text);
	for (int n = WANT; n < COLUMNS; n++)
		cell_put(&cells[n], "");
	print_cells(cells, wide);
}

/* Where the eye rests: what is broken, once more. */
static void
show_sum(const struct rule_results *results)
{
	AUTO(buf_release) struct buf ahead = { 0 }, line = { 0 };

	put_names(results, RULE_AHEAD, &ahead);
	if (ahead.len > 0)
		show_wrapped("not yet", buf_cstr(&ahead));
	if (results->broken == 0) {
		printf("  no rule broken of %zu\n", results->count);
		return;
	}
	buf_printf(&line, "%zu of %zu rules: ", results->broken,
	    results->count);
	put_names(results, RULE_BROKEN, &line);
	show_wrapped("BROKEN", buf_cstr(&line));
}

void
show_rules(const struct rule_results *results)
{
	printf("\n%-*s %-*s %-*s have\n", widths[VERDICT], "verdict",
	    widths[RULE], "rule, source", widths[WANT], "want");
	for (size_t n = 0; n < results->count; n++)
		if (results->items[n].verdict != RULE_SILENT)
			show_result(&results->items[n]);
	for (size_t n = 0; n < results->count; n++)
		if (results->items[n].verdict == RULE_SILENT)
			show_silent(results, n);
	printf("\n");
	show_sum(results);
}

struct json *
rules_json(const struct rule_results *results)
{
	struct json *list = json_new_list();

	for (size_t n = 0; n < results->count; n++) {
		const struct rule_result *result = &results->items[n];
		struct json *json = json_new();

		json_put_text(json, "rule", result->rule->name);
		json_put_text(json, "source", result->rule->source);
		if (result->rule->since != NULL)
			json_put_text(json, "since", result->rule->since);
		json_put_text(json, "want", result->finding.want);
		json_put_text(json, "have", result->finding.have);
		json_put_text(json, "verdict",
		    rule_verdict_names[result->verdict]);
		json_add(list, &json);
	}
	return list;
}
