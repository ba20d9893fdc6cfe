/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/plan.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/emit.h>
#include <anchorite/x509/cms.h>

#define NOW INT64_C(1795243848)	/* 2026-11-21T06:50:48Z */

static const char policy_text[] =
    "format: 1\n"
    "name: test\n"
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
    "    validity: 10y\n"
    "    keys: [ec-p256]\n"
    "    crl-urls: [\"http://crl.example.com/root.crl\"]\n";

static const struct act act = { .by = "tester", .now = NOW };
static EVP_PKEY *journal_key, *root_key;

#define MUST(call) \
	do { \
		struct fail fault = { 0 }; \
		if ((call) != 0) \
			fail_msg("%s", fault.sentence); \
	} while (0)

/* An authority of software keys, in a folder of its own. */
struct world {
	char *folder;
	struct authority *authority;
};

static void
append(struct world *w, const char *event, struct json **data)
{
	MUST(authority_append(w->authority, &act, event, data, &fault));
}

static void
seal(struct world *w)
{
	MUST(authority_seal(w->authority, &act,
	    &(struct sealer){ .signer = journal_key }, &fault));
}

static void
put_digest(struct json *json, const char *key, struct bytes content)
{
	struct digest digest;

	digest_of(content, &digest);
	json_put_hex(json, key, bytes_of(digest.bytes, DIGEST_LEN));
}

static void
put_object(struct world *w, struct json *json, const char *key,
    struct bytes content)
{
	struct digest digest;

	MUST(objects_put(w->authority->objects, content, &digest, &fault));
	json_put_hex(json, key, bytes_of(digest.bytes, DIGEST_LEN));
}

static void
sign(EVP_PKEY *key, struct bytes tbs, struct buf *der)
{
	const struct alg *alg = alg_find("ecdsa-sha256");
	AUTO(buf_release) struct buf signature = { 0 };

	MUST(alg_sign(alg, key, tbs, &signature, &fault));
	alg_wrap(alg, tbs, buf_bytes(&signature), der);
}

static void
put_policy(struct world *w, struct json *json)
{
	json_put_hex(json, "policy", bytes_of(
	    w->authority->ledger->policy->digest.bytes, DIGEST_LEN));
}

static void
record_init(struct world *w)
{
	AUTO(json_release) struct json *data = json_new();
	AUTO(json_release) struct json *key = json_new();
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct serial serial = { { 5 }, 1 };

	MUST(spki_write(journal_key, &spki, &fault));
	MUST(plan_journal_certificate("test", buf_bytes(&spki), &serial, NOW,
	    &tbs, &fault));
	sign(journal_key, buf_bytes(&tbs), &der);
	json_put_text(key, "id", "01");
	json_put_text(key, "label", "journal");
	put_object(w, key, "certificate", buf_bytes(&der));
	json_put_number(data, "format", 1);
	json_put_text(data, "name", "test");
	put_object(w, data, "policy", bytes_text(policy_text));
	json_put(data, "journal_key", &key);
	append(w, "init", &data);
}

static void
record_root_key(struct world *w)
{
	AUTO(json_release) struct json *data = json_new();
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf text = { 0 };

	MUST(spki_write(root_key, &spki, &fault));
	text_base64(&text, buf_bytes(&spki));
	json_put_text(data, "id", "02");
	json_put_text(data, "label", "root");
	json_put_text(data, "key", buf_cstr(&text));
	json_put_number(data, "self_tests", 2);
	append(w, "root-key", &data);
}

/* An intent with one item, which is taken over. */
static struct json *
intent(struct world *w, struct json *item, struct bytes tbs)
{
	struct json *data = json_new(), *items = json_new_list();

	put_digest(item, "tbs", tbs);
	json_add(items, &item);
	json_put(data, "items", &items);
	put_policy(w, data);
	return data;
}

static struct json *
outcome(struct world *w)
{
	struct json *data = json_new();

	json_put_number(data, "intent", w->authority->ledger->intent.seq);
	return data;
}

