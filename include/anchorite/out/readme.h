/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_README_H
#define ANCHORITE_OUT_README_H

#include <anchorite/base/buf.h>
#include <anchorite/out/bundle.h>

/*
 * The README of a bundle, 72 columns wide. The texts of packaging/bundles/
 * are templates that the program carries within: a name in braces,
 * "{resource}", stands for a value.
 */
extern const char readme_acm_pca[], readme_cloudhsm[], readme_adcs[],
    readme_iot_default[], readme_iot_sni[], readme_api_gateway[],
    readme_roles_anywhere[], readme_files[], readme_checks[];
/* packaging/online/import-bundle, which is not a template. */
extern const char readme_script[];

struct readme_value {
	const char *name;		/* NULL ends a list */
	const char *text;		/* of one line or several */
};

/* Appends the template with its values. */
void readme_expand(const char *template, const struct readme_value *values,
    struct buf *out);

/* Appends a label and below it the value, which is safe to show
 * (text_escape), wrapped. */
void readme_put_fact(struct buf *out, const char *label, const char *value);

/* Appends the facts of certificate, root, CRL and journal key. */
void readme_put_facts(const struct bundle_source *source, struct buf *out);

#endif
