// SPDX-License-Identifier: GPL-2.0
/* LOAN, PUBLISH and RELEASE: whose a slot is, and what is done with one that is not. */
#include "kchan_pool.h"

#include <sys/mman.h>

#define SLOTS 4
#define SIZE 64

FIXTURE(loan)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int rx;		/* O_RDONLY, O_NONBLOCK */
	int tx;		/* O_WRONLY, O_NONBLOCK */
	char *map;
	char buf[SIZE];
};

FIXTURE_SETUP(loan)
{
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	self->rx = kc_reopen(self->fd, O_RDONLY | O_NONBLOCK);
	self->tx = kc_reopen(self->fd, O_WRONLY | O_NONBLOCK);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	self->map = kp_map(self->fd);
	ASSERT_TRUE(self->map);
	memset(self->buf, KC_POISON, sizeof(self->buf));
}

FIXTURE_TEARDOWN(loan)
{
	close(self->tx);
	close(self->rx);
	EXPECT_TRUE(kc_sums(self->fd));
	EXPECT_SLOTS(self->fd, 0, 0, kc_state(self->fd).queued);
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

TEST_F(loan, slot_is_loaned_published_taken_and_released)
{
	int slot = kp_loan(self->tx);

	ASSERT_GT(SLOTS, (unsigned int)slot);
	EXPECT_SLOTS(self->fd, 1, 0, 0);
	strcpy(self->map + slot * SIZE, "payload");
	ASSERT_EQ(0, kp_publish(self->tx, slot, 8));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	ASSERT_EQ(slot, kp_take_one(self->rx, 0));
	EXPECT_SLOTS(self->fd, 0, 1, 0);
	EXPECT_EQ(0, strcmp(self->map + slot * SIZE, "payload"));
	EXPECT_EQ(1, kp_release(self->rx, slot));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(loan, each_slot_is_loaned_once)
{
	bool seen[SLOTS] = { false };
	int i, slot;

	for (i = 0; i < SLOTS; i++) {
		slot = kp_loan(i % 2 ? self->tx : self->fd);
		ASSERT_GT(SLOTS, (unsigned int)slot);
		EXPECT_FALSE(seen[slot]);
		seen[slot] = true;
	}
	NO_CHANGE(-EAGAIN, kp_loan(self->tx));
	NO_CHANGE(-EAGAIN, kp_loan(self->fd));
	/* The endpoint's own: they do not go with @tx in the end. */
	for (i = 0; i < SLOTS; i++)
		kp_release(self->fd, i);
}

TEST_F(loan, loan_is_given_back_without_a_message)
{
	int slot = kp_loan(self->tx);

	EXPECT_EQ(1, kp_release(self->tx, slot));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_EQ(0, kc_state(self->fd).sent);
	NO_CHANGE(-EPERM, kp_release(self->tx, slot));
}

TEST_F(loan, publish_tells_what_send_would)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->tx), 7);
	struct kchan_take take = kp_take_arg(0);
	uint64_t before = kc_now();
	struct kchan_state state;

	arg.prio = 9;
	arg.tag = 1ULL << 40;
	arg.expiry = kc_now() + 1000 * KC_NS;
	ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(1, arg.seq);
	EXPECT_EQ(KCHAN_SLOT_NONE, arg.next);
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.queued);
	EXPECT_EQ(7, state.queued_bytes);
	EXPECT_EQ(1, state.sent);
	EXPECT_EQ(7, state.sent_bytes);
	EXPECT_EQ(getpid(), state.send_pid);
	ASSERT_EQ(0, kp_take(self->rx, &take));
	EXPECT_EQ(arg.slot, take.slot);
	EXPECT_EQ(KCHAN_SLOT_NONE, take.release);
	EXPECT_EQ(7, take.len);
	EXPECT_EQ(9, take.prio);
	EXPECT_EQ(1ULL << 40, take.tag);
	EXPECT_EQ(1, take.seq);
	EXPECT_EQ(1, take.deliveries);
	EXPECT_EQ(getpid(), take.pid);
	EXPECT_EQ(0, take.uid);
	EXPECT_EQ(0, take.gid);
	EXPECT_EQ(0, take.reason);
	EXPECT_EQ(0, take.origin);
	EXPECT_EQ(0, take.pool);
	EXPECT_EQ(0, take.reserved);
	EXPECT_EQ(arg.expiry, take.expiry);
	EXPECT_LE(before, take.time);
	EXPECT_GE(kc_now(), take.time);
	state = kc_state(self->fd);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(1, state.received);
	EXPECT_EQ(7, state.received_bytes);
	EXPECT_EQ(getpid(), state.recv_pid);
}

