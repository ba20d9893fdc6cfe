/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_SEEN_H
#define ANCHORITE_CA_SEEN_H

#include <anchorite/base/fail.h>
#include <anchorite/ca/ledger.h>
#include <anchorite/ca/objects.h>
#include <anchorite/x509/csr.h>

/*
 * The keys that were seen before a request: the authority's own, those of
 * all requests in its journal, and those of the requests before it in the
 * same run.
 */
struct seen;

/* Both lent, for as long as it lives; both NULL: without an authority only
 * the requests of this run are known. Objects alone NULL: of the requests in
 * the journal only which keys they had, and not the factors of those. */
struct seen *seen_new(const struct ledger *ledger,
    const struct objects *objects);
void seen_release(struct seen **seen);

/* NULL: without an authority. */
const struct ledger *seen_ledger(const struct seen *seen);

/*
 * Before this key is held against the others. The first RSA key has the
 * journal's requests read, once: FAIL_JOURNAL where one is missing or was
 * changed.
 */
MUST_USE int seen_prepare(struct seen *seen, const struct spki *key,
    struct fail *fail);

/* Remembers a request of this run; its name is lent. */
void seen_add(struct seen *seen, const struct csr *csr, const char *name);

/* Lends the name of the request of this run that has the same key, or NULL. */
const char *seen_find(const struct seen *seen, const struct spki *key);

/*
 * Is there another key whose modulus has a factor in common with this one?
 * Says whose: "the root key", "certificate 0a1b…", "request a.csr". The key
 * has an odd modulus.
 */
bool seen_shares(const struct seen *seen, const struct spki *key,
    char *whose_out, size_t size);

#endif
