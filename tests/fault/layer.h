/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TESTS_LAYER_H
#define ANCHORITE_TESTS_LAYER_H

#include <stdbool.h>

/* What the two halves of the layer share: see layer.c. */

/* Kept to the layer: a preloaded name would be found before anybody's own. */
#pragma GCC visibility push(hidden)

/* What a call is to do; half of it goes with an error or with the end. */
struct verdict {
	int error;		/* 0: none */
	bool is_half, is_last;
};

extern const struct verdict as_it_is;

/* The function of this name that stands behind the layer's. */
void *behind(const char *name);

/* Counts a call. Does not return where the process is to die before it. */
struct verdict judge(const char *call, int fd, const char *path);

/* The same where the call counts and cannot be done by halves. */
struct verdict judge_path(const char *call, int dirfd, const char *path);

bool fd_counts(int fd);

void die(void);

#pragma GCC visibility pop

#endif
