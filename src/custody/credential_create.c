/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/custody/credential.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/token/uri.h>
#include <anchorite/x509/cms.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/pkcs8.h>

#include "credential_internal.h"

/* A credential in the making. */
struct making {
	const struct credential_plan *plan;
	const char *name;		/* lent by the plan: "alice" */
	struct buf subject;
	char *secret_path;		/* alice.key or alice.yaml */
	char *certificate_path;
	struct cert *certificate;
};

static void
making_release(struct making *making)
{
	buf_release(&making->subject);
	free(making->secret_path);
	free(making->certificate_path);
	cert_release(&making->certificate);
}

static void
pkey_free(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* It becomes a name in the policy's roster. */
static int
name_check(const char *name, struct fail *fail)
{
	if (text_is_word(name))
		return 0;
	return fail_with(fail, FAIL_USAGE, "credential \"%s\": want at most "
	    "64 of a-z, 0-9 and hyphens, no hyphen first", name);
}

static int
kind_check(enum key_kind kind, struct fail *fail)
{
	if (kind == KEY_EC_P256 || kind == KEY_RSA_3072)
		return 0;
	return fail_with(fail, FAIL_INPUT,
	    "key: want ec-p256 or rsa-3072, have %s", key_kind_names[kind]);
}

/* All that can be wrong before a secret is asked for. */
static int
making_begin(const struct credential_plan *plan, struct making *making,
    struct fail *fail)
{
	const struct name_pair pair = { "CN", plan->person };
	AUTO(auto_free) char *folder = file_parent(plan->path);
	AUTO(auto_close) int folder_fd = -1;

	making->plan = plan;
	making->name = credential_last(plan->path);
	making->certificate_path = credential_path(plan->path, ".pem");
	making->secret_path = credential_path(plan->path,
	    plan->card != NULL ? ".yaml" : ".key");
	if (name_check(making->name, fail) == -1)
		return -1;
	if (name_write(&pair, 1, &making->subject, fail) == -1)
		return fail_in(fail, "person");
	if (plan->key == NULL && kind_check(plan->kind, fail) == -1)
		return -1;
	if (file_open_directory(folder, &folder_fd, fail) == -1 ||
	    file_check_absent(making->secret_path, fail) == -1 ||
	    file_check_absent(making->certificate_path, fail) == -1)
		return -1;
	return 0;
}

/* What the key must be able to do to be sent a share of a PIN. */
static unsigned
usage_for(enum key_kind kind, bool opens)
{
	if (!opens)
		return 1u << EXT_KU_DIGITAL_SIGNATURE;
	return 1u << EXT_KU_DIGITAL_SIGNATURE | (key_kind_is_rsa(kind) ?
	    1u << EXT_KU_KEY_ENCIPHERMENT : 1u << EXT_KU_KEY_AGREEMENT);
}

/* Self-signed, read back and verified. */
static int
certificate_make(struct making *making, EVP_PKEY *key, bool opens,
    struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 }, tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	AUTO(spki_release) struct spki spki = { 0 };
	uint8_t identifier[DIGEST_SHA1_LEN], random[SERIAL_MAX];
	struct cert_plan plan = {
		.issuer = buf_bytes(&making->subject),
		.subject = buf_bytes(&making->subject),
		.not_before = making->plan->now,
		.not_after = CERT_NO_END,
		.extensions = {
			.path_length = -1,
			.subject_key = identifier,
		},
	};

	if (RAND_bytes(random, sizeof(random)) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "no random numbers");
	serial_from_random(random, &plan.serial);
	if (spki_write(key, &der, fail) == -1 ||
	    spki_read(buf_bytes(&der), &spki, fail) == -1 ||
	    spki_identifier(spki.der, identifier, fail) == -1)
		return -1;
	plan.spki = spki.der;
	plan.alg = alg_for_kind(spki.kind);
	plan.extensions.key_usage = usage_for(spki.kind, opens);
	cert_release(&making->certificate);
	if (cert_build(&plan, &tbs, fail) == -1 ||
	    alg_sign(plan.alg, key, buf_bytes(&tbs), &signature, fail) == -1)
		return -1;
	return cert_assemble(plan.alg, buf_bytes(&tbs),
	    buf_bytes(&signature), NULL, &making->certificate, fail);
}

/* Both files or neither. */
static int
making_write(const struct making *making, struct bytes secret,
    struct fail *fail)
{
	AUTO(buf_release) struct buf pem = { 0 };

	text_pem(&pem, "CERTIFICATE", buf_bytes(&making->certificate->der));
	if (file_write(making->secret_path, secret, 0600, fail) == -1)
		return -1;
	if (file_write(making->certificate_path, buf_bytes(&pem), 0644,
	    fail) == 0)
		return 0;
	(void)unlink(making->secret_path);
	return -1;
}

