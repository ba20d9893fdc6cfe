/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory as AWS Private CA's audit report has it (AWS Private CA User
 * Guide, "Using audit reports with your private CA"): its columns and keys,
 * in its order and encodings. Nothing is added to a value, not even to one
 * that a spreadsheet takes for a formula, as AWS adds nothing either; the
 * subject, the only text from outside, begins with an attribute's type.
 */
#include <anchorite/out/export.h>

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/json.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#include "export_internal.h"

enum column {
	ACCOUNT,
	PRINCIPAL,
	ARN,
	SERIAL,
	SUBJECT,
	NOT_BEFORE,
	NOT_AFTER,
	ISSUED_AT,
	REVOKED_AT,
	REASON,
	TEMPLATE,
	COLUMNS,
};

static const char *const names[COLUMNS] = {
	[ACCOUNT] = "awsAccountId",	/* AWS's alone: always empty here */
	[PRINCIPAL] = "requestedByServicePrincipal",	/* as is this, */
	[ARN] = "certificateArn",			/* and this, */
	[SERIAL] = "serial",
	[SUBJECT] = "subject",
	[NOT_BEFORE] = "notBefore",
	[NOT_AFTER] = "notAfter",
	[ISSUED_AT] = "issuedAt",
	[REVOKED_AT] = "revokedAt",
	[REASON] = "revocationReason",
	[TEMPLATE] = "templateArn",			/* and this */
};

/* AWS's words (API RevokeCertificate, RevocationReason). */
static const char *const reasons[] = {
	[CRL_UNSPECIFIED] = "UNSPECIFIED",
	[CRL_KEY_COMPROMISE] = "KEY_COMPROMISE",
	[CRL_CA_COMPROMISE] = "CERTIFICATE_AUTHORITY_COMPROMISE",
	[CRL_AFFILIATION_CHANGED] = "AFFILIATION_CHANGED",
	[CRL_SUPERSEDED] = "SUPERSEDED",
	[CRL_CESSATION_OF_OPERATION] = "CESSATION_OF_OPERATION",
	[CRL_PRIVILEGE_WITHDRAWN] = "PRIVILEGE_WITHDRAWN",
};

/* A certificate's cells; an empty one is not known. */
struct row {
	struct buf cells[COLUMNS];
};

static void
row_release(struct row *row)
{
	for (size_t n = 0; n < COLUMNS; n++)
		buf_release(&row->cells[n]);
}

/* The names of types that RFC 4514, 3, knows; others are dotted. */
static const struct {
	const char *oid, *name;
} types[] = {
	{ "2.5.4.3", "CN" },
	{ "2.5.4.6", "C" },
	{ "2.5.4.7", "L" },
	{ "2.5.4.8", "ST" },
	{ "2.5.4.9", "STREET" },
	{ "2.5.4.10", "O" },
	{ "2.5.4.11", "OU" },
	{ "0.9.2342.19200300.100.1.1", "UID" },
	{ "0.9.2342.19200300.100.1.25", "DC" },
};

static const char *
type_name(const char *oid)
{
	for (size_t n = 0; n < COUNT(types); n++)
		if (strcmp(types[n].oid, oid) == 0)
			return types[n].name;
	return NULL;
}

/* As UTF-8; false where it is no string. OpenSSL's types are the tags. */
static bool
value_decode(int tag, struct bytes content, struct buf *out)
{
	ASN1_STRING *string = ASN1_STRING_type_new(tag);
	unsigned char *utf8 = NULL;
	int len = -1;

	if (string != NULL && ASN1_STRING_set(string, content.data,
	    (int)content.len) == 1)
		len = ASN1_STRING_to_UTF8(&utf8, string);
	ASN1_STRING_free(string);
	if (len > 0)
		buf_append(out, utf8, (size_t)len);
	OPENSSL_free(utf8);
	ERR_clear_error();
	return len >= 0;
}

/*
 * RFC 4514, 2.4. Any other octet may stand as \HH too, and so does each of a
 * text that could deceive a reader, but for ASCII: a parser reads the same.
 */
