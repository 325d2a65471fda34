// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the ioctls of pools
 *
 * As those of endpoint_ioctl.c. PUBLISH and TAKE come here from the short way.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "endpoint.h"
#include "lend.h"
#include "slot.h"
#include "transfer.h"

static int ioctl_pool_fd(struct kchan_endpoint *ep, void __user *uarg)
{
	bool write = ep->mode & FMODE_WRITE;
	struct kchan_pool_fd arg;
	struct file *file;
	int err, fd;

	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.flags || arg.pool)
		return -EINVAL;
	if (!write && ep->channel->attr.recv_copy)
		return -EACCES;
	if (READ_ONCE(ep->channel->revoked))
		return -EIDRM;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = kchan_pool_open(&ep->lender->pool, write);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	arg.fd = fd;
	arg.slots = ep->lender->pool.slots;
	arg.slot_size = ep->lender->pool.slot_size;
	arg.bytes = kchan_pool_bytes(&ep->lender->pool);
	err = kchan_arg_put(uarg, &arg, sizeof(arg));
	if (err) {
		fput(file);
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, file);
	return 0;
}

/* Do the numbers of slots go together? */
static int slots_check(u64 slots, u32 count)
{
	if (!slots)
		return count ? -EINVAL : 0;
	return !count || count > KCHAN_BATCH_MAX ? -EINVAL : 0;
}

/* Tell @to of a slot that was loaned, or @err says why not. */
static int loan_tell(struct kchan_endpoint *ep, int err, u32 index,
		     u32 __user *to)
{
	if (err || !put_user(index, to))
		return err;
	kchan_slot_release(ep, index);
	return -EFAULT;
}

/* Wait for the first, and take the others as far as they are free. */
static int loan_each(struct kchan_endpoint *ep, const struct kchan_loan *arg,
		     const struct kchan_patience *patience)
{
	u32 __user *slots = u64_to_user_ptr(arg->slots);
	int err = 0;
	u32 i, index;

	for (i = 0; i < arg->count; i++) {
		err = i ? kchan_lend_loan_free(ep, &index) :
			  kchan_lend_loan(ep, patience, &index);
		err = loan_tell(ep, err, index, slots + i);
		if (err)
			break;
		cond_resched();
	}
	return i ? i : err;
}

static int ioctl_loan(struct file *file, struct kchan_loan __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_patience patience;
	struct kchan_loan arg;
	u32 __user *to;
	u32 index;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if ((arg.flags & ~KCHAN_WAIT_FLAGS) || arg.pool || arg.reserved)
		return -EINVAL;
	err = slots_check(arg.slots, arg.count);
	if (err)
		return err;
	patience = kchan_patience_get(file, arg.flags, arg.deadline);
	/* The output, tried now: what is dropped for a loan is lost. */
	to = arg.slots ? u64_to_user_ptr(arg.slots) : &uarg->slot;
	if (get_user(index, to) || put_user(index, to))
		return -EFAULT;
	if (arg.slots)
		return loan_each(ep, &arg, &patience);
	err = kchan_lend_loan(ep, &patience, &index);
	err = loan_tell(ep, err, index, to);
	return err ? err : 1;
}

static int publish_one(struct kchan_endpoint *ep, struct kchan_publish *arg,
		       struct kchan_publish __user *uarg,
		       const struct kchan_patience *patience)
{
	int err;

	if (arg->prio > KCHAN_PRIO_MAX || arg->pool || arg->reserved)
		return -EINVAL;
	/* The outputs, tried now: once the message is sent nothing may fail. */
	if (put_user(arg->seq, &uarg->seq) || put_user(arg->next, &uarg->next))
		return -EFAULT;
	err = kchan_slot_publish(ep, arg, patience);
	if (err)
		return err;
	(void)put_user(arg->seq, &uarg->seq);
	/* Nobody would know of it. */
	if (put_user(arg->next, &uarg->next) && arg->next != KCHAN_SLOT_NONE)
		kchan_slot_release(ep, arg->next);
	return 0;
}

static int publish_get(struct kchan_publish *arg, void __user *uarg)
{
	return kchan_arg_get(arg, sizeof(*arg), sizeof(*arg), uarg);
}

/**
 * kchan_pool_publish_long - KCHAN_IOC_PUBLISH the long way
 * @file: the endpoint
 * @uarg: struct kchan_publish
 */
long kchan_pool_publish_long(struct file *file, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_patience patience;
	struct kchan_publish arg;
	int err;

	if (!ep->lender)
		return -EOPNOTSUPP;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = publish_get(&arg, uarg);
	if (err)
		return err;
	if (arg.flags & ~(KCHAN_WAIT_FLAGS | KCHAN_PUBLISH_LOAN))
		return -EINVAL;
	patience = kchan_patience_get(file, arg.flags, arg.deadline);
	return publish_one(ep, &arg, uarg, &patience);
}

