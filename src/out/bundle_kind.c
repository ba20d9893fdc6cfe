/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_kind.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/out/readme.h>

static const struct bundle_item acm_pca_files[] = {
	{ "certificate.pem", PART_CERTIFICATE, false,
	    "the subordinate CA's certificate" },
	{ "certificate-chain.pem", PART_CHAIN, false,
	    "who certified it, the root last" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item cloudhsm_files[] = {
	{ "CustomerHsmCertificate.crt", PART_CERTIFICATE, false,
	    "the cluster's certificate" },
	{ "customerCA.crt", PART_CHAIN, false,
	    "the trust anchor, for cluster and clients" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item adcs_files[] = {
	{ "subca.crt", PART_CERTIFICATE, true,
	    "the subordinate CA's certificate" },
	{ "subca.p7b", PART_PKCS7, true, "the same with the root" },
	{ "root.crt", PART_ROOT, true, "the root, as Windows names it" },
	{ "root.crl", PART_CRL, true, "what it has revoked, the same" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item iot_default_files[] = {
	{ "verification-certificate.pem", PART_CERTIFICATE, false,
	    "proof that the CA is ours" },
	{ "ca-certificate.pem", PART_CHAIN, false, "the CA to register" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item iot_sni_files[] = {
	{ "ca-certificate.pem", PART_CERTIFICATE, false,
	    "the CA to register" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item api_gateway_files[] = {
	{ "truststore.pem", PART_PATH, false,
	    "whose clients are let in: CA, then issuers" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item roles_anywhere_files[] = {
	{ "trust-anchor.pem", PART_CERTIFICATE, false,
	    "the CA whose certificates are taken" },
	{ NULL, 0, false, NULL },
};

static const struct bundle_item plain_files[] = {
	{ "certificate.pem", PART_CERTIFICATE, false, "the certificate" },
	{ "certificate.der", PART_CERTIFICATE, true, "the same in DER" },
	{ "certificate-chain.pem", PART_CHAIN, false,
	    "who certified it, the root last" },
	{ NULL, 0, false, NULL },
};

const struct bundle_item bundle_items_shared[] = {
	{ BUNDLE_REQUEST, PART_REQUEST, false, "what was asked for" },
	{ BUNDLE_ROOT, PART_ROOT, false, "the root" },
	{ BUNDLE_ROOT_DER, PART_ROOT, true, "the same in DER" },
	{ BUNDLE_CRL, PART_CRL, false, "what the root has revoked" },
	{ BUNDLE_CRL_DER, PART_CRL, true, "the same in DER" },
	{ NULL, 0, false, NULL },
};

/* The grammar of resources is the service's own (API references). */
#define ARN "arn:aws[a-z-]*:"
const struct bundle_kind bundle_kinds[] = {
	{ "acm-pca", "", "AWS Private CA: a subordinate CA's certificate",
	    BUNDLE_TAKES_CA, true, true, "CA-ARN", ARN
	    "acm-pca:[a-z0-9-]+:[0-9]{12}:certificate-authority/[A-Za-z0-9-]+",
	    acm_pca_files, acm_pca_rules, readme_acm_pca },
	{ "cloudhsm", "", "AWS CloudHSM: a cluster's certificate",
	    BUNDLE_TAKES_END_ENTITY, false, true, "CLUSTER-ID",
	    "cluster-[2-7a-zA-Z]{11,16}",
	    cloudhsm_files, cloudhsm_rules, readme_cloudhsm },
	{ "adcs", "", "Windows AD CS: a subordinate CA's certificate",
	    BUNDLE_TAKES_CA, true, false, NULL, NULL,
	    adcs_files, adcs_rules, readme_adcs },
	{ "iot", "DEFAULT", "AWS IoT Core: the root, with a verification "
	    "certificate", BUNDLE_TAKES_END_ENTITY, false, true, NULL, NULL,
	    iot_default_files, iot_default_rules, readme_iot_default },
	{ "iot", "SNI_ONLY", "AWS IoT Core: a subordinate CA, for several "
	    "accounts", BUNDLE_TAKES_CA, false, true, NULL, NULL,
	    iot_sni_files, iot_sni_rules, readme_iot_sni },
	{ "api-gateway", "", "Amazon API Gateway: a truststore for mTLS",
	    BUNDLE_TAKES_CA, false, true, "DOMAIN-NAME",
	    "([A-Za-z0-9*][A-Za-z0-9-]*[.])+[A-Za-z]+",
	    api_gateway_files, api_gateway_rules, readme_api_gateway },
	{ "roles-anywhere", "", "IAM Roles Anywhere: a trust anchor",
	    BUNDLE_TAKES_CA, false, true, "ANCHOR-NAME",
	    "[A-Za-z0-9_-]+|" ARN
	    "rolesanywhere:[a-z0-9-]+:[0-9]{12}:trust-anchor/[A-Za-z0-9-]+",
	    roles_anywhere_files, roles_anywhere_rules,
	    readme_roles_anywhere },
	{ "files", "", "anyone: certificate, chain and CRL as files",
	    BUNDLE_TAKES_ANY, false, false, NULL, NULL,
	    plain_files, plain_rules, readme_files },
	{ NULL, NULL, NULL, 0, false, false, NULL, NULL, NULL, NULL, NULL },
};

int
bundle_kind_check_name(const char *name, struct fail *fail)
{
	AUTO(buf_release) struct buf names = { 0 };
	const char *last = "";

	for (const struct bundle_kind *row = bundle_kinds; row->name != NULL;
	    row++) {
		if (strcmp(row->name, name) == 0)
			return 0;
		if (strcmp(row->name, last) != 0)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
			    row->name);
		last = row->name;
	}
	return fail_with(fail, FAIL_USAGE, "no consumer %s: there are %s",
	    name, buf_cstr(&names));
}

int
bundle_kind_find(const char *name, bool is_ca, const struct bundle_kind **out,
    struct fail *fail)
{
	if (bundle_kind_check_name(name, fail) == -1)
		return -1;
	for (const struct bundle_kind *row = bundle_kinds; row->name != NULL;
	    row++) {
		if (strcmp(row->name, name) != 0 ||
		    row->takes == (is_ca ? BUNDLE_TAKES_END_ENTITY :
		    BUNDLE_TAKES_CA))
			continue;
		*out = row;
		return 0;
	}
	return fail_with(fail, FAIL_REFUSED, "%s: want %s certificate, have "
	    "%s", name, is_ca ? "an end-entity" : "a CA's",
	    is_ca ? "a CA's" : "an end-entity one");
}

const struct bundle_kind *
bundle_kind_of_mode(const char *name, const char *mode)
{
	for (const struct bundle_kind *row = bundle_kinds; row->name != NULL;
	    row++)
		if (strcmp(row->name, name) == 0 &&
		    strcmp(row->mode, mode) == 0)
			return row;
	return NULL;
}
