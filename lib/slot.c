// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages that stay where they are: loaned, published, taken and released. */
#include <string.h>

#include "internal.h"

static int loan_arg(struct kchan_loan *arg, const struct kchan_loan_opts *uopts)
{
	struct kchan_loan_opts opts;
	int err;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	if (!err && opts.reserved)
		err = -EINVAL;
	if (err)
		return err;
	*arg = (struct kchan_loan){
		.size = sizeof(*arg),
		.flags = opts.flags,
		.deadline = opts.deadline,
	};
	return 0;
}

ssize_t kchan_loan(struct kchan *ch, void **datap)
{
	return kchan_loan_opts(ch, datap, NULL);
}

/* What is loaned and taken must be mapped: that cannot fail later. */
ssize_t kchan_loan_opts(struct kchan *ch, void **datap,
			const struct kchan_loan_opts *opts)
{
	struct kchan_loan arg;
	int err;

	err = loan_arg(&arg, opts);
	if (!err)
		err = libkchan_pool_map(ch);
	if (!err)
		err = libkchan_ioctl(ch->fd, KCHAN_IOC_LOAN, &arg);
	if (err)
		return err;
	*datap = libkchan_pool_at(ch, arg.slot);
	return ch->capacity;
}

int kchan_loan_many(struct kchan *ch, void **slots, size_t count,
		    const struct kchan_loan_opts *opts)
{
	uint32_t numbers[KCHAN_BATCH_MAX];
	struct kchan_loan arg;
	int err, n, i;

	if (!slots || !count || count > KCHAN_BATCH_MAX)
		return -EINVAL;
	err = loan_arg(&arg, opts);
	if (!err)
		err = libkchan_pool_map(ch);
	if (err)
		return err;
	/* For valgrind, which does not know that the command writes them. */
	memset(numbers, 0, count * sizeof(*numbers));
	arg.slots = (uintptr_t)numbers;
	arg.count = count;
	n = libkchan_ioctl_count(ch->fd, KCHAN_IOC_LOAN, &arg);
	for (i = 0; i < n; i++)
		slots[i] = libkchan_pool_at(ch, numbers[i]);
	return n;
}

/* One PUBLISH; @next: out: the number of what is loaned instead, unless NULL. */
static int publish(struct kchan *ch, const void *data, size_t len,
		   const struct kchan_send_opts *uopts, uint64_t *seq,
		   uint32_t *next)
{
	struct kchan_send_opts opts;
	struct kchan_publish arg;
	int err, slot;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	/* Else a slot would be loaned that nobody knows of. */
	if (!err && opts.flags & KCHAN_PUBLISH_LOAN)
		err = -EINVAL;
	if (err)
		return err;
	slot = kchan_slot_number(ch, data);
	if (slot < 0)
		return slot;
	if (len > UINT32_MAX)
		return -EMSGSIZE;
	arg = (struct kchan_publish){
		.size = sizeof(arg),
		.flags = opts.flags | (next ? KCHAN_PUBLISH_LOAN : 0),
		.slot = slot,
		.len = len,
		.prio = opts.prio,
		.tag = opts.tag,
		.deadline = opts.deadline,
		.expiry = opts.expiry,
	};
	err = libkchan_ioctl(ch->fd, KCHAN_IOC_PUBLISH, &arg);
	if (err)
		return err;
	if (seq)
		*seq = arg.seq;
	if (next)
		*next = arg.next;
	return 0;
}

int kchan_publish(struct kchan *ch, void *data, size_t len)
{
	return publish(ch, data, len, NULL, NULL, NULL);
}

int kchan_publish_opts(struct kchan *ch, void *data, size_t len,
		       const struct kchan_send_opts *opts, uint64_t *seq)
{
	return publish(ch, data, len, opts, seq, NULL);
}

