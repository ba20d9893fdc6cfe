/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/custody/credential.h>
#include <anchorite/token/key.h>
#include <anchorite/token/session.h>
#include <anchorite/token/site.h>
#include <anchorite/token/uri.h>
#include <anchorite/x509/cms.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/pkcs8.h>

#include "softhsm.h"
#include "testing.h"

#define NOW        INT64_C(1795242648)		/* 2026-11-21T06:30:48Z */
#define NO_END     INT64_C(253402300799)
#define PASSPHRASE "correct horse"
#define CONTENT    bytes_text("content\n")

#define USAGE(bit) (1u << EXT_KU_##bit)

/* A descriptor that secrets are read from. */
static int
secrets(const char *lines)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], lines, strlen(lines)),
	    (ssize_t)strlen(lines));
	assert_int_equal(close(ends[1]), 0);
	return ends[0];
}

/* Makes one; `secret` is its passphrase or PIN. */
static int
create(struct credential_plan plan, const char *secret, struct cert **out,
    struct fail *fail)
{
	AUTO(auto_close) int fd = secrets(secret);

	plan.now = NOW;
	plan.secret_fd = fd;
	if (plan.person == NULL)
		plan.person = "Alice Example";
	return credential_create(&plan, out, fail);
}

static void
create_file(const char *path, enum key_kind kind, struct cert **out)
{
	const struct credential_plan plan = { .path = path, .kind = kind };
	struct fail fail = { 0 };

	want_pass(create(plan, PASSPHRASE "\n", out, &fail), &fail);
}

static int
open_with(const char *path, const char *secret, struct credential **out,
    struct fail *fail)
{
	AUTO(auto_close) int fd = secrets(secret);

	return credential_open(path, fd, out, fail);
}

static void
refuse_create(struct credential_plan plan, const char *secret,
    enum fail_kind kind, const char *sentence)
{
	struct cert *untouched = NULL;
	struct fail fail = { 0 };

	want_fail(create(plan, secret, &untouched, &fail), &fail, kind,
	    sentence);
	assert_null(untouched);
}

static void
refuse_open(const char *path, const char *secret, enum fail_kind kind,
    const char *sentence)
{
	struct credential *untouched = NULL;
	struct fail fail = { 0 };

	want_fail(open_with(path, secret, &untouched, &fail), &fail, kind,
	    sentence);
	assert_null(untouched);
}

static void
expect_mode(const char *path, mode_t mode)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, mode);
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* What each of them must do once it is open. */
static void
try_out(struct credential *credential)
{
	const struct cert *certificate = credential_certificate(credential);
	struct bytes der = buf_bytes(&certificate->der);
	AUTO(buf_release) struct buf cms = { 0 }, envelope = { 0 };
	struct secret opened = { 0 };
	struct fail fail = { 0 };

	want_pass(credential_sign(credential, CONTENT, NOW, &cms, &fail),
	    &fail);
	want_pass(cms_verify(buf_bytes(&cms), CONTENT, der, &fail), &fail);
	want_pass(cms_encrypt(CONTENT, der, &envelope, &fail), &fail);
	want_pass(credential_decrypt(credential, buf_bytes(&envelope),
	    &opened, &fail), &fail);
	assert_true(bytes_is_equal(bytes_of(opened.data, opened.len),
	    CONTENT));
}

static void
expect_certificate(const struct cert *certificate, enum key_kind kind,
    unsigned key_usage)
{
	uint8_t identifier[DIGEST_SHA1_LEN];
	AUTO(buf_release) struct buf person = { 0 };
	struct fail fail = { 0 };

	assert_int_equal(certificate->spki.kind, kind);
	assert_int_equal(certificate->key_usage, key_usage);
	assert_false(certificate->ca);
	assert_true(certificate->not_before == NOW);
	assert_true(certificate->not_after == NO_END);
	assert_int_equal(certificate->serial.len, SERIAL_MAX);
	want_pass(spki_identifier(certificate->spki.der, identifier, &fail),
	    &fail);
	assert_true(bytes_is_equal(certificate->subject_key,
	    bytes_of(identifier, sizeof(identifier))));
	want_pass(credential_person(certificate, &person, &fail), &fail);
	assert_string_equal(buf_cstr(&person), "Alice Example");
}

