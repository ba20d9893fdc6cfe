/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/objects.h>

#include "authority.h"
#include "testing.h"

#include <anchorite/ca/cross.h>
#include <anchorite/ca/deed.h>
#include <anchorite/ca/issue.h>
#include <anchorite/out/audit.h>

#define YEAR     (365 * DAY)
#define SIGNS    (1u << EXT_KU_DIGITAL_SIGNATURE)
#define CA_USAGE (SIGNS | 1u << EXT_KU_KEY_CERT_SIGN | 1u << EXT_KU_CRL_SIGN)
#define TEXTS(array) ((struct ext_texts){ array, COUNT(array) })

static const char *const server[] = { "serverAuth" };
static const char *const server_client[] = { "serverAuth", "clientAuth" };
static const char *const client_server[] = { "clientAuth", "serverAuth" };
static const char *const server_client_mail[] = {
	"serverAuth", "clientAuth", "emailProtection",
};
static const char *const wide[] = { "example" };
static const char *const narrow[] = { "a.example" };
static const uint8_t identifier[] = "identifier-of-20-chr";
static const uint8_t root_identifier[] = "identifier-of-roots-";

/* A CA's own certificate, and the one that a root is to sign beside it: a
 * good pair, of which a test spoils what it likes. */
struct fixture {
	EVP_PKEY *key, *root_key, *other_key;
	struct buf spki, root_spki, other_spki, name, root_name, other_name;
	struct cert_plan existing, planned, root;
	EVP_PKEY *signer;		/* of the existing one */
	int64_t now;
};

static void
party(const char *organization, const char *cn, EVP_PKEY **key,
    struct buf *spki, struct buf *name)
{
	const struct name_pair pairs[] = { { "O", organization },
		{ "CN", cn } };

	*key = EVP_EC_gen("P-256");
	MUST(spki_write(*key, spki, &fault));
	MUST(name_write(pairs, COUNT(pairs), name, &fault));
}

static struct cert_plan
plan_of(const struct buf *issuer, const struct buf *subject,
    const struct buf *spki)
{
	return (struct cert_plan){
		.serial = { .octets = { 7 }, .len = 1 },
		.alg = alg_find("ecdsa-sha256"),
		.issuer = buf_bytes(issuer),
		.subject = buf_bytes(subject),
		.not_before = NOW - YEAR,
		.not_after = NOW + 10 * YEAR,
		.spki = buf_bytes(spki),
		.extensions = {
			.ca = true, .path_length = -1, .key_usage = CA_USAGE,
			.subject_key = identifier,
		},
	};
}

static struct fixture *
fixture_make(void)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	party("Corp", "CA", &f->key, &f->spki, &f->name);
	party("Corp", "Root", &f->root_key, &f->root_spki, &f->root_name);
	party("Other", "CA", &f->other_key, &f->other_spki, &f->other_name);
	f->existing = plan_of(&f->name, &f->name, &f->spki);
	f->root = plan_of(&f->root_name, &f->root_name, &f->root_spki);
	f->root.extensions.subject_key = root_identifier;
	f->planned = plan_of(&f->root_name, &f->name, &f->spki);
	f->planned.not_before = NOW - 3600;
	f->planned.not_after = NOW + 5 * YEAR;
	f->planned.extensions.authority_key = root_identifier;
	f->planned.extensions.ext_key_usage = TEXTS(server_client);
	f->signer = f->key;
	f->now = NOW;
	return f;
}

static void
fixture_release(struct fixture **f)
{
	EVP_PKEY *keys[] = { (*f)->key, (*f)->root_key, (*f)->other_key };
	struct buf *bufs[] = {
		&(*f)->spki, &(*f)->root_spki, &(*f)->other_spki, &(*f)->name,
		&(*f)->root_name, &(*f)->other_name,
	};

	for (size_t n = 0; n < COUNT(keys); n++)
		EVP_PKEY_free(keys[n]);
	for (size_t n = 0; n < COUNT(bufs); n++)
		buf_release(bufs[n]);
	free(*f);
}

