// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "make.h"

#define PERMISSIONS 0777

int make_channel(const char *name, mode_t mode, const struct attrs *attrs,
		 struct kchan **ch)
{
	struct kchan_create_opts opts = KCHAN_INIT(struct kchan_create_opts);
	int err;

	opts.flags = KCHAN_CREATE_EXCL;
	opts.mode = mode;
	attrs_to_opts(attrs, &opts);
	err = kchan_create(ch, name, O_RDONLY, &opts);
	/* For the library 0 is the default. */
	if (!err && !mode && fchmod(kchan_fd(*ch), 0)) {
		err = -errno;
		kchan_close(*ch);
	}
	return err;
}

int make_directory(const struct place *place, mode_t mode)
{
	if (mkdirat(place->dir, place->last, mode & PERMISSIONS))
		return -errno;
	/* mkdir(2) does not set the bits beyond. */
	if (mode & ~PERMISSIONS && fchmodat(place->dir, place->last, mode, 0))
		return -errno;
	return 0;
}
