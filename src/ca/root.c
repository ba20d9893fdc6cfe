/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/root.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/anchor.h>
#include <anchorite/ca/evidence.h>
#include <anchorite/ca/outcome.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/resplit.h>
#include <anchorite/x509/lint.h>

#define ROOM 65536	/* bytes: a certificate and its records */

static int
draw_serial(struct session *session, struct serial *out, struct fail *fail)
{
	uint8_t random[SERIAL_MAX];

	if (token_random(session_token(session), random, sizeof(random),
	    fail) == -1)
		return -1;
	serial_from_random(random, out);
	return 0;
}

/* The journal key's own certificate, signed by itself. */
static int
journal_certificate(const char *name, const struct act *act,
    struct session *session, struct key *key, struct buf *der_out,
    struct fail *fail)
{
	const struct alg *alg = alg_find("ecdsa-sha256");
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	struct serial serial;
	EVP_PKEY *signer;

	if (draw_serial(session, &serial, fail) == -1 ||
	    plan_journal_certificate(name, key_spki(key), &serial, act->now,
		&tbs, fail) == -1 ||
	    key_lend(key, &signer, fail) == -1 ||
	    alg_sign(alg, signer, buf_bytes(&tbs), &signature, fail) == -1)
		return -1;
	alg_wrap(alg, buf_bytes(&tbs), buf_bytes(&signature), der_out);
	return 0;
}

/* A key as a record names it: id, label, what the token says of it. */
static int
put_key(struct json *data, struct key *key, struct session *session,
    struct fail *fail)
{
	struct key_attestation attestation = { 0 };
	struct json *evidence;

	if (key_prove(key, &attestation, fail) == -1 ||
	    key_check(&attestation, fail) == -1)
		return -1;
	json_put_hex(data, "id", key_id(key));
	json_put_text(data, "label", key_label(key));
	evidence = evidence_of_key(&attestation);
	json_put(data, "attestation", &evidence);
	evidence = evidence_of_token(session);
	json_put(data, "token", &evidence);
	return 0;
}

static int
put_object(struct authority *authority, struct json *data, const char *key,
    struct bytes content, struct fail *fail)
{
	struct digest digest;

	if (objects_put(authority->objects, content, &digest, fail) == -1)
		return -1;
	json_put_digest(data, key, &digest);
	return 0;
}

/* The policy, its custodians, and how the PIN is split. */
static int
put_founding(struct authority *authority, const struct founding *founding,
    struct json *data, struct fail *fail)
{
	struct json *split;

	json_put_digest(data, "policy", &founding->adoption->policy->digest);
	if (founding->weak != NULL && *founding->weak != NULL)
		json_put(data, "acknowledged", founding->weak);
	if (adoption_put(founding->adoption, authority->objects, data, fail) ==
	    -1)
		return -1;
	if (founding->split == NULL)
		return 0;
	split = split_json(founding->split);
	json_put(data, "split", &split);
	return resplit_put_envelopes(authority->objects, founding->split,
	    founding->envelopes, fail);
}

