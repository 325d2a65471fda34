/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kchan mk does as ipcmk(1): make what is called by a number. */
#ifndef KCHAN_IPCMK_H
#define KCHAN_IPCMK_H

#include <sys/types.h>

#include "attrs.h"

/**
 * struct ipcmk - what is asked for
 * @queue: a message queue
 * @shmem: a segment of that size; NULL: none
 * @name: its name; NULL: one is made up
 * @mode: permission bits
 * @attrs: what it is made with; nothing that has to do with pools
 * @dead_letter: NULL: none
 */
struct ipcmk {
	bool queue;
	const char *shmem;
	const char *name;
	mode_t mode;
	const struct attrs *attrs;
	const struct kchan *dead_letter;
};

/* Makes them and prints their numbers. Return: exit status. */
int ipcmk(const struct ipcmk *asked);

#endif /* KCHAN_IPCMK_H */
