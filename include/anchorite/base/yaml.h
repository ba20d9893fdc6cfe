/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_YAML_H
#define ANCHORITE_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * Strict YAML over libyaml (its only door): one document, UTF-8, no
 * anchors, aliases, tags, directives or merge keys, no duplicate keys, no
 * null, plain maps, lists and scalars only, at most YAML_DEPTH deep and
 * YAML_SIZE bytes. Nothing deceptive (text.h) stands anywhere, comments
 * included: a file is reviewed by eye. Every complaint reads
 * "NAME:LINE:COLUMN: …", both counted from 1, and is FAIL_INPUT.
 */
#define YAML_SIZE (256 * 1024)
#define YAML_DEPTH 12

struct yaml;

enum yaml_kind {
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

struct yaml_node {
	enum yaml_kind kind;
	const char *file;		/* as given to yaml_read */
	size_t line, column;
	const char *text;		/* YAML_TEXT: UTF-8, no NUL within */
	bool quoted;			/* YAML_TEXT: was written in quotes */
	const char *key;		/* within a map: its key */
	size_t key_line, key_column;	/* and where that stands */
	struct yaml_node *items;	/* YAML_LIST, YAML_MAP */
	size_t count;
	struct yaml *document;		/* that owns it all */
};

/* Reads one document; `name` is used in complaints and copied. */
MUST_USE int yaml_read(const char *name, struct bytes text,
    struct yaml **out, struct fail *fail);
void yaml_release(struct yaml **yaml);

/* Lends the root; nodes and their texts live as long as the document. */
const struct yaml_node *yaml_root(const struct yaml *yaml);

/* A complaint at the node's place: fail_with(FAIL_INPUT, "F:L:C: …"). */
int yaml_fail(struct fail *fail, const struct yaml_node *node,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "F:L:C: KEY: " before a sentence that knows neither. Always -1. */
int yaml_fail_in(struct fail *fail, const struct yaml_node *node,
    const char *key);

/* Where to complain of a key: its item, or the map that lacks it. */
const struct yaml_node *yaml_place(const struct yaml_node *map,
    const char *key);

/*
 * Decoding by table. Each key of a map has a field: how it is read, where
 * in the struct it goes, and whether it must be there. A key not in the
 * table is refused, with the nearest known one named. A reader is given
 * the member itself as `out`.
 */
struct yaml_field;
typedef int yaml_reader(const struct yaml_node *node,
    const struct yaml_field *field, void *out, struct fail *fail);

struct yaml_field {
	const char *key;		/* NULL ends a table */
	yaml_reader *read;
	size_t offset;			/* of the member in the struct */
	bool required;
	const void *how;		/* for the reader: names, bounds, … */
	const char *help;		/* for the manual: one line */
};

/* Decodes a map into the struct at `out`; absent fields are untouched. */
MUST_USE int yaml_decode(const struct yaml_node *map,
    const struct yaml_field *fields, void *out, struct fail *fail);

/* What a reader writes, and what its `how` is: */

/* const char *; how: NULL. Not empty, nothing deceptive. */
yaml_reader yaml_read_text;
/* struct yaml_texts; how: NULL. A list of texts, at least one. */
yaml_reader yaml_read_texts;
/* bool: true or false, not in quotes; numbers neither. */
yaml_reader yaml_read_bool;
/* int64_t; how: const struct yaml_range *. */
yaml_reader yaml_read_number;
/* struct period (text.h). */
yaml_reader yaml_read_period;
/* int: index into `how`, a NULL-ended list of names. */
yaml_reader yaml_read_name;
/* unsigned: a list of names; bit n is name n of `how`. */
yaml_reader yaml_read_names;
/* the struct at offset; how: its own table of fields. */
yaml_reader yaml_read_map;

struct yaml_texts {
	const char **items;		/* owned by the document */
	size_t count;
};

struct yaml_range {
	int64_t min, max;
};

/* Memory that lives as long as the node's document, zeroed. */
void *yaml_memory(const struct yaml_node *node, size_t count, size_t size);

#endif