static int publish_item(struct kchan_endpoint *ep, void __user *uarg, u32 stride,
			const struct kchan_patience *patience)
{
	struct kchan_publish arg;
	int err;

	err = publish_get(&arg, uarg);
	if (err)
		return err;
	if (arg.size > stride || (arg.flags & ~KCHAN_PUBLISH_LOAN) ||
	    arg.deadline)
		return -EINVAL;
	return publish_one(ep, &arg, uarg, patience);
}

static const struct kchan_batch_ops publish_ops = {
	.item = publish_item,
};

static int take_one(struct kchan_endpoint *ep, struct kchan_take *arg,
		    struct kchan_take __user *uarg,
		    const struct kchan_patience *patience)
{
	u32 release = arg->release;
	int err;

	if (arg->filter > KCHAN_FILTER_PRIO_MIN ||
	    (!arg->filter && arg->value))
		return -EINVAL;
	if (!(arg->flags & KCHAN_TAKE_RELEASE) && arg->release)
		return -EINVAL;
	if (ep->channel->attr.recv_copy && !(ep->mode & FMODE_WRITE))
		return -EACCES;
	err = kchan_slot_take(ep, arg, patience);
	if (!err) {
		err = kchan_arg_put(uarg, arg, sizeof(*arg));
		if (err)
			kchan_slot_untake(ep, arg->slot, arg->seq,
					  arg->flags & KCHAN_HOLD);
		return err;
	}
	/* Not to be released again, should the call be restarted. */
	if (arg->release != release && put_user(arg->release, &uarg->release))
		return -EFAULT;
	return err;
}

static int take_get(struct kchan_take *arg, void __user *uarg)
{
	return kchan_arg_get(arg, sizeof(*arg), sizeof(*arg), uarg);
}

/**
 * kchan_pool_take_long - KCHAN_IOC_TAKE the long way
 * @file: the endpoint
 * @uarg: struct kchan_take
 */
long kchan_pool_take_long(struct file *file, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;
	struct kchan_patience patience;
	struct kchan_take arg;
	int err;

	if (!ep->lender)
		return -EOPNOTSUPP;
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = take_get(&arg, uarg);
	if (err)
		return err;
	if (arg.flags & ~(KCHAN_WAIT_FLAGS | KCHAN_HOLD | KCHAN_TAKE_FLAGS))
		return -EINVAL;
	patience = kchan_patience_get(file, arg.flags, arg.deadline);
	return take_one(ep, &arg, uarg, &patience);
}

static int take_item(struct kchan_endpoint *ep, void __user *uarg, u32 stride,
		     const struct kchan_patience *patience)
{
	struct kchan_take arg;
	int err;

	err = take_get(&arg, uarg);
	if (err)
		return err;
	if (arg.size > stride || arg.deadline ||
	    (arg.flags & ~(KCHAN_HOLD | KCHAN_TAKE_FLAGS)))
		return -EINVAL;
	return take_one(ep, &arg, uarg, patience);
}

static const struct kchan_batch_ops take_ops = {
	.item = take_item,
};

static int release_each(struct kchan_endpoint *ep,
			const struct kchan_release *arg)
{
	u32 __user *slots = u64_to_user_ptr(arg->slots);
	int err = 0;
	u32 i, index;

	for (i = 0; i < arg->count; i++) {
		err = get_user(index, slots + i);
		if (!err)
			err = kchan_slot_release(ep, index);
		if (err)
			break;
		cond_resched();
	}
	return i ? i : err;
}

static int ioctl_release(struct kchan_endpoint *ep, void __user *uarg)
{
	struct kchan_release arg;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.flags || arg.pool || arg.reserved || (arg.slots && arg.slot))
		return -EINVAL;
	err = slots_check(arg.slots, arg.count);
	if (err)
		return err;
	if (arg.slots)
		return release_each(ep, &arg);
	err = kchan_slot_release(ep, arg.slot);
	return err ? err : 1;
}

/**
 * kchan_pool_ioctl - kchan_endpoint_ioctl() of the other commands of pools
 * @file: the endpoint
 * @cmd: KCHAN_IOC_*
 * @uarg: its argument
 */
long kchan_pool_ioctl(struct file *file, unsigned int cmd, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;

	if (cmd < KCHAN_IOC_POOL_FD || cmd > KCHAN_IOC_TAKE_BATCH)
		return -ENOTTY;
	if (!ep->lender)
		return -EOPNOTSUPP;
	switch (cmd) {
	case KCHAN_IOC_POOL_FD:
		return ioctl_pool_fd(ep, uarg);
	case KCHAN_IOC_LOAN:
		return ioctl_loan(file, uarg);
	case KCHAN_IOC_RELEASE:
		return ioctl_release(ep, uarg);
	case KCHAN_IOC_PUBLISH_BATCH:
		return kchan_endpoint_batch(file, uarg, FMODE_WRITE, &publish_ops);
	case KCHAN_IOC_TAKE_BATCH:
		return kchan_endpoint_batch(file, uarg, FMODE_READ, &take_ops);
	default:
		return -ENOTTY;
	}
}
