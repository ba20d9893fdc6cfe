/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/out/bundle_acm_pca.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/acm_pca_rules.h>

/* Where relying parties look for the CRL: http://HOST/KEY. */
struct crl_place {
	const char *url;		/* lent; NULL: the profile has none */
	struct buf host, key;		/* empty: no place for a script */
};

static void
crl_place_release(struct crl_place *place)
{
	buf_release(&place->host);
	buf_release(&place->key);
}

/* What goes into a script: nothing that a shell could take for more. */
static bool
is_plain(struct bytes text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";

	for (size_t n = 0; n < text.len; n++)
		if (memchr(plain, text.data[n], strlen(plain)) == NULL)
			return false;
	return text.len > 0;
}

static void
url_split(const char *url, struct crl_place *out)
{
	static const char scheme[] = "http://";
	const char *host, *slash;
	size_t len;

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return;
	host = url + strlen(scheme);
	slash = strchr(host, '/');
	if (slash == NULL)
		return;
	len = (size_t)(slash - host);
	if (!is_plain(bytes_of(host, len)) ||
	    !is_plain(bytes_text(slash + 1)))
		return;
	buf_append(&out->host, host, len);
	buf_text(&out->key, slash + 1);
}

/* The profile's first URL, which the certificate must name too. */
static int
crl_place_find(const struct bundle_source *source, struct crl_place *out,
    struct fail *fail)
{
	const struct policy_profile *profile;
	const struct cert *cert = source->certificate;
	const struct ext *ext = ext_find(cert->extensions,
	    cert->extension_count, NID_crl_distribution_points);
	const char *url;

	if (policy_profile(source->ledger->policy, source->issued->profile,
	    &profile, fail) == -1)
		return -1;
	if (profile->extensions.crl_urls.count == 0)
		return 0;
	url = profile->extensions.crl_urls.items[0];
	if (ext == NULL || memmem(ext->value.data, ext->value.len, url,
	    strlen(url)) == NULL)
		return fail_with(fail, FAIL_REFUSED, "acm-pca: CRL URL: want "
		    "%s in the certificate, have it not", url);
	out->url = url;
	url_split(url, out);
	return 0;
}

static const char script_head[] =
"#!/bin/sh\n"
"# Imports a subordinate CA's certificate into AWS Private CA and, if a\n"
"# bucket is named, puts the root's CRL where the certificate says it is.\n"
"# Run again, it compares what is there and does only what is missing.\n"
"# README.txt tells the rest.\n"
"set -eu\n"
"\n";

