/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>
#include <anchorite/x509/ocsp.h>

#include "testing.h"

#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define NOW INT64_C(1795242648)		/* 2026-11-21T06:30:48Z */
#define DAY INT64_C(86400)

struct fixture {
	EVP_PKEY *key;
	const struct alg *alg;
	struct cert *root;
	struct ocsp_plan plan;
};

static struct cert *
root_make(EVP_PKEY *key, const struct alg *alg, const char *common_name)
{
	const struct name_pair pair = { "CN", common_name };
	AUTO(buf_release) struct buf name = { 0 }, spki = { 0 };
	AUTO(buf_release) struct buf tbs = { 0 }, signature = { 0 };
	uint8_t identifier[DIGEST_SHA1_LEN];
	struct cert *root = NULL;
	struct fail fail = { 0 };
	struct cert_plan plan = {
		.serial = { { 0x40 }, 1 }, .alg = alg,
		.not_before = NOW - 3650 * DAY, .not_after = NOW + 3650 * DAY,
		.extensions = { .ca = true, .path_length = -1,
		    .subject_key = identifier },
	};

	want_pass(name_write(&pair, 1, &name, &fail), &fail);
	want_pass(spki_write(key, &spki, &fail), &fail);
	want_pass(spki_identifier(buf_bytes(&spki), identifier, &fail), &fail);
	plan.issuer = plan.subject = buf_bytes(&name);
	plan.spki = buf_bytes(&spki);
	want_pass(cert_build(&plan, &tbs, &fail), &fail);
	want_pass(alg_sign(alg, key, buf_bytes(&tbs), &signature, &fail),
	    &fail);
	want_pass(cert_assemble(alg, buf_bytes(&tbs), buf_bytes(&signature),
	    NULL, &root, &fail), &fail);
	return root;
}

static void
fixture_make(struct fixture *fixture, EVP_PKEY *key, const char *alg)
{
	assert_non_null(key);
	fixture->key = key;
	fixture->alg = alg_find(alg);
	fixture->root = root_make(key, fixture->alg, "Root");
	fixture->plan = (struct ocsp_plan){
		.issuer = fixture->root,
		.serial = { { 0x81, 0x02 }, 2 },
		.status = OCSP_REVOKED,
		.revoked_at = NOW - DAY,
		.reason = CRL_CA_COMPROMISE,
		.produced_at = NOW,
		.this_update = NOW - 3600,
		.next_update = NOW + 7 * DAY,
	};
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	fixture_make(fixture, EVP_EC_gen("P-256"), "ecdsa-sha256");
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	cert_release(&fixture->root);
	EVP_PKEY_free(fixture->key);
	free(fixture);
	return 0;
}

static void
sign(const struct fixture *fixture, struct buf *der)
{
	AUTO(buf_release) struct buf tbs = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };
	struct fail fail = { 0 };

	want_pass(ocsp_build(&fixture->plan, &tbs, &fail), &fail);
	want_pass(alg_sign(fixture->alg, fixture->key, buf_bytes(&tbs),
	    &signature, &fail), &fail);
	ocsp_assemble(fixture->alg, buf_bytes(&tbs), buf_bytes(&signature),
	    der);
}

/* What OpenSSL makes of it. */

static X509 *
x509_of(const struct cert *cert)
{
	const unsigned char *at = cert->der.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)cert->der.len);

	assert_non_null(x509);
	return x509;
}

static OCSP_CERTID *
openssl_id(const X509 *issuer, const struct serial *serial)
{
	BIGNUM *number = BN_bin2bn(serial->octets, (int)serial->len, NULL);
	ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
	OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(),
	    X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer),
	    integer);

	assert_non_null(id);
	ASN1_INTEGER_free(integer);
	BN_free(number);
	return id;
}

static int64_t
seconds_of(const ASN1_GENERALIZEDTIME *time)
{
	struct tm tm;

	assert_non_null(time);
	assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
	return timegm(&tm);
}

