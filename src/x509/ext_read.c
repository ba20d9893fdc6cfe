/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/ext.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

const int ext_critical[EXT_CRITICAL] = {
	NID_authority_key_identifier, NID_basic_constraints,
	NID_certificate_policies, NID_ext_key_usage, NID_inhibit_any_policy,
	NID_issuer_alt_name, NID_key_usage, NID_name_constraints,
	NID_policy_mappings, NID_subject_alt_name,
	NID_subject_directory_attributes, NID_subject_key_identifier,
	NID_sinfo_access,
};

const char *const key_usage_names[] = {
	"digitalSignature", "nonRepudiation", "keyEncipherment",
	"dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
	"encipherOnly", "decipherOnly", NULL,
};

const char *const ext_copyable_names[] = {
	"subjectAltName", "extendedKeyUsage", "certificatePolicies",
	"subjectInfoAccess", "msCaVersion", "msPreviousCaHash",
	"msEnrollCertType", NULL,
};

#define BMP_STRING 0x1e

/* What AD CS puts into requests ([MS-WCCE]); not in OpenSSL's table. */
static const struct microsoft {
	const char *oid, *name;
	int tag;
	const char *type;
} microsoft[] = {
	{ "1.3.6.1.4.1.311.21.1", "msCaVersion", DER_INTEGER, "INTEGER" },
	{ "1.3.6.1.4.1.311.21.2", "msPreviousCaHash", DER_OCTET_STRING,
	    "OCTET STRING" },
	{ "1.3.6.1.4.1.311.20.2", "msEnrollCertType", BMP_STRING, "BMPString" },
};

static const struct microsoft *
microsoft_of(struct bytes oid)
{
	char dotted[DER_OID_SIZE];

	der_show_oid(oid, dotted, sizeof(dotted));
	for (size_t n = 0; n < COUNT(microsoft); n++)
		if (strcmp(dotted, microsoft[n].oid) == 0)
			return &microsoft[n];
	return NULL;
}

void
ext_show_oid(struct bytes oid, char *out, size_t size)
{
	char dotted[DER_OID_SIZE];
	const struct microsoft *known = microsoft_of(oid);
	const char *name = dotted;
	int nid;

	der_show_oid(oid, dotted, sizeof(dotted));
	nid = OBJ_txt2nid(dotted);
	ERR_clear_error();
	if (nid != NID_undef)
		name = OBJ_nid2sn(nid);
	if (known != NULL)
		name = known->name;
	snprintf(out, size, "%s", name);
}

static bool
is_nid(struct bytes oid, int nid)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);

	return object != NULL && bytes_is_equal(oid,
	    bytes_of(OBJ_get0_data(object), OBJ_length(object)));
}

/* OpenSSL's way with this extension, or NULL where it has none. */
static const X509V3_EXT_METHOD *
method_of(struct bytes oid)
{
	char dotted[DER_OID_SIZE];
	const X509V3_EXT_METHOD *method;

	der_show_oid(oid, dotted, sizeof(dotted));
	method = X509V3_EXT_get_nid(OBJ_txt2nid(dotted));
	ERR_clear_error();
	return method;
}

/* One element of the type, whole; a BMPString of pairs of octets. */
static int
check_microsoft(const struct ext *ext, const struct microsoft *known,
    struct fail *fail)
{
	struct bytes rest = ext->value, content;

	if (der_check(ext->value, fail) != 0)
		return fail_in(fail, "extension %s", known->name);
	if (der_next(&rest, known->tag, &content, NULL, fail) != 0 ||
	    content.len == 0 ||
	    (known->tag == BMP_STRING && content.len % 2 != 0) ||
	    rest.len > 0)
		return fail_with(fail, FAIL_INPUT, "extension %s: want one %s "
		    "that is not empty", known->name, known->type);
	return 0;
}

/*
 * Decodes a value to the end; what comes of it is encoded again, for
 * DEFAULT values written out are not DER and nothing else would tell.
 */
