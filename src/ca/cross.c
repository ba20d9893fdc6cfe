/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/cross.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

static const struct ext *
find(const struct cert *cert, int nid)
{
	return ext_find(cert->extensions, cert->extension_count, nid);
}

static enum rule_verdict
kept_if(bool is_kept, struct finding *finding, const char *have)
{
	return is_kept ? rule_kept(finding, "%s", have) :
	    rule_broken(finding, "%s", have);
}

static enum rule_verdict
judge_ca(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct cert *cert = ((const struct cross *)subject)->existing;
	bool signs = cert->key_usage == 0 ||
	    (cert->key_usage & 1u << EXT_KU_KEY_CERT_SIGN) != 0;

	(void)rule;
	rule_want(finding, "CA:TRUE, and keyCertSign in a key usage");
	if (!cert->ca)
		return rule_broken(finding, "CA:FALSE");
	return kept_if(signs, finding, signs ? "a CA's" :
	    "a key usage without keyCertSign");
}

const char *const cross_signer_names[] = {
	[CROSS_BY_ITSELF] = "itself",
	[CROSS_BY_ROOT] = "this root",
	[CROSS_BY_ANOTHER] = "another CA",
};

enum cross_signer
cross_signer(const struct cert *existing, const struct cert *root)
{
	if (bytes_is_equal(existing->issuer, existing->subject))
		return CROSS_BY_ITSELF;
	if (bytes_is_equal(existing->issuer, root->subject))
		return CROSS_BY_ROOT;
	return CROSS_BY_ANOTHER;
}

/* What it says limits what is signed beside it. Under a key that is not at
 * hand anybody could have written it, so that is no certificate. */
static enum rule_verdict
judge_signature(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	const struct cert *cert = cross->existing;
	enum cross_signer signer = cross_signer(cert, cross->root);
	EVP_PKEY *key = signer == CROSS_BY_ROOT ? cross->root->spki.key :
	    cert->spki.key;
	AUTO(buf_release) struct buf issuer = { 0 };
	struct fail fail = { 0 };

	(void)rule;
	if (signer == CROSS_BY_ANOTHER) {
		rule_want(finding, "one by itself or by this root: no other "
		    "CA's key is at hand to verify it");
		name_show(cert->issuer, &issuer);
		return rule_broken(finding, "one by %s", buf_cstr(&issuer));
	}
	rule_want(finding, "one that verifies under %s", signer ==
	    CROSS_BY_ROOT ? "this root's key" : "its own key");
	if (cert_verify(cert, key, &fail) == -1)
		return rule_broken(finding, "one that does not");
	return rule_kept(finding, "one that does");
}

static enum rule_verdict
judge_validity(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	char now[TEXT_TIME_SIZE], first[TEXT_TIME_SIZE], last[TEXT_TIME_SIZE];
	bool is_valid = cross->existing->not_before <= cross->now &&
	    cross->now <= cross->existing->not_after;

	(void)rule;
	text_time(cross->now, now);
	text_time(cross->existing->not_before, first);
	text_time(cross->existing->not_after, last);
	rule_want(finding, "one that holds at %s", now);
	if (is_valid)
		return rule_kept(finding, "%s to %s", first, last);
	return rule_broken(finding, "%s to %s", first, last);
}

/* Byte for byte: verifiers differ in which other names they call equal. */
static enum rule_verdict
judge_subject(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct cross *cross = subject;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	bool same = bytes_is_equal(cross->existing->subject,
	    cross->planned->subject);

	(void)rule;
	name_show(cross->existing->subject, &want);
	name_show(cross->planned->subject, &have);
	rule_want(finding, "%s", buf_cstr(&want));
	/* Equal to the eye, they differ in their string types. */
	if (!same && strcmp(buf_cstr(&want), buf_cstr(&have)) == 0)
		return rule_broken(finding, "the same in another encoding");
	return kept_if(same, finding, buf_cstr(&have));
}

