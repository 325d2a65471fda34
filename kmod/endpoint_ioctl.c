// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the ioctls of an endpoint
 *
 * Each checks its argument, does the work by one call into the channel, and writes
 * back what there is to tell. <linux/kchan.h> is the specification.
 */
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "inode.h"
#include "lend.h"
#include "names.h"
#include "pass.h"
#include "transfer.h"

/*
 * What one message passes is inlined, in its command and in the batch: the calls would
 * cost more than what is done there.
 */
static __always_inline int send_get(struct kchan_send *arg, void __user *uarg)
{
	return kchan_arg_get(arg, sizeof(*arg),
			     offsetofend(struct kchan_send, seq), uarg);
}

static __always_inline int recv_get(struct kchan_recv *arg, void __user *uarg)
{
	return kchan_arg_get(arg, sizeof(*arg),
			     offsetofend(struct kchan_recv, filter), uarg);
}

static __always_inline int send_one(struct kchan_endpoint *ep,
				    struct kchan_send *arg,
				    struct kchan_send __user *uarg,
				    const struct kchan_patience *patience)
{
	struct kchan_msg *msg;
	int err;

	if (arg->prio > KCHAN_PRIO_MAX)
		return -EINVAL;
	/* The only output, tried now: once the message is sent nothing may fail. */
	if (put_user(arg->seq, &uarg->seq))
		return -EFAULT;
	msg = kchan_endpoint_msg_new(ep, arg->len, arg->tag, arg->prio,
				     kchan_time_from_user(arg->expiry),
				     patience);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	err = kchan_store_copy_in(msg, u64_to_user_ptr(arg->data));
	err = kchan_endpoint_msg_send(ep, msg, err, patience, &arg->seq);
	if (!err)
		(void)put_user(arg->seq, &uarg->seq);
	return err;
}

static noinline long ioctl_send(struct file *file, void __user *uarg)
{
	struct kchan_patience patience;
	struct kchan_send arg;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = send_get(&arg, uarg);
	if (err)
		return err;
	if (arg.flags & ~KCHAN_WAIT_FLAGS)
		return -EINVAL;
	patience = kchan_patience_get(file, arg.flags, arg.deadline);
	return send_one(file->private_data, &arg, uarg, &patience);
}

static __always_inline int want_get(struct kchan_want *want,
				    const struct kchan_recv *arg)
{
	bool peek = arg->flags & KCHAN_PEEK;

	if (peek && (arg->flags & KCHAN_HOLD))
		return -EINVAL;
	if (arg->filter > KCHAN_FILTER_PRIO_MIN)
		return -EINVAL;
	if (!arg->filter && arg->value)
		return -EINVAL;
	if (arg->position && (!peek || arg->filter))
		return -EINVAL;
	*want = (struct kchan_want) {
		.capacity = arg->capacity,
		.filter = { .kind = arg->filter, .value = arg->value },
		.hold = arg->flags & KCHAN_HOLD,
	};
	return 0;
}

static void peek_describe(void *arg, struct kchan_msg *msg)
{
	kchan_recv_describe(arg, msg, kchan_timens_offset());
}

/* A message has been copied out, or @err says why not. */
static __always_inline int recv_end(struct kchan_endpoint *ep,
				    struct kchan_msg *msg, u32 flags, int err)
{
	if (flags & KCHAN_PEEK) {
		kchan_store_free(msg);
		kchan_lend_peeked(ep->channel);
	} else if (err) {
		kchan_transfer_return(ep, msg, flags & KCHAN_HOLD);
	} else if (flags & KCHAN_HOLD) {
		err = kchan_hold_keep(ep, msg);
	} else {
		kchan_store_recycle(ep->channel, msg);
	}
	return err;
}

static noinline struct kchan_msg *
recv_slow(struct kchan_endpoint *ep, struct kchan_recv *arg,
	  struct kchan_want *want, const struct kchan_patience *patience)
{
	if (arg->flags & KCHAN_PEEK)
		return kchan_select_peek(ep->channel, want, arg->position,
					 peek_describe, arg);
	return kchan_transfer_recv(ep, want, patience);
}