/* What a message was does not cling to its slot. */
TEST_F(loan, slot_forgets_its_last_message)
{
	struct kchan_publish arg;
	struct kchan_take take;
	int i, slot;

	for (i = 0; i < 4 * SLOTS; i++) {
		slot = kp_loan(self->tx);
		ASSERT_LE(0, slot);
		arg = kp_publish_arg(slot, 3);
		arg.expiry = i % 2 ? 0 : kc_now() + 1000 * KC_NS;
		arg.prio = i;
		arg.tag = i;
		ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
		if (i % 4 == 0)
			ASSERT_EQ(1, kc_nack(self->fd, kc_hold(self->fd)));
		take = kp_take_arg(0);
		ASSERT_EQ(0, kp_take(self->rx, &take));
		EXPECT_EQ(slot, take.slot);
		EXPECT_EQ(arg.expiry, take.expiry);
		EXPECT_EQ(i % 4 ? 1 : 2, take.deliveries);
		EXPECT_EQ(i, take.prio);
		EXPECT_EQ(i, take.tag);
		ASSERT_EQ(1, kp_release(self->rx, slot));
	}
}

TEST_F(loan, numbers_that_are_no_slot_are_EINVAL)
{
	static const uint32_t none[] = {
		SLOTS, SLOTS + 1, 1 << 20, INT32_MAX, 1U << 31, KCHAN_SLOT_NONE,
	};
	unsigned int i;

	ASSERT_LE(0, kp_loan(self->tx));
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		NO_CHANGE(-EINVAL, kp_publish(self->tx, none[i], 4));
		NO_CHANGE(-EINVAL, kp_release(self->tx, none[i]));
		NO_CHANGE(-EINVAL, kp_release(self->rx, none[i]));
	}
}

TEST_F(loan, slot_that_was_never_loaned_is_EPERM)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		NO_CHANGE(-EPERM, kp_publish(self->tx, i, 4));
		NO_CHANGE(-EPERM, kp_release(self->tx, i));
	}
}

TEST_F(loan, free_slot_is_EPERM)
{
	int slot = kp_loan(self->tx);

	ASSERT_EQ(1, kp_release(self->tx, slot));
	NO_CHANGE(-EPERM, kp_publish(self->tx, slot, 4));
	NO_CHANGE(-EPERM, kp_release(self->tx, slot));
	NO_CHANGE(-EPERM, kp_release(self->rx, slot));
}

TEST_F(loan, queued_slot_is_EPERM)
{
	int slot = kp_send(self->tx, 0, 0);

	NO_CHANGE(-EPERM, kp_publish(self->tx, slot, 4));
	NO_CHANGE(-EPERM, kp_release(self->tx, slot));
	NO_CHANGE(-EPERM, kp_release(self->rx, slot));
	EXPECT_EQ(slot, kp_take_one(self->rx, 0));
}

