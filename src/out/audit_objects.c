/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of objects/ the records name, and whether they are whole. */
#include <anchorite/out/audit.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/json.h>
#include <anchorite/ca/private.h>

#include "audit_internal.h"

/* The fields whose texts name objects that must be there. */
static const char *const object_fields[] = {
	"certificate", "cms", "crl", "custodians", "envelope", "existing",
	"old", "policy", "request", "response", "torn",
};

void
audit_objects_release(struct audit_objects *objects)
{
	free(objects->items);
	free(objects->starts);
	*objects = (struct audit_objects){ 0 };
}

static int
file_note(void *context, const char *name, struct fail *fail)
{
	struct audit_objects *objects = context;
	struct audit_object item = { 0 };
	struct fail ignored = { 0 };

	(void)fail;
	if (digest_read_hex(name, &item.digest, &ignored) == -1) {
		objects->others++;
		return 0;
	}
	if (objects->count == objects->room) {
		objects->room = 2 * objects->room + 64;
		objects->items = mem_grow(objects->items, objects->room,
		    sizeof(*objects->items));
	}
	objects->items[objects->count++] = item;
	return 0;
}

static int
digest_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

/* Digests are spread evenly: by their first octets the search begins near
 * its end. */
static size_t
bucket_of(const struct digest *digest)
{
	return (size_t)digest->bytes[0] << 8 | digest->bytes[1];
}

static void
buckets_fill(struct audit_objects *objects)
{
	size_t bucket = 0;

	objects->starts = mem_new(AUDIT_BUCKETS + 1, sizeof(*objects->starts));
	for (size_t n = 0; n < objects->count; n++)
		while (bucket <= bucket_of(&objects->items[n].digest))
			objects->starts[bucket++] = n;
	while (bucket <= AUDIT_BUCKETS)
		objects->starts[bucket++] = objects->count;
}

static struct audit_object *
find(const struct audit_objects *objects, const struct digest *digest)
{
	const size_t *start = &objects->starts[bucket_of(digest)];

	return start[0] == start[1] ? NULL : bsearch(digest,
	    &objects->items[start[0]], start[1] - start[0],
	    sizeof(*objects->items), digest_compare);
}

/* Names come sorted, and so do their digests. */
int
audit_objects_list(const struct objects *store, struct audit_objects *out,
    struct fail *fail)
{
	out->store = store;
	if (objects_each(store, file_note, out, fail) == -1)
		return -1;
	buckets_fill(out);
	return 0;
}

int
audit_objects_get(struct audit_objects *objects, const struct digest *digest,
    struct buf *out, struct fail *fail)
{
	struct audit_object *object = find(objects, digest);

	if (objects_get(objects->store, digest, out, fail) == -1)
		return -1;
	if (object != NULL)
		object->is_whole = true;
	return 0;
}

/* The record whose names are noted. */
struct namer {
	struct audit_objects *objects;
	int64_t seq;
	bool check;
	bool must_be_there;		/* what the text at hand names */
};

static int
object_name(const struct namer *namer, const struct digest *digest,
    struct fail *fail)
{
	AUTO(buf_release) struct buf content = { 0 };
	struct audit_object *object = find(namer->objects, digest);

	if (object != NULL && object->named_by == 0)
		object->named_by = (uint64_t)namer->seq;
	if (object != NULL || !namer->check || !namer->must_be_there)
		return 0;
	/* It may have come since they were listed. */
	return objects_get(namer->objects->store, digest, &content, fail);
}

/* What is redacted is no fault; what is there must be what was meant. */
static int
private_name(const struct namer *namer, const char *text,
    const struct digest *digest, struct fail *fail)
{
	AUTO(buf_release) struct buf value = { 0 };
	struct audit_object *object = find(namer->objects, digest);

	if (object != NULL && object->named_by == 0)
		object->named_by = (uint64_t)namer->seq;
	if (!namer->check)
		return 0;
	if (object == NULL)
		namer->objects->redacted +=
		    !objects_has(namer->objects->store, digest);
	else if (private_show(namer->objects->store, text, &value, fail) == -1)
		return -1;
	else
		object->is_whole = true;
	return 0;
}

static int
text_name(const struct namer *namer, const char *text, struct fail *fail)
{
	struct fail ignored = { 0 };
	struct digest digest;

	if (private_read(text, &digest, &ignored) == 0)
		return private_name(namer, text, &digest, fail);
	if (strlen(text) != DIGEST_HEX_SIZE - 1 ||
	    digest_read_hex(text, &digest, &ignored) == -1)
		return 0;
	return object_name(namer, &digest, fail);
}

static bool
is_object_field(const char *key)
{
	for (size_t n = 0; n < COUNT(object_fields); n++)
		if (strcmp(object_fields[n], key) == 0)
			return true;
	return false;
}

static int
value_name(void *context, const char *key, const struct json *value,
    struct fail *fail)
{
	struct namer namer = *(const struct namer *)context;
	const char *text = json_text(value);

	namer.must_be_there |= key != NULL && is_object_field(key);
	if (text != NULL)
		return text_name(&namer, text, fail);
	return json_each(value, value_name, &namer, fail);
}

int
audit_objects_name(struct audit_objects *objects,
    const struct record *record, bool check, struct fail *fail)
{
	struct namer namer = { objects, record->seq, check, false };

	if (text_name(&namer, record->by, fail) == -1)
		return -1;
	return json_each(record->data, value_name, &namer, fail);
}

/* Of those that are not as they were, the one that was named first. */
int
audit_objects_finish(const struct audit_objects *objects, struct fail *fail)
{
	uint64_t first = 0;

	for (size_t n = 0; n < objects->count; n++) {
		const struct audit_object *object = &objects->items[n];
		AUTO(buf_release) struct buf content = { 0 };
		struct fail fault = { 0 };

		if (object->named_by == 0 || object->is_whole ||
		    (first != 0 && object->named_by >= first) ||
		    objects_get(objects->store, &object->digest, &content,
			&fault) == 0)
			continue;
		first = object->named_by;
		(void)fail_in(&fault, "journal: record %llu",
		    (unsigned long long)first);
		*fail = fault;
	}
	return first == 0 ? 0 : -1;
}

int64_t
audit_objects_count_strays(const struct audit_objects *objects)
{
	int64_t strays = objects->others;

	for (size_t n = 0; n < objects->count; n++)
		strays += objects->items[n].named_by == 0;
	return strays;
}
