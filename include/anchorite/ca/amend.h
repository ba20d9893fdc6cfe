/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_AMEND_H
#define ANCHORITE_CA_AMEND_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/adoption.h>
#include <anchorite/ca/authority.h>

/* May this policy come into force? See ledger_check_policy. */
MUST_USE int amend_check(const struct authority *authority,
    const struct act *act, const struct policy *policy, struct fail *fail);

/*
 * Puts another policy in force, under the quorum of the old one. `weak` is
 * a list of texts, what was acknowledged (roster_weaknesses), or NULL; taken
 * over.
 */
MUST_USE int amend_policy(struct authority *authority,
    const struct act *act, const struct adoption *adoption,
    struct json **weak, struct session *session, struct fail *fail);

/*
 * The policy in force with another certificate for one custodian: its
 * digest exchanged in the text, nothing else. FAIL_USAGE where there is no
 * such custodian; FAIL_REFUSED where the certificate names another person
 * ("custodian alice: is Alice Example, the new certificate names …"), or
 * has the same key.
 */
MUST_USE int amend_replace(const struct ledger *ledger, const char *name,
    const struct cert *certificate, struct policy **out, struct fail *fail);

#endif
