/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/outcome.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/cert.h>
#include <anchorite/x509/crl.h>
#include <anchorite/x509/ocsp.h>

typedef int reader(const struct ledger *ledger, struct bytes der,
    struct digest *tbs_out, struct fail *fail);

/* The root's own is signed by itself. */
static int
read_certificate(const struct ledger *ledger, struct bytes der,
    struct digest *tbs_out, struct fail *fail)
{
	AUTO(cert_release) struct cert *cert = NULL;

	if (cert_read(der, &cert, fail) == -1 ||
	    cert_verify(cert, ledger->root != NULL ?
		ledger->root->spki.key : cert->spki.key, fail) == -1)
		return -1;
	digest_of(cert->tbs, tbs_out);
	return 0;
}

static int
read_crl(const struct ledger *ledger, struct bytes der,
    struct digest *tbs_out, struct fail *fail)
{
	AUTO(crl_release) struct crl *crl = NULL;

	if (crl_read(der, &crl, fail) == -1 ||
	    crl_verify(crl, ledger->root->spki.key, fail) == -1)
		return -1;
	digest_of(crl->tbs, tbs_out);
	return 0;
}

static int
read_response(const struct ledger *ledger, struct bytes der,
    struct digest *tbs_out, struct fail *fail)
{
	AUTO(ocsp_release) struct ocsp *ocsp = NULL;

	if (ocsp_read(der, &ocsp, fail) == -1 ||
	    ocsp_verify(ocsp, ledger->root, fail) == -1)
		return -1;
	digest_of(ocsp->tbs, tbs_out);
	return 0;
}

/* Each intent, its outcome, and what that holds. */
static const struct form {
	const char *intent, *event, *key;
	bool is_list;
	reader *read;
} forms[] = {
	{ "root-intent", "root-certified", "certificate", false,
	    read_certificate },
	{ "sign-intent", "signed", "certificate", true, read_certificate },
	{ "crl-intent", "crl-signed", "crl", false, read_crl },
	{ "ocsp-intent", "ocsp-signed", "response", true, read_response },
};

static int
find_form(const struct intent *intent, const struct form **out,
    struct fail *fail)
{
	for (size_t n = 0; n < COUNT(forms) && intent->seq != 0; n++)
		if (strcmp(forms[n].intent, intent->event) == 0) {
			*out = &forms[n];
			return 0;
		}
	return fail_with(fail, FAIL_JOURNAL, "no intent is open");
}

static struct json *
list_items(const struct intent *intent, const char *key,
    const struct digest *objects)
{
	struct json *list = json_new_list();

	for (size_t n = 0; n < intent->count; n++) {
		const struct serial *serial = &intent->items[n].serial;
		struct json *item = json_new();

		json_put_digest(item, key, &objects[n]);
		json_put_hex(item, "serial",
		    bytes_of(serial->octets, serial->len));
		json_add(list, &item);
	}
	return list;
}

int
outcome_record(struct authority *authority, const struct act *act,
    const struct digest *objects, struct json **data, struct fail *fail)
{
	const struct intent *intent = &authority->ledger->intent;
	const struct form *form;
	struct json *list;

	if (find_form(intent, &form, fail) == -1)
		return -1;
	json_put_number(*data, "intent", intent->seq);
	if (form->is_list) {
		list = list_items(intent, form->key, objects);
		json_put(*data, "items", &list);
	} else {
		json_put_digest(*data, form->key, &objects[0]);
	}
	return authority_append(authority, act, form->event, data, fail);
}

struct search {
	const struct authority *authority;
	const struct form *form;
	struct outcome *out;
};

static int
look_at(void *context, const char *name, struct fail *fail)
{
	const struct search *search = context;
	const struct intent *intent = &search->authority->ledger->intent;
	AUTO(buf_release) struct buf content = { 0 };
	struct digest object, tbs;
	struct fail ignored = { 0 };

	if (digest_read_hex(name, &object, &ignored) == -1)
		return 0;
	if (objects_get(search->authority->objects, &object, &content,
	    &ignored) == -1) {
		if (ignored.kind != FAIL_SYSTEM)
			return 0;
		*fail = ignored;
		return -1;
	}
	if (search->form->read(search->authority->ledger,
	    buf_bytes(&content), &tbs, &ignored) == -1)
		return 0;
	for (size_t n = 0; n < intent->count; n++)
		if (digest_is_equal(&intent->items[n].tbs, &tbs))
			search->out[n] = (struct outcome){ true, object };
	return 0;
}

int
outcome_search(const struct authority *authority, struct outcome *out,
    struct fail *fail)
{
	struct search search = { .authority = authority, .out = out };

	if (find_form(&authority->ledger->intent, &search.form, fail) == -1)
		return -1;
	return objects_each(authority->objects, look_at, &search, fail);
}
