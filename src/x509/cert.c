/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/cert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#define VERSION_3 2		/* counted from 0 */

/* Tags within TBSCertificate (RFC 5280, 4.1). */
#define TAG_VERSION    DER_CONTEXT_CONSTRUCTED(0)
#define TAG_ISSUER_ID  DER_CONTEXT(1)
#define TAG_SUBJECT_ID DER_CONTEXT(2)
#define TAG_EXTENSIONS DER_CONTEXT_CONSTRUCTED(3)

void
serial_from_random(const uint8_t random[SERIAL_MAX], struct serial *out)
{
	memcpy(out->octets, random, SERIAL_MAX);
	out->octets[0] = (uint8_t)((out->octets[0] & 0x7f) | 0x40);
	out->len = SERIAL_MAX;
}

void
serial_hex(const struct serial *serial, char out[SERIAL_HEX_SIZE])
{
	size_t n;

	out[0] = '\0';
	for (n = 0; n < serial->len; n++)
		snprintf(out + 2 * n, 3, "%02x", serial->octets[n]);
}

/* From the contents octets of an INTEGER, or from plain octets. */
static int
serial_read(struct bytes octets, struct serial *out, struct fail *fail)
{
	while (octets.len > 0 && octets.data[0] == 0) {
		octets.data++;
		octets.len--;
	}
	if (octets.len == 0)
		return fail_with(fail, FAIL_INPUT, "serial number zero, want "
		    "a positive one (RFC 5280, 4.1.2.2)");
	if (octets.len > SERIAL_MAX || (octets.len == SERIAL_MAX &&
	    (octets.data[0] & 0x80) != 0))
		return fail_with(fail, FAIL_INPUT, "serial number longer than "
		    "%d octets (RFC 5280, 4.1.2.2)", SERIAL_MAX);
	*out = (struct serial){ .len = octets.len };
	memcpy(out->octets, octets.data, octets.len);
	return 0;
}

/* The digits without colons, of which each must stand between octets. */
static int
digits_only(const char *text, char out[SERIAL_HEX_SIZE])
{
	size_t count = 0, n;
	char c;

	for (n = 0; text[n] != '\0'; n++) {
		c = text[n];
		if (c == ':' && count > 0 && count % 2 == 0 &&
		    text[n - 1] != ':' && text[n + 1] != '\0')
			continue;
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (c == ':' || count + 1 == SERIAL_HEX_SIZE)
			return -1;
		out[count++] = c;
	}
	out[count] = '\0';
	return 0;
}

int
serial_read_hex(const char *text, struct serial *out, struct fail *fail)
{
	AUTO(buf_release) struct buf octets = { 0 };
	struct fail ignored = { 0 };
	char digits[SERIAL_HEX_SIZE];

	if (digits_only(text, digits) != 0 ||
	    text_read_hex(digits, SERIAL_MAX, &octets, &ignored) != 0)
		return fail_with(fail, FAIL_INPUT, "%s: not a serial number, "
		    "want at most %d octets in hexadecimal", text, SERIAL_MAX);
	return serial_read(buf_bytes(&octets), out, fail);
}

int
serial_read_der(struct bytes *rest, struct serial *out, struct fail *fail)
{
	struct bytes number;

	if (der_next(rest, DER_INTEGER, &number, NULL, fail) != 0)
		return fail_in(fail, "serial number");
	if (number.len > 0 && (number.data[0] & 0x80) != 0)
		return fail_with(fail, FAIL_INPUT, "serial number negative "
		    "(RFC 5280, 4.1.2.2)");
	return serial_read(number, out, fail);
}

bool
serial_is_equal(const struct serial *a, const struct serial *b)
{
	return bytes_is_equal(bytes_of(a->octets, a->len),
	    bytes_of(b->octets, b->len));
}