static void
file_is_made_and_opened(void **state)
{
	static const struct {
		const char *path, *key, *certificate;
		enum key_kind kind;
		unsigned key_usage;
	} rows[] = {
		{ "alice", "alice.key", "alice.pem", KEY_EC_P256,
		    USAGE(DIGITAL_SIGNATURE) | USAGE(KEY_AGREEMENT) },
		{ "keys/bob-2", "keys/bob-2.key", "keys/bob-2.pem",
		    KEY_RSA_3072,
		    USAGE(DIGITAL_SIGNATURE) | USAGE(KEY_ENCIPHERMENT) },
	};

	(void)state;
	assert_int_equal(mkdir("keys", 0700), 0);
	for (size_t n = 0; n < COUNT(rows); n++) {
		AUTO(cert_release) struct cert *certificate = NULL;
		AUTO(credential_release) struct credential *opened = NULL;
		struct fail fail = { 0 };

		create_file(rows[n].path, rows[n].kind, &certificate);
		expect_certificate(certificate, rows[n].kind,
		    rows[n].key_usage);
		expect_mode(rows[n].key, 0600);
		expect_mode(rows[n].certificate, 0644);
		want_pass(open_with(rows[n].key, PASSPHRASE "\n", &opened,
		    &fail), &fail);
		assert_string_equal(credential_name(opened),
		    n == 0 ? "alice" : "bob-2");
		assert_true(digest_is_equal(&certificate->digest,
		    &credential_certificate(opened)->digest));
		try_out(opened);
	}
}

/* A custodian needs no anchorite to sign, and none to be believed. */
static void
openssl_takes_it(void **state)
{
	AUTO(cert_release) struct cert *certificate = NULL;

	(void)state;
	create_file("alice", KEY_EC_P256, &certificate);
	assert_int_equal(shell("echo content >content && openssl cms -sign "
	    "-binary -outform DER -in content -signer alice.pem -inkey "
	    "alice.key -passin 'pass:" PASSPHRASE "' -out signature"), 0);
	assert_int_equal(shell("openssl cms -verify -binary -inform DER -in "
	    "signature -content content -CAfile alice.pem -purpose any "
	    "-no_check_time -out out 2>error"), 0);
}

static void
each_has_its_own_serial(void **state)
{
	AUTO(cert_release) struct cert *one = NULL, *two = NULL;

	(void)state;
	create_file("alice", KEY_EC_P256, &one);
	create_file("bob", KEY_EC_P256, &two);
	assert_false(serial_is_equal(&one->serial, &two->serial));
	assert_false(bytes_is_equal(one->spki.der, two->spki.der));
}

static void
wrong_plans_are_refused(void **state)
{
	struct credential_plan plan = { .path = "alice",
		.kind = KEY_EC_P256 };
	AUTO(buf_release) struct buf person = { 0 }, name = { 0 };
	AUTO(buf_release) struct buf sentence = { 0 };

	(void)state;
	plan.person = "";
	refuse_create(plan, "", FAIL_INPUT, "person: CN is empty");
	for (int n = 0; n < 65; n++)
		buf_text(&person, "\xc3\xa4");
	plan.person = buf_cstr(&person);
	refuse_create(plan, "", FAIL_INPUT,
	    "person: CN has 65 characters, at most 64");
	plan.person = "Alice\a";
	refuse_create(plan, "", FAIL_INPUT,
	    "person: CN holds a control character (U+0007)");
	plan.person = "Alice \xe2\x80\xae" "Example";
	refuse_create(plan, "", FAIL_INPUT,
	    "person: CN holds a bidirectional control (U+202E)");
	plan.person = NULL;
	plan.kind = KEY_RSA_2048;
	refuse_create(plan, "", FAIL_INPUT,
	    "key: want ec-p256 or rsa-3072, have rsa-2048");
	plan.kind = KEY_EC_P384;
	refuse_create(plan, "", FAIL_INPUT,
	    "key: want ec-p256 or rsa-3072, have ec-p384");
	plan.kind = KEY_EC_P256;
	plan.path = "keys/Alice";
	refuse_create(plan, "", FAIL_USAGE, "credential \"Alice\": want at "
	    "most 64 of a-z, 0-9 and hyphens, no hyphen first");
	plan.path = "keys/";
	refuse_create(plan, "", FAIL_USAGE, "credential \"\": want at "
	    "most 64 of a-z, 0-9 and hyphens, no hyphen first");
	plan.path = "keys/-a";
	refuse_create(plan, "", FAIL_USAGE, "credential \"-a\": want at "
	    "most 64 of a-z, 0-9 and hyphens, no hyphen first");
	for (int n = 0; n < 65; n++)
		buf_text(&name, "a");
	buf_printf(&sentence, "credential \"%s\": want at most 64 of a-z, "
	    "0-9 and hyphens, no hyphen first", buf_cstr(&name));
	plan.path = buf_cstr(&name);
	refuse_create(plan, "", FAIL_USAGE, buf_cstr(&sentence));
	plan.path = "alice";
	refuse_create(plan, "\n", FAIL_INPUT, "credential alice: new "
	    "passphrase of alice.key: is empty");
	refuse_create(plan, "1234567\n", FAIL_INPUT,
	    "credential alice: passphrase: shorter than 8 bytes");
	assert_false(is_there("alice.key"));
	assert_false(is_there("alice.pem"));
}