static struct cert *
sign(const struct cert_plan *plan, EVP_PKEY *key)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct cert *cert = NULL;

	MUST(cert_build(plan, &tbs, &fault));
	sign_with("ecdsa-sha256", key, buf_bytes(&tbs), &der);
	MUST(cert_read(buf_bytes(&der), &cert, &fault));
	return cert;
}

static int
check(const struct fixture *f, struct fail *fail)
{
	AUTO(cert_release) struct cert *existing = sign(&f->existing,
	    f->signer);
	AUTO(cert_release) struct cert *root = sign(&f->root, f->root_key);
	AUTO(buf_release) struct buf tbs = { 0 };

	MUST(cert_build(&f->planned, &tbs, &fault));
	return cross_check(existing, buf_bytes(&tbs), f->planned.alg, root,
	    f->now, fail);
}

static const struct ext_policy policy_one = { "1.3.6.1.4.1.32473.1", NULL };
static const struct ext_policy policy_two = { "1.3.6.1.4.1.32473.2", NULL };
static const struct ext_policy policy_any = { "2.5.29.32.0", NULL };
/* policyConstraints: requireExplicitPolicy 0 */
static const struct ext explicit_policy = {
	{ (const uint8_t *)"\x55\x1d\x24", 3 }, true,
	{ (const uint8_t *)"\x30\x03\x80\x01\x00", 5 },
};

