/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_ISSUE_H
#define ANCHORITE_CA_ISSUE_H

#include <stdbool.h>

#include <anchorite/base/fail.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/policy.h>
#include <anchorite/ca/seen.h>
#include <anchorite/x509/csr.h>

/* A request, as it comes, and what is to become of it; all lent, until the
 * issue is released. */
struct issue_file {
	const char *name;
	struct bytes content;
	const char *profile;
	unsigned consumers;
	struct target target;		/* of target_build, or none */
	struct bytes existing;		/* certificate, PEM or DER, of the CA to
					   be cross-certified; or empty */
};

/*
 * Signing requests, one or many, in one transaction. The order is the
 * promise that what is signed was seen first:
 *
 *	issue_read	every request read, vetted (no token yet)
 *	issue_build	keys found, the anchor compared, serials drawn,
 *			certificates built and linted
 *	(the caller shows them and asks)
 *	issue_intend	requests stored, intent recorded, synced
 *	issue_sign	nothing but signatures
 *	issue_record	read back, verified, compared, stored, recorded,
 *			sealed
 */
struct issue_item {
	const struct issue_file *from;	/* lent */
	const struct policy_profile *profile;	/* lent by the policy */
	struct csr *csr;
	struct cert *existing;		/* of a cross-certificate, or NULL */
	struct serial serial;
	struct buf tbs, signature;
	struct cert *certificate;	/* after issue_record */
};

struct issue {
	struct authority *authority;	/* lent, as the rest here */
	const struct act *act;
	bool reissue;			/* a certified key may come again */
	struct seen *seen;		/* the keys before these */
	struct sealer sealer;		/* from issue_build on */
	struct key *root_key;
	EVP_PKEY *root_signer;		/* lent by that */
	struct issue_item *items;
	size_t count;
};

#define ISSUE_MAX INTENT_MAX		/* requests in one transaction */

/* All that is wrong with any of them: "request X: …", or "2 of 6 requests:
 * request X: …; request Y: …". One that is refused refuses all. */
MUST_USE int issue_read(struct authority *authority, const struct act *act,
    bool reissue, const struct issue_file *files, size_t count,
    struct issue **out, struct fail *fail);
/* What custodians approve (deed_sign); the caller owns it. */
struct json *issue_parameters(const struct issue *issue);
MUST_USE int issue_build(struct issue *issue, struct session *session,
    struct fail *fail);
MUST_USE int issue_intend(struct issue *issue, struct fail *fail);
MUST_USE int issue_sign(struct issue *issue, struct fail *fail);
MUST_USE int issue_record(struct issue *issue, struct fail *fail);
/* Before the session is. */
void issue_release(struct issue **issue);

/* The last three. */
MUST_USE int issue_finish(struct issue *issue, struct fail *fail);

#endif
