/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/custody/share.h>

#include <stdlib.h>
#include <string.h>

#include <libgfshare.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

#define SHARE_LEN (1 + SEED_LEN)

void
seed_release(struct seed *seed)
{
	OPENSSL_cleanse(seed, sizeof(*seed));
}

void
share_release(struct share *share)
{
	OPENSSL_cleanse(share, sizeof(*share));
}

void
token_pins_release(struct token_pins *pins)
{
	OPENSSL_cleanse(pins, sizeof(*pins));
}

static bool
form_is_sound(const struct split_form *form)
{
	return form->threshold >= 2 && form->threshold <= form->count &&
	    form->count <= SHARES_MAX;
}

int
split_form_read(const char *text, struct split_form *out, struct fail *fail)
{
	AUTO(auto_free) char *threshold = mem_text(text);
	char *slash = strchr(threshold, '/');
	struct split_form form = { 0 };
	struct fail aside = { 0 };
	int64_t k = 0, n = 0;

	if (slash != NULL)
		*slash = '\0';
	if (slash != NULL &&
	    text_read_number(threshold, 0, SHARES_MAX, &k, &aside) == 0 &&
	    text_read_number(slash + 1, 0, SHARES_MAX, &n, &aside) == 0) {
		form.threshold = (int)k;
		form.count = (int)n;
	}
	if (!form_is_sound(&form))
		return fail_with(fail, FAIL_USAGE,
		    "want K/N with 2 <= K <= N <= %d, have %.40s",
		    SHARES_MAX, text);
	*out = form;
	return 0;
}

int
seed_draw(struct seed *out, struct fail *fail)
{
	AUTO(seed_release) struct seed seed = { 0 };

	if (RAND_priv_bytes(seed.octets, SEED_LEN) != 1)
		return fail_openssl(fail, FAIL_SYSTEM, "no random numbers");
	*out = seed;
	return 0;
}

static void
kdf_release(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
}

static void
kdf_context_release(EVP_KDF_CTX **context)
{
	EVP_KDF_CTX_free(*context);
}

/* HKDF-SHA256 (RFC 5869), no salt; as many octets as the seed has. */
static int
seed_derive(const struct seed *seed, char *info, struct seed *out)
{
	AUTO(kdf_release) EVP_KDF *kdf = EVP_KDF_fetch(NULL,
	    OSSL_KDF_NAME_HKDF, NULL);
	AUTO(kdf_context_release) EVP_KDF_CTX *context =
	    EVP_KDF_CTX_new(kdf);
	AUTO(seed_release) struct seed key = *seed;
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
		    key.octets, SEED_LEN),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
		    info, strlen(info)),
		OSSL_PARAM_construct_end(),
	};

	return context != NULL && EVP_KDF_derive(context, out->octets,
	    SEED_LEN, params) == 1 ? 0 : -1;
}

static int
pin_derive(const struct seed *seed, char *info, struct secret *out,
    struct fail *fail)
{
	AUTO(seed_release) struct seed octets = { 0 };

	if (seed_derive(seed, info, &octets) == -1)
		return fail_openssl(fail, FAIL_SYSTEM, "PINs: HKDF-SHA256");
	text_base32(bytes_of(octets.octets, SEED_LEN), (char *)out->data);
	out->len = strlen((const char *)out->data);
	return 0;
}

int
seed_pins(const struct seed *seed, struct token_pins *out,
    struct fail *fail)
{
	AUTO(token_pins_release) struct token_pins pins = { 0 };
	char so[] = "anchorite SO PIN 1", user[] = "anchorite user PIN 1";

	if (pin_derive(seed, so, &pins.so, fail) == -1 ||
	    pin_derive(seed, user, &pins.user, fail) == -1)
		return -1;
	*out = pins;
	return 0;
}

/*
 * libgfshare's source of random numbers, which cannot say that it failed:
 * coefficients that are not random give the seed away with the first share,
 * so the process ends.
 */
static void
random_fill(unsigned char *out, unsigned int len)
{
	if (RAND_priv_bytes(out, (int)len) != 1)
		abort();
}

/*
 * libgfshare 2.0.0 keeps what it is given in one piece of the heap (the
 * coefficients and the secret, or the shares), never moves it, and fills it
 * with random octets before it is freed, so it leaves no copy. (Its tables
 * are looked up by secret octets, which tells their values to whoever shares
 * the processor's cache: nobody does on an offline machine.)
 */
static void
context_release(gfshare_ctx **context)
{
	if (*context != NULL)
		gfshare_ctx_free(*context);
	*context = NULL;
}

/* A context to split with (threshold from 2) or to combine with (0). */
static int
context_open(uint8_t *numbers, size_t count, int threshold,
    gfshare_ctx **out, struct fail *fail)
{
	/* The library's own variable, and NULL at first: without it, it
	 * crashes. */
	gfshare_fill_rand = random_fill;
	if (threshold == 0)
		*out = gfshare_ctx_init_dec(numbers, (unsigned)count,
		    SEED_LEN);
	else
		*out = gfshare_ctx_init_enc(numbers, (unsigned)count,
		    (unsigned char)threshold, SEED_LEN);
	if (*out == NULL)
		return fail_errno(fail, "shares");
	return 0;
}

