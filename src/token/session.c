/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/token/session.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/buf.h>
#include <anchorite/token/module.h>
#include <anchorite/token/store.h>
#include <anchorite/token/uri.h>

const char *const pin_mode_names[] = {
	[PIN_PROMPT] = "prompt",
	[PIN_PAD] = "pad",
	NULL
};

struct session {
	struct session_plan plan;
	struct store *store;
	struct module *module;
	struct token *token;
	int mended;		/* files of the store that were put back */
	int damaged;		/* others that are damaged, from the first */
};

static bool
is_softhsm(const struct session *session)
{
	return strcmp(module_info(session->module)->manufacturer,
	    "SoftHSM") == 0;
}

int
session_open_module(const struct session_plan *plan, struct session **out,
    struct fail *fail)
{
	AUTO(session_release) struct session *session =
	    mem_new(1, sizeof(*session));

	session->plan = *plan;
	if (store_open(plan->store, plan->module, &session->store,
	    fail) == -1 ||
	    store_mend(session->store, &session->mended, fail) == -1 ||
	    store_count_damage(session->store, &session->damaged, fail) ==
		-1 ||
	    module_open(plan->module, &session->module, fail) == -1)
		return -1;
	if (plan->store == NULL && is_softhsm(session))
		return fail_with(fail, FAIL_REFUSED, "module %s: SoftHSM "
		    "keeps its tokens in a directory: want it as the store",
		    plan->module);
	*out = GIVE(session);
	return 0;
}

/* A directory that does not hold the token is cared for in vain. */
static int
session_check_store(const struct session *session,
    const struct token_info *token, struct fail *fail)
{
	if (!is_softhsm(session) ||
	    store_has_token(session->store, token->serial))
		return 0;
	return fail_with(fail, FAIL_REFUSED, "token store %s: the token with "
	    "serial %s is not kept there; store must be SoftHSM's "
	    "directories.tokendir (SOFTHSM2_CONF)", session->plan.store,
	    token->serial);
}

int
session_check_tokens(const struct session *session, struct fail *fail)
{
	AUTO(auto_free) struct token_info *tokens = NULL;
	size_t count;

	if (token_list(session->module, &tokens, &count, fail) == -1)
		return -1;
	for (size_t n = 0; n < count; n++)
		if (tokens[n].is_initialised &&
		    session_check_store(session, &tokens[n], fail) == -1)
			return -1;
	return 0;
}

int
session_open(const struct session_plan *plan, struct session **out,
    struct fail *fail)
{
	AUTO(session_release) struct session *session = NULL;
	AUTO(uri_release) struct uri *uri = NULL;

	if (uri_read(plan->token, &uri, fail) == -1 ||
	    session_open_module(plan, &session, fail) == -1 ||
	    token_open(session->module, uri, &session->token, fail) == -1 ||
	    session_check_store(session, token_info(session->token),
		fail) == -1)
		return -1;
	*out = GIVE(session);
	return 0;
}

static int
session_get_pin(const struct session *session, struct secret *out,
    struct fail *fail)
{
	char prompt[80];

	if (session->plan.secret_fd != -1)
		return secret_read(session->plan.secret_fd, out, fail);
	snprintf(prompt, sizeof(prompt), "user PIN of token %s",
	    token_info(session->token)->label);
	return secret_ask(prompt, out, fail);
}

int
session_login(struct session *session, struct fail *fail)
{
	AUTO(secret_release) struct secret pin = { 0 };

	if (session->plan.pin == PIN_PAD)
		return session_login_with(session, NULL, fail);
	if (session_protect(session, fail) == -1)
		return -1;
	if (session_get_pin(session, &pin, fail) == -1)
		return fail_in(fail, "user PIN");
	return token_login(session->token, &pin, fail);
}

int
session_login_with(struct session *session, const struct secret *pin,
    struct fail *fail)
{
	if (session_protect(session, fail) == -1)
		return -1;
	return token_login(session->token, pin, fail);
}

int
session_new_pin(const struct session_plan *plan, const char *what,
    struct secret *out, struct fail *fail)
{
	char prompt[80];
	int result;

	snprintf(prompt, sizeof(prompt), "new %s", what);
	result = plan->secret_fd != -1 ?
	    secret_read(plan->secret_fd, out, fail) :
	    secret_ask_new(prompt, out, fail);
	return result == 0 ? 0 : fail_in(fail, "%s", what);
}

struct token *
session_token(const struct session *session)
{
	return session->token;
}

struct module *
session_module(const struct session *session)
{
	return session->module;
}

int
session_mended(const struct session *session)
{
	return session->mended;
}

int
session_protect(struct session *session, struct fail *fail)
{
	return store_protect(session->store, fail);
}

int
session_sync(struct session *session, struct fail *fail)
{
	int damaged;

	if (store_sync(session->store, fail) == -1 ||
	    store_count_damage(session->store, &damaged, fail) == -1)
		return -1;
	if (damaged > session->damaged)
		return fail_with(fail, FAIL_TOKEN, "token store: a file is "
		    "not whole, though the token says so: the disk is full, "
		    "or failing");
	return 0;
}

void
session_release(struct session **session)
{
	struct session *old = GIVE(*session);

	if (old == NULL)
		return;
	token_release(&old->token);
	module_release(&old->module);
	store_release(&old->store);
	free(old);
}