TEST_F(loan, slot_that_is_held_by_copy_is_EPERM)
{
	int slot = kp_send(self->tx, 0, 0);

	ASSERT_EQ(1, kc_hold(self->fd));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	NO_CHANGE(-EPERM, kp_publish(self->fd, slot, 4));
	NO_CHANGE(-EPERM, kp_release(self->fd, slot));
	EXPECT_EQ(1, kc_ack(self->fd, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(loan, taken_slot_is_not_published)
{
	int slot = kp_send(self->fd, 0, 0);

	ASSERT_EQ(slot, kp_take_one(self->fd, 0));
	NO_CHANGE(-EPERM, kp_publish(self->fd, slot, 4));
	EXPECT_EQ(1, kp_release(self->fd, slot));
	ASSERT_EQ(slot, kp_send(self->fd, 0, 0));
	ASSERT_EQ(slot, kp_take_one(self->fd, KCHAN_HOLD));
	NO_CHANGE(-EPERM, kp_publish(self->fd, slot, 4));
	EXPECT_EQ(1, kp_release(self->fd, slot));
}

TEST_F(loan, slot_of_another_endpoint_is_EPERM)
{
	int loaned = kp_loan(self->tx), taken;

	NO_CHANGE(-EPERM, kp_publish(self->fd, loaned, 4));
	NO_CHANGE(-EPERM, kp_release(self->fd, loaned));
	NO_CHANGE(-EPERM, kp_release(self->rx, loaned));
	ASSERT_LE(0, kp_send(self->fd, 0, 0));
	taken = kp_take_one(self->rx, 0);
	ASSERT_LE(0, taken);
	NO_CHANGE(-EPERM, kp_release(self->fd, taken));
	NO_CHANGE(-EPERM, kp_release(self->tx, taken));
	NO_CHANGE(-EPERM, kp_publish(self->fd, taken, 4));
}

TEST_F(loan, slot_of_another_channel_is_EPERM)
{
	int other = kp_queue(self->ctl, SLOTS, SIZE);
	int slot = kp_loan(other);

	NO_CHANGE(-EPERM, kp_publish(self->fd, slot, 4));
	NO_CHANGE(-EPERM, kp_release(self->fd, slot));
	EXPECT_EQ(1, kp_release(other, slot));
	close(other);
}

TEST_F(loan, failed_publish_leaves_the_loan_as_it_was)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->tx), SIZE + 1);

	NO_CHANGE(-EMSGSIZE, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_SLOTS(self->fd, 1, 0, 0);
	EXPECT_EQ(0, kp_publish(self->tx, arg.slot, SIZE));
	EXPECT_EQ(SIZE, read(self->rx, self->buf, SIZE));
}

TEST_F(loan, publish_into_a_full_queue_leaves_the_loan)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SIZE);
	struct kchan_publish publish;
	int fd;

	arg.depth = 1;
	fd = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, kp_send(fd, 0, 0));
	publish = kp_publish_arg(kp_loan(fd), 4);
	EXPECT_EQ(-EAGAIN, kc_ioctl(fd, KCHAN_IOC_PUBLISH, &publish));
	EXPECT_SLOTS(fd, 1, 0, 1);
	publish.expiry = 1;
	publish.deadline = 1;
	EXPECT_EQ(-EAGAIN, kc_ioctl(fd, KCHAN_IOC_PUBLISH, &publish));
	EXPECT_EQ(0, fcntl(fd, F_SETFL, O_RDWR));
	EXPECT_EQ(-ETIMEDOUT, kc_ioctl(fd, KCHAN_IOC_PUBLISH, &publish));
	EXPECT_SLOTS(fd, 1, 0, 1);
	EXPECT_EQ(1, kc_state(fd).sent);
	/* The expiry of the calls that failed is not that of the one that succeeds. */
	EXPECT_EQ(4, read(fd, self->buf, SIZE));
	EXPECT_EQ(0, kp_publish(fd, publish.slot, 4));
	EXPECT_EQ(4, read(fd, self->buf, SIZE));
	EXPECT_SLOTS(fd, 0, 0, 0);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(loan, empty_message_has_a_slot)
{
	int slot = kp_loan(self->tx);

	ASSERT_EQ(0, kp_publish(self->tx, slot, 0));
	ASSERT_EQ(0, kc_send(self->tx, 0, 0, NULL, 0));
	EXPECT_SLOTS(self->fd, 0, 0, 2);
	EXPECT_EQ(0, kc_state(self->fd).queued_bytes);
	EXPECT_EQ(slot, kp_take_one(self->rx, 0));
	EXPECT_EQ(1, kp_release(self->rx, slot));
	EXPECT_EQ(0, read(self->rx, self->buf, SIZE));
	EXPECT_EQ((char)KC_POISON, self->buf[0]);
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

/* Arrays. */

TEST_F(loan, array_takes_as_many_as_are_free)
{
	uint32_t slots[SLOTS + 2];

	memset(slots, KC_POISON, sizeof(slots));
	ASSERT_EQ(1, kp_loan_many(self->tx, slots, 1));
	ASSERT_EQ(SLOTS - 1, kp_loan_many(self->tx, slots + 1, SLOTS + 1));
	EXPECT_SLOTS(self->fd, SLOTS, 0, 0);
	EXPECT_EQ(0, memcmp(slots + SLOTS, "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5", 8));
	NO_CHANGE(-EAGAIN, kp_loan_many(self->tx, slots, 1));
	EXPECT_EQ(SLOTS, kp_release_many(self->tx, slots, SLOTS));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(loan, slot_is_left_alone_where_there_is_an_array)
{
	struct kchan_loan arg = kp_loan_arg(0), was;
	uint32_t slots[2];

	arg.slots = (uintptr_t)slots;
	arg.count = 2;
	was = arg;
	ASSERT_EQ(2, kc_ioctl(self->tx, KCHAN_IOC_LOAN, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(loan, array_that_cannot_be_written_leaks_nothing)
{
	uint32_t *slots = kc_guarded(2 * sizeof(*slots));

	NO_CHANGE(-EFAULT, kp_loan_many(self->tx, slots + 2, 2));
	EXPECT_EQ(2, kp_loan_many(self->tx, slots, 4));
	EXPECT_SLOTS(self->fd, 2, 0, 0);
	EXPECT_EQ(2, kp_release_many(self->tx, slots, 2));
}

TEST_F(loan, release_ends_at_the_first_that_is_not_ours)
{
	uint32_t slots[SLOTS], some[4];

	ASSERT_EQ(3, kp_loan_many(self->tx, slots, 3));
	some[0] = slots[0];
	some[1] = slots[0];
	some[2] = slots[1];
	EXPECT_EQ(1, kp_release_many(self->tx, some, 3));
	NO_CHANGE(-EPERM, kp_release_many(self->tx, some, 3));
	some[0] = slots[1];
	some[1] = SLOTS;
	some[2] = slots[2];
	EXPECT_EQ(1, kp_release_many(self->tx, some, 3));
	NO_CHANGE(-EINVAL, kp_release_many(self->tx, some + 1, 2));
	EXPECT_EQ(1, kp_release_many(self->tx, some + 2, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(loan, release_ends_where_the_array_cannot_be_read)
{
	uint32_t *slots = kc_guarded(2 * sizeof(*slots));

	ASSERT_EQ(2, kp_loan_many(self->tx, slots, 2));
	NO_CHANGE(-EFAULT, kp_release_many(self->tx, slots + 2, 1));
	EXPECT_EQ(2, kp_release_many(self->tx, slots, 3));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(loan, release_takes_loaned_and_taken_ones_together)
{
	uint32_t slots[3];

	slots[1] = kp_send(self->fd, 0, 0);
	slots[2] = kp_send(self->fd, 0, 0);
	ASSERT_EQ(slots[1], kp_take_one(self->fd, 0));
	ASSERT_EQ(slots[2], kp_take_one(self->fd, KCHAN_HOLD));
	slots[0] = kp_loan(self->fd);
	EXPECT_SLOTS(self->fd, 1, 2, 0);
	EXPECT_EQ(3, kp_release_many(self->fd, slots, 3));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_EQ(2, kc_state(self->fd).received);
	EXPECT_EQ(0, kc_state(self->fd).held);
}

TEST_F(loan, batch_publishes_up_to_the_first_that_fails)
{
	struct kchan_publish item[4] = {};
	struct kchan_batch batch = kc_batch_arg(item, 4, sizeof(item[0]));
	uint32_t slots[3];
	int i;

	ASSERT_EQ(3, kp_loan_many(self->tx, slots, 3));
	for (i = 0; i < 4; i++)
		item[i] = kp_publish_arg(slots[i % 3], i + 1);
	/* The fourth is the first again. */
	EXPECT_EQ(3, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH_BATCH, &batch));
	EXPECT_SLOTS(self->fd, 0, 0, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i + 1, item[i].seq);
		EXPECT_EQ(KCHAN_SLOT_NONE, item[i].next);
	}
	EXPECT_NE(4, item[3].seq);
	NO_CHANGE(-EPERM, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH_BATCH, &batch));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i + 1, read(self->rx, self->buf, SIZE));
}

TEST_F(loan, batch_publishes_and_loans)
{
	struct kchan_publish item[3];
	struct kchan_batch batch = kc_batch_arg(item, 3, sizeof(item[0]));
	uint32_t slots[3];
	int i;

	ASSERT_EQ(3, kp_loan_many(self->tx, slots, 3));
	for (i = 0; i < 3; i++) {
		item[i] = kp_publish_arg(slots[i], 1);
		item[i].flags = KCHAN_PUBLISH_LOAN;
	}
	/* Only one is free. */
	batch.flags = KCHAN_NONBLOCK;
	EXPECT_EQ(3, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH_BATCH, &batch));
	EXPECT_GT(SLOTS, item[0].next);
	EXPECT_EQ(KCHAN_SLOT_NONE, item[1].next);
	EXPECT_EQ(KCHAN_SLOT_NONE, item[2].next);
	EXPECT_SLOTS(self->fd, 1, 0, 3);
	EXPECT_EQ(1, kp_release(self->tx, item[0].next));
}

/* PUBLISH with LOAN. */

TEST_F(loan, publish_loans_another)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->tx), 4);
	uint32_t first = arg.slot;
	int i;

	arg.flags = KCHAN_PUBLISH_LOAN;
	for (i = 0; i < SLOTS - 1; i++) {
		ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
		ASSERT_GT(SLOTS, arg.next);
		EXPECT_NE(arg.slot, arg.next);
		EXPECT_EQ(i + 1, arg.seq);
		EXPECT_SLOTS(self->fd, 1, 0, i + 1);
		arg.slot = arg.next;
	}
	/* The last is published, and there is no other. */
	ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(KCHAN_SLOT_NONE, arg.next);
	EXPECT_SLOTS(self->fd, 0, 0, SLOTS);
	EXPECT_EQ(first, kp_take_one(self->rx, 0));
}

TEST_F(loan, publish_that_fails_loans_nothing)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->tx), SIZE + 1), was;

	arg.flags = KCHAN_PUBLISH_LOAN;
	was = arg;
	NO_CHANGE(-EMSGSIZE, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(loan, publish_that_cannot_tell_sends_nothing)
{
	struct kchan_publish *arg = kc_guarded(sizeof(*arg));

	*arg = kp_publish_arg(kp_loan(self->tx), 4);
	arg->flags = KCHAN_PUBLISH_LOAN;
	ASSERT_EQ(0, mprotect((void *)((uintptr_t)arg & -4096), 4096, PROT_READ));
	NO_CHANGE(-EFAULT, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, arg));
	EXPECT_EQ(1, kp_release(self->tx, arg->slot));
}

