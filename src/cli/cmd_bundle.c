/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/out/bundle_kind.h>
#include <anchorite/out/bundle_verify.h>
#include <anchorite/out/emit.h>

#include "cli.h"

/* The bundles that the command line asks for. */
struct orders {
	struct emit_order *items;
	size_t count, room;
	char *consumers;		/* of --for, taken apart */
};

static void
orders_release(struct orders *orders)
{
	for (size_t n = 0; n < orders->count; n++)
		free(orders->items[n].path);
	free(orders->items);
	free(orders->consumers);
}

static void
orders_add(struct orders *orders, const struct emit_order *order)
{
	if (orders->count == orders->room) {
		orders->room = orders->room == 0 ? 16 : 2 * orders->room;
		orders->items = mem_grow(orders->items, orders->room,
		    sizeof(*orders->items));
	}
	orders->items[orders->count++] = *order;
}

/* Each certificate for each consumer. */
static int
orders_read(const struct cli *cli, const struct authority *authority,
    struct orders *orders, struct fail *fail)
{
	const char *const *values = cli->values;
	char *rest = orders->consumers = mem_text(values[OPT_FOR]), *name;

	while ((name = strsep(&rest, ",")) != NULL) {
		if (bundle_kind_check_name(name, fail) == -1)
			return -1;
		for (int n = 0; n < cli->operand_count; n++) {
			struct issued *issued;
			struct emit_order order = {
				.consumer = name,
				.resource = values[OPT_RESOURCE],
				.region = values[OPT_REGION],
				.bucket = values[OPT_BUCKET],
			};

			if (ledger_look_up(authority->ledger,
			    cli->operands[n], &issued, fail) == -1)
				return -1;
			order.issued = issued;
			orders_add(orders, &order);
		}
	}
	return 0;
}

/* What is meant for one cannot stand for several. */
static int
check_single(const struct cli *cli, struct orders *orders,
    struct fail *fail)
{
	static const enum option single[] = {
		OPT_OUT, OPT_RESOURCE, OPT_REGION, OPT_BUCKET,
	};

	for (size_t n = 0; n < COUNT(single) && orders->count > 1; n++)
		if (cli->values[single[n]] != NULL)
			return fail_with(fail, FAIL_USAGE,
			    "%s takes one ID and one consumer",
			    option_rows[single[n]].name);
	if (cli->values[OPT_OUT] != NULL)
		orders->items[0].path = mem_text(cli->values[OPT_OUT]);
	return 0;
}

static void
show_bundles(const struct cli *cli, const struct orders *orders)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (size_t n = 0; n < orders->count; n++) {
		json_add_text(list, orders->items[n].path);
		if (!cli->is_json)
			printf("bundle for %s: %s\n",
			    orders->items[n].consumer, orders->items[n].path);
	}
	if (cli->is_json)
		show_json(list);
}

int
run_bundle(struct cli *cli, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(custody_release) struct custody custody = { 0 };
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(orders_release) struct orders orders = { 0 };
	AUTO(sealer_release) struct sealer sealer = { 0 };

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    orders_read(cli, authority, &orders, fail) == -1 ||
	    check_single(cli, &orders, fail) == -1 ||
	    authority_check_ready(authority, &cli->act, "bundled", fail) ==
		-1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    emit_bundles(authority, &cli->act, orders.items, orders.count,
		&sealer, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_bundles(cli, &orders);
	return 0;
}

static int
read_fingerprint(const struct cli *cli, enum option option,
    struct digest *digest, const struct digest **out, struct fail *fail)
{
	if (cli->values[option] == NULL)
		return 0;
	if (digest_read_hex(cli->values[option], digest, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "%s", option_rows[option].name);
	}
	*out = digest;
	return 0;
}

static void
show_verdict(const struct bundle_verdict *verdict)
{
	const struct bundle_case *judged = &verdict->judged;

	show_line("for", verdict->kind->summary);
	if (judged->count > 0) {
		show_certificate(judged->path[0]);
		show_digest("root SHA-256",
		    &judged->path[judged->count - 1]->digest);
	}
	show_digest("journal key", &verdict->signer->digest);
	show_time("made", verdict->signed_at);
}

static struct json *
verdict_json(const struct bundle_verdict *verdict)
{
	const struct bundle_case *judged = &verdict->judged;
	struct json *json = json_new();
	struct json *rules = rules_json(&verdict->results);

	json_put_text(json, "consumer", verdict->kind->name);
	if (judged->count > 0) {
		struct json *certificate = certificate_json(judged->path[0]);

		json_put(json, "certificate", &certificate);
		json_put_digest(json, "root",
		    &judged->path[judged->count - 1]->digest);
	}
	json_put_digest(json, "journal_key", &verdict->signer->digest);
	json_put_time(json, "made", verdict->signed_at);
	json_put(json, "rules", &rules);
	json_put_bool(json, "accepted", verdict->results.broken == 0);
	return json;
}

int
run_bundle_verify(struct cli *cli, struct fail *fail)
{
	AUTO(bundle_verdict_release) struct bundle_verdict *verdict = NULL;
	struct digest digests[2];
	const struct digest *root = NULL, *journal_key = NULL;

	if (read_fingerprint(cli, OPT_ROOT, &digests[0], &root, fail) == -1 ||
	    read_fingerprint(cli, OPT_JOURNAL_KEY, &digests[1], &journal_key,
		fail) == -1)
		return -1;
	if (bundle_verify(cli->operands[0], cli->act.now, &verdict, fail) ==
		-1 ||
	    bundle_verify_fingerprints(verdict, root, journal_key, fail) == -1)
		return fail_in(fail, "%s", cli->operands[0]);
	if (cli->is_json) {
		AUTO(json_release) struct json *json = verdict_json(verdict);

		show_json(json);
	} else {
		show_verdict(verdict);
		show_rules(&verdict->results);
	}
	if (rules_refuse(&verdict->results, fail) == -1)
		return fail_in(fail, "%s", cli->operands[0]);
	if (!cli->is_json && (root == NULL || journal_key == NULL))
		printf("compare root and journal key with the record of the "
		    "ceremony\n");
	return 0;
}
