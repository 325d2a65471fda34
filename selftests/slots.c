// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of a channel with a pool that are copied: write(2), read(2), SEND, RECV,
 * their faults, and what a full pool does to them.
 */
#include "kchan_pool.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define SLOTS 4
#define SIZE 8192	/* two pages and, with the next, across their bounds */
#define MS (KC_NS / 1000)

FIXTURE(slots)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	char *map;
	char data[SIZE];
	char buf[SIZE + 64];
};

static int channel(int ctl, unsigned int overflow, unsigned int depth)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SIZE);

	arg.overflow = overflow;
	arg.depth = depth;
	return kc_create_with(ctl, &arg);
}

FIXTURE_SETUP(slots)
{
	unsigned int i;

	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	self->map = kp_map(self->fd);
	ASSERT_TRUE(self->map);
	for (i = 0; i < SIZE; i++)
		self->data[i] = i * 7 + i / 256;
	memset(self->buf, KC_POISON, sizeof(self->buf));
}

/* What is left is read, and then all slots are free. */
static bool comes_back(int fd)
{
	static char buf[SIZE];

	while (read(fd, buf, SIZE) >= 0)
		;
	return kp_slots(fd, 0, 0, 0) && kc_sums(fd);
}

FIXTURE_TEARDOWN(slots)
{
	EXPECT_TRUE(comes_back(self->fd)) TH_LOG("%s", kp_slots_text(self->fd));
	close(self->fd);
	close(self->ctl);
}

TEST_F(slots, lengths_go_through_unchanged)
{
	static const int lens[] = {
		1, 7, 8, 9, 63, 64, 65, 4095, 4096, 4097, SIZE - 1, SIZE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(self->buf, KC_POISON, sizeof(self->buf));
		ASSERT_EQ(lens[i], write(self->fd, self->data, lens[i]));
		EXPECT_SLOTS(self->fd, 0, 0, 1);
		ASSERT_EQ(lens[i], read(self->fd, self->buf, sizeof(self->buf)));
		EXPECT_EQ(0, memcmp(self->buf, self->data, lens[i]));
		EXPECT_EQ((char)KC_POISON, self->buf[lens[i]]);
		EXPECT_SLOTS(self->fd, 0, 0, 0);
	}
}

TEST_F(slots, slots_that_cross_pages_do_not_touch_their_neighbours)
{
	char buf[1088], *map;
	int fd = kp_queue(self->ctl, 20, 1088), i, slot;

	map = kp_map(fd);
	for (i = 0; i < 20; i++) {
		memset(buf, 'a' + i, sizeof(buf));
		ASSERT_EQ(1088, write(fd, buf, 1088));
	}
	for (i = 0; i < 20; i++) {
		slot = kp_take_one(fd, 0);
		ASSERT_LE(0, slot);
		memset(buf, 'a' + i, sizeof(buf));
		EXPECT_EQ(0, memcmp(map + slot * 1088, buf, 1088));
	}
	close(fd);
}

TEST_F(slots, written_message_is_taken_and_published_one_is_read)
{
	int slot;

	ASSERT_EQ(100, write(self->fd, self->data, 100));
	slot = kp_take_one(self->fd, 0);
	ASSERT_LE(0, slot);
	EXPECT_EQ(0, memcmp(self->map + slot * SIZE, self->data, 100));
	EXPECT_EQ(1, kp_release(self->fd, slot));
	slot = kp_loan(self->fd);
	memcpy(self->map + slot * SIZE, self->data, SIZE);
	ASSERT_EQ(0, kp_publish(self->fd, slot, SIZE));
	EXPECT_EQ(SIZE, read(self->fd, self->buf, SIZE));
	EXPECT_EQ(0, memcmp(self->buf, self->data, SIZE));
}

