/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/der.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>

#define CONSTRUCTED   0x20
#define CLASS_BITS    0xc0
#define CLASS_CONTEXT 0x80
#define NUMBER_BITS   0x1f	/* all set: more octets of tag follow */
#define LENGTH_LONG   0x80
#define LENGTH_OCTETS 4		/* 4 GB: more than any encoding here */
#define DEPTH_MAX     32

#define UTC_LEN         13	/* YYMMDDHHMMSSZ */
#define GENERALIZED_LEN 15	/* YYYYMMDDHHMMSSZ */

/* Writing */

/* The octets that a length needs behind its first one (X.690, 8.1.3). */
static size_t
length_octets(size_t len)
{
	size_t n = 0;

	if (len < LENGTH_LONG)
		return 0;
	for (; len != 0; len >>= 8)
		n++;
	return n;
}

static void
length_write(uint8_t *at, size_t len)
{
	size_t n = length_octets(len);

	if (n == 0) {
		at[0] = (uint8_t)len;
		return;
	}
	at[0] = (uint8_t)(LENGTH_LONG | n);
	for (; n > 0; n--, len >>= 8)
		at[n] = (uint8_t)len;
}

size_t
der_begin(struct buf *out, int tag)
{
	const uint8_t head[] = { (uint8_t)tag, 0 };

	buf_append(out, head, sizeof(head));
	return out->len;
}

void
der_end(struct buf *out, size_t mark)
{
	size_t len = out->len - mark;
	size_t more = length_octets(len);

	buf_reserve(out, more);
	memmove(out->data + mark + more, out->data + mark, len);
	length_write(out->data + mark - 1, len);
	out->len += more;
}

void
der_put(struct buf *out, int tag, struct bytes content)
{
	uint8_t head[2 + sizeof(size_t)] = { (uint8_t)tag };

	length_write(head + 1, content.len);
	buf_append(out, head, 2 + length_octets(content.len));
	buf_put(out, content);
}

void
der_put_unsigned(struct buf *out, struct bytes number)
{
	size_t mark = der_begin(out, DER_INTEGER);

	while (number.len > 0 && number.data[0] == 0) {
		number.data++;
		number.len--;
	}
	if (number.len == 0 || (number.data[0] & 0x80) != 0)
		buf_append(out, "\0", 1);
	buf_put(out, number);
	der_end(out, mark);
}

void
der_put_number(struct buf *out, uint64_t number)
{
	uint8_t octets[sizeof(number)];
	size_t n;

	for (n = sizeof(octets); n > 0; n--, number >>= 8)
		octets[n - 1] = (uint8_t)number;
	der_put_unsigned(out, bytes_of(octets, sizeof(octets)));
}

void
der_put_bool(struct buf *out, bool value)
{
	der_put(out, DER_BOOLEAN, bytes_of(value ? "\xff" : "\0", 1));
}

void
der_put_bits(struct buf *out, struct bytes octets)
{
	size_t mark = der_begin(out, DER_BIT_STRING);

	buf_append(out, "\0", 1);
	buf_put(out, octets);
	der_end(out, mark);
}

void
der_put_nid(struct buf *out, int nid)
{
	const ASN1_OBJECT *oid = OBJ_nid2obj(nid);

	der_put(out, DER_OID, bytes_of(OBJ_get0_data(oid), OBJ_length(oid)));
}

