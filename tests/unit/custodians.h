/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_CUSTODIANS_H
#define ANCHORITE_UNIT_CUSTODIANS_H

#include <openssl/pem.h>

#include <anchorite/ca/deed.h>
#include <anchorite/ca/request.h>
#include <anchorite/custody/credential.h>
#include <anchorite/custody/split.h>
#include <anchorite/out/audit.h>
#include <anchorite/x509/cms.h>
#include <anchorite/x509/pkcs8.h>

#include "authority.h"
#include "testing.h"

/*
 * Custodians with software keys, and one who is none. Their numbers are
 * their places in the roster, too. Include it behind cmocka.h.
 */
enum person { ALICE, BOB, CAROL, DAVE, MALLORY, PEOPLE };
#define NOBODY     -1
#define IN_ROSTER  MALLORY
#define PASSPHRASE "correct horse"

struct people {
	EVP_PKEY *keys[PEOPLE];
	struct cert *certificates[PEOPLE];
};

static const struct {
	const char *name, *person, *roles;
} people_rows[PEOPLE] = {
	{ "alice", "Alice Example",
	    "operator, disable, restore, backup, policy, share" },
	{ "bob", "Bob Example",
	    "operator, delete, restore, destroy, policy, share" },
	{ "carol", "Carol Example",
	    "disable, delete, destroy, backup, share" },
	{ "dave", "Dave Example", "auditor, share" },
	{ "mallory", "Mallory", "" },
};

/* Self-signed, as credential_create makes it; the caller owns it. */
static inline struct cert *
certificate_of(EVP_PKEY *key, const char *person, const char *serial_hex)
{
	const struct name_pair pair = { "CN", person };
	AUTO(buf_release) struct buf name = { 0 };
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct cert_plan plan = {
		.serial = serial_of(serial_hex),
		.alg = alg_find("ecdsa-sha256"),
		.not_before = NOW - 30 * DAY, .not_after = NOW + 3650 * DAY,
		.extensions = {
			.path_length = -1,
			.key_usage = 1u << EXT_KU_DIGITAL_SIGNATURE |
			    1u << EXT_KU_KEY_AGREEMENT,
		},
	};
	struct cert *certificate = NULL;

	MUST(name_write(&pair, 1, &name, &fault));
	MUST(spki_write(key, &spki, &fault));
	plan.issuer = plan.subject = buf_bytes(&name);
	plan.spki = buf_bytes(&spki);
	MUST(cert_build(&plan, &tbs, &fault));
	sign_with("ecdsa-sha256", key, buf_bytes(&tbs), &der);
	MUST(credential_read_certificate(buf_bytes(&der), &certificate,
	    &fault));
	return certificate;
}

static inline void
people_begin(struct people *p)
{
	for (int n = 0; n < PEOPLE; n++) {
		p->keys[n] = EVP_EC_gen("P-256");
		assert_non_null(p->keys[n]);
		p->certificates[n] = certificate_of(p->keys[n],
		    people_rows[n].person, "21");
	}
}

static inline void
people_end(struct people *p)
{
	for (int n = 0; n < PEOPLE; n++) {
		EVP_PKEY_free(p->keys[n]);
		cert_release(&p->certificates[n]);
	}
}

/* policy_text with its custodians; `more` stands behind ("" for none). */
static inline void
people_policy(const struct people *p, const char *more, struct buf *out)
{
	char hex[DIGEST_HEX_SIZE];

	buf_printf(out, "%scustodians:\n", policy_text);
	for (int n = 0; n < IN_ROSTER; n++) {
		digest_hex(&p->certificates[n]->digest, hex);
		buf_printf(out, "  %s:\n    certificate: %s\n    roles: [%s]\n",
		    people_rows[n].name, hex, people_rows[n].roles);
	}
	buf_text(out, more);
}

