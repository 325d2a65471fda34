// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Channels whose messages are copied. By the ioctls themselves, as other peers are used
 * by no more than the C library's wrappers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kchan.h>

#include "channel.h"
#include "peers.h"

#define PRIVATE 0600

/* Arguments of a link; those of one message are the first. */
struct args {
	struct kchan_send send[BATCH];
	struct kchan_recv recv[BATCH];
};

int control_fd(struct link *l)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/kchan", O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return link_refuse(l, "/dev/kchan: %s",
			   errno == ENOENT ? "the module is not loaded" :
					     "no permission");
}

static int explain(struct link *l)
{
	switch (errno) {
	case ERANGE:
		return link_refuse(
			l,
			"net.kchan.max_depth, max_msgsize or max_bytes is less");
	case EDQUOT:
		return link_refuse(l,
				   "a limit of the user in net.kchan is less");
	case ENOSPC:
		return link_refuse(l, "net.kchan.max_channels is less");
	default:
		return -errno;
	}
}

int channel_pair(struct link *l, struct kchan_create *create)
{
	int control = control_fd(l);

	if (control < 0)
		return control;
	create->size = sizeof(*create);
	create->flags = KCHAN_CREATE_PAIR;
	if (ioctl(control, KCHAN_IOC_CREATE, create))
		return explain(l);
	l->in = create->fd;
	l->out = create->fd_send;
	return 0;
}

/* By default, unless so many messages are to fit. */
static int make_kchan(struct link *l)
{
	uint64_t bytes = l->size * (l->depth ? l->depth : 1);
	struct kchan_create create = {
		.depth = l->depth,
		.msgsize = l->size,
		.bytes = bytes > KCHAN_BYTES_DEFAULT ? bytes : 0,
	};

	if (l->peer->batch * l->size > KCHAN_BYTES_DEFAULT)
		return link_refuse(l, "%u of them do not fit by default",
				   l->peer->batch);
	return channel_pair(l, &create);
}

static int create_named(struct link *l, struct kchan_create *create)
{
	char name[LINK_NAME_SIZE];
	int control = control_fd(l);

	if (control < 0)
		return control;
	create->size = sizeof(*create);
	create->name = (uintptr_t)link_name(l, "", name);
	create->mode = PRIVATE;
	return ioctl(control, KCHAN_IOC_CREATE, create) ? explain(l) : 0;
}

static int create_kchan(struct link *l)
{
	struct kchan_create create = { .flags = KCHAN_CREATE_NO_FD };

	return create_named(l, &create);
}

static int create_open(struct link *l)
{
	struct kchan_create create = {
		.flags = KCHAN_CREATE_EXCL,
		.open_flags = O_RDONLY,
	};
	int err = create_named(l, &create);

	return err ? err : close(create.fd);
}

static int destroy_kchan(struct link *l)
{
	char name[LINK_NAME_SIZE];
	struct kchan_remove remove = {
		.size = sizeof(remove),
		.name = (uintptr_t)link_name(l, "", name),
	};
	int control = control_fd(l);

	if (control < 0)
		return control;
	return ioctl(control, KCHAN_IOC_REMOVE, &remove) ? -errno : 0;
}

static int send_write(struct link *l)
{
	return write(l->out, l->put, l->size) == (ssize_t)l->size ? 0 : -errno;
}

static int receive_read(struct link *l)
{
	return read(l->in, l->got, l->size) == (ssize_t)l->size ? 0 : -errno;
}

static int attach_ioctl(struct link *l, unsigned int roles)
{
	struct args *args = calloc(1, sizeof(*args));
	int i, err = link_buffers(l);

	(void)roles;
	if (err || !args)
		return -ENOMEM;
	for (i = 0; i < BATCH; i++) {
		args->send[i] = (struct kchan_send){
			.size = sizeof(args->send[i]),
			.data = (uintptr_t)l->put,
			.len = l->size,
		};
		args->recv[i] = (struct kchan_recv){
			.size = sizeof(args->recv[i]),
			.data = (uintptr_t)l->got,
			.capacity = l->size,
		};
	}
	l->state = args;
	return 0;
}

static int send_ioctl(struct link *l)
{
	struct args *args = l->state;

	args->send[0].prio = l->prio;
	return ioctl(l->out, KCHAN_IOC_SEND, args->send) ? -errno : 0;
}

static int receive_ioctl(struct link *l)
{
	struct args *args = l->state;

	return ioctl(l->in, KCHAN_IOC_RECV, args->recv) ? -errno : 0;
}

static int send_batch(struct link *l)
{
	struct args *args = l->state;
	struct kchan_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)args->send,
		.count = BATCH,
		.stride = sizeof(args->send[0]),
	};

	return channel_batch(l->out, KCHAN_IOC_SEND_BATCH, &batch);
}

static int receive_batch(struct link *l)
{
	struct args *args = l->state;
	struct kchan_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)args->recv,
		.count = BATCH,
		.stride = sizeof(args->recv[0]),
		.min = BATCH,
	};

	return channel_batch(l->in, KCHAN_IOC_RECV_BATCH, &batch);
}

const struct peer peer_kchan = {
	.name = "kchan",
	.what = "a channel, write and read",
	.can = CAN_WAIT | CAN_SHARE | CAN_TOUCH | CAN_FILL | CAN_EMPTY |
	       CAN_STORE | CAN_EXIST,
	.outlives = true,
	.make = make_kchan,
	.send = send_write,
	.receive = receive_read,
	.create = create_kchan,
	.destroy = destroy_kchan,
};

const struct peer peer_kchan_ioctl = {
	.name = "kchan-ioctl",
	.what = "a channel, SEND and RECV with all they tell",
	.can = CAN_WAIT | CAN_SHARE | CAN_TOUCH | CAN_FILL | CAN_EMPTY |
	       CAN_PRIO,
	.make = make_kchan,
	.attach = attach_ioctl,
	.send = send_ioctl,
	.receive = receive_ioctl,
};

const struct peer peer_kchan_batch = {
	.name = "kchan-batch",
	.what = "a channel, 32 messages with each call",
	.can = CAN_WAIT | CAN_SHARE,
	.batch = BATCH,
	.make = make_kchan,
	.attach = attach_ioctl,
	.send = send_batch,
	.receive = receive_batch,
};

const struct peer peer_kchan_open = {
	.name = "kchan-open",
	.what = "a channel that is opened as it is made, and closed",
	.can = CAN_EXIST,
	.outlives = true,
	.create = create_open,
	.destroy = destroy_kchan,
};
