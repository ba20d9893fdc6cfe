/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/custody/split.h>

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/x509/cms.h>

static int
line_read(const struct json *json, struct split_line *out, struct fail *fail)
{
	const char *name;

	if (json_get_text(json, "custodian", &name, fail) == -1 ||
	    json_get_digest(json, "certificate", &out->certificate, fail) ==
		-1 ||
	    json_get_digest(json, "envelope", &out->envelope, fail) == -1 ||
	    json_get_digest(json, "share", &out->share, fail) == -1)
		return -1;
	if (json_count(json) != 4 || strlen(name) >= sizeof(out->custodian))
		return fail_with(fail, FAIL_INPUT, "not a share's line");
	snprintf(out->custodian, sizeof(out->custodian), "%s", name);
	return 0;
}

int
split_read(const struct json *json, struct split *out, struct fail *fail)
{
	struct split split = { .id = "" };
	const struct json *shares;
	int64_t threshold, count;
	const char *id;

	if (json_get_text(json, "split", &id, fail) == -1 ||
	    json_get_number(json, "count", 2, SHARES_MAX, &count, fail) == -1 ||
	    json_get_number(json, "threshold", 2, count, &threshold, fail) ==
		-1 ||
	    json_get_bool(json, "sheets", &split.has_sheets, fail) == -1 ||
	    json_get_list(json, "shares", &shares, fail) == -1)
		return -1;
	if (strlen(id) != sizeof(split.id) - 1 ||
	    strspn(id, "0123456789abcdef") != sizeof(split.id) - 1)
		return fail_with(fail, FAIL_INPUT, "split: want 16 hex digits");
	if (json_count(json) != 5)
		return fail_with(fail, FAIL_INPUT, "split: holds more than a "
		    "split");
	if (json_count(shares) != (size_t)count)
		return fail_with(fail, FAIL_INPUT, "shares: want %lld, have "
		    "%zu", (long long)count, json_count(shares));
	memcpy(split.id, id, sizeof(split.id));
	split.form.threshold = (int)threshold;
	split.form.count = (int)count;
	for (int n = 0; n < split.form.count; n++)
		if (line_read(json_at(shares, (size_t)n), &split.lines[n],
		    fail) == -1)
			return fail_in(fail, "share %d", n + 1);
	*out = split;
	return 0;
}

struct json *
split_json(const struct split *split)
{
	struct json *json = json_new();
	struct json *shares = json_new_list();

	for (int n = 0; n < split->form.count; n++) {
		const struct split_line *line = &split->lines[n];
		struct json *share = json_new();

		json_put_digest(share, "certificate", &line->certificate);
		json_put_text(share, "custodian", line->custodian);
		json_put_digest(share, "envelope", &line->envelope);
		json_put_digest(share, "share", &line->share);
		json_add(shares, &share);
	}
	json_put_number(json, "count", split->form.count);
	json_put(json, "shares", &shares);
	json_put_bool(json, "sheets", split->has_sheets);
	json_put_text(json, "split", split->id);
	json_put_number(json, "threshold", split->form.threshold);
	return json;
}

static int
id_draw(char out[SPLIT_ID_SIZE], struct fail *fail)
{
	AUTO(buf_release) struct buf hex = { 0 };
	uint8_t random[(SPLIT_ID_SIZE - 1) / 2];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "random octets");
	text_hex(&hex, bytes_of(random, sizeof(random)));
	snprintf(out, SPLIT_ID_SIZE, "%s", buf_cstr(&hex));
	return 0;
}

/* One share into the envelope of its custodian. */
static int
line_make(struct new_split *new, int n, const struct custodian *custodian,
    const struct cert *certificate, struct fail *fail)
{
	AUTO(secret_release) struct secret content = { 0 };
	struct split_line *line = &new->split.lines[n];

	snprintf(line->custodian, sizeof(line->custodian), "%s",
	    custodian->name);
	line->certificate = certificate->digest;
	share_digest(&new->shares[n], &line->share);
	share_write(&new->shares[n], &content);
	if (cms_encrypt(bytes_of(content.data, content.len),
	    buf_bytes(&certificate->der), &new->envelopes[n], fail) == -1)
		return fail_in(fail, "share of %s", custodian->name);
	digest_of(buf_bytes(&new->envelopes[n]), &line->envelope);
	return 0;
}

