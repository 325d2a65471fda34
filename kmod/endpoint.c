// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: endpoints
 *
 * An endpoint is an open file of a channel. What a participant holds hangs on it
 * and is given back in ->release, however its process ended. The sender of a
 * message is who opened the endpoint, not who calls: with the caller's identity a
 * channel given to a set-user-ID program as its standard output would speak as
 * root.
 *
 * The ioctls are in endpoint_ioctl.c, those of pools in pool_ioctl.c.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "event.h"
#include "fs.h"
#include "inode.h"
#include "lend.h"
#include "pass.h"
#include "transfer.h"

/* Undo endpoint_new(). */
static void endpoint_free(struct kchan_endpoint *ep)
{
	kchan_lender_put(ep->lender);
	put_pid(ep->pid);
	kchan_user_put(ep->user);
	kfree(ep);
}

static struct kchan_endpoint *endpoint_new(const struct file *file)
{
	struct kchan_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);

	if (!ep)
		return NULL;
	ep->user = kchan_user_find(file->f_cred->euid);
	if (!ep->user) {
		kfree(ep);
		return NULL;
	}
	ep->gid = file->f_cred->egid;
	ep->mode = file->f_mode & (FMODE_READ | FMODE_WRITE);
	ep->pid = get_pid(task_tgid(current));
	ep->urgent = KCHAN_URGENT_NEVER;
	INIT_LIST_HEAD(&ep->loans);
	INIT_LIST_HEAD(&ep->takes);
	return ep;
}

/**
 * kchan_endpoint_open - ->open of a channel
 * @inode: the channel's inode
 * @file: the new file
 */
int kchan_endpoint_open(struct inode *inode, struct file *file)
{
	struct kchan_endpoint *ep = endpoint_new(file);
	int err;

	if (!ep)
		return -ENOMEM;
	err = kchan_inode_attach(kchan_i(inode), ep);
	if (err) {
		endpoint_free(ep);
		return err;
	}
	file->private_data = ep;
	file->f_mode |= FMODE_NOWAIT;
	kchan_event(inode, KCHAN_EVENT_ATTACHED, 0);
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
	bool last;

	/* An unnamed channel's file whose kchan_endpoint_open() failed. */
	if (!ep)
		return 0;
	kchan_hold_release(ep);
	kchan_lend_end(ep);
	last = kchan_inode_detach(ep);
	endpoint_free(ep);
	kchan_event(inode, dying() ? KCHAN_EVENT_DIED : KCHAN_EVENT_DETACHED, 0);
	if (last)
		kchanfs_remove(file->f_path.dentry);
	return 0;
}

static struct kchan_msg *plain_new(struct kchan_endpoint *ep, size_t len, bool due)
{
	if (due)
		return kchan_store_new_due(ep->channel, ep->user, len);
	return kchan_store_new(ep->channel, ep->user, len);
}

/*
 * A message in a slot, with its sender. Where others are dropped to make room and none
 * is worth so little, it is one without: it is dropped itself.
 */
static struct kchan_msg *
slotted_new(struct kchan_endpoint *ep, size_t len, u16 prio, bool due,
	    const struct kchan_patience *patience)
{
	bool drop = ep->channel->attr.overflow == KCHAN_OVERFLOW_DROP;
	struct kchan_msg *msg = kchan_lend_slot(ep, prio, drop ? NULL : patience);

	if (drop && msg == ERR_PTR(-EAGAIN))
		return plain_new(ep, len, due);
	if (IS_ERR(msg))
		return msg;
	msg->entry.size = len;
	kchan_store_sign(msg, ep->user, task_tgid(current));
	return msg;
}

/**
 * kchan_endpoint_msg_new_special - kchan_endpoint_msg_new() of one that will expire, or
 * needs a slot
 * @ep: the endpoint
 * @len: payload bytes
 * @prio: its priority
 * @expiry: when it expires, or 0: as the channel says
 * @patience: how long to wait for a slot
 */
struct kchan_msg *
kchan_endpoint_msg_new_special(struct kchan_endpoint *ep, size_t len, u16 prio,
			       u64 expiry, const struct kchan_patience *patience)
{
	struct kchan_channel *ch = ep->channel;
	bool due = expiry || ch->attr.ttl;
	struct kchan_msg *msg;
	int err;

	if (ch->attr.slots)
		msg = slotted_new(ep, len, prio, due, patience);
	else
		msg = plain_new(ep, len, due);
	if (IS_ERR(msg) || !due)
		return msg;
	err = kchan_transfer_set_expiry(ch, msg, expiry);
	if (!err)
		return msg;
	kchan_store_free(msg);
	return ERR_PTR(err);
}

/* A message has been copied out with success, or is put back. */
static ssize_t message_received(struct kchan_endpoint *ep,
				struct kchan_msg *msg, int err)
{
	ssize_t ret = msg->entry.size;

	if (err) {
		kchan_transfer_return(ep, msg, false);
		return err;
	}
	kchan_store_recycle(ep->channel, msg);
	return ret;
}

/* Reading or writing no bytes does nothing. */
static int nothing_to_do(const struct kchan_channel *ch)
{
	return READ_ONCE(ch->revoked) ? -EIDRM : 0;
}

/* How long read(2), write(2) and their kin wait. */
static __always_inline const struct kchan_patience *plain_patience(bool nonblock)
{
	static const struct kchan_patience none = { .nonblock = true };
	static const struct kchan_patience endless;

	return nonblock ? &none : &endless;
}

