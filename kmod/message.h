/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_MESSAGE_H
#define _KCHAN_MESSAGE_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/rbtree.h>
#include <linux/uidgid.h>

#include "entry.h"

struct iov_iter;
struct kchan_endpoint;
struct kchan_lender;
struct kchan_user;
struct pid;

/**
 * struct kchan_due - what a message has behind its payload that may expire
 * @node: with &struct kchan_msg.expiring among those that will
 * @msg: the message
 * @expiry: when, CLOCK_MONOTONIC ns
 */
struct kchan_due {
	struct rb_node node;
	struct kchan_msg *msg;
	u64 expiry;
};

/**
 * struct kchan_msg - one message, header and payload in one allocation
 * @entry: what the queue knows: order, size, priority, tag
 * @time: when it entered the queue, CLOCK_MONOTONIC ns
 * @pid: sending process, referenced
 * @user: who pays for it, and its uid, referenced
 * @payer: css_set that the memory was charged under; compared, never followed
 * @gid: effective group of the sending endpoint's opener
 * @refs: its owner, and each who peeks at it [atomic]
 * @origin: number of the channel where it died, or 0
 * @deliveries: how often it was handed to a receiver, 65535 at most
 * @class: size class of the allocation
 * @reason: KCHAN_DEAD_*, or 0
 * @due: there is a &struct kchan_due [const while it has an owner]
 * @expiring: it is among those that will expire
 * @slotted: its payload is in a slot, and there is a &struct kchan_slot [const]
 * @data: payload, or what is said to be there
 *
 * Whoever has taken it from the queue, or not put it there yet, owns it. While it is
 * queued, it belongs to the channel's lock. Payload, sender and tag do not change
 * until the last of @refs is gone.
 */
struct kchan_msg {
	struct kchan_entry entry;
	u64 time;
	struct pid *pid;
	struct kchan_user *user;
	const void *payer;
	kgid_t gid;
	atomic_t refs;
	u32 origin;
	u16 deliveries;
	u8 class;
	u8 reason : 4;
	bool due : 1;
	bool expiring : 1;
	bool slotted : 1;
	u8 data[] __aligned(8);
};

#define KCHAN_MSG_SMALL	64	/* payload of the smallest class, 0 */

/**
 * enum kchan_slot_state - whose a slot is
 * @KCHAN_SLOT_FREE: nobody's
 * @KCHAN_SLOT_QUEUED: that of its message, wherever that is
 * @KCHAN_SLOT_LOANED: an endpoint's, to be filled
 * @KCHAN_SLOT_TAKEN: an endpoint's, to be read
 */
enum kchan_slot_state {
	KCHAN_SLOT_FREE,
	KCHAN_SLOT_QUEUED,
	KCHAN_SLOT_LOANED,
	KCHAN_SLOT_TAKEN,
};

/**
 * struct kchan_slot - a slot, behind the header of its message
 * @due: as behind other messages
 * @lender: whose slot it is [const]
 * @index: its number [const]
 * @state: KCHAN_SLOT_*
 * @holds: while taken: the message is held, too
 * @away: its message is a dead one on its way out of the channel or in another, and
 *	refers to @lender
 * @ready: it has got memory and may be loaned as it is [who has it in hand]
 * @owner: endpoint that has it on loan or has taken it, else NULL
 * @next: while it is free: the next free slot
 * @node: while it has an owner: among those that it has on loan or has taken
 * @since: since when it is its owner's, CLOCK_MONOTONIC ns
 *
 * Under the lock of the lender's channel but for what says otherwise.
 */
struct kchan_slot {
	struct kchan_due due;
	struct kchan_lender *lender;
	u32 index;
	u8 state;
	bool holds;
	bool away;
	bool ready;
	struct kchan_endpoint *owner;
	union {
		struct kchan_slot *next;
		struct list_head node;
	};
	u64 since;
};

/**
 * kchan_msg_room - bytes behind the header
 * @size: payload bytes
 * @due: with a &struct kchan_due
 */
static inline u64 kchan_msg_room(u32 size, bool due)
{
	if (likely(!due))
		return size;
	return ALIGN((u64)size, 8) + sizeof(struct kchan_due);
}

size_t kchan_msg_footprint_big(u64 room);

/**
 * kchan_msg_footprint - memory that a message takes
 * @room: bytes behind the header
 */
static inline size_t kchan_msg_footprint(u64 room)
{
	if (likely(room <= KCHAN_MSG_SMALL))
		return sizeof(struct kchan_msg) + KCHAN_MSG_SMALL;
	return kchan_msg_footprint_big(room);
}

/**
 * kchan_msg_due - what it has behind its payload
 * @msg: a message with @due
 */
static inline struct kchan_due *kchan_msg_due(struct kchan_msg *msg)
{
	u32 size = msg->slotted ? 0 : msg->entry.size;

	return (struct kchan_due *)(msg->data + ALIGN(size, 8));
}

/**
 * kchan_msg_slot - the slot of a message
 * @msg: a message with @slotted
 */
static inline struct kchan_slot *kchan_msg_slot(struct kchan_msg *msg)
{
	return (struct kchan_slot *)msg->data;
}

/**
 * kchan_slot_msg - the message of a slot
 * @slot: the slot
 */
static inline struct kchan_msg *kchan_slot_msg(struct kchan_slot *slot)
{
	return (void *)slot - offsetof(struct kchan_msg, data);
}

/**
 * kchan_msg_expiry - when a message expires
 * @msg: the message
 *
 * Those that came as dead ones do not.
 * Return: CLOCK_MONOTONIC ns, or 0.
 */
static inline u64 kchan_msg_expiry(struct kchan_msg *msg)
{
	return msg->due && !msg->reason ? kchan_msg_due(msg)->expiry : 0;
}

/**
 * kchan_msg_expired - has a message expired?
 * @msg: the message
 */
static inline bool kchan_msg_expired(struct kchan_msg *msg)
{
	u64 expiry = kchan_msg_expiry(msg);

	return expiry && expiry <= ktime_get_ns();
}

struct kchan_msg *kchan_msg_new(u64 room);
struct kchan_msg *kchan_msg_new_slotted(void);
struct kchan_msg *kchan_msg_reuse(struct kchan_msg *msg, u64 room);
bool kchan_msg_reusable(const struct kchan_msg *msg);
void kchan_msg_free(struct kchan_msg *msg);

/**
 * kchan_msg_is_small - is a message of the smallest class, and not empty?
 * @msg: the message
 */
static inline bool kchan_msg_is_small(const struct kchan_msg *msg)
{
	return !msg->class && msg->entry.size;
}

int kchan_msg_copy_in_small(struct kchan_msg *msg, const void __user *from);
int kchan_msg_copy_out_small(const struct kchan_msg *msg, void __user *to);
int kchan_msg_copy_in(struct kchan_msg *msg, const void __user *from);
int kchan_msg_copy_out(const struct kchan_msg *msg, void __user *to);
int kchan_msg_copy_in_iter(struct kchan_msg *msg, struct iov_iter *from);
int kchan_msg_copy_out_iter(const struct kchan_msg *msg, struct iov_iter *to);

int kchan_msg_init(void);
void kchan_msg_exit(void);

#endif /* _KCHAN_MESSAGE_H */
