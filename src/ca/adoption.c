/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/adoption.h>

#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/custody/credential.h>

void
adoption_release(struct adoption **adoption)
{
	if (*adoption == NULL)
		return;
	policy_release(&(*adoption)->policy);
	for (size_t n = 0; n < CUSTODIANS_MAX; n++)
		cert_release(&(*adoption)->custodians[n]);
	free(*adoption);
	*adoption = NULL;
}

/* A folder that is gone through, and what is looked for in it. */
struct search {
	int dirfd;
	struct adoption *adoption;
};

static bool
is_certificate_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".pem") == 0 ||
	    strcmp(dot, ".crt") == 0 || strcmp(dot, ".cer") == 0);
}

/* Other certificates may lie there too: only what the roster names is
 * judged. */
static int
try_file(void *context, const char *name, struct fail *fail)
{
	struct search *search = context;
	const struct roster *roster = &search->adoption->policy->roster;
	AUTO(buf_release) struct buf file = { 0 };
	AUTO(cert_release) struct cert *cert = NULL;
	struct fail ignored = { 0 };
	int at;

	if (!is_certificate_name(name))
		return 0;
	if (file_load_at(search->dirfd, name, CERT_MAX, &file, &ignored) ==
		-1 ||
	    cert_read(buf_bytes(&file), &cert, &ignored) == -1)
		return 0;
	at = roster_find_certificate(roster, &cert->digest);
	if (at == -1 || search->adoption->custodians[at] != NULL)
		return 0;
	if (credential_read_certificate(buf_bytes(&file),
	    &search->adoption->custodians[at], fail) == -1)
		return fail_in(fail, "custodian %s: %s",
		    roster->custodians[at].name, name);
	return 0;
}

static int
search_folder(struct adoption *adoption, const char *folder,
    struct fail *fail)
{
	AUTO(auto_close) int dirfd = -1;
	struct search search = { .adoption = adoption };

	if (file_open_directory(folder, &dirfd, fail) == -1)
		return -1;
	search.dirfd = dirfd;
	if (file_each(dirfd, try_file, &search, fail) == -1)
		return fail_in(fail, "%s", folder);
	return 0;
}

/* The certificates of those who stay are known already. */
static int
search_ledger(struct adoption *adoption, const struct ledger *ledger,
    struct fail *fail)
{
	const struct roster *roster = &adoption->policy->roster;

	for (size_t n = 0; n < ledger->policy->roster.count; n++) {
		const struct cert *known = ledger->custodians[n];
		int at = roster_find_certificate(roster, &known->digest);

		if (at != -1 && adoption->custodians[at] == NULL &&
		    credential_read_certificate(buf_bytes(&known->der),
			&adoption->custodians[at], fail) == -1)
			return -1;
	}
	return 0;
}

static int
check_complete(const struct adoption *adoption, const char *folder,
    struct fail *fail)
{
	const struct roster *roster = &adoption->policy->roster;
	char hex[DIGEST_HEX_SIZE];

	for (size_t n = 0; n < roster->count; n++) {
		if (adoption->custodians[n] != NULL)
			continue;
		digest_hex(&roster->custodians[n].certificate, hex);
		return fail_with(fail, FAIL_INPUT,
		    "custodian %s: no certificate with SHA-256 %s %s%s",
		    roster->custodians[n].name, hex,
		    folder != NULL ? "in " : "is given (--custodians)",
		    folder != NULL ? folder : "");
	}
	return 0;
}

int
adoption_make(struct policy **policy, const char *folder,
    const struct ledger *ledger, struct adoption **out, struct fail *fail)
{
	AUTO(adoption_release) struct adoption *adoption =
	    mem_new(1, sizeof(*adoption));

	adoption->policy = GIVE(*policy);
	if (folder != NULL && search_folder(adoption, folder, fail) == -1)
		return -1;
	if ((ledger != NULL && search_ledger(adoption, ledger, fail) == -1) ||
	    check_complete(adoption, folder, fail) == -1 ||
	    roster_check_certificates(&adoption->policy->roster,
		adoption->custodians, fail) == -1)
		return -1;
	*out = GIVE(adoption);
	return 0;
}

int
adoption_put(const struct adoption *adoption, struct objects *objects,
    struct json *data, struct fail *fail)
{
	AUTO(json_release) struct json *custodians = json_new();
	const struct roster *roster = &adoption->policy->roster;
	struct digest digest;

	if (objects_put(objects, buf_bytes(&adoption->policy->text), &digest,
	    fail) == -1)
		return -1;
	for (size_t n = 0; n < roster->count; n++) {
		if (objects_put(objects,
		    buf_bytes(&adoption->custodians[n]->der), &digest, fail) ==
		    -1)
			return -1;
		json_put_digest(custodians, roster->custodians[n].name,
		    &digest);
	}
	if (roster->count > 0)
		json_put(data, "custodians", &custodians);
	return 0;
}
