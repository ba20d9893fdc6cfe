/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_LEDGER_INTERNAL_H
#define ANCHORITE_CA_LEDGER_INTERNAL_H

#include <anchorite/ca/ledger.h>

/* How an event changes the ledger. */
typedef int applier(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail);

/* ledger_intent.c: what the root key signs. */
applier ledger_apply_root_intent, ledger_apply_root_certified,
    ledger_apply_sign_intent, ledger_apply_signed, ledger_apply_crl_intent,
    ledger_apply_crl_signed, ledger_apply_ocsp_intent,
    ledger_apply_ocsp_signed, ledger_apply_recovered;

/* ledger_retire.c: what custodians decide, and what the token did then. */
applier ledger_apply_state, ledger_apply_delete, ledger_apply_restore,
    ledger_apply_destroy, ledger_apply_key, ledger_apply_backup,
    ledger_apply_policy, ledger_apply_split_intent, ledger_apply_split;

/* Judges those whom a record names for an operation, and remembers them. */
MUST_USE int ledger_quorum(struct ledger *ledger,
    const struct record *record, enum operation operation,
    struct fail *fail);

/* The same for the operation that the record is; its request is used then,
 * and was not before. */
MUST_USE int ledger_approve(struct ledger *ledger,
    const struct record *record, enum operation operation,
    struct fail *fail);

/* Puts a policy in force, its custodians' certificates read and judged. */
MUST_USE int ledger_adopt(struct ledger *ledger,
    const struct objects *objects, struct policy **policy,
    struct fail *fail);
MUST_USE int ledger_get_policy(const struct json *object, const char *key,
    const struct objects *objects, struct policy **out, struct fail *fail);

/* Reads and judges a text that is shown to people as it stands. */
MUST_USE int ledger_get_words(const struct json *object, const char *key,
    size_t max, const char **out, struct fail *fail);

/* What the data of several events hold. */
MUST_USE int ledger_get_serial(const struct json *object,
    struct serial *out, struct fail *fail);

MUST_USE int ledger_get_certificate(const struct json *object,
    const struct objects *objects, struct cert **out, struct fail *fail);

/* Counts what a record says under self_tests; `expected` of them were
 * counted as perhaps made before. */
MUST_USE int ledger_count_self_tests(struct ledger *ledger,
    const struct record *record, int64_t expected, struct fail *fail);

#endif
