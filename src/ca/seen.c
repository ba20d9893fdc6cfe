/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/seen.h>

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/weak.h>

/* A key, and whose it is. */
struct known {
	struct digest digest;		/* of the SubjectPublicKeyInfo */
	BIGNUM *modulus;		/* NULL: no RSA key, or an even one */
	/* One of these, lent: */
	const char *own;		/* "the root key" */
	const struct issued *issued;
	const char *request;		/* of this run */
};

struct seen {
	const struct ledger *ledger;
	const struct objects *objects;
	bool is_loaded;			/* the journal's moduli */
	struct known *keys;
	size_t count, room;
};

struct seen *
seen_new(const struct ledger *ledger, const struct objects *objects)
{
	struct seen *seen = mem_new(1, sizeof(*seen));

	seen->ledger = ledger;
	seen->objects = objects;
	return seen;
}

void
seen_release(struct seen **seen)
{
	struct seen *old = GIVE(*seen);

	if (old == NULL)
		return;
	for (size_t n = 0; n < old->count; n++)
		BN_free(old->keys[n].modulus);
	free(old->keys);
	free(old);
}

const struct ledger *
seen_ledger(const struct seen *seen)
{
	return seen->ledger;
}

static BIGNUM *
modulus_of(const struct spki *key)
{
	BIGNUM *modulus;

	if (!spki_is_odd(key->modulus))
		return NULL;
	modulus = BN_bin2bn(key->modulus.data, (int)key->modulus.len, NULL);
	if (modulus == NULL)
		abort();	/* out of memory, as in mem_new */
	return modulus;
}

static struct known *
add_key(struct seen *seen, const struct spki *key)
{
	struct known *known;

	if (seen->count == seen->room) {
		seen->room = 2 * seen->room + 16;
		seen->keys = mem_grow(seen->keys, seen->room,
		    sizeof(*seen->keys));
	}
	known = &seen->keys[seen->count++];
	*known = (struct known){ .modulus = modulus_of(key) };
	digest_of(key->der, &known->digest);
	return known;
}

static int
load_own(struct seen *seen, const struct ledger_key *own, const char *name,
    struct fail *fail)
{
	AUTO(spki_release) struct spki key = { 0 };

	if (own->spki.len == 0)
		return 0;
	if (spki_survey(buf_bytes(&own->spki), &key, fail) == -1)
		return fail_in(fail, "%s", name);
	add_key(seen, &key)->own = name;
	return 0;
}

/* The request, and not the certificate: an interrupted signature may have
 * left none that we know of. */
static int
load_issued(struct seen *seen, const struct issued *issued,
    struct fail *fail)
{
	static const struct digest none;
	AUTO(csr_release) struct csr *csr = NULL;
	AUTO(buf_release) struct buf der = { 0 };
	char serial[SERIAL_HEX_SIZE];

	if (digest_is_equal(&issued->request, &none))
		return 0;
	if (objects_get(seen->objects, &issued->request, &der, fail) == -1 ||
	    csr_survey(buf_bytes(&der), &csr, fail) == -1) {
		serial_hex(&issued->serial, serial);
		return fail_in(fail, "request of certificate %s", serial);
	}
	if (spki_is_rsa(&csr->spki))
		add_key(seen, &csr->spki)->issued = issued;
	return 0;
}

int
seen_prepare(struct seen *seen, const struct spki *key, struct fail *fail)
{
	const struct ledger *ledger = seen->ledger;

	if (seen->is_loaded || ledger == NULL || seen->objects == NULL ||
	    !spki_is_rsa(key))
		return 0;
	if (load_own(seen, &ledger->root_key, "the root key", fail) == -1 ||
	    load_own(seen, &ledger->journal_key, "the journal key", fail) ==
		-1)
		return -1;
	for (size_t n = 0; n < ledger->issued_count; n++)
		if (load_issued(seen, &ledger->issued[n], fail) == -1)
			return -1;
	seen->is_loaded = true;
	return 0;
}

void
seen_add(struct seen *seen, const struct csr *csr, const char *name)
{
	add_key(seen, &csr->spki)->request = name;
}

const char *
seen_find(const struct seen *seen, const struct spki *key)
{
	struct digest digest;

	digest_of(key->der, &digest);
	for (size_t n = 0; n < seen->count; n++)
		if (seen->keys[n].request != NULL &&
		    digest_is_equal(&seen->keys[n].digest, &digest))
			return seen->keys[n].request;
	return NULL;
}

static void
show_owner(const struct known *known, char *out, size_t size)
{
	char serial[SERIAL_HEX_SIZE];

	if (known->own != NULL)
		snprintf(out, size, "%s", known->own);
	else if (known->request != NULL)
		snprintf(out, size, "request %s", known->request);
	else {
		serial_hex(&known->issued->serial, serial);
		snprintf(out, size, "certificate %s", serial);
	}
}

static void
free_number(BIGNUM **number)
{
	BN_free(*number);
}

/* The same key again is another rule's affair. */
bool
seen_shares(const struct seen *seen, const struct spki *key,
    char *whose_out, size_t size)
{
	AUTO(free_number) BIGNUM *modulus = modulus_of(key);
	AUTO(auto_free) const BIGNUM **moduli =
	    mem_new(seen->count, sizeof(BIGNUM *));
	AUTO(auto_free) const struct known **owners =
	    mem_new(seen->count, sizeof(struct known *));
	struct digest digest;
	size_t count = 0, found;

	digest_of(key->der, &digest);
	for (size_t n = 0; n < seen->count; n++) {
		const struct known *known = &seen->keys[n];

		if (known->modulus == NULL ||
		    digest_is_equal(&known->digest, &digest))
			continue;
		moduli[count] = known->modulus;
		owners[count++] = known;
	}
	found = weak_shares(modulus, moduli, count);
	if (found == count)
		return false;
	show_owner(owners[found], whose_out, size);
	return true;
}
