/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/ocsp.h>

#include <stdio.h>
#include <stdlib.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#define SUCCESSFUL 0

/* Tags; all of them EXPLICIT but those of CertStatus (RFC 6960, 4.2.1). */
#define TAG_RESPONSE_BYTES DER_CONTEXT_CONSTRUCTED(0)
#define TAG_BY_KEY         DER_CONTEXT_CONSTRUCTED(2)
#define TAG_GOOD           DER_CONTEXT(0)
#define TAG_REVOKED        DER_CONTEXT_CONSTRUCTED(1)
#define TAG_REASON         DER_CONTEXT_CONSTRUCTED(0)
#define TAG_NEXT_UPDATE    DER_CONTEXT_CONSTRUCTED(0)

#define TIME_LEN 15	/* YYYYMMDDHHMMSSZ */

/*
 * SHA-1 as AlgorithmIdentifier, with NULL: RFC 3370, 2.1 would leave it out,
 * but clients write it, and some compare the CertID octet by octet.
 */
static const uint8_t sha1[] = {
	0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00,
};

/* GeneralizedTime whatever the year (RFC 6960, 4.2.2.1). */
static void
put_time(int64_t seconds, struct buf *out)
{
	size_t mark = der_begin(out, DER_GENERALIZED_TIME);
	char text[TEXT_TIME_SIZE];

	text_time(seconds, text);
	buf_printf(out, "%.4s%.2s%.2s%.2s%.2s%.2sZ", text, text + 5,
	    text + 8, text + 11, text + 14, text + 17);
	der_end(out, mark);
}

static void
build_cert_id(const struct ocsp *ocsp, struct buf *out)
{
	size_t mark = der_begin(out, DER_SEQUENCE);

	buf_append(out, sha1, sizeof(sha1));
	der_put(out, DER_OCTET_STRING, ocsp->issuer_name);
	der_put(out, DER_OCTET_STRING, ocsp->issuer_key);
	der_put_unsigned(out, bytes_of(ocsp->serial.octets,
	    ocsp->serial.len));
	der_end(out, mark);
}

/* As in a CRL (RFC 5280, 5.3.1) unspecified is not written. */
static void
build_status(const struct ocsp *ocsp, struct buf *out)
{
	const uint8_t code = (uint8_t)ocsp->reason;
	size_t revoked, reason;

	if (ocsp->status == OCSP_GOOD) {
		der_put(out, TAG_GOOD, bytes_of("", 0));
		return;
	}
	revoked = der_begin(out, TAG_REVOKED);
	put_time(ocsp->revoked_at, out);
	if (ocsp->reason != CRL_UNSPECIFIED) {
		reason = der_begin(out, TAG_REASON);
		der_put(out, DER_ENUMERATED, bytes_of(&code, 1));
		der_end(out, reason);
	}
	der_end(out, revoked);
}

static void
build_response(const struct ocsp *ocsp, struct buf *out)
{
	size_t single = der_begin(out, DER_SEQUENCE), mark;

	build_cert_id(ocsp, out);
	build_status(ocsp, out);
	put_time(ocsp->this_update, out);
	mark = der_begin(out, TAG_NEXT_UPDATE);
	put_time(ocsp->next_update, out);
	der_end(out, mark);
	der_end(out, single);
}

/* What no response may say, whether it is written or read. */
static int
check_facts(const struct ocsp *ocsp, struct fail *fail)
{
	char this[TEXT_TIME_SIZE], produced[TEXT_TIME_SIZE];
	char next[TEXT_TIME_SIZE];

	if (ocsp->status == OCSP_REVOKED &&
	    crl_reason_name(ocsp->reason) == NULL)
		return fail_with(fail, FAIL_INPUT, "reason %d unknown",
		    (int)ocsp->reason);
	if (ocsp->this_update <= ocsp->produced_at &&
	    ocsp->produced_at < ocsp->next_update)
		return 0;
	text_time(ocsp->this_update, this);
	text_time(ocsp->produced_at, produced);
	text_time(ocsp->next_update, next);
	return fail_with(fail, FAIL_INPUT, "times: want thisUpdate, then "
	    "producedAt, then nextUpdate, have %s, %s, %s", this, produced,
	    next);
}