/* alice.key and alice.pem, in the current folder, under PASSPHRASE. */
static inline void
person_write(const struct people *p, enum person who)
{
	struct secret passphrase = { .len = sizeof(PASSPHRASE) - 1 };
	AUTO(buf_release) struct buf key = { 0 };
	AUTO(buf_release) struct buf certificate = { 0 };
	char path[32];

	memcpy(passphrase.data, PASSPHRASE, passphrase.len);
	MUST(pkcs8_write(p->keys[who], &passphrase, &key, &fault));
	snprintf(path, sizeof(path), "%s.key", people_rows[who].name);
	MUST(file_write(path, buf_bytes(&key), 0600, &fault));
	text_pem(&certificate, "CERTIFICATE",
	    buf_bytes(&p->certificates[who]->der));
	snprintf(path, sizeof(path), "%s.pem", people_rows[who].name);
	MUST(file_write(path, buf_bytes(&certificate), 0644, &fault));
}

/* A descriptor that gives one line, as --secret-fd takes it. */
static inline int
fd_with(const char *line)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], line, strlen(line)), strlen(line));
	assert_int_equal(write(ends[1], "\n", 1), 1);
	assert_int_equal(close(ends[1]), 0);
	return ends[0];
}

/* Opens what person_write wrote; the caller releases it. */
static inline struct credential *
person_open(enum person who)
{
	struct credential *credential = NULL;
	AUTO(auto_close) int fd = fd_with(PASSPHRASE);
	char path[32];

	snprintf(path, sizeof(path), "%s.key", people_rows[who].name);
	MUST(credential_open(path, fd, &credential, &fault));
	return credential;
}

/* Their signature over a request. */
static inline void
person_sign(const struct people *p, enum person who,
    const struct request *request, int64_t time, struct buf *out)
{
	MUST(cms_sign(buf_bytes(&request->text),
	    buf_bytes(&p->certificates[who]->der), p->keys[who], time, out,
	    &fault));
}

/*
 * What a record keeps of approvals, without any signature: a replay goes by
 * the names. `b` may be NOBODY.
 */
static inline struct json *
approval_of(int a, int b)
{
	struct json *approval = json_new(), *by = json_new_list();
	static int requests;
	char request[32];

	for (int n = 0; n < 2; n++) {
		struct json *one = json_new();
		int who = n == 0 ? a : b;

		if (who == NOBODY) {
			json_release(&one);
			continue;
		}
		put_digest(one, "cms", bytes_text("a signature"));
		json_put_text(one, "custodian", people_rows[who].name);
		json_add(by, &one);
	}
	snprintf(request, sizeof(request), "request %d", requests++);
	put_digest(approval, "request", bytes_text(request));
	json_put(approval, "by", &by);
	return approval;
}

/* The data of a decision: `parameters` are taken over. */
static inline struct json *
deed_data(struct json *parameters, int a, int b)
{
	struct json *data = json_new(), *approval = approval_of(a, b);

	json_put(data, "parameters", &parameters);
	if (a != NOBODY)
		json_put(data, "approval", &approval);
	json_release(&approval);
	return data;
}

/* What the token did then. */
static inline struct json *
followed_data(void)
{
	struct json *data = json_new();

	json_put_bool(data, "by_token", true);
	json_put_number(data, "self_tests", 1);
	json_put_text(data, "trial", "C_SignInit: CKR_KEY_FUNCTION_NOT_"
	    "PERMITTED");
	return data;
}

/* A split among all four, whose envelopes and shares are nowhere. */
static inline struct split
split_of(const struct people *p, int threshold, const char *id)
{
	struct split split = { .form = { threshold, IN_ROSTER } };

	snprintf(split.id, sizeof(split.id), "%s", id);
	for (int n = 0; n < IN_ROSTER; n++) {
		struct split_line *line = &split.lines[n];

		snprintf(line->custodian, sizeof(line->custodian), "%s",
		    people_rows[n].name);
		line->certificate = p->certificates[n]->digest;
		digest_of(bytes_text("envelope"), &line->envelope);
		digest_of(bytes_text("share"), &line->share);
	}
	return split;
}

