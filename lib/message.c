// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include "internal.h"

/* write(2) and read(2) cost less than the commands, but of 0 bytes do nothing. */
int kchan_send(struct kchan *ch, const void *buf, size_t len)
{
	if (!len)
		return kchan_send_opts(ch, buf, len, NULL, NULL);
	return write(ch->fd, buf, len) < 0 ? -errno : 0;
}

ssize_t kchan_recv(struct kchan *ch, void *buf, size_t size)
{
	ssize_t len;

	if (!size)
		return kchan_recv_opts(ch, buf, size, NULL, NULL);
	len = read(ch->fd, buf, size);
	return len < 0 ? -errno : len;
}

int kchan_send_opts(struct kchan *ch, const void *buf, size_t len,
		    const struct kchan_send_opts *uopts, uint64_t *seq)
{
	struct kchan_send_opts opts;
	struct kchan_send arg;
	int err;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	if (err)
		return err;
	if (len > UINT32_MAX)
		return -EMSGSIZE;
	arg = (struct kchan_send){
		.size = sizeof(arg),
		.flags = opts.flags,
		.data = (uintptr_t)buf,
		.len = len,
		.prio = opts.prio,
		.tag = opts.tag,
		.deadline = opts.deadline,
		.expiry = opts.expiry,
	};
	err = libkchan_ioctl(ch->fd, KCHAN_IOC_SEND, &arg);
	if (!err && seq)
		*seq = arg.seq;
	return err;
}

/* One RECV; @info says what it has told, with failure too. */
static int receive(struct kchan *ch, void *buf, size_t size,
		   const struct kchan_recv_opts *opts,
		   struct kchan_msg_info *info)
{
	struct kchan_recv arg = {
		.size = sizeof(arg),
		.flags = opts->flags,
		.data = (uintptr_t)buf,
		.capacity = size < UINT32_MAX ? size : UINT32_MAX,
		.deadline = opts->deadline,
		.filter = opts->filter,
		.value = opts->value,
		.position = opts->position,
	};
	int err = libkchan_ioctl(ch->fd, KCHAN_IOC_RECV, &arg);

	if (!err)
		LIBKCHAN_DESCRIBE(info, &arg);
	else if (err == -EMSGSIZE)
		info->len = arg.len;
	return err;
}

ssize_t kchan_recv_opts(struct kchan *ch, void *buf, size_t size,
			const struct kchan_recv_opts *uopts,
			struct kchan_msg_info *uinfo)
{
	struct kchan_recv_opts opts;
	struct kchan_msg_info info;
	int err;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	if (!err)
		err = libkchan_sized_get(&info, sizeof(info), uinfo);
	if (!err && opts.reserved)
		err = -EINVAL;
	if (err)
		return err;
	err = receive(ch, buf, size, &opts, &info);
	libkchan_sized_put(uinfo, sizeof(info), &info);
	return err ? err : (ssize_t)info.len;
}