/* As `openssl ocsp -issuer root -CAfile root` does, at the time `now`. */
static void
openssl_verify(OCSP_BASICRESP *basic, X509 *root, int64_t now)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();

	assert_int_not_equal(sk_X509_push(certs, root), 0);
	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), now);
	assert_int_equal(OCSP_basic_verify(basic, certs, store, 0), 1);
	X509_STORE_free(store);
	sk_X509_free(certs);
}

static void
openssl_status(OCSP_BASICRESP *basic, OCSP_CERTID *id,
    const struct ocsp_plan *plan)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
	bool is_revoked = plan->status == OCSP_REVOKED;
	int status = -1, reason = -1;

	assert_int_equal(OCSP_resp_find_status(basic, id,
	    &status, &reason, &revoked, &this, &next), 1);
	assert_int_equal(status, is_revoked ? V_OCSP_CERTSTATUS_REVOKED :
	    V_OCSP_CERTSTATUS_GOOD);
	if (is_revoked) {
		assert_int_equal(seconds_of(revoked), plan->revoked_at);
		assert_int_equal(reason, plan->reason == CRL_UNSPECIFIED ?
		    OCSP_REVOKED_STATUS_NOSTATUS : (int)plan->reason);
	}
	assert_int_equal(seconds_of(this), plan->this_update);
	assert_int_equal(seconds_of(next), plan->next_update);
}

static void
openssl_agrees(const struct fixture *fixture, const struct buf *der)
{
	const struct ocsp_plan *plan = &fixture->plan;
	const unsigned char *at = der->data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at,
	    (long)der->len);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	X509 *root = x509_of(fixture->root);
	OCSP_CERTID *id = openssl_id(root, &plan->serial);

	assert_ptr_equal(at, der->data + der->len);
	assert_int_equal(OCSP_response_status(response),
	    OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(OCSP_resp_count(basic), 1);
	assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), -1);
	assert_int_equal(seconds_of(OCSP_resp_get0_produced_at(basic)),
	    plan->produced_at);
	openssl_verify(basic, root, plan->produced_at);
	openssl_status(basic, id, plan);
	OCSP_CERTID_free(id);
	X509_free(root);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
}

static void
expect_read(const struct fixture *fixture, const struct buf *der)
{
	const struct ocsp_plan *plan = &fixture->plan;
	bool is_revoked = plan->status == OCSP_REVOKED;
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;
	struct fail fail = { 0 };

	want_pass(ocsp_read(buf_bytes(der), &ocsp, &fail), &fail);
	assert_ptr_equal(ocsp->alg, fixture->alg);
	assert_true(serial_is_equal(&ocsp->serial, &plan->serial));
	assert_int_equal(ocsp->status, plan->status);
	assert_int_equal(ocsp->revoked_at, is_revoked ? plan->revoked_at : 0);
	assert_int_equal(ocsp->reason, is_revoked ? plan->reason :
	    CRL_UNSPECIFIED);
	assert_int_equal(ocsp->produced_at, plan->produced_at);
	assert_int_equal(ocsp->this_update, plan->this_update);
	assert_int_equal(ocsp->next_update, plan->next_update);
	want_pass(ocsp_verify(ocsp, fixture->root, &fail), &fail);
}

static void
expect_sound(const struct fixture *fixture)
{
	AUTO(buf_release) struct buf der = { 0 };

	sign(fixture, &der);
	expect_read(fixture, &der);
	openssl_agrees(fixture, &der);
}

static void
test_good_and_revoked(void **state)
{
	static const enum crl_reason reasons[] = {
		CRL_UNSPECIFIED, CRL_KEY_COMPROMISE, CRL_CA_COMPROMISE,
		CRL_AFFILIATION_CHANGED, CRL_SUPERSEDED,
		CRL_CESSATION_OF_OPERATION, CRL_PRIVILEGE_WITHDRAWN,
	};
	struct fixture *fixture = *state;
	size_t n;

	for (n = 0; n < COUNT(reasons); n++) {
		fixture->plan.reason = reasons[n];
		expect_sound(fixture);
	}
	fixture->plan.status = OCSP_GOOD;	/* whatever the reason */
	expect_sound(fixture);
	/* The longest serial number; the least of times; years in both. */
	memset(fixture->plan.serial.octets, 0x7f, SERIAL_MAX);
	fixture->plan.serial.len = SERIAL_MAX;
	fixture->plan.this_update = NOW;
	fixture->plan.next_update = NOW + 1;
	expect_sound(fixture);
	fixture->plan.next_update = CERT_NO_END;
	expect_sound(fixture);
}

