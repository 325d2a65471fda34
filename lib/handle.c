// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/* Return: a handle without an endpoint, to be given to free(3), or NULL. */
struct kchan *libkchan_handle_new(void)
{
	return calloc(1, sizeof(struct kchan));
}

int kchan_from_fd(struct kchan **chp, int fd)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	struct kchan *ch;
	int err;

	/* Endpoints take this command, and nothing else does. */
	err = libkchan_ioctl(fd, KCHAN_IOC_STATE, &state);
	if (err)
		return err;
	ch = libkchan_handle_new();
	if (!ch)
		return -ENOMEM;
	ch->fd = fd;
	*chp = ch;
	return 0;
}

void kchan_close(struct kchan *ch)
{
	if (!ch)
		return;
	libkchan_pool_unmap(ch);
	close(ch->fd);
	free(ch);
}

int kchan_fd(const struct kchan *ch)
{
	return ch->fd;
}