static int
check_value(const struct ext *ext, struct fail *fail)
{
	const struct microsoft *known = microsoft_of(ext->oid);
	const X509V3_EXT_METHOD *method = method_of(ext->oid);
	const unsigned char *at = ext->value.data;
	long len = (long)ext->value.len;
	unsigned char *again = NULL;
	ASN1_VALUE *value;
	char name[DER_OID_SIZE];
	bool same = true;
	int again_len;

	if (known != NULL)
		return check_microsoft(ext, known, fail);
	if (method == NULL || method->it == NULL)
		return 0;
	ext_show_oid(ext->oid, name, sizeof(name));
	if (der_check(ext->value, fail) != 0)
		return fail_in(fail, "extension %s", name);
	value = ASN1_item_d2i(NULL, &at, len, ASN1_ITEM_ptr(method->it));
	if (value == NULL)
		return fail_openssl(fail, FAIL_INPUT,
		    "extension %s does not parse", name);
	again_len = ASN1_item_i2d(value, &again, ASN1_ITEM_ptr(method->it));
	if (again_len >= 0)
		same = bytes_is_equal(ext->value,
		    bytes_of(again, (size_t)again_len));
	OPENSSL_free(again);
	ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
	if (!same)
		return fail_with(fail, FAIL_INPUT, "extension %s: not DER: "
		    "another encoding than its value has", name);
	return 0;
}

/* Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue } */
static int
read_one(struct bytes *list, struct ext *out, struct fail *fail)
{
	struct bytes one, flag;
	struct ext ext = { 0 };

	if (der_next(list, DER_SEQUENCE, &one, NULL, fail) != 0 ||
	    der_next(&one, DER_OID, &ext.oid, NULL, fail) != 0)
		return -1;
	if (der_is_next(one, DER_BOOLEAN)) {
		if (der_next(&one, DER_BOOLEAN, &flag, NULL, fail) != 0)
			return -1;
		if (flag.len != 1 || flag.data[0] != 0xff)
			return fail_with(fail, FAIL_INPUT,
			    "critical FALSE written out");
		ext.critical = true;
	}
	if (der_next(&one, DER_OCTET_STRING, &ext.value, NULL, fail) != 0 ||
	    der_end_of(one, fail) != 0)
		return -1;
	*out = ext;
	return 0;
}

static int
check_unique(const struct ext *list, size_t count, struct fail *fail)
{
	char name[DER_OID_SIZE];
	size_t n, before;

	for (n = 0; n < count; n++) {
		for (before = 0; before < n; before++)
			if (bytes_is_equal(list[before].oid, list[n].oid))
				break;
		if (before == n)
			continue;
		ext_show_oid(list[n].oid, name, sizeof(name));
		return fail_with(fail, FAIL_INPUT, "extension %s twice", name);
	}
	return 0;
}

int
ext_read(struct bytes extensions, struct ext *out, size_t max,
    size_t *count_out, struct fail *fail)
{
	struct bytes list, counted;
	size_t count = 0, n;

	if (der_check(extensions, fail) != 0 ||
	    der_next(&extensions, DER_SEQUENCE, &list, NULL, fail) != 0)
		return fail_in(fail, "extensions");
	for (counted = list; counted.len > 0; count++)
		if (der_next(&counted, DER_SEQUENCE, NULL, NULL, fail) != 0)
			return fail_in(fail, "extensions");
	if (count == 0)
		return fail_with(fail, FAIL_INPUT, "extensions: none in the "
		    "list, want one at least");
	if (count > max)
		return fail_with(fail, FAIL_INPUT, "extensions: %zu, at most "
		    "%zu", count, max);
	for (n = 0; n < count; n++)
		if (read_one(&list, &out[n], fail) != 0)
			return fail_in(fail, "extension %zu", n + 1);
	if (check_unique(out, count, fail) != 0)
		return -1;
	for (n = 0; n < count; n++)
		if (check_value(&out[n], fail) != 0)
			return -1;
	*count_out = count;
	return 0;
}

const struct ext *
ext_find(const struct ext *list, size_t count, int nid)
{
	size_t n;

	for (n = 0; n < count; n++)
		if (is_nid(list[n].oid, nid))
			return &list[n];
	return NULL;
}

