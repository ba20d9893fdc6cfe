/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/token/uri.h>

static CK_TOKEN_INFO
token_named(const char *label, const char *serial)
{
	CK_TOKEN_INFO info;

	memset(&info, ' ', sizeof(info));
	memcpy(info.label, label, strlen(label));
	memcpy(info.serialNumber, serial, strlen(serial));
	return info;
}

static void
matches_by_what_it_names(void **state)
{
	const CK_TOKEN_INFO one = token_named("My root", "12ab");
	const CK_TOKEN_INFO two = token_named("My root", "34cd");
	AUTO(uri_release) struct uri *uri = NULL;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(uri_read("pkcs11:token=My%20root;serial=12ab", &uri,
	    &fail), 0);
	assert_true(uri_is_token_match(uri, &one));
	assert_false(uri_is_token_match(uri, &two));
	assert_false(uri_has_object(uri));
	assert_null(uri_label(uri).data);
	assert_null(uri_id(uri).data);
	assert_string_equal(uri_text(uri),
	    "pkcs11:token=My%20root;serial=12ab");
}

static void
lends_label_and_id(void **state)
{
	AUTO(uri_release) struct uri *uri = NULL;
	AUTO(uri_release) struct uri *label = NULL;
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(uri_read("pkcs11:token=t;object=a%20b;id=%01%ff;"
	    "type=private", &uri, &fail), 0);
	assert_true(uri_has_object(uri));
	assert_true(bytes_is_equal(uri_label(uri), bytes_text("a b")));
	assert_true(bytes_is_equal(uri_id(uri), bytes_of("\x01\xff", 2)));
	assert_int_equal(uri_read("pkcs11:object=a", &label, &fail), 0);
	assert_true(uri_has_object(label));
}

static void
refuses(void **state)
{
	static const struct {
		const char *uri, *sentence;
	} rows[] = {
		{ "", "want \"pkcs11:\" first" },
		{ "http://x", "want \"pkcs11:\" first" },
		{ "pkcs11:token", "bad syntax" },
		{ "pkcs11:token=%zz", "bad encoding" },
		{ "pkcs11:token=a;library-version=x", "want only token" },
		{ "pkcs11:token=a;pin-value=1234",
		    "a PIN never stands in a URI here" },
		{ "pkcs11:token=a;colour=red", "want only token" },
		{ "pkcs11:token=a;slot-id=1", "want only token" },
		{ "pkcs11:token=a;library-manufacturer=x",
		    "want only token" },
		{ "pkcs11:token=a?pin-value=1234",
		    "a PIN never stands in a URI here" },
		{ "pkcs11:token=a?pin-source=file:/x",
		    "a PIN never stands in a URI here" },
		{ "pkcs11:token=a?module-path=/x.so",
		    "the module is not named in the URI here" },
		{ "pkcs11:token=a?module-name=x",
		    "the module is not named in the URI here" },
		{ "pkcs11:token=a;serial=1;token=b",
		    "token stands there twice" },
		{ "pkcs11:id=%01;id=%01", "id stands there twice" },
		{ "pkcs11:token=a;type=cert", "type: want private or public" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri *uri = NULL;
		struct fail fail = { 0 };

		if (uri_read(rows[i].uri, &uri, &fail) != -1)
			fail_msg("%s was taken", rows[i].uri);
		if (strstr(fail.sentence, rows[i].sentence) == NULL)
			fail_msg("%s: %s", rows[i].uri, fail.sentence);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_null(uri);
		assert_null(strstr(fail.sentence, "1234"));
	}
}

static void
writes_what_it_reads(void **state)
{
	const CK_TOKEN_INFO info = token_named("My root;x", "12ab");
	const CK_TOKEN_INFO bare = token_named("t", "");
	AUTO(buf_release) struct buf text = { 0 }, shorter = { 0 };
	AUTO(uri_release) struct uri *uri = NULL;
	struct fail fail = { 0 };

	(void)state;
	uri_write(&info, bytes_text("k/1"), bytes_of("\x01z", 2), &text);
	assert_string_equal(buf_cstr(&text), "pkcs11:token=My%20root%3bx;"
	    "serial=12ab;object=k%2f1;id=%01%7a");
	assert_int_equal(uri_read(buf_cstr(&text), &uri, &fail), 0);
	assert_true(uri_is_token_match(uri, &info));
	assert_true(bytes_is_equal(uri_label(uri), bytes_text("k/1")));
	assert_true(bytes_is_equal(uri_id(uri), bytes_of("\x01z", 2)));
	uri_write(&bare, bytes_of(NULL, 0), bytes_of(NULL, 0), &shorter);
	assert_string_equal(buf_cstr(&shorter), "pkcs11:token=t");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_by_what_it_names),
		cmocka_unit_test(lends_label_and_id),
		cmocka_unit_test(refuses),
		cmocka_unit_test(writes_what_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
