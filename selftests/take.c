// SPDX-License-Identifier: GPL-2.0
/* TAKE: which message, release before it, HOLD, batches, waiting, and what ends that. */
#include "kchan_pool.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define SLOTS 4
#define SIZE 64
#define MS (KC_NS / 1000)

FIXTURE(take)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	struct kchan_take arg;
	char buf[SIZE];
};

FIXTURE_SETUP(take)
{
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	self->arg = kp_take_arg(KCHAN_NONBLOCK);
}

/* The endpoints' ends give back what is left, and no slot is lost. */
FIXTURE_TEARDOWN(take)
{
	EXPECT_TRUE(kc_sums(self->fd));
	close(self->tx);
	close(self->rx);
	while (read(self->fd, self->buf, SIZE) >= 0)
		;
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_TRUE(kc_sums(self->fd));
	close(self->fd);
	close(self->ctl);
}

/* A call that must fail, and change nothing. */
#define NO_CHANGE(error, call) do {					\
	struct kchan_state kc_before = kc_state(self->fd);		\
									\
	EXPECT_EQ(error, call);						\
	EXPECT_TRUE(kc_unchanged(&kc_before, self->fd))			\
		TH_LOG("in line %d", __LINE__);				\
} while (0)

/* Takes with these of the argument, and releases at once: the tag, or -errno. */
static long long tag_of(FIXTURE_DATA(take) *self, unsigned int filter,
			uint64_t value)
{
	struct kchan_take arg = kp_take_arg(KCHAN_NONBLOCK);
	int ret;

	arg.filter = filter;
	arg.value = value;
	ret = kp_take(self->rx, &arg);
	if (ret)
		return ret;
	ret = kp_release(self->rx, arg.slot);
	return ret == 1 ? (long long)arg.tag : -EPROTO;
}

TEST_F(take, empty_queue_is_EAGAIN)
{
	struct kchan_take was = self->arg;

	NO_CHANGE(-EAGAIN, kp_take(self->rx, &self->arg));
	EXPECT_EQ(0, memcmp(&was, &self->arg, sizeof(was)));
	NO_CHANGE(-EAGAIN, kp_take_one(self->fd, 0));
}

TEST_F(take, messages_come_by_priority_and_then_in_order)
{
	ASSERT_LE(0, kp_send(self->tx, 1, 1));
	ASSERT_LE(0, kp_send(self->tx, 5, 2));
	ASSERT_LE(0, kp_send(self->tx, 1, 3));
	ASSERT_EQ(0, kc_send(self->tx, 5, 4, "x", 1));
	EXPECT_EQ(2, tag_of(self, 0, 0));
	EXPECT_EQ(4, tag_of(self, 0, 0));
	EXPECT_EQ(1, tag_of(self, 0, 0));
	EXPECT_EQ(3, tag_of(self, 0, 0));
	EXPECT_EQ(-EAGAIN, tag_of(self, 0, 0));
}

TEST_F(take, filters_choose)
{
	uint64_t i;

	for (i = 1; i <= SLOTS; i++)
		ASSERT_LE(0, kp_send(self->tx, i, i));
	EXPECT_EQ(-EAGAIN, tag_of(self, KCHAN_FILTER_TAG, 9));
	EXPECT_EQ(2, tag_of(self, KCHAN_FILTER_TAG, 2));
	EXPECT_EQ(1, tag_of(self, KCHAN_FILTER_TAG_MAX, 3));
	EXPECT_EQ(3, tag_of(self, KCHAN_FILTER_TAG_NOT, 4));
	EXPECT_EQ(-EAGAIN, tag_of(self, KCHAN_FILTER_PRIO_MIN, 5));
	EXPECT_EQ(4, tag_of(self, KCHAN_FILTER_PRIO_MIN, 4));
}

TEST_F(take, peek_copies_and_leaves_the_slot_queued)
{
	struct kchan_recv recv = kc_recv_arg(self->buf, SIZE);

	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "hello", 5));
	recv.flags = KCHAN_PEEK;
	ASSERT_EQ(0, kc_recv(self->rx, &recv));
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
	EXPECT_EQ(7, recv.tag);
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	self->arg.flags |= KCHAN_PEEK;
	NO_CHANGE(-EINVAL, kp_take(self->rx, &self->arg));
	EXPECT_EQ(7, tag_of(self, 0, 0));
}