void
der_put_time(struct buf *out, int64_t seconds)
{
	time_t time = (time_t)seconds;
	char text[32];
	struct tm tm;
	bool utc;

	if (gmtime_r(&time, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	utc = tm.tm_year >= 50 && tm.tm_year < 150;
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	der_put(out, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME,
	    bytes_text(utc ? text + 2 : text));
}

/* Reading */

static int
not_der(struct fail *fail, const char *why)
{
	return fail_with(fail, FAIL_INPUT, "not DER: %s", why);
}

static const struct {
	int tag;
	const char *name;
} tag_names[] = {
	{ DER_BOOLEAN, "BOOLEAN" },
	{ DER_INTEGER, "INTEGER" },
	{ DER_BIT_STRING, "BIT STRING" },
	{ DER_OCTET_STRING, "OCTET STRING" },
	{ DER_NULL, "NULL" },
	{ DER_OID, "OBJECT IDENTIFIER" },
	{ DER_ENUMERATED, "ENUMERATED" },
	{ DER_UTF8_STRING, "UTF8String" },
	{ DER_PRINTABLE_STRING, "PrintableString" },
	{ DER_IA5_STRING, "IA5String" },
	{ DER_UTC_TIME, "UTCTime" },
	{ DER_GENERALIZED_TIME, "GeneralizedTime" },
	{ DER_SEQUENCE, "SEQUENCE" },
	{ DER_SET, "SET" },
};

struct tag_words {
	char text[24];
};

static struct tag_words
tag_show(int tag)
{
	struct tag_words words;
	size_t n;

	for (n = 0; n < COUNT(tag_names); n++)
		if (tag_names[n].tag == tag)
			break;
	if (n < COUNT(tag_names))
		snprintf(words.text, sizeof(words.text), "%s",
		    tag_names[n].name);
	else if ((tag & CLASS_BITS) == CLASS_CONTEXT)
		snprintf(words.text, sizeof(words.text), "[%d]",
		    tag & NUMBER_BITS);
	else
		snprintf(words.text, sizeof(words.text), "tag %02x",
		    (unsigned)tag);
	return words;
}

/* The length behind the tag; *head_out counts tag and length octets. */
static int
length_read(struct bytes in, size_t *head_out, size_t *len_out,
    struct fail *fail)
{
	size_t n, octets, len = 0;

	if (in.len < 2)
		return not_der(fail, "ends within an element");
	if (in.data[1] == LENGTH_LONG)
		return not_der(fail, "indefinite length");
	octets = in.data[1] < LENGTH_LONG ? 0 : in.data[1] & ~LENGTH_LONG;
	if (octets > LENGTH_OCTETS)
		return not_der(fail, "length of more than four octets");
	if (in.len < 2 + octets)
		return not_der(fail, "ends within an element");
	for (n = 0; n < octets; n++)
		len = len << 8 | in.data[2 + n];
	if (octets == 0)
		len = in.data[1];
	if (length_octets(len) != octets)
		return not_der(fail, "length longer than need be");
	if (len > in.len - 2 - octets)
		return not_der(fail, "ends within an element");
	*head_out = 2 + octets;
	*len_out = len;
	return 0;
}

/* The next element, whatever its tag. */
static int
element_next(struct bytes *rest, int *tag_out, struct bytes *content_out,
    struct bytes *whole_out, struct fail *fail)
{
	size_t head = 0, len = 0;

	if (length_read(*rest, &head, &len, fail) != 0)
		return -1;
	*tag_out = rest->data[0];
	*content_out = bytes_of(rest->data + head, len);
	*whole_out = bytes_of(rest->data, head + len);
	*rest = bytes_of(rest->data + head + len, rest->len - head - len);
	return 0;
}

int
der_next(struct bytes *rest, int tag, struct bytes *content_out,
    struct bytes *whole_out, struct fail *fail)
{
	struct bytes after = *rest, content, whole;
	int have;

	if (rest->len == 0)
		return fail_with(fail, FAIL_INPUT, "%s missing",
		    tag_show(tag).text);
	if (rest->data[0] != tag)
		return fail_with(fail, FAIL_INPUT, "want %s, have %s",
		    tag_show(tag).text, tag_show(rest->data[0]).text);
	if (element_next(&after, &have, &content, &whole, fail) != 0)
		return -1;
	if (content_out != NULL)
		*content_out = content;
	if (whole_out != NULL)
		*whole_out = whole;
	*rest = after;
	return 0;
}

bool
der_is_next(struct bytes rest, int tag)
{
	return rest.len > 0 && rest.data[0] == tag;
}

int
der_end_of(struct bytes rest, struct fail *fail)
{
	if (rest.len != 0)
		return fail_with(fail, FAIL_INPUT, "trailing bytes");
	return 0;
}

void
der_show_oid(struct bytes oid, char *out, size_t size)
{
	AUTO(buf_release) struct buf whole = { 0 };
	ASN1_OBJECT *object = NULL;
	const uint8_t *at;
	int len = 0;

	der_put(&whole, DER_OID, oid);
	at = whole.data;
	if (oid.len <= size / 2)	/* an octet takes two digits or more */
		object = d2i_ASN1_OBJECT(NULL, &at, (long)whole.len);
	if (object != NULL)
		len = OBJ_obj2txt(out, (int)size, object, 1);
	if (oid.len > size / 2 || (len > 0 && (size_t)len >= size))
		snprintf(out, size, "an OID of %zu octets", oid.len);
	else if (len <= 0)
		snprintf(out, size, "an OID that does not decode");
	ASN1_OBJECT_free(object);
	ERR_clear_error();
}

/* Checking */

static int
check_integer(struct bytes content, struct fail *fail)
{
	if (content.len == 0)
		return not_der(fail, "INTEGER without octets");
	if (content.len > 1 &&
	    ((content.data[0] == 0x00 && (content.data[1] & 0x80) == 0) ||
	    (content.data[0] == 0xff && (content.data[1] & 0x80) != 0)))
		return not_der(fail, "INTEGER longer than need be");
	return 0;
}

static int
check_oid(struct bytes content, struct fail *fail)
{
	bool first = true;
	size_t n;

	for (n = 0; n < content.len; n++) {
		if (first && content.data[n] == 0x80)
			return not_der(fail,
			    "OBJECT IDENTIFIER longer than need be");
		first = (content.data[n] & 0x80) == 0;
	}
	if (content.len == 0 || !first)
		return not_der(fail, "OBJECT IDENTIFIER without an end");
	return 0;
}

static int
check_bits(struct bytes content, struct fail *fail)
{
	unsigned unused;

	if (content.len == 0)
		return not_der(fail, "BIT STRING without octets");
	unused = content.data[0];
	if (unused > 7 || (content.len == 1 && unused != 0) ||
	    (content.data[content.len - 1] & ((1U << unused) - 1)) != 0)
		return not_der(fail, "BIT STRING with unused bits set");
	return 0;
}

static int
check_primitive(int tag, struct bytes content, struct fail *fail)
{
	switch (tag) {
	case DER_BOOLEAN:
		if (content.len != 1 ||
		    (content.data[0] != 0x00 && content.data[0] != 0xff))
			return not_der(fail, "BOOLEAN but 00 and FF");
		return 0;
	case DER_INTEGER:
	case DER_ENUMERATED:
		return check_integer(content, fail);
	case DER_BIT_STRING:
		return check_bits(content, fail);
	case DER_NULL:
		if (content.len != 0)
			return not_der(fail, "NULL with octets");
		return 0;
	case DER_OID:
		return check_oid(content, fail);
	default:
		return 0;
	}
}

/* X.690, 10.2 and 8.9 to 8.12: what is constructed, and what must not be. */
static int
check_tag(int tag, struct fail *fail)
{
	int number = tag & NUMBER_BITS;
	bool sequence = number == (DER_SEQUENCE & NUMBER_BITS) ||
	    number == (DER_SET & NUMBER_BITS);

	if (number == NUMBER_BITS)
		return not_der(fail, "tag of more than one octet");
	if ((tag & CLASS_BITS) != 0)
		return 0;
	if (number == 0)
		return not_der(fail, "tag 0");
	if ((tag & CONSTRUCTED) != 0 && !sequence)
		return not_der(fail, "constructed string");
	if ((tag & CONSTRUCTED) == 0 && sequence)
		return not_der(fail, "primitive SEQUENCE or SET");
	return 0;
}

/* X.690, 11.6: compared as if the shorter were padded with zeros. */
static bool
is_ordered(struct bytes before, struct bytes after)
{
	size_t len = before.len < after.len ? before.len : after.len;

	/* Two elements that differ do so before the shorter one ends. */
	return len == 0 || memcmp(before.data, after.data, len) <= 0;
}

static int
check_elements(struct bytes rest, bool set, int depth, struct fail *fail)
{
	struct bytes content, whole, before = { 0 };
	int tag;

	if (rest.len != 0 && depth > DEPTH_MAX)
		return not_der(fail, "more than 32 levels");
	while (rest.len != 0) {
		if (check_tag(rest.data[0], fail) != 0 ||
		    element_next(&rest, &tag, &content, &whole, fail) != 0)
			return -1;
		if (set && !is_ordered(before, whole))
			return not_der(fail, "SET OF out of order");
		before = whole;
		if ((tag & CONSTRUCTED) == 0 ?
		    check_primitive(tag, content, fail) != 0 :
		    check_elements(content, tag == DER_SET, depth + 1,
		    fail) != 0)
			return -1;
	}
	return 0;
}

int
der_check(struct bytes der, struct fail *fail)
{
	struct bytes rest = der, content, whole;
	int tag;

	if (element_next(&rest, &tag, &content, &whole, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return -1;
	return check_elements(der, false, 1, fail);
}

/* `count` digits as a number; -1 where one of them is none. */
static int
digits(const uint8_t *at, size_t count)
{
	int number = 0;
	size_t n;

	for (n = 0; n < count; n++) {
		if (at[n] < '0' || at[n] > '9')
			return -1;
		number = 10 * number + (at[n] - '0');
	}
	return number;
}

/* Years 1950 to 2049 in two digits (RFC 5280, 4.1.2.5.1). */
static int64_t
time_read(const uint8_t *text, size_t year_len)
{
	const uint8_t *at = text + year_len;
	int year = digits(text, year_len);
	struct tm tm = {
		.tm_mon = digits(at, 2) - 1,
		.tm_mday = digits(at + 2, 2),
		.tm_hour = digits(at + 4, 2),
		.tm_min = digits(at + 6, 2),
		.tm_sec = digits(at + 8, 2),
	};

	if (year_len == 2)
		year += year < 50 ? 2000 : 1900;
	tm.tm_year = year - 1900;
	return timegm(&tm);
}

/* Written again and compared: 30 February and 9:60 come out otherwise. */
int
der_read_time(struct bytes *rest, int64_t *out, struct fail *fail)
{
	bool utc = der_is_next(*rest, DER_UTC_TIME);
	AUTO(buf_release) struct buf again = { 0 };
	struct bytes after = *rest, text, whole;
	int64_t seconds = 0;

	if (der_next(&after, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, &text,
	    &whole, fail) != 0)
		return -1;
	if (text.len == (utc ? UTC_LEN : GENERALIZED_LEN))
		seconds = time_read(text.data, utc ? 2 : 4);
	der_put_time(&again, seconds);
	if (!bytes_is_equal(buf_bytes(&again), whole))
		return fail_with(fail, FAIL_INPUT, "time: want YYMMDDHHMMSSZ "
		    "through 2049, then YYYYMMDDHHMMSSZ");
	*out = seconds;
	*rest = after;
	return 0;
}
