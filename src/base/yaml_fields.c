/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/yaml.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

static int
check_kind(const struct yaml_node *node, const char *key,
    enum yaml_kind want, struct fail *fail)
{
	static const char *const kinds[] = {
		[YAML_TEXT] = "a text",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "a map",
	};

	if (node->kind == want)
		return 0;
	return yaml_fail(fail, node, "%s%swant %s, have %s", key ? key : "",
	    key ? ": " : "", kinds[want], kinds[node->kind]);
}

static int
fail_unknown(const struct yaml_node *item, const struct yaml_field *fields,
    struct fail *fail)
{
	AUTO(auto_free) const char **keys = NULL;
	struct yaml_node place = *item;
	const char *nearest;
	size_t count = 0;

	while (fields[count].key)
		count++;
	keys = mem_new(count + 1, sizeof(*keys));
	for (size_t i = 0; i < count; i++)
		keys[i] = fields[i].key;
	nearest = text_nearest(item->key, keys);
	place.line = item->key_line;
	place.column = item->key_column;
	if (nearest)
		return yaml_fail(fail, &place,
		    "unknown key %s, did you mean %s", item->key, nearest);
	return yaml_fail(fail, &place, "unknown key %s", item->key);
}

static const struct yaml_node *
find_item(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return &map->items[i];
	return NULL;
}

const struct yaml_node *
yaml_place(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *item = find_item(map, key);

	return item ? item : map;
}

static const struct yaml_field *
find_field(const struct yaml_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (strcmp(fields->key, key) == 0)
			return fields;
	return NULL;
}

int
yaml_decode(const struct yaml_node *map, const struct yaml_field *fields,
    void *out, struct fail *fail)
{
	if (check_kind(map, map->key, YAML_MAP, fail))
		return -1;
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *item = &map->items[i];
		const struct yaml_field *field = find_field(fields, item->key);

		if (!field)
			return fail_unknown(item, fields, fail);
		if (field->read(item, field, (char *)out + field->offset,
		    fail))
			return -1;
	}
	for (; fields->key; fields++)
		if (fields->required && !find_item(map, fields->key))
			return yaml_fail(fail, map, "%s: missing",
			    fields->key);
	return 0;
}

int
yaml_fail_in(struct fail *fail, const struct yaml_node *node,
    const char *key)
{
	return fail_in(fail, "%s:%zu:%zu: %s", node->file, node->line,
	    node->column, key);
}

int
yaml_read_text(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	const char **text_out = out;
	char what[64];

	if (check_kind(node, field->key, YAML_TEXT, fail))
		return -1;
	if (!*node->text)
		return yaml_fail(fail, node, "%s: empty", field->key);
	if (text_is_deceptive(bytes_text(node->text), what, sizeof(what)))
		return yaml_fail(fail, node, "%s: holds %s", field->key, what);
	*text_out = node->text;
	return 0;
}

int
yaml_read_texts(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct yaml_texts texts = { .count = node->count }, *texts_out = out;

	if (check_kind(node, field->key, YAML_LIST, fail))
		return -1;
	if (!node->count)
		return yaml_fail(fail, node, "%s: empty", field->key);
	texts.items = yaml_memory(node, node->count, sizeof(*texts.items));
	for (size_t i = 0; i < node->count; i++)
		if (yaml_read_text(&node->items[i], field, &texts.items[i],
		    fail))
			return -1;
	*texts_out = texts;
	return 0;
}

/* A YAML "true" or "12" in quotes is a text to every other reader. */
static int
check_plain(const struct yaml_node *node, const struct yaml_field *field,
    const char *want, struct fail *fail)
{
	if (check_kind(node, field->key, YAML_TEXT, fail))
		return -1;
	if (node->quoted)
		return yaml_fail(fail, node, "%s: want %s without quotes",
		    field->key, want);
	return 0;
}

int
yaml_read_bool(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	bool is_true, *bool_out = out;

	if (check_plain(node, field, "true or false", fail))
		return -1;
	is_true = strcmp(node->text, "true") == 0;
	if (!is_true && strcmp(node->text, "false") != 0)
		return yaml_fail(fail, node,
		    "%s: want true or false, have %s", field->key, node->text);
	*bool_out = is_true;
	return 0;
}

int
yaml_read_number(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	const struct yaml_range *range = field->how;

	if (check_plain(node, field, "a number", fail))
		return -1;
	if (text_read_number(node->text, range->min, range->max, out, fail))
		return yaml_fail_in(fail, node, field->key);
	return 0;
}

int
yaml_read_period(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	if (check_kind(node, field->key, YAML_TEXT, fail))
		return -1;
	if (text_read_period(node->text, out, fail))
		return yaml_fail_in(fail, node, field->key);
	return 0;
}

int
yaml_read_name(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	AUTO(buf_release) struct buf known = { 0 };
	const char *const *names = field->how;
	int *index_out = out;

	if (check_kind(node, field->key, YAML_TEXT, fail))
		return -1;
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], node->text) == 0) {
			*index_out = i;
			return 0;
		}
		buf_printf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	return yaml_fail(fail, node, "%s: want one of %s; have %s",
	    field->key, buf_cstr(&known), node->text);
}

int
yaml_read_names(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	unsigned bits = 0, *bits_out = out;

	if (check_kind(node, field->key, YAML_LIST, fail))
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = &node->items[i];
		int index;

		if (yaml_read_name(item, field, &index, fail))
			return -1;
		if (bits & 1U << index)
			return yaml_fail(fail, item, "%s: %s given twice",
			    field->key, item->text);
		bits |= 1U << index;
	}
	*bits_out = bits;
	return 0;
}

int
yaml_read_map(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	return yaml_decode(node, field->how, out, fail);
}
