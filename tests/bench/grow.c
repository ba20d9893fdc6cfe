/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grow DIRECTORY RECORDS [plain]: makes an authority of software keys with a
 * journal of about that many records: requests signed one by one and in
 * batches, revocations, CRLs, bundles, refusals, each transaction sealed.
 * With `plain` one certificate alone is signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/authority.h>
#include <anchorite/ca/plan.h>

/* Half a million syncs would measure the disk. */
int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
syncfs(int fd)
{
	(void)fd;
	return 0;
}

#define START INT64_C(1795243848)	/* 2026-11-21T06:50:48Z */

static const char policy_text[] =
    "format: 1\n"
    "name: bench\n"
    "root:\n"
    "  subject: [CN: Root]\n"
    "  key: ec-p256\n"
    "  signature: ecdsa-sha256\n"
    "  validity: 20y\n"
    "crl:\n"
    "  period: 90d\n"
    "profiles:\n"
    "  sub:\n"
    "    path-length: 0\n"
    "    validity: 5y\n"
    "    keys: [ec-p256]\n";

/* What cannot fail here, or the benchmark is of no use. */
static void
must(int result, const struct fail *fail)
{
	if (result == 0)
		return;
	fprintf(stderr, "grow: %s\n", fail->sentence);
	exit(1);
}

#define MUST(call) \
	do { \
		struct fail fault = { 0 }; \
		must(call, &fault); \
	} while (0)

/* The authority that is made. */
struct maker {
	struct authority *authority;
	struct act act;
	EVP_PKEY *journal_key, *root_key;
	uint64_t next_serial, next_revoked;
};

static int64_t
head_seq(const struct maker *m)
{
	return journal_head(m->authority->journal)->seq;
}

static const struct ledger *
ledger_of(const struct maker *m)
{
	return m->authority->ledger;
}

static void
append(struct maker *m, const char *event, struct json *data)
{
	MUST(authority_append(m->authority, &m->act, event, &data, &fault));
}

static void
seal(struct maker *m)
{
	struct json *data = json_new();
	AUTO(buf_release) struct buf message = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf text = { 0 };

	journal_seal_message(&journal_head(m->authority->journal)->digest,
	    &message);
	MUST(alg_sign(alg_find("ecdsa-sha256"), m->journal_key,
	    buf_bytes(&message), &signature, &fault));
	text_base64(&text, buf_bytes(&signature));
	json_put_text(data, "signature", buf_cstr(&text));
	append(m, "seal", data);
	m->act.now += 30;
}

static void
put_object(struct maker *m, struct json *json, const char *key,
    struct bytes content)
{
	struct digest digest;

	MUST(objects_put(m->authority->objects, content, &digest, &fault));
	json_put_digest(json, key, &digest);
}

static void
put_digest(struct json *json, const char *key, struct bytes content)
{
	struct digest digest;

	digest_of(content, &digest);
	json_put_digest(json, key, &digest);
}

static void
sign_with(const struct alg *alg, EVP_PKEY *key, const struct buf *tbs,
    struct buf *der)
{
	AUTO(buf_release) struct buf signature = { 0 };

	MUST(alg_sign(alg, key, buf_bytes(tbs), &signature, &fault));
	alg_wrap(alg, buf_bytes(tbs), buf_bytes(&signature), der);
}

static void
sign_as_root(struct maker *m, const struct buf *tbs, struct buf *der)
{
	sign_with(plan_alg(ledger_of(m)->policy), m->root_key, tbs, der);
}

static struct serial
new_serial(struct maker *m)
{
	uint8_t octets[SERIAL_MAX] = { 0 };
	struct serial serial;

	m->next_serial++;
	memcpy(octets, &m->next_serial, sizeof(m->next_serial));
	digest_sha1(bytes_of(octets, sizeof(octets)), octets);
	serial_from_random(octets, &serial);
	return serial;
}