static void
test_algorithms(void **state)
{
	static const struct {
		const char *curve;	/* NULL: RSA */
		const char *alg;
	} cases[] = {
		{ "P-256", "ecdsa-sha256" }, { "P-384", "ecdsa-sha384" },
		{ "P-521", "ecdsa-sha512" }, { NULL, "rsa-sha256" },
		{ NULL, "rsa-sha384" }, { NULL, "rsa-sha512" },
		{ NULL, "rsa-pss-sha256" }, { NULL, "rsa-pss-sha384" },
		{ NULL, "rsa-pss-sha512" },
	};
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	struct fixture fixture;
	size_t n;

	(void)state;
	for (n = 0; n < COUNT(cases); n++) {
		if (cases[n].curve == NULL)
			EVP_PKEY_up_ref(rsa);
		fixture_make(&fixture, cases[n].curve == NULL ? rsa :
		    EVP_EC_gen(cases[n].curve), cases[n].alg);
		expect_sound(&fixture);
		fixture.plan.status = OCSP_GOOD;
		expect_sound(&fixture);
		cert_release(&fixture.root);
		EVP_PKEY_free(fixture.key);
	}
	EVP_PKEY_free(rsa);
}

/* One that OpenSSL makes and signs, at the machine's time. */
static void
openssl_make(struct fixture *fixture, struct buf *out)
{
	struct ocsp_plan *plan = &fixture->plan;
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	X509 *root = x509_of(fixture->root);
	OCSP_CERTID *id = openssl_id(root, &plan->serial);
	ASN1_TIME *revoked = ASN1_TIME_set(NULL, plan->revoked_at);
	ASN1_TIME *this = ASN1_GENERALIZEDTIME_set(NULL, plan->this_update);
	ASN1_TIME *next = ASN1_GENERALIZEDTIME_set(NULL, plan->next_update);
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	int len;

	assert_non_null(OCSP_basic_add1_status(basic, id,
	    plan->status == OCSP_GOOD ? V_OCSP_CERTSTATUS_GOOD :
	    V_OCSP_CERTSTATUS_REVOKED, (int)plan->reason, revoked, this,
	    next));
	assert_int_equal(OCSP_basic_sign(basic, root, fixture->key,
	    EVP_sha256(), NULL, OCSP_NOCERTS | OCSP_RESPID_KEY), 1);
	plan->produced_at = seconds_of(OCSP_resp_get0_produced_at(basic));
	assert_int_equal(OCSP_check_validity(this, next, 0, -1), 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    basic);
	len = i2d_OCSP_RESPONSE(response, &der);
	assert_true(len > 0);
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	ASN1_TIME_free(revoked);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	OCSP_CERTID_free(id);
	X509_free(root);
	OCSP_BASICRESP_free(basic);
}

/* Both ways: what OpenSSL makes is read, and built to the same octets. */
static void
test_openssl_makes_the_same(void **state)
{
	struct fixture *fixture = *state;
	AUTO(buf_release) struct buf der = { 0 }, tbs = { 0 };
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;
	struct fail fail = { 0 };
	int round;

	for (round = 0; round < 2; round++) {
		fixture->plan.status = round == 0 ? OCSP_GOOD : OCSP_REVOKED;
		fixture->plan.this_update = time(NULL) - 60;
		fixture->plan.next_update = time(NULL) + DAY;
		buf_release(&der);
		buf_release(&tbs);
		openssl_make(fixture, &der);
		expect_read(fixture, &der);
		want_pass(ocsp_build(&fixture->plan, &tbs, &fail), &fail);
		want_pass(ocsp_read(buf_bytes(&der), &ocsp, &fail), &fail);
		assert_true(bytes_is_equal(ocsp->tbs, buf_bytes(&tbs)));
		ocsp_release(&ocsp);
		assert_null(ocsp);
	}
	ocsp_release(&ocsp);
}

