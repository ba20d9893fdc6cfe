/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/site.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/token/uri.h>

/* A PKCS#11 URI, judged here so that a complaint has a place. */
static int
read_uri(const struct yaml_node *node, const struct yaml_field *field,
    const char **out, bool *has_object_out, struct fail *fail)
{
	AUTO(uri_release) struct uri *uri = NULL;
	const char *text = NULL;

	if (yaml_read_text(node, field, &text, fail))
		return -1;
	if (uri_read(text, &uri, fail))
		return fail_in(fail, "%s:%zu:%zu: %s", node->file, node->line,
		    node->column, field->key);
	*has_object_out = uri_has_object(uri);
	*out = text;
	return 0;
}

/* const char * */
static int
read_token(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	const char *text;
	bool has_object;

	if (read_uri(node, field, &text, &has_object, fail))
		return -1;
	if (has_object)
		return yaml_fail(fail, node, "%s: names a key, want a token "
		    "alone", field->key);
	*(const char **)out = text;
	return 0;
}

/* const char * */
static int
read_key(const struct yaml_node *node, const struct yaml_field *field,
    void *out, struct fail *fail)
{
	const char *text;
	bool has_object;

	if (read_uri(node, field, &text, &has_object, fail))
		return -1;
	if (!has_object)
		return yaml_fail(fail, node, "%s: names no key, want object= "
		    "or id=", field->key);
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
	{ "key", read_key, offsetof(struct site, key), false,
	    NULL, "PKCS#11 URI of a custodian's key on the token" },
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

/* key: "text" */
static void
put_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "%s: \"", key);
	for (; *text != '\0'; text++)
		buf_printf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c",
		    *text);
	buf_text(out, "\"\n");
}

/* Does the text say the same when it is read? A path may hold anything. */
static int
text_check(struct bytes text, const struct site *want, struct fail *fail)
{
	AUTO(site_release) struct site *have = mem_new(1, sizeof(*have));

	if (yaml_read("new site file", text, &have->document, fail) ||
	    yaml_decode(yaml_root(have->document), site_fields, have, fail))
		return -1;
	if (strcmp(have->module, want->module) == 0 &&
	    strcmp(have->token, want->token) == 0 &&
	    strcmp(have->key, want->key) == 0 && have->pin == want->pin &&
	    (want->store == NULL) == (have->store == NULL) &&
	    (want->store == NULL || strcmp(have->store, want->store) == 0))
		return 0;
	return fail_with(fail, FAIL_INPUT,
	    "new site file: does not read as it was written");
}

int
site_write(const struct site *site, const char *key, struct buf *out,
    struct fail *fail)
{
	AUTO(auto_free) char *here = getcwd(NULL, 0);
	AUTO(auto_free) char *module = NULL, *store = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	struct site whole = { .token = site->token, .pin = site->pin,
		.key = key };

	if (here == NULL)
		return fail_errno(fail, "working directory");
	whole.module = module = file_path(here, site->module_path);
	if (site->store_path != NULL)
		whole.store = store = file_path(here, site->store_path);
	put_text(&text, "module", whole.module);
	put_text(&text, "token", whole.token);
	if (whole.store != NULL)
		put_text(&text, "store", whole.store);
	buf_printf(&text, "pin: %s\n", pin_mode_names[whole.pin]);
	put_text(&text, "key", whole.key);
	if (text_check(buf_bytes(&text), &whole, fail) == -1)
		return -1;
	buf_put(out, buf_bytes(&text));
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
