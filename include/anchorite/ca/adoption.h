/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_ADOPTION_H
#define ANCHORITE_CA_ADOPTION_H

#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/ca/policy.h>

/* A policy that is to come into force, with its custodians' certificates in
 * the roster's order, judged together. */
struct adoption {
	struct policy *policy;		/* owned */
	struct cert *custodians[CUSTODIANS_MAX];	/* owned */
};

/*
 * Takes a policy over and finds its custodians' certificates: among the
 * .pem, .crt and .cer files of `folder` (NULL: none), and in the ledger
 * (NULL: none) those of custodians who stay. FAIL_INPUT "custodian alice: no
 * certificate with SHA-256 … in FOLDER"; FAIL_REFUSED what
 * roster_check_certificates finds.
 */
MUST_USE int adoption_make(struct policy **policy, const char *folder,
    const struct ledger *ledger, struct adoption **out, struct fail *fail);
void adoption_release(struct adoption **adoption);

/*
 * Stores policy and certificates (not synced yet), and puts into the data
 * of a record under "custodians" whose certificate is which, where there
 * are any.
 */
MUST_USE int adoption_put(const struct adoption *adoption,
    struct objects *objects, struct json *data, struct fail *fail);

#endif