static void
nothing_is_overwritten(void **state)
{
	struct credential_plan plan = { .path = "alice",
		.kind = KEY_EC_P256 };
	struct fail fail = { 0 };

	(void)state;
	want_pass(file_write("alice.pem", CONTENT, 0600, &fail), &fail);
	refuse_create(plan, "", FAIL_REFUSED, "alice.pem: exists already");
	assert_false(is_there("alice.key"));
	want_pass(file_write("bob.key", CONTENT, 0600, &fail), &fail);
	plan.path = "bob";
	refuse_create(plan, "", FAIL_REFUSED, "bob.key: exists already");
	assert_false(is_there("bob.pem"));
	plan.path = "missing/carol";
	refuse_create(plan, "", FAIL_INPUT,
	    "missing: No such file or directory");
}

static off_t
size_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* A disk that is full after the first of two files. */
static void
half_a_credential_does_not_stay(void **state)
{
	const struct credential_plan plan = { .path = "bob",
		.kind = KEY_EC_P256 };
	AUTO(cert_release) struct cert *alice = NULL;
	struct cert *bob = NULL;
	struct rlimit before, limit;
	struct fail fail = { 0 };
	int result;

	(void)state;
	create_file("alice", KEY_EC_P256, &alice);
	assert_true(size_of("alice.key") + 16 < size_of("alice.pem"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)size_of("alice.key") + 16;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	result = create(plan, PASSPHRASE "\n", &bob, &fail);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	want_fail(result, &fail, FAIL_SYSTEM,
	    "credential bob: bob.pem: File too large");
	assert_null(bob);
	assert_false(is_there("bob.key"));
	assert_false(is_there("bob.pem"));
}

static void
wrong_files_are_refused(void **state)
{
	AUTO(cert_release) struct cert *alice = NULL, *bob = NULL;
	struct fail fail = { 0 };

	(void)state;
	create_file("alice", KEY_EC_P256, &alice);
	create_file("bob", KEY_EC_P256, &bob);
	refuse_open("alice.pem", "", FAIL_USAGE, "credential alice.pem: want "
	    "a key file (alice.key) or a card's site file (carol.yaml)");
	refuse_open("keys/.key", "", FAIL_USAGE, "credential keys/.key: want "
	    "a key file (alice.key) or a card's site file (carol.yaml)");
	refuse_open("alice.key", "", FAIL_INPUT, "credential alice: "
	    "passphrase of alice.key: there is none to read");
	refuse_open("./alice.key", "incorrect\n", FAIL_INPUT,
	    "credential alice: ./alice.key: the passphrase is wrong");
	refuse_open("carol.key", "", FAIL_INPUT,
	    "credential carol: carol.pem: No such file or directory");
	want_pass(file_write("carol.pem", CONTENT, 0600, &fail), &fail);
	refuse_open("carol.key", "", FAIL_INPUT, "credential carol: "
	    "carol.pem: certificate: not DER: ends within an element");
	assert_int_equal(rename("bob.pem", "alice.pem"), 0);
	refuse_open("alice.key", PASSPHRASE "\n", FAIL_REFUSED, "credential "
	    "alice: alice.key: the key is not that of the certificate "
	    "alice.pem");
	assert_int_equal(rename("alice.pem", "bob.pem"), 0);
	assert_int_equal(unlink("bob.key"), 0);
	refuse_open("bob.key", PASSPHRASE "\n", FAIL_INPUT,
	    "credential bob: bob.key: No such file or directory");
}

static void
foreign_envelope_is_refused(void **state)
{
	AUTO(cert_release) struct cert *alice = NULL, *bob = NULL;
	AUTO(credential_release) struct credential *opened = NULL;
	AUTO(buf_release) struct buf envelope = { 0 };
	struct secret content = { 0 };
	struct fail fail = { 0 };

	(void)state;
	create_file("alice", KEY_EC_P256, &alice);
	create_file("bob", KEY_EC_P256, &bob);
	want_pass(cms_encrypt(CONTENT, buf_bytes(&bob->der), &envelope,
	    &fail), &fail);
	want_pass(open_with("alice.key", PASSPHRASE "\n", &opened, &fail),
	    &fail);
	want_fail(credential_decrypt(opened, buf_bytes(&envelope), &content,
	    &fail), &fail, FAIL_INPUT, "credential alice: CMS: is not for "
	    "this custodian's certificate");
}

/* A certificate that credential_create would not make. */
struct odd {
	const struct name_pair *subject;
	size_t subject_count;
	const char *issuer;
	EVP_PKEY *signer;
	enum key_kind kind;
	struct ext_plan extensions;
};

static const struct name_pair eve[] = {
	{ "CN", "Eve" }, { "CN", "Alice Example" },
};

static void
odd_make(const struct odd *odd, struct buf *out)
{
	const char *other = odd->issuer != NULL ? odd->issuer : "Eve";
	const struct name_pair issuer_pair = { "CN", other };
	uint8_t identifier[DIGEST_SHA1_LEN];
	AUTO(buf_release) struct buf subject = { 0 }, issuer = { 0 };
	AUTO(buf_release) struct buf spki = { 0 }, tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	EVP_PKEY *key = NULL;
	struct cert_plan plan = {
		.serial = { { 0x40 }, 1 },
		.alg = alg_find(key_kind_is_rsa(odd->kind) ? "rsa-sha256" :
		    "ecdsa-sha256"),
		.not_before = NOW, .not_after = NO_END,
		.extensions = odd->extensions,
	};
	struct fail fail = { 0 };

	want_pass(pkcs8_generate(odd->kind, &key, &fail), &fail);
	want_pass(name_write(odd->subject, odd->subject_count, &subject,
	    &fail), &fail);
	want_pass(name_write(&issuer_pair, 1, &issuer, &fail), &fail);
	want_pass(spki_write(key, &spki, &fail), &fail);
	want_pass(spki_identifier(buf_bytes(&spki), identifier, &fail),
	    &fail);
	plan.subject = buf_bytes(&subject);
	plan.issuer = odd->issuer != NULL ? buf_bytes(&issuer) : plan.subject;
	plan.spki = buf_bytes(&spki);
	plan.extensions.path_length = -1;
	plan.extensions.subject_key = identifier;
	want_pass(cert_build(&plan, &tbs, &fail), &fail);
	want_pass(alg_sign(plan.alg, odd->signer != NULL ? odd->signer : key,
	    buf_bytes(&tbs), &signature, &fail), &fail);
	alg_wrap(plan.alg, buf_bytes(&tbs), buf_bytes(&signature), out);
	EVP_PKEY_free(key);
}

static void
refuse_odd(const struct odd *odd, const char *sentence)
{
	AUTO(buf_release) struct buf der = { 0 };
	struct cert *untouched = NULL;
	struct fail fail = { 0 };

	odd_make(odd, &der);
	want_fail(credential_read_certificate(buf_bytes(&der), &untouched,
	    &fail), &fail, FAIL_REFUSED, sentence);
	assert_null(untouched);
}

static void
odd_certificates_are_refused(void **state)
{
	static const struct name_pair no_cn[] = { { "O", "Eve" } };
	/* extendedKeyUsage: clientAuth. */
	static const struct ext critical = {
		{ (const uint8_t *)"\x55\x1d\x25", 3 }, true,
		{ (const uint8_t *)"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07"
		    "\x03\x02", 12 },
	};
	const struct odd good = { eve, 1, NULL, NULL, KEY_EC_P256, { 0 } };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(cert_release) struct cert *certificate = NULL;
	struct fail fail = { 0 };
	struct odd odd = good;

	(void)state;
	odd_make(&odd, &der);
	want_pass(credential_read_certificate(buf_bytes(&der), &certificate,
	    &fail), &fail);
	odd.kind = KEY_RSA_2048;
	refuse_odd(&odd, "key: rsa-2048, want ec-p256, rsa-3072 or stronger");
	odd = good;
	odd.subject_count = 2;
	refuse_odd(&odd, "subject: 2 CN, want one: the person's name");
	odd.subject = no_cn;
	odd.subject_count = 1;
	refuse_odd(&odd, "subject: 0 CN, want one: the person's name");
	odd = good;
	odd.extensions.ca = true;
	refuse_odd(&odd,
	    "basicConstraints: CA:TRUE, want a person's certificate");
	odd = good;
	odd.extensions.key_usage = USAGE(KEY_AGREEMENT);
	refuse_odd(&odd, "key usage lacks digitalSignature");
	odd = good;
	odd.extensions.copied = &critical;
	odd.extensions.copied_count = 1;
	refuse_odd(&odd, "critical extension extendedKeyUsage: not one that "
	    "a custodian's certificate has");
	odd = good;
	odd.issuer = "Mallory";
	refuse_odd(&odd, "not self-signed: issuer and subject differ");
	odd = good;
	want_pass(pkcs8_generate(KEY_EC_P256, &odd.signer, &fail), &fail);
	refuse_odd(&odd,
	    "not signed by its own key: signature does not verify");
	EVP_PKEY_free(odd.signer);
}

/* What follows takes a card: a SoftHSM token. */

#define CARD "site.yaml"

static void
card_file(const char *module, const char *store, const char *key)
{
	AUTO(buf_release) struct buf text = { 0 };
	struct fail fail = { 0 };

	buf_printf(&text, "module: %s\ntoken: pkcs11:token=card\n"
	    "store: %s\n", module, store);
	if (key != NULL)
		buf_printf(&text, "key: %s\n", key);
	(void)unlink(CARD);
	want_pass(file_write(CARD, buf_bytes(&text), 0600, &fail), &fail);
}

/* An empty card, and a site file for it in the working directory. */
static int
card_setup(void **state)
{
	struct module *module = NULL;
	struct softhsm *softhsm;
	struct fail fail = { 0 };

	assert_int_equal(softhsm_setup(state), 0);
	softhsm = *state;
	must_pass(module_open(softhsm_module(), &module, &fail), &fail);
	softhsm_token(module, "card");
	module_release(&module);
	assert_int_equal(chdir(softhsm->folder), 0);
	card_file(softhsm_module(), "tokens", NULL);
	return 0;
}

static int
card_teardown(void **state)
{
	unsetenv("FAKE_FAIL");
	return chdir("/") || softhsm_teardown(state);
}

/* Visits the card; the caller releases both. */
static struct session *
card_visit(struct site **site)
{
	AUTO(auto_close) int fd = secrets(SOFTHSM_USER_PIN "\n");
	struct session *session = NULL;
	struct session_plan plan;
	struct fail fail = { 0 };

	must_pass(site_load(CARD, site, &fail), &fail);
	plan = site_plan(*site, fd);
	must_pass(session_open(&plan, &session, &fail), &fail);
	must_pass(session_login(session, &fail), &fail);
	return session;
}

static void
expect_no_key(const char *label)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = card_visit(&site);
	struct key *key = NULL;
	struct fail fail = { 0 };

	must_fail(key_find(session_token(session), bytes_text(label),
	    bytes_of(NULL, 0), &key, &fail), &fail, FAIL_TOKEN,
	    "no key matches");
}