static void
put_serial(struct json *json, const struct serial *serial)
{
	json_put_hex(json, "serial", bytes_of(serial->octets, serial->len));
}

/* An intent of these items, which are taken over. */
static struct json *
intent_data(struct maker *m, struct json *items)
{
	struct json *data = json_new();

	json_put(data, "items", &items);
	json_put_digest(data, "policy", &ledger_of(m)->policy->digest);
	return data;
}

static struct json *
outcome_data(struct maker *m)
{
	struct json *data = json_new();

	json_put_number(data, "intent", ledger_of(m)->intent.seq);
	return data;
}

static void
make_init(struct maker *m)
{
	const struct alg *alg = alg_find("ecdsa-sha256");
	struct json *data = json_new(), *key = json_new();
	struct serial serial = new_serial(m);
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	MUST(spki_write(m->journal_key, &spki, &fault));
	MUST(plan_journal_certificate("bench", buf_bytes(&spki), &serial,
	    m->act.now, &tbs, &fault));
	sign_with(alg, m->journal_key, &tbs, &der);
	json_put_text(key, "id", "01");
	json_put_text(key, "label", "journal");
	put_object(m, key, "certificate", buf_bytes(&der));
	json_put_number(data, "format", 1);
	json_put_text(data, "name", "bench");
	put_object(m, data, "policy", bytes_text(policy_text));
	json_put(data, "journal_key", &key);
	append(m, "init", data);
	seal(m);
}

static void
make_root_key(struct maker *m)
{
	struct json *data = json_new();
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf text = { 0 };

	MUST(spki_write(m->root_key, &spki, &fault));
	text_base64(&text, buf_bytes(&spki));
	json_put_text(data, "id", "02");
	json_put_text(data, "label", "root");
	json_put_text(data, "key", buf_cstr(&text));
	json_put_number(data, "self_tests", 1);
	append(m, "root-key", data);
	seal(m);
}

static void
make_root(struct maker *m)
{
	const struct ledger *ledger = ledger_of(m);
	struct json *item = json_new(), *items = json_new_list(), *data;
	struct serial serial = new_serial(m);
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	MUST(plan_root(ledger->policy, buf_bytes(&ledger->root_key.spki),
	    &serial, m->act.now, &tbs, &fault));
	put_digest(item, "key", buf_bytes(&ledger->root_key.spki));
	put_serial(item, &serial);
	put_digest(item, "tbs", buf_bytes(&tbs));
	json_add(items, &item);
	append(m, "root-intent", intent_data(m, items));
	sign_as_root(m, &tbs, &der);
	data = outcome_data(m);
	put_object(m, data, "certificate", buf_bytes(&der));
	append(m, "root-certified", data);
	seal(m);
}

static void
make_request(struct maker *m, struct buf *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *request = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL, cn[32];
	int len;

	snprintf((char *)cn, sizeof(cn), "Subordinate %llu",
	    (unsigned long long)m->next_serial);
	X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8,
	    (const uint8_t *)"US", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
	    (const uint8_t *)"Example Corp", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0);
	X509_REQ_set_subject_name(request, name);
	X509_REQ_set_pubkey(request, key);
	X509_REQ_sign(request, key, EVP_sha256());
	len = i2d_X509_REQ(request, &der);
	if (len <= 0)
		exit(1);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
}

/* One item of an intent and of its outcome. */
static void
make_item(struct maker *m, struct json *intended, struct json *outcome)
{
	const struct ledger *ledger = ledger_of(m);
	struct json *item = json_new(), *result = json_new();
	struct serial serial = new_serial(m);
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	make_request(m, &request);
	MUST(csr_read(buf_bytes(&request), &csr, &fault));
	MUST(plan_certificate(ledger->policy, &ledger->policy->profiles[0],
	    csr, ledger->root, &serial, m->act.now, &tbs, &fault));
	put_digest(item, "key", csr->spki.der);
	put_object(m, item, "request", buf_bytes(&request));
	put_serial(item, &serial);
	json_put_text(item, "profile", "sub");
	put_digest(item, "tbs", buf_bytes(&tbs));
	json_add(intended, &item);
	sign_as_root(m, &tbs, &der);
	put_object(m, result, "certificate", buf_bytes(&der));
	put_serial(result, &serial);
	json_add(outcome, &result);
}

