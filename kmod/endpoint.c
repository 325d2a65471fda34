// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: endpoints
 *
 * An endpoint is an open file of a channel. What a participant holds hangs on it
 * and is given back in ->release, however its process ended. The sender of a
 * message is who opened the endpoint, not who calls: with the caller's identity a
 * channel given to a set-user-ID program as its standard output would speak as
 * root.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "event.h"
#include "fs.h"

/* Undo endpoint_new(). */
static void endpoint_free(struct kchan_endpoint *ep)
{
	put_pid(ep->pid);
	kchan_user_put(ep->user);
	kfree(ep);
}

static struct kchan_endpoint *endpoint_new(struct kchan_channel *ch,
					   const struct file *file)
{
	struct kchan_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);

	if (!ep)
		return NULL;
	ep->user = kchan_user_find(file->f_cred->euid);
	if (!ep->user) {
		kfree(ep);
		return NULL;
	}
	ep->channel = ch;
	ep->gid = file->f_cred->egid;
	ep->mode = file->f_mode & (FMODE_READ | FMODE_WRITE);
	ep->pid = get_pid(task_tgid(current));
	return ep;
}

/**
 * kchan_endpoint_open - ->open of a channel
 * @inode: the channel's inode
 * @file: the new file
 */
int kchan_endpoint_open(struct inode *inode, struct file *file)
{
	struct kchan_channel *ch = inode->i_private;
	struct kchan_endpoint *ep = endpoint_new(ch, file);
	int err;

	if (!ep)
		return -ENOMEM;
	err = kchan_channel_attach(ep);
	if (err) {
		endpoint_free(ep);
		return err;
	}
	file->private_data = ep;
	file->f_mode |= FMODE_NOWAIT;
	kchan_event(ch, KCHAN_EVENT_ATTACHED, 0);
	return stream_open(inode, file);
}

/* Is this the end of a process that was killed? */
static bool dying(void)
{
	return (current->flags & PF_EXITING) &&
	       (current->signal->group_exit_code & 0x7f);
}

static int endpoint_release(struct inode *inode, struct file *file)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_channel *ch;
	bool last;

	/* An unnamed channel's file whose kchan_endpoint_open() failed. */
	if (!ep)
		return 0;
	ch = ep->channel;
	last = kchan_channel_detach(ep);
	endpoint_free(ep);
	kchan_event(ch, dying() ? KCHAN_EVENT_DIED : KCHAN_EVENT_DETACHED, 0);
	if (last)
		kchanfs_remove(file->f_path.dentry);
	return 0;
}

/* A message of the endpoint, to be filled. */
static struct kchan_msg *message_new(struct kchan_endpoint *ep, size_t len,
				     u64 tag, u16 prio)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;

	if (len > ch->attr.msgsize)
		return ERR_PTR(-EMSGSIZE);
	msg = kchan_transfer_msg_new(ch, ep->user, len);
	if (IS_ERR(msg))
		return msg;
	msg->gid = ep->gid;
	msg->tag = tag;
	msg->entry.prio = prio;
	return msg;
}

/* Send a message that was filled with success, or give it up. */
static int message_send(struct kchan_endpoint *ep, struct kchan_msg *msg,
			int err, const struct kchan_patience *patience,
			u64 *seq)
{
	if (!err)
		err = kchan_transfer_send(ep, msg, patience, seq);
	if (err)
		kchan_transfer_msg_free(msg);
	return err;
}

/* A message has been copied out with success, or is put back. */
static ssize_t message_received(struct kchan_channel *ch,
				struct kchan_msg *msg, int err)
{
	ssize_t ret = msg->entry.size;

	if (err) {
		kchan_transfer_return(ch, msg);
		return err;
	}
	kchan_transfer_consume(ch, msg);
	return ret;
}

/* Reading or writing no bytes does nothing. */
static int nothing_to_do(const struct kchan_channel *ch)
{
	return READ_ONCE(ch->revoked) ? -EIDRM : 0;
}

