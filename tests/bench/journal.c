/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal audit DIRECTORY: the processor time that audit_verify takes, and
 * the memory of this process at its peak.
 *
 * journal bare DIRECTORY: the processor time of what no audit can do
 * without: SHA-256 of the journal and of the objects that it names, once
 * each, and the verification of the same signatures.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/file.h>
#include <anchorite/base/text.h>
#include <anchorite/ca/authority.h>
#include <anchorite/out/audit.h>
#include <anchorite/x509/der.h>

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What cannot fail here, or the benchmark is of no use. */
static void
must(int result, const struct fail *fail)
{
	if (result == 0)
		return;
	fprintf(stderr, "journal: %s\n", fail->sentence);
	exit(1);
}

#define MUST(call) \
	do { \
		struct fail fault = { 0 }; \
		must(call, &fault); \
	} while (0)

/* Kilobytes of memory at the peak, as the kernel counts them. */
static long
peak(void)
{
	AUTO(buf_release) struct buf text = { 0 };
	const char *at;

	MUST(file_load("/proc/self/status", 1 << 16, &text, &fault));
	at = strstr(buf_cstr(&text), "VmHWM:");
	return at == NULL ? 0 : strtol(at + 6, NULL, 10);
}

static int
run_audit(const char *path)
{
	struct audit audit = { 0 };
	double start = seconds();

	MUST(audit_verify(path, NULL, &audit, &fault));
	printf("%lld records, %lld certificates, %lld CRLs, %lld seals\n",
	    (long long)audit.records, (long long)audit.certificates,
	    (long long)audit.crls, (long long)audit.seals);
	printf("records %lld\ncertificates %lld\n", (long long)audit.records,
	    (long long)audit.certificates);
	printf("audit_seconds %.2f\npeak_kb %ld\n", seconds() - start, peak());
	return 0;
}

/* What is to be hashed and verified. */
enum job_kind {
	JOB_REQUEST,		/* under its own key */
	JOB_SIGNED,		/* under the root's key */
	JOB_SEAL,		/* under the journal's */
};

struct job {
	enum job_kind kind;
	struct digest digest;	/* of the object, or of what is sealed */
	char *seal;
};

struct work {
	struct authority *authority;
	struct job *jobs;
	size_t count, room;
};

static struct job *
work_add(struct work *work, enum job_kind kind)
{
	if (work->count == work->room) {
		work->room = 2 * work->room + 1024;
		work->jobs = mem_grow(work->jobs, work->room,
		    sizeof(*work->jobs));
	}
	work->jobs[work->count] = (struct job){ .kind = kind };
	return &work->jobs[work->count++];
}

static void
work_add_object(struct work *work, enum job_kind kind,
    const struct json *json, const char *key)
{
	MUST(json_get_digest(json, key, &work_add(work, kind)->digest,
	    &fault));
}

static int
record_note(void *context, const struct record *record, struct fail *fail)
{
	struct work *work = context;
	const struct json *data = record->data, *items = NULL;
	const char *text;
	struct job *job;

	if (json_has(data, "items"))
		MUST(json_get_list(data, "items", &items, &fault));
	for (size_t n = 0; items != NULL && n < json_count(items); n++) {
		const struct json *item = json_at(items, n);

		if (json_has(item, "request"))
			work_add_object(work, JOB_REQUEST, item, "request");
		if (json_has(item, "certificate"))
			work_add_object(work, JOB_SIGNED, item, "certificate");
	}
	if (json_has(data, "certificate"))
		work_add_object(work, JOB_SIGNED, data, "certificate");
	if (json_has(data, "crl"))
		work_add_object(work, JOB_SIGNED, data, "crl");
	if (strcmp(record->event, "seal") != 0)
		return 0;
	job = work_add(work, JOB_SEAL);
	job->digest = record->prev;
	if (json_get_text(data, "signature", &text, fail) == -1)
		return -1;
	job->seal = mem_text(text);
	return 0;
}

static void
verify(EVP_PKEY *key, const char *hash, struct bytes content,
    struct bytes signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (EVP_DigestVerifyInit(context, NULL, EVP_get_digestbyname(hash),
		NULL, key) != 1 ||
	    EVP_DigestVerify(context, signature.data, signature.len,
		content.data, content.len) != 1) {
		fprintf(stderr, "journal: a signature does not verify\n");
		exit(1);
	}
	EVP_MD_CTX_free(context);
}

