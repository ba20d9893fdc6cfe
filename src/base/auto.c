/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/auto.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
auto_free(void *pointer_to_pointer)
{
	void *pointer;

	/* It may be a char * or a struct *: copied, not read as a void *. */
	memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
	free(pointer);
	pointer = NULL;
	memcpy(pointer_to_pointer, &pointer, sizeof(pointer));
}

void
auto_close(int *fd)
{
	int saved = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = saved;
}
