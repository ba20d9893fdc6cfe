/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/custody/credential.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/token/uri.h>
#include <anchorite/x509/cms.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/pkcs8.h>

#include "credential_internal.h"

struct credential {
	char *name;			/* "alice" */
	struct cert *certificate;
	EVP_PKEY *key;			/* owned, or lent by token_key */
	/* A card's, else NULL; each needs those above it. */
	struct site *site;
	struct session *session;
	struct key *token_key;
};

char *
credential_path(const char *base, const char *ending)
{
	AUTO(buf_release) struct buf path = { 0 };

	buf_printf(&path, "%s%s", base, ending);
	return mem_text(buf_cstr(&path));
}

const char *
credential_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* One CN, and nothing that deceives. */
static int
subject_read(struct bytes subject, struct name **out, struct fail *fail)
{
	AUTO(name_release) struct name *name = NULL;
	int count = 0;

	if (name_read(subject, &name, fail) == -1)
		return fail_in(fail, "subject");
	for (size_t n = 0; n < name->count; n++)
		count += strcmp(name->attributes[n].type, "CN") == 0;
	if (count != 1)
		return fail_with(fail, FAIL_REFUSED,
		    "subject: %d CN, want one: the person's name", count);
	*out = GIVE(name);
	return 0;
}

int
credential_person(const struct cert *certificate, struct buf *out,
    struct fail *fail)
{
	AUTO(name_release) struct name *name = NULL;

	if (subject_read(certificate->subject, &name, fail) == -1)
		return -1;
	buf_text(out, name_get(name, "CN"));
	return 0;
}

int
credential_check_kind(enum key_kind kind, struct fail *fail)
{
	if (kind != KEY_RSA_2048)
		return 0;
	return fail_with(fail, FAIL_REFUSED,
	    "key: %s, want ec-p256, rsa-3072 or stronger",
	    key_kind_names[kind]);
}

/* RFC 5280, 4.2: what is critical and not understood is refused. */
static int
extensions_check(const struct cert *certificate, struct fail *fail)
{
	const struct ext *list = certificate->extensions;
	size_t count = certificate->extension_count;
	char oid[DER_OID_SIZE];

	for (size_t n = 0; n < count; n++) {
		if (!list[n].critical ||
		    &list[n] == ext_find(list, count, NID_basic_constraints) ||
		    &list[n] == ext_find(list, count, NID_key_usage))
			continue;
		ext_show_oid(list[n].oid, oid, sizeof(oid));
		return fail_with(fail, FAIL_REFUSED,
		    "critical extension %s: not one that a custodian's "
		    "certificate has", oid);
	}
	if (certificate->ca)
		return fail_with(fail, FAIL_REFUSED,
		    "basicConstraints: CA:TRUE, want a person's certificate");
	if (certificate->key_usage != 0 && (certificate->key_usage &
	    1u << EXT_KU_DIGITAL_SIGNATURE) == 0)
		return fail_with(fail, FAIL_REFUSED,
		    "key usage lacks digitalSignature");
	return 0;
}

int
credential_read_certificate(struct bytes file, struct cert **out,
    struct fail *fail)
{
	AUTO(cert_release) struct cert *certificate = NULL;
	AUTO(name_release) struct name *name = NULL;

	if (cert_read(file, &certificate, fail) == -1 ||
	    credential_check_kind(certificate->spki.kind, fail) == -1 ||
	    subject_read(certificate->subject, &name, fail) == -1 ||
	    extensions_check(certificate, fail) == -1)
		return -1;
	if (!bytes_is_equal(certificate->issuer, certificate->subject))
		return fail_with(fail, FAIL_REFUSED,
		    "not self-signed: issuer and subject differ");
	if (cert_verify(certificate, certificate->spki.key, fail) == -1)
		return fail_in(fail, "not signed by its own key");
	*out = GIVE(certificate);
	return 0;
}