static void
test_build_refuses(void **state)
{
	struct fixture *fixture = *state;
	AUTO(buf_release) struct buf tbs = { 0 };
	struct fail fail = { 0 };

	fixture->plan.reason = 7;
	want_fail(ocsp_build(&fixture->plan, &tbs, &fail), &fail, FAIL_INPUT,
	    "reason 7 unknown");
	fixture->plan.status = OCSP_GOOD;
	fixture->plan.this_update = NOW + 1;
	want_fail(ocsp_build(&fixture->plan, &tbs, &fail), &fail, FAIL_INPUT,
	    "times: want thisUpdate, then producedAt, then nextUpdate, have "
	    "2026-11-21T06:30:49Z, 2026-11-21T06:30:48Z, "
	    "2026-11-28T06:30:48Z");
	fixture->plan.this_update = NOW;
	fixture->plan.next_update = NOW;
	want_fail(ocsp_build(&fixture->plan, &tbs, &fail), &fail, FAIL_INPUT,
	    "times: want thisUpdate, then producedAt, then nextUpdate, have "
	    "2026-11-21T06:30:48Z, 2026-11-21T06:30:48Z, "
	    "2026-11-21T06:30:48Z");
	assert_int_equal(tbs.len, 0);
}

/*
 * Copies elements, all lengths put right, but with `to` for the nth
 * (counted down) that begins with `from`. Looks into what is constructed
 * and into BasicOCSPResponse's OCTET STRING.
 */
static void
splice(struct bytes rest, struct bytes from, int *nth, struct bytes to,
    struct buf *out)
{
	struct bytes content, whole;
	struct fail fail = { 0 };
	size_t mark;
	int tag;

	while (rest.len > 0) {
		tag = rest.data[0];
		want_pass(der_next(&rest, tag, &content, &whole, &fail),
		    &fail);
		if (*nth > 0 && whole.len >= from.len && memcmp(whole.data,
		    from.data, from.len) == 0 && --*nth == 0) {
			buf_put(out, to);
		} else if ((tag & 0x20) != 0 || (tag == DER_OCTET_STRING &&
		    der_is_next(content, DER_SEQUENCE) && content.len > 20)) {
			mark = der_begin(out, tag);
			splice(content, from, nth, to, out);
			der_end(out, mark);
		} else {
			buf_put(out, whole);
		}
	}
}

static void
expect_der_refused(struct bytes der, const char *sentence)
{
	struct fail fail = { 0 };
	struct ocsp *ocsp = NULL;

	want_fail(ocsp_read(der, &ocsp, &fail), &fail, FAIL_INPUT, sentence);
	assert_null(ocsp);
}

static void
expect_refused(const struct buf *der, int nth, struct bytes from,
    struct bytes to, const char *sentence)
{
	AUTO(buf_release) struct buf other = { 0 };

	splice(buf_bytes(der), from, &nth, to, &other);
	assert_int_equal(nth, 0);
	expect_der_refused(buf_bytes(&other), sentence);
}

/* The splicing itself changes nothing. */
static void
test_splice(void **state)
{
	AUTO(buf_release) struct buf der = { 0 }, other = { 0 };
	int nth = 1;

	sign(*state, &der);
	splice(buf_bytes(&der), BYTES("\x80"), &nth, BYTES(""), &other);
	assert_int_equal(nth, 1);
	assert_true(bytes_is_equal(buf_bytes(&der), buf_bytes(&other)));
	expect_read(*state, &other);
}

#define HASH "01234567890123456789"