bool
ext_may_copy_critical(const struct ext *ext)
{
	static const int may[] = {
		NID_subject_alt_name, NID_ext_key_usage,
		NID_certificate_policies,
	};
	size_t n;

	for (n = 0; n < COUNT(may); n++)
		if (is_nid(ext->oid, may[n]))
			return true;
	return false;
}

int
ext_read_basic_constraints(const struct ext *ext, bool *ca_out,
    int *path_length_out, struct fail *fail)
{
	const unsigned char *at = ext->value.data;
	BASIC_CONSTRAINTS *value = d2i_BASIC_CONSTRAINTS(NULL, &at,
	    (long)ext->value.len);
	bool ca, fits = true;
	int64_t length = -1;

	if (value == NULL || at != ext->value.data + ext->value.len) {
		BASIC_CONSTRAINTS_free(value);
		return fail_openssl(fail, FAIL_INPUT,
		    "extension basicConstraints does not parse");
	}
	ca = value->ca != 0;
	if (value->pathlen != NULL)
		fits = ASN1_INTEGER_get_int64(&length, value->pathlen) == 1 &&
		    length >= 0 && length <= INT_MAX;
	BASIC_CONSTRAINTS_free(value);
	if (!fits)
		return fail_openssl(fail, FAIL_INPUT, "extension "
		    "basicConstraints: path length out of range");
	*ca_out = ca;
	*path_length_out = (int)length;
	return 0;
}

int
ext_read_key_usage(const struct ext *ext, unsigned *out, struct fail *fail)
{
	const unsigned char *at = ext->value.data;
	ASN1_BIT_STRING *value = d2i_ASN1_BIT_STRING(NULL, &at,
	    (long)ext->value.len);
	unsigned usage = 0;
	int bit;

	if (value == NULL || at != ext->value.data + ext->value.len) {
		ASN1_BIT_STRING_free(value);
		return fail_openssl(fail, FAIL_INPUT,
		    "extension keyUsage does not parse");
	}
	for (bit = 0; bit <= EXT_KU_DECIPHER_ONLY; bit++)
		if (ASN1_BIT_STRING_get_bit(value, bit) == 1)
			usage |= 1U << bit;
	ASN1_BIT_STRING_free(value);
	if (usage == 0)
		return fail_with(fail, FAIL_INPUT, "extension keyUsage: no bit "
		    "set, want one at least (RFC 5280, 4.2.1.3)");
	*out = usage;
	return 0;
}

int
ext_read_subject_key(const struct ext *ext, struct bytes *out,
    struct fail *fail)
{
	struct bytes rest = ext->value, key;

