/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_read.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

int
bundle_get(const struct bundle *bundle, const char *name, struct bytes *out,
    struct fail *fail)
{
	const struct buf *content = bundle_find(bundle, name);

	if (content == NULL)
		return fail_with(fail, FAIL_REFUSED, "no file %s", name);
	*out = buf_bytes(content);
	return 0;
}

/* How many bytes the two have in common at their beginning. */
static size_t
common_len(struct bytes a, struct bytes b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.data[n] == b.data[n])
		n++;
	return n;
}

static size_t
line_of(struct bytes file, size_t at)
{
	size_t line = 1;

	for (size_t n = 0; n < at; n++)
		if (file.data[n] == '\n')
			line++;
	return line;
}

/* The next block, up to its last line; all that is left where none is. */
static struct bytes
block_of(struct bytes rest)
{
	static const char end[] = "-----END ";
	const uint8_t *at = NULL;

	if (rest.len > 0)
		at = memmem(rest.data, rest.len, end, strlen(end));
	if (at != NULL)
		at = memchr(at, '\n', rest.len - (size_t)(at - rest.data));
	if (at == NULL)
		return rest;
	return bytes_of(rest.data, (size_t)(at - rest.data) + 1);
}

/*
 * Takes one block off the file, whose whole is `file`. Written again from
 * its DER, it must be what stands there.
 */
static int
take_pem(struct bytes file, struct bytes *rest, const char *label,
    struct buf *der_out, struct fail *fail)
{
	const char *const labels[] = { label, NULL };
	AUTO(buf_release) struct buf der = { 0 };
	AUTO(buf_release) struct buf form = { 0 };
	size_t same;

	if (text_read_pem(block_of(*rest), labels, &der, fail) == -1) {
		fail->kind = FAIL_REFUSED;
		return -1;
	}
	text_pem(&form, label, buf_bytes(&der));
	same = common_len(*rest, buf_bytes(&form));
	if (same < form.len)
		return fail_with(fail, FAIL_REFUSED,
		    "another form in line %zu",
		    line_of(file, file.len - rest->len + same));
	*rest = bytes_of(rest->data + form.len, rest->len - form.len);
	buf_move(der_out, &der);
	return 0;
}

static int
read_certificates(struct bytes file, size_t max, struct cert **list,
    size_t *count, struct fail *fail)
{
	struct bytes rest = file;

	do {
		AUTO(buf_release) struct buf der = { 0 };

		if (*count == max)
			return fail_with(fail, FAIL_REFUSED, "more than %zu",
			    max);
		if (take_pem(file, &rest, "CERTIFICATE", &der, fail) == -1 ||
		    cert_read(buf_bytes(&der), &list[*count], fail) == -1) {
			fail->kind = FAIL_REFUSED;
			return -1;
		}
		(*count)++;
	} while (rest.len > 0);
	return 0;
}

int
bundle_read_certificates(const struct bundle *bundle, const char *name,
    size_t max, struct cert **out, size_t *count_out, struct fail *fail)
{
	AUTO(auto_free) struct cert **list = mem_new(max, sizeof(*list));
	struct bytes file;
	size_t count = 0;

	if (bundle_get(bundle, name, &file, fail) == -1)
		return -1;
	if (read_certificates(file, max, list, &count, fail) == -1) {
		for (size_t n = 0; n < count; n++)
			cert_release(&list[n]);
		return -1;
	}
	memcpy(out, list, count * sizeof(*list));
	*count_out = count;
	return 0;
}

int
bundle_read_crl(const struct bundle *bundle, const char *name,
    struct crl **out, struct fail *fail)
{
	AUTO(crl_release) struct crl *crl = NULL;
	AUTO(buf_release) struct buf der = { 0 };
	struct bytes file, rest;

	if (bundle_get(bundle, name, &file, fail) == -1)
		return -1;
	rest = file;
	if (take_pem(file, &rest, "X509 CRL", &der, fail) == -1 ||
	    crl_read(buf_bytes(&der), &crl, fail) == -1) {
		fail->kind = FAIL_REFUSED;
		return -1;
	}
	if (rest.len > 0)
		return fail_with(fail, FAIL_REFUSED, "more than one PEM block");
	*out = GIVE(crl);
	return 0;
}

static void
free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void
free_crl(X509_CRL **crl)
{
	X509_CRL_free(*crl);
}

static void
free_store(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void
free_context(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
}

static void
free_stack(STACK_OF(X509) **stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

static X509 *
certificate_of(const struct cert *cert)
{
	const unsigned char *at = cert->der.data;

	return d2i_X509(NULL, &at, (long)cert->der.len);
}

/* The anchor and the CRL. */
static int
fill_store(X509_STORE *store, const struct cert *anchor,
    const struct crl *crl)
{
	AUTO(free_certificate) X509 *root = certificate_of(anchor);
	AUTO(free_crl) X509_CRL *list = NULL;
	const unsigned char *at;

	if (root == NULL || X509_STORE_add_cert(store, root) != 1)
		return -1;
	if (crl == NULL)
		return 0;
	at = crl->der.data;
	list = d2i_X509_CRL(NULL, &at, (long)crl->der.len);
	return list != NULL && X509_STORE_add_crl(store, list) == 1 ? 0 : -1;
}

static int
fill_stack(STACK_OF(X509) *stack, struct cert *const *path, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		X509 *certificate = certificate_of(path[n]);

		if (certificate == NULL)
			return -1;
		if (sk_X509_push(stack, certificate) == 0) {
			X509_free(certificate);
			return -1;
		}
	}
	return 0;
}

/* OpenSSL's number for the purpose. */
static int
purpose_of(const char *name)
{
	int n = X509_PURPOSE_get_by_sname(name);

	return n == -1 ? 0 : X509_PURPOSE_get_id(X509_PURPOSE_get0(n));
}

int
bundle_validate(struct cert *const *path, size_t count,
    const struct crl *crl, const char *purpose, int64_t now,
    struct fail *fail)
{
	AUTO(free_certificate) X509 *certificate = certificate_of(path[0]);
	AUTO(free_store) X509_STORE *store = X509_STORE_new();
	AUTO(free_stack) STACK_OF(X509) *others = sk_X509_new_null();
	AUTO(free_context) X509_STORE_CTX *context = X509_STORE_CTX_new();
	unsigned long flags = X509_V_FLAG_X509_STRICT |
	    X509_V_FLAG_CHECK_SS_SIGNATURE |
	    (crl == NULL ? 0 : X509_V_FLAG_CRL_CHECK);
	int error;

	if (certificate == NULL || store == NULL || others == NULL ||
	    context == NULL ||
	    fill_store(store, path[count - 1], crl) == -1 ||
	    fill_stack(others, path, count - 1) == -1 ||
	    X509_STORE_CTX_init(context, store, certificate, others) != 1 ||
	    (purpose != NULL && X509_STORE_CTX_set_purpose(context,
		purpose_of(purpose)) != 1))
		return fail_openssl(fail, FAIL_REFUSED, "OpenSSL");
	X509_STORE_CTX_set_flags(context, flags);
	X509_STORE_CTX_set_time(context, 0, (time_t)now);
	if (X509_verify_cert(context) == 1)
		return 0;
	error = X509_STORE_CTX_get_error(context);
	ERR_clear_error();
	return fail_with(fail, FAIL_REFUSED, "\"%s\" at depth %d",
	    X509_verify_cert_error_string(error),
	    X509_STORE_CTX_get_error_depth(context));
}
