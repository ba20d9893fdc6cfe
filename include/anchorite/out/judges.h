/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_JUDGES_H
#define ANCHORITE_OUT_JUDGES_H

#include <anchorite/base/rule.h>
#include <anchorite/out/bundle.h>

/*
 * What the rules of bundles judge: the very bytes of the files, not what
 * was meant. The rules on form, which stand first in a table, read them;
 * the others are silent where there is nothing that was read.
 */
#define PATH_MAX_LEN 16
struct bundle_case {
	const struct bundle *bundle;	/* lent, as the next two */
	const struct bundle_kind *kind;
	const struct cert *root_meant;	/* the authority's; NULL: unknown */
	int64_t now;
	struct cert *path[PATH_MAX_LEN];	/* the certificate, the chain */
	size_t count;
	struct crl *crl;
	struct csr *request;
};

/* Releases what the rules read. For AUTO. */
void bundle_case_release(struct bundle_case *judged);

#define JUDGE(name) \
	enum rule_verdict name(const struct rule *rule, void *subject, \
	    struct finding *finding)

/* Form. `text` is the file; `number` the limit. */
JUDGE(judge_size);		/* 1 to `number` bytes */
JUDGE(judge_pem);		/* 1 to `number` certificates: read */
JUDGE(judge_der);		/* one certificate: read */
JUDGE(judge_certificate_copy);	/* the certificate, in DER */
JUDGE(judge_request);		/* request.pem: read */
JUDGE(judge_crl);		/* crl.pem and its DER, where there */
JUDGE(judge_conf);		/* import.conf */

/* The path: the certificate under its chain. */
JUDGE(judge_levels);		/* at most `number`, root included */
JUDGE(judge_subordinate);	/* not self-issued */
JUDGE(judge_members);		/* each certificate once */
JUDGE(judge_order);		/* each signed by the next */
JUDGE(judge_root);		/* the last is self-signed, and meant */
JUDGE(judge_root_files);	/* root.pem, root.der: that one */
JUDGE(judge_ca);		/* all critical CA:TRUE */
JUDGE(judge_issuers);		/* the others CA:TRUE, keyCertSign */
JUDGE(judge_signers);		/* all keyCertSign */
JUDGE(judge_path_length);
JUDGE(judge_critical);		/* none critical but ACM PCA's 13 */
JUDGE(judge_nesting);		/* no one outlives its issuer */
JUDGE(judge_now);		/* all valid now */
JUDGE(judge_family);		/* no PSS, hash and curve paired */
JUDGE(judge_path);		/* OpenSSL, strict; `text`: purpose */

/* Against the request. */
JUDGE(judge_request_key);
JUDGE(judge_request_subject);

/* Of the CRL, where there is one. */
JUDGE(judge_crl_issuer);
JUDGE(judge_crl_time);
JUDGE(judge_crl_size);		/* at most `number` bytes of PEM */

/* For judges of one consumer: "certificate", "chain certificate 1", … */
const char *bundle_case_place(const struct bundle_case *judged, size_t n);
/* Silent where the rules on form have read no path. */
bool bundle_case_has_path(const struct bundle_case *judged,
    struct finding *finding);

/* Judges a file that can be made again from what was read. */
enum rule_verdict bundle_case_compare(const struct bundle_case *judged,
    const char *name, struct bytes want, struct finding *finding);

/* Rows that several tables have; each expands to whole rows. */
#define RULES_OF_REQUEST(source) \
	{ "request form", "RFC 2986, 4.2", NULL, judge_request, 0, NULL }, \
	{ "public key", source, NULL, judge_request_key, 0, NULL }, \
	{ "subject", source, NULL, judge_request_subject, 0, NULL }
#define RULES_OF_CRL \
	{ "CRL form", "RFC 5280, 5.1", NULL, judge_crl, 0, NULL }, \
	{ "CRL issuer", "RFC 5280, 6.3.3", NULL, judge_crl_issuer, 0, NULL }, \
	{ "CRL time", "RFC 5280, 5.1.2.5", NULL, judge_crl_time, 0, NULL }
#define RULES_OF_PATH(purpose) \
	{ "subordinate", "RFC 5280, 6.1", NULL, judge_subordinate, 0, NULL }, \
	{ "chain members", "RFC 5280, 6.1", NULL, judge_members, 0, NULL }, \
	{ "chain order", "RFC 5280, 6.1", NULL, judge_order, 0, NULL }, \
	{ "root", "RFC 5280, 6.1.1", NULL, judge_root, 0, NULL }, \
	{ "root files", "RFC 7468, 5", NULL, judge_root_files, 0, NULL }, \
	{ "current validity", "RFC 5280, 6.1.3", NULL, judge_now, 0, NULL }, \
	{ "path", "RFC 5280, 6.1", NULL, judge_path, 0, purpose }
#define RULE_OF_CONF \
	{ "import.conf", "packaging/online/README.md", NULL, judge_conf, 0, \
	    NULL }
#define RULES_END { NULL, NULL, NULL, NULL, 0, NULL }

#endif