TEST_F(take, several_are_taken_and_released_in_any_order)
{
	int i, slot[3];

	for (i = 0; i < 3; i++)
		ASSERT_LE(0, kp_send(self->tx, 0, i));
	for (i = 0; i < 3; i++)
		slot[i] = kp_take_one(self->rx, 0);
	EXPECT_SLOTS(self->fd, 0, 3, 0);
	EXPECT_EQ(1, kp_release(self->rx, slot[1]));
	EXPECT_EQ(1, kp_release(self->rx, slot[2]));
	NO_CHANGE(-EPERM, kp_release(self->rx, slot[1]));
	EXPECT_EQ(1, kp_release(self->rx, slot[0]));
}

/* Release and take in one. */

TEST_F(take, last_slot_is_released_first)
{
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	self->arg.release = self->arg.slot;
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	EXPECT_EQ(KCHAN_SLOT_NONE, self->arg.release);
	EXPECT_EQ(2, self->arg.tag);
	EXPECT_SLOTS(self->fd, 0, 1, 0);
	EXPECT_EQ(1, kp_release(self->rx, self->arg.slot));
}

/* An argument of zeros but for its size releases nothing. */
TEST_F(take, slot_without_the_flag_is_EINVAL_and_0_is_none)
{
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	ASSERT_EQ(0, self->arg.slot);
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	self->arg.flags = KCHAN_NONBLOCK;
	self->arg.release = KCHAN_SLOT_NONE;
	NO_CHANGE(-EINVAL, kp_take(self->rx, &self->arg));
	self->arg.release = 1;
	NO_CHANGE(-EINVAL, kp_take(self->rx, &self->arg));
	self->arg.release = 0;
	EXPECT_EQ(0, kp_take(self->rx, &self->arg));
	EXPECT_EQ(0, self->arg.release);
	EXPECT_SLOTS(self->fd, 0, 2, 0);
}

TEST_F(take, slot_is_released_even_if_there_is_nothing_to_take)
{
	struct kchan_take was;

	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	self->arg.release = self->arg.slot;
	was = self->arg;
	EXPECT_EQ(-EAGAIN, kp_take(self->rx, &self->arg));
	EXPECT_EQ(KCHAN_SLOT_NONE, self->arg.release);
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	was.release = KCHAN_SLOT_NONE;
	EXPECT_EQ(0, memcmp(&was, &self->arg, sizeof(was)));
	NO_CHANGE(-EAGAIN, kp_take(self->rx, &self->arg));
}

TEST_F(take, loaned_slot_is_released_too)
{
	self->arg.release = kp_loan(self->fd);
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_EQ(0, kp_take(self->fd, &self->arg));
	EXPECT_SLOTS(self->fd, 0, 1, 0);
	EXPECT_EQ(1, kp_release(self->fd, self->arg.slot));
}

TEST_F(take, release_of_what_is_not_ours_takes_nothing)
{
	struct kchan_take was;
	int loaned = kp_loan(self->fd);

	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	self->arg.release = loaned;
	was = self->arg;
	NO_CHANGE(-EPERM, kp_take(self->rx, &self->arg));
	EXPECT_EQ(0, memcmp(&was, &self->arg, sizeof(was)));
	self->arg.release = SLOTS;
	NO_CHANGE(-EINVAL, kp_take(self->rx, &self->arg));
	EXPECT_EQ(SLOTS, self->arg.release);
	/* Nor does the slot of the message itself count. */
	self->arg.release = loaned ? 0 : 1;
	NO_CHANGE(-EPERM, kp_take(self->rx, &self->arg));
	EXPECT_EQ(1, kp_release(self->fd, loaned));
}

TEST_F(take, held_slot_that_is_released_is_acknowledged)
{
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	self->arg.flags |= KCHAN_HOLD;
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	EXPECT_EQ(1, kc_held(self->rx));
	self->arg.release = self->arg.slot;
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	EXPECT_EQ(2, self->arg.tag);
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(1, kc_state(self->fd).received);
	EXPECT_SLOTS(self->fd, 0, 1, 0);
}

/* The slot is somebody else's by the time of the restart. */
TEST_F(take, restarted_call_does_not_release_twice)
{
	struct kc_call call = kp_taker(self->rx);
	int slot;

	kc_catch(SA_RESTART);
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	slot = kp_take_one(self->rx, 0);
	call.take.release = slot;
	ASSERT_TRUE(kp_waits(&call));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	/* The endpoint has it again, from a second message. */
	ASSERT_EQ(slot, kp_loan(self->fd));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	ASSERT_TRUE(KC_EVENTUALLY(call.take.release == KCHAN_SLOT_NONE));
	ASSERT_TRUE(kc_asleep(call.tid));
	ASSERT_FALSE(kc_done(&call));
	ASSERT_EQ(0, kp_publish(self->fd, slot, 1));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(slot, call.take.slot);
	EXPECT_EQ(KCHAN_SLOT_NONE, call.take.release);
	EXPECT_SLOTS(self->fd, 0, 1, 0);
}

