// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Channels whose messages stay where they are: in slots of a pool, that both sides map.
 * In two calls for each message: one publishes it and has the next slot loaned, one
 * releases the last and takes the next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"
#include "peers.h"

#define SLOTS 64
#define POOL_MAX (64U << 20) /* bytes */

/**
 * struct pool - how a process uses a pool
 * @put: where its slots are to be written
 * @got: where they are to be read
 * @slot_size: bytes from one to the next
 * @publish: arguments, of the slots that are on loan; of one message the first
 * @take: arguments, of those that are to be released
 */
struct pool {
	char *put;
	char *got;
	size_t slot_size;
	struct kchan_publish publish[BATCH];
	struct kchan_take take[BATCH];
};

/* Of a batch, some that are written, some that are queued, and some that are read. */
static int make_pool(struct link *l)
{
	unsigned int least = 4 * (l->peer->batch ? l->peer->batch : 1);
	struct kchan_create create = {
		.slots = least > SLOTS ? least : SLOTS,
		.slot_size = l->size,
	};

	if (create.slots > POOL_MAX / l->size)
		create.slots = POOL_MAX / l->size;
	if (create.slots < least)
		return link_refuse(l, "takes a pool above %u MiB",
				   POOL_MAX >> 20);
	return channel_pair(l, &create);
}

/* With all of its memory. */
static int map_pool(struct link *l, struct pool *pool)
{
	struct kchan_pool_fd fd = { .size = sizeof(fd) };

	if (ioctl(l->out, KCHAN_IOC_POOL_FD, &fd))
		return -errno;
	pool->slot_size = fd.slot_size;
	pool->put = mmap(NULL, fd.bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, fd.fd, 0);
	pool->got = mmap(NULL, fd.bytes, PROT_READ, MAP_SHARED | MAP_POPULATE,
			 l->in, 0);
	close(fd.fd);
	return pool->put == MAP_FAILED || pool->got == MAP_FAILED ? -errno : 0;
}

static void prepare(const struct link *l, struct pool *pool)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		pool->publish[i] = (struct kchan_publish){
			.size = sizeof(pool->publish[i]),
			.flags = KCHAN_PUBLISH_LOAN,
			.slot = KCHAN_SLOT_NONE,
			.len = l->size,
		};
		pool->take[i] = (struct kchan_take){
			.size = sizeof(pool->take[i]),
			.flags = KCHAN_TAKE_RELEASE,
			.release = KCHAN_SLOT_NONE,
		};
	}
}

/* At first, and where the last call found none that was free. */
static int loan(struct link *l, struct pool *pool,
		struct kchan_publish *publish)
{
	struct kchan_loan arg = { .size = sizeof(arg) };

	if (ioctl(l->out, KCHAN_IOC_LOAN, &arg) < 0)
		return -errno;
	publish->slot = arg.slot;
	l->put = pool->put + arg.slot * pool->slot_size;
	return 0;
}

static int attach_pool(struct link *l, unsigned int roles)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	int err;

	if (!pool)
		return -ENOMEM;
	prepare(l, pool);
	l->state = pool;
	err = map_pool(l, pool);
	if (err || !(roles & SENDS))
		return err;
	return loan(l, pool, &pool->publish[0]);
}

static int send_loan(struct link *l)
{
	struct pool *pool = l->state;
	struct kchan_publish *arg = pool->publish;
	int err;

	if (arg->slot == KCHAN_SLOT_NONE) {
		err = loan(l, pool, arg);
		if (err)
			return err;
	}
	if (ioctl(l->out, KCHAN_IOC_PUBLISH, arg))
		return -errno;
	arg->slot = arg->next;
	l->put = pool->put + arg->slot * pool->slot_size;
	return 0;
}

static int receive_loan(struct link *l)
{
	struct pool *pool = l->state;
	struct kchan_take *arg = pool->take;

	if (ioctl(l->in, KCHAN_IOC_TAKE, arg))
		return -errno;
	arg->release = arg->slot;
	l->got = pool->got + arg->slot * pool->slot_size;
	return 0;
}

static int send_loans(struct link *l)
{
	struct pool *pool = l->state;
	struct kchan_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)pool->publish,
		.count = BATCH,
		.stride = sizeof(pool->publish[0]),
	};
	int i, err = 0;

	for (i = 0; !err && i < BATCH; i++) {
		if (pool->publish[i].slot == KCHAN_SLOT_NONE)
			err = loan(l, pool, &pool->publish[i]);
	}
	if (!err)
		err = channel_batch(l->out, KCHAN_IOC_PUBLISH_BATCH, &batch);
	for (i = 0; !err && i < BATCH; i++)
		pool->publish[i].slot = pool->publish[i].next;
	return err;
}

static int receive_loans(struct link *l)
{
	struct pool *pool = l->state;
	struct kchan_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)pool->take,
		.count = BATCH,
		.stride = sizeof(pool->take[0]),
		.min = BATCH,
	};
	int i, err = channel_batch(l->in, KCHAN_IOC_TAKE_BATCH, &batch);

	for (i = 0; !err && i < BATCH; i++)
		pool->take[i].release = pool->take[i].slot;
	return err;
}

const struct peer peer_kchan_loan = {
	.name = "kchan-loan",
	.what = "a channel with a pool, two calls for each message",
	.can = CAN_WAIT | CAN_SHARE | CAN_TOUCH | CAN_FILL | CAN_EMPTY,
	.still = true,
	.make = make_pool,
	.attach = attach_pool,
	.send = send_loan,
	.receive = receive_loan,
};

const struct peer peer_kchan_loans = {
	.name = "kchan-loan-batch",
	.what = "a channel with a pool, 32 messages with each call",
	.can = CAN_WAIT | CAN_SHARE,
	.batch = BATCH,
	.still = true,
	.make = make_pool,
	.attach = attach_pool,
	.send = send_loans,
	.receive = receive_loans,
};
