/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_PLACE_H
#define _KCHAN_PLACE_H

#include <linux/file.h>
#include <linux/slab.h>
#include <linux/types.h>

struct path;

/**
 * struct kchan_name - a name from user space
 * @text: the name
 * @len: its length
 * @last: its last component
 * @brief: where it is if it is short, as most are
 */
struct kchan_name {
	char *text;
	size_t len;
	const char *last;
	char brief[48];
};

/**
 * struct kchan_place - where a name is
 * @dir: its directory, as long as the root that it was looked up from and @file are held
 * @file: an open file of that directory if it is not the root, else NULL
 * @last: the last component of the name
 * @len: its length
 */
struct kchan_place {
	const struct path *dir;
	struct file *file;
	const char *last;
	int len;
};

int kchan_name_check(const char *name, const char **last);
int kchan_name_get(struct kchan_name *name, u64 uname);
int kchan_place_get(struct kchan_place *place, const struct path *root,
		    const struct kchan_name *name);

static inline void kchan_name_put(struct kchan_name *name)
{
	if (name->text != name->brief)
		kfree(name->text);
}

static inline void kchan_place_put(struct kchan_place *place)
{
	if (place->file)
		fput(place->file);
}

#endif /* _KCHAN_PLACE_H */
