/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

#define API   "AWS Private CA API, ImportCertificateAuthorityCertificate"
#define GUIDE "AWS Private CA User Guide, "

/* "Limits the certification path to five levels", root included. */
#define LEVELS 5

const struct rule acm_pca_rules[] = {
	{ "certificate size", API, NULL, judge_size, 32768,
	    "certificate.pem" },
	{ "chain size", API, NULL, judge_size, 2097152,
	    "certificate-chain.pem" },
	{ "certificate form", GUIDE "PcaExternalRoot", NULL, judge_pem, 1,
	    "certificate.pem" },
	{ "chain form", API, NULL, judge_pem, PATH_MAX_LEN,
	    "certificate-chain.pem" },
	{ "levels", GUIDE "ca-hierarchy", NULL, judge_levels, LEVELS, NULL },
	RULES_OF_CRL,
	RULES_OF_PATH(NULL),
	{ "basicConstraints", GUIDE "PcaWelcome", NULL, judge_ca, 0, NULL },
	{ "path length", GUIDE "PcaWelcome", NULL, judge_path_length, 0,
	    NULL },
	{ "critical extensions", API, NULL, judge_critical, 0, NULL },
	{ "nested validity", GUIDE "ca-lifecycle", NULL, judge_nesting, 0,
	    NULL },
	{ "signature family", GUIDE "PCACertInstall", NULL, judge_family, 0,
	    NULL },
	RULES_OF_REQUEST(API),
	RULE_OF_CONF,
	RULES_END,
};
