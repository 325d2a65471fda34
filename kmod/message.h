/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_MESSAGE_H
#define _KCHAN_MESSAGE_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
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
 * @payer: css_set that the memory was charged under; compared, never followed; or NULL
 * @origin: with @letter number of the channel where it died
 * @gid: effective group of the sending endpoint's opener
 * @refs: its owner, and each who peeks at it [atomic]
 * @deliveries: how often it was handed to a receiver, 65535 at most
 * @class: size class of the allocation
 * @due: there is a &struct kchan_due [const while it has an owner]
 * @expiring: it is among those that will expire
 * @slotted: its payload is in a slot, and there is a &struct kchan_slot [const]
 * @reason: KCHAN_DEAD_*, or 0
 * @letter: it has left for a dead-letter channel
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
	union {
		const void *payer;
		u64 origin;
	};
	kgid_t gid;
	atomic_t refs;
	u16 deliveries;
	u8 class;
	bool due : 1;
	bool expiring : 1;
	bool slotted : 1;
	u8 reason;
	bool letter;
	u8 data[] __aligned(8);
};

#define KCHAN_MSG_SMALL	64	/* payload of the smallest class, 0 */
#define KCHAN_MSG_SMALL_TOTAL	(sizeof(struct kchan_msg) + KCHAN_MSG_SMALL)
#define KCHAN_MSG_SHIFT	7	/* class 1 is 256 bytes in all, 2 is 512 */
#define KCHAN_MSG_LARGE	9	/* more than the 32 KiB of class 8; also those in slots */

/**
 * enum kchan_slot_state - what an endpoint has a slot for
 * @KCHAN_SLOT_LOANED: to fill it
 * @KCHAN_SLOT_TAKEN: to read it
 */
enum kchan_slot_state {
	KCHAN_SLOT_LOANED,
	KCHAN_SLOT_TAKEN,
};

/**
 * struct kchan_slot - a slot, behind the header of its message
 * @due: as behind other messages
 * @lender: whose slot it is [const]
 * @index: its number [const]
 * @state: while it has an owner: KCHAN_SLOT_*
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

/* What pays for the memory of what the current task allocates. */
static inline const void *kchan_msg_payer(void)
{
#ifdef CONFIG_CGROUPS
	return rcu_access_pointer(current->cgroups);
#else
	return NULL;
#endif
}

/**
 * kchan_msg_class - size class of a message
 * @room: bytes behind the header
 *
 * Return: 0: KCHAN_MSG_SMALL; n: 1 << (KCHAN_MSG_SHIFT + n) bytes in all;
 * %KCHAN_MSG_LARGE: pages.
 */
static __always_inline u8 kchan_msg_class(u64 room)
{
	size_t total = sizeof(struct kchan_msg) + room;

	if (likely(room <= KCHAN_MSG_SMALL))
		return 0;
	if (total > 1 << (KCHAN_MSG_SHIFT + KCHAN_MSG_LARGE - 1))
		return KCHAN_MSG_LARGE;
	return max(fls(total - 1) - KCHAN_MSG_SHIFT, 1);
}

/**
 * kchan_msg_footprint - memory that a message takes
 * @class: its class
 * @room: bytes behind the header
 */
static __always_inline size_t kchan_msg_footprint(u8 class, u64 room)
{
	if (likely(!class))
		return KCHAN_MSG_SMALL_TOTAL;
	if (likely(class < KCHAN_MSG_LARGE))
		return 1UL << (KCHAN_MSG_SHIFT + class);
	return PAGE_ALIGN(sizeof(struct kchan_msg) + room);
}

/**
 * kchan_msg_footprint_of - memory that a message takes
 * @msg: a message that is not in a slot
 */
