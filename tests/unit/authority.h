/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_AUTHORITY_H
#define ANCHORITE_UNIT_AUTHORITY_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/plan.h>
#include <anchorite/ca/root.h>
#include <anchorite/x509/ocsp.h>

#include "softhsm.h"

/* An authority of software keys, for one test, in a folder of its own. */

#define DAY INT64_C(86400)
#define NOW INT64_C(1795243848)	/* 2026-11-21T06:50:48Z */

static const char policy_text[] =
    "format: 1\n"
    "name: test\n"
    "root:\n"
    "  subject: [CN: Root]\n"
    "  key: ec-p384\n"
    "  signature: ecdsa-sha384\n"
    "  validity: 20y\n"
    "crl:\n"
    "  period: 90d\n"
    "profiles:\n"
    "  sub:\n"
    "    path-length: 0\n"
    "    validity: 10y\n"
    "    keys: [ec-p256]\n"
    "  whole:\n"
    "    validity: match-issuer\n"
    "    keys: [ec-p256]\n";

#define MUST(call) \
	do { \
		struct fail fault = { 0 }; \
		must_pass(call, &fault); \
	} while (0)

#define MUST_FAIL(kind, sentence, call) \
	do { \
		struct fail fault = { 0 }; \
		must_fail(call, &fault, kind, sentence); \
	} while (0)

struct world {
	char *folder, *path, *journal;
	struct authority *authority;
	struct act act;
	EVP_PKEY *journal_key, *root_key;
};

static inline int64_t
world_seq(const struct world *w)
{
	return journal_head(w->authority->journal)->seq;
}

static inline void
put_digest(struct json *json, const char *key, struct bytes content)
{
	struct digest digest;

	digest_of(content, &digest);
	json_put_hex(json, key, bytes_of(digest.bytes, DIGEST_LEN));
}

static inline void
put_object(struct world *w, struct json *json, const char *key,
    struct bytes content)
{
	struct digest digest;

	MUST(objects_put(w->authority->objects, content, &digest, &fault));
	json_put_hex(json, key, bytes_of(digest.bytes, DIGEST_LEN));
}

static inline void
world_append(struct world *w, const char *event, struct json *data)
{
	MUST(authority_append(w->authority, &w->act, event, &data, &fault));
}

static inline void
world_seal(struct world *w)
{
	MUST(authority_seal(w->authority, &w->act,
	    &(struct sealer){ .signer = w->journal_key }, &fault));
}

static inline void
sign_with(const char *alg_name, EVP_PKEY *key, struct bytes tbs,
    struct buf *der)
{
	const struct alg *alg = alg_find(alg_name);
	AUTO(buf_release) struct buf signature = { 0 };

	MUST(alg_sign(alg, key, tbs, &signature, &fault));
	alg_wrap(alg, tbs, buf_bytes(&signature), der);
}

static inline struct serial
serial_of(const char *hex)
{
	struct serial serial = { .len = 0 };

	MUST(serial_read_hex(hex, &serial, &fault));
	return serial;
}

static inline struct json *
init_data(struct world *w, const char *policy)
{
	struct json *data = json_new(), *key = json_new();
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct serial serial = serial_of("05");

	MUST(spki_write(w->journal_key, &spki, &fault));
	MUST(plan_journal_certificate("test", buf_bytes(&spki), &serial,
	    w->act.now, &tbs, &fault));
	sign_with("ecdsa-sha256", w->journal_key, buf_bytes(&tbs), &der);
	json_put_text(key, "id", "01");
	json_put_text(key, "label", "journal");
	put_object(w, key, "certificate", buf_bytes(&der));
	json_put_number(data, "format", 1);
	json_put_text(data, "name", "test");
	put_object(w, data, "policy", bytes_text(policy));
	json_put(data, "journal_key", &key);
	return data;
}

static inline void
record_init(struct world *w, const char *policy)
{
	world_append(w, "init", init_data(w, policy));
}

static inline struct json *
root_key_data(EVP_PKEY *key)
{
	struct json *data = json_new();
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf text = { 0 };

	MUST(spki_write(key, &spki, &fault));
	text_base64(&text, buf_bytes(&spki));
	json_put_text(data, "id", "02");
	json_put_text(data, "label", "root");
	json_put_text(data, "key", buf_cstr(&text));
	json_put_number(data, "self_tests", 2);
	return data;
}

/* An intent with one item, which is taken over. */
static inline struct json *
intent_data(struct world *w, struct json *item, struct bytes tbs)
{
	struct json *data = json_new(), *items = json_new_list();

	put_digest(item, "tbs", tbs);
	json_add(items, &item);
	json_put(data, "items", &items);
	json_put_hex(data, "policy", bytes_of(
	    w->authority->ledger->policy->digest.bytes, DIGEST_LEN));
	return data;
}

