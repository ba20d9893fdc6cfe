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

#define COLUMNS 72
#define INDENT  4

/* How many bytes of the text fill a line: whole words where they fit. */
static size_t
line_len(const char *text)
{
	size_t columns = 0, space = 0, n;

	for (n = 0; text[n] != '\0'; n++) {
		/* Bytes within a UTF-8 character take no column. */
		if (((unsigned char)text[n] & 0xc0) == 0x80)
			continue;
		if (columns++ == COLUMNS - INDENT)
			return space > 0 && text[n] != ' ' ? space : n;
		if (text[n] == ' ')
			space = n;
	}
	return n;
}

void
bundle_put_fact(struct buf *out, const char *label, const char *value)
{
	size_t len;

	buf_printf(out, "%s\n", label);
	for (value += strspn(value, " "); *value != '\0'; ) {
		len = line_len(value);
		buf_printf(out, "%*s%.*s\n", INDENT, "", (int)len, value);
		value += len;
		value += strspn(value, " ");
	}
}

static void
put_name(struct buf *out, const char *label, struct bytes name)
{
	AUTO(buf_release) struct buf text = { 0 };

	name_show(name, &text);
	bundle_put_fact(out, label, buf_cstr(&text));
}

static void
put_digest(struct buf *out, const char *label, const struct digest *digest)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	bundle_put_fact(out, label, hex);
}

static void
put_span(struct buf *out, const char *label, int64_t from, int64_t to)
{
	AUTO(buf_release) struct buf text = { 0 };
	char first[TEXT_TIME_SIZE], last[TEXT_TIME_SIZE];

	text_time(from, first);
	text_time(to, last);
	buf_printf(&text, "%s to %s", first, last);
	bundle_put_fact(out, label, buf_cstr(&text));
}

void
bundle_put_facts(const struct bundle_source *source, struct buf *out)
{
	const struct ledger *ledger = source->ledger;
	const struct cert *certificate = source->certificate;
	AUTO(buf_release) struct buf name = { 0 };
	char serial[SERIAL_HEX_SIZE];

	text_escape(&name, bytes_text(ledger->name));
	serial_hex(&certificate->serial, serial);
	bundle_put_fact(out, "Authority", buf_cstr(&name));
	put_name(out, "Certificate: subject", certificate->subject);
	bundle_put_fact(out, "Certificate: serial number", serial);
	put_span(out, "Certificate: valid", certificate->not_before,
	    certificate->not_after);
	put_digest(out, "Certificate: SHA-256", &certificate->digest);
	put_name(out, "Root: subject", ledger->root->subject);
	put_span(out, "Root: valid", ledger->root->not_before,
	    ledger->root->not_after);
	put_digest(out, "Root: SHA-256", &ledger->root->digest);
	if (source->crl != NULL)
		put_span(out, "CRL: this update to next update",
		    source->crl->this_update, source->crl->next_update);
	put_digest(out, "Journal key's certificate: SHA-256",
	    &ledger->journal_certificate->digest);
}

void
bundle_put_checks(const struct bundle_source *source, struct buf *out)
{
	buf_text(out,
	    "1. Compare three SHA-256 fingerprints with the record of the\n"
	    "   ceremony (paper, or another way than this medium), not only\n"
	    "   with this file:\n"
	    "\n"
	    "    openssl x509 -in certificate.pem -outform DER | sha256sum\n"
	    "    openssl x509 -in root.pem -outform DER | sha256sum\n"
	    "    openssl x509 -in journal-key.pem -outform DER | sha256sum\n"
	    "\n"
	    "2. No file has changed since the bundle was made:\n"
	    "\n"
	    "    sha256sum -c manifest.sha256\n"
	    "\n"
	    "3. The authority's journal key has signed that list:\n"
	    "\n"
	    "    openssl cms -verify -binary -inform DER -in manifest.p7s \\\n"
	    "        -content manifest.sha256 -certfile journal-key.pem \\\n"
	    "        -nointern -noverify -out /dev/null\n"
	    "\n"
	    "4. The root has signed the certificate");
	buf_text(out, source->crl == NULL ? ":\n"
	    "\n"
	    "    openssl verify -x509_strict -CAfile root.pem \\\n"
	    "        certificate.pem\n" :
	    ", and has not revoked it:\n"
	    "\n"
	    "    openssl verify -x509_strict -CAfile root.pem \\\n"
	    "        -crl_check -CRLfile crl.pem certificate.pem\n");
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
