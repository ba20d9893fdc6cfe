/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals that were carried here, beside their request. */
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/ca/request.h>

#include "cli.h"

#define CMS_FILE_MAX 65536

struct sidecar {
	const char *request;		/* the request's file name */
	const char *folder;
	struct approvals *approvals;
	const struct ledger *ledger;
	int64_t now;
};

/* "disable.json.alice.p7s" beside "disable.json". */
static bool
is_approval_of(const char *request, const char *name)
{
	size_t len = strlen(request), whole = strlen(name);

	return whole > len + 5 && strncmp(name, request, len) == 0 &&
	    name[len] == '.' && strcmp(name + whole - 4, ".p7s") == 0;
}

static int
add_file(void *context, const char *name, struct fail *fail)
{
	const struct sidecar *sidecar = context;
	AUTO(auto_free) char *path = file_path(sidecar->folder, name);
	AUTO(buf_release) struct buf cms = { 0 };

	if (!is_approval_of(sidecar->request, name))
		return 0;
	if (file_load(path, CMS_FILE_MAX, &cms, fail) == -1)
		return -1;
	if (approvals_add(sidecar->approvals, sidecar->ledger,
	    buf_bytes(&cms), sidecar->now, fail) == -1)
		return fail_in(fail, "%s", name);
	return 0;
}

int
cli_load_approvals(const struct cli *cli, const struct ledger *ledger,
    struct approvals **out, struct fail *fail)
{
	const char *path = cli->values[OPT_REQUEST];
	const char *slash = strrchr(path, '/');
	AUTO(auto_free) char *folder = file_parent(path);
	AUTO(approvals_release) struct approvals *approvals = NULL;
	AUTO(request_release) struct request *request = NULL;
	AUTO(buf_release) struct buf text = { 0 };
	AUTO(auto_close) int dirfd = -1;
	struct sidecar sidecar = {
		.request = slash != NULL ? slash + 1 : path,
		.folder = folder,
		.ledger = ledger,
		.now = cli->act.now,
	};

	if (file_load(path, REQUEST_MAX, &text, fail) == -1 ||
	    request_read(buf_bytes(&text), &request, fail) == -1 ||
	    file_open_directory(folder, &dirfd, fail) == -1)
		return -1;
	sidecar.approvals = approvals = approvals_new(&request);
	if (file_each(dirfd, add_file, &sidecar, fail) == -1)
		return -1;
	*out = GIVE(approvals);
	return 0;
}
