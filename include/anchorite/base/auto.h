/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_AUTO_H
#define ANCHORITE_BASE_AUTO_H

#include <stddef.h>

/*
 * Ownership by scope: `AUTO(csr_release) struct csr *csr = NULL;` is
 * released however the function is left. GIVE hands the pointer on and
 * leaves NULL behind, so that the scope releases nothing.
 */
#define AUTO(release) __attribute__((cleanup(release)))

#define GIVE(pointer) \
	__extension__({ \
		__typeof__(pointer) given_ = (pointer); \
		(pointer) = NULL; \
		given_; \
	})

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For AUTO on what free(3) releases. */
void auto_free(void *pointer_to_pointer);

/* For AUTO on a file descriptor; -1 is none. */
void auto_close(int *fd);

#endif
