/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/state.h>

#include <stdbool.h>
#include <string.h>

#include <anchorite/base/auto.h>

static const char *const names[] = {
	[STATE_NONE] = "without a root key",
	[STATE_PENDING_CERTIFICATE] = "pending-certificate",
	[STATE_ACTIVE] = "active",
	[STATE_DISABLED] = "disabled",
	[STATE_DELETED] = "deleted",
	[STATE_DESTROYED] = "destroyed",
};

#define IN(state) (1u << (state))
#define IN_ANY    (IN(STATE_DESTROYED + 1) - 1u)
#define IN_LIVING (IN_ANY & ~IN(STATE_DESTROYED))
#define IN_FORCE  (IN(STATE_ACTIVE) | IN(STATE_DISABLED))
#define STAYS -1

/*
 * Which event may happen in which states, and where it leads. What is not
 * here cannot happen.
 */
static const struct {
	const char *event;
	const char *deed;	/* for the sentence of a refusal */
	unsigned in;
	int to;
} rules[] = {
	{ "init", "init", IN(STATE_NONE), STAYS },
	{ "root-key", "making or adopting a root key", IN(STATE_NONE),
	    STATE_PENDING_CERTIFICATE },
	{ "root-intent", "certifying the root",
	    IN(STATE_PENDING_CERTIFICATE), STAYS },
	{ "root-certified", "certifying the root",
	    IN(STATE_PENDING_CERTIFICATE), STATE_ACTIVE },
	{ "sign-intent", "signing", IN(STATE_ACTIVE), STAYS },
	{ "signed", "signing", IN(STATE_ACTIVE), STAYS },
	{ "crl-intent", "signing a CRL", IN_FORCE, STAYS },
	{ "crl-signed", "signing a CRL", IN_FORCE, STAYS },
	{ "ocsp-intent", "signing OCSP responses", IN(STATE_ACTIVE), STAYS },
	{ "ocsp-signed", "signing OCSP responses", IN(STATE_ACTIVE), STAYS },
	{ "revoked", "revoking", IN_FORCE, STAYS },
	{ "bundled", "making a bundle", IN_FORCE, STAYS },
	{ "audited", "making a bundle for auditors",
	    IN_FORCE | IN(STATE_DELETED) | IN(STATE_DESTROYED), STAYS },
	{ "disable", "disabling", IN(STATE_ACTIVE), STATE_DISABLED },
	{ "enable", "enabling", IN(STATE_DISABLED), STATE_ACTIVE },
	{ "delete", "deleting", IN(STATE_DISABLED), STATE_DELETED },
	{ "restore", "restoring", IN(STATE_DELETED), STATE_DISABLED },
	{ "destroy", "destroying", IN(STATE_DELETED), STATE_DESTROYED },
	{ "key-locked", "locking the key", IN(STATE_DISABLED), STAYS },
	{ "key-unlocked", "unlocking the key", IN(STATE_ACTIVE), STAYS },
	{ "key-erased", "erasing the key", IN(STATE_DESTROYED), STAYS },
	{ "backup", "recording a backup", IN_FORCE, STAYS },
	{ "policy", "changing the policy", IN_LIVING, STAYS },
	{ "split-intent", "splitting the PIN", IN_ANY, STAYS },
	{ "split", "splitting the PIN", IN_ANY, STAYS },
	{ "set-aside", "setting a torn line aside", IN_ANY, STAYS },
	{ "recovered", "recovering", IN_ANY, STAYS },
	{ "anchor", "accepting the journal", IN_ANY, STAYS },
	{ "refused", "a refusal", IN_ANY, STAYS },
	{ "seal", "sealing", IN_ANY, STAYS },
};

const char *
state_name(enum state state)
{
	return names[state];
}

int
state_after(enum state before, const char *event, enum state *after_out,
    struct fail *fail)
{
	for (size_t n = 0; n < COUNT(rules); n++) {
		if (strcmp(rules[n].event, event) != 0)
			continue;
		if ((rules[n].in & IN(before)) == 0)
			return fail_with(fail, FAIL_REFUSED,
			    "%s is not possible while the authority is %s",
			    rules[n].deed, names[before]);
		*after_out = rules[n].to == STAYS ? before :
		    (enum state)rules[n].to;
		return 0;
	}
	return fail_with(fail, FAIL_JOURNAL, "event \"%s\" is not known",
	    event);
}
