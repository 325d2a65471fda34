/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of kchan.d(5). */
#ifndef KCHAN_CONF_H
#define KCHAN_CONF_H

#include <sys/types.h>

#include "attrs.h"

#define MODE_ANY ((mode_t)-1)
#define UID_ANY ((uid_t)-1)
#define GID_ANY ((gid_t)-1)

/**
 * struct entry - what a line asks for
 * @where: FILE:LINE
 * @directory: a directory, else a queue
 * @name: its name
 * @mode: permission bits, or MODE_ANY
 * @uid: owner, or UID_ANY
 * @gid: group, or GID_ANY
 * @attrs: what else is given of a channel
 */
struct entry {
	char *where;
	bool directory;
	char *name;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct attrs attrs;
};

struct conf {
	struct entry *list;
	size_t count;
};

/* Adds the lines of a file. Return: exit status; each bad line is reported. */
int conf_read(struct conf *conf, const char *file);
void conf_free(struct conf *conf);

#endif /* KCHAN_CONF_H */