static inline struct json *
outcome_data(struct world *w)
{
	struct json *data = json_new();

	json_put_number(data, "intent", w->authority->ledger->intent.seq);
	return data;
}

/* What is not in `found`, a list that is taken over, was not made (NULL:
 * nothing was). */
static inline void
record_recovered(struct world *w, struct json *found)
{
	struct json *data = outcome_data(w);

	if (found == NULL)
		found = json_new_list();
	json_put(data, "found", &found);
	world_append(w, "recovered", data);
}

static inline void
record_root_intent(struct world *w, const char *serial_hex, struct buf *tbs)
{
	const struct ledger *ledger = w->authority->ledger;
	struct serial serial = serial_of(serial_hex);
	struct json *item = json_new();

	MUST(plan_root(ledger->policy, buf_bytes(&ledger->root_key.spki),
	    &serial, w->act.now, tbs, &fault));
	json_put_text(item, "serial", serial_hex);
	put_digest(item, "key", buf_bytes(&ledger->root_key.spki));
	world_append(w, "root-intent", intent_data(w, item, buf_bytes(tbs)));
}

static inline void
record_root(struct world *w)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data;

	record_root_intent(w, "06", &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	data = outcome_data(w);
	put_object(w, data, "certificate", buf_bytes(&der));
	world_append(w, "root-certified", data);
}

static inline void
make_request(EVP_PKEY *key, const char *cn, struct buf *out)
{
	X509_REQ *request = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	int len;

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const uint8_t *)cn, -1, -1, 0), 1);
	assert_int_equal(X509_REQ_set_subject_name(request, name), 1);
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(request, &der);
	assert_true(len > 0);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(request);
}

/* A request with a key of its own. */
static inline struct csr *
new_csr(const char *cn)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(buf_release) struct buf der = { 0 };
	struct csr *csr = NULL;

	make_request(key, cn, &der);
	MUST(csr_read(buf_bytes(&der), &csr, &fault));
	EVP_PKEY_free(key);
	return csr;
}

/* The data of an intent to sign one certificate. */
static inline struct json *
sign_data(struct world *w, const struct csr *csr, const char *serial_hex,
    struct buf *tbs)
{
	const struct ledger *ledger = w->authority->ledger;
	struct serial serial = serial_of(serial_hex);
	struct json *item = json_new();

	MUST(plan_certificate(ledger->policy, &ledger->policy->profiles[0],
	    csr, ledger->root, &serial, w->act.now, tbs, &fault));
	json_put_text(item, "serial", serial_hex);
	put_digest(item, "key", csr->spki.der);
	put_object(w, item, "request", buf_bytes(&csr->der));
	json_put_text(item, "profile", "sub");
	return intent_data(w, item, buf_bytes(tbs));
}

static inline void
record_sign_intent(struct world *w, const char *serial_hex, struct buf *tbs)
{
	AUTO(csr_release) struct csr *csr = new_csr("Sub");

	world_append(w, "sign-intent", sign_data(w, csr, serial_hex, tbs));
}

/* The outcome: `der` under the intent's serial. */
static inline void
record_signed(struct world *w, const char *serial_hex, struct bytes der)
{
	struct json *item = json_new(), *items = json_new_list(), *data;

	json_put_text(item, "serial", serial_hex);
	put_object(w, item, "certificate", der);
	json_add(items, &item);
	data = outcome_data(w);
	json_put(data, "items", &items);
	world_append(w, "signed", data);
}

static inline void
record_certificate(struct world *w, const char *serial_hex)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	record_sign_intent(w, serial_hex, &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	record_signed(w, serial_hex, buf_bytes(&der));
}

static inline void
record_revoked(struct world *w, const char *serial_hex)
{
	struct json *data = json_new();

	json_put_text(data, "reason", "superseded");
	json_put_text(data, "serial", serial_hex);
	world_append(w, "revoked", data);
}

static inline void
record_crl_intent(struct world *w, uint64_t number, struct buf *tbs)
{
	struct json *data;

	MUST(plan_crl(w->authority->ledger, number, w->act.now, tbs, &fault));
	data = intent_data(w, json_new(), buf_bytes(tbs));
	json_put_number(data, "number", (int64_t)number);
	world_append(w, "crl-intent", data);
}

static inline void
record_crl(struct world *w, uint64_t number)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data;

	record_crl_intent(w, number, &tbs);
	sign_with("ecdsa-sha384", w->root_key, buf_bytes(&tbs), &der);
	data = outcome_data(w);
	put_object(w, data, "crl", buf_bytes(&der));
	world_append(w, "crl-signed", data);
}