static inline void
put_certificates(struct world *w, const struct people *p)
{
	struct digest digest;

	for (int n = 0; n < PEOPLE; n++)
		MUST(objects_put(w->authority->objects,
		    buf_bytes(&p->certificates[n]->der), &digest, &fault));
}

/* init with custodians; `split` NULL: the PIN is not split. */
static inline void
record_people(struct world *w, const struct people *p, const char *more,
    const struct split *split)
{
	AUTO(buf_release) struct buf policy = { 0 };
	struct json *data, *json;

	people_policy(p, more, &policy);
	put_certificates(w, p);
	data = init_data(w, buf_cstr(&policy));
	if (split != NULL) {
		json = split_json(split);
		json_put(data, "split", &json);
	}
	world_append(w, "init", data);
	world_seal(w);
}

/* A world with custodians and a root that may sign. */
struct custody {
	struct world *world;
	struct people people;
};

static inline struct custody *
custody_new(const char *more, int threshold)
{
	struct custody *c = mem_new(1, sizeof(*c));
	struct split split;

	people_begin(&c->people);
	world_setup_empty((void **)&c->world);
	split = split_of(&c->people, threshold, "0123456789abcdef");
	record_people(c->world, &c->people, more,
	    threshold == 0 ? NULL : &split);
	world_append(c->world, "root-key",
	    root_key_data(c->world->root_key));
	world_seal(c->world);
	record_root(c->world);
	world_seal(c->world);
	return c;
}

static inline int
custody_setup(void **state)
{
	*state = custody_new("", 0);
	return 0;
}

/* The same; the PIN is split 2/4. */
static inline int
custody_setup_split(void **state)
{
	*state = custody_new("", 2);
	return 0;
}

static inline int
custody_teardown(void **state)
{
	struct custody *c = *state;

	people_end(&c->people);
	world_teardown((void **)&c->world);
	free(c);
	return 0;
}

/* A decision, and what the token did (NULL: nothing to follow), sealed. */
static inline void
record_deed(struct world *w, const char *event, struct json *parameters,
    int a, int b, const char *followed)
{
	world_append(w, event, deed_data(parameters, a, b));
	if (followed != NULL)
		world_append(w, followed, followed_data());
	world_seal(w);
}

/*
 * A ledger that no journal made, for pure functions: the custodians, a
 * journal key, and a head.
 */
static inline struct ledger *
ledger_by_hand(const struct people *p, const char *more)
{
	struct ledger *ledger = ledger_new();
	AUTO(buf_release) struct buf policy = { 0 };

	people_policy(p, more, &policy);
	MUST(policy_read("policy", buf_bytes(&policy), &ledger->policy,
	    &fault));
	ledger->name = mem_text("test");
	ledger->state = STATE_ACTIVE;
	for (int n = 0; n < IN_ROSTER; n++)
		MUST(cert_read(buf_bytes(&p->certificates[n]->der),
		    &ledger->custodians[n], &fault));
	buf_text(&ledger->journal_key.spki, "the journal's key");
	ledger->head.seq = 7;
	ledger->head.time = NOW;
	digest_of(bytes_text("record 7"), &ledger->head.digest);
	return ledger;
}

/*
 * Custodians of an authority in a token (SoftHSM, logged in), with a root
 * that may sign.
 */
struct chamber {
	struct token_world *world;
	struct people people;
};

/* `threshold` 0: the PIN is not split; else the journal says so, and it is
 * SoftHSM's as ever. */
