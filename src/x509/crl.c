/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/crl.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define VERSION_2      1	/* counted from 0 */
#define TAG_EXTENSIONS DER_CONTEXT_CONSTRUCTED(0)
#define EXTENSIONS_MAX 16
#define ENTRY_EXT_MAX  4

/* An entry with a reason: serial, time and reasonCode, and their heads. */
#define ENTRY_SIZE (22 + 17 + 16 + 4)

/* RFC 5280, 5.3.1, those that enum crl_reason has. */
static const char *const reason_names[] = {
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged",
	"superseded", "cessationOfOperation", "privilegeWithdrawn", NULL,
};
static const enum crl_reason reasons[] = {
	CRL_UNSPECIFIED, CRL_KEY_COMPROMISE, CRL_CA_COMPROMISE,
	CRL_AFFILIATION_CHANGED, CRL_SUPERSEDED, CRL_CESSATION_OF_OPERATION,
	CRL_PRIVILEGE_WITHDRAWN,
};
_Static_assert(COUNT(reasons) + 1 == COUNT(reason_names), "one name each");

const char *
crl_reason_name(enum crl_reason reason)
{
	size_t n;

	for (n = 0; n < COUNT(reasons); n++)
		if (reasons[n] == reason)
			return reason_names[n];
	return NULL;
}

int
crl_reason_read(const char *name, enum crl_reason *out, struct fail *fail)
{
	AUTO(buf_release) struct buf all = { 0 };
	const char *near;
	size_t n;

	for (n = 0; n < COUNT(reasons); n++) {
		if (strcmp(name, reason_names[n]) == 0) {
			*out = reasons[n];
			return 0;
		}
		buf_printf(&all, n == 0 ? "%s" : ", %s", reason_names[n]);
	}
	near = text_nearest(name, reason_names);
	if (near != NULL)
		return fail_with(fail, FAIL_USAGE, "unknown reason %s, is %s "
		    "meant?", name, near);
	return fail_with(fail, FAIL_USAGE, "unknown reason %s, want one of %s",
	    name, buf_cstr(&all));
}

static void
build_reason(enum crl_reason reason, struct buf *out)
{
	const uint8_t code = (uint8_t)reason;
	size_t list, extension, value;

	list = der_begin(out, DER_SEQUENCE);
	extension = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, NID_crl_reason);
	value = der_begin(out, DER_OCTET_STRING);
	der_put(out, DER_ENUMERATED, bytes_of(&code, 1));
	der_end(out, value);
	der_end(out, extension);
	der_end(out, list);
}

static void
build_entry(const struct crl_entry *entry, struct buf *out)
{
	size_t mark = der_begin(out, DER_SEQUENCE);

	der_put_unsigned(out, bytes_of(entry->serial.octets,
	    entry->serial.len));
	der_put_time(out, entry->revoked_at);
	if (entry->reason != CRL_UNSPECIFIED)
		build_reason(entry->reason, out);
	der_end(out, mark);
}

/* RFC 5280, 5.2.1 and 5.2.3. */
static void
build_extensions(const struct crl_plan *plan, struct buf *out)
{
	size_t tagged = der_begin(out, TAG_EXTENSIONS);
	size_t list = der_begin(out, DER_SEQUENCE);
	size_t extension, value, key;

	extension = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, NID_authority_key_identifier);
	value = der_begin(out, DER_OCTET_STRING);
	key = der_begin(out, DER_SEQUENCE);
	der_put(out, DER_CONTEXT(0), bytes_of(plan->authority_key,
	    DIGEST_SHA1_LEN));
	der_end(out, key);
	der_end(out, value);
	der_end(out, extension);
	extension = der_begin(out, DER_SEQUENCE);
	der_put_nid(out, NID_crl_number);
	value = der_begin(out, DER_OCTET_STRING);
	der_put_number(out, plan->number);
	der_end(out, value);
	der_end(out, extension);
	der_end(out, list);
	der_end(out, tagged);
}

