/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include <openssl/bn.h>

#include <anchorite/base/auto.h>
#include <anchorite/ca/seen.h>
#include <anchorite/x509/der.h>

#include "testing.h"

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define BITS 2048

/* An RSA SubjectPublicKeyInfo of this modulus: nobody signs with it. */
static void
put_key(const BIGNUM *modulus, struct buf *out)
{
	uint8_t octets[BITS / 8];
	AUTO(buf_release) struct buf numbers = { 0 };
	size_t mark = der_begin(&numbers, DER_SEQUENCE), whole, algorithm;

	assert_int_equal(BN_bn2binpad(modulus, octets, sizeof(octets)),
	    sizeof(octets));
	der_put_unsigned(&numbers, bytes_of(octets, sizeof(octets)));
	der_put_number(&numbers, 65537);
	der_end(&numbers, mark);
	whole = der_begin(out, DER_SEQUENCE);
	algorithm = der_begin(out, DER_SEQUENCE);
	der_put(out, DER_OID,
	    BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"));
	der_put(out, DER_NULL, bytes_of(NULL, 0));
	der_end(out, algorithm);
	der_put_bits(out, buf_bytes(&numbers));
	der_end(out, whole);
}

/* A request of it, as far as its form goes. */
static void
put_request(struct bytes key, struct buf *out)
{
	size_t whole = der_begin(out, DER_SEQUENCE), info, algorithm;

	info = der_begin(out, DER_SEQUENCE);
	der_put_number(out, 0);
	buf_put(out, BYTES("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03"
	    "\x0c\x01x"));
	buf_put(out, key);
	buf_put(out, BYTES("\xa0\x00"));
	der_end(out, info);
	algorithm = der_begin(out, DER_SEQUENCE);
	der_put(out, DER_OID,
	    BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"));
	der_put(out, DER_NULL, bytes_of(NULL, 0));
	der_end(out, algorithm);
	der_put_bits(out, BYTES("signature"));
	der_end(out, whole);
}

static BIGNUM *
new_prime(void)
{
	BIGNUM *prime = BN_new();

	do
		BN_generate_prime_ex(prime, BITS / 2, 0, NULL, NULL, NULL);
	while (!BN_is_bit_set(prime, BITS / 2 - 2));
	return prime;
}

/* Five primes, and the requests of their products. */
#define PRIMES 5
struct world {
	BIGNUM *primes[PRIMES];
	struct ledger *ledger;
	struct objects *objects;
	struct seen *seen;
	void *folder;
	int dirfd;
};

static int
world_setup(void **state)
{
	struct world *w = mem_new(1, sizeof(*w));
	struct fail fail = { 0 };

	if (folder_setup(state) != 0 || shell("mkdir objects") != 0)
		return -1;
	for (size_t n = 0; n < PRIMES; n++)
		w->primes[n] = new_prime();
	w->dirfd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->ledger = ledger_new();
	want_pass(objects_open(w->dirfd, &w->objects, &fail), &fail);
	w->seen = seen_new(w->ledger, w->objects);
	w->folder = *state;
	*state = w;
	return 0;
}

static int
world_teardown(void **state)
{
	struct world *w = *state;
	void *folder = w->folder;

	seen_release(&w->seen);
	ledger_release(&w->ledger);
	objects_release(&w->objects);
	for (size_t n = 0; n < PRIMES; n++)
		BN_free(w->primes[n]);
	auto_close(&w->dirfd);
	free(w);
	return folder_teardown(&folder);
}

/* The key of the primes p and q. */
static void
key_of(const struct world *w, int p, int q, struct buf *out)
{
	BIGNUM *modulus = BN_new();
	BN_CTX *numbers = BN_CTX_new();

	BN_mul(modulus, w->primes[p], w->primes[q], numbers);
	put_key(modulus, out);
	BN_CTX_free(numbers);
	BN_free(modulus);
}

static struct csr *
request_of(const struct world *w, int p, int q)
{
	AUTO(buf_release) struct buf key = { 0 }, der = { 0 };
	struct fail fail = { 0 };
	struct csr *csr = NULL;

	key_of(w, p, q, &key);
	put_request(buf_bytes(&key), &der);
	want_pass(csr_survey(buf_bytes(&der), &csr, &fail), &fail);
	return csr;
}

/* Into the inventory, under serial 01, 02, …; into objects/ where said. */
static void
issue(struct world *w, uint8_t number, const struct csr *csr, bool is_stored)
{
	struct serial serial = { .octets = { number }, .len = 1 };
	struct fail fail = { 0 };
	struct digest key;
	struct issued *issued;

	digest_of(csr->spki.der, &key);
	issued = ledger_add(w->ledger, &serial, &key);
	issued->request = csr->digest;
	if (is_stored)
		want_pass(objects_put(w->objects, buf_bytes(&csr->der),
		    &issued->request, &fail), &fail);
}

static const char *
whose(const struct world *w, int p, int q)
{
	static char owner[256];
	AUTO(csr_release) struct csr *csr = request_of(w, p, q);
	struct fail fail = { 0 };

	want_pass(seen_prepare(w->seen, &csr->spki, &fail), &fail);
	return seen_shares(w->seen, &csr->spki, owner, sizeof(owner)) ?
	    owner : NULL;
}

static void
every_key_is_held_against(void **state)
{
	struct world *w = *state;
	AUTO(csr_release) struct csr *before = request_of(w, 1, 2);
	AUTO(csr_release) struct csr *beside = request_of(w, 3, 3);

	key_of(w, 0, 0, &w->ledger->root_key.spki);
	issue(w, 1, before, true);
	seen_add(w->seen, beside, "b.csr");
	assert_string_equal(whose(w, 0, 4), "the root key");
	assert_string_equal(whose(w, 4, 2), "certificate 01");
	assert_string_equal(whose(w, 3, 4), "request b.csr");
	assert_null(whose(w, 4, 4));
	/* The very same key is no matter of factors. */
	assert_null(whose(w, 1, 2));
}

static void
requests_of_a_run_are_found_by_key(void **state)
{
	struct world *w = *state;
	AUTO(csr_release) struct csr *one = request_of(w, 0, 1);
	AUTO(csr_release) struct csr *other = request_of(w, 0, 2);

	seen_add(w->seen, one, "a.csr");
	assert_string_equal(seen_find(w->seen, &one->spki), "a.csr");
	assert_null(seen_find(w->seen, &other->spki));
	assert_ptr_equal(seen_ledger(w->seen), w->ledger);
}

/* Its digest is in the journal: an authority without it is not whole. */
static void
missing_requests_are_told(void **state)
{
	struct world *w = *state;
	AUTO(csr_release) struct csr *lost = request_of(w, 0, 1);
	struct spki ec = { .algorithm = BYTES("\x2a\x86\x48\xce\x3d\x02\x01") };
	struct fail fail = { 0 };

	issue(w, 0x2a, lost, false);
	/* An EC key has no factors: nothing is read for it. */
	want_pass(seen_prepare(w->seen, &ec, &fail), &fail);
	assert_int_equal(seen_prepare(w->seen, &lost->spki, &fail), -1);
	assert_int_equal(fail.kind, FAIL_JOURNAL);
	assert_memory_equal(fail.sentence, "request of certificate 2a: ", 27);
}

/* A certificate without a request is the root's own, adopted or renewed. */
static void
what_has_no_request_is_passed_over(void **state)
{
	struct world *w = *state;
	AUTO(csr_release) struct csr *any = request_of(w, 0, 1);
	static const struct digest none;

	issue(w, 1, any, false);
	w->ledger->issued[0].request = none;
	assert_null(whose(w, 0, 2));
}

int
main(void)
{
#define WITH_WORLD(test) \
	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(every_key_is_held_against),
		WITH_WORLD(requests_of_a_run_are_found_by_key),
		WITH_WORLD(missing_requests_are_told),
		WITH_WORLD(what_has_no_request_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
