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
	{
		.consumer = CONSUMER_ACM_PCA,
		.mode = "",
		.summary = "AWS Private CA: a subordinate CA's certificate",
		.takes = BUNDLE_TAKES_CA,
		.wants_crl = true,
		.has_script = true,
		.resource_word = "CA-ARN",
		.resource_form = ARN "acm-pca:[a-z0-9-]+:[0-9]{12}:"
		    "certificate-authority/[A-Za-z0-9-]+",
		.files = acm_pca_files,
		.rules = acm_pca_rules,
		.readme = readme_acm_pca,
	}, {
		.consumer = CONSUMER_CLOUDHSM,
		.mode = "",
		.summary = "AWS CloudHSM: a cluster's certificate",
		.takes = BUNDLE_TAKES_END_ENTITY,
		.has_script = true,
		.resource_word = "CLUSTER-ID",
		.resource_form = "cluster-[2-7a-zA-Z]{11,16}",
		.files = cloudhsm_files,
		.rules = cloudhsm_rules,
		.readme = readme_cloudhsm,
	}, {
		.consumer = CONSUMER_ADCS,
		.mode = "",
		.summary = "Windows AD CS: a subordinate CA's certificate",
		.takes = BUNDLE_TAKES_CA,
		.wants_crl = true,
		.files = adcs_files,
		.rules = adcs_rules,
		.readme = readme_adcs,
	}, {
		.consumer = CONSUMER_IOT,
		.mode = "DEFAULT",
		.summary = "AWS IoT Core: the root, with a verification "
		    "certificate",
		.takes = BUNDLE_TAKES_END_ENTITY,
		.has_script = true,
		.files = iot_default_files,
		.rules = iot_default_rules,
		.readme = readme_iot_default,
	}, {
		.consumer = CONSUMER_IOT,
		.mode = "SNI_ONLY",
		.summary = "AWS IoT Core: a subordinate CA, for several "
		    "accounts",
		.takes = BUNDLE_TAKES_CA,
		.has_script = true,
		.files = iot_sni_files,
		.rules = iot_sni_rules,
		.readme = readme_iot_sni,
	}, {
		.consumer = CONSUMER_API_GATEWAY,
		.mode = "",
		.summary = "Amazon API Gateway: a truststore for mTLS",
		.takes = BUNDLE_TAKES_CA,
		.has_script = true,
		.resource_word = "DOMAIN-NAME",
		.resource_form = "([A-Za-z0-9][A-Za-z0-9-]*[.])+[A-Za-z]+",
		.files = api_gateway_files,
		.rules = api_gateway_rules,
		.readme = readme_api_gateway,
	}, {
		.consumer = CONSUMER_ROLES_ANYWHERE,
		.mode = "",
		.summary = "IAM Roles Anywhere: a trust anchor",
		.takes = BUNDLE_TAKES_CA,
		.has_script = true,
		.resource_word = "ANCHOR-NAME",
		.resource_form = "[A-Za-z0-9_-]+|" ARN "rolesanywhere:"
		    "[a-z0-9-]+:[0-9]{12}:trust-anchor/[A-Za-z0-9-]+",
		.files = roles_anywhere_files,
		.rules = roles_anywhere_rules,
		.readme = readme_roles_anywhere,
	}, {
		.consumer = CONSUMER_FILES,
		.mode = "",
		.summary = "anyone: certificate, chain and CRL as files",
		.takes = BUNDLE_TAKES_ANY,
		.files = plain_files,
		.rules = plain_rules,
		.readme = readme_files,
	},
	{ 0 },
};

int
bundle_kind_find(enum consumer consumer, bool is_ca,
    const struct bundle_kind **out, struct fail *fail)
{
	for (const struct bundle_kind *row = bundle_kinds;
	    row->summary != NULL; row++) {
		if (row->consumer != consumer || row->takes == (is_ca ?
		    BUNDLE_TAKES_END_ENTITY : BUNDLE_TAKES_CA))
			continue;
		*out = row;
		return 0;
	}
	return fail_with(fail, FAIL_REFUSED, "%s: want %s certificate, have "
	    "%s", consumer_names[consumer], is_ca ? "an end-entity" :
	    "a CA's", is_ca ? "a CA's" : "an end-entity one");
}

const struct bundle_kind *
bundle_kind_of_mode(const char *name, const char *mode)
{
	for (const struct bundle_kind *row = bundle_kinds;
	    row->summary != NULL; row++)
		if (strcmp(consumer_names[row->consumer], name) == 0 &&
		    strcmp(row->mode, mode) == 0)
			return row;
	return NULL;
}