/* ResponseData, v1, which is not written (RFC 6960, 4.2.1). */
static int
build(const struct ocsp *ocsp, struct buf *tbs_out, struct fail *fail)
{
	size_t all, mark;

	if (check_facts(ocsp, fail) == -1)
		return -1;
	all = der_begin(tbs_out, DER_SEQUENCE);
	mark = der_begin(tbs_out, TAG_BY_KEY);
	der_put(tbs_out, DER_OCTET_STRING, ocsp->issuer_key);
	der_end(tbs_out, mark);
	put_time(ocsp->produced_at, tbs_out);
	mark = der_begin(tbs_out, DER_SEQUENCE);
	build_response(ocsp, tbs_out);
	der_end(tbs_out, mark);
	der_end(tbs_out, all);
	return 0;
}

/* The issuer as CertID and ResponderID name it. */
struct hashes {
	uint8_t name[DIGEST_SHA1_LEN], key[DIGEST_SHA1_LEN];
};

static int
hash_issuer(const struct cert *issuer, struct hashes *out, struct fail *fail)
{
	digest_sha1(issuer->subject, out->name);
	return spki_identifier(issuer->spki.der, out->key, fail);
}

int
ocsp_build(const struct ocsp_plan *plan, struct buf *tbs_out,
    struct fail *fail)
{
	struct hashes issuer = { 0 };
	const struct ocsp ocsp = {
		.issuer_name = bytes_of(issuer.name, sizeof(issuer.name)),
		.issuer_key = bytes_of(issuer.key, sizeof(issuer.key)),
		.serial = plan->serial,
		.status = plan->status,
		.revoked_at = plan->revoked_at,
		.reason = plan->reason,
		.produced_at = plan->produced_at,
		.this_update = plan->this_update,
		.next_update = plan->next_update,
	};

	if (hash_issuer(plan->issuer, &issuer, fail) == -1)
		return -1;
	return build(&ocsp, tbs_out, fail);
}

void
ocsp_assemble(const struct alg *alg, struct bytes tbs,
    struct bytes signature, struct buf *out)
{
	const uint8_t successful = SUCCESSFUL;
	size_t all = der_begin(out, DER_SEQUENCE), tagged, bytes, basic;

	der_put(out, DER_ENUMERATED, bytes_of(&successful, 1));
	tagged = der_begin(out, TAG_RESPONSE_BYTES);
	bytes = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, NID_id_pkix_OCSP_basic);
	basic = der_begin(out, DER_OCTET_STRING);
	alg_wrap(alg, tbs, signature, out);
	der_end(out, basic);
	der_end(out, bytes);
	der_end(out, tagged);
	der_end(out, all);
}

static int
read_time(struct bytes *rest, const char *what, int64_t *out,
    struct fail *fail)
{
	char text[TEXT_TIME_SIZE] = "";
	struct fail ignored = { 0 };
	struct bytes time;
	const char *at;

	if (der_next(rest, DER_GENERALIZED_TIME, &time, NULL, fail) == -1)
		return fail_in(fail, "%s", what);
	at = (const char *)time.data;
	if (time.len == TIME_LEN)
		snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s"
		    "%.1s", at, at + 4, at + 6, at + 8, at + 10, at + 12,
		    at + 14);
	if (text_read_time(text, out, &ignored) == -1)
		return fail_with(fail, FAIL_INPUT, "%s: want "
		    "YYYYMMDDHHMMSSZ (RFC 6960, 4.2.2.1)", what);
	return 0;
}

static int
read_hash(struct bytes *rest, const char *what, struct bytes *out,
    struct fail *fail)
{
	if (der_next(rest, DER_OCTET_STRING, out, NULL, fail) == -1)
		return fail_in(fail, "%s", what);
	if (out->len != DIGEST_SHA1_LEN)
		return fail_with(fail, FAIL_INPUT, "%s: %zu octets, want %d",
		    what, out->len, DIGEST_SHA1_LEN);
	return 0;
}

static int
read_cert_id(struct bytes *rest, struct ocsp *ocsp, struct fail *fail)
{
	struct bytes id, algorithm;

	if (der_next(rest, DER_SEQUENCE, &id, NULL, fail) == -1 ||
	    der_next(&id, DER_SEQUENCE, NULL, &algorithm, fail) == -1)
		return fail_in(fail, "CertID");
	if (!bytes_is_equal(algorithm, bytes_of(sha1, sizeof(sha1))))
		return fail_with(fail, FAIL_INPUT, "CertID: want SHA-1 with "
		    "NULL (RFC 5019, 2.1.1)");
	if (read_hash(&id, "issuerNameHash", &ocsp->issuer_name, fail) == -1 ||
	    read_hash(&id, "issuerKeyHash", &ocsp->issuer_key, fail) == -1 ||
	    serial_read_der(&id, &ocsp->serial, fail) == -1 ||
	    der_end_of(id, fail) == -1)
		return fail_in(fail, "CertID");
	return 0;
}

