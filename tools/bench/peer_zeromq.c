// SPDX-License-Identifier: GPL-2.0-or-later
/* ZeroMQ, as it is found: its functions are few, and it is not needed to build. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "peers.h"

/* From zmq.h. */
#define ZMQ_PULL 7
#define ZMQ_PUSH 8
#define ZMQ_DONTWAIT 1

static struct {
	void *(*ctx_new)(void);
	void *(*socket)(void *ctx, int type);
	int (*bind)(void *socket, const char *address);
	int (*connect)(void *socket, const char *address);
	int (*send)(void *socket, const void *data, size_t size, int flags);
	int (*recv)(void *socket, void *data, size_t size, int flags);
} zmq;

/* Of one process: to send, and to receive. */
struct sockets {
	void *push;
	void *pull;
};

static int make_zeromq(struct link *l)
{
	static const struct symbol symbols[] = {
		{ "zmq_ctx_new", &zmq.ctx_new },
		{ "zmq_socket", &zmq.socket },
		{ "zmq_bind", &zmq.bind },
		{ "zmq_connect", &zmq.connect },
		{ "zmq_send", &zmq.send },
		{ "zmq_recv", &zmq.recv },
		{}
	};

	return link_load(l, "libzmq.so.5", symbols);
}

/* In the abstract namespace of sockets, so that nothing is left. */
static int attach_zeromq(struct link *l, unsigned int roles)
{
	struct sockets *s = calloc(1, sizeof(*s));
	void *context = zmq.ctx_new();
	char name[LINK_NAME_SIZE];

	if (!s || !context || link_buffers(l))
		return -ENOMEM;
	link_name(l, "ipc://@", name);
	if (roles & RECEIVES) {
		s->pull = zmq.socket(context, ZMQ_PULL);
		if (!s->pull || zmq.bind(s->pull, name))
			return -errno;
	}
	if (roles & SENDS) {
		s->push = zmq.socket(context, ZMQ_PUSH);
		if (!s->push || zmq.connect(s->push, name))
			return -errno;
	}
	l->state = s;
	return 0;
}

static int send_zeromq(struct link *l)
{
	const struct sockets *s = l->state;

	return zmq.send(s->push, l->put, l->size,
			l->nowait ? ZMQ_DONTWAIT : 0) < 0 ?
		       -errno :
		       0;
}

static int receive_zeromq(struct link *l)
{
	const struct sockets *s = l->state;

	return zmq.recv(s->pull, l->got, l->size,
			l->nowait ? ZMQ_DONTWAIT : 0) < 0 ?
		       -errno :
		       0;
}

/* When it is full cannot be said: a thread moves messages on meanwhile. */
const struct peer peer_zeromq = {
	.name = "zeromq",
	.what = "ZeroMQ, push and pull over ipc; by threads of its own",
	.can = CAN_WAIT | CAN_TOUCH | CAN_EMPTY,
	.make = make_zeromq,
	.attach = attach_zeromq,
	.send = send_zeromq,
	.receive = receive_zeromq,
};
