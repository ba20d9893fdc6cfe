/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_audit.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/private.h>
#include <anchorite/out/bundle.h>
#include <anchorite/x509/cms.h>

#include "bundle_audit_internal.h"

/* A file of the bundle that is no object. */
struct part {
	const char *name;		/* a constant */
	struct digest digest;
};

#define PARTS 8

/* A bundle under way. */
struct builder {
	const struct authority *authority;
	const struct act *act;
	const struct bundle_audit_plan *plan;
	const struct sealer *sealer;
	int dirfd, objectsfd;		/* of what is built */
	struct export_sum sum;		/* of the journal's part */
	struct part parts[PARTS];
	size_t count;
};

static void
builder_close(struct builder *builder)
{
	auto_close(&builder->objectsfd);
	auto_close(&builder->dirfd);
}

static void
add_part(struct builder *builder, const char *name,
    const struct digest *digest)
{
	assert(builder->count < PARTS);
	builder->parts[builder->count++] = (struct part){ name, *digest };
}

/* A small file, made in memory. */
static int
put_file(struct builder *builder, const char *name, struct bytes content,
    struct fail *fail)
{
	struct digest digest;

	digest_of(content, &digest);
	add_part(builder, name, &digest);
	return file_write_lazy_at(builder->dirfd, name, content, 0644, fail);
}

static int
put_certificate(struct builder *builder, const char *name,
    const struct cert *cert, struct fail *fail)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, "CERTIFICATE", buf_bytes(&cert->der));
	return put_file(builder, name, buf_bytes(&pem), fail);
}

/* Fields whose digest is certainly an object's. Elsewhere it may be one:
 * of a key or of bytes to be signed it is none. */
static bool
is_object_key(const char *key)
{
	static const char *const keys[] = {
		"certificate", "cms", "crl", "envelope", "policy", "request",
		"response",
	};

	for (size_t n = 0; n < COUNT(keys); n++)
		if (strcmp(keys[n], key) == 0)
			return true;
	return false;
}

static int
copy_object(const struct builder *builder, const struct digest *digest,
    bool must_be_there, struct fail *fail)
{
	const struct objects *objects = builder->authority->objects;
	AUTO(buf_release) struct buf content = { 0 };
	char name[DIGEST_HEX_SIZE];

	digest_hex(digest, name);
	if (file_is_there_at(builder->objectsfd, name) ||
	    (!must_be_there && !objects_has(objects, digest)))
		return 0;
	if (objects_get(objects, digest, &content, fail) == -1)
		return -1;
	return file_write_lazy_at(builder->objectsfd, name,
	    buf_bytes(&content), 0644, fail);
}

static int
copy_named(const struct builder *builder, const char *key, const char *text,
    struct fail *fail)
{
	struct fail ignored = { 0 };
	struct digest digest;

	/* One that was taken out is not there, and need not be. */
	if (private_is(text)) {
		if (builder->plan->is_redacted ||
		    private_read(text, &digest, &ignored) == -1)
			return 0;
		return copy_object(builder, &digest, false, fail);
	}
	if (strlen(text) != DIGEST_HEX_SIZE - 1 ||
	    digest_read_hex(text, &digest, &ignored) == -1)
		return 0;
	return copy_object(builder, &digest, is_object_key(key), fail);
}

/* The objects that a value names, at any depth. */
static int
copy_all(const struct builder *builder, const char *key,
    const struct json *value, struct fail *fail)
{
	const char *text = json_text(value), *below;

	if (text != NULL)
		return copy_named(builder, key, text, fail);
	for (size_t n = 0; n < json_count(value); n++) {
		below = json_key_at(value, n);
		if (copy_all(builder, below != NULL ? below : key,
		    json_at(value, n), fail) == -1)
			return -1;
	}
	return 0;
}

static int
copy_of_record(const struct builder *builder, struct bytes line,
    struct fail *fail)
{
	AUTO(json_release) struct json *record = NULL;
	const struct json *data;
	const char *by;

	if (json_read(bytes_of(line.data, line.len - 1), &record, fail) ==
		-1 ||
	    json_get_text(record, "by", &by, fail) == -1 ||
	    copy_named(builder, "by", by, fail) == -1 ||
	    json_get_object(record, "data", &data, fail) == -1)
		return -1;
	return copy_all(builder, "data", data, fail);
}

/* A file that is written and digested piece by piece. */
struct stream {
	const struct builder *builder;
	const char *name;
	bool has_records;		/* each piece is one */
	FILE *file;
	EVP_MD_CTX *digest;
};

static void
stream_release(struct stream *stream)
{
	if (stream->file != NULL)
		fclose(stream->file);
	EVP_MD_CTX_free(stream->digest);
}

