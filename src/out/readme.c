/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/readme.h>

#include <assert.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/name.h>

#define COLUMNS 72
#define INDENT  4

/* How many bytes of the text fill a line: whole words where they fit. */
static size_t
line_len(const char *text)
{
	size_t columns = 0, space = 0, n;

	for (n = 0; text[n] != '\0'; n++) {
		/* Bytes within a UTF-8 character take no column. */
		if (((unsigned char)text[n] & 0xc0) == 0x80)
			continue;
		if (columns++ == COLUMNS - INDENT)
			return space > 0 && text[n] != ' ' ? space : n;
		if (text[n] == ' ')
			space = n;
	}
	return n;
}

void
readme_put_fact(struct buf *out, const char *label, const char *value)
{
	size_t len;

	buf_printf(out, "%s\n", label);
	for (value += strspn(value, " "); *value != '\0'; ) {
		len = line_len(value);
		buf_printf(out, "%*s%.*s\n", INDENT, "", (int)len, value);
		value += len;
		value += strspn(value, " ");
	}
}

static void
put_name(struct buf *out, const char *label, struct bytes name)
{
	AUTO(buf_release) struct buf text = { 0 };

	name_show(name, &text);
	readme_put_fact(out, label, buf_cstr(&text));
}

static void
put_digest(struct buf *out, const char *label, const struct digest *digest)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	readme_put_fact(out, label, hex);
}

static void
put_span(struct buf *out, const char *label, int64_t from, int64_t to)
{
	AUTO(buf_release) struct buf text = { 0 };
	char first[TEXT_TIME_SIZE], last[TEXT_TIME_SIZE];

	text_time(from, first);
	text_time(to, last);
	buf_printf(&text, "%s to %s", first, last);
	readme_put_fact(out, label, buf_cstr(&text));
}

void
readme_put_facts(const struct bundle_source *source, struct buf *out)
{
	const struct ledger *ledger = source->ledger;
	const struct cert *certificate = source->certificate;
	AUTO(buf_release) struct buf name = { 0 };
	char serial[SERIAL_HEX_SIZE];

	text_escape(&name, bytes_text(ledger->name));
	serial_hex(&certificate->serial, serial);
	readme_put_fact(out, "Authority", buf_cstr(&name));
	put_name(out, "Certificate: subject", certificate->subject);
	readme_put_fact(out, "Certificate: serial number", serial);
	put_span(out, "Certificate: valid", certificate->not_before,
	    certificate->not_after);
	put_digest(out, "Certificate: SHA-256", &certificate->digest);
	put_name(out, "Root: subject", ledger->root->subject);
	put_span(out, "Root: valid", ledger->root->not_before,
	    ledger->root->not_after);
	put_digest(out, "Root: SHA-256", &ledger->root->digest);
	if (source->crl != NULL)
		put_span(out, "CRL: this update to next update",
		    source->crl->this_update, source->crl->next_update);
	put_digest(out, "Journal key's certificate: SHA-256",
	    &ledger->journal_certificate->digest);
}

static const char *
value_of(const struct readme_value *values, struct bytes name)
{
	for (; values->name != NULL; values++)
		if (bytes_is_equal(bytes_text(values->name), name))
			return values->text;
	return NULL;
}

void
readme_expand(const char *template, const struct readme_value *values,
    struct buf *out)
{
	const char *at = template, *open, *close, *text;

	while ((open = strchr(at, '{')) != NULL &&
	    (close = strchr(open, '}')) != NULL) {
		text = value_of(values, bytes_of(open + 1,
		    (size_t)(close - open - 1)));
		/* The templates are the program's own. */
		assert(text != NULL);
		buf_append(out, at, (size_t)(open - at));
		buf_text(out, text);
		at = close + 1;
	}
	buf_text(out, at);
}