TEST_F(take, interrupted_call_has_released)
{
	struct kc_call call = kp_taker(self->rx);

	kc_catch(0);
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	call.take.release = kp_take_one(self->rx, 0);
	ASSERT_TRUE(kp_waits(&call));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, kc_join(&call));
	EXPECT_EQ(KCHAN_SLOT_NONE, call.take.release);
}

/* HOLD. */

TEST_F(take, held_message_is_both_held_and_taken)
{
	struct kchan_state state;

	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	self->arg.flags |= KCHAN_HOLD;
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.held);
	EXPECT_EQ(4, state.held_bytes);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(1, state.slots_taken);
	EXPECT_EQ(0, state.queued);
	/* It takes its room, as held ones do. */
	EXPECT_EQ(SLOTS - 1, state.slots_free);
}

TEST_F(take, release_acknowledges)
{
	int slot = kp_send(self->tx, 0, 1);

	ASSERT_EQ(slot, kp_take_one(self->rx, KCHAN_HOLD));
	EXPECT_EQ(1, kp_release(self->rx, slot));
	EXPECT_EQ(0, kc_held(self->rx));
	EXPECT_EQ(1, kc_state(self->fd).received);
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	NO_CHANGE(-ENOENT, kc_ack(self->rx, 1));
	NO_CHANGE(-EPERM, kp_release(self->rx, slot));
}

