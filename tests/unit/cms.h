/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_UNIT_CMS_H
#define ANCHORITE_UNIT_CMS_H

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/name.h>

/* Who signs and who is written to. Include it behind cmocka.h. */
#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define NOW     INT64_C(1795242648)	/* 2026-11-21T06:30:48Z */
#define DAY     INT64_C(86400)
#define CONTENT BYTES("line\nwithout carriage return\n")

/* Who signs: a key and its self-signed certificate. */
struct signer {
	EVP_PKEY *key;
	struct buf der;
};

static inline void
signer_certify(struct signer *signer, const char *person, const char *alg,
    unsigned key_usage)
{
	const struct name_pair pair = { "CN", person };
	AUTO(buf_release) struct buf name = { 0 };
	AUTO(buf_release) struct buf spki = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert_plan plan = {
		.serial = { { 0x40 }, 1 },
		.alg = alg_find(alg),
		.not_before = NOW - DAY,
		.not_after = NOW + DAY,
		.extensions = { .path_length = -1, .key_usage = key_usage,
		    .subject_key = identifier },
	};
	struct fail fail = { 0 };

	assert_int_equal(name_write(&pair, 1, &name, &fail), 0);
	assert_int_equal(spki_write(signer->key, &spki, &fail), 0);
	assert_int_equal(spki_identifier(buf_bytes(&spki), identifier, &fail),
	    0);
	plan.issuer = plan.subject = buf_bytes(&name);
	plan.spki = buf_bytes(&spki);
	assert_int_equal(cert_build(&plan, &tbs, &fail), 0);
	assert_int_equal(alg_sign(plan.alg, signer->key, buf_bytes(&tbs),
	    &signature, &fail), 0);
	alg_wrap(plan.alg, buf_bytes(&tbs), buf_bytes(&signature),
	    &signer->der);
}

static inline void
signer_make_for(struct signer *signer, EVP_PKEY *key, const char *alg,
    unsigned key_usage)
{
	signer->key = key;
	signer_certify(signer, "Signer", alg, key_usage);
}

static inline void
signer_make(struct signer *signer, EVP_PKEY *key, const char *alg)
{
	signer_make_for(signer, key, alg, 0);
}

static inline void
signer_release(struct signer *signer)
{
	EVP_PKEY_free(signer->key);
	buf_release(&signer->der);
}

static inline X509 *
x509_of(const struct signer *signer)
{
	const uint8_t *at = signer->der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)signer->der.len);

	assert_non_null(certificate);
	return certificate;
}

static inline void
file_put(const char *folder, const char *name, struct bytes content)
{
	AUTO(auto_free) char *path = file_path(folder, name);
	struct fail fail = { 0 };

	assert_int_equal(file_write(path, content, 0600, &fail), 0);
}

/* The exit status of a line of shell in the folder; $1 is its argument. */
static inline int
shell(const char *folder, const char *line, const char *argument)
{
	AUTO(buf_release) struct buf script = { 0 };
	char sh[] = "sh", c[] = "-c";
	char *words[] = { sh, c, NULL, sh, (char *)(uintptr_t)argument,
		NULL };
	int status = -1;
	pid_t child;

	buf_printf(&script, "cd %s && %s", folder, line);
	words[2] = (char *)(uintptr_t)buf_cstr(&script);
	assert_int_equal(posix_spawnp(&child, sh, NULL, NULL, words,
	    environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#endif
