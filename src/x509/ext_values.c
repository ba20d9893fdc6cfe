/* SPDX-License-Identifier: Apache-2.0 */
/* The values of extensions that are copied from requests. All were read by
 * ext_read, so they parse; what they say is judged here. */
#include <anchorite/x509/ext.h>

#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>
#include <anchorite/x509/name.h>

#include "ext_internal.h"

#define HOST_MAX   253		/* RFC 1035, 2.3.4 */
#define LABEL_MAX  63
#define MAIL_MAX   254		/* RFC 5321, 4.5.3.1 */
#define TEXT_OCTETS 800		/* of 200 characters (RFC 5280, 4.2.1.4) */

/* Its octets in words, which may be any: escaped. */
static int
refuse_value(const char *kind, struct bytes value, const char *why,
    struct fail *fail)
{
	AUTO(buf_release) struct buf shown = { 0 };

	text_escape(&shown, value);
	return fail_with(fail, FAIL_REFUSED, "%s %.80s%s: %s", kind,
	    buf_cstr(&shown), shown.len > 80 ? "..." : "", why);
}

static bool
is_of(struct bytes text, const char *allowed)
{
	for (size_t n = 0; n < text.len; n++)
		if (text.data[n] == '\0' ||
		    strchr(allowed, text.data[n]) == NULL)
			return false;
	return text.len > 0;
}

/* Takes what stands before the mark off the text, and the mark. */
static struct bytes
take_until(struct bytes *text, char mark)
{
	const uint8_t *end = text->len == 0 ? NULL :
	    memchr(text->data, mark, text->len);
	size_t len = end == NULL ? text->len : (size_t)(end - text->data);
	size_t step = end == NULL ? len : len + 1;
	struct bytes part = bytes_of(text->data, len);

	*text = bytes_of(text->data + step, text->len - step);
	return part;
}

/* Labels of letters, digits and hyphens (RFC 5280, 4.2.1.6; RFC 1123, 2.1). */
static bool
is_host(struct bytes text)
{
	if (text.len == 0 || text.len > HOST_MAX ||
	    text.data[text.len - 1] == '.')
		return false;
	while (text.len > 0) {
		struct bytes label = take_until(&text, '.');

		if (!is_of(label, LETTERS DIGITS "-") ||
		    label.len > LABEL_MAX || label.data[0] == '-' ||
		    label.data[label.len - 1] == '-')
			return false;
	}
	return true;
}

/* The first label may be a wildcard, alone in it (RFC 9525, 6.3). */
static int
check_dns(struct bytes text, struct fail *fail)
{
	struct bytes host = text;

	if (text.len > 2 && memcmp(text.data, "*.", 2) == 0)
		host = bytes_of(text.data + 2, text.len - 2);
	if (is_host(host))
		return 0;
	return refuse_value("dNSName", text, "no host name", fail);
}