static int
passphrase_new(const struct making *making, struct secret *out,
    struct fail *fail)
{
	int fd = making->plan->secret_fd, result;
	AUTO(buf_release) struct buf prompt = { 0 };

	buf_printf(&prompt, "new passphrase of %s.key", making->name);
	result = fd != -1 ? secret_read(fd, out, fail) :
	    secret_ask_new(buf_cstr(&prompt), out, fail);
	return result == 0 ? 0 : fail_in(fail, "%s", buf_cstr(&prompt));
}

static int
create_file(struct making *making, struct fail *fail)
{
	AUTO(secret_release) struct secret passphrase = { 0 };
	AUTO(pkey_free) EVP_PKEY *key = NULL;
	AUTO(buf_release) struct buf file = { 0 };

	if (passphrase_new(making, &passphrase, fail) == -1 ||
	    pkcs8_generate(making->plan->kind, &key, fail) == -1 ||
	    pkcs8_write(key, &passphrase, &file, fail) == -1 ||
	    certificate_make(making, key, true, fail) == -1)
		return -1;
	return making_write(making, buf_bytes(&file), fail);
}

/* A message sent to the key, and opened by it: does it come back? */
static int
opening_try(const struct making *making, EVP_PKEY *key, struct fail *fail)
{
	struct bytes certificate = buf_bytes(&making->certificate->der);
	AUTO(secret_release) struct secret opened = { 0 };
	AUTO(buf_release) struct buf cms = { 0 };

	if (cms_encrypt(bytes_text(making->name), certificate, &cms,
		fail) == -1 ||
	    cms_decrypt(buf_bytes(&cms), certificate, key, &opened, fail) ==
		-1)
		return -1;
	if (!bytes_is_equal(bytes_of(opened.data, opened.len),
	    bytes_text(making->name)))
		return fail_with(fail, FAIL_TOKEN,
		    "what was sent came out otherwise");
	return 0;
}

/*
 * What the certificate says of the key is what trying showed. A key that was
 * made here must open what is sent to it; one that was there may be for
 * signing alone, and its custodian then holds no share.
 */
static int
certificate_prove(struct making *making, EVP_PKEY *key, struct fail *fail)
{
	struct fail trial = { 0 };

	if (certificate_make(making, key, true, fail) == -1)
		return -1;
	if (opening_try(making, key, &trial) == 0)
		return 0;
	if (making->plan->key == NULL)
		return fail_with(fail, FAIL_TOKEN, "the card does not open "
		    "what is sent to its new key: %s", trial.sentence);
	return certificate_make(making, key, false, fail);
}

static int
card_finish(struct making *making, const struct site *site,
    struct session *session, struct key *key, struct fail *fail)
{
	AUTO(buf_release) struct buf file = { 0 }, uri = { 0 };
	EVP_PKEY *signer;

	uri_write(&token_info(session_token(session))->raw,
	    bytes_text(key_label(key)), key_id(key), &uri);
	if (credential_check_kind(key_kind(key), fail) == -1 ||
	    key_lend(key, &signer, fail) == -1 ||
	    certificate_prove(making, signer, fail) == -1 ||
	    site_write(site, buf_cstr(&uri), &file, fail) == -1 ||
	    session_sync(session, fail) == -1)
		return -1;
	return making_write(making, buf_bytes(&file), fail);
}

static int
create_on_card(struct making *making, struct fail *fail)
{
	const struct credential_plan *plan = making->plan;
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(key_release) struct key *key = NULL;
	struct session_plan visit;
	struct fail second = { 0 };
	int result;

	if (site_load(plan->card, &site, fail) == -1)
		return -1;
	visit = site_plan(site, plan->secret_fd);
	if (session_open(&visit, &session, fail) == -1 ||
	    session_login(session, fail) == -1)
		return -1;
	result = plan->key != NULL ?
	    credential_find_key(session, plan->key, &key, fail) :
	    key_generate_custodian(session_token(session), plan->kind,
		making->name, &key, fail);
	if (result == 0 &&
	    card_finish(making, site, session, key, fail) == 0)
		return 0;
	if (key != NULL && plan->key == NULL &&
	    key_destroy(&key, &second) == -1)
		return fail_with(fail, fail->kind, "%s; and the key is still "
		    "on the card: %s", fail->sentence, second.sentence);
	return -1;
}

int
credential_create(const struct credential_plan *plan, struct cert **out,
    struct fail *fail)
{
	AUTO(making_release) struct making making = { 0 };

	if (making_begin(plan, &making, fail) == -1)
		return -1;
	if ((plan->card != NULL ? create_on_card(&making, fail) :
	    create_file(&making, fail)) == -1)
		return fail_in(fail, "credential %s", making.name);
	*out = GIVE(making.certificate);
	return 0;
}