TEST_F(slots, vectors_are_gathered_and_scattered)
{
	struct iovec in[3] = {
		{ self->data, 10 }, { self->data + 10, 4090 },
		{ self->data + 4100, 1000 },
	};
	struct iovec out[3] = {
		{ self->buf, 4000 }, { self->buf + 4000, 1 },
		{ self->buf + 4001, 4000 },
	};

	ASSERT_EQ(5100, writev(self->fd, in, 3));
	ASSERT_EQ(5100, readv(self->fd, out, 3));
	EXPECT_EQ(0, memcmp(self->buf, self->data, 5100));
	EXPECT_EQ((char)KC_POISON, self->buf[5100]);
}

TEST_F(slots, message_above_msgsize_is_EMSGSIZE)
{
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EMSGSIZE, kc_ret(write(self->fd, self->buf, SIZE + 1)));
	EXPECT_EQ(-EMSGSIZE, kc_send(self->fd, 0, 0, self->buf, SIZE + 1));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(slots, buffer_that_is_too_small_is_EMSGSIZE_and_loses_nothing)
{
	struct kchan_recv recv = kc_recv_arg(self->buf, 99);

	ASSERT_EQ(100, write(self->fd, self->data, 100));
	EXPECT_EQ(-EMSGSIZE, kc_ret(read(self->fd, self->buf, 99)));
	EXPECT_EQ(-EMSGSIZE, kc_recv(self->fd, &recv));
	EXPECT_EQ(100, recv.len);
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	EXPECT_EQ(100, read(self->fd, self->buf, 100));
}

TEST_F(slots, batches_copy_as_the_single_calls_do)
{
	struct kchan_send send[SLOTS + 1];
	struct kchan_recv recv[SLOTS + 1];
	struct kchan_batch batch = kc_batch_arg(send, SLOTS + 1, sizeof(send[0]));
	int i;

	for (i = 0; i <= SLOTS; i++) {
		send[i] = kc_send_arg(self->data + i, 100 + i);
		send[i].tag = i;
		recv[i] = kc_recv_arg(self->buf + 200 * i, 200);
	}
	EXPECT_EQ(SLOTS, kc_ioctl(self->fd, KCHAN_IOC_SEND_BATCH, &batch));
	EXPECT_SLOTS(self->fd, 0, 0, SLOTS);
	batch = kc_batch_arg(recv, SLOTS + 1, sizeof(recv[0]));
	EXPECT_EQ(SLOTS, kc_ioctl(self->fd, KCHAN_IOC_RECV_BATCH, &batch));
	for (i = 0; i < SLOTS; i++) {
		EXPECT_EQ(i, recv[i].tag);
		EXPECT_EQ(100 + i, recv[i].len);
		EXPECT_EQ(0, memcmp(self->buf + 200 * i, self->data + i, 100 + i));
	}
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(slots, recv_tells_of_slot_messages_what_it_tells_of_others)
{
	struct kchan_recv recv = kc_recv_arg(self->buf, SIZE);
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->fd), 5);
	uint64_t before = kc_now();

	arg.prio = 3;
	arg.tag = 77;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
	ASSERT_EQ(0, kc_recv(self->fd, &recv));
	EXPECT_EQ(5, recv.len);
	EXPECT_EQ(3, recv.prio);
	EXPECT_EQ(77, recv.tag);
	EXPECT_EQ(1, recv.seq);
	EXPECT_EQ(1, recv.deliveries);
	EXPECT_EQ(getpid(), recv.pid);
	EXPECT_LE(before, recv.time);
	EXPECT_EQ(0, recv.expiry);
	EXPECT_EQ(0, recv.reason);
}

struct by_user {
	int fd;
	int slot;
};

static int publish_as(void *arg)
{
	struct by_user *by = arg;
	int fd = kc_reopen(by->fd, O_RDWR | O_NONBLOCK), slot;

	if (fd < 0)
		return fd;
	slot = kp_send(fd, 0, 2);
	return slot < 0 ? slot : kp_publish(by->fd, by->slot, 4);
}

