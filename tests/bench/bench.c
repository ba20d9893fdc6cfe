/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench AUTHORITY SITE PROFILE CSR... <pin: signatures per second of a bare
 * C_SignInit and C_Sign loop, and of anchorite signing a batch of requests
 * with the same key, in turn within one process; and their ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/issue.h>
#include <anchorite/token/site.h>

#define ROUNDS 5

static int64_t
nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static CK_OBJECT_HANDLE
find_private(struct session *session, struct bytes id)
{
	CK_FUNCTION_LIST *calls = module_functions(session_module(session));
	CK_SESSION_HANDLE handle = token_session(session_token(session));
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ULONG count = 0;
	CK_BYTE copy[255];
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, copy, id.len },
	};

	memcpy(copy, id.data, id.len);
	if (calls->C_FindObjectsInit(handle, template, COUNT(template)) !=
	    CKR_OK)
		return CK_INVALID_HANDLE;
	(void)calls->C_FindObjects(handle, &object, 1, &count);
	(void)calls->C_FindObjectsFinal(handle);
	return count == 1 ? object : CK_INVALID_HANDLE;
}

/* The limit: what the token itself can do, on one thread. */
static int64_t
bare_loop(struct session *session, CK_OBJECT_HANDLE object, bool is_rsa,
    size_t count)
{
	CK_FUNCTION_LIST *calls = module_functions(session_module(session));
	CK_SESSION_HANDLE handle = token_session(session_token(session));
	CK_MECHANISM method = { is_rsa ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0 };
	CK_BYTE digest[51] = { 0 }, signature[1024];
	int64_t start = nanoseconds();

	for (size_t n = 0; n < count; n++) {
		CK_ULONG len = sizeof(signature);

		digest[0] = (CK_BYTE)n;
		if (calls->C_SignInit(handle, &method, object) != CKR_OK ||
		    calls->C_Sign(handle, digest, is_rsa ? 51 : 48, signature,
			&len) != CKR_OK)
			return -1;
	}
	return nanoseconds() - start;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
measure(struct issue *issue, struct session *session, int64_t prepared,
    struct fail *fail)
{
	const struct ledger *ledger = issue->authority->ledger;
	int64_t bare[ROUNDS], ours[ROUNDS], start, recorded;
	bool is_rsa = key_kind_is_rsa(ledger->root->spki.kind);
	CK_OBJECT_HANDLE object;

	start = nanoseconds();
	if (issue_intend(issue, fail) == -1)
		return -1;
	prepared += nanoseconds() - start;
	object = find_private(session, buf_bytes(&ledger->root_key.id));
	for (int n = 0; n < ROUNDS; n++) {
		for (size_t i = 0; i < issue->count; i++)
			buf_release(&issue->items[i].signature);
		bare[n] = bare_loop(session, object, is_rsa, issue->count);
		start = nanoseconds();
		if (issue_sign(issue, fail) == -1)
			return -1;
		ours[n] = nanoseconds() - start;
	}
	start = nanoseconds();
	if (issue_record(issue, fail) == -1)
		return -1;
	recorded = nanoseconds() - start;
	qsort(bare, ROUNDS, sizeof(*bare), compare);
	qsort(ours, ROUNDS, sizeof(*ours), compare);
	printf("  bare C_SignInit + C_Sign   %8.1f signatures/s\n",
	    (double)issue->count * 1e9 / (double)bare[ROUNDS / 2]);
	printf("  anchorite, batch of %zu    %8.1f signatures/s\n",
	    issue->count,
	    (double)issue->count * 1e9 / (double)ours[ROUNDS / 2]);
	printf("  ratio of medians           %8.3f\n",
	    (double)bare[ROUNDS / 2] / (double)ours[ROUNDS / 2]);
	printf("  the whole batch: %.2f s checked, built, linted, intended; "
	    "%.2f s signed; %.2f s verified, recorded\n",
	    (double)prepared / 1e9, (double)ours[ROUNDS / 2] / 1e9,
	    (double)recorded / 1e9);
	return 0;
}

static int
run(int argc, char **argv, struct fail *fail)
{
	AUTO(authority_release) struct authority *authority = NULL;
	AUTO(site_release) struct site *site = NULL;
	AUTO(session_release) struct session *session = NULL;
	AUTO(issue_release) struct issue *issue = NULL;
	size_t count = (size_t)argc - 4;
	AUTO(auto_free) struct issue_file *files =
	    mem_new(count, sizeof(*files));
	AUTO(auto_free) struct buf *contents = mem_new(count,
	    sizeof(*contents));
	struct act act = { .by = "bench", .now = (int64_t)time(NULL) };
	struct session_plan plan;
	int64_t start;

	if (authority_open(argv[1], true, &authority, fail) == -1 ||
	    site_load(argv[2], &site, fail) == -1)
		return -1;
	plan = site_plan(site, 0);
	if (session_open(&plan, &session, fail) == -1 ||
	    session_login(session, fail) == -1)
		return -1;
	for (size_t n = 0; n < count; n++) {
		if (file_load(argv[4 + n], CSR_MAX, &contents[n], fail) == -1)
			return -1;
		files[n].name = argv[4 + n];
		files[n].profile = argv[3];
		files[n].content = buf_bytes(&contents[n]);
	}
	start = nanoseconds();
	if (issue_read(authority, &act, false, files, count, &issue,
		fail) == -1 ||
	    issue_build(issue, session, fail) == -1)
		return -1;
	return measure(issue, session, nanoseconds() - start, fail);
}

int
main(int argc, char **argv)
{
	struct fail fail = { 0 };

	if (argc < 5) {
		fprintf(stderr, "usage: bench AUTHORITY SITE PROFILE CSR...\n");
		return FAIL_USAGE;
	}
	if (run(argc, argv, &fail) == 0)
		return 0;
	fprintf(stderr, "bench: %s\n", fail.sentence);
	return fail.kind;
}
