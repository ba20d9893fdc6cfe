/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_OUT_BUNDLE_H
#define ANCHORITE_OUT_BUNDLE_H

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/crl.h>
#include <anchorite/x509/csr.h>

/* One file of a bundle. */
struct bundle_file {
	const char *name;		/* a constant */
	struct buf content;
	bool is_executable;
};

/* What is carried out, before it is a directory. */
#define BUNDLE_FILES 24
struct bundle {
	struct bundle_file files[BUNDLE_FILES];
	size_t count;
};

void bundle_release(struct bundle *bundle);

/* Takes the content over. */
void bundle_add(struct bundle *bundle, const char *name,
    struct buf *content);
/* The same as text that is run. */
void bundle_add_script(struct bundle *bundle, const char *name,
    struct buf *content);
/* A certificate or CRL as PEM and, if `der_name`, as DER. */
void bundle_add_pem(struct bundle *bundle, const char *name,
    const char *label, struct bytes der);
void bundle_add_der(struct bundle *bundle, const char *name,
    struct bytes der);
/* Lends a file's content, or NULL. */
const struct buf *bundle_find(const struct bundle *bundle, const char *name);

/* What a bundle is made from; all lent. */
struct bundle_source {
	const struct ledger *ledger;	/* root, policy, name */
	const struct issued *issued;
	const struct cert *certificate;
	const struct csr *csr;
	const struct crl *crl;		/* the newest; NULL: none yet */
	const char *resource;		/* where it goes, as the consumer */
	const char *region, *bucket;	/* calls it; NULL: not known */
	int64_t now;
};

/* Names of files that bundles share. */
#define BUNDLE_CERTIFICATE     "certificate.pem"
#define BUNDLE_CERTIFICATE_DER "certificate.der"
#define BUNDLE_CHAIN           "certificate-chain.pem"
#define BUNDLE_ROOT            "root.pem"
#define BUNDLE_ROOT_DER        "root.der"
#define BUNDLE_CRL             "crl.pem"
#define BUNDLE_CRL_DER         "crl.der"
#define BUNDLE_REQUEST         "request.pem"
#define BUNDLE_CONF            "import.conf"
#define BUNDLE_SCRIPT          "import.sh"
#define BUNDLE_README          "README.txt"

/* Names of the files that every bundle has. */
#define BUNDLE_MANIFEST  "manifest.sha256"	/* as sha256sum writes */
#define BUNDLE_SIGNATURE "manifest.p7s"		/* detached CMS, DER */
#define BUNDLE_SIGNER    "journal-key.pem"	/* who signed it */

/*
 * Adds the signer's certificate and the manifest over all files so far;
 * appends the manifest to manifest_out too, for signing.
 */
void bundle_add_manifest(struct bundle *bundle, struct bytes signer_der,
    struct buf *manifest_out);

/*
 * Makes the directory in which a bundle is built, beside the one it will be:
 * ".NAME.partial". What a crash left of one goes before. The caller frees
 * *out.
 */
MUST_USE int bundle_make_partial(const char *path, char **out,
    struct fail *fail);

/*
 * Writes the bundle as a new directory, whole or not at all: built beside
 * under a temporary name, synced, renamed. It is made to be read by
 * others: directory and scripts 0755, files 0644, whatever the umask.
 * FAIL_REFUSED "PATH: exists already".
 */
MUST_USE int bundle_write(const struct bundle *bundle, const char *path,
    struct fail *fail);

/*
 * Reads such a directory. `names` (NULL ends it) are all the names that a
 * bundle's file may have. FAIL_INPUT: "FILE: not a bundle's file; it was
 * added", "FILE: there twice", a directory or a link in it, a file larger
 * than 4 MB.
 */
MUST_USE int bundle_load(const char *path, const char *const *names,
    struct bundle *out, struct fail *fail);

#endif
