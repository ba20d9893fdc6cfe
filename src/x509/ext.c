/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/ext.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#include "ext_internal.h"

static const char *const ext_key_usage_names[] = {
	"serverAuth", "clientAuth", "codeSigning", "emailProtection",
	"timeStamping", "OCSPSigning", "anyExtendedKeyUsage", NULL,
};

/* Where one extension begins and ends in the output. */
struct frame {
	size_t extension, value;
};

static struct frame
frame_begin(struct buf *out, int nid, bool critical)
{
	struct frame frame;

	frame.extension = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, nid);
	if (critical)
		der_put_bool(out, true);
	frame.value = der_begin(out, DER_OCTET_STRING);
	return frame;
}

static void
frame_end(struct buf *out, struct frame frame)
{
	der_end(out, frame.value);
	der_end(out, frame.extension);
}

/*
 * A dotted OID. OpenSSL also takes blanks and leading zeros: what it makes
 * of the text must read the same again.
 */
static int
write_dotted(const char *text, struct buf *out, struct fail *fail)
{
	ASN1_OBJECT *object = OBJ_txt2obj(text, 1);
	char again[256];
	bool same = object != NULL &&
	    OBJ_obj2txt(again, sizeof(again), object, 1) > 0 &&
	    strcmp(text, again) == 0;

	if (same)
		der_put(out, DER_OID, bytes_of(OBJ_get0_data(object),
		    OBJ_length(object)));
	ASN1_OBJECT_free(object);
	if (!same)
		return fail_openssl(fail, FAIL_INPUT, "%s: not an OID", text);
	return 0;
}

