/* SPDX-License-Identifier: Apache-2.0 */
/* A key of the token as an EVP_PKEY, through libp11. */
#define OPENSSL_SUPPRESS_DEPRECATED	/* an ENGINE, for pss_attach */
#include <anchorite/token/key.h>

#include <signal.h>
#include <unistd.h>

#include <libp11.h>
#include <openssl/engine.h>
#include <openssl/evp.h>

#include <anchorite/base/auto.h>

#include "key_internal.h"

#define PATIENCE 60	/* seconds, for all the keys of a slow token */

static void
bark(int number)
{
	static const char sentence[] = "anchorite: the token gave libp11 no "
	    "session, and libp11 waits for ever: stopped\n";

	(void)number;
	(void)!write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
	_exit(FAIL_TOKEN);
}

/*
 * libp11 0.4.12 waits for ever where its own C_OpenSession fails. One was
 * tried just before, so this is a token that was pulled in between: nothing
 * is left but to end, as a kill would, which recover knows.
 */
static int
list_keys(PKCS11_TOKEN *token, PKCS11_KEY **out, unsigned int *count_out)
{
	struct sigaction watch = { .sa_handler = bark }, before;
	int result;

	sigaction(SIGALRM, &watch, &before);
	alarm(PATIENCE);
	result = PKCS11_enumerate_keys(token, out, count_out);
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	return result;
}

/* Matched by CKA_ID: libp11's own order changes from run to run. */
static int
key_lend_match(const struct key *key, PKCS11_TOKEN *token, EVP_PKEY **out,
    struct fail *fail)
{
	PKCS11_KEY *keys = NULL, *match = NULL;
	unsigned int count = 0;
	EVP_PKEY *lent;

	if (list_keys(token, &keys, &count) != 0)
		return fail_libp11(fail, "libp11 cannot list the keys, as "
		    "where one is neither RSA nor EC");
	for (unsigned int i = 0; i < count; i++) {
		if (!bytes_is_equal(bytes_of(keys[i].id, keys[i].id_len),
		    key_id(key)))
			continue;
		if (match != NULL)
			return fail_with(fail, FAIL_TOKEN,
			    "two keys have this id");
		match = &keys[i];
	}
	lent = match == NULL ? NULL : PKCS11_get_private_key(match);
	if (lent == NULL)
		return fail_libp11(fail, "libp11 does not lend the key");
	*out = lent;
	return 0;
}

/*
 * By itself libp11 pads for PSS and asks for CKM_RSA_X_509, which a token,
 * or a key's CKA_ALLOWED_MECHANISMS, may well refuse. Its EVP methods ask
 * for CKM_RSA_PKCS_PSS, and leave PKCS #1 v1.5 as it was. The ENGINE that
 * carries them is this key's alone: a registered one would catch software
 * keys too.
 */
static int
pss_attach(EVP_PKEY *lent, struct fail *fail)
{
	ENGINE *engine = ENGINE_new();
	bool done = engine != NULL &&
	    ENGINE_set_id(engine, "anchorite") == 1 &&
	    ENGINE_set_name(engine, "anchorite") == 1 &&
	    ENGINE_set_pkey_meths(engine, PKCS11_pkey_meths) == 1 &&
	    EVP_PKEY_set1_engine(lent, engine) == 1;

	ENGINE_free(engine);
	if (!done)
		return fail_openssl(fail, FAIL_TOKEN, "RSASSA-PSS");
	return 0;
}

int
key_lend(struct key *key, EVP_PKEY **out, struct fail *fail)
{
	AUTO(buf_release) struct buf spki = { 0 };
	PKCS11_TOKEN *token = NULL;
	EVP_PKEY *lent = NULL;
	int result;

	if (key->lent == NULL) {
		if (token_libp11(key->token, &token, fail) == -1 ||
		    key_lend_match(key, token, &lent, fail) == -1)
			return fail_in(fail, "key %s", key_label(key));
		result = spki_write(lent, &spki, fail);
		if (result == 0 &&
		    !bytes_is_equal(buf_bytes(&spki), key_spki(key)))
			result = fail_with(fail, FAIL_REFUSED, "key %s: its "
			    "public object is of another key",
			    key_label(key));
		if (result == 0 && key_kind_is_rsa(key->kind))
			result = pss_attach(lent, fail);
		if (result == -1) {
			EVP_PKEY_free(lent);
			return -1;
		}
		key->lent = lent;
	}
	*out = key->lent;
	return 0;
}