int
cert_build(const struct cert_plan *plan, struct buf *tbs_out,
    struct fail *fail)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	size_t all = der_begin(&tbs, DER_SEQUENCE), mark;

	mark = der_begin(&tbs, TAG_VERSION);
	der_put_number(&tbs, VERSION_3);
	der_end(&tbs, mark);
	der_put_unsigned(&tbs, bytes_of(plan->serial.octets,
	    plan->serial.len));
	buf_put(&tbs, plan->alg->der);
	buf_put(&tbs, plan->issuer);
	mark = der_begin(&tbs, DER_SEQUENCE);
	der_put_time(&tbs, plan->not_before);
	der_put_time(&tbs, plan->not_after);
	der_end(&tbs, mark);
	buf_put(&tbs, plan->subject);
	buf_put(&tbs, plan->spki);
	mark = der_begin(&tbs, TAG_EXTENSIONS);
	if (ext_write(&plan->extensions, &tbs, fail) != 0)
		return fail_in(fail, "extensions");
	der_end(&tbs, mark);
	der_end(&tbs, all);
	buf_put(tbs_out, buf_bytes(&tbs));
	return 0;
}

static int
read_version(struct bytes *rest, struct fail *fail)
{
	struct bytes version, number;

	if (!der_is_next(*rest, TAG_VERSION))
		return fail_with(fail, FAIL_INPUT, "version 1, want 3");
	if (der_next(rest, TAG_VERSION, &version, NULL, fail) != 0 ||
	    der_next(&version, DER_INTEGER, &number, NULL, fail) != 0 ||
	    der_end_of(version, fail) != 0)
		return fail_in(fail, "version");
	if (number.len != 1 || number.data[0] != VERSION_3)
		return fail_with(fail, FAIL_INPUT, "version not 3");
	return 0;
}

static int
read_algorithm(struct bytes *rest, const struct alg *outer,
    struct fail *fail)
{
	struct bytes inner;

	if (der_next(rest, DER_SEQUENCE, NULL, &inner, fail) != 0)
		return fail_in(fail, "signature algorithm");
	if (!bytes_is_equal(inner, outer->der))
		return fail_with(fail, FAIL_INPUT, "signature algorithm within "
		    "differs from the one outside (RFC 5280, 4.1.1.2)");
	return 0;
}

static int
read_name(struct bytes *rest, const char *whose, struct bytes *out,
    struct fail *fail)
{
	if (der_next(rest, DER_SEQUENCE, NULL, out, fail) != 0 ||
	    name_read_shape(*out, fail) != 0)
		return fail_in(fail, "%s", whose);
	return 0;
}

static int
read_validity(struct bytes *rest, struct cert *cert, struct fail *fail)
{
	char before[TEXT_TIME_SIZE], after[TEXT_TIME_SIZE];
	struct bytes validity;

	if (der_next(rest, DER_SEQUENCE, &validity, NULL, fail) != 0 ||
	    der_read_time(&validity, &cert->not_before, fail) != 0 ||
	    der_read_time(&validity, &cert->not_after, fail) != 0 ||
	    der_end_of(validity, fail) != 0)
		return fail_in(fail, "validity");
	if (cert->not_before > cert->not_after) {
		text_time(cert->not_before, before);
		text_time(cert->not_after, after);
		return fail_with(fail, FAIL_INPUT, "validity: notBefore %s is "
		    "after notAfter %s", before, after);
	}
	return 0;
}

static int
read_extensions(struct bytes *rest, struct cert *cert, struct fail *fail)
{
	struct bytes tagged, list;

	if (der_is_next(*rest, TAG_ISSUER_ID) ||
	    der_is_next(*rest, TAG_SUBJECT_ID))
		return fail_with(fail, FAIL_INPUT, "unique identifiers "
		    "(RFC 5280, 4.1.2.8)");
	if (rest->len == 0)
		return 0;
	if (der_next(rest, TAG_EXTENSIONS, &tagged, NULL, fail) != 0 ||
	    der_next(&tagged, DER_SEQUENCE, NULL, &list, fail) != 0 ||
	    der_end_of(tagged, fail) != 0)
		return fail_in(fail, "extensions");
	return ext_read(list, cert->extensions, CERT_EXT_MAX,
	    &cert->extension_count, fail);
}