/* Dot-string "@" Domain (RFC 5321, 4.1.2). */
static int
check_mail(struct bytes text, struct fail *fail)
{
	struct bytes host = text, local = take_until(&host, '@');
	bool good = text.len <= MAIL_MAX && is_host(host) && local.len > 0 &&
	    local.data[local.len - 1] != '.';

	while (good && local.len > 0)
		good = is_of(take_until(&local, '.'),
		    LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~");
	if (good)
		return 0;
	return refuse_value("rfc822Name", text, "no mail address", fail);
}

/* With a scheme, and something behind it (RFC 3986, 3). */
static int
check_uri(struct bytes text, struct fail *fail)
{
	struct bytes rest = text, scheme = take_until(&rest, ':');

	if (is_of(scheme, LETTERS DIGITS "+-.") &&
	    strchr(DIGITS "+-.", scheme.data[0]) == NULL &&
	    is_of(rest, LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=%") &&
	    !(rest.len == 2 && memcmp(rest.data, "//", 2) == 0) &&
	    !(rest.len > 2 && memcmp(rest.data, "///", 3) == 0))
		return 0;
	return refuse_value("URI", text, "not an absolute one", fail);
}

static int
check_ip(struct bytes octets, struct fail *fail)
{
	if (octets.len == 4 || octets.len == 16)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "iPAddress of %zu octets, want 4 "
	    "or 16", octets.len);
}

static int
check_directory(struct bytes der, struct fail *fail)
{
	AUTO(name_release) struct name *name = NULL;

	if (name_read(der, &name, fail) != 0)
		return fail_in(fail, "directoryName");
	if (name->count == 0)
		return fail_with(fail, FAIL_REFUSED, "directoryName: empty");
	return 0;
}

/* By the tag; others (otherName, x400Address, ediPartyName, registeredID)
 * name nothing that anybody here could judge. */
static const struct {
	int tag;
	int (*check)(struct bytes content, struct fail *fail);
} general_names[] = {
	{ DER_CONTEXT(GENERAL_MAIL), check_mail },
	{ DER_CONTEXT(GENERAL_DNS), check_dns },
	{ DER_CONTEXT_CONSTRUCTED(GENERAL_DIRECTORY), check_directory },
	{ DER_CONTEXT(GENERAL_URI), check_uri },
	{ DER_CONTEXT(GENERAL_IP), check_ip },
};

/* Takes a GeneralName off the list. */
static int
check_general_name(struct bytes *list, struct fail *fail)
{
	int tag = list->len > 0 ? list->data[0] : 0;
	struct bytes content;

	if (der_next(list, tag, &content, NULL, fail) != 0)
		return -1;
	for (size_t n = 0; n < COUNT(general_names); n++)
		if (general_names[n].tag == tag)
			return general_names[n].check(content, fail);
	return fail_with(fail, FAIL_REFUSED, "a name of type [%d]",
	    tag & 0x1f);
}

/* The elements of the value, which is a SEQUENCE of one at least. */
static int
open_list(const struct ext *ext, struct bytes *list, struct fail *fail)
{
	struct bytes rest = ext->value;

	if (der_next(&rest, DER_SEQUENCE, list, NULL, fail) != 0 ||
	    der_end_of(rest, fail) != 0)
		return -1;
	if (list->len == 0)
		return fail_with(fail, FAIL_REFUSED, "an empty list");
	return 0;
}

int
ext_check_names(const struct ext *ext, struct fail *fail)
{
	struct bytes list;

	if (open_list(ext, &list, fail) != 0)
		return -1;
	while (list.len > 0)
		if (check_general_name(&list, fail) != 0)
			return -1;
	return 0;
}

int
ext_check_accesses(const struct ext *ext, struct fail *fail)
{
	struct bytes list, one;

	if (open_list(ext, &list, fail) != 0)
		return -1;
	while (list.len > 0) {
		if (der_next(&list, DER_SEQUENCE, &one, NULL, fail) != 0 ||
		    der_next(&one, DER_OID, NULL, NULL, fail) != 0)
			return -1;
		if (!der_is_next(one, DER_CONTEXT(GENERAL_URI)))
			return fail_with(fail, FAIL_REFUSED,
			    "a place that is no URI");
		if (check_general_name(&one, fail) != 0)
			return -1;
	}
	return 0;
}

int
ext_check_purposes(const struct ext *ext, struct fail *fail)
{
	struct bytes list, oid;
	char name[DER_OID_SIZE];

	if (open_list(ext, &list, fail) != 0)
		return -1;
	while (list.len > 0) {
		if (der_next(&list, DER_OID, &oid, NULL, fail) != 0)
			return -1;
		ext_show_oid(oid, name, sizeof(name));
		if (strcmp(name, SN_anyExtendedKeyUsage) == 0)
			return fail_with(fail, FAIL_REFUSED, "%s", name);
	}
	return 0;
}

/* NULL is fine: it says nothing. */
static int
check_string(const char *kind, const ASN1_STRING *text, struct fail *fail)
{
	unsigned char *utf8 = NULL;
	struct bytes bytes;
	char what[64];
	int len, result = 0;

	if (text == NULL)
		return 0;
	len = ASN1_STRING_to_UTF8(&utf8, text);
	if (len < 0)
		return fail_openssl(fail, FAIL_REFUSED, "%s does not decode",
		    kind);
	bytes = bytes_of(utf8, (size_t)len);
	if (text_is_deceptive(bytes, what, sizeof(what)))
		result = refuse_value(kind, bytes, what, fail);
	else if (len == 0 || len > TEXT_OCTETS)
		result = refuse_value(kind, bytes, "empty, or too long", fail);
	OPENSSL_free(utf8);
	return result;
}

static int
check_qualifier(const POLICYQUALINFO *qualifier, struct fail *fail)
{
	const USERNOTICE *notice;

	switch (OBJ_obj2nid(qualifier->pqualid)) {
	case NID_id_qt_cps:
		return check_uri(bytes_of(ASN1_STRING_get0_data(
		    qualifier->d.cpsuri), (size_t)ASN1_STRING_length(
		    qualifier->d.cpsuri)), fail);
	case NID_id_qt_unotice:
		notice = qualifier->d.usernotice;
		if (notice->noticeref != NULL && check_string("userNotice",
		    notice->noticeref->organization, fail) != 0)
			return -1;
		return check_string("userNotice", notice->exptext, fail);
	default:
		return fail_with(fail, FAIL_REFUSED,
		    "a qualifier that is neither CPS nor userNotice");
	}
}

static int
check_policy(const POLICYINFO *policy, struct fail *fail)
{
	if (OBJ_obj2nid(policy->policyid) == NID_any_policy)
		return fail_with(fail, FAIL_REFUSED, "anyPolicy");
	for (int n = 0; n < sk_POLICYQUALINFO_num(policy->qualifiers); n++)
		if (check_qualifier(sk_POLICYQUALINFO_value(
		    policy->qualifiers, n), fail) != 0)
			return -1;
	return 0;
}

static void
free_policies(CERTIFICATEPOLICIES **policies)
{
	CERTIFICATEPOLICIES_free(*policies);
}

int
ext_check_policies(const struct ext *ext, struct fail *fail)
{
	const unsigned char *at = ext->value.data;
	AUTO(free_policies) CERTIFICATEPOLICIES *policies =
	    d2i_CERTIFICATEPOLICIES(NULL, &at, (long)ext->value.len);

	if (policies == NULL)
		return fail_openssl(fail, FAIL_REFUSED, "does not parse");
	if (sk_POLICYINFO_num(policies) == 0)
		return fail_with(fail, FAIL_REFUSED, "an empty list");
	for (int n = 0; n < sk_POLICYINFO_num(policies); n++)
		if (check_policy(sk_POLICYINFO_value(policies, n), fail) != 0)
			return -1;
	return 0;
}

static void
free_string(ASN1_STRING **string)
{
	ASN1_STRING_free(*string);
}

int
ext_check_template(const struct ext *ext, struct fail *fail)
{
	AUTO(free_string) ASN1_STRING *text =
	    ASN1_STRING_type_new(V_ASN1_BMPSTRING);
	struct bytes rest = ext->value, content;

	if (der_next(&rest, V_ASN1_BMPSTRING, &content, NULL, fail) != 0)
		return -1;
	if (text == NULL || ASN1_STRING_set(text, content.data,
	    (int)content.len) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "BMPString");
	return check_string("BMPString", text, fail);
}
