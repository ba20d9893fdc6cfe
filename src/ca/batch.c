/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/batch.h>

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>

void
batch_release(struct batch **batch)
{
	struct batch *old = GIVE(*batch);

	if (old == NULL)
		return;
	for (size_t n = 0; n < old->count; n++) {
		target_release(&old->files[n].target);
		buf_release(&old->contents[n]);
	}
	free(old->files);
	free(old->contents);
	yaml_release(&old->document);
	free(old);
}

#define SUFFIX ".csr"

/* Some sticks know no small letters. */
static bool
has_suffix(const char *name)
{
	size_t len = strlen(name), tail = strlen(SUFFIX);

	return len > tail && strcasecmp(name + len - tail, SUFFIX) == 0;
}

int
batch_stem(const char *name)
{
	return (int)(strlen(name) - (has_suffix(name) ? strlen(SUFFIX) : 0));
}

/* One entry of the list, as it stands there. */
struct entry {
	const char *file, *profile;
	unsigned consumers;
	struct target target;
};

/* What a bundle's directory is called after: nothing hidden, no option. */
static int
read_file(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	if (yaml_read_text(node, field, out, fail) == -1)
		return -1;
	if (strchr(node->text, '/') == NULL && node->text[0] != '.' &&
	    node->text[0] != '-')
		return 0;
	return yaml_fail(fail, node, "file: want the name of a file beside "
	    "the list, no / in it and no dot or hyphen first; have %s",
	    node->text);
}

static int
read_consumers(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	if (yaml_read_names(node, field, out, fail) == -1)
		return -1;
	if (node->count == 0)
		return yaml_fail(fail, node, "for: empty");
	return 0;
}

/* A text of the target, judged where it stands. */
static int
read_place(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	AUTO(target_release) struct target sound = { 0 };
	struct entry entry = { 0 };

	if (yaml_read_text(node, field, (char *)&entry + field->offset, fail) ==
	    -1)
		return -1;
	if (target_build(&entry.target, &sound, fail) == -1)
		return fail_in(fail, "%s:%zu:%zu", node->file, node->line,
		    node->column);
	*(const char **)out = node->text;
	return 0;
}

#define PLACE(member) read_place, offsetof(struct entry, target.member), false

static const struct yaml_field request_fields[] = {
	{ "file", read_file, offsetof(struct entry, file), true,
	    NULL, "the request, beside the list" },
	{ "profile", yaml_read_text, offsetof(struct entry, profile), false,
	    NULL, "the profile it is signed under" },
	{ "for", read_consumers, offsetof(struct entry, consumers), false,
	    consumer_names, "who takes the certificate" },
	{ "resource", PLACE(resource), NULL, "where it is imported" },
	{ "region", PLACE(region), NULL, "the AWS region" },
	{ "bucket", PLACE(bucket), NULL, "the S3 bucket of the CRL" },
	{ "requester", PLACE(requester), NULL, "who asked" },
	{ "ticket", PLACE(ticket), NULL, "the ticket or order" },
	{ 0 },
};

struct list {
	int64_t format;
	struct batch *batch;
	const char *profile;		/* where an entry has none */
};

static bool
is_same_stem(const char *a, const char *b)
{
	int len = batch_stem(a);

	return len == batch_stem(b) && strncmp(a, b, (size_t)len) == 0;
}

static int
add_entry(struct list *list, const struct yaml_node *node, struct fail *fail)
{
	struct batch *batch = list->batch;
	struct issue_file *file = &batch->files[batch->count];
	struct entry entry = { .profile = list->profile };

	if (yaml_decode(node, request_fields, &entry, fail) == -1)
		return -1;
	if (entry.profile == NULL)
		return yaml_fail(fail, node,
		    "profile: missing, and there is no --profile");
	for (size_t n = 0; n < batch->count; n++)
		if (is_same_stem(batch->files[n].name, entry.file))
			return yaml_fail(fail, node, "file: %s given twice, "
			    "first as %s", entry.file, batch->files[n].name);
	if (target_build(&entry.target, &file->target, fail) == -1)
		return fail_in(fail, "%s:%zu:%zu", node->file, node->line,
		    node->column);
	file->name = entry.file;
	file->profile = entry.profile;
	file->consumers = entry.consumers;
	batch->count++;
	return 0;
}

