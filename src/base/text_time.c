/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The years 0000 to 9999: all that X.509 and RFC 3339 can write. */
#define TIME_MIN INT64_C(-62167219200)
#define TIME_MAX INT64_C(253402300799)

void
text_time(int64_t seconds, char out[TEXT_TIME_SIZE])
{
	time_t moment = seconds < TIME_MIN ? TIME_MIN :
	    seconds > TIME_MAX ? TIME_MAX : seconds;
	struct tm tm = { 0 };
	char wide[80];

	gmtime_r(&moment, &tm);
	snprintf(wide, sizeof(wide), "%04d-%02d-%02dT%02d:%02d:%02dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	memcpy(out, wide, TEXT_TIME_SIZE - 1);
	out[TEXT_TIME_SIZE - 1] = '\0';
}

int
text_read_time(const char *text, int64_t *seconds_out, struct fail *fail)
{
	char again[TEXT_TIME_SIZE];
	struct tm tm = { 0 };
	int64_t seconds;

	/* What is written back differs for 30 February, as for "+1". */
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) == 6) {
		tm.tm_year -= 1900;
		tm.tm_mon -= 1;
		seconds = timegm(&tm);
		text_time(seconds, again);
		if (strcmp(text, again) == 0) {
			*seconds_out = seconds;
			return 0;
		}
	}
	return fail_with(fail, FAIL_INPUT,
	    "want a time such as 2026-11-21T06:30:48Z, have %.40s", text);
}

/* A thousand years in each unit: no sum of two leaves int64_t. */
#define PERIOD_YEARS 1000
#define PERIOD_DAYS (366 * PERIOD_YEARS)
#define PERIOD_HOURS (24 * PERIOD_DAYS)

int
text_read_period(const char *text, struct period *out, struct fail *fail)
{
	struct period period = { 0 };
	char *unit = NULL;
	int64_t count = strtoll(text, &unit, 10), max = 0;

	if (*unit == 'y') {
		max = PERIOD_YEARS;
		period.years = (int)count;
	} else if (*unit == 'd') {
		max = PERIOD_DAYS;
		period.days = (int)count;
	} else if (*unit == 'h') {
		max = PERIOD_HOURS;
		period.hours = (int)count;
	}
	/* strtoll alone would also take " 7d", "+7d" and "007d". */
	if (text[0] < '1' || text[0] > '9' || count > max || unit[1] != '\0')
		return fail_with(fail, FAIL_INPUT, "want a period of at most "
		    "%d years such as 20y, 1095d or 12h, have %.40s",
		    PERIOD_YEARS, text);
	*out = period;
	return 0;
}

void
text_period(struct buf *out, struct period period)
{
	if (period.years != 0)
		buf_printf(out, "%dy", period.years);
	if (period.days != 0)
		buf_printf(out, "%dd", period.days);
	if (period.hours != 0 || (period.years == 0 && period.days == 0))
		buf_printf(out, "%dh", period.hours);
}

int64_t
period_after(int64_t start, struct period period)
{
	time_t moment = start;
	struct tm tm = { 0 };

	if (period.years != 0) {
		gmtime_r(&moment, &tm);
		tm.tm_year += period.years;
		moment = timegm(&tm);
	}
	return moment + INT64_C(86400) * period.days +
	    INT64_C(3600) * period.hours;
}
