/* SPDX-License-Identifier: Apache-2.0 */
/* The bundles that the command line asks for: of certificates, or of all that
 * a list of requests became. */
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/x509/csr.h>

#include "cli.h"

void
orders_release(struct orders *orders)
{
	for (size_t n = 0; n < orders->count; n++)
		free(orders->items[n].path);
	free(orders->items);
	target_release(&orders->target);
	batch_release(&orders->batch);
	*orders = (struct orders){ 0 };
}

/* Files for anyone go nowhere, whatever else is made of the certificate. */
static bool
has_resource(enum consumer consumer)
{
	for (const struct bundle_kind *kind = bundle_kinds;
	    kind->summary != NULL; kind++)
		if (kind->consumer == consumer && kind->resource_form != NULL)
			return true;
	return false;
}

/* One for each of the consumers; the target is what the journal has. */
static void
add_each(struct orders *orders, const struct issued *issued,
    unsigned consumers, const char *request, const char *stem)
{
	orders->items = mem_grow(orders->items, orders->count + CONSUMERS,
	    sizeof(*orders->items));
	for (int n = 0; n < CONSUMERS; n++) {
		struct emit_order *order = &orders->items[orders->count];
		AUTO(buf_release) struct buf path = { 0 };

		if ((consumers & 1u << n) == 0)
			continue;
		*order = (struct emit_order){
			.consumer = (enum consumer)n,
			.issued = issued,
			.request = request,
			.resource = has_resource((enum consumer)n) ?
			    issued->target.resource : NULL,
			.region = issued->target.region,
			.bucket = issued->target.bucket,
		};
		if (stem != NULL) {
			buf_printf(&path, "%s-%s", stem, consumer_names[n]);
			order->path = mem_text(buf_cstr(&path));
		}
		orders->count++;
	}
}

/* What the options say of the target, the journal does not. A resource of its
 * own has a region of its own. */
static int
set_target(const char *const *values, struct orders *orders,
    struct fail *fail)
{
	struct emit_order *order = &orders->items[0];
	struct target given = {
		.resource = values[OPT_RESOURCE],
		.region = values[OPT_REGION],
		.bucket = values[OPT_BUCKET],
	};

	if (given.resource == NULL)
		given.resource = order->resource;
	if (given.region == NULL && values[OPT_RESOURCE] == NULL)
		given.region = order->region;
	if (given.bucket == NULL)
		given.bucket = order->bucket;
	if (target_build(&given, &orders->target, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return -1;
	}
	order->resource = orders->target.resource;
	order->region = orders->target.region;
	order->bucket = orders->target.bucket;
	return 0;
}

/* What is meant for one cannot stand for several. */
static int
set_single(const struct cli *cli, struct orders *orders, struct fail *fail)
{
	static const enum option single[] = {
		OPT_OUT, OPT_RESOURCE, OPT_REGION, OPT_BUCKET,
	};
	size_t given = 0;

	for (size_t n = 0; n < COUNT(single); n++) {
		if (cli->values[single[n]] == NULL)
			continue;
		if (orders->count > 1)
			return fail_with(fail, FAIL_USAGE,
			    "%s takes one ID and one consumer",
			    option_rows[single[n]].name);
		given++;
	}
	if (given > 0 && set_target(cli->values, orders, fail) == -1)
		return -1;
	if (cli->values[OPT_OUT] != NULL)
		orders->items[0].path = mem_text(cli->values[OPT_OUT]);
	return 0;
}

static int
read_ids(const struct cli *cli, const struct ledger *ledger,
    unsigned consumers, struct orders *orders, struct fail *fail)
{
	if (cli->operand_count == 0)
		return fail_with(fail, FAIL_USAGE, "bundle: ID... is missing");
	for (int n = 0; n < cli->operand_count; n++) {
		struct issued *issued;
		unsigned theirs;

		if (ledger_look_up(ledger, cli->operands[n], &issued, fail) ==
		    -1)
			return -1;
		theirs = consumers != 0 ? consumers : issued->consumers;
		if (theirs == 0)
			return fail_with(fail, FAIL_USAGE, "bundle: --for "
			    "CONSUMER is missing: the journal has none for %s",
			    cli->operands[n]);
		add_each(orders, issued, theirs, NULL, NULL);
	}
	return set_single(cli, orders, fail);
}

static int
compare(const char *what, const char *list, const char *journal,
    struct fail *fail)
{
	list = list != NULL ? list : "none";
	journal = journal != NULL ? journal : "none";
	if (strcmp(list, journal) == 0)
		return 0;
	return fail_with(fail, FAIL_REFUSED,
	    "%s: the list has %s, the journal %s", what, list, journal);
}

/* A list that was changed since says what nobody approved. */
static int
compare_all(const struct issue_file *file, const struct issued *issued,
    struct fail *fail)
{
	AUTO(buf_release) struct buf list = { 0 };
	AUTO(buf_release) struct buf journal = { 0 };

