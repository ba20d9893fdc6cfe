/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/vet.h>

#include <string.h>

#include <openssl/objects.h>

#include <anchorite/base/auto.h>
#include <anchorite/x509/der.h>

static int
check_key(const struct csr *csr, const struct policy_profile *profile,
    struct fail *fail)
{
	AUTO(buf_release) struct buf known = { 0 };

	if (profile->keys & 1U << csr->spki.kind)
		return 0;
	for (int i = 0; i < KEY_KINDS; i++)
		if (profile->keys & 1U << i)
			buf_printf(&known, "%s%s", known.len ? ", " : "",
			    key_kind_names[i]);
	return fail_with(fail, FAIL_REFUSED,
	    "key: profile %s allows %s; request has %s", profile->name,
	    buf_cstr(&known), key_kind_names[csr->spki.kind]);
}

static bool
is_known_type(const char *type)
{
	for (size_t i = 0; name_types[i]; i++)
		if (strcmp(name_types[i], type) == 0)
			return true;
	return false;
}

static int
check_type(const char *type, const struct policy_profile *profile,
    struct fail *fail)
{
	const struct yaml_texts *allowed = &profile->subject.allowed;
	AUTO(buf_release) struct buf known = { 0 };

	if (!allowed->count && is_known_type(type))
		return 0;
	if (!allowed->count)
		return fail_with(fail, FAIL_REFUSED, "subject: profile %s "
		    "allows known attribute types; request has %s",
		    profile->name, type);
	for (size_t i = 0; i < allowed->count; i++) {
		if (strcmp(allowed->items[i], type) == 0)
			return 0;
		buf_printf(&known, "%s%s", i ? ", " : "", allowed->items[i]);
	}
	return fail_with(fail, FAIL_REFUSED,
	    "subject: profile %s allows %s; request has %s", profile->name,
	    buf_cstr(&known), type);
}

/* Every attribute of the type has the value, lest a second one differ. */
static int
check_fixed(const struct name *name, const struct name_pair *fixed,
    const struct policy_profile *profile, struct fail *fail)
{
	if (!name_get(name, fixed->type))
		return fail_with(fail, FAIL_REFUSED, "subject: profile %s "
		    "wants %s=%s; request has none", profile->name,
		    fixed->type, fixed->value);
	for (size_t i = 0; i < name->count; i++)
		if (strcmp(name->attributes[i].type, fixed->type) == 0 &&
		    strcmp(name->attributes[i].text, fixed->value) != 0)
			return fail_with(fail, FAIL_REFUSED, "subject: "
			    "profile %s wants %s=%s; request has %s=%s",
			    profile->name, fixed->type, fixed->value,
			    fixed->type, name->attributes[i].text);
	return 0;
}

/* Every attribute of the type fits. */
static int
check_pattern(const struct name *name, const struct name_pair *pattern,
    const struct policy_profile *profile, struct fail *fail)
{
	if (!name_get(name, pattern->type))
		return fail_with(fail, FAIL_REFUSED, "subject: profile %s "
		    "wants %s like %s; request has none", profile->name,
		    pattern->type, pattern->value);
	for (size_t i = 0; i < name->count; i++)
		if (strcmp(name->attributes[i].type, pattern->type) == 0 &&
		    !policy_pattern_fits(pattern->value,
		    name->attributes[i].text))
			return fail_with(fail, FAIL_REFUSED, "subject: "
			    "profile %s wants %s like %s; request has %s=%s",
			    profile->name, pattern->type, pattern->value,
			    pattern->type, name->attributes[i].text);
	return 0;
}

static int
check_subject(const struct csr *csr, const struct policy_profile *profile,
    struct fail *fail)
{
	const struct policy_subject *subject = &profile->subject;
	AUTO(name_release) struct name *name = NULL;