static __always_inline int recv_one(struct kchan_endpoint *ep,
				    struct kchan_recv *arg,
				    struct kchan_recv __user *uarg,
				    const struct kchan_patience *patience)
{
	struct kchan_want want;
	struct kchan_msg *msg;
	int err;

	err = want_get(&want, arg);
	if (err)
		return err;
	msg = arg->filter || (arg->flags & (KCHAN_PEEK | KCHAN_HOLD)) ?
		NULL : kchan_pass_recv(ep, arg->capacity);
	if (unlikely(!msg))
		msg = recv_slow(ep, arg, &want, patience);
	err = PTR_ERR_OR_ZERO(msg);
	if (err == -EMSGSIZE && put_user(want.capacity, &uarg->len))
		return -EFAULT;
	if (err)
		return err;
	if (!(arg->flags & KCHAN_PEEK))
		kchan_recv_describe(arg, msg, kchan_timens_offset());
	err = kchan_store_copy_out(msg, u64_to_user_ptr(arg->data));
	if (!err)
		err = kchan_arg_put(uarg, arg, sizeof(*arg));
	return recv_end(ep, msg, arg->flags, err);
}

static noinline long ioctl_recv(struct file *file, void __user *uarg)
{
	struct kchan_patience patience;
	struct kchan_recv arg;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = recv_get(&arg, uarg);
	if (err)
		return err;
	if (arg.flags & ~(KCHAN_WAIT_FLAGS | KCHAN_HOLD | KCHAN_PEEK))
		return -EINVAL;
	patience = kchan_patience_get(file, arg.flags, arg.deadline);
	return recv_one(file->private_data, &arg, uarg, &patience);
}

static int send_item(struct kchan_endpoint *ep, void __user *uarg, u32 stride,
		     const struct kchan_patience *patience)
{
	struct kchan_send arg;
	int err;

	err = send_get(&arg, uarg);
	if (err)
		return err;
	if (arg.size > stride || arg.flags || arg.deadline)
		return -EINVAL;
	return send_one(ep, &arg, uarg, patience);
}

static const struct kchan_batch_ops send_ops = {
	.item = send_item,
	.burst = kchan_batch_send,
};

static int recv_item(struct kchan_endpoint *ep, void __user *uarg, u32 stride,
		     const struct kchan_patience *patience)
{
	struct kchan_recv arg;
	int err;

	err = recv_get(&arg, uarg);
	if (err)
		return err;
	if (arg.size > stride || (arg.flags & ~(KCHAN_HOLD | KCHAN_PEEK)) ||
	    arg.deadline)
		return -EINVAL;
	return recv_one(ep, &arg, uarg, patience);
}

static const struct kchan_batch_ops recv_ops = {
	.item = recv_item,
	.burst = kchan_batch_recv,
};

/* End the holding of messages one after another. */
static int end_each(struct kchan_endpoint *ep, const struct kchan_ack *arg,
		    enum kchan_verdict verdict)
{
	u64 __user *seqs = u64_to_user_ptr(arg->seqs);
	int err = 0;
	u32 i;
	u64 seq;

	for (i = 0; i < arg->count; i++) {
		err = get_user(seq, seqs + i);
		if (!err)
			err = kchan_hold_end(ep, seq, verdict);
		if (err)
			break;
		cond_resched();
	}
	return i ? i : err;
}

static int ack_check(const struct kchan_ack *arg, u32 flags)
{
	if ((arg->flags & ~flags) || arg->reserved)
		return -EINVAL;
	if (!arg->seqs)
		return arg->count ? -EINVAL : 0;
	if (arg->seq || (arg->flags & KCHAN_ACK_UP_TO))
		return -EINVAL;
	return !arg->count || arg->count > KCHAN_BATCH_MAX ? -EINVAL : 0;
}

