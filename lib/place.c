// SPDX-License-Identifier: LGPL-2.1-or-later
/* What takes the commands that have a name. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Return: a descriptor of /dev/kchan, or -errno, where no -ENOENT is. */
int libkchan_open_control(void)
{
	int fd = open("/dev/kchan", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

/**
 * libkchan_open_place - open what takes commands that have a name
 * @name: the name; a path; or NULL
 * @last: out: the name to give in the command
 *
 * Return: a descriptor of /dev/kchan or, for a path, of its directory; or -errno.
 */
int libkchan_open_place(const char *name, const char **last)
{
	char *dir;
	int fd;

	*last = name;
	if (!libkchan_is_path(name))
		return libkchan_open_control();
	*last = strrchr(name, '/') + 1;
	dir = strndup(name, *last - name);
	if (!dir)
		return -ENOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(dir);
	return fd;
}