/* Makes a key that only signs. */
static void
card_key(enum key_kind kind, const char *label)
{
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = card_visit(&site);
	AUTO(key_release) struct key *key = NULL;
	struct fail fail = { 0 };

	must_pass(key_generate(session_token(session), kind, label, &key,
	    &fail), &fail);
}

static void
card_is_made_and_opened(void **state)
{
	static const struct {
		const char *path, *file;
		enum key_kind kind;
		unsigned key_usage;
	} rows[] = {
		{ "carol", "carol.yaml", KEY_EC_P256,
		    USAGE(DIGITAL_SIGNATURE) | USAGE(KEY_AGREEMENT) },
		/* In another folder than the site file. */
		{ "cards/dave", "cards/dave.yaml", KEY_RSA_3072,
		    USAGE(DIGITAL_SIGNATURE) | USAGE(KEY_ENCIPHERMENT) },
	};

	(void)state;
	assert_int_equal(mkdir("cards", 0700), 0);
	for (size_t n = 0; n < COUNT(rows); n++) {
		const struct credential_plan plan = { .path = rows[n].path,
			.kind = rows[n].kind, .card = CARD };
		AUTO(cert_release) struct cert *certificate = NULL;
		AUTO(credential_release) struct credential *opened = NULL;
		struct fail fail = { 0 };

		must_pass(create(plan, SOFTHSM_USER_PIN "\n", &certificate,
		    &fail), &fail);
		expect_certificate(certificate, rows[n].kind,
		    rows[n].key_usage);
		expect_mode(rows[n].file, 0600);
		must_pass(open_with(rows[n].file, SOFTHSM_USER_PIN "\n",
		    &opened, &fail), &fail);
		assert_string_equal(credential_name(opened),
		    n == 0 ? "carol" : "dave");
		try_out(opened);
	}
}

