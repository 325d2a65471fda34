// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "tool.h"

/* A name that is a number is tried first, as somebody has chosen it. */
static int open_netns(const char *name)
{
	char *path;
	int fd;

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC);
	path = xprintf("/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd >= 0 || errno != ENOENT || name[strspn(name, "0123456789")])
		return fd;
	path = xprintf("/proc/%s/ns/net", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	return fd;
}

int enter_netns(const char *name)
{
	int fd = open_netns(name);
	int err;

	if (fd < 0 && errno == ENOENT)
		return report(NULL,
			      "--netns %s: no such network namespace, "
			      "and no such process (ip netns list)",
			      name);
	if (fd < 0)
		return report(NULL, "--netns %s: %s", name, strerror(errno));
	err = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (err == EPERM)
		return report(NULL,
			      "--netns %s: only root may enter it "
			      "(CAP_SYS_ADMIN)",
			      name);
	if (err == EINVAL)
		return report(NULL, "--netns %s: is no network namespace",
			      name);
	if (err)
		return report(NULL, "--netns %s: %s", name, strerror(err));
	return EXIT_SUCCESS;
}