	if (der_next(&rest, DER_OCTET_STRING, &key, NULL, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return fail_in(fail, "extension subjectKeyIdentifier");
	if (key.len == 0)
		return fail_with(fail, FAIL_INPUT,
		    "extension subjectKeyIdentifier: no octets");
	*out = key;
	return 0;
}

int
ext_read_authority_key(const struct ext *ext, struct bytes *out,
    struct fail *fail)
{
	struct bytes rest = ext->value, list, key = { 0 };

	if (der_next(&rest, DER_SEQUENCE, &list, NULL, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return fail_in(fail, "extension authorityKeyIdentifier");
	if (der_is_next(list, DER_CONTEXT(0)) &&
	    der_next(&list, DER_CONTEXT(0), &key, NULL, fail) != 0)
		return fail_in(fail, "extension authorityKeyIdentifier");
	*out = key;
	return 0;
}

/* The names of one DistributionPoint (RFC 5280, 4.2.1.13), or nothing. */
static int
read_full_name(struct bytes point, struct bytes *out, struct fail *fail)
{
	struct bytes name;

	*out = (struct bytes){ 0 };
	if (!der_is_next(point, DER_CONTEXT_CONSTRUCTED(0)))
		return 0;
	if (der_next(&point, DER_CONTEXT_CONSTRUCTED(0), &name, NULL,
	    fail) != 0)
		return -1;
	if (!der_is_next(name, DER_CONTEXT_CONSTRUCTED(0)))
		return 0;
	return der_next(&name, DER_CONTEXT_CONSTRUCTED(0), out, NULL, fail);
}

int
ext_read_crl_url(const struct ext *ext, struct bytes *out, struct fail *fail)
{
	struct bytes rest = ext->value, points, point, names, url = { 0 };

	if (der_next(&rest, DER_SEQUENCE, &points, NULL, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return fail_in(fail, "extension crlDistributionPoints");
	while (points.len > 0 && url.len == 0) {
		if (der_next(&points, DER_SEQUENCE, &point, NULL, fail) != 0 ||
		    read_full_name(point, &names, fail) != 0)
			return fail_in(fail,
			    "extension crlDistributionPoints");
		while (names.len > 0 && url.len == 0) {
			bool is_url = der_is_next(names, DER_CONTEXT(6));
			struct bytes name;

			if (der_next(&names, names.data[0], &name, NULL,
			    fail) != 0)
				return fail_in(fail,
				    "extension crlDistributionPoints");
			if (is_url)
				url = name;
		}
	}
	*out = url;
	return 0;
}

static int
show_basic_constraints(const struct ext *ext, struct buf *out)
{
	struct fail fail = { 0 };
	int path_length;
	bool ca;

	if (ext_read_basic_constraints(ext, &ca, &path_length, &fail) != 0)
		return -1;
	buf_text(out, ca ? "CA:TRUE" : "CA:FALSE");
	if (path_length >= 0)
		buf_printf(out, ", pathlen:%d", path_length);
	return 0;
}

static int
show_key_usage(const struct ext *ext, struct buf *out)
{
	struct fail fail = { 0 };
	const char *between = "";
	unsigned usage, bit;

	if (ext_read_key_usage(ext, &usage, &fail) != 0)
		return -1;
	for (bit = 0; bit <= EXT_KU_DECIPHER_ONLY; bit++) {
		if ((usage & 1U << bit) == 0)
			continue;
		buf_printf(out, "%s%s", between, key_usage_names[bit]);
		between = ", ";
	}
	return 0;
}

/* OpenSSL prints nothing of it: that it is there says all. */
static int
show_null(const struct ext *ext, struct buf *out)
{
	if (!bytes_is_equal(ext->value, bytes_of("\x05", 2)))
		return -1;
	buf_text(out, "yes");
	return 0;
}

/* OpenSSL's lines as one: line ends and indents become a single blank. */
static void
show_lines(const char *text, size_t len, struct buf *out)
{
	AUTO(buf_release) struct buf line = { 0 };
	bool blank = false;
	size_t n;

	for (n = 0; n < len; n++) {
		if (text[n] == '\n' || text[n] == ' ') {
			blank = line.len > 0;
			continue;
		}
		if (blank)
			buf_text(&line, " ");
		blank = false;
		buf_append(&line, &text[n], 1);
	}
	text_escape(out, buf_bytes(&line));
}

static int
show_known(const struct ext *ext, struct buf *out)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	BIO *bio = BIO_new(BIO_s_mem());
	X509_EXTENSION *extension = NULL;
	char dotted[DER_OID_SIZE];
	char *text = NULL;
	size_t len;
	int done;

	der_show_oid(ext->oid, dotted, sizeof(dotted));
	done = value != NULL && bio != NULL && ASN1_OCTET_STRING_set(value,
	    ext->value.data, (int)ext->value.len) == 1;
	if (done)
		extension = X509_EXTENSION_create_by_NID(NULL,
		    OBJ_txt2nid(dotted), ext->critical, value);
	done = extension != NULL && X509V3_EXT_print(bio, extension,
	    X509V3_EXT_DEFAULT, 0) == 1;
	if (done) {
		len = (size_t)BIO_get_mem_data(bio, &text);
		show_lines(text, len, out);
	}
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	BIO_free(bio);
	ERR_clear_error();
	return done ? 0 : -1;
}

void
ext_show(const struct ext *ext, struct buf *out)
{
	int shown;

	if (is_nid(ext->oid, NID_basic_constraints))
		shown = show_basic_constraints(ext, out);
	else if (is_nid(ext->oid, NID_key_usage))
		shown = show_key_usage(ext, out);
	else if (is_nid(ext->oid, NID_id_pkix_OCSP_noCheck))
		shown = show_null(ext, out);
	else
		shown = show_known(ext, out);
	if (shown != 0)
		text_hex(out, ext->value);
}