static void
put_value(struct bytes text, struct buf *out)
{
	bool is_plain = !text_is_deceptive(text, NULL, 0);

	for (size_t n = 0; n < text.len; n++) {
		uint8_t c = text.data[n];
		bool is_end = n == 0 || n == text.len - 1;

		if (!is_plain && (c < ' ' || c > '~'))
			buf_printf(out, "\\%02X", (unsigned)c);
		else if (strchr("\"+,;<>\\", c) != NULL ||
		    (c == ' ' && is_end) || (c == '#' && n == 0))
			buf_printf(out, "\\%c", c);
		else
			buf_append(out, &c, 1);
	}
}

/* One AttributeTypeAndValue, taken off its RDN. */
static int
put_attribute(struct bytes *rdn, struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct bytes pair, oid, content, whole;
	char dotted[DER_OID_SIZE];
	const char *name;
	int tag;

	if (der_next(rdn, DER_SEQUENCE, &pair, NULL, fail) == -1 ||
	    der_next(&pair, DER_OID, &oid, NULL, fail) == -1)
		return -1;
	tag = pair.len > 0 ? pair.data[0] : 0;
	if (der_next(&pair, tag, &content, &whole, fail) == -1)
		return -1;
	der_show_oid(oid, dotted, sizeof(dotted));
	name = type_name(dotted);
	buf_printf(out, "%s=", name != NULL ? name : dotted);
	if (name != NULL && value_decode(tag, content, &text)) {
		put_value(buf_bytes(&text), out);
		return 0;
	}
	buf_text(out, "#");
	text_hex(out, whole);
	return 0;
}

static int
put_rdn(struct bytes rdn, struct buf *out, struct fail *fail)
{
	const size_t start = out->len;

	while (rdn.len > 0) {
		if (out->len > start)
			buf_text(out, "+");
		if (put_attribute(&rdn, out, fail) == -1)
			return -1;
	}
	return 0;
}

/* RFC 4514, 2.1: the last RDN first. */
static int
put_subject(struct bytes name, struct buf *out, struct fail *fail)
{
	struct bytes rdns, rdn;

	if (der_next(&name, DER_SEQUENCE, &rdns, NULL, fail) == -1)
		return -1;
	while (rdns.len > 0) {
		AUTO(buf_release) struct buf text = { 0 };

		if (der_next(&rdns, DER_SET, &rdn, NULL, fail) == -1 ||
		    put_rdn(rdn, &text, fail) == -1)
			return -1;
		if (out->len > 0)
			buf_text(&text, ",");
		buf_put(&text, buf_bytes(out));
		buf_release(out);
		buf_move(out, &text);
	}
	return 0;
}

/* "2020-02-26T18:39:57+0000" */
static void
put_time(int64_t seconds, struct buf *out)
{
	char text[TEXT_TIME_SIZE];

	text_time(seconds, text);
	buf_printf(out, "%.*s+0000", TEXT_TIME_SIZE - 2, text);
}

static void
put_serial(const struct serial *serial, struct buf *out)
{
	for (size_t n = 0; n < serial->len; n++)
		buf_printf(out, "%s%02x", n > 0 ? ":" : "",
		    (unsigned)serial->octets[n]);
}

/* What only the certificate says. */
static int
row_read(const struct exporter *exporter, const struct digest *digest,
    struct row *row, struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = NULL;
	AUTO(buf_release) struct buf der = { 0 };

	if (objects_get(exporter->objects, digest, &der, fail) == -1 ||
	    cert_read(buf_bytes(&der), &cert, fail) == -1)
		return -1;
	put_time(cert->not_before, &row->cells[NOT_BEFORE]);
	put_time(cert->not_after, &row->cells[NOT_AFTER]);
	return put_subject(cert->subject, &row->cells[SUBJECT], fail);
}

