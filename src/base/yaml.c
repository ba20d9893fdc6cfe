/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/yaml.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

struct block {
	struct block *next;
	void *memory;
};

struct yaml {
	struct block *blocks;
	const char *name;
	struct yaml_node root;
};

/* What the reading functions pass on to each other. */
struct source {
	yaml_parser_t *parser;
	struct yaml *document;
	struct fail *fail;
};

static void *
document_memory(struct yaml *document, size_t count, size_t size)
{
	struct block *block = mem_new(1, sizeof(*block));

	block->memory = mem_new(count, size);
	block->next = document->blocks;
	document->blocks = block;
	return block->memory;
}

void *
yaml_memory(const struct yaml_node *node, size_t count, size_t size)
{
	return document_memory(node->document, count, size);
}

void
yaml_release(struct yaml **yaml)
{
	if (!*yaml)
		return;
	for (struct block *next, *at = (*yaml)->blocks; at; at = next) {
		next = at->next;
		free(at->memory);
		free(at);
	}
	free(*yaml);
	*yaml = NULL;
}

const struct yaml_node *
yaml_root(const struct yaml *yaml)
{
	return &yaml->root;
}

int
yaml_fail(struct fail *fail, const struct yaml_node *node,
    const char *format, ...)
{
	char what[sizeof(fail->sentence)];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return fail_with(fail, FAIL_INPUT, "%s:%zu:%zu: %s", node->file,
	    node->line, node->column, what);
}

/* The bytes of the character that starts at `at`, going by its first. */
static struct bytes
character_at(struct bytes text, size_t at)
{
	uint8_t first = text.data[at];
	size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (len > text.len - at)
		len = text.len - at;
	return bytes_of(text.data + at, len);
}

static bool
is_layout(struct bytes text, size_t at)
{
	if (text.data[at] == '\r')
		return at + 1 < text.len && text.data[at + 1] == '\n';
	return text.data[at] == '\n' || text.data[at] == '\t';
}

static int
check_characters(const char *name, struct bytes text, struct fail *fail)
{
	struct yaml_node here = { .file = name, .line = 1, .column = 1 };
	char what[64];

	for (size_t at = 0; at < text.len;) {
		struct bytes one = character_at(text, at);

		if (!is_layout(text, at) &&
		    text_is_deceptive(one, what, sizeof(what)))
			return yaml_fail(fail, &here, "holds %s", what);
		here.column++;
		if (one.data[0] == '\n') {
			here.line++;
			here.column = 1;
		}
		at += one.len;
	}
	return 0;
}

static struct yaml_node
node_at(const struct source *source, const yaml_mark_t *mark)
{
	struct yaml_node node = {
		.file = source->document->name,
		.line = mark->line + 1,
		.column = mark->column + 1,
		.document = source->document,
	};

	return node;
}

static int
next_event(const struct source *source, yaml_event_t *event)
{
	yaml_parser_t *parser = source->parser;
	struct yaml_node here;

	if (yaml_parser_parse(parser, event))
		return 0;
	here = node_at(source, &parser->problem_mark);
	return yaml_fail(source->fail, &here, "not YAML: %s",
	    parser->problem ? parser->problem : "no reason given");
}

/* In YAML's core schema these are not texts but nothing at all. */
static bool
is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	for (size_t i = 0; i < COUNT(nulls); i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return !node->quoted;
	return false;
}

static int
read_scalar(const struct source *source, const yaml_event_t *event,
    struct yaml_node *node)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	char *text;

	if (event->data.scalar.anchor)
		return yaml_fail(source->fail, node, "anchors are not taken");
	if (event->data.scalar.tag)
		return yaml_fail(source->fail, node, "tags are not taken");
	if (memchr(value, '\0', len))
		return yaml_fail(source->fail, node, "holds a NUL");
	text = yaml_memory(node, len + 1, 1);
	memcpy(text, value, len);
	node->kind = YAML_TEXT;
	node->text = text;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (is_null(node))
		return yaml_fail(source->fail, node, "want a value, have %s",
		    *text ? text : "nothing");
	return 0;
}

/* Grows by doubling; the array left behind goes with the document. */
static struct yaml_node *
add_item(struct yaml_node *node)
{
	struct yaml_node *items;

	if ((node->count & (node->count - 1)) == 0) {
		items = yaml_memory(node, 2 * node->count + 1, sizeof(*items));
		if (node->count)
			memcpy(items, node->items,
			    node->count * sizeof(*items));
		node->items = items;
	}
	return &node->items[node->count++];
}

static int read_node(const struct source *source, const yaml_event_t *event,
    int depth, struct yaml_node *node);

static int
read_list(const struct source *source, int depth, struct yaml_node *node)
{
	node->kind = YAML_LIST;
	for (;;) {
		AUTO(yaml_event_delete) yaml_event_t event = { 0 };

		if (next_event(source, &event))
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (read_node(source, &event, depth, add_item(node)))
			return -1;
	}
}

static int
read_key(const struct source *source, const yaml_event_t *event,
    struct yaml_node *key)
{
	char what[64];

	*key = node_at(source, &event->start_mark);
	if (event->type == YAML_ALIAS_EVENT)
		return yaml_fail(source->fail, key, "aliases are not taken");
	if (event->type != YAML_SCALAR_EVENT)
		return yaml_fail(source->fail, key, "a key must be a text");
	if (read_scalar(source, event, key))
		return -1;
	if (strcmp(key->text, "<<") == 0 && !key->quoted)
		return yaml_fail(source->fail, key,
		    "merge keys are not taken");
	if (text_is_deceptive(bytes_text(key->text), what, sizeof(what)))
		return yaml_fail(source->fail, key, "key holds %s", what);
	return 0;
}