/* One that signs only: said in its certificate, and nothing is sent to it. */
static void
signing_key_is_taken_as_such(void **state)
{
	const struct credential_plan plan = { .path = "carol", .card = CARD,
		.key = "pkcs11:object=signing" };
	AUTO(cert_release) struct cert *certificate = NULL;
	AUTO(credential_release) struct credential *opened = NULL;
	AUTO(buf_release) struct buf cms = { 0 };
	struct fail fail = { 0 };

	(void)state;
	card_key(KEY_EC_P256, "signing");
	must_pass(create(plan, SOFTHSM_USER_PIN "\n", &certificate, &fail),
	    &fail);
	expect_certificate(certificate, KEY_EC_P256,
	    USAGE(DIGITAL_SIGNATURE));
	must_pass(open_with("carol.yaml", SOFTHSM_USER_PIN "\n", &opened,
	    &fail), &fail);
	must_pass(credential_sign(opened, CONTENT, NOW, &cms, &fail), &fail);
	cms.len = 0;
	must_fail(cms_encrypt(CONTENT, buf_bytes(&certificate->der), &cms,
	    &fail), &fail, FAIL_REFUSED, "key usage lacks keyAgreement");
}

static void
wrong_cards_are_refused(void **state)
{
	struct credential_plan plan = { .path = "carol", .card = CARD,
		.kind = KEY_EC_P256 };
	struct credential *opened = NULL;
	struct cert *certificate = NULL;
	struct fail fail = { 0 };

	(void)state;
	card_key(KEY_RSA_2048, "weak");
	plan.key = "pkcs11:object=weak";
	refuse_create(plan, SOFTHSM_USER_PIN "\n", FAIL_REFUSED, "credential "
	    "carol: key: rsa-2048, want ec-p256, rsa-3072 or stronger");
	plan.key = "pkcs11:token=other;object=weak";
	refuse_create(plan, SOFTHSM_USER_PIN "\n", FAIL_INPUT, "credential "
	    "carol: key pkcs11:token=other;object=weak: names another token "
	    "than the one opened");
	plan.key = "pkcs11:object=none";
	must_fail(create(plan, SOFTHSM_USER_PIN "\n", &certificate, &fail),
	    &fail, FAIL_TOKEN, "no key matches");
	plan.key = NULL;
	must_fail(create(plan, "000000\n", &certificate, &fail), &fail,
	    FAIL_TOKEN, "the PIN is wrong");
	plan.card = "none.yaml";
	refuse_create(plan, "", FAIL_INPUT,
	    "credential carol: none.yaml: No such file or directory");
	assert_false(is_there("carol.yaml"));
	assert_false(is_there("carol.pem"));
	/* Opened, a card's file must name its key, and the certificate's. */
	plan.card = CARD;
	must_pass(create(plan, SOFTHSM_USER_PIN "\n", &certificate, &fail),
	    &fail);
	cert_release(&certificate);
	assert_int_equal(rename(CARD, "carol.yaml"), 0);
	refuse_open("carol.yaml", "", FAIL_INPUT, "credential carol: "
	    "carol.yaml: key: missing: the URI of the custodian's key");
	card_file(softhsm_module(), "tokens", "pkcs11:object=weak");
	assert_int_equal(rename(CARD, "carol.yaml"), 0);
	must_fail(open_with("carol.yaml", SOFTHSM_USER_PIN "\n", &opened,
	    &fail), &fail, FAIL_REFUSED, "credential carol: carol.yaml: the "
	    "key is not that of the certificate carol.pem");
}