/* An absolute URI of a scheme that serves certificates (RFC 3986, 2). */
static bool
is_url(const char *text)
{
	static const char *const schemes[] = {
		"http://", "https://", "ldap://",
	};
	const char *rest = NULL;
	size_t n;

	for (n = 0; n < COUNT(schemes); n++)
		if (strncmp(text, schemes[n], strlen(schemes[n])) == 0)
			rest = text + strlen(schemes[n]);
	return rest != NULL && rest[0] != '\0' && rest[0] != '/' &&
	    rest[strspn(rest, LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=%")] ==
	    '\0';
}

static int
write_url(int tag, const char *url, struct buf *out, struct fail *fail)
{
	if (!is_url(url))
		return fail_with(fail, FAIL_INPUT,
		    "%s: not an http, https or ldap URL", url);
	der_put(out, tag, bytes_text(url));
	return 0;
}

static int
write_basic_constraints(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	struct frame frame = frame_begin(out, NID_basic_constraints, true);
	size_t mark = der_begin(out, DER_SEQUENCE);

	if (!plan->ca && plan->path_length >= 0)
		return fail_with(fail, FAIL_INPUT, "path length %d without CA "
		    "(RFC 5280, 4.2.1.9)", plan->path_length);
	if (plan->ca)
		der_put_bool(out, true);
	if (plan->path_length >= 0)
		der_put_number(out, (uint64_t)plan->path_length);
	der_end(out, mark);
	frame_end(out, frame);
	return 0;
}

static int
write_authority_key(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	struct frame frame;
	size_t mark;

	(void)fail;
	if (plan->authority_key == NULL)
		return 0;
	frame = frame_begin(out, NID_authority_key_identifier, false);
	mark = der_begin(out, DER_SEQUENCE);
	der_put(out, DER_CONTEXT(0), bytes_of(plan->authority_key,
	    DIGEST_SHA1_LEN));
	der_end(out, mark);
	frame_end(out, frame);
	return 0;
}

static int
write_subject_key(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	struct frame frame;

	(void)fail;
	if (plan->subject_key == NULL)
		return 0;
	frame = frame_begin(out, NID_subject_key_identifier, false);
	der_put(out, DER_OCTET_STRING, bytes_of(plan->subject_key,
	    plan->subject_key_len > 0 ? plan->subject_key_len :
	    DIGEST_SHA1_LEN));
	frame_end(out, frame);
	return 0;
}

/* A named bit list ends with its last set bit (X.690, 11.2.2). */
static int
write_key_usage(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	uint8_t content[3] = { 0 };
	struct frame frame;
	unsigned bit, last = 0;

	(void)fail;
	if (plan->key_usage == 0)
		return 0;
	for (bit = 0; bit <= EXT_KU_DECIPHER_ONLY; bit++) {
		if ((plan->key_usage & 1U << bit) == 0)
			continue;
		content[1 + bit / 8] |= (uint8_t)(0x80U >> bit % 8);
		last = bit;
	}
	content[0] = (uint8_t)(7 - last % 8);
	frame = frame_begin(out, NID_key_usage, true);
	der_put(out, DER_BIT_STRING, bytes_of(content, 2 + last / 8));
	frame_end(out, frame);
	return 0;
}

static int
write_purpose(const char *purpose, struct buf *out, struct fail *fail)
{
	const char *near;
	size_t n;

	if (strspn(purpose, DIGITS) > 0)
		return write_dotted(purpose, out, fail);
	for (n = 0; ext_key_usage_names[n] != NULL; n++) {
		if (strcmp(purpose, ext_key_usage_names[n]) == 0) {
			der_put_nid(out, OBJ_sn2nid(purpose));
			return 0;
		}
	}
	near = text_nearest(purpose, ext_key_usage_names);
	if (near == NULL)
		return fail_with(fail, FAIL_INPUT, "%s: unknown extended key "
		    "usage", purpose);
	return fail_with(fail, FAIL_INPUT, "%s: unknown extended key usage, "
	    "is %s meant?", purpose, near);
}

static int
write_ext_key_usage(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	const struct ext_texts *usages = &plan->ext_key_usage;
	struct frame frame;
	size_t mark, n;

	if (usages->count == 0)
		return 0;
	frame = frame_begin(out, NID_ext_key_usage, false);
	mark = der_begin(out, DER_SEQUENCE);
	for (n = 0; n < usages->count; n++)
		if (write_purpose(usages->items[n], out, fail) != 0)
			return -1;
	der_end(out, mark);
	frame_end(out, frame);
	return 0;
}

static int
write_policy(const struct ext_policy *policy, struct buf *out,
    struct fail *fail)
{
	size_t information = der_begin(out, DER_SEQUENCE);
	size_t list, qualifier;

	if (write_dotted(policy->oid, out, fail) != 0)
		return -1;
	if (policy->cps != NULL) {
		list = der_begin(out, DER_SEQUENCE);
		qualifier = der_begin(out, DER_SEQUENCE);
		der_put_nid(out, NID_id_qt_cps);
		if (write_url(DER_IA5_STRING, policy->cps, out, fail) != 0)
			return -1;
		der_end(out, qualifier);
		der_end(out, list);
	}
	der_end(out, information);
	return 0;
}

static int
write_policies(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	struct frame frame;
	size_t mark, n;

	if (plan->policy_count == 0)
		return 0;
	frame = frame_begin(out, NID_certificate_policies, false);
	mark = der_begin(out, DER_SEQUENCE);
	for (n = 0; n < plan->policy_count; n++)
		if (write_policy(&plan->policies[n], out, fail) != 0)
			return -1;
	der_end(out, mark);
	frame_end(out, frame);
	return 0;
}

static int
write_name_constraints(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf trees = { 0 };
	struct frame frame;

	if (ext_write_subtrees(&plan->permitted, DER_CONTEXT_CONSTRUCTED(0),
	    &trees, fail) != 0 ||
	    ext_write_subtrees(&plan->excluded, DER_CONTEXT_CONSTRUCTED(1),
	    &trees, fail) != 0)
		return -1;
	if (trees.len == 0)
		return 0;
	frame = frame_begin(out, NID_name_constraints, true);
	der_put(out, DER_SEQUENCE, buf_bytes(&trees));
	frame_end(out, frame);
	return 0;
}

/* One DistributionPoint: its names lead to the same CRL (4.2.1.13). */
static int
write_crl_urls(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	const struct ext_texts *urls = &plan->crl_urls;
	size_t points, point, name, full, n;
	struct frame frame;

	if (urls->count == 0)
		return 0;
	frame = frame_begin(out, NID_crl_distribution_points, false);
	points = der_begin(out, DER_SEQUENCE);
	point = der_begin(out, DER_SEQUENCE);
	name = der_begin(out, DER_CONTEXT_CONSTRUCTED(0));
	full = der_begin(out, DER_CONTEXT_CONSTRUCTED(0));
	for (n = 0; n < urls->count; n++)
		if (write_url(DER_CONTEXT(GENERAL_URI), urls->items[n], out,
		    fail) != 0)
			return -1;
	der_end(out, full);
	der_end(out, name);
	der_end(out, point);
	der_end(out, points);
	frame_end(out, frame);
	return 0;
}

static int
write_accesses(int method, const struct ext_texts *urls, struct buf *out,
    struct fail *fail)
{
	size_t mark, n;

	for (n = 0; n < urls->count; n++) {
		mark = der_begin(out, DER_SEQUENCE);
		der_put_nid(out, method);
		if (write_url(DER_CONTEXT(GENERAL_URI), urls->items[n], out,
		    fail) != 0)
			return -1;
		der_end(out, mark);
	}
	return 0;
}

static int
write_authority_access(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	struct frame frame;
	size_t mark;

	if (plan->ocsp_urls.count + plan->issuer_urls.count == 0)
		return 0;
	frame = frame_begin(out, NID_info_access, false);
	mark = der_begin(out, DER_SEQUENCE);
	if (write_accesses(NID_ad_OCSP, &plan->ocsp_urls, out, fail) != 0 ||
	    write_accesses(NID_ad_ca_issuers, &plan->issuer_urls, out,
	    fail) != 0)
		return -1;
	der_end(out, mark);
	frame_end(out, frame);
	return 0;
}

/* Nobody asks whether the responder's own certificate is revoked. */
static int
write_ocsp_no_check(const struct ext_plan *plan, struct buf *out,
    struct fail *fail)
{
	struct frame frame;

	(void)fail;
	if (!plan->ocsp_no_check)
		return 0;
	frame = frame_begin(out, NID_id_pkix_OCSP_noCheck, false);
	der_put(out, DER_NULL, bytes_of(NULL, 0));
	frame_end(out, frame);
	return 0;
}

static int
write_copied(const struct ext_plan *plan, struct buf *out, struct fail *fail)
{
	size_t mark, n;

	(void)fail;
	for (n = 0; n < plan->copied_count; n++) {
		mark = der_begin(out, DER_SEQUENCE);
		der_put(out, DER_OID, plan->copied[n].oid);
		if (plan->copied[n].critical)
			der_put_bool(out, true);
		der_put(out, DER_OCTET_STRING, plan->copied[n].value);
		der_end(out, mark);
	}
	return 0;
}

/* In AWS Private CA's order. */
static const struct {
	const char *name;
	int (*write)(const struct ext_plan *plan, struct buf *out,
	    struct fail *fail);
} writers[] = {
	{ "basicConstraints", write_basic_constraints },
	{ "authorityKeyIdentifier", write_authority_key },
	{ "subjectKeyIdentifier", write_subject_key },
	{ "keyUsage", write_key_usage },
	{ "extendedKeyUsage", write_ext_key_usage },
	{ "certificatePolicies", write_policies },
	{ "nameConstraints", write_name_constraints },
	{ "crlDistributionPoints", write_crl_urls },
	{ "authorityInfoAccess", write_authority_access },
	{ "noCheck", write_ocsp_no_check },
	{ "copied", write_copied },
};

int
ext_write(const struct ext_plan *plan, struct buf *out, struct fail *fail)
{
	AUTO(buf_release) struct buf list = { 0 };
	size_t mark = der_begin(&list, DER_SEQUENCE), n;

	for (n = 0; n < COUNT(writers); n++)
		if (writers[n].write(plan, &list, fail) != 0)
			return fail_in(fail, "%s", writers[n].name);
	der_end(&list, mark);
	buf_put(out, buf_bytes(&list));
	return 0;
}