int
split_make(const struct roster *roster, struct cert *const *certificates,
    const struct split_form *form, struct new_split *out, struct fail *fail)
{
	AUTO(new_split_release) struct new_split new = {
		.split = { .form = *form }
	};
	AUTO(seed_release) struct seed seed = { 0 };
	size_t holders = roster_count(roster, 1u << ROLE_SHARE);
	int n = 0;

	if (holders != (size_t)form->count)
		return fail_with(fail, FAIL_REFUSED, "split %d/%d: wants %d "
		    "custodians with the role share, the policy has %zu",
		    form->threshold, form->count, form->count, holders);
	if (id_draw(new.split.id, fail) == -1 || seed_draw(&seed, fail) == -1 ||
	    seed_pins(&seed, &new.pins, fail) == -1 ||
	    share_split(&seed, form, new.shares, fail) == -1)
		return -1;
	for (size_t i = 0; i < roster->count; i++)
		if ((roster->custodians[i].roles & 1u << ROLE_SHARE) != 0 &&
		    line_make(&new, n++, &roster->custodians[i],
			certificates[i], fail) == -1)
			return -1;
	*out = new;
	memset(&new, 0, sizeof(new));	/* handed on */
	return 0;
}

void
new_split_release(struct new_split *split)
{
	token_pins_release(&split->pins);
	for (int n = 0; n < SHARES_MAX; n++) {
		share_release(&split->shares[n]);
		buf_release(&split->envelopes[n]);
	}
}

int
split_find(const struct split *split, const struct digest *certificate)
{
	for (int n = 0; n < split->form.count; n++)
		if (digest_is_equal(&split->lines[n].certificate, certificate))
			return n;
	return -1;
}

int
split_find_name(const struct split *split, const char *custodian)
{
	for (int n = 0; n < split->form.count; n++)
		if (strcmp(split->lines[n].custodian, custodian) == 0)
			return n;
	return -1;
}

int
split_check_share(const struct split *split, int line,
    const struct share *share, struct fail *fail)
{
	struct digest digest;

	share_digest(share, &digest);
	if (share->index == line + 1 &&
	    digest_is_equal(&digest, &split->lines[line].share))
		return 0;
	return fail_with(fail, FAIL_REFUSED, "share of %s: is not the one "
	    "that was split (damaged, or exchanged)",
	    split->lines[line].custodian);
}

int
split_open_share(const struct split *split, int line, struct bytes envelope,
    struct credential *credential, struct share *out, struct fail *fail)
{
	AUTO(secret_release) struct secret content = { 0 };
	AUTO(share_release) struct share share = { 0 };
	struct digest digest;

	digest_of(envelope, &digest);
	if (!digest_is_equal(&digest, &split->lines[line].envelope))
		return fail_with(fail, FAIL_REFUSED, "share of %s: its "
		    "envelope has been changed", split->lines[line].custodian);
	if (credential_decrypt(credential, envelope, &content, fail) == -1 ||
	    share_read(&content, &share, fail) == -1)
		return fail_in(fail, "share of %s",
		    split->lines[line].custodian);
	if (split_check_share(split, line, &share, fail) == -1)
		return -1;
	*out = share;
	return 0;
}

int
split_unlock(const struct split *split, const struct share *shares,
    size_t count, struct token_pins *out, struct fail *fail)
{
	AUTO(seed_release) struct seed seed = { 0 };

	if (count < (size_t)split->form.threshold)
		return fail_with(fail, FAIL_REFUSED,
		    "the token opens with %d shares, has %zu",
		    split->form.threshold, count);
	if (share_combine(shares, count, &seed, fail) == -1)
		return -1;
	return seed_pins(&seed, out, fail);
}

int
split_check_holders(const struct split *split, const struct roster *roster,
    struct fail *fail)
{
	int line = 0;

	for (size_t n = 0; n < roster->count; n++) {
		const struct custodian *one = &roster->custodians[n];

		if ((one->roles & 1u << ROLE_SHARE) == 0)
			continue;
		if (line == split->form.count ||
		    strcmp(split->lines[line].custodian, one->name) != 0 ||
		    !digest_is_equal(&split->lines[line].certificate,
			&one->certificate))
			return fail_with(fail, FAIL_REFUSED,
			    "custodian %s: has the role share, and no share "
			    "of the split: the PIN must be split anew",
			    one->name);
		line++;
	}
	if (line == split->form.count)
		return 0;
	return fail_with(fail, FAIL_REFUSED, "custodian %s: holds a share, "
	    "and has not the role share: the PIN must be split anew",
	    split->lines[line].custodian);
}
