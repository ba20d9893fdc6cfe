/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the key of a request: allowed, strong, not seen before; and on the
 * name that is the root's. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/weak.h>

#include "vet_internal.h"

#define RSA_BITS_MOST 16384	/* beyond it nobody waits for an answer */

static enum rule_verdict
judge_kind(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	enum key_kind kind = vet->csr->spki.kind;
	AUTO(buf_release) struct buf known = { 0 };

	(void)rule;
	for (int i = 0; i < KEY_KINDS; i++)
		if (vet->profile->keys & 1U << i)
			buf_printf(&known, "%s%s", known.len ? ", " : "",
			    key_kind_names[i]);
	rule_want(finding, "%s", buf_cstr(&known));
	if (kind == KEY_NONE)
		return rule_silent(finding, "no key of a known kind");
	if ((vet->profile->keys & 1U << kind) == 0)
		return rule_broken(finding, "%s", key_kind_names[kind]);
	return rule_kept(finding, "%s", key_kind_names[kind]);
}

static void
free_number(BIGNUM **number)
{
	BN_free(*number);
}

/* Of an RSA key that these tests can judge, or NULL, with the reason. */
static BIGNUM *
take_modulus(const struct vet_case *vet, struct finding *finding)
{
	const struct spki *key = &vet->csr->spki;
	BIGNUM *modulus;

	if (!spki_is_rsa(key)) {
		rule_silent(finding, "not an RSA key");
		return NULL;
	}
	if (!spki_is_odd(key->modulus) ||
	    spki_modulus_bits(key) > RSA_BITS_MOST) {
		rule_silent(finding, "not for this modulus");
		return NULL;
	}
	modulus = BN_bin2bn(key->modulus.data, (int)key->modulus.len, NULL);
	if (modulus == NULL)
		abort();	/* out of memory, as in mem_new */
	return modulus;
}

static enum rule_verdict
judge_factors(const struct rule *rule, void *subject,
    struct finding *finding)
{
	AUTO(free_number) BIGNUM *modulus = take_modulus(subject, finding);
	unsigned factor;

	rule_want(finding, "no prime factor up to %d", (int)rule->number);
	if (modulus == NULL)
		return RULE_SILENT;
	factor = weak_small_factor(modulus, (unsigned)rule->number);
	if (factor != 0)
		return rule_broken(finding, "a modulus divisible by %u",
		    factor);
	return rule_kept(finding, "none");
}

static enum rule_verdict
judge_roca(const struct rule *rule, void *subject, struct finding *finding)
{
	AUTO(free_number) BIGNUM *modulus = take_modulus(subject, finding);

	(void)rule;
	rule_want(finding, "no key of Infineon's RSALib (ROCA, "
	    "CVE-2017-15361)");
	if (modulus == NULL)
		return RULE_SILENT;
	if (weak_is_roca(modulus))
		return rule_broken(finding, "the fingerprint of one");
	return rule_kept(finding, "no fingerprint of one");
}

static enum rule_verdict
judge_fermat(const struct rule *rule, void *subject,
    struct finding *finding)
{
	AUTO(free_number) BIGNUM *modulus = take_modulus(subject, finding);

	rule_want(finding, "primes that %d rounds of Fermat's method do not "
	    "find", (int)rule->number);
	if (modulus == NULL)
		return RULE_SILENT;
	if (weak_is_fermat(modulus, (int)rule->number))
		return rule_broken(finding, "primes that it finds");
	return rule_kept(finding, "not found");
}