static __always_inline ssize_t write_from(struct kchan_endpoint *ep,
					  const char __user *buf, size_t len,
					  const struct kchan_patience *patience)
{
	struct kchan_msg *msg;
	int err;

	if (!len)
		return nothing_to_do(ep->channel);
	msg = kchan_endpoint_msg_new(ep, len, 0, 0, 0, patience);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	err = kchan_store_copy_in(msg, buf);
	err = kchan_endpoint_msg_send(ep, msg, err, patience, NULL);
	return err ? err : len;
}

static noinline ssize_t write_nonblock(struct kchan_endpoint *ep,
				       const char __user *buf, size_t len)
{
	return write_from(ep, buf, len, plain_patience(true));
}

static ssize_t endpoint_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *pos)
{
	if (kchan_file_nonblock(file))
		return write_nonblock(file->private_data, buf, len);
	return write_from(file->private_data, buf, len, plain_patience(false));
}

static noinline struct kchan_msg *read_nonblock(struct kchan_endpoint *ep, u32 capacity)
{
	struct kchan_want want = { .capacity = capacity };

	return kchan_transfer_recv(ep, &want, plain_patience(true));
}

/* What kchan_transfer_recv() would find out, without all that it is told. */
static __always_inline struct kchan_msg *read_slow(struct kchan_endpoint *ep,
						   size_t len, bool nonblock)
{
	u32 capacity = min_t(size_t, len, U32_MAX);

	if (nonblock && kchan_transfer_empty(ep->channel))
		return ERR_PTR(-EAGAIN);
	if (nonblock)
		return read_nonblock(ep, capacity);
	return kchan_transfer_recv_first(ep, capacity);
}

static ssize_t endpoint_read(struct file *file, char __user *buf, size_t len,
			     loff_t *pos)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_msg *msg;

	if (!len)
		return nothing_to_do(ep->channel);
	msg = kchan_pass_recv(ep, len);
	if (unlikely(!msg))
		msg = read_slow(ep, len, kchan_file_nonblock(file));
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return message_received(ep, msg, kchan_store_copy_out(msg, buf));
}

static bool iocb_nonblock(const struct kiocb *iocb)
{
	return (iocb->ki_flags & IOCB_NOWAIT) ||
	       kchan_file_nonblock(iocb->ki_filp);
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
	msg = kchan_endpoint_msg_new(ep, len, 0, 0, 0, patience);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	err = kchan_store_copy_in_iter(msg, from);
	err = kchan_endpoint_msg_send(ep, msg, err, patience, NULL);
	return err ? err : len;
}

static ssize_t endpoint_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct kchan_endpoint *ep = iocb->ki_filp->private_data;
	size_t len = iov_iter_count(to);
	struct kchan_msg *msg;

	if (!len)
		return nothing_to_do(ep->channel);
	msg = kchan_pass_recv(ep, len);
	if (unlikely(!msg))
		msg = read_slow(ep, len, iocb_nonblock(iocb));
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return message_received(ep, msg, kchan_store_copy_out_iter(msg, to));
}

/* The pool of the channel is mapped instead, as POOL_FD would give it. */
static int endpoint_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct kchan_endpoint *ep = file->private_data;
	bool write = ep->mode & FMODE_WRITE;

	if (!ep->lender)
		return -ENODEV;
	if (!write && ep->channel->attr.recv_copy)
		return -EACCES;
	if (READ_ONCE(ep->channel->revoked))
		return -EIDRM;
	return kchan_pool_mmap(&ep->lender->pool, vma, write);
}

static __poll_t endpoint_poll(struct file *file, poll_table *wait)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_channel *ch = ep->channel;

	if (file->f_mode & FMODE_READ)
		poll_wait(file, &ch->recv_poll, wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(file, &ch->send_poll, wait);
	return kchan_channel_poll(ep);
}

#ifdef CONFIG_PROC_FS
/* Lines of /proc/PID/fdinfo/FD, see kchan(7). */
static void endpoint_show_fdinfo(struct seq_file *m, struct file *file)
{
	const struct kchan_endpoint *ep = file->private_data;
	struct kchan_channel *ch = ep->channel;
	u32 queued, held, loaned, taken, waiting;

	spin_lock(&ch->lock);
	queued = ch->queue.count;
	held = ep->held_count;
	loaned = ep->loaned;
	taken = ep->taken;
	waiting = ep->waiting.count;
	spin_unlock(&ch->lock);
	seq_printf(m, "kchan-id:\t%llu\n", ch->id);
	seq_printf(m, "kchan-queued:\t%u\n", queued);
	seq_printf(m, "kchan-held:\t%u\n", held);
	seq_printf(m, "kchan-loaned:\t%u\n", loaned);
	seq_printf(m, "kchan-taken:\t%u\n", taken);
	seq_printf(m, "kchan-waiting:\t%u\n", waiting);
}
#endif

const struct file_operations kchan_endpoint_fops = {
	.owner		= THIS_MODULE,
	.open		= kchan_endpoint_open,
	.release	= endpoint_release,
	.read		= endpoint_read,
	.write		= endpoint_write,
	.read_iter	= endpoint_read_iter,
	.write_iter	= endpoint_write_iter,
	.poll		= endpoint_poll,
	.mmap		= endpoint_mmap,
	.unlocked_ioctl	= kchan_endpoint_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= endpoint_show_fdinfo,
#endif
};