int
crl_build(const struct crl_plan *plan, struct buf *tbs_out, struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	size_t all, mark, n;

	if (plan->number == 0)
		return fail_with(fail, FAIL_INPUT, "CRL number 0, want 1 or "
		    "more");
	buf_reserve(&tbs, plan->issuer.len + 512 +
	    plan->entry_count * ENTRY_SIZE);
	all = der_begin(&tbs, DER_SEQUENCE);
	der_put_number(&tbs, VERSION_2);
	buf_put(&tbs, plan->alg->der);
	buf_put(&tbs, plan->issuer);
	der_put_time(&tbs, plan->this_update);
	der_put_time(&tbs, plan->next_update);
	if (plan->entry_count > 0) {
		mark = der_begin(&tbs, DER_SEQUENCE);
		for (n = 0; n < plan->entry_count; n++)
			build_entry(&plan->entries[n], &tbs);
		der_end(&tbs, mark);
	}
	build_extensions(plan, &tbs);
	der_end(&tbs, all);
	buf_put(tbs_out, buf_bytes(&tbs));
	return 0;
}

/* A critical extension that is not understood voids all (RFC 5280, 5.2). */
static int
refuse_critical(const struct ext *list, size_t count, struct fail *fail)
{
	char name[DER_OID_SIZE];
	size_t n;

	for (n = 0; n < count; n++) {
		if (!list[n].critical)
			continue;
		ext_show_oid(list[n].oid, name, sizeof(name));
		return fail_with(fail, FAIL_INPUT,
		    "critical extension %s not understood", name);
	}
	return 0;
}

static int
read_reason(const struct ext *list, size_t count, enum crl_reason *out,
    struct fail *fail)
{
	const struct ext *ext = ext_find(list, count, NID_crl_reason);
	struct bytes rest, code;

