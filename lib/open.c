// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static int open_name(const char *name, int open_flags)
{
	struct kchan_open arg = {
		.size = sizeof(arg),
		.open_flags = open_flags,
		.name = (uintptr_t)name,
	};
	int ctl, err;

	ctl = libkchan_open_control();
	if (ctl < 0)
		return ctl;
	err = libkchan_ioctl(ctl, KCHAN_IOC_OPEN, &arg);
	close(ctl);
	return err ? err : arg.fd;
}

/*
 * To open what is no channel might wait, as for a FIFO, or set off a device. So it
 * is looked at first; what was opened in the end is for the caller to prove.
 */
static int open_path(const char *path, int open_flags)
{
	struct stat st;
	int fd;

	if (open_flags & ~(O_ACCMODE | O_NONBLOCK | O_CLOEXEC) ||
	    (open_flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISCHR(st.st_mode) || st.st_rdev)
		return -ENOTTY;
	fd = open(path, open_flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int kchan_open(struct kchan **chp, const char *name, int open_flags)
{
	int fd, err;

	if (libkchan_is_path(name))
		fd = open_path(name, open_flags);
	else
		fd = open_name(name, open_flags);
	if (fd < 0)
		return fd;
	err = kchan_from_fd(chp, fd);
	if (err)
		close(fd);
	return err;
}
