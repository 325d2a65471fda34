/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ENTRY_H
#define _KCHAN_ENTRY_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct kchan_entry - what a queue knows of a message
 * @node: in the circular list of its priority
 * @seq: its number: the order within a priority
 * @size: payload bytes
 * @prio: priority
 *
 * Under the queue's lock while queued, its holder's otherwise.
 */
struct kchan_entry {
	struct list_head node;
	u64 seq;
	u32 size;
	u16 prio;
};

#endif /* _KCHAN_ENTRY_H */
