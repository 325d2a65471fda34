/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ENTRY_H
#define _KCHAN_ENTRY_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct kchan_entry - what queue and index know of a message
 * @node: in the circular list of its priority
 * @rb: with @back in the queue's tree; while it is held, in the endpoint's
 * @next: while its message is a spare one: that of the next
 * @by_tag: with @indexed in the index
 * @seq: its number: the order within a priority
 * @tag: the sender's number
 * @size: payload bytes
 * @prio: priority
 * @back: it was put back into the queue
 * @indexed: it is in the index
 *
 * Under the queue's lock while queued, its holder's otherwise.
 */
struct kchan_entry {
	union {
		struct list_head node;
		struct rb_node rb;
		struct kchan_entry *next;
	};
	struct rb_node by_tag;
	u64 seq;
	u64 tag;
	u32 size;
	u16 prio;
	bool back;
	bool indexed;
};

#endif /* _KCHAN_ENTRY_H */