TEST_F(take, ack_releases)
{
	int slot = kp_send(self->tx, 0, 1);

	ASSERT_EQ(slot, kp_take_one(self->rx, KCHAN_HOLD));
	EXPECT_EQ(1, kc_ack(self->rx, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_EQ(1, kc_state(self->fd).received);
	NO_CHANGE(-EPERM, kp_release(self->rx, slot));
}

TEST_F(take, ack_up_to_releases_all)
{
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	ASSERT_LE(0, kp_send(self->tx, 0, 3));
	ASSERT_LE(0, kp_take_one(self->rx, KCHAN_HOLD));
	ASSERT_EQ(2, kc_hold(self->rx));
	ASSERT_LE(0, kp_take_one(self->rx, KCHAN_HOLD));
	EXPECT_SLOTS(self->fd, 0, 2, 1);
	EXPECT_EQ(3, kc_settle(self->rx, KCHAN_IOC_ACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_EQ(3, kc_state(self->fd).received);
}

TEST_F(take, nack_puts_the_message_back_and_takes_the_slot_away)
{
	int slot = kp_send(self->tx, 0, 1);

	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	ASSERT_EQ(slot, kp_take_one(self->rx, KCHAN_HOLD));
	EXPECT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 2);
	EXPECT_EQ(1, kc_state(self->fd).returned);
	NO_CHANGE(-EPERM, kp_release(self->rx, slot));
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	EXPECT_EQ(1, self->arg.tag);
	EXPECT_EQ(2, self->arg.deliveries);
	EXPECT_EQ(slot, self->arg.slot);
}

TEST_F(take, rejected_message_frees_its_slot)
{
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_take_one(self->rx, KCHAN_HOLD));
	EXPECT_EQ(1, kc_reject(self->rx, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_EQ(1, kc_state(self->fd).dropped[KCHAN_DEAD_REJECTED]);
}

TEST_F(take, ack_of_what_was_taken_without_hold_is_ENOENT)
{
	int slot = kp_send(self->tx, 0, 1);

	ASSERT_EQ(slot, kp_take_one(self->rx, 0));
	NO_CHANGE(-ENOENT, kc_ack(self->rx, 1));
	NO_CHANGE(-ENOENT, kc_nack(self->rx, 1));
	EXPECT_EQ(1, kp_release(self->rx, slot));
}

TEST_F(take, end_of_the_endpoint_puts_back_what_it_held_and_no_more)
{
	int i;

	for (i = 1; i <= SLOTS; i++)
		ASSERT_LE(0, kp_send(self->tx, 0, i));
	ASSERT_LE(0, kp_take_one(self->rx, KCHAN_HOLD));
	ASSERT_LE(0, kp_take_one(self->rx, 0));
	ASSERT_EQ(3, kc_hold(self->rx));
	EXPECT_SLOTS(self->fd, 0, 2, 2);
	close(self->rx);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	EXPECT_SLOTS(self->fd, 0, 0, 3);
	EXPECT_EQ(2, kc_state(self->fd).returned);
	EXPECT_EQ(1, tag_of(self, 0, 0));
	EXPECT_EQ(3, tag_of(self, 0, 0));
	EXPECT_EQ(4, tag_of(self, 0, 0));
}

TEST_F(take, endpoint_takes_no_more_than_it_may_hold)
{
	ASSERT_EQ(0, kc_held_max(self->rx, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	ASSERT_LE(0, kp_take_one(self->rx, KCHAN_HOLD));
	NO_CHANGE(-EBUSY, kp_take_one(self->rx, KCHAN_HOLD));
	/* Without HOLD it may. */
	EXPECT_EQ(2, tag_of(self, 0, 0));
}

TEST_F(take, held_message_does_not_expire)
{
	struct kchan_publish publish = kp_publish_arg(kp_loan(self->fd), 4);

	publish.expiry = kc_now() + 20 * MS;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &publish));
	self->arg.flags |= KCHAN_HOLD;
	if (kp_take(self->rx, &self->arg)) {
		TH_LOG("the machine was slow: it expired before");
		return;
	}
	EXPECT_EQ(publish.expiry, self->arg.expiry);
	ASSERT_TRUE(KC_EVENTUALLY(kc_now() > publish.expiry + 5 * MS));
	EXPECT_SLOTS(self->fd, 0, 1, 0);
	EXPECT_EQ(1, kc_held(self->rx));
	/* Put back, it is dead at once. */
	EXPECT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_TRUE(KC_EVENTUALLY(kp_slots(self->fd, 0, 0, 0)));
	EXPECT_EQ(1, kc_state(self->fd).dropped[KCHAN_DEAD_EXPIRED]);
}

/* Outputs that cannot be written. */

static void *read_only(const struct kchan_take *arg)
{
	struct kchan_take *copy = kc_guarded(sizeof(*copy));

	*copy = *arg;
	if (mprotect((void *)((uintptr_t)copy & -4096), 4096, PROT_READ))
		abort();
	return copy;
}

TEST_F(take, message_is_put_back_if_the_caller_cannot_be_told)
{
	struct kchan_state state;

	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	EXPECT_EQ(-EFAULT, kp_take(self->rx, read_only(&self->arg)));
	self->arg.flags |= KCHAN_HOLD;
	EXPECT_EQ(-EFAULT, kp_take(self->rx, read_only(&self->arg)));
	EXPECT_SLOTS(self->fd, 0, 0, 2);
	state = kc_state(self->fd);
	EXPECT_EQ(2, state.queued);
	EXPECT_EQ(0, state.held);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(0, state.received_bytes);
	EXPECT_EQ(2, state.returned);
	ASSERT_EQ(0, kp_take(self->rx, &self->arg));
	EXPECT_EQ(1, self->arg.tag);
	EXPECT_EQ(3, self->arg.deliveries);
}

/* Batches. */

TEST_F(take, batch_takes_what_there_is)
{
	struct kchan_take item[SLOTS];
	struct kchan_batch batch = kc_batch_arg(item, SLOTS, sizeof(item[0]));
	int i;

	for (i = 0; i < SLOTS; i++)
		item[i] = kp_take_arg(i % 2 ? KCHAN_HOLD : 0);
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, kp_send(self->tx, 0, i));
	EXPECT_EQ(3, kc_ioctl(self->rx, KCHAN_IOC_TAKE_BATCH, &batch));
	EXPECT_SLOTS(self->fd, 0, 3, 0);
	EXPECT_EQ(1, kc_state(self->fd).held);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i, item[i].tag);
		EXPECT_EQ(i + 1, item[i].seq);
		EXPECT_EQ(1, kp_release(self->rx, item[i].slot));
	}
}

TEST_F(take, batch_ends_where_a_release_fails)
{
	struct kchan_take item[3];
	struct kchan_batch batch = kc_batch_arg(item, 3, sizeof(item[0]));
	int i;

	for (i = 0; i < 3; i++) {
		item[i] = kp_take_arg(0);
		ASSERT_LE(0, kp_send(self->tx, 0, i));
	}
	item[1].release = SLOTS;
	EXPECT_EQ(1, kc_ioctl(self->rx, KCHAN_IOC_TAKE_BATCH, &batch));
	EXPECT_SLOTS(self->fd, 0, 1, 2);
	item[1].release = item[0].slot;
	item[0].release = SLOTS;
	batch.items = (uintptr_t)(item + 1);
	batch.count = 2;
	EXPECT_EQ(2, kc_ioctl(self->rx, KCHAN_IOC_TAKE_BATCH, &batch));
	EXPECT_EQ(KCHAN_SLOT_NONE, item[1].release);
	EXPECT_SLOTS(self->fd, 0, 2, 0);
	EXPECT_EQ(2, item[2].tag);
}

TEST_F(take, empty_batch_is_EAGAIN)
{
	struct kchan_take item = kp_take_arg(0);
	struct kchan_batch batch = kc_batch_arg(&item, 1, sizeof(item));

	batch.flags = KCHAN_NONBLOCK;
	NO_CHANGE(-EAGAIN, kc_ioctl(self->rx, KCHAN_IOC_TAKE_BATCH, &batch));
}

/* Waiting. */

TEST_F(take, call_waits_for_a_message)
{
	struct kc_call call = kp_taker(self->rx);
	int slot;

	ASSERT_TRUE(kp_waits(&call));
	EXPECT_EQ(1, kc_state(self->fd).waiting_receivers);
	slot = kp_send(self->tx, 3, 8);
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(slot, call.take.slot);
	EXPECT_EQ(8, call.take.tag);
	EXPECT_EQ(1, kp_release(self->rx, slot));
}

TEST_F(take, takers_and_readers_are_served_in_order)
{
	struct kc_call a = kp_taker(self->rx), c = kp_taker(self->rx);
	struct kc_call b = kc_receiver(self->rx);

	c.take.flags |= KCHAN_HOLD;
	ASSERT_TRUE(kp_waits(&a));
	ASSERT_EQ(0, kc_start(&b));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_start(&c));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 3));
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	ASSERT_LE(0, kp_send(self->tx, 0, 2));
	ASSERT_LE(0, kp_send(self->tx, 0, 3));
	EXPECT_EQ(0, kc_join(&a));
	EXPECT_EQ(0, kc_join(&b));
	EXPECT_EQ(0, kc_join(&c));
	EXPECT_EQ(1, a.take.tag);
	EXPECT_EQ(2, b.recv.tag);
	EXPECT_EQ(3, c.take.tag);
	EXPECT_SLOTS(self->fd, 0, 2, 0);
	EXPECT_EQ(1, kc_held(self->rx));
}

