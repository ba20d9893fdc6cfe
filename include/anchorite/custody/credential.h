/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CUSTODY_CREDENTIAL_H
#define ANCHORITE_CUSTODY_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/secret.h>
#include <anchorite/x509/cert.h>

/*
 * A custodian's credential: a key pair with a self-signed certificate that
 * names the person. What is given is the path of
 *
 *	alice.key	PKCS#8 under a passphrase, or
 *	carol.yaml	a site file with `key`: a key on a card or second token
 *
 * and the certificate stands beside it: alice.pem, carol.pem.
 */
struct credential;

/*
 * Opens one: asks its passphrase, or the card's PIN by the site file's pin
 * mode ("passphrase of alice.key"); from secret_fd where that is not -1.
 * The private key must be that of the certificate. Another ending is
 * FAIL_USAGE; a wrong passphrase FAIL_REFUSED. A card stays open, and
 * the module loaded, until the credential is released: one at a time, and
 * none while the root's token is open.
 */
MUST_USE int credential_open(const char *path, int secret_fd,
    struct credential **out, struct fail *fail);
void credential_release(struct credential **credential);

/* Lent: the certificate, and the file's name without folder and ending. */
const struct cert *credential_certificate(
    const struct credential *credential);
const char *credential_name(const struct credential *credential);

/* Detached CMS SignedData as cms_sign makes it, verified; appended. */
MUST_USE int credential_sign(struct credential *credential,
    struct bytes content, int64_t signing_time, struct buf *out,
    struct fail *fail);

/* Opens CMS EnvelopedData to its certificate. */
MUST_USE int credential_decrypt(struct credential *credential,
    struct bytes cms, struct secret *out, struct fail *fail);

/* What a new credential is made of; all lent. */
struct credential_plan {
	const char *path;	/* without ending: "alice" */
	const char *person;	/* for the certificate's CN: "Alice Example" */
	enum key_kind kind;	/* KEY_EC_P256 or KEY_RSA_3072; of a key
				   that is made */
	const char *card;	/* site file of a card, or NULL: a file */
	const char *key;	/* URI of a key on the card; NULL: make one */
	int64_t now;		/* notBefore, seconds UTC */
	int secret_fd;		/* -1: ask */
};

/*
 * Makes a credential: PATH.key or PATH.yaml (0600), and PATH.pem
 * (0644); neither must be there. The new passphrase is asked twice. FAIL_USAGE
 * where the last part of PATH cannot stand in a roster; FAIL_INPUT where the
 * person's name is empty, longer than 64 characters or deceptive, and for
 * another kind of key. On failure neither file stays, and no key that was
 * made on the card.
 *
 * The certificate's key usage is what the key was seen to do: a key on a
 * card that signs, but does not open what is sent to it, is taken for
 * digitalSignature alone where it was there before, and refused (FAIL_TOKEN)
 * where it was made here.
 */
MUST_USE int credential_create(const struct credential_plan *plan,
    struct cert **out, struct fail *fail);

/*
 * Reads a custodian's certificate, PEM or DER: EC P-256 or RSA-3072 (or
 * stronger), one CN that is not deceptive, self-signed and verified, no CA,
 * key usage (where there is one) with digitalSignature, nothing else
 * critical but basic constraints. FAIL_INPUT, FAIL_REFUSED.
 */
MUST_USE int credential_read_certificate(struct bytes file,
    struct cert **out, struct fail *fail);

/* Appends the CN of its subject. */
MUST_USE int credential_person(const struct cert *certificate,
    struct buf *out, struct fail *fail);

#endif