static int end_holding(struct file *file, void __user *uarg, u32 flags,
		       enum kchan_verdict verdict)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_ack arg;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (!err)
		err = ack_check(&arg, flags);
	if (err)
		return err;
	if (arg.flags & KCHAN_NACK_REJECT)
		verdict = KCHAN_VERDICT_REJECT;
	if (arg.flags & KCHAN_ACK_UP_TO)
		return kchan_hold_end_up_to(ep, arg.seq, verdict);
	if (arg.seqs)
		return end_each(ep, &arg, verdict);
	err = kchan_hold_end(ep, arg.seq, verdict);
	return err ? err : 1;
}

static noinline long ioctl_ack(struct file *file, void __user *uarg)
{
	return end_holding(file, uarg, KCHAN_ACK_UP_TO, KCHAN_VERDICT_ACK);
}

static noinline long ioctl_nack(struct file *file, void __user *uarg)
{
	return end_holding(file, uarg, KCHAN_ACK_UP_TO | KCHAN_NACK_REJECT,
			   KCHAN_VERDICT_BACK);
}

static noinline long ioctl_settings(struct file *file, void __user *uarg)
{
	struct kchan_settings arg;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.flags & ~(KCHAN_SET_HELD_MAX | KCHAN_SET_URGENT))
		return -EINVAL;
	if ((arg.flags & KCHAN_SET_URGENT) && arg.urgent > KCHAN_URGENT_NEVER)
		return -EINVAL;
	if (arg.reserved)
		return -EINVAL;
	/* Tried now: once they are changed nothing may fail. */
	err = kchan_arg_put(uarg, &arg, sizeof(arg));
	if (!err)
		err = kchan_channel_settings(file->private_data, &arg);
	if (!err)
		(void)kchan_arg_put(uarg, &arg, sizeof(arg));
	return err;
}

static noinline long ioctl_state(struct file *file, void __user *uarg)
{
	struct kchan_viewer viewer = kchan_viewer_current();
	struct kchan_state state;
	u32 size;
	int err;

	err = kchan_arg_get(&state, sizeof(state),
			    offsetofend(struct kchan_state, residence), uarg);
	if (err)
		return err;
	size = state.size;
	memset(&state, 0, sizeof(state));
	state.size = size;
	err = kchan_inode_state(kchan_i(file_inode(file)), &viewer, &state);
	if (err)
		return err;
	return kchan_arg_put(uarg, &state, sizeof(state));
}

static noinline long ioctl_revoke(struct file *file, unsigned long arg)
{
	return arg ? -EINVAL : kchan_names_revoke(&file->f_path);
}

/**
 * kchan_endpoint_ioctl - ->unlocked_ioctl of an endpoint
 * @file: the endpoint
 * @cmd: KCHAN_IOC_*
 * @arg: its argument
 *
 * All that it calls return long, as it does, so that it is jumps and no calls.
 */
long kchan_endpoint_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	/* Where each jump counts. */
	if (likely(cmd == KCHAN_IOC_PUBLISH))
		return kchan_pool_publish(file, uarg);
	if (likely(cmd == KCHAN_IOC_TAKE))
		return kchan_pool_take(file, uarg);
	switch (cmd) {
	case KCHAN_IOC_SEND:
		return ioctl_send(file, uarg);
	case KCHAN_IOC_RECV:
		return ioctl_recv(file, uarg);
	case KCHAN_IOC_STATE:
		return ioctl_state(file, uarg);
	case KCHAN_IOC_REVOKE:
		return ioctl_revoke(file, arg);
	case KCHAN_IOC_ACK:
		return ioctl_ack(file, uarg);
	case KCHAN_IOC_NACK:
		return ioctl_nack(file, uarg);
	case KCHAN_IOC_SETTINGS:
		return ioctl_settings(file, uarg);
	case KCHAN_IOC_SEND_BATCH:
		return kchan_endpoint_batch(file, uarg, FMODE_WRITE, &send_ops);
	case KCHAN_IOC_RECV_BATCH:
		return kchan_endpoint_batch(file, uarg, FMODE_READ, &recv_ops);
	case KCHAN_IOC_FEATURES:
		return kchan_ioctl_features(uarg);
	default:
		return kchan_pool_ioctl(file, cmd, uarg);
	}
}
