/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_files.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle_check.h>

static void
add_readme(const struct bundle_source *source, struct bundle *bundle)
{
	AUTO(buf_release) struct buf readme = { 0 };
	char now[TEXT_TIME_SIZE];

	text_time(source->now, now);
	buf_printf(&readme, "A CERTIFICATE\n\n"
	    "Made by anchorite " ANCHORITE_VERSION ", %s.\n\n", now);
	bundle_put_facts(source, &readme);
	buf_text(&readme, "\n"
	    "WHAT IS HERE\n"
	    "\n"
	    "certificate.pem, .der   the certificate\n"
	    "certificate-chain.pem   who certified it, the root last\n"
	    "root.pem, .der          the root, for whoever is to trust it\n");
	if (source->crl != NULL)
		buf_text(&readme,
		    "crl.pem, .der           what the root has revoked\n");
	buf_text(&readme,
	    "manifest.sha256         the list of these files\n"
	    "manifest.p7s            its signature, by the journal key\n"
	    "journal-key.pem         that key's certificate\n"
	    "\n"
	    "Nothing here is secret. Nothing here may be changed.\n"
	    "\n"
	    "HOW TO CHECK IT\n"
	    "\n");
	bundle_put_checks(source, &readme);
	bundle_add(bundle, BUNDLE_README, &readme);
}

int
bundle_files_fill(const struct bundle_source *source, struct bundle *bundle,
    struct fail *fail)
{
	struct bytes certificate = buf_bytes(&source->certificate->der);
	struct bytes root = buf_bytes(&source->ledger->root->der);

	(void)fail;
	bundle_add_pem(bundle, BUNDLE_CERTIFICATE, "CERTIFICATE", certificate);
	bundle_add_der(bundle, BUNDLE_CERTIFICATE_DER, certificate);
	bundle_add_pem(bundle, BUNDLE_CHAIN, "CERTIFICATE", root);
	bundle_add_pem(bundle, BUNDLE_ROOT, "CERTIFICATE", root);
	bundle_add_der(bundle, BUNDLE_ROOT_DER, root);
	if (source->crl != NULL) {
		struct bytes crl = buf_bytes(&source->crl->der);

		bundle_add_pem(bundle, BUNDLE_CRL, "X509 CRL", crl);
		bundle_add_der(bundle, BUNDLE_CRL_DER, crl);
	}
	add_readme(source, bundle);
	return 0;
}

/* One certificate, as PEM and as DER, and the one that was meant. */
static int
check_certificate(const struct bundle *bundle, const char *pem_name,
    const char *der_name, const struct cert *meant, struct cert **out,
    struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = NULL;
	size_t count;

	if (bundle_read_certificates(bundle, pem_name, 1, &cert, &count,
	    fail) == -1)
		return -1;
	if (!digest_is_equal(&cert->digest, &meant->digest))
		return fail_with(fail, FAIL_REFUSED,
		    "%s: want the authority's, have another", pem_name);
	if (der_name != NULL && bundle_check_der(bundle, der_name,
	    buf_bytes(&cert->der), fail) == -1)
		return -1;
	*out = GIVE(cert);
	return 0;
}

/* A CRL is not asked for here, but one that is there has to be right. */
static int
check_crl(const struct bundle_source *source, const struct bundle *bundle,
    struct crl **out, struct fail *fail)
{
	AUTO(crl_release) struct crl *crl = NULL;

	if (source->crl == NULL)
		return 0;
	if (bundle_read_crl(bundle, BUNDLE_CRL, &crl, fail) == -1 ||
	    bundle_check_der(bundle, BUNDLE_CRL_DER, buf_bytes(&crl->der),
		fail) == -1)
		return -1;
	*out = GIVE(crl);
	return 0;
}

int
bundle_files_check(const struct bundle_source *source,
    const struct bundle *bundle, struct fail *fail)
{
	AUTO(cert_release) struct cert *certificate = NULL;
	AUTO(cert_release) struct cert *root = NULL;
	AUTO(cert_release) struct cert *chain = NULL;
	AUTO(crl_release) struct crl *crl = NULL;

	if (check_certificate(bundle, BUNDLE_CERTIFICATE,
		BUNDLE_CERTIFICATE_DER, source->certificate, &certificate,
		fail) == -1 ||
	    check_certificate(bundle, BUNDLE_ROOT, BUNDLE_ROOT_DER,
		source->ledger->root, &root, fail) == -1 ||
	    check_certificate(bundle, BUNDLE_CHAIN, NULL,
		source->ledger->root, &chain, fail) == -1 ||
	    check_crl(source, bundle, &crl, fail) == -1 ||
	    bundle_check_path((struct cert *const[]){ certificate, root }, 2,
		crl, source->now, fail) == -1)
		return fail_in(fail, "files");
	return 0;
}
