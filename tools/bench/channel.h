/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the peers share that are channels. */
#ifndef KCHAN_BENCH_CHANNEL_H
#define KCHAN_BENCH_CHANNEL_H

#include <errno.h>
#include <sys/ioctl.h>

#include <linux/kchan.h>

#include "peer.h"

/* /dev/kchan, or a negative errno. */
int control_fd(struct link *link);
/* Makes a channel without a name, and an end for each side. */
int channel_pair(struct link *link, struct kchan_create *create);

/* All BATCH of them. */
static inline int channel_batch(int fd, unsigned long command,
				struct kchan_batch *batch)
{
	int count = ioctl(fd, command, batch);

	if (count == BATCH)
		return 0;
	return count < 0 ? -errno : -EAGAIN;
}

#endif /* KCHAN_BENCH_CHANNEL_H */