static int
read_reason(struct bytes *rest, enum crl_reason *out, struct fail *fail)
{
	struct bytes tagged, code;

	if (der_next(rest, TAG_REASON, &tagged, NULL, fail) == -1 ||
	    der_next(&tagged, DER_ENUMERATED, &code, NULL, fail) == -1 ||
	    der_end_of(tagged, fail) == -1)
		return fail_in(fail, "revocationReason");
	if (code.len != 1)
		return fail_with(fail, FAIL_INPUT, "revocationReason: %zu "
		    "octets, want 1", code.len);
	*out = code.data[0];
	return 0;
}

static int
read_status(struct bytes *rest, struct ocsp *ocsp, struct fail *fail)
{
	struct bytes revoked;

	if (der_is_next(*rest, TAG_GOOD))
		return der_next(rest, TAG_GOOD, NULL, NULL, fail);
	if (!der_is_next(*rest, TAG_REVOKED))
		return fail_with(fail, FAIL_INPUT, "certStatus: want good or "
		    "revoked");
	ocsp->status = OCSP_REVOKED;
	if (der_next(rest, TAG_REVOKED, &revoked, NULL, fail) == -1 ||
	    read_time(&revoked, "revocationTime", &ocsp->revoked_at,
	    fail) == -1)
		return -1;
	if (revoked.len > 0 && read_reason(&revoked, &ocsp->reason,
	    fail) == -1)
		return -1;
	return der_end_of(revoked, fail);
}

static int
read_next_update(struct bytes *rest, struct ocsp *ocsp, struct fail *fail)
{
	struct bytes tagged;

	if (!der_is_next(*rest, TAG_NEXT_UPDATE))
		return fail_with(fail, FAIL_INPUT, "no nextUpdate (RFC 5019, "
		    "2.2.4)");
	if (der_next(rest, TAG_NEXT_UPDATE, &tagged, NULL, fail) == -1 ||
	    read_time(&tagged, "nextUpdate", &ocsp->next_update, fail) == -1)
		return -1;
	return der_end_of(tagged, fail);
}

static int
read_responses(struct bytes *rest, struct ocsp *ocsp, struct fail *fail)
{
	struct bytes list, single;

	if (der_next(rest, DER_SEQUENCE, &list, NULL, fail) == -1 ||
	    der_next(&list, DER_SEQUENCE, &single, NULL, fail) == -1)
		return fail_in(fail, "responses");
	if (list.len > 0)
		return fail_with(fail, FAIL_INPUT, "more than one response");
	if (read_cert_id(&single, ocsp, fail) == -1 ||
	    read_status(&single, ocsp, fail) == -1 ||
	    read_time(&single, "thisUpdate", &ocsp->this_update, fail) == -1 ||
	    read_next_update(&single, ocsp, fail) == -1)
		return -1;
	if (single.len > 0)
		return fail_with(fail, FAIL_INPUT, "singleExtensions, want "
		    "none");
	return 0;
}

/* Who answers: the issuer itself, whose key CertID has. */
static int
read_responder(struct bytes *rest, struct bytes *key_out, struct fail *fail)
{
	struct bytes tagged;

	if (!der_is_next(*rest, TAG_BY_KEY))
		return fail_with(fail, FAIL_INPUT, "ResponderID: not by key");
	if (der_next(rest, TAG_BY_KEY, &tagged, NULL, fail) == -1 ||
	    read_hash(&tagged, "ResponderID", key_out, fail) == -1)
		return -1;
	return der_end_of(tagged, fail);
}

static int
read_tbs(struct ocsp *ocsp, struct fail *fail)
{
	struct bytes tbs = ocsp->tbs, rest, responder;

	if (der_next(&tbs, DER_SEQUENCE, &rest, NULL, fail) == -1 ||
	    read_responder(&rest, &responder, fail) == -1 ||
	    read_time(&rest, "producedAt", &ocsp->produced_at, fail) == -1 ||
	    read_responses(&rest, ocsp, fail) == -1)
		return -1;
	if (rest.len > 0)
		return fail_with(fail, FAIL_INPUT, "responseExtensions, want "
		    "none (RFC 5019, 2.2.1)");
	if (!bytes_is_equal(responder, ocsp->issuer_key))
		return fail_with(fail, FAIL_INPUT, "ResponderID: not the "
		    "issuer of CertID");
	return 0;
}