/* The sender is who opened the endpoint; it was another when the slot was last used. */
TEST_F(slots, sender_is_who_opened_the_endpoint)
{
	struct by_user by = { self->fd, kp_loan(self->fd) };
	struct kchan_take take = kp_take_arg(0);
	int i;

	ASSERT_EQ(0, fchmod(self->fd, 0666));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kc_as(1000 + i, publish_as, &by));
		ASSERT_EQ(0, kp_take(self->fd, &take));
		EXPECT_EQ(1000 + i, take.uid);
		EXPECT_EQ(1000 + i, take.gid);
		ASSERT_EQ(1, kp_release(self->fd, take.slot));
		ASSERT_EQ(0, kp_take(self->fd, &take));
		EXPECT_EQ(0, take.uid);
		EXPECT_EQ(0, take.gid);
		EXPECT_NE(getpid(), take.pid);
		ASSERT_EQ(1, kp_release(self->fd, take.slot));
		ASSERT_LE(0, kp_send(self->fd, 0, 0));
		ASSERT_EQ(0, kp_take(self->fd, &take));
		EXPECT_EQ(getpid(), take.pid);
		ASSERT_EQ(1, kp_release(self->fd, take.slot));
		by.slot = kp_loan(self->fd);
	}
	EXPECT_EQ(1, kp_release(self->fd, by.slot));
}

/* Faults. */

TEST_F(slots, message_that_cannot_be_read_leaks_no_slot)
{
	char *end = (char *)kc_guarded(4096) + 4096;
	struct kchan_state before = kc_state(self->fd);
	struct iovec in[2] = { { self->data, 100 }, { end, 100 } };
	int i;

	for (i = 0; i < 2 * SLOTS; i++) {
		EXPECT_EQ(-EFAULT, kc_ret(write(self->fd, end, 100)));
		EXPECT_EQ(-EFAULT, kc_ret(write(self->fd, end - 50, 100)));
		EXPECT_EQ(-EFAULT, kc_ret(write(self->fd, end - 4096, 5000)));
		EXPECT_EQ(-EFAULT, kc_send(self->fd, 0, 0, end - 50, 100));
		EXPECT_EQ(-EFAULT, kc_ret(writev(self->fd, in, 2)));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(slots, message_that_cannot_be_written_is_put_back)
{
	char *end = (char *)kc_guarded(4096) + 4096;
	struct kchan_recv recv = kc_recv_arg(end - 50, 5000);
	struct iovec out[2] = { { self->buf, 100 }, { end, 5000 } };

	ASSERT_EQ(5000, write(self->fd, self->data, 5000));
	ASSERT_EQ(3, write(self->fd, "xyz", 3));
	EXPECT_EQ(-EFAULT, kc_ret(read(self->fd, end, 5000)));
	EXPECT_EQ(-EFAULT, kc_ret(read(self->fd, end - 4096, 5000)));
	EXPECT_EQ(-EFAULT, kc_recv(self->fd, &recv));
	recv.flags = KCHAN_HOLD;
	EXPECT_EQ(-EFAULT, kc_recv(self->fd, &recv));
	EXPECT_EQ(-EFAULT, kc_ret(readv(self->fd, out, 2)));
	EXPECT_SLOTS(self->fd, 0, 0, 2);
	EXPECT_EQ(5, kc_state(self->fd).returned);
	EXPECT_EQ(0, kc_state(self->fd).received);
	EXPECT_EQ(0, kc_state(self->fd).held);
	recv = kc_recv_arg(self->buf, SIZE);
	ASSERT_EQ(0, kc_recv(self->fd, &recv));
	EXPECT_EQ(6, recv.deliveries);
	EXPECT_EQ(0, memcmp(self->buf, self->data, 5000));
}

/* Into its own slot, and another: the pool is memory as any other. */
TEST_F(slots, message_is_copied_between_slots_and_onto_itself)
{
	ASSERT_EQ(SIZE, write(self->fd, self->data, SIZE));
	ASSERT_EQ(SIZE, write(self->fd, self->map, SIZE));
	EXPECT_EQ(SIZE, read(self->fd, self->map, SIZE));
	EXPECT_EQ(0, memcmp(self->map, self->data, SIZE));
	EXPECT_EQ(SIZE, read(self->fd, self->map + 3 * SIZE, SIZE));
	EXPECT_EQ(0, memcmp(self->map + 3 * SIZE, self->data, SIZE));
}

/* A full pool. */

TEST_F(slots, write_takes_slots_until_there_are_none)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(-EAGAIN, kc_ret(write(self->fd, "x", 1)));
	EXPECT_EQ(-EAGAIN, kc_send(self->fd, 9, 0, "x", 1));
	EXPECT_EQ(0, kc_poll(self->fd, POLLOUT));
	EXPECT_EQ(1, read(self->fd, self->buf, 1));
	EXPECT_EQ(POLLOUT, kc_poll(self->fd, POLLOUT));
	EXPECT_EQ(1, write(self->fd, "x", 1));
}

TEST_F(slots, full_pool_is_ENOSPC_where_overflow_is_reject)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_REJECT, 0), slot;

	slot = kp_loan(fd);
	ASSERT_LE(0, kp_send(fd, 0, 0));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR));
	ASSERT_EQ(SLOTS - 2, kp_loan_many(fd, (uint32_t *)self->buf, SLOTS - 2));
	EXPECT_EQ(-ENOSPC, kp_loan(fd));
	EXPECT_EQ(-ENOSPC, kc_ret(write(fd, "x", 1)));
	EXPECT_EQ(-ENOSPC, kp_loan_many(fd, (uint32_t *)self->buf, 2));
	EXPECT_EQ(3, kc_state(fd).rejected);
	EXPECT_EQ(1, kc_state(fd).sent);
	EXPECT_EQ(0, kc_poll(fd, POLLOUT));
	EXPECT_SLOTS(fd, SLOTS - 1, 0, 1);
	EXPECT_EQ(1, kp_release(fd, slot));
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
}

