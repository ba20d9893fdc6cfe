/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_fill.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/import_conf.h>
#include <anchorite/out/readme.h>
#include <anchorite/x509/cms.h>

static void
put(const char *label, struct bytes der, bool is_der, struct buf *out)
{
	if (is_der)
		buf_put(out, der);
	else
		text_pem(out, label, der);
}

/* The authority is the root: the chain ends where it begins. */
static int
put_part(const struct bundle_source *source, const struct bundle_item *file,
    struct buf *out, struct fail *fail)
{
	const struct cert *root = source->ledger->root;
	const struct bytes path[] = {
		buf_bytes(&source->certificate->der), buf_bytes(&root->der),
	};

	switch (file->part) {
	case PART_CERTIFICATE:
		put("CERTIFICATE", path[0], file->is_der, out);
		return 0;
	case PART_PATH:
		put("CERTIFICATE", path[0], file->is_der, out);
		put("CERTIFICATE", path[1], file->is_der, out);
		return 0;
	case PART_CHAIN:
	case PART_ROOT:
		put("CERTIFICATE", path[1], file->is_der, out);
		return 0;
	case PART_CRL:
		if (source->crl != NULL)
			put("X509 CRL", buf_bytes(&source->crl->der),
			    file->is_der, out);
		return 0;
	case PART_REQUEST:
		put("CERTIFICATE REQUEST", buf_bytes(&source->csr->der),
		    file->is_der, out);
		return 0;
	case PART_PKCS7:
		return cms_write_certificates(path, COUNT(path), out, fail);
	}
	return 0;
}

static int
add_files(const struct bundle_source *source,
    const struct bundle_item *files, struct bundle *bundle,
    struct fail *fail)
{
	for (; files->name != NULL; files++) {
		AUTO(buf_release) struct buf content = { 0 };

		if (put_part(source, files, &content, fail) == -1)
			return fail_in(fail, "%s", files->name);
		if (content.len > 0)
			bundle_add(bundle, files->name, &content);
	}
	return 0;
}

#define NAME_WIDTH 28

static void
list_file(const char *name, const char *what, struct buf *out)
{
	buf_printf(out, "%-*s  %s\n", NAME_WIDTH, name, what);
}

/* The files that are there, and those that come with the seal. */
static void
list_files(const struct bundle_kind *kind, const struct bundle *bundle,
    struct buf *out)
{
	const struct bundle_item *const lists[] = {
		kind->files, bundle_items_shared,
	};

	for (size_t n = 0; n < COUNT(lists); n++)
		for (const struct bundle_item *file = lists[n];
		    file->name != NULL; file++)
			if (bundle_find(bundle, file->name) != NULL)
				list_file(file->name, file->what, out);
	list_file(BUNDLE_CONF, "what this is, for the script", out);
	if (kind->has_script)
		list_file(BUNDLE_SCRIPT, "imports it, step by step", out);
	list_file(BUNDLE_MANIFEST, "the list of these files", out);
	list_file(BUNDLE_SIGNATURE, "its signature", out);
	list_file(BUNDLE_SIGNER, "certificate of the key that made it", out);
}

/* The value, or the word that stands for it. */
static const char *
value_or(struct import_conf *conf, enum import_key key, const char *word)
{
	struct buf *value = &conf->values[key];

	return value->len > 0 ? buf_cstr(value) : word;
}

/* Behind the host, and in URLs of S3's older style behind the bucket. */
static const char *
crl_key(const char *url, const char *bucket)
{
	static const char scheme[] = "http://";
	const char *host, *key;
	size_t len = strlen(bucket);

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return "KEY";
	host = url + strlen(scheme);
	key = strchr(host, '/') + 1;
	if ((strncmp(host, "s3.", 3) == 0 || strncmp(host, "s3-", 3) == 0) &&
	    strncmp(key, bucket, len) == 0 && key[len] == '/')
		key += len + 1;
	return key;
}

static void
add_readme(const struct bundle_kind *kind,
    const struct bundle_source *source, struct import_conf *conf,
    struct bundle *bundle)
{
	AUTO(buf_release) struct buf facts = { 0 };
	AUTO(buf_release) struct buf files = { 0 };
	AUTO(buf_release) struct buf checks = { 0 };
	AUTO(buf_release) struct buf readme = { 0 };
	const char *url = value_or(conf, IMPORT_CRL_URL, "CRL-URL");
	const char *bucket = value_or(conf, IMPORT_BUCKET, "BUCKET");
	char time[TEXT_TIME_SIZE];
	struct readme_value values[] = {
		{ "version", ANCHORITE_VERSION },
		{ "time", time },
		{ "certificate", kind->files[0].name },
		{ "crl-check", source->crl == NULL ? "" :
		    " \\\n        -crl_check -CRLfile " BUNDLE_CRL },
		{ "resource", value_or(conf, IMPORT_RESOURCE,
		    kind->resource_word) },
		{ "region", value_or(conf, IMPORT_REGION, "REGION") },
		{ "bucket", bucket },
		{ "crl-url", url },
		{ "crl-key", crl_key(url, bucket) },
		{ "open", "{" },
		{ "close", "}" },
		{ "facts", "" },
		{ "files", "" },
		{ "checks", "" },
		{ NULL, NULL },
	};

	text_time(source->now, time);
	readme_expand(readme_checks, values, &checks);
	readme_put_facts(source, &facts);
	list_files(kind, bundle, &files);
	values[COUNT(values) - 4].text = buf_cstr(&facts);
	values[COUNT(values) - 3].text = buf_cstr(&files);
	values[COUNT(values) - 2].text = buf_cstr(&checks);
	readme_expand(kind->readme, values, &readme);
	bundle_add(bundle, BUNDLE_README, &readme);
}

int
bundle_fill(const struct bundle_kind *kind,
    const struct bundle_source *source, struct bundle *bundle,
    struct fail *fail)
{
	AUTO(import_conf_release) struct import_conf conf = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf script = { 0 };

	if (kind->wants_crl && source->crl == NULL)
		return fail_with(fail, FAIL_REFUSED, "%s: CRL: want one, "
		    "have none: sign it first, with 'anchorite crl'",
		    consumer_names[kind->consumer]);
	if (import_conf_fill(kind, source, &conf, fail) == -1 ||
	    add_files(source, kind->files, bundle, fail) == -1 ||
	    add_files(source, bundle_items_shared, bundle, fail) == -1)
		return fail_in(fail, "%s",
		    consumer_names[kind->consumer]);
	import_conf_write(&conf, &text);
	bundle_add(bundle, BUNDLE_CONF, &text);
	add_readme(kind, source, &conf, bundle);
	if (kind->has_script) {
		buf_text(&script, readme_script);
		bundle_add_script(bundle, BUNDLE_SCRIPT, &script);
	}
	return 0;
}