static void
make_certificates(struct maker *m, int count)
{
	struct json *intended = json_new_list(), *outcome = json_new_list();
	struct json *data;

	for (int n = 0; n < count; n++)
		make_item(m, intended, outcome);
	data = intent_data(m, intended);
	append(m, "sign-intent", data);
	data = outcome_data(m);
	json_put(data, "items", &outcome);
	append(m, "signed", data);
	seal(m);
}

static void
make_revocation(struct maker *m)
{
	struct json *data = json_new();

	/* Every third of the inventory, oldest first. */
	put_serial(data, &ledger_of(m)->issued[m->next_revoked].serial);
	json_put_text(data, "reason", "superseded");
	append(m, "revoked", data);
	m->next_revoked += 3;
	seal(m);
}

static void
make_crl(struct maker *m)
{
	const struct ledger *ledger = ledger_of(m);
	struct json *item = json_new(), *items = json_new_list(), *data;
	uint64_t number = ledger->crl_number + 1;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };

	MUST(plan_crl(ledger, number, m->act.now, &tbs, &fault));
	put_digest(item, "tbs", buf_bytes(&tbs));
	json_add(items, &item);
	data = intent_data(m, items);
	json_put_number(data, "number", (int64_t)number);
	append(m, "crl-intent", data);
	sign_as_root(m, &tbs, &der);
	data = outcome_data(m);
	put_object(m, data, "crl", buf_bytes(&der));
	append(m, "crl-signed", data);
	seal(m);
}

static void
make_bundle(struct maker *m)
{
	const struct ledger *ledger = ledger_of(m);
	struct json *data = json_new();

	json_put_text(data, "consumer", "acm-pca");
	put_digest(data, "manifest", bytes_of(&m->act.now,
	    sizeof(m->act.now)));
	put_serial(data, &ledger->issued[ledger->issued_count - 1].serial);
	append(m, "bundled", data);
	seal(m);
}

static void
make_refusal(struct maker *m)
{
	struct fail refusal = { 0 };

	(void)fail_with(&refusal, FAIL_REFUSED, "request sub.csr: key kind: "
	    "want ec-p256, have rsa-2048 (policy: keys)");
	authority_refuse(m->authority, &m->act, "sign", &refusal);
	m->act.now++;
}

/* Eighty-five records or so. */
static void
make_round(struct maker *m, int round, bool plain)
{
	for (int n = 0; n < 10 && !plain; n++)
		make_certificates(m, 1);
	if (!plain)
		make_certificates(m, 20);
	for (int n = 0; n < 6 && !plain; n++)
		make_revocation(m);
	for (int n = 0; n < 15; n++)
		make_bundle(m);
	for (int n = 0; n < 10; n++)
		make_refusal(m);
	if (round % 20 == 0 && !plain)
		make_crl(m);
}

static void
make_all(const char *path, int64_t records, bool plain)
{
	struct maker m = {
		.act = { .by = "bench", .now = START },
		.journal_key = EVP_EC_gen("P-256"),
		.root_key = EVP_EC_gen("P-256"),
	};

	MUST(authority_create(path, &m.authority, &fault));
	make_init(&m);
	make_root_key(&m);
	make_root(&m);
	make_certificates(&m, 1);
	for (int round = 0; head_seq(&m) < records; round++)
		make_round(&m, round, plain);
	authority_release(&m.authority);
	EVP_PKEY_free(m.journal_key);
	EVP_PKEY_free(m.root_key);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: grow DIRECTORY RECORDS [plain]\n");
		return 2;
	}
	make_all(argv[1], strtoll(argv[2], NULL, 10), argc > 3);
	return 0;
}