/* The queue is full, not the pool: the loan stays. */
TEST_F(slots, full_queue_is_ENOSPC_where_overflow_is_reject)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_REJECT, 1), slot;

	ASSERT_LE(0, kp_send(fd, 0, 0));
	slot = kp_loan(fd);
	EXPECT_EQ(-ENOSPC, kp_publish(fd, slot, 4));
	EXPECT_SLOTS(fd, 1, 0, 1);
	EXPECT_EQ(4, read(fd, self->buf, SIZE));
	EXPECT_EQ(0, kp_publish(fd, slot, 4));
	close(fd);
}

TEST_F(slots, loan_drops_what_is_worth_least_where_overflow_is_drop)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_DROP, 0), slot[SLOTS], i;

	for (i = 0; i < SLOTS; i++) {
		slot[i] = kp_send(fd, SLOTS - i, i);
		ASSERT_LE(0, slot[i]);
	}
	EXPECT_EQ(POLLOUT, kc_poll(fd, POLLOUT));
	EXPECT_EQ(slot[SLOTS - 1], kp_loan(fd));
	EXPECT_EQ(slot[SLOTS - 2], kp_loan(fd));
	EXPECT_SLOTS(fd, 2, 0, SLOTS - 2);
	EXPECT_EQ(2, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(slots, loan_waits_where_there_is_nothing_to_drop)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_DROP, 0);

	ASSERT_EQ(SLOTS, kp_loan_many(fd, (uint32_t *)self->buf, SLOTS));
	EXPECT_EQ(0, kc_poll(fd, POLLOUT));
	EXPECT_EQ(-EAGAIN, kp_loan(fd));
	EXPECT_EQ(0, kc_total(kc_state(fd).dropped));
	/* A message that is worth least is dropped itself: that of write(2). */
	EXPECT_EQ(1, kc_ret(write(fd, "x", 1)));
	EXPECT_EQ(1, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_SLOTS(fd, SLOTS, 0, 0);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

/* It would not set its slot free; who waits for one has it when nobody looks any more. */
TEST_F(slots, message_that_is_looked_at_is_dropped_later)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_DROP, 0), i;
	struct kc_call call = kc_receiver(fd);
	struct kc_call loaner = kp_loaner(fd);
	struct kc_trap trap;

	ASSERT_TRUE(kc_trap_set(&trap));
	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(5, write(fd, "hello", 5));
	call.recv.flags = KCHAN_PEEK;
	call.at = trap.page;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_trapped(&trap));
	EXPECT_EQ(-EAGAIN, kp_loan(fd));
	EXPECT_SLOTS(fd, 0, 0, SLOTS);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR));
	ASSERT_TRUE(kp_waits(&loaner));
	ASSERT_EQ(0, kc_trap_fill(&trap, ""));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(0, memcmp(trap.page, "hello", 5));
	EXPECT_EQ(1, kc_join(&loaner));
	EXPECT_SLOTS(fd, 1, 0, SLOTS - 1);
	EXPECT_EQ(1, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(1, kp_release(fd, loaner.loan.slot));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
	EXPECT_TRUE(comes_back(fd));
	close(trap.uffd);
	close(fd);
}

