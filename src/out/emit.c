/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/emit.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/out/bundle_acm_pca.h>
#include <anchorite/out/bundle_files.h>
#include <anchorite/x509/cms.h>

const struct emit_consumer emit_consumers[] = {
	{ "acm-pca", "AWS Private CA: a subordinate CA's certificate",
	    bundle_acm_pca_fill, bundle_acm_pca_check },
	{ "files", "anyone: certificate, chain and CRL as files",
	    bundle_files_fill, bundle_files_check },
	{ NULL, NULL, NULL, NULL },
};

int
emit_find_consumer(const char *name, const struct emit_consumer **out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf names = { 0 };

	for (const struct emit_consumer *row = emit_consumers;
	    row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0) {
			*out = row;
			return 0;
		}
		buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
		    row->name);
	}
	return fail_with(fail, FAIL_USAGE, "no consumer %s: there are %s",
	    name, buf_cstr(&names));
}

static int
check_issued(const struct issued *issued, struct fail *fail)
{
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&issued->serial, serial);
	if (issued->status != ISSUED_VALID)
		return fail_with(fail, FAIL_REFUSED,
		    "certificate %s: want a valid one, have it %s", serial,
		    issued_status_name(issued));
	if (!issued->has_certificate)
		return fail_with(fail, FAIL_REFUSED,
		    "certificate %s: want its file, have none", serial);
	return 0;
}

/* The objects that a bundle is made of. */
struct parts {
	struct cert *certificate;
	struct csr *csr;
	struct crl *crl;		/* NULL: none yet */
};

static void
parts_release(struct parts *parts)
{
	cert_release(&parts->certificate);
	csr_release(&parts->csr);
	crl_release(&parts->crl);
}

static int
parts_load(const struct authority *authority, const struct issued *issued,
    struct parts *out, struct fail *fail)
{
	static const struct digest none;
	const struct objects *objects = authority->objects;
	const struct digest *newest = &authority->ledger->crl;
	AUTO(buf_release) struct buf certificate = { 0 };
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(buf_release) struct buf crl = { 0 };

	if (objects_get(objects, &issued->certificate, &certificate, fail) ==
		-1 ||
	    cert_read(buf_bytes(&certificate), &out->certificate, fail) == -1 ||
	    objects_get(objects, &issued->request, &request, fail) == -1 ||
	    csr_read(buf_bytes(&request), &out->csr, fail) == -1)
		return -1;
	if (digest_is_equal(newest, &none))
		return 0;
	if (objects_get(objects, newest, &crl, fail) == -1)
		return -1;
	return crl_read(buf_bytes(&crl), &out->crl, fail);
}

/* Filled, judged, and the list of its files signed. */
static int
make(const struct authority *authority, const struct act *act,
    const struct emit_consumer *consumer, const struct issued *issued,
    const struct sealer *sealer, struct bundle *bundle,
    struct digest *manifest_out, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	struct bytes signer = buf_bytes(&ledger->journal_certificate->der);
	AUTO(parts_release) struct parts parts = { 0 };
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	struct bundle_source source = {
		.ledger = ledger,
		.issued = issued,
		.now = act->now,
	};

	if (parts_load(authority, issued, &parts, fail) == -1)
		return -1;
	source.certificate = parts.certificate;
	source.csr = parts.csr;
	source.crl = parts.crl;
	if (consumer->fill(&source, bundle, fail) == -1 ||
	    consumer->check(&source, bundle, fail) == -1)
		return -1;
	bundle_add_manifest(bundle, signer, &manifest);
	if (cms_sign(buf_bytes(&manifest), signer, sealer->signer, act->now,
	    &signature, fail) == -1)
		return fail_in(fail, BUNDLE_SIGNATURE);
	bundle_add(bundle, BUNDLE_SIGNATURE, &signature);
	digest_of(buf_bytes(&manifest), manifest_out);
	return 0;
}

/* Written first: a record never speaks of a bundle that is not there. */
static int
write_and_record(struct authority *authority, const struct act *act,
    const struct emit_consumer *consumer, const struct issued *issued,
    const struct bundle *bundle, const struct digest *manifest,
    const char *path, struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();
	struct fail ignored = { 0 };

	json_put_text(data, "consumer", consumer->name);
	json_put_hex(data, "manifest",
	    bytes_of(manifest->bytes, DIGEST_LEN));
	json_put_hex(data, "serial",
	    bytes_of(issued->serial.octets, issued->serial.len));
	if (bundle_write(bundle, path, fail) == -1)
		return -1;
	if (authority_append(authority, act, "bundled", &data, fail) == 0)
		return 0;
	/* Nor is there a bundle that no record speaks of. */
	(void)!file_remove_tree(path, &ignored);
	return -1;
}

#define SERIAL_DIGITS 16

static char *
default_path(const struct authority *authority,
    const struct emit_consumer *consumer, const struct issued *issued)
{
	AUTO(buf_release) struct buf name = { 0 };
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&issued->serial, serial);
	buf_printf(&name, BUNDLES_NAME "/%s-%.*s", consumer->name,
	    SERIAL_DIGITS, serial);
	return file_path(authority->path, buf_cstr(&name));
}

int
emit_bundle_with(struct authority *authority, const struct act *act,
    const struct emit_consumer *consumer, const struct issued *issued,
    const char *path, const struct sealer *sealer, char **path_out,
    struct fail *fail)
{
	AUTO(bundle_release) struct bundle bundle = { 0 };
	AUTO(auto_free) char *where = path != NULL ? mem_text(path) :
	    default_path(authority, consumer, issued);
	struct digest manifest;

	if (authority_check_ready(authority, act, "bundled", fail) == -1 ||
	    check_issued(issued, fail) == -1 ||
	    make(authority, act, consumer, issued, sealer, &bundle, &manifest,
		fail) == -1 ||
	    write_and_record(authority, act, consumer, issued, &bundle,
		&manifest, where, fail) == -1 ||
	    authority_seal(authority, act, sealer, fail) == -1)
		return -1;
	*path_out = GIVE(where);
	return 0;
}

int
emit_bundle(struct authority *authority, const struct act *act,
    const struct emit_consumer *consumer, const struct issued *issued,
    const char *path, struct session *session, char **path_out,
    struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };

	if (authority_find_sealer(authority, session, &sealer, fail) == -1)
		return -1;
	return emit_bundle_with(authority, act, consumer, issued, path,
	    &sealer, path_out, fail);
}
