// SPDX-License-Identifier: GPL-2.0-or-later
/* Message queues of POSIX and System V. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <unistd.h>

#include "peers.h"
#include "run.h"

#define MQ_USUAL 10 /* messages that all may have */

static int send_mq(struct link *l)
{
	return mq_send(l->out, l->put, l->size, l->prio) ? -errno : 0;
}

static int receive_mq(struct link *l)
{
	return mq_receive(l->in, l->got, l->size, NULL) < 0 ? -errno : 0;
}

/* Once: as root, what the kernel can do is all that limits. */
static void allow_mq(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	static bool done;

	if (done)
		return;
	done = true;
	if (!setrlimit(RLIMIT_MSGQUEUE, &limit) ||
	    getrlimit(RLIMIT_MSGQUEUE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MSGQUEUE, &limit);
}

static int explain_mq(struct link *l)
{
	switch (errno) {
	case EINVAL:
		return link_refuse(l,
				   "fs.mqueue.msg_max or msgsize_max is less");
	case EMFILE:
		return link_refuse(l, "RLIMIT_MSGQUEUE is less");
	case ENOSPC:
		return link_refuse(l, "fs.mqueue.queues_max is less");
	default:
		return -errno;
	}
}

static int open_mq(struct link *l, struct mq_attr *attr)
{
	char name[LINK_NAME_SIZE];

	allow_mq();
	l->out = mq_open(link_name(l, "/", name), O_WRONLY | O_CREAT | O_EXCL,
			 0600, attr);
	return l->out < 0 ? explain_mq(l) : 0;
}

static int create_mq(struct link *l)
{
	int err = open_mq(l, NULL);

	return err ? err : close(l->out);
}

static int destroy_mq(struct link *l)
{
	char name[LINK_NAME_SIZE];

	return mq_unlink(link_name(l, "/", name)) ? -errno : 0;
}

static int make_mq(struct link *l)
{
	struct mq_attr attr = { .mq_maxmsg = l->depth ? l->depth : MQ_USUAL,
				.mq_msgsize = l->size };
	char name[LINK_NAME_SIZE];
	int err = open_mq(l, &attr);

	if (err)
		return err;
	l->in = mq_open(link_name(l, "/", name), O_RDONLY);
	if (l->in < 0)
		return -errno;
	return destroy_mq(l);
}

static int nonblock_mq(struct link *l)
{
	const struct mq_attr attr = { .mq_flags = O_NONBLOCK };

	return mq_setattr(l->in, &attr, NULL) ||
			       mq_setattr(l->out, &attr, NULL) ?
		       -errno :
		       0;
}

/* A message lies behind its type. */
static long *typed(char *data)
{
	return (long *)(data - sizeof(long));
}

static int send_sysv(struct link *l)
{
	return msgsnd(l->out, typed(l->put), l->size,
		      l->nowait ? IPC_NOWAIT : 0) ?
		       -errno :
		       0;
}

/* ENOMSG is what others call EAGAIN. */
static int receive_sysv(struct link *l)
{
	if (msgrcv(l->in, typed(l->got), l->size, 0,
		   l->nowait ? IPC_NOWAIT : 0) >= 0)
		return 0;
	return errno == ENOMSG ? -EAGAIN : -errno;
}

/* Who made it may have ended before the identifier was here. */
#define UNKNOWN (-2)

/* Runs at once, whose numbers are close, have keys that are far apart. 0 is no key. */
static key_t key_sysv(const struct link *l)
{
	unsigned int key = (unsigned int)runner * 2654435761U + l->number;

	return key ? (key_t)key : 1;
}

static int create_sysv(struct link *l)
{
	l->in = UNKNOWN;
	l->in = l->out = msgget(key_sysv(l), IPC_CREAT | IPC_EXCL | 0600);
	if (l->in >= 0)
		return 0;
	return errno == ENOSPC ? link_refuse(l, "kernel.msgmni is less") :
				 -errno;
}

/* Once: its number may be another's then. */
static int destroy_sysv(struct link *l)
{
	int err;

	if (l->in == UNKNOWN)
		l->in = msgget(key_sysv(l), 0);
	err = msgctl(l->in, IPC_RMID, NULL) ? -errno : 0;
	/* Not before: who ends here has it removed for him. */
	l->in = -1;
	return err;
}

static int make_sysv(struct link *l)
{
	struct msqid_ds ds;
	int err;

	if (l->size > read_number("/proc/sys/kernel/msgmax"))
		return link_refuse(l, "kernel.msgmax is less");
	err = create_sysv(l);
	if (err || !l->depth)
		return err;
	if (msgctl(l->in, IPC_STAT, &ds))
		return -errno;
	ds.msg_qbytes = l->depth * l->size;
	if (msgctl(l->in, IPC_SET, &ds) == 0)
		return 0;
	return errno == EPERM ? link_refuse(l, "kernel.msgmnb is less") :
				-errno;
}

static int attach_sysv(struct link *l, unsigned int roles)
{
	int err;

	(void)roles;
	l->size += sizeof(long);
	err = link_buffers(l);
	l->size -= sizeof(long);
	if (err)
		return err;
	l->put += sizeof(long);
	l->got += sizeof(long);
	*typed(l->put) = 1;
	return 0;
}

const struct peer peer_posix_mq = {
	.name = "posix-mq",
	.what = "mq_overview(7), mq_send and mq_receive",
	.can = CAN_WAIT | CAN_SHARE | CAN_TOUCH | CAN_FILL | CAN_EMPTY |
	       CAN_PRIO | CAN_STORE | CAN_EXIST,
	.outlives = true,
	.make = make_mq,
	.send = send_mq,
	.receive = receive_mq,
	.nonblock = nonblock_mq,
	.create = create_mq,
	.destroy = destroy_mq,
};

const struct peer peer_sysv_msg = {
	.name = "sysv-msg",
	.what = "sysvipc(7), msgsnd and msgrcv",
	.can = CAN_WAIT | CAN_SHARE | CAN_TOUCH | CAN_FILL | CAN_EMPTY |
	       CAN_STORE | CAN_EXIST,
	.outlives = true,
	.make = make_sysv,
	.attach = attach_sysv,
	.send = send_sysv,
	.receive = receive_sysv,
	.nonblock = link_nowait,
	.create = create_sysv,
	.destroy = destroy_sysv,
};
