/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers that take a CA to trust: API Gateway, Roles Anywhere, anyone. */
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

#define GATEWAY "Amazon API Gateway Developer Guide, http-api-mutual-tls"
#define ANYWHERE "IAM Roles Anywhere User Guide, trust-model"
#define QUOTAS "IAM Roles Anywhere User Guide, load-balancing quotas"
#define STORE  "truststore.pem"
#define ANCHOR "trust-anchor.pem"

/*
 * "Certificate chains can have a maximum length of four." The size is from
 * memory of the guide: 1,000 certificates, 1 MB. Weaker keys and hashes
 * than it takes no reader here takes.
 */
const struct rule api_gateway_rules[] = {
	{ "truststore size", GATEWAY, NULL, judge_size, 1000000, STORE },
	{ "truststore form", GATEWAY, NULL, judge_pem, PATH_MAX_LEN, STORE },
	{ "chain length", GATEWAY, NULL, judge_levels, 4, NULL },
	{ "basicConstraints", GATEWAY, NULL, judge_ca, 0, NULL },
	RULES_OF_CRL,
	RULES_OF_PATH(NULL),
	RULES_OF_REQUEST("RFC 2986, 3"),
	RULE_OF_CONF,
	RULES_END,
};

/* A CA that is not the root may be an anchor, and is the narrower one. */
const struct rule roles_anywhere_rules[] = {
	{ "trust anchor form", ANYWHERE, NULL, judge_pem, 2, ANCHOR },
	{ "root form", "RFC 7468, 5", NULL, judge_pem, 1, BUNDLE_ROOT },
	{ "basicConstraints", ANYWHERE, NULL, judge_ca, 0, NULL },
	{ "keyUsage", ANYWHERE, NULL, judge_signers, 0, NULL },
	RULES_OF_CRL,
	{ "CRL size", "IAM Roles Anywhere API, ImportCrl", NULL,
	    judge_crl_size, 300000, NULL },
	RULES_OF_PATH(NULL),
	RULES_OF_REQUEST("RFC 2986, 3"),
	RULE_OF_CONF,
	RULES_END,
};

const struct rule plain_rules[] = {
	{ "certificate form", "RFC 7468, 5", NULL, judge_pem, 1,
	    "certificate.pem" },
	{ "chain form", "RFC 7468, 5", NULL, judge_pem, PATH_MAX_LEN,
	    "certificate-chain.pem" },
	{ "certificate in DER", "X.690, 10", NULL, judge_certificate_copy, 0,
	    "certificate.der" },
	RULES_OF_CRL,
	RULES_OF_PATH(NULL),
	RULES_OF_REQUEST("RFC 2986, 3"),
	RULE_OF_CONF,
	RULES_END,
};
