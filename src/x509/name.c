/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/name.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#define NAME_SIZE       (64 * 1024)
#define ATTRIBUTES_MAX  64

#define TELETEX_STRING   0x14
#define UNIVERSAL_STRING 0x1c
#define BMP_STRING       0x1e

const char *const name_types[] = {
	"C", "O", "OU", "dnQualifier", "ST", "CN", "serialNumber", "L",
	"title", "SN", "GN", "initials", "pseudonym", "generationQualifier",
	"DC", "UID", "street", "postalCode", "businessCategory",
	"organizationIdentifier", "emailAddress", NULL,
};

/*
 * In the order of name_types: how it is written, and the upper bound in
 * characters (RFC 5280, appendix A.1; X.520 for those not named there).
 */
static const struct type {
	int nid;
	int tag;
	size_t max;
} types[] = {
	{ NID_countryName, DER_PRINTABLE_STRING, 2 },
	{ NID_organizationName, DER_UTF8_STRING, 64 },
	{ NID_organizationalUnitName, DER_UTF8_STRING, 64 },
	{ NID_dnQualifier, DER_PRINTABLE_STRING, 64 },
	{ NID_stateOrProvinceName, DER_UTF8_STRING, 128 },
	{ NID_commonName, DER_UTF8_STRING, 64 },
	{ NID_serialNumber, DER_PRINTABLE_STRING, 64 },
	{ NID_localityName, DER_UTF8_STRING, 128 },
	{ NID_title, DER_UTF8_STRING, 64 },
	{ NID_surname, DER_UTF8_STRING, 32768 },
	{ NID_givenName, DER_UTF8_STRING, 32768 },
	{ NID_initials, DER_UTF8_STRING, 32768 },
	{ NID_pseudonym, DER_UTF8_STRING, 128 },
	{ NID_generationQualifier, DER_UTF8_STRING, 32768 },
	{ NID_domainComponent, DER_IA5_STRING, 63 },
	{ NID_userId, DER_UTF8_STRING, 256 },
	{ NID_streetAddress, DER_UTF8_STRING, 128 },
	{ NID_postalCode, DER_UTF8_STRING, 40 },
	{ NID_businessCategory, DER_UTF8_STRING, 128 },
	{ NID_organizationIdentifier, DER_UTF8_STRING, 256 },
	{ NID_pkcs9_emailAddress, DER_IA5_STRING, 255 },
};
_Static_assert(COUNT(types) + 1 == COUNT(name_types), "one row per type");

static const struct type other_type = { NID_undef, DER_UTF8_STRING, 32768 };

static const struct type *
type_of_name(const char *name)
{
	size_t n;

	for (n = 0; n < COUNT(types); n++)
		if (strcmp(name_types[n], name) == 0)
			return &types[n];
	return NULL;
}

static const struct type *
type_of_oid(struct bytes oid)
{
	const ASN1_OBJECT *known;
	size_t n;

	for (n = 0; n < COUNT(types); n++) {
		known = OBJ_nid2obj(types[n].nid);
		if (bytes_is_equal(oid, bytes_of(OBJ_get0_data(known),
		    OBJ_length(known))))
			return &types[n];
	}
	return &other_type;
}

/* Its short name, or the dotted OID. */
static void
type_show(const struct type *type, struct bytes oid, char *out, size_t size)
{
	if (type == &other_type)
		der_show_oid(oid, out, size);
	else
		snprintf(out, size, "%s", name_types[type - types]);
}

/* Where one stands in a Name: AttributeTypeAndValue by the next. */
struct place {
	struct bytes rdns;	/* not yet entered */
	struct bytes rdn;	/* what is left of the one entered */
	bool joined;		/* not the first of its RDN */
	struct bytes oid;
	int tag;
	struct bytes content, value;	/* without and with tag and length */
};

static bool
place_has_more(const struct place *place)
{
	return place->rdns.len > 0 || place->rdn.len > 0;
}

static int
place_next(struct place *place, struct fail *fail)
{
	struct bytes pair;

	place->joined = place->rdn.len > 0;
	if (!place->joined && der_next(&place->rdns, DER_SET, &place->rdn,
	    NULL, fail) != 0)
		return -1;
	if (der_next(&place->rdn, DER_SEQUENCE, &pair, NULL, fail) != 0 ||
	    der_next(&pair, DER_OID, &place->oid, NULL, fail) != 0)
		return -1;
	if (pair.len == 0)
		return fail_with(fail, FAIL_INPUT, "attribute without value");
	place->tag = pair.data[0];
	if (der_next(&pair, place->tag, &place->content, &place->value,
	    fail) != 0)
		return -1;
	return der_end_of(pair, fail);
}

static int
place_open(struct place *place, struct bytes der, struct fail *fail)
{
	*place = (struct place){ 0 };
	if (der.len > NAME_SIZE)
		return fail_with(fail, FAIL_INPUT, "name larger than %d bytes",
		    NAME_SIZE);
	if (der_check(der, fail) != 0)
		return -1;
	return der_next(&der, DER_SEQUENCE, &place->rdns, NULL, fail);
}

