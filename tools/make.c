// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "make.h"

#define PERMISSIONS 0777

int make_dead_letter(const struct attrs *attrs, struct kchan **dead)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	int err;

	*dead = NULL;
	if (!attrs->dead_letter)
		return 0;
	err = kchan_open(dead, attrs->dead_letter, O_WRONLY);
	if (err)
		return err;
	err = kchan_get_state(*dead, &state);
	if (!err && state.dead_letter)
		err = -EMLINK;
	if (err)
		kchan_close(*dead);
	return err;
}

/* An instance has a device number of its own. */
static bool is_elsewhere(const struct kchan *dead, const char *name)
{
	struct stat st;
	dev_t dev;

	return fstat(kchan_fd(dead), &st) == 0 &&
	       place_device(name, &dev) == 0 && st.st_dev != dev;
}

int make_channel(const char *name, mode_t mode, const struct attrs *attrs,
		 const struct kchan *dead, struct kchan **ch)
{
	struct kchan_create_opts opts = KCHAN_INIT(struct kchan_create_opts);
	/* For the library 0 is the default. */
	bool opened = ch || !mode;
	struct kchan *made = NULL;
	int err;

	opts.flags = KCHAN_CREATE_EXCL;
	opts.mode = mode;
	attrs_to_opts(attrs, &opts);
	opts.dead_letter = dead;
	err = kchan_create(opened ? &made : NULL, name, opened ? O_RDONLY : 0,
			   &opts);
	if (err == -EINVAL && dead && is_elsewhere(dead, name))
		err = -EREMOTE;
	if (!err && !mode && fchmod(kchan_fd(made), 0))
		err = -errno;
	if (!err && ch)
		*ch = made;
	else
		kchan_close(made);
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