/* As in a channel without a pool: what is worth more is not dropped, and the call succeeds. */
TEST_F(slots, send_that_is_worth_least_is_dropped_itself)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_DROP, 0), i;

	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(0, kc_send(fd, 5, i, "x", 1));
	EXPECT_EQ(0, kc_send(fd, 4, 9, "y", 1));
	EXPECT_EQ(SLOTS, kc_state(fd).queued);
	EXPECT_EQ(1, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_TRUE(kc_sums(fd));
	/* One that is worth as much replaces the oldest. */
	EXPECT_EQ(0, kc_send(fd, 5, 10, "y", 1));
	EXPECT_EQ(SLOTS, kc_state(fd).queued);
	EXPECT_TRUE(comes_back(fd));
	close(fd);
}

/* Else who polls and writes would be told for ever to go on, and to wait. */
TEST_F(slots, write_after_poll_does_not_wait_where_overflow_is_drop)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_DROP, 0), i;

	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(0, kc_send(fd, 5, i, "x", 1));
	if (kc_poll(fd, POLLOUT) == POLLOUT)
		EXPECT_EQ(1, kc_ret(write(fd, "y", 1)));
	EXPECT_EQ(SLOTS, kc_state(fd).queued);
	close(fd);
}

TEST_F(slots, full_queue_drops_where_overflow_is_drop)
{
	int fd = channel(self->ctl, KCHAN_OVERFLOW_DROP, 2), i;

	for (i = 0; i < 10; i++)
		ASSERT_LE(0, kp_send(fd, 0, i));
	EXPECT_SLOTS(fd, 0, 0, 2);
	EXPECT_EQ(8, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	/* A new one that is worth less is dropped with its slot. */
	ASSERT_EQ(4, read(fd, self->buf, SIZE));
	ASSERT_LE(0, kp_send(fd, 9, 0));
	ASSERT_EQ(4, read(fd, self->buf, SIZE));
	ASSERT_LE(0, kp_send(fd, 9, 0));
	ASSERT_LE(0, kp_send(fd, 9, 0));
	ASSERT_LE(0, kp_send(fd, 0, 0));
	EXPECT_SLOTS(fd, 0, 0, 2);
	EXPECT_TRUE(comes_back(fd));
	close(fd);
}

/* Expiry. */

TEST_F(slots, expired_message_frees_its_slot)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->fd), 4);
	struct kchan_send send = kc_send_arg("x", 1);

	arg.expiry = kc_now() + 10 * MS;
	send.expiry = arg.expiry;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_SEND, &send));
	EXPECT_TRUE(KC_EVENTUALLY(kp_slots(self->fd, 0, 0, 0)));
	EXPECT_EQ(2, kc_state(self->fd).dropped[KCHAN_DEAD_EXPIRED]);
	EXPECT_LE(arg.expiry, kc_now());
}