static int
read_requests(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct list *list = out;
	struct batch *batch = list->batch;

	if (node->kind != YAML_LIST)
		return yaml_fail(fail, node, "%s: want a list", field->key);
	if (node->count == 0 || node->count > ISSUE_MAX)
		return yaml_fail(fail, node, "%s: want 1 to %d, have %zu",
		    field->key, ISSUE_MAX, node->count);
	batch->files = mem_new(node->count, sizeof(*batch->files));
	batch->contents = mem_new(node->count, sizeof(*batch->contents));
	for (size_t n = 0; n < node->count; n++)
		if (add_entry(list, &node->items[n], fail) == -1)
			return -1;
	return 0;
}

static const struct yaml_range formats = { .min = 1, .max = 1 };

static const struct yaml_field list_fields[] = {
	{ "format", yaml_read_number, offsetof(struct list, format), true,
	    &formats, "the version of this file's format: 1" },
	{ "requests", read_requests, 0, true,
	    NULL, "the requests, in the order in which they are signed" },
	{ 0 },
};

int
batch_read(const char *name, struct bytes text, const char *profile,
    struct batch **out, struct fail *fail)
{
	AUTO(batch_release) struct batch *batch = mem_new(1, sizeof(*batch));
	struct list list = { .batch = batch, .profile = profile };

	if (yaml_read(name, text, &batch->document, fail) == -1 ||
	    yaml_decode(yaml_root(batch->document), list_fields, &list,
		fail) == -1)
		return -1;
	*out = GIVE(batch);
	return 0;
}

/* Those that the list names, and those that stand beside it. */
struct search {
	const struct batch *batch;
	struct fail_sum sum;
	size_t forgotten;
};

/* Hidden ones are what an Apple leaves on a stick. */
static int
look_at(void *context, const char *name, struct fail *fail)
{
	struct search *search = context;
	struct fail one = { 0 };

	(void)fail;
	if (!has_suffix(name) || name[0] == '.')
		return 0;
	for (size_t n = 0; n < search->batch->count; n++)
		if (strcmp(search->batch->files[n].name, name) == 0)
			return 0;
	search->forgotten++;
	(void)fail_with(&one, FAIL_INPUT, "request %s: is not in the list",
	    name);
	fail_add(&search->sum, &one);
	return 0;
}

static int
load_files(struct batch *batch, int dirfd, struct fail_sum *sum,
    struct fail *fail)
{
	for (size_t n = 0; n < batch->count; n++) {
		struct issue_file *file = &batch->files[n];
		struct fail one = { 0 };

		if (file_load_at(dirfd, file->name, CSR_MAX,
		    &batch->contents[n], &one) == 0) {
			file->content = buf_bytes(&batch->contents[n]);
			continue;
		}
		if (one.kind != FAIL_INPUT) {
			*fail = one;
			return -1;
		}
		(void)fail_in(&one, "request");
		fail_add(sum, &one);
	}
	return 0;
}

int
batch_load_files(char *const *names, size_t count, const char *profile,
    struct batch **out, struct fail *fail)
{
	AUTO(batch_release) struct batch *batch = mem_new(1, sizeof(*batch));
	struct fail_sum sum = { 0 };

	batch->count = count;
	batch->files = mem_new(count, sizeof(*batch->files));
	batch->contents = mem_new(count, sizeof(*batch->contents));
	for (size_t n = 0; n < count; n++) {
		batch->files[n].name = names[n];
		batch->files[n].profile = profile;
	}
	if (load_files(batch, AT_FDCWD, &sum, fail) == -1 ||
	    fail_total(&sum, count, "requests", fail) == -1)
		return -1;
	*out = GIVE(batch);
	return 0;
}

int
batch_load(const char *path, const char *profile, struct batch **out,
    struct fail *fail)
{
	AUTO(batch_release) struct batch *batch = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(auto_free) char *folder = file_parent(path);
	AUTO(auto_close) int dirfd = -1;
	struct search search = { 0 };

	if (file_load(path, YAML_SIZE, &text, fail) == -1 ||
	    batch_read(path, buf_bytes(&text), profile, &batch, fail) == -1 ||
	    file_open_directory(folder, &dirfd, fail) == -1)
		return -1;
	search.batch = batch;
	if (load_files(batch, dirfd, &search.sum, fail) == -1 ||
	    file_each(dirfd, look_at, &search, fail) == -1 ||
	    fail_total(&search.sum, batch->count + search.forgotten,
		"requests", fail) == -1)
		return -1;
	*out = GIVE(batch);
	return 0;
}