	*out = CRL_UNSPECIFIED;
	if (ext == NULL)
		return 0;
	rest = ext->value;
	if (der_next(&rest, DER_ENUMERATED, &code, NULL, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return fail_in(fail, "reasonCode");
	if (code.len != 1 || crl_reason_name(code.data[0]) == NULL)
		return fail_with(fail, FAIL_INPUT, "reasonCode unknown");
	*out = code.data[0];
	return 0;
}

int
crl_next(struct bytes *rest, struct crl_entry *out, struct fail *fail)
{
	struct ext list[ENTRY_EXT_MAX];
	struct crl_entry entry = { 0 };
	struct bytes after = *rest, one;
	size_t count = 0;

	if (der_next(&after, DER_SEQUENCE, &one, NULL, fail) != 0 ||
	    serial_read_der(&one, &entry.serial, fail) != 0 ||
	    der_read_time(&one, &entry.revoked_at, fail) != 0)
		return -1;
	if (one.len > 0 && (ext_read(one, list, COUNT(list), &count,
	    fail) != 0 || refuse_critical(list, count, fail) != 0 ||
	    read_reason(list, count, &entry.reason, fail) != 0))
		return -1;
	*out = entry;
	*rest = after;
	return 0;
}

static int
read_entries(struct bytes *rest, struct crl *crl, struct fail *fail)
{
	struct crl_entry entry;
	struct bytes left;

	if (!der_is_next(*rest, DER_SEQUENCE))
		return 0;
	if (der_next(rest, DER_SEQUENCE, &crl->entries, NULL, fail) != 0)
		return -1;
	if (crl->entries.len == 0)
		return fail_with(fail, FAIL_INPUT, "empty revokedCertificates "
		    "(RFC 5280, 5.1.2.6)");
	for (left = crl->entries; left.len > 0; crl->entry_count++)
		if (crl_next(&left, &entry, fail) != 0)
			return fail_in(fail, "entry %zu",
			    crl->entry_count + 1);
	return 0;
}

static int
read_number(const struct ext *ext, uint64_t *out, struct fail *fail)
{
	struct bytes rest = ext->value, octets;
	uint64_t number = 0;
	size_t n;

	if (der_next(&rest, DER_INTEGER, &octets, NULL, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return fail_in(fail, "CRL number");
	if (octets.len == 0 || (octets.data[0] & 0x80) != 0 ||
	    octets.len > sizeof(number) + (octets.data[0] == 0))
		return fail_with(fail, FAIL_INPUT, "CRL number out of range");
	for (n = 0; n < octets.len; n++)
		number = number << 8 | octets.data[n];
	*out = number;
	return 0;
}

static int
read_extensions(struct bytes *rest, struct crl *crl, struct fail *fail)
{
	struct ext list[EXTENSIONS_MAX];
	const struct ext *key, *number;
	struct bytes tagged;
	size_t count;

	if (der_next(rest, TAG_EXTENSIONS, &tagged, NULL, fail) != 0)
		return fail_in(fail, "extensions");
	if (ext_read(tagged, list, COUNT(list), &count, fail) != 0 ||
	    refuse_critical(list, count, fail) != 0)
		return -1;
	key = ext_find(list, count, NID_authority_key_identifier);
	if (key != NULL && ext_read_authority_key(key, &crl->authority_key,
	    fail) != 0)
		return -1;
	if (crl->authority_key.len == 0)
		return fail_with(fail, FAIL_INPUT, "no authority key "
		    "identifier (RFC 5280, 5.2.1)");
	number = ext_find(list, count, NID_crl_number);
	if (number == NULL)
		return fail_with(fail, FAIL_INPUT,
		    "no CRL number (RFC 5280, 5.2.3)");
	return read_number(number, &crl->number, fail);
}

static int
read_head(struct bytes *rest, struct crl *crl, struct fail *fail)
{
	struct bytes version, algorithm;

	if (!der_is_next(*rest, DER_INTEGER))
		return fail_with(fail, FAIL_INPUT, "version 1, want 2");
	if (der_next(rest, DER_INTEGER, &version, NULL, fail) != 0)
		return fail_in(fail, "version");
	if (version.len != 1 || version.data[0] != VERSION_2)
		return fail_with(fail, FAIL_INPUT, "version not 2");
	if (der_next(rest, DER_SEQUENCE, NULL, &algorithm, fail) != 0)
		return fail_in(fail, "signature algorithm");
	if (!bytes_is_equal(algorithm, crl->alg->der))
		return fail_with(fail, FAIL_INPUT, "signature algorithm within "
		    "differs from the one outside (RFC 5280, 5.1.1.2)");
	if (der_next(rest, DER_SEQUENCE, NULL, &crl->issuer, fail) != 0 ||
	    name_read_shape(crl->issuer, fail) != 0)
		return fail_in(fail, "issuer");
	if (der_read_time(rest, &crl->this_update, fail) != 0)
		return fail_in(fail, "thisUpdate");
	if (der_read_time(rest, &crl->next_update, fail) != 0)
		return fail_in(fail, "nextUpdate (RFC 5280, 5.1.2.5)");
	return 0;
}

static int
read_tbs(struct crl *crl, struct fail *fail)
{
	struct bytes tbs = crl->tbs, rest;

	if (der_next(&tbs, DER_SEQUENCE, &rest, NULL, fail) != 0 ||
	    read_head(&rest, crl, fail) != 0 ||
	    read_entries(&rest, crl, fail) != 0 ||
	    read_extensions(&rest, crl, fail) != 0)
		return -1;
	return der_end_of(rest, fail);
}

int
crl_read(struct bytes file, struct crl **out, struct fail *fail)
{
	static const char *const labels[] = { "X509 CRL", NULL };
	AUTO(crl_release) struct crl *crl = mem_new(1, sizeof(*crl));
	struct alg_signed parts;

	if (!text_has_pem(file))
		buf_put(&crl->der, file);
	else if (text_read_pem(file, labels, &crl->der, fail) != 0)
		return fail_in(fail, "CRL");
	if (alg_unwrap(buf_bytes(&crl->der), &parts, fail) != 0)
		return fail_in(fail, "CRL");
	crl->tbs = parts.tbs;
	crl->alg = parts.alg;
	crl->signature = parts.signature;
	digest_of(buf_bytes(&crl->der), &crl->digest);
	if (read_tbs(crl, fail) != 0)
		return fail_in(fail, "CRL");
	*out = GIVE(crl);
	return 0;
}

void
crl_release(struct crl **crl)
{
	if (*crl == NULL)
		return;
	buf_release(&(*crl)->der);
	free(*crl);
	*crl = NULL;
}

int
crl_verify(const struct crl *crl, EVP_PKEY *issuer_key, struct fail *fail)
{
	return alg_verify(crl->alg, issuer_key, crl->tbs, crl->signature,
	    fail);
}
