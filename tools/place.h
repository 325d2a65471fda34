/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where names are in the file system: for what only a mounted kchanfs can do. */
#ifndef KCHAN_PLACE_H
#define KCHAN_PLACE_H

#include <stdint.h>
#include <sys/types.h>

/**
 * struct place - a name in a directory of kchanfs
 * @dir: the directory, opened with O_PATH
 * @name: the name, without slashes at its end
 * @last: its last component
 */
struct place {
	int dir;
	char *name;
	const char *last;
};

/*
 * All return 0 or a negative errno: -EDQUOT or -ENOSPC where there may be no more
 * channels, as one is made to learn where the network namespace's instance is;
 * -ENXIO where that is not mounted; -ENOTTY for a path that is in no kchanfs;
 * -EINVAL for a name that ends in no component, or in one that begins with a dot.
 */
/* Where the instance is mounted; to be freed. */
int place_mount(char **dir);
/* @mount as place_mount() told; NULL: to be found if it is needed. */
int place_open(const char *mount, const char *name, struct place *place);
void place_close(struct place *place);
/* The device number of the instance that a name is in. */
int place_device(const char *name, dev_t *dev);
/* The number of the channel at a path; -EXDEV: in another network namespace. */
int place_channel(const char *path, uint64_t *id);

/* One line, as in explain.h. Errors that are not of this file go to report_error(). */
int report_place(const char *object, const char *name, int err);

#endif /* KCHAN_PLACE_H */