/* What the rest of the program asks for most. */
static int
read_facts(struct cert *cert, struct fail *fail)
{
	const struct ext *list = cert->extensions, *ext;
	size_t count = cert->extension_count;

	cert->path_length = -1;
	ext = ext_find(list, count, NID_basic_constraints);
	if (ext != NULL && ext_read_basic_constraints(ext, &cert->ca,
	    &cert->path_length, fail) != 0)
		return -1;
	ext = ext_find(list, count, NID_key_usage);
	if (ext != NULL && ext_read_key_usage(ext, &cert->key_usage,
	    fail) != 0)
		return -1;
	ext = ext_find(list, count, NID_subject_key_identifier);
	if (ext != NULL && ext_read_subject_key(ext, &cert->subject_key,
	    fail) != 0)
		return -1;
	ext = ext_find(list, count, NID_authority_key_identifier);
	if (ext != NULL && ext_read_authority_key(ext, &cert->authority_key,
	    fail) != 0)
		return -1;
	return 0;
}

static int
read_tbs(struct cert *cert, struct fail *fail)
{
	struct bytes tbs = cert->tbs, rest, spki;

	if (der_next(&tbs, DER_SEQUENCE, &rest, NULL, fail) != 0 ||
	    read_version(&rest, fail) != 0 ||
	    serial_read_der(&rest, &cert->serial, fail) != 0 ||
	    read_algorithm(&rest, cert->alg, fail) != 0 ||
	    read_name(&rest, "issuer", &cert->issuer, fail) != 0 ||
	    read_validity(&rest, cert, fail) != 0 ||
	    read_name(&rest, "subject", &cert->subject, fail) != 0)
		return -1;
	if (der_next(&rest, DER_SEQUENCE, NULL, &spki, fail) != 0)
		return fail_in(fail, "public key");
	if (read_extensions(&rest, cert, fail) != 0 ||
	    read_facts(cert, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return -1;
	return spki_read(spki, &cert->spki, fail);
}

static int
take_file(struct bytes file, struct buf *der_out, struct fail *fail)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };
	AUTO(buf_release) struct buf der = { 0 };

	if (!text_has_pem(file))
		buf_put(&der, file);
	else if (text_read_pem(file, labels, &der, fail) != 0)
		return -1;
	if (der.len > CERT_MAX)
		return fail_with(fail, FAIL_INPUT, "larger than %d bytes",
		    CERT_MAX);
	buf_move(der_out, &der);
	return 0;
}

int
cert_read(struct bytes file, struct cert **out, struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = mem_new(1, sizeof(*cert));
	struct alg_signed parts;

	if (take_file(file, &cert->der, fail) != 0 ||
	    alg_unwrap(buf_bytes(&cert->der), &parts, fail) != 0)
		return fail_in(fail, "certificate");
	cert->tbs = parts.tbs;
	cert->alg = parts.alg;
	cert->signature = parts.signature;
	digest_of(buf_bytes(&cert->der), &cert->digest);
	if (read_tbs(cert, fail) != 0)
		return fail_in(fail, "certificate");
	*out = GIVE(cert);
	return 0;
}

void
cert_release(struct cert **cert)
{
	if (*cert == NULL)
		return;
	spki_release(&(*cert)->spki);
	buf_release(&(*cert)->der);
	free(*cert);
	*cert = NULL;
}

int
cert_verify(const struct cert *cert, EVP_PKEY *issuer_key, struct fail *fail)
{
	return alg_verify(cert->alg, issuer_key, cert->tbs, cert->signature,
	    fail);
}

int
cert_assemble(const struct alg *alg, struct bytes tbs,
    struct bytes signature, EVP_PKEY *issuer_key, struct cert **out,
    struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = NULL;
	AUTO(buf_release) struct buf der = { 0 };

	alg_wrap(alg, tbs, signature, &der);
	if (cert_read(buf_bytes(&der), &cert, fail) == -1 ||
	    cert_verify(cert, issuer_key != NULL ? issuer_key :
		cert->spki.key, fail) == -1) {
		fail->kind = FAIL_TOKEN;
		return -1;
	}
	if (!bytes_is_equal(cert->tbs, tbs))
		return fail_with(fail, FAIL_TOKEN,
		    "signed bytes are not those that were linted");
	*out = GIVE(cert);
	return 0;
}
