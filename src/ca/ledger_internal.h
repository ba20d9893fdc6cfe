/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_LEDGER_INTERNAL_H
#define ANCHORITE_CA_LEDGER_INTERNAL_H

#include <anchorite/ca/ledger.h>

/* What the data of several events hold. */
MUST_USE int ledger_get_digest(const struct json *object, const char *key,
    struct digest *out, struct fail *fail);
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
