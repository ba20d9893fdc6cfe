/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle_verify.h>
#include <anchorite/out/emit.h>

#include "cli.h"

/* --out with --batch: a new directory of them all, which stays where there is
 * anything in it. */
static int
finish(const struct cli *cli, struct emission *emission,
    const struct sealer *sealer, struct fail *fail)
{
	const char *folder = cli->values[OPT_BATCH] != NULL ?
	    cli->values[OPT_OUT] : NULL;

	if (folder != NULL && file_make_directory(folder, fail) == -1)
		return -1;
	if (emit_finish(emission, sealer, fail) == 0)
		return 0;
	if (folder != NULL)
		(void)rmdir(folder);
	return -1;
}

static void
show_bundles(const struct cli *cli, const struct orders *orders)
{
	AUTO(json_release) struct json *list = json_new_list();

	for (size_t n = 0; n < orders->count; n++) {
		const struct emit_order *order = &orders->items[n];
		AUTO(buf_release) struct buf path = { 0 };

		json_add_text(list, order->path);
		if (cli->is_json)
			continue;
		printf("bundle for %s%s%s: %s\n",
		    consumer_names[order->consumer], *order->kind->mode ?
		    ", " : "", order->kind->mode,
		    show_safe(&path, order->path));
		if (order->kind->resource_word != NULL &&
		    order->resource == NULL)
			printf("    its README has %s to fill in, which "
			    "--resource or a list knows\n",
			    order->kind->resource_word);
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
	AUTO(emission_release) struct emission *emission = NULL;
	AUTO(sealer_release) struct sealer sealer = { 0 };

	if (cli_open_authority(cli, true, &authority, fail) == -1 ||
	    orders_read(cli, authority->ledger, &orders, fail) == -1 ||
	    emit_prepare(authority, &cli->act, orders.items, orders.count,
		&emission, fail) == -1 ||
	    cli_load_site(cli, &site, fail) == -1 ||
	    custody_unlock(cli, authority, &custody, fail) == -1 ||
	    cli_log_in(cli, site, &custody, &session, fail) == -1 ||
	    authority_find_sealer(authority, session, &sealer, fail) == -1 ||
	    finish(cli, emission, &sealer, fail) == -1)
		return cli_refused(cli, authority, fail);
	show_bundles(cli, &orders);
	return 0;
}

/* As people write them down: colons and blanks between, either case. */
static int
read_fingerprint(const struct cli *cli, enum option option,
    struct digest *digest, const struct digest **out, struct fail *fail)
{
	const char *text = cli->values[option];
	AUTO(buf_release) struct buf hex = { 0 };

	if (text == NULL)
		return 0;
	for (size_t n = 0; text[n] != '\0'; n++)
		if (text[n] != ':' && text[n] != ' ')
			buf_printf(&hex, "%c", tolower((unsigned char)text[n]));
	if (digest_read_hex(buf_cstr(&hex), digest, fail) == -1) {
		fail->kind = FAIL_USAGE;
		return fail_in(fail, "%s", option_rows[option].name);
	}
	*out = digest;
	return 0;
}

/* A fingerprint, and whether paper has confirmed it. */
static void
show_fingerprint(const char *label, const struct digest *have,
    const struct digest *want)
{
	show_digest(label, have);
	show_line("", want != NULL ? "as given" : "compare it with the record "
	    "of the ceremony");
}

static void
show_verdict(const struct bundle_verdict *verdict, const struct digest *root,
    const struct digest *journal_key)
{
	const struct bundle_case *judged = &verdict->judged;

	show_line("for", verdict->kind->summary);
	if (judged->count > 0)
		show_certificate(judged->path[0]);
	show_time("made", verdict->signed_at);
	show_rules(&verdict->results);
	if (judged->count > 0)
		show_fingerprint("root",
		    &judged->path[judged->count - 1]->digest, root);
	show_fingerprint("journal key", &verdict->signer->digest,
	    journal_key);
	if (verdict->results.broken > 0)
		show_line("VERDICT", "refused");
	else if (root != NULL && journal_key != NULL)
		show_line("VERDICT", "whole, and from that ceremony");
	else
		show_line("VERDICT", "whole; whose it is, the fingerprints "
		    "say");
}

static struct json *
verdict_json(const struct bundle_verdict *verdict, const struct digest *root,
    const struct digest *journal_key)
{
	const struct bundle_case *judged = &verdict->judged;
	struct json *json = json_new();
	struct json *rules = rules_json(&verdict->results);

	json_put_text(json, "consumer",
	    consumer_names[verdict->kind->consumer]);
	if (judged->count > 0) {
		struct json *certificate = certificate_json(judged->path[0]);

		json_put(json, "certificate", &certificate);
		json_put_digest(json, "root",
		    &judged->path[judged->count - 1]->digest);
	}
	json_put_bool(json, "root_compared", root != NULL);
	json_put_digest(json, "journal_key", &verdict->signer->digest);
	json_put_bool(json, "journal_key_compared", journal_key != NULL);
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
		return fail_in(fail, "bundle");
	if (cli->is_json) {
		AUTO(json_release) struct json *json =
		    verdict_json(verdict, root, journal_key);

		show_json(json);
	} else {
		show_verdict(verdict, root, journal_key);
	}
	if (rules_refuse(&verdict->results, fail) == -1)
		return fail_in(fail, "bundle");
	return 0;
}
