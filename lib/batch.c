// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

static int batch(struct kchan *ch, unsigned long cmd, void *items, size_t count,
		 const struct kchan_batch_opts *uopts)
{
	struct kchan_batch_opts opts;
	struct kchan_batch arg;
	int err;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	if (!err && (!items || !count))
		err = -EINVAL;
	if (err)
		return err;
	arg = (struct kchan_batch){
		.size = sizeof(arg),
		.flags = opts.flags,
		.items = (uintptr_t)items,
		.count = libkchan_count(count),
		/* Of the program, which may know a longer struct, or a shorter. */
		.stride = *(const uint32_t *)items,
		.deadline = opts.deadline,
		.min = opts.min,
	};
	return libkchan_ioctl_count(ch->fd, cmd, &arg);
}

int kchan_send_batch(struct kchan *ch, struct kchan_send *items, size_t count,
		     const struct kchan_batch_opts *opts)
{
	return batch(ch, KCHAN_IOC_SEND_BATCH, items, count, opts);
}

int kchan_recv_batch(struct kchan *ch, struct kchan_recv *items, size_t count,
		     const struct kchan_batch_opts *opts)
{
	return batch(ch, KCHAN_IOC_RECV_BATCH, items, count, opts);
}

/* Mapped first: what cannot be read afterwards is not taken. */
static int pool_batch(struct kchan *ch, unsigned long cmd, void *items,
		      size_t count, const struct kchan_batch_opts *opts)
{
	int err = libkchan_pool_map(ch);

	return err ? err : batch(ch, cmd, items, count, opts);
}

int kchan_publish_batch(struct kchan *ch, struct kchan_publish *items,
			size_t count, const struct kchan_batch_opts *opts)
{
	return pool_batch(ch, KCHAN_IOC_PUBLISH_BATCH, items, count, opts);
}

int kchan_take_batch(struct kchan *ch, struct kchan_take *items, size_t count,
		     const struct kchan_batch_opts *opts)
{
	return pool_batch(ch, KCHAN_IOC_TAKE_BATCH, items, count, opts);
}
