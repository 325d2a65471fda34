// SPDX-License-Identifier: GPL-2.0
/* Calls that wait for a slot: their order, what ends them, and poll(2). */
#include "kchan_netlink.h"
#include "kchan_pool.h"

#include <poll.h>
#include <signal.h>

#define SLOTS 4
#define SIZE 64
#define MS (KC_NS / 1000)

FIXTURE(loanwait)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK; it has all slots on loan at first */
	int rx;		/* O_RDONLY */
	int tx;		/* O_WRONLY, blocking */
	uint32_t slots[SLOTS];
	char buf[SIZE];
};

FIXTURE_SETUP(loanwait)
{
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	ASSERT_EQ(SLOTS, kp_loan_many(self->fd, self->slots, SLOTS));
}

FIXTURE_TEARDOWN(loanwait)
{
	int i;

	close(self->tx);
	close(self->rx);
	for (i = 0; i < SLOTS; i++)
		kp_release(self->fd, self->slots[i]);
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	EXPECT_SLOTS(self->fd, 0, 0, kc_state(self->fd).queued);
	close(self->fd);
	close(self->ctl);
}

#define SLOT(n) (self->slots[n])

TEST_F(loanwait, loan_waits_for_a_slot)
{
	struct kc_call call = kp_loaner(self->tx);

	ASSERT_TRUE(kp_waits(&call));
	EXPECT_EQ(1, kc_state(self->fd).full);
	ASSERT_EQ(1, kp_release(self->fd, SLOT(2)));
	EXPECT_EQ(1, kc_join(&call));
	EXPECT_EQ(SLOT(2), call.loan.slot);
	EXPECT_SLOTS(self->fd, SLOTS, 0, 0);
	EXPECT_EQ(1, kp_release(self->tx, SLOT(2)));
}

TEST_F(loanwait, write_waits_for_a_slot)
{
	struct kc_call call = kc_call(KC_WRITE, self->tx, 5);

	strcpy(call.buf, "hello");
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_asleep(call.tid));
	EXPECT_EQ(0, kc_state(self->fd).sent);
	ASSERT_EQ(1, kp_release(self->fd, SLOT(1)));
	EXPECT_EQ(5, kc_join(&call));
	EXPECT_EQ(SLOT(1), kp_take_one(self->fd, 0));
	EXPECT_EQ(1, kp_release(self->fd, SLOT(1)));
}

TEST_F(loanwait, calls_are_served_in_the_order_in_which_they_came)
{
	struct kc_call call[3];
	int i;

	for (i = 0; i < 3; i++) {
		call[i] = kp_loaner(self->tx);
		ASSERT_TRUE(kp_waits(&call[i]));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, kp_release(self->fd, SLOT(i)));
		EXPECT_EQ(1, kc_join(&call[i]));
		EXPECT_EQ(SLOT(i), call[i].loan.slot);
		if (i < 2)
			EXPECT_FALSE(kc_done(&call[i + 1]));
	}
}

TEST_F(loanwait, real_time_task_is_served_first)
{
	struct kc_call plain = kp_loaner(self->tx), rt = kp_loaner(self->tx);

	rt.rt_prio = 5;
	ASSERT_TRUE(kp_waits(&plain));
	ASSERT_TRUE(kp_waits(&rt));
	ASSERT_EQ(1, kp_release(self->fd, SLOT(3)));
	EXPECT_EQ(1, kc_join(&rt));
	EXPECT_FALSE(kc_done(&plain));
	ASSERT_EQ(1, kp_release(self->fd, SLOT(2)));
	EXPECT_EQ(1, kc_join(&plain));
}

/* Else who comes later, and does not wait, would be faster for ever. */
TEST_F(loanwait, nobody_overtakes_who_waits)
{
	struct kc_call call = kp_loaner(self->tx);
	struct kchan_publish arg = kp_publish_arg(SLOT(0), 4);

	ASSERT_TRUE(kp_waits(&call));
	EXPECT_EQ(-EAGAIN, kp_loan(self->fd));
	arg.flags = KCHAN_PUBLISH_LOAN;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(KCHAN_SLOT_NONE, arg.next);
	ASSERT_EQ(4, read(self->rx, self->buf, SIZE));
	EXPECT_EQ(1, kc_join(&call));
	EXPECT_EQ(SLOT(0), call.loan.slot);
}