static int
by_key(const void *left, const void *right)
{
	const struct yaml_node *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);

	return order ? order : (*a > *b) - (*a < *b);
}

/* Sorts, lest a file of nothing but keys take a second. */
static int
check_keys(const struct yaml_node *map, struct fail *fail)
{
	AUTO(auto_free) const struct yaml_node **sorted = NULL;

	sorted = mem_new(map->count + 1, sizeof(*sorted));
	for (size_t i = 0; i < map->count; i++)
		sorted[i] = &map->items[i];
	qsort(sorted, map->count, sizeof(*sorted), by_key);
	for (size_t i = 1; i < map->count; i++) {
		struct yaml_node again = *sorted[i];

		if (strcmp(sorted[i - 1]->key, again.key) != 0)
			continue;
		again.line = again.key_line;
		again.column = again.key_column;
		return yaml_fail(fail, &again,
		    "%s: given twice, first in line %zu", again.key,
		    sorted[i - 1]->key_line);
	}
	return 0;
}

static int
read_map(const struct source *source, int depth, struct yaml_node *node)
{
	node->kind = YAML_MAP;
	for (;;) {
		AUTO(yaml_event_delete) yaml_event_t before = { 0 };
		AUTO(yaml_event_delete) yaml_event_t event = { 0 };
		struct yaml_node key, *item;

		if (next_event(source, &before))
			return -1;
		if (before.type == YAML_MAPPING_END_EVENT)
			return check_keys(node, source->fail);
		if (read_key(source, &before, &key) ||
		    next_event(source, &event))
			return -1;
		item = add_item(node);
		if (read_node(source, &event, depth, item))
			return -1;
		item->key = key.text;
		item->key_line = key.line;
		item->key_column = key.column;
	}
}

static int
read_node(const struct source *source, const yaml_event_t *event, int depth,
    struct yaml_node *node)
{
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;

	*node = node_at(source, &event->start_mark);
	if (event->type == YAML_ALIAS_EVENT)
		return yaml_fail(source->fail, node, "aliases are not taken");
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(source, event, node);
	if (is_list ? event->data.sequence_start.anchor
		    : event->data.mapping_start.anchor)
		return yaml_fail(source->fail, node, "anchors are not taken");
	if (is_list ? event->data.sequence_start.tag
		    : event->data.mapping_start.tag)
		return yaml_fail(source->fail, node, "tags are not taken");
	if (depth == YAML_DEPTH)
		return yaml_fail(source->fail, node, "deeper than %d levels",
		    YAML_DEPTH);
	return is_list ? read_list(source, depth + 1, node)
		       : read_map(source, depth + 1, node);
}

/* Reads the next event, which must be of the type wanted. */
static int
expect(const struct source *source, yaml_event_type_t type,
    yaml_event_t *event, const char *otherwise)
{
	struct yaml_node here;

	if (next_event(source, event))
		return -1;
	if (event->type == type)
		return 0;
	here = node_at(source, &event->start_mark);
	return yaml_fail(source->fail, &here, "%s", otherwise);
}

static int
read_document(const struct source *source)
{
	AUTO(yaml_event_delete) yaml_event_t stream = { 0 };
	AUTO(yaml_event_delete) yaml_event_t start = { 0 };
	AUTO(yaml_event_delete) yaml_event_t root = { 0 };
	AUTO(yaml_event_delete) yaml_event_t end = { 0 };
	AUTO(yaml_event_delete) yaml_event_t last = { 0 };
	struct yaml_node here;

	if (expect(source, YAML_STREAM_START_EVENT, &stream, "no stream") ||
	    expect(source, YAML_DOCUMENT_START_EVENT, &start, "empty"))
		return -1;
	here = node_at(source, &start.start_mark);
	if (start.data.document_start.version_directive ||
	    start.data.document_start.tag_directives.start !=
	    start.data.document_start.tag_directives.end)
		return yaml_fail(source->fail, &here,
		    "directives are not taken");
	if (next_event(source, &root) ||
	    read_node(source, &root, 0, &source->document->root) ||
	    expect(source, YAML_DOCUMENT_END_EVENT, &end, "no end"))
		return -1;
	return expect(source, YAML_STREAM_END_EVENT, &last,
	    "a second document");
}

int
yaml_read(const char *name, struct bytes text, struct yaml **out,
    struct fail *fail)
{
	AUTO(yaml_parser_delete) yaml_parser_t parser = { 0 };
	AUTO(yaml_release) struct yaml *yaml = NULL;
	struct source source = { .parser = &parser, .fail = fail };
	size_t name_size = strlen(name) + 1;

	if (text.len > YAML_SIZE)
		return fail_with(fail, FAIL_INPUT,
		    "%s:1:1: larger than %d bytes", name, YAML_SIZE);
	if (check_characters(name, text, fail))
		return -1;
	if (!yaml_parser_initialize(&parser))
		return fail_with(fail, FAIL_SYSTEM, "%s: no memory", name);
	/* An empty file has no octets at all, and libyaml asserts some. */
	if (text.len == 0)
		text = bytes_text("");
	yaml_parser_set_input_string(&parser, text.data, text.len);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);

	yaml = mem_new(1, sizeof(*yaml));
	yaml->name = memcpy(document_memory(yaml, name_size, 1), name,
	    name_size);
	source.document = yaml;
	if (read_document(&source))
		return -1;
	*out = GIVE(yaml);
	return 0;
}
