/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ENDPOINT_H
#define _KCHAN_ENDPOINT_H

#include <linux/err.h>
#include <linux/fs.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "pass.h"
#include "transfer.h"

extern const struct file_operations kchan_endpoint_fops;

/* fcntl(2) may change it meanwhile. */
static inline bool kchan_file_nonblock(const struct file *file)
{
	return READ_ONCE(file->f_flags) & O_NONBLOCK;
}

/* Flags that say how to wait. */
#define KCHAN_WAIT_FLAGS	(KCHAN_NONBLOCK | KCHAN_NEED_PEER)

/* Flags that only TAKE has. */
#define KCHAN_TAKE_FLAGS	(KCHAN_TAKE_RELEASE | KCHAN_TAKE_BRIEF)

static __always_inline struct kchan_patience
kchan_patience_get(const struct file *file, u32 flags, u64 deadline)
{
	return (struct kchan_patience) {
		.nonblock = (flags & KCHAN_NONBLOCK) || kchan_file_nonblock(file),
		.need_peer = flags & KCHAN_NEED_PEER,
		.deadline = kchan_time_from_user(deadline),
	};
}

/**
 * struct kchan_batch_ops - what a batch does with messages
 * @item: with one, waiting if need be; returns 0 or an error
 * @burst: with as many of @max as can be done at once; returns how many. Or NULL
 */
struct kchan_batch_ops {
	int (*item)(struct kchan_endpoint *ep, void __user *uarg, u32 stride,
		    const struct kchan_patience *patience);
	u32 (*burst)(struct kchan_endpoint *ep, u64 items, u32 stride, u32 max);
};

/* batch.c */
long kchan_endpoint_batch(struct file *file, void __user *uarg, fmode_t mode,
			  const struct kchan_batch_ops *ops);
u32 kchan_batch_send(struct kchan_endpoint *ep, u64 items, u32 stride, u32 max);
u32 kchan_batch_recv(struct kchan_endpoint *ep, u64 items, u32 stride, u32 max);

/**
 * kchan_recv_describe - say what there is to say of a message
 * @arg: takes it
 * @msg: the message
 * @offset: kchan_timens_offset()
 */
static __always_inline void kchan_recv_describe(struct kchan_recv *arg,
						struct kchan_msg *msg,
						s64 offset)
{
	u64 expiry = kchan_msg_expiry(msg);

	arg->len = msg->entry.size;
	arg->tag = msg->entry.tag;
	arg->seq = msg->entry.seq;
	arg->time = msg->time + offset;
	arg->prio = msg->entry.prio;
	arg->deliveries = msg->deliveries;
	arg->pid = kchan_current_pid(msg->pid);
	kchan_current_ids(msg->user->uid, msg->gid, &arg->uid, &arg->gid);
	arg->expiry = expiry ? expiry + offset : 0;
	arg->reason = msg->reason;
	arg->origin = kchan_msg_origin(msg);
}

int kchan_endpoint_open(struct inode *inode, struct file *file);
long kchan_endpoint_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg);

long kchan_pool_publish(struct file *file, void __user *uarg);
long kchan_pool_publish_long(struct file *file, void __user *uarg);
long kchan_pool_take(struct file *file, void __user *uarg);
long kchan_pool_take_long(struct file *file, void __user *uarg);
long kchan_pool_ioctl(struct file *file, unsigned int cmd, void __user *uarg);

struct kchan_msg *
kchan_endpoint_msg_new_special(struct kchan_endpoint *ep, size_t len, u16 prio,
			       u64 expiry, const struct kchan_patience *patience);

/**
 * kchan_endpoint_msg_new - a message of the endpoint, to be filled
 * @ep: the endpoint
 * @len: payload bytes
 * @tag: the sender's number
 * @prio: its priority
 * @expiry: when it expires, or 0: as the channel says
 * @patience: how long to wait for a slot, if it needs one
 */
static __always_inline struct kchan_msg *
kchan_endpoint_msg_new(struct kchan_endpoint *ep, size_t len, u64 tag, u16 prio,
		       u64 expiry, const struct kchan_patience *patience)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;

	if (len > ch->attr.msgsize)
		return ERR_PTR(-EMSGSIZE);
	if (unlikely(patience->nonblock) && !patience->need_peer &&
	    (s32)READ_ONCE(ch->queue.count) >= READ_ONCE(ch->depth_left) &&
	    kchan_transfer_full(ch, len))
		return ERR_PTR(-EAGAIN);
	if (unlikely(expiry || ch->attr.special))
		msg = kchan_endpoint_msg_new_special(ep, len, prio, expiry,
						     patience);
	else
		msg = kchan_store_new(ch, ep->user, len);
	if (IS_ERR(msg))
		return msg;
	msg->gid = ep->gid;
	msg->entry.tag = tag;
	msg->entry.prio = prio;
	return msg;
}

/* Was there no slot for it, and is it to be dropped therefore? */
static inline bool kchan_endpoint_msg_homeless(const struct kchan_endpoint *ep,
					       const struct kchan_msg *msg)
{
	return ep->lender && !msg->slotted;
}

/**
 * kchan_endpoint_msg_send - send a message that was filled, or give it up
 * @ep: the endpoint
 * @msg: the message
 * @err: whether it could be filled
 * @patience: how long to wait
 * @seq: takes its number, or NULL
 */
static __always_inline int
kchan_endpoint_msg_send(struct kchan_endpoint *ep, struct kchan_msg *msg,
			int err, const struct kchan_patience *patience, u64 *seq)
{
	if (unlikely(ep->channel->attr.special) && !err &&
	    kchan_endpoint_msg_homeless(ep, msg))
		err = kchan_transfer_drop(ep->channel, msg, seq);
	else if (!err)
		err = kchan_pass_send(ep, msg, patience, seq);
	if (err)
		kchan_store_free(msg);
	return err;
}

#endif /* _KCHAN_ENDPOINT_H */