static void
record_root(struct world *w)
{
	struct ledger *ledger = w->authority->ledger;
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct serial serial = { { 6 }, 1 };
	struct json *item = json_new(), *data;

	MUST(plan_root(ledger->policy, buf_bytes(&ledger->root_key.spki),
	    &serial, NOW, &tbs, &fault));
	json_put_text(item, "serial", "06");
	put_digest(item, "key", buf_bytes(&ledger->root_key.spki));
	data = intent(w, item, buf_bytes(&tbs));
	append(w, "root-intent", &data);
	sign(root_key, buf_bytes(&tbs), &der);
	data = outcome(w);
	put_object(w, data, "certificate", buf_bytes(&der));
	append(w, "root-certified", &data);
}

static struct csr *
make_csr(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *request = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	struct csr *csr = NULL;
	uint8_t *der = NULL;
	int len;

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const uint8_t *)"Sub", -1, -1, 0), 1);
	assert_int_equal(X509_REQ_set_subject_name(request, name), 1);
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(request, &der);
	assert_true(len > 0);
	MUST(csr_read(bytes_of(der, (size_t)len), &csr, &fault));
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	return csr;
}

static void
record_certificate(struct world *w)
{
	struct ledger *ledger = w->authority->ledger;
	AUTO(csr_release) struct csr *csr = make_csr();
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct serial serial = { { 0x41, 2, 3, 4, 5, 6, 7, 8, 9 }, 9 };
	struct json *item = json_new(), *items = json_new_list(), *data;

	MUST(plan_certificate(ledger->policy, &ledger->policy->profiles[0],
	    csr, ledger->root, &serial, NOW, &tbs, &fault));
	json_put_text(item, "serial", "410203040506070809");
	put_digest(item, "key", csr->spki.der);
	put_object(w, item, "request", buf_bytes(&csr->der));
	json_put_text(item, "profile", "sub");
	data = intent(w, item, buf_bytes(&tbs));
	append(w, "sign-intent", &data);
	sign(root_key, buf_bytes(&tbs), &der);
	item = json_new();
	json_put_text(item, "serial", "410203040506070809");
	put_object(w, item, "certificate", buf_bytes(&der));
	json_add(items, &item);
	data = outcome(w);
	json_put(data, "items", &items);
	append(w, "signed", &data);
}

static void
record_crl(struct world *w)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf der = { 0 };
	struct json *data;

	MUST(plan_crl(w->authority->ledger, 1, NOW, &tbs, &fault));
	data = intent(w, json_new(), buf_bytes(&tbs));
	json_put_number(data, "number", 1);
	append(w, "crl-intent", &data);
	sign(root_key, buf_bytes(&tbs), &der);
	data = outcome(w);
	put_object(w, data, "crl", buf_bytes(&der));
	append(w, "crl-signed", &data);
}