static int
certificate_load(const char *path, struct cert **out, struct fail *fail)
{
	AUTO(buf_release) struct buf file = { 0 };

	if (file_load(path, CERT_MAX, &file, fail) == -1)
		return -1;
	if (credential_read_certificate(buf_bytes(&file), out, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

static int
passphrase_get(const char *path, int secret_fd, struct secret *out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf prompt = { 0 };
	int result;

	buf_printf(&prompt, "passphrase of %s", credential_last(path));
	result = secret_fd != -1 ? secret_read(secret_fd, out, fail) :
	    secret_ask(buf_cstr(&prompt), out, fail);
	return result == 0 ? 0 : fail_in(fail, "%s", buf_cstr(&prompt));
}

/* The private key must be that of the certificate. */
static int
pair_check(const struct credential *credential, struct bytes spki,
    struct fail *fail)
{
	if (bytes_is_equal(spki, credential->certificate->spki.der))
		return 0;
	return fail_with(fail, FAIL_REFUSED,
	    "the key is not that of the certificate %s.pem",
	    credential->name);
}

static int
open_file(struct credential *credential, const char *path, int secret_fd,
    struct fail *fail)
{
	AUTO(secret_release) struct secret passphrase = { 0 };
	AUTO(buf_release) struct buf file = { 0 }, spki = { 0 };

	if (file_load(path, PKCS8_FILE_MAX, &file, fail) == -1 ||
	    passphrase_get(path, secret_fd, &passphrase, fail) == -1)
		return -1;
	if (pkcs8_read(buf_bytes(&file), &passphrase, &credential->key,
		fail) == -1 ||
	    spki_write(credential->key, &spki, fail) == -1 ||
	    pair_check(credential, buf_bytes(&spki), fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

int
credential_find_key(struct session *session, const char *text,
    struct key **out, struct fail *fail)
{
	struct token *token = session_token(session);
	AUTO(uri_release) struct uri *uri = NULL;

	if (uri_read(text, &uri, fail) == -1)
		return -1;
	if (!uri_is_token_match(uri, &token_info(token)->raw))
		return fail_with(fail, FAIL_INPUT,
		    "key %s: names another token than the one opened", text);
	return key_find(token, uri_label(uri), uri_id(uri), out, fail);
}

static int
open_card(struct credential *credential, const char *path, int secret_fd,
    struct fail *fail)
{
	struct session_plan plan;

	if (site_load(path, &credential->site, fail) == -1)
		return -1;
	if (credential->site->key == NULL)
		return fail_with(fail, FAIL_INPUT, "%s: key: missing: the "
		    "URI of the custodian's key", path);
	plan = site_plan(credential->site, secret_fd);
	if (session_open(&plan, &credential->session, fail) == -1 ||
	    session_login(credential->session, fail) == -1 ||
	    credential_find_key(credential->session, credential->site->key,
		&credential->token_key, fail) == -1 ||
	    pair_check(credential, key_spki(credential->token_key), fail) ==
		-1 ||
	    key_lend(credential->token_key, &credential->key, fail) == -1)
		return fail_in(fail, "%s", path);
	return 0;
}

static const struct {
	const char *ending;
	int (*open)(struct credential *credential, const char *path,
	    int secret_fd, struct fail *fail);
} forms[] = {
	{ ".key", open_file },
	{ ".yaml", open_card },
};

/* Does it end so, with a name before that? */
static bool
has_ending(const char *path, const char *ending)
{
	size_t len = strlen(credential_last(path)), tail = strlen(ending);

	return len > tail && strcmp(credential_last(path) + len - tail,
	    ending) == 0;
}

static int
open_form(size_t form, const char *path, int secret_fd,
    struct credential **out, struct fail *fail)
{
	AUTO(credential_release) struct credential *credential =
	    mem_new(1, sizeof(*credential));
	AUTO(auto_free) char *base = mem_text(path);
	AUTO(auto_free) char *certificate = NULL;

	base[strlen(base) - strlen(forms[form].ending)] = '\0';
	credential->name = mem_text(credential_last(base));
	certificate = credential_path(base, ".pem");
	/* Before a secret is asked for in vain. */
	if (certificate_load(certificate, &credential->certificate,
		fail) == -1 ||
	    forms[form].open(credential, path, secret_fd, fail) == -1)
		return fail_in(fail, "credential %s", credential->name);
	*out = GIVE(credential);
	return 0;
}

int
credential_open(const char *path, int secret_fd, struct credential **out,
    struct fail *fail)
{
	for (size_t n = 0; n < COUNT(forms); n++)
		if (has_ending(path, forms[n].ending))
			return open_form(n, path, secret_fd, out, fail);
	return fail_with(fail, FAIL_USAGE, "credential %s: want a key file "
	    "(alice.key) or a card's site file (carol.yaml)", path);
}

void
credential_release(struct credential **credential)
{
	struct credential *old = GIVE(*credential);

	if (old == NULL)
		return;
	if (old->token_key == NULL)
		EVP_PKEY_free(old->key);
	key_release(&old->token_key);
	session_release(&old->session);
	site_release(&old->site);
	cert_release(&old->certificate);
	free(old->name);
	free(old);
}

const struct cert *
credential_certificate(const struct credential *credential)
{
	return credential->certificate;
}

const char *
credential_name(const struct credential *credential)
{
	return credential->name;
}

/* Verified at once: a card may sign wrongly. */
int
credential_sign(struct credential *credential, struct bytes content,
    int64_t signing_time, struct buf *out, struct fail *fail)
{
	struct bytes certificate = buf_bytes(&credential->certificate->der);
	AUTO(buf_release) struct buf cms = { 0 };

	if (cms_sign(content, certificate, credential->key, signing_time,
		&cms, fail) == -1)
		return fail_in(fail, "credential %s", credential->name);
	if (cms_verify(buf_bytes(&cms), content, certificate, fail) == -1) {
		fail->kind = FAIL_TOKEN;
		return fail_in(fail, "credential %s", credential->name);
	}
	buf_put(out, buf_bytes(&cms));
	return 0;
}

int
credential_decrypt(struct credential *credential, struct bytes cms,
    struct secret *out, struct fail *fail)
{
	if (cms_decrypt(cms, buf_bytes(&credential->certificate->der),
		credential->key, out, fail) == -1)
		return fail_in(fail, "credential %s", credential->name);
	return 0;
}
