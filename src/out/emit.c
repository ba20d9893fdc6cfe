/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/emit.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/out/bundle_fill.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/judges.h>
#include <anchorite/x509/cms.h>

static int
check_issued(const struct issued *issued, struct fail *fail)
{
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&issued->serial, serial);
	if (issued->status != ISSUED_VALID)
		return fail_with(fail, FAIL_REFUSED,
		    "certificate %s: want a valid one, have it %s", serial,
		    issued_status_name(issued));
	if (!issued->has_certificate)
		return fail_with(fail, FAIL_REFUSED,
		    "certificate %s: want its file, have none", serial);
	return 0;
}

/* The objects that a bundle is made of. */
struct parts {
	struct cert *certificate;
	struct csr *csr;
	struct crl *crl;		/* NULL: none yet */
};

static void
parts_release(struct parts *parts)
{
	cert_release(&parts->certificate);
	csr_release(&parts->csr);
	crl_release(&parts->crl);
}

static int
parts_load(const struct authority *authority, const struct issued *issued,
    struct parts *out, struct fail *fail)
{
	static const struct digest none;
	const struct objects *objects = authority->objects;
	const struct digest *newest = &authority->ledger->crl;
	AUTO(buf_release) struct buf certificate = { 0 };
	AUTO(buf_release) struct buf request = { 0 };
	AUTO(buf_release) struct buf crl = { 0 };

	if (objects_get(objects, &issued->certificate, &certificate, fail) ==
		-1 ||
	    cert_read(buf_bytes(&certificate), &out->certificate, fail) == -1 ||
	    objects_get(objects, &issued->request, &request, fail) == -1 ||
	    csr_read(buf_bytes(&request), &out->csr, fail) == -1)
		return -1;
	if (digest_is_equal(newest, &none))
		return 0;
	if (objects_get(objects, newest, &crl, fail) == -1)
		return -1;
	return crl_read(buf_bytes(&crl), &out->crl, fail);
}

/* The bytes of the files, not what was meant, are judged. */
static int
judge(const struct bundle_kind *kind, const struct bundle_source *source,
    const struct bundle *bundle, struct fail *fail)
{
	AUTO(auto_free) struct rule_results *results =
	    mem_new(1, sizeof(*results));
	AUTO(bundle_case_release) struct bundle_case judged = {
		.bundle = bundle,
		.kind = kind,
		.root_meant = source->ledger->root,
		.now = source->now,
	};

	rules_judge(kind->rules, &judged, source->now, results);
	if (rules_refuse(results, fail) == -1)
		return fail_in(fail, "%s", consumer_names[kind->consumer]);
	return 0;
}

static int
fill(const struct authority *authority, const struct act *act,
    struct emit_order *order, struct bundle *bundle, struct fail *fail)
{
	AUTO(parts_release) struct parts parts = { 0 };
	struct bundle_source source = {
		.ledger = authority->ledger,
		.issued = order->issued,
		.resource = order->resource,
		.region = order->region,
		.bucket = order->bucket,
		.now = act->now,
	};

	if (check_issued(order->issued, fail) == -1 ||
	    parts_load(authority, order->issued, &parts, fail) == -1 ||
	    bundle_kind_find(order->consumer, parts.certificate->ca,
		&order->kind, fail) == -1)
		return -1;
	source.certificate = parts.certificate;
	source.csr = parts.csr;
	source.crl = parts.crl;
	if (bundle_fill(order->kind, &source, bundle, fail) == -1)
		return -1;
	return judge(order->kind, &source, bundle, fail);
}

#define SERIAL_DIGITS 16

static char *
default_path(const struct authority *authority,
    const struct emit_order *order)
{
	AUTO(buf_release) struct buf name = { 0 };
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&order->issued->serial, serial);
	buf_printf(&name, BUNDLES_NAME "/%s-%.*s",
	    consumer_names[order->consumer], SERIAL_DIGITS, serial);
	return file_path(authority->path, buf_cstr(&name));
}

/* All of them, before the first is written. A stick may know no case. */
static int
find_paths(const struct authority *authority, struct emit_order *orders,
    size_t count, struct fail *fail)
{
	for (size_t n = 0; n < count; n++) {
		if (orders[n].path == NULL)
			orders[n].path = default_path(authority, &orders[n]);
		if (file_check_absent(orders[n].path, fail) == -1)
			return -1;
		for (size_t k = 0; k < n; k++)
			if (strcasecmp(orders[k].path, orders[n].path) == 0)
				return fail_with(fail, FAIL_REFUSED, "%s: two "
				    "bundles would stand there",
				    orders[n].path);
	}
	return 0;
}