static int
setup(void **state)
{
	struct world *w = mem_new(1, sizeof(*w));
	AUTO(auto_free) char *path = NULL;

	w->folder = mem_text("/tmp/anchorite-emit-XXXXXX");
	if (mkdtemp(w->folder) == NULL)
		return -1;
	path = file_path(w->folder, "test");
	MUST(authority_create(path, &w->authority, &fault));
	record_init(w);
	record_root_key(w);
	record_root(w);
	record_certificate(w);
	record_crl(w);
	seal(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	authority_release(&w->authority);
	MUST(file_remove_tree(w->folder, &fault));
	free(w->folder);
	free(w);
	return 0;
}

static void
load(const char *directory, const char *name, struct buf *out)
{
	AUTO(auto_free) char *path = file_path(directory, name);

	MUST(file_load(path, 1 << 20, out, &fault));
}

/* What stands there is what its list says, and the journal's key said so. */
static void
check_directory(struct world *w, const char *path, const char *const *names)
{
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(buf_release) struct buf want = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	for (; *names != NULL; names++) {
		AUTO(buf_release) struct buf content = { 0 };

		load(path, *names, &content);
		digest_of(buf_bytes(&content), &digest);
		digest_hex(&digest, hex);
		buf_printf(&want, "%s  %s\n", hex, *names);
	}
	load(path, BUNDLE_MANIFEST, &manifest);
	load(path, BUNDLE_SIGNATURE, &signature);
	assert_string_equal(buf_cstr(&manifest), buf_cstr(&want));
	MUST(cms_verify(buf_bytes(&signature), buf_bytes(&manifest),
	    buf_bytes(&w->authority->ledger->journal_certificate->der),
	    &fault));
}

static int
last_bundled(void *context, const struct record *record, struct fail *fail)
{
	(void)fail;
	if (strcmp(record->event, "bundled") == 0)
		json_write(record->data, context);
	return 0;
}

static void
check_record(struct world *w, const char *path, const char *name)
{
	AUTO(authority_release) struct authority *again = NULL;
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf want = { 0 };
	AUTO(buf_release) struct buf have = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	load(path, BUNDLE_MANIFEST, &manifest);
	digest_of(buf_bytes(&manifest), &digest);
	digest_hex(&digest, hex);
	buf_printf(&want, "{\"consumer\":\"%s\",\"manifest\":\"%s\","
	    "\"serial\":\"410203040506070809\"}", name, hex);
	MUST(authority_open(w->authority->path, false, &again, &fault));
	assert_int_equal(again->ledger->loose, 0);
	MUST(journal_replay(again->journal, last_bundled, &have, &fault));
	assert_string_equal(buf_cstr(&have), buf_cstr(&want));
}

static int
emit_all(struct world *w, const struct act *by, struct emit_order *orders,
    size_t count, struct fail *fail)
{
	AUTO(emission_release) struct emission *emission = NULL;

	if (emit_prepare(w->authority, by, orders, count, &emission, fail) ==
	    -1)
		return -1;
	return emit_finish(emission, &(struct sealer){ .signer = journal_key },
	    fail);
}

/* Makes bundles of the one certificate, each at its default path. */
static int
emit(struct world *w, const enum consumer *consumers, size_t count,
    struct emit_order *orders, struct fail *fail)
{
	for (size_t n = 0; n < count; n++) {
		orders[n].consumer = consumers[n];
		orders[n].issued = w->authority->ledger->issued;
	}
	return emit_all(w, &act, orders, count, fail);
}

static void
test_acm_pca(void **state)
{
	static const char *const names[] = {
		BUNDLE_CERTIFICATE, BUNDLE_CHAIN, BUNDLE_REQUEST, BUNDLE_ROOT,
		BUNDLE_ROOT_DER, BUNDLE_CRL, BUNDLE_CRL_DER, BUNDLE_CONF,
		BUNDLE_README, BUNDLE_SCRIPT, BUNDLE_SIGNER, NULL,
	};
	static const enum consumer consumers[] = { CONSUMER_ACM_PCA };
	struct world *w = *state;
	AUTO(auto_free) char *want = file_path(w->authority->path,
	    "bundles/acm-pca-4102030405060708");
	struct emit_order order = { 0 };

	MUST(emit(w, consumers, 1, &order, &fault));
	assert_string_equal(order.path, want);
	check_directory(w, want, names);
	check_record(w, want, "acm-pca");
	free(order.path);
}

static void
test_files(void **state)
{
	static const char *const names[] = {
		BUNDLE_CERTIFICATE, BUNDLE_CERTIFICATE_DER, BUNDLE_CHAIN,
		BUNDLE_REQUEST, BUNDLE_ROOT, BUNDLE_ROOT_DER, BUNDLE_CRL,
		BUNDLE_CRL_DER, BUNDLE_CONF, BUNDLE_README, BUNDLE_SIGNER,
		NULL,
	};
	static const enum consumer consumers[] = { CONSUMER_FILES };
	struct world *w = *state;
	AUTO(auto_free) char *want = file_path(w->folder, "out");
	struct emit_order order = { .path = mem_text(want) };

	MUST(emit(w, consumers, 1, &order, &fault));
	check_directory(w, want, names);
	check_record(w, want, "files");
	free(order.path);
}

static void
refuse(struct world *w, enum consumer consumer, const char *path,
    const char *sentence)
{
	int64_t seq = journal_head(w->authority->journal)->seq;
	struct emit_order order = {
		.path = path == NULL ? NULL : mem_text(path),
	};
	struct fail fail = { 0 };

	assert_int_equal(emit(w, &consumer, 1, &order, &fail), -1);
	assert_string_equal(fail.sentence, sentence);
	assert_int_equal(fail.kind, FAIL_REFUSED);
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
	free(order.path);
}

/* Several under one seal; and where one is refused, none is written. */
static void
test_several(void **state)
{
	static const enum consumer good[] = {
		CONSUMER_ACM_PCA, CONSUMER_FILES,
	};
	static const enum consumer bad[] = {
		CONSUMER_ADCS, CONSUMER_CLOUDHSM,
	};
	static const enum consumer twice[] = {
		CONSUMER_ADCS, CONSUMER_ADCS,
	};
	struct world *w = *state;
	int64_t seq = journal_head(w->authority->journal)->seq;
	struct emit_order orders[2] = { 0 }, others[2] = { 0 };
	struct fail fail = { 0 };

	MUST(emit(w, good, 2, orders, &fault));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq + 3);
	assert_int_equal(w->authority->ledger->loose, 0);
	assert_int_equal(emit(w, bad, 2, others, &fail), -1);
	assert_string_equal(fail.sentence, "cloudhsm: want an end-entity "
	    "certificate, have a CA's");
	assert_false(file_is_there_at(w->authority->dirfd, others[0].path));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq + 3);
	free(others[0].path);
	free(others[1].path);
	memset(others, 0, sizeof(others));
	assert_int_equal(emit(w, twice, 2, others, &fail), -1);
	assert_non_null(strstr(fail.sentence,
	    "adcs-4102030405060708: two bundles would stand there"));
	for (size_t n = 0; n < 2; n++) {
		free(orders[n].path);
		free(others[n].path);
	}
}

