/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_NAMES_H
#define _KCHAN_NAMES_H

#include <linux/types.h>

struct path;

/**
 * struct kchan_scope - what a descriptor may address
 * @root: names are relative to it
 * @whole: it is the whole instance, channels without a name included
 */
struct kchan_scope {
	const struct path *root;
	bool whole;
};

int kchan_names_create(const struct kchan_scope *scope, void __user *uarg);
int kchan_names_open(const struct kchan_scope *scope, void __user *uarg);
int kchan_names_remove(const struct kchan_scope *scope, void __user *uarg);
int kchan_names_revoke(const struct path *path);

#endif /* _KCHAN_NAMES_H */
