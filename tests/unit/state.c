/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/state.h>

#define STATES 6
#define NO     -1
#define NONE   STATE_NONE
#define PEND   STATE_PENDING_CERTIFICATE
#define ACT    STATE_ACTIVE
#define DIS    STATE_DISABLED
#define DEL    STATE_DELETED
#define END    STATE_DESTROYED

/* Every event in every state: where it leads, or that it cannot be. */
static const struct {
	const char *event, *deed;
	int to[STATES];
} rows[] = {
	{ "init", "init", { NONE, NO, NO, NO, NO, NO } },
	{ "root-key", "making or adopting a root key",
	    { PEND, NO, NO, NO, NO, NO } },
	{ "root-intent", "certifying the root",
	    { NO, PEND, NO, NO, NO, NO } },
	{ "root-certified", "certifying the root",
	    { NO, ACT, NO, NO, NO, NO } },
	{ "sign-intent", "signing", { NO, NO, ACT, NO, NO, NO } },
	{ "signed", "signing", { NO, NO, ACT, NO, NO, NO } },
	{ "crl-intent", "signing a CRL", { NO, NO, ACT, DIS, NO, NO } },
	{ "crl-signed", "signing a CRL", { NO, NO, ACT, DIS, NO, NO } },
	{ "ocsp-intent", "signing OCSP responses",
	    { NO, NO, ACT, NO, NO, NO } },
	{ "ocsp-signed", "signing OCSP responses",
	    { NO, NO, ACT, NO, NO, NO } },
	{ "revoked", "revoking", { NO, NO, ACT, DIS, NO, NO } },
	{ "bundled", "making a bundle", { NO, NO, ACT, DIS, NO, NO } },
	{ "audited", "making a bundle for auditors",
	    { NO, NO, ACT, DIS, DEL, END } },
	{ "disable", "disabling", { NO, NO, DIS, NO, NO, NO } },
	{ "enable", "enabling", { NO, NO, NO, ACT, NO, NO } },
	{ "delete", "deleting", { NO, NO, NO, DEL, NO, NO } },
	{ "restore", "restoring", { NO, NO, NO, NO, DIS, NO } },
	{ "destroy", "destroying", { NO, NO, NO, NO, END, NO } },
	{ "key-locked", "locking the key", { NO, NO, NO, DIS, NO, NO } },
	{ "key-unlocked", "unlocking the key", { NO, NO, ACT, NO, NO, NO } },
	{ "key-erased", "erasing the key", { NO, NO, NO, NO, NO, END } },
	{ "backup", "recording a backup", { NO, NO, ACT, DIS, NO, NO } },
	{ "policy", "changing the policy",
	    { NONE, PEND, ACT, DIS, DEL, NO } },
	{ "split-intent", "", { NONE, PEND, ACT, DIS, DEL, END } },
	{ "split", "", { NONE, PEND, ACT, DIS, DEL, END } },
	{ "set-aside", "", { NONE, PEND, ACT, DIS, DEL, END } },
	{ "recovered", "", { NONE, PEND, ACT, DIS, DEL, END } },
	{ "anchor", "", { NONE, PEND, ACT, DIS, DEL, END } },
	{ "refused", "", { NONE, PEND, ACT, DIS, DEL, END } },
	{ "seal", "", { NONE, PEND, ACT, DIS, DEL, END } },
};

static const char *const names[STATES] = {
	"without a root key", "pending-certificate", "active", "disabled",
	"deleted", "destroyed",
};

static void
check(enum state before, const char *event, const char *deed, int to)
{
	enum state untouched = (enum state)77, after = untouched;
	struct fail fail = { 0 };
	char want[128];

	if (to != NO) {
		assert_int_equal(state_after(before, event, &after, &fail), 0);
		assert_int_equal(after, to);
		return;
	}
	assert_int_equal(state_after(before, event, &after, &fail), -1);
	snprintf(want, sizeof(want), "%s is not possible while the authority "
	    "is %s", deed, names[before]);
	assert_string_equal(fail.sentence, want);
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_int_equal(after, untouched);
}

static void
every_event_in_every_state(void **state)
{
	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++)
		for (int before = 0; before < STATES; before++)
			check((enum state)before, rows[n].event, rows[n].deed,
			    rows[n].to[before]);
}

static void
what_is_not_in_the_table_cannot_be(void **state)
{
	static const char *const events[] = { "", "Init", "deleted", "seal " };
	enum state after = STATE_ACTIVE;

	(void)state;
	for (size_t n = 0; n < COUNT(events); n++) {
		struct fail fail = { 0 };
		char want[64];

		snprintf(want, sizeof(want), "event \"%s\" is not known",
		    events[n]);
		assert_int_equal(state_after(STATE_NONE, events[n], &after,
		    &fail), -1);
		assert_string_equal(fail.sentence, want);
		assert_int_equal(fail.kind, FAIL_JOURNAL);
		assert_int_equal(after, STATE_ACTIVE);
	}
}

static void
states_have_names(void **state)
{
	(void)state;
	for (int n = 0; n < STATES; n++)
		assert_string_equal(state_name((enum state)n), names[n]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state),
		cmocka_unit_test(what_is_not_in_the_table_cannot_be),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
