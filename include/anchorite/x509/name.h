/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_NAME_H
#define ANCHORITE_X509_NAME_H

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * A distinguished name (RFC 5280, 4.1.2.4) is kept as its DER bytes, and
 * copied byte for byte; what is read from it serves judgement and display.
 */
struct name_attribute {
	char type[64];		/* "CN", "O", … or a dotted OID */
	char *text;		/* UTF-8; owned; a NUL stands behind it */
	size_t len;		/* of the text, which may hold NULs itself */
	size_t max;		/* its upper bound, in characters */
	int tag;		/* the string type in the encoding */
};

struct name {
	struct name_attribute *attributes;
	size_t count;
};

/* The short names the program knows, NULL-ended: C O OU ST L CN … */
extern const char *const name_types[];

/*
 * Reads a Name for judgement: at most 64 attributes, 64 kB, each a
 * DirectoryString or IA5String that decodes. FAIL_REFUSED where a value
 * could deceive a reader ("subject: CN holds a NUL", "…: CN holds a
 * bidirectional control (U+202E)"), is empty, or is longer than its upper
 * bound (RFC 5280, appendix A.1: "subject: C has 3 characters, at most 2").
 * Sentences do not begin with "subject": the caller says of what.
 */
MUST_USE int name_read(struct bytes der, struct name **out,
    struct fail *fail);
void name_release(struct name **name);

/* The same, its texts not judged: that is left to who has the rules. */
MUST_USE int name_read_any(struct bytes der, struct name **out,
    struct fail *fail);

/* How many characters it has, of which `max` are allowed. */
size_t name_count(const struct name_attribute *attribute);

/*
 * Is it a Name, whatever its texts say? For what was signed long ago: what
 * is judged to deceive may change. FAIL_INPUT, with name_read's sentences.
 */
MUST_USE int name_read_shape(struct bytes der, struct fail *fail);

/*
 * Do verifiers take the one for the other? Byte for byte, or, as RFC 5280, 7.1
 * has it and OpenSSL does: whatever their string types, case and blanks.
 */
bool name_is_like(struct bytes a, struct bytes b);

/* Lends the first value of the type, or NULL. */
const char *name_get(const struct name *name, const char *type);

/*
 * Encodes pairs of type and UTF-8 value, each its own RDN, in the given
 * order: C, serialNumber and dnQualifier as PrintableString, DC and email
 * as IA5String, the rest as UTF8String (as AWS Private CA does). Appends.
 * FAIL_INPUT for an unknown type or a value the string type cannot hold.
 */
struct name_pair {
	const char *type;
	const char *value;
};
MUST_USE int name_write(const struct name_pair *pairs, size_t count,
    struct buf *out, struct fail *fail);

/* Appends "C=US, O=Example Corp, CN=…" in the order of the encoding, safe
 * to show; what does not decode is shown as #HEX. Never fails. */
void name_show(struct bytes der, struct buf *out);

#endif