TEST_F(slots, expiry_wakes_who_waits_for_a_slot)
{
	struct kchan_send send = kc_send_arg("x", 1);
	struct kc_call call = kp_loaner(kc_reopen(self->fd, O_WRONLY));
	uint32_t slots[SLOTS];

	ASSERT_EQ(SLOTS - 1, kp_loan_many(self->fd, slots, SLOTS - 1));
	send.expiry = kc_now() + 50 * MS;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_SEND, &send));
	ASSERT_EQ(0, kc_start(&call));
	EXPECT_EQ(1, kc_join(&call));
	EXPECT_LE(send.expiry, kc_now());
	close(call.fd);
	EXPECT_EQ(SLOTS - 1, kp_release_many(self->fd, slots, SLOTS - 1));
}

TEST_F(slots, ttl_is_that_of_all_messages)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SIZE);
	struct kchan_take take = kp_take_arg(0);
	uint64_t before = kc_now();
	int fd;

	arg.ttl = 1000 * KC_NS;
	fd = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, kp_send(fd, 0, 0));
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(0, kp_take(fd, &take));
	EXPECT_LE(before + arg.ttl, take.expiry);
	EXPECT_EQ(1, kp_release(fd, take.slot));
	ASSERT_EQ(0, kp_take(fd, &take));
	EXPECT_LE(before + arg.ttl, take.expiry);
	close(fd);
}

/* The end. */

TEST_F(slots, revoke_takes_everything_in_every_state)
{
	int fd = kp_queue(self->ctl, 8, 64), rx = kc_reopen(fd, O_RDONLY);
	uint32_t slots[2];
	int i;

	for (i = 0; i < 5; i++)
		ASSERT_LE(0, kp_send(fd, 0, i));
	ASSERT_EQ(2, kp_loan_many(fd, slots, 2));
	ASSERT_LE(0, kp_take_one(rx, 0));
	ASSERT_LE(0, kp_take_one(rx, KCHAN_HOLD));
	ASSERT_EQ(3, kc_hold(rx));
	EXPECT_SLOTS(fd, 2, 2, 3);
	ASSERT_EQ(0, kc_revoke(fd));
	EXPECT_EQ(POLLHUP | POLLERR, kc_poll(fd, POLLOUT) & ~POLLOUT);
	EXPECT_EQ(-EIDRM, kp_release(fd, slots[0]));
	EXPECT_EQ(-EIDRM, kc_ret(read(rx, self->buf, SIZE)));
	close(fd);
	close(rx);
}

TEST_F(slots, queued_messages_of_a_closed_channel_go_with_it)
{
	int fd = kp_queue(self->ctl, 8, 64), i;

	for (i = 0; i < 5; i++)
		ASSERT_LE(0, kp_send(fd, 0, i));
	ASSERT_LE(0, kp_loan(fd));
	ASSERT_LE(0, kp_take_one(fd, 0));
	EXPECT_EQ(0, close(fd));
}

TEST_F(slots, state_after_many_rounds_is_as_at_first)
{
	unsigned int i, n = kc_scaled(20000);
	struct kchan_take take;
	int slot;

	for (i = 0; i < n; i++) {
		switch (i % 4) {
		case 0:
			ASSERT_EQ(9, write(self->fd, "123456789", 9));
			break;
		case 1:
			slot = kp_loan(self->fd);
			ASSERT_EQ(1, kp_release(self->fd, slot));
			continue;
		default:
			ASSERT_LE(0, kp_send(self->fd, i % 100, i));
		}
		if (i % 3 == 0) {
			ASSERT_LT(0, read(self->fd, self->buf, SIZE));
			continue;
		}
		take = kp_take_arg(i % 5 ? 0 : KCHAN_HOLD);
		ASSERT_EQ(0, kp_take(self->fd, &take));
		ASSERT_EQ(1, kp_release(self->fd, take.slot));
	}
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_EQ(kc_state(self->fd).sent, kc_state(self->fd).received);
}

TEST_HARNESS_MAIN
