// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring in memory that two processes share, who trust each other: no system call but to
 * sleep and to wake, by eventfd(2) or futex(2).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peers.h"

#define RING_BYTES 65536 /* as a pipe has */
#define RING_MIN 4 /* messages */

enum side { RECEIVER, SENDER, SIDES };

/**
 * struct ring - positions count messages; the slots follow
 * @slots: how many
 * @sent: the sender's position
 * @received: the receiver's
 * @sleeps: of each side: it sleeps, or is about to
 */
struct ring {
	uint32_t slots;
	_Alignas(64) atomic_uint sent;
	_Alignas(64) atomic_uint received;
	_Alignas(64) atomic_uint sleeps[SIDES];
	_Alignas(64) char data[];
};

static int block(const struct link *l, struct ring *ring, enum side side)
{
	uint64_t count;

	if (l->in >= 0)
		return read(side == RECEIVER ? l->in : l->out, &count,
			    sizeof(count)) < 0 ?
			       -errno :
			       0;
	if (syscall(SYS_futex, &ring->sleeps[side], FUTEX_WAIT, 1, NULL) &&
	    errno != EAGAIN)
		return -errno;
	return 0;
}

/*
 * Until the other side has moved on from @seen. Both first write and then read, the one
 * that it sleeps and the position, the other the position and who sleeps, with a full
 * barrier between: so one of them sees what the other wrote. Whoever clears that it
 * sleeps has to wake it, which is to be waited for.
 */
static int sleep_at(const struct link *l, struct ring *ring, enum side side,
		    atomic_uint *position, unsigned int seen)
{
	if (l->nowait)
		return -EAGAIN;
	atomic_store(&ring->sleeps[side], 1);
	if (atomic_load(position) != seen &&
	    atomic_exchange(&ring->sleeps[side], 0))
		return 0;
	return block(l, ring, side);
}

static void wake(const struct link *l, struct ring *ring, enum side side)
{
	const uint64_t one = 1;

	if (!atomic_load(&ring->sleeps[side]) ||
	    !atomic_exchange(&ring->sleeps[side], 0))
		return;
	if (l->in < 0)
		syscall(SYS_futex, &ring->sleeps[side], FUTEX_WAKE, 1);
	else if (write(side == RECEIVER ? l->in : l->out, &one, sizeof(one)) <
		 0)
		_exit(EXIT_FAILURE); /* who would be waited for */
}

static char *slot_at(const struct link *l, struct ring *ring, unsigned int at)
{
	return ring->data + (at & (ring->slots - 1)) * l->size;
}

static int send_ring(struct link *l)
{
	struct ring *ring = l->state;
	unsigned int at =
		atomic_load_explicit(&ring->sent, memory_order_relaxed);
	unsigned int seen;
	int err;

	while (at - (seen = atomic_load(&ring->received)) == ring->slots) {
		err = sleep_at(l, ring, SENDER, &ring->received, seen);
		if (err)
			return err;
	}
	memcpy(slot_at(l, ring, at), l->put, l->size);
	atomic_store(&ring->sent, at + 1);
	wake(l, ring, RECEIVER);
	return 0;
}

static int receive_ring(struct link *l)
{
	struct ring *ring = l->state;
	unsigned int at =
		atomic_load_explicit(&ring->received, memory_order_relaxed);
	int err;

	while (atomic_load(&ring->sent) == at) {
		err = sleep_at(l, ring, RECEIVER, &ring->sent, at);
		if (err)
			return err;
	}
	memcpy(l->got, slot_at(l, ring, at), l->size);
	atomic_store(&ring->received, at + 1);
	wake(l, ring, SENDER);
	return 0;
}

static int make_futex(struct link *l)
{
	struct ring *ring;
	uint32_t slots = RING_MIN;

	while (2 * slots * l->size <= RING_BYTES)
		slots *= 2;
	ring = mmap(NULL, sizeof(*ring) + slots * l->size,
		    PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (ring == MAP_FAILED)
		return -errno;
	ring->slots = slots;
	l->state = ring;
	return 0;
}

/* One for each side to sleep at. */
static int make_eventfd(struct link *l)
{
	l->in = eventfd(0, EFD_CLOEXEC);
	l->out = eventfd(0, EFD_CLOEXEC);
	if (l->in < 0 || l->out < 0)
		return -errno;
	return make_futex(l);
}

const struct peer peer_eventfd = {
	.name = "eventfd",
	.what = "a ring in shared memory; eventfd(2) to sleep and to wake",
	.can = CAN_WAIT | CAN_TOUCH | CAN_FILL | CAN_EMPTY,
	.make = make_eventfd,
	.send = send_ring,
	.receive = receive_ring,
	.nonblock = link_nowait,
};

const struct peer peer_futex = {
	.name = "futex",
	.what = "a ring in shared memory; futex(2) to sleep and to wake",
	.can = CAN_WAIT | CAN_TOUCH | CAN_FILL | CAN_EMPTY,
	.make = make_futex,
	.send = send_ring,
	.receive = receive_ring,
	.nonblock = link_nowait,
};
