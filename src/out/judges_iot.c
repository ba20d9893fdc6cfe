/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/name.h>

#define API   "AWS IoT API, RegisterCACertificate"
#define GUIDE "AWS IoT Developer Guide, "

#define CA           "ca-certificate.pem"
#define VERIFICATION "verification-certificate.pem"
#define SIZE_MAX_PEM 65536

#define CODE_LEN 64

/* What get-registration-code gives; the API's model has it in either case. */
static enum rule_verdict
judge_code(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct bundle_case *judged = subject;
	AUTO(name_release) struct name *name = NULL;
	struct fail fail = { 0 };
	const char *code;

	(void)rule;
	rule_want(finding, "CN of %d hexadecimal digits, the registration "
	    "code", CODE_LEN);
	if (!bundle_case_has_path(judged, finding))
		return RULE_SILENT;
	if (name_read(judged->path[0]->subject, &name, &fail) == -1)
		return rule_broken(finding, "%s", fail.sentence);
	code = name_get(name, "CN");
	if (code == NULL)
		return rule_broken(finding, "no CN");
	if (strlen(code) != CODE_LEN ||
	    strspn(code, "0123456789abcdefABCDEF") != CODE_LEN)
		return rule_broken(finding, "%s", code);
	return rule_kept(finding, "%s", code);
}

const struct rule iot_default_rules[] = {
	{ "verification size", API, NULL, judge_size, SIZE_MAX_PEM,
	    VERIFICATION },
	{ "CA size", API, NULL, judge_size, SIZE_MAX_PEM, CA },
	{ "verification form", API, NULL, judge_pem, 1, VERIFICATION },
	{ "CA form", API, NULL, judge_pem, 1, CA },
	{ "registration code", API, NULL, judge_code, 0, NULL },
	{ "CA", GUIDE "device-certs-your-own", NULL, judge_issuers, 0, NULL },
	{ "signature family", GUIDE "x509-client-certs", NULL, judge_family,
	    0, NULL },
	RULES_OF_CRL,
	RULES_OF_PATH(NULL),
	RULES_OF_REQUEST(API),
	RULE_OF_CONF,
	RULES_END,
};

/* The CA stands under the root; only it is registered. */
const struct rule iot_sni_rules[] = {
	{ "CA size", API, NULL, judge_size, SIZE_MAX_PEM, CA },
	{ "CA form", API, NULL, judge_pem, 1, CA },
	{ "root form", "RFC 7468, 5", NULL, judge_pem, 1, BUNDLE_ROOT },
	{ "CA", GUIDE "device-certs-your-own", NULL, judge_ca, 0, NULL },
	{ "signature family", GUIDE "x509-client-certs", NULL, judge_family,
	    0, NULL },
	RULES_OF_CRL,
	RULES_OF_PATH(NULL),
	RULES_OF_REQUEST("RFC 2986, 3"),
	RULE_OF_CONF,
	RULES_END,
};
