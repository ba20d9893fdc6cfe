/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/x509/name.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include <anchorite/base/auto.h>

static void
free_name(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static X509_NAME *
decode(struct bytes der)
{
	const unsigned char *at = der.data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.len);

	ERR_clear_error();
	return name;
}

bool
name_is_like(struct bytes a, struct bytes b)
{
	AUTO(free_name) X509_NAME *first = decode(a);
	AUTO(free_name) X509_NAME *second = decode(b);

	if (bytes_is_equal(a, b))
		return true;
	return first != NULL && second != NULL &&
	    X509_NAME_cmp(first, second) == 0;
}