TEST_F(loanwait, array_waits_for_its_first_and_for_no_more)
{
	struct kc_call call = kp_loaner(self->tx);
	uint32_t slots[3];

	memset(slots, KC_POISON, sizeof(slots));
	call.loan.slots = (uintptr_t)slots;
	call.loan.count = 3;
	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
	EXPECT_EQ(1, kc_join(&call));
	EXPECT_EQ(SLOT(0), slots[0]);
	EXPECT_EQ(0, memcmp(slots + 1, "\xa5\xa5\xa5\xa5", 4));
}

TEST_F(loanwait, publish_waits_for_the_next_slot_after_it_has_sent)
{
	struct kc_call call;

	EXPECT_EQ(1, kp_release(self->fd, SLOT(0)));
	call = kp_publisher(self->tx, kp_loan(self->tx));
	ASSERT_EQ(SLOT(0), call.publish.slot);
	call.publish.flags = KCHAN_PUBLISH_LOAN;
	ASSERT_TRUE(kp_waits(&call));
	EXPECT_EQ(1, kc_state(self->fd).sent);
	EXPECT_SLOTS(self->fd, SLOTS - 1, 0, 1);
	ASSERT_EQ(4, read(self->rx, self->buf, SIZE));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(SLOT(0), call.publish.next);
	EXPECT_EQ(1, call.publish.seq);
	EXPECT_EQ(1, kp_release(self->tx, SLOT(0)));
}

TEST_F(loanwait, publish_whose_loan_does_not_come_has_sent)
{
	struct kchan_publish arg = kp_publish_arg(0, 4);

	EXPECT_EQ(1, kp_release(self->fd, SLOT(0)));
	arg.slot = kp_loan(self->tx);
	arg.flags = KCHAN_PUBLISH_LOAN;
	arg.deadline = 1;
	EXPECT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(KCHAN_SLOT_NONE, arg.next);
	EXPECT_EQ(1, arg.seq);
	EXPECT_EQ(4, read(self->rx, self->buf, SIZE));
	/* Nor does a slot that became free later belong to anybody. */
	EXPECT_SLOTS(self->fd, SLOTS - 1, 0, 0);
}

