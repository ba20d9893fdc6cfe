/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_CA_TARGET_H
#define ANCHORITE_CA_TARGET_H

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>
#include <anchorite/base/json.h>

/*
 * Where a certificate goes, and for whom: what stands in a list of requests
 * (batch.h), in the intent to sign it, in what custodians approve, and in the
 * commands of its bundle.
 */
struct target {
	/* NULL: none. They stand in scripts, so nothing that a shell acts on is
	 * taken. */
	const char *resource;	/* an ARN, a cluster's id, a domain name */
	const char *region;
	const char *bucket;	/* for the CRL, or a truststore */
	/* Texts for people; the policy may make them private (private.h). */
	const char *requester;	/* who asked */
	const char *ticket;
	char *owned;		/* memory of all these; NULL: they are lent */
};

#define TARGET_MAX 256		/* characters of the first three */
/* Names as AWS gives them (text_fits). */
#define TARGET_REGION "[a-z]{2}(-[a-z]+)+-[0-9]{1,2}"
#define TARGET_BUCKET "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"

/* The consumers that there are, each with a bundle of its own. */
enum consumer {
	CONSUMER_ACM_PCA,
	CONSUMER_CLOUDHSM,
	CONSUMER_ADCS,
	CONSUMER_IOT,
	CONSUMER_API_GATEWAY,
	CONSUMER_ROLES_ANYWHERE,
	CONSUMER_FILES,
	CONSUMERS,
};
extern const char *const consumer_names[];	/* NULL-ended */

/* Leaves an empty one. */
void target_release(struct target *target);

/* `to` gets memory of its own; it must be empty. */
void target_copy(const struct target *from, struct target *to);

bool target_is_empty(const struct target *target);

/*
 * Judges what came from outside, and copies it to `out`, which must be empty;
 * where no region is given, it is that of the resource's ARN. FAIL_INPUT
 * "resource: want 1 to 256 characters of …", "resource: want arn:…, have X",
 * "region: want a region's name, have X", "region: X, but the resource is in
 * Y", "ticket: want 1 to 100 characters of plain text".
 */
MUST_USE int target_build(const struct target *given, struct target *out,
    struct fail *fail);

/* The nth field's name, and its text or NULL; false behind the last. */
bool target_field(const struct target *target, size_t n, const char **name,
    const char **text);

/*
 * "target": an object of the fields that there are; put where there are any.
 * Got from a record or a request: absent leaves `out` empty; FAIL_INPUT for
 * other fields, and for characters that target_build would not take; a
 * requester or ticket may be a commitment.
 */
void target_put(struct json *json, const struct target *target);
MUST_USE int target_get(const struct json *json, struct target *out,
    struct fail *fail);

/* "for": a list of the consumers, bit n being name n; put where there are
 * any. FAIL_INPUT "for: …" for other names, twice, none in the list. */
void consumers_put(struct json *json, unsigned consumers);
MUST_USE int consumers_get(const struct json *json, unsigned *out,
    struct fail *fail);

/* Appends "acm-pca, files". */
void consumers_write(unsigned consumers, struct buf *out);

/* Reads "acm-pca,files". FAIL_USAGE "no consumer X: there are …", "X given
 * twice". */
MUST_USE int consumers_read(const char *text, unsigned *out,
    struct fail *fail);

#endif
