/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library's files share. Names that begin with libkchan_ stay inside. */
#ifndef LIBKCHAN_INTERNAL_H
#define LIBKCHAN_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#include "kchan.h"

/**
 * struct kchan - a handle: nothing in it ever changes, so it needs no lock
 * @fd: the endpoint
 */
struct kchan {
	int fd;
};

static inline bool libkchan_is_path(const char *name)
{
	return name && name[0] == '/';
}

int libkchan_open_control(void);
int libkchan_open_place(const char *name, const char **last);

int libkchan_sized_get(void *to, size_t known, const void *from);
void libkchan_sized_put(void *to, size_t known, const void *from);

static inline int libkchan_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

/* For commands that return how many there were. */
static inline int libkchan_ioctl_count(int fd, unsigned long cmd, void *arg)
{
	int count = ioctl(fd, cmd, arg);

	return count < 0 ? -errno : count;
}

/* What the kernel refuses stays so: it counts up to KCHAN_BATCH_MAX. */
static inline uint32_t libkchan_count(size_t count)
{
	return count < UINT32_MAX ? count : UINT32_MAX;
}

#endif /* LIBKCHAN_INTERNAL_H */
