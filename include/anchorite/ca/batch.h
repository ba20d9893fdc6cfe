/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_BATCH_H
#define ANCHORITE_CA_BATCH_H

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/yaml.h>
#include <anchorite/ca/issue.h>

/*
 * Requests that are signed together. Their list is a YAML file in the
 * directory of the requests, strict as a policy is: policies/README.md
 * explains every key, packaging/requests.example.yaml is one.
 */
struct batch {
	struct issue_file *files;	/* in the list's order */
	struct buf *contents;		/* behind them; empty until loaded */
	size_t count;
	struct yaml *document;		/* behind names and profiles */
};

/*
 * Reads the list alone. `profile` (lent; NULL: none) is that of requests for
 * which it names none. FAIL_INPUT "NAME:LINE:COLUMN: …" for all that is wrong
 * with it: a file that is not a plain name or is given twice (with or without
 * .csr), no profile, a consumer that there is not, what target_build refuses.
 */
MUST_USE int batch_read(const char *name, struct bytes text,
    const char *profile, struct batch **out, struct fail *fail);

/*
 * The same of a file, and reads the requests that stand beside it. FAIL_INPUT
 * also for each that is not there, and for each *.csr beside it that is not in
 * the list, as somebody forgot it: "request X: is not in the list".
 */
MUST_USE int batch_load(const char *path, const char *profile,
    struct batch **out, struct fail *fail);
/* Requests by their paths (lent), all under one profile. */
MUST_USE int batch_load_files(char *const *names, size_t count,
    const char *profile, struct batch **out, struct fail *fail);
void batch_release(struct batch **batch);

/* The length of a request's name without .csr: its bundles are called so. */
int batch_stem(const char *name);

#endif
