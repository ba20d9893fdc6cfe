/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/import_conf.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/target.h>

#define VALUE_MAX 256

static const char *const names[IMPORT_KEYS] = {
	[IMPORT_FORMAT] = "format",
	[IMPORT_CONSUMER] = "consumer",
	[IMPORT_MODE] = "mode",
	[IMPORT_RESOURCE] = "resource",
	[IMPORT_REGION] = "region",
	[IMPORT_BUCKET] = "bucket",
	[IMPORT_CRL_URL] = "crl-url",
	[IMPORT_CRL_NUMBER] = "crl-number",
	[IMPORT_SERIAL] = "serial",
};

void
import_conf_release(struct import_conf *conf)
{
	for (int n = 0; n < IMPORT_KEYS; n++)
		buf_release(&conf->values[n]);
}

/* Nothing that a shell could take for more. */
static bool
is_plain(struct bytes text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/._@+=,-";

	for (size_t n = 0; n < text.len; n++)
		if (memchr(plain, text.data[n], strlen(plain)) == NULL)
			return false;
	return text.len <= VALUE_MAX;
}

/* Where it is to go, if that is known. */
static int
put_target(struct import_conf *conf, enum import_key key, const char *value,
    const char *form, const char *word, struct fail *fail)
{
	if (value == NULL || value[0] == '\0')
		return 0;
	if (form == NULL)
		return fail_with(fail, FAIL_REFUSED, "%s: want none, have %s",
		    names[key], value);
	if (!is_plain(bytes_text(value)) || !text_fits(form, value))
		return fail_with(fail, FAIL_REFUSED, "%s: want %s, have %s",
		    names[key], word, value);
	buf_text(&conf->values[key], value);
	return 0;
}

int
import_conf_check_target(unsigned consumers, bool is_ca,
    const char *resource, struct fail *fail)
{
	for (int n = 0; n < CONSUMERS; n++) {
		const struct bundle_kind *kind;

		if ((consumers & 1u << n) == 0)
			continue;
		if (bundle_kind_find((enum consumer)n, is_ca, &kind, fail) ==
		    -1)
			return -1;
		if (resource == NULL || kind->resource_form == NULL ||
		    text_fits(kind->resource_form, resource))
			continue;
		return fail_with(fail, FAIL_INPUT,
		    "%s: resource: want %s, have %s", consumer_names[n],
		    kind->resource_word, resource);
	}
	return 0;
}

/* The certificate's first URL of a CRL, where a script can use it. */
static int
put_crl(struct import_conf *conf, const struct cert *certificate,
    const struct crl *crl, struct fail *fail)
{
	const struct ext *ext = ext_find(certificate->extensions,
	    certificate->extension_count, NID_crl_distribution_points);
	struct bytes url = { 0 };

	if (ext != NULL && ext_read_crl_url(ext, &url, fail) == -1)
		return -1;
	if (url.len > 0 && is_plain(url)) {
		AUTO(buf_release) struct buf text = { 0 };

		buf_put(&text, url);
		if (text_fits("http://[^/]+/.+", buf_cstr(&text)))
			buf_put(&conf->values[IMPORT_CRL_URL], url);
	}
	if (crl != NULL)
		buf_printf(&conf->values[IMPORT_CRL_NUMBER], "%llu",
		    (unsigned long long)crl->number);
	return 0;
}

static void
put_serial(struct import_conf *conf, const struct cert *certificate)
{
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&certificate->serial, serial);
	buf_text(&conf->values[IMPORT_SERIAL], serial);
}

int
import_conf_fill(const struct bundle_kind *kind,
    const struct bundle_source *source, struct import_conf *out,
    struct fail *fail)
{
	AUTO(import_conf_release) struct import_conf conf = { 0 };

	buf_text(&conf.values[IMPORT_FORMAT], "1");
	buf_text(&conf.values[IMPORT_CONSUMER], consumer_names[kind->consumer]);
	buf_text(&conf.values[IMPORT_MODE], kind->mode);
	if (put_target(&conf, IMPORT_RESOURCE, source->resource,
		kind->resource_form, kind->resource_word, fail) == -1 ||
	    put_target(&conf, IMPORT_REGION, source->region, TARGET_REGION,
		"a region's name", fail) == -1 ||
	    put_target(&conf, IMPORT_BUCKET, source->bucket, TARGET_BUCKET,
		"a bucket's name", fail) == -1 ||
	    put_crl(&conf, source->certificate, source->crl, fail) == -1)
		return -1;
	put_serial(&conf, source->certificate);
	*out = conf;
	conf = (struct import_conf){ 0 };
	return 0;
}

void
import_conf_write(const struct import_conf *conf, struct buf *out)
{
	for (int n = 0; n < IMPORT_KEYS; n++) {
		buf_printf(out, "%s=", names[n]);
		buf_put(out, buf_bytes(&conf->values[n]));
		buf_text(out, "\n");
	}
}

/* Takes one line off the file. */
static int
take_line(struct bytes *rest, const char *name, struct buf *out,
    struct fail *fail)
{
	const uint8_t *end = rest->len == 0 ? NULL :
	    memchr(rest->data, '\n', rest->len);
	size_t len = strlen(name), whole;

	if (end == NULL || (whole = (size_t)(end - rest->data)) <= len ||
	    memcmp(rest->data, name, len) != 0 || rest->data[len] != '=' ||
	    !is_plain(bytes_of(rest->data + len + 1, whole - len - 1)))
		return fail_with(fail, FAIL_INPUT, "want %s= and a plain "
		    "value", name);
	buf_append(out, rest->data + len + 1, whole - len - 1);
	*rest = bytes_of(end + 1, rest->len - whole - 1);
	return 0;
}

int
import_conf_read(struct bytes file, struct import_conf *out,
    struct fail *fail)
{
	AUTO(import_conf_release) struct import_conf conf = { 0 };

	for (int n = 0; n < IMPORT_KEYS; n++)
		if (take_line(&file, names[n], &conf.values[n], fail) == -1)
			return fail_in(fail, "line %d", n + 1);
	if (file.len > 0)
		return fail_with(fail, FAIL_INPUT, "line %d: want no more",
		    IMPORT_KEYS + 1);
	if (strcmp(buf_cstr(&conf.values[IMPORT_FORMAT]), "1") != 0)
		return fail_with(fail, FAIL_INPUT, "line 1: want format=1");
	*out = conf;
	conf = (struct import_conf){ 0 };
	return 0;
}

int
import_conf_check(struct import_conf *conf,
    const struct bundle_kind *kind, const struct cert *certificate,
    const struct crl *crl, struct fail *fail)
{
	AUTO(import_conf_release) struct import_conf want = { 0 };
	struct bundle_source source = {
		.certificate = certificate,
		.crl = crl,
		.resource = buf_cstr(&conf->values[IMPORT_RESOURCE]),
		.region = buf_cstr(&conf->values[IMPORT_REGION]),
		.bucket = buf_cstr(&conf->values[IMPORT_BUCKET]),
	};

	if (import_conf_fill(kind, &source, &want, fail) == -1)
		return -1;
	for (int n = 0; n < IMPORT_KEYS; n++)
		if (!bytes_is_equal(buf_bytes(&conf->values[n]),
		    buf_bytes(&want.values[n])))
			return fail_with(fail, FAIL_REFUSED, "%s=%s, not %s",
			    names[n], buf_cstr(&conf->values[n]),
			    buf_cstr(&want.values[n]));
	return 0;
}