/* The data of an intent to sign one OCSP response. */
static inline struct json *
ocsp_data(struct world *w, const char *serial_hex, struct buf *tbs)
{
	struct serial serial = serial_of(serial_hex);
	struct json *item = json_new();

	tbs->len = 0;
	MUST(plan_ocsp(w->authority->ledger, &serial, w->act.now, tbs,
	    &fault));
	json_put_text(item, "serial", serial_hex);
	return intent_data(w, item, buf_bytes(tbs));
}

/* The outcome: a response under the intent's serial. */
static inline void
record_ocsp(struct world *w, const char *serial_hex)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	const struct alg *alg = alg_find("ecdsa-sha384");
	struct json *item = json_new(), *items = json_new_list(), *data;

	world_append(w, "ocsp-intent", ocsp_data(w, serial_hex, &tbs));
	MUST(alg_sign(alg, w->root_key, buf_bytes(&tbs), &signature, &fault));
	ocsp_assemble(alg, buf_bytes(&tbs), buf_bytes(&signature), &der);
	json_put_text(item, "serial", serial_hex);
	put_object(w, item, "response", buf_bytes(&der));
	json_add(items, &item);
	data = outcome_data(w);
	json_put(data, "items", &items);
	world_append(w, "ocsp-signed", data);
}

static inline void
world_begin(struct world *w)
{
	w->act = (struct act){ .by = "tester", .now = NOW };
	w->folder = mem_text("/tmp/anchorite-unit-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->path = file_path(w->folder, "test");
	w->journal = file_path(w->path, JOURNAL_NAME);
	w->journal_key = EVP_EC_gen("P-256");
	w->root_key = EVP_EC_gen("P-384");
	assert_non_null(w->journal_key);
	assert_non_null(w->root_key);
}

/* Without a record. */
static inline int
world_setup_empty(void **state)
{
	struct world *w = mem_new(1, sizeof(*w));

	world_begin(w);
	MUST(authority_create(w->path, &w->authority, &fault));
	*state = w;
	return 0;
}

/* With a root key, and no certificate of it. */
static inline int
world_setup_pending(void **state)
{
	struct world *w;

	world_setup_empty(state);
	w = *state;
	record_init(w, policy_text);
	world_seal(w);
	world_append(w, "root-key", root_key_data(w->root_key));
	world_seal(w);
	return 0;
}

static inline int
world_setup(void **state)
{
	world_setup_pending(state);
	record_root(*state);
	world_seal(*state);
	return 0;
}

/* One of everything. */
#define SERIAL_A "410203040506070809"
#define SERIAL_B "410203040506079999"

static inline int
world_setup_full(void **state)
{
	world_setup(state);
	record_certificate(*state, SERIAL_A);
	world_seal(*state);
	record_certificate(*state, SERIAL_B);
	world_seal(*state);
	record_revoked(*state, SERIAL_A);
	world_seal(*state);
	record_crl(*state, 1);
	world_seal(*state);
	return 0;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;

	authority_release(&w->authority);
	MUST(file_remove_tree(w->folder, &fault));
	EVP_PKEY_free(w->journal_key);
	EVP_PKEY_free(w->root_key);
	free(w->folder);
	free(w->path);
	free(w->journal);
	free(w);
	return 0;
}

static inline void
world_reopen(struct world *w)
{
	authority_release(&w->authority);
	MUST(authority_open(w->path, true, &w->authority, &fault));
}

/* Writes in place, as nothing but a test or an attacker does. */
static inline void
overwrite(const char *path, struct bytes content)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.data, content.len), content.len);
	assert_int_equal(close(fd), 0);
}

static inline void
load(const char *path, struct buf *out)
{
	MUST(file_load(path, 1 << 24, out, &fault));
}

/* The lines of a text, newlines included, lent. */
#define LINES_MAX 64

static inline size_t
split_lines(struct bytes text, struct bytes lines[LINES_MAX])
{
	size_t count = 0;

	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len :
		    (size_t)(end - text.data) + 1;

		assert_true(count < LINES_MAX);
		lines[count++] = bytes_of(text.data, len);
		text = bytes_of(text.data + len, text.len - len);
	}
	return count;
}

/* Puts `new` for each `old`. */
static inline void
replace(struct bytes text, const char *old, const char *new, struct buf *out)
{
	const uint8_t *at;

	while (text.len > 0 && (at = memmem(text.data, text.len, old,
	    strlen(old))) != NULL) {
		size_t before = (size_t)(at - text.data);

		buf_append(out, text.data, before);
		buf_text(out, new);
		before += strlen(old);
		text = bytes_of(text.data + before, text.len - before);
	}
	buf_put(out, text);
}

static inline void
reseal(struct world *w, const struct digest *prev, struct buf *line)
{
	AUTO(buf_release) struct buf message = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf changed = { 0 };
	const char *text = buf_cstr(line);
	const char *at = strstr(text, "\"signature\":\"");

	assert_non_null(at);
	at += strlen("\"signature\":\"");
	journal_seal_message(prev, &message);
	MUST(alg_sign(alg_find("ecdsa-sha256"), w->journal_key,
	    buf_bytes(&message), &signature, &fault));
	buf_append(&changed, text, (size_t)(at - text));
	text_base64(&changed, buf_bytes(&signature));
	buf_text(&changed, strchr(at, '"'));
	buf_move(line, &changed);
}