/* PrintableString (X.680, 41.4) is not checked by OpenSSL. */
static bool
is_printable(struct bytes text)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789 '()+,-./:=?";
	size_t n;

	for (n = 0; n < text.len; n++)
		if (text.data[n] == '\0' ||
		    strchr(allowed, text.data[n]) == NULL)
			return false;
	return true;
}

static bool
is_ascii(struct bytes text)
{
	size_t n;

	for (n = 0; n < text.len; n++)
		if (text.data[n] >= 0x80)
			return false;
	return true;
}

static bool
fits_string(int tag, struct bytes text)
{
	if (tag == DER_PRINTABLE_STRING)
		return is_printable(text);
	if (tag == DER_IA5_STRING)
		return is_ascii(text);
	return true;
}

static const char *
string_name(int tag)
{
	switch (tag) {
	case DER_PRINTABLE_STRING:
		return "PrintableString";
	case DER_IA5_STRING:
		return "IA5String";
	case DER_UTF8_STRING:
		return "UTF8String";
	case TELETEX_STRING:
		return "TeletexString";
	case UNIVERSAL_STRING:
		return "UniversalString";
	case BMP_STRING:
		return "BMPString";
	default:
		return NULL;
	}
}

/* OpenSSL's string types are the tag numbers; a Teletex one is Latin-1. */
static int
decode(int tag, struct bytes content, struct buf *out)
{
	ASN1_STRING *string;
	unsigned char *utf8 = NULL;
	int len = -1;

	if (string_name(tag) == NULL || !fits_string(tag, content))
		return -1;
	string = ASN1_STRING_type_new(tag);
	if (string != NULL && ASN1_STRING_set(string, content.data,
	    (int)content.len) == 1)
		len = ASN1_STRING_to_UTF8(&utf8, string);
	ASN1_STRING_free(string);
	if (len >= 0)
		buf_append(out, utf8, (size_t)len);
	OPENSSL_free(utf8);
	ERR_clear_error();
	return len < 0 ? -1 : 0;
}

static size_t
count_characters(struct bytes utf8)
{
	size_t count = 0, n;

	for (n = 0; n < utf8.len; n++)
		count += (utf8.data[n] & 0xc0) != 0x80;
	return count;
}

static int
check_text(size_t max, const char *shown, struct bytes text,
    enum fail_kind kind, struct fail *fail)
{
	size_t have = count_characters(text);
	char what[64];

	if (text.len == 0)
		return fail_with(fail, kind, "%s is empty", shown);
	if (text_is_deceptive(text, what, sizeof(what)))
		return fail_with(fail, kind, "%s holds %s", shown, what);
	if (have > max)
		return fail_with(fail, kind, "%s has %zu characters, "
		    "at most %zu", shown, have, max);
	return 0;
}

/* The value as UTF-8; `shown` names the type. */
static int
read_text(const struct place *place, const char *shown, struct buf *out,
    struct fail *fail)
{
	const char *string = string_name(place->tag);

	if (string == NULL)
		return fail_with(fail, FAIL_INPUT, "%s: string type %02x, "
		    "want a DirectoryString or IA5String", shown,
		    (unsigned)place->tag);
	if (decode(place->tag, place->content, out) != 0)
		return fail_with(fail, FAIL_INPUT, "%s: does not decode as "
		    "%s", shown, string);
	return 0;
}

static int
read_attribute(const struct place *place, struct name_attribute *out,
    struct fail *fail)
{
	const struct type *type = type_of_oid(place->oid);
	AUTO(buf_release) struct buf text = { 0 };

	type_show(type, place->oid, out->type, sizeof(out->type));
	if (read_text(place, out->type, &text, fail) != 0)
		return -1;
	out->tag = place->tag;
	out->max = type->max;
	out->len = text.len;
	out->text = mem_new(text.len + 1, 1);
	memcpy(out->text, buf_cstr(&text), text.len);
	return 0;
}

int
name_read_any(struct bytes der, struct name **out, struct fail *fail)
{
	AUTO(name_release) struct name *name = NULL;
	struct place place;

	if (place_open(&place, der, fail) != 0)
		return -1;
	name = mem_new(1, sizeof(*name));
	name->attributes = mem_new(ATTRIBUTES_MAX, sizeof(*name->attributes));
	while (place_has_more(&place)) {
		if (name->count == ATTRIBUTES_MAX)
			return fail_with(fail, FAIL_INPUT,
			    "more than %d attributes", ATTRIBUTES_MAX);
		if (place_next(&place, fail) != 0 || read_attribute(&place,
		    &name->attributes[name->count], fail) != 0)
			return -1;
		name->count++;
	}
	*out = GIVE(name);
	return 0;
}