static int
stream_open(struct stream *stream, struct fail *fail)
{
	AUTO(auto_close) int fd = openat(stream->builder->dirfd, stream->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	/* The umask is for secrets (077), the bundle for everyone. */
	if (fd == -1 || fchmod(fd, 0644) == -1 ||
	    (stream->file = fdopen(fd, "w")) == NULL)
		return fail_errno(fail, "%s", stream->name);
	fd = -1;	/* the stream closes it */
	stream->digest = EVP_MD_CTX_new();
	if (stream->digest == NULL ||
	    EVP_DigestInit_ex(stream->digest, EVP_sha256(), NULL) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "%s", stream->name);
	return 0;
}

static int
stream_put(void *context, struct bytes piece, struct fail *fail)
{
	struct stream *stream = context;

	if (fwrite(piece.data, 1, piece.len, stream->file) != piece.len)
		return fail_errno(fail, "%s", stream->name);
	if (EVP_DigestUpdate(stream->digest, piece.data, piece.len) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "%s", stream->name);
	return stream->has_records ?
	    copy_of_record(stream->builder, piece, fail) : 0;
}

static int
stream_end(struct stream *stream, struct digest *out, struct fail *fail)
{
	FILE *file = GIVE(stream->file);

	if (fclose(file) != 0)
		return fail_errno(fail, "%s", stream->name);
	if (EVP_DigestFinal_ex(stream->digest, out->bytes, NULL) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "%s", stream->name);
	return 0;
}

static int
check_sum(const struct builder *builder, struct fail *fail)
{
	const struct journal_head *head =
	    journal_head(builder->authority->journal);
	char hex[DIGEST_HEX_SIZE];

	/* The journal is locked: only by force is it another now. */
	if (!digest_is_equal(&builder->sum.head, &head->digest))
		return fail_with(fail, FAIL_JOURNAL,
		    "journal: changed while it was exported");
	if (builder->sum.first <= builder->sum.last)
		return 0;
	digest_hex(&head->digest, hex);
	return fail_with(fail, FAIL_REFUSED, "no record stands behind %s",
	    hex);
}

static int
put_export(struct builder *builder, enum export_format format,
    const char *name, struct fail *fail)
{
	AUTO(stream_release) struct stream stream = {
		.builder = builder,
		.name = name,
		.has_records = format == EXPORT_JSONL,
	};
	const struct export_plan plan = {
		.path = builder->authority->path,
		.format = format,
		.since = builder->plan->since,
		.is_redacted = builder->plan->is_redacted,
	};
	struct digest digest;

	if (stream_open(&stream, fail) == -1 ||
	    export_run(&plan, stream_put, &stream, &builder->sum, fail) ==
		-1 ||
	    check_sum(builder, fail) == -1 ||
	    stream_end(&stream, &digest, fail) == -1)
		return -1;
	add_part(builder, name, &digest);
	return 0;
}

static int
put_readme(struct builder *builder, struct fail *fail)
{
	AUTO(buf_release) struct buf readme = { 0 };

	bundle_audit_put_readme(builder->authority->ledger, builder->plan,
	    &builder->sum, builder->act->now, &readme);
	return put_file(builder, BUNDLE_README, buf_bytes(&readme), fail);
}

static int
part_compare(const void *a, const void *b)
{
	return strcmp(((const struct part *)a)->name,
	    ((const struct part *)b)->name);
}

static void
put_line(struct buf *manifest, const struct digest *digest, const char *name)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	buf_printf(manifest, "%s  %s\n", hex, name);
}

/* An object is called by its digest. */
static int
put_object_line(void *context, const char *name, struct fail *fail)
{
	(void)fail;
	buf_printf(context, "%s  " OBJECTS_NAME "/%s\n", name, name);
	return 0;
}

/* As sha256sum writes, by name, in the order of octets. */
static int
manifest_build(struct builder *builder, struct buf *out, struct fail *fail)
{
	size_t n = 0;

	qsort(builder->parts, builder->count, sizeof(struct part),
	    part_compare);
	for (; n < builder->count &&
	    strcmp(builder->parts[n].name, OBJECTS_NAME) < 0; n++)
		put_line(out, &builder->parts[n].digest,
		    builder->parts[n].name);
	if (file_each(builder->objectsfd, put_object_line, out, fail) == -1)
		return -1;
	for (; n < builder->count; n++)
		put_line(out, &builder->parts[n].digest,
		    builder->parts[n].name);
	return 0;
}

static int
put_manifest(struct builder *builder, struct digest *out, struct fail *fail)
{
	const struct cert *signer =
	    builder->authority->ledger->journal_certificate;
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };

	if (manifest_build(builder, &manifest, fail) == -1)
		return -1;
	if (cms_sign(buf_bytes(&manifest), buf_bytes(&signer->der),
	    builder->sealer->signer, builder->act->now, &signature, fail) ==
	    -1)
		return fail_in(fail, BUNDLE_SIGNATURE);
	digest_of(buf_bytes(&manifest), out);
	if (file_write_lazy_at(builder->dirfd, BUNDLE_MANIFEST,
	    buf_bytes(&manifest), 0644, fail) == -1)
		return -1;
	return file_write_lazy_at(builder->dirfd, BUNDLE_SIGNATURE,
	    buf_bytes(&signature), 0644, fail);
}