/* fcntl(2) may change it meanwhile. */
static bool file_nonblock(const struct file *file)
{
	return READ_ONCE(file->f_flags) & O_NONBLOCK;
}

/* How long read(2), write(2) and their kin wait. */
static const struct kchan_patience *plain_patience(bool nonblock)
{
	static const struct kchan_patience none = { .nonblock = true };
	static const struct kchan_patience endless;

	return nonblock ? &none : &endless;
}

static ssize_t endpoint_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *pos)
{
	const struct kchan_patience *patience =
		plain_patience(file_nonblock(file));
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_msg *msg;
	int err;

	if (!len)
		return nothing_to_do(ep->channel);
	msg = message_new(ep, len, 0, 0);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	err = kchan_msg_copy_in(msg, buf);
	err = message_send(ep, msg, err, patience, NULL);
	return err ? err : len;
}

static ssize_t endpoint_read(struct file *file, char __user *buf, size_t len,
			     loff_t *pos)
{
	const struct kchan_patience *patience =
		plain_patience(file_nonblock(file));
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_channel *ch = ep->channel;
	u32 capacity = min_t(size_t, len, U32_MAX);
	struct kchan_msg *msg;

	if (!len)
		return nothing_to_do(ch);
	msg = kchan_transfer_recv(ep, capacity, patience, NULL);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return message_received(ch, msg, kchan_msg_copy_out(msg, buf));
}

static bool iocb_nonblock(const struct kiocb *iocb)
{
	return (iocb->ki_flags & IOCB_NOWAIT) ||
	       file_nonblock(iocb->ki_filp);
}

static ssize_t endpoint_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	const struct kchan_patience *patience =
		plain_patience(iocb_nonblock(iocb));
	struct kchan_endpoint *ep = iocb->ki_filp->private_data;
	size_t len = iov_iter_count(from);
	struct kchan_msg *msg;
	int err;

	if (!len)
		return nothing_to_do(ep->channel);
	msg = message_new(ep, len, 0, 0);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	err = kchan_msg_copy_in_iter(msg, from);
	err = message_send(ep, msg, err, patience, NULL);
	return err ? err : len;
}

static ssize_t endpoint_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	const struct kchan_patience *patience =
		plain_patience(iocb_nonblock(iocb));
	struct kchan_endpoint *ep = iocb->ki_filp->private_data;
	struct kchan_channel *ch = ep->channel;
	u32 capacity = min_t(size_t, iov_iter_count(to), U32_MAX);
	struct kchan_msg *msg;

	if (!capacity)
		return nothing_to_do(ch);
	msg = kchan_transfer_recv(ep, capacity, patience, NULL);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return message_received(ch, msg, kchan_msg_copy_out_iter(msg, to));
}

static __poll_t endpoint_poll(struct file *file, poll_table *wait)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_channel *ch = ep->channel;

	if (file->f_mode & FMODE_READ)
		poll_wait(file, &ch->recv_poll, wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(file, &ch->send_poll, wait);
	return kchan_channel_poll(ch, file->f_mode);
}

static int patience_get(struct kchan_patience *patience, struct file *file,
			u32 flags, u64 deadline)
{
	if (flags & ~(KCHAN_NONBLOCK | KCHAN_NEED_PEER))
		return -EINVAL;
	patience->nonblock = (flags & KCHAN_NONBLOCK) || file_nonblock(file);
	patience->need_peer = flags & KCHAN_NEED_PEER;
	patience->deadline = kchan_time_from_user(deadline);
	return 0;
}

static int ioctl_send(struct file *file, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_send __user *ustruct = uarg;
	struct kchan_patience patience;
	struct kchan_send arg;
	struct kchan_msg *msg;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = kchan_arg_get(&arg, sizeof(arg), uarg);
	if (err)
		return err;
	err = patience_get(&patience, file, arg.flags, arg.deadline);
	if (err)
		return err;
	if (arg.prio > KCHAN_PRIO_MAX)
		return -EINVAL;
	/* The only output, tried now: once the message is sent nothing may fail. */
	if (put_user(arg.seq, &ustruct->seq))
		return -EFAULT;
	msg = message_new(ep, arg.len, arg.tag, arg.prio);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	err = kchan_msg_copy_in(msg, u64_to_user_ptr(arg.data));
	err = message_send(ep, msg, err, &patience, &arg.seq);
	if (!err)
		(void)put_user(arg.seq, &ustruct->seq);
	return err;
}