TEST_F(loan, loan_that_cannot_tell_loans_nothing)
{
	struct kchan_loan *arg = kc_guarded(sizeof(*arg));

	*arg = kp_loan_arg(0);
	ASSERT_EQ(0, mprotect((void *)((uintptr_t)arg & -4096), 4096, PROT_READ));
	NO_CHANGE(-EFAULT, kc_ioctl(self->tx, KCHAN_IOC_LOAN, arg));
}

/* The end of endpoints. */

TEST_F(loan, closed_endpoint_gives_its_loans_back)
{
	uint32_t slots[SLOTS];

	ASSERT_EQ(SLOTS, kp_loan_many(self->tx, slots, SLOTS));
	EXPECT_SLOTS(self->fd, SLOTS, 0, 0);
	ASSERT_EQ(0, close(self->tx));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	self->tx = -1;
	EXPECT_EQ(SLOTS, kp_loan_many(self->fd, slots, SLOTS));
	EXPECT_EQ(SLOTS, kp_release_many(self->fd, slots, SLOTS));
}

TEST_F(loan, closed_endpoint_gives_back_what_it_has_taken)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		ASSERT_LE(0, kp_send(self->tx, 0, i));
	ASSERT_LE(0, kp_take_one(self->rx, 0));
	ASSERT_LE(0, kp_take_one(self->rx, 0));
	ASSERT_LE(0, kp_take_one(self->fd, 0));
	ASSERT_EQ(0, close(self->rx));
	self->rx = -1;
	EXPECT_SLOTS(self->fd, 0, 1, 1);
	EXPECT_EQ(3, kc_state(self->fd).received);
	for (i = 0; i < SLOTS; i++)
		kp_release(self->fd, i);
}