static int
fill(struct builder *builder, struct digest *manifest_out, struct fail *fail)
{
	const struct ledger *ledger = builder->authority->ledger;

	if (put_export(builder, EXPORT_JSONL, JOURNAL_NAME, fail) == -1 ||
	    put_export(builder, EXPORT_CSV, BUNDLE_AUDIT_CSV, fail) == -1 ||
	    put_export(builder, EXPORT_ACM_PCA_JSON, BUNDLE_AUDIT_PCA_JSON,
		fail) == -1 ||
	    put_export(builder, EXPORT_ACM_PCA_CSV, BUNDLE_AUDIT_PCA_CSV,
		fail) == -1 ||
	    put_certificate(builder, BUNDLE_ROOT, ledger->root, fail) == -1 ||
	    put_certificate(builder, BUNDLE_SIGNER,
		ledger->journal_certificate, fail) == -1 ||
	    put_readme(builder, fail) == -1)
		return -1;
	return put_manifest(builder, manifest_out, fail);
}

/* All but its name; it lasts from here on. */
static int
build(struct builder *builder, const char *partial,
    struct digest *manifest_out, struct fail *fail)
{
	AUTO(auto_free) char *objects = file_path(partial, OBJECTS_NAME);

	if (file_open_directory(partial, &builder->dirfd, fail) == -1 ||
	    file_make_directory(objects, fail) == -1 ||
	    file_open_directory(objects, &builder->objectsfd, fail) == -1 ||
	    fill(builder, manifest_out, fail) == -1)
		return -1;
	if (fchmod(builder->objectsfd, 0755) == -1 ||
	    fchmod(builder->dirfd, 0755) == -1)
		return fail_errno(fail, "mode");
	return file_sync_all(builder->dirfd, fail);
}

static char *
default_path(const struct builder *builder)
{
	AUTO(buf_release) struct buf name = { 0 };

	buf_printf(&name, BUNDLES_NAME "/audit-%lld-%lld",
	    (long long)builder->sum.first, (long long)builder->sum.last);
	return file_path(builder->authority->path, buf_cstr(&name));
}

/* Beside what it will be; what fails leaves nothing. */
static int
write_bundle(struct builder *builder, const char *wanted,
    struct digest *manifest_out, char **path_out, struct fail *fail)
{
	AUTO(auto_free) char *near = wanted != NULL ? mem_text(wanted) :
	    file_path(builder->authority->path, BUNDLES_NAME "/audit");
	AUTO(auto_free) char *partial = NULL;
	AUTO(auto_free) char *path = NULL;
	struct fail ignored = { 0 };

	if (bundle_make_partial(near, &partial, fail) == -1)
		return -1;
	if (build(builder, partial, manifest_out, fail) == 0) {
		path = wanted != NULL ? mem_text(wanted) :
		    default_path(builder);
		if (file_rename(partial, path, fail) == 0) {
			*path_out = GIVE(path);
			return 0;
		}
	}
	(void)!file_remove_tree(partial, &ignored);
	return fail->kind == FAIL_SYSTEM ? fail_in(fail, "bundle") : -1;
}

/* Written first: a record never speaks of a bundle that is not there; nor
 * is there a bundle that no record speaks of. */
static int
record(struct authority *authority, const struct builder *builder,
    const struct digest *manifest, const char *path, struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();
	struct fail ignored = { 0 };

	json_put_number(data, "first", builder->sum.first);
	json_put_number(data, "last", builder->sum.last);
	json_put_digest(data, "manifest", manifest);
	if (authority_append(authority, builder->act, "audited", &data,
	    fail) == 0)
		return 0;
	(void)!file_remove_tree(path, &ignored);
	return -1;
}

/* The path as it was meant, without slashes behind it; NULL stays. */
static char *
path_trim(const char *path)
{
	char *whole = path != NULL ? mem_text(path) : NULL;

	for (size_t len = whole != NULL ? strlen(whole) : 0;
	    len > 1 && whole[len - 1] == '/';)
		whole[--len] = '\0';
	return whole;
}

int
bundle_audit(struct authority *authority, const struct act *act,
    const struct bundle_audit_plan *plan, const struct sealer *sealer,
    char **path_out, struct fail *fail)
{
	AUTO(builder_close) struct builder builder = {
		.authority = authority, .act = act, .plan = plan,
		.sealer = sealer, .dirfd = -1, .objectsfd = -1,
	};
	AUTO(auto_free) char *wanted = path_trim(plan->path);
	AUTO(auto_free) char *path = NULL;
	struct digest manifest;

	if (authority_check_ready(authority, act, "audited", fail) == -1 ||
	    (wanted != NULL && file_check_absent(wanted, fail) == -1) ||
	    write_bundle(&builder, wanted, &manifest, &path, fail) == -1 ||
	    record(authority, &builder, &manifest, path, fail) == -1 ||
	    authority_seal(authority, act, sealer, fail) == -1)
		return -1;
	*path_out = GIVE(path);
	return 0;
}