static void
test_read_refuses_outside(void **state)
{
	AUTO(buf_release) struct buf der = { 0 }, large = { 0 };

	sign(*state, &der);
	buf_put(&large, buf_bytes(&der));
	buf_append(&large, "", 1);
	expect_der_refused(buf_bytes(&large), "OCSP response: trailing bytes");
	expect_der_refused(BYTES("\x30\x80\x00\x00"),
	    "OCSP response: not DER: indefinite length");
	expect_der_refused(BYTES("\x31\x00"),
	    "OCSP response: want SEQUENCE, have SET");
	expect_der_refused(BYTES("\x30\x00"),
	    "OCSP response: ENUMERATED missing");
	expect_der_refused(BYTES("\x30\x03\x0a\x01\x06"),
	    "OCSP response: responseStatus: not successful");
	expect_der_refused(BYTES("\x30\x03\x0a\x01\x00"),
	    "OCSP response: responseBytes: [0] missing");
	expect_der_refused(BYTES("\x30\x05\x0a\x01\x00\xa0\x00"),
	    "OCSP response: responseBytes: SEQUENCE missing");
	expect_refused(&der, 1, BYTES("\x0a\x01\x00"),
	    BYTES("\x0a\x02\x00\x80"),
	    "OCSP response: responseStatus: not successful");
	expect_refused(&der, 1, BYTES("\x06\x09\x2b"),
	    BYTES("\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02"),
	    "OCSP response: responseType 1.3.6.1.5.5.7.48.1.2, want "
	    "id-pkix-ocsp-basic");
	expect_refused(&der, 1, BYTES("\x06\x09\x2b"), BYTES(""),
	    "OCSP response: responseBytes: want OBJECT IDENTIFIER, have "
	    "OCTET STRING");
	expect_refused(&der, 1, BYTES("\x04\x82"), BYTES("\x05\x00"),
	    "OCSP response: responseBytes: want OCTET STRING, have NULL");
	expect_refused(&der, 1, BYTES("\x04\x82"), BYTES("\x04\x00"),
	    "OCSP response: not DER: ends within an element");
	buf_reserve(&large, OCSP_MAX);
	large.len = OCSP_MAX + 1;
	expect_der_refused(buf_bytes(&large),
	    "OCSP response: larger than 65536 bytes");
	large.len = OCSP_MAX;
	expect_der_refused(buf_bytes(&large), "OCSP response: trailing bytes");
}

static void
test_read_refuses_basic(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };

	sign(*state, &der);
	/* Behind the signature: certificates, if only none. */
	expect_refused(&der, 1, BYTES("\x03"), BYTES("\x03\x02\x00\x01"
	    "\xa0\x02\x30\x00"), "OCSP response: signature: trailing bytes");
	expect_refused(&der, 1, BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"),
	    BYTES("\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"), "OCSP response: "
	    "signature algorithm ecdsa-with-SHA1 not accepted");
	expect_refused(&der, 1, BYTES("\xa2\x16"),
	    BYTES("\xa0\x03\x02\x01\x00\xa2\x16\x04\x14" HASH),
	    "OCSP response: ResponderID: not by key");
	expect_refused(&der, 1, BYTES("\xa2\x16"), BYTES("\xa1\x02\x30\x00"),
	    "OCSP response: ResponderID: not by key");
	expect_refused(&der, 1, BYTES("\x04\x14"), BYTES("\x05\x00"),
	    "OCSP response: ResponderID: want OCTET STRING, have NULL");
	expect_refused(&der, 1, BYTES("\x04\x14"), BYTES("\x04\x01x"),
	    "OCSP response: ResponderID: 1 octets, want 20");
	expect_refused(&der, 1, BYTES("\x04\x14"),
	    BYTES("\x04\x14" HASH "\x05\x00"), "OCSP response: trailing bytes");
	expect_refused(&der, 1, BYTES("\x04\x14"), BYTES("\x04\x14" HASH),
	    "OCSP response: ResponderID: not the issuer of CertID");
	expect_refused(&der, 1, BYTES("\x18\x0f" "20261121063048Z"),
	    BYTES("\x18\x0f" "20261121063048Z\xa1\x02\x30\x00"),
	    "OCSP response: responses: want SEQUENCE, have [1]");
}

