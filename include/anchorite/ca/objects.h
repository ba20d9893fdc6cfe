/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_OBJECTS_H
#define ANCHORITE_CA_OBJECTS_H

#include <stdbool.h>

#include <anchorite/base/digest.h>
#include <anchorite/base/fail.h>

/*
 * The objects/ of an authority: policies, requests, certificates and CRLs,
 * each in a file named by the SHA-256 of its bytes. A record of the journal
 * refers to an object by that digest; an object that no record names is
 * rubbish, and harmless.
 */
#define OBJECTS_NAME "objects"
#define OBJECT_MAX   (256 * 1024 * 1024)

struct objects;

MUST_USE int objects_open(int authority_dirfd, struct objects **out,
    struct fail *fail);
void objects_release(struct objects **objects);

/* Putting one that is there already is success. It lasts from the next
 * objects_sync on, which must come before a record that names it. */
MUST_USE int objects_put(struct objects *objects, struct bytes content,
    struct digest *out, struct fail *fail);
MUST_USE int objects_sync(struct objects *objects, struct fail *fail);

/* Reads one and checks its digest: FAIL_JOURNAL where it is missing or has
 * been changed. Appends nothing on failure. */
MUST_USE int objects_get(const struct objects *objects,
    const struct digest *digest, struct buf *out, struct fail *fail);

/* Is there a file of that name? Whether it is whole, objects_get says. */
bool objects_has(const struct objects *objects,
    const struct digest *digest);

/* Proves that `len` bytes more can be written now. */
MUST_USE int objects_check_room(const struct objects *objects, size_t len,
    struct fail *fail);

/* Calls `each` with the name of every file in the directory, sorted. */
MUST_USE int objects_each(const struct objects *objects,
    int (*each)(void *context, const char *name, struct fail *fail),
    void *context, struct fail *fail);

#endif