static inline size_t kchan_msg_footprint_of(const struct kchan_msg *msg)
{
	return kchan_msg_footprint(msg->class,
				   kchan_msg_room(msg->entry.size, msg->due));
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
 * kchan_msg_is_plain - does a message neither expire, nor has it died?
 * @msg: a message
 */
static inline bool kchan_msg_is_plain(const struct kchan_msg *msg)
{
	return !(msg->reason || msg->due);
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
bool kchan_msg_reusable(const struct kchan_msg *msg);
void kchan_msg_free(struct kchan_msg *msg);

/* The number of the channel where it died, or 0. */
static inline u64 kchan_msg_origin(const struct kchan_msg *msg)
{
	return unlikely(msg->letter) ? msg->origin : 0;
}

/**
 * kchan_msg_is_small - is a message of the smallest class, and not empty?
 * @msg: the message
 */
static inline bool kchan_msg_is_small(const struct kchan_msg *msg)
{
	return !msg->class && msg->entry.size;
}

/* Where words can be moved wherever they lie. */
#define KCHAN_MSG_BY_WORDS	IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS)

int kchan_msg_copy_in(struct kchan_msg *msg, const void __user *from);
int kchan_msg_copy_out(const struct kchan_msg *msg, void __user *to);
int kchan_msg_copy_in_iter(struct kchan_msg *msg, struct iov_iter *from);
int kchan_msg_copy_out_iter(const struct kchan_msg *msg, struct iov_iter *to);

/**
 * kchan_msg_copy_in_small - kchan_msg_copy_in() of the smallest class
 * @msg: a message that kchan_msg_is_small() was said of
 * @from: as many bytes as it has
 *
 * Moved word by word. That saves the calls, and the search of the slab for its bounds,
 * which costs more than the copy; the bound holds by construction, as a message of
 * that class has room for KCHAN_MSG_SMALL bytes.
 *
 * Return: 0 or -EFAULT.
 */
static __always_inline int kchan_msg_copy_in_small(struct kchan_msg *msg,
						   const void __user *from)
{
	size_t i = 0, size = msg->entry.size;
	u8 *to = msg->data;

	if (!KCHAN_MSG_BY_WORDS)
		return kchan_msg_copy_in(msg, from);
	might_fault();
	if (!user_read_access_begin(from, size))
		return -EFAULT;
	for (; i + 32 <= size; i += 32) {
		const u64 __user *words = from + i;

		unsafe_get_user(*(u64 *)(to + i), words, fault);
		unsafe_get_user(*(u64 *)(to + i + 8), words + 1, fault);
		unsafe_get_user(*(u64 *)(to + i + 16), words + 2, fault);
		unsafe_get_user(*(u64 *)(to + i + 24), words + 3, fault);
	}
	for (; i + 8 <= size; i += 8)
		unsafe_get_user(*(u64 *)(to + i), (const u64 __user *)(from + i),
				fault);
	for (; i < size; i++)
		unsafe_get_user(to[i], (const u8 __user *)from + i, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * kchan_msg_copy_out_small - kchan_msg_copy_out() of the smallest class
 * @msg: a message that kchan_msg_is_small() was said of
 * @to: room for as many bytes as it has
 *
 * Return: 0 or -EFAULT.
 */
static __always_inline int kchan_msg_copy_out_small(const struct kchan_msg *msg,
						    void __user *to)
{
	size_t i = 0, size = msg->entry.size;
	const u8 *from = msg->data;

	if (!KCHAN_MSG_BY_WORDS)
		return kchan_msg_copy_out(msg, to);
	might_fault();
	if (!user_write_access_begin(to, size))
		return -EFAULT;
	for (; i + 32 <= size; i += 32) {
		u64 __user *words = to + i;

		unsafe_put_user(*(const u64 *)(from + i), words, fault);
		unsafe_put_user(*(const u64 *)(from + i + 8), words + 1, fault);
		unsafe_put_user(*(const u64 *)(from + i + 16), words + 2, fault);
		unsafe_put_user(*(const u64 *)(from + i + 24), words + 3, fault);
	}
	for (; i + 8 <= size; i += 8)
		unsafe_put_user(*(const u64 *)(from + i), (u64 __user *)(to + i),
				fault);
	for (; i < size; i++)
		unsafe_put_user(from[i], (u8 __user *)to + i, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

int kchan_msg_init(void);
void kchan_msg_exit(void);

#endif /* _KCHAN_MESSAGE_H */
