/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_LEDGER_INTERNAL_H
#define ANCHORITE_CA_LEDGER_INTERNAL_H

#include <anchorite/ca/ledger.h>

/* How an event changes the ledger. */
typedef int applier(struct ledger *ledger, const struct objects *objects,
    const struct record *record, struct fail *fail);

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

/* The three intents differ in what their items hold, and how many. */
struct intent_form {
	bool has_serial, has_request;
	size_t max;
};

/* Reads the items of an intent into the ledger's; every serial is new. */
MUST_USE int ledger_read_items(struct ledger *ledger,
    const struct json *items, const struct intent_form *form,
    struct fail *fail);

#endif