/* Is what follows seq as kp_take_arg() left it? */
static bool brief(const struct kchan_take *arg)
{
	const struct kchan_take was = kp_take_arg(0);
	size_t from = offsetof(struct kchan_take, time);

	return !memcmp((char *)arg + from, (char *)&was + from,
		       sizeof(was) - from);
}

TEST_F(take, brief_tells_nothing_beyond_seq)
{
	static const unsigned int flags[] = { 0, KCHAN_HOLD };
	struct kchan_take arg;
	unsigned int i;

	/* With HOLD it goes another way. */
	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, kp_send(self->tx, 0, 7));
		arg = kp_take_arg(KCHAN_TAKE_BRIEF | flags[i]);
		ASSERT_EQ(0, kp_take(self->rx, &arg));
		EXPECT_EQ(KCHAN_SLOT_NONE, arg.release);
		EXPECT_GT(SLOTS, arg.slot);
		EXPECT_EQ(4, arg.len);
		EXPECT_EQ(7, arg.tag);
		EXPECT_EQ(i + 1, arg.seq);
		EXPECT_TRUE(brief(&arg));
		EXPECT_EQ(1, kp_release(self->rx, arg.slot));
	}
}

/* A child keeps the pages, so that each is copied where it is written to. */
TEST_F(take, answers_into_pages_that_are_not_there_yet)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kchan_publish *publish = (void *)page;
	struct kchan_take *take = (void *)page;
	int slot = kp_loan(self->tx);
	pid_t pid;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_LE(0, slot);
	*publish = kp_publish_arg(slot, 4);
	publish->flags = KCHAN_PUBLISH_LOAN;
	pid = fork();
	if (!pid)
		pause();
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, publish));
	EXPECT_EQ(1, publish->seq);
	EXPECT_EQ(1, kp_release(self->tx, publish->next));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	*take = kp_take_arg(0);
	pid = fork();
	if (!pid)
		pause();
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kc_ioctl(self->rx, KCHAN_IOC_TAKE, take));
	EXPECT_EQ(1, take->seq);
	EXPECT_EQ(1, take->deliveries);
	EXPECT_EQ(1, kp_release(self->rx, take->slot));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(page, 4096);
}

