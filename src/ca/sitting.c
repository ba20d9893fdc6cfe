/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/sitting.h>

#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>

static const char *const clock_words[] = {
	[CLOCK_CONFIRMED] = "confirmed",
	[CLOCK_GIVEN] = "given",
	[CLOCK_UNASKED] = "unasked",
};

struct json *
sitting_json(const struct sitting *sitting, const char *witness)
{
	struct json *json = json_new();

	json_put_text(json, "boot", sitting->boot);
	json_put_text(json, "clock", clock_words[sitting->clock]);
	if (sitting->paper != 0)
		json_put_number(json, "paper", sitting->paper);
	if (witness != NULL)
		json_put_text(json, "witness", witness);
	return json;
}

static int
read_clock(const struct json *json, enum clock_word *out, struct fail *fail)
{
	const char *word;

	if (json_get_text(json, "clock", &word, fail) == -1)
		return -1;
	for (size_t n = 0; n < COUNT(clock_words); n++)
		if (strcmp(clock_words[n], word) == 0) {
			*out = (enum clock_word)n;
			return 0;
		}
	return fail_with(fail, FAIL_INPUT, "clock: \"%.20s\" is not known",
	    word);
}

int
sitting_read(const struct json *json, struct sitting *out, struct fail *fail)
{
	struct sitting sitting = { .boot = NULL };

	if (json_get_text(json, "boot", &sitting.boot, fail) == -1 ||
	    read_clock(json, &sitting.clock, fail) == -1 ||
	    (json_has(json, "witness") && json_get_text(json, "witness",
		&sitting.witness, fail) == -1) ||
	    (json_has(json, "paper") && json_get_number(json, "paper", 1,
		INT64_MAX, &sitting.paper, fail) == -1))
		return fail_in(fail, "sitting");
	if (sitting.boot[0] == '\0' || strlen(sitting.boot) > SITTING_BOOT ||
	    strspn(sitting.boot, "0123456789abcdef-") != strlen(sitting.boot))
		return fail_with(fail, FAIL_INPUT,
		    "sitting: boot: want at most %d of 0-9, a-f and hyphens",
		    SITTING_BOOT);
	if (sitting.witness != NULL && (sitting.witness[0] == '\0' ||
	    strlen(sitting.witness) > SITTING_WORDS ||
	    text_is_deceptive(bytes_text(sitting.witness), NULL, 0)))
		return fail_with(fail, FAIL_INPUT, "sitting: witness: want 1 "
		    "to %d characters, all of them visible", SITTING_WORDS);
	*out = sitting;
	return 0;
}

int
clock_check(int64_t now, struct fail *fail)
{
	char clock[TEXT_TIME_SIZE];
	int64_t released;

	if (text_read_time(ANCHORITE_RELEASED, &released, fail) == -1)
		return -1;
	if (now >= released)
		return 0;
	text_time(now, clock);
	return fail_with(fail, FAIL_REFUSED, "clock: it is %s, this program "
	    "was released %s", clock, ANCHORITE_RELEASED);
}