/* The first record and its seal, in a directory that is still empty. */
static int
init_record(struct authority *authority, const struct founding *founding,
    const struct act *act, struct session *session, struct key *key,
    struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *journal_key = json_new();
	AUTO(buf_release) struct buf certificate = { 0 };
	struct sealer sealer = { .session = session };

	json_put_number(data, "format", 1);
	json_put_text(data, "name", founding->name);
	json_put_text(data, "program", "anchorite " ANCHORITE_VERSION);
	if (put_key(journal_key, key, session, fail) == -1 ||
	    journal_certificate(founding->name, act, session, key,
		&certificate, fail) == -1 ||
	    put_founding(authority, founding, data, fail) == -1 ||
	    put_object(authority, journal_key, "certificate",
		buf_bytes(&certificate), fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1 ||
	    session_sync(session, fail) == -1 ||
	    key_lend(key, &sealer.signer, fail) == -1)
		return -1;
	json_put(data, "journal_key", &journal_key);
	if (authority_append(authority, act, "init", &data, fail) == -1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}

static int
begin_anchor(const struct founding *founding, const struct key *key,
    struct session *session, struct fail *fail)
{
	if (!policy_anchors_token(founding->adoption->policy))
		return 0;
	return anchor_begin(founding->name, key_id(key), session, fail);
}

int
root_init(const struct founding *founding, const struct act *act,
    struct session *session, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(buf_release) struct buf label = { 0 };
	AUTO(key_release) struct key *key = NULL;
	struct fail ignored = { 0 };

	if (authority_create(founding->path, &authority, fail) == -1)
		return -1;
	authority->privates = founding->adoption->policy->privates;
	buf_printf(&label, "%s journal", founding->name);
	if (key_generate(session_token(session), KEY_EC_P256,
		buf_cstr(&label), &key, fail) == 0 &&
	    begin_anchor(founding, key, session, fail) == 0 &&
	    init_record(authority, founding, act, session, key, fail) == 0)
		return 0;
	/* Without a first record nothing was begun: leave nothing behind. */
	if (key != NULL && journal_head(authority->journal)->seq == 0) {
		anchor_abandon(founding->name, key_id(key), session);
		(void)!key_destroy(&key, &ignored);
	}
	authority_abandon(&authority);
	return -1;
}

/* Records the key as the root's, and seals. */
static int
take_key(struct authority *authority, const struct act *act,
    const char *origin, struct key *key, const struct sealer *sealer,
    struct fail *fail)
{
	AUTO(json_release) struct json *data = json_new();
	AUTO(buf_release) struct buf spki = { 0 };

	if (put_key(data, key, sealer->session, fail) == -1)
		return -1;
	text_base64(&spki, key_spki(key));
	json_put_text(data, "key", buf_cstr(&spki));
	json_put_text(data, "kind", key_kind_names[key_kind(key)]);
	json_put_text(data, "origin", origin);
	json_put_number(data, "self_tests", key_self_tests(key));
	if (session_sync(sealer->session, fail) == -1 ||
	    authority_append(authority, act, "root-key", &data, fail) == -1)
		return -1;
	return authority_seal(authority, act, sealer, fail);
}

void
root_label(const char *name, struct buf *out)
{
	buf_printf(out, "%s root", name);
}

int
root_generate(struct authority *authority, const struct act *act,
    struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(buf_release) struct buf label = { 0 };
	AUTO(key_release) struct key *key = NULL;
	int64_t before = journal_head(authority->journal)->seq;
	struct fail ignored = { 0 };

	if (authority_check_ready(authority, act, "root-key", fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1)
		return -1;
	root_label(authority->ledger->name, &label);
	if (key_generate(session_token(session),
	    (enum key_kind)authority->ledger->policy->root.key,
	    buf_cstr(&label), &key, fail) == -1)
		return -1;
	if (take_key(authority, act, "generated", key, &sealer, fail) == 0)
		return 0;
	/* A key that the journal does not know must not stay. */
	if (journal_head(authority->journal)->seq == before)
		(void)!key_destroy(&key, &ignored);
	return -1;
}

int
root_adopt(struct authority *authority, const struct act *act,
    const struct uri *uri, struct session *session, struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(key_release) struct key *key = NULL;
	enum key_kind want =
	    (enum key_kind)authority->ledger->policy->root.key;

	if (authority_check_ready(authority, act, "root-key", fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    key_find(session_token(session), uri_label(uri), uri_id(uri), &key,
		fail) == -1)
		return -1;
	if (key_kind(key) != want)
		return fail_with(fail, FAIL_REFUSED,
		    "key \"%s\": policy wants %s, have %s", key_label(key),
		    key_kind_names[want], key_kind_names[key_kind(key)]);
	if (bytes_is_equal(key_spki(key),
	    buf_bytes(&authority->ledger->journal_key.spki)))
		return fail_with(fail, FAIL_REFUSED,
		    "key \"%s\": is the journal's own", key_label(key));
	return take_key(authority, act, "adopted", key, &sealer, fail);
}

int
root_plan(struct authority *authority, const struct act *act,
    struct session *session, struct serial *serial_out, struct buf *tbs_out,
    struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	const struct policy *policy = ledger->policy;
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(lint_release) struct lint *lint = NULL;
	AUTO(buf_release) struct buf tbs = { 0 };
	const struct lint_aim aim = { .ca = true };
	struct serial serial;

	/* Before anything is shown, and asked, on a journal that is old. */
	if (authority_check_ready(authority, act, "root-intent", fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    draw_serial(session, &serial, fail) == -1)
		return -1;
	if (ledger_has_serial(ledger, &serial))
		return fail_with(fail, FAIL_TOKEN,
		    "serial: the token's random numbers repeat");
	if (plan_root(policy, buf_bytes(&ledger->root_key.spki), &serial,
		act->now, &tbs, fail) == -1 ||
	    lint_open((enum key_kind)policy->root.key, NULL, &lint, fail) ==
		-1 ||
	    lint_certificate(lint, plan_alg(policy), buf_bytes(&tbs), &aim,
		act->now, fail) == -1)
		return fail_in(fail, "root");
	*serial_out = serial;
	buf_put(tbs_out, buf_bytes(&tbs));
	return 0;
}

static int
root_intend(struct authority *authority, const struct act *act,
    const struct serial *serial, struct bytes tbs, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *items = json_new_list();
	AUTO(json_release) struct json *item = json_new();
	struct digest digest;

	digest_of(tbs, &digest);
	json_put_digest(item, "tbs", &digest);
	digest_of(buf_bytes(&ledger->root_key.spki), &digest);
	json_put_digest(item, "key", &digest);
	json_put_hex(item, "serial", bytes_of(serial->octets, serial->len));
	json_add(items, &item);
	json_put(data, "items", &items);
	json_put_digest(data, "policy", &ledger->policy->digest);
	return authority_append(authority, act, "root-intent", &data, fail);
}

/* The certificate, read back from its bytes and held against the plan. */
static int
root_outcome(struct authority *authority, const struct act *act,
    struct bytes tbs, struct bytes signature, struct fail *fail)
{
	const struct ledger *ledger = authority->ledger;
	AUTO(json_release) struct json *data = json_new();
	AUTO(cert_release) struct cert *root = NULL;
	struct digest digest;

	if (cert_assemble(plan_alg(ledger->policy), tbs, signature, NULL,
	    &root, fail) == -1)
		return fail_in(fail, "root");
	if (objects_put(authority->objects, buf_bytes(&root->der), &digest,
		fail) == -1 ||
	    objects_sync(authority->objects, fail) == -1)
		return -1;
	return outcome_record(authority, act, &digest, &data, fail);
}

int
root_certify(struct authority *authority, const struct act *act,
    const struct serial *serial, struct bytes tbs, struct session *session,
    struct fail *fail)
{
	AUTO(sealer_release) struct sealer sealer = { 0 };
	AUTO(key_release) struct key *root_key = NULL;
	AUTO(buf_release) struct buf signature = { 0 };
	EVP_PKEY *signer;

	if (authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    authority_find_signer(&authority->ledger->root_key, session,
		&root_key, &signer, fail) == -1 ||
	    objects_check_room(authority->objects, ROOM, fail) == -1 ||
	    root_intend(authority, act, serial, tbs, fail) == -1 ||
	    alg_sign(plan_alg(authority->ledger->policy), signer, tbs,
		&signature, fail) == -1 ||
	    root_outcome(authority, act, tbs, buf_bytes(&signature), fail) ==
		-1)
		return -1;
	return authority_seal(authority, act, &sealer, fail);
}