struct emission {
	struct authority *authority;	/* lent, as the next two */
	const struct act *act;
	struct emit_order *orders;
	struct bundle *bundles;
	struct digest *manifests;	/* of each */
	size_t count;
};

void
emission_release(struct emission **emission)
{
	struct emission *old = GIVE(*emission);

	if (old == NULL)
		return;
	for (size_t n = 0; n < old->count; n++)
		bundle_release(&old->bundles[n]);
	free(old->bundles);
	free(old->manifests);
	free(old);
}

int
emit_prepare(struct authority *authority, const struct act *act,
    struct emit_order *orders, size_t count, struct emission **out,
    struct fail *fail)
{
	AUTO(emission_release) struct emission *emission =
	    mem_new(1, sizeof(*emission));

	emission->authority = authority;
	emission->act = act;
	emission->orders = orders;
	emission->count = count;
	emission->bundles = mem_new(count, sizeof(*emission->bundles));
	emission->manifests = mem_new(count, sizeof(*emission->manifests));
	if (authority_check_ready(authority, act, "bundled", fail) == -1 ||
	    find_paths(authority, orders, count, fail) == -1)
		return -1;
	for (size_t n = 0; n < count; n++) {
		if (fill(authority, act, &orders[n], &emission->bundles[n],
		    fail) == 0)
			continue;
		return orders[n].request == NULL ? -1 :
		    fail_in(fail, "request %s", orders[n].request);
	}
	*out = GIVE(emission);
	return 0;
}

/* The list of its files, and who says so. */
static int
sign(struct emission *emission, size_t n, const struct sealer *sealer,
    struct fail *fail)
{
	const struct ledger *ledger = emission->authority->ledger;
	struct bytes signer = buf_bytes(&ledger->journal_certificate->der);
	struct bundle *bundle = &emission->bundles[n];
	AUTO(buf_release) struct buf manifest = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };

	bundle_add_manifest(bundle, signer, &manifest);
	if (cms_sign(buf_bytes(&manifest), signer, sealer->signer,
	    emission->act->now, &signature, fail) == -1)
		return fail_in(fail, BUNDLE_SIGNATURE);
	bundle_add(bundle, BUNDLE_SIGNATURE, &signature);
	digest_of(buf_bytes(&manifest), &emission->manifests[n]);
	return 0;
}

static void
remove_from(const struct emission *emission, size_t from, size_t to)
{
	struct fail ignored = { 0 };

	for (size_t n = from; n < to; n++)
		(void)!file_remove_tree(emission->orders[n].path, &ignored);
}

/* Written first: a record never speaks of a bundle that is not there. */
static int
write_all(struct emission *emission, const struct sealer *sealer,
    struct fail *fail)
{
	for (size_t n = 0; n < emission->count; n++) {
		if (sign(emission, n, sealer, fail) == 0 &&
		    bundle_write(&emission->bundles[n],
		    emission->orders[n].path, fail) == 0)
			continue;
		remove_from(emission, 0, n);
		return -1;
	}
	return 0;
}

static int
record(struct emission *emission, size_t n, struct fail *fail)
{
	const struct emit_order *order = &emission->orders[n];
	const struct serial *serial = &order->issued->serial;
	AUTO(json_release) struct json *data = json_new();

	json_put_text(data, "consumer", consumer_names[order->consumer]);
	json_put_digest(data, "manifest", &emission->manifests[n]);
	json_put_hex(data, "serial", bytes_of(serial->octets, serial->len));
	return authority_append(emission->authority, emission->act, "bundled",
	    &data, fail);
}

/* Nor is there a bundle that no record speaks of; and what was recorded is
 * sealed, whatever became of the others. */
int
emit_finish(struct emission *emission, const struct sealer *sealer,
    struct fail *fail)
{
	struct fail ignored = { 0 };
	size_t n = 0;

	if (write_all(emission, sealer, fail) == -1)
		return -1;
	while (n < emission->count && record(emission, n, fail) == 0)
		n++;
	if (n == emission->count)
		return authority_seal(emission->authority, emission->act,
		    sealer, fail);
	remove_from(emission, n, emission->count);
	if (n > 0)
		(void)!authority_seal(emission->authority, emission->act,
		    sealer, &ignored);
	return -1;
}