TEST_F(loanwait, deadline_ends_the_wait)
{
	struct kchan_loan arg = kp_loan_arg(0), was;

	arg.deadline = 1;
	was = arg;
	EXPECT_EQ(-ETIMEDOUT, kc_ioctl(self->tx, KCHAN_IOC_LOAN, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.deadline = kc_now() + 20 * MS;
	EXPECT_EQ(-ETIMEDOUT, kc_ioctl(self->tx, KCHAN_IOC_LOAN, &arg));
	EXPECT_LE(arg.deadline, kc_now());
	EXPECT_SLOTS(self->fd, SLOTS, 0, 0);
	/* What is there is loaned even if it is too late. */
	EXPECT_EQ(1, kp_release(self->fd, SLOT(0)));
	arg.deadline = 1;
	EXPECT_EQ(1, kc_ioctl(self->tx, KCHAN_IOC_LOAN, &arg));
}

TEST_F(loanwait, nonblock_does_not_wait)
{
	struct kchan_loan arg = kp_loan_arg(KCHAN_NONBLOCK), was = arg;
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EAGAIN, kc_ioctl(self->tx, KCHAN_IOC_LOAN, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_EQ(-EAGAIN, kp_loan(self->fd));
	EXPECT_EQ(-EAGAIN, kc_ret(write(self->fd, "x", 1)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_EQ(before.full + 3, kc_state(self->fd).full);
}

TEST_F(loanwait, need_peer_is_EPIPE_while_nobody_receives)
{
	struct kchan_loan arg = kp_loan_arg(KCHAN_NEED_PEER);
	struct kc_call call = kp_loaner(self->tx);
	int fd, tx, rx;

	/* None of the endpoints receives, so that none but @rx is a peer. */
	fd = kp_queue(self->ctl, 1, SIZE);
	tx = kc_reopen(fd, O_WRONLY);
	rx = kc_reopen(fd, O_RDONLY);
	ASSERT_LE(0, kp_loan(tx));
	close(fd);
	call.fd = tx;
	call.loan.flags = KCHAN_NEED_PEER;
	ASSERT_TRUE(kp_waits(&call));
	close(rx);
	EXPECT_EQ(-EPIPE, kc_join(&call));
	EXPECT_EQ(-EPIPE, kc_ioctl(tx, KCHAN_IOC_LOAN, &arg));
	arg.flags |= KCHAN_NONBLOCK;
	EXPECT_EQ(-EPIPE, kc_ioctl(tx, KCHAN_IOC_LOAN, &arg));
	EXPECT_SLOTS(tx, 1, 0, 0);
	EXPECT_EQ(1, kp_release(tx, 0));
	/* A free one is loaned all the same. */
	EXPECT_EQ(1, kc_ioctl(tx, KCHAN_IOC_LOAN, &arg));
	close(tx);
}

TEST_F(loanwait, signal_ends_the_wait)
{
	struct kc_call call = kp_loaner(self->tx);

	kc_catch(0);
	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, kc_join(&call));
	EXPECT_SLOTS(self->fd, SLOTS, 0, 0);
}

TEST_F(loanwait, restarted_call_waits_on)
{
	struct kc_call call = kp_loaner(self->tx);

	kc_catch(SA_RESTART);
	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	ASSERT_TRUE(kc_asleep(call.tid));
	EXPECT_FALSE(kc_done(&call));
	ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
	EXPECT_EQ(1, kc_join(&call));
}

TEST_F(loanwait, revoke_ends_the_wait)
{
	struct kc_call call = kp_loaner(self->tx);
	struct kc_call writer = kc_call(KC_WRITE, self->tx, 5);
	int fd = self->fd;

	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(0, kc_start(&writer));
	ASSERT_TRUE(kc_asleep(writer.tid));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kc_join(&call));
	EXPECT_EQ(-EIDRM, kc_join(&writer));
	close(fd);
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
}

static int loan(void *arg)
{
	int ret = kp_loan(*(int *)arg);

	return ret < 0 ? ret : 0;
}

TEST_F(loanwait, killed_call_waits_no_more)
{
	pid_t pid = kc_fork(loan, &self->tx);

	ASSERT_TRUE(kc_asleep(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
	EXPECT_SLOTS(self->fd, SLOTS - 1, 0, 0);
	EXPECT_EQ(SLOT(0), kp_loan(self->fd));
}

TEST_F(loanwait, call_chosen_and_killed_before_it_ran_passes_its_turn_on)
{
	struct kc_call next = kp_loaner(self->tx);
	pid_t pid;

	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(loan, &self->tx);
	ASSERT_TRUE(kc_asleep(pid));
	ASSERT_TRUE(kp_waits(&next));
	ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
	/* It has been given the slot, and cannot say so. */
	EXPECT_SLOTS(self->fd, SLOTS - 1, 0, 1);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_FALSE(kc_done(&next));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(1, kc_join(&next));
	EXPECT_EQ(SLOT(0), next.loan.slot);
	EXPECT_SLOTS(self->fd, SLOTS, 0, 0);
}

TEST_F(loanwait, netlink_shows_calls_that_wait)
{
	struct kc_call call = kp_loaner(self->tx);
	int sock = kn_socket(), waiting = 0;
	struct kn_endpoints all;
	unsigned int i;

	ASSERT_LE(0, sock);
	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(0, kn_endpoints(sock, kc_state(self->fd).id, &all));
	for (i = 0; i < all.count; i++)
		waiting += all.endpoint[i].waiting;
	EXPECT_EQ(1, waiting);
	close(sock);
	ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
	EXPECT_EQ(1, kc_join(&call));
}

/* The state says so of all calls that wait to send. */
TEST_F(loanwait, state_counts_calls_that_wait)
{
	struct kc_call call = kp_loaner(self->tx);

	ASSERT_TRUE(kp_waits(&call));
	EXPECT_EQ(1, kc_state(self->fd).waiting_senders);
	ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
	EXPECT_EQ(1, kc_join(&call));
	EXPECT_EQ(0, kc_state(self->fd).waiting_senders);
}

/* Its time is up as a slot becomes free: either the call has it or nobody. */
TEST_F(loanwait, call_that_gives_up_as_a_slot_comes_loses_none)
{
	unsigned int i, got = 0, n = kc_scaled(300);
	int ret;

	for (i = 0; i < n; i++) {
		struct kc_call call = kp_loaner(self->tx);

		/* Now and then there is no hurry. */
		if (i % 10)
			call.loan.deadline = kc_now() + i * 7919 % 4000000;
		ASSERT_EQ(0, kc_start(&call));
		usleep(i * 31 % 3000);
		ASSERT_EQ(1, kp_release(self->fd, SLOT(0)));
		ret = kc_join(&call);
		ASSERT_TRUE(ret == 1 || ret == -ETIMEDOUT);
		got += ret == 1;
		ASSERT_TRUE(kp_slots(self->fd, SLOTS - (ret != 1), 0, 0));
		if (ret == 1)
			ASSERT_EQ(1, kp_release(self->tx, call.loan.slot));
		ASSERT_EQ(SLOT(0), kp_loan(self->fd));
	}
	EXPECT_LT(0, got);
}

TEST_F(loanwait, endpoint_is_writable_while_a_slot_is_free)
{
	EXPECT_EQ(0, kc_poll(self->tx, POLLOUT));
	EXPECT_EQ(0, kc_poll(self->fd, POLLOUT));
	EXPECT_EQ(1, kp_release(self->fd, SLOT(2)));
	EXPECT_EQ(POLLOUT, kc_poll(self->tx, POLLOUT));
	EXPECT_EQ(POLLOUT, kc_poll(self->fd, POLLOUT));
	EXPECT_EQ(SLOT(2), kp_loan(self->fd));
	EXPECT_EQ(0, kc_poll(self->tx, POLLOUT));
}

/* Every way in which a slot becomes free wakes who polls for one. */
enum way { RELEASE_LOAN, RELEASE_TAKEN, READ, ACK, TAKEN_ACK, CLOSE, DISCARD, WAYS };

static bool way_begin(FIXTURE_DATA(loanwait) *self, enum way way)
{
	switch (way) {
	case RELEASE_TAKEN:
		return kp_take_one(self->fd, 0) == 0;
	case ACK:
		return kc_hold(self->fd) == 1;
	case TAKEN_ACK:
	case DISCARD:
		return kp_take_one(self->fd, KCHAN_HOLD) == 0;
	default:
		return true;
	}
}

static int way_end(FIXTURE_DATA(loanwait) *self, enum way way, uint32_t loaned)
{
	switch (way) {
	case RELEASE_LOAN:
		return kp_release(self->tx, loaned);
	case RELEASE_TAKEN:
		return kp_release(self->fd, 0);
	case READ:
		return read(self->rx, self->buf, SIZE) == 4;
	case ACK:
	case TAKEN_ACK:
		return kc_ack(self->fd, 1);
	case DISCARD:
		return kc_reject(self->fd, 1);
	default:
		close(self->tx);
		self->tx = -1;
		return 1;
	}
}

TEST_F(loanwait, slot_that_becomes_free_wakes_who_polls)
{
	enum way way;

	for (way = 0; way < WAYS; way++) {
		struct kc_call call = kc_call(KC_POLL, self->fd, 0);
		uint32_t slots[SLOTS];

		close(self->fd);
		self->fd = kp_queue(self->ctl, SLOTS, SIZE);
		self->tx = kc_reopen(self->fd, O_WRONLY | O_NONBLOCK);
		self->rx = kc_reopen(self->fd, O_RDONLY | O_NONBLOCK);
		call.fd = self->fd;
		call.events = POLLOUT;
		ASSERT_EQ(0, kp_send(self->fd, 0, 0));
		ASSERT_TRUE(way_begin(self, way));
		ASSERT_EQ(SLOTS - 1, kp_loan_many(self->tx, slots, SLOTS - 1));
		ASSERT_EQ(0, kc_start(&call));
		ASSERT_TRUE(kc_asleep(call.tid));
		ASSERT_FALSE(kc_done(&call));
		ASSERT_EQ(1, way_end(self, way, slots[0]))
			TH_LOG("way %d", way);
		EXPECT_EQ(POLLOUT, kc_join(&call))
			TH_LOG("way %d", way);
	}
}

TEST_HARNESS_MAIN