static void
test_status(void **state)
{
	struct world *w = *state;
	struct issued *issued = w->authority->ledger->issued;

	issued->status = ISSUED_REVOKED;
	refuse(w, CONSUMER_FILES, NULL, "certificate 410203040506070809: "
	    "want a valid one, have it revoked");
	issued->status = ISSUED_POSSIBLY;
	refuse(w, CONSUMER_FILES, NULL, "certificate 410203040506070809: "
	    "want a valid one, have it possibly issued");
	issued->status = ISSUED_VALID;
	issued->has_certificate = false;
	refuse(w, CONSUMER_FILES, NULL, "certificate 410203040506070809: "
	    "want its file, have none");
}

/* As a crash leaves it: the record, and no seal behind it. */
static void
test_unsealed(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf sentence = { 0 };
	struct json *data = json_new();

	buf_printf(&sentence, "1 records since record %lld are not sealed: "
	    "look at them with 'anchorite audit show', then 'anchorite "
	    "recover'", (long long)journal_head(w->authority->journal)->seq);
	append(w, "bundled", &data);
	refuse(w, CONSUMER_FILES, NULL, buf_cstr(&sentence));
}

static void
test_no_crl(void **state)
{
	struct world *w = *state;
	static const enum consumer consumers[] = { CONSUMER_FILES };
	struct emit_order order = { 0 };

	memset(&w->authority->ledger->crl, 0, sizeof(struct digest));
	refuse(w, CONSUMER_ACM_PCA, NULL, "acm-pca: CRL: want one, have "
	    "none: sign it first, with 'anchorite crl'");
	MUST(emit(w, consumers, 1, &order, &fault));
	free(order.path);
}

static void
test_exists(void **state)
{
	struct world *w = *state;
	AUTO(buf_release) struct buf sentence = { 0 };

	buf_printf(&sentence, "%s: exists already", w->folder);
	refuse(w, CONSUMER_ACM_PCA, w->folder, buf_cstr(&sentence));
}

