/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_KIND_H
#define ANCHORITE_OUT_BUNDLE_KIND_H

#include <stdbool.h>

#include <anchorite/base/fail.h>
#include <anchorite/base/rule.h>
#include <anchorite/ca/target.h>
#include <anchorite/out/bundle.h>

/* What a file of a bundle holds. */
enum part {
	PART_CERTIFICATE,
	PART_CHAIN,			/* who certified it, the root last */
	PART_PATH,			/* the certificate, then its chain */
	PART_ROOT,
	PART_CRL,			/* the newest; none: no file */
	PART_REQUEST,
	PART_PKCS7,			/* the path as .p7b */
};

struct bundle_item {
	const char *name;		/* NULL ends a list */
	enum part part;
	bool is_der;			/* else PEM */
	const char *what;		/* for the README */
};

/* The files that every bundle has beside the consumer's own. */
extern const struct bundle_item bundle_items_shared[];

/* Which certificates a consumer is given. */
enum bundle_taste {
	BUNDLE_TAKES_ANY,
	BUNDLE_TAKES_CA,
	BUNDLE_TAKES_END_ENTITY,
};

/*
 * One row a consumer, and one for each mode of one: what its bundle is made
 * of, and the documented rules that its bytes are held to.
 */
struct bundle_kind {
	enum consumer consumer;
	const char *mode;		/* "DEFAULT"; "": there is but one */
	const char *summary;		/* NULL ends the table */
	enum bundle_taste takes;
	bool wants_crl;			/* is nothing without one */
	bool has_script;		/* import.sh does it all */
	const char *resource_word;	/* "CA-ARN"; NULL: it has none */
	const char *resource_form;	/* POSIX extended; the whole of it */
	const struct bundle_item *files;
	const struct rule *rules;	/* on struct bundle_case */
	const char *readme;		/* template (readme.h) */
};
extern const struct bundle_kind bundle_kinds[];

/* Lends the row for such a certificate. FAIL_REFUSED "cloudhsm: want an
 * end-entity certificate, have a CA's". */
MUST_USE int bundle_kind_find(enum consumer consumer, bool is_ca,
    const struct bundle_kind **out, struct fail *fail);

/* Lends the row by name and mode, as import.conf has them; or NULL. */
const struct bundle_kind *bundle_kind_of_mode(const char *name,
    const char *mode);

/* Each consumer's own. */
extern const struct rule acm_pca_rules[], cloudhsm_rules[], adcs_rules[],
    iot_default_rules[], iot_sni_rules[], api_gateway_rules[],
    roles_anywhere_rules[], plain_rules[];

#endif