static enum rule_verdict
judge_key(const struct rule *rule, void *subject, struct finding *finding)
{
	const struct cross *cross = subject;
	bool same = bytes_is_equal(cross->existing->spki.der,
	    cross->planned->spki.der);

	(void)rule;
	rule_want(finding, "that of the existing certificate");
	return kept_if(same, finding, same ? "the same" : "another");
}

static enum rule_verdict
judge_identifier(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	struct bytes want = cross->existing->subject_key;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf have = { 0 };

	(void)rule;
	if (want.len == 0) {
		rule_want(finding, "one in the existing certificate");
		return rule_broken(finding, "none");
	}
	text_hex(&text, want);
	rule_want(finding, "%s", buf_cstr(&text));
	text_hex(&have, cross->planned->subject_key);
	return kept_if(bytes_is_equal(want, cross->planned->subject_key),
	    finding, buf_cstr(&have));
}

static enum rule_verdict
judge_not_before(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	char want[TEXT_TIME_SIZE], have[TEXT_TIME_SIZE];

	(void)rule;
	text_time(cross->existing->not_before, want);
	text_time(cross->planned->not_before, have);
	rule_want(finding, "not before %s", want);
	return kept_if(cross->planned->not_before >=
	    cross->existing->not_before, finding, have);
}

/* How long a key lives, whoever made it has said. */
static enum rule_verdict
judge_not_after(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	char want[TEXT_TIME_SIZE], have[TEXT_TIME_SIZE];

	(void)rule;
	text_time(cross->existing->not_after, want);
	text_time(cross->planned->not_after, have);
	rule_want(finding, "not after %s", want);
	return kept_if(cross->planned->not_after <=
	    cross->existing->not_after, finding, have);
}

static enum rule_verdict
judge_path_length(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	int want = cross->existing->path_length;
	int have = cross->planned->path_length;

	(void)rule;
	if (want < 0)
		return rule_silent(finding, "the existing one has none");
	rule_want(finding, "at most %d", want);
	if (have < 0)
		return rule_broken(finding, "none");
	return have <= want ? rule_kept(finding, "%d", have) :
	    rule_broken(finding, "%d", have);
}

static enum rule_verdict
judge_key_usage(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	unsigned more = cross->planned->key_usage &
	    ~cross->existing->key_usage;

	(void)rule;
	if (cross->existing->key_usage == 0)
		return rule_silent(finding, "the existing one has none");
	rule_want(finding, "none but that of the existing one");
	for (unsigned bit = 0; key_usage_names[bit] != NULL; bit++)
		if ((more & 1u << bit) != 0)
			return rule_broken(finding, "%s, too",
			    key_usage_names[bit]);
	return rule_kept(finding, "none but that");
}

/* The OIDs that an extension lists: extKeyUsage has them bare, policies
 * each at the beginning of a SEQUENCE. */
#define OIDS_MAX 64
struct oids {
	struct bytes items[OIDS_MAX];
	size_t count;
};

static void
oids_of(const struct cert *cert, int nid, struct oids *out)
{
	const struct ext *ext = find(cert, nid);
	struct bytes rest, list, one;
	struct fail fail = { 0 };

	*out = (struct oids){ .count = 0 };
	if (ext == NULL)
		return;
	rest = ext->value;
	if (der_next(&rest, DER_SEQUENCE, &list, NULL, &fail) == -1)
		return;
	/* cert_read has seen that it parses. */
	while (list.len > 0 && out->count < OIDS_MAX) {
		if (nid == NID_certificate_policies &&
		    der_next(&list, DER_SEQUENCE, &one, NULL, &fail) == -1)
			return;
		if (der_next(nid == NID_certificate_policies ? &one : &list,
		    DER_OID, &out->items[out->count], NULL, &fail) == -1)
			return;
		out->count++;
	}
}

static bool
oids_has(const struct oids *oids, struct bytes oid)
{
	for (size_t n = 0; n < oids->count; n++)
		if (bytes_is_equal(oids->items[n], oid))
			return true;
	return false;
}