static const struct ext ca_version = {
	{ (const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x15\x01", 9 },
	false, { (const uint8_t *)"\x02\x01\x00", 3 },
};

static void
not_a_ca(struct fixture *f)
{
	f->existing.extensions.ca = false;
}

static void
no_key_cert_sign(struct fixture *f)
{
	f->existing.extensions.key_usage = SIGNS | 1u << EXT_KU_CRL_SIGN;
}

static void
signed_by_another(struct fixture *f)
{
	f->signer = f->other_key;
}

static void
false_of_this_root(struct fixture *f)
{
	f->existing.issuer = buf_bytes(&f->root_name);
}

/* Whoever is that, and whatever they wrote: nothing here can tell. */
static void
of_another_issuer(struct fixture *f)
{
	f->existing.issuer = buf_bytes(&f->other_name);
	f->signer = f->other_key;
}

static void
ended(struct fixture *f)
{
	f->existing.not_after = NOW - 1;
	f->planned.not_after = NOW - 1;
}

static void
not_begun(struct fixture *f)
{
	f->existing.not_before = f->planned.not_before = NOW + 1;
}

static void
other_subject(struct fixture *f)
{
	f->planned.subject = buf_bytes(&f->other_name);
}

static void
other_key(struct fixture *f)
{
	f->planned.spki = buf_bytes(&f->other_spki);
}

static void
other_identifier(struct fixture *f)
{
	f->planned.extensions.subject_key = root_identifier;
}

static void
no_identifier(struct fixture *f)
{
	f->existing.extensions.subject_key = NULL;
}

static void
begins_earlier(struct fixture *f)
{
	f->existing.not_before = NOW - 60;
}

static void
ends_later(struct fixture *f)
{
	f->planned.not_after = NOW + 11 * YEAR;
}

static void
longer_path(struct fixture *f)
{
	f->existing.extensions.path_length = 1;
	f->planned.extensions.path_length = 2;
}

static void
endless_path(struct fixture *f)
{
	f->existing.extensions.path_length = 1;
}

static void
more_usage(struct fixture *f)
{
	f->existing.extensions.key_usage &= ~SIGNS;
}

static void
no_purpose(struct fixture *f)
{
	f->planned.extensions.ext_key_usage.count = 0;
}

static void
more_purposes(struct fixture *f)
{
	f->existing.extensions.ext_key_usage = TEXTS(server);
}

static void
fewer_purposes(struct fixture *f)
{
	f->existing.extensions.ext_key_usage =
	    TEXTS(server_client_mail);
}

static void
put_policy(struct cert_plan *plan, const struct ext_policy *policy)
{
	plan->extensions.policies = policy;
	plan->extensions.policy_count = 1;
}

static void
other_policy(struct fixture *f)
{
	put_policy(&f->existing, &policy_one);
	put_policy(&f->planned, &policy_two);
}

static void
any_policy_for_others(struct fixture *f)
{
	put_policy(&f->planned, &policy_any);
	f->existing.subject = f->existing.issuer = f->planned.subject =
	    buf_bytes(&f->other_name);
}

/* CN=A */
static const struct bytes no_organization = {
	(const uint8_t *)"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03"
	    "\x0c\x01" "A", 14
};

static void
any_policy_for_nobody(struct fixture *f)
{
	put_policy(&f->planned, &policy_any);
	f->existing.subject = f->existing.issuer = f->planned.subject =
	    no_organization;
}

static void
any_policy_of_nobody(struct fixture *f)
{
	put_policy(&f->planned, &policy_any);
	f->root.subject = f->root.issuer = f->planned.issuer =
	    no_organization;
}

static void
fewer_constraints(struct fixture *f)
{
	f->existing.extensions.permitted.dns = TEXTS(narrow);
}

static void
other_constraints(struct fixture *f)
{
	fewer_constraints(f);
	f->planned.extensions.permitted.dns = TEXTS(wide);
}

static void
other_critical(struct fixture *f)
{
	f->existing.extensions.copied = &explicit_policy;
	f->existing.extensions.copied_count = 1;
}

static const struct {
	void (*spoil)(struct fixture *f);
	const char *sentence;
} bad[] = {
	{ not_a_ca, "existing certificate: want CA:TRUE, and keyCertSign in a "
	    "key usage, have CA:FALSE (RFC 5280, 4.2.1.9)" },
	{ no_key_cert_sign, "existing certificate: want CA:TRUE, and "
	    "keyCertSign in a key usage, have a key usage without keyCertSign "
	    "(RFC 5280, 4.2.1.9); key usage: want none but that of the "
	    "existing one, have keyCertSign, too (RFC 5280, 4.2.1.3)" },
	{ signed_by_another, "its signature: want one that verifies under its "
	    "own key, have one that does not (RFC 5280, 6.1.3)" },
	{ of_another_issuer, "its signature: want one by itself or by this "
	    "root: no other CA's key is at hand to verify it, have one by "
	    "O=Other, CN=CA (RFC 5280, 6.1.3)" },
	{ false_of_this_root, "its signature: want one that verifies under "
	    "this root's key, have one that does not (RFC 5280, 6.1.3)" },
	{ ended, "its validity: want one that holds at 2026-11-21T06:50:48Z, "
	    "have 2025-11-21T06:50:48Z to 2026-11-21T06:50:47Z (RFC 5280, "
	    "6.1.3)" },
	{ not_begun, "its validity: want one that holds at "
	    "2026-11-21T06:50:48Z, have 2026-11-21T06:50:49Z to "
	    "2036-11-18T06:50:48Z (RFC 5280, 6.1.3)" },
	{ other_subject, "subject: want O=Corp, CN=CA, have O=Other, CN=CA "
	    "(RFC 5280, 6.1.3)" },
	{ other_key, "key: want that of the existing certificate, have "
	    "another (CA/B BR 7.1.2.2)" },
	{ other_identifier, "subject key identifier: want "
	    "6964656e7469666965722d6f662d32302d636872, have "
	    "6964656e7469666965722d6f662d726f6f74732d (RFC 5280, 4.2.1.2)" },
	{ no_identifier, "subject key identifier: want one in the existing "
	    "certificate, have none (RFC 5280, 4.2.1.2)" },
	{ begins_earlier, "notBefore: want not before 2026-11-21T06:49:48Z, "
	    "have 2026-11-21T05:50:48Z (CA/B BR 7.1.2.2.1)" },
	{ ends_later, "notAfter: want not after 2036-11-18T06:50:48Z, have "
	    "2037-11-18T06:50:48Z (RFC 3647, 6.3.2)" },
	{ longer_path, "path length: want at most 1, have 2 (RFC 5280, "
	    "4.2.1.9)" },
	{ endless_path, "path length: want at most 1, have none (RFC 5280, "
	    "4.2.1.9)" },
	{ more_usage, "key usage: want none but that of the existing one, "
	    "have digitalSignature, too (RFC 5280, 4.2.1.3)" },
	{ no_purpose, "extended key usage: want one at least, have none "
	    "(CCADB Policy 2.1)" },
	{ more_purposes, "same extended key usage: want serverAuth, have "
	    "serverAuth, clientAuth (CA/B BR 7.1.2.2.3)" },
	{ fewer_purposes, "same extended key usage: want serverAuth, "
	    "clientAuth, emailProtection, have serverAuth, clientAuth (CA/B "
	    "BR 7.1.2.2.3)" },
	{ other_policy, "certificate policies: want of 1.3.6.1.4.1.32473.1, "
	    "have 1.3.6.1.4.1.32473.2 (RFC 5280, 4.2.1.4)" },
	{ any_policy_for_others, "anyPolicy: want only for the root's own "
	    "O=Corp, have Other (CA/B BR 7.1.2.2.6)" },
	{ any_policy_for_nobody, "anyPolicy: want only for the root's own "
	    "O=Corp, have no organization (CA/B BR 7.1.2.2.6)" },
	{ any_policy_of_nobody, "anyPolicy: want a root with an organization, "
	    "have one without (CA/B BR 7.1.2.2.6)" },
	{ fewer_constraints, "name constraints: want those of the existing "
	    "certificate, have none (RFC 5280, 4.2.1.10); critical "
	    "extensions: want those of the existing certificate, have none "
	    "nameConstraints (RFC 5280, 4.2)" },
	{ other_constraints, "name constraints: want those of the existing "
	    "certificate, have others (RFC 5280, 4.2.1.10)" },
	{ other_critical, "critical extensions: want those of the existing "
	    "certificate, have none policyConstraints (RFC 5280, 4.2)" },
};

static void
rules_are_kept(void **state)
{
	(void)state;
	for (size_t n = 0; n < COUNT(bad); n++) {
		AUTO(fixture_release) struct fixture *f = fixture_make();
		AUTO(buf_release) struct buf sentence = { 0 };
		struct fail fail = { 0 };

		MUST(check(f, &fault));
		bad[n].spoil(f);
		buf_printf(&sentence, "cross-certificate: %s",
		    bad[n].sentence);
		want_fail(check(f, &fail), &fail, FAIL_REFUSED,
		    buf_cstr(&sentence));
	}
}

/* Each rule is broken by something above. */
static void
every_rule_is_tried(void **state)
{
	(void)state;
	for (const struct rule *rule = cross_rules; rule->name; rule++) {
		size_t len = strlen(rule->name), found = 0;

		for (size_t n = 0; n < COUNT(bad); n++)
			found += strncmp(bad[n].sentence, rule->name, len) ==
			    0 && bad[n].sentence[len] == ':';
		if (found == 0)
			fail_msg("%s", rule->name);
		assert_non_null(rule->source);
	}
}

/* What the existing one does not say, it does not ask for; and what is
 * narrower is as good. */
static void
what_is_narrower_is_taken(void **state)
{
	AUTO(fixture_release) struct fixture *f = fixture_make();

	(void)state;
	f->existing.extensions.key_usage = 0;
	f->existing.extensions.path_length = 2;
	f->planned.extensions.path_length = 2;
	f->planned.extensions.permitted.dns = TEXTS(narrow);
	put_policy(&f->planned, &policy_any);
	MUST(check(f, &fault));
	put_policy(&f->existing, &policy_any);
	put_policy(&f->planned, &policy_one);
	f->existing.extensions.ext_key_usage =
	    TEXTS(client_server);
	f->existing.extensions.permitted = f->planned.extensions.permitted;
	MUST(check(f, &fault));
	/* What is not critical holds nobody back. */
	f->existing.extensions.copied = &ca_version;
	f->existing.extensions.copied_count = 1;
	MUST(check(f, &fault));
	/* One that this root has signed already. */
	f->existing.issuer = buf_bytes(&f->root_name);
	f->signer = f->root_key;
	MUST(check(f, &fault));
}

/* Nobody's is neither the root's own nor another's. */
static void
any_policy_without_organizations(void **state)
{
	AUTO(fixture_release) struct fixture *f = fixture_make();
	AUTO(cert_release) struct cert *existing = NULL;
	AUTO(cert_release) struct cert *planned = NULL;
	AUTO(cert_release) struct cert *root = NULL;
	struct cross cross = { .now = NOW };
	struct rule_results results = { .count = 0 };
	size_t found = 0;

	(void)state;
	any_policy_for_nobody(f);
	any_policy_of_nobody(f);
	cross.existing = existing = sign(&f->existing, f->key);
	cross.planned = planned = sign(&f->planned, f->root_key);
	cross.root = root = sign(&f->root, f->root_key);
	rules_judge(cross_rules, &cross, NOW, &results);
	for (size_t n = 0; n < results.count; n++) {
		if (strcmp(results.items[n].rule->name, "anyPolicy") != 0)
			continue;
		assert_int_equal(results.items[n].verdict, RULE_SILENT);
		assert_string_equal(results.items[n].finding.have,
		    "no organization");
		found++;
	}
	assert_int_equal(found, 1);
}

static void
signers_have_names(void **state)
{
	AUTO(fixture_release) struct fixture *f = fixture_make();
	AUTO(cert_release) struct cert *root = sign(&f->root, f->root_key);
	const struct bytes issuers[] = {
		[CROSS_BY_ITSELF] = buf_bytes(&f->name),
		[CROSS_BY_ROOT] = buf_bytes(&f->root_name),
		[CROSS_BY_ANOTHER] = buf_bytes(&f->other_name),
	};

	(void)state;
	for (size_t n = 0; n < COUNT(issuers); n++) {
		AUTO(cert_release) struct cert *existing = NULL;

		f->existing.issuer = issuers[n];
		existing = sign(&f->existing, f->key);
		assert_int_equal(cross_signer(existing, root), n);
	}
	assert_string_equal(cross_signer_names[CROSS_BY_ITSELF], "itself");
	assert_string_equal(cross_signer_names[CROSS_BY_ROOT], "this root");
}

static void
purposes_are_asked_for_since(void **state)
{
	AUTO(fixture_release) struct fixture *f = fixture_make();
	struct fail fail = { 0 };

	(void)state;
	no_purpose(f);
	f->existing.not_before = NOW - 9 * YEAR;
	f->now = INT64_C(1757894399);	/* 2025-09-14T23:59:59Z */
	MUST(check(f, &fault));
	f->now++;
	want_fail(check(f, &fail), &fail, FAIL_REFUSED, "cross-certificate: "
	    "extended key usage: want one at least, have none (CCADB Policy "
	    "2.1)");
}

static void
encodings_of_names_count(void **state)
{
	static const char printable[] = "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55"
	    "\x04\x03\x13\x02" "CA";
	static const char utf8[] = "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04"
	    "\x03\x0c\x02" "CA";
	AUTO(fixture_release) struct fixture *f = fixture_make();
	struct fail fail = { 0 };

	(void)state;
	f->existing.subject = f->existing.issuer = bytes_of(printable, 15);
	f->planned.subject = bytes_of(utf8, 15);
	want_fail(check(f, &fail), &fail, FAIL_REFUSED, "cross-certificate: "
	    "subject: want CN=CA, have the same in another encoding "
	    "(RFC 5280, 6.1.3)");
}

static void
what_is_no_certificate_is_refused(void **state)
{
	AUTO(fixture_release) struct fixture *f = fixture_make();
	AUTO(cert_release) struct cert *root = sign(&f->root, f->root_key);
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(cross_check(root, bytes_text("junk"), f->planned.alg,
	    root, NOW, &fail), -1);
	assert_int_equal(fail.kind, FAIL_INPUT);
}

/* An authority whose first profile is for cross-certificates. */
static int
setup(void **state)
{
	struct world *w;
	AUTO(buf_release) struct buf policy = { 0 };

	if (world_setup_empty(state) != 0)
		return -1;
	w = *state;
	replace(bytes_text(policy_text), "profiles:\n", "profiles:\n"
	    "  cross:\n"
	    "    type: cross-certificate\n"
	    "    validity: 1y\n"
	    "    keys: [ec-p256]\n"
	    "    extended-key-usage: [serverAuth]\n", &policy);
	record_init(w, buf_cstr(&policy));
	world_seal(w);
	world_append(w, "root-key", root_key_data(w->root_key));
	world_seal(w);
	record_root(w);
	world_seal(w);
	return 0;
}

/* A request, and the certificate that its key has given itself. */
struct party {
	EVP_PKEY *key;
	struct buf request;
	struct csr *csr;
	struct cert *existing;
};

static void
party_make(struct party *party)
{
	struct cert_plan plan;
	struct buf name = { 0 }, spki = { 0 };

	*party = (struct party){ .key = EVP_EC_gen("P-256") };
	make_request(party->key, "CA", &party->request);
	MUST(csr_read(buf_bytes(&party->request), &party->csr, &fault));
	plan = plan_of(&name, &name, &spki);
	plan.issuer = plan.subject = party->csr->subject;
	plan.spki = party->csr->spki.der;
	plan.not_before = NOW - 60;
	plan.extensions.subject_key_len = 8;	/* RFC 7093 */
	party->existing = sign(&plan, party->key);
}

static void
party_release(struct party *party)
{
	EVP_PKEY_free(party->key);
	buf_release(&party->request);
	csr_release(&party->csr);
	cert_release(&party->existing);
}

static void
refuse_request(struct world *w, const char *profile,
    struct issue_file *file, enum fail_kind kind, const char *sentence)
{
	struct issue *none = NULL;

	file->profile = profile;
	MUST_FAIL(kind, sentence, issue_read(w->authority, &w->act, false,
	    file, 1, &none, &fault));
	assert_null(none);
}

static void
requests_are_judged_before_the_token(void **state)
{
	struct world *w = *state;
	AUTO(party_release) struct party party, other;
	AUTO(issue_release) struct issue *issue = NULL;
	AUTO(json_release) struct json *parameters = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	struct issue_file file = { .name = "a.csr" };
	char hex[DIGEST_HEX_SIZE];

	party_make(&party);
	party_make(&other);
	file.content = buf_bytes(&party.request);
	refuse_request(w, "cross", &file, FAIL_USAGE, "request a.csr: profile "
	    "cross is for cross-certificates: --certificate is missing");
	file.existing = bytes_text("junk");
	refuse_request(w, "sub", &file, FAIL_USAGE, "request a.csr: profile "
	    "sub is not for cross-certificates: no --certificate");
	refuse_request(w, "cross", &file, FAIL_INPUT,
	    "request a.csr: existing certificate: ");
	file.existing = buf_bytes(&other.existing->der);
	refuse_request(w, "cross", &file, FAIL_REFUSED, "request a.csr: "
	    "cross-certificate: key: want that of the existing certificate, "
	    "have another (CA/B BR 7.1.2.2)");
	file.existing = buf_bytes(&party.existing->der);
	file.profile = "cross";
	MUST(issue_read(w->authority, &w->act, false, &file, 1, &issue,
	    &fault));
	parameters = issue_parameters(issue);
	json_write(parameters, &text);
	digest_hex(&party.existing->digest, hex);
	assert_non_null(strstr(buf_cstr(&text), hex));
	assert_non_null(strstr(buf_cstr(&text), "\"signer\":\"itself\""));
}

/* The intent to sign one beside a certificate, and naming another. */
static struct json *
cross_data(struct world *w, const struct party *party,
    const struct cert *beside, const struct cert *named, struct buf *tbs)
{
	const struct ledger *ledger = w->authority->ledger;
	struct serial serial = serial_of(SERIAL_A);
	struct json *item = json_new(), *data;

	MUST(plan_cross(ledger->policy, &ledger->policy->profiles[0],
	    party->csr, beside, ledger->root, &serial, w->act.now, tbs,
	    &fault));
	json_put_text(item, "serial", SERIAL_A);
	put_digest(item, "key", party->csr->spki.der);
	put_object(w, item, "request", buf_bytes(&party->csr->der));
	if (named != NULL)
		put_object(w, item, "existing", buf_bytes(&named->der));
	json_put_text(item, "profile", "cross");
	data = intent_data(w, item, buf_bytes(tbs));
	return data;
}

static void
record_cross(struct world *w, const struct party *party,
    const struct cert *beside, const struct cert *named)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	world_append(w, "sign-intent", cross_data(w, party, beside, named,
	    &tbs));
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	record_signed(w, SERIAL_A, buf_bytes(&der));
	world_seal(w);
}

static void
refuse_journal(const struct world *w, enum fail_kind kind,
    const char *sentence)
{
	struct audit audit = { 0 };

	MUST_FAIL(kind, sentence, audit_verify(w->path, NULL, &audit,
	    &fault));
}

/* What custodians approved is what the record's inputs give again. */
static void
records_give_what_was_approved(void **state)
{
	struct world *w = *state;
	AUTO(party_release) struct party party;
	AUTO(issue_release) struct issue *issue = NULL;
	AUTO(json_release) struct json *approved = NULL;
	AUTO(json_release) struct json *recorded = NULL;
	AUTO(json_release) struct json *data = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	struct issue_file file = { .name = "a.csr" };
	struct record record = { .seq = 1 };

	party_make(&party);
	file.content = buf_bytes(&party.request);
	file.existing = buf_bytes(&party.existing->der);
	file.profile = "cross";
	MUST(issue_read(w->authority, &w->act, false, &file, 1, &issue,
	    &fault));
	approved = issue_parameters(issue);
	data = cross_data(w, &party, party.existing, party.existing, &tbs);
	record.data = data;
	MUST(deed_of_record(w->authority->ledger, w->authority->objects,
	    &record, OPERATION_SIGN, &recorded, &fault));
	json_write(approved, &want);
	json_write(recorded, &have);
	assert_string_equal(buf_cstr(&have), buf_cstr(&want));
}

static void
audits_derive_them(void **state)
{
	struct world *w = *state;
	AUTO(party_release) struct party party;
	AUTO(auto_free) char *path = NULL;
	struct audit audit = { 0 };

	party_make(&party);
	record_cross(w, &party, party.existing, party.existing);
	MUST(audit_verify(w->path, NULL, &audit, &fault));
	assert_int_equal(audit.certificates, 1);
	assert_int_equal(audit.strays, 0);
	path = object_path(w, &party.existing->digest);
	assert_int_equal(unlink(path), 0);
	refuse_journal(w, FAIL_JOURNAL, "journal: record 8: ");
}

static void
audits_want_the_existing(void **state)
{
	struct world *w = *state;
	AUTO(party_release) struct party party;

	party_make(&party);
	record_cross(w, &party, party.existing, NULL);
	refuse_journal(w, FAIL_JOURNAL, "journal: record 8: item 1: profile "
	    "cross: no existing certificate is recorded");
}

static void
audits_judge_by_the_rules(void **state)
{
	struct world *w = *state;
	AUTO(party_release) struct party party, other;

	party_make(&party);
	party_make(&other);
	record_cross(w, &party, other.existing, other.existing);
	refuse_journal(w, FAIL_JOURNAL, "journal: record 8: item 1: "
	    "cross-certificate: key: want that of the existing certificate, "
	    "have another (CA/B BR 7.1.2.2)");
}

#define IN(test) \
	cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_kept),
		cmocka_unit_test(every_rule_is_tried),
		cmocka_unit_test(what_is_narrower_is_taken),
		cmocka_unit_test(any_policy_without_organizations),
		cmocka_unit_test(signers_have_names),
		cmocka_unit_test(purposes_are_asked_for_since),
		cmocka_unit_test(encodings_of_names_count),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		IN(requests_are_judged_before_the_token),
		IN(records_give_what_was_approved),
		IN(audits_derive_them),
		IN(audits_want_the_existing),
		IN(audits_judge_by_the_rules),
	};

	return cmocka_run_group_tests_name("cross", tests, NULL, NULL);
}