/* A bundle that could not be recorded does not stay. */
static void
test_not_recorded(void **state)
{
	static const char long_ticket[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct act odd = { .by = "tester", .now = NOW, .ticket = long_ticket };
	struct world *w = *state;
	int64_t seq = journal_head(w->authority->journal)->seq;
	AUTO(auto_free) char *path = file_path(w->folder, "out");
	struct emit_order order = {
		.consumer = CONSUMER_FILES,
		.issued = w->authority->ledger->issued,
		.path = path,
	};
	struct fail fail = { 0 };

	w->authority->is_told = false;
	assert_int_equal(emit_all(w, &odd, &order, 1, &fail), -1);
	assert_non_null(strstr(fail.sentence, "ticket"));
	assert_false(file_is_there_at(w->authority->dirfd, path));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
}

/* Where one cannot be written, none is there and nothing is recorded. */
static void
test_not_written(void **state)
{
	static const char long_name[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const enum consumer consumers[] = {
		CONSUMER_FILES, CONSUMER_ADCS,
	};
	struct world *w = *state;
	int64_t seq = journal_head(w->authority->journal)->seq;
	struct emit_order orders[2] = {
		{ .path = file_path(w->folder, "out") },
		{ .path = file_path(w->folder, long_name) },
	};
	struct fail fail = { 0 };

	assert_int_equal(emit(w, consumers, 2, orders, &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	assert_false(file_is_there_at(w->authority->dirfd, orders[0].path));
	assert_int_equal(journal_head(w->authority->journal)->seq, seq);
	for (size_t n = 0; n < 2; n++)
		free(orders[n].path);
}

/* A bundle that cannot be made says of which request it is. */
static void
test_request_is_named(void **state)
{
	struct world *w = *state;
	struct emit_order order = {
		.consumer = CONSUMER_CLOUDHSM,
		.issued = w->authority->ledger->issued,
		.request = "hsm.csr",
	};
	struct fail fail = { 0 };

	assert_int_equal(emit_all(w, &act, &order, 1, &fail), -1);
	assert_string_equal(fail.sentence, "request hsm.csr: cloudhsm: want "
	    "an end-entity certificate, have a CA's");
	free(order.path);
}

/* Whatever the certificate is, a consumer has one row for it or none. */
static void
test_consumers(void **state)
{
	const struct bundle_kind *kind = NULL;
	struct fail fail = { 0 };

	(void)state;
	for (int n = 0; n < CONSUMERS; n++)
		assert_true(bundle_kind_find((enum consumer)n, true, &kind,
			&fail) == 0 ||
		    bundle_kind_find((enum consumer)n, false, &kind,
			&fail) == 0);
	assert_int_equal(bundle_kind_find(CONSUMER_CLOUDHSM, true, &kind,
	    &fail), -1);
	assert_string_equal(fail.sentence, "cloudhsm: want an end-entity "
	    "certificate, have a CA's");
	assert_int_equal(bundle_kind_find(CONSUMER_ACM_PCA, false, &kind,
	    &fail), -1);
	assert_string_equal(fail.sentence, "acm-pca: want a CA's certificate, "
	    "have an end-entity one");
	assert_int_equal(fail.kind, FAIL_REFUSED);
}

static int
make_keys(void **state)
{
	(void)state;
	journal_key = EVP_EC_gen("P-256");
	root_key = EVP_EC_gen("P-256");
	return journal_key != NULL && root_key != NULL ? 0 : -1;
}

static int
free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(journal_key);
	EVP_PKEY_free(root_key);
	return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_acm_pca),
		IN_WORLD(test_files),
		IN_WORLD(test_several),
		IN_WORLD(test_status),
		IN_WORLD(test_unsealed),
		IN_WORLD(test_no_crl),
		IN_WORLD(test_exists),
		IN_WORLD(test_not_recorded),
		IN_WORLD(test_not_written),
		IN_WORLD(test_request_is_named),
		cmocka_unit_test(test_consumers),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