static void
test_read_refuses_responses(void **state)
{
	static const char oid[] = "\x06\x05\x2b\x0e\x03\x02\x1a";
	AUTO(buf_release) struct buf der = { 0 }, more = { 0 };
	struct bytes responses, single, tbs;
	struct ocsp *ocsp = NULL;
	struct fail fail = { 0 };

	sign(*state, &der);
	want_pass(ocsp_read(buf_bytes(&der), &ocsp, &fail), &fail);
	tbs = ocsp->tbs;
	want_pass(der_next(&tbs, DER_SEQUENCE, &responses, NULL, &fail),
	    &fail);
	/* Behind the responder, 24 octets, and producedAt, 17. */
	responses = bytes_of(responses.data + 41, responses.len - 41);
	assert_true(der_is_next(responses, DER_SEQUENCE));
	buf_put(&more, responses);
	buf_put(&more, BYTES("\xa1\x02\x30\x00"));
	expect_refused(&der, 1, responses, buf_bytes(&more), "OCSP response: "
	    "responseExtensions, want none (RFC 5019, 2.2.1)");
	expect_refused(&der, 1, responses, BYTES("\x30\x00"),
	    "OCSP response: responses: SEQUENCE missing");
	expect_refused(&der, 1, responses, BYTES(""),
	    "OCSP response: responses: SEQUENCE missing");
	want_pass(der_next(&responses, DER_SEQUENCE, &single, NULL, &fail),
	    &fail);
	more.len = 0;
	buf_put(&more, single);
	buf_put(&more, single);
	expect_refused(&der, 1, single, buf_bytes(&more),
	    "OCSP response: more than one response");
	expect_refused(&der, 1, BYTES("\xa0\x11"),
	    BYTES("\xa0\x11\x18\x0f" "20261128063048Z\xa1\x02\x30\x00"),
	    "OCSP response: singleExtensions, want none");
	expect_refused(&der, 1, bytes_text(oid), BYTES("\x06\x09\x60\x86\x48"
	    "\x01\x65\x03\x04\x02\x01"), "OCSP response: CertID: want SHA-1 "
	    "with NULL (RFC 5019, 2.1.1)");
	expect_refused(&der, 1, BYTES("\x05\x00"), BYTES(""), "OCSP response: "
	    "CertID: want SHA-1 with NULL (RFC 5019, 2.1.1)");
	expect_refused(&der, 1, BYTES("\x30\x09\x06\x05\x2b"), BYTES(""),
	    "OCSP response: CertID: want SEQUENCE, have OCTET STRING");
	ocsp_release(&ocsp);
}

static void
test_read_refuses_cert_id(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };

	sign(*state, &der);
	expect_refused(&der, 1, BYTES("\x30\x3c"), BYTES("\x05\x00"),
	    "OCSP response: CertID: want SEQUENCE, have NULL");
	expect_refused(&der, 2, BYTES("\x04\x14"), BYTES("\x05\x00"),
	    "OCSP response: CertID: issuerNameHash: want OCTET STRING, have "
	    "NULL");
	expect_refused(&der, 2, BYTES("\x04\x14"), BYTES("\x04\x15x" HASH),
	    "OCSP response: CertID: issuerNameHash: 21 octets, want 20");
	expect_refused(&der, 3, BYTES("\x04\x14"), BYTES("\x04\x00"),
	    "OCSP response: CertID: issuerKeyHash: 0 octets, want 20");
	expect_refused(&der, 1, BYTES("\x02\x03\x00\x81\x02"),
	    BYTES("\x02\x02\x81\x02"), "OCSP response: CertID: serial number "
	    "negative (RFC 5280, 4.1.2.2)");
	expect_refused(&der, 1, BYTES("\x02\x03\x00\x81\x02"),
	    BYTES("\x02\x01\x00"), "OCSP response: CertID: serial number "
	    "zero, want a positive one (RFC 5280, 4.1.2.2)");
	expect_refused(&der, 1, BYTES("\x02\x03\x00\x81\x02"),
	    BYTES("\x02\x01\x01\x05\x00"),
	    "OCSP response: CertID: trailing bytes");
}

#define REVOKED_AT BYTES("\x18\x0f" "20261120063048Z")