/* Before it stand crl_host, crl_key and crl_number. */
static const char script_body[] =
"\n"
"say() { printf 'import.sh: %s\\n' \"$*\"; }\n"
"die() { printf 'import.sh: %s\\n' \"$*\" >&2; exit 1; }\n"
"usage() { echo 'usage: import.sh CA-ARN [CRL-BUCKET]' >&2; exit 2; }\n"
"has() { command -v \"$1\" >/dev/null 2>&1; }\n"
"fits() { printf '%s\\n' \"$1\" | grep -Eq \"^($2)\\$\"; }\n"
"squeeze() { tr -d ' \\t\\r\\n'; }\n"
"export AWS_PAGER=\n"
"\n"
"if [ $# -lt 1 ] || [ $# -gt 2 ]; then usage; fi\n"
"arn=$1\n"
"bucket=${2-}\n"
"case $arn$bucket in *[!A-Za-z0-9:/.-]*) usage ;; esac\n"
"ca='certificate-authority/[A-Za-z0-9-]+'\n"
"fits \"$arn\" \"arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:[0-9]{12}:$ca\" ||\n"
"\tdie \"not the ARN of a private CA: $arn\"\n"
"if [ $# -eq 2 ]; then\n"
"\tfits \"$bucket\" '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]' ||\n"
"\t\tdie \"not the name of a bucket: $bucket\"\n"
"\t[ -n \"$crl_key\" ] || die 'no place for the CRL is known here:' \\\n"
"\t\t'leave the bucket out, see README.txt'\n"
"fi\n"
"has aws || die 'the AWS command line (aws) is not installed'\n"
"cd \"$(dirname \"$0\")\"\n"
"region=$(printf '%s' \"$arn\" | cut -d : -f 4)\n"
"dir=$(mktemp -d)\n"
"trap 'rm -rf \"$dir\"' EXIT\n"
"trap 'exit 1' HUP INT TERM\n"
"\n"
"# 1. Are these the files that were made?\n"
"if has sha256sum; then\n"
"\tsha256sum -c manifest.sha256 || die 'a file is not as it was made'\n"
"else\n"
"\tshasum -a 256 -c manifest.sha256 || die 'a file is not as it was made'\n"
"fi\n"
"if has openssl; then\n"
"\topenssl cms -verify -binary -inform DER -in manifest.p7s \\\n"
"\t\t-content manifest.sha256 -certfile journal-key.pem \\\n"
"\t\t-nointern -noverify -out /dev/null 2>\"$dir/why\" ||\n"
"\t\tdie \"manifest.p7s does not verify: $(cat \"$dir/why\")\"\n"
"\tsay 'the files are as they were made, signed by the journal key'\n"
"else\n"
"\tsay 'the files are as they were made (no openssl: who signed' \\\n"
"\t\t'is not checked)'\n"
"fi\n"
"\n"
"# 2. The certificate and its chain.\n"
"installed() {\n"
"\taws acm-pca get-certificate-authority-certificate \\\n"
"\t\t--region \"$region\" --certificate-authority-arn \"$arn\" \\\n"
"\t\t--output text --query \"$1\"\n"
"}\n"
"\n"
"# Text output adds and drops newlines: white space does not count.\n"
"is_same() { [ \"$(squeeze <\"$1\")\" = \"$(squeeze <\"$2\")\" ]; }\n"
"\n"
"is_imported() {\n"
"\tinstalled Certificate >\"$dir/certificate\" 2>\"$dir/why\" &&\n"
"\t\tinstalled CertificateChain >\"$dir/chain\" 2>\"$dir/why\" ||\n"
"\t\treturn 1\n"
"\tis_same certificate.pem \"$dir/certificate\" &&\n"
"\t\tis_same certificate-chain.pem \"$dir/chain\"\n"
"}\n"
"\n"
"if is_imported; then\n"
"\tsay 'the certificate is imported already'\n"
"else\n"
"\taws acm-pca import-certificate-authority-certificate \\\n"
"\t\t--region \"$region\" --certificate-authority-arn \"$arn\" \\\n"
"\t\t--certificate fileb://certificate.pem \\\n"
"\t\t--certificate-chain fileb://certificate-chain.pem ||\n"
"\t\tdie 'not imported: see README.txt, \"If a step fails\"'\n"
"\tsay 'imported the certificate and its chain'\n"
"\t: >\"$dir/why\"\n"
"\tif ! is_imported; then\n"
"\t\tcat \"$dir/why\" >&2\n"
"\t\tdie 'the CA does not give back what was imported'\n"
"\tfi\n"
"\tsay 'read both back: they are the same'\n"
"fi\n"
"\n"
"# 3. The CRL.\n"
"if [ -z \"$bucket\" ]; then\n"
"\tsay 'no bucket named: the CRL was not put anywhere'\n"
"\tsay 'next: put crl.der where the certificate says, see README.txt'\n"
"\texit 0\n"
"fi\n"
"crl_url=http://$crl_host/$crl_key\n"
"# In URLs of the older style the bucket is the first part of the path.\n"
"case $crl_host in\n"
"s3[.-]*amazonaws.com*) crl_key=${crl_key#\"$bucket\"/} ;;\n"
"esac\n"
"\n"
"get_crl() {\n"
"\taws s3api get-object --bucket \"$bucket\" --key \"$crl_key\" \\\n"
"\t\t\"$dir/crl\" >\"$dir/out\" 2>\"$dir/why\"\n"
"}\n"
"\n"
"# A CRL that is newer than this one must not be lost.\n"
"check_newer() {\n"
"\thas openssl || return 0\n"
"\tthere=$(openssl crl -inform DER -in \"$dir/crl\" -noout -crlnumber \\\n"
"\t\t2>/dev/null) || die \"s3://$bucket/$crl_key is not a CRL:\" \\\n"
"\t\t'remove it, or name another bucket'\n"
"\tthere=${there#crlNumber=}\n"
"\tthere=${there#0x}\n"
"\tfits \"$there\" '[0-9A-Fa-f]{1,15}' ||\n"
"\t\tdie \"s3://$bucket/$crl_key has the CRL number $there\"\n"
"\t[ $((0x$there)) -le \"$crl_number\" ] ||\n"
"\t\tdie \"s3://$bucket/$crl_key is newer than crl.der: left as is\"\n"
"}\n"
"\n"
"if get_crl && cmp -s crl.der \"$dir/crl\"; then\n"
"\tsay \"the CRL is at s3://$bucket/$crl_key already\"\n"
"else\n"
"\t[ ! -f \"$dir/crl\" ] || check_newer\n"
"\taws s3api put-object --bucket \"$bucket\" --key \"$crl_key\" \\\n"
"\t\t--body crl.der --content-type application/pkix-crl \\\n"
"\t\t>\"$dir/out\" || die 'the CRL was not put into the bucket'\n"
"\tsay \"put the CRL at s3://$bucket/$crl_key\"\n"
"\tget_crl || die \"the CRL cannot be read back: $(cat \"$dir/why\")\"\n"
"\tcmp -s crl.der \"$dir/crl\" || die 'the CRL read back is another'\n"
"\tsay 'read it back: it is the same'\n"
"fi\n"
"say 'next: check that the CRL can be had without AWS credentials:'\n"
"say \"    curl -fsS $crl_url | cmp - crl.der\"\n";