TEST_F(loan, last_of_several_descriptors_gives_loans_back)
{
	int again = dup(self->tx);
	int slot = kp_loan(self->tx);

	close(self->tx);
	self->tx = -1;
	EXPECT_SLOTS(self->fd, 1, 0, 0);
	/* It is the endpoint's, by whichever descriptor. */
	EXPECT_EQ(1, kp_release(again, slot));
	ASSERT_LE(0, kp_loan(again));
	close(again);
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

struct child {
	int fd;
	int slot;
	bool loans;	/* and exits with that */
};

static int in_child(void *arg)
{
	struct child *c = arg;
	int ret = c->loans ? kp_loan(c->fd) : kp_publish(c->fd, c->slot, 4);

	return ret < 0 ? ret : 0;
}

TEST_F(loan, child_publishes_what_its_parent_has_on_loan)
{
	struct child c = { self->tx, kp_loan(self->tx), false };

	EXPECT_EQ(0, kc_child(in_child, &c));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
}

TEST_F(loan, childs_loan_stays_the_endpoints_that_its_parent_has_open)
{
	struct child c = { self->tx, -1, true };
	unsigned int i;

	EXPECT_EQ(0, kc_child(in_child, &c));
	EXPECT_SLOTS(self->fd, 1, 0, 0);
	for (i = 0; i < SLOTS && kp_release(self->tx, i) != 1; i++)
		;
	EXPECT_GT(SLOTS, i);
}

static int loan_by_a_new_endpoint(void *arg)
{
	int fd = kc_reopen(*(int *)arg, O_RDWR | O_NONBLOCK);

	return kp_loan(fd) >= 0 && kp_take_one(fd, 0) >= 0 ? 0 : -EPROTO;
}

TEST_F(loan, exit_gives_back_loans_and_takes)
{
	ASSERT_LE(0, kp_send(self->fd, 0, 0));
	EXPECT_EQ(0, kc_child(loan_by_a_new_endpoint, &self->fd));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(loan, revoked_channel_takes_no_more_claims)
{
	struct kchan_take take = kp_take_arg(0);
	int slot = kp_loan(self->fd), fd;
	struct kchan_publish arg;

	/* Another is for the teardown. */
	fd = kp_queue(self->ctl, SLOTS, SIZE);
	ASSERT_LE(0, kp_send(self->fd, 0, 0));
	take.release = kp_take_one(self->fd, 0);
	ASSERT_LE(0, kp_send(self->fd, 0, 0));
	ASSERT_LE(0, kp_take_one(self->fd, KCHAN_HOLD));
	ASSERT_LE(0, kp_send(self->fd, 0, 0));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kp_loan(self->fd));
	EXPECT_EQ(-EIDRM, kp_publish(self->fd, slot, 4));
	arg = kp_publish_arg(slot, 4);
	arg.expiry = 1;
	EXPECT_EQ(-EIDRM, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(-EIDRM, kp_take_one(self->fd, 0));
	EXPECT_EQ(-EIDRM, kp_take(self->fd, &take));
	EXPECT_EQ(-EIDRM, kp_release(self->fd, slot));
	close(self->rx);
	close(self->tx);
	close(self->fd);
	self->fd = fd;
	self->rx = -1;
	self->tx = -1;
}

TEST_HARNESS_MAIN
