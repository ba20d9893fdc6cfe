/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/site.h>

#include <stddef.h>
#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/token/uri.h>

/* const char *: a PKCS#11 URI, judged here so that a complaint has a place. */
static int
read_token(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	AUTO(uri_release) struct uri *uri = NULL;
	const char *text = NULL;

	if (yaml_read_text(node, field, &text, fail))
		return -1;
	if (uri_read(text, &uri, fail))
		return fail_in(fail, "%s:%zu:%zu: %s", node->file, node->line,
		    node->column, field->key);
	if (uri_has_object(uri))
		return yaml_fail(fail, node, "%s: names a key, want a token "
		    "alone", field->key);
	*(const char **)out = text;
	return 0;
}

/* int: enum pin_mode. What stands there may be a PIN: it is not repeated. */
static int
read_pin(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	struct fail ignored = { 0 };

	if (yaml_read_name(node, field, out, &ignored))
		return yaml_fail(fail, node, "%s: want prompt or pad; a PIN "
		    "itself never stands in a file", field->key);
	return 0;
}

const struct yaml_field site_fields[] = {
	{ "module", yaml_read_text, offsetof(struct site, module), true,
	    NULL, "path of the token's PKCS#11 module" },
	{ "token", read_token, offsetof(struct site, token), true,
	    NULL, "PKCS#11 URI of the token (RFC 7512)" },
	{ "store", yaml_read_text, offsetof(struct site, store), false,
	    NULL, "directory in which a software token keeps its files" },
	{ "pin", read_pin, offsetof(struct site, pin), false,
	    pin_mode_names, "how the PIN is asked: prompt or pad" },
	{ 0 },
};

int
site_load(const char *path, struct site **out, struct fail *fail)
{
	AUTO(site_release) struct site *site = mem_new(1, sizeof(*site));
	AUTO(auto_free) char *dir = file_parent(path);
	AUTO(buf_release) struct buf text = { 0 };

	if (file_load(path, YAML_SIZE, &text, fail) ||
	    yaml_read(path, buf_bytes(&text), &site->document, fail) ||
	    yaml_decode(yaml_root(site->document), site_fields, site, fail))
		return -1;
	site->module_path = file_path(dir, site->module);
	if (site->store)
		site->store_path = file_path(dir, site->store);
	*out = GIVE(site);
	return 0;
}

void
site_release(struct site **site)
{
	if (!*site)
		return;
	free((*site)->module_path);
	free((*site)->store_path);
	yaml_release(&(*site)->document);
	free(*site);
	*site = NULL;
}

struct session_plan
site_plan(const struct site *site, int secret_fd)
{
	return (struct session_plan){
		.module = site->module_path,
		.token = site->token,
		.store = site->store_path,
		.pin = (enum pin_mode)site->pin,
		.secret_fd = secret_fd,
	};
}