/*
 * What somebody with the journal key could do: changes the text of every
 * record, and makes chain and seals anew.
 */
static inline void
world_rewrite(struct world *w, const char *old, const char *new)
{
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(buf_release) struct buf changed = { 0 };
	AUTO(buf_release) struct buf all = { 0 };
	struct bytes lines[LINES_MAX];
	struct digest prev = { { 0 } };
	size_t count;

	load(w->journal, &text);
	replace(buf_bytes(&text), old, new, &changed);
	count = split_lines(buf_bytes(&changed), lines);
	for (size_t n = 0; n < count; n++) {
		AUTO(buf_release) struct buf line = { 0 };
		char hex[DIGEST_HEX_SIZE];
		char *at;

		buf_put(&line, lines[n]);
		at = memmem(line.data, line.len, "\"prev\":\"", 8);
		assert_non_null(at);
		digest_hex(&prev, hex);
		memcpy(at + 8, hex, DIGEST_HEX_SIZE - 1);
		if (strstr(buf_cstr(&line), "\"event\":\"seal\"") != NULL)
			reseal(w, &prev, &line);
		digest_of(buf_bytes(&line), &prev);
		buf_put(&all, buf_bytes(&line));
	}
	overwrite(w->journal, buf_bytes(&all));
}

/* "ab…": the digest of an object, as records name it. */
static inline void
object_hex(struct bytes content, char out[DIGEST_HEX_SIZE])
{
	struct digest digest;

	digest_of(content, &digest);
	digest_hex(&digest, out);
}

static inline char *
object_path(const struct world *w, const struct digest *digest)
{
	AUTO(buf_release) struct buf name = { 0 };
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	buf_printf(&name, OBJECTS_NAME "/%s", hex);
	return file_path(w->path, buf_cstr(&name));
}

/* The same things in a token: SoftHSM, open and logged in. */
struct token_world {
	struct softhsm *softhsm;
	struct session *session;
	struct policy *policy;
	struct authority *authority;
	struct act act;
	char path[96];
};

static inline int
token_setup(void **state)
{
	struct token_world *w = mem_new(1, sizeof(*w));
	const struct secret pin = softhsm_pin(SOFTHSM_USER_PIN);
	struct module *module = NULL;
	struct session_plan plan = {
		.module = softhsm_fake(),
		.token = "pkcs11:token=unit",
		.secret_fd = -1,
	};

	softhsm_setup((void **)&w->softhsm);
	plan.store = w->softhsm->store;
	MUST(module_open(plan.module, &module, &fault));
	softhsm_token(module, "unit");
	module_release(&module);
	MUST(session_open(&plan, &w->session, &fault));
	MUST(token_login(session_token(w->session), &pin, &fault));
	MUST(policy_read("policy", bytes_text(policy_text), &w->policy,
	    &fault));
	w->act = (struct act){ .by = "tester", .now = NOW };
	snprintf(w->path, sizeof(w->path), "%s/test", w->softhsm->folder);
	*state = w;
	return 0;
}

static inline int
token_teardown(void **state)
{
	struct token_world *w = *state;
	int result;

	authority_release(&w->authority);
	policy_release(&w->policy);
	session_release(&w->session);
	result = softhsm_teardown((void **)&w->softhsm);
	free(w);
	return result;
}

static inline int
token_init_authority(struct token_world *w, struct fail *fail)
{
	const struct adoption adoption = { .policy = w->policy };
	const struct founding founding = {
		.path = w->path, .name = "test", .adoption = &adoption,
	};

	return root_init(&founding, &w->act, w->session, fail);
}

static inline void
token_begin(struct token_world *w)
{
	MUST(token_init_authority(w, &fault));
	MUST(authority_open(w->path, true, &w->authority, &fault));
}

static inline void
token_certify(struct token_world *w)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	struct serial serial;

	MUST(root_plan(w->authority, &w->act, w->session, &serial, &tbs,
	    &fault));
	MUST(root_certify(w->authority, &w->act, &serial, buf_bytes(&tbs),
	    w->session, &fault));
}

/* With a root that may sign. */
static inline int
token_setup_active(void **state)
{
	struct token_world *w;

	token_setup(state);
	w = *state;
	token_begin(w);
	MUST(root_generate(w->authority, &w->act, w->session, &fault));
	token_certify(w);
	return 0;
}

static inline void
token_reopen(struct token_world *w)
{
	authority_release(&w->authority);
	MUST(authority_open(w->path, true, &w->authority, &fault));
}

#endif
