/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/uri.h>

#include <stdlib.h>
#include <string.h>

#include <p11-kit/uri.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/module.h>

struct uri {
	P11KitUri *p11;
	char *text;
};

static const char *
uri_words(int result)
{
	switch (result) {
	case P11_KIT_URI_BAD_SCHEME:
		return "want \"pkcs11:\" first";
	case P11_KIT_URI_BAD_ENCODING:
		return "bad encoding";
	case P11_KIT_URI_BAD_VERSION:
		return "bad version";
	case P11_KIT_URI_BAD_SYNTAX:
		return "bad syntax";
	default:
		return "not read by p11-kit";
	}
}

/* RFC 7512, 2.3: "An attribute MUST NOT appear more than once". */
static int
uri_check_once(const char *text, struct fail *fail)
{
	const char *start = strchr(text, ':') + 1;

	for (const char *at = start; ; at++) {
		size_t len = strcspn(at, "=;?&");

		for (const char *was = start; was < at && at[len] == '=';
		    was += strcspn(was, ";?&") + 1)
			if (strncmp(was, at, len + 1) == 0)
				return fail_with(fail, FAIL_INPUT,
				    "PKCS#11 URI: %.*s stands there twice",
				    (int)len, at);
		at += strcspn(at, ";?&");
		if (*at == '\0')
			return 0;
	}
}

/* What p11-kit would pass over in silence. The text may hold a PIN. */
static int
uri_check(const struct uri *uri, struct fail *fail)
{
	CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(uri->p11, CKA_CLASS);
	CK_OBJECT_CLASS is = CKO_PRIVATE_KEY;

	if (p11_kit_uri_get_pin_value(uri->p11) != NULL ||
	    p11_kit_uri_get_pin_source(uri->p11) != NULL)
		return fail_with(fail, FAIL_INPUT,
		    "PKCS#11 URI: a PIN never stands in a URI here");
	if (p11_kit_uri_get_module_name(uri->p11) != NULL ||
	    p11_kit_uri_get_module_path(uri->p11) != NULL)
		return fail_with(fail, FAIL_INPUT,
		    "PKCS#11 URI: the module is not named in the URI here");
	if (p11_kit_uri_any_unrecognized(uri->p11) != 0)
		return fail_with(fail, FAIL_INPUT,
		    "PKCS#11 URI: want only token, manufacturer, model, "
		    "serial, object, id and type");
	if (class != NULL && class->ulValueLen == sizeof(is))
		memcpy(&is, class->pValue, sizeof(is));
	if (is != CKO_PRIVATE_KEY && is != CKO_PUBLIC_KEY)
		return fail_with(fail, FAIL_INPUT,
		    "PKCS#11 URI: type: want private or public");
	return uri_check_once(uri->text, fail);
}

int
uri_read(const char *text, struct uri **out, struct fail *fail)
{
	AUTO(uri_release) struct uri *uri = mem_new(1, sizeof(*uri));
	int result;

	uri->text = mem_text(text);
	uri->p11 = p11_kit_uri_new();
	result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN,
	    uri->p11);
	if (result != P11_KIT_URI_OK)
		return fail_with(fail, FAIL_INPUT, "PKCS#11 URI: %s",
		    uri_words(result));
	if (uri_check(uri, fail) == -1)
		return -1;
	*out = GIVE(uri);
	return 0;
}

void
uri_release(struct uri **uri)
{
	struct uri *old = GIVE(*uri);

	if (old == NULL)
		return;
	p11_kit_uri_free(old->p11);
	free(old->text);
	free(old);
}

const char *
uri_text(const struct uri *uri)
{
	return uri->text;
}

bool
uri_is_token_match(const struct uri *uri, const CK_TOKEN_INFO *info)
{
	return p11_kit_uri_match_token_info(uri->p11, info) != 0;
}

static struct bytes
uri_attribute(const struct uri *uri, CK_ATTRIBUTE_TYPE type)
{
	const CK_ATTRIBUTE *attribute =
	    p11_kit_uri_get_attribute(uri->p11, type);

	if (attribute == NULL)
		return bytes_of(NULL, 0);
	return bytes_of(attribute->pValue, attribute->ulValueLen);
}

struct bytes
uri_label(const struct uri *uri)
{
	return uri_attribute(uri, CKA_LABEL);
}

struct bytes
uri_id(const struct uri *uri)
{
	return uri_attribute(uri, CKA_ID);
}

bool
uri_has_object(const struct uri *uri)
{
	return uri_label(uri).data != NULL || uri_id(uri).data != NULL;
}

/* RFC 3986, 2.3: the characters that never need an escape. */
static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

/* An id is bytes and not text: all of it is escaped (RFC 7512, 2.3). */
static void
uri_put(struct buf *out, const char *name, struct bytes value, bool is_text)
{
	if (value.len == 0)
		return;
	if (out->data[out->len - 1] != ':')
		buf_text(out, ";");
	buf_printf(out, "%s=", name);
	for (size_t i = 0; i < value.len; i++)
		if (is_text && is_plain(value.data[i]))
			buf_append(out, &value.data[i], 1);
		else
			buf_printf(out, "%%%02x", value.data[i]);
}

void
uri_write(const CK_TOKEN_INFO *info, struct bytes label, struct bytes id,
    struct buf *out)
{
	buf_text(out, "pkcs11:");
	uri_put(out, "token", pkcs11_field(info->label,
	    sizeof(info->label)), true);
	uri_put(out, "serial", pkcs11_field(info->serialNumber,
	    sizeof(info->serialNumber)), true);
	uri_put(out, "object", label, true);
	uri_put(out, "id", id, false);
}