ssize_t kchan_publish_and_loan(struct kchan *ch, void **datap, size_t len,
			       const struct kchan_send_opts *opts,
			       uint64_t *seq)
{
	uint32_t next;
	int err;

	err = publish(ch, *datap, len, opts, seq, &next);
	if (err)
		return err;
	if (next == KCHAN_SLOT_NONE) {
		*datap = NULL;
		return 0;
	}
	*datap = libkchan_pool_at(ch, next);
	return ch->capacity;
}

/* One TAKE; @arg says what it has told, with failure too. */
static int take(struct kchan *ch, struct kchan_take *arg,
		const struct kchan_recv_opts *uopts)
{
	struct kchan_recv_opts opts;
	int err;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	if (!err && (opts.position || opts.reserved))
		err = -EINVAL;
	if (!err)
		err = libkchan_pool_map(ch);
	if (err)
		return err;
	arg->flags |= opts.flags;
	arg->filter = opts.filter;
	arg->value = opts.value;
	arg->deadline = opts.deadline;
	return libkchan_ioctl(ch->fd, KCHAN_IOC_TAKE, arg);
}

/* Take a message after the release of a slot; *@datap is NULL once that is done. */
static ssize_t release_and_take(struct kchan *ch, const void **datap,
				uint32_t release,
				const struct kchan_recv_opts *opts,
				struct kchan_msg_info *uinfo)
{
	struct kchan_take arg = { .size = sizeof(arg),
				  .release = release,
				  .flags = KCHAN_TAKE_RELEASE };
	struct kchan_msg_info info;
	int err;

	err = libkchan_sized_get(&info, sizeof(info), uinfo);
	if (err)
		return err;
	if (!uinfo)
		arg.flags |= KCHAN_TAKE_BRIEF;
	err = take(ch, &arg, opts);
	if (arg.release != release)
		*datap = NULL;
	if (err)
		return err;
	*datap = libkchan_pool_at(ch, arg.slot);
	LIBKCHAN_DESCRIBE(&info, &arg);
	libkchan_sized_put(uinfo, sizeof(info), &info);
	return arg.len;
}

ssize_t kchan_take(struct kchan *ch, const void **datap)
{
	return release_and_take(ch, datap, KCHAN_SLOT_NONE, NULL, NULL);
}

ssize_t kchan_take_opts(struct kchan *ch, const void **datap,
			const struct kchan_recv_opts *opts,
			struct kchan_msg_info *info)
{
	return release_and_take(ch, datap, KCHAN_SLOT_NONE, opts, info);
}

ssize_t kchan_release_and_take(struct kchan *ch, const void **datap,
			       const struct kchan_recv_opts *opts,
			       struct kchan_msg_info *info)
{
	int slot;

	if (!*datap)
		return kchan_take_opts(ch, datap, opts, info);
	slot = kchan_slot_number(ch, *datap);
	if (slot < 0)
		return slot;
	return release_and_take(ch, datap, slot, opts, info);
}

int kchan_release(struct kchan *ch, const void *data)
{
	struct kchan_release arg = { .size = sizeof(arg) };
	int slot;

	slot = kchan_slot_number(ch, data);
	if (slot < 0)
		return slot;
	arg.slot = slot;
	return libkchan_ioctl(ch->fd, KCHAN_IOC_RELEASE, &arg);
}

int kchan_release_many(struct kchan *ch, const void *const *slots, size_t count)
{
	uint32_t numbers[KCHAN_BATCH_MAX];
	struct kchan_release arg = {
		.size = sizeof(arg),
		.slots = (uintptr_t)numbers,
	};
	int slot = 0;

	if (!slots || !count || count > KCHAN_BATCH_MAX)
		return -EINVAL;
	for (; arg.count < count; arg.count++) {
		slot = kchan_slot_number(ch, slots[arg.count]);
		if (slot < 0)
			break;
		numbers[arg.count] = slot;
	}
	if (!arg.count)
		return slot;
	return libkchan_ioctl_count(ch->fd, KCHAN_IOC_RELEASE, &arg);
}