/* Of an answer that is written in part, what was asked for is as it was. */
TEST_F(take, answer_that_is_half_there_releases_nevertheless)
{
	struct kchan_take *take;
	size_t at;
	char *page;
	int slot;

	for (at = 16; at < sizeof(*take); at += 8) {
		page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, page);
		take = (void *)(page + 4096 - at);
		ASSERT_LE(0, kp_send(self->tx, 0, 1));
		slot = kp_take_one(self->rx, 0);
		ASSERT_LE(0, slot);
		ASSERT_LE(0, kp_send(self->tx, 0, 2));
		/* The second page is not there, or of zeros that all share. */
		take->size = sizeof(*take);
		take->flags = KCHAN_TAKE_RELEASE | KCHAN_TAKE_BRIEF;
		take->release = slot;
		ASSERT_EQ(0, kc_ioctl(self->rx, KCHAN_IOC_TAKE, take));
		EXPECT_EQ(2, take->tag);
		EXPECT_EQ(KCHAN_SLOT_NONE, take->release);
		EXPECT_EQ(1, kc_state(self->fd).slots_taken)
			TH_LOG("boundary at %zu", at);
		EXPECT_EQ(1, kp_release(self->rx, take->slot));
		munmap(page, 8192);
	}
}

/* Nothing is done that cannot be told. */
TEST_F(take, answers_into_memory_that_is_read_only_are_EFAULT)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kchan_publish *publish = (void *)page;
	struct kchan_take *take = (void *)page;
	int slot = kp_loan(self->tx);

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_LE(0, slot);
	*publish = kp_publish_arg(slot, 4);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	NO_CHANGE(-EFAULT, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, publish));
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, publish));

	*take = kp_take_arg(0);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, kc_ioctl(self->rx, KCHAN_IOC_TAKE, take));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).slots_taken);
	munmap(page, 4096);
}

TEST_F(take, deadline_ends_the_wait)
{
	self->arg.flags = KCHAN_TAKE_RELEASE;
	self->arg.deadline = kc_now() + 10 * MS;
	NO_CHANGE(-ETIMEDOUT, kp_take(self->rx, &self->arg));
	EXPECT_LE(self->arg.deadline, kc_now());
	/* What is there is taken even if it is too late. */
	ASSERT_LE(0, kp_send(self->tx, 0, 1));
	self->arg.deadline = 1;
	EXPECT_EQ(0, kp_take(self->rx, &self->arg));
}

TEST_F(take, need_peer_is_EPIPE_while_nobody_sends)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SIZE);
	struct kc_call call;

	arg.flags = KCHAN_CREATE_PAIR;
	arg.open_flags = 0;
	ASSERT_EQ(0, kc_ioctl(self->ctl, KCHAN_IOC_CREATE, &arg));
	call = kp_taker(arg.fd);
	call.take.flags |= KCHAN_NEED_PEER;
	ASSERT_TRUE(kp_waits(&call));
	close(arg.fd_send);
	EXPECT_EQ(-EPIPE, kc_join(&call));
	self->arg.flags |= KCHAN_NEED_PEER | KCHAN_NONBLOCK;
	EXPECT_EQ(-EPIPE, kp_take(arg.fd, &self->arg));
	close(arg.fd);
}

static int take_and_exit(void *arg)
{
	int ret = kp_take_one(*(int *)arg, 0);

	return ret < 0 ? ret : 0;
}

TEST_F(take, call_chosen_and_killed_before_it_ran_passes_its_turn_on)
{
	struct kc_call next = kp_taker(self->rx);
	pid_t pid;

	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(take_and_exit, &self->rx);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_TRUE(kp_waits(&next));
	ASSERT_LE(0, kp_send(self->fd, 0, 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_FALSE(kc_done(&next));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(0, kc_join(&next));
	EXPECT_EQ(1, next.take.tag);
	EXPECT_EQ(2, next.take.deliveries);
	EXPECT_SLOTS(self->fd, 0, 1, 0);
}

TEST_F(take, revoke_ends_the_wait)
{
	struct kc_call call = kp_taker(self->rx);

	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kc_join(&call));
	close(self->fd);
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
}

TEST_HARNESS_MAIN
