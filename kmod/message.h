/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_MESSAGE_H
#define _KCHAN_MESSAGE_H

#include <linux/uidgid.h>

#include "entry.h"

struct iov_iter;
struct kchan_user;
struct pid;

/**
 * struct kchan_msg - one message, header and payload in one allocation
 * @entry: what the queue knows: order, size, priority
 * @time: when it entered the queue, CLOCK_MONOTONIC ns
 * @tag: the sender's number
 * @pid: sending process, referenced
 * @user: who pays for it, and its uid, referenced
 * @payer: css_set that the memory was charged under; compared, never followed
 * @gid: effective group of the sending endpoint's opener
 * @deliveries: how often it was handed to a receiver, 65535 at most
 * @class: size class of the allocation
 * @data: payload
 *
 * Whoever has taken it from the queue, or not put it there yet, owns all of it.
 * While it is queued, @entry is under the channel's lock and the rest is constant.
 */
struct kchan_msg {
	struct kchan_entry entry;
	u64 time;
	u64 tag;
	struct pid *pid;
	struct kchan_user *user;
	const void *payer;
	kgid_t gid;
	u16 deliveries;
	u8 class;
	u8 data[] __aligned(8);
};

#define KCHAN_MSG_SMALL	64	/* payload of the smallest class */

size_t kchan_msg_footprint_big(u32 size);

/**
 * kchan_msg_footprint - memory that a message of @size bytes takes
 * @size: payload bytes
 */
static inline size_t kchan_msg_footprint(u32 size)
{
	if (likely(size <= KCHAN_MSG_SMALL))
		return sizeof(struct kchan_msg) + KCHAN_MSG_SMALL;
	return kchan_msg_footprint_big(size);
}

struct kchan_msg *kchan_msg_new(u32 size);
struct kchan_msg *kchan_msg_reuse(struct kchan_msg *msg, u32 size);
bool kchan_msg_reusable(const struct kchan_msg *msg);
void kchan_msg_free(struct kchan_msg *msg);

int kchan_msg_copy_in(struct kchan_msg *msg, const void __user *from);
int kchan_msg_copy_out(const struct kchan_msg *msg, void __user *to);
int kchan_msg_copy_in_iter(struct kchan_msg *msg, struct iov_iter *from);
int kchan_msg_copy_out_iter(const struct kchan_msg *msg, struct iov_iter *to);

int kchan_msg_init(void);
void kchan_msg_exit(void);

#endif /* _KCHAN_MESSAGE_H */
