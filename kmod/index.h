/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_INDEX_H
#define _KCHAN_INDEX_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "entry.h"

/**
 * struct kchan_index - the messages of a queue by tag, priority and number
 * @root: the tree
 *
 * Under the queue's lock.
 */
struct kchan_index {
	struct rb_root root;
};

void kchan_index_add(struct kchan_index *index, struct kchan_entry *entry);
void kchan_index_del(struct kchan_index *index, struct kchan_entry *entry);
struct kchan_entry *kchan_index_first(const struct kchan_index *index,
				      u64 tag);
struct kchan_entry *kchan_index_lowest(const struct kchan_index *index);
bool kchan_index_only(const struct kchan_index *index, u64 tag);

#endif /* _KCHAN_INDEX_H */
