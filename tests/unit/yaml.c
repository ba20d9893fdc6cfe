/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/base/yaml.h>

enum colour {
	RED,
	GREEN,
	BLUE,
};

static const char *const colours[] = { "red", "green", "blue", NULL };
static const struct yaml_range range = { .min = 1, .max = 30 };

struct inner {
	int64_t days;
	const char *note;
};

struct outer {
	const char *name;
	struct yaml_texts hosts;
	bool strict;
	struct period validity;
	int colour;
	unsigned mixed;
	struct inner window;
};

static const struct yaml_field inner_fields[] = {
	{ "days", yaml_read_number, offsetof(struct inner, days), true,
	    &range, "" },
	{ "note", yaml_read_text, offsetof(struct inner, note), false,
	    NULL, "" },
	{ 0 },
};

static const struct yaml_field fields[] = {
	{ "name", yaml_read_text, offsetof(struct outer, name), true,
	    NULL, "" },
	{ "hosts", yaml_read_texts, offsetof(struct outer, hosts), false,
	    NULL, "" },
	{ "strict", yaml_read_bool, offsetof(struct outer, strict), false,
	    NULL, "" },
	{ "validity", yaml_read_period, offsetof(struct outer, validity),
	    false, NULL, "" },
	{ "colour", yaml_read_name, offsetof(struct outer, colour), false,
	    colours, "" },
	{ "mixed", yaml_read_names, offsetof(struct outer, mixed), false,
	    colours, "" },
	{ "window", yaml_read_map, offsetof(struct outer, window), false,
	    inner_fields, "" },
	{ 0 },
};

static struct yaml *
read_text(const char *text)
{
	struct fail fail = { 0 };
	struct yaml *yaml = NULL;

	if (yaml_read("p.yaml", bytes_text(text), &yaml, &fail))
		fail_msg("%s", fail.sentence);
	return yaml;
}

