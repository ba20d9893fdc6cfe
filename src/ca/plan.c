/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/plan.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/vet.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/ocsp.h>

const struct alg *
plan_alg(const struct policy *policy)
{
	return alg_at(policy->root.signature);
}

/* The moment a period before `now`. */
static int64_t
period_before(int64_t now, struct period period)
{
	struct period back = {
		-period.years, -period.days, -period.hours
	};

	return period_after(now, back);
}

int
plan_root(const struct policy *policy, struct bytes spki,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail)
{
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert_plan plan = {
		.serial = *serial,
		.alg = plan_alg(policy),
		.issuer = buf_bytes(&policy->root.subject),
		.subject = buf_bytes(&policy->root.subject),
		.not_before = period_before(now, policy->backdate),
		.not_after = period_after(now, policy->root.validity),
		.spki = spki,
		.extensions = {
			.ca = true,
			.path_length = -1,
			.key_usage = 1u << EXT_KU_DIGITAL_SIGNATURE |
			    1u << EXT_KU_KEY_CERT_SIGN | 1u << EXT_KU_CRL_SIGN,
			.subject_key = identifier,
		},
	};

	if (spki_identifier(spki, identifier, fail) == -1)
		return -1;
	return cert_build(&plan, tbs_out, fail);
}

int
plan_check_issuer(const struct cert *issuer, int64_t now, struct fail *fail)
{
	char end[TEXT_TIME_SIZE];

	if (now < issuer->not_after)
		return 0;
	text_time(issuer->not_after, end);
	return fail_with(fail, FAIL_REFUSED, "the root ended %s", end);
}

int
plan_end(const struct policy_profile *profile, const struct cert *issuer,
    int64_t now, int64_t *out, struct fail *fail)
{
	char end[TEXT_TIME_SIZE], limit[TEXT_TIME_SIZE];

	int64_t not_after = profile->match_issuer ? issuer->not_after :
	    period_after(now, profile->validity);

	if (plan_check_issuer(issuer, now, fail) == -1)
		return -1;
	text_time(not_after, end);
	text_time(issuer->not_after, limit);
	if (not_after <= issuer->not_after) {
		*out = not_after;
		return 0;
	}
	return fail_with(fail, FAIL_REFUSED,
	    "validity: ends %s, the root ends %s", end, limit);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int
plan_cross(const struct policy *policy,
    const struct policy_profile *profile, const struct csr *csr,
    const struct cert *existing, const struct cert *issuer,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail)
{
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct ext copied[CSR_EXT_MAX];
	struct cert_plan plan = {
		.serial = *serial,
		.alg = plan_alg(policy),
		.issuer = issuer->subject,
		.subject = csr->subject,
		.not_before = period_before(now, policy->backdate),
		.spki = csr->spki.der,
		.extensions = profile->extensions,
	};

	if (plan_end(profile, issuer, now, &plan.not_after, fail) == -1 ||
	    spki_identifier(csr->spki.der, identifier, fail) == -1)
		return -1;
	/* A clock set back within the backdating must not undercut the root. */
	plan.not_before = later(plan.not_before, issuer->not_before);
	plan.extensions.subject_key = identifier;
	if (existing != NULL) {
		plan.not_before = later(plan.not_before, existing->not_before);
		plan.extensions.subject_key = existing->subject_key.data;
		plan.extensions.subject_key_len = existing->subject_key.len;
	}
	plan.extensions.authority_key = issuer->subject_key.data;
	plan.extensions.copied = copied;
	plan.extensions.copied_count =
	    vet_copied(csr, profile, copied, COUNT(copied));
	return cert_build(&plan, tbs_out, fail);
}

int
plan_certificate(const struct policy *policy,
    const struct policy_profile *profile, const struct csr *csr,
    const struct cert *issuer, const struct serial *serial, int64_t now,
    struct buf *tbs_out, struct fail *fail)
{
	return plan_cross(policy, profile, csr, NULL, issuer, serial, now,
	    tbs_out, fail);
}

int64_t
plan_crl_next_update(const struct ledger *ledger, int64_t now)
{
	int64_t next = period_after(now, ledger->policy->crl_period);

	return next < ledger->root->not_after ? next : ledger->root->not_after;
}

int
plan_crl(const struct ledger *ledger, uint64_t number, int64_t now,
    struct buf *tbs_out, struct fail *fail)
{
	AUTO(auto_free) struct crl_entry *entries =
	    mem_new(ledger->issued_count + 1, sizeof(*entries));
	struct crl_plan plan = {
		.alg = plan_alg(ledger->policy),
		.issuer = ledger->root->subject,
		.authority_key = ledger->root->subject_key.data,
		.number = number,
		.this_update = period_before(now, ledger->policy->backdate),
		.next_update = plan_crl_next_update(ledger, now),
		.entries = entries,
	};

	for (size_t n = 0; n < ledger->issued_count; n++) {
		const struct issued *issued = &ledger->issued[n];

		if (issued->status != ISSUED_REVOKED)
			continue;
		entries[plan.entry_count++] = (struct crl_entry){
			.serial = issued->serial,
			.revoked_at = issued->revoked_at,
			.reason = issued->reason,
		};
	}
	return crl_build(&plan, tbs_out, fail);
}

int
plan_ocsp(const struct ledger *ledger, const struct serial *serial,
    int64_t now, struct buf *tbs_out, struct fail *fail)
{
	const struct issued *issued = ledger_find(ledger, serial);
	struct ocsp_plan plan = {
		.issuer = ledger->root,
		.serial = *serial,
		.status = OCSP_GOOD,
		.produced_at = now,
		.this_update = period_before(now, ledger->policy->backdate),
		.next_update = plan_crl_next_update(ledger, now),
	};
	char hex[SERIAL_HEX_SIZE];

	serial_hex(serial, hex);
	if (issued == NULL)
		return fail_with(fail, FAIL_INPUT,
		    "certificate %s: was never issued", hex);
	if (issued->status == ISSUED_POSSIBLY)
		return fail_with(fail, FAIL_REFUSED, "certificate %s: is only "
		    "possibly issued; nobody can call it good: revoke it",
		    hex);
	if (issued->status == ISSUED_REVOKED) {
		plan.status = OCSP_REVOKED;
		plan.revoked_at = issued->revoked_at;
		plan.reason = issued->reason;
	}
	return ocsp_build(&plan, tbs_out, fail);
}

int
plan_journal_certificate(const char *name, struct bytes spki,
    const struct serial *serial, int64_t now, struct buf *tbs_out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf common_name = { 0 };
	AUTO(buf_release) struct buf subject = { 0 };
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert_plan plan = {
		.serial = *serial,
		.alg = alg_find("ecdsa-sha256"),
		.not_before = now,
		.not_after = CERT_NO_END,
		.spki = spki,
		.extensions = {
			.path_length = -1,
			.key_usage = 1u << EXT_KU_DIGITAL_SIGNATURE,
			.subject_key = identifier,
		},
	};

	buf_printf(&common_name, "anchorite journal %s", name);
	if (name_write(&(struct name_pair){ "CN", buf_cstr(&common_name) }, 1,
		&subject, fail) == -1 ||
	    spki_identifier(spki, identifier, fail) == -1)
		return -1;
	plan.issuer = plan.subject = buf_bytes(&subject);
	return cert_build(&plan, tbs_out, fail);
}