int
name_read(struct bytes der, struct name **out, struct fail *fail)
{
	AUTO(name_release) struct name *name = NULL;

	if (name_read_any(der, &name, fail) != 0)
		return -1;
	for (size_t n = 0; n < name->count; n++) {
		const struct name_attribute *attribute = &name->attributes[n];

		if (check_text(attribute->max, attribute->type,
		    bytes_of(attribute->text, attribute->len), FAIL_REFUSED,
		    fail) != 0)
			return -1;
	}
	*out = GIVE(name);
	return 0;
}

size_t
name_count(const struct name_attribute *attribute)
{
	return count_characters(bytes_of(attribute->text, attribute->len));
}

int
name_read_shape(struct bytes der, struct fail *fail)
{
	char shown[sizeof(((struct name_attribute *)0)->type)];
	struct place place;

	if (place_open(&place, der, fail) != 0)
		return -1;
	while (place_has_more(&place)) {
		AUTO(buf_release) struct buf text = { 0 };

		if (place_next(&place, fail) != 0)
			return -1;
		type_show(type_of_oid(place.oid), place.oid, shown,
		    sizeof(shown));
		if (read_text(&place, shown, &text, fail) != 0)
			return -1;
	}
	return 0;
}

void
name_release(struct name **name)
{
	size_t n;

	if (*name == NULL)
		return;
	for (n = 0; n < (*name)->count; n++)
		free((*name)->attributes[n].text);
	free((*name)->attributes);
	free(*name);
	*name = NULL;
}

const char *
name_get(const struct name *name, const char *type)
{
	size_t n;

	for (n = 0; n < name->count; n++)
		if (strcmp(name->attributes[n].type, type) == 0)
			return name->attributes[n].text;
	return NULL;
}

static int
unknown_type(const char *name, struct fail *fail)
{
	const char *near = text_nearest(name, name_types);

	if (near == NULL)
		return fail_with(fail, FAIL_INPUT, "%s: unknown name type",
		    name);
	return fail_with(fail, FAIL_INPUT, "%s: unknown name type, is %s "
	    "meant?", name, near);
}

static int
write_pair(const struct name_pair *pair, struct buf *out, struct fail *fail)
{
	const struct type *type = type_of_name(pair->type);
	struct bytes text = bytes_text(pair->value);
	size_t set, sequence;

	if (type == NULL)
		return unknown_type(pair->type, fail);
	if (check_text(type->max, pair->type, text, FAIL_INPUT, fail) != 0)
		return -1;
	if (!fits_string(type->tag, text))
		return fail_with(fail, FAIL_INPUT, "%s: %s does not fit %s",
		    pair->type, pair->value, string_name(type->tag));
	set = der_begin(out, DER_SET);
	sequence = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, type->nid);
	der_put(out, type->tag, text);
	der_end(out, sequence);
	der_end(out, set);
	return 0;
}

int
name_write(const struct name_pair *pairs, size_t count, struct buf *out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf name = { 0 };
	size_t mark = der_begin(&name, DER_SEQUENCE), n;

	for (n = 0; n < count; n++)
		if (write_pair(&pairs[n], &name, fail) != 0)
			return -1;
	der_end(&name, mark);
	buf_put(out, buf_bytes(&name));
	return 0;
}

/* A comma or plus in a value must not pass for a separator. */
static void
show_text(struct bytes text, struct buf *out)
{
	size_t from = 0, n;

	for (n = 0; n < text.len; n++) {
		if (text.data[n] != ',' && text.data[n] != '+')
			continue;
		text_escape(out, bytes_of(text.data + from, n - from));
		buf_printf(out, "\\%c", text.data[n]);
		from = n + 1;
	}
	text_escape(out, bytes_of(text.data + from, text.len - from));
}

static void
show_hex(struct bytes bytes, struct buf *out)
{
	buf_text(out, "#");
	text_hex(out, bytes);
}

static void
show_attribute(const struct place *place, struct buf *out)
{
	AUTO(buf_release) struct buf text = { 0 };
	char type[64];

	type_show(type_of_oid(place->oid), place->oid, type, sizeof(type));
	buf_printf(out, "%s=", type);
	if (decode(place->tag, place->content, &text) != 0)
		show_hex(place->value, out);
	else
		show_text(buf_bytes(&text), out);
}

void
name_show(struct bytes der, struct buf *out)
{
	AUTO(buf_release) struct buf shown = { 0 };
	struct fail fail = { 0 };
	struct place place;

	if (place_open(&place, der, &fail) != 0) {
		show_hex(der, out);
		return;
	}
	while (place_has_more(&place)) {
		if (place_next(&place, &fail) != 0) {
			show_hex(der, out);
			return;
		}
		if (shown.len > 0)
			buf_text(&shown, place.joined ? " + " : ", ");
		show_attribute(&place, &shown);
	}
	buf_put(out, buf_bytes(&shown));
}
