// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

int kchan_from_fd(struct kchan **chp, int fd)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	struct kchan *ch;
	int err;

	/* Endpoints take this command, and nothing else does. */
	err = libkchan_ioctl(fd, KCHAN_IOC_STATE, &state);
	if (err)
		return err;
	ch = malloc(sizeof(*ch));
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
	close(ch->fd);
	free(ch);
}

int kchan_fd(const struct kchan *ch)
{
	return ch->fd;
}