/* OCSPResponse down to the octets of BasicOCSPResponse. */
static int
read_outside(struct bytes der, struct bytes *basic_out, struct fail *fail)
{
	struct bytes all, status, tagged, bytes, type;
	char name[DER_OID_SIZE];

	if (der_check(der, fail) == -1 ||
	    der_next(&der, DER_SEQUENCE, &all, NULL, fail) == -1 ||
	    der_next(&all, DER_ENUMERATED, &status, NULL, fail) == -1)
		return -1;
	if (status.len != 1 || status.data[0] != SUCCESSFUL)
		return fail_with(fail, FAIL_INPUT, "responseStatus: not "
		    "successful");
	if (der_next(&all, TAG_RESPONSE_BYTES, &tagged, NULL, fail) == -1 ||
	    der_next(&tagged, DER_SEQUENCE, &bytes, NULL, fail) == -1 ||
	    der_next(&bytes, DER_OID, &type, NULL, fail) == -1)
		return fail_in(fail, "responseBytes");
	der_show_oid(type, name, sizeof(name));
	if (OBJ_txt2nid(name) != NID_id_pkix_OCSP_basic)
		return fail_with(fail, FAIL_INPUT, "responseType %s, want "
		    "id-pkix-ocsp-basic", name);
	if (der_next(&bytes, DER_OCTET_STRING, basic_out, NULL, fail) == -1)
		return fail_in(fail, "responseBytes");
	return 0;
}

/* What lies between the parts that were read, and how they are encoded. */
static int
check_rebuilt(const struct ocsp *ocsp, struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf again = { 0 };

	if (build(ocsp, &tbs, fail) == -1)
		return -1;
	ocsp_assemble(ocsp->alg, buf_bytes(&tbs), ocsp->signature, &again);
	if (!bytes_is_equal(buf_bytes(&again), buf_bytes(&ocsp->der)))
		return fail_with(fail, FAIL_INPUT, "not encoded as its parts "
		    "would be");
	return 0;
}

static int
read_all(struct ocsp *ocsp, struct fail *fail)
{
	struct alg_signed parts;
	struct bytes basic;

	if (ocsp->der.len > OCSP_MAX)
		return fail_with(fail, FAIL_INPUT, "larger than %d bytes",
		    OCSP_MAX);
	if (read_outside(buf_bytes(&ocsp->der), &basic, fail) == -1 ||
	    alg_unwrap(basic, &parts, fail) == -1)
		return -1;
	ocsp->tbs = parts.tbs;
	ocsp->alg = parts.alg;
	ocsp->signature = parts.signature;
	if (read_tbs(ocsp, fail) == -1)
		return -1;
	return check_rebuilt(ocsp, fail);
}

int
ocsp_read(struct bytes der, struct ocsp **out, struct fail *fail)
{
	AUTO(ocsp_release) struct ocsp *ocsp = mem_new(1, sizeof(*ocsp));

	buf_put(&ocsp->der, der);
	if (read_all(ocsp, fail) == -1) {
		fail->kind = FAIL_INPUT;	/* of an algorithm, too */
		return fail_in(fail, "OCSP response");
	}
	*out = GIVE(ocsp);
	return 0;
}

void
ocsp_release(struct ocsp **ocsp)
{
	if (*ocsp == NULL)
		return;
	buf_release(&(*ocsp)->der);
	free(*ocsp);
	*ocsp = NULL;
}

static int
verify(const struct ocsp *ocsp, const struct cert *issuer,
    struct fail *fail)
{
	struct hashes want;

	if (hash_issuer(issuer, &want, fail) == -1)
		return -1;
	if (!bytes_is_equal(ocsp->issuer_name,
	    bytes_of(want.name, sizeof(want.name))))
		return fail_with(fail, FAIL_INPUT, "CertID: another issuer's "
		    "name");
	if (!bytes_is_equal(ocsp->issuer_key,
	    bytes_of(want.key, sizeof(want.key))))
		return fail_with(fail, FAIL_INPUT, "CertID: another issuer's "
		    "key");
	return alg_verify(ocsp->alg, issuer->spki.key, ocsp->tbs,
	    ocsp->signature, fail);
}

int
ocsp_verify(const struct ocsp *ocsp, const struct cert *issuer,
    struct fail *fail)
{
	if (verify(ocsp, issuer, fail) == 0)
		return 0;
	if (fail->kind == FAIL_REFUSED)
		fail->kind = FAIL_INPUT;
	return fail_in(fail, "OCSP response");
}