static void
test_read_refuses_status(void **state)
{
	AUTO(buf_release) struct buf der = { 0 };

	sign(*state, &der);
	expect_refused(&der, 1, BYTES("\xa1\x16"), BYTES("\x82\x00"),
	    "OCSP response: certStatus: want good or revoked");
	expect_refused(&der, 1, REVOKED_AT, BYTES(""), "OCSP response: "
	    "revocationTime: want GeneralizedTime, have [0]");
	expect_refused(&der, 1, BYTES("\xa0\x03"), BYTES("\xa1\x03\x0a\x01"
	    "\x02"), "OCSP response: revocationReason: want [0], have [1]");
	expect_refused(&der, 1, BYTES("\x0a\x01\x02"), BYTES("\x02\x01\x02"),
	    "OCSP response: revocationReason: want ENUMERATED, have INTEGER");
	expect_refused(&der, 1, BYTES("\x0a\x01\x02"),
	    BYTES("\x0a\x01\x02\x05\x00"),
	    "OCSP response: revocationReason: trailing bytes");
	expect_refused(&der, 1, BYTES("\x0a\x01\x02"),
	    BYTES("\x0a\x02\x00\x82"),
	    "OCSP response: revocationReason: 2 octets, want 1");
	expect_refused(&der, 1, BYTES("\x0a\x01\x02"), BYTES("\x0a\x01\x07"),
	    "OCSP response: reason 7 unknown");
	expect_refused(&der, 1, BYTES("\x0a\x01\x02"), BYTES("\x0a\x01\xff"),
	    "OCSP response: reason 255 unknown");
	expect_refused(&der, 1, BYTES("\xa0\x03"),
	    BYTES("\xa0\x03\x0a\x01\x02\x05\x00"),
	    "OCSP response: trailing bytes");
}

static void
test_read_refuses_times(void **state)
{
	static const char *const shapes[] = {
		"\x18\x0f" "20261320063048Z", "\x18\x0f" "20260230063048Z",
		"\x18\x0f" "20261120246048Z", "\x18\x0f" "202611200630480",
		"\x18\x11" "20261120063048.5Z", "\x18\x0d" "202611200630Z",
		"\x18\x11" "20261120063048Z.5",
		"\x18\x0f" "2026112006304 Z", "\x18\x13" "20261120063048+0000",
	};
	AUTO(buf_release) struct buf der = { 0 };
	size_t n;

	sign(*state, &der);
	for (n = 0; n < COUNT(shapes); n++)
		expect_refused(&der, 1, REVOKED_AT, bytes_text(shapes[n]),
		    "OCSP response: revocationTime: want YYYYMMDDHHMMSSZ "
		    "(RFC 6960, 4.2.2.1)");
	expect_refused(&der, 1, BYTES("\x18\x0f" "20261121063048Z"),
	    BYTES("\x17\x0d" "261121063048Z"), "OCSP response: producedAt: "
	    "want GeneralizedTime, have UTCTime");
	expect_refused(&der, 1, BYTES("\x18\x0f" "20261121053048Z"),
	    BYTES(""), "OCSP response: thisUpdate: want GeneralizedTime, "
	    "have [0]");
	expect_refused(&der, 1, BYTES("\xa0\x11"), BYTES(""),
	    "OCSP response: no nextUpdate (RFC 5019, 2.2.4)");
	expect_refused(&der, 1, BYTES("\x18\x0f" "20261128"), BYTES(""),
	    "OCSP response: nextUpdate: GeneralizedTime missing");
	expect_refused(&der, 1, BYTES("\x18\x0f" "20261128"),
	    BYTES("\x18\x0f" "20261128063048Z\x05\x00"),
	    "OCSP response: trailing bytes");
	expect_refused(&der, 1, BYTES("\x18\x0f" "20261128"),
	    BYTES("\x18\x0f" "20261120063048Z"), "OCSP response: times: want "
	    "thisUpdate, then producedAt, then nextUpdate, have "
	    "2026-11-21T05:30:48Z, 2026-11-21T06:30:48Z, "
	    "2026-11-20T06:30:48Z");
}

