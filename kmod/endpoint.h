/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ENDPOINT_H
#define _KCHAN_ENDPOINT_H

#include <linux/err.h>
#include <linux/fs.h>

#include "channel.h"
#include "transfer.h"

extern const struct file_operations kchan_endpoint_fops;

/* fcntl(2) may change it meanwhile. */
static inline bool kchan_file_nonblock(const struct file *file)
{
	return READ_ONCE(file->f_flags) & O_NONBLOCK;
}

int kchan_endpoint_open(struct inode *inode, struct file *file);
long kchan_endpoint_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg);

struct kchan_msg *kchan_endpoint_msg_new_due(struct kchan_endpoint *ep,
					     size_t len, u64 expiry);

/**
 * kchan_endpoint_msg_new - a message of the endpoint, to be filled
 * @ep: the endpoint
 * @len: payload bytes
 * @tag: the sender's number
 * @prio: its priority
 * @expiry: when it expires, or 0: as the channel says
 */
static __always_inline struct kchan_msg *
kchan_endpoint_msg_new(struct kchan_endpoint *ep, size_t len, u64 tag, u16 prio,
		       u64 expiry)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;

	if (len > ch->attr.msgsize)
		return ERR_PTR(-EMSGSIZE);
	if (unlikely(expiry || ch->attr.ttl))
		msg = kchan_endpoint_msg_new_due(ep, len, expiry);
	else
		msg = kchan_store_new(ch, ep->user, len, false);
	if (IS_ERR(msg))
		return msg;
	msg->gid = ep->gid;
	msg->entry.tag = tag;
	msg->entry.prio = prio;
	return msg;
}

/**
 * kchan_endpoint_msg_send - send a message that was filled, or give it up
 * @ep: the endpoint
 * @msg: the message
 * @err: whether it could be filled
 * @patience: how long to wait
 * @seq: takes its number, or NULL
 */
static inline int
kchan_endpoint_msg_send(struct kchan_endpoint *ep, struct kchan_msg *msg,
			int err, const struct kchan_patience *patience, u64 *seq)
{
	if (!err)
		err = kchan_transfer_send(ep, msg, patience, seq);
	if (err)
		kchan_store_free(msg);
	return err;
}

#endif /* _KCHAN_ENDPOINT_H */