static int
row_fill(const struct exporter *exporter, const struct issued *issued,
    struct row *row, struct fail *fail)
{
	put_serial(&issued->serial, &row->cells[SERIAL]);
	put_time(issued->issued_at, &row->cells[ISSUED_AT]);
	if (issued->status == ISSUED_REVOKED) {
		put_time(issued->revoked_at, &row->cells[REVOKED_AT]);
		buf_text(&row->cells[REASON], reasons[issued->reason]);
	}
	if (!issued->has_certificate)
		return 0;
	if (row_read(exporter, &issued->certificate, row, fail) == 0)
		return 0;
	if (fail->kind == FAIL_INPUT || fail->kind == FAIL_REFUSED)
		fail->kind = FAIL_JOURNAL;
	return fail_in(fail, "certificate %s", buf_cstr(&row->cells[SERIAL]));
}

/* Quoted and escaped (RFC 8259, 7): a list of one, without its brackets. */
static void
put_json_text(const char *text, struct buf *out)
{
	AUTO(json_release) struct json *list = json_new_list();
	AUTO(buf_release) struct buf json = { 0 };

	json_add_text(list, text);
	json_write(list, &json);
	buf_append(out, json.data + 1, json.len - 2);
}

static void
row_put_json(struct row *row, struct buf *out)
{
	const char *before = "{";

	for (size_t n = 0; n < COLUMNS; n++) {
		if (row->cells[n].len == 0)
			continue;
		buf_printf(out, "%s\"%s\":", before, names[n]);
		put_json_text(buf_cstr(&row->cells[n]), out);
		before = ",";
	}
	buf_text(out, "}");
}

/* RFC 4180 but for the lines' ends, which AWS does not say: LF, so that the
 * last column is nobody's carriage return. */
static void
row_put_csv(struct row *row, struct buf *out)
{
	for (size_t n = 0; n < COLUMNS; n++) {
		if (n > 0)
			buf_text(out, ",");
		export_cell(out, buf_cstr(&row->cells[n]));
	}
	buf_text(out, "\n");
}

static int
put_certificate(struct exporter *exporter, const struct issued *issued,
    struct fail *fail)
{
	AUTO(row_release) struct row row = { 0 };
	AUTO(buf_release) struct buf out = { 0 };

	if (row_fill(exporter, issued, &row, fail) == -1)
		return -1;
	if (exporter->plan->format == EXPORT_ACM_PCA_JSON) {
		buf_text(&out, exporter->sum.rows > 0 ? ",\n" : "\n");
		row_put_json(&row, &out);
	} else {
		row_put_csv(&row, &out);
	}
	exporter->sum.rows++;
	return export_put(exporter, buf_bytes(&out), fail);
}

static int
put_certificates(struct exporter *exporter, struct fail *fail)
{
	const struct ledger *ledger = exporter->ledger;

	for (size_t n = 0; n < ledger->issued_count; n++) {
		const struct issued *issued = &ledger->issued[n];

		/* Nothing came of it behind plan->since. */
		if (n < exporter->then_count &&
		    issued->status == exporter->then[n])
			continue;
		if (put_certificate(exporter, issued, fail) == -1)
			return -1;
	}
	return 0;
}

static int
put_json(struct exporter *exporter, struct fail *fail)
{
	if (export_put(exporter, bytes_text("["), fail) == -1 ||
	    put_certificates(exporter, fail) == -1)
		return -1;
	return export_put(exporter,
	    bytes_text(exporter->sum.rows > 0 ? "\n]\n" : "]\n"), fail);
}

static int
put_csv(struct exporter *exporter, struct fail *fail)
{
	AUTO(buf_release) struct buf header = { 0 };

	for (size_t n = 0; n < COLUMNS; n++)
		buf_printf(&header, "%s%s", n > 0 ? "," : "", names[n]);
	buf_text(&header, "\n");
	if (export_put(exporter, buf_bytes(&header), fail) == -1)
		return -1;
	return put_certificates(exporter, fail);
}

int
export_acm_pca(struct exporter *exporter, struct fail *fail)
{
	return exporter->plan->format == EXPORT_ACM_PCA_JSON ?
	    put_json(exporter, fail) : put_csv(exporter, fail);
}