	consumers_write(file->consumers, &list);
	consumers_write(issued->consumers, &journal);
	/* A list may leave it to --profile, when it is signed. */
	if (file->profile[0] != '\0' &&
	    compare("profile", file->profile, issued->profile, fail) == -1)
		return -1;
	if (compare("for", list.len > 0 ? buf_cstr(&list) : NULL,
		journal.len > 0 ? buf_cstr(&journal) : NULL, fail) == -1 ||
	    compare("resource", file->target.resource,
		issued->target.resource, fail) == -1 ||
	    compare("region", file->target.region, issued->target.region,
		fail) == -1)
		return -1;
	return compare("bucket", file->target.bucket, issued->target.bucket,
	    fail);
}

/* The certificate that a request of the list became. */
static int
find_issued(const struct ledger *ledger, const struct issue_file *file,
    const struct issued **out, struct fail *fail)
{
	AUTO(csr_release) struct csr *csr = NULL;
	const struct issued *issued;

	if (csr_read(file->content, &csr, fail) == -1)
		return -1;
	issued = ledger_find_issued(ledger, &csr->digest);
	if (issued == NULL)
		return fail_with(fail, FAIL_REFUSED,
		    "no certificate was issued for it");
	if (issued->status != ISSUED_VALID)
		return fail_with(fail, FAIL_REFUSED,
		    "its certificate: want a valid one, have it %s",
		    issued_status_name(issued));
	*out = issued;
	return compare_all(file, issued, fail);
}

static int
add_listed(const struct cli *cli, const struct ledger *ledger,
    const struct issue_file *file, unsigned consumers, struct orders *orders,
    struct fail *fail)
{
	AUTO(buf_release) struct buf stem = { 0 };
	const struct issued *issued;

	if (find_issued(ledger, file, &issued, fail) == -1)
		return -1;
	consumers = consumers != 0 ? consumers : issued->consumers;
	if (consumers == 0)
		return fail_with(fail, FAIL_REFUSED,
		    "for: the list has none, and there is no --for");
	if (cli->values[OPT_OUT] != NULL)
		buf_printf(&stem, "%s/%.*s", cli->values[OPT_OUT],
		    batch_stem(file->name), file->name);
	add_each(orders, issued, consumers, file->name,
	    stem.len > 0 ? buf_cstr(&stem) : NULL);
	return 0;
}

static int
read_list(const struct cli *cli, const struct ledger *ledger,
    unsigned consumers, struct orders *orders, struct fail *fail)
{
	static const enum option options[] = {
		OPT_RESOURCE, OPT_REGION, OPT_BUCKET,
	};
	const struct batch *batch;
	struct fail_sum sum = { 0 };

	if (cli->operand_count > 0)
		return fail_with(fail, FAIL_USAGE,
		    "bundle: --batch takes no ID beside it");
	for (size_t n = 0; n < COUNT(options); n++)
		if (cli->values[options[n]] != NULL)
			return fail_with(fail, FAIL_USAGE,
			    "%s takes one ID, and no --batch",
			    option_rows[options[n]].name);
	if (batch_load(cli->values[OPT_BATCH], "", &orders->batch, fail) == -1)
		return -1;
	batch = orders->batch;
	for (size_t n = 0; n < batch->count; n++) {
		const struct issue_file *file = &batch->files[n];
		struct fail one = { 0 };

		if (add_listed(cli, ledger, file, consumers, orders, &one) ==
		    0)
			continue;
		(void)fail_in(&one, "request %s", file->name);
		fail_add(&sum, &one);
	}
	return fail_total(&sum, batch->count, "requests", fail);
}

int
orders_read(const struct cli *cli, const struct ledger *ledger,
    struct orders *out, struct fail *fail)
{
	unsigned consumers = 0;

	if (cli->values[OPT_FOR] != NULL &&
	    consumers_read(cli->values[OPT_FOR], &consumers, fail) == -1)
		return -1;
	if (cli->values[OPT_OUT] != NULL &&
	    file_check_absent(cli->values[OPT_OUT], fail) == -1)
		return -1;
	return cli->values[OPT_BATCH] != NULL ?
	    read_list(cli, ledger, consumers, out, fail) :
	    read_ids(cli, ledger, consumers, out, fail);
}