static bool
is_any_policy(struct bytes oid)
{
	const ASN1_OBJECT *any = OBJ_nid2obj(NID_any_policy);

	return bytes_is_equal(oid, bytes_of(OBJ_get0_data(any),
	    OBJ_length(any)));
}

static void
oids_show(const struct oids *oids, struct buf *out)
{
	char name[DER_OID_SIZE];

	for (size_t n = 0; n < oids->count; n++) {
		ext_show_oid(oids->items[n], name, sizeof(name));
		buf_printf(out, "%s%s", n > 0 ? ", " : "", name);
	}
	if (oids->count == 0)
		buf_text(out, "none");
}

static enum rule_verdict
judge_has_purposes(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	AUTO(buf_release) struct buf have = { 0 };
	struct oids oids;

	(void)rule;
	oids_of(cross->planned, NID_ext_key_usage, &oids);
	oids_show(&oids, &have);
	rule_want(finding, "one at least");
	return kept_if(oids.count > 0, finding, buf_cstr(&have));
}

static enum rule_verdict
judge_same_purposes(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	struct oids existing, planned;
	bool same;

	(void)rule;
	oids_of(cross->existing, NID_ext_key_usage, &existing);
	oids_of(cross->planned, NID_ext_key_usage, &planned);
	if (existing.count == 0)
		return rule_silent(finding, "the existing one has none");
	oids_show(&existing, &want);
	oids_show(&planned, &have);
	rule_want(finding, "%s", buf_cstr(&want));
	same = existing.count == planned.count;
	for (size_t n = 0; n < planned.count; n++)
		same &= oids_has(&existing, planned.items[n]);
	return kept_if(same, finding, buf_cstr(&have));
}

static enum rule_verdict
judge_policies(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	struct oids existing, planned;
	bool within = true, any = false;

	(void)rule;
	oids_of(cross->existing, NID_certificate_policies, &existing);
	oids_of(cross->planned, NID_certificate_policies, &planned);
	for (size_t n = 0; n < existing.count; n++)
		any |= is_any_policy(existing.items[n]);
	if (existing.count == 0 || any)
		return rule_silent(finding, "the existing one has %s",
		    any ? "anyPolicy" : "none");
	oids_show(&existing, &want);
	oids_show(&planned, &have);
	rule_want(finding, "of %s", buf_cstr(&want));
	for (size_t n = 0; n < planned.count; n++)
		within &= oids_has(&existing, planned.items[n]);
	return kept_if(within, finding, buf_cstr(&have));
}

/* The first organization of a name; false: it has none. */
static bool
has_organization(struct bytes der, struct buf *out)
{
	AUTO(name_release) struct name *name = NULL;
	const char *value = NULL;
	struct fail fail = { 0 };

	if (name_read(der, &name, &fail) == 0)
		value = name_get(name, "O");
	if (value != NULL)
		buf_text(out, value);
	return value != NULL;
}

static enum rule_verdict
judge_any_policy(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	struct oids planned;
	bool any = false, roots, own;

	(void)rule;
	oids_of(cross->planned, NID_certificate_policies, &planned);
	for (size_t n = 0; n < planned.count; n++)
		any |= is_any_policy(planned.items[n]);
	if (!any)
		return rule_silent(finding, "no anyPolicy");
	roots = has_organization(cross->root->subject, &want);
	own = has_organization(cross->planned->subject, &have);
	if (!roots && !own)
		return rule_silent(finding, "no organization");
	if (!roots) {
		rule_want(finding, "a root with an organization");
		return rule_broken(finding, "one without");
	}
	rule_want(finding, "only for the root's own O=%s", buf_cstr(&want));
	if (!own)
		return rule_broken(finding, "no organization");
	return kept_if(bytes_is_equal(buf_bytes(&want), buf_bytes(&have)),
	    finding, buf_cstr(&have));
}

