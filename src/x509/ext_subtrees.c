/* SPDX-License-Identifier: Apache-2.0 */
/* The subtrees of name constraints (RFC 5280, 4.2.1.10). */
#include <anchorite/x509/ext.h>

#include <arpa/inet.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/der.h>

#include "ext_internal.h"

/* Labels of letters, digits and hyphens (RFC 1034, 3.5). */
static bool
is_host(const char *text)
{
	size_t len = strspn(text, LETTERS DIGITS "-.");

	return len > 0 && text[len] == '\0' && text[0] != '.' &&
	    text[len - 1] != '.' && strstr(text, "..") == NULL;
}

/* A mailbox, a host, or a domain behind a period (RFC 5280, 4.2.1.10). */
static bool
is_mail_constraint(const char *text)
{
	size_t len = strspn(text, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.");

	if (text[len] == '@')
		return len > 0 && is_host(text + len + 1);
	return is_host(text[0] == '.' ? text + 1 : text);
}

/* GeneralSubtree is but its base: minimum is 0 by default, maximum absent. */
static void
write_subtree(int choice, struct bytes base, struct buf *out)
{
	size_t mark = der_begin(out, DER_SEQUENCE);

	der_put(out, choice, base);
	der_end(out, mark);
}

/* "10.0.0.0/8" as address and mask octets (RFC 5280, 4.2.1.10). */
static int
write_range(const char *text, struct buf *out, struct fail *fail)
{
	uint8_t octets[32] = { 0 };
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	struct fail ignored = { 0 };
	int64_t prefix = 0;
	size_t len = 0, n;

	if (slash != NULL && (size_t)(slash - text) < sizeof(address)) {
		memcpy(address, text, (size_t)(slash - text));
		address[slash - text] = '\0';
		if (inet_pton(AF_INET, address, octets) == 1)
			len = 4;
		else if (inet_pton(AF_INET6, address, octets) == 1)
			len = 16;
	}
	if (len == 0 || text_read_number(slash + 1, 0, (int64_t)len * 8,
	    &prefix, &ignored) != 0)
		return fail_with(fail, FAIL_INPUT, "%s: not an IP range, want "
		    "10.0.0.0/8 or 2001:db8::/32", text);
	for (n = 0; n < (size_t)prefix; n++)
		octets[len + n / 8] |= (uint8_t)(0x80U >> n % 8);
	for (n = 0; n < len; n++)
		if ((octets[n] & ~octets[len + n]) != 0)
			return fail_with(fail, FAIL_INPUT, "%s: address bits "
			    "behind the prefix", text);
	write_subtree(DER_CONTEXT(GENERAL_IP), bytes_of(octets, 2 * len), out);
	return 0;
}

int
ext_write_subtrees(const struct ext_subtrees *trees, int tag, struct buf *out,
    struct fail *fail)
{
	size_t mark, n;

	if (trees->dns.count + trees->email.count + trees->ip.count +
	    trees->directory_count == 0)
		return 0;
	mark = der_begin(out, tag);
	for (n = 0; n < trees->dns.count; n++) {
		if (!is_host(trees->dns.items[n]))
			return fail_with(fail, FAIL_INPUT, "%s: not a DNS name",
			    trees->dns.items[n]);
		write_subtree(DER_CONTEXT(GENERAL_DNS),
		    bytes_text(trees->dns.items[n]), out);
	}
	for (n = 0; n < trees->email.count; n++) {
		if (!is_mail_constraint(trees->email.items[n]))
			return fail_with(fail, FAIL_INPUT, "%s: not a mailbox, "
			    "host or .domain", trees->email.items[n]);
		write_subtree(DER_CONTEXT(GENERAL_MAIL),
		    bytes_text(trees->email.items[n]), out);
	}
	for (n = 0; n < trees->ip.count; n++)
		if (write_range(trees->ip.items[n], out, fail) != 0)
			return -1;
	for (n = 0; n < trees->directory_count; n++)
		write_subtree(DER_CONTEXT_CONSTRUCTED(GENERAL_DIRECTORY),
		    trees->directory[n], out);
	der_end(out, mark);
	return 0;
}