static void
add_script(const struct bundle_source *source, const struct crl_place *place,
    struct bundle *bundle)
{
	AUTO(buf_release) struct buf script = { 0 };

	buf_text(&script, script_head);
	buf_printf(&script, "crl_host='%.*s'\n", (int)place->host.len,
	    (const char *)place->host.data);
	buf_printf(&script, "crl_key='%.*s'\n", (int)place->key.len,
	    (const char *)place->key.data);
	buf_printf(&script, "crl_number=%llu\n",
	    (unsigned long long)source->crl->number);
	buf_text(&script, script_body);
	bundle_add_script(bundle, "import.sh", &script);
}

static const char readme_files[] =
"WHAT IS HERE\n"
"\n"
"certificate.pem         the subordinate CA's certificate\n"
"certificate-chain.pem   the root, which certified it\n"
"root.pem, root.der      the root again, for those who are to trust it\n"
"crl.pem, crl.der        what the root has revoked\n"
"import.sh               does all that is said under \"By script\"\n"
"manifest.sha256         the list of these files\n"
"manifest.p7s            its signature, by the authority's journal key\n"
"journal-key.pem         that key's certificate\n"
"\n"
"Nothing here is secret. Nothing here may be changed.\n"
"\n";

static const char readme_steps[] =
"BY SCRIPT\n"
"\n"
"    sh import.sh CA-ARN CRL-BUCKET\n"
"\n"
"CA-ARN is that of the private CA that made the request; this lists all:\n"
"\n"
"    aws acm-pca list-certificate-authorities \\\n"
"        --query 'CertificateAuthorities[].[Arn,Status]' --output text\n"
"\n"
"CRL-BUCKET is the S3 bucket behind the CRL's URL; leave it out where\n"
"that is not S3. The script checks the files, imports them, reads back\n"
"what was imported, puts the CRL, reads that back too, and says so step\n"
"by step. It can be run again at any time. It needs the AWS command line\n"
"and leave for acm-pca:ImportCertificateAuthorityCertificate,\n"
"acm-pca:GetCertificateAuthorityCertificate, s3:PutObject, s3:GetObject\n"
"and s3:ListBucket.\n"
"\n"
"BY HAND\n"
"\n"
"    aws acm-pca import-certificate-authority-certificate \\\n"
"        --certificate-authority-arn CA-ARN \\\n"
"        --certificate fileb://certificate.pem \\\n"
"        --certificate-chain fileb://certificate-chain.pem\n"
"\n"
"    aws acm-pca describe-certificate-authority \\\n"
"        --certificate-authority-arn CA-ARN \\\n"
"        --query CertificateAuthority.Status\n"
"\n"
"The answer is \"ACTIVE\".\n"
"\n";

static const char readme_failures[] =
"IF A STEP FAILS\n"
"\n"
"A file is not as it was made, or manifest.p7s does not verify:\n"
"    Import nothing. Copy the directory again from the medium it came\n"
"    on, as it is: no editor, no conversion of line ends.\n"
"InvalidStateException:\n"
"    The CA takes a certificate while it is PENDING_CERTIFICATE, ACTIVE\n"
"    or EXPIRED. A disabled CA has to be enabled first:\n"
"        aws acm-pca update-certificate-authority --status ACTIVE \\\n"
"            --certificate-authority-arn CA-ARN\n"
"CertificateMismatchException:\n"
"    Most likely CA-ARN is that of another CA. These two must say the\n"
"    same:\n"
"        openssl x509 -in certificate.pem -noout -pubkey\n"
"        aws acm-pca get-certificate-authority-csr --output text \\\n"
"            --certificate-authority-arn CA-ARN |\n"
"            openssl req -noout -pubkey\n"
"MalformedCertificateException:\n"
"    The files were changed on the way: see the first of these.\n"
"RequestInProgressException, ConcurrentModificationException:\n"
"    Wait a minute, and run the script again.\n"
"AccessDeniedException, AccessDenied:\n"
"    Ask for the leave named under \"By script\".\n"
"The CRL in the bucket is newer than crl.der:\n"
"    This directory is not the newest one. Nothing was changed; use the\n"
"    newest.\n"
"The CRL's URL does not answer:\n"
"    The bucket, or what stands before it, does not let the public read\n"
"    that one object. Who checks certificates has no credentials.\n";