/* Other constraints may be wider in ways that are hard to see. */
static enum rule_verdict
judge_constraints(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	const struct ext *want = find(cross->existing, NID_name_constraints);
	const struct ext *have = find(cross->planned, NID_name_constraints);
	bool same = want != NULL && have != NULL &&
	    bytes_is_equal(want->value, have->value);

	(void)rule;
	if (want == NULL)
		return rule_silent(finding, "the existing one has none");
	rule_want(finding, "those of the existing certificate");
	return kept_if(same, finding, have == NULL ? "none" : same ?
	    "the same" : "others");
}

/* What holds the existing one back must hold this one back, too. */
static enum rule_verdict
judge_critical(const struct rule *rule, void *subject,
    struct finding *finding)
{
	const struct cross *cross = subject;
	const struct cert *cert = cross->existing;
	char name[DER_OID_SIZE];

	(void)rule;
	rule_want(finding, "those of the existing certificate");
	for (size_t n = 0; n < cert->extension_count; n++) {
		const struct ext *ext = &cert->extensions[n];
		bool is_there = false;

		for (size_t k = 0; k < cross->planned->extension_count; k++)
			is_there |= bytes_is_equal(ext->oid,
			    cross->planned->extensions[k].oid);
		if (!ext->critical || is_there)
			continue;
		ext_show_oid(ext->oid, name, sizeof(name));
		return rule_broken(finding, "none %s", name);
	}
	return rule_kept(finding, "those");
}

const struct rule cross_rules[] = {
	{ "existing certificate", "RFC 5280, 4.2.1.9", NULL, judge_ca, 0,
	    NULL },
	{ "its signature", "RFC 5280, 6.1.3", NULL, judge_signature, 0, NULL },
	{ "its validity", "RFC 5280, 6.1.3", NULL, judge_validity, 0, NULL },
	{ "subject", "RFC 5280, 6.1.3", NULL, judge_subject, 0, NULL },
	{ "key", "CA/B BR 7.1.2.2", NULL, judge_key, 0, NULL },
	{ "subject key identifier", "RFC 5280, 4.2.1.2", NULL,
	    judge_identifier, 0, NULL },
	{ "notBefore", "CA/B BR 7.1.2.2.1", NULL, judge_not_before, 0, NULL },
	{ "notAfter", "RFC 3647, 6.3.2", NULL, judge_not_after, 0, NULL },
	{ "path length", "RFC 5280, 4.2.1.9", NULL, judge_path_length, 0,
	    NULL },
	{ "key usage", "RFC 5280, 4.2.1.3", NULL, judge_key_usage, 0, NULL },
	{ "extended key usage", "CCADB Policy 2.1", "2025-09-15",
	    judge_has_purposes, 0, NULL },
	{ "same extended key usage", "CA/B BR 7.1.2.2.3", NULL,
	    judge_same_purposes, 0, NULL },
	{ "certificate policies", "RFC 5280, 4.2.1.4", NULL, judge_policies,
	    0, NULL },
	{ "anyPolicy", "CA/B BR 7.1.2.2.6", NULL, judge_any_policy, 0, NULL },
	{ "name constraints", "RFC 5280, 4.2.1.10", NULL, judge_constraints,
	    0, NULL },
	{ "critical extensions", "RFC 5280, 4.2", NULL, judge_critical, 0,
	    NULL },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

int
cross_check(const struct cert *existing, struct bytes tbs,
    const struct alg *alg, const struct cert *root, int64_t now,
    struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(cert_release) struct cert *planned = NULL;
	struct cross cross = {
		.existing = existing, .root = root, .now = now,
	};
	struct rule_results results = { .count = 0 };

	/* Read back from its bytes; the signature is not there yet. */
	alg_wrap(alg, tbs, bytes_of("", 1), &der);
	if (cert_read(buf_bytes(&der), &planned, fail) == -1)
		return -1;
	cross.planned = planned;
	rules_judge(cross_rules, &cross, now, &results);
	if (rules_refuse(&results, fail) == -1)
		return fail_in(fail, "cross-certificate");
	return 0;
}
