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
	if (name_read_any(csr->subject, &csr->name, fail) != 0)
		return fail_in(fail, "subject");
	if (attributes_read(csr, attributes, fail) != 0)
		return -1;
	return spki_survey(spki, &csr->spki, fail);
}

int
csr_survey(struct bytes file, struct csr **out, struct fail *fail)
{
	AUTO(csr_release) struct csr *csr = mem_new(1, sizeof(*csr));
	struct alg_signed parts;

	if (file_read(file, &csr->der, fail) != 0 ||
	    alg_unwrap_any(buf_bytes(&csr->der), &parts, fail) != 0)
		return -1;
	csr->tbs = parts.tbs;
	csr->algorithm = parts.algorithm;
	csr->alg = parts.alg;
	csr->signature = parts.signature;
	if (info_read(csr, fail) != 0)
		return -1;
	digest_of(buf_bytes(&csr->der), &csr->digest);
	*out = GIVE(csr);
	return 0;
}

static enum rule_verdict
judge_algorithm(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct csr *csr = subject;
	char name[ALG_SHOW_SIZE];

	(void)rule;
	rule_want(finding, "RSA, RSA-PSS or ECDSA, with SHA-256, SHA-384 or "
	    "SHA-512");
	alg_show(csr->algorithm, name, sizeof(name));
	if (csr->alg == NULL)
		return rule_broken(finding, "%s", name);
	return rule_kept(finding, "%s", name);
}

/* Where there is no key or algorithm to verify with, another rule is broken
 * already. */
static enum rule_verdict
judge_proof(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct csr *csr = subject;
	struct fail fail = { 0 };

	(void)rule;
	rule_want(finding, "a signature by its own key");
	if (csr->alg == NULL || csr->spki.key == NULL)
		return rule_silent(finding,
		    "nothing to verify the signature with");
	if (csr->alg->rsa != spki_is_rsa(&csr->spki))
		return rule_broken(finding, "one by %s, which is for another "
		    "kind of key", csr->alg->name);
	if (alg_verify(csr->alg, csr->spki.key, csr->tbs, csr->signature,
	    &fail) != 0)
		return rule_broken(finding, "one that does not verify");
	return rule_kept(finding, "it verifies");
}

const struct rule csr_rules[] = {
	{ "signature algorithm", "BR 7.1.3.2", NULL, judge_algorithm, 0,
	    NULL },
	{ "proof of possession", "RFC 2986, 3", NULL, judge_proof, 0, NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

void
csr_judge(struct csr *csr, int64_t when, struct rule_results *results)
{
	rules_judge(spki_rules, &csr->spki, when, results);
	rules_judge(csr_rules, csr, when, results);
}

int
csr_read(struct bytes file, struct csr **out, struct fail *fail)
{
	AUTO(csr_release) struct csr *csr = NULL;
	struct rule_results results;

	if (csr_survey(file, &csr, fail) != 0)
		return -1;
	results.count = results.broken = 0;
	csr_judge(csr, 0, &results);
	if (rules_refuse(&results, fail) != 0)
		return -1;
	*out = GIVE(csr);
	return 0;
}

void
csr_release(struct csr **csr)
{
	if (*csr == NULL)
		return;
	spki_release(&(*csr)->spki);
	name_release(&(*csr)->name);
	buf_release(&(*csr)->der);
	free(*csr);
	*csr = NULL;
}