static void
put_crl_steps(const struct crl_place *place, struct buf *out)
{
	AUTO(buf_release) struct buf url = { 0 };

	if (place->url == NULL) {
		buf_text(out, "The certificate names no URL for the CRL: give "
		    "crl.der to those who are\nto check the certificate.\n\n");
		return;
	}
	text_escape(&url, bytes_text(place->url));
	/* Not wrapped: it is to be copied whole. */
	buf_printf(out, "Put crl.der where this URL leads, for everyone to "
	    "have:\n\n    %s\n\n", buf_cstr(&url));
	if (place->key.len > 0)
		buf_printf(out, "With S3 that is (without the name of the "
		    "bucket, where it stands in\nthe URL's path), and then a "
		    "look whether everyone can have it:\n\n"
		    "    aws s3api put-object --bucket CRL-BUCKET "
		    "--body crl.der \\\n"
		    "        --content-type application/pkix-crl \\\n"
		    "        --key %.*s\n\n"
		    "    curl -fsS %s | cmp - crl.der\n\n",
		    (int)place->key.len, (const char *)place->key.data,
		    buf_cstr(&url));
	buf_text(out, "A new CRL has to be there before the next update named "
	    "above.\n\n");
}

static void
add_readme(const struct bundle_source *source, const struct crl_place *place,
    struct bundle *bundle)
{
	AUTO(buf_release) struct buf readme = { 0 };
	char now[TEXT_TIME_SIZE];

	text_time(source->now, now);
	buf_printf(&readme,
	    "A SUBORDINATE CA'S CERTIFICATE FOR AWS PRIVATE CA\n\n"
	    "Made by anchorite " ANCHORITE_VERSION ", %s.\n\n", now);
	bundle_put_facts(source, &readme);
	buf_text(&readme, "\n");
	buf_text(&readme, readme_files);
	buf_text(&readme, "CHECK FIRST\n\n");
	bundle_put_checks(source, &readme);
	buf_text(&readme, "\n");
	buf_text(&readme, readme_steps);
	put_crl_steps(place, &readme);
	buf_text(&readme, readme_failures);
	bundle_add(bundle, BUNDLE_README, &readme);
}

int
bundle_acm_pca_fill(const struct bundle_source *source,
    struct bundle *bundle, struct fail *fail)
{
	AUTO(crl_place_release) struct crl_place place = { 0 };
	struct bytes root = buf_bytes(&source->ledger->root->der);

	if (source->crl == NULL)
		return fail_with(fail, FAIL_REFUSED, "acm-pca: CRL: want one, "
		    "have none: sign it first, with 'anchorite crl'");
	if (crl_place_find(source, &place, fail) == -1)
		return -1;
	bundle_add_pem(bundle, BUNDLE_CERTIFICATE, "CERTIFICATE",
	    buf_bytes(&source->certificate->der));
	/* The authority is the root: the chain ends where it begins. */
	bundle_add_pem(bundle, BUNDLE_CHAIN, "CERTIFICATE", root);
	bundle_add_pem(bundle, BUNDLE_ROOT, "CERTIFICATE", root);
	bundle_add_der(bundle, BUNDLE_ROOT_DER, root);
	bundle_add_pem(bundle, BUNDLE_CRL, "X509 CRL",
	    buf_bytes(&source->crl->der));
	bundle_add_der(bundle, BUNDLE_CRL_DER, buf_bytes(&source->crl->der));
	add_script(source, &place, bundle);
	add_readme(source, &place, bundle);
	return 0;
}

int
bundle_acm_pca_check(const struct bundle_source *source,
    const struct bundle *bundle, struct fail *fail)
{
	AUTO(acm_pca_case_release) struct acm_pca_case judged = {
		.source = source,
		.bundle = bundle,
	};

	for (const struct acm_pca_rule *rule = acm_pca_rules;
	    rule->name != NULL; rule++)
		if (rule->check(&judged, fail) == -1)
			return fail_in(fail, "acm-pca: %s (%s)", rule->name,
			    rule->source);
	return 0;
}