/* DER, each of them, and the same facts; but not what is written here. */
static void
test_read_refuses_other_encodings(void **state)
{
	static const char sentence[] = "OCSP response: not encoded as its "
	    "parts would be";
	struct fixture *fixture = *state;
	AUTO(buf_release) struct buf der = { 0 }, more = { 0 };
	struct fail fail = { 0 };
	struct bytes rest, inside;
	int level;

	sign(fixture, &der);
	expect_refused(&der, 1, BYTES("\x0a\x01\x02"), BYTES("\x0a\x01\x00"),
	    sentence);
	/* Something behind each of the three that are left open. */
	rest = buf_bytes(&der);
	for (level = 0; level < 3; level++) {
		want_pass(der_next(&rest, rest.data[0], &inside, NULL, &fail),
		    &fail);
		if (level != 1)		/* what stands before the next */
			want_pass(der_next(&inside, inside.data[0], NULL,
			    NULL, &fail), &fail);
		more.len = 0;
		buf_put(&more, inside);
		buf_put(&more, BYTES("\x05\x00"));
		expect_refused(&der, 1, inside, buf_bytes(&more), sentence);
		rest = inside;
	}
	fixture->plan.status = OCSP_GOOD;
	der.len = 0;
	sign(fixture, &der);
	expect_refused(&der, 1, BYTES("\x80\x00"), BYTES("\x80\x01\x00"),
	    sentence);
}

static void
test_verify_refuses(void **state)
{
	struct fixture *fixture = *state;
	EVP_PKEY *other = EVP_EC_gen("P-256");
	AUTO(cert_release) struct cert *name = root_make(fixture->key,
	    fixture->alg, "Another");
	AUTO(cert_release) struct cert *key = root_make(other, fixture->alg,
	    "Root");
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };

	sign(fixture, &der);
	want_pass(ocsp_read(buf_bytes(&der), &ocsp, &fail), &fail);
	want_pass(ocsp_verify(ocsp, fixture->root, &fail), &fail);
	want_fail(ocsp_verify(ocsp, name, &fail), &fail, FAIL_INPUT,
	    "OCSP response: CertID: another issuer's name");
	want_fail(ocsp_verify(ocsp, key, &fail), &fail, FAIL_INPUT,
	    "OCSP response: CertID: another issuer's key");
	ocsp->alg = alg_find("ecdsa-sha384");
	want_fail(ocsp_verify(ocsp, fixture->root, &fail), &fail, FAIL_INPUT,
	    "OCSP response: signature does not verify");
	ocsp->alg = alg_find("rsa-sha256");
	want_fail(ocsp_verify(ocsp, fixture->root, &fail), &fail, FAIL_INPUT,
	    "OCSP response: signature algorithm rsa-sha256 does not fit the "
	    "key");
	ocsp_release(&ocsp);
	der.data[der.len - 1] ^= 1;	/* of the signature */
	want_pass(ocsp_read(buf_bytes(&der), &ocsp, &fail), &fail);
	want_fail(ocsp_verify(ocsp, fixture->root, &fail), &fail, FAIL_INPUT,
	    "OCSP response: signature does not verify");
	EVP_PKEY_free(other);
}

/* Whatever octet is changed: not read, or not verified. */
static void
test_every_octet(void **state)
{
	struct fixture *fixture = *state;
	AUTO(buf_release) struct buf der = { 0 };
	struct fail fail = { 0 };
	struct ocsp *ocsp = NULL;
	size_t n;

	sign(fixture, &der);
	for (n = 0; n < der.len; n++) {
		der.data[n] ^= 1;
		if (ocsp_read(buf_bytes(&der), &ocsp, &fail) == 0)
			assert_int_equal(ocsp_verify(ocsp, fixture->root,
			    &fail), -1);
		assert_int_equal(fail.kind, FAIL_INPUT);
		ocsp_release(&ocsp);
		assert_int_equal(ocsp_read(bytes_of(der.data, n), &ocsp,
		    &fail), -1);
		der.data[n] ^= 1;
	}
	expect_read(fixture, &der);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good_and_revoked),
		TEST(test_algorithms),
		TEST(test_openssl_makes_the_same),
		TEST(test_build_refuses),
		TEST(test_splice),
		TEST(test_read_refuses_outside),
		TEST(test_read_refuses_basic),
		TEST(test_read_refuses_responses),
		TEST(test_read_refuses_cert_id),
		TEST(test_read_refuses_status),
		TEST(test_read_refuses_times),
		TEST(test_read_refuses_other_encodings),
		TEST(test_verify_refuses),
		TEST(test_every_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
