/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ocsp.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/ocsp.h>

#include "fuzz.h"

/* What is taken says the same of the same certificate to OpenSSL. */
static void
openssl_agrees(const struct ocsp *ocsp)
{
	const uint8_t *at = ocsp->der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at,
	    (long)ocsp->der.len);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	ASN1_INTEGER *serial = NULL;
	OCSP_SINGLERESP *single;
	int status, reason = -1;
	uint8_t number[SERIAL_MAX] = { 0 };
	BIGNUM *big;

	hold(response != NULL && at == ocsp->der.data + ocsp->der.len);
	hold(basic != NULL && OCSP_resp_count(basic) == 1);
	single = OCSP_resp_get0(basic, 0);
	status = OCSP_single_get0_status(single, &reason, NULL, NULL, NULL);
	hold(status == (ocsp->status == OCSP_GOOD ? V_OCSP_CERTSTATUS_GOOD :
	    V_OCSP_CERTSTATUS_REVOKED));
	hold(reason == (ocsp->reason == CRL_UNSPECIFIED ? -1 :
	    (int)ocsp->reason));
	hold(OCSP_id_get0_info(NULL, NULL, NULL, &serial,
	    (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single)) == 1);
	big = ASN1_INTEGER_to_BN(serial, NULL);
	hold((size_t)BN_bn2bin(big, number) == ocsp->serial.len);
	hold(bytes_is_equal(bytes_of(number, ocsp->serial.len),
	    bytes_of(ocsp->serial.octets, ocsp->serial.len)));
	BN_free(big);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_release) struct buf again = { 0 };
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;
	struct bytes der = bytes_of(data, size);
	struct fail fail = { 0 };

	if (ocsp_read(der, &ocsp, &fail) != 0)
		return refused(&fail);
	hold(ocsp->this_update <= ocsp->produced_at);
	hold(ocsp->produced_at < ocsp->next_update);
	ocsp_assemble(ocsp->alg, ocsp->tbs, ocsp->signature, &again);
	hold(bytes_is_equal(buf_bytes(&again), der));
	openssl_agrees(ocsp);
	return 0;
}
