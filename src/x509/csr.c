/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/csr.h>

#include <stdlib.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define ATTRIBUTES_MAX 32

/* Contents octets; both carry one Extensions. */
static const uint8_t oid_pkcs9[] = {	/* extensionRequest, RFC 2985, 5.4.2 */
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e,
};
static const uint8_t oid_microsoft[] = {	/* 1.3.6.1.4.1.311.2.1.14 */
	0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0e,
};

static int
file_read(struct bytes file, struct buf *der_out, struct fail *fail)
{
	static const char *const labels[] = {
		"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", NULL,
	};

	if (file.len == 0)
		return fail_with(fail, FAIL_INPUT, "empty");
	if (file.len > CSR_MAX)
		return fail_with(fail, FAIL_INPUT, "larger than %d bytes",
		    CSR_MAX);
	if (text_has_pem(file))
		return text_read_pem(file, labels, der_out, fail);
	if (!der_is_next(file, DER_SEQUENCE))
		return fail_with(fail, FAIL_INPUT, "neither PEM nor DER");
	buf_put(der_out, file);
	return 0;
}

static int
version_check(struct bytes *info, struct fail *fail)
{
	struct bytes version;

	if (der_next(info, DER_INTEGER, &version, NULL, fail) != 0)
		return fail_in(fail, "version");
	if (!bytes_is_equal(version, bytes_of("\0", 1)))
		return fail_with(fail, FAIL_INPUT, "version is not 0");
	return 0;
}

/* One name, because a subordinate CA must have one (RFC 5280, 4.1.2.6). */
static int
subject_check(struct bytes subject, struct fail *fail)
{
	AUTO(name_release) struct name *name = NULL;

	if (name_read(subject, &name, fail) != 0)
		return fail_in(fail, "subject");
	if (name->count == 0)
		return fail_with(fail, FAIL_REFUSED, "subject: empty");
	return 0;
}

static int
extensions_read(struct csr *csr, struct bytes values, struct fail *fail)
{
	struct bytes extensions;

	if (csr->extension_count != 0)
		return fail_with(fail, FAIL_INPUT, "extensions asked for in "
		    "both extensionRequest and 1.3.6.1.4.1.311.2.1.14");
	if (der_next(&values, DER_SEQUENCE, NULL, &extensions, fail) != 0 ||
	    der_end_of(values, fail) != 0)
		return fail_in(fail, "extensions asked for");
	return ext_read(extensions, csr->extensions, COUNT(csr->extensions),
	    &csr->extension_count, fail);
}

/* Attribute (RFC 2986, 4.1): a type and its values. */
static int
attribute_next(struct bytes *rest, struct bytes *type_out,
    struct bytes *values_out, struct fail *fail)
{
	struct bytes attribute;

	if (der_next(rest, DER_SEQUENCE, &attribute, NULL, fail) != 0 ||
	    der_next(&attribute, DER_OID, type_out, NULL, fail) != 0 ||
	    der_next(&attribute, DER_SET, values_out, NULL, fail) != 0 ||
	    der_end_of(attribute, fail) != 0)
		return fail_in(fail, "attributes");
	return 0;
}

static int
attribute_new(const struct bytes *seen, size_t count, struct bytes type,
    struct fail *fail)
{
	char name[DER_OID_SIZE];
	size_t n;

	if (count == ATTRIBUTES_MAX)
		return fail_with(fail, FAIL_INPUT, "more than %d attributes",
		    ATTRIBUTES_MAX);
	der_show_oid(type, name, sizeof(name));
	for (n = 0; n < count; n++)
		if (bytes_is_equal(seen[n], type))
			return fail_with(fail, FAIL_INPUT,
			    "attribute %s twice", name);
	return 0;
}

static bool
carries_extensions(struct bytes type)
{
	return bytes_is_equal(type, bytes_of(oid_pkcs9, sizeof(oid_pkcs9))) ||
	    bytes_is_equal(type,
	    bytes_of(oid_microsoft, sizeof(oid_microsoft)));
}

static int
attributes_read(struct csr *csr, struct bytes rest, struct fail *fail)
{
	struct bytes seen[ATTRIBUTES_MAX], type = { 0 }, values = { 0 };
	size_t count;

	for (count = 0; rest.len != 0; count++) {
		if (attribute_next(&rest, &type, &values, fail) != 0 ||
		    attribute_new(seen, count, type, fail) != 0)
			return -1;
		seen[count] = type;
		if (carries_extensions(type) &&
		    extensions_read(csr, values, fail) != 0)
			return -1;
	}
	return 0;
}

/* CertificationRequestInfo (RFC 2986, 4.1). */
static int
info_read(struct csr *csr, struct fail *fail)
{
	struct bytes rest = csr->tbs, info, spki, attributes;

	if (der_next(&rest, DER_SEQUENCE, &info, NULL, fail) != 0 ||
	    version_check(&info, fail) != 0)
		return -1;
	if (der_next(&info, DER_SEQUENCE, NULL, &csr->subject, fail) != 0)
		return fail_in(fail, "subject");
	if (der_next(&info, DER_SEQUENCE, NULL, &spki, fail) != 0)
		return fail_in(fail, "key");
	if (der_next(&info, DER_CONTEXT_CONSTRUCTED(0), &attributes, NULL,
	    fail) != 0 || der_end_of(info, fail) != 0)
		return fail_in(fail, "attributes");
	if (subject_check(csr->subject, fail) != 0 ||
	    attributes_read(csr, attributes, fail) != 0)
		return -1;
	return spki_read(spki, &csr->spki, fail);
}

int
csr_read(struct bytes file, struct csr **out, struct fail *fail)
{
	AUTO(csr_release) struct csr *csr = mem_new(1, sizeof(*csr));
	struct alg_signed parts;

	if (file_read(file, &csr->der, fail) != 0 ||
	    alg_unwrap(buf_bytes(&csr->der), &parts, fail) != 0)
		return -1;
	csr->tbs = parts.tbs;
	csr->alg = parts.alg;
	csr->signature = parts.signature;
	if (info_read(csr, fail) != 0)
		return -1;
	if (alg_verify(csr->alg, csr->spki.key, csr->tbs, csr->signature,
	    fail) != 0)
		return fail_with(fail, FAIL_REFUSED,
		    "not signed by its own key");
	digest_of(buf_bytes(&csr->der), &csr->digest);
	*out = GIVE(csr);
	return 0;
}

void
csr_release(struct csr **csr)
{
	if (*csr == NULL)
		return;
	spki_release(&(*csr)->spki);
	buf_release(&(*csr)->der);
	free(*csr);
	*csr = NULL;
}
