/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle.h>

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/name.h>

void
bundle_release(struct bundle *bundle)
{
	for (size_t n = 0; n < bundle->count; n++)
		buf_release(&bundle->files[n].content);
	bundle->count = 0;
}

const struct buf *
bundle_find(const struct bundle *bundle, const char *name)
{
	for (size_t n = 0; n < bundle->count; n++)
		if (strcmp(bundle->files[n].name, name) == 0)
			return &bundle->files[n].content;
	return NULL;
}

static void
add(struct bundle *bundle, const char *name, bool is_executable,
    struct buf *content)
{
	struct bundle_file *file;

	/* Names are constants of the program: a fault here is the program's. */
	assert(bundle->count < BUNDLE_FILES);
	assert(bundle_find(bundle, name) == NULL);
	file = &bundle->files[bundle->count++];
	*file = (struct bundle_file){
		.name = name,
		.is_executable = is_executable,
	};
	buf_move(&file->content, content);
}

void
bundle_add(struct bundle *bundle, const char *name, struct buf *content)
{
	add(bundle, name, false, content);
}

void
bundle_add_script(struct bundle *bundle, const char *name,
    struct buf *content)
{
	add(bundle, name, true, content);
}

void
bundle_add_pem(struct bundle *bundle, const char *name, const char *label,
    struct bytes der)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, label, der);
	bundle_add(bundle, name, &pem);
}

void
bundle_add_der(struct bundle *bundle, const char *name, struct bytes der)
{
	AUTO(buf_release) struct buf copy = { 0 };

	buf_put(&copy, der);
	bundle_add(bundle, name, &copy);
}

void
bundle_add_manifest(struct bundle *bundle, struct bytes signer_der,
    struct buf *manifest_out)
{
	AUTO(buf_release) struct buf manifest = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	bundle_add_pem(bundle, BUNDLE_SIGNER, "CERTIFICATE", signer_der);
	for (size_t n = 0; n < bundle->count; n++) {
		digest_of(buf_bytes(&bundle->files[n].content), &digest);
		digest_hex(&digest, hex);
		buf_printf(&manifest, "%s  %s\n", hex, bundle->files[n].name);
	}
	buf_put(manifest_out, buf_bytes(&manifest));
	bundle_add(bundle, BUNDLE_MANIFEST, &manifest);
}

/* The umask is for secrets (077), the bundle for everyone: fchmod. */
static int
write_files(const struct bundle *bundle, int dirfd, struct fail *fail)
{
	for (size_t n = 0; n < bundle->count; n++) {
		const struct bundle_file *file = &bundle->files[n];
		mode_t mode = file->is_executable ? 0755 : 0644;

		if (file_write_lazy_at(dirfd, file->name,
		    buf_bytes(&file->content), mode, fail) == -1)
			return -1;
	}
	if (fchmod(dirfd, 0755) == -1)
		return fail_errno(fail, "mode");
	return file_sync_all(dirfd, fail);
}

static int
write_directory(const struct bundle *bundle, const char *partial,
    const char *path, struct fail *fail)
{
	AUTO(auto_close) int dirfd = -1;

	if (file_open_directory(partial, &dirfd, fail) == -1)
		return -1;
	if (write_files(bundle, dirfd, fail) == -1)
		return fail_in(fail, "%s", path);
	return file_rename(partial, path, fail);
}

int
bundle_make_partial(const char *path, char **out, struct fail *fail)
{
	const char *slash = strrchr(path, '/');
	AUTO(auto_free) char *parent = file_parent(path);
	AUTO(auto_free) char *partial = NULL;
	AUTO(buf_release) struct buf name = { 0 };

	buf_printf(&name, ".%s.partial", slash != NULL ? slash + 1 : path);
	partial = file_path(parent, buf_cstr(&name));
	if (file_remove_tree(partial, fail) == -1)
		return -1;
	if (mkdir(partial, 0700) == -1)
		return fail_errno(fail, "%s", path);
	*out = GIVE(partial);
	return 0;
}

int
bundle_write(const struct bundle *bundle, const char *path,
    struct fail *fail)
{
	AUTO(auto_free) char *whole = mem_text(path);
	AUTO(auto_free) char *partial = NULL;
	struct fail ignored = { 0 };

	for (size_t len = strlen(whole); len > 1 && whole[len - 1] == '/';)
		whole[--len] = '\0';
	if (file_is_there_at(AT_FDCWD, whole))
		return fail_with(fail, FAIL_REFUSED, "%s: exists already",
		    whole);
	if (bundle_make_partial(whole, &partial, fail) == -1)
		return -1;
	if (write_directory(bundle, partial, whole, fail) == 0)
		return 0;
	(void)!file_remove_tree(partial, &ignored);
	return -1;
}

#define FILE_MAX (4 * 1024 * 1024)

struct loading {
	int dirfd;
	const char *const *names;
	struct bundle *bundle;
};

/* The constant of that name: files keep names of the program alone. */
static const char *
known_name(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return *names;
	return NULL;
}

static int
load_one(void *context, const char *name, struct fail *fail)
{
	struct loading *loading = context;
	const char *known = known_name(loading->names, name);
	AUTO(buf_release) struct buf content = { 0 };

	if (known == NULL)
		return fail_with(fail, FAIL_INPUT, "%s: not a bundle's file; "
		    "it was added", name);
	if (bundle_find(loading->bundle, known) != NULL)
		return fail_with(fail, FAIL_INPUT, "%s: there twice", known);
	if (loading->bundle->count == BUNDLE_FILES)
		return fail_with(fail, FAIL_INPUT, "more than %d files",
		    BUNDLE_FILES);
	if (file_load_at(loading->dirfd, known, FILE_MAX, &content, fail) ==
	    -1)
		return -1;
	bundle_add(loading->bundle, known, &content);
	return 0;
}

int
bundle_load(const char *path, const char *const *names, struct bundle *out,
    struct fail *fail)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	AUTO(auto_close) int dirfd = -1;
	struct loading loading = { .names = names, .bundle = &bundle };

	if (file_open_directory(path, &dirfd, fail) == -1)
		return -1;
	loading.dirfd = dirfd;
	if (file_each(dirfd, load_one, &loading, fail) == -1)
		return -1;
	*out = bundle;
	bundle.count = 0;
	return 0;
}
