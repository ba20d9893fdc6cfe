/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_STATE_H
#define ANCHORITE_CA_STATE_H

#include <anchorite/base/fail.h>

/*
 * The states of an authority, named as AWS Private CA names a CA's, and
 * every event of the journal with the state it may happen in and the one it
 * leads to: one const table, in state.c.
 */
enum state {
	STATE_NONE,			/* no root key yet */
	STATE_PENDING_CERTIFICATE,	/* a key, no certificate */
	STATE_ACTIVE,
	STATE_DISABLED,			/* signs no certificate */
	STATE_DELETED,			/* signs nothing; can be restored */
	STATE_DESTROYED,		/* the key is gone: the end */
};

const char *state_name(enum state state);

/*
 * The state after the event. FAIL_REFUSED "X is not possible while the
 * authority is Y"; FAIL_JOURNAL for an event that is not in the table.
 */
MUST_USE int state_after(enum state before, const char *event,
    enum state *after_out, struct fail *fail);

#endif
