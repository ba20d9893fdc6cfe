/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/private.h>
#include <anchorite/x509/name.h>

#include "cli.h"

#define LABEL "  %-18s "
#define SHORT_LABEL 12

void
show_line(const char *label, const char *text)
{
	AUTO(buf_release) struct buf safe = { 0 };

	text_escape(&safe, bytes_text(text));
	printf(LABEL "%s\n", label, buf_cstr(&safe));
}

const char *
show_safe(struct buf *safe, const char *text)
{
	text_escape(safe, bytes_text(text));
	return buf_cstr(safe);
}

void
show_time(const char *label, int64_t seconds)
{
	char text[TEXT_TIME_SIZE];

	text_time(seconds, text);
	printf(LABEL "%s\n", label, text);
}

/* 64 digits fit 80 columns behind a short label, or below a long one. */
void
show_digest(const char *label, const struct digest *digest)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	if (strlen(label) <= SHORT_LABEL)
		printf("  %-*s %s\n", SHORT_LABEL, label, hex);
	else
		printf("  %s\n    %s\n", label, hex);
}

void
show_name(const char *label, struct bytes der)
{
	AUTO(buf_release) struct buf text = { 0 };

	name_show(der, &text);
	printf(LABEL "%s\n", label, buf_cstr(&text));
}

void
show_extensions(const struct ext *list, size_t count)
{
	char oid[128];

	for (size_t n = 0; n < count; n++) {
		AUTO(buf_release) struct buf text = { 0 };

		ext_show_oid(list[n].oid, oid, sizeof(oid));
		ext_show(&list[n], &text);
		printf(LABEL "%s: %s%s\n", n == 0 ? "extensions" : "", oid,
		    list[n].critical ? "critical, " : "", buf_cstr(&text));
	}
}

static void
show_contents(const struct cert *cert)
{
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&cert->serial, serial);
	show_line("serial", serial);
	show_name("subject", cert->subject);
	show_name("issuer", cert->issuer);
	show_time("not before", cert->not_before);
	show_time("not after", cert->not_after);
	show_line("key", key_kind_names[cert->spki.kind]);
	show_line("signature", cert->alg->name);
	show_extensions(cert->extensions, cert->extension_count);
}

void
show_certificate(const struct cert *cert)
{
	show_contents(cert);
	show_digest("SHA-256", &cert->digest);
}

int
show_planned(struct bytes tbs, const struct alg *alg, struct fail *fail)
{
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	struct digest digest;

	/* Read back from its bytes; the signature is not there yet. */
	alg_wrap(alg, tbs, bytes_of("", 1), &der);
	if (cert_read(buf_bytes(&der), &cert, fail) == -1)
		return -1;
	show_contents(cert);
	digest_of(tbs, &digest);
	show_digest("to be signed", &digest);
	return 0;
}

int
show_target(const struct objects *objects, unsigned consumers,
    const struct target *target, struct fail *fail)
{
	AUTO(buf_release) struct buf names = { 0 };
	const char *name, *text;

	consumers_write(consumers, &names);
	if (names.len > 0)
		show_line("for", buf_cstr(&names));
	for (size_t n = 0; target_field(target, n, &name, &text); n++) {
		AUTO(buf_release) struct buf value = { 0 };

		if (text == NULL)
			continue;
		if (private_show(objects, text, &value, fail) == -1)
			return -1;
		show_line(name, buf_cstr(&value));
	}
	return 0;
}

void
show_interrupted(const struct authority *authority)
{
	const struct ledger *ledger = authority->ledger;
	const struct intent *intent = &ledger->intent;
	char line[128];

	if (intent->seq != 0)
		printf("record %lld (%s) has no outcome; perhaps signed:\n",
		    (long long)intent->seq, intent->event);
	for (size_t n = 0; n < intent->count; n++) {
		if (intent->items[n].serial.len > 0)
			serial_hex(&intent->items[n].serial, line);
		else
			snprintf(line, sizeof(line), "CRL number %llu",
			    (unsigned long long)intent->crl_number);
		show_line("serial", line);
		show_digest("to be signed", &intent->items[n].tbs);
	}
	if (ledger->standing.is_due)
		printf("the authority is %s, and the token has not followed "
		    "yet\n", state_name(ledger->state));
	if (ledger->next_policy != NULL)
		printf("the token's PINs are being changed: it takes shares "
		    "of the old and of the new split\n");
	if (ledger->loose > 0)
		printf("not sealed since record %lld: %lld\n",
		    (long long)ledger->sealed_seq, (long long)ledger->loose);
	if (journal_is_torn(authority->journal))
		printf("record %lld is torn: a write was cut off\n",
		    (long long)journal_head(authority->journal)->seq + 1);
}

void
show_uses(const struct ledger *ledger)
{
	AUTO(buf_release) struct buf line = { 0 };

	for (int n = 0; n < PURPOSES; n++) {
		const struct key_use *use = &ledger->uses[n];

		if (use->made == 0 && use->perhaps == 0)
			continue;
		buf_printf(&line, "%s%lld %s", line.len > 0 ? ", " : "",
		    (long long)use->made, purpose_names[n]);
		if (use->perhaps > 0)
			buf_printf(&line, " (and perhaps %lld)",
			    (long long)use->perhaps);
	}
	show_line("root signatures", line.len > 0 ? buf_cstr(&line) : "none");
}

void
show_json(const struct json *json)
{
	AUTO(buf_release) struct buf text = { 0 };

	json_write_pretty(json, &text);
	printf("%s\n", buf_cstr(&text));
}

static void
put_name(struct json *json, const char *key, struct bytes der)
{
	AUTO(buf_release) struct buf text = { 0 };

	name_show(der, &text);
	json_put_text(json, key, buf_cstr(&text));
}

struct json *
certificate_json(const struct cert *cert)
{
	struct json *json = json_new();
	char serial[SERIAL_HEX_SIZE];

	serial_hex(&cert->serial, serial);
	json_put_text(json, "serial", serial);
	put_name(json, "subject", cert->subject);
	put_name(json, "issuer", cert->issuer);
	json_put_time(json, "not_before", cert->not_before);
	json_put_time(json, "not_after", cert->not_after);
	json_put_text(json, "key", key_kind_names[cert->spki.kind]);
	json_put_text(json, "signature", cert->alg->name);
	json_put_digest(json, "sha256", &cert->digest);
	return json;
}
