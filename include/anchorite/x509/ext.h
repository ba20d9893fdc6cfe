/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_EXT_H
#define ANCHORITE_X509_EXT_H

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>

/* Bits of keyUsage (RFC 5280, 4.2.1.3), as bit numbers of the BIT STRING. */
enum key_usage {
	EXT_KU_DIGITAL_SIGNATURE,
	EXT_KU_NON_REPUDIATION,
	EXT_KU_KEY_ENCIPHERMENT,
	EXT_KU_DATA_ENCIPHERMENT,
	EXT_KU_KEY_AGREEMENT,
	EXT_KU_KEY_CERT_SIGN,
	EXT_KU_CRL_SIGN,
	EXT_KU_ENCIPHER_ONLY,
	EXT_KU_DECIPHER_ONLY,
};
/* Policy names in that order, NULL-ended: "digitalSignature", … */
extern const char *const key_usage_names[];

/* Texts lent by whoever fills the struct. */
struct ext_texts {
	const char *const *items;
	size_t count;
};

/*
 * Subtrees of name constraints (RFC 5280, 4.2.1.10): DNS and mail names as
 * text, IP ranges as "10.0.0.0/8" or "2001:db8::/32", directory names as
 * DER Names.
 */
struct ext_subtrees {
	struct ext_texts dns, email, ip;
	const struct bytes *directory;
	size_t directory_count;
};

struct ext_policy {
	const char *oid;	/* dotted */
	const char *cps;	/* URL, or NULL */
};

/* What a certificate carries; all lent. Absent parts are zero or NULL. */
struct ext_plan {
	bool ca;
	int path_length;			/* -1: none */
	unsigned key_usage;			/* 1 << EXT_KU_…; 0: absent */
	struct ext_texts ext_key_usage;		/* names or dotted OIDs */
	struct ext_subtrees permitted, excluded;
	const struct ext_policy *policies;
	size_t policy_count;
	struct ext_texts crl_urls, issuer_urls, ocsp_urls;
	bool ocsp_no_check;			/* RFC 6960, 4.2.2.2.1 */
	const uint8_t *subject_key;
	size_t subject_key_len;			/* 0: DIGEST_SHA1_LEN */
	const uint8_t *authority_key;		/* the same, or NULL: absent */
	const struct ext *copied;		/* from the request */
	size_t copied_count;
};

/* One extension as it stands in an encoding; everything lent. */
struct ext {
	struct bytes oid;	/* contents octets of the OBJECT IDENTIFIER */
	bool critical;
	struct bytes value;	/* contents octets of extnValue */
};

/*
 * Appends the Extensions SEQUENCE, in AWS Private CA's order: basic
 * constraints (critical), authority key identifier, subject key
 * identifier, key usage (critical), extended key usage, certificate
 * policies, name constraints (critical), CRL distribution points,
 * authority information access, OCSP no-check, then the copied ones as
 * they stand. None but those two or three is critical, because ACM PCA
 * refuses the others so. FAIL_INPUT for an OID, range or URL that is not
 * one.
 */
MUST_USE int ext_write(const struct ext_plan *plan, struct buf *out,
    struct fail *fail);

/*
 * Reads an Extensions SEQUENCE (the element) into at most `max` entries.
 * FAIL_INPUT for what is not DER, an empty list, a duplicate ("extension
 * basicConstraints twice"), critical FALSE written out, more than `max`,
 * or a known extension whose value does not parse or has trailing bytes.
 */
MUST_USE int ext_read(struct bytes extensions, struct ext *out, size_t max,
    size_t *count_out, struct fail *fail);

/* "basicConstraints" or the dotted OID, NUL-terminated. */
void ext_show_oid(struct bytes oid, char *out, size_t size);

/*
 * The extensions, as OpenSSL's NIDs, that ACM PCA takes as critical
 * (ImportCertificateAuthorityCertificate in its API reference).
 */
#define EXT_CRITICAL 13
extern const int ext_critical[EXT_CRITICAL];

/* Lends the entry for OpenSSL's NID, or NULL. */
const struct ext *ext_find(const struct ext *list, size_t count, int nid);

/* Decoded facts; FAIL_INPUT where the value does not parse. */
MUST_USE int ext_read_basic_constraints(const struct ext *ext, bool *ca_out,
    int *path_length_out, struct fail *fail);
MUST_USE int ext_read_key_usage(const struct ext *ext, unsigned *out,
    struct fail *fail);
/* subjectKeyIdentifier's octets, lent. */
MUST_USE int ext_read_subject_key(const struct ext *ext, struct bytes *out,
    struct fail *fail);
/* authorityKeyIdentifier's keyIdentifier, lent; empty where it has none. */
MUST_USE int ext_read_authority_key(const struct ext *ext,
    struct bytes *out, struct fail *fail);

/* The first URL in cRLDistributionPoints, lent; empty where it has none. */
MUST_USE int ext_read_crl_url(const struct ext *ext, struct bytes *out,
    struct fail *fail);

/*
 * Is what a request asks to have copied something that a CA can stand for?
 * FAIL_REFUSED with the value, escaped ("dNSName a_b: no host name").
 * Names: hosts, mail addresses, absolute URIs, IP addresses and directory
 * names that name_read takes, and no other kind (RFC 5280, 4.2.1.6); none of
 * these lists is empty. Accesses: at absolute URIs. Purposes and policies:
 * not any, and no notice that deceives. Template: a text.
 */
MUST_USE int ext_check_names(const struct ext *ext, struct fail *fail);
MUST_USE int ext_check_accesses(const struct ext *ext, struct fail *fail);
MUST_USE int ext_check_purposes(const struct ext *ext, struct fail *fail);
MUST_USE int ext_check_policies(const struct ext *ext, struct fail *fail);
MUST_USE int ext_check_template(const struct ext *ext, struct fail *fail);

/* Appends one line for people: "CA:TRUE, pathlen:0", "digitalSignature,
 * keyCertSign"; what is not known is shown as hex. Safe to show. */
void ext_show(const struct ext *ext, struct buf *out);

/* What policies may let a request carry, as ext_show_oid names it;
 * NULL-ended. */
extern const char *const ext_copyable_names[];

/*
 * May a copy be critical, where the request asks for it so? Names, purposes
 * and policies may. Subject information access must not (RFC 5280,
 * 4.2.2.2); Microsoft's never, because whoever does not know them would
 * have to refuse the certificate (RFC 5280, 4.2), and ACM PCA does.
 */
bool ext_may_copy_critical(const struct ext *ext);

#endif
