/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_POLICY_H
#define ANCHORITE_CA_POLICY_H

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/text.h>
#include <anchorite/base/yaml.h>
#include <anchorite/custody/roster.h>
#include <anchorite/x509/alg.h>
#include <anchorite/x509/ext.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/spki.h>

/*
 * A policy: one reviewed YAML file that says what the root is and what it
 * may sign. Read strictly and whole before anything else happens; known by
 * the SHA-256 of its bytes. policies/README.md explains every key.
 */
struct policy_root {
	struct buf subject;		/* DER Name; owned */
	int key;			/* enum key_kind */
	int signature;			/* row of alg_at */
	struct period validity;
};

/* Which subjects a profile takes. */
struct policy_subject {
	struct yaml_texts required;	/* types that must be there */
	struct yaml_texts allowed;	/* none: any type the program knows */
	const struct name_pair *fixed;	/* must be there, with this value */
	size_t fixed_count;
	/* Must be there, each value as text_fits has it. */
	const struct name_pair *pattern;
	size_t pattern_count;
};

/* What a profile's certificates are. */
enum profile_type {
	PROFILE_CA,
	PROFILE_CROSS,		/* a CA that has a certificate elsewhere */
	PROFILE_END_ENTITY,
};
extern const char *const profile_type_names[];	/* NULL-ended */

struct policy_profile {
	const char *name;
	const char *description;	/* or NULL */
	int type;			/* enum profile_type */
	int64_t path_length;		/* -1: none */
	bool match_issuer;		/* notAfter is the issuer's */
	struct period validity;		/* else this after the signing */
	unsigned keys;			/* bit per enum key_kind */
	struct policy_subject subject;
	/*
	 * The constant part of the extensions: path length, key usage, EKU,
	 * constraints, policies, URLs; keys and copied ones are left empty.
	 */
	struct ext_plan extensions;
	unsigned copied;		/* bit per ext_copyable_names */
};

/* Where the newest head of the journal is kept, beside the journal. */
enum anchor_place {
	ANCHOR_TOKEN,			/* a private object of the token */
	ANCHOR_PAPER,			/* words, typed at the next sitting */
	ANCHOR_BOTH,
};
extern const char *const anchor_place_names[];	/* NULL-ended */

/* Which values stand in the journal as commitments (private.h). */
enum private_field {
	PRIVATE_BY,			/* who acted */
	PRIVATE_TICKET,
	PRIVATE_WITNESS,		/* of the time */
	PRIVATE_REQUESTER,		/* who asked for a certificate */
};
extern const char *const private_field_names[];	/* NULL-ended */

struct policy {
	struct digest digest;		/* of the file's bytes */
	struct buf text;		/* the file's bytes; owned */
	const char *name;
	const char *description;	/* or NULL */
	struct period backdate;		/* notBefore = now - backdate */
	struct policy_root root;
	struct period crl_period;	/* nextUpdate = thisUpdate + period */
	int anchor;			/* enum anchor_place */
	unsigned privates;		/* bit per enum private_field */
	struct roster roster;
	struct policy_profile *profiles;
	size_t profile_count;
	struct yaml *document;
};

/* The keys of each level, for the reader and for the manual check. */
extern const struct yaml_field policy_fields[];
extern const struct yaml_field policy_root_fields[];
extern const struct yaml_field policy_crl_fields[];
extern const struct yaml_field policy_custodian_fields[];
extern const struct yaml_field policy_operation_fields[];
extern const struct yaml_field policy_profile_fields[];
extern const struct yaml_field policy_subject_fields[];
extern const struct yaml_field policy_constraint_fields[];
extern const struct yaml_field policy_subtree_fields[];
extern const struct yaml_field policy_information_fields[];

/*
 * Reads a policy. FAIL_INPUT "NAME:LINE:COLUMN: …" for all that is wrong
 * with it, sense included: a signature that does not fit the key, a CA's
 * profile without keyCertSign, an end entity's with it or with anything else
 * that is a CA's, usages that fit neither keys nor purposes, a profile as
 * long-lived as the root, an extension both set and copied, a type required
 * but not allowed, an OID or URL or range or pattern that is not one,
 * constraints that are empty, two profiles of one name, and what
 * roster_check finds.
 */
MUST_USE int policy_read(const char *name, struct bytes text,
    struct policy **out, struct fail *fail);
MUST_USE int policy_load(const char *path, struct policy **out,
    struct fail *fail);
void policy_release(struct policy **policy);

bool policy_anchors_token(const struct policy *policy);
bool policy_anchors_paper(const struct policy *policy);

/* Lends a profile. FAIL_USAGE "no profile X in policy Y: it has A, B". */
MUST_USE int policy_profile(const struct policy *policy, const char *name,
    const struct policy_profile **out, struct fail *fail);

/*
 * Does the profile itself set the extension (as ext_show_oid names it)? Key
 * identifiers, which every certificate gets, count as set.
 */
bool policy_profile_sets(const struct policy_profile *profile,
    const char *extension);

#endif