/* SEQUENCE { tbs, algorithm, BIT STRING }, known to be sound. */
static void
verify_signed(struct bytes der, EVP_PKEY *key)
{
	struct bytes outer = { 0 }, tbs = { 0 }, algorithm = { 0 };
	struct bytes bits = { 0 }, info, part = { 0 };
	AUTO(spki_release) struct spki own = { 0 };

	MUST(der_next(&der, DER_SEQUENCE, &outer, NULL, &fault));
	MUST(der_next(&outer, DER_SEQUENCE, &info, &tbs, &fault));
	MUST(der_next(&outer, DER_SEQUENCE, NULL, &algorithm, &fault));
	MUST(der_next(&outer, DER_BIT_STRING, &bits, NULL, &fault));
	if (key == NULL) {
		MUST(der_next(&info, DER_INTEGER, NULL, NULL, &fault));
		MUST(der_next(&info, DER_SEQUENCE, NULL, NULL, &fault));
		MUST(der_next(&info, DER_SEQUENCE, NULL, &part, &fault));
		MUST(spki_read(part, &own, &fault));
		key = own.key;
	}
	verify(key, alg_from_der(algorithm)->digest, tbs,
	    bytes_of(bits.data + 1, bits.len - 1));
}

static void
hash(struct bytes content)
{
	struct digest digest;

	digest_of(content, &digest);
}

static void
load_plainly(int dirfd, const char *name, struct buf *out)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	out->len = 0;
	do {
		buf_reserve(out, 1 << 16);
		len = read(fd, out->data + out->len, 1 << 16);
		out->len += len > 0 ? (size_t)len : 0;
	} while (len == 1 << 16);
	if (fd == -1 || len == -1)
		exit(1);
	close(fd);
}

static void
hash_journal(int dirfd)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int fd = openat(dirfd, JOURNAL_NAME, O_RDONLY | O_CLOEXEC);
	uint8_t part[1 << 16], digest[DIGEST_LEN];
	ssize_t len;

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	while ((len = read(fd, part, sizeof(part))) > 0)
		EVP_DigestUpdate(context, part, (size_t)len);
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	close(fd);
}

static void
verify_seal(const struct job *job, EVP_PKEY *key)
{
	AUTO(buf_release) struct buf message = { 0 };
	AUTO(buf_release) struct buf signature = { 0 };

	journal_seal_message(&job->digest, &message);
	MUST(text_read_base64(bytes_text(job->seal), &signature, &fault));
	verify(key, "SHA256", buf_bytes(&message), buf_bytes(&signature));
}

static void
jobs_do(const struct work *work, int objects)
{
	const struct ledger *ledger = work->authority->ledger;
	AUTO(buf_release) struct buf content = { 0 };
	char name[DIGEST_HEX_SIZE];

	for (size_t n = 0; n < work->count; n++) {
		const struct job *job = &work->jobs[n];

		if (job->kind == JOB_SEAL) {
			verify_seal(job,
			    ledger->journal_certificate->spki.key);
			continue;
		}
		digest_hex(&job->digest, name);
		load_plainly(objects, name, &content);
		hash(buf_bytes(&content));
		verify_signed(buf_bytes(&content), job->kind == JOB_REQUEST ?
		    NULL : ledger->root->spki.key);
	}
}

static int
run_bare(const char *path)
{
	struct work work = { 0 };
	double start;
	int objects;

	MUST(authority_open(path, false, &work.authority, &fault));
	MUST(journal_replay(work.authority->journal, record_note, &work,
	    &fault));
	objects = openat(work.authority->dirfd, OBJECTS_NAME,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	start = seconds();
	hash_journal(work.authority->dirfd);
	jobs_do(&work, objects);
	printf("bare_seconds %.2f\n", seconds() - start);
	for (size_t n = 0; n < work.count; n++)
		free(work.jobs[n].seal);
	free(work.jobs);
	close(objects);
	authority_release(&work.authority);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "audit") == 0)
		return run_audit(argv[2]);
	if (argc == 3 && strcmp(argv[1], "bare") == 0)
		return run_bare(argv[2]);
	fprintf(stderr, "usage: journal audit|bare DIRECTORY\n");
	return 2;
}