/* A card that makes keys and signs, but does not open what is sent. */
static void
card_that_does_not_open_is_refused(void **state)
{
	const struct credential_plan plan = { .path = "carol", .card = CARD,
		.kind = KEY_EC_P256 };
	struct cert *certificate = NULL;
	struct fail fail = { 0 };

	(void)state;
	card_file(softhsm_fake(), "tokens", NULL);
	setenv("FAKE_FAIL", "C_DeriveKey:0x70", 1);
	must_fail(create(plan, SOFTHSM_USER_PIN "\n", &certificate, &fail),
	    &fail, FAIL_TOKEN, "credential carol: the card does not open "
	    "what is sent to its new key: CMS: not opened: ");
	unsetenv("FAKE_FAIL");
	assert_false(is_there("carol.yaml"));
	assert_false(is_there("carol.pem"));
	expect_no_key("carol");
}

/* The token's fault is not the envelope's. */
static void
failing_token_is_no_bad_envelope(void **state)
{
	static const struct {
		enum key_kind kind;
		const char *path, *file, *fault;
	} rows[] = {
		{ KEY_EC_P256, "carol", "carol.yaml", "C_DeriveKey:0x30" },
		{ KEY_RSA_3072, "dave", "dave.yaml", "C_Decrypt:0x30" },
	};

	(void)state;
	card_file(softhsm_fake(), "tokens", NULL);
	for (size_t n = 0; n < COUNT(rows); n++) {
		const struct credential_plan plan = { .path = rows[n].path,
			.card = CARD, .kind = rows[n].kind };
		AUTO(cert_release) struct cert *certificate = NULL;
		AUTO(credential_release) struct credential *opened = NULL;
		AUTO(buf_release) struct buf cms = { 0 };
		struct secret content = { 0 };
		struct fail fail = { 0 };

		must_pass(create(plan, SOFTHSM_USER_PIN "\n", &certificate,
		    &fail), &fail);
		must_pass(cms_encrypt(CONTENT, buf_bytes(&certificate->der),
		    &cms, &fail), &fail);
		must_pass(open_with(rows[n].file, SOFTHSM_USER_PIN "\n",
		    &opened, &fail), &fail);
		setenv("FAKE_FAIL", rows[n].fault, 1);
		must_fail(credential_decrypt(opened, buf_bytes(&cms),
		    &content, &fail), &fail, FAIL_TOKEN,
		    "CMS: not opened: ");
		unsetenv("FAKE_FAIL");
	}
}

#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
#define WITH_CARD(test) \
	cmocka_unit_test_setup_teardown(test, card_setup, card_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(file_is_made_and_opened),
		IN_FOLDER(openssl_takes_it),
		IN_FOLDER(each_has_its_own_serial),
		IN_FOLDER(wrong_plans_are_refused),
		IN_FOLDER(nothing_is_overwritten),
		IN_FOLDER(half_a_credential_does_not_stay),
		IN_FOLDER(wrong_files_are_refused),
		IN_FOLDER(foreign_envelope_is_refused),
		cmocka_unit_test(odd_certificates_are_refused),
		WITH_CARD(card_is_made_and_opened),
		WITH_CARD(signing_key_is_taken_as_such),
		WITH_CARD(wrong_cards_are_refused),
		WITH_CARD(card_that_does_not_open_is_refused),
		WITH_CARD(failing_token_is_no_bad_envelope),
	};

	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