const struct rule vet_key_rules[] = {
	{ "key kind", "policy: keys", NULL, judge_kind, 0, NULL },
	{ "small factors", "BR 6.1.6", NULL, judge_factors, WEAK_FACTOR_MAX,
	    NULL },
	{ "RSALib", "BR 6.1.1.3(5)", NULL, judge_roca, 0, NULL },
	{ "close primes", "BR 6.1.1.3(5)", NULL, judge_fermat,
	    WEAK_FERMAT_ROUNDS, NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

/* NULL without an authority; the finding then says so. */
static const struct ledger *
take_ledger(const struct vet_case *vet, struct finding *finding)
{
	const struct ledger *ledger =
	    vet->seen == NULL ? NULL : seen_ledger(vet->seen);

	if (ledger == NULL)
		rule_silent(finding, "no authority to ask");
	return ledger;
}

/* The authority's own, by the rule's number. */
enum own { OWN_ROOT, OWN_JOURNAL };

static enum rule_verdict
judge_own(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ledger *ledger = take_ledger(vet, finding);
	const struct buf *own;

	rule_want(finding, "another key than the %s's own", rule->text);
	if (ledger == NULL)
		return RULE_SILENT;
	own = rule->number == OWN_ROOT ? &ledger->root_key.spki :
	    &ledger->journal_key.spki;
	if (bytes_is_equal(vet->csr->spki.der, buf_bytes(own)))
		return rule_broken(finding, "the %s's own", rule->text);
	return rule_kept(finding, "another");
}

/* Whoever has the root's name passes for the root: a certificate that it
 * issues counts as self-issued, which no path length holds back, and a CRL
 * that it signs names the root as its issuer. */
static enum rule_verdict
judge_root_name(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ledger *ledger = take_ledger(vet, finding);
	AUTO(buf_release) struct buf shown = { 0 };

	(void)rule;
	rule_want(finding, "another name than the root's");
	if (ledger == NULL)
		return RULE_SILENT;
	if (ledger->root == NULL)
		return rule_silent(finding, "no root certificate yet");
	name_show(vet->csr->subject, &shown);
	if (name_is_like(vet->csr->subject, ledger->root->subject))
		return rule_broken(finding, "%s", buf_cstr(&shown));
	return rule_kept(finding, "another");
}

static enum rule_verdict
judge_certified(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ledger *ledger = take_ledger(vet, finding);
	char serial[SERIAL_HEX_SIZE];
	const struct issued *before;
	struct digest key;

	(void)rule;
	rule_want(finding, "a key that was not certified before, or "
	    "--reissue");
	if (ledger == NULL)
		return RULE_SILENT;
	digest_of(vet->csr->spki.der, &key);
	before = ledger_find_key(ledger, &key);
	if (before == NULL)
		return rule_kept(finding, "a new one");
	serial_hex(&before->serial, serial);
	if (!vet->reissue)
		return rule_broken(finding, "certified already, serial %s",
		    serial);
	return rule_kept(finding, "--reissue; serial %s has it, too", serial);
}

/* Once out, a key is out: no --reissue helps. */
static enum rule_verdict
judge_compromised(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const struct ledger *ledger = take_ledger(vet, finding);
	char serial[SERIAL_HEX_SIZE];
	const struct issued *issued;
	struct digest key;

	(void)rule;
	rule_want(finding, "a key of which no certificate was revoked as "
	    "compromised");
	if (ledger == NULL)
		return RULE_SILENT;
	digest_of(vet->csr->spki.der, &key);
	for (issued = ledger_find_key(ledger, &key); issued != NULL;
	    issued = ledger_next_of_key(ledger, issued)) {
		if (issued->status != ISSUED_REVOKED ||
		    (issued->reason != CRL_KEY_COMPROMISE &&
		    issued->reason != CRL_CA_COMPROMISE))
			continue;
		serial_hex(&issued->serial, serial);
		return rule_broken(finding, "serial %s: %s", serial,
		    crl_reason_name(issued->reason));
	}
	return rule_kept(finding, "none");
}

static enum rule_verdict
judge_repeated(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct vet_case *vet = subject;
	const char *other;

	(void)rule;
	rule_want(finding, "a key for each request");
	if (vet->seen == NULL)
		return rule_silent(finding, "one request alone");
	other = seen_find(vet->seen, &vet->csr->spki);
	if (other != NULL)
		return rule_broken(finding, "the same as in %s", other);
	return rule_kept(finding, "no other request has it");
}

static enum rule_verdict
judge_shared(const struct rule *rule, void *subject,
    struct finding *finding)
{
	AUTO(free_number) BIGNUM *modulus = take_modulus(subject, finding);
	const struct vet_case *vet = subject;
	char whose[256];

	(void)rule;
	rule_want(finding, "no prime factor of another key");
	if (modulus == NULL)
		return RULE_SILENT;
	if (vet->seen == NULL)
		return rule_silent(finding, "no other key is known");
	if (seen_shares(vet->seen, &vet->csr->spki, whose, sizeof(whose)))
		return rule_broken(finding, "one in common with %s", whose);
	return rule_kept(finding, "none");
}

const struct rule vet_seen_rules[] = {
	{ "not the root's key", "SP 800-57-1, 5.2", NULL, judge_own, OWN_ROOT,
	    "root" },
	{ "not the journal's", "SP 800-57-1, 5.2", NULL, judge_own,
	    OWN_JOURNAL, "journal" },
	{ "not the root's name", "RFC 5280, 6.1.4 (l)", NULL, judge_root_name,
	    0, NULL },
	{ "new key", "anchorite(1), sign", NULL, judge_certified, 0, NULL },
	{ "not compromised", "BR 6.1.1.3(4)", NULL, judge_compromised, 0,
	    NULL },
	{ "one request a key", "anchorite(1), sign", NULL, judge_repeated, 0,
	    NULL },
	{ "no shared prime", "BR 6.1.1.3(3)", NULL, judge_shared, 0, NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};