static void recv_describe(struct kchan_recv *arg, const struct kchan_msg *msg)
{
	struct user_namespace *user_ns = current_user_ns();

	arg->len = msg->entry.size;
	arg->tag = msg->tag;
	arg->seq = msg->entry.seq;
	arg->time = kchan_time_to_user(msg->time);
	arg->prio = msg->entry.prio;
	arg->deliveries = msg->deliveries;
	arg->pid = pid_vnr(msg->pid);
	arg->uid = from_kuid_munged(user_ns, msg->user->uid);
	arg->gid = from_kgid_munged(user_ns, msg->gid);
}

static int ioctl_recv(struct file *file, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_channel *ch = ep->channel;
	struct kchan_recv __user *ustruct = uarg;
	struct kchan_patience patience;
	struct kchan_recv arg;
	struct kchan_msg *msg;
	ssize_t ret;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = kchan_arg_get(&arg, sizeof(arg), uarg);
	if (err)
		return err;
	err = patience_get(&patience, file, arg.flags, arg.deadline);
	if (err)
		return err;
	if (arg.reserved)
		return -EINVAL;
	msg = kchan_transfer_recv(ep, arg.capacity, &patience, &arg.len);
	err = PTR_ERR_OR_ZERO(msg);
	if (err == -EMSGSIZE && put_user(arg.len, &ustruct->len))
		return -EFAULT;
	if (err)
		return err;
	err = kchan_msg_copy_out(msg, u64_to_user_ptr(arg.data));
	if (!err) {
		recv_describe(&arg, msg);
		err = kchan_arg_put(uarg, &arg, sizeof(arg));
	}
	ret = message_received(ch, msg, err);
	return ret < 0 ? ret : 0;
}

static int ioctl_state(struct file *file, void __user *uarg)
{
	struct kchan_viewer viewer = kchan_viewer_current();
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_state state;
	u32 size;
	int err;

	err = kchan_arg_get(&state, sizeof(state), uarg);
	if (err)
		return err;
	size = state.size;
	memset(&state, 0, sizeof(state));
	state.size = size;
	err = kchan_channel_state(ep->channel, &viewer, &state);
	if (err)
		return err;
	return kchan_arg_put(uarg, &state, sizeof(state));
}

static int ioctl_revoke(struct file *file, unsigned long arg)
{
	struct kchan_endpoint *ep = file->private_data;
	int err;

	if (arg)
		return -EINVAL;
	err = kchan_channel_may_revoke(ep->channel);
	if (!err)
		err = kchan_channel_revoke(ep->channel);
	if (!err)
		kchanfs_remove(file->f_path.dentry);
	return err;
}

static long endpoint_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case KCHAN_IOC_SEND:
		return ioctl_send(file, uarg);
	case KCHAN_IOC_RECV:
		return ioctl_recv(file, uarg);
	case KCHAN_IOC_STATE:
		return ioctl_state(file, uarg);
	case KCHAN_IOC_REVOKE:
		return ioctl_revoke(file, arg);
	case KCHAN_IOC_FEATURES:
		return kchan_ioctl_features(uarg);
	default:
		return -ENOTTY;
	}
}

const struct file_operations kchan_endpoint_fops = {
	.owner		= THIS_MODULE,
	.open		= kchan_endpoint_open,
	.release	= endpoint_release,
	.read		= endpoint_read,
	.write		= endpoint_write,
	.read_iter	= endpoint_read_iter,
	.write_iter	= endpoint_write_iter,
	.poll		= endpoint_poll,
	.unlocked_ioctl	= endpoint_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};