static int
index_check(unsigned index, struct fail *fail)
{
	if (index < 1 || index > SHARES_MAX)
		return fail_with(fail, FAIL_INPUT,
		    "share number: want 1 to %d, have %u", SHARES_MAX, index);
	return 0;
}

/* What stands twice would divide by zero: libgfshare does not look. */
static int
shares_check(const struct share *shares, size_t count, struct fail *fail)
{
	unsigned seen = 0;

	if (count == 0)
		return fail_with(fail, FAIL_INPUT, "no shares to combine");
	for (size_t i = 0; i < count; i++) {
		if (index_check(shares[i].index, fail) == -1)
			return -1;
		if ((seen & 1u << shares[i].index) != 0)
			return fail_with(fail, FAIL_INPUT,
			    "share %u is there twice",
			    (unsigned)shares[i].index);
		seen |= 1u << shares[i].index;
	}
	return 0;
}

int
share_combine(const struct share *shares, size_t count, struct seed *out,
    struct fail *fail)
{
	AUTO(context_release) gfshare_ctx *context = NULL;
	AUTO(seed_release) struct seed seed = { 0 };
	uint8_t numbers[SHARES_MAX];

	/* All different and from 1 to SHARES_MAX: no more than fit. */
	if (shares_check(shares, count, fail) == -1)
		return -1;
	for (size_t i = 0; i < count; i++)
		numbers[i] = shares[i].index;
	if (context_open(numbers, count, 0, &context, fail) == -1)
		return -1;
	for (size_t i = 0; i < count; i++) {
		AUTO(share_release) struct share share = shares[i];

		gfshare_ctx_dec_giveshare(context, (unsigned char)i,
		    share.octets);
	}
	gfshare_ctx_dec_extract(context, seed.octets);
	*out = seed;
	return 0;
}

/* All that a split is made of, wiped together. */
struct split {
	struct seed seed;
	struct share shares[SHARES_MAX];
};

static void
split_release(struct split *split)
{
	OPENSSL_cleanse(split, sizeof(*split));
}

/* The shares whose bits are set must give the seed. */
static int
choice_check(const struct split *split, unsigned choice, struct fail *fail)
{
	AUTO(split_release) struct split chosen = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < SHARES_MAX; i++)
		if ((choice & 1u << i) != 0)
			chosen.shares[count++] = split->shares[i];
	if (share_combine(chosen.shares, count, &chosen.seed, fail) == -1)
		return -1;
	if (CRYPTO_memcmp(&chosen.seed, &split->seed, sizeof(struct seed)) != 0)
		return fail_with(fail, FAIL_SYSTEM,
		    "%zu shares do not combine to what was split", count);
	return 0;
}

static int
split_check(const struct split *split, const struct split_form *form,
    struct fail *fail)
{
	for (unsigned choice = 0; choice < 1u << form->count; choice++)
		if (__builtin_popcount(choice) == form->threshold &&
		    choice_check(split, choice, fail) == -1)
			return -1;
	return 0;
}

int
share_split(const struct seed *seed, const struct split_form *form,
    struct share out[SHARES_MAX], struct fail *fail)
{
	AUTO(context_release) gfshare_ctx *context = NULL;
	AUTO(split_release) struct split split = { .seed = *seed };
	uint8_t numbers[SHARES_MAX];

	if (!form_is_sound(form))
		return fail_with(fail, FAIL_INPUT,
		    "split: want 2 <= K <= N <= %d, have %d/%d", SHARES_MAX,
		    form->threshold, form->count);
	for (int i = 0; i < form->count; i++)
		numbers[i] = (uint8_t)(i + 1);
	if (context_open(numbers, (size_t)form->count, form->threshold,
	    &context, fail) == -1)
		return -1;
	gfshare_ctx_enc_setsecret(context, split.seed.octets);
	for (int i = 0; i < form->count; i++) {
		split.shares[i].index = numbers[i];
		gfshare_ctx_enc_getshare(context, (unsigned char)i,
		    split.shares[i].octets);
	}
	if (split_check(&split, form, fail) == -1)
		return -1;
	memcpy(out, split.shares, (size_t)form->count * sizeof(*out));
	return 0;
}

void
share_digest(const struct share *share, struct digest *out)
{
	static const char words[] = "anchorite share 1\n";
	AUTO(secret_release) struct secret content = { 0 };
	AUTO(secret_release) struct secret octets = { 0 };

	share_write(share, &octets);
	content.len = sizeof(words) - 1 + octets.len;
	memcpy(content.data, words, sizeof(words) - 1);
	memcpy(content.data + sizeof(words) - 1, octets.data, octets.len);
	digest_of(bytes_of(content.data, content.len), out);
}

void
share_write(const struct share *share, struct secret *out)
{
	out->data[0] = share->index;
	memcpy(out->data + 1, share->octets, SEED_LEN);
	out->data[SHARE_LEN] = '\0';
	out->len = SHARE_LEN;
}

int
share_read(const struct secret *content, struct share *out,
    struct fail *fail)
{
	if (content->len != SHARE_LEN)
		return fail_with(fail, FAIL_INPUT,
		    "share: want %d octets, have %zu", SHARE_LEN,
		    content->len);
	if (index_check(content->data[0], fail) == -1)
		return -1;
	out->index = content->data[0];
	memcpy(out->octets, content->data + 1, SEED_LEN);
	return 0;
}