static inline struct chamber *
chamber_new(int threshold)
{
	struct chamber *c = mem_new(1, sizeof(*c));
	struct adoption adoption = { 0 };
	struct founding founding = { .name = "test", .adoption = &adoption };
	struct new_split split = { 0 };
	AUTO(buf_release) struct buf text = { 0 };
	struct token_world *w;

	people_begin(&c->people);
	token_setup((void **)&c->world);
	w = c->world;
	people_policy(&c->people, "", &text);
	policy_release(&w->policy);
	MUST(policy_read("policy", buf_bytes(&text), &w->policy, &fault));
	adoption.policy = w->policy;
	memcpy(adoption.custodians, c->people.certificates,
	    IN_ROSTER * sizeof(adoption.custodians[0]));
	if (threshold > 0) {
		const struct split_form form = { threshold, IN_ROSTER };

		MUST(split_make(&w->policy->roster, adoption.custodians,
		    &form, &split, &fault));
		founding.split = &split.split;
		founding.envelopes = split.envelopes;
	}
	founding.path = w->path;
	MUST(root_init(&founding, &w->act, w->session, &fault));
	new_split_release(&split);
	token_reopen(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	token_certify(w);
	return c;
}

static inline int
chamber_setup(void **state)
{
	*state = chamber_new(0);
	return 0;
}

static inline int
chamber_setup_split(void **state)
{
	*state = chamber_new(2);
	return 0;
}

static inline int
chamber_teardown(void **state)
{
	struct chamber *c = *state;

	unsetenv("FAKE_FAIL");
	people_end(&c->people);
	token_teardown((void **)&c->world);
	free(c);
	return 0;
}

/* Another visit to the token: FAKE_FAIL counts anew. `pin` NULL: nobody
 * logs in. */
static inline void
chamber_visit(struct chamber *c, const struct secret *pin)
{
	struct token_world *w = c->world;
	const struct session_plan plan = {
		.module = softhsm_fake(),
		.token = "pkcs11:token=unit",
		.store = w->softhsm->store,
		.secret_fd = -1,
	};

	session_release(&w->session);
	MUST(session_open(&plan, &w->session, &fault));
	if (pin != NULL)
		MUST(session_login_with(w->session, pin, &fault));
}

/* Approvals of an operation, here and now; the caller releases them. */
static inline struct approvals *
chamber_approve(struct chamber *c, enum operation operation,
    const struct json *parameters, int a, int b)
{
	static uint8_t nonce;
	struct token_world *w = c->world;
	const struct ledger *ledger = w->authority->ledger;
	struct request_plan plan = {
		.operation = operation,
		.parameters = json_copy_of(parameters),
		.now = w->act.now, .expires = w->act.now + DAY,
		.nonce = { nonce++ },
	};
	const int who[] = { a, b };
	struct request *request = NULL;
	struct approvals *approvals;

	MUST(request_build(ledger, &plan, &request, &fault));
	approvals = approvals_new(&request);
	for (size_t n = 0; n < COUNT(who); n++) {
		AUTO(buf_release) struct buf cms = { 0 };

		if (who[n] == NOBODY)
			continue;
		person_sign(&c->people, (enum person)who[n],
		    approvals->request, w->act.now, &cms);
		MUST(approvals_add(approvals, ledger, buf_bytes(&cms),
		    w->act.now, &fault));
	}
	return approvals;
}

static inline int
chamber_note(void *context, const struct record *record, struct fail *fail)
{
	(void)fail;
	buf_printf(context, "%s ", record->event);
	return 0;
}

/* The events behind a record, each with a blank behind it, and what holds
 * for any journal. */
static inline void
chamber_want(const struct chamber *c, int64_t from, const char *events)
{
	AUTO(buf_release) struct buf have = { 0 };
	struct audit audit = { 0 };

	MUST(audit_show(c->world->path, from + 1, chamber_note, &have,
	    &fault));
	assert_string_equal(buf_cstr(&have), events);
	MUST(audit_verify(c->world->path, NULL, &audit, &fault));
	assert_int_equal(audit.strays, 0);
}

static inline int64_t
chamber_seq(const struct chamber *c)
{
	return journal_head(c->world->authority->journal)->seq;
}

#endif