	if (name_read(csr->subject, &name, fail))
		return fail_in(fail, "subject");
	for (size_t i = 0; i < subject->required.count; i++)
		if (!name_get(name, subject->required.items[i]))
			return fail_with(fail, FAIL_REFUSED, "subject: "
			    "profile %s requires %s; request has none",
			    profile->name, subject->required.items[i]);
	for (size_t i = 0; i < name->count; i++)
		if (check_type(name->attributes[i].type, profile, fail))
			return -1;
	for (size_t i = 0; i < subject->fixed_count; i++)
		if (check_fixed(name, &subject->fixed[i], profile, fail))
			return -1;
	for (size_t i = 0; i < subject->pattern_count; i++)
		if (check_pattern(name, &subject->pattern[i], profile, fail))
			return -1;
	return 0;
}

/* A CA that got less than it asked for would learn it in use: refused. */
static int
check_basic_constraints(const struct csr *csr,
    const struct policy_profile *profile, struct fail *fail)
{
	const struct ext *ext = ext_find(csr->extensions,
	    csr->extension_count, NID_basic_constraints);
	int have = profile->extensions.path_length, want = -1;
	bool ca = false;

	if (!ext)
		return 0;
	if (ext_read_basic_constraints(ext, &ca, &want, fail))
		return -1;
	if (ca && !profile->extensions.ca)
		return fail_with(fail, FAIL_REFUSED, "basicConstraints: "
		    "profile %s is for end entities; request asks for CA:TRUE",
		    profile->name);
	if (!ca && profile->extensions.ca)
		return fail_with(fail, FAIL_REFUSED, "basicConstraints: "
		    "profile %s is for CAs; request asks for CA:FALSE",
		    profile->name);
	if (have >= 0 && want > have)
		return fail_with(fail, FAIL_REFUSED, "basicConstraints: "
		    "profile %s allows path length %d; request asks for %d",
		    profile->name, have, want);
	return 0;
}

static bool
is_copied(const char *name, const struct policy_profile *profile)
{
	for (int i = 0; ext_copyable_names[i]; i++)
		if (strcmp(ext_copyable_names[i], name) == 0)
			return profile->copied & 1U << i;
	return false;
}

static const char fate_set[] = "set by the profile";
static const char fate_copied[] = "copied";
static const char fate_tamed[] = "copied, not critical";
static const char fate_left_out[] = "left out";

const char *
vet_fate(const struct ext *ext, const struct policy_profile *profile)
{
	char name[DER_OID_SIZE];

	ext_show_oid(ext->oid, name, sizeof(name));
	if (policy_profile_sets(profile, name))
		return fate_set;
	if (!is_copied(name, profile))
		return fate_left_out;
	return ext->critical && !ext_may_copy_critical(ext) ? fate_tamed :
	    fate_copied;
}

/* Critical means: not without it. Then the answer is no, not less. */
static int
check_critical(const struct csr *csr, const struct policy_profile *profile,
    struct fail *fail)
{
	char name[DER_OID_SIZE];

	for (size_t i = 0; i < csr->extension_count; i++) {
		const struct ext *ext = &csr->extensions[i];

		if (!ext->critical || vet_fate(ext, profile) != fate_left_out)
			continue;
		ext_show_oid(ext->oid, name, sizeof(name));
		return fail_with(fail, FAIL_REFUSED, "extension %s: asked for "
		    "as critical, profile %s neither sets nor copies it", name,
		    profile->name);
	}
	return 0;
}

int
vet_request(const struct csr *csr, const struct policy_profile *profile,
    struct fail *fail)
{
	if (check_key(csr, profile, fail) ||
	    check_subject(csr, profile, fail) ||
	    check_basic_constraints(csr, profile, fail))
		return -1;
	return check_critical(csr, profile, fail);
}

size_t
vet_copied(const struct csr *csr, const struct policy_profile *profile,
    struct ext *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < csr->extension_count && count < max; i++) {
		const struct ext *ext = &csr->extensions[i];
		const char *fate = vet_fate(ext, profile);

		if (fate != fate_copied && fate != fate_tamed)
			continue;
		out[count] = *ext;
		out[count++].critical = ext->critical && fate == fate_copied;
	}
	return count;
}