static void
refuse_bytes(struct bytes text, const char *sentence)
{
	AUTO(yaml_release) struct yaml *untouched = read_text("a");
	struct yaml *yaml = untouched;
	struct fail fail = { 0 };

	assert_int_equal(yaml_read("p.yaml", text, &yaml, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_ptr_equal(yaml, untouched);
}

static void
refuse(const char *text, const char *sentence)
{
	refuse_bytes(bytes_text(text), sentence);
}

static void
refuse_fields(const char *text, const char *sentence)
{
	AUTO(yaml_release) struct yaml *yaml = read_text(text);
	struct fail fail = { 0 };
	struct outer outer = { 0 };

	assert_int_equal(yaml_decode(yaml_root(yaml), fields, &outer, &fail),
	    -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
test_tree(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = read_text(
	    "# a comment, gr\xc3\xbc\xc3\x9f" "e\n"
	    "---\r\n"
	    "one: \"1\"\t# tabs and CRLF are layout\r\n"
	    "two:\n"
	    "- a\n"
	    "- {x: y, 'z': []}\n"
	    "three: |\n"
	    "  first\n"
	    "  second\n"
	    "'null': \"null\"\n"
	    "...\n");
	const struct yaml_node *root = yaml_root(yaml), *two, *map;

	(void)state;
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->count, 4);
	assert_string_equal(root->file, "p.yaml");
	assert_null(root->key);
	assert_int_equal(root->line, 3);
	assert_int_equal(root->column, 1);

	assert_string_equal(root->items[0].key, "one");
	assert_string_equal(root->items[0].text, "1");
	assert_true(root->items[0].quoted);
	assert_int_equal(root->items[0].line, 3);
	assert_int_equal(root->items[0].column, 6);
	assert_int_equal(root->items[0].key_line, 3);
	assert_int_equal(root->items[0].key_column, 1);

	two = &root->items[1];
	assert_int_equal(two->kind, YAML_LIST);
	assert_int_equal(two->count, 2);
	assert_int_equal(two->key_line, 4);
	assert_string_equal(two->items[0].text, "a");
	assert_false(two->items[0].quoted);
	map = &two->items[1];
	assert_int_equal(map->kind, YAML_MAP);
	assert_string_equal(map->items[0].key, "x");
	assert_string_equal(map->items[0].text, "y");
	assert_int_equal(map->items[1].kind, YAML_LIST);
	assert_int_equal(map->items[1].count, 0);
	assert_int_equal(map->items[1].line, 6);
	assert_int_equal(map->items[1].column, 15);

	assert_string_equal(root->items[2].text, "first\nsecond\n");
	assert_string_equal(root->items[3].key, "null");
	assert_string_equal(root->items[3].text, "null");
}

static void
test_name_is_copied(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = NULL;
	struct fail fail = { 0 };
	char name[] = "p.yaml";

	(void)state;
	assert_int_equal(yaml_read(name, bytes_text("a"), &yaml, &fail), 0);
	memset(name, 'x', sizeof(name) - 1);
	assert_int_equal(yaml_fail(&fail, yaml_root(yaml), "no %d", 7), -1);
	assert_string_equal(fail.sentence, "p.yaml:1:1: no 7");
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
test_many_items(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(yaml_release) struct yaml *yaml = NULL;
	const struct yaml_node *root;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "k%d: [%d]\n", i, i);
	yaml = read_text(buf_cstr(&text));
	root = yaml_root(yaml);
	assert_int_equal(root->count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(root->items[i].line, i + 1);
		assert_int_equal(atoll(root->items[i].key + 1), i);
		assert_int_equal(atoll(root->items[i].items[0].text), i);
	}
}

static void
test_memory(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = read_text("a");
	uint8_t *memory = yaml_memory(yaml_root(yaml), 10, 10);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(memory[i], 0);
	memset(memory, 1, 100);
}

static void
test_release_of_nothing(void **state)
{
	struct yaml *yaml = NULL;

	(void)state;
	yaml_release(&yaml);
	yaml = read_text("a");
	yaml_release(&yaml);
	assert_null(yaml);
}

static void
test_size(void **state)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(yaml_release) struct yaml *yaml = NULL;
	struct fail fail = { 0 };

	(void)state;
	buf_text(&text, "a #");
	while (text.len < YAML_SIZE)
		buf_text(&text, "x");
	assert_int_equal(yaml_read("p.yaml", buf_bytes(&text), &yaml, &fail),
	    0);
	buf_text(&text, "x");
	refuse_bytes(buf_bytes(&text),
	    "p.yaml:1:1: larger than 262144 bytes");
}

static void
test_depth(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = NULL;

	(void)state;
	yaml = read_text("[[[[[[[[[[[[a]]]]]]]]]]]]");
	refuse("[[[[[[[[[[[[[a]]]]]]]]]]]]]",
	    "p.yaml:1:13: deeper than 12 levels");
	refuse("[[[[[[[[[[[[{a: b}]]]]]]]]]]]]",
	    "p.yaml:1:13: deeper than 12 levels");
}

static void
test_characters(void **state)
{
	(void)state;
	refuse("a: b # \xe2\x80\xae" "c\n",
	    "p.yaml:1:8: holds a bidirectional control (U+202E)");
	refuse("gr\xc3\xbc\xc3\x9f" "e: b\nab\xe2\x80\x8b: c\n",
	    "p.yaml:2:3: holds an invisible character (U+200B)");
	refuse("gr\xc3\xbc\xc3\x9f" "e: \x07\n",
	    "p.yaml:1:8: holds a control character (U+0007)");
	refuse("a: b\rc: d\n",
	    "p.yaml:1:5: holds a control character (U+000D)");
	refuse("a: b\r", "p.yaml:1:5: holds a control character (U+000D)");
	refuse("\xef\xbb\xbf" "a: b\n",
	    "p.yaml:1:1: holds an invisible character (U+FEFF)");
	refuse("a: \xff\n", "p.yaml:1:4: holds bytes that are not UTF-8");
	refuse("a: \xc3", "p.yaml:1:4: holds bytes that are not UTF-8");
	refuse_bytes(bytes_of("a\0b", 3), "p.yaml:1:2: holds a NUL");
	refuse_bytes(bytes_of("\xff\xfe" "a\0", 4),
	    "p.yaml:1:1: holds bytes that are not UTF-8");
}

static void
test_escapes(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = read_text("\"\\u202e\"");

	(void)state;
	assert_string_equal(yaml_root(yaml)->text, "\xe2\x80\xae");
	refuse("a: \"b\\0c\"", "p.yaml:1:4: holds a NUL");
	refuse("\"b\\u202ec\": d",
	    "p.yaml:1:1: key holds a bidirectional control (U+202E)");
}

static void
test_documents(void **state)
{
	(void)state;
	refuse("", "p.yaml:1:1: empty");
	refuse("# nothing\n", "p.yaml:2:1: empty");
	refuse("---\n", "p.yaml:2:1: want a value, have nothing");
	refuse("a: b\n---\nc: d\n", "p.yaml:2:1: a second document");
	refuse("a: b\n...\n---\n", "p.yaml:3:1: a second document");
	refuse("%YAML 1.1\n---\na: b\n",
	    "p.yaml:1:1: directives are not taken");
	refuse("%TAG !e! tag:example.com:\n---\na: b\n",
	    "p.yaml:1:1: directives are not taken");
	refuse("a: [b\n", "p.yaml:2:1: not YAML: "
	    "did not find expected ',' or ']'");
	refuse("a: b\n\tc: d\n", "p.yaml:2:1: not YAML: "
	    "found a tab character that violates indentation");
}

static void
test_not_plain(void **state)
{
	(void)state;
	refuse("a: &x b\n", "p.yaml:1:4: anchors are not taken");
	refuse("a: &x [b]\n", "p.yaml:1:4: anchors are not taken");
	refuse("a: &x {b: c}\n", "p.yaml:1:4: anchors are not taken");
	refuse("&x a: b\n", "p.yaml:1:1: anchors are not taken");
	refuse("a: *x\n", "p.yaml:1:4: aliases are not taken");
	refuse("*x : a\n", "p.yaml:1:1: aliases are not taken");
	refuse("- *x\n", "p.yaml:1:3: aliases are not taken");
	refuse("a: !!str b\n", "p.yaml:1:4: tags are not taken");
	refuse("a: ! b\n", "p.yaml:1:4: tags are not taken");
	refuse("a: !x [b]\n", "p.yaml:1:4: tags are not taken");
	refuse("a: !x {b: c}\n", "p.yaml:1:4: tags are not taken");
	refuse("!x a: b\n", "p.yaml:1:1: tags are not taken");
	refuse("<<: {a: b}\n", "p.yaml:1:1: merge keys are not taken");
	refuse("? [a]\n: b\n", "p.yaml:1:3: a key must be a text");
	refuse("{a: b}: c\n", "p.yaml:1:1: a key must be a text");
}

static void
test_null(void **state)
{
	(void)state;
	refuse("a:\n", "p.yaml:1:3: want a value, have nothing");
	refuse("- a\n-\n", "p.yaml:2:2: want a value, have nothing");
	refuse("a: ~\n", "p.yaml:1:4: want a value, have ~");
	refuse("a: null\n", "p.yaml:1:4: want a value, have null");
	refuse("a: Null\n", "p.yaml:1:4: want a value, have Null");
	refuse("a: NULL\n", "p.yaml:1:4: want a value, have NULL");
	refuse("null: a\n", "p.yaml:1:1: want a value, have null");
	refuse("?\n: a\n", "p.yaml:1:2: want a value, have nothing");
}

static void
test_duplicate_keys(void **state)
{
	(void)state;
	refuse("b: 1\nc: 2\na: 3\nc:\n- 4\n",
	    "p.yaml:4:1: c: given twice, first in line 2");
	refuse("a: {b: 1,\n  \"b\": 2}\n",
	    "p.yaml:2:3: b: given twice, first in line 1");
}

static void
test_decode(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = read_text(
	    "name: Example Root\n"
	    "hosts: [a.example, b.example]\n"
	    "strict: true\n"
	    "validity: 20y\n"
	    "colour: blue\n"
	    "mixed: [green, red]\n"
	    "window:\n"
	    "  days: 7\n"
	    "  note: 'yes'\n");
	struct fail fail = { 0 };
	struct outer outer = { 0 };

	(void)state;
	if (yaml_decode(yaml_root(yaml), fields, &outer, &fail))
		fail_msg("%s", fail.sentence);
	assert_string_equal(outer.name, "Example Root");
	assert_int_equal(outer.hosts.count, 2);
	assert_string_equal(outer.hosts.items[0], "a.example");
	assert_string_equal(outer.hosts.items[1], "b.example");
	assert_true(outer.strict);
	assert_int_equal(outer.validity.years, 20);
	assert_int_equal(outer.validity.days, 0);
	assert_int_equal(outer.colour, BLUE);
	assert_int_equal(outer.mixed, 1U << RED | 1U << GREEN);
	assert_int_equal(outer.window.days, 7);
	assert_string_equal(outer.window.note, "yes");
}

static void
test_absent_is_untouched(void **state)
{
	AUTO(yaml_release) struct yaml *yaml = read_text(
	    "name: x\nstrict: false\nmixed: []\n");
	struct fail fail = { 0 };
	struct outer outer = {
		.colour = GREEN, .strict = true, .mixed = 7,
		.validity = { .days = 3 }, .window = { .days = 9 },
	};

	(void)state;
	assert_int_equal(yaml_decode(yaml_root(yaml), fields, &outer, &fail),
	    0);
	assert_false(outer.strict);
	assert_int_equal(outer.mixed, 0);
	assert_int_equal(outer.colour, GREEN);
	assert_int_equal(outer.validity.days, 3);
	assert_int_equal(outer.window.days, 9);
	assert_null(outer.hosts.items);
}

static void
test_keys(void **state)
{
	(void)state;
	refuse_fields("name: x\ncolor: red\n",
	    "p.yaml:2:1: unknown key color, did you mean colour");
	refuse_fields("name: x\nqqqqqqqqqqqq:\n- y\n",
	    "p.yaml:2:1: unknown key qqqqqqqqqqqq");
	refuse_fields("strict: true\n", "p.yaml:1:1: name: missing");
	refuse_fields("name: x\nwindow:\n  note: y\n",
	    "p.yaml:3:3: days: missing");
	refuse_fields("name: x\nwindow: {dayz: 3}\n",
	    "p.yaml:2:10: unknown key dayz, did you mean days");
	refuse_fields("name: x\nwindow: 3\n",
	    "p.yaml:2:9: window: want a map, have a text");
	refuse_fields("- name\n", "p.yaml:1:1: want a map, have a list");
}

static void
test_text_fields(void **state)
{
	(void)state;
	refuse_fields("name: [x]\n",
	    "p.yaml:1:7: name: want a text, have a list");
	refuse_fields("name: {x: y}\n",
	    "p.yaml:1:7: name: want a text, have a map");
	refuse_fields("name: ''\n", "p.yaml:1:7: name: empty");
	refuse_fields("name: \"a\\u202eb\"\n", "p.yaml:1:7: name: "
	    "holds a bidirectional control (U+202E)");
	refuse_fields("name: |\n  x\n",
	    "p.yaml:1:7: name: holds a control character (U+000A)");
	refuse_fields("hosts: x\n",
	    "p.yaml:1:8: hosts: want a list, have a text");
	refuse_fields("hosts: []\n", "p.yaml:1:8: hosts: empty");
	refuse_fields("hosts: [a, '']\n", "p.yaml:1:12: hosts: empty");
	refuse_fields("hosts: [a, [b]]\n",
	    "p.yaml:1:12: hosts: want a text, have a list");
}

static void
test_bool_fields(void **state)
{
	(void)state;
	refuse_fields("strict: yes\n",
	    "p.yaml:1:9: strict: want true or false, have yes");
	refuse_fields("strict: True\n",
	    "p.yaml:1:9: strict: want true or false, have True");
	refuse_fields("strict: 'true'\n",
	    "p.yaml:1:9: strict: want true or false without quotes");
	refuse_fields("strict: []\n",
	    "p.yaml:1:9: strict: want a text, have a list");
}

/* The rest of the sentence is text.c's, and tested there. */
static void
refuse_begins(const char *text, const char *start)
{
	AUTO(yaml_release) struct yaml *yaml = read_text(text);
	struct fail fail = { 0 };
	struct outer outer = { .validity = { .hours = 5 },
		.window = { .days = 5 } };

	assert_int_equal(yaml_decode(yaml_root(yaml), fields, &outer, &fail),
	    -1);
	if (strncmp(fail.sentence, start, strlen(start)) != 0)
		fail_msg("have \"%s\"", fail.sentence);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_int_equal(outer.validity.hours, 5);
	assert_int_equal(outer.window.days, 5);
}

static void
test_number_fields(void **state)
{
	(void)state;
	refuse_begins("window: {days: 31}", "p.yaml:1:16: days: ");
	refuse_begins("window: {days: 0}", "p.yaml:1:16: days: ");
	refuse_begins("window: {days: 07}", "p.yaml:1:16: days: ");
	refuse_begins("window: {days: 0x7}", "p.yaml:1:16: days: ");
	refuse_begins("window: {days: 7.0}", "p.yaml:1:16: days: ");
	refuse_begins("window: {days: 1_0}", "p.yaml:1:16: days: ");
	refuse_fields("window: {days: '7'}",
	    "p.yaml:1:16: days: want a number without quotes");
	refuse_fields("window: {days: [7]}",
	    "p.yaml:1:16: days: want a text, have a list");
	refuse_begins("validity: 20", "p.yaml:1:11: validity: ");
	refuse_begins("validity: 1y6d", "p.yaml:1:11: validity: ");
	refuse_fields("validity: [20y]",
	    "p.yaml:1:11: validity: want a text, have a list");
}

static void
test_name_fields(void **state)
{
	(void)state;
	refuse_fields("colour: Red\n", "p.yaml:1:9: colour: "
	    "want one of red, green, blue; have Red");
	refuse_fields("colour: [red]\n",
	    "p.yaml:1:9: colour: want a text, have a list");
	refuse_fields("mixed: red\n",
	    "p.yaml:1:8: mixed: want a list, have a text");
	refuse_fields("mixed: [red, pink]\n", "p.yaml:1:14: mixed: "
	    "want one of red, green, blue; have pink");
	refuse_fields("mixed: [red, blue, red]\n",
	    "p.yaml:1:20: mixed: red given twice");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_name_is_copied),
		cmocka_unit_test(test_many_items),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_release_of_nothing),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_not_plain),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_duplicate_keys),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_absent_is_untouched),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_text_fields),
		cmocka_unit_test(test_bool_fields),
		cmocka_unit_test(test_number_fields),
		cmocka_unit_test(test_name_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
