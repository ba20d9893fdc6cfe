/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_DEED_H
#define ANCHORITE_CA_DEED_H

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>
#include <anchorite/ca/journal.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/x509/csr.h>

/*
 * What an operation is about to do: the parameters that custodians approve,
 * as a request states them and as a record's inputs give them again. Pure
 * functions; the caller owns the JSON.
 *
 *	sign		{"requests":[{"again":false,"existing":…,"for":[…],
 *			"profile":…,"sha256":…,"signer":…,"subject":…,
 *			"target":{…}}]};
 *			again: the key was certified before; existing and who
 *			has signed that one (signer: itself or this root): of
 *			a cross-certificate alone; for and target where they
 *			are given, and without what the policy makes private
 *	revoke		{"reason":…,"serial":…}
 *	crl, crl-disabled	{"number":…}
 *	disable, enable, restore	{}
 *	delete		{"days":…}
 *	destroy		{"backups":[{"fate":…,"name":…}],"ended":…}; ended:
 *			when the window of its deletion did
 *	backup		{"name":…,"place":…}
 *	policy		{"policy":…}
 *	resplit		{"count":…,"policy":…,"threshold":…}
 *	recover		{"torn":…}	SHA-256 of what stood of the line
 *	anchor		{"held":…,"reason":…,"torn":…}	held: SHA-256 of the
 *			newest head in the token, or "none"; torn: "" where no
 *			line is
 *	ocsp		{"serials":[…]}
 */
struct deed_request {
	const struct csr *csr;		/* all lent */
	const char *profile;
	unsigned consumers;
	struct target target;
	const struct cert *existing;	/* NULL: none */
};
struct json *deed_sign(const struct ledger *ledger,
    const struct deed_request *requests, size_t count);
struct json *deed_revoke(const struct serial *serial, const char *reason);
struct json *deed_crl(const struct ledger *ledger);
struct json *deed_nothing(void);
struct json *deed_delete(int64_t days);
struct json *deed_backup(const char *name, const char *place);
struct json *deed_policy(const struct digest *policy);
struct json *deed_resplit(const struct digest *policy,
    const struct split_form *form);
struct json *deed_recover(const struct digest *torn);
struct json *deed_anchor(const char *reason, const char *held,
    const struct digest *torn);
struct json *deed_ocsp(const struct serial *serials, size_t count);

/*
 * The fate of each backup that the journal knows, in its order; `fates` are
 * texts "NAME=FATE". FAIL_USAGE: a backup that is not known, given twice;
 * FAIL_REFUSED: "backup X (safe B): its fate is not given".
 */
MUST_USE int deed_destroy(const struct ledger *ledger,
    const char *const *fates, size_t count, struct json **out,
    struct fail *fail);

/* The parameters of a record that takes approvals; the ledger is as it was
 * before the record. */
MUST_USE int deed_of_record(const struct ledger *ledger,
    const struct objects *objects, const struct record *record,
    enum operation operation, struct json **out, struct fail *fail);

/*
 * Appends, in plain words and lines of 76 columns at most, what will happen,
 * to which key, and with what consequence. Texts from outside are escaped.
 * FAIL_INPUT where the parameters are not those of the operation.
 */
MUST_USE int deed_describe(enum operation operation, const char *authority,
    const struct json *parameters, struct buf *out, struct fail *fail);

#endif
